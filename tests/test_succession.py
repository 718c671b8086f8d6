"""What is recommended after what: known counts, order, who spoke, and files that outlive the catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.catalog import Catalog
from retrieval.succession import SuccessionRetriever, fading
from retrieval.types import Item, Query

CATALOG = Catalog([Item(id=i, title=i.upper()) for i in "abcd"])
A, B, C, D = range(4)


def fitted(*sequences, **settings):
    return SuccessionRetriever.fit(CATALOG, sequences, **{"shrinkage": 0.0, **settings})


def told(*ids):
    return [(i, False) for i in ids]


def advised(*ids):
    return [(i, True) for i in ids]


def test_only_what_is_recommended_later_counts():
    model = fitted([*told("a", "b"), *advised("c")], [*advised("d"), *told("a")])
    assert model.scores(Query(liked=(A,))).tolist() == [0, 0, 1, 0]
    assert model.scores(Query(liked=(D,))).tolist() == [0, 0, 0, 0]


def test_shares_are_of_what_followed():
    model = fitted([*told("a"), *advised("c")], [*told("a"), *advised("c")], [*told("a"), *advised("d")])
    assert model.scores(Query(liked=(A,))) == pytest.approx([0, 0, 2 / 3, 1 / 3])
    distrusting = fitted([*told("a"), *advised("c")], shrinkage=1.0)
    assert distrusting.scores(Query(liked=(A,)))[C] == pytest.approx(1 / 2)


def test_what_was_named_last_counts_most():
    model = fitted([*told("a"), *advised("c")], [*told("b"), *advised("d")])
    scores = model.scores(Query(liked=(A, B)))
    assert scores[D] == 1
    assert scores[C] == pytest.approx(fading(2)[0])
    assert 0 < scores[C] < 1


def test_a_second_mention_is_none():
    model = fitted([*told("a"), *advised("b", "a", "b")])
    assert model.scores(Query(liked=(B,))).tolist() == [0, 0, 0, 0]


def test_saved_and_read_for_another_catalogue(tmp_path):
    fitted([*told("a"), *advised("c", "d")]).save(tmp_path)
    later = Catalog([Item(id=i, title=i) for i in ("new", "d", "a")])
    scores = SuccessionRetriever.load(tmp_path, later).scores(Query(liked=(2,)))
    assert scores[1] > 0
    assert np.count_nonzero(scores) == 1


def test_refuses_a_negative_shrinkage():
    with pytest.raises(ValueError, match="shrinkage is -1"):
        fitted(shrinkage=-1)
