"""Clauses: where a message may be cut, and which of its parts ask something."""

from __future__ import annotations

import re

_MOST = 8  # parts of one message
_REQUEST = (
    r"(?:(?:please\s+\w|can|could|may|do|does|did|is|are|was|were|will|would|should|what|what's|which|where|where's|when|how"
    r"|who|why|nobody|no\s+one|show|tell|recommend|suggest|find|give|track|cancel|i'd|i\s+(?:want|need|would|also|have|am|can't))\b"
    r"|请|能不能|能|可以|可不可以|怎么|有没有|推荐|我想|我要|另外|顺便|再|那|帮我|什么时候|为什么|多少)"
)
_WISH = (  # what asks without a verb of asking
    r"(?:(?:(?:buy|get|watch|read|play|hear)\s+)?(?:something|anything|another)\b|(?:maybe|perhaps|ideally|preferably)\b"
    r"|来[一点个部本张])"
)
_BEGINS = rf"(?:{_REQUEST}|{_WISH})"
_BREAK = re.compile(
    rf"(?<=[.!?;])\s+|(?<=[。！？；\n])\s*|,?\s+(?:and|but|also|plus|then)\s+(?:also\s+)?(?={_BEGINS})"
    rf"|[,，]\s*(?:and|but|also|then|然后|还有)?\s*(?={_BEGINS})",
    re.IGNORECASE,
)
_ASKS = re.compile(
    rf"[?？]|(?:^\W*|\s[-–—:]+\s+)(?:and|but|so|also|then|hi|hello)?\W*{_REQUEST}|吗|呢|什么|哪|怎么", re.IGNORECASE
)
_QUESTION = re.compile(  # what the shop's pages may answer, rather than a wish
    r"[?？]|^\W*(?:and|but|so|also|then|hi|hello|please)?\W*(?:can|could|may|do|does|did|is|are|will|would|should|what|what's"
    r"|which|how|when|where|where's|who|why)\b|吗|呢|什么|怎么|哪|多久|多少|能不能|可不可以",
    re.IGNORECASE,
)
BARE = re.compile(  # asks without saying of what: "and how long?"
    r"^\W*(?:and|so|ok(?:ay)?|but)?\W*(?:how\s+(?:much|long|many|often|soon|fast)|until\s+when|by\s+when|since\s+when|when|where|at\s+what\s+price"
    r"|what\s+(?:does|would|will)\s+(?:it|that|this)\s+cost)(?:\s+(?:exactly|then|is|does|do|would|will|it|that|this|be|cost|take|for|roughly|a\s+day|i|we|have|get|got))*\W*$"
    r"|^\W*(?:那)?(?:多少钱|多久|什么时候|到什么时候)\W*$",
    re.IGNORECASE,
)
TELLS = re.compile(r"^\W*i\s+(?:have|am|had|was)\b[^?？]*$", re.IGNORECASE)  # "I have been asked to host my book club"


def clauses(text: str) -> list[str]:
    """Cut a message where a new request may begin."""
    return [part.strip() for part in _BREAK.split(text) if part and part.strip(" ,.!?")][:_MOST]


def questions_of(text: str) -> list[str]:
    """Return the questions that a text asks, none if it is but one."""
    asked = [part for part in clauses(text) if asks(part) and not TELLS.search(part)]
    return asked if len(asked) > 1 else []


def asks(text: str) -> bool:
    """Whether a text asks or orders something, rather than tell it."""
    return _ASKS.search(text) is not None


def wonders(text: str) -> bool:
    """Whether a text asks a question, rather than for something: not "I'd rather have the second one"."""
    return _QUESTION.search(text) is not None
