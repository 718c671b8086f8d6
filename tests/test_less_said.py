"""What is shown and said among goods is what was asked for: no further cards, no denial of what stands there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.desk import Desk
from chat.lines import Line, Read
from chat.lines import Lines as RealLines
from chat.shop import Shop
from chat.taking import spoken_of, taken
from retrieval.types import Item
from tests.shops import Talk, ids, marquee, shop_of, titles
from tests.visits import Visit

SAW = Item(
    id="saw", title="Hand Saw Ripp", kind="saw", price=20.0, creators=("Ripp",), attributes={"oiled": True},
    description="Cuts green wood. Hangs by a loop. Seven teeth an inch.",
)  # fmt: skip
AXE = Item(
    id="axe", title="Camp Axe Kerf 40 cm", kind="axe", price=35.0, attributes={"load_kg": 3.0}, description="Splits."
)
SPIKES = Item(id="spk", title="Tent Spikes Zwack", kind="spikes", price=9.0, description="Twelve in a bag.")
GOODS = (SAW, AXE, SPIKES)


class Lines:
    """Reads the same line of every item, with given log odds."""

    def __init__(self, line: Line, odds: float) -> None:
        self.found = Read(line, odds)

    def read(self, question, item):
        return self.found


def shop(**changes) -> Shop:
    return replace(shop_of(GOODS), **changes)


def talk_of(line: str, odds: float, field: str = "description") -> Talk:
    talk = Talk(shop(lines=Lines(Line(field, line), odds)))
    talk("a saw")
    return talk


class TestWhatIsAskedAbout:
    def test_is_shown_alone_and_the_others_keep_their_places(self):
        talk = Talk(marquee())
        shown = ids(talk("a funny film"))
        assert ids(talk("how long is the second one?")) == shown[1:2]
        assert ids(talk("and the third one?")) == shown[2:3]
        assert talk.state.taste.focus == shown

    def test_it_is_what_was_asked_about_last(self):
        talk = Talk(marquee())
        shown = talk("a funny film").cards
        talk("how long is the second one?")
        assert shown[1].title in talk("and how much is it?").text

    def test_those_are_what_the_question_names(self):
        talk = Talk(shop())
        talk("something for the camp")
        assert titles(talk("do those Zwack spikes come in a bag?")) == ["Tent Spikes Zwack"]

    def test_a_good_on_screen_goes_before_one_that_is_called_by_the_same_word(self):
        loops = Item(id="lps", title="Climbing Loops", kind="ropes", description="Of nylon.")
        talk = Talk(shop_of((*GOODS, loops)))
        talk("a saw")
        assert titles(talk("are the loops of the saw any good?")) == ["Hand Saw Ripp"]

    def test_how_many_are_left_is_a_question_of_stock(self):
        talk = Talk(shop())
        talk("a saw")
        for message in ("how many of those do you have left?", "got 60 of them?", "many of them left?"):
            assert "in stock" in talk(message).text

    def test_what_is_in_it_is_no_question_of_our_having_it(self):
        talk = Talk(shop())
        talk("a saw")
        assert not talk("is there a loop in that saw?").text.startswith("Yes, we have")


class TestWhatIsNotSurelyAnswered:
    def test_the_nearest_sentence_is_quoted_as_that(self):
        answer = talk_of("Hangs by a loop.", -1.0)("does it hold on a nail?")
        assert answer.text.startswith("The catalogue says of Hand Saw Ripp: Hangs by a loop.")
        assert answer.text.endswith("I don't have that information.")

    def test_what_may_stand_there_is_read_out_and_not_denied(self):
        answer = talk_of("Hangs by a loop.", -2.0)("does it hold on a nail?")
        assert answer.text.startswith(f"Hand Saw Ripp: {SAW.description}")
        assert answer.abstained

    def test_what_nothing_is_near_to_is_not_known(self):
        answer = talk_of("Hangs by a loop.", -5.0)("was it in the papers?")
        assert answer.text == "I don't have that information about Hand Saw Ripp."

    def test_the_very_words_are_quoted_however_far_they_are(self):
        answer = talk_of("Hangs by a loop.", -5.0)("does it have teeth?")
        assert answer.text.endswith("Seven teeth an inch.")

    def test_a_name_gives_a_size(self):
        talk = Talk(shop(lines=Lines(Line("description", "Splits."), -5.0)))
        talk("an axe")
        assert "40 cm" in talk("how long is the axe?").text

    def test_a_number_is_no_matter_of_yes_and_no(self):
        talk = Talk(shop())
        talk("a saw")
        assert "yes" not in talk("how many are in the oiled box?").text

    def test_a_brand_that_the_question_names_is_not_what_it_asks(self):
        lines = object.__new__(RealLines)
        lines._encoder = shop_of(GOODS).index.encoder
        assert "creators" in [line.field for line in lines.near("who makes it", SAW)[0]]
        assert "creators" not in [line.field for line in lines.near("doors on the Ripp", SAW)[0]]


class TestTwo:
    def test_are_told_of_by_the_column_that_is_nearest(self):
        heavy = replace(SAW, id="two", title="Frame Saw Bogen", attributes={"load_kg": 5.0})
        talk = Talk(replace(shop_of((AXE, heavy)), lines=Lines(Line("load_kg", "load: 3 kg"), 1.0)))
        answer = talk("difference in load, the Kerf and the Bogen?")
        assert "load: 3 kg" in answer.text
        assert "load: 5 kg" in answer.text

    def test_both_are_the_last_two_put_first(self):
        visit = Visit(shop=shop(), desk=Desk())
        visit("a saw")
        visit("an axe too")
        answer = visit("both in my basket please")
        assert "Hand Saw Ripp costs" in answer.text
        assert "Camp Axe Kerf 40 cm costs" in answer.text
        assert "cheaper" not in answer.text

    def test_who_takes_goods_calls_them_by_a_word(self):
        assert taken("the axe and the spikes, quick", GOODS) == [AXE, SPIKES]
        assert taken("both please", GOODS) == []
        assert taken("the axe and some spikes", GOODS) == [AXE]
        talk = Talk(shop())
        talk("an axe")
        talk("a saw")
        assert spoken_of(talk.shop, talk.state)[0] == SAW


class TestWhatIsSaidAround:
    @pytest.mark.parametrize("message", ["can cost more", "dearer is ok", "I can spend more"])
    def test_a_price_is_let_go_of(self, message):
        talk = Talk(shop())
        talk("a saw under 25")
        talk(message)
        assert not {limit for limit in talk.limits if limit[0] == "price"}

    def test_limits_are_repeated_in_the_persons_figures_alone(self):
        talk = Talk(shop())
        assert talk("something oiled").text.startswith("I'd start with")
        assert talk("under 25").text.startswith("Under 25: I'd start with")

    def test_what_is_wished_besides_is_no_question_that_is_owed_an_answer(self):
        visit = Visit()
        answer = visit("How do returns work? I want to see with my own eyes.")
        assert "own eyes" not in answer.text
