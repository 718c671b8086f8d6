"""Who tells of something bought that fails is helped by the shop's pages or by a person, and sold nothing."""

from __future__ import annotations

import pytest

from chat.troubles import incomplete, troubled
from tests.visits import RETURNS, FakeOutbox, Visit


@pytest.mark.parametrize(
    "message",
    [
        "my copy of Stalker won't open",
        "Celeste freezes on my old pc",
        "the parcel came soaked",
        "the lid of my jar is cracked",
        "the last tin tasted of metal",
        "it's been two weeks",
        "the game keeps crashing",
        "the lamp I bought does not go on any more",
        "my tent leaks",
        "the balm gave my son a rash",
        "i tried the mask and my face got all red",
        "your soap burned my hands",
        "give me my money, I demand a refund",
    ],
)
def test_what_fails_is_for_a_person(message):
    visit = Visit(outbox=FakeOutbox())
    answer = visit(message)
    assert answer.handoff.reason == "complaint"
    assert answer.cards == ()
    assert visit.state.taste.liked == []
    assert visit.state.taste.disliked == []


def test_or_for_the_pages():
    answer = Visit(outbox=FakeOutbox())("my Solaris arrived broken, do I return it")
    assert RETURNS.text in answer.text
    assert answer.handoff is None
    assert answer.cards == ()


@pytest.mark.parametrize(
    "message",
    [
        "my heart is broken, something light please",
        "a film about a man whose car won't start",
        "Celeste is a wonderful game",
        "is the blu-ray still in stock?",
        "a book where the ship was damaged",
        "my brother broke his arm",
        "my eyes hurt after a day of screens, do you have an audiobook?",
        "my skin is red, what should I watch to forget it",
        "the window won't open here, I'd like to see some landscapes",
    ],
)
def test_a_wish_is_no_complaint(message):
    assert not troubled(message)


@pytest.mark.parametrize(
    "text",
    ["can I return it if it is scratched?", "what happens if it arrives late or came broken?", "如果坏了可以退吗？"],
)
def test_what_is_only_supposed_is_a_question(text):
    assert not troubled(text)


@pytest.mark.parametrize(
    "message",
    [
        "our tent came without its poles, what should we do",
        "two screws are missing from the shelf",
        "it was missing a lid",
    ],
)
def test_what_came_without_a_part_fails(message):
    assert troubled(message)
    assert incomplete(message)


@pytest.mark.parametrize("message", ["it arrived without any problems", "a film where a child is missing"])
def test_what_came_whole_does_not(message):
    assert not troubled(message)


def test_the_name_of_what_failed_goes_on_with_the_case():
    visit = Visit(outbox=FakeOutbox())
    visit("my record arrived broken, do I return it")
    answer = visit("it's Stalker")
    assert answer.text.startswith("So it is about Stalker. What I quoted from “Returns” holds for it")
    assert answer.cards == ()
