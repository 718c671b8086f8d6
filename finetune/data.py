"""The training data: dialogues, mentions, interactions and next-item records, read with every bad record reported.

The formats are the project's own (one JSON object a line, or a table); `finetune.readers` brings the originals of
public data sets into them. Items are catalogue ids; a record with an id that the catalogue lacks is a bad record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from retrieval.catalog import RowProblem
from retrieval.errors import NamedropError

Role = Literal["user", "assistant"]
Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Turn(_Record):
    """One turn of a dialogue; `items` are the catalogue ids that it mentions, in the order of the text."""

    role: Role
    text: str = Field(max_length=20_000)
    items: tuple[Id, ...] = ()


class DialogueRecord(_Record):
    """A dialogue with its words.

    A record::

        {"id": "418", "turns": [{"role": "user", "text": "I liked Alien", "items": ["film-alien-1979"]},
                                {"role": "assistant", "text": "Then try Stalker", "items": ["film-stalker-1979"]}]}
    """

    id: Id
    turns: tuple[Turn, ...] = Field(min_length=1)


class MentionTurn(_Record):
    """The items of one turn whose words are not known; `liked` is None where nobody said."""

    role: Role
    items: tuple[Id, ...] = Field(min_length=1)
    liked: bool | None = None


class MentionsRecord(_Record):
    """A dialogue of which only the mentioned items are known.

    A record::

        {"id": "13079", "mentions": [{"role": "user", "items": ["film-alien-1979"], "liked": true}]}
    """

    id: Id
    mentions: tuple[MentionTurn, ...] = Field(min_length=1)


class NextItemRecord(_Record):
    """What a person chose after a history, oldest first.

    A record::

        {"user": "A4042", "history": ["film-alien-1979"], "next": "film-stalker-1979"}
    """

    user: Id
    history: tuple[Id, ...] = Field(min_length=1)
    next: Id
    timestamp: float | None = None


class InteractionRecord(_Record):
    """One event of one person with one item.

    A record::

        {"user_id": "ann", "item_id": "film-alien-1979", "timestamp": 1484352000, "event": "buy", "rating": 4.5}
    """

    user_id: Id
    item_id: Id
    timestamp: float
    event: str = ""
    rating: float | None = None


RecordType = DialogueRecord | MentionsRecord | NextItemRecord | InteractionRecord
R = TypeVar("R", DialogueRecord, MentionsRecord, NextItemRecord, InteractionRecord)

KINDS: Mapping[str, type[RecordType]] = {
    "dialogues": DialogueRecord,
    "mentions": MentionsRecord,
    "next-item": NextItemRecord,
    "interactions": InteractionRecord,
}


def item_ids(record: RecordType) -> Iterator[str]:
    """Yield every catalogue id that a record refers to."""
    if isinstance(record, DialogueRecord):
        for turn in record.turns:
            yield from turn.items
    elif isinstance(record, MentionsRecord):
        for mention in record.mentions:
            yield from mention.items
    elif isinstance(record, NextItemRecord):
        yield from record.history
        yield record.next
    else:
        yield record.item_id


@dataclass(frozen=True, slots=True)
class Loaded(Generic[R]):
    """The good records of a file, the line each stands on, and the problems of the bad ones."""

    records: tuple[R, ...]
    lines: tuple[int, ...]
    problems: tuple[RowProblem, ...]


class DataError(NamedropError):
    """Training data cannot be used; `problems` holds every bad record."""

    def __init__(self, message: str, problems: Sequence[RowProblem] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {p}" for p in problems)]))
        self.problems = tuple(problems)


def load(path: str | Path, kind: type[R], *, known: Collection[str] | None = None, skip_bad: bool = False) -> Loaded[R]:
    """Read a file of one kind of record: JSONL, or for interactions also CSV and Parquet.

    Args:
        path: the file.
        kind: the record type.
        known: the catalogue's ids; a record that names another id is bad.
        skip_bad: return the good records and the problems instead of refusing the file.

    Raises:
        DataError: the file is missing or has no usable record, or (unless `skip_bad`) any bad one.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the path of a JSONL file")
    adapter: TypeAdapter[R] = TypeAdapter(kind)
    records: list[R] = []
    lines: list[int] = []
    problems: list[RowProblem] = []
    for line, cells, fault in _reader(path)(path):
        if fault is not None:
            problems.append(RowProblem(path.name, line, "", "", fault, "correct or remove the line"))
            continue
        try:
            record = adapter.validate_python(cells)
        except ValidationError as error:
            problems.extend(_problems(path.name, line, cells, error))
            continue
        missing = [i for i in item_ids(record) if known is not None and i not in known]
        if missing:
            problems.append(
                RowProblem(
                    path.name,
                    line,
                    "items",
                    missing[0],
                    "an id of the catalogue",
                    "correct the id or extend the catalogue",
                )
            )
            continue
        records.append(record)
        lines.append(line)
    if problems and not skip_bad:
        bad = len({p.line for p in problems})
        raise DataError(f"{path}: {bad} of {bad + len(records)} records cannot be used", problems)
    if not records:
        raise DataError(f"{path}: no usable {kind.__name__}", problems)
    return Loaded(tuple(records), tuple(lines), tuple(problems))


Rows = Iterator[tuple[int, Any, str | None]]


def _reader(path: Path) -> Callable[[Path], Rows]:
    return {".csv": _csv_rows, ".parquet": _parquet_rows}.get(path.suffix.lower(), _json_rows)


def _json_rows(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
                yield number, None, f"one JSON object a line ({what})"
                continue
            yield number, cells, None if isinstance(cells, dict) else f"a JSON object, found {type(cells).__name__}"


def _csv_rows(path: Path) -> Rows:
    import csv

    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file)
        for cells in reader:
            fault = "as many cells as the header has" if None in cells or None in cells.values() else None
            yield reader.line_num, {k: v for k, v in cells.items() if v not in ("", None)}, fault


def _parquet_rows(path: Path) -> Rows:
    import pyarrow.parquet as pq

    number = 0
    for batch in pq.ParquetFile(path).iter_batches():
        for cells in batch.to_pylist():
            number += 1
            yield number, {k: v for k, v in cells.items() if v is not None}, None


def _problems(file: str, line: int, cells: object, error: ValidationError) -> Iterator[RowProblem]:
    for detail in error.errors(include_url=False):
        column = ".".join(str(part) for part in detail["loc"])
        value = "" if detail["type"] == "missing" else str(detail["input"])[:80]
        yield RowProblem(file, line, column, value, detail["msg"][:1].lower() + detail["msg"][1:], "correct the record")
