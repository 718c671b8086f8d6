"""Understanding: what one message says, before anything is answered.

Everything is read off the catalogue's own titles and facet values and off a few tables of cues; the language model has
no part in it, so nothing a person writes can talk the assistant into anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from chat.acts import BOUGHT, SAME_MAKER, Act, lifted, plain_act, refines, starts_anew
from chat.brands import before_kind
from chat.holding import of_several
from chat.memory import REMEMBER, lasts
from chat.mentions import mentioned, moved, stood_on, wanted_by_name
from chat.naming import (
    HAVE,
    HAVE_IT,
    TITLED,
    TOLD_BY,
    has,
    inside,
    medium,
    strange_titles,
    unknown_name,
)
from chat.offers import carried, own_words
from chat.opinions import LIKE, Opinion, pointed_at, references
from chat.questions import Questions, questions
from chat.senses import Purpose, Sensed, unread
from chat.typed import FILLER, asides, for_whom, telling_words
from retrieval.cues import Mention
from retrieval.lexicon import canonical, vocabulary
from retrieval.linking import TitleLinker
from retrieval.numbers import LENGTH_FIELDS, blank
from retrieval.parsed import Parsed, Told
from retrieval.parsing import Parser
from retrieval.stances import BUT_NOT_THEM
from retrieval.text import is_cjk, language_of, normalize, tokenize, words

_THEN_IT = re.compile(r"\W*?[.,;:!?–—-]\s[^.?!]*\bits?\b", re.IGNORECASE)
_MORE = re.compile(
    r"\b(more|others?|another|something\s+else|anything\s+else|else|different(\s+ones)?|next|none\s+of\s+(these|those|them))\b"
    r"|换一批|换一些|还有(别的|其他|吗)|更多|别的|其他的",
    re.IGNORECASE,
)

_ADVICE = re.compile(
    r"\b(?:should|could|can|would)\s+(?:i|we|you)\b|\b(?:recommend|suggest|similar|next|after|instead|else)\b|推荐|类似|接下来",
    re.IGNORECASE,
)
_ANY_ADVICE = re.compile(r"\b(?:surprise\s+me|recommend|suggest)\b", re.IGNORECASE)
_OPEN_QUESTION = re.compile(
    r"^\W*(?:and\s+)?(?:who|whose|when|where|how|does|do|did|is|are|was|were|has|have|can|will|what|which|why)\b"
    r"|吗\W*$|谁|什么|怎么样",
    re.IGNORECASE,
)
_THIS_PRODUCT = re.compile(r"\b(?:this|that|these|those)\s+(?:product|item|article|thing)s?\b", re.IGNORECASE)
_FORM = re.compile(  # "is there a film of it?"
    r"\b(?:is|are|isn'?t|aren'?t)\s+there\s+(?:also\s+)?(?:an?|any)\s+(\w+)\s+(?:of|version|adaptation|too|as\s+well)\b"
    r"|\b(?:does|do|is|are)\s+(?:it|that|this|they)\s+(?:also\s+)?(?:come|exist|available|out)\s+(?:as|in)\s+(?:an?\s+)?(\w+)"
    r"|\b(?:have|get|got|sell)\s+(?:it|that|this)\s+as\s+an?\s+(\w+)|\bthe\s+(\w+)\s+of\s+(?:it|that|this)\b",
    re.IGNORECASE,
)
_WHAT_KIND = re.compile(r"\b(?:is|was)\s+(?:it|that|this|the\s+\w+\s+one)\s+an?\s+(\w+)\b", re.IGNORECASE)
_HOLDS = re.compile(  # "is there any violence in the first one?"
    r"\b(?:is|are)\s+there\s+(?:any|an?|much|many|lots?\s+of|a\s+lot\s+of)\b[^.?!]*\bin\s+(?:it|that|this|the\s+\w+\s+(?:one|film|book|game|album))\b",
    re.IGNORECASE,
)
_WHAT_LIKE = re.compile(r"\bwhat(?:'s|\s+is|\s+are|\s+was)\b[^.?!]*?\blike\b(?=\s+in\b|\s*[,?]|\s*$)", re.IGNORECASE)
_WHY = re.compile(  # "why isn't it vegan?" sets no limit; "why don't you show me …" asks for some
    r"\b(?:why|how\s+come)\s+(?:\w+\s+)?(?:(?:is|are|was|were|does|do|did|has|have|would)(?:n['’]?t)?|['’]s)\b(?:\s+not\b)?"
    r"(?!\s+(?:you|we|i|there)\b)[^.,;?!\n]*|为什么(?!你|我|没有)[^。，？！\n]*",
    re.IGNORECASE,
)
_REFUSAL = frozenset(  # words that refuse, and say nothing else
    "nah nope doesnt didnt smell scent taste flavour flavor look feel texture sound stand bear wear handle".split()  # noqa: SIM905
)
_STRANGE = 0.2  # a share of "none of our business" from which the reader does not know the words of this catalogue
_PLAINLY = 0.9  # a share of the purpose from which a message asks for a recommendation and about no item
_WANTS_IT = re.compile(
    r"\b(?:please|thanks|thank\s+you|ta|cheers|want|take|have|get|give|go|buy|order|add|yes|yep|yeah|sold|sure|perfect)\b",
    re.IGNORECASE,
)
_TAKES = 0.6  # a share of the purpose from which it takes a card
_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]?")
_STORY = 12  # words from which a message that wishes for something tells of the person besides
_DESCRIBES = re.compile(
    r"\b(?:ones?|something|anything|stuff|films?|movies?|flicks?|books?|novels?|games?|albums?|records?|music|courses?)\b"
    r"[^.,;:!?\n]{0,20}?\b(?:that|which|to|for|where|with|about)\b[^.,;:!?\n]*",
    re.IGNORECASE,
)
_HAD = ("like", "neutral")  # of a work that one has seen, or will not have, nobody asks whether we have it
_NOT = re.compile(r"\bnot\s+(?:the\s+|an?\s+|that\s+)?$", re.IGNORECASE)
_PERSON = 2  # words of a person's name
_NEAR = 10  # characters between what is refused and the pronoun that refuses it: " films, "
_ABOUT_SOMETHING = re.compile(r"\b(?:it|its|this|that|they|these|those|them|both)\b|这|那|它|两", re.IGNORECASE)

_NOT_LOOKED_UP = frozenset({"pick", "price", "year", "length", "description", "moods"})  # all have answers of their own
_MEASURED = {"price": "price", "year": "year", "decade": "year"} | dict.fromkeys(LENGTH_FIELDS, "length")
_ANYTHING = re.compile(r"\banything\b|\bany\s+(?:work|works|thing)\b|什么都|任何", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Understanding:
    """What one message says.

    Attributes:
        act: what kind of answer is due.
        language: "en" or "zh".
        opinions: stands on items, in the order of the text; `places` refer to the cards shown last.
        parsed: constraints, wishes and comparatives.
        questions: the catalogue columns asked about; ("other",) is one that the catalogue lacks.
        extreme: the measure by which one item is singled out: ("price", -1) is the cheapest.
        mood: the mood by which one of those shown is singled out, likewise.
        form: the kind as which an item is asked for: "is there a film of it?".
        of_these: that one is among the items named or shown.
        of_shown: it asks about all the cards on screen, or which of them has something.
        asks_genre: it asks whether an item is of a genre that it names.
        compares: the items are to be compared.
        asked_title: a title asked for that no exact or fuzzy match explains ("The Matrix 9").
        dropped: fields whose limits the person lifts ("any year").
        other: what was wished before is over ("something completely different").
        refining: the message adds to the last wish ("darker", "and shorter") instead of making a new one.
        anything: the person asks for any kind of work ("anything by …").
        same_maker: the person asks for more by whoever made the item spoken of.
        lacking: kinds asked for that this catalogue does not have.
        bare_title: the message is a title and little else.
        bought: it wants what is like earlier purchases, without naming any.
        unknown_name: a name the message uses that nothing in the catalogue bears ("Tom Hanks").
        only_unknown: it says nothing else that a recommendation could go by.
        gist: the message without titles and limits, for retrieval by meaning; "" if it says nothing beyond those and
            the wishes.
        medium: the kind of the works that it names, ours or not, by what is done with them: who "read" one reads.
        lasting: its limits are meant to hold beyond this conversation ("I never watch horror").
        offered: it asks for works of a kind, or for what the catalogue has a word for: "show me your lanterns".
        ours: it uses words for kinds or genres that only this catalogue has.
        purposes: how likely it is meant for each purpose; {} if nobody can tell.
    """

    act: Act
    language: Literal["en", "zh"]
    opinions: tuple[Opinion, ...] = ()
    parsed: Parsed = field(default_factory=Parsed)
    questions: tuple[str, ...] = ()
    extreme: tuple[str, int] | None = None
    mood: tuple[str, int] | None = None
    form: str = ""
    of_these: bool = False
    of_shown: bool = False
    asks_genre: bool = False
    compares: bool = False
    asked_title: str = ""
    dropped: tuple[str, ...] = ()
    other: bool = False
    refining: bool = False
    anything: bool = False
    same_maker: bool = False
    lacking: tuple[str, ...] = ()
    bare_title: bool = False
    bought: bool = False
    unknown_name: str = ""
    only_unknown: bool = False
    gist: str = ""
    medium: str = ""
    lasting: bool = False
    offered: bool = False
    ours: bool = False
    purposes: Mapping[Purpose, float] = field(default_factory=dict)

    @property
    def looks_up(self) -> bool:
        """Return whether what it asks may stand in any column or in the description."""
        return self.of_shown or self.asks_genre or self.questions == ("other",)


def understand(
    text: str,
    linker: TitleLinker,
    parser: Parser,
    shown: int = 0,
    *,
    spoken_of: bool = False,
    served: Collection[Act] = (),
    sensed: Sensed | None = None,
    is_part: Callable[[str, Mention], bool] = lambda text, mention: False,
) -> Understanding:
    """Read one message.

    Args:
        text: what the person wrote.
        linker: of the current catalogue.
        parser: of the current catalogue.
        shown: how many cards the last answer showed, so that "the third one" can mean something.
        spoken_of: "it" means something even if no card is shown: the item of the shop's page.
        served: acts that somebody else has looked for already ("service", where there is a desk).
        sensed: what its words are about; None if only rules read it.
        is_part: whether a title that it seems to name is a part of what is on screen: "the battery".
    """
    sensed = sensed or unread()
    language: Literal["en", "zh"] = "zh" if language_of(text) == "zh" else "en"
    plain = plain_act(text, served)
    if plain is not None:
        return Understanding(plain, language, purposes=sensed.purpose)
    act: Act = "recommend"
    remember = REMEMBER.search(text)
    if remember is not None:
        text = blank(text, [remember.span()])
    lifting, free = lifted(text)
    asked, mentions, beside, by_its_title = mentioned(text, lifting, linker, parser, sensed)
    mentions = [m for m in mentions if not is_part(text, m)]
    spans = [*((m.start, m.end) for m in mentions), *beside]
    asking = questions(text, parser.columns, several=False)
    asks_of = len(mentions) == 1 and (by_its_title or asking.fields or asking.yes_no)
    mentions, stood = stood_on(text, mentions, unread() if asks_of else sensed)
    strange = strange_titles(text, spans, linker, parser, sensed.works())
    brand, strange = before_kind(text, strange, linker, parser)
    asked = asked or brand
    if asked:
        at = text.find(asked)
        spans.append((at, at + len(asked)))
        strange = [(s, e) for s, e in strange if e <= at or at + len(asked) <= s]
    aside = [a for a in asides(text) if not any(s < a[1] and a[0] < e for s, e in spans)]
    aside = [(start, end) for start, end in aside if not parser.tails.follows(text[end:])]  # "a day cream"
    pointing = [*pointed_at(text, shown), *(m.span() for m in _THIS_PRODUCT.finditer(text)), *aside]
    why = [match.span() for match in _WHY.finditer(text)]
    taken = [*spans, *pointing, *strange]
    offered = HAVE.search(text) is not None
    wanted = not mentions and carried(text, parser, linker)
    ours = own_words(text, parser)
    lost = wanted or (ours and sensed.purpose.get("out_of_scope", 0.0) > _STRANGE)
    parsed, lacking = _carried(parser.parse(text, [*taken, *why], language, _told(sensed, offered, lost)), parser)
    them = [
        m.span() for m in BUT_NOT_THEM.finditer(text) if any(0 <= m.start() - end <= _NEAR for _, end in parsed.spans)
    ]
    named = [
        *spans,
        *(m.span() for m in TITLED.finditer(text) if TOLD_BY.intersection(words(text[: m.start()])[-1:])),
    ]
    cards = references(blank(text, them), named, shown, spoken_of) if shown or spoken_of else []
    first = min((m.start for m in mentions), default=0)  # in "seen that. More like Jaws" that is none named here
    early = bool(cards) and references(blank(text[:first], them), [], shown, spoken_of) == cards
    pointed = cards if early or not _stands_for(text, mentions, (*stood, *cards)) else []
    opinions = [moved(text, opinion) for opinion in ((*pointed, *stood) if early else (*stood, *pointed))]
    advises = sensed.purpose.get("recommend", 0.0) > _PLAINLY and not any(opinion.places for opinion in opinions)
    about = Questions() if lifting else _questions(text, mentions, parser, 0 if advises else shown, spoken_of)
    # "Is it scary?" wishes for nothing; in "sounds fun. Is it part of a series?" nobody asks whether it is fun.
    named_in = parser.parse(_asking(text), taken, language) if about.yes_no or of_several(text) else parsed
    # "Nine hours on a train, what do I read next?" asks about no item.
    singles = about.extreme is not None or about.mood is not None
    fields = () if advises and not singles else _fields(text, about, named_in, opinions, asked)
    aimless = inside(text, mentions) or (why and opinions)
    fields = fields or ((_whether(parser.parse(text, taken, language)) if why else ()) or ("other",) if aimless else ())
    fields = fields or (_whether(parsed) if _of_value(text, opinions, [*pointing, *parsed.spans]) else ())
    of_shown = shown > 0 and not (mentions or asked or advises) and _of_shown(text, about, parsed, opinions)
    fields = fields or ((_whether(named_in) or ("other",)) if of_shown else ())
    everywhere = about.extreme is not None and not about.of_these
    dropped = (*free, *parsed.opened)
    bought = BOUGHT.search(text)
    lifting += [bought.span()] if bought else []
    beside = [*spans, *lifting, *pointing, *sensed.refused(), *_told_beside(text, sensed)]
    other = [place for place in strange if _NOT.search(text[: place[0]])]  # "not the Tom Cruise one"
    beside += other
    unknown = _unknown(
        text, [place for place in strange if place not in other], [*spans, *other, *parsed.spans], linker
    )
    unheard = [place for place in unknown if not _descriptive(text[slice(*place)], parser)]
    gist = _gist(text, [*beside, *unheard], parsed)
    form = _form(text) if shown or spoken_of or mentions else ""
    if form:
        act, fields = "question", ("form",)
    elif asked or (has(text, [m for m, o in zip(mentions, stood, strict=True) if o.attitude in _HAD]) and not fields):
        act = "availability"
    elif (fields and not everywhere) or (about.compares and (shown or _several(mentions))):
        act = "question"
    elif _MORE.search(text) and not mentions:
        act = "more"
    elif _merely_points(text, opinions, pointing) and not (
        _WANTS_IT.search(text) and sensed.purpose.get("buy", 0.0) > _TAKES
    ):
        act, fields = "question", ("description",)
    elif not (parsed.spans or parsed.relative or dropped or everywhere or bought or for_whom(text)) and not (
        _says(text, opinions, unknown, gist, linker)
    ):
        act = "unclear"
    rest = [t for t in tokenize(text) if not any(s <= t.start < e for s, e in spans) and t.norm not in FILLER]
    return Understanding(
        "remember" if remember else act,
        language,
        opinions=tuple(opinions),
        parsed=parsed,
        questions=fields,
        extreme=about.extreme,
        mood=about.mood,
        form=form,
        of_these=about.of_these,
        of_shown=of_shown,
        asks_genre=about.yes_no and fields == ("genres",) and not about.fields,
        compares=about.compares,
        asked_title=asked,
        dropped=dropped,
        other=starts_anew(text),
        refining=refines(text, parsed),
        anything=_ANYTHING.search(text) is not None,
        same_maker=SAME_MAKER.search(text) is not None,
        lacking=lacking,
        bare_title=all(o.attitude == "neutral" for o in opinions)
        and ((bool(mentions) and not rest) or wanted_by_name(text, mentions)),
        bought=bought is not None,
        unknown_name=" / ".join(text[start:end].strip(" ,") for start, end in unknown),
        only_unknown=bool(unknown) and not (opinions or parsed.spans or _gist(text, [*beside, *unknown], parsed)),
        gist=gist,
        medium=medium(text, [*strange, *((m.start, m.end) for m in mentions)]),
        lasting=remember is not None or lasts(text),
        offered=wanted or (offered and any(limit.field == "kind" for limit in parsed.constraints)),
        ours=ours
        or _measures(about, text, parser)
        or any(limit.field == "title" for limit in (*parsed.constraints, *parsed.owned)),
        purposes=sensed.purpose,
    )


def _measures(about: Questions, text: str, parser: Parser) -> bool:
    """Whether a message singles out by one of the catalogue's own columns, and names it: "the highest voltage"."""
    named = (words for words, field in parser.columns.named.items() if about.extreme and field == about.extreme[0])
    return any(f" {name} " in f" {normalize(text)} " for name in named)


