"""The systems that an evaluation compares: a table from names to what scores the catalogue for one turn.

What a system leaves out, the items that the dialogue has mentioned, ranks last in the novel setting: the chat does not
offer them again. Popularity and echo rank the whole catalogue as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from tqdm import tqdm

from chat.generator import Generator, LocalGenerator
from chat.prompt import render
from chat.recommender import WEIGHTS, Recommender
from chat.tower import SETTINGS_FILE, UserTower
from finetune.cases import Case
from finetune.histories import Histories
from retrieval.catalog import Catalog
from retrieval.collaborative import CooccurrenceRetriever, EaseRetriever, ItemItemRetriever
from retrieval.encoder import SentenceEncoder
from retrieval.errors import NamedropError
from retrieval.index import Index, open_index
from retrieval.metrics import Numbers
from retrieval.models import DEFAULT_ENCODER, DEFAULT_LM
from retrieval.retrievers import PopularityRetriever, ScoringRetriever
from retrieval.types import BoolArray, FloatArray, Query

Scorer = Callable[[Case, BoolArray], FloatArray]

NO_MODEL = "none"
_NAMED = 50  # titles asked of the language model: as many as recall counts
# The blend once there is a collaborative part, which tells more than the others; set by hand on a quarter of ReDial's
# training dialogues (docs/experiments.md).
LEARNT_WEIGHTS: Mapping[str, float] = {
    "dense": 2.4, "bm25": 0.8, "facets": 2.4, "popularity": 4.0, "ease": 8.0, "named": 1.0,
}  # fmt: skip
_TIE_BREAK = 1e-6  # of popularity, in [0, 1], beside item-item weights of about 0.1


class MissingPart(NamedropError):
    """A system cannot be measured, because something it is made of was not given."""


@dataclass(frozen=True)
class Bench:
    """What the systems are made of, each part made at its first use.

    Attributes:
        path: of the catalogue, where its index is cached.
        catalog: what is scored.
        histories: what is learnt from.
        model, adapter: the language model; "none" leaves it out.
        encoder: the sentence encoder.
        skip_bad: go on without the catalogue's bad rows.
    """

    path: Path
    catalog: Catalog
    histories: Histories
    model: str = DEFAULT_LM
    adapter: Path | None = None
    encoder: str = DEFAULT_ENCODER
    skip_bad: bool = False

    @cached_property
    def counts(self) -> Numbers:
        """How often each item was chosen in the training data, else its `popularity` in the catalogue: (N,)."""
        if self.histories:
            return self.histories.counts(self.catalog)
        found = (item.attributes.get("popularity") for item in self.catalog)
        return np.array([v if isinstance(v, float) else 0.0 for v in found])

    @cached_property
    def popularity(self) -> PopularityRetriever:
        """The prior of the counts."""
        if not self.counts.any():
            raise MissingPart("popularity needs training data (--train-mentions …) or a catalogue column `popularity`")
        return PopularityRetriever(self.catalog, self.counts.tolist())

    @cached_property
    def ease(self) -> EaseRetriever:
        """Fitted on the training data, else the adapter's."""
        if not self.histories and self.adapter is not None and (self.adapter / "ease.npz").is_file():
            return EaseRetriever.load(self.adapter, self.catalog)
        self._need_histories("ease")
        return EaseRetriever.fit(self.catalog, self.histories.sets)

    @cached_property
    def cooccurrence(self) -> CooccurrenceRetriever:
        """Fitted on the training data."""
        self._need_histories("cooccurrence")
        return CooccurrenceRetriever.fit(self.catalog, self.histories.sets)

    def _need_histories(self, name: str) -> None:
        if not self.histories:
            raise MissingPart(f"{name} needs training data; give --train-mentions, --train-dialogues or the like")

    @cached_property
    def index(self) -> Index:
        """The catalogue's index, with the parts learnt from the training data."""
        index = open_index(self.path, SentenceEncoder(self.encoder), skip_bad=self.skip_bad, progress=_Encoding())
        learnt: list[ScoringRetriever] = []
        if self.counts.any():
            learnt.append(self.popularity)
        with suppress(MissingPart):
            learnt.append(self.ease)
        return replace(index, retrievers={**index.retrievers, **{r.name: r for r in learnt}})

    @cached_property
    def generator(self) -> Generator:
        """The language model, with the catalogue's titles bound."""
        generator = LocalGenerator(self.model, self.adapter)
        generator.load()
        return generator.bind(self.catalog)


