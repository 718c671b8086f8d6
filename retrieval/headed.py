"""What the kinds of a catalogue of works are called by their last words: "game" of board games and of card games.

The lexicon knows a game as a video game, and a puzzle as a genre of those. Where a catalogue has no such kind, but
kinds of its own that end so, the word means those; what the lexicon calls so in more words ("video games") stays what
it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.constraints import Facets
from retrieval.lexicon import canonical, synonyms
from retrieval.stances import Hit
from retrieval.text import Token, forms, words

_DONE = {"film": "watch", "book": "read", "game": "play"}  # what is done with them, by which they are asked for

_DETERMINERS = frozenset({"the", "my", "our", "a", "an", "these", "those"})


class Headed:
    """The kinds that end with one word, by that word.

    Args:
        facets: of the catalogue; one of goods knows its kinds' last words otherwise.
    """

    def __init__(self, facets: Facets) -> None:
        kinds: Collection[str] = facets.postings.get("kind", {}) if facets.of_works else ()
        self._kinds: dict[str, list[str]] = {}
        for kind in kinds:
            head = canonical("kind", kind.rpartition(" ")[2])
            if " " in kind and head not in kinds:
                self._kinds.setdefault(head, []).append(kind)
        self._heads: Mapping[str, str] = {kind: head for head, kinds in self._kinds.items() for kind in kinds}

        self._beside: dict[str, set[str]] = defaultdict(set)  # what other things titles name with such a word
        for item in facets.catalog.items if self._kinds else ():
            self._read(words(item.title), self._heads.get(canonical("kind", item.kind), ""))

    def _read(self, said: Collection[str], own: str) -> None:
        """Note the words of a title of another kind that has such a word: "Puzzle Roll Mat", an accessory."""
        for head in self._kinds:
            if head != own and not set(forms(head)).isdisjoint(said):
                self._beside[head].update(w for w in said if w.isalpha() and w not in STOPWORDS_EN_PLUS)

    def things(self, tokens: Sequence[Token], hits: Sequence[Hit]) -> list[Hit]:
        """Return hits without those words for kinds that only say for what another thing is: "a puzzle mat".

        The thing is looked for in titles, unless it is a kind itself.
        """
        found: list[Hit] = []
        taken = {at for hit in hits for at in range(hit.start, hit.end)}
        for hit in hits:
            at = self._thing(tokens, hit)
            if at < 0:
                found.append(hit)
            elif at not in taken:
                found.append(Hit("title", (tokens[at].norm,), min(at, hit.start), max(at + 1, hit.end)))
        return found

    def _thing(self, tokens: Sequence[Token], hit: Hit) -> int:
        """Return where the thing stands that a word for kinds is beside: "glue for puzzles"; -1 if none."""
        head = next((head for head in self._beside if tokens[hit.start].norm in forms(head)), "")
        if hit.field != "kind" or hit.end - hit.start > 1 or not head:
            return -1
        at = hit.start - 1
        while at > 0 and tokens[at].norm in _DETERMINERS:
            at -= 1
        places = [hit.end, *([at - 1] if at > 0 and tokens[at].norm == "for" else [])]
        others = self._beside[head] - set(forms(head))
        return next((p for p in places if p < len(tokens) and not others.isdisjoint(forms(tokens[p].norm))), -1)

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
        return max(forms(phrase), key=len) if phrase not in whole and value in phrase else ""
