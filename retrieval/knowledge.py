"""Answering from a shop's knowledge: the passage that answers a question, quoted verbatim, or an honest no.

Passages are found by meaning: a question is compared with each passage's title (and further questions), with its text,
and with both together, by the sentence encoder tuned for this (`finetune.paraphrases`). The best few are then read
beside the question by a judge (`chat.judge`), where there is one. Whether the first of them answers is decided by a
logistic regression on how near each of the three views is, how far the next passage is behind, and what the judge says.
Ranking weights and regression stand in `weights/knowledge.json`; `benchmarks.knowledge` fits them on some invented
shops and measures them on others.

The encoder reads English. A question in another script is looked up by the characters it shares with passages of that
script, and is answered only if they are most of it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.encoder import Encoder, SentenceEncoder
from retrieval.files import replacing
from retrieval.lexicon import is_place
from retrieval.models import cache_root, is_embedded
from retrieval.passages import Knowledge, KnowledgeError, Passage
from retrieval.text import is_cjk, normalize, words
from retrieval.types import FloatArray

__all__ = ["Found", "Judge", "Knowledge", "KnowledgeError", "KnowledgeIndex", "Passage"]

log = logging.getLogger(__name__)

Numbers = npt.NDArray[np.float64]

WEIGHTS = Path(__file__).parent / "weights"
TUNING = WEIGHTS / "minilm-knowledge.safetensors"
GOODS = WEIGHTS / "minilm-goods.safetensors"
LINES = WEIGHTS / "minilm-lines.safetensors"
VIEWS = ("title", "whole", "text")  # what a question is compared with
CUES = (*VIEWS, "margin")  # what the decision to answer is made of
JUDGED_CUES = (*CUES, "over_none")  # and what it is made of where a judge has read the passages
JUDGED = 4  # passages that the judge reads: the right one is among the encoder's best four in 97 of 100
_CHANCE = 0.1  # that the encoder gives the passage; of 136 messages that the judge found a page for, 2 have less
_SURELY = 8.0  # log odds beyond which nothing more is told
_CLOSE = 0.25  # the cosine from which a sentence is near a question
_ENCODER_WEIGHT = 8.0  # of the encoder's score, in log odds of the judge
_KEPT = 16  # knowledge bases whose vectors stay in the cache
_SHORT = 80  # words up to which a passage is quoted whole
_WINDOW = 60  # words of a text that are read at once, and of a quote from a long passage
_ENDS = re.compile(r"[.!?]+[\"')\]”’]*(?=\s+[\"'(\[“‘A-Z0-9])|[。！？]+[」”’]?|\n+")
_ABBREVIATED = re.compile(
    r"(?:^|\s)(?:[A-Za-z]|e\.g|i\.e|etc|vs|cf|approx|no|nos|st|mr|mrs|ms|dr|p\.m|a\.m)\.$", re.IGNORECASE
)
_STOP = frozenset(word for stop in STOPWORDS_EN_PLUS for word in words(stop)) | frozenset(
    words("want need get got please help know tell possible like thing would could may might can do did have im id ive")
)
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ies|ed|es|s|ly|y)$")
_PLACE = re.compile(r"\b(to)\s+([A-ZÀ-Ý][\w'’-]+(?:\s+[A-ZÀ-Ý][\w'’-]+)*)")
_BEYOND = 10.0  # any difference of scores
_TINY = 1e-9  # a chance is never smaller than this, nor nearer to 1
_MOST = 0.5  # of a question's characters must stand in the passage, where only characters are compared
_CLEAR = 0.1  # by how much the best must be better than the second: a sentence, or a passage compared by characters
_HAN_STOP = frozenset(
    "的了吗呢吧啊我你您他她它们这那是有在和与或也都就很请问可以能会要想怎么样什么多少如何为哪里个几一下"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that may answer a question.

    Attributes:
        passage: as it is kept.
        quote: the part of it that answers, verbatim.
        confidence: how likely it is that it answers, in [0, 1].
        bar: the confidence from which on it is taken for an answer.
    """

    passage: Passage
    quote: str
    confidence: float
    bar: float = 0.5

    @property
    def lead(self) -> float:
        """Return by how much the confidence exceeds the bar, in log odds."""
        return _log_odds(self.confidence) - _log_odds(self.bar)


