"""Explaining: why an item was shown, what two have in common, and for whom a work is, by what is known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat import facts
from chat.opinions import Opinion
from chat.replies import Say
from chat.state import DialogueState
from retrieval.constraints import values_of
from retrieval.hits import FOR_CHILDREN
from retrieval.types import Item

REASON, COMMON = "reason", "common"  # what is asked about items then
_SHOW = (
    r"(?:show\w*|suggest\w*|recommend\w*|pick\w*|ch[ou]o?s\w+|chose|giv\w+|gave|includ\w+|put|bring\w*|brought|list\w*)"
)
_WHY_SHOWN = re.compile(
    rf"\b(?:why|how\s+come|what\s+made\s+you)\b[^.?!,]{{0,30}}?\b{_SHOW}\b"
    r"|^\W*(?:(?:but|and|ok(?:ay)?|so|wait|um+|er+)\b\W*)*why\s+(?:this|that|these|those|it|the)"
    r"(?:\s+(?:first|second|third|fourth|fifth|last))?(?:\s+ones?)?\W*$"
    r"|为什么(?:给我)?推荐",
    re.IGNORECASE,
)
_IN_COMMON = re.compile(
    r"\bin\s+common\b|\bwhat\s+(?:do|does)\b[^.?!;]{1,60}\bshare\b|\b(?:what\s+connects|how\s+(?:are|is)\b[^.?!;]{1,60}\b(?:alike|similar))\b"
    r"|\b(?:why|how)\b[^.?!;]{1,40}\bappeal\b|共同|相同之处|相似之处",
    re.IGNORECASE,
)
_OBJECTS = re.compile(
    r"\bwhy\s+(?:on\s+earth\s+)?would\s+(?:you|i|we)\b|\b(?:i|we)\s+(?:\w+\s+)?(?:wanted|asked\s+for|said|meant|told\s+you)\b|我(?:要|想要|说)的?是",
    re.IGNORECASE,
)
_DONT_YOU = re.compile(r"\bwhy\s+(?:do|did|are|have|would|ca)(?:n['’]?t|\s+(?:you\s+)?not)\b", re.IGNORECASE)
_WHY = re.compile(
    r"^\W*(?:(?:but|and|ok(?:ay)?|so|wait)\b\W*)*why\W+(?:the\s+)?(.+?)(?:\s+(?:though|first|of\s+all\s+things))?\W*$",
    re.IGNORECASE,
)


def wonders_why(text: str) -> bool:
    """Whether a text asks why something was shown: not "why don't you show me something else?"."""
    return _WHY_SHOWN.search(text) is not None and _DONT_YOU.search(text) is None


def asks_why(text: str, opinions: Sequence[Opinion], shown: int) -> bool:
    """Whether a message asks why an item was shown: "why did you suggest the first one?", "why MapleStory??"."""
    if _DONT_YOU.search(text):
        return False
    if wonders_why(text):
        return bool(shown or opinions)
    bare = _WHY.match(text)
    return bare is not None and any(o.surface and o.surface.casefold() == bare[1].casefold() for o in opinions)


def objects(text: str) -> bool:
    """Whether a message that asks why an item was shown objects to it: "why would you pick Saw? I said no horror"."""
    return _OBJECTS.search(text) is not None


def asks_common(text: str) -> bool:
    """Whether a message asks what items have in common: "why would Perfect Days appeal to who likes Paterson?"."""
    return _IN_COMMON.search(text) is not None


def common(items: Sequence[Item], say: Say) -> str:
    """Tell what the catalogue gives all of some items: makers, genres, moods and subjects."""
    shared = facts.shared(items, say.language)
    titles = facts.names(items, say.language)
    return (
        say("common", titles=titles, shared=facts.join(shared, say.language))
        if shared
        else say("nothing_common", titles=titles)
    )


def reason(item: Item, state: DialogueState, say: Say) -> str:
    """Tell what stood on the card of an item when it was shown last; own up where it was not."""
    title = facts.name(item, say.language)
    for message in reversed(state.messages):
        if message.role != "assistant" or item.id not in message.items:
            continue
        why = dict(zip(message.items, message.whys, strict=False)).get(item.id) or facts.gist(item)
        if why:  # where nothing stood on the card, what the item is has to do
            return say("because", title=title, why=why)
    return say("not_suggested", title=title)


def for_whom(item: Item, say: Say) -> str:
    """Tell whether a work is listed as one for children, and its moods, which nobody need have in mind."""
    listed = any(genre in values_of(item, "genres") for genre in FOR_CHILDREN)
    told = say("listed_for_children" if listed else "not_for_children", title=facts.name(item, say.language))
    return say.sentences(told, say.answer(item, ("moods",)) if values_of(item, "moods") else "")
