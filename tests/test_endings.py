"""How a work is to end is no matter of which words stand next to each other in an encoder."""

from __future__ import annotations

import pytest

from retrieval.constraints import Facets
from retrieval.endings import endings
from retrieval.parsing import Parser
from tests.shops import Talk, marquee


@pytest.mark.parametrize(
    ("message", "happy"),
    [
        ("a romance with a happy ending", [True]),
        ("a book in which no one dies", [True]),
        ("something that ends well", [True]),
        ("a family film where the dog lives and everyone survives", [True]),
        ("no sad endings please", [True]),
        ("a story where the horse doesn't die", [True]),
        ("a film that doesn't end badly", [True]),
        ("I'm tired of tragic endings", [True]),
        ("a western with a sad ending", [False]),
        ("one where everybody dies", [False]),
        ("a love story that doesn't end well", [False]),
        ("I hate happy endings", [False]),
        ("I don't mind a sad ending", []),
        ("a film with a twist at the end", []),
        ("想看大团圆的电影", [True]),
        ("不要悲剧结局", [True]),
    ],
)
def test_which_end_is_meant(message, happy):
    assert [ending.happy for ending in endings(message)] == happy


def test_an_ending_is_wished_for_and_its_contrary_refused():
    read = Parser(Facets(marquee().index.catalog)).parse("a love story that has a happy ending")
    assert {(w.field, w.value) for w in read.wishes} == {("moods", "hopeful"), ("moods", "warm")}
    assert {(c.field, c.value) for c in read.constraints if c.op == "is_not"} == {
        ("moods", "tragic"),
        ("moods", "bleak"),
    }


def test_nothing_tragic_is_shown_to_whom_wants_it_to_end_well():
    shop = marquee()
    cards = Talk(shop)("a love story that ends well").cards
    assert cards
    for item in shop.items([card.id for card in cards]):
        assert not {"tragic", "bleak"} & set(item.attributes.get("moods", ()))
