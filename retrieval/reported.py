"""How the columns of a catalogue were understood, in one line, and which of them look like ours and are not used."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.exported import overlooked, source
from retrieval.types import Item

_OURS = ("kind", "price", "in_stock", "genres", "creators", "year", "description", "url")
_MEANS = {"price": "price", "in_stock": "number in stock"}
_MOST = 40  # own columns that are named


def understood(items: Sequence[Item], columns: Sequence[str]) -> str:
    """Return what was read from which column: "price: 115 of 117, from 'price (eur)'; in_stock: no column; …"."""
    renamed = [ours for ours in ("id", "title") if source(ours, columns) not in ("", ours)]
    parts = [_of(ours, items, columns) for ours in (*renamed, *_OURS)]
    own = list(dict.fromkeys(name for item in items for name in item.attributes))
    named = ", ".join(own[:_MOST]) + (f" and {len(own) - _MOST} more" if len(own) > _MOST else "")
    return "; ".join((*parts, f"own columns: {named or 'none'}"))


def _of(ours: str, items: Sequence[Item], columns: Sequence[str]) -> str:
    column = source(ours, columns)
    if not column:
        return f"{ours}: no column" + (", so all are in stock" if ours == "in_stock" else "")
    if ours == "in_stock":
        count = f"{sum(item.in_stock for item in items):,} of {len(items):,} in stock"
    else:
        filled = sum(getattr(item, ours) not in (None, "", ()) for item in items)
        count = f"{filled:,} of {len(items):,}"
    return f"{ours}: {count}" + (f", from {column!r}" if column != ours else "")


def warnings(columns: Sequence[str]) -> list[str]:
    """Return a line for each column that looks like a price or a stock and is not read as one."""
    return [
        f"the column {name!r} looks like a {_MEANS[ours]} and is not read as one; "
        f"rename it {ours if ours == 'price' else 'stock'!r} if it is"
        for name, ours in overlooked(columns)
    ]
