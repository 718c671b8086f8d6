"""Serving callers who wait for the same model together: a batch of short texts costs little more than one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[R]):
    """Texts of one caller who waits for the model, and a result for each once they are there."""

    texts: Sequence[str]
    results: Sequence[R] = field(default_factory=list)


class Together(Generic[R]):
    """Calls a model for whoever waits: the caller who gets it first works for the others too.

    Args:
        work: makes of n texts n results; called by one thread at a time.
        lock: what that thread holds.
    """

    def __init__(self, work: Callable[[list[str]], Sequence[R]], lock: threading.RLock | None = None) -> None:
        self._work = work
        self._lock = lock or threading.RLock()
        self._waiting: SimpleQueue[_Waiting[R]] = SimpleQueue()

    def __call__(self, texts: Sequence[str]) -> Sequence[R]:
        """Return a result for each text; what `work` raises is raised to the caller whose thread worked."""
        mine: _Waiting[R] = _Waiting(texts)
        self._waiting.put(mine)
        with self._lock:
            if not mine.results:  # or whoever worked for all has failed: then each tries for itself
                served = [mine, *(other for other in self._now() if other is not mine)]
                results = self._work([text for waiting in served for text in waiting.texts])
                at = 0
                for waiting in served:
                    waiting.results = results[at : at + len(waiting.texts)]
                    at += len(waiting.texts)
        return mine.results

    @property
    def waiting(self) -> int:
        """How many callers wait whom nobody serves yet."""
        return self._waiting.qsize()

    def _now(self) -> Iterator[_Waiting[R]]:
        try:
            while True:
                yield self._waiting.get_nowait()
        except Empty:
            return
