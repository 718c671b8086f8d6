"""For how many it is: whether so many can play or use an item that a question is about, "solo" and "with eight" too."""

from __future__ import annotations

import re

from chat import facts
from chat.replies import Say
from retrieval.columns import Columns
from retrieval.heads import heads
from retrieval.labels import label
from retrieval.numbers import COUNTS
from retrieval.ranges import range_of
from retrieval.types import Item

_N = rf"(\d{{1,2}}|{'|'.join(word for word, count in COUNTS.items() if count <= 20)})"
_PEOPLE = r"(?:\s+(?:people|persons?|players?|adults?|kids|children|of\s+us))?"
_ALONE = (
    r"(?:(?:play(?:ed|able|s)?\s+)?(?:solo|alone)|(?:on|by)\s+(?:my|your|his|her|one'?s|their|its)\s*(?:own|self)"
    r"|for\s+just\s+me|(?:a\s+)?single\s+player)"
)
_MANY = (
    rf"(?:just\s+|only\s+|up\s+to\s+|as\s+many\s+as\s+)?(?:the\s+)?{_N}{_PEOPLE}"
    r"(?=\s*(?:$|[?!.,;]|as\s+well|too\b|then\b|or\b))"
)
_SO_MANY = rf"(?:(?:for|with|by|at)\s+)?(?:{_ALONE}\b|{_MANY})"
_IT = r"(?!(?:you|we|there|i)\b)[^.?!;]{1,60}?"
_GOOD = (
    r"(?:(?:still|also|any|really)\s+)?"
    r"(?:ok(?:ay)?|good|fun|fine|suitable|possible|right|playable|enough|meant|made|nice)"
)
_ASKS = re.compile(
    rf"\b(?:can|could)\s+{_IT}\s+be\s+(?:played|used|shared)\s+{_SO_MANY}"
    rf"|\b(?:is|are)\s+(?:it|that|this|they|these|(?!there\b){_IT})\s+(?:{_GOOD}\s+)?{_SO_MANY}"
    rf"|\b(?:does|do|will|would|can|could)\s+{_IT}\s+(?:work|play)\s+(?:well\s+|ok(?:ay)?\s+)?{_SO_MANY}"
    rf"|\b(?:can|could)\s+(?:i|you|we|one|he|she|they|people)\s+(?:also\s+)?play\s+(?:it|this|that|them|{_IT})\s+{_SO_MANY}",
    re.IGNORECASE,
)


def asked_count(text: str) -> int:
    """Return for how many a question asks whether an item is, 0 if it does not."""
    match = _ASKS.search(text)
    if match is None:
        return 0
    said = next((name for name in match.groups() if name), "")
    return int(said) if said.isdigit() else COUNTS.get(said.casefold(), 1) if said else 1


def asks_count(text: str, columns: Columns) -> bool:
    """Whether a question asks whether an item is for so many, where a column tells for how many things are."""
    return "people" in columns.people.columns and asked_count(text) > 0


def for_so_many(item: Item, text: str, columns: Columns, say: Say) -> str:
    """Say whether an item is for so many as a question tells of, with its range; "" if that is not asked or known."""
    field = columns.people.columns.get("people", "")
    count = asked_count(text) or next((told.count for told in heads(text)), 0)
    bounds = range_of(item, field) if field and count else None
    if bounds is None:
        return ""
    kept = facts.attribute(item, field, say.language)
    noun = "players" if "player" in field.casefold() else "people"
    kept = f"{kept} {noun}" if say.language == "en" and not kept.endswith(noun) else kept
    whom = label(field, "fits", float(count), say.language)
    form = "fits_yes" if bounds[0] <= count <= bounds[1] else "fits_no"
    return say(form, title=facts.name(item, say.language), whom=whom, range=kept)
