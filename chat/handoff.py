"""Handing a conversation to a person: a ticket with transcript and summary, kept and posted through an outbox.

A ticket and what is to be posted of it are written in one transaction, which is on disk before the customer is told of
it. `chat.delivery` posts it, again and again until the receiver has said 2xx, always under the same idempotency key.
Several hand-offs of one conversation join its open ticket; what has been said since is posted as an update, and that
the customer wants nobody any more as its end.

A shop without a webhook reads its tickets with::

    python -m chat.handoff list --database sqlite:///shop.db
"""

from __future__ import annotations

import argparse
import json
import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Text, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from chat.database import Base, Database
from chat.identity import Customer
from chat.messages import Handoff, StoredMessage
from chat.state import DialogueState, Language
from retrieval.errors import NamedropError
from retrieval.text import words

Reason = Literal["asked", "complaint", "unanswered", "rule"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that is misread over the phone
_TICKET_LENGTH = 8
_SUMMED_UP = 3  # sentences of the customer
_LONGEST_QUOTE = 200  # characters
_LONGEST_TRANSCRIPT = 60_000  # characters, some 360 kB in the worst case
_ATTEMPTS = 5  # at making a ticket, should two processes make one for the same conversation at once
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.\w|(?<![\w-])\+?\d[\d ()/.-]{6,}\d(?![\w-])", re.ASCII)
_DATE = re.compile(
    r"\b(?:19|20)\d\d ?[-/.] ?(?:(?:19|20)\d\d|\d{1,2}[-/.]\d{1,2})\b|\b\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b"
)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class HandoffError(NamedropError):
    """A hand-off cannot be made or found."""


class Ticket(Base):
    """A conversation that a person takes over; `open_session` is its session while it is open, NULL once it is done.

    `transcript` is a JSON list of messages, `name` the customer's own, `order` the number of the order last spoken of;
    times are in seconds.
    """

    __tablename__ = "tickets"

    ticket: Mapped[str] = mapped_column(primary_key=True)
    session: Mapped[str] = mapped_column(index=True)
    open_session: Mapped[str | None] = mapped_column(unique=True)
    reason: Mapped[str]
    customer: Mapped[str]
    name: Mapped[str]
    order: Mapped[str]
    language: Mapped[str]
    opened: Mapped[float]
    updated: Mapped[float]
    revision: Mapped[int]
    summary: Mapped[str] = mapped_column(Text)
    transcript: Mapped[str] = mapped_column(Text)


class Post(Base):
    """What is to be posted, as it stands in `body`, which is emptied on delivery; times are in seconds.

    A process that posts it holds it until `leased`; should that process die, another one takes it from then on.
    """

    __tablename__ = "outbox"

    key: Mapped[str] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(index=True)
    session: Mapped[str] = mapped_column(index=True)
    revision: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    due: Mapped[float] = mapped_column(index=True)
    leased: Mapped[float]
    delivered: Mapped[float | None]
    problem: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Requested:
    """A hand-off that is on disk.

    Attributes:
        joined: the conversation had an open ticket already.
        posted: it is posted to the shop; otherwise it waits for the shop's staff to look.
        known: the shop knows how to reach the customer, who is verified or has said how.
    """

    handoff: Handoff
    joined: bool
    posted: bool
    known: bool

    def said(self, language: Language) -> str:
        """Tell the customer what has happened and what happens next, promising nothing."""
        chinese = language == "zh"
        what = ("joined_" if self.joined else "new_") + ("posted" if self.posted else "kept")
        parts = [] if self.joined else [_SAY[self.handoff.reason][chinese]]
        parts += [_SAY[what][chinese].format(ticket=self.handoff.ticket), _SAY["when"][chinese]]
        if not self.known and not self.joined:
            parts.append(_SAY["contact"][chinese])
        return ("" if chinese else " ").join(part for part in parts if part)


_SAY: Mapping[str, tuple[str, str]] = {
    "asked": ("", ""),
    "complaint": ("I'm sorry about this.", "很抱歉给你带来不便。"),
    "unanswered": ("I can't answer that from what I have, so a person should.",
                   "我手头的资料回答不了，需要人工来处理。"),
    "rule": ("This is something for a person.", "这件事需要人工来处理。"),
    "new_posted": ("Your request for a person is saved as {ticket}, and I'm sending it to the shop's team together "
                   "with this conversation.",
                   "你的人工请求已保存，编号{ticket}，我正把它连同这段对话发送给店家的工作人员。"),
    "new_kept": ("Your request for a person is saved as {ticket}, together with this conversation, for the shop's "
                 "staff to read.",
                 "你的人工请求已保存，编号{ticket}，连同这段对话留给店家的工作人员查看。"),
    "joined_posted": ("Your request {ticket} is still open; I'm sending the shop's team what you have written since.",
                      "你的请求{ticket}仍在处理中；我正把你之后写的内容也发送给工作人员。"),
    "joined_kept": ("Your request {ticket} is still open; what you have written since is saved with it.",
                    "你的请求{ticket}仍在处理中；你之后写的内容也已一并保存。"),
    "when": ("I can't say when they will answer.", "我不清楚他们什么时候会答复。"),
    "contact": ("So that they can reach you, write an e-mail address or a phone number here.",
                "为方便他们联系你，请在这里留下邮箱或电话。"),
    "noted": ("Thank you, how to reach you is saved.", "谢谢，你的联系方式已保存。"),
    "closed_posted": ("All right, I have closed your request {ticket}, and I'm telling the shop's team.",
                      "好的，你的请求{ticket}已关闭，我正告知店家的工作人员。"),
    "closed_kept": ("All right, I have closed your request {ticket}.", "好的，你的请求{ticket}已关闭。"),
    "nobody": ("I can't fetch a person from here; please contact the shop directly.",
               "我这里无法转接人工，请直接联系店家。"),
}  # fmt: skip


def nobody(language: Language) -> str:
    """Say that there is no way to a person from here."""
    return _SAY["nobody"][language == "zh"]


def noted(language: Language) -> str:
    """Thank for an address or a number."""
    return _SAY["noted"][language == "zh"]


def gives_contact(text: str) -> bool:
    """Whether a message has an e-mail address or a phone number, which belongs to an open ticket."""
    return _CONTACT.search(_DATE.sub("", text)) is not None


@dataclass(slots=True)
class Outbox:
    """Keeps hand-offs in a database; thread-safe.

    Attributes:
        posting: whether there is a webhook to post them to.
        added: called after something to post has been committed.
    """

    database: Database
    posting: bool = False
    added: Callable[[], None] = field(default=lambda: None)

    def request(self, state: DialogueState, reason: Reason, customer: Customer | None = None) -> Requested:
        """Hand a conversation over; it is on disk when this returns. The same request made twice is one.

        Args:
            state: the conversation, the message that asks for it included.
            reason: why.
            customer: who the person is, if verified.
        """
        for _ in range(_ATTEMPTS):
            try:
                with self.database.session() as db:
                    requested, new = self._request(db, state, reason, customer)
            except IntegrityError:  # another process has just opened a ticket for this conversation: join it
                continue
            if new and self.posting:
                self.added()
            return requested
        raise HandoffError(f"no ticket could be made in {_ATTEMPTS} attempts; look at the database's log")

    def _request(
        self, db: Session, state: DialogueState, reason: Reason, customer: Customer | None
    ) -> tuple[Requested, bool]:
        """Open or update the ticket within a transaction; also return whether there is anything new in it."""
        ticket = db.scalar(select(Ticket).filter_by(open_session=state.session).with_for_update())
        now, transcript = time.time(), _transcript(state.messages)
        joined = ticket is not None and _said(ticket.transcript) != _said(transcript)
        new = ticket is None or joined
        if ticket is None:
            name = "H-" + "".join(secrets.choice(_ALPHABET) for _ in range(_TICKET_LENGTH))
            ticket = Ticket(ticket=name, session=state.session, open_session=state.session, reason=reason, opened=now)
            ticket.customer, ticket.name, ticket.revision = "", "", 0
            db.add(ticket)
        if new:
            if customer is not None:
                ticket.customer, ticket.name = customer.id, customer.name
            self._revise(db, ticket, state, now)
        known = bool(ticket.customer) or any(gives_contact(m.text) for m in state.messages if m.role == "user")
        return Requested(Handoff(reason=ticket.reason, ticket=ticket.ticket), joined, self.posting, known), new

    def _revise(self, db: Session, ticket: Ticket, state: DialogueState, now: float) -> None:
        """Bring a ticket up to what has been said, and put it among what is to be posted."""
        ticket.order, ticket.language = state.order, state.language
        ticket.updated, ticket.revision = now, ticket.revision + 1
        ticket.summary, ticket.transcript = summarise(state.messages), _transcript(state.messages)
        db.flush()
        if self.posting:
            db.add(_post(ticket, now))

    def withdraw(self, state: DialogueState) -> str:
        """Close the open ticket of a conversation whose customer wants nobody any more; "" if it has none.

        Returns:
            What to tell the customer.
        """
        with self.database.session() as db:
            ticket = db.scalar(select(Ticket).filter_by(open_session=state.session).with_for_update())
            if ticket is None:
                return ""
            ticket.open_session = None
            self._revise(db, ticket, state, time.time())
        if self.posting:
            self.added()
        told = _SAY["closed_posted" if self.posting else "closed_kept"][state.language == "zh"]
        return told.format(ticket=ticket.ticket)

    def open_ticket(self, session: str) -> Handoff | None:
        """Return the open ticket of a conversation, None if it has none."""
        with self.database.reading() as db:
            ticket = db.scalar(select(Ticket).filter_by(open_session=session))
        return Handoff(reason=ticket.reason, ticket=ticket.ticket) if ticket else None


def _transcript(messages: Sequence[StoredMessage]) -> str:
    """Return the latest messages as JSON, as many as a webhook can be expected to take."""
    kept: list[StoredMessage] = []
    length = 0
    for message in reversed(messages):
        length += len(message.text)
        if kept and length > _LONGEST_TRANSCRIPT:
            break
        kept.append(message)
    return json.dumps([{"role": m.role, "text": m.text, "items": m.items, "at": m.at} for m in reversed(kept)])


def _said(transcript: str) -> list[tuple[str, str]]:
    """Return who said what; a message that is sent again after a crash is the same at another time."""
    return [(message["role"], message["text"]) for message in json.loads(transcript)]


def _post(ticket: Ticket, now: float) -> Post:
    key = ticket.ticket if ticket.revision == 1 else f"{ticket.ticket}.{ticket.revision}"
    event = "closed" if ticket.open_session is None else "opened" if ticket.revision == 1 else "updated"
    body = {
        "event": f"handoff.{event}",
        "key": key,
        "ticket": ticket.ticket,
        "reason": ticket.reason,
        "session": ticket.session,
        "customer": {"id": ticket.customer, "name": ticket.name} if ticket.customer else None,
        "order": ticket.order or None,
        "language": ticket.language,
        "opened": _iso(ticket.opened),
        "updated": _iso(ticket.updated),
        "summary": ticket.summary,
        "transcript": json.loads(ticket.transcript),
    }
    return Post(
        key=key,
        ticket=ticket.ticket,
        session=ticket.session,
        revision=ticket.revision,
        body=json.dumps(body),
        attempts=0,
        due=now,
        leased=0.0,
        delivered=None,
        problem="",
    )


def summarise(messages: Sequence[StoredMessage]) -> str:
    """Sum a conversation up in the customer's own words: the latest message, before it those that say most.

    Nothing is put into other words, so nothing can be made up.
    """
    said = [message.text.strip() for message in messages if message.role == "user"]
    if not said:
        return ""
    earlier = sorted(range(len(said) - 1), key=lambda at: (-len(set(words(said[at]))), -at))[: _SUMMED_UP - 1]
    return "\n".join(_cut(said[at]) for at in [*sorted(earlier), len(said) - 1])


def _cut(text: str) -> str:
    text = " ".join(_CONTROL.sub(" ", text).split())
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# The inbox of a shop without a webhook


def main(arguments: Sequence[str] | None = None) -> int:
    """List, show or close tickets; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chat.handoff", description="The conversations that wait for you.")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="the open tickets, the oldest first")
    listing.add_argument("--all", action="store_true", help="the closed ones too")
    for name, what in (("show", "a ticket with its conversation"), ("done", "close a ticket that has been dealt with")):
        commands.add_parser(name, help=what).add_argument("ticket")
    for command in commands.choices.values():
        command.add_argument("--database", required=True, metavar="URL", help="sqlite:///FILE or postgresql://…")
    options = parser.parse_args(arguments)
    try:
        database = Database.open(options.database, make=False)
        try:
            print(_inbox(database, options))
        finally:
            database.close()
    except NamedropError as error:
        print(f"namedrop: {error}", file=sys.stderr)
        return 2
    return 0


def _inbox(database: Database, options: argparse.Namespace) -> str:
    if options.command == "list":
        with database.reading() as db:
            query = select(Ticket).order_by(Ticket.opened)
            tickets = db.scalars(query if options.all else query.where(Ticket.open_session.is_not(None))).all()
            lines = [_line(ticket, _delivery(db, ticket)) for ticket in tickets]
        return "\n".join(lines) or "No ticket is open."
    if options.command == "done":
        with database.session() as db:
            _find(db, options.ticket).open_session = None
        return f"{options.ticket.upper()} is done."
    with database.reading() as db:
        ticket = _find(db, options.ticket)
        said = [f"{m['role']}: {_plain(m['text'])}" for m in json.loads(ticket.transcript)]
        return "\n".join([_line(ticket, _delivery(db, ticket)), "", *said])


def _find(db: Session, name: str) -> Ticket:
    ticket = db.get(Ticket, name.upper())
    if ticket is None:
        raise HandoffError(f"there is no ticket {name!r}; `list --all` shows those that there are")
    return ticket


def _line(ticket: Ticket, delivery: str) -> str:
    who = f"{ticket.customer} {ticket.name}".strip() or "unknown"
    state = "open" if ticket.open_session else "done"
    head = f"{ticket.ticket}  {state}  {_iso(ticket.updated)}  {ticket.reason}  customer: {_plain(who)}  {delivery}"
    return "\n".join([head, *(f"    {_plain(line)}" for line in ticket.summary.splitlines())])


def _delivery(db: Session, ticket: Ticket) -> str:
    posts = db.scalars(select(Post).filter_by(ticket=ticket.ticket)).all()
    waiting = [post for post in posts if post.delivered is None]
    if not posts:
        return "not posted: no webhook"
    if not waiting:
        return "delivered"
    return f"not delivered after {waiting[0].attempts} attempts {_plain(waiting[0].problem)}".strip()


def _plain(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text).replace("\n", "\n    ")


if __name__ == "__main__":
    sys.exit(main())
