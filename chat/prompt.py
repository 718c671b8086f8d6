"""The prompt, in the manner of M6-Rec (arXiv 2205.08084, section 3): the person and the items as plain text.

Training and serving both call `render`, so that the tuned model meets at serving time what it was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.types import Item

SYSTEM = "You are a shop assistant. Name titles that suit the person."
_MAX_SAID = 600  # characters of the conversation kept, the latest first
_MAX_ITEMS = 8


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in three parts; `answer` is the beginning of the assistant's turn, which generation continues."""

    system: str
    user: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class UserContext:
    """What is known about a person, ready to be told to the language model.

    Attributes:
        said: (role, text) of the turns so far, oldest first.
        liked, disliked, seen: items, oldest first.
        limits: the labels of the constraints in force ("before 1990").
        wishes: soft preferences in words ("slow").
    """

    said: Sequence[tuple[str, str]] = ()
    liked: Sequence[Item] = ()
    disliked: Sequence[Item] = ()
    seen: Sequence[Item] = ()
    limits: Sequence[str] = ()
    wishes: Sequence[str] = ()


def describe(item: Item) -> str:
    """Name an item to the model: ``Stalker (1979, science fiction, drama)``."""
    facts = ", ".join([*([str(item.year)] if item.year else []), *item.genres[:2]])
    return f"{item.title} ({facts})" if facts else item.title


def render(context: UserContext) -> Prompt:
    """Render the user context; the assistant's turn begins where a title is to be named."""
    lines = []
    for label, items in (("Likes", context.liked), ("Dislikes", context.disliked), ("Knows", context.seen)):
        if items:
            lines.append(f"{label}: " + "; ".join(describe(item) for item in items[-_MAX_ITEMS:]))
    wanted = [*context.limits, *context.wishes]
    if wanted:
        lines.append("Wants: " + ", ".join(wanted))
    said: list[str] = []
    room = _MAX_SAID
    for role, text in reversed(context.said):
        line = f"{role}: {' '.join(text.split())}"
        if room - len(line) < 0 and said:
            break
        said.append(line[-_MAX_SAID:])
        room -= len(line)
    lines.extend(reversed(said))
    return Prompt(SYSTEM, "\n".join(lines), "Title:")
