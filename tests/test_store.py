"""Stores: one suite for all of them, in memory, in SQLite and in PostgreSQL; then what only one of them does."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from chat import memory
from chat.database import Database
from chat.messages import Feedback
from chat.sql_store import SqlStore
from chat.store import Conflict, MemoryStore, Sweeper
from retrieval.errors import UnknownSession
from retrieval.types import Constraint
from tests.databases import BACKENDS

ROOT = Path(__file__).parents[1]
KILLS = int(os.environ.get("NAMEDROP_KILLS", "2"))
VISITOR = "visitor:" + memory.visitor_hash("an id that only Ann's browser has")


def sql(url):
    return SqlStore(Database.open(url))


@pytest.fixture(params=["memory", *BACKENDS])
def store(request, database_name):
    store = MemoryStore() if request.param == "memory" else sql(database_name(request.param))
    yield store
    store.close()


@pytest.fixture(params=BACKENDS)
def url(request, database_name):
    return database_name(request.param)


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


class TestSessions:
    def test_a_session_is_made_and_kept(self, store):
        turn(store, "ann", likes("a"), "I liked a")
        turn(store, "ann", likes("b"), "and b", "as well")
        kept = store.kept("ann")
        assert kept.state.taste.liked == ["a", "b"]
        assert [m.text for m in kept.messages] == ["I liked a", "and b", "as well"]
        assert kept.messages == tuple(kept.state.messages) or [*kept.messages] == kept.state.messages
        assert len(store) == 1

    def test_everything_of_a_state_comes_back(self, store):
        def fill(state):
            state.language, state.customer, state.order = "zh", "C-1", "M-1"
            state.limit([Constraint("genres", "is", ("comedy", "drama")), Constraint("year", "<", 1990.0)])
            state.snapshot()
            state.taste.wishes, state.taste.shown = [("moods", "slow")], ["a", "b"]
            state.say("assistant", "换\x00行 “”", ["a"], ["因为"])

        turn(store, "ann", fill)
        state = store.kept("ann").state
        assert (state.language, state.customer, state.order) == ("zh", "C-1", "M-1")
        assert [x.value for x in state.taste.limits] == [("comedy", "drama"), 1990.0]
        assert (state.taste.wishes, state.taste.shown, len(state.snapshots)) == ([("moods", "slow")], ["a", "b"], 1)
        assert (state.messages[0].text, state.messages[0].whys) == ("换\x00行 “”", ("因为",))

    def test_without_an_id_each_gets_a_new_one(self, store):
        with store.use(None) as first, store.use(None) as second:
            assert first.session != second.session
            assert len(first.session) > 16

    def test_an_unknown_session_is_not_made_unasked(self, store):
        with pytest.raises(UnknownSession, match="'bob'"), store.use("bob", create=False):
            pass
        with pytest.raises(UnknownSession, match="'bob'"):
            store.kept("bob")
        assert len(store) == 0

    def test_an_error_inside_changes_nothing_and_frees_the_session(self, store):
        turn(store, "ann", likes("a"), "one")

        def fail(state):
            state.taste.liked.append("b")
            state.say("user", "two")
            raise ValueError("oops")

        with pytest.raises(ValueError, match="oops"):
            turn(store, "ann", fail)
        assert liked(store, "ann") == ["a"]
        turn(store, "ann", likes("c"))
        assert liked(store, "ann") == ["a", "c"]
        assert [m.text for m in store.kept("ann").messages] == ["one"]

    def test_feedback_is_kept_in_its_order(self, store):
        given = [Feedback(item_id=i, signal="like", at=1.0 * n, limits=("no horror",)) for n, i in enumerate("abc")]
        turn(store, "ann", lambda state: state.feedback.extend(given[:2]))
        turn(store, "ann", lambda state: state.feedback.append(given[2]))
        assert [*store.kept("ann").feedback] == given

    def test_one_session_is_used_by_one_thread_at_a_time(self, store):
        order: list[str] = []
        inside, leave = threading.Event(), threading.Event()

        def first():
            with store.use("ann"):
                inside.set()
                leave.wait(5)
                order.append("first")

        def second():
            with store.use("ann"):
                order.append("second")

        threads = [threading.Thread(target=first), threading.Thread(target=second)]
        threads[0].start()
        assert inside.wait(5)
        threads[1].start()
        with store.use("bob"):  # another person does not wait
            order.append("bob")
        leave.set()
        for thread in threads:
            thread.join(5)
        assert order == ["bob", "first", "second"]

    def test_forgetting(self, store):
        turn(store, "ann", likes("a"), "hello")
        turn(store, "bob", likes("b"))
        assert store.forget("ann")
        assert not store.forget("ann")
        with pytest.raises(UnknownSession):
            store.kept("ann")
        assert liked(store, "bob") == ["b"]
        turn(store, "ann")
        assert liked(store, "ann") == []
        assert store.kept("ann").messages in ((), [])

    def test_a_session_forgotten_during_a_turn_does_not_come_back(self, store):
        turn(store, "ann", likes("a"))
        other = SqlStore(store._database) if isinstance(store, SqlStore) else None

        def forget(state):
            if other is not None:  # as another process would
                other.forget("ann")
            else:
                store._sessions.pop("ann")
            state.say("user", "still here?")

        with pytest.raises(Conflict):
            turn(store, "ann", forget)
        with pytest.raises(UnknownSession):
            store.kept("ann")


class TestMemory:
    def test_nothing_is_remembered_without_consent(self, store):
        turn(store, "one", likes("a"), person="customer:C-1")
        assert store.of_person("customer:C-1") == (["one"], None)
        turn(store, "two", person="customer:C-1")
        assert liked(store, "two") == []

    def test_a_consented_person_is_known_in_the_next_session(self, store):
        def begin(state):
            state.limit([Constraint("genres", "is_not", "horror", "no horror")], lasting=True)
            state.limit([Constraint("price", "<", 10.0, "under 10")])
            memory.consent(state)

        turn(store, "one", begin, person="customer:C-1")
        turn(store, "one", likes("a", "b"), person="customer:C-1")
        turn(store, "two", person="customer:C-1")
        state = store.kept("two").state
        assert state.taste.liked == ["a", "b"]
        assert [x.label for x in state.taste.limits] == ["no horror"]
        ids, remembered = store.of_person("customer:C-1")
        assert ids == ["one", "two"]
        assert [j.item for j in remembered.judged] == ["a", "b"]

    def test_a_visitor_is_known_by_the_hash_of_their_id(self, store):
        told = []

        def consent(state):
            memory.consent(state)
            told.append(state.new_visitor)

        turn(store, "one", likes("a"))
        turn(store, "one", consent)
        person = "visitor:" + memory.visitor_hash(told[0])
        assert store.of_person(person)[0] == ["one"]
        turn(store, "two", person=person)
        assert liked(store, "two") == ["a"]
        turn(store, "three", person=VISITOR)  # an id that nobody was given
        assert liked(store, "three") == []

    def test_two_sessions_of_a_person_at_once_lose_nothing(self, store):
        turn(store, "one", lambda state: (setattr(state, "visitor", VISITOR[8:]), memory.consent(state)))
        turn(store, "two", person=VISITOR)
        with pytest.raises(Conflict):
            turn(store, "one", lambda state: (likes("a")(state), turn(store, "two", likes("b"))))
        turn(store, "one", likes("a"))
        assert {j.item for j in store.of_person(VISITOR)[1].judged} == {"a", "b"}

    def test_withdrawing_consent_deletes_the_memory_and_leaves_the_session(self, store):
        turn(store, "one", lambda state: (setattr(state, "visitor", VISITOR[8:]), memory.consent(state)))
        turn(store, "one", likes("a"))
        turn(store, "one", memory.revoke)
        assert store.of_person(VISITOR) == ([], None)
        assert liked(store, "one") == ["a"]
        turn(store, "two", person=VISITOR)
        assert liked(store, "two") == []

    def test_forgetting_a_session_forgets_what_it_taught(self, store):
        turn(store, "one", lambda state: (setattr(state, "visitor", VISITOR[8:]), memory.consent(state)))
        turn(store, "one", likes("a"))
        turn(store, "two", likes("b"), person=VISITOR)
        store.forget("one")
        assert [j.item for j in store.of_person(VISITOR)[1].judged] == ["b"]
        store.forget("two")
        assert store.of_person(VISITOR) == ([], None)

    def test_forgetting_a_person_forgets_all_their_sessions(self, store):
        turn(store, "one", lambda state: (setattr(state, "visitor", VISITOR[8:]), memory.consent(state)))
        turn(store, "two", likes("b"), person=VISITOR)
        turn(store, "other", likes("c"))
        assert store.forget_person(VISITOR) == 3
        assert store.forget_person(VISITOR) == 0
        assert store.of_person(VISITOR) == ([], None)
        assert liked(store, "other") == ["c"]
        assert len(store) == 1

    def test_nobody_is_a_person(self, store):
        turn(store, "one")
        assert store.of_person("") == ([], None)
        assert store.forget_person("") == 0


class TestRetention:
    def test_what_is_old_goes_and_a_memory_outlives_its_sessions(self, store):
        turn(store, "one", lambda state: (setattr(state, "visitor", VISITOR[8:]), memory.consent(state)))
        turn(store, "one", likes("a"))
        turn(store, "old", likes("x"))
        between = time.time()
        time.sleep(0.01)
        turn(store, "two", likes("b"), person=VISITOR)
        assert store.sweep(between) == 2
        assert len(store) == 1
        assert {j.item for j in store.of_person(VISITOR)[1].judged} == {"a", "b"}
        assert store.sweep(time.time() + 1) == 2
        assert len(store) == 0
        assert store.of_person(VISITOR) == ([], None)

    def test_the_sweeper_sweeps_at_once(self, store):
        turn(store, "old", likes("x"))
        sweeper = Sweeper(store, -1)  # everything until tomorrow
        until = time.monotonic() + 5
        while len(store) and time.monotonic() < until:
            time.sleep(0.01)
        sweeper.close()
        assert len(store) == 0


def test_in_memory_the_least_recently_used_goes_first():
    store = MemoryStore(capacity=2)
    for name in ("a", "b", "a", "c"):
        turn(store, name)
    for name in ("a", "c"):
        store.kept(name)
    with pytest.raises(UnknownSession):
        store.kept("b")


class TestDatabases:
    def test_it_is_there_after_a_restart(self, url):
        store = sql(url)
        turn(store, "ann", likes("a"), *(f"message {n}" for n in range(250)))
        store.close()
        store = sql(url)
        turn(store, "ann", likes("b"), "one more")
        kept = store.kept("ann")
        assert [m.text for m in kept.messages] == [*(f"message {n}" for n in range(50, 250)), "one more"]
        assert liked(store, "ann") == ["a", "b"]
        store.close()

    def test_a_lost_race_keeps_nothing(self, url):
        here, there = sql(url), sql(url)  # two processes

        def lose(state):
            likes("mine")(state)
            turn(there, "ann", likes("theirs"), "theirs")

        for _ in ("new", "known"):
            with pytest.raises(Conflict):
                turn(here, "ann", lose)
        assert liked(here, "ann") == ["theirs"]
        assert [m.text for m in here.kept("ann").messages] == ["theirs", "theirs"]
        here.close()
        there.close()

    def test_who_waits_in_a_circle_has_lost_the_race(self, postgres, database_name):
        store = sql(database_name("postgresql"))
        for session in ("one", "two"):
            turn(store, session, lambda state: (setattr(state, "visitor", VISITOR[8:]), memory.consent(state)),
                 person=VISITOR)  # fmt: skip
        waits = threading.Event()

        def other():  # has the second session's row and wants the memory's, which the turn has, who wants the session's
            with store._database.session() as db:
                db.execute(text("SET deadlock_timeout = '60s'"))  # so that it is the turn that finds out
                db.execute(text("UPDATE sessions SET used = used WHERE id = 'two'"))
                waits.set()
                time.sleep(0.3)
                db.execute(text("UPDATE people SET used = used"))

        thread = threading.Thread(target=other)
        thread.start()
        assert waits.wait(10)
        with pytest.raises(Conflict):
            turn(store, "one", memory.revoke)
        thread.join(30)
        assert store.of_person(VISITOR)[1] is not None
        turn(store, "one", memory.revoke)
        assert store.of_person(VISITOR) == ([], None)
        store.close()

    def test_looking_at_a_session_writes_nothing(self, url):
        store = sql(url)
        turn(store, "ann", likes("a"))
        version = "SELECT version, used FROM sessions"
        with store._database.reading() as db:
            before = db.execute(text(version)).all()
        turn(store, "ann")
        with store._database.reading() as db:
            assert db.execute(text(version)).all() == before
        store.close()

    def test_two_processes_on_one_session_lose_nothing(self, url):
        code = f"""
