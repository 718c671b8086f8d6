"""Words with which several kinds of goods end, and what they mean: "bike" of city bikes, "cream" of eye creams.

Where titles of other kinds end with such a word, too ("Barrier Cream", a moisturiser), it is a noun of titles and asks
for whatever is called so, of those kinds or not. What stands before it may say that those kinds are not meant: a "face
cream" is none for the eyes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.constraints import Facets
from retrieval.lexicon import canonical
from retrieval.stances import Hit, Stance
from retrieval.text import Token, forms, words


class Tails:
    """The words with which kinds of a catalogue of goods end, and which are no kinds themselves.

    Args:
        facets: of the catalogue.
    """

    def __init__(self, facets: Facets) -> None:
        kinds = {} if facets.of_works else facets.postings.get("kind", {})
        tails = {kind.rpartition(" ")[2] for kind in kinds if " " in kind}.difference(kinds)
        self._first = {kind.split()[0] for kind in kinds if " " in kind}
        self._names: dict[str, Counter[str]] = {tail: Counter() for tail in tails}
        self._kinds: dict[str, Counter[str]] = {tail: Counter() for tail in tails}  # of which those titles are
        self._nouns: set[str] = set()
        for item in facets.catalog.items if tails else ():
            self._read(words(item.title), canonical("kind", item.kind))

    def _read(self, said: Sequence[str], kind: str) -> None:
        """Note what a title of another kind calls so: "night cream"; where it ends with it, it is a noun of titles."""
        for at, word in enumerate(said):
            tail = self._spelt(word)
            if tail and at and kind.rpartition(" ")[2] != tail and " ".join(said[at + 1 :]) != kind:
                self._names[tail][f"{said[at - 1]} {word}"] += 1
                self._kinds[tail][kind] += 1
                if _ends(said, at):
                    self._nouns.add(tail)

    def _spelt(self, word: str) -> str:
        return next((form for form in forms(word) if form in self._names), "")

    def is_noun(self, name: str) -> bool:
        """Whether several kinds' last word is a noun of titles of other kinds."""
        return name in self._nouns

    def follows(self, text: str) -> bool:
        """Whether a text begins with such a word: "cream", behind "a day"."""
        return bool(self._spelt(next(iter(words(text)), "")))

    def is_tail(self, tokens: Sequence[Token], hit: Hit) -> bool:
        """Whether a hit is a word with which several kinds end, alone."""
        return hit.field == "kind" and hit.end - hit.start == 1 and bool(self._spelt(tokens[hit.start].norm))

    def meant(
        self, tokens: Sequence[Token], hits: Sequence[Hit], told: Sequence[Stance], plain: Callable[[str], bool]
    ) -> list[Hit]:
        """Return hits on kinds as hits on what titles call so, where titles of other kinds do.

        Beside another kind, which no title limit could stand beside, it is what most of those titles are.

        Args:
            tokens: the words of the message.
            hits: what it names.
            told: what it does with them.
            plain: whether a word says what something is like, in a column.
        """
        kinds = [hit for hit, stance in zip(hits, told, strict=True) if hit.field == "kind" and stance != "refused"]
        found: list[Hit] = []
        for hit, stance in zip(hits, told, strict=True):
            tail = self._spelt(tokens[hit.end - 1].norm)
            if not self.is_tail(tokens, hit) or not self.is_noun(tail):
                found.append(hit)
                continue
            before = tokens[hit.start - 1].norm if hit.start else ""
            named = f"{before} {tail}" in self._names[tail] and not plain(before)
            other = stance != "refused" and (before in self._first or named)
            if stance != "refused" and len(kinds) > 1:
                most = self._kinds[tail].most_common(1)[0][0]
                found.append(replace(hit, values=(most,) if other else (*hit.values, most)))
            else:
                found.append(replace(hit, field="title", values=tuple(self._names[tail]) if other else (tail,)))
        return found


def _ends(said: Sequence[str], at: int) -> bool:
    return at + 1 == len(said) or said[at + 1] in STOPWORDS_EN_PLUS or said[at + 1].isdigit()
