"""What is asked without saying of what is asked of the page spoken of; and what only one page speaks of is found."""

from __future__ import annotations

import pytest

from retrieval.knowledge import Found, Passage
from tests.visits import FakeKnowledge, Sure, Visit

HIRE = Passage("help/hire", "Hiring a projector", "A projector costs $20 a day. Bring it back within two days.")
SHOP = Passage("help/shop", "Where we are", "We are in Mill Lane. On Thursdays there is a free screening at eight.")
ROUTES = Sure(how=("item", 0.95), do_you=("small_talk", 0.95), what=("item", 0.95), may_i=("policy", 0.95))


class Pages(FakeKnowledge):
    """Two pages; what has "hir" in it is answered by the one on hiring."""

    def answer(self, question):
        return Found(HIRE, HIRE.text, 0.9) if "hir" in question.casefold() else None

    def search(self, question, k):
        return [Found(HIRE, HIRE.text, 0.5), Found(SHOP, SHOP.text, 0.4)][:k]


@pytest.fixture
def visit():
    return Visit(ROUTES, knowledge=Pages())


@pytest.mark.parametrize("message", ["how much?", "and how long", "what does it cost?"])
def test_a_bare_question_stays_with_the_page(visit, message):
    visit("may I hire a projector?")
    assert visit(message).text == f"From “Hiring a projector”: {HIRE.text}"


def test_what_is_shown_is_what_it_means(visit):
    visit("a slow film")
    visit("may I hire a projector?")
    assert "costs $" in visit("how much is it?").text
    assert "projector" not in visit("how much is it?").text


def test_a_page_is_quoted_once(visit):
    assert visit("may I hire a projector, and what does it cost?").text.count("From “") == 1


def test_a_word_of_one_page_alone_finds_its_sentence(visit):
    answer = visit("do you do screenings?")
    assert answer.text == "From “Where we are”: On Thursdays there is a free screening at eight."
    assert "projector" not in visit("do you have elephants?").text
