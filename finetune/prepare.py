"""From a data set to training data, in one step: ``python -m finetune.prepare movielens ml-1m --out data/ml-1m``.

What happens, in this order, to whatever is read:

1. **Read** by `finetune.readers`; a row that makes no item or record is reported with file and line, and left out.
2. **Clean** every text (`finetune.cleaning`).
3. **Check** items: an id has one item; a record with an item that the catalogue lacks is reported and left out.
4. **Filter** by the `--min-…` options.
5. **De-duplicate**: of dialogues that say the same, or have the same id, one stays, in the part nearest to test; of a
   person's interactions with one item the first stays.
6. **Split**, where the source has not: dialogues and mentions by a hash of their id (also if only one of valid and
   test is missing), next-item records by a hash of the user, interactions by time: each person's last event to test,
   the one before to valid.
7. **Write** aside, then rename. The same input and options give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tqdm import tqdm

from finetune.cleaning import clean_dialogue, clean_item
from finetune.data import (
    PARTS,
    DataError,
    DialogueRecord,
    InteractionRecord,
    MentionsRecord,
    NextItemRecord,
    Part,
    RecordType,
    references,
)
from finetune.events import EventLog, Events, core, next_items, rated, split_last, split_time, without_repeats
from finetune.provenance import file_digest
from finetune.readers import READERS, Original, Placed
from finetune.report import wide_console
from finetune.splitting import divide, unique_dialogues, unique_mentions, unique_next_items
from retrieval.errors import NamedropError
from retrieval.files import new_folder
from retrieval.rows import RowProblem
from retrieval.types import Item

CATALOG = "catalog.jsonl"
SUMMARY = "prepared.json"
PROBLEMS = "problems.txt"
_SHOWN = 20  # problems on the screen; the file has all


@dataclass(frozen=True, slots=True)
class Options:
    """What may differ between two preparations of one source; each is an option of the command line.

    Attributes:
        valid: the share of valid among dialogues, or of time with `split` = "time".
        test: the share of test, likewise.
        split: how interactions are split: "last" (of each person) or "time" (one moment for all).
        min_rating: interactions rated lower are left out.
        min_user_events: people with fewer are left out.
        min_item_events: items with fewer are left out of the interactions.
        min_turns: dialogues with fewer are left out.
        keep_repeats: keep all of a person's interactions with one item.
        max_history: items of a next-item history.
        max_per_user: next-item examples of a person in each part, the latest.
        only_used: leave items out of the catalogue that no record refers to.
        seed: of the hash that splits.
    """

    valid: float = 0.1
    test: float = 0.1
    split: str = "last"
    min_rating: float | None = None
    min_user_events: int = 1
    min_item_events: int = 1
    min_turns: int = 1
    keep_repeats: bool = False
    max_history: int = 20
    max_per_user: int = 20
    only_used: bool = False
    seed: int = 0

    def check(self) -> None:
        """Raise DataError if a value makes no sense."""
        if not (0 <= self.valid < 1 and 0 <= self.test < 1 and self.valid + self.test < 1):
            raise DataError(
                f"--valid {self.valid} and --test {self.test}: expected shares from 0 to 1 that leave some for train"
            )
        for name in ("min_user_events", "min_item_events", "min_turns", "max_history", "max_per_user"):
            if getattr(self, name) < 1:
                option = name.replace("_", "-")
                raise DataError(f"--{option} {getattr(self, name)}: expected 1 or more")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a preparation wrote: the records of each file, what was left out and why, and all problems."""

    folder: Path
    written: dict[str, int]
    left_out: dict[str, int]
    problems: tuple[RowProblem, ...]


