"""What words for kinds mean in a shop of goods: the last words of several kinds, and names that it does not use."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from chat.shop import Shop
from retrieval.constraints import Facets
from retrieval.labels import relabelled
from retrieval.nearest import Nearest
from retrieval.parsing import Parser
from retrieval.text import tokenize
from retrieval.types import Item
from tests.shops import Talk, ids, shop_of, titles

ROWS = (
    ("Silk Under-Eye", "eye cream", "For tired eyes."),
    ("Winter Hand Cream", "hand cream", "For dry hands."),
    ("Weather Cream", "moisturiser", "Rich, for cold days."),
    ("Quiet Night Cream", "moisturiser", "For the night."),
    ("Soft Cream Cleanser", "cleanser", "Milky."),
    ("Curl Serum", "serum", "For curls."),
    ("Jasmine No 2", "perfume", "Floral."),
    ("Brush Set of Five", "brush", "Of synthetic hair."),
    ("Powder Brush", "brush", "Soft."),
    ("Evening Set", "gift set", "Bath salts and a candle."),
    ("Morning Set", "gift set", "A scrub and a lotion."),
    ("Amble 3", "city bike", "Upright."),
    ("Swift 22", "road bike", "Fast."),
    ("Tiny 16", "children's bike", "With a bell."),
)


@cache
def store() -> Shop:
    return shop_of([Item(f"n{at}", title, kind=kind, description=told) for at, (title, kind, told) in enumerate(ROWS)])


def found(message: str) -> set[str]:
    """Return the titles of all that a message leaves."""
    facets = store().index.facets
    mask = facets.mask(store().parser.parse(message).constraints)
    return {item.title for item, kept in zip(facets.catalog.items, mask, strict=True) if kept}


ALL_CREAMS = {"Silk Under-Eye", "Winter Hand Cream", "Weather Cream", "Quiet Night Cream"}


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("I need a cream", ALL_CREAMS),
        ("any vegan creams?", ALL_CREAMS),
        ("could you recommend an eye cream?", {"Silk Under-Eye"}),
        ("do you have a night cream", {"Weather Cream", "Quiet Night Cream"}),
        ("a gift set", {"Evening Set", "Morning Set"}),
        ("a set", {"Evening Set", "Morning Set", "Brush Set of Five"}),
    ],
)
def test_what_titles_call_so_is_of_many_kinds(message, left):
    assert found(message) == left


def test_what_is_refused_is_all_of_it():
    assert not ALL_CREAMS & found("no creams please")


def test_beside_another_kind_both_are_shown():
    assert found("a perfume or a night cream") == {"Jasmine No 2", "Weather Cream", "Quiet Night Cream"}


def test_what_somebody_has_many_of_is_not_wanted():
    talk = Talk(store())
    talk("something for my aunt, a cream")
    talk("she has so many creams, rather a perfume")
    assert {value for field, op, value in talk.limits if op == "is"} == {"perfume"}


def test_a_title_wins_over_kinds():
    talk = Talk(store())
    talk("a hand cream")
    assert "Weather Cream" in talk("is the weather cream good for cold days?").text


def test_of_brushes_a_set_is_one_of_brushes():
    talk = Talk(store())
    talk("I want a brush")
    assert titles(talk("do you have a set?")) == ["Brush Set of Five"]
    assert set(titles(talk("and a gift set"))) == {"Evening Set", "Morning Set"}


def test_removing_a_noun_of_titles_is_not_offered():
    talk = Talk(store())
    talk("a set")
    assert "set" not in talk("under 1 euro, a set").text.partition("Without")[2]


@pytest.mark.parametrize(
    ("messages", "children"),
    [
        (["I'm after a bike"], False),
        (["a bike for my niece"], True),
        (["my son starts school soon", "a bike"], True),
        (["a children's bike"], True),
    ],
)
def test_bikes_for_children_are_for_whom_speaks_of_children(messages, children):
    talk = Talk(store())
    for message in messages:
        shown = titles(talk(message))
    assert ("Tiny 16" in shown) is children


def test_several_kinds_are_called_by_the_word_that_was_said():
    talk = Talk(store())
    talk("a bike")
    (limit,) = talk.state.taste.limits
    assert (limit.label, limit.value) == ("bike", ("city bike", "road bike"))
    facets = store().index.facets
    kinds = facets.postings["kind"]
    (refused,) = store().parser.parse("no bikes").constraints
    assert relabelled(refused, "zh", "", facets.name, kinds).label == "不要bike"
    assert relabelled(refused, "en", "", facets.name, kinds).label == "no bike"
    assert store().parser.parse("an eye cream or a perfume").constraints[0].label == "eye cream or perfume"


NEAR = {
    "sofa": (1, 0, 0), "sofa bed": (0.9, 0.1, 0), "desk": (0, 1, 0), "gift set": (0, 0, 1),
    "couch": (0.95, 0, 0), "bureau": (0.6, 0.6, 0), "gift card": (0, 0, 0.9), "scooter": (0.3, 0.3, 0.3),
}  # fmt: skip


class _Encoder:
    """Knows a few nouns; each stands in the plane of the kinds that it is near to."""

    name, dimension = "nouns", 4

    def encode(self, texts):
        rows = [np.array((*NEAR.get(text, (0, 0, 0)), 0), dtype=np.float32) for text in texts]
        for row in rows:
            row[3] = np.sqrt(max(0.0, 1 - float(row @ row)))
        return np.stack(rows)


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ("do you have a couch?", ("sofa",)),
        ("looking for couches, grey if possible", ("sofa",)),
        ("I'd like a couch", ("sofa",)),
        ("I have a couch", None),
        ("do you have a bureau?", None),
        ("a gift card", None),
        ("any scooter?", None),
    ],
)
def test_a_kind_by_another_name(message, kinds):
    shelf = [Item(k, k.title(), kind=k) for k in ("sofa", "desk", "gift set")]
    nearest = Nearest(Facets(catalog_of(shelf)), _Encoder())
    hits = nearest.find(message, tokenize(message), ())
    assert (hits[0].values if hits else None) == kinds


def catalog_of(items):
    return shop_of(items).index.catalog


def test_no_name_is_read_by_another_encoder():
    assert Parser(store().index.facets).parse("do you have a fragrance?").constraints == ()


def test_what_people_say_for_short_and_colours_that_are_no_music():
    goods = [
        Item(
            "a1", "Deep 100", kind="bass amplifier", genres=("blues",), attributes={"colour": "black", "power_w": 100.0}
        ),
        Item("a2", "Deep 25", kind="bass amplifier", attributes={"colour": "navy", "power_w": 25.0}),
        Item("a3", "Music Stand", kind="stand", attributes={"colour": "navy", "power_w": 0.0}),
        Item("a4", "Film Music", kind="sheet music", genres=("blues",), attributes={"colour": "white"}),
    ]
    talk = Talk(shop_of(goods))
    assert ids(talk("a bass amp, at least 50 watts")) == ["a1"]
    assert ids(Talk(shop_of(goods))("a bass amp in blue")) == ["a2"]
    assert ids(Talk(shop_of(goods))("do you have a music stand?"))[0] == "a3"