def _unknown(
    text: str, strange: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]], linker: TitleLinker
) -> list[tuple[int, int]]:
    """Return where up to two names stand that nothing in the catalogue bears: (start, end) each."""
    name = "" if strange else unknown_name(text, spans, linker)
    return [(text.find(name), text.find(name) + len(name))] if name else [*strange[:2]]


def _merely_points(text: str, opinions: Sequence[Opinion], pointing: Sequence[tuple[int, int]]) -> bool:
    """Whether a message is the place of a card and nothing else: "ok, the first one then" wants to hear of it."""
    places = [place for opinion in opinions for place in opinion.places if opinion.attitude == "neutral"]
    return len(opinions) == len(places) == 1 and not opinions[0].that and not telling_words(blank(text, pointing))


def _stands_for(text: str, mentions: Sequence[Mention], opinions: Sequence[Opinion]) -> bool:
    """Whether "it" stands for what a message names in the clause before: "ok, the Puck. Is it loud?"."""
    calm = all(opinion.attitude == "neutral" for opinion in opinions)
    return calm and any(_THEN_IT.match(text, mention.end) for mention in mentions)


def _of_value(text: str, opinions: Sequence[Opinion], said: Sequence[tuple[int, int]]) -> bool:
    """Whether a message points at a card, and asks if it has something: "nice, the second one. In red?"."""
    pointed = any(opinion.places and not opinion.that and opinion.attitude != "dislike" for opinion in opinions)
    return pointed and text.rstrip().endswith(("?", "？")) and not telling_words(blank(text, said))


