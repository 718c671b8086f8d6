"""Many people at once: what they wait for, what is refused, and whether anything is lost.

    python -m benchmarks.load                                      # 50 chats, 2 minutes, retrieval only
    python -m benchmarks.load --model smollm2 --chats 50 --seconds 60

starts the real server in a process of its own and holds that many conversations at a time, each in a thread, until the
time is over: a message, its whole answer, at once the next message (or after `--think` seconds), a new conversation
every five turns. Messages differ from one another, so that no cache helps more than it would in a shop. Half of the
chats read events, half JSON. "First byte" is the first byte of the answer itself: with events that is the first card.
Who is told to come back (429) does so after the time that `Retry-After` names. Exits with 1 if any request had a 5xx,
no answer or a broken one, or if an answer's or a refusal's time is over its limit.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from retrieval.catalog import Catalog
from retrieval.types import Item

OPENINGS = (
    "I loved {title}. Something {mood}, before {year}?", "a {mood} {kind} about {theme}",
    "something {mood} and {mood2}", "do you have {title}?", "anything by {maker}?",
    "{genre}, please, but nothing with {theme}",
    "we both liked {title} and {title2}", "how long does delivery take, and what is {mood} like {title}?",
    "can I return {title} if it is too {mood}?", "我喜欢{title}，有没有{year}年以前的？",
)  # fmt: skip
FOLLOWS = (
    "not that one, and nothing with {theme}", "under {price} dollars", "more", "more like {title}", "but {mood}",
    "how much is the first one?", "and who made the second one?", "after {year}, if you have any", "a {kind} this time",
    "what about {theme}?", "I've seen the first one", "do you ship to {place}?", "cheaper",
)  # fmt: skip
PLACES = ("Lisbon", "Kyoto", "Bergen", "Nairobi", "Prague", "Lima", "Cork", "Oslo", "Perth", "Leeds")
TURNS = 5  # of one conversation
START_S = 300
TIMEOUT_S = 120
FIRST_BYTE_S = 0.5  # what 95 % of the answers begin within, retrieval only
REFUSED_S = 1.0  # what every refusal comes within


@dataclass
class Seen:
    """What the chats saw; times in seconds."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        """Take in what another chat saw."""
        for name in ("first", "whole", "refused", "lost"):
            getattr(self, name).extend(getattr(other, name))
        self.statuses.update(other.statuses)


class Writer:
    """Makes up what one person writes, from a catalogue's own words and a seed."""

    def __init__(self, catalog: Catalog, seed: int) -> None:
        self._random = random.Random(seed)
        self._items = catalog.items

    def conversation(self) -> Iterator[str]:
        """Write the messages of one conversation."""
        for number in range(TURNS):
            yield self._random.choice(FOLLOWS if number else OPENINGS).format_map(self._words())

    def _words(self) -> dict[str, object]:
        one, other = self._random.sample(self._items, 2)
        moods, themes = (self._of(one, name) for name in ("moods", "themes"))
        return {
            "title": one.title, "title2": other.title, "kind": one.kind, "maker": self._one(one.creators, "anybody"),
            "mood": self._one(moods, "calm"), "mood2": self._one(self._of(other, "moods"), "bold"),
            "theme": self._one(themes, "family"), "genre": self._one(other.genres, "drama"),
            "year": self._random.randint(1960, 2024), "price": self._random.randint(4, 30),
            "place": self._random.choice(PLACES),
        }  # fmt: skip

    @staticmethod
    def _of(item: Item, name: str) -> Sequence[str]:
        value = item.attributes.get(name)
        return value if isinstance(value, tuple) else ()

    def _one(self, values: Sequence[str], otherwise: str) -> str:
        return self._random.choice(values) if values else otherwise


class Chat(threading.Thread):
    """One place at the counter: conversation after conversation until the time is over."""

    def __init__(self, number: int, port: int, writer: Writer, since: float, until: float, think: float) -> None:
        super().__init__(daemon=True)
        self.seen = Seen()
        self._since = since
        self._number = number
        self._writer = writer
        self._until = until
        self._think = think
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)

    def run(self) -> None:
        """Hold conversations."""
        held = 0
        time.sleep(self._number % 10 / 10 * self._think)
        while time.perf_counter() < self._until:
            session, held = f"load-{self._number}-{held}", held + 1
            for message in self._writer.conversation():
                self._say(message, session)
                if time.perf_counter() >= self._until:
                    return
                time.sleep(self._think)

    def _say(self, message: str, session: str) -> None:
        """Ask until there is an answer, coming back as often and as late as one is told to."""
        events = self._number % 2 == 0
        body = json.dumps({"message": message, "session": session})
        headers = {"Content-Type": "application/json"} | ({"Accept": "text/event-stream"} if events else {})
        while True:
            began = time.perf_counter()
            try:
                self._line.request("POST", "/api/chat", body, headers)
                response = self._line.getresponse()
                start = response.read(1)
                first = time.perf_counter() - began
                text = (start + response.read()).decode()
            except (OSError, http.client.HTTPException) as error:
                self._line.close()
                self.seen.lost.append(f"{type(error).__name__}: {error}")
                return
            counts = began >= self._since
            self.seen.statuses[str(response.status)] += counts
            if response.status == 429:
                self.seen.refused += [time.perf_counter() - began] * counts
                if time.perf_counter() >= self._until:
                    return
                self._line.close()  # which the server would do itself after some seconds without a request
                time.sleep(float(response.headers["Retry-After"]))
                continue
            if response.status == 200:
                self.seen.first += [first] * counts
                self.seen.whole += [time.perf_counter() - began] * counts
                if not whole(text, session, events=events):
                    self.seen.lost.append(f"not a whole answer: {text[-200:]}")
            return


