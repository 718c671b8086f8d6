"""Decisions about goods that are fitted rather than set: where a message goes, which limits it means, what is shown.

Each is a logistic regression on named cues: what words, purpose, rules, goods and pages say for it. Conversations with
invented shops (`data/talks`, `data/goods`) fit them, by `python -m finetune.decisions`. Works are read by rules alone:
nobody has written such conversations about them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple, Self

from chat.routing import ROUTES, Route, Routed
from retrieval.knowledge import WEIGHTS
from retrieval.types import Constraint

Cues = Mapping[str, float]
Way = Literal["recommend", "buy", "item", "policy", "rest"]
WAYS: tuple[Way, ...] = ("recommend", "buy", "item", "policy", "rest")
FILE = WEIGHTS / "decisions.json"


class Decided(NamedTuple):
    """Where a message goes, and how likely it takes an item: that is of the route "recommend", too."""

    routed: Routed
    takes: float


class Doubt(NamedTuple):
    """A limit, and the cues for it that it is none, or no longer one."""

    limit: Constraint
    cues: Cues


class Candidate(NamedTuple):
    """A good behind the first that would be shown: its position, and the cues for it that it is meant, too."""

    position: int
    cues: Cues


@dataclass(frozen=True, slots=True)
class Decisions:
    """Weights of cues, by their names; a cue without a weight counts nothing.

    Attributes:
        routes: for each of `WAYS`.
        limits: for it that a limit is none, or no longer one.
        cards: for it that a good behind the first is meant, too.
        bars: from what log odds a limit is left out, of the last message and of those before, and a good is shown.
    """

    routes: Mapping[Way, Cues]
    limits: Cues
    cards: Cues
    bars: Mapping[Literal["new", "old", "card"], float]

    @classmethod
    @cache
    def shipped(cls) -> Self:
        """Load those that come with the package."""
        return cls(**json.loads(FILE.read_text(encoding="utf-8")))

    def routed(self, cues: Cues, looks: Routed) -> Decided:
        """Return where a message goes; among what neither goods nor pages answer, as `looks` has it."""
        odds = {way: _dot(self.routes[way], cues) for way in WAYS}
        most = max(odds.values())
        powers = {way: math.exp(value - most) for way, value in odds.items()}
        total = sum(powers.values())
        shares = {way: power / total for way, power in powers.items()}
        others: list[Route] = [route for route in ROUTES if route not in WAYS]
        left = sum(looks.scores.get(route, 0.0) for route in others)
        scores: dict[Route, float] = {route: shares[route] for route in ROUTES if route in WAYS}
        scores["recommend"] += shares["buy"]
        among = {route: looks.scores.get(route, 0.0) / left if left else 1 / len(others) for route in others}
        scores |= {route: shares["rest"] * share for route, share in among.items()}
        first = max(scores, key=lambda route: scores[route])
        return Decided(Routed(first, scores[first], scores), shares["buy"])

    def gone(self, doubts: Sequence[Doubt]) -> list[bool]:
        """Return of each limit whether the last message never meant it, or means it no longer."""
        return [
            _dot(self.limits, doubt.cues) > self.bars["old" if doubt.cues.get("old") else "new"] for doubt in doubts
        ]

    def worth(self, candidates: Sequence[Candidate]) -> list[bool]:
        """Return of each good behind the first whether it is shown beside it."""
        return [_dot(self.cards, candidate.cues) > self.bars["card"] for candidate in candidates]


def _dot(weights: Cues, cues: Cues) -> float:
    return sum(weights.get(name, 0.0) * value for name, value in cues.items())
