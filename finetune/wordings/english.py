"""How people put it in English, and how a good assistant answers.

Every third phrase of a table with six or more is kept for measuring; see `finetune.wordings.voice.Part`.
Slots: {thing} what is looked for, {titles} works, {x} one value, {this} a card ("the second one").
"""

from __future__ import annotations

from collections.abc import Mapping

NOUNS: Mapping[str, tuple[str, ...]] = {
    "film": ("film", "movie", "film", "movie", "flick"),
    "book": ("book",),
    "game": ("game", "game", "video game"),
    "album": ("album", "record", "album"),
    "course": ("course", "course", "online course"),
    "series": ("series", "show", "TV series"),
}
KNEW: Mapping[str, tuple[str, ...]] = {
    "film": ("seen", "watched"),
    "series": ("seen", "watched"),
    "book": ("read", "read"),
    "game": ("played", "finished"),
    "album": ("heard", "listened to"),
    "course": ("done", "taken"),
}
KNEW_ANY = ("come across", "tried")
GENRE_BEFORE_NOUN: Mapping[str, str] = {"children": "children's", "short stories": "short story"}
GENRE_ALONE: Mapping[str, str] = {
    "children": "something for children", "family": "something for the family", "historical": "something historical",
    "experimental": "something experimental", "classical": "classical music", "latin": "latin music",
    "country": "country music", "soul": "soul music", "metal": "heavy metal", "writing": "a writing course",
    "languages": "a language course", "indie": "something indie", "programming": "programming",
    "art": "something on art",
}  # fmt: skip
GENRE_REFUSED: Mapping[str, str] = {
    "children": "children's stuff", "family": "family stuff", "historical": "historical stuff",
    "experimental": "experimental stuff", "classical": "classical music", "latin": "latin music",
    "country": "country music", "soul": "soul music", "metal": "heavy metal", "indie": "indie stuff",
    "shooter": "shooters", "puzzle": "puzzles", "platformer": "platformers", "short stories": "short stories",
}  # fmt: skip
MORE: Mapping[str, tuple[str, ...]] = {
    "dark": ("darker",),
    "slow": ("slower",),
    "funny": ("funnier",),
    "scary": ("scarier", "more frightening"),
    "melancholic": ("sadder", "more melancholic"),
    "warm": ("warmer", "more heartwarming"),
    "calm": ("calmer", "more relaxing"),
    "angry": ("angrier",),
    "bleak": ("bleaker",),
    "cosy": ("cosier", "more comforting"),
    "eerie": ("eerier", "creepier"),
    "gritty": ("grittier",),
    "lonely": ("lonelier",),
    "energetic": ("livelier", "more energetic"),
    "playful": ("lighter", "more playful"),
    "cerebral": ("smarter", "more thoughtful", "more cerebral"),
    "tense": ("more suspenseful", "tenser"),
    "thrilling": ("more exciting", "more thrilling"),
    "hopeful": ("more uplifting", "more hopeful"),
    "epic": ("grander", "more epic"),
    "contemplative": ("more reflective", "more meditative"),
    "dreamlike": ("dreamier", "more surreal"),
    "whimsical": ("quirkier", "more whimsical"),
    "violent": ("bloodier", "more brutal"),
}
# The same in other words, as what "something that …" does: not everybody says "melancholic".
THAT: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("moods", "melancholic"): ("makes me cry", "leaves a lump in my throat", "goes with a rainy day"),
    ("moods", "tense"): ("keeps me on the edge of my seat", "makes me bite my nails", "never lets me relax"),
    ("moods", "dark"): ("looks into the abyss", "shows the worst in people", "isn't afraid of the shadows"),
    ("moods", "warm"): ("feels like a hug", "is good for the heart", "makes me feel all fuzzy inside"),
    ("moods", "playful"): ("doesn't take itself seriously", "is just a good time", "has a twinkle in its eye"),
    ("moods", "bittersweet"): ("makes me smile and cry at once", "is happy and sad together"),
    ("moods", "funny"): ("makes me laugh out loud", "cracks me up", "gives me a good laugh"),
    ("moods", "contemplative"): (
        "gives me room to think", "stays with me for days", "asks the big questions quietly",
    ),
    ("moods", "energetic"): ("gets me going", "never slows down", "wakes me up"),
    ("moods", "intimate"): ("stays close to its people", "feels like a conversation", "is small and close"),
    ("moods", "dreamlike"): ("feels like a dream", "is a bit trippy", "makes no sense in the best way"),
    ("moods", "mysterious"): ("keeps its secrets", "leaves me guessing", "doesn't explain everything"),
    ("moods", "cerebral"): ("makes me think", "gives my brain something to chew on", "is full of ideas"),
    ("moods", "epic"): ("is larger than life", "has a huge canvas", "spans a whole world"),
    ("moods", "tragic"): ("breaks my heart", "doesn't end well", "will wreck me"),
    ("moods", "eerie"): ("gives me goosebumps", "gets under my skin", "feels slightly off"),
    ("moods", "romantic"): ("is good for date night", "makes me believe in love", "has butterflies in it"),
    ("moods", "nostalgic"): ("takes me back", "makes me miss the old days", "longs for another time"),
    ("moods", "thrilling"): ("gets my heart racing", "is a real rollercoaster", "is hard to turn off"),
    ("moods", "hopeful"): ("cheers me up", "leaves me with a good feeling", "restores my faith in people"),
    ("moods", "lonely"): ("is about being on your own", "feels like three in the morning"),
    ("moods", "satirical"): ("makes fun of the powerful", "has a sharp tongue", "pokes fun at society"),
    ("moods", "inspiring"): ("makes me want to do something", "lifts me up", "gives me courage"),
    ("moods", "calm"): ("helps me unwind", "lets me switch off", "lowers my blood pressure"),
    ("moods", "whimsical"): ("is a bit odd and charming", "has an odd imagination", "is delightfully weird"),
    ("moods", "bleak"): ("offers no comfort", "leaves me empty", "has no happy ending"),
    ("moods", "slow"): ("takes its time", "is in no hurry", "lets scenes breathe"),
    ("moods", "gritty"): ("has dirt under its nails", "feels rough and real", "doesn't prettify anything"),
    ("moods", "violent"): ("doesn't spare the blood", "has a high body count", "is not for the squeamish"),
    ("moods", "angry"): ("has something to shout about", "is full of rage", "fights back"),
    ("moods", "scary"): ("gives me nightmares", "makes me sleep with the lights on", "frightens me to death"),
    ("moods", "cosy"): ("goes with tea and a blanket", "I can curl up with", "feels like home"),
    ("genres", "science fiction"): ("takes place in some imagined future", "has spaceships and the like"),
    ("genres", "horror"): ("I shouldn't try alone at night", "has monsters in the dark"),
    ("genres", "romance"): ("has two people falling in love", "is a proper love affair"),
    ("genres", "crime"): ("has cops and crooks", "has gangsters and heists"),
    ("genres", "mystery"): ("has a case to be solved", "makes me guess who did it"),
    ("genres", "fantasy"): ("has magic and made-up worlds", "has dragons, wizards and such"),
    ("genres", "adventure"): ("takes me on a journey", "sends its heroes far from home"),
    ("genres", "action"): ("has chases and explosions", "has plenty of fights"),
    ("genres", "thriller"): ("keeps twisting until the end",),
    ("genres", "historical"): ("is set in the past", "plays in another century"),
    ("genres", "animation"): ("is drawn, not filmed",),
    ("genres", "family"): ("the whole household can enjoy", "works for young and old"),
    ("genres", "war"): ("is set on the battlefield", "shows soldiers at the front"),
    ("genres", "musical"): ("has people bursting into song",),
    ("genres", "documentary"): ("shows real people, no actors",),
    ("genres", "biography"): ("tells somebody's life",),
    ("genres", "memoir"): ("is somebody's own story",),
    ("genres", "western"): ("has cowboys and saloons",),
    ("genres", "puzzle"): ("gives me riddles to solve", "is a proper brain teaser"),
    ("genres", "role-playing"): ("lets me build up a hero",),
    ("genres", "strategy"): ("makes me plan ahead",),
    ("genres", "platformer"): ("has a lot of jumping",),
    ("genres", "children"): ("I can share with a six-year-old",),
    ("genres", "comedy"): ("is there to make people laugh", "is light and silly"),
}  # fmt: skip
WANT_THAT = (
    "Something that {that}.", "I want one that {that}.", "One that {that}, please.",
    "I'd love something that {that}.", "Is there one that {that}?", "It should be something that {that}.",
    "Maybe one that {that}?", "I need one that {that}.", "Rather something that {that}.",
)  # fmt: skip
DECADES: Mapping[int, str] = {
    1930: "thirties", 1940: "forties", 1950: "fifties", 1960: "sixties", 1970: "seventies", 1980: "eighties",
    1990: "nineties",
}  # fmt: skip
UNITS: Mapping[str, str] = {"minutes": "minutes", "hours": "hours", "pages": "pages"}
ORDINALS = ("first", "second", "third", "fourth", "fifth")

