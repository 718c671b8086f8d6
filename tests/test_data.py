from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from finetune.data import (
    DataError,
    DialogueRecord,
    InteractionRecord,
    MentionsRecord,
    NextItemRecord,
    guess_kind,
    item_ids,
    load,
    part_of,
    scan,
)

DIALOGUE = {"id": "1", "turns": [{"role": "user", "text": "I liked Alien", "items": ["a"]}]}
MENTIONS = {"id": "2", "mentions": [{"role": "user", "items": ["a", "b"], "liked": True}]}
NEXT = {"user": "u", "history": ["a"], "next": "b"}
EVENT = {"user_id": "u", "item_id": "a", "timestamp": 1484352000}
KNOWN = {"a", "b"}


@pytest.fixture
def write(tmp_path):
    def write(*rows, name="data.jsonl"):
        path = tmp_path / name
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
        return path

    return write


@pytest.mark.parametrize(
    ("row", "kind", "ids"),
    [
        (DIALOGUE, DialogueRecord, ["a"]),
        (MENTIONS, MentionsRecord, ["a", "b"]),
        (NEXT, NextItemRecord, ["a", "b"]),
        (EVENT, InteractionRecord, ["a"]),
    ],
)
def test_every_kind_is_read_with_its_line(write, row, kind, ids):
    loaded = load(write("", row, "", row), kind, known=KNOWN)
    assert loaded.lines == (2, 4)
    assert loaded.problems == ()
    assert list(item_ids(loaded.records[0])) == ids


@pytest.mark.parametrize(
    ("row", "kind", "message"),
    [
        ("{not json", DialogueRecord, "data.jsonl:1: expected one JSON object a line"),
        ("[1, 2]", DialogueRecord, "data.jsonl:1: expected a JSON object, found list"),
        ('{"a":' * 100_000, DialogueRecord, "data.jsonl:1: expected one JSON object a line"),
        ('{"id": ' + "9" * 5000 + "}", DialogueRecord, "data.jsonl:1: expected one JSON object a line"),
        ('{"id": "x", "turns": "\udcff"}', DialogueRecord, "data.jsonl:1: expected readable UTF-8 text"),
        ('{"id": "x", "turns": "\\ud800"}', DialogueRecord, "data.jsonl:1: expected readable UTF-8 text"),
        ({"turns": DIALOGUE["turns"]}, DialogueRecord, "data.jsonl:1: id = '': expected a value, found none"),
        ({"id": "1", "turns": []}, DialogueRecord, "turns = '[]': expected a list with at least 1 entry"),
        ({"id": "1", "turns": [{"role": "bot", "text": ""}]}, DialogueRecord, "turns.0.role = 'bot': expected input"),
        ({"id": " ", "turns": DIALOGUE["turns"]}, DialogueRecord, "id = ' ': expected string should have at least 1"),
        ({**NEXT, "history": []}, NextItemRecord, "history = '[]': expected a list with at least 1 entry"),
        ({**NEXT, "next": "c"}, NextItemRecord, "next = 'c': expected an id of the catalogue; correct the id"),
        ({**MENTIONS, "mentions": [{"role": "user", "items": ["x"]}]}, MentionsRecord, "items = 'x': expected an id"),
        ({**EVENT, "timestamp": 1484352000000}, InteractionRecord, "these are milliseconds: divide by 1,000"),
        ({**EVENT, "timestamp": "yesterday"}, InteractionRecord, "timestamp = 'yesterday': expected input should be"),
        ({**EVENT, "timestamp": "2017-13-01"}, InteractionRecord, "timestamp = '2017-13-01': expected input should"),
        ('{"user_id": "u", "item_id": "a", "timestamp": NaN}', InteractionRecord, "seconds since 1970, or a date"),
        ({**EVENT, "timestamp": -5}, InteractionRecord, "timestamp = '-5': expected seconds since 1970, or a date"),
        ({**EVENT, "rating": "good"}, InteractionRecord, "rating = 'good': expected input should be a valid number"),
        ({**EVENT, "user_id": None}, InteractionRecord, "user_id = 'None': expected input should be a valid string"),
    ],
)
def test_a_bad_record_is_named_with_file_line_value_and_remedy(write, row, kind, message):
    with pytest.raises(DataError) as error:
        load(write(row), kind, known=KNOWN)
    assert message in str(error.value)
    assert "correct the" in str(error.value)


