"""The store in a database: conversations, their messages and feedback, and what is remembered of people.

What `use` yields is written in one transaction when it leaves, and is on disk when it has left. Messages and feedback
are rows of their own, which are only ever added; the rest of a state is one JSON text.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, cast

from pydantic import TypeAdapter
from sqlalchemy import Connection, CursorResult, Select, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from chat.database import Base, Database, DatabaseError
from chat.handoff import Ticket
from chat.memory import empty, without
from chat.messages import Feedback, StoredMessage
from chat.state import KEPT_MESSAGES, DialogueState, Memory
from chat.store import Conflict, Kept, Turns, asking, new_id, unknown

log = logging.getLogger(__name__)

_STALE_S = 3_600  # after which it is noted that a memory is still in use
_GIVEN_UP = ("40001", "40P01")  # PostgreSQL's serialization_failure and deadlock_detected
_SWEPT = 500  # conversations deleted in one transaction
_AT_HAND = 256  # conversations, a few kilobytes each
_MESSAGES = TypeAdapter(list[StoredMessage])
_FEEDBACK = TypeAdapter(list[Feedback])


class SessionRow(Base):
    """A conversation without its messages; `training`: its person lets the shop learn from it; times in seconds."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(index=True)
    training: Mapped[bool]
    begun: Mapped[float]
    used: Mapped[float] = mapped_column(index=True)
    version: Mapped[int]
    state: Mapped[str]


class MessageRow(Base):
    """A message, numbered from 1; `body` is a `StoredMessage` in JSON, in which PostgreSQL takes any character."""

    __tablename__ = "messages"

    session: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]


