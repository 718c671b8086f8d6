"""What people need, told by a situation, a feature of a description, a group of kinds, or what they can do without."""

from __future__ import annotations

from functools import cache

import pytest

from chat.offers import helps
from chat.shop import Shop
from chat.typed import settings
from retrieval.types import Item
from tests.shops import Talk, shop_of, titles

ROWS = (
    ("Warm Crew", "shirt", "For frosty mornings.", {"waterproof": "no", "best_for": ("squats", "gym")}),
    ("Long Crew", "shirt", "Of wool, for hikes.", {"waterproof": "no", "best_for": ("hikes",)}),
    ("Hill Shell", "jacket", "For heavy rain.", {"waterproof": "yes", "best_for": ("hikes",)}),
    ("City Shell", "jacket", "For showers.", {"waterproof": "no", "best_for": ("commuting",)}),
    ("Studio Tight", "leggings", "Soft, high and squat-proof.", {"waterproof": "no", "best_for": ("yoga",)}),
    ("Grip Tight", "leggings", "Plain and cheap.", {"waterproof": "no", "best_for": ("yoga",)}),
    ("Foam Roll", "massage roller", "For sore calves.", {"waterproof": "no", "best_for": ("recovery",)}),
    ("Pulse Two", "watch", "Shows the heart rate.", {"waterproof": "yes", "best_for": ("hikes",)}),
    ("Buckle Hero", "bottle", "Opens with one hand.", {"waterproof": "yes", "best_for": ("hikes",)}),
    (
        "Tub Fleet",
        "bottle",
        "Three little ones to pour from in the bath.",
        {"waterproof": "yes", "best_for": ("hikes",)},
    ),
)


@cache
def store() -> Shop:
    return shop_of(
        [
            Item(f"n{at}", title, kind=kind, description=told, price=20.0 + at, attributes=own)
            for at, (title, kind, told, own) in enumerate(ROWS)
        ]
    )


def limits(message: str) -> dict[tuple[str, str], object]:
    parsed = store().parser.parse(message)
    return {(c.field, c.op): set(c.value) if isinstance(c.value, tuple) else c.value for c in parsed.constraints}


CLOTHES = {"shirt", "jacket", "leggings"}


@pytest.mark.parametrize(
    "message", ["a present, but not clothes", "no clothing please", "anything, not clothing though"]
)
def test_who_refuses_a_group_refuses_all_its_kinds(message):
    assert limits(message)["kind", "is_not"] == CLOTHES


@pytest.mark.parametrize("message", ["something to wear on cold days", "I'm looking for clothes"])
def test_who_asks_for_a_group_asks_for_any_of_its_kinds(message):
    assert limits(message)["kind", "is"] == CLOTHES


@pytest.mark.parametrize("message", ["my clothes get wet on the way to work", "we sell furniture ourselves"])
def test_a_group_named_in_passing_is_no_limit(message):
    assert not limits(message)


def test_a_group_is_called_by_its_name():
    talk = Talk(store())
    talk("a present, but not clothes")
    assert [x.label for x in talk.state.taste.limits] == ["no clothes"]


@pytest.mark.parametrize("message", ["he won't wear a jacket", "she can't use jackets"])
def test_what_somebody_will_not_wear_is_refused(message):
    assert limits(message) == {("kind", "is_not"): "jacket"}


@pytest.mark.parametrize(
    "message",
    ["I don't really need it waterproof", "we do not need waterproof ones", "it doesn't have to be waterproof"],
)
def test_what_is_not_needed_limits_nothing(message):
    assert not limits(message)
    assert store().parser.parse(message).taken_back == (("waterproof", "yes"),)


def test_what_is_needed_still_limits():
    assert limits("I really need it waterproof") == {("waterproof", "is"): "yes"}


def test_a_feature_of_a_description_is_not_denied():
    answer = Talk(store())("I need squat-proof leggings")
    assert titles(answer)[0] == "Studio Tight"
    assert "I have nothing" not in answer.text


def test_a_word_for_what_a_thing_has_is_no_item_to_be_like():
    answer = Talk(store())("a bottle with the buckle, please")
    assert titles(answer)[0] == "Buckle Hero"


def test_where_goods_are_for_is_searched_for():
    assert settings("for my brother, on Saturday") == []
    assert settings("to pour from in the bath at night") != []
    assert Talk(store())("something to play with in the bath").cards[0].title == "Tub Fleet"


@pytest.mark.parametrize("message", ["what helps?", "any ideas?", "what could help against it?"])
def test_what_helps_asks_for_goods(message):
    assert helps(message)


def test_goods_described_anew_come_back():
    talk = Talk(store())
    assert "Pulse Two" in [*titles(talk("something for hikes")), *titles(talk("something else"))]
    assert titles(talk("one that shows the heart rate"))[0] == "Pulse Two"


def test_if_you_have_them_points_at_nothing():
    talk = Talk(store())
    talk("a jacket")
    talk("show me some for frosty mornings if you have them")
    assert not talk.state.taste.liked
