"""The live index: watches a catalogue file and swaps in a new index after every edit."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from retrieval.catalog import Catalog, CatalogError, LoadedCatalog, load_catalog
from retrieval.encoder import Encoder
from retrieval.following import Following
from retrieval.generations import GenerationStore
from retrieval.index import Index, Progress, make_index, open_index, publish_index
from retrieval.types import Item

log = logging.getLogger(__name__)

_LINE_FORMATS = (".jsonl", ".ndjson", ".csv", ".tsv")


class LiveIndex(Following[Index]):
    """An index that follows its catalogue file.

    Args:
        catalog_path: the file to watch.
        encoder: encodes changed rows.
        skip_bad: go on without bad rows instead of refusing the version.
        poll: seconds between two looks at the file.
        cache: where generations are kept, see `GenerationStore.of`.
        progress: called while the first index is built.
        watch: start the watching thread; without it `refresh` is called by hand.

    Raises:
        CatalogError: the first version of the catalogue cannot be used.
        GenerationError: the encoder gives vectors that cannot be used.
    """

    what = "catalogue"

    def __init__(
        self,
        catalog_path: str | Path,
        encoder: Encoder,
        *,
        skip_bad: bool = False,
        poll: float = 0.5,
        cache: Path | None = None,
        progress: Progress | None = None,
        watch: bool = True,
    ) -> None:
        self._encoder = encoder
        self._skip_bad = skip_bad
        self._cache = cache
        self._progress = progress
        self._store = GenerationStore.of(catalog_path, cache)
        self._listeners: list[Callable[[Index], None]] = []
        self._reader = LineReader()
        super().__init__(catalog_path, poll=poll, watch=watch)

    def on_swap(self, listener: Callable[[Index], None], known: Index | None = None) -> None:
        """Call a listener with every new index, after it became the current one, from the watching thread.

        Args:
            listener: what is called.
            known: the index that it has; if another one is current by now, it is called with that before this returns.
        """
        with self._refreshing:
            self._listeners.append(listener)
            if known is not None and known is not self._current:
                listener(self._current)

    def _signature(self) -> tuple[int, ...] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _first(self) -> Index:
        index = open_index(
            self.path, self._encoder, skip_bad=self._skip_bad, progress=self._progress, cache=self._cache
        )
        index.facets.document_frequency("")  # makes the topic postings now, which the first edit needs
        if not index.problems:
            self._reader.remember(self.path, index.catalog.items)
            if self._signature() != self._seen:
                self._reader.forget()
        return index

    def _next(self) -> Index:
        if self._signature() is None:
            raise CatalogError(f"{self.path}: the catalogue file is gone; put it back")
        loaded = self._reader.read(self.path, skip_bad=self._skip_bad)
        return make_index(
            Catalog(loaded.items),
            self._encoder,
            store=self._store,
            previous=self._current,
            problems=loaded.problems,
            publish=False,
        )

    def _torn(self) -> None:
        self._reader.forget()  # it may have taken the rows from one version and the lines from the next

    def _taken(self, made: Index) -> None:
        log.info("%s: %d items live, %d encoded", self.path, len(made), made.encoded)
        for listener in tuple(self._listeners):
            try:
                listener(made)
            except Exception:  # one listener's fault must not stop the watching
                log.exception("a listener of the live index failed")
        publish_index(made, self._store)


class LineReader:
    """Reads a new version of a JSONL or CSV file by its changed lines, which is what makes a large file's edit quick.

    Used only where every line is one row (no line breaks inside cells) and nothing is wrong with any: in every other
    case, and for Parquet, the whole file is read, with all the checks and reports of `load_catalog`.
    """

    def __init__(self) -> None:
        self._items: dict[bytes, Item] = {}
        self._header: bytes | None = None

    def remember(self, path: Path, items: Sequence[Item]) -> None:
        """Take over the rows of a file that was read without problems."""
        self.forget()
        split = _lines(path)
        if split is not None and len(split[1]) == len(items):
            self._header = split[0]
            self._items = dict(zip(split[1], items, strict=True))

    def forget(self) -> None:
        """Read the whole file the next time."""
        self._items = {}

    def read(self, path: Path, *, skip_bad: bool) -> LoadedCatalog:
        """Read a version of the file; see `load_catalog` for what it raises."""
        items = self._changed(path)
        if items is not None:
            return LoadedCatalog(tuple(items), ())
        loaded = load_catalog(path, skip_bad=skip_bad)
        self.forget()
        if not loaded.problems:
            self.remember(path, loaded.items)
        return loaded

    def _changed(self, path: Path) -> list[Item] | None:
        """Return the rows, parsing changed lines only; None where the whole file must be read."""
        split = _lines(path) if self._items else None
        if split is None or split[0] != self._header or not split[1]:
            return None
        header, lines = split
        changed = [line for line in lines if line not in self._items]
        if len(changed) > len(lines) / 2 or (header and any(line.count(b'"') % 2 for line in changed)):
            return None
        known = self._items
        if changed:
            try:
                parsed = _parse(path.suffix, header, changed)
            except CatalogError:
                return None
            if len(parsed) != len(changed):
                return None
            known = {**known, **dict(zip(changed, parsed, strict=True))}
        items = [known[line] for line in lines]
        if len({item.id for item in items}) != len(items):
            return None
        self._items = dict(zip(lines, items, strict=True))
        return items


def _lines(path: Path) -> tuple[bytes, list[bytes]] | None:
    """Return header (empty for JSONL) and the lines that hold rows, or None for a format without lines."""
    if path.suffix.lower() not in _LINE_FORMATS:
        return None
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return None
    header = b"" if path.suffix.lower() in (".jsonl", ".ndjson") else lines.pop(0)
    return header, [line for line in lines if line.strip()]


def _parse(suffix: str, header: bytes, lines: Sequence[bytes]) -> tuple[Item, ...]:
    with tempfile.TemporaryDirectory(prefix="namedrop-") as folder:
        part = Path(folder) / f"changed{suffix}"
        part.write_bytes(b"\n".join([header, *lines] if header else lines) + b"\n")
        return load_catalog(part).items
