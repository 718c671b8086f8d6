"""What is asked of the item spoken of: all of it, by the noun of its kind, in words of its own, against another."""

from __future__ import annotations

import pytest

from chat.other_words import as_pages_say, seen_elsewhere, without_price
from retrieval.knowledge import Found, Passage
from retrieval.types import Item
from tests.shops import Talk, shop_of, titles
from tests.visits import Sure, Visit

GOODS = [
    Item(
        id="a1", title="Hum Desk Fan", kind="fan", price=30.0, currency="EUR", creators=("Hum",),
        description="Turns by itself. No louder than 42 dB.",
        attributes={"battery_hours": 9.0, "power": ("USB-C", "mains"), "washable": True, "colour": ("white", "red")},
    ),
    Item(
        id="a2", title="Hum Tower Fan", kind="fan", price=60.0, currency="EUR", creators=("Hum",),
        description="Tall and strong, and works from 30 down to -5 degrees.",
        attributes={"battery_hours": 4.0, "power": ("mains",), "washable": False, "colour": ("black",)},
    ),
    Item(
        id="a3", title="Gale Clip Fan", kind="fan", price=20.0, currency="EUR", creators=("Gale",),
        description="For a pram. Has a lamp that is bright in poor light.",
        attributes={"battery_hours": 12.0, "power": ("battery", "solar"), "washable": True, "colour": ("blue",)},
    ),
    Item(id="b1", title="Nightglow Sunset Lamp", kind="lamp", price=25.0, currency="EUR", description="Red light."),
]  # fmt: skip


@pytest.fixture
def talk():
    talk = Talk(shop_of(GOODS))
    talk("a fan")
    talk.state.taste.focus = ["a1", "a2", "a3"]
    talk.state.taste.about = ""
    return talk


@pytest.mark.parametrize(
    "message",
    [
        "the second one looks good. what is so special about it?",
        "what's so great about the second",
        "what makes the second one special?",
        "tell me a bit more about the second one",
    ],
)
def test_all_there_is_to_tell_of_it(talk, message):
    answer = talk(message)
    assert "Hum Tower Fan: fan by Hum" in answer.text
    assert "Tall and strong" in answer.text
    assert titles(answer)[0] == "Hum Tower Fan"
    assert talk.state.taste.liked == []


@pytest.mark.parametrize("message", ["battery life on that fan", "what's the battery life on that?"])
def test_that_and_the_noun_of_its_kind_is_the_item_spoken_of(talk, message):
    talk("how much is the third one?")
    assert talk(message).text == "Gale Clip Fan, battery: 12 hours."


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("how loud do they get? I am a light sleeper", "The catalogue says of Hum Desk Fan: No louder than 42 dB."),
        ("ok, how cold can it get?", "The catalogue says of Hum Tower Fan: Tall and strong, and works from 30"),
        (
            "does it help when the room is dark",
            "The catalogue says of Gale Clip Fan: Has a lamp that is bright in poor",
        ),
        ("does it work with solar as well?", "Hum Desk Fan, power: USB-C and mains."),
    ],
)
def test_facts_that_are_told_in_other_words(talk, message, told):
    assert told in talk(message).text


def test_it_is_set_against_a_kind(talk):
    talk("how much is the first one?")
    answer = talk("what's the difference to a sunset lamp?")
    assert "Hum Desk Fan" in answer.text
    assert "Nightglow Sunset Lamp" in answer.text


def test_what_is_polite_is_no_part_of_a_name(talk):
    answer = talk("compare the tower fan and the clip fan for me, please")
    assert "Hum Tower Fan: fan by Hum" in answer.text
    assert "Gale Clip Fan: fan by Gale" in answer.text


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("it's 40 at another shop", "Do you match a price that I saw elsewhere?"),
        ("I found it cheaper somewhere else", "Do you match a price that I saw elsewhere?"),
        ("how long till it comes", "How long does delivery take?"),
        ("please leave the price off the slip", "Can you gift-wrap it, without the price or the invoice?"),
        ("how long have I got to bring them back", "how long have I got to send them back"),
    ],
)
def test_what_people_ask_as_the_pages_say_it(message, said):
    assert as_pages_say(message) == said


@pytest.mark.parametrize("message", ["have you something else for 40", "is there another shop?", "under 40 please"])
def test_a_price_of_ours_is_not_seen_elsewhere(message):
    assert not seen_elsewhere(message)
    assert not without_price(message)


MATCH = Passage("help/match", "Do you match prices?", "Send us the link.")
BOOTS = Passage("help/boots", "May I return boots?", "Boots must be clean.")
HATS = Passage("help/hats", "May I return hats?", "Hats must have their label.")
CARE = Passage("help/care", "How do I wash boots?", "With a brush.")


class Pages:
    """Answers by words of the question."""

    def worth_reading(self, question):
        return True

    def answer(self, question):
        table = (("match", MATCH), ("wash", CARE), ("return the boot", BOOTS), ("return", HATS))
        return next((Found(page, page.text, 0.9) for word, page in table if word in question), None)

    def search(self, question, k):
        return [Found(page, page.text, 0.1) for page in (MATCH, BOOTS, HATS, CARE)][:k]


SHOP = shop_of(
    [
        Item(id="b1", title="Fell Boot", kind="boot", price=90.0, currency="EUR"),
        Item(id="b2", title="Moor Boot", kind="boot", price=80.0, currency="EUR"),
        Item(id="h1", title="Sun Hat", kind="hat", price=20.0, currency="EUR"),
    ]
)


@pytest.fixture
def boots():
    routes = Sure(saw=("item", 0.6), can=("policy", 0.95), how=("out_of_scope", 0.95), and_how=("out_of_scope", 0.95))
    visit = Visit(routes, shop=SHOP, knowledge=Pages())
    visit("a boot")
    return visit


def test_a_price_elsewhere_is_for_the_pages(boots):
    assert MATCH.text in boots("saw the Fell Boot for 70 on another website, would you do that").text


def test_the_page_on_its_kind_goes_before_one_on_another(boots):
    assert BOOTS.text in boots("can I return it?").text


def test_how_to_care_for_such_a_thing_is_for_the_pages(boots):
    answer = boots("and how do I wash a boot like that?")
    assert CARE.text in answer.text
