"""Encoders in 8-bit integers beside the models that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, DistilBertConfig, DistilBertModel

from retrieval import quick
from retrieval.encoder import SentenceEncoder
from retrieval.models import resolve_encoder
from retrieval.quick import quickened

TEXTS = (
    "something slow and dreamy, before 1990", "no", "do you ship to Oslo?", "my sister hates horror films",
    "a long family saga set in Japan, but nothing about war", "how much is the second one, and who made it?",
)  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(resolve_encoder(), local_files_only=True)


@pytest.fixture(scope="module")
def minilm():
    return AutoModel.from_pretrained(resolve_encoder(), local_files_only=True, dtype=torch.float32).eval()


def states(model, batch):
    with torch.inference_mode():
        return model(**batch).last_hidden_state


def test_it_means_what_the_model_means(minilm, tokenizer):
    batch = tokenizer([*TEXTS], padding=True, return_tensors="pt")
    there = batch["attention_mask"].bool()
    alike = torch.cosine_similarity(states(quickened(minilm, tokenizer), batch), states(minilm, batch), dim=-1)
    assert alike[there].min() > 0.97
    assert alike[there].mean() > 0.99


def test_the_encoder_reads_with_it(minilm):
    plain = SentenceEncoder(dtype="float32").encode(TEXTS)
    rows = SentenceEncoder().encode(TEXTS)
    assert not np.allclose(rows, plain, atol=1e-4)  # it is another reading
    assert (rows * plain).sum(axis=1).min() > 0.97
    assert np.array_equal(np.argmax(rows @ plain.T, axis=1), np.arange(len(TEXTS)))


def test_many_texts_are_shared_among_threads_and_come_in_order(minilm, tokenizer, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    model = quickened(minilm, tokenizer)
    shares = []
    read = model._states
    monkeypatch.setattr(model, "_states", lambda ids, lengths: (shares.append(len(ids)), read(ids, lengths))[1])
    many = tokenizer([*TEXTS] * 5, padding=True, return_tensors="pt")
    together = states(model, many)
    assert sorted(shares) == [10, 10, 10]
    few = tokenizer([*TEXTS], padding=True, return_tensors="pt")
    assert torch.allclose(together, states(model, few).repeat(5, 1, 1), atol=1e-4)


@pytest.mark.parametrize("changed", [{"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}])
def test_a_bert_that_it_does_not_know_stays_as_it_is(tokenizer, changed):
    model = BertModel(BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8))
    assert quickened(model, tokenizer) is not None
    for name, value in changed.items():
        setattr(model.config, name, value)
    assert quickened(model, tokenizer) is None


def test_other_models_stay_as_they_are(tokenizer):
    assert quickened(DistilBertModel(DistilBertConfig(dim=8, n_layers=1, n_heads=1, hidden_dim=8)), tokenizer) is None
    assert quickened(None, tokenizer) is None


def test_nothing_is_left_on_disk(minilm, tokenizer, tmp_path, monkeypatch):
    monkeypatch.setattr(quick.tempfile, "tempdir", str(tmp_path))
    model = quickened(minilm, tokenizer)
    assert not [*tmp_path.iterdir()]
    assert len(states(model, tokenizer(["a film"], return_tensors="pt"))) == 1
