"""Exactly those two are compared that a message names or points at."""

from __future__ import annotations

import pytest

from chat.comparing import compared
from chat.rules import Rulebook
from chat.state import DialogueState
from retrieval.types import Item
from tests.shops import Talk, ids, marquee, shop_of

GOODS = [
    Item(id="d1", title="Corvo Drill X3", kind="drill", price=80.0, currency="USD", description="A drill for wood."),
    Item(id="d2", title="Corvo Drill X5 Max", kind="drill", price=120.0, currency="USD"),
    Item(id="d3", title="Hale Bantam", kind="drill", price=60.0, currency="USD"),
    Item(id="s1", title="Hale Mitre", kind="saw", price=150.0, currency="USD"),
]


def _two(message, first="a drill"):
    talk = Talk(shop_of(GOODS))
    talk(first)
    return talk(message)


@pytest.mark.parametrize(
    "message",
    [
        "compare the bantam with the mitre",
        "what is the difference between the Hale Bantam and the Mitre?",
        "how does the bantam compare to the mitre",
        "Bantam vs Mitre",
    ],
)
def test_short_names_whether_on_screen_or_not(message):
    answer = _two(message)
    assert set(answer.compared) == {"d3", "s1"}
    assert "Corvo" not in answer.text


def test_a_place_and_a_name():
    answer = _two("compare the first one to the mitre")
    assert len(answer.compared) == 2
    assert "s1" in answer.compared


def test_what_means_nothing_is_named():
    answer = _two("compare the second one with the Quorl")
    assert answer.text == "I don't know which item “Quorl” is, so I can't compare it."


@pytest.mark.parametrize("message", ["compare the two", "what's the difference between the first two?"])
def test_two_of_the_cards(message):
    answer = _two(message)
    assert list(answer.compared) == ids(answer)[:2]


def test_what_is_no_item_is_not_compared():
    answer = _two("what's the difference between brass and bronze?")
    assert "compare" not in answer.text


def test_works_of_one_title_are_told_apart_as_before():
    answer = Talk(marquee())("compare Solaris the book and the film")
    assert {card.kind for card in answer.cards} == {"film", "book"}


def test_the_rules_are_asked_once_however_many_items_there_are(monkeypatch):
    asked = []
    hidden = Rulebook.hidden
    monkeypatch.setattr(Rulebook, "hidden", lambda rules, index: asked.append(1) or hidden(rules, index))
    more = [Item(id=f"x{at}", title=f"Plain {at}", kind="thing") for at in range(300)]
    lamps = [Item(id=f"l{at}", title=f"Hale Glow{at}", kind="sunset lamp") for at in range(2)]
    shop = shop_of([*GOODS, *more, *lamps])
    state = DialogueState(session="test")
    state.taste.focus = ["d1"]
    found = compared("what's the difference to a sunset lamp?", shop, state)
    assert [item.id for item in found.items] == ["d1", "l0"]
    assert len(asked) < 5
