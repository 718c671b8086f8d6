"""Logs that hold no word of a conversation: text for a terminal, JSON lines for a collector.

    {"time": "2026-11-25T19:14:02.113Z", "level": "INFO", "logger": "chat.requests", "message": "request",
     "request": "5f0c…", "method": "POST", "route": "/api/chat", "status": 200, "ms": 31.4}

A record carries the id of the request it was made in. What an error says is left out there, since it may quote what
somebody wrote: its type and the lines it came through tell where to look. Session ids are hashed with a key that the
process makes up and forgets, so that a log tells conversations apart and opens none of them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

LogFormat = Literal["text", "json"]
REQUESTS = "chat.requests"  # the logger of requests and turns

request_id: ContextVar[str] = ContextVar("request_id", default="")
_KEY = secrets.token_bytes(16)
_FRAMES = 12  # of a traceback, the innermost


def hashed(session: str) -> str:
    """Return what stands for a session in the log of this process."""
    return hashlib.blake2b(session.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=8).hexdigest()


def configure(style: LogFormat) -> None:
    """Let every record of the process go to standard error in one format.

    In text, requests and turns are left out: a terminal shows what its owner has to know.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("chat", "retrieval"):
        logging.getLogger(name).setLevel(logging.INFO)
    logging.getLogger(REQUESTS).setLevel(logging.INFO if style == "json" else logging.WARNING)


class TextFormatter(logging.Formatter):
    """``chat.assistant: loading failed``, with what an error says only where no request is."""

    def __init__(self) -> None:
        super().__init__("%(name)s: %(message)s")

    def formatException(self, ei: Any) -> str:  # noqa: ANN401 - the name and type are logging's
        """Return a traceback, inside a request without the error's own words."""
        if not request_id.get():
            return super().formatException(ei)
        return "\n".join([f"{ei[0].__name__} in request {request_id.get()}", *(f"  {line}" for line in _lines(ei[2]))])


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the entries of a record's `fields` are keys of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request"] = request_id.get()
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            line["error"] = {"type": kind.__name__, "at": _lines(trace)}
            if not request_id.get():
                line["error"]["message"] = str(error)
        return json.dumps(line, ensure_ascii=False, default=str)


def _lines(trace: TracebackType | None) -> list[str]:
    """Return the places of a traceback, innermost last: ``chat/assistant.py:266 reply``."""
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return [f"{'/'.join(Path(f.filename).parts[-2:])}:{f.lineno} {f.name}" for f in frames]