def test_a_field_that_is_almost_ours_is_not_lost_silently(write):
    row = {"id": "1", "turns": [{"role": "user", "text": "I liked Alien", "item": ["a"]}], "source": "web"}
    with pytest.raises(DataError, match=r"item = \"\['a'\]\": expected 'items', which is missing; rename it to items"):
        load(write(row), DialogueRecord)


def test_all_bad_records_are_reported_and_the_good_ones_can_be_had(write):
    path = write(DIALOGUE, "{", {"id": "1"}, DIALOGUE)
    with pytest.raises(DataError, match="2 of 4 records cannot be used"):
        load(path, DialogueRecord)
    loaded = load(path, DialogueRecord, skip_bad=True)
    assert len(loaded.records) == 2
    assert [problem.line for problem in loaded.problems] == [2, 3]
    assert [found.record is not None for found in scan(path, DialogueRecord)] == [True, False, False, True]


def test_an_unknown_id_is_reported_once_a_record(write):
    found = list(scan(write({**NEXT, "history": ["x", "x", "y"]}), NextItemRecord, known=KNOWN))
    assert [problem.value for problem in found[0].problems] == ["x", "y"]


def test_an_unknown_id_is_told_with_its_column(write):
    dialogue = {"id": "1", "turns": [{"role": "user", "text": "Hi"}], "target": "no-such-item"}
    event = {"user_id": "u", "item_id": "nope", "timestamp": 1}
    for row, kind, column in [(dialogue, DialogueRecord, "target"), (event, InteractionRecord, "item_id")]:
        [found] = scan(write(row), kind, known=KNOWN)
        assert [problem.column for problem in found.problems] == [column]


def test_faults_are_told_in_words_for_who_writes_the_file(write):
    bad_turn = {"id": "1", "turns": [{"role": "nobody", "text": "Hi"}]}
    empty = {"id": "1", "turns": [{"role": "user", "text": " "}]}
    for row, kind, told in [
        (bad_turn, DialogueRecord, [("turns.0.role", "input should be 'user' or 'assistant'")]),
        (empty, DialogueRecord, [("turns", "a turn with words or items")]),
        ({**NEXT, "history": "a"}, NextItemRecord, [("history", "a list: [a]")]),
        ({**NEXT, "history": []}, NextItemRecord, [("history", "a list with at least 1 entry, found 0")]),
    ]:
        [found] = scan(write(row), kind)
        assert [(problem.column, problem.expected) for problem in found.problems] == told


@pytest.mark.parametrize(
    ("cells", "message"),
    [({"event": "teleport"}, "an event that the table"), ({"rating": -3}, "a rating from 0 up")],
)
def test_an_event_that_tells_nothing_known_is_refused(write, cells, message):
    [found] = scan(write({"user_id": "u", "item_id": "a", "timestamp": 1, **cells}), InteractionRecord)
    assert message in found.problems[0].expected
    for name in ("Add to cart", "not-interested", "VIEW", ""):
        InteractionRecord(user_id="u", item_id="a", timestamp=1, event=name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("e.csv", "user_id,item_id,timestamp,event,rating\nu,a,1484352000,buy,\n"),
        ("e.csv", "\ufeffuser_id;item_id;timestamp;event\nu;a;1484352000;buy\n"),
        ("e.tsv", "item_id\tuser_id\ttimestamp\tevent\r\na\tu\t2017-01-14\tbuy\r\n"),
        ("e.csv", 'user_id,item_id,timestamp,event\n"u","a","2017-01-14T00:00:00Z",buy\n'),
        ("e.csv", "user_id,item_id,timestamp,event\nu,a,2017-01-14T01:00:00+01:00,buy\n"),
    ],
)
def test_interactions_in_tables(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text.encode())
    assert load(path, InteractionRecord).records == (
        InteractionRecord(user_id="u", item_id="a", timestamp=1484352000, event="buy"),
    )


