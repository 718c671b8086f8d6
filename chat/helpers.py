"""Helpers: processes beside this one that take turns too, since Python's lock keeps one process to one core.

Each has an assistant of its own over the same catalogue and the same database, whose versions keep two turns of one
conversation apart (`chat.store`). This process keeps the port, the limits and the counts, and does itself what no
helper has room for; a helper that dies is replaced, and missed by nobody.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.managers import BaseManager
from typing import TYPE_CHECKING, Any

from chat.limits import one_thread
from chat.messages import Reply, TurnTaken

if TYPE_CHECKING:
    from chat.assistant import Assistant

log = logging.getLogger(__name__)

ROOM = 3  # turns at a time of one helper: while one waits for the encoder or the database, another goes on
_GONE = (EOFError, ConnectionError, FileNotFoundError)  # what a call to a process that has died raises

Taken = tuple[Reply, TurnTaken]


class _Turns:
    """What a helper's process holds."""

    def __init__(self, opened: Callable[[], Assistant]) -> None:
        self._assistant = opened()
        self._mine = threading.local()  # to each thread what it has just answered
        self._assistant.on_turn(lambda turn: setattr(self._mine, "turn", turn))

    def take(self, message: str, session: str | None, how: Mapping[str, Any]) -> Taken | Exception:
        """Answer a message; what that raises is returned, so that it is told from a process that has gone."""
        if not hasattr(self._mine, "turn"):
            one_thread()
        try:
            reply = self._assistant.reply(message, session, **how)
        except Exception as error:
            return error
        return reply, self._mine.turn

    def close(self) -> None:
        """Let go of the database."""
        self._assistant.close()


class _Manager(BaseManager):
    """Serves `_Turns`, a thread for each of ours that calls."""


_Manager.register("turns", _Turns, exposed=("take", "close"))


class _Raised(Exception):
    """What a turn in a helper has raised."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class _Helper:
    """One process; `busy` is how many turns it has."""

    def __init__(self, opened: Callable[[], Assistant]) -> None:
        self.busy = 0
        self._manager = _Manager(ctx=multiprocessing.get_context("spawn"))
        self._manager.start(initializer=_watch)
        try:
            self._turns: Any = self._manager.turns(opened)  # type: ignore[attr-defined]  # made by `register`
        except BaseException:
            self._manager.shutdown()
            raise

    def take(self, message: str, session: str | None, how: Mapping[str, Any]) -> Taken:
        taken: Taken | Exception = self._turns.take(message, session, how)
        if isinstance(taken, Exception):
            raise _Raised(taken)
        return taken

    def close(self) -> None:
        with suppress(*_GONE):
            self._turns.close()
        self._manager.shutdown()


class Helpers:
    """A number of helpers.

    Args:
        count: how many.
        opened: opens the assistant of one, in its process and over the same database; it must be picklable.
    """

    def __init__(self, count: int, opened: Callable[[], Assistant]) -> None:
        self._count = count
        self._opened = opened
        self._lock = threading.Lock()
        self._helpers: list[_Helper] = []
        self._closed = False

    def __len__(self) -> int:
        """Return how many are there now."""
        return len(self._helpers)

    def start(self) -> None:
        """Let them come, one after another, in a thread: each takes as long to open as this process's own assistant."""
        threading.Thread(target=self._fill, name="namedrop-helpers", daemon=True).start()

    def _fill(self) -> None:
        while not self._closed and len(self._helpers) < self._count:
            try:
                helper = _Helper(self._opened)
            except Exception:  # whatever it is, this process answers alone
                log.exception("no further process could be started to take turns; this one answers alone")
                return
            with self._lock:
                if not self._closed and len(self._helpers) < self._count:
                    self._helpers.append(helper)
                    continue
            helper.close()  # nobody needs it any more, or another thread was quicker

    def take(self, message: str, session: str | None, how: Mapping[str, Any]) -> Taken | None:
        """Let a helper answer a message; None if none has room for it. Raises what `Assistant.reply` does."""
        with self._lock:
            helper = min(self._helpers, key=lambda one: one.busy, default=None)
            if helper is None or helper.busy >= ROOM:
                return None
            helper.busy += 1
        try:
            return helper.take(message, session, how)
        except _Raised as turn:
            raise turn.error from None
        except _GONE:  # had it kept the turn already, the conversation will say it twice; nobody is left without answer
            self._lost(helper)
            return None
        finally:
            with self._lock:
                helper.busy -= 1

    def _lost(self, helper: _Helper) -> None:
        with self._lock:
            if helper not in self._helpers:
                return  # another turn has noticed first
            self._helpers.remove(helper)
        log.warning("a process that takes turns has died; another is started")
        helper.close()
        self.start()

    def close(self) -> None:
        """Let them end; turns that they still have end first."""
        with self._lock:
            self._closed = True
            helpers, self._helpers = self._helpers, []
        for helper in helpers:
            helper.close()


def _watch() -> None:
    """Let a helper's process end at once when its parent does, however that did: nobody else would end it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(parent: int) -> None:
    wait([parent])
    os._exit(1)
