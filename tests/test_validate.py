from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from finetune import validate as module
from finetune.checks import COPY, LATER, LEAK, Copies, Place, Popularity, Ratings, Timelines
from finetune.contexts import listening_shop
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord
from finetune.estimate import Sample, estimate
from finetune.examples import load_encoder
from finetune.probe import Speed
from finetune.rows import DataError
from finetune.validate import UNKNOWN, UNUSABLE, DataFile, Duration, data_files, main, validate, worded
from retrieval.catalog import Catalog, CatalogError
from retrieval.types import Item

ITEMS = [
    {"id": name, "title": f"Film {name}", "kind": "film", "genres": ["drama"], "year": 1990, "description": "About it."}
    for name in "abcdefgh"
]


def write(folder: Path, name: str, *rows: object) -> Path:
    path = folder / name
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.fixture
def catalog(tmp_path):
    return write(tmp_path, "catalog.jsonl", *ITEMS)


def dialogue(name="1", text="hello", items=("a",)):
    turns = [
        {"role": "user", "text": text, "items": ["b"]},
        {"role": "assistant", "text": f"Try Film {items[0]}" if items else "Hm", "items": list(items)},
    ]
    return {"id": name, "turns": turns}


def chosen(user, history, next_item, timestamp=None):
    return {"user": user, "history": list(history), "next": next_item, "timestamp": timestamp}


def event(user, item, timestamp):
    return {"user_id": user, "item_id": item, "timestamp": timestamp}


def findings(check, *placed):
    """Feed (record type, row, part) triples, on lines 1, 2, …; returns category and lines."""
    for line, (kind, row, part) in enumerate(placed, 1):
        check.add(kind.model_validate(row), Place("f", line, part))
    return [(found.category, found.problem.line, found.problem.expected) for found in check.findings()]


def test_the_same_words_in_two_parts_are_a_leak_and_in_one_a_copy():
    found = findings(
        Copies(),
        (DialogueRecord, dialogue("1", "Hello there!"), "train"),
        (DialogueRecord, dialogue("2", "HELLO, there"), "test"),
        (DialogueRecord, dialogue("3", "hello there"), "train"),
        (DialogueRecord, dialogue("4", "something else"), "train"),
    )
    assert found == [
        (LEAK, 1, "a record that is in train only, found that of f:2 (test)"),
        (LEAK, 3, "a record that is in train only, found that of f:2 (test)"),
    ]


def test_a_copy_is_reported_once_though_id_and_words_are_the_same():
    found = findings(Copies(), *[(DialogueRecord, dialogue(), "train")] * 3)
    assert found == [(COPY, line, "a record of its own, found that of f:1 (train)") for line in (2, 3)]


def test_mentions_may_be_those_of_a_dialogue_but_not_of_another_part():
    mentions = {"id": "1", "mentions": [{"role": "user", "items": ["a"]}]}
    same = (DialogueRecord, dialogue("1"), "train"), (MentionsRecord, mentions, "train")
    assert findings(Copies(), *same) == []
    assert [f[:2] for f in findings(Copies(), *same, (MentionsRecord, mentions, "valid"))] == [(LEAK, 1), (LEAK, 2)]


def test_copies_of_events_and_choices():
    found = findings(
        Copies(),
        (InteractionRecord, event("u", "a", 1), "train"),
        (InteractionRecord, event("u", "a", 2), "train"),
        (InteractionRecord, event("u", "a", 1), "valid"),
        (NextItemRecord, chosen("u", "a", "b"), "test"),
        (NextItemRecord, chosen("v", "a", "b"), "test"),
        (NextItemRecord, chosen("u", "a", "b"), "test"),
    )
    assert [f[:2] for f in found] == [(LEAK, 1), (COPY, 6)] or [f[:2] for f in found] == [(COPY, 6), (LEAK, 1)]


