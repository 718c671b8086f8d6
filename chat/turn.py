"""What the steps of one turn tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chat.state import DialogueState, Limit
from chat.understanding import Understanding
from retrieval.types import Constraint


@dataclass(slots=True)
class Turn:
    """What the steps of one turn tell each other: what was understood, and what came of it so far."""

    understood: Understanding
    text: str = ""  # what was read
    named: list[int] = field(default_factory=list)  # positions of the works the message names, none rejected
    asked: list[int] = field(default_factory=list)  # positions a question is about
    rejected: list[str] = field(default_factory=list)  # ids
    seen: list[str] = field(default_factory=list)  # ids
    notes: list[str] = field(default_factory=list)  # sentences said before the recommendation
    changed_subject: bool = False
    refined: bool = False  # only limits changed: what was shown may be shown again
    lifted: list[str] = field(default_factory=list)
    outgrown: Sequence[Limit] = ()  # limits that it leaves behind
    before: list[Limit] = field(default_factory=list)  # the limits in force when the message came
    further: list[Constraint] = field(default_factory=list)  # of its limits those of a comparative: "lighter"
    beside: list[int] = field(default_factory=list)  # positions shown beside what was asked for
    related: list[int] = field(default_factory=list)  # positions of what comes nearest to a subject, and lacks it
    freed: list[Limit] = field(default_factory=list)  # the limits that those lack

    def lift(self, state: DialogueState, limits: Sequence[Limit], *, silently: bool = False) -> None:
        """Remove limits from a state, and unless `silently` let the answer say so."""
        state.taste.limits = [x for x in state.taste.limits if x not in limits]
        if not silently:
            self.lifted.extend(x.label for x in limits)
