"""A shop for stargazers: what its file writes as lists, in counts and in two currencies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.conversation import Conversation
from chat.desk import Desk
from chat.shop import Shop
from chat.state import DialogueState
from retrieval.catalog import load_catalog
from retrieval.constraints import satisfies
from retrieval.labels import label
from retrieval.listed import is_listed
from retrieval.types import Constraint, Item
from tests.shops import Talk, shop_of, titles
from tests.stargazing import items, write
from tests.visits import FakeKnowledge, Sure


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    return shop_of(items(tmp_path_factory.mktemp("stars")))


@pytest.fixture
def talk(shop):
    return Talk(shop)


class TestListsWithCommas:
    def test_a_column_whose_parts_come_again_is_read_as_lists(self, tmp_path):
        held = {item.title: item.attributes.get("connections") for item in load_catalog(write(tmp_path)).items}
        assert held["Rigel 150"] == ("Bluetooth", "camera", "autoguider")
        assert held["Vega 70"] == "camera"
        assert held["Heron Tripod"] is None

    def test_what_is_asked_for_by_one_of_them_is_called_by_it(self, talk):
        talk("a telescope")
        answer = talk("do you sell cameras for it?")
        assert answer.text.startswith("I'd start with ")
        assert "WiFi" not in answer.text

    @pytest.mark.parametrize(
        ("header", "cells", "expected"),
        [
            ("ports", ["USB, MIDI", "MIDI, USB, audio", "audio"], True),
            ("fabric", ["cotton,linen", "linen", "linen,cotton"], True),
            ("接口", ["蓝牙，耳机", "耳机，蓝牙"], True),
            ("from", ["Lyon, France", "Paris, France", "Turin, Italy"], False),  # as many, each in its place
            ("city", ["Lyon, France", "Paris, Texas, USA", "Lyon, France"], False),
            ("features", ["two wheels, a brake", "a lid, a lock, a tray"], False),  # nothing comes again
            ("care", ["Wash cold. Then dry, flat", "Wash cold. Then dry, flat, slowly"], False),
            ("weight", ["0,75 kg", "0,80 kg", "0,75 kg"], False),
            ("sizes", ["38, 39, 40", "39, 40"], False),  # read as what they are: sizes, and ranges of them
            ("ports", ["USB, MIDI", "USB", ""], False),  # one alone may be a name
        ],
    )
    def test_columns(self, header, cells, expected):
        assert is_listed(header, cells) is expected

    def test_a_label_is_no_chain(self):
        values = tuple(f"usb midi bluetooth headphones {n}" for n in range(8))
        assert label("connections", "is", values).endswith(" or others")
        assert len(label("connections", "is", values)) < 80
        assert label("connections", "is", ("usb", "midi", "audio")) == "usb or midi or audio"


class TestPriceLimits:
    @pytest.mark.parametrize(
        ("messages", "limit", "told"),
        [
            (["a telescope under 200", "and filters for it"], None, False),
            (["a telescope under 40", "do you have eyepieces too?"], None, True),  # some of those cost more
            (["a telescope under 200", "and a star chart under 20"], 20.0, False),
            (["a telescope under 300", "cheaper ones in blue"], 300.0, False),
            (["a telescope under 300", "show me one in blue"], 300.0, False),
            (["a telescope under 300", "a refractor please"], 300.0, False),
            (["something under 50", "a tripod", "and a filter"], 50.0, False),  # a purse for whatever it is
            (["a telescope under 200", "a tripod instead"], 200.0, False),
        ],
    )
    def test_go_with_the_thing_that_they_were_said_of(self, talk, messages, limit, told):
        *_, answer = [talk(message) for message in messages]
        assert [value for field, _, value in talk.limits if field == "price"] == ([limit] if limit else [])
        assert ("That is without regard to" in answer.text) is told


class TestFewLeft:
    @pytest.mark.parametrize(
        "message",
        ["which one's nearly sold out?", "which of them is running low?", "which of these has the fewest left?"],
    )
    def test_the_card_with_the_fewest_in_stock(self, talk, message):
        talk("a telescope")
        answer = talk(message)
        assert answer.text == "Rigel 150 is the one with the fewest left: 1 left."

    def test_of_all_that_there_is(self, talk):
        answer = talk("which eyepiece is about to sell out?")
        assert answer.text.startswith("The one with the fewest left: Ember 6 mm, 2 left.")

    def test_only_of_the_last_few_it_is_told_how_many_there_are(self, talk):
        talk("a telescope")
        assert talk("how many of the Altair 90 are left?").text == "Altair 90 is in stock, 3 left."
        assert talk("how many of the Vega 70 are left?").text == "Vega 70 is in stock, more than 5 left."

    @pytest.mark.parametrize("message", ["I'm running low on filters", "my star chart is almost gone, I need another"])
    def test_what_somebody_else_has_left_is_nothing_to_measure_by(self, talk, message):
        assert "fewest" not in talk(message).text

    def test_a_shop_without_counts_has_none_to_tell(self, tmp_path):
        talk = Talk(shop_of([replace(item, left=None) for item in items(tmp_path)]))
        talk("a telescope")
        assert "fewest" not in talk("which one's nearly sold out?").text
        assert talk("is the Vega 70 in stock?").text == "Vega 70 is in stock."


TELESCOPES = {"Vega 70", "Altair 90", "Deneb 130", "Rigel 150", "Castor 200", "Pollux 80", "Mira 102"}


class TestListing:
    @pytest.mark.parametrize(
        "messages",
        [
            ["what kinds of telescope do you have?"],
            ["show me all your telescopes"],
            ["a telescope", "all of them please"],
            ["a telescope", "can you show me all of them?"],
            ["a telescope", "the whole list please"],
        ],
    )
    def test_all_of_a_kind_are_named(self, talk, messages):
        *_, answer = [talk(message) for message in messages]
        assert {title for title in TELESCOPES if title in answer.text} == TELESCOPES
        assert "Spica" not in answer.text  # sold out
        assert set(titles(answer)) == TELESCOPES

    def test_one_is_singled_out_of_all_of_them(self, talk):
        talk("what kinds of telescope do you have?")
        assert talk("which one's nearly sold out?").text.startswith("Rigel 150 ")

    @pytest.mark.parametrize("again", ["all of them please", "the whole list please"])
    def test_a_desk_lists_them_too(self, shop, again):
        state = DialogueState(session="test")
        desk = Desk(Sure(all=("small_talk", 0.9), the=("policy", 0.9)), FakeKnowledge())
        for message in ("a telescope", "is the Vega 70 in stock?", again):
            answer = Conversation(shop, state, desk).take(message)
        assert set(titles(answer)) == TELESCOPES
        assert "These are all" in answer.text

    def test_under_the_limits_in_force(self, talk):
        talk("a blue telescope")
        assert {title for title in TELESCOPES if title in talk("all of them please").text} == {
            "Altair 90",
            "Rigel 150",
            "Mira 102",
        }

    def test_those_of_a_kind_together(self, talk):
        answer = talk("what types of tripods and filters do you have?")
        assert "filter: Dusk Moon Filter and Dawn Solar Filter" in answer.text

    def test_at_most_twenty(self):
        pegs = [Item(id=str(n), title=f"Peg {n}", kind="peg") for n in range(30)]
        answer = Talk(shop_of(pegs))("what kinds of pegs do you have?")
        assert "30" in answer.text
        assert answer.text.count("Peg ") == 20
        others = [Item(id=f"h{n}", title=f"Hook {n}", kind="coat hook") for n in range(30)]
        answer = Talk(shop_of([*pegs, *others]))("what kinds of pegs and coat hooks do you have?")
        assert "peg (30)" in answer.text
        assert "coat hook (30)" in answer.text

    @pytest.mark.parametrize(
        "message",
        [
            "what kind of telescope do I need for planets?",
            "what types of delivery do you have?",
            "I don't like all of them",
            "tell me all about it",
        ],
    )
    def test_other_questions_have_no_list(self, talk, message):
        talk("a telescope")
        assert "These are all" not in talk(message).text


class TestTwoCurrencies:
    @pytest.mark.parametrize(
        ("message", "shown", "left_out"),
        [
            ("telescopes under 200 dollars", ["Vega 70", "Altair 90"], "EUR"),
            ("telescopes under 200", ["Vega 70", "Altair 90"], "EUR"),  # in what most prices are in
            ("telescopes under 200 euros", ["Pollux 80"], "USD"),
            ("telescopes between 100 and 300 euros", ["Mira 102", "Pollux 80"], "USD"),
            ("望远镜，200欧元以下", ["Ember 4 mm", "Pollux 80"], "USD"),
            ("a star chart under 20", ["Northern Star Chart"], ""),  # none is priced otherwise
        ],
    )
    def test_a_limit_holds_for_prices_in_its_currency(self, talk, message, shown, left_out):
        answer = talk(message)
        assert sorted(titles(answer)) == sorted(shown)
        assert ("is left out" in answer.text or "没有列入" in answer.text) is bool(left_out)
        assert left_out in answer.text
        assert "Our prices are in" not in answer.text

    def test_the_cheapest_is_that_of_one_currency(self, talk):
        assert "The cheapest: Vega 70, $119.00." in talk("the cheapest telescope").text
        answer = talk("the cheapest telescope in euros")
        assert "The cheapest: Pollux 80, €150.00." in answer.text
        assert titles(answer) == ["Pollux 80", "Mira 102"]

    def test_cheaper_is_measured_in_the_currency_of_what_it_is_said_of(self, talk):
        talk("the Mira 102")
        answer = talk("something cheaper")
        assert titles(answer) == ["Pollux 80"]
        assert "Under €280" in answer.text

    def test_no_sum_is_made_of_them(self, talk):
        talk("a telescope")
        answer = talk("how much are the Vega 70 and the Pollux 80 together?")
        assert answer.text.endswith("Their prices are in different currencies.")

    def test_the_mask_and_the_check_of_one_item_agree(self, shop):
        facets = shop.index.facets
        for currency in ("USD", "EUR"):
            limit = Constraint("price", "<", 200.0, currency=currency)
            kept = [satisfies(item, limit) and item.in_stock for item in shop.index.catalog.items]
            assert facets.mask([limit]).tolist() == kept
