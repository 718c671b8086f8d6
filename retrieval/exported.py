"""What shops export, brought to the catalogue's own columns: "Price (EUR)" with "10,99" in it, "Qty", brands as makers.

Only what can mean one thing is taken over; a column that merely looks like a price or a stock is named in a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from babel.numbers import list_currencies

from retrieval.types import AttributeValue

_YES_NO = {"yes": True, "true": True, "no": False, "false": False}
_CREATORS = ("creator", "directors", "director", "authors", "author", "artists", "artist", "developer", "brand")
_STOCK = (
    "stock", "in stock", "stock_quantity", "stock quantity", "stock_qty", "stock qty", "stock_count", "stock count",
    "stock_level", "stock level", "inventory", "inventory_quantity", "inventory quantity", "qty_in_stock",
    "qty in stock", "quantity in stock", "on hand", "on_hand", "qty", "quantity", "availability",
)  # fmt: skip
_AVAILABLE = {
    "in stock": True, "in_stock": True, "instock": True, "available": True, "yes": True, "true": True,
    "out of stock": False, "out_of_stock": False, "outofstock": False, "sold out": False, "unavailable": False,
    "not available": False, "no": False, "false": False,
}  # fmt: skip
_DESCRIPTIONS = ("short description", "short_description", "product description", "long description")
_YEARS = ("published", "publication year", "year published", "release year", "release_year")
_IDS = ("sku", "product id", "product_id", "item id", "item_id", "article number", "article_number")
_TITLES = ("name", "product name", "product_name", "item name", "item_name", "product title", "product_title")
_KINDS = ("category", "product category", "product_category", "product type", "product_type", "type")
_RENAMED = (
    ("id", _IDS), ("title", _TITLES), ("kind", _KINDS), ("description", _DESCRIPTIONS), ("year", _YEARS),
)  # fmt: skip
# Headers that are likely an id or a title, and are proposed where there is none.
_LIKELY: Mapping[str, re.Pattern[str]] = {
    "id": re.compile(r"\b(?:id|sku|ean|isbn|gtin|handle|code|(?:article|item|product|part)\W*(?:no|nr|number))\b"),
    "title": re.compile(r"\b(?:title|name|article|product)\b(?!\W*(?:no|nr|number|id|code|type)\b)"),
}
_PRICE = re.compile(r"(?:(?:regular|retail|variant|sales?|selling)[ _])?price")
_TAXED = re.compile(r"(?:in|incl\.?|including|inc\.?|with|gross|vat|tax|mwst\.?)", re.IGNORECASE)
_LIKE_PRICE = re.compile(r"\b(?:prices?|cost|rrp|msrp|preis|prix|precio)\b")
_LIKE_STOCK = re.compile(r"\b(?:stock|inventory|qty|quantity|available|availability|units|bestand|lager)\b")
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "", "₹": "INR", "₽": "RUB", "₩": "KRW", "zł": "PLN", "kr": ""}
_AMOUNT = re.compile(r"-?\d{1,3}(?:(?P<group>[ .,'’  ])\d{3}(?:(?P=group)\d{3})*)?(?:[.,]\d+)?|-?\d+(?:[.,]\d+)?")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
_NOTHING = frozenset(("n/a", "na", "n.a.", "-", "–", "—", "--", "null", "none", "nil"))
_NO_NUMBER = ("price", "year", "in_stock")  # columns in which such a word can only say that there is nothing


def as_exported(cells: dict[str, Any]) -> int | None:
    """Take from what shops call so the makers, the price and its currency, and whether there is any.

    Returns:
        How many there are, None if no column tells.
    """
    if not cells.get("creators"):
        cells["creators"] = next((cells[c] for c in _CREATORS if cells.get(c)), None)
    for column, (ours, currency) in taken(tuple(cells)).items():
        if ours == "kind" and not _is_kind(cells[column]):
            continue
        cells[ours] = _innermost(cells.pop(column)) if ours == "kind" else cells.pop(column)
        if currency and not cells.get("currency"):
            cells["currency"] = currency
    for name in _NO_NUMBER:
        if isinstance(cells.get(name), str) and is_nothing(cells[name]):
            cells[name] = None
    _price(cells)
    return _stock(cells)


def _is_kind(value: object) -> bool:
    """Whether a cell names one kind of thing: several tags and a number name none."""
    return value is None or (isinstance(value, str) and not re.search(r"[;|]|^\s*\d+\s*$", value))


def _innermost(path: str | None) -> str | None:
    """Return the last part of a category that is written as a path: "Home > Kitchen > Kettles"."""
    return None if path is None else path.rpartition(">")[2].strip()


def _price(cells: dict[str, Any]) -> None:
    """Read an amount as people write it: "€10.99", "10,99 EUR"."""
    written = cells.get("price")
    if not isinstance(written, str) or _PLAIN.fullmatch(written.strip()):
        return
    if (read := amount(written)) is not None:
        cells["price"], currency = read
        if currency and not cells.get("currency"):
            cells["currency"] = currency


def _stock(cells: dict[str, Any]) -> int | None:
    for name in _STOCK if cells.get("in_stock") in (None, "") else ():
        found = cells.get(name)
        if isinstance(found, str):
            found = _AVAILABLE.get(found.strip().casefold(), cell(found))
        if isinstance(found, bool | int | float):
            cells["in_stock"] = found > 0
            del cells[name]
            return None if isinstance(found, bool) else int(found)
    return None


@lru_cache(256)
def taken(names: tuple[str, ...]) -> Mapping[str, tuple[str, str]]:
    """Return the columns that are read as ones of ours, with those and the currency that the header names."""
    found: dict[str, tuple[str, str]] = {}
    prices = [(name, currency) for name in names if (currency := _priced(name)) is not None]
    if "price" not in names and len(prices) == 1:
        found[prices[0][0]] = ("price", prices[0][1])
    for ours, known in _RENAMED:
        column = next((name for name in known if name in names), "")
        if column and ours not in names:
            found[column] = (ours, "")
    return found


def _priced(name: str) -> str | None:
    """Return the currency that a header of prices names, "" if none; None of another column."""
    words = [word for word in re.split(r"[\s_()\[\]/,-]+", name.strip()) if word]
    rest = [word for word in words if not _TAXED.fullmatch(word)]
    currency = next((code for word in rest if (code := _currency(word)) is not None), "")
    plain = " ".join(word for word in rest if _currency(word) is None)
    return currency if name != "price" and _PRICE.fullmatch(plain) else None


def _currency(word: str) -> str | None:
    """Return the code of a currency, "" of a sign that several share; None of another word."""
    return word.upper() if word.upper() in _codes() else _SIGNS.get(word)


@cache
def _codes() -> frozenset[str]:
    return frozenset(list_currencies())


def amount(written: str) -> tuple[float, str] | None:
    """Read an amount of money and its currency; None where it may be two amounts: "1,234"."""
    text = written.strip()
    parts = re.fullmatch(r"(?P<before>[^\d\s-]{0,3})\s*(?P<number>-?\d[\d .,'’  ]*?)\s*(?P<after>[^\d\s.,]{0,3})", text)
    if parts is None or not _AMOUNT.fullmatch(parts["number"]):
        return None
    signs = [_currency(sign) for sign in (parts["before"], parts["after"]) if sign]
    read = decimal(parts["number"])
    if read is None or None in signs or len(signs) > 1:
        return None
    return read, next((sign for sign in signs if sign), "")


def decimal(number: str) -> float | None:
    """Read a number with a decimal point or comma and groups of three; None where "," or "." may be either."""
    marks = re.findall(r"[^\d-]", number)
    if not marks:
        return float(number)
    whole, _, rest = number.rpartition(marks[-1])
    if marks[-1] not in ".," or marks.count(marks[-1]) > 1:  # only groups: "1.234.567", "1 234"
        return float(re.sub(r"[^\d-]", "", number))
    if len(rest) == 3 and len(marks) == 1 and (marks[-1] == "," and whole.strip("-") != "0"):
        return None
    return float(f"{re.sub(r'[^0-9-]', '', whole)}.{rest}")


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is nothing in it: "n/a"."""
    return text.strip().casefold() in _NOTHING