def test_a_persons_later_events_may_not_be_in_an_earlier_part():
    found = findings(
        Timelines(),
        (InteractionRecord, event("u", "a", 10), "test"),
        (InteractionRecord, event("v", "a", 10), "test"),
        (InteractionRecord, event("u", "b", 5), "train"),
        (InteractionRecord, event("v", "c", 20), "train"),
        (InteractionRecord, event("v", "d", 15), "train"),
        (InteractionRecord, event("w", "d", 99), "train"),
        (InteractionRecord, event("u", "e", 10), "valid"),
    )
    assert found == [(LATER, 4, "nothing after what f:2 (test) asks of this person")]


def test_histories_without_times_may_not_hold_what_is_asked():
    found = findings(
        Timelines(),
        (NextItemRecord, chosen("u", "abc", "d"), "test"),
        (NextItemRecord, chosen("u", "ab", "c"), "valid"),
        (NextItemRecord, chosen("u", "a", "b"), "train"),
        (NextItemRecord, chosen("u", "abcd", "e"), "train"),
        (NextItemRecord, chosen("v", "abcd", "e"), "train"),
        (NextItemRecord, chosen("u", "xcd", "e"), "train"),  # not that moment: c and d, but not after a and b
    )
    assert [f[:2] for f in found] == [(LATER, 4)]


def test_popularity():
    popularity = Popularity()
    for user, item, part in (("u", "a", "train"), ("v", "a", "train"), ("w", "a", "train"), ("u", "b", "train"),
                             ("u", "a", "test"), ("v", "c", "test")):  # fmt: skip
        popularity.add(InteractionRecord.model_validate(event(user, item, 1)), Place("f", 1, part))
    skew = popularity.skew(10)
    assert (skew.mentions, skew.top_share, skew.cold) == (4, 0.75, 0.5)
    assert skew.never == pytest.approx(0.8)
    assert skew.gini == pytest.approx(0.25)  # of counts 1 and 3
    assert np.isnan(Popularity().skew(10).cold)
    assert Popularity().skew(0).mentions == 0


def test_files_and_their_parts(tmp_path, catalog):
    train = write(tmp_path, "dialogues.train.jsonl", dialogue())
    other = write(tmp_path, "logs.jsonl", dialogue())
    assert data_files([tmp_path], catalog=catalog) == [DataFile(train, "train")]
    assert data_files([catalog, other], catalog=catalog) == [DataFile(other, "train")]
    assert data_files([], [f"valid={other}", f"train={tmp_path}"]) == [
        DataFile(other, "valid"),
        DataFile(train, "train"),
    ]
    assert data_files([other], [f"test={other}"]) == [DataFile(other, "test")]
    for given in ("valid", "later=x", "=x", "train="):
        with pytest.raises(DataError, match="expected train=FILE, valid=FILE or test=FILE"):
            data_files([], [given])
    with pytest.raises(DataError, match="no data file given"):
        data_files([])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no data file in it; expected names such as"):
        data_files([tmp_path / "empty"])


def test_everything_wrong_is_found_with_file_and_line(tmp_path, catalog):
    train = write(
        tmp_path, "dialogues.train.jsonl", dialogue("1"), "{", dialogue("2", "x", ["nowhere"]), dialogue("3", "y")
    )
    valid = write(tmp_path, "dialogues.valid.jsonl", dialogue("1", "other"), dialogue("9", "Hello!"))
    report = validate(data_files([train, valid]), catalog)
    assert report.counts == {UNUSABLE: 1, UNKNOWN: 1, LEAK: 1}
    places = [(f.category, f.problem.file, f.problem.line) for f in report.findings]
    assert places == [(UNUSABLE, str(train), 2), (UNKNOWN, str(train), 3), (LEAK, str(train), 1)]
    sizes = {size.file.part: size for size in report.sizes}
    assert (sizes["train"].records, sizes["train"].bad, sizes["train"].turns) == (2, 2, 4)
    assert sizes["train"].items == {"a", "b"}


