"""Rows of JSONL, delimited and Parquet files, read as a stream, each with its line and what is wrong with it.

A fault never ends the reading: the row is yielded with the reason, and the next one follows. Text files may be gzipped.
A delimited row is one line: an open quotation mark then spoils its own line only.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast

from retrieval.errors import ProblemsError
from retrieval.rows import RowProblem

_SURROGATE = re.compile("[\ud800-\udfff]")  # bytes that are not of the encoding, and lone halves in JSON escapes
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error)  # a download that was cut off


class DataError(ProblemsError[RowProblem]):
    """Training data cannot be used; `problems` holds every bad record."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row as it stands in its file; `fault` says what was expected if it cannot be read at all."""

    line: int
    cells: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


def open_text(path: Path, encoding: str = "utf-8-sig") -> TextIO:
    """Open a text file, gzipped or not; bytes that are not of the encoding come as lone surrogates.

    Raises:
        DataError: the file cannot be opened.
    """
    try:
        opened = gzip.open if path.suffix.lower() == ".gz" else open
        return cast(TextIO, opened(path, "rt", encoding=encoding, errors="surrogateescape", newline="\n"))
    except OSError as error:
        raise DataError(f"{path}: cannot be opened ({error.strerror or error}); give a readable file") from error


def lines(path: Path, encoding: str = "utf-8-sig") -> Iterator[tuple[int, str]]:
    """Yield the number (from 1) and text of every line, without its end.

    Raises:
        DataError: the file cannot be opened, or is a gzip file that breaks off.
    """
    with open_text(path, encoding) as file:
        number = 0
        try:
            for number, line in enumerate(file, 1):
                yield number, line.rstrip("\r\n")
        except _BROKEN as error:
            raise DataError(f"{path}: the gzip data breaks off after line {number}; download the file again") from error
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error}); give a text file") from error


def json_rows(path: Path) -> Iterator[SourceRow]:
    """Yield one row for every line that is not blank; a row is a JSON object."""
    for number, line in lines(path):
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> SourceRow:
    try:
        cells = json.loads(line)
    except json.JSONDecodeError as error:
        return SourceRow(number, fault=f"one JSON object a line ({error.msg} at column {error.colno})")
    except (RecursionError, ValueError):  # nested too deeply; a number of thousands of digits
        return SourceRow(number, fault="one JSON object a line (nested too deeply, or a number too long)")
    if not isinstance(cells, dict):
        return SourceRow(number, fault=f"a JSON object, found {type(cells).__name__}")
    # The parsed text is looked at only where an escape could hide half a character.
    if _SURROGATE.search(line) or ("\\ud" in line.lower() and _SURROGATE.search(json.dumps(cells, ensure_ascii=False))):
        return SourceRow(number, cells, "readable UTF-8 text")
    return SourceRow(number, cells)


def delimited_rows(
    path: Path,
    columns: Sequence[str] = (),
    *,
    delimiter: str = "",
    encoding: str = "utf-8-sig",
    quotes: bool = True,
    required: Sequence[str] = (),
) -> Iterator[SourceRow]:
    """Yield the rows of a delimited file, cells stripped of spaces around them.

    Args:
        path: the file.
        columns: the names of the cells; empty: the first line has them.
        delimiter: one or more characters; empty: the one of `,` `;` and tab that the first line has most of.
        encoding: of the text.
        quotes: whether a cell in quotation marks may hold the delimiter.
        required: the columns that must be there.

    Raises:
        DataError: the file cannot be read, is empty, or lacks a required column.
    """
    names = [*columns]
    for number, line in lines(path, encoding):
        if not names:
            delimiter = delimiter or max(",;\t", key=line.count)
            names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
            require(path, names, required)
            continue
        if not line.strip():
            continue
        delimiter = delimiter or max(",;\t", key=line.count)
        cells = _split(line, delimiter, quotes)
        if cells is None:
            yield SourceRow(number, fault="every quotation mark to be closed on its line")
        elif len(cells) != len(names):
            yield SourceRow(number, fault=f"{len(names)} cells separated by {delimiter!r}, found {len(cells)}")
        else:
            fault = f"readable {encoding.upper()[:5]} text" if _SURROGATE.search(line) else ""
            yield SourceRow(number, dict(zip(names, map(str.strip, cells), strict=True)), fault)
    if not names:
        raise DataError(f"{path}: the file is empty; the first line must name the columns ({', '.join(required)} …)")


def _split(line: str, delimiter: str, quotes: bool) -> list[str] | None:
    if not quotes or '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def parquet_rows(path: Path, required: Sequence[str] = ()) -> Iterator[SourceRow]:
    """Yield the rows of a Parquet file, numbered from 1.

    Raises:
        DataError: the file is not Parquet, or lacks a required column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a Parquet file ({str(error).splitlines()[0]}); export it again") from error
    with file:
        require(path, file.schema_arrow.names, required)
        number = 0
        try:
            for batch in file.iter_batches():
                for cells in batch.to_pylist():
                    number += 1
                    yield SourceRow(number, cells)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: damaged after row {number} ({error}); export it again") from error


def require(path: Path, names: Sequence[str], required: Sequence[str]) -> None:
    """Check the columns of a table.

    Raises:
        DataError: a required column is missing, or one is there twice.
    """
    missing = [repr(name) for name in required if name not in names]
    if missing:
        found = ", ".join(names) or "nothing"
        raise DataError(f"{path}: no column {' and '.join(missing)}; the header has {found}; rename or add it")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path}: the header has {', '.join(twice)} twice; rename one of them")
