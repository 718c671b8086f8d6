"""Orders: the typed, read-only hook into a shop's order system, and which orders a sentence means.

A shop implements `OrderLookup` over whatever it has; nothing here can change an order. The customer is always the one
whom a verified token names (`chat.identity`), never one that a message names, and what an adapter returns is checked
once more: an order of another customer does not exist.
"""

from __future__ import annotations

import importlib
import logging
import queue
import re
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol, TypeVar

from pydantic import Field

from chat.messages import Frozen
from retrieval.errors import NamedropError
from retrieval.text import words

log = logging.getLogger(__name__)

OrderStatus = Literal["placed", "packed", "shipped", "delivered", "returned", "cancelled", "delayed"]
RefundStatus = Literal["", "pending", "paid"]
Aspect = Literal["status", "arrival", "tracking", "refund", "contents", "total", "list", "change"]

UNDER_WAY: tuple[OrderStatus, ...] = ("placed", "packed", "shipped", "delayed")
TIMEOUT_S = 5.0  # a conversation does not wait longer for a shop's order system
_T = TypeVar("_T")


class OrdersUnavailable(NamedropError):
    """The shop's order system cannot be asked now."""


class OrderLine(Frozen):
    """Some pieces of one item; `price` is that of one."""

    item: str
    title: str
    quantity: int = Field(1, ge=1)
    price: Decimal


class Order(Frozen):
    """One order as the shop's system has it; what it does not say is "" or None and is never made up.

    Attributes:
        number: as the customer knows it, for example "M-1042".
        customer: the id of the customer it belongs to: the `sub` of the token.
        total: what was paid for all of it, with shipping.
        expected: the day it should arrive; for a delayed order the new one.
        arrived: the day it was delivered.
        refund: whether money goes back; `refunded` is how much, `refund_paid` the day it was paid.
    """

    number: str
    customer: str
    placed: date
    status: OrderStatus
    items: tuple[OrderLine, ...]
    total: Decimal
    currency: str = ""
    carrier: str = ""
    tracking: str = ""
    expected: date | None = None
    arrived: date | None = None
    refund: RefundStatus = ""
    refunded: Decimal | None = None
    refund_paid: date | None = None


class OrderLookup(Protocol):
    """What a shop implements; both only read, and are called from several threads at a time."""

    def orders(self, customer_id: str) -> Sequence[Order]:
        """Return a customer's orders, as many of the latest as people may ask about; none for an unknown customer."""

    def order(self, customer_id: str, number: str) -> Order | None:
        """Return one order of a customer, also an old one; None if this customer has none of this number."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The orders that a sentence means, newest first, and what it asks about them.

    Attributes:
        missing: an order number of which this customer has no order; `orders` is empty then.
    """

    orders: tuple[Order, ...]
    aspect: Aspect
    missing: str = ""


def load(spec: str) -> OrderLookup:
    """Load a shop's own lookup: ``package.module:name`` of one, or of what makes one when called without arguments.

    Raises:
        OrdersUnavailable: there is no such module or name, or it is no lookup.
    """
    module, _, name = spec.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
        made = found() if isinstance(found, type) or not hasattr(found, "orders") else found
    except Exception as error:  # whatever the shop's module raises is told, not passed on
        raise OrdersUnavailable(f"--orders {spec}: {type(error).__name__}: {error}; write MODULE:NAME") from error
    if not (callable(getattr(made, "orders", None)) and callable(getattr(made, "order", None))):
        raise OrdersUnavailable(f"--orders {spec} has no methods orders(customer_id) and order(customer_id, number)")
    return made


# Which orders a sentence means

_ASPECTS: Mapping[Aspect, str] = {  # the first that is found is what the sentence asks
    "refund": r"\brefund|money back|\breimburs|退款|退钱|退的钱",
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
            r"|\border history|\b(past|recent|previous|old|earlier|what|which) (orders|purchases)\b"
            r"|所有订单|全部订单|订单(列表|记录|历史)|哪些订单|有什么订单",
}  # fmt: skip
_PATTERNS: Mapping[Aspect, re.Pattern[str]] = {
    aspect: re.compile(pattern, re.IGNORECASE) for aspect, pattern in _ASPECTS.items()
}
_NUMBER = re.compile(r"#\s?[\w-]*\d[\w-]*|(?<![\w.,$€£¥])[A-Za-z]{0,8}[-_]?\d[\w-]*", re.ASCII)
_ORDER_BEFORE = re.compile(
    r"(\border|订单|单号)( ?(number|no\.?|nr\.?|id|code|编号|号码?|号))?\s*(is|是|:|：|#)?\s*$", re.IGNORECASE
)
_LATEST = re.compile(
    r"\b(last|latest|newest|most recent|recent)\b(?! (week|month|year|few))|\border(ed)? last\b(?! (week|month|year))"
    r"|最近(?!几)|最新|上次|上一", re.IGNORECASE,
)  # fmt: skip
_IT = re.compile(r"\b(it|that|this|the (order|parcel|package)|they|them|those)\b|它|这个|那个|这单|那单", re.IGNORECASE)
_MIN_DIGITS = 3  # "PS5" and "2 books" are no order numbers
_LONGEST_NUMBER = 40
_SHORT_TITLE = 3


