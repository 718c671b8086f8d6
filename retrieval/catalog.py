"""The catalogue: reading it from CSV, JSONL or Parquet, reporting every bad row, and masking it by constraints.

A row's columns are described by `Item`; which of them are required and what each expects stands in
`Row` and `_EXPECTED` below. Nothing in a catalogue is ever executed or rendered as markup.
"""

from __future__ import annotations

import csv
import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from retrieval.errors import NamedropError
from retrieval.types import AttributeValue, Item

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}
_CREATOR_COLUMNS = ("creator", "directors", "director", "authors", "author", "artists", "artist", "developer", "brand")
_REQUIRED = ("id", "title")
_LONGEST_QUOTED_RECORD = 200  # physical lines; beyond it a quote was left open


def _blank_to_none(value: Any) -> Any:  # noqa: ANN401 - a cell is of any type before validation
    return None if isinstance(value, str) and not value.strip() else value


def _as_list(value: Any) -> Any:  # noqa: ANN401
    if value is None:
        return ()
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[;|]", value) if part.strip()]
    return value


def _as_genres(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[;|,、，]", value) if part.strip()]
    return _as_list(value)


def _as_text(value: Any) -> Any:  # noqa: ANN401
    return "" if value is None else value


def _as_stock(value: Any) -> Any:  # noqa: ANN401
    value = _blank_to_none(value)
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip().casefold()
    return value


def _as_id(value: Any) -> Any:  # noqa: ANN401
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text), StringConstraints(strip_whitespace=True, max_length=20_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_as_list)]
Url = Annotated[
    str, BeforeValidator(_as_text), StringConstraints(strip_whitespace=True, pattern=r"^(https?://\S+|/[^/\s]\S*|)$")
]


class Row(BaseModel):
    """The shape of one catalogue row; further columns are kept as attributes."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: Annotated[
        str,
        BeforeValidator(_as_id),
        StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^\S+$"),
    ]
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    kind: Text = ""
    year: Annotated[Annotated[int, Field(ge=1, le=2100)] | None, BeforeValidator(_blank_to_none)] = None
    creators: Names = ()
    genres: Annotated[tuple[Name, ...], BeforeValidator(_as_genres)] = ()
    description: Text = ""
    price: Annotated[
        Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None, BeforeValidator(_blank_to_none)
    ] = None
    currency: Annotated[
        str,
        BeforeValidator(_as_text),
        StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^([A-Za-z]{3}|)$"),
    ] = ""
    in_stock: Annotated[bool, BeforeValidator(_as_stock)] = True
    url: Url = ""
    image_url: Url = ""
    language: Annotated[Text, StringConstraints(max_length=60)] = ""
    aliases: Names = ()


_COLUMNS = tuple(Row.model_fields)  # looked up for every cell

# column: (what is expected, what to do)
_EXPECTED: Mapping[str, tuple[str, str]] = {
    "id": ("a non-empty identifier of at most 200 characters without spaces", "give the row an id of its own"),
    "title": ("a non-empty title of at most 1,000 characters", "fill in the title or remove the row"),
    "kind": ("a short text such as film or book", "write one word"),
    "year": ("a whole number from 1 to 2100", "write the year alone, e.g. 1979, or leave the cell empty"),
    "creators": ("names separated by ';'", "write e.g. Arkady Strugatsky; Boris Strugatsky"),
    "genres": ("words separated by ';'", "write e.g. drama; science fiction"),
    "description": ("a text of at most 20,000 characters", "shorten the description"),
    "price": ("a number from 0 to 1e9 with a point", "write the amount alone, e.g. 12.99, or leave the cell empty"),
    "currency": ("a three-letter code", "write e.g. USD or EUR"),
    "in_stock": ("yes/no, true/false or 1/0", "write yes or no"),
    "url": ("an http(s) address or a path from /", "write the full address or leave the cell empty"),
    "image_url": ("an http(s) address or a path from /", "write the full address or leave the cell empty"),
    "language": ("a language code or name", "write e.g. fr or French"),
    "aliases": ("titles separated by ';'", "write e.g. 潜行者; Сталкер"),
}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one row: where it is, what stood there, what was expected and what to do about it."""

    file: str
    line: int
    column: str
    value: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        """Render as ``catalog.csv:12: price = 'abc': expected …; remedy``."""
        where = f"{self.file}:{self.line}: " + (f"{self.column} = {self.value!r}: " if self.column else "")
        return f"{where}expected {self.expected}; {self.remedy}"


