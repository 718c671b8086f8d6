"""Encoders read quickly on a processor: CTranslate2, its weights and the states on their way in 8-bit integers.

A turn's few short texts take a third of PyTorch's time in float32, mostly because the weights lie ready for the
processor; a catalogue takes a third to two thirds. While texts are read, other threads may go on: one call holds no
lock of Python's, where PyTorch lets go of it and asks for it again a hundred times. A model is converted once and kept;
from then on nothing of PyTorch is loaded, which spares a start most of its time and half of its memory. A process that
has loaded one is not to be forked: its threads stay behind.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from retrieval.models import made_once, models_root
from retrieval.threads import cores
from retrieval.tuning import add_tuning, digest
from retrieval.types import FloatArray, IntArray

log = logging.getLogger(__name__)

PRECISION = "int8"  # of the converted weights
_FORMAT = 1  # counts changes of what a conversion writes
_POSITIONS = "position_embedding_type"  # which transformers no longer knows, and CTranslate2 asks for
_SHARE = 8  # texts that are worth a thread of their own
_TOKENS = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class Read:
    """What is read of n texts of up to T tokens.

    Attributes:
        states: the last hidden states, (n, T, d); those behind a text's last token mean nothing.
        there: 1 for a text's tokens, what begins and ends it included, (n, T).
        offsets: where each token stands in its text, from and to, (n, T, 2); 0, 0 for what stands nowhere.
    """

    states: FloatArray
    there: FloatArray
    offsets: IntArray

    @property
    def means(self) -> FloatArray:
        """Return the mean state of each text, (n, d)."""
        total: FloatArray = (self.states * self.there[..., None]).sum(axis=1)
        return total / self.there.sum(axis=1, keepdims=True)


class Quick:
    """A BERT that reads texts, from the folder that a conversion has written.

    Rounding moves the vectors of MiniLM by 0.005 on average (cosine), by 0.03 at most.

    Args:
        folder: of the conversion.
        longest: tokens that a text is cut to.
    """

    def __init__(self, folder: Path, longest: int) -> None:
        self._threads = _threads()
        self._encoder = ctranslate2.Encoder(
            str(folder), compute_type=PRECISION, inter_threads=self._threads, intra_threads=1
        )
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(folder / _TOKENS))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(longest)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="namedrop-encoder")

    @classmethod
    def of(cls, model: Path, longest: int, tuning: Path | None = None) -> Quick | None:
        """Return what reads as a model does, up to rounding; None if it is no BERT of the usual build.

        Args:
            model: the folder of a transformers model.
            longest: tokens that a text is cut to.
            tuning: low-rank changes of its weights (`retrieval.tuning`).

        Raises:
            ModelError: the tuning does not fit the model.
            OSError, ValueError, RuntimeError: the model cannot be read.
        """
        if not _is_usual_bert(model):
            return None
        kept = models_root() / f"quick-{_digest(model, tuning)}"
        try:
            made_once(
                kept, lambda folder: _convert(model, tuning, folder), f"converting {model.name} for the processor"
            )
            return cls(kept, longest)
        except PermissionError as error:
            log.warning(
                "the converted encoder cannot be kept in %s (%s): it is made at every start", kept.parent, error
            )
        with tempfile.TemporaryDirectory(prefix="namedrop-") as folder:
            _convert(model, tuning, Path(folder))
            return cls(Path(folder), longest)

    def read(self, texts: Sequence[str]) -> Read:
        """Read some texts."""
        found = self.tokenizer.encode_batch(list(texts))
        width = max(len(each.ids) for each in found)
        ids = np.zeros((len(found), width), dtype=np.int32)
        offsets = np.zeros((len(found), width, 2), dtype=np.int64)
        for row, each in enumerate(found):
            ids[row, : len(each.ids)] = each.ids
            offsets[row, : len(each.ids)] = each.offsets
        lengths = np.array([len(each.ids) for each in found], dtype=np.int32)
        there = (np.arange(width) < lengths[:, None]).astype(np.float32)
        shares = min(self._threads, len(ids) // _SHARE)
        if shares < 2:
            return Read(self._states(ids, lengths), there, offsets)
        parts = np.array_split(ids, shares), np.array_split(lengths, shares)
        return Read(np.concatenate([*self._pool.map(self._states, *parts)]), there, offsets)

    def _states(self, ids: NDArray[np.int32], lengths: NDArray[np.int32]) -> FloatArray:
        pairs = (ctranslate2.StorageView.from_array(np.ascontiguousarray(part)) for part in (ids, lengths))
        states: FloatArray = np.array(self._encoder.forward_batch(*pairs).last_hidden_state)
        return states


class QuickSentences:
    """Stands where a SentenceTransformer would: mean states of texts, those of like length in a batch."""

    def __init__(self, quick: Quick, dimension: int) -> None:
        self._quick = quick
        self._dimension = dimension

    @classmethod
    def of(cls, model: Path, longest: int, tuning: Path | None = None) -> QuickSentences | None:
        """Return what encodes as a sentence-transformers model does; None if that is not the mean of a BERT's states.

        Raises: as `Quick.of` does.
        """
        if ctranslate2.get_cuda_device_count() or not _takes_the_mean(model):
            return None
        config, own = _json(model / "config.json"), _json(model / "sentence_bert_config.json")
        most = (own.get("max_seq_length"), config.get("max_position_embeddings"))
        quick = Quick.of(model, min([longest, *(int(most_) for most_ in most if most_)]), tuning)
        return None if quick is None else cls(quick, int(config["hidden_size"]))

    @property
    def tokenizer(self) -> Tokenizer:
        """Return what cuts texts into tokens."""
        return self._quick.tokenizer

    def get_embedding_dimension(self) -> int:
        """Return the length of a vector."""
        return self._dimension

    def encode(self, texts: Sequence[str], *, batch_size: int, **_: object) -> FloatArray:
        """Return one row a text, not normalised: (n, d)."""
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
        rows = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            rows[batch] = self._quick.read([texts[at] for at in batch]).means
        return rows


def _convert(model: Path, tuning: Path | None, target: Path) -> None:
    """Write a model with its tuning as CTranslate2 reads it, and its tokenizer."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    whole = AutoModel.from_pretrained(model, local_files_only=True, dtype=torch.float32)
    if tuning is not None:
        add_tuning(whole, tuning)
    setattr(whole.config, _POSITIONS, "absolute")
    with tempfile.TemporaryDirectory(prefix="namedrop-") as folder:
        whole.save_pretrained(folder)
        AutoTokenizer.from_pretrained(model, local_files_only=True).save_pretrained(folder)
        TransformersConverter(folder).convert(str(target), quantization=PRECISION, force=True)
    shutil.copyfile(model / _TOKENS, target / _TOKENS)


