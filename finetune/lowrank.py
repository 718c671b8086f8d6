"""The sentence encoder with low-rank changes to be learned, and how they are kept for `SentenceEncoder(tuning=…)`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from retrieval.encoder import fast_dtype
from retrieval.errors import ModelError
from retrieval.models import resolve_encoder

MODULES = ("query", "key", "value", "dense")
SCALE = 2.0
_DROPOUT = 0.05


class LowRankEncoder:
    """The encoder's transformer, frozen but for fresh low-rank changes (Hu et al., "LoRA", ICLR 2022).

    Attributes:
        name: the encoder, as it was asked for.
        parameters: what is learned.
        width: of a hidden state, d.
    """

    def __init__(self, name: str, rank: int) -> None:
        """Load it.

        Raises:
            ModelError: the model cannot be found.
        """
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModel, AutoTokenizer

        folder = resolve_encoder(name)
        self._torch = torch
        self.name = name
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        config = LoraConfig(
            r=rank, lora_alpha=int(SCALE * rank), lora_dropout=_DROPOUT, target_modules=list(MODULES),
            exclude_modules=r"pooler\..*",
        )  # fmt: skip
        self._model: Any = get_peft_model(AutoModel.from_pretrained(folder, local_files_only=True), config)
        self._model.train()
        self.parameters = [p for p in self._model.parameters() if p.requires_grad]
        self.width = int(self._model.config.hidden_size)

    def load(self, file: Path) -> None:
        """Take over changes that `changes` gave, in float32: learning goes on from there.

        Raises:
            ModelError: they cannot be read, or were learned by an encoder of other modules or another rank.
        """
        from peft import set_peft_model_state_dict
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            changes = {key: value for key, value in load_file(file).items() if key.endswith((".A", ".B"))}
            own = self.changes()
            if {k: v.shape for k, v in own.items()} != {k: v.shape for k, v in changes.items()}:
                raise ValueError("its modules or its rank are not those of this encoder")
        except (OSError, SafetensorError, ValueError) as error:
            raise ModelError(f"cannot go on from {file} ({error}); give what this command has written") from error
        named = {f"base_model.model.{key[:-2]}.lora_{key[-1]}.weight": value.float() for key, value in changes.items()}
        set_peft_model_state_dict(self._model, named)

    def states(self, texts: Sequence[str], longest: int) -> tuple[Any, Any, Any]:
        """Return the last hidden states (n, T, d), which tokens are there (n, T), and their characters (n, T, 2)."""
        batch = self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=longest,
            return_tensors="pt",
            return_offsets_mapping=True,
        )
        offsets = batch.pop("offset_mapping")
        with self._fast():
            hidden = self._model(**batch).last_hidden_state.float()
        return hidden, batch["attention_mask"], offsets

    def _fast(self) -> AbstractContextManager[Any]:
        dtype, _ = fast_dtype()  # where the processor has no bf16, it would take several times as long
        return nullcontext() if dtype == "float32" else self._torch.autocast("cpu", getattr(self._torch, dtype))

    def changes(self) -> dict[str, Any]:
        """Return what was learned, in half precision: `MODULE.A` (r, in) and `MODULE.B` (out, r) each."""
        from peft import get_peft_model_state_dict

        tensors = {}
        for key, value in get_peft_model_state_dict(self._model).items():
            name, _, part = key.removeprefix("base_model.model.").removesuffix(".weight").rpartition(".lora_")
            tensors[f"{name}.{part}"] = value.to(self._torch.float16).contiguous()
        return tensors

    @property
    def header(self) -> dict[str, str]:
        """Return what stands beside the changes in their file."""
        return {"encoder": self.name, "scale": str(SCALE)}


def pooled(states: Any, mask: Any) -> Any:  # noqa: ANN401 - torch.Tensor, which is imported late
    """Return the mean of the hidden states (n, T, d) that are there, (n, d)."""
    there = mask[..., None].float()
    return (states * there).sum(1) / there.sum(1)
