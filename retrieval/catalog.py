"""The catalogue: reading it from CSV, JSONL or Parquet, reporting every bad row, and masking it by constraints.

A row's columns are described by `Item`; what each expects stands in `retrieval.rows`. Nothing in a catalogue is ever
executed or rendered as markup.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.errors import ProblemsError
from retrieval.exported import candidates, source
from retrieval.listed import is_listed, parts_of
from retrieval.rows import RowProblem, own_columns, to_item
from retrieval.types import Item

log = logging.getLogger(__name__)
_REQUIRED = ("id", "title")
_LONGEST_QUOTED_RECORD = 200  # physical lines; beyond it a quote was left open


class CatalogError(ProblemsError[RowProblem]):
    """The catalogue cannot be read as it is; `problems` holds every bad row (empty if the file itself is at fault)."""


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoadedCatalog:
    """The good rows of a file, the problems of the bad ones, and the columns that the file has."""

    items: tuple[Item, ...]
    problems: tuple[RowProblem, ...]
    columns: tuple[str, ...] = field(default=(), compare=False)


def load_catalog(path: str | Path, *, skip_bad: bool = False) -> LoadedCatalog:
    """Read a catalogue file.

    Args:
        path: a `.csv`, `.tsv`, `.jsonl` or `.parquet` file.
        skip_bad: return the good rows together with the problems instead of refusing the file.

    Raises:
        CatalogError: the file is missing, of an unknown kind, lacks a required column, holds no good row, or (unless
            `skip_bad`) has bad rows; the error lists all of them.
    """
    path = Path(path)
    if not path.is_file():
        raise CatalogError(f"{path}: no such catalogue file; give a .csv, .tsv, .jsonl or .parquet file")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        kinds = ", ".join(_READERS)
        raise CatalogError(f"{path}: cannot read a {path.suffix or 'suffix-less'} file; expected one of {kinds}")
    problems: list[RowProblem] = []
    items: dict[str, Item] = {}
    lines: dict[str, int] = {}
    columns: dict[str, None] = {}
    for record in reader(path, problems):
        columns.update(dict.fromkeys(record.cells))
        item = to_item(path.name, record.line, record.cells, problems)
        if item is None:
            continue
        if items.get(item.id) == item:
            log.warning("%s:%d: the same row as line %d; left out", path.name, record.line, lines[item.id])
            continue
        if item.id in lines:
            expected = f"an id of its own (line {lines[item.id]} has it too)"
            problems.append(
                RowProblem(path.name, record.line, "id", item.id, expected, "change one id or remove the copy")
            )
            continue
        lines[item.id] = record.line
        items[item.id] = item
    problems.sort(key=lambda p: p.line)
    if problems and not skip_bad:
        rows = len({p.line for p in problems})
        raise CatalogError(
            f"{path}: {rows} of {rows + len(items)} rows cannot be used "
            "(correct them, or pass --skip-bad-rows to go on with the others)",
            problems,
        )
    if not items:
        raise CatalogError(f"{path}: no usable row; a catalogue needs at least one row with id and title", problems)
    return LoadedCatalog(tuple(items.values()), tuple(problems), tuple(columns))


def _header(path: Path, names: Sequence[str]) -> list[str]:
    columns = [name.strip().casefold() for name in names]
    missing = [name for name in _REQUIRED if not source(name, columns)]
    if missing:
        near = [_proposed(name, columns) for name in missing]
        raise CatalogError(
            f"{path}: no column {' and '.join(near)}; the header has {', '.join(columns) or 'nothing'}; "
            f"rename {'one' if len(missing) == 1 else 'one for each'}"
        )
    twice = sorted({c for c in columns if columns.count(c) > 1})
    if twice:
        raise CatalogError(f"{path}: the header has {', '.join(twice)} twice; rename one of them")
    return columns


def _proposed(missing: str, columns: Sequence[str]) -> str:
    """Name a column that is missing, with those of the header that may be it."""
    near = candidates(missing, columns) or difflib.get_close_matches(missing, columns)[:1]
    return f"{missing!r} (is {' or '.join(map(repr, near))} it?)" if near else repr(missing)


def _read_csv(path: Path, problems: list[RowProblem]) -> Iterator[_Record]:
    text = path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    lines = list(io.StringIO(text, newline=""))  # as `csv` does: U+2028 in a cell ends no line
    if not lines:
        raise CatalogError(f"{path}: the file is empty; the first line must name the columns (id, title, …)")
    delimiter = max(",;\t", key=lines[0].count)
    columns = _header(path, next(csv.reader([lines[0]], delimiter=delimiter)))
    at, records = 1, list[_Record]()
    while at < len(lines):
        record, after = _csv_record(lines, at, delimiter)
        if record is None or (len(record) != len(columns) and after > at + 1):
            # A quote left open swallows the rows behind it: give up this line only.
            expected, remedy = "every quotation mark to be closed", 'close it, or double a literal one ("")'
            problems.append(RowProblem(path.name, at + 1, "", "", expected, remedy))
            at += 1
            continue
        if not any(cell.strip() for cell in record):
            pass
        elif len(record) != len(columns):
            expected = f"{len(columns)} cells as in the header, found {len(record)}"
            remedy = f"quote cells that contain {delimiter!r}, or fill in the missing ones"
            problems.append(RowProblem(path.name, at + 1, "", "", expected, remedy))
        else:
            records.append(_Record(at + 1, dict(zip(columns, record, strict=True))))
        at = after
    listed = [name for name in own_columns(columns) if is_listed(name, [row.cells[name] for row in records])]
    for row in records:
        lists = {name: parts for name in listed if len(parts := parts_of(row.cells[name])) > 1}
        yield _Record(row.line, {**row.cells, **lists}) if lists else row


def _csv_record(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str] | None, int]:
    quotes, after = 0, at
    while True:
        quotes += lines[after].count('"')
        after += 1
        if quotes % 2 == 0:
            break
        if after == len(lines) or after - at > _LONGEST_QUOTED_RECORD:
            return None, at + 1
    try:
        return next(csv.reader(lines[at:after], delimiter=delimiter), []), after
    except csv.Error:
        return None, at + 1


def _read_jsonl(path: Path, problems: list[RowProblem]) -> Iterator[_Record]:
    seen: set[str] = set()
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
                problems.append(
                    RowProblem(
                        path.name, number, "", "", f"one JSON object a line ({what})", "correct or remove the line"
                    )
                )
                continue
            if not isinstance(cells, dict):
                found = type(cells).__name__
                expected, remedy = f"a JSON object, found {found}", 'write {"id": …, "title": …}'
                problems.append(RowProblem(path.name, number, "", "", expected, remedy))
                continue
            seen.update(cells)
            yield _Record(number, cells)
    if seen and not all(source(name, tuple(seen)) for name in _REQUIRED):
        _header(path, sorted(seen))


def _read_parquet(path: Path, problems: list[RowProblem]) -> Iterator[_Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise CatalogError(f"{path}: not a Parquet file ({str(error).splitlines()[0]}); export it again") from error
    columns = _header(path, file.schema_arrow.names)
    number = 0
    for batch in file.iter_batches():
        for cells in batch.to_pylist():
            number += 1
            yield _Record(number, dict(zip(columns, cells.values(), strict=True)))


_READERS = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
}


class Catalog(Sequence[Item]):
    """The items in file order; `positions` gives an id's place, which is how arrays refer to items."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        self.positions: dict[str, int] = {item.id: at for at, item in enumerate(self.items)}
        if len(self.positions) != len(self.items):
            raise CatalogError("two items have the same id; every id must occur once")
        self.year = np.array([np.nan if i.year is None else i.year for i in self.items], dtype=np.float32)
        self.price = np.array([np.nan if i.price is None else i.price for i in self.items], dtype=np.float32)
        self.in_stock = np.array([i.in_stock for i in self.items], dtype=np.bool_)

    @classmethod
    def load(cls, path: str | Path, *, skip_bad: bool = False) -> Catalog:
        """Read a catalogue file; see `load_catalog` for what it raises."""
        return cls(load_catalog(path, skip_bad=skip_bad).items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, at: Any) -> Any:  # noqa: ANN401 - Sequence's overloads
        return self.items[at]

    def get(self, item_id: str) -> Item | None:
        """Return the item with this id, or None."""
        at = self.positions.get(item_id)
        return None if at is None else self.items[at]
