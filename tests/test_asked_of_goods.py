"""What is asked of goods: what is in them, their kind, what goes with it, another brand, two prices together."""

from __future__ import annotations

import pytest

from chat.contents import asks_contents
from chat.meaning import merely_buys
from chat.mentions import wanted_by_name
from chat.questions import questions
from retrieval.cues import Mention
from retrieval.types import Item
from tests.shops import Talk, shop_of, titles


def thing(
    id_: str, title: str, kind: str, maker: str, price: float, told: str, *, left: bool = True, **columns
) -> Item:
    columns = {name: value for name, value in columns.items() if value is not None}
    return Item(
        id=id_,
        title=title,
        kind=kind,
        creators=(maker,),
        price=price,
        currency="USD",
        description=told,
        in_stock=left,
        attributes=columns,
    )


GOODS = [
    thing(
        "1", "Amber Oil Paint", "oil paint", "Orla", 9.0, "A warm paint.", ingredients=("linseed", "ochre"), lead=2.0
    ),
    thing("2", "Slate Oil Paint", "oil paint", "Brandt", 11.0, "A cool paint.", ingredients=("linseed",), lead=7.0),
    thing("3", "Gentle Oil Paint Thinner", "solvent", "Orla", 6.0, "Without turpentine."),
    thing("4", "Flat Number Four", "brush", "Orla", 5.0, "Made with synthetic bristle."),
    thing("5", "Round Number Two", "brush", "Brandt", 7.0, "Made with hog bristle.", left=False),
    thing("6", "Studio Box Calder", "gift set", "Brandt", 50.0, "Six tubes and a palette."),
]


@pytest.fixture
def talk():
    return Talk(shop_of(GOODS))


def test_what_is_in_it_is_told_by_columns_and_description(talk):
    talk("Amber Oil Paint")
    answer = talk("what's in it?")
    assert "linseed and ochre" in answer.text
    assert "A warm paint." in answer.text
    talk("Studio Box Calder")
    assert "Six tubes and a palette." in talk("what is in it?").text


@pytest.mark.parametrize("message", ["what's in it for me", "what is in stock", "what's in my parcel"])
def test_what_is_in_something_else_is_not_asked_of_an_item(message):
    assert not asks_contents(message)


def test_an_amount_is_no_price():
    assert "price" not in questions("how much should I put on", None, several=False).fields
    assert questions("how much do I need to pay", None, several=False).fields == ("price",)


@pytest.mark.parametrize("message", ["how much does it hold", "how much will he get a day", "how much can they carry"])
def test_what_somebody_gets_or_something_holds_is_no_price(message):
    assert "price" not in questions(message, None, several=False).fields


@pytest.mark.parametrize(
    "message",
    ["how much does it cost", "how much would it be", "how much do you want for it", "how much will that come to"],
)
def test_what_is_paid_is_one(message):
    assert questions(message, None, several=False).fields == ("price",)


def test_what_is_in_it_or_on_it_is_asked_of_the_item_and_wished_for_by_nobody(talk):
    talk("Amber Oil Paint")
    assert titles(talk("is there linseed in it?"))[0] == "Amber Oil Paint"
    assert talk.limits <= {("kind", "is", "oil paint")}
    answer = talk("is there a brush with it?")
    assert titles(answer)[0] == "Amber Oil Paint"
    assert "I don't have that information" in answer.text


def test_the_most_of_a_column_is_of_all_that_there_is(talk):
    answer = talk("which has the highest lead")
    assert titles(answer)[0] == "Slate Oil Paint"
    assert talk.shop.parser.columns.named["lead"] == "lead"


def test_it_is_what_the_clause_before_names(talk):
    talk("show me oil paint")
    assert "Without turpentine." in talk("ok, the Gentle Oil Paint Thinner. Is it turpentine free?").text


def test_what_goes_with_the_kind_on_screen_is_called_by_its_last_word(talk):
    talk("show me oil paint")
    assert "Without turpentine." in talk("and the thinner, is it turpentine free").text


def test_all_of_a_kind_answer_each_in_its_own_words(talk):
    answer = talk("are the brushes real bristle?")
    assert "synthetic bristle" in answer.text
    assert "hog bristle" in answer.text


def test_a_brand_that_is_not_ours_is_said_not_to_be(talk):
    answer = talk("do you have oil paint from zorbag")
    assert "“zorbag”" in answer.text
    assert set(titles(answer)) == {"Amber Oil Paint", "Slate Oil Paint"}
    assert "nothing about" not in talk("do you have anything from Orla").text


def test_who_asks_if_it_is_still_there_hears_that_it_is_sold_out(talk):
    assert "out of stock" in talk("I bought the Round Number Two, do you still have it?").text


def test_the_one_by_a_maker_is_of_the_kind_in_force(talk):
    talk("show me oil paint")
    text = talk("and the one from brandt, what's in it?").text
    assert "Slate Oil Paint" in text
    assert "A cool paint." in text


def test_two_kinds_are_added_up(talk):
    talk("show me oil paint")
    first = talk.state.taste.focus[0]
    talk("a brush")
    assert first in ("1", "2")
    answer = talk("how much is that together")
    assert ("$14.00" if first == "1" else "$16.00") in answer.text


def test_common_words_with_a_purpose_behind_ask_for_the_item():
    mention = Mention((0,), 0, 10, "Thick base", "alias", 0.9)
    assert wanted_by_name("Thick base for old walls", [mention])
    assert not wanted_by_name("Thick base was awful", [mention])
    assert not wanted_by_name("Thick Base for old walls", [Mention((0,), 0, 10, "Thick Base", "alias", 0.9)])


@pytest.mark.parametrize(("message", "at_most"), [("let's say 30 dollars", 30.0), ("$45 in total", 45.0)])
def test_a_sum_is_a_budget(talk, message, at_most):
    talk("show me oil paint")
    talk(message)
    assert ("price", "<=", at_most) in talk.limits


def test_the_same_brand_is_the_makers_of_what_is_shown(talk):
    talk("Slate Oil Paint")
    talk("and a gift set from the same brand")
    assert any(field == "creators" for field, _, _ in talk.limits)


def test_how_to_get_it_off_buys_nothing():
    from chat.pieces import Piece
    from chat.routing import Patterns
    from chat.understanding import Understanding

    def piece(text: str) -> Piece:
        return Piece(text, Patterns().route(text), Understanding("question", "en"))

    assert merely_buys(piece("how do I get it?"))
    assert not merely_buys(piece("how do I get it off again"))


def test_cells_that_say_all_or_any_and_numbers_in_titles_are_named_by_nobody():
    rooms = [("Twin Shelf Two", "any"), ("Long Shelf", "kitchen"), ("Oak Hook", "all")]
    items = [Item(id=t, title=t, kind="shelf" if "Shelf" in t else "hook", attributes={"rooms": r}) for t, r in rooms]
    for message in ("got any shelves?", "I need two shelves", "all of my shelves are full, a shelf please"):
        talk = Talk(shop_of(items))
        talk(message)
        assert talk.limits <= {("kind", "is", "shelf")}, message
