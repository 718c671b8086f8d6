"""A shop's webhook, really listening: it checks signatures, drops repeats by their key, and fails when told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chat.delivery import IDEMPOTENCY_KEY, SIGNATURE, verify

SECRET = "the secret of the webhook, 32 bytes or more"


@dataclass
class Receiver:
    """`answer` gives the status for the nth request, from 1; `taken` is what arrived, once for every key."""

    url: str = ""
    answer: Callable[[int], int] = lambda _: 204
    requests: list[tuple[str, int]] = field(default_factory=list)  # (key, status answered)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, headers: Any, body: bytes) -> int:
        with self.changed:
            status = self.answer(len(self.requests) + 1)
            if not verify(SECRET, headers.get(SIGNATURE, ""), body):
                status = 401
            key = headers[IDEMPOTENCY_KEY]
            self.requests.append((key, status))
            if 200 <= status < 300 or status == 0:  # 0: taken, but the answer is lost
                self.taken.setdefault(key, json.loads(body))
            self.changed.notify_all()
        return status

    def wait(self, ready: Callable[[], bool], timeout: float = 20) -> None:
        with self.changed:
            assert self.changed.wait_for(ready, timeout), self.requests


@contextmanager
def receiving(answer: Callable[[int], int] = lambda _: 204) -> Iterator[Receiver]:
    """Listen on a free port."""
    receiver = Receiver(answer=answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(self.headers, body)
            if status:
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
