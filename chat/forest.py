"""A boosted forest of regression trees in numpy: fitted by `finetune.ranking`, kept without a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.types import FloatArray, IntArray

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Forest:
    """T trees of at most n nodes; a node comes before its children, and a leaf's children are the leaf itself.

    Attributes:
        feature: what a node asks about: (T, n).
        threshold: up to which a row goes left: (T, n), in double precision as it was fitted.
        left, right: the children: (T, n).
        value: what a leaf adds to a score: (T, n).
    """

    feature: IntArray
    threshold: npt.NDArray[np.float64]
    left: IntArray
    right: IntArray
    value: FloatArray

    @classmethod
    def of(cls, tensors: Mapping[str, Array], features: int) -> Forest:
        """Read what `tensors` gave; `features` is how many a row has.

        Raises:
            KeyError: a tensor is missing.
            ValueError: a node asks about a feature, or leads to a node, that there is not.
        """
        feature, left, right = (tensors[name].astype(np.int64) for name in ("feature", "left", "right"))
        threshold, value = tensors["threshold"].astype(np.float64), tensors["value"].astype(np.float32)
        own = np.arange(feature.shape[1])
        for children in (left, right):
            if children.shape != feature.shape or (children < own).any() or (children >= len(own)).any():
                raise ValueError("its trees lead out of themselves")
        if threshold.shape != feature.shape or value.shape != feature.shape:
            raise ValueError("its trees are not whole")
        if (feature < 0).any() or (feature >= features).any():
            raise ValueError(f"its trees ask about more than {features} features")
        return cls(feature, threshold, left, right, value)

    def tensors(self) -> dict[str, Array]:
        """Return what is to be kept, as small as it may be."""
        kept: dict[str, Array] = {name: getattr(self, name).astype(np.int16) for name in ("feature", "left", "right")}
        return {**kept, "threshold": self.threshold, "value": self.value}

    def scores(self, rows: FloatArray) -> FloatArray:
        """Add up what all trees say of k rows (k, F): (k,)."""
        tree, row = np.arange(len(self.feature))[:, None], np.arange(len(rows))[None]
        node = np.zeros((len(tree), len(rows)), dtype=np.int64)
        while True:
            goes_left = rows[row, self.feature[tree, node]] <= self.threshold[tree, node]
            below = np.where(goes_left, self.left[tree, node], self.right[tree, node])
            if np.array_equal(below, node):
                return np.asarray(self.value[tree, node].sum(axis=0), dtype=np.float32)
            node = below
