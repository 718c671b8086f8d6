"""Shops without models for the tests: Marquee and small made-up ones, read by the bag-of-words encoder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from chat.dialogue import Answer, Dialogue
from chat.shop import Shop
from chat.state import DialogueState
from retrieval.catalog import Catalog
from retrieval.index import make_index
from retrieval.types import Item
from tests.fakes import BagEncoder

MARQUEE = Path(__file__).parents[1] / "data" / "marquee" / "catalog.jsonl"


def shop_of(items: Sequence[Item] | Catalog) -> Shop:
    catalog = items if isinstance(items, Catalog) else Catalog(items)
    return Shop.of(make_index(catalog, BagEncoder()), None)


@cache
def marquee() -> Shop:
    return shop_of(Catalog.load(MARQUEE))


class Talk:
    """One conversation; `shop` may be replaced between turns, as an edit of the catalogue does."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.state = DialogueState(session="test")

    def __call__(self, message: str) -> Answer:
        return Dialogue(self.shop, self.state).take(message)

    def without(self, field: str, op: str, value: object) -> Answer:
        return Dialogue(self.shop, self.state).without(field, op, value)

    @property
    def limits(self) -> set[tuple[str, str, object]]:
        return {(x.field, x.op, x.value) for x in self.state.taste.limits}


def titles(answer: Answer) -> list[str]:
    return [card.title for card in answer.cards]


def ids(answer: Answer) -> list[str]:
    return [card.id for card in answer.cards]
