"""What one server takes on: how often an address or a conversation may ask, and how many turns may wait.

Turns run first come, first served in a few worker threads: with the language model one at a time, since two at once
only slow each other down. What would wait behind too many others is refused at once (429), so that nobody waits for an
answer that does not come; what is admitted is always answered.
"""

from __future__ import annotations

import asyncio
import contextvars
import ipaddress
import math
import sys
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeVar

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from threadpoolctl import threadpool_limits

from chat.hardening import OPENAI, Problem
from retrieval.errors import NamedropError

OFF = "off"
_COUNTED = ("/api/", OPENAI, "/mcp")
_FREE = "/api/covers/"
_LONGEST_WAIT_S = 60
_SWEEP_S = 5.0
_LOOK_S = 0.5  # between two looks at whether the client is still there
_GOES_ON = object()  # what has no end yet
_SMOOTH = 0.1  # weight of the newest turn in the running mean of what a turn takes

T = TypeVar("T")


class TooMany(NamedropError):
    """A request that is refused for now; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def problem(self) -> Problem:
        """The refusal as it is answered."""
        wait = str(self.retry_after)
        return Problem(429, str(self), remedy=f"Try again in {wait} s.", headers={"Retry-After": wait})


class Busy(TooMany):
    """Too many turns wait already."""


class Left(NamedropError):
    """The client has closed the connection; nobody reads the answer to this."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server takes on.

    Attributes:
        rate: requests of one address ("300/minute"), or "off".
        session_rate: messages of one conversation, likewise.
        workers: turns that run at the same time, at least 1.
        waiting: turns that may wait behind those, at least 0.

    Raises:
        NamedropError: a value cannot be used.
    """

    rate: str = "300/minute"
    session_rate: str = "120/minute"
    workers: int = 6
    waiting: int = 64

    def __post_init__(self) -> None:
        for rate in (self.rate, self.session_rate):
            _rate(rate)
        if self.workers < 1 or self.waiting < 0:
            raise NamedropError(
                f"{self.workers} workers and a queue of {self.waiting} answer nobody; "
                "expected at least 1 worker and a queue of 0 or more"
            )


class _Counters(MemoryStorage):
    """Counters in memory that look for expired ones every few seconds.

    As it comes, the storage starts a thread for that with nearly every count, which goes through all keys: at 5,000
    conversations a count then costs five times as much. Used from the event loop alone, so it needs no lock.
    """

    def __init__(self) -> None:
        super().__init__()
        self._swept = time.time()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return the new count."""
        now = time.time()
        if now - self._swept >= _SWEEP_S:
            self._swept = now
            for old in [name for name, end in self.expirations.items() if end <= now]:
                self.clear(old)
        count = self.get(key) + amount
        self.storage[key] = count
        if count == amount:
            self.expirations[key] = now + expiry
        return count


class Rates:
    """Counts by key in this process: of addresses and of conversations."""

    def __init__(self, limits: Limits) -> None:
        self._counters = _Counters()
        self._limiter = SlidingWindowCounterRateLimiter(self._counters)
        self._address = _rate(limits.rate)
        self._session = _rate(limits.session_rate)

    def address(self, address: str) -> None:
        """Count a request of an address.

        An address of this machine is never refused: it is its owner, or a proxy behind which everybody has it.

        Raises:
            TooMany: the address has asked too often.
        """
        network = _network(address)
        if network is not None:
            self._hit(self._address, "address", network, "Too many requests come from this address.")

    def session(self, session: str | None) -> None:
        """Count a message of a conversation.

        Raises:
            TooMany: the conversation has had too many messages.
        """
        if session:
            self._hit(self._session, "session", session, "Too many messages come in this conversation.")

    def _hit(self, rate: RateLimitItem | None, kind: str, key: str, refusal: str) -> None:
        if rate is None or self._limiter.hit(rate, kind, key):
            return
        wait = self._limiter.get_window_stats(rate, kind, key).reset_time - time.time()
        raise TooMany(refusal, _seconds(wait))


