"""Shops that models learn from: what customers ask of them or need, and what of each shop answers.

A shop's file holds its question-answer list with what people ask (each with the id of the entry that answers) and what
it does not cover::

    {"shop": "Crumb, a bakery", "entries": [{"id": "fee", "question": "How much is delivery?", "answer": "3.50 …"}],
     "asked": [["is there a charge for bringing it to the door", "fee"]], "uncovered": ["Are you hiring bakers?"]}

or it is a catalogue, with what people need and the items that a good clerk would show in the .json beside it::

    [{"text": "my gran can't get into the bath", "good": ["K07"]}, {"text": ["no holes", "and white"], "good": []}]

or it is whole conversations about the catalogue in ../goods, marked with what a clerk would show (`finetune.talks`);
or it is questions about single goods of the catalogue in ../goods (`chat.lines`), and what of it answers, if anything::

    [{"text": "can it go in the dishwasher?", "of": "K15", "column": "dishwasher_safe"},
     {"text": "a fork?", "of": "K02", "column": "description", "says": "No metal spatulas"},
     {"text": "where is it made", "of": "K02", "column": null}]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_validator, model_validator

from chat.lines import DESCRIPTION, Line, lines_of
from chat.needs import need_of, parts_of, read_out
from finetune.talks import GOODS, TALKS, read_talks
from retrieval.catalog import Catalog
from retrieval.errors import NamedropError
from retrieval.text import normalize


class Question(BaseModel):
    """An entry of a shop: what is asked, and the answer; of goods also its `parts`, the nearest of which counts too."""

    model_config = ConfigDict(frozen=True)
    id: str
    question: str
    answer: str
    parts: tuple[str, ...] = ()


class ShopQuestions(BaseModel):
    """A shop's knowledge, with questions that it covers, each with the entries that answer, and others.

    In a file an entry's id may stand alone instead of in a list.

    Attributes:
        within: what the entries' ids begin with that a question is compared with, of each of those asked and then of
            those uncovered; () if with all.
    """

    model_config = ConfigDict(frozen=True)
    shop: str
    entries: tuple[Question, ...]
    asked: tuple[tuple[str, tuple[str, ...]], ...]
    uncovered: tuple[str, ...]
    within: tuple[str, ...] = ()

    @field_validator("asked", mode="before")
    @classmethod
    def _listed(cls, asked: object) -> object:
        """Put a single id into a list."""
        rows = asked if isinstance(asked, list | tuple) else ()
        single = [isinstance(row, list | tuple) and len(row) == 2 and isinstance(row[1], str) for row in rows]
        return [(row[0], [row[1]]) if one else row for row, one in zip(rows, single, strict=True)] if rows else asked

    @model_validator(mode="after")
    def _known(self) -> ShopQuestions:
        """Refuse a question whose entry does not exist."""
        ids = {entry.id for entry in self.entries}
        if len(ids) < len(self.entries):
            raise ValueError("two entries have one id")
        if strange := sorted({one for _, wanted in self.asked for one in wanted} - ids):
            raise ValueError(f"asked names entries that do not exist: {', '.join(strange)}")
        return self


def read_shop(path: Path) -> ShopQuestions:
    """Read a shop's file: its questions, or its catalogue with what people need beside it.

    Raises:
        NamedropError: it cannot be read, or is not of the shape above.
    """
    if path.suffix != ".json":
        return read_goods(path)
    try:
        content = path.read_bytes()
        if content.lstrip()[:1] != b"[":
            return ShopQuestions.model_validate_json(content)
        return read_told(path) if path.parent.name == TALKS.name else read_asked(path)
    except (OSError, ValidationError) as error:
        raise NamedropError(f"{path}: {error}\nwrite it as the docstring of finetune.shops shows") from error


class Wish(BaseModel):
    """What somebody says, in one message or several, and the ids that a good clerk would show, best first."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: tuple[str, ...]
    good: tuple[str, ...]

    @field_validator("text", mode="before")
    @classmethod
    def _listed(cls, text: object) -> object:
        """Put a single message into a list."""
        return [text] if isinstance(text, str) else text


_Row = TypeVar("_Row", bound=BaseModel)
_WISHES = TypeAdapter(tuple[Wish, ...])


def read_wishes(catalog: Path) -> tuple[Wish, ...]:
    """Read what people need of a catalogue, from the .json beside it.

    Raises:
        NamedropError: it cannot be read, or is not of the shape above.
    """
    return _listed_in(catalog.with_suffix(".json"), _WISHES)


def read_goods(catalog: Path) -> ShopQuestions:
    """Read a catalogue whose items answer what people need, as `chat.needs` reads both.

    Raises:
        NamedropError: a file cannot be read, or is not of the shape above.
    """
    return _needed(catalog, read_wishes(catalog))


