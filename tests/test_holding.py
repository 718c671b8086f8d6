"""What an item has is looked up in all that the catalogue says of it: genres, columns and descriptions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.holding import asked_words, evidence, of_several, of_which
from retrieval.knowledge import Found, Passage
from retrieval.types import Item
from tests.shops import Talk, ids, marquee, shop_of
from tests.visits import GIFTS, RETURNS, FakeKnowledge, Sure, Visit

GOODS = [
    Item(id="k1", title="Ember Kettle", kind="kettle", genres=("stovetop", "whistling"), price=30.0, currency="USD",
         attributes={"colour": "red", "country": "Portugal", "cordless": False},
         description="A steel kettle with a wooden handle. The lid is sold with a spare gasket."),
    Item(id="k2", title="Brook Kettle", kind="kettle", genres=("electric",), price=40.0, currency="USD",
         attributes={"colour": "white", "country": "Poland", "cordless": True},
         description="Boils a litre in three minutes. Its base is splash-proof."),
    Item(id="k3", title="Fern Kettle", kind="kettle", genres=("electric", "filter"), price=50.0, currency="USD",
         attributes={"colour": "white", "country": "Portugal", "cordless": True},
         description="Quiet when it boils. A gift of tea comes with it."),
    Item(id="l1", title="Moth Lamp", kind="lamp", genres=("bedside", "light"), price=20.0, currency="USD",
         attributes={"colour": "green"},
         description="A lamp that dims."),
]  # fmt: skip


@pytest.fixture
def talk():
    talk = Talk(shop_of(GOODS))
    talk("a kettle")
    return talk


def _about(talk, title):
    return talk(f"is the {title} in stock?")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("is it a whistling one?", "Yes, Ember Kettle is listed as “whistling”."),
        (
            "does it come with spare gaskets?",
            "The catalogue says of Ember Kettle: The lid is sold with a spare gasket.",
        ),
        ("does it have a wooden handle", "The catalogue says of Ember Kettle: A steel kettle with a wooden handle."),
        ("is it cordless?", "Ember Kettle, cordless: no."),
    ],
)
def test_where_it_stands(talk, question, answer):
    _about(talk, "Ember Kettle")
    assert talk(question).text == answer


def test_a_word_that_is_a_genre_elsewhere_is_looked_for_here(talk):
    _about(talk, "Ember Kettle")
    assert talk("does it have a light?").text.endswith("I don't have that information.")


def test_two_words_are_one():
    kettle = GOODS[1]
    assert evidence(kettle, asked_words("is it splashproof?")).value == "Its base is splash-proof."
    assert evidence(kettle, asked_words("is it splash proof?")).whole
    assert evidence(kettle, asked_words("is it dishwasher proof, microwave safe and light?")) is None


@pytest.mark.parametrize(
    ("question", "having"),
    [
        ("which one is made in Portugal?", {"k1", "k3"}),
        ("which is cordless?", {"k2", "k3"}),
        ("which of these has a spare gasket?", {"k1"}),
        ("which one filters?", {"k3"}),
        ("are they quiet?", {"k3"}),
    ],
)
def test_which_of_those_shown(talk, question, having):
    answer = talk(question)
    assert {i for i in ids(answer)[: len(having)]} == having
    assert set(ids(answer)) == {"k1", "k2", "k3"}
    assert all(item.title in answer.text for item in GOODS if item.id in having)
    assert answer.text.endswith("The catalogue does not say so of the others.")
    assert not talk.limits - {("kind", "is", "kettle")}


def test_a_column_that_says_otherwise_is_told_of_all(talk):
    assert talk("do they come in green?").text.count("colour:") == 3


def test_those_that_have_no_value_are_told_of_together():
    books = [
        Item(id=str(at), title=f"Quay {at}", kind="book", attributes={"age": "8"} if at else {}) for at in range(3)
    ]
    talk = Talk(shop_of(books))
    talk("a book")
    told = talk("do they have an age?").text
    assert told.count("age: 8") == 2
    assert told.endswith("For the others the catalogue doesn't say.")


def test_how_often_asks_for_nothing():
    assert asked_words("how often do I have to water it?") == asked_words("water")


def test_none_of_them(talk):
    assert talk("which one has a thermometer?").text == "I don't have that information about these."


@pytest.mark.parametrize("message", ["which one?", "which kettle should I get?", "do they?", "a lamp", "do these"])
def test_not_every_message_asks_which(message):
    assert not of_several(message)


def test_which_and_whether():
    assert of_which("which of them has a lid?")
    assert not of_which("do these have a lid?")


def kettles(routes):
    return Visit(routes, shop=shop_of(GOODS))


def test_the_catalogue_goes_before_a_page_with_one_word_of_it():
    visit = kettles(Sure(does=("item", 0.95), which=("item", 0.95), are=("item", 0.95)))
    visit("Fern Kettle")
    assert "A gift of tea comes with it." in visit("does it come with a gift of tea?").text
    assert visit("which of these has a gift box of tin?").route == "item"


def test_the_page_that_asks_the_very_same_goes_first():
    visit = kettles(Sure(does=("item", 0.95)))
    visit("Fern Kettle")
    assert visit("does it come with a gift card?").text.startswith("From “Gift cards”")


def test_of_works_the_description_is_quoted_too():
    talk = Talk(marquee())
    talk("Stalker")
    assert talk("does it have guards?").text.startswith("The catalogue says of Stalker (1979): Three tired men")


DAMAGED = Passage("help/damaged", "Arrived broken", "Write to us within 3 days. We send a replacement from Porto.")


class Damages(FakeKnowledge):
    pages = (RETURNS, GIFTS, DAMAGED)

    def answer(self, question):
        return Found(DAMAGED, DAMAGED.text, 0.9) if question.endswith("broken?") else None


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("where do replacements come from?", "We send a replacement from Porto."),
        ("how long do I have to report it", "Write to us within 3 days."),
        ("do you also iron shirts?", ""),
        ("is the Fern Kettle sent from Porto?", ""),
    ],
)
def test_a_question_that_follows_a_page_is_answered_from_it(question, quote):
    visit = kettles(Sure(it=("policy", 0.95), where=("item", 0.4), how=("policy", 0.95), do=("policy", 0.95)))
    visit.desk = replace(visit.desk, knowledge=Damages())
    assert "Arrived broken" in visit("it came broken?").text
    answer = visit(question)
    assert [citation.quote for citation in answer.citations] == ([quote] if quote else [])
