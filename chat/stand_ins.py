"""Stand-ins: what "it", "those" and a plain word mean in a message that names a work or a good as well."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.opinions import Opinion
from chat.shop import Shop
from chat.taking import taken
from chat.turn import Turn

_IT = re.compile(r"\b(?:it|that|this)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?]+[.!?]?")


def stands_for_name(turn: Turn, opinion: Opinion, *, of_goods: bool) -> bool:
    """Whether a question's "it" or "those" is what it names: "do those Clips need a hook, or does it hang?"."""
    if not of_goods or turn.understood.act != "question" or opinion.attitude != "neutral":
        return False
    named = [other for other in turn.understood.opinions if other.surface]
    points = not opinion.surface and (opinion.that or len(opinion.places) > 1)
    return points and len(named) == 1 and not turn.understood.compares


def name_before(turn: Turn) -> Opinion | None:
    """Return the name of a sentence that its "it" stands behind, as in "not Alien, seen it"; None if none does."""
    named = [opinion for opinion in turn.understood.opinions if opinion.surface and opinion.positions]
    if turn.understood.compares:
        return None
    for sentence in _SENTENCE.findall(turn.text) if len(named) > 1 else [turn.text]:
        said = [opinion for opinion in named if opinion.surface in sentence]
        if len(said) == 1:
            before, _, behind = sentence.partition(said[0].surface)
            if _IT.search(behind) is not None and _IT.search(before) is None:
                return said[0]
    return None


def called_on_screen(shop: Shop, focus: Sequence[str], turn: Turn, opinion: Opinion) -> int | None:
    """Return the position of a good on screen that a question calls by one word, where another names none of them.

    "Are the sticks of the lollies plastic?" asks of the lollies on screen, though something else is called sticks.
    """
    positions = shop.index.catalog.positions
    plain = opinion.surface.islower() and opinion.surface.isalpha()
    names = [other for other in turn.understood.opinions if other.surface]
    if not shop.of_goods or turn.understood.act != "question" or not plain or len(names) > 1:
        return None
    shown = [item for item in shop.items(focus) if positions[item.id] not in opinion.positions]
    if len(shown) < len(focus):
        return None
    called = taken(turn.text.replace(opinion.surface, " "), shown)
    return positions[called[0].id] if called else None
