"""Worth: which goods behind the first one are worth showing, in a shop where needs are read.

A clerk who is told of a need brings one thing, and another that would do; who brings five has not listened. Whether a
good that comes behind would do is weighed by how near it is to the need and how far behind the first (`Decisions`).
"""

from __future__ import annotations

from collections.abc import Sequence

from chat.decisions import Candidate
from chat.needs import Need
from chat.recommender import Recommended
from chat.scene import Scene
from chat.turn import Turn
from chat.typed import telling_words
from retrieval.numbers import blank
from retrieval.types import Item

_FAR, _MANY = 10.0, 20  # standard deviations behind, and goods that the limits leave, beyond which it is all one
_LIMITS = 3


class Worth(Scene):
    """Chooses among what was picked for one conversation."""

    def kept(
        self, turn: Turn, need: Need | None, picks: Sequence[Recommended], *, behind: bool = False
    ) -> list[Recommended]:
        """Return of what was picked the first, and what is likely meant, too; all where whatever there is is asked for.

        Args:
            turn: the message.
            need: what it tells of a need; without one nothing is left out.
            picks: best first.
            behind: they stand behind what is named or stays, so that the first is shown for what it is worth, too.
        """
        decisions, sure = self.shop.decisions, 0 if behind else 1
        if decisions is None or need is None or len(picks) <= sure or self._lists(turn):
            return [*picks]
        shared = self._shared(need, picks)
        told = [Candidate(pick.position, shared | self._cues(need, picks, pick)) for pick in picks[sure:]]
        worth = decisions.worth(told)
        return [*picks[:sure], *(pick for pick, shown in zip(picks[sure:], worth, strict=True) if shown)]

    def _lists(self, turn: Turn) -> bool:
        """Whether a message asks for whatever there is: more of it, all of a kind."""
        said = turn.understood
        named = any(limit.is_thing for limit in said.parsed.constraints)
        bare = named and not telling_words(blank(turn.text, said.parsed.spans))
        others = said.act == "more" and not telling_words(turn.text)  # "more", not "one that holds more"
        return others or said.extreme is not None or bare

    def _shared(self, need: Need, picks: Sequence[Recommended]) -> dict[str, float]:
        """Return the cues that are the same for every good of a row."""
        limits = [limit.constraint for limit in self.state.taste.limits]
        left = int(self.shop.recommender.allowed(limits).sum())
        return {
            "1": 1.0,
            "lead": min(picks[0].score - picks[min(1, len(picks) - 1)].score, _FAR),
            "of a kind": float(any(limit.is_thing for limit in limits)),
            "limits": min(len(limits), _LIMITS) / _LIMITS,
            "left": min(left, _MANY) / _MANY,
        }

    def _cues(self, need: Need, picks: Sequence[Recommended], pick: Recommended) -> dict[str, float]:
        first, near = picks[0], float(need.near[pick.position])
        return {
            "behind": min(first.score - pick.score, _FAR),
            "near": near,
            "further": float(max(need.near[each.position] for each in picks)) - near,
            "stands out": (near - float(need.near.mean())) / max(float(need.near.std()), 1e-6),
            "of its kind": float(self._item(pick).kind == self._item(first).kind),
        }

    def _item(self, pick: Recommended) -> Item:
        return self.shop.index.catalog[pick.position]
