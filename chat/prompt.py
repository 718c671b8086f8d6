"""The prompt, in the manner of M6-Rec (arXiv 2205.08084, section 3): the person and the items as plain text.

Training and serving both call `render`, so that the tuned model meets at serving time what it was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.types import Item

SYSTEM = "You are a shop assistant. Name titles that suit the person."
_MAX_ITEMS = 8
_RECENT = 4  # turns whose words of the person are what they ask for now

Style = Literal["person", "dialogue"]
_MAX_SAID: Mapping[Style, int] = {"person": 600, "dialogue": 1600}  # characters kept, the latest first
_MAX_TURN = 300  # characters of one turn of the assistant, in style dialogue

Ask = Literal["title", "reply", "why", "search", "text"]
# How the assistant's turn begins says what is asked, so that everything before it is read once for all of them.
_BEGINNINGS: Mapping[Ask, str] = {
    "title": "Title:",
    "reply": "Reply:",
    "why": "Why:",
    "search": "Search:",
    "text": "Text:",
}


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
        shelf: items that retrieval offers, best first, from which the model may choose.
    """

    said: Sequence[tuple[str, str]] = ()
    liked: Sequence[Item] = ()
    disliked: Sequence[Item] = ()
    seen: Sequence[Item] = ()
    limits: Sequence[str] = ()
    wishes: Sequence[str] = ()
    shelf: Sequence[Item] = ()

    @property
    def asked(self) -> str:
        """The person's own words of the last turns."""
        return " ".join(text for role, text in self.said[-_RECENT:] if role == "user")


def describe(item: Item) -> str:
    """Name an item to the model: ``Stalker (1979, science fiction, drama)``."""
    facts = ", ".join([*([str(item.year)] if item.year else []), *item.genres[:2]])
    return f"{item.title} ({facts})" if facts else item.title


def render(context: UserContext, ask: Ask = "title", items: Sequence[Item] = (), style: Style = "person") -> Prompt:
    """Render the user context; the assistant's turn begins where the answer is to follow.

    Args:
        context: what is known about the person.
        ask: what the model is to write: a title, a reply around item slots, why an item suits the person, the search
            query behind the wish, or an item's text.
        items: what the reply offers, or the item that is explained or described; they become the slots [1], [2], ….
        style: the one that the model was trained on. "person" tells what is known and the person's last words;
            "dialogue" first tells what both sides said, so that the next turn's prompt begins as this one does, and
            its tokens are read once, in training as in serving.
    """
    known, said = _known(context), _said(context, style)
    lines = [*said, *known] if style == "dialogue" else [*known, *said]
    if items:
        lines.append("Offer: " + "; ".join(f"[{n}] {describe(item)}" for n, item in enumerate(items, 1)))
    if ask == "title" and context.shelf:
        lines.append("Shelf: " + "; ".join(item.title for item in context.shelf))
    return Prompt(SYSTEM, "\n".join(lines), _BEGINNINGS[ask])


def _known(context: UserContext) -> list[str]:
    lines = []
    for label, known in (("Likes", context.liked), ("Dislikes", context.disliked), ("Knows", context.seen)):
        if known:
            lines.append(f"{label}: " + "; ".join(describe(item) for item in known[-_MAX_ITEMS:]))
    wanted = [*context.limits, *context.wishes]
    if wanted:
        lines.append("Wants: " + ", ".join(wanted))
    return lines


def _said(context: UserContext, style: Style) -> list[str]:
    turns = context.said
    if style == "person":
        turns = [(role, text) for role, text in turns[-_RECENT:] if role != "assistant"]
    said: list[str] = []
    room = most = _MAX_SAID[style]
    for role, text in reversed(turns):
        line = f"{role}: {' '.join(text.split())}"
        if role == "assistant":
            line = line[:_MAX_TURN]
        if room - len(line) < 0 and said:
            break
        said.append(line[-most:])
        room -= len(line)
    return said[::-1]
