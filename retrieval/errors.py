"""The errors that a person running Namedrop may see; each says what, where, what was expected and the remedy."""

from __future__ import annotations


class NamedropError(Exception):
    """Base of every error whose message is written for the person who runs the program."""


class ModelError(NamedropError):
    """A model cannot be found, read or converted."""


class GenerationError(NamedropError):
    """An index generation is missing, incomplete or does not fit its catalogue."""
