"""The database behind conversations, profiles, feedback and hand-offs: SQLite in one file, or PostgreSQL, by URL.

``sqlite:///conversations.db`` (a plain path means the same) or ``postgresql://user:password@host/name``. What is
committed survives a crash of the process, of the machine too: SQLite writes through on every commit, PostgreSQL does by
default. Tables are declared on `Base` by the modules that use them, and made when a database is opened.
"""

from __future__ import annotations

import itertools
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Inspector,
    Table,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import CreateColumn

from retrieval.errors import NamedropError

# Of the tables. A new table, index or column that is nullable or has a server's default needs no new version: it is
# added when an older database is opened, and an older program leaves it alone. Whatever else changes does.
VERSION = 1
NONE = "none"  # as a database: everything is kept in memory
_BUSY_MS = 30_000  # how long a writer waits for another one before it gives up
_OPENING = 0x6E616D65  # the lock under which PostgreSQL makes the tables, one process at a time
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class DatabaseError(NamedropError):
    """A database cannot be opened or used."""


class Base(DeclarativeBase):
    """What every table is declared on.

    A table with a column `session` holds what belongs to a conversation: forgetting one deletes its rows there.
    """


class About(Base):
    """One row: the version of the tables, and a secret that makes the hashes of this database its own."""

    __tablename__ = "namedrop"

    version: Mapped[int] = mapped_column(primary_key=True)
    salt: Mapped[str]


class Database:
    """An open database; thread-safe. Make one with `Database.open`."""

    def __init__(self, engine: Engine, salt: str) -> None:
        self.engine = engine
        self.salt = salt
        self._scrubbing = threading.Lock()
        self._asked = itertools.count(1)
        self._scrubbed = 0

    @classmethod
    def open(cls, url: str | Path, *, make: bool = True) -> Database:
        """Open a database and make the tables, columns and indexes that it lacks.

        Args:
            url: of an SQLite file or a PostgreSQL database; a plain path is an SQLite file.
            make: make the file if need be; else it must be there.

        Raises:
            DatabaseError: the URL cannot be used, nobody answers, the file is not there or no database, or a program
                made it whose tables this one cannot bring up to its own.
        """
        where = _url(url)
        shown = where.render_as_string(hide_password=True)
        if not make and where.get_backend_name() == "sqlite" and not Path(str(where.database)).is_file():
            raise DatabaseError(f"there is no file '{where.database}'; give the --database that the server has")
        engine = _engine(where)
        try:
            with engine.begin() as connection:
                _begin(connection)
                salt = _prepare(connection, shown)
        except NamedropError:
            engine.dispose()
            raise
        except (DBAPIError, OSError) as error:
            engine.dispose()
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise DatabaseError(
                f"the database {shown} cannot be opened ({reason}); check that it is there, that it is a database "
                "and that this user may write to it"
            ) from error
        return cls(engine, salt)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of ours, rather than a server's."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Yield a transaction that may write; it is committed at the end, on disk when this returns."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            _begin(session.connection())
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a transaction that only reads, and on SQLite waits for no writer."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            _begin(session.connection(), reading=True)
            yield session

    @contextmanager
    def connected(self, *, reading: bool = False) -> Iterator[Connection]:
        """Yield a transaction as `session` or `reading` do, without the ORM: a turn has no time for it."""
        with self.engine.begin() as connection:
            _begin(connection, reading=reading)
            yield connection

    def scrub(self) -> None:
        """Let what has been deleted leave the files too, which a delete alone does not promise.

        SQLite's file is written anew and its log emptied: `secure_delete` overwrites deleted rows, but copies of rows
        that once moved between pages stay behind. PostgreSQL's server gives the space back to its tables; what its own
        log and backups still hold is its operator's to expire. Calls that wait for one another share one run.

        Raises:
            DatabaseError: the log is being read without a pause, or the files cannot be written anew.
        """
        asked = next(self._asked)
        with self._scrubbing:
            if self._scrubbed >= asked:  # a run that began after this was asked for has done it
                return
            latest = next(self._asked)
            try:
                if self.is_sqlite:
                    self._scrub_file()
                else:
                    with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                        connection.exec_driver_sql("VACUUM")
            except (sqlite3.Error, DBAPIError) as error:
                raise DatabaseError("the database's files cannot be written anew; is the disk full?") from error
            self._scrubbed = latest

    def _scrub_file(self) -> None:
        with closing(self.engine.raw_connection()) as connection:  # in no transaction
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            until = time.monotonic() + _BUSY_MS / 1000
            while cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # somebody still reads the log
                if time.monotonic() > until:
                    raise DatabaseError("the database's log is still being read; it is emptied by the next deletion")
                time.sleep(0.01)

    def close(self) -> None:
        """Close all connections; SQLite's log is merged into its file."""
        self.engine.dispose()


