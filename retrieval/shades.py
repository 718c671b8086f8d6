"""Colours that are also called by a plainer name: who wants blue may be shown navy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

_HEADERS = frozenset("color colour colors colours shade shades".split())  # noqa: SIM905
_FAMILIES = """
blue: navy, cobalt, azure, indigo, ultramarine, denim, midnight blue
red: crimson, scarlet, burgundy, maroon, bordeaux, ruby, carmine, vermilion
green: olive, khaki, emerald, moss, forest, sage, mint
pink: rose, fuchsia, magenta, blush
purple: violet, lilac, plum, mauve, lavender, aubergine
grey: gray, charcoal, anthracite, graphite, slate, silver grey
brown: chestnut, chocolate, espresso, mocha, walnut, cognac
white: ivory, off white, cream, snow
black: jet, ebony, onyx
yellow: mustard, lemon
orange: apricot, tangerine, terracotta
pale: ivory, porcelain, fair, alabaster, light, light beige
fair: ivory, porcelain, alabaster, light, light beige
tanned: honey, caramel, tan, bronze
"""


def _read() -> Mapping[str, tuple[str, ...]]:
    rows = (line.partition(": ") for line in _FAMILIES.strip().splitlines())
    pairs = [(shade, plain) for plain, _, shades in rows for shade in shades.split(", ")]
    return {shade: tuple(plain for one, plain in pairs if one == shade) for shade, _ in pairs}


_PLAIN = _read()
_PLAINEST = frozenset(plain for names in _PLAIN.values() for plain in names) - {"pale", "fair"}
_NAMES = frozenset(name for names in _PLAIN.values() for name in names)


def is_colour(header: str) -> bool:
    """Whether a column holds colours, by its header."""
    return bool(_HEADERS.intersection(header.split()))


def is_shade(word: str) -> bool:
    """Whether a word is the plain name of a colour."""
    return word in _PLAINEST


def plainer(header: str, value: str) -> Iterator[str]:
    """Yield what a value of a column of colours is called besides: "blue" for "navy", "red" for "classic red"."""
    if is_colour(header):
        yield from _names(value)


def distinct(values: Sequence[str]) -> tuple[str, ...]:
    """Return values without those that another one names as well: "blue" of "blue or navy"."""
    return tuple(v for v in values if v == values[0] or not set(_names(v)).intersection(values))


def _names(value: str) -> Iterator[str]:
    last = value.rpartition(" ")[2]
    for name in dict.fromkeys((value, last)):
        yield from _PLAIN.get(name, ())
    if last != value and last in _NAMES:
        yield last
