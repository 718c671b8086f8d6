"""Tuning the sentence encoder: shops are read with their faults, and what is learned is what serving adds."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from finetune import paraphrases
from finetune.lowrank import LowRankEncoder
from finetune.paraphrases import Settings, main, tune
from finetune.shops import ShopQuestions, read_shop, shops_of
from retrieval.encoder import SentenceEncoder
from retrieval.errors import ModelError, NamedropError
from retrieval.knowledge import TUNING
from tests.tiny import save_bert

SHOP = {
    "shop": "A shop",
    "entries": [
        {"id": "fee", "question": "how much is delivery", "answer": "three coins"},
        {"id": "pay", "question": "how can i pay", "answer": "by card"},
        {"id": "open", "question": "when are you open", "answer": "from nine to five"},
    ],
    "asked": [["what does delivery cost", "fee"], ["do you take cards", "pay"], ["what time do you close", "open"]],
    "uncovered": ["are you hiring", "do you sell tea"],
}


def write(path, shop):
    path.write_text(json.dumps(shop), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory):
    texts = [*(e["question"] + " " + e["answer"] for e in SHOP["entries"]), *(t for t, _ in SHOP["asked"])]
    words = (word for text in [*texts, *SHOP["uncovered"]] for word in text.split())
    return save_bert(tmp_path_factory.mktemp("tiny-bert"), words, hidden=16)


class TestShops:
    def test_all_invented_shops_can_be_read(self):
        files = sorted((Path(__file__).parents[1] / "benchmarks" / "knowledge").glob("*.json"))
        assert len(files) >= 30
        for file in files:
            shop = read_shop(file)
            assert 15 <= len(shop.entries) <= 25
            assert len(shop.asked) >= 25
            assert len(shop.uncovered) >= 15
            assert {one for _, (one,) in shop.asked} == {entry.id for entry in shop.entries}

    def test_all_invented_catalogues_can_be_read(self):
        files = sorted((Path(__file__).parents[1] / "data" / "goods").glob("*.csv"))
        assert len(files) >= 30
        for file in files:
            shop = read_shop(file)
            assert len(shop.entries) >= 25
            assert len(shop.asked) >= 35
            assert len(shop.uncovered) >= 5

    def test_a_catalogue_answers_what_people_need(self, tmp_path):
        (tmp_path / "baths.csv").write_text(
            "id,title,description,weight_kg\nK1,Bath step,Low.,2\nK2,Grab rail,Steel.,\n"
        )
        wishes = [
            {"text": ["gran can't get in", "and the tiles are old"], "good": ["K1", "K2"]},
            {"text": ["gran can't get in", "no drilling"], "good": ["K1"]},
            {"text": "soap?", "good": []},
        ]
        (tmp_path / "baths.json").write_text(json.dumps(wishes))
        shop = read_shop(tmp_path / "baths.csv")
        assert shop.asked == (
            ("and the tiles are old gran can't get in", ("K1", "K2")),
            ("gran can't get in", ("K1",)),  # a brief refusal tells of no need
        )
        assert shop.uncovered == ("soap?",)
        assert shop.entries[0].question == "Bath step"
        assert "weight" in shop.entries[0].answer
        assert "Bath step" not in shop.entries[0].answer
        (tmp_path / "baths.json").write_text('[{"text": "soap?"}]')
        with pytest.raises(NamedropError, match=r"baths\.json"):
            read_shop(tmp_path / "baths.csv")

    @pytest.mark.parametrize(
        "change",
        [
            {"asked": [["what", "nothing"]]},
            {"entries": [SHOP["entries"][0], SHOP["entries"][0]], "asked": []},
            {"uncovered": None},
            {"asked": [5, ["what", "fee", "more"]]},
            {"asked": "what"},
        ],
    )
    def test_faults_are_told(self, tmp_path, change):
        with pytest.raises(NamedropError, match=r"shop\.json"):
            read_shop(write(tmp_path / "shop.json", {**SHOP, **change}))

    def test_held_out_shops_are_left_out(self, tmp_path):
        files = [write(tmp_path / f"{name}.json", SHOP) for name in ("b", "a", "c")]
        assert [name for name, _ in shops_of(files, ["b"])] == ["a", "c"]
        with pytest.raises(NamedropError, match="zebra"):
            list(shops_of(files, ["zebra"]))


class TestTuning:
    def test_it_learns(self, tiny_bert, tmp_path):
        shops = [ShopQuestions.model_validate(SHOP)] * 10
        before, after = (
            tune(shops, Settings(epochs, rate=rate, rank=4, left_out=0.0), tmp_path / "t", str(tiny_bert))
            for epochs, rate in ((1, 0.0), (4, 5e-3))
        )
        assert after < 0.7 * before

    def test_serving_adds_exactly_what_was_learned(self, tiny_bert, tmp_path, monkeypatch):
        import torch

        monkeypatch.setattr(LowRankEncoder, "_fast", lambda self: nullcontext())
        trainee = paraphrases._Trainee(str(tiny_bert), Settings(rank=4), None)
        torch.manual_seed(0)
        with torch.no_grad():
            for parameter in trainee.parameters:
                parameter.copy_(torch.randn_like(parameter).half() / 4)  # halves, as they are stored
        trainee._encoder._model.eval()
        trainee.save(tmp_path / "tuning.safetensors")
        texts = ["how much is delivery", "by card"]
        with torch.no_grad():
            learned = trainee._embed(texts).numpy()
        served = SentenceEncoder(tiny_bert, dtype="float32", tuning=tmp_path / "tuning.safetensors").encode(texts)
        assert np.allclose(served, learned, atol=1e-5)
        assert not np.allclose(served, SentenceEncoder(tiny_bert, dtype="float32").encode(texts), atol=0.05)

    def test_going_on_begins_where_it_ended(self, tiny_bert, tmp_path):
        shops, first, on = [ShopQuestions.model_validate(SHOP)], tmp_path / "t", tmp_path / "on"
        tune(shops, Settings(2, rate=5e-3, rank=4), first, str(tiny_bert))
        tune(shops, Settings(1, rate=0.0, rank=4), on, str(tiny_bert), start=first)
        texts = ["how much is delivery", "are you hiring"]
        before, after = (SentenceEncoder(tiny_bert, dtype="float32", tuning=file).encode(texts) for file in (first, on))
        assert np.allclose(before, after, atol=1e-3)

    def test_of_several_right_ones_any_will_do(self):
        import torch

        logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
        single = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 2, 1, 1]))
        assert paraphrases.cross_entropy(logits, [[0], [2], [1], [1]]) == pytest.approx(float(single))
        assert paraphrases.cross_entropy(logits, [[0, 1, 2]] * 4) == pytest.approx(0, abs=1e-6)
        shares = logits.softmax(1)
        assert paraphrases.cross_entropy(logits[:1], [[0, 2]]) == pytest.approx(
            float(-(shares[0, 0] + shares[0, 2]).log())
        )

    def test_no_change_is_no_change(self, tiny_bert, tmp_path):
        out = tmp_path / "none.safetensors"
        tune([ShopQuestions.model_validate(SHOP)], Settings(epochs=1, rate=0.0, rank=2), out, str(tiny_bert))
        texts = ["how much is delivery", "are you hiring"]
        plain = SentenceEncoder(tiny_bert, dtype="float32").encode(texts)
        same = SentenceEncoder(tiny_bert, dtype="float32", tuning=out).encode(texts)
        assert np.allclose(plain, same, atol=1e-5)

    @pytest.mark.models
    def test_a_tuning_of_another_model_is_refused(self, tmp_path):
        from safetensors.torch import load_file, save_file

        strange = {f"nowhere.{name}": value for name, value in load_file(TUNING).items()}
        save_file(strange, tmp_path / "strange.safetensors", metadata={"scale": "2.0"})
        (tmp_path / "broken.safetensors").write_bytes(b"broken")
        for name in ("strange", "broken", "missing"):
            encoder = SentenceEncoder("minilm", tuning=tmp_path / f"{name}.safetensors")
            with pytest.raises(ModelError, match="does not fit the sentence encoder"):
                encoder.encode(["text"])

    def test_the_mean_of_tunings_is_the_mean_of_what_they_add(self, tmp_path):
        import torch
        from safetensors.torch import load_file, save_file

        torch.manual_seed(0)
        files = [tmp_path / "one.safetensors", tmp_path / "two.safetensors"]
        for file in files:
            tensors = {"layer.A": torch.randn(2, 5).half(), "layer.B": torch.randn(3, 2).half()}
            save_file(tensors, file, metadata={"scale": "2.0", "encoder": "minilm"})
        paraphrases.average(files, tmp_path / "mean.safetensors")
        one, two, mean = (
            load["layer.B"].float() @ load["layer.A"].float()
            for load in map(load_file, (*files, tmp_path / "mean.safetensors"))
        )
        assert torch.allclose(mean, (one + two) / 2, atol=1e-2)
        save_file({"other.A": torch.zeros(1, 1)}, files[1], metadata={"scale": "2.0"})
        with pytest.raises(NamedropError, match="not of one model"):
            paraphrases.average(files, tmp_path / "mean.safetensors")
        files[1].write_bytes(b"broken")
        with pytest.raises(NamedropError, match=r"two\.safetensors"):
            paraphrases.average(files, tmp_path / "mean.safetensors")

    def test_nothing_to_learn_from_is_an_error(self, tmp_path):
        with pytest.raises(NamedropError, match="no shop"):
            tune([], Settings(), tmp_path / "x")


class TestCommand:
    def test_it_writes_and_tells(self, tiny_bert, tmp_path, capsys):
        files = [str(write(tmp_path / f"{name}.json", SHOP)) for name in ("a", "b")]
        out = tmp_path / "made" / "t.safetensors"
        done = main([*files, "--hold", "b", "--out", str(out), "--encoder", str(tiny_bert), "--epochs", "1"])
        assert done == 0
        assert "tuned on 1 shops" in capsys.readouterr().out
        assert out.is_file()

    def test_a_bad_file_is_told_without_a_traceback(self, tmp_path, capsys):
        assert main([str(tmp_path / "missing.json")]) == 2
        assert "missing.json" in capsys.readouterr().err


def test_views_are_mostly_both_parts():
    import random

    entry = paraphrases.Question(id="x", question="Q", answer="A")
    draw = random.Random(0)
    views = [paraphrases._view(entry, draw) for _ in range(1000)]
    assert 550 < views.count("Q A") < 650
    assert 150 < views.count("A") < 250
