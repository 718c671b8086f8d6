"""The systems that an evaluation compares: a table from names to what scores the catalogue for one turn.

What a system leaves out, the items that the dialogue has mentioned, ranks last in the novel setting: the chat does not
offer them again. Popularity and echo rank the whole catalogue as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from chat.generator import Generator
from chat.learnt import Learnt
from chat.ranker import SPOKEN
from chat.recommender import Recommender
from chat.shop import Shop
from finetune.bench import Bench, MissingPart
from finetune.cases import Case
from finetune.fitting import PARTS
from retrieval.collaborative import ItemItemRetriever
from retrieval.scoring import ScoringRetriever
from retrieval.types import BoolArray, FloatArray, Query

Scorer = Callable[[Case, BoolArray], FloatArray]

_NAMED = 50  # titles asked of the language model: as many as recall counts
_TIE_BREAK = 1e-6  # of popularity, in [0, 1], beside item-item weights of about 0.1


@dataclass(frozen=True, slots=True)
class System:
    """One row of the table.

    Attributes:
        make: gives the scorer, (case, allowed) → (N,); may raise `MissingPart`.
        about: what it is, in a few words.
        leaves_out: whether mentioned items rank last in the novel setting.
        floor: whether it is one of the trivial systems that everything else must beat.
        speaks: whether it runs the language model, which takes seconds a turn.
        fitted: whether it is measured only while a ranker is fitted.
    """

    make: Callable[[Bench], Scorer]
    about: str
    leaves_out: bool = True
    floor: bool = False
    speaks: bool = False
    fitted: bool = False


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
        for title in generator.name_titles(bench.prompt(case, allowed), _NAMED, allowed):
            result[title.position] = np.exp(title.logprob)
        return result

    return scores


def _tower(bench: Bench) -> Scorer:
    tower, generator = bench.tower, bench.generator
    if bench.fitted_on:
        return bench.fitting.alone("tower")
    return lambda case, allowed: tower.scores(generator.hidden(bench.learnt.prompting.person(case.context)))


def _retrieval(bench: Bench) -> Scorer:
    return _recommender(bench, None)


def _full(bench: Bench) -> Scorer:
    if bench.fitted_on:
        return bench.fitting.out_of_fold()
    return _recommender(bench, bench.generator)


def _recommender(bench: Bench, generator: Generator | None) -> Scorer:
    return _ranked(Shop.of(bench.base, generator, bench.learnt).recommender)  # weighed as the chat weighs


def _served(bench: Bench) -> Scorer:
    if bench.fitted_on:
        raise MissingPart("what is being fitted is not served yet; it is measured as full")
    if bench.learnt.ranker is not None or not bench.histories:
        raise MissingPart("the chat serves what is measured as full")
    learnt = Learnt.load(bench.folder, bench.base) if bench.folder is not None else None
    return _ranked(Shop.of(bench.base, bench.generator, learnt).recommender)


def _ranked(recommender: Recommender) -> Scorer:
    def scores(case: Case, allowed: BoolArray) -> FloatArray:
        return recommender.score(case.query, allowed, case.context).total

    return scores


def _without(parts: frozenset[str], bench: Bench) -> Scorer:
    if parts.isdisjoint(bench.fitting.parts):
        raise MissingPart(f"{' and '.join(sorted(parts))}: not among the parts there are")
    return bench.fitting.out_of_fold(without=parts)


def _left_out() -> Iterator[tuple[str, System]]:
    """Yield the systems that show what a part adds: the ranker fitted without it."""
    yield "full-lm", System(partial(_without, SPOKEN), "without the language model", fitted=True)
    for name in PARTS:
        yield f"full-{name}", System(partial(_without, frozenset({name})), f"without {name}", fitted=True)


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
    "latest": System(_alone(lambda b: b.index.retrievers["latest"]), "by meaning, to what was named last"),
    "facets": System(_alone(lambda b: b.index.retrievers["facets"]), "shared genres, makers and the like"),
    "generated": System(_generated, "titles that the language model names", speaks=True),
    "tower": System(_tower, "the language model's user vector", speaks=True),
    "retrieval": System(_retrieval, "all parts without a language model"),
    "full": System(_full, "all parts, by the ranker; without one in a blend that was set by hand", speaks=True),
    "served": System(_served, "what the chat ranks by with this adapter, without what the logs teach", speaks=True),
    **dict(_left_out()),
}
