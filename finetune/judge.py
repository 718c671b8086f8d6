"""Tune the judge: of a shop's passages, a language model learns which one a question was asked about, if any.

    python -m finetune.judge benchmarks/knowledge/*.json data/goods/*.csv --hold bakery hotel --out data/adapters/judge

The shops' files are those of `finetune.paraphrases`. Each step takes one shop. A question's candidates are the passages
that the encoder finds nearest, its own among them, and having read none: a softmax over log p(question | passage),
scaled, with a linear head on the last hidden state (`chat.judge.Reader` computes both, for training and for serving).
The right one is *none* if the question is uncovered or its passage was left out this time. Low-rank changes of all
layers are learned (Hu et al., "LoRA", ICLR 2022). One epoch over 215 shops takes 200 s on an H100, hours on a CPU.
"""

from __future__ import annotations

import argparse
import logging
import math
import random
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from chat import judge as serving
from chat.engine import choose_dtype
from chat.judge import Read, Reader
from finetune.config import LINEAR
from finetune.paraphrases import cross_entropy
from finetune.shops import Question, ShopQuestions, shops_of
from retrieval.encoder import Encoder, SentenceEncoder
from retrieval.errors import ModelError, NamedropError
from retrieval.knowledge import KnowledgeIndex
from retrieval.models import DEFAULT_LM, resolve_lm
from retrieval.passages import Knowledge, Passage

log = logging.getLogger(__name__)

_FIRST_BAR = 2.0
_FIRST_SCALE = 0.22
_NONE = -1  # stands for no entry
_OUTSIDE = -1e4  # the score of a cell that holds no candidate
_MOST_SKIPPED = 10  # steps without a finite gradient, until training is given up


@dataclass(frozen=True, slots=True)
class Settings:
    """How to tune; the defaults made the shipped judge."""

    epochs: float = 1.0
    rate: float = 4e-4
    rank: int = 24
    candidates: int = 9  # passages a question is read beside, if its own is among them one more
    left_out: float = 0.15  # share of the entries that a step leaves out
    questions: int = 90  # of a shop at most a step
    upper_layers: int | None = None  # whose changes are learned, all if None: a fraction of the memory and the time
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's entries, and its questions: text, the entries that answer (maybe none), all entries nearest first."""

    entries: tuple[Question, ...]
    asked: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]


def nearest(shop: ShopQuestions, encoder: Encoder) -> Shop:
    """Order a shop's entries for each of its questions by the encoder, as serving does."""
    index = KnowledgeIndex(Knowledge([Passage(e.id, e.question, e.answer, shop.shop) for e in shop.entries]), encoder)
    places = {entry.id: at for at, entry in enumerate(shop.entries)}
    asked = [(text, tuple(places[one] for one in wanted)) for text, wanted in shop.asked]
    asked += [(text, ()) for text in shop.uncovered]
    vectors = index.encoder.encode([text for text, _ in asked])
    orders = [np.argsort(-index.scores(index.similarities(vector))).tolist() for vector in vectors]
    rows = [(text, right, tuple(order)) for (text, right), order in zip(asked, orders, strict=True)]
    return Shop(shop.entries, tuple(rows))


