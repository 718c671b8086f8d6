"""What the benchmarks hand to the server, it takes."""

from __future__ import annotations

import os

import app
from benchmarks.crashes import _arguments


def test_the_database_of_the_crashes(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", {**os.environ})
    options = app.arguments().parse_args(_arguments(tmp_path, tmp_path / "shop.db"))
    assert app.database(options) == f"sqlite:///{tmp_path / 'shop.db'}"
