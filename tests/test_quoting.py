"""Questions that a column answers in other words, or a sentence of the description, and what two items differ in."""

from __future__ import annotations

import pytest

from retrieval.types import Item
from tests.shops import Talk, shop_of, titles

GAMES = [
    ("Tin Parade", 12.0, dict(play_time_min=20.0, players="2-4", pieces=40.0, needs_batteries=False), "Line up."),
    ("Salt Road", 30.0, dict(play_time_min=60.0, players="1-5", pieces=90.0, needs_batteries=False), "Trade salt."),
    ("Night Owl", 25.0, dict(play_time_min=35.0, players="2-6", needs_batteries=True), "Two AAA batteries, extra."),
]
TOYS = [
    ("Badger Bo, 30 cm", 20.0, {"machine_washable": True}, "Soft ears."),
    ("Castle Kit", 60.0, {"machine_washable": False}, "It has a gate. Assembled in an hour. Built size 50 x 40 cm."),
]


@pytest.fixture
def talk():
    items = [
        Item(id=f"{kind[0]}{at}", title=title, kind=kind, price=price, currency="EUR", creators=("Ox",),
             attributes={"brand": "Ox", **told}, description=description)
        for kind, rows in (("board game", GAMES), ("toy", TOYS))
        for at, (title, price, told, description) in enumerate(rows)
    ]  # fmt: skip
    return Talk(shop_of(items))


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("how long does one round of Salt Road last?", "play time: 60 minutes"),
        ("how long is a game of Salt Road?", "play time: 60 minutes"),
        ("how many can play Salt Road?", "players: 1-5"),
        ("Salt Road - how many is it for?", "players: 1-5"),
        ("can Badger Bo go in the wash?", "machine washable: yes"),
        ("does Night Owl come with batteries?", "needs batteries: yes. Two AAA batteries, extra."),
        ("does Tin Parade come with batteries?", "needs batteries: no"),
        ("how tall is Badger Bo?", "its name gives 30 cm"),
        ("how big is the Castle Kit?", "The catalogue says of Castle Kit: Built size 50 x 40 cm."),
        ("is the Castle Kit hard to put together, I'm all thumbs", "Castle Kit: Assembled in an hour."),
    ],
)
def test_what_is_asked_in_other_words(talk, message, told):
    text = talk(message).text
    assert told in text
    assert "don't have" not in text


def test_what_nothing_tells_is_not_known(talk):
    assert talk("how heavy is the Castle Kit?").text.endswith("I don't have that information.")


def test_the_shorter_ones_take_less_time(talk):
    talk("compare Salt Road and Night Owl")
    assert talk("which is shorter?").text == "Night Owl is the shorter one: 35 minutes."
    talk("how about Salt Road")
    assert "Salt Road" not in titles(talk("any shorter board games?"))


def test_fewer_of_what_is_counted(talk):
    talk("board games")
    text = talk("which of those has fewer pieces?").text
    assert text.startswith("Tin Parade is the one with the fewest pieces: 40.")
    assert "others" in text


def test_what_is_asked_of_the_one_that_is_most_of_something(talk):
    talk("board games")
    assert talk("how many can play the shortest one?").text.startswith("Tin Parade is the shortest one: 20 minutes.")
    assert talk("how much is the longest one?").text.endswith("Salt Road costs €30.00.")


def test_two_differ_in_what_they_have_not_alike(talk):
    text = talk("what is the difference between Tin Parade and Salt Road?").text
    assert "Tin Parade: play time 20 minutes, players 2-4, pieces 40, €12.00. Line up." in text
    assert "brand" not in text
    assert "batteries" not in text


def test_two_told_by_maker_and_kind_are_compared():
    rows = [("Ash Pot 20", "Ash", 20.0), ("Ash Pot 28", "Ash", 28.0), ("Elm Crock", "Elm", 26.0)]
    items = [
        Item(id=title, title=title, kind="pot", creators=(maker,), price=50.0, currency="EUR",
             attributes={"diameter_cm": size})
        for title, maker, size in rows
    ]  # fmt: skip
    answer = Talk(shop_of(items))("is the Ash pot worth the money compared to the Elm one?")
    assert len(answer.compared) == 2
    assert "Elm Crock" in answer.compared
