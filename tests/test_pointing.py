"""Which card a message means that describes it, and what is asked where several are so described, or none."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from chat import pointing
from retrieval.types import Item
from tests.shops import Talk, shop_of

GOODS = [
    Item(
        id="t1", title="Orla Kettle", kind="kettle", price=40.0, attributes={"colour": ("red",)},
        description="A kettle of 1.5 litres with a small battery for the clock.",
    ),
    Item(
        id="t2", title="Orla Kettle Kids", kind="kettle", price=50.0, attributes={"colour": ("red", "blue")},
        description="A kettle with a wooden handle and a battery.",
    ),
    Item(
        id="t3", title="Brill Pan Copper", kind="pan", price=70.0, attributes={"oven_safe": True},
        description="A pan with a glass lid.",
    ),
    Item(id="t4", title="Spare Battery Brill", kind="part", price=9.0, description="For all clocks."),
    Item(id="t5", title="Fenn Mug", kind="mug", price=5.0, description="A mug that runs on a battery."),
]  # fmt: skip


@pytest.fixture
def talk():
    talk = Talk(shop_of(GOODS))
    talk.state.taste.focus = ["t1", "t2", "t3"]
    return talk


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("how much is the kid's one?", "Orla Kettle Kids costs 50."),
        ("how much is the one with the wooden handle?", "Orla Kettle Kids costs 50."),
        ("what does the one with a lid cost?", "Brill Pan Copper costs 70."),
        ("how much is the oven safe one?", "Brill Pan Copper costs 70."),
        ("ok then the blue one, how much is it", "Orla Kettle Kids costs 50."),
        ("how much is the pan?", "Brill Pan Copper costs 70."),
    ],
)
def test_the_one_card_that_is_so_described(talk, message, answer):
    assert talk(message).text == answer


def test_several_are_asked_back(talk):
    answer = talk("ok, the red one, how much is it?").text
    assert answer.startswith("Which one do you mean: ")
    assert all(title in answer for title in ("Orla Kettle ", "Orla Kettle Kids"))
    assert "Pan" not in answer


@pytest.mark.parametrize("message", ["how much is the one with the glass clock", "is the mug oven safe?"])
def test_none_is_not_the_first_card(talk, message):
    answer = talk(message)
    assert answer.text.startswith("I can't tell which of these you mean by “the ")


def test_a_part_of_what_is_on_screen_is_no_other_item(talk):
    assert "Spare Battery" not in talk("how long does the battery last?").text
    assert "Spare Battery Brill" in talk("how much is the Spare Battery Brill").text


def test_many_kinds_make_no_pattern_each(monkeypatch):
    searched = []

    def search(pattern, text, flags=0):
        searched.append(pattern)
        return re.search(pattern, text, flags)

    monkeypatch.setattr(pointing, "re", SimpleNamespace(search=search, escape=re.escape, IGNORECASE=re.IGNORECASE))
    kinds = [*(f"Gadget no. {at}" for at in range(2000)), "pan"]
    assert pointing.pointed("How much is the Pan?", GOODS, kinds).described == "Pan"
    assert len(searched) == 1
    assert pointing.pointed("How much is the Pan?", [], kinds) is None
    assert len(searched) == 1
