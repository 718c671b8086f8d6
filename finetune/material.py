"""What examples are made of: the moments of a configuration's records, and wishes made from the catalogue."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from chat.prompt import Style
from chat.prompting import shelf
from chat.shop import Shop
from finetune.config import ConfigError, Data
from finetune.contexts import (
    Moment,
    dialogue_moments,
    interaction_moments,
    mention_moments,
    next_item_moments,
    said,
    told_moments,
)
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord, R, load
from finetune.wishes import Wish, make_wishes
from retrieval.encoder import SentenceEncoder
from retrieval.index import Index
from retrieval.types import Item

_WISHES = 4  # made for each item
_TOGETHER = 512  # moments whose texts are encoded in one go


@dataclass(frozen=True, slots=True)
class Material:
    """What examples are made of: the moments of the records, wishes made from the catalogue, items to describe.

    `told` are the moments at which it is the person who names items; `style` is how prompts are rendered.
    """

    shop: Shop
    conversations: Sequence[Moment] = ()
    told: Sequence[Moment] = ()
    histories: Sequence[Moment] = ()
    wishes: Sequence[tuple[Wish, Moment]] = ()
    described: Sequence[int] = ()
    style: Style = "dialogue"

    def each(self, change: Callable[[Moment, str], Moment]) -> Material:
        """Change every moment, given with its source."""
        return replace(
            self,
            conversations=tuple(change(moment, moment.source) for moment in self.conversations),
            told=tuple(change(moment, moment.source) for moment in self.told),
            histories=tuple(change(moment, moment.source) for moment in self.histories),
            wishes=tuple((wish, change(moment, wish.source)) for wish, moment in self.wishes),
        )

    @property
    def items(self) -> Sequence[Item]:
        """The catalogue's items, by position."""
        return self.shop.index.catalog.items


def left_out(data: Data, shop: Shop) -> frozenset[int]:
    """Return the catalogue positions that no training example may name.

    Raises:
        ConfigError: the list names an item that the catalogue does not have.
    """
    if data.leave_out is None:
        return frozenset()
    ids = [line.strip() for line in data.leave_out.read_text(encoding="utf-8").splitlines() if line.strip()]
    unknown = [i for i in ids if shop.position(i) is None]
    if unknown:
        raise ConfigError(f"{data.leave_out}: {unknown[0]!r} is not in {data.catalog}; remove the line")
    return frozenset(shop.positions(ids))


def records(data: Data, shop: Shop, hidden: frozenset[int], *, valid: bool) -> Material:
    """Read one part's records; items are described for training only, which gives a share of them to validation.

    Raises:
        DataError: a file cannot be used.
    """

    def read(paths: Sequence[Path], kind: type[R]) -> Iterator[R]:
        for path in paths:
            yield from load(path, kind, known=shop.index.catalog.positions, skip_bad=data.skip_bad).records

    def usable(moments: Iterable[Moment]) -> tuple[Moment, ...]:
        return without(hidden, moments, shop)

    catalog = shop.index.catalog
    dialogues = tuple(read(data.valid_dialogues if valid else data.dialogues, DialogueRecord))
    mentions = read(data.valid_mentions if valid else data.mentions, MentionsRecord)
    chosen = read(data.valid_next_item if valid else data.next_item, NextItemRecord)
    histories = [m for record in mentions for m in mention_moments(record, catalog)]
    histories.extend(next_item_moments(chosen, catalog))
    if not valid:
        histories.extend(interaction_moments(read(data.interactions, InteractionRecord), catalog, data.liked_from))
    conversations = (m for record in dialogues for m in dialogue_moments(record, shop))
    told = (m for record in dialogues for m in told_moments(record, shop))
    described = () if valid else tuple(at for at in range(len(catalog)) if at not in hidden)
    return Material(shop, usable(conversations), usable(told), usable(histories), described=described)


def without(hidden: frozenset[int], moments: Iterable[Moment], shop: Shop) -> tuple[Moment, ...]:
    """Return the moments that have nothing to do with hidden items."""
    return tuple(moment for moment in moments if hidden.isdisjoint(_mentioned(moment, shop)))


def wishes(shop: Shop, hidden: frozenset[int], seed: int) -> tuple[tuple[Wish, Moment], ...]:
    """Make wishes from the catalogue, and the moment after each has been said."""
    return tuple((wish, said(wish.text, shop)) for wish in make_wishes(shop.index.catalog, _WISHES, seed, hidden))


def less_read(material: Material, share: float, seed: int, held: Callable[[str], bool]) -> Material:
    """Leave a share of the limits and wishes out of what prompts say was understood, but those held for validation."""

    def less(moment: Moment, source: str) -> Moment:
        if held(source):
            return moment
        draw = random.Random(f"{seed}:{source}:{len(moment.context.said)}")
        limits, wishes = (
            tuple(label for label in labels if draw.random() >= share)
            for labels in (moment.context.limits, moment.context.wishes)
        )
        return replace(moment, context=replace(moment.context, limits=limits, wishes=wishes))

    return material.each(less)


def shelved(material: Material, index: Index, encoder: SentenceEncoder, k: int, hidden: frozenset[int]) -> Material:
    """Put a shelf of k retrieved items into the contexts, as the chat would, but for hidden items.

    Not where it is the person who names items: those are what they like already, which retrieval does not know.

    Args:
        material: whose contexts are to be filled.
        index: what is retrieved from.
        encoder: the index's.
        k: how many items.
        hidden: the positions of what may not be shown.
    """
    moments = [*material.conversations, *material.histories, *(moment for _, moment in material.wishes)]
    shelves: list[Sequence[Item]] = []
    with tqdm(total=len(moments), desc="filling the shelves", unit=" moments") as bar:
        for start in range(0, len(moments), _TOGETHER):
            some = moments[start : start + _TOGETHER]
            encoder.read_ahead([moment.query.text for moment in some])
            for moment in some:
                allowed = index.facets.mask(moment.limits)
                allowed[[*hidden, *moment.before, *moment.query.liked, *moment.query.disliked]] = False
                shelves.append([index.catalog[int(at)] for at in shelf(moment.query, index, allowed, k)])
                bar.update()
    filled = iter(shelves)

    def fill(moment: Moment, _: str) -> Moment:
        return replace(moment, context=replace(moment.context, shelf=next(filled)))

    return replace(replace(material, told=()).each(fill), told=material.told)


def _mentioned(moment: Moment, shop: Shop) -> Iterator[int]:
    yield from (*moment.targets, *moment.offered, *moment.before)
    for items in (moment.context.liked, moment.context.disliked, moment.context.seen):
        yield from shop.positions(item.id for item in items)
