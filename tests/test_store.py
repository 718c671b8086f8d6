"""Sessions in memory: made at need, forgotten on request, one message of a person at a time."""

from __future__ import annotations

import threading

import pytest

from chat.store import MemoryStore
from retrieval.errors import UnknownSession


def test_a_session_is_made_and_kept():
    store = MemoryStore()
    with store.use("ann") as state:
        state.taste.liked.append("a")
    with store.use("ann") as state:
        assert state.taste.liked == ["a"]
    assert len(store) == 1


def test_without_an_id_each_gets_a_new_one():
    store = MemoryStore()
    with store.use(None) as first, store.use(None) as second:
        assert first.session != second.session
        assert len(first.session) > 16


def test_an_unknown_session_is_not_made_unasked():
    store = MemoryStore()
    with pytest.raises(UnknownSession, match="'bob'"), store.use("bob", create=False):
        pass
    assert len(store) == 0


def test_forgetting():
    store = MemoryStore()
    with store.use("ann") as state:
        state.taste.liked.append("a")
    assert store.forget("ann")
    assert not store.forget("ann")
    with store.use("ann") as state:
        assert state.taste.liked == []


def test_the_least_recently_used_goes_first():
    store = MemoryStore(capacity=2)
    for name in ("a", "b", "a", "c"):
        with store.use(name):
            pass
    for name in ("a", "c"):
        with store.use(name, create=False):
            pass
    with pytest.raises(UnknownSession), store.use("b", create=False):
        pass


def test_one_session_is_used_by_one_thread_at_a_time():
    store, order = MemoryStore(), []
    inside, leave = threading.Event(), threading.Event()

    def first():
        with store.use("ann"):
            inside.set()
            leave.wait(5)
            order.append("first")

    def second():
        with store.use("ann"):
            order.append("second")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    assert inside.wait(5)
    threads.append(threading.Thread(target=second))
    threads[1].start()
    with store.use("bob"):  # another person does not wait
        order.append("bob")
    leave.set()
    for thread in threads:
        thread.join(5)
    assert order == ["bob", "first", "second"]


def test_an_error_inside_frees_the_session():
    store = MemoryStore()
    with pytest.raises(ValueError, match="oops"), store.use("ann"):
        raise ValueError("oops")
    done = threading.Event()

    def other():
        with store.use("ann"):
            done.set()

    threading.Thread(target=other, daemon=True).start()
    assert done.wait(5)
