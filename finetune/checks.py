"""What may be wrong with training data as a whole: copies, leaks between the parts, and how skewed it is.

Each check is fed one record after the other and asked for its problems at the end, so that files larger than memory
can be checked: of a record it keeps a few numbers.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from finetune.cleaning import dialogue_text, fingerprint
from finetune.data import (
    KINDS,
    PARTS,
    DialogueRecord,
    InteractionRecord,
    MentionsRecord,
    NextItemRecord,
    Part,
    RecordType,
    item_ids,
)
from retrieval.rows import RowProblem

COPY, LEAK, LATER = "copies", "the same in two parts", "trained on what came later"
_WINDOW = 4  # items before the chosen one that tell a moment of a history from another


class Place(NamedTuple):
    """Where a record stands."""

    file: str
    line: int
    part: Part

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.part})"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of the data as a whole, and what it is counted under."""

    category: str
    problem: RowProblem


class Copies:
    """Finds records that are the same: in one part they count twice, in two parts the answer has been learnt."""

    def __init__(self) -> None:
        self._columns = {
            "key": array("q"),
            "what": array("b"),
            "part": array("b"),
            "file": array("i"),
            "line": array("q"),
        }
        self._files: dict[str, int] = {}
        self._kinds = {kind: number for number, kind in enumerate(KINDS.values())}

    def add(self, record: RecordType, place: Place) -> None:
        """Take note of a record."""
        kind = self._kinds[type(record)]
        if isinstance(record, DialogueRecord):
            self._note(f"id {record.id}", kind, place)
            self._note(f"text {dialogue_text(record)}", kind, place)
        elif isinstance(record, MentionsRecord):
            self._note(f"id {record.id}", kind, place)
        elif isinstance(record, NextItemRecord):
            items = "\t".join((*record.history, record.next))
            self._note(f"next {record.user}\t{record.timestamp}\t{items}", kind, place)
        else:
            self._note(f"event {record.user_id}\t{record.item_id}\t{record.timestamp}\t{record.event}", kind, place)

    def _note(self, text: str, kind: int, place: Place) -> None:
        # 63 bits: among 25 million records two differ and meet once in 30,000 runs.
        row = (fingerprint(text), kind, PARTS.index(place.part), self._files.setdefault(place.file, len(self._files)))
        for column, value in zip(self._columns.values(), (*row, place.line), strict=True):
            column.append(value)

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each record that is there already, in the part nearest to test."""
        key, what, part, file, line = (np.array(column) for column in self._columns.values())
        order = np.lexsort((line, file, what, -part, key))
        same = key[order][1:] == key[order][:-1]
        alike = order[np.append(same, False) | np.insert(same, 0, False)]
        names = list(self._files)
        reported: set[tuple[int, int]] = set()
        for _, group in groupby(alike.tolist(), key=lambda at: key[at]):
            first, *others = group
            for at in others:
                # Dialogues and mentions share ids, for one may be the other without its words.
                if (what[at] == what[first] or part[at] != part[first]) and (file[at], line[at]) not in reported:
                    reported.add((file[at], line[at]))
                    here = Place(names[file[at]], int(line[at]), PARTS[part[at]])
                    yield _alike(here, Place(names[file[first]], int(line[first]), PARTS[part[first]]))


def _alike(here: Place, there: Place) -> Finding:
    if here.part == there.part:
        problem = RowProblem(here.file, here.line, "", "", f"a record of its own, found that of {there}", "remove it")
        return Finding(COPY, problem)
    expected = f"a record that is in {here.part} only, found that of {there}"
    return Finding(LEAK, RowProblem(here.file, here.line, "", "", expected, f"remove it from {here.part}"))


class Timelines:
    """Finds people whose later choices are trained on while earlier ones are to be predicted.

    With times: an event of an earlier part after one of a later part. Without (next-item records): a history that
    holds what a record of a later part asks for. Feed test first, then valid, then train.
    """

    def __init__(self) -> None:
        self._first: dict[tuple[str, Part], tuple[float, Place]] = {}
        self._last: dict[tuple[str, Part], tuple[float, Place]] = {}
        self._asked: dict[str, list[tuple[tuple[str, ...], Place]]] = {}
        self._found: list[Finding] = []

    def add(self, record: RecordType, place: Place) -> None:
        """Take note of a record."""
        if isinstance(record, InteractionRecord):
            self._note(record.user_id, record.timestamp, place)
        elif isinstance(record, NextItemRecord):
            if record.timestamp is not None:
                self._note(record.user, record.timestamp, place)
            else:
                self._compare(record, place)

    def _note(self, user: str, time: float, place: Place) -> None:
        key = user, place.part
        if key not in self._first or time < self._first[key][0]:
            self._first[key] = time, place
        if key not in self._last or time > self._last[key][0]:
            self._last[key] = time, place

    def _compare(self, record: NextItemRecord, place: Place) -> None:
        items = (*record.history, record.next)
        asked = self._asked.setdefault(record.user, [])
        for window, there in asked:
            if there.part != place.part and items != window and _holds(items, window):
                self._found.append(_later(place, there))
                break
        if place.part != "train":
            asked.append((items[-_WINDOW - 1 :], place))

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each person and pair of parts, or each record where there are no times."""
        yield from self._found
        for (user, part), (time, place) in self._last.items():
            for later in PARTS[PARTS.index(part) + 1 :]:
                first = self._first.get((user, later))
                if first is not None and time > first[0]:
                    yield _later(place, first[1])
                    break


