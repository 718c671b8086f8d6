"""Enough of that: "that" of which somebody has had too much is a sort of things, and no item on screen."""

from __future__ import annotations

import re

_THEM = r"(?:that|those|it|them|these|this|that\s+(?:kind|sort|type)|those\s+things)"
_ENOUGH = re.compile(
    rf"\b(?:too|so|way\s+too)\s+(?:much|many|often)\s+(?:of\s+)?{_THEM}\b|\b(?:enough|plenty|loads|lots|tons)\s+of\s+{_THEM}\b"
    rf"|\b(?:sick|tired|bored|fed\s+up)\s+(?:of|with)\s+(?:all\s+)?{_THEM}\b",
    re.IGNORECASE,
)
_THEIRS = re.compile(  # what somebody else knows of a maker, and what is not known at all
    r"\b(?:she|he|they)\b[^.?!]{0,40}?\b(?:read|seen|watched|played|heard|has|have|got)\s+(?:all|most|everything)(?:\s+of)?\s+(?:them|those|it|his|hers|theirs)\b"
    r"|\b(?:have|has|did)(?:n['’]?t|\s+not)\s+(?:read|seen|watched|played|heard)\s+(?:any\s+of\s+)?(?:those|them|these|that|it)\b",
    re.IGNORECASE,
)


def enough_of(text: str) -> list[tuple[int, int]]:
    """Return where a message says that there has been enough of something: "not crime, I read too much of that"."""
    return [match.span() for pattern in (_ENOUGH, _THEIRS) for match in pattern.finditer(text)]
