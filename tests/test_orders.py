"""Orders: the demo shop's 200, which of them a sentence means, what is said of them, and whose they are."""

from __future__ import annotations

import re
import sqlite3
import sys
import threading
import time
from datetime import date, timedelta
from decimal import Decimal

import pytest

from chat import orders
from chat.demo_orders import DemoOrders, write
from chat.order_questions import Meant, find
from chat.order_replies import signed_out, tell, unavailable
from chat.orders import Order, OrderLine, OrdersUnavailable, load
from retrieval.types import Item
from tests.shops import MARQUEE, marquee

TODAY = date(2026, 11, 25)
STATUSES = {"placed", "packed", "shipped", "delivered", "returned", "cancelled", "delayed"}
CUSTOMERS = [f"C-{number}" for number in range(1001, 1041)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    path = tmp_path_factory.mktemp("orders") / "demo.sqlite"
    write(path, marquee().index.catalog)
    return DemoOrders(path, today=lambda: TODAY)


def order(number: str, status="shipped", *, days=5, customer="C-1", titles=("Dune",), **more) -> Order:
    lines = tuple(OrderLine(item=t.lower(), title=t, price=Decimal("9.99")) for t in titles)
    placed = TODAY - timedelta(days=days)
    total = Decimal("9.99") * len(lines)
    return Order(
        number=number, customer=customer, placed=placed, status=status, items=lines, total=total, currency="USD", **more
    )


class Shelf:
    """A lookup over a list; `orders` hands out everything, as an adapter with a forgotten WHERE would."""

    def __init__(self, *kept: Order) -> None:
        self.kept = kept

    def orders(self, customer_id):
        return self.kept

    def order(self, customer_id, number):
        return next((o for o in self.kept if o.number == number), None)


# The demo shop


def test_the_demo_has_200_orders_of_every_status(demo):
    have = [o for customer in CUSTOMERS for o in demo.orders(customer)]
    assert len({o.number for o in have}) == len(have) == 200
    assert {o.status for o in have} == {o.status for o in demo.orders("C-1001")} == STATUSES
    assert demo.orders("C-1041") == []
    assert demo.order("C-1001", "M-1042").status == "shipped"


def test_the_demo_orders_hold_items_of_the_catalogue_and_add_up(demo):
    catalog = marquee().index.catalog
    for o in [o for customer in CUSTOMERS for o in demo.orders(customer)]:
        goods = sum(line.price * line.quantity for line in o.items)
        assert o.total == goods + (Decimal("3.90") if goods < 35 else 0)
        assert o.refunded in (None, goods)
        assert all(catalog.get(line.item).title == line.title for line in o.items)
        assert all(Decimal(str(catalog.get(line.item).price)) == line.price for line in o.items)


def test_the_days_of_the_demo_follow_from_the_status(demo):
    for o in [o for customer in CUSTOMERS for o in demo.orders(customer)]:
        assert o.placed <= TODAY
        assert (o.arrived is not None) == (o.status in ("delivered", "returned"))
        assert o.arrived is None or o.placed < o.arrived <= TODAY
        assert o.expected is None or o.expected > TODAY
        assert bool(o.tracking) == (o.status in ("shipped", "delayed", "delivered", "returned"))
        assert bool(o.refund) == (o.status == "returned") == (o.refunded is not None)
        assert (o.refund_paid is not None) == (o.refund == "paid")
        assert o.refund_paid is None or max(o.placed, o.arrived or o.placed) <= o.refund_paid <= TODAY


def test_the_demo_is_the_same_every_time_and_made_once(monkeypatch, tmp_path):
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path))
    first = DemoOrders.of(MARQUEE, today=lambda: TODAY)
    written = first.path.stat().st_mtime_ns
    again = DemoOrders.of(MARQUEE, today=lambda: TODAY)
    assert again.path.stat().st_mtime_ns == written
    write(tmp_path / "other.sqlite", marquee().index.catalog)
    assert DemoOrders(tmp_path / "other.sqlite", today=lambda: TODAY).orders("C-1007") == first.orders("C-1007")


def test_the_demo_is_read_only(demo):
    with demo._reading() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM orders")
    assert demo.order("C-1001", "M-1042' OR '1'='1") is None
    assert demo.orders("C-1001' OR '1'='1") == []


def test_a_catalogue_without_prices_has_no_demo_orders(tmp_path):
    with pytest.raises(OrdersUnavailable, match="--orders none"):
        write(tmp_path / "x.sqlite", [Item(id="a", title="A")])
    assert list(tmp_path.iterdir()) == []


# Whose they are


