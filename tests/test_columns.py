"""A shop of goods: its own columns limit, compare and answer, and its items are known by short names."""

from __future__ import annotations

import pytest

from retrieval.catalog import Catalog
from retrieval.columns import Columns
from retrieval.constraints import Facets, satisfies_all
from retrieval.labels import label
from retrieval.parsing import Parser
from retrieval.text import forms
from retrieval.types import Item
from retrieval.units import of_header, wanted
from tests.shops import Talk, ids, shop_of


def bike(id_: str, title: str, kind: str, price: float, **columns: object) -> Item:
    genres = columns.pop("genres", ())
    return Item(id_, title, kind, price=price, currency="EUR", genres=genres, attributes=columns)


GOODS = [
    bike("t1", "Velox Trekker 28", "bicycle", 900.0, weight_kg=14.0, electric=False, country="Germany", colour="blue",
         genres=("trekking", "step-through")),
    bike("t2", "Velox Trekker 26 Trapez", "bicycle", 950.0, weight_kg=15.5, electric=False, country="Germany",
         colour="red",
         genres=("trekking",)),
    bike("e1", "Ampera City 500", "bicycle", 2400.0, weight_kg=24.0, electric=True, country="France", colour="blue",
         genres=("city", "step-through")),
    bike("e2", "Ampera Cargo 750", "bicycle", 4800.0, weight_kg=38.0, electric=True, country="France", colour="grey",
         genres=("cargo",)),
    bike("p1", "Kofferle Seitentasche", "pannier", 60.0, weight_kg=0.9, capacity_litres=20.0, waterproof=True,
         colour="red"),
    bike("p2", "Kofferle Lenkertasche", "pannier", 45.0, weight_kg=0.4, capacity_litres=6.0, waterproof=False,
         colour="grey"),
    bike("p3", "Sperling Rolltasche", "pannier", 110.0, weight_kg=1.3, capacity_litres=35.0, waterproof=True,
         colour="blue"),
    bike("h1", "Schildkröt Helm", "helmet", 70.0, weight_kg=0.31, colour="blue", country="Italy"),
    bike("h2", "Schildkröt Helm Kids", "helmet", 40.0, weight_kg=0.25, colour="red", country="Italy"),
    bike("o1", "Kettenfett Bio", "oil", 12.0, share=80.0, country="Germany"),
    bike("o2", "Kettenfett Dry", "oil", 9.0, share=20.0, country="Italy"),
]  # fmt: skip
PARSER = Parser(Facets(Catalog(GOODS)))


def limits(text: str) -> set[str]:
    return {f"{c.field} {c.op} {c.value}" for c in PARSER.parse(text).constraints}


@pytest.fixture
def talk():
    return Talk(shop_of(GOODS))


class TestHeaders:
    @pytest.mark.parametrize(
        ("header", "words", "unit"),
        [
            ("weight_kg", "weight", "kg"), ("Weight (kg)", "weight", "kg"), ("capacity_litres", "capacity", "litres"),
            ("comfort_c", "comfort", "°C"), ("alcohol", "alcohol", "%"), ("colour", "colour", ""),
        ],
    )  # fmt: skip
    def test_tell_what_is_measured_and_in_what(self, header, words, unit):
        named, found = of_header(header)
        assert (named, found.name if found else "") == (words, unit)

    def test_tell_how_yes_is_wanted(self):
        assert [wanted(header) for header in ("vegan", "is_vegan", "gluten_free", "Contains nuts")] == [
            "vegan", "vegan", "gluten free", "nuts",
        ]  # fmt: skip


