"""Training throughput and memory: the plain way against packed rows, and those over cached lower layers.

    python -m benchmarks.training --catalog data/marquee/catalog.jsonl

trains the same examples, in the same steps and with the same adapters (peft's defaults), three ways:

plain   transformers' Trainer and peft as they come: one example a sequence, padded batches of 8, float32
packed  the rows of `finetune.packing`, the head at positions with loss only, bfloat16 where the processor has it
upper   the same, with adapters on the upper layers only and the states below them cached

Each way lives in its own process, which shows its peak memory, and they take turns a few steps at a time, because
absolute figures drift with the load of the machine. Tokens are those of the examples one by one, whatever a way makes
of them; the loss is per token with loss, on examples that no way trains on.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from finetune import provenance
from finetune.config import Data, Lora, TaskSettings, Tower, TrainConfig
from finetune.examples import TASKS, ExampleEncoder
from finetune.packing import Row, Weighed, pack
from finetune.prepared import Prepared, build, prepare

WAYS = ("plain", "packed", "upper")
PLAIN_BATCH = 8  # TrainingArguments' default
_HELD = 4  # rows that the loss is measured on


@dataclass(frozen=True)
class Setting:
    """What is compared."""

    model: str
    catalog: Path
    steps: int
    rounds: int
    batch_tokens: int
    upper: int


def configuration(setting: Setting, way: str) -> TrainConfig:
    """Return the configuration of a way; task weights are 1, as the plain way has none."""
    return TrainConfig(
        model=setting.model,
        output=Path(tempfile.mkdtemp()) / "run",
        data=Data(catalog=setting.catalog, valid_share=0.0),
        tasks={name: TaskSettings() for name in TASKS},
        lora=Lora(rank=8, alpha=8, targets=("q_proj", "v_proj")),  # peft 0.21's for Llama
        tower=Tower(weight=0),
        upper_layers=setting.upper if way == "upper" else None,
        batch_tokens=setting.batch_tokens,
        epochs=100,
        max_steps=1 + setting.steps * setting.rounds,
        evaluate_every=10_000,
        checkpoint_every=10_000,
        warmup=0.0,
        precision="float32" if way == "plain" else "auto",
    )


def prepared_for(setting: Setting, way: str) -> Prepared:
    """Return the packed examples, the last rows held for measuring."""
    made = prepare(configuration(setting, way))
    unique = {(e.prompt, e.completion): e for e in made.examples.train}  # so that a row tells its examples
    encode = ExampleEncoder(made.encoder)
    weighed = [Weighed.of(example, encode(example), 1.0) for example in unique.values()]
    made = replace(made, train=pack(weighed, made.config.max_tokens))
    rows = made.train.rows
    return replace(made, train=replace(made.train, rows=rows[:-_HELD]), valid=replace(made.train, rows=rows[-_HELD:]))


def sequences(row: Row) -> list[tuple[list[int], list[int]]]:
    """Return a row's examples one by one: token ids, and labels with -100 where there is no loss."""
    children: dict[int, list[int]] = {}
    for node, parent in enumerate(row.parents.tolist()):
        children.setdefault(parent, []).append(node)
    labelled: dict[int, list[int]] = {}
    for node, token in zip(row.label_nodes.tolist(), row.label_tokens.tolist(), strict=True):
        labelled.setdefault(node, []).append(token)
    found: list[tuple[list[int], list[int]]] = []

    def walk(node: int, ids: list[int], labels: list[int]) -> None:
        nexts = {int(row.tokens[child]): child for child in children.get(node, [])}
        for token in dict.fromkeys(labelled.get(node, [])):
            if token not in nexts:
                found.append(([*ids, token], [*labels, token]))
        for token, child in nexts.items():
            walk(child, [*ids, token], [*labels, token if token in labelled.get(node, []) else -100])

    walk(-1, [], [])
    if sum(label != -100 for _, labels in found for label in labels) != len(row.label_nodes):
        raise ValueError("a row's examples could not be told apart; please report this")
    return found


class Turns:
    """Lets a way work only when it is its turn; as a Trainer callback, see `_callback`."""

    def __init__(self, pipe: Connection, setting: Setting) -> None:
        self.pipe, self.setting = pipe, setting
        self.started = 0.0

    def begin(self) -> None:
        """Wait for the first turn."""
        self.pipe.recv()
        self.started = time.perf_counter()

    def step(self, number: int) -> None:
        """Hand over after the first step, which warms up, and after every round."""
        if (number - 1) % self.setting.steps:
            return
        self.pipe.send(time.perf_counter() - self.started)
        if number <= self.setting.steps * self.setting.rounds:
            self.begin()


