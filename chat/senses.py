"""The senses of a message's words: which say something of the wanted work, and which tell of the person.

"My wife is a nurse on nights, an album without words" asks for nothing about nurses or nights; "she picked Midsommar
last time" is no taste. Rules that look words up cannot know; a sentence encoder tuned on marked messages
(`finetune.senses`) reads the whole message and gives each of its words a sense. It drops or turns what the rules have
read, and finds works that only the message as a whole tells from common words; what it takes for wanted and no rule
knows asks for nothing. Limits in numbers are the rules' alone where advice is asked for.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from retrieval.encoder import Encoder, SentenceEncoder
from retrieval.errors import ModelError
from retrieval.knowledge import WEIGHTS
from retrieval.models import DEFAULT_ENCODER, is_embedded, resolve_encoder
from retrieval.parsed import Told
from retrieval.scoring import softmax
from retrieval.text import is_cjk
from retrieval.together import Together
from retrieval.types import BoolArray, FloatArray, IntArray

Sense = Literal["none", "wanted", "refused", "liked", "disliked", "known", "asked", "named"]
SENSES: tuple[Sense, ...] = get_args(Sense)
Purpose = Literal["recommend", "item", "policy", "order", "human", "buy", "small_talk", "out_of_scope"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
Stand = Literal["like", "dislike", "neutral"]
_STANDS: Mapping[Sense, Stand] = {"liked": "like", "disliked": "dislike"}  # what is known may still be taste
FILE = WEIGHTS / "minilm-senses.safetensors"
HEADS = ("words", "purposes")
LONGEST = 128  # tokens of a message that are read
_REMEMBERED = 512  # messages
_BATCH = 16  # messages and parts of some, of like length
_IDLE = 0.8  # share from which words say nothing of the wanted work; docs/experiments.md has what that loses and finds
_WORKS = [SENSES.index(sense) for sense in ("liked", "disliked", "known", "asked", "named")]
_WORK = 0.7  # and from which words name a work or its maker
_MERELY = 0.4  # and from which a work is merely named, if it is nothing else rather
_STANDING = 0.5  # and from which a stand is taken on it
_TURNED = 0.9  # and from which they are refused, or no work, whatever the rule says
_WISHED = 0.6  # and from which they are wanted, although a rule refuses them: "never been to Japan, a book set there"


@dataclass(frozen=True)
class Sensed:
    """What the encoder makes of one message.

    Attributes:
        spans: the characters of each of its T tokens, (T, 2).
        shares: of each token, how likely it has each sense, (T, len(SENSES)).
        purposes: how likely the message is of each purpose, (len(PURPOSES),).
    """

    spans: IntArray
    shares: FloatArray
    purposes: FloatArray

    def told(self, start: int, end: int) -> Told:
        """Return what the words in `text[start:end]` are to the wish, where that is clear."""
        inside = self._inside(start, end)
        takes = self.purpose.get("buy", 0.0) > 0.5  # what takes an item wants no other; "the saddest one please" may
        if not takes and inside.any() and self._aside[inside].min() > _IDLE:
            return "idle" if self.purpose.get("recommend", 1.0) > 0.5 else "aside"
        shares = self.of(start, end)
        wanted, refused, known = (float(shares[SENSES.index(sense)]) for sense in ("wanted", "refused", "known"))
        if known > _STANDING:
            return "known"
        return "refused" if refused > _TURNED else "wanted" if wanted > _WISHED else ""

    def idle(self) -> list[tuple[int, int]]:
        """Return where words stand that say nothing of the wanted work: (start, end) each."""
        return [(int(start), int(end)) for start, end in self.spans[self._aside > _IDLE]]

    def refused(self) -> list[tuple[int, int]]:
        """Return where words stand that say what is not wanted: (start, end) each."""
        share = self.shares[:, SENSES.index("refused")]
        return [(int(start), int(end)) for start, end in self.spans[share > _STANDING]]

    @cached_property
    def _aside(self) -> FloatArray:
        """How likely each token says nothing of the wanted work, (T,)."""
        share: FloatArray = self.shares[:, SENSES.index("none")] + self.shares[:, SENSES.index("named")]
        return share

    def _inside(self, start: int, end: int) -> BoolArray:
        inside: BoolArray = (self.spans[:, 0] < end) & (self.spans[:, 1] > start)
        return inside

    @property
    def wishes(self) -> bool:
        """Whether any word clearly says what is wanted, or names a work that is liked."""
        return bool((self.shares[:, [SENSES.index("wanted"), SENSES.index("liked")]].max(initial=0.0)) > _STANDING)

    @cached_property
    def works(self) -> Sequence[tuple[int, int]]:
        """Where works and makers are named, whatever is said of them: (start, end) each."""
        named = self.shares[:, _WORKS].sum(axis=1) > _WORK
        found: list[tuple[int, int]] = []
        for (start, end), is_work, before in zip(self.spans.tolist(), named, [False, *named], strict=False):
            if is_work and before:
                found[-1] = (found[-1][0], end)
            elif is_work:
                found.append((start, end))
        return found

    def part(self, start: int, end: int, purposes: FloatArray) -> Sensed:
        """Return what is made of `text[start:end]`, a part of the message with purposes of its own.

        A part alone takes no item: "go on then, which is the shortest?".
        """
        inside = (self.spans[:, 0] >= start) & (self.spans[:, 1] <= end)
        own = np.where(np.arange(len(PURPOSES)) == PURPOSES.index("buy"), 0.0, purposes + 1e-6)
        return Sensed(self.spans[inside] - start, self.shares[inside], (own / own.sum()).astype(np.float32))

    def no_work(self, start: int, end: int) -> bool:
        """Whether the words in `text[start:end]` name no work, whatever bears their name."""
        inside = self._inside(start, end)
        return bool(inside.any()) and float(self.shares[inside][:, _WORKS].sum(axis=1).max()) < 1 - _TURNED

    def merely_named(self, start: int, end: int) -> bool:
        """Whether the work in `text[start:end]` is neither taste nor wish nor asked for, or no work at all."""
        shares = self.of(start, end)
        named = float(shares[SENSES.index("named")])
        return float(shares[SENSES.index("none")]) > _IDLE or (named > _MERELY and named >= shares[_WORKS].max())

    def stand(self, start: int, end: int) -> Stand:
        """Return the stand on the work in `text[start:end]`, "neutral" where that is not clear."""
        shares = self.of(start, end)
        return next(
            (stand for sense, stand in _STANDS.items() if float(shares[SENSES.index(sense)]) > _STANDING), "neutral"
        )

    @cached_property
    def purpose(self) -> Mapping[Purpose, float]:
        """Return how likely the message is of each purpose, {} if that is not known."""
        return dict(zip(PURPOSES, map(float, self.purposes), strict=True)) if len(self.purposes) else {}

    def of(self, start: int, end: int) -> FloatArray:
        """Return how likely the words in `text[start:end]` have each sense, on average: (len(SENSES),).

        Words beyond what is read have no sense, so that nothing follows from them.
        """
        inside = self._inside(start, end)
        if not inside.any():
            return np.zeros(len(SENSES), dtype=np.float32)
        mean: FloatArray = self.shares[inside].mean(axis=0)
        return mean


@cache
def unread() -> Sensed:
    """Return what is made of a message that nobody has read: nothing."""
    none = np.zeros((0, len(SENSES)), dtype=np.float32)
    return Sensed(np.zeros((0, 2), dtype=np.int64), none, np.zeros(0, dtype=np.float32))


class Senses:
    """Reads messages; loads at the first use, and is safe to use from several threads.

    Args:
        file: what `finetune.senses` has written.
        model: the encoder that it was tuned from.
    """

    def __init__(self, file: Path = FILE, model: str | Path = DEFAULT_ENCODER) -> None:
        self._file = file
        self._name = model
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._kept: OrderedDict[str, Sensed] = OrderedDict()
        self._together: Together[Sensed] = Together(self._read)

    def read(self, text: str, *parts: str) -> Sensed | None:
        """Read a message; None if it is not in a script that the encoder reads.

        Its parts, if they are going to be asked for, are best read with it: that costs one reading for all.

        Raises:
            ModelError: at the first use, if the encoder or the file cannot be read.
        """
        if is_cjk(text):
            return None
        asked = [each for each in dict.fromkeys((text, *parts)) if not is_cjk(each)]
        with self._lock:
            known = {each: self._kept[each] for each in asked if each in self._kept}
        missing = [each for each in asked if each not in known]
        if missing:
            known |= zip(missing, self._together(missing), strict=True)
        with self._lock:
            for each in asked:
                known[each] = self._kept.setdefault(each, known[each])  # another thread may have read it meanwhile
                self._kept.move_to_end(each)
            while len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
        return known[text]

    def _read(self, texts: Sequence[str]) -> list[Sensed]:
        if self._loaded is None:
            self._loaded = _Loaded(self._file, self._name)
        return self._loaded.read(texts)


class _Loaded:
    """The encoder with its changes, and the two heads over its states."""

    def __init__(self, file: Path, name: str | Path) -> None:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        from retrieval.quick import Quick

        folder = resolve_encoder(name)
        try:
            heads = load_file(file)
            self._heads = [(_single(heads[f"{part}.weight"]), _single(heads[f"{part}.bias"])) for part in HEADS]
            quick = Quick.of(folder, LONGEST, file)
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            raise ModelError(f"cannot read the senses in {file} ({error}); fetch the file again") from error
        if quick is None:
            raise ModelError(f"the senses in {file} are those of a BERT, and {folder} holds another model; give theirs")
        self._quick = quick

    def read(self, texts: Sequence[str]) -> list[Sensed]:
        """Read texts, those of like length in a batch."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        found: dict[int, Sensed] = {}
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            found |= zip(batch, self._batch([texts[at] for at in batch]), strict=True)
        return [found[at] for at in range(len(texts))]

    def _batch(self, texts: list[str]) -> Iterator[Sensed]:
        read = self._quick.read(texts)
        words, purposes = (
            softmax(x @ weight.T + bias)
            for x, (weight, bias) in zip((read.states, read.means), self._heads, strict=True)
        )
        for at, offsets in enumerate(read.offsets):
            kept = offsets[:, 1] > offsets[:, 0]  # neither padding nor what begins and ends a text
            yield Sensed(offsets[kept], words[at, kept], purposes[at].copy())


def _single(array: FloatArray) -> FloatArray:
    return array.astype(np.float32)


@cache
def shipped() -> Senses:
    """Return the senses that come with the package, one for all who ask."""
    return Senses()


def senses_of(encoder: Encoder) -> Senses | None:
    """Return what reads messages beside an encoder: the shipped senses if it is the embedded one, else nothing."""
    return shipped() if isinstance(encoder, SentenceEncoder) and is_embedded(encoder.model) else None
