"""What customers of Marquee were misheard in: questions taken for limits, asides for orders, one work for another."""

from __future__ import annotations

import pytest

from chat.stateless import retold
from chat.typed import spelled_out
from tests.shops import Talk, ids, marquee, titles
from tests.visits import FakeOutbox, Visit


@pytest.fixture
def talk():
    return Talk(marquee())


class TestQuestions:
    def test_what_something_is(self, talk):
        answer = talk("ok what's The Incal then?")
        assert answer.text.startswith("The Incal (1980): ")
        assert not answer.abstained

    def test_what_one_does_in_it(self, talk):
        assert talk("It Takes Two sounds good, what do you do in it?").text.startswith("It Takes Two (2021): ")

    def test_a_language_is_asked_and_not_demanded(self, talk):
        talk("a jazz album")
        answer = talk("perfect, I'll take Elis & Tom. is it in English or Portuguese?")
        assert answer.text == "Elis & Tom (1974) is in Portuguese."
        assert not {limit for limit in talk.limits if limit[0] == "language"}
        again = talk("no no I just asked about Elis & Tom, what language do they sing in")
        assert again.text == "Elis & Tom (1974) is in Portuguese."
        assert "album-elis-tom-1974" not in talk.state.taste.disliked

    def test_what_was_shown_earlier_asks_for_nothing_older(self, talk):
        talk("cosy games")
        answer = talk("what about Spiritfarer, you showed it earlier, is it sad?")
        assert answer.text.startswith("Yes, Spiritfarer (2020) is melancholic")

    def test_it_is_the_work_that_has_just_been_named(self, talk):
        talk("something like Blade Runner")
        assert talk("what about Ex Machina, do you have that").text == "Ex Machina (2014) is in stock."

    def test_what_is_known_is_told_beside(self, talk):
        talk("something like Blade Runner but a book")
        answer = talk("read the first one already. is Neuromancer hard to get into?")
        assert titles(answer) == ["Neuromancer"]

    def test_whether_two_are_of_one_kind(self, talk):
        talk("Spirited Away")
        answer = talk("my friend says Grave of the Fireflies is better, is it the same kind of thing?")
        assert set(titles(answer)) == {"Grave of the Fireflies", "Spirited Away"}

    def test_for_whom_a_film_is(self, talk):
        assert "is for children" in talk("how long is Ponyo, and what is its audience?").text

    def test_what_is_read_out_fetches_nobody(self):
        visit = Visit(outbox=FakeOutbox())
        visit("is Neuromancer hard to get into?")
        answer = visit("is The Incal hard to get into?")
        assert answer.handoff is None
        assert visit.state.unsure == 0

    @pytest.mark.parametrize("asked", ["can I read it in English?", "is it originally Japanese?"])
    def test_other_ways_to_ask_for_a_language(self, talk, asked):
        talk("Tokyo Express")
        assert talk(asked).text == "Tokyo Express (1958) is in Japanese."

    def test_how_old_it_is(self, talk):
        assert talk("is Lemmings old?").text == "Lemmings (1991) is from 1991."

    def test_the_one_whose_title_says_it(self, talk):
        talk.state.taste.focus = [
            item.id for item in marquee().index.catalog if item.title in ("Singing for the Shy", "Ella and Louis")
        ]
        assert talk("how long is the singing one?").text.startswith("Singing for the Shy (2025) runs to")


class TestWishes:
    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("an hour and a half at most", "90 minutes at most"),
            ("two and a half hours", "150 minutes"),
            ("im bored lol", "surprise me"),
            ("paddington 2. alright for a child?", "paddington 2. is it alright for a child?"),
            ("coraline is for kids, isn't it? I'm 45", "is coraline for kids? I'm 45"),
            ("rated 3 and a half stars", "rated 3 and a half stars"),
            ("the one you showed me before, how long?", "how long?"),
        ],
    )
    def test_are_spelled_out(self, said, meant):
        assert spelled_out(said).strip(" ,") == meant

    def test_a_length_that_is_said_goes_before_the_film_on_screen(self, talk):
        talk("how long is Stalker?")
        talk("something shorter, an hour and a half at most")
        assert {limit for limit in talk.limits if limit[0] != "kind"} == {("minutes", "<=", 90.0)}

    def test_newer_is_newer_than_most_of_what_is_shown(self, talk):
        shown = marquee().items(ids(talk("something like Blade Runner")))
        middle = sorted(item.year for item in shown)[len(shown) // 2]
        answer = talk("something newer")
        assert all(card.year > middle for card in answer.cards)

    def test_who_has_seen_it_is_told_so_once(self, talk):
        talk("something like Blade Runner")
        answer = talk("not Stalker, seen it. something else")
        assert "Noted that you know Stalker (1979)." in answer.text
        assert "won't come up" not in answer.text
        assert talk.state.taste.seen == ["film-stalker-1979"]

    def test_the_last_years_are_a_limit(self, talk):
        talk("films like last 10 years")
        assert {(field, op) for field, op, _ in talk.limits} >= {("year", ">=")}

    def test_who_starts_over_says_what_with(self, talk):
        talk("a sad jazz album")
        talk("ok start over. latin dance music, any language")
        assert ("genres", "is", "latin") in talk.limits
        assert "jazz" not in {value for _, _, value in talk.limits}

    def test_cheaper_ones_of_a_sort_are_wished_for(self, talk):
        talk("a course to learn to cook")
        answer = talk("It is expensive for me. You have cheaper, only cooking?")
        assert ("genres", "is", "cooking") in talk.limits
        assert "under $29" in answer.text  # which nothing is
        assert len(answer.cards) > 1

    def test_a_year_for_oneself_is_none_for_ones_mother(self, talk):
        talk("a film since 2016")
        talk("now something for my mum, she likes historical dramas")
        assert not {limit for limit in talk.limits if limit[0] == "year"}

    def test_a_subject_goes_before_the_genre_of_what_was_wanted_before(self, talk):
        talk("mystery books")
        answer = talk("a film with trains then")
        assert "I have nothing" not in answer.text
        assert not {limit for limit in talk.limits if limit[0] == "genres"}

    def test_what_stands_behind_a_comma_is_no_subject(self):
        tokens = "to watch with             , something funny"  # as a message stands without what is said aside
        wishes = [(wish.field, wish.value) for wish in marquee().parser.parse(tokens).wishes]
        assert wishes == [("moods", "funny")]

    def test_plain_words_are_no_language_course(self, talk):
        talk("a detective book, not too difficult language please")
        assert not {limit for limit in talk.limits if limit[1] == "is_not"}

    @pytest.mark.parametrize(
        "message", ["no STALKER i asked", "no i said Stalker", "not Solaris, STALKER. how long is it?"]
    )
    def test_who_insists_on_a_work_refuses_none(self, talk, message):
        talk("films like Solaris")
        talk(message)
        assert "film-stalker-1979" not in talk.state.taste.disliked


class TestWording:
    def test_a_limit_is_repeated_when_it_is_said(self, talk):
        assert "before 1990" in talk("a slow film before 1990").text.casefold()
        assert "1990" not in talk("and nothing with space").text.split(":")[0]

    def test_nothing_is_missed_that_is_in_force(self, talk):
        answer = talk("a film to watch with my grandchildren, aged 6 and 9. Nothing frightening please.")
        assert "I have nothing" not in answer.text


def test_a_conversation_that_is_retold_keeps_the_places_of_the_cards():
    talk = Talk(marquee())
    shown = ids(talk("a funny film"))
    talk("how long is the second one?")
    state = retold(marquee(), talk.state.messages)
    assert state.taste.focus == shown
    assert state.taste.about == shown[1]
