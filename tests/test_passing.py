"""Which kind of thing a message wants, among those that it names: in passing, as a part, or by a noun of titles."""

from __future__ import annotations

from functools import cache

import pytest

from chat.shop import Shop
from retrieval.types import AttributeValue, Item
from tests.shops import Talk, shop_of, titles


@cache
def camp() -> Shop:
    """Return a shop of camping things, in which some parts stand in titles only."""
    rows: list[tuple[str, str, str, dict[str, AttributeValue]]] = [
        ("Skarn 2", "tent", "Two-person tent with a porch.", {"colour": ("green",), "weight_kg": 2.0}),
        ("Pippin 4", "tent", "Family tent with a lamp hook.", {"colour": ("red", "moss green"), "weight_kg": 6.0}),
        ("Pippin Women 1", "tent", "Tent for women.", {"colour": ("red",), "weight_kg": 1.0}),
        ("Glow 100", "lamp", "Lamp for a tent.", {"colour": ("red",), "weight_kg": 0.2}),
        ("Glow Solar", "lamp", "Electric lamp, charged by the sun.", {"colour": ("black",), "weight_kg": 0.3}),
        ("Wick Oil", "lamp", "Lamp with a flame.", {"colour": ("green",), "weight_kg": 0.5}),
        ("Down 200", "sleeping bag", "Warm and light.", {"colour": ("green",), "weight_kg": 0.9}),
        ("Down 400", "sleeping bag", "Very warm.", {"colour": ("black",), "weight_kg": 1.4}),
        ("Tent Peg Steel", "spare part", "Ten pegs.", {"colour": ("silver",), "weight_kg": 0.2}),
        ("Tent Peg Light", "spare part", "Six pegs.", {"colour": ("silver",), "weight_kg": 0.1}),
        ("Pole Kit", "spare part", "A new pole.", {"colour": ("silver",), "weight_kg": 0.4}),
        ("Peg Bag", "sleeping bag", "A bag named oddly.", {"colour": ("black",), "weight_kg": 0.1}),
    ]
    return shop_of(
        [
            Item(id=f"c{at}", title=title, kind=kind, description=told, price=10.0 + at, attributes=values)
            for at, (title, kind, told, values) in enumerate(rows)
        ]
    )


def kinds(message: str) -> set[object]:
    talk = Talk(camp())
    talk(message)
    return {value for field, op, value in talk.limits if (field, op) == ("kind", "is")}


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("A gift for my uncle who owns a big tent", set()),
        ("I need a present, she loves sitting in her tent", set()),
        ("a lamp for my tent", {"lamp"}),
        ("good lamp for a tent", {"lamp"}),
        ("something for my tent", set()),
        ("a tent with a lamp", {"tent"}),
        ("we're off on a tent holiday, which lamps would you recommend?", {"lamp"}),
        ("We have a tent and want a lamp", {"lamp"}),
        ("I have a tent already but need a bigger one", {"tent"}),
        ("My tent leaks, what would you recommend?", {"tent"}),
        ("50 euros for a tent", {"tent"}),
        ("do you have a tent?", {"tent"}),
        ("a lamp to go with my tent", {"lamp"}),
    ],
)
def test_a_kind_named_in_passing_is_not_what_is_wanted(message: str, wanted: set[object]) -> None:
    assert kinds(message) == wanted


def test_what_somebody_has_already_is_not_shown() -> None:
    answer = Talk(camp())("A gift for my uncle, he already has lamps")
    assert answer.cards
    assert not {"Glow 100", "Glow Solar", "Wick Oil"} & set(titles(answer))


def test_a_thing_of_titles_that_somebody_has_is_not_shown() -> None:
    answer = Talk(camp())("Something for camping, he already has tent pegs")
    assert answer.cards
    assert not {"Tent Peg Steel", "Tent Peg Light"} & set(titles(answer))


def test_a_part_leaves_the_kind_in_force() -> None:
    talk = Talk(camp())
    talk("I'm looking for a tent")
    talk("with a lamp would be good")
    assert ("kind", "is", "tent") in talk.limits


def test_a_noun_of_titles_is_a_new_subject() -> None:
    talk = Talk(camp())
    talk("a sleeping bag")
    answer = talk("and some tent pegs")
    assert set(titles(answer)) == {"Tent Peg Steel", "Tent Peg Light"}
    assert {(f, v) for f, op, v in talk.limits if op == "is"} == {("title", "tent peg")}


def test_a_kind_goes_before_a_noun_of_titles() -> None:
    talk = Talk(camp())
    talk("I need pegs")
    talk("and a lamp")
    assert {(f, v) for f, op, v in talk.limits if op == "is"} == {("kind", "lamp")}


def test_another_kind_leaves_the_colour_and_the_measures_of_the_first_behind() -> None:
    talk = Talk(camp())
    talk("a red tent under 5 kg, at most 50")
    talk("and a lamp to go with it")
    assert {field for field, _, _ in talk.limits} == {"kind"}


def test_a_correction_keeps_the_colour() -> None:
    talk = Talk(camp())
    talk("a red tent")
    talk("a lamp instead")
    assert ("colour", "is", "red") in talk.limits


def test_another_person_has_a_taste_of_their_own() -> None:
    talk = Talk(camp())
    talk("a red tent for my daughter")
    talk("My son needs one too")
    assert {(f, v) for f, op, v in talk.limits if op == "is"} == {("kind", "tent")}


def test_a_colour_is_also_a_shade_of_it() -> None:
    assert {"Skarn 2", "Pippin 4"} == set(titles(Talk(camp())("a green tent")))


