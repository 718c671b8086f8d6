"""Talks: whole conversations with shops, each message marked with what a good clerk's answer holds.

A file `SHOP.json` is a list of ``{"id": "tools-1", "turns": [{"text": "is it heavy?", "tell": "W03", "column":
"weight_kg"}, …]}``, the shop's pages beside it in `SHOP.md`; `data/talks` has them. A message's marks:

``show``
    Goods that a clerk would show now, best first.
``tell``
    The goods that are asked about ("first": of those shown before); `column` is the one whose cell answers, with words
    of it in `says`, or null where the catalogue does not say.
``page``
    The title of the page that answers; null where none does.
``act``
    A basket, an order, thanks, a person …
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from retrieval.errors import NamedropError

TALKS = Path("data/talks")
GOODS = Path("data/goods")


class Message(BaseModel):
    """What somebody writes, and what the answer must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    show: tuple[str, ...] = ()
    tell: str | tuple[str, ...] = ()
    column: str | None = None
    says: str = ""
    page: str | None = ""
    act: Literal["", "greeting", "thanks", "bye", "basket", "order", "person", "complaint", "outside"] = ""


class Talk(BaseModel):
    """One conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    turns: tuple[Message, ...]


_TALKS = TypeAdapter(tuple[Talk, ...])


def read_talks(path: Path) -> tuple[Talk, ...]:
    """Read the conversations with a shop.

    Raises:
        NamedropError: the file cannot be read, or is not of the shape above.
    """
    try:
        return _TALKS.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise NamedropError(f"{path}: {error}\nwrite it as the docstring of finetune.talks shows") from error
