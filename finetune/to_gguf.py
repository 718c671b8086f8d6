"""A causal LM of the Llama architecture as one GGUF file, for llama.cpp and what is built on it.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; the names and the order of query and key rows:
llama.cpp's convert_hf_to_gguf.py. Tensors are converted and written one at a time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from retrieval.errors import NamedropError
from retrieval.types import FloatArray

GgufType = Literal["bf16", "f16", "q8_0"]

# tensor type, file type (LlamaFileType) of each; vectors stay 32 bits wide, and so do rows that no block fits
_TYPES: Mapping[str, tuple[str, str]] = {
    "bf16": ("BF16", "MOSTLY_BF16"),
    "f16": ("F16", "MOSTLY_F16"),
    "q8_0": ("Q8_0", "MOSTLY_Q8_0"),
}
_BLOCK = 32  # weights of a Q8_0 block

_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2 = _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


class ExportError(NamedropError):
    """A model cannot be exported, or the export does not say what the model says."""


@dataclass(frozen=True, slots=True)
class Splitter:
    """How a tokenizer cuts text before it merges bytes: `name` is llama.cpp's, the rest is as tokenizer.json has it."""

    name: str
    digits: bool = False
    pattern: str = ""


_SPLITTERS = (
    Splitter("gpt-2"),
    Splitter("smollm", digits=True),
    Splitter("llama-bpe", pattern=_LLAMA3),
    Splitter("qwen2", pattern=_QWEN2),
)


def check(config: Any, folder: Path) -> Splitter:  # noqa: ANN401 - transformers' base class
    """Check that a model can be written as GGUF; return how its tokenizer splits text.

    Raises:
        ExportError: another architecture, rotary scaling or tokenizer than this module knows.
    """
    if config.model_type != "llama":
        raise ExportError(
            f"{folder}: a {config.model_type} model; --gguf writes llama models only: "
            "use --merge, and llama.cpp's convert_hf_to_gguf.py on the result"
        )
    if (kind := config.rope_parameters["rope_type"]) not in ("default", "linear", "llama3"):
        raise ExportError(f"{folder}: rotary scaling {kind!r}; expected default, linear or llama3: use --merge")
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    model = tokenizer.get("model", {})
    found = _splitter(tokenizer.get("pre_tokenizer"))
    if model.get("type") != "BPE" or model.get("byte_fallback") or found is None:
        raise ExportError(
            f"{path}: --gguf knows byte-level BPE tokenizers that split as GPT-2, SmolLM, Llama 3 or Qwen 2 do: "
            "use --merge, and llama.cpp's convert_hf_to_gguf.py on the result"
        )
    return found


def _splitter(pre_tokenizer: Mapping[str, Any] | None) -> Splitter | None:
    steps = [pre_tokenizer or {}]
    if steps[0].get("type") == "Sequence":
        steps = steps[0]["pretokenizers"]
    if steps[-1].get("type") != "ByteLevel" or steps[-1].get("add_prefix_space"):
        return None
    digits, pattern = False, ""
    for step in steps[:-1]:
        if step["type"] == "Digits" and step.get("individual_digits"):
            digits = True
        elif step["type"] == "Split" and "Regex" in step["pattern"] and step["behavior"] == "Isolated":
            pattern = step["pattern"]["Regex"]
        else:
            return None
    if steps[-1].get("use_regex", True) == bool(pattern):  # the pattern of GPT-2, or the one given, not both
        return None
    return next((s for s in _SPLITTERS if (s.digits, s.pattern) == (digits, pattern)), None)


def write(model: Any, folder: Path, out: Path, kind: GgufType, name: str, progress: bool = False) -> None:  # noqa: ANN401
    """Write a model as GGUF.

    Args:
        model: a Llama causal LM, its weights dense.
        folder: where its tokenizer lies.
        out: the file.
        kind: of the matrices.
        name: of the model, as programs show it.
        progress: show a bar.

    Raises:
        ExportError: the model or its tokenizer is of a kind that cannot be written.
    """
    from gguf import GGUFWriter, LlamaFileType

    splitter = check(model.config, folder)
    writer = GGUFWriter(None, "llama")
    writer.add_type("model")
    # transformers' loader takes a llama model for another if its name says so
    writer.add_name(name.replace("mistral", "m."))
    writer.add_file_type(LlamaFileType[_TYPES[kind][1]])
    writer.add_quantization_version(2)
    _add_shape(writer, model.config)
    _add_tokenizer(writer, folder, splitter, model.config.vocab_size)
    tensors = dict(_tensors(model))
    plan = {name: (tensor, _tensor_type(tensor, kind)) for name, tensor in tensors.items()}
    for name, (tensor, quantized) in plan.items():
        _announce(writer, name, tensor, quantized)
    try:
        writer.write_header_to_file(out)
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for name, (tensor, quantized) in tqdm(plan.items(), desc=out.name, unit=" tensors", disable=not progress):
            writer.write_tensor_data(_quantize(name, tensor, quantized, model.config))
    finally:
        writer.close()


