"""Subjects: what works are about where a message asks for that, and what comes nearest to it.

Who asks for guitar courses of a shop that has one is shown that one; four others that are about something else are no
answer. What else it has of music comes near, and is said to be no more than that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np

from chat import facts
from chat.recommender import Recommended
from chat.scene import Scene
from chat.turn import Turn
from retrieval.parsed import Wish
from retrieval.retrievers import FacetRetriever
from retrieval.types import BoolArray, Constraint, FloatArray, Query

FEW = 3  # works on a subject, fewer than which others come near
_RELATED = 0.35  # a cosine, and a share of a wish that is met, from which a work has to do with a subject
_FIRST = 4.0  # standard deviations that a genre is worth where it is an item's first, for its share that is met
_FOR = re.compile(r"\b(?:for|after|before|during|at)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_OCCASIONS = frozenset(  # for which works may be, and which hardly one is about
    """
    morning mornings evening evenings night nights dinner breakfast lunch party parties wedding birthday journey
    journeys
    travel travelling holiday holidays weekend sunday summer winter autumn spring sleep sleeping work working studying
    cooking reading bed bath train trains plane flight drive commute christmas
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_SOFTLY = re.compile(r"\b(?:maybe|perhaps|ideally|possibly|a\s+bit\s+of|or)\b", re.IGNORECASE)


def is_subject(wish: Wish, text: str) -> bool:
    """Whether a wish is for what works are about: "an album for Sunday mornings" is about none."""
    occasion = wish.value in _OCCASIONS or wish.surface.casefold() in _OCCASIONS
    return wish.field in facts.ABOUT and not (occasion and _FOR.search(text[: wish.start]))


class Subjects(Scene):
    """Chooses works by what they are about, in one conversation."""

    def on(self, turn: Turn, allowed: BoolArray, known: Collection[int]) -> BoolArray | None:
        """Return the works on the subject asked for, (N,), none if all are known; None if that decides nothing.

        A word that only texts have may be there by chance, and what is asked for besides may matter more.
        """
        facets, wishes = self.shop.index.facets, self._asked(turn)
        if not wishes:
            return None
        left = allowed.copy()
        left[[*known]] = False
        masks = [self._about(value, allowed) for _, value in wishes]
        both = np.logical_and.reduce(masks) & left
        on: BoolArray = both if both.sum() >= FEW else np.logical_or.reduce(masks) & left
        softly = _SOFTLY.search(turn.text) is not None
        if on.sum() >= FEW:
            return on if self._met_besides(turn, on) and not softly else None
        themes = facets.postings.get("themes", {})
        had = on.any() or (np.logical_or.reduce(masks) & allowed).any()  # or has been shown
        themed = any(value in themes for _, value in wishes) and not turn.understood.parsed.relative
        return on if themed and had and not softly and self._met_besides(turn, on) else None

    def related(self, turn: Turn, allowed: BoolArray, k: int) -> list[Recommended]:
        """Return up to k works nearest to the subject asked for, and note them in the turn.

        They are near by what their texts say, and by what they share with the works that are about it.
        """
        wishes, retrievers = self._asked(turn), self.shop.index.retrievers
        told = retrievers["dense"].scores(Query(" ".join(value for _, value in wishes)))
        near = told + retrievers["facets"].scores(Query(wishes=tuple(wishes)))
        best = np.argsort(-np.where(allowed, near, -np.inf))[:k].tolist()
        turn.related = [at for at in best if allowed[at] and near[at] >= _RELATED]
        return [Recommended(at, 0.0) for at in turn.related]

    def firsts(self, constraints: Sequence[Constraint], lift: FloatArray | None) -> FloatArray | None:
        """Let works come first that are of a genre asked for before they are of any other."""
        asked = [c for c in constraints if (c.field, c.op) == ("genres", "is") and isinstance(c.value, str)]
        retriever = self.shop.index.retrievers.get("facets")
        if self.shop.of_goods or not asked or not isinstance(retriever, FacetRetriever):
            return lift
        added = np.zeros(len(self.shop.index.catalog), dtype=np.float32)
        for limit in asked:
            at, met = retriever.firsts("genres", str(limit.value))
            added[at] += _FIRST * met
        return added if lift is None else lift + added

    def _asked(self, turn: Turn) -> list[tuple[str, str]]:
        """Return the subjects that a message asks for, or goes on asking for: "a cheaper one"."""
        parsed = turn.understood.parsed
        if self.shop.of_goods or turn.named or turn.understood.describes:
            return []
        wishes = [(wish.field, wish.value) for wish in parsed.wishes if is_subject(wish, turn.text)]
        if not wishes and (parsed.relative or turn.refined):
            wishes = [wish for wish in self.state.taste.wishes if wish[0] in facts.ABOUT]
        return wishes

    def _about(self, value: str, allowed: BoolArray) -> BoolArray:
        """Return the works about a subject, (N,): those that are listed with it, or else whose texts have the word."""
        facets = self.shop.index.facets
        listed = np.zeros_like(allowed)
        listed[facets.postings.get("themes", {}).get(value, [])] = True
        return listed if (listed & allowed).any() else facets.mask([Constraint("topic", "is", value)])

    def _met_besides(self, turn: Turn, on: BoolArray) -> bool:
        """Whether works on a subject have what else a message wishes for, too: "something funny with animals"."""
        moods = [w.value for w in turn.understood.parsed.wishes if w.field == "moods"]
        masks = [self.shop.index.facets.mask([Constraint("moods", "is", mood)]) for mood in moods]
        return not masks or bool((np.logical_or.reduce(masks) & on).any())
