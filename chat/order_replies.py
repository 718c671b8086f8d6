"""What is said about orders, in whole sentences: every number, date, title and amount is quoted from the order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from chat import facts
from chat.order_questions import Aspect, Meant
from chat.orders import UNDER_WAY, Order
from chat.state import Language

_MOST_TOLD = 3  # orders that are told in full
_MOST_LISTED = 10
_MOST_TITLES = 4
_LONGEST_ECHO = 24  # characters of what a person gave as a number

_SAY: Mapping[str, tuple[str, str]] = {
    "signed_out": ("To look up an order I need to know who you are: please sign in to the shop first, then ask me "
                   "again.",
                   "查询订单需要确认你的身份：请先在商店登录，然后再问我。"),
    "unavailable": ("I can't reach the order system right now, so I can't tell. Please try again in a moment, or ask "
                    "for a person.",
                    "暂时连不上订单系统，无法查询。请稍后再试，或让我转接人工。"),
    "none": ("There is no order on your account.", "你的账户里没有订单。"),
    "none_then": ("You placed no order between {first} and {last}.", "{first}至{last}期间你没有下过订单。"),
    "none_on": ("You placed no order on {day}.", "{day}你没有下过订单。"),
    "missing": ("I can't find an order “{number}” on your account. Please check the number.",
                "在你的账户里找不到订单“{number}”，请核对订单号。"),
    "no_refunds": ("No refund is recorded for any of your orders.", "你的订单里没有退款记录。"),
    # the state of one order
    "placed": ("Order {number} ({titles}), placed on {placed}, has been received and is not packed yet.",
               "订单{number}（{titles}，{placed}下单）已收到，尚未打包。"),
    "packed": ("Order {number} ({titles}), placed on {placed}, is packed and waits to be collected by the carrier.",
               "订单{number}（{titles}，{placed}下单）已打包，等待承运方取件。"),
    "shipped": ("Order {number} ({titles}), placed on {placed}, is on its way.",
                "订单{number}（{titles}，{placed}下单）已发货，正在途中。"),
    "delayed": ("Order {number} ({titles}), placed on {placed}, is delayed. I'm sorry about that.",
                "抱歉，订单{number}（{titles}，{placed}下单）有延误。"),
    "delivered": ("Order {number} ({titles}), placed on {placed}, has been delivered.",
                  "订单{number}（{titles}，{placed}下单）已送达。"),
    "returned": ("Order {number} ({titles}), placed on {placed}, has been returned.",
                 "订单{number}（{titles}，{placed}下单）已退货。"),
    "cancelled": ("Order {number} ({titles}), placed on {placed}, has been cancelled.",
                  "订单{number}（{titles}，{placed}下单）已取消。"),
    # its details
    "expected": ("It is expected on {expected}.", "预计{expected}送达。"),
    "late": ("It was expected on {expected}; the order system gives no newer date.",
             "原预计{expected}送达，系统里没有更新的日期。"),
    "expected_unknown": ("No arrival date is given yet.", "目前还没有预计送达日期。"),
    "arrived": ("It arrived on {arrived}.", "送达日期是{arrived}。"),
    "arrived_unknown": ("The day of arrival is not recorded.", "没有记录送达日期。"),
    "tracking": ("{carrier}, tracking number {tracking}.", "承运方：{carrier}，运单号：{tracking}。"),
    "tracking_only": ("Tracking number: {tracking}.", "运单号：{tracking}。"),
    "carrier_only": ("Carrier: {carrier}.", "承运方：{carrier}。"),
    "tracking_unknown": ("It has no tracking number yet.", "目前还没有运单号。"),
    "refund_paid": ("The refund of {refunded} for order {number} was paid on {refund_paid}.",
                    "订单{number}的退款{refunded}已于{refund_paid}支付。"),
    "refund_paid_undated": ("The refund for order {number} has been paid.", "订单{number}的退款已支付。"),
    "refund_pending": ("The refund of {refunded} for order {number} is being processed; it has not been paid yet.",
                       "订单{number}的退款{refunded}正在处理，尚未支付。"),
    "refund_pending_open": ("A refund for order {number} is being processed; it has not been paid yet.",
                            "订单{number}的退款正在处理，尚未支付。"),
    "refund_none": ("No refund is recorded for order {number}.", "订单{number}没有退款记录。"),
    "contents": ("Order {number}, placed on {placed}, holds {lines}; {total} in all.",
                 "订单{number}（{placed}下单）包含{lines}，共{total}。"),
    "total": ("Order {number}, placed on {placed}, came to {total}.", "订单{number}（{placed}下单）共{total}。"),
    "read_only": ("I can look orders up, but not change, cancel or return them; if you would like that, ask for a "
                  "person.",
                  "我只能查询订单，不能修改、取消或退货；如有需要，可以让我转接人工。"),
    "listed": ("Your {n} latest orders: {lines}.", "你最近的{n}个订单：{lines}。"),
    "listed_under_way": ("{n} of your orders are under way: {lines}.", "你有{n}个订单正在处理或运输：{lines}。"),
    "listed_some": ("{n} of your orders: {lines}.", "其中{n}个订单：{lines}。"),
    "line": ("{number} of {placed}, {total}, {status}", "{number}（{placed}，{total}，{status}）"),
    "line_expected": ("{number} of {placed}, {total}, {status}, expected on {expected}",
                      "{number}（{placed}，{total}，{status}，预计{expected}送达）"),
    "more": ("There are {n} more.", "另有{n}个订单。"),
    "and_others": ("{titles} and {n} more", "{titles}等{total}件"),
}  # fmt: skip
_STATUS: Mapping[str, tuple[str, str]] = {
    "placed": ("not packed yet", "未打包"), "packed": ("packed", "已打包"), "shipped": ("on its way", "运输中"),
    "delayed": ("delayed", "有延误"), "delivered": ("delivered", "已送达"), "returned": ("returned", "已退货"),
    "cancelled": ("cancelled", "已取消"),
}  # fmt: skip


def tell(meant: Meant, language: Language, *, today: date | None = None) -> str:
    """Answer a question about orders; `today` decides whether an expected day has passed."""
    say = _Say(language, today or date.today())
    missing = say("missing", number=_echoed(meant.missing)) if meant.missing else ""
    if not meant.orders:
        return missing or say.nothing(meant)
    if len(meant.orders) > (1 if meant.aspect == "list" else _MOST_TOLD):
        return say.join(say.listed(meant), missing)
    lead = say("read_only") if meant.aspect == "change" else ""
    return say.join(lead, *(say.about(order, meant.aspect) for order in meant.orders), missing)


def _echoed(number: str) -> str:
    return number if len(number) <= _LONGEST_ECHO else number[:_LONGEST_ECHO] + "…"


def signed_out(language: Language) -> str:
    """Say that orders are for customers who have signed in."""
    return _Say(language, date.min)("signed_out")


def unavailable(language: Language) -> str:
    """Say that the order system does not answer."""
    return _Say(language, date.min)("unavailable")


class _Say:
    def __init__(self, language: Language, today: date) -> None:
        self.language = language
        self.today = today

    def __call__(self, what: str, **slots: str | int) -> str:
        english, chinese = _SAY[what]
        return (chinese if self.language == "zh" else english).format(**slots)

    def join(self, *sentences: str) -> str:
        return ("" if self.language == "zh" else " ").join(s for s in sentences if s)

    def day(self, day: date) -> str:
        return str(format_date(day, "long", locale=self.language))

    def money(self, amount: Decimal, currency: str) -> str:
        if not currency:
            return str(format_decimal(amount, locale=self.language))
        return str(format_currency(amount, currency, locale=self.language))

    def titles(self, order: Order) -> str:
        titles = [line.title for line in order.items]
        if len(titles) <= _MOST_TITLES:
            return facts.join(titles, self.language)
        rest = len(titles) - _MOST_TITLES + 1
        first = ("、" if self.language == "zh" else ", ").join(titles[: _MOST_TITLES - 1])
        return self("and_others", titles=first, n=rest, total=len(titles))

    def nothing(self, meant: Meant) -> str:
        if meant.period is not None:
            first, last = (self.day(day) for day in meant.period)
            return self("none_on", day=first) if first == last else self("none_then", first=first, last=last)
        return self("no_refunds" if meant.aspect == "refund" else "none")

    def about(self, order: Order, aspect: Aspect) -> str:
        if aspect == "refund":
            return self.refund(order)
        if aspect == "contents":
            lines = [f"{line.quantity} × {line.title}" for line in order.items]
            total = self.money(order.total, order.currency)
            joined = facts.join(lines, self.language)
            return self("contents", number=order.number, placed=self.day(order.placed), lines=joined, total=total)
        if aspect == "total":
            total = self.money(order.total, order.currency)
            return self("total", number=order.number, placed=self.day(order.placed), total=total)
        state = self(order.status, number=order.number, titles=self.titles(order), placed=self.day(order.placed))
        details = [self.when(order, asked=aspect == "arrival"), self.tracking(order, asked=aspect == "tracking")]
        refund = self.refund(order) if order.refund else ""
        return self.join(state, *(details[::-1] if aspect == "tracking" else details), refund)

    def when(self, order: Order, *, asked: bool) -> str:
        if order.status == "delivered":
            if order.arrived is not None:
                return self("arrived", arrived=self.day(order.arrived))
            return self("arrived_unknown") if asked else ""
        if order.status in ("returned", "cancelled"):
            return ""
        if order.expected is None:
            return self("expected_unknown") if asked else ""
        late = order.expected < self.today
        return self("late" if late else "expected", expected=self.day(order.expected))

    def tracking(self, order: Order, *, asked: bool) -> str:
        if order.status not in ("packed", "shipped", "delayed") and not asked:
            return ""
        if order.tracking:
            what = "tracking" if order.carrier else "tracking_only"
            return self(what, carrier=order.carrier, tracking=order.tracking)
        if order.carrier:
            return self("carrier_only", carrier=order.carrier)
        return self("tracking_unknown") if asked else ""

    def refund(self, order: Order) -> str:
        amount = "" if order.refunded is None else self.money(order.refunded, order.currency)
        if order.refund == "paid" and amount and order.refund_paid is not None:
            day = self.day(order.refund_paid)
            return self("refund_paid", number=order.number, refunded=amount, refund_paid=day)
        if order.refund == "paid":
            return self("refund_paid_undated", number=order.number)
        if order.refund == "pending":
            what = "refund_pending" if amount else "refund_pending_open"
            return self(what, number=order.number, refunded=amount)
        return self("refund_none", number=order.number)

    def listed(self, meant: Meant) -> str:
        told = meant.orders[:_MOST_LISTED]
        what = "listed" if meant.aspect == "list" and meant.period is None else "listed_some"
        if what == "listed_some" and meant.period is None and all(order.status in UNDER_WAY for order in meant.orders):
            what = "listed_under_way"
        lines = ("；" if self.language == "zh" else "; ").join(self.line(order) for order in told)
        rest = len(meant.orders) - len(told)
        return self.join(self(what, n=len(told), lines=lines), self("more", n=rest) if rest else "")

    def line(self, order: Order) -> str:
        due = order.status in UNDER_WAY and order.expected is not None and order.expected >= self.today
        return self(
            "line_expected" if due else "line",
            number=order.number,
            placed=self.day(order.placed),
            total=self.money(order.total, order.currency),
            status=_STATUS[order.status][self.language == "zh"],
            expected=self.day(order.expected) if order.expected else "",
        )
