"""kill -9 of the real server, over and over, while people talk to it: is anything lost that was acknowledged?

    python -m benchmarks.crashes feedback --kills 100 --out benchmarks/results/crashes-feedback.json
    python -m benchmarks.crashes handoff --kills 100 --out benchmarks/results/crashes-handoff.json

A parent that has imported everything forks the server (`app.main`, with its own
process, port, database and sender), so that a start costs seconds. In each round people write over HTTP until the
server is killed at a random moment; then the database's integrity is checked and the next server goes on with what is
there. What was acknowledged is counted at the end, after a last server has had the time to deliver what was left.

`feedback`: people judge the cards of their conversations, and write now and then. Expected: each acknowledged judgement
and message is in the database, in its order, with at most one more that was under way; and the state of each
conversation is what its judgements make of it, so that no write was torn.

`handoff`: every message asks for a person. The webhook refuses every tenth post, takes every twelfth and closes without
an answer, and is slow at every fifth. Expected: each acknowledged message arrives exactly once, by idempotency key.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from tqdm import tqdm

MARQUEE = Path("data/marquee/catalog.jsonl")
ITEMS = 60
PEOPLE = 3
LONGEST_ROUND_S = 3.0
SECRET = "a secret for the crashes, 32 bytes or more"
START_S, DRAIN_S = 180.0, 180.0


@dataclass
class Shop:
    """The webhook: what it has taken, once for each key, and how often each key came."""

    bodies: dict[str, dict] = field(default_factory=dict)
    came: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    def take(self, key: str, body: bytes) -> int:
        """Return the status to answer; 0 closes without an answer."""
        with self.lock:
            self.came[key] += 1
            number = self.came.total()
            if number % 10 == 0:
                return 500
            self.bodies.setdefault(key, json.loads(body))
            return 0 if number % 12 == 0 else 204

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen on a free port."""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if shop.came.total() % 5 == 0:
                    time.sleep(random.uniform(0, 0.3))
                if not (status := shop.take(self.headers["Idempotency-Key"], body)):
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()


