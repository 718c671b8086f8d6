"""How long training examples are, and how many tokens an epoch has, estimated from a sample of the records.

The sample is made into examples by the code that training uses, encoded by the model's tokenizer and packed as in
training; its figures are scaled up by the share of the records that it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chat.encoding import PromptEncoder
from chat.shop import Shop
from finetune.cleaning import fraction
from finetune.config import TaskSettings, TrainConfig
from finetune.contexts import (
    Moment,
    dialogue_moments,
    interaction_moments,
    listening_shop,
    mention_moments,
    next_item_moments,
    said,
    told_moments,
)
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord, RecordType
from finetune.examples import TASKS, ExampleEncoder, filler, weights_of
from finetune.material import Material, left_out, less_read, without
from finetune.packing import Packed, PackingError, Weighed, pack
from finetune.signals import LIKED_FROM
from finetune.wishes import make_wishes
from retrieval.catalog import Catalog
from retrieval.types import IntArray

SAMPLE = 100  # dialogues, people, items
_WISHES = 4  # made for each item, as in training


class Sample:
    """Keeps the records of about `size` dialogues or people of each kind, chosen by a hash, whatever comes."""

    def __init__(self, size: int = SAMPLE) -> None:
        self._size = size
        self._kept: dict[type[RecordType], dict[str, list[RecordType]]] = {}
        self._share: dict[type[RecordType], float] = {}
        self._seen: dict[type[RecordType], int] = {}

    def add(self, record: RecordType) -> None:
        """Offer a record."""
        kind = type(record)
        self._seen[kind] = self._seen.get(kind, 0) + 1
        key, share = _key(record), self._share.setdefault(kind, 1.0)
        if _drawn(key) >= share:
            return
        kept = self._kept.setdefault(kind, {})
        kept.setdefault(key, []).append(record)
        if len(kept) > 2 * self._size:
            self._share[kind] = share / 2
            self._kept[kind] = {k: v for k, v in kept.items() if _drawn(k) < share / 2}

    def records(self, kind: type[RecordType]) -> Sequence[RecordType]:
        """Return the records kept of a kind."""
        return [record for records in self._kept.get(kind, {}).values() for record in records]

    def scale(self, kind: type[RecordType]) -> float:
        """Return how many records there were for each one kept."""
        return self._seen.get(kind, 0) / max(len(self.records(kind)), 1)


def _drawn(key: str) -> float:
    # Salted: the hash that divided the data into parts has left none of the low values in train.
    return fraction(f"sample\n{key}", 0)


def _key(record: RecordType) -> str:
    if isinstance(record, NextItemRecord):
        return record.user
    return record.user_id if isinstance(record, InteractionRecord) else record.id


@dataclass(frozen=True, slots=True)
class Lengths:
    """The token counts of one task's examples.

    Attributes:
        task: its name.
        examples: how many there are in training, estimated.
        tokens: (n,) of each example of the sample, prompt and completion together.
        total: tokens of all examples one by one, without those that are longer than a row.
    """

    task: str
    examples: float
    tokens: IntArray
    total: float

    def percentile(self, q: float) -> int:
        """Return the q-th percentile."""
        return int(np.percentile(self.tokens, q, method="higher"))

    def over(self, limit: int) -> float:
        """Return the share of examples longer than a limit."""
        return float((self.tokens > limit).mean())


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an epoch has to compute.

    Attributes:
        lengths: of each task that has examples.
        tokens: tokens of an epoch, what examples share counted once; 0 if no example fits a row.
        packed: rows of the sample, for measuring the speed of training.
    """

    lengths: Sequence[Lengths]
    tokens: float
    packed: Packed | None = field(repr=False, default=None)

    @property
    def plain(self) -> float:
        """Tokens of an epoch one example by one."""
        return sum(found.total for found in self.lengths)


