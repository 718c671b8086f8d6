"""Limits in units on columns of numbers: "under 1 kg", "60 litres or more", "about 4 cm", in any unit of that kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import ge, gt, le, lt

from retrieval import units
from retrieval.amounts import AMOUNT, COST, OP, OPS, ROUGHLY, Held, about, far_apart, refused
from retrieval.constraints import Facets
from retrieval.labels import label
from retrieval.numbers import Found, inverted, number
from retrieval.qualities import Quality
from retrieval.text import normalize
from retrieval.types import Constraint, Op
from retrieval.units import Unit

_UNIT = rf"(?:\s*-?\s*({units.pattern()}))"
_RANGE = re.compile(rf"(?<![\w.,-]){AMOUNT}{_UNIT}?\s*(?:-|–|to|and)\s*{AMOUNT}{_UNIT}?", re.IGNORECASE)
_LIMIT = re.compile(rf"(?<!\w){OP}\s*(?:about\s+|around\s+)?{AMOUNT}{_UNIT}?", re.IGNORECASE)
_BEHIND = re.compile(rf"(?<![\w.,-]){AMOUNT}\+?{_UNIT}?\s*(?:(or\s+(?:less|under|lighter|smaller|below)|max(?:imum)?|at\s+most|tops)|(or\s+(?:more|over|bigger|larger|above)|and\s+(?:up|more)|min(?:imum)?|at\s+least))\b", re.IGNORECASE)  # fmt: skip  # noqa: E501
_PLUS = re.compile(rf"(?<![\w.,-]){AMOUNT}\s*\+{_UNIT}", re.IGNORECASE)
_PLAIN = re.compile(rf"(?<![\w.,-]){AMOUNT}{_UNIT}", re.IGNORECASE)
_TITLED = re.compile(rf"(?:\S+\s+)?(?<![\w.,])(\d+(?:[.,]\d+)?)\s*({units.pattern()})(?:\s+\S+)?")
_ALIKE = 100  # a plug of 3.5 mm is no cable "under 2 m"
_COMPARES = {"<": lt, "<=": le, ">": gt, ">=": ge}
_LITTLE = ("little", "few", "small", "short", "low", "light", "weak")
_EXACT = ("share", "people")  # dimensions in which a plain amount is meant to the point
_UNSPOKEN = ("time", "people", "share")  # and those that a message may name without asking for anything of it


@dataclass(frozen=True, slots=True)
class Column:
    """A numeric column: its field, what people call it, its unit and what it measures, where that is known."""

    field: str
    words: str
    unit: Unit | None
    quality: Quality | None

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called, the longest first."""
        names = {self.words, *(self.quality.names if self.quality is not None else ())}
        return tuple(sorted(names, key=len, reverse=True))