def test_interactions_in_parquet_with_dates_and_numbers_as_ids(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "events.parquet"
    when = [datetime(2017, 1, 14, tzinfo=UTC), None]
    pq.write_table(pa.table({"user_id": [7, 8], "item_id": [1, 2], "timestamp": when, "rating": [4.5, None]}), path)
    loaded = load(path, InteractionRecord, skip_bad=True)
    assert loaded.records == (InteractionRecord(user_id="7", item_id="1", timestamp=1484352000, rating=4.5),)
    assert str(loaded.problems[0]).startswith("events.parquet:2: timestamp = '': expected a value, found none")


def test_files_may_be_gzipped(tmp_path):
    path = tmp_path / "d.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(DIALOGUE).encode()))
    assert load(path, DialogueRecord).records[0].id == "1"
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match="the gzip data breaks off after line 0; download the file again"):
        load(path, DialogueRecord)


@pytest.mark.parametrize(
    ("name", "content", "kind", "message"),
    [
        ("d.jsonl", None, DialogueRecord, "no such file; give the path of a JSONL file"),
        ("d.jsonl", "", DialogueRecord, "no usable DialogueRecord"),
        ("d.xlsx", "", DialogueRecord, "cannot read a .xlsx file; expected one of .jsonl, .ndjson, .csv"),
        ("d.csv", "id,turns\n", DialogueRecord, "dialogues are read from JSONL, not from a table"),
        ("e.csv", "", InteractionRecord, "the file is empty; the first line must name the columns (user_id, item_id"),
        ("e.csv", "user,item_id,timestamp\n", InteractionRecord, "no column 'user_id'; the header has user, item_id"),
        ("e.csv", "user_id,item_id,timestamp,user_id\n", InteractionRecord, "the header has user_id twice"),
        ("e.parquet", "no", InteractionRecord, "not a Parquet file"),
        ("e.csv", "user_id,item_id,timestamp\nu,a\n", InteractionRecord, "e.csv:2: expected 3 cells separated by ','"),
        ("e.csv", 'user_id,item_id,timestamp\n"u,a,1\nv,b,2\n', InteractionRecord, "e.csv:2: expected every quotation"),
        ("e.csv", "user_id,item_id,timestamp\n\udcff,a,1\n", InteractionRecord, "e.csv:2: expected readable UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, name, content, kind, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError) as error:
        load(path, kind)
    assert message in str(error.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError, match="is a folder; name the files in it"):
        load(tmp_path, DialogueRecord)


def test_the_kind_is_told_by_name_or_first_row(write, tmp_path):
    assert guess_kind(tmp_path / "next-item.valid.jsonl") is NextItemRecord
    assert guess_kind(write(MENTIONS, name="x.jsonl")) is MentionsRecord
    assert guess_kind(write("{", EVENT, name="x.jsonl")) is InteractionRecord
    assert guess_kind(tmp_path / "orders.csv") is InteractionRecord
    with pytest.raises(DataError, match="cannot tell what it holds \\(a, b\\); name it dialogues"):
        guess_kind(write({"a": 1, "b": 2}, name="x.jsonl"))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("dialogues.train.jsonl", "train"),
        ("next-item.train-partial.jsonl", "train"),
        ("dev.tsv", "valid"),
        ("Office_Products.test.csv.gz", "test"),
        ("trained.jsonl", None),
        ("dialogues.jsonl", None),
    ],
)
def test_the_part_is_told_by_the_name(tmp_path, name, part):
    assert part_of(tmp_path / name) == part
