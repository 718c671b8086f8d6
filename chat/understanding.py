"""Understanding: what one message says, before anything is answered.

Everything is read off the catalogue's own titles and facet values and off a few tables of cues; the language model has
no part in it, so nothing a person writes can talk the assistant into anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from chat import reading
from chat.about import asked_of, only_asked
from chat.acts import BOUGHT, SAME_MAKER, Act, lifted, plain_act, refines, starts_anew
from chat.brands import before_kind
from chat.enough import enough_of
from chat.explaining import asks_common
from chat.holding import of_several, of_which
from chat.memory import REMEMBER, lasts
from chat.mentions import common, mentioned, moved, stood_on, wanted_alone, wanted_by_name
from chat.naming import (
    HAVE,
    MEANT,
    TITLED,
    TOLD_BY,
    has,
    inside,
    medium,
    strange_titles,
)
from chat.offers import carried, merely_asks, own_words
from chat.opinions import IF_ANY, Opinion, lacking_in, pointed_at, references
from chat.questions import Questions, asks_for_what, questions
from chat.senses import Purpose, Sensed, unread
from chat.typed import asides, for_whom, settings
from retrieval.cues import Mention
from retrieval.linking import TitleLinker
from retrieval.numbers import blank
from retrieval.parsed import Parsed
from retrieval.parsing import Parser
from retrieval.passing import no_other
from retrieval.stances import BUT_NOT_THEM, knows_all
from retrieval.text import language_of, words

_MORE = re.compile(
    r"\b(more(?!\s+than\b)|others?|another|something\s+else|anything\s+else|else|different(\s+ones)?|next|none\s+of\s+(these|those|them))\b"
    r"|换一批|换一些|还有(别的|其他|吗)|更多|别的|其他的",
    re.IGNORECASE,
)

_NO = re.compile(  # to all that is shown
    r"\W*(?:(?:no+|nah+|nope|meh|hm+|not\s+really|none|not\s+(?:quite|convinced|feeling\s+(?:it|these|those|any)|for\s+me|my\s+thing)"
    r"|not\s+interested|boring)\W*)+(?:thanks|thank\s+you|really|sorry)?\W*|(?:都)?(?:不要|不喜欢|不行)\W*",
    re.IGNORECASE,
)
_THIS_PRODUCT = re.compile(r"\b(?:this|that|these|those)\s+(?:product|item|article|thing)s?\b", re.IGNORECASE)
_WHY = re.compile(  # "why isn't it vegan?" sets no limit; "why don't you show me …" asks for some
    r"\b(?:why|how\s+come)\s+(?:\w+\s+)?(?:(?:is|are|was|were|does|do|did|has|have|would)(?:n['’]?t)?|['’]s)\b(?:\s+not\b)?"
    r"(?!\s+(?:you|we|i|there)\b)[^.,;?!\n]*|为什么(?!你|我|没有)[^。，？！\n]*",
    re.IGNORECASE,
)
_STRANGE = 0.2  # a share of "none of our business" from which the reader does not know the words of this catalogue
_PLAINLY = 0.9  # a share of the purpose from which a message asks for a recommendation and about no item
_WANTS_IT = re.compile(
    r"\b(?:please|thanks|thank\s+you|ta|cheers|want|take|have|get|give|go|buy|order|add|yes|yep|yeah|sold|sure|perfect)\b",
    re.IGNORECASE,
)
_TAKES = 0.6  # a share of the purpose from which it takes a card
_HAD = ("like", "neutral")  # of a work that one has seen, or will not have, nobody asks whether we have it
_NOT = re.compile(r"\bnot\s+(?:the\s+|an?\s+|that\s+)?$", re.IGNORECASE)
_NEAR = 10  # characters between what is refused and the pronoun that refuses it: " films, "

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
        merely: it asks for goods of a kind, and says nothing else but a limit.
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
    merely: bool = False
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
    lifting, free = lifted(text, parser.columns.named)
    asked, mentions, beside, by_its_title = mentioned(text, lifting, linker, parser, sensed)
    mentions = [m for m in mentions if not is_part(text, m)]
    spans = [*((m.start, m.end) for m in mentions), *beside]
    asking = questions(text, parser.columns, several=len(mentions) > 1)
    about_works = asked_of(text, mentions, parser.columns)
    asks_of = len(mentions) == 1 and (by_its_title or asking.fields or asking.yes_no)
    asks_of = bool(asks_of or about_works or asking.singles_out)
    mentions, stood = stood_on(text, mentions, unread() if asks_of else sensed, shown)
    mentions, stood = only_asked(mentions, stood, about_works)
    strange = strange_titles(text, spans, linker, parser, sensed.works)
    strange = strange if parser.of_works else [place for place in strange if not common(text[slice(*place)], linker)]
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
    taken = [*spans, *pointing, *strange, *lacking_in(text, mentions)]
    offered = HAVE.search(text) is not None
    wanted = not mentions and carried(text, parser, linker)
    ours = own_words(text, parser)
    lost = wanted or (ours and sensed.purpose.get("out_of_scope", 0.0) > _STRANGE)
    parsed, lacking = reading.of_carried_kinds(
        parser.parse(text, [*taken, *why], language, reading.told(sensed, offered, lost)), parser
    )
    them = [
        m.span() for m in BUT_NOT_THEM.finditer(text) if any(0 <= m.start() - end <= _NEAR for _, end in parsed.spans)
    ]
    them += [*(m.span() for m in IF_ANY.finditer(text)), *lifting, *enough_of(text)]
    named = [
        *spans,
        *(m.span() for m in TITLED.finditer(text) if TOLD_BY.intersection(words(text[: m.start()])[-1:])),
    ]
    cards = references(blank(text, them), named, shown, spoken_of) if shown or spoken_of else []
    first = min((m.start for m in mentions), default=0)  # in "seen that. More like Jaws" that is none named here
    early = bool(cards) and references(blank(text[:first], them), [], shown, spoken_of) == cards
    pointed = cards if early or not reading.stands_for(text, mentions, (*stood, *cards)) else []
    one_of_them = bool(about_works) or (asking.singles_out and len(mentions) > 1)
    named_only = one_of_them and not asks_common(text)  # "what has it in common with Dune?" asks of a third
    pointed = [o for o in pointed if not (named_only and o.that and o.attitude == "neutral")]
    opinions = [moved(text, opinion) for opinion in ((*pointed, *stood) if early else (*stood, *pointed))]
    picks = shown > 0 and asks_for_what(text)
    advises = (
        not picks
        and not about_works
        and sensed.purpose.get("recommend", 0.0) > _PLAINLY
        and not any(o.places for o in opinions)
    )
    about = Questions() if lifting else reading.questions_of(text, mentions, parser, 0 if advises else shown, spoken_of)
    # "Is it scary?" wishes for nothing; in "sounds fun. Is it part of a series?" nobody asks whether it is fun.
    named_in = parser.parse(reading.asking(text), taken, language) if about.yes_no or of_several(text) else parsed
    # "Nine hours on a train, what do I read next?" asks about no item.
    singles = about.extreme is not None or about.mood is not None
    fields = () if advises and not singles else reading.fields(text, about, named_in, opinions, asked)
    aimless = inside(text, mentions) or (why and opinions)
    fields = fields or (
        (reading.whether(parser.parse(text, taken, language)) if why else ()) or ("other",) if aimless else ()
    )
    fields = fields or (reading.whether(parsed) if reading.of_value(text, opinions, [*pointing, *parsed.spans]) else ())
    advised = advises and not of_which(text)
    of_shown = shown > 0 and not (mentions or asked or advised) and reading.of_shown(text, about, parsed, opinions)
    fields = fields or ((reading.whether(named_in) or ("other",)) if of_shown else ())
    everywhere = about.extreme is not None and not about.of_these
    dropped = (*free, *parsed.opened)
    bought = BOUGHT.search(text)
    lifting += [bought.span()] if bought else []
    where = [] if parser.of_works else settings(text)  # which goods may be for: "something for the bath"
    pointing = [place for place in pointing if place not in where]
    beside = [*spans, *lifting, *pointing, *sensed.refused(), *reading.told_beside(text, sensed), *parser.for_all(text)]
    other = [p for p in strange if _NOT.search(text[: p[0]]) or knows_all(text, p[0])]  # "not the Tom Cruise one"
    beside += other
    unknown = reading.unknown(
        text, [place for place in strange if place not in other], [*spans, *other, *parsed.spans], linker
    )
    unheard = [place for place in unknown if not reading.descriptive(text[slice(*place)], parser)]
    declines = shown > 0 and _NO.fullmatch(text) is not None
    gist = "" if declines else reading.gist(text, [*beside, *unheard], parsed)
    form = reading.form(text) if shown or spoken_of or mentions else ""
    if form:
        act, fields = "question", ("form",)
    elif asked or (has(text, [m for m, o in zip(mentions, stood, strict=True) if o.attitude in _HAD]) and not fields):
        act = "availability"
    elif (fields and not everywhere) or (about.compares and (shown or reading.several(mentions))):
        act = "question"
    elif (_MORE.search(text) or declines) and not mentions and not (parsed.owned and no_other(text)):
        act = "more"
    elif reading.merely_points(text, opinions, pointing) and not (
        _WANTS_IT.search(text) and sensed.purpose.get("buy", 0.0) > _TAKES
    ):
        act, fields = "question", ("description",)
    elif not (parsed.spans or parsed.relative or dropped or everywhere or bought or for_whom(text)) and not (
        reading.says(text, opinions, unknown, gist, linker)
        or not parser.columns.adjective_words.isdisjoint(words(text))
    ):
        act = "unclear"
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
        and bool(mentions)
        and (
            MEANT.match(text) is not None
            or wanted_alone(text, mentions, linker, parser, parsed)
            or wanted_by_name(text, mentions)
        ),
        bought=bought is not None,
        unknown_name=" / ".join(text[start:end].strip(" ,") for start, end in unknown),
        only_unknown=bool(unknown)
        and not (opinions or parsed.spans or reading.gist(text, [*beside, *unknown], parsed)),
        gist=gist,
        medium=medium(text, [*strange, *((m.start, m.end) for m in mentions)]),
        lasting=remember is not None or lasts(text),
        offered=wanted or (offered and any(limit.field == "kind" for limit in parsed.constraints)),
        merely=act in ("recommend", "availability") and not mentions and merely_asks(text, parsed),
        ours=ours
        or reading.measures(about, text, parser)
        or any(limit.field == "title" for limit in (*parsed.constraints, *parsed.owned)),
        purposes=sensed.purpose,
    )
