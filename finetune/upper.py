"""Adapters on the upper layers only, over hidden states that are computed once (issue: M6-Rec's late interaction).

The layers below the adapters never change, so what they make of a row is the same in every epoch. It is kept on disk,
a row after the other, and later epochs begin there: with n of L layers, an epoch's forward costs n/L of a whole one,
and the backward never went deeper anyway.
"""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor, nn

from finetune.objective import backbone_of
from finetune.packing import Batch, Row, collate
from retrieval.errors import NamedropError
from retrieval.files import write_text
from retrieval.models import cache_root

_FORMAT = 1
_SAVED_EVERY = 32  # rows between two notes of how far the cache is; a killed run loses at most these
_TOLERANCE = 1e-2  # relative difference of split and whole forward, in bfloat16; a wrong split is off by far more

Progress = Callable[[int], None]  # tokens computed since the last call


class UpperError(NamedropError):
    """A model's layers cannot be split, or the cache cannot be written."""


def split(causal: Any, upper: int) -> tuple[Any, Any]:  # noqa: ANN401
    """Return a model's lower layers and its upper ones, which share its modules.

    The lower part takes tokens and returns the states below the upper layers; the upper part takes those states.

    Raises:
        UpperError: the model has too few layers, or is not built of a list of layers and a last norm.
    """
    backbone = backbone_of(causal)
    layers = getattr(backbone, "layers", None)
    if not isinstance(layers, nn.ModuleList) or not hasattr(backbone, "norm"):
        kind = type(backbone).__name__
        raise UpperError(
            f"upper_layers: {kind} is not built of `layers` and `norm` as Llama is; leave upper_layers out"
        )
    if not 0 < upper < len(layers):
        raise UpperError(
            f"upper_layers = {upper}: expected 1 to {len(layers) - 1} of the model's {len(layers)} layers; "
            "leave it out to adapt all of them"
        )
    below = _with(backbone, layers=nn.ModuleList(list(layers)[:-upper]), norm=nn.Identity())
    return below, _with(backbone, layers=nn.ModuleList(list(layers)[-upper:]))


def _with(module: Any, **children: nn.Module) -> Any:  # noqa: ANN401
    """Return a shallow copy of a module with some children replaced; the original stays as it is."""
    made = copy.copy(module)
    made._modules = {**module._modules, **children}
    return made


def run_lower(below: Any, batch: Batch, autocast: torch.dtype | None) -> Tensor:  # noqa: ANN401
    """Return the states below the upper layers: (B, T, H)."""
    with torch.inference_mode(), torch.autocast(batch["mask"].device.type, autocast, enabled=autocast is not None):
        out = below(
            input_ids=batch["tokens"],
            attention_mask=batch["mask"],
            position_ids=batch["positions"],
            use_cache=False,
        )
    return out.last_hidden_state


def check_split(causal: Any, upper: int, row: Row, autocast: torch.dtype | None) -> None:  # noqa: ANN401
    """Compare the two halves, one after the other, with the whole model on one row.

    Raises:
        UpperError: they differ, as with a model that scales its embeddings on the way in.
    """
    device = next(causal.parameters()).device
    batch = {name: part.to(device) for name, part in collate([row]).items()}
    below, above = split(causal, upper)
    training = causal.training
    causal.eval()
    states = run_lower(below, batch, autocast)
    shared = {"attention_mask": batch["mask"], "position_ids": batch["positions"], "use_cache": False}
    with torch.inference_mode(), torch.autocast(device.type, autocast, enabled=autocast is not None):
        halves = above(inputs_embeds=states, **shared).last_hidden_state.float()
        whole = backbone_of(causal)(input_ids=batch["tokens"], **shared).last_hidden_state.float()
    causal.train(training)
    off = float((halves - whole).norm() / whole.norm())
    if not off < _TOLERANCE:
        raise UpperError(
            f"upper_layers: the layers of {type(causal).__name__} in two parts give other states than in one "
            f"({off:.0%} off); leave upper_layers out"
        )