class CatalogError(NamedropError):
    """The catalogue cannot be read as it is; `problems` holds every bad row (empty if the file itself is at fault)."""

    def __init__(self, message: str, problems: Sequence[RowProblem] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {p}" for p in problems)]))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoadedCatalog:
    """The good rows of a file and the problems of the bad ones."""

    items: tuple[Item, ...]
    problems: tuple[RowProblem, ...]


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
    items: list[Item] = []
    lines: dict[str, int] = {}
    for record in reader(path, problems):
        item = _to_item(path.name, record, problems)
        if item is None:
            continue
        if item.id in lines:
            expected = f"an id of its own (line {lines[item.id]} has it too)"
            problems.append(
                RowProblem(path.name, record.line, "id", item.id, expected, "change one id or remove the copy")
            )
            continue
        lines[item.id] = record.line
        items.append(item)
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
    return LoadedCatalog(tuple(items), tuple(problems))


def _to_item(file: str, record: _Record, problems: list[RowProblem]) -> Item | None:
    cells = dict(record.cells)
    bad = [name for name, value in cells.items() if _unreadable(value)]
    for name in bad:
        problems.append(
            RowProblem(file, record.line, name, _shown(cells[name]), "readable UTF-8 text", "save the file as UTF-8")
        )
    if not cells.get("creators"):
        cells["creators"] = next((cells[c] for c in _CREATOR_COLUMNS if cells.get(c)), None)
    try:
        row = Row.model_validate({k: v for k, v in cells.items() if not (k in _COLUMNS and v is None)})
    except ValidationError as error:
        for detail in {str(e["loc"][0]): e for e in error.errors(include_url=False)}.values():
            column = str(detail["loc"][0])
            if column in bad:
                continue
            expected, remedy = _EXPECTED[column]
            value = "" if detail["type"] == "missing" else _shown(cells.get(column))
            problems.append(RowProblem(file, record.line, column, value, expected, remedy))
        return None
    attributes: dict[str, AttributeValue] = {}
    for name, value in (row.model_extra or {}).items():
        try:
            kept = _attribute(value)
        except ValueError:
            expected = "a text, a number, yes/no or a list of texts"
            problems.append(
                RowProblem(file, record.line, name, _shown(value), expected, "flatten the value or drop the column")
            )
            bad.append(name)
            continue
        if kept not in ("", ()):
            attributes[name] = kept
    if bad:
        return None
    return Item(**{name: getattr(row, name) for name in _COLUMNS}, attributes=attributes)


def _unreadable(value: Any) -> bool:  # noqa: ANN401
    parts = value if isinstance(value, list | tuple) else (value,)
    return any(isinstance(part, str) and _CONTROL.search(part) for part in parts)


def _cell(text: str) -> AttributeValue:
    """Read a cell of a column that may hold anything: several texts, yes or no, a number, or a text."""
    parts = [p.strip() for p in re.split(r"[;|]", text) if p.strip()]
    if len(parts) > 1:
        return tuple(parts)
    if text.strip().casefold() in _YES_NO:
        return _YES_NO[text.strip().casefold()]
    return float(text) if re.fullmatch(r"\s*-?(0|[1-9]\d{0,11})(\.\d+)?\s*", text) else text.strip()


def _attribute(value: Any) -> AttributeValue:  # noqa: ANN401
    if value is None:
        return ""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise ValueError(value)
        return float(value)
    if isinstance(value, str):
        return _cell(value)
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        parts = list(value)
        if all(isinstance(p, str) for p in parts):
            return tuple(p.strip() for p in parts if p.strip())
    raise ValueError(value)


def _shown(value: Any) -> str:  # noqa: ANN401
    text = "" if value is None else str(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 80 else text[:77] + "…"


def _header(path: Path, names: Sequence[str]) -> list[str]:
    columns = [name.strip().casefold() for name in names]
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        near = [
            f"{m!r} (is {n[0]!r} it?)" if (n := difflib.get_close_matches(m, columns)) else repr(m) for m in missing
        ]
        raise CatalogError(
            f"{path}: no column {' and '.join(near)}; the header has {', '.join(columns) or 'nothing'}; rename one"
        )
    twice = sorted({c for c in columns if columns.count(c) > 1})
    if twice:
        raise CatalogError(f"{path}: the header has {', '.join(twice)} twice; rename one of them")
    return columns


def _read_csv(path: Path, problems: list[RowProblem]) -> Iterator[_Record]:
    text = path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    lines = text.splitlines(keepends=True)
    if not lines:
        raise CatalogError(f"{path}: the file is empty; the first line must name the columns (id, title, …)")
    delimiter = max(",;\t", key=lines[0].count)
    columns = _header(path, next(csv.reader([lines[0]], delimiter=delimiter)))
    at = 1
    while at < len(lines):
        record, after = _csv_record(lines, at, delimiter)
        if record is None or (len(record) != len(columns) and after > at + 1):
            # A quote left open swallows the rows behind it: give up this line only.
            problems.append(
                RowProblem(
                    path.name,
                    at + 1,
                    "",
                    "",
                    "every quotation mark to be closed",
                    'close it, or double a literal one ("")',
                )
            )
            at += 1
            continue
        if not any(cell.strip() for cell in record):
            pass
        elif len(record) != len(columns):
            problems.append(
                RowProblem(
                    path.name,
                    at + 1,
                    "",
                    "",
                    f"{len(columns)} cells as in the header, found {len(record)}",
                    f"quote cells that contain {delimiter!r}, or fill in the missing ones",
                )
            )
        else:
            yield _Record(at + 1, dict(zip(columns, record, strict=True)))
        at = after


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
                problems.append(
                    RowProblem(
                        path.name, number, "", "", f"a JSON object, found {found}", 'write {"id": …, "title": …}'
                    )
                )
                continue
            seen.update(cells)
            yield _Record(number, cells)
    if seen and not seen.issuperset(_REQUIRED):
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
