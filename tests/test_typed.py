"""What people type: shorthand, their day and family, works that are not ours, and questions behind a comma."""

from __future__ import annotations

import pytest

from chat.typed import asides, spelled_out, squeezed
from chat.understanding import understand
from tests.shops import Talk, marquee, titles

SPELLED = {
    "whats that one abt": "what's that one about",
    "Im after smth slow pls": "I'm after something slow please",
    "no wait, I meant a book": "I meant a book",
    "he'll love it": "he will love it",
    "he never shuts up about Pink Floyd": "he loves Pink Floyd",
    "U-571 and {0!r}": "U-571 and {0!r}",
    "something for a 6 yr old": "something for my kid",
    "a seven-year-old and I": "my kid and I",
    "a 13 year old": "a 13 year old",
    "she's 9": "my kid",
    "she is eleven": "my kid",
    "with my two, 6 and 10": "with my kid",
    "three kids aged 5, 8 and 11": "my kid",
    "he's 10% sure": "he's 10% sure",
}

# Messages that ask for nothing beyond what stands behind them: (field, value) of wishes and limits.
SAID_BY_THE_WAY = {
    "need a film for tonight after a long week at work": {("kind", "film")},
    "my brother-in-law turns 40 next month": set(),
    "not a game this time": {("kind", "game")},
    "need music for cooking on sunday": {("kind", "album")},
    "she isn't great with computers": set(),
    "I teach English": set(),
    "I can't sleep, something calm": {("moods", "calm")},
    "what album do I get her without being embarrassing": {("kind", "album")},
    "we just finished A Gentleman in Moscow": set(),
    "i have Pink Moon already": set(),
}

# Messages with five cards on the table: the columns that they ask about.
ASKED = {
    "the second one, is it in French?": ("language",),
    "is the first one over 3 hours?": ("length",),
    "the top one, how violent is it": ("moods",),
    "what's the first one like, is it funny?": ("moods",),
    "the second one, is that an album or a game?": ("kind",),
    "who did the music for it?": ("other",),
    "is it the same guy who did Inception?": ("creators",),
    "is there a film of it too?": ("form",),
    "does it come as a book as well?": ("form",),
}


def read(text: str, shown: int = 5):
    return understand(spelled_out(text), marquee().linker, marquee().parser, shown)


@pytest.mark.parametrize(("typed", "spelled"), SPELLED.items())
def test_shorthand_is_spelled_out(typed, spelled):
    assert spelled_out(typed).split() == spelled.split()


def test_asides_are_found_where_they_stand():
    text = "movie night with my in-laws, about my father"
    assert [text[start:end] for start, end in asides(text)] == ["night"]


@pytest.mark.parametrize(("text", "values"), SAID_BY_THE_WAY.items())
def test_what_is_said_by_the_way_asks_for_nothing(text, values):
    parsed = read(text, shown=0).parsed
    limits = {(c.field, str(c.value)) for c in parsed.constraints}
    assert limits | {(w.field, w.value) for w in parsed.wishes} == values


@pytest.mark.parametrize(("text", "fields"), ASKED.items())
def test_questions_behind_a_comma(text, fields):
    understood = read(text)
    assert (understood.act, understood.questions) == ("question", fields)


@pytest.mark.parametrize(
    ("text", "attitude"),
    [
        ("seen Stalker, wonderful", "like"),
        ("we have finished Stalker, more like it please", "like"),
        ("I've seen Stalker", "seen"),
        ("Stalker nearly killed me", "dislike"),
        ("I can't get on with Stalker", "dislike"),
        ("sick of Stalker", "dislike"),
    ],
)
def test_stands_in_everyday_words(text, attitude):
    assert {o.attitude for o in read(text).opinions} == {attitude}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("we just finished A Gentleman in Moscow and loved it", "A Gentleman in Moscow"),
        ("She loved Gilmore Girls", "Gilmore Girls"),
        ("I saw Brief Encounter and I cried", "Brief Encounter"),
        ("I loved Stalker", ""),
        ("I love New York", ""),
    ],
)
def test_works_that_are_not_ours_are_owned_up_to(text, name):
    assert read(text).unknown_name == name


@pytest.mark.parametrize(
    "text",
    [
        "we've watched Paddington forty times so not that one",
        "he might not have a way of watching it",
        "I'd like to host my book club",
        "she found No-Face really scary",
        "i just finished stranger things",
    ],
)
def test_no_card_and_no_title_is_meant(text):
    assert all(o.attitude == "neutral" for o in read(text).opinions)


def test_a_title_that_begins_like_a_question_is_none():
    understood = read("How Life on Earth Began")
    assert (understood.act, understood.bare_title) == ("recommend", True)


def test_a_maker_behind_a_title_is_no_limit():
    understood = read("I cried through Blue by Joni Mitchell", shown=0)
    assert [o.surface for o in understood.opinions] == ["Blue"]
    assert understood.parsed.constraints == ()


class TestTalks:
    def test_a_kind_that_we_do_not_carry_is_said_and_no_dead_end(self):
        talk = Talk(marquee())
        answer = talk("a cosy series to binge")
        assert "We don't carry any series." in answer.text
        assert answer.cards

    def test_what_is_not_minded_is_refused_no_longer(self):
        talk = Talk(marquee())
        talk("a game, no fighting")
        assert ("topic", "is_not", "fighting") in talk.limits
        talk("I don't mind some fighting")
        assert ("topic", "is_not", "fighting") not in talk.limits

    def test_the_verb_tells_the_kind_of_a_work_that_is_not_ours(self):
        talk = Talk(marquee())
        answer = talk("I saw Brief Encounter and I cried")
        assert {card.kind for card in answer.cards} == {"film"}

    def test_a_book_of_a_film(self):
        talk = Talk(marquee())
        talk("do you have Dune: Part Two?")
        assert "We don't have Dune: Part Two (2024) as a book." in talk("is there a book of it?").text
        talk("do you have the film Solaris (1972)?")
        answer = talk("does it come as a book as well?")
        assert answer.text.startswith("Yes: Solaris (1961), book")
        assert not answer.cards  # a film is asked for

    def test_the_card_that_a_word_tells_apart(self):
        talk = Talk(marquee())
        shown = talk("do you have Flamenco Guitar: First Steps?")
        place = titles(shown).index("Flamenco Guitar: First Steps")
        assert place == 0
        assert "Flamenco Guitar: First Steps (2021) runs to" in talk("how long does the guitar one take").text

    def test_what_was_so_bleak_is_not_wished_for(self):
        talk = Talk(marquee())
        talk("the last book was so bleak that we need cheering up")
        assert [value for _, value in talk.state.taste.wishes] == ["hopeful"]

    @pytest.mark.parametrize(
        ("text", "limit"),
        [("an old film please", ("year", "<", 1980.0)), ("something recent", ("year", ">=", 2015.0))],
    )
    def test_old_and_recent(self, text, limit):
        talk = Talk(marquee())
        talk(text)
        assert limit in talk.limits


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("-" * 500, "---"),
        ("the Matrix " * 90, "the Matrix the Matrix the Matrix "),
        ("slow" + "\n" * 200 + "film", "slow\n\n\nfilm"),
        ("slow " + "-.-(" * 50 + " film", "slow -.-"),
        ("要安静的电影。" * 60, "要安静的电影。" * 3),
        ("a film for 1000000000 dollars, no no no no no no no", "a film for 1000000000 dollars, no no no no no no no"),
    ],
)
def test_what_is_repeated_over_and_over_is_said_three_times(typed, left):
    assert squeezed(typed).startswith(left)
    assert len(squeezed(typed)) < 70
