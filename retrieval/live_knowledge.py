"""The live knowledge: watches a shop's pages and answers from the new ones after every edit.

It answers and searches as `KnowledgeIndex` does; each question is answered by one whole version.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

from retrieval.encoder import Encoder
from retrieval.errors import NamedropError
from retrieval.knowledge import Found, Judge, KnowledgeIndex
from retrieval.passages import Knowledge, knowledge_files

log = logging.getLogger(__name__)

_SETTLE = 0.15  # seconds the files must stay unchanged before they are read: editors save in several writes

Signature = tuple[tuple[str, int, int, int], ...]


class LiveKnowledge:
    """An index of passages that follows its file or folder.

    A version that cannot be used keeps the last good one; `problem` says why until a good version arrives.

    Args:
        path: the file or folder to watch.
        encoder: see `KnowledgeIndex`; after an edit only changed texts are encoded.
        judge: see `KnowledgeIndex`.
        poll: seconds between two looks.
        watch: start the watching thread; without it `refresh` is called by hand.

    Raises:
        KnowledgeError: the first version cannot be used.
    """

    def __init__(
        self,
        path: str | Path,
        encoder: Encoder,
        judge: Judge | None = None,
        *,
        poll: float = 0.5,
        watch: bool = True,
    ) -> None:
        self.path = Path(path)
        self.problem: str | None = None
        self._asked_with = encoder
        self._judge = judge
        self._poll = poll
        self._closed = threading.Event()
        self._refreshing = threading.Lock()
        self._seen = self._signature()
        self._current = KnowledgeIndex(Knowledge.load(self.path), encoder, judge)
        self._thread = threading.Thread(target=self._watch, name="namedrop-live-knowledge", daemon=True)
        if watch:
            self._thread.start()

    @property
    def current(self) -> KnowledgeIndex:
        """Return the index of the last good version."""
        return self._current

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

    def closest(self, question: str, texts: Sequence[str]) -> str:
        """Return the text that is clearly nearest in meaning to a question, "" if none is."""
        return self._current.closest(question, texts)

    def close(self) -> None:
        """Stop watching; the current index stays usable."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def refresh(self) -> bool:
        """Look at the files once; True if a new version was taken over."""
        with self._refreshing:
            signature = self._signature()
            if signature == self._seen:
                return False
            self._closed.wait(_SETTLE)
            if self._signature() != signature:
                return False  # still being saved: look again
            try:
                index = KnowledgeIndex(Knowledge.load(self.path), self._asked_with, self._judge, previous=self._current)
            except NamedropError as error:
                if self._signature() == signature:
                    self._refuse(signature, str(error))
                return False
            self._seen, self.problem, self._current = signature, None, index
            log.info("%s: %d passages live", self.path, len(index))
            return True

    def _refuse(self, signature: Signature, problem: str) -> None:
        self._seen = signature
        if problem != self.problem:
            log.warning("the last good version of the knowledge stays: %s", problem)
        self.problem = problem

    def _watch(self) -> None:
        while not self._closed.wait(self._poll):
            try:
                self.refresh()
            except OSError as error:  # a share that is away comes back: look again
                self._refuse(self._seen, f"{self.path}: {error}")
            except Exception as error:  # the thread must outlive whatever a file or a disk does
                log.exception("the live knowledge could not follow %s", self.path)
                self._refuse(self._signature(), f"{self.path}: {error}")

    def _signature(self) -> Signature:
        found = []
        for file in knowledge_files(self.path):
            try:
                stat = file.stat()
            except OSError:  # removed between the two looks
                continue
            found.append((str(file), stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return tuple(found)
