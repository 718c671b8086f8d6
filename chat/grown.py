"""Kinds that are for somebody else: who asks for a bike means a child's only where they speak of a child."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.state import DialogueState
from retrieval.alike import for_others
from retrieval.parsed import as_tuple
from retrieval.text import forms, words
from retrieval.types import Constraint

_CHILD = re.compile(
    r"\b(?:sons?|daughters?|kids?|child|children|boys?|girls?|toddlers?|bab(?:y|ies)|nieces?|nephews?|teen\w*|school"
    r"|grand(?:sons?|daughters?|kids?|child|children)|years?[\s-]olds?|yr[\s-]olds?|little\s+ones?)\b|孩|儿子|女儿|岁",
    re.IGNORECASE,
)


def for_grown_ups(constraint: Constraint, text: str, state: DialogueState, fits: bool) -> Constraint:
    """Return a limit to several kinds without those that are for somebody of whom nobody speaks.

    Args:
        constraint: the limit, whose label is to be made anew if it has none.
        text: the message.
        state: of the dialogue.
        fits: whether the message tells for whom it is to be, in numbers.
    """
    kinds = as_tuple(constraint.value) if (constraint.field, constraint.op) == ("kind", "is") else ()
    others = for_others(kinds) if len(kinds) > 1 else ()
    told = [text, *(entry.text for entry in state.messages if entry.role == "user")]
    if not others or len(others) == len(kinds) or fits or any(limit.op == "fits" for limit in state.taste.limits):
        return constraint
    if any(_CHILD.search(each) for each in told) or _names(others, told):
        return constraint
    kept = tuple(kind for kind in kinds if kind not in others)
    return Constraint("kind", "is", kept if len(kept) > 1 else kept[0])


def _names(kinds: Sequence[str], told: Sequence[str]) -> bool:
    """Whether messages have the first words of kinds: "my dog"."""
    said = {form for each in told for word in words(each) for form in forms(word)}
    return any(said.intersection(kind.split()[:-1]) for kind in kinds)
