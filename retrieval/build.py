"""Build or bring up to date the index of a catalogue: ``python -m retrieval.build catalog.csv``.

Safe to interrupt: the next run goes on from the rows already encoded.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence

from tqdm import tqdm

from retrieval.encoder import Encoder, SentenceEncoder
from retrieval.errors import NamedropError
from retrieval.index import open_index
from retrieval.models import DEFAULT_ENCODER


class ProgressBar:
    """A progress bar (items/s, time left) that appears with the first report and counts what is reported to it."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` rows are encoded."""
        if self._bar is None:
            self._bar = tqdm(total=total, desc="encoding", unit=" items", smoothing=0.1)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Leave the bar's last state on the screen."""
        if self._bar is not None:
            self._bar.close()


def main(arguments: Sequence[str] | None = None, make_encoder: Callable[[str], Encoder] = SentenceEncoder) -> int:
    """Build the index; returns the exit code: 0, or 2 when catalogue or model cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m retrieval.build",
        description="Build the index of a catalogue, encoding only rows that are new or changed. "
        "Can be interrupted and run again; does nothing when the index is up to date.",
    )
    parser.add_argument("catalog", help="a .csv, .tsv, .jsonl or .parquet file")
    parser.add_argument("--skip-bad-rows", action="store_true", help="go on without the rows that cannot be used")
    parser.add_argument(
        "--model",
        default=DEFAULT_ENCODER,
        help="sentence encoder: a folder, an embedded name or a hub id (%(default)s)",
    )
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("retrieval").setLevel(logging.INFO)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it misses kernels that nothing here uses
    started, bar = time.perf_counter(), ProgressBar()
    try:
        index = open_index(chosen.catalog, make_encoder(chosen.model), skip_bad=chosen.skip_bad_rows, progress=bar)
    except NamedropError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again to go on from here", file=sys.stderr)
        return 130
    finally:
        bar.close()
    for problem in index.problems:
        print(f"skipped {problem}", file=sys.stderr)
    where = index.generation or "memory only: the cache folder cannot be written"
    print(
        f"{len(index):,} items: {index.encoded:,} encoded, {len(index) - index.encoded:,} reused, "
        f"in {time.perf_counter() - started:.1f} s ({where})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
