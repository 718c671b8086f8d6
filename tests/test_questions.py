"""Questions about items: what is asked, which items are meant, and answers from the catalogue's columns alone."""

from __future__ import annotations

import pytest

from chat.questions import questions
from retrieval.catalog import Catalog
from retrieval.columns import Columns
from retrieval.constraints import Facets
from retrieval.types import Item
from tests.shops import Talk, ids, marquee, shop_of

ITEMS = [
    Item(id="a", title="Zorgon", kind="game", year=1990, price=20.0, currency="USD", creators=("Ann Ox",),
         attributes={"platform": ("Mac", "Windows"), "age_rating": "12", "coop": True, "hours": 8.0}),
    Item(id="b", title="Quibble", kind="game", year=2001, price=10.0, currency="USD", creators=("Ann Ox",),
         attributes={"platform": ("Windows",), "hours": 30.0}),
    Item(id="c", title="Frimble", kind="game", year=2001, price=10.0, currency="USD", creators=("Bo Yak",),
         attributes={"hours": 2.0}),
    Item(id="d", title="Plonk", kind="game", in_stock=False, price=5.0, currency="USD"),
]  # fmt: skip
COLUMNS = Columns(Facets(Catalog(ITEMS)))


class TestReading:
    @pytest.mark.parametrize(
        ("text", "fields"),
        [
            ("how much is it?", ("price",)),
            ("is it still available and who made it?", ("in_stock", "creators")),
            ("how many pages does it have?", ("length",)),
            ("which languages does it have?", ("language",)),
            ("what platform is it on?", ("platform",)),
            ("what is the age rating?", ("age_rating",)),
            ("a platform game", ()),
            ("is it any good?", ("description",)),
            ("谁写的？多长？", ("creators", "length")),
        ],
    )
    def test_columns(self, text, fields):
        assert questions(text, COLUMNS, several=False).fields == fields

    @pytest.mark.parametrize(
        ("text", "extreme", "of_these"),
        [
            ("which of these is the cheapest?", ("price", -1), True),
            ("which one is more expensive?", ("price", 1), True),
            ("the newest of these", ("year", 1), True),
            ("which is older?", ("year", -1), True),
            ("what is the longest one?", ("length", 1), True),
            ("哪个更短？", ("length", -1), True),
            ("这些里最便宜的是哪个", ("price", -1), True),
            ("your cheapest game", ("price", -1), False),
            ("the latest films", ("year", 1), False),
            ("which one is more popular?", ("popularity", 1), True),
            ("what's popular?", ("popularity", 1), False),
            ("your best sellers, please", ("popularity", 1), False),
            ("最受欢迎的游戏", ("popularity", 1), False),
            ("something not too popular", None, False),
            ("popular science", None, False),
        ],
    )
    def test_extremes(self, text, extreme, of_these):
        asked = questions(text, COLUMNS, several=True)
        assert (asked.extreme, asked.of_these) == (extreme, of_these)

    @pytest.mark.parametrize(
        "text", ["compare these", "what's the difference between the two?", "Zorgon vs Quibble", "对比一下"]
    )
    def test_comparisons(self, text):
        assert questions(text, COLUMNS, several=True).compares

    @pytest.mark.parametrize("text", ["a long film", "something newer", "an old book", "长一点的"])
    def test_wishes_are_none(self, text):
        asked = questions(text, COLUMNS, several=True)
        assert (asked.fields, asked.extreme, asked.compares) == ((), None, False)


@pytest.fixture
def talk():
    return Talk(shop_of(ITEMS))


