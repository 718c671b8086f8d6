"""Mentions: which works and goods a message names, ours by its words, and the stand it takes on each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from chat.acts import SAME_MAKER
from chat.brands import from_stranger
from chat.clauses import asks
from chat.naming import ABOUT_TITLE, HAVE, LISTED, MEANT, asked_about, asked_title, disambiguated, has
from chat.opinions import WOULD_LIKE, Opinion, stands
from chat.questions import questions
from chat.restock import BACK
from chat.senses import Sensed
from chat.typed import EVERYDAY, FILLER, telling_words
from retrieval.cues import PRONOUNS, Mention
from retrieval.linking import TitleLinker
from retrieval.numbers import blank
from retrieval.parsed import Parsed, as_tuple
from retrieval.parsing import Parser
from retrieval.text import tokenize, words

_MOVED = re.compile(  # who tells of what they know, so that more of it is found
    r"\b(?:wonderful|loved|brilliant|amazing|great|beautiful|stunning|perfect|incredible|fantastic|excellent|superb|in\s+(?:bits|tears)|cried"
    r"|so\s+good|both\s+\w+|similar|another|need\s+more|more\s+like|in\s+that\s+vein|(?:anything|what|something)\s+(?:else|next|similar|like)"
    r"|(?:where|what)(?:'s|\s+to)?\s+next|what\s+(?:do|should|can|could)\s+(?:i|we)\s+(?:play|read|watch|listen|hear|do|try)|like\s+(?:it|that|those|them))\b",
    re.IGNORECASE,
)
_LIKE_IT = re.compile(r"\b(?:like|similar\s+to)\s+(?:it|that|this)\b|\bmore\s+like\b", re.IGNORECASE)
_WANTS = re.compile(r"\b(?:need|want|like|look(?:ing)?|search(?:ing)?|after|have|sell|got)\b", re.IGNORECASE)
_POINTS = re.compile(r"\b(?:it|its|this|that|they|these|those|them|ones?)\b", re.IGNORECASE)
_TAKING = frozenset("i id ill we wed well would take get buy order be after".split())  # noqa: SIM905 - of "I'd like"
_FOR = re.compile(r"s?\s+(?:for|against)\b", re.IGNORECASE)
_SHOW = re.compile(r"\bshow\s+(?:me|us)\b", re.IGNORECASE)
_POLITE = frozenset({"please", "pls", "thanks", "thank", "you", "hi", "hello"})
_PLACE = re.compile(r"\b(?:with|in|at|on|under|for|into|inside)\s+(?:the|my|our)\s+$", re.IGNORECASE)
_ITEM = 0.5  # a share of the purpose from which a message asks about an item
_TITLE_OF_WORDS = 4  # words that nobody says by chance: "if this is a man"
_TELLING = 2  # telling words of a title that is one without capitals


class Mentioned(NamedTuple):
    """What a message names.

    Attributes:
        asked: the title asked for that is none of ours, "" if there is none.
        ours: the works and things that are.
        beside: where words stand that tell which of one name is meant: "the film Solaris".
        by_title: something is asked about the one item by the way it is put: "who wrote dune", "how hot for gyokuro?".
    """

    asked: str
    ours: list[Mention]
    beside: list[tuple[int, int]]
    by_title: bool


def mentioned(
    text: str, lifting: Sequence[tuple[int, int]], linker: TitleLinker, parser: Parser, sensed: Sensed
) -> Mentioned:
    """Return what a message names; what it lifts limits with, it does not name."""
    asked, mentions = asked_title(blank(text, lifting), linker, parser)  # "forget the year" names no book
    asked = from_stranger(text, linker, parser) or asked
    mentions = _told_of(text, mentions, sensed, linker, parser)
    asked, mentions = _shortened(text, asked, mentions, parser)
    about = None if asked else asked_about(text, linker)
    if about is not None and not any(m.start < about.end and about.start < m.end for m in mentions):
        mentions = sorted([*mentions, about], key=lambda mention: mention.start)
    one = [] if mentions or asked else _by_one_word(text, parser)
    mentions = mentions or one
    mentions, beside = disambiguated(text, mentions, linker)
    return Mentioned(asked, mentions, beside, about is not None or bool(one))


def _shortened(text: str, asked: str, mentions: list[Mention], parser: Parser) -> tuple[str, list[Mention]]:
    """Add the goods that a message names by words of their titles; what is asked for may be one of them."""
    short = parser.short_names.find(text, [(m.start, m.end) for m in mentions])
    common = (m for m in short if m.surface.islower())  # which may call a sort of things, rather than one of them
    sorts = [
        m
        for m in common
        if parser.asks_for(text, m.start)
        or parser.purposes.tells_of_owned(text, m.start)
        or _says(m, parser)
        or _in_passing(text, m)
    ]
    short = [m for m in short if m not in sorts and not parser.purposes.suits(text, m.start)]
    strange = [m for m in short if not m.surface.islower() or not _ordinary(m.surface, parser)]
    short = strange or short  # in "do I sew the Slidefix on" nothing is called "sew"
    at = text.find(asked) if asked else -1
    explained = any(at <= mention.start < at + len(asked) for mention in short)
    if at >= 0 and not explained and (meant := parser.short_names.named(asked)):
        short.append(Mention(meant, at, at + len(asked), asked, "alias", 1.0))
        explained = True
    explained = explained or bool(asked and asked.islower() and parser.short_names.describes(asked))
    return "" if explained else asked, sorted([*mentions, *short], key=lambda mention: mention.start)


def _by_one_word(text: str, parser: Parser) -> list[Mention]:
    """Return the goods that a question about an item names by one word of their titles: "how hot for gyokuro?"."""
    about = questions(text, parser.columns, several=False)
    asks_it = about.fields or about.yes_no or BACK.search(text)
    if not asks_it or about.singles_out or _POINTS.search(text):
        return []
    return parser.short_names.asked_of(text, parser.phrases.is_english, parser.is_quality)


def common(name: str, linker: TitleLinker) -> bool:
    """Whether a name is of plain words, some of them the catalogue's: a "train journey" is no title."""
    return name.islower() and any(linker.knows(word) for word in telling_words(name))


