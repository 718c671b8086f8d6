"""An assistant without models, for the tests of the server and the page; `python -m tests.fake_assistant` serves it.

It answers by rule: "before 1990" adds that limit, "nothing" finds nothing, "break" fails half-way, "slow" takes long;
"return" quotes a passage, "person" hands the conversation over; every other message gets the first five items that are
neither disliked nor seen, genres that are liked or named first.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

from chat import memory
from chat.identity import Customer, Tokens, own
from chat.messages import (
    Card,
    Chip,
    Citation,
    Event,
    Handoff,
    Openings,
    Remembered,
    Reply,
    SessionView,
    Signal,
    Status,
    StoredMessage,
    TurnTaken,
)
from chat.state import DialogueState
from retrieval.errors import NotReady, UnknownItem, UnknownSession

VISITOR = "the-id-of-a-visitor-who-consented"
SECRET = "the secret of the shop that the fake assistant serves"
INJECTION = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


def _card(id, title, kind, year, creators, genres, price=None, currency="USD", stock=True, why="", url=""):
    return Card(
        id=id, kind=kind, title=title, year=year, creators=tuple(creators), genres=tuple(genres), price=price,
        currency=currency, in_stock=stock, why=why, url=url, score=0.5,
    )  # fmt: skip


CARDS = (
    _card("film-stalker-1979", "Stalker", "film", 1979, ["Andrei Tarkovsky"], ["science fiction", "drama"], 7.99,
          why="Slow, searching science fiction from 1979, as you asked for something slower than Arrival."),
    _card("film-2001-1968", "2001: A Space Odyssey", "film", 1968, ["Stanley Kubrick"], ["science fiction"], 8.49,
          why="First contact told with long silences; before 1990.", url="https://shop.example/2001"),
    _card("book-left-hand-1969", "The Left Hand of Darkness", "book", 1969, ["Ursula K. Le Guin"], ["science fiction"],
          9.99, why="An envoy learns another people's way of thinking, like the linguist in Arrival."),
    _card("game-outer-wilds-2019", "Outer Wilds", "game", 2019, ["Mobius Digital"], ["adventure"], 22.49, "EUR",
          why="Solve a mystery in space at your own pace."),
    _card("album-music-for-airports-1978", "Ambient 1: Music for Airports", "album", 1978, ["Brian Eno"], ["ambient"],
          12, "GBP", False, why="The same calm, without words."),
    _card("film-interstellar-2014", "星际穿越", "film", 2014, ["克里斯托弗·诺兰"], ["科幻"], 38, "CNY",
          why="科幻片，节奏沉稳。"),
    _card("film-strangelove-1964", "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb", "film", 1964,
          ["Stanley Kubrick"], ["comedy"], 6.99,
          why="A long title, and the driest comedy of its decade."),
    _card("course-drawing", "Drawing for Patient Beginners", "course", None, ["Ines Calder"], ["drawing"], 39,
          why="Starts from nothing and takes its time."),
    _card("odd/ 1?", f"Odd {INJECTION}", "", None, [], [], None, "", why=INJECTION, url="javascript:alert(1)"),
    _card("film-heat-1995", "Heat", "film", 1995, ["Michael Mann"], ["crime", "thriller"], 5.99,
          why="A city at night."),
)  # fmt: skip
RETURNS = Citation(
    id="returns",
    title="Returns and refunds",
    quote="You can return a disc, a book or a record within 30 days of delivery, if it is as you got it.",
)
TICKET = Handoff(reason="asked", ticket="H-1F3K")
BEFORE_1990 = Chip(field="year", op="<", value=1990.0, label="before 1990")


class FakeAssistant:
    """Keeps its sessions in a dict; `pace` is the pause between two pieces of an answer, in seconds."""

    def __init__(self, *, loading: float = 0.0, pace: float = 0.0) -> None:
        self.pace = pace
        self.state = "loading" if loading else "ready"
        self.sessions: dict[str, dict] = {}
        self.closed = False
        self.listeners = []
        self._ids = itertools.count(1)
        self._lock = threading.RLock()
        if loading:
            threading.Timer(loading, self.finish).start()

    def finish(self) -> None:
        self.state = "ready"

    @property
    def status(self) -> Status:
        return Status(state=self.state, detail="reading the catalogue", items=len(CARDS), model="fake")

    def _session(self, session: str, customer: Customer | None = None) -> dict:
        if session not in self.sessions:
            raise UnknownSession(f"No conversation is called '{session}'.")
        own(self.sessions[session]["owner"], customer)
        return self.sessions[session]

    def openings(self, language: str = "en") -> Openings:
        return Openings(of_goods=False)

    def customer(self, token: str) -> Customer:
        return Tokens(SECRET).verify(token)

    def _answer(self, kept: dict, message: str) -> Reply:
        if "before 1990" in message:
            kept["constraints"] = (BEFORE_1990,)
        old = BEFORE_1990 in kept["constraints"]
        known = kept["dislike"] | kept["seen"]
        cards = [card for card in CARDS if card.id not in known and (not old or (card.year or 9999) < 1990)]
        liked = {genre for card in CARDS for genre in card.genres if card.id in kept["like"] or genre in message}
        cards.sort(key=lambda card: -len(liked & set(card.genres)))
        if "odd" in message:
            cards = [card for card in CARDS if card.id.startswith("odd")]
        cards = [] if "nothing" in message else cards[:5]
        text = f"For “{message}” I would begin with {cards[0].title}." if cards else "We don't carry that."
        citations, handoff = (), None
        if "return" in message:
            cards, citations, text = [], (RETURNS,), f"Yes. {RETURNS.quote}"
        if "person" in message:
            cards, handoff, text = [], TICKET, f"I've told a person of our team; your reference is {TICKET.ticket}."
        return Reply(
            session=kept["session"], message_id=str(next(self._ids)), text=text, items=cards,
            constraints=kept["constraints"], citations=citations, handoff=handoff,
            visitor=VISITOR if "remember me" in message else None,
        )  # fmt: skip

    def _keep(self, kept: dict, reply: Reply, message: str | None) -> None:
        if message:
            kept["messages"].append(StoredMessage(role="user", text=message))
        ids = tuple(card.id for card in reply.items)
        kept["messages"].append(StoredMessage(role="assistant", text=reply.text, items=ids, citations=reply.citations))

    def stream(
        self,
        message: str,
        session: str | None = None,
        *,
        customer=None,
        page_item=None,
        visitor=None,
        history=None,
    ) -> Iterator[Event]:
        if self.state != "ready":
            raise NotReady("The assistant is still loading.")
        self.heard = {"message": message, "customer": customer, "page_item": page_item, "history": history}
        self.heard["visitor"] = visitor
        session = session or f"made-{next(self._ids)}"
        new = {"session": session, "messages": [], "constraints": (), "like": set(), "dislike": set(), "seen": set()}
        with self._lock:
            kept = self.sessions.setdefault(session, new | {"owner": DialogueState(session=session)})
            own(kept["owner"], customer)
            reply = self._answer(kept, message)
        yield Event(type="items", items=reply.items, constraints=reply.constraints)
        for number, word in enumerate(reply.text.split(" ")):
            if "break" in message and number == 2:
                raise RuntimeError("secret detail of the inside")
            time.sleep(self.pace * (20 if "slow" in message else 1))
            yield Event(type="text", text=word if number == 0 else f" {word}")
        self._keep(kept, reply, message)
        for listener in self.listeners:
            handoff, cites = reply.handoff.reason if reply.handoff else "", len(reply.citations)
            listener(
                TurnTaken(
                    session=session, route="policy" if cites else "recommend", cards=len(reply.items), citations=cites,
                    abstained="nothing" in message, handoff=handoff, seconds=0.01,
                )
            )  # fmt: skip
        yield Event(type="done", reply=reply)

    def reply(self, message: str, session: str | None = None, **options) -> Reply:
        *_, done = self.stream(message, session, **options)
        return done.reply

    def feedback(self, session: str, item_id: str, signal: Signal, *, customer=None) -> SessionView:
        kept = self._session(session, customer)
        if self.card(item_id) is None:
            raise UnknownItem(f"The catalogue has no item '{item_id}'.")
        for name in ("like", "dislike", "seen"):
            kept[name].discard(item_id)
        if signal != "undo":
            kept[signal].add(item_id)
        return self.export(session, customer=customer)

    def remove_constraint(self, session: str, field: str, op: str, value: object, *, customer=None) -> Reply:
        kept = self._session(session, customer)
        kept["constraints"] = tuple(c for c in kept["constraints"] if (c.field, c.op, c.value) != (field, op, value))
        reply = self._answer(kept, "without that limit")
        self._keep(kept, reply, None)
        return reply

    def recommend(self, *, text="", liked=(), disliked=(), constraints=(), k=5) -> tuple[Card, ...]:
        for item_id in (*liked, *disliked):
            if self.card(item_id) is None:
                raise UnknownItem(f"The catalogue has no item '{item_id}'.")
        self.asked = {"text": text, "liked": liked, "disliked": disliked, "constraints": constraints}
        return tuple(card for card in CARDS if card.id not in disliked)[:k]

    def export(self, session: str, *, customer=None) -> SessionView:
        kept = self._session(session, customer)

        def cards(name: str) -> tuple[Card, ...]:
            return tuple(card for card in CARDS if card.id in kept[name])

        return SessionView(
            session=session, messages=tuple(kept["messages"]), liked=cards("like"), disliked=cards("dislike"),
            seen=cards("seen"), constraints=kept["constraints"],
        )  # fmt: skip

    def forget(self, session: str, *, customer=None) -> bool:
        if session in self.sessions:
            self._session(session, customer)
        return self.sessions.pop(session, None) is not None

    def remember(self, session: str, consent: bool, *, training=True, customer=None) -> Remembered:
        owner = self._session(session, customer)["owner"]
        if not consent:
            memory.revoke(owner)
            return Remembered()
        memory.consent(owner, training=training)
        return Remembered(consent=True, training=training, since=owner.memory.since, visitor=owner.new_visitor or None)

    def on_turn(self, listener) -> None:
        self.listeners.append(listener)

    def card(self, item_id: str) -> Card | None:
        return next((card for card in CARDS if card.id == item_id), None)

    def close(self) -> None:
        self.closed = True


if __name__ == "__main__":
    import uvicorn

    from chat.server import create_app

    uvicorn.run(create_app(FakeAssistant(loading=3, pace=0.05)), host="127.0.0.1", port=7861, log_level="warning")
