"""How loading, indexing, retrieval and edits behave with the number of rows.

    python -m benchmarks.scale --rows 100000

makes a seeded catalogue in a temporary folder and measures everything in one run; the latency is set against a
sample of the same catalogue and the demo catalogue, because absolute figures drift with the load of the machine.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from chat.dialogue import Dialogue
from chat.generator import Generator, LocalGenerator
from chat.shop import Shop
from chat.state import DialogueState
from retrieval.build import ProgressBar
from retrieval.catalog import Catalog
from retrieval.encoder import Encoder, SentenceEncoder
from retrieval.index import Index, make_index, open_index
from retrieval.lexicon import vocabulary
from retrieval.live import LiveIndex
from retrieval.scoring import top_k
from retrieval.types import FloatArray, Query, Retrieved

DEMO = Path(__file__).parents[1] / "data" / "marquee" / "catalog.jsonl"


def _words(text: str) -> list[str]:
    return text.split()


ADJECTIVES = _words(
    "Silent Hollow Crimson Distant Broken Golden Hidden Restless Paper Electric Northern Bitter Gentle Lunar Velvet "
    "Forgotten Burning Frozen Wandering Second Invisible Borrowed Midnight Salt Iron Glass Last Little Wild Endless"
)
NOUNS = _words(
    "River Garden Machine Winter Orchard Station Letter Mirror Harbour Mountain Choir Engine Lantern Island Kingdom "
    "Archive Summer Detective Ocean Shadow Theatre Library Signal Forest Carnival Observatory Desert Highway Ghost "
    "Daughter Cathedral Season Clockmaker Frontier Symphony Labyrinth Planet Bakery Teacher Stranger"
)
PLACES = _words(
    "Lisbon Kyoto Bergen Nairobi Prague Lima Havana Cork Tbilisi Oslo Jaipur Quebec Perth Cairo Leeds Osaka"
)
FIRST = _words("Ana Boris Chen Dora Emil Fatima Goran Hana Ivo Jun Kofi Lena Mira Nils Olga Pavel Rosa Sora Tomas Uma")
LAST = _words("Abreu Berg Castro Dahl Eriksen Fujita Garcia Holm Ito Jansen Kovac Lund Moreau Novak Okoye Petrov Ruiz")
VERBS = _words("finds loses rebuilds follows inherits steals mourns repairs betrays remembers studies defends leaves")
THEMES = _words("family memory exile friendship grief ambition justice nature faith identity war love work money")
KINDS = ("film", "book", "game", "album", "course")


def rows(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Yield generated catalogue rows, the same for the same seed."""
    rng = random.Random(seed)
    genres, moods = vocabulary("genres"), vocabulary("moods")
    people = [f"{first} {middle}. {last}" for first in FIRST for middle in "ABCDEFGH" for last in LAST]
    for at in range(count):
        place, hero, other = rng.choice(PLACES), rng.choice(NOUNS).lower(), rng.choice(NOUNS).lower()
        themes = rng.sample(THEMES, 2)
        yield {
            "id": f"item-{at:07d}",
            "kind": rng.choice(KINDS),
            "title": f"The {rng.choice(ADJECTIVES)} {rng.choice(NOUNS)} of {place}" + rng.choice(("", " II", "", "")),
            "year": rng.randint(1920, 2025),
            "creators": rng.sample(people, rng.choice((1, 1, 2))),
            "genres": rng.sample(genres, rng.randint(1, 3)),
            "moods": rng.sample(moods, 2),
            "themes": themes,
            "price": round(rng.uniform(0.99, 59.99), 2),
            "currency": "USD",
            "in_stock": rng.random() < 0.95,
            "popularity": int(rng.paretovariate(1.1)),
            "description": f"In {place}, a {rng.choice(ADJECTIVES).lower()} {hero} {rng.choice(VERBS)} the {other} of "
            f"a {rng.choice(ADJECTIVES).lower()} {rng.choice(NOUNS).lower()}, and {rng.choice(VERBS)} what "
            f"{themes[0]} and {themes[1]} had hidden since {rng.randint(1850, 2020)}.",
        }