class TestReading:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a bag under 1 kg", {"weight_kg < 1.0"}),
            ("a bag under 950 g", {"weight_kg < 0.95"}),
            ("no more than 15 kilos, please", {"weight_kg <= 15.0"}),
            ("a pannier over 10 litres", {"kind is pannier", "capacity_litres > 10.0"}),
            ("a pannier of 20 l or more", {"kind is pannier", "capacity_litres >= 20.0"}),
            ("panniers between 10 and 25 litres",
             {"kind is pannier", "capacity_litres >= 10.0", "capacity_litres <= 25.0"}),
            ("a 20 litre pannier", {"kind is pannier", "capacity_litres is 20.0"}),
            ("nothing over 2 kg", {"weight_kg <= 2.0"}),
            ("weight below 3", {"weight_kg < 3.0"}),
            ("an electric bicycle", {"electric is yes", "kind is bicycle"}),
            ("bicycles, but not electric", {"kind is bicycle", "electric is_not yes"}),
            ("a pannier that is not waterproof", {"waterproof is no", "kind is pannier"}),
            ("non-waterproof panniers", {"waterproof is no", "kind is pannier"}),
            ("a waterproof pannier under 100 euros", {"waterproof is yes", "kind is pannier", "price < 100.0"}),
            ("something from Germany", {"country is germany"}),
            ("german bicycles", {"country is germany", "kind is bicycle"}),
            ("helmets, nothing italian", {"kind is helmet", "topic is_not italy"}),
            ("a blue helmet", {"colour is blue", "kind is helmet"}),
            ("red or blue panniers", {"colour is ('red', 'blue')", "kind is pannier"}),
            ("a trekking bicycle, step-through", {"genres is trekking", "genres is step through", "kind is bicycle"}),
            ("trekking or cargo", {"genres is ('trekking', 'cargo')"}),
            ("under 20", {"price < 20.0"}),
        ],
    )  # fmt: skip
    def test_limits(self, text, expected):
        assert limits(text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a bicyle", {"kind is bicycle"}), ("a panier in red", {"kind is pannier", "colour is red"}),
            ("a treking bicycle", {"genres is trekking", "kind is bicycle"}), ("a trickling", set()),
        ],
    )  # fmt: skip
    def test_slips_of_the_keyboard(self, text, expected):
        parser = Parser(Facets(Catalog(GOODS)), english={"trickling"})
        assert {f"{c.field} {c.op} {c.value}" for c in parser.parse(text).constraints} == expected
        assert PARSER.parse("a bicyle").constraints == ()
        loaves = [Item(str(n), f"Loaf {n}", "bread", attributes={"grain": "wheat"}) for n in range(2)]
        assert Parser(Facets(Catalog(loaves)), english=set()).parse("whats the best one").constraints == ()

    def test_halves_of_a_unit_and_what_runs_on_batteries(self):
        games = [
            Item(str(n), f"Game {n}", "game", attributes={"play_time_min": 15.0 * n, "needs_batteries": n % 2 == 0})
            for n in range(1, 5)
        ]
        talk = Talk(shop_of(games))
        talk("a game, half an hour tops")
        assert ("play_time_min", "<=", 30.0) in talk.limits
        assert "needs batteries: no" in talk("does Game 1 need batteries?").text

    def test_words_side_by_side_are_nobodys_name(self):
        plays = [Item(str(n), f"Play {n}", "book", creators=("Rose ONeill",)) for n in range(3)]
        parser = Parser(Facets(Catalog(plays)))
        assert parser.parse("not that one! I'll look on").constraints == ()
        assert parser.parse("something by Rose ONeill").constraints != ()

    def test_what_a_thing_is_for_is_not_wanted(self):
        assert limits("a pannier for my bicycle") == {"kind is pannier"}

    def test_about_so_much_money(self):
        assert limits("a helmet for around 50 euros") == {"kind is helmet", "price >= 35.0", "price <= 65.0"}

    def test_none_of_it(self):
        wines = [Item(str(n), f"Wine {n}", "wine", attributes={"alcohol": float(n)}) for n in range(3)]
        parser = Parser(Facets(Catalog(wines)))
        for text in ("without alcohol", "something non-alcoholic", "alcohol-free"):
            assert [(c.field, c.op, c.value, c.label) for c in parser.parse(text).constraints] == [
                ("alcohol", "<=", 0.0, "no alcohol")
            ]

    def test_likings_demand_nothing(self):
        parsed = PARSER.parse("I like blue")
        assert not parsed.constraints
        assert [(w.field, w.value) for w in parsed.wishes] == [("colour", "blue")]

    def test_a_unit_that_no_column_has_is_owned_up_to(self):
        parsed = PARSER.parse("brighter than the last one, over 300 lumens")
        assert (parsed.constraints, parsed.unchecked) == ((), ("light",))

    def test_in_a_shop_of_goods_light_is_no_mood(self):
        assert PARSER.parse("something light").wishes == ()
        assert PARSER.parse("something lighter").relative == (("weight_kg", "<"),)

    @pytest.mark.parametrize(
        ("text", "measure"),
        [
            ("the lightest pannier", (("weight_kg", -1), True)), ("which is heavier?", (("weight_kg", 1), False)),
            ("the biggest one", (("capacity_litres", 1), True)), ("the least weight", (("weight_kg", -1), True)),
            ("a red one", None),
        ],
    )  # fmt: skip
    def test_measures(self, text, measure):
        assert PARSER.columns.extreme(text) == measure

    @pytest.mark.parametrize(
        ("text", "fields"),
        [
            ("how heavy is it?", ["weight_kg"]), ("what does it weigh?", ["weight_kg"]),
            ("how many litres does it hold?", ["capacity_litres"]), ("where does it come from?", ["country"]),
            ("what colours are there?", ["colour"]), ("is it any good?", []),
        ],
    )  # fmt: skip
    def test_questions(self, text, fields):
        assert PARSER.columns.asked(text) == fields

    def test_columns_of_people_and_stories_demand_nothing(self):
        shop = [
            Item(str(n), f"Film {n}", "film", attributes={"cast": (f"Actor {n}",), "moods": ("slow",)})
            for n in range(9)
        ]
        columns = Columns(Facets(Catalog(shop)))
        assert not columns.limits("cast")
        assert not columns.limits("moods")

    def test_forms(self):
        pairs = ("tent", "tents"), ("box", "boxes"), ("berries", "berry"), ("glass", "glasses"), ("boots", "boot")
        for left, right in pairs:
            assert forms(left) == (left, right)
        assert forms("包") == ("包",)
        assert forms("news") == ("news",)  # "something new" is none


