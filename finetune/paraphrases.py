"""Tune the sentence encoder for questions to a shop: paraphrases near their passage, uncovered questions far from all.

    python -m finetune.paraphrases benchmarks/knowledge/*.json data/goods/*.csv --hold bakery hotel --out t.safetensors
    python -m finetune.paraphrases --average one.safetensors two.safetensors --out t.safetensors

The files of shops, of questions or of a catalogue's goods, have the forms that `finetune.shops` shows.

Each step takes one shop. A question's target is its entry (of an item, its line), or any of several, or *none of them*
if it is uncovered or they were left out this time: a softmax over the cosines with all entries and one learned bar,
τ = .05 (van den Oord et al., 2018, with a null class). Only low-rank changes are learned (Hu et al., "LoRA", ICLR
2022); `SentenceEncoder(tuning=…)` adds them.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from chat.needs import PART
from finetune.lowrank import LowRankEncoder, pooled
from finetune.shops import Question, ShopQuestions, shops_of
from retrieval.errors import NamedropError
from retrieval.knowledge import TUNING
from retrieval.models import DEFAULT_ENCODER

if TYPE_CHECKING:
    import torch

TEMPERATURE = 0.05
FIRST_BAR = 0.42  # cosine; where the untuned encoder's best and worst questions part
_LONGEST = 96  # tokens


@dataclass(frozen=True, slots=True)
class Settings:
    """How to tune; the defaults made the shipped tuning."""

    epochs: int = 5
    rate: float = 4e-4
    rank: int = 16
    left_out: float = 0.2  # share of the entries that a step leaves out
    seed: int = 0


def tune(
    shops: Sequence[ShopQuestions],
    settings: Settings,
    out: Path,
    model: str = DEFAULT_ENCODER,
    start: Path | None = None,
) -> float:
    """Train and write the low-rank changes, from scratch or going on from `start`; return the last epoch's mean loss.

    Raises:
        NamedropError: there is nothing to learn from, the model cannot be found, or `start` does not fit it.
    """
    if not shops:
        raise NamedropError("no shop to learn from; give at least one file")
    import torch

    torch.manual_seed(settings.seed)
    draw = random.Random(settings.seed)
    trainee = _Trainee(model, settings, start)
    steps = settings.epochs * len(shops)
    optimizer = torch.optim.AdamW(
        [{"params": trainee.parameters, "lr": settings.rate}, {"params": [trainee.bar], "lr": 0.05}], weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda at: min(1, (at + 1) / 10) * (1 - at / steps))
    losses: list[float] = []
    order = list(shops)
    with tqdm(total=steps, desc="tuning", unit="shop") as bar:
        for _ in range(settings.epochs):
            losses.clear()
            draw.shuffle(order)
            for shop in order:
                loss = trainee.loss(shop, draw)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trainee.parameters, 1.0)
                optimizer.step()
                schedule.step()
                losses.append(float(loss.detach()))
                bar.update()
                bar.set_postfix(loss=f"{sum(losses) / len(losses):.3f}")
    trainee.save(out)
    return sum(losses) / len(losses)


class _Trainee:
    """The encoder with fresh low-rank changes, and the bar that a question must reach to be answered."""

    def __init__(self, model: str, settings: Settings, start: Path | None) -> None:
        import torch

        self._settings = settings
        self._torch = torch
        self._encoder = LowRankEncoder(model, settings.rank)
        if start is not None:
            self._encoder.load(start)
        self.parameters = self._encoder.parameters
        self.bar = torch.nn.Parameter(torch.tensor(FIRST_BAR / TEMPERATURE))

    def loss(self, shop: ShopQuestions, draw: random.Random) -> torch.Tensor:
        """Return the mean cross-entropy over a shop's questions, some of its entries left out."""
        entries = [entry for entry in shop.entries if draw.random() >= self._settings.left_out]
        places = {entry.id: at for at, entry in enumerate(entries)}
        none = len(entries)
        questions = [*shop.asked, *((text, ()) for text in shop.uncovered)]
        passages = self._embed([_view(entry, draw) for entry in entries])  # (P, d)
        asked = self._embed([text for text, _ in questions])  # (Q, d)
        near = asked @ passages.T
        if told := [(at, part) for at, entry in enumerate(entries) for part in entry.parts]:
            parts = asked @ self._embed([part for _, part in told]).T  # (Q, parts)
            best = near.scatter_reduce(
                1, self._torch.tensor([[at for at, _ in told]]).expand_as(parts), parts, "amax", include_self=False
            )
            near = (1 - PART) * near + PART * best
        logits = near / TEMPERATURE
        logits = self._torch.cat([logits, self.bar.expand(len(questions), 1)], dim=1)  # (Q, P + 1)
        right = [[places[one] for one in wanted if one in places] or [none] for _, wanted in questions]
        if shop.within:
            apart = [[not entry.id.startswith(each) for entry in entries] + [False] for each in shop.within]
            logits = logits.masked_fill(self._torch.tensor(apart), -self._torch.inf)
        return cross_entropy(logits, right)

    def _embed(self, texts: Sequence[str]) -> Any:  # noqa: ANN401
        """Return the mean of the last hidden states, normalised, as sentence-transformers does: (n, d)."""
        states, mask, _ = self._encoder.states(texts, _LONGEST)
        return self._torch.nn.functional.normalize(pooled(states, mask), dim=-1)

    def save(self, out: Path) -> None:
        """Write the changes as `SentenceEncoder` reads them, in half precision."""
        from safetensors.torch import save_file

        out.parent.mkdir(parents=True, exist_ok=True)
        save_file(self._encoder.changes(), out, metadata=self._encoder.header)