QUESTIONS = (
    "something slow and quiet about memory",
    "a detective who follows a ghost in Lisbon",
    "a warm family story, not too long",
    "science fiction with machines and silence",
    "what should I listen to on a winter night",
)


def queries(count: int, total: int, seed: int = 1) -> list[Query]:
    """Return queries as a dialogue gives them: words, a few liked items, sometimes a disliked one and wishes."""
    rng = random.Random(seed)
    return [
        Query(
            text=f"{rng.choice(QUESTIONS)} {rng.choice(NOUNS).lower()}",
            liked=tuple(rng.randrange(total) for _ in range(rng.randint(0, 4))),
            disliked=tuple(rng.randrange(total) for _ in range(rng.randint(0, 1))),
            wishes=(("genres", rng.choice(vocabulary("genres"))), ("moods", rng.choice(vocabulary("moods")))),
        )
        for _ in range(count)
    ]


def blended(index: Index, query: Query, k: int = 50) -> Retrieved:
    """Return the top k of all retrievers, each scaled to its highest score, among the items in stock."""
    total = np.zeros(len(index), dtype=np.float32)
    for retriever in index.retrievers.values():
        scores = retriever.scores(query)
        total += scores / max(float(scores.max()), 1e-6)
    return top_k(total, k, index.facets.mask([]))


def latency(index: Index, asked: Sequence[Query]) -> dict[str, np.ndarray]:
    """Return milliseconds by part: each retriever, and the whole blend."""
    taken: dict[str, list[float]] = {}
    for query in (asked[0], *asked):
        for name, call in (*((n, r.scores) for n, r in index.retrievers.items()), ("all, blended top 50", None)):
            started = time.perf_counter()
            call(query) if call else blended(index, query)
            taken.setdefault(name, []).append(1000 * (time.perf_counter() - started))
    return {name: np.array(values[1:]) for name, values in taken.items()}


def resident() -> float:
    """Return the memory of this process in GB, mapped files included."""
    return float(psutil.Process().memory_info().rss / 1e9)


def edited(path: Path, live: LiveIndex) -> float:
    """Append a row to the catalogue and return the seconds until it is live."""
    aside = path.with_suffix(".aside")
    shutil.copy(path, aside)
    name = f"edit-{time.monotonic_ns()}"
    with aside.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": name, "title": f"Freshly added {name}", "kind": "book"}) + "\n")
    started = time.perf_counter()
    os.replace(aside, path)
    while live.current.catalog.get(name) is None:
        if time.perf_counter() - started > 300:
            raise SystemExit(f"the edit is not live after 300 s: {live.problem}")
        time.sleep(0.01)
    return time.perf_counter() - started


def live_edits(path: Path, encoder: Encoder, cache: Path) -> list[float]:
    """Return the seconds that three edits in a row took to be live."""
    live = LiveIndex(path, encoder, cache=cache)
    try:
        taken = []
        for _ in range(3):
            taken.append(edited(path, live))
            time.sleep(2)  # the generation is kept after the swap; not part of the figure
        return taken
    finally:
        live.close()


