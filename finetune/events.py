"""Interactions as columns: filtering, de-duplicating, splitting by time, and the next-item examples they give.

25 million events take about 0.7 GB here, where a list of records would take ten times that.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from finetune.data import PARTS, InteractionRecord, NextItemRecord, Part
from finetune.signals import meaning_of
from retrieval.types import BoolArray, FloatArray, IntArray

_UNSPLIT = -1
_CHUNK = 100_000  # events that are Python objects at once
_TRAIN, _VALID, _TEST = range(3)
MEANINGS = ("wanted", "known", "disliked")
_COLUMNS = ("user", "item", "kind", "part", "time", "rating")


class _Names:
    """Numbers texts in the order in which they come."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Return the number of a name, a new one if it has none."""
        found = self._numbers.setdefault(name, len(self.names))
        if found == len(self.names):
            self.names.append(name)
        return found


class EventLog:
    """Collects interactions one by one."""

    def __init__(self) -> None:
        self._users, self._items, self._kinds = _Names(), _Names(), _Names()
        self._user, self._item, self._kind, self._part = array("i"), array("i"), array("i"), array("b")
        self._time, self._rating = array("d"), array("f")

    def __len__(self) -> int:
        return len(self._user)

    def add(self, record: InteractionRecord, part: Part | None = None) -> None:
        """Append one interaction."""
        self._user.append(self._users.number(record.user_id))
        self._item.append(self._items.number(record.item_id))
        self._kind.append(self._kinds.number(record.event))
        self._part.append(_UNSPLIT if part is None else PARTS.index(part))
        self._time.append(record.timestamp)
        self._rating.append(np.nan if record.rating is None else record.rating)

    def close(self) -> Events:
        """Return what was collected, by user, then time, then order of arrival."""
        events = Events(
            tuple(self._users.names),
            tuple(self._items.names),
            tuple(self._kinds.names),
            user=np.array(self._user, dtype=np.int32),
            item=np.array(self._item, dtype=np.int32),
            kind=np.array(self._kind, dtype=np.int32),
            part=np.array(self._part, dtype=np.int8),
            time=np.array(self._time, dtype=np.float64),
            rating=np.array(self._rating, dtype=np.float32),
        )
        return events.take(np.lexsort((np.arange(len(events)), events.time, events.user)))


@dataclass(frozen=True, slots=True)
class Events:
    """E interactions, sorted by user, then time; `users`, `items` and `kinds` name what the numbers refer to."""

    users: tuple[str, ...]
    items: tuple[str, ...]
    kinds: tuple[str, ...]
    user: npt.NDArray[np.int32]  # (E,)
    item: npt.NDArray[np.int32]  # (E,)
    kind: npt.NDArray[np.int32]  # (E,)
    part: npt.NDArray[np.int8]  # (E,): a position in PARTS, or -1
    time: npt.NDArray[np.float64]  # (E,) seconds
    rating: FloatArray  # (E,), NaN where there is none

    def __len__(self) -> int:
        return len(self.user)

    def take(self, which: BoolArray | IntArray) -> Events:
        """Return the events of a mask, or in a new order."""
        return replace(self, **{name: getattr(self, name)[which] for name in _COLUMNS})

    def with_part(self, part: npt.NDArray[np.int8]) -> Events:
        """Return the same events in other parts."""
        return replace(self, part=part)

    @property
    def split(self) -> bool:
        """Whether the source has said of any event what part it is in."""
        return bool((self.part >= 0).any())

    @property
    def meanings(self) -> npt.NDArray[np.int8]:
        """What the name of each event tells, as a position in `MEANINGS`: (E,)."""
        of_kind = np.array([MEANINGS.index(meaning_of(name)) for name in self.kinds] or [0], dtype=np.int8)
        return of_kind[self.kind]

    @property
    def used(self) -> set[str]:
        """The items that have an event."""
        return {self.items[number] for number in np.unique(self.item)}

    def rows(self, part: Part) -> Iterator[dict[str, Any]]:
        """Yield the interactions of a part, by user and time, as the cells of their records."""
        where = np.flatnonzero(self.part == PARTS.index(part))
        for start in range(0, len(where), _CHUNK):
            some = where[start : start + _CHUNK]
            for user, item, kind, time, rating in zip(
                *(column[some].tolist() for column in (self.user, self.item, self.kind, self.time, self.rating)),
                strict=True,
            ):
                row = {
                    "user_id": self.users[user],
                    "item_id": self.items[item],
                    "timestamp": int(time) if time.is_integer() else time,
                }
                if self.kinds[kind]:
                    row["event"] = self.kinds[kind]
                if rating == rating:  # not NaN
                    row["rating"] = rating
                yield row