@dataclass(frozen=True, slots=True)
class Weights:
    """What was fitted for an encoder: one weight a view and a cue, and the probability from which on it answers."""

    views: Numbers  # (len(VIEWS),)
    cues: Numbers  # (len(CUES),), or (len(JUDGED_CUES),) with a judge
    intercept: float
    threshold: float

    @classmethod
    @cache
    def load(cls, name: str) -> Weights:
        """Read the weights of the "tuned" embedded encoder, of a "judged" one, or of any other ("plain")."""
        stored = json.loads((WEIGHTS / "knowledge.json").read_text(encoding="utf-8"))[name]
        keys = JUDGED_CUES if name == "judged" else CUES
        views, cues = np.array([stored["views"][v] for v in VIEWS]), np.array([stored["cues"][c] for c in keys])
        return cls(views, cues, stored["intercept"], stored["threshold"])


class Judge(Protocol):
    """Reads a question beside passages. Safe to use from several threads."""

    def judge(self, question: str, passages: Sequence[str]) -> Numbers:
        """Return the log odds of each passage, that it answers the question, against none of them: (n,)."""
        ...


class KnowledgeIndex:
    """Finds the passage that answers a question, or none. Safe to use from several threads.

    Args:
        knowledge: the passages, at least one.
        encoder: the sentence encoder; of the embedded one a copy tuned for questions is used.
        judge: reads the passages that the embedded encoder finds; beside another encoder it is not asked.
        previous: the index before an edit, whose vectors of unchanged texts are kept.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        encoder: Encoder,
        judge: Judge | None = None,
        *,
        previous: KnowledgeIndex | None = None,
    ) -> None:
        self.knowledge = knowledge
        self._asked_with = encoder
        if previous is not None and previous._asked_with is encoder:
            self.encoder: Encoder = previous.encoder
            vectors = previous._vectors
        else:
            self.encoder = tuned(encoder)
            vectors = {}
        plain = self.encoder is encoder
        self._judge = None if plain else judge
        self.weights: Weights = Weights.load("plain" if plain else "tuned" if judge is None else "judged")
        views = [(kind, at, text) for at, passage in enumerate(knowledge) for kind, text in _views(passage)]
        fresh = list(dict.fromkeys(text for _, _, text in views if text not in vectors))
        new = dict(zip(fresh, encoded(fresh, self.encoder), strict=True)) if fresh else {}
        self._vectors: dict[str, FloatArray] = {
            text: new[text] if text in new else vectors[text] for _, _, text in views
        }
        self._rows = {kind: np.stack([self._vectors[text] for k, _, text in views if k == kind]) for kind in VIEWS}
        self._owners = {kind: np.array([at for k, at, _ in views if k == kind]) for kind in VIEWS}
        self._titles = {normalize(title): at for at, p in enumerate(knowledge) for title in (p.title, *p.aliases)}
        self._windows = [windows(passage.text) for passage in knowledge]
        self._long = [_length(passage.text) > _SHORT for passage in knowledge]
        self._read = np.array([reads(passage.title + passage.text) for passage in knowledge])
        self._kept = lru_cache(64)(self._search)  # the desk looks a question up in several ways, and again for others
        self._lexicon = _Lexicon([" ".join((p.title, *p.aliases, p.text)) for p in knowledge])

    def __len__(self) -> int:
        return len(self.knowledge)

    def answer(self, question: str, without: Collection[str] = ()) -> Found | None:
        """Return the passage that answers a question, None if none seems to.

        "Delivery to Peru" is asked about as delivery abroad, if the pages do not name Peru and something answers that;
        where nothing answers, "delivery to Pune" is asked about as delivery to any town that they do not name.

        Args:
            question: in the words of whoever asks.
            without: terms that the passage's title must not have, since it is not about them.
        """
        abroad, anywhere = _PLACE.sub(self._abroad, question), _PLACE.sub(self._anywhere, question)
        asked = dict.fromkeys((abroad, question, anywhere))
        return next((found for each in asked if (found := self._sure(each, without)) is not None), None)

    def _sure(self, question: str, without: Collection[str] = ()) -> Found | None:
        found = self.search(question, 1, without)
        return found[0] if found and found[0].lead >= 0 else None

    def _abroad(self, match: re.Match[str]) -> str:
        abroad = is_place(match[2].casefold()) and not self._names(match[2])
        return "abroad, to another country" if abroad else match.group()

    def _anywhere(self, match: re.Match[str]) -> str:
        return match.group() if self._names(match[2]) else f"{match[1]} my town"

    def _names(self, place: str) -> bool:
        return any(self._lexicon.knows(term) for term in terms(place))

    def search(self, question: str, k: int = 3, without: Collection[str] = ()) -> list[Found]:
        """Return the k passages that answer most likely, likeliest first; none for a question without words.

        Those whose titles have one of the terms `without` come last.
        """
        return list(self._kept(question, k, frozenset(without)))

    def _search(self, question: str, k: int, without: Collection[str]) -> Sequence[Found]:
        if not words(question):
            return ()
        found = self._by_meaning(question, k, without) if reads(question) else self._by_characters(question)
        exact = self._titles.get(normalize(question))
        if exact is not None:  # its own title answers a passage, whatever resembles it
            passage = self.knowledge[exact]
            quote = next((f.quote for f in found if f.passage is passage), self._windows[exact][0])
            found = [Found(passage, quote, 1.0), *(f for f in found if f.passage is not passage)]
        return found[:k]

    def worth_reading(self, question: str) -> bool:
        """Whether the encoder alone gives any passage a chance to answer; if not, the judge would read in vain."""
        return self._judge is None or not reads(question) or _sigmoid(self.chance(question)) >= _CHANCE

    def chance(self, question: str) -> float:
        """Return the log odds that some passage answers a question, by the encoder alone, whoever else may be asked."""
        if not words(question):
            return -_SURELY
        if not reads(question):
            return _log_odds(max(found.confidence for found in self._by_characters(question)))
        alone = self.weights if self._judge is None else Weights.load("tuned")
        views = self.similarities(self.encoder.encode([question])[0])
        scores = views @ alone.views  # (N,)
        cues = cues_of(views, scores, None, int(scores.argmax()))
        return min(max(float(cues @ alone.cues) + alone.intercept, -_SURELY), _SURELY)

    def closest(self, question: str, texts: Sequence[str]) -> str:
        """Return the text that is clearly nearest in meaning to a question, "" if none is."""
        if not texts or not reads(question):
            return ""
        vectors = self.encoder.encode([question, *texts])
        near = vectors[1:] @ vectors[0]  # (n,)
        best = int(near.argmax())
        clear = near[best] - np.delete(near, best).max(initial=0.0) >= _CLEAR
        return texts[best] if clear and near[best] >= _CLOSE else ""

    def _by_meaning(self, question: str, k: int, without: Collection[str] = ()) -> list[Found]:
        vector = self.encoder.encode([question])[0]
        views = self.similarities(vector)
        scores = self.scores(views)
        if without:
            denied = np.array([not set(terms(passage.title)).isdisjoint(without) for passage in self.knowledge])
            scores = np.where(denied, scores - _BEYOND, scores)
        told = self.judged(question, vector, scores)
        found = []
        least = 1.0
        for at in ranked(scores, told)[:k]:
            if told is None or not np.isnan(told[at]):
                cues = cues_of(views, scores, told, at)
                least = min(least, _sigmoid(float(cues @ self.weights.cues) + self.weights.intercept))
            found.append(Found(self.knowledge[at], self._quote(at, vector), least, self.weights.threshold))
        return found

    def judged(self, question: str, vector: FloatArray, scores: Numbers, few: int = JUDGED) -> Numbers | None:
        """Return the judge's log odds of the `few` best passages, NaN of the others: (N,); None without a judge."""
        if self._judge is None:
            return None
        told = np.full(len(scores), np.nan)
        best = _best_first(scores)[:few]
        told[best] = self._judge.judge(question, [self._read_out(at, vector) for at in best])
        return told

    def _read_out(self, at: int, vector: FloatArray) -> str:
        """Return what the judge reads of a passage: its title, and of a long text the part that is nearest."""
        return f"{self.knowledge[at].title}\n{self._quote(at, vector)}"

    def similarities(self, vector: FloatArray) -> Numbers:
        """Return each passage's nearest cosine to a question's vector (d,) in every view: (N, len(VIEWS))."""
        views = np.full((len(self.knowledge), len(VIEWS)), -1.0)
        for at, kind in enumerate(VIEWS):
            np.maximum.at(views[:, at], self._owners[kind], self._rows[kind] @ vector)
        return views

    def scores(self, views: Numbers) -> Numbers:
        """Blend the views (N, len(VIEWS)) into one score a passage, passages in other scripts last: (N,)."""
        scores = views @ self.weights.views
        return np.where(self._read, scores, scores - _BEYOND) if self._read.any() else scores

    def _quote(self, at: int, vector: FloatArray) -> str:
        """Return the passage's text, or of a long one the sentences together that are nearest: always verbatim."""
        text = self.knowledge[at].text
        windows = self._windows[at]
        if len(windows) == 1 or not self._long[at]:
            return text
        return max(windows, key=lambda window: float(self._vectors[window] @ vector))

    def _by_characters(self, question: str) -> list[Found]:
        """Look a question up by the pairs of characters (or the words) that it shares with each passage."""
        found = []
        for at, (passage, shared) in enumerate(zip(self.knowledge, self._lexicon.shared(question), strict=True)):
            quote = self._windows[at][0] if self._long[at] else passage.text
            found.append(Found(passage, quote, shared, _MOST))
        found.sort(key=lambda f: -f.confidence)
        if len(found) > 1 and found[0].confidence - found[1].confidence < _CLEAR:
            found[0] = replace(found[0], confidence=min(found[0].confidence, _MOST / 2))
        return found


