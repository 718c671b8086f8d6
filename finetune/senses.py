"""Tune the sentence encoder to tell what each word of a message is about, and what the message is for.

    python -m finetune.senses data/messages/*.txt --hold held-out more-shops --pages benchmarks/knowledge/*.json \
        --dialogues D.jsonl --catalog CATALOG

`data/messages/README.md` tells the form of the files. The encoder learns low-rank changes with two linear heads: over
each token's state its sense, over their mean the message's purpose; cross-entropy on both. Works that a message names
are exchanged for others now and then, so that no title has a sense of its own. What is held out is measured and never
learned from. The router's examples (`chat/routes`) tell purposes alone, and so do questions that shops' pages answer
(`finetune.paraphrases`), some of each shop. Of simulated dialogues (`finetune.simulate
make`), whose wordings the rules know, English messages are learned too, marked by what the rules read in them: people
also write like that.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from chat.opinions import Attitude
from chat.routing import EXAMPLES, load_examples
from chat.senses import FILE, LONGEST, PURPOSES, SENSES, Purpose, Sense, Senses
from chat.shop import Shop
from chat.typed import telling_words
from chat.understanding import understand
from finetune.contexts import listening_shop
from finetune.data import DialogueRecord, load
from finetune.lowrank import LowRankEncoder, pooled
from finetune.shops import ShopQuestions, read_shop
from finetune.success import share
from retrieval.catalog import Catalog
from retrieval.encoder import SentenceEncoder
from retrieval.errors import NamedropError
from retrieval.models import DEFAULT_ENCODER
from retrieval.text import is_cjk, tokenize

LETTERS: Mapping[str, Sense] = {
    "w": "wanted", "n": "refused", "l": "liked", "d": "disliked", "s": "known", "a": "asked", "m": "named",
}  # fmt: skip
KINDS: Mapping[str, Purpose] = {
    "R": "recommend", "Q": "item", "P": "policy", "O": "order", "H": "human", "B": "buy", "S": "small_talk",
    "X": "out_of_scope",
}  # fmt: skip
WORKS: frozenset[Sense] = frozenset({"liked", "disliked", "known", "asked", "named"})
_LINE = re.compile(r"([" + "".join(KINDS) + r"])\|(.+)")
_MARK = re.compile(r"\[([" + "".join(LETTERS) + r"]) ([^\[\]]+)\]")
_TOGETHER = 16  # batches whose messages are sorted by length, so that few tokens are padding
_EXCHANGED = 0.4  # share of the messages in which works may be exchanged
_OTHER_WORK = 0.6  # share of their works that are
_PURPOSE_WEIGHT = 0.3  # of the loss of the purposes
_IGNORED = -100
_A_SHOP = 10  # questions of each shop's pages: of all together there are more than marked messages
_CARDS = 5  # on screen after the first message
_STOOD: Mapping[Attitude, Sense] = {"like": "liked", "neutral": "liked", "dislike": "disliked", "seen": "known"}


Mark = tuple[int, int, Sense | None]


@dataclass(frozen=True, slots=True)
class Marked:
    """A message: what it is for, its text, and (start, end, sense) of what is marked; None if nobody has marked it.

    What is not marked has the sense "none"; a mark without a sense stands where nobody knows.
    """

    purpose: Purpose
    text: str
    marks: tuple[Mark, ...] | None


def read_messages(path: Path) -> list[Marked]:
    """Read a file of marked messages.

    Raises:
        NamedropError: it cannot be read, or lines are not of the form; all of them are told.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NamedropError(f"cannot read the messages in {path} ({error})") from error
    found, problems = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        message = _marked(line.strip())
        if message is None:
            problems.append(f"{path}:{number}: found {line[:80]!r}")
        else:
            found.append(message)
    if problems:
        remedy = f"write a letter of {''.join(KINDS)}, | and a text with marks as [w quiet], of {''.join(LETTERS)}"
        raise NamedropError("\n".join([*problems, remedy]))
    return found


def _marked(line: str) -> Marked | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    text, marks, at = "", [], 0
    for mark in _MARK.finditer(match[2]):
        text += match[2][at : mark.start()]
        marks.append((len(text), len(text) + len(mark[2]), LETTERS[mark[1]]))
        text += mark[2]
        at = mark.end()
    text += match[2][at:]
    return None if set(text) & set("[]") else Marked(KINDS[match[1]], text, tuple(marks))


