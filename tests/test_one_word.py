"""Goods that a question names by one word of their titles, sizes that name none, and goods that are no orders."""

from __future__ import annotations

import pytest

from chat.conversation import Conversation
from chat.desk import Desk
from chat.routing import Patterns
from chat.state import DialogueState
from retrieval.types import Item
from tests.shops import Talk, shop_of, titles
from tests.visits import Delivers, Sure, Visit


def wax(title: str, region: str, heat: float, grams: float, kind: str = "ski wax", in_stock: bool = True) -> Item:
    told = {"region": region, "iron_temperature_c": heat, "weight_g": grams}
    return Item(title, title, kind, price=grams / 10, currency="EUR", in_stock=in_stock, attributes=told)


GOODS = [
    wax("Lapland Birch", "Lapland", 120.0, 80.0, in_stock=False), wax("Cold Front", "Lapland", 125.0, 80.0),
    wax("Tirol Klister", "Tirol", 140.0, 60.0), wax("Tirol Powder", "Tirol", 110.0, 80.0),
    wax("Workshop Block 1 kg", "Jura", 130.0, 1000.0), wax("Race Block 1 kg", "Jura", 135.0, 1000.0),
    wax("Scraper P9, 2 pcs", "Jura", 20.0, 50.0, "scraper"), wax("Brush Nylon", "Jura", 20.0, 90.0, "brush"),
]  # fmt: skip


@pytest.fixture
def talk():
    return Talk(shop_of(GOODS))


@pytest.mark.parametrize(
    "question", ["how hot should the iron be for the lapland?", "what iron temperature does the lapland need?"]
)
def test_the_word_may_be_a_value_of_a_column(talk, question):
    assert talk(question).text == "Lapland Birch, iron temperature: 120 °C."


def test_when_it_is_back(talk):
    assert talk("when will the lapland be back?").text.startswith("Lapland Birch is out of stock")


def test_without_a_question_it_is_a_limit(talk):
    assert titles(talk("a ski wax from lapland")) == ["Cold Front"]
    assert ("region", "is", "lapland") in talk.limits


def test_a_word_that_no_other_text_has_names_by_itself(talk):
    names = talk.shop.parser.short_names
    found = names.asked_of("how hot for klister?", lambda word: word != "klister", lambda word: False)
    assert [mention.surface for mention in found] == ["klister"]
    assert not names.asked_of("how hot for klister?", lambda word: True, lambda word: False)


def test_a_size_is_no_name(talk):
    answer = talk("is there anything in 1 kg?")
    assert set(titles(answer)) == {"Workshop Block 1 kg", "Race Block 1 kg"}
    assert ("weight_g", "is", 1000.0) in talk.limits


def test_what_a_thing_is_for_is_not_taken_for_the_thing(talk):
    answer = talk("a brush for the klister")
    assert "in mind" not in answer.text
    assert titles(answer) == ["Brush Nylon"]


@pytest.mark.parametrize("wish", ["Scraper P9, 2 pcs please", "scrapers for skis, two of them"])
def test_goods_without_a_word_of_orders_are_no_order(wish):
    visit = Visit(Sure(scraper=("order", 0.95)), shop=shop_of(GOODS))
    answer = visit(wish)
    assert "Scraper P9, 2 pcs" in titles(answer)


def test_what_has_not_come_is_one():
    visit = Visit(Sure(scraper=("order", 0.95)), shop=shop_of(GOODS))
    assert not visit("scraper hasn't come yet").cards


@pytest.mark.parametrize("question", ["how many grams?", "and how much is in a pack?"])
def test_a_page_does_not_answer_for_a_column_of_the_item_spoken_of(question):
    state, desk = DialogueState(session="test"), Desk(Patterns(), Delivers(), None, None)
    Conversation(shop_of(GOODS), state, desk).take("Brush Nylon")
    assert "90 g" in Conversation(shop_of(GOODS), state, desk).take(question).text
