"""How amounts are said, and what numbers a column holds: which of them an amount means, if any."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from retrieval import units
from retrieval.constraints import Facets
from retrieval.labels import label
from retrieval.numbers import COUNTS, Found, inverted, number
from retrieval.types import Constraint, Op

_BELOW = r"(?:under|below|(?:less|lighter|smaller|shorter|cooler|lower|narrower|thinner)\s+than|<)"
_AT_MOST = r"(?:no\s+more\s+than|not\s+more\s+than|at\s+(?:the\s+)?most|up\s+to|max(?:imum)?(?:\s+of)?|<=)"
_ABOVE = r"(?:over|above|(?:more|bigger|larger|heavier|stronger|higher|taller|wider|longer|deeper|brighter)\s+than|>)"
_AT_LEAST = r"(?:at\s+(?:the\s+)?least|no\s+less\s+than|not\s+less\s+than|min(?:imum)?(?:\s+of)?|>=|from)"
_ONE = r"an?(?=\s+(?:met(?:re|er)|lit(?:re|er)|kilo|kilogram|gram|inch|foot|day|week|hour)\b)"
AMOUNT = rf"(-?\d+(?:[.,]\d+)?|(?:{'|'.join(COUNTS)})\b|\b(?:half\s+)?{_ONE})"
OP = rf"(?:({_AT_MOST})|({_AT_LEAST})|({_BELOW})|({_ABOVE}))"
OPS: tuple[Op, ...] = ("<=", ">=", "<", ">")
ROUGHLY = re.compile(r"\b(?:about|around|roughly|circa|approx\w*\.?|some|nearly)\s*$", re.IGNORECASE)
COST = re.compile(r"[$€£¥￥]\s*$")

_ABOUT_SO = 0.1  # how far what is meant about so may be from what is said
_TO_THE_POINT = 0.01  # how far what is said in another unit may be from a number that it means
_FAR_OUT = 1.5  # how far beyond what a column holds an amount says nothing of it: "118 cm", of wheels in inches
_MAGNITUDES = 20_000  # between two units of which one is never said for the other: kilometres and inches
_MORE_OR_LESS = (
    r"(?:\s*(\+|or\s+(?:more|higher|above|better|up)|and\s+(?:up|above|more|higher))"
    r"|\s*(or\s+(?:less|lower|below|under)))?"
)
_REFUSED = re.compile(  # "19 kg is too heavy", "40 litres is not enough"
    r"\s*(?:is|are|was|['’]s|would\s+be|seems?|sounds?|feels?)?\s+(?:\w+\s+){0,2}?(?:too\s+(\w+)|(?:not|n['’]t)\s+enough\b)"
    r"|\s*(?:is|are)n['’]?t\s+(?:\w+\s+)?enough\b",
    re.IGNORECASE,
)


def far_apart(said: units.Unit, held: units.Unit) -> bool:
    """Whether two units of one dimension are of so different magnitudes that one is never said for the other."""
    return not 1 / _MAGNITUDES < said.size / held.size < _MAGNITUDES


def refused(text: str, end: int, little: Sequence[str]) -> tuple[Op, int] | None:
    """Return what an amount before `end` that does not do asks for, and where that ends; None if it does.

    Less is wanted where it is "too heavy", more where it is "too light" or "not enough".
    """
    match = _REFUSED.match(text, end)
    if match is None:
        return None
    return (">" if match[1] is None or match[1] in little else "<"), match.end()


def about(value: float) -> list[tuple[Op, float]]:
    """Return what an amount that is meant about so limits to: "a 60 litre rucksack"."""
    room = _ABOUT_SO * abs(value)
    return [(">=", round(value - room, 4)), ("<=", round(value + room, 4))]


class Held:
    """The numbers in a catalogue's columns.

    Args:
        facets: of the catalogue.
        kinds: the positions of what is of the kinds that a message names.
    """

    def __init__(self, facets: Facets, kinds: Callable[[str], list[int]]) -> None:
        self._facets = facets
        self._kinds = kinds

    def _numbers(self, field: str, text: str) -> np.ndarray:
        """Return the numbers of the kinds that a message names, if these have any; else all."""
        column = self._facets.numbers(field)
        for held in (column[self._kinds(text)], column):
            if not np.isnan(held).all():
                return held[~np.isnan(held)]
        return held

    def just(self, field: str, value: float, text: str, *, converted: bool) -> float | None:
        """Return the number that an amount means to the point, None if no item has it."""
        held = self._numbers(field, text)
        near = float(held[np.abs(held - value).argmin()]) if len(held) else np.inf
        return near if abs(near - value) <= (_TO_THE_POINT * abs(value) if converted else 0.0) else None

    def far_out(self, field: str, values: Sequence[float], text: str) -> bool:
        """Whether amounts are far from all that a column holds; of what may be below zero nothing is."""
        held = self._numbers(field, text)
        if not len(held) or held.min() < 0:
            return False
        return bool(max(values) > _FAR_OUT * held.max() or min(values) < held.min() / _FAR_OUT)


class Named:
    """Reads limits on columns without a unit by a word of their names: "level 10", "at least level 10", "8 gears".

    Args:
        names: the fields, and what each is called.
        held: what numbers they hold; an amount that nothing has is meant about so.
    """

    def __init__(self, names: Sequence[tuple[str, Sequence[str]]], held: Held) -> None:
        self._held = held
        rows = []
        for field, said in names:
            name = rf"(?:{'|'.join(map(re.escape, sorted(said, key=len, reverse=True)))})"
            for pattern in (
                rf"{OP}?\s*\b(?:an?\s+|the\s+)?{name}\s*(?:of\s+|is\s+|:\s*)?{AMOUNT}{_MORE_OR_LESS}",
                rf"{OP}?\s*{AMOUNT}(?:\s*-)?\s+{name}\b()()",
            ):
                whole = rf"(?<!\w){pattern}(?!\s*(?:{units.pattern()}|[%€$£]))"
                rows.append((re.compile(whole, re.IGNORECASE), field))
        self._rows = tuple(rows)

    def read(self, text: str, language: str) -> Iterator[Found]:
        """Yield the limits of a text."""
        for pattern, field in self._rows:
            for match in pattern.finditer(text):
                if COST.search(text[: match.start()]):
                    continue
                *ops, amount, more, less = match.groups()
                op: Op = next((op for op, said in zip(OPS, ops, strict=True) if said), "is")
                op = ">=" if more else "<=" if less else op
                value = number(amount)
                pairs: list[tuple[Op, float]] = [(op, value)]
                if op == "is" and self._held.just(field, value, text, converted=False) is None:
                    pairs = about(value)
                limits = tuple(Constraint(field, o, v, label(field, o, v, language)) for o, v in pairs)
                yield inverted(text, Found(*match.span(), limits), language)