class StateCache:
    """The hidden states of some rows on disk: a file of all tokens' states, and a note of how many rows are in it.

    It is found again by a digest of the model's files, the rows and the number format, so a changed catalogue, prompt
    or model makes a new one. Processes that need the same cache wait for the first one to make it.
    """

    def __init__(self, rows: Sequence[Row], width: int, dtype: torch.dtype, key: str, root: Path | None = None) -> None:
        """Describe the cache of `rows` with `width` numbers a token; `key` tells the model and its split."""
        self.rows = rows
        self.width = width
        self.dtype = dtype
        self.offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        self.folder = (root or cache_root() / "states") / _digest(rows, f"{_FORMAT}:{key}:{width}:{dtype}")
        self._stored = np.dtype(np.float32 if dtype == torch.float32 else np.uint16)
        self._states: np.memmap[Any, Any] | None = None

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return int(self.offsets[-1]) * self.width * self._stored.itemsize

    def done(self) -> int:
        """Return how many rows are in the cache."""
        try:
            noted = json.loads((self.folder / "done.json").read_text(encoding="utf-8"))
            whole = (self.folder / "states.bin").stat().st_size == self.size
        except (OSError, ValueError):
            return 0
        return int(noted["rows"]) if whole else 0

    def fill(self, compute: Callable[[Batch], Tensor], progress: Progress | None = None) -> None:
        """Compute what the cache lacks, a row at a time; interrupted, the next call goes on where it stopped.

        Raises:
            UpperError: the disk is too full.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder.with_suffix(".lock")):
            done = self.done()
            if progress is not None:
                progress(int(self.offsets[done]))
            if done < len(self.rows):
                self._room()
                self._compute(done, compute, progress)
        self._states = np.memmap(
            self.folder / "states.bin", self._stored, "r", shape=(int(self.offsets[-1]), self.width)
        )

    def _room(self) -> None:
        file = self.folder / "states.bin"
        there = file.stat().st_size if file.exists() else 0
        free = shutil.disk_usage(self.folder).free
        if self.size - there > free:
            raise UpperError(
                f"{self.folder}: the cached states need {self.size / 1e9:.1f} GB, {free / 1e9:.1f} GB are free; make "
                "room, set NAMEDROP_CACHE to another disk, or leave upper_layers out"
            )

    def _compute(self, done: int, compute: Callable[[Batch], Tensor], progress: Progress | None) -> None:
        shape = (int(self.offsets[-1]), self.width)
        mode: Literal["r+", "w+"] = "r+" if done else "w+"
        states = np.memmap(self.folder / "states.bin", self._stored, mode, shape=shape)
        for at in range(done, len(self.rows)):
            made = compute(collate([self.rows[at]], [at]))[0].to(self.dtype).cpu()
            raw = made.view(torch.uint16) if made.dtype == torch.bfloat16 else made
            states[self.offsets[at] : self.offsets[at + 1]] = raw.numpy()
            if (at + 1) % _SAVED_EVERY == 0 or at + 1 == len(self.rows):
                states.flush()  # before the note, so that the note is never ahead of the states
                self._note(at + 1)
            if progress is not None:
                progress(len(self.rows[at]))

    def _note(self, rows: int) -> None:
        write_text(self.folder / "done.json", json.dumps({"rows": rows}))

    def __call__(self, ids: Sequence[int], length: int) -> Tensor:
        """Return the states of B rows, padded with zeros: (B, length, H)."""
        if self._states is None:
            raise ValueError("the cache is not filled; call fill first")
        states = torch.zeros((len(ids), length, self.width), dtype=self.dtype)
        for at, row in enumerate(ids):
            raw = torch.from_numpy(np.array(self._states[self.offsets[row] : self.offsets[row + 1]]))
            states[at, : len(raw)] = raw if self.dtype == torch.float32 else raw.view(self.dtype)
        return states


def _digest(rows: Sequence[Row], key: str) -> str:
    digest = hashlib.blake2b(key.encode(), digest_size=16)
    for row in rows:
        digest.update(row.tokens.tobytes())
        digest.update(row.parents.tobytes())
        digest.update(b"|")
    return digest.hexdigest()