def test_good_data_has_no_findings_and_files_without_a_part_are_train(tmp_path, catalog):
    paths = [
        write(tmp_path, "dialogues.jsonl", dialogue()),
        write(tmp_path, "interactions.jsonl", event("u", "a", 1), event("v", "a", 1)),
        write(tmp_path, "next-item.jsonl", chosen("u", "a", "b")),
        write(tmp_path, "mentions.jsonl", {"id": "x", "mentions": [{"role": "user", "items": ["a"]}]}),
    ]
    report = validate(data_files(paths), catalog)
    assert not report.findings
    assert {size.file.part for size in report.sizes} == {"train"}
    assert [size.kind for size in report.sizes] == ["dialogues", "mentions", "next-item", "interactions"]
    assert [len(size.people) for size in report.sizes] == [0, 0, 1, 2]


def test_a_file_that_cannot_be_read_is_one_finding(tmp_path, catalog):
    good = write(tmp_path, "dialogues.jsonl", dialogue())
    report = validate(data_files([good, tmp_path / "dialogues.missing.jsonl"]), catalog)
    assert report.counts == {UNUSABLE: 1}
    assert "missing.jsonl:0: expected a readable file; no such file" in str(report.findings[0].problem)


def test_bad_rows_of_the_catalogue_are_findings(tmp_path):
    catalog = write(tmp_path, "catalog.jsonl", *ITEMS, {"id": "x"})
    report = validate(data_files([write(tmp_path, "dialogues.jsonl", dialogue())]), catalog)
    assert [f"{f.category}: {f.problem.line}" for f in report.findings] == ["rows of the catalogue: 9"]


def test_nothing_readable_is_an_error(tmp_path, catalog):
    with pytest.raises(DataError, match="nothing can be read"):
        validate(data_files([write(tmp_path, "dialogues.jsonl", "{")]), catalog)
    with pytest.raises(CatalogError):
        validate(data_files([write(tmp_path, "dialogues.jsonl", dialogue())]), tmp_path / "none.csv")


def test_a_sample_keeps_whole_people_and_knows_its_share():
    sample = Sample(10)
    for n in range(1000):
        sample.add(InteractionRecord.model_validate(event(f"u{n % 200}", "a", n)))
    kept = sample.records(InteractionRecord)
    people = {record.user_id for record in kept}
    assert 3 <= len(people) <= 20
    assert len(kept) == 5 * len(people)
    assert sample.scale(InteractionRecord) == 1000 / len(kept)
    assert sample.records(DialogueRecord) == []
    assert sample.scale(DialogueRecord) == 0


@pytest.fixture
def films():
    return Catalog([Item(i["id"], i["title"], "film", 1990, genres=("drama",), description="About it.") for i in ITEMS])


def test_tokens_are_counted_as_training_has_them(films, tiny_model_dir):
    encoder, _ = load_encoder(str(tiny_model_dir))
    sample = Sample()
    for n in range(20):
        sample.add(DialogueRecord.model_validate(dialogue(str(n), f"hello {n}")))
        sample.add(NextItemRecord.model_validate(chosen(f"u{n}", "ab", "c")))
    found = estimate(sample, films, encoder)
    lengths = {task.task: task for task in found.lengths}
    assert lengths["conversation"].examples == 20
    assert lengths["history"].examples == 20
    assert lengths["text"].examples == 8
    assert lengths["conversation"].percentile(50) <= lengths["conversation"].percentile(100)
    assert lengths["conversation"].over(10) == 1.0
    assert 0 < found.tokens < found.plain  # the system message is shared


