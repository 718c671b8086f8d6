"""What an assistant keeps: conversations, what is remembered of people, hand-offs; and how people see and delete it."""

from __future__ import annotations

import math
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chat import memory, views
from chat.identity import Customer, own
from chat.messages import PersonView, Remembered, SessionView
from chat.shop import Shop
from chat.state import DialogueState
from chat.store import Conflict, Kept, MemoryStore, Store, Sweeper
from retrieval.errors import NamedropError, UnknownSession

if TYPE_CHECKING:
    from chat.database import Database
    from chat.delivery import Sender
    from chat.handoff import Outbox
    from chat.helpers import Helpers
    from chat.orders import OrderLookup

_ATTEMPTS = 8  # of one turn, while other processes change the same conversation
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Services:
    """What a shop connects beside its catalogue; each may be missing.

    Attributes:
        knowledge: the shop's policies, a file or a folder.
        database: the URL of the database that keeps sessions, feedback and hand-offs; None keeps them in memory.
        orders: looks up the orders of a verified customer.
        secret: signs customer tokens and webhooks.
        webhook: the URL that hand-offs are posted to; it needs a database, and a secret.
        webhook_secret: signs what is posted there, so that its receiver need not know `secret`; None takes `secret`.
        routes: a file with the shop's own examples of what people ask for.
        rules: the YAML file of business rules.
        retention_days: conversations and memories not used for so long are deleted; None keeps them.
        helpers: processes that take turns beside this one; they need a database.
    """

    knowledge: Path | None = None
    database: str | None = None
    orders: OrderLookup | None = None
    secret: str | None = None
    webhook: str | None = None
    webhook_secret: str | None = None
    routes: Path | None = None
    rules: Path | None = None
    retention_days: float | None = None
    helpers: Helpers | None = None


def checked_days(days: float) -> float:
    """Return for how many days things are kept, if it is such a number.

    Raises:
        NamedropError: it would delete everything at once, or nothing ever.
    """
    if not 0 < days < math.inf:
        raise NamedropError(f"a retention of {days:g} days is none; give more than 0, or nothing to keep everything")
    return days


class Keeping(ABC):
    """The part of an assistant that keeps things; thread-safe."""

    def __init__(self, services: Services) -> None:
        """Open the database, and let the outbox be posted and what is old be deleted.

        Raises:
            NamedropError: the database or the webhook cannot be used, or the retention is no number of days.
        """
        if services.retention_days is not None:
            checked_days(services.retention_days)
        self._services = services
        self._database: Database | None = None
        self._outbox: Outbox | None = None
        self._sender: Sender | None = None
        self._store: Store = self._opened_store(services.database)
        self._sweeper = Sweeper(self._store, services.retention_days)

    def _opened_store(self, database: str | None) -> Store:
        webhook, secret = self._services.webhook, self._services.webhook_secret or self._services.secret
        if database is None:
            if webhook:
                raise NamedropError("a webhook needs a database, so that no hand-off is lost; give one with --database")
            if self._services.helpers is not None:
                raise NamedropError("several processes need a database to share; give one with --database")
            return MemoryStore()
        from chat.database import Database
        from chat.handoff import Outbox
        from chat.sql_store import SqlStore

        self._database = Database.open(database)
        self._outbox = Outbox(self._database)
        if webhook:
            from chat.delivery import Sender

            try:
                self._sender = Sender(self._outbox, webhook, secret or "")
            except NamedropError:
                self._database.close()
                raise
            self._sender.start()
        return SqlStore(self._database)

    @abstractmethod
    def _ready(self) -> Shop:
        """Return the shop as it is now; see `Assistant`."""

    def _turn(
        self,
        session: str | None,
        customer: Customer | None,
        act: Callable[[DialogueState], _T],
        *,
        create: bool = True,
        visitor: str | None = None,
    ) -> _T:
        """Let `act` change a conversation, and return what it returns once that is kept.

        When another process has changed the conversation in the meantime, it is done again on what that one left.
        """
        person = _who(customer, visitor)
        for attempt in range(_ATTEMPTS):
            try:
                with self._store.use(session, create=create, person=person) as state:
                    own(state, customer)
                    memory.join(state, person)
                    before = state.taste.copied()
                    done = act(state)
                    memory.learn(state, before)
                return done
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise AssertionError("unreachable")

    def export(self, session: str, *, customer: Customer | None = None) -> SessionView:
        """Return everything kept about a conversation.

        Raises:
            NotReady: the models are still loading.
            UnknownSession: there is no such conversation.
            NotYours: the conversation belongs to another customer.
        """
        shop = self._ready()
        kept = self._store.kept(session)
        own(kept.state, customer)
        return self._with_ticket(views.session_view(shop, kept))

    def forget(self, session: str, *, customer: Customer | None = None) -> bool:
        """Forget a conversation, and what was remembered from it; False if there was none.

        Raises:
            NotYours: the conversation belongs to another customer.
            Conflict: another process is changing the same; nothing has been forgotten yet.
        """
        try:
            own(self._store.kept(session).state, customer)
        except UnknownSession:
            return False
        return self._store.forget(session)

    def remember(
        self, session: str, consent: bool, *, training: bool = True, customer: Customer | None = None
    ) -> Remembered:
        """Take or withdraw a person's consent to be remembered beyond this conversation.

        Args:
            session: a conversation of theirs.
            consent: False deletes what is remembered, at once and everywhere.
            training: whether the shop may also learn recommendations from their conversations.
            customer: who they are, if that is verified; else they get an id, told once in the answer.

        Raises:
            NotReady: the models are still loading.
            UnknownSession: there is no such conversation.
            NotYours: the conversation belongs to another customer.
            Conflict: other processes have changed the conversation all the time.
        """
        shop = self._ready()

        def decide(state: DialogueState) -> Remembered:
            if consent:
                memory.consent(state, training=training)
            else:
                memory.revoke(state)
            return views.remembered(shop, state.memory, state.new_visitor)

        return self._turn(session, customer, decide, create=False)

    def person(self, *, customer: Customer | None = None, visitor: str | None = None) -> PersonView:
        """Return everything kept about a verified customer, or about a visitor who asked to be remembered.

        Raises:
            NotReady: the models are still loading.
        """
        shop = self._ready()
        ids, remembered = self._store.of_person(_who(customer, visitor))
        view = views.person_view(shop, [*self._those_left(ids)], remembered)
        return view.model_copy(update={"sessions": tuple(self._with_ticket(one) for one in view.sessions)})

    def _those_left(self, sessions: Sequence[str]) -> Iterator[Kept]:
        for session in sessions:
            try:
                yield self._store.kept(session)
            except UnknownSession:  # forgotten in the meantime
                continue

    def _with_ticket(self, view: SessionView) -> SessionView:
        ticket = self._outbox.open_ticket(view.session) if self._outbox else None
        return view.model_copy(update={"handoff": ticket})

    def forget_person(self, *, customer: Customer | None = None, visitor: str | None = None) -> bool:
        """Forget a person: what is remembered of them and all their conversations; False if there was nothing.

        Raises:
            Conflict: another process is changing the same; nothing has been forgotten yet.
        """
        return bool(self._store.forget_person(_who(customer, visitor)))

    def close(self) -> None:
        """Let go of the database, once what is under way has ended."""
        self._sweeper.close()
        if self._sender is not None:
            self._sender.close()
        self._store.close()


def _who(customer: Customer | None, visitor: str | None) -> str:
    """Return under what a person is kept, "" for one whom nobody knows."""
    if customer is not None:
        return f"customer:{customer.id}"
    return f"visitor:{memory.visitor_hash(visitor)}" if visitor else ""
