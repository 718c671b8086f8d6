"""What pydantic found wrong, in words for who writes the file: of lists and texts, not of Python's types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def expected(detail: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    """Say what was expected of one value."""
    kind, given = detail["type"], detail["input"]
    if kind == "too_short":
        least = detail["ctx"]["min_length"]
        return f"a list with at least {least} {'entry' if least == 1 else 'entries'}, found {len(given)}"
    if kind in ("tuple_type", "list_type"):
        return f"a list: [{given}]" if isinstance(given, str | int | float) else "a list"
    if kind in ("model_type", "dict_type", "mapping_type"):
        return "keys and values"
    message: str = detail["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def first_causes(details: Iterable[Any]) -> Iterator[Any]:
    """Leave out that a list is too short where that is only because an entry of it is wrong."""
    found = list(details)
    for detail in found:
        loc = tuple(detail["loc"])
        inner = any(tuple(other["loc"][: len(loc)]) == loc and len(other["loc"]) > len(loc) for other in found)
        if detail["type"] != "too_short" or not inner:
            yield detail
