"""Vouchers and accessories: nobody who asks for something to read or to play wants one, unless they say so.

Where accessories are much of what a shop sells, they are its goods like all others; vouchers never are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chat.shop import Shop
from chat.typed import telling_words
from retrieval.constraints import as_values
from retrieval.text import forms, words
from retrieval.types import Constraint

_VOUCHERS = frozenset(
    {"voucher", "gift voucher", "gift card", "gift certificate", "token", "gift token", "store credit"}
)
_ACCESSORIES = frozenset({"accessory", "accessories", "add on", "spare part", "spare", "refill", "care product"})
_MUCH = 0.25  # of a catalogue, from which accessories are what it is about
_GIFTS = ("voucher", "certificate", "card")


def sidelines(shop: Shop, limits: Iterable[Constraint], said: str) -> set[int]:
    """Return the positions of vouchers and accessories that nothing asks for.

    Args:
        shop: the shop.
        limits: those in force; who asks for a kind or by a title knows what they want.
        said: the words of the person.
    """
    if any((limit.field, limit.op) in (("kind", "is"), ("title", "is")) and as_values(limit) for limit in limits):
        return set()
    kinds = shop.index.facets.postings.get("kind", {})
    found: set[int] = set()
    asked = {form for word in telling_words(said) for form in forms(word)}
    for kind, positions in kinds.items():
        named = {form for name in _named(kind) for form in forms(name)}
        if _is_one(kind, len(positions) / len(shop.index.catalog)) and not asked.intersection(named):
            found.update(at for at in positions.tolist() if not asked.intersection(_nouns(shop, at, kinds)))
    return found


def _is_one(kind: str, share: float) -> bool:
    """Whether a kind is of vouchers, or of accessories where those are few."""
    ends = {kind, *(" ".join(kind.split()[-n:]) for n in (1, 2))}
    return bool(ends & _VOUCHERS) or (bool(ends & _ACCESSORIES) and share < _MUCH)


def _named(kind: str) -> Sequence[str]:
    return _GIFTS if _is_one(kind, 1.0) else kind.split()


def _nouns(shop: Shop, at: int, kinds: Iterable[str]) -> set[str]:
    """Return the words of a title, in the singular and the plural, but for those that name other kinds: a "puzzle"."""
    others = {form for kind in kinds for form in forms(kind.rpartition(" ")[2])}
    title = shop.index.catalog[at].title
    return {form for word in words(title) for form in forms(word)} - others
