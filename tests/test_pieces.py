"""Messages cut into their wishes, and what the catalogue has to say about where each goes."""

from __future__ import annotations

import math

import pytest

from chat.clauses import clauses
from chat.decisions import Decisions
from chat.evidence import weighed
from chat.pieces import Reader
from chat.routing import ROUTES, Patterns, Routed
from chat.understanding import understand
from tests.shops import marquee
from tests.visits import Sure


def pieces(text, before="", known=-math.inf, router=None, shown=0):
    shop = marquee()

    def understood(part):
        return understand(part, shop.linker, shop.parser, shown, served=("service",))

    return Reader(router or Patterns(), understood, lambda part: known, before).read(text)


class TestClauses:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("can I return it, and what should I get instead?", ["can I return it", "what should I get instead?"]),
            ("Hi! Where is my order?", ["Hi!", "Where is my order?"]),
            ("where is M-1042? and recommend me a comedy", ["where is M-1042?", "and recommend me a comedy"]),
            ("可以退货吗？另外推荐一部喜剧", ["可以退货吗？", "另外推荐一部喜剧"]),
            ("can I return a game, and something slower?", ["can I return a game", "something slower?"]),
            ("send back a game and buy something", ["send back a game", "buy something"]),
            ("do you ship abroad? And maybe a comedy", ["do you ship abroad?", "And maybe a comedy"]),
            ("films with love and war", ["films with love and war"]),
            ("a French horror film, please", ["a French horror film, please"]),
            ("Stalker and Solaris", ["Stalker and Solaris"]),
            ("", []),
            ("?!", []),
        ],
    )
    def test_a_cut_is_where_a_request_begins(self, text, parts):
        assert clauses(text) == parts

    def test_there_are_never_many(self):
        assert len(clauses("where is it? " * 100)) == 8


class TestWishes:
    def test_two_wishes_are_two_pieces(self):
        first, second = pieces("can I return it, and what should I get instead?")
        assert (first.route, first.text) == ("policy", "can I return it")
        assert (second.route, second.text) == ("recommend", "what should I get instead?")

    def test_what_goes_one_way_stays_whole(self):
        (piece,) = pieces("I loved Arrival. Something slower, before 1990?")
        assert piece.text == "I loved Arrival. Something slower, before 1990?"
        assert piece.route == "recommend"

    def test_the_catalogue_s_parts_are_read_together(self):
        loved, policy = pieces("I loved Stalker. What else should I see? And what is your return policy?")
        assert policy.route == "policy"
        assert loved.text == "I loved Stalker. What else should I see?"
        assert loved.understood.opinions[0].surface == "Stalker"

    def test_a_wish_without_a_verb_is_one(self):
        shop, policy = pieces("I loved Arrival. Can I return an opened game, and something slower before 1990?")
        assert (policy.route, policy.text) == ("policy", "Can I return an opened game")
        assert shop.text == "I loved Arrival. something slower before 1990?"
        assert {(c.field, c.value) for c in shop.understood.parsed.constraints} == {("year", 1990.0)}

    def test_a_greeting_goes_with_what_follows(self):
        (piece,) = pieces("Hi! Where is my order?")
        assert piece.route == "order"

    @pytest.mark.parametrize("question", ["what can I do?", "how do I remove it?"])
    def test_a_question_about_what_was_just_said_is_no_wish_of_its_own(self, question):
        scores = {route: 0.9 if route == "out_of_scope" else 0.1 / 6 for route in ROUTES}

        class Astray(Patterns):
            def route(self, text):
                routed = super().route(text)
                return routed if text != question else Routed("out_of_scope", 0.9, scores)

        (piece,) = pieces(f"I want a refund. {question}", router=Astray())
        assert piece.route == "policy"

    @pytest.mark.parametrize("text", ["", " ", "…", "。。。", "and and and", "?" * 500])
    def test_nothing_breaks_it(self, text):
        assert pieces(text)