class _Collected:
    """The records of a source, cleaned and checked, before they are filtered and split."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.problems: list[RowProblem] = []
        self.left_out: Counter[str] = Counter()
        self.known: set[str] = set()
        self.dialogues: list[Placed[DialogueRecord]] = []
        self.mentions: list[Placed[MentionsRecord]] = []
        self.next_items: list[Placed[NextItemRecord]] = []
        self.events = EventLog()

    def read(self, source: Original, progress: bool) -> None:
        for placed in _bar(source.items(self.problems.append), "items", progress):
            if placed.value.id in self.known:
                expected, remedy = "an id of its own", "the first row with it is kept"
                self.report(placed, "id", placed.value.id, expected, remedy)
            self.known.add(placed.value.id)
        if not self.known:
            raise DataError(f"{source.files[0]}: no usable item", self.problems)
        for record in _bar(source.records(self.problems.append), "records", progress):
            missing = next((found for found in references(record.value) if found[1] not in self.known), None)
            if missing is not None:
                self.leave_out("an item is not in the catalogue", 1)
                self.report(record, *missing, "an id of the catalogue", "the record is left out")
            else:
                self._add(record)

    @property
    def shares(self) -> Mapping[Part, float]:
        return {"valid": self.options.valid, "test": self.options.test}

    def leave_out(self, reason: str, number: int) -> None:
        if number:
            self.left_out[reason] += number

    def report(self, placed: Placed[Any], column: str, value: str, expected: str, remedy: str) -> None:
        self.problems.append(RowProblem(placed.file, placed.line, column, value, expected, remedy))

    def _add(self, placed: Placed[RecordType]) -> None:
        record = placed.value
        if isinstance(record, InteractionRecord):
            self.events.add(record, placed.part)
        elif isinstance(record, DialogueRecord):
            cleaned = clean_dialogue(record)
            if cleaned is None or len(cleaned.turns) < self.options.min_turns:
                self.leave_out(f"fewer than {self.options.min_turns} turns", 1)
            else:
                self.dialogues.append(Placed(cleaned, placed.file, placed.line, placed.part))
        elif isinstance(record, MentionsRecord):
            self.mentions.append(Placed(record, placed.file, placed.line, placed.part))
        else:
            self.next_items.append(Placed(record, placed.file, placed.line, placed.part))


def prepare(source: Original, out: Path, options: Options | None = None, *, progress: bool = False) -> Prepared:
    """Turn a source into `catalog.jsonl` and KIND.PART.jsonl files in a new folder.

    Raises:
        DataError: the folder exists, an option makes no sense, or nothing usable was read.
    """
    options = options or Options()
    options.check()
    if out.exists():
        raise DataError(f"{out}: exists already; give another folder to --out, or remove this one")
    collected = _Collected(options)
    collected.read(source, progress)
    records = {**_spoken(collected), **_chosen_next(collected)}
    events = _split(_filtered(collected), options)
    files = {**{name: map(_as_json, some) for name, some in records.items()}, **_event_files(events, collected)}
    used = {i for some in records.values() for record in some for _, i in references(record)} | events.used
    with new_folder(out) as aside:
        written: dict[str, int] = {}
        for name, rows in files.items():
            number = _write(aside / name, rows, progress)
            if number:
                written[name] = number
            else:
                (aside / name).unlink()
        if not written:
            raise DataError(f"{source.files[-1]}: nothing is left to write", collected.problems)
        written[CATALOG] = _write(aside / CATALOG, _catalog(source, used if options.only_used else None), progress)
        _write_summary(aside, source, options, written, collected)
    return Prepared(out, written, dict(collected.left_out), tuple(collected.problems))


def _spoken(collected: _Collected) -> dict[str, Sequence[RecordType]]:
    """Return the files of dialogues and of their mentions, and of mentions alone."""
    found = unique_dialogues(collected.dialogues)
    for placed in found.same_id:
        expected, remedy = "an id of its own", "another dialogue with it is kept"
        collected.report(placed, "id", placed.value.id, expected, remedy)
    collected.leave_out("another dialogue has the id", len(found.same_id))
    collected.leave_out("says what another dialogue says", len(found.copies))
    kept = {placed.value.id for placed in found.kept}
    gone = {placed.value.id for placed in collected.dialogues} - kept
    mentions = unique_mentions(p for p in collected.mentions if p.value.id not in gone)
    seed = collected.options.seed
    divided: Mapping[Part, Sequence[DialogueRecord]] = divide(found.kept, attrgetter("id"), collected.shares, seed)
    mentioned: Mapping[Part, Sequence[MentionsRecord]] = divide(mentions.kept, attrgetter("id"), collected.shares, seed)
    return {**_files("dialogues", divided), **_files("mentions", mentioned)}


def _chosen_next(collected: _Collected) -> dict[str, Sequence[RecordType]]:
    found = unique_next_items(collected.next_items)
    collected.leave_out("a copy of another next-item record", len(found.copies))
    # A part taken out of a train part that the source has made could ask for what its valid part takes as known.
    made = any(placed.part for placed in found.kept)
    shares: Mapping[Part, float] = dict.fromkeys(PARTS, 0.0) if made else collected.shares
    divided: Mapping[Part, Sequence[NextItemRecord]] = divide(
        found.kept, attrgetter("user"), shares, collected.options.seed
    )
    return _files("next-item", divided)


def _files(kind: str, divided: Mapping[Part, Sequence[RecordType]]) -> dict[str, Sequence[RecordType]]:
    return {f"{kind}.{part}.jsonl": records for part, records in divided.items() if records}


def _event_files(events: Events, collected: _Collected) -> dict[str, Iterable[dict[str, Any]]]:
    """Return the files of interactions, and of the next-item records they make unless the source has its own."""
    files: dict[str, Iterable[dict[str, Any]]] = {}
    for part in PARTS if len(events) else ():
        files[f"interactions.{part}.jsonl"] = events.rows(part)
        if not collected.next_items:
            examples = next_items(events, part, collected.options.max_history, collected.options.max_per_user)
            files[f"next-item.{part}.jsonl"] = map(_as_json, examples)
    return files


def _filtered(collected: _Collected) -> Events:
    options, found = collected.options, collected.events.close()
    few = f"fewer than {options.min_user_events} of the person or {options.min_item_events} of the item"
    least = -np.inf if options.min_rating is None else options.min_rating
    steps: Mapping[str, Callable[[Events], Events]] = {
        f"rated below {least:g}": lambda e: rated(e, least),
        "repeats an interaction": lambda e: without_repeats(e, keep_repeats=options.keep_repeats),
        few: lambda e: core(e, options.min_user_events, options.min_item_events),
    }
    for reason, step in steps.items():
        before, found = len(found), step(found)
        collected.leave_out(reason, before - len(found))
    return found


def _split(found: Events, options: Options) -> Events:
    if found.split:
        return found.with_part(np.maximum(found.part, 0))
    return split_last(found) if options.split == "last" else split_time(found, options.valid, options.test)


def _as_json(record: RecordType) -> dict[str, Any]:
    cells = record.model_dump(exclude_defaults=True)
    if cells.get("timestamp") is not None and float(cells["timestamp"]).is_integer():
        cells["timestamp"] = int(cells["timestamp"])
    return cells


def _catalog(source: Original, used: set[str] | None) -> Iterator[dict[str, Any]]:
    written: set[str] = set()
    for placed in source.items(lambda _: None):  # what is wrong was reported when it was read the first time
        if placed.value.id not in written and (used is None or placed.value.id in used):
            written.add(placed.value.id)
            yield _item_json(clean_item(placed.value))


def _item_json(item: Item) -> dict[str, Any]:
    cells = {f.name: getattr(item, f.name) for f in fields(item) if f.name != "attributes"}
    return {name: value for name, value in {**cells, **item.attributes}.items() if value not in ("", None, ())}


def _write(path: Path, rows: Iterable[dict[str, Any]], progress: bool) -> int:
    number = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in _bar(rows, path.name, progress):
            number += 1
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return number


def _write_summary(
    folder: Path, source: Original, options: Options, written: dict[str, int], collected: _Collected
) -> None:
    files = [{"file": p.name, "bytes": p.stat().st_size, "sha256": file_digest(p)} for p in source.files]
    summary = {
        "format": source.name,
        "sources": files,
        "options": asdict(options),
        "written": written,
        "left_out": dict(collected.left_out),
        "problems": len(collected.problems),
    }
    (folder / SUMMARY).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if collected.problems:
        lines = "".join(f"{problem}\n" for problem in collected.problems)
        (folder / PROBLEMS).write_text(lines, encoding="utf-8", errors="backslashreplace")


def _bar(things: Iterable[Any], what: str, progress: bool) -> Iterator[Any]:
    yield from tqdm(things, desc=what, unit="", unit_scale=True, disable=not progress)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.prepare",
        description="Clean, normalise, de-duplicate and split a data set: writes catalog.jsonl and "
        "dialogues, mentions, interactions and next-item files with train, valid and test parts. See docs/data.md.",
    )
    known = "; ".join(f"{name}: {reader.expects}" for name, reader in READERS.items())
    parser.add_argument("format", choices=READERS, help=known)
    parser.add_argument("source", nargs="+", type=Path, help="the unpacked download: a folder, or its files")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write; must not exist")
    default = Options()
    share = "share of %s that dialogues without a part give (%s)"
    parser.add_argument("--valid", type=float, default=default.valid, help=share % ("valid", "%(default)s"))
    parser.add_argument("--test", type=float, default=default.test, help=share % ("test", "%(default)s"))
    split = "interactions: each person's last to test, or all after one moment (%(default)s)"
    parser.add_argument("--split", choices=("last", "time"), default=default.split, help=split)
    parser.add_argument("--min-rating", type=float, default=default.min_rating, help="leave lower ratings out")
    least = "leave %s with fewer out (%s)"
    for name, what in (("user-events", "people"), ("item-events", "items"), ("turns", "dialogues")):
        parser.add_argument(f"--min-{name}", type=int, default=1, metavar="N", help=least % (what, "%(default)s"))
    parser.add_argument("--keep-repeats", action="store_true", help="keep a person's further events with an item")
    history = "items of a next-item history (%(default)s)"
    parser.add_argument("--max-history", type=int, default=default.max_history, metavar="N", help=history)
    per_user = "next-item examples of a person in each part, the latest (%(default)s)"
    parser.add_argument("--max-per-user", type=int, default=default.max_per_user, metavar="N", help=per_user)
    parser.add_argument("--only-used", action="store_true", help="leave items that no record has out of the catalogue")
    parser.add_argument("--seed", type=int, default=default.seed, help="of the split by hash (%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 2 when nothing can be made of the source, 130 when interrupted."""
    chosen = _options(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what is half written goes then, too
    console = wide_console()
    options = Options(**{f.name: getattr(chosen, f.name) for f in fields(Options)})
    try:
        prepared = prepare(READERS[chosen.format](chosen.source), chosen.out, options, progress=True)
    except NamedropError as error:
        console.print(escape(f"namedrop: {error}"), style="red")
        return 2
    except OSError as error:
        console.print(
            escape(f"namedrop: cannot write {chosen.out} ({error}); free some space or choose another folder")
        )
        return 2
    except KeyboardInterrupt:
        console.print("interrupted; nothing was written")
        return 130
    _show(console, prepared)
    return 0


def _show(console: Console, prepared: Prepared) -> None:
    for problem in prepared.problems[:_SHOWN]:
        console.print(escape(str(problem)), style="yellow")
    if len(prepared.problems) > _SHOWN:
        console.print(escape(f"… {len(prepared.problems):,} problems, all in {prepared.folder / PROBLEMS}"))
    table = Table("file", "records", title=escape(str(prepared.folder)), title_justify="left")
    table.columns[1].justify = "right"
    for name, number in prepared.written.items():
        table.add_row(name, f"{number:,}")
    console.print(table)
    for reason, number in prepared.left_out.items():
        console.print(escape(f"left out {number:,}: {reason}"), style="dim")


if __name__ == "__main__":
    sys.exit(main())
