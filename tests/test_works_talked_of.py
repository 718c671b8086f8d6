"""What customers ask of works, and what they wish for after them: each once went wrong with a customer of Marquee."""

from __future__ import annotations

import pytest

from chat.plain_titles import with_titles_marked
from chat.sayings import plainly
from chat.typed import spelled_out
from retrieval.catalog import Catalog
from retrieval.constraints import Facets, listed_values
from retrieval.retrievers import FacetRetriever
from retrieval.types import Item, Query
from tests.shops import Talk, marquee, titles
from tests.visits import Visit


@pytest.fixture
def talk():
    return Talk(marquee())


class TestAsked:
    def test_what_names_a_work_and_then_asks_of_it(self, talk):
        talk("a cosy game")
        assert talk("Spiritfarer, nice. Isn't it sad?").text.startswith("Yes, Spiritfarer (2020) is melancholic")
        assert not talk.state.taste.liked

    def test_a_question_beside_a_wish(self):
        answer = Visit()("what's Gosford Park like? and something playful, a film")
        assert answer.text.startswith("Gosford Park (2001): Guests and servants")
        assert "For something playful" in answer.text

    def test_a_genre_speaks_for_a_mood(self, talk):
        answer = talk("is What We Do in the Shadows scary?")
        assert answer.text.startswith("What We Do in the Shadows (2014) is horror, so it may well be")

    def test_a_mood_that_is_near(self, talk):
        assert talk("is At Last! sad?").text.startswith("Somewhat: At Last! (1960) is bittersweet.")

    def test_what_is_not_known_beside_what_is(self, talk):
        talk("Portal")
        first, second = talk("does it have a map editor?"), talk("and has it won any prizes?")
        assert first.text.startswith("Portal (2007): Armed with a device")
        assert "The catalogue calls it" in first.text
        assert second.text == "I don't have that information about Portal (2007)."

    def test_a_subject_is_told_by_the_description(self, talk):
        talk("Waltz for Debby")
        assert "piano, bass and drums" in talk("is there any singing on it?").text

    def test_one_of_two(self, talk):
        answer = talk("i want Toy Story or Monsters, Inc., which one?")
        assert titles(answer) == ["Toy Story", "Monsters, Inc."]

    def test_short_stories_are_no_length(self, talk):
        assert talk("so is Exhalation short stories?").text == "Exhalation (2019) is science fiction and short stories."

    def test_those_that_are_compared_are_named(self, talk):
        talk("literary books")
        answer = talk("Small Things Like These sounds right. How does it compare with So Long a Letter?")
        assert titles(answer) == ["Small Things Like These", "So Long a Letter"]

    def test_why_something_is_asked_refuses_no_card(self, talk):
        talk("a classic romantic film")
        answer = talk("Roman Holiday sounds good, is it black and white? she doesn't love those")
        assert answer.text == "I don't have that information about Roman Holiday (1953)."
        assert not talk.state.taste.disliked

    @pytest.mark.parametrize(
        "message", ["can we play that together?", "is it for two players?", "which of these run on PS5?"]
    )
    def test_a_bare_fact_is_answered_barely(self, message, talk):
        talk("cosy games")
        answer = talk(message)
        assert answer.text.startswith("I don't have that information about")
        assert "The catalogue" not in answer.text

    def test_another_by_the_same_hand_is_about_no_writer(self, talk):
        talk("The Name of the Rose")
        answer = talk("do you have another by the same writer?")
        assert answer.text.startswith("We have nothing else by Umberto Eco.")
        assert "about writer" not in answer.text

    def test_a_rating(self, talk):
        talk("Hot Fuzz")
        assert talk("is it a 15 or 18?").text.startswith("Hot Fuzz (2007) is not listed as one for children.")

    def test_who_somebody_is(self, talk):
        assert titles(talk("who is etta james?")) == ["At Last!"]

    @pytest.mark.parametrize("message", ["could it be less violent?", "could it be strategy?"])
    def test_what_it_could_be_is_a_wish(self, message, talk):
        talk("a game")
        assert talk("StarCraft").cards
        talk(message)
        assert talk.limits & {("moods", "is_not", "violent"), ("genres", "is", "strategy")}


