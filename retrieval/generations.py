"""The embeddings' generations on disk: written aside, checked, then made current in one atomic step.

::

    <cache>/index/<key of the catalogue's path>/
        CURRENT                  names the generation in use, replaced atomically
        gen-000002/              embeddings.npy (N, d) float32, rows.json, meta.json, COMPLETE
        gen-000001/              the one before, kept
        partial/                 chunks of a build under way; an interrupted build goes on from them

A generation is read back and checked before `CURRENT` names it, and checked again when it is opened: what is
half-written or damaged is never used.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.files import clear_aside, new_folder, replacing, sync_folder, synced, write_text
from retrieval.models import cache_root
from retrieval.types import FloatArray

log = logging.getLogger(__name__)

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
        folder = self.folder / f"gen-{max([0, *self._numbers()]) + 1:06d}"
        try:
            clear_aside(folder)  # of a killed build; the lock says that nobody writes there
            with new_folder(folder) as aside:
                _write_generation(aside, ids, digests, embeddings, encoder)
                _read_generation(aside)
            write_text(self.folder / "CURRENT", folder.name)
            kept = _read_generation(folder)
        except _DAMAGED as error:
            log.warning("%s: the generation cannot be kept (%s): the index stays in memory", self.folder, error)
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
                    if str(chunk["encoder"]) == encoder and len(digests) == len(rows) and unit_rows(rows):
                        found.update(zip(digests, rows, strict=True))
            except (*_DAMAGED, EOFError) as error:
                log.warning("%s is damaged (%s); its rows are encoded again", path, error)
        return found

    def save_chunk(self, encoder: str, digests: Sequence[str], rows: FloatArray) -> None:
        """Keep encoded rows (n, d) of a build under way."""
        path = self.folder / "partial" / f"{digests[0]}.npz"
        try:
            with replacing(path) as aside, aside.open("wb") as file:
                np.savez(file, digests=np.array(digests), rows=rows, encoder=np.array(encoder))
        except OSError as error:
            log.debug("%s cannot be kept: %s", path, error)


def _write_generation(
    folder: Path, ids: Sequence[str], digests: Sequence[str], embeddings: FloatArray, encoder: str
) -> None:
    with synced(folder / "embeddings.npy") as file:
        np.save(file, np.ascontiguousarray(embeddings, dtype=np.float32))
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
    sync_folder(folder)


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
    if embeddings.dtype != np.float32 or not unit_rows(embeddings):
        raise ValueError("embeddings are not finite float32 unit rows")
    return Generation(folder, meta["encoder"], tuple(rows["ids"]), tuple(rows["digests"]), embeddings)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    with synced(path) as file:
        file.write(data)


def unit_rows(rows: FloatArray) -> bool:
    """Whether every row of (n, d) is finite and of length 1."""
    norms = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    return bool(np.all(np.abs(norms - 1) < _NORM_TOLERANCE))  # False for NaN and infinity too
