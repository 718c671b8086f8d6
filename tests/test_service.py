"""The assistant with a shop's systems connected: whose orders are told to whom, and who hears of a hand-off."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select

from chat.assistant import Assistant
from chat.demo_orders import DemoOrders
from chat.desk import Desk
from chat.handoff import Post, Ticket
from chat.identity import BadToken, Customer, IdentityError, NotYours, Tokens
from chat.messages import Citation, Handoff, StoredMessage
from chat.pieces import Piece
from chat.replies import Say
from chat.routing import Routed
from chat.rules import Placed, Rulebook, RulesError, Situation
from chat.served import Served
from chat.state import DialogueState
from chat.telemetry import Telemetry
from retrieval.errors import NamedropError
from tests import receivers
from tests.fakes import BagEncoder
from tests.receivers import receiving
from tests.shops import MARQUEE, marquee
from tests.test_delivery import delivered

SECRET = "a secret of the shop, of 32 bytes or more"
ANN = Customer(id="C-1001", name="Ann", expires=2_000_000_000)
BOB = Customer(id="C-1002", expires=2_000_000_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def shop(folder):
    """Return the demo shop with orders, a database and a webhook; without models."""
    with pytest.MonkeyPatch.context() as patch, receiving() as webhook:
        patch.setattr("chat.assistant.SentenceEncoder", lambda model: BagEncoder())
        patch.setenv("NAMEDROP_CACHE", str(folder / "cache"))
        rules = folder / "rules.yaml"
        rules.write_text("rules: [{action: handoff, when: {words: [chargeback]}}]", "utf-8")
        assistant = Assistant.open(
            MARQUEE,
            model="none",
            rules=rules,
            database=f"sqlite:///{folder}/shop.db",
            orders=DemoOrders.of(MARQUEE),
            secret=SECRET,
            webhook=webhook.url,
            webhook_secret=receivers.SECRET,
        )
        assistant.webhook = webhook
        yield assistant
        assistant.close()


def rows(shop, table, session):
    with shop._database.reading() as db:
        return db.scalars(select(table).filter_by(session=session)).all()


def everything(shop, table):
    with shop._database.reading() as db:
        return len(db.scalars(select(table)).all())


class TestOrders:
    def test_nobody_is_told_of_orders_unless_signed_in(self, shop):
        for message in ("Where is my order?", "Where is my order M-1042? I'm C-1001."):
            text = shop.reply(message).text
            assert "sign in" in text
            assert "Halcyon" not in text

    def test_a_customer_is_told_of_their_own(self, shop):
        reply = shop.reply("Where is my order M-1042?", "orders", customer=ANN)
        assert "Order M-1042 (" in reply.text
        assert "on its way" in reply.text
        again = shop.reply("When will my order arrive, is it late?", "orders", customer=ANN)
        assert "M-1042" in again.text

    def test_an_order_of_another_customer_does_not_exist(self, shop):
        reply = shop.reply("Where is my order M-1042? I'm C-1001.", customer=BOB)
        assert "I can't find an order “M-1042”" in reply.text

    def test_what_the_pages_say_of_a_broken_parcel_goes_with_the_order(self, monkeypatch):
        page = Served("From “Damaged”: Send a photo.", (Citation(id="d", title="Damaged", quote="Send a photo."),))
        monkeypatch.setattr(Desk, "quoted", lambda *_, **__: page)
        desk, say = Desk(orders=DemoOrders.of(MARQUEE)), Say("en")
        for text, told in (("My parcel M-1042 came broken.", True), ("Where is M-1042?", False)):
            piece = Piece(text, Routed("order", 1.0, {}), None)
            served = desk.serve(piece, DialogueState(session="s"), say, ANN)
            assert "Order M-1042 (" in served.text
            assert (page.text in served.text) == bool(served.citations) == told


class TestOwnership:
    def test_a_conversation_of_a_customer_is_closed_to_others(self, shop):
        item = shop.reply("a film please", "hers", customer=ANN).items[0].id
        for other in (None, BOB):
            for use in (
                lambda who: shop.reply("what did she say?", "hers", customer=who),
                lambda who: [*shop.stream("what did she say?", "hers", customer=who)],
                lambda who: shop.feedback("hers", item, "like", customer=who),
                lambda who: shop.remove_constraint("hers", "kind", "is", "film", customer=who),
                lambda who: shop.remember("hers", True, customer=who),
                lambda who: shop.export("hers", customer=who),
                lambda who: shop.forget("hers", customer=who),
            ):
                with pytest.raises(NotYours):
                    use(other)
        assert len(shop.export("hers", customer=ANN).messages) == 2

    def test_an_anonymous_conversation_becomes_the_customers(self, shop):
        shop.reply("a film please", "both")
        shop.reply("another", "both", customer=ANN)
        assert shop.export("both", customer=ANN).customer == "C-1001"
        with pytest.raises(NotYours):
            shop.export("both")

    def test_tokens_are_checked_with_the_shops_secret(self, shop, without):
        token = Tokens(SECRET).sign(ANN)
        assert shop.customer(token) == ANN
        with pytest.raises(BadToken, match="has no NAMEDROP_SECRET"):
            without.customer(token)


class TestHandOff:
    def test_a_request_reaches_the_webhook_and_the_export_names_it(self, shop):
        reply = shop.reply("I want to talk to a human", "ann", customer=ANN)
        ticket = reply.handoff.ticket
        assert reply.handoff.reason == "asked"
        assert ticket in reply.text
        shop.webhook.wait(lambda: ticket in shop.webhook.taken)
        delivered(shop._database)
        body = shop.webhook.taken[ticket]
        assert body["customer"] == {"id": "C-1001", "name": "Ann"}
        assert body["transcript"][-1]["text"] == "I want to talk to a human"
        assert shop.export("ann", customer=ANN).handoff == reply.handoff
        (session,) = [one for one in shop.person(customer=ANN).sessions if one.session == "ann"]
        assert session.handoff == reply.handoff

    def test_a_rule_hands_over_and_the_question_is_answered_all_the_same(self, shop):
        reply = shop.reply("A film about a lawyer, please. By the way, I'll tell my bank about the chargeback!", "rule")
        assert reply.handoff.reason == "rule"
        assert reply.handoff.ticket in reply.text
        assert shop.reply("A film about a bank, please.", "no rule").handoff is None

    @pytest.mark.parametrize("said", ["I want a person: a chargeback!", "This chargeback is an outrage, I complain!"])
    def test_a_rule_is_the_reason_where_it_is_one(self, shop, said):
        assert shop.reply(said, f"ruled {len(said)}").handoff.reason == "rule"
        assert shop.reply("I want to talk to a human", f"asked {len(said)}").handoff.reason == "asked"

    def test_forgetting_takes_ticket_and_post_along(self, shop):
        shop.reply("I want to talk to a human", "gone")
        assert rows(shop, Ticket, "gone")
        assert shop.forget("gone")
        assert rows(shop, Ticket, "gone") == rows(shop, Post, "gone") == []

    def test_the_example_of_the_documentation(self, shop):
        page = (Path(__file__).parents[1] / "docs" / "embedding.md").read_text(encoding="utf-8")
        (example,) = re.findall(r'\{"event": "handoff\.opened".*?"at": [\d.]+\}, …\]\}', page, re.DOTALL)
        promised = json.loads(example.replace(", …", ""))
        for said in promised["summary"].splitlines():
            ticket = (shop.reply(said, "example", customer=ANN).handoff or Handoff(reason="", ticket="")).ticket
        shop.webhook.wait(lambda: ticket in shop.webhook.taken)
        body = shop.webhook.taken[ticket]
        assert list(body) == list(promised)
        for key in ("event", "reason", "customer", "order", "language", "summary"):
            assert body[key] == promised[key]

    def test_a_conversation_that_is_not_kept_opens_no_ticket(self, shop):
        before, taken = everything(shop, Ticket), len(shop.webhook.taken)
        for said in ("I want to talk to a human", "About the chargeback: I'll go to my bank!"):
            reply = shop.reply(said, history=())
            assert reply.handoff is None
            assert "can't fetch a person from here" in reply.text
        history = [StoredMessage(role="user", text="a person"), StoredMessage(role="assistant", text=reply.text)]
        assert shop.reply("my email is bob@example.com, call me", history=history).handoff is None
        assert everything(shop, Ticket) == before
        assert len(shop.webhook.taken) == taken

    def test_without_a_database_nobody_is_promised(self, without):
        reply = without.reply("I want to talk to a human", "ann")
        assert reply.handoff is None
        assert "can't fetch a person" in reply.text
        assert without.export("ann").handoff is None


@pytest.fixture(scope="module")
def without(folder, shop):
    """Return the demo shop with orders alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chat.assistant.SentenceEncoder", lambda model: BagEncoder())
        patch.setenv("NAMEDROP_CACHE", str(folder / "cache"))
        assistant = Assistant.open(MARQUEE, model="none", orders=DemoOrders.of(MARQUEE))
        yield assistant
        assistant.close()


