"""MovieLens (grouplens.org): ml-100k, ml-1m, ml-10m, ml-20m, ml-25m, ml-32m and ml-latest.

GroupLens allows research use and no redistribution. The layouts, one line each (made up)::

    ml-100k/u.item       7|Wages of Fear, The (1953)|01-Jan-1953||http://example.org|0|1|0| … 19 genre flags   (latin-1)
    ml-100k/u.data       196 <tab> 7 <tab> 4 <tab> 881250949
    ml-1m/movies.dat     7::Wages of Fear, The (1953)::Adventure|Drama                           (latin-1; 10m: UTF-8)
    ml-1m/ratings.dat    196::7::4::978300760
    ml-25m/movies.csv    7,"Wages of Fear, The (Salaire de la peur, Le) (1953)",Adventure|Drama            (with header)
    ml-25m/ratings.csv   196,7,4.5,1147880044
    RecBole *.item       7 <tab> Wages of Fear, The <tab> 1953 <tab> Adventure Drama   (header movie_title:token_seq …)
    RecBole *.inter      196 <tab> 7 <tab> 4 <tab> 881250949
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import ValidationError

from finetune.data import InteractionRecord, RecordType, validation_problems
from finetune.readers.base import Placed, Report, faulty, film_title, find, make_item, nothing_found
from finetune.rows import SourceRow, delimited_rows
from retrieval.types import Item

Rows = Callable[[Path], Iterator[SourceRow]]

_GENRES = (  # of u.item's flags, in their order
    "unknown", "action", "adventure", "animation", "children's", "comedy", "crime", "documentary", "drama", "fantasy",
    "film-noir", "horror", "musical", "mystery", "romance", "sci-fi", "thriller", "war", "western",
)  # fmt: skip
_NO_GENRE = {"unknown", "(no genres listed)", ""}
_RATING = ("user", "movie", "rating", "timestamp")


@dataclass(frozen=True, slots=True)
class _Layout:
    """One way MovieLens was published; the rows have the columns movie, title, year and genres, and `_RATING`."""

    movies: str
    ratings: str
    movie_rows: Rows
    rating_rows: Rows


def _encoding(path: Path) -> str:
    """Tell whether a file of film titles, a few MB at most, is UTF-8 or, as the older ones are, latin-1."""
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def _flagged(path: Path) -> Iterator[SourceRow]:
    columns = ("movie", "title", "released", "video", "url", *_GENRES)
    for row in delimited_rows(path, columns, delimiter="|", encoding=_encoding(path), quotes=False):
        genres = [genre for genre in _GENRES if row.cells.get(genre) == "1"]
        year = str(row.cells.get("released", ""))[-4:]  # 01-Jan-1953
        yield SourceRow(row.line, {**row.cells, "year": year, "genres": genres}, row.fault)


def _barred(path: Path) -> Iterator[SourceRow]:
    rows = delimited_rows(path, ("movie", "title", "genres"), delimiter="::", encoding=_encoding(path), quotes=False)
    return _split_genres(rows, "genres", "|")


def _commas(path: Path) -> Iterator[SourceRow]:
    rows = delimited_rows(path, delimiter=",", required=("movieId", "title", "genres"))
    return _split_genres(_renamed(rows, {"movieId": "movie"}), "genres", "|")


def _atomic(path: Path) -> Iterator[SourceRow]:
    names = {"item_id:token": "movie", "movie_title:token_seq": "title", "release_year:token": "year"}
    rows = delimited_rows(path, delimiter="\t", quotes=False, required=tuple(names))
    return _split_genres(_renamed(rows, names), "class:token_seq", " ")


def _renamed(rows: Iterator[SourceRow], names: dict[str, str]) -> Iterator[SourceRow]:
    for row in rows:
        yield SourceRow(row.line, {names.get(k, k): v for k, v in row.cells.items()}, row.fault)


def _split_genres(rows: Iterator[SourceRow], column: str, by: str) -> Iterator[SourceRow]:
    for row in rows:
        yield SourceRow(row.line, {**row.cells, "genres": str(row.cells.get(column, "")).split(by)}, row.fault)


def _atomic_ratings(path: Path) -> Iterator[SourceRow]:
    names = dict(zip(("user_id:token", "item_id:token", "rating:float", "timestamp:float"), _RATING, strict=True))
    return _renamed(delimited_rows(path, delimiter="\t", quotes=False, required=tuple(names)), names)


def _comma_ratings(path: Path) -> Iterator[SourceRow]:
    names = {"userId": "user", "movieId": "movie"}
    return _renamed(delimited_rows(path, delimiter=",", required=(*names, "rating", "timestamp")), names)


_LAYOUTS = (
    _Layout("u.item", "u.data", _flagged, lambda p: delimited_rows(p, _RATING, delimiter="\t", quotes=False)),
    _Layout("movies.dat", "ratings.dat", _barred, lambda p: delimited_rows(p, _RATING, delimiter="::", quotes=False)),
    _Layout("movies.csv", "ratings.csv", _commas, _comma_ratings),
    _Layout("*.item", "*.inter", _atomic, _atomic_ratings),
)


class MovieLens:
    """Reads whichever MovieLens release the folder holds; an item's id is the film's number, an event is a rating."""

    name: ClassVar[str] = "movielens"
    expects: ClassVar[str] = "u.item and u.data, movies.dat and ratings.dat, or movies.csv and ratings.csv"

    def __init__(self, sources: Sequence[Path]) -> None:
        for layout in _LAYOUTS:
            movies, ratings = find(sources, layout.movies), find(sources, layout.ratings)
            if movies and ratings:
                self._layout, self._movies, self._ratings = layout, movies[0], ratings[0]
                break
        else:
            raise nothing_found(MovieLens, sources)
        self.files: tuple[Path, ...] = (self._movies, self._ratings)

    def items(self, report: Report) -> Iterator[Placed[Item]]:
        """Yield the films."""
        path = self._movies
        for row in self._layout.movie_rows(path):
            if faulty(path, row, report):
                continue
            film = film_title(str(row.cells["title"]))
            released = str(row.cells.get("year", ""))
            year = film.year or (int(released) if released.isdecimal() else None)
            genres = [g.strip().casefold() for g in row.cells["genres"] if g.strip().casefold() not in _NO_GENRE]
            item = make_item(
                path,
                row.line,
                report,
                id=row.cells["movie"],
                kind="film",
                title=film.title,
                year=year,
                genres=genres,
                aliases=film.aliases,
            )
            if item is not None:
                yield Placed(item, path.name, row.line)

    def records(self, report: Report) -> Iterator[Placed[RecordType]]:
        """Yield the ratings as interactions, from 0.5 or 1 to 5."""
        path = self._ratings
        for row in self._layout.rating_rows(path):
            if faulty(path, row, report):
                continue
            cells = row.cells
            try:
                record = InteractionRecord(
                    user_id=cells["user"],
                    item_id=cells["movie"],
                    timestamp=cells["timestamp"],
                    event="rate",
                    rating=cells["rating"],
                )
            except ValidationError as error:
                for problem in validation_problems(path.name, row.line, error):
                    report(problem)
                continue
            yield Placed(record, path.name, row.line)