def test_an_estimate_scales_with_the_data_and_minds_weights_and_limits(films, tiny_model_dir):
    from finetune.config import TaskSettings

    encoder, _ = load_encoder(str(tiny_model_dir))
    sample = Sample(10)
    for n in range(200):
        sample.add(DialogueRecord.model_validate(dialogue(str(n), "hello")))
    off = {name: TaskSettings(weight=0) for name in ("reply", "why", "search", "text", "wish", "history")}
    found = estimate(sample, films, encoder, tasks=off)
    assert [task.task for task in found.lengths] == ["conversation"]
    assert found.lengths[0].examples == pytest.approx(200)
    assert len(found.lengths[0].tokens) <= 20
    limited = estimate(sample, films, encoder, tasks={**off, "conversation": TaskSettings(limit=50)})
    assert limited.lengths[0].examples == 50
    assert limited.tokens == pytest.approx(found.tokens / 4)
    too_short = estimate(sample, films, encoder, tasks=off, max_tokens=16)
    assert (too_short.tokens, too_short.packed, too_short.lengths[0].over(16)) == (0, None, 1)


def test_an_estimate_is_of_the_run_that_is_configured(tmp_path, catalog, films, tiny_model_dir, monkeypatch):
    from finetune.config import Data, TrainConfig
    from finetune.examples import ExampleEncoder, make_examples

    encoder, _ = load_encoder(str(tiny_model_dir))
    rows = [dialogue(str(n), f"hello {n}", (ITEMS[n % 8]["id"],)) for n in range(40)]
    path = write(tmp_path, "dialogues.jsonl", *rows)
    (tmp_path / "out.txt").write_text("c\n", encoding="utf-8")
    data = Data(catalog=catalog, dialogues=(path,), leave_out=tmp_path / "out.txt", valid_share=0.5)
    config = TrainConfig(output=tmp_path / "run", model=str(tiny_model_dir), data=data, prompt="person")
    sample = Sample()
    for row in rows:
        sample.add(DialogueRecord.model_validate(row))
    found = {t.task: t for t in estimate(sample, films, encoder, config=config).lengths}
    made = make_examples(config, listening_shop(films))
    for task in ("conversation", "text"):
        trained = sum(e.task == task for e in made.train)
        assert found[task].examples == pytest.approx(trained, abs=6)
    assert found["text"].examples == pytest.approx(3.5)  # seven of the eight, half of them
    encode = ExampleEncoder(encoder)
    tokens = [encode(e) for e in made.train if e.task == "conversation"]
    longest = max(len(one.prompt) + len(one.completion) for one in tokens)
    assert found["conversation"].tokens.max() == pytest.approx(longest, abs=2)
    seen = []
    monkeypatch.setattr("finetune.estimate.filler", lambda config, hidden: lambda m: seen.append(hidden) or m)
    estimate(sample, films, encoder, config=config.model_copy(update={"shelf": 3}))
    assert set(seen) == {frozenset({2})}


@pytest.mark.parametrize(
    ("ratings", "liked_from", "told"),
    [
        ([1, 2, 3, 4, 5], 3.0, ["5 ratings in train (1: 20%, 2: 20%, 3: 20%, 4: 20%, 5: 20%); 60% are liked"]),
        ([0, 1, 1, 1], 3.0, ["0% are liked", "warning: 3 may be the wrong place to divide ratings from 0 to 1"]),
        ([3, 4, 5], 3.0, ["100% are liked"]),
        ([1, 4, 7, 10], 3.0, ["75% are liked", "warning: 3 may be the wrong place"]),
        ([0, 1, 1, 1], 1.0, ["75% are liked (data.liked_from = 1)"]),
        ([], 3.0, []),
    ],
)
def test_ratings_are_shown_and_a_threshold_of_another_scale_is_told(ratings, liked_from, told):
    check = Ratings()
    for n, rating in enumerate(ratings):
        check.add(InteractionRecord(user_id="u", item_id=f"{n}", timestamp=n, rating=rating), Place("f", n, "train"))
    lines = list(check.told(liked_from))
    assert len(lines) == len(told)
    assert all(part in line for part, line in zip(told, lines, strict=True))


def test_not_all_is_never_all_of_it():
    assert [module._share(value) for value in (0, 0.001, 0.5, 0.996, 1)] == ["0%", "0.1%", "50%", "99.6%", "100%"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(12.3, "12 s"), (90, "2 min"), (3570, "1 h 0 min"), (5400, "1 h 30 min"), (90000, "25 h 0 min")],
)
def test_durations_are_worded(seconds, text):
    assert worded(seconds) == text


