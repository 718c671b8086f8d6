"""Sentences and facts: both languages say the same, and every fact is the catalogue's."""

from __future__ import annotations

import re
import string

import pytest

from chat import facts
from chat.replies import _FIELDS, OF_GOODS, SAY, Say
from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.types import Constraint, Item

STALKER = Item(
    id="1", title="Stalker", kind="film", year=1979, creators=("Andrei Tarkovsky",),
    genres=("science fiction", "drama"),
    description="A guide leads two men.", price=7.99, currency="EUR", language="ru", aliases=("Сталкер", "潜行者"),
    attributes={"moods": ("slow", "mysterious"), "themes": ("faith",), "minutes": 162.0},
)  # fmt: skip
MIRROR = Item(
    id="2", title="Mirror", kind="film", year=1975, creators=("Andrei Tarkovsky",), genres=("drama",),
    attributes={"moods": ("slow",), "hours": 1.5},
)  # fmt: skip
SOLARIS = Item(id="3", title="Solaris", genres=("Sci-Fi",), attributes={"moods": ("mysterious",), "themes": ("faith",)})
BARE = Item(id="4", title="Bare", in_stock=False)


def slots(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


class TestTemplates:
    @pytest.mark.parametrize("what", SAY)
    def test_both_languages_have_the_same_slots(self, what):
        english, chinese = SAY[what]
        assert slots(english) == slots(chinese)
        assert not re.search("[\u4e00-\u9fff]", english)
        assert re.search("[\u4e00-\u9fff。：]", chinese)

    @pytest.mark.parametrize("what", OF_GOODS)
    def test_what_is_said_of_goods_has_the_slots_of_what_it_stands_for(self, what):
        assert slots(OF_GOODS[what][0]) == slots(OF_GOODS[what][1]) == slots(SAY[what][0])

    @pytest.mark.parametrize("value", ["{other}", "%s", "</b>", "{0.__class__}", "\\n"])
    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_a_value_is_never_read_as_a_template(self, value, language):
        assert f"“{value}”" in Say(language)("not_carried", asked=value)

    def test_sentences_are_joined_as_the_language_does(self):
        assert Say("en").sentences("A.", "", "B.") == "A. B."
        assert Say("zh").sentences("甲。", "", "乙。") == "甲。乙。"

    def test_labels_are_named_once(self):
        assert Say("en").quoted(["a", "b", "a", "c"]) == "a, b, and c"


class TestAnswers:
    @pytest.mark.parametrize(
        ("fields", "english", "chinese"),
        [
            (("price",), "Stalker (1979) costs €7.99.", "《潜行者》（1979）的价格是€7.99。"),
            (("price", "in_stock"), "Stalker (1979) costs €7.99, and it is in stock.",
             "《潜行者》（1979）的价格是€7.99，有货。"),
            (("creators",), "Stalker (1979) is by Andrei Tarkovsky.", "《潜行者》（1979）出自Andrei Tarkovsky。"),
            (("length",), "Stalker (1979) runs to 162 minutes.", "《潜行者》（1979）长162 分钟。"),
            (("language",), "Stalker (1979) is in Russian.", "《潜行者》（1979）的语言是俄语。"),
            (("genres",), "Stalker (1979) is science fiction and drama.", "《潜行者》（1979）属于科幻和剧情。"),
            (("description",), "Stalker (1979): A guide leads two men.", "《潜行者》（1979）：A guide leads two men."),
        ],
    )  # fmt: skip
    def test_each_column(self, fields, english, chinese):
        assert Say("en").answer(STALKER, fields) == english
        assert Say("zh").answer(STALKER, fields) == chinese

    @pytest.mark.parametrize("field", [f for f in _FIELDS if f != "in_stock"])
    def test_what_is_not_there_is_said_to_be_unknown(self, field):
        assert "The catalogue doesn't give" in Say("en").answer(BARE, [field])
        assert "目录里没有" in Say("zh").answer(BARE, [field])

    def test_stock(self):
        assert Say("en").answer(BARE, ["in_stock"]) == "Bare is out of stock."

    def test_the_offer(self):
        assert Say("en").offer(STALKER) == "film, €7.99, in stock"
        assert Say("zh").offer(BARE) == "缺货"

    def test_length_in_the_unit_of_the_catalogue(self):
        assert facts.length(STALKER, "en") == "162 minutes"
        assert facts.length(MIRROR, "en") == "1.5 hours"
        assert facts.length(BARE, "en") == ""


class TestFacts:
    def test_names(self):
        assert facts.names([STALKER, MIRROR, BARE], "en") == "Stalker (1979), Mirror (1975), and Bare"
        assert facts.name(STALKER, "zh") == "《潜行者》（1979）"
        assert facts.names([STALKER, MIRROR], "en", either=True) == "Stalker (1979) or Mirror (1975)"

    @pytest.mark.parametrize(
        ("price", "currency", "english"),
        [(7.99, "EUR", "€7.99"), (0.0, "USD", "$0.00"), (1234.5, "USD", "$1,234.50"), (5.0, "", "5"), (None, "EUR", ""),
         (5.0, "XYZ", "XYZ5.00"), (500.0, "JPY", "¥500")],
    )  # fmt: skip
    def test_prices(self, price, currency, english):
        assert facts.price(Item(id="1", title="T", price=price, currency=currency), "en") == english

    @pytest.mark.parametrize(
        ("item", "given", "part"),
        [
            (STALKER, {"liked": [MIRROR]}, "Also by Andrei Tarkovsky, like Mirror"),
            (STALKER, {"liked": [SOLARIS]}, "Like Solaris: mysterious, faith, and science fiction"),
            (STALKER, {"wishes": [("moods", "slow")]}, "Slow, as you asked"),
            (STALKER, {"wishes": [("moods", "funny")]}, ""),
            (STALKER, {"constraints": [Constraint("year", "<", 1990)]}, "From 1979"),
            (STALKER, {"constraints": [Constraint("price", "<", 10)]}, "€7.99"),
            (STALKER, {"constraints": [Constraint("creators", "is", "andrei tarkovsky")]}, "By Andrei Tarkovsky"),
            (STALKER, {"said": "two men and a guide"}, "“guide”"),
            (STALKER, {}, "science fiction"),
            (STALKER, {"language": "zh", "wishes": [("moods", "slow")]}, "慢"),
        ],
    )
    def test_reasons_are_facts(self, item, given, part):
        facets = Facets(Catalog([STALKER, MIRROR, SOLARIS, BARE]))
        why = facts.reasons(item, facets=facets, **{"language": "en", **given})
        assert part in why
        assert why.endswith((".", "。"))

    def test_nothing_is_made_up_of_nothing(self):
        assert facts.reasons(BARE, facets=Facets(Catalog([BARE])), language="en", wishes=[("moods", "slow")]) == ""
