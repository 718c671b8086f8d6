"""Lengths that stand in titles alone: "at least 2 m" of cables goes by them."""

from retrieval.types import Item
from tests.shops import Talk, shop_of, titles

_CABLES = ("HDMI Cable 1.5 m", "HDMI Cable 2 m", "USB Cable 5 m", "USB to 3.5 mm Plug")
_SHOP = shop_of(
    [
        *(Item(id=f"c{n}", title=title, kind="cable") for n, title in enumerate(_CABLES)),
        *(Item(id=f"s{n}", title=f"View {n}", kind="screen", attributes={"screen_inches": 9.0 * n}) for n in (2, 3)),
    ]
)


def test_a_length_is_looked_for_in_titles_where_the_kind_has_no_column() -> None:
    talk = Talk(_SHOP)
    assert set(titles(talk("a cable of at least 2 metres"))) == {"HDMI Cable 2 m", "USB Cable 5 m"}
    assert [x.label for x in talk.state.taste.limits if x.field == "title"] == ["2 m or 5 m"]
    assert titles(Talk(_SHOP)("a cable shorter than 2 m")) == ["HDMI Cable 1.5 m"]


def test_a_column_goes_before_titles() -> None:
    assert titles(Talk(_SHOP)("a screen over 20 inches")) == ["View 3"]
