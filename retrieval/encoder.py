"""Sentence encoders: texts in, unit vectors out, behind one contract; and the text by which an item is found."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from retrieval.errors import ModelError
from retrieval.models import DEFAULT_ENCODER, EMBEDDED, resolve_encoder
from retrieval.together import Together
from retrieval.tuning import add_tuning, digest
from retrieval.types import FloatArray, Item

log = logging.getLogger(__name__)

_LONGEST_ATTRIBUTE = 60  # characters; longer values are prose, identifiers or addresses
_MOST_VALUES = 12  # of one list attribute (a cast, say), so that it cannot crowd out the description
_BATCH = 32  # texts; 16 to 64 measured alike on two cores
_QUERY = 4  # so few texts are a turn's: they share a batch with those of other turns
_REMEMBERED = 8_192  # rows of turns' texts, 13 MB at 384 dimensions: several parts of a turn ask for the same


class Encoder(Protocol):
    """The contract behind every sentence encoder.

    `name` identifies what the vectors mean: vectors of encoders with equal names may be mixed. `dimension` is d.
    """

    @property
    def name(self) -> str:
        """Return what identifies the vectors."""
        ...

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return one L2-normalised row a text: (n, d) float32."""
        ...


def text_digest(item: Item) -> str:
    """Return what tells whether an item must be read again: a digest of all that is searched of it."""
    searched = "\0".join((item_text(item), *item.aliases))
    return hashlib.blake2b(searched.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def item_text(item: Item) -> str:
    """Return the text by which dense and lexical retrieval find an item, what tells most first.

    ``Stalker (1979). film by Andrei Tarkovsky. science fiction, drama. slow, mysterious. A guide leads …``.
    Price, stock, addresses and numbers are left out, so that editing them costs no encoding.
    """
    title = item.title if item.year is None else f"{item.title} ({item.year})"
    made = f"{item.kind} by {', '.join(item.creators)}".strip() if item.creators else item.kind
    lists = [item.genres]
    for value in item.attributes.values():
        if isinstance(value, str):
            lists.append((value,))
        elif isinstance(value, tuple):
            lists.append(value[:_MOST_VALUES])
    short = (", ".join(v for v in values if len(v) <= _LONGEST_ATTRIBUTE and "://" not in v) for values in lists)
    return ". ".join(part for part in (title, made, *short, item.description) if part)


class SentenceEncoder:
    """A sentence-transformers model, loaded at first use and safe to call from several threads.

    Callers with few texts who wait for the model at the same time are served together: eight short texts cost 1.1 times
    what one does.

    Args:
        model: a local folder, an embedded name or a hub id, as `retrieval.models` resolves it.
        max_length: tokens a text is cut to; an item's telling parts come first in `item_text`.
        dtype: "float32" or "bfloat16"; by default what the hardware is fast at, on a processor 8-bit integers.
        tuning: low-rank changes of the model's weights for one task, as `finetune.paraphrases` writes them.

    Raises:
        ModelError: at first use, if the model cannot be found or read, or the tuning does not fit it.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_ENCODER,
        *,
        max_length: int = 96,
        dtype: str | None = None,
        tuning: Path | None = None,
    ) -> None:
        self.model = str(model)
        self.max_length = max_length
        self.tuning = tuning
        self._dtype = dtype
        self._lock = threading.RLock()
        self._together: Together[FloatArray] = Together(self._rows, self._lock)
        self._keeping = threading.Lock()  # of its own: who has what they want waits for no model
        self._kept: OrderedDict[bytes, FloatArray] = OrderedDict()  # by the text's digest
        self._loaded: Any = None
        self._name: str | None = None

    @property
    def name(self) -> str:
        """Return model and cut; no dtype: bf16 and int8 rows differ little from float32 ones (cosine .995)."""
        if self._name is None:
            tuned = f"+{digest(self.tuning)[:12]}" if self.tuning else ""
            self._name = f"{_identity(self.model)}{tuned}@{self.max_length}"
        return self._name

    @property
    def dimension(self) -> int:
        """Return the length of a vector; loads the model."""
        return int(self._get().get_embedding_dimension())

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The whole words that its tokenizer knows, in lower case: some 20,000 of the commonest; loads the model."""
        tokens = self._get().tokenizer.get_vocab()
        return frozenset(word for token in tokens if (word := token.lstrip("\u2581\u0120").lower()).isalpha())

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return one L2-normalised row a text: (n, d) float32. Texts of like length share a batch."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        if len(texts) > _QUERY:
            with self._lock:
                return self._encode(texts)
        keys = [_key(text) for text in texts]
        kept = [self._kept.get(key) for key in keys]
        missing = [text for text, row in zip(texts, kept, strict=True) if row is None]
        fresh = iter(self._together(missing) if missing else ())
        rows = [next(fresh) if row is None else row for row in kept]
        self._keep(keys, rows)
        return np.stack(rows)

    def read_ahead(self, texts: Sequence[str]) -> None:
        """Read up to 8,192 texts together that are going to be asked for one by one, which costs ten times as much."""
        keys = {_key(text): text for text in texts}
        missing = {key: text for key, text in keys.items() if key not in self._kept}
        if missing:
            with self._lock:
                rows = self._encode(list(missing.values()))
            self._keep(missing, rows)

    def _keep(self, keys: Iterable[bytes], rows: Iterable[FloatArray]) -> None:
        """Remember rows (d,) by their texts' keys; those that have been known longest go first."""
        with self._keeping:
            self._kept.update(zip(keys, rows, strict=True))
            while len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)

    def _rows(self, texts: Sequence[str]) -> list[FloatArray]:
        return [row.copy() for row in self._encode(texts)]  # kept one by one: none holds the others

    def _encode(self, texts: Sequence[str]) -> FloatArray:
        """Encode in the model; the caller holds the lock."""
        rows = self._get().encode(list(texts), batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True)
        rows = np.asarray(rows, dtype=np.float32)
        # Normalising in bf16 would leave norms up to 0.4 % off.
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

    def _get(self) -> Any:  # noqa: ANN401 - a SentenceTransformer, which is imported late
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:  # noqa: ANN401
        folder = resolve_encoder(self.model)
        try:
            from retrieval.quick import QuickSentences

            quick = QuickSentences.of(folder, self.max_length, self.tuning) if self._dtype is None else None
            if quick is not None:
                log.info("sentence encoder %r on the processor in int8: quickest there", self.model)
                return quick
            return self._in_torch(folder)
        except ImportError as error:
            raise ModelError(f"the sentence encoder needs {error.name}; pip install -r requirements.txt") from error
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"cannot read the sentence encoder in {folder} ({error}); download it again") from error

    def _in_torch(self, folder: Path) -> Any:  # noqa: ANN401
        """Load a model that is no BERT of the usual build, that a GPU is there for, or of the dtype asked for."""
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        # The tuning is added in float32: bf16 would swallow most of it.
        model = SentenceTransformer(str(folder), local_files_only=True, model_kwargs={"dtype": torch.float32})
        if self.tuning is not None:
            add_tuning(model.transformers_model, self.tuning)
        dtype, why = (self._dtype, "asked for") if self._dtype else fast_dtype()
        model.to(getattr(torch, dtype))
        model.max_seq_length = min(self.max_length, model.max_seq_length or self.max_length)
        log.info("sentence encoder %r on %s in %s: %s", self.model, model.device, dtype, why)
        return model


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def fast_dtype() -> tuple[str, str]:
    """Return the dtype to compute in and why."""
    import torch

    if torch.cuda.is_available():
        return ("bfloat16", "the GPU supports it") if torch.cuda.is_bf16_supported() else ("float32", "a GPU")
    flags = Path("/proc/cpuinfo")
    if flags.is_file() and "avx512_bf16" in flags.read_text(encoding="utf-8", errors="replace"):
        return "bfloat16", "CPU has avx512_bf16 (measured 1.8 times as fast as float32)"
    return "float32", "CPU without avx512_bf16"


def _identity(model: str) -> str:
    """Name a model by what it is: its embedded name, or folder name and a digest of its files' sizes and times."""
    for entry in EMBEDDED:
        named = entry.role == "sentence encoder" and model.casefold() in (n.casefold() for n in entry.names)
        if named and not (Path(model) / "config.json").is_file():  # a folder of that name goes first
            return entry.names[0]
    folder = resolve_encoder(model)
    stats = sorted((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file())
    return f"{folder.resolve().name}-{hashlib.sha256(repr(stats).encode()).hexdigest()[:12]}"
