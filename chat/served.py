"""What the service desk answers, and how it quotes the shop's pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chat.messages import Citation, Handoff
from chat.replies import Say
from retrieval.knowledge import Found, sentences


@dataclass(frozen=True, slots=True)
class Served:
    """What the desk answers to one wish."""

    text: str
    citations: tuple[Citation, ...] = ()
    handoff: Handoff | None = None
    abstained: bool = False


def stretch(text: str, tells: Callable[[str], object]) -> str:
    """Return the part of a text from the first sentence that tells something to the last one, verbatim."""
    told = [part for part in sentences(text) if tells(part)]
    return text[text.find(told[0]) : text.rfind(told[-1]) + len(told[-1])] if told else ""


def cited(found: Found, say: Say) -> Served:
    """Quote a passage, and say which it is."""
    passage = found.passage
    citation = Citation(id=passage.id, title=passage.title, quote=found.quote)
    return Served(say("quoted", title=passage.title, quote=found.quote), (citation,))
