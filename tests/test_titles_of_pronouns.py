"""Titles and pronouns: "It" is a work in capitals, in lower case what was spoken of; "the glass one" names a work."""

from __future__ import annotations

from functools import cache

import pytest

from chat.shop import Shop
from retrieval.types import Item
from tests.shops import Talk, shop_of, titles


@cache
def books() -> Shop:
    return shop_of(
        [
            Item("b1", "It", kind="book", creators=("S. K.",), price=14.99, currency="EUR", genres=("horror",)),
            Item("b2", "The Glass Orchard", kind="book", creators=("Ada Penn",), price=9.99, currency="EUR"),
            Item("b3", "Him", kind="book", creators=("O. W.",), price=4.0, currency="EUR"),
        ]
    )


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("how much is it?", "The Glass Orchard costs €9.99."),
        ("is it in stock?", "The Glass Orchard is in stock."),
        ("who wrote it?", "The Glass Orchard is by Ada Penn."),
        ("what would it cost?", "The Glass Orchard costs €9.99."),
    ],
)
def test_it_is_what_was_spoken_of(question, said):
    talk = Talk(books())
    talk("do you have The Glass Orchard?")
    assert talk(question).text == said


def test_a_capital_names_the_work():
    talk = Talk(books())
    talk("do you have The Glass Orchard?")
    assert "It costs €14.99" in talk("how much is It?").text


def test_nothing_spoken_of_is_no_work():
    assert "14.99" not in Talk(books())("how much is it?").text


@pytest.mark.parametrize("question", ["do you have the orchard one in stock?", "do you sell the glass orchard one?"])
def test_the_one_of_a_word_of_its_title_is_meant(question):
    answer = Talk(books())(question)
    assert "don't carry" not in answer.text
    assert titles(answer)[0] == "The Glass Orchard"


def test_one_of_no_title_is_none():
    assert "The Glass Orchard is in stock" not in Talk(books())("do you have the velvet one in stock?").text
