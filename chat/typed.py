"""What people type: shorthand spelled out before it is read, and the parts of a message that tell of no work.

On a phone people leave out apostrophes and half of the letters ("whats that one abt, hes 8"). Everywhere they tell of
themselves: "movie night with my in-laws after a long week" asks for nothing about nights, laws or weeks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.persons import tells_of_thing
from retrieval.text import fold, within_one, words

_CHILD = 12  # years up to which a person's age makes them a child
_AGES = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SHORTHAND: Mapping[str, str] = {
    "whats": "what's", "wats": "what's", "thats": "that's", "wheres": "where's", "whos": "who's", "hows": "how's",
    "theres": "there's",
    "hes": "he's", "shes": "she's", "theyre": "they're", "youre": "you're", "im": "i'm", "ive": "i've",
    "weve": "we've", "theyve": "they've", "youve": "you've", "dont": "don't", "doesnt": "doesn't", "didnt": "didn't",
    "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't", "werent": "weren't", "cant": "can't",
    "couldnt": "couldn't", "wont": "won't", "wouldnt": "wouldn't", "shouldnt": "shouldn't", "havent": "haven't",
    "hasnt": "hasn't", "hadnt": "hadn't", "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please",
    "thx": "thanks", "abt": "about", "smth": "something", "smthing": "something",
    "sth": "something", "wanna": "want to", "gonna": "going to",
    "gotta": "got to", "lemme": "let me", "gimme": "give me", "bday": "birthday", "xmas": "christmas",
    "ppl": "people", "bc": "because", "cuz": "because", "tmrw": "tomorrow", "nvm": "never mind",
    "idk": "not sure,", "atm": "now", "rn": "now", "tho": "though", "ment": "meant",
    "yr": "year", "yrs": "years", "hrs": "hours",
    "mins": "minutes", "romcom": "romantic comedy", "romcoms": "romantic comedies",
    "rom-com": "romantic comedy", "idc": "don't care",
}  # fmt: skip
_WORD = re.compile(r"(?<!\S)(?:" + "|".join(_SHORTHAND) + r")(?=[\s.,!?;:)]|$)", re.IGNORECASE)
# Words by which a message is understood, whatever shop it is; a slip in one of them hides what it asks for.
_OFTEN_TYPED = tuple(
    """
    have something anything everything similar another different else instead without please recommend suggest looking
    movie movies meant really watched watch loved director author actor actors series
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_TYPED = re.compile(r"(?<![\w'’-])[a-z]{3,}(?![\w'’-])")
_INTERJECTION = re.compile(
    r"^\s*(?:oh\s+|ah\s+)?no,?\s+wait\b\W*"
    r"|^\s*(?:magic|sound|ace|sweet|grand|wicked|champion|sorted)\s*[.!,]\s*(?=\w)"
    r"|^\W*i\s+(?:don'?t|do\s+not)\s+(?:really\s+)?know(?=\W+(?:some|any|maybe|a|an)\w*\b)"
    r"|\b(?:he|she|they)\s+(?:asks?|wonders?|wants?\s+to\s+know)\s+(?:if\s+|whether\s+)?(?=(?:does|is|are|do|has|can|how|what|who|when)\b)"
    r"|\b(?:(?:let['’]?s|can\s+we|could\s+we)\s+)?(?:go|get|switch)\s+back\s+to\s+(?=the\s+\w+\W*$)"
    r"|\b(?:lol|lmao|haha(?:ha)*|tbh|to\s+be\s+honest)\b",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\ba\s+(fiver|tenner)\b", re.IGNORECASE)
_ALRIGHT = re.compile(
    r"(^\W*|[.!?;]\s*)(al+\s?right|ok(?:ay)?|suitable|safe|fine)\s+for\s+(?=[^.!?]{1,40}\?)", re.IGNORECASE
)
_BORED = re.compile(r"^\W*(?:i['’]?m|i\s+am|im)\s+(?:so\s+|really\s+)?bored\b\W*(?:lol\W*)?$", re.IGNORECASE)
_NEGATED = re.compile(  # "isn't it sad?" asks whether it is
    r"(?<!,\s)\b(is|are|was|were|does|do|did|has|would|will|can|could)n['’]?t(\s+(?:it|that|this|they|those)\s+\w)",
    re.IGNORECASE,
)
_TAGGED = re.compile(  # "coraline is for kids, isn't it?"
    r"^\W*((?!this\b|that\b|it\b|what\b|which\b|who\b)[\w'’ -]{2,40}?)\s+(is|are)\s+"
    r"((?:(?:ok(?:ay)?|suitable|good|right|fine)\s+)?for\s+(?:kids|children|adults|grown-?ups))(?:\W+(?:right|(?:is|are)n['’]?t\s+(?:it|they)|no|yes|yeah))?\s*\?",
    re.IGNORECASE,
)
_SHOWN_BEFORE = re.compile(  # which asks for nothing earlier
    r"[,;]?\s*\b(?:the\s+one\s+)?(?:(?:that|which)\s+)?you\s+(?:just\s+)?(?:showed|mentioned|said|suggested|recommended)"
    r"(?:\s+(?:it|me|us|that))*\s+(?:earlier|before|above|just\s+now)\b",
    re.IGNORECASE,
)
_HALF_HOURS: Mapping[str, int] = {"an": 90, "one": 90, "1": 90, "two": 150, "2": 150, "three": 210, "3": 210}
_HALVES = re.compile(
    r"\b(?:(an|one|1)\s+hour\s+and\s+a\s+half|(one|1|two|2|three|3)\s+and\s+a\s+half\s+hours?)\b", re.IGNORECASE
)
_WILL = re.compile(r"\b(he|she|we|they|you)['’]ll\b", re.IGNORECASE)  # without the apostrophe "he'll" is hell
_RAVES = re.compile(
    r"\b(?:never\s+(?:shuts?|stops?)\s+(?:up|talking|going\s+on)|can'?t\s+(?:shut\s+up|stop\s+\w+ing|get\s+enough)|won'?t\s+shut\s+up)"
    r"\s+(?:about|of|to)\s+",
    re.IGNORECASE,
)
_FAMILY = (  # "my two, 6 and 10", "three kids aged 5, 8 and 11"
    r"\b(?:my|our|the|with|two|three|four)\s+(?:two|three|four|kids?|boys?|girls?|children|grandkids|grandchildren|lot)\b[\s,(]*(?:aged?\s+)?"
    r"(?P<c>\d{1,2})(?P<more>(?:\s*,\s*\d{1,2})*\s*(?:,\s*)?(?:and|&|\+)\s*\d{1,2})\b\)?"
)
_CHILDREN = r"(?:he|she|they|son|daughter|boy|girl|grandson|granddaughter|nephew|niece|kid)"
_BOTH_OLD = (  # "a 6 and an 8 year old", "8 to 12 year olds"
    r"\b(?:(?:my|our|the|an?)\s+)?(?P<d>\d{1,2})(?P<to>\s*(?:and|&|or|to|-|–)\s*(?:an?\s+)?\d{1,2})[\s-]*years?[\s-]*olds?\b"
)
_ONE_OLD = (  # "my daughter, 2 and a half"
    r"\b(?:my|our|his|her|their|the)\s+(?:\w+\s+)?(?:son|daughter|boy|girl|grandson|granddaughter|nephew|niece|kid|child)"
    r"\s*[,(]\s*(?P<e>\d{1,2})(?P<part>\s+and\s+a\s+half|\s*(?:months?|mths?))?\b\)?(?=\s*(?:[.,;!?](?!\d)|$))"
)
_LONG, _FEW = 120, 3  # characters of a message that may hold such runs, and what is left of one
_REPEATED = re.compile(rf"(.{{1,40}}?)\1{{{2 * _FEW},}}", re.DOTALL)
_SIGNS = re.compile(r"[^\w\s](?:\s*[^\w\s]){11,}|\s{8,}")
_AGED = re.compile(
    rf"{_FAMILY}|{_BOTH_OLD}|{_ONE_OLD}|"
    rf"(?<!\d[.,])\b(?:(?:my|our|his|her|the|an?)\s+)?(?P<a>\d{{1,2}}|{'|'.join(_AGES)})[\s-]*years?[\s-]*olds?\b"
    rf"|\b(?:{_CHILDREN}(?:['’]s|['’]re|\s+is|\s+are|\s+just)\s+(?:only\s+|just\s+|nearly\s+|almost\s+)?|turn(?:s|ing)\s+)"
    rf"(?P<b>\d{{1,2}}|{'|'.join(_AGES[2:])})\b(?:\s+and\s+a\s+half\b)?"
    r"(?P<months>\s*-?\s*(?:months?|mths?|mos?|(?:weeks?|days)(?=\s+old))(?:\s+old)?\b(?!\s+(?:late|away|ago|behind|into|pregnant)\b))?"
    r"(?!\s*(?:%|['’′]|cm|kg|m\b|ft|foot|feet)|[-:.,]?\d|\s+(?:out|of|in|hours?|minutes?|pages?|months?|weeks?|wks?|days)\b)",
    re.IGNORECASE,
)
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_SPAN = (
    rf"(?:time|times|day|night|evening|morning|afternoon|weekend|week|month|year|winter|summer|spring|autumn|{_DAY})"
)
_SOME = (
    r"(?:this|last|next|every|all|most|the\s+other"
    r"|(?:a|one|two|three|\d+|many|several|forty|hundred)\s+(?:long\s+|whole\s+)?)"
)
_HARD = r"(?:long|hard|busy|rough|bad|horrible|rainy|lazy|cold|quiet|late)"
_PEOPLE = (
    r"(?:dad|father|mum|mom|mother|parents?|son|daughter|brother|sister|wife|husband|hubby|partner|boyfriend|girlfriend"
    r"|bf|gf|fianc[eé]e?|friends?|mates?|boss|colleagues?|neighbou?rs?|gran|nan|granny|grandma|grandmother|grandpa"
    r"|granddad|grandad|grandfather|grandsons?|granddaughters?|grandchildren|nephews?|nieces?|aunt|uncle|cousins?"
    r"|flatmates?|roommates?|family)"
)
_OUR = r"(?:my|our|his|her|their|your)\s+(?:own\s+|old\s+|little\s+|big\s+|older\s+|younger\s+|best\s+)?"
# "Something for my mum"; in "it's for my mum" it is what has been spoken of, and "a film with my mum" is for both.
_FOR_SOMEBODY = re.compile(
    r"(?:^\W*(?:(?:ok(?:ay)?|right|thanks|great)\W+)?(?:and|also|now|next|then|plus|another)\b(?:(?!\b(?:it|this|that|they)\b)[^.?!])*?"
    r"|\b(?:something|anything|one|another|films?|movies?|books?|novels?|games?|albums?|records?|courses?)\s+(?:\w+\s+){0,2})"
    rf"\bfor\s+{_OUR}({_PEOPLE}|kids?|children)\b"
    rf"|\b{_OUR}({_PEOPLE})\b[^.?!,]{{0,20}}?\b(?:(?:needs?|wants?|would\s+like)\s+(?:one|an?other|some)\b"
    r"|prefers?\b|(?:would|['’]d)\s+(?:much\s+)?(?:rather|prefer)\b)"
    # "my husband has a bad back, is there anything for that?"
    rf"|\b{_OUR}({_PEOPLE})(?:['’]s|\s+(?:is|has|gets|suffers|can['’]?t|struggles))\b[^.!]*?"
    r"\b(?:something|anything)\s+(?:\w+\s+)?(?:for|against)\s+(?:that|this|it|him|her|them)\b"
    r"|再?给我?的?(妈妈?|爸爸?|爷爷|奶奶|外公|外婆|老公|老婆|儿子|女儿|朋友|同事|男友|女友)",
    re.IGNORECASE,
)
_WHERE = (
    r"\b(?:at|after|from|to|for|before|off)\s+(?:work|school|home|college|uni|university|church|bed|sleep|lunch)\b",
    r"\b(?:on|in|under)\s+(?:the|a|my|our)\s+(?:sofa|couch|bed|bath|plane|train|bus|car|blanket|beach|road)\b",
    r"\b(?:out\s+of|in|from|to)\s+hospital\b|\bfrom\s+holidays?\b|\bcar\s+trip\b|\bnext\s+to\s+(?:me|us)\b",
    r"\b(?:long|short|my|our|the|hour)\s+(?:flight|drive|commute)\b",
)
_ASIDES = re.compile(
    "|".join(
        (
            # when
            r"\b(?:kids?|children|little\s+ones?|baby)\b(?:\s+\w+){0,2}\s+(?:asleep|in\s+bed|at\s+school|away|out\s+of\s+the\s+house)\b",
            rf"\b{_SOME}\s*{_SPAN}\b",
            rf"\b{_HARD}\s+{_SPAN}\b",
            rf"\b(?:on\s+)?{_DAY}(?:\s+(?:night|evening|morning|afternoon))?\b",
            r"(?<=\bmovie\s)nights?\b|(?<=\bfilm\s)nights?\b|(?<=\bgame\s)nights?\b|\bdate\s+night\b|\btonight\b",
            r"\b(?:in|at|during)\s+(?:the\s+)?(?:night|evenings?|mornings?|weekends?)\b|\bhalf[\s-]term\b",
            r"\bgood\s+(?:morning|afternoon|evening|night|day)\b",
            rf"\b(?:in|since|until|till|by|next|last|early|late|mid)[\s-]+{_MONTH}\b",
            r"\b(?:from|of|in)\s+(?:that|this|the\s+same)\s+(?:time|era|period)\b|\b(?:full|part)[\s-]time\b",
            r"\b(?:birthday|anniversary)\b(?!\s+(?:film|movie|book))|\b\d+(?:st|nd|rd|th)\b(?![\s-]centur)",
            *_WHERE,
            # who
            r"\b(?:father|mother|brother|sister|son|daughter)s?[\s-]in[\s-]law(?:['’]?s)?\b",
            rf"(?<!about\s)\b{_OUR}{_PEOPLE}(?:[\s-]in[\s-]law)?(?:['’]s)?\b",
            r"\b(?:i|we)\s+have\s+(?:an?|one|two|three|four|\d)\s+(?:kids?|children)\b",
            r"\bme\s+(?:and|n|&)\s+the\s+(?:girls|boys|lads)\b",
            # how they are
            r"\b(?:of|with|in|to)\s+my\s+life\b|\bmy\s+life\s+(?:now|back)\b|\bhave\s+to\s+work\b|\bto\s+death\b",
            r"\b(?:great|good|bad|hopeless|useless|terrible|handy)\s+(?:with|at)\s+\w+",
            r"\b(?:gets?|got|is|are|was|were)\s+(?:upset|scared|bored|frightened|sad|angry|nervous)\s+(?:when|if|by|at)"
            r"\s+[^,.;!?]+",
            r"\b(?:can'?t|cannot|couldn'?t)\s+sleep\b",
        )
    ),
    re.IGNORECASE,
)
_SETTINGS = re.compile(
    rf"{'|'.join(_WHERE)}|\b{_HARD}\s+{_SPAN}\b|\ball\s+(?:day|night)\b|\b(?:at|during\s+the)\s+night\b", re.IGNORECASE
)

# Words that a work's text may share with any message by chance: no reason to recommend it.
EVERYDAY = frozenset(
    """
    able actually afternoon again age ago almost alone already answer anybody anymore anyone anyway anywhere asked
    asking away awesome back bad based basically become before begin beginning believe beside best better bit bored
    boring both bought bring brings bus buy call called came can't car card carry change changed character check choose
    class cold come comes coming cool couple course crap day days deal decent decide definitely did didn't different
    done door down drop dropped due early easy else end ended ending enough entire especially even evening ever every
    everybody everyone everything everywhere exactly except expect explain face fact far favorite favourite feel feeling
    fell felt few figure finally find finds fine finish finished finishing first fit follow forget form forward found
    free friend friends full fully gave get gets getting gift give given gives giving goes going gone gonna got grab
    grown half hand hang happen happened happens hard hate hated head headspace hear heard hearing held hell help here
    high hit hold home honest hope hour hours house huge idea imagine inside interested issue item job join just keep
    keeps kept kind kinda knew know known landing large last late lately later latest least leave leaves leaving left
    less let likely line list listen listened listening little living long longer look looked looking looks lose lost
    lots love loved low made main make makes making many maybe mean means meant meet meets mention mentioned middle
    might mind minute minutes miss missed moment month months morning mostly move moved moves moving much must near need
    needed needs never nice night nights none normal note nothing notice number obviously odd often older once ones
    online open order ordinary others ought outside over pace page pages pair part party past pay pick picked picking
    piece place plan plane play played playing plays please plus point post prefer present pretty price probably
    properly put puts question questions quick quickly quite random rather read reading ready real really reason recent
    remember remind rest right round run running runs said same saw saying says school second see seeing seem seems seen
    send sense sent serious set several share short shorter show showed shows side similar simple since sitting size
    slightly small someone something sometimes somewhere soon sorry sort sound sounds spend start started starting
    starts stay still stop stopped story straight stuff such super sure take taken takes taking talk talking tell
    telling than thing things think thinking third thought through tight time times tired today together told tomorrow
    tonight took top total totally touch tried true try trying turn turned turns type under understand until used using
    usual usually various very view wait waiting walk want wanted wants watch watched watching week weeks weird well
    went wish without wonder wonderful word words work worked working works worth wouldn't wrong year years yesterday
    yet young
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)

FILLER = frozenset(
    """
    a an the yo hey whats thats hows theres any anything something some please in stock film movie book game album
    course called named titled by it that this one ones there have got for me my new now you to of and or films
    movies books games albums good great nice with like want would looking find show give recommend recommendation
    recommendations suggest suggestion suggestions tell same mood loved love liked enjoyed watch watched watching
    saw read play played playing listen listened listening obviously tonight today hear know think lets let really
    more less under before after over sort kind recent nothing not dont seen already just finished need theyve ive
    weve youve im its yes leave out tired sick skip make hm actually meant forget adore never always ever first
    second third fourth fifth last mind comes closest seems hello ok okay well rather cheaper pricier newer gift
    gifts present presents idea ideas birthday surprise else likes loves enjoys reads watches stuff things based
    remove removing delete
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
STOPWORDS = frozenset(fold(word) for word in STOPWORDS_EN_PLUS)


def squeezed(text: str) -> str:
    """Shorten what a long message repeats over and over, and its runs of signs, which say nothing.

    Patterns are tried at every place of such a run, and again at every end of it: 2,000 dashes would take seconds.
    """
    if len(text) <= _LONG:
        return text
    return _SIGNS.sub(lambda match: match.group()[:_FEW], _REPEATED.sub(lambda match: match[1] * _FEW, text))


def spelled_out(text: str, *, ages: bool = False) -> str:
    """Return a message as it would stand in a letter: "whats good, hes 8" is "what's good, my kid".

    Args:
        text: what the person typed.
        ages: the shop says of what age its goods are for: "my kid aged 8".
    """
    text = squeezed(text)
    text = _WORD.sub(lambda match: _cased(_SHORTHAND[match.group().lower()], match.group()), text)
    text = _NOTE.sub(lambda match: "5 dollars" if match[1].lower() == "fiver" else "10 dollars", text)
    text = _RAVES.sub("loves ", _INTERJECTION.sub(" ", text))
    text = _ALRIGHT.sub(r"\1is it \2 for ", _BORED.sub("surprise me", text))
    text = _NEGATED.sub(r"\1\2", text)
    text = _TAGGED.sub(r"\2 \1 \3?", text)
    text = _HALVES.sub(lambda m: f"{_HALF_HOURS[(m[1] or m[2]).lower()]} minutes", _SHOWN_BEFORE.sub(" ", text))
    text = _WILL.sub(r"\1 will", text)

    def child(match: re.Match[str]) -> str:
        if tells_of_thing(text[: match.start()]):
            return match.group()
        years = _years(next(filter(None, match.group("a", "b", "c", "d", "e"))))
        more = next(filter(None, match.group("months", "more", "to", "part")), "")
        if not (1 < years <= _CHILD or "m" in more.casefold()) or (match["e"] and not ages):
            return match.group()
        half = " and a half" if match.group().endswith("half") and "half" not in more else ""
        return f" my kid aged {years}{half}{more} " if ages else " my kid "

    return _AGED.sub(child, text)


def respelled(text: str, known: Callable[[str], bool]) -> str:
    """Return a message with the slips mended in words that carry it: "do you hav a simlar moive".

    Args:
        text: what the person typed.
        known: whether a word is one already, of English or of the catalogue.
    """

    def mended(match: re.Match[str]) -> str:
        word = match.group()
        if word in _OFTEN_TYPED or known(word):
            return word
        near = [each for each in _OFTEN_TYPED if each[0] == word[0] and within_one(word, each)]
        return near[0] if len(near) == 1 else word

    return _TYPED.sub(mended, text)


def telling_words(text: str) -> list[str]:
    """Return the words of a message that say what it is about."""
    return [w for w in words(text) if w not in STOPWORDS and w not in FILLER and not w.isdigit()]


def _years(age: str) -> int:
    return int(age) if age.isdigit() else _AGES.index(age.lower()) + 2


def for_whom(text: str) -> str:
    """Return the person other than the speaker for whom a message wants something: "mum"; "" if it names none."""
    found = _FOR_SOMEBODY.search(text)
    return next(group for group in found.groups() if group).casefold() if found else ""


def asides(text: str) -> list[tuple[int, int]]:
    """Return where a message tells of the person's day, home and family rather than of a work: (start, end) each."""
    return [match.span() for match in _ASIDES.finditer(text)]


def settings(text: str) -> list[tuple[int, int]]:
    """Return where a message tells of a place or a time that goods may be for: "in the bath", "at night", "all day"."""
    return [match.span() for match in _SETTINGS.finditer(text)]


def _cased(word: str, like: str) -> str:
    return word[:1].upper() + word[1:] if like[:1].isupper() and len(like) > 1 else word
