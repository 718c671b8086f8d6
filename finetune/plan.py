"""Which rows each step trains on, drawn once from the seed for all epochs.

Step s trains on the same rows in every run of a configuration, whatever number of processes share them: where they
cannot be shared evenly, a process that is left over computes a batch that has no weight.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import torch

from finetune.config import TrainConfig
from finetune.packing import Batch, Row, collate

States = Callable[[Sequence[int], int], torch.Tensor]  # (row ids, T) to (B, T, H)
_WEIGHTS = ("label_weights", "target_weights")


class Plan:
    """Which rows each step trains on.

    Attributes:
        steps: optimizer steps in all.
        per_step: micro-batches of a step, over all processes, but for those without weight.
        accumulation: micro-batches of a step that one process computes.
        batches: lists of row ids, `accumulation` · processes of them a step; ~id in those without weight.
    """

    def __init__(self, rows: int, config: TrainConfig, processes: int) -> None:
        per_batch = max(1, config.micro_tokens // config.max_tokens)
        per_epoch = math.ceil(rows / per_batch)
        self.per_step = min(max(1, round(config.batch_tokens / (per_batch * config.max_tokens))), per_epoch)
        self.accumulation = math.ceil(self.per_step / processes)
        steps_per_epoch = math.ceil(per_epoch / self.per_step)
        steps = math.ceil(config.epochs * steps_per_epoch)
        self.steps = min(steps, config.max_steps or steps)
        idle = self.accumulation * processes - self.per_step
        self.batches: list[list[int]] = []
        for epoch in range(math.ceil(self.steps / steps_per_epoch)):
            order = list(range(rows))
            random.Random(f"{config.seed}:{epoch}").shuffle(order)
            batches = [order[at : at + per_batch] for at in range(0, rows, per_batch)]
            # The last step of an epoch is filled up from its beginning, so that every step weighs the same.
            batches += [batches[i % len(batches)] for i in range(-len(batches) % self.per_step)]
            for at in range(0, len(batches), self.per_step):
                step = batches[at : at + self.per_step]
                self.batches += step + [[~row for row in step[0]]] * idle
        del self.batches[self.steps * self.accumulation * processes :]

    def of(self, process: int, processes: int) -> list[list[int]]:
        """Return the micro-batches of one process, in order."""
        return self.batches[process::processes]


class Rows:
    """The rows as torch's data set; ~id is a row without weight."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> int:
        return at


class Batches:
    """Collates row ids into a batch, with the cached states where the lower layers are not run."""

    def __init__(self, rows: Sequence[Row], states: States | None = None) -> None:
        self.rows = rows
        self.states = states

    def __call__(self, ids: Sequence[int]) -> Batch:
        """Return the batch of some rows."""
        idle = ids[0] < 0
        ids = [~at if idle else at for at in ids]
        batch = collate([self.rows[at] for at in ids], ids)
        if idle:
            batch |= {name: torch.zeros_like(batch[name]) for name in _WEIGHTS}
        if self.states is not None:
            batch["states"] = self.states(ids, batch["tokens"].shape[1])
        return batch