class TestAnswers:
    def test_the_page_s_item_is_not_needed_if_one_is_named(self, talk):
        assert talk("how much is Quibble?").text == "Quibble (2001) costs $10.00."

    @pytest.mark.parametrize(
        ("message", "text"),
        [
            ("what platform is Zorgon on?", "Zorgon (1990), platform: Mac and Windows."),
            ("what is the age rating of Zorgon?", "Zorgon (1990), age rating: 12."),
            ("does Zorgon have coop?", "Zorgon (1990), coop: yes."),
            ("what platform is Frimble on?", "The catalogue doesn't give the platform of Frimble (2001)."),
            ("is Zorgon waterproof?", "I don't have that information about Zorgon (1990)."),
        ],
    )
    def test_any_column(self, talk, message, text):
        assert talk(message).text == text

    def test_the_cheapest_newest_and_longest_of_these(self, talk):
        shown = ids(talk("games"))
        assert set(shown) == {"a", "b", "c"}
        assert talk("which of these is the most expensive?").text == "Zorgon (1990) is the most expensive one: $20.00."
        assert "are equally the cheapest: $10.00." in talk("which of these is the cheapest?").text
        answer = talk("the longest of these?")
        assert answer.text == "Quibble (2001) is the longest one: 30 hours."
        assert ids(answer)[0] == "b"

    def test_two_are_compared_by_all_they_have(self, talk):
        answer = talk("compare Zorgon and Quibble")
        assert ids(answer)[:2] == ["a", "b"]
        assert "Zorgon (1990): game by Ann Ox, 8 hours, platform Mac and Windows, age rating 12" in answer.text
        assert "Quibble (2001) is the cheaper, newer, and longer one." in answer.text

    def test_what_was_compared_is_what_which_is_about(self, talk):
        talk("games")
        talk("compare Zorgon and Frimble")
        assert talk("which is longer?").text == "Zorgon (1990) is the longer one: 8 hours."

    def test_one_is_asked_against_another(self, talk):
        assert talk("is Zorgon cheaper than Quibble?").text == "Quibble (2001) is the cheaper one: $10.00."

    def test_the_second_one(self, talk):
        second = ids(talk("games"))[1]
        title = next(item.title for item in ITEMS if item.id == second)
        assert talk("how much is the second one?").text.startswith(title)

    def test_the_cheapest_of_all(self, talk):
        answer = talk("the newest game")
        assert answer.text.startswith("The newest: ")
        assert set(ids(answer)[:2]) == {"b", "c"}

    def test_what_is_popular_is_what_the_shop_says_is(self):
        known = [
            ("Zorgon", 2.0, "drama"),
            ("Quibble", 5.0, "comedy"),
            ("Plonk", 3.0, "comedy"),
            ("Mimsy", 5.0, "comedy"),
        ]
        items = [
            Item(id=i, title=i, kind="game", genres=(genre,), attributes={"popularity": popular})
            for i, popular, genre in known
        ]
        talk = Talk(shop_of(items))
        answer = talk("what's popular?")
        assert answer.text.startswith("Among the most popular: Quibble")
        assert ids(answer) == ["Quibble", "Mimsy", "Plonk", "Zorgon"]
        assert talk("is Quibble more popular than Plonk?").text == "Quibble is the more popular one."
        assert talk("is Quibble more popular than Mimsy?").text == "They are the same in that."
        talk("games")
        assert talk("which of these is the most popular?").text == "Quibble and Mimsy are equally the most popular."
        assert ids(talk("popular dramas?")) == ["Zorgon"]

    def test_nothing_sold_out_is_shown_but_it_is_told(self, talk):
        answer = talk("is Plonk in stock?")
        assert answer.text == "Plonk is out of stock."
        assert "d" not in ids(answer)

    def test_prices_of_two_currencies_are_not_compared(self):
        items = [Item(id=c, title=f"Thing {c}", price=5.0, currency=c) for c in ("USD", "JPY")]
        talk = Talk(shop_of(items))
        talk("something")
        assert "different currencies" in talk("which of these is the cheapest?").text

    def test_more_by_its_maker(self, talk):
        talk("how long is Zorgon?")
        assert ids(talk("what else did the maker do, anything by them?")) == ["b"]

    def test_what_nobody_sells(self):
        assert "We don't carry that" in Talk(marquee())("do you sell dishwashers?").text

    def test_chinese(self, talk):
        talk("games")
        assert "最贵" in talk("这些里哪个最贵？").text
        assert "Quibble" in talk("Quibble多长？").text


def test_a_length_is_asked_for_once():
    assert questions("how many hours is it?", COLUMNS, several=False).fields == ("length",)
    assert questions("what is the age rating?", COLUMNS, several=False).fields == ("age_rating",)


class TestMoods:
    ITEMS = (
        Item(id="x", title="Vorpal", kind="film", attributes={"moods": ("melancholic", "slow")}),
        Item(id="y", title="Mimsy", kind="film", attributes={"moods": ("funny",)}),
        Item(id="z", title="Borogove", kind="film", attributes={"moods": ("melancholic",)}),
    )

    @pytest.fixture
    def listed(self):
        talk = Talk(shop_of(self.ITEMS))
        talk("films")
        return talk

    @pytest.mark.parametrize(
        ("text", "named", "unnamed"),
        [
            ("which of these is the saddest?", ("Vorpal", "Borogove"), ("Mimsy",)),
            ("the least sad of these", ("Mimsy",), ("Vorpal", "Borogove")),
            ("which one is the funniest?", ("Mimsy",), ("Vorpal",)),
        ],
    )
    def test_one_of_those_shown_is_singled_out(self, listed, text, named, unnamed):
        answer = listed(text)
        assert all(title in answer.text for title in named)
        assert not any(title in answer.text for title in unnamed)
        assert sorted(ids(answer)) == ["x", "y", "z"]

    def test_what_none_has_is_said(self, listed):
        assert "none of these is scary" in listed("which is the scariest?").text

    def test_of_all_there_is_it_is_a_wish(self, listed):
        assert ids(listed("your funniest film"))[0] == "y"
