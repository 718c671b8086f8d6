"""What a system made of the cases: run with resuming, then summarised into the blocks of the report."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from tqdm import tqdm

from finetune.cases import Case, recommendable, within_limits
from finetune.metrics import (
    LIST_METRICS,
    TARGET_METRICS,
    Estimate,
    K,
    Numbers,
    bootstrap,
    listed,
    precision_recall_f1,
    ranks,
)
from finetune.systems import Scorer
from retrieval.constraints import Facets
from retrieval.errors import NamedropError
from retrieval.types import BoolArray, IntArray

Block = dict[str, dict[str, float | None]]  # metric: value, low, high
FEWEST = 10  # dialogues or people that an interval is told of


@runtime_checkable
class Precomputed(Protocol):
    """A scorer that reads what was computed before: what that took is part of its turn."""

    def spent(self, case: Case) -> float:
        """Return the milliseconds."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a system made of one case.

    Attributes:
        novel: the rank of each novel target, in the order of the case.
        all: the rank of every target with nothing left out.
        listed: positions of the first ten, in the novel setting.
        ms: how long the scoring took, in milliseconds.
    """

    novel: tuple[float, ...]
    all: tuple[float, ...]
    listed: tuple[int, ...]
    ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a system made of some of the cases; `at` says which, in order."""

    at: Sequence[int]
    cases: Sequence[Case]
    outcomes: Sequence[Outcome]


def run(
    name: str, make: Callable[[], Scorer], leaves_out: bool, cases: Sequence[Case], facets: Facets, part: Path
) -> list[Outcome]:
    """Score every case, going on from what an interrupted run has left in `part`.

    Args:
        name: of the system, for the progress bar.
        make: gives the scorer; not called if all cases are done.
        leaves_out: whether mentioned items rank last in the novel setting.
        cases: in order.
        facets: of the catalogue; say what a case's limits leave.
        part: a JSONL file, one line a case; it is completed.

    Raises:
        NamedropError: the system gives a score that is not a number.
    """
    done = _resume(part, cases)
    if len(done) == len(cases):
        return done
    scorer = make()
    begun = cases[len(done)]
    scorer(begun, within_limits(begun, facets))  # what is made at the first use is not part of a turn's time
    with part.open("a", encoding="utf-8") as file:
        for case in tqdm(cases[len(done) :], desc=name, total=len(cases), initial=len(done), unit=" turns"):
            try:
                outcome = _outcome(case, scorer, leaves_out, facets)
            except ValueError as error:
                raise NamedropError(f"system {name!r}, turn {len(done)}: {error}") from error
            file.write(json.dumps([outcome.novel, outcome.all, outcome.listed, round(outcome.ms, 3)]) + "\n")
            file.flush()
            done.append(outcome)
    return done


def _resume(part: Path, cases: Sequence[Case]) -> list[Outcome]:
    """Read the whole lines of a part and cut off what an interruption left of the next.

    Raises:
        NamedropError: it is of other cases.
    """
    if not part.is_file():
        return []
    done: list[Outcome] = []
    whole = 0
    with part.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            novel, everything, first, ms = json.loads(line)
            done.append(Outcome(tuple(novel), tuple(everything), tuple(first), ms))
            whole += len(line)
    with part.open("r+b") as file:
        file.truncate(whole)
    done = done[: len(cases)]
    if any(len(one.novel) != sum(case.novel) for one, case in zip(done, cases, strict=False)):
        raise NamedropError(f"{part}: results of other turns; remove the file to measure these")
    return done


def _outcome(case: Case, scorer: Scorer, leaves_out: bool, facets: Facets) -> Outcome:
    allowed = recommendable(case, facets) if leaves_out else within_limits(case, facets)
    started = time.perf_counter()
    scores = scorer(case, allowed)
    ms = 1000 * (time.perf_counter() - started)
    if isinstance(scorer, Precomputed):
        ms += scorer.spent(case)
    targets = np.array(case.targets, dtype=np.int64)
    kept = ranks(scores, targets)
    scores = np.where(allowed, scores, np.float32(-np.inf))
    novel = ranks(scores, targets[np.array(case.novel, dtype=np.bool_)])
    return Outcome(tuple(novel.tolist()), tuple(kept.tolist()), tuple(listed(scores).tolist()), ms)


