"""The vocabulary every package shares: items, constraints, queries and score arrays.

This is the leaf of the import graph: it imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

AttributeValue = str | float | bool | tuple[str, ...]

Op = Literal["is", "is_not", "<", "<=", ">", ">=", "fits"]


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the catalogue. Identity is `id`; titles may repeat, change and be missing in a language.

    A record, as JSONL::

        {"id": "film-stalker-1979", "kind": "film", "title": "Stalker", "year": 1979,
         "creators": ["Andrei Tarkovsky"], "genres": ["science fiction", "drama"], "price": 7.99,
         "currency": "USD", "in_stock": true, "language": "ru", "aliases": ["Сталкер", "潜行者"],
         "description": "…", "moods": ["slow", "mysterious"]}

    `moods` is not a known column, so it ends up in `attributes`, where people can still filter by it.
    """

    id: str
    title: str
    kind: str = ""
    year: int | None = None
    creators: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    description: str = ""
    price: float | None = None
    currency: str = ""
    in_stock: bool = True
    url: str = ""
    image_url: str = ""
    language: str = ""
    aliases: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    left: int | None = None  # how many are in stock, None if that is not known; but for the last few the shop's own


Value = str | float | bool | tuple[str, ...]  # what a column is compared with


@dataclass(frozen=True, slots=True)
class Constraint:
    """A hard limit that every shown item must satisfy.

    Attributes:
        field: a catalogue column (`year`, `price`, `kind`, `genres`, `creators`, `language`, `in_stock`, any
            attribute) or `topic`, which looks for words in the item's themes, genres, title and description.
        op: `is` and `is_not` compare values (a tuple means *any of*); `fits` wants a range that holds a number ("for
            158 cm"); the rest compare numbers.
        value: what to compare with.
        label: the limit in the person's language, as the chip shows it ("before 1990").
        currency: of a price where a catalogue has several, which are never compared; "" is its most frequent one.
    """

    field: str
    op: Op
    value: Value
    label: str = ""
    currency: str = ""

    @property
    def is_thing(self) -> bool:
        """Whether it says what thing is wanted: a kind, or a noun of titles in its place."""
        return self.field in ("kind", "title") and self.op == "is"


@dataclass(frozen=True, slots=True)
class Query:
    """What a retriever is asked: the state of one dialogue, reduced to what ranking needs.

    Attributes:
        text: the person's wish in their own words (the last turns), may be empty.
        liked: catalogue positions of the items the person likes, oldest first.
        disliked: positions of the items they rejected.
        wishes: soft preferences as (field, canonical value), e.g. ("moods", "slow").
        earlier: those that were said before them and not taken back; they count less.
    """

    text: str = ""
    liked: tuple[int, ...] = ()
    disliked: tuple[int, ...] = ()
    wishes: tuple[tuple[str, str], ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The best items for a query, best first: positions (k,) int64 and scores (k,) float32, descending."""

    positions: IntArray
    scores: FloatArray
