"""Names of goods that are no words, sorts of them that are, and what is put into a basket."""

from __future__ import annotations

import pytest

from chat.pieces import BUYS
from chat.standing import _asked_for, _stands_in
from retrieval.catalog import Catalog
from retrieval.index import make_index
from retrieval.parsing import Parser
from retrieval.text import tokenize
from retrieval.types import Constraint, Item
from tests.fakes import BagEncoder

ENGLISH = frozenset("water pump pliers small hammer saw tool belt raid lamp ladder one person tent".split())  # noqa: SIM905
ROWS = (
    ("Water pump pliers Einhand", "pliers", "Maulbach"),
    ("Small hammer Nippes", "hammer", "Maulbach"),
    ("Tool belt Gürta", "storage", "Gürta"),
    ("One-person tent Grille 1", "tent", "Maulbach"),
)
ITEMS = [
    Item(id=t, title=t, kind=k, creators=(m,), attributes={"brand": m, "weight_kg": float(w)})
    for w, (t, k, m) in enumerate(ROWS, 1)
]


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(make_index(Catalog(ITEMS), BagEncoder()).facets, english=ENGLISH)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("will the Einhand scratch our taps", ["Water pump pliers Einhand"]),
        ("einhand or nippes", ["Water pump pliers Einhand", "Small hammer Nippes"]),
        ("Nippes, is it light?", ["Small hammer Nippes"]),
        ("my belly is huge, gürta closes?", ["Tool belt Gürta"]),  # a brand of one thing
        ("is Maulbach any good?", []),  # and one of several
        ("I need one for at home", []),
    ],
)
def test_a_word_that_no_dictionary_has_names_wherever_it_stands(parser, text, named):
    found = parser.short_names.find(text, [])
    assert [ITEMS[at].title for mention in found for at in mention.positions] == named


def test_the_name_of_one_item_is_no_sort_of_things(parser):
    assert [parser.things.spelt(word) for word in ("einhand", "belt", "one")] == ["", "belt", ""]
    assert parser.things.find("a big one", tokenize("a big one")) == []


def test_a_small_thing_may_weigh_what_it_will(parser):
    adjectives = {adjective for _, _, adjective in parser.columns.adjectives()}
    assert "light" in adjectives
    assert adjectives.isdisjoint({"small", "big", "compact", "large"})


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("need a stout for xmas party, 40 ppl", ["stout"]),
        ("do you have vegan wine kits?", ["vegan wine kits"]),
        ("I want to make a wedding cake", [""]),
        ("the dishwasher has nowhere to go", []),
    ],
)
def test_what_stands_behind_a_word_of_wanting_is_asked_for(text, asked):
    assert list(_asked_for(text)) == asked


def test_a_limit_stands_in_what_is_asked_for_in_either_number():
    assert _stands_in(Constraint("kind", "is", "kit"), "vegan wine kits")
    assert _stands_in(Constraint("for", "is", ("wine", "cider")), "vegan wine kits")
    assert not _stands_in(Constraint("kind", "is", "cake"), "vegan wine kits")
    assert not _stands_in(Constraint("price", "<", 5.0), "5")


@pytest.mark.parametrize("text", ["put both in", "kk put both in", "only the Nippes in the cart", "put it in please"])
def test_a_basket_is_filled_in_few_words(text):
    assert BUYS.search(text)


@pytest.mark.parametrize("text", ["what do I put in the stew", "put it in the oven?"])
def test_no_basket_is_meant(text):
    assert BUYS.search(text) is None
