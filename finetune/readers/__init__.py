"""Readers of public data sets, as their sites distribute them, and of the project's own formats.

Each is a class behind one contract, `Original`: it is given files or folders, and yields catalogue items and records
of `finetune.data` as a stream. `python -m finetune.prepare` turns them into training data.
"""

from __future__ import annotations

from collections.abc import Mapping

from finetune.readers.amazon import Amazon
from finetune.readers.base import Original, Placed, Report
from finetune.readers.inspired import Inspired
from finetune.readers.movielens import MovieLens
from finetune.readers.own import Own
from finetune.readers.redial import ReDial

READERS: Mapping[str, type[Original]] = {r.name: r for r in (Own, MovieLens, Amazon, ReDial, Inspired)}

__all__ = ["READERS", "Amazon", "Inspired", "MovieLens", "Original", "Own", "Placed", "ReDial", "Report"]
