"""Measure how well systems foretell what an assistant recommends.

    python -m finetune.evaluate --catalog C.jsonl --dialogues valid.jsonl --train-dialogues train.jsonl --out R.json

Safe to interrupt: what is done stays beside --out in a folder ``R.parts`` and the same command goes on from there.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from tqdm import tqdm

from chat.engine import check_folder
from finetune import outcomes, provenance, report, texts
from finetune.bench import NO_MODEL, Bench, MissingPart
from finetune.cases import Case, dialogue_cases, next_item_cases
from finetune.contexts import listening_shop
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord, RecordType, load
from finetune.examples import slotted
from finetune.histories import Histories
from finetune.metrics import K, popularity_percentiles
from finetune.outcomes import Measured
from finetune.systems import SYSTEMS
from finetune.threads import all_threads, one_thread
from retrieval.catalog import Catalog, load_catalog
from retrieval.constraints import Facets
from retrieval.encoder import SentenceEncoder
from retrieval.errors import NamedropError
from retrieval.linking import TitleLinker
from retrieval.models import DEFAULT_ENCODER, DEFAULT_LM, resolve_lm
from retrieval.rows import RowProblem

log = logging.getLogger(__name__)

R = TypeVar("R", bound=RecordType)
T = TypeVar("T")

_TRAINING = ("dialogues", "mentions", "next_item", "interactions")
_NOT_SCORING = ("finetune.evaluate", "finetune.report", "finetune.provenance", "finetune.texts")  # they change no rank


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
    for kind in (name.replace("_", "-") for name in _TRAINING):
        add(f"--train-{kind}", type=Path, nargs="+", default=[], metavar="FILE", help=f"{kind} to learn from")
    add("--adapter", type=Path, help="the folder of a LoRA adapter for the model")
    add("--model", default=DEFAULT_LM, help="the language model; 'none' leaves it out (default: %(default)s)")
    add("--encoder", default=DEFAULT_ENCODER, help="the sentence encoder (default: %(default)s)")
    add("--systems", nargs="+", metavar="NAME", help=f"which to measure (default: all): {', '.join(SYSTEMS)}")
    add("--against", metavar="NAME", help="compare the others with this one (default: the best floor)")
    add("--limit", type=int, metavar="N", help="measure N dialogues only, spread evenly over the file")
    add(
        "--lm-turns",
        type=int,
        metavar="N",
        help="show the language model N turns only, spread evenly: it takes seconds",
    )
    add("--replies", type=int, default=0, metavar="N", help="also let the language model word N turns (default: 0)")
    add(
        "--fit",
        type=Path,
        metavar="FOLDER",
        help="fit the ranker of all parts on these dialogues, measured out of fold, with each part left out in turn; "
        "write it, and all that was learnt, into this folder, a copy of --adapter",
    )
    add("--naming", action="store_true", help="let the ranker read the titles that the language model names as well")
    add(
        "--as-served",
        action="store_true",
        help="ask as the chat asks: with its search words, the likes that it is sure of, and the limits in force",
    )
    add(
        "--outcome",
        action="store_true",
        help="foretell the `target` of each dialogue, what they took in the end, at every turn until it is named; "
        "not what the turn names",
    )
    add("--keep-mentioned", action="store_true", help="let what was mentioned compete with the novel targets too")
    add("--skip-bad-rows", action="store_true", help="go on without the records that cannot be used")
    add("--out", type=Path, required=True, metavar="R.json", help="where the result goes, with .md and .png beside it")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 2 if something cannot be used, 130 if interrupted."""
    given = sys.argv[1:] if argv is None else [*argv]
    options = arguments().parse_args(given)
    options.command = provenance.command("finetune.evaluate", given)
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
    with one_thread():
        return _evaluated(options)


