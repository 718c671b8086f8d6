"""The live index: edits come through, bad ones do not, and readers always see a whole index."""

from __future__ import annotations

import csv
import io
import json
import threading
import time

import pytest

from retrieval import live as live_module
from retrieval.catalog import load_catalog
from retrieval.live import LineReader, LiveIndex
from retrieval.types import Query
from tests.edits import jsonl, save_rows, wait_for
from tests.fakes import BagEncoder

ROWS = [{"id": f"i{at}", "title": f"Title {at}", "genres": ["drama"]} for at in range(40)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "catalog.jsonl"
    save_rows(path, ROWS)
    return path


@pytest.fixture
def opened(path, tmp_path):
    """Open live indexes and close them after the test."""
    made = []

    def opened(**options):
        made.append(LiveIndex(path, BagEncoder(), cache=tmp_path / "cache", poll=0.02, **options))
        return made[-1]

    yield opened
    for live in made:
        live.close()


class TestEdits:
    def test_an_edit_is_live_and_only_the_changed_row_is_encoded(self, path, opened):
        live = opened()
        live._encoder.texts.clear()
        save_rows(path, [*ROWS, {"id": "new", "title": "Solaris"}])
        wait_for(lambda: len(live.current) == 41)
        assert live._encoder.texts == ["Solaris"]
        assert live.current.catalog.get("new").title == "Solaris"
        assert live.current.retrievers["bm25"].scores(Query(text="solaris")).argmax() == 40
        assert live.problem is None

    def test_a_catalogue_of_1500_rows_is_live_within_5_seconds(self, path, opened):
        rows = [{"id": f"r{at}", "title": f"Row {at}", "description": "some words " * 20} for at in range(1500)]
        save_rows(path, rows)
        live = opened()
        save_rows(path, [{**rows[0], "price": 5}, *rows[1:]])
        wait_for(lambda: live.current.catalog.items[0].price == 5, seconds=5)

    def test_a_price_or_stock_edit_encodes_nothing(self, path, opened):
        live = opened(watch=False)
        live._encoder.texts.clear()
        save_rows(path, [{**ROWS[0], "in_stock": False, "price": 3}, *ROWS[1:]])
        assert live.refresh()
        assert live._encoder.texts == []
        assert not live.current.facets.mask([])[0]

    def test_an_untouched_file_changes_nothing(self, path, opened):
        live = opened(watch=False)
        before = live.current
        assert not live.refresh()
        assert live.current is before

    def test_the_next_start_reuses_what_was_encoded_live(self, path, opened):
        live = opened(watch=False)
        save_rows(path, [*ROWS, {"id": "new", "title": "Solaris"}])
        assert live.refresh()
        assert opened(watch=False).current.encoded == 0

    def test_listeners_get_the_new_index_and_may_fail(self, path, opened, caplog):
        live, seen = opened(watch=False), []

        def fails(index):
            raise RuntimeError("a listener's fault")

        live.on_swap(fails)
        live.on_swap(lambda index: seen.append((index, live.current)))
        save_rows(path, ROWS[:3])
        assert live.refresh()
        assert seen == [(live.current, live.current)]
        assert "a listener of the live index failed" in caplog.text

    def test_a_listener_that_comes_late_gets_what_it_missed(self, path, opened):
        live = opened()
        known, seen = live.current, []
        live.on_swap(seen.append, known=known)
        assert seen == []
        save_rows(path, [*ROWS, {"id": "new", "title": "New"}])
        wait_for(lambda: live.current is not known)
        late = []
        live.on_swap(late.append, known=known)
        assert late == [live.current]

    def test_closing_stops_watching(self, path, opened):
        live = opened()
        live.close()
        save_rows(path, ROWS[:3])
        time.sleep(0.3)
        assert len(live.current) == 40


class TestBadEdits:
    @pytest.mark.parametrize(
        ("bad", "told"),
        [
            (jsonl(ROWS) + '{"id": "x"}\n', "title"),
            (jsonl(ROWS) + '{"id": "i0", "title": "Again"}\n', "an id of its own"),
            (jsonl(ROWS)[:-10], "one JSON object a line"),
            ("", "no usable row"),
        ],
        ids=["bad row", "duplicate id", "half-written", "empty"],
    )
    def test_the_last_good_index_stays_until_the_file_is_good_again(self, path, opened, bad, told):
        live = opened(watch=False)
        before = live.current
        path.write_text(bad, encoding="utf-8")
        assert not live.refresh()
        assert live.current is before
        assert told in live.problem
        save_rows(path, ROWS[:5])
        assert live.refresh()
        assert (len(live.current), live.problem) == (5, None)

    def test_a_missing_file_is_told_and_forgiven(self, path, opened):
        live = opened(watch=False)
        path.unlink()
        assert not live.refresh()
        assert "gone" in live.problem
        save_rows(path, ROWS[:5])
        assert live.refresh()
        assert live.problem is None

    def test_a_version_replaced_while_it_is_read_is_not_used(self, path, opened, monkeypatch):
        live = opened(watch=False)
        make_index, later = live_module.make_index, [ROWS[:7]]

        def replaced_meanwhile(*arguments, **options):
            if later:
                save_rows(path, later.pop())
            return make_index(*arguments, **options)

        monkeypatch.setattr(live_module, "make_index", replaced_meanwhile)
        save_rows(path, ROWS[:9])
        assert not live.refresh()
        assert len(live.current) == 40
        assert live.refresh()
        assert len(live.current) == 7

    def test_a_file_still_being_written_is_waited_for(self, path, opened):
        live, stop = opened(watch=False), threading.Event()

        def writes():
            with path.open("a", encoding="utf-8") as file:
                while not stop.is_set():
                    file.write(json.dumps({"id": f"w{time.monotonic_ns()}", "title": "W"}) + "\n")
                    file.flush()
                    time.sleep(0.01)

        writer = threading.Thread(target=writes)
        writer.start()
        time.sleep(0.05)
        try:
            assert not live.refresh()
            assert len(live.current) == 40
        finally:
            stop.set()
            writer.join()
        assert live.refresh()

    def test_skipped_rows_are_told(self, path, opened):
        path.write_text(jsonl(ROWS) + '{"id": "x"}\n', encoding="utf-8")
        live = opened(watch=False, skip_bad=True)
        assert len(live.current.problems) == 1
        path.write_text(jsonl(ROWS[:3]) + '{"id": "x"}\n{"id": "y"}\n', encoding="utf-8")
        assert live.refresh()
        assert (len(live.current), len(live.current.problems)) == (3, 2)


def test_readers_always_see_a_whole_index(path, opened):
    live, stop, wrong = opened(), threading.Event(), []

    def reads():
        while not stop.is_set():
            index = live.current
            scores = index.retrievers["dense"].scores(Query(text="version", liked=(0,)))
            titles = {item.title.split()[0] for item in index.catalog.items}
            if not len(scores) == len(index.embeddings) == len(index.catalog) or len(titles) != 1:
                wrong.append(titles)
            time.sleep(0.001)  # two spinning readers would keep the interpreter's lock from the watcher

    readers = [threading.Thread(target=reads) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for version in range(4):
            rows = [{"id": f"i{at}", "title": f"Version{version} {at}"} for at in range(20 + version)]
            save_rows(path, rows)
            wait_for(lambda version=version: len(live.current) == 20 + version, seconds=30)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not wrong


class TestLineReader:
    """Whatever way it takes, it returns what `load_catalog` returns."""

    def csv_text(self, rows):
        head = ["id", "title", "genres", "description"]
        lines = [head, *([row["id"], row["title"], "drama", row.get("description", "")] for row in rows)]
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(lines)
        return out.getvalue()

    @pytest.mark.parametrize("kind", ["jsonl", "csv"])
    def test_parses_changed_lines_only(self, tmp_path, kind, monkeypatch):
        path, write = tmp_path / f"c.{kind}", jsonl if kind == "jsonl" else self.csv_text
        path.write_text(write(ROWS), encoding="utf-8")
        reader, parsed = LineReader(), []
        reader.remember(path, load_catalog(path).items)
        monkeypatch.setattr(
            live_module,
            "load_catalog",
            lambda p, **o: parsed.append(len(load_catalog(p).items)) or load_catalog(p, **o),
        )
        edits = [ROWS[::-1], [*ROWS[:9], {**ROWS[9], "title": 'A "quoted", title'}, *ROWS[12:]], ROWS[:30], ROWS]
        for rows in edits:
            path.write_text(write(rows), encoding="utf-8")
            assert reader.read(path, skip_bad=False) == load_catalog(path)
        assert parsed == [1, 3, 10]  # the quoted title; rows 9 to 11 as they were; rows 30 to 39 again

    @pytest.mark.parametrize(
        "rows",
        [
            [*ROWS[:5], {"id": "m", "title": "two\nlines"}, *ROWS[5:]],
            [{**row, "title": f"All new {row['id']}"} for row in ROWS],
        ],
        ids=["line breaks in a cell", "everything changed"],
    )
    def test_reads_the_whole_file_when_lines_are_not_rows(self, tmp_path, rows):
        path = tmp_path / "c.csv"
        path.write_text(self.csv_text(ROWS), encoding="utf-8")
        reader = LineReader()
        reader.remember(path, load_catalog(path).items)
        for version in (rows, ROWS, rows, [*rows, {"id": "z", "title": "Z"}]):
            path.write_text(self.csv_text(version), encoding="utf-8")
            assert reader.read(path, skip_bad=False) == load_catalog(path)

    def test_a_new_header_means_new_rows(self, tmp_path):
        path = tmp_path / "c.csv"
        path.write_text("id,title,price\na,A,3\nb,B,4\n", encoding="utf-8")
        reader = LineReader()
        reader.remember(path, load_catalog(path).items)
        path.write_text("id,title,year\na,A,3\nb,B,4\n", encoding="utf-8")
        assert reader.read(path, skip_bad=False).items[0].year == 3
