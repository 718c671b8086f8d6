"""Counts: the limits that a message sets in numbers, of the catalogue's columns, years, prices and lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retrieval import numbers as numeric
from retrieval.clauses import Reading
from retrieval.columns import Columns
from retrieval.constraints import Facets
from retrieval.parsed import Told
from retrieval.ranges import of_sizes
from retrieval.stances import JOINS, no_need
from retrieval.sums import loose
from retrieval.text import words
from retrieval.types import Constraint


class Counts:
    """Reads what messages count and measure, against one catalogue.

    Args:
        facets: what the catalogue holds.
        columns: its own columns.
    """

    def __init__(self, facets: Facets, columns: Columns) -> None:
        self._facets, self._columns = facets, columns

    def take(self, found: Reading, text: str, told: Callable[[int, int], Told], language: str) -> None:
        """Take over a message's numbers; what need not be takes a limit back, and what is told by the way sets none."""
        freed = -1  # up to where a message says what need not be
        for number in sorted(self._all(text, language), key=lambda one: one.start):
            also = freed >= 0 and set(words(text[freed : number.start])) <= JOINS
            if also or no_need(text, number.start):
                freed = number.end
                found.taken_back.extend((c.field, "yes") for c in number.constraints if c.value == "yes")
                found.opened.extend(c.field for c in number.constraints if c.value != "yes")
                found.spans.append((number.start, number.end))
                continue
            if self._by_the_way(number, told(number.start, number.end)):
                continue
            found.constraints.extend((number.start, c) for c in number.constraints)
            found.unchecked.extend([number.lacking] if number.lacking else [])
            found.spans.append((number.start, number.end))

    def _all(self, text: str, language: str) -> list[numeric.Found]:
        """Return what is measured in the columns, then what is counted, then what is said of a price without one."""
        measured = list(self._columns.read(text, language))
        rest = numeric.blank(text, [(limit.start, limit.end) for limit in measured])
        counted = list(numeric.parse(rest, self._facets, language))
        rest = numeric.blank(rest, [(limit.start, limit.end) for limit in counted])
        priced = any(c.field == "price" for limit in counted for c in limit.constraints)
        return [*measured, *counted, *([] if priced else loose(rest, self._facets, language))]

    def _by_the_way(self, number: numeric.Found, told: Told) -> bool:
        """Whether a number sets no limit: "order 4471, it cost over $30", "I saw that at the Odeon in 1958".

        Who asks for advice and tells a sum sets a limit; a year is told of one's life as often as of a work.
        """
        if told == "idle":
            return {c.field for c in number.constraints} in ({"year"}, {"decade"})
        return told == "aside" and not (self._of_somebody(number.constraints) or self._of_goods(number.constraints))

    def _of_goods(self, limits: Sequence[Constraint]) -> bool:
        """Whether limits name what goods have or lack, which who knows works only takes for talk: "caffeine-free"."""
        return not self._facets.of_works and any(c.op == "is" and isinstance(c.value, str | tuple) for c in limits)

    def _of_somebody(self, limits: Sequence[Constraint]) -> bool:
        """Whether limits are about whom something is for, which is told by the way and counts."""
        return any(c.op == "fits" or of_sizes(c.field) or self._columns.divides(c.field) for c in limits)
