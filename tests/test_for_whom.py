"""For whom things are: ranges in one cell or two columns, the people told of, and numbers that are of neither."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from chat.typed import spelled_out
from chat.wording import together
from retrieval.catalog import Catalog
from retrieval.constraints import Facets, satisfies
from retrieval.labels import label
from retrieval.parsing import Parser
from retrieval.persons import told
from retrieval.ranges import bound_of, part_of, range_of, worded
from retrieval.types import Constraint, Item
from tests.shops import Talk, ids, shop_of


def ski(id_: str, title: str, kind: str, price: float, **columns: object) -> Item:
    return Item(id_, title, kind, price=price, currency="EUR", attributes=columns)


GOODS = [
    ski("a", "Fjell Tour", "ski", 400.0, skier_height_cm="150-170", weight_kg=3.0, length_cm=158.0, tail_inches=9.0),
    ski("b", "Fjell Tour Long", "ski", 450.0, skier_height_cm="168–190", weight_kg=3.4, length_cm=178.0,
        tail_inches=10.0),
    ski("c", "Fjell Giant", "ski", 500.0, skier_height_cm="from 185", weight_kg=3.9, length_cm=190.0,
        tail_inches=11.0),
    ski("d", "Pico Snow", "ski", 150.0, skier_height_cm="95-125 cm", weight_kg=1.6, length_cm=100.0, tail_inches=8.0),
    ski("e", "Blank", "ski", 120.0, weight_kg=3.1),
    ski("w", "Glide Wax", "wax", 12.0, grip_level=4.0),
    ski("x", "Cold Wax", "wax", 15.0, grip_level=8.0),
    ski("y", "Ice Wax", "wax", 25.0, grip_level=9.0),
]  # fmt: skip
TOYS = [
    ski("t1", "Stacking Cups", "toy", 10.0, min_age=1.0, max_age=3.0),
    ski("t2", "Marble Run", "toy", 30.0, min_age=4.0, max_age=8.0),
    ski("t3", "Chemistry Set", "toy", 40.0, min_age=10.0, max_age=16.0),
]
PARSER = Parser(Facets(Catalog(GOODS)))


def limits(text: str) -> set[str]:
    return {f"{c.field} {c.op} {c.value}" for c in PARSER.parse(text).constraints}


@pytest.fixture
def talk():
    return Talk(shop_of(GOODS))


class TestRanges:
    @pytest.mark.parametrize(
        ("cell", "bounds"),
        [
            ("155-175", (155, 175)), ("1,55 – 1,75 m", (1.55, 1.75)), ("from 150", (150, math.inf)),
            ("3-5 years", (3, 5)), ("8+", (8, math.inf)), ("up to 120 cm", (0, 120)), (160.0, (160, 160)),
            (("S", "150-160"), None), (("150-160", "160-172"), (150, 172)), ("adults", None), (True, None),
        ],
    )  # fmt: skip
    def test_are_read_from_a_cell(self, cell, bounds):
        assert range_of(Item("i", "I", attributes={"rider_height_cm": cell}), "rider_height_cm") == bounds

    def test_are_read_from_two_columns(self):
        item = Item("i", "I", attributes={"rider_height_min_cm": 150.0, "rider_height_max_cm": 170.0})
        assert range_of(item, "rider_height_cm") == (150, 170)
        assert bound_of("rider_height_min_cm") == ("rider_height_cm", 0)
        assert bound_of("Max Age") == ("age", 1)
        assert bound_of("weight_kg") is None
        assert range_of(Item("i", "I", attributes={"min_age": 3.0}), "age") == (3, math.inf)

    def test_tell_of_what_of_a_person_they_are(self):
        headers = ("rider_height_cm", "age", "recommended ages", "head_cm", "desk_height_cm", "user_weight_kg")
        assert [part_of(name) for name in headers] == ["height", "age", "age", "head", "", "weight"]

    def test_are_worded(self):
        shown = [worded((150, 170), "cm", "en"), worded((150, math.inf), "cm", "en"), worded((0, 9), "", "en")]
        assert shown == ["150–170 cm", "from 150 cm", "up to 9"]
        assert label("skier_height_cm", "fits", 158.0) == "for 158 cm"
        assert label("skier_height_cm", "fits", 158.0, "zh") == "适合158 cm"
        assert (label("age", "fits", 6.0), label("age", "fits", 6.0, "zh")) == ("for age 6", "适合6岁")
        assert label("head_cm", "fits", 57.0) == "for head 57 cm"

    def test_what_is_for_nobody_in_particular_is_for_everybody(self):
        facets = Facets(Catalog(GOODS))
        fits = Constraint("skier_height_cm", "fits", 160.0)
        kinds = [Constraint("kind", "is", kind) for kind in ("ski", "wax")]
        assert [GOODS[at].id for at in facets.mask([fits, kinds[0]]).nonzero()[0]] == [
            "a"
        ]  # not "e", of unknown height
        assert facets.mask([fits, kinds[1]]).sum() == 3
        assert facets.mask([fits]).sum() == 1  # no kind is asked for: waxes do not come between
        assert satisfies(GOODS[0], fits)
        assert not satisfies(GOODS[1], fits)


class TestReading:
    @pytest.mark.parametrize(
        ("text", "part", "value"),
        [
            ("she's 158 cm", "height", 158), ("i'm 1.64", "height", 164), ("i'm 190 so a long one", "height", 190),
            ("would it fit me at 1,95?", "height", 195), ("he is 5'4", "height", 163), ("i am 6 ft 2", "height", 188),
            ("我身高165", "height", 165), ("my son is 1 m 38", "height", 138), ("1,72", "height", 172),
            ("he is 6 years old", "age", 6), ("my niece turns 9", "age", 9), ("my son (9) skis", "age", 9),
            ("18 months old", "age", 1.5), ("孩子6岁", "age", 6), ("head is 57cm", "head", 57),
            ("i weigh 80 kg", "weight", 80), ("9 km each way", "way", 0), ("it is 60 km to the office", "way", 0),
        ],
    )  # fmt: skip
    def test_what_is_told_of_people(self, text, part, value):
        assert [(t.part, t.value) for t in told(text) if t.part == part] == [(part, pytest.approx(value, abs=0.01))]

    @pytest.mark.parametrize("text", ["under 160 cm", "80 cm wide", "i'm 150 euros short", "28 inch wheels"])
    def test_what_is_none(self, text):
        assert not list(told(text))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("she is 158 cm tall", {"skier_height_cm fits 158.0"}),
            ("a ski for my son, 118 cm", {"kind is ski", "skier_height_cm fits 118.0"}),
            ("a ski, length 158 cm", {"kind is ski", "length_cm is 158.0"}),
            ("12 km to work, a ski please", {"kind is ski"}),
            ("head is 57 cm, a ski", {"kind is ski"}),
            ("a ski of 9 inches", {"kind is ski", "tail_inches is 9.0"}),
            ("50 kg of luggage and a ski", {"kind is ski"}),
            ("a ski under 50 kg", {"kind is ski", "weight_kg < 50.0"}),
            ("3.9 kg is too heavy", {"weight_kg < 3.9"}),
            ("1.6 kg isn't enough", {"weight_kg > 1.6"}),
            ("a wax of at least level 8", {"kind is wax", "grip_level >= 8.0"}),
            ("a wax, level 8 or more", {"kind is wax", "grip_level >= 8.0"}),
            ("wax with grip level 9", {"kind is wax", "grip_level is 9.0"}),
            ("my budget is around 100", {"price <= 110.0"}),
        ],
    )
    def test_limits(self, text, expected):
        assert limits(text) == expected

    def test_no_measure_of_people_is_read_where_no_column_is_of_them(self):
        parser = Parser(Facets(Catalog([ski("s", "Shelf", "shelf", 50.0, width_cm=90.0)])))
        assert not parser.parse("I'm 190 cm tall").constraints
        assert parser.parse("a shelf of 90 cm").constraints

    def test_a_childs_age_is_kept_where_the_shop_asks_for_it(self):
        assert "my kid aged 6" in spelled_out("my daughter turns 6 soon", ages=True)
        assert spelled_out("she is 5'1") == "she is 5'1"


class TestAnswers:
    def test_who_tells_a_height_gets_what_is_made_for_it(self, talk):
        talk("I'd like a ski")
        answer = talk("she's 158 cm")
        assert ids(answer) == ["a"]
        assert "for 158 cm" in answer.text.casefold()
        assert answer.cards[0].why == "Skier height 150–170 cm."

    def test_other_kinds_are_not_said_to_be_for_it(self, talk):
        talk("a ski, I'm 1.64")
        answer = talk("and a wax")
        assert set(ids(answer)) == {"w", "x", "y"}
        assert "164" not in answer.text

    def test_ages_from_two_columns(self):
        talk = Talk(shop_of(TOYS))
        assert ids(talk("a toy, he is 6 years old")) == ["t2"]
        assert "not made for age 12, but for 4–8" in talk("would it fit a 12 year old?").text

    def test_whether_it_fits_is_answered_and_remembered(self, talk):
        talk("a ski")
        talk("the Fjell Tour Long please")
        assert talk("would it fit me at 1,60?").text.startswith(
            "No, Fjell Tour Long is not made for 160 cm, but for 168"
        )
        assert ("skier_height_cm", "fits", 160.0) in talk.limits
        assert ids(talk("show me skis that fit me")) == ["a"]

    def test_without_a_height_its_range_is_told(self, talk):
        talk("the Fjell Tour")
        assert "150–170 cm" in talk("would it fit me?").text
        assert "适合160 cm：" in talk("Fjell Tour适合我吗？我身高160").text

    def test_a_column_is_owned_up_to_in_words_and_once(self, talk):
        answer = talk("a wax under 2 kg and over 1 kg")
        assert answer.text.count("can't go by the weight") == 1
        assert "_kg" not in answer.text

    def test_too_expensive_is_measured_by_what_was_shown(self, talk):
        shown = talk("a wax")
        talk("how heavy is the Fjell Giant?")
        answer = talk("too expensive")
        first = next(item for item in GOODS if item.id == shown.cards[0].id)
        assert f"under €{first.price:g}" in answer.text  # of the waxes, not of the ski that was asked about
        assert {card.kind for card in answer.cards} == {"wax"}

    def test_nothing_too_expensive_is_no_comparison(self, talk):
        talk("a ski")
        talk("nothing too expensive please")
        assert [limit for limit in talk.limits if limit[0] == "price"] == [("price", "<=", 400.0)]  # half of the skis


PETS = [
    Item(
        "p1",
        "Small Harness",
        kind="harness",
        attributes={"pet_weight_kg": "2-8", "pack_weight_kg": 0.1, "animal": "cat"},
    ),
    Item(
        "p2",
        "Big Harness",
        kind="harness",
        attributes={"pet_weight_kg": "15-40", "pack_weight_kg": 0.3, "animal": "dog"},
    ),
    Item("p3", "Kibble", kind="food", attributes={"pack_weight_kg": 12.0, "animal": "dog"}),
    Item("p4", "Fish Bites", kind="food", attributes={"pack_weight_kg": 4.0, "animal": "cat"}),
]


@pytest.mark.parametrize(
    "message", ["she weighs about 31 kilos", "he's a 24kg springer", "spaniel, about 17 kg", "体重20公斤"]
)
def test_what_a_pet_weighs_is_no_weight_of_a_pack(message):
    talk = Talk(shop_of(PETS))
    talk("a harness")
    assert ids(talk(message)) == ["p2"]


def test_the_weight_of_a_pack_is_one():
    assert ids(Talk(shop_of(PETS))("food, a 12 kg bag")) == ["p3"]


def test_for_a_dog_is_a_limit():
    talk = Talk(shop_of(PETS))
    assert ids(talk("food for a dog")) == ["p3"]
    assert ("animal", "is", "dog") in talk.limits


def toy(id_: str, title: str, kind: str, price: float, age: str, players: str = "") -> Item:
    columns = {"age": age} | ({"players": players} if players else {})
    return Item(id_, title, kind, price=price, currency="EUR", attributes=columns)


PLAYTHINGS = [
    toy("g1", "Fox Trail", "board game", 24.9, "5-9", "2-4"),
    toy("g2", "Salt Barons", "board game", 59.0, "from 12", "3-6"),
    toy("g3", "Two Towers", "board game", 29.9, "from 8", "2"),
    toy("g4", "Snap Snakes", "board game", 12.0, "4-99", "2-8"),
    toy("b1", "Teething Ring", "baby toy", 14.9, "0-1"),
    toy("b2", "Push Cart", "baby toy", 49.9, "1-3"),
    toy("s1", "Kite Heron", "kite", 22.0, "from 6"),
]
PLAYED = Parser(Facets(Catalog(PLAYTHINGS)))


class TestPeople:
    @pytest.mark.parametrize(
        ("text", "ages", "people"),
        [
            ("she's 7 months", [7 / 12], []), ("my son is 10 weeks old", [10 / 52], []),
            ("he is 1 and a half", [1.5], []),
            ("something for three children (4, 6 and 9)", [4, 6, 9], []), ("my girls are 6 and 9", [6, 9], []),
            ("a 4 and a 7 year old", [4, 7], []), ("for 9 to 12 year olds", [9, 12], []),
            ("our daughter, 3 and a half", [3.5], []), ("we have a newborn", [0], []),
            ("they just had a little boy", [0], []),
            ("three adults and two kids", [], [5]), ("two adults and kids of 7 and 9", [7, 9], [4]),
            ("a household of six", [], [6]), ("there will be five of us", [], [5]), ("we're usually 3", [], [3]),
            ("for 2 to 4 players", [], [4]), ("they are 6 weeks late", [], []), ("it was 4 months ago", [], []),
            ("we're 40 minutes away", [], []), ("looking for one with a bell", [], []),
        ],
    )  # fmt: skip
    def test_are_told_of_by_age_and_number(self, text, ages, people):
        found = list(told(spelled_out(text, ages=True).casefold()))
        assert sorted(t.value for t in found if t.part == "age") == pytest.approx(ages)
        assert [t.value for t in found if t.part == "people"] == people

    def test_are_labelled_in_plain_words(self):
        said = [label("age", "fits", age) for age in (0.0, 0.08, 0.92, 1.0, 2.5, 18.0)]
        assert said == ["for a newborn", "for 1 month", "for 11 months", "for age 1", "for age 2½", "for a grown-up"]
        assert [label(f, "fits", 4.0) for f in ("players", "serves_people")] == ["for 4 players", "for 4 people"]
        assert label("players", "fits", 1.0, "zh") == "适合1人"
        flags = [label(field, "is", ("no",)) for field in ("needs_batteries", "vegan")]
        assert flags == ["no batteries", "not vegan"]
        assert label("features", "is_not", "non-stick") == "nothing non-stick"
        assert together(["for age 5", "no pink", "for age 8", "at least €20", "at most €40"]) == [
            "for ages 5 and 8", "no pink", "€20 to €40",
        ]  # fmt: skip

    def test_several_children_get_what_is_for_all_of_them_or_else_for_each(self):
        talk = Talk(shop_of(PLAYTHINGS))
        answer = talk("a game for our two boys, 6 and 9")
        assert set(ids(answer)) == {"g1", "g4"}
        assert "for ages 6 and 9" in answer.text.casefold()
        answer = talk("no, a baby toy for the kids (1 and 3)")
        assert ids(answer)[0] == "b2"
        talk = Talk(shop_of(PLAYTHINGS[4:]))
        answer = talk("a present for my children, 1 and 7")
        assert set(ids(answer)) == {"b1", "b2", "s1"}
        assert "Nothing is for all of them at once" in answer.text

    def test_months_are_not_years_and_a_grown_ups_age_is_like_any_other(self):
        talk = Talk(shop_of(PLAYTHINGS))
        assert ids(talk("a present, he's 11 months")) == ["b1"]
        talk = Talk(shop_of(PLAYTHINGS))
        assert set(ids(talk("a present for my dad, he is 67"))) == {"g2", "g3", "g4", "s1"}
        assert ("age", "fits", 18.0) in talk.limits

    def test_so_many_play(self):
        talk = Talk(shop_of(PLAYTHINGS))
        assert set(ids(talk("a board game for 5 people"))) == {"g2", "g4"}
        assert set(ids(talk("sorry, we would be two"))) == {"g1", "g3", "g4"}
        assert ids(talk("and a kite")) == ["s1"]  # which is for any number
        talk = Talk(shop_of(PLAYTHINGS))
        answer = talk("a board game for 15 people")
        assert "Without “for 15 players”" in answer.text
        assert answer.cards

    def test_adults_and_children_all_sleep_in_one_tent(self):
        tents = [ski(f"p{n}", f"Shelter {n}", "tent", 90.0 * n, size=f"{n} person") for n in (2, 2, 4, 6)]
        parser = Parser(Facets(Catalog([replace(tent, id=f"{at}") for at, tent in enumerate(tents)])))
        for text, size in (
            ("for two adults and two kids", "4 person"),
            ("a family of five", "6 person"),
            ("for 2", "2 person"),
        ):
            assert [c.value for c in parser.parse(f"a tent {text}").constraints if c.field == "size"] == [size]

    def test_a_number_of_persons_is_room_for_so_many(self):
        tents = [ski(f"p{n}", f"Shelter {n}", "tent", 90.0 * n, persons=float(n)) for n in (1, 2, 4, 6, 12)]
        facets = Facets(Catalog(tents))
        parser = Parser(facets)
        for text, room in (
            ("a tent for 4 people", [4, 6, 12]),
            ("a tent for three", [4, 6, 12]),
            ("we are two, something that pitches fast", [2, 4, 6, 12]),
            ("a tent for 8 people", [12]),
            ("a tent for 3 months", [1, 2, 4, 6, 12]),
        ):
            held = facets.mask(parser.parse(text).constraints)
            assert [tent.attributes["persons"] for tent, holds in zip(tents, held, strict=True) if holds] == room

    def test_so_many_are_asked_of_the_one_spoken_of(self):
        talk = Talk(shop_of(PLAYTHINGS))
        talk("Two Towers please")
        assert talk("would that do for 5 people?").text == (
            "No, Two Towers is not made for 5 players, but for 2 players."
        )

    def test_a_sum_that_is_too_much_is_answered_by_the_cheapest(self):
        talk = Talk(shop_of(PLAYTHINGS))
        talk("a kite")
        assert "The cheapest: Kite Heron" in talk("hm, 22 is more than I had in mind").text

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a kite, around 30", {("price", ">=", 21), ("price", "<=", 39)}),
            ("about 30, can be a bit more", {("price", ">=", 21), ("price", "<=", 45)}),
            ("a game, 20-60 please", {("price", ">=", 20), ("price", "<=", 60)}),
            ("60 is above what I planned", {("price", "<", 59.0)}),
            ("50 euros is a bit too much", {("price", "<", 49.9)}),
            ("a kite, around 12 of us", set()),
            ("around 10", set()),
            ("a kite around 25 or so", {("price", ">=", 18), ("price", "<=", 32)}),
            ("not too heavy, around 30", set()),
        ],
    )
    def test_money_is_said_loosely(self, text, expected):
        assert {(c.field, c.op, c.value) for c in PLAYED.parse(text).constraints if c.field == "price"} == expected
