"""What an evaluation is asked: its command line, checked before anything is read."""

from __future__ import annotations

import argparse
import difflib
import os
from pathlib import Path

from chat.engine import check_folder
from finetune.bench import NO_MODEL
from finetune.signals import LIKED_FROM
from finetune.systems import SYSTEMS
from retrieval.errors import NamedropError
from retrieval.models import DEFAULT_ENCODER, DEFAULT_LM

TRAINING = ("dialogues", "mentions", "next_item", "interactions")


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
    for kind in (name.replace("_", "-") for name in TRAINING):
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
        help="show the language model N of the turns that name something new only, spread evenly: it takes seconds",
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
    add(
        "--liked-from",
        type=float,
        default=LIKED_FROM,
        metavar="RATING",
        help="in --train-interactions, the rating from which on a person likes an item (default: %(default)s)",
    )
    add("--skip-bad-rows", action="store_true", help="go on without the records that cannot be used")
    add("--out", type=Path, required=True, metavar="R.json", help="where the result goes, with .md and .png beside it")
    return parser


def chosen(options: argparse.Namespace) -> list[str]:
    """Check the options, before anything is read; return the names of the systems to measure, in order.

    Raises:
        EvaluationError: something cannot be used.
    """
    asked = [name for given in options.systems or SYSTEMS for name in given.split(",") if name]
    for name in [*asked, *([options.against] if options.against else [])]:
        if name not in SYSTEMS:
            near = difflib.get_close_matches(name, SYSTEMS, n=1)
            hint = f"is {near[0]!r} meant?" if near else f"known are {', '.join(SYSTEMS)}"
            raise EvaluationError(f"no system is called {name!r}; {hint}")
    if options.against and options.against not in asked:
        raise EvaluationError(f"--against {options.against} is not measured; name it with --systems too")
    _check(options)
    known = [name for name in SYSTEMS if name in asked]
    return [name for name in known if options.systems or options.fit or not SYSTEMS[name].fitted]


def _check(options: argparse.Namespace) -> None:
    if options.naming and (options.fit is None or options.model == NO_MODEL):
        raise EvaluationError("--naming is for a ranker that is fitted with a language model; give --fit and a --model")
    for name in ("outcome", "as_served"):
        if options.next_item is not None and getattr(options, name):
            raise EvaluationError(f"--{name.replace('_', '-')} is for dialogues; it says nothing of --next-item")
    for name, least in (("limit", 1), ("lm_turns", 1), ("replies", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise EvaluationError(f"--{name.replace('_', '-')} is {value}; expected at least {least}")
    _check_written(options)
    if options.fit is not None and options.fit.exists():
        raise EvaluationError(f"--fit '{options.fit}' exists; nothing is overwritten: give another folder")
    if options.adapter is not None and not options.adapter.is_dir():
        raise EvaluationError(f"--adapter '{options.adapter}': no such folder; give what finetune.train wrote")
    if options.adapter is not None and options.model != NO_MODEL:
        check_folder(options.adapter)


def _check_written(options: argparse.Namespace) -> None:
    """Check that what is measured can be written in the end."""
    if options.out.suffix != ".json":
        raise EvaluationError(f"--out is '{options.out}'; expected a name that ends in .json")
    for name in ("out", "fit"):
        path: Path | None = getattr(options, name)
        if path is None:
            continue
        above = next(p for p in path.absolute().parents if p.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            raise EvaluationError(f"--{name} '{path}': nothing can be written in {above}; give another place")
