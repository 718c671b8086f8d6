"""Contents: what is in a thing or what it is made of, by the columns that tell it, and by its description."""

from __future__ import annotations

import re

from chat import facts
from chat.replies import Say
from retrieval.text import normalize
from retrieval.types import Item
from retrieval.units import of_header

CONTENTS = "contents"  # what is asked, in place of a column
_IT = r"(?:it|this|that|them|these|those)\b"
_HOLDER = r"(?:one|set|box|kit|bundle|pack|bottle|tin|jar|tube|mix|blend|hamper)\b"
_ASKED = re.compile(
    rf"\bwhat(?:['’]?s|\s+is|\s+are|\s+comes|\s+do\s+(?:you|i|we)\s+get)\s+in(?:side)?\s+(?:{_IT}(?!\s+for\b)|(?:the|this|that)\s+(?:[\w'’-]+\s+){{0,4}}?{_HOLDER})"
    rf"|\bwhat\s+(?:does|do)\s+(?:{_IT}|they)\s+(?:contain|include|consist\s+of)\b"
    rf"|\bwhat(?:['’]?s|\s+is|\s+are)\s+(?:{_IT}|they)\s+made\s+(?:of|from|out\s+of|with)\b"
    r"|里面有什么|有什么成分|什么做的",
    re.IGNORECASE,
)
_TELL = frozenset(
    """
    ingredients ingredient contents content contains composition components includes included material materials
    fabric fabrics
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)


def asks_contents(text: str) -> bool:
    """Whether a message asks what is in a thing, or what it is made of."""
    return _ASKED.search(text) is not None


def contents(item: Item, say: Say) -> str:
    """Tell what is in an item: the columns that say so, and the description; "" if the catalogue has neither."""
    told = [name for name in item.attributes if normalize(of_header(name)[0]) in _TELL]
    told = [name for name in told if facts.attribute(item, name, say.language)]
    title = facts.name(item, say.language)
    described = say("held_told", title=title, quote=item.description) if item.description else ""
    return say.sentences(say.answer(item, told) if told else "", described)
