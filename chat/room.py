"""What gives way to a new message: the limits of the last subject, of another person, of what was wanted before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chat.naming import MEANT
from chat.opinions import SIMILAR
from chat.shop import Shop
from chat.state import DialogueState, Limit
from chat.turn import Turn
from chat.typed import for_whom
from retrieval.constraints import listed_values, satisfies
from retrieval.lexicon import canonical
from retrieval.numbers import LENGTH_FIELDS
from retrieval.parsed import as_tuple
from retrieval.types import Constraint

CORRECTS = re.compile(
    r"\b(?:no\s+wait|i\s+meant|i\s+mean|actually|instead|rather|sorry|or\s+maybe|what\s+about|how\s+about)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Room:
    """Makes room in a state for what a message asks for."""

    shop: Shop
    state: DialogueState

    def make(self, turn: Turn, fields: set[str]) -> None:
        """Lift the limits of the last subject that a new one contradicts or silently leaves behind."""
        self._for_somebody_else(turn, fields)
        limits = self.state.taste.limits
        if turn.changed_subject and "creators" not in fields:
            turn.lift(self.state, [x for x in limits if x.field == "creators" and x.op == "is"], silently=True)
        if turn.understood.anything and "creators" in fields and "kind" not in fields:
            turn.lift(self.state, [x for x in limits if x.field == "kind" and x.op == "is"], silently=True)
            self.state.taste.any_kind = True
        if "creators" in fields:
            turn.lift(self.state, [x for x in limits if x.field == "genres" and x.op == "is"], silently=True)
        if turn.named and turn.understood.bare_title and "kind" not in fields:
            kinds = {canonical("kind", self.shop.index.catalog[at].kind) for at in turn.named}
            turn.lift(
                self.state,
                [x for x in limits if x.field == "kind" and x.op == "is" and x.value not in kinds],
                silently=True,
            )
            if MEANT.match(turn.text):  # who insists on a title has it, whatever was asked for before
                items = [self.shop.index.catalog[at] for at in turn.named]
                before = [x for x in self.state.taste.limits if not all(satisfies(i, x.constraint) for i in items)]
                turn.lift(self.state, before)
        if fields & {"kind", "title"}:
            self._for_a_thing(turn, fields)
        if "kind" in fields:
            self._of_another_kind(turn)
            kind = next(c for c in turn.understood.parsed.constraints if c.field == "kind" and c.op == "is")
            for old in [x for x in limits if x.field == "genres" and x.op == "is"]:
                if not self.shop.recommender.allowed([kind, old.constraint]).any():
                    turn.lift(self.state, [old])

    def _of_another_kind(self, turn: Turn) -> None:
        """Let go of a length where works of another kind are wanted: an hour and a half of music is no film's."""
        said = turn.understood.parsed.constraints
        kinds = [x for x in self.state.taste.limits if (x.field, x.op) == ("kind", "is") and not x.inferred]
        new = {v for c in said if (c.field, c.op) == ("kind", "is") for v in as_tuple(c.value)}
        if kinds and not any(new.intersection(as_tuple(x.value)) for x in kinds):
            lengths = [x for x in self.state.taste.limits if x.field in LENGTH_FIELDS and x.constraint not in said]
            turn.lift(self.state, lengths)

    def _for_a_thing(self, turn: Turn, fields: set[str]) -> None:
        """Let go of the kind, or of the noun of titles, that was wanted before, where another thing is wanted now."""
        self._leave_behind(turn, fields)
        before = [x for x in self.state.taste.limits if x.op == "is"]
        gone = [x for x in before if x.field == "title"] if "kind" in fields else []
        if "kind" not in fields:  # saddles are spare parts, although some bag is a "Saddle Pack"
            facets = self.shop.index.facets
            things = [c for c in turn.understood.parsed.constraints if (c.field, c.op) == ("title", "is")]
            items = [self.shop.index.catalog[at] for at in np.flatnonzero(facets.mask(things)).tolist()]
            kinds = Counter(kind for item in items for kind in listed_values(item, "kind")).most_common(1)
            gone = [
                x for x in before if x.field == "kind" and not {k for k, _ in kinds}.intersection(as_tuple(x.value))
            ]
            nouns = [str(c.value) for c in things if self.shop.parser.tails.is_noun(str(c.value))]
            of_them = [
                x for x in gone if not any(str(v).endswith(f" {noun}") for v in as_tuple(x.value) for noun in nouns)
            ]
            if nouns:  # of brushes, a set is one of brushes
                gone = [x for x in gone if x not in of_them or not facets.mask([x.constraint, *things]).any()]
        turn.lift(self.state, gone, silently=True)

    def _leave_behind(self, turn: Turn, fields: set[str]) -> None:
        """Let go of what was measured of the thing wanted before, its colour and price, where another joins it."""
        before = [x for x in self.state.taste.limits if x.is_thing]
        said = turn.understood.parsed.constraints
        new = [c for c in said if c.field in fields & {"kind", "title"} and c.op == "is"]
        same = any(set(as_tuple(c.value)) & set(as_tuple(x.value)) for c in new for x in before)
        if same or not before or self.shop.index.facets.of_works or CORRECTS.search(turn.text):
            return
        own = {x.field for x in self.state.taste.limits if _is_own(x)} - {c.field for c in said}
        prices = [] if "price" in {c.field for c in said} else self._prices(before, new)
        turn.lift(self.state, [x for x in self.state.taste.limits if x.field in own and not x.lasting], silently=True)
        facets = self.shop.index.facets
        matters = (facets.mask(new) != facets.mask([*new, *(x.constraint for x in prices)])).any()
        turn.lift(self.state, prices, silently=not matters)

    def _prices(self, before: Sequence[Limit], new: Sequence[Constraint]) -> list[Limit]:
        """Return the limits on the price of the things wanted before, where quite other ones are wanted now.

        They are said after the thing: what stands before it, "something under 50", is about a purse and not about it.
        """
        held = [x.constraint for x in before]
        sorts = [{word for c in things for v in as_tuple(c.value) for word in v.split()} for things in (held, new)]
        if not sorts[0].isdisjoint(sorts[1]) or self.shop.index.facets.mask([*held, *new]).any():
            return []  # a frying pan after a saucepan, a reflector of telescopes
        limits = self.state.taste.limits
        said_after = limits[min(map(limits.index, before)) :]
        return [x for x in said_after if x.field == "price" and not x.lasting]

    def _for_somebody_else(self, turn: Turn, fields: set[str]) -> None:
        """Lift what was asked for before where something is wanted for somebody else: their taste is their own.

        Prices stay, and so does a kind, unless another one is asked for or a maker is named, who may have made others.
        """
        if not self._for_another(turn):
            return
        taste, own = self.state.taste, {"genres", "moods", "audience", "topic", "title", "creators"}
        if "kind" in fields or "creators" in {*fields, *(w.field for w in turn.understood.parsed.wishes)}:
            own.add("kind")
            taste.any_kind = "kind" not in fields
        own.update(("year", "decade", "language", *LENGTH_FIELDS))
        if not self.shop.index.facets.of_works:
            own.update(x.field for x in taste.limits if x.field in self.shop.parser.columns or _is_own(x))
            own -= {c.field for c in turn.understood.parsed.constraints}
            own.update({"kind"} if self._none_of_the_kind(turn) else ())
        of_a_kind = [x for x in taste.limits if x.field == "kind" and x.inferred]
        theirs = [x for x in taste.limits if (x.field in own or x in of_a_kind) and not x.lasting]
        told = [x for x in theirs if x.field in ("language", "year", "decade", *LENGTH_FIELDS) and not x.inferred]
        turn.lift(self.state, [x for x in theirs if x not in told], silently=True)  # that tastes differ is plain
        turn.lift(self.state, told)
        taste.wishes, taste.earlier, taste.wish_text = [], [], []
        named = [self.shop.index.catalog[at].id for at in turn.named]
        taste.aside = [item for item in taste.liked if item not in named]

    def _none_of_the_kind(self, turn: Turn) -> bool:
        """Whether only other kinds have what another person likes: "he drinks espresso", after teas."""
        facets, columns, parsed = self.shop.index.facets, self.shop.parser.columns, turn.understood.parsed
        wished = [Constraint(wish.field, "is", wish.value) for wish in parsed.wishes]
        likes = [c for c in (*parsed.constraints, *wished) if c.op == "is" and c.field in columns]
        kinds = [x.constraint for x in self.state.taste.limits if (x.field, x.op) == ("kind", "is")]
        return bool(likes and kinds) and not facets.mask([*kinds, *likes]).any() and bool(facets.mask(likes).any())

    def _for_another(self, turn: Turn) -> bool:
        """Whether a message wants something for somebody for whom nothing was wanted before."""
        whom = for_whom(turn.text)
        before = [entry.text for entry in self.state.messages if entry.role == "user"][:-1]
        likened = self.shop.index.facets.of_works and SIMILAR.search(turn.text) is not None
        return bool(whom) and not likened and not any(whom in text.casefold() for text in before)


def _is_own(limit: Limit) -> bool:
    """Whether a limit is about one thing alone, its measures, sort and colour; a price may be about a purse."""
    measured = isinstance(limit.value, int | float) and not isinstance(limit.value, bool)
    told = measured or (limit.field, limit.op) == ("topic", "is")
    return (told and limit.field != "price") or limit.field.casefold().startswith(("colour", "color"))
