"""Whether an item has a colour, a size or another value, and what everyday words ask of its columns."""

from __future__ import annotations

import pytest

from retrieval.types import Item
from tests.shops import Talk, shop_of


def _item(at, title, **attributes):
    return Item(id=f"g{at}", title=title, kind="jacket", price=40.0 + at, attributes=attributes)


GOODS = [
    _item(
        1, "Arla Shell", colour=("matt black", "red"), size=("S", "M"), weight_kg=0.4, waterproof=True, use=("hiking",)
    ),
    _item(2, "Bolm Shell", colour=("grey",), size=("M", "L"), weight_kg=0.6, waterproof=False, use=("city", "hiking")),
    _item(3, "Rain Cape", colour=("red", "black"), size=("S", "L"), weight_kg=0.2, waterproof=True, use=("city",)),
]
SCOOTERS = [
    Item(id="s1", title="Zip One", kind="scooter", price=300.0, attributes={"range_km": 20.0}),
    Item(id="s2", title="Zip Max", kind="scooter", price=500.0, attributes={"range_km": 45.0}),
]


@pytest.fixture
def talk():
    talk = Talk(shop_of(GOODS))
    talk.state.taste.focus = ["g1", "g2", "g3"]
    return talk


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("is it available in red?", "Yes, Arla Shell comes in red."),
        ("does it come in black", "Yes, Arla Shell comes in black."),
        ("do you have it in L?", "Arla Shell comes in S and M, not in L."),
        ("the second one. in red?", "Bolm Shell comes in grey, not in red."),
        ("does the second one come in L?", "Yes, Bolm Shell comes in L."),
        ("is it for hiking?", "Yes: Arla Shell, use: hiking."),
        ("is it really heavy?", "Arla Shell, weight: 0.4 kg."),
        ("does it keep the rain out?", "Arla Shell, waterproof: yes."),
    ],
)
def test_a_value_of_the_item_answers(talk, message, answer):
    assert talk(message).text == answer


def test_both_questions_are_answered(talk):
    text = talk("is it waterproof and do you have it in L?").text
    assert "comes in S and M, not in L." in text
    assert "waterproof: yes" in text


def test_several_cards(talk):
    assert "Bolm Shell, waterproof: no." in talk("do they keep me dry?").text


def test_how_far_something_goes():
    talk = Talk(shop_of(SCOOTERS))
    talk.state.taste.focus = ["s1", "s2"]
    assert talk("which one goes furthest?").text == "Zip Max is the higher in range: 45 km."
    assert talk("how far does it go?").text == "Zip Max, range: 45 km."