class TestPlainTitles:
    @pytest.fixture
    def shown(self, talk):
        talk.state.taste.shown = ["film-the-others-2001", "film-soul-2020", "book-the-door-1987"]
        return talk

    @pytest.mark.parametrize(
        ("message", "read"),
        [
            ("whats the others about?", "whats The Others (2001) about?"),
            ("Soul is animated, isn't it?", "Soul (2020) is animated, isn't it?"),
            ("is the door sad?", "is The Door (1987) sad?"),
        ],
    )
    def test_what_has_been_shown_is_meant(self, message, read, shown):
        assert with_titles_marked(message, shown.shop, shown.state) == read

    @pytest.mark.parametrize("message", ["what about the others?", "soul music please", "it came to the door"])
    def test_common_words_are_no_titles(self, message, shown):
        assert with_titles_marked(message, shown.shop, shown.state) == message

    def test_a_title_of_many_common_words(self, talk):
        assert titles(talk("if this is a man, do you have it?"))[:1] == ["If This Is a Man"]

    def test_no_is_an_answer(self, talk):
        talk("a film")
        assert "No" not in titles(talk("No."))

    def test_the_question_is_asked_again(self):
        visit = Visit()
        visit("what is The Name of the Rose about?")
        assert visit("no, The Door I asked").text.startswith("The Door (1987): A Budapest writer")


class TestAfresh:
    def test_another_kind_with_a_wish_of_its_own(self, talk):
        talk("a sad slow film from the 90s")
        answer = talk("and an album for her too, something folky")
        assert talk.limits == {("kind", "is", "album"), ("genres", "is", "folk"), ("decade", "is", 1990.0)}
        assert not talk.state.taste.wishes
        assert answer.cards

    def test_what_was_measured_by_a_film_says_nothing_of_albums(self, talk):
        talk("Once")
        talk("something newer")
        assert {limit.field for limit in talk.state.taste.limits if limit.measured} == {"year"}
        talk("now an album, something folky")
        assert "year" not in {field for field, _, _ in talk.limits}

    def test_a_language_that_nothing_on_the_subject_has(self, talk):
        talk("a French film")
        answer = talk("a course about cooking")
        assert "I let go of “French”" in answer.text
        assert titles(answer)[0] == "Weeknight Kitchen: Forty Simple Suppers"
        talk("a French film")
        assert talk("a course about photography").text.endswith("all I have about photography within your limits.")

    def test_a_length_said_before_any_kind_holds(self, talk):
        talk("playful and energetic, below 10 hours")
        talk("More like Spider-Man: Into the Spider-Verse.")
        talk("online course")
        assert ("minutes", "<", 600.0) in talk.limits

    def test_another_kind_alone_keeps_the_wish(self, talk):
        talk("a sad film")
        talk("or a book instead")
        assert ("moods", "melancholic") in talk.state.taste.wishes

    def test_what_is_to_be_like_it(self, talk):
        talk("I loved Blade Runner")
        talk("any books in that style?")
        assert talk.state.taste.anchors == ["film-blade-runner-1982"]

    def test_prices_stay(self, talk):
        talk("a funny film under 10 dollars")
        talk("now a book about trains")
        assert ("price", "<", 10.0) in talk.limits

    def test_no_child_any_more(self, talk):
        talk("a book for my grandson, he is 8")
        assert ("audience", "is", "children") in talk.limits
        talk("no, for an adult")
        assert ("audience", "is", "children") not in talk.limits

    def test_what_looks_grown_up_is_no_wish_for_it(self, talk):
        talk("a book for my grandson, he is 8")
        talk("oh dear, those look rather grown up")
        assert ("audience", "is", "children") in talk.limits

    def test_somebody_elses_maker_is_known_to_them(self, talk):
        shown = titles(talk("a mystery book"))
        talk("something similar for my sister, she likes Agatha Christie but has read all of them")
        assert not set(talk.state.taste.seen) & {item.id for item in marquee().index.catalog if item.title in shown}

    def test_what_was_but_named_is_no_taste(self, talk):
        talk("is it Stand by Me?")
        talk("Stand by Me")
        talk("a sad romance film")
        assert not talk.state.taste.anchors

    @pytest.mark.parametrize(
        ("before", "after", "field"),
        [
            ("a film after 1992", "it can be older too", "year"),
            ("a film in English", "subtitles are fine", "language"),
        ],
    )
    def test_what_is_fine_as_it_is(self, before, after, field, talk):
        talk(before)
        assert field in {name for name, _, _ in talk.limits}
        talk(after)
        assert field not in {name for name, _, _ in talk.limits}

    @pytest.mark.parametrize("message", ["I am tired and want to laugh", "something clever, we don't mind subtitles"])
    def test_nothing_is_refused(self, message, talk):
        talk(message)
        assert not talk.limits


