"""Simulated people for any catalogue: training dialogues, a measure of the assistant, and an audit.

::

    python -m finetune.simulate make --catalog C --out D.jsonl [--hold-out-items 0.2]
    python -m finetune.simulate run --catalog C [--model none] [--adapter A] --out R.json
    python -m finetune.simulate compare R.json OTHER.json
    python -m finetune.simulate audit D.jsonl --catalog C
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from finetune import provenance
from finetune.metrics import Estimate
from finetune.people import make_person
from finetune.simulated import TURNS, Population, SimulatedRecord, Targets, audit, load_simulated, make_dialogues
from finetune.success import (
    Answerer,
    Meeting,
    Transcript,
    ceiling_answers,
    dialogue_answers,
    difference,
    meet,
    summary,
)
from finetune.tastes import SimulationError, World, held_out
from retrieval.catalog import Catalog
from retrieval.errors import NamedropError
from retrieval.files import write_text
from retrieval.models import DEFAULT_LM, resolve_lm

if TYPE_CHECKING:
    from finetune.people import Person

CEILING = "ceiling"  # an assistant that understands every word, without a model
NO_MODEL = "none"
_LEFT_OUT = "held-out.txt"
# What a meeting depends on: the chat, and what people know and say.
_PEOPLE = ("people", "says", "simulated", "success", "tastes", "teacher")
_MEASURED = ("chat", "retrieval", "finetune/wordings", *(f"finetune/{name}.py" for name in _PEOPLE))
_MAY_DIFFER = frozenset({"model", "adapter", "weights", "code"})  # between results that are compared


def make(options: argparse.Namespace) -> int:
    """Write dialogues, audited, and the list of the held-out items beside them."""
    out: Path = options.out
    left_out = out.with_suffix("").with_name(f"{out.with_suffix('').name}.{_LEFT_OUT}")
    for path in (out, left_out):
        if path.exists():
            raise SimulationError(f"{path} exists; nothing is overwritten: give another --out, or remove it")
    population = _population(options)
    catalog = population.world.catalog
    population.pool()  # before the progress bar: there may be no target
    held = held_out(catalog, population.hold_out, population.hold_out_seed)
    banned = held if population.targets == "seen" else frozenset()
    records: list[SimulatedRecord] = []
    for record in tqdm(make_dialogues(population, options.dialogues), total=options.dialogues, unit=" dialogues"):
        findings = audit(record, catalog, banned)
        if findings:
            raise SimulationError(f"the audit refuses a dialogue, which is a fault of the program: {findings[0]}")
        records.append(record)
    out.parent.mkdir(parents=True, exist_ok=True)
    if held:
        write_text(left_out, "".join(f"{catalog[at].id}\n" for at in sorted(held)))
    write_text(out, "".join(record.model_dump_json() + "\n" for record in records))
    _tell_made(records, out, left_out if held else None)
    return 0


def _tell_made(records: Sequence[SimulatedRecord], out: Path, left_out: Path | None) -> None:
    named = Counter(sum(t.role == "assistant" for t in record.turns) for record in records)
    targets = {record.target for record in records}
    items = {i for record in records for turn in record.turns for i in turn.items}
    print(f"{out}: {len(records)} dialogues, {len(targets)} targets, {len(items)} items named, no leak")
    print("answers until the target: " + ", ".join(f"{n}: {named[n]}" for n in sorted(named)))
    print("attitudes: " + ", ".join(f"{name} {n}" for name, n in Counter(r.attitude for r in records).most_common()))
    if left_out is not None:
        print(f"{left_out}: the held-out items, for data.leave_out of the training configuration")


def run(options: argparse.Namespace) -> int:
    """Let people talk to an assistant and write what came of it."""
    if options.adapter and not options.adapter.is_dir():
        raise SimulationError(f"{options.adapter}: no such folder; give the folder of a LoRA adapter, or no --adapter")
    population = _population(options)
    targets = [int(at) for at in population.pool().nonzero()[0]]
    settings = _settings(options)
    transcript = Transcript(_transcript(options.out), settings)
    answering = _answering(options, population)
    for number in tqdm(range(options.people), unit=" people"):
        if number in transcript.meetings:
            continue
        person = make_person(population.world, number, options.seed, targets=targets, part=options.phrases)
        transcript.add(meet(person, number, answering(person, number), options.turns))
    meetings = [transcript.meetings[number] for number in range(options.people)]
    result = {
        "command": " ".join(["python -m finetune.simulate", *sys.argv[1:]]),
        "commit": provenance.commit(),
        "date": provenance.now(),
        "hardware": provenance.hardware(),
        "versions": provenance.versions(),
        "settings": settings,
        "turns": options.turns,
        **summary(meetings, options.turns),
    }
    write_text(options.out, json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    if options.dialogues:
        write_text(options.dialogues, "".join(m.record(options.seed).model_dump_json() + "\n" for m in meetings))
    _tell_run(result, options)
    return 0


def _answering(options: argparse.Namespace, population: Population) -> Callable[[Person, int], Answerer]:
    """Return what answers a person; the models are loaded once."""
    world = population.world
    if options.model == CEILING:
        return lambda person, number: ceiling_answers(world, world.catalog.in_stock, person, number)
    from chat.generator import LocalGenerator
    from chat.learnt import Learnt, learnt_folder
    from chat.shop import Shop
    from retrieval.encoder import SentenceEncoder
    from retrieval.index import open_index

    index = open_index(options.catalog, SentenceEncoder(), skip_bad=options.skip_bad_rows)
    generator = None if options.model == NO_MODEL else LocalGenerator(options.model, options.adapter)
    folder = learnt_folder(options.model, options.adapter)
    learnt = Learnt.load(folder, index) if folder is not None else None
    shop = Shop.of(index, generator, learnt)
    return lambda person, number: dialogue_answers(shop, world, f"simulated-{number}")


def _settings(options: argparse.Namespace) -> dict[str, object]:
    names = ("model", "seed", "turns", "phrases", "targets", "hold_out_items", "hold_out_seed", "skip_bad_rows")
    return {
        **{name: getattr(options, name) for name in names},
        "catalog": provenance.file_digest(options.catalog),
        "adapter": provenance.file_digest(options.adapter) if options.adapter else "",
        "weights": "" if options.model in (CEILING, NO_MODEL) else provenance.file_digest(resolve_lm(options.model)),
        "code": provenance.sources_digest(_MEASURED),
    }


def _tell_run(result: Mapping[str, Any], options: argparse.Namespace) -> None:
    def line(name: str, figures: Mapping[str, Any]) -> str:
        success, needed = Estimate(**figures["success"]), figures["turns_to_success"]
        turns = f"{needed['value']:.2f} [{needed['low']:.2f}, {needed['high']:.2f}]" if needed else "–"
        return f"{name:<12} {figures['people']:>6}   {success!s:<18}  {turns}"

    print(
        f"{'':<12} people   success            turns to success   (within {options.turns} turns, model {options.model})"
    )
    print(line("all", result))
    for group in ("attitudes", "languages", "kinds"):
        for name, figures in result[group].items():
            print(line(name, figures))
    for what in ("cards_breaking_a_said_limit", "cards_refused_before"):
        if result[what]:
            print(f"{what.replace('_', ' ')}: {Estimate(**result[what])} of {result['cards']} cards")
    print(f"{options.out}; the conversations: {_transcript(options.out)}")


def compare(options: argparse.Namespace) -> int:
    """Print the difference in success of two runs over the same people."""
    (settings, ours), (others, theirs) = (_measured(path) for path in (options.result, options.other))
    differing = [k for k in settings.keys() & others.keys() if k not in _MAY_DIFFER and settings[k] != others[k]]
    if differing:
        told = ", ".join(f"{name} {settings[name]} and {others[name]}" for name in sorted(differing))
        raise SimulationError(f"the two results were measured differently ({told}); run both with the same settings")
    found = difference(ours, theirs)
    print(f"success of {options.result} minus {options.other}: {found} over {len(ours)} people (paired bootstrap)")
    return 0


def _measured(path: Path) -> tuple[Mapping[str, Any], list[Meeting]]:
    """Return the settings of a result, and the meetings that it tells of."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        settings, people = dict(result["settings"]), int(result["people"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimulationError(f"{path}: not the result of a run ({type(error).__name__}); run it again") from error
    return settings, [meeting for meeting in Transcript.read(_transcript(path)) if meeting.number < people]