class TestEvidence:
    def test_an_order_number_speaks_for_orders(self):
        (piece,) = pieces("what about M-1042")
        assert piece.routed.scores["order"] > pieces("what about it")[0].routed.scores["order"]

    def test_it_after_an_order_is_the_order(self):
        assert (
            pieces("what's in it?", "order")[0].routed.scores["order"]
            > 3 * pieces("what's in it?")[0].routed.scores["order"]
        )

    @pytest.mark.parametrize("text", ["do you buy old games?", "can you repair scratched records", "do you rent films"])
    def test_what_a_shop_is_to_do_is_for_its_pages(self, text):
        assert pieces(text)[0].route == "policy"

    def test_it_that_is_needed_by_a_day_is_the_order_that_is_late(self):
        text = "how annoying, we wanted it for a party on friday"
        assert pieces(text, "order")[0].route == "order"
        assert pieces(text)[0].route == "recommend"

    @pytest.mark.parametrize("text", ["the second one comes closest", "I know the second and the third already"])
    def test_a_stand_on_cards_speaks_for_a_recommendation(self, text):
        assert pieces(text, shown=5)[0].routed.scores["recommend"] > 0.9
        assert pieces(text)[0].routed.scores["recommend"] < 0.9

    @pytest.mark.parametrize(
        ("text", "known", "route"),
        [
            ("do you gift wrap games?", -math.inf, "recommend"),
            ("do you gift wrap games?", 0.5, "recommend"),  # a kind is named
            ("do you gift wrap games?", 3.0, "policy"),
            ("do you gift wrap?", 0.1, "policy"),
            ("show me games to give away", 6.0, "recommend"),  # asks nothing
            ("gift ideas for my mother?", 6.0, "recommend"),
            ("should I see Stalker?", 6.0, "recommend"),  # of a work
        ],
    )
    def test_what_the_shop_s_pages_answer_is_a_policy(self, text, known, route):
        (piece,) = pieces(text, known=known)
        assert piece.route == route

    def test_limits_speak_for_a_recommendation(self):
        routed = Routed("out_of_scope", 0.6, {"out_of_scope": 0.6, "recommend": 0.3, "item": 0.1})
        assert weighed(routed, {"recommend": 2.0}).route == "recommend"
        assert weighed(routed, {}) is routed
        assert sum(weighed(routed, {"recommend": 2.0}).scores.values()) == pytest.approx(1)


def test_a_title_named_before_a_question_is_what_it_asks_of():
    router = Sure(how=("policy", 0.95))
    (piece,) = pieces("what about Stalker, how long does it run?", router=router)
    assert piece.understood.questions == ("length",)
    assert len(pieces("what about Stalker, how do I pay?", router=router)) == 2


class TestGoods:
    def test_no_route_falls_below_a_least_share_for_its_words(self):
        sure = Routed("out_of_scope", 0.999, {"out_of_scope": 0.999, "recommend": 0.001})
        assert weighed(sure, {"recommend": 2.0}).route == "out_of_scope"
        assert weighed(sure, {"recommend": 2.5}, least=0.1).route == "recommend"
        assert weighed(sure, {}, least=0.1) is sure

    def test_where_decisions_are_fitted_they_weigh_goods_against_pages(self):
        shop = marquee()

        def understood(part):
            return understand(part, shop.linker, shop.parser, 0, served=("service",))

        never = {"1": -9.0}
        weights = {"recommend": {"goods": 1.0}, "policy": {"pages": 1.0}, "item": never, "buy": never, "rest": never}
        decisions = Decisions(weights, {}, {}, {"new": 0.0, "old": 0.0, "card": 0.0})
        routes = [
            Reader(Patterns(), understood, lambda part: 1.0, "", lambda part, g=goods: g, lambda part: 2.0, decisions)
            .piece("how would I keep them dry?")
            .route
            for goods in (0.0, 4.0)
        ]
        assert routes == ["policy", "recommend"]
