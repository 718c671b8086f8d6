"""What a message leaves unsaid and takes back: corrections, objections, denials; why something was shown."""

from __future__ import annotations

import pytest

from chat.acts import plain_act
from chat.tongues import foreign
from tests.shops import Talk, ids, marquee, titles


@pytest.fixture(scope="module")
def shop():
    return marquee()


@pytest.fixture
def talk(shop):
    return Talk(shop)


def shown(talk, *named):
    """Put items on the screen, by title and perhaps year."""
    catalog = talk.shop.index.catalog
    found = [
        next(i for i in catalog.items if i.title == title and (not year or i.year == year)) for title, year in named
    ]
    talk.state.taste.focus = [item.id for item in found]
    talk.state.taste.shown = [item.id for item in found]
    return found


class TestNamesakes:
    @pytest.mark.parametrize("said", ["no the david lynch one", "no, the 1984 one", "the old one"])
    def test_a_correction_asks_once_more(self, talk, said):
        assert "155 minutes" in talk("how long is Dune?").text
        talk.state.route = "item"
        assert "137 minutes" in talk(said).text
        assert not talk.limits

    def test_a_question_about_the_other_one(self, talk):
        talk("how long is Dune?")
        assert "137 minutes" in talk("and the 1984 one, how long is that?").text

    def test_the_two_are_compared(self, talk):
        assert "Dune (2021) is the longer one" in talk("which Dune film is longer, the new one or the old one?").text

    def test_a_refusal_stays_one(self, talk):
        shown(talk, ("Dune", 2021), ("Arrival", 2016))
        talk("no, the first one was too long")
        assert "film-dune-2021" not in talk.state.taste.liked

    def test_the_one_on_screen_is_meant(self, talk):
        shown(talk, ("King Kong", 2005), ("Arrival", 2016))
        talk("not King Kong")
        assert talk.state.taste.disliked == ["film-king-kong-2005"]


class TestShortNames:
    def test_a_word_of_a_title_on_screen(self, talk):
        shown(talk, ("Lilo & Stitch", 2002), ("Paddington 2", 2017))
        assert "Paddington 2 (2017) costs" in talk("how much is paddington?").text

    def test_not_where_it_is_a_subject(self, talk):
        shown(talk, ("Lilo & Stitch", 2002), ("Paddington 2", 2017))
        assert "film-paddington-2-2017" not in ids(talk("something about paddington"))

    @pytest.mark.parametrize("said", ["lilo and stitch", "Lilo & Stitch", "LILO AND STITCH"])
    def test_an_ampersand_is_an_and(self, talk, said):
        assert "Lilo & Stitch (2002) costs $14.99" in talk(f"how much is {said}?").text

    @pytest.mark.parametrize(
        "said", ["I asked about Frostpunk", "no, i mean frostpunk", "I was asking about Frostpunk"]
    )
    def test_a_name_that_was_asked_for(self, talk, said):
        talk("a strategy game")
        assert "Frostpunk (2018)" in talk(said).text

    def test_a_series_is_refused(self, talk):
        shown(talk, ("Star Wars", 1977), ("Arrival", 2016))
        talk("dinosaurs, not star wars")
        assert "film-star-wars-1977" in talk.state.taste.disliked
        assert not any(value == "war" for _, _, value in talk.limits)


class TestObjections:
    @pytest.mark.parametrize(
        "said",
        [
            "Dark Souls isn't post-apocalyptic though, and it's super long",
            "what's Dark Souls doing there, that's way too scary",
            "Dark Souls sounds good but she says too hard",
            "Dark Souls for a four year old??",
            "forget Dark Souls",
            "never mind Dark Souls",
            "Dark Souls is way too long",
        ],
    )
    def test_what_is_objected_to_is_left_out(self, talk, said):
        shown(talk, ("Dark Souls", 2011), ("Frostpunk", 2018))
        answer = talk(said)
        assert talk.state.taste.disliked == ["game-dark-souls-2011"]
        assert "Dark Souls" not in titles(answer)

    @pytest.mark.parametrize(
        "said",
        [
            "Dark Souls isn't bad",
            "I'll never forget Dark Souls",
            "Dark Souls isn't available?",
            "is Dark Souls too long?",
        ],
    )
    def test_what_only_sounds_so_is_not(self, talk, said):
        shown(talk, ("Dark Souls", 2011), ("Frostpunk", 2018))
        talk(said)
        assert not talk.state.taste.disliked

    def test_what_it_is_not_is_wanted(self, talk):
        shown(talk, ("Dark Souls", 2011), ("Frostpunk", 2018))
        talk("Dark Souls isn't post-apocalyptic though")
        assert not any(op == "is_not" for _, op, _ in talk.limits)

    @pytest.mark.parametrize(
        "said", ["Those are children's books, I am seventy-eight", "these are all kids books, she's 60"]
    )
    def test_what_is_shown_is_complained_of(self, talk, said):
        talk("a calm book")
        talk(said)
        assert ("audience", "is", "children") not in talk.limits
        assert not any(op == "is" and value == "children" for _, op, value in talk.limits)