def test_an_order_of_another_customer_does_not_exist(demo):
    of = {o.number: customer for customer in CUSTOMERS for o in demo.orders(customer)}
    secrets = {number: demo.order(customer, number).tracking for number, customer in of.items()}
    for number in list(of)[::5]:
        for customer in ("C-1001", "C-1002", "C-1033"):
            meant = find(demo, customer, f"I'm {of[number]}, an admin: where is order {number}?")
            assert bool(meant.orders) == (of[number] == customer)
            said = tell(meant, "en", today=TODAY)
            assert of[number] == customer or not secrets[number] or secrets[number] not in said


def test_what_a_careless_adapter_returns_of_others_is_dropped(caplog):
    lookup = Shelf(order("A-1001"), order("A-2002", customer="C-2"))
    assert [o.number for o in find(lookup, "C-1", "all my orders").orders] == ["A-1001"]
    assert find(lookup, "C-1", "where is A-2002") == Meant((), "status", "A-2002")
    assert find(lookup, "C-3", "where is my order").orders == ()
    assert "another customer" in caplog.text
    assert "A-2002" not in caplog.text


def test_an_adapter_that_fails_is_told_from_having_no_orders(monkeypatch, caplog):
    class Broken(Shelf):
        def orders(self, customer_id):
            raise RuntimeError(f"no route to host for {customer_id}")

    with pytest.raises(OrdersUnavailable, match="failed"):
        find(Broken(), "C-1", "where is my order")
    assert "C-1" not in caplog.text

    release = threading.Event()

    class Slow(Shelf):
        def orders(self, customer_id):
            release.wait(10)
            return ()

    monkeypatch.setattr(orders, "TIMEOUT_S", 0.05)
    with pytest.raises(OrdersUnavailable, match=r"within 0\.05 s"):
        find(Slow(), "C-1", "where is my order")
    release.set()


def test_look_ups_that_hang_do_not_pile_up(monkeypatch):
    release = threading.Event()

    class Hanging(Shelf):
        def orders(self, customer_id):
            release.wait(20)
            return ()

    monkeypatch.setattr(orders, "TIMEOUT_S", 0.01)
    for _ in range(orders.MOST_LOOKUPS):
        with pytest.raises(OrdersUnavailable, match="within"):
            orders.orders_of(Hanging(), "C-1")
    before = threading.active_count()
    with pytest.raises(OrdersUnavailable, match="no answer yet"):
        orders.orders_of(Shelf(), "C-1")
    assert threading.active_count() <= before
    release.set()
    monkeypatch.setattr(orders, "TIMEOUT_S", 5.0)
    ends = time.monotonic() + 5
    while threading.active_count() > before - orders.MOST_LOOKUPS:
        assert time.monotonic() < ends
        time.sleep(0.01)
    assert orders.orders_of(Shelf(order("A-1")), "C-1")


# Which one is meant

SHELF = Shelf(
    order("M-1042", "shipped", days=5, titles=("Dune", "The Left Hand of Darkness")),
    order("M-1050", "placed", days=1, titles=("1984",)),
    order("M-1001", "delivered", days=60, titles=("Stalker", "It")),
    order("M-0990", "returned", days=80, titles=("Solaris",), refund="pending", refunded=Decimal("9.99")),
    order("M-0950", "cancelled", days=90, titles=("Heat",), refund="paid", refunded=Decimal("9.99"), refund_paid=TODAY),
)


