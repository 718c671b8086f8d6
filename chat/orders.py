"""Orders: the typed, read-only hook into a shop's order system.

A shop implements `OrderLookup` over whatever it has; nothing here can change an order. The customer is always the one
whom a verified token names (`chat.identity`), never one that a message names, and what an adapter returns is checked
once more: an order of another customer does not exist.
"""

from __future__ import annotations

import importlib
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol, TypeVar

from pydantic import Field

from chat.messages import Frozen
from retrieval.errors import NamedropError

log = logging.getLogger(__name__)

OrderStatus = Literal["placed", "packed", "shipped", "delivered", "returned", "cancelled", "delayed"]
RefundStatus = Literal["", "pending", "paid"]

UNDER_WAY: tuple[OrderStatus, ...] = ("placed", "packed", "shipped", "delayed")
TIMEOUT_S = 5.0  # a conversation does not wait longer for a shop's order system
MOST_LOOKUPS = 16  # at a time, those that nobody waits for any more among them
_ROOM = threading.BoundedSemaphore(MOST_LOOKUPS)
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


def orders_of(lookup: OrderLookup, customer_id: str) -> list[Order]:
    """Return a customer's orders, newest first.

    Raises:
        OrdersUnavailable: the shop's system failed, took longer than `TIMEOUT_S`, or leaves too many unanswered.
    """
    found = _ask(lambda: lookup.orders(customer_id), customer_id)
    return sorted(found, key=lambda order: (order.placed, order.number), reverse=True)


def order_of(lookup: OrderLookup, customer_id: str, number: str) -> Order | None:
    """Return one order of a customer, None if they have none of this number.

    Raises:
        OrdersUnavailable: the shop's system failed, took longer than `TIMEOUT_S`, or leaves too many unanswered.
    """
    return next(iter(_ask(lambda: lookup.order(customer_id, number), customer_id)), None)


def _ask(call: Callable[[], Sequence[Order] | Order | None], customer_id: str) -> list[Order]:
    """Call the shop's adapter, for `TIMEOUT_S` at most; whatever is not this customer's is dropped."""
    result = _in_time(call)
    orders = [] if result is None else [result] if isinstance(result, Order) else list(result)
    wrong = next((order for order in orders if not isinstance(order, Order)), None)
    if wrong is not None:
        raise OrdersUnavailable(f"the order lookup returned a {type(wrong).__name__}; expected a chat.orders.Order")
    own = [order for order in orders if order.customer == customer_id]
    if len(own) < len(orders):
        log.error("the order lookup returned %d orders of another customer; dropped", len(orders) - len(own))
    return own


def _in_time(call: Callable[[], _T]) -> _T:
    if not _ROOM.acquire(blocking=False):
        raise OrdersUnavailable(f"{MOST_LOOKUPS} look-ups of orders have had no answer yet")
    answers: queue.SimpleQueue[tuple[_T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:  # a shop's adapter may raise anything
            answers.put((None, error))
        finally:
            _ROOM.release()

    threading.Thread(target=run, name="namedrop-orders", daemon=True).start()
    try:
        answer, failure = answers.get(timeout=TIMEOUT_S)
    except queue.Empty:
        raise OrdersUnavailable(f"the order lookup gave no answer within {TIMEOUT_S:g} s") from None
    if failure is not None:
        log.error("the order lookup failed: %s", type(failure).__name__)  # its message may hold personal text
        raise OrdersUnavailable("the order lookup failed; the server's log says how") from failure
    return answer  # type: ignore[return-value]
