"""One process beside this one, for the sentence encoders of a busy server.

Every small operation of a model takes and returns the interpreter's lock, for which the threads of other turns wait
meanwhile. In a process of its own the encoder uses another core, and the server's threads get on with their turns.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_pool: ProcessPoolExecutor | None = None


def call(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function of a module in the process beside this one, which the first call starts.

    A process that has died, or was killed, is started anew and asked again, once.

    Raises:
        BrokenProcessPool: it has died twice.
        Exception: whatever the function raises.
    """
    try:
        return _process().submit(work, *args, **kwargs).result()
    except BrokenProcessPool:
        return _process(anew=True).submit(work, *args, **kwargs).result()


def _process(*, anew: bool = False) -> ProcessPoolExecutor:
    global _pool
    with _lock:
        if _pool is None or (anew and _broken(_pool)):
            # Not forked: locks that other threads hold would never be released in the child.
            context = multiprocessing.get_context("spawn")
            _pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin)
        return _pool


def _broken(pool: Any) -> bool:  # noqa: ANN401 - what the executor knows of itself is not in its types
    return bool(pool._broken)


def _begin() -> None:
    """Let the process end with the one that started it, however that ends, and leave it one core."""
    import torch

    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
