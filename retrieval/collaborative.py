"""Item-item retrievers: what else those chose who chose what this person likes.

Both learn a sparse matrix of item-item weights from sets of items (of people, of dialogues), and score an item by the
sum of its weights from the liked items. A model keeps catalogue ids, not positions, so it outlives every edit: an item
that is gone is dropped, a new one scores 0 and is left to the other retrievers until the next fit.

============  ==============  =========================================================================
ease          about [-1, 2]   regression weights, mostly within [-0.1, 0.5] a liked item
cooccurrence  [0, unbounded)  a probability for each liked item, less half of that for a disliked one
============  ==============  =========================================================================
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import svds

from retrieval.catalog import Catalog
from retrieval.errors import ModelError
from retrieval.files import replacing
from retrieval.scoring import ScoringRetriever
from retrieval.types import FloatArray, IntArray, Query

MOST_ITEMS = 20_000  # the most frequent ones beyond: 1.6 GB and some minutes for the dense inverse
NEIGHBOURS = 200  # weights kept an item: on ReDial 100 rank as all do (docs/experiments.md)
_DISLIKED = 0.5  # of a liked item's weight
_SMOOTHING = 0.75  # exponent of the contexts' frequencies


@dataclass(frozen=True, slots=True)
class ItemSets:
    """Which items each person, or each dialogue, chose.

    Attributes:
        ids: (A,) catalogue ids, every one of which occurs.
        matrix: (U, A) float32, people by items: 1 chosen, below 0 rejected, 0 unknown.
    """

    ids: tuple[str, ...]
    matrix: sparse.csr_matrix

    @classmethod
    def of(cls, people: Iterable[Mapping[str, float]]) -> ItemSets:
        """Collect sets given as ``{"film-alien-1979": 1.0, "film-stalker-1979": -1.0}``."""
        columns: dict[str, int] = {}
        values: list[float] = []
        indices: list[int] = []
        ends = [0]
        for chosen in people:
            for item_id, value in chosen.items():
                if value:
                    indices.append(columns.setdefault(item_id, len(columns)))
                    values.append(value)
            ends.append(len(indices))
        matrix = sparse.csr_matrix(
            (np.array(values, dtype=np.float32), np.array(indices, dtype=np.int32), np.array(ends)),
            shape=(len(ends) - 1, len(columns)),
        )
        return cls(tuple(columns), matrix)

    def most_frequent(self, count: int) -> ItemSets:
        """Return the sets without all but the most frequent items, ties in the order of their first occurrence."""
        if len(self.ids) <= count:
            return self
        kept = np.sort(np.argsort(-self.matrix.getnnz(axis=0), kind="stable")[:count])
        return ItemSets(tuple(self.ids[at] for at in kept), self.matrix[:, kept])


class ItemItemRetriever(ScoringRetriever):
    """Scores by weights between items, which a subclass learns.

    Args:
        catalog: what is scored.
        ids: (A,) the items the weights are about; those that the catalogue lacks are dropped.
        weights: (A, A), row i says what liking item i gives to the others; empty diagonal.
    """

    def __init__(self, catalog: Catalog, ids: tuple[str, ...], weights: sparse.csr_matrix) -> None:
        self._ids, self._weights = ids, weights
        at = np.array([catalog.positions.get(item_id, -1) for item_id in ids], dtype=np.int64)  # (A,)
        self._known = at >= 0
        self._at: IntArray = at[self._known]
        self._row: IntArray = np.full(len(catalog), -1, dtype=np.int64)  # (N,) of the weights, -1: never chosen
        self._row[self._at] = np.flatnonzero(self._known)

    @classmethod
    def learn(cls, sets: ItemSets) -> FloatArray:
        """Return the dense weights (A, A); the diagonal does not matter."""
        raise NotImplementedError

    @classmethod
    def _fit(cls, catalog: Catalog, sets: ItemSets, weights: FloatArray, neighbours: int) -> Self:
        np.fill_diagonal(weights, 0)
        return cls(catalog, sets.ids, _pruned(weights, neighbours))

    def on(self, catalog: Catalog) -> Self:
        """Return the same model for another version of the catalogue; the weights are shared."""
        return type(self)(catalog, self._ids, self._weights)

    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue: (N,); 0 for what nobody chose, and everywhere if nothing known is liked."""
        result = np.zeros(len(self._row), dtype=np.float32)
        total = self._given(query.liked) - _DISLIKED * self._given(query.disliked)  # (A,)
        result[self._at] = total[self._known]
        return result

    def _given(self, positions: tuple[int, ...]) -> FloatArray:
        rows = self._row[list(dict.fromkeys(positions))]
        return np.asarray(self._weights[rows[rows >= 0]].sum(axis=0), dtype=np.float32).ravel()

    def save(self, folder: Path) -> Path:
        """Write the model into a folder, whole or not at all; return the file, ``ease.npz``."""
        path = folder / f"{self.name}.npz"
        weights = self._weights
        with replacing(path) as aside, aside.open("wb") as file:
            data = weights.data.astype(np.float16)  # three digits are more than a ranking needs
            np.savez_compressed(
                file, ids=np.array(self._ids), data=data, indices=weights.indices, indptr=weights.indptr
            )
        return path

    @classmethod
    def load(cls, folder: Path, catalog: Catalog) -> Self:
        """Read what `save` wrote, for the catalogue as it is now.

        Raises:
            ModelError: there is no such file, or it is damaged.
        """
        path = folder / f"{cls.name}.npz"
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                ids = tuple(kept["ids"].tolist())
                parts = kept["data"].astype(np.float32), kept["indices"], kept["indptr"]
            weights = sparse.csr_matrix(parts, shape=(len(ids), len(ids)))
            weights.check_format()
        except FileNotFoundError as error:
            raise ModelError(f"{path}: no {cls.name} model here; fit it and save it into this folder") from error
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(f"{path}: not a whole {cls.name} model ({error}); fit and save it again") from error
        return cls(catalog, ids, weights)


