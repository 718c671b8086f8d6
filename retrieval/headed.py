"""What the kinds of a catalogue of works are called by their last words: "game" of board games and of card games.

The lexicon knows a game as a video game, and a puzzle as a genre of those. Where a catalogue has no such kind, but
kinds of its own that end so, the word means those; what the lexicon calls so in more words ("video games") stays what
it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from retrieval.lexicon import canonical, synonyms
from retrieval.text import forms

_DONE = {"film": "watch", "book": "read", "game": "play"}  # what is done with them, by which they are asked for


class Headed:
    """The kinds that end with one word, by that word.

    Args:
        kinds: the catalogue's, in their canonical form.
    """

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds: dict[str, list[str]] = {}
        for kind in kinds:
            head = canonical("kind", kind.rpartition(" ")[2])
            if " " in kind and head not in kinds:
                self._kinds.setdefault(head, []).append(kind)
        self._heads: Mapping[str, str] = {kind: head for head, kinds in self._kinds.items() for kind in kinds}

    def names(self, kind: str) -> tuple[str, ...]:
        """Return what else a kind is called: its last word, and what is done with such things."""
        head = self._heads.get(kind, "")
        if not head:
            return ()
        own = kind.rpartition(" ")[2]
        done = _DONE.get(head, "")
        return tuple(dict.fromkeys((*forms(own), *(p for p in synonyms("kind", head) if done and done in p.split()))))

    def other(self, value: str, phrase: str) -> str:
        """Return the kind that the lexicon means by a phrase; "" where it is the catalogue's own, which bear its name.

        A shop of board games may have no video games: that is said of those alone.
        """
        if value not in self._kinds:
            return value
        taken = {name for kind in self._kinds[value] for name in self.names(kind)}
        whole = {one for name in (value, *taken) for one in forms(name)}
        return "" if phrase in whole else max(forms(phrase), key=len)