def _descriptive(name: str, parser: Parser) -> bool:
    """Whether a name says something by its words: "The Thursday Murder Club" does, "Lee Child" does not."""
    return len(words(name)) > _PERSON and any(word in parser.phrases.meanings for word in telling_words(name))


def _says(
    text: str, opinions: Sequence[Opinion], unknown: Sequence[tuple[int, int]], gist: str, linker: TitleLinker
) -> bool:
    """Whether a message names something, asks for advice, or has a word of the catalogue's; Chinese may well have."""
    if opinions or unknown or _ANY_ADVICE.search(text):
        return True
    return is_cjk(gist) or any(linker.knows(word) for word in telling_words(gist))


def _questions(text: str, mentions: Sequence[Mention], parser: Parser, shown: int, spoken_of: bool) -> Questions:
    if not (mentions or shown or spoken_of or _ABOUT_SOMETHING.search(text)):
        asked = questions(text, parser.columns, several=False)  # "the cheapest game" asks about the whole catalogue
        return asked if asked.extreme is not None else Questions()
    for mention in mentions:  # "Lite 2 waterproof" counts nothing
        numbered = re.sub(r"\d", "x", text[mention.start : mention.end])
        text = text[: mention.start] + numbered + text[mention.end :]
    return questions(text, parser.columns, several=shown > 1 or _several(mentions))


