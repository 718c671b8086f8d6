"""The index of a catalogue: its items, facets, embeddings and retrievers; and the embeddings' generations on disk.

::

    <cache>/index/<key of the catalogue's path>/
        CURRENT                  names the generation in use, replaced atomically
        gen-000002/              embeddings.npy (N, d) float32, rows.json, meta.json, COMPLETE
        gen-000001/              the one before, kept
        partial/                 chunks of a build under way; an interrupted build goes on from them

A generation is written aside, read back and checked before `CURRENT` names it, and checked again when it is opened:
what is half-written or damaged is never used. A row whose text stands in an earlier generation or in a chunk is not
encoded again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from retrieval.catalog import Catalog, RowProblem, load_catalog
from retrieval.constraints import Facets
from retrieval.encoder import Encoder, item_text, text_digest
from retrieval.errors import GenerationError
from retrieval.models import cache_root
from retrieval.retrievers import AnnRetriever, ScoringRetriever, make_retrievers
from retrieval.types import FloatArray, IntArray

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # (rows encoded so far, rows to encode)

CHUNK = 2_000  # rows between two savings: about 15 s of work on two cores
_PIECE = 128  # rows between two reports of progress
_FORMAT = 1  # counts changes of what a generation holds
_NORM_TOLERANCE = 1e-3
_DAMAGED = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


@dataclass(frozen=True, slots=True)
class Generation:
    """A checked generation; `embeddings` (N, d) is mapped from its file."""

    folder: Path
    encoder: str
    ids: tuple[str, ...]
    digests: tuple[str, ...]
    embeddings: FloatArray


@dataclass(frozen=True, slots=True)
class Index:
    """A catalogue and everything that is searched in it; rows of all arrays are catalogue positions.

    Attributes:
        embeddings: (N, d) float32, unit rows.
        digests: what of each row was searched when it was encoded, see `text_digest`.
        retrievers: by name: dense, bm25, popularity, facets.
        encoded: how many rows had to be encoded; the others were reused.
        generation: the folder that holds the embeddings, None while they are in memory only.
        problems: the bad rows that were skipped.
    """

    catalog: Catalog
    facets: Facets
    embeddings: FloatArray
    encoder: Encoder
    digests: tuple[str, ...]
    retrievers: Mapping[str, ScoringRetriever]
    encoded: int = 0
    generation: Path | None = None
    problems: tuple[RowProblem, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.catalog)


def open_index(
    catalog_path: str | Path,
    encoder: Encoder,
    *,
    skip_bad: bool = False,
    progress: Progress | None = None,
    cache: Path | None = None,
) -> Index:
    """Load a catalogue with its current generation, or build what is missing of it.

    Where the cache cannot be written the index is built in memory, with a warning.

    Raises:
        CatalogError: the catalogue cannot be used, see `load_catalog`.
        GenerationError: the encoder gives vectors that cannot be used.
    """
    loaded = load_catalog(catalog_path, skip_bad=skip_bad)
    store = GenerationStore.of(catalog_path, cache)
    with store.lock():
        return make_index(Catalog(loaded.items), encoder, store=store, progress=progress, problems=loaded.problems)


def make_index(
    catalog: Catalog,
    encoder: Encoder,
    *,
    store: GenerationStore | None = None,
    previous: Index | None = None,
    progress: Progress | None = None,
    problems: Sequence[RowProblem] = (),
    publish: bool = True,
) -> Index:
    """Make the index of a catalogue, reusing the rows of `previous` and of the store.

    Args:
        catalog: what to index.
        encoder: gives the embeddings of rows that are not known yet.
        store: where generations are kept; its lock must be held. Without it everything stays in memory.
        previous: the index before an edit.
        progress: called after every piece of encoding.
        problems: the rows that were skipped, kept for whoever reports them.
        publish: keep the embeddings in the store as a generation; `publish_index` can do so later.

    Raises:
        GenerationError: the encoder gives vectors that cannot be used.
    """
    if previous is not None and previous.encoder.name != encoder.name:
        previous = None
    source = _source(catalog, previous)
    digests = tuple(
        text_digest(item) if at < 0 or previous is None else previous.digests[at]
        for item, at in zip(catalog.items, source.tolist(), strict=True)
    )
    ids = tuple(catalog.positions)
    held = store.current() if store is not None and previous is None else None
    if held is not None and held.encoder != encoder.name:
        log.info("generation %s is another encoder's (%s)", held.folder.name, held.encoder)
        held = None
    folder: Path | None = None
    if held is not None and (held.ids, held.digests) == (ids, digests):
        embeddings, encoded, folder = held.embeddings, 0, held.folder
    elif previous is not None and (tuple(previous.catalog.positions), previous.digests) == (ids, digests):
        embeddings, encoded, folder = previous.embeddings, 0, previous.generation
    else:
        known = held or previous
        embeddings, encoded = _embed(catalog, digests, encoder, known, store, progress)
        if store is not None and publish:
            kept = store.publish(ids, digests, embeddings, encoder.name)
            if kept is not None:
                embeddings, folder = kept.embeddings, kept.folder
    facets = Facets(catalog)
    retrievers = make_retrievers(
        catalog,
        facets,
        embeddings,
        encoder,
        previous=previous.retrievers if previous else None,
        source=source,
        folder=folder,
    )
    _keep_graph(retrievers["dense"], folder)
    return Index(catalog, facets, embeddings, encoder, digests, retrievers, encoded, folder, tuple(problems))


def publish_index(index: Index, store: GenerationStore) -> None:
    """Keep an index that was made with `publish=False`, so that the next start reuses it."""
    ids = tuple(index.catalog.positions)
    with store.lock():
        held = store.current()
        if held is not None and (held.encoder, held.ids, held.digests) == (index.encoder.name, ids, index.digests):
            return
        kept = store.publish(ids, index.digests, index.embeddings, index.encoder.name)
        _keep_graph(index.retrievers["dense"], kept.folder if kept else None)


def _keep_graph(dense: ScoringRetriever, folder: Path | None) -> None:
    if isinstance(dense, AnnRetriever) and folder is not None and not (folder / "graph.usearch").is_file():
        with suppress(OSError, RuntimeError):  # the graph is an addition to a generation, made again when missing
            dense.save(folder)


def _source(catalog: Catalog, previous: Index | None) -> IntArray:
    """Return each row's position in the index before, -1 where nothing there has its id and text: (N,)."""
    source = np.full(len(catalog), -1, dtype=np.int64)
    if previous is not None:
        before = previous.catalog
        for at, item in enumerate(catalog.items):
            was = before.positions.get(item.id, -1)
            if was >= 0 and (before.items[was] is item or previous.digests[was] == text_digest(item)):
                source[at] = was
    return source


