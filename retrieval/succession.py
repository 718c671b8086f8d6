"""What is recommended after what: the collaborative part that knows order and who spoke.

Two people who name the same films say that these go together; an assistant who names one film after another says that
it was asked for. Only the second counts here, and the nearer in the conversation, the more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np
from scipy import sparse

from retrieval.catalog import Catalog
from retrieval.collaborative import NEIGHBOURS, ItemItemRetriever, pruned
from retrieval.types import FloatArray

Named = tuple[str, bool]  # a catalogue id, and whether it was recommended (or chosen) rather than told
_FADES = 0.15  # an item named d items ago counts 1 / (1 + _FADES · d)


def fading(length: int) -> FloatArray:
    """Return how much the items of a history count, oldest first: (length,), 1 for the latest."""
    return (1 / (1 + _FADES * np.arange(length - 1, -1, -1))).astype(np.float32)


class SuccessionRetriever(ItemItemRetriever):
    """How likely an item is recommended once others have been named: c(i → j) / (c(i) + shrinkage), summed over i.

    The directed, distance-weighted counterpart of `CooccurrenceRetriever`.
    """

    name = "succession"

    @classmethod
    def fit(
        cls,
        catalog: Catalog,
        sequences: Iterable[Sequence[Named]],
        *,
        shrinkage: float = 5.0,
        neighbours: int = NEIGHBOURS,
    ) -> Self:
        """Count what was recommended after what.

        Args:
            catalog: what is scored.
            sequences: what was named in each conversation or by each person, oldest first; a second mention is skipped.
            shrinkage: in counts; distrusts what was seldom named.
            neighbours: weights kept an item.

        Raises:
            ValueError: the shrinkage is negative.
        """
        if shrinkage < 0:
            raise ValueError(f"shrinkage is {shrinkage}; expected 0 or more, such as 5")
        columns: dict[str, int] = {}
        before: list[int] = []
        after: list[int] = []
        weights: list[float] = []
        for sequence in sequences:
            seen: dict[int, None] = {}
            for item_id, recommended in sequence:
                at = columns.setdefault(item_id, len(columns))
                if at in seen:
                    continue
                if recommended and seen:
                    before.extend(seen)
                    after.extend([at] * len(seen))
                    weights.extend(fading(len(seen)))
                seen[at] = None
        size = len(columns)
        counts = sparse.csr_matrix((np.array(weights, dtype=np.float32), (before, after)), shape=(size, size))
        totals = np.asarray(counts.sum(axis=1), dtype=np.float32).ravel()
        shares = sparse.diags(1 / np.maximum(totals + np.float32(shrinkage), 1e-12)) @ counts
        return cls(catalog, tuple(columns), pruned(sparse.csr_matrix(shares, dtype=np.float32), neighbours))

    def _given(self, positions: tuple[int, ...]) -> FloatArray:
        rows = self._row[list(dict.fromkeys(positions))]
        weights = fading(len(rows))[rows >= 0]
        return np.asarray(weights @ self._weights[rows[rows >= 0]], dtype=np.float32).ravel()
