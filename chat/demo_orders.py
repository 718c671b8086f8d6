"""The demo shop's order system: 200 invented orders for a catalogue's items, in SQLite, read through `OrderLookup`.

It is an example of an adapter as much as a demo: a shop's own one looks the same over its own tables. Customers are
C-1001 to C-1040; C-1001 has one order of every status. The numbers run from M-0901 to M-1100, M-1042 being on its way
to C-1001. Days are kept relative to today, so that the demo never grows old.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from chat.orders import Order, OrderLine, OrderStatus, OrdersUnavailable
from retrieval.catalog import Catalog
from retrieval.files import replacing
from retrieval.models import cache_root
from retrieval.types import Item

COUNT = 200
FIRST = 901
CUSTOMERS = 40
_FORMAT = 2  # counts changes of what is generated
_SEED = 4
_OLD = 141  # the first orders of the list are older than a week or so, the others are recent
_NOT_SENT = ("course",)  # kinds that no parcel holds
_SHIPPING, _FREE_FROM = Decimal("3.90"), 35  # as Marquee's own pages say
_CARRIERS = (("Halcyon Post", "HP"), ("Kestrel Couriers", "KC"))
# What C-1001 has, by the place in the list, which runs from the oldest order to the newest.
_ANN: dict[int, OrderStatus] = {
    60: "cancelled", 95: "returned", 120: "delivered", 137: "returned", _OLD: "shipped", 150: "delayed", 187: "packed",
    199: "placed",
}  # fmt: skip
_SCHEMA = """
CREATE TABLE orders (
    number TEXT PRIMARY KEY, customer TEXT NOT NULL, placed INTEGER NOT NULL, status TEXT NOT NULL,
    total TEXT NOT NULL, currency TEXT NOT NULL, carrier TEXT NOT NULL, tracking TEXT NOT NULL,
    expected INTEGER, arrived INTEGER, refund TEXT NOT NULL, refunded TEXT, refund_paid INTEGER
);  -- the days are counted from today
CREATE TABLE lines (
    number TEXT NOT NULL REFERENCES orders (number), item TEXT NOT NULL, title TEXT NOT NULL,
    quantity INTEGER NOT NULL, price TEXT NOT NULL
);
CREATE INDEX orders_of ON orders (customer);
CREATE INDEX lines_of ON lines (number);
"""


class DemoOrders:
    """Looks orders up in a file that is opened for reading only."""

    def __init__(self, path: str | Path, *, today: Callable[[], date] = date.today) -> None:
        self.path = Path(path)
        self._today = today

    @classmethod
    def of(cls, catalog: str | Path, *, today: Callable[[], date] = date.today) -> DemoOrders:
        """Return the demo orders for a catalogue file; they are invented once and kept in the cache.

        Raises:
            OSError: there is no such file.
            CatalogError: the catalogue cannot be read.
            OrdersUnavailable: it has no item with a price.
        """
        source = Path(catalog).resolve()
        stat = source.stat()
        key = repr((_FORMAT, str(source), stat.st_size, stat.st_mtime_ns))
        path = cache_root() / "orders" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.sqlite"
        if not path.exists():
            write(path, Catalog.load(source, skip_bad=True))
        return cls(path, today=today)

    def orders(self, customer_id: str) -> Sequence[Order]:
        """Return a customer's orders."""
        return self._select("customer = ?", customer_id)

    def order(self, customer_id: str, number: str) -> Order | None:
        """Return one order of a customer."""
        return next(iter(self._select("customer = ? AND number = ?", customer_id, number)), None)

    def _select(self, where: str, *values: str) -> list[Order]:
        with self._reading() as connection:
            rows = connection.execute(f"SELECT * FROM orders WHERE {where} ORDER BY number DESC", values).fetchall()
            return [self._order(connection, row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            yield connection

    def _order(self, connection: sqlite3.Connection, row: sqlite3.Row) -> Order:
        lines = connection.execute("SELECT item, title, quantity, price FROM lines WHERE number = ?", (row["number"],))
        days = {name: self._day(row[name]) for name in ("placed", "expected", "arrived", "refund_paid")}
        return Order(**dict(row) | days, items=tuple(OrderLine(**dict(line)) for line in lines))

    def _day(self, offset: int | None) -> date | None:
        return None if offset is None else self._today() + timedelta(days=offset)


def write(path: Path, items: Sequence[Item], *, seed: int = _SEED) -> None:
    """Invent the orders and write them to a new file, which appears there complete or not at all.

    Raises:
        OrdersUnavailable: no item has a price.
    """
    priced = [item for item in items if item.price is not None and item.kind not in _NOT_SENT]
    if not priced:
        raise OrdersUnavailable("the demo orders need items with a price; give the catalogue prices, or --orders none")
    with replacing(path) as aside, closing(sqlite3.connect(aside)) as connection:
        connection.executescript(_SCHEMA)
        _invent(connection, priced, random.Random(seed))
        connection.commit()


def _invent(connection: sqlite3.Connection, items: Sequence[Item], rng: random.Random) -> None:
    for at in range(COUNT):
        age = 400 - at * 392 // _OLD if at < _OLD else 6 - (at - _OLD) * 7 // (COUNT - _OLD)
        customer, status = "C-1001", _ANN.get(at)
        if status is None:
            customer, status = f"C-{rng.randint(1002, 1000 + CUSTOMERS)}", _status(age, rng)
        lines = _lines(items, rng)
        goods = sum((price * quantity for _, quantity, price in lines), Decimal(0))
        total = goods if goods >= _FREE_FROM else goods + _SHIPPING
        number = f"M-{FIRST + at:04}"
        order = (number, customer, -age, status, str(total), lines[0][0].currency, *_journey(status, age, goods, rng))
        connection.execute(f"INSERT INTO orders VALUES ({', '.join('?' * len(order))})", order)
        connection.executemany(
            "INSERT INTO lines VALUES (?, ?, ?, ?, ?)",
            [(number, item.id, item.title, quantity, str(price)) for item, quantity, price in lines],
        )


def _lines(items: Sequence[Item], rng: random.Random) -> list[tuple[Item, int, Decimal]]:
    """Choose 1 to 4 items that are sold in one currency."""
    chosen = rng.sample(items, min(len(items), rng.choice((1, 1, 1, 2, 2, 3, 4))))
    together = [item for item in chosen if item.currency == chosen[0].currency]
    return [(item, rng.choice((1, 1, 1, 1, 1, 2)), Decimal(str(item.price))) for item in together]


def _status(age: int, rng: random.Random) -> OrderStatus:
    """Choose a state that an order of this age (days) may be in."""
    if rng.random() < 0.06:
        return "cancelled"
    if age > 7:
        return "returned" if age > 14 and rng.random() < 0.12 else "delivered"
    by_age: dict[int, tuple[OrderStatus, ...]] = {0: ("placed",), 1: ("placed", "packed"), 2: ("packed", "shipped")}
    return rng.choice(by_age.get(age, ("shipped", "shipped", "shipped", "delayed", "delivered")))


def _journey(
    status: OrderStatus, age: int, goods: Decimal, rng: random.Random
) -> tuple[str, str, int | None, int | None, str, str | None, int | None]:
    """Invent carrier, tracking, expected, arrived, refund, refunded and refund_paid; days are counted from today.

    What has been cancelled was not charged yet, so only returns are refunded, without the shipping.
    """
    carrier, prefix = rng.choice(_CARRIERS)
    tracking = f"{prefix}{rng.randint(10**8, 10**9 - 1)}"
    expected, arrived = None, None
    if status in ("placed", "packed", "cancelled"):
        tracking = ""
        carrier = carrier if status == "packed" else ""
    if status in ("placed", "packed", "shipped"):
        expected = rng.randint(1, 3) if status == "shipped" else rng.randint(3, 6)
    if status == "delayed":
        expected = rng.randint(2, 6)
    if status in ("delivered", "returned"):
        arrived = min(0, -age + rng.randint(3, 6))
    if status != "returned":
        return carrier, tracking, expected, arrived, "", None, None
    paid = min(-1, -age + rng.randint(9, 14)) if age > 20 else None
    return carrier, tracking, expected, arrived, "paid" if paid else "pending", str(goods), paid