def routed() -> list[Marked]:
    """Return the English examples of the router, whose words nobody has marked."""
    return [Marked(e.route, e.text, None) for e in load_examples(EXAMPLES) if not is_cjk(e.text)]


def paged(shops: Sequence[ShopQuestions], seed: int = 0) -> list[Marked]:
    """Return some questions of each shop that its pages answer, whose words nobody has marked."""
    draw = random.Random(seed)
    asked = [[text for text, _ in shop.asked if not is_cjk(text)] for shop in shops]
    return [Marked("policy", text, None) for texts in asked for text in draw.sample(texts, min(_A_SHOP, len(texts)))]


def ruled(dialogues: Sequence[DialogueRecord], catalog: Catalog, most: int, seed: int = 0) -> list[Marked]:
    """Mark at most so many messages of dialogues by what the rules read in them, works that are only named as liked.

    Of telling words that no rule reads ("a slow burn") nobody knows what they are, so they teach nothing.
    """
    shop = listening_shop(catalog, SentenceEncoder())
    found: dict[str, Marked] = {}
    order = random.Random(seed).sample(dialogues, len(dialogues))
    for record in tqdm(order, desc="reading the dialogues", unit=" dialogues"):
        for at, turn in enumerate(record.turns[:-2]):  # the last message may take what it was offered
            if turn.role == "user" and not is_cjk(turn.text) and turn.text not in found:
                found[turn.text] = _ruled(turn.text, shop, _CARDS if at else 0)
        if len(found) >= most:
            break
    return [message for message in found.values() if message.marks][:most]


def _ruled(text: str, shop: Shop, shown: int) -> Marked:
    read = understand(text, shop.linker, shop.parser, shown, spoken_of=bool(shown))
    refused = set(read.parsed.refused)
    marks: list[Mark] = [
        (start, end, "refused" if (start, end) in refused else "wanted") for start, end in read.parsed.spans
    ]
    for wish in read.parsed.wishes:  # what is described stands in no span
        marks.append((wish.start, wish.start + len(wish.surface), "wanted"))
    marks += [(start, end, "refused") for start, end in refused]
    for opinion in read.opinions:
        at = text.find(opinion.surface) if opinion.surface else -1
        if at >= 0:
            marks.append((at, at + len(opinion.surface), _STOOD[opinion.attitude]))
    if not marks:
        return Marked("recommend", text, ())
    marks += [(token.start, token.end, None) for token in tokenize(text) if telling_words(token.norm)]
    kept: list[Mark] = []
    for mark in sorted(set(marks), key=lambda mark: (mark[0], mark[2] is None, mark[1])):
        if not kept or mark[0] >= kept[-1][1]:
            kept.append(mark)
    return Marked("recommend", text, tuple(kept))


@dataclass(frozen=True, slots=True)
class Settings:
    """How to tune; the defaults made the shipped senses."""

    epochs: int = 10
    rate: float = 8e-4
    head_rate: float = 3e-3
    rank: int = 16
    batch: int = 32
    seed: int = 0


