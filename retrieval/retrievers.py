"""Everything that scores the catalogue for a query, behind the one contract `retrieval.scoring.ScoringRetriever`.

Ranges of the scores, for whoever blends them (0 everywhere means no opinion):

==========  ==============  =============================================================================
dense       [-1.3, 1.0]     mean of text and liked cosine, minus 0.3 of the nearest disliked cosine
latest      [-1, 1]         cosine to the item liked last
bm25        [0, unbounded)  typically 0 to 30
popularity  [0, 1]          log count over the highest log count
facets      [-0.5, 2.0]     share of wishes met, plus liked overlap, minus half the disliked overlap
==========  ==============  =============================================================================

An item that is itself liked scores high; leave it out with `allowed` where it must not return.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from bm25s.scoring import _select_idf_scorer, _select_tfc_scorer
from bm25s.stopwords import STOPWORDS_EN_PLUS
from bm25s.tokenization import Tokenized
from scipy import sparse

from retrieval.catalog import Catalog
from retrieval.constraints import Facets, listed_values
from retrieval.dense import EXACT_ROWS, AnnRetriever, DenseRetriever, LatestRetriever
from retrieval.encoder import Encoder, item_text
from retrieval.scoring import ScoringRetriever
from retrieval.text import words
from retrieval.types import BoolArray, Constraint, FloatArray, IntArray, Item, Query

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG and tells every build

_DISLIKED = 0.5
_EARLIER = 0.5  # of a wish that newer ones stand before
_NEARLY_MET = 0.5
_LISTED = ("genres", "moods")  # columns whose first value mostly says most of an item
_BEHIND, _LAST = 0.06, 3  # of a wish is not met for each value that stands before the one wished for, up to so many
_SOME = 2_000  # items whose lists show in what order they are
_ALPHABETICAL, _SEVERAL = 0.5, 3  # a share of the lists of so many values, from which their order says nothing
_MENTIONED = np.float32(0.45)  # of a wish for a subject is met by a text that has the word, where others have the theme
_EXAMPLES = 1_000  # items that meet a wish and show what such items are like; more would hardly show another thing


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


def _in_order_of_weight(catalog: Catalog, field: str) -> bool:
    """Whether a column's lists are in an order that may tell what matters most, and not in that of the alphabet."""
    some = catalog.items[:_SOME]
    lists = [listed for item in some if len(listed := listed_values(item, field)) >= _SEVERAL]
    return bool(lists) and sum(listed == sorted(listed) for listed in lists) < _ALPHABETICAL * len(lists)


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
        self._example = lru_cache(256)(self._examples_of)
        self._in_order = frozenset(field for field in _LISTED if _in_order_of_weight(catalog, field))
        self._first = lru_cache(256)(self._firsts_of)

    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue, in [-0.5, 2.0]: (N,). A wish counts for items in stock only."""
        return self._scores(self._matrix, query, slice(None))

    def rough(self, query: Query) -> FloatArray:
        """Score the whole catalogue by the wishes met and the liked overlap, without what is like them: (N,)."""
        score = self._overlap(self._matrix, query)
        for field, value, weight in _weighed(query):
            score += self._met(field, value) * np.float32(weight)
        return score

    def exact(self, query: Query, rough: FloatArray, rows: IntArray) -> FloatArray:
        """Return the scores of n rows, which should hold those that meet the wishes: (n,)."""
        return self._scores(self._matrix[rows], query, rows)

    def _scores(self, matrix: sparse.csr_matrix, query: Query, rows: IntArray | slice) -> FloatArray:
        score = self._overlap(matrix, query)
        for field, value, weight in _weighed(query):
            met = self._met(field, value)[rows]
            near = matrix @ self._example(field, value)
            near *= np.float32(_NEARLY_MET / max(float(near.max(initial=0.0)), 1e-12))
            score += np.maximum(met, near) * np.float32(weight)
        return score

    def _overlap(self, matrix: sparse.csr_matrix, query: Query) -> FloatArray:
        """Return what rows share with the liked items less half of what they share with the disliked: (n,)."""
        if not (query.liked or query.disliked):
            return np.zeros(matrix.shape[0], dtype=np.float32)
        profile = self._mean(query.liked) - _DISLIKED * self._mean(query.disliked)  # (V,)
        return np.asarray(matrix @ profile, dtype=np.float32)

    def _met(self, field: str, value: str) -> FloatArray:
        """Return how far each item meets a wish, in [0, 1]: what only mentions a theme is less about it."""
        met = self._meets(field, value).astype(np.float32)
        if field in self._in_order:
            at = self._facets.postings[field].get(value, np.empty(0, dtype=np.int32))
            met[at] *= self._first(field, value)
        themed = self._facets.postings.get("themes", {}).get(value) if field == "topic" else None
        if themed is None:
            return met
        told = met * _MENTIONED
        told[themed] = met[themed]
        return told

    def firsts(self, field: str, value: str) -> tuple[IntArray, FloatArray]:
        """Return the n items that have a value, (n,), and how far each has it before others, in (0, 1]: (n,)."""
        at = self._facets.postings.get(field, {}).get(value, np.empty(0, dtype=np.int32))
        met = self._first(field, value) if field in self._in_order else np.ones(len(at), dtype=np.float32)
        return at, met

    def _firsts_of(self, field: str, value: str) -> FloatArray:
        """Return how far each of the n items that have a value has it before others, in (0, 1]: (n,)."""
        items = (self._facets.catalog.items[at] for at in self._facets.postings[field].get(value, ()))
        places = (listed_values(item, field).index(value) for item in items)
        return np.array([1 - _BEHIND * min(place, _LAST) for place in places], dtype=np.float32)

    def _meets(self, field: str, value: str) -> BoolArray:
        numeric = field in ("year", "decade", "price") or field in self._facets.numeric_fields
        try:
            wanted = float(value) if numeric else value
        except ValueError:
            return np.zeros(self._matrix.shape[0], dtype=np.bool_)
        return self._facets.mask([Constraint(field, "is", wanted)])

    def _examples_of(self, field: str, value: str) -> FloatArray:
        """Return the mean of items that meet a wish: (V,), to tell how like them the others are."""
        met = np.flatnonzero(self._met(field, value) == 1)
        return self._mean(met[:: max(1, -(-len(met) // _EXAMPLES))])

    def _mean(self, positions: Sequence[int] | IntArray) -> FloatArray:
        """Return the mean of some rows: (V,); their cells are few, and scipy's own way takes ten times as long."""
        matrix, mean = self._matrix, np.zeros(self._matrix.shape[1], dtype=np.float32)
        for at in positions:
            cells = slice(matrix.indptr[at], matrix.indptr[at + 1])
            mean[matrix.indices[cells]] += matrix.data[cells] * np.float32(1 / len(positions))
        return mean


def _weighed(query: Query) -> Iterator[tuple[str, str, float]]:
    """Yield the wishes with their weights, which sum to 1 where something is wished now."""
    total = max(len(query.wishes), 1) + _EARLIER * len(query.earlier)
    yield from ((field, value, 1 / total) for field, value in query.wishes)
    yield from ((field, value, _EARLIER / total) for field, value in query.earlier)


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
    known = dense if isinstance(dense, AnnRetriever) else None
    by_meaning = (
        DenseRetriever(embeddings, encoder)
        if len(catalog) <= EXACT_ROWS
        else AnnRetriever(embeddings, encoder, previous=known, source=source, folder=folder)
    )
    retrievers: tuple[ScoringRetriever, ...] = (
        by_meaning,
        LatestRetriever(by_meaning),
        LexicalRetriever(catalog, previous=lexical if isinstance(lexical, LexicalRetriever) else None, source=source),
        PopularityRetriever(catalog),
        FacetRetriever(catalog, facets),
    )
    return {retriever.name: retriever for retriever in retrievers}
