"""Restocking: when an item that is out of stock comes back, which no catalogue tells."""

from __future__ import annotations

import re

from chat import facts
from chat.replies import Say
from chat.shop import Shop
from chat.state import DialogueState
from retrieval.types import Item

RESTOCK = "restock"  # what is asked, in place of a column
BACK = re.compile(
    r"\bback\s+in(?:to)?\s+stock\b|\bre-?stock(?:ed|ing|s)?\b|\bwhen\b[^.?!,]*\b(?:in\s+stock|available)\b"
    r"|\bwhen(?:'?ll|\s+(?:will|do|does|is|are|can))\s+(?:it|they|this|that|the\s+\w+|(?:i|we)\s+(?:buy|get|order))\b[^.?!,]{0,20}\b(?:back|again)\b(?!\s+to\b)"
    r"|\bwhen\s+(?:do|will|are)\s+you\s+(?:get(?:ting)?|hav(?:e|ing)|expect(?:ing)?)\s+(?:it|them|more|some|new)\b"
    r"|(?:什么时候|何时|多久)\S{0,4}(?:补货|到货|有货)",
    re.IGNORECASE,
)
_MONEYBACK = re.compile(r"\b(?:money|refund\w*|paid|orders?|parcel|reply|replies)\b", re.IGNORECASE)
_WHY = re.compile(
    r"^\W*(?:(?:oh|but|and)\W+)*why\s+(?:not|is\s+(?:it|that)|are\s+they)\b(?:\s+(?:out\s+of\s+stock|sold\s+out))?\W*$|^为什么(?:没有|缺货|没货)?\W*$",
    re.IGNORECASE,
)
_RECENT = 4  # messages in which the item was named


def sold_out(shop: Shop, state: DialogueState, say: Say) -> Item | None:
    """Return the item of which the last answer said that it is out of stock, None if of none."""
    ids = [item for entry in state.messages[-_RECENT:] for item in entry.items if entry.role == "user"]
    for item in reversed(shop.items(dict.fromkeys((*ids, *state.taste.focus, state.taste.about)))):
        title = facts.name(item, say.language)
        told = (say("sold_out", title=title), say("in_stock_no", title=title), say(RESTOCK, title=title))
        if not item.in_stock and any(each in state.answered for each in told):
            return item
    return None


def asks_for_return(text: str, missing: Item | None) -> bool:
    """Whether a message asks when an item comes back, or why the one spoken of is not there."""
    back = BACK.search(text) is not None and not _MONEYBACK.search(text)
    return back or (missing is not None and _WHY.search(text) is not None)