def _is_usual_bert(model: Path) -> bool:
    """Whether CTranslate2 reads a model as transformers does."""
    config, tokens = _json(model / "config.json"), _json(model / "tokenizer_config.json")
    told = {"model_type": "bert", "hidden_act": "gelu", _POSITIONS: "absolute"}
    known = config.get("model_type") == "bert" and all(config.get(name, value) == value for name, value in told.items())
    return known and (model / _TOKENS).is_file() and tokens.get("padding_side", "right") == "right"


def _takes_the_mean(model: Path) -> bool:
    """Whether a sentence-transformers model is the mean of the states of what lies in its own folder."""
    parts = _json(model / "modules.json") or [{"path": "", "type": "Transformer"}, {"path": "", "type": "Pooling"}]
    kinds = [str(part.get("type", "")).rpartition(".")[2] for part in parts]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]) or parts[0].get("path"):
        return False
    pooling = _json(model / str(parts[1].get("path")) / "config.json") if parts[1].get("path") else {}
    named = pooling.get("pooling_mode", "mean")
    modes = {name for name, on in pooling.items() if name.startswith("pooling_mode_") and on is True}
    lowers = _json(model / "sentence_bert_config.json").get("do_lower_case")
    prompted = _json(model / "config_sentence_transformers.json").get("default_prompt_name")
    return named in ("mean", ["mean"]) and modes <= {"pooling_mode_mean_tokens"} and not lowers and not prompted


def _digest(model: Path, tuning: Path | None) -> str:
    """Return what tells a conversion: of which files, with what changes, by which version, and how exact."""
    stats = sorted((str(p.relative_to(model)), p.stat().st_size, p.stat().st_mtime_ns) for p in model.rglob("*"))
    told = (stats, ctranslate2.__version__, PRECISION, _FORMAT, digest(tuning) if tuning is not None else "")
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _json(file: Path) -> Any:  # noqa: ANN401 - whatever it holds
    with suppress(OSError, ValueError):
        return json.loads(file.read_bytes())
    return {}


def _threads() -> int:
    """Return how many threads may read: as many as PyTorch takes, if it is there, else as it would."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return int(torch.get_num_threads())
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdigit() and int(told) else cores()
