"""The generator: a causal LM that names catalogue titles, scores them and words replies.

Naming is a beam search in the manner of M6-Rec (arXiv 2205.08084), constrained to a trie of the catalogue's titles, so
that whatever is named exists. A title's score is its log-likelihood, its end token included: Σ log p(t_i | context,
t_<i). The trie's titles exclude each other, so these are log-probabilities of items; a mean over the tokens would put
long titles of predictable words first (docs/experiments.md, 2026-11-25).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from chat.encoding import PromptEncoder
from chat.engine import Context, DType, Engine, Tree, load_model, logprobs
from chat.prompt import Prompt
from chat.trie import TitleTrie, TokenArray
from retrieval.catalog import Catalog
from retrieval.errors import ModelError
from retrieval.models import DEFAULT_LM, resolve_lm
from retrieval.types import BoolArray, FloatArray, IntArray

_WIDTH = 10  # beams kept a step, or as many as k titles need
_FEW = 3  # rows under a node that are fed whole: some tokens more in this step are cheaper than a further step
_TOGETHER = 512  # tokens fed at once when scoring; bounds the memory of the logits (m, V)


@dataclass(frozen=True, slots=True)
class Named:
    """A title the model named: its catalogue position and log-likelihood (nats)."""

    position: int
    logprob: float


class Generator(Protocol):
    """The one contract behind every generator."""

    def bind(self, catalog: Catalog) -> Generator:
        """Return a generator of this catalogue's titles, which shares the model.

        This one stays as it is, so that a turn that began before a catalogue edit ends with the titles it began with.
        """
        ...

    def name_titles(self, prompt: Prompt, k: int, allowed: BoolArray | None = None) -> list[Named]:
        """Name at most k items of the bound catalogue, best first, no position twice; `allowed` is (N,)."""
        ...

    def score_titles(self, prompt: Prompt, positions: Sequence[int]) -> FloatArray:
        """Return the log-likelihood of the titles at K positions: (K,) nats."""
        ...

    def complete(self, prompt: Prompt, max_new_tokens: int = 60, stop: Sequence[str] = ()) -> Iterator[str]:
        """Continue the prompt greedily, as pieces of whole characters, up to a stop text (left out) or the end."""
        ...

    def hidden(self, prompt: Prompt) -> FloatArray:
        """Return the last layer's hidden state of the prompt's last token: (H,)."""
        ...


@dataclass(frozen=True, slots=True)
class _Beam:
    """A beginning that several titles share: rows [lo, hi) of the trie at a depth, its log-likelihood, its node."""

    lo: int
    hi: int
    depth: int
    logprob: float
    node: int = -1
    row: int = 0  # of the logits that say what follows


@dataclass(frozen=True, slots=True)
class _Path:
    """A title whose rest is settled: `tokens` behind `node` are still to be scored."""

    tokens: TokenArray
    positions: IntArray
    logprob: float
    node: int = -1


class _Runtime:
    """A model, its tokenizer and its lock, which generators of several catalogues share; loaded at the first use."""

    def __init__(self, model: str | Path, adapter: Path | None, dtype: DType, remembered: int) -> None:
        self.lock = threading.RLock()
        self._model = model
        self._adapter = adapter
        self._dtype = dtype
        self._remembered = remembered
        self._folder: Path | None = None
        self._tokenizer: tuple[Any, PromptEncoder] | None = None
        self._engine: Engine | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to another process as what it was made of: the model is loaded there, once."""
        return _runtime_here, (self._model, self._adapter, self._dtype, self._remembered)

    def folder(self) -> Path:
        with self.lock:
            if self._folder is None:
                self._folder = resolve_lm(self._model)
            return self._folder

    def tokenizer(self) -> tuple[Any, PromptEncoder]:
        with self.lock:
            if self._tokenizer is None:
                from transformers import AutoTokenizer

                folder = self.folder()
                try:
                    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
                except Exception as error:  # a damaged folder shows as an error of any library below
                    raise ModelError(f"cannot load the tokenizer in {folder} ({error}); fetch it again") from error
                self._tokenizer = tokenizer, PromptEncoder(tokenizer)
            return self._tokenizer

    def engine(self) -> Engine:
        with self.lock:
            if self._engine is None:
                self._engine = Engine(load_model(self.folder(), self._adapter, self._dtype), self._remembered)
            return self._engine

    def read(self, prompt: Prompt) -> Context:
        """Prefill a prompt, or find it; the caller holds the lock."""
        return self.engine().read(self.tokenizer()[1].prompt(prompt))


