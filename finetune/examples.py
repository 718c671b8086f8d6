"""Training examples: what the model reads and what it should write, one row of `TASKS` a task.

The prompt is rendered by the serving function (`chat.prompt.render`) from what the serving dialogue understood
(`finetune.contexts`). The completion is tokenised as the serving trie tokenises a title: a space, the title, and the
end of the turn. Several next titles are several examples, because the beam names one title a completion; they share
their prompt, which `finetune.packing` lays down once, so a further title costs its own few tokens only.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from chat import facts
from chat.encoding import PromptEncoder
from chat.prompt import Ask, Prompt, UserContext, render
from chat.prompting import Prompting
from chat.shop import Shop
from chat.state import Language
from chat.trie import LONGEST
from finetune.config import ConfigError, TaskSettings, TrainConfig, read_config
from finetune.contexts import Moment, listening_shop
from finetune.material import Material, left_out, less_read, records, shelved, wishes
from retrieval.encoder import SentenceEncoder, item_text
from retrieval.errors import NamedropError
from retrieval.index import open_index
from retrieval.text import language_of
from retrieval.types import Item

_LONGEST_TEXT = 96  # tokens of a completion that is not a title
_SENTENCE_END = re.compile(r"(?<=[.!?…])(?=\s)|(?<=[。！？])")
_WISHED = ("wish", "why", "search")  # the tasks that are made of wishes


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to learn.

    Attributes:
        prompt: as serving renders it.
        completion: what follows the prompt, its leading space included, the end of the turn not.
        task: a name of `TASKS`.
        positions: catalogue positions of the items that the completion names or is about.
        person: what the user tower reads, if that is another prompt.
        source: what it was made of; examples of one source never stand on both sides of the validation split.
    """

    prompt: Prompt
    completion: str
    task: str
    positions: tuple[int, ...]
    source: str
    person: Prompt | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One row of the table: what is asked of the model, its default weight, and how its examples are made."""

    ask: Ask
    weight: float
    make: Callable[[Material], Iterator[Example]]

    @property
    def names_titles(self) -> bool:
        """Whether completions are titles; the user tower learns from these tasks."""
        return self.ask == "title"


def _conversation(material: Material) -> Iterator[Example]:
    return _titles("conversation", material, material.conversations)


def _told(material: Material) -> Iterator[Example]:
    return _titles("told", material, material.told)


def _history(material: Material) -> Iterator[Example]:
    return _titles("history", material, material.histories)


def _wish(material: Material) -> Iterator[Example]:
    moments = (_at(moment, wish.source, wish.answers) for wish, moment in material.wishes)
    return _titles("wish", material, moments)


def _titles(task: str, material: Material, moments: Iterable[Moment]) -> Iterator[Example]:
    for moment in moments:
        prompt, prompting = render(moment.context, style=material.style), Prompting(style=material.style)
        person = prompting.person(moment.context) if moment.context.shelf else None
        for at in moment.targets:
            yield Example(prompt, f" {material.items[at].title}", task, (at,), moment.source, person)


def _reply(material: Material) -> Iterator[Example]:
    for moment in material.conversations:
        items = [material.items[at] for at in moment.offered]
        text = slotted(moment.text, items) if items else None
        # What still names a title would teach to name what is not on offer.
        if text is not None and not material.shop.linker.link(text):
            prompt = render(moment.context, "reply", items, material.style)
            yield Example(prompt, f" {text}", "reply", moment.offered, moment.source)


def _why(material: Material) -> Iterator[Example]:
    answered = (_at(moment, wish.source, wish.answers[:1]) for wish, moment in material.wishes)
    for moment in (*material.conversations, *answered):
        words = moment.context.asked
        language: Language = "zh" if language_of(words) == "zh" else "en"
        for at in moment.targets:
            item = material.items[at]
            why = facts.reasons(
                item,
                facets=material.shop.index.facets,
                language=language,
                liked=moment.context.liked,
                wishes=moment.wishes,
                said=words,
            )
            if why:
                yield Example(
                    render(moment.context, "why", [item], material.style), f" {why}", "why", (at,), moment.source
                )


def _search(material: Material) -> Iterator[Example]:
    for wish, moment in material.wishes:
        yield Example(
            render(moment.context, "search", style=material.style),
            f" {wish.query}",
            "search",
            wish.answers,
            wish.source,
        )


def _text(material: Material) -> Iterator[Example]:
    for at in material.described:
        item = material.items[at]
        if item.description:
            told = UserContext(said=[("item", item_text(_without_description(item)))])
            text = " ".join(item.description.split())
            yield Example(render(told, "text"), f" {text}", "text", (at,), f"text:{item.id}")


TASKS: Mapping[str, Task] = {
    "conversation": Task("title", 1.0, _conversation),
    "told": Task("title", 0.5, _told),
    "history": Task("title", 1.0, _history),
    "wish": Task("title", 1.0, _wish),
    "reply": Task("reply", 0.2, _reply),
    "why": Task("why", 0.2, _why),
    "search": Task("search", 0.2, _search),
    "text": Task("text", 0.1, _text),
}


def slotted(text: str, items: Sequence[Item]) -> str | None:
    """Return a reply with the items' titles replaced by ``[1]``, ``[2]``, …; None if one of them is not found."""
    for number, item in enumerate(items, 1):
        names = sorted((item.title, *item.aliases), key=len, reverse=True)
        year = rf"(?:\s*[(（]{item.year}[)）])?" if item.year else ""
        name = "|".join(map(re.escape, names))
        pattern = rf"(?:《(?:{name})》|(?<!\w)(?:{name})(?!\w)){year}"
        text, found = re.subn(pattern, f"[{number}]", text, count=1, flags=re.IGNORECASE)
        if not found:
            return None
    return " ".join(text.split())


