"""Taking: which of the goods spoken of somebody takes who calls them by a word: "the hare and the tools, please"."""

from __future__ import annotations

from collections.abc import Sequence

from chat.shop import Shop
from chat.state import DialogueState
from chat.typed import telling_words
from retrieval.text import forms, words
from retrieval.types import Item


def spoken_of(shop: Shop, state: DialogueState) -> list[Item]:
    """Return the goods of a conversation, the latest first: those put first or named, then whatever was shown."""
    said = [entry.items[:1] if entry.role == "assistant" else entry.items for entry in reversed(state.messages)]
    ids = [item for items in said for item in items]
    return shop.items(dict.fromkeys([*ids, *reversed(state.taste.shown)]))


def taken(text: str, spoken: Sequence[Item]) -> list[Item]:
    """Return the goods that a message calls by words of their titles or kinds, of several that have one the latest."""
    names = [(item, {form for word in words(f"{item.title} {item.kind}") for form in forms(word)}) for item in spoken]
    called: dict[str, Item] = {}
    for word in telling_words(text):
        owner = next((item for item, own in names if not own.isdisjoint(forms(word))), None)
        if owner is not None:
            called.setdefault(owner.id, owner)
    return [*called.values()]