def _embed(
    catalog: Catalog,
    digests: Sequence[str],
    encoder: Encoder,
    known: Generation | Index | None,
    store: GenerationStore | None,
    progress: Progress | None,
) -> tuple[FloatArray, int]:
    """Return every row's embedding, (N, d), encoding only texts that are not known; and how many were encoded."""
    before = {} if known is None else {digest: at for at, digest in enumerate(known.digests)}
    texts: dict[str, str] = {}  # by digest, what must be encoded; equal texts once
    for digest, item in zip(digests, catalog.items, strict=True):
        if digest not in before and digest not in texts:
            texts[digest] = item_text(item)
    fresh = store.chunks(encoder.name) if store is not None and texts else {}
    # The longest first: texts of like length share batches, and the estimate of the time left is not too rosy.
    missing = sorted((d for d in texts if d not in fresh), key=lambda d: -len(texts[d]))
    if progress is not None and missing:
        progress(0, len(missing))
    for start in range(0, len(missing), CHUNK):
        chunk = missing[start : start + CHUNK]
        pieces = []
        for at in range(0, len(chunk), _PIECE):
            piece = chunk[at : at + _PIECE]
            pieces.append(_checked(encoder.encode([texts[d] for d in piece]), len(piece), encoder))
            if progress is not None:
                progress(start + at + len(piece), len(missing))
        rows = np.concatenate(pieces)
        fresh.update(zip(chunk, rows, strict=True))
        if store is not None and len(missing) > CHUNK:
            store.save_chunk(encoder.name, chunk, rows)
    dimension = known.embeddings.shape[1] if known is not None else len(next(iter(fresh.values())))
    embeddings = np.empty((len(catalog), dimension), dtype=np.float32)
    old = np.array([before.get(d, -1) for d in digests])
    if known is not None:
        embeddings[old >= 0] = known.embeddings[old[old >= 0]]
    for row in np.flatnonzero(old < 0).tolist():
        embeddings[row] = fresh[digests[row]]
    return embeddings, len(missing)


