"""Databases: opened by URL, made when missing, refused with a remedy, and rid of what was deleted."""

from __future__ import annotations

import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import inspect, text

from chat.database import About, Database, DatabaseError, given_url
from chat.handoff import Post, Ticket


@pytest.fixture
def database(database_url):
    database = Database.open(database_url)
    yield database
    database.close()


def rows(database):
    with database.reading() as db:
        return db.execute(text("SELECT count(*) FROM notes")).scalar_one()


@pytest.fixture
def notes(database):
    with database.session() as db:
        db.execute(text("CREATE TABLE notes (body TEXT)"))
    return database


def test_it_is_the_same_database_when_opened_again(database, database_url):
    again = Database.open(database_url)
    assert again.salt == database.salt
    assert len(again.salt) == 32
    again.close()


def test_an_error_takes_everything_back(notes):
    def fail():
        with notes.session() as db:
            db.execute(text("INSERT INTO notes VALUES ('one')"))
            raise ValueError("oops")

    with pytest.raises(ValueError, match="oops"):
        fail()
    assert rows(notes) == 0


def test_many_write_at_once(notes):
    def write(number):
        for _ in range(5):
            with notes.session() as db:
                before = db.execute(text("SELECT count(*) FROM notes")).scalar_one()
                db.execute(text("INSERT INTO notes VALUES (:n)"), {"n": f"{number} after {before}"})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    assert rows(notes) == 40


def test_readers_do_not_wait_for_a_writer(notes):
    with notes.session() as db:
        db.execute(text("INSERT INTO notes VALUES ('one')"))
        found = []
        thread = threading.Thread(target=lambda: found.append(rows(notes)))
        thread.start()
        thread.join(5)
        assert found == [0]
    assert rows(notes) == 1


def test_two_programs_may_make_the_tables_at_once(database_url):
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: Database.open(database_url), range(8)))
    assert len({database.salt for database in opened}) == 1
    for database in opened:
        database.close()


def test_a_newer_version_is_refused(database, database_url):
    with database.session() as db:
        db.execute(text("UPDATE namedrop SET version = 99"))
    with pytest.raises(DatabaseError, match=r"version 99, this program knows 1; update Namedrop"):
        Database.open(database_url)


def test_an_older_version_is_refused(database, database_url):
    with database.session() as db:
        db.execute(text("UPDATE namedrop SET version = 0"))
    with pytest.raises(DatabaseError, match="version 0, this program knows 1; go on with the version of"):
        Database.open(database_url)


def test_what_an_older_database_lacks_is_added(database, database_url):
    post = {"key": "k", "ticket": "H-1", "session": "s", "revision": 1, "body": "{}", "attempts": 2, "due": 1.5,
            "leased": 0.0, "delivered": 7.0, "problem": ""}  # fmt: skip
    with database.session() as db:
        db.add(Post(**post))
    with database.session() as db:  # as a version before that column, index and table left it
        db.execute(text("ALTER TABLE outbox DROP COLUMN delivered"))
        db.execute(text("DROP INDEX ix_outbox_due"))
        db.execute(text("DROP TABLE tickets"))
    again = Database.open(database_url)
    with again.session() as db:
        (kept,) = db.query(Post).all()
        assert {name: getattr(kept, name) for name in post} == post | {"delivered": None}
        kept.delivered = 9.0
        assert db.query(Ticket).all() == []
    assert "ix_outbox_due" in {index["name"] for index in inspect(again.engine).get_indexes("outbox")}
    assert again.salt == database.salt
    again.close()


def test_nothing_is_added_to_what_is_refused(database, database_url):
    with database.session() as db:
        db.execute(text("ALTER TABLE outbox DROP COLUMN delivered"))
        db.execute(text("ALTER TABLE outbox DROP COLUMN body"))
    with pytest.raises(DatabaseError, match="'outbox' without the column body"):
        Database.open(database_url)
    assert "delivered" not in {column["name"] for column in inspect(database.engine).get_columns("outbox")}


