"""The store in a database: conversations, their messages and feedback, and what is remembered of people.

What `use` yields is written in one transaction when it leaves, and is on disk when it has left. Messages and feedback
are rows of their own, which are only ever added; the rest of a state is one JSON text.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from pydantic import TypeAdapter
from sqlalchemy import CursorResult, Table, delete, func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from chat.database import Base, Database
from chat.handoff import Ticket
from chat.memory import empty, without
from chat.messages import Feedback, StoredMessage
from chat.state import KEPT_MESSAGES, DialogueState, Memory
from chat.store import Conflict, Kept, Turns, asking, new_id, unknown

_STALE_S = 3_600  # after which it is noted that a memory is still in use
_GIVEN_UP = ("40001", "40P01")  # PostgreSQL's serialization_failure and deadlock_detected
_SWEPT = 500  # conversations deleted in one transaction
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


@dataclass(frozen=True, slots=True)
class _Read:
    """What was in the database when a turn began; version 0: nothing."""

    version: int = 0
    state: str = ""
    messages: tuple[StoredMessage, ...] = ()
    number: int = 0  # of the latest message
    whose: str = ""
    memory_version: int = 0
    memory: str = ""
    memory_used: float = 0.0


class SqlStore:
    """Keeps everything in a database, which may be shared by several processes; see `chat.store.Store`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = Turns()

    @contextmanager
    def use(self, session: str | None, *, create: bool = True, person: str = "") -> Iterator[DialogueState]:
        """See `Store.use`.

        Raises:
            UnknownSession: the conversation does not exist and `create` is False.
            Conflict: the conversation or the person's memory has changed in the meantime.
        """
        key = new_id(session)
        with self._turns.hold(key):
            with self._database.reading() as db:
                read, state = _read(db, key, person)
            if not read.version and not create:
                raise unknown(key)
            yield state
            forgotten = bool(read.memory_version) and state.memory is None
            with self._writing(key) as db:
                self._write(db, read, state)
            if forgotten:
                self._database.scrub()

    @contextmanager
    def _writing(self, what: str) -> Iterator[Session]:
        """Yield a writing transaction; where the database ends it in favour of another one, the race is lost.

        Raises:
            Conflict: both have made the same row, or each waited for what the other one had changed.
        """
        try:
            with self._database.session() as db:
                yield db
        except IntegrityError as error:
            raise _changed(what) from error
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") in _GIVEN_UP:
                raise _changed(what) from error
            raise

    def _write(self, db: Session, read: _Read, state: DialogueState) -> None:
        known = {id(message) for message in read.messages}
        new = [message for message in state.messages if id(message) not in known]
        body = state.model_dump_json(exclude={"messages"})
        if body != read.state or new or state.feedback or not read.version:
            self._write_session(db, read, state, body)
            rows = [(read.number + n, message.model_dump_json()) for n, message in enumerate(new, 1)]
            db.add_all(MessageRow(session=state.session, number=number, body=body) for number, body in rows)
            latest = read.number + len(new)
            judged = [feedback.model_dump_json() for feedback in state.feedback]
            db.add_all(FeedbackRow(session=state.session, message=latest, body=body) for body in judged)
        self._write_memory(db, read, state)

    def _write_session(self, db: Session, read: _Read, state: DialogueState, body: str) -> None:
        now = time.time()
        values: dict[str, Any] = {
            "person": state.person,
            "training": state.memory is not None and state.memory.training,
            "used": now,
            "version": read.version + 1,
            "state": body,
        }
        if not read.version:
            db.add(SessionRow(id=state.session, begun=now, **values))
            db.flush()
            return
        where = (SessionRow.id == state.session, SessionRow.version == read.version)
        if not _changes(db, update(SessionRow).where(*where).values(**values)):
            raise _changed(state.session)

    def _write_memory(self, db: Session, read: _Read, state: DialogueState) -> None:
        """Write what is remembered of the person, if it has changed; without consent any more, delete it."""
        where = (PersonRow.person == read.whose, PersonRow.version == read.memory_version)
        now = time.time()
        if state.memory is None:
            if read.memory_version:
                if not _changes(db, delete(PersonRow).where(*where)):
                    raise _changed(state.session)
                _part(db, read.whose)
            return
        body = state.memory.model_dump_json()
        if not read.memory_version:
            db.add(PersonRow(person=state.person, used=now, version=1, body=body))
            db.flush()
        elif body != read.memory or now - read.memory_used > _STALE_S:
            values = {"used": now, "version": read.memory_version + 1, "body": body}
            if not _changes(db, update(PersonRow).where(*where).values(**values)):
                raise _changed(state.session)

    def kept(self, session: str) -> Kept:
        """See `Store.kept`.

        Raises:
            UnknownSession: the conversation does not exist.
        """
        with self._database.reading() as db:
            read, state = _read(db, session, "")
            if not read.version:
                raise unknown(session)
            messages = _bodies(db, select(MessageRow.body).filter_by(session=session).order_by(MessageRow.number))
            feedback = _bodies(db, select(FeedbackRow.body).filter_by(session=session).order_by(FeedbackRow.id))
        return Kept(state, _MESSAGES.validate_json(messages), _FEEDBACK.validate_json(feedback))

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
        with self._turns.hold(session), self._writing(session) as db:
            _unlearn(db, session)
            found = _delete(db, [session])
        if found:
            self._database.scrub()
        return bool(found)

    def forget_person(self, person: str) -> int:
        """See `Store.forget_person`.

        Raises:
            Conflict: somebody else is changing these things.
        """
        ids, _ = self.of_person(person)
        with self._writing(person) as db:
            found = _delete(db, ids) + _changes(db, delete(PersonRow).filter_by(person=person))
        if found or ids:
            self._database.scrub()
        return found

    def sweep(self, before: float) -> int:
        """See `Store.sweep`."""
        found = 0
        with self._database.session() as db:
            found += _changes(db, delete(PersonRow).where(PersonRow.used < before))
            kept = select(SessionRow.id)  # a caller of /v1 keeps the conversation, and we its ticket
            alone = db.scalars(select(Ticket.session).where(Ticket.updated < before, Ticket.session.not_in(kept))).all()
            _delete(db, alone)
            found += len(alone)
        while True:
            with self._database.session() as db:
                old = db.scalars(select(SessionRow.id).where(SessionRow.used < before).limit(_SWEPT)).all()
                _delete(db, old)
            found += len(old)
            if len(old) < _SWEPT:
                break
        if found:
            self._database.scrub()
        return found

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __len__(self) -> int:
        """Return how many conversations are kept."""
        with self._database.reading() as db:
            return db.scalar(select(func.count()).select_from(SessionRow)) or 0


