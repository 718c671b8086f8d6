"""What an event tells of a person and an item: the one table that training, evaluation and preparing read.

=========  ==========================================================================================================
wanted     bought, played, saved and the like, and an event without a name: liked, and something to foretell
known      seen, viewed, clicked: the person knows it, and nobody knows how they found it; nothing to foretell
disliked   returned, refunded, disliked and the like
=========  ==========================================================================================================

A rating decides in the place of "wanted" or "known": from `LIKED_FROM` up it is wanted, below disliked. Of several
events with one item the last that is not "known" counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

Meaning = Literal["wanted", "known", "disliked"]

LIKED_FROM = 3.0  # a rating, of those that the public sets give from 1 to 5; `data.liked_from` is a shop's own

_NAMES: Mapping[Meaning, str] = {
    "wanted": """
        add_to_cart basket bookmark booked borrow bought buy cart checkout checked_out complete completed conversion
        download downloaded favorite favourite finish finished like liked listen love loved order ordered play played
        purchase purchased rate rated rating read rent rented review reviewed save saved subscribe take taken
        transaction use used watch watched wishlist
    """,
    "known": "click clicked detail impression open opened seen show shown view viewed visit visited",
    "disliked": """
        cancel cancelled canceled dislike disliked hide hidden not_interested refund refunded reject rejected
        remove_from_cart return returned unlike
    """,
}
EVENTS: Mapping[str, Meaning] = {
    "": "wanted",
    **{name: told for told, names in _NAMES.items() for name in names.split()},
}


class Event(Protocol):
    """What the meaning of an interaction depends on."""

    @property
    def event(self) -> str:
        """What happened, "" where nobody says."""
        ...

    @property
    def rating(self) -> float | None:
        """What the person gave it."""
        ...


def known_event(name: str) -> str:
    """Check an event's name, written with spaces or hyphens or not.

    Raises:
        ValueError: the table does not have it.
    """
    if _plain(name) not in EVENTS:
        known = ", ".join(sorted(n for n in EVENTS if n))
        raise ValueError(f"an event that the table of docs/data.md has ({known}), or none, which counts as wanted")
    return name


def meaning(record: Event, liked_from: float = LIKED_FROM) -> Meaning:
    """Return what one event tells."""
    told = meaning_of(record.event)
    if told == "disliked" or record.rating is None:
        return told
    return "wanted" if record.rating >= liked_from else "disliked"


def meaning_of(name: str) -> Meaning:
    """Return what the name of an event tells; one that no file could hold counts as wanted."""
    return EVENTS.get(_plain(name), "wanted")


def last_word(events: Iterable[tuple[str, Meaning]]) -> dict[str, Meaning]:
    """Return what a person's events (item, meaning), oldest first, tell of each item in the end."""
    found: dict[str, Meaning] = {}
    for item, told in events:
        if told != "known" or item not in found:
            found[item] = told
    return found


def _plain(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
