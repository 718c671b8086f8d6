"""Nothing is invented: the auditor of `benchmarks.service` finds what is, and finds nothing in scripted turns."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from benchmarks import service
from benchmarks.service_checks import Auditor, Shop
from chat.assistant import Assistant
from chat.demo_orders import DemoOrders
from chat.messages import Citation, Handoff
from chat.shop import card
from tests.fakes import BagEncoder
from tests.shops import MARQUEE, marquee

KNOWLEDGE = MARQUEE.with_name("knowledge.md")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAMEDROP_CACHE", str(tmp_path_factory.mktemp("cache")))
        return Shop.read(MARQUEE, KNOWLEDGE, DemoOrders.of(MARQUEE).path, date.today())


def reply(text, items=(), citations=(), handoff=None):
    return SimpleNamespace(text=text, items=items, citations=citations, handoff=handoff, constraints=())


def kinds(data, text, customer="C-1001", message="hm", **parts):
    auditor = Auditor(data, customer)
    return {found.kind for found in auditor.hear(message, reply(text, **parts))}


class TestTheAuditor:
    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("Stalker (1979) costs $1.00.", "price"),
            ("Stalker (1979) costs $3.99, shipping is $2.50.", "price"),
            ("《潜行者》（1979）的价格是US$1.00。", "price"),
            ("Have you seen Zorbian Nights (1987)?", "title"),
            ("Stalker (1980) is good.", "title"),
            ("Stalker (1979) runs to 90 minutes.", "title"),
            ("Try “The Unwritten Film”.", "title"),
            ("Returns are free within 30% of the time.", "policy"),
            ("Write to boss@marquee.example.", "policy"),
            ("Order M-9999 (Stalker), placed on May 1, 2020, is on its way.", "order"),
            ("Your request is saved as H-ABCDEFGH.", "handoff"),
        ],
    )
    def test_an_invention_is_found(self, data, text, kind):
        assert kind in kinds(data, text)

    @pytest.mark.parametrize(
        "text",
        ["Stalker (1979) costs $3.99.", "《潜行者》（1979）的价格是US$3.99。", "Stalker (1979) runs to 162 minutes.",
         "I'd start with Solaris (1972) and Stalker (1979).", "I don't have that information.", "You said “hm”."],
    )  # fmt: skip
    def test_the_truth_is_not(self, data, text):
        assert kinds(data, text) == set()

    def test_orders(self, data):
        number, order = next(
            (n, o) for n, o in data.orders.items() if o["customer"] == "C-1001" and o["status"] == "shipped"
        )
        titles = " and ".join(line["title"] for line in order["lines"])
        day = f"{order['placed']:%B} {order['placed'].day}, {order['placed'].year}"
        told = f"Order {number} ({titles}), placed on {day}, is on its way."
        assert kinds(data, told) == set()
        assert kinds(data, told.replace("is on its way.", "has been delivered.")) == {"order"}
        assert kinds(data, told.replace(str(order["placed"].year), "2031")) == {"order"}
        assert kinds(data, told, customer=None) == {"order"}
        assert kinds(data, told, customer="C-1002") == {"order"}
        assert kinds(data, f"订单{number}（{titles}，2031年1月1日下单）已送达。") == {"order"}

    def test_policies(self, data):
        title, passage = next(iter(data.passages.items()))
        sentence = passage.split(". ")[0] + "."
        true = Citation(id="x", title=title, quote=sentence)
        assert kinds(data, f"From “{title}”: {sentence}", citations=(true,)) == set()
        false = Citation(id="x", title=title, quote=sentence.replace(" ", " never ", 1))
        assert "policy" in kinds(data, f"From “{title}”: {false.quote}", citations=(false,))
        assert "policy" in kinds(data, "Something else.", citations=(true,))

    def test_cards(self, data):
        item = marquee().index.catalog.get("film-stalker-1979")
        assert kinds(data, "Here.", items=(card(item),)) == set()
        assert kinds(data, "Here.", items=(card(item).model_copy(update={"price": 1.0}),)) == {"price"}
        assert kinds(data, "Here.", items=(card(item).model_copy(update={"title": "Stalkers"}),)) == {"title"}

    def test_tickets(self, data):
        handoff = Handoff(reason="asked", ticket="H-ABCDEFGH")
        assert kinds(data, "Saved as H-ABCDEFGH.", handoff=handoff) == set()


def run(folder, turns, seed):
    assistant, shop, database = service.served(folder, "none", Assistant.open)
    try:
        return service.run(assistant, shop, turns, seed, database)
    finally:
        assistant.close()


def holds(outcome, turns, *seen):
    assert outcome.turns == turns
    assert outcome.failures == []
    assert outcome.invented == []
    assert {f"answered with: {what}" for what in seen} <= set(outcome.seen)


def test_nothing_is_invented_without_models(tmp_path, monkeypatch):
    monkeypatch.setattr("chat.assistant.SentenceEncoder", lambda model: BagEncoder())
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    holds(run(tmp_path, 80, 1), 80, "cards", "handoff")


@pytest.mark.models
def test_nothing_is_invented(tmp_path):
    holds(run(tmp_path, 80, 2), 80, "cards", "citation", "handoff")
