"""The code that docs/embedding.md gives to developers, run as it stands there."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from chat.delivery import sign
from chat.identity import Tokens
from chat.order_questions import find

PAGE = (Path(__file__).parents[1] / "docs" / "embedding.md").read_text(encoding="utf-8")
SECRET = "a secret for the examples, 32 bytes or more"
BODY = '{"text": "ß <b>你好</b>"}'.encode()
node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


def block(name: str) -> str:
    """Return the code block whose first line is a comment that begins with this file name."""
    (found,) = re.findall(rf"```(?:python|js)\n((?:#|//) {re.escape(name)}\b.*?)```", PAGE, re.DOTALL)
    return found


def run_node(code: str, call: str) -> object:
    script = f"{code}\nconsole.log(JSON.stringify({call}))"
    done = subprocess.run(
        ["node", "-e", script], capture_output=True, text=True, env={"NAMEDROP_SECRET": SECRET}, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def defined(name: str) -> dict:
    made: dict = {}
    exec(compile(block(name), name, "exec"), made)
    return made


def test_the_token_of_the_python_example(monkeypatch):
    monkeypatch.setenv("NAMEDROP_SECRET", SECRET)
    customer = Tokens(SECRET).verify(defined("token.py")["customer_token"]("C-1001", "Änn"))
    assert (customer.id, customer.name) == ("C-1001", "Änn")
    assert customer.expires == pytest.approx(time.time() + 3600, abs=60)


@node
def test_the_token_of_the_node_example():
    customer = Tokens(SECRET).verify(run_node(block("token.js"), 'customerToken("C-1001", "Änn")'))
    assert (customer.id, customer.name) == ("C-1001", "Änn")


def headers():
    now = int(time.time())
    good = sign(SECRET, BODY, now)
    return [(good, True), (good[:-1] + "x", False), (sign(SECRET, BODY, now - 301), False), ("", False),
            ("v1=é", False), (sign(SECRET + "!", BODY, now), False), (sign(SECRET, b"", now), False)]  # fmt: skip


def test_the_receiver_of_the_python_example():
    genuine = defined("receive.py")["genuine"]
    assert [genuine(header, BODY, SECRET) for header, _ in headers()] == [right for _, right in headers()]
    assert not genuine(None, BODY, SECRET)


@node
def test_the_receiver_of_the_node_example():
    given = json.dumps([header for header, _ in headers()])
    body = f"Buffer.from({BODY.hex()!r}, 'hex')"
    answers = run_node(block("receive.js"), f"{given}.map((header) => genuine(header, {body}, {SECRET!r}))")
    assert answers == [right for _, right in headers()]
    assert run_node(block("receive.js"), f"genuine(undefined, {body}, {SECRET!r})") is False


def test_the_order_lookup_of_the_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("shop.db") as db:
        db.executescript("""
            CREATE TABLE orders (number, customer, placed, status, total, carrier, tracking, expected);
            CREATE TABLE lines (number, item, title, quantity, price);
            INSERT INTO orders VALUES ('7', 'C-1', '2026-11-20', 'shipped', '9.50', NULL, 'T1', '2026-11-28');
            INSERT INTO orders VALUES ('777', 'C-2', '2026-11-21', 'placed', '1.00', NULL, NULL, NULL);
            INSERT INTO lines VALUES ('7', 'b1', 'Dune', 1, '9.50');
        """)
    lookup = defined("shop_orders.py")["ShopOrders"]()
    (order,) = find(lookup, "C-1", "where is my order").orders
    assert (order.number, order.tracking, order.items[0].title) == ("7", "T1", "Dune")
    assert find(lookup, "C-1", "where is order 777").missing == "777"