import sys
from chat.database import Database
from chat.sql_store import SqlStore
from chat.store import Conflict
store, lost = SqlStore(Database.open({url!r})), 0
for n in range(20):
    while True:
        try:
            with store.use("ann") as state:
                state.say("user", f"{{sys.argv[1]}}{{n}}")
            break
        except Conflict:
            lost += 1
"""
        command = [sys.executable, "-c", code]
        running = [subprocess.Popen([*command, name], cwd=ROOT) for name in "xy"]
        assert [process.wait(60) for process in running] == [0, 0]
        store = sql(url)
        said = [m.text for m in store.kept("ann").messages]
        assert sorted(said) == sorted(f"{name}{n}" for name in "xy" for n in range(20))
        assert [t for t in said if t[0] == "x"] == [f"x{n}" for n in range(20)]
        store.close()

    def test_what_was_acknowledged_survives_kill_9(self, url):
        code = f"""
import itertools
from chat.database import Database
from chat.messages import Feedback
from chat.sql_store import SqlStore
store = SqlStore(Database.open({url!r}))
for n in itertools.count(len(store.kept("ann").feedback)):
    with store.use("ann") as state:
        state.signal(f"item-{{n}}", "like")
        state.feedback.append(Feedback(item_id=f"item-{{n}}", signal="like", at=n))
    print(n, flush=True)
