"""What stands in for an assistant in a process of its own; imported there, so it imports little."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from chat.identity import NotYours
from chat.messages import Reply, TurnTaken
from retrieval.errors import NamedropError


class Clerk:
    """Answers with the number of its process."""

    def __init__(self, wait: float = 0.0) -> None:
        self._wait = wait
        self._tell: Callable[[TurnTaken], None] = lambda _: None

    def on_turn(self, listener: Callable[[TurnTaken], None]) -> None:
        self._tell = listener

    def reply(self, message: str, session: str | None, *, visitor: str | None = None) -> Reply:
        if message == "whose is this?":
            raise NotYours("This conversation belongs to a customer.")
        if message == "where is my order?":
            raise ConnectionRefusedError("the shop's order system is down")
        time.sleep(self._wait)
        self._tell(
            TurnTaken(session=str(session), route="item", cards=0, citations=0, abstained=False, handoff="", seconds=1)
        )
        return Reply(session=str(session), message_id="1", text=f"{os.getpid()} {message} {visitor}", items=())

    def close(self) -> None: ...


def fails() -> Clerk:
    raise NamedropError("there is no file")


def waits() -> Clerk:
    time.sleep(99)
    return Clerk()
