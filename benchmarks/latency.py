"""Time to the first card and to the full reply: with the language model, retrieval only, and the plain way.

    python -m benchmarks.latency

holds ten conversations of five turns with three systems, turn by turn in one run, because absolute figures drift with
the load of the machine. The plain way is the same model through transformers' `generate` on the same prompt (64 tokens,
no cache reuse) and a fuzzy match of what it wrote. Prints p50 and p95 over the 50 turns, the ratio, and memory.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.generation import PlainWay
from chat.assistant import Assistant
from chat.prompt import UserContext, render
from retrieval.catalog import Catalog

CONVERSATIONS = (
    ("I loved {0}. Something slower, before 2000?", "not that one, and nothing with space", "a game with the same mood",
     "under 10 dollars", "more"),
    ("something funny for tonight", "not too silly", "more like the first one", "cheaper", "what is it about?"),
    ("I liked {0} and {1}", "darker", "a book this time", "not in English", "something else"),
    ("a quiet film about grief", "from the 1970s or 1980s", "I've seen the first one", "more", "under 8 dollars"),
    ("anything by Hayao Miyazaki", "for my kids", "a game like that", "calm, please", "how much is it?"),
    ("我喜欢科幻片", "不要恐怖", "90年代的", "便宜一点", "更多"),
    ("do you have {0}?", "something like it", "but newer", "no violence", "a shorter one"),
    ("I want to cry", "not a romance", "in Japanese or Korean", "more", "who directed the second one?"),
    ("thrillers under two hours", "nothing with guns", "after 2010", "none of these", "I loved {1}"),
    ("an album for a rainy evening", "jazz", "from before 1975", "something livelier", "and a film to go with it"),
)  # fmt: skip
SYSTEMS = ("with the language model", "retrieval only", "the plain way")


def resident() -> float:
    """Return this process's resident memory in GB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e9


def timed(assistant: Assistant, message: str, session: str) -> tuple[float, float]:
    """Return the seconds to the first card (or, without cards, the first word) and to the end of the reply."""
    began = time.perf_counter()
    first = 0.0
    for event in assistant.stream(message, session):
        if not first and (event.items or event.text):
            first = time.perf_counter() - began
    return first, time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> None:
    """Hold the conversations and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", type=Path, default=Path("data/marquee/catalog.jsonl"), help="%(default)s")
    parser.add_argument("--model", default="smollm2", help="folder, embedded name or hub id (%(default)s)")
    parser.add_argument("--adapter", type=Path, help="LoRA adapter folder")
    parser.add_argument("--without-plain", action="store_true", help="leave the slow plain way out")
    chosen = parser.parse_args(arguments)
    opened = time.perf_counter()
    with_model = Assistant.open(chosen.catalog, model=chosen.model, adapter=chosen.adapter)
    print(f"opened with the language model in {time.perf_counter() - opened:.1f} s, {resident():.2f} GB resident")
    without = Assistant.open(chosen.catalog, model="none")
    catalog = Catalog.load(chosen.catalog)
    plain = None if chosen.without_plain else PlainWay(chosen.model, chosen.adapter, catalog)
    known = sorted(catalog, key=lambda item: -float(item.attributes.get("popularity", 0)))  # type: ignore[arg-type]
    first: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    full: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for number, conversation in enumerate(CONVERSATIONS):
        titles = (known[2 * number].title, known[2 * number + 1].title)
        said: list[tuple[str, str]] = []
        for template in conversation:
            message = template.format(*titles)
            said.append(("user", message))
            for name, assistant in zip(SYSTEMS, (with_model, without), strict=False):
                card, whole = timed(assistant, message, f"latency-{number}")
                first[name].append(card)
                full[name].append(whole)
            if plain is not None:
                began = time.perf_counter()
                plain.name(render(UserContext(said=said)))
                first[SYSTEMS[2]].append(time.perf_counter() - began)
                full[SYSTEMS[2]].append(first[SYSTEMS[2]][-1])
    print(f"{len(catalog)} items, {len(first[SYSTEMS[0]])} turns; seconds")
    print(f"{'':<26}{'first card p50':>16}{'p95':>8}{'full reply p50':>16}{'p95':>8}")
    for name in SYSTEMS:
        if first[name]:
            (a, b), (c, d) = np.percentile(first[name], [50, 95]), np.percentile(full[name], [50, 95])
            print(f"{name:<26}{a:>16.2f}{b:>8.2f}{c:>16.2f}{d:>8.2f}")
    if plain is not None:
        ratio = np.median(first[SYSTEMS[2]]) / np.median(first[SYSTEMS[0]])
        print(f"first card p50: {ratio:.1f} times as fast as the plain way; the plain way wrote {plain.summary()}")


if __name__ == "__main__":
    main()
