"""How long an item is, in a shop that tells how long its games take and how many pages its books have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chat import facts
from chat.turn import Turn
from retrieval.types import Item
from retrieval.units import of_header


def of_length(turn: Turn, items: Sequence[Item]) -> Turn:
    """Ask for the pages of items that lack the time which a question was taken to ask for, or for their time."""
    asked = turn.understood.questions
    meant = tuple(dict.fromkeys(_told(field, items) for field in asked))
    return turn if meant == asked else replace(turn, understood=replace(turn.understood, questions=meant))


def _told(field: str, items: Sequence[Item]) -> str:
    """Return the field in which items tell what another asks for."""
    paged = any(facts.length(item, "en") for item in items)
    if field == "length" and not paged:
        return next((name for item in items for name in item.attributes if _is_time(name)), field)
    lacking = _is_time(field) and not any(field in item.attributes for item in items)
    return "length" if lacking and paged else field


def _is_time(field: str) -> bool:
    """Whether a column tells how long something takes, in hours or minutes; what takes days is a delivery."""
    unit = of_header(field)[1]
    return unit is not None and unit.dimension == "time" and unit.name in ("minutes", "hours")
