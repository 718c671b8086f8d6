"""Leaks: whether a text gives away the item that a simulated person has in mind.

A text gives an item away if it holds the item's title or an alias, as a phrase or nearly spelt so, or if what has been
said so far holds both its maker and its exact year. The rule is strict on purpose: for the film "Her" the word "her"
is a leak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz

from retrieval.text import is_cjk, words
from retrieval.types import Item

NEAR = 90.0  # fuzz.ratio in [0, 100] from which a spelling counts as the name
_FUZZY_FROM = 5  # characters; of shorter names only the exact spelling counts
_ARTICLES = frozenset({"the", "a", "an"})
_SURNAME_FROM = 3  # characters


@dataclass(frozen=True)
class Secret:
    """What must not be said of one item."""

    item: Item

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The title and the aliases as normalised words, also without a leading article."""
        found: dict[tuple[str, ...], None] = {}
        for name in (self.item.title, *self.item.aliases):
            tokens = tuple(words(name))
            if tokens:
                found[tokens] = None
            if len(tokens) > 1 and tokens[0] in _ARTICLES:
                found[tokens[1:]] = None
        return tuple(found)

    @cached_property
    def makers(self) -> tuple[tuple[str, ...], ...]:
        """The creators' names and surnames as normalised words."""
        found: dict[tuple[str, ...], None] = {}
        for creator in self.item.creators:
            tokens = tuple(words(creator))
            if tokens:
                found[tokens] = None
            if len(tokens) > 1 and len(tokens[-1]) >= _SURNAME_FROM and not is_cjk(creator):
                found[tokens[-1:]] = None
        return tuple(found)

    def named_in(self, text: str) -> str:
        """Return the part of a text that names the item, "" if none does."""
        said = words(text)
        for name in self.names:
            hit = _phrase(said, name) or _nearly(said, name)
            if hit:
                return hit
        return ""

    def pinned_by(self, texts: Sequence[str]) -> str:
        """Return what in several texts together tells maker and exact year, "" if they do not tell both."""
        said = [words(text) for text in texts]
        year = str(self.item.year or "")
        if not year or not any(year in tokens for tokens in said):
            return ""
        makers = (_phrase(tokens, maker) for maker in self.makers for tokens in said)
        maker = next((m for m in makers if m), "")
        return f"{maker} + {year}" if maker else ""

    def leak(self, text: str, before: Sequence[str] = ()) -> str:
        """Return how a text, after what was said before, gives the item away; "" if it does not."""
        return self.named_in(text) or self.pinned_by([*before, text])


def _phrase(said: Sequence[str], name: tuple[str, ...]) -> str:
    n = len(name)
    return " ".join(name) if any(tuple(said[i : i + n]) == name for i in range(len(said) - n + 1)) else ""


def _nearly(said: Sequence[str], name: tuple[str, ...]) -> str:
    """Return the window of words that is spelt nearly as a name, spaces aside ("bladerunner")."""
    joined = "".join(name)
    if len(joined) < _FUZZY_FROM:
        return ""
    spaced = " ".join(name)
    for n in range(max(1, len(name) - 1), len(name) + 2):
        for i in range(len(said) - n + 1):
            window = said[i : i + n]
            if fuzz.ratio("".join(window), joined) >= NEAR or fuzz.ratio(" ".join(window), spaced) >= NEAR:
                return " ".join(window)
    return ""
