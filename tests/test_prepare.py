from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from finetune import prepare as module
from finetune.checks import Copies, Place, Timelines
from finetune.cleaning import clean_dialogue, clean_item, clean_text, fraction
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord, guess_kind, load, part_of
from finetune.events import EventLog, core, next_items, rated, split_last, split_time, without_repeats
from finetune.prepare import Options, main, prepare
from finetune.readers import Own
from finetune.rows import DataError
from retrieval.catalog import load_catalog
from retrieval.types import Item

ITEMS = [{"id": name, "title": f"Film {name}"} for name in "abcdefgh"]


def dialogue(name, text="hello", items=("a",), **more):
    return {"id": name, "turns": [{"role": "user", "text": text, "items": list(items)}], **more}


@pytest.fixture
def shop(tmp_path):
    """Write a shop's files and return a function that reads them."""
    folder = tmp_path / "shop"
    folder.mkdir()

    def shop(items=ITEMS, **files):
        for name, rows in {"catalog": items, **files}.items():
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (folder / f"{name.replace('_', '-').replace('--', '.')}.jsonl").write_text(text, encoding="utf-8")
        return Own([folder])

    return shop


def events(*rows, part=None):
    """Rows of (user, item, time) or (user, item, time, rating)."""
    log = EventLog()
    for user, item, time, *rating in rows:
        record = InteractionRecord(user_id=user, item_id=item, timestamp=time, rating=rating[0] if rating else None)
        log.add(record, part)
    return log.close()


def rows(found, part="train"):
    return [(row["user_id"], row["item_id"], row["timestamp"]) for row in found.rows(part)]


def as_train(found):
    return found.with_part(np.zeros(len(found), dtype=np.int8))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  two\n\t words\u00a0here ", "two words here"),
        ("Ame\u0301lie", "Amélie"),
        ("a\u200bb\ufeffc\u00add", "abcd"),
        ("safe\u202etxt.exe\x00\x1b", "safetxt.exe"),
        ("half\ud800", "half"),
        ("👩\u200d🚀", "👩\u200d🚀"),  # a joiner that is meant
        ("", ""),
    ],
)
def test_texts_are_cleaned(text, clean):
    assert clean_text(text) == clean
    assert clean_text(clean) == clean


def test_items_are_cleaned():
    item = Item(
        "a", "Alien ", aliases=("ALIEN!", "Alien 1", "Alien  1"), attributes={"mood": " \x00", "cast": ("A ", "")}
    )
    cleaned = clean_item(item)
    assert (cleaned.title, cleaned.aliases, cleaned.attributes) == ("Alien", ("Alien 1",), {"cast": ("A",)})


def test_the_hash_spreads_evenly_and_never_changes():
    drawn = [fraction(str(n), 0) for n in range(10_000)]
    assert np.abs(np.histogram(drawn, bins=10, range=(0, 1))[0] - 1000).max() < 120
    assert drawn[:2] == [fraction("0", 0), fraction("1", 0)]
    assert fraction("0", 1) != fraction("0", 0)
    assert fraction("418", 0) == pytest.approx(0.76381, abs=1e-4)


def test_the_last_event_is_for_test_and_the_one_before_for_valid():
    found = split_last(events(("u", "c", 3), ("u", "a", 1), ("v", "a", 9), ("u", "b", 2), ("v", "b", 8)))
    assert rows(found, "train") == [("u", "a", 1), ("v", "b", 8), ("v", "a", 9)]  # v has too few
    assert rows(found, "valid") == [("u", "b", 2)]
    assert rows(found, "test") == [("u", "c", 3)]


def test_events_of_one_moment_stay_in_the_order_of_the_file():
    found = split_last(events(("u", "c", 1), ("u", "a", 1), ("u", "b", 1)))
    assert [rows(found, part)[0][1] for part in ("train", "valid", "test")] == ["c", "a", "b"]


