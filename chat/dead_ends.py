"""Dead ends: where nothing is left, what a message asked for too much is taken back, and what still stands is shown.

A price, a measure, an allergy and whatever else is refused are never given up for the person: then there is no card.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chat.facts import ABOUT, meets
from chat.picking import CARDS, Picking
from chat.recommender import Recommended
from chat.scene import Scene
from chat.state import Limit, replaces
from chat.telling import ENOUGH, best_relaxation
from chat.turn import Turn
from chat.typed import EVERYDAY, telling_words
from retrieval.ranges import part_of
from retrieval.scales import NONE, rank_of
from retrieval.text import words
from retrieval.types import Constraint, Query

_THINGS = ("kind", "title")
_SAME_CLASS = 0.3  # a share of a price from which another thing may stand in for what costs it
_SOFT = ("genres", "creators")  # what was said of works on other subjects
_PLACES = frozenset("outside inside indoors outdoors home house".split())  # noqa: SIM905 - everyday words that tell


class DeadEnds(Scene):
    """Ways out of them, in one conversation; what is given up is said in the turn's notes."""

    @property
    def _picking(self) -> Picking:
        return Picking.of(self)

    def furthest(self, turn: Turn) -> list[Recommended]:
        """Return what comes nearest to "lighter" where nothing is: the lightest, without that limit in force."""
        taste = self.state.taste
        if not turn.further:
            return []
        kept, beyond = list(taste.limits), turn.further
        taste.limits = [x for x in kept if x.constraint not in beyond]
        back = (old for old in turn.before if any(replaces(new, old) for new in beyond))
        taste.limits.extend(old for old in back if old not in taste.limits)
        op = dict(turn.understood.parsed.relative).get(beyond[0].field, beyond[0].op)  # grades are named one by one
        sign = -1 if op.startswith("<") else 1
        utmost = replace(turn.understood, extreme=(beyond[0].field, sign))
        picks = self._picking.picks(replace(turn, understood=utmost))
        if not picks:
            taste.limits = kept
            return []
        turn.understood = utmost
        turn.notes.append(self.say("none_further", limit=beyond[0].label))
        if beyond[0].field == "price":
            self._beside_these(turn, picks)
        return picks

    def anew(self, turn: Turn) -> list[Recommended]:
        """Return goods of another thing that a message names, without what earlier ones said of the things before.

        "Different question, a ball to sit on" is not to be as light as the mat. What is refused or promised ("vegan"),
        for whom it must fit and what holds for good stays; a price goes last, and that is said.
        """
        said = turn.understood.parsed.constraints
        others = turn.understood.act == "more" and len(telling_words(turn.understood.gist)) > 1  # "a shirt to run in"
        if self.shop.decisions is None or not (others or any(c.is_thing for c in said)):
            return []
        kept = list(self.state.taste.limits)
        before = [x for x in kept if x.constraint not in said and not x.lasting]
        older = [x for x in before if x.is_thing or x.field == "price" or self._spare(x)]
        for gone in ([x for x in older if x.field != "price"], older):
            self.state.taste.limits = [x for x in kept if x not in gone]
            if gone and (picks := self._picking.picks(turn)):
                turn.lifted.extend(x.label for x in gone if x.field == "price")
                return picks
        self.state.taste.limits = kept
        return []

    def without_genre(self, turn: Turn, picks: list[Recommended]) -> list[Recommended]:
        """Return what has the subject that a message wishes for, where what was asked for before leaves none.

        "A film with trains then", after books of mystery, is to be no mystery.
        """
        new, taste = turn.understood.parsed, self.state.taste
        said = [c for c in new.constraints if c.field == "genres"]
        wishes = [(w.field, w.value) for w in new.wishes if w.field in (*ABOUT, "moods")]
        old = [x for x in taste.limits if x.field in _SOFT and x.op != "is_not" and not x.lasting]
        old = [x for x in old if x.constraint not in new.constraints]
        if not (picks and wishes and old) or said or self.shop.of_goods or turn.understood.refining:
            return picks
        catalog, kept = self.shop.index.catalog, list(taste.limits)
        if any(meets(catalog[pick.position], wish) for pick in picks for wish in wishes):
            return picks
        taste.limits = [x for x in kept if x not in old]
        others = self._picking.picks(turn)
        if any(meets(catalog[pick.position], wish) for pick in others for wish in wishes):
            turn.lifted.extend(x.label for x in old)
            return others
        taste.limits = kept
        return picks

    def left(self, turn: Turn) -> list[Recommended]:
        """Return of goods what was shown before and still fits, where "what else?" has no other answer.

        Beside it stands what comes nearest of other kinds. Of works it is shown again if the message says what it is to
        be: "any other in English, under $50?" wants those of them that are.
        """
        taste, parsed = self.state.taste, turn.understood.parsed
        says = self.shop.of_goods or any(c.field != "kind" for c in parsed.constraints) or parsed.wishes
        if not says or turn.understood.act != "more":
            return []
        refused = self.shop.positions([*taste.disliked, *taste.seen])
        allowed = self.shop.recommender.allowed(self._picking.constraints(), refused)
        shown = [Recommended(at, 0.0) for at in self.shop.positions(taste.shown) if allowed[at]][:CARDS]
        if not any(c.field in _THINGS for c in turn.understood.parsed.constraints):
            self._beside_these(turn, shown)
        return shown

    def elsewhere(self, turn: Turn) -> list[Recommended]:
        """Return what "what else is there for the garden?" asks for, once all of the kind in force has been shown."""
        things = self._things()
        asked = [w for w in telling_words(turn.understood.gist) if w not in EVERYDAY or w in _PLACES]
        named = any(c.field in _THINGS for c in turn.understood.parsed.constraints)
        if not (self.shop.of_goods and things and asked) or named or turn.understood.act != "more":
            return []
        turn.lift(self.state, things, silently=True)
        return self._picking.picks(turn)

    def _beside_these(self, turn: Turn, picks: Sequence[Recommended]) -> None:
        """Put beside a few picks others of their kind that lack one quality, or else what is nearest of other kinds."""
        spare = best_relaxation(self.shop, self.state, self._spare)
        for freed in ([spare[0]] if spare is not None else [], self._things()):
            if not turn.beside and self.shop.of_goods and freed and 0 < len(picks) < ENOUGH:
                self._beside(turn, picks, freed)

    def _beside(self, turn: Turn, picks: Sequence[Recommended], freed: Sequence[Limit]) -> None:
        """Put what comes nearest beside a few picks, under all limits but those `freed`; no pump for a dear bicycle."""
        taste, beyond = self.state.taste, list(turn.further)
        held = [x.constraint for x in taste.limits if x not in freed and not any(replaces(new, x) for new in beyond)]
        dear = [c.value for c in turn.further if c.field == "price" and isinstance(c.value, float)]
        beyond += [Constraint("price", ">=", _SAME_CLASS * price) for price in dear]
        known = self.shop.positions([*taste.disliked, *taste.seen, *taste.shown])
        others = np.flatnonzero(~self._picking.tiers(held)[-1]).tolist()
        near = Query("", tuple(pick.position for pick in picks))
        exclude = {*known, *others, *near.liked, *self._of_another_sort(near.liked)}
        found = self.shop.recommender.recommend(near, [*held, *beyond], exclude=exclude, k=CARDS - len(picks))
        turn.beside, turn.freed = [pick.position for pick in found], list(freed)

    def _of_another_sort(self, positions: Sequence[int]) -> list[int]:
        """Return what shares no word of its kind with any of some items: jackets stand in for no trail shoes."""
        index = self.shop.index
        sorts = {word for at in positions for word in words(index.catalog[at].kind)}
        alike = np.zeros(len(index.catalog), dtype=np.bool_)
        for kind, at in index.facets.postings.get("kind", {}).items():
            if not sorts.isdisjoint(words(kind)):
                alike[at] = True
        return [int(at) for at in np.flatnonzero(~alike)]

    def _things(self) -> list[Limit]:
        return [x for x in self.state.taste.limits if x.is_thing]

    def _spare(self, limit: Limit) -> bool:
        """Whether a limit may be missing in what is shown beside what fits: a quality, or a measure; no price."""
        number = isinstance(limit.value, int | float) and limit.op != "fits" and limit.field != "price"
        return (self._is_soft(limit) or number) and not limit.lasting

    def nearest(self, turn: Turn) -> list[Recommended]:
        """Return goods of the kind in force that lack the softest limit only, which is let go of."""
        if not self.shop.of_goods or not any(x.is_thing for x in self.state.taste.limits):
            return []
        best = best_relaxation(self.shop, self.state, self._is_soft)
        if best is None:
            return []
        limit, more = best
        labels = [x.label for x in self.state.taste.limits]
        turn.lift(self.state, [limit], silently=True)
        turn.refined = True
        picks = self._picking.picks(turn)
        if picks:
            without = self.say("nearest_without" if more > 1 else "nearest_without_one", limit=limit.label, more=more)
            turn.notes.extend((self.say("none", limits=self.say.quoted(labels)), without))
        return picks

    def _is_soft(self, limit: Limit) -> bool:
        """Whether a limit is what something else may do without, a colour or so many people; nothing lasting."""
        if limit.op == "fits" and part_of(limit.field) == "people":
            return True
        columns = self.shop.parser.columns
        of_text = isinstance(limit.value, str | tuple) and limit.op == "is" and not limit.lasting
        quality = limit.field in ("title", "topic", "genres") or columns.limits(limit.field)
        lacks = limit.field in columns.grades and rank_of(limit.value) == NONE  # who wants none wants it nowhere
        return of_text and quality and not lacks and limit.field not in columns.flags.values()
