"""Where nothing is left, what still stands is shown; and what a message says of somebody is kept in mind."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from chat.dead_ends import DeadEnds
from chat.decisions import Decisions
from chat.dialogue import Dialogue
from chat.shop import Shop
from chat.singling import undergone
from chat.state import DialogueState
from chat.turn import Turn
from chat.typed import for_whom, spelled_out
from chat.whom import age_of, whom
from retrieval.types import Constraint, Item
from tests.shops import Talk, ids, shop_of


def _bike(at: str, title: str, kind: str, price: float, weight: float, text: str, **more: object) -> Item:
    return Item(at, title, kind=kind, price=price, description=text, attributes={"weight_kg": weight, **more})


@cache
def bikes() -> Shop:
    return shop_of(
        [
            _bike("c1", "Amstel", "city bike", 500.0, 16.0, "Upright, for the town.", colour="black"),
            _bike("c2", "Pendler", "city bike", 900.0, 13.0, "Quick, with a belt.", colour="grey"),
            _bike("c3", "Volt", "city bike", 1900.0, 22.0, "Electric, with a hub motor.", colour="black"),
            _bike("c4", "Strom", "city bike", 2100.0, 21.0, "Electric, with a mid motor.", colour="grey"),
            _bike("k1", "Runner", "children's bike", 120.0, 3.4, "For children from 2 to 4.", colour="red"),
            _bike("k2", "School", "children's bike", 300.0, 9.0, "For children from 8 to 11.", colour="red"),
            _bike("k3", "Flower", "children's bike", 200.0, 8.0, "With a basket.", colour="pink"),
            _bike("h1", "Mini", "helmet", 40.0, 0.2, "A helmet for toddlers.", colour="pink"),
            _bike("h2", "Road", "helmet", 80.0, 0.3, "A light helmet.", colour="grey"),
            _bike("p1", "Pump", "pump", 20.0, 0.4, "Keep small parts away from children.", colour="black"),
        ]
    )


@pytest.fixture
def talk():
    return Talk(bikes())


def test_what_is_lightest_stays_where_nothing_is_lighter(talk):
    talk("a grey city bike under 1000")
    answer = talk("is there anything lighter?")
    assert ids(answer) == ["c2"]
    assert "The lightest: Pendler" in answer.text
    assert not any(field == "weight_kg" for field, _, _ in talk.limits)


def test_a_bound_that_cheaper_replaced_is_in_force_again(talk):
    talk("a grey city bike under 1000")
    assert ids(talk("something cheaper")) == ["c2", "c1"]
    assert ("price", "<", 1000.0) in talk.limits


def test_what_was_shown_is_what_is_left(talk):
    talk("a red children's bike")
    talk("ok, that one is out then")
    answer = talk("what else is there?")
    assert ids(answer) == ["k2", "k3"]
    assert "what is left" in answer.text
    assert "Without “red” there is also Flower" in answer.text


def test_where_nothing_is_cheaper_another_sort_stands_in_and_nothing_else(talk):
    talk("a helmet")
    answer = talk("40 is more than I wanted to pay for it")
    assert ids(answer) == ["h1", "h2"]  # and no pump, which costs less
    assert "The cheapest: Mini" in answer.text
    shoes = [
        Item("t", "Ridge", "trail shoe", price=160.0), Item("r", "Road", "running shoe", price=90.0),
        Item("j", "Drizzle", "rain jacket", price=80.0),
    ]  # fmt: skip
    other = Talk(shop_of(shoes))
    other("a trail shoe")
    answer = other("anything cheaper?")
    assert "Of other kinds, Road costs less" in answer.text
    assert ids(answer) == ["t", "r"]
    talk("a city bike")
    assert set(ids(talk("too expensive, anything cheaper?"))) <= {"c1", "c2", "c3", "c4"}


def test_what_else_for_something_leaves_the_kind_once_all_of_it_is_seen(talk):
    talk("a helmet")
    answer = talk("what else is there for the town?")
    assert "h1" not in ids(answer)
    assert not any(field == "kind" for field, _, _ in talk.limits)


def test_a_single_wish_is_not_asked_to_be_given_up(talk):
    text = talk("a helmet in pink").text
    assert "Without" not in text
    assert "all that fits" not in text


def test_the_contrary_takes_the_place_of_a_limit(talk):
    talk("a city bike")
    talk("an electric one")
    assert {card.id for card in talk("the non-electric ones, then").cards} == {"c1", "c2"}
    assert ("topic", "is", "electric") not in talk.limits


def test_the_softest_limit_gives_way_and_is_named(talk):
    talk("a grey city bike")
    answer = talk("under 700")
    assert ids(answer) == ["c1"]
    assert "Without “grey”" in answer.text


def test_money_never_gives_way(talk):
    talk("a city bike")
    assert not talk("under 100").cards


def test_a_child_is_shown_what_is_made_for_children_and_its_age(talk):
    assert ids(talk("something for my son to ride, he's 3"))[0] == "k1"
    assert {card.id for card in talk("in pink?").cards} == {"k3"}
    assert ids(talk("and a helmet")) == ["h1"]


def test_what_is_kept_from_children_is_not_for_them(talk):
    assert "p1" not in ids(talk("something for my kids"))


def test_what_was_shown_and_is_not_refused_stays(talk):
    shown = [card.id for card in talk("something for the town").cards]
    left = [at for at in shown if at not in ("c3", "c4")]
    assert ids(talk("without a motor maybe"))[: len(left)] == left


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one for a man", "man"), ("for my wife", "woman"), ("something for our toddler", "child"),
        ("we have two kids", "family"), ("one for me", ""), ("is it safe for my kids", None),
        ("a lamp for the kids' room", None), ("a red bike", None),
    ],
)  # fmt: skip
def test_for_whom_something_is(text, said):
    assert whom(text) == said


def test_half_years_are_read():
    assert age_of("hes 2 and a half") == 2.5
    assert "half" not in spelled_out("she's 2 and a half")


def test_somebody_elses_trouble_is_another_want():
    assert for_whom("my wife has dry hands, is there anything for that?") == "wife"
    assert not for_whom("my wife has seen it")


@pytest.mark.parametrize("text", ["I'm losing my hair", "my hair is falling out", "he loses hair"])
def test_a_noun_is_told_by_its_verb(text):
    assert undergone(text, "hair loss")
    assert not undergone(text, "weight loss")


def test_where_a_column_says_the_ages_nothing_else_is_asked():
    toys = [
        Item("u1", "Sunny", kind="ukulele", description="For children.", attributes={"age": "from 5"}),
        Item("u2", "Koa", kind="ukulele", attributes={"age": "from 8"}),
        Item("u3", "Tenor", kind="ukulele", attributes={"age": "from 12"}),
    ]
    talk = Talk(shop_of(toys))
    assert ids(talk("a ukulele for my kid, he is 6")) == ["u1"]
    assert "u2" in ids(talk("my other kid is 10 and wants one"))


def test_a_promise_is_not_given_up_for_another_thing():
    goods = [
        Item(id="a", title="Oat Bar", kind="bar", attributes={"vegan": True}),
        Item(id="b", title="Milk Truffle", kind="truffle", attributes={"vegan": False}),
    ]
    shop = replace(shop_of(goods), decisions=Decisions.shipped())
    state = DialogueState(session="x")
    dialogue = Dialogue(shop, state)
    understood = dialogue.understand("a truffle")
    state.limit([Constraint("vegan", "is", "yes"), *understood.parsed.constraints])
    assert [limit.value for limit in understood.parsed.constraints] == ["truffle"]
    assert DeadEnds.of(dialogue.scene).anew(Turn(understood, "a truffle")) == []
    assert [limit.field for limit in state.taste.limits] == ["vegan", "kind"]
