"""Limits that are wishes, and comparatives that are alternatives.

Shown perfumes, who wants "something fresh" is not helped by a column of scents in which no perfume is "fresh": the
word is wished for then, and looked for in the descriptions. What is fine besides widens a limit: "black is ok, too".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from chat.understanding import Understanding
from retrieval.columns import Columns
from retrieval.parsed import Parsed, Wish, as_tuple
from retrieval.shades import distinct
from retrieval.types import Constraint

_OR = re.compile(r"\bor\b|或", re.IGNORECASE)


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
        Wish("topic" if c in genres else c.field, value, value, -1 - at)
        for at, c in enumerate(soft)
        for value in distinct(as_tuple(c.value))
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
