"""Everything that scores the catalogue for a query, behind the one contract `retrieval.types.Retriever`.

Ranges of the scores, for whoever blends them (0 everywhere means no opinion):

==========  ==============  =============================================================================
dense       [-1.3, 1.0]     mean of text and liked cosine, minus 0.3 of the nearest disliked cosine
bm25        [0, unbounded)  typically 0 to 30
popularity  [0, 1]          log count over the highest log count
facets      [-0.5, 2.0]     share of wishes met, plus liked overlap, minus half the disliked overlap
==========  ==============  =============================================================================

An item that is itself liked scores high; leave it out with `allowed` where it must not return.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from bm25s.scoring import _select_idf_scorer, _select_tfc_scorer
from bm25s.stopwords import STOPWORDS_EN_PLUS
from bm25s.tokenization import Tokenized
from scipy import sparse

from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.encoder import Encoder, item_text
from retrieval.text import words
from retrieval.types import BoolArray, Constraint, FloatArray, IntArray, Item, Query, Retrieved

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG and tells every build

EXACT_ROWS = 200_000  # up to here exact search costs at most about 20 ms; beyond, HNSW
_RECENT = 20  # liked (and disliked) items that count, the latest ones; each costs a column of the product
_DISLIKED_DENSE = 0.3
_DISLIKED_FACETS = 0.5
_NEARLY_MET = 0.5


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


class ScoringRetriever(ABC):
    """A retriever that can score every item, which makes retrieving the same for all."""

    name: str

    @abstractmethod
    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue: (N,) float32."""

    def retrieve(self, query: Query, k: int, allowed: BoolArray | None = None) -> Retrieved:
        """Return the best k items, or fewer if fewer are allowed: (k,) positions and scores."""
        return top_k(self.scores(query), k, allowed)


