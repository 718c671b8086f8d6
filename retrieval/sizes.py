"""Sizes that people ask for or say they take, and who says of themselves what they are: "I'm a man, I take a 44"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np

from retrieval import units
from retrieval.constraints import Facets
from retrieval.labels import label
from retrieval.numbers import Found
from retrieval.ranges import of_sizes
from retrieval.types import Constraint

_NUMBER = r"(?P<n>\d{1,3}(?:[.,]5)?)"
_ALONE = (  # no money, no measure, no part of a longer number
    rf"(?![\d%€$£])(?!\s*-?(?:{units.pattern()}|euros?|eur\b(?=\s*(?:or|max))|dollars?|pounds?|bucks?|quid|months?|years?|people|different|other|of\b))"
    r"(?![.,-]\d)"
)
_NEAR = r"(?:(?:usually|normally|mostly|about|around|like|maybe|also|just|really|probably|only)\s+)*"
_HAVE_THEM = r"(?:have|has|get|got|do|sell|need|want)\s+(?:\w+\s+)?(?:it|them|that|this|these|those|any|one|some|ones)"
_WEARS = r"(?:takes?|wears?|fits?|need|suits?|i['’]?m|is|am|are|(?:he|she)['’]s)"
_SAID = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:size[sd]?|eu|eur)\s*(?:is|are|of|in|about|around|:|=)?\s*(?:an?\s+)?(?:eu\s+)?{_NUMBER}(?:{_ALONE}|(?=\s+f(?:ee|oo)t\b))"
        r"(?:\s*eu\b)?",
        rf"\b(?:comes?|available|made|have|{_HAVE_THEM}|go(?:es)?(?:\s+up)?)\s+(?:\w+\s+)?(?:in|to)\s+(?:an?\s+|size\s+)*{_NUMBER}{_ALONE}",
        rf"\b{_WEARS}\s+{_NEAR}(?:in\s+)?(?:an?|size)\s+(?:size\s+)?{_NUMBER}{_ALONE}",
        rf"\b(?:takes?|wears?|fits?)\s+{_NEAR}{_NUMBER}{_ALONE}",
        rf"\bin\s+(?:an?\s+)?(?:size\s+)?{_NUMBER}{_ALONE}(?=\s*(?:$|[?!.,;)]|please|pls|too|as\s+well))",
    )
)
_BARE = re.compile(rf"[,;(]\s*{_NUMBER}{_ALONE}(?=\s*(?:$|[,.;!?)]))", re.IGNORECASE)
_KID = re.compile(
    rf"\b(?:he|she|they|kid|child|son|daughter|boy|girl|niece|nephew|\w+[\s-]year[\s-]old)(?:['’]s|\s+is|\s+are|['’]re)\s+{_NEAR}{_NUMBER}{_ALONE}"
    r"(?=\s*(?:$|[,.;!?)]|now\b|and\b|at\b))",
    re.IGNORECASE,
)
_LETTERS = re.compile(
    r"(?<![\w-])(?:size\s+)?(?:(?P<x>\d)\s?x\s?-?(?P<end>[ls])|(?P<xs>x{1,5})\s?-?\s?(?P<end2>[ls])"
    r"|(?P<extra>extra|double\s+extra)[\s-]+(?P<end3>large|small))(?![\w-])",
    re.IGNORECASE,
)
_WORDS = re.compile(  # "I need a small bag" names no size
    r"\b(?:size\s+|in\s+(?:an?\s+|size\s+)?|(?:i['’]?m|i\s+am|he['’]?s|she['’]?s|takes?|wears?|need)\s+(?:usually\s+|normally\s+)?an?\s+"
    r"(?:size\s+)?)(?P<word>small|medium|large)\b(?=\s*(?:$|[?!.,;)]|please\b|in\b|so\b|but\b|too\b))",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?\s*$|^\W*(?:and\s+)?which\b|\bwould\s+(?:it|that|this|they|these|those)\b|^\W*(?:and\s+|but\s+|so\s+)?(?:do|does|is|are|can|could|have|has|would|will)\s+(?:\w+\s+){0,3}?"
    r"(?:it|they|these|those|this|that|them|any|you|the)\b",
    re.IGNORECASE,
)
_OF_THEM = re.compile(
    r"\b(?:it|they|them|these|those|this|that|any|ones?|which)\b|^\W*(?:and\s+|what\s+about\s+)?(?:in\b|size\b)|\bin\s+(?:an?\s+|size\s+)?\w+\W*$",
    re.IGNORECASE,
)
_I_AM = re.compile(
    r"\b(?:i\s*(?:am|['’]?m)|as)\s+(?:an?\s+)?(?:\w+\s+)?(?P<he>man|guy|bloke|male|dude|gentleman)\b(?!['’]s?\s*\w)"
    r"|\b(?:i\s*(?:am|['’]?m)|as)\s+(?:an?\s+)?(?:\w+\s+)?(?P<she>woman|female|lady|girl)\b(?!['’]s?\s*\w)",
    re.IGNORECASE,
)
_FOR_ANOTHER = re.compile(  # whom a message tells of may be taken out of it: "a coat for        "
    r"\bfor(?:\s{4,}|\s*$)|\b(?:gift|present|surprise|for\s+(?:my|our|an?|his|her|the)\s+(?:\w+\s+)?(?:wife|husband|partner|girlfriend|boyfriend|son|daughter|m[uo]m|mother|dad"
    r"|father|friend|sister|brother|niece|nephew|kids?|child(?:ren)?|grand\w+|colleague))\b",
    re.IGNORECASE,
)
_MEN, _WOMEN = ("men", "man", "mens", "male"), ("women", "woman", "womens", "female", "ladies")
_ROOM = 5  # how far beyond all sizes one may be that is asked for


class Sizes:
    """Reads what size is asked for, against the columns that tell in which ones things are made.

    Args:
        facets: of the catalogue.
        kinds: gives the positions of what is of the kinds that a message names.
    """

    def __init__(self, facets: Facets, kinds: Callable[[str], Sequence[int]]) -> None:
        self._facets = facets
        self._kinds = kinds

    @cached_property
    def ranges(self) -> Sequence[str]:
        """The columns of a first and a last size: "36-42"."""
        return [field for field in self._facets.ranges if of_sizes(field)]

    @cached_property
    def lists(self) -> Sequence[str]:
        """The columns that name sizes: "S; M; L"."""
        return [field for field in self._facets.postings if of_sizes(field) and field not in self.ranges]

    def asked(self, text: str) -> list[str]:
        """Return the columns that a question whether something is made in a size is about: "do they fit a 44?"."""
        if not (self.ranges or self.lists) or not _ASKS.search(text) or not _OF_THEM.search(text):
            return []
        return list(dict.fromkeys(c.field for found in self.read(text.casefold(), "en") for c in found.constraints))

    def read(self, text: str, language: str) -> Iterator[Found]:
        """Yield the sizes that a message names in words of its own, and not as the catalogue writes them."""
        if not (self.ranges or self.lists):
            return
        for match, number in self._numbers(text):
            fields = self.lists if match.re is _KID else (*self.ranges, *self.lists)  # "he's 40" tells an age
            limits = [self._limit(field, number, language) for field in fields]
            if made := next(filter(None, limits), None):
                yield Found(*match.span(), (made,))
        for match in (*_LETTERS.finditer(text), *_WORDS.finditer(text)):
            name, said = _named(match), " ".join(match.group().casefold().removeprefix("size ").split())
            for field in self.lists:
                held = [v for v in self._facets.postings[field] if name in map(_letters, re.split(r"\s*[-–/]\s*", v))]
                if held and said not in held:
                    value = held[0] if len(held) == 1 else tuple(sorted(held, key=lambda v: _letters(v) != name))
                    made = Constraint(field, "is", value, label(field, "is", value, language, name=self._facets.name))
                    yield Found(*match.span(), (made,))
                    break

    def who(self, text: str, language: str) -> Iterator[Found]:
        """Yield for whom things are to be where somebody says so of themselves: "I am a man"."""
        match = _I_AM.search(text)
        for field, held in self._facets.postings.items() if match is not None else ():
            if match is not None and {"gender", "sex"} & set(units.of_header(field)[0].split()):
                value = next((v for v in (_MEN if match["he"] else _WOMEN) if v in held), "")
                made = Constraint(field, "is", value, label(field, "is", value, language))
                yield Found(*match.span(), (made,) if value and not _FOR_ANOTHER.search(text) else ())

    def _numbers(self, text: str) -> Iterator[tuple[re.Match[str], float]]:
        worn = any(re.search(rf"\b(?:{word}s?)\b", text) for field in self.ranges for word in _worn(field))
        kinds = self._kinds(text)
        of_kind = any(np.isfinite(self._facets.ranges[field][kinds, 0]).any() for field in self.ranges)
        patterns = (*_SAID, *((_BARE,) if worn or of_kind else ()), _KID)
        taken: list[tuple[int, int]] = []
        for pattern in patterns:
            for match in pattern.finditer(text):
                if not any(s < match.end() and match.start() < e for s, e in taken):
                    taken.append(match.span())
                    yield match, float(match["n"].replace(",", "."))

    def _limit(self, field: str, number: float, language: str) -> Constraint | None:
        if field in self.ranges:
            ends = self._facets.ranges[field]
            ends = ends[np.isfinite(ends).all(axis=1)]
            if not len(ends) or not ends.min() - _ROOM <= number <= ends.max() + _ROOM:
                return None
            return Constraint(field, "fits", number, label(field, "fits", number, language))
        value = f"{number:g}"
        if value not in self._facets.postings[field]:
            return None
        return Constraint(field, "is", value, label(field, "is", value, language))


def _worn(field: str) -> list[str]:
    """Return words of what a column of sizes is about: of shoes, "shoe" and "feet"."""
    words = [w for w in units.of_header(field)[0].split() if w not in ("size", "sizes", "eu", "uk", "us")]
    return [*words, *(("feet", "foot", "trainer", "sneaker", "boot") if "shoe" in words else ())]


def _named(match: re.Match[str]) -> str:
    """Return the size that a match names, as letters: "2xl" is "xxl"."""
    said = match.groupdict()
    if word := said.get("word"):
        return word[0].casefold()
    end = (said["end"] or said["end2"] or said["end3"])[0].casefold()
    many = int(said["x"]) if said["x"] else len(said["xs"]) if said["xs"] else 2 if " " in said["extra"] else 1
    return "x" * many + end


def _letters(value: str) -> str:
    """Return a size in letters alone: "3xl" is "xxxl"; another value as it is."""
    match = re.fullmatch(r"(\d)\s?x([ls])", value.casefold())
    return "x" * int(match[1]) + match[2] if match else value.casefold()