# Limits as phrases that follow a noun or stand alone. {x} is a year, decade, amount, language or name.
TAILS: Mapping[str, tuple[str, ...]] = {
    "year <": (
        "before {x}", "from before {x}", "made before {x}", "older than {x}", "pre-{x}", "released before {x}",
    ),
    "year >": ("after {x}", "from after {x}", "newer than {x}", "made after {x}", "later than {x}", "post {x}"),
    "decade is": ("from the {x}", "from the {x}", "of the {x}", "made in the {x}", "from the {x}", "out of the {x}"),
    "price <": ("under {x}", "for less than {x}", "below {x}", "cheaper than {x}", "for under {x}", "under {x}"),
    "length <": ("under {x}", "shorter than {x}", "less than {x} long", "below {x}", "of less than {x}", "under {x}"),
    "language is": ("in {x}", "in {x}", "in the original {x}", "originally in {x}", "in {x}", "in {x}"),
    "language is_not": ("not in {x}", "in anything but {x}", "not in {x}", "in a language other than {x}"),
    "kind is": ("a {x}",),
    "creators": ("by {x}", "from {x}", "by {x}", "by {x}", "made by {x}", "by {x}"),
    "about": ("about {x}", "with {x}", "about {x}", "that deals with {x}", "involving {x}", "about {x}"),
    "other": ("with {x}", "with {x}", "that has {x}"),
    "refuse": ("no {x}", "without {x}", "but no {x}", "nothing with {x}", "no {x} please", "without any {x}"),
    "refuse mood": ("not {x}", "nothing {x}", "but not {x}", "nothing too {x}", "not too {x}", "but nothing {x}"),
}  # fmt: skip

