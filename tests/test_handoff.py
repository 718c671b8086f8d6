"""Hand-offs: tickets that are on disk before they are told of, and what the shop's staff sees of them."""

from __future__ import annotations

import json
import threading
import time

import pytest
from sqlalchemy import select

from chat.database import Database
from chat.handoff import Outbox, Post, Ticket, gives_contact, main, nobody, summarise
from chat.identity import Customer
from chat.messages import StoredMessage
from chat.sql_store import SqlStore
from chat.state import DialogueState

ANN = Customer(id="C-1001", name="Ann", expires=2_000_000_000)


@pytest.fixture
def url(database_url):
    return database_url


@pytest.fixture
def database(url):
    database = Database.open(url)
    yield database
    database.close()


def talk(*texts: str, session: str = "s", language: str = "en") -> DialogueState:
    state = DialogueState(session=session, language=language)
    for text in texts:
        state.say("user", text)
        state.say("assistant", "I see.", ["film-stalker-1979"])
    state.messages.pop()  # the latest is not answered yet
    return state


def rows(database, table):
    with database.reading() as db:
        return db.scalars(select(table)).all()


def test_a_hand_off_is_on_disk_when_it_is_told_of(database, url):
    requested = Outbox(database, posting=True).request(talk("hi", "a person, please"), "asked")
    other = Database.open(url)
    (ticket,), (post,) = rows(other, Ticket), rows(other, Post)
    other.close()
    assert requested.handoff.ticket == ticket.ticket == post.key
    assert requested.handoff.reason == "asked"
    body = json.loads(post.body)
    assert body["event"] == "handoff.opened"
    assert [m["text"] for m in body["transcript"]] == ["hi", "I see.", "a person, please"]
    assert body["transcript"][1]["items"] == ["film-stalker-1979"]
    assert body["summary"] == "hi\na person, please"
    assert body["customer"] is None


def test_several_hand_offs_of_a_conversation_join_its_open_ticket(database):
    outbox, state = Outbox(database, posting=True), talk("a person, please")
    first = outbox.request(state, "asked")
    state.say("assistant", first.said("en"))
    state.say("user", "this is a disgrace!")
    second = outbox.request(state, "complaint", ANN)
    assert second.handoff == first.handoff
    assert (first.joined, second.joined) == (False, True)
    opened, updated = sorted(rows(database, Post), key=lambda post: post.revision)
    assert (opened.key, updated.key) == (first.handoff.ticket, f"{first.handoff.ticket}.2")
    body = json.loads(updated.body)
    assert body["event"] == "handoff.updated"
    assert body["customer"] == {"id": "C-1001", "name": "Ann"}
    assert body["transcript"][-1]["text"] == "this is a disgrace!"
    assert "disgrace" not in opened.body
    other = outbox.request(talk("me too", session="another"), "asked")
    assert other.handoff.ticket != first.handoff.ticket


def test_who_wants_nobody_any_more_closes_the_ticket_and_the_shop_hears_of_it(database):
    outbox, state = Outbox(database, posting=True), talk("a person, please")
    ticket = outbox.request(state, "asked").handoff.ticket
    state.say("user", "I don't need a person any more")
    assert ticket in outbox.withdraw(state)
    assert outbox.open_ticket("s") is None
    _, closed = sorted(rows(database, Post), key=lambda post: post.revision)
    body = json.loads(closed.body)
    assert (body["event"], body["key"]) == ("handoff.closed", f"{ticket}.2")
    assert body["transcript"][-1]["text"] == "I don't need a person any more"
    assert outbox.withdraw(state) == ""
    assert outbox.request(state, "asked").handoff.ticket != ticket


def test_the_same_request_made_twice_is_one(database):
    outbox, state = Outbox(database, posting=True), talk("a person, please")
    assert outbox.request(state, "asked") == outbox.request(state, "asked")
    assert len(rows(database, Post)) == len(rows(database, Ticket)) == 1


def test_requests_at_once_open_one_ticket(database):
    outbox, made = Outbox(database, posting=True), []
    start = threading.Barrier(6)

    def ask(number):
        start.wait()
        made.append(outbox.request(talk("a person", f"number {number}"), "asked").handoff)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert sorted(post.revision for post in rows(database, Post)) == [1, 2, 3, 4, 5, 6]


def test_a_conversation_whose_ticket_is_done_gets_a_new_one(database, url, capsys):
    outbox, state = Outbox(database), talk("a person, please")
    first = outbox.request(state, "asked").handoff
    assert outbox.open_ticket("s") == first
    assert main(["done", first.ticket.lower(), "--database", url]) == 0
    assert outbox.open_ticket("s") is None
    assert outbox.request(state, "asked").handoff.ticket != first.ticket


