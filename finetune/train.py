"""Fine-tuning: one YAML in, an adapter with its user tower out.

    python -m finetune.train CONFIG.yaml [--dry-run] [--resume] [--qlora] [--output DIR]
    torchrun --nproc-per-node 2 -m finetune.train CONFIG.yaml     (on CPUs: ACCELERATE_USE_CPU=1 torchrun …)

The steps: read and check everything, make the examples, pack them, load the model with fresh adapters, train, save,
load what was saved as serving does, and compare. Nothing is written before everything has been read and fits the model.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from finetune.checkpoints import (
    check_place,
    check_run,
    describe_run,
    newest_sound,
    open_run,
    publish,
    readable,
    step_of,
    write_json,
)
from finetune.config import TrainConfig, dump_config, read_config
from finetune.prepared import Prepared, build, prepare, sizes
from retrieval.errors import NamedropError


def train(config: TrainConfig, *, resume: bool = False) -> Path:
    """Run a training; return the adapter's folder.

    Raises:
        NamedropError: the configuration, the data or the run's folder cannot be used, or training failed.
    """
    main_process = int(os.environ.get("RANK", "0")) == 0
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if main_process:
        check_place(config.output)
    prepared = prepare(config)
    if main_process:
        check_run(config, resume=resume, data=prepared.digest, processes=processes)
    tuned, batches, valid = build(prepared, progress=main_process)
    if main_process:
        open_run(config, resume=resume, data=prepared.digest, processes=processes)
    from finetune.loop import Curves, Loop, worded

    loop = Loop(config, tuned, batches, valid)
    loop.accelerator.wait_for_everyone()
    checkpoint = newest_sound(config.output / "checkpoints") if resume else None
    loop.add_callback(Curves(config.output / "tensorboard", step_of(checkpoint) if checkpoint else None))
    for line in sizes(prepared):
        loop.progress.say(line)
    loop.progress.say(f"{loop.args.world_size} process{'es' * (loop.args.world_size > 1)}, {loop.plan.steps:,} steps")
    before = _before(loop, checkpoint)
    loop.progress.say(f"before: {worded(before)}")
    if before and checkpoint is None and config.start is not None:  # which is kept if nothing better comes
        loop.best.judge(before["eval_loss"], 0, loop.control)
    loop.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    after = loop.evaluate()
    if after:
        loop.best.judge(after["eval_loss"], loop.state.global_step, loop.control)
        loop.accelerator.wait_for_everyone()
        loop.restore_best()
        after = loop.evaluate()
    loop.progress.say(f"after: {worded(after)}")
    if after and after["eval_loss"] >= before["eval_loss"]:
        loop.progress.say("the adapter is no better than before the training: take a lower learning_rate, or more data")
    spent = loop.progress.spent
    metrics = {
        **{f"before_{name}": value for name, value in before.items()},
        **after,
        "train_loss": loop.train_loss,
        "steps": loop.state.global_step,
        "seconds": round(spent["seconds"], 1),
        "tokens_per_second": round(spent["computed"] / max(spent["seconds"], 1e-9), 1),
        "processes": processes,
        "peak_memory_gb": round(peak_memory() / 1e9, 3),
    }
    if main_process:
        _save(prepared, loop, metrics)
    loop.accelerator.wait_for_everyone()
    return config.output / "adapter"


def _before(loop: Any, checkpoint: Path | None) -> dict[str, float]:  # noqa: ANN401
    """Return the validation of the untrained adapters; a resumed run reads what was measured when it began."""
    import json

    file = loop.config.output / "before.json"
    if checkpoint is not None and file.is_file():
        return dict(json.loads(file.read_text(encoding="utf-8")))
    before: dict[str, float] = loop.evaluate()
    if loop.args.should_save:
        write_json(file, before)
    return before


def _save(prepared: Prepared, loop: Any, metrics: dict[str, Any]) -> None:  # noqa: ANN401
    """Write the adapter aside, check what serving makes of it, and move it in place."""
    import shutil

    from chat.prompting import Prompting
    from chat.tower import TowerSettings, save_tower
    from finetune.adapters import check_adapter

    config, folder = prepared.config, prepared.config.output / "adapter"
    aside = folder.with_name(".adapter.partial")
    shutil.rmtree(aside, ignore_errors=True)
    tuned = loop.unwrapped
    # Told that no embedding is trained, peft does not ask the hub whether one was: nothing here leaves the machine.
    tuned.model.save_pretrained(aside, save_embedding_layers=False)
    (aside / "README.md").unlink(missing_ok=True)  # peft's, full of blanks to fill in
    if tuned.tower is not None and prepared.index is not None:
        counts = {}
        if config.tower.prior:
            found = np.expm1(tuned.tower.log_counts.cpu().numpy()).round().astype(int)
            counts = {item.id: int(n) for item, n in zip(prepared.index.catalog, found, strict=True) if n}
        settings = TowerSettings(
            encoder=prepared.index.encoder.name,
            temperature=config.tower.temperature,
            counts=counts,
            factored=prepared.factors.ids,
        )
        save_tower(aside, replace(tuned.tower.export(), factors=prepared.factors.vectors), settings)
    Prompting(style=config.prompt, shelf=config.shelf).save(aside)
    (aside / "config.yaml").write_text(dump_config(config), encoding="utf-8")
    checked = check_adapter(aside, tuned.model, config, prepared.encoder, prepared.prompts())
    metrics.update(checked.as_metrics())
    described = describe_run(config, metrics)
    write_json(aside / "run.json", described)
    write_json(config.output / "run.json", described)
    readable(aside)
    publish(aside, folder)


def peak_memory() -> int:
    """Return the most memory this process has held, in bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def _log_own() -> None:
    """Show our own log; libraries warn about what is meant here."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    for name in ("finetune", "retrieval.models"):
        logging.getLogger(name).setLevel(logging.INFO)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m finetune.train", description="Fine-tune a model on a shop's data.")
    parser.add_argument("config", type=Path, help="a YAML file, see finetune/configs/marquee.yaml")
    parser.add_argument("--dry-run", action="store_true", help="check everything, show sizes, samples and the duration")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run, exactly where it stopped")
    parser.add_argument("--qlora", action="store_true", help="keep the frozen model in 4 bits (bitsandbytes)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="the run's folder, instead of the configuration's")
    args = parser.parse_args(argv)
    _log_own()
    try:
        config = read_config(args.config, output=str(args.output) if args.output else None, qlora=args.qlora or None)
        if args.dry_run:
            from finetune.forecast import dry_run

            for line in dry_run(prepare(config)):
                print(line)
            return 0
        folder = train(config, resume=args.resume)
    except NamedropError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; --resume goes on from the last checkpoint", file=sys.stderr)
        return 130
    if int(os.environ.get("RANK", "0")) == 0:
        print(f"adapter: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
