"""Which words of a message are the wish: what somebody has, words of quantity, what one wants to do, other names."""

from __future__ import annotations

from functools import cache

import pytest

from chat.offers import wants_ours
from chat.shop import Shop
from retrieval.types import AttributeValue, Item
from tests.shops import Talk, shop_of, titles


@cache
def store() -> Shop:
    """Return a shop of kitchen things and games."""
    rows: list[tuple[str, str, str, dict[str, AttributeValue]]] = [
        ("Alder Pan 24", "frying pan", "A pan.", {"colour": ("black",)}),
        ("Alder Pan 28", "frying pan", "A bigger pan.", {"colour": ("green",)}),
        ("Birch Crêpe", "crêpe pan", "For crêpes.", {"colour": ("black",)}),
        ("Birch Pans, Three", "pan set", "Three pans.", {"colour": ("black",)}),
        ("Fir Blades Set of 6", "steak knives", "Six blades.", {}),
        ("Fir Blades Set of 4", "steak knives", "Four blades.", {}),
        ("Fir Bread Blade", "bread knife", "For loaves of bread.", {}),
        ("Clay Mugs Set of 6", "mug", "Six mugs.", {}),
        ("Clay Mug Blue", "mug", "One mug.", {"colour": ("blue",)}),
        ("Steam One", "kettle", "A kettle with a colour display.", {"colour": ("green",)}),
        ("Steam Two", "kettle", "A kettle.", {"colour": ("red",)}),
        ("Hearth Pot", "casserole", "A casserole.", {"colour": ("cherry red",)}),
        ("Hearth Plate", "pie dish", "For pies.", {"colour": ("white",)}),
        ("Island Crew", "board game", "Nobody loses alone.", {"themes": ("cooperative", "sea")}),
        ("Island Duel", "board game", "For two rivals.", {"themes": ("strategy", "sea")}),
        ("Lake, 500 Pieces", "puzzle", "A lake.", {"themes": ("landscape",)}),
        ("Silver Rattle", "rattle", "Keeps for life.", {"themes": ("christening gift",)}),
        ("Wind Kite Swift", "outdoor toy", "Flies in a breeze.", {"themes": ("flying",)}),
        ("Wind Ball", "outdoor toy", "Bounces.", {"themes": ("movement",)}),
        ("Blocks in a Bucket", "wooden toy", "Forty blocks.", {"themes": ("building",)}),
        ("Bricks for Small Hands", "building set", "Big bricks.", {"themes": ("building",)}),
        ("Magnetic Tiles, 32", "building set", "Tiles that click.", {"themes": ("building",)}),
        ("Colour-Coded Boards", "chopping board", "Four boards.", {"colour": ("white",)}),
    ]
    return shop_of(
        [
            Item(id=f"k{at}", title=title, kind=kind, description=told, price=10.0 + at, attributes=values)
            for at, (title, kind, told, values) in enumerate(rows)
        ]
    )


@pytest.fixture
def talk():
    return Talk(store())


def wanted(talk: Talk, field: str = "kind") -> set[object]:
    values = (value for name, op, value in talk.limits if (name, op) == (field, "is"))
    return {v for value in values for v in (value if isinstance(value, tuple) else (value,))}


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ("he already has all the mugs he could need", {"mug"}),
        ("they have plenty of mugs", {"mug"}),
        ("we own a kettle already so not another one", {"kettle"}),
        ("got a big kettle already", {"kettle"}),
        ("she has got a kettle and a mug already", {"kettle", "mug"}),
        ("my brother has loads of pans", {"frying pan", "crepe pan"}),
    ],
)
def test_what_somebody_has_is_kept_out(talk, message, kinds):
    talk("something for the table")
    answer = talk(message)
    assert not {card.kind for card in answer.cards}.intersection(kinds)
    assert answer.cards
    assert not wanted(talk)


def test_what_is_left_on_screen_stays_there(talk):
    before = titles(talk("something in black or green"))
    after = talk("we have a kettle already, so no other one")
    assert set(titles(after)) >= {title for title in before if not title.startswith("Steam")}


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ("I've plenty of mugs, a kettle then", {"kettle"}),
        ("I have a kettle but need a bigger one", {"kettle"}),
        ("she has a kettle and a mug would be nice", {"mug"}),
    ],
)
def test_what_is_wanted_beside_it_is_wanted(talk, message, kinds):
    talk(message)
    assert wanted(talk) == kinds


@pytest.mark.parametrize("message", ["he got a bucket from his aunt already", "something small for his hands"])
def test_common_words_of_a_title_name_no_item(talk, message):
    answer = talk(message)
    assert "in mind" not in answer.text
    assert "Noted" not in answer.text
    assert "Close to" not in answer.text


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ("steak knives, a set of 6 please", {"steak knives"}),
        ("a set of pans", {"pan set"}),
        ("a kettle where I can set the heat", {"kettle"}),
        ("casserole dishes", {"casserole"}),
    ],
)
def test_words_of_quantity_and_form_stand_with_their_noun(talk, message, kinds):
    talk(message)
    assert wanted(talk) == kinds


def test_a_colour_is_a_limit_with_a_kind_and_none_of_something_else(talk):
    talk("a kettle for green tea")
    assert wanted(talk) == {"kettle"}
    assert not wanted(talk, "colour")
    assert "green" not in talk("a kettle for green tea").text.casefold()
    assert titles(Talk(store())("a red casserole")) == ["Hearth Pot"]


def test_a_word_for_a_column_names_no_title(talk):
    talk("a kettle")
    assert "Boards" not in talk("never mind the colour").text


def test_knives_are_any_knives(talk):
    talk("something for a wedding")
    answer = talk("no knives")
    assert not {card.kind for card in answer.cards}.intersection({"steak knives", "bread knife"})


def test_what_one_wants_to_do_something_with_is_wanted(talk):
    assert titles(talk("we'd like to go and fly a kite with the boys")) == ["Wind Kite Swift"]


@pytest.mark.parametrize(
    ("message", "first"),
    [
        ("a board game that one can play together", "Island Crew"),
        ("my aunt loves jigsaws", "Lake, 500 Pieces"),
        ("a christening present", "Silver Rattle"),
    ],
)
def test_everyday_names_mean_what_the_columns_say(talk, message, first):
    assert titles(talk(message))[0] == first


def test_a_heading_speaks_only_of_what_has_it(talk):
    answer = talk("a board game about strategy")
    assert titles(answer)[0] == "Island Duel"
    assert "Island Crew" not in answer.text


def test_a_word_without_its_ending_is_found(talk):
    assert titles(talk("do you have those magnet tiles"))[0] == "Magnetic Tiles, 32"


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        ("I'd like to start cutting bread", False),  # nothing here is about cutting
        ("we want to start with bread", True),
        ("I want to learn about black holes", False),
    ],
)
def test_who_wants_to_do_what_the_catalogue_names_is_in_the_right_shop(message, ours):
    assert wants_ours(message, store().parser, store().linker) == ours
