from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from finetune import upper
from finetune.adapters import add_adapters
from finetune.config import Data, Lora, TrainConfig
from finetune.examples import Tokens
from finetune.objective import Tuned, causal_of
from finetune.packing import Weighed, collate, pack
from finetune.plan import Batches
from finetune.upper import StateCache, UpperError, check_split, run_lower, split

CONFIG = TrainConfig(model="tiny", output=Path("run"), data=Data(catalog=Path("c")), lora=Lora(rank=4), upper_layers=1)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    made = [tuple(rng.integers(3, 300, n).tolist()) for n in rng.integers(5, 30, 40)]
    return pack([Weighed(Tokens(p, (*p[:3], 2)), 1.0, None, str(n)) for n, p in enumerate(made)], 64).rows


@pytest.fixture
def model(tiny_model_dir):
    made = add_adapters(AutoModelForCausalLM.from_pretrained(tiny_model_dir, attn_implementation="sdpa"), CONFIG)
    torch.manual_seed(1)
    for name, part in made.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(part, std=0.1)
    return made.eval()


def cache_of(rows, root: Path, dtype=torch.float32) -> StateCache:
    return StateCache(rows, 32, dtype, "tiny", root)


def test_adapters_are_on_the_upper_layers_only(model):
    trained = {name.split("layers.")[1][0] for name, part in model.named_parameters() if part.requires_grad}
    assert trained == {"1"}


@pytest.mark.parametrize("together", [1, 3])
def test_the_loss_and_gradients_over_cached_states_are_those_of_the_whole_model(model, rows, tmp_path, together):
    below, above = split(causal_of(model), 1)
    cache = cache_of(rows, tmp_path)
    cache.fill(lambda batch: run_lower(below, batch, None))
    whole, cached = Tuned(model, None), Tuned(model, None, upper=above)
    trained = [part for part in model.parameters() if part.requires_grad]
    for at in range(0, len(rows), together):
        ids = list(range(at, min(at + together, len(rows))))
        one = cached(Batches(rows, cache)(ids)).lm
        other = whole(collate([rows[i] for i in ids])).lm
        assert float(one.detach()) == pytest.approx(float(other.detach()), rel=1e-6)
        for a, b in zip(torch.autograd.grad(one, trained), torch.autograd.grad(other, trained), strict=True):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_splitting_leaves_the_model_and_its_names_as_they_were(model):
    names = [name for name, _ in model.named_parameters()]
    _, above = split(causal_of(model), 1)
    assert [name for name, _ in model.named_parameters()] == names
    assert len(list(Tuned(model, None, upper=above).parameters())) == len(names)


def test_an_interrupted_cache_goes_on_where_it_stopped(model, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(upper, "_SAVED_EVERY", 2)
    below, _ = split(causal_of(model), 1)
    done = []

    def compute(batch):
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(int(batch["ids"][0]))
        return run_lower(below, batch, None)

    with pytest.raises(KeyboardInterrupt):
        cache_of(rows, tmp_path).fill(compute)
    assert cache_of(rows, tmp_path).done() == 4
    again = []
    cache = cache_of(rows, tmp_path)
    cache.fill(lambda batch: again.append(int(batch["ids"][0])) or run_lower(below, batch, None))
    assert again == list(range(4, len(rows)))
    for at, row in enumerate(rows):
        expected = run_lower(below, collate([row]), None)
        torch.testing.assert_close(cache([at], len(row)), expected)
    cache_of(rows, tmp_path).fill(lambda batch: pytest.fail("all of it is there"))


def test_other_rows_models_and_formats_have_other_caches(rows, tmp_path):
    folders = {
        cache_of(rows, tmp_path).folder,
        cache_of(rows[1:], tmp_path).folder,
        cache_of(rows, tmp_path, torch.bfloat16).folder,
        StateCache(rows, 32, torch.float32, "other", tmp_path).folder,
    }
    assert len(folders) == 4


def test_bfloat16_states_are_kept_as_they_are(rows, tmp_path):
    states = [torch.randn(1, len(row), 32).bfloat16() for row in rows]
    cache = cache_of(rows, tmp_path, torch.bfloat16)
    cache.fill(lambda batch: states[int(batch["ids"][0])])
    assert torch.equal(cache([2], len(rows[2])), states[2])
    assert cache.size == sum(len(row) for row in rows) * 32 * 2


def test_a_full_disk_is_told_before_anything_is_computed(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(upper.shutil, "disk_usage", lambda _: upper.shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(UpperError, match=r"0\.0 GB are free; make room"):
        cache_of(rows, tmp_path).fill(lambda batch: pytest.fail("nothing is computed"))


def test_what_cannot_be_split_is_refused(model, rows):
    causal = causal_of(model)
    with pytest.raises(UpperError, match="expected 1 to 1 of the model's 2 layers"):
        split(causal, 2)
    check_split(causal, 1, rows[0], None)
    forward = type(causal.model).forward
    try:  # as Gemma, which scales what it embeds, on the way in
        scaled = lambda self, inputs_embeds=None, **rest: forward(  # noqa: E731
            self, inputs_embeds=None if inputs_embeds is None else 3 * inputs_embeds, **rest
        )
        type(causal.model).forward = scaled
        with pytest.raises(UpperError, match="in two parts give other states than in one"):
            check_split(causal, 1, rows[0], None)
    finally:
        type(causal.model).forward = forward
    causal.model.norm = None
    del causal.model._modules["norm"]
    with pytest.raises(UpperError, match="is not built of `layers` and `norm`"):
        split(causal, 1)