def estimate(
    sample: Sample,
    catalog: Catalog,
    encoder: PromptEncoder,
    *,
    tasks: Mapping[str, TaskSettings] | None = None,
    max_tokens: int = 512,
    size: int = SAMPLE,
    step: Callable[[str], object] = lambda _: None,
    config: TrainConfig | None = None,
) -> Estimate:
    """Estimate the tokens of an epoch.

    Args:
        sample: of the training records.
        catalog: what they refer to.
        encoder: of the model that is to be trained.
        tasks: weights and limits by name; a task that is not named keeps the table's weight.
        max_tokens: of a packed row.
        size: how many items wishes and descriptions are sampled from.
        step: told the name of each task before it is encoded, for a progress bar.
        config: whose prompts, shelf, left-out items and share for validation are those of the run; None for none.
    """
    encode = ExampleEncoder(encoder)
    found: dict[str, list[tuple[float, IntArray]]] = {}
    weighed: list[Weighed] = []
    tasks = tasks or {}
    weights = weights_of(tasks)
    for material, scale in _configured(config, sample, listening_shop(catalog), size):
        for name in (name for name, weight in weights.items() if weight):
            step(name)
            made = [(example, encode(example)) for example in TASKS[name].make(material)]
            if made:
                counts = np.array([len(tokens.prompt) + len(tokens.completion) for _, tokens in made], dtype=np.int64)
                found.setdefault(name, []).append((scale, counts))
                weighed += [Weighed.of(example, tokens, weights[name]) for example, tokens in made]
    lengths = [_lengths(name, parts, tasks.get(name), max_tokens) for name, parts in found.items()]
    try:
        packed = pack(weighed, max_tokens)
    except PackingError:
        return Estimate(lengths, 0.0)
    return Estimate(lengths, sum(task.total for task in lengths) * packed.tokens / packed.plain, packed)


def _lengths(
    task: str, parts: Sequence[tuple[float, IntArray]], settings: TaskSettings | None, max_tokens: int
) -> Lengths:
    """Bring together what several sources give to a task."""
    examples = sum(scale * len(counts) for scale, counts in parts)
    total = sum(scale * float(counts[counts <= max_tokens].sum()) for scale, counts in parts)
    limit = examples if settings is None or settings.limit is None else min(examples, settings.limit)
    return Lengths(task, limit, np.concatenate([counts for _, counts in parts]), total * limit / examples)


def _configured(config: TrainConfig | None, sample: Sample, shop: Shop, size: int) -> Iterator[tuple[Material, float]]:
    """Yield what `_materials` yields as a run has it: without its validation part, its shelves filled."""
    hidden = left_out(config.data, shop) if config is not None else frozenset()
    found = _materials(sample, shop, size, hidden, config.data.liked_from if config is not None else LIKED_FROM)
    if config is None:
        yield from found
        return
    fill, seed = filler(config, hidden), config.seed
    given = {"dialogue": config.data.valid_dialogues, "mentions": config.data.valid_mentions}
    given["person"] = config.data.valid_next_item
    for material, scale in found:
        moments = [*material.conversations, *material.histories]
        kind = moments[0].source.partition(":")[0] if moments else ""
        share = 1.0 if given.get(kind) else 1.0 - config.data.valid_share
        material = replace(fill(material), style=config.prompt)
        yield less_read(material, config.unread, seed, lambda _: False) if config.unread else material, scale * share


def _materials(
    sample: Sample, shop: Shop, size: int, hidden: frozenset[int], liked_from: float
) -> Iterator[tuple[Material, float]]:
    """Yield what examples are made of, one source at a time, with how many times more of it there is."""

    def usable(moments: Iterable[Moment]) -> tuple[Moment, ...]:
        return without(hidden, moments, shop)

    catalog = shop.index.catalog
    dialogues = [r for r in sample.records(DialogueRecord) if isinstance(r, DialogueRecord)]
    mentions = [r for r in sample.records(MentionsRecord) if isinstance(r, MentionsRecord)]
    chosen = [r for r in sample.records(NextItemRecord) if isinstance(r, NextItemRecord)]
    events = [r for r in sample.records(InteractionRecord) if isinstance(r, InteractionRecord)]
    conversations = usable(m for record in dialogues for m in dialogue_moments(record, shop))
    told = usable(m for record in dialogues for m in told_moments(record, shop))
    yield Material(shop, conversations=conversations, told=told), sample.scale(DialogueRecord)
    mentioned = usable(m for record in mentions for m in mention_moments(record, catalog))
    yield Material(shop, histories=mentioned), sample.scale(MentionsRecord)
    yield Material(shop, histories=usable(next_item_moments(chosen, catalog))), sample.scale(NextItemRecord)
    yield (
        Material(shop, histories=usable(interaction_moments(events, catalog, liked_from))),
        sample.scale(InteractionRecord),
    )
    there = [at for at in range(len(catalog)) if at not in hidden]
    described = there[:: max(1, len(there) // size)]
    yield Material(shop, described=described), len(there) / max(len(described), 1)
    wishes = list(make_wishes(catalog, _WISHES, 0, hidden))
    some = wishes[:: max(1, len(wishes) // size)]
    if some:
        yield Material(shop, wishes=[(w, said(w.text, shop)) for w in some]), len(wishes) / len(some)
