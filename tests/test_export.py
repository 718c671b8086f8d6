from __future__ import annotations

import json
import shutil
from contextlib import closing

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from chat.assistant import Assistant
from chat.encoding import PromptEncoder
from chat.engine import load_model
from chat.prompting import Prompting
from chat.tower import TowerSettings, TowerWeights, save_tower
from finetune import export, to_gguf
from finetune.parity import Agreement, agreement, greedy, prompts
from finetune.to_gguf import ExportError, interleaved, rope_factors
from retrieval.errors import ModelError
from tests.fakes import BagEncoder
from tests.training import write_shop


@pytest.fixture(scope="module")
def adapter(tiny_model_dir, tmp_path_factory):
    """A LoRA on the tiny model with random weights, large enough to change what it says."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(tiny_model_dir)
    lora = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "k_proj", "down_proj"], init_lora_weights=False)
    folder = tmp_path_factory.mktemp("adapter")
    get_peft_model(model, lora).save_pretrained(folder)
    return folder


def said(folder, adapter=None, dtype="float32"):
    model = load_model(folder, adapter, dtype)
    return greedy(model, PromptEncoder(export._tokenizer(folder)), prompts(), "test")


def test_prompts_are_fifty_different_ones_and_always_the_same():
    assert len(set(prompts())) == 50
    assert prompts() == prompts()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_merged_says_what_the_chat_says_in_plain_transformers(tiny_model_dir, adapter, tmp_path, dtype):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out = tmp_path / "merged"
    found = export.merge(adapter, out, model=str(tiny_model_dir), dtype=dtype)
    plain = AutoModelForCausalLM.from_pretrained(out, dtype=getattr(torch, dtype)).eval()
    tokenizer = AutoTokenizer.from_pretrained(out)
    assert not hasattr(plain, "peft_config")
    assert plain.dtype == getattr(torch, dtype)
    assert greedy(plain, PromptEncoder(tokenizer), prompts(), "test") == said(tiny_model_dir, adapter, dtype)
    assert tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False).startswith("<|im_start|>")
    assert found.share > (0.99 if dtype == "float32" else 0.9)
    assert json.loads((out / "namedrop.json").read_text())["dtype"] == dtype
    assert [path.name for path in tmp_path.iterdir()] == ["merged"]


def test_the_adapter_changes_what_is_said(tiny_model_dir, adapter):
    assert said(tiny_model_dir, adapter) != said(tiny_model_dir)


def test_a_merged_model_is_served_as_its_adapter_is(tiny_model_dir, adapter, tmp_path, monkeypatch):
    monkeypatch.setattr("chat.assistant.SentenceEncoder", lambda model: BagEncoder(name="minilm"))
    monkeypatch.setattr("chat.assistant.PassageJudge.shipped", lambda: None)
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    rng, told = np.random.default_rng(0), tmp_path / "adapter"
    shutil.copytree(adapter, told)
    Prompting(style="person", shelf=2).save(told)
    parts = (rng.normal(size=shape).astype(np.float32) for shape in ((4, 32), (4,), (4, 256)))
    save_tower(told, TowerWeights(*parts, prior=0.5), TowerSettings(encoder="minilm", temperature=0.1))
    export.merge(told, tmp_path / "merged", model=str(tiny_model_dir), dtype="float32")
    catalog = write_shop(tmp_path / "shop") / "catalog.jsonl"
    served = []
    for model, beside in ((tiny_model_dir, told), (tmp_path / "merged", None)):
        with closing(Assistant.open(catalog, model=model, adapter=beside)) as chat:
            reply = chat.reply("something slow like Blade Runner")
            recommender = chat._shop.recommender
            assert recommender.tower is not None
            served.append((recommender.prompting, reply.text, [(card.id, card.score) for card in reply.items]))
    assert served[0] == served[1]
    assert served[0][0].shelf == 2


def test_other_answers_after_writing_fail_and_leave_nothing(tiny_model_dir, adapter, tmp_path, monkeypatch):
    reload = export._reloaded

    def damaged(folder, dtype):
        weights = load_file(folder / "model.safetensors")
        weights["model.layers.0.self_attn.q_proj.weight"].neg_()
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return reload(folder, dtype)

    monkeypatch.setattr(export, "_reloaded", damaged)
    with pytest.raises(ExportError, match="of 50 greedy answers differ after writing"):
        export.merge(adapter, tmp_path / "merged", model=str(tiny_model_dir))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("kind", "least"), [("bf16", 0.97), ("f16", 0.99), ("q8_0", 0.9)])
def test_gguf_reads_back_as_the_same_model(tiny_model_dir, adapter, tmp_path, kind, least):
    from gguf import GGUFReader

    out = tmp_path / "tiny.gguf"
    found = export.to_gguf(adapter, out, model=str(tiny_model_dir), kind=kind)
    assert found.share >= least
    assert found.prompts == 50
    reader = GGUFReader(out)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    assert tensors["blk.0.attn_q.weight"].tensor_type.name.lower() == kind
    assert tensors["blk.0.attn_norm.weight"].tensor_type.name == "F32"
    assert reader.fields["general.architecture"].contents() == "llama"
    assert reader.fields["tokenizer.ggml.pre"].contents() == "gpt-2"
    assert reader.fields["tokenizer.ggml.eos_token_id"].contents() == 2
    assert "<|im_start|>" in reader.fields["tokenizer.chat_template"].contents()
    assert len(reader.fields["tokenizer.ggml.tokens"].contents()) == 320
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.gguf"]


def test_gguf_of_a_model_without_an_adapter(tiny_model_dir, tmp_path):
    assert export.to_gguf(None, tmp_path / "tiny.gguf", model=str(tiny_model_dir), kind="f16").share > 0.99


def test_gguf_with_rows_in_the_wrong_order_fails_and_leaves_nothing(tiny_model_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(to_gguf, "interleaved", lambda rows, heads: rows)
    with pytest.raises(ExportError, match=r"top-1 agreement .* expected 90%"):
        export.to_gguf(None, tmp_path / "tiny.gguf", model=str(tiny_model_dir))
    assert not list(tmp_path.iterdir())


def test_interleaving_turns_neighbours_together():
    rows = torch.arange(8.0)[:, None].numpy()
    assert interleaved(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def llama(**changes):
    from transformers import LlamaConfig

    return LlamaConfig(hidden_size=64, num_attention_heads=2, **changes)


def test_rope_factors_are_those_of_transformers():
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    rope = {
        "rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
    }  # fmt: skip
    config = llama(rope_parameters=rope, max_position_embeddings=131072)
    slowed, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    plain = 500000.0 ** -(torch.arange(0, 32, 2) / 32)
    torch.testing.assert_close(plain / torch.from_numpy(rope_factors(config)), slowed)


@pytest.mark.parametrize(
    ("pre_tokenizer", "name"),
    [
        ({"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}, "gpt-2"),
        (
            {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "Digits", "individual_digits": True},
                    {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
                ],
            },
            "smollm",
        ),
        (
            {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "Split", "pattern": {"Regex": to_gguf._LLAMA3}, "behavior": "Isolated"},
                    {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
                ],
            },
            "llama-bpe",
        ),
        ({"type": "Metaspace"}, None),
        ({"type": "ByteLevel", "add_prefix_space": True}, None),
        (None, None),
    ],
)
def test_the_splitter_is_recognised_or_refused(pre_tokenizer, name):
    found = to_gguf._splitter(pre_tokenizer)
    assert (found.name if found else None) == name


def test_models_that_gguf_cannot_hold_are_refused_before_anything_is_written(tiny_model_dir, tmp_path):
    with pytest.raises(ExportError, match="a qwen2 model; --gguf writes llama models only"):
        to_gguf.check(llama_like("qwen2"), tiny_model_dir)
    with pytest.raises(ExportError, match="rotary scaling 'yarn'"):
        to_gguf.check(llama_like("llama", "yarn"), tiny_model_dir)
    with pytest.raises(ExportError, match="byte-level BPE"):
        to_gguf.check(llama_like("llama"), tmp_path)


def llama_like(model_type, rope="default"):
    from types import SimpleNamespace

    return SimpleNamespace(model_type=model_type, rope_parameters={"rope_type": rope})


@pytest.mark.parametrize("option", ["--merge", "--gguf"])
def test_an_existing_target_is_refused_and_stays(tiny_model_dir, adapter, tmp_path, capsys, option):
    out = tmp_path / "out"
    out.write_text("mine")
    assert export.main(["--adapter", str(adapter), "--model", str(tiny_model_dir), option, str(out)]) == 2
    assert "exists already; give another name, or remove it" in capsys.readouterr().err
    assert out.read_text() == "mine"


def test_the_command_line_says_what_was_checked(tiny_model_dir, adapter, tmp_path, capsys):
    out = tmp_path / "out.gguf"
    arguments = ["--adapter", str(adapter), "--model", str(tiny_model_dir), "--gguf", str(out), "--gguf-type", "q8_0"]
    assert export.main(arguments) == 0
    assert "top-1 agreement" in capsys.readouterr().out
    merged = tmp_path / "merged"
    arguments = ["--adapter", str(adapter), "--merge", str(merged)]
    assert export.main(arguments) == 0
    assert "50 greedy answers equal" in capsys.readouterr().out


def test_errors_name_what_and_the_remedy(tiny_model_dir, adapter, tmp_path, capsys):
    with pytest.raises(ModelError, match=r"expected a folder with adapter_config\.json"):
        export.merge(tmp_path / "none", tmp_path / "out", model=str(tiny_model_dir))
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ExportError, match=r"cannot be written .*choose another place"):
        export.merge(adapter, file / "out", model=str(tiny_model_dir))
    with pytest.raises(SystemExit):
        export.main(["--merge", "out"])
    assert "--merge needs --adapter" in capsys.readouterr().err


def test_the_adapter_names_its_model(tiny_model_dir, adapter, tmp_path):
    assert export.named_model(adapter) == str(tiny_model_dir)
    assert export.named_model(tmp_path) == export.named_model(None) == "smollm2"
    (tmp_path / "adapter_config.json").write_text("[]")
    with pytest.raises(ExportError, match="not a JSON object"):
        export.named_model(tmp_path)


def test_agreement_counts_first_choices(tiny_model_dir):
    model = load_model(tiny_model_dir, dtype="float32")
    encoder = PromptEncoder(export._tokenizer(tiny_model_dir))
    answers = greedy(model, encoder, prompts(3), "test")
    other = [(a[0], (a[1] + 1) % 320, *a[2:]) for a in answers]
    assert agreement(model, encoder, prompts(3), answers, "test").share == 1
    found = agreement(model, encoder, prompts(3), other, "test")
    assert found.same_first == 3
    assert found.same < found.tokens
    assert str(Agreement(4, 3, 2, 1)) == "top-1 agreement 75.0% of 4 tokens, 1 of 2 first tokens"


@pytest.mark.models
def test_gguf_is_what_llama_cpp_itself_made_of_the_embedded_model(tmp_path):
    """The embedded model came as GGUF, written by llama.cpp's converter: ours of it must be the same, but rounding."""
    from importlib import metadata

    from gguf import GGUFReader, dequantize

    from retrieval.models import EMBEDDED, resolve_lm

    out = tmp_path / "model.gguf"
    to_gguf.write(load_model(resolve_lm(), dtype="float32"), resolve_lm(), out, "bf16", "SmolLM2")
    wheel = metadata.distribution(EMBEDDED[0].distribution)
    ours, theirs = GGUFReader(out), GGUFReader(wheel.locate_file(EMBEDDED[0].file))
    differ = {
        name
        for name, field in theirs.fields.items()
        if name not in ours.fields or field.contents() != ours.fields[name].contents()
    }
    # The number format and where it comes from differ; padding and splitting are what retrieval.models made of them.
    assert {name for name in differ if not name.startswith(("general.", "GGUF."))} == {
        "tokenizer.ggml.padding_token_id",
        "tokenizer.ggml.pre",
    }
    tensors = {tensor.name: tensor for tensor in ours.tensors}
    assert set(tensors) == {tensor.name for tensor in theirs.tensors}
    for tensor in theirs.tensors:
        if tensor.name.startswith(("blk.0.", "blk.29.", "output")):
            found, expected = (dequantize(t.data, t.tensor_type) for t in (tensors[tensor.name], tensor))
            assert abs(found - expected).max() <= 2**-8 * abs(expected).max(), tensor.name
