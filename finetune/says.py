"""What a simulated person says, as facts: the wording puts them into language, the teacher understands them exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from retrieval.types import Constraint

Act = Literal[
    "like", "dislike", "want", "limit", "refuse", "less", "relative", "closer", "reject", "seen", "retract", "more"
]


@dataclass(frozen=True, slots=True)
class Says:
    """One fact of an utterance.

    Attributes:
        act: what kind of fact; `less` is a refusal that only leans ("less dark"), `relative` a limit against what is
            shown ("older"), `closer` asks for more like a shown item, `retract` takes back an earlier wish or limit.
        field, value: of a wish, or of the wish taken back.
        limit: of a limit, refusal or comparison, or the one taken back.
        items: catalogue positions of the works meant.
        places: their places among the cards shown last, counted from 0; empty for works named from memory.
        again: the person repeats themselves, because what they said was not heeded.
    """

    act: Act
    field: str = ""
    value: str = ""
    limit: Constraint | None = None
    items: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Utterance:
    """A turn of a simulated person: the words, the facts, and the positions of the works that the words name."""

    text: str
    says: tuple[Says, ...] = ()
    items: tuple[int, ...] = ()