def _checked(rows: FloatArray, count: int, encoder: Encoder) -> FloatArray:
    rows = np.asarray(rows, dtype=np.float32)
    if rows.shape != (count, encoder.dimension) or not _unit(rows):
        expected = f"{count} finite unit rows of {encoder.dimension}"
        raise GenerationError(
            f"encoder {encoder.name!r} gave an array {rows.shape}; expected {expected}; use another encoder"
        )
    return rows


def _unit(rows: FloatArray) -> bool:
    norms = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    return bool(np.all(np.abs(norms - 1) < _NORM_TOLERANCE))  # False for NaN and infinity too


class GenerationStore:
    """The generations of one catalogue. What goes wrong on the disk is logged, and costs time, never an answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, catalog_path: str | Path, cache: Path | None = None) -> GenerationStore:
        """Return the store of a catalogue file, below `cache` or the configured cache folder."""
        path = Path(catalog_path).resolve()
        key = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        return cls((cache or cache_root()) / "index" / f"{path.stem[:40]}-{key}")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from building the same index at the same time; none where nothing can be written."""
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / "lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                log.info("another process builds this index; waiting for it")
                lock.acquire()
        except OSError as error:
            log.warning("%s cannot be written (%s): what is built stays in memory", self.folder, error)
            yield
            return
        try:
            yield
        finally:
            lock.release()

    def current(self) -> Generation | None:
        """Return the generation in use, checked in full, or None; what is wrong with it is logged."""
        try:
            name = (self.folder / "CURRENT").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("%s: CURRENT cannot be read (%s); building again", self.folder, error)
            return None
        try:
            return _read_generation(self.folder / Path(name).name)
        except _DAMAGED as error:
            log.warning("generation %s in %s is damaged (%s); building again", name, self.folder, error)
            return None

    def publish(
        self, ids: Sequence[str], digests: Sequence[str], embeddings: FloatArray, encoder: str
    ) -> Generation | None:
        """Write a generation aside, check it, and make it the current one; None (logged) if the disk refuses."""
        aside: Path | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in self.folder.glob("tmp-*"):  # a killed build's; the lock says that nobody writes there
                shutil.rmtree(left, ignore_errors=True)
            aside = Path(tempfile.mkdtemp(prefix="tmp-", dir=self.folder))
            _write_generation(aside, ids, digests, embeddings, encoder)
            _read_generation(aside)
            folder = self.folder / f"gen-{max([0, *self._numbers()]) + 1:06d}"
            os.replace(aside, folder)
            _write(self.folder / "CURRENT.new", folder.name.encode())
            os.replace(self.folder / "CURRENT.new", self.folder / "CURRENT")
            _sync_folder(self.folder)
            kept = _read_generation(folder)
        except _DAMAGED as error:
            log.warning("%s: the generation cannot be kept (%s): the index stays in memory", self.folder, error)
            if aside is not None:
                shutil.rmtree(aside, ignore_errors=True)
            return None
        for number in sorted(self._numbers())[:-2]:
            shutil.rmtree(self.folder / f"gen-{number:06d}", ignore_errors=True)
        shutil.rmtree(self.folder / "partial", ignore_errors=True)
        return kept

    def _numbers(self) -> list[int]:
        names = (path.name.removeprefix("gen-") for path in self.folder.glob("gen-*"))
        return [int(name) for name in names if name.isdecimal()]

    def chunks(self, encoder: str) -> dict[str, FloatArray]:
        """Return what an interrupted build had encoded already, by digest; unreadable chunks are passed over."""
        found: dict[str, FloatArray] = {}
        for path in sorted((self.folder / "partial").glob("*.npz")):
            try:
                with np.load(path) as chunk:
                    digests, rows = chunk["digests"].tolist(), chunk["rows"]
                    if str(chunk["encoder"]) == encoder and len(digests) == len(rows) and _unit(rows):
                        found.update(zip(digests, rows, strict=True))
            except (*_DAMAGED, EOFError) as error:
                log.warning("%s is damaged (%s); its rows are encoded again", path, error)
        return found

    def save_chunk(self, encoder: str, digests: Sequence[str], rows: FloatArray) -> None:
        """Keep encoded rows (n, d) of a build under way."""
        path = self.folder / "partial" / f"{digests[0]}.npz"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".new").open("wb") as file:
                np.savez(file, digests=np.array(digests), rows=rows, encoder=np.array(encoder))
            os.replace(path.with_suffix(".new"), path)
        except OSError as error:
            log.debug("%s cannot be kept: %s", path, error)


