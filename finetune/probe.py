"""How fast training is here: a few steps of it, on the rows that are to be trained on."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chat.engine import choose_dtype, load_model
from finetune.config import Lora
from finetune.packing import Row, collate
from retrieval.models import resolve_lm


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens that training computes in a second, after how many it was measured, and how."""

    tokens_per_second: float
    tokens: int
    how: str


def measure(model: str, rows: Sequence[Row], lora: Lora, micro_tokens: int = 512, seconds: float = 8.0) -> Speed:
    """Train adapters for some seconds on packed rows and return the speed; nothing is kept.

    The first step is not counted: it allocates. The median of the others is taken, so that a pause does not count;
    other work on the machine still makes the figure smaller.

    Args:
        model: the causal LM: a name, a folder or a hub id.
        rows: at least one.
        lora: the adapters.
        micro_tokens: tokens of one forward.
        seconds: stop after the step that passes them; at least three steps are counted.

    Raises:
        ModelError: the model cannot be found or read.
    """
    import torch

    from finetune.objective import Tuned, to_device

    folder = resolve_lm(model)
    chosen, why = choose_dtype()
    lm = load_model(folder, dtype="float32")
    tuned = Tuned(_with_adapters(lm, lora), None, autocast=chosen if chosen != torch.float32 else None)
    optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=1e-5)
    device = next(tuned.parameters()).device
    counted, speeds, started = 0, [], time.perf_counter()
    for step, batch in enumerate(_batches(rows, micro_tokens)):
        begun = time.perf_counter()
        loss = tuned(to_device(collate(batch), device))
        tuned.total(loss, loss.lm_weight, loss.tower_weight).backward()
        optimizer.step()
        optimizer.zero_grad()
        _wait(device)
        if step:
            tokens = sum(len(row) for row in batch)
            counted += tokens
            speeds.append(tokens / (time.perf_counter() - begun))
        if step >= 3 and time.perf_counter() - started > seconds:
            break
    threads = f"{torch.get_num_threads()} threads" if device.type == "cpu" else torch.cuda.get_device_name(device)
    load = f", load {os.getloadavg()[0]:.1f}" if device.type == "cpu" else ""
    return Speed(statistics.median(speeds), counted, f"{str(chosen)[6:]} ({why}), {threads}{load}")


def _with_adapters(lm: Any, lora: Lora) -> Any:  # noqa: ANN401 - any of transformers' causal LMs
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        layers_to_transform=list(lora.layers) if lora.layers is not None else None,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(lm, settings).train()


def _batches(rows: Sequence[Row], micro_tokens: int) -> Iterator[list[Row]]:
    """Yield micro-batches of whole rows, over and over."""
    while True:
        batch: list[Row] = []
        for row in rows:
            if batch and sum(map(len, batch)) + len(row) > micro_tokens:
                yield batch
                batch = []
            batch.append(row)
        yield batch


def _wait(device: Any) -> None:  # noqa: ANN401 - torch.device, imported late
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
