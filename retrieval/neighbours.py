"""What was recommended to those who said something alike: nearest-neighbour search over past conversations.

Every past moment is the embedding of what the person had said and the items that were recommended next. A message
finds the moments nearest in meaning and passes on their items, weighted by nearness: it works from the first message
on, before any item has been named.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from retrieval.catalog import Catalog
from retrieval.encoder import Encoder
from retrieval.errors import ModelError
from retrieval.files import replacing
from retrieval.scoring import ScoringRetriever
from retrieval.types import FloatArray, Query

MOST_MOMENTS = 20_000  # kept, the latest ones: 15 MB with 384 dimensions
_NEAREST = 150
_TEMPERATURE = 0.05  # of the weights over cosines
_LATEST = 400  # characters of what was said that count, the last ones: about what the encoder reads
_FILE = "neighbours.npz"


def latest(text: str) -> str:
    """Return the end of what was said, which is what the next recommendation answers."""
    return text.strip()[-_LATEST:]


@dataclass(frozen=True, slots=True)
class Moments:
    """Past moments: M embeddings of unit length (M, d), and what was recommended then, over A catalogue ids (M, A)."""

    ids: tuple[str, ...]
    embeddings: npt.NDArray[np.float16]
    chosen: sparse.csr_matrix

    @classmethod
    def of(cls, said: Sequence[str], chosen: Sequence[Sequence[str]], encoder: Encoder) -> Moments:
        """Embed what was said at each moment, beside the ids that were recommended then."""
        kept = [(text, ids) for text, ids in zip(said, chosen, strict=True) if text.strip() and ids][-MOST_MOMENTS:]
        columns: dict[str, int] = {}
        indices = [columns.setdefault(item_id, len(columns)) for _, ids in kept for item_id in ids]
        ends = np.cumsum([0, *(len(ids) for _, ids in kept)])
        ones = np.ones(len(indices), dtype=np.float32)
        matrix = sparse.csr_matrix((ones, np.array(indices, dtype=np.int32), ends), shape=(len(kept), len(columns)))
        embeddings = encoder.encode([latest(text) for text, _ in kept]) if kept else np.empty((0, encoder.dimension))
        return cls(tuple(columns), embeddings.astype(np.float16), matrix)


class NeighbourRetriever(ScoringRetriever):
    """Scores an item by the share of the nearest moments that led to it, in [0, 1]; 0 everywhere without words."""

    name = "neighbours"

    def __init__(self, catalog: Catalog, moments: Moments, encoder: Encoder) -> None:
        if moments.embeddings.shape[1] != encoder.dimension:
            raise ModelError(
                f"the past moments have {moments.embeddings.shape[1]} dimensions, the encoder {encoder.dimension}; "
                "open the catalogue with the encoder they were made with, or make them again"
            )
        self._moments, self._encoder = moments, encoder
        self._embeddings = moments.embeddings.astype(np.float32)  # (M, d)
        at = np.array([catalog.positions.get(item_id, -1) for item_id in moments.ids], dtype=np.int64)
        self._known, self._at, self._size = at >= 0, at[at >= 0], len(catalog)

    def on(self, catalog: Catalog, encoder: Encoder) -> NeighbourRetriever:
        """Return the same for another version of the catalogue."""
        return NeighbourRetriever(catalog, self._moments, encoder)

    def scores(self, query: Query) -> FloatArray:
        """Score the whole catalogue: (N,)."""
        result = np.zeros(self._size, dtype=np.float32)
        text = latest(query.text)
        if not text or not len(self._embeddings):
            return result
        cosines = self._embeddings @ self._encoder.encode([text])[0]  # (M,)
        nearest = np.argpartition(-cosines, min(_NEAREST, len(cosines)) - 1)[:_NEAREST]
        weights = np.exp((cosines[nearest] - cosines[nearest].max()) / _TEMPERATURE)
        weights /= weights.sum()
        share = np.asarray(weights @ self._moments.chosen[nearest], dtype=np.float32).ravel()  # (A,)
        result[self._at] = share[self._known]
        return result

    def save(self, folder: Path) -> Path:
        """Write the moments into a folder, whole or not at all; return the file."""
        path = folder / _FILE
        chosen = self._moments.chosen
        with replacing(path) as aside, aside.open("wb") as file:
            np.savez_compressed(
                file,
                ids=np.array(self._moments.ids),
                embeddings=self._moments.embeddings,
                indices=chosen.indices,
                indptr=chosen.indptr,
            )
        return path

    @classmethod
    def load(cls, folder: Path, catalog: Catalog, encoder: Encoder) -> NeighbourRetriever:
        """Read what `save` wrote, for the catalogue as it is now.

        Raises:
            ModelError: there is no such file, it is damaged, or it was made with another encoder.
        """
        path = folder / _FILE
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                ids = tuple(kept["ids"].tolist())
                embeddings, indices, indptr = kept["embeddings"], kept["indices"], kept["indptr"]
            ones = np.ones(len(indices), dtype=np.float32)
            chosen = sparse.csr_matrix((ones, indices, indptr), shape=(len(embeddings), len(ids)))
            chosen.check_format()
        except FileNotFoundError as error:
            raise ModelError(f"{path}: no past moments here; python -m finetune.evaluate --fit writes them") from error
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(f"{path}: not whole ({error}); make it again with finetune.evaluate --fit") from error
        return cls(catalog, Moments(ids, embeddings, chosen), encoder)
