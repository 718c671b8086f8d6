"""The project's own formats: a catalogue, and any of dialogues, mentions, interactions and next-item records.

See `finetune.data` for a record of each. Files are told apart by their names, which may also say the part::

    catalog.csv   interactions.parquet   dialogues.train.jsonl   dialogues.valid.jsonl   next-item.jsonl
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from finetune.data import KINDS, SUFFIXES, RecordType, guess_kind, part_of, scan
from finetune.readers.base import Placed, Report, find, nothing_found
from finetune.rows import DataError
from retrieval.catalog import CatalogError, load_catalog
from retrieval.types import Item

PATTERNS = tuple(f"{kind}*{suffix}" for kind in KINDS for suffix in SUFFIXES)


class Own:
    """Reads a shop's own data, so that it is cleaned, de-duplicated and split like any other."""

    name: ClassVar[str] = "own"
    expects: ClassVar[str] = f"catalog.* and {', '.join(f'{kind}.*' for kind in KINDS)} ({', '.join(SUFFIXES)})"

    def __init__(self, sources: Sequence[Path]) -> None:
        self._catalogs = find(sources, *(f"*catalog*{suffix}" for suffix in SUFFIXES))
        named = [p for p in sources if p.is_file() and p not in self._catalogs]  # given by hand: of any name
        self._records = tuple(dict.fromkeys([*find(sources, *PATTERNS), *named]))
        if not self._catalogs or not self._records:
            raise nothing_found(Own, sources)
        if len(self._catalogs) > 1:
            both = " and ".join(path.name for path in self._catalogs)
            raise DataError(f"{both}: expected one catalogue; give the files one by one")
        self.files: tuple[Path, ...] = (*self._catalogs, *self._records)

    def items(self, report: Report) -> Iterator[Placed[Item]]:
        """Yield the catalogue's items."""
        path = self._catalogs[0]
        try:
            loaded = load_catalog(path, skip_bad=True)
        except CatalogError as error:
            raise DataError(str(error)) from error
        for problem in loaded.problems:
            report(problem)
        for item in loaded.items:
            yield Placed(item, path.name, 0)

    def records(self, report: Report) -> Iterator[Placed[RecordType]]:
        """Yield the records of every file."""
        for path in self._records:
            for found in scan(path, guess_kind(path)):
                for problem in found.problems:
                    report(problem)
                if found.record is not None:
                    yield Placed(found.record, path.name, found.line, part_of(path))
