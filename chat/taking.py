"""Taking: which of the goods spoken of somebody takes who calls them by a word: "the hare and the tools, please"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.shop import Shop
from chat.state import DialogueState
from chat.typed import telling_words
from retrieval.text import forms, words
from retrieval.types import Item

_ANOTHER = re.compile(r"\b(?:a|an|some|any|another)\s+(?:[\w'’-]+\s+)?[\w'’-]+", re.IGNORECASE)


def spoken_of(shop: Shop, state: DialogueState) -> list[Item]:
    """Return the goods of a conversation, the latest first: those put first or named, then whatever was shown."""
    said = [entry.items[:1] if entry.role == "assistant" else entry.items for entry in reversed(state.messages)]
    ids = [item for items in said for item in items]
    return shop.items(dict.fromkeys([*ids, *reversed(state.taste.shown)]))


def taken(text: str, spoken: Sequence[Item]) -> list[Item]:
    """Return the goods that a message calls by words of their titles or kinds, of several that have one the latest.

    "A lamp" is none of those spoken of.
    """
    text = _ANOTHER.sub(" ", text)
    names = [(item, {form for word in words(f"{item.title} {item.kind}") for form in forms(word)}) for item in spoken]
    owners = {word: [item for item, own in names if not own.isdisjoint(forms(word))] for word in telling_words(text)}
    called: dict[str, Item] = {}
    for having in sorted(filter(None, owners.values()), key=len):  # what tells one from the others first
        if called.keys().isdisjoint(item.id for item in having):
            called[having[0].id] = having[0]
    order = [item.id for having in owners.values() for item in having]
    return sorted(called.values(), key=lambda item: order.index(item.id))