def read_told(talks: Path) -> ShopQuestions:
    """Read a catalogue whose items answer what people need in the course of conversations.

    Raises:
        NamedropError: a file cannot be read, or is not of the shape above.
    """
    wishes = [
        Wish(text=tuple(earlier.text for earlier in talk.turns[: at + 1]), good=message.show)
        for talk in read_talks(talks)
        for at, message in enumerate(talk.turns)
        if message.show
    ]
    return _needed(talks.parent.parent / GOODS.name / f"{talks.stem}.csv", wishes)


def _needed(catalog: Path, wishes: Sequence[Wish]) -> ShopQuestions:
    items = Catalog.load(catalog).items
    said = [need_of([("user", text) for text in wish.text]) for wish in wishes]
    rows = [(text, wish.good) for text, wish in zip(said, wishes, strict=True)]
    entries = [
        Question(id=item.id, question=item.title, answer=read_out(item, titled=False), parts=parts_of(item))
        for item in items
    ]
    try:
        return ShopQuestions(
            shop=catalog.stem,
            entries=tuple(entries),
            asked=tuple((text, good) for text, good in rows if text and good),
            uncovered=tuple(text for text, good in rows if text and not good),
        )
    except ValidationError as error:
        raise NamedropError(f"{catalog.with_suffix('.json')}: {error}") from error


class Asked(BaseModel):
    """A question about an item, and what of it answers: a column (of a description, with words of it), or nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str
    of: str
    column: str | None
    says: str = ""

    def among(self, lines: Sequence[Line]) -> list[int]:
        """Return which of an item's lines answer."""
        if self.column == DESCRIPTION:
            told = normalize(self.says)
            return [at for at, line in enumerate(lines) if line.field == DESCRIPTION and _shares(told, line.text)]
        field = _FIELDS.get(self.column or "", self.column or "")
        return [at for at, line in enumerate(lines) if normalize(line.field) == normalize(field)]


_ASKED = TypeAdapter(tuple[Asked, ...])
_FIELDS = {"stock": "in_stock", "brand": "creators"}  # as the item has what a file calls so


def _shares(told: str, sentence: str) -> bool:
    """Whether a normalized piece of a description lies in a sentence, or begins in it."""
    sentence = normalize(sentence)
    return told in sentence or sentence in told


def read_questions(path: Path) -> tuple[Asked, ...]:
    """Read questions about single goods.

    Raises:
        NamedropError: the file cannot be read, or is not of the shape above.
    """
    return _listed_in(path, _ASKED)


def _listed_in(file: Path, adapter: TypeAdapter[tuple[_Row, ...]]) -> tuple[_Row, ...]:
    try:
        return adapter.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise NamedropError(f"{file}: {error}\nwrite it as the docstring of finetune.shops shows") from error


def read_asked(path: Path) -> ShopQuestions:
    """Read questions about single goods, each to be compared with the lines of its own.

    Raises:
        NamedropError: a file cannot be read, is not of the shape above, or asks of goods that the catalogue lacks.
    """
    questions = read_questions(path)
    items = {item.id: item for item in Catalog.load(path.parent.parent / "goods" / f"{path.stem}.csv")}
    if strange := sorted({question.of for question in questions} - items.keys()):
        raise NamedropError(f"{path}: asks of goods that the catalogue lacks: {', '.join(strange)}")
    lines = {one: lines_of(items[one]) for one in dict.fromkeys(question.of for question in questions)}
    right = [[f"{q.of}/{at}" for at in q.among(lines[q.of])] for q in questions]
    pairs = [*zip(questions, right, strict=True)]
    return ShopQuestions(
        shop=path.stem,
        entries=tuple(
            Question(id=f"{one}/{at}", question="", answer=line.text)
            for one, told in lines.items()
            for at, line in enumerate(told)
        ),
        asked=tuple((q.text, tuple(places)) for q, places in pairs if places),
        uncovered=tuple(q.text for q, _ in pairs if q.column is None),
        within=tuple(f"{q.of}/" for q in (*(q for q, a in pairs if a), *(q for q, _ in pairs if q.column is None))),
    )


def shops_of(files: Sequence[Path], hold: Sequence[str] = ()) -> Iterator[tuple[str, ShopQuestions]]:
    """Yield name and content of the shops that are not held out.

    Raises:
        NamedropError: a file cannot be used, or a shop to be held out is not among them.
    """
    if missing := set(hold) - {file.stem for file in files}:
        raise NamedropError(f"--hold names no file given: {', '.join(sorted(missing))}")
    yield from ((file.stem, read_shop(file)) for file in sorted(files) if file.stem not in hold)
