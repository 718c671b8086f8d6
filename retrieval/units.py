"""Units of measure: which are of one dimension, how they convert, and which one the header of a column names.

A shop writes ``weight_kg`` or ``Weight (kg)``; people write "under 900 g".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from retrieval.text import normalize

# dimension, unit, its size in the dimension's first unit, further spellings; those behind "|" stand in headers alone
_TABLE = """
mass, g, 1, gram grams gramme grammes 克
mass, kg, 1000, kilo kilos kilogram kilograms kgs 公斤 千克
mass, mg, 0.001, milligram milligrams
mass, oz, 28.35, ounce ounces
mass, lb, 453.6, lbs
volume, ml, 1, millilitre millilitres milliliter milliliters 毫升
volume, cl, 10, centilitre centilitres centiliter centiliters
volume, litres, 1000, l litre liter liters ltr ltrs 升
size, cm, 1, centimetre centimetres centimeter centimeters cms 厘米
size, mm, 0.1, millimetre millimetres millimeter millimeters
size, m, 100, metre metres meter meters 米
size, km, 100000, kilometre kilometres kilometer kilometers 公里
size, inches, 2.54, inch
size, ft, 30.48, foot feet
temperature, °C, 1, degrees degree celsius | c
share, %, 1, percent pct | vol abv
time, minutes, 1, minute mins min
time, hours, 60, hour hrs hr h
time, days, 1440, day 天
time, weeks, 10080, week
power, watts, 1, watt w
electric, volts, 1, volt v
light, lumens, 1, lumen lm
energy, kcal, 1, calories calorie cals cal
people, people, 1, person persons berth | sleeps
storage, gb, 1, gigabyte gigabytes
storage, tb, 1000, terabyte terabytes
"""
_PREFIXES = ("is", "has", "contains", "with", "needs", "requires")
_SHARES = frozenset({"alcohol", "abv", "cocoa", "fat", "alcohol content", "cocoa content", "fat content"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit; `size` is in the first unit of its dimension."""

    name: str
    dimension: str
    size: float


@cache
def _rows() -> tuple[tuple[Unit, tuple[str, ...], tuple[str, ...]], ...]:
    """Return each unit with what it is called anywhere, and in headers alone."""
    rows = []
    for line in _TABLE.strip().splitlines():
        dimension, name, size, spellings = (part.strip() for part in line.split(",", 3))
        said, _, written = spellings.partition("|")
        rows.append((Unit(name, dimension, float(size)), (name, *said.split()), tuple(written.split())))
    return tuple(rows)


@cache
def _units(header: bool) -> dict[str, Unit]:
    return {name.casefold(): unit for unit, said, written in _rows() for name in (*said, *(written if header else ()))}


@cache
def called(dimension: str) -> str:
    """Return a regular expression for what the units of a dimension are called: "grams", "kilos"."""
    return "|".join(re.escape(name) for unit, said, _ in _rows() if unit.dimension == dimension for name in said)


@cache
def pattern() -> str:
    """Return a regular expression for what units are called behind a number."""
    names = sorted((name for _, said, _ in _rows() for name in said), key=len, reverse=True)
    return rf"(?:°\s*c?|{'|'.join(map(re.escape, names))})(?![^\W\d_])"


def is_unit(word: str) -> bool:
    """Whether a word is what a unit is called."""
    return word in _units(header=False)


def is_size(word: str) -> bool:
    """Whether a word is a number with its unit: "500g"."""
    return re.fullmatch(rf"\d+(?:[.,]\d+)?{pattern()}", word) is not None


def said(text: str) -> Unit:
    """Return the unit that a match of `pattern` names."""
    word = " ".join(text.casefold().split())
    return _units(header=False).get(word) or _units(header=False)["°c"]


@cache
def of_header(header: str) -> tuple[str, Unit | None]:
    """Return what a column measures in words, and its unit: ``("weight", kg)`` for ``weight_kg``."""
    words = normalize(header.replace("_", " ").replace("%", " vol ")).split()
    unit = _units(header=True).get(words[-1]) if words else None
    if unit is not None and len(words) > 1:
        return " ".join(words[:-1]), unit
    name = " ".join(words)
    return name, _units(header=False)["%"] if name in _SHARES else None


def wanted(header: str) -> str:
    """Return how a column of yes and no is wanted: "gluten free" for ``is_gluten_free``."""
    words = normalize(header.replace("_", " ")).split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in _PREFIXES else words)
