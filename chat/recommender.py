"""The recommender: scores of every part, blended, diversified, and filtered once more against the catalogue.

Each part is a `ScoringRetriever`; the language model is two more: its user tower scores all items, and it names titles
under the same mask. Scores of different scales are brought together as z-scores over the allowed items, so that leaving
a part out needs no new weights, or by a ranker that was fitted on dialogues (`chat.ranker`).

Beyond `WHOLE_ROWS` rows a turn must not take longer with every row: rough scores choose a shortlist, which is scored
exactly and from which the language model names, on the scale of a sample of all allowed items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from chat.generator import Generator
from chat.needs import READ, Needs
from chat.prompt import Prompt, UserContext
from chat.prompting import Prompting
from chat.ranker import Ranker
from chat.rules import Rulebook
from chat.tower import UserTower
from retrieval.columns import TASTES
from retrieval.constraints import satisfies_all
from retrieval.index import Index
from retrieval.lexicon import synonyms
from retrieval.scoring import CLIP, WHOLE_ROWS, ScoringRetriever, standard, top_k
from retrieval.types import BoolArray, Constraint, FloatArray, IntArray, Query

# Set by hand on Marquee conversations; finetune fits them once there are dialogues to fit them on.
WEIGHTS: Mapping[str, float] = {
    "dense": 1.0,
    "bm25": 0.3,
    "facets": 1.2,
    "popularity": 0.25,
    "named": 0.35,
    "tower": 1.5,
}
# Of goods, which have no plots and moods, the words tell more: "a red to go with lamb".
GOODS_WEIGHTS: Mapping[str, float] = {**WEIGHTS, "bm25": 1.2}
# Once there is a part learnt from logs, which tells more than the others; set by hand on a quarter of ReDial's training
# dialogues (docs/experiments.md), but for the tower's, which is in proportion to dense as above.
LEARNT_WEIGHTS: Mapping[str, float] = {
    "dense": 2.4,
    "bm25": 0.8,
    "facets": 2.4,
    "popularity": 4.0,
    "ease": 8.0,
    "named": 1.0,
    "tower": 3.6,
}
_ASKED_GENRE = 2.5  # what a genre the person names is worth, in standard deviations: more than any single part
_ASKED_OWN = 2.0  # and what a quality of goods is worth beside that: what has it leads, as the answer says
_OF_WORKS = (*TASTES, "kind", "creators", "language", "audience")
_POOL = 60  # items that diversity chooses from
_DIVERSITY = 0.25  # weight of the similarity to what is already chosen, in standard deviations
_NAMED = 30  # titles the language model is asked for; the beam of ten finds about as many
_BEST = 300  # items whose scores tell what a business rule's strength means
_SHORTLIST = 1_000  # items of a large catalogue that are worth exact scores; about as many as Marquee's
_NEED, _READ = 6.0, 1.0  # weights of how near an item is to it, and of each log odds that the judge gives
_SAMPLE = 400  # further ones that tell the scale of the scores


@dataclass(frozen=True, slots=True)
class Recommended:
    """One recommended item: its position, its blended score, and what each part gave.

    Attributes:
        pinned: a business rule put it first, whatever its score.
        sponsored: a sponsored rule put it forward.
    """

    position: int
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)
    pinned: bool = False
    sponsored: bool = False


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of the whole catalogue, or of the n rows that were asked for: the blend and each weighted part, (n,)."""

    total: FloatArray
    parts: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Recommender:
    """Recommends from one index, with or without a language model.

    Attributes:
        index: the catalogue and its retrievers.
        generator: names titles; None in retrieval-only mode.
        weights: of the parts, by name, where no ranker was fitted and nothing was learnt from logs (`blend`).
        tower: scores by the language model's state; None without an adapter that has one.
        ranker: makes one order of all parts, in the place of the weights.
        rules: keep out what must never be shown.
        prompting: how the language model was told of people when it was trained.
        needs: scores goods by what people tell of their need; None where more is known.
    """

    index: Index
    generator: Generator | None = None
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    tower: UserTower | None = None
    ranker: Ranker | None = None
    rules: Rulebook = field(default_factory=Rulebook)
    prompting: Prompting = field(default_factory=Prompting)
    needs: Needs | None = None

    def recommend(
        self,
        query: Query,
        constraints: Sequence[Constraint],
        *,
        exclude: Iterable[int] = (),
        context: UserContext | None = None,
        k: int = 5,
        lift: FloatArray | None = None,
    ) -> list[Recommended]:
        """Return at most k items that are in stock, satisfy every constraint and are not excluded, best first.

        Args:
            query: what is known of the person.
            constraints: hard limits.
            exclude: catalogue positions that must not come back (rejected, seen, shown).
            context: the same, as the language model is told it; None leaves it out.
            k: how many.
            lift: (N,) what business rules add to the scores, in standard deviations of those of the best.
        """
        allowed = self.allowed(constraints, exclude)
        if not allowed.any():
            return []
        if len(allowed) > WHOLE_ROWS:
            rows, scored = self._score_shortlist(query, allowed, context, lift)
        else:
            rows, scored = np.arange(len(allowed)), self.score(query, allowed, context)
        scored = self._needed(context, scored, allowed)
        if lift is not None:
            scored = _lifted(scored, lift[rows], allowed[rows])
        catalog = self.index.catalog
        return [
            Recommended(
                int(rows[at]), float(scored.total[at]), {n: float(part[at]) for n, part in scored.parts.items()}
            )
            for at in self._diverse(scored.total, rows, allowed, k)
            if satisfies_all(catalog[int(rows[at])], constraints)
        ]

    @property
    def blend(self) -> Mapping[str, float]:
        """The weights without a ranker; the chat and every evaluation take them from here."""
        return LEARNT_WEIGHTS if self.ranker is None and "ease" in self.index.retrievers else self.weights

    def score(self, query: Query, allowed: BoolArray, context: UserContext | None = None) -> Scored:
        """Score the whole catalogue: the blend and what each part gives to it, (N,) each; see `recommend`."""
        parts = {name: r.scores(query) for name, r in self._retrievers()}
        parts |= self._spoken(query, allowed, context)
        if self.ranker is not None:
            return Scored(self.ranker.scores(query, parts, allowed), parts)
        weighted = {name: standard(score, allowed, self.blend[name]) for name, score in parts.items()}
        weighted["asked"] = _ASKED_GENRE * self._asked_genres(query)
        return Scored(_sum(weighted.values()), weighted)

    def _score_shortlist(
        self, query: Query, allowed: BoolArray, context: UserContext | None, lift: FloatArray | None = None
    ) -> tuple[IntArray, Scored]:
        """Score the allowed items that are likely the best, and a sample: their positions (n,), ascending, and scores.

        With the shortlist as the whole catalogue, and everything exact, this would be `score`.
        """
        usable = np.flatnonzero(allowed)
        sample = usable[:: -(-len(usable) // _SAMPLE)]
        asked = _ASKED_GENRE * self._asked_genres(query)
        rough = {name: r.rough(query) for name, r in self._retrievers()}
        listed = allowed
        if len(usable) > _SHORTLIST:
            total = asked if lift is None else asked + lift
            for name, score in rough.items():
                total = _added(total, score, sample, self.blend.get(name, 1.0))
            listed = np.zeros_like(allowed)
            listed[usable[np.argpartition(total[usable], -_SHORTLIST)[-_SHORTLIST:]]] = True
        sampled = np.zeros_like(allowed)
        sampled[sample] = True
        rows = np.flatnonzero(listed | sampled)
        parts = {name: r.exact(query, rough[name], rows) for name, r in self._retrievers()}
        spoken = {name: score[rows] for name, score in self._spoken(query, listed, context, rough).items()}
        if self.ranker is not None:
            return rows, Scored(self.ranker.scores(query, parts | spoken, allowed[rows]), parts | spoken)
        weighted = {name: standard(score, sampled[rows], self.blend[name]) for name, score in parts.items()}
        weighted |= {name: standard(score, listed[rows], self.blend[name]) for name, score in spoken.items()}
        weighted["asked"] = asked[rows]
        return rows, Scored(_sum(weighted.values()), weighted)

    def _needed(self, context: UserContext | None, scored: Scored, allowed: BoolArray) -> Scored:
        """Add how well goods meet the need that a person tells of; the best are read, which only gains them."""
        need = self.needs.need(context.said) if self.needs is not None and context is not None else None
        if self.needs is None or need is None:
            return scored
        total = scored.total + standard(need.near, allowed, _NEED)
        best = top_k(total, READ, allowed).positions
        total[best] += _READ * self.needs.read(need.text, best.tolist())
        return Scored(total, {**scored.parts, "needs": total - scored.total})

    def _reads(self, name: str) -> bool:
        return name in self.ranker.settings.parts if self.ranker is not None else bool(self.blend.get(name))

    def _retrievers(self) -> list[tuple[str, ScoringRetriever]]:
        return [(name, r) for name, r in self.index.retrievers.items() if self._reads(name)]

    def _spoken(
        self,
        query: Query,
        allowed: BoolArray,
        context: UserContext | None,
        rough: Mapping[str, FloatArray] | None = None,
    ) -> dict[str, FloatArray]:
        """Return what the language model thinks, by part: (N,) each; what its prompts share is read once."""
        spoken: dict[str, FloatArray] = {}
        if self.generator is None or context is None:
            return spoken
        if self.tower is not None and self._reads("tower"):
            spoken["tower"] = self.tower.scores(self.generator.hidden(self.prompting.person(context)))
        if self._reads("named"):
            prompt = self.prompting.title(context, query, self.index, allowed, rough)
            spoken["named"] = named_scores(self.generator, prompt, len(allowed), allowed)
        return spoken

    def allowed(self, constraints: Sequence[Constraint], exclude: Iterable[int] = ()) -> BoolArray:
        """Return which items may be shown: (N,) bool."""
        allowed = self.index.facets.mask(constraints)
        allowed[list(exclude)] = False
        allowed[self.rules.hidden(self.index)] = False
        return allowed

    def _asked_genres(self, query: Query) -> FloatArray:
        """1 where an item has any of the genres the person says they like, else 0: (N,).

        A genre that no item has in its column, or a catalogue without that column, is looked for in the texts; so is
        what is wished of a shop's own columns: a perfume whose scent is "lime" may be "a fresh citrus". What goods are
        to be about ("mad about dinosaurs") leads before what merely fits an age or a price.
        """
        asked = np.zeros(len(self.index.catalog), dtype=np.float32)
        for wished, value in query.wishes:
            if wished == "genres":
                at = self.index.facets.postings.get("genres", {}).get(value)
                said = Constraint("topic", "is", synonyms("genres", value))
                asked[self.index.facets.mask([said]) if at is None else at] = 1.0
            elif (wished not in _OF_WORKS or self._of_goods(wished, value)) and value not in ("yes", "no"):
                asked[self.index.facets.postings.get(wished, {}).get(value, [])] = _ASKED_OWN
                asked[self.index.facets.mask([Constraint("topic", "is", value)])] = _ASKED_OWN
        return asked

    def _of_goods(self, wished: str, value: str) -> bool:
        """Whether a wish says what goods are to be about, in a word of their themes."""
        themes = {} if self.index.facets.of_works else self.index.facets.postings.get("themes", {})
        return wished in ("themes", "topic") and value in themes

    def _diverse(self, total: FloatArray, rows: IntArray, allowed: BoolArray, k: int) -> list[int]:
        """Choose k of the best greedily, each for its score less its similarity to those before it.

        Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998, section 2). `total` (n,) are the scores of the
        catalogue positions `rows` (n,), and what is returned are places in both.
        """
        pool = top_k(total, _POOL, allowed[rows]).positions
        vectors = np.asarray(self.index.embeddings[rows[pool]], dtype=np.float32)  # (p, d)
        nearest = np.zeros(len(pool), dtype=np.float32)
        chosen: list[int] = []
        gain = total[pool].copy()
        while len(chosen) < min(k, len(pool)):
            best = int(np.argmax(gain - _DIVERSITY * CLIP * nearest))
            chosen.append(int(pool[best]))
            gain[best] = -np.inf
            nearest = np.maximum(nearest, vectors @ vectors[best])
        return chosen


def named_scores(generator: Generator, prompt: Prompt, n: int, allowed: BoolArray | None = None) -> FloatArray:
    """Return the relative probability of the titles that the language model names, 0 for the others: (n,)."""
    scores = np.zeros(n, dtype=np.float32)
    named = generator.name_titles(prompt, _NAMED, allowed)
    if named:
        best = max(title.logprob for title in named)
        for title in named:
            scores[title.position] = np.exp(title.logprob - best)
    return scores


def _added(total: FloatArray, scores: FloatArray, scale: IntArray, weight: float) -> FloatArray:
    """Add scores as `standard` scales them, for their order alone: passes over all N are what a rough score costs."""
    usable = scores[scale]
    if (deviation := float(usable.std())) < 1e-6:
        return total
    added = np.minimum(scores, np.float32(float(usable.mean()) + CLIP * deviation))
    added *= weight / deviation
    added += total
    return added


def _lifted(scored: Scored, lift: FloatArray, allowed: BoolArray) -> Scored:
    """Add what business rules ask for: (n,) standard deviations of the scores of the best allowed rows."""
    best = scored.total[top_k(scored.total, _BEST, allowed).positions]
    added = lift * np.float32(best.std() or 1.0)
    return Scored(scored.total + added, {**scored.parts, "rules": added})


def _sum(parts: Iterable[FloatArray]) -> FloatArray:
    first, *others = parts
    total = first.copy()
    for part in others:
        total += part
    return total