class FeedbackRow(Base):
    """A judgement by buttons; `message` is the number of the latest message then, `body` a `Feedback` in JSON."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    session: Mapped[str] = mapped_column(index=True)
    message: Mapped[int]
    body: Mapped[str]


class PersonRow(Base):
    """What is remembered of a person; `body` is a `Memory` in JSON, times are in seconds."""

    __tablename__ = "people"

    person: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[float] = mapped_column(index=True)
    version: Mapped[int]
    body: Mapped[str]


# What a turn asks of the database, composed once.
_SESSIONS, _MESSAGE_ROWS, _FEEDBACK_ROWS, _PEOPLE = (
    cast(Table, row.__table__) for row in (SessionRow, MessageRow, FeedbackRow, PersonRow)
)
_THIS_SESSION, _THIS_PERSON = _SESSIONS.c.id == bindparam("session_id"), _PEOPLE.c.person == bindparam("whose")
_VERSION = select(_SESSIONS.c.begun, _SESSIONS.c.version).where(_THIS_SESSION)
_SESSION = select(_SESSIONS.c.begun, _SESSIONS.c.version, _SESSIONS.c.state).where(_THIS_SESSION)
_LATEST = (
    select(_MESSAGE_ROWS.c.number, _MESSAGE_ROWS.c.body)
    .where(_MESSAGE_ROWS.c.session == bindparam("session_id"))
    .order_by(_MESSAGE_ROWS.c.number.desc())
    .limit(KEPT_MESSAGES)
)
_REMEMBERED = select(_PEOPLE.c.version, _PEOPLE.c.body, _PEOPLE.c.used).where(_THIS_PERSON)
_ADD_SESSION, _ADD_MESSAGE, _ADD_FEEDBACK, _ADD_PERSON = map(
    insert, (_SESSIONS, _MESSAGE_ROWS, _FEEDBACK_ROWS, _PEOPLE)
)
_CHANGE_SESSION = (
    update(_SESSIONS)
    .where(_THIS_SESSION, _SESSIONS.c.version == bindparam("was"))
    .values({name: bindparam(name) for name in ("person", "training", "used", "version", "state")})
)
_CHANGE_PERSON = (
    update(_PEOPLE)
    .where(_THIS_PERSON, _PEOPLE.c.version == bindparam("was"))
    .values({name: bindparam(name) for name in ("used", "version", "body")})
)
_FORGET = delete(_PEOPLE).where(_THIS_PERSON, _PEOPLE.c.version == bindparam("was"))


@dataclass(frozen=True, slots=True)
class _Conversation:
    """A conversation as it is in the database; version 0: it is not there."""

    begun: float = 0.0  # tells it from one of the same id that was forgotten
    version: int = 0
    state: str = ""
    messages: tuple[StoredMessage, ...] = ()
    number: int = 0  # of the latest message


@dataclass(frozen=True, slots=True)
class _Read:
    """What was in the database when a turn began; version 0: nothing."""

    conversation: _Conversation
    whose: str = ""
    memory_version: int = 0
    memory: str = ""
    memory_used: float = 0.0


class SqlStore:
    """Keeps everything in a database, which may be shared by several processes; see `chat.store.Store`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = Turns()
        self._latest: OrderedDict[str, _Conversation] = OrderedDict()  # as this process has left them
        self._lock = threading.Lock()
        self._unscrubbed = False  # whether something deleted is still in the database's files

    @contextmanager
    def use(self, session: str | None, *, create: bool = True, person: str = "") -> Iterator[DialogueState]:
        """See `Store.use`.

        Raises:
            UnknownSession: the conversation does not exist and `create` is False.
            Conflict: the conversation or the person's memory has changed in the meantime.
        """
        key = new_id(session)
        with self._turns.hold(key):
            with self._database.connected(reading=True) as db:
                read, state = _read(db, key, person, self._latest.get(key))
            if not read.conversation.version and not create:
                raise unknown(key)
            yield state
            forgotten = bool(read.memory_version) and state.memory is None
            with _races(key), self._database.connected() as db:
                left = _write(db, read, state)
            self._note(key, left)
            if forgotten:
                self._forgotten()

    def kept(self, session: str) -> Kept:
        """See `Store.kept`.

        Raises:
            UnknownSession: the conversation does not exist.
        """
        with self._database.connected(reading=True) as db:
            return kept_in(db, session)

    def of_person(self, person: str) -> tuple[list[str], Memory | None]:
        """See `Store.of_person`."""
        if not person:
            return [], None
        with self._database.reading() as db:
            ids = db.scalars(select(SessionRow.id).filter_by(person=person).order_by(SessionRow.used)).all()
            row = db.get(PersonRow, person)
        return [*ids], Memory.model_validate_json(row.body) if row else None

    def forget(self, session: str) -> bool:
        """See `Store.forget`.

        Raises:
            Conflict: somebody else is changing these things.
        """
        with self._turns.hold(session), _races(session), self._database.session() as db:
            _unlearn(db, session)
            found = _delete(db, [session])
        if found:
            self._forgotten()
        return bool(found)

    def forget_person(self, person: str) -> int:
        """See `Store.forget_person`.

        Raises:
            Conflict: somebody else is changing these things.
        """
        ids, _ = self.of_person(person)
        with ExitStack() as turns:
            for session in sorted(ids):  # in one order, so that two who forget do not wait for each other
                turns.enter_context(self._turns.hold(session))
            with _races(person), self._database.session() as db:
                found = _delete(db, ids) + _changes(db, delete(PersonRow).filter_by(person=person))
        if found or ids:
            self._forgotten()
        return found

    def sweep(self, before: float) -> int:
        """See `Store.sweep`."""
        with self._database.session() as db:
            found = _changes(db, delete(PersonRow).where(PersonRow.used < before))
        kept = select(SessionRow.id)  # a ticket may outlive its conversation
        alone = select(Ticket.session).where(Ticket.updated < before, Ticket.session.not_in(kept)).distinct()
        # Where transactions run side by side, a conversation that goes on just now is locked, and is left alone.
        unused = select(SessionRow.id).where(SessionRow.used < before).with_for_update(skip_locked=True)
        found += self._swept(alone) + self._swept(unused)
        if found or self._unscrubbed:
            self._forgotten()
        return found

    def _swept(self, old: Select[str]) -> int:
        """Delete the conversations that a query finds, some at a time; return how many."""
        found = 0
        while True:
            with self._database.session() as db:
                some = db.scalars(old.limit(_SWEPT)).all()
                _delete(db, some)
            found += len(some)
            if len(some) < _SWEPT:
                return found

    def _note(self, session: str, left: _Conversation) -> None:
        """Remember how a turn has left a conversation, so that the next one need not read it again."""
        with self._lock:
            self._latest[session] = left
            self._latest.move_to_end(session)
            while len(self._latest) > _AT_HAND:
                self._latest.popitem(last=False)

    def _forgotten(self) -> None:
        """Let what has been deleted leave this process and the database's files too.

        It has been deleted by now: where the files cannot be rewritten, the next deletion or sweep does it.
        """
        with self._lock:
            self._latest.clear()
        self._unscrubbed = True
        try:
            self._database.scrub()
            self._unscrubbed = False
        except DatabaseError:
            log.exception("what was deleted has not left the database's files yet")

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __len__(self) -> int:
        """Return how many conversations are kept."""
        with self._database.reading() as db:
            return db.scalar(select(func.count()).select_from(SessionRow)) or 0


