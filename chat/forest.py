"""A boosted forest of regression trees in numpy: fitted by `finetune.ranking`, kept without a pickle.

Trees are not walked: every node asks its question of every row at once, each answer rules leaves out, as bits, and the
leftmost leaf that is left is the row's (Lucchese et al., "QuickScorer", SIGIR 2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.types import FloatArray, IntArray

Array = npt.NDArray[Any]


_MOST_LEAVES = 64  # of a tree: bits of the widest integer


@dataclass(frozen=True, slots=True)
class Forest:
    """T trees of at most n nodes; a node comes before its children, and a leaf's children are the leaf itself.

    Attributes:
        feature: what a node asks about: (T, n).
        threshold: up to which a row goes left: (T, n), in double precision as it was fitted.
        left, right: the children: (T, n).
        value: what a leaf adds to a score: (T, n).
        masks: the same for scoring.
    """

    feature: IntArray
    threshold: npt.NDArray[np.float64]
    left: IntArray
    right: IntArray
    value: FloatArray
    masks: Masks

    @classmethod
    def of(cls, tensors: Mapping[str, Array], features: int) -> Forest:
        """Read what `tensors` gave; `features` is how many a row has.

        Raises:
            KeyError: a tensor is missing.
            ValueError: a node asks about a feature, or leads to a node, that there is not; a tree has too many leaves.
        """
        feature, left, right = (tensors[name].astype(np.int64) for name in ("feature", "left", "right"))
        threshold, value = tensors["threshold"].astype(np.float64), tensors["value"].astype(np.float32)
        own = np.arange(feature.shape[1])
        for children in (left, right):
            if children.shape != feature.shape or (children < own).any() or (children >= len(own)).any():
                raise ValueError("its trees lead out of themselves")
        if ((left == own) != (right == own)).any():
            raise ValueError("its trees have nodes with one child")
        if threshold.shape != feature.shape or value.shape != feature.shape:
            raise ValueError("its trees are not whole")
        if (feature < 0).any() or (feature >= features).any():
            raise ValueError(f"its trees ask about more than {features} features")
        return cls(feature, threshold, left, right, value, Masks.of(feature, threshold, left, right, value))

    def tensors(self) -> dict[str, Array]:
        """Return what is to be kept, as small as it may be."""
        kept: dict[str, Array] = {name: getattr(self, name).astype(np.int16) for name in ("feature", "left", "right")}
        return {**kept, "threshold": self.threshold, "value": self.value}

    def scores(self, rows: FloatArray) -> FloatArray:
        """Add up what all trees say of k rows (k, F): (k,)."""
        return self.masks.scores(rows)


@dataclass(frozen=True, slots=True)
class Masks:
    """The forest's T trees with at most m inner nodes, and the L leaves of each counted from the left.

    Attributes:
        feature, threshold: of the inner nodes: (T, m).
        kept: as bits, the leaves that a node leaves to a row that goes right: (T, m).
        value: of the leaves: (T, L).
    """

    feature: IntArray
    threshold: FloatArray
    kept: Array
    value: FloatArray

    @classmethod
    def of(
        cls, feature: IntArray, threshold: npt.NDArray[np.float64], left: IntArray, right: IntArray, value: FloatArray
    ) -> Masks:
        """Make them of a forest's arrays, (T, n) each.

        Raises:
            ValueError: a tree has too many leaves.
        """
        trees = [_walked(*nodes) for nodes in zip(left.tolist(), right.tolist(), strict=True)]
        most = max((len(leaves) for leaves, _ in trees), default=1)
        bits = np.uint16 if most <= 16 else np.uint32 if most <= 32 else np.uint64
        shape = (len(trees), max(most - 1, 1))
        asks, up_to = np.zeros(shape, dtype=np.int64), np.full(shape, np.inf, dtype=np.float32)
        kept = np.full(shape, np.iinfo(bits).max, dtype=bits)
        values = np.zeros((len(trees), most), dtype=np.float32)
        for tree, (leaves, inner) in enumerate(trees):
            values[tree, : len(leaves)] = value[tree, leaves]
            for at, (node, lost) in enumerate(inner.items()):
                asks[tree, at], up_to[tree, at] = feature[tree, node], _rounded_down(threshold[tree, node])
                kept[tree, at] = np.iinfo(bits).max - lost
        return cls(asks, up_to, kept, values)

    def scores(self, rows: FloatArray) -> FloatArray:
        """Add up what all trees say of k rows (k, F): (k,)."""
        goes_left = np.ascontiguousarray(rows.T)[self.feature] <= self.threshold[..., None]  # (T, m, k)
        there = np.bitwise_and.reduce(np.where(goes_left, np.iinfo(self.kept.dtype).max, self.kept[..., None]), axis=1)
        leaf = np.bitwise_count((there & (~there + 1)) - 1)  # the lowest bit's place
        said = np.take_along_axis(self.value, leaf.astype(np.int64), axis=1)
        return np.asarray(said.sum(axis=0), dtype=np.float32)


def _walked(left: list[int], right: list[int]) -> tuple[list[int], dict[int, int]]:
    """Return a tree's leaves from the left, and of each inner node, as bits, the leaves to its left.

    Raises:
        ValueError: there are too many leaves.
    """
    leaves: list[int] = []
    lost: dict[int, int] = {}

    def walk(node: int) -> int:
        if left[node] == node:
            leaves.append(node)
            if len(leaves) > _MOST_LEAVES:
                raise ValueError(f"one of its trees has more than {_MOST_LEAVES} leaves")
            return 1 << (len(leaves) - 1)
        lost[node] = walk(left[node])
        return lost[node] | walk(right[node])

    walk(0)
    return leaves, lost


def _rounded_down(threshold: float) -> np.float32:
    """Return the greatest number of single precision up to a threshold: a row's numbers have no more."""
    near = np.float32(threshold)
    return near if near <= threshold else np.nextafter(near, np.float32(-np.inf))