class TestLabels:
    def test_say_the_column_and_its_unit(self):
        assert label("weight_kg", "<", 1.5) == "weight under 1.5 kg"
        assert label("is_vegan", "is", "yes") == "vegan"
        assert label("is_vegan", "is_not", "yes") == "not vegan"
        assert label("minutes", "<", 90.0) == "under 90 minutes"


class TestTalk:
    def test_every_card_keeps_the_limits(self, talk):
        for message in ("panniers", "waterproof", "under 1 kg"):
            answer = talk(message)
        assert ids(answer) == ["p1"]
        assert talk.limits == {("kind", "is", "pannier"), ("waterproof", "is", "yes"), ("weight_kg", "<", 1.0)}
        assert all(satisfies_all(item, [limit.constraint for limit in talk.state.taste.limits]) for item in GOODS[4:5])

    def test_a_further_quality_narrows(self, talk):
        talk("a trekking bicycle")
        assert ids(talk("step-through")) == ["t1"]

    def test_a_correction_replaces(self, talk):
        talk("a trekking bicycle")
        assert ids(talk("sorry, I meant cargo")) == ["e2"]

    def test_what_nothing_has_is_said_and_no_other_kind_is_shown(self, talk):
        talk("a helmet")
        answer = talk("in grey")
        assert set(ids(answer)) == {"h1", "h2"}
        assert "I have nothing grey that fits" in answer.text

    def test_the_lighter_one_is_a_limit(self, talk):
        talk("a bicycle")
        talk.state.taste.focus = ["t2", "e1"]
        assert ids(talk("something lighter")) == ["t1"]

    def test_one_is_singled_out(self, talk):
        assert ids(talk("the lightest pannier"))[0] == "p2"
        answer = talk("which is the heaviest of these?")
        assert "Sperling Rolltasche is the heaviest one: 1.3 kg." in answer.text

    def test_columns_answer_with_their_unit(self, talk):
        talk("panniers")
        assert "weight: 0.9 kg." in talk("how much does the Seitentasche weigh?").text
        assert "waterproof: no" in talk("is the Lenkertasche waterproof?").text
        assert "country: Italy" in talk("where is the Schildkröt Helm Kids from?").text

    def test_two_differ_by_what_the_shop_knows(self, talk):
        text = talk("compare the Seitentasche and the Rolltasche").text
        assert "weight 0.9 kg" in text
        assert "waterproof yes" in text
        assert "the cheaper, lighter, and smaller one" in text

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("do you have the Rolltasche?", "p3"), ("how much is the rolltasche?", "p3"), ("do you have Ampera?", "e1"),
            ("do you have the Trekker in red?", "t2"), ("do you have the Schildkröt helm for kids?", "h2"),
        ],
    )  # fmt: skip
    def test_goods_are_known_by_short_names(self, talk, text, first):
        answer = talk(text)
        assert ids(answer)[0] == first
        assert "We don't carry" not in answer.text

    def test_words_of_a_description_tell(self):
        soups = [
            Item("a", "Broth", "soup", description="Clear, with parsley."), Item("b", "Bisque", "soup"),
            Item("c", "Potage", "soup", description="Made to go with roast lamb."), Item("d", "Stew", "soup"),
        ]  # fmt: skip
        assert ids(Talk(shop_of(soups))("something to go with lamb"))[0] == "c"

    def test_what_has_been_shown_is_not_denied(self, talk):
        talk("step-through bicycles")
        assert "nothing" not in talk("step-through, from Germany").text

    def test_what_is_told_and_narrows_keeps_what_was_shown(self, talk):
        talk("a pannier")
        answer = talk("we have moved to the coast, so it has to be waterproof")
        assert set(ids(answer)) == {"p1", "p3"}
        talk = Talk(shop_of(GOODS))
        talk("a bicycle")
        assert set(ids(talk("we've got a steep hill now, so an electric one"))) == {"e1", "e2"}

    def test_what_is_in_it_is_a_question(self, talk):
        answer = talk("is there a lamp in the Rolltasche?")
        assert "I don't have that information" in answer.text

    def test_a_kind_is_no_name(self, talk):
        assert "Yes, we have" not in talk("do you have a helmet?").text
        assert ids(talk("a pannier that is red")) == ["p1"]