@contextmanager
def _races(what: str) -> Iterator[None]:
    """Tell a lost race: the database ends a transaction in favour of another one.

    Raises:
        Conflict: both have made the same row, or each waited for what the other one had changed.
    """
    try:
        yield
    except IntegrityError as error:
        raise _changed(what) from error
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") in _GIVEN_UP:
            raise _changed(what) from error
        raise


def _read(
    db: Connection, session: str, person: str, latest: _Conversation | None = None
) -> tuple[_Read, DialogueState]:
    """Read a conversation, and the memory of who asks.

    Args:
        db: a transaction.
        session: the conversation's id.
        person: who asks, "" if nobody knows.
        latest: how this process has last seen the conversation; its messages, 200 at most, are read again only if it
            has changed since.
    """
    conversation = _conversation(db, session, latest)
    body = conversation.state
    state = DialogueState.model_validate_json(body) if conversation.version else DialogueState(session=session)
    whose = asking(state, person)
    remembered = db.execute(_REMEMBERED, {"whose": whose}).first() if whose else None
    if remembered is not None:
        state.memory = Memory.model_validate_json(remembered.body)
    state.messages = [*conversation.messages]
    return _Read(
        conversation,
        whose=whose,
        memory_version=remembered.version if remembered else 0,
        memory=remembered.body if remembered else "",
        memory_used=remembered.used if remembered else 0.0,
    ), state


def _conversation(db: Connection, session: str, latest: _Conversation | None) -> _Conversation:
    if latest is not None:
        now = db.execute(_VERSION, {"session_id": session}).first()
        if now is not None and (now.begun, now.version) == (latest.begun, latest.version):
            return latest
    row = db.execute(_SESSION, {"session_id": session}).first()
    if row is None:
        return _Conversation()
    rows = db.execute(_LATEST, {"session_id": session}).all()[::-1]
    messages = _MESSAGES.validate_json(_listed([body for _, body in rows]))
    return _Conversation(row.begun, row.version, row.state, tuple(messages), rows[-1].number if rows else 0)


def _write(db: Connection, read: _Read, state: DialogueState) -> _Conversation:
    """Write what has changed of a conversation since it was read; return it as it is now.

    Raises:
        Conflict: somebody else has changed it in the meantime.
    """
    was = read.conversation
    known = {id(message) for message in was.messages}
    new = [message for message in state.messages if id(message) not in known]
    body = state.model_dump_json(exclude={"messages"})
    if body != was.state or new or state.feedback or not was.version:
        now = time.time()
        _write_session(db, was.version, state, body, now)
        if new:
            rows = [(was.number + n, message.model_dump_json()) for n, message in enumerate(new, 1)]
            db.execute(_ADD_MESSAGE, [{"session": state.session, "number": n, "body": body} for n, body in rows])
        if state.feedback:
            at = {"session": state.session, "message": was.number + len(new)}
            db.execute(_ADD_FEEDBACK, [{**at, "body": feedback.model_dump_json()} for feedback in state.feedback])
        was = _Conversation(was.begun or now, was.version + 1, body, tuple(state.messages), was.number + len(new))
    _write_memory(db, read, state)
    return was


