"""A question about one named work, why it was shown, which of two, and what there is of all that the shop has."""

from __future__ import annotations

import pytest

from chat.about import asked_of, untitled
from chat.explaining import asks_common, reason, wonders_why
from chat.overall import counts
from chat.questions import any_measure, extremes
from chat.replies import Say
from retrieval.lexicon import mood_singled_out
from retrieval.types import Item
from tests.shops import Talk, shop_of, titles

HAYAO, HIDE, ANNA = "Hiro Sato", "Ken Sato", "Anna Berg"
WORKS = [
    Item(
        id="f1", title="The Salt Road", kind="film", year=1971, price=5.0, currency="EUR", creators=(HAYAO,),
        genres=("drama", "western"), description="Two brothers cross a white desert.", in_stock=True,
        attributes={"minutes": 150.0, "moods": ("slow", "warm"), "themes": ("desert", "brothers")},
    ),
    Item(
        id="f2", title="What Is Left of May", kind="film", year=1980, price=7.0, currency="EUR", creators=(HAYAO,),
        genres=("drama",), description="A gardener waits for a letter.", in_stock=True,
        attributes={"minutes": 90.0, "moods": ("warm", "funny"), "themes": ("letters", "brothers")},
    ),
    Item(
        id="f3", title="Black Harbour", kind="film", year=1999, price=9.0, currency="EUR", creators=(ANNA,),
        genres=("horror",), description="Something swims under the ice.", in_stock=True,
        attributes={"minutes": 120.0, "moods": ("scary", "dark"), "themes": ("sea",)},
    ),
    Item(
        id="f4", title="Lanterns", kind="film", year=1960, price=9.0, currency="EUR", creators=(HAYAO,),
        genres=("drama",), description="A village lights the river.", in_stock=True,
        attributes={"minutes": 60.0, "moods": ("slow",), "themes": ("river",)},
    ),
    Item(
        id="g1", title="Iron Moth", kind="game", year=2012, price=19.0, currency="EUR", creators=(HIDE,),
        genres=("adventure",), description="A moth of iron.", in_stock=True,
        attributes={"moods": ("dark",), "themes": ("insects",)},
    ),
    Item(
        id="b1", title="Small Hours", kind="book", year=2003, price=8.0, currency="EUR", creators=(ANNA,),
        genres=("short stories",), description="Nine nights in one house.", in_stock=True,
        attributes={"pages": 210.0, "moods": ("calm",), "themes": ("night",)},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def shop():
    return shop_of(WORKS)


@pytest.fixture
def talk(shop):
    talk = Talk(shop)
    talk("a film")
    return talk


def linked(shop, text):
    mentions = shop.linker.link(text, shop.parser.phrases.common_words)
    return [m.surface for m in asked_of(text, mentions, shop.parser.columns)], untitled(text, mentions)


class TestOfOne:
    @pytest.mark.parametrize(
        "message",
        [
            "what's What Is Left of May about",
            "Black Harbour was boring. What Is Left of May sounds good, what's it about?",
            "I asked what What Is Left of May is ABOUT. Stop recommending",
            "whats the story of What Is Left of May",
            "tell me more about What Is Left of May please",
            "Maybe What Is Left of May. What is the story about?",
            "What Is Left of May sounds right, tell me more",
            "seen Black Harbour. what about What Is Left of May, what is it?",
        ],
    )
    def test_its_story_is_told(self, talk, message):
        answer = talk(message)
        assert "A gardener waits for a letter." in answer.text
        assert "I don't have that" not in answer.text
        assert titles(answer)[0] == "What Is Left of May"
        assert talk.state.taste.liked == []

    def test_what_is_told_beside_it_is_kept(self, talk):
        answer = talk("Black Harbour was boring. How long is The Salt Road?")
        assert "150 minutes" in answer.text
        assert "120 minutes" not in answer.text
        assert talk.state.taste.disliked == ["f3"]

    def test_only_the_one_asked_about_is_spoken_of(self, talk):
        talk("tell me about Black Harbour")
        answer = talk("The Salt Road looks good! how long is it, and who directed it?")
        assert "The Salt Road (1971)" in answer.text
        assert "Black Harbour" not in answer.text

    def test_a_novel_is_told_by_its_kind_and_genre(self, talk):
        answer = talk("is Small Hours a novel?")
        assert answer.text == "Small Hours (2003) is a book, and it is short stories."

    @pytest.mark.parametrize(
        "message",
        [
            "I loved The Salt Road. something like it?",
            "I loved The Salt Road, what should I watch next?",
            "I loved The Salt Road. How long is Lanterns? And recommend something similar",
            "do you have The Salt Road?",
        ],
    )
    def test_a_wish_remains_one(self, shop, message):
        assert linked(shop, message)[0] == []

    def test_both_are_asked_about(self, shop):
        assert linked(shop, "who made The Salt Road and Lanterns?") == (
            ["The Salt Road", "Lanterns"],
            "who made that and that?",
        )

    def test_what_is_known_comes_first(self, talk):
        answer = talk("how long is The Salt Road and who's in it?")
        assert answer.text.startswith("The Salt Road (1971) runs to 150 minutes.")
        assert answer.text.endswith("As for the rest of that, I don't have that information.")


class TestWhy:
    def test_the_named_one_is_explained(self, talk):
        named = titles(talk("a film"))[1]
        assert f"I showed {named}" in talk(f"Why do you suggest {named}?").text

    def test_what_had_no_reason_on_its_card_is_explained_by_what_it_is(self, talk):
        (item,) = talk.shop.items(["f4"])
        talk.state.say("assistant", "", ["f4"], [""])
        assert reason(item, talk.state, Say("en")) == "I showed Lanterns (1960) for this: A village lights the river."

    def test_an_objection_drops_it(self, talk):
        answer = talk("Why would you suggest Black Harbour? I wanted something warm, not horror")
        assert "Black Harbour (1999) won't come up again." in answer.text
        assert "Black Harbour" not in titles(answer)
        assert titles(answer)

    @pytest.mark.parametrize(
        "message",
        [
            "what do The Salt Road and What Is Left of May have in common?",
            "What Is Left of May looks nice - why would that appeal to someone who likes The Salt Road?",
        ],
    )
    def test_what_two_share(self, talk, message):
        text = talk(message).text
        for shared in (HAYAO, "drama", "warm", "brothers"):
            assert shared in text
        assert "western" not in text

    def test_two_that_share_nothing(self, talk):
        assert "share nothing" in talk("what does The Salt Road have in common with Small Hours?").text

    def test_the_words(self):
        assert wonders_why("so why did you pick it then?")
        assert not wonders_why("why don't you show me something else?")
        assert asks_common("A和B有什么共同点？")
        assert not asks_common("a common theme is fine")


class TestWhichOfTwo:
    def test_both_are_told_and_one_is_picked(self, talk):
        text = talk("The Salt Road or Black Harbour, which should I get?").text
        assert "Two brothers cross a white desert." in text
        assert "Something swims under the ice." in text
        assert "I'd go for" in text

    def test_by_a_mood(self, talk):
        assert "Black Harbour (1999) is the scary one" in talk("The Salt Road or Black Harbour, which is scarier?").text

    def test_by_a_mood_and_a_measure(self, talk):
        text = talk("Lanterns or Black Harbour, which is shorter and slower?").text
        assert "Lanterns (1960) is the shorter one: 60 minutes." in text
        assert "Lanterns (1960) is the slow one" in text

    def test_a_pair_alike_in_it(self, talk):
        text = talk("The Salt Road or What Is Left of May, which is gentler?").text
        assert "all of these are warm" in text
        assert "slow" in text
        assert "funny" in text

    def test_in_stock(self, talk):
        text = talk("which of them is in stock, Lanterns or Black Harbour?").text
        assert "Lanterns (1960) is in stock." in text
        assert "Black Harbour (1999) is in stock." in text

    def test_what_the_catalogue_does_not_measure(self, talk):
        text = talk("which one is the easiest to follow?").text
        assert "I don't have that information" in text
        assert "Black Harbour: scary and dark" in text

    def test_something_funnier_singles_out_none(self):
        assert mood_singled_out("something funnier, a warmer one") is None
        assert mood_singled_out("which is less scary?") == ("scary", -1)


class TestMoods:
    def test_yes(self, talk):
        assert talk("is Black Harbour scary?").text.startswith("Yes, Black Harbour (1999) is scary")

    def test_not_listed(self, talk):
        answer = talk("is What Is Left of May scary?")
        assert answer.text.startswith("The catalogue doesn't call What Is Left of May (1980) scary; it calls it")


class TestOverall:
    def test_a_surname_is_read_as_who_makes_the_kind(self, talk):
        answer = talk("how many Sato films do you sell?")
        assert "3 in stock" in answer.text
        assert [x.label for x in talk.state.taste.limits if x.field == "creators"] == [HAYAO]

    def test_his_longest_and_shortest(self, talk):
        talk("films by Hiro Sato")
        talk.state.taste.focus = ["f2", "f4"]
        text = talk("which is his longest film, and which is the shortest?").text
        assert "The longest: The Salt Road (1971), 150 minutes." in text
        assert "The shortest: Lanterns (1960), 60 minutes." in text

    def test_the_oldest_one_of_a_maker_in_force(self, talk):
        talk("films by Hiro Sato")
        talk.state.taste.focus = ["f1", "f2"]
        assert "The oldest: Lanterns (1960)" in talk("what is the oldest one?").text

    def test_of_these_asks_of_the_cards(self, talk):
        talk("films by Hiro Sato")
        talk.state.taste.focus = ["f1", "f2"]
        assert "The Salt Road (1971) is the" in talk("which of these is the oldest?").text

    def test_the_maker_of_what_was_spoken_of(self, talk):
        talk("how long is Lanterns?")
        assert "The Salt Road (1971), 150 minutes" in talk("what's his longest film?").text

    def test_all_his_films(self, talk):
        talk("films by Hiro Sato")
        answer = talk("No, of ALL his films, not just these. Lanterns is longer surely?")
        assert "The longest: The Salt Road (1971)" in answer.text
        assert talk.state.taste.disliked == []

    def test_a_bare_how_many(self, talk):
        talk("films by Hiro Sato")
        assert "3 in stock" in talk("how many?").text

    def test_the_words(self):
        assert counts("how many horror books do you have?")
        assert counts("有多少部电影？")
        assert not counts("how many pages are there in it?")
        assert not counts("how many do you have left?")
        assert not counts("how many days does delivery take?")
        assert extremes("the longest, and the shortest") == [("length", 1), ("length", -1)]
        assert any_measure("Lanterns is longer") == ("length", 1)