def whole(text: str, session: str, *, events: bool) -> bool:
    """Whether an answer has come to its end, and is this conversation's."""
    last = text.rstrip().rsplit("\n\n", 1)[-1]
    if events and not last.startswith("event: done\ndata: "):
        return False
    reply = json.loads(last.removeprefix("event: done\ndata: "))
    return bool(reply["session"] == session and reply["text"])


def start(catalog: Path, model: str, options: Sequence[str]) -> tuple[subprocess.Popen[str], int]:
    """Start the server as people do; return it and its port once it answers."""
    command = [sys.executable, "app.py", "--catalog", str(catalog), "--model", model, "--port", "0", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = 0
    for line in server.stdout:
        if "listens on" in line:
            port = int(line.split("http://", 1)[1].split()[0].rsplit(":", 1)[1])
        if "is ready" in line:
            return server, port
    raise SystemExit(f"the server ended with {server.wait()} before it was ready")


def measured(chats: Sequence[Chat], server: psutil.Process, settle: float, seconds: float) -> tuple[Seen, float, float]:
    """Run the chats; return what they saw, the server's processor seconds a second, and its memory in GB.

    Both are of all its processes; what happens in the first `settle` seconds does not count.
    """
    for chat in chats:
        chat.start()
    time.sleep(settle)
    began, spent = time.perf_counter(), _spent(server)
    time.sleep(seconds)
    took, used = time.perf_counter() - began, _spent(server) - spent
    memory = sum(process.memory_info().rss for process in _processes(server)) / 1e9
    seen = Seen()
    for chat in chats:
        chat.join(timeout=TIMEOUT_S)
        if chat.is_alive():
            chat.seen.lost.append("no answer")
        seen.add(chat.seen)
    return seen, used / took, memory


def _processes(server: psutil.Process) -> list[psutil.Process]:
    return [server, *server.children(recursive=True)]


def _spent(server: psutil.Process) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _processes(server))


def table(seen: Seen, seconds: float, cores: float, memory: float) -> str:
    """Return the table of a run."""
    lines = [f"{'':<22}{'n':>8}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}   (milliseconds)"]
    for name, times in (("first byte", seen.first), ("whole answer", seen.whole), ("429", seen.refused)):
        if times:
            marks = [*np.percentile(times, [50, 95, 99]), max(times)]
            lines.append(f"{name:<22}{len(times):>8}" + "".join(f"{1000 * mark:>9.0f}" for mark in marks))
    lines.append(f"{len(seen.whole) / seconds:.1f} answers/s; statuses {dict(sorted(seen.statuses.items()))}")
    spent = 1000 * cores * seconds / max(len(seen.whole), 1)
    lines.append(
        f"lost: {len(seen.lost)}; the server took {cores:.2f} cores ({spent:.1f} ms an answer), {memory:.2f} GB"
    )
    return "\n".join(lines + sorted(set(seen.lost))[:10])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the load; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__.splitlines()[0])
    parser.add_argument("--chats", type=int, default=50, help="conversations at a time (%(default)s)")
    parser.add_argument("--seconds", type=float, default=120, help="how long (%(default)s)")
    parser.add_argument(
        "--settle", type=float, default=0, help="seconds before that, in which further processes start (%(default)s)"
    )
    parser.add_argument("--think", type=float, default=0, help="seconds between answer and next message (%(default)s)")
    parser.add_argument("--model", default="none", help="as app.py's (%(default)s)")
    parser.add_argument("--catalog", type=Path, default=Path("data/marquee/catalog.jsonl"), help="%(default)s")
    parser.add_argument("--option", action="append", default=[], help="handed to app.py, such as --option=--queue=8")
    chosen = parser.parse_args(arguments)
    catalog = Catalog.load(chosen.catalog)
    with tempfile.TemporaryDirectory() as folder:  # conversations of earlier runs would go on, and grow
        options = [f"--database=sqlite:///{folder}/conversations.db", *chosen.option]
        server, port = start(chosen.catalog, chosen.model, options)
        try:
            since = time.perf_counter() + chosen.settle
            until = since + chosen.seconds
            chats = [Chat(n, port, Writer(catalog, n), since, until, chosen.think) for n in range(chosen.chats)]
            seen, cores, memory = measured(chats, psutil.Process(server.pid), chosen.settle, chosen.seconds)
        finally:
            server.terminate()
            server.wait(timeout=30)
    print(f"{chosen.chats} chats for {chosen.seconds:g} s, {chosen.think:g} s between, model {chosen.model}")
    print(table(seen, chosen.seconds, cores, memory))
    broken = bool(seen.lost) or any(status.startswith("5") for status in seen.statuses) or not seen.first
    slow = chosen.model == "none" and bool(seen.first) and float(np.percentile(seen.first, 95)) >= FIRST_BYTE_S
    late = bool(seen.refused) and max(seen.refused) >= REFUSED_S
    for name, failed in (("5xx or lost", broken), ("first byte p95", slow), ("a refusal took too long", late)):
        print(f"{name:<26}{'MISSED' if failed else 'ok'}")
    return int(broken or slow or late)


if __name__ == "__main__":
    sys.exit(main())
