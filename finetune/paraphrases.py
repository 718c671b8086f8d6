"""Tune the sentence encoder for questions to a shop: paraphrases near their passage, uncovered questions far from all.

    python -m finetune.paraphrases benchmarks/knowledge/*.json data/goods/*.csv --hold bakery hotel --out t.safetensors
    python -m finetune.paraphrases --average one.safetensors two.safetensors --out t.safetensors

A shop's file holds its question-answer list with what people ask (each with the id of the entry that answers) and what
it does not cover::

    {"shop": "Crumb, a bakery", "entries": [{"id": "fee", "question": "How much is delivery?", "answer": "3.50 …"}],
     "asked": [["is there a charge for bringing it to the door", "fee"]], "uncovered": ["Are you hiring bakers?"]}

or it is a catalogue, with what people need and the items that a good clerk would show in the .json beside it::

    [{"text": "my gran can't get into the bath", "good": ["K07"]}, {"text": ["no holes", "and white"], "good": []}]

or it is whole conversations about the catalogue in ../goods, marked with what a clerk would show (`finetune.talks`);
or it is questions about single goods of the catalogue in ../goods (`chat.lines`), and what of it answers, if anything::

    [{"text": "can it go in the dishwasher?", "of": "K15", "column": "dishwasher_safe"},
     {"text": "a fork?", "of": "K02", "column": "description", "says": "No metal spatulas"},
     {"text": "where is it made", "of": "K02", "column": null}]

Each step takes one shop. A question's target is its entry (of an item, its line), or any of several, or *none of them*
if it is uncovered or they were left out this time: a softmax over the cosines with all entries and one learned bar,
τ = .05 (van den Oord et al., 2018, with a null class). Only low-rank changes are learned (Hu et al., "LoRA", ICLR
2022); `SentenceEncoder(tuning=…)` adds them.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_validator, model_validator
from tqdm import tqdm

from chat.lines import DESCRIPTION, Line, lines_of
from chat.needs import PART, need_of, parts_of, read_out
from finetune.lowrank import LowRankEncoder, pooled
from finetune.talks import GOODS, TALKS, read_talks
from retrieval.catalog import Catalog
from retrieval.errors import NamedropError
from retrieval.knowledge import TUNING
from retrieval.models import DEFAULT_ENCODER
from retrieval.text import normalize

if TYPE_CHECKING:
    import torch

TEMPERATURE = 0.05
FIRST_BAR = 0.42  # cosine; where the untuned encoder's best and worst questions part
_LONGEST = 96  # tokens


class Question(BaseModel):
    """An entry of a shop: what is asked, and the answer; of goods also its `parts`, the nearest of which counts too."""

    model_config = ConfigDict(frozen=True)
    id: str
    question: str
    answer: str
    parts: tuple[str, ...] = ()


class ShopQuestions(BaseModel):
    """A shop's knowledge, with questions that it covers, each with the entries that answer, and others.

    In a file an entry's id may stand alone instead of in a list.

    Attributes:
        within: what the entries' ids begin with that a question is compared with, of each of those asked and then of
            those uncovered; () if with all.
    """

    model_config = ConfigDict(frozen=True)
    shop: str
    entries: tuple[Question, ...]
    asked: tuple[tuple[str, tuple[str, ...]], ...]
    uncovered: tuple[str, ...]
    within: tuple[str, ...] = ()

    @field_validator("asked", mode="before")
    @classmethod
    def _listed(cls, asked: object) -> object:
        """Put a single id into a list."""
        rows = asked if isinstance(asked, list | tuple) else ()
        single = [isinstance(row, list | tuple) and len(row) == 2 and isinstance(row[1], str) for row in rows]
        return [(row[0], [row[1]]) if one else row for row, one in zip(rows, single, strict=True)] if rows else asked

    @model_validator(mode="after")
    def _known(self) -> ShopQuestions:
        """Refuse a question whose entry does not exist."""
        ids = {entry.id for entry in self.entries}
        if len(ids) < len(self.entries):
            raise ValueError("two entries have one id")
        if strange := sorted({one for _, wanted in self.asked for one in wanted} - ids):
            raise ValueError(f"asked names entries that do not exist: {', '.join(strange)}")
        return self


def read_shop(path: Path) -> ShopQuestions:
    """Read a shop's file: its questions, or its catalogue with what people need beside it.

    Raises:
        NamedropError: it cannot be read, or is not of the shape above.
    """
    if path.suffix != ".json":
        return read_goods(path)
    try:
        content = path.read_bytes()
        if content.lstrip()[:1] != b"[":
            return ShopQuestions.model_validate_json(content)
        return read_told(path) if path.parent.name == TALKS.name else read_asked(path)
    except (OSError, ValidationError) as error:
        raise NamedropError(f"{path}: {error}\nwrite it as the docstring of finetune.paraphrases shows") from error


class Wish(BaseModel):
    """What somebody says, in one message or several, and the ids that a good clerk would show, best first."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: tuple[str, ...]
    good: tuple[str, ...]

    @field_validator("text", mode="before")
    @classmethod
    def _listed(cls, text: object) -> object:
        """Put a single message into a list."""
        return [text] if isinstance(text, str) else text


_Row = TypeVar("_Row", bound=BaseModel)
_WISHES = TypeAdapter(tuple[Wish, ...])