class TurnQueue:
    """Runs turns in worker threads, in the order in which they came.

    Args:
        workers: how many run at the same time.
        waiting: how many may wait behind those.
    """

    def __init__(self, workers: int, waiting: int) -> None:
        self.workers = workers
        self.room = workers + waiting
        self._pool: ThreadPoolExecutor | None = None  # made by the first turn
        self._lock = threading.Lock()
        self._pending = 0
        self._mean = 0.0  # seconds that a turn takes

    def __len__(self) -> int:
        """Return how many turns run or wait."""
        return self._pending

    async def run(self, work: Callable[[], T]) -> T:
        """Run one turn and return what it returns.

        Raises:
            Busy: too many turns wait already.
        """
        return await asyncio.wrap_future(self._submit(work))

    def stream(self, events: Iterator[T]) -> AsyncGenerator[list[T]]:
        """Run one turn that answers in events, which come as they are made; leaving the loop ends the turn.

        Events that are there at the same time come together, so that they can be sent together. The turn is admitted by
        this call, not by the first step of the loop. A slow reader holds up no worker.

        Raises:
            Busy: too many turns wait already.
        """
        loop = asyncio.get_running_loop()
        made: asyncio.Queue[T | BaseException | None] = asyncio.Queue()
        handed: SimpleQueue[T | BaseException | None] = SimpleQueue()
        left = threading.Event()

        def take() -> None:
            while not handed.empty():
                made.put_nowait(handed.get_nowait())

        def hand(event: T | BaseException | None) -> None:
            handed.put(event)
            if handed.qsize() == 1:  # else the loop is about to take what was there before, and then this
                loop.call_soon_threadsafe(take)

        def work() -> None:
            try:
                for event in events:
                    if left.is_set():
                        break
                    hand(event)
                hand(None)
            except Exception as error:  # told to whoever reads the events
                hand(error)
            finally:
                close = getattr(events, "close", None)
                if close is not None:
                    close()

        return _events(made, self._submit(work), left)

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        with self._lock:
            if self._pending >= self.room:
                raise Busy("Too many people are waiting for an answer just now.", self._wait())
            if self._pool is None:
                begin = one_thread if self.workers > 1 else None
                self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="namedrop-turn", initializer=begin)
            future = self._pool.submit(contextvars.copy_context().run, self._timed, work)
            self._pending += 1  # not before: a turn that could not be handed in waits for nothing
        future.add_done_callback(self._done)
        return future

    def _timed(self, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        try:
            return work()
        finally:
            took = time.perf_counter() - began
            self._mean += (_SMOOTH if self._mean else 1.0) * (took - self._mean)

    def _done(self, _: Future[T]) -> None:
        with self._lock:
            self._pending -= 1

    def _wait(self) -> int:
        """Return the seconds after which half of those who wait now will have had their answer."""
        return _seconds(self._mean * self._pending / self.workers / 2)

    def close(self) -> None:
        """Let go of the threads; turns that wait are dropped."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def one_thread() -> None:
    """Let a turn's small matrices have one thread: those of turns side by side would only wait for one another."""
    threadpool_limits(1, user_api="blas")
    torch = sys.modules.get("torch")  # not loaded, where the assistant has no model
    if torch is not None:
        torch.set_num_threads(1)


async def _events(
    made: asyncio.Queue[T | BaseException | None], turn: Future[None], left: threading.Event
) -> AsyncGenerator[list[T]]:
    try:
        while True:
            there = [await made.get()]
            while not made.empty():
                there.append(made.get_nowait())
            end = there.pop() if there[-1] is None or isinstance(there[-1], BaseException) else _GOES_ON
            if there:
                yield there  # type: ignore[misc]  # only the last can be an end
            if isinstance(end, BaseException):
                raise end
            if end is None:
                return
    finally:
        left.set()
        turn.cancel()  # if it still waits


class AddressLimit:
    """ASGI middleware that counts the requests of an address; pages, pictures and health checks are not counted."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self.app = app
        self.rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 429."""
        if scope["type"] == "http" and scope["path"].startswith(_COUNTED) and not scope["path"].startswith(_FREE):
            try:
                self.rates.address((scope.get("client") or ("",))[0])
            except TooMany as refusal:
                await refusal.problem.response(scope["path"])(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def attended(request: Request, answer: Awaitable[T]) -> T:
    """Wait for an answer as long as its client does; a turn that still waits when the client leaves is given up.

    Raises:
        Left: the client has left.
    """
    waiting = asyncio.ensure_future(answer)
    try:
        while not (await asyncio.wait({waiting}, timeout=_LOOK_S))[0]:
            if await request.is_disconnected():
                raise Left("The client has left before its answer came.")
        return waiting.result()
    finally:
        waiting.cancel()


def _rate(text: str) -> RateLimitItem | None:
    if text == OFF:
        return None
    try:
        rate = parse(text)
        if rate.amount < 1:
            raise ValueError("nobody could ever ask")
        return rate
    except ValueError as error:
        raise NamedropError(f"'{text}' is no rate; expected one like '300/minute', or '{OFF}'") from error


def _seconds(wait: float) -> int:
    return min(max(math.ceil(wait), 1), _LONGEST_WAIT_S)


def _network(address: str) -> str | None:
    """Return by what an address is counted: IPv6 by its /64, which is what one household has; None for this machine."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if parsed.is_loopback:
        return None
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))