def _told_of(
    text: str, mentions: Sequence[Mention], sensed: Sensed, linker: TitleLinker, parser: Parser
) -> list[Mention]:
    """Add the works that only the whole message tells from common words, leave out what is a word or part of a name.

    "Is Alien scary?"; "I hate airplane screens", "a book about whales", "Once Upon a Time in the West".
    """
    works = sensed.works
    mentions = [m for m in mentions if not (_ordinary(m.surface, parser) and sensed.no_work(m.start, m.end))]
    longer = [m for m in mentions if _goes_on(text, m) and any(s <= m.start and m.end < e for s, e in works)]
    mentions = [m for m in mentions if m not in longer]
    free = [(s, e) for s, e in works if not any(m.start < e and s < m.end for m in mentions)]
    free = [(s, e) for s, e in free if not (text[s:e].islower() and PRONOUNS.issuperset(words(text[s:e])))]
    more = [mention for s, e in free if (mention := linker.named(text, s, e)) is not None]
    return sorted([*mentions, *more], key=lambda mention: mention.start)


def _ordinary(surface: str, parser: Parser) -> bool:
    """Whether a title as it is written may be a word like any other; "champagne truffles" are hardly two."""
    telling = telling_words(surface)
    few = len(telling) < _TELLING and len(words(surface)) < _TITLE_OF_WORDS
    return surface.islower() and few and all(map(parser.phrases.is_english, telling))


def _says(mention: Mention, parser: Parser) -> bool:
    """Whether a short name is made of words that say how something is, or name a column: "something small for him"."""
    telling = set(telling_words(mention.surface))
    return mention.how == "alias" and telling <= EVERYDAY.union(parser.columns.named)


def _in_passing(text: str, mention: Mention) -> bool:
    """Whether one plain word says what a thing has, or where it is for: "with the zip in front", "in the shower"."""
    one = mention.surface.islower() and mention.surface.isalpha()
    return one and "?" not in text and _PLACE.search(text[: mention.start]) is not None


def _goes_on(text: str, mention: Mention) -> bool:
    """Whether a title of one word is followed by a capital."""
    return " " not in mention.surface and re.match(r" [A-ZÀ-Ý]", text[mention.end :]) is not None