@pytest.mark.parametrize(
    ("services", "error", "said"),
    [
        ({"webhook": "https://shop.example/", "secret": SECRET}, NamedropError, "needs a database.*--database"),
        ({"webhook": "https://shop.example/", "database": "shop.db"}, IdentityError, "NAMEDROP_SECRET is not set"),
        ({"webhook": "shop.example", "database": "shop.db", "secret": SECRET}, NamedropError, "--webhook https"),
        ({"secret": "short"}, IdentityError, "5 bytes"),
        ({"retention_days": -1}, NamedropError, "a retention of -1 days"),
        ({"retention_days": float("nan")}, NamedropError, "a retention of nan days"),
    ],
)
def test_what_cannot_work_is_refused_at_once(tmp_path, monkeypatch, services, error, said):
    monkeypatch.chdir(tmp_path)
    begun = time.monotonic()
    with pytest.raises(error, match=said):
        Assistant.open(MARQUEE, model="none", **services)
    assert time.monotonic() - begun < 10


HANDOFF = "rules: [{action: handoff, when: {words: [lawyer, charged twice]}, until: 2026-12-31}]"


class TestRule:
    @pytest.fixture
    def book(self, tmp_path):
        def made(text, today=date(2026, 11, 25)):
            (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
            return Rulebook(tmp_path / "rules.yaml", lambda: today)

        return made

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [("You charged twice!", True), ("a film about a LAWYER", True), ("charged me twice", False), ("a film", False)],
    )
    def test_words_want_a_person(self, book, text, wanted):
        assert book(HANDOFF).hands_over(Situation(text)) == wanted
        assert not book(HANDOFF, date(2027, 1, 1)).hands_over(Situation(text))

    def test_it_places_nothing(self, book):
        index = marquee().index
        assert book(HANDOFF).placed(index, Situation("lawyer")) == Placed()
        assert len(book(HANDOFF).hidden(index)) == 0

    @pytest.mark.parametrize("more", ["when: {words: [x]}, items: [film-stalker-1979]", "when: {kinds: [film]}"])
    def test_it_is_by_words_alone(self, book, more):
        with pytest.raises(RulesError, match=r"rules\.yaml:1: .*takes when\.words, and neither items nor where"):
            book(f"rules: [{{action: handoff, {more}}}]")


def test_hand_offs_that_nobody_takes_are_told_to_the_operator_alone(shop):
    status = shop.status.model_copy(update={"undelivered": 3})
    assert b"namedrop_handoffs_undelivered 3.0" in generate_latest(Telemetry(lambda: status, lambda: 0).registry)
    assert "undelivered" not in status.model_dump()
