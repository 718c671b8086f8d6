"""Whether a reply says anything that the shop's data does not: an auditor that reads the files, not our code.

It knows the catalogue as JSON lines, the policies as Markdown and the orders as SQLite, and nothing of how replies are
made. Of every reply it takes the amounts of money, the works with their years, the lengths, the dates, the order and
tracking numbers with their states, the tickets, the quotations, e-mail addresses and links, and looks each of them up
where it must stand:

price      an amount stands in the catalogue for an item of the reply, in the quoted passage, in the customer's own
           order, or in a limit that the person set
policy     a citation is, word for word, a part of the passage of that heading, and the reply holds it
title      a work is one of the catalogue, of that year; a card equals its row, in stock
order      an order number, its dates, titles, state and tracking are those of an order of the verified customer
handoff    a ticket named in a reply is the hand-off's, and stands in the database
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

_MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
_MONEY = re.compile(
    r"(?:US)?([$€£¥])\s?(\d[\d,]*(?:\.\d+)?)|(\d[\d,]*(?:\.\d+)?)\s*(?:dollars|euros|USD|EUR|美元|元|块)"
)
_WORK = re.compile(r"(?<![\d-])[（(](\d{4})[）)]")
_LENGTH = re.compile(r"(\d[\d.,]*) ?(minutes|hours|pages|分钟|小时|页)")
_DATE = re.compile(rf"({'|'.join(_MONTHS)}) (\d{{1,2}}), (\d{{4}})|(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日")
_ORDER = re.compile(r"(?<![A-Za-z\d])M-\d{4}(?!\d)")  # no \b: a Chinese character counts as a letter
_TRACKING = re.compile(r"(?<![A-Za-z\d])[A-Z]{2}\d{9}(?!\d)")
_TICKET = re.compile(r"(?<![A-Za-z\d])H-[0-9A-Z]{8}(?![0-9A-Z])")
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|https?://\S+|\bwww\.\S+|\d+(?:\.\d+)?\s?%")
_STATES = (
    ("placed", "has been received and is not packed yet|已收到，尚未打包"),
    ("packed", "is packed and waits|已打包，等待"),
    ("shipped", r"is on its way\.|已发货，正在途中"), ("delayed", r"is delayed\.|有延误。"),
    ("delivered", "has been delivered|已送达。"), ("returned", "has been returned|已退货。"),
    ("cancelled", "has been cancelled|已取消。"),
)  # fmt: skip
_LISTED = {
    "not packed yet": "placed", "packed": "packed", "on its way": "shipped", "delayed": "delayed",
    "delivered": "delivered", "returned": "returned", "cancelled": "cancelled", "未打包": "placed", "已打包": "packed",
    "运输中": "shipped", "有延误": "delayed", "已送达": "delivered", "已退货": "returned", "已取消": "cancelled",
}  # fmt: skip
_LINE = re.compile(
    r"(M-\d{4}) of (?:\w+ \d+, \d{4}), [^,;]*, ([a-z ]+?)(?:[,;.]|$)|(M-\d{4})（\d+年\d+月\d+日，[^，]*，([^，）]+)"
)


@dataclass(frozen=True)
class Invented:
    """Something in a reply that is not in the shop's data."""

    kind: str
    what: str
    message: str
    reply: str


def plain(text: str) -> str:
    """Return a text with its line breaks and runs of blanks as single blanks."""
    return " ".join(text.split())


def amount(text: str) -> float:
    """Return the number of ``1,234.50``."""
    return float(text.replace(",", ""))