class RandomRows(SentenceEncoder):
    """Real vectors for what is asked, random ones for the items: no timing depends on them, and indexing is quick."""

    @property
    def name(self) -> str:
        """Return a name of its own, so that these vectors never pass for real ones."""
        return "random rows"

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return unit rows: (n, d)."""
        if len(texts) == 1:
            return super().encode(texts)
        made = np.random.default_rng(len(texts)).normal(size=(len(texts), self.dimension)).astype(np.float32)
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def first_cards(indexes: Sequence[Index], generators: Sequence[Generator | None]) -> list[np.ndarray]:
    """Return the seconds of 30 opening turns on each index, taken in turn: [(30,)] a catalogue.

    Every index has a generator and an encoder of its own, because either remembers what it has read for another.
    """
    shops = [Shop.of(index, generator) for index, generator in zip(indexes, generators, strict=True)]
    taken: list[list[float]] = [[] for _ in shops]
    for number, query in enumerate([*queries(3, 100), *queries(30, 100)]):
        for shop, seconds in zip(shops, taken, strict=True):
            dialogue = Dialogue(shop, DialogueState(session="scale"))
            started = time.perf_counter()
            dialogue.take(f"{query.text}, {query.wishes[1][1]}, after {1950 + number}")
            seconds.append(time.perf_counter() - started)
    return [np.array(seconds[3:]) for seconds in taken]


def measure(count: int, folder: Path, encoder: Encoder) -> None:
    """Print every figure for a catalogue of `count` rows."""
    path, cache = folder / "catalog.jsonl", folder / "cache"
    write_catalog(path, count)
    encoder.encode(["warm up"])
    print(f"rows: {count:,} ({path.stat().st_size / 1e6:.0f} MB), RSS before: {resident():.2f} GB")
    started = time.perf_counter()
    Catalog.load(path)
    print(f"load the file: {time.perf_counter() - started:.1f} s")
    bar, started = ProgressBar(), time.perf_counter()
    index = open_index(path, encoder, progress=bar, cache=cache)
    bar.close()
    taken = time.perf_counter() - started
    size = sum(p.stat().st_size for p in index.generation.rglob("*")) / 1e6 if index.generation else 0
    print(f"load and index: {taken:.1f} s, {count / taken:.0f} rows/s; generation {size:.0f} MB; {resident():.2f} GB")
    started = time.perf_counter()
    index = open_index(path, encoder, cache=cache)
    print(f"open again: {time.perf_counter() - started:.1f} s, {index.encoded} encoded")

    sample = make_index(Catalog(index.catalog.items[: min(1_600, count)]), type(encoder)(), previous=index)
    large, small = (latency(i, queries(100, len(i))) for i in (index, sample))
    print(f"{'ms a query':22}{'p50':>9}{'p95':>9}{'p50 on':>9}{'p95 on':>9}\n{'':40}{len(sample):9,}{len(sample):9,}")
    for name in large:
        p50, p95, low50, low95 = (float(np.percentile(t[name], q)) for t in (large, small) for q in (50, 95))
        print(f"{name:22}{p50:9.1f}{p95:9.1f}{low50:9.1f}{low95:9.1f}")
    demo = open_index(DEMO, SentenceEncoder())
    for other in (sample, demo):
        other.encoder.encode(["warm up"])
    for system, made in (("retrieval only", lambda: None), ("with the language model", LocalGenerator)):
        taken = [float(np.median(t)) for t in first_cards((index, sample, demo), [made() for _ in range(3)])]
        many, few, shown = (f"{1000 * t:.1f} ms" for t in taken)
        print(
            f"first card p50, {system}: {many}; {len(sample):,} of these rows {few}, ratio {taken[0] / taken[1]:.2f}; "
            f"the demo catalogue {shown}, ratio {taken[0] / taken[2]:.2f}"
        )
    del index, sample, demo
    print("edit is live after", ", ".join(f"{s:.1f} s" for s in live_edits(path, encoder, cache)))
    print(f"RSS at the end: {resident():.2f} GB")


def main() -> int:
    """Run the benchmark in a temporary folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the catalogue (%(default)s)")
    parser.add_argument("--folder", type=Path, help="keep catalogue and index here instead of a temporary folder")
    parser.add_argument("--random-rows", action="store_true", help="random item vectors: all but the encoding, quickly")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="namedrop-scale-") as temporary:
        folder = chosen.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        measure(chosen.rows, folder, RandomRows() if chosen.random_rows else SentenceEncoder())
    return 0


def write_catalog(path: Path, count: int, seed: int = 0) -> None:
    """Write a generated catalogue as JSONL."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows(count, seed):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
