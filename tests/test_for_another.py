"""What one person wants says nothing of what the next one does."""

from __future__ import annotations

import pytest

from retrieval.types import Item
from tests.shops import Talk, marquee, shop_of


@pytest.fixture
def talk():
    talk = Talk(marquee())
    talk("a funny science fiction film under 20 dollars, nothing sad")
    return talk


def test_a_maker_whom_somebody_else_loves_is_found(talk):
    answer = talk("and something for my mum, she loves Agatha Christie")
    assert all("Agatha Christie" in item.creators for item in marquee().items([answer.cards[0].id]))
    assert {field for field, _, _ in talk.limits} <= {"price", "creators"}
    assert ("moods", "funny") not in talk.state.taste.wishes


def test_prices_and_an_unsaid_kind_stay(talk):
    talk("and one for my brother, something scary")
    assert talk.limits == {("kind", "is", "film"), ("price", "<", 20.0)}
    assert talk.state.taste.wishes == [("moods", "scary")]


def test_another_kind_takes_the_place_of_the_kind(talk):
    talk("now a book for my sister")
    assert talk.limits == {("kind", "is", "book"), ("price", "<", 20.0)}


def test_the_same_person_keeps_their_limits():
    talk = Talk(marquee())
    talk("a science fiction film for my dad")
    talk("something slow for my dad")
    assert ("genres", "is", "science fiction") in talk.limits


def test_what_is_said_of_them_at_once_holds():
    talk = Talk(marquee())
    talk("a western for my uncle, nothing violent")
    assert ("genres", "is", "western") in talk.limits
    assert ("moods", "is_not", "violent") in talk.limits


def test_what_always_holds_stays(talk):
    talk("I never watch horror")
    talk("something for my cousin")
    assert ("genres", "is_not", "horror") in talk.limits


@pytest.mark.parametrize("message", ["it's for my mum", "and it's for my mum by the way", "I'll watch it with my mum"])
def test_for_whom_what_was_asked_for_is_lifts_nothing(talk, message):
    before = talk.limits
    talk(message)
    assert before <= talk.limits


PANTRY = [
    Item(id="o1", title="Grove Oil", kind="olive oil", attributes={"goes_with": ("salad", "bread")}),
    Item(id="o2", title="Hill Oil", kind="olive oil", attributes={"goes_with": ("salad", "fish")}),
    Item(id="k1", title="Paring Knife", kind="knife", attributes={"goes_with": ("fruit",)}),
    Item(id="b1", title="Malt Vinegar", kind="vinegar", attributes={"goes_with": ("chips", "fish")}),
]


@pytest.mark.parametrize(
    ("message", "kept"), [("and something for my dad, he eats chips", False), ("something with fish for my dad", True)]
)
def test_a_kind_of_which_nothing_suits_them_goes(message, kept):
    talk = Talk(shop_of(PANTRY))
    talk("an olive oil for my mum")
    answer = talk(message)
    assert (("kind", "is", "olive oil") in talk.limits) is kept
    assert answer.cards[0].kind == ("olive oil" if kept else "vinegar")
