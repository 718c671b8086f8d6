"""Wishes that are described rather than named: who wants "something that makes my palms sweat" wants it tense.

`idioms.txt` tells how people describe each mood and genre: ``tense: keeps me biting my nails; … | 让人屏住呼吸; …``. A
clause ("that …", "to …") is compared by meaning with all of them, the nearest one and the mean of a
value's together (nearest neighbour and nearest centroid); "doesn't" and its like must stand in both or neither, since
embeddings hardly see a negation. Chinese phrases must stand in the message as they are, the embedded encoder knowing
English only.

The vectors of the idioms come with the package, made by ``python -m retrieval.described``; the threshold was set for
the encoder that made them, so with another one nothing is read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from retrieval.encoder import Encoder, SentenceEncoder
from retrieval.lexicon import vocabulary
from retrieval.types import BoolArray, FloatArray, IntArray

IDIOMS = Path(__file__).with_name("idioms.txt")
VECTORS = Path(__file__).with_name("weights") / "idioms-minilm.safetensors"

_NEAR = 1.45  # of the two cosines together; docs/experiments.md has what other thresholds let through
_FRAME = "something that {}"
_NEGATIVE = re.compile(r"\b(?:not|no|never|nothing|without)\b|n['’]?t\b", re.IGNORECASE)
# "I like that film", "is it true that …" and "that one" describe nothing.
_CLAUSES = (
    re.compile(
        r"(?<!\blike )(?<!\blove )(?<!\bloved )(?<!\bliked )(?<!\bnot )(?<!\bis )(?<!\bwas )(?<!\bof )"
        r"(?<!\bthan )(?<!\bseen )(?<!\babout )(?<!\bwith )(?<!\bfor )(?<!\bknow )(?<!\bsay )(?<!\bthink )"
        r"(?<!\bsure )(?<!\bso )(?<!\bafter )"
        r"\b(?:that|which)\s+(?!one\b|ones\b|film\b|movie\b|book\b|game\b|album\b|course\b|series\b)([^.,;:!?\n]{5,60})",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:something|anything|one|film|movie|book|game|album|music)\s+to\s+([^.,;:!?\n]{5,60})", re.IGNORECASE
    ),
    re.compile(
        r"\b(?:something|anything|nothing|ones?|films?|movies?|books?|games?|stor(?:y|ies))\s+where\s+([^.,;:!?\n]{5,60})",
        re.IGNORECASE,
    ),
)
_ENDS = re.compile(r"\s+(?:but|and\s+(?:that|which|is|has|isn'?t|under|not)|please|instead)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Description:
    """What a part of a message, from character `start` to `end`, describes: a value of a field."""

    field: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Idioms:
    """How people describe v values, n phrases of d dimensions in all.

    Attributes:
        values: (field, value) of each of the v.
        owners: the place of each phrase's value: (n,).
        vectors: of the phrases, unit rows: (n, d).
        lengths: of the sum of each value's vectors: (v,).
        negative: which phrases hold a negation: (n,).
        chinese: further phrases, with the place of their value.
    """

    values: tuple[tuple[str, str], ...]
    owners: IntArray
    vectors: FloatArray
    lengths: FloatArray
    negative: BoolArray
    chinese: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Describer:
    """Reads descriptions by the encoder that made the idioms' vectors."""

    encoder: Encoder
    idioms: Idioms

    def read(self, text: str, known: Callable[[str, str], bool]) -> Iterator[Description]:
        """Yield what a message describes, of the values (field, value) that are known here."""
        for phrase, place in self.idioms.chinese.items():
            if phrase in text and known(*self.idioms.values[place]):
                start = text.index(phrase)
                yield Description(*self.idioms.values[place], start, start + len(phrase))
        for pattern in _CLAUSES:
            for match in pattern.finditer(text):
                said = _ENDS.split(match[1])[0]
                value = self._nearest(said)
                if value is not None and known(*value):
                    yield Description(*value, match.start(1), match.start(1) + len(said))

    def _nearest(self, said: str) -> tuple[str, str] | None:
        idioms = self.idioms
        near = idioms.vectors @ self.encoder.encode([_FRAME.format(said)])[0]  # (n,)
        centroid = np.bincount(idioms.owners, near, len(idioms.values)) / idioms.lengths  # cosines (v,)
        near[idioms.negative != bool(_NEGATIVE.search(said))] = -1.0
        nearest = np.full(len(idioms.values), -1.0)
        np.maximum.at(nearest, idioms.owners, near)
        place = int((nearest + centroid).argmax())
        return idioms.values[place] if nearest[place] + centroid[place] >= _NEAR else None


def describer(encoder: Encoder) -> Describer | None:
    """Return what reads descriptions by an encoder, None if the idioms' vectors are another one's."""
    made_by, idioms = _idioms()
    return Describer(encoder, idioms) if encoder.name == made_by else None


@cache
def _idioms() -> tuple[str, Idioms]:
    """Read the idioms with their vectors, and which encoder made those."""
    from safetensors import safe_open

    values, english, chinese = _phrases()
    with safe_open(VECTORS, framework="np") as file:
        made_by, vectors = file.metadata()["encoder"], file.get_tensor("vectors").astype(np.float32)
    owners = np.array([place for place, _ in english])
    sums = np.zeros((len(values), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, owners, vectors)
    negative = np.array([_NEGATIVE.search(phrase) is not None for _, phrase in english])
    return made_by, Idioms(values, owners, vectors, np.linalg.norm(sums, axis=1), negative, chinese)


def _phrases() -> tuple[tuple[tuple[str, str], ...], list[tuple[int, str]], Mapping[str, int]]:
    """Return the values, the English phrases each with its value's place, and the Chinese ones."""
    moods = vocabulary("moods")
    values: list[tuple[str, str]] = []
    english: list[tuple[int, str]] = []
    chinese: dict[str, int] = {}
    for line in IDIOMS.read_text(encoding="utf-8").splitlines():
        value, _, phrases = line.partition(": ")
        spoken, _, written = phrases.partition(" | ")
        english += [(len(values), phrase) for phrase in spoken.split("; ")]
        chinese |= {phrase.removesuffix("的"): len(values) for phrase in written.split("; ")}
        values.append(("moods" if value in moods else "genres", value))
    return tuple(values), english, chinese


def main() -> int:
    """Make the idioms' vectors anew; return the exit status."""
    from safetensors.numpy import save_file

    encoder = SentenceEncoder()
    vectors = encoder.encode([_FRAME.format(phrase) for _, phrase in _phrases()[1]]).astype(np.float16)
    save_file({"vectors": vectors}, VECTORS, metadata={"encoder": encoder.name})
    return 0


if __name__ == "__main__":
    sys.exit(main())
