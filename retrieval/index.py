"""The index of a catalogue: its items, facets, embeddings and retrievers, kept as generations and renewed by edits.

A row whose text stands in the generation before, or in a chunk of an interrupted build, is not encoded again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from retrieval.catalog import Catalog, load_catalog
from retrieval.constraints import Facets
from retrieval.dense import AnnRetriever
from retrieval.encoder import Encoder, item_text, text_digest
from retrieval.errors import GenerationError
from retrieval.generations import Generation, GenerationStore, unit_rows
from retrieval.reported import understood, warnings
from retrieval.retrievers import make_retrievers
from retrieval.rows import RowProblem
from retrieval.scoring import ScoringRetriever
from retrieval.types import FloatArray, IntArray

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # (rows encoded so far, rows to encode)

CHUNK = 2_000  # rows between two savings: about 15 s of work on two cores
_PIECE = 128  # rows between two reports of progress


@dataclass(frozen=True, slots=True)
class Index:
    """A catalogue and everything that is searched in it; rows of all arrays are catalogue positions.

    Attributes:
        embeddings: (N, d) float32, unit rows.
        digests: what of each row was searched when it was encoded, see `text_digest`.
        retrievers: by name: dense, latest, bm25, popularity, facets.
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
    for warning in warnings(loaded.columns):
        log.warning("%s: %s", catalog_path, warning)
    log.info("%s: %s", catalog_path, understood(loaded.items, loaded.columns))
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
    facets = Facets(catalog) if previous is None else EditedFacets(catalog, previous.facets, source)
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
    if rows.shape != (count, encoder.dimension) or not unit_rows(rows):
        expected = f"{count} finite unit rows of {encoder.dimension}"
        raise GenerationError(
            f"encoder {encoder.name!r} gave an array {rows.shape}; expected {expected}; use another encoder"
        )
    return rows


class EditedFacets(Facets):
    """The facets of an edited catalogue, read from the changed items only; the postings of the others move along.

    Args:
        catalog: the catalogue after the edit.
        before: the facets before it.
        source: (N,) each row's position before, no two alike, -1 where the row's text is new or changed.
    """

    def __init__(self, catalog: Catalog, before: Facets, source: IntArray) -> None:
        self.catalog = catalog
        rows = zip(source.tolist(), catalog.items, strict=True)
        was = before.catalog.items
        same = np.array([at >= 0 and (was[at] is item or was[at] == item) for at, item in rows], dtype=np.bool_)
        self._now = np.full(len(was), -1, dtype=np.int32)  # each old row's position after the edit
        self._now[source[same]] = np.flatnonzero(same)
        self._changed = np.flatnonzero(~same).astype(np.int32)
        part = Facets(Catalog([catalog.items[at] for at in self._changed]))
        fields = dict.fromkeys((*before.postings, *part.postings))
        moved = {field: self._moved(before.postings.get(field, {}), part.postings.get(field, {})) for field in fields}
        self.postings = {field: values for field, values in moved.items() if values}
        self.numeric_fields = frozenset(
            field
            for field in before.numeric_fields | part.numeric_fields
            if any(isinstance(item.attributes.get(field), float) for item in catalog.items)
        )
        self._topics = self._moved(before._topics, part._topics)

    def _moved(self, old: Mapping[str, np.ndarray], new: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return postings at the positions after the edit: those that stay, and those of the changed rows."""
        flat = self._now[np.concatenate([np.empty(0, dtype=np.int32), *old.values()])]
        stays = flat >= 0
        ends = np.concatenate([[0], np.cumsum(stays)])[np.cumsum([0, *map(len, old.values())])].tolist()
        flat = flat[stays]
        postings = {
            value: flat[start:end] for value, start, end in zip(old, ends, ends[1:], strict=False) if end > start
        }
        for value, at in new.items():
            kept = postings.get(value)
            postings[value] = self._changed[at] if kept is None else np.concatenate([kept, self._changed[at]])
        return postings
