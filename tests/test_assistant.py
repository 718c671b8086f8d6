"""The Python interface, without models: sessions, events, feedback, live edits and errors."""

from __future__ import annotations

import threading

import pytest

from chat import assistant as assistant_module
from chat.assistant import Assistant
from chat.database import Database
from chat.given import BadLimit, NoSuchLimit
from chat.sql_store import SqlStore
from retrieval.errors import NamedropError, NotReady, UnknownItem, UnknownSession
from retrieval.types import Constraint
from tests.edits import save_rows, wait_for
from tests.fakes import BagEncoder

GENRES = ("drama", "comedy", "horror")


def rows(n=18):
    return [
        {
            "id": f"film-{at}", "kind": "film", "title": f"Zorgon {'abcdefghijklmnopqrstuvwxyz'[at] * 3}",
            "year": 1980 + at, "creators": [f"Maker {at % 4}"], "genres": [GENRES[at % 3]], "moods": ["slow"],
            "price": 5.0 + at, "currency": "EUR", "in_stock": at != 5, "description": f"Number {at} of them.",
        }
        for at in range(n)
    ]  # fmt: skip


@pytest.fixture
def without_models(monkeypatch, tmp_path):
    """Let the assistant use the bag of words for the sentence encoder, and a cache of its own."""
    monkeypatch.setattr("chat.assistant.SentenceEncoder", lambda model: BagEncoder())
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "catalog.jsonl"
    save_rows(path, rows())
    return path


@pytest.fixture
def assistant(without_models, path):
    assistant = Assistant.open(path, model="none")
    yield assistant
    assistant.close()


def ids(cards):
    return [card.id for card in cards]


class TestConversation:
    def test_a_reply_has_all_its_parts(self, assistant):
        reply = assistant.reply("a drama film under 12 euros", session="ann")
        assert reply.session == "ann"
        assert reply.message_id
        assert reply.items[0].title in reply.text
        assert all(card.why for card in reply.items)
        assert {(c.field, c.op, c.value) for c in reply.constraints} == {
            ("genres", "is", "drama"), ("kind", "is", "film"), ("price", "<", 12.0),
        }  # fmt: skip
        assert (reply.citations, reply.handoff) == ((), None)

    def test_without_a_session_one_is_made(self, assistant):
        first, second = assistant.reply("hello"), assistant.reply("hello")
        assert first.session != second.session
        assert assistant.export(first.session).messages[0].text == "hello"

    def test_sessions_do_not_mix(self, assistant):
        assistant.reply("a horror film", session="ann")
        assert assistant.reply("something", session="bob").constraints == ()

    def test_events_come_in_order_and_say_the_same(self, assistant):
        *events, done = assistant.stream("a drama film", session="ann")
        assert [e.type for e in events] == ["items", *["text"] * (len(events) - 1)]
        assert len(events) > 4
        assert done.type == "done"
        assert "".join(e.text for e in events) == done.reply.text
        assert (events[0].items, events[0].constraints) == (done.reply.items, done.reply.constraints)

    def test_a_removed_constraint(self, assistant):
        before = assistant.reply("a drama film before 1985", session="ann")
        chip = next(c for c in before.constraints if c.field == "year")
        after = assistant.remove_constraint("ann", chip.field, chip.op, chip.value)
        assert {c.field for c in after.constraints} == {"genres", "kind"}
        assert len(after.items) > len(before.items)
        for again in ((chip.field, chip.op, chip.value), ("nope", "<", 7.0)):
            with pytest.raises(NoSuchLimit, match="no limit"):
                assistant.remove_constraint("ann", *again)
        assert len(assistant.export("ann").messages) == 3  # nothing was said of it


class TestFeedback:
    @pytest.mark.parametrize(("signal", "kept"), [("dislike", "disliked"), ("seen", "seen"), ("like", "liked")])
    def test_it_changes_the_next_answer(self, assistant, signal, kept):
        first = assistant.reply("a drama film", session="ann").items[0].id
        view = assistant.feedback("ann", first, signal)
        assert ids(getattr(view, kept)) == [first]
        for message in ("drama films", "more", "hello"):
            assert first not in ids(assistant.reply(message, session="ann").items), message

    def test_undo_lets_it_come_back(self, assistant):
        assistant.reply("a drama film", session="ann")
        assistant.feedback("ann", "film-0", "dislike")
        view = assistant.feedback("ann", "film-0", "undo")
        assert view.disliked == ()
        assert "film-0" in ids(assistant.reply("drama films under 6 euros", session="ann").items)

    def test_errors_name_what_is_unknown(self, assistant):
        assistant.reply("hello", session="ann")
        with pytest.raises(UnknownItem, match="'nope'"):
            assistant.feedback("ann", "nope", "like")
        with pytest.raises(UnknownSession, match="'bob'"):
            assistant.feedback("bob", "film-0", "like")
        with pytest.raises(UnknownSession, match="'bob'"):
            assistant.remove_constraint("bob", "year", "<", 1990)
        with pytest.raises(UnknownSession, match="'bob'"):
            assistant.export("bob")
        with pytest.raises(UnknownItem, match="'nope'"):
            assistant.recommend(liked=["nope"])


