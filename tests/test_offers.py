"""What the shop is asked to show of its own goods, in words that no film shop knows."""

from __future__ import annotations

import pytest

from chat.offers import carried
from retrieval.types import Item
from tests.shops import Talk, shop_of
from tests.visits import Sure, Visit

GOODS = [
    Item(
        id="t1",
        title="Fellside 2",
        kind="tent",
        genres=("mountain tents",),
        description="Two doors.",
        price=90.0,
        attributes={"waterproof": "yes"},
    ),
    Item(id="t2", title="Fellside 4", kind="tent", genres=("family tents",), description="A big porch.", price=190.0),
    Item(id="l1", title="Glow 200", kind="lamp", description="One of our lanterns, to hang up.", price=20.0),
    Item(id="l2", title="Beam 3", kind="lamp", description="A torch for the head.", price=30.0),
    Item(id="b1", title="Scree Mid", kind="boots", description="Leather, for rough ground.", price=120.0),
]


@pytest.fixture
def talk():
    return Talk(shop_of(GOODS))


@pytest.mark.parametrize(
    "message",
    [
        "show me all of your tents",
        "list the tents",
        "which tents have you got?",
        "what sorts of tents do you stock",
        "what about a tent",
        "do you carry tents",
    ],
)
def test_a_kind_in_the_plural_is_a_wish(talk, message):
    assert {card.kind for card in talk(message).cards} == {"tent"}


def test_a_kind_in_the_singular_too(talk):
    assert [card.id for card in talk("a boot").cards] == ["b1"]


def test_a_word_of_the_texts_is_looked_for(talk):
    assert talk("show me your lanterns").cards[0].id == "l1"


@pytest.mark.parametrize("verb", ["sell", "stock", "carry", "offer", "have", "do"])
def test_what_is_not_there_is_said_not_to_be(talk, verb):
    assert "“kayaks”" in talk(f"do you {verb} kayaks").text


@pytest.mark.parametrize("message", ["do you do it for me", "what about the weather", "show me how to be rich"])
def test_not_all_that_sounds_alike_asks_for_goods(message):
    shop = shop_of(GOODS)
    assert not carried(message, shop.parser, shop.linker)


def goods(router):
    """Visit the shop of tents and lamps."""
    return Visit(router, shop=shop_of(GOODS))


def test_words_for_our_own_goods_are_within_our_scope():
    strange = Sure(a_mountain=("out_of_scope", 0.95), what=("out_of_scope", 0.95), is_the=("out_of_scope", 0.95))
    assert goods(strange)("a mountain tent").cards
    assert "Fellside 4, 190" in goods(strange)("what's the most expensive tent").text
    assert goods(strange)("what is the price of wheat").route == "out_of_scope"
    assert goods(strange)("is the fellside 2 waterproof").text == "Fellside 2, waterproof: yes."


def test_and_the_pages_know_how_they_are_used():
    answer = goods(Sure(how=("out_of_scope", 0.9)))("how do I return a tent?")
    assert answer.route == "policy"
    assert answer.cards == ()


@pytest.mark.parametrize(
    ("message", "expected"), [("who wrote Dune", "book"), ("who wrote dune?", "book"), ("who directed Dune", "film")]
)
def test_the_verb_tells_of_which_kind_a_work_is(message, expected):
    assert {card.kind for card in Visit(Sure(who=("out_of_scope", 0.9)))(message).cards} == {expected}


WORKS = ("mood", "title that was", "enjoy", "works", "心情", "作品", "气氛")


@pytest.mark.parametrize("message", ["hello", "hjkl", "help", "a tent", "start over", "bye", "你好", "再见"])
def test_a_shop_of_goods_speaks_of_no_works(talk, message):
    assert not any(word in talk(message).text for word in WORKS)


def test_a_shop_with_moods_or_works_does():
    assert "mood" in Talk(shop_of([*GOODS[:2], Item(id="f", title="Alp", kind="film")]))("hello").text
    assert (
        "mood" in Talk(shop_of([Item(id="s", title="Oak", kind="candle", attributes={"moods": ("calm",)})]))("hi").text
    )
