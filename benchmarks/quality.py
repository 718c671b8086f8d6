"""Reproduce the quality tables from the public data sets: every system, the ranker out of fold, each part left out.

    python -m benchmarks.quality ../shared/data [redial inspired …] [--limit 100]

DATA holds a folder a set, in the project's formats (`finetune.prepare` makes them of the originals). Each set gives
JSON, a page and a plot in ``benchmarks/results/``; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from finetune import evaluate

RESULTS = Path("benchmarks/results")
FITTED = Path("runs/quality")


@dataclass(frozen=True, slots=True)
class Table:
    """One data set: what is foretold, what is learnt from, and the adapter that was trained on it.

    Attributes:
        tested: the option and its file.
        learnt: options and their files.
        adapter: None leaves the language model out: no adapter may be shipped for this set.
        more: further options.
    """

    tested: tuple[str, str]
    learnt: Mapping[str, str]
    adapter: Path | None = None
    more: tuple[str, ...] = ()


_NEXT = Table(("--next-item", "next-item.valid.jsonl"), {"--train-next-item": "next-item.train-partial.jsonl"})
TABLES: Mapping[str, Table] = {
    "redial": Table(
        ("--dialogues", "dialogues.valid.jsonl"),
        {"--train-dialogues": "dialogues.train.jsonl", "--train-mentions": "mentions.train.jsonl"},
        Path("data/adapters/redial"),
        more=("--lm-turns", "150"),  # of titles named by the beam alone; on all 3,120 that row takes 38 minutes
    ),
    "inspired": Table(
        ("--dialogues", "dialogues.valid.jsonl"),
        {"--train-dialogues": "dialogues.train.jsonl"},
        more=("--skip-bad-rows",),
    ),
    "amazon-industrial": _NEXT,
    "amazon-office": _NEXT,
}


def options(name: str, data: Path, more: Sequence[str]) -> Iterator[str]:
    """Yield the options of `finetune.evaluate` for a table."""
    table, folder = TABLES[name], data / name
    yield from ("--catalog", str(folder / "catalog.jsonl"), table.tested[0], str(folder / table.tested[1]))
    for option, file in table.learnt.items():
        yield from (option, str(folder / file))
    yield from ("--model", "none") if table.adapter is None else ("--adapter", str(table.adapter))
    yield from ("--fit", str(FITTED / name), "--out", str(RESULTS / f"{name}-valid.json"))
    yield from (*table.more, *more)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: the first that is not 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description="Reproduce the quality tables.")
    parser.add_argument("data", type=Path, help="the folder with a folder a set")
    parser.add_argument("sets", nargs="*", help=f"which (default: all): {', '.join(TABLES)}")
    chosen, more = parser.parse_known_args(argv)
    if unknown := [name for name in chosen.sets if name not in TABLES]:
        parser.error(f"no set is called {unknown[0]!r}; known are {', '.join(TABLES)}")
    for name in chosen.sets or TABLES:
        shutil.rmtree(FITTED / name, ignore_errors=True)
        FITTED.mkdir(parents=True, exist_ok=True)
        if code := evaluate.main(list(options(name, chosen.data, more))):
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