def _write_generation(
    folder: Path, ids: Sequence[str], digests: Sequence[str], embeddings: FloatArray, encoder: str
) -> None:
    folder.chmod(0o755)
    with (folder / "embeddings.npy").open("wb") as file:
        np.save(file, np.ascontiguousarray(embeddings, dtype=np.float32))
        file.flush()
        os.fsync(file.fileno())
    _write(folder / "rows.json", json.dumps({"ids": list(ids), "digests": list(digests)}).encode())
    meta = {
        "format": _FORMAT,
        "encoder": encoder,
        "rows": len(ids),
        "dimension": int(embeddings.shape[1]),
        "sha256": {name: _sha256(folder / name) for name in ("embeddings.npy", "rows.json")},
    }
    _write(folder / "meta.json", json.dumps(meta, indent=1).encode())
    _write(folder / "COMPLETE", _sha256(folder / "meta.json").encode())
    _sync_folder(folder)


def _read_generation(folder: Path) -> Generation:
    """Read and check a generation; raises one of `_DAMAGED`."""
    if (folder / "COMPLETE").read_bytes().decode() != _sha256(folder / "meta.json"):
        raise ValueError("COMPLETE does not hold the checksum of meta.json")
    meta = json.loads((folder / "meta.json").read_bytes())
    if meta["format"] != _FORMAT:
        raise ValueError(f"format {meta['format']}, expected {_FORMAT}")
    for name, expected in meta["sha256"].items():
        if _sha256(folder / name) != expected:
            raise ValueError(f"{name} does not have the checksum in meta.json")
    rows = json.loads((folder / "rows.json").read_bytes())
    embeddings = np.asarray(np.load(folder / "embeddings.npy", mmap_mode="r"))
    shape = (meta["rows"], meta["dimension"])
    if embeddings.shape != shape or not len(rows["ids"]) == len(rows["digests"]) == shape[0]:
        raise ValueError(f"embeddings are {embeddings.shape}, meta.json says {shape}")
    if embeddings.dtype != np.float32 or not _unit(embeddings):
        raise ValueError("embeddings are not finite float32 unit rows")
    return Generation(folder, meta["encoder"], tuple(rows["ids"]), tuple(rows["digests"]), embeddings)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make renames in a folder durable, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
