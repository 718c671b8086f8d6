"""Which orders of a customer a sentence means, and what it asks about them: in English and Chinese, by patterns.

A pattern decides only what is looked up; whose orders they are is decided by `chat.orders`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from chat.orders import UNDER_WAY, Order, OrderLookup, OrderStatus, order_of, orders_of
from retrieval.text import words

Aspect = Literal["status", "arrival", "tracking", "refund", "contents", "total", "list", "change"]


@dataclass(frozen=True, slots=True)
class Meant:
    """The orders that a sentence means, newest first, and what it asks about them.

    Attributes:
        missing: an order number in it of which this customer has no order.
        period: the days, both included, from which orders were asked for, if it says so.
    """

    orders: tuple[Order, ...]
    aspect: Aspect
    missing: str = ""
    period: tuple[date, date] | None = None


_ASPECTS: Mapping[Aspect, str] = {  # the first that is found is what the sentence asks
    "refund": r"(?s)^(?!.*\bcancel (?:it|this|that|my|the)\b).*(?:\brefund|money back|\breimburs|退款|退钱|退的钱)",
    "change": r"\b(cancel(l?ing)?|chang(e|ing)|modify(ing)?|edit(ing)?|updat(e|ing)|correct(ing)?|amend|redirect|swap"
              r"|return(ing)?|remov(e|ing)|add(ing)?( an| another| some| more| a few)?) "
              r"(?=.*(\b(orders?|purchases?|parcel|package|articles?|items?|it|that|this|address)\b|\d{3}))"
              r"|\bcancell?ations?\b|修改|改地址|换地址|退货|取消",
    "tracking": r"\btracking\b(?!.*\b(say|status)\b)|\btrack (number|code|id|link)|\bcarrier|\bcourier|运单号|快递",
    "arrival": r"\bwhen\b.*\b(arriv|com(e|ing)|deliver|get|receive|here|expect)|\bhow long\b|\barrival|\beta\b"
               r"|\b(delivery|expected) (date|day)|什么时候.*(到|送|收)|几时|多久|哪天.*到|何时",
    "total": r"\bhow much\b|\btotal\b|\bwhat did (it|that|this) cost|\b(did|do) i pay\b|\bpaid\b|多少钱|总价|付了",
    "contents": r"\bwhat('s| is| was| were)? (in|inside)\b|\bwhat did i (order|buy|get)|\bwhich (items|things)"
                r"|\bcontents?\b|\bwhat (have|had) i (ordered|bought)|买了什么|买了哪|订了什么|里面有",
    "list": r"\b(all|list|show|see|view)( me| of)*( my| the)*( past| recent| previous| last)? (orders|purchases)\b"
            r"|\border history|\b(past|recent|previous|old|earlier|what|which|how many) (orders|purchases)\b"
            r"|所有订单|全部订单|几个订单|订单(列表|记录|历史)|哪些订单|有什么订单",
}  # fmt: skip
_PATTERNS: Mapping[Aspect, re.Pattern[str]] = {
    aspect: re.compile(pattern, re.IGNORECASE) for aspect, pattern in _ASPECTS.items()
}
_NUMBER = re.compile(r"#\s?[\w-]*\d[\w-]*|(?<![\w.,$€£¥])[A-Za-z]{0,8}[-_]?\d[\w-]*", re.ASCII)
_ORDER_BEFORE = re.compile(
    r"(\border|订单|单号)( ?(number|no\.?|nr\.?|id|code|编号|号码?|号))?\s*(is|是|:|：|#)?\s*$", re.IGNORECASE
)
_LATEST = re.compile(
    r"\b(last|latest|newest|recent)\b(?! (week|month|year|few))|\border(ed)? last\b(?! (week|month|year))"
    r"|最近(?!几)|最新|上次|上一", re.IGNORECASE,
)  # fmt: skip
_FIRST = re.compile(
    r"\b(first|oldest)( ever)? (order|purchase)\b|\border(ed)? first\b|第一个订单|第一单", re.IGNORECASE
)
_ALL = re.compile(r"\ball (of )?(my|the) (orders|purchases)\b|所有订单|全部订单", re.IGNORECASE)
_STATES: Mapping[OrderStatus, str] = {  # words that choose among the orders
    "delivered": r"\b(says?|said|marked|shown|shows|listed|tracking) (it'?s |it is |it was )?(as )?delivered\b"
                 r"|显示已?(送达|签收)",
    "delayed": r"\b(delayed|late|overdue)\b|延误|延迟|晚到",
    "cancelled": r"\b(my|the|that) cancell?ed (order|purchase|parcel)\b|取消的订单",
    "returned": r"\b(my|the|that) returned (order|purchase|parcel)\b|退(货|回)的订单",
}  # fmt: skip
_STATE_PATTERNS: Mapping[OrderStatus, re.Pattern[str]] = {
    status: re.compile(pattern, re.IGNORECASE) for status, pattern in _STATES.items()
}
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_MONTH = re.compile(rf"\b(?:in|of|from|since|during) ({'|'.join(_MONTHS)})\b(?: (20\d\d))?", re.IGNORECASE)
_MONTH_ZH = re.compile(r"(?:(20\d\d)年)?(\d{1,2})月(?!\d{1,2}[日号])")
_YEAR = re.compile(r"\b(?:in|of|from|during) (20\d\d)\b|(20\d\d)年")
_COMES = re.compile(r"\b(will|arriv\w*|com(e|es|ing)|deliver\w*|expect\w*|get here)\b|会|到货|送达", re.IGNORECASE)
_AGO = re.compile(
    r"\b(?:order(?:ed|s)?|bought|purchased?|placed|buy)\b.*\b(?:(yesterday)|(today)|(last|this) (week|month|year))\b",
    re.IGNORECASE,
)
_IT = re.compile(r"\b(it|that|this|the (order|parcel|package)|they|them|those)\b|它|这个|那个|这单|那单", re.IGNORECASE)
_MIN_DIGITS = 3  # "PS5" and "2 books" are no order numbers
_LONGEST_NUMBER = 40
_SHORT_TITLE = 3
# Words of questions about orders, which are titles only when written as such ("Arrival").
_NO_TITLES = frozenset({
    "arrival", "arrive", "broken", "date", "delivery", "friday", "gift", "help", "here", "home", "item", "items",
    "late", "lost", "missing", "money", "month", "number", "order", "orders", "package", "parcel", "please",
    "problem", "refund", "return", "status", "stuff", "time", "today", "tomorrow", "track", "tracking", "waiting",
    "week", "when", "where",
})  # fmt: skip


def find(
    lookup: OrderLookup,
    customer_id: str,
    text: str,
    *,
    focus: str = "",
    items: Collection[str] = (),
    today: date | None = None,
) -> Meant:
    """Return the orders of a customer that a sentence means.

    By the numbers it gives; else by an item it names; else by when they were placed; else the latest, all, or those in
    a state or with a refund, if it asks so; else the one last spoken of, if it says "it"; else those still under way;
    else the latest.

    Args:
        lookup: the shop's.
        customer_id: of the verified customer.
        text: the sentence, English or Chinese.
        focus: the number of the order last spoken of.
        items: ids of catalogue items that the sentence names.
        today: what "last month" is counted from.

    Raises:
        OrdersUnavailable: the shop's system failed or took longer than `TIMEOUT_S`.
    """
    asked = (aspect for aspect, pattern in _PATTERNS.items() if pattern.search(text))
    aspect: Aspect = next(asked, "status")
    have = orders_of(lookup, customer_id)
    given = _given(text)
    named = [order for order in have if any(_same(number, order.number) for number, _ in given)]
    named = named or [order for order in have if _holds(order, text, items)]
    unknown = _unknown(given, customer_id, have, named)
    if unknown:
        older = order_of(lookup, customer_id, unknown[0])
        return Meant((*named, *([older] if older else ())), aspect, "" if older else unknown[0])
    if named:
        return Meant(tuple(named), aspect)
    comes = aspect in ("arrival", "change") or _COMES.search(text)  # "in October" is not when it was placed
    period = None if comes else _period(text, today or date.today())
    if period is not None:
        return Meant(tuple(o for o in have if period[0] <= o.placed <= period[1]), aspect, period=period)
    return Meant(tuple(_by_words(have, text, aspect, focus)), aspect)


def _unknown(
    given: Sequence[tuple[str, bool]], customer_id: str, have: Sequence[Order], named: Sequence[Order]
) -> list[str]:
    """Return the order numbers of a sentence that are none of the orders at hand; beside one that is, only its like."""
    shapes = {_prefix(order.number) for order in have}
    return [
        number
        for number, surely in given
        if surely
        and number != customer_id.upper()
        and not any(_same(number, order.number) for order in named)
        and (not named or _prefix(number) in shapes)
    ]


def _by_words(have: Sequence[Order], text: str, aspect: Aspect, focus: str) -> Sequence[Order]:
    """Choose among a customer's orders, newest first, when neither a number nor an item is given."""
    if aspect == "list" or _ALL.search(text):
        return have
    if _FIRST.search(text):
        return have[-1:]
    if _LATEST.search(text):
        return have[:1]
    spoken_of = [order for order in have if _same(focus, order.number)]
    if spoken_of and _IT.search(text):
        return spoken_of
    if aspect == "refund":
        return [order for order in have if order.refund] or [o for o in have if o.status in ("returned", "cancelled")]
    if aspect in ("contents", "total"):
        return spoken_of or have[:1]
    for status, pattern in _STATE_PATTERNS.items():
        if pattern.search(text) and (such := [order for order in have if order.status == status]):
            return such[:1] if status == "delivered" else such
    return [order for order in have if order.status in UNDER_WAY] or have[:1]