def test_tables_of_another_program_are_refused(database, database_url):
    with database.session() as db:
        db.execute(text("ALTER TABLE namedrop DROP COLUMN salt"))
    with pytest.raises(DatabaseError, match="'namedrop' without the column salt"):
        Database.open(database_url)


def test_sqlite_is_durable_and_forgetful(tmp_path):
    database = Database.open(tmp_path / "kept.db")
    with database.session() as db:
        found = [db.execute(text(f"PRAGMA {name}")).scalar_one() for name in
                 ("journal_mode", "synchronous", "secure_delete", "foreign_keys")]  # fmt: skip
    assert found == ["wal", 2, 1, 1]  # 2 is FULL
    assert stat.S_IMODE((tmp_path / "kept.db").stat().st_mode) == 0o600
    database.close()


def test_what_is_deleted_leaves_the_file(tmp_path):
    database = Database.open(tmp_path / "kept.db")
    with database.session() as db:
        db.execute(text("CREATE TABLE notes (body TEXT)"))
        db.execute(text("INSERT INTO notes VALUES (:body)"), [{"body": f"a secret {n} " * 200} for n in range(50)])
    assert b"a secret" in content(tmp_path)
    with database.session() as db:
        db.execute(text("DELETE FROM notes"))
    assert b"a secret" in content(tmp_path)  # the log still holds it: a delete alone is not enough
    database.scrub()
    assert b"a secret" not in content(tmp_path)
    database.close()


def content(folder):
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_scrubbing_waits_for_who_reads_and_is_shared(tmp_path):
    database = Database.open(tmp_path / "kept.db")
    done = []
    with database.reading() as db:
        db.execute(text("SELECT * FROM namedrop")).all()
        threads = [threading.Thread(target=lambda: (database.scrub(), done.append(1))) for _ in range(3)]
        for thread in threads:
            thread.start()
        threads[0].join(0.2)
    for thread in threads:
        thread.join(10)
    assert len(done) == 3
    database.close()
    with closing(sqlite3.connect(tmp_path / "kept.db")) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_files_that_cannot_be_written_anew_are_told(tmp_path, monkeypatch):
    database = Database.open(tmp_path / "kept.db")

    def full():
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(database, "_scrub_file", full)
    with pytest.raises(DatabaseError, match="cannot be written anew"):
        database.scrub()
    monkeypatch.undo()
    database.scrub()
    database.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://host/name", "no database 'mysql'"),
        ("nonsense://host/name", "no database 'nonsense'"),
        ("sqlite+none:///file", "no driver 'sqlite.none'"),
        ("://", "cannot be read"),
        ("/nowhere/at/all/kept.db", "cannot be opened"),
    ],
)
def test_what_cannot_be_opened_is_refused(url, message):
    with pytest.raises(DatabaseError, match=message):
        Database.open(url)


def test_an_option_is_a_url_or_none():
    assert given_url("none") is None
    assert given_url("sqlite:///shop.db") == "sqlite:///shop.db"
    for path in ("shop.db", "foo", "/tmp/foo"):
        with pytest.raises(DatabaseError, match="no URL; write sqlite:///FILE, postgresql://… or none"):
            given_url(path)


def test_a_file_that_is_not_there_is_made_only_if_it_may_be(tmp_path):
    with pytest.raises(DatabaseError, match="there is no file"):
        Database.open(tmp_path / "shop.db", make=False)
    assert not (tmp_path / "shop.db").exists()
    Database.open(tmp_path / "shop.db").close()
    Database.open(tmp_path / "shop.db", make=False).close()


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("These are notes, and no database at all. " * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        Database.open(tmp_path / "notes.txt")


def test_a_password_is_never_repeated():
    with pytest.raises(DatabaseError, match="cannot be opened") as error:
        Database.open("postgresql://shop:hunter2@127.0.0.1:1/name")
    assert "hunter2" not in str(error.value)


def test_the_salt_is_in_one_row(database):
    with database.reading() as db:
        assert len(db.query(About).all()) == 1
