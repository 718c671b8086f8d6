"""Routing: the examples as data, the fit, its calibration, its cache, and the patterns that stand in for it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from chat.routing import EXAMPLES, ROUTES, Example, Patterns, Router, RoutesError, load_examples, routing
from retrieval.encoder import SentenceEncoder
from retrieval.text import is_cjk
from tests.fakes import BagEncoder

# Said by nobody in the examples.
UNSEEN = {
    "policy": ["what does it cost to have a parcel sent to Iceland?", "may I bring a purchase back after a month?",
               "is Apple Pay fine with you?", "包装可以回收吗，退货要钱吗"],
    "order": ["why has parcel M-1066 not come yet?", "could you see whether my things have left the warehouse?",
              "我前天买的东西发货没有"],
    "human": ["put a living person on the line", "your service is a shame and I want to complain", "我要跟真人说话"],
    "item": ["in what year did this film come out?", "which of them is the longest?", "这本书多少钱"],
    "recommend": ["something in the spirit of this film, but funnier", "a quiet book for the evening", "推荐几部老片"],
    "out_of_scope": ["how high is Mount Fuji?", "will it snow on Sunday?", "who is the king of Spain?"],
    "small_talk": ["hello there, good to see you", "thank you ever so much", "are you a computer?"],
}  # fmt: skip


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


class TestExamples:
    def test_each_route_has_sixty_in_english_and_some_in_chinese(self):
        examples = load_examples(EXAMPLES)
        for route in ROUTES:
            texts = [e.text for e in examples if e.route == route]
            assert sum(not is_cjk(text) for text in texts) >= 60
            assert sum(is_cjk(text) for text in texts) >= 10

    def test_none_is_there_twice(self):
        texts = [e.text.casefold() for e in load_examples(EXAMPLES)]
        assert len(texts) == len(set(texts))

    def test_every_bad_line_is_reported(self, tmp_path):
        rows = [{"route": "policy", "text": "ok"}, {"route": "polcy", "text": "a"}, {"route": "item"}]
        path = write(tmp_path / "own.jsonl", rows)
        with pytest.raises(RoutesError) as error:
            load_examples(path)
        assert "own.jsonl:2: route" in str(error.value)
        assert "own.jsonl:3: text" in str(error.value)

    @pytest.mark.parametrize("content", ["", "\n\n"])
    def test_an_empty_file_is_refused(self, tmp_path, content):
        path = tmp_path / "own.jsonl"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(RoutesError, match="no route examples"):
            load_examples(path)

    def test_a_missing_file_is_refused(self, tmp_path):
        with pytest.raises(RoutesError, match="check the path"):
            load_examples(tmp_path / "none.jsonl")


@pytest.fixture(scope="module")
def few():
    """Return every third of the shipped examples: they fit in a fraction of the time."""
    return load_examples(EXAMPLES)[::3]


@pytest.fixture(scope="module")
def router(few):
    return Router.fit(BagEncoder(), few)


@pytest.fixture
def cache(few, tmp_path, monkeypatch):
    """Let the fit be kept in a folder of the test's own, and the shipped examples be few."""
    shipped = tmp_path / "routes"
    shipped.mkdir()
    write(shipped / "few.jsonl", [e.model_dump() for e in few])
    monkeypatch.setattr("chat.routing.EXAMPLES", shipped)
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path))
    return tmp_path


class TestFit:
    def test_shares_sum_to_one(self, router):
        shares = router.probabilities(["where is my order", "你好", "", "x" * 5000])
        assert shares.shape == (4, len(ROUTES))
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)

    def test_the_first_is_the_likeliest(self, router):
        routed = router.route("where is my order")
        assert routed.route == "order"
        assert routed.confidence == routed.scores["order"] == max(routed.scores.values())

    def test_two_routes_are_too_few(self):
        examples = [Example(route=r, text=f"{r} {n}") for r in ("item", "order") for n in range(6)]
        with pytest.raises(RoutesError, match="at least three"):
            Router.fit(BagEncoder(), examples)


class TestCache:
    def test_a_second_start_fits_nothing_and_says_the_same(self, cache):
        first = Router.open(BagEncoder())
        again = BagEncoder()
        second = Router.open(again)
        assert again.texts == []
        np.testing.assert_allclose(first.probabilities(["hello"]), second.probabilities(["hello"]), rtol=1e-5)

    def test_a_shop_adds_its_own(self, cache):
        own = [{"route": "policy", "text": f"do you tune zithers {n}"} for n in range(8)]
        router = Router.open(BagEncoder(), write(cache / "own.jsonl", own))
        assert router.route("do you tune zithers").route == "policy"

    def test_a_broken_cache_is_fitted_anew(self, cache):
        Router.open(BagEncoder())
        (kept,) = (cache / "routing").iterdir()
        kept.write_bytes(b"PK broken")
        assert Router.open(BagEncoder()).route("where is my order").route == "order"


class TestPatterns:
    @pytest.mark.parametrize(
        ("text", "route"),
        [("where is my order?", "order"), ("what is your return policy", "policy"), ("talk to a human", "human"),
         ("a slow film", "recommend"), ("我的订单到哪了", "order"), ("退款政策", "policy"), ("转人工", "human")],
    )  # fmt: skip
    def test_routes(self, text, route):
        assert Patterns().route(text).route == route

    def test_they_stand_in_where_no_sentence_encoder_is(self):
        assert isinstance(routing(BagEncoder()), Patterns)


@pytest.fixture(scope="module")
def encoder():
    return SentenceEncoder()


@pytest.mark.models
class TestReal:
    def test_unseen_messages_go_where_they_belong(self, encoder):
        router = routing(encoder)
        wrong = {
            text: routed.route
            for route, texts in UNSEEN.items()
            for text in texts
            if (routed := router.route(text)).route != route
        }
        assert len(wrong) <= 2, wrong

    def test_confidence_is_calibrated(self, encoder):
        """Of messages whose shares are spread, few are sure: held-out ones are right about as often as they claim."""
        examples = load_examples(EXAMPLES)
        rng = np.random.default_rng(0)
        held = set(rng.permutation(len(examples))[: len(examples) // 5].tolist())
        fitted = Router.fit(encoder, [e for at, e in enumerate(examples) if at not in held])
        valid = [examples[at] for at in sorted(held)]
        shares = fitted.probabilities([e.text for e in valid])
        right = np.array([fitted.routes[at] for at in shares.argmax(axis=1)]) == np.array([e.route for e in valid])
        claimed = shares.max(axis=1)
        assert abs(claimed.mean() - right.mean()) < 0.08
        assert right[claimed > 0.9].mean() > 0.9
        assert right[claimed < 0.5].mean() < 0.75
