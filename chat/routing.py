"""Routing: what kind of help a message asks for, by a small classifier over sentence embeddings.

Its examples are data: one JSON object a line, in `chat/routes/*.jsonl` and in a file of the shop's own::

    {"route": "policy", "text": "do you ship abroad"}

A message is a row of two parts: its embedding (a Chinese one's through `retrieval.gloss`) and its hashed character
n-grams, which carry what the encoder lacks: misspellings, order numbers, words it never saw. A multinomial logistic
regression reads it; its logits are divided by one temperature, fitted on held-out folds (Guo et al. 2017, "On
Calibration of Modern Neural Networks"), so that a confidence of .8 is right four times in five.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retrieval.encoder import Encoder, SentenceEncoder
from retrieval.errors import NamedropError
from retrieval.files import replacing
from retrieval.gloss import gloss
from retrieval.models import cache_root
from retrieval.scoring import softmax
from retrieval.types import FloatArray, IntArray

log = logging.getLogger(__name__)

Route = Literal["recommend", "item", "policy", "order", "small_talk", "human", "out_of_scope"]
ROUTES: tuple[Route, ...] = get_args(Route)
SHOP: frozenset[Route] = frozenset(("recommend", "item", "small_talk"))  # what the dialogue answers without the desk
EXAMPLES = Path(__file__).with_name("routes")
SURE = 0.5  # a calibrated confidence from which a route is followed without asking

_FORMAT = 3  # counts changes of the features or the fit; an older cache is then not found
_NGRAMS = 2**12  # hashed columns; 2**14 measured no better
_NGRAM_WEIGHT = 0.7
_INVERSE_PENALTY = 20.0
_FOLDS = 5
_LONGEST = 400  # characters of a message that are read


class RoutesError(NamedropError):
    """A file of route examples cannot be used."""


class Example(BaseModel):
    """One line of a file of examples: `{"route": "order", "text": "where is my parcel"}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    route: Route
    text: str = Field(min_length=1, max_length=_LONGEST)


@dataclass(frozen=True, slots=True)
class Routed:
    """What a message asks for.

    Attributes:
        route: the likeliest route.
        confidence: how often a message that looks like this is of that route, in [0, 1].
        scores: every route's share; they sum to 1.
    """

    route: Route
    confidence: float
    scores: Mapping[Route, float]


class Routing(Protocol):
    """What routes a message by its words: `Router`, or `Patterns` where no encoder can fit one."""

    def route(self, text: str) -> Routed:
        """Route one message."""
        ...


def load_examples(path: str | Path) -> list[Example]:
    """Read examples from a .jsonl file, or from all of a folder.

    Raises:
        RoutesError: a line is no example; every such line is reported.
    """
    where = Path(path)
    files = sorted(where.glob("*.jsonl")) if where.is_dir() else [where]
    examples: list[Example] = []
    problems: list[str] = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise RoutesError(f"cannot read the route examples '{file}' ({error}); check the path") from error
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                examples.append(Example.model_validate_json(line))
            except ValidationError as error:
                found = error.errors()[0]
                key = ".".join(str(part) for part in found["loc"]) or "line"
                problems.append(f"{file}:{number}: {key}: {found['msg']}; found {line[:80]!r}")
    if problems:
        remedy = f'write {{"route": …, "text": …}} with a route of {", ".join(ROUTES)}'
        raise RoutesError("\n".join([*problems, remedy]))
    if not examples:
        raise RoutesError(f"no route examples in '{where}'; expected .jsonl lines with route and text")
    return examples


@dataclass(frozen=True, slots=True)
class _Weights:
    """A fitted classifier: `routes` (r,), `matrix` (r, d + n-grams), `bias` (r,), and the temperature."""

    routes: tuple[Route, ...]
    matrix: FloatArray
    bias: FloatArray
    temperature: float


class Router:
    """Routes messages; made with `Router.open`, or from examples that are fitted at once."""

    def __init__(self, encoder: Encoder, weights: _Weights) -> None:
        self._encoder = encoder
        self._weights = weights
        meaning = weights.matrix.shape[1] - _NGRAMS
        self._meaning = np.ascontiguousarray(weights.matrix[:, :meaning].T)  # (d, r)
        self._spelling = np.ascontiguousarray(weights.matrix[:, meaning:].T)  # (n-grams, r)

    @classmethod
    def open(cls, encoder: Encoder, extra: str | Path | None = None) -> Router:
        """Fit the shipped examples and the shop's own, or load what an earlier start fitted.

        Args:
            encoder: embeds messages.
            extra: the shop's own examples.

        Raises:
            RoutesError: a file of examples cannot be used.
        """
        examples = load_examples(EXAMPLES) + (load_examples(extra) if extra is not None else [])
        digest = hashlib.blake2b(digest_size=12)
        digest.update(f"{_FORMAT}\0{encoder.name}".encode())
        for example in examples:
            digest.update(f"\0{example.route}\0{example.text}".encode("utf-8", "surrogatepass"))
        file = cache_root() / "routing" / f"{digest.hexdigest()}.npz"
        weights = _load(file)
        if weights is None:
            weights = _fit(encoder, examples)
            _save(file, weights)
            log.info("routing fitted on %d examples, temperature %.2f", len(examples), weights.temperature)
        return cls(encoder, weights)

    @classmethod
    def fit(cls, encoder: Encoder, examples: Sequence[Example]) -> Router:
        """Fit on these examples alone, without the cache."""
        return cls(encoder, _fit(encoder, examples))

    @property
    def routes(self) -> tuple[Route, ...]:
        """Return the routes that the examples have, in the order of `probabilities`' columns."""
        return self._weights.routes

    def route(self, text: str) -> Routed:
        """Route one message."""
        row = self.probabilities([text])[0]
        scores: dict[Route, float] = {route: float(p) for route, p in zip(self.routes, row, strict=True)}
        first = max(scores, key=lambda route: scores[route])
        return Routed(first, scores[first], scores)

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return the calibrated share of each route: (n, r)."""
        weights = self._weights
        spelled = [amounts @ self._spelling[columns] for columns, amounts in map(_grams, texts)]
        logits = _embedded(self._encoder, texts) @ self._meaning + np.stack(spelled) + weights.bias
        return softmax(np.asarray(logits, dtype=np.float32) / weights.temperature)


def _embedded(encoder: Encoder, texts: Sequence[str]) -> FloatArray:
    """Return a message's embedding, one row each: (n, d)."""
    return encoder.encode([gloss(text[:_LONGEST]) for text in texts])


def _grams(text: str) -> tuple[IntArray, npt.NDArray[np.float64]]:
    """Return a message's n-grams: the hashed columns that it has (g,), ascending, and how much of each, of one length.

    The columns are those of scikit-learn's `HashingVectorizer`, whose way by a sparse matrix takes ten times as long.
    """
    cut, hashed = _cutter()
    columns, counts = np.unique([abs(hashed(gram)) % _NGRAMS for gram in cut(text[:_LONGEST])], return_counts=True)
    amounts = 1 + np.log(counts)
    return columns.astype(np.int64), amounts * (_NGRAM_WEIGHT / max(float(np.sqrt((amounts**2).sum())), 1e-12))


@cache
def _cutter() -> tuple[Callable[[str], list[str]], Callable[[str], int]]:
    """Return what cuts a text into its n-grams, and what hashes one; scikit-learn is imported late."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.utils import murmurhash3_32

    return HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4)).build_analyzer(), murmurhash3_32


def _fit(encoder: Encoder, examples: Sequence[Example]) -> _Weights:
    from scipy import sparse
    from scipy.optimize import minimize_scalar
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    routes: tuple[Route, ...] = tuple(sorted({e.route for e in examples}))
    if len(routes) < 3:
        raise RoutesError(f"the examples have the routes {', '.join(routes)}; at least three are needed to tell apart")
    texts = [e.text for e in examples]
    grams = sparse.lil_matrix((len(texts), _NGRAMS))
    for row, (columns, amounts) in enumerate(map(_grams, texts)):
        grams[row, columns] = amounts
    embedded = _embedded(encoder, texts)
    rows = sparse.hstack([sparse.csr_matrix(embedded, dtype=np.float64), grams]).tocsr()  # (n, d + n-grams)
    labels = np.array([routes.index(e.route) for e in examples])
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1_000)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    held_out = cross_val_predict(model, rows, labels, cv=folds, method="decision_function")

    def loss(temperature: float) -> float:
        shares = softmax(held_out / temperature)[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(shares, 1e-12)).mean())

    temperature = minimize_scalar(loss, bounds=(0.1, 5.0), method="bounded").x
    model.fit(rows, labels)
    return _Weights(routes, model.coef_.astype(np.float32), model.intercept_.astype(np.float32), float(temperature))


def _load(file: Path) -> _Weights | None:
    try:
        with np.load(file, allow_pickle=False) as kept:
            meta = json.loads(str(kept["meta"]))
            return _Weights(tuple(meta["routes"]), kept["matrix"], kept["bias"], float(meta["temperature"]))
    except (OSError, ValueError, KeyError):  # none yet, or a broken one: fitting takes seconds
        return None


def _save(file: Path, weights: _Weights) -> None:
    """Keep a fit; where the folder cannot be written, the next start fits anew."""
    meta = json.dumps({"routes": weights.routes, "temperature": weights.temperature})
    try:
        with replacing(file) as aside, aside.open("wb") as opened:
            np.savez(opened, meta=np.array(meta), matrix=weights.matrix, bias=weights.bias)
    except OSError as error:
        log.warning("the routing weights could not be kept in %s (%s)", file.parent, error)


_PATTERNS: tuple[tuple[Route, str], ...] = (
    ("human", r"\b(talk|speak|chat)\s+(to|with)\s+((a|an|some|the)\s+)?(human|person|agent|someone|manager)\b"
              r"|\bcomplain|\b(real|live)\s+(person|agent|human)\b|人工|转人工|投诉|真人"),
    ("order", r"\b(where\s+is|track|cancel|status\s+of)\s+(my|the|an?)\s+(order|parcel|package)\b"
              r"|\bmy\s+(order|parcel)\b|\border\s+status\b|我的(订单|包裹)"),
    ("policy", r"\b(refunds?|returns?\s+policy|policy|policies|shipping|warranty|invoice|password|gift\s+cards?)\b"
               r"|\b(your|free|home)\s+delivery\b|\bdelivery\s+(time|cost|date|fee)s?\b|\bmy\s+account\b"
               r"|\bcan\s+i\s+(return|exchange)\b|退款|退货|运费|物流|发票|密码"),
)  # fmt: skip
_COMPILED = tuple((route, re.compile(pattern, re.IGNORECASE)) for route, pattern in _PATTERNS)
_HIT = 0.88


def routing(encoder: Encoder, extra: str | Path | None = None) -> Routing:
    """Return what routes messages: a `Router` if the encoder is one of sentences, else `Patterns`.

    Raises:
        RoutesError: a file of examples cannot be used.
    """
    if isinstance(encoder, SentenceEncoder):
        return Router.open(encoder, extra)
    log.info("routing by patterns: %r is no sentence encoder, so nothing can be fitted on it", encoder.name)
    return Patterns()


class Patterns:
    """Routes by a few patterns, where there is no real sentence encoder; what they miss is the catalogue's."""

    def route(self, text: str) -> Routed:
        """Route one message."""
        first: Route = next((route for route, pattern in _COMPILED if pattern.search(text)), "recommend")
        scores = {route: _HIT if route == first else (1 - _HIT) / (len(ROUTES) - 1) for route in ROUTES}
        return Routed(first, _HIT, scores)