def rated(events: Events, least: float) -> Events:
    """Keep events with a rating of at least `least`, and those without a rating."""
    return events.take(~(events.rating < least))


def without_repeats(events: Events, *, keep_repeats: bool = False) -> Events:
    """Keep a person's first event of each meaning with each item, or, with `keep_repeats`, one for each moment.

    What was bought and later returned keeps both; see `finetune.signals`.

    Of copies in several parts, which only a source can make, the one in the latest part stays.
    """
    moment = events.time if keep_repeats else np.zeros(len(events))
    told = events.meanings
    order = np.lexsort((np.arange(len(events)), -events.part.astype(np.int64), moment, told, events.item, events.user))
    first = np.ones(len(events), dtype=np.bool_)
    same = [column[order][1:] == column[order][:-1] for column in (events.user, events.item, told, moment)]
    first[1:] = ~np.logical_and.reduce(same)
    return events.take(np.sort(order[first]))


def core(events: Events, per_user: int, per_item: int) -> Events:
    """Drop people and items with fewer events than asked for, again and again until all have enough (a k-core)."""
    while len(events):
        of_user = np.bincount(events.user)[events.user]
        of_item = np.bincount(events.item)[events.item]
        enough = (of_user >= per_user) & (of_item >= per_item)
        if enough.all():
            break
        events = events.take(enough)
    return events


def split_last(events: Events) -> Events:
    """Leave the last event of each person for test and the one before for valid; who has fewer than 3 is in train."""
    if not len(events):
        return events
    ends = np.flatnonzero(np.append(events.user[1:] != events.user[:-1], True))
    starts = np.append(0, ends[:-1] + 1)
    enough = ends - starts >= 2
    part = np.full(len(events), _TRAIN, dtype=np.int8)
    part[ends[enough]] = _TEST
    part[ends[enough] - 1] = _VALID
    return events.with_part(part)


def split_time(events: Events, valid: float, test: float) -> Events:
    """Put everybody's latest events in test, those before in valid; no moment is in two parts.

    Args:
        events: the interactions.
        valid: its share, in [0, 1).
        test: its share, in [0, 1).
    """
    if not len(events):
        return events
    after_train, after_valid = np.quantile(events.time, [1 - valid - test, 1 - test], method="lower")
    part = (events.time > after_train).astype(np.int8) + (events.time > after_valid).astype(np.int8)
    return events.with_part(part if valid else np.where(part, _TEST, _TRAIN).astype(np.int8))


def next_items(events: Events, part: Part, max_history: int, max_per_user: int) -> Iterator[NextItemRecord]:
    """Yield what each person chose next, for events of a part that have any before them.

    A history holds nothing of a later part, so a training example never shows what a test example asks for. Neither
    histories nor what is chosen next hold what was only seen, or returned.

    Args:
        events: split interactions.
        part: whose events are asked for.
        max_history: items of a history kept, the latest.
        max_per_user: examples of a person kept, the latest.
    """
    wanted = PARTS.index(part)
    events = events.take(_chosen(events))
    bounds = np.append(np.flatnonzero(np.append(True, events.user[1:] != events.user[:-1])), len(events))
    for start, end in pairwise(bounds.tolist()):
        parts, items = events.part[start:end], events.item[start:end]
        targets = np.flatnonzero(parts == wanted)[-max_per_user:]
        for at in targets:
            history = items[:at][parts[:at] <= wanted][-max_history:]
            if len(history):
                yield NextItemRecord.model_construct(
                    user=events.users[events.user[start]],
                    history=tuple(events.items[i] for i in history),
                    next=events.items[items[at]],
                    timestamp=float(events.time[start + at]),
                )


def _chosen(events: Events) -> BoolArray:
    """Tell which events are a choice that was not taken back: (E,)."""
    meanings = events.meanings
    pairs = events.user.astype(np.int64) * (len(events.items) + 1) + events.item
    returned = np.unique(pairs[meanings == MEANINGS.index("disliked")])
    chosen: BoolArray = (meanings == MEANINGS.index("wanted")) & ~np.isin(pairs, returned)
    return chosen
