"""What is talked of stays while a message only says more of it, also where no kind of the catalogue says what it is."""

from __future__ import annotations

from functools import cache

import pytest

from chat.shop import Shop
from chat.thread import make_way
from chat.turn import Turn
from chat.understanding import Understanding
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


def test_similar_is_to_what_was_asked_about_whatever_has_been_shown_since(talk):
    talk("is the Dinosaur Game any good?")
    talk("what do you have under 30?")
    assert {card.kind for card in talk("and something similar, please").cards} == {"board game"}


def test_they_are_the_first_cards(talk):
    talk("board games")
    shown = [card.title for card in talk("a board game, please").cards]
    text = talk("what colour do they come in?").text
    assert all(title in text for title in shown[:3])


def test_what_is_all_but_called_so_lets_the_thing_before_go():
    goods = [
        Item("t1", "Magnetic Tiles, 60 Parts", kind="building set", attributes={"parts": 60}),
        Item("t2", "Magnetic Tiles, 32 Parts", kind="building set", attributes={"parts": 32}),
        Item("d1", "Dinosaur Game", kind="board game"),
        Item("d2", "Night Train", kind="board game"),
    ]
    talk = Talk(shop_of(goods))
    talk("a board game")
    turn = Turn(Understanding("availability", "en"))
    called_so = make_way(talk.shop, talk.state, turn, "magnet tiles", ())
    assert {talk.shop.index.catalog[at].id for at in called_so} == {"t1", "t2"}
    assert not talk.limits
    talk("a building set")
    assert "32" in talk("how many parts are in the small set?").text
    assert "60" in talk("and how many parts in the bigger one?").text


@pytest.mark.parametrize("said", ["we like it to be quiet", "she loves it when everybody laughs"])
def test_who_likes_it_so_likes_no_card(talk, said):
    talk("a board game")
    talk(said)
    assert not talk.state.taste.liked


def test_everyday_words_name_nothing(talk):
    shop = shop_of([*toys().index.catalog.items, _toy("x1", "Big Ball for Small Hands", 5.0, "red")])
    talk = Talk(shop)
    talk("something small for him")
    assert not talk.state.taste.liked


@pytest.mark.parametrize("said", ["a board game that isn't green or black", "a board game, not green or black"])
def test_both_of_what_or_joins_are_refused(talk, said):
    assert {card.id for card in talk(said).cards} == {"d2", "d4"}
