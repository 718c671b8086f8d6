"""Words: normalisation, the lexicon of both languages, and the labels of constraints."""

from __future__ import annotations

import re

import pytest

from retrieval.labels import label, relabelled
from retrieval.lexicon import TABLES, canonical, display, synonyms, vocabulary
from retrieval.text import fold, is_cjk, language_of, normalize, tokenize, words
from retrieval.types import Constraint
from tests.shops import marquee


class TestText:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("WALL·E", "wall e"),
            ("Amélie’s", "amelies"),
            ("Don't!", "dont"),
            ("科幻片", "科 幻 片"),
            ("Се7ен  (1995)", "се7ен 1995"),
            ("ＦＵＬＬ", "full"),
            ("naïve—café", "naive cafe"),
            ("STRASSE", normalize("straße")),
            ("snake_case", "snake case"),
            ("  ", ""),
            ("🎬🎮", ""),
        ],
    )
    def test_normalize(self, text, expected):
        assert normalize(text) == expected

    def test_fold_keeps_hangul_whole(self):
        assert fold("기생충") == "기생충"

    def test_tokens_say_where_they_stood(self):
        text = "Vu à l'Été: 科幻"
        assert [text[t.start : t.end] for t in tokenize(text)] == ["Vu", "à", "l'Été", "科", "幻"]
        assert [t.norm for t in tokenize(text)] == words(text) == ["vu", "a", "lete", "科", "幻"]

    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("Something slow", "en"),
            ("我喜欢科幻片", "zh"),
            ("我喜欢 Arrival", "zh"),
            ("I loved 《星际穿越》", "zh"),
            ("I really loved 霸王别姬 and want more films like that one", "en"),
            ("千と千尋の神隠し", "en"),
            ("", "en"),
            ("?!", "en"),
        ],
    )
    def test_language(self, text, language):
        assert language_of(text) == language

    def test_cjk(self):
        assert is_cjk("a千")
        assert is_cjk("カ")
        assert not is_cjk("Сталкер")


class TestLexicon:
    @pytest.mark.parametrize(
        ("field", "value", "expected"),
        [
            ("genres", "Sci-Fi", "science fiction"),
            ("genres", "科幻", "science fiction"),
            ("genres", "科幻片", "science fiction"),
            ("genres", "喜剧片", "comedy"),
            ("genres", "Rom Com", "romance"),
            ("genres", "R&B", "r&b"),
            ("genres", "Space Western", "space western"),
            ("kind", "Movies", "film"),
            ("kind", "电影", "film"),
            ("kind", "小说", "book"),
            ("moods", "Cozy", "cosy"),
            ("moods", "烧脑", "cerebral"),
            ("language", "French", "fr"),
            ("language", "fr", "fr"),
            ("language", "法语", "fr"),
            ("language", "日文", "ja"),
            ("creators", "Hayao  MIYAZAKI", "hayao miyazaki"),
            ("colour", "♥", "♥"),
            ("moods", "grittier", "gritty"),
            ("moods", "sadder", "melancholic"),
            ("moods", "Eerier", "eerie"),
        ],
    )
    def test_canonical(self, field, value, expected):
        assert canonical(field, value) == expected

    @pytest.mark.parametrize("field", [*TABLES, "language"])
    def test_every_synonym_leads_back_or_to_an_earlier_row(self, field):
        rows = vocabulary(field)
        for name in rows:
            assert canonical(field, name) == name
            for word in synonyms(field, name):
                assert rows.index(canonical(field, word)) <= rows.index(name)

    @pytest.mark.parametrize("field", TABLES)
    def test_every_row_has_a_chinese_word(self, field):
        missing = [n for n in vocabulary(field) if not is_cjk(display(field, n, "zh")) and n != "afrobeat"]
        assert missing == []

    def test_synonyms_of_an_unknown_value_are_itself(self):
        assert synonyms("genres", "space western") == ("space western",)

    def test_display(self):
        assert display("genres", "science fiction", "zh") == "科幻"
        assert display("genres", "science fiction", "en") == "science fiction"
        assert display("language", "fr", "en") == "French"
        assert display("creators", "x", "zh") == "x"
        assert display("themes", "iran", "en") == "Iran"
        assert display("topic", "iran", "zh") == "伊朗"


# (field, op, value): the label in English and in Chinese
LABELS = {
    ("year", "<", 1990.0): ("before 1990", "1990年以前"),
    ("year", ">=", 1980.0): ("since 1980", "1980年起"),
    ("year", "is_not", 1999.0): ("not 1999", "不要1999年"),
    ("decade", "is", 1970.0): ("the 1970s", "1970年代"),
    ("decade", "is_not", 1970.0): ("not the 1970s", "不要1970年代"),
    ("price", "<", 10.0): ("under $10", "低于US$10"),
    ("price", "<=", 7.99): ("at most $7.99", "不超过US$7.99"),
    ("price", "is", 0.0): ("free", "免费"),
    ("minutes", "<", 100.0): ("under 100 minutes", "100分钟以内"),
    ("pages", ">", 300.0): ("over 300 pages", "超过300页"),
    ("genres", "is", ("science fiction", "action")): ("science fiction or action", "科幻 或 动作"),
    ("genres", "is_not", "horror"): ("no horror", "不要恐怖"),
    ("moods", "is_not", "dark"): ("not dark", "不要黑暗"),
    ("language", "is", "fr"): ("French", "法语"),
    ("language", "is_not", "fr"): ("not in French", "不要法语"),
    ("creators", "is_not", "hayao miyazaki"): ("nothing by Hayao Miyazaki", "不要宫崎骏"),
    ("topic", "is_not", "space"): ("no space", "不要太空"),
    ("kind", "is", "game"): ("game", "游戏"),
}


class TestMakers:
    def test_each_is_a_name_of_the_catalogue_in_its_compared_form(self):
        known = {normalize(name) for item in marquee().index.catalog.items for name in item.creators}
        makers = TABLES["creators"]
        assert {name for name in makers if name not in known} == set()
        names = [chinese for _, row in makers.values() for chinese in row]
        assert len(names) == len(set(names)) > 100

    def test_a_chinese_name_is_the_same_person(self):
        assert canonical("creators", "宫崎骏") == canonical("creators", "Hayao Miyazaki") == "hayao miyazaki"
        assert canonical("creators", "小津安二郎") == canonical("creators", "Yasujirō Ozu")


class TestLabels:
    @pytest.mark.parametrize("constraint", LABELS, ids=str)
    def test_both_languages(self, constraint):
        field, op, value = constraint
        english, chinese = LABELS[constraint]
        assert label(field, op, value, "en", "USD", str.title) == english
        assert label(field, op, value, "zh", "USD", str.title) == chinese

    def test_without_a_currency_the_amount_stands_alone(self):
        assert label("price", "<", 9.5) == "under 9.50"

    def test_relabelled_changes_the_words_only(self):
        old = Constraint("year", "<", 1990.0, "before 1990")
        new = relabelled(old, "zh", "", str)
        assert new == Constraint("year", "<", 1990.0, "1990年以前")

    def test_no_label_holds_a_slot(self):
        for (field, op, value), _ in LABELS.items():
            assert not re.search(r"[{}]", label(field, op, value))
