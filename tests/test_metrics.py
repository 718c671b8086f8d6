"""Ranking metrics against values worked out by hand, and the bootstrap against theory and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from finetune.metrics import (
    TARGET_METRICS,
    Estimate,
    bootstrap,
    listed,
    mrr,
    ndcg,
    popularity_percentiles,
    precision_recall_f1,
    ranks,
    recall,
    short,
)


def scores(*values):
    return np.array(values, dtype=np.float32)


class TestRanks:
    def test_counts_what_scores_higher(self):
        assert ranks(scores(0.1, 0.9, 0.5), np.array([0, 1, 2])).tolist() == [3, 1, 2]

    def test_ties_share_their_mean_rank(self):
        assert ranks(scores(5, 3, 3, 3, 1), np.arange(5)).tolist() == [1, 3, 3, 3, 5]
        assert ranks(scores(2, 2), np.arange(2)).tolist() == [1.5, 1.5]

    def test_no_opinion_is_the_middle(self):
        assert ranks(np.zeros(6813, dtype=np.float32), np.array([0, 6812])).tolist() == [3407, 3407]

    def test_left_out_items_come_last(self):
        assert ranks(scores(-np.inf, 0, -np.inf, 1), np.arange(4)).tolist() == [3.5, 2, 3.5, 1]

    def test_nan_is_refused(self):
        with pytest.raises(ValueError, match="NaN"):
            ranks(scores(1, np.nan), np.array([0]))

    def test_no_target_no_rank(self):
        assert ranks(scores(1, 2), np.array([], dtype=np.int64)).shape == (0,)


class TestListed:
    def test_is_what_recall_counts(self):
        rng = np.random.default_rng(0)
        for size in (3, 10, 40):
            for _ in range(30):
                some = rng.integers(0, 8, size).astype(np.float32)
                within = np.flatnonzero(ranks(some, np.arange(size)) <= 5)
                assert sorted(listed(some, 5).tolist()) == within.tolist()

    def test_best_first(self):
        assert listed(scores(1, 4, 2, 3), 3).tolist() == [1, 3, 2]

    def test_a_tie_across_the_end_is_left_out(self):
        assert listed(scores(9, 8, 1, 1, 1, 1), 3).tolist() == [0, 1]
        assert listed(np.zeros(100, dtype=np.float32)).tolist() == []


class TestTargetMetrics:
    RANK = np.array([1, 2, 3, 10, 10.5, 11, 50, 51])

    def test_recall(self):
        assert recall(self.RANK, 1).tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
        assert recall(self.RANK, 10).tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
        assert recall(self.RANK, 50).mean() == 7 / 8

    def test_ndcg(self):
        expected = [1, 0.6309297535714575, 0.5, 0.2890648263178879, 0, 0, 0, 0]
        np.testing.assert_allclose(ndcg(self.RANK), expected)

    def test_mrr(self):
        np.testing.assert_allclose(mrr(self.RANK), [1, 1 / 2, 1 / 3, 1 / 10, 0, 0, 0, 0])

    def test_the_table_names_every_cut_off(self):
        assert list(TARGET_METRICS) == [
            "recall@1", "recall@5", "recall@10", "recall@20", "recall@50", "ndcg@10", "mrr@10",
        ]  # fmt: skip
        at_three = {name: float(metric(np.array([3.0]))[0]) for name, metric in TARGET_METRICS.items()}
        assert at_three == pytest.approx({**dict.fromkeys(TARGET_METRICS, 1), "recall@1": 0, "ndcg@10": 0.5,
                                          "mrr@10": 1 / 3})  # fmt: skip


def test_precision_recall_f1():
    values = precision_recall_f1(np.array([2, 0, 1]), np.array([4, 1, 1]), k=10)
    np.testing.assert_allclose(values, [[0.2, 0.5, 2 * 0.2 * 0.5 / 0.7], [0, 0, 0], [0.1, 1, 0.2 / 1.1]])


def test_popularity_percentiles():
    assert popularity_percentiles(np.array([0.0, 5, 0, 9])).tolist() == [25, 62.5, 25, 87.5]
    assert popularity_percentiles(np.zeros(10)).tolist() == [50] * 10


class TestBootstrap:
    def test_the_value_is_the_mean_and_the_seed_decides_the_interval(self):
        values = np.random.default_rng(1).random((60, 2))
        clusters = np.repeat(np.arange(20), 3)
        first, again, other = (bootstrap(values, clusters, seed=s) for s in (0, 0, 1))
        assert [e.value for e in first] == pytest.approx(values.mean(axis=0).tolist())
        assert first == again != other
        assert all(e.low < e.value < e.high for e in first)

    def test_is_a_plain_loop_over_dialogues(self):
        values, clusters = np.array([[1.0], [0], [0], [1], [1]]), np.array([7, 7, 7, 3, 5])
        by_dialogue = [np.array([1.0, 0, 0]), np.array([1.0]), np.array([1.0])]
        rng = np.random.default_rng(5)
        means = [np.concatenate([by_dialogue[at] for at in rng.integers(0, 3, 3)]).mean() for _ in range(4000)]
        [estimate] = bootstrap(values, clusters, resamples=4000)
        assert estimate.value == 0.6
        # Three dialogues have few different draws, so the percentiles fall on the same values.
        assert (estimate.low, estimate.high) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])))

    def test_the_interval_of_independent_targets_is_the_binomial_one(self):
        values = (np.random.default_rng(2).random((3000, 1)) < 0.2).astype(float)
        [estimate] = bootstrap(values, np.arange(3000))
        half = 1.96 * np.sqrt(estimate.value * (1 - estimate.value) / 3000)
        assert estimate.high - estimate.value == pytest.approx(half, rel=0.1)
        assert estimate.value - estimate.low == pytest.approx(half, rel=0.1)

    def test_dependent_targets_widen_it(self):
        by_dialogue = (np.random.default_rng(3).random(300) < 0.3).astype(float)
        values = np.repeat(by_dialogue, 10)[:, None]
        [alone], [together] = bootstrap(values, np.arange(3000)), bootstrap(values, np.repeat(np.arange(300), 10))
        assert together.high - together.low == pytest.approx(np.sqrt(10) * (alone.high - alone.low), rel=0.15)

    def test_equal_systems_differ_by_nothing_and_a_shift_is_certain(self):
        values = np.random.default_rng(4).random((40, 1))
        assert bootstrap(values - values, np.arange(40)) == [Estimate(0, 0, 0)]
        [shifted] = bootstrap((values + 0.5) - values, np.arange(40))
        assert (shifted.low, shifted.high) == pytest.approx((0.5, 0.5))

    def test_chunks_change_nothing(self, monkeypatch):
        values, clusters = np.random.default_rng(6).random((50, 1)), np.arange(50)
        whole = bootstrap(values, clusters, resamples=1000)
        monkeypatch.setattr("finetune.metrics._CHUNK", 777)
        [chunked] = bootstrap(values, clusters, resamples=1000)
        assert (chunked.low, chunked.high) == pytest.approx((whole[0].low, whole[0].high))

    def test_nothing_to_estimate(self):
        with pytest.raises(ValueError, match="0 values"):
            bootstrap(np.empty((0, 1)), np.empty(0, dtype=np.int64))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1654, ".165"), (-0.02, "-.020"), (0, ".000"), (1.0, "1.000"), (0.9999, "1.000"), (62.5, "62.500")],
)
def test_shares_are_written_as_in_the_field(value, text):
    assert short(value) == text


def test_an_estimate_reads_as_in_a_table():
    assert str(Estimate(0.165, 0.15, 0.1811)) == ".165 [.150, .181]"
