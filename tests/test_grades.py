"""Columns of grades: none < low < medium < high limits, compares and answers by its order, shown as it stands."""

from __future__ import annotations

import pytest

from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.labels import label
from retrieval.parsing import Parser
from retrieval.scales import are_grades, rank_of
from retrieval.types import Item
from tests.shops import Talk, ids, shop_of


def cheese(id_: str, title: str, kind: str, lactose: str, strength: str, **columns: object) -> Item:
    attributes = {"lactose": lactose, "strength": strength, **columns}
    return Item(id_, title, kind, description=f"{title} from a small dairy.", price=9.0, currency="EUR",
                attributes={name: value for name, value in attributes.items() if value})  # fmt: skip


CHEESES = [
    cheese("c1", "Alpkäse", "hard cheese", "none", "strong"),
    cheese("c2", "Bergjuwel", "hard cheese", "none", "medium"),
    cheese("c3", "Landtaler", "semi-hard cheese", "low", "mild"),
    cheese("c4", "Butterfass", "semi-hard cheese", "medium", "mild"),
    cheese("c5", "Ziegenrolle", "soft cheese", "medium", "strong"),
    cheese("c6", "Quarkstern", "soft cheese", "high", "mild"),
    cheese("c7", "Rahmfrischling", "soft cheese", "very high", "mild"),
    cheese("k1", "Käsehobel", "slicer", "", "", material="steel"),
    cheese("k2", "Käseglocke", "cheese dome", "", "", material="glass"),
]
FACETS = Facets(Catalog(CHEESES))
PARSER = Parser(FACETS)


def limited(text: str) -> object:
    return {c.field: c.value for c in PARSER.parse(text).constraints}.get("lactose")


@pytest.fixture
def talk():
    return Talk(shop_of(CHEESES))


class TestScales:
    @pytest.mark.parametrize(
        ("word", "rank"),
        [("None", 0), ("lactose free", 0), ("decaffeinated", 0), ("very low", 1), ("mild", 2), ("easy", 2),
         ("medium", 3), ("High", 4), ("advanced", 4), ("extra strong", 5), ("green", None), (3.0, None)],
    )  # fmt: skip
    def test_words_have_a_place(self, word, rank):
        assert rank_of(word) == rank

    @pytest.mark.parametrize(
        ("values", "graded"),
        [
            (["none", "low", "high"], True), (["mild", "medium", "strong"], True),
            (["beginner", "intermediate", "advanced"], True), (["light", "medium", "dark"], False),
            (["high", "high"], False), (["easy", "strong"], False),
        ],
    )  # fmt: skip
    def test_columns_are_grades_where_all_values_are_of_one_order(self, values, graded):
        assert are_grades([(value, 3) for value in values]) == graded

    def test_a_catalogue_knows_its_own(self):
        assert set(FACETS.graded) == {"lactose", "strength"}


class TestLimits:
    @pytest.mark.parametrize(
        "text",
        [
            "cheese without lactose", "lactose-free cheese", "no lactose please", "free of lactose", "zero lactose",
            "nothing with lactose", "I can't have lactose", "something that has no lactose", "avoiding lactose",
            "I'm allergic to lactose",
        ],
    )  # fmt: skip
    def test_none_is_none(self, text):
        assert limited(text) == "none"

    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("a cheese low in lactose", ("none", "low")),
            ("low-lactose cheese", ("none", "low")),
            ("little or no lactose", ("none", "low")),
            ("lactose: low", ("none", "low")),
            ("not too much lactose", ("none", "low", "medium")),
            ("nothing high in lactose", ("none", "low", "medium")),
            ("medium lactose or less", ("none", "low", "medium")),
            ("medium lactose", "medium"),
            ("lots of lactose", ("high", "very high")),
            ("very high lactose", "very high"),
            ("a cheese with lactose", ("low", "medium", "high", "very high")),
        ],
    )
    def test_how_much_goes_by_the_order(self, text, values):
        assert limited(text) == values

    @pytest.mark.parametrize("text", ["low prices", "a medium one", "too much lactose", "how much lactose is in it?"])
    def test_low_in_something_else_limits_nothing(self, text):
        assert limited(text) is None

    def test_a_grade_that_tells_by_itself_is_a_value_as_any(self):
        assert {(c.field, c.value) for c in PARSER.parse("a mild cheese").constraints} >= {("strength", "mild")}

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("none", "no lactose"), (("none", "low"), "low or no lactose"),
            (("high", "very high"), "high or very high lactose"),
            (("none", "low", "medium"), "at most medium lactose"), (("low", "medium", "high"), "at least low lactose"),
        ],
    )  # fmt: skip
    def test_chips_say_of_what(self, value, words):
        assert label("lactose", "is", value) == words


