"""Item-item retrievers: the closed form against least squares, and models that outlive catalogue edits."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.catalog import Catalog
from retrieval.collaborative import CooccurrenceRetriever, EaseRetriever, ItemFactors, ItemSets
from retrieval.errors import ModelError
from retrieval.scoring import top_k
from retrieval.types import Item, Query

RETRIEVERS = [EaseRetriever, CooccurrenceRetriever]


def catalog_of(ids):
    return Catalog([Item(id=i, title=i.upper()) for i in ids])


def sets_of(*people):
    return ItemSets.of([dict.fromkeys(chosen, 1.0) for chosen in people])


# Two camps that share d.
CAMPS = sets_of("ab", "abc", "abd", "bc", "ef", "efd", "fg", "eg", "c")


class TestItemSets:
    def test_is_a_matrix_of_people_by_items(self):
        sets = ItemSets.of([{"b": 1.0, "a": 1.0}, {}, {"a": -1.0, "z": 0.0}])
        assert sets.ids == ("b", "a")
        assert sets.matrix.toarray().tolist() == [[1, 1], [0, 0], [0, -1]]
        assert sets.matrix.dtype == np.float32

    def test_keeps_the_most_frequent(self):
        assert CAMPS.most_frequent(99) is CAMPS
        assert CAMPS.most_frequent(2).ids == ("a", "b")  # a, c, e and f are in three sets, a first
        assert sets_of("xy", "yz", "yz").most_frequent(2).ids == ("y", "z")

    def test_nobody(self):
        assert ItemSets.of([]).matrix.shape == (0, 0)


class TestEase:
    def test_is_the_least_squares_solution_under_a_zero_diagonal(self):
        catalog, l2 = catalog_of("abcdefg"), 0.7
        ease = EaseRetriever.fit(catalog, CAMPS, l2=l2)
        x = CAMPS.matrix.toarray().astype(np.float64)
        for column, item_id in enumerate(CAMPS.ids):
            rest = np.delete(np.arange(len(CAMPS.ids)), column)
            a, b = x[:, rest], x[:, column]
            weights = np.linalg.solve(a.T @ a + l2 * np.eye(len(rest)), a.T @ b)
            for liked, expected in zip(rest, weights, strict=True):
                score = ease.scores(Query(liked=(catalog.positions[CAMPS.ids[liked]],)))
                assert score[catalog.positions[item_id]] == pytest.approx(expected, abs=1e-5)

    def test_a_rejection_counts_against(self):
        catalog = catalog_of("abc")
        people = [{"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 1.0}, {"a": 1.0, "c": -1.0}]
        scores = EaseRetriever.fit(catalog, ItemSets.of(people), l2=1.0).scores(Query(liked=(0,)))
        assert scores[1] > 0 > scores[2]

    @pytest.mark.parametrize("l2", [0, -1.0])
    def test_refuses_what_has_no_inverse(self, l2):
        with pytest.raises(ValueError, match="l2 is"):
            EaseRetriever.fit(catalog_of("ab"), CAMPS, l2=l2)


class TestCooccurrence:
    def test_is_a_shrunk_conditional_probability(self):
        catalog = catalog_of("abcdefg")
        scores = CooccurrenceRetriever.fit(catalog, CAMPS, shrinkage=1.0).scores(Query(liked=(1,)))
        # b is in four sets: three times with a, twice with c, once with d.
        np.testing.assert_allclose(scores, [3 / 5, 0, 2 / 5, 1 / 5, 0, 0, 0])

    def test_refuses_a_negative_shrinkage(self):
        with pytest.raises(ValueError, match="shrinkage is"):
            CooccurrenceRetriever.fit(catalog_of("ab"), CAMPS, shrinkage=-1)


@pytest.mark.parametrize("kind", RETRIEVERS)
class TestBoth:
    def test_finds_the_camp(self, kind):
        catalog = catalog_of("abcdefg")
        found = top_k(kind.fit(catalog, CAMPS).scores(Query(liked=(0, 1))), 5)
        assert {catalog[at].id for at in found.positions[:4]} == set("abcd")

    def test_liking_twice_is_liking_once(self, kind):
        retriever = kind.fit(catalog_of("abcdefg"), CAMPS)
        once, twice = retriever.scores(Query(liked=(0, 3))), retriever.scores(Query(liked=(0, 3, 0)))
        np.testing.assert_array_equal(once, twice)

    def test_a_rejected_item_pushes_its_company(self, kind):
        retriever = kind.fit(catalog_of("abcdefg"), CAMPS)
        plain, pushed = retriever.scores(Query(liked=(3,))), retriever.scores(Query(liked=(3,), disliked=(0,)))
        assert pushed[1] < plain[1]

    def test_few_neighbours_are_the_strongest(self, kind):
        catalog = catalog_of("abcdefg")
        whole, few = (kind.fit(catalog, CAMPS, neighbours=n).scores(Query(liked=(1,))) for n in (99, 1))
        assert np.count_nonzero(few) == 1
        assert few.argmax() == np.abs(whole).argmax()
        assert few.max() == whole.max()

    def test_items_beyond_the_most_frequent_have_no_opinion(self, kind):
        catalog = catalog_of("abcdefg")
        retriever = kind.fit(catalog, CAMPS, most=2)
        assert np.count_nonzero(retriever.scores(Query(liked=tuple(range(7))))) <= 2

    def test_nothing_to_learn_from(self, kind):
        assert not kind.fit(catalog_of("ab"), ItemSets.of([])).scores(Query(liked=(0,))).any()

    def test_survives_a_catalogue_edit(self, kind):
        before = kind.fit(catalog_of("abcdefg"), CAMPS)
        edited = catalog_of(["new", "g", "c", "b", "a"])  # d, e and f are gone
        after = before.on(edited)
        scores = after.scores(Query(liked=(3,)))
        was = before.scores(Query(liked=(1,)))
        assert scores.tolist() == [0, was[6], was[2], was[1], was[0]]
        assert not after.scores(Query(liked=(0,))).any()

    def test_is_saved_and_loaded_for_another_catalogue(self, kind, tmp_path):
        made = kind.fit(catalog_of("abcdefg"), CAMPS)
        path = made.save(tmp_path / "adapter")
        assert path.name == f"{kind.name}.npz"
        assert [p.name for p in path.parent.iterdir()] == [path.name]
        loaded = kind.load(tmp_path / "adapter", catalog_of("bax"))
        was, now = made.scores(Query(liked=(0,))), loaded.scores(Query(liked=(1,)))
        assert now.tolist() == pytest.approx([was[1], was[0], 0], rel=1e-3)  # kept in half precision

    def test_a_missing_or_damaged_model_is_told(self, kind, tmp_path):
        catalog = catalog_of("abcdefg")
        with pytest.raises(ModelError, match=f"no {kind.name} model here"):
            kind.load(tmp_path, catalog)
        path = kind.fit(catalog, CAMPS).save(tmp_path)
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(ModelError, match="not a whole"):
            kind.load(tmp_path, catalog)
        np.savez(path, ids=np.array(["a"]))
        with pytest.raises(ModelError, match="not a whole"):
            kind.load(tmp_path, catalog)


class TestItemFactors:
    def test_are_near_for_what_is_chosen_together(self):
        factors = ItemFactors.fit(CAMPS, 2)
        assert factors.vectors.shape == (7, 2)
        assert np.linalg.norm(factors.vectors, axis=1).max() <= 1 + 1e-6
        near = factors.vectors @ factors.vectors.T
        at = {item_id: n for n, item_id in enumerate(factors.ids)}
        assert near[at["e"], at["f"]] > near[at["e"], at["b"]]
        assert near[at["a"], at["b"]] > near[at["a"], at["g"]]

    def test_are_the_same_every_time(self):
        np.testing.assert_array_equal(ItemFactors.fit(CAMPS, 3).vectors, ItemFactors.fit(CAMPS, 3).vectors)

    def test_too_little_for_the_dimensions_leaves_zeros(self):
        assert not ItemFactors.fit(sets_of("a", "b"), 4).vectors.any()
        assert not ItemFactors.fit(sets_of("ab"), 4).vectors[:, 1:].any()
        assert ItemFactors.fit(ItemSets.of([]), 4).vectors.shape == (0, 4)

    def test_stand_beside_embeddings(self):
        factors = ItemFactors(("b", "gone"), np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32))
        beside = factors.beside(np.ones((2, 1), dtype=np.float32), catalog_of("ab"))
        assert beside.tolist() == [[1, 0, 0], [1, 1, 2]]
