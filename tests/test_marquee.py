"""The demo catalogue: it is clean, and its check finds what is not."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter

import pytest

from retrieval.catalog import load_catalog
from tests.shops import MARQUEE

_spec = importlib.util.spec_from_file_location("marquee_check", MARQUEE.parent / "check.py")
check = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(check)

GOOD = {
    "id": "film-a-day-1990", "kind": "film", "title": "A Day", "year": 1990, "creators": ["Ann Director"],
    "genres": ["drama"], "moods": ["slow", "calm"], "themes": ["work", "the sea"], "description": "word " * 20 + "end.",
    "language": "fr", "price": 3.99, "currency": "USD", "in_stock": True, "popularity": 2, "minutes": 90,
    "aliases": ["Une journée"],
}  # fmt: skip


def test_the_catalogue_is_clean(capsys):
    assert check.main([str(MARQUEE)]) == 0
    shown = capsys.readouterr().out
    assert "0 problems" in shown
    assert "1990s" in shown


def test_it_loads_without_problems():
    loaded = load_catalog(MARQUEE)
    kinds = Counter(item.kind for item in loaded.items)
    assert loaded.problems == ()
    assert all(kinds[kind] >= least for kind, least in check.AT_LEAST.items())


def test_works_that_the_issue_names_are_there_and_in_stock():
    items = {item.title: item for item in load_catalog(MARQUEE).items if item.kind == "film"}
    for title in ("Arrival", "Interstellar", "The Matrix"):
        assert items[title].in_stock, title


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"title": ""}, "title is empty"),
        ({"creators": []}, "creators is empty"),
        ({"kind": "vinyl"}, "expected one of film"),
        ({"rating": 5}, "rating is no column"),
        ({"id": "film-A-day-1990"}, "id is not KIND-TITLE-YEAR"),
        ({"id": "film-a-day-1991"}, "id is not KIND-TITLE-YEAR"),
        ({"year": 1870, "id": "film-a-day-1870"}, "expected 1888 to 2026"),
        ({"genres": ["epic"]}, "genres not in the vocabulary"),
        ({"genres": ["drama", "war", "crime", "family"]}, "4 genres"),
        ({"moods": ["slow", "moody"]}, "moods not in the vocabulary"),
        ({"moods": ["slow"]}, "1 moods"),
        ({"themes": ["Sea", "work"]}, "lower case"),
        ({"language": "xx"}, "no ISO 639"),
        ({"description": "Too short."}, "2 words"),
        ({"description": "word " * 36 + "end."}, "37 words"),
        ({"title": "Long Day", "description": "A long day " + "word " * 20 + "end."}, "the title stands inside"),
        ({"description": "word " * 25}, "full stop"),
        ({"price": 3.999}, "whole cents"),
        ({"price": 0}, "price 0"),
        ({"price": "3.99"}, "price '3.99'"),
        ({"currency": "EUR"}, "currency 'EUR'"),
        ({"in_stock": "yes"}, "in_stock 'yes'"),
        ({"popularity": 6}, "popularity 6"),
        ({"hours": 2}, "hours 2 of a film"),
        ({"audience": "adults"}, "audience 'adults'"),
        ({"minutes": 1000}, "minutes 1000"),
        ({"aliases": ["a day"]}, "an alias is the title"),
        ({"aliases": ["Jour", "jour"]}, "names something twice"),
        ({"creators": [" Ann"]}, "outer blanks"),
    ],
)
def test_every_fault_is_found(change, part):
    assert check.problems_of(GOOD) == []
    assert any(part in problem for problem in check.problems_of({**GOOD, **change}))


def test_duplicates_counts_and_stock(tmp_path, capsys):
    rows = [GOOD, GOOD, {**GOOD, "id": "film-a-day-1990-2", "title": "a day"}]
    path = tmp_path / "c.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert check.main([str(path)]) == 1
    shown = capsys.readouterr().out
    assert "3 of kind film: expected at least 700" in shown
    assert "the same id in lines [1, 2]" in shown
    assert "the same kind, title and year in lines [1, 2, 3]" in shown
    assert "0% are out of stock" in shown


def test_the_readme_lists_the_vocabulary_of_the_check():
    page = " ".join((MARQUEE.parent / "README.md").read_text(encoding="utf-8").split())
    assert check.MOODS in page
    for kind, words in check.GENRES.items():
        assert f"| {kind} | {words} |" in page
    rows = MARQUEE.read_text(encoding="utf-8").splitlines()
    assert f"{len(rows) - 60:,} real works" in page
