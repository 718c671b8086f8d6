"""What is written is there whole or not at all."""

from __future__ import annotations

from contextlib import suppress

import pytest

from retrieval.files import beside, clear_aside, new_folder, replacing, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_the_place_of_another(tmp_path):
    path = tmp_path / "new" / "a.txt"
    for text in ("één", "two"):
        write_text(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert names(path.parent) == ["a.txt"]


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "before")
    with suppress(ZeroDivisionError), replacing(path) as aside:
        aside.write_text("half")
        assert path.read_text() == "before"
        raise ZeroDivisionError
    assert names(tmp_path) == ["a.txt"]
    assert path.read_text() == "before"


def test_a_folder_is_there_when_it_is_full(tmp_path):
    with new_folder(tmp_path / "run") as aside:
        (aside / "a").touch()
        assert not (tmp_path / "run").exists()
    assert names(tmp_path / "run") == ["a"]
    with suppress(ZeroDivisionError), new_folder(tmp_path / "other") as aside:
        (aside / "a").touch()
        raise ZeroDivisionError
    assert names(tmp_path) == ["run"]


def test_a_full_folder_is_not_overwritten(tmp_path):
    write_text(tmp_path / "run" / "a", "kept")
    with pytest.raises(OSError, match="run"), new_folder(tmp_path / "run") as aside:
        (aside / "b").touch()
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["a"]


def test_what_is_kept_of_a_folder_is_moved_out_of_it(tmp_path):
    with beside(tmp_path / "model") as aside:
        (aside / "whole").touch()
        (aside / "rest").touch()
        (aside / "whole").rename(tmp_path / "model")
    assert names(tmp_path) == ["model"]


def test_remains_of_the_killed_are_cleared(tmp_path):
    for name in (".gen-[1].ab12.part", ".gen-2.ab12.part", "gen-[1]"):
        (tmp_path / name).mkdir()
    clear_aside(tmp_path / "gen-[1]")
    assert names(tmp_path) == [".gen-2.ab12.part", "gen-[1]"]
