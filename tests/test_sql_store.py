"""The store in a database: what several processes and a kill do to it, and what forgetting leaves in the files."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import event, text

from chat import memory
from chat.database import DatabaseError
from chat.handoff import Ticket
from chat.messages import Feedback
from chat.store import Conflict
from tests.databases import BACKENDS
from tests.stores import VISITOR, content, liked, likes, sql, turn

ROOT = Path(__file__).parents[1]
KILLS = int(os.environ.get("NAMEDROP_KILLS", "2"))


@pytest.fixture(params=BACKENDS)
def url(request, database_name):
    return database_name(request.param)


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

    def test_what_another_process_has_done_is_seen(self, url):
        here, there = sql(url), sql(url)
        turn(here, "ann", likes("a"), "one")
        turn(there, "ann", likes("b"), "two")
        turn(here, "ann", likes("c"), "three")
        assert liked(there, "ann") == ["a", "b", "c"]
        assert [m.text for m in there.kept("ann").messages] == ["one", "two", "three"]
        there.forget("ann")  # and as many turns again, under the same id
        for item in "xyz":
            turn(there, "ann", likes(item), item)
        turn(here, "ann", likes("d"), "four")
        assert liked(here, "ann") == ["x", "y", "z", "d"]
        assert [m.text for m in here.kept("ann").messages] == ["x", "y", "z", "four"]
        here.close()
        there.close()

    def test_a_turn_reads_only_what_it_does_not_know(self, url):
        store = sql(url)
        turn(store, "ann", likes("a"), "one", "two")
        asked = []
        event.listen(store._database.engine, "before_cursor_execute", lambda *of: asked.append(of[2]))
        turn(store, "ann", likes("b"), "three")
        assert not [statement for statement in asked if "FROM messages" in statement]
        assert [m.text for m in store.kept("ann").messages] == ["one", "two", "three"]
        store.close()

    def test_what_is_forgotten_leaves_the_process_too(self, url):
        store = sql(url)
        turn(store, "ann", likes("a"), "one")
        turn(store, "bob", likes("b"), "two")
        assert store._latest
        store.forget("ann")
        assert not store._latest
        store.close()

    def test_what_is_forgotten_during_a_turn_does_not_stay_in_the_process(self, url, monkeypatch):
        store = sql(url)
        turn(store, "ann", memory.consent, person="customer:C-1")
        note, threads = store._note, []

        def late(session, left):
            threads.append(threading.Thread(target=store.forget_person, args=("customer:C-1",)))
            threads[0].start()
            threads[0].join(0.3)
            note(session, left)

        monkeypatch.setattr(store, "_note", late)
        turn(store, "ann", likes("a"), "one", person="customer:C-1")
        threads[0].join(30)
        assert store.of_person("customer:C-1") == ([], None)
        assert not store._latest
        store.close()

    def test_a_turn_is_kept_whatever_becomes_of_the_files(self, url, monkeypatch, caplog):
        store = sql(url)
        turn(store, "ann", memory.consent, person="customer:C-1")

        def away():
            raise DatabaseError("the database's log is still being read")

        with monkeypatch.context() as broken:
            broken.setattr(store._database, "scrub", away)
            turn(store, "ann", memory.revoke, "forget me", person="customer:C-1")
        assert "has not left the database's files yet" in caplog.text
        assert [m.text for m in store.kept("ann").messages] == ["forget me"]
        scrubbed = []
        monkeypatch.setattr(store._database, "scrub", lambda: scrubbed.append(1))
        assert store.sweep(0) == store.sweep(0) == 0
        assert len(scrubbed) == 1
        store.close()

    def test_a_conversation_of_many_tickets_is_swept_once_and_some_at_a_time(self, url, monkeypatch):
        monkeypatch.setattr("chat.sql_store._SWEPT", 2)
        store = sql(url)
        words = dict.fromkeys(("reason", "customer", "name", "order", "summary", "transcript"), "")
        for at in range(10):
            with store._database.session() as db:
                times = {"opened": 1.0, "updated": 1.0, "revision": 1}
                db.add(
                    Ticket(ticket=f"H-{at}", session=f"s{at // 2}", open_session=None, language="en", **words, **times)
                )
        assert store.sweep(2.0) == 5
        assert store.sweep(2.0) == 0
        store.close()

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
