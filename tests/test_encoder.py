"""The sentence encoder around a model that records what it is asked for; the real one is in test_retrievers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retrieval.encoder import SentenceEncoder


class Recorder:
    """In place of a sentence-transformers model: a text's vector is told by its length; `going` holds it back."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.going = threading.Event()
        self.going.set()
        self.asked = threading.Event()

    def encode(self, texts, **_):
        self.batches.append(texts)
        self.asked.set()
        assert self.going.wait(10)
        if "fails" in texts:
            raise RuntimeError("no such text")
        return np.array([[len(text), 1.0] for text in texts])

    def get_embedding_dimension(self) -> int:
        return 2


@pytest.fixture
def model():
    return Recorder()


@pytest.fixture
def encoder(model):
    encoder = SentenceEncoder()
    encoder._loaded = model
    return encoder


def expected(text: str) -> np.ndarray:
    row = np.array([len(text), 1.0], dtype=np.float32)
    return row / np.linalg.norm(row)


def test_rows_are_unit_rows_in_the_texts_order(encoder):
    for texts in (["abc"], ["a", "abcd", "a"], [str(n) * n for n in range(1, 40)]):
        assert np.allclose(encoder.encode(texts), [expected(text) for text in texts])
    assert encoder.encode([]).shape == (0, 2)


def test_a_turns_texts_are_encoded_once(encoder, model):
    first = encoder.encode(["abc", "de"])
    assert np.array_equal(encoder.encode(["de"])[0], first[1])
    encoder.encode(["de", "f"])
    assert model.batches == [["abc", "de"], ["f"]]


def test_texts_read_ahead_are_not_encoded_again(encoder, model):
    encoder.encode(["abc"])
    encoder.read_ahead(["abc", *"vwxyz", "v"])
    assert np.allclose(encoder.encode(["z", "abc"]), [expected("z"), expected("abc")])
    assert model.batches == [["abc"], list("vwxyz")]


def test_a_result_belongs_to_its_caller(encoder):
    encoder.encode(["abc"])[0] = 0
    assert np.allclose(encoder.encode(["abc"])[0], expected("abc"))


def test_who_waits_at_the_same_time_is_served_together(encoder, model):
    texts = ["x" * n for n in range(1, 9)]
    model.going.clear()
    with ThreadPoolExecutor(len(texts)) as people:
        first = people.submit(encoder.encode, texts[:1])
        assert model.asked.wait(10)
        others = [people.submit(encoder.encode, [text]) for text in texts[1:]]
        while encoder._together.waiting < len(others):
            pass
        model.going.set()
        rows = [first.result(10)[0], *(other.result(10)[0] for other in others)]
    assert np.allclose(rows, [expected(text) for text in texts])
    assert [len(batch) for batch in model.batches] == [1, 7]


def test_a_failure_is_told_to_its_caller_and_nobody_else_is_lost(encoder, model):
    model.going.clear()
    with ThreadPoolExecutor(3) as people:
        first = people.submit(encoder.encode, ["first"])
        assert model.asked.wait(10)
        bad = people.submit(encoder.encode, ["fails"])
        good = people.submit(encoder.encode, ["good"])
        while encoder._together.waiting < 2:
            pass
        model.going.set()
        assert len(first.result(10)) == 1
        failures = [person.exception(10) for person in (bad, good)]
    assert isinstance(failures[0], RuntimeError)
    assert failures[1] is None or isinstance(failures[1], RuntimeError)  # it may have led the batch that failed
    assert np.allclose(encoder.encode(["good"])[0], expected("good"))