class Measures:
    """Reads what a message limits the numbers of a catalogue to.

    Args:
        facets: the catalogue by its values.
        numbers: the columns.
        held: what they hold.
        kinds: gives the positions of what is of the kinds that a message names.
    """

    def __init__(
        self, facets: Facets, numbers: Sequence[Column], held: Held, kinds: Callable[[str], Sequence[int]]
    ) -> None:
        self._items = facets.catalog.items
        self._numbers = numbers
        self._held = held
        self._kinds = kinds

    @property
    def readers(self) -> Iterator[Callable[[str, str], Iterator[Found]]]:
        """Yield what reads a message in a language, to be run in this order: each takes what it finds out of it."""
        yield from (partial(self._read, expression) for expression in (_RANGE, _LIMIT, _BEHIND, _PLUS, _PLAIN))

    def _read(self, expression: re.Pattern[str], text: str, language: str) -> Iterator[Found]:
        for match in expression.finditer(text):
            found = self._found(expression, match, text, language)
            if found is not None:
                yield found

    def _found(self, expression: re.Pattern[str], match: re.Match[str], text: str, language: str) -> Found | None:
        if COST.search(text[: match.start()]):
            return None
        amounts, said = _said(expression, match)
        unit = units.said(said) if said else None
        plain = amounts if expression in (_PLAIN, _RANGE) else ()
        column, start, end = self._column(unit, text, match.start(), match.end(), plain)
        if unit is not None and (titled := self._in_titles(expression, match, unit, column, text)) is not None:
            return titled
        if column is None:
            lacking = unit is not None and expression is not _PLAIN and unit.dimension not in _UNSPOKEN
            return Found(match.start(), match.end(), (), unit.dimension) if lacking and unit is not None else None
        if unit is None and expression in (_RANGE, _BEHIND):
            return None  # of money, more likely
        factor = unit.size / column.unit.size if unit is not None and column.unit is not None else 1.0
        values = [round(number(amount) * factor, 4) for amount in amounts]
        exact = unit is None or unit.dimension in _EXACT
        if expression is _PLAIN:
            little = column.quality.little if column.quality is not None else ()
            if (turned := refused(text, end, (*_LITTLE, *little))) is not None:
                limit = Constraint(
                    column.field, turned[0], values[0], label(column.field, turned[0], values[0], language)
                )
                return Found(start, turned[1], (limit,))
            roughly = ROUGHLY.search(text[: match.start()]) is not None
            just = None if roughly else self._held.just(column.field, values[0], text, converted=factor != 1)
            values, exact = ([just], True) if just is not None else (values, exact)
        pairs = _bounds(expression, match, values, exact=exact)
        made = tuple(Constraint(column.field, op, v, label(column.field, op, v, language)) for op, v in pairs)
        return inverted(text, Found(start, end, made), language)

    def _in_titles(
        self, expression: re.Pattern[str], match: re.Match[str], unit: Unit, column: Column | None, text: str
    ) -> Found | None:
        """Return a limit to what is titled so, where a kind has its lengths in titles alone: "HDMI Cable 5 m"."""
        kinds = self._kinds(text)
        held = column is not None and any(column.field in self._items[at].attributes for at in kinds)
        if held or expression is _PLAIN or (column is not None and self._spoken(column, text)):
            return None
        bounds = _bounds(expression, match, [number(x) * unit.size for x in _said(expression, match)[0]], exact=True)
        named = [one for at in kinds for one in _TITLED.finditer(self._items[at].title.casefold())]
        sized = [
            (normalize(one.group()), number(one[1]) * known.size)
            for one in named
            if (known := units.said(one[2])).dimension == unit.dimension
            and 1 / _ALIKE <= known.size / unit.size <= _ALIKE
        ]
        fits = sorted({name for name, size in sized if all(_COMPARES[op](size, bound) for op, bound in bounds)})
        if not fits:
            return None
        value = tuple(fits) if len(fits) > 1 else fits[0]
        return Found(*match.span(), (Constraint("title", "is", value, label("title", "is", value)),))

    def _of(self, column: Column, unit: Unit, amounts: Sequence[str], text: str) -> bool:
        """Whether a number in a unit may be of a column that is not named beside it: not "8 km", of wheels in inches.

        Plain `amounts` must not be far out, unless the message has words for what the column measures.
        """
        if column.unit is None or column.unit.dimension != unit.dimension or far_apart(unit, column.unit):
            return False
        values = [number(amount) * unit.size / column.unit.size for amount in amounts]
        return not values or self._spoken(column, text) or not self._held.far_out(column.field, values, text)

    def _column(
        self, unit: Unit | None, text: str, start: int, end: int, plain: Sequence[str]
    ) -> tuple[Column | None, int, int]:
        """Return the column that a number limits, and the span with the column's name where that stands beside it."""
        fitting = [c for c in self._numbers if unit is None or c.unit is None or c.unit.dimension == unit.dimension]
        for column in fitting:
            quality = column.quality if unit is not None else None  # "170 cm wide" is no wish for the wide ones
            said = (*quality.little, *quality.much) if quality is not None else ()
            name = "|".join(map(re.escape, (*column.names, *said)))
            behind = re.match(rf"\s*(?:of\s+|in\s+|for\s+)?(?:{name})s?\b", text[end:])
            before = re.search(rf"\b(?:{name})s?\s*(?:content\s*)?(?:of|is|:)?\s*$", text[:start])
            if behind or before:
                return column, before.start() if before else start, end + (behind.end() if behind else 0)
        known = [c for c in fitting if unit is not None and self._of(c, unit, plain, text)]
        return max(known, key=lambda column: self._likely(column, unit, text), default=None), start, end

    @staticmethod
    def _spoken(column: Column, text: str) -> bool:
        """Whether a message has words for what a column measures."""
        quality = column.quality
        words = (*column.names, *((*quality.little, *quality.much, *quality.asked) if quality is not None else ()))
        return re.search(rf"\b(?:{'|'.join(map(re.escape, words))})(?:er|est)?\b", text) is not None

    def _likely(self, column: Column, unit: Unit | None, text: str) -> tuple[bool, bool, int]:
        """Return how likely a message that names no column means this one: by its words, unit and kinds."""
        has = sum(column.field in self._items[at].attributes for at in self._kinds(text) or range(len(self._items)))
        return self._spoken(column, text), column.unit == unit, has


def _said(expression: re.Pattern[str], match: re.Match[str]) -> tuple[list[str], str]:
    """Return the numbers of a match, and the unit behind them, "" if there is none."""
    groups = match.groups()
    if expression is _RANGE:
        return [groups[0], groups[2]], groups[3] or groups[1] or ""
    return ([groups[4]], groups[5] or "") if expression is _LIMIT else ([groups[0]], groups[1] or "")


def _bounds(
    expression: re.Pattern[str], match: re.Match[str], values: Sequence[float], *, exact: bool
) -> list[tuple[Op, float]]:
    """Return what a match limits a number to; a plain amount may be meant about so."""
    groups, value = match.groups(), values[0]
    if expression is _RANGE:
        return [(">=", min(values)), ("<=", max(values))]
    if expression is _LIMIT:
        return [(OPS[next(at for at in range(4) if groups[at])], value)]
    if expression is _BEHIND:
        return [("<=" if groups[2] else ">=", value)]
    if expression is _PLUS:
        return [(">=", value)]
    return [("is", value)] if exact or not value else about(value)
