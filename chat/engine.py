"""Running a causal LM on this machine: loading it, and a prefix cache so that nothing is read twice.

Every answer to a turn begins with the same context. It is prefilled once; the continuations that are compared (the
titles of a beam) are then fed as one tree, a single sequence whose attention mask shows each token its ancestors
only, so that the keys and values of the context are neither copied nor reordered.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from retrieval.errors import ModelError
from retrieval.threads import cores
from retrieval.types import FloatArray, IntArray

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

DType = Literal["auto", "bfloat16", "float32"]
KeyValues = tuple[tuple["torch.Tensor", "torch.Tensor"], ...]  # a layer: (1, n_kv_head, T, head_dim) each


def choose_dtype(dtype: DType = "auto") -> tuple[torch.dtype, str]:
    """Return the number format to run in, and why."""
    import torch

    if dtype != "auto":
        return getattr(torch, dtype), "asked for"
    if torch.cuda.is_available():
        return (torch.bfloat16, "the GPU has it") if torch.cuda.is_bf16_supported() else (torch.float32, "an older GPU")
    capabilities = torch.cpu.get_capabilities()
    for name in ("avx512_bf16", "amx_bf16", "bf16"):
        if capabilities.get(name):
            return torch.bfloat16, f"the CPU has {name}"
    return torch.float32, "the CPU has no bf16 arithmetic"


def load_model(folder: Path, adapter: Path | None = None, dtype: DType = "auto") -> Any:  # noqa: ANN401
    """Load a causal LM for inference, its LoRA adapter merged in.

    Raises:
        ModelError: the folder or the adapter cannot be read, or do not fit each other.
    """
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging as transformers_logging

    torch.set_num_threads(min(torch.get_num_threads(), cores()))  # in a container, torch counts those of others too
    chosen, why = choose_dtype(dtype)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    model: Any
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=chosen, local_files_only=True)
    except Exception as error:  # a damaged folder shows as an error of any library below
        raise ModelError(f"cannot load the causal LM in {folder} ({error}); fetch or convert it again") from error
    finally:
        if bars:
            transformers_logging.enable_progress_bar()
    if adapter is not None:
        model = _merged(model, adapter)
    kind = str(chosen).removeprefix("torch.")
    log.info("causal LM %s on %s, %s: %s; adapter: %s", folder, device, kind, why, adapter or "none")
    return model.to(device).eval().requires_grad_(False)


def check_folder(adapter: Path) -> None:
    """Check that a folder holds a LoRA adapter, without reading it.

    Raises:
        ModelError: it holds none.
    """
    if not (adapter / "adapter_config.json").is_file():
        raise ModelError(f"adapter {adapter}: expected a folder with adapter_config.json; give a run's adapter folder")


def _merged(model: Any, adapter: Path) -> Any:  # noqa: ANN401
    from peft import PeftModel

    check_folder(adapter)
    try:
        # Merged, because separate LoRA products would cost hundreds of small multiplications a token.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)  # peft 0.21 asks for it
            return PeftModel.from_pretrained(model, os.fspath(adapter)).merge_and_unload()
    except Exception as error:
        base = model.config.name_or_path
        raise ModelError(f"adapter {adapter} does not fit {base} ({error}); use the model it was trained on") from error


@dataclass(frozen=True, slots=True)
class Context:
    """A prefilled text: its T token ids, keys and values, and what the model makes of the last token."""

    ids: IntArray
    key_values: KeyValues
    logits: torch.Tensor  # (1, V) float32
    hidden: FloatArray  # (H,)


class Engine:
    """A loaded model with the contexts it read last. Not thread-safe: its owner lets one call in at a time.

    Attributes:
        reused: tokens of the last context that came from the cache.
    """

    def __init__(self, model: Any, remembered: int = 8) -> None:  # noqa: ANN401 - any of transformers' causal LMs
        self._model = model
        self._remembered = remembered
        self._contexts: OrderedDict[tuple[int, ...], Context] = OrderedDict()
        self.reused = 0

    def __len__(self) -> int:
        return len(self._contexts)

    def read(self, ids: Sequence[int]) -> Context:
        """Prefill a text, computing only what no remembered text begins with."""
        import torch

        wanted = np.asarray(ids, dtype=np.int64)
        known = self._contexts.get(tuple(ids))
        if known is not None:
            self._contexts.move_to_end(tuple(ids))
            self.reused = len(ids)
            return known
        nearest, self.reused = None, 0
        for context in self._contexts.values():
            # One token at least is read: the logits of the last one are not kept for shorter beginnings.
            shared = min(_common(context.ids, wanted), len(wanted) - 1)
            if shared > self.reused:
                nearest, self.reused = context, shared
        with torch.inference_mode():
            cache = self._cache(nearest.key_values if nearest else (), self.reused)
            new = torch.from_numpy(wanted[None, self.reused :]).to(self._model.device)
            out = self._model(
                input_ids=new, past_key_values=cache, use_cache=True, logits_to_keep=1, output_hidden_states=True
            )
            context = Context(
                wanted,
                tuple((layer.keys, layer.values) for layer in cache.layers),
                out.logits[0].float(),
                out.hidden_states[-1][0, -1].float().cpu().numpy(),
            )
        if nearest is not None and self.reused == len(nearest.ids):
            del self._contexts[tuple(nearest.ids.tolist())]  # an earlier turn: all of it is in this one
        self._contexts[tuple(ids)] = context
        while len(self._contexts) > self._remembered:
            self._contexts.popitem(last=False)
        return context

    def grow(self, context: Context) -> Tree:
        """Begin a tree of continuations; the context stays as it is."""
        return Tree(self._model, context, self._cache(context.key_values, len(context.ids)))

    @staticmethod
    def _cache(key_values: KeyValues, length: int) -> Any:  # noqa: ANN401
        from transformers import DynamicCache

        # Built without the model's config: full layers, which can be cut anywhere; the copy is a few milliseconds.
        return DynamicCache(ddp_cache_data=[(k[:, :, :length], v[:, :, :length]) for k, v in key_values] or None)


class Tree:
    """Continuations of one context that share their beginnings; n nodes so far, the root (-1) is the context's end."""

    def __init__(self, model: Any, context: Context, cache: Any) -> None:  # noqa: ANN401
        self._model = model
        self._cache = cache
        self._start = len(context.ids)
        self._seen = np.zeros((0, 0), dtype=np.bool_)  # (n, n): row i sees column j
        self.logits = context.logits

    @property
    def size(self) -> int:
        """How many nodes there are; the next one fed gets this number."""
        return len(self._seen)

    def feed(self, tokens: Sequence[int], parents: Sequence[int]) -> torch.Tensor:
        """Append m nodes under nodes that are there or come before them; return their next-token logits (m, V)."""
        import torch

        old, new = len(self._seen), len(tokens)
        seen = np.zeros((old + new, old + new), dtype=np.bool_)
        seen[:old, :old] = self._seen
        for node, parent in enumerate(parents, old):
            if parent >= 0:
                seen[node] = seen[parent]
            seen[node, node] = True
        self._seen = seen
        device, dtype = self._model.device, self._model.dtype
        with torch.inference_mode():
            mask = torch.zeros((1, 1, new, self._start + old + new), dtype=dtype)
            mask[0, 0, :, self._start :].masked_fill_(torch.from_numpy(~seen[old:]), torch.finfo(dtype).min)
            positions = torch.from_numpy(self._start - 1 + seen[old:].sum(axis=1, dtype=np.int64))
            out = self._model(
                input_ids=torch.tensor([list(tokens)], device=device),
                position_ids=positions[None].to(device),
                attention_mask=mask.to(device),
                past_key_values=self._cache,
                use_cache=True,
            )
            self.logits = out.logits[0].float()
        return self.logits


def logprobs(logits: torch.Tensor, rows: Sequence[int] | IntArray, tokens: Sequence[int] | IntArray) -> FloatArray:
    """Return log p(token) of C (row, token) pairs over the whole vocabulary: logits (m, V) to (C,)."""
    import torch

    with torch.inference_mode():
        total = logits.logsumexp(dim=-1)
        row = torch.as_tensor(np.asarray(rows, dtype=np.int64), device=logits.device)
        token = torch.as_tensor(np.asarray(tokens, dtype=np.int64), device=logits.device)
        picked: FloatArray = (logits[row, token] - total[row]).cpu().numpy()
    return picked


def _common(a: IntArray, b: IntArray) -> int:
    """Return how many leading tokens two texts share."""
    length = min(len(a), len(b))
    differs = np.flatnonzero(a[:length] != b[:length])
    return int(differs[0]) if len(differs) else length
