"""Sums in everyday words: what somebody would rather not spend, what their limit is, what they have to spend."""

import pytest

from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.numbers import parse
from retrieval.types import Item

_SHOP = Facets(Catalog([Item(id=str(n), title=f"Cap {n}", kind="cap", price=20.0 * n) for n in range(1, 9)]))


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("I'd rather not pay over 70", "<=", 70),
        ("we dont want to go above 60 really", "<=", 60),
        ("wouldnt want to spend more than 45", "<=", 45),
        ("my limit's 90", "<=", 90),
        ("my absolute max is 90", "<=", 90),
        ("ive got 60 to spend on a cap", "<=", 60),
        ("a cap for less than a hundred", "<", 100),
        ("under two hundred", "<", 200),
        ("no more than like 40", "<=", 40),
    ],
)
def test_everyday_sums_limit_the_price(text: str, op: str, value: float) -> None:
    (found,) = parse(text, _SHOP, "en")
    assert [(c.field, c.op, c.value) for c in found.constraints] == [("price", op, value)]


@pytest.mark.parametrize("text", ["I don't mind paying over 70", "my speed limit is 25", "I have a hundred questions"])
def test_what_only_sounds_like_a_sum_sets_no_limit(text: str) -> None:
    assert not list(parse(text, _SHOP, "en"))
