"""What is talked of stays while a message only says more of it, also where no kind of the catalogue says what it is."""

from __future__ import annotations

from functools import cache

import pytest

from chat.shop import Shop
from retrieval.types import Item
from tests.shops import Talk, ids, shop_of


def _toy(at: str, title: str, price: float, colour: str, text: str = "", kind: str = "outdoor toy") -> Item:
    return Item(at, title, kind=kind, price=price, description=text, attributes={"colour": colour})


@cache
def toys() -> Shop:
    return shop_of(
        [
            _toy("k1", "Swallow Kite", 20.0, "red", "Flies in light wind."),
            _toy("k2", "Stunt Kite Manta", 40.0, "blue", "For strong wind, with a plastic reel."),
            _toy("b1", "Giant Bubbles", 12.0, "blue", "Soap for the garden."),
            _toy("b2", "Beach Ball", 9.0, "blue", "For the beach and the wind."),
            _toy("d1", "Dinosaur Game", 15.0, "green", kind="board game"),
            _toy("d2", "Race of Ducks", 15.0, "blue", kind="board game"),
            _toy("d3", "Night Train", 25.0, "black", kind="board game"),
            _toy("d4", "Honey Bees", 25.0, "yellow", kind="board game"),
        ]
    )


@pytest.fixture
def talk():
    return Talk(toys())


@pytest.mark.parametrize("more", ["is there one in blue?", "in blue?", "do you have one that's blue"])
def test_a_thing_without_a_kind_stays(talk, more):
    talk("we would love to fly a kite in the wind")
    assert ids(talk(more)) == ["k2"]


def test_nothing_of_it_in_that_colour_is_no_reason_for_other_things(talk):
    talk("we would love to fly a kite in the wind")
    answer = talk("is there one in green?")
    assert set(ids(answer)) == {"k1", "k2"}
    assert "Without “green”" in answer.text


def test_the_ones_without_something_are_chosen_from_those_shown(talk):
    talk("toys for windy days at the beach")
    shown = talk.state.taste.focus
    left = ids(talk("the ones without plastic please"))
    assert left == [at for at in shown if at != "k2"]


def test_a_subject_is_no_thing(talk):
    talk("something about a dinosaur")
    assert len(talk("under 20 euros").cards) > 1
    assert not any(field == "title" for field, _, _ in talk.limits)


def test_another_wish_leaves_the_thing(talk):
    talk("we would love to fly a kite in the wind")
    talk("in blue?")
    talk("a board game instead")
    assert not any(field == "title" for field, _, _ in talk.limits)