def _write_session(db: Connection, version: int, state: DialogueState, body: str, now: float) -> None:
    values = {
        "person": state.person,
        "training": state.memory is not None and state.memory.training,
        "used": now,
        "version": version + 1,
        "state": body,
    }
    if not version:
        db.execute(_ADD_SESSION, {"id": state.session, "begun": now, **values})
    elif not db.execute(_CHANGE_SESSION, {"session_id": state.session, "was": version, **values}).rowcount:
        raise _changed(state.session)


def _write_memory(db: Connection, read: _Read, state: DialogueState) -> None:
    """Write what is remembered of the person, if it has changed; without consent any more, delete it."""
    now = time.time()
    if state.memory is None:
        if read.memory_version:
            if not db.execute(_FORGET, {"whose": read.whose, "was": read.memory_version}).rowcount:
                raise _changed(state.session)
            _part(db, read.whose)
        return
    body = state.memory.model_dump_json()
    if not read.memory_version:
        db.execute(_ADD_PERSON, {"person": state.person, "used": now, "version": 1, "body": body})
    elif body != read.memory or now - read.memory_used > _STALE_S:
        values = {"used": now, "version": read.memory_version + 1, "body": body}
        if not db.execute(_CHANGE_PERSON, {"whose": read.whose, "was": read.memory_version, **values}).rowcount:
            raise _changed(state.session)


def _part(db: Connection, person: str) -> None:
    """Let a person's conversations stand alone again: nothing says any more whose they were, if that was a visitor."""
    for row in db.execute(select(*_SESSIONS.c).filter_by(person=person)).all():
        state = DialogueState.model_validate_json(row.state)
        state.visitor = state.joined = ""
        values = {"training": False, "person": state.person, "version": row.version + 1, "used": row.used}
        values["state"] = state.model_dump_json(exclude={"messages"})
        if not db.execute(_CHANGE_SESSION, {"session_id": row.id, "was": row.version, **values}).rowcount:
            raise _changed(row.id)


def _unlearn(db: Session, session: str) -> None:
    """Let a person's memory lose what a conversation has taught it."""
    person = db.scalar(select(SessionRow.person).where(SessionRow.id == session))
    row = db.get(PersonRow, person, with_for_update=True) if person else None
    if row is None:
        return
    left = without(Memory.model_validate_json(row.body), session)
    others = select(SessionRow.id).where(SessionRow.person == person, SessionRow.id != session).limit(1)
    if empty(left) and db.scalar(others) is None:
        db.delete(row)
    else:
        row.body, row.version = left.model_dump_json(), row.version + 1
    db.flush()


def _delete(db: Session, sessions: Sequence[str]) -> int:
    """Delete conversations with all that belongs to them in any table; return how many there were."""
    for table in Base.metadata.sorted_tables:
        if "session" in table.columns:
            db.execute(delete(table).where(table.c.session.in_(sessions)))
    return _changes(db, delete(cast(Table, SessionRow.__table__)).where(SessionRow.id.in_(sessions)))


def _changes(db: Session, statement: Any) -> int:  # noqa: ANN401 - an update or a delete
    """Run a statement; return how many rows it changed."""
    return cast("CursorResult[Any]", db.execute(statement, execution_options={"synchronize_session": False})).rowcount


def kept_in(db: Connection, session: str) -> Kept:
    """Return everything kept about a conversation, as a transaction sees it.

    Raises:
        UnknownSession: the conversation does not exist.
    """
    read, state = _read(db, session, "")
    if not read.conversation.version:
        raise unknown(session)
    messages = _bodies(db, select(MessageRow.body).filter_by(session=session).order_by(MessageRow.number))
    feedback = _bodies(db, select(FeedbackRow.body).filter_by(session=session).order_by(FeedbackRow.id))
    return Kept(state, _MESSAGES.validate_json(messages), _FEEDBACK.validate_json(feedback))


def _changed(session: str) -> Conflict:
    return Conflict(f"the conversation {session!r} or its person's memory has changed in the meantime; try again")


def _bodies(db: Connection, statement: Any) -> str:  # noqa: ANN401 - a select of one column
    return _listed(db.scalars(statement).all())


def _listed(bodies: Sequence[str]) -> str:
    return f"[{','.join(bodies)}]"
