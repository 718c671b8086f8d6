"""How a constraint is shown to a person: the words on its chip, in English or Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache

from babel.numbers import format_currency

from retrieval.alike import named_alike, shortened
from retrieval.groups import group_called
from retrieval.lexicon import display, vocabulary
from retrieval.ranges import of_sizes, part_of
from retrieval.scales import is_mute, worded
from retrieval.shades import distinct, is_colour
from retrieval.types import Constraint, Op
from retrieval.units import of_header, pattern, wanted

_NUMBERS: dict[tuple[str, str], tuple[str, str]] = {
    ("decade", "is"): ("the {}s", "{}年代"),
    ("year", "<"): ("before {}", "{}年以前"),
    ("year", "<="): ("up to {}", "{}年及以前"),
    ("year", ">"): ("after {}", "{}年以后"),
    ("year", ">="): ("since {}", "{}年起"),
    ("year", "is"): ("{}", "{}年"),
    ("price", "<"): ("under {}", "低于{}"),
    ("price", "<="): ("at most {}", "不超过{}"),
    ("price", ">"): ("over {}", "高于{}"),
    ("price", ">="): ("at least {}", "至少{}"),
    ("price", "is"): ("for {}", "{}"),
}
_LENGTHS: dict[str, tuple[str, str]] = {
    "<": ("under {} {}", "{}{}以内"),
    "<=": ("at most {} {}", "最多{}{}"),
    ">": ("over {} {}", "超过{}{}"),
    ">=": ("at least {} {}", "至少{}{}"),
    "is": ("{} {}", "{}{}"),
}
_UNITS = {"minutes": "分钟", "hours": "小时", "pages": "页"}
COUNTED = ("minutes", "hours", "pages", "players", "length", "runtime", "duration")  # columns that are their unit
_SAYS_HOW = re.compile(r"^non\b|[\s-](?:free|safe|proof|resistant|friendly)$", re.IGNORECASE)
GROWN_UP = 18.0  # what the age of any grown-up is where things are for children
_TODDLER = 2.0  # years below which an age is said in months
_MONTHS = 12
_LONGEST = 60  # characters of values in a label, beyond which some are told of as others
_AMOUNT = re.compile(rf"\b(\d+(?: \d)?) ({pattern()})")
_WITH = ("needs", "requires", "has", "with", "contains")  # "needs_batteries": none are wanted
_OF_ITSELF = ("title", "topic", "kind", "genres", "creators", "language", "moods", "themes", "audience")
_REFUSALS = {"moods": "not {}", "audience": "not {}", "language": "not in {}", "creators": "nothing by {}"}


def label(
    field: str,
    op: Op,
    value: str | float | bool | tuple[str, ...],
    language: str = "en",
    currency: str = "",
    name: Callable[[str], str] = str,
    kinds: Collection[str] = (),
) -> str:
    """Word a constraint: ``label("year", "<", 1990) == "before 1990"``.

    Args:
        field: the catalogue column.
        op: the comparison.
        value: canonical value, or several.
        language: "en" or "zh".
        currency: of the catalogue, the one that prices are compared in.
        name: gives a value as the catalogue writes it, from its canonical form.
        kinds: of the catalogue; all that end with one word are called by it.
    """
    chinese = language == "zh"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _numeric(field, op, float(value), language, currency)
    values = value if isinstance(value, tuple) else (str(value),)
    if values in (("yes",), ("no",)):  # a column of yes and no
        named, no = wanted(field), (values == ("no",)) == (op == "is")
        lacks = "no" if field.casefold().replace(" ", "_").split("_")[0] in _WITH else "not"
        return (f"不要{named}" if chinese else f"{lacks} {named}") if no else named
    if field not in _OF_ITSELF and all(map(is_mute, values)):  # "low" does not say of what
        told = worded(values, of_header(field)[0], chinese)
        return told if op == "is" else f"不要{told}" if chinese else f"not {told}"
    values = distinct(values) if field == "topic" or is_colour(of_header(field)[0]) else values
    of_kinds = shortened(values, kinds) if field == "kind" else []
    group = group_called(values, kinds, language) if len(of_kinds) > 1 else ""
    values = (
        (group,)
        if group
        else tuple(of_kinds)
        if field == "kind"
        else _amounts(values) or tuple(named_alike(values))
        if field == "title"
        else values
    )
    shown = [display(field, v, language) for v in values]
    own = field == "creators" or not set(values) <= set(vocabulary(field))
    shown = [name(v) if own and word == v else word for v, word in zip(values, shown, strict=True)]
    if field not in _OF_ITSELF and sum(map(len, shown)) > _LONGEST:  # a chip is no place for all of a column
        held = [at for at in range(1, len(shown)) if sum(map(len, shown[: at + 1])) <= _LONGEST]
        shown = [*shown[: max(held, default=0) + 1], "其他" if chinese else "others"]
    joined = (" 或 " if chinese else " or ").join(shown)
    if op != "is_not":
        return joined
    plain = "nothing {}" if _SAYS_HOW.search(joined) else "no {}"  # "no non-stick" reads badly
    return f"不要{joined}" if chinese else _REFUSALS.get(field, plain).format(joined)


def _amounts(titles: Collection[str]) -> tuple[str, ...]:
    """Return the lengths in words of titles, where all of them have one: "5 m" of "cable 5 m"."""
    found = [match for title in titles if (match := _AMOUNT.search(title)) is not None]
    said = {f"{match[1].replace(' ', '.')} {match[2]}": float(match[1].replace(" ", ".")) for match in found}
    return tuple(sorted(said, key=lambda one: said[one])) if len(found) == len(titles) else ()


def relabelled(
    constraint: Constraint, language: str, currency: str, name: Callable[[str], str], kinds: Collection[str] = ()
) -> Constraint:
    """Return a constraint with its label in another language."""
    currency = constraint.currency or currency
    words = label(constraint.field, constraint.op, constraint.value, language, currency, name, kinds)
    return replace(constraint, label=words)


def _fitting(field: str, value: float, chinese: bool) -> str:
    """Word whom or what a range is to hold: "for 158 cm", "for age 6", "for head 57 cm"."""
    words, unit = of_header(field)
    part = part_of(field)
    if part == "age":
        return _for_age(value if "months" not in words.split() else value / _MONTHS, chinese)
    if part == "people":
        return _for_heads(field, value, chinese)
    amount = f"{value:g} {unit.name}" if unit is not None else f"{value:g}"
    named = "" if part in ("height", "weight") else "size" if of_sizes(field) else part or words
    if chinese and of_sizes(field):
        return f"{amount}码"
    return f"适合{named}{amount}" if chinese else f"for {named} {amount}".replace("  ", " ")


def _for_age(years: float, chinese: bool) -> str:
    """Word for whom a thing is by age, as people say it: "for 11 months", "for age 2½", "for a grown-up"."""
    if years == GROWN_UP:
        return "适合成年人" if chinese else "for a grown-up"
    if years == 0:
        return "适合新生儿" if chinese else "for a newborn"
    if years < _TODDLER and years != 1:
        months = round(years * _MONTHS)
        return f"适合{months}个月" if chinese else f"for {months} month{'s' if months != 1 else ''}"
    half = years % 1 == 0.5
    if chinese:
        return f"适合{int(years)}岁半" if half else f"适合{years:g}岁"
    return f"for age {int(years)}½" if half else f"for age {years:g}"


def _for_heads(field: str, count: float, chinese: bool) -> str:
    who = ("player", "players") if "player" in field.casefold() else ("person", "people")
    return f"适合{count:g}人" if chinese else f"for {count:g} {who[count != 1]}"


def _numeric(field: str, op: Op, value: float, language: str, currency: str) -> str:
    chinese = language == "zh"
    if op == "fits":
        return _fitting(field, value, chinese)
    number = _amount(value, language, currency) if field == "price" else f"{value:g}"
    if field == "price" and value == 0 and op == "is":
        return "免费" if chinese else "free"
    positive: Op = "is" if op == "is_not" else op
    known = _NUMBERS.get((field, positive))
    if known is not None:
        text = known[chinese].format(number)
    else:
        words, unit = (field, None) if field in _UNITS else of_header(field)
        said = _UNITS.get(field, field) if chinese else field
        own = unit is not None or field not in COUNTED
        if own and op == "<=" and value == 0:
            return f"不含{words}" if chinese else f"no {words}"
        text = _LENGTHS[positive][chinese].format(number, (unit.name if unit else "") if own else said).strip()
        text = f"{words} {text}" if own else text
    if op == "is_not":
        return f"不要{text}" if chinese else f"not {text}"
    return text


@lru_cache(1_024)
def _amount(value: float, language: str, currency: str) -> str:
    plain = f"{value:g}" if value == int(value) else f"{value:.2f}"
    if not currency:
        return plain
    shown = str(format_currency(value, currency, locale=language))
    return shown.removesuffix(".00") if value == int(value) else shown