def test_one_for_somebody_is_singled_out() -> None:
    talk = Talk(camp())
    talk("show me tents")
    assert titles(talk("is there one for women?")) == ["Pippin Women 1"]


def test_such_a_one_is_singled_out_by_its_text() -> None:
    talk = Talk(camp())
    talk("show me lamps")
    assert titles(talk("what about an electric one")) == ["Glow Solar"]
    assert set(titles(talk("rather the non electric ones"))) == {"Glow 100", "Wick Oil"}


def test_what_about_a_sort_names_no_subject() -> None:
    talk = Talk(camp())
    talk("show me tents")
    assert "about" not in talk("what about a green tent instead").text


@cache
def gym() -> Shop:
    """Return a shop of sports wear that says what and for whom its things are."""
    rows = [
        ("Vesper", "running shoe", "unisex", ("marathon", "road")), ("Dagny", "running shoe", "men", ("training",)),
        ("Grip", "socks", "women", ("yoga", "pilates")), ("Tank", "shirt", "women", ("yoga", "gym")),
        ("Tee", "shirt", "men", ("gym", "road")), ("Belt", "running belt", "unisex", ("marathon", "road")),
        ("Bra", "sports bra", "women", ("yoga", "gym")), ("Storm", "jacket", "men", ("training", "road")),
    ]  # fmt: skip
    return shop_of([Item(t, t, k, price=30.0, attributes={"gender": g, "best_for": best}) for t, k, g, best in rows])


@pytest.mark.parametrize(
    ("message", "first"),
    [
        ("a present for my husband, he runs marathons", {"Vesper", "Belt"}),
        ("something for my mum, she does pilates and yoga", {"Grip", "Tank", "Bra"}),
        ("I just had my first marathon, my legs hurt", {"Vesper", "Belt"}),
    ],
)
def test_what_somebody_does_is_a_wish_and_no_limit(message, first):
    talk = Talk(gym())
    assert titles(talk(message))[0] in first
    assert not any(field == "best_for" for field, _, _ in talk.limits)


def test_what_is_asked_for_is_a_limit():
    talk = Talk(gym())
    talk("a yoga shirt")
    assert ("best_for", "is", "yoga") in talk.limits


def test_a_pronoun_is_no_slip_of_the_keyboard():
    shoes = [Item(str(n), f"Pair {n}", "shoes") for n in range(3)] + [Item("b", "Belt", "belt")]
    talk = Talk(shop_of(shoes))
    talk("a present for my mum, she's 62")
    assert not any(field == "kind" for field, _, _ in talk.limits)


@cache
def bakery() -> Shop:
    """Return a shop of kitchen ware whose column of heat names kinds of it, too."""
    rows: list[tuple[str, str, tuple[str, ...]]] = [
        ("Rye Flour Dark", "flour bags", ("bread oven", "waffle iron")), ("Wheat Flour", "flour bags", ("air fryer",)),
        ("Spelt Flour", "flour bags", ("waffle iron",)), ("Cast Pan", "frying pan", ("gas hob", "bread oven")),
        ("Steel Pan", "frying pan", ("gas hob",)), ("Dutch Oven", "bread oven", ("bread oven",)),
        ("Heart Irons", "waffle iron", ("waffle iron",)), ("Basket 4", "air fryer", ("air fryer",)),
    ]  # fmt: skip
    made = [Item(t, t, k, price=20.0 + at, attributes={"used_with": with_}) for at, (t, k, with_) in enumerate(rows)]
    return shop_of(made)


@pytest.mark.parametrize(
    "message",
    [
        "flour for my waffle iron",
        "some flour for the waffle iron, please",
        "which flour is best for a waffle iron?",
        "I just bought a waffle iron and need flour bags for it",
        "what about for a waffle iron, any flour bags?",
        "flour bags that aren't dark for my waffle iron",
    ],
)
def test_a_kind_that_things_must_suit_is_a_limit_of_the_column_that_tells_it(message):
    talk = Talk(bakery())
    talk(message)
    assert ("used_with", "is", "waffle iron") in talk.limits
    assert not any((field, value) == ("kind", "waffle iron") for field, _, value in talk.limits)


@pytest.mark.parametrize(
    ("message", "kind"),
    [("I need a waffle iron", "waffle iron"), ("a frying pan and a waffle iron", ("frying pan", "waffle iron")),
     ("flour? no, I'm looking for a waffle iron", "waffle iron"), ("a waffle iron for my mum", "waffle iron")],
)  # fmt: skip
def test_a_kind_that_is_wanted_stays_one(message, kind):
    talk = Talk(bakery())
    talk(message)
    assert {(f, v) for f, op, v in talk.limits if op == "is"} == {("kind", kind)}


def test_something_for_what_one_has_is_none_of_it():
    shown = titles(Talk(bakery())("something for my waffle iron"))
    assert set(shown) == {"Rye Flour Dark", "Spelt Flour"}


@pytest.mark.parametrize(
    ("question", "answer"),
    [("is Spelt Flour good for a waffle iron?", "Yes"), ("can I use Spelt Flour in an air fryer?", "No"),
     ("does the Cast Pan work on a gas hob?", "Yes")],
)  # fmt: skip
def test_whether_an_item_suits_something_is_told_by_the_column(question, answer):
    assert Talk(bakery())(question).text.startswith(answer)


def test_what_things_are_not_to_suit_is_refused():
    talk = Talk(bakery())
    talk("flour bags, but not for a waffle iron")
    assert ("used_with", "is_not", "waffle iron") in talk.limits