def read_wishes(catalog: Path) -> tuple[Wish, ...]:
    """Read what people need of a catalogue, from the .json beside it.

    Raises:
        NamedropError: it cannot be read, or is not of the shape above.
    """
    return _listed_in(catalog.with_suffix(".json"), _WISHES)


def read_goods(catalog: Path) -> ShopQuestions:
    """Read a catalogue whose items answer what people need, as `chat.needs` reads both.

    Raises:
        NamedropError: a file cannot be read, or is not of the shape above.
    """
    return _needed(catalog, read_wishes(catalog))


def read_told(talks: Path) -> ShopQuestions:
    """Read a catalogue whose items answer what people need in the course of conversations.

    Raises:
        NamedropError: a file cannot be read, or is not of the shape above.
    """
    wishes = [
        Wish(text=tuple(earlier.text for earlier in talk.turns[: at + 1]), good=message.show)
        for talk in read_talks(talks)
        for at, message in enumerate(talk.turns)
        if message.show
    ]
    return _needed(talks.parent.parent / GOODS.name / f"{talks.stem}.csv", wishes)


def _needed(catalog: Path, wishes: Sequence[Wish]) -> ShopQuestions:
    items = Catalog.load(catalog).items
    said = [need_of([("user", text) for text in wish.text]) for wish in wishes]
    rows = [(text, wish.good) for text, wish in zip(said, wishes, strict=True)]
    entries = [
        Question(id=item.id, question=item.title, answer=read_out(item, titled=False), parts=parts_of(item))
        for item in items
    ]
    try:
        return ShopQuestions(
            shop=catalog.stem,
            entries=tuple(entries),
            asked=tuple((text, good) for text, good in rows if text and good),
            uncovered=tuple(text for text, good in rows if text and not good),
        )
    except ValidationError as error:
        raise NamedropError(f"{catalog.with_suffix('.json')}: {error}") from error


class Asked(BaseModel):
    """A question about an item, and what of it answers: a column (of a description, with words of it), or nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str
    of: str
    column: str | None
    says: str = ""

    def among(self, lines: Sequence[Line]) -> list[int]:
        """Return which of an item's lines answer."""
        if self.column == DESCRIPTION:
            told = normalize(self.says)
            return [at for at, line in enumerate(lines) if line.field == DESCRIPTION and _shares(told, line.text)]
        field = _FIELDS.get(self.column or "", self.column or "")
        return [at for at, line in enumerate(lines) if normalize(line.field) == normalize(field)]


_ASKED = TypeAdapter(tuple[Asked, ...])
_FIELDS = {"stock": "in_stock", "brand": "creators"}  # as the item has what a file calls so


def _shares(told: str, sentence: str) -> bool:
    """Whether a normalized piece of a description lies in a sentence, or begins in it."""
    sentence = normalize(sentence)
    return told in sentence or sentence in told


def read_questions(path: Path) -> tuple[Asked, ...]:
    """Read questions about single goods.

    Raises:
        NamedropError: the file cannot be read, or is not of the shape above.
    """
    return _listed_in(path, _ASKED)


def _listed_in(file: Path, adapter: TypeAdapter[tuple[_Row, ...]]) -> tuple[_Row, ...]:
    try:
        return adapter.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise NamedropError(f"{file}: {error}\nwrite it as the docstring of finetune.paraphrases shows") from error


def read_asked(path: Path) -> ShopQuestions:
    """Read questions about single goods, each to be compared with the lines of its own.

    Raises:
        NamedropError: a file cannot be read, is not of the shape above, or asks of goods that the catalogue lacks.
    """
    questions = read_questions(path)
    items = {item.id: item for item in Catalog.load(path.parent.parent / "goods" / f"{path.stem}.csv")}
    if strange := sorted({question.of for question in questions} - items.keys()):
        raise NamedropError(f"{path}: asks of goods that the catalogue lacks: {', '.join(strange)}")
    lines = {one: lines_of(items[one]) for one in dict.fromkeys(question.of for question in questions)}
    right = [[f"{q.of}/{at}" for at in q.among(lines[q.of])] for q in questions]
    pairs = [*zip(questions, right, strict=True)]
    return ShopQuestions(
        shop=path.stem,
        entries=tuple(
            Question(id=f"{one}/{at}", question="", answer=line.text)
            for one, told in lines.items()
            for at, line in enumerate(told)
        ),
        asked=tuple((q.text, tuple(places)) for q, places in pairs if places),
        uncovered=tuple(q.text for q, _ in pairs if q.column is None),
        within=tuple(f"{q.of}/" for q in (*(q for q, a in pairs if a), *(q for q, _ in pairs if q.column is None))),
    )


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


def shops_of(files: Sequence[Path], hold: Sequence[str] = ()) -> Iterator[tuple[str, ShopQuestions]]:
    """Yield name and content of the shops that are not held out.

    Raises:
        NamedropError: a file cannot be used, or a shop to be held out is not among them.
    """
    if missing := set(hold) - {file.stem for file in files}:
        raise NamedropError(f"--hold names no file given: {', '.join(sorted(missing))}")
    yield from ((file.stem, read_shop(file)) for file in sorted(files) if file.stem not in hold)


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
