"""A kind of ours is never answered by a page that sounds like it, and a page's matter never by a kind."""

from __future__ import annotations

import pytest

from chat.evidence import evidence, may_be_paged
from chat.offers import merely_asks
from chat.understanding import understand
from retrieval.types import Item
from tests.shops import shop_of
from tests.visits import Sure, Visit

GOODS = [
    Item(id="h1", title="Soap Gift Box", kind="gift hamper", price=32.0, description="Six soaps."),
    Item(id="h2", title="Candle Gift Box", kind="gift hamper", price=24.0, description="Three candles."),
    Item(id="h3", title="Weekend Hamper", kind="gift hamper", price=50.0),
    Item(id="s1", title="Olive Bar", kind="soap", price=6.0),
    Item(id="s2", title="Pine Bar", kind="soap", price=7.0),
    Item(id="s3", title="Rose Bar", kind="soap", price=7.0),
    Item(id="c1", title="Amber Glow", kind="candle", price=12.0),
    Item(id="c2", title="Cedar Glow", kind="candle", price=14.0),
    Item(id="t1", title="Harbour Towel", kind="towel", price=18.0),
]
SHOP = shop_of(GOODS)
PAGED = Sure(
    **dict.fromkeys(("do_you", "what", "show", "gift", "a_gift", "how", "can_i", "i'd"), ("policy", 0.9)),
)  # to a reader who knows of gift wrap only


def goods(router):
    """Visit the shop of soaps and hampers, whose pages tell of gifts and of returns."""
    return Visit(router, shop=SHOP)


@pytest.mark.parametrize(
    "message",
    [
        "do you have gift hampers?",
        "what gift hampers do you sell",
        "show me your gift hampers",
        "how about a gift hamper",
        "gift hampers please",
        "gift hampers under 60",
        "which big gift hampers do you have?",
        "do you have hampers",
    ],
)
def test_who_asks_for_a_kind_of_ours_is_shown_it(message):
    answer = goods(PAGED)(message)
    assert {card.kind for card in answer.cards} == {"gift hamper"}
    assert not answer.citations


@pytest.mark.parametrize(
    ("message", "gift"),
    [("I want to give my aunt something for her bath", True), ("can I give my aunt a voucher?", False)],
)
def test_who_gives_somebody_something_wants_goods(message, gift):
    understood = understand(message, SHOP.linker, SHOP.parser)
    assert (evidence(message, understood, "").get("recommend", 0.0) >= 3) == gift
    assert may_be_paged(message, "recommend", understood, "") != gift


@pytest.mark.parametrize("message", ["a gift box of soap under 40", "i'd like a gift box of soap"])
def test_what_is_in_a_thing_does_not_make_it_another(message):
    assert [card.id for card in goods(PAGED)(message).cards] == ["h1"]


@pytest.mark.parametrize("message", ["can i return a gift hamper?", "how do i return soap"])
def test_what_is_to_be_done_with_a_kind_is_for_the_pages(message):
    assert goods(PAGED)(message).route == "policy"


@pytest.mark.parametrize(
    ("message", "merely"),
    [
        ("soaps?", True),
        ("do you sell soap", True),
        ("do you take back soap", False),
        ("soap delivery", False),
        ("do you have soap for companies", False),
        ("under 40", False),
    ],
)
def test_it_says_nothing_else(message, merely):
    assert merely_asks(message, SHOP.parser.parse(message)) is merely


def test_what_is_taken_by_its_kind_is_not_priced_as_another():
    visit = Visit(shop=SHOP, page="t1")
    assert "18" in visit("I'll take it").text
    answer = visit("I'll take the candle, put it in my basket")
    assert "I can't fill your basket from here" in answer.text
    assert "18" not in answer.text