def _evaluated(options: argparse.Namespace) -> dict[str, Any]:
    names = _chosen(options)
    if options.out.suffix != ".json":
        raise EvaluationError(f"--out is '{options.out}'; expected a name that ends in .json")
    problems: list[RowProblem] = []
    loaded = load_catalog(options.catalog, skip_bad=options.skip_bad_rows)
    problems += loaded.problems
    catalog = Catalog(loaded.items)
    read = _Reader(frozenset(catalog.positions), options.skip_bad_rows, problems)
    histories = Histories(
        dialogues=read(options.train_dialogues, DialogueRecord),
        mentions=read(options.train_mentions, MentionsRecord),
        next_item=read(options.train_next_item, NextItemRecord),
        interactions=read(options.train_interactions, InteractionRecord),
    )
    cases = _cases(options, read, catalog, histories)
    for problem in problems:
        print(f"skipped {problem}", file=sys.stderr)
    bench = Bench(
        options.catalog,
        catalog,
        histories,
        options.model,
        options.adapter,
        options.encoder,
        options.skip_bad_rows,
        fitted_on=cases if options.fit else (),
        tables=options.out.with_suffix(".parts") / f"tables-{_digest([_key(options), options.model])}",
        naming=options.naming,
    )
    done, left_out = _measure(options, names, bench, cases)
    if options.fit:
        _keep(options, bench)
    return {**_report(options, bench, cases, done, left_out), "texts": _texts(options, bench, cases)}