@lru_cache(maxsize=1)
def _runtime_here(model: str | Path, adapter: Path | None, dtype: DType, remembered: int) -> _Runtime:
    return _Runtime(model, adapter, dtype, remembered)


class LocalGenerator:
    """A generator that runs on this machine through transformers; loads at the first use; thread-safe."""

    def __init__(
        self, model: str | Path = DEFAULT_LM, adapter: Path | None = None, *, dtype: DType = "auto", remembered: int = 8
    ) -> None:
        """Choose a model (see `retrieval.models`) and its adapter; `remembered` contexts keep their cache."""
        self._runtime = _Runtime(model, adapter, dtype, remembered)
        self._trie: TitleTrie | None = None

    def load(self) -> None:
        """Load the model now instead of at the first use.

        Raises:
            ModelError: the model or its adapter cannot be found or read, or they do not fit each other.
        """
        self._runtime.engine()

    def bind(self, catalog: Catalog) -> LocalGenerator:
        """Return a generator of this catalogue's titles that shares the model and what it remembers.

        Raises:
            ModelError: see `load`.
        """
        _, encoder = self._runtime.tokenizer()
        bound = copy.copy(self)
        bound._trie = TitleTrie(encoder.titles([item.title for item in catalog]), encoder.end_id)
        return bound

    def name_titles(self, prompt: Prompt, k: int, allowed: BoolArray | None = None) -> list[Named]:
        """Name at most k items of the bound catalogue, best first, no position twice; `allowed` is (N,).

        Raises:
            ValueError: nothing is bound, or `allowed` is not of the catalogue's length.
            ModelError: see `load`.
        """
        trie = self._bound().only(allowed)
        if k < 1 or not len(trie):
            return []
        with self._runtime.lock:
            tree = self._runtime.engine().grow(self._runtime.read(prompt))
            named = _search(trie, tree, max(_WIDTH, -(-k // _FEW)))
        named.sort(key=lambda n: (-n.logprob, n.position))
        return named[:k]

    def score_titles(self, prompt: Prompt, positions: Sequence[int]) -> FloatArray:
        """Return the log-likelihood of the titles at K positions: (K,) nats.

        Raises:
            ValueError: nothing is bound.
            ModelError: see `load`.
        """
        trie = self._bound()
        scores = np.zeros(len(positions), dtype=np.float32)
        with self._runtime.lock:
            engine, context = self._runtime.engine(), self._runtime.read(prompt)
            titles = [trie.tokens(p) for p in positions]
            first = logprobs(context.logits, [0] * len(titles), [int(t[0]) for t in titles])
            for some in _portions([len(t) for t in titles]):
                paths = [_Path(titles[i][1:], np.array([i]), float(first[i])) for i in some]
                heads = [int(titles[i][0]) for i in some]
                for named in _score(engine.grow(context), heads, paths)[0]:
                    scores[named.position] = named.logprob
        return scores

    def complete(self, prompt: Prompt, max_new_tokens: int = 60, stop: Sequence[str] = ()) -> Iterator[str]:
        """Continue the prompt greedily, as pieces of whole characters, up to a stop text (left out) or the end.

        The lock is held a token at a time, so that others get their turn and an abandoned stream blocks nobody.

        Raises:
            ModelError: see `load`.
        """
        tokenizer, encoder = self._runtime.tokenizer()
        with self._runtime.lock:
            tree = self._runtime.engine().grow(self._runtime.read(prompt))
        ends = {encoder.end_id, tokenizer.eos_token_id}
        made: list[int] = []
        sent, text = 0, ""
        while len(made) < max_new_tokens:
            token = int(tree.logits[-1].argmax())
            if token in ends:
                break
            made.append(token)
            text = tokenizer.decode(made, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            found = [at for s in stop if (at := text.find(s, max(0, sent - len(s)))) >= 0]
            if found:
                text = text[: min(found)]
                break
            ready = len(text) - _withheld(text, stop)
            if ready > sent:
                yield text[sent:ready]
                sent = ready
            if len(made) < max_new_tokens:
                with self._runtime.lock:
                    tree.feed([token], [len(made) - 2])
        rest = text[sent:].rstrip("\ufffd")
        if rest:
            yield rest

    def hidden(self, prompt: Prompt) -> FloatArray:
        """Return the last layer's hidden state of the prompt's last token: (H,).

        Raises:
            ModelError: see `load`.
        """
        with self._runtime.lock:
            return self._runtime.read(prompt).hidden

    def _bound(self) -> TitleTrie:
        if self._trie is None:
            raise ValueError("no catalogue is bound to the generator; use what bind(catalog) returns")
        return self._trie


def _search(trie: TitleTrie, tree: Tree, width: int) -> list[Named]:
    """Search the trie from the tree's root; every step takes the best `width` continuations of all beams together.

    Where one title is left, or a few, the rests are fed whole beside the beams' next tokens, so that their scores are
    exact and cost no step of their own.
    """
    beams = [_Beam(0, len(trie), 0, 0.0)]
    named: list[Named] = []
    while beams:
        children = [trie.children(b.lo, b.hi, b.depth) for b in beams]
        counts = [len(c.tokens) for c in children]
        tokens, lo, hi = (np.concatenate([getattr(c, part) for c in children]) for part in ("tokens", "lo", "hi"))
        parent = np.repeat(np.arange(len(beams)), counts)
        start = np.array([b.logprob for b in beams])[parent]
        scores = start + logprobs(tree.logits, np.array([b.row for b in beams])[parent], tokens)
        best = np.argsort(-scores, kind="stable")[:width]
        settled = trie.few(lo[best], hi[best], _FEW)
        paths: list[_Path] = []
        heads: list[int] = []
        going: list[tuple[_Beam, int]] = []
        for at, few in zip(best.tolist(), settled.tolist(), strict=True):
            beam, token, score = beams[parent[at]], int(tokens[at]), float(scores[at])
            under = int(lo[at]), int(hi[at])
            if not few:
                going.append((_Beam(*under, beam.depth + 1, score, beam.node), token))
                continue
            for title, positions in trie.leaves(*under):
                paths.append(_Path(title[beam.depth + 1 :], positions, score, beam.node))
                heads.append(token)
        scored, beams = _score(tree, heads, paths, going)
        named += scored
    return named


def _score(
    tree: Tree, heads: Sequence[int], paths: Sequence[_Path], going: Sequence[tuple[_Beam, int]] = ()
) -> tuple[list[Named], list[_Beam]]:
    """Feed the rests of settled titles and the next tokens of beams in one forward.

    `heads` are the tokens that were chosen last; they are in the paths' log-likelihoods, but not yet in the tree.
    """
    size = tree.size
    feed = [token for _, token in going]
    parents = [beam.node for beam, _ in going]
    rows: list[int] = []
    targets: list[int] = []
    for head, path in zip(heads, paths, strict=True):
        for i, (token, target) in enumerate(zip([head, *path.tokens[:-1]], path.tokens, strict=False)):
            parents.append(path.node if i == 0 else size + len(feed) - 1)
            rows.append(len(feed))
            targets.append(int(target))
            feed.append(int(token))
    picked = logprobs(tree.feed(feed, parents), rows, targets) if feed else np.zeros(0, dtype=np.float32)
    named: list[Named] = []
    at = 0
    for path in paths:
        total = path.logprob + float(picked[at : at + len(path.tokens)].sum())
        at += len(path.tokens)
        named.extend(Named(int(p), total) for p in path.positions)
    beams = [_Beam(beam.lo, beam.hi, beam.depth, beam.logprob, size + i, i) for i, (beam, _) in enumerate(going)]
    return named, beams


def _portions(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Split indexes so that each portion's lengths add up to `_TOGETHER` at most."""
    portion: list[int] = []
    room = _TOGETHER
    for i, length in enumerate(lengths):
        if length > room and portion:
            yield portion
            portion, room = [], _TOGETHER
        portion.append(i)
        room -= length
    if portion:
        yield portion


def _withheld(text: str, stop: Sequence[str]) -> int:
    """Return how many characters at the end may still change: half a character, or the beginning of a stop text."""
    whole = text.rstrip("\ufffd")
    begun = max((n for s in stop for n in range(1, len(s)) if whole.endswith(s[:n])), default=0)
    return len(text) - len(whole) + begun
