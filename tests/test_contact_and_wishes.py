"""Beside a word for a person, whatever else a message asks for is answered."""

from __future__ import annotations

import pytest

from chat.reaching import grumbles
from tests.test_contact import Pages
from tests.visits import FakeOutbox, Sure, Visit

ROUTES = Sure(
    you=("human", 0.95), talk=("human", 0.95), no_need=("human", 0.95), so_how=("human", 0.95), yes=("small_talk", 0.9)
)


@pytest.fixture
def visit():
    return Visit(ROUTES, FakeOutbox(), knowledge=Pages())


@pytest.mark.parametrize(
    ("message", "route"),
    [
        ("My mail is ann@example.org. Do you have a western?", "cards"),
        ("You can ring 030 1234567, and how do I return a book?", "page"),
        ("ann@example.org", ""),
    ],
)
def test_who_leaves_an_address_is_thanked_and_the_rest_is_answered(visit, message, route):
    visit("talk to a person please")
    answer = visit(message)
    assert answer.text.startswith("Thank you")
    assert len(visit.outbox.requests) == 2
    assert bool(answer.cards) is (route == "cards")
    assert bool(answer.citations) is (route == "page")


@pytest.mark.parametrize(
    "message", ["You're not listening. Do you have a western?", "you ignored me! a western please"]
)
def test_who_grumbles_and_wishes_is_offered_a_person(visit, message):
    answer = visit(message)
    assert answer.cards
    assert answer.handoff is None
    assert answer.text.startswith("I'm sorry")
    assert answer.text.endswith("Shall I pass this on to a person?")
    assert visit("yes").handoff is not None


@pytest.mark.parametrize("message", ["You're not listening.", "you are useless, my parcel is late. A western please"])
def test_who_grumbles_only_or_of_a_purchase_is_handed_over(visit, message):
    assert visit(message).handoff is not None


def test_nobody_is_fetched_for_who_wants_nobody(visit):
    answer = visit("no need for a person")
    assert answer.handoff is None
    assert not visit.outbox.requests


@pytest.mark.parametrize(
    ("message", "cards"),
    [
        ("I don't need a person any more", False),
        ("it works now, no need to call me", False),
        ("you can close my ticket, thanks", False),
        ("actually I no longer need anybody. Do you have a western?", True),
        ("I don't need a person anymore, I'd like a western", True),
        ("不用人工了", False),
    ],
)
def test_who_wants_nobody_any_more_takes_the_request_back(visit, message, cards):
    visit("talk to a person please")
    answer = visit(message)
    assert answer.text.startswith("Closed.")
    assert answer.handoff is None
    assert not visit.outbox.requests
    assert bool(answer.cards) is cards


@pytest.mark.parametrize(
    "message",
    ["why don't I need a person for that?", "I don't need a person who reads scripts, I need a manager", "要不要人工"],
)
def test_who_asks_of_a_person_takes_nothing_back(visit, message):
    visit("talk to a person please")
    visit(message)
    assert visit.outbox.requests


def test_how_the_shop_can_be_reached_makes_no_ticket(visit):
    answer = visit("so how can I contact you?")
    assert "020 7946 0018" in answer.text
    assert not visit.outbox.requests


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("you never answer", True),
        ("let me talk to somebody", False),
        ("you charged me twice", False),
        ("write to a@b.org", False),
        ("没用", True),
        ("转人工", False),
    ],
)
def test_what_merely_grumbles(text, expected):
    assert grumbles(text) is expected


def test_who_wants_their_money_back_is_told_of_returns_besides(visit):
    answer = visit("I want my money back")
    assert answer.handoff is not None
    assert "From “Returns”" in answer.text or answer.citations
