"""A sort of things goes by the word that tells it, and less of something is no wish for it."""

from __future__ import annotations

import pytest

from chat.updating import _less_of
from retrieval.catalog import Catalog
from retrieval.index import make_index
from retrieval.parsing import Parser
from retrieval.types import Item
from tests.fakes import BagEncoder
from tests.shops import Talk, shop_of, titles

GOODS = [
    Item(id="p1", title="Lunar Ballpoint Slim", kind="ballpoint pen", price=4.0),
    Item(id="p2", title="Comet Writer", kind="ballpoint pen", price=9.0),
    Item(id="p3", title="Aster Fountain", kind="fountain pen", price=29.0),
    Item(id="p4", title="Inkwell No. 3", kind="gel pen", price=3.0),
    Item(id="n1", title="Fountain Notebook", kind="notebook", price=8.0),
    Item(id="c1", title="Ballast Clip", kind="clip", price=2.0),
]


@pytest.fixture(scope="module")
def parser():
    english = frozenset(("fountain", "gel", "pen", "notebook", "clip", "maybe", "something", "nice"))
    return Parser(make_index(Catalog(GOODS), BagEncoder()).facets, english=english)


@pytest.mark.parametrize("message", ["a ballpoint", "ballpoints?", "something nice, maybe a ballpoint under 5"])
def test_a_sort_by_its_own_word(parser, message):
    assert ("kind", "is", "ballpoint pen") in [(c.field, c.op, c.value) for c in parser.parse(message).constraints]


@pytest.mark.parametrize("message", ["a fountain", "gel"])
def test_an_everyday_word_is_none(parser, message):
    assert not any(c.field == "kind" for c in parser.parse(message).constraints)


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("something less smoky", "a  cheese"),
        ("not so smoky please", "a  cheese"),
        ("that's too smoky", "a  cheese"),
        ("less than 5 euros", "a smoky cheese"),
        ("more smoky ones", "a smoky cheese"),
    ],
)
def test_less_of_it(message, left):
    assert _less_of(message, "a smoky cheese") == left


def test_who_wants_less_of_it_is_not_shown_it_for_that():
    talk = Talk(
        shop_of(
            [
                Item(id="a", title="Alder Wheel", kind="cheese", description="Smoky and firm."),
                Item(id="b", title="Birch Wheel", kind="cheese", description="Mild and soft."),
                Item(id="c", title="Cedar Wheel", kind="cheese", description="Sharp and dry."),
            ]
        )
    )
    assert titles(talk("a smoky cheese"))[0] == "Alder Wheel"
    assert not any("smoky" in card.why for card in talk("a less smoky cheese").cards)
