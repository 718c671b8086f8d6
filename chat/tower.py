"""The user tower of M6-Rec (arXiv 2205.08084, section 3.3) as serving needs it: numpy, no torch.

φ(u) = W_u h + b, with h the language model's last hidden state of the prompt's last token, which
`Generator.hidden` returns and the beam needs anyway; θ(i) = W_i e, with e the embedding of the item's text. Both have
unit length, and I(u, i) = log softmax over the catalogue of ⟨φ(u), θ(i)⟩ / τ. Since θ(i) is a projection of a text, an
item that training never saw has one too. Where a shop has logs, e also holds the item's collaborative factors
(`retrieval.collaborative.ItemFactors`), zeros for an item without any.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from retrieval.collaborative import ItemFactors
from retrieval.errors import ModelError
from retrieval.index import Index
from retrieval.types import FloatArray

WEIGHTS_FILE, SETTINGS_FILE = "tower.safetensors", "tower.json"


class TowerSettings(BaseModel):
    """What a saved tower needs besides its weights.

    Attributes:
        encoder: the name of the text encoder whose embeddings θ projects.
        temperature: τ.
        counts: how often training named an item, by id; empty without a popularity prior.
        factored: the items with collaborative factors, in the order of their rows; empty without any.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    encoder: str
    temperature: float
    counts: Mapping[str, int] = {}
    factored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TowerWeights:
    """The trained parameters: user (D, H) and its bias (D,), item (D, E + C), and β of the popularity prior.

    `factors` (A, C) are no parameters, but what the items that training knew were described by beside their texts.
    """

    user: FloatArray
    bias: FloatArray
    item: FloatArray
    prior: float
    factors: FloatArray = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))


@dataclass(frozen=True, slots=True)
class UserTower:
    """Scores the whole catalogue for a hidden state.

    Attributes:
        items: θ of every item, unit rows: (N, D).
        log_counts: log(1 + count) of every item; the median count's where training named it never: (N,).
    """

    settings: TowerSettings
    weights: TowerWeights
    items: FloatArray
    log_counts: FloatArray

    @classmethod
    def load(cls, folder: str | Path, index: Index) -> UserTower:
        """Load a trained tower for a catalogue.

        Args:
            folder: the adapter's folder, which holds the tower's two files.
            index: the catalogue with its embeddings.

        Raises:
            ModelError: the files are missing or damaged, or were made for another encoder.
        """
        settings, weights = read_tower(Path(folder))
        empty = np.empty((0, len(weights.bias)), dtype=np.float32)
        return cls(settings, weights, empty, np.empty(0, dtype=np.float32)).bind(index)

    def bind(self, index: Index) -> UserTower:
        """Return the tower of another version of the catalogue; a matrix product, 30 ms for 100,000 items.

        Raises:
            ModelError: the index's embeddings are another encoder's.
        """
        factors = ItemFactors(self.settings.factored, self.weights.factors)
        size = self.weights.item.shape[1] - factors.vectors.shape[1]
        if index.encoder.name != self.settings.encoder or index.embeddings.shape[1] != size:
            raise ModelError(
                f"the user tower reads embeddings of {self.settings.encoder} ({size} dimensions), the index has those "
                f"of {index.encoder.name} ({index.embeddings.shape[1]}); open the catalogue with the same encoder"
            )
        items = unit(factors.beside(index.embeddings, index.catalog) @ self.weights.item.T)
        counts = self.settings.counts
        median = float(np.median(list(counts.values()))) if counts else 0.0
        found = (counts.get(item.id, median) for item in index.catalog)
        log_counts = np.log1p(np.fromiter(found, dtype=np.float32, count=len(index.catalog)))
        return replace(self, items=items, log_counts=log_counts)

    def user(self, hidden: FloatArray) -> FloatArray:
        """Return φ of a hidden state (H,): (D,), of unit length.

        Raises:
            ModelError: the hidden state is another model's.
        """
        if hidden.shape != self.weights.user.shape[1:]:
            raise ModelError(
                f"the user tower expects hidden states of {self.weights.user.shape[1]} numbers, found {hidden.shape}; "
                "use the language model it was trained with"
            )
        return unit(self.weights.user @ hidden.astype(np.float32) + self.weights.bias)

    def scores(self, hidden: FloatArray, *, prior: bool = True) -> FloatArray:
        """Return log p(item) of a hidden state (H,) over the catalogue: (N,); `prior` False leaves popularity out."""
        logits = self.items @ self.user(hidden) / self.settings.temperature
        if prior:
            logits = logits + self.weights.prior * self.log_counts
        top = logits.max(initial=-np.inf)
        scores: FloatArray = (logits - top - np.log(np.exp(logits - top).sum())).astype(np.float32)
        return scores


def read_tower(folder: Path) -> tuple[TowerSettings, TowerWeights]:
    """Read what `save_tower` wrote.

    Raises:
        ModelError: the files are missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        settings = TowerSettings.model_validate_json((folder / SETTINGS_FILE).read_bytes())
        tensors = load_file(folder / WEIGHTS_FILE)
        parts = [np.asarray(tensors[name], dtype=np.float32) for name in ("user", "bias", "item")]
        weights = TowerWeights(parts[0], parts[1], parts[2], float(tensors["prior"].item()))
        if settings.factored:
            weights = replace(weights, factors=np.asarray(tensors["factors"], dtype=np.float32))
        if len(weights.factors) != len(settings.factored):
            raise ValueError(f"{len(weights.factors)} rows of factors for {len(settings.factored)} items")
    except (OSError, ValidationError, SafetensorError, KeyError, ValueError) as error:
        detail = str(error).splitlines()[0]
        raise ModelError(f"cannot read the user tower in {folder} ({detail}); give an adapter's folder") from error
    return settings, weights


def save_tower(folder: Path, weights: TowerWeights, settings: TowerSettings) -> None:
    """Write a tower's two files into a folder."""
    from safetensors.numpy import save_file

    prior = np.array(weights.prior, dtype=np.float32)
    parts = {"user": weights.user, "bias": weights.bias, "item": weights.item, "prior": prior}
    if settings.factored:
        parts["factors"] = weights.factors.astype(np.float16)
    save_file({name: np.ascontiguousarray(part) for name, part in parts.items()}, folder / WEIGHTS_FILE)
    text = json.dumps(settings.model_dump(mode="json"), ensure_ascii=False, indent=1)
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")


def unit(rows: FloatArray) -> FloatArray:
    """Bring rows to unit length: (…, D)."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
