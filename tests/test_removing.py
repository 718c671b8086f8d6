"""Who removes a limit is free of it, and does not refuse what it asked for."""

from __future__ import annotations

import pytest

from tests.shops import Talk, marquee


@pytest.fixture
def talk():
    talk = Talk(marquee())
    talk("a western film under 10 dollars")
    return talk


@pytest.mark.parametrize(
    "message",
    [
        "remove western",
        "take off the western",
        "take the genre off",
        "get rid of the genre",
        "lift the genre limit",
        "去掉西部",
    ],
)
def test_a_genre_is_no_longer_asked_for_nor_refused(talk, message):
    talk(message)
    assert talk.limits == {("kind", "is", "film"), ("price", "<", 10.0)}


@pytest.mark.parametrize("message", ["remove under $10", "remove “under $10” please"])
def test_a_limit_may_be_called_as_its_chip_is(talk, message):
    talk(message)
    assert talk.limits == {("kind", "is", "film"), ("genres", "is", "western")}


def test_so_may_a_refusal():
    talk = Talk(marquee())
    talk("a film, no horror")
    talk("remove no horror")
    assert talk.limits == {("kind", "is", "film")}


def test_what_was_never_asked_for_is_refused(talk):
    talk("take out the horror")
    assert ("genres", "is_not", "horror") in talk.limits
