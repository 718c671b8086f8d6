"""Each question of a message has an answer of its own, or is said not to be known."""

from __future__ import annotations

import pytest

from chat.clauses import questions_of
from tests.visits import GIFTS, RETURNS, Sure, Visit

UNKNOWN = "As for the rest of that, I don't have that information."


def test_two_questions_for_the_pages():
    visit = Visit(Sure(can=("policy", 0.95), will=("policy", 0.95)))
    answer = visit("Can I return a record and will somebody iron my shirts?")
    assert answer.text.startswith(f"From “Returns”: {RETURNS.text}")
    assert answer.text.endswith(f"From “Returns”: {RETURNS.text}") or UNKNOWN in answer.text
    answer = visit("Can I return a record, and are there gift cards?")
    assert RETURNS.text in answer.text
    assert GIFTS.text in answer.text


def test_one_for_the_columns_and_one_for_nobody():
    answer = Visit(page="film-stalker-1979")("How long is it? Is there much smoking in it?")
    assert answer.text.startswith("Stalker (1979) runs to 162 minutes. Three tired men slip past the guards")
    assert answer.text.endswith("Beyond that I don't have that information.")
    assert not answer.abstained


def test_one_for_the_columns_and_one_for_the_pages():
    answer = Visit(page="film-stalker-1979")("Who directed it, and is it in a gift box?")
    assert answer.text == f"Stalker (1979) is by Andrei Tarkovsky. From “Gift cards”: {GIFTS.text}"
    assert [c.id for c in answer.citations] == ["help/gifts"]


def test_the_item_before_a_dash_is_asked_about():
    visit = Visit(Sure(do_i=("policy", 0.95), the_first=("item", 0.95)))
    first = visit("a course on drawing").cards[0]
    answer = visit("the first one - how long is it and do I get a gift with it?")
    assert answer.text.startswith(first.title)
    assert GIFTS.text in answer.text


@pytest.mark.parametrize("message", ["how long is it?", "I liked it. Is it long?", "a slow film, and nothing sad"])
def test_one_question_is_not_several(message):
    assert questions_of(message) == []