def _best_first(scores: Numbers) -> list[int]:
    return [int(at) for at in np.lexsort((np.arange(len(scores)), -scores))]


def ranked(scores: Numbers, told: Numbers | None) -> list[int]:
    """Return the positions of all passages, likeliest first: those that the judge has read, then the others."""
    order = _best_first(scores)
    if told is None:
        return order
    blend = np.where(np.isnan(told), -np.inf, told + _ENCODER_WEIGHT * scores)
    return sorted(order, key=lambda at: -blend[at])


def cues_of(views: Numbers, scores: Numbers, told: Numbers | None, at: int) -> Numbers:
    """Return what the decision is made of, for the passage at a position: (len(CUES),) or (len(JUDGED_CUES),)."""
    cues = [*views[at], scores[at] - np.delete(scores, at).max(initial=-1.0)]
    if told is not None:
        cues.append(told[at])
    return np.array(cues)


def encoded(texts: Sequence[str], encoder: Encoder) -> FloatArray:
    """Return one row a text (n, d), kept in the cache between starts if a real encoder made them."""
    if not isinstance(encoder, SentenceEncoder):
        return encoder.encode(texts)
    digest = hashlib.sha256("\0".join((encoder.name, *texts)).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    file = cache_root() / "knowledge" / f"{digest}.npy"
    try:
        rows = np.load(file, allow_pickle=False)
        if rows.shape[0] == len(texts) and rows.dtype == np.float32:
            return rows
    except (OSError, ValueError):  # none yet, or a broken one
        pass
    rows = encoder.encode(texts)
    try:
        with replacing(file) as aside, aside.open("wb") as opened:
            np.save(opened, rows)
        for old in sorted(file.parent.glob("*.npy"), key=lambda p: p.stat().st_mtime, reverse=True)[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the knowledge's vectors could not be kept in %s (%s)", file.parent, error)
    return rows


def tuned(encoder: Encoder, tuning: Path = TUNING) -> Encoder:
    """Return the embedded encoder with a tuning for what customers write, one for all who ask it; any other as it is.

    Args:
        encoder: the one of the catalogue.
        tuning: for questions to a shop's pages, `GOODS` for what people need, or `LINES` for questions about an item.
    """
    if isinstance(encoder, SentenceEncoder) and encoder.tuning is None and is_embedded(encoder.model):
        return _tuned(encoder.model, tuning)
    return encoder


@lru_cache(maxsize=4)
def _tuned(model: str, tuning: Path) -> SentenceEncoder:
    return SentenceEncoder(model, tuning=tuning)


def reads(text: str) -> bool:
    """Whether the encoder can read a text: most of its letters are Latin."""
    letters = [character for character in text if character.isalpha()]
    return not is_cjk(text) and 2 * sum(c < "\u0250" for c in letters) >= len(letters)


def sentences(text: str) -> list[str]:
    """Cut a text into sentences and lines, verbatim, outer blanks removed."""
    parts, start = [], 0
    for end in _ENDS.finditer(text):
        if _ABBREVIATED.search(text, start, end.end()) and "\n" not in end.group():
            continue
        parts.append(text[start : end.end()].strip())
        start = end.end()
    return [part for part in (*parts, text[start:].strip()) if part]


def windows(text: str) -> list[str]:
    """Cut a text into runs of whole sentences of about `_WINDOW` words each, verbatim; a short one stays whole."""
    count = math.ceil(_length(text) / _WINDOW)
    if count <= 1:
        return [text]
    wanted, runs, start, read = _length(text) / count, list[str](), 0, 0
    position = 0
    for sentence in sentences(text):
        position = text.index(sentence, position)
        if read >= wanted * (len(runs) + 1):
            runs.append(text[start:position].strip())
            start = position
        read += _length(sentence)
        position += len(sentence)
    return [*runs, text[start:].strip()]


def _views(passage: Passage) -> Iterator[tuple[str, str]]:
    """Yield every text by which a passage is found, with its view."""
    for title in (passage.title, *passage.aliases):
        yield "title", title
    for window in windows(passage.text):
        yield "whole", f"{passage.title} {window}"
        yield "text", window


def _length(text: str) -> int:
    """Return the number of words; two Chinese or Japanese characters count as one."""
    tokens = words(text)
    return len(tokens) - sum(map(is_cjk, tokens)) // 2


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-max(min(x, 500), -500)))


