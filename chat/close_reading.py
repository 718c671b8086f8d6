"""Close reading: one message fact by fact, each named and worked out once; `chat.understanding` puts them together."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

from chat import reading
from chat.about import asked_of, only_asked
from chat.acts import BOUGHT, SAME_MAKER, Act, lifted
from chat.brands import before_kind
from chat.enough import enough_of
from chat.explaining import asks_common
from chat.holding import of_several, of_which
from chat.mentions import Mentioned, common, mentioned, moved, stood_on, wanted_alone, wanted_by_name
from chat.naming import HAVE, MEANT, TITLED, TOLD_BY, has, inside, medium, strange_titles
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
from retrieval.text import words

Span = tuple[int, int]  # (start, end) in the characters of the message

_MORE = re.compile(
    r"\b(more(?!\s+than\b)|others?|another|something\s+else|anything\s+else|else|different(\s+ones)?|next|none\s+of\s+(these|those|them))\b"
    r"|换一批|换一些|还有(别的|其他|吗)|更多|别的|其他的",
    re.IGNORECASE,
)
_NO_MORE = re.compile(  # "I can't carry it any more" and "for two more days" ask for nothing else
    r"\b(?:not|never|cannot|no\s+longer|\w+n['’]?t)\b[^.?!;]*?\bany\s?more\b|\bmore\s+(?:hours?|days?|weeks?|months?|years?|times?)\b"
    r"|\bwhich\b[^.?!;]*?\b(?:costs?|weighs?|holds?|has|keeps?|is)\s+more\b",
    re.IGNORECASE,
)
_HAVE_MORE = re.compile(
    r"\b(?:have|got|sell)\s+(?:you\s+)?(?:(?:anything|something|any|some|one|ones|a)\s+)?(?:cheaper|shorter|longer|newer|older|lighter|smaller|bigger)\b",
    re.IGNORECASE,
)
_BUT = re.compile(r"\s*,?\s*(?:but|except|other\s+than)\b", re.IGNORECASE)
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
_ANY = re.compile(  # "any albums of film music?"
    r"\W*(?:(?:and|so|ok(?:ay)?|also)\W+)?any\s+(?:\w+\s+)?(?:films|movies|books|novels|games|albums|records|music|courses)\b",
    re.IGNORECASE,
)
_THAN = re.compile(
    r"\b(?:than|vs|versus|like|with)\b|\b(?:it|that)\s+(?:or|and)\s+the\b|\bor\s+(?:it|that)\b", re.IGNORECASE
)
_NO_WORK = re.compile(  # "forget it", and what describes something: "it's a love story, I think"
    r"\b(?:forget|scrap)\s+(?:it|that|this|them)\b(?=\W|$)(?!\s+one\b)"
    r"|\b(?:it|that)(?:['’]s|\s+is|\s+was)\s+(?:an?|about|for|set)\b(?![^.!]*\?)",
    re.IGNORECASE,
)
_NEAR = 10  # characters between what is refused and the pronoun that refuses it: " films, "


@dataclass(frozen=True)
class CloseReading:
    """The facts of one message, in the order in which one needs another.

    Attributes:
        text: what the person wrote.
        language: in which they did.
        linker: of the current catalogue.
        parser: of the current catalogue.
        shown: how many cards the last answer showed.
        spoken_of: "it" means something even if no card is shown.
        sensed: what its words are about.
        is_part: whether a title that it seems to name is a part of what is on screen: "the battery".
    """

    text: str
    language: Literal["en", "zh"]
    linker: TitleLinker
    parser: Parser
    shown: int
    spoken_of: bool
    sensed: Sensed
    is_part: Callable[[str, Mention], bool]

    # What it lifts, names and points at

    @cached_property
    def _lifted(self) -> tuple[list[Span], list[str]]:
        """Where it lifts limits, "any year", and the columns of those."""
        return lifted(self.text, self.parser.columns.named)

    @property
    def _lifting_at(self) -> list[Span]:
        return self._lifted[0]

    @property
    def _any_at(self) -> list[Span]:
        """Where it lifts limits and names no exception: "any language", not "any colour but white"."""
        return [(start, end) for start, end in self._lifting_at if not _BUT.match(self.text, end)]

    @cached_property
    def _mentioned(self) -> Mentioned:
        return mentioned(self.text, self._lifting_at, self.linker, self.parser, self.sensed)

    @cached_property
    def _ours(self) -> list[Mention]:
        """The works and things of ours that it names, whatever for."""
        by_title = self.parser.of_works and self._mentioned.by_title  # "what's The Door about?" asks of no part
        return [mention for mention in self._mentioned.ours if by_title or not self.is_part(self.text, mention)]

    @cached_property
    def _ours_at(self) -> list[Span]:
        return [*((m.start, m.end) for m in self._ours), *self._mentioned.beside]

    @cached_property
    def _asks(self) -> Questions:
        """What it asks by its words, before it is clear of what."""
        return questions(self.text, self.parser.columns, several=len(self._ours) > 1)

    @cached_property
    def _asked_of(self) -> list[Mention]:
        """Those works of which it asks something."""
        return asked_of(self.text, self._ours, self.parser.columns)

    @cached_property
    def _stands(self) -> tuple[list[Mention], list[Opinion]]:
        """The works and things of ours that matter, and the stand on each."""
        asks = self._asks
        of_one = len(self._ours) == 1 and (self._mentioned.by_title or asks.fields or asks.yes_no)
        sensed = unread() if of_one or self._asked_of or asks.singles_out else self.sensed
        mentions, stood = stood_on(self.text, self._ours, sensed, self.shown)
        return only_asked(mentions, stood, self._asked_of)

    @property
    def mentions(self) -> list[Mention]:
        """The works and things of ours that it names and that matter."""
        return self._stands[0]

    @cached_property
    def _strangers(self) -> tuple[str, list[Span]]:
        """The brand that it asks for and that is none of ours, and where names stand that nothing of ours bears."""
        found = strange_titles(self.text, self._ours_at, self.linker, self.parser, self.sensed.works)
        if not self.parser.of_works:
            found = [place for place in found if not common(self.text[slice(*place)], self.linker)]
        return before_kind(self.text, found, self.linker, self.parser)

    @property
    def asked_title(self) -> str:
        """The title or brand that it asks for and that is none of ours, "" if there is none."""
        return self._mentioned.asked or self._strangers[0]

    @cached_property
    def _named_at(self) -> list[Span]:
        """Where names stand that are ours or asked for, with the words that tell which is meant: "the film Solaris"."""
        at = self.text.find(self.asked_title)
        return [*self._ours_at, (at, at + len(self.asked_title))] if self.asked_title else self._ours_at

    @cached_property
    def _strange_at(self) -> list[Span]:
        """Where other names stand that nothing of ours bears."""
        asked = self._named_at[-1:] if self.asked_title else []
        return [(s, e) for s, e in self._strangers[1] if all(e <= start or end <= s for start, end in asked)]

    @cached_property
    def _pointing_at(self) -> list[Span]:
        """Where it points at cards, or tells of the person's day and home."""
        free = (a for a in asides(self.text) if not any(s < a[1] and a[0] < e for s, e in self._named_at))
        told = [(start, end) for start, end in free if not self.parser.tails.follows(self.text[end:])]  # "a day cream"
        products = (match.span() for match in _THIS_PRODUCT.finditer(self.text))
        return [*pointed_at(self.text, self.shown), *products, *told]

    @cached_property
    def _why_at(self) -> list[Span]:
        return [match.span() for match in _WHY.finditer(self.text)]

    # What it limits and wishes

    @cached_property
    def _taken(self) -> list[Span]:
        """What the parser is to leave alone."""
        same = SAME_MAKER.search(self.text) if self.parser.of_works else None  # "by the same writer" is about none
        hand = [same.span()] if same is not None else []
        return [*self._named_at, *self._pointing_at, *self._strange_at, *lacking_in(self.text, self.mentions), *hand]

    @cached_property
    def _lists(self) -> bool:
        """Whether it asks to be shown what the catalogue has a word for: "show me your lanterns"."""
        return not self.mentions and carried(self.text, self.parser, self.linker)

    @cached_property
    def _has_own_words(self) -> bool:
        """Whether it uses words for kinds or genres that only this catalogue has."""
        return own_words(self.text, self.parser)

    @cached_property
    def _carried(self) -> tuple[Parsed, tuple[str, ...]]:
        strange = self._has_own_words and self._purpose("out_of_scope") > _STRANGE
        offered = HAVE.search(self.text) is not None or _ANY.match(self.text) is not None
        told = reading.told(self.sensed, offered, self._lists or strange)
        parsed = self.parser.parse(self.text, [*self._taken, *self._why_at, *self._any_at], self.language, told)
        return reading.of_carried_kinds(parsed, self.parser)

    @property
    def parsed(self) -> Parsed:
        """Its limits, wishes and comparatives, but for kinds that this catalogue does not have."""
        return self._carried[0]

    @property
    def lacking(self) -> tuple[str, ...]:
        """Those kinds."""
        return self._carried[1]

    def _parsed_again(self, text: str) -> Parsed:
        """Read some of it once more, reasons asked for included, and with no word set aside."""
        return self.parser.parse(text, self._taken, self.language)

    def _purpose(self, purpose: Purpose) -> float:
        """How likely it is meant for a purpose, 0 if nobody can tell."""
        return self.sensed.purpose.get(purpose, 0.0)

    # What it takes a stand on

    @cached_property
    def _no_card_at(self) -> list[Span]:
        """Where "them", "it" and "that" mean no card: what has just been refused, or asked for "if you have any"."""
        said = self.parsed.spans
        them = [m for m in BUT_NOT_THEM.finditer(self.text) if any(0 <= m.start() - end <= _NEAR for _, end in said)]
        spans = (m.span() for m in (*them, *IF_ANY.finditer(self.text), *_NO_WORK.finditer(self.text)))
        return [*spans, *self._lifting_at, *enough_of(self.text)]

    @cached_property
    def _cards(self) -> list[Opinion]:
        """The stands on what is on screen or spoken of."""
        if not self.shown and not self.spoken_of:
            return []
        titled = (match.span() for match in TITLED.finditer(self.text))
        told = [at for at in titled if TOLD_BY.intersection(words(self.text[: at[0]])[-1:])]
        return self._references(self.text, [*self._named_at, *told])

    def _references(self, text: str, names: Sequence[Span]) -> list[Opinion]:
        return references(blank(text, self._no_card_at), names, self.shown, self.spoken_of)

    @cached_property
    def _cards_first(self) -> bool:
        """Whether those stands stand before the first name: "that" is not Jaws in "seen that. More like Jaws"."""
        first = min((mention.start for mention in self.mentions), default=0)
        return bool(self._cards) and self._references(self.text[:first], []) == self._cards

    @cached_property
    def opinions(self) -> tuple[Opinion, ...]:
        """The stands that it takes, in the order of the text."""
        stood, cards = self._stands[1], self._cards
        if not self._cards_first and reading.stands_for(self.text, self.mentions, (*stood, *cards)):
            cards = []  # "it" is what has just been named
        one_of_them = self._asked_of or (self._asks.singles_out and len(self.mentions) > 1)
        if one_of_them and not asks_common(self.text):  # "what has it in common with Dune?" asks of a third
            cards = [card for card in cards if not card.that or card.attitude != "neutral"]
        placed = [card for card in cards if card.places and not card.that]
        if len(placed) == 1 and len(placed[0].places) == 1 and not _THAN.search(self.text):  # "the third, is it long?"
            cards = [card for card in cards if not card.that or card.attitude != "neutral"]
        ordered = (*cards, *stood) if self._cards_first else (*stood, *cards)
        return tuple(moved(self.text, opinion) for opinion in ordered)

    # What it asks about items

    @cached_property
    def _wants_advice(self) -> bool:
        """Whether it plainly asks for works, and about none: "nine hours on a train, what do I read next?"."""
        picks = self.shown > 0 and asks_for_what(self.text)
        plainly = self._purpose("recommend") > _PLAINLY
        return plainly and not (picks or self._asked_of or any(opinion.places for opinion in self.opinions))

    @cached_property
    def about(self) -> Questions:
        """What it asks about the items that it names, or those on screen."""
        if self._lifting_at:
            return Questions()
        shown = 0 if self._wants_advice else self.shown
        return reading.questions_of(self.text, self.mentions, self.parser, shown, self.spoken_of)

    @cached_property
    def _wondered(self) -> Parsed:
        """What "is it scary?" asks whether it is; in "sounds fun. Is it part of a series?" that is not fun."""
        apart = self.about.yes_no or of_several(self.text)
        return self._parsed_again(reading.asking(self.text)) if apart else self.parsed

    @cached_property
    def of_shown(self) -> bool:
        """Whether it asks about all the cards on screen, or which of them has something."""
        advice = self._wants_advice and not of_which(self.text)
        if not self.shown or self.mentions or self.asked_title or advice:
            return False
        return reading.of_shown(self.text, self.about, self.parsed, self.opinions)

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        """The columns that it asks about; ("other",) is one that the catalogue lacks."""
        found: tuple[str, ...] = ()
        if not self._wants_advice or self.about.extreme is not None or self.about.mood is not None:
            found = reading.fields(self.text, self.about, self._wondered, self.opinions, self.asked_title)
        if not found and (inside(self.text, self.mentions) or (self._why_at and self.opinions)):
            found = (reading.whether(self._parsed_again(self.text)) if self._why_at else ()) or ("other",)
        if not found and reading.of_value(self.text, self.opinions, [*self._pointing_at, *self.parsed.spans]):
            found = reading.whether(self.parsed)
        return found or ((reading.whether(self._wondered) or ("other",)) if self.of_shown else ())

    @cached_property
    def form(self) -> str:
        """The kind as which an item is asked for: "is there a film of it?"."""
        return reading.form(self.text) if self.shown or self.spoken_of or self.mentions else ""

    @property
    def _of_all(self) -> bool:
        """Whether it singles out one of the whole catalogue: "the cheapest game"."""
        return self.about.extreme is not None and not self.about.of_these

    # What else it says

    @property
    def dropped(self) -> tuple[str, ...]:
        """The columns whose limits it lifts."""
        return (*self._lifted[1], *self.parsed.opened)

    @cached_property
    def _bought_at(self) -> list[Span]:
        """Where it speaks of earlier purchases, without naming any."""
        bought = BOUGHT.search(self.text)
        return [bought.span()] if bought else []

    @cached_property
    def _points_alone_at(self) -> list[Span]:
        """Where it points or tells of the day, but for what goods may be for: "something for the bath"."""
        where = [] if self.parser.of_works else settings(self.text)
        return [place for place in self._pointing_at if place not in where]

    @cached_property
    def _refused_at(self) -> list[Span]:
        """Where names stand that nothing of ours bears, and that it does not want: "not the Tom Cruise one"."""
        return [p for p in self._strange_at if _NOT.search(self.text[: p[0]]) or knows_all(self.text, p[0])]

    @cached_property
    def _beside_at(self) -> list[Span]:
        """Where it says nothing of what is wanted."""
        return [
            *self._named_at,
            *self._lifting_at,
            *self._bought_at,
            *self._points_alone_at,
            *self.sensed.refused(),
            *reading.told_beside(self.text, self.sensed),
            *self.parser.for_all(self.text),
            *self._refused_at,
        ]

    @cached_property
    def _unknown_at(self) -> list[Span]:
        """Where names stand that nothing in the catalogue bears and that it may want."""
        strange = [place for place in self._strange_at if place not in self._refused_at]
        others = [*self._named_at, *self._refused_at, *self.parsed.spans]
        return reading.unknown(self.text, strange, others, self.linker)

    @property
    def unknown_name(self) -> str:
        """Those names."""
        return " / ".join(self.text[start:end].strip(" ,") for start, end in self._unknown_at)

    @property
    def only_unknown(self) -> bool:
        """Whether it says nothing else that a recommendation could go by."""
        if not self._unknown_at or self.opinions or self.parsed.spans:
            return False
        return not reading.gist(self.text, [*self._beside_at, *self._unknown_at], self.parsed)

    @cached_property
    def _declines(self) -> bool:
        """Whether it says no to all that is shown."""
        return self.shown > 0 and _NO.fullmatch(self.text) is not None

    @cached_property
    def gist(self) -> str:
        """Its words without titles and limits, "" if it says nothing beyond those and the wishes."""
        named = (p for p in self._unknown_at if not reading.descriptive(self.text[slice(*p)], self.parser))
        return "" if self._declines else reading.gist(self.text, [*self._beside_at, *named], self.parsed)

    @property
    def medium(self) -> str:
        """The kind of the works that it names, ours or not, by what is done with them: who "read" one reads."""
        return medium(self.text, [*self._strange_at, *((m.start, m.end) for m in self.mentions)])

    @property
    def bare_title(self) -> bool:
        """Whether it is a title and little else."""
        if not self.mentions or any(opinion.attitude != "neutral" for opinion in self.opinions):
            return False
        insists = MEANT.match(self.text) is not None
        alone = wanted_alone(self.text, self.mentions, self.linker, self.parser, self.parsed)
        return insists or alone or wanted_by_name(self.text, self.mentions)

    @property
    def offered(self) -> bool:
        """Whether it asks for works of a kind, or for what the catalogue has a word for."""
        has_kind = any(limit.field == "kind" for limit in self.parsed.constraints)
        return self._lists or (has_kind and HAVE.search(self.text) is not None)

    @property
    def merely(self) -> bool:
        """Whether it asks for goods of a kind, and says nothing else but a limit."""
        asks = self.act in ("recommend", "availability") and not self.mentions
        return asks and merely_asks(self.text, self.parsed)

    @property
    def ours(self) -> bool:
        """Whether it speaks of what only this catalogue has."""
        titles = any(limit.field == "title" for limit in (*self.parsed.constraints, *self.parsed.owned))
        return self._has_own_words or titles or reading.measures(self.about, self.text, self.parser)

    # What kind of answer is due

    def _asks_for_form(self) -> bool:
        return bool(self.form)

    def _asks_if_ours(self) -> bool:
        had = [m for m, o in zip(*self._stands, strict=True) if o.attitude in _HAD]
        return bool(self.asked_title) or (has(self.text, had) and not self._columns)

    def _asks_of_items(self) -> bool:
        compares = self.about.compares and (self.shown or reading.several(self.mentions))
        others = self.parsed.relative and _HAVE_MORE.search(self.text) is not None  # "you have cheaper, only cooking?"
        return bool(compares or (self._columns and not self._of_all and not others))

    def _wants_others(self) -> bool:
        asks = _MORE.search(_NO_MORE.sub(" ", blank(self.text, self._lifting_at))) or self._declines
        return bool(asks) and not self.mentions and not (self.parsed.owned and no_other(self.text))

    def _merely_points(self) -> bool:
        takes = _WANTS_IT.search(self.text) and self._purpose("buy") > _TAKES
        return not takes and reading.merely_points(self.text, self.opinions, self._points_alone_at)

    def _says_nothing(self) -> bool:
        parsed = self.parsed
        if parsed.spans or parsed.relative or self.dropped or self._of_all or self._bought_at or for_whom(self.text):
            return False
        if not self.parser.columns.adjective_words.isdisjoint(words(self.text)):
            return False
        return not reading.says(self.text, self.opinions, self._unknown_at, self.gist, self.linker)

    # The first that holds tells the act; the columns asked about go with two of them, else they are those read.
    _ACTS: ClassVar[tuple[tuple[Callable[[CloseReading], bool], Act, tuple[str, ...] | None], ...]] = (
        (_asks_for_form, "question", ("form",)),
        (_asks_if_ours, "availability", None),
        (_asks_of_items, "question", None),
        (_wants_others, "more", None),
        (_merely_points, "question", ("description",)),
        (_says_nothing, "unclear", None),
        (lambda self: True, "recommend", None),
    )

    @cached_property
    def _decided(self) -> tuple[Act, tuple[str, ...]]:
        act, columns = next((act, columns) for holds, act, columns in self._ACTS if holds(self))
        return act, columns or self._columns

    @property
    def act(self) -> Act:
        """What kind of answer is due."""
        return self._decided[0]

    @property
    def questions(self) -> tuple[str, ...]:
        """The columns that it asks about; ("other",) is one that the catalogue lacks."""
        return self._decided[1]
