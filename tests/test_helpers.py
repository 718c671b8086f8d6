"""Turns in further processes: they answer like this one, and nobody notices when one dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

import app as program
from chat.assistant import Assistant
from chat.helpers import ROOM, Helpers
from chat.identity import NotYours
from chat.messages import TurnTaken
from retrieval.errors import NamedropError
from tests.clerks import Clerk, fails

CATALOG = "id,title,kind,genres\n1,Solaris,film,science fiction\n2,Emma,book,romance\n3,Tron,film,science fiction\n"
PATIENCE_S = 60.0
EARLY = """
import time
import psutil
from chat.helpers import Helpers
from tests.clerks import waits

if __name__ == "__main__":
    helpers = Helpers(1, waits)
    helpers.start()
    begun = []
    while not begun:
        begun = [one.pid for one in psutil.Process().children() if any("spawn_main" in word for word in one.cmdline())]
    time.sleep(0.5)
    print(begun[0], flush=True)
    time.sleep(99)
"""
PARENT = """
import time
from chat.helpers import Helpers
from tests.clerks import Clerk

if __name__ == "__main__":
    helpers = Helpers(1, Clerk)
    helpers.start()
    while not len(helpers):
        time.sleep(0.01)
    print(helpers.take("", "", {})[0].text, flush=True)
    time.sleep(99)
"""


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def helpers(request):
    helpers = Helpers(1, partial(Clerk, *getattr(request, "param", ())))
    helpers.start()
    until(lambda: len(helpers))
    yield helpers
    helpers.close()


def pid(helpers: Helpers) -> int:
    reply, _ = helpers.take("hello", "ann", {})
    return int(reply.text.split()[0])


class TestHelpers:
    def test_another_process_answers_with_all_that_it_was_told(self, helpers):
        reply, turn = helpers.take("hello", "ann", {"visitor": "v"})
        number, *rest = reply.text.split()
        assert int(number) != os.getpid()
        assert rest == ["hello", "v"]
        assert (reply.session, turn.session, turn.route) == ("ann", "ann", "item")

    def test_what_it_raises_is_raised_here(self, helpers):
        with pytest.raises(NotYours, match="belongs to a customer"):
            helpers.take("whose is this?", "ann", {})
        assert pid(helpers)

    def test_a_connection_that_a_turn_misses_is_not_the_helpers_own(self, helpers):
        first = pid(helpers)
        with pytest.raises(ConnectionRefusedError, match="order system"):
            helpers.take("where is my order?", "ann", {})
        assert pid(helpers) == first

    @pytest.mark.parametrize("helpers", [(0.5,)], indirect=True)
    def test_what_it_has_no_room_for_is_not_taken(self, helpers):
        taken = []
        threads = [
            threading.Thread(target=lambda n=n: taken.append(helpers.take("hello", str(n), {})))
            for n in range(ROOM + 2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert taken.count(None) == 2
        assert {turn.session for _, turn in filter(None, taken)} == {reply.session for reply, _ in filter(None, taken)}
        assert pid(helpers)

    def test_one_that_dies_is_replaced_and_its_turn_left_to_us(self, helpers):
        first = pid(helpers)
        os.kill(first, signal.SIGKILL)
        until(lambda: not psutil.pid_exists(first) or psutil.Process(first).status() == psutil.STATUS_ZOMBIE)
        assert helpers.take("hello", "ann", {}) is None
        until(lambda: len(helpers))
        assert pid(helpers) != first

    def test_one_that_cannot_begin_is_not_tried_again(self, caplog):
        helpers = Helpers(2, fails)
        helpers.start()
        until(lambda: "this one answers alone" in caplog.text)
        assert len(helpers) == 0
        assert helpers.take("hello", "ann", {}) is None
        helpers.close()

    def test_no_more_come_than_are_wanted(self, monkeypatch):
        both, ended = threading.Barrier(2), []

        class Slow:
            busy = 0

            def __init__(self, opened):
                both.wait(PATIENCE_S)

            def close(self):
                ended.append(self)

        monkeypatch.setattr("chat.helpers._Helper", Slow)
        helpers = Helpers(1, Clerk)
        helpers.start()
        helpers.start()  # as when one dies while another comes
        until(lambda: ended)
        assert len(helpers) == 1
        helpers.close()
        assert len(ended) == 2

    @pytest.mark.parametrize("script", [PARENT, EARLY], ids=["at work", "beginning"])
    def test_they_end_with_the_process_that_they_help_even_if_it_is_killed(self, tmp_path, script):
        (tmp_path / "parent.py").write_text(script)
        root = Path(__file__).parents[1]
        parent = subprocess.Popen(
            [sys.executable, tmp_path / "parent.py"],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(root)},
        )
        assert parent.stdout is not None
        with parent.stdout:
            helper = int(parent.stdout.readline().split()[0])
        assert psutil.pid_exists(helper)
        parent.kill()
        parent.wait()
        until(lambda: not psutil.pid_exists(helper) or psutil.Process(helper).status() == psutil.STATUS_ZOMBIE)


def test_a_conversation_goes_on_in_whichever_process_has_room(tmp_path):
    catalog = tmp_path / "shop.csv"
    catalog.write_text(CATALOG)
    where = {"model": "none", "database": f"sqlite:///{tmp_path}/kept.db"}
    helpers = Helpers(1, partial(Assistant.open, catalog, **where))
    turns: list[TurnTaken] = []
    assistant = Assistant.open(catalog, **where, helpers=helpers)
    try:
        assistant.on_turn(turns.append)
        assistant.reply("a science fiction film", "ann")
        until(lambda: len(helpers))
        there = assistant.reply("not Solaris", "ann")
        helpers.close()  # from now on this process is alone
        here = assistant.reply("more", "ann")
        assert [card.title for card in there.items] == ["Tron"]
        assert "Solaris" not in [card.title for card in here.items]
        assert [m.text for m in assistant.export("ann").messages if m.role == "user"] == [
            "a science fiction film",
            "not Solaris",
            "more",
        ]
        assert len(turns) == 3
    finally:
        assistant.close()


class TestProgram:
    def processes(self, *options: str) -> int:
        return program.processes(program.arguments().parse_args(options))

    def test_two_where_they_help_and_one_core_is_not_all_there_is(self, monkeypatch):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
        assert self.processes("--model", "none") == 2
        assert self.processes("--model", "none", "--database", "none") == 1
        assert self.processes() == 1
        assert self.processes("--processes", "3") == 3
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
        assert self.processes("--model", "none") == 1

    def test_no_process_at_all_is_refused(self, capsys):
        with pytest.raises(SystemExit):
            self.processes("--processes", "0")
        assert "expected 1 or more" in capsys.readouterr().err

    def test_several_without_a_database_are_refused(self, tmp_path):
        catalog = tmp_path / "shop.csv"
        catalog.write_text(CATALOG)
        with pytest.raises(NamedropError, match="need a database"):
            Assistant.open(catalog, model="none", helpers=Helpers(1, fails))