def stood_on(text: str, mentions: Sequence[Mention], sensed: Sensed, shown: int) -> tuple[list[Mention], list[Opinion]]:
    """Return the works that matter and the stands on them; where no cue tells one, the whole message may."""
    kept: list[Mention] = []
    stood = []
    named = [_merely(text, mention, sensed) for mention in mentions]
    for at, (mention, opinion) in enumerate(zip(mentions, stands(text, mentions, shown), strict=True)):
        if opinion.attitude == "neutral" and not _asked_for(text, mention):
            with_others = any(not named[other] for other in _listed_with(text, mentions, at))
            if named[at] and not with_others:
                continue  # "my girlfriend picked Midsommar last time"
            if not _asked_of(text, mention, sensed):
                opinion = replace(opinion, attitude=sensed.stand(mention.start, mention.end))
        kept.append(mention)
        stood.append(opinion)
    return kept, stood


def _merely(text: str, mention: Mention, sensed: Sensed) -> bool:
    """Whether a work is named by the way, as far as the whole message tells."""
    if len(words(mention.surface)) >= _TITLE_OF_WORDS:
        return False
    asked_of = SAME_MAKER.search(text) or ABOUT_TITLE.search(text) or MEANT.match(text)
    asked_for = mention.how == "alias" and has(text, [mention])  # "do you have those magnet tiles"
    about_it = asked_of or asked_for or _asked_of(text, mention, sensed)
    merely = sensed.merely_named(mention.start, mention.end) and not about_it
    return merely and not _POLITE.issuperset(words(blank(text, [(mention.start, mention.end)])))


def _asked_of(text: str, mention: Mention, sensed: Sensed) -> bool:
    """Whether goods are called by a word of their name to ask about them: "the Trio, is it loud?"."""
    return mention.how == "alias" and (sensed.purpose.get("item", 0.0) > _ITEM or asks(text))


def _listed_with(text: str, mentions: Sequence[Mention], at: int) -> list[int]:
    """Return which mentions stand beside one as its like: "the Trekker or the No-Pull"."""
    gaps = (text[one.end : other.start].strip().casefold() for one, other in pairwise(mentions))
    joined = [(one, one + 1) for one, gap in enumerate(gaps) if gap.removesuffix(" the") in LISTED]
    return [other for pair in joined if at in pair for other in pair if other != at]


def _asked_for(text: str, mention: Mention) -> bool:
    """Whether a message asks for just that: "do you have the martian?", "I'd like the martian", "show me Heat"."""
    asked = (HAVE.search(text), WOULD_LIKE.search(text), _SHOW.search(text))
    return any(m and text[m.end() : mention.start].strip().casefold() in ("", "the") for m in asked)


def wanted_by_name(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether common words that name an item say what is wanted: "a night cream for older skin"."""
    if len(mentions) != 1 or mentions[0].how != "alias":
        return False
    (mention,) = mentions
    common = mention.surface[1:].islower() and (mention.start == 0 or mention.surface[0].islower())
    before = telling_words(_WANTS.sub(" ", text[: mention.start]))
    return common and not before and _FOR.match(text, mention.end) is not None


def wanted_alone(text: str, mentions: Sequence[Mention], linker: TitleLinker, parser: Parser, parsed: Parsed) -> bool:
    """Whether a message wants what it names and says little else: a bare title, "I'd like the …".

    Of goods it may say of what kind the item is, and how dear.
    """
    kinds = [as_tuple(limit.value) for limit in parsed.constraints if (limit.field, limit.op) == ("kind", "is")]
    goods = not parser.of_works
    of_kind = all(any(linker.narrowed(m.positions, kind=v) for v in kind) for m in mentions for kind in kinds)
    said = [*((m.start, m.end) for m in mentions), *(parsed.spans if goods and of_kind else ())]
    rest = [t.norm for t in tokenize(text) if not any(start <= t.start < end for start, end in said)]
    return bool(mentions) and not [word for word in rest if word not in FILLER and not (goods and word in _TAKING)]


def moved(text: str, opinion: Opinion) -> Opinion:
    """Who has seen a work that they name, and praises it or wants more, likes it."""
    moved = _MOVED if opinion.surface else _LIKE_IT if opinion.that else None
    if opinion.attitude != "seen" or moved is None or not moved.search(text):
        return opinion
    return replace(opinion, attitude="like")
