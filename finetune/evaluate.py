"""Measure how well systems foretell what an assistant recommends.

    python -m finetune.evaluate --catalog catalog.jsonl --dialogues valid.jsonl --train-dialogues train.jsonl --out R.json

Safe to interrupt: what is done stays beside --out in a folder ``R.parts`` and the same command goes on from there.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import logging
import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from tqdm import tqdm

from finetune import outcomes, provenance, report
from finetune.cases import Case, dialogue_cases, next_item_cases
from finetune.contexts import listening_shop
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord, RecordType, load
from finetune.histories import Histories
from finetune.outcomes import Outcome
from finetune.systems import NO_MODEL, SYSTEMS, Bench, MissingPart
from retrieval.catalog import Catalog, RowProblem, load_catalog
from retrieval.errors import NamedropError
from retrieval.metrics import K, popularity_percentiles
from retrieval.models import DEFAULT_ENCODER, DEFAULT_LM, resolve_lm

R = TypeVar("R", bound=RecordType)

# option: what it holds
_TRAINING: Mapping[str, type[RecordType]] = {
    "dialogues": DialogueRecord,
    "mentions": MentionsRecord,
    "next_item": NextItemRecord,
    "interactions": InteractionRecord,
}
_NOT_SCORING = ("finetune.evaluate", "finetune.report", "finetune.provenance")  # they change no rank


class EvaluationError(NamedropError):
    """What was asked cannot be measured."""


def arguments() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m finetune.evaluate",
        description="Measure how well systems foretell the items that assistant turns name, novel ones first. Writes "
        "JSON, and beside it a page in Markdown and a plot. Can be interrupted and run again.",
    )
    add = parser.add_argument
    add("--catalog", type=Path, required=True, help="a .csv, .tsv, .jsonl or .parquet file")
    tested = parser.add_mutually_exclusive_group(required=True)
    tested.add_argument("--dialogues", type=Path, metavar="FILE", help="the dialogues to foretell")
    tested.add_argument("--next-item", type=Path, metavar="FILE", help="the next items to foretell")
    for kind in _TRAINING:
        what = f"{kind.replace('_', '-')} to learn from"
        add(f"--train-{kind.replace('_', '-')}", type=Path, nargs="+", default=[], metavar="FILE", help=what)
    add("--adapter", type=Path, help="the folder of a LoRA adapter for the model")
    add("--model", default=DEFAULT_LM, help="the language model; 'none' leaves it out (default: %(default)s)")
    add("--encoder", default=DEFAULT_ENCODER, help="the sentence encoder (default: %(default)s)")
    add("--systems", nargs="+", metavar="NAME", help=f"which to measure (default: all): {', '.join(SYSTEMS)}")
    add("--against", metavar="NAME", help="compare the others with this one (default: the best floor)")
    add("--limit", type=int, metavar="N", help="measure N dialogues only, spread evenly over the file")
    add("--keep-mentioned", action="store_true", help="let what was mentioned compete with the novel targets too")
    add("--skip-bad-rows", action="store_true", help="go on without the records that cannot be used")
    add("--out", type=Path, required=True, metavar="R.json", help="where the result goes, with .md and .png beside it")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 2 if something cannot be used, 130 if interrupted."""
    options = arguments().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        result = evaluate(options)
        paths = report.write(result, options.out)
    except NamedropError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again to go on from here", file=sys.stderr)
        return 130
    report.show(result)
    print("written: " + ", ".join(map(str, paths)))
    return 0


