"""Sizes: asked of what is spoken of, said of oneself, in the shop's words and in others."""

import pytest

from retrieval.types import Item
from tests.shops import Talk, shop_of, titles

_BOOTS = [
    Item(id=f"b{n}", title=f"{name} Boot", kind="boot", price=90.0 + n, attributes={"gender": g, "shoe_size_eu": eu})
    for n, (name, g, eu) in enumerate(
        [
            ("Alder", "women", "36-42"),
            ("Birch", "women", "36-44"),
            ("Cedar", "men", "40-47.5"),
            ("Hazel", "men", "40-48"),
        ]
    )
]
_COATS = [
    Item(id=f"c{n}", title=f"{name} Coat", kind="coat", price=120.0 + n, attributes={"gender": g, "sizes": sizes})
    for n, (name, g, sizes) in enumerate(
        [
            ("Loch", "women", ("S", "M", "L")),
            ("Tarn", "men", ("M", "L", "XL", "XXL")),
            ("Beck", "men", ("S", "M", "L")),
            ("Burn", "kids", ("128", "140", "152")),
        ]
    )
]
_SHOP = shop_of([*_BOOTS, *_COATS])


def test_an_item_is_asked_for_in_a_size_of_its_range() -> None:
    talk = Talk(_SHOP)
    assert "Yes, Alder Boot comes in 41: 36-42." in talk("does the Alder Boot come in 41?").text
    assert "comes in 36-42, not in 43" in talk("and do you have it in a 43?").text
    assert not talk.limits  # who asks whether it is made in 43 may still look at it


def test_of_several_those_are_told_that_are_made_in_a_size() -> None:
    talk = Talk(_SHOP)
    talk("boots please")
    said = talk("do you have these in a 48?").text
    assert "Hazel Boot comes in 48." in said
    assert "do not come in 48" in said
    assert "Hazel Boot comes in 48." in talk("and which ones do you have in 48").text


def test_what_somebody_takes_is_a_limit() -> None:
    talk = Talk(_SHOP)
    assert titles(talk("boots for men, I take a 48")) == ["Hazel Boot"]
    assert ("shoe_size_eu", "fits", 48.0) in talk.limits


@pytest.mark.parametrize("said", ["a coat, I am a man, 2XL", "a coat for men, size XXL", "I'm a guy, a coat in XX-L"])
def test_a_size_has_several_spellings_and_a_man_says_so(said: str) -> None:
    assert titles(Talk(_SHOP)(said)) == ["Tarn Coat"]


def test_a_size_in_a_word_is_one_in_a_letter() -> None:
    talk = Talk(_SHOP)
    assert "Yes, Beck Coat comes in L." in talk("does the Beck Coat come in large?").text
    assert "not in XXL" in talk("and in 2XL?").text


def test_a_childs_size_is_told_like_an_age() -> None:
    assert titles(Talk(_SHOP)("a coat for my niece, she's 140")) == ["Burn Coat"]


@pytest.mark.parametrize(
    "said",
    ["boots, delivered in 48 hours", "boots, he is 40 and hikes a lot", "boots in 3 colours", "I need a small coat"],
)
def test_other_numbers_and_words_are_no_sizes(said: str) -> None:
    talk = Talk(_SHOP)
    talk(said)
    assert not {field for field, _, _ in talk.limits} & {"shoe_size_eu", "sizes"}


def test_who_buys_for_another_says_nothing_of_whom_it_is_for() -> None:
    talk = Talk(_SHOP)
    talk("I'm a man looking for a coat for my wife")
    assert ("gender", "is", "men") not in talk.limits