OPENERS = (
    "I'm looking for {thing}.", "Can you recommend {thing}?", "I'm in the mood for {thing}.", "I feel like {thing}.",
    "Could you suggest {thing}?", "I want {thing}.", "Any ideas for {thing}?", "I'd like {thing}.",
    "Help me find {thing}.", "What's good if I want {thing}?", "For the weekend I need {thing}.", "Find me {thing}.",
    "Do you have {thing}?", "Right now I could use {thing}.", "Please recommend me {thing}.", "Got {thing}?",
    "Tonight I fancy {thing}.", "Lately I've been craving {thing}.", "Show me {thing}.", "Is there {thing}?",
    "Just looking for {thing}.", "Maybe {thing}?", "I'm after {thing}.", "What would you pick: {thing}?",
)  # fmt: skip
OPENERS_VAGUE = (
    "What would you recommend?", "Surprise me.", "I don't know what I want.", "What's good?", "Any tips for tonight?",
    "I have no idea what to pick.", "What do you suggest?", "I'm bored, any suggestions?", "Tell me what's worth it.",
)  # fmt: skip
LIKED = (
    "I loved {titles}.", "I really enjoyed {titles}.", "{titles}: my kind of thing.", "I'm a big fan of {titles}.",
    "My favourite is {titles}.", "I recently finished {titles} and loved every minute.", "{titles} was wonderful.",
    "I keep coming back to {titles}.", "I can't get enough of {titles}.", "I adore {titles}.", "Loved {titles}.",
    "I liked {titles} a lot.", "{titles} blew me away.", "I'm into {titles}.", "I still think about {titles}.",
)  # fmt: skip
LIKE_THEM = (
    "Something like {titles}.", "Anything similar to {titles}?", "What goes with {titles}?",
    "More like {titles}, please.", "I want something in the spirit of {titles}.",
    "If I liked {titles}, what should I try next?", "What else is there for someone who loved {titles}?",
    "I'd like something along the lines of {titles}.", "What comes close to {titles}?",
    "Got anything in the vein of {titles}?", "Find me the next {titles}.",
    "Recommend something for a fan of {titles}.",
)  # fmt: skip
DISLIKED = (
    "I didn't like {titles}.", "I hated {titles}.", "But {titles} bored me.", "I couldn't get into {titles}.",
    "Please nothing like {titles}.", "{titles} was not for me.", "I thought {titles} was overrated.",
)  # fmt: skip
LEADS = ("Hi! ", "Hello. ", "Hey. ", "Hi there. ", "Good evening. ", "Hey! ", "Okay. ", "Hello! ", "Hi. ")

