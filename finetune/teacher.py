"""The teacher: the assistant of the training dialogues, who understands every fact and knows the taste behind it.

What it names are the items that best fit what has been said, the hidden taste breaking ties; nothing it names goes
against anything said. In `finetune.simulate run` it is the ceiling: what an assistant could reach that understands
every word.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from chat import facts
from chat.state import Language
from finetune.says import Says
from finetune.tastes import ABOUT, Value, World
from finetune.wordings import chinese, english
from finetune.wordings.voice import Part, choose
from retrieval.lexicon import display
from retrieval.text import is_cjk
from retrieval.types import BoolArray, Constraint, FloatArray

NAMED = 3  # titles of one answer
_HIDDEN = 0.3  # what the hidden taste counts beside what has been said
_ALIKE = 20  # the best items for the hidden taste count alike, or the target would always come first
_DISLIKED = 0.4
_CHANCE = 0.03  # noise, so that equally good items take turns
_GOOD_ENOUGH = 0.6  # of the best item's score: what fits less is not named
_NAMES_TARGET = (0.3, 0.45, 0.6, 0.8)  # the chance of naming the target in each answer; later ones do for certain


@dataclass
class Heard:
    """What a person has said so far, as an assistant that understands every fact keeps it."""

    wishes: dict[Value, None] = field(default_factory=dict)
    liked: list[int] = field(default_factory=list)
    disliked: list[int] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)  # shown, seen, liked, rejected: not to be named
    limits: list[Constraint] = field(default_factory=list)

    def take(self, says: Sequence[Says]) -> None:
        """Take over the facts of one utterance."""
        for s in says:
            if s.act == "want":
                self.wishes[s.field, s.value] = None
            elif s.act in ("like", "closer"):
                self.liked.extend(s.items)
            elif s.act in ("dislike", "reject"):
                self.disliked.extend(s.items)
            elif s.act == "retract" and s.limit is not None:
                self.limits = [c for c in self.limits if c != s.limit]
            elif s.act == "retract":
                self.wishes.pop((s.field, s.value), None)
            elif s.limit is not None and s.limit not in self.limits:
                self.limits.append(s.limit)
            self.gone.update(s.items)


class Teacher:
    """Answers one person.

    Args:
        world: the catalogue.
        taste: the share of the hidden taste that each item meets, (N,); None leaves the hidden taste out.
        pool: (N,) which items may be named.
        rng: breaks ties.
    """

    def __init__(self, world: World, taste: FloatArray | None, pool: BoolArray, rng: random.Random) -> None:
        self.heard = Heard()
        self._world = world
        self._taste = taste
        self._pool = pool & world.catalog.in_stock
        self._rng = rng
        self._turn = 0

    def answer(self, says: Sequence[Says], *, target: int | None = None, k: int = NAMED) -> list[int]:
        """Return the positions of at most k items that fit what has been said, best first.

        Args:
            says: the person's latest facts.
            target: an item that is named with a chance that grows with every turn, however well others fit, so that
                dialogues end sooner or later; None leaves it to the scores.
            k: how many.
        """
        self.heard.take(says)
        fitting = self._world.facets.mask(self.heard.limits)
        fitting[list(self.heard.gone)] = False
        allowed = fitting & self._pool
        named = target is not None and bool(allowed[target]) and self._rng.random() < self._chance()
        if target is not None:
            allowed[target] = False
        scores = self._scores()
        ranked = [int(at) for at in np.argsort(-scores, kind="stable") if allowed[at]]
        bar = _GOOD_ENOUGH * float(scores[fitting].max(initial=0.0))
        picks = [at for at in ranked[:k] if scores[at] >= bar]
        if target is not None and named:
            picks = sorted([*picks[: k - 1], target], key=lambda at: -scores[at])
        self._turn += 1
        self.heard.gone.update(picks)
        return picks

    def _chance(self) -> float:
        return _NAMES_TARGET[self._turn] if self._turn < len(_NAMES_TARGET) else 1.0

    def _scores(self) -> FloatArray:
        heard, world = self.heard, self._world
        scores = world.fit({v: max(world.idf(v), 0.1) for v in heard.wishes}) + world.overlap(heard.liked)
        scores = scores - _DISLIKED * world.overlap(heard.disliked)
        for maker in (v for f, v in heard.wishes if f == "creators"):
            scores[world.facets.postings["creators"].get(maker, np.empty(0, dtype=np.int64))] += 1.0
        if self._taste is not None:
            scores = scores + _HIDDEN * np.minimum(self._taste, np.sort(self._taste)[-min(_ALIKE, len(world))])
        noise = np.random.default_rng(self._rng.getrandbits(32)).uniform(0, _CHANCE, len(world))
        return np.asarray(scores + noise, dtype=np.float32)


def worded(world: World, picks: Sequence[int], heard: Heard, language: Language, part: Part, rng: random.Random) -> str:
    """Word an answer that names items in order; without items it asks for more. States nothing but their names."""
    table = english if language == "en" else chinese
    if not picks:
        return choose(table.ASKS, rng, part)
    first, *rest = facts_names(world, picks, language)
    template = choose(table.ANSWERS if rest else table.ANSWERS_ONE, rng, part)
    text = template.format(a=first, rest=facts.join(rest, language) if rest else "")
    return _lead(world, picks, heard, language, part, rng) + text[:1].upper() + text[1:]


def facts_names(world: World, picks: Sequence[int], language: Language) -> list[str]:
    """Return the names that an answer calls items by: title and year."""
    return [facts.name(world.item(at), language) for at in picks]


def _lead(world: World, picks: Sequence[int], heard: Heard, language: Language, part: Part, rng: random.Random) -> str:
    """Refer to what was said, where all the picks bear it out; often to nothing."""
    table = english if language == "en" else chinese
    how = rng.random()
    if how < 0.3 and heard.liked:
        return choose(table.SINCE_LIKED, rng, part).format(titles=facts_names(world, heard.liked[-1:], language)[0])
    met = [v for v in heard.wishes if all(v in world.values[at] for at in picks)]
    spoken = [
        display(f, v, language) for f, v in met if f == "moods" and (language == "en" or is_cjk(display(f, v, "zh")))
    ]
    about = [v for f, v in met if f in ABOUT] if language == "en" else []
    if how > 0.6 or not (spoken or about):
        return ""
    wish = " ".join([*spoken[-1:], *(f"about {v}" for v in about[-1:])])
    lead = choose(table.FOR_WISH, rng, part).format(wish=wish)
    return lead[:1].upper() + lead[1:]