class DenseRetriever(ScoringRetriever):
    """Cosine of meaning, exact: to the query's text, and to the liked items (half their mean, half the nearest)."""

    name = "dense"

    def __init__(self, embeddings: FloatArray, encoder: Encoder) -> None:
        self.embeddings = embeddings  # (N, d), unit rows
        self.encoder = encoder

    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue, in [-1.3, 1.0]: (N,)."""
        return self._scores(self.embeddings, self._anchors(query))

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
            score -= _DISLIKED_DENSE * np.maximum(by_disliked.max(axis=1), 0)
        return score


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

    _FEW_ALLOWED = 50_000  # so few rows are faster searched exactly, and a strict filter starves HNSW
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

    def retrieve(self, query: Query, k: int, allowed: BoolArray | None = None) -> Retrieved:
        """Return the best k allowed items, fetching more candidates until enough of them are allowed."""
        anchors = self._anchors(query)
        total = len(self.embeddings)
        usable = total if allowed is None else int(np.count_nonzero(allowed))
        fetch = max(4 * k, 200)
        while fetch < total and usable > self._FEW_ALLOWED and len(anchors[0]) + len(anchors[1]):
            found = self._nearest(anchors, fetch)
            if allowed is not None:
                found = found[allowed[found]]
            if len(found) >= k:
                return self._ranked(found, anchors, k)
            fetch *= 4
        return self._ranked(np.arange(total) if allowed is None else np.flatnonzero(allowed), anchors, k)

    def _ranked(self, found: IntArray, anchors: tuple[FloatArray, FloatArray, FloatArray], k: int) -> Retrieved:
        best = top_k(self._scores(self.embeddings[found], anchors), k)
        return Retrieved(found[best.positions], best.scores)

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


class _Counted(bm25s.BM25):
    """bm25s with the same formulas applied to a matrix of counts at once: 10 times as fast to rebuild after an edit.

    The `ids` that `index` is given are a csr matrix (N, V) of term frequencies.
    """

    def build_index_from_ids(
        self,
        unique_token_ids: Sequence[int],
        corpus_token_ids: Any,  # noqa: ANN401
        show_progress: bool = True,
        leave_progress: bool = False,
    ) -> dict[str, Any]:
        """Override what bm25s invites to override; `tests/test_retrievers.py` holds the two against each other."""
        counts = corpus_token_ids.tocsc()
        self.nonoccurrence_array = None  # only for BM25L and BM25+
        lengths = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()  # (N,)
        frequencies = np.diff(counts.indptr)  # (V,) documents with the term
        idf_of = _select_idf_scorer(self.idf_method)
        idf = {df: idf_of(df, N=counts.shape[0]) if df else 0.0 for df in np.unique(frequencies).tolist()}
        rarity = np.array([idf[df] for df in frequencies.tolist()])
        share = _select_tfc_scorer(self.method)(
            counts.data, lengths[counts.indices], lengths.mean() or 1.0, self.k1, self.b, self.delta
        )
        data = (np.repeat(rarity, frequencies) * share).astype(self.dtype)
        return {
            "data": data,
            "indices": counts.indices,
            "indptr": counts.indptr.astype(np.int64),
            "num_docs": counts.shape[0],
        }


def _lexical_words(item: Item) -> list[str]:
    # Twice the title: what an item is called says more than what is told of it.
    return words(" . ".join([item.title, *item.aliases, item_text(item)]))


class LexicalRetriever(ScoringRetriever):
    """BM25 (Lucene's variant, by bm25s) over title, aliases, facets and description; Chinese by single characters.

    Args:
        previous: the retriever of the catalogue before an edit.
        source: (N,) each row's position in `previous`, -1 where the row must be read again.
    """

    name = "bm25"
    _STOP = frozenset(word for stop in STOPWORDS_EN_PLUS for word in words(stop))

    def __init__(
        self, catalog: Catalog, *, previous: LexicalRetriever | None = None, source: IntArray | None = None
    ) -> None:
        if previous is None or source is None:
            previous, source = None, np.full(len(catalog), -1)
        self._vocabulary: dict[str, int] = {} if previous is None else dict(previous._vocabulary)
        read = self._count([catalog.items[at] for at in np.flatnonzero(source < 0)])
        if previous is None:
            self._counts = read
        else:
            known = previous._counts
            known = sparse.csr_matrix((known.data, known.indices, known.indptr), (known.shape[0], read.shape[1]))
            rows = np.where(source >= 0, source, known.shape[0] + np.cumsum(source < 0) - 1)
            self._counts = sparse.vstack([known, read], format="csr")[rows]
        self._index = _Counted()
        tokenized = Tokenized(ids=self._counts, vocab=self._vocabulary)
        self._index.index(tokenized, show_progress=False, create_empty_token=False)

    def _count(self, items: Sequence[Item]) -> sparse.csr_matrix:
        """Count the words of items, new ones entering the vocabulary: (n, V)."""
        vocabulary = self._vocabulary
        ends, columns = [0], []
        for item in items:
            columns.extend([vocabulary.setdefault(word, len(vocabulary)) for word in _lexical_words(item)])
            ends.append(len(columns))
        ones = np.ones(len(columns), dtype=np.float32)
        counts = sparse.csr_matrix(
            (ones, np.array(columns, dtype=np.int32), np.array(ends, dtype=np.int32)),
            shape=(len(items), max(len(vocabulary), 1)),
        )
        counts.sum_duplicates()
        return counts

    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue, 0 or above: (N,). Stop words count only when a query has nothing else."""
        asked = words(query.text.strip())
        telling = [word for word in asked if word not in self._STOP] or asked
        tokens = [self._vocabulary[word] for word in telling if word in self._vocabulary]
        if not tokens:
            return np.zeros(self._counts.shape[0], dtype=np.float32)
        return np.asarray(self._index.get_scores_from_ids(tokens), dtype=np.float32)


class PopularityRetriever(ScoringRetriever):
    """The same for every query: log counts, over the highest.

    Args:
        catalog: its numeric `popularity` attribute is used when no counts are given; without it all is 0.
        counts: (N,) how often each item was chosen; negative and missing ones count as 0.
    """

    name = "popularity"

    def __init__(self, catalog: Catalog, counts: Sequence[float] | FloatArray | None = None) -> None:
        if counts is None:
            found = (item.attributes.get("popularity") for item in catalog.items)
            counts = [float(v) if isinstance(v, int | float) and not isinstance(v, bool) else 0.0 for v in found]
        logs = np.log1p(np.maximum(np.nan_to_num(np.asarray(counts, dtype=np.float64)), 0))
        self._scores = (logs / max(logs.max(initial=0.0), 1e-12)).astype(np.float32)
        self._scores.flags.writeable = False

    def scores(self, query: Query) -> FloatArray:
        """Return the prior, in [0, 1]: (N,)."""
        return self._scores


class FacetRetriever(ScoringRetriever):
    """What an item shares with the wishes and the liked items: genres, moods, themes, creators, any short attribute.

    The overlap of two items is the cosine of their facet vectors, each value weighted by log(N / items that have it).
    A wish is met by the items that have the value, and half met at most by those that are like them: who asks for
    something slow is nearer to a contemplative film than to a car chase (the centroid of Rocchio, 1971).
    """

    name = "facets"

    def __init__(self, catalog: Catalog, facets: Facets) -> None:
        self._facets = facets
        total = len(catalog)
        # A value that one item alone has joins nothing; leaving it out keeps ids and prose out of the matrix.
        shared = [at for values in facets.postings.values() for at in values.values() if 1 < len(at) < total]
        sizes = np.array([len(at) for at in shared], dtype=np.int64)
        rows = np.concatenate([np.empty(0, dtype=np.int32), *shared])
        weights = np.repeat(np.log(total / np.maximum(sizes, 1)), sizes).astype(np.float32)
        columns = np.repeat(np.arange(len(shared)), sizes)
        matrix = sparse.csr_matrix((weights, (rows, columns)), shape=(total, max(len(shared), 1)))
        norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1))).ravel()  # (N,)
        matrix.data /= np.repeat(np.maximum(norms, 1e-12), np.diff(matrix.indptr)).astype(np.float32)
        self._matrix = matrix  # (N, V), unit or empty rows

    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue, in [-0.5, 2.0]: (N,). A wish counts for items in stock only."""
        score = np.zeros(self._matrix.shape[0], dtype=np.float32)
        for field, value in query.wishes:
            met = self._meets(field, value)
            score += np.maximum(met, _NEARLY_MET * self._near(met)) / np.float32(len(query.wishes))
        profile = self._mean(query.liked) - _DISLIKED_FACETS * self._mean(query.disliked)  # (V,)
        return np.asarray(score + self._matrix @ profile, dtype=np.float32)

    def _meets(self, field: str, value: str) -> BoolArray:
        numeric = field in ("year", "decade", "price") or field in self._facets.numeric_fields
        try:
            wanted = float(value) if numeric else value
        except ValueError:
            return np.zeros(self._matrix.shape[0], dtype=np.bool_)
        return self._facets.mask([Constraint(field, "is", wanted)])

    def _near(self, met: BoolArray) -> FloatArray:
        """Return how like the items that meet a wish each item is, in [0, 1]: (N,)."""
        near = self._matrix @ self._mean(np.flatnonzero(met).tolist())
        return np.asarray(near / max(float(near.max(initial=0.0)), 1e-12), dtype=np.float32)

    def _mean(self, positions: Sequence[int]) -> FloatArray:
        if not positions:
            return np.zeros(self._matrix.shape[1], dtype=np.float32)
        return np.asarray(self._matrix[list(positions)].mean(axis=0), dtype=np.float32).ravel()


def make_retrievers(
    catalog: Catalog,
    facets: Facets,
    embeddings: FloatArray,
    encoder: Encoder,
    *,
    previous: Mapping[str, ScoringRetriever] | None = None,
    source: IntArray | None = None,
    folder: Path | None = None,
) -> dict[str, ScoringRetriever]:
    """Return the retrievers of a catalogue by name; `previous` and `source` save work after an edit."""
    before = previous or {}
    dense, lexical = before.get("dense"), before.get("bm25")
    retrievers: tuple[ScoringRetriever, ...] = (
        DenseRetriever(embeddings, encoder)
        if len(catalog) <= EXACT_ROWS
        else AnnRetriever(
            embeddings,
            encoder,
            previous=dense if isinstance(dense, AnnRetriever) else None,
            source=source,
            folder=folder,
        ),
        LexicalRetriever(catalog, previous=lexical if isinstance(lexical, LexicalRetriever) else None, source=source),
        PopularityRetriever(catalog),
        FacetRetriever(catalog, facets),
    )
    return {retriever.name: retriever for retriever in retrievers}
