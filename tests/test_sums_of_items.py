"""What several items come to, with what the pages say of shipping; and what is asked of one right after its name."""

from __future__ import annotations

import pytest

from chat.desk import Desk
from retrieval.knowledge import Found, Passage
from tests.visits import Sure, Visit

DELIVERY = Passage("help/delivery", "What does delivery cost?", "A parcel costs $3.90, a large one $7.")


class Pages:
    """Knows of the cost of a delivery, and takes "how long" for it too."""

    def worth_reading(self, question):
        return True

    def closest(self, question, texts):
        return ""

    def answer(self, question, without=()):
        asked = question.casefold()
        return Found(DELIVERY, DELIVERY.text, 0.9) if "deliver" in asked or "how long" in asked else None

    def search(self, question, k, without=()):
        return [Found(DELIVERY, DELIVERY.text, 0.1)]


@pytest.fixture
def visit():
    routes = Sure(the=("policy", 0.9), how=("policy", 0.9), when=("item", 0.9))
    visit = Visit(routes)
    visit.desk = Desk(routes, Pages())
    return visit


@pytest.mark.parametrize(
    "message", ["total up: Stalker and Kind of Blue", "what's the total for Stalker and Kind of Blue?"]
)
def test_the_items_named_are_added_up(visit, message):
    answer = visit(message)
    assert "Together that is" in answer.text
    assert "Stalker" in answer.text
    assert "Kind of Blue" in answer.text


def test_both_are_the_one_named_now_and_the_one_before_with_the_shipping(visit):
    visit("do you have Solaris?")
    answer = visit("Kind of Blue then. How much for both together with delivery?")
    assert "Together that is" in answer.text
    assert "Solaris" in answer.text
    assert [citation.id for citation in answer.citations] == [DELIVERY.id]


def test_a_sum_of_nothing_named_is_for_the_pages(visit):
    assert [c.id for c in visit("how much is delivery for both parcels together?").citations] == [DELIVERY.id]


def test_a_bare_question_stays_with_the_item_named_before_it(visit):
    answer = visit("when was Solaris made and how long")
    assert "165 minutes" in answer.text or "167 minutes" in answer.text
    assert answer.citations == ()