def _keep(options: argparse.Namespace, bench: Bench) -> None:
    """Write the adapter's folder anew, with what the training data teaches and the ranker fitted on all the cases."""
    aside = options.fit.with_name(f".{options.fit.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    if options.adapter is not None:
        shutil.copytree(options.adapter, aside)
    replace(bench.learnt, ranker=bench.fitting.ranker()).save(aside)
    os.rename(aside, options.fit)


def _texts(options: argparse.Namespace, bench: Bench, cases: Sequence[Case]) -> dict[str, float]:
    """Measure the wording of some turns; {} if none was asked for or none can be worded."""
    if not options.replies or options.model == NO_MODEL:
        return {}
    worded = [case for case in cases if slotted(case.text, [bench.catalog[at] for at in case.targets])]
    some = _spread(worded, options.replies)
    found = texts.replies(
        bench.generator, some, bench.catalog, texts.token_counter(options.model), bench.learnt.prompting.style
    )
    return texts.summary(list(found), TitleLinker(Facets(bench.catalog)))


def _chosen(options: argparse.Namespace) -> list[str]:
    asked = [name for given in options.systems or SYSTEMS for name in given.split(",") if name]
    for name in [*asked, *([options.against] if options.against else [])]:
        if name not in SYSTEMS:
            near = difflib.get_close_matches(name, SYSTEMS, n=1)
            hint = f"is {near[0]!r} meant?" if near else f"known are {', '.join(SYSTEMS)}"
            raise EvaluationError(f"no system is called {name!r}; {hint}")
    if options.against and options.against not in asked:
        raise EvaluationError(f"--against {options.against} is not measured; name it with --systems too")
    if options.naming and (options.fit is None or options.model == NO_MODEL):
        raise EvaluationError("--naming is for a ranker that is fitted with a language model; give --fit and a --model")
    for name, value in (("--limit", options.limit), ("--lm-turns", options.lm_turns)):
        if value is not None and value < 1:
            raise EvaluationError(f"{name} is {value}; expected at least 1")
    if options.fit is not None and options.fit.exists():
        raise EvaluationError(f"--fit '{options.fit}' exists; nothing is overwritten: give another folder")
    if options.adapter is not None and not options.adapter.is_dir():
        raise EvaluationError(f"--adapter '{options.adapter}': no such folder; give what finetune.train wrote")
    if options.adapter is not None and options.model != NO_MODEL:
        check_folder(options.adapter)
    known = [name for name in SYSTEMS if name in asked]
    return [name for name in known if options.systems or options.fit or not SYSTEMS[name].fitted]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads files of one kind as one, and collects what was skipped."""

    known: frozenset[str]
    skip_bad: bool
    problems: list[RowProblem]

    def __call__(self, paths: Sequence[Path], kind: type[R]) -> list[R]:
        found: list[R] = []
        for path in paths:
            one = load(path, kind, known=self.known, skip_bad=self.skip_bad)
            self.problems.extend(one.problems)
            found += one.records
        return found


def _cases(options: argparse.Namespace, read: _Reader, catalog: Catalog, histories: Histories) -> list[Case]:
    records: Sequence[DialogueRecord] | Sequence[NextItemRecord]
    if options.dialogues:
        records = dialogues = _spread(read([options.dialogues], DialogueRecord), options.limit)
        bar = tqdm(dialogues, desc="reading the dialogues", unit=" dialogues")
        shop = listening_shop(catalog, SentenceEncoder(options.encoder))
        cases = list(dialogue_cases(bar, shop, served=options.as_served, outcome=options.outcome))
    else:
        records = pairs = _spread(read([options.next_item], NextItemRecord), options.limit)
        cases = list(next_item_cases(pairs, catalog))
    tested = options.dialogues or options.next_item
    if not any(any(case.novel) for case in cases):
        expected = "dialogues with a `target`" if options.outcome else "assistant turns that name new items"
        raise EvaluationError(f"{tested}: nothing to foretell; expected {expected}")
    if leaked := histories.holds(records):
        log.warning("%s: %d of %d records are also learnt from; the figures flatter", tested, leaked, len(records))
    return cases


def _spread(records: Sequence[T], limit: int | None) -> Sequence[T]:
    if limit is None or limit >= len(records):
        return records
    return [records[at * len(records) // limit] for at in range(limit)]


def _measure(
    options: argparse.Namespace, names: Sequence[str], bench: Bench, cases: Sequence[Case]
) -> tuple[dict[str, Measured], dict[str, str]]:
    """Run every system; a part that is missing leaves a system out, unless it was asked for by name."""
    parts = options.out.with_suffix(".parts")
    parts.mkdir(parents=True, exist_ok=True)
    done: dict[str, Measured] = {}
    left_out: dict[str, str] = {}
    key = _key(options)
    try:
        with FileLock(parts / "lock", timeout=0):
            for name in names:
                part = parts / f"{name}-{_digest([key, name, options.naming])}"
                try:
                    done[name] = _run(options, name, bench, cases, part)
                except MissingPart as error:
                    if options.systems:
                        raise
                    left_out[name] = str(error)
    except Timeout as error:
        raise EvaluationError(f"{parts}: another evaluation writes here; wait for it or change --out") from error
    return done, left_out


def _run(options: argparse.Namespace, name: str, bench: Bench, cases: Sequence[Case], part: Path) -> Measured:
    system = SYSTEMS[name]
    speaks = system.speaks and not (options.fit and name in ("tower", "full"))  # which are computed for the fit
    if speaks:
        if options.model == NO_MODEL:
            raise MissingPart("the language model is left out (--model none)")
        model = provenance.file_digest(resolve_lm(options.model))
        part = part.with_name(f"{part.name}-{_digest([model, options.lm_turns])}")
    at = _spread(range(len(cases)), options.lm_turns if speaks else None)
    seen = [cases[i] for i in at]
    leaves_out = system.leaves_out and not options.keep_mentioned
    make = partial(system.make, bench)
    with all_threads() if speaks else nullcontext():
        found = outcomes.run(name, make, leaves_out, seen, bench.base.facets, part.with_name(f"{part.name}.jsonl"))
    return Measured(at, seen, found)


def _key(options: argparse.Namespace) -> dict[str, Any]:
    """Return everything that a rank depends on, but the language model."""
    files = [*_files(options), *([options.adapter] if options.adapter else [])]
    return {
        "code": provenance.code_digest(without=_NOT_SCORING),
        "data": [provenance.file_digest(path) for path in files],
        "options": [
            options.limit,
            options.keep_mentioned,
            options.encoder,
            options.skip_bad_rows,
            options.as_served,
            options.outcome,
        ],
    }


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _files(options: argparse.Namespace) -> list[Path]:
    train = [path for kind in _TRAINING for path in getattr(options, f"train_{kind}")]
    return [options.catalog, options.dialogues or options.next_item, *train]


def _report(
    options: argparse.Namespace,
    bench: Bench,
    cases: Sequence[Case],
    done: Mapping[str, Measured],
    left_out: Mapping[str, str],
) -> dict[str, Any]:
    percentiles = popularity_percentiles(bench.counts)
    systems = {name: outcomes.summarise(found, percentiles) for name, found in done.items()}
    floors = [name for name in systems if SYSTEMS[name].floor]
    best = max(floors, key=lambda name: systems[name]["novel"][f"recall@{K}"]["value"], default=None)
    against = options.against or best
    others = [name for name in systems if name != against]
    tested = options.dialogues or options.next_item
    return {
        **outcomes.counts(cases),
        "systems": {name: {"about": SYSTEMS[name].about, **system} for name, system in systems.items()},
        "against": against,
        "comparisons": {name: outcomes.compare(done[name], done[against]) for name in others} if against else {},
        "left_out": left_out,
        "meta": {
            "data": f"{tested.parent.name}/{tested.name}",
            "items": len(bench.catalog),
            "command": options.command,
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