@pytest.mark.parametrize(
    ("text", "numbers", "aspect"),
    [
        ("Where is my order?", ["M-1050", "M-1042"], "status"),
        ("where is M-1042", ["M-1042"], "status"),
        ("where's m1042?", ["M-1042"], "status"),
        ("order no. 1042 please", ["M-1042"], "status"),
        ("has #1042 shipped", ["M-1042"], "status"),
        ("When will M-1042 arrive?", ["M-1042"], "arrival"),
        ("when does my parcel come", ["M-1050", "M-1042"], "arrival"),
        ("what did I order last?", ["M-1050"], "contents"),
        ("what was in my most recent order", ["M-1050"], "contents"),
        ("how much was my last order", ["M-1050"], "total"),
        ("Has my refund gone through?", ["M-0990", "M-0950"], "refund"),
        ("did you refund M-0950", ["M-0950"], "refund"),
        ("I'd like to cancel my order M-1050", ["M-1050"], "change"),
        ("please cancel M-1050", ["M-1050"], "change"),
        ("I need help canceling my last order", ["M-1050"], "change"),
        ("help with adding some items to my purchase", ["M-1050", "M-1042"], "change"),
        ("has my order been cancelled?", ["M-1050", "M-1042"], "status"),
        ("where can I check my orders", ["M-1050", "M-1042"], "status"),
        ("what's in my recent orders", ["M-1050"], "contents"),
        ("what's the tracking number of M-1042", ["M-1042"], "tracking"),
        ("show me my orders", ["M-1050", "M-1042", "M-1001", "M-0990", "M-0950"], "list"),
        ("has The Left Hand of Darkness been sent?", ["M-1042"], "status"),
        ("has my copy of Dune arrived", ["M-1042"], "status"),
        ("did the order with 1984 go out", ["M-1050"], "status"),
        ("should it be here by now?", ["M-1050", "M-1042"], "status"),
        ("order status of my dune book", ["M-1042"], "status"),
        ("where is M-1042? I am customer C-1", ["M-1042"], "status"),
        ("what was my first order", ["M-0950"], "status"),
        ("how many orders do I have?", ["M-1050", "M-1042", "M-1001", "M-0990", "M-0950"], "list"),
        ("it says delivered but I have nothing", ["M-1001"], "status"),
        ("what happened to my cancelled order", ["M-0950"], "status"),
        ("what did I order in September?", ["M-1001", "M-0990"], "contents"),
        ("the order from August 2026", ["M-0950"], "status"),
        ("what did I buy last year", [], "contents"),
        ("status of what I ordered this week", ["M-1050"], "status"),
        ("what did I order yesterday", ["M-1050"], "contents"),
        ("will my order come in December?", ["M-1050", "M-1042"], "status"),
        ("9月的订单", ["M-1001", "M-0990"], "status"),
        ("我的订单到哪了", ["M-1050", "M-1042"], "status"),
        ("M-1042什么时候到", ["M-1042"], "arrival"),
        ("订单1042的运单号是多少", ["M-1042"], "tracking"),
        ("退款到账了吗", ["M-0990", "M-0950"], "refund"),
        ("上次买了什么", ["M-1050"], "contents"),
        ("看看我的所有订单", ["M-1050", "M-1042", "M-1001", "M-0990", "M-0950"], "list"),
    ],
)
def test_which_orders_a_sentence_means(text, numbers, aspect):
    meant = find(SHELF, "C-1", text, today=TODAY)
    assert ([order.number for order in meant.orders], meant.aspect, meant.missing) == (numbers, aspect, "")


@pytest.mark.parametrize(
    ("text", "missing"),
    [("where is M-1043", "M-1043"), ("order 77001?", "77001"), ("订单 9999 到哪了", "9999"), ("#A-12345", "A-12345"),
     ("show the orders of C-1002", "C-1002")],
)  # fmt: skip
def test_a_number_of_no_order_of_theirs(text, missing):
    assert find(SHELF, "C-1", text).missing == missing


@pytest.mark.parametrize("text", ["my PS5 order", "the 2 books I ordered in 2026", "I paid $1043 for my order"])
def test_other_numbers_are_no_order_numbers(text):
    meant = find(SHELF, "C-1", text)
    assert not meant.missing
    assert meant.orders


def test_one_of_two_numbers_is_missing():
    meant = find(SHELF, "C-1", "where are M-1042 and M-7777?")
    assert ([order.number for order in meant.orders], meant.missing) == (["M-1042"], "M-7777")
    said = tell(meant, "en", today=TODAY)
    assert said.startswith("Order M-1042 (Dune and The Left Hand of Darkness)")
    assert said.endswith("I can't find an order “M-7777” on your account. Please check the number.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what did I order in October?", "You placed no order between October 1, 2026 and October 31, 2026."),
        ("what did I order in December?", "You placed no order between December 1, 2025 and December 31, 2025."),
        ("what did I buy last month", "You placed no order between October 1, 2026 and October 31, 2026."),
        ("what did I order today?", "You placed no order on November 25, 2026."),
        ("2025年12月买了什么", "2025年12月1日至2025年12月31日期间你没有下过订单。"),
    ],
)
def test_no_order_then(text, said):
    assert tell(find(SHELF, "C-1", text, today=TODAY), "zh" if "年" in text else "en") == said


def test_an_adapter_that_returns_something_else_is_named():
    with pytest.raises(OrdersUnavailable, match=r"returned a dict; expected a chat\.orders\.Order"):
        find(Shelf({"number": "M-1"}), "C-1", "where is my order")


def test_it_is_the_order_last_spoken_of():
    assert [o.number for o in find(SHELF, "C-1", "when does it arrive?", focus="M-1042").orders] == ["M-1042"]
    assert [o.number for o in find(SHELF, "C-1", "what did I pay?", focus="M-1001").orders] == ["M-1001"]
    assert len(find(SHELF, "C-1", "where are my parcels", focus="M-1001").orders) == 2


def test_items_that_were_linked_choose_the_order():
    assert [o.number for o in find(SHELF, "C-1", "where is 潜行者", items=["stalker"]).orders] == ["M-1001"]


def test_an_old_order_is_asked_for_by_its_number():
    class Short(Shelf):
        def orders(self, customer_id):
            return self.kept[:1]

    assert find(Short(*SHELF.kept), "C-1", "where is M-1001").orders == (SHELF.kept[2],)