def _several(mentions: Sequence[Mention]) -> bool:
    return sum(len(mention.positions) for mention in mentions) > 1


def _fields(text: str, about: Questions, parsed: Parsed, opinions: Sequence[Opinion], asked: str) -> tuple[str, ...]:
    """Return the columns asked about; ("other",) for a question about an item that no column answers."""
    it = HAVE_IT.search(text)
    if it is not None and not about.fields and any(opinion.that for opinion in opinions):
        return (_whether(parsed) or ("other",)) if it[1] else ("in_stock",)  # "do you have it in blue?"
    if any(opinion.surface and opinion.surface == text.strip(" .!?") for opinion in opinions):
        return about.fields  # "How Life on Earth Began" is a title, not a question
    kind = _WHAT_KIND.search(text)
    if opinions and kind is not None and canonical("kind", kind[1]) in vocabulary("kind"):
        return ("kind",)
    if opinions and not about.fields and _HOLDS.search(text):
        return _whether(parsed) or ("other",)
    like = _WHAT_LIKE.search(text)
    advice = LIKE.search(_WHAT_LIKE.sub(" ", text)) or HAVE.search(text) or _ADVICE.search(text)
    if about.fields or about.compares or asked or not opinions or advice:
        return about.fields
    if about.yes_no or like is not None:
        return _whether(parsed) or ("other",)
    return ("other",) if not parsed.spans and _OPEN_QUESTION.search(text) else ()


