"""The assistant: the Python interface that the server, the terminal and embedding programs share."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chat import stateless, views
from chat.conversation import Conversation
from chat.desk import Desk
from chat.dialogue import Answer, Dialogue
from chat.generator import Generator, LocalGenerator
from chat.given import NoSuchLimit, check
from chat.identity import SECRET_VARIABLE, Customer, NoSecret, Tokens
from chat.judge import PassageJudge
from chat.keeping import Keeping, Services
from chat.learnt import Learnt, learnt_folder
from chat.messages import Card, Event, Openings, Reply, SessionView, Signal, Status, StoredMessage, TurnTaken
from chat.needs import Needs
from chat.openings import openings
from chat.picking import CARDS
from chat.replied import counted, events, in_context, reply_of
from chat.routing import routing
from chat.rules import Rulebook
from chat.shop import Shop, card
from chat.state import DialogueState, Language
from retrieval.encoder import Encoder, SentenceEncoder
from retrieval.errors import NamedropError, NotReady, UnknownItem
from retrieval.index import Index
from retrieval.live import LiveIndex
from retrieval.live_knowledge import LiveKnowledge
from retrieval.models import DEFAULT_ENCODER, DEFAULT_LM
from retrieval.types import Constraint

if TYPE_CHECKING:
    from chat.helpers import Helpers
    from chat.orders import OrderLookup

log = logging.getLogger(__name__)

NO_MODEL = "none"


class Assistant(Keeping):
    """Answers messages from one catalogue; thread-safe. Make one with `Assistant.open`."""

    def __init__(
        self,
        catalog: str | Path,
        *,
        model: str | Path = DEFAULT_LM,
        adapter: str | Path | None = None,
        services: Services | None = None,
    ) -> None:
        self._path = Path(catalog)
        services = services or Services()
        self._tokens = Tokens(services.secret) if services.secret else None  # these two may fail, and open nothing
        self._rules = Rulebook(services.rules)
        super().__init__(services)
        self._model = str(model)
        self._adapter = Path(adapter) if adapter else None
        self._desk: Desk | None = None
        self._shop: Shop | None = None
        self._live: LiveIndex | None = None
        self._pages: LiveKnowledge | None = None
        self._generator: Generator | None = None
        self._learnt: Learnt | None = None
        self._judge: PassageJudge | None = None
        self._failure = ""
        self._step = "starting"
        self._done = threading.Event()
        self._listeners: list[Callable[[TurnTaken], None]] = []

    @classmethod
    def open(
        cls,
        catalog: str | Path,
        knowledge: str | Path | None = None,
        *,
        model: str | Path = DEFAULT_LM,
        adapter: str | Path | None = None,
        encoder: str | Path = DEFAULT_ENCODER,
        skip_bad: bool = False,
        background: bool = False,
        database: str | None = None,
        orders: OrderLookup | None = None,
        secret: str | None = None,
        webhook: str | None = None,
        webhook_secret: str | None = None,
        routes: str | Path | None = None,
        rules: str | Path | None = None,
        retention_days: float | None = None,
        helpers: Helpers | None = None,
    ) -> Assistant:
        """Open a catalogue and load the models.

        Args:
            catalog: a .csv, .jsonl or .parquet file; edits of it are live within seconds.
            knowledge: the shop's policies: Markdown, a question-answer list (.json), or a folder of both.
            model: the causal language model: a name, a folder, a hub id, or "none" for retrieval only.
            adapter: the folder of a LoRA adapter for `model`.
            encoder: the sentence encoder.
            skip_bad: go on without the catalogue's bad rows.
            background: return at once and load in a thread; `status` tells how it goes.
            database: see `Services`, as for all that follow.
            orders: looks up a verified customer's orders.
            secret: signs customer tokens and webhooks.
            webhook: where hand-offs are posted to.
            webhook_secret: signs them, if not `secret`.
            routes: the shop's own examples of what people ask for.
            rules: the business rules.
            retention_days: how long conversations are kept that nobody goes on with.
            helpers: further processes that take turns; they share the database, which must not be in memory.

        Raises:
            NamedropError: the database or the rules cannot be used; nor can the catalogue or a model (with
                `background`, `status` says so of these two instead).
        """
        services = Services(
            knowledge=Path(knowledge) if knowledge else None,
            database=database,
            orders=orders,
            secret=secret,
            webhook=webhook,
            webhook_secret=webhook_secret,
            routes=Path(routes) if routes else None,
            rules=Path(rules) if rules else None,
            retention_days=retention_days,
            helpers=helpers,
        )
        assistant = cls(catalog, model=model, adapter=adapter, services=services)
        if background:
            threading.Thread(
                target=assistant._load_quietly, args=(encoder, skip_bad), name="namedrop-load", daemon=True
            ).start()
            return assistant
        try:
            assistant._load(encoder, skip_bad)
        except BaseException:
            assistant.close()
            raise
        return assistant

    def _load_quietly(self, encoder: str | Path, skip_bad: bool) -> None:
        try:
            self._load(encoder, skip_bad)
        except NamedropError as error:
            log.error("%s", error)
            self._failure = str(error)
        except Exception as error:  # the thread's end must be told to whoever waits
            log.exception("loading failed")
            self._failure = f"loading failed: {error}"
        finally:
            self._done.set()

    def _load(self, encoder: str | Path, skip_bad: bool) -> None:
        self._step = "indexing the catalogue"
        embedder = SentenceEncoder(encoder)
        self._live = live = LiveIndex(self._path, embedder, skip_bad=skip_bad, progress=self._progress)
        if self._model != NO_MODEL:  # whoever wants no language model wants none that reads pages or goods either
            self._judge = PassageJudge.shipped()
        self._step = "reading the shop's policies"
        self._desk = self._opened_desk(embedder)
        if self._model != NO_MODEL:
            self._step = "loading the language model"
            self._generator = LocalGenerator(self._model, self._adapter)
        index = live.current
        learnt = learnt_folder(self._model, self._adapter)
        self._learnt = Learnt.load(learnt, index) if learnt is not None else None
        shop = Shop.of(index, self._generator, self._learnt, self._rules, self._needs(index))
        _warm(shop, self._desk)
        self._shop = shop
        live.on_swap(self._swap, known=index)  # which may have been edited while the rest was loading
        self._step = ""
        self._done.set()
        if self._services.helpers is not None:
            self._services.helpers.start()

    def _opened_desk(self, encoder: Encoder) -> Desk | None:
        """Open the service desk; None where the shop has connected nothing that it could answer from."""
        services = self._services
        if services.knowledge is None and services.orders is None and self._outbox is None:
            return None
        if services.orders is not None and not services.secret:
            log.info("no order can be told: without %s nobody can show who they are", SECRET_VARIABLE)
        if services.knowledge:
            self._pages = LiveKnowledge(services.knowledge, encoder, self._judge)
        return Desk(routing(encoder, services.routes), self._pages, services.orders, self._outbox)

    def _progress(self, done: int, total: int) -> None:
        self._step = f"indexing the catalogue: {done} of {total} items"

    def _swap(self, index: Index) -> None:
        learnt = self._learnt
        learnt = learnt.on(index) if learnt is not None else None
        self._shop = Shop.of(index, self._generator, learnt, self._rules, self._needs(index))

    def _needs(self, index: Index) -> Needs | None:
        """Return what scores goods by needs, with what it knows of the version before."""
        previous = self._shop.recommender.needs if self._shop is not None else None
        return Needs(index, self._judge, previous) if Needs.told_of(index) else None

    @property
    def status(self) -> Status:
        """Whether answers come, and with what."""
        if self._failure:
            return Status(state="failed", detail=self._failure)
        shop = self._shop
        if shop is None:
            return Status(state="loading", detail=self._step)
        followed = (self._live, self._pages, self._rules)
        problem = "\n".join(one.problem for one in followed if one is not None and one.problem) or None
        undelivered = self._sender.waiting if self._sender is not None else 0
        return Status(
            state="ready",
            items=len(shop.index.catalog),
            model=self._model,
            problem=problem,
            undelivered=undelivered,
        )

    def wait(self, timeout: float | None = None) -> Status:
        """Wait until loading has ended, well or badly; return the status."""
        self._done.wait(timeout)
        return self.status

    def _ready(self) -> Shop:
        if self._failure:
            raise NotReady(f"the assistant could not start: {self._failure}")
        if self._shop is None:
            raise NotReady(f"the assistant is still loading ({self._step}); try again in a few seconds")
        return self._shop

    def reply(
        self,
        message: str,
        session: str | None = None,
        *,
        customer: Customer | None = None,
        page_item: str | None = None,
        visitor: str | None = None,
        history: Sequence[StoredMessage] | None = None,
    ) -> Reply:
        """Answer a message; without a session id a new conversation begins, whose id the reply gives.

        Args:
            message: what the person wrote.
            session: the conversation it belongs to.
            customer: who the person is, verified by the caller; needed to speak of orders.
            page_item: the id of the item whose page the person is looking at ("this product").
            visitor: the id that an unnamed person was given when they asked to be remembered.
            history: what was said before, of a conversation that the caller keeps: nothing is stored then, and nobody
                is fetched.

        Raises:
            NotReady: the models are still loading.
            NotYours: the conversation belongs to another customer.
            Conflict: other processes have changed the conversation all the time.
        """
        shop, began = self._ready(), time.perf_counter()
        if self._services.helpers is not None:
            how = {"customer": customer, "page_item": page_item, "visitor": visitor, "history": history}
            taken = self._services.helpers.take(message, session, how)
            if taken is not None:
                self._tell(taken[1])
                return taken[0]

        def answer(state: DialogueState) -> tuple[Reply, Answer]:
            desk = stateless.alone(self._desk) if history is not None else self._desk
            answered = Conversation(shop, state, desk, customer, page_item).take(message)
            return reply_of(state, answered), answered

        if history is not None:
            reply, answered = answer(stateless.retold(shop, history))
        else:
            reply, answered = self._turn(session, customer, answer, visitor=visitor)
        self._tell(counted(reply, answered, time.perf_counter() - began))
        return reply

    def on_turn(self, listener: Callable[[TurnTaken], None]) -> None:
        """Call a listener after every answered message, in the thread that answered it."""
        self._listeners.append(listener)

    def _tell(self, turn: TurnTaken) -> None:
        for listener in self._listeners:
            listener(turn)

    def stream(
        self,
        message: str,
        session: str | None = None,
        *,
        customer: Customer | None = None,
        page_item: str | None = None,
        visitor: str | None = None,
        history: Sequence[StoredMessage] | None = None,
    ) -> Iterator[Event]:
        """Answer a message as events: the items first, then the text in pieces, then the whole reply; see `reply`.

        Raises:
            NotReady: the models are still loading.
            NotYours: the conversation belongs to another customer.
            Conflict: other processes have changed the conversation all the time.
        """
        yield from events(
            self.reply(message, session, customer=customer, page_item=page_item, visitor=visitor, history=history)
        )

    def remove_constraint(
        self, session: str, field: str, op: str, value: object, *, customer: Customer | None = None
    ) -> Reply:
        """Remove one constraint of a conversation and recommend again.

        Raises:
            NotReady: the models are still loading.
            UnknownSession: there is no such conversation.
            NoSuchLimit: it has no such constraint.
            NotYours: the conversation belongs to another customer.
            Conflict: other processes have changed the conversation all the time.
        """
        shop = self._ready()

        def answer(state: DialogueState) -> Reply:
            if (field, op, value) not in [(limit.field, limit.op, limit.value) for limit in state.taste.limits]:
                raise NoSuchLimit(f"the conversation has no limit '{field} {op} {value}'")
            return reply_of(state, Dialogue(shop, state).without(field, op, value))

        return self._turn(session, customer, answer, create=False)

    def feedback(self, session: str, item_id: str, signal: Signal, *, customer: Customer | None = None) -> SessionView:
        """Record like, dislike, seen or undo for an item; it is kept when this returns, and changes the next answer.

        Raises:
            NotReady: the models are still loading.
            UnknownSession: there is no such conversation.
            UnknownItem: the catalogue has no such item.
            NotYours: the conversation belongs to another customer.
            Conflict: other processes have changed the conversation all the time.
        """
        shop = self._ready()
        if shop.position(item_id) is None:
            raise UnknownItem(f"no item {item_id!r} in the catalogue; it may have been removed")

        def judge(state: DialogueState) -> SessionView:
            state.snapshot()
            state.signal(item_id, signal)
            state.feedback.append(in_context(state, item_id, signal))
            return views.state_view(shop, state)

        return self._turn(session, customer, judge, create=False)

    def recommend(
        self,
        *,
        text: str = "",
        liked: Sequence[str] = (),
        disliked: Sequence[str] = (),
        constraints: Sequence[Constraint] = (),
        k: int = CARDS,
    ) -> tuple[Card, ...]:
        """Recommend without a conversation, from a wish in words, item ids and constraints.

        Raises:
            NotReady: the models are still loading.
            UnknownItem: an id is not in the catalogue.
            BadLimit: a constraint cannot mean anything in this catalogue.
        """
        shop = self._ready()
        check(constraints, shop.index.facets)
        return stateless.recommend(shop, text, liked, disliked, constraints, k)

    def search(self, text: str, *, k: int = CARDS) -> tuple[Card, ...]:
        """Find items by their title, or by what they are about.

        Args:
            text: the title or the words.
            k: how many at most.

        Raises:
            NotReady: the models are still loading.
        """
        return stateless.search(self._ready(), text, k)

    def openings(self, language: Language = "en") -> Openings:
        """Return what a person might begin with in this shop.

        Raises:
            NotReady: the models are still loading.
        """
        return openings(self._ready(), language)

    def customer(self, token: str) -> Customer:
        """Return the customer whom a signed token names.

        Raises:
            BadToken: the token is malformed, forged or has expired, or there is no secret to check it with.
        """
        if self._tokens is None:
            raise NoSecret(f"this server has no {SECRET_VARIABLE}, so it cannot check customer tokens")
        return self._tokens.verify(token)

    def card(self, item_id: str) -> Card | None:
        """Return an item's card, None if the catalogue has no such item.

        Raises:
            NotReady: the models are still loading.
        """
        item = self._ready().index.catalog.get(item_id)
        return None if item is None else card(item)

    def close(self) -> None:
        """Stop following the catalogue and the pages, and let go of the helpers and the database."""
        if self._services.helpers is not None:
            self._services.helpers.close()
        for followed in (self._live, self._pages):
            if followed is not None:
                followed.close()
        super().close()


def _warm(shop: Shop, desk: Desk | None) -> None:
    """Run everything once, so that the first person does not wait for lazy loading."""
    state = DialogueState(session="warm-up")
    Dialogue(shop, state).take("something slow, like this one")
    if desk is not None:
        desk.router.route("do you ship abroad")
        desk.found("do you ship abroad")