@dataclass
class Shop:
    """The shop's data as its files have it."""

    items: Mapping[str, dict[str, Any]]
    passages: Mapping[str, str]
    orders: Mapping[str, dict[str, Any]]
    by_title: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def read(cls, catalog: Path, knowledge: Path, orders: Path, today: date) -> Shop:
        """Read the three files."""
        rows = [json.loads(line) for line in catalog.read_text(encoding="utf-8").splitlines() if line.strip()]
        passages: dict[str, str] = {}
        for part in re.split(r"^## ", knowledge.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            heading, _, body = part.partition("\n")
            passages[plain(heading)] = plain(body)
        with sqlite3.connect(orders) as db:
            db.row_factory = sqlite3.Row
            found = {row["number"]: dict(row) for row in db.execute("SELECT * FROM orders")}
            for order in found.values():
                order["lines"] = [
                    dict(row) for row in db.execute("SELECT * FROM lines WHERE number = ?", (order["number"],))
                ]
                for name in ("placed", "expected", "arrived", "refund_paid"):
                    order[name] = None if order[name] is None else today + timedelta(days=order[name])
        db.close()
        shop = cls({row["id"]: row for row in rows}, passages, found)
        for row in rows:
            for title in (row["title"], *row.get("aliases", ())):
                shop.by_title.setdefault(title, []).append(row)
        return shop

    def works(self, text: str) -> Iterator[tuple[str, int, list[dict[str, Any]]]]:
        """Yield each ``Title (1979)`` of a text with the rows that it may be; none if the title is not ours."""
        for match in _WORK.finditer(text):
            before, year = text[: match.start()].rstrip(), int(match[1])
            quoted = re.search(r"《([^》]*(?:》[^《》]*)?)》$", before)
            rows = [
                row
                for title, rows in self.by_title.items()
                if (before.endswith(title) and not quoted) or (quoted and quoted[1] == title)
                for row in rows
                if row.get("year") == year
            ]
            yield before[-60:], year, rows


class Auditor:
    """Follows one conversation and collects what is invented in it."""

    def __init__(self, shop: Shop, customer: str | None, database: Path | None = None) -> None:
        self.shop = shop
        self.customer = customer
        self.own = {n: o for n, o in shop.orders.items() if o["customer"] == customer}
        self.said: list[str] = []
        self.limits: set[str] = set()
        self.found: list[Invented] = []
        self._database = database

    def hear(self, message: str, reply: Any) -> list[Invented]:  # noqa: ANN401 - a Reply, of which only fields are read
        """Check one reply; return what is invented in it."""
        self.said.append(message)
        self.limits |= {chip.label for chip in reply.constraints}
        before = len(self.found)
        self._message, self._reply = message, reply.text
        self._cards(reply.items)
        rest = self._citations(reply)
        self._handoff(rest, reply.handoff)
        self._orders(rest)
        rest = self._without_echo(rest)
        self._works(rest)
        self._money(rest, [card.id for card in reply.items])
        for found in _CONTACT.findall(rest):
            self._note("policy", found)
        return self.found[before:]

    def _note(self, kind: str, what: str) -> None:
        self.found.append(Invented(kind, what, self._message, self._reply))

    def _cards(self, cards: Sequence[Any]) -> None:
        for card in cards:
            row = self.shop.items.get(card.id)
            if row is None or (card.title, card.year) != (row["title"], row.get("year")):
                self._note("title", f"card {card.id}")
            elif card.price != row.get("price") or not row.get("in_stock", True):
                self._note("price", f"card {card.id}: {card.price}")
            elif list(card.creators) != row.get("creators", []) or card.description != row.get("description", ""):
                self._note("title", f"card {card.id}")

    def _citations(self, reply: Any) -> str:  # noqa: ANN401
        """Check the citations; return the reply's text without what they quote."""
        rest = plain(reply.text)
        for citation in reply.citations:
            passage, quote = self.shop.passages.get(plain(citation.title)), plain(citation.quote)
            if passage is None or not _holds(passage, quote) or not quote:
                self._note("policy", f"{citation.title}: {citation.quote}")
            elif quote not in rest:
                self._note("policy", f"not in the reply: {quote}")
            rest = rest.replace(quote, " ").replace(f"“{plain(citation.title)}”", " ")
        return rest

    def _handoff(self, text: str, handoff: Any) -> None:  # noqa: ANN401
        for ticket in set(_TICKET.findall(text)):
            if handoff is None or handoff.ticket != ticket:
                self._note("handoff", ticket)
            elif self._database is not None:
                with sqlite3.connect(self._database) as db:
                    kept = db.execute("SELECT count(*) FROM tickets WHERE ticket = ?", (ticket,)).fetchone()[0]
                db.close()
                if not kept:
                    self._note("handoff", f"{ticket} is not in the database")

    def _orders(self, text: str) -> None:
        numbers = set(_ORDER.findall(text))
        echoed = {number for number in numbers if f"“{number}”" in text}
        for number in numbers - set(self.own) - echoed:
            self._note("order", f"{number} is not an order of {self.customer}")
        mine = [self.own[number] for number in numbers if number in self.own]
        days = {order[name] for order in mine for name in ("placed", "expected", "arrived", "refund_paid")}
        for match in _DATE.finditer(text):
            if _day(match) not in days:
                self._note("order", f"date {match.group()}")
        for tracking in _TRACKING.findall(text):
            if tracking not in {order["tracking"] for order in mine}:
                self._note("order", f"tracking {tracking}")
        for carrier in ("Halcyon Post", "Kestrel Couriers"):
            if carrier in text and carrier not in {order["carrier"] for order in mine}:
                self._note("order", carrier)
        self._states(text)

    def _states(self, text: str) -> None:
        """Check what is said of each order's state, and which titles it is said to hold."""
        for sentence in re.finditer(r"(?:Order |订单)(M-\d{4}) ?[（(].*?(?=(?:Order |订单)M-\d{4}|$)", text):
            order = self.own.get(sentence[1])
            if order is None:
                continue
            for state, pattern in _STATES:
                if re.search(pattern, sentence.group()) and order["status"] != state:
                    self._note("order", f"{order['number']} is {order['status']}, not {state}")
            held = re.match(r"(?:Order |订单)M-\d{4} ?[（(](.+?)(?:\), placed on|，\d{4}年)", sentence.group())
            titles = [line["title"] for line in order["lines"]]
            if held and not all(title in held[1] for title in titles[:3]):
                self._note("order", f"{order['number']} does not hold {held[1]}")
        for match in _LINE.finditer(text):
            number, state = match[1] or match[3], (match[2] or match[4]).strip()
            if number in self.own and _LISTED.get(state) != self.own[number]["status"]:
                self._note("order", f"{number} is {self.own[number]['status']}, not {state}")

    def _without_echo(self, text: str) -> str:
        """Return a text without what it repeats of the person's words and limits, and without the pages it names."""
        said = plain(" ".join(self.said))
        for quoted in re.findall(r"“(.*?)”", text):
            if quoted in said or quoted in self.limits or quoted in self.shop.passages:
                text = text.replace(f"“{quoted}”", " ")
            elif quoted not in self.shop.by_title and not any(quoted in label for label in self.limits):
                self._note("title", f"“{quoted}”")
        for label in sorted((x for x in self.limits if any(c.isdigit() for c in x)), key=len, reverse=True):
            for form in (label, label[:1].upper() + label[1:]):
                text = text.replace(form, " ")
        return text

    def _works(self, text: str) -> None:
        held = [line["title"] for order in self.own.values() for line in order["lines"]]
        for before, year, rows in self.shop.works(text):
            if not rows and not any(before.endswith(title) for title in held):
                self._note("title", f"…{before} ({year})")
        lengths = {
            (f"{row[unit]:g}", unit)
            for _, _, rows in self.shop.works(text)
            for row in rows
            for unit in ("minutes", "hours", "pages")
            if unit in row
        }
        english = {"分钟": "minutes", "小时": "hours", "页": "pages"}
        for number, unit in _LENGTH.findall(text):
            if (f"{amount(number):g}", english.get(unit, unit)) not in lengths:
                self._note("title", f"{number} {unit}")

    def _money(self, text: str, shown: Collection[str]) -> None:
        named = [row for _, _, rows in self.shop.works(text) for row in rows]
        titled = [row for title, rows in self.shop.by_title.items() if len(title) > 3 and title in text for row in rows]
        allowed = {row["price"] for row in (*named, *titled, *(self.shop.items[i] for i in shown)) if "price" in row}
        for number in _ORDER.findall(text):
            order = self.own.get(number)
            if order is not None:
                allowed |= {float(order[name]) for name in ("total", "refunded") if order[name] is not None}
                allowed |= {float(line["price"]) for line in order["lines"]}
        for match in _MONEY.finditer(text):
            if amount(match[2] or match[3]) not in allowed:
                self._note("price", match.group())


def _holds(passage: str, quote: str) -> bool:
    """Whether every sentence of a quotation stands in the passage, in its order."""
    at = 0
    for part in re.split(r"\s*…\s*", quote):
        found = passage.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _day(match: re.Match[str]) -> date | None:
    try:
        if match[1]:
            return date(int(match[3]), _MONTHS.index(match[1]) + 1, int(match[2]))
        return date(int(match[4]), int(match[5]), int(match[6]))
    except ValueError:
        return None