class EaseRetriever(ItemItemRetriever):
    """A linear autoencoder without self-weights (Steck, "Embarrassingly shallow autoencoders", WWW 2019)."""

    name = "ease"

    @classmethod
    def fit(
        cls,
        catalog: Catalog,
        sets: ItemSets,
        *,
        l2: float = 150.0,
        most: int = MOST_ITEMS,
        neighbours: int = NEIGHBOURS,
    ) -> Self:
        """Learn from sets of items, in closed form.

        With the Gram matrix G = XᵀX and P = (G + λI)⁻¹, the weights are B = I - P · diag(1 / diag P): the least squares
        of X ≈ XB under a zero diagonal (Steck 2019, equations 5 to 8). Takes 10 s for 5,000 items on one core and grows
        with the cube.

        Args:
            catalog: what is scored.
            sets: rejected items take part with their negative values.
            l2: λ, in counts; the fewer the sets, the lower the best one.
            most: at most so many items, the most frequent ones.
            neighbours: weights kept an item, the largest by absolute value.

        Raises:
            ValueError: λ is not positive.
        """
        if l2 <= 0:
            raise ValueError(f"l2 is {l2}; expected a positive number, such as 150")
        sets = sets.most_frequent(most)
        gram = (sets.matrix.T @ sets.matrix).toarray().astype(np.float32)  # (A, A)
        gram[np.diag_indices_from(gram)] += l2
        inverse = linalg.inv(gram, overwrite_a=True, check_finite=False, assume_a="pos") if len(gram) else gram
        return cls._fit(catalog, sets, -inverse / inverse.diagonal(), neighbours)


class CooccurrenceRetriever(ItemItemRetriever):
    """Conditional probability: how many of those who chose the liked item chose this one too.

    Deshpande and Karypis, "Item-based top-N recommendation algorithms", TOIS 2004, section 4.1.2, with shrinkage
    instead of their popularity exponent: c(i, j) / (c(i) + shrinkage).
    """

    name = "cooccurrence"

    @classmethod
    def fit(
        cls,
        catalog: Catalog,
        sets: ItemSets,
        *,
        shrinkage: float = 20.0,
        most: int = MOST_ITEMS,
        neighbours: int = NEIGHBOURS,
    ) -> Self:
        """Count co-occurrences; see `EaseRetriever.fit`. `shrinkage`, in counts, distrusts what was seldom chosen.

        Raises:
            ValueError: the shrinkage is negative.
        """
        if shrinkage < 0:
            raise ValueError(f"shrinkage is {shrinkage}; expected 0 or more, such as 20")
        sets = sets.most_frequent(most)
        chosen = (sets.matrix > 0).astype(np.float32)
        together = (chosen.T @ chosen).toarray()  # (A, A)
        weights = together / np.maximum(together.diagonal() + np.float32(shrinkage), 1e-12)[:, None]
        return cls._fit(catalog, sets, weights, neighbours)


