"""Kinds of a shop's own that end with a word the lexicon knows otherwise: board games, jigsaw puzzles, photo albums."""

from __future__ import annotations

from functools import cache

import pytest

from chat.shop import Shop
from retrieval.types import Item
from tests.shops import Talk, shop_of, titles

ROWS = (
    ("Night Ferry", "Book", ("crime",), "A body on the ferry.", ""),
    ("A House of Owls", "Book", ("picture books",), "Owls of every sort.", ""),
    ("Meadow Trade", "Board Game", ("strategy",), "Trade hay and honey.", "1-5"),
    ("Four Rivers", "Board Game", ("cooperative",), "Save the valley together.", "2-4"),
    ("Fox Trick", "Card Game", ("party",), "Quick tricks for a crowd.", "3-8"),
    ("Harbour at Dawn", "Jigsaw Puzzle", ("landscape",), "A thousand pieces of harbour.", ""),
    ("Old Lighthouse", "3D Puzzle", ("landmarks",), "Build it from foam.", ""),
    ("Puzzle Roll-Up Mat", "Accessory", (), "Keeps what is not finished.", ""),
    ("Glue for Puzzles", "Accessory", (), "A small bottle.", ""),
    ("Big Book of Puzzles", "Book", ("hobby",), "For trains.", ""),
    ("Voucher 20", "Gift Card", (), "To give.", ""),
)
GAMES, PUZZLES = {"Meadow Trade", "Four Rivers", "Fox Trick"}, {"Harbour at Dawn", "Old Lighthouse"}
OTHERS = (
    ("Salt Road", "Film", ("drama",), "A long way.", ""),
    ("Linen Fifty", "Photo Album", (), "Fifty pages.", ""),
    ("Leather Hundred", "Photo Album", (), "A hundred pages.", ""),
    ("Oak A4", "Picture Frame", (), "Of oak.", ""),
)


def _items(rows: tuple[tuple[str, str, tuple[str, ...], str, str], ...]) -> list[Item]:
    return [
        Item(f"h{at}", title, kind=kind, genres=genres, description=told, attributes={"players": n} if n else {})
        for at, (title, kind, genres, told, n) in enumerate(rows)
    ]


@cache
def mixed() -> Shop:
    return shop_of(_items(ROWS))


@cache
def photos() -> Shop:
    return shop_of(_items(OTHERS))


def left(shop: Shop, message: str) -> set[str]:
    """Return the titles of all that a message leaves."""
    facets = shop.index.facets
    mask = facets.mask(shop.parser.parse(message).constraints)
    return {item.title for item, kept in zip(facets.catalog.items, mask, strict=True) if kept}


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("do you sell puzzles?", PUZZLES),
        ("a puzzle for my aunt", PUZZLES),
        ("a jigsaw", {"Harbour at Dawn"}),
        ("which games do you have?", GAMES),
        ("something to play with friends", GAMES),
        ("a board game", {"Meadow Trade", "Four Rivers"}),
        ("anything that isn't a puzzle?", {row[0] for row in ROWS} - PUZZLES),
        ("a game for two", {"Meadow Trade", "Four Rivers"}),
        ("a game for six players", {"Fox Trick"}),
        ("a board game for two under 30 euros", {"Meadow Trade", "Four Rivers"}),
        ("party on friday, about 8 people, we want a game", {"Fox Trick"}),
        ("something to read", {"Night Ferry", "A House of Owls", "Big Book of Puzzles"}),
        ("a puzzle mat", {"Puzzle Roll-Up Mat"}),
        ("I need glue for my puzzles", {"Glue for Puzzles"}),
        ("a puzzle book", {"Night Ferry", "A House of Owls", "Big Book of Puzzles"}),
    ],
)
def test_a_word_means_all_kinds_that_end_with_it(message, kept):
    assert left(mixed(), message) == kept


def test_so_it_does_in_another_shop():
    assert left(photos(), "an album for our wedding") == {"Linen Fifty", "Leather Hundred"}
    assert left(photos(), "do you have frames?") == {"Oak A4"}
    assert not any(c.value == "album" for c in photos().parser.parse("some music").constraints if c.op == "is_not")


def test_what_the_lexicon_calls_so_in_more_words_is_still_another_kind():
    talk = Talk(mixed())
    assert talk("do you have any video games?").text.startswith("We don't carry any video games.")
    assert "don't carry" not in talk("a co-op game").text
    answer = talk("a game then")
    assert "don't carry" not in answer.text
    assert set(titles(answer)) <= GAMES


def test_the_chip_says_the_word():
    (limit,) = mixed().parser.parse("a puzzle").constraints
    assert limit.label == "puzzle"
    (limit,) = mixed().parser.parse("no games please").constraints
    assert limit.label == "no game"


def test_no_limit_is_set_that_nothing_in_the_catalogue_has():
    parsed = mixed().parser.parse("a western")
    assert not parsed.constraints
    assert [(wish.field, wish.value) for wish in parsed.wishes] == [("genres", "western")]
    (limit,) = mixed().parser.parse("no westerns").constraints
    assert limit.field == "topic"


def test_the_lexicon_keeps_its_word_where_the_catalogue_has_that_kind():
    items = [*_items(ROWS), Item("v1", "Pixel Quest", kind="game", genres=("puzzle",))]
    assert left(shop_of(items), "a game") == {"Pixel Quest"}
