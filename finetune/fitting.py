"""A ranker in the making: what every part thinks of every turn, and rankers fitted on it, whole or with parts left out.

What a part thinks is computed once, kept on disk beside the result, and read by every fit: leaving out a part costs
seconds. Measured are rankers that have not seen the dialogue (`finetune.ranking.cross_fit`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from tqdm import tqdm

from chat.generator import Generator, LocalGenerator
from chat.learnt import Learnt
from chat.prompt import Prompt
from chat.prompting import Prompting
from chat.ranker import Ranker
from chat.recommender import named_scores
from chat.tower import UserTower
from finetune.cases import Case, recommendable
from finetune.ranking import FOLDS, Turns, cross_fit, fit_ranker, settings_of
from finetune.threads import all_threads, one_thread
from retrieval.files import replacing
from retrieval.index import Index
from retrieval.threads import cores
from retrieval.types import BoolArray, FloatArray

PARTS = (
    "dense",
    "latest",
    "bm25",
    "facets",
    "ease",
    "succession",
    "neighbours",
    "popularity",
    "recommended",
    "recency",
    "tower",
    "named",
)
_SPEAKING = ("tower", "named")  # parts that run the language model
_LEAST_TURNS = 200  # that are worth further processes, each with a language model of its own
_TOGETHER = 16  # dialogues that one process reads at a time
Table = npt.NDArray[np.float32]  # (n, N); in half precision ranks would differ from those that are served


class Fitting:
    """Fits rankers on some cases.

    Args:
        index: the catalogue with all retrievers.
        learnt: the user tower is taken from it.
        generator: the language model, None without one.
        cases: what is fitted on, in the order of their clusters.
        tables: where the parts' scores are kept; None keeps them in memory.
        naming: whether the titles that the language model names are a part; a beam takes half a second a turn.
    """

    def __init__(
        self,
        index: Index,
        learnt: Learnt,
        generator: Generator | None,
        cases: Sequence[Case],
        tables: Path | None = None,
        *,
        naming: bool = False,
    ) -> None:
        self._cases, self._items, self._tables = cases, len(index.catalog), tables
        self._facets = index.facets
        self._number = {id(case): number for number, case in enumerate(cases)}
        self._fitted: dict[tuple[str, ...], Sequence[Ranker]] = {}
        scorers: dict[str, Callable[[Case], FloatArray]] = {}
        for name, retriever in index.retrievers.items():
            scorers[name] = lambda case, retriever=retriever: retriever.scores(case.query)  # type: ignore[misc]
        tower = learnt.tower

        def prompt(case: Case) -> Prompt:
            return learnt.prompting.title(case.context, case.query, index, self._allowed(case))

        if generator is not None and tower is not None:
            scorers["tower"] = ByTower(generator, tower, learnt.prompting)
        if generator is not None and naming:
            scorers["named"] = lambda case: named_scores(generator, prompt(case), self._items, self._allowed(case))
        self._scorers = {name: scorers[name] for name in PARTS if name in scorers}

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts there are."""
        return tuple(self._scorers)

    @cached_property
    def _table(self) -> Mapping[str, tuple[Table, npt.NDArray[np.float32]]]:
        return {name: self._scores(name, scorer) for name, scorer in self._scorers.items()}

    def _scores(self, name: str, scorer: Callable[[Case], FloatArray]) -> tuple[Table, npt.NDArray[np.float32]]:
        """Return a part's scores of all cases (n, N), and how long each took in milliseconds (n,)."""
        kept = self._tables / f"{name}.npz" if self._tables is not None else None
        if kept is not None and kept.is_file():
            with np.load(kept) as found:
                return found["scores"], found["ms"]
        scores = np.zeros((len(self._cases), self._items), dtype=np.float32)
        ms = np.zeros(len(self._cases), dtype=np.float32)
        bar = tqdm(total=len(self._cases), desc=name, unit=" turns")
        with bar, all_threads() if name in _SPEAKING else nullcontext():
            for number, (found, took) in enumerate(self._each(scorer)):
                scores[number], ms[number] = found, took
                bar.update()
        if kept is not None:
            with replacing(kept) as aside, aside.open("wb") as file:
                np.savez(file, scores=scores, ms=ms)
        return scores, ms

    def _each(self, scorer: Callable[[Case], FloatArray]) -> Iterator[tuple[FloatArray, float]]:
        """Yield what a part thinks of every case in order, and how long it took; on all cores where they help."""
        if not (isinstance(scorer, ByTower) and scorer.can_move and len(self._cases) >= _LEAST_TURNS):
            yield from (_timed(scorer, case) for case in self._cases)
            return
        starts = [n for n, case in enumerate(self._cases) if not n or case.cluster != self._cases[n - 1].cluster]
        shares = [list(self._cases[a:b]) for a, b in pairwise([*starts[::_TOGETHER], len(self._cases)])]
        work = (delayed(_all)(scorer, share) for share in shares)
        for found in Parallel(n_jobs=cores(), return_as="generator")(work):
            yield from found

    def _of(self, number: int, names: Sequence[str]) -> Mapping[str, FloatArray]:
        return {name: self._table[name][0][number] for name in names}

    def _allowed(self, case: Case) -> BoolArray:
        return recommendable(case, self._facets)

    def _turns(self, names: Sequence[str]) -> Turns:
        return Turns.of(settings_of(names), self._cases, lambda number: self._of(number, names), self._allowed)

    def out_of_fold(self, without: Set[str] = frozenset()) -> OutOfFold:
        """Return a scorer of the cases by rankers that were fitted on other dialogues, without some parts."""
        names = tuple(name for name in self.parts if name not in without)
        if names not in self._fitted:  # without the tower is, where no titles are named, without the language model
            self._fitted[names] = cross_fit(settings_of(names), self._turns(names))
        return OutOfFold(self, names, self._fitted[names])

    def alone(self, name: str) -> Alone:
        """Return a scorer of the cases by one part."""
        return Alone(self, name)

    def ranker(self) -> Ranker:
        """Return the ranker fitted on all the cases."""
        return fit_ranker(settings_of(self.parts), self._turns(self.parts))

    def scores(self, case: Case, names: Sequence[str]) -> Mapping[str, FloatArray]:
        """Return what some parts think of one of the cases: (N,) each."""
        return self._of(self._number[id(case)], names)

    def ms(self, case: Case, names: Sequence[str]) -> float:
        """Return how long some parts took for one of the cases, in milliseconds."""
        return float(sum(self._table[name][1][self._number[id(case)]] for name in names))


