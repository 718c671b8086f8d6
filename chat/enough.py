"""Enough of that: "that" of which somebody has had too much is a sort of things, and no item on screen."""

from __future__ import annotations

import re

_THEM = r"(?:that|those|it|them|these|this|that\s+(?:kind|sort|type)|those\s+things)"
_ENOUGH = re.compile(
    rf"\b(?:too|so|way\s+too)\s+(?:much|many|often)\s+(?:of\s+)?{_THEM}\b|\b(?:enough|plenty|loads|lots|tons)\s+of\s+{_THEM}\b"
    rf"|\b(?:sick|tired|bored|fed\s+up)\s+(?:of|with)\s+(?:all\s+)?{_THEM}\b",
    re.IGNORECASE,
)


def enough_of(text: str) -> list[tuple[int, int]]:
    """Return where a message says that there has been enough of something: "not crime, I read too much of that"."""
    return [match.span() for match in _ENOUGH.finditer(text)]
