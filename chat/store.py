"""Where conversations, what is remembered of people, and feedback are kept: in memory, or in a database.

Both stores keep one contract (`Store`), and one suite of tests. A conversation is used by one thread of a process at a
time; between processes its version decides: who writes second has lost the race (`Conflict`), and takes the turn again
on what the winner left. Nothing is held in the database during a turn, so a slow answer keeps nobody else waiting.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from chat.memory import empty, without
from chat.messages import Feedback, StoredMessage
from chat.state import DialogueState, Memory
from retrieval.errors import NamedropError, UnknownSession

log = logging.getLogger(__name__)

_KEPT_FEEDBACK = 1_000  # a conversation, in memory
_SWEEP_S = 3_600
_DAY_S = 86_400


class Conflict(NamedropError):
    """Another process has changed the conversation, or the person's memory, in the meantime."""


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of one conversation; `state.messages` are the latest of `messages`."""

    state: DialogueState
    messages: Sequence[StoredMessage]
    feedback: Sequence[Feedback]


class Store(Protocol):
    """The contract. What `use` has yielded is kept once it has left without an error, and not at all otherwise."""

    def use(
        self, session: str | None, *, create: bool = True, person: str = ""
    ) -> AbstractContextManager[DialogueState]:
        """Yield a conversation's state, for one thread at a time; a new id is made when none is given.

        Args:
            session: its id.
            create: make it if it does not exist.
            person: who asks, `customer:ID` or `visitor:HASH`; their memory comes with the state.

        Raises:
            UnknownSession: it does not exist and `create` is False.
            Conflict: on leaving; nothing has been kept, and the turn is to be taken again.
        """
        ...

    def kept(self, session: str) -> Kept:
        """Return all that is kept of a conversation, changing nothing.

        Raises:
            UnknownSession: it does not exist.
        """
        ...

    def of_person(self, person: str) -> tuple[list[str], Memory | None]:
        """Return the ids of a person's conversations, the latest last, and what is remembered of them."""
        ...

    def forget(self, session: str) -> bool:
        """Delete a conversation and what it taught the person's memory; False if there was none.

        A memory that is left with nothing goes too, unless the person has other conversations.

        Raises:
            Conflict: somebody else is changing these things; nothing has been deleted yet.
        """
        ...

    def forget_person(self, person: str) -> int:
        """Delete a person's memory and conversations; return how many things that were.

        Raises:
            Conflict: somebody else is changing these things; nothing has been deleted yet.
        """
        ...

    def sweep(self, before: float) -> int:
        """Delete conversations and memories not used since a time (seconds since 1970); return how many.

        A memory outlives the conversations that taught it, as long as its person comes back.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class Turns:
    """A lock for each conversation, kept only while somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, tuple[threading.RLock, int]] = {}

    @contextmanager
    def hold(self, session: str) -> Iterator[None]:
        """Hold a conversation's lock."""
        with self._lock:
            lock, users = self._held.get(session, (threading.RLock(), 0))
            self._held[session] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._held.pop(session)
                if users > 1:
                    self._held[session] = (lock, users - 1)


class Sweeper:
    """Deletes what has not been used for a number of days, now and every hour."""

    def __init__(self, store: Store, days: float | None) -> None:
        """Begin; None deletes nothing."""
        self._store = store
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(days,), name="namedrop-sweep", daemon=True)
        if days is not None:
            self._thread.start()

    def _run(self, days: float) -> None:
        while not self._stop.is_set():
            try:
                found = self._store.sweep(time.time() - days * _DAY_S)
                log.info("retention: deleted %d conversations and memories not used for %g days", found, days)
            except Exception:  # the next hour's attempt may do better
                log.exception("retention: deleting what is old failed")
            self._stop.wait(_SWEEP_S)

    def close(self) -> None:
        """Sweep no more; wait for a sweep that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()


def new_id(session: str | None) -> str:
    """Return the id of a conversation: the given one, or a new one that nobody guesses."""
    return session or secrets.token_urlsafe(16)


def unknown(session: str) -> UnknownSession:
    """Return the error for a conversation that is not there."""
    return UnknownSession(f"no conversation {session!r}; it may have been forgotten; start a new one")


def asking(state: DialogueState, person: str) -> str:
    """Return whose memory a turn works with: a customer who asks, else the conversation's person, else who asks."""
    return person if person.startswith("customer:") else state.person or person