def find(lookup: OrderLookup, customer_id: str, text: str, *, focus: str = "", items: Collection[str] = ()) -> Meant:
    """Return the orders of a customer that a sentence means.

    By the number it gives; else by an item it names; else the latest, all, or those with a refund, if it asks so; else
    the one last spoken of, if it says "it"; else those still under way; else the latest.

    Args:
        lookup: the shop's.
        customer_id: of the verified customer.
        text: the sentence, English or Chinese.
        focus: the number of the order last spoken of.
        items: ids of catalogue items that the sentence names.

    Raises:
        OrdersUnavailable: the shop's system failed or took longer than `TIMEOUT_S`.
    """
    asked = (aspect for aspect, pattern in _PATTERNS.items() if pattern.search(text))
    aspect: Aspect = next(asked, "status")
    have = _orders(lookup, customer_id)
    given = _given(text)
    named = [order for order in have if any(_same(number, order.number) for number, _ in given)]
    if named:
        return Meant(tuple(named), aspect)
    named = [order for order in have if _holds(order, text, items)]
    if named:
        return Meant(tuple(named), aspect)
    explicit = [number for number, surely in given if surely]
    if explicit:
        older = _ask(lambda: lookup.order(customer_id, explicit[0]), customer_id)
        return Meant(tuple(older), aspect, "" if older else explicit[0])
    return Meant(tuple(_by_words(have, text, aspect, focus)), aspect)


def _by_words(have: Sequence[Order], text: str, aspect: Aspect, focus: str) -> Sequence[Order]:
    """Choose among a customer's orders, newest first, when neither a number nor an item is given."""
    if aspect == "list":
        return have
    if _LATEST.search(text):
        return have[:1]
    spoken_of = [order for order in have if _same(focus, order.number)]
    if spoken_of and _IT.search(text):
        return spoken_of
    if aspect == "refund":
        return [order for order in have if order.refund] or [o for o in have if o.status in ("returned", "cancelled")]
    if aspect in ("contents", "total"):
        return spoken_of or have[:1]
    return [order for order in have if order.status in UNDER_WAY] or have[:1]


def _orders(lookup: OrderLookup, customer_id: str) -> list[Order]:
    found = _ask(lambda: lookup.orders(customer_id), customer_id)
    return sorted(found, key=lambda order: (order.placed, order.number), reverse=True)


def _ask(call: Callable[[], Sequence[Order] | Order | None], customer_id: str) -> list[Order]:
    """Call the shop's adapter, for `TIMEOUT_S` at most; whatever is not this customer's is dropped."""
    result = _in_time(call)
    orders = [] if result is None else [result] if isinstance(result, Order) else list(result)
    own = [order for order in orders if order.customer == customer_id]
    if len(own) < len(orders):
        log.error("the order lookup returned %d orders of another customer; dropped", len(orders) - len(own))
    return own


def _in_time(call: Callable[[], _T]) -> _T:
    answers: queue.SimpleQueue[tuple[_T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:  # a shop's adapter may raise anything
            answers.put((None, error))

    threading.Thread(target=run, name="namedrop-orders", daemon=True).start()
    try:
        answer, failure = answers.get(timeout=TIMEOUT_S)
    except queue.Empty:
        raise OrdersUnavailable(f"the order lookup gave no answer within {TIMEOUT_S:g} s") from None
    if failure is not None:
        log.error("the order lookup failed: %s", type(failure).__name__)  # its message may hold personal text
        raise OrdersUnavailable("the order lookup failed; the server's log says how") from failure
    return answer  # type: ignore[return-value]


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


def _holds(order: Order, text: str, items: Collection[str]) -> bool:
    """Whether an order has an item that a sentence names."""
    said = words(text)
    for line in order.items:
        if line.item in items:
            return True
        title = words(line.title)
        if len(title) == 1 and (len(title[0]) <= _SHORT_TITLE or line.title not in text):
            continue  # "it" is not the book "It"; a single word counts as the title only if written as one
        if any(said[at : at + len(title)] == title for at in range(len(said) - len(title) + 1)) and title:
            return True
    return False