def evaluate(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what was asked; return the report.

    Raises:
        NamedropError: a file, a name or a model cannot be used.
    """
    names = _chosen(options)
    if options.out.suffix != ".json":
        raise EvaluationError(f"--out is '{options.out}'; expected a name that ends in .json")
    problems: list[RowProblem] = []
    loaded = load_catalog(options.catalog, skip_bad=options.skip_bad_rows)
    problems += loaded.problems
    catalog = Catalog(loaded.items)
    read = partial(_read, known=frozenset(catalog.positions), options=options, problems=problems)
    histories = Histories(**{kind: read(getattr(options, f"train_{kind}"), _TRAINING[kind]) for kind in _TRAINING})
    cases = _cases(options, read, catalog)
    for problem in problems:
        print(f"skipped {problem}", file=sys.stderr)
    bench = Bench(
        options.catalog, catalog, histories, options.model, options.adapter, options.encoder, options.skip_bad_rows
    )
    done, left_out = _measure(options, names, bench, cases)
    return _report(options, bench, cases, done, left_out)


def _chosen(options: argparse.Namespace) -> list[str]:
    asked = [name for given in options.systems or SYSTEMS for name in given.split(",") if name]
    for name in [*asked, *([options.against] if options.against else [])]:
        if name not in SYSTEMS:
            near = difflib.get_close_matches(name, SYSTEMS, n=1)
            hint = f"is {near[0]!r} meant?" if near else f"known are {', '.join(SYSTEMS)}"
            raise EvaluationError(f"no system is called {name!r}; {hint}")
    if options.against and options.against not in asked:
        raise EvaluationError(f"--against {options.against} is not measured; name it with --systems too")
    if options.limit is not None and options.limit < 1:
        raise EvaluationError(f"--limit is {options.limit}; expected at least 1")
    if options.adapter is not None and not options.adapter.is_dir():
        raise EvaluationError(f"--adapter '{options.adapter}': no such folder; give what finetune.train wrote")
    return [name for name in SYSTEMS if name in asked]


def _read(
    paths: Sequence[Path],
    kind: type[R],
    *,
    known: frozenset[str],
    options: argparse.Namespace,
    problems: list[RowProblem],
) -> list[R]:
    found: list[R] = []
    for path in paths:
        one = load(path, kind, known=known, skip_bad=options.skip_bad_rows)
        problems += one.problems
        found += one.records
    return found


def _cases(options: argparse.Namespace, read: Any, catalog: Catalog) -> list[Case]:  # noqa: ANN401 - a generic partial
    if options.dialogues:
        dialogues = _spread(read([options.dialogues], DialogueRecord), options.limit)
        bar = tqdm(dialogues, desc="reading the dialogues", unit=" dialogues")
        cases = list(dialogue_cases(bar, listening_shop(catalog)))
    else:
        cases = list(next_item_cases(_spread(read([options.next_item], NextItemRecord), options.limit), catalog))
    if not any(any(case.novel) for case in cases):
        raise EvaluationError(
            f"{options.dialogues or options.next_item}: nothing to foretell; expected assistant turns that name items "
            "which no turn before names"
        )
    return cases


def _spread(records: Sequence[R], limit: int | None) -> Sequence[R]:
    if limit is None or limit >= len(records):
        return records
    return [records[at * len(records) // limit] for at in range(limit)]


def _measure(
    options: argparse.Namespace, names: Sequence[str], bench: Bench, cases: Sequence[Case]
) -> tuple[dict[str, list[Outcome]], dict[str, str]]:
    """Run every system; a part that is missing leaves a system out, unless it was asked for by name."""
    parts = options.out.with_suffix(".parts")
    parts.mkdir(parents=True, exist_ok=True)
    done: dict[str, list[Outcome]] = {}
    left_out: dict[str, str] = {}
    key = _key(options)
    try:
        with FileLock(parts / "lock", timeout=0):
            for name in names:
                system = SYSTEMS[name]
                where = parts / f"{name}-{_digest([key, name, _model(options) if system.speaks else ''])}.jsonl"
                leaves_out = system.leaves_out and not options.keep_mentioned
                make = partial(system.make, bench)
                try:
                    done[name] = outcomes.run(name, make, leaves_out, cases, len(bench.catalog), where)
                except MissingPart as error:
                    if options.systems:
                        raise
                    left_out[name] = str(error)
    except Timeout as error:
        raise EvaluationError(
            f"{parts}: another evaluation writes here; wait for it, or choose another --out"
        ) from error
    return done, left_out


def _key(options: argparse.Namespace) -> dict[str, Any]:
    """Return everything that a rank depends on."""
    return {
        "code": provenance.code_digest(without=_NOT_SCORING),
        "data": [provenance.file_digest(path) for path in _files(options)],
        "options": [options.limit, options.keep_mentioned, options.encoder, options.skip_bad_rows],
    }


def _model(options: argparse.Namespace) -> str:
    if options.model == NO_MODEL:
        return NO_MODEL
    adapter = provenance.file_digest(options.adapter) if options.adapter else ""
    return provenance.file_digest(resolve_lm(options.model)) + adapter


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _files(options: argparse.Namespace) -> list[Path]:
    train = [path for kind in _TRAINING for path in getattr(options, f"train_{kind}")]
    return [options.catalog, options.dialogues or options.next_item, *train]


def _report(
    options: argparse.Namespace,
    bench: Bench,
    cases: Sequence[Case],
    done: Mapping[str, list[Outcome]],
    left_out: Mapping[str, str],
) -> dict[str, Any]:
    percentiles = popularity_percentiles(bench.counts)
    systems = {name: outcomes.summarise(cases, found, percentiles) for name, found in done.items()}
    floors = [name for name in systems if SYSTEMS[name].floor]
    best = max(floors, key=lambda name: systems[name]["novel"][f"recall@{K}"]["value"], default=None)
    against = options.against or best
    others = [name for name in systems if name != against]
    tested = options.dialogues or options.next_item
    return {
        **outcomes.counts(cases),
        "systems": {name: {"about": SYSTEMS[name].about, **system} for name, system in systems.items()},
        "against": against,
        "comparisons": {name: outcomes.compare(cases, done[name], done[against]) for name in others} if against else {},
        "left_out": left_out,
        "meta": {
            "data": f"{tested.parent.name}/{tested.name}",
            "items": len(bench.catalog),
            "command": "python -m finetune.evaluate " + shlex.join(sys.argv[1:]),
            "commit": provenance.commit(),
            "date": provenance.now(),
            "hardware": provenance.hardware(),
            "versions": provenance.versions(),
            "sha256": provenance.file_digests(_files(options)),
            "model": options.model,
            "adapter": str(options.adapter) if options.adapter else None,
        },
    }


if __name__ == "__main__":
    sys.exit(main())
