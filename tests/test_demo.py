"""What the demo shop brings, and that another shop gets nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chat import __main__ as terminal
from chat import demo
from chat.assistant import Assistant
from chat.demo_orders import DemoOrders
from chat.orders import OrdersUnavailable
from tests.fake_assistant import FakeAssistant
from tests.shops import MARQUEE

ROOT = Path(__file__).parents[1]
OTHER = Path("shop.csv")


def test_marquee_brings_its_policies_and_orders(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path))
    assert demo.knowledge(demo.CATALOG, None) == demo.KNOWLEDGE
    assert demo.orders(demo.CATALOG, None).order("C-1001", "M-1042").status == "shipped"


def test_another_shop_brings_nothing_of_its_own_accord():
    assert demo.knowledge(OTHER, None) is None
    assert demo.orders(OTHER, None) is None


def test_what_is_given_counts(monkeypatch, tmp_path):
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path))
    assert demo.knowledge(demo.CATALOG, Path("none")) is None
    assert demo.knowledge(OTHER, Path("help.md")) == Path("help.md")
    assert demo.orders(demo.CATALOG, "none") is None
    assert isinstance(demo.orders(MARQUEE, "demo"), DemoOrders)
    with pytest.raises(OrdersUnavailable, match="MODULE:NAME"):
        demo.orders(OTHER, "shop_orders")


def test_the_terminal_keeps_nothing_where_none_is_wanted_and_closes_however_it_ends(monkeypatch):
    opened = {}

    class Opened(FakeAssistant):
        closed = False

        def close(self):
            self.closed = True

    assistant = Opened()

    def interrupted(terminal):
        raise KeyboardInterrupt

    monkeypatch.setattr(Assistant, "open", lambda *given, **options: opened.update(options) or assistant)
    monkeypatch.setattr(terminal.Terminal, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        terminal.main(["--catalog", "shop.csv", "--database", "none"])
    assert opened["database"] is None
    assert assistant.closed


def test_the_demo_is_there_wherever_it_is_started_from(tmp_path):
    code = "from chat import demo; print(demo.CATALOG.exists(), demo.knowledge(demo.CATALOG, None).exists())"
    path = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True True\n"
