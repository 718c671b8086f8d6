"""One row of a catalogue: what each column expects, and the item that a good row makes.

Shops export what they have: a column of numbers in stock says what is in stock, a brand is a maker.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from retrieval.exported import as_exported, cell, source
from retrieval.text import CONTROL, as_written
from retrieval.types import AttributeValue, Item
from retrieval.units import of_header

_AS_UTF_8 = 'save the file as UTF-8 (in Excel: "CSV UTF-8")'
_NOT_UTF_8 = re.compile(r"[\udc80-\udcff]")  # a byte that no text in UTF-8 has


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
        BeforeValidator(as_written),
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
    "price": ("a number from 0 to 1e9", "write the amount alone, e.g. 12.99, or leave the cell empty"),
    "currency": ("a three-letter code", "write e.g. USD or EUR"),
    "in_stock": ("yes/no, true/false or 1/0", "write yes or no"),
    "url": ("an http(s) address or a path from /", "write the full address or leave the cell empty"),
    "image_url": ("an http(s) address or a path from /", "write the full address or leave the cell empty"),
    "language": ("a language code or name", "write e.g. fr or French"),
    "aliases": ("titles separated by ';'", "write e.g. 潜行者; Сталкер"),
}


def own_columns(columns: Sequence[str]) -> list[str]:
    """Return the columns of a file that none of ours is read from."""
    ours = {source(name, columns) for name in _COLUMNS}
    return [name for name in columns if name not in ours]


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


def to_item(file: str, line: int, cells: Mapping[str, Any], problems: list[RowProblem]) -> Item | None:
    """Make the item of a row; what is wrong with it is added to the problems, and None returned."""
    cells = dict(cells)
    bad = [name for name, value in cells.items() if _unreadable(value)]
    for name in bad:
        problems.append(RowProblem(file, line, name, _shown(cells[name]), "readable UTF-8 text", _AS_UTF_8))
    left = as_exported(cells)
    try:
        row = Row.model_validate({k: v for k, v in cells.items() if not (k in _COLUMNS and v is None)})
    except ValidationError as error:
        for detail in {str(e["loc"][0]): e for e in error.errors(include_url=False)}.values():
            column = str(detail["loc"][0])
            if column in bad:
                continue
            expected, remedy = _EXPECTED[column]
            value = "" if detail["type"] == "missing" else _shown(cells.get(column))
            problems.append(RowProblem(file, line, column, value, expected, remedy))
        return None
    attributes: dict[str, AttributeValue] = {}
    for name, value in (row.model_extra or {}).items():
        try:
            kept = _attribute(value, of_header(name)[1] is not None)
        except ValueError:
            expected = "a text, a number, yes/no or a list of texts"
            problems.append(
                RowProblem(file, line, name, _shown(value), expected, "flatten the value or drop the column")
            )
            bad.append(name)
            continue
        if kept not in ("", ()):
            attributes[name] = kept
    if bad:
        return None
    return Item(**{name: getattr(row, name) for name in _COLUMNS}, attributes=attributes, left=left)


def _unreadable(value: Any) -> bool:  # noqa: ANN401
    parts = value if isinstance(value, list | tuple) else (value,)
    return any(isinstance(part, str) and CONTROL.search(part) for part in parts)


def _attribute(value: Any, measured: bool) -> AttributeValue:  # noqa: ANN401
    if value is None:
        return ""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise ValueError(value)
        return float(value)
    if isinstance(value, str):
        return cell(value, measured)
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        parts = list(value)
        if all(isinstance(p, str) for p in parts):
            return tuple(p.strip() for p in parts if p.strip())
    raise ValueError(value)


def _shown(value: Any) -> str:  # noqa: ANN401
    """Show a value; what is not UTF-8 is nearly always of Windows, and readable as such."""
    text = "" if value is None else str(value)
    if _NOT_UTF_8.search(text):
        text = _NOT_UTF_8.sub(lambda byte: bytes([ord(byte[0]) - 0xDC00]).decode("cp1252", "replace"), text)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 80 else text[:77] + "…"
