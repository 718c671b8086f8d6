"""Past moments: words find what was recommended to those who said alike, and files that outlive the catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.catalog import Catalog
from retrieval.errors import ModelError
from retrieval.neighbours import Moments, NeighbourRetriever, latest
from retrieval.types import Item, Query
from tests.fakes import BagEncoder

CATALOG = Catalog([Item(id=i, title=i.upper()) for i in "abc"])
SAID = ["something scary with ghosts", "a scary ghost story please", "a romantic comedy", ""]
CHOSEN = [["a"], ["a", "b"], ["c"], ["c"]]


def retriever(catalog=CATALOG):
    encoder = BagEncoder()
    return NeighbourRetriever(catalog, Moments.of(SAID, CHOSEN, encoder), encoder)


def test_like_words_lead_to_like_items():
    assert retriever().scores(Query("something scary with ghosts")).argmax() == 0
    scores = retriever().scores(Query("a scary ghost story please"))
    assert scores[0] == pytest.approx(1, abs=1e-3)
    assert scores[1] == pytest.approx(1, abs=1e-3)
    assert scores[2] < 1e-3
    assert retriever().scores(Query("some romantic comedy")).argmax() == 2


def test_no_words_no_opinion():
    assert not retriever().scores(Query("  ")).any()
    empty = NeighbourRetriever(CATALOG, Moments.of([], [], BagEncoder()), BagEncoder())
    assert not empty.scores(Query("anything")).any()


def test_the_end_of_what_was_said_counts():
    assert latest("x" * 500 + "end").endswith("end")
    assert len(latest("x" * 500)) == 400


def test_saved_and_read_for_another_catalogue(tmp_path):
    retriever().save(tmp_path)
    later = Catalog([Item(id=i, title=i) for i in ("new", "b", "a")])
    found = NeighbourRetriever.load(tmp_path, later, BagEncoder()).scores(Query("scary ghosts"))
    before = retriever().scores(Query("scary ghosts"))
    assert found.tolist() == [0, before[1], before[0]]
    assert np.array_equal(retriever().on(later, BagEncoder()).scores(Query("scary ghosts")), found)


def test_damage_and_other_encoders_are_told(tmp_path):
    with pytest.raises(ModelError, match="no past moments"):
        NeighbourRetriever.load(tmp_path, CATALOG, BagEncoder())
    path = retriever().save(tmp_path)
    with pytest.raises(ModelError, match="256 dimensions, the encoder 8"):
        NeighbourRetriever.load(tmp_path, CATALOG, BagEncoder(8))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match="not whole"):
        NeighbourRetriever.load(tmp_path, CATALOG, BagEncoder())
