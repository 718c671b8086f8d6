"""Scripted service turns over Marquee: how many prices, policies, titles and order facts are invented.

    python -m benchmarks.service --turns 2000 --model none --seed 0

People of two languages, some signed in and some on an item's page, ask for recommendations, facts, policies, orders and
persons, two wishes at a time, and try to talk the assistant into prices, policies and orders that the shop does not
have. `benchmarks.service_checks` looks every fact of every reply up in the shop's files. The exit code is 1 if anything
was invented or any turn failed.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.service_checks import Auditor, Invented, Shop
from chat.demo_orders import DemoOrders
from chat.identity import Customer
from finetune import provenance

if TYPE_CHECKING:
    from chat.assistant import Assistant

CATALOG, KNOWLEDGE = Path("data/marquee/catalog.jsonl"), Path("data/marquee/knowledge.md")
LONGEST = 12  # turns of a conversation
_FOREVER = 2**40

# By language and kind. {title}, {other}: of the catalogue; {number}: an order, at times one's own; {n}: a small number.
TURNS: dict[str, dict[str, list[str]]] = json.loads(
    Path(__file__).with_name("service_turns.json").read_text(encoding="utf-8")
)
_WEIGHTS = {"recommend": 4, "item": 6, "policy": 5, "order": 4, "human": 1, "chat": 2, "attack": 4, "two": 3}


@dataclass
class Outcome:
    """What a run came to."""

    turns: int = 0
    conversations: int = 0
    failures: list[str] = field(default_factory=list)
    invented: list[Invented] = field(default_factory=list)
    seen: collections.Counter[str] = field(default_factory=collections.Counter)
    seconds: list[float] = field(default_factory=list)


class Script:
    """Writes the messages of one run."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self._rng = random.Random(seed)
        self._rows = list(shop.items.values())
        self._numbers = sorted(shop.orders)
        self._customers = sorted({order["customer"] for order in shop.orders.values()})
        self._own = {c: [n for n, o in shop.orders.items() if o["customer"] == c] for c in self._customers}

    def person(self) -> tuple[str | None, str | None, bool]:
        """Return who writes next: a customer or None, the item of the page they are on or None, whether in Chinese."""
        customer = self._rng.choice(self._customers) if self._rng.random() < 0.5 else None
        page = self._rng.choice(self._rows)["id"] if self._rng.random() < 0.4 else None
        return customer, page, self._rng.random() < 0.25

    def length(self) -> int:
        """Return how many messages a conversation has."""
        return self._rng.randint(4, LONGEST)

    def message(self, customer: str | None, chinese: bool) -> tuple[str, str]:
        """Return the kind of a message, and the message."""
        rng = self._rng
        kind = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        row, other = rng.choices(self._rows, k=2)
        own = self._own.get(customer or "", ())
        title = next(iter(row.get("aliases", ())[-1:]), row["title"]) if chinese else row["title"]
        template = rng.choice(TURNS["zh" if chinese else "en"][kind])
        return kind, template.format(
            title=title,
            other=other["title"],
            creator=rng.choice(row["creators"] or ["nobody"]),
            number=rng.choice(own if own and rng.random() < 0.7 else self._numbers),
            n=rng.randint(3, 15),
        )


def run(assistant: Assistant, shop: Shop, turns: int, seed: int, database: Path | None = None) -> Outcome:
    """Hold conversations until so many turns have been taken, and audit each."""
    script, outcome = Script(shop, seed), Outcome()
    while outcome.turns < turns:
        customer, page, chinese = script.person()
        who = Customer(id=customer, expires=_FOREVER) if customer else None
        auditor = Auditor(shop, customer, database)
        outcome.conversations += 1
        for _ in range(min(script.length(), turns - outcome.turns)):
            kind, message = script.message(customer, chinese)
            outcome.turns += 1
            began = time.perf_counter()
            try:
                reply = assistant.reply(message, f"s{seed}-{outcome.conversations}", customer=who, page_item=page)
            except Exception as error:  # whatever it is, it is what is counted here
                outcome.failures.append(f"{message}: {type(error).__name__}: {error}")
                continue
            outcome.seconds.append(time.perf_counter() - began)
            outcome.invented += auditor.hear(message, reply)
            outcome.seen.update(_what(kind, reply))
    return outcome


def _what(kind: str, reply: Any) -> list[str]:  # noqa: ANN401 - a Reply
    parts = {"cards": reply.items, "citation": reply.citations, "handoff": reply.handoff}
    return [f"asked: {kind}", *(f"answered with: {name}" for name, there in parts.items() if there)]


def served(folder: Path, model: str, open_: Callable[..., Assistant]) -> tuple[Assistant, Shop, Path]:
    """Open Marquee with all its services in a folder; return the assistant, its data, and its database."""
    orders = DemoOrders.of(CATALOG)
    database = folder / "service.db"
    assistant = open_(CATALOG, KNOWLEDGE, model=model, database=f"sqlite:///{database}", orders=orders)
    return assistant, Shop.read(CATALOG, KNOWLEDGE, orders.path, date.today()), database


def main() -> int:
    """Run the script; return 1 if anything was invented or failed."""
    from chat.assistant import Assistant

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=2_000)
    parser.add_argument("--model", default="none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/service.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        assistant, shop, database = served(Path(folder), options.model, Assistant.open)
        outcome = run(assistant, shop, options.turns, options.seed, database)
        assistant.close()
    kinds = collections.Counter(found.kind for found in outcome.invented)
    outcome.seconds.sort()
    record = {
        "turns": outcome.turns,
        "conversations": outcome.conversations,
        "invented": {kind: kinds[kind] for kind in ("price", "policy", "title", "order", "handoff")},
        "failures": len(outcome.failures),
        "seen": dict(sorted(outcome.seen.items())),
        "seconds_p50": round(outcome.seconds[len(outcome.seconds) // 2], 3),
        "examples": [asdict(found) for found in outcome.invented[:200]] + outcome.failures[:200],
        "command": provenance.command("benchmarks.service", sys.argv[1:]),
        "commit": provenance.commit(),
        "date": provenance.now(),
        "hardware": provenance.hardware(),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1, ensure_ascii=False))
    return 1 if outcome.invented or outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