def _read(db: Session, session: str, person: str) -> tuple[_Read, DialogueState]:
    row = db.get(SessionRow, session)
    messages: list[StoredMessage] = []
    number = 0
    state = DialogueState(session=session)
    if row is not None:
        state = DialogueState.model_validate_json(row.state)
        columns = select(MessageRow.number, MessageRow.body).filter_by(session=session)
        rows = db.execute(columns.order_by(MessageRow.number.desc()).limit(KEPT_MESSAGES)).all()[::-1]
        messages = _MESSAGES.validate_json(_listed([body for _, body in rows]))
        number = rows[-1].number if rows else 0
    whose = asking(state, person)
    remembered = db.get(PersonRow, whose) if whose else None
    if remembered is not None:
        state.memory = Memory.model_validate_json(remembered.body)
    state.messages = messages
    return _Read(
        version=row.version if row else 0,
        state=row.state if row else "",
        messages=tuple(messages),
        number=number,
        whose=whose,
        memory_version=remembered.version if remembered else 0,
        memory=remembered.body if remembered else "",
        memory_used=remembered.used if remembered else 0.0,
    ), state


def _part(db: Session, person: str) -> None:
    """Let a person's conversations stand alone again: nothing says any more whose they were, if that was a visitor."""
    for row in db.scalars(select(SessionRow).filter_by(person=person)):
        state = DialogueState.model_validate_json(row.state)
        state.visitor = state.joined = ""
        row.training, row.person, row.version = False, state.person, row.version + 1
        row.state = state.model_dump_json(exclude={"messages"})


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


def _changed(session: str) -> Conflict:
    return Conflict(f"the conversation {session!r} or its person's memory has changed in the meantime; try again")


def _bodies(db: Session, statement: Any) -> str:  # noqa: ANN401 - a select of one column
    return _listed(db.scalars(statement).all())


def _listed(bodies: Sequence[str]) -> str:
    return f"[{','.join(bodies)}]"
