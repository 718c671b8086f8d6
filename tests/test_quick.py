"""Encoders in 8-bit integers beside the models that they stand for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from chat.senses import Senses
from retrieval import quick
from retrieval.encoder import SentenceEncoder
from retrieval.models import resolve_encoder
from retrieval.quick import Quick, QuickSentences

TEXTS = (
    "something slow and dreamy, before 1990", "no", "do you ship to Oslo?", "my sister hates horror films",
    "a long family saga set in Japan, but nothing about war", "how much is the second one, and who made it?",
)  # fmt: skip


@pytest.fixture(scope="module")
def minilm():
    return Quick.of(resolve_encoder(), 96)


@pytest.fixture
def changed(tmp_path):
    """Return what copies MiniLM's small files with some of one file's settings changed."""

    def change(file, **settings):
        model = tmp_path / "model"
        shutil.copytree(resolve_encoder(), model, ignore=shutil.ignore_patterns("*.safetensors"))
        path = model / file
        path.write_text(json.dumps(json.loads(path.read_text()) | settings))
        return model

    return change


def test_it_means_what_the_model_means(minilm):
    folder = resolve_encoder()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
    batch = tokenizer([*TEXTS], padding=True, return_tensors="pt", return_offsets_mapping=True)
    offsets = batch.pop("offset_mapping").numpy()
    with torch.inference_mode():
        states = model(**batch).last_hidden_state
    read, there = minilm.read(TEXTS), batch["attention_mask"].bool()
    assert np.array_equal(read.there, batch["attention_mask"].numpy())
    assert np.array_equal(read.offsets, offsets)
    alike = torch.cosine_similarity(torch.from_numpy(read.states), states, dim=-1)[there]
    assert alike.min() > 0.97
    assert alike.mean() > 0.99


def test_the_encoder_reads_with_it():
    plain = SentenceEncoder(dtype="float32").encode(TEXTS)
    rows = SentenceEncoder().encode(TEXTS)
    assert not np.allclose(rows, plain, atol=1e-4)  # it is another reading
    assert (rows * plain).sum(axis=1).min() > 0.97
    assert np.array_equal(np.argmax(rows @ plain.T, axis=1), np.arange(len(TEXTS)))


def test_long_texts_are_cut_where_the_model_cuts_them():
    long = "a family saga in Japan " * 90
    rows = [SentenceEncoder(dtype=dtype, max_length=24).encode([long, long[:90]]) for dtype in (None, "float32")]
    assert (rows[0] * rows[1]).sum(axis=1).min() > 0.97
    assert (rows[0][0] * rows[0][1]).sum() > 0.9  # its beginning is all that is read


def test_many_texts_are_shared_among_threads_and_come_in_order(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    model = Quick.of(resolve_encoder(), 96)
    shares = []
    read = model._states
    monkeypatch.setattr(model, "_states", lambda ids, lengths: (shares.append(len(ids)), read(ids, lengths))[1])
    together = model.read([*TEXTS] * 5)
    assert sorted(shares) == [10, 10, 10]
    assert np.allclose(together.means, np.tile(model.read(TEXTS).means, (5, 1)), atol=1e-4)


def test_as_many_threads_as_pytorch_would_take_where_it_is_not_there(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(quick, "cores", lambda: 5)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert quick._threads() == 5
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert quick._threads() == 2


def test_a_second_start_loads_nothing_of_pytorch(minilm):
    code = (
        "import sys; from retrieval.encoder import SentenceEncoder; from chat.senses import Senses\n"
        "SentenceEncoder().encode(['a quiet film']); Senses().read('a quiet film')\n"
        "print({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules))"
    )
    SentenceEncoder().encode(["a quiet film"])  # the first start converts
    Senses().read("a quiet film")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize(
    ("file", "settings"),
    [
        ("config.json", {"hidden_act": "relu"}), ("config.json", {"position_embedding_type": "relative_key"}),
        ("config.json", {"model_type": "distilbert"}), ("tokenizer_config.json", {"padding_side": "left"}),
    ],
)  # fmt: skip
def test_other_models_are_not_read(changed, file, settings):
    assert Quick.of(changed(file, **settings), 96) is None


@pytest.mark.parametrize(
    ("file", "settings"),
    [
        ("1_Pooling/config.json", {"pooling_mode_cls_token": True}), ("1_Pooling/config.json", {"pooling_mode": "cls"}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}),
    ],
)  # fmt: skip
def test_what_is_no_mean_of_states_is_left_to_sentence_transformers(changed, file, settings):
    assert QuickSentences.of(changed(file, **settings), 96) is None


def test_a_gpu_goes_first(monkeypatch):
    monkeypatch.setattr(quick.ctranslate2, "get_cuda_device_count", lambda: 1)
    assert QuickSentences.of(resolve_encoder(), 96) is None


def test_another_model_or_tuning_is_another_conversion(changed, tmp_path):
    model, tuning = changed("config.json"), tmp_path / "tuning"
    digests = {quick._digest(model, None)}
    for text in ("one", "two"):
        tuning.write_text(text)
        digests.add(quick._digest(model, tuning))
    (model / "vocab.txt").write_text("changed")
    digests.add(quick._digest(model, None))
    assert len(digests) == 4


def test_where_nothing_can_be_written_it_is_converted_at_every_start(monkeypatch, tmp_path, caplog):
    def refuse(*_):
        raise PermissionError("read-only")

    monkeypatch.setattr(quick, "made_once", refuse)
    monkeypatch.setattr(quick.tempfile, "tempdir", str(tmp_path))
    model = Quick.of(resolve_encoder(), 96)
    assert not [*tmp_path.iterdir()]
    assert len(model.read(["a film"]).states) == 1
    assert "at every start" in caplog.text
