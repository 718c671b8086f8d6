"""Despair gets a careful text and no works; a sorrow that is told gets a word of sympathy and no works about it."""

from __future__ import annotations

import pytest

from chat.care import in_danger, told
from chat.conversation import Conversation
from chat.desk import Desk
from chat.routing import Patterns
from chat.state import DialogueState
from retrieval.types import Item
from tests.shops import Talk, marquee, shop_of
from tests.visits import FakeKnowledge, FakeOutbox, Visit

DANGER = [
    "I can't take it, I want to die",
    "honestly i dont want to be alive anymore",
    "been thinking about ending it all",
    "I feel like killing myself",
    "I'm suicidal",
    "wanna kms",
    "They'd be better off without me",
    "there is no point in living",
    "I keep cutting myself",
    "我真的不想活了",
    "我想自杀",
]
NO_DANGER = [
    "a novel about suicide",
    "Suicide Squad",
    "have you got The Virgin Suicides?",
    "this level is killing me",
    "I'd die for a good western",
    "I wanted to die laughing",
    "a film where a woman says she doesn't want to live anymore",
    "a song about how I want to die",
    "I don't want to live in a world without Miyazaki",
    "I nearly killed myself laughing",
    "讲自杀的电影",
    "想死你们了",
]


@pytest.mark.parametrize("message", DANGER)
def test_despair_is_answered_with_where_help_is_and_no_works(message):
    answer = Talk(marquee())(message)
    assert "findahelpline.com" in answer.text
    assert "988" in answer.text
    assert not answer.cards


@pytest.mark.parametrize("message", NO_DANGER)
def test_works_and_ways_of_speaking_are_no_despair(message):
    assert not in_danger(message)


def test_a_person_is_offered_to_whom_despairs_and_not_forced():
    visit = Visit(outbox=FakeOutbox())
    offer = visit("I don't want to live anymore")
    assert "Shall I pass this on to a person?" in offer.text
    assert offer.handoff is None
    assert visit("yes please").handoff is not None


def test_nobody_is_offered_where_there_is_nobody():
    assert "pass this on" not in Visit()("I want to kill myself").text


@pytest.mark.parametrize(
    ("message", "asked", "sorrow"),
    [
        ("our dog died yesterday", "", "grief"),
        ("my gran passed away so I'd like a comedy", "I'd like a comedy", "grief"),
        ("I've been feeling so lonely lately", "", "hardship"),
        ("my girlfriend and I split up. what should I read?", "what should I read?", "hardship"),
        ("feeling so lonely tonight", "", "hardship"),
        ("we had to say goodbye to our dog today", "", "grief"),
        ("a film that makes me feel sad", "a film that makes me feel sad", ""),
        ("I'm exhausted, something light", "something light", "hardship"),
        ("我爷爷上个月去世了", "", "grief"),
        ("我今晚好孤独", "", "hardship"),
        ("a film about losing a father", "a film about losing a father", ""),
        ("a book about how my dad died", "a book about how my dad died", ""),
        ("something for when I'm feeling down", "something for when I'm feeling down", ""),
        ("I'm sick of westerns", "I'm sick of westerns", ""),
        ("my brother is dying to see Dune", "my brother is dying to see Dune", ""),
        ("something lonely", "something lonely", ""),
    ],
)
def test_a_sorrow_is_told_apart_from_what_is_asked(message, asked, sorrow):
    assert told(message) == (asked, sorrow)


@pytest.mark.parametrize("message", ["my cat died on Monday", "I feel so alone tonight", "we broke up"])
def test_sympathy_and_something_warm_for_whom_is_sad(message):
    talk = Talk(marquee())
    answer = talk(message)
    assert answer.text.startswith("I'm sorry")
    assert ("moods", "warm") in talk.state.taste.wishes
    assert ("moods", "lonely") not in talk.state.taste.wishes
    assert not talk.state.taste.wish_text
    assert Visit()(message).cards


def test_who_is_sad_and_wishes_for_something_gets_that():
    talk = Talk(marquee())
    answer = talk("my cat died and I want something scary")
    assert answer.text.startswith("I'm sorry for your loss.")
    assert talk.state.taste.wishes == [("moods", "scary")]


def test_sympathy_is_chinese_in_chinese():
    assert Talk(marquee())("我爸爸去世了").text.startswith("请节哀")


def test_sympathy_stands_before_what_the_desk_answers():
    answer = Visit()("my dad died. Can I return his parcel?")
    assert answer.text.startswith("I'm sorry for your loss.")
    assert "30 days" in answer.text


def test_a_shop_without_moods_has_no_warm_coats_for_the_bereaved():
    shop = shop_of([Item("a", "A warm coat", kind="coat"), Item("b", "A scarf", kind="scarf")])
    talk = Talk(shop)
    assert talk("my mum died").text.startswith("I'm sorry for your loss.")
    assert not talk.state.taste.wishes


def test_despair_changes_no_taste():
    state = DialogueState(session="test")
    desk = Desk(Patterns(), FakeKnowledge(), None, None)
    Conversation(marquee(), state, desk).take("a western")
    before = state.taste.copied()
    Conversation(marquee(), state, desk).take("I want to die")
    assert state.taste.limits == before.limits
    assert state.taste.wishes == before.wishes
