"""Hidden tastes: what a simulated person is after, drawn from a catalogue and nothing else.

A taste is a target item, weights over facet values that the target has, known items near it, and limits that the target
keeps. A catalogue needs no columns beyond the title for that; the more facets it has, the more there is to say.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from bm25s.stopwords import STOPWORDS_EN_PLUS
from scipy import sparse

from retrieval.catalog import Catalog
from retrieval.constraints import Facets, number_of, satisfies, values_of
from retrieval.errors import NamedropError
from retrieval.lexicon import canonical, vocabulary
from retrieval.numbers import LENGTH_FIELDS
from retrieval.text import normalize, words
from retrieval.types import BoolArray, Constraint, FloatArray, Item, Op

T = TypeVar("T")
Value = tuple[str, str]  # (field, canonical value)

ABOUT = ("themes", "theme", "topics", "topic", "tags", "keywords", "subjects")
_NOT_TASTE = ("kind", "language", "creators", "creator", "director", "directors", "author", "authors", "artist",
              "artists", "developer", "brand", "categories")  # fmt: skip
_FIELD_WEIGHT: Mapping[str, float] = {"genres": 1.0, "moods": 1.0, "creators": 0.8}
_KEPT = 0.75  # the share of the target's facet values that its admirer cares about
_BY_MAKER = 0.3  # how many people care who made it
_RARE = 0.005  # a value of fewer items than this, between 2 and 12, is a search term rather than a taste
_COMMON = 0.4  # a value of more items than this tells nothing
_LONGEST_VALUE = 30  # characters
_THIN = 3  # an item with fewer facet values than this is also described by words of its text
_WORD_FROM = 4  # letters of a word that can be a topic
_NEAR = 0.15  # the share of the catalogue, the nearest, from which the known items are chosen
_NEIGHBOURS = 40  # items that a refusal tells the target from
_LIKES = 3
_YEARS_FROM, _DECADES_FROM = 1500, 1900  # nobody asks for something from before 190, or from the 1320s
_PRICES = (1, 2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100)
_LENGTHS: Mapping[str, tuple[int, ...]] = {
    "minutes": (45, 60, 90, 100, 120, 150, 180),
    "hours": (3, 5, 8, 10, 15, 20, 30),
    "pages": (100, 150, 200, 250, 300, 400, 500),
}


class SimulationError(NamedropError):
    """People cannot be simulated as asked."""


@dataclass(frozen=True, slots=True)
class Taste:
    """What one person is after.

    Attributes:
        target: catalogue position of the item they would take.
        weights: over facet values that the target has; positive.
        liked: positions of known items near the target, the nearest not always first.
        disliked: positions of known items far from it.
        limits: hard limits that the target keeps and others do not, in no order.
        refused: "no …" limits that the target keeps and its neighbours do not.
    """

    target: int
    weights: Mapping[Value, float]
    liked: tuple[int, ...]
    disliked: tuple[int, ...]
    limits: tuple[Constraint, ...]
    refused: tuple[Constraint, ...]


def held_out(catalog: Catalog, share: float, seed: int) -> frozenset[int]:
    """Return the positions of a seeded share of the catalogue, for measuring on items never trained on.

    It goes by the title, so that works of one name are on one side and an edit of the catalogue moves nobody.
    """
    return frozenset(
        at
        for at, item in enumerate(catalog.items)
        if random.Random(f"{seed}/{normalize(item.title) or item.id}").random() < share
    )


class World:
    """A catalogue as people see it: facet values worth talking of, what is near what, what is well known."""

    def __init__(self, catalog: Catalog) -> None:
        """Read a catalogue.

        Raises:
            SimulationError: fewer than two items are in stock, so there is nothing to choose from.
        """
        if int(catalog.in_stock.sum()) < 2:
            found = int(catalog.in_stock.sum())
            raise SimulationError(f"the catalogue has {found} items in stock; people need at least 2 to choose from")
        self.catalog = catalog
        self.facets = Facets(catalog)
        self.values: tuple[tuple[Value, ...], ...] = tuple(map(tuple, self._values()))
        self._columns = {v: at for at, v in enumerate(sorted({v for values in self.values for v in values}))}
        rows = np.repeat(np.arange(len(catalog)), [len(values) for values in self.values])
        columns = np.array([self._columns[v] for values in self.values for v in values], dtype=np.int64)
        shape = (len(catalog), max(len(self._columns), 1))
        self._matrix = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
        counts = np.asarray(self._matrix.sum(axis=0)).ravel()
        self._idf = np.log(len(catalog) / np.maximum(counts, 1)).astype(np.float32)  # (V,)
        weighted = self._matrix.multiply(self._idf).tocsr()
        norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1))).ravel()
        self._unit = sparse.diags(1 / np.maximum(norms, 1e-9)) @ weighted  # (N, V), unit or empty rows

    def __len__(self) -> int:
        return len(self.catalog)

    def item(self, at: int) -> Item:
        """Return the item at a position."""
        return self.catalog.items[at]

    def idf(self, value: Value) -> float:
        """Return how telling a value is: log(N / items that have it), 0 for one that nobody talks of."""
        at = self._columns.get(value)
        return 0.0 if at is None else float(self._idf[at])

    def fit(self, weights: Mapping[Value, float]) -> FloatArray:
        """Return the share of a taste's weight that each item meets, in [0, 1]: (N,)."""
        vector = np.zeros(self._matrix.shape[1], dtype=np.float32)
        for value, weight in weights.items():
            if value in self._columns:
                vector[self._columns[value]] = weight
        total = float(vector.sum())
        return np.asarray(self._matrix @ vector / (total or 1.0), dtype=np.float32)

    def overlap(self, positions: Sequence[int]) -> FloatArray:
        """Return how near each item is to several on average: idf-weighted cosine in [0, 1], (N,)."""
        if not positions:
            return np.zeros(len(self), dtype=np.float32)
        profile = np.asarray(self._unit[list(positions)].mean(axis=0)).ravel()
        return np.asarray(self._unit @ profile, dtype=np.float32)

    @cached_property
    def known(self) -> FloatArray:
        """How well known each item is, in [0, 1], by the catalogue's `popularity` where there is one: (N,)."""
        found = [item.attributes.get("popularity") for item in self.catalog.items]
        counts = np.array([float(v) if isinstance(v, int | float) else np.nan for v in found])
        if not np.isfinite(counts).any() or np.nanmax(counts) <= 0:
            return np.full(len(self), 0.5, dtype=np.float32)
        return np.nan_to_num(np.clip(counts / np.nanmax(counts), 0, 1)).astype(np.float32)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The canonical kinds, the most frequent first."""
        return tuple(self.facets.values("kind"))

    def kind(self, at: int) -> str:
        """Return an item's canonical kind, "" if it has none."""
        kind = self.item(at).kind
        return canonical("kind", kind) if kind else ""

    def speaks(self, language: str) -> bool:
        """Whether customers of this shop may well write Chinese ("zh"): one item in 20 has a Chinese name."""
        named = sum(any("\u4e00" <= c <= "\u9fff" for n in (i.title, *i.aliases) for c in n) for i in self.catalog)
        return language != "zh" or named >= 0.05 * len(self)

    def _values(self) -> Iterable[list[Value]]:
        least = int(min(max(_RARE * len(self.catalog), 2), 12))
        most = max(2 * least, _COMMON * len(self.catalog))
        talked = {
            (field, value)
            for field, postings in self.facets.postings.items()
            if field not in _NOT_TASTE and not {"yes", "no"}.issuperset(postings)
            for value, at in postings.items()
            if least <= len(at) <= most and len(value) <= _LONGEST_VALUE and any(c.isalpha() for c in value)
        }
        fields = sorted({field for field, _ in talked})
        topics = self._topics(least)
        for item in self.catalog.items:
            found = [(f, v) for f in fields for v in sorted(values_of(item, f)) if (f, v) in talked]
            if len(found) < _THIN:
                own = dict.fromkeys(words(f"{item.title} . {item.description}"))
                found += [("topic", word) for word in own if word in topics]
            yield found

    def _topics(self, least: int) -> frozenset[str]:
        """Return words for items that have few facets: words of two titles at least, so nouns for the most part."""
        titled: dict[str, int] = {}
        for item in self.catalog.items:
            for word in set(words(item.title)):
                titled[word] = titled.get(word, 0) + 1
        most = max(2 * least, 0.05 * len(self.catalog))
        return frozenset(
            word
            for word, n in titled.items()
            if n >= 2
            and word.isalpha()
            and len(word) >= _WORD_FROM
            and not word.endswith(("ly", "ed"))
            and word not in STOPWORDS_EN_PLUS
            and least <= self.facets.document_frequency(word) <= most
        )