def _of_shown(text: str, about: Questions, parsed: Parsed, opinions: Sequence[Opinion]) -> bool:
    """Whether a message asks about all cards, or which of them has something; a measure or advice is another matter."""
    measured = parsed.relative or any(isinstance(c.value, float | int) for c in parsed.constraints)
    other = about.extreme or about.mood or about.compares or set(about.fields) & _NOT_LOOKED_UP
    placed = any(opinion.attitude != "neutral" or opinion.that for opinion in opinions)
    return of_several(text) and not (measured or other or placed or _ADVICE.search(text) or LIKE.search(text))


def _asking(text: str) -> str:
    """Return a message with blanks for the sentences that ask nothing, if others do."""
    told = [match.span() for match in _SENTENCE.finditer(text) if not match.group().endswith(("?", "？"))]
    return blank(text, told) if "?" in text or "？" in text else text


def _told(sensed: Sensed, offered: bool, lost: bool) -> Callable[[int, int], Told]:
    """Return what the words of a message are; of what we are asked to have a kind may be wanted, whatever it is for.

    Who has read films and books only is `lost` among tents and cheeses, and has no say there.
    """

    def told(start: int, end: int) -> Told:
        found = sensed.told(start, end)
        if lost and found in ("aside", "idle"):
            return ""
        return "idle" if offered and found == "aside" else found

    return told


