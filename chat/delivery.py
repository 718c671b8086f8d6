"""Posting hand-offs to the shop's webhook: signed, retried until they arrive, each under one idempotency key.

A request carries::

    Idempotency-Key: H-7K3MQ2XW
    X-Namedrop-Signature: t=1795632305,v1=5257a869e7…

`v1` is the HMAC-SHA256, in hex, of ``t``, a full stop and the body as sent, under the webhook's secret; a receiver
checks it and that `t` is recent (`verify`). A post counts as delivered once the receiver has answered 2xx. Should the
answer be lost, the same post comes again with the same key, by which the receiver drops it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httpx
from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import aliased

from chat.handoff import HandoffError, Outbox, Post
from chat.identity import checked_secret

log = logging.getLogger(__name__)

SIGNATURE = "X-Namedrop-Signature"
IDEMPOTENCY_KEY = "Idempotency-Key"
TOLERANCE_S = 300  # how old a signature may be
TIMEOUT_S = 10.0
LEASE_S = 60.0  # for how long a post is one process's: much longer than posting takes
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 600.0
POLL_S = 2.0  # how soon what another process has left behind is noticed
_STOP_S = 5.0
_LONGEST_TIME = 12  # digits: Python reads no number of thousands


def sign(secret: str, body: bytes, at: int) -> str:
    """Return the signature header of a body sent at a time (Unix time, seconds)."""
    mac = hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def verify(secret: str, header: str, body: bytes, *, now: float | None = None) -> bool:
    """Whether a signature header is genuine and recent, for receivers written in Python."""
    fields = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    at = fields.get("t", "")
    if not (at.isascii() and at.isdecimal()) or len(at) > _LONGEST_TIME:
        return False
    if abs((time.time() if now is None else now) - int(at)) > TOLERANCE_S:
        return False
    given = f"t={at},v1={fields.get('v1', '')}"
    return hmac.compare_digest(sign(secret, body, int(at)).encode(), given.encode(errors="replace"))


def wait_after(attempts: int) -> float:
    """Return the seconds to wait after so many failed attempts: twice as long each time, up to 10 minutes.

    The wait is drawn from its upper half, so that what failed together does not come back together.
    """
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(attempts - 1, 20))
    return random.uniform(longest / 2, longest)


@dataclass(frozen=True, slots=True)
class _Claimed:
    key: str
    body: bytes
    attempts: int


class Sender:
    """A thread that posts what the outbox holds; any number of processes may run one over the same database.

    Attributes:
        waiting: posts that have not been delivered yet, at the last look.
    """

    def __init__(self, outbox: Outbox, url: str, secret: str) -> None:
        """Make a sender; `start` lets it run.

        Raises:
            HandoffError: the URL cannot be posted to.
            IdentityError: the secret is too short to sign with.
        """
        self.waiting = 0
        self._outbox = outbox
        self._url, local = checked_url(url)
        self._secret = checked_secret(secret)
        # Redirects are not followed: a transcript goes where the shop said, and nowhere else.
        self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=not local)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="namedrop-handoffs", daemon=True)
        outbox.posting, outbox.added = True, self._wake.set

    def start(self) -> None:
        """Begin to post."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the post under way; what is left stays in the database for the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        self._client.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                while not self._stopping.is_set() and (post := self._claim()) is not None:
                    self._settle(post, self._send(post))
                with self._outbox.database.reading() as db:
                    self.waiting = db.scalar(select(func.count()).where(Post.delivered.is_(None))) or 0
            except Exception:  # the database may be away for a while: the thread must outlive that
                log.exception("hand-offs cannot be posted at the moment")
            self._wake.wait(POLL_S)

    def _claim(self) -> _Claimed | None:
        """Take the next post that is due, for `LEASE_S`; those of one ticket in their order."""
        now = time.time()
        earlier = aliased(Post)
        before = select(earlier.key).where(
            earlier.ticket == Post.ticket, earlier.revision < Post.revision, earlier.delivered.is_(None)
        )
        due = (Post.delivered.is_(None), Post.due <= now, Post.leased <= now, ~before.exists())
        with self._outbox.database.reading() as db:
            if not db.scalar(select(func.count()).select_from(Post).where(*due)):
                return None
        with self._outbox.database.session() as db:
            query = select(Post).where(*due).order_by(Post.due).limit(1).with_for_update(skip_locked=True, of=Post)
            post = db.scalar(query)
            if post is None:
                return None
            post.leased, post.attempts = now + LEASE_S, post.attempts + 1
            return _Claimed(post.key, post.body.encode(), post.attempts)

    def _send(self, post: _Claimed) -> str:
        """Post once; return "" if it has arrived, else what went wrong, without any personal text."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Namedrop",
            IDEMPOTENCY_KEY: post.key,
            SIGNATURE: sign(self._secret, post.body, int(time.time())),
        }
        try:
            with self._client.stream("POST", self._url, content=post.body, headers=headers) as response:
                return "" if response.is_success else f"HTTP status {response.status_code}"
        except httpx.HTTPError as error:
            return type(error).__name__

    def _settle(self, post: _Claimed, problem: str) -> None:
        now = time.time()
        values: dict[str, object] = {"delivered": now, "body": "", "problem": "", "leased": 0.0}
        if problem:
            values = {"due": now + wait_after(post.attempts), "problem": problem, "leased": 0.0}
            log.warning("hand-off %s was not taken (attempt %d): %s", post.key, post.attempts, problem)
        with self._outbox.database.session() as db:
            update_it = update(Post).where(Post.key == post.key, Post.delivered.is_(None)).values(**values)
            settled = cast("CursorResult[tuple[()]]", db.execute(update_it)).rowcount
        if settled and not problem:
            log.info("hand-off %s was delivered (attempt %d)", post.key, post.attempts)


def checked_url(url: str) -> tuple[str, bool]:
    """Return a webhook's URL and whether it is this machine's own.

    Raises:
        HandoffError: it is no http(s) URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HandoffError("the webhook is no URL that can be posted to; write --webhook https://HOST/PATH")
    try:
        local = ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        local = parts.hostname == "localhost"
    if parts.scheme == "http" and not local:
        log.warning("hand-offs go to %s unencrypted; use https unless the way there is yours", parts.hostname)
    return url, local
