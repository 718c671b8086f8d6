"""ReDial (redialdata.github.io): `train_data.jsonl`, `test_data.jsonl` and `movies_with_mentions.csv`. CC BY 4.0.

Li et al., Towards Deep Conversational Recommendations, NeurIPS 2018. One dialogue a line (made up)::

    {"conversationId": "391", "initiatorWorkerId": 0, "respondentWorkerId": 1,
     "messages": [{"timeOffset": 0, "text": "Hi, I love @84779 and the like", "senderWorkerId": 0, "messageId": 1021},
                  {"timeOffset": 9, "text": "Try @122159 then", "senderWorkerId": 1, "messageId": 1022}],
     "movieMentions": {"84779": "The Wages of Fear (1953)", "122159": "Sorcerer  (1977)"},
     "initiatorQuestions": {"84779": {"suggested": 0, "seen": 1, "liked": 1}},
     "respondentQuestions": {"84779": {"suggested": 0, "seen": 1, "liked": 1}}}

The initiator seeks (user), the respondent recommends (assistant). `liked`: 0 no, 1 yes, 2 not said; what the seeker
answered counts before what the recommender did. Without mentions, `movieMentions` and the questions are `[]`, and a
name may be null. One film often has several numbers: those of one title and year become one item, under the lowest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from finetune.data import DialogueRecord, Id, MentionsRecord, MentionTurn, Part, RecordType, Turn, validation_problems
from finetune.readers.base import FilmTitle, Placed, Report, faulty, film_title, find, make_item, nothing_found
from finetune.rows import SourceRow, delimited_rows, json_rows
from retrieval.rows import RowProblem
from retrieval.types import Item

_MENTION = re.compile(r"@(\d+)")
_NAMELESS = "a film"
_NOT_SAID = 2
_LIKED = {0: False, 1: True}


def _mapping(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value or {}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Message(_Model):
    text: str
    senderWorkerId: int


class _Answers(_Model):
    liked: int = _NOT_SAID


class _Conversation(_Model):
    conversationId: Id
    messages: list[_Message] = Field(min_length=1)
    initiatorWorkerId: int
    respondentWorkerId: int
    movieMentions: Annotated[dict[str, str | None], BeforeValidator(_mapping)] = Field(default_factory=dict)
    initiatorQuestions: Annotated[dict[str, _Answers], BeforeValidator(_mapping)] = Field(default_factory=dict)
    respondentQuestions: Annotated[dict[str, _Answers], BeforeValidator(_mapping)] = Field(default_factory=dict)

    def liked(self, number: str) -> bool | None:
        """Whether the seeker likes a film; None: not said."""
        answers = self.initiatorQuestions.get(number) or self.respondentQuestions.get(number)
        return _LIKED.get(answers.liked) if answers else None


class ReDial:
    """Reads dialogues with their words, and the same as mentions, which hold what the seeker liked."""

    name: ClassVar[str] = "redial"
    expects: ClassVar[str] = "train_data.jsonl, test_data.jsonl and, if you have it, movies_with_mentions.csv"

    def __init__(self, sources: Sequence[Path]) -> None:
        self._dialogues = find(sources, "*train*.jsonl", "*valid*.jsonl", "*test*.jsonl")
        self._movies = find(sources, "movies_with_mentions.csv")
        if not self._dialogues:
            raise nothing_found(ReDial, sources)
        self.files: tuple[Path, ...] = (*self._movies, *self._dialogues)

    def items(self, report: Report) -> Iterator[Placed[Item]]:
        """Yield the films that the table or a dialogue names."""
        for path in self._movies:
            for row in _movie_rows(path):
                faulty(path, row, report)
        for number, films in self._films.items():
            path, line, first = films[0]
            spellings = {f.title for _, _, f in films[1:]} | {a for _, _, f in films for a in f.aliases}
            item = make_item(
                path,
                line,
                report,
                id=number,
                kind="film",
                title=first.title,
                year=first.year,
                aliases=sorted(spellings - {first.title}),
            )
            if item is not None:
                yield Placed(item, path.name, line)

    def records(self, report: Report) -> Iterator[Placed[RecordType]]:
        """Yield each dialogue, and after it its mentions if there are any."""
        for path in self._dialogues:
            part = _part(path)
            for row in json_rows(path):
                if faulty(path, row, report):
                    continue
                try:
                    conversation = _Conversation.model_validate(row.cells)
                    turns = self._turns(path, row.line, conversation, report)
                    if not turns:
                        continue
                    dialogue = DialogueRecord(id=conversation.conversationId, turns=tuple(turns))
                except ValidationError as error:
                    for problem in validation_problems(path.name, row.line, error):
                        report(problem)
                    continue
                yield Placed(dialogue, path.name, row.line, part)
                mentions = self._mentions(conversation)
                if mentions:
                    yield Placed(MentionsRecord(id=dialogue.id, mentions=mentions), path.name, row.line, part)

    def _turns(self, path: Path, line: int, conversation: _Conversation, report: Report) -> list[Turn]:
        roles = self._roles(conversation)
        nameless = [n for n in conversation.movieMentions if n not in self._ids]
        for number in nameless:
            remedy = "the dialogue is kept without it"
            report(RowProblem(path.name, line, f"movieMentions.{number}", "", "the name of the film", remedy))
        turns: list[Turn] = []
        for message in conversation.messages:
            role = roles.get(message.senderWorkerId)
            if role is None or len(roles) < 2:
                workers = f"{conversation.initiatorWorkerId} or {conversation.respondentWorkerId}, two workers"
                value = str(message.senderWorkerId)
                remedy = "the dialogue is left out"
                report(RowProblem(path.name, line, "messages.senderWorkerId", value, workers, remedy))
                return []
            if message.text.strip():
                turns.append(Turn(role=role, text=self._named(message.text, nameless), items=self._found(message.text)))
        if not turns:
            report(RowProblem(path.name, line, "messages.text", "", "any words", "the dialogue is left out"))
        return turns

    def _mentions(self, conversation: _Conversation) -> tuple[MentionTurn, ...]:
        roles = self._roles(conversation)
        return tuple(
            MentionTurn(
                role=roles[message.senderWorkerId], items=(self._ids[number],), liked=conversation.liked(number)
            )
            for message in conversation.messages
            for number in dict.fromkeys(_MENTION.findall(message.text))
            if number in self._ids
        )

    @staticmethod
    def _roles(conversation: _Conversation) -> Mapping[int, Any]:
        return {conversation.initiatorWorkerId: "user", conversation.respondentWorkerId: "assistant"}

    def _found(self, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._ids[n] for n in _MENTION.findall(text) if n in self._ids))

    def _named(self, text: str, nameless: Sequence[str]) -> str:
        def name(found: re.Match[str]) -> str:
            return self._names.get(found[1], _NAMELESS if found[1] in nameless else found[0])

        return _MENTION.sub(name, text)

    @cached_property
    def _named_films(self) -> Mapping[str, tuple[Path, int, FilmTitle]]:
        """The first name of every number, and where it stands."""
        found: dict[str, tuple[Path, int, FilmTitle]] = {}
        for path, line, number, name in self._name_rows():
            if name and name.strip() and number not in found:
                found[number] = path, line, film_title(name)
        return found

    def _name_rows(self) -> Iterator[tuple[Path, int, str, str | None]]:
        for path in self._movies:
            for row in _movie_rows(path):
                if not row.fault and str(row.cells["movieId"]).isdecimal():
                    yield path, row.line, row.cells["movieId"], row.cells["movieName"]
        for path in self._dialogues:
            for row in json_rows(path):
                mentions = row.cells.get("movieMentions")
                if not row.fault and isinstance(mentions, dict):
                    for number, name in mentions.items():
                        if number.isdecimal() and (name is None or isinstance(name, str)):
                            yield path, row.line, number, name

    @cached_property
    def _films(self) -> Mapping[str, list[tuple[Path, int, FilmTitle]]]:
        """The films by their lowest number, each with its spellings, the lowest number's first."""
        by_key: dict[tuple[str, int | None], list[str]] = {}
        for number in sorted(self._named_films, key=int):
            by_key.setdefault(self._named_films[number][2].key, []).append(number)
        return {numbers[0]: [self._named_films[n] for n in numbers] for numbers in by_key.values()}

    @cached_property
    def _ids(self) -> Mapping[str, str]:
        """Every number's item id."""
        keys = {films[0][2].key: number for number, films in self._films.items()}
        return {number: keys[film.key] for number, (_, _, film) in self._named_films.items()}

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """Every number's film as the dialogues are to say it: ``Sorcerer (1977)``."""
        return {
            number: film.title + (f" ({film.year})" if film.year else "")
            for number, (_, _, film) in self._named_films.items()
        }


def _movie_rows(path: Path) -> Iterator[SourceRow]:
    return delimited_rows(path, delimiter=",", required=("movieId", "movieName"))


def _part(path: Path) -> Part:
    return next(part for part in ("train", "valid", "test") if part in path.name)
