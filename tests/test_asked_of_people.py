"""Questions on columns that are filled: for how many, from what age, how quick, in which binding, how long."""

from __future__ import annotations

from functools import cache

import pytest

from chat.counted import asked_count
from chat.shop import Shop
from retrieval.types import Item
from tests.shops import Talk, shop_of, titles


def _game(number: int, title: str, players: str, minutes: float, age: float) -> Item:
    columns = {"players": players, "playing time (min)": minutes, "age from": age}
    return Item(f"g{number}", title, kind="Board Game", price=20.0 + number, currency="EUR", attributes=columns)


def _book(number: int, title: str, binding: str, pages: float) -> Item:
    return Item(f"b{number}", title, kind="Book", price=9.0, attributes={"binding": binding, "pages": pages})


@cache
def mixed() -> Shop:
    return shop_of(
        [
            _game(1, "Meadow Trade", "1-5", 70.0, 10.0),
            _game(2, "Four Rivers", "2-4", 25.0, 7.0),
            _game(3, "Harbour Clash", "2", 40.0, 12.0),
            _book(1, "The Glass Orchard", "Paperback", 320.0),
            _book(2, "A House of Owls", "Hardback", 48.0),
            _book(3, "Salt Letters", "Paperback", 210.0),
        ]
    )


@cache
def tents() -> Shop:
    return shop_of(
        [
            Item("t1", "Brook 2", kind="tent", attributes={"sleeps": "1-2", "setup_minutes": 4.0}),
            Item("t2", "Brook 5", kind="tent", attributes={"sleeps": "4-5", "setup_minutes": 12.0}),
        ]
    )


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("can Meadow Trade be played with 8?", 8), ("is it ok for a single player", 1), ("Is it playable solo?", 1),
        ("does it work for two", 2), ("can I play it on my own?", 1), ("is Four Rivers good with six players?", 6),
        ("is there a game that's good for 2", 0), ("do you have a game for 5?", 0), ("can you play with 2 decks?", 0),
        ("is it in stock?", 0), ("is it for children from 8 years?", 0), ("could you send it to my own address?", 0),
    ],
)  # fmt: skip
def test_for_how_many_a_question_asks(question, count):
    assert asked_count(question) == count


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("can Meadow Trade be played with 8?", "No, Meadow Trade is not made for 8 players, but for 1-5 players."),
        ("Is Meadow Trade playable solo?", "Yes, Meadow Trade is right for 1 player: it is made for 1-5 players."),
        ("is Harbour Clash ok for three?", "No, Harbour Clash is not made for 3 players, but for 2 players."),
        ("what age is Four Rivers for?", "Four Rivers, age: from 7."),
        ("is The Glass Orchard available in hardback?", "The Glass Orchard comes in Paperback, not in Hardback."),
        ("how long is The Glass Orchard?", "The Glass Orchard runs to 320 pages."),
        ("how long does Four Rivers take?", "Four Rivers, playing time: 25 minutes."),
    ],
)
def test_it_is_answered(question, said):
    assert Talk(mixed())(question).text == said


def test_of_what_was_spoken_of():
    talk = Talk(mixed())
    talk("do you have A House of Owls?")
    assert talk("do you have it as a paperback?").text == "A House of Owls comes in Hardback, not in Paperback."
    assert talk("how long is it?").text == "A House of Owls runs to 48 pages."


def test_the_quickest_of_these():
    talk = Talk(mixed())
    talk("a board game")
    answer = talk("which of these is the quickest to play?")
    assert answer.text == "Four Rivers is the shortest one: 25 minutes."
    assert titles(answer)[0] == "Four Rivers"


def test_in_a_shop_of_tents():
    talk = Talk(tents())
    talk("do you have the Brook 2?")
    assert talk("is it ok for four?").text == "No, Brook 2 is not made for 4 people, but for 1-2 people."
    assert talk("which is the quickest?").text.startswith("Brook 2 is the ")


def test_a_column_misspelt_is_asked_about():
    talk = Talk(mixed())
    talk("do you have Meadow Trade?")
    assert talk("how many plyers?").text == "Meadow Trade, players: 1-5."


def test_the_price_and_another_column():
    assert Talk(mixed())("how much is it and how many can play Four Rivers?").text.startswith(
        "Four Rivers costs €22.00"
    )


def test_the_one_with_so_many_of_something_is_meant():
    talk = Talk(
        shop_of(
            [
                Item(
                    f"p{n}",
                    f"Harbour {n}x",
                    kind="Puzzle",
                    price=n / 10,
                    currency="EUR",
                    attributes={"pieces": float(n)},
                )
                for n in (60, 500)
            ]
        )
    )
    talk("a puzzle")
    assert talk("ok, the 60 piece one is fine. how much is it?").text == "Harbour 60x costs €6.00."
    assert talk("how much is the 500-piece one?").text == "Harbour 500x costs €50.00."
