"""The sentence encoder with low-rank changes to be learned, and how they are kept for `SentenceEncoder(tuning=…)`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

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
        return self._torch.autocast("cpu", self._torch.bfloat16)

    def evaluating(self, on: bool) -> None:
        """Turn dropout off or on."""
        self._model.train(not on)

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