def test_a_split_by_time_has_no_moment_in_two_parts():
    found = split_time(events(*[("uv"[n % 2], "a", n // 2) for n in range(100)]), 0.2, 0.1)
    times = {part: {time for _, _, time in rows(found, part)} for part in ("train", "valid", "test")}
    assert max(times["train"]) < min(times["valid"])
    assert max(times["valid"]) < min(times["test"])
    assert [len(times[part]) for part in times] == [35, 10, 5]
    without_valid = split_time(events(*[("u", "a", n) for n in range(10)]), 0.0, 0.2)
    assert [len(rows(without_valid, part)) for part in ("train", "valid", "test")] == [8, 0, 2]


def test_low_ratings_and_repeats_are_left_out():
    found = events(("u", "a", 1, 2.0), ("u", "b", 2, 4.0), ("u", "b", 3, 5.0), ("u", "c", 4))
    assert rows(as_train(rated(found, 3))) == [("u", "b", 2), ("u", "b", 3), ("u", "c", 4)]
    assert rows(as_train(without_repeats(found))) == [("u", "a", 1), ("u", "b", 2), ("u", "c", 4)]
    twice = events(("u", "a", 1), ("u", "a", 1), ("u", "a", 2))
    assert rows(as_train(without_repeats(twice, keep_repeats=True))) == [("u", "a", 1), ("u", "a", 2)]


def test_a_core_is_filtered_until_everyone_has_enough():
    # Without v's event, item b has one left; without it, w has one left; only u and x on a and c have two each.
    found = events(
        ("u", "a", 1), ("u", "c", 2), ("x", "a", 1), ("x", "c", 2), ("w", "a", 1), ("w", "b", 2), ("v", "b", 1)
    )
    assert {(user, item) for user, item, _ in rows(as_train(core(found, 2, 2)))} == {
        ("u", "a"), ("u", "c"), ("x", "a"), ("x", "c"),
    }  # fmt: skip
    assert len(core(found, 9, 1)) == 0


def test_next_items_hold_nothing_of_a_later_part():
    found = split_last(events(*[("u", name, at) for at, name in enumerate("abcde")], ("v", "a", 1)))
    examples = {
        part: [(e.history, e.next) for e in next_items(found, part, 2, 9)] for part in ("train", "valid", "test")
    }
    assert examples == {
        "train": [(("a",), "b"), (("a", "b"), "c")],
        "valid": [(("b", "c"), "d")],
        "test": [(("c", "d"), "e")],
    }
    assert [e.next for e in next_items(found, "train", 2, 1)] == ["c"]


def test_what_was_seen_or_returned_is_not_chosen_next():
    log = EventLog()
    told = [("a", "buy"), ("b", "view"), ("c", "buy"), ("c", "return"), ("b", "buy"), ("d", "buy"), ("d", "buy")]
    for at, (item, event) in enumerate(told):
        log.add(InteractionRecord(user_id="u", item_id=item, timestamp=at, event=event))
    found = as_train(without_repeats(log.close()))
    assert [(row["item_id"], row["event"]) for row in found.rows("train")] == told[:-1]
    assert [(e.history, e.next) for e in next_items(found, "train", 9, 9)] == [(("a",), "b"), (("a", "b"), "d")]


def test_the_target_of_a_dialogue_stays():
    record = DialogueRecord(id="1", turns=[{"role": "user", "text": "a  b"}], target="x")
    assert clean_dialogue(record) == DialogueRecord(id="1", turns=[{"role": "user", "text": "a b"}], target="x")


def read_all(folder: Path):
    """Check what was written as validation does; returns the records by file name."""
    catalog = load_catalog(folder / "catalog.jsonl")
    known = {item.id for item in catalog.items}
    copies, timelines = Copies(), Timelines()
    found = {}
    for path in sorted(folder.glob("*-item.*.jsonl")) + sorted(folder.glob("[dim]*.jsonl")):
        loaded = load(path, guess_kind(path), known=known)
        found[path.name] = loaded.records
        for record, line in zip(loaded.records, loaded.lines, strict=True):
            copies.add(record, Place(path.name, line, part_of(path)))
            timelines.add(record, Place(path.name, line, part_of(path)))
    assert not [*copies.findings(), *timelines.findings()]
    return found


def test_what_is_written_is_valid_and_the_same_every_time(shop, tmp_path):
    rng = np.random.default_rng(0)
    history = [
        {"user_id": f"u{rng.integers(30)}", "item_id": "abcdefgh"[rng.integers(8)], "timestamp": int(rng.integers(99))}
        for _ in range(400)
    ]
    talk = [dialogue(str(n), f"hello {n % 150}", "abcdefgh"[n % 8]) for n in range(200)]
    source = shop(dialogues=talk, interactions=history)
    first = prepare(source, tmp_path / "one")
    prepare(source, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    found = read_all(tmp_path / "one")
    assert sum(len(found[f"dialogues.{part}.jsonl"]) for part in ("train", "valid", "test")) == 150
    assert 5 < len(found["dialogues.test.jsonl"]) < 30
    assert first.left_out["says what another dialogue says"] == 50
    assert first.written["catalog.jsonl"] == 8
    assert {record.user for record in found["next-item.test.jsonl"]} <= {event["user_id"] for event in history}
    summary = json.loads((tmp_path / "one" / "prepared.json").read_text())
    assert summary["written"] == first.written
    assert summary["sources"][0]["file"] == "catalog.jsonl"
    other = prepare(source, tmp_path / "three", Options(seed=1))
    assert other.written != first.written


def test_parts_of_the_source_are_kept_and_the_missing_one_comes_out_of_train(shop, tmp_path):
    train = [dialogue(f"t{n}", f"train {n}") for n in range(100)]
    prepared = prepare(shop(dialogues__train=train, dialogues__test=[dialogue("x", "test")]), tmp_path / "out")
    found = read_all(tmp_path / "out")
    assert [record.id for record in found["dialogues.test.jsonl"]] == ["x"]
    assert prepared.written["dialogues.train.jsonl"] + prepared.written["dialogues.valid.jsonl"] == 100
    assert 3 < prepared.written["dialogues.valid.jsonl"] < 20


def test_of_copies_the_one_nearest_to_test_stays(shop, tmp_path):
    source = shop(
        dialogues__train=[dialogue("1", "Hello, THERE!"), dialogue("2", "bye"), dialogue("3", "third")],
        dialogues__test=[dialogue("4", "hello there"), dialogue("2", "another")],
        mentions__train=[{"id": "1", "mentions": [{"role": "user", "items": ["a"]}]}],
    )
    prepared = prepare(source, tmp_path / "out", Options(valid=0))
    found = read_all(tmp_path / "out")
    assert [record.id for record in found["dialogues.train.jsonl"]] == ["3"]
    assert [record.id for record in found["dialogues.test.jsonl"]] == ["4", "2"]
    assert "mentions.train.jsonl" not in found  # they were those of a dialogue that is gone
    assert prepared.left_out == {"another dialogue has the id": 1, "says what another dialogue says": 1}
    assert str(prepared.problems[0]).startswith("dialogues.train.jsonl:2: id = '2': expected an id of its own")


def test_dialogues_and_their_mentions_are_in_the_same_part(shop, tmp_path):
    talk = [dialogue(str(n), f"hello {n}") for n in range(100)]
    said = [{"id": str(n), "mentions": [{"role": "user", "items": ["a"]}]} for n in range(100)]
    prepare(shop(dialogues=talk, mentions=said), tmp_path / "out")
    found = read_all(tmp_path / "out")
    for part in ("train", "valid", "test"):
        ids = [[record.id for record in found[f"{kind}.{part}.jsonl"]] for kind in ("dialogues", "mentions")]
        assert ids[0] == ids[1]


def test_next_item_records_of_one_person_stay_together(shop, tmp_path):
    chosen = [{"user": f"u{n // 3}", "history": ["a"], "next": "bcd"[n % 3]} for n in range(90)]
    prepare(shop(next_item=[*chosen, chosen[0]]), tmp_path / "out")
    found = read_all(tmp_path / "out")
    people = [{record.user for record in records} for records in found.values()]
    assert sum(map(len, people)) == len(set.union(*people)) == 30
    assert sum(map(len, found.values())) == 90


def test_interactions_of_a_split_source_keep_their_parts(shop, tmp_path):
    def event(user, item, time):
        return {"user_id": user, "item_id": item, "timestamp": time}

    source = shop(
        interactions__train=[event("u", "a", 1), event("u", "b", 2)],
        interactions__test=[event("u", "c", 3)],
    )
    prepare(source, tmp_path / "out")
    found = read_all(tmp_path / "out")
    assert [record.item_id for record in found["interactions.test.jsonl"]] == ["c"]
    assert found["next-item.test.jsonl"] == (NextItemRecord(user="u", history=("a", "b"), next="c", timestamp=3),)


def test_texts_are_written_clean_and_empty_turns_go(shop, tmp_path):
    talk = {
        "id": "1",
        "turns": [{"role": "user", "text": "  hi\u200b\n there"}, {"role": "assistant", "text": " \x00"}],
    }
    short = {"id": "2", "turns": [{"role": "user", "text": "hi"}]}
    items = [{"id": "a", "title": "Ame\u0301lie", "moods": ["slow "], "in_stock": False}]
    prepared = prepare(shop(items, dialogues__train=[talk, {**short, "turns": [{"role": "user", "text": "\u200b"}]}]),
                       tmp_path / "out", Options(valid=0, test=0))  # fmt: skip
    assert (tmp_path / "out" / "dialogues.train.jsonl").read_text() == (
        '{"id": "1", "turns": [{"role": "user", "text": "hi there"}]}\n'
    )
    assert json.loads((tmp_path / "out" / "catalog.jsonl").read_text()) == {
        "id": "a", "title": "Amélie", "moods": ["slow"], "in_stock": False,
    }  # fmt: skip
    assert prepared.left_out == {"fewer than 1 turns": 1}


def test_filters_of_the_command_line(shop, tmp_path):
    history = [{"user_id": u, "item_id": i, "timestamp": t, "rating": r} for u, i, t, r in [
        ("u", "a", 1, 5), ("u", "b", 2, 5), ("u", "c", 3, 1), ("v", "a", 1, 5), ("v", "b", 2, 4), ("w", "h", 1, 5),
    ]]  # fmt: skip
    options = Options(min_rating=3, min_user_events=2, min_item_events=2, min_turns=2, only_used=True)
    prepared = prepare(shop(interactions=history, dialogues=[dialogue("1")]), tmp_path / "out", options)
    assert prepared.left_out == {
        "fewer than 2 turns": 1,
        "rated below 3": 1,
        "fewer than 2 of the person or 2 of the item": 1,
    }
    assert [item.id for item in load_catalog(tmp_path / "out" / "catalog.jsonl").items] == ["a", "b"]


def test_what_is_wrong_is_reported_with_its_line(shop, tmp_path, capsys):
    source = shop([*ITEMS, {"id": "a", "title": "again"}, {"id": "z"}], dialogues=[
        dialogue("1"), dialogue("2", "x", ["nowhere"]), {"id": "3"},
    ])  # fmt: skip
    assert main(["own", str(source.files[0].parent), "--out", str(tmp_path / "out")]) == 0
    problems = (tmp_path / "out" / "problems.txt").read_text().splitlines()
    assert [problem.rpartition(": expected")[0] for problem in problems] == [
        "catalog.jsonl:9: id = 'a'",
        "catalog.jsonl:10: title = ''",
        "dialogues.jsonl:2: items = 'nowhere'",
        "dialogues.jsonl:3: turns = ''",
    ]
    shown = capsys.readouterr().out
    assert "dialogues.jsonl:3: turns" in shown
    assert "left out 1: an item is not in the catalogue" in shown


def test_all_formats_go_through_the_command_line(tmp_path):
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "movies.dat").write_text("".join(f"{n}::Film {n} (1990)::Drama\n" for n in range(9)))
    ratings = "".join(f"{user}::{(user + n) % 9}::4::{100 + n}\n" for user in range(20) for n in range(5))
    (tmp_path / "ml" / "ratings.dat").write_text(ratings)
    assert main(["movielens", str(tmp_path / "ml"), "--out", str(tmp_path / "out"), "--split", "time"]) == 0
    found = read_all(tmp_path / "out")
    assert {type(record) for records in found.values() for record in records} == {InteractionRecord, NextItemRecord}
    assert main(["own", str(tmp_path / "out"), "--out", str(tmp_path / "again")]) == 0
    again = read_all(tmp_path / "again")
    assert again == found  # what was prepared once stays as it is


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--valid", "0.6", "--test", "0.5"], "--valid 0.6 and --test 0.5: expected shares from 0 to 1"),
        (["--max-history", "0"], "--max-history 0: expected 1 or more"),
        (["--min-turns", "9"], "nothing is left to write"),
    ],
)
def test_unusable_options_leave_nothing(shop, tmp_path, capsys, arguments, message):
    source = shop(dialogues=[dialogue("1")])
    assert main(["own", str(source.files[0].parent), "--out", str(tmp_path / "out"), *arguments]) == 2
    assert message in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_an_existing_folder_is_refused_and_an_interruption_leaves_nothing(shop, tmp_path, capsys, monkeypatch):
    source = shop(dialogues=[dialogue("1")])
    arguments = ["own", str(source.files[0].parent), "--out", str(tmp_path / "out")]
    (tmp_path / "out").mkdir()
    assert main(arguments) == 2
    assert "exists already; give another folder to --out, or remove this one" in capsys.readouterr().out
    (tmp_path / "out").rmdir()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_write_summary", interrupted)
    assert main(arguments) == 130
    assert "nothing was written" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_a_disk_that_cannot_be_written_is_an_error_with_a_remedy(shop, tmp_path, capsys):
    source = shop(dialogues=[dialogue("1")])
    (tmp_path / "file").write_text("")
    assert main(["own", str(source.files[0].parent), "--out", str(tmp_path / "file" / "out")]) == 2
    assert "free some space or choose another folder" in capsys.readouterr().out


def test_a_source_without_any_item_is_refused(shop, tmp_path):
    with pytest.raises(DataError, match="no usable"):
        prepare(shop([{"id": "", "title": "x"}], dialogues=[dialogue("1")]), tmp_path / "out")


def test_records_hold_what_was_read(shop, tmp_path):
    said = {"id": "7", "mentions": [{"role": "user", "items": ["a", "b"], "liked": False}]}
    prepare(shop(mentions__train=[said], dialogues__train=[dialogue("8")]), tmp_path / "out", Options(valid=0, test=0))
    found = read_all(tmp_path / "out")
    assert found["mentions.train.jsonl"] == (MentionsRecord.model_validate(said),)
    assert found["dialogues.train.jsonl"] == (DialogueRecord.model_validate(dialogue("8")),)
