"""Dead ends: where nothing is left, what a message asked for too much is taken back, and what still stands is shown.

A price, a measure, an allergy and whatever else is refused are never given up for the person: then there is no card.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chat.picking import CARDS, Picking
from chat.recommender import Recommended
from chat.replies import Say
from chat.shop import Shop
from chat.state import DialogueState, Limit, replaces
from chat.telling import best_relaxation
from chat.turn import Turn
from retrieval.ranges import part_of


@dataclass(frozen=True, slots=True)
class DeadEnds:
    """Ways out of them, in one conversation; what is given up is said in the turn's notes."""

    shop: Shop
    state: DialogueState
    say: Say

    @property
    def _picking(self) -> Picking:
        return Picking(self.shop, self.state, self.say)

    def furthest(self, turn: Turn) -> list[Recommended]:
        """Return what comes nearest to "lighter" where nothing is: the lightest, without that limit in force."""
        taste = self.state.taste
        if not turn.further:
            return []
        kept, beyond = list(taste.limits), turn.further
        taste.limits = [x for x in kept if x.constraint not in beyond]
        back = (old for old in turn.before if any(replaces(new, old) for new in beyond))
        taste.limits.extend(old for old in back if old not in taste.limits)
        sign = -1 if beyond[0].op.startswith("<") else 1
        utmost = replace(turn.understood, extreme=(beyond[0].field, sign))
        picks = self._picking.picks(replace(turn, understood=utmost))
        if not picks:
            taste.limits = kept
            return []
        turn.understood = utmost
        turn.notes.append(self.say("none_further", limit=beyond[0].label))
        return picks

    def left(self, turn: Turn) -> list[Recommended]:
        """Return of goods what was shown before and still fits, where "what else?" has no other answer."""
        taste = self.state.taste
        if not self.shop.of_goods or turn.understood.act != "more":
            return []
        refused = self.shop.positions([*taste.disliked, *taste.seen])
        allowed = self.shop.recommender.allowed(self._picking.constraints(), refused)
        shown = [at for at in self.shop.positions(taste.shown) if allowed[at]][:CARDS]
        return [Recommended(at, 0.0) for at in shown]

    def nearest(self, turn: Turn) -> list[Recommended]:
        """Return goods of the kind in force that lack the softest limit only, which is let go of."""
        if not self.shop.of_goods or not any((x.field, x.op) == ("kind", "is") for x in self.state.taste.limits):
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
        return of_text and quality and limit.field not in columns.flags.values()