def draw(world: World, target: int, rng: random.Random, known: BoolArray | None = None) -> Taste:
    """Draw a taste whose answer is a target.

    Args:
        world: the catalogue.
        target: the position of an item in stock.
        rng: decides everything; the same state gives the same taste.
        known: (N,) which items the person may name; None for all.
    """
    values = [v for v in world.values[target] if plain(world, target, v)]
    kept = [v for v in values if rng.random() < _KEPT] or values
    weights = {v: _FIELD_WEIGHT.get(v[0], 0.8) * max(world.idf(v), 0.1) * rng.uniform(0.5, 1.5) for v in kept}
    near = world.fit(weights) + 0.5 * world.overlap([target])
    near[target] = -1
    if known is not None:
        near[~known] = -1
    liked = _known_near(world, target, near, rng)
    return Taste(
        target,
        {**weights, **_makers(world, target, rng)},
        liked,
        _known_far(world, target, near, liked, rng),
        tuple(c for c in _truths(world, target, rng) if _tells(world, target, c)),
        _refusals(world, target, near, rng),
    )


def _makers(world: World, target: int, rng: random.Random) -> dict[Value, float]:
    postings = world.facets.postings.get("creators", {})
    makers = [m for m in sorted(values_of(world.item(target), "creators")) if len(postings.get(m, ())) >= 3]
    return {("creators", makers[0]): _FIELD_WEIGHT["creators"]} if makers and rng.random() < _BY_MAKER else {}