def test_a_run_takes_tokens_times_epochs_over_speed():
    assert Duration(1000, 3, Speed(100, 0, "as given")).seconds == 30


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out if code != 2 else printed.err


def test_the_command_line_on_good_data(tmp_path, catalog, tiny_model_dir, capsys):
    write(tmp_path, "dialogues.train.jsonl", *[dialogue(str(n), f"hello {n}") for n in range(5)])
    options = "--model", tiny_model_dir, "--tokens-per-second", 100
    code, shown = run(capsys, tmp_path, "--catalog", catalog, *options)
    assert code == 0
    assert "no problems" in shown
    assert "conversation" in shown
    assert "3 epochs at 100 tokens/s (as given): about" in shown


def test_the_speed_is_measured_by_training_for_a_moment(tmp_path, catalog, tiny_model_dir, capsys, monkeypatch):
    monkeypatch.setattr(module, "measure", lambda *args: measure(*args, seconds=0.0))
    from finetune.probe import measure

    train = write(tmp_path, "logs.jsonl", *[dialogue(str(n), f"hello {n}") for n in range(5)])
    code, shown = run(
        capsys, "--part", f"train={train}", "--catalog", catalog, "--model", tiny_model_dir, "--epochs", 2
    )
    assert code == 0
    assert "training, 2 epochs at" in shown
    assert "tokens measured" in shown


def test_the_command_line_on_bad_data(tmp_path, catalog, capsys):
    write(tmp_path, "dialogues.train.jsonl", dialogue("1"), *["{"] * 5)
    write(tmp_path, "dialogues.valid.jsonl", dialogue("1"))
    code, shown = run(capsys, tmp_path, "--catalog", catalog, "--fast", "--show", 2)
    assert code == 1
    assert "dialogues.train.jsonl:2: expected one JSON object a line" in shown
    assert "and 4 more: --show 0 prints all" in shown
    assert "the same in two parts" in shown
    code, shown = run(capsys, tmp_path, "--catalog", catalog, "--fast", "--show", 0)
    assert shown.count("dialogues.train.jsonl:") == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no data file given"),
        (["missing.jsonl"], "nothing can be read"),
        (["--part", "x"], "expected train=FILE"),
        (["--part", "train=dialogues.jsonl", "valid=dialogues.jsonl"], "dialogues.jsonl: given as train and as valid"),
        (["dialogues.jsonl", "--catalog", "missing.csv"], "no such catalogue file"),
        (["dialogues.jsonl", "--epochs", "0"], "--epochs 0.0: expected a number above 0"),
        (["dialogues.jsonl", "--tokens-per-second", "-1"], "--tokens-per-second -1.0: expected a number above 0"),
        (["dialogues.jsonl", "--config", "missing.yaml"], "missing.yaml"),
    ],
)
def test_what_cannot_be_done_ends_with_2(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "dialogues.jsonl", dialogue())
    code, shown = run(capsys, *arguments)
    assert code == 2
    assert message in shown


def test_a_configuration_names_the_files(tmp_path, catalog, tiny_model_dir, capsys):
    train = write(tmp_path, "a.jsonl", dialogue("1", "one"))
    valid = write(tmp_path, "b.jsonl", dialogue("1", "two"))
    config = write(
        tmp_path,
        "run.yaml",
        f"model: {tiny_model_dir}",
        f"output: {tmp_path / 'run'}",
        "epochs: 7",
        f"data: {{catalog: {catalog}, dialogues: [{train}], valid_dialogues: [{valid}]}}",
    )
    code, shown = run(capsys, "--config", config, "--tokens-per-second", 50)
    assert code == 1
    assert f"{train}:1: expected a record that is in train only" in shown
    assert "7 epochs at 50 tokens/s" in shown