def _told_beside(text: str, sensed: Sensed) -> list[tuple[int, int]]:
    """Return where words stand that tell of the person; "one that longs for another time" tells of the work."""
    if len(words(text)) < _STORY or not sensed.wishes:
        return []
    described = [match.span() for match in _DESCRIBES.finditer(text)]
    return [(s, e) for s, e in sensed.idle() if not any(start <= s < end for start, end in described)]


def _whether(parsed: Parsed) -> tuple[str, ...]:
    """Return the columns that "is it scary?" and "is it for children?" ask about."""
    fields = [c.field for c in parsed.constraints if c.op == "is" and isinstance(c.value, str | tuple)]
    fields += [w.field for w in parsed.wishes]
    fields += [_MEASURED.get(c.field, c.field) for c in parsed.constraints if isinstance(c.value, float | int)]
    return tuple(dict.fromkeys(f for f in fields if f not in ("kind", "creators", "topic")))


def _form(text: str) -> str:
    """Return the kind as which an item is asked for, "" if none."""
    match = _FORM.search(text)
    kind = canonical("kind", next(g for g in match.groups() if g)) if match else ""
    return kind if kind in vocabulary("kind") else ""


def _carried(parsed: Parsed, parser: Parser) -> tuple[Parsed, tuple[str, ...]]:
    """Return what was read without limits to kinds that this catalogue does not have, and those kinds."""
    lacking: list[str] = []
    kept = []
    for limit in parsed.constraints:
        values = limit.value if isinstance(limit.value, tuple) else (limit.value,)
        if (limit.field, limit.op) == ("kind", "is") and not any(parser.carries("kind", str(v)) for v in values):
            lacking.extend(str(v) for v in values)
        else:
            kept.append(limit)
    return (replace(parsed, constraints=tuple(kept)), tuple(lacking)) if lacking else (parsed, ())


def _gist(text: str, spans: Sequence[tuple[int, int]], parsed: Parsed) -> str:
    """Return the words that retrieval by meaning and by words should go by, "" if they are all about something else.

    Titles are left out, since the liked items speak for themselves; limits too, since they are enforced, and "nothing
    with space" would look for space.
    """
    told = telling_words(blank(text, [*spans, *parsed.spans]))
    refuses = bool(parsed.refused) and not parsed.wishes and all(c.op == "is_not" for c in parsed.constraints)
    if not told or (refuses and _REFUSAL.issuperset(told)):
        return ""
    return " ".join(blank(text, [*spans, *parsed.hard]).split())
