"""Stores: one suite for all of them, in memory, in SQLite and in PostgreSQL."""

from __future__ import annotations

import threading
import time

import pytest

from chat import memory
from chat.messages import Feedback
from chat.sql_store import SqlStore
from chat.store import Conflict, MemoryStore, Sweeper
from retrieval.errors import UnknownSession
from retrieval.types import Constraint
from tests.databases import BACKENDS
from tests.stores import VISITOR, liked, likes, sql, turn


@pytest.fixture(params=["memory", *BACKENDS])
def store(request, database_name):
    store = MemoryStore() if request.param == "memory" else sql(database_name(request.param))
    yield store
    store.close()


class TestSessions:
    def test_a_session_is_made_and_kept(self, store):
        turn(store, "ann", likes("a"), "I liked a")
        turn(store, "ann", likes("b"), "and b", "as well")
        kept = store.kept("ann")
        assert kept.state.taste.liked == ["a", "b"]
        assert [m.text for m in kept.messages] == ["I liked a", "and b", "as well"]
        assert [*kept.messages] == kept.state.messages
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


def test_in_memory_the_person_who_was_away_longest_is_forgotten_first():
    store = MemoryStore(capacity=2)
    people = {name: f"customer:{name}" for name in "abc"}
    for number, name in enumerate("abac"):
        turn(store, f"{name}{number}", memory.consent, person=people[name])
    assert [store.of_person(people[name])[1] is not None for name in "abc"] == [True, False, True]


def test_in_memory_the_least_recently_used_goes_first():
    store = MemoryStore(capacity=2)
    for name in ("a", "b", "a", "c"):
        turn(store, name)
    for name in ("a", "c"):
        store.kept(name)
    with pytest.raises(UnknownSession):
        store.kept("b")
