"""What the tests of the stores share: a turn as the assistant takes it, and what is in a folder's files."""

from __future__ import annotations

from chat import memory
from chat.database import Database
from chat.sql_store import SqlStore

VISITOR = "visitor:" + memory.visitor_hash("an id that only Ann's browser has")


def sql(url):
    return SqlStore(Database.open(url))


def turn(store, session, act=lambda state: None, *words, person=""):
    """Do what the assistant does in a turn; return the session's id."""
    with store.use(session, person=person) as state:
        if person.startswith("customer:"):
            state.customer = person[9:]
        memory.join(state, person)
        before = state.taste.model_copy(deep=True)
        for word in words:
            state.say("user", word)
        act(state)
        memory.learn(state, before)
        return state.session


def likes(*items):
    return lambda state: [state.signal(item, "like") for item in items]


def liked(store, session):
    return store.kept(session).state.taste.liked


def content(folder):
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
