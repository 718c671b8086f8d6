"""How the shop can be reached: from its own pages, wherever a number or an address stands there."""

from __future__ import annotations

import pytest

from chat.desk import Desk
from chat.reaching import CONTACT_ASKED
from chat.routing import Patterns
from retrieval.knowledge import Passage
from tests.visits import GIFTS, RETURNS, FakeKnowledge, FakeOutbox, Sure, Visit

CHANGES = Passage("help/changes", "Changing an order", "Until 12.30 pm it can be changed. Ring us on 020 7946 0018.")


class Pages(FakeKnowledge):
    """Pages where only a passage about something else holds the number."""

    pages = (RETURNS, GIFTS, CHANGES)


def visit(pages, outbox=None, router=None):
    visit = Visit(outbox=outbox)
    visit.desk = Desk(router or Patterns(), pages, None, outbox)
    return visit


def test_who_wants_a_person_where_none_can_be_fetched_is_given_the_number():
    answer = visit(Pages())("I want to talk to a person")
    assert answer.text.endswith("From “Changing an order”: Ring us on 020 7946 0018.")
    assert [c.id for c in answer.citations] == ["help/changes"]


@pytest.mark.parametrize("message", ["what's your phone number", "how can I call you?", "what is your e-mail address"])
def test_who_asks_for_the_number_too(message):
    routes = Sure(what=("policy", 0.95), how=("policy", 0.95))
    assert "020 7946 0018" in visit(Pages(), FakeOutbox(), routes)(message).text


def test_without_one_nothing_is_made_up():
    answer = visit(FakeKnowledge())("I want to talk to a person")
    assert answer.text == "I can't fetch a person from here; please contact the shop directly."


@pytest.mark.parametrize(("message", "asked"), [("may I telephone the shop?", True), ("can we call it Rex", False)])
def test_who_asks_whether_they_may_ring_asks_for_the_number(message, asked):
    assert (CONTACT_ASKED.search(message) is not None) == asked