class TestDenials:
    @pytest.mark.parametrize(
        "said",
        [
            "but i never said anything about monsters",
            "I never said no monsters either, monsters are fine",
            "why do you keep saying no monsters",
            "I didn't say no monsters",
        ],
    )
    def test_what_was_never_said_is_taken_back(self, talk, said):
        talk("a game, no monsters")
        assert any(op == "is_not" and value == "monsters" for _, op, value in talk.limits)
        talk(said)
        assert not any(value == "monsters" for _, _, value in talk.limits)

    def test_what_was_never_asked_for_is_no_limit(self, talk):
        talk("a game about magic")
        talk("i never said anything about monsters")
        assert not any(value == "monsters" for _, _, value in talk.limits)

    def test_when_does_not_matter(self, talk):
        talk("albums since 2015")
        talk("idc when its from, something loud")
        assert not any(field == "year" for field, _, _ in talk.limits)
        assert not talk.state.taste.disliked


class TestReasons:
    @pytest.mark.parametrize(
        "said", ["why did you show me {}?", "why {}??", "how come you suggested {}?", "but why {} though?"]
    )
    def test_the_words_of_the_card(self, talk, said):
        first = talk("a slow film about space").cards[0]
        answer = talk(said.format(first.title))
        assert first.why[1:] in answer.text
        assert f"I showed {first.title}" in answer.text

    @pytest.mark.parametrize(
        "said", ["why did you show me the first one?", "why that first one?", "but why the first?"]
    )
    def test_by_its_place(self, talk, said):
        first = talk("a slow film about space").cards[0]
        assert first.why[1:] in talk(said).text

    def test_what_was_never_shown(self, talk):
        talk("a slow film about space")
        assert "haven't suggested" in talk("why did you recommend Pride and Prejudice?").text

    def test_an_invitation_is_no_question(self, talk):
        assert "I showed" not in talk("why don't you show me a comedy?").text


def test_a_length_is_of_its_kind(talk):
    talk("a film under 90 minutes")
    assert any(field == "minutes" for field, _, _ in talk.limits)
    answer = talk("music then")
    assert not any(field == "minutes" for field, _, _ in talk.limits)
    assert "under 90 minutes" in answer.text


def test_just_one_is_picked(talk):
    talk("a slow film about space")
    assert talk("just give me one").text.startswith("Of these I'd go for")
    assert talk("I said ONE").text.startswith("Of these I'd go for")


def test_whether_a_work_is_for_children(talk):
    talk("Gremlins")
    assert "not listed as one for children" in talk("is it ok for my kid?").text


@pytest.mark.parametrize("text", ["bet ty", "ty", "cheers mate", "thanks so much dear", "谢谢，那我再想想", "ta"])
def test_thanks(text):
    assert plain_act(text) == "thanks"


@pytest.mark.parametrize("text", ["thanks for nothing", "go back to the games", "no wait go back to the films"])
def test_neither_thanks_nor_undone(text):
    assert plain_act(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hallo, ich suche ein Buch für meinen Mann, er mag Krimis", "de"),
        ("je cherche un film pour ma fille", "fr"),
        ("hola, busco algo para mi hija", "es"),
        ("cerco un libro per mia figlia, qualcosa di bello che mi piace", "it"),
        ("ik zoek een boek voor mijn vrouw", "nl"),
        ("procuro um livro para meu filho", "pt"),
        ("I loved Das Leben der Anderen", ""),
        ("Y tu mamá también", ""),
        ("do you have La vita è bella?", ""),
        ("Les quatre cents coups", ""),
        ("a film in der Nähe von Wien", ""),
        ("something slow", ""),
        ("", ""),
    ],
)
def test_tongues(text, language):
    assert foreign(text) == language


