"""Qualities: what columns of numbers measure, and the adjectives for little and for much of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval import units
from retrieval.text import normalize

# what columns measure: their names; adjectives for little and for much of it; further words that ask for it.
# A bag that is comfortable at less is warmer: there the numbers run the other way. Water for tea is no warm thing.
_QUALITIES = """
weight mass: light; heavy; weigh weighs
capacity volume litres: small; big large roomy spacious; hold holds
alcohol abv: weak; strong; alcoholic
power watts: weak; powerful strong;
brightness lumens lm: dim; bright;
height: low; tall high;
width: narrow; wide;
depth: shallow; deep;
speed: slow; fast;
sleeps people persons berths: small; big large; sleep fit fits
spiciness heat scoville: mild; hot spicy;
sugar sweetness: dry; sweet;
comfort: warm; cool cold
temperature temp: ;
difficulty: easy; hard difficult;
strength intensity: mild; strong intense;
noise loudness: quiet; loud noisy;
memory ram: ; ; ram
screen display: small; big large;
length: short; long;
range reach: ; far;
"""


@dataclass(frozen=True, slots=True)
class Quality:
    """What a column measures, in people's words.

    Attributes:
        names: what such columns are called.
        little, much: adjectives ("light", "heavy").
        asked: further words that ask for it.
    """

    names: tuple[str, ...]
    little: tuple[str, ...]
    much: tuple[str, ...]
    asked: tuple[str, ...]


def _qualities() -> tuple[Quality, ...]:
    found = []
    for line in _QUALITIES.strip().splitlines():
        names, _, rest = line.partition(":")
        little, much, asked = (tuple(part.split()) for part in (rest + ";").split(";")[:3])
        found.append(Quality(tuple(names.split()), little, much, asked))
    return tuple(found)


_AT_LEAST = ("limit", "rating", "minimum", "min", "lowest", "extreme")  # down to which temperature a thing will do
_BY_DIMENSION = {"size": ("small", "big"), "volume": ("small", "big"), "time": ("short", "long")}  # little and much
_ALL_QUALITIES = _qualities()


def quality_of(name: str) -> Quality | None:
    """Return what a column measures by its header, None where that is not known."""
    measured, unit = units.of_header(name)
    words = {*measured.split(), *normalize(name.replace("_", " ")).split()}
    degrees = (unit is not None and unit.dimension == "temperature") or not words.isdisjoint(("temperature", "temp"))
    words |= {"comfort"} if degrees and not words.isdisjoint(_AT_LEAST) else set()
    return next((q for q in _ALL_QUALITIES if words.intersection(q.names)), None)


def adjectives(field: str, sign: int) -> tuple[str, str] | None:
    """Return the comparative and the superlative for much (1) or little (-1) of a column: ("heavier", "heaviest")."""
    quality = quality_of(field)
    words = () if quality is None else quality.much if sign > 0 else quality.little
    words = () if words == ("far",) else words  # nothing is "the furthest one"
    unit = units.of_header(field)[1]
    if quality is None and unit is not None and unit.dimension in _BY_DIMENSION:
        words = _BY_DIMENSION[unit.dimension][sign > 0 :]
    return (f"{stem(words[0])}er", f"{stem(words[0])}est") if words else None


def stem(adjective: str) -> str:
    """Return what "er" and "est" are put behind: "heavi", "bigg", "larg"."""
    if adjective == "far":
        return "furth"
    if adjective.endswith("y"):
        return adjective[:-1] + "i"
    if adjective.endswith("e"):
        return adjective[:-1]
    return adjective + adjective[-1] if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnpt]", adjective) else adjective


def graded(phrase: str) -> tuple[str, ...]:
    """Return the comparative of a short quality: "drier" for "dry"; () for what is none."""
    return (f"{stem(phrase)}er",) if re.fullmatch(r"[a-z]{3,6}", phrase) and not phrase.endswith("er") else ()
