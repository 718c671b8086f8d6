"""The training loop: transformers' Trainer over packed rows, with whole checkpoints and a resume that is exact.

What each step trains on is planned before (`finetune.plan`), the same for any number of processes.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from tqdm import tqdm
from transformers import IntervalStrategy, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import ExportableState, PrinterCallback

from finetune.adapters import load_learnt, save_learnt
from finetune.checkpoints import newest, prune, publish, step_of, write_json, write_whole
from finetune.config import TrainConfig
from finetune.objective import Tuned, to_device
from finetune.packing import Batch
from finetune.plan import Batches, Plan, Rows
from retrieval.errors import NamedropError

LEARNT, SPENT = "learnt.safetensors", "spent.json"


class TrainingError(NamedropError):
    """Training cannot go on."""


class Best(TrainerCallback, ExportableState):
    """Keeps the weights of the best validation, and ends the run when it has not improved for a while."""

    def __init__(self, patience: int, best: float = math.inf, misses: int = 0) -> None:
        self.patience, self.best, self.misses = patience, best, misses
        self.keep: Callable[[int], None] | None = None

    def judge(self, loss: float, step: int, control: Any) -> None:  # noqa: ANN401 - transformers' TrainerControl
        """Take note of a validation."""
        if loss < self.best:
            self.best, self.misses = loss, 0
            if self.keep is not None:
                self.keep(step)
            return
        self.misses += 1
        if self.misses >= self.patience:
            control.should_training_stop = True

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"args": {"patience": self.patience, "best": self.best, "misses": self.misses}, "attributes": {}}


class Progress(TrainerCallback):
    """A bar with the time left and how many tokens a second."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._began = time.time()
        self._earlier = 0.0  # seconds before a resume
        self.computed = self.plain = 0

    @property
    def spent(self) -> dict[str, float]:
        """What the run has cost so far, before a resume too; a checkpoint keeps it."""
        return {"seconds": self._earlier + time.time() - self._began, "computed": self.computed, "plain": self.plain}

    def go_on(self, spent: Mapping[str, float]) -> None:
        """Go on from what a checkpoint has kept."""
        self._earlier, self.computed, self.plain = spent["seconds"], int(spent["computed"]), int(spent["plain"])

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Open the bar."""
        self._began, self._resumed = time.time(), (self.computed, self.plain)
        self._bar = tqdm(total=state.max_steps, initial=state.global_step, unit="step", disable=self._quiet)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Advance the bar."""
        self._bar.update(1)
        seconds = self._bar.format_dict["elapsed"] or 1e-9
        computed, plain = self.computed - self._resumed[0], self.plain - self._resumed[1]
        rate = {"tokens/s": f"{computed / seconds:.0f}", "one by one": f"{plain / seconds:.0f}"}
        self._bar.set_postfix(rate, refresh=False)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: object) -> None:  # noqa: ANN401
        """Close the bar."""
        self._bar.close()

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        if not self._quiet:
            tqdm.write(text)


class Curves(TrainerCallback):
    """TensorBoard curves of everything that is logged; those of steps that a resume repeats are dropped."""

    def __init__(self, folder: Path, resumed_from: int | None) -> None:
        self._folder = folder
        self._purge = None if resumed_from is None else resumed_from + 1
        self._writer: Any = None

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: object) -> None:  # noqa: ANN401
        """Write what is logged."""
        if not state.is_world_process_zero:
            return
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self._folder), purge_step=self._purge)
        for name, value in (logs or {}).items():
            if isinstance(value, int | float):
                part, _, rest = name.partition("eval_")
                self._writer.add_scalar(f"validation/{rest}" if rest else f"training/{part}", value, state.global_step)
        self._writer.flush()


