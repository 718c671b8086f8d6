"""What is said where little is known: names that the catalogue lacks, wishes for anything, several prices at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.types import Item
from tests.shops import Talk, marquee, shop_of

INVITED = "and I'll find something closer."
WORKS = [
    Item(id="a", title="Harbour", kind="book", price=4.5, currency="USD"),
    Item(id="b", title="Meadow", kind="book", price=10.0, currency="USD"),
    Item(id="c", title="Quarry", kind="book", price=6.0, currency="EUR"),
]


@pytest.fixture
def talk():
    return Talk(marquee())


@pytest.mark.parametrize("message", ["a good book, please", "a film as a gift for my dad", "surprise me with a game"])
def test_who_says_nothing_gets_what_is_well_known_and_is_asked(talk, message):
    answer = talk(message)
    catalog = marquee().index.catalog
    best = max(item.attributes["popularity"] for item in catalog.items)
    assert {catalog.get(card.id).attributes["popularity"] for card in answer.cards} == {best}
    assert answer.text.endswith(INVITED)


def test_nobody_is_asked_twice_in_a_row_nor_who_has_said_something(talk):
    assert INVITED in talk("a good book, please").text
    assert INVITED not in talk("a film, then").text
    assert INVITED not in talk("a sad film").text


@pytest.mark.parametrize(
    ("message", "name"),
    [("She loved Yellowface", "Yellowface"), ("I just finished Zorbagor and want more like that", "Zorbagor")],
)
def test_a_name_without_a_meaning_is_not_gone_by(talk, message, name):
    answer = talk(message)
    assert f"says nothing about “{name}”, so I can't go by it" in answer.text
    assert answer.text.endswith(INVITED)
    assert talk.state.taste.wish_text == []


def test_it_is_then_the_work_that_was_asked_about(talk):
    talk("She loved Yellowface")
    answer = talk("it is the family she liked")
    assert not talk.state.taste.liked
    assert all("family" in card.why for card in answer.cards)
    assert INVITED not in answer.text


def test_a_card_pointed_at_is_still_that_card(talk):
    shown = talk("She loved Yellowface")
    assert talk("who made the second one?").cards[0].id == shown.cards[1].id


def test_a_telling_title_is_gone_by_its_words(talk):
    answer = talk("I just finished The Wicked Murder Society")
    assert "says nothing about “The Wicked Murder Society”, so I went by the words of it" in answer.text
    assert INVITED not in answer.text


def test_what_else_is_said_counts(talk):
    answer = talk("She loved Yellowface. A sad story about family, please")
    assert "says nothing about “Yellowface”, so I went by the rest" in answer.text
    assert {"melancholic", "family"} <= {value for _, value in talk.state.taste.wishes}


def test_what_there_is_is_counted_by_kind(talk):
    items = marquee().index.catalog.items
    films = sum(item.kind == "film" and item.in_stock for item in items)
    answer = talk("hi, what do you sell?")
    assert answer.text.startswith(f"We have films ({films}), ")
    assert answer.text.endswith(INVITED)
    assert talk("你们卖什么？").text.startswith(f"我们有电影 ({films})")


@pytest.mark.parametrize(
    ("message", "wishes"),
    [("idk something fun i guess", ["funny"]), ("I don't know, maybe something funny", ["funny"])],
)
def test_who_does_not_know_refuses_nothing(talk, message, wishes):
    talk(message)
    assert [value for _, value in talk.state.taste.wishes] == wishes
    assert not talk.limits


def test_courses_on_something_are_no_title(talk):
    answer = talk("do you have any courses on cooking")
    assert "don't carry" not in answer.text
    assert {card.kind for card in answer.cards} == {"course"}


def test_is_it_long_asks_for_its_length(talk):
    talk("an album by Fleetwood Mac")
    assert "39 minutes" in talk("the last one sounds ok, is it long").text


@pytest.mark.parametrize(
    "message",
    [
        "something based on what I bought last time",
        "recommend things like my previous orders",
        "推荐和我上次买的类似的",
    ],
)
def test_earlier_purchases_are_not_seen(talk, message):
    answer = talk(message)
    assert answer.text.startswith(("I can't see what you bought before.", "我看不到你以前买过什么。"))
    assert not message.isascii() or talk.state.taste.wish_text == []


def test_a_purchase_that_is_named_is_gone_by(talk):
    answer = talk("something like what I bought last time: Solaris")
    assert "can't see" not in answer.text
    assert talk.state.taste.liked


def test_who_has_read_what_we_lack_still_wants_what_was_wished(talk):
    talk("a gift for my wife, she likes stories about family")
    before = list(talk.state.taste.wishes)
    answer = talk("she has read Zorbagor and Quibblefax")
    assert talk.state.taste.wishes == before
    assert "I went by the rest" in answer.text


def test_what_is_told_of_a_person_stands_beside_the_wish(talk):
    talk("my son is learning guitar, anything for him?")
    talk("he's a beginner")
    assert "guitar" in {value for _, value in talk.state.taste.wishes}


@pytest.mark.parametrize(("first", "name"), [("seen that", "seen"), ("not that one", "disliked")])
def test_and_that_one_is_what_was_said_of_the_last(talk, first, name):
    shown = [talk("a calm film").cards[0].id]
    for message in (first, "and that one", "and that too"):
        shown.append(talk(message).cards[0].id)
    assert getattr(talk.state.taste, name) == shown[:3]


@pytest.mark.parametrize(
    ("message", "maker"),
    [
        ("something by the director of spirited away", "Hayao Miyazaki"),
        ("games by the people behind Journey", "thatgamecompany"),
        ("more by whoever made OK Computer", "Radiohead"),
    ],
)
def test_a_maker_may_be_told_by_a_work(talk, message, maker):
    answer = talk(message)
    assert all(maker in card.creators for card in answer.cards) or f"nothing else by {maker}" in answer.text


def test_who_finds_all_of_it_bleak_wants_none_of_it(talk):
    talk("a film")
    talk("ugh everything here is so bleak")
    assert ("moods", "is_not", "bleak") in talk.limits


def test_a_length_said_outright_is_the_length(talk):
    talk("a film, nothing sad")
    talk("ok, under 100 min, I won't last longer than that")
    assert ("minutes", "<", 100.0) in talk.limits
    assert not [limit for limit in talk.limits if limit[1] == ">"]


@pytest.mark.parametrize(
    ("message", "limit"), [("a book for a little one, like under 1", None), ("a book under a tenner", 10.0)]
)
def test_what_is_a_price_and_what_an_age(talk, message, limit):
    talk(message)
    assert [value for field, _, value in talk.limits if field == "price"] == ([limit] if limit else [])


class TestTogether:
    @pytest.fixture
    def talk(self):
        talk = Talk(shop_of(WORKS))
        talk("a book")
        talk.state.taste.focus = ["a", "b", "c"]
        return talk

    @pytest.mark.parametrize(
        "question", ["how much for both?", "how much are the first two together?", "what do the two cost together?"]
    )
    def test_two_prices_are_summed(self, talk, question):
        answer = talk(question)
        assert "$4.50" in answer.text
        assert "$10.00" in answer.text
        assert answer.text.endswith("Together that is $14.50.")

    def test_so_they_are_in_chinese(self, talk):
        assert talk("两本一共多少钱？").text.endswith("一共US$14.50。")

    def test_a_sum_is_said_where_it_is_asked_for(self, talk):
        answer = talk("how much are both?")
        assert "$10.00" in answer.text
        assert "Together" not in answer.text

    def test_different_currencies_are_not_summed(self, talk):
        answer = talk("how much are all three together?")
        assert "Quarry" in answer.text
        assert "Together" not in answer.text

    def test_two_that_are_no_items_are_not_counted(self, talk):
        assert len([title for title in ("Harbour", "Meadow") if title in talk("is it in stock for two?").text]) == 1


def test_what_sells_best_is_told_by_figures_only():
    answer = Talk(shop_of(WORKS))("what's popular here?")
    assert "I can't see what is bought most" in answer.text
    assert "most popular:" not in answer.text
    assert answer.cards
    known = [replace(item, attributes={"popularity": float(n)}) for n, item in enumerate(WORKS)]
    assert "most popular: Quarry" in Talk(shop_of(known))("what's popular here?").text


def test_among_goods_nobody_is_told_to_do_without_the_kind():
    goods = [Item(id=f"b{n}", title=f"Brush {n}", kind="brush", price=5.0 + n) for n in range(2)]
    goods += [Item(id=f"s{n}", title=f"Soap {n}", kind="soap", price=3.0 + n) for n in range(9)]
    assert "Without" not in Talk(shop_of(goods))("a brush").text
    assert "Without “under 6”" in Talk(shop_of(goods))("a brush under 6").text
