"""A card is told by a part of its title, wherever it stands."""

from __future__ import annotations

import pytest

from retrieval.types import Item
from tests.shops import Talk, ids, shop_of

NAMES = ("Silver Harbour", "The Copper Kettle", "Glass Onions at Night", "A Paper Boat", "The House of Rain and Salt")


@pytest.fixture
def talk():
    talk = Talk(
        shop_of([Item(str(n), name, kind="film", attributes={"minutes": 90 + n}) for n, name in enumerate(NAMES)])
    )
    talk("a film")
    return talk


@pytest.mark.parametrize(
    ("part", "number"),
    [("glass onions", 2), ("copper kettle", 1), ("house of rain", 4), ("paper boat", 3), ("silver", 0)],
)
def test_a_part_of_a_title_is_that_card(talk, part, number):
    answer = talk(f"the {part} one, how long is it?")
    assert answer.text.startswith(f"{NAMES[number]} runs to {90 + number} minutes")
    assert ids(answer)[0] == str(number)


def test_what_is_not_known_is_said_and_the_rest_answered(talk):
    answer = talk("the paper boat one, who's in it and how long")
    assert answer.text.startswith("A Paper Boat runs to 93 minutes")
    assert "As for the rest of that, I don't have that information." in answer.text


def test_words_of_two_titles_are_one_of_the_cards(talk):
    answer = talk("the silver kettle one, how long is it?")
    (item,) = talk.shop.items(ids(answer))
    assert answer.text.startswith(item.title)


def test_a_title_that_is_not_shown_is_that_title(talk):
    talk("not the copper kettle one")
    talk("a film")
    assert "The Copper Kettle" in talk("the copper kettle one, how long is it?").text
