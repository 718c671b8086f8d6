"""The fitted ranker: from the scores of every part to one order, in numpy.

Two kinds of small models (fitted by `finetune.ranking`) read the best candidates of a plain blend, and a mean of their
log-probabilities decides. A list-wise one is linear in the parts' scores, with weights that depend on the dialogue (is
anything known yet? were many words said?), plus a little network. A boosted forest finds the steps and corners that
these smooth over, on which the first place depends. Items outside the candidates keep the order of the blend, below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from chat.forest import Array, Forest
from retrieval.errors import ModelError
from retrieval.scoring import top_k
from retrieval.types import BoolArray, FloatArray, IntArray, Query

WEIGHTS_FILE, SETTINGS_FILE = "ranker.safetensors", "ranker.json"
SPOKEN = frozenset({"tower", "named"})  # the parts of the language model
CANDIDATES = 300
CONTEXT = 5  # numbers that describe a dialogue, see `describe`
_LOW, _HIGH = -5.0, 15.0  # standardised scores say no more beyond
_FLAT = 20.0  # how soon the logarithm of a raw score bends
_BLEND_LOW, _BLEND_HIGH = -4.0, 8.0
_TREES = 0.7  # weight of the forests' opinion beside the networks'
_FOREST = "forest"  # begins the names of a forest's tensors; a number and the tensor follow
_LAYERS = ("mean", "deviation", "linear", "gates", "inner", "inner_bias", "outer")

Layers = Mapping[str, FloatArray]


class RankerSettings(BaseModel):
    """What a ranker needs besides its weights: the parts it reads, in order, and how much each counts in the blend."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    parts: tuple[str, ...]
    blend: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The items to be ranked: positions (k,), best first by the blend; features (k, 3P); the blend of all (N,)."""

    positions: IntArray
    features: FloatArray
    blend: FloatArray


def describe(query: Query) -> FloatArray:
    """Describe a dialogue to the ranker: (CONTEXT,)."""
    liked, words = len(query.liked), len(query.text)
    numbers = [min(liked, 8) / 8, float(not liked), min(words, 300) / 300, len(query.wishes) / 4, float(not words)]
    return np.array(numbers, dtype=np.float32)


def candidates(
    settings: RankerSettings, parts: Mapping[str, FloatArray], allowed: BoolArray, k: int = CANDIDATES
) -> Candidates:
    """Choose the best k allowed items of the plain blend and tell what every part thinks of them.

    Three features a part: its score standardised over the allowed items, its bare score bent by a logarithm, and its
    rank among the candidates as a share. A part that is not there has no opinion of any item.
    """
    size = len(allowed)
    silent = np.zeros(size, dtype=np.float32)
    raw = [np.asarray(parts.get(name, silent), dtype=np.float32) for name in settings.parts]
    standard = [_standard(score, allowed) for score in raw]
    blend = np.zeros(size, dtype=np.float32)
    for weight, score in zip(settings.blend, standard, strict=True):
        blend += np.float32(weight) * np.clip(score, _BLEND_LOW, _BLEND_HIGH)
    chosen = top_k(blend, k, allowed).positions
    columns = [np.clip(score[chosen], _LOW, _HIGH) for score in standard]
    columns += [np.sign(score[chosen]) * np.log1p(np.abs(score[chosen]) * _FLAT) for score in raw]
    columns += [_rank_share(score[chosen]) for score in standard]
    return Candidates(chosen, np.stack(columns, axis=1).astype(np.float32), blend)


def _standard(scores: FloatArray, allowed: BoolArray) -> FloatArray:
    usable = scores[allowed]
    deviation = float(usable.std()) if len(usable) else 0.0
    if deviation < 1e-9:
        return np.zeros(len(scores), dtype=np.float32)
    return ((scores - float(usable.mean())) / np.float32(deviation)).astype(np.float32)


def _rank_share(scores: FloatArray) -> FloatArray:
    """Return how many of the candidates score higher, as a share: (k,); equal scores share the lowest."""
    return (np.searchsorted(np.sort(-scores), -scores) / max(len(scores), 1)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Ranker:
    """Ranks by the mean of its members, fitted alike from different beginnings; F = 3P features, C = `CONTEXT`.

    Attributes:
        settings: which parts it reads.
        members: of each, mean, deviation and linear (F,), gates (C, F), inner (F + C, H), inner_bias and outer (H,).
        forests: over the F features and the C numbers of the dialogue; none where there were too few turns.
    """

    settings: RankerSettings
    members: Sequence[Layers]
    forests: Sequence[Forest] = ()

    @property
    def speaks(self) -> bool:
        """Whether it reads what the language model thinks."""
        return not SPOKEN.isdisjoint(self.settings.parts)

    def scores(self, query: Query, parts: Mapping[str, FloatArray], allowed: BoolArray) -> FloatArray:
        """Score the whole catalogue: (N,), the candidates above all others."""
        found = candidates(self.settings, parts, allowed)
        if not len(found.positions):
            return found.blend
        ranked = self.rank(found.features, describe(query))
        total = found.blend - (float(found.blend.max()) - float(ranked.min()) + 1.0)
        total[found.positions] = ranked
        return total

    def rank(self, features: FloatArray, context: FloatArray) -> FloatArray:
        """Score candidates by their features (k, F) and the dialogue's (C,): log-probabilities (k,)."""
        ranked = _log_softmax(np.mean([_forward(member, features, context) for member in self.members], axis=0))
        if self.forests:
            rows = wide(features, context)
            grown = _log_softmax(np.mean([forest.scores(rows) for forest in self.forests], axis=0))
            ranked = (1 - _TREES) * ranked + _TREES * grown
        return ranked.astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the ranker's two files into a folder."""
        from safetensors.numpy import save_file

        tensors = {f"{n}.{name}": np.ascontiguousarray(m[name]) for n, m in enumerate(self.members) for name in _LAYERS}
        for n, forest in enumerate(self.forests):
            tensors |= {f"{_FOREST}{n}.{name}": np.ascontiguousarray(part) for name, part in forest.tensors().items()}
        save_file(tensors, folder / WEIGHTS_FILE)
        (folder / SETTINGS_FILE).write_text(json.dumps(self.settings.model_dump(), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Ranker:
        """Read what `save` wrote.

        Raises:
            ModelError: the files are missing, damaged, or do not fit each other.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            settings = RankerSettings.model_validate_json((folder / SETTINGS_FILE).read_bytes())
            tensors = load_file(folder / WEIGHTS_FILE)
            features = 3 * len(settings.parts)
            numbers = sorted({int(key.partition(".")[0]) for key in tensors if not key.startswith(_FOREST)})
            if len(settings.blend) != features // 3:
                raise ValueError(f"{len(settings.blend)} weights of the blend for {features // 3} parts")
            members = [{name: tensors[f"{n}.{name}"] for name in _LAYERS} for n in numbers]
            if not members or any(len(m["linear"]) != features or len(m["gates"]) != CONTEXT for m in members):
                raise ValueError(f"its weights are not those of {len(settings.parts)} parts")
            grown: dict[str, dict[str, Array]] = {}
            for key in sorted(tensors):
                if key.startswith(_FOREST):
                    name, _, part = key.partition(".")
                    grown.setdefault(name, {})[part] = tensors[key]
            forests = [Forest.of(parts, features + CONTEXT) for parts in grown.values()]
        except (OSError, ValidationError, SafetensorError, KeyError, ValueError) as error:
            detail = str(error).splitlines()[0]
            raise ModelError(
                f"cannot read the ranker in {folder} ({detail}); fit it with finetune.evaluate --fit"
            ) from error
        return cls(settings, members, forests)


def wide(features: FloatArray, context: FloatArray) -> FloatArray:
    """Put the dialogue's numbers (…, C) beside every candidate's features (…, k, F): (…, k, F + C)."""
    shape = (*features.shape[:-1], context.shape[-1])
    return np.concatenate([features, np.broadcast_to(context[..., None, :], shape)], axis=-1)


def _log_softmax(scores: FloatArray) -> FloatArray:
    shifted = scores - scores.max(initial=-np.inf)
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), dtype=np.float32)


def _forward(layers: Layers, features: FloatArray, context: FloatArray) -> FloatArray:
    x = (features - layers["mean"]) / layers["deviation"]  # (k, F)
    hidden = np.maximum(wide(x, context) @ layers["inner"] + layers["inner_bias"], 0)  # (k, H)
    ranked: FloatArray = x @ (layers["linear"] + context @ layers["gates"]) + hidden @ layers["outer"]
    return ranked