class TestSubjects:
    def test_only_what_is_about_it_and_what_comes_near(self, talk):
        answer = talk("guitar courses")
        assert titles(answer)[0] == "Flamenco Guitar: First Steps"
        assert "That is all I have about guitar" in answer.text
        assert len(answer.cards) <= 3

    def test_there_is_nothing_by_a_maker_of_other_works(self, talk):
        assert talk("a tense game by Robert Wise").text.startswith("Nothing in the catalogue fits all of that")
        assert talk("films by Robert Wise").cards
        assert talk("more").text == "That is all we have by Robert Wise."

    def test_what_a_time_is_for_is_no_subject(self, talk):
        answer = talk("a jazz album for Sunday mornings")
        assert len(answer.cards) == 5
        assert "morning" not in answer.text

    def test_a_genre_that_films_lack_is_looked_for_in_them(self, talk):
        assert "Whiplash" in titles(talk("is there a film about any jazz musician?"))


class TestComplaints:
    def test_they_are_all_ancient(self, talk):
        talk("a game")
        assert any(field == "year" for field, _, _ in talk("these are all ancient. a game for friends") and talk.limits)

    def test_what_is_called_bad_is_no_taste(self, talk):
        talk("books about sailors")
        answer = talk("Wuthering Heights is the soppiest book there is. Treasure Island then.")
        assert answer.text.startswith("Wuthering Heights (1847) won't come up again. Close to Treasure Island (1883)")

    @pytest.mark.parametrize(
        "message",
        [
            "It is too violent",
            "a good one. She is too silly",
            "and that is very gory",
            "Alien is too violent, isn't it?",
        ],
    )
    def test_no_work_is_called_bad(self, message):
        assert plainly(message) == message

    def test_in_small_letters(self, talk):
        answer = talk("english only. and hereditary is super gory btw")
        assert answer.text.startswith("Hereditary (2018) won't come up again.")

    def test_a_sum_by_another_name(self, talk):
        text = talk("I'll have Mary Poppins and How to Train Your Dragon, what do they come to together?").text
        assert "Together that is $18.98." in text

    def test_the_two_that_were_spoken_of(self, talk):
        talk("do you have How to Train Your Dragon?")
        talk("how much is Mary Poppins?")
        assert "Together that is $18.98." in talk("Just those two, thank you. What is the total, please?").text

    def test_a_number_in_a_title(self, talk):
        talk("do you have Blade Runner?")
        answer = talk("whats the difference between that and 2049")
        assert titles(answer) == ["Blade Runner", "Blade Runner 2049"]
        assert talk("is 2049 in stock").text == "Blade Runner 2049 (2017) is in stock."

    def test_an_instrument_to_be_learned(self, talk):
        answer = talk("I'd like to learn to play the guitar, is there something for a total beginner?")
        assert titles(answer)[0] == "Flamenco Guitar: First Steps"
        assert {card.kind for card in answer.cards} == {"course"}

    def test_a_question_behind_praise(self, talk):
        talk("balatro sounds ok is it for adults only?")
        assert ("audience", "is_not", "children") not in talk.limits


