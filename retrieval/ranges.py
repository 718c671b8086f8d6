"""Columns of ranges: for whom an item is, "155-175" in one cell or a lowest and a highest number in two columns.

A range is one thing, however the shop exports it: `range_of` reads an item's, `part_of` tells what of a person its
column is about. A pair of columns is one of the name that they share: ``rider_height_min_cm`` and
``rider_height_max_cm`` are ``rider_height_cm``.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache

from retrieval import units
from retrieval.text import decimal, normalize
from retrieval.types import AttributeValue, Item

Range = tuple[float, float]

_ENDS = {"min": 0, "minimum": 0, "from": 0, "lowest": 0, "max": 1, "maximum": 1, "to": 1, "highest": 1}
_N = r"(\d+(?:[.,]\d+)?)"
_UNIT = r"(?:\s*(?:[^\W\d_]+\.?|°\s*c|%))?"
_BETWEEN = re.compile(rf"{_N}{_UNIT}\s*(?:-|–|—|~|to|bis|and|至|到)\s*{_N}{_UNIT}")
_UP = re.compile(
    rf"(?:from|ab|min\.?|over|>=?|≥|at\s+least)\s*{_N}{_UNIT}|{_N}{_UNIT}\s*(?:\+|and\s+up|or\s+more|以上)"
)
_DOWN = re.compile(rf"(?:up\s+to|bis|max\.?|under|<=?|≤|at\s+most)\s*{_N}{_UNIT}|{_N}{_UNIT}\s*(?:以下|以内)")
_ALONE = re.compile(rf"{_N}{_UNIT}")
_OF_SOMEBODY = frozenset(
    """
    rider riders body person persons people user users child children kid kids wearer driver skier your
    pet pets dog dogs cat cats animal animals horse breed
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_PARTS = {"ages": "age", "aged": "age", "feet": "foot", "hips": "hip", "stature": "height"}
PARTS = ("age", "head", "waist", "chest", "bust", "hip", "inseam", "wrist", "foot")  # whose columns are of people alone
_HEADS = frozenset("people persons players guests diners serves servings sleeps seats berth".split())  # noqa: SIM905

_SIZES = frozenset({"size", "sizes"})


@cache
def bound_of(header: str) -> tuple[str, int] | None:
    """Return the range of which a column is one end, and which: ("age", 0) for ``min_age``; None for another one."""
    words = re.split(r"[\s_]+", header.strip().casefold())
    ends = [at for at, word in enumerate(words) if word in _ENDS]
    if len(ends) != 1 or len(words) < 2:
        return None
    return "_".join(words[: ends[0]] + words[ends[0] + 1 :]), _ENDS[words[ends[0]]]


@cache
def part_of(header: str) -> str:
    """Return what of a person a column is about: "height" for ``rider_height_cm``, "people" for how many they are."""
    words = normalize(header.replace("_", " ")).split()
    named = next((part for word in words if (part := _PARTS.get(word, word)) in PARTS), "")
    if not named and _HEADS.intersection(words) and units.of_header(header)[1] in (None, units.said("people")):
        return "people"
    if named or not _OF_SOMEBODY.intersection(words):
        return named
    unit = units.of_header(header)[1]
    measures = {"size": "height", "mass": "weight"}.get(unit.dimension, "") if unit is not None else ""
    said = next((part for word in words if (part := _PARTS.get(word, word)) in ("height", "weight")), "")
    return said or measures


@cache
def of_sizes(header: str) -> bool:
    """Whether a column tells the sizes that a thing is made in, which have no unit: ``sizes``, ``shoe_size_eu``."""
    words = normalize(header.replace("_", " ")).split()
    return bool(_SIZES.intersection(words)) and units.of_header(header)[1] is None and not part_of(header)


@lru_cache(8_192)
def _read(cell: str) -> Range | None:
    text = cell.strip().casefold()
    if match := _BETWEEN.fullmatch(text):
        low, high = decimal(match[1]), decimal(match[2])
        return (low, high) if low <= high else None
    if match := _UP.fullmatch(text):
        return decimal(match[1] or match[2]), math.inf
    if match := _DOWN.fullmatch(text):
        return 0.0, decimal(match[1] or match[2])
    match = _ALONE.fullmatch(text)
    return (decimal(match[1]), decimal(match[1])) if match else None


def _in_cell(value: AttributeValue | None) -> Range | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float | int):
        return float(value), float(value)
    several = [_read(part) for part in ((value,) if isinstance(value, str) else value)]
    known = [each for each in several if each is not None]
    if not known or len(known) < len(several):
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def range_of(item: Item, field: str) -> Range | None:
    """Return the range that an item has in a column, or in two columns of its ends, None if it has none."""
    if field in item.attributes:
        return _in_cell(item.attributes[field])
    ends: list[float | None] = [None, None]
    for name, value in item.attributes.items():
        bound = bound_of(name)
        if bound is not None and bound[0] == field and isinstance(value, float):
            ends[bound[1]] = value
    low, high = ends
    if low is None and high is None:
        return None
    return 0.0 if low is None else low, math.inf if high is None else high


def worded(bounds: Range, unit: str, language: str) -> str:
    """Word a range: ``155–175 cm``, ``from 150 cm``."""
    low, high = bounds
    behind = f" {unit}" if unit else ""
    if math.isinf(high):
        return f"{low:g}{behind}以上" if language == "zh" else f"from {low:g}{behind}"
    if not low:
        return f"{high:g}{behind}以下" if language == "zh" else f"up to {high:g}{behind}"
    return f"{low:g}{behind}" if low == high else f"{low:g}–{high:g}{behind}"