class TestMemory:
    def test_export_holds_everything_and_forget_drops_it(self, assistant):
        reply = assistant.reply("a drama film before 1990", session="ann")
        assistant.feedback("ann", reply.items[0].id, "like")
        view = assistant.export("ann")
        assert [(m.role, m.items) for m in view.messages] == [("user", ()), ("assistant", tuple(ids(reply.items)))]
        assert ids(view.liked) == [reply.items[0].id]
        assert {c.field for c in view.constraints} == {"genres", "kind", "year"}
        assert assistant.forget("ann")
        assert not assistant.forget("ann")
        with pytest.raises(UnknownSession):
            assistant.export("ann")

    def test_two_people_at_once(self, assistant):
        failures = []

        def talk(name, genre):
            try:
                for _ in range(6):
                    items = assistant.reply(f"a {genre} film", session=name).items
                    assert items
                    assert all(card.genres == (genre,) for card in items)
                    assistant.feedback(name, items[0].id, "dislike")
                    assistant.feedback(name, items[0].id, "undo")
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=talk, args=pair) for pair in (("ann", "drama"), ("bob", "horror"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert failures == []
        assert len(assistant.export("ann").messages) == 12


class TestRecommend:
    def test_by_words_ids_and_constraints(self, assistant):
        cards = assistant.recommend(
            text="a drama", liked=["film-0"], disliked=["film-3"], constraints=[Constraint("price", "<", 15.0)], k=2
        )
        assert len(cards) == 2
        assert all(c.genres == ("drama",) and c.price < 15 for c in cards)
        assert not {"film-0", "film-3"} & set(ids(cards))

    @pytest.mark.parametrize(
        ("field", "op", "value", "said"),
        [
            ("pricee", "<", 8.0, "no item of the catalogue has such a column"),
            ("id", "is", "film-0", "no item of the catalogue has such a column"),
            ("price", "<", "8", "needs a number, written without quotes, not '8'"),
            ("price", "<", ("8",), "needs a number"),
            ("price", "<", True, "needs a number"),
            ("price", "<", float("nan"), "needs a number"),
            ("year", "is", "1979", "needs a number"),
            ("year", "is_not", "1979", "needs a number"),
            ("price", "fits", 9.99, "holds no ranges"),
            ("kind", "<", 5.0, "holds no numbers"),
            ("kind", "is", 5.0, "needs a text, not 5.0"),
            ("in_stock", "is", "yes", "true or false"),
        ],
    )
    def test_a_limit_that_cannot_be_kept_is_refused(self, assistant, field, op, value, said):
        with pytest.raises(BadLimit, match=rf"the limit on '{field}' .*{said}"):
            assistant.recommend(constraints=[Constraint(field, op, value)])

    def test_limits_that_can_be_kept(self, assistant):
        for field, op, value in (
            ("year", "is", 1990.0), ("kind", "is", "film"), ("kind", "is_not", ("book", "game")),
            ("in_stock", "is", True), ("topic", "is", "love"), ("title", "is_not", "Zorgon"), ("decade", ">=", 1990.0),
        ):  # fmt: skip
            assistant.recommend(constraints=[Constraint(field, op, value)])

    def test_a_card_by_id(self, assistant):
        card = assistant.card("film-5")
        assert (card.title, card.price, card.in_stock) == ("Zorgon fff", 10.0, False)
        assert assistant.card("nope") is None

    def test_what_is_sold_out_is_left_out(self, assistant):
        assert "film-5" not in ids(assistant.recommend(k=50))
        assert len(assistant.recommend(k=50)) == 17


class TestLiveCatalogue:
    def test_an_edit_is_live_within_five_seconds(self, assistant, path):
        assistant.reply("a drama film", session="ann")
        assistant.feedback("ann", "film-3", "like")
        changed = [{**row, "price": 99.0} for row in rows() if row["id"] != "film-3"]
        save_rows(path, [*changed, {"id": "new", "title": "Brandnewtitle", "kind": "film", "price": 1.0}])
        wait_for(lambda: assistant.card("new"))
        assert assistant.card("film-0").price == 99.0
        assert assistant.card("film-3") is None
        assert ids(assistant.reply("films under 5 euros", session="bob").items) == ["new"]
        for message in ("more", "a comedy", "not that one", "undo"):  # an item of the state is gone
            assert "film-3" not in ids(assistant.reply(message, session="ann").items)
        assert assistant.export("ann").liked == ()
        with pytest.raises(UnknownItem):
            assistant.feedback("ann", "film-3", "dislike")

    def test_a_broken_edit_keeps_the_last_good_version(self, assistant, path):
        path.write_text("not json\n", encoding="utf-8")
        wait_for(lambda: assistant.status.problem)
        assert assistant.reply("a drama film").items
        assert "one JSON object a line" in assistant.status.problem

    def test_an_edit_while_the_models_load_is_not_lost(self, without_models, path, monkeypatch):
        assistant = Assistant(path, model="none")
        warm = assistant_module._warm

        def slow(shop, desk):
            warm(shop, desk)
            save_rows(path, [*rows(), {"id": "new", "title": "Brandnewtitle", "kind": "film"}])
            wait_for(lambda: len(assistant._live.current) == 19)

        monkeypatch.setattr(assistant_module, "_warm", slow)
        try:
            assistant._load("bag", skip_bad=False)
            assert assistant.card("new") is not None
            assert assistant.status.items == 19
        finally:
            assistant.close()


def ours():
    return {thread for thread in threading.enumerate() if thread.name.startswith("namedrop-")}


class TestOpening:
    def test_what_fails_leaves_nothing_open(self, without_models, path, tmp_path, monkeypatch):
        before = ours()
        where = {
            "database": str(tmp_path / "kept.db"),
            "retention_days": 1,
            "webhook": "http://localhost:9/",
            "secret": "s" * 32,
        }
        bad = tmp_path / "bad.csv"
        bad.write_text("id,title,year\n1,T,soon\n", encoding="utf-8")
        closed = []
        monkeypatch.setattr(SqlStore, "close", lambda store: closed.append(store))
        with pytest.raises(NamedropError, match="year = 'soon'"):
            Assistant.open(bad, model="none", **where)
        assert len(closed) == 1
        rules = tmp_path / "rules.yaml"
        rules.write_text("rules: [nonsense]", encoding="utf-8")
        for wrong in (
            {"rules": rules},
            {"secret": "short", "webhook_secret": "s" * 32},
            {"knowledge": tmp_path / "no.md"},
        ):
            with pytest.raises(NamedropError):
                Assistant.open(path, model="none", **{**where, **wrong})
        assert ours() <= before
        disposed = []
        monkeypatch.setattr(Database, "close", lambda database: disposed.append(database))
        with pytest.raises(NamedropError, match="--webhook https"):
            Assistant.open(path, model="none", **{**where, "webhook": "nowhere"})
        assert len(disposed) == 1
        assert ours() <= before

    def test_status(self, assistant):
        status = assistant.wait(1)
        assert (status.state, status.items, status.model, status.problem) == ("ready", 18, "none", None)

    def test_in_the_background(self, without_models, path):
        assistant = Assistant.open(path, model="none", background=True)
        try:
            assert assistant.wait(20).state == "ready"
            assert assistant.reply("a drama film").items
        finally:
            assistant.close()

    def test_before_it_has_loaded(self, path):
        assistant = Assistant(path)
        assert assistant.status.state == "loading"
        with pytest.raises(NotReady, match="still loading"):
            assistant.reply("hello")

    def test_a_catalogue_that_cannot_be_read(self, without_models, tmp_path):
        path = tmp_path / "bad.csv"
        path.write_text("id,title,year\n1,T,soon\n", encoding="utf-8")
        with pytest.raises(NamedropError, match="year = 'soon'"):
            Assistant.open(path, model="none")
        assistant = Assistant.open(path, model="none", background=True)
        status = assistant.wait(20)
        assert status.state == "failed"
        assert "year = 'soon'" in status.detail
        with pytest.raises(NotReady, match="could not start"):
            assistant.reply("hello")

    def test_bad_rows_can_be_left_out(self, without_models, tmp_path):
        path = tmp_path / "some.csv"
        path.write_text("id,title,year\n1,T,soon\n2,Zorgon,1999\n", encoding="utf-8")
        assistant = Assistant.open(path, model="none", skip_bad=True)
        try:
            assert ids(assistant.reply("hello").items) == ["2"]
        finally:
            assistant.close()
