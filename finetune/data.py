"""The training data: dialogues, mentions, interactions and next-item records, read with every bad record reported.

The formats are the project's own (one JSON object a line, or a table); `finetune.readers` brings the originals of
public data sets into them. Items are catalogue ids; a record with an id that the catalogue lacks is a bad record.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from finetune.faults import expected, first_causes
from finetune.rows import DataError, SourceRow, delimited_rows, json_rows, parquet_rows
from finetune.signals import known_event
from retrieval.rows import RowProblem
from retrieval.text import as_written

__all__ = [
    "KINDS",
    "PARTS",
    "UNKNOWN_ID",
    "DataError",
    "DialogueRecord",
    "InteractionRecord",
    "Loaded",
    "MentionTurn",
    "MentionsRecord",
    "NextItemRecord",
    "Part",
    "RecordType",
    "Scanned",
    "Turn",
    "guess_kind",
    "item_ids",
    "load",
    "part_of",
    "references",
    "scan",
    "validation_problems",
]

Role = Literal["user", "assistant"]
Part = Literal["train", "valid", "test"]
PARTS: tuple[Part, ...] = ("train", "valid", "test")

UNKNOWN_ID = "an id of the catalogue"  # what a problem says that it expected
_LATEST = 1e11  # seconds; the year 5138, so a larger number counts milliseconds


def _as_seconds(value: Any) -> Any:  # noqa: ANN401 - a cell is of any type before validation
    """Bring a date to seconds since 1970; one without a zone is in UTC."""
    if isinstance(value, str) and re.match(r"\s*\d{4}-\d\d", value):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return value


def _in_seconds(value: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise ValueError("seconds since 1970, or a date such as 2026-05-01T10:00:00Z")
    if value > _LATEST:
        raise ValueError("seconds since 1970; these are milliseconds: divide by 1,000")
    return value


def _from_0(value: float) -> float:
    if value < 0:
        raise ValueError("a rating from 0 up; bring it to such a scale, and tell data.liked_from of it")
    return value


Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), BeforeValidator(as_written)]
Timestamp = Annotated[float, BeforeValidator(_as_seconds), AfterValidator(_in_seconds)]


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

    `target`, if it is known, is what the person was after or took in the end.
    """

    id: Id
    turns: tuple[Turn, ...] = Field(min_length=1)
    target: Id | None = None


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
    mentions: tuple[MentionTurn, ...]  # empty where the dialogue mentions nothing; public copies have such records


class NextItemRecord(_Record):
    """What a person chose after a history, oldest first; `timestamp` is when, in seconds since 1970.

    A record::

        {"user": "A4042", "history": ["film-alien-1979"], "next": "film-stalker-1979"}
    """

    user: Id
    history: tuple[Id, ...] = Field(min_length=1)
    next: Id
    timestamp: Timestamp | None = None


class InteractionRecord(_Record):
    """One event of one person with one item; `timestamp` is in seconds since 1970, or an ISO 8601 date.

    `finetune.signals` has the table of what events tell.

    A record::

        {"user_id": "ann", "item_id": "film-alien-1979", "timestamp": 1484352000, "event": "buy", "rating": 4.5}
    """

    user_id: Id
    item_id: Id
    timestamp: Timestamp
    event: Annotated[str, Field(max_length=200), AfterValidator(known_event)] = ""
    rating: Annotated[float, AfterValidator(_from_0)] | None = Field(None, allow_inf_nan=False)


RecordType = DialogueRecord | MentionsRecord | NextItemRecord | InteractionRecord
R = TypeVar("R", bound=RecordType)

KINDS: Mapping[str, type[RecordType]] = {
    "dialogues": DialogueRecord,
    "mentions": MentionsRecord,
    "next-item": NextItemRecord,
    "interactions": InteractionRecord,
}
_TELLING: Mapping[str, type[RecordType]] = {  # a column that only one kind has
    "turns": DialogueRecord,
    "mentions": MentionsRecord,
    "next": NextItemRecord,
    "item_id": InteractionRecord,
}
SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")


