"""Kinds that are for somebody else: who asks for a bike means a child's only where they speak of a child."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from chat.state import DialogueState
from retrieval.alike import for_others
from retrieval.constraints import Facets
from retrieval.labels import GROWN_UP
from retrieval.parsed import as_tuple
from retrieval.ranges import part_of
from retrieval.text import forms, words
from retrieval.types import BoolArray, Constraint

_CHILD = re.compile(
    r"\b(?:sons?|daughters?|kids?|child|children|boys?|girls?|toddlers?|bab(?:y|ies)|nieces?|nephews?|teen\w*|school"
    r"|grand(?:sons?|daughters?|kids?|child|children)|years?[\s-]olds?|yr[\s-]olds?|little\s+ones?)\b|孩|儿子|女儿|岁",
    re.IGNORECASE,
)
_YOUNG = re.compile(rf"{_CHILD.pattern}|\b(?:family|families|picture\s+books?)\b|家", re.IGNORECASE)
_TODDLER = 5.0  # years from which something is not for toddlers any more
_FEW = 0.5  # of the things that tell an age: a shop of toys for toddlers has them for all who ask


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


def not_for_toddlers(facets: Facets, state: DialogueState) -> BoolArray | None:
    """Return what is not made for toddlers, (N,), which stand behind where nobody speaks of a child; None if all do.

    A lowest age alone says nothing of who is too old: a picture book from 1 is nothing for a grown-up's holiday.
    """
    field = next((name for name in facets.ranges if part_of(name) == "age" and "month" not in name), "")
    aged = any(c.op == "fits" and part_of(c.field) == "age" and c.value != GROWN_UP for c in state.taste.limits)
    if not field or aged or any(_YOUNG.search(entry.text) for entry in state.messages if entry.role == "user"):
        return None
    lowest = facets.ranges[field][:, 0]
    small = lowest < _TODDLER
    return ~small if small.sum() < _FEW * np.isfinite(lowest).sum() else None


def _names(kinds: Sequence[str], told: Sequence[str]) -> bool:
    """Whether messages have the first words of kinds: "my dog"."""
    said = {form for each in told for word in words(each) for form in forms(word)}
    return any(said.intersection(kind.split()[:-1]) for kind in kinds)
