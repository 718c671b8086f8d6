"""From the database to training data: what consenting people said and judged, in the project's own formats.

    python -m chat.export --database sqlite:///conversations.db --out exported
    python -m finetune.validate exported --catalog shop.csv

Only conversations whose person lets the shop learn from them are read, and of these only exchanges about items. Ids of
people and conversations become hashes that nobody can turn back without the database; e-mail addresses and long numbers
in what was said are blanked. Of the items that the assistant showed, a dialogue keeps those that the person liked: what
was shown and left alone teaches a model only what it says already.
"""

from __future__ import annotations

import argparse
import hmac
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from chat.database import Database
from chat.messages import Feedback, Signal, StoredMessage
from chat.sql_store import SessionRow, kept_in
from chat.store import Kept
from retrieval.errors import NamedropError, UnknownSession
from retrieval.files import replacing

_RATINGS: dict[Signal, float] = {"like": 5.0, "dislike": 1.0}  # "seen" says nothing of how it was
_PRIVATE = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "[email]"),
    (re.compile(r"\b[A-Za-z]{1,4}-\d{4,}\b|(?<!\w)\+?\d(?:[\s()/.-]{0,2}\d){8,}"), "[number]"),
)


class ExportError(NamedropError):
    """The export cannot be written."""


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written."""

    conversations: int
    dialogues: int
    interactions: int


def export(database: Database, out: str | Path) -> Exported:
    """Write `dialogues.jsonl` and `interactions.jsonl` into a new folder; both are complete or not there.

    Args:
        database: is read in one snapshot, SQLite's a conversation at a time; who chats in the meantime waits for
            nothing.
        out: the folder, which must not exist or be empty.

    Raises:
        ExportError: there are files in the folder, or it cannot be written.
    """
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder}: there is something already; give a new folder with --out")
    dialogues = interactions = conversations = 0
    try:
        with (
            replacing(folder / "dialogues.jsonl") as dialogues_aside,
            replacing(folder / "interactions.jsonl") as interactions_aside,
            dialogues_aside.open("w", encoding="utf-8") as said,
            interactions_aside.open("w", encoding="utf-8") as done,
        ):
            for person, kept in _consented(database):
                conversations += 1
                record = _dialogue(kept, _hashed(database, kept.state.session))
                if record is not None:
                    said.write(_line(record))
                    dialogues += 1
                for row in _interactions(kept, _hashed(database, person or kept.state.session)):
                    done.write(_line(row))
                    interactions += 1
    except OSError as error:
        raise ExportError(f"{folder}: cannot be written ({error.strerror or error}); choose another --out") from error
    return Exported(conversations, dialogues, interactions)


def redacted(text: str) -> str:
    """Blank e-mail addresses and long numbers (of telephones, cards, orders)."""
    for pattern, shown in _PRIVATE:
        text = pattern.sub(shown, text)
    return text


def _consented(database: Database) -> Iterator[tuple[str, Kept]]:
    """Yield every conversation that may be learnt from, with its person, oldest first."""
    query = select(SessionRow.id, SessionRow.person).filter_by(training=True).order_by(SessionRow.begun)
    with _steps(database) as step:
        with step() as db:
            found = [(row.id, row.person) for row in db.execute(query)]
        for session, person in found:
            try:
                with step() as db:
                    kept = kept_in(db, session)
            except UnknownSession:  # forgotten in the meantime
                continue
            yield person, kept


@contextmanager
def _steps(database: Database) -> Iterator[Callable[[], AbstractContextManager[Connection]]]:
    """Yield what gives a transaction for each step: a server reads all of them in one snapshot, for which nobody waits.

    SQLite has one for each step: what is deleted leaves its file only when nobody reads what was before.
    """
    if database.is_sqlite:
        yield lambda: database.connected(reading=True)
        return
    engine = database.engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.begin() as connection:
        yield lambda: nullcontext(connection)


def _dialogue(kept: Kept, name: str) -> dict[str, Any] | None:
    """Return a conversation's exchanges about items, None if the person liked nothing that it showed."""
    liked = {item for item, given in _judged(kept.feedback).items() if given.signal == "like"} | {
        *kept.state.taste.liked
    }
    turns: list[dict[str, Any]] = []
    accepted = False
    for asked, answer in _exchanges(kept.messages):
        if not answer.items:
            continue
        if not asked.points:  # "the second one" means nothing once the row of cards is gone
            turns.append(_turn(asked, asked.items))
        chosen = [item for item in answer.items if item in liked]
        accepted = accepted or bool(chosen)
        turns.append(_turn(answer, chosen))
    return {"id": name, "turns": turns} if accepted else None


def _exchanges(messages: Sequence[StoredMessage]) -> Iterator[tuple[StoredMessage, StoredMessage]]:
    asked: StoredMessage | None = None
    for message in messages:
        if message.role == "user":
            asked = message
        elif asked is not None:
            yield asked, message
            asked = None


def _turn(message: StoredMessage, items: Sequence[str]) -> dict[str, Any]:
    return {"role": message.role, "text": redacted(message.text), "items": [*items]}


def _interactions(kept: Kept, person: str) -> Iterator[dict[str, Any]]:
    for item, given in _judged(kept.feedback).items():
        row = {"user_id": person, "item_id": item, "timestamp": given.at, "event": given.signal}
        if given.signal in _RATINGS:
            row["rating"] = _RATINGS[given.signal]
        yield row


def _judged(feedback: Sequence[Feedback]) -> dict[str, Feedback]:
    """Return the last judgement of each item, without those that were taken back."""
    last = {given.item_id: given for given in feedback}
    return {item: given for item, given in last.items() if given.signal != "undo"}


def _hashed(database: Database, what: str) -> str:
    return hmac.digest(database.salt.encode(), what.encode(), "sha256").hex()[:24]


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m chat.export", description="Write consented data for training.")
    parser.add_argument("--database", required=True, metavar="URL", help="as app.py's")
    parser.add_argument("--out", required=True, metavar="DIR", help="a new folder")
    options = parser.parse_args(arguments)
    try:
        database = Database.open(options.database, make=False)
        try:
            written = export(database, options.out)
        finally:
            database.close()
    except NamedropError as error:
        print(f"namedrop: {error}", file=sys.stderr)
        return 2
    print(
        f"{written.conversations} conversations with consent: {written.dialogues} dialogues and "
        f"{written.interactions} interactions in {options.out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