def _given(text: str) -> list[tuple[str, bool]]:
    """Return what may be order numbers, and whether each can hardly be anything else ("M-1042", "order 1042")."""
    given: list[tuple[str, bool]] = []
    for match in _NUMBER.finditer(text):
        number = match.group().lstrip("# ").strip("-_")
        if sum(c.isdigit() for c in number) < _MIN_DIGITS or len(number) > _LONGEST_NUMBER:
            continue
        surely = match.group()[0] == "#" or number[0].isalpha() or bool(_ORDER_BEFORE.search(text[: match.start()]))
        given.append((number.upper(), surely))
    return given


def _same(given: str, number: str) -> bool:
    """Whether a number as a person gives it is an order's: "m1042", "M-1042" and "1042" all are."""
    left, right = (re.sub(r"[^0-9A-Z]", "", x.upper()) for x in (given, number))
    return bool(left) and (left == right or (left.isdigit() and left == right.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")))


def _prefix(number: str) -> str:
    return re.split(r"[^A-Z]", number.upper(), maxsplit=1)[0]


def _holds(order: Order, text: str, items: Collection[str]) -> bool:
    """Whether an order has an item that a sentence names."""
    said = words(text)
    for line in order.items:
        if line.item in items:
            return True
        title = words(line.title)
        asked = title and title[0] in _NO_TITLES and line.title not in text
        if len(title) == 1 and (asked or len(title[0]) <= _SHORT_TITLE):
            continue  # "it" is not the book "It"
        if title and any(said[at : at + len(title)] == title for at in range(len(said) - len(title) + 1)):
            return True
    return False


def _period(text: str, today: date) -> tuple[date, date] | None:
    """Return the days, both included, in which a sentence says that orders were placed."""
    if match := _MONTH.search(text):
        return _month(_MONTHS.index(match[1].lower()) + 1, match[2], today)
    if (match := _MONTH_ZH.search(text)) and 1 <= int(match[2]) <= 12:
        return _month(int(match[2]), match[1], today)
    if match := _AGO.search(text):
        return _ago(match, today)
    if match := _YEAR.search(text):
        year = int(match[1] or match[2])
        return date(year, 1, 1), date(year, 12, 31)
    return None


def _month(month: int, year: str | None, today: date) -> tuple[date, date]:
    """Return a month; without a year, the latest one that has begun."""
    of = int(year) if year else today.year - (month > today.month)
    return date(of, month, 1), date(of + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _ago(match: re.Match[str], today: date) -> tuple[date, date]:
    yesterday, now, which, unit = match.groups()
    if yesterday or now:
        day = today - timedelta(days=bool(yesterday))
        return day, day
    back = which.lower() == "last"
    if unit.lower() == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return monday, monday + timedelta(days=6)
    if unit.lower() == "year":
        return date(today.year - back, 1, 1), date(today.year - back, 12, 31)
    first = today.replace(day=1)
    month = (first - timedelta(days=1)) if back else today
    return _month(month.month, str(month.year), today)
