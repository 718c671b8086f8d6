"""What nobody means who asks for something: vouchers and accessories, toddlers' things, and what "that" is not."""

from __future__ import annotations

from functools import cache

import pytest

from chat.enough import enough_of
from chat.shop import Shop
from chat.sidelines import sidelines
from retrieval.types import Constraint, Item
from tests.shops import Talk, shop_of, titles


def _item(number: int, title: str, kind: str, told: str = "", **columns: float) -> Item:
    return Item(f"s{number}", title, kind=kind, description=told, price=10.0, currency="EUR", attributes=columns)


@cache
def mixed() -> Shop:
    adults = [
        _item(at, f"Novel {word}", "Book", "A novel.", min_age=14.0) for at, word in enumerate(("Ash", "Birch", "Yew"))
    ]
    games = [
        _item(10 + at, f"Game {word}", "Board Game", "A game.", min_age=10.0) for at, word in enumerate(("Dam", "Elm"))
    ]
    return shop_of(
        [
            *adults,
            *games,
            _item(20, "Bunny Says Boo", "Book", "A novel of flaps.", min_age=1.0),
            _item(30, "Voucher 25", "Gift Voucher", "A present."),
            _item(31, "Card Sleeves", "Accessory", "A hundred."),
        ]
    )


@cache
def bikes() -> Shop:
    return shop_of(
        [
            _item(1, "Amble", "bike"),
            _item(2, "Swift", "bike"),
            _item(3, "Bell", "accessory"),
            _item(4, "Pump", "accessory"),
            _item(5, "Present 50", "gift card"),
        ]
    )


def aside(shop: Shop, said: str, *limits: Constraint) -> set[str]:
    return {shop.index.catalog[at].title for at in sidelines(shop, limits, said)}


def test_an_open_wish_is_for_neither_a_voucher_nor_an_accessory():
    assert aside(mixed(), "something nice under 20 euros") == {"Voucher 25", "Card Sleeves"}
    shown = titles(Talk(mixed())("surprise me with a present"))
    assert shown
    assert not {"Voucher 25", "Card Sleeves"}.intersection(shown)


@pytest.mark.parametrize("said", ["a voucher please", "maybe a gift card", "gift certificates"])
def test_who_asks_for_a_voucher_may_have_one(said):
    assert "Voucher 25" not in aside(mixed(), said)


def test_who_asks_for_an_accessory_may_have_one():
    assert "Card Sleeves" not in aside(mixed(), "sleeves for my cards")
    assert aside(mixed(), "whatever", Constraint("kind", "is", "accessory")) == set()


def test_where_accessories_are_much_of_the_shop_they_are_goods_like_others():
    assert aside(bikes(), "something for my brother") == {"Present 50"}


def test_a_grown_up_is_shown_things_for_toddlers_last():
    assert titles(Talk(mixed())("something to read on holiday"))[-1] == "Bunny Says Boo"
    assert "Bunny Says Boo" in titles(Talk(mixed())("a book for my niece, she is 2"))


@pytest.mark.parametrize(
    "said", ["I read too much of that", "sick of those", "I've had enough of it", "so many of them"]
)
def test_that_of_which_there_was_enough_is_no_item(said):
    assert enough_of(said)


def test_what_there_was_enough_of_was_not_seen():
    talk = Talk(mixed())
    talk("something to read")
    answer = talk("no horror, I read too much of that")
    assert "Noted" not in answer.text
    assert not talk.state.taste.seen
