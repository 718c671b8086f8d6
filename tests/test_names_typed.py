"""Names as people type them: with slips, without initials, in the genitive, in part; and what is no slip at all."""

from __future__ import annotations

import pytest

from chat.typed import respelled
from retrieval.parsing import Parser
from retrieval.text import words
from retrieval.types import Item
from tests.shops import Talk, ids, marquee, shop_of, titles

ENGLISH = frozenset(words("a the do you have by film films something else anything with about and of in is it has"))


@pytest.fixture
def talk():
    return Talk(marquee())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("do you hav a simlar moive", "do you have a similar movie"),
        ("somthing els plese", "something else please"),
        ("has he read it", "has he read it"),
        ("do you have Hav", "do you have Hav"),
    ],
)
def test_slips_in_the_words_that_carry_a_message(typed, meant):
    assert respelled(typed, {*ENGLISH, "he", "read"}.__contains__) == meant


@pytest.mark.parametrize(
    "said",
    ["anything by Ursula Le Guin", "anything by Ursula K. Le Guin", "Ursula Le Guin's books", "else by ursla le guin"],
)
def test_a_maker(said):
    parser = Parser(marquee().index.facets, english=ENGLISH)
    assert ("creators", "ursula k le guin") in {(c.field, c.value) for c in parser.parse(said).constraints} | {
        (w.field, w.value) for w in parser.parse(said).wishes
    }


def test_another_word_is_no_slip_of_a_maker():
    parser = Parser(marquee().index.facets, english={*ENGLISH, "ursla"})
    assert not parser.parse("else by ursla le guin").wishes


@pytest.mark.parametrize(
    "said", ["is there something with Gene Kelly?", "do you have anything starring Fred Astaire or Gene Kelly?"]
)
def test_something_with_somebody_is_no_title(talk, said):
    answer = talk(said)
    assert "We don't carry" not in answer.text
    assert "Singin' in the Rain" in titles(answer)


def test_a_title_may_begin_so_too(talk):
    assert "We don't carry" in talk("do you have Something Wicked This Way Comes?").text


def test_a_name_is_no_misspelt_title():
    shop = shop_of([
        Item("f1", "Holes", kind="film", description="Boys dig in a desert."),
        Item("f2", "The Moor", kind="film", description="A case for Sherlock Holmes."),
    ])  # fmt: skip
    assert not [m for m in shop.linker.link("a film about Sherlock Holmes") if m.positions == (0,)]
    assert [m.surface for m in shop.linker.link("No, Holmez, not Holes")] == ["Holes"]
    assert shop.linker.link("I loved Holess")[0].positions == (0,)


def test_several_words_of_a_title_on_screen(talk):
    talk("a film by Wes Anderson")
    assert "The Grand Budapest Hotel (2014) runs to 99 minutes" in talk("Grand Budapest, what's the runtime?").text
    assert "says nothing" not in talk("Grand Budapest sounds fun").text


def test_the_longest_of_somebody(talk):
    answer = talk("Hayao Miyazaki's longest film")
    assert "Princess Mononoke" in answer.text
    assert ids(answer)[0] == "film-princess-mononoke-1997"


def test_the_work_of_somebody_that_was_shown(talk):
    talk("a science fiction book about a robot friend")
    talk.state.taste.shown = ["book-klara-and-the-sun-2021", "book-dune-1965"]
    talk("read the Ishiguro already")
    assert talk.state.taste.seen == ["book-klara-and-the-sun-2021"]


@pytest.mark.parametrize("said", ["read the Ishiguro books already", "I've read the Ishiguro"])
def test_several_works_of_somebody(talk, said):
    talk("a book by Kazuo Ishiguro")
    talk(said)
    assert not talk.state.taste.seen
