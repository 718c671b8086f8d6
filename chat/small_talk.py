"""Small talk: thanks, farewells, and whether one speaks with a machine."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chat.evidence import COMPLAINT
from chat.replies import Say

_BOT = re.compile(
    r"\b(bot|robot|machine|ai|human|real|computer|program|chatgpt|llm)\b|\bwho\s+(are\s+you|made\s+you)\b|\bwhat\s+are\s+you\b"
    r"|\byour\s+name\b|机器人|真人|你是谁|名字",
    re.IGNORECASE,
)
_GLAD = re.compile(
    r"\bthat(?:'?s|\s+is|\s+one)?\s+(?:it|the\s+one|perfect|great|right)\b|\b(?:exactly|spot\s+on|ye+s+|ooh+|brilliant|amazing|love)\b"
    r"|\bthat\s+one\b|对|就是",
    re.IGNORECASE,
)
_PARTING = re.compile(
    r"\b(that'?s\s+all|nothing\s+else|no,?\s+thanks?|never\s*mind|forget\s+it|see\s+you|bye|good\s*night|have\s+a\s+(nice|good))\b"
    r"|没事了|不用了|再见|拜拜|晚安",
    re.IGNORECASE,
)
_WELL = re.compile(r"\bhow\s+(are|is)\s+(you|it)\b|\bwhat'?s\s+up\b|\bhow\s+was\s+your\b|你好吗|怎么样", re.IGNORECASE)
_THANKS = re.compile(
    r"\b(thank|great|helpful|wonderful|nice|awesome|perfect|lovely|well\s+done|good\s+job)|谢|棒", re.IGNORECASE
)
_KINDS: Mapping[str, re.Pattern[str]] = {"bot": _BOT, "farewell": _PARTING, "well": _WELL, "thanks": _THANKS}


def small_talk(text: str, say: Say, *, spoken_of: bool) -> str:
    """Return what is said to a message that asks for nothing.

    Args:
        text: the message.
        say: the sentences of its language.
        spoken_of: whether items are on screen, of which somebody may be glad.
    """
    if COMPLAINT.search(text):  # "you are useless"
        return say.sentences(say("sorry"), say("at_hand"))
    kind = next((kind for kind, pattern in _KINDS.items() if pattern.search(text)), "at_hand")
    return say("glad" if kind == "at_hand" and spoken_of and _GLAD.search(text) else kind)