"""
        store = sql(url)
        turn(store, "ann")
        for _ in range(KILLS):
            with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
                told = [process.stdout.readline() for _ in range(random.randint(1, 20))]
                time.sleep(random.uniform(0, 0.02))
                process.kill()
                told += process.stdout.readlines()
            kept = store.kept("ann")
            given = [feedback.item_id for feedback in kept.feedback]
            assert given == [f"item-{n}" for n in range(len(given))]
            assert len(given) - (int(told[-1]) + 1) in (0, 1)  # what was under way is there as a whole, or not at all
            assert kept.state.taste.liked == given
        store.close()


def test_forgetting_leaves_no_byte_in_the_file(tmp_path):
    store = sql(tmp_path / "kept.db")
    words = ["my neighbour Zebulon Quark told me", "我的邻居告诉我"]

    def talk(state):
        likes("item-unmistakable-1")(state)
        state.feedback.append(Feedback(item_id="item-unmistakable-1", signal="like", at=1.0))
        state.say("assistant", "What about this?", ["item-unmistakable-2"])
        state.snapshot()

    for n in range(30):  # others around it, so that pages are split and shared
        turn(store, f"other-{n}", likes(f"other-item-{n}"), f"hello {n} " * 40)
    for n in range(10):
        turn(store, "session-unmistakable", talk, *words, f"and more {n} " * n)
    turn(store, "session-unmistakable", memory.consent)
    needles = [*(word.encode() for word in words), b"Zebulon", b"item-unmistakable-", b"session-unmistakable"]
    assert all(needle in content(tmp_path) for needle in needles)
    store.forget("session-unmistakable")
    left = content(tmp_path)
    assert [needle for needle in needles if needle in left] == []
    assert b"other-item-7" in left
    store.close()


def test_withdrawing_consent_leaves_no_byte_of_the_memory(tmp_path):
    store = sql(tmp_path / "kept.db")
    turn(store, "one", lambda state: (setattr(state, "visitor", VISITOR[8:]), memory.consent(state)))
    turn(store, "two", likes("item-unmistakable"), person=VISITOR)
    turn(store, "two", lambda state: state.signal("item-unmistakable", "undo"))
    assert VISITOR[8:].encode() in content(tmp_path)
    turn(store, "one", memory.revoke)
    assert b"item-unmistakable" not in content(tmp_path)
    assert VISITOR[8:].encode() not in content(tmp_path)
    store.close()


def content(folder):
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
