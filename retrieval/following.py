"""Following what a shop edits while the chat runs: every version that can be used is taken over, whole.

Readers take `Following.current` once a turn and keep it for the turn: one attribute read, no lock, and always a whole
version, the one before the edit or the one after.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Hashable
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from retrieval.errors import NamedropError

log = logging.getLogger(__name__)

_SETTLE = 0.15  # seconds that files must stay unchanged before they are read: editors save in several writes

Made = TypeVar("Made")


class Following(ABC, Generic[Made]):
    """What is made of a file or a folder, and made anew after every edit.

    A version that cannot be used (bad rows, half-written, missing) keeps the last good one; `problem` says why until a
    good version arrives.

    Args:
        path: what is watched.
        poll: seconds between two looks.
        watch: look from a thread of its own; without it `refresh` is called by hand.

    Raises:
        NamedropError: the first version cannot be used.
    """

    what: ClassVar[str]  # is followed: "catalogue"

    def __init__(self, path: str | Path, *, poll: float, watch: bool) -> None:
        self.path = Path(path)
        self.problem: str | None = None
        self._poll = poll
        self._closed = threading.Event()
        self._refreshing = threading.RLock()
        self._seen: Hashable = self._signature()
        self._current = self._first()
        self._thread = threading.Thread(target=self._watch, name=f"namedrop-{self.what}", daemon=True)
        if watch:
            self._thread.start()

    @property
    def current(self) -> Made:
        """Return what was made of the last good version."""
        return self._current

    def close(self) -> None:
        """Stop watching; what is current stays usable."""
        self._closed.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    def refresh(self) -> bool:
        """Look once; True if a new version was taken over."""
        with self._refreshing:
            signature = self._signature()
            if signature == self._seen:
                return False
            self._closed.wait(_SETTLE)
            if self._signature() != signature:
                return False  # still being saved: look again
            try:
                made = self._next()
            except NamedropError as error:
                if self._signature() == signature:  # else it was read while being saved: look again
                    self._refuse(signature, str(error))
                return False
            if self._signature() != signature:
                self._torn()
                return False
            self._seen, self.problem, self._current = signature, None, made
            self._taken(made)
            return True

    @abstractmethod
    def _signature(self) -> Hashable:
        """Return what differs from one version to the next."""

    @abstractmethod
    def _first(self) -> Made:
        """Return what is made of the first version."""

    @abstractmethod
    def _next(self) -> Made:
        """Return what is made of a later version."""

    @abstractmethod
    def _taken(self, made: Made) -> None:
        """Do what follows when a later version has become the current one."""

    def _torn(self) -> None:
        """Forget what was read of a version that changed in the meantime."""

    def _refuse(self, signature: Hashable, problem: str) -> None:
        self._seen = signature
        if problem != self.problem:
            log.warning("the last good version of the %s stays: %s", self.what, problem)
        self.problem = problem

    def _watch(self) -> None:
        while not self._closed.wait(self._poll):
            try:
                self.refresh()
            except OSError as error:  # a share that is away comes back: look again
                self._refuse(self._seen, f"{self.path}: {error}")
            except Exception as error:  # the thread must outlive whatever a file or a disk does
                log.exception("the %s could not be followed: %s", self.what, self.path)
                self._refuse(self._signature(), f"{self.path}: {error}")
