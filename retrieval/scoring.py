"""What every scorer of the catalogue is made of: the base class of every retriever, and the best k.

A catalogue of up to `WHOLE_ROWS` rows is scored whole and exactly. Beyond, that would take longer than all the rest of
a turn: every retriever gives `rough` scores of all rows, which choose a shortlist, and `exact` ones of those.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from retrieval.types import BoolArray, FloatArray, IntArray, Query, Retrieved

WHOLE_ROWS = 20_000  # exact scores of so many rows take about 4 ms
CLIP = 4.0  # a z-score says hardly more beyond this
_BEYOND = 0.05  # of what is beyond it counts: who is about whales stays before who is near that


def top_k(scores: FloatArray, k: int, allowed: BoolArray | None = None) -> Retrieved:
    """Return the best k allowed positions of scores (N,), best first, ties by position; -inf is never returned."""
    usable = scores > -np.inf if allowed is None else (scores > -np.inf) & allowed
    positions = np.flatnonzero(usable)
    if len(positions) > k > 0:
        kept = scores[positions]
        bar = np.partition(kept, len(kept) - k)[len(kept) - k]
        above, level = positions[kept > bar], positions[kept == bar]
        positions = np.concatenate([above, level[: k - len(above)]])
    order = np.lexsort((positions, -scores[positions]))[: max(k, 0)]
    positions = positions[order].astype(np.int64)
    return Retrieved(positions, scores[positions].astype(np.float32))


def standard(scores: FloatArray, scale: BoolArray | IntArray, weight: float = 1.0) -> FloatArray:
    """Bring scores to mean 0 and deviation `weight` over the rows that `scale` chooses, nearly clipped: (N,)."""
    usable = scores[scale]
    if not len(usable) or (deviation := float(usable.std())) < 1e-6:
        return np.zeros(len(scores), dtype=np.float32)
    mean, reach = float(usable.mean()), CLIP * deviation
    scaled = np.clip(scores, mean - reach, mean + reach)
    scaled += _BEYOND * (scores - scaled)
    scaled -= mean
    scaled *= weight / deviation
    return scaled


def softmax(scores: FloatArray) -> FloatArray:
    """Return scores as shares of each row, which sum to 1: (…, n)."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


class ScoringRetriever(ABC):
    """The one contract behind every retriever; 0 for every item means that it has no opinion.

    `name` is how tables and weights refer to it.
    """

    name: str

    @abstractmethod
    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue for a query: (N,) float32, higher is better."""

    def rough(self, query: Query) -> FloatArray:
        """Score the whole catalogue quickly, well enough to choose the rows that are worth `exact` scores: (N,)."""
        return self.scores(query)

    def exact(self, query: Query, rough: FloatArray, rows: IntArray) -> FloatArray:
        """Return the scores of n rows, by their positions (n,) and the rough scores (N,): (n,)."""
        return rough[rows]