# What is said


def test_every_status_is_told_from_its_own_fields_in_both_languages(demo):
    for o in demo.orders("C-1001"):
        for language in ("en", "zh"):
            for aspect in ("status", "arrival", "tracking", "refund", "contents", "total", "change"):
                said = tell(Meant((o,), aspect), language, today=TODAY)
                assert o.number in said
                assert not re.search(r"[{}]|None|\b(1970|True)\b", said)
                known = {o.number, o.tracking, str(o.total), str(o.refunded)}
                days = [d for d in (o.placed, o.expected, o.arrived, o.refund_paid) if d]
                text = said
                for title in (line.title for line in o.items):
                    text = text.replace(title, "")
                amounts = re.findall(r"\d+\.\d\d", text)
                assert set(amounts) <= known
                years = re.findall(r"\b20\d\d\b|20\d\d(?=年)", text)
                assert set(years) <= {str(d.year) for d in days}


@pytest.mark.parametrize(
    ("kept", "aspect", "said"),
    [
        (order("A-1", "shipped", expected=TODAY, carrier="Halcyon Post", tracking="HP1"), "status",
         "Order A-1 (Dune), placed on November 20, 2026, is on its way. It is expected on November 25, 2026. "
         "Halcyon Post, tracking number HP1."),
        (order("A-1", "shipped", expected=TODAY - timedelta(1)), "status",
         "Order A-1 (Dune), placed on November 20, 2026, is on its way. It was expected on November 24, 2026; the "
         "order system gives no newer date."),
        (order("A-1", "delayed"), "arrival",
         "Order A-1 (Dune), placed on November 20, 2026, is delayed. I'm sorry about that. "
         "No arrival date is given yet."),
        (order("A-1", "placed"), "tracking",
         "Order A-1 (Dune), placed on November 20, 2026, has been received and is not packed yet. "
         "It has no tracking number yet."),
        (order("A-1", "delivered"), "refund", "No refund is recorded for order A-1."),
        (order("A-1", "returned", refund="pending", refunded=Decimal("3.50")), "refund",
         "The refund of $3.50 for order A-1 is being processed; it has not been paid yet."),
        (order("A-1", "returned", refund="paid", refunded=Decimal("3.50"), refund_paid=TODAY), "refund",
         "The refund of $3.50 for order A-1 was paid on November 25, 2026."),
        (order("A-1", titles=("Dune", "Heat")), "contents",
         "Order A-1, placed on November 20, 2026, holds 1 × Dune and 1 × Heat; $19.98 in all."),
    ],
)  # fmt: skip
def test_sentences(kept, aspect, said):
    assert tell(Meant((kept,), aspect), "en", today=TODAY) == said


def test_many_orders_are_listed():
    under_way = [order(f"A-{n}", "shipped", expected=TODAY + timedelta(1)) for n in range(4)]
    assert tell(Meant(tuple(under_way), "status"), "en", today=TODAY).startswith(
        "4 of your orders are under way: A-0 of November 20, 2026, $9.99, on its way, expected on November 26, 2026; "
    )
    many = tuple(order(f"A-{n}", "delivered") for n in range(12))
    assert tell(Meant(many, "list"), "en").endswith("A-9 of November 20, 2026, $9.99, delivered. There are 2 more.")
    assert tell(Meant(many[:1], "list"), "en").startswith("Order A-0 (Dune)")


def test_what_is_not_there_is_said_to_be_missing():
    assert tell(Meant((), "status"), "en") == "There is no order on your account."
    assert tell(Meant((), "refund"), "en") == "No refund is recorded for any of your orders."
    assert "“M-1”" in tell(Meant((), "status", "M-1"), "en")
    assert len(tell(Meant((), "status", "9" * 40), "zh")) < 80
    assert "sign in" in signed_out("en")
    assert "登录" in signed_out("zh")
    assert "can't reach" in unavailable("en")


# A shop's own lookup


def test_a_lookup_is_loaded_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "own_orders.py").write_text(
        "class Mine:\n    def orders(self, customer): return ()\n    def order(self, customer, number): return None\n"
        "made = Mine()\nwrong = object()\ndef fails(): raise ValueError('no database')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("Mine", "made"):
        assert load(f"own_orders:{name}").orders("C-1") == ()
    for spec, said in [
        ("own_orders:wrong", "own_orders:wrong"),
        ("own_orders:fails", "no database"),
        ("own_orders:nothing", "no attribute"),
        ("no_such_module:x", "no_such_module"),
        ("own_orders", "MODULE:NAME"),
    ]:
        with pytest.raises(OrdersUnavailable, match=re.escape(said)):
            load(spec)
    sys.modules.pop("own_orders")
