"""Ranking metrics and their intervals.

Everything starts from the rank of a target among the whole catalogue. Items with equal scores share the mean of the
ranks they occupy (Kendall, "The treatment of ties in ranking problems", Biometrika 1945), so a system without an
opinion gains nothing from the order of the file. A rank may therefore end in .5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from retrieval.types import FloatArray, IntArray

Numbers = npt.NDArray[np.float64]

CUTOFFS = (1, 5, 10, 20, 50)
K = 10  # the length of a list, wherever a metric has one length only
LEVEL = 0.95
_CHUNK = 4_000_000  # draws held at once, 32 MB


def ranks(scores: FloatArray, targets: IntArray) -> Numbers:
    """Return the mean rank of targets (T,) among scores (N,): (T,), 1 is best, (N + 1) / 2 is no opinion.

    Raises:
        ValueError: a score is NaN, which compares with nothing.
    """
    if np.isnan(scores).any():
        raise ValueError("a score is NaN; a system without an opinion gives every item the same number")
    wanted = scores[targets][:, None]  # (T, 1)
    above, level = (scores > wanted).sum(axis=1), (scores == wanted).sum(axis=1)
    return above + (level + 1) / 2


def listed(scores: FloatArray, k: int = K) -> IntArray:
    """Return the positions whose mean rank is at most k, best first, ties by position: at most k.

    The same rule as recall@k: a tie across the end of the list puts none of the tied items on it.
    """
    if len(scores) <= k:
        candidates = np.arange(len(scores))
    else:
        bar = np.partition(scores, len(scores) - k)[len(scores) - k]
        candidates = np.flatnonzero(scores >= bar)
    order = candidates[np.lexsort((candidates, -scores[candidates]))].astype(np.int64)
    return order[rankdata(-scores[order], method="average") <= k]


def recall(rank: Numbers, k: int) -> Numbers:
    """Return recall@k of single targets, also called hit rate: (T,), 1 where the rank is at most k."""
    return (rank <= k).astype(np.float64)


def ndcg(rank: Numbers, k: int = K) -> Numbers:
    """Return nDCG@k of single targets, 1 / log2(1 + rank): (T,).

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, with the discount of Burges
    et al., "Learning to rank using gradient descent", ICML 2005; the ideal list of one target has gain 1.
    """
    return np.where(rank <= k, 1 / np.log2(1 + rank), 0.0)


def mrr(rank: Numbers, k: int = K) -> Numbers:
    """Return the reciprocal rank, 0 beyond k: (T,) (Voorhees, "The TREC-8 question answering track report", 1999)."""
    return np.where(rank <= k, 1 / rank, 0.0)


# name: rank of single targets (T,) -> value of each (T,)
TARGET_METRICS: Mapping[str, Callable[[Numbers], Numbers]] = {
    **{f"recall@{k}": partial(recall, k=k) for k in CUTOFFS},
    f"ndcg@{K}": ndcg,
    f"mrr@{K}": mrr,
}
LIST_METRICS = (f"precision@{K}", f"turn_recall@{K}", f"f1@{K}")


def precision_recall_f1(hits: IntArray, wanted: IntArray, k: int = K) -> Numbers:
    """Return precision@k, recall@k and their harmonic mean for lists with some hits among `wanted` targets: (L, 3).

    F1 is that of van Rijsbergen ("Information retrieval", 1979, chapter 7), 0 where nothing is hit. A list has k
    places, filled or not.
    """
    precision, share = hits / k, hits / wanted
    f1 = 2 * hits / (k + wanted)  # = 2PR / (P + R), without its 0 / 0
    return np.stack([precision, share, f1], axis=1)


def popularity_percentiles(counts: Numbers) -> Numbers:
    """Return each item's percentile, in (0, 100), by how often it was chosen: (N,). Equals share their mean.

    Their mean over what is recommended is the average recommendation popularity of Abdollahpouri et al. ("Managing
    popularity bias in recommender systems with personalized re-ranking", FLAIRS 2019) on a scale that data sets share:
    recommending at random has 50.
    """
    return 100 * (rankdata(counts, method="average") - 0.5) / len(counts)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Render as ``.165 [.150, .181]``."""
        return f"{short(self.value)} [{short(self.low)}, {short(self.high)}]"


def short(value: float) -> str:
    """Write a share the way tables of the field do: ``.165``, ``-.020``, ``1.000``."""
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 and not text.endswith("1.000") else text


def bootstrap(values: Numbers, clusters: IntArray, *, resamples: int = 2000, seed: int = 0) -> list[Estimate]:
    """Return the mean of every column with its 95 % percentile interval, resampling whole clusters.

    The targets of one dialogue stand and fall together, so dialogues are drawn, not targets (Efron and Tibshirani, "An
    introduction to the bootstrap", 1993, chapter 13; Davison and Hinkley, "Bootstrap methods and their application",
    1997, section 3.8). A column of differences of two systems on the same targets gives the paired bootstrap (Koehn,
    "Statistical significance tests for machine translation evaluation", EMNLP 2004): the difference of means is the
    mean of differences.

    Args:
        values: (T, M), one row a target.
        clusters: (T,) which dialogue a target belongs to; any integers.
        resamples: how many times the dialogues are drawn.
        seed: of the draws.

    Raises:
        ValueError: there is no target, or the lengths differ.
    """
    if not len(values) or len(values) != len(clusters):
        raise ValueError(f"{len(values)} values in {len(clusters)} clusters; expected as many of each, and some")
    _, cluster = np.unique(clusters, return_inverse=True)
    counts = np.bincount(cluster).astype(np.float64)  # (D,)
    sums = np.stack([np.bincount(cluster, weights=column) for column in values.T], axis=1)  # (D, M)
    total = len(counts)
    rng = np.random.default_rng(seed)
    drawn = []
    chunk = max(1, _CHUNK // total)
    for start in range(0, resamples, chunk):
        times = rng.multinomial(total, np.full(total, 1 / total), size=min(chunk, resamples - start))  # (b, D)
        drawn.append((times @ sums) / (times @ counts)[:, None])
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(np.concatenate(drawn), [tail, 100 - tail], axis=0)
    return [Estimate(*map(float, row)) for row in zip(values.mean(axis=0), low, high, strict=True)]
