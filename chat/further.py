"""Further limits: what a message asks for by what has been shown, said or is in the catalogue, in no words of its own.

"Cheaper" is measured against the card spoken of, "a light one" against the weights of the things asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from chat.facts import measure
from chat.scene import Scene
from chat.singling import contrary, singled, undergone
from chat.softening import either
from chat.turn import Turn
from retrieval.constraints import satisfies
from retrieval.halves import halves
from retrieval.labels import relabelled
from retrieval.lexicon import canonical
from retrieval.numbers import LENGTH_FIELDS
from retrieval.parsed import as_tuple
from retrieval.scales import HIGH, LOW
from retrieval.sums import not_dear, too_much
from retrieval.text import forms, words
from retrieval.types import Constraint

_TOO_OLD = re.compile(r"\btoo\s+old\b", re.IGNORECASE)  # said of all that is shown


class Further(Scene):
    """Reads a message's further limits, before it has changed those in force."""

    def against_shown(self, turn: Turn, said: Sequence[Constraint]) -> list[Constraint]:
        """Return the limits against what has been shown; "too much" is said of a price that has been named."""
        priced = [c for c in said if (c.field, c.op) == ("price", "<")]
        named = {c.field for c in said if c.op in ("<", "<=", ">", ">=")}  # "something shorter, under two hours"
        named |= set(LENGTH_FIELDS) | {"length"} if named.intersection(LENGTH_FIELDS) else set()
        return [c for c in self._relative(turn) if c.field not in named] or (priced if too_much(turn.text) else [])

    def by_its_words(self, turn: Turn) -> list[Constraint]:
        """Return the limits that lie in words like "not too dear" and "light"."""
        return [*self._not_dear(turn), *self._halves(turn)]

    def among_wanted(self, turn: Turn) -> list[Constraint]:
        """Return the limits to the works of a maker, and to those things that a word singles out."""
        return [*self._by_its_maker(turn), *self._singled(turn)]

    def beyond(self, turn: Turn, said: Sequence[Constraint]) -> list[Constraint]:
        """Return the limits that turn those in force round, or name what somebody undergoes, beside those said."""
        turned = self._turned(turn, said)
        return [*turned, *self._undergone(turn, [*said, *turned])]

    def labelled(self, constraint: Constraint) -> Constraint:
        """Return a limit worded in the language that the person now writes."""
        facets = self.shop.index.facets
        kinds = facets.postings.get("kind", {})
        return relabelled(constraint, self.say.language, facets.currency, facets.name, kinds)

    def _relative(self, turn: Turn) -> list[Constraint]:
        """Turn "cheaper" and "newer" into limits, against the work named or the first card."""
        cards = [place for opinion in turn.understood.opinions if not opinion.that for place in opinion.places]
        pointed = [self.state.taste.focus[at] for at in cards if at < len(self.state.taste.focus)]
        one = self.shop.positions(pointed) if len(pointed) == 1 else []  # "the third one is too heavy"
        against = turn.named or one or self._shown_last(turn)
        if not against:
            return self._by_grade(turn)
        item, facets = self.shop.index.catalog[against[-1]], self.shop.index.facets
        all_shown = _TOO_OLD.search(turn.text) is not None or not (turn.named or one or self.state.taste.about)
        every = pointed if len(pointed) > 2 else self.state.taste.focus if all_shown else []
        found: list[Constraint] = []
        for name, op in turn.understood.parsed.relative:
            if name == "year" and (years := self._years(every)):  # "those are old", "something newer"
                middle = years[len(years) // 2]
                further = max(middle, item.year or middle) if op.startswith(">") else min(middle, item.year or middle)
                found.append(self.labelled(Constraint("year", op, float(middle if len(pointed) > 2 else further))))
                continue
            fields = LENGTH_FIELDS if name == "length" else (name,)
            number, column = next(((n, f) for f in fields if (n := measure(item, f)) is not None), (None, name))
            if number is not None:
                bound, several = self.shop.parser.columns.bound(column, op, float(number)), len(facets.currencies) > 1
                found.append(
                    self.labelled(replace(bound, currency=item.currency if several and name == "price" else ""))
                )
        held = [limit.constraint for limit in self.state.taste.limits]
        return list(either(turn.text, found, lambda one: int(facets.mask([*held, one]).sum())))

    def _by_grade(self, turn: Turn) -> list[Constraint]:
        """Turn "with less caffeine" into low in it, where nothing has been shown to have more."""
        columns, less = self.shop.parser.columns, ("<", "<=")
        graded = [(name, op) for name, op in turn.understood.parsed.relative if name in columns.grades]
        return [self.labelled(columns.bound(f, *(("<=", LOW) if op in less else (">=", HIGH)))) for f, op in graded]

    def _years(self, ids: Sequence[str]) -> list[int]:
        """Return the years of several items, earliest first; their middle tells how old they are."""
        return sorted(item.year for item in self.shop.items(ids) if item.year is not None)

    def _not_dear(self, turn: Turn) -> list[Constraint]:
        """Turn "not too dear" into a limit, unless a price is named or nothing tells of what things."""
        among = self._things_spoken_of(turn)
        priced = any(c.field == "price" for c in turn.understood.parsed.constraints)
        found = not_dear(turn.text, self.shop.index.facets, among) if among and not priced else []
        return [self.labelled(c) for c in found]

    def _halves(self, turn: Turn) -> list[Constraint]:
        """Turn "a light one" into a limit where the goods asked for tell their weights."""
        said, facets, parser = turn.understood.parsed, self.shop.index.facets, self.shop.parser
        if facets.of_works or turn.named or turn.understood.extreme is not None:
            return []
        if parser.columns.adjective_words.isdisjoint(words(turn.text)):
            return []
        held = self._things_spoken_of(turn)
        names = {name for c in held for value in as_tuple(c.value) for name in (value, *value.split()[-1:])}
        kinds = {form for name in names for form in forms(name)}  # "a small kettle", where kettles are electric ones
        asked = (value for c in said.constraints for value in as_tuple(c.value))
        values = " ".join([*asked, *(w.value for w in said.wishes)]).split()
        found = halves(turn.text, parser.columns, facets, held, kinds, lambda word: word in values, self._refuses(turn))
        fields = {c.field for c in said.constraints} | {name for name, _ in said.relative}
        return [self.labelled(c) for c in found if c.field not in fields]

    def _refuses(self, turn: Turn) -> Callable[[int, int], bool]:
        """Return what tells whether the message as a whole refuses what stands in a span of it."""
        sensed = self.shop.senses.read(turn.text) if self.shop.senses is not None else None
        refused = sensed.refused() if sensed is not None else []
        return lambda start, end: any(first < end and start < last for first, last in refused)

    def _singled(self, turn: Turn) -> list[Constraint]:
        """Turn "an electric one" into a limit, among what is wanted, unless another kind is."""
        limits = [x.constraint for x in self.state.taste.limits if x.field != "topic"]
        kinds = any(c.field in ("kind", "title") for c in [*turn.understood.parsed.constraints, *limits])
        if not kinds or any(c.field in ("kind", "title") for c in turn.understood.parsed.constraints):
            return []
        held = [*limits, *turn.understood.parsed.constraints]
        found = singled(turn.text, self.shop.index.facets, held, self.shop.parser.phrases.get)
        return [self.labelled(c) for c in found]

    def _undergone(self, turn: Turn, said: Sequence[Constraint]) -> list[Constraint]:
        """Turn "losing his hair" into the value that names it: "hair loss"."""
        facets, columns = self.shop.index.facets, self.shop.parser.columns
        fields = [name for name in facets.postings if columns.limits(name)] if not facets.of_works else []
        values = ((name, value) for name in fields for value in facets.postings[name])
        meant = [Constraint(name, "is", value) for name, value in values if undergone(turn.text, value)]
        return [self.labelled(c) for c in meant if not any((c.field, c.value) == (x.field, x.value) for x in said)]

    def _turned(self, turn: Turn, said: Sequence[Constraint]) -> list[Constraint]:
        """Turn limits in force round: "the non electric ones", of electric ones."""
        held = [x.constraint for x in self.state.taste.limits if x.op == "is" and x.field != "kind"]
        turned = contrary(turn.text, held)
        return [self.labelled(c) for c in turned if not any((c.field, c.value) == (x.field, x.value) for x in said)]

    def _by_its_maker(self, turn: Turn) -> list[Constraint]:
        """Turn "what else did she write?" into a limit: the makers of the work named, or of the one spoken of."""
        against = turn.named or self._positions_of_it()
        makers = self.shop.index.catalog[against[-1]].creators if against and turn.understood.same_maker else ()
        if not makers:
            return []
        names = tuple(canonical("creators", maker) for maker in makers)
        known = {against[-1], *self.shop.positions([*self.state.taste.seen, *self.state.taste.disliked])}
        theirs = self.shop.index.facets.postings.get("creators", {})
        if all(known.issuperset(theirs.get(name, ())) for name in names):
            turn.notes.append(self.say("none_else_by", makers=self.say.quoted(list(makers))))
            return []
        return [self.labelled(Constraint("creators", "is", names if len(names) > 1 else names[0]))]

    def _things_spoken_of(self, turn: Turn) -> list[Constraint]:
        """Return the limits that say what thing is wanted: those of this message, or else those in force."""
        said = [c for c in turn.understood.parsed.constraints if c.is_thing]
        return said or [x.constraint for x in self.state.taste.limits if x.is_thing]

    def _shown_last(self, turn: Turn) -> list[int]:
        """Return what "cheaper" is measured against: the item spoken of if it is on screen, else the first shown.

        What is asked for is of some kind: a part that a question was about in between is not meant.
        """
        taste = self.state.taste
        spoken = [taste.about] if taste.about and (taste.about in taste.focus or not taste.focus) else []
        ids = [*spoken, *taste.focus, *(i for m in reversed(self.state.messages) for i in m.items)]
        shown = self.shop.positions(list(dict.fromkeys(ids)))
        said = [c for c in turn.understood.parsed.constraints if (c.field, c.op) == ("kind", "is")]
        kinds = said or [x.constraint for x in taste.limits if (x.field, x.op) == ("kind", "is")]
        catalog = self.shop.index.catalog
        return [at for at in shown if all(satisfies(catalog[at], kind) for kind in kinds)][:1] or shown[:1]

    def _positions_of_it(self) -> list[int]:
        taste = self.state.taste
        return self.shop.positions([taste.about] if taste.about else taste.focus[:1])
