"""When an item that is out of stock comes back, and what people ask for a price with."""

from __future__ import annotations

import pytest

from retrieval.types import Item
from tests.shops import Talk, shop_of
from tests.visits import Sure, Visit

GOODS = [
    Item(id="p1", title="Tarn Paddle", kind="paddle", price=35.0, currency="USD", in_stock=False),
    Item(id="p2", title="Beck Paddle", kind="paddle", price=45.0, currency="USD"),
    Item(id="p3", title="Gill Paddle", kind="paddle", price=55.0, currency="USD"),
]
GONE = "Tarn Paddle is out of stock, and the catalogue doesn't tell when it will be back."


@pytest.mark.parametrize("first", ["do you have the Tarn Paddle?", "is the Tarn Paddle in stock?", "Tarn Paddle"])
@pytest.mark.parametrize(
    "then", ["when is it coming back?", "but why not?", "when will you have more?", "will it be restocked"]
)
def test_what_was_said_to_be_gone(first, then):
    talk = Talk(shop_of(GOODS))
    talk(first)
    assert talk(then).text == GONE


def test_of_an_item_that_is_named():
    talk = Talk(shop_of(GOODS))
    assert talk("when will the Tarn Paddle be back in stock?").text == GONE
    assert talk("when will the Beck Paddle be available again?").text == "Beck Paddle is in stock."


def test_with_a_desk_it_is_no_question_about_an_order():
    visit = Visit(Sure(when=("order", 0.95)), shop=shop_of(GOODS))
    visit("Tarn Paddle")
    assert visit("when will it be back?").text == GONE


@pytest.mark.parametrize("message", ["why not", "when do I get my money back?", "when are you open again?"])
def test_not_every_return_is_one(message):
    talk = Talk(shop_of(GOODS))
    talk("a paddle")
    assert "stock" not in talk(message).text


@pytest.mark.parametrize(
    "message",
    [
        "how expensive is the beck paddle",
        "how pricey is the beck paddle?",
        "what would the beck paddle set me back",
        "how much will the beck paddle cost us?",
    ],
)
def test_what_it_costs(message):
    assert Talk(shop_of(GOODS))(message).text == "Beck Paddle costs $45.00."