def tune(
    messages: Sequence[Marked], settings: Settings, out: Path, model: str = DEFAULT_ENCODER, start: Path | None = None
) -> float:
    """Train and write the senses, from scratch or going on from those in `start`; return the last epoch's mean loss.

    Raises:
        NamedropError: there is nothing to learn from, the model cannot be found, or `start` does not fit it.
    """
    if not messages:
        raise NamedropError("no message to learn from; give at least one file that is not held out")
    torch.manual_seed(settings.seed)
    draw = random.Random(settings.seed)
    encoder = LowRankEncoder(model, settings.rank)
    words, purposes = nn.Linear(encoder.width, len(SENSES)), nn.Linear(encoder.width, len(PURPOSES))
    if start is not None:
        encoder.load(start)
        _load_heads({"words": words, "purposes": purposes}, start)
    heads = [*words.parameters(), *purposes.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": encoder.parameters, "lr": settings.rate}, {"params": heads, "lr": settings.head_rate}],
        weight_decay=0.01,
    )
    steps = settings.epochs * -(-len(messages) // settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda at: min(1, (at + 1) / 20) * max(0.01, 1 - at / steps)
    )
    works = sorted({text for message in messages for text in _works(message)})
    losses: list[float] = []
    with tqdm(total=steps, desc="tuning", unit="batch") as bar:
        for _ in range(settings.epochs):
            losses.clear()
            for batch in _batches(messages, settings.batch, draw):
                varied = [_exchanged(message, works, draw) for message in batch]
                states, mask, offsets = encoder.states([message.text for message in varied], LONGEST)
                targets = torch.from_numpy(_targets(varied, offsets.numpy()))
                wanted = torch.tensor([PURPOSES.index(message.purpose) for message in varied])
                loss = nn.functional.cross_entropy(
                    words(states).flatten(0, 1), targets.flatten(), ignore_index=_IGNORED
                )
                loss += _PURPOSE_WEIGHT * nn.functional.cross_entropy(purposes(pooled(states, mask)), wanted)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(encoder.parameters, 1.0)
                optimizer.step()
                schedule.step()
                losses.append(float(loss.detach()))
                bar.update()
                bar.set_postfix(loss=f"{sum(losses) / len(losses):.3f}")
    _save(encoder, {"words": words, "purposes": purposes}, out)
    return sum(losses) / len(losses)


def _save(encoder: LowRankEncoder, heads: Mapping[str, nn.Linear], out: Path) -> None:
    from safetensors.torch import save_file

    tensors = encoder.changes()
    for name, head in heads.items():
        tensors |= {f"{name}.{part}": value.detach().half() for part, value in head.named_parameters()}
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, out, metadata=encoder.header)


def _load_heads(heads: Mapping[str, nn.Linear], file: Path) -> None:
    from safetensors.torch import load_file

    kept = load_file(file)
    try:
        for name, head in heads.items():
            head.load_state_dict({part: kept[f"{name}.{part}"].float() for part in ("weight", "bias")})
    except (KeyError, RuntimeError) as error:
        raise NamedropError(f"cannot go on from {file} ({error}); give what this command has written") from error


def _works(message: Marked) -> Iterator[str]:
    """Yield the works that a message names by their titles."""
    marks = message.marks or ()
    yield from (message.text[s:e] for s, e, sense in marks if sense in WORKS and message.text[s].isupper())


def _exchanged(message: Marked, works: Sequence[str], draw: random.Random) -> Marked:
    """Return a message with other works in the place of its own, or as it is."""
    if not works or not message.marks or draw.random() >= _EXCHANGED:
        return message
    text, marks, at = "", [], 0
    for start, end, sense in message.marks:
        text += message.text[at:start]
        work = message.text[start:end]
        if sense in WORKS and work[0].isupper() and draw.random() < _OTHER_WORK:
            work = draw.choice(works)
        marks.append((len(text), len(text) + len(work), sense))
        text += work
        at = end
    return Marked(message.purpose, text + message.text[at:], tuple(marks))


def _batches(messages: Sequence[Marked], size: int, draw: random.Random) -> list[list[Marked]]:
    """Cut the messages, in another order each time, into batches of like lengths."""
    order = draw.sample(messages, len(messages))
    sorted_ = [
        message
        for at in range(0, len(order), size * _TOGETHER)
        for message in sorted(order[at : at + size * _TOGETHER], key=lambda m: len(m.text))
    ]
    batches = [sorted_[at : at + size] for at in range(0, len(sorted_), size)]
    draw.shuffle(batches)
    return batches


def _targets(messages: Sequence[Marked], offsets: Any) -> Any:  # noqa: ANN401 - integer arrays
    """Return each token's sense (n, T), `_IGNORED` where there is no text, by its characters (n, T, 2)."""
    targets = np.full(offsets.shape[:2], _IGNORED, dtype=np.int64)
    for row, message in enumerate(messages):
        for column, (start, end) in enumerate(offsets[row].tolist()):
            if end > start and message.marks is not None:
                sense = _sense_at(message, start, end)
                targets[row, column] = _IGNORED if sense is None else SENSES.index(sense)
    return targets


def _sense_at(message: Marked, start: int, end: int) -> Sense | None:
    return next((sense for s, e, sense in message.marks or () if s < end and start < e), "none")


