"""Cues: what stands around a title in a message and says that one is meant, or may be, misspelt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.text import Token, is_cjk

PRONOUNS = frozenset(
    """
    a an the it its her him us them they you me we he she i my this that these those up go one some any no
    yes not so if in on at of to or and but for with is was are be do does did what who how why when where
    here there now then more most less least other others another same something anything nothing everything
    """.split()  # noqa: SIM905 - a column of 40 quoted words reads worse
)
CJK_PRONOUNS = frozenset("我们 你们 他们 她们 它们 咱们 我 你 他 她 它 大家 自己".split())  # noqa: SIM905
CUES = frozenset(
    """
    love loved loves like liked likes enjoy enjoyed adore adored watch watched watching see seen saw read
    reading play played playing hear heard finish finished hate hated dislike disliked than called titled
    named prefer have sell carry stock film movie book novel game album prequel sequel rewatched reread
    """.split()  # noqa: SIM905 - a column of 40 quoted words reads worse
)
_BETWEEN_CUE = frozenset(
    {"the", "a", "an", "film", "movie", "book", "novel", "game", "album", "really", "was", "were", "is"}
)
_CUE_PAIRS = frozenset(
    {
        ("fan", "of"),
        ("such", "as"),
        ("similar", "to"),
        ("about", "for"),
        ("what", "about"),
        ("how", "about"),
        ("by", "of"),
        ("im", "into"),
        ("am", "into"),
        ("favourite", "is"),
        ("favorite", "is"),
        ("back", "to"),
        ("enough", "of"),
    }
)
_PRAISED = re.compile(
    r"(?:^|[.!?;\n])\s*([^.!?;,\n]{5,60}?)\s+(?:(?:blew|knocked)\s+me\b"
    r"|(?:is|was|are|were)\s+(?:wonderful|great|amazing|brilliant|fantastic|perfect|my\s+favou?rites?)\b)",
    re.IGNORECASE,
)
_CJK_KNOWN = ("看过", "读过", "玩过", "听过", "看完", "读完")
_CJK_CUES = ("喜欢", "看过", "读过", "玩过", "听过", "类似", "像", "看了", "爱看", "讨厌", "有没有", "有", "和")
_LISTING = frozenset({"and", "or", "nor", "、", "和", "跟", "与"})
_TITLE_DIGITS = 3  # shorter numbers count cards
_ENDS = re.compile(r"\s*(?:$|[.,;:!?)]|(?:and|or|but|too|as\s+well|either)\b)", re.IGNORECASE)
_DATED = re.compile(r"\b(?:newer|older|earlier|later|recent)\s+than\s+$", re.IGNORECASE)
_BUT_NOT = re.compile(r"\W*(?:(?:but|and|though)\s+)?not\s+", re.IGNORECASE)
_QUOTES = "\"“”«»《》「」『』‘’'"
_OPENING = "\"“«《「『‘'"


@dataclass(frozen=True, slots=True)
class Mention:
    """A title in a message.

    Attributes:
        positions: the catalogue positions that bear this title, several for remakes and duplicates.
        start, end: where it stands in the message, in characters.
        surface: what the person wrote.
        how: by exact title, alias, or fuzzy match.
        confidence: in [0, 1]; 1 for an exact match.
    """

    positions: tuple[int, ...]
    start: int
    end: int
    surface: str
    how: Literal["title", "alias", "fuzzy"]
    confidence: float


def meant_in_chinese(text: str, span: Sequence[Token], whole: bool) -> bool:
    """Whether Chinese words of a title name it: alone, long ones, or with a cue beside them."""
    before, behind = text[: span[0].start], text[span[-1].end :]
    if before.endswith(tuple(_OPENING)):
        return False  # the beginning of a longer title
    cued = len(span) > 1 and (before.endswith(_CJK_CUES) or behind.startswith(_CJK_KNOWN))
    return whole or len(span) >= 3 or cued


def numbers_in(tokens: Sequence[str]) -> list[str]:
    """Return the numbers of a name, Roman ones as digits: they tell sequels apart."""
    roman = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12"}
    return sorted(roman.get(t, t) for t in tokens if t in roman or any(c.isdigit() for c in t))


def quoted_spans(text: str) -> list[str]:
    """Return what stands between quotation marks: the surest way of naming a title."""
    return [m.group(1).strip() for m in re.finditer(r"[\"“«《「『]([^\"“”«»《》「」『』]{1,120})[\"”»》」』]", text)]


def quoted(text: str, start: int, end: int) -> bool:
    """Whether quotation marks stand around a part of a text."""
    return start > 0 and end < len(text) and text[start - 1] in _OPENING and text[end] in _QUOTES


def cued(tokens: Sequence[Token], at: int) -> bool:
    """Whether the words before a token lead to a title: "I loved …", "a fan of …"."""
    before = [t.norm for t in tokens[max(0, at - 3) : at]]
    while before and before[-1] in _BETWEEN_CUE:
        if before[-1] in CUES:
            return True
        before.pop()
    if not before:
        return False
    return before[-1] in CUES or tuple(before[-2:]) in _CUE_PAIRS


def numbered(text: str, tokens: Sequence[Token], at: int, after: int, before: Sequence[Mention]) -> bool:
    """Whether a title that is but a number is meant: "I loved 1917", "… but not 2001", and no year or count."""
    rest = text[tokens[after - 1].end :]
    if not tokens[at].norm.isdigit() or len(tokens[at].norm) < _TITLE_DIGITS or not _ENDS.match(rest):
        return False
    if _DATED.search(text[: tokens[at].start]):  # "newer than 1984" is about a year
        return False
    refused = before and _BUT_NOT.fullmatch(text[before[-1].end : tokens[at].start])
    return bool(refused) or cued(tokens, at) or continues(text, tokens, at, before)


def continues(text: str, tokens: Sequence[Token], at: int, before: Sequence[Mention]) -> bool:
    """Whether a token goes on with a list of titles: "Solaris, Stalker and …"."""
    if not before:
        return False
    between = text[before[-1].end : tokens[at].start].strip().casefold()
    return bool(between) and all(
        part in _LISTING or part in {",", "&", "，"} for part in re.findall(r"\w+|[^\w\s]", between)
    )


def slots(text: str, tokens: Sequence[Token], mentions: Sequence[Mention]) -> list[tuple[int, int]]:
    """Return the token ranges (first, behind) where a misspelt title may stand: cued, in capitals, in quotes."""
    found: list[tuple[int, int]] = []
    free = [not any(m.start <= t.start < m.end for m in mentions) and not is_cjk(t.norm) for t in tokens]

    def extend(at: int, limit: int) -> int:
        end = at
        while end < len(tokens) and end - at < limit and free[end]:
            if end > at and re.search(r"[.,;!?，。；！？\n]", text[tokens[end - 1].end : tokens[end].start]):
                break
            if end > at and tokens[end].norm in (
                "but",
                "and",
                "or",
                "because",
                "with",
                "from",
                "before",
                "after",
                "under",
            ):
                break
            end += 1
        return end

    if tokens and len(tokens) <= 5:
        found.append((0, extend(0, 5)))
    praised = [at for m in _PRAISED.finditer(text) for at, t in enumerate(tokens) if m.start(1) <= t.start < m.end(1)]
    found += [(at, extend(at, 6)) for at in praised if at - 1 not in praised or tokens[at - 1].norm in _LISTING]
    ends = {m.end for m in mentions}
    for at in range(1, len(tokens)):
        capital = text[tokens[at].start].isupper() and free[at] and tokens[at].norm not in PRONOUNS
        listed = at > 1 and tokens[at - 1].norm in _LISTING and tokens[at - 2].end in ends
        in_quotes = quoted(text, tokens[at].start, tokens[at].end)
        if free[at] and (cued(tokens, at) or listed or capital or in_quotes):
            found.append((at, extend(at, 6)))
    return [slot for slot in found if slot[1] > slot[0]]
