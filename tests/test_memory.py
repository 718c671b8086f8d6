"""Memory across conversations: consent in words, what is learnt and unlearnt, what is told, and the routes over it."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing

import pytest
from fastapi.testclient import TestClient

from chat import memory
from chat.assistant import Assistant
from chat.identity import Customer, Tokens
from chat.limits import Limits
from chat.server import create_app
from chat.state import DialogueState, Taste
from chat.understanding import understand
from retrieval.types import Constraint
from tests.edits import save_rows
from tests.fakes import BagEncoder
from tests.shops import marquee
from tests.test_assistant import rows

SECRET = "a secret of the shop's, long enough for HMAC"
NO_HORROR = Constraint("genres", "is_not", "horror", "no horror")


def act(text):
    shop = marquee()
    return understand(text, shop.linker, shop.parser).act


class TestWords:
    @pytest.mark.parametrize(
        "text",
        ["Remember me", "please remember my taste", "Can you remember this?", "记住我",
         "I loved Alien, remember that for next time", "remember that I never watch horror"],
    )  # fmt: skip
    def test_consent(self, text):
        assert act(text) == "remember"

    @pytest.mark.parametrize(
        "text", ["forget me", "Please delete everything you know about me", "stop remembering me", "忘记我",
                 "don't remember my taste", "delete my data"],
    )  # fmt: skip
    def test_withdrawal(self, text):
        assert act(text) == "forget_me"

    @pytest.mark.parametrize(
        "text", ["what do you know about me?", "Do you remember me?", "what have you saved about me", "你知道我什么"]
    )
    def test_questions(self, text):
        assert act(text) == "about_me"

    @pytest.mark.parametrize(
        "text",
        ["I remember Alien was good", "I don't remember the title, something with robots", "Remember the Titans",
         "forget the year", "do you have Forget Me Not?", "what do you know about Stalker?", "forget horror"],
    )  # fmt: skip
    def test_what_is_none_of_these(self, text):
        assert act(text) not in ("remember", "forget_me", "about_me")

    @pytest.mark.parametrize(
        ("text", "lasting"),
        [("I never watch horror", True), ("nothing scary, ever", True), ("I hate westerns", True),
         ("我从来不看恐怖片", True), ("I only watch films in English", True),
         ("never mind the price, something new", False),
         ("no horror tonight", False), ("under 10 dollars", False)],
    )  # fmt: skip
    def test_what_lasts(self, text, lasting):
        assert memory.lasts(text) is lasting


def consented():
    state = DialogueState(session="one")
    memory.consent(state)
    return state


def changed(state, act):
    before = state.taste.model_copy(deep=True)
    act(state)
    memory.learn(state, before)
    return [(j.item, j.signal) for j in state.memory.judged]


class TestLearning:
    def test_consent_takes_in_what_the_conversation_holds(self):
        state = DialogueState(session="one")
        state.signal("a", "like")
        state.limit([NO_HORROR], lasting=True)
        state.limit([Constraint("price", "<", 10.0)])
        memory.consent(state, training=False)
        assert [(j.item, j.signal) for j in state.memory.judged] == [("a", "like")]
        assert [x.limit.constraint for x in state.memory.limits] == [NO_HORROR]
        assert not state.memory.training
        assert state.visitor == memory.visitor_hash(state.new_visitor)
        assert state.new_visitor not in state.model_dump_json()

    def test_a_customer_needs_no_other_id(self):
        state = DialogueState(session="one", customer="C-1")
        memory.consent(state)
        assert (state.person, state.visitor, state.new_visitor) == ("customer:C-1", "", "")

    def test_judgements_are_learnt_changed_and_unlearnt(self):
        state = consented()
        assert changed(state, lambda s: s.signal("a", "like")) == [("a", "like")]
        assert changed(state, lambda s: s.signal("b", "seen")) == [("a", "like"), ("b", "seen")]
        assert changed(state, lambda s: s.signal("a", "dislike")) == [("b", "seen"), ("a", "dislike")]
        assert changed(state, lambda s: s.signal("b", "undo")) == [("a", "dislike")]

    def test_undo_unlearns_and_a_fresh_start_does_not(self):
        state = consented()
        state.snapshot()
        changed(state, lambda s: s.signal("a", "like"))
        assert changed(state, lambda s: s.undo()) == []
        changed(state, lambda s: s.signal("b", "like"))
        assert changed(state, lambda s: setattr(s, "taste", memory.started(s))) == [("b", "like")]
        assert state.taste.liked == ["b"]

    def test_a_lasting_limit_goes_when_it_is_taken_back(self):
        state = consented()
        changed(state, lambda s: s.limit([NO_HORROR], lasting=True))
        assert len(state.memory.limits) == 1
        changed(state, lambda s: s.unlimit("genres", "is_not", "horror"))
        assert state.memory.limits == []

    def test_memory_stays_bounded(self):
        state = consented()
        state.taste.liked = [str(n) for n in range(800)]
        memory.learn(state, Taste())
        assert [state.memory.judged[at].item for at in (0, -1)] == ["300", "799"]

    def test_a_conversation_takes_the_memory_in_once_and_wins(self):
        old = consented()
        changed(old, lambda s: [s.signal("a", "like"), s.signal("b", "like"), s.limit([NO_HORROR], lasting=True)])
        new = DialogueState(session="two", memory=old.memory.model_copy(deep=True))
        new.signal("b", "dislike")
        new.limit([Constraint("genres", "is", "horror", "horror")])
        new.snapshot()
        memory.join(new, old.person)
        assert (new.person, new.taste.liked, new.taste.disliked) == (old.person, ["a"], ["b"])
        assert [x.label for x in new.taste.limits] == ["horror"]
        assert ("b", "dislike") in [(j.item, j.signal) for j in new.memory.judged]
        assert not new.undo()  # nothing before it can be gone back to
        new.signal("a", "undo")
        memory.join(new, old.person)
        assert new.taste.liked == []

    def test_without_a_memory_nobody_is_joined(self):
        state = DialogueState(session="one", visitor="someone", joined="visitor:someone")
        memory.join(state, "visitor:someone")
        assert (state.visitor, state.joined, state.taste) == ("", "", Taste())


@pytest.fixture
def assistant(monkeypatch, tmp_path):
    monkeypatch.setattr("chat.assistant.SentenceEncoder", lambda model: BagEncoder())
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    save_rows(tmp_path / "catalog.jsonl", rows())
    assistant = Assistant.open(
        tmp_path / "catalog.jsonl", model="none", database=f"sqlite:///{tmp_path / 'kept.db'}", secret=SECRET
    )
    yield assistant
    assistant.close()


class TestConversations:
    def test_a_visitor_comes_back(self, assistant):
        assistant.reply("I loved Zorgon aaa, and I never watch horror", session="one")
        assert "“remember me”" in assistant.reply("what do you know about me?", session="one").text
        visitor = assistant.reply("remember me", session="one").visitor
        told = assistant.reply("what do you know about me?", session="two", visitor=visitor)
        assert "Zorgon aaa" in told.text
        assert "no horror" in told.text
        assert "“forget me”" in told.text
        assert told.visitor is None
        cards = assistant.reply("a film", session="two", visitor=visitor).items
        assert cards
        assert not [card for card in cards if "horror" in card.genres or card.id == "film-0"]
        assert "Zorgon aaa" not in assistant.reply("what do you know about me?", session="three").text
        assistant.reply("forget me", session="two")
        assert "nothing" in assistant.reply("forget me", session="two").text
        assert "Zorgon aaa" not in assistant.reply("what do you know about me?", session="four", visitor=visitor).text

    def test_a_conversation_that_is_forgotten_meanwhile_is_no_error(self, assistant, monkeypatch):
        customer = Customer(id="C-1", expires=2**40)
        assistant.reply("I loved Zorgon aaa", session="one", customer=customer)
        of_person = assistant._store.of_person
        monkeypatch.setattr(assistant._store, "of_person", lambda who: (["gone", *of_person(who)[0]], None))
        assert [view.session for view in assistant.person(customer=customer).sessions] == ["one"]

    def test_a_customer_is_remembered_only_with_consent(self, assistant):
        ann = Customer(id="C-1", expires=2**40)
        assistant.reply("I loved Zorgon aaa", session="one", customer=ann)
        assert assistant.reply("a film", session="two", customer=ann)
        assert assistant.export("two", customer=ann).liked == ()
        assert assistant.remember("one", True, customer=ann).visitor is None
        assistant.reply("a film", session="three", customer=ann)
        assert [card.id for card in assistant.export("three", customer=ann).liked] == ["film-0"]
        bob = Customer(id="C-2", expires=2**40)
        assistant.reply("a film", session="four", customer=bob)
        assert assistant.export("four", customer=bob).liked == ()

    def test_two_servers_may_answer_one_conversation(self, assistant, tmp_path):
        other = Assistant.open(tmp_path / "catalog.jsonl", model="none", database=f"sqlite:///{tmp_path / 'kept.db'}")
        said = {name: [f"a film, {name}{n}" for n in range(6)] for name in "xy"}

        def talk(server, name):
            for text in said[name]:
                server.reply(text, session="one")

        threads = [threading.Thread(target=talk, args=each) for each in ((assistant, "x"), (other, "y"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        other.close()
        kept = [message.text for message in assistant.export("one").messages if message.role == "user"]
        assert {name: [text for text in kept if name in text[-2:]] for name in "xy"} == said
        assert len(kept) == 12

    def test_what_only_the_process_remembers_is_said_to_end_with_it(self, assistant, tmp_path):
        assert "for your next visits" in assistant.reply("remember me").text
        fleeting = Assistant.open(tmp_path / "catalog.jsonl", model="none")
        assert "until this program ends" in fleeting.reply("remember me").text
        fleeting.close()

    def test_a_conversation_that_the_caller_keeps_is_not_remembered(self, assistant):
        reply = assistant.reply("remember me", history=[])
        assert "can't keep" in reply.text
        assert reply.visitor is None


@pytest.fixture
def client(assistant):
    limits = Limits(rate="off", session_rate="off")
    with TestClient(create_app(assistant, limits=limits), raise_server_exceptions=False) as client:
        yield client


def chat(client, message, session, **more):
    answer = client.post("/api/chat", json={"message": message, "session": session} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(customer):
    token = Tokens(SECRET).sign(Customer(id=customer, expires=int(time.time()) + 600))
    return {"Authorization": f"Bearer {token}"}


class TestRoutes:
    def test_consent_and_what_it_brings(self, client):
        first = chat(client, "I loved Zorgon aaa, and I never watch horror", "one")
        assert "visitor" not in first
        judged = {"session": "one", "item_id": first["items"][0]["id"], "signal": "dislike"}
        client.post("/api/feedback", json=judged)
        answer = client.put("/api/sessions/one/memory", json={"consent": True}).json()
        assert (answer["consent"], answer["training"]) == (True, True)
        assert [card["id"] for card in answer["liked"]] == ["film-0"]
        assert [card["id"] for card in answer["disliked"]] == [judged["item_id"]]
        assert [chip["label"] for chip in answer["constraints"]] == ["no horror"]
        visitor = answer["visitor"]
        assert client.put("/api/sessions/one/memory", json={"consent": True}).json()["visitor"] is None
        second = chat(client, "a film", "two", visitor=visitor)
        assert second["constraints"][0]["label"] == "no horror"
        assert judged["item_id"] not in [card["id"] for card in second["items"]]
        view = client.get("/api/sessions/two").json()
        assert view["remembered"]["consent"] is True
        assert client.put("/api/sessions/two/memory", json={"consent": False}).json()["consent"] is False
        assert client.get("/api/sessions/one").json()["remembered"]["consent"] is False

    def test_the_export_has_everything(self, client):
        item = chat(client, "a drama film", "one")["items"][1]["id"]
        for signal in ("like", "undo"):
            client.post("/api/feedback", json={"session": "one", "item_id": item, "signal": signal})
        view = client.get("/api/sessions/one").json()
        assert [message["role"] for message in view["messages"]] == ["user", "assistant"]
        assert view["messages"][0]["at"] > 1.7e9
        assert item in view["shown"]
        given = view["feedback"]
        assert [(g["item_id"], g["signal"], g["place"]) for g in given] == [(item, "like", 1), (item, "undo", 1)]
        assert given[0]["limits"] == ["drama", "film"]

    def test_everything_about_a_person(self, client):
        chat(client, "I loved Zorgon aaa", "one")
        visitor = client.put("/api/sessions/one/memory", json={"consent": True}).json()["visitor"]
        chat(client, "a film", "two", visitor=visitor)
        mine = {"Namedrop-Visitor": visitor}
        person = client.get("/api/memory", headers=mine).json()
        assert [session["session"] for session in person["sessions"]] == ["one", "two"]
        assert [card["id"] for card in person["remembered"]["liked"]] == ["film-0"]
        assert client.get("/api/memory", headers={"Namedrop-Visitor": "x" * 32}).json()["sessions"] == []
        for forgetful in (client.get("/api/memory"), client.delete("/api/memory")):  # "nothing" would be untrue
            assert forgetful.status_code == 401
            assert "Namedrop-Visitor" in forgetful.json()["error"]["message"]
        assert client.delete("/api/memory", headers=mine).json() == {"forgotten": True}
        assert client.delete("/api/memory", headers=mine).json() == {"forgotten": False}
        assert client.get("/api/sessions/one").status_code == 404

    def test_a_customers_memory_is_theirs_alone(self, client):
        ann, bob = bearer("C-1"), bearer("C-2")
        client.post("/api/chat", json={"message": "I loved Zorgon aaa", "session": "one"}, headers=ann)
        for other in (bob, {}):
            assert client.put("/api/sessions/one/memory", json={"consent": True}, headers=other).status_code == 403
        assert client.put("/api/sessions/one/memory", json={"consent": True}, headers=ann).json()["visitor"] is None
        assert len(client.get("/api/memory", headers=ann).json()["sessions"]) == 1
        assert client.get("/api/memory", headers=bob).json()["sessions"] == []
        assert client.delete("/api/memory", headers=bob).json() == {"forgotten": False}
        assert client.delete("/api/memory", headers=ann).json() == {"forgotten": True}

    @pytest.mark.parametrize(
        "body", [{}, {"consent": "perhaps"}, {"consent": "yes"}, {"consent": 1}, {"consent": True, "colour": "red"}]
    )
    def test_consent_is_not_guessed(self, client, body):
        chat(client, "a film", "one")
        assert client.put("/api/sessions/one/memory", json=body).status_code == 422
        assert client.put("/api/sessions/nobody/memory", json={"consent": True}).status_code == 404
        assert client.get("/api/memory", headers={"Namedrop-Visitor": "short"}).status_code == 422

    def test_feedback_is_on_disk_before_it_is_acknowledged(self, client, tmp_path):
        item = chat(client, "a film", "one")["items"][0]["id"]
        answer = client.post("/api/feedback", json={"session": "one", "item_id": item, "signal": "like"})
        assert answer.status_code == 200
        with closing(sqlite3.connect(tmp_path / "kept.db")) as file:
            (body,) = file.execute("SELECT body FROM feedback").fetchone()
        assert json.loads(body)["item_id"] == item

    def test_forgetting_leaves_no_byte(self, client, tmp_path):
        first = chat(client, "My neighbour Zebulon Quark loved Zorgon aaa", "session-unmistakable")
        item = first["items"][0]["id"]
        client.post("/api/feedback", json={"session": "session-unmistakable", "item_id": item, "signal": "like"})
        client.put("/api/sessions/session-unmistakable/memory", json={"consent": True})
        needles = [b"Zebulon", b"session-unmistakable", b"film-0", item.encode()]
        assert all(needle in content(tmp_path) for needle in needles)
        assert client.delete("/api/sessions/session-unmistakable").json() == {"forgotten": True}
        left = content(tmp_path)
        assert [needle for needle in needles if needle in left] == []


def content(folder):
    return b"".join(path.read_bytes() for path in folder.glob("kept.db*"))