def _known_near(world: World, target: int, near: FloatArray, rng: random.Random) -> tuple[int, ...]:
    name, kind = normalize(world.item(target).title), world.kind(target)
    pool = [int(at) for at in np.argsort(-near, kind="stable")[: max(30, int(_NEAR * len(world)))]]
    pool = [at for at in pool if near[at] >= 0 and normalize(world.item(at).title) != name]
    top = max((float(near[at]) for at in pool), default=0.0) or 1.0
    chances = [
        math.exp(2 * float(near[at]) / top) * (0.3 + float(world.known[at])) * (1.0 if world.kind(at) == kind else 0.25)
        for at in pool
    ]
    return tuple(sample(pool, chances, _LIKES, rng))


def _known_far(
    world: World, target: int, near: FloatArray, liked: Collection[int], rng: random.Random
) -> tuple[int, ...]:
    name, kind = normalize(world.item(target).title), world.kind(target)
    bar = 0.15 * float(near.max(initial=0.0))
    pool = [
        at
        for at in np.flatnonzero((near >= 0) & (near <= bar)).tolist()
        if world.kind(at) == kind and at not in liked and normalize(world.item(at).title) != name
    ]
    return tuple(sample(pool, [float(world.known[at]) + 0.05 for at in pool], 1, rng))


