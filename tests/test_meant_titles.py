"""A title that somebody insists on is the one they get, whatever was asked for before."""

from __future__ import annotations

import pytest

from tests.shops import Talk, marquee, titles


@pytest.fixture
def talk():
    return Talk(marquee())


@pytest.mark.parametrize(
    "said",
    [
        "no i ment the movie jaws with roy scheider",
        "no, I meant Jaws",
        "sorry, I mean the film Jaws",
        "I said Jaws",
        "no I asked about Jaws",
    ],
)
def test_the_title_that_was_meant(talk, said):
    talk("a musical")
    assert titles(talk(said))[0] == "Jaws"
    assert not talk.state.taste.disliked
    assert ("genres", "is", "musical") not in talk.limits


def test_a_kind_gives_way_too(talk):
    talk("a comedy book")
    assert titles(talk("no, I meant Frostpunk"))[0] == "Frostpunk"
    assert ("kind", "is", "book") not in talk.limits


@pytest.mark.parametrize("said", ["no, I meant something with more action", "I mean Jaws was boring", "no Jaws please"])
def test_what_insists_on_no_title(talk, said):
    talk("a thriller film")
    assert "Jaws" not in titles(talk(said))
    assert ("genres", "is", "thriller") in talk.limits