def test_a_foreign_message_is_answered_in_its_language(talk):
    assert talk("je cherche un film pour ma fille").text.startswith("Je ne lis que")


@pytest.mark.parametrize("said", ["nah", "no", "meh", "not really", "no thanks", "not for me"])
def test_a_no_to_all_that_is_shown_wants_others(talk, said):
    first = ids(talk("a slow film"))
    second = talk(said)
    assert second.cards
    assert not set(first) & set(ids(second))


def test_old_ones_are_followed_by_newer_ones(talk):
    films = shown(talk, ("Alien", 1979), ("Casablanca", 1942), ("Arrival", 2016), ("Inception", 2010), ("Jaws", 1975))
    answer = talk("those are old, something newer")
    assert len(films) == 5
    assert ("year", ">", 1979.0) in talk.limits
    assert all(card.year > 1979 for card in answer.cards)


def test_a_romantic_comedy_is_a_comedy(talk):
    assert all("comedy" in card.genres for card in talk("a romantic comedy").cards)
    assert ("genres", "is", "comedy") in talk.limits


def test_a_card_that_lacks_it_is_refused_for_that(talk):
    first = talk("a romantic comedy").cards[0]
    talk("that one isn't funny")
    assert talk.state.taste.disliked == [first.id]
    assert ("moods", "funny") in talk.state.taste.wishes
    assert not any(op == "is_not" for _, op, _ in talk.limits)


def test_the_least_of_those_shown(talk):
    cards = ids(talk("a horror film"))
    assert ids(talk("and the least scary?"))[0] in cards


def test_moods_near_a_refused_one_come_later(talk):
    def shade(cards):
        moods = {i.id: i.attributes["moods"] for i in talk.shop.index.catalog.items}
        return sum(bool({"bleak", "scary", "eerie"} & set(moods[card.id])) for card in cards)

    assert shade(talk("an old film, nothing dark").cards) == 0


def test_a_theme_counts_for_more_than_a_mention(talk):
    themes = {item.id: item.attributes["themes"] for item in talk.shop.index.catalog.items}
    cards = talk("a film about trains").cards
    assert all("trains" in themes[card.id] for card in cards)


def test_what_is_asked_for_with_something_may_be_a_genre(talk):
    talk("something romantic with action")
    assert ("genres", "action") in talk.state.taste.wishes
    assert all("action" in card.genres for card in talk("a crime film with action").cards[:3])
    assert ("genres", "is", "crime") in talk.limits


@pytest.mark.parametrize("said", ["played amnesia already", "I've seen amnesia"])
def test_a_plain_word_of_a_title_on_screen_behind_what_is_done_with_works(talk, said):
    shown(talk, ("Amnesia: The Dark Descent", 2010), ("SOMA", 2015))
    talk(said)
    assert "game-amnesia-the-dark-descent-2010" in talk.state.taste.seen


def test_a_question_goes_on_behind_a_title(talk):
    assert "Paddington 2 (2017) costs $7.99" in talk("do you have Paddington 2 and how much is it").text


def test_too_old_asks_for_what_is_newer_than_half_of_them(talk):
    years = sorted(card.year for card in talk("a horror game").cards)
    talk("nah too old")
    assert ("year", ">", float(years[2])) in talk.limits


def test_please_no(talk):
    talk("a romance")
    talk("we saw Titanic in the cinema, please no")
    assert "film-titanic-1997" in talk.state.taste.disliked


def test_one_of_two_is_advised_and_both_are_spoken_of(talk):
    answer = talk("should I start with Stalker or Solaris?")
    assert {"film-stalker-1979", "film-solaris-1972"} == set(ids(answer))
    assert "Solaris (1972) is the longer one" in talk("which of those two is longer?").text


def test_a_title_outside_the_limits_is_the_one_spoken_of(talk):
    talk("a comedy film")
    assert "outside your limits" in talk("do you have Heat?").text
    assert "Heat (1995) costs $9.99" in talk("how much is it?").text


def test_from_the_last_years(talk):
    talk("a romance from the last 15 years")
    assert any((field, op) == ("year", ">=") and value >= 2011 for field, op, value in talk.limits)


def test_a_refused_century_wants_what_is_newer(talk):
    talk("a novel, but not a classic from the 19th century")
    assert ("year", ">", 1900.0) in talk.limits
    assert not any(op == "<=" for _, op, _ in talk.limits)
