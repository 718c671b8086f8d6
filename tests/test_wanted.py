"""Goods that are asked for by name: they lead, and to have been named hides none of them."""

from __future__ import annotations

import pytest

from chat.replies import Say
from chat.state import Limit
from chat.telling import Telling
from chat.turn import Turn
from chat.understanding import Understanding
from retrieval.types import Constraint, Item
from tests.shops import Talk, shop_of, titles
from tests.visits import Visit

GOODS = [
    Item(id="a1", title="Hum Desk Fan", kind="fan", price=30.0, currency="EUR", creators=("Hum",)),
    Item(id="a2", title="Hum Tower Fan", kind="fan", price=60.0, currency="EUR", creators=("Hum",)),
    Item(id="a3", title="Gale Clip Fan", kind="fan", price=20.0, currency="EUR", creators=("Gale",)),
    Item(id="b1", title="Nightglow Sunset Lamp", kind="lamp", price=25.0, currency="EUR"),
    Item(id="b2", title="Nightglow Reading Lamp", kind="lamp", price=45.0, currency="EUR"),
    Item(id="c1", title="Sandman Blanket", kind="blanket", price=80.0, currency="EUR"),
]


@pytest.fixture
def talk():
    return Talk(shop_of(GOODS))


@pytest.mark.parametrize(
    "message",
    [
        "Hum Desk Fan",
        "I'd like the Hum Desk Fan",
        "we would really like the Hum Desk Fan please",
        "I want the Hum Desk Fan",
        "Hum Desk Fan under 40 euros",
    ],
)
def test_what_is_named_leads(talk, message):
    assert titles(talk(message))[0] == "Hum Desk Fan"


@pytest.mark.parametrize("first", ["Hum Desk Fan", "do you have the Hum Desk Fan?", "I'd like the Hum Desk Fan"])
def test_what_was_named_is_found_again_under_a_limit(talk, first):
    talk(first)
    answer = talk("a fan under 50 euros")
    assert "Hum Desk Fan" in titles(answer)
    assert "Nothing" not in answer.text


@pytest.mark.parametrize(
    "message", ["I love the Hum Desk Fan, anything similar?", "I'd like something like the Hum Desk Fan"]
)
def test_what_others_are_to_be_like_is_not_shown_itself(talk, message):
    answer = talk(message)
    assert "Hum Desk Fan" not in titles(answer)
    assert "Hum Tower Fan" in titles(answer)


def test_things_of_another_kind_are_not_chosen_with_it_in_mind(talk):
    talk("Hum Desk Fan")
    answer = talk("a lamp")
    assert "Hum Desk Fan" not in answer.text
    assert set(titles(answer)) == {"Nightglow Sunset Lamp", "Nightglow Reading Lamp"}


def test_what_is_rejected_after_all_is_hidden(talk):
    talk("Hum Desk Fan")
    talk("no, not the Hum Desk Fan")
    assert "Hum Desk Fan" not in titles(talk("a fan under 50 euros"))


HERBS = [
    Item(id="h1", title="Meadow Yarrow Flowers", kind="herb", attributes={"dried": "yes", "steep_minutes": 6.0}),
    Item(id="h2", title="Coastal Fennel Seeds", kind="herb", attributes={"dried": "no", "steep_minutes": 9.0}),
    Item(id="h3", title="Alpine Thyme Leaf", kind="herb", attributes={"dried": "yes", "steep_minutes": 4.0}),
]


@pytest.fixture
def herbs():
    talk = Talk(shop_of(HERBS))
    talk("a herb")
    talk.state.taste.focus = ["h1", "h2", "h3"]
    return talk


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("ok fennel then. how long does it steep?", "Coastal Fennel Seeds"),
        ("thyme then, how long does it steep?", "Alpine Thyme Leaf"),
        ("well then. how long does it steep?", "Meadow Yarrow Flowers"),
    ],
)
def test_what_is_chosen_is_what_is_asked_about(herbs, message, title):
    assert herbs(message).text.startswith(title)


@pytest.mark.parametrize("message", ["I meant the thyme", "no, I was asking about the thyme leaf"])
@pytest.mark.parametrize("asked", ["how long does it steep?", "how long does the fennel steep?"])
def test_the_question_is_asked_again_of_what_was_meant(herbs, asked, message):
    herbs.state.route = herbs(asked).route
    assert herbs(message).text == "Alpine Thyme Leaf, steep: 4 minutes."


def visitor():
    """Visit the shop of fans and lamps, with a desk."""
    return Visit(shop=shop_of(GOODS))


@pytest.mark.parametrize(
    "message", ["I'll take the Gale Clip Fan and a lamp to read by", "i'll take the clip and a lamp"]
)
def test_what_is_wanted_beside_what_is_taken_is_shown(message):
    visit = visitor()
    visit("a fan")
    answer = visit(message)
    assert "Gale Clip Fan costs" in answer.text or "Gale Clip Fan, 20" in answer.text
    assert "cheaper" not in answer.text
    assert {card.kind for card in answer.cards} == {"lamp"}


def test_what_is_taken_alone_is_priced():
    visit = visitor()
    visit("a lamp")
    assert {card.kind for card in visit("I'll take the Nightglow Sunset Lamp").cards} == {"lamp"}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("which blanket would you recommend with it?", "blanket"),
        ("what sort of blanket would you pick with this?", "blanket"),
        ("which lamp would you pick?", "lamp"),
        ("which of these would you pick?", "lamp"),
    ],
)
def test_another_kind_is_not_chosen_among_what_is_on_screen(talk, message, kind):
    talk("a lamp")
    assert {card.kind for card in talk(message).cards} == {kind}


@pytest.mark.parametrize(("other", "told"), [("a3", "Without “desk fan”"), ("b1", "Of other kinds")])
def test_what_is_cheaper_is_of_another_kind_only_if_it_is(talk, other, told):
    further = Constraint("price", "<", 30.0, "under 30")
    freed = [Limit(field="title", op="is", value="desk fan", label="desk fan")]
    beside = talk.shop.positions([other])
    turn = Turn(Understanding("recommend", "en"), beside=beside, further=[further], freed=freed)
    telling = Telling(talk.shop, talk.state, Say("en", True))
    assert telling.beside(turn, talk.shop.items(["a1", other])).startswith(told)