def measured(messages: Sequence[Marked], senses: Senses) -> dict[str, str]:
    """Return how many words, works and purposes are told rightly: F1 of each sense over tokens, and shares.

    Works are judged whole, among the senses that works have.
    """
    counts = np.zeros((len(SENSES), len(SENSES)), dtype=np.int64)  # told, by true sense
    works = np.zeros(2, dtype=np.int64)
    purposes = np.zeros(2, dtype=np.int64)
    among = [SENSES.index(sense) for sense in SENSES if sense in WORKS]
    for message in tqdm(messages, desc="measuring", leave=False):
        sensed = senses.read(message.text)
        if sensed is None:
            continue
        for (start, end), shares in zip(sensed.spans.tolist(), sensed.shares, strict=True):
            sense = _sense_at(message, start, end)
            if sense is not None:
                counts[SENSES.index(sense), int(shares.argmax())] += 1
        for start, end, sense in message.marks or ():
            if sense in WORKS:
                told = among[int(sensed.of(start, end)[among].argmax())]
                works += (told == SENSES.index(sense), 1)
        purposes += (PURPOSES[int(sensed.purposes.argmax())] == message.purpose, 1)
    found = {}
    for at, sense in enumerate(SENSES):
        total = counts[at].sum() + counts[:, at].sum()
        found[f"F1 {sense}"] = f"{2 * counts[at, at] / total:.3f} ({counts[at].sum()} tokens)" if total else "none"
    found["works told rightly"] = str(share(int(works[0]), int(works[1]))) if works[1] else "none"
    found["purposes told rightly"] = str(share(int(purposes[0]), int(purposes[1])))
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m finetune.senses", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("messages", type=Path, nargs="+", help="files of marked messages, see data/messages")
    parser.add_argument(
        "--hold", nargs="*", default=[], metavar="NAME", help="files to measure on and not to learn from"
    )
    parser.add_argument(
        "--pages", type=Path, nargs="*", default=[], metavar="SHOP", help="question files, see finetune.paraphrases"
    )
    parser.add_argument("--dialogues", type=Path, help="simulated dialogues to learn from as well, marked by the rules")
    parser.add_argument("--catalog", type=Path, help="the catalogue of --dialogues")
    parser.add_argument("--most", type=int, default=1_500, help="messages of --dialogues at most (%(default)s)")
    parser.add_argument("--out", type=Path, default=FILE, help="the file to write (default: %(default)s)")
    parser.add_argument("--encoder", default=DEFAULT_ENCODER, help="folder, embedded name or hub id (%(default)s)")
    parser.add_argument("--epochs", type=int, default=defaults.epochs, help="0 measures what --out holds (%(default)s)")
    parser.add_argument("--start", type=Path, help="senses to go on from; two epochs teach them a shop's own messages")
    parser.add_argument("--rate", type=float, default=defaults.rate, help="of learning (%(default)s)")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of order and exchanges (%(default)s)")
    args = parser.parse_args(argv)
    try:
        if missing := set(args.hold) - {file.stem for file in (*args.messages, *args.pages)}:
            raise NamedropError(f"--hold names no file given: {', '.join(sorted(missing))}")
        read = {file: read_messages(file) for file in args.messages}
        learned = [message for file, found in read.items() if file.stem not in args.hold for message in found]
        if (args.dialogues is None) != (args.catalog is None):
            raise NamedropError("--dialogues and --catalog belong together; give both or none")
        learned += routed()
        learned += paged([read_shop(file) for file in args.pages if file.stem not in args.hold], args.seed)
        if args.epochs and args.dialogues:
            records = load(args.dialogues, DialogueRecord).records
            learned += ruled(records, Catalog.load(args.catalog), args.most, args.seed)
        if args.epochs:
            heads = defaults.head_rate * args.rate / defaults.rate
            settings = Settings(epochs=args.epochs, rate=args.rate, head_rate=heads, seed=args.seed)
            loss = tune(learned, settings, args.out, args.encoder, args.start)
            print(f"{args.out}: tuned on {len(learned)} messages, loss of the last epoch {loss:.3f}")
        for file in (file for file in args.messages if file.stem in args.hold):
            print(f"{file.stem}, {len(read[file])} messages")
            for what, figure in measured(read[file], Senses(args.out, args.encoder)).items():
                print(f"  {what:<24}{figure}")
    except NamedropError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
