"""Lines: what of an item's own cells and sentences answers a question about it, where none of the words need agree.

"Would my wrists manage it?" is answered by "It lifts easily with one hand", "how do I plug it in" by its column of
connections. An encoder that was tuned on questions about goods of other shops (`finetune.paraphrases`) compares the
question with every line of the item; whether the nearest answers is decided by a logistic regression on how near it is
and how far ahead of the next, fitted on shops whose questions it had not learnt (`benchmarks.lines`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from chat import facts
from retrieval.index import Index
from retrieval.knowledge import LINES, WEIGHTS, reads, sentences, tuned
from retrieval.text import is_cjk, words
from retrieval.types import FloatArray, Item
from retrieval.units import of_header

DESCRIPTION = "description"
NEAR, PERHAPS = -1.5, -3.0  # log odds from which the nearest sentence, or one of all of them, is likely the answer
FILE = WEIGHTS / "lines.json"
_NAMES = ("kind", "creators")


class Line(NamedTuple):
    """One thing that the catalogue says of an item.

    Attributes:
        field: a column, or "description".
        text: as it is compared with questions; of a description the sentence, verbatim.
    """

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """What answers a question.

    Attributes:
        line: of the item that was asked about.
        odds: by how many log odds it is beyond what a plain answer needs.
    """

    line: Line
    odds: float

    @property
    def answers(self) -> bool:
        """Whether the line is taken for the answer."""
        return self.odds >= 0


def lines_of(item: Item) -> list[Line]:
    """Return what the catalogue says of an item, a cell or a sentence a line."""
    made = facts.join(item.creators, "en")
    lines = [Line("kind", f"what it is: {item.kind}")] if item.kind else []
    lines += [Line("creators", f"brand: {made}")] if made else []
    lines += [Line("price", f"price: {facts.price(item, 'en')}")] if item.price is not None else []
    lines += [Line("in_stock", "in stock: " + ("yes" if item.in_stock else "no"))]
    for name in item.attributes:
        value = facts.attribute(item, name, "en")
        lines += [Line(name, f"{of_header(name)[0]}: {value}")] if value and value != made else []
    described = [] if is_cjk(item.description) else sentences(item.description)
    return [*lines, *(Line(DESCRIPTION, each) for each in described)]


class Lines:
    """Finds the line of an item that answers a question. Safe to use from several threads.

    Args:
        index: of a catalogue of goods, beside an encoder that `tuned` knows a tuning of.
    """

    def __init__(self, index: Index) -> None:
        self._encoder = tuned(index.encoder, LINES)

    @staticmethod
    def told_of(index: Index) -> bool:
        """Whether a catalogue is one whose items are read so."""
        return not index.facets.of_works and tuned(index.encoder) is not index.encoder

    def near(self, question: str, item: Item) -> tuple[Sequence[Line], FloatArray]:
        """Return an item's lines, and how near each is to a question, as a cosine: (n,).

        A kind or a brand that the question names itself is not what it asks for: "doors on the Ordna?".
        """
        said = frozenset(words(question))
        lines = [line for line in lines_of(item) if line.field not in _NAMES or not said.issuperset(_value(line))]
        asked, *told = self._encoder.encode([question, *(line.text for line in lines)])
        return lines, np.stack(told) @ asked

    def read(self, question: str, item: Item) -> Read | None:
        """Return the line that is nearest to a question, None if the encoder does not read its script."""
        if not reads(question):
            return None
        lines, near = self.near(question, item)
        return Read(lines[int(near.argmax())], _Weights.load().odds(near))


def _value(line: Line) -> frozenset[str]:
    return frozenset(words(line.text.partition(": ")[2]))


def cues(near: FloatArray) -> tuple[float, float]:
    """Return what the decision to answer is made of: the best cosine, and how far the next is behind."""
    ordered = np.sort(near)[::-1]
    return float(ordered[0]), float(ordered[0] - ordered[1]) if len(ordered) > 1 else 1.0


class _Weights(NamedTuple):
    """Of the cues, the intercept, and the log odds from which a line is taken for an answer."""

    cues: tuple[float, float]
    intercept: float
    bar: float

    @classmethod
    @cache
    def load(cls) -> _Weights:
        stored = json.loads(FILE.read_text(encoding="utf-8"))
        return cls(tuple(stored["cues"]), stored["intercept"], stored["bar"])

    def odds(self, near: FloatArray) -> float:
        """Return by how many log odds the best of some lines is beyond the bar."""
        return math.fsum(w * x for w, x in zip(self.cues, cues(near), strict=True)) + self.intercept - self.bar