def check(options: argparse.Namespace) -> int:
    """Audit a file of dialogues; return 1 if any gives its target away or is unsound."""
    catalog = Catalog.load(options.catalog, skip_bad=options.skip_bad_rows)
    records = load_simulated(options.dialogues, catalog)
    held = held_out(catalog, options.hold_out_items, options.hold_out_seed)
    findings = [finding for record in tqdm(records, unit=" dialogues") for finding in audit(record, catalog, held)]
    for finding in findings:
        print(finding)
    bad = len({finding.dialogue for finding in findings})
    print(f"{options.dialogues}: {len(records)} dialogues, {bad} unsound")
    return 1 if findings else 0


def _population(options: argparse.Namespace) -> Population:
    world = World(Catalog.load(options.catalog, skip_bad=options.skip_bad_rows))
    targets: Targets = options.targets or ("seen" if options.hold_out_items else "all")
    options.targets = targets
    return Population(world, options.seed, options.phrases, targets, options.hold_out_items, options.hold_out_seed)


def _transcript(result: Path) -> Path:
    return result.with_suffix(".people.jsonl")


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a share from 0 to below 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected 1 or more")
    return value


def arguments() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    catalog = argparse.ArgumentParser(add_help=False)
    catalog.add_argument("--catalog", type=Path, required=True, help="a .csv, .jsonl or .parquet file")
    catalog.add_argument("--skip-bad-rows", action="store_true", help="go on without the catalogue's bad rows")
    catalog.add_argument("--hold-out-items", type=_share, default=0.0, metavar="SHARE", help="of the items (default 0)")
    catalog.add_argument("--hold-out-seed", type=int, default=0, metavar="SEED", help="which items (default 0)")
    people = argparse.ArgumentParser(add_help=False, parents=[catalog])
    people.add_argument("--seed", type=int, default=0, help="of the people; another gives others (default 0)")
    people.add_argument(
        "--targets",
        choices=["all", "seen", "unseen"],
        help="what people are after: anything, items not held out, or those held out (default: seen if any are)",
    )
    people.add_argument("--out", type=Path, required=True, help="the file to write")
    parser = argparse.ArgumentParser(
        prog="python -m finetune.simulate", description="Simulated people for a catalogue."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("make", parents=[people], help="make training dialogues for a shop without logs")
    one.add_argument("--dialogues", type=_count, default=2000, metavar="N", help="how many (default 2000)")
    one.add_argument("--phrases", choices=["train", "test", "all"], default="train", help="(default train)")
    one.set_defaults(command=make)
    one = commands.add_parser("run", parents=[people], help="measure the assistant")
    one.add_argument("--model", default=DEFAULT_LM, help=f"a model, none, or {CEILING} (default {DEFAULT_LM})")
    one.add_argument("--adapter", type=Path, help="the folder of a LoRA adapter")
    one.add_argument("--people", type=_count, default=200, metavar="N", help="how many (default 200)")
    one.add_argument("--turns", type=_count, default=TURNS, metavar="N", help=f"at most (default {TURNS})")
    one.add_argument(
        "--dialogues", type=Path, metavar="D.jsonl", help="also write the conversations, for evaluate --fit --outcome"
    )
    one.add_argument("--phrases", choices=["train", "test", "all"], default="test", help="(default test)")
    one.set_defaults(command=run)
    one = commands.add_parser("compare", help="the difference of two runs over the same people")
    one.add_argument("result", type=Path, help="the --out of a run")
    one.add_argument("other", type=Path, help="the --out of another")
    one.set_defaults(command=compare)
    one = commands.add_parser("audit", parents=[catalog], help="prove that no dialogue gives its target away")
    one.add_argument("dialogues", type=Path, help="what make wrote")
    one.set_defaults(command=check)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its status: 0, 1 if an audit finds something, 2 on an error, 130 if interrupted."""
    options = arguments().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        return int(options.command(options))
    except (NamedropError, OSError) as error:
        print(f"simulate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again: who has been met is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
