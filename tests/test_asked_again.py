"""What is asked once more: nothing else with a thing is a wish for it, and what has been seen is shown once more."""

from __future__ import annotations

import pytest

from tests.shops import Talk, marquee, titles


@pytest.fixture
def talk():
    return Talk(marquee())


def test_nothing_else_is_asked_for_not_refused():
    parse = marquee().parser.parse
    assert [(c.field, c.op) for c in parse("so nothing else by Kubrick?").constraints] == [("creators", "is")]
    assert [(c.field, c.op) for c in parse("nothing else by Kubrick, please").constraints] == [("creators", "is_not")]


def test_what_has_been_seen_is_shown_again_where_the_message_says_what_it_is_to_be(talk):
    first = titles(talk("a course on programming"))
    answer = talk("any other programming course under 60 dollars?")
    assert set(titles(answer)) <= set(first)
    assert titles(answer)
    assert "You have now seen everything" in answer.text


def test_the_chinese_words_for_we_name_no_film_beside_others(talk):
    assert "《我们》" not in talk("《你的名字》我们看过了，还有什么？").text


@pytest.mark.parametrize("question", ["Home Cooking from Sichuan 多少小时？", "Home Cooking from Sichuan 要学多久？"])
def test_hours_are_asked_for_in_chinese(talk, question):
    assert "长9 小时" in talk(question).text


def test_cooking_is_a_verb_in_chinese(talk):
    talk("我想学做菜，有什么课程吗？")
    assert ("genres", "is", "cooking") in talk.limits