@dataclass(slots=True)
class _Session:
    state: DialogueState
    used: float
    feedback: list[Feedback] = field(default_factory=list)


class MemoryStore:
    """Keeps everything in this process, and forgets it with it."""

    def __init__(self, capacity: int = 10_000) -> None:
        """Make a store that forgets the least recently used conversations and memories beyond `capacity` of each."""
        self._capacity = capacity
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._memories: OrderedDict[str, tuple[Memory, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = Turns()

    @contextmanager
    def use(self, session: str | None, *, create: bool = True, person: str = "") -> Iterator[DialogueState]:
        """See `Store.use`.

        Raises:
            UnknownSession: the conversation does not exist and `create` is False.
            Conflict: another conversation of the person has changed their memory in the meantime.
        """
        key = new_id(session)
        with self._turns.hold(key):
            with self._lock:
                old = self._sessions.get(key)
                if old is None and not create:
                    raise unknown(key)
                state = old.state.copied() if old else DialogueState(session=key, fleeting=True)
                whose = asking(state, person)
                before = self._memories.get(whose, (None, 0.0))[0]
                state.memory = before.model_copy(deep=True) if before else None
            yield state
            with self._lock:
                if old is not None and key not in self._sessions:
                    raise Conflict(f"the conversation {key!r} has been forgotten in the meantime")
                self._remember(state, whose, before)
                kept = _Session(state, time.time(), [*(old.feedback if old else ()), *state.feedback][-_KEPT_FEEDBACK:])
                state.feedback = []
                self._sessions[key] = kept
                self._sessions.move_to_end(key)
                for bounded in (self._sessions, self._memories):
                    while len(bounded) > self._capacity:
                        bounded.popitem(last=False)

    def _remember(self, state: DialogueState, whose: str, before: Memory | None) -> None:
        if self._memories.get(whose, (None, 0.0))[0] is not before:
            raise Conflict("what is remembered of the person has changed in the meantime")
        if state.memory is None:
            self._memories.pop(whose, None)
        elif state.person:
            kept = before if before is not None and state.memory == before else state.memory
            self._memories[state.person] = (kept, time.time())
            self._memories.move_to_end(state.person)
        state.memory, state.new_visitor = None, ""

    def kept(self, session: str) -> Kept:
        """See `Store.kept`.

        Raises:
            UnknownSession: the conversation does not exist.
        """
        with self._lock:
            found = self._sessions.get(session)
            if found is None:
                raise unknown(session)
            state = found.state.copied()
            memory = self._memories.get(state.person, (None, 0.0))[0]
            state.memory = memory.model_copy(deep=True) if memory else None
            return Kept(state, tuple(state.messages), tuple(found.feedback))

    def of_person(self, person: str) -> tuple[list[str], Memory | None]:
        """See `Store.of_person`."""
        with self._lock:
            ids = [key for key, kept in self._sessions.items() if person and kept.state.person == person]
            memory = self._memories.get(person, (None, 0.0))[0]
            return ids, memory.model_copy(deep=True) if memory else None

    def forget(self, session: str) -> bool:
        """See `Store.forget`."""
        with self._turns.hold(session), self._lock:
            found = self._sessions.pop(session, None)
            if found is None:
                return False
            person = found.state.person
            memory, used = self._memories.get(person, (None, 0.0))
            if memory is not None:
                left = without(memory, session)
                if empty(left) and not any(other.state.person == person for other in self._sessions.values()):
                    del self._memories[person]
                else:
                    self._memories[person] = (left, used)
            return True

    def forget_person(self, person: str) -> int:
        """See `Store.forget_person`."""
        ids, memory = self.of_person(person)
        with self._lock:
            self._memories.pop(person, None)
        return sum(self.forget(key) for key in ids) + (memory is not None)

    def sweep(self, before: float) -> int:
        """See `Store.sweep`."""
        with self._lock:
            old = [key for key, kept in self._sessions.items() if kept.used < before]
            people = [key for key, (_, used) in self._memories.items() if used < before]
            for person in people:
                del self._memories[person]
            for key in old:
                del self._sessions[key]
        return len(old) + len(people)

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def __len__(self) -> int:
        """Return how many conversations are kept."""
        return len(self._sessions)