# Reactions. {more} is a comparative ("darker", "more hopeful").
WANT_MOOD = (
    "Something {more}, please.", "A bit {more}?", "Could it be {more}?", "I'd like it {more}.", "Can you go {more}?",
    "I was hoping for something {more}.", "Rather something {more}.", "These should be {more}.", "{more}, please.",
    "Make it {more}.", "I want it to feel {more}.", "I'm after something {more}.",
)  # fmt: skip
WANT_GENRE = (
    "I was hoping for {x}.", "More {x}, please.", "Rather {x}.", "I'd prefer {x}.", "Is there any {x}?",
    "{x} would be great.", "Could it be {x}?", "Let's go for {x}.", "I want {x}.", "Do you have {x}?",
    "Let's try {x}.", "How about {x}?",
)  # fmt: skip
WANT_ABOUT = (
    "Something about {x} would be nice.", "Ideally about {x}.", "Is there one about {x}?", "Anything with {x}?",
    "I'd love {x} in it.", "Maybe something that involves {x}.", "It should deal with {x}.",
    "More about {x}, please.", "What about something with {x}?", "I'm interested in {x}.",
    "Preferably with {x} in it.", "{x} would be a good subject.",
)  # fmt: skip
WANT_OTHER = (
    "Preferably with {x}.", "Ideally {x}.", "With {x}, if possible.", "I'd like {x}.", "It should have {x}.",
    "{x}, ideally.",
)  # fmt: skip
WANT_MAKER = (
    "Anything by {x}?", "I like {x}.", "Something by {x}, maybe?", "What do you have from {x}?", "I'm a fan of {x}.",
    "{x} would be perfect.", "Is there one by {x}?", "I trust {x}.", "Let's see something by {x}.",
)  # fmt: skip
LIMIT = (
    "{x}, please.", "It has to be {x}.", "Only {x}.", "It should be {x}.", "And {x}.", "Just {x}.", "I want one {x}.",
    "Rather {x}.", "I'd prefer something {x}.",
)  # fmt: skip
LIMIT_KIND = (
    "{x}, please.", "It has to be {x}.", "I want {x}.", "It should be {x}.", "I'm looking for {x}.", "Rather {x}.",
    "I meant {x}.", "Make it {x}.", "I'd prefer {x}.",
)  # fmt: skip
REFUSE = (
    "No {x}, please.", "I don't want {x}.", "Nothing with {x}.", "Without {x}, please.", "But no {x}.",
    "Not {x} again.", "I'd rather not have {x}.", "No more {x}.", "Please leave out {x}.", "Anything but {x}.",
    "I can't stand {x}.", "Skip {x}.",
)  # fmt: skip
REFUSE_GENRE = (
    "No {x}, please.", "I don't want {x}.", "But no {x}.", "Not {x} again.", "No more {x}.", "Anything but {x}.",
    "I'm tired of {x}.", "I can't stand {x}.", "Please leave out {x}.", "I'd rather not have {x}.", "Skip the {x}.",
    "{x} is not for me.",
)  # fmt: skip
REFUSE_MOOD = (
    "Nothing {x}, please.", "I don't want anything {x}.", "But not {x}.", "Nothing too {x}.", "Please nothing {x}.",
    "I'd rather have nothing {x}.", "It must not be {x}.", "Not {x}.",
)  # fmt: skip
LESS = (
    "Too {x} for me.", "Less {x}, please.", "Not so {x}.", "These are too {x}.", "A little less {x}.",
    "That's too {x}.", "Could it be less {x}?", "Not quite so {x}, please.", "I'd like it less {x}.",
)  # fmt: skip
RELATIVE: Mapping[str, tuple[str, ...]] = {
    "year <": (
        "Something older, please.", "Anything older?", "Older.", "I'd prefer something older.", "Got an older one?",
        "These are all too new for me, something older?", "A bit older, maybe?",
    ),
    "year >": (
        "Something newer, please.", "Anything more recent?", "Newer.", "I'd prefer something more recent.",
        "Got a newer one?", "These are all too old for me, something newer?", "A bit more recent, maybe?",
    ),
    "price <": (
        "Anything cheaper?", "Something cheaper, please.", "Cheaper.", "Do you have a cheaper one?",
        "That's too expensive for me, anything cheaper?", "A bit cheaper, please.", "Is there a less expensive one?",
    ),
    "length <": (
        "Something shorter, please.", "Anything shorter?", "Shorter.", "I'd like a shorter one.",
        "That's too long, anything shorter?", "A bit shorter?", "I don't have that much time, something shorter?",
    ),
}  # fmt: skip
CLOSER = (
    "More like {this}.", "{this} looks good, what else is like it?", "I like {this}, more of that.",
    "{this} comes closest.", "Something like {this}, please.", "{this} sounds great, anything similar?",
    "More in the direction of {this}.", "I like the look of {this}, but show me others like it.",
    "Similar to {this}, please.",
)  # fmt: skip
REJECT = (
    "Not {this}.", "{this} isn't for me.", "I don't like {this}.", "I'm not interested in {this}.", "No, not {this}.",
    "{this} doesn't appeal to me.", "I don't want {this}.",
)  # fmt: skip
SEEN = (
    "I've already {knew} {this}.", "I've {knew} {this}.", "I have {knew} {this} already.", "Already {knew} {this}.",
    "I know {this} already.", "I've {knew} {this} before.",
)  # fmt: skip
MORE_OF_IT = (
    "What else do you have?", "Show me some others.", "Anything else?", "Other ideas?", "Any others?", "What else?",
    "Something else, please.", "More, please.", "Next ones?", "Different ones, please.", "Keep going.", "Try again.",
)  # fmt: skip
REACTIONS = (
    "Hmm. ", "Not quite. ", "Thanks, but I'm not convinced. ", "Nice, but not yet. ", "Okay. ", "Interesting. ",
    "Good start. ", "Almost. ", "Hm, no. ",
)  # fmt: skip
AGAIN = ("As I said: ", "I said: ", "Again: ", "Remember: ", "Like I said: ", "I told you: ")
RETRACT_KIND = (
    "Actually, not {x}.", "I changed my mind, I don't want {x} after all.", "On second thought, not {x}.",
    "Wait, it shouldn't be {x}.", "Actually {x} is not what I need.", "Hmm, let's not do {x}.",
)  # fmt: skip
RETRACT_WISH = (
    "Actually, forget {x}.", "I changed my mind about {x}.", "On second thought, not {x}.",
    "It doesn't need to be {x} after all.", "Scratch {x}.", "No longer in the mood for {x}.",
)  # fmt: skip
RETRACT_LIMIT: Mapping[str, tuple[str, ...]] = {
    "year": (
        "Actually, the year doesn't matter.", "Any year is fine after all.", "Forget the year.",
        "On second thought, it can be from any year.", "The year is not important after all.", "Any year, really.",
    ),
    "price": (
        "Actually, the price doesn't matter.", "Any price is fine after all.", "Forget the price limit.",
        "I can spend more after all.", "On second thought, the price is not important.", "Any price, really.",
    ),
}  # fmt: skip
RETRACT_LIMIT_ANY = ("Actually, it doesn't have to be {x}.", "Forget about {x}.", "It need not be {x} after all.")
ACCEPT = (
    "{titles}, perfect!", "I'll take {titles}.", "{titles} it is, thank you.", "Yes, {titles} is just right.",
    "Great, {titles} is what I was looking for.", "Oh, {titles} sounds perfect.", "{this} is exactly it, thanks!",
    "{this}, yes!", "Wonderful, I'll go with {this}.",
)  # fmt: skip

