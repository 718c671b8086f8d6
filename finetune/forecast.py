"""The dry run: what a configuration would train on, and how long it would take, before anything is trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from finetune.examples import TASKS, ExampleEncoder, show
from finetune.objective import causal_of
from finetune.packing import Batch
from finetune.plan import Batches, Plan
from finetune.prepared import Prepared, build, sizes
from finetune.upper import run_lower, split

_TIMED = 3  # micro-batches that are computed


def dry_run(prepared: Prepared) -> Iterator[str]:
    """Yield the report of a dry run: sizes, a masked sample of each task, and the predicted duration."""
    config, examples = prepared.config, prepared.examples
    yield from sizes(prepared)
    encode = ExampleEncoder(prepared.encoder)
    for name in TASKS:
        example = next((e for e in examples.train if e.task == name), None)
        if example is not None:
            yield ""
            yield show(example, encode(example), prepared.tokenizer.decode)
    yield ""
    plan = Plan(len(prepared.train.rows), config, 1)
    seconds, lower = _measure(prepared)
    tokens = sum(len(row) for row in prepared.train.rows)
    evaluations = plan.steps // config.evaluate_every + 2
    valid = sum(len(row) for row in prepared.valid.rows) if prepared.valid else 0
    per_step = plan.per_step * config.micro_tokens
    total = plan.steps * per_step * seconds + evaluations * valid * seconds / 3 + tokens * lower
    trained = plan.steps * per_step
    yield f"measured: {1 / seconds:,.0f} tokens/s" + (f", lower layers {1 / lower:,.0f} tokens/s" if lower else "")
    yield f"predicted: {plan.steps:,} steps of {per_step:,} tokens, {trained:,} tokens in all, about {_worded(total)}"


def _measure(prepared: Prepared) -> tuple[float, float]:
    """Return the seconds a token takes in training, and in the lower layers once (0 without `upper_layers`)."""
    few = replace(prepared, train=replace(prepared.train, rows=prepared.train.rows[: _TIMED + 1]), valid=None)
    tuned, batches, _ = build(few, progress=False)
    tuned.train()

    def step(batch: Batch) -> None:
        loss = tuned(batch)
        tuned.total(loss, loss.lm_weight, loss.tower_weight).backward()

    seconds = _timed(step, batches)
    upper = prepared.config.upper_layers
    if upper is None:
        return seconds, 0.0
    below, _ = split(causal_of(tuned.model), upper)
    return seconds, _timed(lambda batch: run_lower(below, batch, tuned.autocast), batches)


def _timed(compute: Callable[[Batch], object], batches: Batches) -> float:
    spent, tokens = 0.0, 0
    for at in range(len(batches.rows)):
        batch = batches([at])
        started = time.perf_counter()
        compute(batch)
        if at or len(batches.rows) == 1:  # the first one also allocates
            spent += time.perf_counter() - started
            tokens += batch["positions"].numel()
    return spent / max(tokens, 1)


def _worded(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min" if minutes else "a minute"