class TestAmounts:
    @pytest.mark.parametrize(
        ("question", "told"),
        [
            ("how many grams is the Lenkertasche?", "weight: 0.4 kg"),
            ("how many litres is the Lenkertasche?", "capacity: 6 litres"),
            ("how much fits in the Lenkertasche", "capacity: 6 litres"),
            ("how much is in a bottle of Kettenfett Bio?", "don't have that information"),
            ("how much oil is in the Lenkertasche?", "weight: 0.4 kg"),
            ("Kofferle Lenkertasche能装多少？", "6"),
        ],
    )
    def test_are_told_by_the_columns_of_weight_and_of_room(self, talk, question, told):
        answer = talk(question)
        assert told in answer.text
        assert "costs" not in answer.text

    @pytest.mark.parametrize("question", ["how much is the Lenkertasche?", "how much is the Lenkertasche in total?"])
    def test_are_no_prices(self, talk, question):
        assert "costs" in talk(question).text

    def test_of_a_substance_are_not_told_by_the_weight(self, talk):
        assert "weight" not in talk("how much lead is in the Lenkertasche?").text

    def test_are_asked_beside_the_price(self, talk):
        talk("a pannier")
        text = talk("how much is the first one and how much is in a bag?").text
        assert "costs" in text
        assert "weight" in text
