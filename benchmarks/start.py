"""What a start costs: seconds, processor seconds and memory until the first message is answered, in fresh processes.

    python -m benchmarks.start [--catalog data/marquee/catalog.jsonl] [--knowledge data/marquee/knowledge.md] [--runs 3]

Each run is a new process that opens an assistant without a language model and answers one message; the alternative is
the same assistant whose encoder is read by sentence-transformers in float32. They take turns, and the medians are told:
what else the machine does hits both. The first start of all, which converts the encoder, is made beforehand.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence

_RUN = """
import json, os, resource, sys, time
begun = time.monotonic()
from chat.assistant import Assistant
how, catalog, knowledge = sys.argv[1:]
if how == "sentence-transformers":
    from retrieval import quick
    quick.QuickSentences.of = classmethod(lambda *_: None)
assistant = Assistant.open(catalog, knowledge or None, model="none", database=None)
assistant.reply("something quiet, under 20")
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
sys.stdout.flush()
os._exit(0)
"""
WAYS = ("as served", "sentence-transformers")
FIGURES = ("seconds", "processor seconds", "MB")


def measured(ways: Sequence[str], runs: int, *arguments: str) -> dict[str, list[float]]:
    """Return the medians of `FIGURES` over some runs of each way, which take turns."""
    found: dict[str, list[list[float]]] = {way: [] for way in ways}
    for number in range(runs + 1):
        for way in ways:
            done = subprocess.run(
                [sys.executable, "-c", _RUN, way, *arguments], stdout=subprocess.PIPE, text=True, check=True
            )
            if number:  # the first of each finds nothing in the machine's own memory of files
                found[way].append(json.loads(done.stdout.splitlines()[-1]))
    return {way: [statistics.median(column) for column in zip(*rows, strict=True)] for way, rows in found.items()}


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--catalog", default="data/marquee/catalog.jsonl")
    parser.add_argument("--knowledge", default="data/marquee/knowledge.md")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    found = measured(WAYS, options.runs, options.catalog, options.knowledge)
    served, other = (found[way] for way in WAYS)
    for figure, ours, theirs in zip(FIGURES, served, other, strict=True):
        print(f"{figure}: {WAYS[0]} {ours:.1f}, {WAYS[1]} {theirs:.1f}, ratio {ours / theirs:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
