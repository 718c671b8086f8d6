"""Adjectives without a number ask for that half of what there is."""

from __future__ import annotations

import pytest

from retrieval.types import Item
from tests.shops import Talk, ids, shop_of

TENTS = [
    Item(str(n), f"Tent {n}", "dome tent", price=100.0 + n, currency="EUR", attributes={"weight_kg": 0.5 * n})
    for n in range(1, 7)
]
STOVES = [Item(f"s{n}", f"Stove {n}", "stove", price=30.0 + n, attributes={"boil_time_min": 2.0 * n}) for n in range(4)]
WISHES = ("a light tent", "a really light dome tent", "light tents please", "a small and light tent")
LATER = ("something light", "light if possible, please", "it should be light", "not too heavy")
OTHERS = (
    "a tent in light blue",
    "a tent for a light sleeper",
    "a tent and a light lunch",
    "a light",
    "a tent, not so heavy going",
)
LIGHT = ("weight_kg", "<=", 1.75)


@pytest.fixture
def talk():
    return Talk(shop_of([*TENTS, *STOVES]))


@pytest.mark.parametrize(
    "wish", ["a light tent", "a really light dome tent", "light tents please", "a small and light tent"]
)
def test_of_the_kind_that_is_named(talk, wish):
    answer = talk(wish)
    assert LIGHT in talk.limits
    assert set(ids(answer)) == {"1", "2", "3"}


@pytest.mark.parametrize(
    "wish", ["something light", "light if possible, please", "it should be light", "not too heavy"]
)
def test_of_what_has_been_spoken_of(talk, wish):
    talk("a tent")
    talk(wish)
    assert LIGHT in talk.limits


def test_much_of_it(talk):
    talk("a heavy tent")
    assert ("weight_kg", ">=", 1.75) in talk.limits


@pytest.mark.parametrize(
    "wish", ["a tent in light blue", "a tent for a light sleeper", "a tent and a light lunch", "a light"]
)
def test_other_things_are_light_too(talk, wish):
    talk(wish)
    assert not any(field == "weight_kg" for field, _, _ in talk.limits)


def test_too_heavy_compares_and_not_too_heavy_does_not(talk):
    talk("a tent")
    talk("the third one is too heavy")
    assert ("weight_kg", "<", 1.5) in talk.limits
    other = Talk(shop_of(TENTS))
    other("a tent, not too heavy")
    assert ("weight_kg", "<=", 1.75) in other.limits


def test_a_kind_that_does_not_tell_is_not_limited(talk):
    talk("a light stove")
    assert not any(field == "weight_kg" for field, _, _ in talk.limits)
