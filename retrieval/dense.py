"""Retrieval by meaning: exact cosines, rough ones of few dimensions, and a graph for the largest catalogues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from retrieval.encoder import Encoder
from retrieval.scoring import WHOLE_ROWS, ScoringRetriever
from retrieval.types import FloatArray, IntArray, Query

EXACT_ROWS = 200_000  # up to here the nearest are searched exactly; beyond, by HNSW
_RECENT = 20  # liked (and disliked) items that count, the latest ones; each costs a column of the product
_DISLIKED = 0.3
_ROUGH = 24  # dimensions of the rough cosines: 0.4 ms for 100,000 rows, where all 384 take 10 ms
_SAMPLE = 5_000  # rows by which those dimensions are chosen


class DenseRetriever(ScoringRetriever):
    """Cosine of meaning, exact: to the query's text, and to the liked items (half their mean, half the nearest)."""

    name = "dense"

    def __init__(self, embeddings: FloatArray, encoder: Encoder) -> None:
        self.embeddings = embeddings  # (N, d), unit rows
        self.encoder = encoder
        between = WHOLE_ROWS < len(embeddings) <= EXACT_ROWS
        self._axes = _principal_axes(embeddings) if between else None  # (d, r)
        self._short = None if self._axes is None else embeddings @ self._axes  # (N, r)

    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue, in [-1.3, 1.0]: (N,)."""
        return self._scores(self.embeddings, self._anchors(query))

    def rough(self, query: Query) -> FloatArray:
        """Score the whole catalogue in few dimensions, the nearest liked item's part by the mean of all: (N,)."""
        if self._axes is None or self._short is None:
            return self.scores(query)
        text, liked, disliked = (anchors.mean(axis=0) if len(anchors) else None for anchors in self._anchors(query))
        wanted = [part for part in (text, liked) if part is not None]
        anchor = np.mean(wanted, axis=0) if wanted else np.zeros(len(self._axes), dtype=np.float32)
        if disliked is not None:
            anchor = anchor - _DISLIKED * disliked
        return np.asarray(self._short @ (anchor @ self._axes), dtype=np.float32)

    def exact(self, query: Query, rough: FloatArray, rows: IntArray) -> FloatArray:
        """Return the scores of n rows: (n,)."""
        return self._scores(self.embeddings[rows], self._anchors(query))

    def _anchors(self, query: Query) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what is compared with, unit rows: text (0 or 1, d), liked (l, d), disliked (u, d)."""
        text = query.text.strip()
        none = np.empty((0, self.embeddings.shape[1]), dtype=np.float32)
        wished = self.encoder.encode([text]) if text else none
        return (
            wished,
            self.embeddings[list(query.liked[-_RECENT:])],
            self.embeddings[list(query.disliked[-_RECENT:])],
        )

    @staticmethod
    def _scores(rows: FloatArray, anchors: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
        text, liked, disliked = anchors
        cosines = rows @ np.concatenate(anchors).T  # (n, 0..1 + l + u): one pass over the rows
        ends = np.cumsum([len(text), len(liked)])
        by_text, by_liked, by_disliked = np.split(cosines, ends, axis=1)
        score = np.zeros(len(rows), dtype=np.float32)
        if len(text):
            score += by_text[:, 0]
        if len(liked):
            score += (by_liked.mean(axis=1) + by_liked.max(axis=1)) / 2
        if len(text) and len(liked):
            score /= 2
        if len(disliked):
            score -= _DISLIKED * np.maximum(by_disliked.max(axis=1), 0)
        return score


class LatestRetriever(ScoringRetriever):
    """Cosine of meaning to the item liked last: what people turn to next lies nearer to it than to all they like."""

    name = "latest"

    def __init__(self, dense: DenseRetriever) -> None:
        self._dense = dense

    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue, in [-1, 1], 0 where nothing is liked: (N,)."""
        return self._dense.scores(_latest(query))

    def rough(self, query: Query) -> FloatArray:
        """Score the whole catalogue in few dimensions: (N,)."""
        return self._dense.rough(_latest(query))

    def exact(self, query: Query, rough: FloatArray, rows: IntArray) -> FloatArray:
        """Return the scores of n rows: (n,)."""
        return self._dense.exact(_latest(query), rough, rows)


