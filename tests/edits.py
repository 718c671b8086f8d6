"""What the tests of live files share: saving as an editor does, and waiting for what follows."""

from __future__ import annotations

import json
import os
import time


def save(path, text):
    """Replace a file as a careful editor does, so that no half-written version is ever seen."""
    aside = path.with_suffix(".aside")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def save_rows(path, rows):
    """Save rows as JSON lines, likewise."""
    save(path, jsonl(rows))


def wait_for(condition, seconds=5.0):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "did not happen in time"
        time.sleep(0.01)
