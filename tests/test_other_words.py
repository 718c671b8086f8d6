"""What people ask of the pages in words of their own, and a paragraph that is quoted once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.dialogue import Answer
from chat.messages import Citation
from chat.other_words import as_pages_say, of_paying, topic
from chat.paging import not_again
from chat.replies import Say
from chat.state import DialogueState

SAY = Say("en")
PARAGRAPH = "Send a photo within a week. You choose money or a new one. Keep the shards at home."


@pytest.mark.parametrize(
    ("question", "way"),
    [("do you take amex", "American Express"), ("can I pay by paypal?", "paypal"), ("is COD accepted", "")],
)
def test_a_way_of_paying(question, way):
    assert of_paying(question) == (f"How can I pay? Do you take {way}?" if way else "")


@pytest.mark.parametrize("question", ["do you take cards back?", "how much is the card game?"])
def test_what_pays_nothing(question):
    assert of_paying(question) == ""


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("what is your returns policy?", "returns policy"),
        ("Hi! Can you tell me about pre-orders please", "pre-orders"),
        ("how do gift cards work?", "gift cards"),
        ("which payment methods do you accept?", "payment methods"),
        ("what is this?", ""),
        ("do you have gift cards?", ""),  # whether there are any is another question
        ("what is the difference between the two of them", ""),
    ],
)
def test_what_is_to_be_told_about(question, named):
    assert topic(question) == named


def test_limescale_is_descaled():
    assert as_pages_say("how do I get the limescale off my iron?") == "how do I descale my iron?"
    assert as_pages_say("how do I clean the pan?") == "how do I clean the pan?"


def _again(asked: str, closest=None) -> str:
    cite = Citation(id="b", title="Broken", quote=PARAGRAPH)
    answer = Answer(SAY("quoted", title="Broken", quote=PARAGRAPH), citations=(cite,), route="policy")
    state = DialogueState(session="test")
    state.say("user", "my vase arrived broken")
    state.say("assistant", answer.text, citations=(cite,))
    state.say("user", asked)
    again = not_again(answer, asked, state, SAY, closest)
    assert not_again(replace(answer, route="human"), asked, state, SAY) == replace(answer, route="human")
    assert all(citation.quote in PARAGRAPH for citation in again.citations)
    return again.text


def test_of_a_paragraph_quoted_before_the_sentence_that_fits_is_quoted():
    assert _again("what about the shards?") == "From “Broken”: Keep the shards at home."


def test_or_it_is_said_that_there_is_no_more():
    assert _again("I have no printer though") == "All that our pages say of it is what I have quoted."


@pytest.mark.parametrize("asked", ["my vase arrived broken!", "how much?"])
def test_who_asks_the_same_again_has_it_again(asked):
    assert PARAGRAPH in _again(asked)


def test_the_sentence_that_is_near_or_tells_a_time():
    assert _again("and until when exactly?") == "From “Broken”: Send a photo within a week."
    last = _again("what happens to it then?", closest=lambda asked, parts: parts[2])
    assert last == "From “Broken”: Keep the shards at home."


@pytest.mark.parametrize(
    ("asked", "of_delivery"),
    [
        ("could a film be sent by post?", True),
        ("can you post a film to my house?", True),
        ("is the blu-ray mailed to me?", True),
        ("when do you post them?", False),
        ("can i send it back by post?", False),
        ("is it sent to my brother in Canada?", False),
    ],
)
def test_posting(asked, of_delivery):
    assert as_pages_say(asked).startswith("Do you deliver by post") is of_delivery
