"""The errors that a person running Namedrop may see; each says what, where, what was expected and the remedy."""

from __future__ import annotations


class NamedropError(Exception):
    """Base of every error whose message is written for the person who runs the program."""


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
