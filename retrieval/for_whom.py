"""For whom things are to be: what a message tells of people, against the columns that give a range of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from retrieval import persons, units
from retrieval.constraints import Facets
from retrieval.labels import GROWN_UP, label
from retrieval.numbers import Found
from retrieval.ranges import part_of
from retrieval.text import words
from retrieval.types import Constraint

_BRIEF = 4  # words of a message that may be about nothing else: "for four then"
_ANY_AGE = 90  # "5-99" is for everybody from 5
_CARRIED = frozenset(  # words beside "weight" that make it somebody's: of a pack nobody weighs anything
    "max maximum min minimum up rider user body load limit capacity person dog pet animal child carried".split()  # noqa: SIM905
)


class ForWhom:
    """Reads the heights and ages that a message tells of people.

    Args:
        facets: of the catalogue.
        kinds: the positions of what is of the kinds that a message names.
        numbers: what its columns of numbers are called; those in a unit that people are measured in.

    Attributes:
        columns: the column for each measure of people: {"height": "rider_height_cm"}.
    """

    def __init__(self, facets: Facets, kinds: Callable[[str], list[int]], numbers: Sequence[str]) -> None:
        self.columns: Mapping[str, str] = {part: field for field in facets.ranges if (part := part_of(field))}
        self._ranges = facets.ranges
        self._kinds = kinds
        self._numbers = numbers

    def read(self, text: str, language: str) -> Iterator[Found]:
        """Yield for whom things are to be; of what no column gives the span alone, which no other is to read."""
        for told in persons.told(text):
            field = self.columns.get(told.part)
            if told.plain and (self._named(told, text) or (field is not None and self._of_other_kinds(field, text))):
                continue
            if told.plain and field is not None and not self._likely(field, told, text):
                continue
            if field is not None:
                value = GROWN_UP if self._grown_up(field, told) else _in_unit(field, told)
                limit = Constraint(field, "fits", value, label(field, "fits", value, language))
                yield Found(told.start, told.end, (limit,))
            elif told.part in ("age", "people"):
                if "people" in self.columns:  # "kids of 5 and 8" tells of no further number
                    yield Found(told.start, told.end, ())
            elif self._numbers and not told.plain and not self._measures(told.part, text):
                yield Found(told.start, told.end, ())

    def _likely(self, field: str, told: persons.Told, text: str) -> bool:
        """Whether what is told by the way asks for anything: "for four" of kinds, a birth where some are for babies."""
        if told.part == "age":
            return bool((self._ranges[field][:, 0] <= told.value).any())
        if told.part != "people":
            return True
        return bool(self._kinds(text)) or len(words(text)) <= _BRIEF

    def _grown_up(self, field: str, told: persons.Told) -> bool:
        """Whether it is the age of a grown-up, and things are for children: all are grown-ups alike there."""
        if told.part != "age" or told.value < GROWN_UP or "months" in field:
            return False
        low, high = self._ranges[field].T
        closed = high[np.isfinite(high) & (high < _ANY_AGE)]
        return bool(closed.max(initial=0) <= GROWN_UP and np.nanmax(low) <= GROWN_UP)

    def _named(self, told: persons.Told, text: str) -> bool:
        """Whether a column of numbers is named beside it: "length 158 cm"."""
        names = "|".join(map(re.escape, self._numbers)) or "$^"
        before = re.search(rf"\b(?:{names})\s*(?:of|is|:)?\s*$", text[: told.start])
        return before is not None or re.match(rf"\s*(?:{names})\b", text[told.end :]) is not None

    def _measures(self, part: str, text: str) -> bool:
        """Whether a column of numbers is about it: ``head_cm``, or the range that a message on a way names."""
        if part == "way":
            return any(re.search(rf"\b{re.escape(words)}\b", text) for words in self._numbers)
        if part == "weight":  # what somebody weighs is no weight of shoes, but may be a "max rider weight"
            return any(part in words.split() and not _CARRIED.isdisjoint(words.split()) for words in self._numbers)
        return part != "height" and any(part in words.split() for words in self._numbers)

    def _of_other_kinds(self, field: str, text: str) -> bool:
        """Whether a message names kinds of which no item says for whom it is."""
        kinds = self._kinds(text)
        return bool(kinds) and bool(np.isnan(self._ranges[field][kinds, 0]).all())


def _in_unit(field: str, told: persons.Told) -> float:
    """Return what is told of somebody in the unit of a column; without one it is centimetres, years or kilograms."""
    name, unit = units.of_header(field)
    if told.part == "age":
        return round(told.value * (12 if "months" in name.split() else 1), 2)
    if told.part == "people":
        return told.value
    base = 1000 if told.part == "weight" else 1
    return round(told.value * base / (unit.size if unit is not None else base), 2)
