"""Databases for the tests: a file of SQLite's, and a PostgreSQL server of Debian's package, started once a session."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

BACKENDS = ("sqlite", "postgresql")
_numbers = itertools.count(1)


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a server of its own that listens on a socket in a temporary folder; yield its URL."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    # A socket's path has to be short, and root may not run the server.
    folder = Path(tempfile.mkdtemp(prefix="nd-"))
    server = {"user": "postgres"} if os.geteuid() == 0 else {}
    user = "postgres" if server else pwd.getpwuid(os.geteuid()).pw_name
    if server:
        shutil.chown(folder, "postgres")
    data = folder / "data"

    def run(*command: str | Path) -> None:
        subprocess.run([*map(str, command)], check=True, capture_output=True, cwd=folder, timeout=120, **server)

    run(programs / "initdb", "-D", data, "-U", user, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql://{user}@/postgres?host={folder}"
    finally:
        run(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_name(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Return what makes an empty database of a kind and returns its URL."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / 'kept.db'}"
        return _new_schema(request.getfixturevalue("postgres"), f"test_{next(_numbers)}")

    return make


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, database_name: Callable[[str], str]) -> str:
    """Return the URL of an empty database, of each kind in turn."""
    return database_name(request.param)


def _new_schema(server: str, name: str) -> str:
    """Make an empty schema, which is quicker than a database, and return the URL that sees it alone."""
    engine = create_engine(server.replace("postgresql", "postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return f"{server}&options=-csearch_path%3D{name}"
