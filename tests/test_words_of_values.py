"""Words that may be values: when they limit, when they are wished for, and when they say what must not be."""

from __future__ import annotations

import pytest

from retrieval.absence import present, titled
from retrieval.catalog import Catalog
from retrieval.constraints import Facets, satisfies
from retrieval.parsing import Parser
from retrieval.types import Constraint, Item
from tests.shops import Talk, ids, shop_of


def good(id_: str, title: str, kind: str, description: str, price: float = 10.0, **columns: object) -> Item:
    return Item(id_, title, kind, description=description, price=price, currency="EUR", attributes=columns)


SHELF = [
    good("c1", "Day Lotion", "candle", "Smells of a fresh morning.", 20.0, scent=("lime",), scent_free=False),
    good("c2", "Night Glow", "candle", "Warm and sweet.", 30.0, scent=("vanilla",), scent_free=False, height_cm=10.0),
    good("c3", "Plain Pillar", "candle", "An alternative to paraffin.", 15.0, scent_free=True, height_cm=30.0),
    good("c4", "Tall Pillar", "candle", "Paraffin, and leaves a dark stain.", scent=("lime",), scent_free=False),
    good("s1", "Hard Soap", "soap", "Leaves no dark stain.", scent=("fresh", "rose"), scent_free=False, colour="navy"),
    good("s2", "Oat Soap", "soap", "For dry hands.", 5.0, scent=("fresh",), scent_free=True, colour="brown",
         skin_types=("dry",)),
    good("s3", "Rose Soap", "soap", "For all.", 6.0, scent=("rose",), scent_free=False, colour="brown",
         skin_types=("dry", "fine")),
    good("h1", "Hair Bar", "shampoo", "For curls.", hair_types=("dry", "fine"), scent_free=False, colour="navy"),
    good("h2", "Hair Oil", "shampoo", "For ends.", colour="blue", hair_types=("dry", "fine"), scent_free=False),
]  # fmt: skip
PARSER = Parser(Facets(Catalog(SHELF)))


def limits(text: str) -> set[tuple[str, str, object]]:
    return {(c.field, c.op, c.value) for c in PARSER.parse(text).constraints}


def wishes(text: str) -> set[tuple[str, str]]:
    return {(w.field, w.value) for w in PARSER.parse(text).wishes}


@pytest.fixture
def talk():
    return Talk(shop_of(SHELF))


class TestLimitOrWish:
    def test_a_value_that_the_kind_never_has_is_wished_for(self):
        assert limits("a fresh candle") == {("kind", "is", "candle")}
        assert wishes("a fresh candle") == {("scent", "fresh")}
        assert ("scent", "is", "fresh") in limits("a fresh soap")

    def test_it_is_then_looked_for_in_the_descriptions(self, talk):
        assert ids(talk("a fresh candle"))[0] == "c1"

    def test_so_is_one_of_the_kind_in_force(self, talk):
        talk("a candle")
        answer = talk("something fresh")
        assert ids(answer)[0] == "c1"
        assert talk.limits == {("kind", "is", "candle")}

    def test_what_no_text_says_either_is_owned_up_to(self, talk):
        assert "I have nothing rose that fits" in talk("a rose candle").text

    def test_how_something_should_look_is_no_limit(self):
        assert not limits("a fresh look")
        assert limits("something fresh") == {("scent", "is", "fresh")}

    @pytest.mark.parametrize("message", ["that's fine", "fine by me", "rose is fine", "ok, fine"])
    def test_who_agrees_sets_no_limit(self, message):
        assert not limits(message)

    def test_hair_may_be_fine(self):
        assert limits("my hair is really fine") == {("hair_types", "is", "fine")}

    @pytest.mark.parametrize("how", ["", "super ", "really ", "very "])
    def test_how_much_so_changes_no_value(self, how):
        assert limits(f"my skin is {how}dry") == {("skin_types", "is", "dry")}

    def test_what_is_fine_too_widens(self, talk):
        talk("a brown soap")
        talk("blue is ok")
        assert {x for x in talk.limits if x[0] == "colour"} == {("colour", "is", ("brown", "blue", "navy"))}

    def test_navy_is_blue(self, talk):
        assert ids(talk("soap in blue")) == ["s1"]
        assert limits("soap in navy") == {("kind", "is", "soap"), ("colour", "is", "navy")}

    def test_who_looks_for_a_brown_one_wants_it_brown(self):
        assert ("colour", "is", "brown") in limits("looking for a brown soap")


class TestAbsence:
    @pytest.mark.parametrize(
        "message",
        ["no perfume", "without any fragrance", "unscented, please", "scentless", "free of perfume", "smell-free"],
    )
    def test_what_a_column_calls_free(self, message):
        assert limits(message) == {("scent_free", "is", "yes")}

    def test_what_lacks_lactose_may_be_milk(self):
        shelf = [good("m", "Milk", "milk", "A milk.", lactose_free=True), good("o", "Oat", "milk", "", dairy_free=True)]
        parser = Parser(Facets(Catalog(shelf)))
        assert [c.field for c in parser.parse("without lactose").constraints] == ["lactose_free"]
        assert [c.field for c in parser.parse("without milk").constraints] == ["dairy_free"]

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("A plain alternative to retinol for the day", "A plain . for the day"),
            ("Leaves no white cast and sinks in", "Leaves . and sinks in"),
            ("It is no longer sweet", "It is no longer sweet"),
            ("An alcohol-free solid", "An . solid"),
        ],
    )
    def test_what_a_text_says_to_lack_is_not_in_it(self, text, left):
        assert " ".join(present(text).split()) == left

    def test_a_title_is_a_name(self):
        assert titled("No Country") == "No Country"
        assert "Walnut" not in titled("Walnut-Free Scrub")

    def test_who_refuses_it_is_shown_what_replaces_it(self):
        kept = [item.id for item in SHELF[:4] if satisfies(item, Constraint("topic", "is_not", "paraffin"))]
        assert kept == ["c1", "c2", "c3"]

    def test_a_clause_tells_what_must_not_be(self, talk):
        assert "c4" not in ids(talk("a candle that doesn't leave a dark stain"))
        assert ("topic", "is_not", "dark stain") in talk.limits

    def test_a_smell_is_refused(self):
        assert limits("I don't like the smell of lime") == {("topic", "is_not", "lime")}

    def test_refusing_keeps_the_wish(self, talk):
        talk("for curls that I have")
        said = list(talk.state.taste.wish_text)
        talk("nah, she doesn't like lime")
        assert talk.state.taste.wish_text == said

    def test_why_sets_no_limit(self, talk):
        talk("a candle")
        talk("why isn't it scent free?")
        assert talk.limits == {("kind", "is", "candle")}

    def test_or_between_comparatives_is_either(self, talk):
        talk("a candle")
        talk.state.taste.focus = ["c2"]
        talk("a smaller one, or something cheaper")
        assert len(talk.limits) == 2