class Loop(Trainer):
    """Trains a `Tuned` on packed rows."""

    loss_is_scaled_for_ga = True  # every micro-batch gives its share of the step's loss

    def __init__(
        self, config: TrainConfig, model: Tuned, batches: Batches, valid: Batches | None, *, quiet: bool = False
    ) -> None:
        args = arguments(config)
        self.config = config
        self.batches = batches
        self.valid = valid
        self.plan = Plan(len(batches.rows), config, args.world_size)
        args.max_steps, args.gradient_accumulation_steps = self.plan.steps, self.plan.accumulation
        args.warmup_steps = math.ceil(config.warmup * self.plan.steps)
        self.best = Best(config.patience)
        self.progress = Progress(quiet or args.process_index > 0)
        measured = None if valid is None else Rows(valid.rows)
        args.eval_strategy = IntervalStrategy.NO if valid is None else args.eval_strategy
        callbacks = [self.best, self.progress]
        super().__init__(model=model, args=args, eval_dataset=measured, callbacks=callbacks)
        self.best.keep = self.keep_best
        self.remove_callback(PrinterCallback)
        self._parts = torch.zeros(2)

    # What is read

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return this process's micro-batches of all epochs, in the plan's order."""
        plan = self.plan.of(self.args.process_index, self.args.world_size)
        return DataLoader(Rows(self.batches.rows), batch_sampler=plan, collate_fn=self.batches)  # type: ignore[arg-type]

    def _get_num_items_in_batch(self, batch_samples: list[Batch], device: torch.device) -> torch.Tensor:
        """Return the weights of a step's losses over all its micro-batches and processes: (2,)."""
        sums = [torch.stack([b["label_weights"].sum(), b["target_weights"].sum()]) for b in batch_samples]
        total = torch.stack(sums).sum(dim=0).to(device)
        if self.args.world_size > 1:
            total = self.accelerator.gather(total[None]).sum(dim=0)
        return total

    # What is minimised

    def compute_loss(
        self,
        model: Any,  # noqa: ANN401 - the `Tuned`, or DDP around it
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Return a micro-batch's share of its step's loss.

        Raises:
            TrainingError: the loss is not a number.
        """
        seed = self.config.seed + 1_000_003 * self.state.global_step + int(inputs["ids"][0])
        loss = model(inputs, seed)
        weights = num_items_in_batch
        total = self.unwrapped.total(loss, weights[0], weights[1]) * self.args.world_size  # DDP takes the mean
        if not torch.isfinite(total):
            raise TrainingError(self._diverged("the loss"))
        shares = torch.stack([loss.lm / weights[0].clamp(min=1e-9), loss.tower / weights[1].clamp(min=1e-9)])
        self._parts += shares.detach().cpu()
        self.progress.computed += int(inputs["positions"].numel())
        self.progress.plain += int(inputs["plain"])
        return (total, loss) if return_outputs else total

    def _clip_grad_norm(self, model: Any) -> Any:  # noqa: ANN401
        self._parts_steps += 1
        norm = super()._clip_grad_norm(model)
        if norm is not None and not math.isfinite(float(norm)):
            raise TrainingError(self._diverged("the gradient"))
        return norm

    def _diverged(self, what: str) -> str:
        kept = newest(self.config.output / "checkpoints")
        back = f"the last checkpoint is of step {step_of(kept)}" if kept else "there is no checkpoint yet"
        return (
            f"step {self.state.global_step + 1}: {what} is not a number, so the run stops; {back}. Begin a new run "
            f"(--output) with learning_rate below {self.config.learning_rate:g}, a longer warmup, a lower "
            "tower.learning_rate, or precision: float32"
        )

    @property
    def unwrapped(self) -> Tuned:
        """The model without DDP around it."""
        model: Tuned = self.accelerator.unwrap_model(self.model)
        return model

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:  # noqa: ANN401
        """Make AdamW with the tower's own learning rate."""
        if self.optimizer is None:
            named = [(name, part) for name, part in self.unwrapped.named_parameters() if part.requires_grad]
            adapters = [part for name, part in named if not name.startswith("tower.")]
            tower = [part for name, part in named if name.startswith("tower.")]
            groups = [
                {"params": adapters, "lr": self.config.learning_rate, "weight_decay": self.config.weight_decay},
                {"params": tower, "lr": self.config.tower.learning_rate, "weight_decay": 0.0},
            ]
            self.optimizer = torch.optim.AdamW([group for group in groups if group["params"]])
        return self.optimizer

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the parts of the loss, of this process, to what is logged."""
        if "loss" in logs:
            logs["loss_lm"], logs["loss_tower"] = (self._parts / max(self._parts_steps, 1)).tolist()
            self._parts.zero_()
            self._parts_steps = 0
        super().log(logs, start_time)

    _parts_steps = 0  # since the parts were logged
    _measured: tuple[int, dict[str, float]] | None = None  # the last validation and its step

    # What is measured

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:  # noqa: ANN401 - Trainer's many arguments
        """Measure the validation loss; every process takes its share of the rows."""
        if self.valid is None:
            return {}
        if self._measured is not None and self._measured[0] == self.state.global_step:
            return dict(self._measured[1])
        sums = self._sums(self.valid)
        lm, lm_weight, tower, tower_weight, hits, pairs = sums.tolist()
        metrics = {"eval_lm": lm / max(lm_weight, 1e-9)}
        metrics["eval_loss"] = metrics["eval_lm"]
        if self.unwrapped.tower is not None and pairs:
            metrics["eval_tower"] = tower / max(tower_weight, 1e-9)
            metrics["eval_tower_recall10"] = hits / pairs
            metrics["eval_loss"] += self.config.tower.weight * metrics["eval_tower"]
        self._measured = self.state.global_step, metrics
        self.log(dict(metrics))
        if self.is_in_train:
            self.progress.say(f"step {self.state.global_step}: " + worded(metrics))
            self.best.judge(metrics["eval_loss"], self.state.global_step, self.control)
        return dict(metrics)

    def _sums(self, batches: Batches) -> torch.Tensor:
        """Return the sums of all losses and weights over the rows: (6,)."""
        model = self.unwrapped
        training = model.training
        model.eval()
        sums = torch.zeros(6, dtype=torch.float64, device=self.args.device)
        with torch.inference_mode():
            for ids in self._shares(len(batches.rows)):
                loss = model(to_device(batches(ids), self.args.device), self.config.seed)
                sums += torch.stack([part.double() for part in loss])
        model.train(training)
        if self.args.world_size > 1:
            sums = self.accelerator.reduce(sums, "sum")
        return sums

    def _shares(self, rows: int) -> Iterator[list[int]]:
        mine = list(range(self.args.process_index, rows, self.args.world_size))
        per_batch = max(1, self.config.micro_tokens // self.config.max_tokens)
        return (mine[at : at + per_batch] for at in range(0, len(mine), per_batch))

    # What is kept

    def _get_output_dir(self, trial: object) -> str:
        return os.path.join(self.config.output, ".partial")

    def _save(self, output_dir: str | None = None, state_dict: object = None) -> None:
        if self.args.should_save and output_dir is not None:
            os.makedirs(output_dir, exist_ok=True)
            save_learnt(self.unwrapped, Path(output_dir) / LEARNT)

    def _save_checkpoint(self, model: Any, trial: object) -> None:  # noqa: ANN401
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()  # every process has written its random state
        if self.args.should_save:
            step, checkpoints = self.state.global_step, self.config.output / "checkpoints"
            write_json(Path(self._get_output_dir(None)) / f"checkpoint-{step}" / SPENT, self.progress.spent)
            publish(Path(self._get_output_dir(None)) / f"checkpoint-{step}", checkpoints / f"step-{step}")
            prune(checkpoints)
            shutil.rmtree(self._get_output_dir(None), ignore_errors=True)
        self.accelerator.wait_for_everyone()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:  # noqa: ANN401
        load_learnt(self.unwrapped, Path(resume_from_checkpoint) / LEARNT)
        if (spent := Path(resume_from_checkpoint) / SPENT).is_file():
            self.progress.go_on(json.loads(spent.read_text(encoding="utf-8")))

    @property
    def train_loss(self) -> float:
        """The mean training loss of the steps that were logged, before a resume too."""
        logged = [(entry["step"], entry["loss"]) for entry in self.state.log_history if "loss" in entry]
        total = sum((step - before) * loss for (before, _), (step, loss) in pairwise([(0, 0.0), *logged]))
        return total / max((step for step, _ in logged), default=1)

    def restore_best(self) -> None:
        """Go back to the weights of the best validation, if there was one."""
        best = newest(self.config.output / "best")
        if best is not None:
            load_learnt(self.unwrapped, best / LEARNT)
            self._measured = None

    def keep_best(self, step: int) -> None:
        """Write the weights of the best validation so far."""
        if self.args.should_save:
            best = self.config.output / "best"
            write_whole(best / f"step-{step}", lambda folder: save_learnt(self.unwrapped, folder / LEARNT))
            prune(best, 1)

    def _load_callback_state(self) -> None:
        super()._load_callback_state()
        # Trainer makes a new callback from what the checkpoint kept.
        self.best = next(c for c in self.callback_handler.callbacks if isinstance(c, Best))
        self.best.keep = self.keep_best


def worded(metrics: dict[str, float]) -> str:
    """Word validation metrics for people: ``loss 2.31, lm 2.10``."""
    return ", ".join(f"{name.removeprefix('eval_')} {value:.4f}" for name, value in metrics.items())


def arguments(config: TrainConfig) -> TrainingArguments:
    """Return the Trainer's arguments; what depends on the data is set later."""
    cpu = not torch.cuda.is_available() or os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true")
    every = config.evaluate_every
    return TrainingArguments(
        output_dir=str(config.output / ".partial"),
        per_device_train_batch_size=1,
        max_steps=1,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        max_grad_norm=config.clip,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=config.checkpoint_every,
        # A divisor, so that no checkpoint falls between two logs: a resumed run then logs the same.
        logging_steps=max(n for n in range(1, 11) if config.checkpoint_every % n == 0),
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        seed=config.seed,
        use_cpu=cpu,
        ddp_backend="gloo" if cpu and int(os.environ.get("WORLD_SIZE", "1")) > 1 else None,
        ddp_find_unused_parameters=False,
        remove_unused_columns=False,
        restore_callback_states_from_checkpoint=True,
        dataloader_pin_memory=not cpu,
    )