class TestRead:
    @pytest.mark.parametrize(
        ("message", "limits"),
        [
            ("comedy film. no romcom", {("genres", "is", "comedy"), ("genres", "is_not", "romance")}),
            ("a horror film from the 20s or 30s", {("year", ">=", 1920.0), ("year", "<=", 1939.0)}),
            ("what's new in games", {("kind", "is", "game")}),
            ("just us, the kids are asleep. a film", {("kind", "is", "film")}),
            ("a film, learn, not listen", {("kind", "is", "film")}),
        ],
    )
    def test_limits(self, message, limits, talk):
        talk(message)
        assert limits <= talk.limits
        assert not {limit for limit in talk.limits if limit[0] in ("audience", "topic")}

    def test_a_trio_is_no_surname(self, talk):
        talk("jazz albums by a piano trio")
        assert not {limit for limit in talk.limits if limit[0] == "creators"}

    def test_a_genre_among_albums(self, talk):
        talk("calm albums")
        talk("something loud now, proper rock")
        assert ("genres", "is", "rock") in talk.limits

    @pytest.mark.parametrize(
        ("message", "word"),
        [
            ("a game for the switch please", "console"),
            ("a novel by a woman", "gender"),
            ("a one player game", "players"),
        ],
    )
    def test_what_no_column_tells_is_owned_up_to(self, message, word, talk):
        assert word in talk(message).text.partition(":")[0]
        assert "I can't go by" not in talk(message).text  # which has just been said

    def test_spelling(self):
        assert plainly("i want to get back into reading") == "i want to get back into books"
        assert plainly("ok, forget. a sad film") == "a sad film"
        assert plainly("Amélie - is it sad?") == "Amélie, is it sad?"
        assert plainly("shorter than 2h, about 20 to 30") == "shorter than 2 hours, between 20 and 30"
        assert plainly("something newer, less gore than the thing pls") == "something newer, less gore pls"
        assert plainly("films about 1914 to 1918") == "films about 1914 to 1918"
        assert plainly("less than 90 minutes") == "less than 90 minutes"
        assert plainly("I give up on Austen. a sad film") == "a sad film"
        assert plainly("A serial killer? Goodness, no.") == "not serial killer. "
        assert plainly("he hates anything soppy; no old films") == "he no romance; no old films"
        assert plainly("I want old films, no old games") == "I want any old films, no old games"
        assert plainly("Why would I like Good Omens?") == "tell me about Good Omens?"
        assert plainly("any albums of game music?") == "any albums of soundtracks?"
        assert plainly("a book about trains for my son, 9") == "a book about trains for my kid"
        assert plainly("for my son, 15") == "for my son, 15"
        assert spelled_out("isnt it sad") == "is it sad"
        assert spelled_out("it is sad, isn't it?") == "it is sad, isn't it?"

    def test_what_we_do_not_carry(self, talk):
        answer = talk("do you have board games or only video games?")
        assert answer.text.startswith("We don't carry any board games.")
        assert talk.limits == {("kind", "is", "game")}

    def test_columns_that_lack_are_told_of_together(self, talk):
        text = talk("a co-op game for the ps5").text
        assert text.count("I can't go by") == 1
        assert "console" in text

    def test_who_has_not_ordered_asks_for_no_order(self):
        assert "sign in" not in Visit()("if I order today, will it be here by friday?").text

    def test_part_of_a_title_on_screen(self, talk):
        talk.state.taste.shown = ["book-where-the-wild-things-are-1963"]
        talk.state.taste.focus = ["book-where-the-wild-things-are-1963"]
        assert talk("wild things looks good, is it for children?").text.startswith(
            "Where the Wild Things Are (1963) is"
        )


class TestTaken:
    def test_it_is(self):
        visit = Visit()
        visit("Paddington 2")
        assert visit("yeah Paddington 2 it is. cheers").text.startswith("Good choice!")

    def test_and_what_else_is_asked(self):
        visit = Visit()
        visit("Project Hail Mary")
        answer = visit("ok that one then. what else has he written?")
        assert "We have nothing else by Andy Weir." in answer.text or "all we have by Andy Weir" in answer.text


class TestOrder:
    def items(self, *moods: tuple[str, ...]) -> Catalog:
        made = (
            Item(id=str(at), title=f"Film {at}", kind="film", attributes={"moods": m}) for at, m in enumerate(moods)
        )
        return Catalog(tuple(made))

    def test_what_is_said_first_weighs_most(self):
        catalog = self.items(("tense", "funny", "dark"), ("funny", "warm", "playful"), ("warm", "tense", "bleak"))
        scores = FacetRetriever(catalog, Facets(catalog)).scores(Query(wishes=(("moods", "funny"),)))
        assert scores[1] > scores[0] > scores[2]
        assert listed_values(catalog[0], "moods") == ["tense", "funny", "dark"]

    def test_an_alphabet_says_nothing(self):
        catalog = self.items(("dark", "funny", "tense"), ("bleak", "dark", "funny"), ("funny", "tense", "warm"))
        scores = FacetRetriever(catalog, Facets(catalog)).scores(Query(wishes=(("moods", "funny"),)))
        assert scores[0] == scores[1] == scores[2]
