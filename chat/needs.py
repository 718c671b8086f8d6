"""Needs: goods found by what people tell of their need, where nothing has been learnt of a catalogue.

"My back hurts when I weed" shares no word with a long-handled hoe. An encoder that was tuned on what customers of other
shops need (`finetune.paraphrases`) scores every item by that need, and the judge (`chat.judge`) reads the best of them
beside it: zero-shot scoring by likelihood as in M6-Rec (arXiv 2205.08084, section 3.3), of the words given the item, as
Sachan et al. score passages (EMNLP 2022).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np

from chat.typed import telling_words
from retrieval.index import Index
from retrieval.knowledge import GOODS, Judge, encoded, reads, sentences, tuned
from retrieval.types import BoolArray, FloatArray, Item
from retrieval.units import of_header

MOST = 1_000  # items that are read so: a dozen seconds of encoding, once
READ = 12  # of the best, which the judge reads
PART = 0.35  # of an item's score: its nearest part; the whole of it has the rest
_SAID = 2  # messages of the person that tell of a need, the latest first
_MEANT, _TURNED, _HALF = 3, 0.25, 0.5  # goods that the message before means, and the lead of others that is a turn
_TELLS = 0.3  # the cosine from which a sentence of the description says why an item is meant
_LOOKED_AT, _MEETS = 4, -0.3  # items that are read to see whether anything is meant, and the log odds from which it is
_WEIGHT, _LEVEL = 9.0, 0.3  # of the best cosine, in log odds against a question to the shop, and where it says nothing
_OUTSIDE = 0.08  # by cosine, from which goods outside a limit are meant that stands in a message of so many words
_STORY = 3  # telling words: who says less says what it is to be
_NOT = re.compile(r"\b(?:not|no|never|too)\b|n['’]t\b", re.IGNORECASE)
_REFUSES = re.compile(r"^\W*(?:(?:but|and|just|please)\s+)?(?:no|not|nothing|without|never|none)\b", re.IGNORECASE)
_YES_NO: Mapping[object, str] = {True: "yes", False: "no"}


class Need(NamedTuple):
    """What somebody needs.

    Attributes:
        text: that tells it.
        near: how near each item is to it, (N,).
    """

    text: str
    near: FloatArray


class Needs:
    """Scores the items of one catalogue of goods by a need. Safe to use from several threads.

    Args:
        index: the catalogue; at most `MOST` items, beside an encoder that `tuned` knows a tuning of.
        judge: reads the best, None without a language model.
        previous: of the version before an edit, whose vectors of unchanged items are kept.
    """

    def __init__(self, index: Index, judge: Judge | None, previous: Needs | None = None) -> None:
        self._encoder = tuned(index.encoder, GOODS)
        self._judge = judge
        self._texts = [read_out(item) for item in index.catalog.items]
        parts = [parts_of(item) for item in index.catalog.items]
        texts = dict.fromkeys((*self._texts, *chain.from_iterable(parts)))
        kept: dict[str, FloatArray] = previous._kept if previous is not None else {}
        fresh = [text for text in texts if text not in kept]
        # Of a first reading the next start finds the vectors.
        encode = self._encoder.encode if kept else partial(encoded, encoder=self._encoder)
        new = dict(zip(fresh, encode(fresh), strict=True)) if fresh else {}
        self._kept: dict[str, FloatArray] = {text: kept[text] if text in kept else new[text] for text in texts}
        self._vectors = np.stack([self._kept[text] for text in self._texts])  # (N, d)
        self._parts = np.stack([self._kept[part] for part in chain.from_iterable(parts)])  # (M, d), M >= N
        self._begins = np.cumsum([0, *map(len, parts[:-1])])  # where each item's parts begin

    @staticmethod
    def told_of(index: Index) -> bool:
        """Whether a catalogue is one that is read so."""
        return not index.facets.of_works and len(index.catalog) <= MOST and tuned(index.encoder) is not index.encoder

    def scores(self, said: str) -> FloatArray:
        """Return how near each item is to a need: (N,), its cosine with all of it and with its nearest part, mixed."""
        said_so = self._encoder.encode([said])[0]
        nearest = np.maximum.reduceat(self._parts @ said_so, self._begins)
        return (1 - PART) * (self._vectors @ said_so) + PART * nearest

    def need(self, said: Sequence[tuple[str, str]]) -> Need | None:
        """Return what somebody needs, by the (role, text) of the conversation, oldest first; None if nothing tells it.

        Where the last message means other goods than the one before did, what that one told matters the less.
        """
        last, *before = _telling(said) or [""]
        if not last:
            return None
        alone = self.scores(last)
        if not before:
            return Need(last, alone)
        both, meant = f"{last} {before[0]}", np.argsort(-self.scores(before[0]))[:_MEANT]
        turned = min(max(float(alone.max() - alone[meant].max()) / _TURNED, 0.0), 1.0)
        near = turned * alone + (1 - turned) * self.scores(both)
        return Need(last if turned > _HALF else both, near.astype(np.float32))

    def read(self, said: str, positions: Sequence[int]) -> FloatArray:
        """Return by how many log odds each of some items is likelier meant than the least of them: (n,)."""
        if self._judge is None or len(positions) < 2:  # one alone is before nobody
            return np.zeros(len(positions), dtype=np.float32)
        told = self._judge.judge(said, [self._texts[at] for at in positions])
        return (told - told.min()).astype(np.float32)

    def speaks(self, said: str) -> float:
        """Return what the goods say for it that somebody speaks of them and not of the shop, as log odds."""
        return _WEIGHT * (float(self.scores(said).max()) - _LEVEL) if reads(said) and telling_words(said) else 0.0

    def meets(self, said: str) -> bool:
        """Whether the judge would take some item for an answer to what somebody says; False without a judge."""
        if self._judge is None or not reads(said):
            return False
        best = np.argsort(-self.scores(said))[:_LOOKED_AT]
        return float(self._judge.judge(said, [self._texts[at] for at in best]).max()) >= _MEETS

    def doubted(self, said: str, left: BoolArray) -> bool:
        """Return whether what somebody tells is plainly met by goods outside what a limit leaves, (N,).

        "She can't open jars" asks for no jar; where it says little besides, it says what it means.
        """
        if not reads(said) or len(telling_words(said)) < _STORY:
            return False
        near = self.scores(said)
        return bool(near[~left].max(initial=-1) - near[left].max(initial=-1) > _OUTSIDE)

    def because(self, said: str, item: Item) -> str:
        """Return the sentence of an item's description that is nearest to a need, quoted; "" if none is near.

        What says what an item is not is no reason for it.
        """
        told = [each for each in sentences(item.description) if not _NOT.search(each)]
        if not told or not said:
            return ""
        need, *vectors = self._encoder.encode([said, *told])
        near = [float(vector @ need) for vector in vectors]
        best = max(range(len(told)), key=near.__getitem__)
        return f"“{told[best]}”" if near[best] >= _TELLS else ""


def parts_of(item: Item) -> tuple[str, ...]:
    """Return the parts of which an item is read besides: its title, and each sentence of its description behind it."""
    return (item.title, *(f"{item.title}: {each}" for each in sentences(item.description)))


def need_of(said: Sequence[tuple[str, str]]) -> str:
    """Return what tells of a person's need among the (role, text) of a conversation, oldest first.

    What tells nothing ("cheaper", "under 100") leaves the need as it was, and what was asked before tells of none. It
    is "" where nothing tells of one, or in a script that the encoder does not read.
    """
    return " ".join(_telling(said))


def _telling(said: Sequence[tuple[str, str]]) -> list[str]:
    """Return the messages that tell of a need, the latest first; none in a script that the encoder does not read."""
    asked = (text for role, text in reversed(said) if role == "user")
    telling = [text for text in asked if telling_words(text) and not _merely_refuses(text)]
    found = [text for at, text in enumerate(telling) if at == 0 or not text.rstrip().endswith("?")][:_SAID]
    return found if reads(" ".join(found)) else []


def _merely_refuses(text: str) -> bool:
    """Whether a message says in few words what something is not to be: "no glass" tells of no need for glass."""
    return _REFUSES.search(text) is not None and len(telling_words(text)) < _STORY


def read_out(item: Item, *, titled: bool = True) -> str:
    """Return what is read of an item: its title, what is told of it, and its columns by their names."""
    told = [item.kind, *item.creators, *item.genres]
    for name, value in item.attributes.items():
        written = ", ".join(value) if isinstance(value, tuple) else _YES_NO.get(value, f"{value}")
        told += [f"{of_header(name)[0]}: {written}"] if written else []
    about = f"{item.description} {'; '.join(filter(None, told))}."
    return f"{item.title}\n{about}" if titled else about
