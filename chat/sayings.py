"""Sayings: turns of phrase about works, put in the plain words that the rules read.

"No romcom" refuses no comedy, "tired" nothing at all, and who wants to get back into reading asks for no book about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_CHILD = 12  # years up to which somebody's son is a child
_KIDS = r"(?:kids|children|little\s+ones?|boys|girls)"
_AWAY = r"(?:away|out|asleep|gone|in\s+bed|at\s+(?!home)[\w'’]+|with\s+(?:their|her|his|the|grand)\w*(?:\s+\w+)?)"
_TITLE = r"(?-i:[A-Z])[\w'’:-]*(?:\s+(?:of|the|and|a|in|(?-i:[A-Z])[\w'’:-]*))*"
_FAULT = (
    r"(?:sopp(?:y|iest)|gor(?:y|iest)|boring|dull|chees(?:y|iest)|corn(?:y|iest)|sapp(?:y|iest)|dreary|depressing"
    r"|sill(?:y|iest)|stupid|dumb|childish|pretentious|gross|violent)"
)
_NOBODY = r"its?|th(?:at|is|ese|ose|ey|ere)|s?he|we|you|i|my|his|her|our|their|your|what|which|life|everything|both|all"
_SON = r"(?:sons?|daughters?|kids?|child|nephews?|nieces?|grand(?:son|daughter|child|kid)|boy|girl)"


def _child(match: re.Match[str]) -> str:
    return " my kid" if int(match[1]) <= _CHILD else match[0]


def _without(match: re.Match[str]) -> str:
    title = match[2]
    return f"{match[1]}not {title}" if title[0].isupper() else f"{match[1]}I didn't like {title}"


# What is said, and what it stands for.
_TABLE: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"\b(no|not|without|nothing)\s+(?:an?\s+|another\s+)?(?:rom[\s-]?coms?|romantic\s+comed(?:y|ies))\b",
     r"\1 romance"),
    (r"\b((?:get(?:ting)?\s+)?(?:back\s+)?into|likes?|loves?|enjoys?|started|fond\s+of)\s+reading\b"
     r"(?!\s+(?:about|the|a|an|of)\b)", r"\1 books"),
    (r"\breading\s+(?:circle|group|club)\b", "book club"),
    (rf"\b(?:my|our|his|her)\s+{_SON}\s+of\s+(\d{{1,2}})\b", _child),
    (r"\b(new|newest|latest|best|popular)\s+in\s+(games|films|movies|books|music|albums|courses)\b", r"\1 \2"),
    (r"\b(music|films?|books?|games?)\s+(courses?|lessons?|classes)\b", r"\2 about \1"),
    (r"\b(courses?|lessons?|classes|books?)\s+(?:on|in)\s+(music|films?|games?)\b", r"\1 about \2"),
    (r"\b(?:video\s?)?games?\s+(?:music|soundtracks?)\b", "soundtracks"),
    (r"\bany\s+(?:famous|good|known|big)\s+(?:songs|tracks|hits)\b(?!\s+(?:by|about|for|on)\b)", "any songs on it"),
    (r"\b(?:tired|exhausted)\b(?!\s+of\b)", "weary"),
    # "Amélie - is it sad?"
    (r"\s+[-–—]+\s+(?=(?:is|was|are|were|does|did|do|has|have|can|how|who|what|when|where|which)\b)", ", "),
    # "balatro sounds ok is it hard?"
    (r"\b(sounds?\s+(?:ok(?:ay)?|good|great|nice|fun|fine|interesting|lovely))\s+(?=(?:is|does|are|who|how|what|can)\b)",
     r"\1. "),
    # complaints: "and Wuthering Heights is the soppiest book there is"
    (rf"(^|[.!?,;]\s+)(?:and\s+|but\s+)?(?!(?:{_NOBODY})\b)({_TITLE}|(?<=and\s)\w+)\s+(?:is|was)\s+(?:(?:definitely|super|way"
     rf"|too|far|the|really|so|very|pretty)\s+)+{_FAULT}\b(?![^.!]*\?)[^.!?,;]*", _without),
    (r"\b(less\s+(?!(?:than|expensive|costly|long|old|recent)\b)[a-z]+)"
     r"\s+than\s+[^,.;!?\d]+?(?=\s*(?:\b(?:pls|please)\b|[,.;!?]|$))", r"\1"),
    # measures: "shorter than 2h", "around 20 to 30", "what do they come to?"
    (r"\b(\d{1,2})\s?h(?:rs?)?\b", r"\1 hours"),
    (r"\b(?:around|about|roughly|somewhere\s+between)\s+([$€£]?\d{1,3})\s*(?:to|-|–|and)\s*([$€£]?\d{1,3})\b",
     r"between \1 and \2"),
    (r"\bwhat\s+(?:do|would)\s+(?:they|those|these|both)(?:\s+\w+)?\s+come\s+to\b", "how much are they"),
    (r"\blearn(?:ing)?\s+(?:how\s+)?to\s+play\s+(?:the\s+)?(\w+)\b", r"take a course about \1"),
    # "A serial killer? Goodness, no.", "In Cold Blood?! I said no corpses."
    (r"^\W*(?:an?\s+)?([\w'’ ]{3,40}?)\s*\?[?!]*\s*(?:(?:oh|goodness|god|lord|heavens|gosh|hell|ugh)\W+)+no\b"
     r"\W*(?=$|\w)", r"not \1. "),
    (r"^\W*([\w'’ ]{3,40}?)\s*\?!+\s*(?=(?:i|we)\s+said\b)", r"not \1. "),
    (r"\b(?:hates?|can['’]?t\s+stand|dislikes?|nothing|not|no)\s+(?:anything\s+)?(?:too\s+)?"
     r"(?:soppy|sappy|mushy|lovey[\s-]dovey)(?:\s+(?:ones?|stuff))?\b", "no romance"),
    (r"(^\W*|\b(?:me|got|like|want)\s+)old\s+(?=(?:films?|movies?|books?|novels?|games?|albums?)\b)", r"\1any old "),
    (r"\bwhy\s+(?:would|should|might)\s+(?:i|we|he|she|they)\s+(?:like|love|enjoy)\b", "tell me about"),
    # of Austen no more is wanted
    (r"^\W*i\s+give\s+up(?:\s+on\s+[^,.;!?]+)?[.!,;]\s*(?=\w)", ""),
    # "bit dark. something warm": of what is shown
    (r"^\W*(?:that['’]?s\s+|those\s+are\s+|they['’]?re\s+)?(?:a\s+)?(?:bit|little)\s+(\w+)\s*[.,!;]\s*"
     r"(?=(?:something|anything|maybe|can|could|do|got|any|what)\b)", r"too \1. "),
    # forgets no password
    (r"^\W*(?:ok(?:ay)?\W+)?(?:forget|never\s*mind)\s*[.!,]\s*(?=\w)", ""),
    # "Matilda is for kids lol": it is not wanted
    (r"(?:^|(?<=[.!?,]\s))(?!it\b|that\b|this\b|they\b)[\w’' ]{2,40}?(?:['’]s|\s+is)\s+for\s+(?:kids|children)\s+"
     r"(?:lol|haha\w*|tho|though)\W*", ""),
    # why something is asked: "is it black and white? she doesn't love those"
    (r"(\?)\s*(?:she|he|they)\s+do(?:es)?n['’]?t\s+(?:really\s+)?(?:love|like|enjoy|watch|read)\s+(?:those|them|that)\b",
     r"\1"),
    # of whom nobody need think: "the kids are asleep"
    (rf"\b(?:(?:the|our|my)\s+{_KIDS}\s+(?:(?:are|will\s+be|['’]re)\s+(?:finally\s+)?)?{_AWAY}"
     r"|without\s+(?:the\s+|our\s+)?(?:kids|children))\b", " "),
    (rf"\s(?:my|our|his|her)\s+(?:little\s+)?{_SON}\s*[,(]\s*(\d{{1,2}})\)?(?=\s*(?:$|[).,;!?]))", _child),
)  # fmt: skip
_SAYINGS = tuple((re.compile(said, re.IGNORECASE), meant) for said, meant in _TABLE)


def plainly(text: str) -> str:
    """Return a message about works in plain words."""
    for said, meant in _SAYINGS:
        text = said.sub(meant, text)
    return text
