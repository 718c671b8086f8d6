"""Whether an item fits a person: their height or age against the range that the shop gives for it."""

from __future__ import annotations

import re

from chat import facts
from chat.counted import asks_count, for_so_many
from chat.replies import Say
from chat.state import DialogueState
from retrieval.columns import Columns
from retrieval.labels import label
from retrieval.numbers import COUNTS
from retrieval.persons import told
from retrieval.ranges import part_of, range_of
from retrieval.types import Item
from retrieval.units import of_header

FITS = "fits"  # the question, beside the names of columns
_SOMEBODY = (
    r"(?:i|me|he|him|she|her|we|us|they|my\s+\w+|some(?:one|body)|\w+[\s-]year[\s-]olds?"
    rf"|an?\s+(?:man|woman|person|child|kid|adult)|(?:\d{{1,2}}|{'|'.join(COUNTS)})(?:\s+(?:people|persons?|players?|adults|of\s+us))?)"
)
_IT = r"(?:it|that|this|they|these|those|(?:the|that|this)\s+[^.?!]{1,40}?)"
_ENOUGH = r"(?:too\s+\w+|\w+\s+enough)"
_ASKS = re.compile(
    rf"\b(?:do|does|would|will|can|could|might)\s+{_SOMEBODY}\s+(?:\w+\s+)?(?:fit|ride)\b"
    rf"|\b(?:would|will|does|do|can|could)\s+{_IT}\s+(?:\w+\s+)?(?:fit|suit|(?:work|do|serve)\s+(?:for|with)|serve|feed|be\s+(?:ok(?:ay)?|right|(?:\w+\s+)?enough)\s+for)\s+{_SOMEBODY}\b"
    rf"|\b(?:is|are)\s+{_IT}\s+(?:{_ENOUGH}|enough|right|suitable|ok(?:ay)?|good)\s+for\s+(?:a\s+)?(?:{_SOMEBODY}\b|\d)"
    rf"|\b(?:am|is)\s+(?:i|he|she)\s+{_ENOUGH}\s+for\s+(?:it|that|this|these|those)\b"
    rf"|\b(?:can|could|will|would)\s+(?:\d{{1,2}}|{'|'.join(COUNTS)})\s+(?:people|persons?|players?|adults|of\s+us|kids|children)\s+(?:play|use|share|sit|sleep|eat)\b"
    r"|适合[^。]*(?:吗|么|\?|？)",
    re.IGNORECASE,
)


def asks_to_fit(text: str, columns: Columns) -> bool:
    """Whether a message asks whether an item fits somebody, where the shop says for whom things are."""
    return (bool(columns.people.columns) and _ASKS.search(text) is not None) or asks_count(text, columns)


def fitting(item: Item, text: str, columns: Columns, state: DialogueState, say: Say) -> str:
    """Say whether an item fits who is spoken of, now or before, with its range; unasked of whom, the range alone."""
    if counted := for_so_many(item, text, columns, say) if asks_count(text, columns) else "":
        return counted
    said = [limit.constraint for limit in state.taste.limits if limit.op == "fits"]
    now = {columns.people.columns.get(one.part, "") for one in told(text.casefold())}
    known = [c for c in said if c.field in now] or said
    named = [c for c in known if range_of(item, c.field) is not None]
    if not named:
        return say.answer(
            item, list(dict.fromkeys(c.field for c in known)) or list(columns.people.columns.values())[:1]
        )
    title, answers = facts.name(item, say.language), []
    for c in named:
        low, high = range_of(item, c.field) or (0.0, 0.0)
        value = float(c.value)  # type: ignore[arg-type]
        whom = label(c.field, "fits", value, say.language)
        kept = facts.attribute(item, c.field, say.language)
        if part_of(c.field) == "people" and of_header(c.field)[1] is None and say.language == "en":
            kept = f"{kept} {of_header(c.field)[0]}"  # "2-6 players"
        answers.append(say("fits_yes" if low <= value <= high else "fits_no", title=title, whom=whom, range=kept))
    return say.sentences(*answers)
