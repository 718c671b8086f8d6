"""Lists that a CSV file writes with commas: "USB-MIDI, Bluetooth, headphones", in a column that says such things often.

One cell cannot tell a list from a name with a comma in it ("Lyon, France") or from a sentence; its column can. In one
of lists most parts come again in other rows, there are not always as many of them, or they do not keep to one place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_COMMA = re.compile(r"(?<!\d)[,，、]|[,，、](?!\d)")  # "0,75" is one number
_LONGEST = 40  # characters of a part
_MOST_WORDS = 4  # of a part: what has more is a sentence
_LEAST = 2  # cells of several parts
_REPEATED = 0.5  # of the parts in such cells, if their column is one of lists
_PLACES = frozenset("address location place venue city town".split())  # noqa: SIM905 - "Lyon, France" is one
_NUMBER = re.compile(r"[\d.,]+")


def parts_of(cell: str) -> list[str]:
    """Return the parts of a cell that commas separate."""
    return [part.strip() for part in _COMMA.split(cell)]


def is_listed(header: str, cells: Sequence[str]) -> bool:
    """Whether a column holds lists that are written with commas, by all its cells."""
    if _PLACES.intersection(re.split(r"[\s_]+", header)):
        return False
    rows = [parts_of(cell) for cell in cells if cell.strip()]
    several = [row for row in rows if len(row) > 1]
    if len(several) < _LEAST or not all(map(_plain, several)):
        return False
    rows = [[part.casefold() for part in row] for row in rows]
    several = [row for row in rows if len(row) > 1]
    held = Counter(part for row in rows for part in set(row))
    parts = [part for row in several for part in row]
    if sum(held[part] > 1 for part in parts) < _REPEATED * len(parts):
        return False
    places = {(part, at) for row in rows for at, part in enumerate(row)}
    return len({len(row) for row in several}) > 1 or len(places) > len({part for part, _ in places})


def _plain(row: Sequence[str]) -> bool:
    """Whether all parts of a cell may be what a list has: short, and no numbers."""
    return all(
        part and len(part) <= _LONGEST and len(part.split()) <= _MOST_WORDS and not _NUMBER.fullmatch(part)
        for part in row
    ) and not re.search(r"[.!?;:。！？；：]\s", " ".join(row))
