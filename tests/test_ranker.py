"""The ranker: serving is what was fitted, a rule is learnt, missing parts and damaged files."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from chat.forest import Forest
from chat.ranker import CONTEXT, Ranker, candidates, describe, wide
from finetune import ranking
from finetune.cases import Case
from finetune.ranking import Turns, _Net, cross_fit, fit_ranker, grow, settings_of
from retrieval.errors import ModelError, NamedropError
from retrieval.types import Query

ITEMS, TURNS = 40, 1200
SETTINGS = settings_of(["ease", "popularity", "bm25"])


def world():
    """Return cases whose target is best by `ease` when something is liked, else by `bm25`; `popularity` is noise."""
    rng = np.random.default_rng(0)
    cases, scores = [], []
    for n in range(TURNS):
        parts = {name: rng.normal(size=ITEMS).astype(np.float32) for name in SETTINGS.parts}
        liked = (0,) if n % 2 else ()
        told = parts["ease" if liked else "bm25"].copy()
        told[list(liked)] = -9
        target = int(told.argmax())
        cases.append(Case(n // 4, None, Query("x" * (n % 7), liked), liked, (target,), (True,)))
        scores.append(parts)
    return cases, scores


CASES, SCORES = world()


def allowed(case):
    usable = np.ones(ITEMS, dtype=np.bool_)
    usable[list(case.mentioned)] = False
    return usable


@pytest.fixture(scope="module")
def turns():
    return Turns.of(SETTINGS, CASES, lambda n: SCORES[n], allowed)


def first(ranker, n):
    usable = allowed(CASES[n])
    return int(np.where(usable, ranker.scores(CASES[n].query, SCORES[n], usable), -np.inf).argmax())


def test_learns_a_rule_that_depends_on_the_dialogue(turns):
    rankers = cross_fit(SETTINGS, turns, members=1, epochs=20)
    hits = [first(rankers[case.cluster % 5], n) == case.targets[0] for n, case in enumerate(CASES)]
    best = np.mean([int(np.argmax(parts["ease"])) == c.targets[0] for parts, c in zip(SCORES, CASES, strict=True)])
    assert np.mean(hits) > best + 0.15


def test_serving_is_what_was_fitted(turns):
    torch.manual_seed(1)
    features, context = torch.from_numpy(turns.features), torch.from_numpy(turns.context)
    net = _Net(features.flatten(0, 1), SETTINGS.blend).eval()
    torch.nn.init.normal_(net.gates.weight)
    torch.nn.init.normal_(net.outer.weight)
    with torch.no_grad():
        expected = net(features[:3], context[:3]).numpy()
    ranker = Ranker(SETTINGS, [net.layers()])
    for row in range(3):
        given = ranker.rank(turns.features[row], turns.context[row])
        assert np.exp(given).sum() == pytest.approx(1, abs=1e-4)
        assert given - given[0] == pytest.approx(expected[row] - expected[row][0], abs=1e-4)


def test_a_forest_says_what_scikit_learn_says(turns, monkeypatch):
    from sklearn.ensemble import HistGradientBoostingClassifier

    fitted = []
    fit = HistGradientBoostingClassifier.fit
    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", lambda self, *a: fitted.append(self) or fit(self, *a))
    forest = grow(turns, np.arange(TURNS), seed=0)
    assert len(forest.feature) == TURNS // 20
    for row in range(3):
        rows = wide(turns.features[row], turns.context[row])
        theirs = fitted[0].decision_function(rows) - fitted[0]._baseline_prediction.item()
        assert forest.scores(rows) == pytest.approx(theirs, abs=1e-5)


def test_a_forest_learns_from_the_best_and_from_some_of_the_rest(monkeypatch):
    monkeypatch.setattr(ranking, "_HARD", 4)
    monkeypatch.setattr(ranking, "_EASY", 3)
    wanted = np.zeros((50, 16), dtype=np.float32)
    wanted[np.arange(50), np.arange(50) % 16] = 1
    chosen, weights = ranking._sampled(wanted, seed=1)
    assert chosen[:, :4].all()
    assert chosen[wanted > 0].all()
    assert (weights[wanted > 0] == 1).all()
    easy = chosen[:, 4:] & (wanted[:, 4:] == 0)
    assert set(easy.sum(axis=1).tolist()) <= {2, 3}
    assert (weights[:, 4:][easy] == 4).all()


def test_turns_with_fewer_candidates_teach_nothing_of_those_that_are_not_there(turns):
    def half(case):
        usable = allowed(case)
        usable[20:] &= case.cluster % 10 != 0
        return usable

    some = Turns.of(SETTINGS, CASES, lambda n: SCORES[n], half)
    assert {*some.there.sum(axis=1).tolist()} <= {19, 20, 39, 40}
    shifted = replace(some, features=np.where(some.there[..., None], some.features, np.float32(99)))
    rows = np.arange(TURNS)
    for name, tensor in ranking.fit(SETTINGS, some, rows, seed=0, epochs=1).items():
        assert tensor == pytest.approx(ranking.fit(SETTINGS, shifted, rows, seed=0, epochs=1)[name])
    left, right = (grow(each, rows, seed=0).tensors() for each in (some, shifted))
    assert all((left[name] == right[name]).all() for name in left)


def test_without_a_target_among_the_candidates_nothing_can_be_fitted(turns):
    lost = replace(turns, wanted=np.zeros_like(turns.wanted))
    with pytest.raises(NamedropError, match="give more dialogues"):
        fit_ranker(SETTINGS, lost)


def test_few_turns_grow_few_trees_or_none(turns):
    assert len(grow(turns, np.arange(1000), seed=0).feature) == 50
    assert grow(turns, np.arange(999), seed=0) is None
    assert fit_ranker(SETTINGS, turns, rows=np.arange(99), members=1).forests == []


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [("left", 99, "lead out of themselves"), ("right", -1, "lead out of themselves"), ("feature", 50, "more than 14")],
)
def test_a_damaged_forest_is_refused(turns, name, value, reason):
    kept = grow(turns, np.arange(1000), seed=0).tensors()
    assert Forest.of(kept, 14).scores(np.zeros((2, 14), dtype=np.float32)).shape == (2,)
    kept[name][0, 0] = value
    with pytest.raises(ValueError, match=reason):
        Forest.of(kept, 14)


def _chain(leaves: int) -> dict[str, np.ndarray]:
    """Return one tree that asks of feature 0 whether it is up to 0, 1, 2, …; each answer yes is a leaf."""
    nodes = 2 * leaves - 1
    own = np.arange(nodes)[None]
    tree = {"left": own.copy(), "right": own.copy(), "feature": np.zeros((1, nodes), dtype=np.int64)}
    tree |= {"threshold": np.zeros((1, nodes)), "value": np.arange(nodes, dtype=np.float32)[None]}
    for at in range(leaves - 1):
        tree["left"][0, 2 * at], tree["right"][0, 2 * at], tree["threshold"][0, 2 * at] = 2 * at + 1, 2 * at + 2, at
    return tree


@pytest.mark.parametrize("leaves", [1, 2, 16, 17, 33, 64])
def test_trees_of_any_size_say_what_walking_them_says(leaves):
    rows = np.linspace(-1, leaves, 4 * leaves + 5, dtype=np.float32)[:, None]
    steps = np.clip(np.ceil(rows[:, 0]), 0, leaves - 1)
    expected = np.where(steps < leaves - 1, 2 * steps + 1, 2 * (leaves - 1))
    assert Forest.of(_chain(leaves), 1).scores(rows) == pytest.approx(expected)


def test_a_threshold_between_two_numbers_of_single_precision_is_kept():
    tree = _chain(2)
    tree["threshold"][0, 0] = 0.1  # above the number of single precision that is nearest to it
    rows = np.float32([[0.1], [np.nextafter(np.float32(0.1), np.float32(0))]])
    assert (rows[:, 0].astype(np.float64) <= 0.1).tolist() == [False, True]
    assert Forest.of(tree, 1).scores(rows).tolist() == [2, 1]


def test_a_tree_of_too_many_leaves_or_with_one_child_is_refused():
    with pytest.raises(ValueError, match="more than 64 leaves"):
        Forest.of(_chain(65), 1)
    tree = _chain(3)
    tree["right"][0, 0] = 0
    with pytest.raises(ValueError, match="one child"):
        Forest.of(tree, 1)


def test_many_turns_are_fitted_by_several_processes_alike(turns, monkeypatch):
    monkeypatch.setattr(ranking, "FORESTS", 0)
    monkeypatch.setattr(ranking, "cores", lambda: 2)
    found = cross_fit(SETTINGS, turns, members=1, epochs=1)
    rest = np.flatnonzero(turns.clusters % ranking.FOLDS != 3)
    expected = fit_ranker(SETTINGS, turns, rest, members=1, epochs=1)
    for name, layer in expected.members[0].items():
        assert np.allclose(found[3].members[0][name], layer, atol=1e-5)


def test_the_same_data_give_the_same_ranker(turns):
    one, other = (fit_ranker(SETTINGS, turns, members=1) for _ in range(2))
    assert all(np.array_equal(one.members[0][name], other.members[0][name]) for name in one.members[0])
    for mine, theirs in zip(one.forests, other.forests, strict=True):
        assert all(np.array_equal(mine.tensors()[name], theirs.tensors()[name]) for name in mine.tensors())


def test_everything_beyond_the_candidates_ranks_below(turns, monkeypatch):
    ranker = fit_ranker(SETTINGS, turns, members=1)
    monkeypatch.setattr("chat.ranker.candidates", lambda *args: candidates(*args, k=5))
    allowed = np.ones(ITEMS, dtype=np.bool_)
    total = ranker.scores(Query(), SCORES[0], allowed)
    chosen = candidates(SETTINGS, SCORES[0], allowed, 5)
    assert set(np.argsort(-total)[:5]) == set(chosen.positions)
    rest = np.setdiff1d(np.arange(ITEMS), chosen.positions)
    assert np.array_equal(np.argsort(-total[rest]), np.argsort(-chosen.blend[rest]))


def test_a_missing_part_and_an_empty_shop():
    ranker = Ranker(SETTINGS, [])
    nothing = np.zeros(ITEMS, dtype=np.bool_)
    assert ranker.scores(Query(), {}, nothing).shape == (ITEMS,)
    found = candidates(SETTINGS, {"ease": SCORES[0]["ease"]}, ~nothing)
    assert found.features.shape == (ITEMS, 9)
    assert np.isfinite(found.features).all()


def test_describes_a_dialogue():
    assert describe(Query()).tolist() == [0, 1, 0, 0, 1]
    assert describe(Query("x" * 150, (1, 2), wishes=(("moods", "slow"),))).tolist() == [0.25, 0, 0.5, 0.25, 0]
    assert len(describe(Query())) == CONTEXT


def test_saved_and_read(turns, tmp_path):
    ranker = fit_ranker(SETTINGS, turns, members=2)
    ranker.save(tmp_path)
    again = Ranker.load(tmp_path)
    assert again.settings == SETTINGS
    allowed = np.ones(ITEMS, dtype=np.bool_)
    mine, theirs = (r.scores(Query(), SCORES[0], allowed) for r in (ranker, again))
    assert np.array_equal(mine, theirs)
    (tmp_path / "ranker.json").write_text('{"parts": ["ease"], "blend": [1]}')
    with pytest.raises(ModelError, match="not those of 1 parts"):
        Ranker.load(tmp_path)
    told = SETTINGS.model_dump()
    for wrong in ({"blend": [1.0]}, {"format": 2}):
        (tmp_path / "ranker.json").write_text(json.dumps({**told, **wrong}))
        with pytest.raises(ModelError, match="fit it with"):
            Ranker.load(tmp_path)
    (tmp_path / "ranker.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="fit it with"):
        Ranker.load(tmp_path)