@dataclass(frozen=True, slots=True)
class ItemFactors:
    """Few numbers an item, near for items that the same people choose: `ids` (A,), `vectors` (A, C) float32.

    The largest singular directions of the positive pointwise mutual information of co-occurrence, U √Σ, with the
    smoothing of frequent contexts (Levy, Goldberg and Dagan, "Improving distributional similarity with lessons learned
    from word embeddings", TACL 2015, sections 2.2 and 3.3). Rows have at most unit length; those of items that seldom
    occur are shorter, since they say little.
    """

    ids: tuple[str, ...] = ()
    vectors: FloatArray = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))

    @classmethod
    def fit(cls, sets: ItemSets, dimensions: int, most: int = MOST_ITEMS) -> ItemFactors:
        """Learn from what was chosen together; the same sets give the same factors."""
        sets = sets.most_frequent(most)
        chosen = (sets.matrix > 0).astype(np.float64)
        together = sparse.csr_matrix(chosen.T @ chosen)
        together.setdiag(0)
        together.eliminate_zeros()
        vectors = np.zeros((len(sets.ids), dimensions), dtype=np.float32)
        rank = min(dimensions, len(sets.ids) - 1)
        if not together.nnz or rank < 1:
            return cls(sets.ids, vectors)
        pairs = together.tocoo()
        often = np.asarray(together.sum(axis=1)).ravel()  # (A,)
        smoothed = often**_SMOOTHING
        information = np.log(pairs.data * smoothed.sum() / (often[pairs.row] * smoothed[pairs.col]))
        positive = sparse.csr_matrix((np.maximum(information, 0), (pairs.row, pairs.col)), shape=together.shape)
        left, values, _ = svds(positive, k=rank, v0=np.ones(len(sets.ids)))
        found = left * np.sqrt(values)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        typical = np.median(lengths[lengths > 0]) if (lengths > 0).any() else 1.0
        vectors[:, :rank] = found / np.maximum(lengths, typical)
        return cls(sets.ids, vectors)

    def beside(self, embeddings: FloatArray, catalog: Catalog) -> FloatArray:
        """Return embeddings (N, E) with the factors beside them, 0 where an item has none: (N, E + C)."""
        found = np.zeros((len(catalog), self.vectors.shape[1]), dtype=np.float32)
        for item_id, vector in zip(self.ids, self.vectors, strict=True):
            if (at := catalog.positions.get(item_id)) is not None:
                found[at] = vector
        return np.concatenate([np.asarray(embeddings, dtype=np.float32), found], axis=1)


def pruned(weights: sparse.csr_matrix, neighbours: int) -> sparse.csr_matrix:
    """Return the largest weights of every row by absolute value: at most `neighbours` in each."""
    kept = weights.copy()
    for start, end in zip(kept.indptr[:-1], kept.indptr[1:], strict=True):
        if end - start > neighbours:
            row = kept.data[start:end]  # a view
            row[np.argpartition(np.abs(row), end - start - neighbours)[: end - start - neighbours]] = 0
    kept.eliminate_zeros()
    return kept


def _pruned(weights: FloatArray, neighbours: int) -> sparse.csr_matrix:
    """Return the same of dense weights, which are overwritten."""
    size = len(weights)
    if size > neighbours:
        for row in weights:  # row by row, since an argpartition of the whole takes twice the memory of the matrix
            row[np.argpartition(np.abs(row), size - neighbours)[: size - neighbours]] = 0
    return sparse.csr_matrix(weights, dtype=np.float32)
