"""Whom a work is not for."""

from __future__ import annotations

import pytest

from retrieval.types import Item
from tests.shops import Talk, marquee, shop_of

REFUSED = ("audience", "is_not", "children")


@pytest.mark.parametrize(
    "message",
    [
        "Paddington? That's for kids.",
        "Solaris is for children",
        "they're all for kids",
        "a fantasy novel for grown-ups",
        "politics and intrigue, for adults",
        "something funny but less childish",
        "给大人的奇幻小说",
    ],
)
def test_what_is_for_children_is_refused(message):
    talk = Talk(marquee())
    answer = talk(message)
    assert REFUSED in talk.limits
    assert ("audience", "is", "children") not in talk.limits
    assert answer.cards
    for item in marquee().items([card.id for card in answer.cards]):
        assert "children" not in str(item.attributes.get("audience", ""))


@pytest.mark.parametrize("message", ["a film for my kids", "it's for children", "something for kids and adults alike"])
def test_whom_it_is_for_is_no_refusal(message):
    talk = Talk(marquee())
    talk(message)
    assert REFUSED not in talk.limits


def test_it_takes_the_place_of_the_contrary():
    talk = Talk(marquee())
    talk("a film for kids")
    talk("no, one for adults")
    assert ("audience", "is", "children") not in talk.limits


def test_a_genre_of_children_is_refused_where_that_is_all_the_catalogue_knows():
    shop = shop_of([Item("a", "Bear", kind="book", genres=("children",)), Item("b", "Court", kind="book")])
    talk = Talk(shop)
    assert [card.id for card in talk("a book for grown-ups").cards] == ["b"]
    assert ("genres", "is_not", "children") in talk.limits


def test_where_nothing_is_known_of_children_nothing_is_refused():
    talk = Talk(shop_of([Item("a", "A coat", kind="coat"), Item("b", "A scarf", kind="scarf")]))
    talk("a coat for adults")
    assert not any(op == "is_not" for _, op, _ in talk.limits)
