"""What a message asks for: limits, wishes and what they do to earlier ones, and how limits of one column are joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.labels import label
from retrieval.types import Constraint, Op

# What words are: idle if they say nothing of the wanted work, aside if none is wanted, known if they name what the
# person knows; "" if that is not clear.
Told = Literal["idle", "aside", "wanted", "refused", "known", ""]


@dataclass(frozen=True, slots=True)
class Wish:
    """A soft preference: a canonical facet value the person would like (or, if not `liked`, would rather not have)."""

    field: str
    value: str
    surface: str
    start: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a message asks for.

    Attributes:
        constraints: hard limits, in the order of the text.
        wishes: soft preferences.
        relative: (field, op) for "cheaper", "newer" …, which need an item to compare with.
        spans: the (start, end) characters that were understood.
        hard: those of the spans that became constraints.
        refused: those of the spans that say what must not be.
        implied: what a refused mood rules out besides, unless it is wanted: "nothing scary" means no horror.
        unchecked: columns that are to be limited and that the catalogue lacks: "under 300 pages".
        opened: fields that are to be limited no longer: "not only films".
        taken_back: (field, value) that is asked for no longer: "forget the thriller".
        allowed: words for what need not be refused any longer: "I don't mind some fighting".
        owned: what somebody has already and needs no other of.
    """

    constraints: tuple[Constraint, ...] = ()
    wishes: tuple[Wish, ...] = ()
    relative: tuple[tuple[str, Op], ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    hard: tuple[tuple[int, int], ...] = ()
    refused: tuple[tuple[int, int], ...] = ()
    implied: tuple[Constraint, ...] = ()
    opened: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    taken_back: tuple[tuple[str, str], ...] = ()
    allowed: tuple[str, ...] = ()
    owned: tuple[Constraint, ...] = ()


def spanned(constraints: Sequence[Constraint], language: str) -> list[Constraint]:
    """Join several decades into one span of years: "films from the 1960s or 1970s"."""
    decades = [c for c in constraints if c.field == "decade" and c.op == "is"]
    if len(decades) < 2:
        return list(constraints)
    low, high = (f(float(c.value) for c in decades) for f in (min, max))  # type: ignore[arg-type]
    span = [
        Constraint("year", ">=", low, label("year", ">=", low, language)),
        Constraint("year", "<=", high + 9, label("year", "<=", high + 9, language)),
    ]
    return [c for c in constraints if c not in decades] + span


def joined(
    constraints: Sequence[Constraint],
    relabel: Callable[[str, Op, tuple[str, ...]], str],
    both: Callable[[Constraint, Constraint], bool],
) -> tuple[Constraint, ...]:
    """Join positive values of one column ("Miyazaki or Le Guin", "科幻片和动作片") into one any-of constraint.

    Args:
        constraints: the limits, in the order of the text.
        relabel: words the joined ones.
        both: whether two are to hold together ("a sweet white wine") instead.
    """
    merged: dict[tuple[str, str, object], Constraint] = {}
    for c in constraints:
        joins = c.op == "is" and isinstance(c.value, str | tuple)
        key = (c.field, c.op, None if joins else c.value)
        if joins and key in merged and both(merged[key], c):
            key = (c.field, c.op, c.value)
        if joins and key in merged:
            old = merged[key]
            values = tuple(dict.fromkeys([*as_tuple(old.value), *as_tuple(c.value)]))
            if len(values) > len(as_tuple(old.value)):
                merged[key] = Constraint(c.field, c.op, values, relabel(c.field, c.op, values))
        else:
            merged.setdefault(key, c)
    return tuple(merged.values())


def as_tuple(value: object) -> tuple[str, ...]:
    """Return the values of a limit."""
    return value if isinstance(value, tuple) else (str(value),)
