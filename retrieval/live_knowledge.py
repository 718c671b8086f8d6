"""The live knowledge: watches a shop's pages and answers from the new ones after every edit.

It answers and searches as `KnowledgeIndex` does; each question is answered by one whole version.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from pathlib import Path

from retrieval.encoder import Encoder
from retrieval.following import Following
from retrieval.knowledge import Found, Judge, KnowledgeIndex
from retrieval.passages import Knowledge, knowledge_files

log = logging.getLogger(__name__)


class LiveKnowledge(Following[KnowledgeIndex]):
    """An index of passages that follows its file or folder.

    Args:
        path: the file or folder to watch.
        encoder: see `KnowledgeIndex`; after an edit only changed texts are encoded.
        judge: see `KnowledgeIndex`.
        poll: seconds between two looks.
        watch: start the watching thread; without it `refresh` is called by hand.

    Raises:
        KnowledgeError: the first version cannot be used.
    """

    what = "knowledge"

    def __init__(
        self,
        path: str | Path,
        encoder: Encoder,
        judge: Judge | None = None,
        *,
        poll: float = 0.5,
        watch: bool = True,
    ) -> None:
        self._asked_with = encoder
        self._judge = judge
        super().__init__(path, poll=poll, watch=watch)

    def __len__(self) -> int:
        return len(self._current)

    def answer(self, question: str, without: Collection[str] = ()) -> Found | None:
        """Return the passage that answers a question, None if none seems to; see `KnowledgeIndex.answer`."""
        return self._current.answer(question, without)

    def search(self, question: str, k: int = 3, without: Collection[str] = ()) -> list[Found]:
        """Return the k passages that answer most likely, likeliest first; see `KnowledgeIndex.search`."""
        return self._current.search(question, k, without)

    def worth_reading(self, question: str) -> bool:
        """Whether the encoder alone gives any passage a chance to answer."""
        return self._current.worth_reading(question)

    def chance(self, question: str) -> float:
        """Return the log odds that some passage answers a question, by the encoder alone."""
        return self._current.chance(question)

    def closest(self, question: str, texts: Sequence[str]) -> str:
        """Return the text that is clearly nearest in meaning to a question, "" if none is."""
        return self._current.closest(question, texts)

    def _signature(self) -> tuple[tuple[str, int, int, int], ...]:
        found = []
        for file in knowledge_files(self.path):
            try:
                stat = file.stat()
            except OSError:  # removed between the two looks
                continue
            found.append((str(file), stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return tuple(found)

    def _first(self) -> KnowledgeIndex:
        return KnowledgeIndex(Knowledge.load(self.path), self._asked_with, self._judge)

    def _next(self) -> KnowledgeIndex:
        return KnowledgeIndex(Knowledge.load(self.path), self._asked_with, self._judge, previous=self._current)

    def _taken(self, made: KnowledgeIndex) -> None:
        log.info("%s: %d passages live", self.path, len(made))