class TestConversations:
    def test_what_has_none_is_shown_and_nothing_else(self, talk):
        assert set(ids(talk("cheese without lactose"))) == {"c1", "c2"}

    def test_where_nothing_has_none_that_is_said(self, talk):
        answer = talk("a soft cheese without lactose")
        assert not answer.cards
        assert "no lactose" in answer.text

    def test_less_is_measured_against_what_is_shown(self, talk):
        talk("soft cheese")
        first = talk("the ones high in lactose").cards[0].id
        assert first in ("c6", "c7")
        assert set(ids(talk("less lactose"))) <= {"c5", "c6"}

    def test_the_least_is_singled_out(self, talk):
        assert ids(talk("which soft cheese has the least lactose?"))[0] == "c5"

    @pytest.mark.parametrize(
        ("question", "answer"),
        [
            ("is there lactose in the Butterfass?", "Yes: Butterfass, lactose: medium."),
            ("does the Alpkäse contain lactose?", "No: Alpkäse, lactose: none."),
            ("is the Quarkstern low in lactose?", "No: Quarkstern, lactose: high."),
            ("is the Bergjuwel lactose-free?", "Yes: Bergjuwel, lactose: none."),
            ("how much lactose is in the Landtaler?", "Landtaler, lactose: low."),
        ],
    )
    def test_questions_are_answered_by_the_column(self, talk, question, answer):
        assert answer in talk(question).text

    def test_of_several_each_is_told_and_what_fits_first(self, talk):
        talk("semi-hard cheese")
        assert talk("which of those are low in lactose?").text.startswith("Landtaler: low lactose. Butterfass: medium")

    def test_after_a_kind_has_been_shown_too_nothing_stands_in_for_none(self, talk):
        talk("soft cheese")
        assert not talk("without lactose").cards

    def test_less_of_it_is_little_where_nothing_has_been_shown(self, talk):
        talk("cheese with less lactose")
        assert ("lactose", "is", ("none", "low")) in talk.limits

    def test_what_is_fine_after_all_is_no_limit(self, talk):
        talk("no lactose")
        talk("actually lactose is fine")
        assert not talk.limits

    def test_what_an_empty_column_leaves_open_the_description_may_tell(self):
        box = Item("b1", "Tasting Box", "box", description="Five cheeses, all without lactose.", price=30.0)
        answer = Talk(shop_of([*CHEESES, box]))("is the Tasting Box lactose free?")
        assert "all without lactose" in answer.text

    def test_chinese_headers_are_limited_in_chinese(self):
        teas = [
            Item(f"t{at}", title, "茶", price=9.0, attributes={"咖啡因": grade})
            for at, (title, grade) in enumerate([("菊花", "无"), ("白毫", "低"), ("龙井", "中"), ("普洱", "高")])
        ]
        parser = Parser(Facets(Catalog(teas)))
        said = {text: [c.value for c in parser.parse(text, language="zh").constraints if c.field == "咖啡因"]
                for text in ("不含咖啡因的", "低咖啡因", "咖啡因高的")}  # fmt: skip
        assert said == {"不含咖啡因的": ["无"], "低咖啡因": [("无", "低")], "咖啡因高的": ["高"]}

    def test_of_several_of_a_name_the_one_that_fits_is_meant(self):
        cheeses = [cheese("g1", "Gouda Jung", "cheese", "medium", "mild"),
                   cheese("g2", "Gouda Alt", "cheese", "none", "strong"), *CHEESES]  # fmt: skip
        assert "Gouda Alt" in Talk(shop_of(cheeses))("is there a gouda without lactose?").text


class TestAdjectives:
    def test_a_column_known_by_name_has_words_for_little_and_much(self):
        puzzles = [
            Item(f"z{at}", title, "puzzle", price=10.0, attributes={"difficulty": grade, "noise": noise})
            for at, (title, grade, noise) in enumerate([
                ("Barn", "easy", "low"), ("Castle", "medium", "medium"), ("Galaxy", "hard", "high"),
                ("Zen", "very hard", "high"), ("Cat", "easy", "low"),
            ])
        ]  # fmt: skip
        shop = shop_of(puzzles)
        for message, wanted in (("a difficult puzzle", {"z2", "z3"}), ("a quiet puzzle", {"z0", "z4"}),
                                ("a medium puzzle", {"z1"}), ("a low noise puzzle", {"z0", "z4"})):  # fmt: skip
            assert set(ids(Talk(shop)(message))) == wanted
        talk = Talk(shop)
        talk("puzzles")
        assert "Zen is the hardest one" in talk("which is the hardest?").text
        assert "Barn is the easier one" in talk("is Barn easier than Zen?").text
        assert "very hard" in Talk(shop)("is Zen difficult?").text
