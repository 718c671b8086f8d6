"""What takes something back or says that it is known: "doesn't have to be 70s", "no novels", "instead of"."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.constraints import satisfies
from retrieval.types import Constraint
from tests.shops import Talk, marquee


@pytest.fixture
def talk():
    return Talk(marquee())


def parsed(text, language="en"):
    return marquee().parser.parse(text, language=language)


def limits(text):
    return {(c.field, c.op, c.value) for c in parsed(text).constraints}


@pytest.mark.parametrize(
    "said",
    [
        "I've already been through all of Ozu, Antonioni and Fellini",
        "I have seen everything by Ozu and Fellini",
        "we've watched all of Ozu or Fellini",
    ],
)
def test_who_knows_all_of_somebody_wants_none(said):
    assert ("creators", "is_not", "yasujiro ozu") in limits(said)
    assert ("creators", "is_not", "federico fellini") in limits(said)


def test_what_stands_behind_it_is_wanted():
    said = limits("seen all of Ozu, and something like Fellini would be nice")
    assert ("creators", "is", "federico fellini") in said
    assert ("creators", "is", "yasujiro ozu") in limits("I love all of Ozu")


def test_what_is_shouted_is_no_name(talk):
    assert "catalogue says nothing" not in talk("No, I'VE SEEN all of Ozu").text


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("a film from the 1960s", "doesn't have to be 60s"),
        ("a film from the 1960s", "it needn't be from the 60s, something funny"),
        ("a film from the 1960s", "doesn't have to be from the 50s or 60s"),
        ("a film under 100 minutes", "something sad, it doesn't have to be under 100 minutes"),
        ("a film under $10", "it doesn't need to be under 10 dollars"),
    ],
)
def test_what_need_not_be_is_no_limit(talk, first, said):
    talk(first)
    talk(said)
    assert talk.limits == {("kind", "is", "film")}


def test_a_negation_still_turns_a_limit_round():
    assert limits("nothing under 2 hours") == {("minutes", ">=", 120.0)}
    assert limits("no films from the 80s") == {("decade", "is_not", 1980.0)}


@pytest.mark.parametrize("said", ["no novels", "not novels, he likes memoirs", "just no novels", "不要小说"])
def test_who_wants_no_novels_may_read_other_books(said):
    assert ("kind", "is_not", "fiction") in limits(said)
    assert ("kind", "is_not", "book") not in limits(said)


def test_novels_are_told_by_their_genres():
    facets, limit = marquee().index.facets, Constraint("kind", "is_not", "fiction")
    kept = facets.mask([Constraint("kind", "is", "book"), limit])
    genres = [set(facets.catalog[at].genres) for at in np.flatnonzero(kept).tolist()]
    assert sum("memoir" in each for each in genres) > 20
    assert not any("literary fiction" in each and "short stories" not in each and len(each) == 1 for each in genres)
    assert all(satisfies(facets.catalog[at], limit) == facets.mask([limit])[at] for at in np.flatnonzero(kept).tolist())


def test_a_novel_is_wanted_after_all(talk):
    talk("a book, but no novels")
    assert [x.label for x in talk.state.taste.limits if x.op == "is_not"] == ["no novels"]
    talk("ok, a novel then")
    assert talk.limits == {("kind", "is", "book")}


def test_a_refused_genre_of_novels_is_that_genre():
    assert limits("no horror novels") == {("genres", "is_not", "horror")}


@pytest.mark.parametrize("said", ["why are you excluding games?", "why do you leave out games?"])
def test_why_something_is_excluded(talk, said):
    talk("something funny, no games")
    talk(said)
    assert not any(value == "game" for _, _, value in talk.limits)


@pytest.mark.parametrize("said", ["a book instead of the albums", "a book rather than albums"])
def test_instead_of(said):
    assert ("kind", "is", "book") in limits(said)
    assert not any(op == "is" and "album" in str(value) for _, op, value in limits(said))


def test_what_is_wished_for_again_is_refused_no_longer(talk):
    talk("a film, nothing sad")
    assert ("moods", "is_not", "melancholic") in talk.limits
    talk("hm, something sad then")
    assert ("moods", "is_not", "melancholic") not in talk.limits
    assert ("moods", "melancholic") in talk.state.taste.wishes


def test_a_refused_mood_rules_out_only_what_there_is(talk):
    talk("a thriller film, not violent")
    assert ("genres", "is_not", "horror") in talk.limits
    assert ("genres", "is_not", "shooter") not in talk.limits


@pytest.mark.parametrize("said", ["my wife would rather have something cosy", "my brother prefers something cosy"])
def test_what_somebody_else_would_rather_have(talk, said):
    talk("a strategy game like Frostpunk")
    assert talk.state.taste.anchors == ["game-frostpunk-2018"]
    answer = talk(said)
    assert ("genres", "is", "strategy") not in talk.limits
    assert talk.state.taste.liked
    assert not talk.state.taste.anchors
    assert "Frostpunk" not in answer.text


@pytest.mark.parametrize("said", ["a book about French food", "a course in Italian cooking", "a book on Spanish wine"])
def test_what_comes_from_a_country_is_in_no_language(said):
    assert not any(field == "language" for field, _, _ in limits(said))


@pytest.mark.parametrize("said", ["a French film", "a Spanish ghost story", "a book in French about food"])
def test_a_work_in_a_language(said):
    assert any(field == "language" for field, _, _ in limits(said))


class TestThemAll:
    def test_they_are_what_was_just_named(self, talk):
        shown = talk("a book for children").cards
        talk("not Harry Potter, she's read them all")
        assert not set(talk.state.taste.seen) & {card.id for card in shown}

    def test_they_are_what_is_shown(self, talk):
        shown = talk("a horror film").cards
        talk("I loved Jaws. I've seen them all")
        assert {card.id for card in shown} <= set(talk.state.taste.seen) | {"film-jaws-1975"}

    def test_a_refusal_stands_before_a_question(self, talk):
        shown = talk("a book about dragons").cards
        answer = talk("not Harry Potter, she's read them all. And are those scary?")
        assert "Harry Potter" not in [card.title for card in answer.cards]
        assert talk.state.taste.disliked == ["book-harry-potter-and-the-philosophers-stone-1997"]
        assert {card.id for card in answer.cards} <= {card.id for card in shown}


def test_a_genre_that_the_kind_never_has_is_looked_for_otherwise(talk):
    answer = talk("albums from old musicals")
    assert answer.cards
    assert all(card.kind == "album" for card in answer.cards)
    assert ("topic", "musical") in talk.state.taste.wishes