def _latest(query: Query) -> Query:
    return Query(liked=query.liked[-1:])


class AnnRetriever(DenseRetriever):
    """`DenseRetriever` for catalogues beyond `EXACT_ROWS`: usearch HNSW finds candidates, exact scores rank them.

    `scores` are exact for the found items and 0 for the others. Keys in the graph are never reused:
    `places` maps a key to its item's position, -1 when the item is gone or changed, so that an edited
    catalogue shares its predecessor's graph and only adds the changed rows.

    Args:
        previous: the retriever of the catalogue before an edit.
        source: (N,) each row's position in `previous`, no two alike, -1 where the row is new or changed.
        folder: a generation's folder with a saved graph; unreadable or misfitting ones are built again.
    """

    _STALE = 0.25  # share of gone keys beyond which the graph is built anew

    def __init__(
        self,
        embeddings: FloatArray,
        encoder: Encoder,
        *,
        previous: AnnRetriever | None = None,
        source: IntArray | None = None,
        folder: Path | None = None,
    ) -> None:
        super().__init__(embeddings, encoder)
        if not (self._extend(previous, source) or self._restore(folder)):
            self.graph = _new_graph(embeddings.shape[1])
            self.places: IntArray = np.arange(len(embeddings))
            self.graph.add(self.places, embeddings)

    def _extend(self, previous: AnnRetriever | None, source: IntArray | None) -> bool:
        if previous is None or source is None:
            return False
        added = np.flatnonzero(source < 0)
        known = len(previous.graph)
        if len(self.embeddings) < (1 - self._STALE) * (known + len(added)) or known != len(previous.places):
            return False
        kept = np.flatnonzero(source >= 0)
        now = np.full(len(previous.embeddings), -1, dtype=np.int64)
        now[source[kept]] = kept
        places = np.where(previous.places >= 0, now[previous.places], -1)
        self.graph, self.places = previous.graph, np.concatenate([places, added])
        if len(added):
            self.graph.add(np.arange(known, known + len(added)), self.embeddings[added])
        return True

    def _restore(self, folder: Path | None) -> bool:
        if folder is None or not (folder / "graph.usearch").is_file():
            return False
        try:
            graph = _new_graph(self.embeddings.shape[1])
            graph.load(str(folder / "graph.usearch"))
            places = np.load(folder / "places.npy")
        except (OSError, RuntimeError, ValueError):
            return False
        whole = np.array_equal(np.sort(places[places >= 0]), np.arange(len(self.embeddings)))
        if len(graph) != len(places) or graph.ndim != self.embeddings.shape[1] or not whole:
            return False
        self.graph, self.places = graph, places
        return True

    def save(self, folder: Path) -> None:
        """Keep the graph in a generation's folder."""
        np.save(folder / "places.npy", self.places)
        self.graph.save(str(folder / "graph.usearch"))

    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue: (N,); 0 for items outside the 1,000 nearest of every anchor."""
        anchors = self._anchors(query)
        found = self._nearest(anchors, 1_000)
        result = np.zeros(len(self.embeddings), dtype=np.float32)
        result[found] = self._scores(self.embeddings[found], anchors)
        return result

    def _nearest(self, anchors: tuple[FloatArray, FloatArray, FloatArray], count: int) -> IntArray:
        wanted = np.concatenate(anchors[:2])
        if not len(wanted):
            return np.empty(0, dtype=np.int64)
        keys = np.concatenate([self.graph.search(row, count).keys for row in wanted]).astype(np.int64)
        # Keys beyond `places` were added for a newer catalogue that shares this graph.
        places = self.places[keys[keys < len(self.places)]]
        return np.unique(places[places >= 0])


def _new_graph(dimension: int) -> Any:  # noqa: ANN401 - usearch has no types
    from usearch.index import Index

    return Index(ndim=dimension, metric="ip", dtype="bf16")


def _principal_axes(rows: FloatArray) -> FloatArray:
    """Return the directions in which the rows differ most: (N, d) to (d, r), orthonormal columns."""
    some = np.asarray(rows[:: -(-len(rows) // _SAMPLE)], dtype=np.float32)
    _, axes = np.linalg.eigh(some.T @ some)  # ascending
    return np.ascontiguousarray(axes[:, -_ROUGH:])
