"""The build command: exit codes, and words instead of tracebacks."""

from __future__ import annotations

import pytest

from retrieval import build
from tests.fakes import BagEncoder


@pytest.fixture
def catalog_path(tmp_path, monkeypatch):
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "catalog.csv"
    path.write_text("id,title\na,Stalker\nb,Solaris\n", encoding="utf-8")
    return path


def run(*arguments):
    return build.main([str(a) for a in arguments], make_encoder=lambda model: BagEncoder(name=model))


def test_builds_then_has_nothing_to_do(catalog_path, capsys):
    assert run(catalog_path) == 0
    first = capsys.readouterr()
    assert "2 items: 2 encoded, 0 reused" in first.out
    assert "encoding: 100%" in first.err
    assert run(catalog_path) == 0
    second = capsys.readouterr()
    assert "2 items: 0 encoded, 2 reused" in second.out
    assert "encoding" not in second.err
    assert run(catalog_path, "--model", "other") == 0
    assert "2 encoded" in capsys.readouterr().out


def test_bad_rows_are_listed(catalog_path, capsys):
    catalog_path.write_text("id,title,price\na,Stalker,cheap\nb,Solaris,2\n", encoding="utf-8")
    assert run(catalog_path) == 2
    error = capsys.readouterr().err
    assert "catalog.csv:2: price = 'cheap'" in error
    assert "Traceback" not in error
    assert run(catalog_path, "--skip-bad-rows") == 0
    told = capsys.readouterr()
    assert "skipped catalog.csv:2" in told.err
    assert "1 items: 1 encoded" in told.out


def test_a_missing_file_is_told(tmp_path, capsys):
    assert run(tmp_path / "none.csv") == 2
    assert "no such catalogue file" in capsys.readouterr().err


def test_an_unknown_model_is_told(catalog_path, capsys):
    assert build.main([str(catalog_path), "--model", "./nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_an_interrupted_build_says_how_to_go_on(catalog_path, capsys):
    class Interrupted(BagEncoder):
        def encode(self, texts):
            raise KeyboardInterrupt

    assert build.main([str(catalog_path)], make_encoder=lambda model: Interrupted()) == 130
    assert "run the same command again" in capsys.readouterr().err


def test_help(capsys):
    with pytest.raises(SystemExit) as left:
        build.main(["--help"])
    assert left.value.code == 0
    assert "--skip-bad-rows" in capsys.readouterr().out
