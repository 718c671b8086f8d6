"""What every reader shares: the contract, finding files, making items, and reading titles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar

from pydantic import ValidationError

from finetune.data import Part, RecordType, validation_problems
from finetune.rows import DataError, SourceRow
from retrieval.rows import Row, RowProblem
from retrieval.text import words
from retrieval.types import AttributeValue, Item

T = TypeVar("T", covariant=True)
Report = Callable[[RowProblem], None]


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """Something read, with its file and line, and the part of the data that the source puts it in, if it says."""

    value: T
    file: str
    line: int
    part: Part | None = None


class Original(Protocol):
    """One data set.

    Attributes:
        name: how the command line calls it.
        expects: what its files are called.
        files: the files that are read.
    """

    name: ClassVar[str]
    expects: ClassVar[str]
    files: tuple[Path, ...]

    def __init__(self, sources: Sequence[Path]) -> None:
        """Find the files in the sources; raises DataError if there are none."""

    def items(self, report: Report) -> Iterator[Placed[Item]]:
        """Yield the catalogue's items; rows that make none are reported."""
        ...

    def records(self, report: Report) -> Iterator[Placed[RecordType]]:
        """Yield the records, with the source's own item ids; rows that make none are reported."""
        ...


def find(sources: Sequence[Path], *patterns: str) -> tuple[Path, ...]:
    """Return the files among the sources, or in folders up to two levels down, that fit any of the patterns.

    Raises:
        DataError: a source does not exist.
    """
    found: dict[Path, None] = {}
    for source in sources:
        if not source.exists():
            raise DataError(f"{source}: no such file or folder; give what you downloaded, unpacked")
        inside = [source] if source.is_file() else [p for depth in ("", "*/", "*/*/") for p in source.glob(f"{depth}*")]
        found.update(dict.fromkeys(p for p in sorted(inside) if p.is_file() and _fits(p, patterns)))
    return tuple(found)


def _fits(path: Path, patterns: Sequence[str]) -> bool:
    return any(path.match(pattern) or path.match(f"{pattern}.gz") for pattern in patterns)


def nothing_found(reader: type[Original], sources: Sequence[Path]) -> DataError:
    """Return the error for sources that hold none of a reader's files."""
    where = ", ".join(str(source) for source in sources)
    return DataError(f"{where}: no {reader.name} files there; expected {reader.expects}")


def faulty(path: Path, row: SourceRow, report: Report) -> bool:
    """Report a row that could not be read at all; return whether it was one."""
    if row.fault:
        report(RowProblem(path.name, row.line, "", "", row.fault, "the row is left out; correct or remove it"))
    return bool(row.fault)


def make_item(
    path: Path, line: int, report: Report, attributes: Mapping[str, AttributeValue] | None = None, /, **cells: object
) -> Item | None:
    """Make a catalogue item of cells that `retrieval.rows.Row` names; None, reported, if they do not fit."""
    try:
        row = Row.model_validate(cells)
    except ValidationError as error:
        for problem in validation_problems(path.name, line, error):
            report(problem)
        return None
    return Item(**{name: getattr(row, name) for name in Row.model_fields}, attributes=attributes or {})


_YEAR = re.compile(r"\s*\((\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*$")
_ASIDE = re.compile(r"\s*\((?:a\.?k\.?a\.?\s*)?([^()]+)\)\s*$", re.IGNORECASE)
_ARTICLE = re.compile(r"^(.+), (The|An?|L[eao]s?|L'|Il|El|Une?|Der|Die|Das|Eine?|Den|Det|Het)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FilmTitle:
    """A film's title as people say it, its year, and its other titles."""

    title: str
    year: int | None = None
    aliases: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, int | None]:
        """What two spellings of one film share."""
        return " ".join(words(self.title)) or self.title, self.year


def film_title(text: str) -> FilmTitle:
    """Take a title as film databases write it apart.

    ``"Wages of Fear, The (Salaire de la peur, Le) (1953)"`` becomes *The Wages of Fear*, 1953, also known as *Le
    Salaire de la peur*.
    """
    text = " ".join(text.split())
    year = None
    if (found := _YEAR.search(text)) and found.start() > 0:
        year, text = int(found[1]), text[: found.start()]
    aliases: list[str] = []
    while (found := _ASIDE.search(text)) and found.start() > 0:
        aliases.insert(0, _article_first(found[1].strip()))
        text = text[: found.start()]
    return FilmTitle(_article_first(text.strip()), year, tuple(aliases))


def _article_first(title: str) -> str:
    found = _ARTICLE.match(title)
    if not found:
        return title
    name, article = found.groups()
    return f"{article}{name}" if article.endswith("'") else f"{article} {name}"


def slug(text: str) -> str:
    """Return a text as an id: ``slug("WALL·E") == "wall-e"``; a script without Latin letters stays as it is."""
    plain = unicodedata.normalize("NFKD", "-".join(words(text)))
    return "".join(c for c in plain if not unicodedata.combining(c))[:150]