def given_url(text: str) -> str | None:
    """Return the URL that an option or a variable gives, None for `none`: everything is kept in memory then.

    Raises:
        DatabaseError: it is no URL: a path that is taken for one would be a new, empty database.
    """
    if text == NONE:
        return None
    if "://" not in text:  # it may be half of a URL with a password in it
        raise DatabaseError("the database that is given is no URL; write sqlite:///FILE, postgresql://… or none")
    return text


def _url(url: str | Path) -> URL:
    given = str(url)
    try:
        where = make_url(given) if "://" in given else URL.create("sqlite", database=given)
    except (ArgumentError, ValueError) as error:  # the URL may hold a password: it is not repeated
        raise DatabaseError("the database's URL cannot be read; write sqlite:///FILE or postgresql://…") from error
    backend = where.get_backend_name()
    if backend == "sqlite" and where.database in (None, "", ":memory:"):
        raise DatabaseError("an SQLite database needs a file; write sqlite:///FILE")
    if backend not in ("sqlite", *_DRIVERS):
        raise DatabaseError(f"no database {backend!r} is supported; write sqlite:///FILE or postgresql://…")
    return where.set(drivername=_DRIVERS.get(where.drivername, where.drivername))


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() != "sqlite":
            # A server that was restarted has dropped our connections: each is tried before it is used.
            return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=40)
        engine = create_engine(url, pool_size=10, max_overflow=40)
    except (NoSuchModuleError, ImportError, TypeError) as error:
        raise DatabaseError(f"no driver {url.drivername!r}; write sqlite:///FILE or postgresql://…") from error
    file = Path(str(url.database))
    if file.parent.is_dir() and not file.exists():
        file.touch(mode=0o600)  # what people say is nobody else's to read; SQLite's log takes over the mode
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    """Make SQLite durable, strict and forgetful; transactions are begun by `_begin`, not by the driver."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout = {_BUSY_MS}", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    until = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Another process is just doing that to a new file, and for this SQLite does not wait.
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _begin(connection: Connection, *, reading: bool = False) -> None:
    """Begin SQLite's transaction, a writing one as a writer: one that turns into one half-way may be refused at once.

    Not in an event of the engine: where it has any, each of its statements looks for what listens.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _prepare(connection: Connection, shown: str) -> str:
    """Make what is missing, one process at a time; return the salt."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _OPENING})
    inspector: Inspector = inspect(connection)
    if inspector.has_table(About.__tablename__):
        found = connection.execute(select(About.version)).scalar_one()
        if found != VERSION:
            remedy = "update Namedrop" if found > VERSION else "go on with the version of Namedrop that made it"
            raise DatabaseError(
                f"the database {shown} has tables of version {found}, this program knows {VERSION}; "
                f"{remedy}, or give another database"
            )
    for table in Base.metadata.sorted_tables:
        if inspector.has_table(table.name):
            _bring_up(connection, inspector, table, shown)
    Base.metadata.create_all(connection)
    salt = connection.execute(select(About.salt)).scalar_one_or_none()
    if salt is None:
        salt = secrets.token_hex(16)
        connection.execute(About.__table__.insert().values(version=VERSION, salt=salt))  # type: ignore[attr-defined]
    return salt


def _bring_up(connection: Connection, inspector: Inspector, table: Table, shown: str) -> None:
    """Add the columns and indexes that a table of an older version lacks; its rows stay as they are."""
    have = {column["name"] for column in inspector.get_columns(table.name)}
    missing = [column for column in table.columns if column.name not in have]
    if unknowable := [column.name for column in missing if not _may_be_added(column)]:
        raise DatabaseError(
            f"the database {shown} has a table '{table.name}' without the column {', '.join(sorted(unknowable))}: "
            "another program or an unreleased version made it; give another database"
        )
    name = connection.dialect.identifier_preparer.format_table(table)
    for column in missing:
        written = CreateColumn(column).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {written}")
    indexed = {index["name"] for index in inspector.get_indexes(table.name)}
    for index in table.indexes:
        if index.name not in indexed:
            index.create(connection)


def _may_be_added(column: Column[Any]) -> bool:
    """Whether the rows that are there already can do with an empty field, or one by default."""
    unset = column.nullable or column.server_default is not None
    return unset and not (column.primary_key or column.unique or column.foreign_keys)
