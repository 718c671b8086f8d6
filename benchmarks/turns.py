"""Generated conversations, checked from outside: does every item shown keep what the person was promised?

    python -m benchmarks.turns --turns 1000 --model none

A script writes messages (limits in two languages, likes, rejections, "more", questions, chip removals, feedback, undo,
nonsense and hostile text) and keeps its own account of what they mean, a `Ledger`. Every card must stand in the
catalogue file word for word, be in stock, not be rejected, and keep every limit in the ledger. The checks share no code
with the package: they read the rows of the file. Numbers and refusals hold until the script withdraws them; a kind,
genre or language may give way to a later request, but then its chip must be gone too; a length that nothing of the
kind has ("a game under an hour") must be owned up to at once, or let go by words once another kind is asked for.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import random
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(ROOT))

from benchmarks.turn_messages import NOISE, TOPICS, WISHES, Row, Rule, has_word, statement  # noqa: E402
from chat.assistant import Assistant  # noqa: E402
from chat.messages import Card, Chip, Reply  # noqa: E402

_OWNED_UP = re.compile(r"I can't go by the number of|这一点我无法筛选")  # and then the limit is none
_LET_GO = re.compile(r"I let go of|is without regard to|为此我取消了|不再考虑")
QUOTED = ("kind", "title", "year", "price", "currency", "in_stock", "description")  # a card's fields, word for word


@dataclass
class Ledger:
    """What the script has said so far and what may therefore be shown."""

    rules: dict[tuple[str, str], Rule] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    focus: tuple[str, ...] = ()
    chips: tuple[Chip, ...] = ()
    spoken_of: str = ""  # what "it" means besides the first card: a title just named, to which no card was shown

    def state(self, rule: Rule) -> None:
        """Add a limit; it replaces the last of its slot, and a number one that it contradicts."""
        name, side = rule.slot
        self.rules.pop((name, f"not {rule.value}"), None)
        if (kept := self.rules.get((name, "is"))) is not None and side == f"not {kept.value}":
            del self.rules[(name, "is")]
        for slot in [s for s, kept in self.rules.items() if rule.contrary == s or kept.contrary == rule.slot]:
            del self.rules[slot]
        if name in ("year", "decade") and not side.startswith("not"):
            gone = [("decade", "is")] if name == "year" else [("year", "<"), ("year", ">"), ("decade", "is")]
            for slot in gone:
                self.rules.pop(slot, None)
        self.rules.pop((name, {"<": ">", ">": "<"}.get(side, "")), None)
        self.rules.pop(rule.slot, None)
        self.rules[rule.slot] = rule


class Checker:
    """Drives one assistant with random conversations and collects everything that is wrong."""

    def __init__(self, assistant: Assistant, rows: Sequence[Row], rng: random.Random) -> None:
        self.assistant, self.rng = assistant, rng
        self.rows = {row["id"]: row for row in rows}
        self.violations: list[str] = []
        self.exceptions: list[str] = []
        self.counts: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.begin(0)

    def begin(self, number: int) -> None:
        """Start a new conversation."""
        self.session = f"turns-{number}"
        self.ledger = Ledger()
        self.past: list[Ledger] = []
        self.trail: list[str] = []

    def wrong(self, what: str) -> None:
        """Record a violation with the way that led to it."""
        self.violations.append(f"{what}\n      {self.session}: " + " → ".join(t[:60] for t in self.trail[-8:]))

    def turn(self) -> None:
        """Take one random turn and check its answer."""
        actions = {
            self.limit: 8, self.like: 3, self.reject: 3, self.more: 3, self.question: 2, self.noise: 3, self.wish: 2,
            self.undo: 1, self.reset: 0.3, self.unchip: 2, self.feedback: 2, self.maker: 1, self.recommend: 1,
            self.availability: 1,
        }  # fmt: skip
        if not self.ledger.focus:
            actions = {self.limit: 3, self.like: 3, self.wish: 2, self.noise: 1}
        (action,) = self.rng.choices(list(actions), weights=list(actions.values()))
        self.counts[action.__name__] += 1
        try:
            action()
        except Exception as error:  # the count of these is the result
            self.exceptions.append(f"{error!r} after {self.trail[-6:]}\n{traceback.format_exc(limit=-4)}")
            self.begin(self.rng.randrange(10**9))

    # Actions

    def say(
        self,
        message: str,
        *,
        rule: Rule | None = None,
        rejected: Sequence[str] = (),
        seen: Sequence[str] = (),
        may_repeat: bool = False,
    ) -> Reply:
        """Send a message, keep the ledger and check the answer; `may_repeat` what the person knows."""
        self.past.append(copy.deepcopy(self.ledger))
        self.trail.append(message)
        started = time.perf_counter()
        if self.rng.random() < 0.1:
            *events, done = self.assistant.stream(message, self.session)
            reply = done.reply
            assert reply is not None
            if "".join(e.text for e in events) != reply.text or events[0].items != reply.items:
                self.wrong("the stream says something else than the reply")
        else:
            reply = self.assistant.reply(message, self.session)
        self.seconds.append(time.perf_counter() - started)
        if rule is not None and not _OWNED_UP.search(reply.text):
            self.ledger.state(rule)
        if "片" in message and "不要" not in message:  # "喜剧片" are films
            self.ledger.rules.pop(("kind", "not film"), None)
        self.ledger.spoken_of = ""
        self.ledger.rejected.update(rejected)
        self.ledger.seen.update(seen)
        self.check(reply, new=rule)
        if not may_repeat and (known := self.ledger.seen & {card.id for card in reply.items}):
            self.wrong(f"{sorted(known)} is known to the person")
        return reply

    def limit(self) -> None:
        """State one limit, sometimes two."""
        message, rule = statement(self.rng)
        self.say(message, rule=rule)

    def like(self) -> None:
        """Name a title the person loved."""
        known = self.ledger.rejected | self.ledger.seen
        row = self.rng.choice([r for r in self.rows.values() if r["id"] not in known])
        frame = self.rng.choice(["I loved “{}”.", "something like “{}”", "我喜欢《{}》", "{}"])
        reply = self.say(frame.replace("{}", row["title"]))
        self.ledger.spoken_of = "" if reply.items else row["id"]

    def reject(self) -> None:
        """Refuse a card by its place, or all of them."""
        place, words = self.rng.choice([(0, "not that one"), (0, "not the first one"), (1, "not the second one"),
                                        (None, "none of those"), (2, "I hated the third one")])  # fmt: skip
        ids = self.ledger.focus if place is None else self.ledger.focus[place : place + 1]
        self.say(words, rejected=ids)

    def more(self) -> None:
        """Ask for more: nothing may come twice."""
        shown = set(self.ledger.shown)
        reply = self.say(self.rng.choice(["more", "something else", "换一批", "show me others"]))
        if again := shown & {card.id for card in reply.items}:
            self.wrong(f"“more” repeats {sorted(again)}")

    def question(self) -> None:
        """Ask what the first card costs: the answer quotes the file."""
        asked = self.rng.choice(["what does it cost and is it in stock?", "how much is the first one?", "多少钱？"])
        row = self.rows[(self.ledger.spoken_of if "first" not in asked else "") or self.ledger.focus[0]]
        reply = self.say(asked, may_repeat=True)
        if f"{row['price']:.2f}" not in reply.text:
            self.wrong(f"the price {row['price']:.2f} of {row['id']} is not in {reply.text!r}")

    def noise(self) -> None:
        """Send something odd: it may mean anything but never an error."""
        message = self.rng.choice(NOISE)
        self.say(message, seen=self.ledger.focus if "seen those" in message else ())

    def wish(self) -> None:
        """State a soft wish."""
        self.say(self.rng.choice(WISHES))

    def undo(self) -> None:
        """Take the last change back: the ledger goes back too."""
        if self.past and len(self.past) < 20:
            self.ledger = self.past.pop()
            self.trail.append("undo")
            self.check(self.assistant.reply("undo", self.session))

    def reset(self) -> None:
        """Start over."""
        self.say("start over")
        self.ledger = Ledger()

    def unchip(self) -> None:
        """Remove a chip by its ×."""
        if not self.ledger.chips:
            return
        chip = self.rng.choice(self.ledger.chips)
        self.trail.append(f"× {chip.label}")
        self.past.append(copy.deepcopy(self.ledger))
        self.ledger.rules = {s: r for s, r in self.ledger.rules.items() if not _about(r, chip)}
        value = list(chip.value) if isinstance(chip.value, tuple) else chip.value  # as JSON brings it
        reply = self.assistant.remove_constraint(self.session, chip.field, chip.op, value)
        if any((c.field, c.op, c.value) == (chip.field, chip.op, chip.value) for c in reply.constraints):
            self.wrong(f"the chip {chip.label!r} is still there")
        self.check(reply)

    def feedback(self) -> None:
        """Press a button on a card."""
        item_id = self.rng.choice(self.ledger.focus)
        signal = self.rng.choice(["like", "dislike", "dislike", "seen", "undo"])
        self.trail.append(f"{signal} {item_id}")
        self.past.append(copy.deepcopy(self.ledger))
        view = self.assistant.feedback(self.session, item_id, signal)  # type: ignore[arg-type]
        self.ledger.rejected.discard(item_id)
        self.ledger.seen.discard(item_id)
        if signal in ("dislike", "seen"):
            (self.ledger.rejected if signal == "dislike" else self.ledger.seen).add(item_id)
        if (signal == "dislike") != (item_id in {c.id for c in view.disliked}):
            self.wrong(f"{signal} of {item_id} is not in the session's view")

    def maker(self) -> None:
        """Ask for anything by somebody."""
        name = self.rng.choice(self.rng.choice(list(self.rows.values()))["creators"])
        self.say(f"anything by {name}")

    def availability(self) -> None:
        """Ask for something that does not exist."""
        title = self.rng.choice(list(self.rows.values()))["title"]
        reply = self.say(f"do you have “{title} Revisited {self.rng.randrange(30, 90)}”?")
        if "don't carry" not in reply.text:
            self.wrong(f"claims to carry it: {reply.text!r}")

    def recommend(self) -> None:
        """Recommend without a conversation."""
        message, rule = statement(self.rng)
        self.trail.append(f"recommend: {message}")
        for card in self.assistant.recommend(text=message, disliked=sorted(self.ledger.rejected)):
            self.check_card(card)
            if not rule.test(self.rows[card.id]) or card.id in self.ledger.rejected:
                self.wrong(f"recommend({message!r}) gives {card.id}")

    # Checks

    def check(self, reply: Reply, new: Rule | None = None) -> None:
        """Hold an answer against the file and the ledger, and note what it showed."""
        ids = [card.id for card in reply.items]
        if not reply.text.strip():
            self.wrong("an empty answer")
        if len(set(ids)) != len(ids):
            self.wrong(f"the same item twice: {ids}")
        for slot, rule in list(self.ledger.rules.items()):  # a later request made room for itself
            let_go = slot[0] == "minutes" and _LET_GO.search(reply.text)  # books have none, and the answer says so
            if (rule.yields or let_go) and rule is not new and not any(_about(rule, c) for c in reply.constraints):
                del self.ledger.rules[slot]
        for card in reply.items:
            row = self.check_card(card)
            if row is None:
                continue
            if card.id in self.ledger.rejected:
                self.wrong(f"{card.id} was rejected")
            broken = [rule.said for rule in self.ledger.rules.values() if not rule.test(row)]
            broken += [f"the chip {chip.label}" for chip in reply.constraints if not _keeps(row, chip)]
            if broken:
                self.wrong(f"{card.id} breaks {broken}")
        self.counts["cards"] += len(ids)
        self.counts["answers without cards"] += not ids
        self.ledger.focus = tuple(ids) or self.ledger.focus
        self.ledger.shown.update(ids)
        self.ledger.chips = reply.constraints

    def check_card(self, card: Card) -> Row | None:
        """Hold a card against its row of the file."""
        row = self.rows.get(card.id)
        if row is None:
            self.wrong(f"{card.id} is not in the catalogue")
            return None
        if not row["in_stock"]:
            self.wrong(f"{card.id} is out of stock")
        for name in QUOTED:
            if getattr(card, name) != row.get(name, getattr(card, name)):
                self.wrong(f"{card.id}: {name} is {getattr(card, name)!r}, not {row.get(name)!r}")
        return row


def _about(rule: Rule, chip: Chip) -> bool:
    """Whether a chip stands for a rule of the ledger."""
    name, side = rule.slot
    values = chip.value if isinstance(chip.value, tuple) else (chip.value,)
    if side.startswith("not "):
        return chip.field in (name, "topic") and chip.op == "is_not" and (rule.value or float(side[4:])) in values
    if rule.value:
        return chip.field == name and chip.op == "is" and rule.value in values
    same = (name, chip.field) == ("year", "decade") or name == chip.field
    return same and chip.op[0] == side[0] and chip.op != "is_not"


def _keeps(row: Row, chip: Chip) -> bool:
    """Whether a row keeps a chip, by the simplest reading of the file; makers are left to the package's spelling."""
    values = chip.value if isinstance(chip.value, tuple) else (chip.value,)
    if chip.field == "creators":
        return True
    if chip.field == "topic":
        words = [w for v in values for w in TOPICS.get(str(v), (str(v),))]
        return chip.op == "is" or not has_word(row, *words)
    derived = {"decade": row["year"] // 10 * 10, "minutes": 60 * row["hours"] if "hours" in row else None}
    value = row.get(chip.field, derived.get(chip.field))
    if chip.op in ("is", "is_not"):
        mine = set(value if isinstance(value, list) else [value])
        return bool(mine.intersection(values)) == (chip.op == "is")
    if value is None:
        return False
    limit = float(values[0])
    return {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}[chip.op]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the conversations and print what was found; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description="Generated conversations, checked from outside.")
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument("--length", type=int, default=12, help="turns of one conversation (default: 12)")
    parser.add_argument("--model", default="none", help='"none" for retrieval only (the default), or a model')
    parser.add_argument("--adapter", type=Path, help="the folder of a LoRA adapter for the model")
    parser.add_argument("--catalog", type=Path, default=ROOT / "data" / "marquee" / "catalog.jsonl")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    logging.getLogger("chat").setLevel(logging.ERROR)
    rows = [json.loads(line) for line in args.catalog.read_text(encoding="utf-8").splitlines()]
    assistant = Assistant.open(args.catalog, model=args.model, adapter=args.adapter)
    checker = Checker(assistant, rows, random.Random(args.seed))
    for number in tqdm(range(args.turns), desc="turns", unit="turn"):
        if number % args.length == 0:
            checker.begin(number)
        checker.turn()
    assistant.close()
    return _report(checker, args.turns)


def _report(checker: Checker, turns: int) -> int:
    seconds = sorted(checker.seconds)
    print(f"{turns} turns, {checker.counts['cards']} cards, {checker.counts['empty answers']} answers without cards")
    print("  " + ", ".join(f"{n} {a}" for a, n in checker.counts.most_common() if a not in ("cards", "empty answers")))
    print(
        f"  a reply: p50 {1000 * seconds[len(seconds) // 2]:.0f} ms, p95 {1000 * seconds[-len(seconds) // 20]:.0f} ms"
    )
    print(f"violations: {len(checker.violations)}, exceptions: {len(checker.exceptions)}")
    for problem in (*checker.violations[:25], *checker.exceptions[:5]):
        print(f"  - {problem}")
    return 1 if checker.violations or checker.exceptions else 0


if __name__ == "__main__":
    raise SystemExit(main())