# The assistant. {a} is the first pick, {rest} the others, {wish} what was asked for.
ANSWERS = (
    "I'd start with {a}. {rest} would be next.", "{a} should suit you; {rest} as well.",
    "Try {a}. After that, {rest}.", "How about {a}? Or {rest}.", "My first thought is {a}, then {rest}.",
    "{a} comes to mind, and {rest}.", "I'd suggest {a}, followed by {rest}.",
    "Have a look at {a}. You could also go for {rest}.", "First of all {a}; then {rest}.",
    "You might like {a}. Also worth a look: {rest}.", "{a} first, then {rest}.",
    "I would pick {a}, with {rest} close behind.",
)  # fmt: skip
ANSWERS_ONE = (
    "I'd go for {a}.", "{a} should suit you.", "Try {a}.", "How about {a}?", "That makes me think of {a}.",
    "My pick would be {a}.", "Have a look at {a}.", "Then {a}.", "{a} is the one I would choose.",
)  # fmt: skip
FOR_WISH = (
    "For something {wish}: ", "Something {wish}: ", "If it should be {wish}: ", "Understood, {wish}. ",
    "{wish}, then. ", "Gladly, something {wish}. ",
)  # fmt: skip
SINCE_LIKED = (
    "Since you liked {titles}: ", "With {titles} in mind: ", "For someone who likes {titles}: ",
    "Close to {titles}: ", "In the spirit of {titles}: ", "Going by {titles}: ",
)  # fmt: skip
ASKS = (
    "Could you tell me a little more about what you would like?", "What else should I know about what you like?",
    "Is there anything you have enjoyed before?",
)  # fmt: skip
