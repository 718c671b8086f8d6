"""Where conversations are kept: in memory, by session id, the least recently used forgotten first."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from chat.state import DialogueState
from retrieval.errors import UnknownSession


class MemoryStore:
    """Sessions of one process. `use` holds a session's lock, so that two messages of one person queue up."""

    def __init__(self, capacity: int = 10_000) -> None:
        """Make a store that forgets the least recently used session beyond `capacity`."""
        self._capacity = capacity
        self._sessions: OrderedDict[str, tuple[threading.RLock, DialogueState]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def use(self, session: str | None, *, create: bool = True) -> Iterator[DialogueState]:
        """Yield a session's state under its lock; a new id is made when none is given.

        Raises:
            UnknownSession: the session does not exist and `create` is False.
        """
        with self._lock:
            key = session or secrets.token_urlsafe(16)
            if key not in self._sessions:
                if not create:
                    raise UnknownSession(f"no conversation {key!r}; it may have been forgotten; start a new one")
                self._sessions[key] = (threading.RLock(), DialogueState(session=key))
                if len(self._sessions) > self._capacity:
                    self._sessions.popitem(last=False)
            self._sessions.move_to_end(key)
            lock, state = self._sessions[key]
        with lock:
            yield state

    def forget(self, session: str) -> bool:
        """Remove a session; False if there was none."""
        with self._lock:
            return self._sessions.pop(session, None) is not None

    def __len__(self) -> int:
        """Return how many sessions are kept."""
        return len(self._sessions)
