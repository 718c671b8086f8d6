"""Visits to a shop whose pages, outbox and routes are made up: what the tests of conversations share."""

from __future__ import annotations

from dataclasses import dataclass, field

from chat.conversation import Conversation
from chat.desk import Desk
from chat.messages import Handoff
from chat.routing import ROUTES, Patterns, Routed
from chat.state import DialogueState
from retrieval.knowledge import Found, Passage
from tests.shops import marquee

RETURNS = Passage("help/returns", "Returns", "You can return a film within 30 days. Postage is $3.90.")
GIFTS = Passage("help/gifts", "Gift cards", "Gift cards never expire.")
DELIVERY = Passage("help/delivery", "Delivery", "Parcels take three days.")


class Delivers:
    """Answers whatever is asked with the days that a parcel takes."""

    def worth_reading(self, question):
        return True

    def answer(self, question):
        return Found(DELIVERY, DELIVERY.text, 0.9)

    def closest(self, question, texts):
        return ""


class FakeKnowledge:
    """Answers a question that has a passage's word in it."""

    pages = (RETURNS, GIFTS)

    def search(self, question, k):
        return [Found(passage, passage.text, 0.1) for passage in self.pages[:k]]

    def closest(self, question, texts):
        return ""

    def worth_reading(self, question):
        return True

    def answer(self, question):
        for word, passage in (("return", RETURNS), ("gift", GIFTS)):
            if word in question.casefold():
                return Found(passage, passage.text, 0.9)
        return None


@dataclass
class FakeRequested:
    handoff: Handoff

    def said(self, language):
        return f"saved as {self.handoff.ticket}"


@dataclass
class FakeOutbox:
    """Keeps what is handed over in a list."""

    requests: list = field(default_factory=list)

    def request(self, state, reason, customer=None):
        self.requests.append((reason, state.messages[-1].text, customer))
        return FakeRequested(Handoff(reason=reason, ticket="H-00000001"))

    def open_ticket(self, session):
        return Handoff(reason="asked", ticket="H-00000001") if self.requests else None

    def withdraw(self, state):
        self.requests.clear()
        return "Closed."


class Sure:
    """Routes by a table of beginnings, surely; everything else by the patterns."""

    def __init__(self, **routes):
        self._routes = routes

    def route(self, text):
        for beginning, (route, confidence) in self._routes.items():
            if text.casefold().startswith(beginning.replace("_", " ")):
                rest = (1 - confidence) / (len(ROUTES) - 1)
                scores = {r: confidence if r == route else rest for r in ROUTES}
                return Routed(route, confidence, scores)
        return Patterns().route(text)


class Visit:
    """A visit to Marquee, or to another shop, with a desk."""

    def __init__(self, router=None, outbox=None, page=None, desk=True, shop=None, knowledge=None):
        self.shop = shop or marquee()
        self.state = DialogueState(session="test")
        self.outbox = outbox
        self.desk = Desk(router or Patterns(), knowledge or FakeKnowledge(), None, outbox) if desk else None
        self.page = page

    def __call__(self, message):
        return Conversation(self.shop, self.state, self.desk, page_item=self.page).take(message)