class Servers:
    """Forks servers from a process that has imported everything and started nothing."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._parent = os.fork()
        if not self._parent:
            ours.close()
            _fork_on_request(theirs)
        theirs.close()
        self._line = ours.makefile("rw")
        self.pid = 0
        self.url = ""
        self.arguments: list[str] = []
        self._client = _client()

    def start(self) -> float:
        """Start a server; return the seconds until it answered."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        begun = time.monotonic()
        print(json.dumps([*self.arguments, "--port", str(port)]), file=self._line, flush=True)
        self.pid, self.url = int(self._line.readline()), f"http://127.0.0.1:{port}"
        while time.monotonic() - begun < START_S:
            try:
                if self._client.get(f"{self.url}/readyz").status_code == 200:
                    return time.monotonic() - begun
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"no server answered within {START_S:g} s")

    def kill(self) -> None:
        """Kill the server as a power cut does to a process."""
        os.kill(self.pid, signal.SIGKILL)
        self.pid = 0
        self._line.readline()  # the parent has buried it

    def close(self) -> None:
        """Let the parent go, with a server that never answered."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
        self._line.close()
        os.kill(self._parent, signal.SIGKILL)
        os.waitpid(self._parent, 0)


def _client(url: str = "") -> httpx.Client:
    return httpx.Client(base_url=url, timeout=30, trust_env=False, verify=False)  # no certificates to load


def _fork_on_request(line: socket.socket) -> None:
    """Run as the parent: a line of arguments forks a server; its id is answered, and "gone" once it has ended."""
    import sklearn.feature_extraction.text  # noqa: F401 - imported here once, rather than in every fork
    import uvicorn  # noqa: F401

    import app
    import chat.server  # noqa: F401
    import retrieval.quick  # noqa: F401 - but no encoder is loaded: its threads would stay behind

    talk = line.makefile("rw")
    for arguments in talk:
        if not (child := os.fork()):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            os._exit(app.main(json.loads(arguments)))
        print(child, file=talk, flush=True)
        os.waitpid(child, 0)
        print("gone", file=talk, flush=True)
    os._exit(0)


@dataclass
class HandOffs:
    """People who ask for a person; `acknowledged` are the marks of the messages that were answered, with the ticket."""

    shop: Shop
    acknowledged: dict[str, str] = field(default_factory=dict)
    sent: int = 0

    def talk(self, url: str, who: str, stop: threading.Event) -> None:
        """Write until the server is gone: a request, often a second one in the same conversation."""
        with _client(url) as client:
            for number in range(10_000):
                for turn in range(random.choice((1, 2, 3))):
                    if stop.is_set():
                        return
                    mark = f"{who}-{number}-{turn}"
                    self.sent += 1
                    message = {"message": f"I want to talk to a human, case {mark}", "session": f"{who}-{number}"}
                    try:
                        answer = client.post("/api/chat", json=message)
                    except httpx.HTTPError:
                        return
                    if answer.status_code != 200 or not answer.json()["handoff"]:
                        raise RuntimeError(f"answered {answer.status_code}: {answer.text[:300]}")
                    self.acknowledged[mark] = answer.json()["handoff"]["ticket"]

    def count(self) -> dict[str, int]:
        """Count what became of the messages."""
        arrived: Counter[str] = Counter()
        wrong_ticket = 0
        for body in self.shop.bodies.values():
            mark = body["transcript"][-1]["text"].rpartition("case ")[2]
            arrived[mark] += 1
            wrong_ticket += self.acknowledged.get(mark, body["ticket"]) != body["ticket"]
        unknown = [n for mark, n in arrived.items() if mark not in self.acknowledged]
        return {
            "messages sent": self.sent,
            "acknowledged": len(self.acknowledged),
            "acknowledged, arrived exactly once": sum(arrived[mark] == 1 for mark in self.acknowledged),
            "acknowledged, lost": sum(arrived[mark] == 0 for mark in self.acknowledged),
            "acknowledged, arrived more than once": sum(arrived[mark] > 1 for mark in self.acknowledged),
            "not acknowledged, arrived once": sum(n == 1 for n in unknown),
            "not acknowledged, more than once": sum(n > 1 for n in unknown),
            "under another ticket than told": wrong_ticket,
            "tickets": len({body["ticket"] for body in self.shop.bodies.values()}),
            "posts received": self.shop.came.total(),
            "posts dropped as repeats or refused": self.shop.came.total() - len(self.shop.bodies),
        }


@dataclass
class Judgements:
    """People who judge cards; `acknowledged` are, by conversation, the judgements and messages that were answered."""

    acknowledged: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    sent: int = 0

    def talk(self, url: str, who: str, stop: threading.Event) -> None:
        """Judge until the server is gone; every tenth time write instead, every fiftieth begin a new conversation."""
        with _client(url) as client:
            for number in range(10_000):
                session = f"{who}-{number}"
                shown = self._write(client, session, "something slow", stop)
                for step in range(50):
                    if not shown:
                        return
                    if step % 10 == 9:
                        shown = self._write(client, session, f"more, message {step}", stop) or shown
                    else:
                        self._judge(client, session, random.choice(shown), stop)
                    if stop.is_set():
                        return

    def _write(self, client: httpx.Client, session: str, message: str, stop: threading.Event) -> list[str]:
        answer = self._post(client, "/api/chat", {"message": message, "session": session}, stop)
        if answer is not None:
            self.acknowledged.setdefault(session, []).append(("message", message))
        return [card["id"] for card in answer["items"]] if answer is not None else []

    def _judge(self, client: httpx.Client, session: str, item: str, stop: threading.Event) -> None:
        signal_ = random.choice(("like", "dislike", "seen", "undo"))
        body = {"session": session, "item_id": item, "signal": signal_}
        if self._post(client, "/api/feedback", body, stop) is not None:
            self.acknowledged[session].append((signal_, item))

    def _post(self, client: httpx.Client, path: str, body: dict, stop: threading.Event) -> dict | None:
        """Return the answer, None if the server is gone."""
        if stop.is_set():
            return None
        self.sent += 1
        try:
            answer = client.post(path, json=body)
        except httpx.HTTPError:
            stop.set()
            return None
        if answer.status_code != 200:
            raise RuntimeError(f"answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def count(self, database: Path) -> dict[str, int]:
        """Compare what was acknowledged with what is in the database."""
        counts = Counter[str]({"sent": self.sent, "acknowledged": sum(map(len, self.acknowledged.values()))})
        with closing(sqlite3.connect(database)) as db:
            for session, told in self.acknowledged.items():
                for kind in ("message", "judgement"):
                    mine = [one for one in told if (one[0] == "message") == (kind == "message")]
                    kept = _messages(db, session) if kind == "message" else _judgements(db, session)
                    counts[f"{kind}s acknowledged"] += len(mine)
                    counts[f"{kind}s acknowledged, lost"] += sum(k != m for k, m in zip(kept, mine, strict=False))
                    counts[f"{kind}s acknowledged, lost"] += max(0, len(mine) - len(kept))
                    counts[f"{kind}s kept, not acknowledged"] += max(0, len(kept) - len(mine))
                    counts["conversations with more than one of them"] += len(kept) - len(mine) > 1
                counts["torn states"] += _torn(db, session)
        return dict(counts) | {"conversations": len(self.acknowledged)}


def _messages(db: sqlite3.Connection, session: str) -> list[tuple[str, str]]:
    rows = db.execute("SELECT body FROM messages WHERE session = ? ORDER BY number", (session,))
    said = [json.loads(body) for (body,) in rows]
    return [("message", message["text"]) for message in said if message["role"] == "user"]


def _judgements(db: sqlite3.Connection, session: str) -> list[tuple[str, str]]:
    rows = db.execute("SELECT body FROM feedback WHERE session = ? ORDER BY id", (session,))
    return [(given["signal"], given["item_id"]) for given in (json.loads(body) for (body,) in rows)]


def _torn(db: sqlite3.Connection, session: str) -> bool:
    """Whether the state of a conversation is not what its judgements, one after the other, make of it."""
    row = db.execute("SELECT state FROM sessions WHERE id = ?", (session,)).fetchone()
    last = {item: signal_ for signal_, item in _judgements(db, session)}
    taste = json.loads(row[0])["taste"] if row else {}
    return any(
        set(taste.get(name, ())) != {item for item, signal_ in last.items() if signal_ == meant}
        for name, meant in (("liked", "like"), ("disliked", "dislike"), ("seen", "seen"))
    )


def feedback(kills: int, folder: Path) -> dict[str, object]:
    """Kill the server so many times while people judge; return what was counted."""
    database, people, servers = folder / "shop.db", Judgements(), Servers()
    servers.arguments = _arguments(folder, database)
    try:
        starts = [_round(servers, people, database, number) for number in tqdm(range(kills), unit="kill")]
        servers.start()  # the last one finds all of it, too
        servers.kill()
    finally:
        servers.close()
    _check(database)
    counts = people.count(database)
    wrong = [counts[name] for name in counts if "lost" in name or "torn" in name or "more than one" in name]
    return {
        "kills": kills, "integrity checks passed": kills + 1, **counts,
        "seconds to start, median": round(sorted(starts)[len(starts) // 2], 2), "right": not any(wrong),
    }  # fmt: skip


def handoff(kills: int, folder: Path) -> dict[str, object]:
    """Kill the server so many times while hand-offs are made and posted; return what was counted."""
    shop, database = Shop(), folder / "shop.db"
    arguments, people, servers = _arguments(folder, database), HandOffs(shop), Servers()
    with shop.listening():
        servers.arguments = [*arguments, "--webhook", f"http://127.0.0.1:{shop.port}/"]
        try:
            starts = [_round(servers, people, database, number) for number in tqdm(range(kills), unit="kill")]
            servers.start()
            waiting = _drained(database)
            servers.kill()
        finally:
            servers.close()
    _check(database)
    counts = people.count()
    right = counts["acknowledged, arrived exactly once"] == counts["acknowledged"] and not (
        waiting or counts["under another ticket than told"] or counts["not acknowledged, more than once"]
    )
    return {
        "kills": kills, "integrity checks passed": kills + 1, "left in the outbox": waiting, **counts,
        "seconds to start, median": round(sorted(starts)[len(starts) // 2], 2), "right": right,
    }  # fmt: skip


def _round(servers: Servers, people: HandOffs | Judgements, database: Path, number: int) -> float:
    """Start a server, let people talk, kill it at a random moment, check the database; return the start's seconds."""
    took = servers.start()
    stop, failures = threading.Event(), []

    def talk(who: str) -> None:
        try:
            people.talk(servers.url, who, stop)
        except Exception as error:  # told after the round
            failures.append(error)

    threads = [threading.Thread(target=talk, args=(f"r{number}p{who}",)) for who in range(PEOPLE)]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.02, LONGEST_ROUND_S))
    servers.kill()
    stop.set()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    _check(database)
    return took