def item_ids(record: RecordType) -> Iterator[str]:
    """Yield every catalogue id that a record mentions: all that it refers to, but for a dialogue's `target`."""
    return (item_id for column, item_id in references(record) if column != "target")


def references(record: RecordType) -> Iterator[tuple[str, str]]:
    """Yield every catalogue id that a record refers to, each after the column it stands in."""
    if isinstance(record, DialogueRecord):
        for turn in record.turns:
            yield from (("items", item_id) for item_id in turn.items)
        if record.target is not None:
            yield "target", record.target
    elif isinstance(record, MentionsRecord):
        for mention in record.mentions:
            yield from (("items", item_id) for item_id in mention.items)
    elif isinstance(record, NextItemRecord):
        yield from (("history", item_id) for item_id in record.history)
        yield "next", record.next
    else:
        yield "item_id", record.item_id


@dataclass(frozen=True, slots=True)
class Loaded(Generic[R]):
    """The good records of a file, the line each stands on, and the problems of the bad ones."""

    records: tuple[R, ...]
    lines: tuple[int, ...]
    problems: tuple[RowProblem, ...]


@dataclass(frozen=True, slots=True)
class Scanned(Generic[R]):
    """One record of a file: the line it stands on, and the record, or else all that is wrong with it."""

    line: int
    record: R | None
    problems: tuple[RowProblem, ...] = ()


def load(path: str | Path, kind: type[R], *, known: Collection[str] | None = None, skip_bad: bool = False) -> Loaded[R]:
    """Read a file of one kind of record: JSONL, or for interactions also CSV, TSV and Parquet; each may be gzipped.

    Args:
        path: the file.
        kind: the record type.
        known: the catalogue's ids; a record that names another id is bad.
        skip_bad: return the good records and the problems instead of refusing the file.

    Raises:
        DataError: the file is missing or has no usable record, or (unless `skip_bad`) any bad one.
    """
    records: list[R] = []
    lines: list[int] = []
    problems: list[RowProblem] = []
    bad = 0
    for found in scan(path, kind, known=known):
        if found.record is None:
            bad += 1
            problems.extend(found.problems)
        else:
            records.append(found.record)
            lines.append(found.line)
    if problems and not skip_bad:
        raise DataError(f"{path}: {bad} of {bad + len(records)} records cannot be used", problems)
    if not records:
        raise DataError(f"{path}: no usable {kind.__name__}", problems)
    return Loaded(tuple(records), tuple(lines), tuple(problems))


def scan(path: str | Path, kind: type[R], *, known: Collection[str] | None = None) -> Iterator[Scanned[R]]:
    """Read the records of a file one at a time, the bad ones too; see `load`.

    Raises:
        DataError: the file is missing, cannot be read, or lacks a required column.
    """
    source = Path(path)
    adapter: TypeAdapter[R] = TypeAdapter(kind)
    for row in _rows(source, kind):
        if row.fault:
            yield Scanned(row.line, None, (RowProblem(source.name, row.line, "", "", row.fault, "correct the line"),))
            continue
        try:
            record: R = adapter.validate_python(row.cells)
        except ValidationError as error:
            yield Scanned(row.line, None, tuple(validation_problems(source.name, row.line, error)))
            continue
        wrong = (*_misspelt(source.name, row, kind), *_unknown(source.name, row.line, record, known))
        if isinstance(record, DialogueRecord) and not any(turn.text.strip() or turn.items for turn in record.turns):
            wrong += (RowProblem(source.name, row.line, "turns", "", "a turn with words or items", "leave it out"),)
        yield Scanned(row.line, None if wrong else record, wrong)


def _unknown(file: str, line: int, record: RecordType, known: Collection[str] | None) -> Iterator[RowProblem]:
    if known is not None:
        # an item that stands in several columns is reported once
        for missing, column in {i: column for column, i in references(record) if i not in known}.items():
            remedy = "correct the id or extend the catalogue"
            yield RowProblem(file, line, column, missing, UNKNOWN_ID, remedy)


