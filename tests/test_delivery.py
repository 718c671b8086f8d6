"""Delivery: to a webhook that fails at times, by senders that die or work side by side, each hand-off once."""

from __future__ import annotations

import itertools
import logging
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, update

from chat import delivery
from chat.database import Database
from chat.delivery import LONGEST_WAIT_S, Sender, sign, verify, wait_after
from chat.handoff import HandoffError, Outbox, Post
from chat.identity import IdentityError
from tests.receivers import SECRET, receiving
from tests.test_handoff import talk

BODY = b'{"ticket": "H-1"}'


@pytest.fixture
def database(tmp_path):
    database = Database.open(tmp_path / "shop.db")
    yield database
    database.close()


@pytest.fixture
def shared(database_url):
    """Return two connections to one database, of each kind in turn."""
    pair = Database.open(database_url), Database.open(database_url)
    yield pair
    for database in pair:
        database.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(delivery, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(delivery, "LONGEST_WAIT_S", 0.1)
    monkeypatch.setattr(delivery, "POLL_S", 0.02)


@pytest.fixture
def started():
    senders: list[Sender] = []

    def start(outbox: Outbox, url: str) -> Sender:
        senders.append(Sender(outbox, url, SECRET))
        senders[-1].start()
        return senders[-1]

    yield start
    for sender in senders:
        sender.close()
        assert not sender._thread.is_alive()


def posts(database):
    with database.reading() as db:
        return db.scalars(select(Post).order_by(Post.ticket, Post.revision)).all()


def delivered(database):
    until = time.monotonic() + 20
    while any(post.delivered is None for post in posts(database)):
        assert time.monotonic() < until, [(p.key, p.attempts, p.problem) for p in posts(database)]
        time.sleep(0.01)
    return posts(database)


def test_a_hand_off_is_posted_at_once_signed_and_its_body_is_let_go(database, started):
    with receiving() as receiver:
        outbox = Outbox(database)
        started(outbox, receiver.url)
        ticket = outbox.request(talk("a person, please"), "asked").handoff.ticket
        receiver.wait(lambda: receiver.taken)
        (post,) = delivered(database)
    assert receiver.requests == [(ticket, 204)]
    assert receiver.taken[ticket]["summary"] == "a person, please"
    assert (post.body, post.problem, post.attempts) == ("", "", 1)


@pytest.mark.parametrize("status", [500, 503, 429, 404, 301, 401, 0])
def test_what_was_not_taken_comes_again_under_the_same_key(database, started, status, caplog):
    with receiving(lambda n: status if n <= 3 else 200) as receiver:
        outbox = Outbox(database)
        started(outbox, receiver.url)
        ticket = outbox.request(talk("my secret worry"), "complaint").handoff.ticket
        receiver.wait(lambda: len(receiver.requests) == 4)
        (post,) = delivered(database)
    assert [key for key, _ in receiver.requests] == [ticket] * 4  # a redirect is not followed
    assert list(receiver.taken) == [ticket]
    assert post.attempts == 4
    assert "secret worry" not in caplog.text


def test_what_waits_is_posted_after_a_restart_and_a_webhook_that_was_down(database, started):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outbox = Outbox(database)
    first = started(outbox, f"http://127.0.0.1:{port}/")
    tickets = {outbox.request(talk("help", session=str(n)), "asked").handoff.ticket for n in range(5)}
    until = time.monotonic() + 10
    while first.waiting != 5 and time.monotonic() < until:
        time.sleep(0.02)
    first.close()
    assert first.waiting == 5
    assert all(post.delivered is None and post.problem in ("ConnectError", "") for post in posts(database))
    with receiving() as receiver:
        started(Outbox(database), receiver.url)
        delivered(database)
    assert set(receiver.taken) == tickets


def test_the_posts_of_a_ticket_come_in_their_order(shared, started):
    database, _ = shared
    with receiving(lambda n: 500 if n % 3 else 200) as receiver:
        outbox = Outbox(database)
        started(outbox, receiver.url)
        state = talk("a person, please")
        for text in ("still here", "hello?", "anybody?"):
            outbox.request(state, "asked")
            state.say("user", text)
        delivered(database)
    taken = [key for key, status in receiver.requests if status == 200]
    assert taken == [post.key for post in posts(database)]
    assert len(taken) == 3


def test_two_senders_share_the_work_and_post_nothing_twice(shared, started):
    with receiving(lambda n: 500 if n % 4 == 0 else 200) as receiver:
        outboxes = [Outbox(database) for database in shared]
        for outbox in outboxes:
            started(outbox, receiver.url)
        for n, outbox in zip(range(20), itertools.cycle(outboxes), strict=False):
            outbox.request(talk("help", session=str(n)), "asked")
        delivered(shared[0])
    taken = [key for key, status in receiver.requests if status == 200]
    assert len(taken) == len(set(taken)) == 20


def test_a_post_that_another_process_holds_is_left_until_its_lease_ends(database, started):
    with receiving() as receiver:
        outbox = Outbox(database, posting=True)
        ticket = outbox.request(talk("help"), "asked").handoff.ticket
        with database.session() as db:
            db.execute(update(Post).values(leased=time.time() + 0.4))
        begun = time.monotonic()
        started(outbox, receiver.url)
        delivered(database)
    assert time.monotonic() - begun > 0.3
    assert receiver.requests == [(ticket, 204)]


def test_a_database_that_is_away_does_not_end_the_sender(database, started, monkeypatch, caplog):
    with receiving() as receiver:
        outbox = Outbox(database)
        sender = started(outbox, receiver.url)
        claim, failures = sender._claim, iter([OSError("gone"), OSError("gone")])

        def fail_twice():
            for failure in failures:
                raise failure
            return claim()

        monkeypatch.setattr(sender, "_claim", fail_twice)
        outbox.request(talk("help"), "asked")
        delivered(database)
    assert len(receiver.taken) == 1
    assert caplog.text.count("cannot be posted at the moment") == 2


def test_a_forgotten_conversation_is_not_posted(database, started):
    outbox = Outbox(database, posting=True)
    outbox.request(talk("help"), "asked")
    with database.session() as db:
        db.query(Post).filter_by(session="s").delete()
    with receiving() as receiver:
        started(outbox, receiver.url)
        time.sleep(0.1)
    assert receiver.requests == []


WRITER = """
import itertools, sys
from chat.database import Database
from chat.delivery import Sender
from chat.handoff import Outbox
from chat.state import DialogueState

outbox = Outbox(Database.open(sys.argv[1]))
Sender(outbox, sys.argv[2], sys.argv[3]).start()
for number in itertools.count():
    mark = f"{sys.argv[4]}-{number}"
    state = DialogueState(session=mark)
    state.say("user", mark)
    outbox.request(state, "asked")
    print(mark, flush=True)  # acknowledged
"""


def test_kill_9_loses_nothing_that_was_acknowledged_and_doubles_nothing(database, tmp_path, started):
    acknowledged: list[str] = []
    file = tmp_path / "shop.db"
    with receiving(lambda n: {0: 500, 1: 0}.get(n % 6, 204)) as receiver:  # a sixth refused, of a sixth no answer
        for life in range(2):
            command = [sys.executable, "-c", WRITER, str(file), receiver.url, SECRET, f"life{life}"]
            writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
            acknowledged += [writer.stdout.readline().strip() for _ in range(8 + 5 * life)]
            writer.kill()
            acknowledged += writer.communicate()[0].split()
            with closing(sqlite3.connect(file)) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        with database.session() as db:  # nobody waits here for the leases of the dead
            db.execute(update(Post).where(Post.delivered.is_(None)).values(leased=0.0, due=0.0))
        started(Outbox(database), receiver.url)
        delivered(database)
    arrived = Counter(body["transcript"][-1]["text"] for body in receiver.taken.values())
    assert len(acknowledged) >= 8 + 13
    assert {arrived[mark] for mark in acknowledged} == set(arrived.values()) == {1}


def test_signatures():
    now = 1_795_632_305
    header = sign(SECRET, BODY, now)
    assert header.startswith(f"t={now},v1=")
    assert verify(SECRET, header, BODY, now=now)
    assert verify(SECRET, header, BODY, now=now + 299)
    for wrong in (header[:-1], header.replace(f"t={now}", f"t={now + 1}"), "", "t=,v1=", "v1=abc", "t=x,v1=é"):
        assert not verify(SECRET, wrong, BODY, now=now)
    for wrong in (f"t={now},v1=é", f"t={now},v1=\udc80", f"t={'9' * 5000},v1=a", "t=１,v1=a", "t=²,v1=a"):
        assert not verify(SECRET, wrong, BODY, now=now)
    assert not verify(SECRET, header, BODY + b" ", now=now)
    assert not verify(SECRET + "!", header, BODY, now=now)
    assert not verify(SECRET, header, BODY, now=now + 301)
    assert not verify(SECRET, header, BODY, now=now - 301)


def test_waits_double_up_to_a_limit_and_differ(monkeypatch):
    monkeypatch.setattr(delivery, "FIRST_WAIT_S", 1.0)
    monkeypatch.setattr(delivery, "LONGEST_WAIT_S", LONGEST_WAIT_S)
    for attempts, longest in [(1, 1), (2, 2), (5, 16), (11, LONGEST_WAIT_S), (10_000, LONGEST_WAIT_S)]:
        waits = [wait_after(attempts) for _ in range(50)]
        assert all(longest / 2 <= wait <= longest for wait in waits)
        assert len(set(waits)) > 40


@pytest.mark.parametrize("url", ["", "shop.example/hook", "ftp://shop.example", "http://", "javascript:alert(1)"])
def test_a_webhook_must_be_one(database, url):
    with pytest.raises(HandoffError, match="--webhook https"):
        Sender(Outbox(database), url, SECRET)


def test_a_short_secret_is_refused(database):
    with pytest.raises(IdentityError, match="at least 32"):
        Sender(Outbox(database), "https://shop.example/hook", "short")


def test_an_unencrypted_way_is_warned_of_without_the_urls_secrets(database, caplog):
    with caplog.at_level(logging.WARNING):
        Sender(Outbox(database), "http://user:password@helpdesk.example/hook?key=1", SECRET).close()
    assert "helpdesk.example unencrypted" in caplog.text
    assert "password" not in caplog.text
    assert "key=1" not in caplog.text