def _without_description(item: Item) -> Item:
    return replace(item, description="")


def _at(moment: Moment, source: str, targets: tuple[int, ...]) -> Moment:
    return Moment(source, moment.context, targets, wishes=moment.wishes)


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """The examples of a run, by part, with the weight of each task in the loss."""

    train: tuple[Example, ...]
    valid: tuple[Example, ...]
    weights: Mapping[str, float]


def make_examples(config: TrainConfig, shop: Shop) -> ExampleSet:
    """Read a configuration's data and make its examples, in an order that depends on the seed only.

    Args:
        config: what to read, and how much each task counts.
        shop: understands the dialogues; see `finetune.contexts.listening_shop`.

    Raises:
        DataError: a file cannot be used.
        ConfigError: a task is unknown, or nothing is left to train on.
    """
    data, hidden = config.data, left_out(config.data, shop)
    weights = weights_of(config.tasks)
    wished = any(weights[name] for name in _WISHED)
    fill = filler(config, hidden)
    train_material, valid_material = (
        fill(_material(config, shop, hidden, wished=wished and not valid, valid=valid)) for valid in (False, True)
    )
    moments = (*valid_material.conversations, *valid_material.histories)
    has_valid = {group_of(moment.source).partition(":")[0] for moment in moments}

    def held(source: str) -> bool:
        group = group_of(source)
        return group.partition(":")[0] not in has_valid and _hash(group, config.seed) < data.valid_share

    if config.unread:
        train_material = less_read(train_material, config.unread, config.seed, held)
    train: list[Example] = []
    valid: list[Example] = []
    for name, task in TASKS.items():
        if not weights[name]:
            continue
        limit = config.tasks[name].limit if name in config.tasks else None
        made, beside = (_made(task, m, hidden, f"{config.seed}:{name}") for m in (train_material, valid_material))
        if limit is not None and limit < len(made):  # of the validation files as large a share, for the same mixture
            made, beside = made[:limit], beside[: math.ceil(len(beside) * limit / len(made))]
        for example in made:
            (valid if held(example.source) else train).append(example)
        valid.extend(beside)
    if not train:
        raise ConfigError("nothing to train on: no task has an example; add data or give a task a weight")
    return ExampleSet(tuple(train), tuple(valid), weights)


def weights_of(tasks: Mapping[str, TaskSettings]) -> Mapping[str, float]:
    """Return the weight of every task: its own in the table, unless another is given.

    Raises:
        ConfigError: a task is unknown.
    """
    unknown = [name for name in tasks if name not in TASKS]
    if unknown:
        raise ConfigError(f"tasks.{unknown[0]}: no such task; known are {', '.join(TASKS)}")
    given = {name: settings.weight for name, settings in tasks.items() if settings.weight is not None}
    return {name: given.get(name, row.weight) for name, row in TASKS.items()}


def group_of(source: str) -> str:
    """Return what never stands on both sides of the split: a dialogue, with the mentions that are listed of it."""
    kind, colon, name = source.partition(":")
    return f"dialogue{colon}{name}" if kind == "mentions" else source


def _made(task: Task, material: Material, hidden: frozenset[int], seed: str) -> list[Example]:
    """Return a task's examples, shuffled; what two records tell of one source is one example."""
    made = list(dict.fromkeys(e for e in task.make(material) if hidden.isdisjoint(e.positions)))
    random.Random(seed).shuffle(made)
    return made


def filler(config: TrainConfig, hidden: frozenset[int]) -> Callable[[Material], Material]:
    """Return what puts the configured shelf into contexts, if there is one."""
    if not config.shelf:
        return lambda material: material
    encoder = SentenceEncoder(config.tower.encoder)
    index = open_index(config.data.catalog, encoder, skip_bad=config.data.skip_bad)
    return lambda material: shelved(material, index, encoder, config.shelf, hidden)


def _material(config: TrainConfig, shop: Shop, hidden: frozenset[int], *, wished: bool, valid: bool) -> Material:
    material = replace(records(config.data, shop, hidden, valid=valid), style=config.prompt)
    return replace(material, wishes=wishes(shop, hidden, config.seed)) if wished else material