def cell(text: str, measured: bool = False) -> AttributeValue:
    """Read a cell of a column that may hold anything: several texts, yes or no, a number, or a text.

    Args:
        text: of the cell.
        measured: the column has a unit, so that "0,75" is a number.
    """
    parts = [p.strip() for p in re.split(r"[;|]", text) if p.strip()]
    if len(parts) > 1:
        return tuple(parts)
    if text.strip().casefold() in _YES_NO:
        return _YES_NO[text.strip().casefold()]
    if text.strip().casefold() in ("n/a", "n.a.", "-", "–", "—", "--"):
        return ""
    if measured and re.fullmatch(r"\s*-?\d+,\d{1,2}\s*", text):
        return float(text.replace(",", "."))
    return float(text) if re.fullmatch(r"\s*-?(0|[1-9]\d{0,11})(\.\d+)?\s*", text) else text.strip()


def candidates(missing: str, columns: Iterable[str]) -> list[str]:
    """Return the columns that are likely a required one by another name."""
    return [name for name in columns if _LIKELY[missing].search(name.replace("_", " "))]


def overlooked(columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return the columns that look like a price or a stock and are not read as one, each with what it looks like."""
    names = tuple(columns)
    read = {ours for ours, _ in taken(names).values()}
    plain = [(name, name.replace("_", " ")) for name in names if name not in taken(names)]
    found: list[tuple[str, str]] = []
    if "price" not in names and "price" not in read:
        found.extend((name, "price") for name, said in plain if _LIKE_PRICE.search(said))
    if not {"in_stock", *_STOCK}.intersection(names):
        found.extend((name, "in_stock") for name, said in plain if _LIKE_STOCK.search(said))
    return found


def source(ours: str, columns: Sequence[str]) -> str:
    """Return the column that one of ours is read from, "" if none."""
    renamed = {known: name for name, (known, _) in taken(tuple(columns)).items()}
    others = {"in_stock": _STOCK, "creators": _CREATORS}.get(ours, ())
    return next((name for name in (ours, renamed.get(ours, ""), *others) if name and name in columns), "")
