"""What a refused mood rules out besides it, unless that is wanted, and how it is said."""

from __future__ import annotations

import pytest

from chat.stateless import recommend
from tests.shops import Talk, marquee

HORROR = ("genres", "is_not", "horror")
NOT_VIOLENT = ("moods", "is_not", "violent")


@pytest.mark.parametrize(
    "messages",
    [
        ["something creepy but not bloody"],
        ["a scary film", "nothing gory please"],
        ["no violence", "a really scary film"],
    ],
)
def test_who_wants_to_be_scared_keeps_horror(messages):
    talk = Talk(marquee())
    for message in messages:
        answer = talk(message)
    assert HORROR not in talk.limits
    assert NOT_VIOLENT in talk.limits
    assert any("horror" in item.genres for item in marquee().items([card.id for card in answer.cards]))


@pytest.mark.parametrize("message", ["a film that isn't violent", "something eerie but not scary", "a film, not gory"])
def test_who_does_not_want_it_has_none(message):
    talk = Talk(marquee())
    talk(message)
    assert HORROR in talk.limits


def test_it_is_not_read_back_as_what_was_asked_for():
    talk = Talk(marquee())
    answer = talk("a film, nothing violent")
    assert "Because of that I also leave out: horror." in answer.text  # there is no film to shoot in
    assert "no horror" not in answer.text
    assert "horror" not in talk("something funny").text
    assert "horror" not in talk("what do you know about me?").text


def test_who_refuses_horror_is_taken_at_their_word():
    talk = Talk(marquee())
    talk("no horror")
    talk("nothing violent")
    assert ("genres", "is_not", "horror") in talk.limits


def test_the_same_without_a_dialogue():
    cards = recommend(marquee(), "a scary film but not gory", [], [], [], 20)
    assert any("horror" in item.genres for item in marquee().items([card.id for card in cards]))