def _log_odds(chance: float) -> float:
    return math.log(max(chance, _TINY) / max(1 - chance, _TINY))


class _Lexicon:
    """Which telling words, and pairs of Chinese characters, stand in which passage."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._terms = [frozenset(terms(text)) for text in texts]
        self._frequency = Counter(term for terms in self._terms for term in terms)

    def shared(self, question: str) -> list[float]:
        """Return which share of a question's terms each passage has, in [0, 1].

        Terms weigh by their rarity, ``log(1 + (N - df + 0.5) / (df + 0.5))`` as in Lucene's BM25.
        """
        rarity = {term: self._rarity(term) for term in set(terms(question))}
        total = sum(rarity.values())
        if not total:
            return [0.0] * len(self._terms)
        return [sum(weight for term, weight in rarity.items() if term in held) / total for held in self._terms]

    def knows(self, term: str) -> bool:
        """Whether any passage has a term."""
        return term in self._frequency

    def _rarity(self, term: str) -> float:
        df = self._frequency[term]
        return math.log(1 + (len(self._terms) - df + 0.5) / (df + 0.5))


@lru_cache(16_384)
def _stem(word: str) -> str:
    return _ENDING.sub("", word)


def terms(text: str) -> Iterator[str]:
    """Yield a text's telling words without their endings, and its pairs of neighbouring Chinese characters."""
    before = ""
    for word in words(text):
        if is_cjk(word):
            if before and not (before in _HAN_STOP and word in _HAN_STOP):
                yield before + word
            before = word
            continue
        before = ""
        if word not in _STOP:
            yield _stem(word)