def cross_entropy(logits: torch.Tensor, right: Sequence[Sequence[int]]) -> torch.Tensor:
    """Return −log of how likely any of a row's right columns is, (Q, C) and at least one column each: the mean."""
    import torch

    rows = [row for row, columns in enumerate(right) for _ in columns]
    outside = torch.ones_like(logits, dtype=torch.bool)
    outside[rows, [column for columns in right for column in columns]] = False
    return (logits.logsumexp(1) - logits.masked_fill(outside, -torch.inf).logsumexp(1)).mean()


def average(files: Sequence[Path], out: Path) -> None:
    """Write the mean of several tunings, whose ranks add up (Wortsman et al., "Model soups", ICML 2022).

    Raises:
        NamedropError: a file cannot be read, or the files change different modules or by different scales.
    """
    import torch
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save_file

    tunings, headers = [], []
    for file in files:
        try:
            with safe_open(file, framework="pt") as stored:
                tunings.append({key: stored.get_tensor(key) for key in stored.keys()})  # noqa: SIM118 - no mapping
                headers.append(stored.metadata())
        except (OSError, SafetensorError) as error:
            raise NamedropError(f"{file}: {error}; expected a tuning that this command has written") from error
    if any(tuning.keys() != tunings[0].keys() for tuning in tunings) or len({h["scale"] for h in headers}) > 1:
        raise NamedropError("these tunings are not of one model and scale; average those of one encoder")
    mean = {
        key: torch.cat([tuning[key] for tuning in tunings], dim=0)
        if key.endswith(".A")
        else torch.cat([(tuning[key].float() / len(files)).half() for tuning in tunings], dim=1)
        for key in tunings[0]
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in mean.items()}, out, metadata=headers[0])


def _view(entry: Question, draw: random.Random) -> str:
    """Return what is compared with the questions this time: mostly both parts, so that each part alone works too."""
    chance = draw.random()
    if not entry.question:
        return entry.answer
    if chance < 0.6:
        return f"{entry.question} {entry.answer}"
    return entry.answer if chance < 0.8 else entry.question


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m finetune.paraphrases", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shops", type=Path, nargs="*", help="question files of shops, see benchmarks/knowledge")
    parser.add_argument("--hold", nargs="*", default=[], metavar="NAME", help="shops to leave out, for measuring")
    parser.add_argument("--average", type=Path, nargs="+", metavar="FILE", help="write the mean of tunings instead")
    parser.add_argument("--out", type=Path, default=TUNING, help="the file to write (default: %(default)s)")
    parser.add_argument("--encoder", default=DEFAULT_ENCODER, help="folder, embedded name or hub id (%(default)s)")
    parser.add_argument("--epochs", type=int, default=defaults.epochs, help="passes over the shops (%(default)s)")
    parser.add_argument("--start", type=Path, metavar="FILE", help="a tuning to go on from")
    parser.add_argument("--rate", type=float, default=defaults.rate, help="of learning (%(default)s)")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of order, views and dropout (%(default)s)")
    args = parser.parse_args(argv)
    try:
        if args.average:
            average(args.average, args.out)
            print(f"{args.out}: the mean of {len(args.average)} tunings")
            return 0
        shops = [shop for _, shop in shops_of(args.shops, args.hold)]
        settings = Settings(epochs=args.epochs, rate=args.rate, seed=args.seed)
        loss = tune(shops, settings, args.out, args.encoder, args.start)
    except NamedropError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{args.out}: tuned on {len(shops)} shops, loss of the last epoch {loss:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