def test_without_a_webhook_nothing_waits_to_be_posted(database):
    requested = Outbox(database).request(talk("a person, please"), "asked")
    assert not requested.posted
    assert rows(database, Post) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_said_is_true_and_names_the_ticket(database, language):
    for posting, word in ((True, {"en": "sending", "zh": "发送"}), (False, {"en": "staff to read", "zh": "留给店家"})):
        outbox = Outbox(database, posting=posting)
        state = talk("a person, please", session=f"{posting}", language=language)
        requested = outbox.request(state, "complaint")
        said = requested.said(language)
        assert requested.handoff.ticket in said
        assert word[language] in said
        assert ("sorry" in said) == (language == "en")
        assert ("e-mail" in said or "邮箱" in said) is True
        state.say("user", "ann@example.org")
        joined = outbox.request(state, "complaint").said(language)
        assert requested.handoff.ticket in joined
        assert joined != said
        assert "{" not in said + joined
    known = Outbox(database).request(talk("a person", session="known"), "asked", ANN)
    reachable = Outbox(database).request(talk("a person; I'm at 030 1234567", session="reachable"), "asked")
    assert "e-mail" not in known.said("en") + reachable.said("en")
    assert "contact the shop" in nobody("en")


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("ann@example.org", True),
        ("call me: +49 30 123456", True),
        ("我的电话是13812345678", True),
        ("(030) 123-4567 after six", True),
        ("where is M-1042", False),
        ("films from 1984 to 1999", False),
        ("order HP224971852", False),
        ("2001: A Space Odyssey", False),
        ("ordered on 2026-11-20, due 28.11.2026", False),
        ("films of 1968-1979", False),
    ],
)
def test_contact_details_are_noticed(text, given):
    assert gives_contact(text) == given


def test_a_summary_is_in_the_customers_own_words():
    texts = [
        "hi",
        "My parcel M-1042 came broken " + "and wet " * 60,
        "ok",
        "the lid of the box was torn off",
        "a person!",
    ]
    summary = summarise([StoredMessage(role="user", text=t) for t in texts])
    first, second, last = summary.splitlines()
    assert first.startswith("My parcel M-1042 came broken and wet")
    assert len(first) == 200
    assert (second, last) == ("the lid of the box was torn off", "a person!")
    assert summarise([]) == ""


def test_a_ticket_whose_conversation_is_not_kept_goes_when_its_time_has_come(database):
    Outbox(database, posting=True).request(talk("a person, please"), "asked")
    store = SqlStore(database)
    with store.use("kept") as state:
        state.say("user", "a person, please")
        Outbox(database, posting=True).request(state, "asked")
    assert store.sweep(time.time() - 60) == 0
    assert len(rows(database, Ticket)) == 2
    assert store.sweep(time.time() + 60) == 2
    assert rows(database, Ticket) == rows(database, Post) == []


def test_a_long_conversation_is_cut_at_its_beginning(database):
    state = talk(*(f"{number} " + "x" * 1_990 for number in range(60)), "a person, please")
    Outbox(database).request(state, "asked")
    (ticket,) = rows(database, Ticket)
    said = json.loads(ticket.transcript)
    assert said[-1]["text"] == "a person, please"
    assert 40_000 < sum(len(message["text"]) for message in said) <= 60_000


def test_odd_characters_reach_neither_the_database_nor_a_terminal(database, url, capsys):
    state = talk("\x1b[31mred\x00 \ud800 <script>alert(1)</script>\u202e a person")
    ticket = Outbox(database, posting=True).request(state, "asked").handoff.ticket
    assert main(["show", ticket, "--database", url]) == 0
    out = capsys.readouterr().out
    assert "<script>" in out
    assert not set("\x1b\x00\u202e") & set(out)


def test_the_inbox(database, url, capsys):
    outbox = Outbox(database, posting=True)
    assert main(["list", "--database", url]) == 0
    assert capsys.readouterr().out == "No ticket is open.\n"
    first = outbox.request(talk("where is it?", "a person, please"), "asked", ANN).handoff.ticket
    second = outbox.request(talk("我要投诉", session="b", language="zh"), "complaint").handoff.ticket
    main(["list", "--database", url])
    out = capsys.readouterr().out
    assert out.index(first) < out.index(second)
    assert "customer: C-1001 Ann  not delivered after 0 attempts" in out
    assert "    a person, please\n" in out
    assert main(["done", second, "--database", url]) == 0
    main(["list", "--database", url])
    assert second not in capsys.readouterr().out.removeprefix(f"{second} is done.\n")
    main(["list", "--all", "--database", url])
    assert f"{second}  done" in capsys.readouterr().out
    main(["show", first, "--database", url])
    assert "user: where is it?\nassistant: I see.\nuser: a person, please\n" in capsys.readouterr().out


def test_a_mistyped_database_is_not_made(tmp_path, capsys):
    assert main(["list", "--database", f"sqlite:///{tmp_path}/shpo.db"]) == 2
    assert "there is no file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_inbox_says_what_is_wrong(database, url, capsys):
    assert main(["show", "H-NONE", "--database", url]) == 2
    assert "no ticket 'H-NONE'" in capsys.readouterr().err
    assert main(["list", "--database", "mysql://x"]) == 2
