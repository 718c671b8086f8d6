"""Who has told that something fails, and goes on telling or asking about it, is answered from the page on that."""

from __future__ import annotations

import pytest

from chat.troubles import fails, troubled
from retrieval.knowledge import Found, Passage
from tests.visits import FakeOutbox, Sure, Visit

DEFECTS = Passage(
    "help/defects",
    "What if it is faulty or breaks?",
    "Send a photo of it and of the carton. We repair, replace or refund within two years. "
    "Wear after 900 km is no fault.",
)
SHIPPING = Passage("help/shipping", "Do you ship abroad?", "To France and Spain.")
ROUTES = Sure(the=("order", 0.95), my=("order", 0.95), do=("policy", 0.95), rode=("recommend", 0.95), i=("order", 0.9))


class Pages:
    """Knows of defects by the plain question about them only, and of shipping."""

    def worth_reading(self, question):
        return True

    def answer(self, question):
        if "faulty" in question:
            return Found(DEFECTS, DEFECTS.text, 0.95)
        return Found(SHIPPING, SHIPPING.text, 0.95) if "ship" in question else None

    def search(self, question, k):
        return [Found(page, page.text, 0.1) for page in (DEFECTS, SHIPPING)][:k]


@pytest.fixture
def visit():
    return Visit(ROUTES, FakeOutbox(), knowledge=Pages())


@pytest.mark.parametrize(
    "message",
    [
        "the handle of my case is coming off already",
        "my boots have fallen apart after a month",
        "the right speaker is dead, order 5512",
        "both seams are unravelling",
        "my case was fine at first and the wheel fell off after a week",
    ],
)
def test_what_fails_has_the_page_on_it_whatever_story_is_around_it(visit, message):
    answer = visit(message)
    assert DEFECTS.text in answer.text
    assert answer.handoff is None
    assert answer.cards == ()


@pytest.mark.parametrize(
    ("message", "quote"),
    [
        ("I only used it for 200 km", "Wear after 900 km is no fault."),
        ("do I get a new one or my money?", "We repair, replace or refund within two years."),
        ("I have thrown away the carton, is that bad", "Send a photo of it and of the carton."),
    ],
)
def test_what_follows_stays_with_the_case(visit, message, quote):
    visit("the handle of my case is coming off already")
    answer = visit(message)
    assert answer.cards == ()
    assert [citation.quote for citation in answer.citations] == [quote]


def test_what_no_sentence_speaks_of_belongs_to_it_too(visit):
    visit("the handle of my case is coming off already")
    answer = visit("it was a present from my aunt")
    assert answer.text.startswith("What I quoted from our pages holds for that too")
    assert answer.cards == ()
    assert "repair, replace" in visit("do I get my money back?").text


def test_another_matter_is_answered_as_such(visit):
    visit("the handle of my case is coming off already")
    assert SHIPPING.text in visit("do you ship to Lyon?").text
    assert visit("a slow film about space").cards


@pytest.mark.parametrize("message", ["the other man is dead when it begins", "a film where the world is coming apart"])
def test_a_story_is_no_trouble(message):
    assert not troubled(message)


def test_what_is_late_or_short_of_a_part_does_not_fail():
    assert fails("the strap of my bag is coming loose")
    assert not fails("my parcel hasn't arrived")
    assert not fails("two screws are missing from the shelf")


def test_the_money_is_wanted_back_for_what_is_told_beside_it(visit):
    answer = visit("the handle of my case is coming off. I want my money back")
    assert [citation.title for citation in answer.citations] == [DEFECTS.title]


def test_a_demand_for_the_money_stays_with_the_case(visit):
    visit("the handle of my case is coming off already")
    assert [c.quote for c in visit("I want my money back!").citations] == [
        "We repair, replace or refund within two years."
    ]


def test_who_tells_of_a_trouble_and_asks_for_a_person_has_the_page_and_the_person(visit):
    answer = visit("the handle of my case is coming off. get me a human")
    assert [citation.title for citation in answer.citations] == [DEFECTS.title]
    assert answer.handoff is not None


def test_no_item_is_shown_behind_a_person_who_was_asked_for(visit):
    visit("the handle of my case is coming off already")
    answer = visit("I bought a film. Stalker. Let me talk to a person please.")
    assert answer.handoff is not None
    assert answer.cards == ()