def _check(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise RuntimeError(f"the database is damaged: {found}")


def _drained(database: Path) -> int:
    """Wait until nothing waits in the outbox; return how many posts are left when patience ends."""
    until, left = time.monotonic() + DRAIN_S, 1
    while left and time.monotonic() < until:
        time.sleep(0.5)
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            left = connection.execute("SELECT count(*) FROM outbox WHERE delivered IS NULL").fetchone()[0]
    return int(left)


def _arguments(folder: Path, database: Path) -> list[str]:
    """Return the server's arguments, without its port, over a small catalogue."""
    catalog = folder / "catalog.jsonl"
    catalog.write_text("".join(MARQUEE.read_text("utf-8").splitlines(keepends=True)[:ITEMS]), "utf-8")
    os.environ |= {"NAMEDROP_SECRET": SECRET, "OMP_NUM_THREADS": "1"}
    return ["--catalog", str(catalog), "--model", "none", "--database", f"sqlite:///{database}", "--rate", "off",
            "--session-rate", "off"]  # fmt: skip


def main() -> int:
    """Run; return 1 if anything acknowledged was lost or doubled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=["feedback", "handoff"])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a JSON file for the counts")
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory(prefix="namedrop-crashes-") as folder:
        counts = (feedback if options.what == "feedback" else handoff)(options.kills, Path(folder))
    text = json.dumps(counts, indent=2)
    print(text)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text + "\n", "utf-8")
    return 0 if counts["right"] else 1


if __name__ == "__main__":
    sys.exit(main())