def _hash(source: str, seed: int) -> float:
    """Return a number in [0, 1) that depends on nothing but its arguments."""
    return int(hashlib.blake2b(f"{seed}:{source}".encode(), digest_size=6).hexdigest(), 16) / 2**48


@dataclass(frozen=True, slots=True)
class Tokens:
    """An example as token ids: the prompt carries no loss, every token of the completion does, its end included.

    `person` is what the user tower reads, empty if that is the prompt.
    """

    prompt: tuple[int, ...]
    completion: tuple[int, ...]
    person: tuple[int, ...] = ()


class ExampleEncoder:
    """Encodes examples; a prompt that several share is encoded once.

    Attributes:
        shortened: how many texts were too long.
    """

    def __init__(self, encoder: PromptEncoder) -> None:
        self.shortened = 0
        self._encoder = encoder
        self._prompts: dict[Prompt, tuple[int, ...]] = {}

    def __call__(self, example: Example) -> Tokens:
        """Return an example's tokens; titles are cut where the serving trie cuts them, texts behind a sentence."""
        if TASKS[example.task].names_titles:
            completion = (*self._encoder.text(example.completion)[: LONGEST - 1], self._encoder.end_id)
        else:
            completion = self._text(example.completion)
        return Tokens(self._prompt(example.prompt), completion, self._prompt(example.person) if example.person else ())

    def _text(self, text: str) -> tuple[int, ...]:
        """Return a text's tokens: as many sentences as there is room for, and the end of the turn behind them.

        Where not even one has room, whole words, and no end: the model must not learn to stop in mid-sentence.
        """
        if self._fits(text):
            return (*self._encoder.text(text), self._encoder.end_id)
        self.shortened += 1
        sentences = list(accumulate(_SENTENCE_END.split(text)))
        if whole := bisect_left(sentences, True, key=lambda part: not self._fits(part)):
            return (*self._encoder.text(sentences[whole - 1]), self._encoder.end_id)
        short = text[: bisect_left(range(len(text)), True, key=lambda n: not self._fits(text[: n + 1]))]
        return tuple(self._encoder.text(short.rpartition(" ")[0] or short))

    def _fits(self, text: str) -> bool:
        return len(self._encoder.text(text)) < _LONGEST_TEXT

    def _prompt(self, prompt: Prompt) -> tuple[int, ...]:
        tokens = self._prompts.get(prompt)
        if tokens is None:
            tokens = self._prompts[prompt] = tuple(self._encoder.prompt(prompt))
        return tokens


def load_encoder(model: str) -> tuple[PromptEncoder, object]:
    """Return the prompt encoder and the tokenizer of a causal LM.

    Raises:
        ModelError: the model cannot be found or read.
    """
    from transformers import AutoTokenizer

    from retrieval.errors import ModelError
    from retrieval.models import resolve_lm

    folder = resolve_lm(model)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # a damaged folder shows as an error of any library below
        raise ModelError(f"cannot load the tokenizer in {folder} ({error}); fetch it again") from error
    return PromptEncoder(tokenizer), tokenizer


def show(example: Example, tokens: Tokens, decode: Callable[[Sequence[int]], str]) -> str:
    """Word an example with what is masked: the model reads the first part and is trained on the second only."""
    head = f"{example.task} · {example.source} · {len(tokens.prompt)} tokens masked, {len(tokens.completion)} with loss"
    masked = "\n".join(f"  masked │ {line}" for line in decode(tokens.prompt).splitlines())
    return "\n".join([head, masked, f"  loss   │ {decode(tokens.completion)!r}"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m finetune.examples", description="Print a sample of a configuration's training examples."
    )
    parser.add_argument("config", type=Path, help="a YAML file, see finetune/configs/marquee.yaml")
    parser.add_argument("--show", type=int, default=3, metavar="N", help="how many of each task (default 3)")
    args = parser.parse_args(argv)
    try:
        config = read_config(args.config)
        encoder, tokenizer = load_encoder(config.model)
        from retrieval.catalog import Catalog

        catalog = Catalog.load(config.data.catalog, skip_bad=config.data.skip_bad)
        shop = listening_shop(catalog, SentenceEncoder(config.tower.encoder))
        made = make_examples(config, shop)
    except NamedropError as error:
        print(error, file=sys.stderr)
        return 2
    encode = ExampleEncoder(encoder)
    for name in TASKS:
        for example in [e for e in made.train if e.task == name][: args.show]:
            print(show(example, encode(example), tokenizer.decode), end="\n\n")  # type: ignore[attr-defined]
        counts = [sum(e.task == name for e in part) for part in (made.train, made.valid)]
        print(f"{name}: {counts[0]} examples to train on, {counts[1]} to validate, weight {made.weights[name]:g}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
