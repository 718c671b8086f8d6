"""Measure how well systems foretell what an assistant recommends.

    python -m finetune.evaluate --catalog C.jsonl --dialogues valid.jsonl --train-dialogues train.jsonl --out R.json

Safe to interrupt: what is done stays beside --out in a folder ``R.parts`` and the same command goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
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

from finetune import outcomes, provenance, report, texts
from finetune.asked import TRAINING, EvaluationError, arguments, chosen
from finetune.bench import NO_MODEL, Bench, MissingPart
from finetune.cases import Case, dialogue_cases, next_item_cases
from finetune.checkpoints import readable, trained_on
from finetune.contexts import listening_shop
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord, RecordType, load
from finetune.examples import slotted
from finetune.histories import Histories
from finetune.metrics import K, popularity_percentiles
from finetune.outcomes import Measured
from finetune.ranking import FOLDS
from finetune.systems import SYSTEMS
from finetune.threads import all_threads, one_thread
from retrieval.catalog import Catalog, load_catalog
from retrieval.constraints import Facets
from retrieval.encoder import SentenceEncoder
from retrieval.errors import NamedropError
from retrieval.files import new_folder
from retrieval.linking import TitleLinker
from retrieval.models import resolve_lm
from retrieval.rows import RowProblem

log = logging.getLogger(__name__)

_FEW = 50  # dialogues

R = TypeVar("R", bound=RecordType)
T = TypeVar("T")

_NOT_SCORING = (
    "finetune.asked",
    "finetune.evaluate",
    "finetune.report",
    "finetune.provenance",
    "finetune.texts",
)  # they change no rank


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 2 if something cannot be used, 130 if interrupted."""
    given = sys.argv[1:] if argv is None else [*argv]
    options = arguments().parse_args(given)
    options.command = provenance.command("finetune.evaluate", given)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        result = evaluate(options)
        paths = report.write(result, options.out)
    except (NamedropError, OSError) as error:
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
    names = chosen(options)
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
        liked_from=options.liked_from,
    )
    cases = _cases(options, read, catalog, histories)
    for problem in problems:
        print(f"skipped {problem}", file=sys.stderr)
    tables = None
    if options.fit:
        _check_fit(cases)
        tables = options.out.with_suffix(".parts") / f"tables-{_digest([_key(options), _model_digest(options)])}"
    bench = Bench(
        options.catalog,
        catalog,
        histories,
        options.model,
        options.adapter,
        options.encoder,
        options.skip_bad_rows,
        fitted_on=cases if options.fit else (),
        tables=tables,
        naming=options.naming,
    )
    done, left_out = _measure(options, names, bench, cases)
    if options.fit:
        _keep(options, bench)
    return {**_report(options, bench, cases, done, left_out), "texts": _texts(options, bench, cases)}


def _check_fit(cases: Sequence[Case]) -> None:
    """Check that there is enough to fit a ranker on."""
    met = {case.cluster for case in cases if any(case.novel)}
    if len({cluster % FOLDS for cluster in met}) < 2:
        raise EvaluationError(
            f"--fit: {len(met)} dialogues with something to foretell are too few; some hundred are good"
        )
    if len(met) < _FEW:
        log.warning("--fit: only %d dialogues; a ranker fitted on less than some hundred means little", len(met))


def _model_digest(options: argparse.Namespace) -> str:
    return NO_MODEL if options.model == NO_MODEL else provenance.file_digest(resolve_lm(options.model))


def _keep(options: argparse.Namespace, bench: Bench) -> None:
    """Write the adapter's folder anew, with what the training data teaches and the ranker fitted on all the cases."""
    with new_folder(options.fit) as aside:
        if options.adapter is not None:
            shutil.copytree(options.adapter, aside, dirs_exist_ok=True)
        replace(bench.learnt, ranker=bench.fitting.ranker()).save(aside)
        readable(aside)


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
    if options.adapter is not None and trained_on(options.adapter, tested):
        log.warning("%s: %s was trained on this file; the figures flatter", tested, options.adapter)
    return cases


def _spread(records: Sequence[T], limit: int | None) -> Sequence[T]:
    if limit is None or limit >= len(records):
        return records
    return [records[at * len(records) // limit] for at in range(limit)]


def _measure(
    options: argparse.Namespace, names: Sequence[str], bench: Bench, cases: Sequence[Case]
) -> tuple[dict[str, Measured], dict[str, str]]:
    """Run every system; a part that is missing leaves a system out, which is told of one that was asked for by name.

    Raises:
        EvaluationError: none of those that were asked for can be measured, or another evaluation writes here.
    """
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
                    left_out[name] = str(error)
                    if options.systems:
                        log.warning("%s is left out: %s", name, error)
    except Timeout as error:
        raise EvaluationError(f"{parts}: another evaluation writes here; wait for it or change --out") from error
    missing = [f"{name}: {reason}" for name, reason in left_out.items() if not done or name == options.against]
    if missing:
        raise EvaluationError("; ".join(missing))
    return done, left_out


def _run(options: argparse.Namespace, name: str, bench: Bench, cases: Sequence[Case], part: Path) -> Measured:
    system = SYSTEMS[name]
    speaks = system.speaks and not (options.fit and name in ("tower", "full"))  # which are computed for the fit
    if speaks and options.model == NO_MODEL:
        raise MissingPart("the language model is left out (--model none)")
    if system.speaks or system.fitted:
        part = part.with_name(f"{part.name}-{_digest([_model_digest(options), options.lm_turns, bool(options.fit)])}")
    at: Sequence[int] = range(len(cases))
    if speaks and options.lm_turns is not None:  # of the turns that tell something, if there are so many
        told = [i for i in at if any(cases[i].novel)]
        at = _spread(told if len(told) >= options.lm_turns else at, options.lm_turns)
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
            options.liked_from,
        ],
    }


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _files(options: argparse.Namespace) -> list[Path]:
    train = [path for kind in TRAINING for path in getattr(options, f"train_{kind}")]
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
