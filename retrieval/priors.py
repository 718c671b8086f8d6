"""What is known of an item before anybody has said a word, for the ranker: how often recommended, how recent."""

from __future__ import annotations

import numpy as np

from retrieval.catalog import Catalog
from retrieval.retrievers import PopularityRetriever
from retrieval.scoring import ScoringRetriever
from retrieval.types import FloatArray, Query

_FROM, _SPAN = 1960, 60  # years that are told apart


class RecommendedRetriever(PopularityRetriever):
    """How often assistants named an item, while `popularity` counts everybody: on the same scale, in [0, 1]."""

    name = "recommended"


class RecencyRetriever(ScoringRetriever):
    """How late an item came out, in [0, 1]; 0 where the year is unknown."""

    name = "recency"

    def __init__(self, catalog: Catalog) -> None:
        years = np.array([item.year or _FROM for item in catalog], dtype=np.float32)
        self._scores: FloatArray = np.clip((years - _FROM) / _SPAN, 0, 1)
        self._scores.flags.writeable = False

    def scores(self, query: Query) -> FloatArray:
        """Return the prior: (N,)."""
        return self._scores
