"""The errors that a person running Namedrop may see; each says what, where, what was expected and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

ProblemType = TypeVar("ProblemType")


class NamedropError(Exception):
    """Base of every error whose message is written for the person who runs the program."""


class ProblemsError(NamedropError, Generic[ProblemType]):
    """What was given cannot be used as it is; `problems` holds all that is wrong in it, each told on a line.

    It is empty where the fault is not in what was read: a file that is missing, a folder that exists already.
    """

    def __init__(self, message: str, problems: Sequence[ProblemType] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {p}" for p in problems)]))
        self.problems = tuple(problems)


class ModelError(NamedropError):
    """A model cannot be found, read or converted."""


class GenerationError(NamedropError):
    """An index generation is missing, incomplete or does not fit its catalogue."""


class NotReady(NamedropError):
    """The assistant is still loading its models and cannot answer yet."""


class UnknownSession(NamedropError):
    """No conversation has this session id."""


class UnknownItem(NamedropError):
    """The catalogue has no item with this id (any more)."""