class _Encoding:
    """A progress bar for an index that has to be built."""

    def __call__(self, done: int, total: int) -> None:
        if done == 0:
            self._bar = tqdm(total=total, desc="encoding the catalogue", unit=" items")
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()


@dataclass(frozen=True, slots=True)
class System:
    """One row of the table.

    Attributes:
        make: gives the scorer, (case, allowed) → (N,); may raise `MissingPart`.
        about: what it is, in a few words.
        leaves_out: whether mentioned items rank last in the novel setting.
        floor: whether it is one of the trivial systems that everything else must beat.
        speaks: whether it runs the language model, which takes seconds a turn.
    """

    make: Callable[[Bench], Scorer]
    about: str
    leaves_out: bool = True
    floor: bool = False
    speaks: bool = False


def _popularity(bench: Bench) -> Scorer:
    scores = bench.popularity.scores(Query())
    return lambda case, allowed: scores


def _echo(bench: Bench) -> Scorer:
    def scores(case: Case, allowed: BoolArray) -> FloatArray:
        result = np.zeros(len(bench.catalog), dtype=np.float32)
        result[list(case.mentioned)] = np.arange(1, len(case.mentioned) + 1)
        return result

    return scores


def _alone(part: Callable[[Bench], ScoringRetriever]) -> Callable[[Bench], Scorer]:
    def make(bench: Bench) -> Scorer:
        retriever = part(bench)
        return lambda case, allowed: retriever.scores(case.query)

    return make


def _or_popularity(part: Callable[[Bench], ItemItemRetriever]) -> Callable[[Bench], Scorer]:
    def make(bench: Bench) -> Scorer:
        retriever, prior = part(bench), bench.popularity.scores(Query())
        return lambda case, allowed: retriever.scores(case.query) + np.float32(_TIE_BREAK) * prior

    return make


def _generated(bench: Bench) -> Scorer:
    generator = bench.generator

    def scores(case: Case, allowed: BoolArray) -> FloatArray:
        result = np.zeros(len(bench.catalog), dtype=np.float32)
        for title in generator.name_titles(render(case.context), _NAMED, allowed):
            result[title.position] = np.exp(title.logprob)
        return result

    return scores


def _tower(bench: Bench) -> Scorer:
    if bench.adapter is None or not (bench.adapter / SETTINGS_FILE).is_file():
        raise MissingPart("the user tower needs an adapter that was trained with one (--adapter); see finetune.train")
    tower, generator = UserTower.load(bench.adapter, bench.index), bench.generator
    return lambda case, allowed: tower.scores(generator.hidden(render(case.context)))


def _recommender(bench: Bench, generator: Generator | None) -> Scorer:
    learnt = "ease" in bench.index.retrievers
    recommender = Recommender(bench.index, generator, LEARNT_WEIGHTS if learnt else WEIGHTS)

    def scores(case: Case, allowed: BoolArray) -> FloatArray:
        prompt = None if generator is None else render(case.context)
        return recommender.score(case.query, allowed, prompt).total

    return scores


SYSTEMS: Mapping[str, System] = {
    "popularity": System(_popularity, "how often chosen in training", leaves_out=False, floor=True),
    "echo": System(_echo, "what was mentioned, the latest first", leaves_out=False, floor=True),
    "cooccurrence": System(_alone(lambda b: b.cooccurrence), "conditional probability", floor=True),
    "ease": System(_alone(lambda b: b.ease), "linear item-item model", floor=True),
    "cooccurrence+popularity": System(
        _or_popularity(lambda b: b.cooccurrence), "popularity where it is silent", floor=True
    ),
    "ease+popularity": System(_or_popularity(lambda b: b.ease), "popularity where it is silent", floor=True),
    "bm25": System(_alone(lambda b: b.index.retrievers["bm25"]), "the person's words against the item's"),
    "dense": System(_alone(lambda b: b.index.retrievers["dense"]), "the same by meaning"),
    "facets": System(_alone(lambda b: b.index.retrievers["facets"]), "shared genres, makers and the like"),
    "generated": System(_generated, "titles that the language model names", speaks=True),
    "tower": System(_tower, "the language model's user vector", speaks=True),
    "retrieval": System(lambda b: _recommender(b, None), "all parts without a language model"),
    "full": System(lambda b: _recommender(b, b.generator), "all parts", speaks=True),
}
