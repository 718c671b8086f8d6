"""Other words: what people ask of the shop's pages in a word of their own, put as a page would put it.

The pages say "American Express" and "descale"; people say "amex" and "get the limescale out".
"""

from __future__ import annotations

import re

from retrieval.knowledge import terms

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
_HAND_BACK = re.compile(
    r"\b(?:bring|take|give)\s+(?P<it>it|them|this|that|these|those)(?:\s+one)?\s+back\b", re.IGNORECASE
)
_NO_PRICE = re.compile(
    r"\bwithout\s+(?:the\s+|an?\s+|any\s+)?prices?\b|\b(?:leave|take|keep)\s+(?:the\s+|any\s+)?prices?\s+(?:off|out|away)\b"
    r"|\b(?:no|hide\s+the)\s+prices?\s+(?:on|in|inside|from)\b|\bprices?\s+(?:left\s+(?:off|out)|not\s+shown)\b",
    re.IGNORECASE,
)
_TILL_HERE = re.compile(
    r"\bhow\s+long\s+(?:(?:un)?till?|before)\s+(?:it|they|this|that)(?:\s+one)?(?:['’]s|\s+is|\s+are|\s+will\s+be)?\s*"
    r"(?:gets?|arrives?|comes?|here|delivered|turns?\s+up)\b(?:\s+(?:here|to\s+me))?",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:saw|seen|found|spotted|is|it['’]?s|are|they['’]?re|costs?|sells?|cheaper|for|have|has|got)\b[^?!;]*?"
    r"\b(?:elsewhere|(?:an|some)other\s+(?:\w+\s+)?(?:shop|store|site|website|place|retailer|dealer)|somewhere\s+else"
    r"|(?:on|at|from)\s+amazon|another\s+(?:\w+\s+)?(?:shop|store|site|website|place|retailer|dealer))\b",
    re.IGNORECASE,
)
_TOPIC = re.compile(  # a frame around what is asked about
    r"^\W*(?:(?:hi|hello|hey|and|so|ok(?:ay)?)\b\W*)?(?:(?:can|could)\s+you\s+)?"
    r"(?:(?:tell\s+me\s+(?:more\s+)?about|what(?:['’]?s|\s+is|\s+are)|(?:any\s+)?info(?:rmation)?\s+(?:on|about)|explain"
    r"|(?:i\s+have\s+)?a?\s*question\s+(?:on|about))\s+(?:your\s+|the\s+)?|how\s+(?:do|does)\s+(?:your\s+|the\s+)?(?=[^?]*\bwork\b))"
    r"(?P<topic>[\w'’&-]+(?:\s+[\w'’&-]+){0,2}?)(?:\s+(?:works?|like|please))*\W*$"
    r"|^\W*(?:what|which)\s+(?P<kinds>[\w-]+(?:\s+[\w-]+)?)\s+(?:do\s+you\s+(?:have|offer|accept|take|provide)|are\s+(?:there|available))\W*$",
    re.IGNORECASE,
)
_HOME = r"to\s+(?:me\b|(?:my|our)\s+(?:house|home|door|address|flat|place)\b)"
_POSTED = re.compile(
    rf"\b(?:posted|mailed|sent|shipped)\s+(?:by\s+(?:post|mail)\b|{_HOME})(?!\s+(?:in|abroad))"
    rf"|\b(?:post|mail)\s+(?:it|them|this|that|one|(?:an?|the|my)\s+[\w-]+)(?:\s+{_HOME})?(?=\W*(?:$|[.,;?!]|\band\b))",
    re.IGNORECASE,
)
_OTHER_THAN_WHETHER = re.compile(r"^\W*(?:and\s+)?(?:when|which|what|why)\b|\bback\b", re.IGNORECASE)
_SUM = re.compile(r"\d|\b(?:cheaper|less|price|lower)\b", re.IGNORECASE)


def seen_elsewhere(text: str) -> bool:
    """Whether somebody tells of a price that another shop asks: "it's 255 elsewhere"."""
    return _ELSEWHERE.search(text) is not None and _SUM.search(text) is not None


def without_price(text: str) -> bool:
    """Whether somebody wants the price to be left out: "can you leave the price off the slip?"."""
    return _NO_PRICE.search(text) is not None


def as_pages_say(question: str) -> str:
    """Return a question with the words that a page would use."""
    if seen_elsewhere(question):
        return "Do you match a price that I saw elsewhere?"
    if _TILL_HERE.search(question):
        return "How long does delivery take?"
    if _POSTED.search(question) and not _OTHER_THAN_WHETHER.search(question):
        return "Do you deliver by post, how long does it take, and what does it cost?"
    if without_price(question):
        return "Can you gift-wrap it, without the price or the invoice?"
    question = _HAND_BACK.sub(r"send \g<it> back", question)
    return " ".join(_LIMESCALE.sub("descale ", question).split()) if _LIMESCALE.search(question) else question


def topic(question: str) -> str:
    """Return what a question asks to be told about, "" if it asks more.

    "Returns policy" is nearer to a page's title than "what is your returns policy?".
    """
    framed = _TOPIC.search(question)
    named = (framed["topic"] or framed["kinds"]) if framed is not None else ""
    return named if any(terms(named)) else ""


def of_paying(question: str) -> str:
    """Return how to pay as the question that a page answers, where one asks for a way of paying; "" for any other."""
    pays = _HOW_TO_PAY.search(question)
    if pays is None:
        return ""
    way = (pays["way"] or pays["by"]).lower()
    return f"How can I pay? Do you take {_SHORT.get(way, way)}?"