def _callback(turns: Turns) -> Any:  # noqa: ANN401 - transformers is imported late
    from transformers import TrainerCallback

    class Callback(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
            turns.begin()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
            turns.step(state.global_step)

    return Callback()


def work(way: str, setting: Setting, pipe: Connection) -> None:
    """Train one way, a turn at a time; runs in its own process."""
    from finetune.loop import Loop
    from finetune.plan import Plan
    from finetune.train import peak_memory

    prepared = prepared_for(setting, way)
    began = time.perf_counter()
    tuned, batches, valid = build(prepared, progress=False)
    ready = time.perf_counter() - began
    plan = Plan(len(prepared.train.rows), prepared.config, 1)
    rows = prepared.train.rows
    steps = [plan.batches[at : at + plan.per_step] for at in range(0, len(plan.batches), plan.per_step)]
    tokens = [sum(rows[i].plain for batch in step for i in batch) for step in steps]
    computed = [sum(len(rows[i]) for batch in step for i in batch) for step in steps]
    loop = Loop(prepared.config, tuned, batches, valid, quiet=True)
    before = loop.evaluate()["eval_lm"]
    loop._measured = None
    turns = Turns(pipe, setting)
    pipe.send({"tokens": tokens, "computed": computed, "ready": ready, "before": before})
    if way == "plain":
        _plain(tuned, rows, steps, prepared.config, turns)
    else:
        loop.add_callback(_callback(turns))
        loop.train()
    loop._measured = None
    pipe.send({"after": loop.evaluate()["eval_lm"], "memory": peak_memory()})


def _plain(tuned: Any, rows: Any, steps: Any, config: TrainConfig, turns: Turns) -> None:  # noqa: ANN401
    """Train with Trainer as it comes, each step on the examples of the same rows."""
    import torch
    from torch.utils.data import DataLoader
    from transformers import Trainer, TrainingArguments

    data: list[tuple[list[int], list[int]]] = []
    starts = []
    for step in steps:
        starts.append(len(data))
        data += [pair for batch in step for i in batch for pair in sequences(rows[i])]
    ends = [*starts[1:], len(data)]
    most = max(end - start for start, end in zip(starts, ends, strict=True))
    accumulation = -(-most // PLAIN_BATCH)
    # Every step has the same number of batches, of 8 examples or one fewer where it has fewer examples.
    order = [
        list(range(s + n, e, accumulation)) for s, e in zip(starts, ends, strict=True) for n in range(accumulation)
    ]

    def collate(examples: list[tuple[list[int], list[int]]]) -> dict[str, torch.Tensor]:
        longest = max(len(ids) for ids, _ in examples)
        return {
            "input_ids": torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in examples]),
            "labels": torch.tensor([labels + [-100] * (longest - len(labels)) for _, labels in examples]),
            "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in examples]),
        }

    class Ordered(Trainer):
        def get_train_dataloader(self) -> DataLoader[Any]:
            return DataLoader(data, batch_sampler=order, collate_fn=collate)  # type: ignore[arg-type]

    arguments = TrainingArguments(
        output_dir=str(config.output),
        per_device_train_batch_size=PLAIN_BATCH,
        gradient_accumulation_steps=accumulation,
        max_steps=config.max_steps or 0,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        lr_scheduler_type="cosine",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        seed=config.seed,
    )
    Ordered(model=tuned.model, args=arguments, train_dataset=data, callbacks=[_callback(turns)]).train()


def measure(setting: Setting) -> list[dict[str, Any]]:
    """Run the ways turn by turn; return a row of figures for each."""
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    told: dict[str, dict[str, Any]] = {}
    processes = []
    for way in WAYS:
        pipes[way], other = context.Pipe()
        process = context.Process(target=work, args=(way, setting, other), daemon=True)
        process.start()
        other.close()
        processes.append(process)
        told[way] = pipes[way].recv()  # one after the other: loading is work too
        told[way]["seconds"] = []
    for turn in range(1 + setting.rounds):
        for way in WAYS:
            pipes[way].send("go")
            seconds = pipes[way].recv()
            if turn:  # the first one warms up
                told[way]["seconds"].append(seconds)
    for way in WAYS:
        told[way].update(pipes[way].recv())
    for process in processes:
        process.join()
    return [_row(way, told[way]) for way in WAYS]


def _row(way: str, told: dict[str, Any]) -> dict[str, Any]:
    tokens, seconds = sum(told["tokens"][1:]), sum(told["seconds"])
    return {
        "way": way,
        "tokens_per_second": tokens / seconds,
        "computed_per_second": sum(told["computed"][1:]) / seconds if way != "plain" else tokens / seconds,
        "spread": max(told["seconds"]) / min(told["seconds"]),
        "loss_before": told["before"],
        "loss_after": told["after"],
        "peak_memory_gb": told["memory"] / 1e9,
        "load_seconds": told["ready"],
        "tokens": tokens,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Word the figures as a Markdown table."""
    head = ["way", "tokens/s", "times", "computed/s", "loss before", "loss after", "peak memory", "load"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        times = row["tokens_per_second"] / rows[0]["tokens_per_second"]
        cells = [
            row["way"],
            f"{row['tokens_per_second']:,.0f}",
            f"{times:.1f}",
            f"{row['computed_per_second']:,.0f}",
            f"{row['loss_before']:.4f}",
            f"{row['loss_after']:.4f}",
            f"{row['peak_memory_gb']:.2f} GB",
            f"{row['load_seconds']:.0f} s",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the comparison, and write it where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="smollm2", help="a causal LM (default smollm2)")
    parser.add_argument("--catalog", type=Path, default=Path("data/marquee/catalog.jsonl"))
    parser.add_argument("--items", type=int, default=150, help="of the catalogue, to make examples of (default 150)")
    parser.add_argument("--steps", type=int, default=1, help="optimizer steps a turn (default 1)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way (default 3)")
    parser.add_argument("--batch-tokens", type=int, default=2048, help="tokens of a step, as packed (default 2048)")
    parser.add_argument("--upper", type=int, default=10, help="upper layers with adapters (default 10)")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalog = Path(folder) / "catalog.jsonl"
        lines = args.catalog.read_text(encoding="utf-8").splitlines(keepends=True)
        catalog.write_text("".join(lines[: args.items]), encoding="utf-8")
        rows = measure(Setting(args.model, catalog, args.steps, args.rounds, args.batch_tokens, args.upper))
    print(table(rows))
    if args.out:
        found = {"commit": provenance.commit(), "made": provenance.now(), "hardware": provenance.hardware()}
        args.out.write_text(json.dumps({**found, "arguments": vars(args), "ways": rows}, indent=1, default=str))


if __name__ == "__main__":
    main()