class Trainee(nn.Module):
    """The language model with fresh low-rank changes, a head, the scale of the likelihood and the bar of none."""

    def __init__(self, model: str | Path, settings: Settings, start: Path | None = None) -> None:
        from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
        from safetensors.torch import load_file
        from transformers import AutoModelForCausalLM, AutoTokenizer

        super().__init__()
        folder = resolve_lm(model)
        dtype, why = choose_dtype()
        try:
            base = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # a damaged folder shows as an error of any library below
            raise ModelError(f"cannot load the causal LM in {folder} ({error}); fetch or convert it again") from error
        device = "cuda" if torch.cuda.is_available() else "cpu"
        log.info("tuning %s on %s in %s: %s", folder, device, str(dtype).removeprefix("torch."), why)
        lora = LoraConfig(
            r=settings.rank, lora_alpha=2 * settings.rank, lora_dropout=0.05, target_modules=list(LINEAR),
            task_type="CAUSAL_LM",
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)  # peft 0.21 asks for it
            self.model: Any = get_peft_model(base, lora)
        self.model.peft_config["default"].base_model_name_or_path = str(model)
        for parameter in self.model.parameters():
            if parameter.requires_grad:  # bfloat16's 8 bits would drown the updates
                parameter.data = parameter.data.float()
        causal: Any = self.model.get_base_model()
        lower = 0 if settings.upper_layers is None else causal.config.num_hidden_layers - settings.upper_layers
        for layer in causal.model.layers[: max(lower, 0)]:
            layer.requires_grad_(requires_grad=False)
        self.head = nn.Linear(causal.config.hidden_size, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.bar = nn.Parameter(torch.tensor(_FIRST_BAR))
        self.scale = nn.Parameter(torch.tensor(_FIRST_SCALE).log())
        if start is not None:
            known = serving.Settings.load(start)
            set_peft_model_state_dict(self.model, load_file(start / "adapter_model.safetensors"))
            with torch.no_grad():
                self.head.weight[0] = torch.tensor(known.head)
                self.head.bias.fill_(known.bias)
                self.bar.fill_(known.bar)
                self.scale.fill_(math.log(known.scale))
        self.to(device)
        self.reader = Reader(causal, tokenizer)

    def groups(self, rate: float) -> list[dict[str, Any]]:
        """Return what is learned, at which rate."""
        lora = [p for p in self.model.parameters() if p.requires_grad]
        return [
            {"params": [*lora, *self.head.parameters()], "lr": rate},
            {"params": [self.bar, self.scale], "lr": 0.02},
        ]

    def loss(self, shop: Shop, settings: Settings, draw: random.Random) -> torch.Tensor:
        """Return the mean cross-entropy over a shop's questions, some of its entries left out."""
        kept = {at for at in range(len(shop.entries)) if draw.random() >= settings.left_out}
        asked = shop.asked
        if len(asked) > settings.questions:
            asked = tuple(draw.sample(asked, settings.questions))
        pairs: list[tuple[int, int]] = []  # of a question and an entry
        cells: list[tuple[int, int]] = []
        targets: list[Sequence[int]] = []
        for row, (_, right, order) in enumerate(asked):
            others = [at for at in order if at in kept and at not in right][: settings.candidates]
            own = [at for at in right if at in kept]
            cells += [(row, column) for column in range(len(own) + len(others) + 1)]
            pairs += [(row, at) for at in (*own, *others, _NONE)]
            targets.append(range(len(own)) or [len(others)])
        met = sorted({at for _, at in pairs})
        read = self.reader.read(["" if at == _NONE else _view(shop.entries[at], draw) for at in met])
        scores = self._scores(read, [text for text, *_ in asked], [(row, met.index(at)) for row, at in pairs])
        scores = scores + self.bar * torch.tensor([at == _NONE for _, at in pairs], device=scores.device)
        rows, columns = (torch.tensor(side, device=scores.device) for side in zip(*cells, strict=True))
        table = scores.new_full((len(asked), int(columns.max()) + 1), _OUTSIDE).index_put((rows, columns), scores)
        return cross_entropy(table, targets)

    def _scores(self, read: Read, questions: Sequence[str], pairs: Sequence[tuple[int, int]]) -> torch.Tensor:
        likelihood, last = self.reader.score(read, questions, pairs)
        scores: torch.Tensor = likelihood * self.scale.exp() + self.head(last)[:, 0]
        return scores

    def save(self, out: Path) -> None:
        """Write adapter and settings as `chat.judge.PassageJudge` reads them, in half precision."""
        from safetensors.torch import load_file, save_file

        out.mkdir(parents=True, exist_ok=True)
        self.model.save_pretrained(out)
        (out / "README.md").unlink(missing_ok=True)  # peft's empty card
        file = out / "adapter_model.safetensors"
        halved = {key: value.half().contiguous() for key, value in load_file(file).items()}
        save_file(halved, file, metadata={"format": "pt"})
        with torch.no_grad():
            learned = (*self.head.weight[0], self.head.bias[0], self.scale.exp(), self.bar)
            *head, bias, scale, bar = (round(float(number), 6) for number in learned)
        serving.Settings(tuple(head), bias, scale, bar).save(out)


def tune(
    shops: Sequence[Shop],
    settings: Settings,
    out: Path,
    model: str | Path = DEFAULT_LM,
    start: Path | None = None,
) -> float:
    """Train and write the judge, from scratch or going on from `start`; return the mean loss of the last epoch's steps.

    Raises:
        NamedropError: there is nothing to learn from, the model cannot be found, or training diverges.
    """
    if not shops:
        raise NamedropError("no shop to learn from; give at least one file")
    torch.manual_seed(settings.seed)
    draw = random.Random(settings.seed)
    trainee = Trainee(model, settings, start)
    trainee.train()
    steps = max(1, round(settings.epochs * len(shops)))
    optimizer = torch.optim.AdamW(trainee.groups(settings.rate), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda at: min(1, (at + 1) / 20) * max(0.01, 1 - at / steps)
    )
    learned = [p for group in optimizer.param_groups for p in group["params"]]
    device = trainee.bar.device.type
    losses: list[float] = []
    order: list[Shop] = []
    skipped, began = 0, time.perf_counter()
    for _ in tqdm(range(steps), desc="tuning", unit="shop"):
        order = order or draw.sample(shops, len(shops))
        with torch.autocast(device, torch.bfloat16, enabled=choose_dtype()[0] == torch.bfloat16):
            loss = trainee.loss(order.pop(), settings, draw)
        optimizer.zero_grad()
        loss.backward()
        if torch.isfinite(nn.utils.clip_grad_norm_(learned, 1.0)):
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        else:  # half precision overflows now and then
            skipped += 1
            if skipped > _MOST_SKIPPED:
                raise NamedropError(f"{skipped} of {len(losses) + skipped} steps had no finite gradient; lower --rate")
    trainee.save(out)
    log.info("%d steps in %.0f s, %d skipped", steps, time.perf_counter() - began, skipped)
    return float(np.mean(losses[-len(shops) :]))


def _view(entry: Question, draw: random.Random) -> str:
    """Return what the judge reads of an entry this time: mostly both parts, so that each part alone works too."""
    chance = draw.random()
    if chance < 0.8:
        return f"{entry.question}\n{entry.answer}"
    return entry.answer if chance < 0.9 else entry.question


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m finetune.judge", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shops", type=Path, nargs="+", help="question files of shops, see benchmarks/knowledge")
    parser.add_argument("--hold", nargs="*", default=[], metavar="NAME", help="shops to leave out, for measuring")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write; it must not exist yet")
    parser.add_argument("--model", default=DEFAULT_LM, help="folder, embedded name or hub id (%(default)s)")
    parser.add_argument("--start", type=Path, metavar="FOLDER", help="a judge to go on from")
    parser.add_argument("--candidates", type=int, default=defaults.candidates, help="beside its own (%(default)s)")
    parser.add_argument("--questions", type=int, default=defaults.questions, help="of a shop a step (%(default)s)")
    parser.add_argument("--upper-layers", type=int, metavar="N", help="learn the changes of the top N layers alone")
    parser.add_argument("--epochs", type=float, default=defaults.epochs, help="passes over the shops (%(default)s)")
    parser.add_argument("--rate", type=float, default=defaults.rate, help="the learning rate (%(default)s)")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of order, views and dropout (%(default)s)")
    args = parser.parse_args(argv)
    try:
        if args.out.exists():
            raise NamedropError(f"{args.out} is there already; give --out a new folder")
        encoder = SentenceEncoder()
        files = list(shops_of(args.shops, args.hold))
        shops = [nearest(shop, encoder) for _, shop in tqdm(files, desc="reading the shops", unit="shop")]
        settings = Settings(
            epochs=args.epochs,
            rate=args.rate,
            candidates=args.candidates,
            questions=args.questions,
            upper_layers=args.upper_layers,
            seed=args.seed,
        )
        loss = tune(shops, settings, args.out, args.model, args.start)
    except NamedropError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{args.out}: tuned on {len(shops)} shops, loss of the last epoch {loss:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
