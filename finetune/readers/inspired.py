r"""INSPIRED (github.com/sweetpeach/Inspired): `train.tsv`, `dev.tsv`, `test.tsv` and `movie_database.tsv`.

Hayati et al., INSPIRED: Toward Sociable Recommendation Dialog Systems, EMNLP 2020. The repository states no licence:
research use. One sentence a line (made up; columns that are not read left out)::

    dialog_id  utt_id  speaker      text                                     movies
    2019_1     1       SEEKER       I like QUOTATION_MARKslowQUOTATION_MARK films.
    2019_1     2       RECOMMENDER  Then see Stalker, or Solaris.            Stalker (1979); Solaris (1972)

    title    year  genre          director          actors              short_plot
    Stalker  1979  Drama, Sci-Fi  Andrei Tarkovsky  Alisa Freindlich    A guide leads two men through the Zone.

Cells are not quoted; a mark in the text is spelt QUOTATION_MARK. The sentences that one person says in a row make one
turn. Films have no number, so an item's id is its title and year: ``stalker-1979``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import ClassVar

from pydantic import ValidationError

from finetune.data import DialogueRecord, RecordType, Turn, part_of, validation_problems
from finetune.readers.base import FilmTitle, Placed, Report, faulty, film_title, find, make_item, nothing_found, slug
from finetune.rows import SourceRow, delimited_rows
from retrieval.rows import RowProblem
from retrieval.types import AttributeValue, Item

_ROLES = {"SEEKER": "user", "RECOMMENDER": "assistant"}
_COLUMNS = ("dialog_id", "speaker", "text", "movies")


class Inspired:
    """Reads the dialogues, in the parts that the authors made, and the films of the database and the dialogues."""

    name: ClassVar[str] = "inspired"
    expects: ClassVar[str] = "train.tsv, dev.tsv, test.tsv and, if you have it, movie_database.tsv"

    def __init__(self, sources: Sequence[Path]) -> None:
        self._dialogues = find(sources, "train.tsv", "dev.tsv", "test.tsv")
        self._movies = find(sources, "movie_database.tsv")
        if not self._dialogues:
            raise nothing_found(Inspired, sources)
        self.files: tuple[Path, ...] = (*self._movies, *self._dialogues)

    def items(self, report: Report) -> Iterator[Placed[Item]]:
        """Yield the films of the database, then those that only the dialogues name."""
        seen: set[str] = set()
        for path in self._movies:
            for row in delimited_rows(path, delimiter="\t", quotes=False, required=("title", "year")):
                if faulty(path, row, report):
                    continue
                item = _film(path, row, report)
                if item is not None and item.id not in seen:
                    seen.add(item.id)
                    yield Placed(item, path.name, row.line)
        for item_id, (path, line, film) in self._mentioned.items():
            if item_id not in seen:
                made = make_item(
                    path, line, report, id=item_id, kind="film", title=film.title, year=film.year, aliases=film.aliases
                )
                if made is not None:
                    yield Placed(made, path.name, line)

    def records(self, report: Report) -> Iterator[Placed[RecordType]]:
        """Yield the dialogues."""
        for path in self._dialogues:
            for dialogue, rows in groupby(self._rows(path, report), key=lambda row: row.cells["dialog_id"]):
                group = list(rows)
                try:
                    record = DialogueRecord(id=dialogue, turns=tuple(_turns(path, group, report)))
                except ValidationError as error:
                    for problem in validation_problems(path.name, group[0].line, error):
                        report(problem)
                    continue
                yield Placed(record, path.name, group[0].line, part_of(path))

    @staticmethod
    def _rows(path: Path, report: Report | None) -> Iterator[SourceRow]:
        for row in delimited_rows(path, delimiter="\t", quotes=False, required=_COLUMNS):
            if row.fault:
                if report is not None:
                    faulty(path, row, report)
            else:
                yield row

    @cached_property
    def _mentioned(self) -> Mapping[str, tuple[Path, int, FilmTitle]]:
        found: dict[str, tuple[Path, int, FilmTitle]] = {}
        for path in self._dialogues:
            for row in self._rows(path, None):
                for film in _films(row):
                    found.setdefault(_id(film), (path, row.line, film))
        return found


def _films(row: SourceRow) -> list[FilmTitle]:
    return [film_title(name) for name in str(row.cells["movies"]).split(";") if slug(name)]


def _id(film: FilmTitle) -> str:
    return slug(film.title) + (f"-{film.year}" if film.year else "")


def _turns(path: Path, rows: Sequence[SourceRow], report: Report) -> Iterator[Turn]:
    """Join what one person says in a row."""
    said = []
    for row in rows:
        role = _ROLES.get(str(row.cells["speaker"]).upper())
        text = str(row.cells["text"]).replace("QUOTATION_MARK", '"').strip()
        if role is None:
            value, remedy = str(row.cells["speaker"]), "the sentence is left out"
            report(RowProblem(path.name, row.line, "speaker", value, " or ".join(_ROLES), remedy))
        elif text:
            said.append((role, text, [_id(film) for film in _films(row)]))
    for role, sentences in groupby(said, key=lambda sentence: sentence[0]):
        _, texts, films = zip(*sentences, strict=True)
        yield Turn.model_validate(
            {"role": role, "text": " ".join(texts), "items": tuple(dict.fromkeys(i for some in films for i in some))}
        )


def _film(path: Path, row: SourceRow, report: Report) -> Item | None:
    cells = row.cells
    found = film_title(str(cells["title"]))
    year = found.year or (int(cells["year"]) if str(cells["year"]).isdecimal() else None)
    film = FilmTitle(found.title, year, found.aliases)
    actors = tuple(_listed(cells.get("actors")))
    attributes: dict[str, AttributeValue] = {"cast": actors} if actors else {}
    return make_item(
        path,
        row.line,
        report,
        attributes,
        id=_id(film),
        kind="film",
        title=film.title,
        year=film.year,
        aliases=film.aliases,
        genres=[genre.casefold() for genre in _listed(cells.get("genre"))],
        creators=_listed(cells.get("director")),
        description=str(cells.get("short_plot") or cells.get("long_plot") or ""),
    )


def _listed(cell: object) -> list[str]:
    return [part for p in str(cell or "").split(",") if (part := p.strip()) and part != "N/A"]
