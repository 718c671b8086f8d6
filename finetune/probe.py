"""How fast training is here: a few steps of it, on the rows that are to be trained on."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finetune.config import TrainConfig
from finetune.packing import Row, collate


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens that training computes in a second, after how many it was measured, and how."""

    tokens_per_second: float
    tokens: int
    how: str


def measure(config: TrainConfig, rows: Sequence[Row], seconds: float = 8.0) -> Speed:
    """Train adapters for some seconds on packed rows and return the speed; nothing is kept.

    The first step is not counted: it allocates. The median of the others is taken, so that a pause does not count;
    other work on the machine still makes the figure smaller. The user tower, which costs next to nothing, is left
    out, and with `upper_layers` the layers below are computed every time, where training computes them once.

    Args:
        config: the model, the adapters, and the tokens of a forward.
        rows: at least one.
        seconds: stop after the step that passes them; at least three steps are counted.

    Raises:
        ModelError: the model cannot be found or read.
        ConfigError: the adapters do not fit the model.
    """
    import torch

    from finetune.adapters import load_trainable, precision_of
    from finetune.objective import Tuned, to_device

    model, autocast = load_trainable(config)
    tuned = Tuned(model, None, autocast=autocast).train()
    optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=1e-5)
    device = next(tuned.parameters()).device
    counted, speeds, started = 0, [], time.perf_counter()
    for step, batch in enumerate(_batches(rows, config.micro_tokens)):
        begun = time.perf_counter()
        loss = tuned(to_device(collate(batch), device))
        tuned.total(loss, loss.lm_weight, loss.tower_weight).backward()
        optimizer.step()
        optimizer.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if step:
            tokens = sum(len(row) for row in batch)
            counted += tokens
            speeds.append(tokens / (time.perf_counter() - begun))
        if step >= 3 and time.perf_counter() - started > seconds:
            break
    dtype, why = precision_of(config)
    kind = str(dtype).removeprefix("torch.")
    return Speed(statistics.median(speeds), counted, f"{kind} ({why}), {_machine(device)}")


def _machine(device: object) -> str:
    import torch

    if str(device).startswith("cuda"):
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}"


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
