"""Numbers in what people write: years, decades, prices and lengths, in English and Chinese.

Each pattern is a row of a table: a regular expression and what it means. A person who writes "under 10" means money
unless a unit says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from retrieval.constraints import Facets
from retrieval.labels import label
from retrieval.stances import no_need
from retrieval.types import Constraint, Op

_ABOUT = r"(?:(?:about|around|roughly|circa)\s+)?"
_YEAR = rf"{_ABOUT}(?:year\s+)?(1[0-9]{{3}}|20[0-9]{{2}})"
COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "hundred": 100,
}  # fmt: skip
COUNTS_ZH = dict(zip("一二两三四五六七八九十", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10), strict=True))
_N = (
    r"(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,6}(?:[.,]\d{1,2})?|(?:an?\s+)?hundred(?:\s+and\s+(?:twenty|fifty))?\b|(?:"
    + "|".join(COUNTS)
    + r")(?:\s+hundred)?\b)"
)
_N_ZH = r"(?<![\d.])(\d{1,6}(?:\.\d{1,2})?|[一二两三四五六七八九十])"
_YUAN = r"(?:\s*(?:美元|元|块钱|块|刀|欧元))"
_MONEY_BEFORE = r"(?:\$|€|£|¥|￥|usd\s*|eur\s*|us\$)"
_MONEY_AFTER = r"(?:\s*(?:dollars?|bucks?|usd|euros?|eur|pounds?|quid|yuan|rmb|cny|yen|\$|€|£))"
_MONEY = re.compile(rf"{_MONEY_BEFORE}|{_MONEY_AFTER}", re.IGNORECASE)
_CURRENCIES = (  # what people call them, and the codes that may be meant
    (
        re.compile(r"\$|dollars?|usd|美元", re.IGNORECASE),
        frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD"}),
    ),
    (re.compile(r"€|euros?|\beur\b|欧元", re.IGNORECASE), frozenset({"EUR"})),
    (re.compile(r"£|quid|pounds?|英镑", re.IGNORECASE), frozenset({"GBP", "EGP"})),
)
_NOT_MONEY = (
    r"(?!\s*(?:%|percent|minutes?|mins?|hours?|hrs?|pages?|years?|stars?|players?|people|items?|films?|movies?|books?"
    r"|games?|albums?|of|个|部|本|分钟|小时|页|年|岁))(?![\d.,]*\d)"
)
_DECADES = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960, "seventies": 1970,
    "eighties": 1980, "nineties": 1990,
}  # fmt: skip
_DECADE = (
    _ABOUT
    + r"(?:the\s+)?(?:(?:early|mid|late)[\s-]+)?'?((?:1[0-9]|20)?[0-9]0)'?s\b|(?:the\s+)?("
    + "|".join(_DECADES)
    + r")\b"
)
_AGE = re.compile(  # "in their sixties or seventies" tells of people
    rf"\b(?:in|into|hit|hitting|reaching)\s+(?:my|our|your|his|her|their)\s+(?:(?:early|mid|late)[\s-]+)?(?:{'|'.join(_DECADES)}|\d0s)\b"
    rf"(?:\s*(?:,|and|or|to|-)\s*(?:(?:early|mid|late)[\s-]+)?(?:{'|'.join(_DECADES)}|\d0s)\b)*"
)
_BELOW = r"(?:under|below|less\s+than|cheaper\s+than|<)"
_AT_MOST = (
    r"(?:no\s+more\s+than|not\s+more\s+than|at\s+most|up\s+to|max(?:imum)?(?:\s+of)?|within|<=|not\s+over"
    r"|nothing\s+(?:over|above)|not\s+above)"
)
_OR_LESS = r"(?:or\s+(?:less|cheaper|under)|max(?:imum)?|tops|at\s+most)\b"
_ABOVE = r"(?:over|above|more\s+than|at\s+least|from|>=?|minimum(?:\s+of)?)"


@dataclass(frozen=True, slots=True)
class Found:
    """Constraints read from `text[start:end]`; `lacking` names the column that they need and the catalogue lacks."""

    start: int
    end: int
    constraints: tuple[Constraint, ...]
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class _Say:
    """How labels are worded, and prices compared.

    Attributes:
        language: of the chips.
        currency: of prices.
        several: the catalogue has other ones, too.
    """

    language: str
    currency: str
    several: bool = False


Make = Callable[[re.Match[str], _Say], tuple[Constraint, ...]]


def number(text: str) -> float:
    """Read ``ten``, ``half a``, ``两``, ``9,99`` and ``1,000``: a comma before three digits separates thousands."""
    if text in ("a", "an"):
        return 1.0
    if text.startswith("half"):
        return 0.5
    if text in COUNTS or text in COUNTS_ZH:
        return float(COUNTS.get(text) or COUNTS_ZH[text])
    if "hundred" in text:  # "a hundred and fifty", "two hundred"
        before, _, behind = text.partition("hundred")
        return 100.0 * COUNTS.get(before.strip(), 1) + COUNTS.get(behind.removeprefix(" and").strip(), 0)
    return float(re.sub(r",(?=\d{3})", "", text).replace(",", "."))


def _c(field: str, op: Op, value: float, say: _Say) -> Constraint:
    words = label(field, op, float(value), say.language, say.currency)
    return Constraint(field, op, float(value), words, say.currency if say.several and field == "price" else "")


def _year(op: Op) -> Make:
    return lambda m, say: (_c("year", op, int(m[1]), say),)


def _years_between(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
    low, high = sorted((int(m[1]), int(m[2])))
    return (_c("year", ">=", low, say), _c("year", "<=", high, say))


def _decade_of(m: re.Match[str]) -> int:
    if m[2]:
        return _DECADES[m[2]]
    value = int(m[1])
    return value if value >= 1000 else (2000 + value if value <= 20 else 1900 + value)


def _decade(op: Op) -> Make:
    def make(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
        start = _decade_of(m)
        if op in ("is", "is_not"):
            return (_c("decade", op, start, say),)
        return (_c("year", op, start + 9 if op == ">" else start, say),)

    return make


def _decades_between(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
    """Read "the 20s or 30s": both are of the century before this one, unless the first is said in full."""
    low, high = (int(part) if int(part) >= 1000 else 1900 + int(part) for part in (m[1], m[2]))
    return (_c("year", ">=", low, say), _c("year", "<=", high + 9, say)) if low < high else ()


def _decade_zh(op: Op) -> Make:
    def make(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
        value = int(m[1]) if m[1].isdigit() else 10 * COUNTS_ZH[m[1][0]]
        start = value if value >= 1000 else (2000 + value if value <= 20 else 1900 + value)
        return (_c("decade", op, start, say),) if op == "is" else (_c("year", op, start + 9 * (op == ">"), say),)

    return make


def _century(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
    start = (int(m[1]) - 1) * 100
    return (_c("year", ">=", start + 1, say), _c("year", "<=", start + 100, say))


def _this(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
    year = date.today().year
    return (_c("year", ">=", year - year % (10 if "decade" in m[0] else 100), say),)


def _lately(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
    return (_c("year", ">=", date.today().year - int(number(m[1])), say),)


def _price(op: Op) -> Make:
    return lambda m, say: (_c("price", op, number(m[1]), say),)


def _prices_between(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
    low, high = sorted((number(m[1]), number(m[2])))
    return (_c("price", ">=", low, say), _c("price", "<=", high, say))


def _price_about(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
    about = number(m[1])
    return (_c("price", ">=", round(0.7 * about, 2), say), _c("price", "<=", round(1.3 * about, 2), say))


def _price_up_to_about(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
    return (_c("price", "<=", round(1.1 * number(m[1]), 2), say),)


def _free(m: re.Match[str], say: _Say) -> tuple[Constraint, ...]:
    return (_c("price", "is", 0, say),)


def _era(op: Op, year: int) -> Make:
    return lambda m, say: (_c("year", op, year, say),)


_OLD, _RECENT = 1980, 2015  # what people mean by "an old film" and "something recent", as a chip that they can remove
_SOME = r"(?:an?|some|any|more|really|very|only|the|loves?|likes?|his|her|those)"
_NEW = r"(?:recent|contemporary|modern)"
_OF_WORKS = (
    r"(?:[a-z-]+\s+)?(?:ones?|films?|movies?|books?|novels?|games?|albums?|records?|westerns?|comed(?:y|ies)|musicals?|thrillers?"
    r"|dramas?|horrors?|classics?|jazz|music|crime|whodunn?its?)\b"
)
_DECADE_ZH = r"(?:(?:上世纪|二十世纪|20世纪)\s*)?(\d{4}|\d0|[二三四五六七八九]十)\s*年代"
_A_PRICE = rf"{_MONEY_BEFORE}?{_N}{_MONEY_AFTER}?"
_BUDGET = (
    r"\b(?:budget|(?:my|our|his|her|the|absolute)\s+(?:(?:upper|absolute|price|top|spending)\s+)?(?:limit|max(?:imum)?|ceiling|cap))"
    r"(?:\s*(?:is|of|['’]s|s|:))?\s+(?:(?:like|really|only|just)\s+)*"
)
_NOT_OVER = (  # "I'd rather not spend over 100", "dont want to go above 50"
    r"\b(?:rather\s+not|not|never|without|avoid|(?:do|would|ca|could|wo)n['’]?t)\s+(?:(?!mind\b)\w+\s+){0,3}?"
    r"(?:spend|pay|go|be|cost)(?:ing)?\s+(?:\w+\s+){0,2}?(?:over|above|beyond|past|(?:more|higher)\s+than)\s+"
)


_HAVE_GOT = r"\b(?:i|we)(?:['’]?ve)?\s+(?:have\s+|got\s+|only\s+|just\s+)*"
_WITHIN = r"from|within|like|of|(?:made|released|out|published)\s+in"
_TO_SPEND = r"\s+(?:(?:left|or\s+so|max)\s+)?(?:to\s+spend|for\s+(?:it|this|that))\b"
_LIKE = r"(?:(?:about|like|maybe|around|say)\s+)*"
_LETS_SAY = r"\blet['’]?s\s+say\s+(?:(?:about|around|roughly)\s+)?"
_IN_TOTAL = r"(?:in\s+total|altogether|all\s+in)\b"
_FREE = (  # "free" alone may be sugar-free, or free delivery
    r"\b(?:something|anything)\s+(?:that(?:['’]s|\s+is)\s+)?free\b(?!\s+(?:of|from|to)\b)"
    rf"|(?:^|\b(?:an?|any|some|your|other)\s+)\bfree\s+(?=(?:things?|stuff|items?|courses?)\b|{_OF_WORKS})"
)
_PATTERNS: tuple[tuple[str, str, Make], ...] = (
    ("year", rf"\bbetween\s+{_YEAR}\s+and\s+{_YEAR}\b", _years_between),
    ("year", rf"\b(?:from\s+)?{_YEAR}\s*(?:-|–|—|to|until|till|through)\s*{_YEAR}\b", _years_between),
    ("year", rf"{_YEAR}年?\s*(?:到|至|-|—)\s*{_YEAR}年?", _years_between),
    ("year", r"\b(\d{1,2})(?:st|nd|rd|th)[\s-]century\b", _century),
    ("year", r"(?:\b(?:from|in|of|between)\s+)?(?:\bthe\s+)?\b'?((?:1[0-9])?[2-9]0)'?s?\s+(?:or|and|to|-|/)\s+"
             r"(?:the\s+)?'?((?:1[0-9])?[2-9]0)'?s\b", _decades_between),
    ("year", rf"\b(?:before|pre|prior\s+to|earlier\s+than|older\s+than)[\s-]+(?:{_DECADE})", _decade("<")),
    ("year", rf"\b(?:after|post|newer\s+than|later\s+than)[\s-]+(?:{_DECADE})", _decade(">")),
    ("year", rf"\b(?:since|from)\s+(?:{_DECADE})\s+on(?:wards?)?\b", _decade(">=")),
    ("year", rf"\bsince\s+(?:{_DECADE})", _decade(">=")),
    ("year", rf"\b(?:not|no|nothing)\s+(?:from|in|of)?\s*(?:{_DECADE})", _decade("is_not")),
    ("year", rf"\b(?:in|from|of|during)?\s*(?:{_DECADE})", _decade("is")),
    ("year", r"\b(?:in|from|of)\s+this\s+(?:decade|century)\b", _this),
    ("year", rf"\b(?:{_WITHIN})\s+(?:the\s+)?(?:last|past)\s+{_N}\s+years\b", _lately),
    ("year", rf"\b(?:before|pre|prior\s+to|earlier\s+than|older\s+than)[\s-]+(?:the\s+)?{_YEAR}\b", _year("<")),
    ("year", rf"\b(?:until|up\s+to|no\s+later\s+than|not\s+after|by)\s+(?:the\s+)?{_YEAR}\b", _year("<=")),
    ("year", rf"\b{_YEAR}\s+(?:or|and)\s+(?:before|earlier|older)\b", _year("<=")),
    ("year", rf"\b(?:after|post|newer\s+than|later\s+than|more\s+recent\s+than)[\s-]+(?:the\s+)?{_YEAR}\b", _year(">")),
    ("year", rf"\b{_YEAR}\s+(?:or|and)\s+(?:after|later|newer)\b", _year(">=")),
    ("year", rf"\b(?:since|no\s+earlier\s+than|not\s+before)\s+{_YEAR}\b", _year(">=")),
    ("year", rf"\bfrom\s+{_YEAR}\s+on(?:wards?)?\b", _year(">=")),
    ("year", rf"\b(?:not|nothing)\s+(?:from|in)\s+{_YEAR}\b", _year("is_not")),
    ("year", rf"\b(?:in|from|of|made\s+in|released\s+in|published\s+in)\s+(?:the\s+year\s+)?{_YEAR}\b", _year("is")),
    ("year", rf"比\s*{_YEAR}\s*年?(?:更|还)?(?:新|晚)", _year(">")),
    ("year", rf"比\s*{_YEAR}\s*年?(?:更|还)?(?:老|早|旧)", _year("<")),
    ("year", rf"{_YEAR}\s*年?\s*(?:以前|之前|前)", _year("<")),
    ("year", rf"(?:早于|老于)\s*{_YEAR}\s*年?", _year("<")),
    ("year", rf"{_YEAR}\s*年?\s*(?:以后|之后|后|以来)", _year(">")),
    ("year", rf"{_DECADE_ZH}\s*(?:以前|之前|前)", _decade_zh("<")),
    ("year", rf"{_DECADE_ZH}\s*(?:以后|之后|后|以来)", _decade_zh(">")),
    ("year", _DECADE_ZH, _decade_zh("is")),
    ("year", rf"{_YEAR}\s*年", _year("is")),
    ("price", rf"\bbetween\s+{_A_PRICE}\s+and\s+{_A_PRICE}{_NOT_MONEY}", _prices_between),
    ("price", rf"{_MONEY_BEFORE}{_N}\s*(?:-|–|to)\s*{_MONEY_BEFORE}?{_N}", _prices_between),
    ("price", rf"\b{_N}\s*(?:-|–|to)\s*{_N}{_MONEY_AFTER}", _prices_between),
    ("price", rf"{_NOT_OVER}{_LIKE}{_A_PRICE}{_NOT_MONEY}", _price("<=")),
    ("price", rf"{_HAVE_GOT}{_LIKE}{_A_PRICE}{_TO_SPEND}", _price("<=")),
    ("price", rf"(?<!\w){_AT_MOST}\s*{_LIKE}{_A_PRICE}{_NOT_MONEY}", _price("<=")),
    ("price", rf"(?<!\w){_BELOW}\s*{_LIKE}{_A_PRICE}{_NOT_MONEY}", _price("<")),
    ("price", rf"\b(?:around|about|roughly|circa)\s+(?!(?:19|20)\d\d\b){_A_PRICE}\s*{_OR_LESS}", _price_up_to_about),
    ("price", rf"{_MONEY_BEFORE}{_N}\s*{_OR_LESS}", _price("<=")),
    ("price", rf"\b{_N}{_MONEY_AFTER}\s*{_OR_LESS}", _price("<=")),
    ("price", rf"{_BUDGET}(?:about|around|roughly|circa|some)\s+{_A_PRICE}{_NOT_MONEY}", _price_up_to_about),
    ("price", rf"{_BUDGET}{_A_PRICE}{_NOT_MONEY}", _price("<=")),
    ("price", rf"\bi\s+have(?:\s+only)?\s+{_MONEY_BEFORE}{_N}", _price("<=")),  # "I have two kids" is no budget
    ("price", rf"\bi\s+have(?:\s+only)?\s+{_N}{_MONEY_AFTER}", _price("<=")),
    ("price", rf"{_LETS_SAY}{_MONEY_BEFORE}{_N}", _price("<=")),
    ("price", rf"{_LETS_SAY}{_N}{_MONEY_AFTER}", _price("<=")),
    ("price", rf"(?<!\w){_MONEY_BEFORE}{_N}\s+{_IN_TOTAL}", _price("<=")),
    ("price", rf"\b{_N}{_MONEY_AFTER}\s+{_IN_TOTAL}", _price("<=")),
    ("price", rf"(?<!\w){_ABOVE}\s*{_MONEY_BEFORE}{_N}", _price(">")),
    ("price", rf"(?<!\w){_ABOVE}\s*{_N}{_MONEY_AFTER}", _price(">")),
    ("price", rf"\b(?:around|about|roughly|circa)\s+{_MONEY_BEFORE}{_N}{_NOT_MONEY}", _price_about),
    ("price", rf"\b(?:around|about|roughly|circa)\s+{_N}{_MONEY_AFTER}", _price_about),
    ("price", rf"{_N_ZH}{_YUAN}?\s*(?:到|至|-|—)\s*{_N_ZH}{_YUAN}", _prices_between),
    ("price", rf"{_N_ZH}{_YUAN}?\s*(?:以下|以内|之内|内)", _price("<")),
    ("price", rf"(?:不超过|最多|不高于)\s*{_N_ZH}{_YUAN}?", _price("<=")),
    ("price", rf"(?:低于|少于|便宜过)\s*{_N_ZH}{_YUAN}?", _price("<")),
    ("price", rf"(?:高于|超过|多于)\s*{_N_ZH}{_YUAN}", _price(">")),
    ("price", rf"{_N_ZH}{_YUAN}\s*以上", _price(">=")),
    ("year", rf"\b{_SOME}\s+(?:(?:nice|good|great|proper)\s+)?(?:old|vintage)\s+(?={_OF_WORKS})", _era("<", _OLD)),
    ("year", r"(?<=,\s)(?:an?\s+)?old\s+ones?\W*$", _era("<", _OLD)),
    ("year", rf"\b(?:something|anything|ones?)\s+(?:really\s+|very\s+)?{_NEW}\b", _era(">=", _RECENT)),
    ("year", rf"\b{_SOME}\s+{_NEW}\s+(?={_OF_WORKS})", _era(">=", _RECENT)),
    ("price", rf"\bfor\s+free\b|\bfree\s+of\s+charge\b|\bcosts?\s+(?:me\s+)?nothing\b|{_FREE}|免费", _free),
)  # fmt: skip
_COMPILED = tuple((field, re.compile(pattern, re.IGNORECASE), make) for field, pattern, make in _PATTERNS)
_NUMBERLESS = tuple(row for row in _COMPILED if not row[1].groups)  # a group reads a number
_NUMERALS = tuple(  # those that no other word for a number or a decade has in it: "six" is in "sixties"
    word
    for word in (*COUNTS, *_DECADES, *COUNTS_ZH)
    if not any(other in word for other in (*COUNTS, *_DECADES) if other != word)
)

_UNITS = {"minute": 1.0, "min": 1.0, "分钟": 1.0, "hour": 60.0, "hr": 60.0, "小时": 60.0}
_THAN = (
    r"(?<![a-z])(under|below|less\s+than|shorter\s+than|at\s+most|up\s+to|max|no\s+more\s+than|within|over|above"
    r"|longer\s+than|more\s+than|at\s+least|不超过|少于|超过)\s*"
)
_AT_LENGTH = re.compile(  # "eighty minutes at most"
    rf"\b(\d+|{'|'.join(COUNTS)})\s+(minutes?|mins?|hours?|hrs?)\s+(?:at\s+(?:the\s+)?most|max(?:imum)?|or\s+(?:less|under|shorter)|tops)\b"
)
_SPOKEN_LENGTH = re.compile(  # "under an hour and a half"
    rf"{_THAN}(?:(half)\s+an\s+hour|(an?|{'|'.join(COUNTS)}|\d)(\s+and\s+a\s+half)?\s+hours?(\s+and\s+a\s+half)?)\b",
    re.IGNORECASE,
)
_LENGTH = re.compile(
    rf"{_THAN}{_N[:-1]}|[一二两三四五六七八九十])\s*个?(minutes?|mins?|hours?|hrs?|pages?|players?|分钟|小时|页)"
    r"(?:\s*以内|\s*以下)?"
    rf"|{_N_ZH}\s*个?(分钟|小时|页)\s*(以内|以下|之内|以上)",
    re.IGNORECASE,
)
_TIME_LEFT = re.compile(  # "I've got maybe 90 minutes"
    r"\b(?:i|we)(?:'ve)?\s+(?:only\s+|just\s+)?(?:have|got)\s+(?:got\s+)?(?:only\s+|just\s+)?(?:maybe|about|around|roughly|like|up\s+to)?\s*"
    rf"(?:(\d+|{'|'.join(COUNTS)})|(an))\s+(minutes?|mins?|hours?|hrs?)(\s+and\s+a\s+half)?\b(?!\s+(?:an?|each|every|per|of)\b)",
)
_UNTIMED = re.compile(r"\b(?:games?|play|books?|novels?|read)\b")  # nobody reads a book in the time that is left
_LENGTH_OPS: tuple[tuple[str, Op], ...] = (
    ("under|below|less|shorter|少于|within", "<"),
    ("at most|up to|max|no more|不超过|以内|以下|之内", "<="),
    ("at least|以上", ">="),
    ("over|above|longer|more|超过", ">"),
)
_TOO_DEAR = (  # but not "nothing too expensive"
    r"(?:^|[.,;:!?])(?:(?!\b(?:not|nothing|if|unless|never|avoid|without|anything|something)\b|n['’]?t\b)[^.;!?])*?"
    r"\btoo\s+(?:expensive|pricey|dear|costly|much\s+money)\b"
    r"|\b(?:that|this|it|they|those|these)(?:['’]s|['’]re|\s+is|\s+are|\s+was)\s+(?:\w+\s+){0,2}?(?:(?:more|over|above)\s+(?:than\s+)?"
    r"(?:(?:i|we)\s+(?:\w+\s+){1,2}(?:spend|pay|afford)\b|(?:my|our)\s+budget\b)|out\s+of\s+(?:my|our)\s+budget\b|steep(?=\W|$))"
)
_BEYOND_PURSE = (
    r"\bmore\s+(?:money\s+)?than\s+(?:i|we)(?:['’]d|\s+had|\s+can|\s+could)?\s*(?:\w+\s+){0,2}(?:to\s+)?(?:spend|pay|afford|budgeted)\b"
    r"|\b(?:over|above|beyond|out\s+of|outside)\s+(?:my|our|the)\s+(?:budget|price\s+range)\b"
)
_SO = r"(?:(?:all|so|pretty|really|rather|very|way|a\s+bit|a\s+little)\s+)*"
_THEY_ARE = (
    rf"^\W*(?:(?:nah|no|hm+|meh|ugh|but)\b\W*)*(?:(?:those|these|they)(?:\s+are|['’]re)\s+{_SO}(?:too\s+)?|{_SO}too\s+)"
)
_RELATIVES: tuple[tuple[str, tuple[str, Op]], ...] = (
    (rf"\b(cheaper|less\s+expensive)\b|便宜(一)?[点些]|更便宜|太贵|{_TOO_DEAR}|{_BEYOND_PURSE}", ("price", "<")),
    (
        rf"\b(newer|more\s+(?:recent|modern|contemporary|up\s+to\s+date))\b|{_THEY_ARE}(?:old|ancient|prehistoric)\b(?!\s+for\b)|更新的|新一点",
        ("year", ">"),
    ),
    (r"\b(older|earlier)\b|更老|老一点|早一点", ("year", "<")),
    (rf"\bshorter\b|{_THEY_ARE}long\b|\bno\s+(?:\w+ly\s+)?long\s+(?={_OF_WORKS})|更短|短一点", ("length", "<")),
    (
        r"(?<!no )(?<!any )\blonger\b(?!\s+than\s+(?:i|we|you|they|he|she|it|expected|usual|before)\b)|更长|长一点",
        ("length", ">"),
    ),
)
LENGTH_FIELDS = ("hours", "minutes", "length", "runtime", "duration", "pages")  # minutes also derive from hours
_RELATIVE = tuple((re.compile(pattern), meaning) for pattern, meaning in _RELATIVES)
_INVERSE: dict[str, Op] = {"is": "is_not", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_NEGATED = re.compile(
    r"(?:(?<!why )\b(?:not|nothing|no|none|never|leave\s+out|leaving\s+out|skip|avoid|exclude)|n't"
    r"|不要|不想看|不看|别|不)\s*"
    r"(?:(?:want|wish|like|care|need|to|spend|pay|watch|read|play|see|anything|something|that|which|is|be|costs?|lasts?|takes?"
    r"|runs?|any|an?|all|the|those|ones|made|from|films?|movies?|books?|novels?|games?|albums?|courses?|classics?|works?)\s+)*$"
)


_OF_AGE = re.compile(r"\s[12]$")  # "something for a little one, like under 1" costs more


def parse(text: str, facets: Facets, language: str) -> Iterator[Found]:
    """Yield every numeric constraint in a text, without limits where the catalogue has no column for a count."""
    free = text.lower() if len(text.lower()) == len(text) else text
    free = blank(free, [match.span() for match in _AGE.finditer(free)])
    context = _Say(language, facets.currency, len(facets.currencies) > 1)
    left = _TIME_LEFT.search(free)
    if left is not None and "minutes" in facets.numeric_fields and not _UNTIMED.search(free):
        hours = (1.0 if left[2] else number(left[1])) + 0.5 * bool(left[4])
        minutes = hours * 60 if left[3].startswith("h") else hours
        yield Found(left.start(), left.end(), (_c("minutes", "<=", minutes, context),))
        free = blank(free, [left.span()])
    for match in _AT_LENGTH.finditer(free) if "minutes" in facets.numeric_fields else ():
        minutes = number(match[1]) * (60 if match[2].startswith("h") else 1)
        yield Found(match.start(), match.end(), (_c("minutes", "<=", minutes, context),))
        free = blank(free, [match.span()])
    numbered = has_number(free)
    for match in (*_SPOKEN_LENGTH.finditer(free), *(_LENGTH.finditer(free) if numbered else ())):
        found = _length(match, facets, context)
        if found is not None:
            free = blank(free, [match.span()])
            yield inverted(free, found, language, facets.currency)
    for field, pattern, make in _COMPILED if numbered else _NUMBERLESS:
        known = facets.knows(field)
        for match in pattern.finditer(free) if known or field == "price" else ():
            if field == "price" and (_OF_AGE.search(match[0]) or not (known or _MONEY.search(match[0]))):
                continue
            said = currency_said(match[0], facets.currencies) if field == "price" else ""
            say = replace(context, currency=said) if said else context
            lacking = "" if field != "price" else "price" if not known else _foreign(match[0], say.currency)
            made = Found(match.start(), match.end(), make(match, say) if known else (), lacking)
            yield inverted(free, made, language, say.currency)
            free = blank(free, [match.span()])


def has_number(text: str) -> bool:
    """Whether a text has a digit or a word for a number or a decade, be it within another word."""
    low = text.casefold()
    return any(map(str.isdecimal, low)) or any(word in low for word in _NUMERALS)


def currency_said(text: str, currencies: Iterable[str]) -> str:
    """Return which of a catalogue's currencies a text speaks of, "" if of none."""
    said = next((codes for sign, codes in _CURRENCIES if sign.search(text)), frozenset())
    return next((currency for currency in currencies if currency in said), "")


