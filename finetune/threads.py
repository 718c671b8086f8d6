"""How many threads torch may take: all of them for the language model, one for everything that is small.

A sentence is so little work for the encoder that two threads mostly wait for one another: on two cores short texts took
eight times as long with two threads as with one. A prompt for the language model is large enough to share.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from retrieval.threads import cores


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread."""
    with _threads(1):
        yield


@contextmanager
def all_threads() -> Iterator[None]:
    """Compute with as many threads as this process has cores."""
    with _threads(cores()):
        yield


@contextmanager
def _threads(count: int) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