def _truths(world: World, target: int, rng: random.Random) -> Iterable[Constraint]:
    """Yield limits that hold for the target: kind, language, years, price, length.

    A ceiling is `<=` and above the target: some say it so that the ceiling itself is in, some so that it is not.
    """
    item = world.item(target)
    if world.kind(target):
        yield Constraint("kind", "is", world.kind(target))
    if item.language:
        language = canonical("language", item.language)
        if len(world.facets.postings["language"][language]) >= 3:
            yield Constraint("language", "is", language)
        if language != "en":
            yield Constraint("language", "is_not", "en")
    if item.year is not None and item.year >= _YEARS_FROM:
        yield from _years(item.year, rng)
    if item.price is not None:
        scale = 10.0 ** max(0, math.floor(math.log10(max(item.price, 1))) - 1)
        yield from _below("price", item.price, [p * scale for p in _PRICES], rng)
    for field, steps in _LENGTHS.items():
        number = number_of(item, field) if field in item.attributes and field in LENGTH_FIELDS else None
        if number is not None:
            # Films count minutes and courses hours; "under 2 hours" is asked of both.
            scale = 60 if field == "hours" and "minutes" in world.facets.numeric_fields else 1
            column = "minutes" if scale > 1 else field
            above = [step * scale for step in steps[: 1 + sum(s <= number for s in steps)]]
            yield from _below(column, number * scale, above, rng)


def _years(year: int, rng: random.Random) -> Iterable[Constraint]:
    decade = year // 10 * 10
    if decade >= _DECADES_FROM:
        yield Constraint("decade", "is", float(decade))
    yield Constraint("year", "<", float(decade + 10 * rng.choice((1, 2, 2))))
    yield Constraint("year", ">", float(decade - rng.choice((1, 6, 11, 21))))


def _below(field: str, number: float, steps: Sequence[float], rng: random.Random) -> Iterable[Constraint]:
    above = [s for s in steps if s > number][:3]
    if above:
        yield Constraint(field, "<=", float(rng.choice(above)))


def _tells(world: World, target: int, limit: Constraint) -> bool:
    """Whether a limit holds for the target, rules out some of its kind, and does not give away the year itself."""
    if not satisfies(world.item(target), limit) or (limit.field == "year" and limit.value == world.item(target).year):
        return False
    kind = world.kind(target)
    rivals = world.catalog.in_stock.copy()
    if kind and limit.field != "kind":
        rivals &= world.facets.mask([Constraint("kind", "is", kind)])
    kept = world.facets.mask([limit]) & rivals
    return int(kept.sum()) <= 0.95 * int(rivals.sum())


def _refusals(world: World, target: int, near: FloatArray, rng: random.Random) -> tuple[Constraint, ...]:
    """Return refusals that hold for the target and tell it from its neighbours, the most telling first."""
    own = set(world.values[target])
    counts: dict[Value, int] = {}
    for at in np.argsort(-near, kind="stable")[:_NEIGHBOURS].tolist():
        for value in world.values[at]:
            if near[at] >= 0 and value not in own:
                counts[value] = counts.get(value, 0) + 1
    common = sorted((v for v, n in counts.items() if n >= 2), key=lambda v: (-counts[v], v))
    found: list[Constraint] = []
    for value in sample(common, [float(counts[v]) for v in common], 8, rng):
        refused = refusal(value)
        if plain(world, target, value) and satisfies(world.item(target), refused):
            found.append(refused)
    return tuple(found[:4])


def plain(world: World, at: int, value: Value) -> bool:
    """Whether a value cannot be taken for a genre or kind that an item has not: "detective" asks for mysteries."""
    if value[0] in ("genres", "moods", "creators"):
        return True
    genre, kind = canonical("genres", value[1]), canonical("kind", value[1])
    item = world.item(at)
    return (genre not in vocabulary("genres") or genre in values_of(item, "genres")) and (
        kind not in vocabulary("kind") or kind in values_of(item, "kind")
    )


def refusal(value: Value) -> Constraint:
    """Return "no …" for a facet value; what is no genre or mood is looked for in the item's text."""
    op: Op = "is_not"
    return Constraint(value[0] if value[0] in ("genres", "moods") else "topic", op, value[1])


def sample(options: Sequence[T], chances: Sequence[float], k: int, rng: random.Random) -> list[T]:
    """Draw at most k different options, each as likely as its chance among those left."""
    left, weights = list(options), list(chances)
    drawn: list[T] = []
    while left and len(drawn) < k and sum(weights) > 0:
        at = rng.choices(range(len(left)), weights)[0]
        drawn.append(left.pop(at))
        weights.pop(at)
    return drawn