def _holds(items: Sequence[str], window: Sequence[str]) -> bool:
    width = len(window)
    return any(tuple(items[at : at + width]) == tuple(window) for at in range(len(items) - width + 1))


def _later(here: Place, there: Place) -> Finding:
    expected = f"nothing after what {there} asks of this person"
    remedy = f"split by time, or move it out of {here.part}"
    return Finding(LATER, RowProblem(here.file, here.line, "", "", expected, remedy))


@dataclass(frozen=True, slots=True)
class Skew:
    """How unevenly items are mentioned.

    Attributes:
        mentions: how many in train.
        gini: 0 if all mentioned items have the same number, towards 1 if few have all.
        top_share: the share of the mentions that the most mentioned 1 % of the catalogue has.
        never: the share of the catalogue that train never mentions.
        cold: the share of the mentions in valid and test whose item train never mentions; NaN without such parts.
    """

    mentions: int
    gini: float
    top_share: float
    never: float
    cold: float


_LOWEST = 0.4  # of the best rating, where a liking may begin
_DISTINCT = 12  # ratings that are listed one by one


class Popularity:
    """Counts the items that the parts mention."""

    def __init__(self) -> None:
        self._counts: dict[Part, Counter[str]] = {part: Counter() for part in PARTS}

    def add(self, record: RecordType, place: Place) -> None:
        """Take note of a record; of a next-item record, the item chosen."""
        counts = self._counts[place.part]
        counts.update((record.next,) if isinstance(record, NextItemRecord) else item_ids(record))

    def skew(self, catalog_size: int) -> Skew:
        """Return the skew of the train part; a catalogue of 0 items means that none is known."""
        train = self._counts["train"]
        counts = np.sort(np.array(list(train.values()), dtype=np.int64))
        size = max(catalog_size or len(train), 1)
        total = int(counts.sum())
        top = int(counts[-max(1, size // 100) :].sum()) if total else 0
        held = self._counts["valid"] + self._counts["test"]
        cold = sum(number for item, number in held.items() if item not in train)
        return Skew(
            mentions=total,
            gini=_gini(counts),
            top_share=top / total if total else 0.0,
            never=1 - min(len(train), size) / size,
            cold=cold / held.total() if held else float("nan"),
        )


def _gini(ascending: np.ndarray) -> float:
    """Return the Gini coefficient of counts sorted upwards: 2 Σ i·x_i / (n Σ x_i) - (n + 1) / n."""
    number, total = len(ascending), ascending.sum()
    if not total:
        return 0.0
    return float(2 * (np.arange(1, number + 1) * ascending).sum() / (number * total) - (number + 1) / number)


class Ratings:
    """Counts the ratings of train, and says what a threshold makes of them."""

    def __init__(self) -> None:
        self._counts: Counter[float] = Counter()

    def add(self, record: RecordType, place: Place) -> None:
        """Take note of a record's rating."""
        if place.part == "train" and isinstance(record, InteractionRecord) and record.rating is not None:
            self._counts[record.rating] += 1

    def told(self, liked_from: float) -> Iterator[str]:
        """Yield a histogram, and a warning where the threshold seems to be of another scale."""
        if not (total := self._counts.total()):
            return
        low, high = min(self._counts), max(self._counts)
        liked = sum(n for rating, n in self._counts.items() if rating >= liked_from)
        if len(self._counts) <= _DISTINCT:
            shown = ", ".join(f"{rating:g}: {n / total:.0%}" for rating, n in sorted(self._counts.items()))
        else:
            shown = f"from {low:g} to {high:g}"
        yield f"{total:,} ratings in train ({shown}); {liked / total:.0%} are liked (data.liked_from = {liked_from:g})"
        if not _LOWEST * high <= liked_from <= high:
            yield (
                f"warning: {liked_from:g} may be the wrong place to divide ratings from {low:g} to {high:g}; "
                "set data.liked_from in the configuration"
            )
