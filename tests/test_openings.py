"""What a person might begin with: made of the shop's own things, and understood as it is meant."""

import pytest

from chat.openings import openings
from retrieval.types import Item
from tests.shops import Talk, ids, marquee, shop_of

LAMPS = [
    Item(f"l{n}", f"Lumo {name}", "lamp", price=10.0 + 9 * n, currency="EUR", creators=("Lumo",),
         genres=("desk",), attributes={"dimmable": n % 2 == 0})
    for n, name in enumerate(("Uno", "Duo", "Tres", "Quadro"))
] + [
    Item(f"c{n}", f"Cablo {n + 7}00", "cable", price=4.0 + n, currency="EUR", creators=("Cablo",),
         attributes={"braided": n == 1})
    for n in range(3)
]  # fmt: skip


def test_a_shop_of_goods_has_its_own():
    made = openings(shop_of(LAMPS), "en")
    assert made.of_goods
    texts = [opening.text for opening in made.openings]
    assert texts == [
        "Something like Lumo Uno",
        "A lamp under €30",
        "A cable, braided",
        "Anything by Lumo",
        "How much is Cablo 700?",
    ]
    assert {opening.item_id for opening in made.openings} <= {item.id for item in LAMPS}


@pytest.mark.parametrize("at", range(5))
def test_each_is_understood(at):
    shop = shop_of(LAMPS)
    answer = Talk(shop)(openings(shop, "en").openings[at].text)
    assert ids(answer)
    assert "I'm not sure" not in answer.text


def test_they_are_in_the_language_of_the_page():
    texts = [opening.text for opening in openings(shop_of(LAMPS), "zh").openings]
    assert texts[0] == "和《Lumo Uno》类似的"


def test_where_the_pages_own_fit_there_are_none():
    made = openings(marquee(), "en")
    assert (made.of_goods, made.openings) == (False, ())


def test_a_bare_catalogue_has_some():
    assert [o.text for o in openings(shop_of([Item("1", "Zorgon")]), "en").openings] == [
        "Something like Zorgon",
        "How much is Zorgon?",
    ]
    assert openings(shop_of([Item("1", "Zorgon", in_stock=False)]), "en").openings == ()
