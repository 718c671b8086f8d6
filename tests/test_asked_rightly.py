"""What a question is about: no quality that it does not mean, no denial by a column of something else."""

from __future__ import annotations

import pytest

from retrieval.qualities import quality_of
from retrieval.types import Item
from tests.shops import Talk, shop_of


def thing(id_: str, title: str, kind: str, description: str, **columns: object) -> Item:
    return Item(id_, title, kind, description=description, price=20.0, currency="EUR", attributes=columns)


THINGS = [
    thing("f1", "Fjell Flask", "flask", "Keeps tea hot for twelve hours. Comes with a lid that is a cup.",
          capacity_ml=750.0, weight_g=350.0, colour="green", uses=("hiking", "office"), water_temperature_c=90.0),
    thing("f2", "Bru Flask", "flask", "A plain flask of steel; strap not included. Freshly designed by two sisters.",
          capacity_ml=1000.0, weight_g=420.0, colour="grey", uses=("hiking", "camping"), water_temperature_c=70.0),
    thing("f3", "Sol Flask", "flask", "For juice. Pretty and light.",
          capacity_ml=500.0, weight_g=200.0, colour="green", uses=("office", "picnic"), water_temperature_c=60.0),
    thing("s1", "Sommer Sleeping Bag", "sleeping bag", "For huts.", comfort_temperature_c=12.0, weight_g=800.0),
    thing("s2", "Winter Sleeping Bag", "sleeping bag", "For snow.", comfort_temperature_c=-8.0, weight_g=1700.0),
]  # fmt: skip


@pytest.fixture
def talk():
    return Talk(shop_of(THINGS))


class TestQualities:
    @pytest.mark.parametrize("header", ["comfort_temperature_c", "temperature_rating_c", "limit_temp", "comfort_c"])
    def test_what_is_comfortable_at_less_is_warmer(self, header):
        assert quality_of(header).little == ("warm",)

    @pytest.mark.parametrize("header", ["water_temperature_c", "wash_temperature_c", "temperature_c"])
    def test_nothing_is_warm_for_the_water_that_it_takes(self, header):
        assert quality_of(header).little == quality_of(header).much == ()

    def test_of_two_flasks_none_is_called_the_warmer(self, talk):
        assert "warmer" not in talk("compare Fjell Flask and Bru Flask").text

    def test_of_two_sleeping_bags_one_is(self, talk):
        assert "Winter Sleeping Bag is the warmer" in talk("which is warmer, Sommer Sleeping Bag or Winter?").text

    @pytest.mark.parametrize(
        ("question", "answer"),
        [("does the Fjell Flask hold the heat?", "Keeps tea hot"), ("how much does the Fjell Flask hold?", "750 ml")],
    )
    def test_holding_heat_is_no_capacity(self, talk, question, answer):
        text = talk(question).text
        assert answer in text
        assert ("ml" in text) == ("ml" in answer)


class TestHalves:
    @pytest.mark.parametrize("message", ["cool. i need a sleeping bag", "Cool! show me sleeping bags"])
    def test_cool_is_said_by_the_way(self, talk, message):
        talk(message)
        assert {field for field, _, _ in talk.limits} == {"kind"}

    @pytest.mark.parametrize("message", ["a flask, it doesnt need to be light", "a flask, no need to be small"])
    def test_what_need_not_be_light_is_no_limit(self, talk, message):
        talk(message)
        assert {field for field, _, _ in talk.limits} == {"kind"}

    def test_a_light_one_is(self, talk):
        talk("a light flask")
        assert "weight_g" in {field for field, _, _ in talk.limits}


class TestAnswers:
    @pytest.mark.parametrize(
        "question",
        [
            "does the Bru Flask include a strap?", "is a strap included with the Bru Flask?",
            "does the Bru Flask come with a strap?",
        ],
    )  # fmt: skip
    def test_what_comes_with_it_is_told_in_the_words_of_the_description(self, talk, question):
        assert "strap not included" in talk(question).text

    def test_a_word_of_the_title_is_no_proof_that_it_is_included(self, talk):
        assert not talk("does the Bru Flask include a flask?").text.startswith("Yes")

    def test_a_list_of_uses_denies_nothing_that_is_more_than_a_use(self, talk):
        assert not talk("is the Sol Flask approved for alpine hiking?").text.startswith("No")

    def test_a_use_itself_is_denied_or_granted(self, talk):
        assert talk("is the Sol Flask for hiking?").text.startswith("No")
        assert talk("is the Bru Flask for hiking?").text.startswith("Yes")

    @pytest.mark.parametrize("question", ["what is the second one like?", "whats the second one like"])
    def test_what_something_is_like_is_told_without_an_apology(self, talk, question):
        second = talk("flasks").cards[1]
        text = talk(question).text
        assert text.startswith(second.title)
        assert "don't have" not in text
