"""What a message asks of works that the catalogue does not tell of is owned up to."""

from __future__ import annotations

import pytest

from retrieval.types import Item
from tests.shops import Talk, marquee, shop_of


@pytest.fixture
def talk():
    return Talk(marquee())


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ("a fantasy book that isn't part of a series", "series"),
        ("a standalone thriller", "series"),
        ("a comedy film, nothing in black and white", "colour"),
        ("a sad Scandinavian film", "region"),
        ("an easy game", "difficulty"),
        ("a game for two players", "players"),
        ("a short game about cats", "length"),
        ("a game, but not too long", "length"),
    ],
)
def test_what_no_column_tells(said, column):
    assert column in marquee().parser.parse(said).unchecked


def test_it_is_said_and_sets_no_limit(talk):
    assert "I can't go by the series" in talk("a fantasy book, not part of a series").text
    assert talk.limits == {("kind", "is", "book"), ("genres", "is", "fantasy")}
    assert "I can't go by the colour" in talk("I don't want black and white").text
    assert not any(op == "is_not" for _, op, _ in talk.limits)


@pytest.mark.parametrize(
    "said", ["a short film", "western films", "easy listening", "a black comedy", "a book about a white whale"]
)
def test_what_is_told_or_asks_nothing(said):
    assert not marquee().parser.parse(said).unchecked


def test_a_column_that_tells():
    rows = [("Uprooted", "none"), ("The Two Towers", "The Lord of the Rings")]
    shop = shop_of([
        Item(f"b{at}", title, kind="book", genres=("fantasy",), attributes={"series": series})
        for at, (title, series) in enumerate(rows)
    ])  # fmt: skip
    assert not shop.parser.parse("a book that isn't part of a series").unchecked


def test_a_genre_as_people_say_it(talk):
    talk("a jazzy album")
    assert ("genres", "is", "jazz") in talk.limits


@pytest.mark.parametrize(
    ("said", "lacking"),
    [
        ("under 20 euros", ("currency:USD",)),
        ("under £20", ("currency:USD",)),
        ("under 20 dollars", ()),
        ("under 20", ()),
    ],
)
def test_a_price_in_another_currency_is_owned_up_to(said, lacking):
    parsed = marquee().parser.parse(f"a film {said}")
    assert parsed.unchecked == lacking
    assert any(c.field == "price" for c in parsed.constraints)


def test_a_catalogue_without_prices_goes_by_none():
    shop = shop_of([Item(id="1", title="Blue Tent", kind="tent"), Item(id="2", title="Oak Stool", kind="stool")])
    assert shop.parser.parse("a tent under 20 dollars").unchecked == ("price",)
    assert not shop.parser.parse("a tent for 20 people").unchecked
    assert "price" in Talk(shop)("a tent under 20 dollars").text
