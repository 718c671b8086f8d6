"""Decisions about goods: cues are weighed by their names, limits that are none are left out, and both can be fitted."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from chat import needs as needs_module
from chat.conversation import Conversation
from chat.decisions import WAYS, Decisions, Doubt
from chat.desk import Desk
from chat.meaning import called
from chat.needs import Needs
from chat.pieces import Piece, buys
from chat.routing import ROUTES, Routed
from chat.shop import Shop
from chat.standing import standing
from chat.state import DialogueState
from chat.understanding import understand
from finetune import decisions as fitting
from finetune.talks import Message, read_talks
from retrieval.errors import NamedropError
from retrieval.types import Constraint
from tests.fakes import BagEncoder
from tests.shops import Talk, marquee, titles
from tests.test_needs import ITEMS, index

EVENLY = Routed("order", 1 / 7, dict.fromkeys(ROUTES, 1 / 7))
NEVER = {"new": 99.0, "old": 99.0, "card": -99.0}
LEADS = {"led, by the last message": 1.0}


def decisions(routes=None, limits=None, bars=NEVER, cards=None) -> Decisions:
    return Decisions({way: (routes or {}).get(way, {}) for way in WAYS}, limits or {}, cards or {}, {**NEVER, **bars})


@pytest.fixture
def shop(monkeypatch):
    """A shop of four goods; what a limit leaves must be led by nothing, or it goes."""
    monkeypatch.setattr(needs_module, "tuned", lambda *_: BagEncoder())
    shop = Shop.of(index(), None, needs=Needs(index(), None))
    return replace(shop, decisions=decisions(limits=LEADS, bars={"new": 0.0, "old": 0.0}))


def test_a_message_goes_where_its_cues_weigh_most():
    routed = decisions({"policy": {"pages": 2.0}, "recommend": {"goods": 1.0}}).routed
    assert routed({"pages": 1.0, "goods": 1.0, "a cue without a weight": 9.0}, EVENLY).routed.route == "policy"
    found = routed({"pages": -1.0, "goods": 3.0}, EVENLY).routed
    assert found.route == "recommend"
    assert found.confidence == found.scores["recommend"]
    assert sum(found.scores.values()) == pytest.approx(1)


def test_what_neither_goods_nor_pages_answer_goes_where_it_looks_like():
    looks = Routed("human", 0.6, {"human": 0.6, "order": 0.2, "recommend": 0.2})
    found = decisions({"rest": {"1": 5.0}}).routed({"1": 1.0}, looks).routed
    assert found.route == "human"
    assert found.scores["human"] == pytest.approx(3 * found.scores["order"])
    assert found.scores["small_talk"] == 0
    nothing = decisions({"rest": {"1": 5.0}}).routed({"1": 1.0}, Routed("recommend", 1.0, {"recommend": 1.0})).routed
    assert nothing.scores["order"] == nothing.scores["human"] > nothing.scores["recommend"]


def test_who_takes_an_item_speaks_of_goods():
    found = decisions({"buy": {"meant for: buy": 1.0}}).routed({"meant for: buy": 4.0}, EVENLY)
    assert found.routed.route == "recommend"
    assert found.takes == pytest.approx(0.93, abs=0.01)
    understood = marquee_reading("k the skirt pls")
    assert buys(Piece("k the skirt pls", found.routed, understood, found.takes))
    assert not buys(Piece("k the skirt pls", found.routed, understood, 0.5))
    assert buys(Piece("put it in my basket", found.routed, understood, 0.0))  # whatever the weights make of it


def test_what_is_taken_is_called_as_it_was_shown():
    assert called("k the fork pls", ITEMS)
    assert called("ok then", ITEMS)
    assert called("right, one of each. and hurry up", ITEMS)
    assert not called("blue please", ITEMS)
    assert not called("ok then", ())


def marquee_reading(text):
    shop = marquee()
    return understand(text, shop.linker, shop.parser, 0)


def test_limits_of_now_and_of_before_have_bars_of_their_own():
    cheap = Constraint("price", "<", 10.0)
    told = [Doubt(cheap, {"led": 1.0}), Doubt(cheap, {"led": 1.0, "old": 1.0}), Doubt(cheap, {})]
    assert decisions(limits={"led": 1.0}, bars={"new": 0.5, "old": 1.5}).gone(told) == [True, False, False]


def test_the_shipped_weights_are_of_cues_that_there_are(shop):
    shipped = Decisions.shipped()
    assert set(shipped.routes) == set(WAYS)
    heard = fitting.Recorded({}, {}, {}, NEVER, shop, [3])
    talk = Conversation(replace(shop, decisions=heard), DialogueState(session="x"), Desk())
    talk.take("a fork please")
    talk.take("not the fork, something for lawns in autumn")
    told = {name for cues in heard.heard for name in cues}
    assert {"1", "goods", "pages", "words", "looks: policy", "after: nothing"} <= told
    several = ("act: ", "after: ", "looks: ", "meant for: ", "rules: ")
    for weights in shipped.routes.values():
        assert {name for name in weights if not name.startswith(several)} <= told | {
            "names", "points", "of those shown", "asks", "limits",
        }  # fmt: skip
    assert {"led, by the last message", "led, by the need", "turned", "asked for"} <= set(shipped.limits)
    assert heard.seen
    assert set(shipped.cards) == {name for cues, _ in heard.seen for name in cues}


def test_what_a_message_never_meant_is_no_limit(shop):
    talk = Talk(shop)
    assert titles(talk("leaf fork lawns autumn"))[0] == "Leaf Rake"
    assert talk.limits == set()
    talk("a fork for pots")
    assert ("kind", "is", "fork") in talk.limits


def test_a_word_that_tells_nothing_is_not_refused(shop):
    talk = Talk(shop)
    talk("a fork to use in the yard without everyone looking at my pots")
    assert not {value for _, op, value in talk.limits if op == "is_not"}


def test_what_a_message_has_outgrown_is_let_go_without_a_word(shop):
    talk = Talk(shop)
    talk("a hoe")
    assert ("kind", "is", "hoe") in talk.limits
    answer = talk("and something soft for work on the knees")
    assert titles(answer)[0] == "Kneeler"
    assert "“hoe”" not in answer.text
    assert ("kind", "is", "hoe") not in talk.limits


@pytest.mark.parametrize("message", ["more", "cheaper", "膝盖疼", "soft pad knees", "not a kneeler"])
def test_what_tells_nothing_or_is_brief_leaves_limits_as_they_are(shop, message):
    talk = Talk(shop)
    talk("a hoe")
    talk(message)
    assert ("kind", "is", "hoe") in talk.limits


def test_goods_behind_the_first_are_shown_for_what_they_are_worth(shop):
    going = {"new": 0.0, "old": 0.0}
    nothing_else = replace(shop, decisions=decisions(limits=LEADS, bars=going | {"card": 99.0}))
    message = "leaf fork lawns autumn"
    assert len(Talk(shop)(message).cards) > 1
    assert titles(Talk(nothing_else)(message)) == ["Leaf Rake"]
    assert len(Talk(nothing_else)("a fork").cards) == len(Talk(shop)("a fork").cards)  # whatever there is is asked for
    talk = Talk(nothing_else)
    first = talk(message)
    assert not set(titles(talk("more"))) & set(titles(first))
    weights = {"behind": -1.0, "1": 99.0}
    near = replace(shop, decisions=decisions(limits=LEADS, bars=going | {"card": 0.0}, cards=weights))
    assert len(Talk(near)(message).cards) == len(Talk(shop)(message).cards)


def test_promises_sizes_and_what_holds_for_good_stand(shop):
    state = DialogueState(session="x")
    talk = Conversation(shop, state)
    talk.take("a hoe under 80")
    state.limit([Constraint("foldable", "is", False)])
    state.limit([Constraint("colours", "is_not", "red")], lasting=True)
    state.say("user", "something soft for work on the knees")
    understood = talk._read("something soft for work on the knees")
    outgrown = {limit.field for limit in standing(understood, state, shop).outgrown}
    assert "kind" in outgrown
    assert not outgrown & {"foldable", "colours"}


def test_without_needs_nothing_is_decided(shop):
    talk = Talk(replace(shop, decisions=None))
    talk("a hoe")
    talk("and something soft for work on the knees")
    assert ("kind", "is", "hoe") in talk.limits


def test_where_a_message_goes_as_a_whole_is_told_without_answering_it(shop):
    state = DialogueState(session="x")
    talk = Conversation(replace(shop, decisions=decisions({"policy": {"1": 1.0}})), state, Desk())
    assert talk.whole("do you wrap presents?").route == "policy"
    assert talk.whole("hi") is None
    assert not state.messages
    assert Conversation(shop, state).whole("do you wrap presents?") is None


@pytest.mark.parametrize(
    ("marks", "way"),
    [
        ({"show": ["a"]}, "recommend"),
        ({"tell": "a", "column": None}, "item"),
        ({"page": "Delivery"}, "policy"),
        ({"page": None}, "policy"),
        ({"act": "basket"}, "buy"),
        ({"act": "thanks"}, "rest"),
        ({"page": "Delivery", "show": ["a"]}, None),
    ],
)
def test_marks_say_where_a_message_goes(marks, way):
    assert fitting.way_of(Message(text="x", **marks)) == way


def test_what_is_fitted_tells_the_cues_apart_on_shops_left_out():
    draw = np.random.default_rng(0)
    routes, limits, cards = [], [], []
    for at in range(240):
        goods = float(draw.normal())
        cues = {"1": 1.0, "goods": goods, "pages": -goods}
        way = "recommend" if goods > 0.5 else "policy" if goods < -0.5 else "item"
        routes.append(fitting.Row(f"shop {at % 7}", cues, way, told=True))
        led = float(draw.normal())
        old = {"old": 1.0} if at % 2 else {}
        limits.append(fitting.Row(f"shop {at % 7}", {"1": 1.0, "led": led, **old}, led > 0.2, told=at % 3 > 0))
        cards.append(fitting.Row(f"shop {at % 7}", {"1": 1.0, "near": led}, led > 1.0, told=True))
    found, told = fitting.fitted(routes, limits, cards)
    assert found["routes"]["recommend"]["goods"] > 0 > found["routes"]["policy"]["goods"]
    assert found["limits"]["led"] > 0
    assert found["cards"]["near"] > 0
    assert set(found["bars"]) == {"new", "old", "card"}
    assert float(told[0].split()[-1]) > 0.8


def test_a_file_of_talks_that_is_none_is_refused(tmp_path):
    file = tmp_path / "tools.json"
    file.write_text(json.dumps([{"id": "tools-1", "turns": [{"text": "a hammer", "shows": ["W1"]}]}]))
    with pytest.raises(NamedropError, match=r"tools.json[\s\S]*finetune.talks shows"):
        read_talks(file)
