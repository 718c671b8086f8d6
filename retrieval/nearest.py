"""Other names of kinds: who asks a shop of sofas for "a couch" means those, and who asks it for a scooter does not.

A noun that is asked for and that nothing in the catalogue explains is compared by meaning with the names of all kinds.
The thresholds were set for one encoder, by what several hundred everyday nouns mean in shops of seven sorts; with
another one nothing is read so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np
from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.constraints import Facets
from retrieval.encoder import Encoder
from retrieval.quantities import QUANTITIES
from retrieval.stances import Hit
from retrieval.text import Token, forms
from retrieval.things import ASKING, Things
from retrieval.types import FloatArray

_NEAR = 0.7  # cosine: "couch" and "sofa" have .86, "carpet" and "rug" .73, "stroller" and "child seat" .51
_AHEAD = 0.06  # of the next kind: "face cream" is as near to face oils as to eye creams
_ALIKE = 0.1  # behind, within which kinds that end with one word count as one: a "bicycle" is any bike
_ALL = 0.65  # cosine to the mean of all kinds: "kitchen" has .67 among pans and knives, "coffee" .53
_LEAST = 3  # letters of a noun
_MOST = 300  # kinds that are worth comparing
_WHATEVER = frozenset({"toy", "gadget", "furniture", "cosmetic", "decoration"})
_PHRASES = 4  # of one message


class Nearest:
    """Finds the kinds that are meant by other names.

    Args:
        facets: of the catalogue; works have no such kinds.
        encoder: that the thresholds were set for; None reads nothing.
    """

    def __init__(self, facets: Facets, encoder: Encoder | None) -> None:
        kinds = () if facets.of_works else tuple(facets.postings.get("kind", {}))
        self._kinds = kinds if 1 < len(kinds) <= _MOST else ()
        self._encoder = encoder
        self._headers = {*facets.postings, *facets.numeric_fields}

    @cached_property
    def _vectors(self) -> FloatArray:
        """Of the kinds' names: (k, d)."""
        assert self._encoder is not None
        return self._encoder.encode(self._kinds)

    @cached_property
    def _mean(self) -> FloatArray:
        mean = self._vectors.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    def is_of_all(self, word: str) -> bool:
        """Whether a word says what the whole shop is about, and nothing of any one thing in it."""
        if self._encoder is None or not self._kinds or not self._is_noun(word):
            return False
        return float((self._encoder.encode([word]) @ self._mean)[0]) >= _ALL

    def find(self, text: str, tokens: Sequence[Token], known: Collection[int]) -> list[Hit]:
        """Return the kinds that a message asks for by another name, at most those of one noun.

        Args:
            text: the message.
            tokens: its words.
            known: the positions of the words that something in the catalogue explains.
        """
        if self._encoder is None or not self._kinds:
            return []
        asked: list[tuple[int, int]] = []
        for at, token in enumerate(tokens):
            if at in known or not self._is_noun(token.norm) or not Things.ends(text, tokens, at):
                continue
            start = at
            if at and at - 1 not in known and self._is_noun(tokens[at - 1].norm) and _beside(text, tokens, at - 1):
                start = at - 1
            if _would_like(tokens, start) or Things.is_asked_for(text, tokens, Hit("kind", ("",), start, at + 1)):
                asked.append((start, at))
        return self._meant(tokens, asked)

    def is_anything(self, word: str) -> bool:
        """Whether a word with which kinds end means whatever such a shop has: "a toy", where dolls are toys, too."""
        return bool(_WHATEVER.intersection(forms(word))) and self.is_of_all(word)

    def of_two(self, text: str, tokens: Sequence[Token], hit: Hit, known: Collection[int]) -> Hit | None:
        """Return what a word that several kinds end with means behind another word: "sun cream" is sunscreen."""
        start = hit.start - 1
        if self._encoder is None or start < 0 or start in known or not self._is_noun(tokens[start].norm):
            return None
        if not _beside(text, tokens, start):
            return None
        return next(iter(self._meant(tokens, [(start, hit.start)], whole=True)), None)

    def _is_noun(self, word: str) -> bool:
        long = len(word) >= _LEAST and word.isalpha() and word.isascii()
        names = word not in STOPWORDS_EN_PLUS and word not in ASKING and word not in QUANTITIES
        return long and names and word not in self._headers

    def _meant(self, tokens: Sequence[Token], asked: Sequence[tuple[int, int]], *, whole: bool = False) -> list[Hit]:
        """Return the kinds that phrases mean, the nearest only; their last words alone count too, if not `whole`."""
        said: dict[str, tuple[int, int]] = {}
        for start, end in asked:
            for begin in range(start, start + 1 if whole else end + 1):
                before = [token.norm for token in tokens[begin:end]]
                said[" ".join((*before, min(forms(tokens[end].norm), key=len)))] = (begin, end + 1)
        if not said or self._encoder is None:
            return []
        phrases = list(said)[:_PHRASES]
        near = self._encoder.encode(phrases) @ self._vectors.T  # (n, k)
        for at in np.argsort(-near.max(axis=1)):
            kinds = self._nearest(phrases[at], near[at])
            if kinds:
                return [Hit("kind", kinds, *said[phrases[at]])]
        return []

    def _nearest(self, said: str, near: FloatArray) -> tuple[str, ...]:
        """Return the kinds that are clearly nearest to a phrase, several if they end with one word; () if none is."""
        order = np.argsort(-near)
        best = self._kinds[order[0]]
        if near[order[0]] < _NEAR or _only_shares(said, best):
            return ()
        last = best.rpartition(" ")[2]
        alike = [kind for kind in self._kinds if kind.rpartition(" ")[2] == last]
        beside = [(self._kinds[at], near[order[0]] - near[at]) for at in order[1:]]
        if any(kind not in alike and behind < _AHEAD for kind, behind in beside):
            return ()
        several = any(kind in alike and behind < _ALIKE for kind, behind in beside)
        return tuple(alike) if several else (best,)


def _only_shares(said: str, kind: str) -> bool:
    """Whether a phrase begins as a kind does and is another thing: "gift card" and "gift set", "pillowcase"."""
    first, last = said.split()[0], said.split()[-1]
    if " " in said and " " in kind:
        return first == kind.split()[0] and last != kind.split()[-1]
    return said != kind and said.startswith(min(forms(kind), key=len))


def _would_like(tokens: Sequence[Token], start: int) -> bool:
    """Whether "I'd like" or "I would like" stands before a noun, perhaps with a determiner between."""
    before = [token.norm for token in tokens[max(0, start - 4) : start]]
    return "like" in before[-2:] and bool({"d", "id", "would"}.intersection(before))


def _beside(text: str, tokens: Sequence[Token], at: int) -> bool:
    return not text[tokens[at].end : tokens[at + 1].start].strip(" -")