def _foreign(text: str, currency: str) -> str:
    """Return "currency:" and the catalogue's currency where a text speaks of another, else ""."""
    said = next((codes for sign, codes in _CURRENCIES if sign.search(text)), frozenset())
    return f"currency:{currency}" if currency and said and currency not in said else ""


def inverted(text: str, found: Found, language: str, currency: str = "") -> Found:
    """Turn a limit round behind a negation: "nothing before 1980" asks for 1980 and later."""
    negation = None if no_need(text, found.start) else _NEGATED.search(text[: found.start])
    if negation is not None and [(c.field, c.op) for c in found.constraints] == [("year", ">="), ("year", "<=")]:
        last = float(found.constraints[1].value)  # type: ignore[arg-type]
        return Found(
            negation.start(), found.end, (_c("year", ">", last, _Say(language, currency)),)
        )  # no classic, then
    if negation is None or len(found.constraints) != 1 or found.constraints[0].op not in _INVERSE:
        return found
    old = found.constraints[0]
    turned = _c(old.field, _INVERSE[old.op], float(old.value), _Say(language, currency))  # type: ignore[arg-type]
    return Found(negation.start(), found.end, (replace(turned, currency=old.currency),))


def _length(match: re.Match[str], facets: Facets, say: _Say) -> Found | None:
    if match.re is _SPOKEN_LENGTH:
        said, unit = match[1], "hour"
        value = 0.5 if match[2] else (number(match[3]) if match[3][0] != "a" else 1) + 0.5 * bool(match[4] or match[5])
    else:
        said, amount, unit = (match[1], match[2], match[3]) if match[1] else (match[6], match[4], match[5])
        value = number(amount)
    cue, unit = re.sub(r"\s+", " ", said), unit.rstrip("s")
    op = next(op for pattern, op in _LENGTH_OPS if re.search(pattern, cue))
    if unit in _UNITS:
        if "minutes" in facets.numeric_fields:
            field, amount = "minutes", value * _UNITS[unit]
        elif "hours" in facets.numeric_fields:
            field, amount = "hours", value * _UNITS[unit] / 60
        else:
            return None
    else:
        field, amount = {"页": "pages"}.get(unit, unit + "s"), value
        if field not in facets.numeric_fields:
            return Found(match.start(), match.end(), (), field)
    return Found(match.start(), match.end(), (_c(field, op, amount, say),))


def blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Replace spans by spaces, so that offsets stay true."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def relative(text: str) -> tuple[tuple[str, Op], ...]:
    """Return the comparatives of a text: "cheaper" → ("price", "<")."""
    low = text.lower()
    return tuple(meaning for pattern, meaning in _RELATIVE if pattern.search(low))
