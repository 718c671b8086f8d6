"""Answering from a shop's knowledge: the passage that answers a question, quoted verbatim, or an honest no."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.encoder import Encoder
from retrieval.passages import Knowledge, KnowledgeError, Passage

__all__ = ["Found", "Knowledge", "KnowledgeError", "KnowledgeIndex", "Passage"]

_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?。！？]+(?!\s)|[.!?。！？]*)")
_ANSWERS = 0.55


@dataclass(frozen=True, slots=True)
class Found:
    """A passage, the sentences of it that answer, verbatim, and how sure it is that they do, in [0, 1]."""

    passage: Passage
    quote: str
    confidence: float


class KnowledgeIndex:
    """Finds the passage that answers a question, or none.

    Args:
        knowledge: the passages.
        encoder: encodes titles and sentences now, and each question later.
    """

    def __init__(self, knowledge: Knowledge, encoder: Encoder) -> None:
        self.knowledge = knowledge
        self._encoder = encoder
        texts, owners = [], []
        for at, passage in enumerate(knowledge):
            for text in (passage.title, *passage.aliases, *_SENTENCE.findall(passage.text)):
                texts.append(text.strip())
                owners.append(at)
        self._rows = encoder.encode(texts)
        self._owners = np.array(owners)

    def search(self, question: str, k: int = 3) -> Sequence[Found]:
        """Return the k likeliest passages, likeliest first."""
        if not question.strip():
            return []
        cosines = self._rows @ self._encoder.encode([question])[0]
        best = np.full(len(self.knowledge), -1.0)
        np.maximum.at(best, self._owners, cosines)
        order = np.argsort(-best)[:k]
        return [Found(self.knowledge[int(at)], self.knowledge[int(at)].text, float(best[at])) for at in order]

    def answer(self, question: str) -> Found | None:
        """Return the passage that answers, None if it seems that none does."""
        found = self.search(question, 1)
        return found[0] if found and found[0].confidence >= _ANSWERS else None
