"""What is asked beside an item: of the pages, of two at once, of what comes with it, of another of its name."""

from __future__ import annotations

import math

import pytest

from chat.dialogue import Dialogue
from chat.pieces import Reader
from retrieval.knowledge import Found, Passage
from retrieval.types import Item
from tests.shops import Talk, shop_of
from tests.visits import Sure, Visit

TRIAL = Passage("help/trial", "May I test things first?", "Everything in the shop can be tested for an hour.")
CARE = Passage("help/care", "How often must I grease it?", "Once a month, and after rain.")
GARAGE = Passage("help/garage", "What does our garage cost?", "A small service costs 59.")
DELIVERY = Passage("help/delivery", "How long does delivery take?", "Parcels take three days.")
ROUTES = Sure(
    can=("item", 0.95), is_it=("item", 0.95), when=("policy", 0.95), how_often=("policy", 0.95), do_you=("policy", 0.95)
)
GOODS = [
    Item(
        id="w1", title="Corvo Tandem", kind="bicycle", creators=("Corvo",), price=900.0,
        description="A tandem with lamps.", attributes={"weight_kg": 20.0},
    ),
    Item(id="w2", title="Corvo Tandem Lowstep", kind="bicycle", creators=("Corvo",), price=950.0),
    Item(
        id="w3", title="Hale Swift", kind="bicycle", creators=("Hale",), price=700.0,
        description="A racer. The battery lasts 3 hours.", attributes={"weight_kg": 9.0},
    ),
]  # fmt: skip


class Pages:
    """Answers by a word of the question; a follow-up is read with the question before it."""

    def worth_reading(self, question):
        return True

    def answer(self, question):
        table = (("try", TRIAL), ("grease", CARE), ("delivery", DELIVERY))
        return next((Found(page, page.text, 0.9) for word, page in table if word in question), None)

    def search(self, question, k):
        return [Found(page, page.text, 0.1) for page in (TRIAL, CARE, GARAGE)][:k]


@pytest.fixture
def talk():
    talk = Talk(shop_of(GOODS))
    talk.state.taste.focus = ["w1", "w3"]
    return talk


@pytest.fixture
def visit():
    return Visit(ROUTES, knowledge=Pages())


def test_what_somebody_may_do_is_asked_of_the_pages(visit):
    visit("a slow film")
    assert TRIAL.text in visit("can she try it at home?").text


def test_when_it_could_be_had_is_how_long_a_delivery_takes(visit):
    assert DELIVERY.text in visit("when could I have it?").text


def test_a_follow_up_that_names_another_page_gets_that(visit):
    visit("how often must I grease it?")
    answer = visit("do you do that in the garage?").text
    assert GARAGE.text in answer
    assert CARE.text not in answer


def test_how_different_compares(talk):
    answer = talk("how is that different from the Hale Swift?")
    assert set(answer.compared) == {"w1", "w3"}
    assert "Hale Swift is the cheaper" in answer.text


@pytest.mark.parametrize(
    "message", ["does the Corvo Tandem come in a lowstep version?", "does it come in a lowstep version?"]
)
def test_another_of_the_name_is_named(talk, message):
    assert "Corvo Tandem Lowstep, " in talk(message).text


def test_how_long_something_lasts(talk):
    assert talk("how long does the second one last?").text.endswith("The battery lasts 3 hours.")


def test_what_a_price_includes_is_not_guessed(talk):
    assert talk("is 900 the price with the pedals?").text == (
        "Corvo Tandem costs 900. Whether that includes the pedals, the catalogue doesn't say."
    )
    assert "A tandem with lamps." in talk("is that the price with the lamps?").text


def test_who_tells_and_asks_what_is_needed_wishes(talk):
    reader = Reader(
        Sure(my=("out_of_scope", 0.9)), Dialogue(talk.shop, talk.state).understand, lambda question: -math.inf
    )
    assert reader.piece("my racer is worn out. what do I need?").route == "recommend"
