"""Thousands of requests that schemathesis makes up from `/openapi.json`: no answer may be a 5xx.

    python -m benchmarks.requests                  # at least 5,000 requests, retrieval only, about ten minutes

starts the real server in a process of its own and lets schemathesis (its command line, all phases) send what the
description allows, what it forbids, and sequences of calls. The server's own `/metrics` counts what came. Prints the
statuses and, for information, what schemathesis found besides. Exits with 1 if a 5xx was answered or too few came.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.load import start

OFF = ("--rate", "off", "--session-rate", "off", "--database", "none")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
_FINDING = re.compile(r"^\s+❌ ST\d+ .*", re.MULTILINE)


def statuses(port: int) -> Counter[str]:
    """Return how many requests the server has answered, by status; health checks and metrics are left out."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
        families = text_string_to_metric_families(response.read().decode())
    found: Counter[str] = Counter()
    for sample in (sample for family in families for sample in family.samples):
        if sample.name == "namedrop_requests_total":
            found[sample.labels["status"]] += int(sample.value)
    return found


def send(port: int, examples: int, seed: int, seconds: float) -> str:
    """Let schemathesis send its requests; return what it printed."""
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
    options = ["--max-examples", str(examples), "--seed", str(seed), "--checks", CHECKS, "--continue-on-failure"]
    address = f"http://127.0.0.1:{port}/openapi.json"
    with tempfile.TemporaryDirectory() as folder:  # it writes down what it did where it runs
        done = subprocess.run(
            [*command, address, *options, "--no-color", "--generation-database=none"],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            cwd=folder,
        )
    return done.stdout + done.stderr


def main(arguments: Sequence[str] | None = None) -> int:
    """Send the requests; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.requests", description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=5_000, help="how many at least (%(default)s)")
    parser.add_argument("--model", default="none", help="as app.py's (%(default)s)")
    parser.add_argument("--catalog", type=Path, default=Path("data/marquee/catalog.jsonl"), help="%(default)s")
    parser.add_argument("--examples", type=int, default=200, help="of every operation and phase (%(default)s)")
    chosen = parser.parse_args(arguments)
    began, seed = time.perf_counter(), 0
    server, port = start(chosen.catalog, chosen.model, OFF)
    found: set[str] = set()
    try:
        before = statuses(port)
        while sum((answered := statuses(port) - before).values()) < chosen.requests and seed < 20:
            printed = send(port, chosen.examples, seed, 3_600)
            found.update(line.strip() for line in _FINDING.findall(printed))
            seed += 1
            print(f"seed {seed}: {sum((statuses(port) - before).values())} requests so far", flush=True)
    finally:
        server.terminate()
        server.wait(timeout=30)
    total, broken = sum(answered.values()), sum(n for status, n in answered.items() if status.startswith("5"))
    print(f"{total} requests in {time.perf_counter() - began:.0f} s; statuses {dict(sorted(answered.items()))}")
    print("schemathesis besides:", *(sorted(found) or ["nothing"]), sep="\n  ")
    print(f"5xx: {broken} {'MISSED' if broken or total < chosen.requests else 'ok'}")
    return int(bool(broken) or total < chosen.requests)


if __name__ == "__main__":
    sys.exit(main())
