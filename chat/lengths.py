"""How long an item is, in a shop that tells how long its games take and how many pages its books have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chat import facts
from chat.turn import Turn
from retrieval.types import Item
from retrieval.units import of_header


def of_pages(turn: Turn, items: Sequence[Item]) -> Turn:
    """Ask for the length of items that lack the time which a question was taken to ask for."""
    asked = turn.understood.questions
    meant = tuple("length" if _lacking(field, items) else field for field in asked)
    if meant == asked or not any(facts.length(item, "en") for item in items):
        return turn
    return replace(turn, understood=replace(turn.understood, questions=tuple(dict.fromkeys(meant))))


def _lacking(field: str, items: Sequence[Item]) -> bool:
    """Whether a field is a column of times in which no item has any."""
    unit = of_header(field)[1]
    return unit is not None and unit.dimension == "time" and not any(field in item.attributes for item in items)
