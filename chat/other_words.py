"""Other words: what people ask of the shop's pages in a word of their own, put as a page would put it.

The pages say "American Express" and "descale"; people say "amex" and "get the limescale out".
"""

from __future__ import annotations

import re

_CARDS = r"visa|mastercard|master\s+card|american\s+express|maestro|discover|diners"
_PAYS = (
    rf"(?P<way>amex|{_CARDS}|paypal|klarna|clearpay|afterpay|alipay|wechat(?:\s+pay)?|(?:apple|google|samsung|amazon)\s+pay|twint|ideal|sofort"
    r"|giropay|bitcoin|crypto|sepa|(?:credit|debit|bank)\s+cards?|cards?|cash|che(?:que|ck)s?|cod|bank\s+transfers?|invoice|bnpl)"
)
_BY = _PAYS.replace("?P<way>", "?P<by>")
_HOW_TO_PAY = re.compile(
    rf"\b(?:take|accept)\s+{_PAYS}\b(?!\s+(?:back|of|game|set|holder|box)\b)"
    rf"|\bpay(?:ing)?\s+(?:with|by|in|via|using|on)\s+(?:an?\s+|my\s+)?{_BY}\b",
    re.IGNORECASE,
)
_SHORT = {
    "amex": "American Express",
    "cod": "cash on delivery",
    "bnpl": "pay later in instalments",
    "crypto": "cryptocurrency",
}
_LIMESCALE = re.compile(
    r"\b(?:clean|remove|get(?:ting)?(?:\s+rid\s+of)?|take|dissolve|scrub)\b[^.?!,;]{0,25}\b(?:lime\s?scale|calcium|chalk|scale\s+build-?up)\b"
    r"(?:\s+(?:out|off|away))?(?:\s+(?:of|from)\s+(?=\w))?",
    re.IGNORECASE,
)


def as_pages_say(question: str) -> str:
    """Return a question with the words that a page would use."""
    return " ".join(_LIMESCALE.sub("descale ", question).split()) if _LIMESCALE.search(question) else question


def of_paying(question: str) -> str:
    """Return how to pay as the question that a page answers, where one asks for a way of paying; "" for any other."""
    pays = _HOW_TO_PAY.search(question)
    if pays is None:
        return ""
    way = (pays["way"] or pays["by"]).lower()
    return f"How can I pay? Do you take {_SHORT.get(way, way)}?"
