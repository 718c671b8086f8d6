"""The limits that a program gives with a request: each must mean something in this catalogue, or it is refused.

What a person says is read by `retrieval.parsing`, which makes no limit that the catalogue cannot keep; a program's
would be ignored, or match nothing, without a word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from retrieval.constraints import Facets
from retrieval.errors import NamedropError
from retrieval.types import Constraint

_COMPARING = ("<", "<=", ">", ">=")
_NUMBERS = ("year", "decade", "price")


class BadLimit(NamedropError):
    """A limit that cannot mean anything in this catalogue."""


class NoSuchLimit(NamedropError):
    """A conversation has no such limit."""


def check(limits: Sequence[Constraint], facets: Facets) -> None:
    """Let limits pass that the catalogue can keep.

    Raises:
        BadLimit: a column is not there, holds something else than the limit compares, or cannot be compared so.
    """
    for limit in limits:
        problem = _problem(limit, facets)
        if problem:
            raise BadLimit(f"the limit on '{limit.field}' {problem}")


def _problem(limit: Constraint, facets: Facets) -> str:
    field, op, value = limit.field, limit.op, limit.value
    compares = op in (*_COMPARING, "fits")
    if field == "in_stock":
        return "" if isinstance(value, bool) and not compares else "takes 'is' or 'is_not', and true or false"
    if field != "title" and not facets.knows(field):
        return "cannot be kept: no item of the catalogue has such a column"
    numbers = field in _NUMBERS or field in facets.numeric_fields
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if op == "fits" and field not in facets.ranges:
        return "cannot be 'fits': the column holds no ranges"
    if op in _COMPARING and not numbers:
        return f"cannot be '{op}': the column holds no numbers; use 'is' or 'is_not'"
    if not number and (compares or (numbers and field not in facets.postings)):
        return f"needs a number, written without quotes, not {_shown(value)}"
    if number and not (numbers or compares):
        return f"needs a text, not {_shown(value)}: the column holds no numbers"
    return ""


def _shown(value: object) -> str:
    """Return a value as a client wrote it, not all of a long one."""
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
