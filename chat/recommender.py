"""The recommender: scores of every part, blended, diversified, and filtered once more against the catalogue.

Each part is a `Retriever`; the language model is one more part, which names titles under the same mask. Scores of
different scales are brought together as z-scores over the allowed items, so that leaving a part out needs no new
weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from chat.generator import Generator, Named
from chat.prompt import Prompt
from retrieval.constraints import satisfies_all
from retrieval.index import Index
from retrieval.lexicon import synonyms
from retrieval.retrievers import top_k
from retrieval.types import BoolArray, Constraint, FloatArray, Query

# Set by hand on Marquee conversations; finetune fits them once there are dialogues to fit them on.
WEIGHTS: Mapping[str, float] = {"dense": 1.0, "bm25": 0.3, "facets": 1.2, "popularity": 0.25, "named": 0.35}
_ASKED_GENRE = 2.5  # what a genre the person names is worth, in standard deviations: more than any single part
_POOL = 60  # items that diversity chooses from
_DIVERSITY = 0.25  # weight of the similarity to what is already chosen, in standard deviations
_NAMED = 10  # titles the language model is asked for
_CLIP = 4.0  # a z-score says no more beyond this


@dataclass(frozen=True, slots=True)
class Recommended:
    """One recommended item: its position, its blended score, and what each part gave."""

    position: int
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """The whole catalogue's scores: the blend (N,) and each weighted part (N,)."""

    total: FloatArray
    parts: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Recommender:
    """Recommends from one index, with or without a language model.

    Attributes:
        index: the catalogue and its retrievers.
        generator: names titles; None in retrieval-only mode.
        weights: of the parts, by name.
    """

    index: Index
    generator: Generator | None = None
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)

    def recommend(
        self,
        query: Query,
        constraints: Sequence[Constraint],
        *,
        exclude: Iterable[int] = (),
        prompt: Prompt | None = None,
        k: int = 5,
    ) -> list[Recommended]:
        """Return at most k items that are in stock, satisfy every constraint and are not excluded, best first.

        Args:
            query: what is known of the person.
            constraints: hard limits.
            exclude: catalogue positions that must not come back (rejected, seen, shown).
            prompt: the rendered user context; None leaves the language model out.
            k: how many.
        """
        allowed = self.allowed(constraints, exclude)
        if not allowed.any():
            return []
        scored = self.score(query, allowed, prompt)
        catalog = self.index.catalog
        return [
            Recommended(at, float(scored.total[at]), {name: float(part[at]) for name, part in scored.parts.items()})
            for at in self._diverse(scored.total, allowed, k)
            if satisfies_all(catalog[at], constraints)
        ]

    def score(self, query: Query, allowed: BoolArray, prompt: Prompt | None = None) -> Scored:
        """Score the whole catalogue: the blend and what each part gives to it, (N,) each; see `recommend`."""
        parts = {name: r.scores(query) for name, r in self.index.retrievers.items() if self.weights.get(name)}
        if self.generator is not None and prompt is not None and self.weights.get("named"):
            parts["named"] = _as_scores(self.generator.name_titles(prompt, _NAMED, allowed), len(allowed))
        weighted = {name: self.weights[name] * _standard(score, allowed) for name, score in parts.items()}
        weighted["asked"] = _ASKED_GENRE * self._asked_genres(query)
        return Scored(np.sum(list(weighted.values()), axis=0, dtype=np.float32), weighted)

    def allowed(self, constraints: Sequence[Constraint], exclude: Iterable[int] = ()) -> BoolArray:
        """Return which items may be shown: (N,) bool."""
        allowed = self.index.facets.mask(constraints)
        allowed[list(exclude)] = False
        return allowed

    def _asked_genres(self, query: Query) -> FloatArray:
        """1 where an item has any of the genres the person says they like, else 0: (N,).

        A genre that no item has in its column, or a catalogue without that column, is looked for in the texts.
        """
        asked = np.zeros(len(self.index.catalog), dtype=np.float32)
        for wished, value in query.wishes:
            if wished == "genres":
                at = self.index.facets.postings.get("genres", {}).get(value)
                said = Constraint("topic", "is", synonyms("genres", value))
                asked[self.index.facets.mask([said]) if at is None else at] = 1.0
        return asked

    def _diverse(self, total: FloatArray, allowed: BoolArray, k: int) -> list[int]:
        """Choose k of the best greedily, each for its score less its similarity to those before it.

        Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998, section 2).
        """
        pool = top_k(total, _POOL, allowed).positions
        vectors = np.asarray(self.index.embeddings[pool], dtype=np.float32)  # (p, d)
        nearest = np.zeros(len(pool), dtype=np.float32)
        chosen: list[int] = []
        gain = total[pool].copy()
        while len(chosen) < min(k, len(pool)):
            best = int(np.argmax(gain - _DIVERSITY * _CLIP * nearest))
            chosen.append(int(pool[best]))
            gain[best] = -np.inf
            nearest = np.maximum(nearest, vectors @ vectors[best])
        return chosen


def _as_scores(named: Sequence[Named], n: int) -> FloatArray:
    """Spread the named titles over the catalogue: (n,), the relative probability of each, 0 for the rest."""
    scores = np.zeros(n, dtype=np.float32)
    if named:
        best = max(title.logprob for title in named)
        for title in named:
            scores[title.position] = np.exp(title.logprob - best)
    return scores


def _standard(scores: FloatArray, allowed: BoolArray) -> FloatArray:
    """Bring scores to mean 0 and deviation 1 over the allowed items, clipped: (N,)."""
    usable = scores[allowed & np.isfinite(scores)]
    if not len(usable) or (deviation := float(usable.std())) < 1e-6:
        return np.zeros(len(scores), dtype=np.float32)
    standard = (np.nan_to_num(scores, neginf=float(usable.min())) - usable.mean()) / deviation
    return np.clip(standard, -_CLIP, _CLIP).astype(np.float32)
