"""What reads as a limit and is none, and comparatives that are alternatives.

"The dishwasher has nowhere to go" asks for no dishwasher: what is told is plainly met by other goods (`chat.needs`).
And shown perfumes, who wants "something fresh" is not helped by a column of scents in which no perfume is "fresh": the
word is wished for then, and looked for in the descriptions. What is fine besides widens a limit: "black is ok, too".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import compress

from chat.shop import Shop
from chat.state import DialogueState
from chat.understanding import Understanding
from retrieval.columns import Columns
from retrieval.parsed import Parsed, Wish, as_tuple
from retrieval.shades import distinct
from retrieval.types import Constraint

_PROMISES = (True, False, "yes", "no")  # values of columns like "vegan" and "waterproof"
_OR = re.compile(r"\bor\b|或", re.IGNORECASE)


def undoubted(understood: Understanding, state: DialogueState, shop: Shop) -> Understanding:
    """Return what was understood without what reads as a limit on goods and is told of something else.

    Args:
        understood: the last message.
        state: the conversation, the message included.
        shop: knows which goods meet what is told, if anybody does.
    """
    needs, parsed = shop.recommender.needs, understood.parsed
    if needs is None or understood.act != "recommend":
        return understood
    loose = [c for c in parsed.constraints if c.is_thing or (c.field in shop.parser.columns and _by_chance(c, parsed))]
    if not loose:
        return understood
    said = [(entry.role, entry.text) for entry in state.messages]
    fields = list(dict.fromkeys(c.field for c in loose))
    left = [shop.index.facets.mask([c for c in loose if c.field == field]) for field in fields]
    doubted = set(compress(fields, needs.doubted(said, left)))
    stands = tuple(c for c in parsed.constraints if c not in loose or c.field not in doubted)
    return replace(understood, parsed=replace(parsed, constraints=stands)) if doubted else understood


def _by_chance(limit: Constraint, parsed: Parsed) -> bool:
    """Whether words may set a limit on a column by chance: a value that they name, or a bare number, about which it is.

    Not "at least 80 mm", nor whether something is vegan.
    """
    if limit.op == "is":
        return limit.value not in _PROMISES
    return {"<=", ">="} <= {c.op for c in parsed.constraints if c.field == limit.field}


def softened(understood: Understanding, in_force: Sequence[Constraint], columns: Columns) -> Understanding:
    """Return what was understood with wishes in the place of limits that no item of the kind in force has."""
    parsed = _widened(understood.parsed, in_force)
    own = [c for c in parsed.constraints if (c.field, c.op) == ("kind", "is")]
    kinds = [] if own else [c for c in in_force if (c.field, c.op) == ("kind", "is")]
    valued = [c for c in parsed.constraints if c.op == "is" and columns.limits(c.field) and not columns.grades.holds(c)]
    soft = [c for c in valued if not columns.occurs(c, kinds)]
    genres = [c for c in parsed.constraints if (c.field, c.op) == ("genres", "is") and c not in soft]
    soft += [c for c in genres if own and not columns.occurs(c, own)]  # "songs from old musicals", of albums
    if not soft:
        return understood if parsed is understood.parsed else replace(understood, parsed=parsed)
    wishes = [
        Wish(c.field, value, value, -1 - at) for at, c in enumerate(soft) for value in distinct(as_tuple(c.value))
    ]
    said = " ".join(dict.fromkeys(wish.value for wish in wishes))
    kept = tuple(c for c in parsed.constraints if c not in soft)
    return replace(
        understood,
        parsed=replace(parsed, constraints=kept, wishes=(*parsed.wishes, *wishes)),
        gist=" ".join(filter(None, (understood.gist, said))),
    )


def _widened(parsed: Parsed, in_force: Sequence[Constraint]) -> Parsed:
    """Return what was read with limits that also let in what a message says to be fine: "black is ok", after "red"."""
    for old in in_force:
        fine = [w for w in parsed.wishes if w.field == old.field and w.value in parsed.allowed]
        if fine and old.op == "is" and isinstance(old.value, str | tuple):
            wider = tuple(dict.fromkeys((*as_tuple(old.value), *(wish.value for wish in fine))))
            wishes = tuple(wish for wish in parsed.wishes if wish not in fine)
            parsed = replace(
                parsed, constraints=(*parsed.constraints, Constraint(old.field, "is", wider)), wishes=wishes
            )
    return parsed


def either(text: str, limits: Sequence[Constraint], leaves: Callable[[Constraint], int]) -> Sequence[Constraint]:
    """Return the limits that comparatives set, of alternatives the one that leaves most: "smaller, or cheaper"."""
    if len(limits) < 2 or not _OR.search(text):
        return limits
    return [max(limits, key=leaves)]
