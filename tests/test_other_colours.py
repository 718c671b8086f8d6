"""Colours that are not wanted, where the catalogue lists the colours that an item comes in."""

import numpy as np
import pytest

from retrieval.constraints import satisfies
from retrieval.types import Constraint, Item
from tests.shops import Talk, shop_of, titles

_LAMPS = {"Moth": ("black", "sand"), "Wren": ("black",), "Lark": ("navy", "white"), "Teal": ("white",)}
_SHOP = shop_of(
    [
        Item(id=name, title=f"{name} Lamp", kind="lamp", price=30.0 + n, attributes={"colour": colours})
        for n, (name, colours) in enumerate(_LAMPS.items())
    ]
)


@pytest.mark.parametrize("said", ["a lamp, not white", "a lamp in any colour but white"])
def test_what_comes_in_another_colour_too_stays(said: str) -> None:
    assert set(titles(Talk(_SHOP)(said))) == {"Moth Lamp", "Wren Lamp", "Lark Lamp"}


def test_the_mask_and_the_check_agree_on_colours_refused() -> None:
    for value in ("white", "black", "blue", ("white", "blue"), ("black", "sand")):
        limit = Constraint("colour", "is_not", value)
        items = _SHOP.index.catalog.items
        assert np.array_equal(_SHOP.index.facets.mask([limit]), [satisfies(item, limit) for item in items])


@pytest.mark.parametrize(
    ("lamp", "said"),
    [("Moth", "Moth Lamp comes in sand, too."), ("Wren", "Wren Lamp comes in black only.")],
)
def test_other_colours_are_told_where_they_are_asked_for(lamp: str, said: str) -> None:
    talk = Talk(_SHOP)
    assert said in talk(f"does the {lamp} Lamp come in a colour other than black?").text
    assert said in talk("does it come in other colours than black?").text
