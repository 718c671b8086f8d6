"""What people chose, from all kinds of training records: sets for the collaborative part, counts for popularity.

Dialogues and mention lists are one person each; next-item records and interactions of one user are joined, so that
records which tell the same of a person count once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord
from finetune.metrics import Numbers
from finetune.signals import LIKED_FROM, Meaning, last_word, meaning
from retrieval.catalog import Catalog
from retrieval.collaborative import ItemSets
from retrieval.succession import Named

Chosen = Mapping[str, float]  # catalogue id: 1 chosen, -1 rejected

DIALOGUE_WEIGHT = 4.0  # of a dialogue with words in the counts: lists of mentions lose what their links did not know


@dataclass(frozen=True)
class Histories:
    """The training records of one evaluation; ratings from `liked_from` up are of what people like."""

    dialogues: Sequence[DialogueRecord] = ()
    mentions: Sequence[MentionsRecord] = ()
    next_item: Sequence[NextItemRecord] = ()
    interactions: Sequence[InteractionRecord] = ()
    liked_from: float = LIKED_FROM

    def __bool__(self) -> bool:
        return bool(self.dialogues or self.mentions or self.next_item or self.interactions)

    def holds(self, records: Sequence[DialogueRecord] | Sequence[NextItemRecord]) -> int:
        """Return how many records are learnt from: equal ones, and lists of mentions of the same dialogue."""
        known = {*self.dialogues, *self.next_item}
        ids = {record.id for record in self.mentions}
        return sum(r in known or (isinstance(r, DialogueRecord) and r.id in ids) for r in records)

    @cached_property
    def sets(self) -> ItemSets:
        """Everybody's items."""
        people: dict[str, dict[str, float]] = defaultdict(dict)
        for found in (chosen_next(self.next_item), interacted(self.interactions, self.liked_from)):
            for person, items in found.items():
                people[person].update(items)
        return ItemSets.of([*named(self.dialogues), *mentioned(self.mentions), *people.values()])

    @cached_property
    def sequences(self) -> Sequence[Sequence[Named]]:
        """What was named in each record, oldest first, and whether it was recommended, or chosen, rather than told."""
        spoken = [[(i, turn.role == "assistant") for turn in r.turns for i in turn.items] for r in self.dialogues]
        listed = [[(i, turn.role == "assistant") for turn in r.mentions for i in turn.items] for r in self.mentions]
        longest: dict[str, tuple[str, ...]] = {}
        for record in self.next_item:
            found = (*record.history, record.next)
            if len(found) > len(longest.get(record.user, ())):
                longest[record.user] = found
        wanted = interacted(self.interactions, self.liked_from)
        people: dict[str, list[Named]] = {user: [(i, True) for i in items] for user, items in longest.items()}
        events: dict[str, list[Named]] = defaultdict(list)
        for event in sorted(self.interactions, key=lambda r: r.timestamp):
            liked = wanted.get(event.user_id, {}).get(event.item_id, 0.0) > 0
            if liked and meaning(event, self.liked_from) == "wanted":
                events[event.user_id].append((event.item_id, True))
        for person, chosen in events.items():
            people[person] = max(people.get(person, []), chosen, key=len)
        return [*spoken, *listed, *people.values()]

    def recommended(self) -> Mapping[str, float]:
        """Return how often each item was recommended, or chosen, weighted as `counts`."""
        total: dict[str, float] = defaultdict(float)
        for number, sequence in enumerate(self.sequences):
            weight = DIALOGUE_WEIGHT if number < len(self.dialogues) else 1.0
            first: dict[str, bool] = {}
            for item_id, recommended in sequence:
                first.setdefault(item_id, recommended)
            for item_id, recommended in first.items():
                total[item_id] += weight * recommended
        return {item_id: count for item_id, count in total.items() if count}

    def counts(self, catalog: Catalog) -> Numbers:
        """Return how often each item was chosen, dialogues with words weighted by `DIALOGUE_WEIGHT`: (N,)."""
        total = np.zeros(len(catalog))
        for column, item_id in enumerate(self.sets.ids):
            if (at := catalog.positions.get(item_id)) is not None:
                total[at] = self._column_counts[column]
        return total

    @cached_property
    def _column_counts(self) -> Numbers:
        chosen = self.sets.matrix > 0
        weights = np.ones(chosen.shape[0])
        weights[: len(self.dialogues)] = DIALOGUE_WEIGHT
        return np.asarray(chosen.T @ weights)


def named(records: Iterable[DialogueRecord]) -> list[Chosen]:
    """Return the items of each dialogue, whoever named them."""
    return [{item_id: 1.0 for turn in record.turns for item_id in turn.items} for record in records]


def mentioned(records: Iterable[MentionsRecord]) -> list[Chosen]:
    """Return the items of each list of mentions; the last word on an item counts."""
    return [
        {item_id: -1.0 if turn.liked is False else 1.0 for turn in record.mentions for item_id in turn.items}
        for record in records
    ]


def chosen_next(records: Iterable[NextItemRecord]) -> Mapping[str, Chosen]:
    """Return each user's items, histories and next ones together."""
    people: dict[str, dict[str, float]] = defaultdict(dict)
    for record in records:
        people[record.user].update(dict.fromkeys((*record.history, record.next), 1.0))
    return people


def interacted(records: Iterable[InteractionRecord], liked_from: float = LIKED_FROM) -> Mapping[str, Chosen]:
    """Return what each user wanted or disliked in the end; what is only known is not in it."""
    people: dict[str, list[tuple[str, Meaning]]] = defaultdict(list)
    for record in sorted(records, key=lambda r: r.timestamp):
        people[record.user_id].append((record.item_id, meaning(record, liked_from)))
    signs: Mapping[Meaning, float] = {"wanted": 1.0, "disliked": -1.0}
    told = {person: last_word(events) for person, events in people.items()}
    found = {p: {item: signs[word] for item, word in words.items() if word in signs} for p, words in told.items()}
    return {person: items for person, items in found.items() if items}