def _misspelt(file: str, row: SourceRow, kind: type[BaseModel]) -> Iterator[RowProblem]:
    """Report a field that is almost one of ours: ignored, it would lose what it holds without a word."""
    nested = row.cells.get("turns" if kind is DialogueRecord else "mentions")
    pairs: list[tuple[Mapping[str, Any], type[BaseModel]]] = [(row.cells, kind)]
    if isinstance(nested, list):
        inner = Turn if kind is DialogueRecord else MentionTurn
        pairs += [(turn, inner) for turn in nested if isinstance(turn, dict)]
    for cells, model in pairs:
        for name, meant in _near_misses(frozenset(cells), model):
            value = str(cells[name])[:80]
            yield RowProblem(file, row.line, name, value, f"{meant!r}, which is missing", f"rename it to {meant}")


@lru_cache(maxsize=1024)
def _near_misses(names: frozenset[str], model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    absent = [name for name in model.model_fields if name not in names]
    unread = sorted(name for name in names if name not in model.model_fields)
    found = [(name, difflib.get_close_matches(name.casefold(), absent, n=1, cutoff=0.85)) for name in unread]
    return tuple((name, near[0]) for name, near in found if near)


def _rows(path: Path, kind: type[BaseModel]) -> Iterator[SourceRow]:
    if not path.is_file():
        what = "is a folder; name the files in it" if path.is_dir() else "no such file; give the path of a JSONL file"
        raise DataError(f"{path}: {what}")
    suffix = _suffix(path)
    if suffix in (".jsonl", ".ndjson", ".json", ""):
        return json_rows(path)
    if suffix not in _TABLES:
        raise DataError(f"{path}: cannot read a {suffix} file; expected one of {', '.join(SUFFIXES)}")
    if kind is not InteractionRecord:
        name = next(name for name, known in KINDS.items() if known is kind)
        raise DataError(f"{path}: {name} are read from JSONL, not from a table; write one JSON object a line")
    return _without_empty(_TABLES[suffix](path))


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


_REQUIRED = tuple(name for name, field in InteractionRecord.model_fields.items() if field.is_required())
_TABLES: Mapping[str, Callable[[Path], Iterator[SourceRow]]] = {
    ".csv": lambda path: delimited_rows(path, required=_REQUIRED),
    ".tsv": lambda path: delimited_rows(path, delimiter="\t", required=_REQUIRED),
    ".parquet": lambda path: parquet_rows(path, _REQUIRED),
}


def _without_empty(rows: Iterator[SourceRow]) -> Iterator[SourceRow]:
    """Leave out empty cells, so that optional columns may have some."""
    for row in rows:
        yield SourceRow(row.line, {k: v for k, v in row.cells.items() if v not in ("", None)}, row.fault)


def validation_problems(file: str, line: int, error: ValidationError) -> Iterator[RowProblem]:
    """Say what pydantic found wrong with a record, one problem for each value."""
    for detail in first_causes(error.errors(include_url=False)):
        column = ".".join(str(part) for part in detail["loc"])
        missing = detail["type"] == "missing"
        value = "" if missing else str(detail["input"])[:80]
        wanted = "a value, found none" if missing else expected(detail)
        yield RowProblem(file, line, column, value, wanted, "correct the record")


def guess_kind(path: Path) -> type[RecordType]:
    """Tell what kind of records a file has, by its name (``dialogues.train.jsonl``), else by its first row.

    Raises:
        DataError: neither tells.
    """
    for name, kind in KINDS.items():
        if path.name.casefold().startswith(name):
            return kind
    if _suffix(path) in _TABLES:
        return InteractionRecord
    first = next((row for row in _rows(path, DialogueRecord) if not row.fault), SourceRow(0))
    for column, kind in _TELLING.items():
        if column in first.cells:
            return kind
    found = ", ".join(first.cells) or "no readable row"
    raise DataError(
        f"{path}: cannot tell what it holds ({found}); name it dialogues*, mentions*, next-item* or interactions*"
    )


def part_of(path: Path) -> Part | None:
    """Tell which part of the data a file is, by its name (``dialogues.train.jsonl``); None where it does not say."""
    words = re.split(r"[^a-z]+", path.name.casefold())
    return next((part for part in PARTS if part in words), "valid" if {"dev", "validation"} & set(words) else None)
