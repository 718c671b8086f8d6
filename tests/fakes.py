"""Deterministic stand-ins for models, so that most tests need none."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from retrieval.text import words
from retrieval.types import FloatArray


class BagEncoder:
    """Counts words into hashed dimensions: texts that share words are near. `texts` records what was encoded."""

    def __init__(self, dimension: int = 256, name: str = "bag") -> None:
        self.dimension = dimension
        self.name = name
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> FloatArray:
        self.texts.extend(texts)
        rows = np.full((len(texts), self.dimension), 1e-3, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words(text):
                row[zlib.crc32(word.encode()) % self.dimension] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