@dataclass(frozen=True, slots=True)
class ByTower:
    """Scores each case by the language model's state."""

    generator: Generator
    tower: UserTower
    prompting: Prompting

    @property
    def can_move(self) -> bool:
        """Whether other processes may run the language model as well: not on the one GPU that there is."""
        import torch

        return isinstance(self.generator, LocalGenerator) and not torch.cuda.is_available()

    def __call__(self, case: Case) -> FloatArray:
        """Score the whole catalogue: (N,)."""
        return self.tower.scores(self.generator.hidden(self.prompting.person(case.context)))


def _timed(scorer: Callable[[Case], FloatArray], case: Case) -> tuple[FloatArray, float]:
    started = time.perf_counter()
    scores = scorer(case)
    return scores, 1000 * (time.perf_counter() - started)


def _all(scorer: ByTower, cases: Sequence[Case]) -> list[tuple[FloatArray, float]]:
    """Score some cases in a process of their own: a prompt is so little work that two threads mostly wait."""
    with one_thread():
        if isinstance(scorer.generator, LocalGenerator):
            scorer.generator.load()  # which is part of no turn's time
        return [_timed(scorer, case) for case in cases]


@dataclass(frozen=True, slots=True)
class Alone:
    """Scores each case by one part, as it was computed before."""

    fitting: Fitting
    part: str

    def __call__(self, case: Case, allowed: BoolArray) -> FloatArray:
        """Score the whole catalogue: (N,)."""
        return self.fitting.scores(case, [self.part])[self.part]

    def spent(self, case: Case) -> float:
        """Return the milliseconds of the part."""
        return self.fitting.ms(case, [self.part])


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Scores each case by the ranker of its fold; `spent` tells what the parts, computed before, had taken."""

    fitting: Fitting
    parts: Sequence[str]
    rankers: Sequence[Ranker]

    def __call__(self, case: Case, allowed: BoolArray) -> FloatArray:
        """Score the whole catalogue: (N,)."""
        return self.rankers[case.cluster % FOLDS].scores(case.query, self.fitting.scores(case, self.parts), allowed)

    def spent(self, case: Case) -> float:
        """Return the milliseconds of the parts."""
        return self.fitting.ms(case, self.parts)