def summarise(measured: Measured, percentiles: Numbers) -> dict[str, Any]:
    """Summarise one system.

    Args:
        measured: its cases and what it made of them.
        percentiles: (N,) each item's popularity percentile.

    Returns:
        `novel`, `repeats` (every target, nothing left out) and `cold` (novel targets before which the dialogue has
        mentioned no item) as blocks of estimates, {} where there is no target; beside them what is told of the lists.
    """
    cases, outcomes = measured.cases, measured.outcomes
    novel = [outcome.novel for outcome in outcomes]
    everything = [outcome.all for outcome in outcomes]
    cold = [() if case.mentioned else outcome.novel for case, outcome in zip(cases, outcomes, strict=True)]
    lists = [outcome.listed for outcome in outcomes]
    shown = np.array([at for some in lists for at in some], dtype=np.int64)
    percentile = estimates(["mean"], percentiles[shown][:, None], _clusters(cases, _sizes(lists))) if len(shown) else {}
    times = np.array([outcome.ms for outcome in outcomes])
    return {
        **counts(cases),
        "novel": _block(cases, novel),
        "repeats": _block(cases, everything),
        "cold": _block(cases, cold, lists=False),
        f"coverage@{K}": len(np.unique(shown)) / len(percentiles),
        f"popularity_percentile@{K}": percentile.get("mean"),
        f"in_catalogue@{K}": 1.0 if len(shown) else None,  # scores are of catalogue positions: nothing else is listed
        f"listed@{K}": len(shown) / len(cases),
        "ms_per_turn": {"mean": float(times.mean()), "median": float(np.median(times)),
                        "p95": float(np.percentile(times, 95))},
    }  # fmt: skip


def _block(cases: Sequence[Case], found: Sequence[tuple[float, ...]], *, lists: bool = True) -> Block:
    """Return every metric of the targets whose ranks were found, a tuple a case."""
    if not any(found):
        return {}
    values = target_values(found)
    block = estimates(list(TARGET_METRICS), values, _clusters(cases, _sizes(found)))
    if lists:
        wanted = _sizes(found)
        hits = np.array([sum(rank <= K for rank in some) for some in found])
        asked = wanted > 0
        values = precision_recall_f1(hits[asked], wanted[asked])
        block |= estimates(LIST_METRICS, values, _clusters(cases, asked))
    return block


def target_values(found: Sequence[tuple[float, ...]]) -> Numbers:
    """Return every metric of every target: (T, M)."""
    rank = np.array([r for some in found for r in some], dtype=np.float64)
    return np.stack([metric(rank) for metric in TARGET_METRICS.values()], axis=1)


def compare(measured: Measured, other: Measured) -> Block:
    """Return how much better a system is than another on the novel targets that both saw, by the paired bootstrap."""
    theirs = dict(zip(other.at, other.outcomes, strict=True))
    both = [i for i, at in enumerate(measured.at) if at in theirs]
    mine = [measured.outcomes[i].novel for i in both]
    if not any(mine):
        return {}
    values = target_values(mine) - target_values([theirs[measured.at[i]].novel for i in both])
    return estimates(list(TARGET_METRICS), values, _clusters([measured.cases[i] for i in both], _sizes(mine)))


def estimates(names: Sequence[str], values: Numbers, clusters: IntArray) -> Block:
    """Return the estimate of every column by name; so few dialogues that drawing them says nothing have no interval."""
    found: Iterable[tuple[str, Estimate]] = zip(names, bootstrap(values, clusters), strict=True)
    few = len(np.unique(clusters)) < FEWEST
    return {name: asdict(e) | ({"low": None, "high": None} if few else {}) for name, e in found}


def _sizes(found: Sequence[Sequence[object]]) -> IntArray:
    return np.array([len(some) for some in found], dtype=np.int64)


def _clusters(cases: Sequence[Case], times: IntArray | BoolArray) -> IntArray:
    return np.repeat([case.cluster for case in cases], times).astype(np.int64)


def counts(cases: Sequence[Case]) -> Mapping[str, int]:
    """Return how much there is to foretell."""
    return {
        "targets": sum(sum(case.novel) for case in cases),
        "targets_with_repeats": sum(len(case.targets) for case in cases),
        "targets_cold": sum(sum(case.novel) for case in cases if not case.mentioned),
        "turns": len(cases),
        "dialogues": len({case.cluster for case in cases}),
    }