def _add_shape(writer: Any, config: Any) -> None:  # noqa: ANN401
    heads = config.num_attention_heads
    head = getattr(config, "head_dim", None) or config.hidden_size // heads
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if head * heads != config.hidden_size:
        writer.add_key_length(head)
        writer.add_value_length(head)
    if config.rope_parameters["rope_type"] == "linear":
        from gguf import RopeScalingType

        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(config.rope_parameters["factor"])


def _add_tokenizer(writer: Any, folder: Path, splitter: Splitter, size: int) -> None:  # noqa: ANN401
    from gguf import SpecialVocab, TokenType
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    names = {number: token for token, number in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    types = [
        TokenType.UNUSED
        if number not in names
        else TokenType.NORMAL
        if number not in added
        else TokenType.CONTROL
        if added[number].special
        else TokenType.USER_DEFINED
        for number in range(size)
    ]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(splitter.name)
    writer.add_token_list([names.get(number, f"[PAD{number}]") for number in range(size)])
    writer.add_token_types(types)
    writer.add_add_space_prefix(False)
    special = SpecialVocab(folder, load_merges=True, n_vocab=size)
    # Said aloud, because llama.cpp has defaults of its own for some splitters.
    special.add_special_token["bos"] = tokenizer("a").input_ids[0] == tokenizer.bos_token_id
    special.add_to_gguf(writer, quiet=True)


def _tensors(model: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield the tensors by their GGUF names, in the order of the layers."""
    from gguf import MODEL_ARCH, get_tensor_name_map

    names = get_tensor_name_map(MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and model.config.tie_word_embeddings:
            continue  # its absence says that it is the embeddings
        found = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if found is None:
            raise ExportError(f"tensor {name}: llama.cpp's llama models have no such tensor; use --merge")
        yield found, tensor
    if model.config.rope_parameters["rope_type"] == "llama3":
        import torch

        yield "rope_freqs.weight", torch.from_numpy(rope_factors(model.config))


def rope_factors(config: Any) -> FloatArray:  # noqa: ANN401
    """Return by how much Llama 3.1 slows each rotary frequency down: (head_dim / 2,).

    Frequencies of short wavelengths stay, those of long ones are divided by `factor`, and between them the two are
    mixed (Llama 3.1's reference code, `apply_scaling`; llama.cpp's rope_freqs).
    """
    rope = config.rope_parameters
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    context, low, high = rope["original_max_position_embeddings"], rope["low_freq_factor"], rope["high_freq_factor"]
    wavelength = 2 * math.pi * rope["rope_theta"] ** (np.arange(0, head, 2) / head)
    mixed = np.clip((context / wavelength - low) / (high - low), 0, 1)
    factors: FloatArray = (1 / ((1 - mixed) / rope["factor"] + mixed)).astype(np.float32)
    return factors


def _tensor_type(tensor: Any, kind: GgufType) -> Any:  # noqa: ANN401 - gguf's GGMLQuantizationType
    from gguf import GGMLQuantizationType

    if tensor.ndim < 2:
        return GGMLQuantizationType.F32
    if kind == "q8_0" and tensor.shape[-1] % _BLOCK:
        return GGMLQuantizationType.F16
    return GGMLQuantizationType[_TYPES[kind][0]]


def _announce(writer: Any, name: str, tensor: Any, quantized: Any) -> None:  # noqa: ANN401
    from gguf.quants import quant_shape_to_byte_shape

    if quantized.name in ("F32", "F16"):
        width = np.dtype(np.float32 if quantized.name == "F32" else np.float16)
        writer.add_tensor_info(name, tuple(tensor.shape), width, tensor.numel() * width.itemsize)
    else:
        shape = quant_shape_to_byte_shape(tuple(tensor.shape), quantized)
        writer.add_tensor_info(name, shape, np.dtype(np.uint8), int(np.prod(shape)), raw_dtype=quantized)


def _quantize(name: str, tensor: Any, quantized: Any, config: Any) -> np.ndarray:  # noqa: ANN401
    from gguf.quants import quantize

    array: FloatArray = tensor.float().cpu().numpy()
    if ".attn_q." in name:
        array = interleaved(array, config.num_attention_heads)
    elif ".attn_k." in name:
        array = interleaved(array, config.num_key_value_heads)
    return quantize(np.ascontiguousarray(array), quantized)


def interleaved(rows: FloatArray, heads: int) -> FloatArray:
    """Bring a head's rows into the order of llama.cpp: (heads · d, …) to the same shape.

    transformers turns row i of a head together with row i + d/2, llama.cpp with the row beside it.
    """
    half = rows.shape[0] // heads // 2
    return rows.reshape(heads, 2, half, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)
