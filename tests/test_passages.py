"""Reading a shop's knowledge: Markdown, JSON and folders, ids that last, and every problem with place and remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.passages import Knowledge, KnowledgeError, KnowledgeProblem, knowledge_files

PAGE = """# Help of the shop

An introduction, which is no passage.

## How long is shipping?

It takes **3 days**, see [the terms](https://shop.example/terms) or
write to [help@shop.example](mailto:help@shop.example).

- by van
- by `bike`

### To Iceland

Never. ![a van](van.png)

## What does it cost?

| to | price |
|----|-------|
| us | 5     |

<!-- not for customers --> Five <b>dollars</b>.

    <script>alert(1)</script>
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text, ensure_ascii=False), encoding="utf-8")
    return path


def load(tmp_path, text, name="help.md"):
    return Knowledge.load(write(tmp_path / name, text))


def problems(tmp_path, text, name="faq.json"):
    with pytest.raises(KnowledgeError) as caught:
        load(tmp_path, text, name)
    for problem in caught.value.problems:
        assert str(problem) in str(caught.value)
    return [(p.file, p.where) for p in caught.value.problems]


class TestMarkdown:
    @pytest.mark.parametrize("page", ["", "\n\n", "We ship within three days.\n", "- one\n- two\n"])
    def test_a_page_without_a_heading_is_told_what_it_lacks(self, tmp_path, page):
        with pytest.raises(KnowledgeError, match="give each answer a '## ' heading"):
            load(tmp_path, page)

    def test_each_second_level_heading_is_a_passage(self, tmp_path):
        first, second = load(tmp_path, PAGE)
        assert (first.id, first.title, first.source) == (
            "help/how-long-is-shipping", "How long is shipping?", "Help of the shop",
        )  # fmt: skip
        assert first.text == (
            "It takes 3 days, see the terms (https://shop.example/terms) or write to help@shop.example.\n"
            "- by van\n- by bike\nTo Iceland\nNever. a van"
        )
        assert first.aliases == ("To Iceland",)
        assert second.text == "to | price\nus | 5\nFive dollars.\n<script>alert(1)</script>"

    def test_a_heading_inside_code_or_a_quote_is_text(self, tmp_path):
        (only,) = load(tmp_path, "## A\n\n```\n## not a heading\n```\n\n> ## quoted\n> words\n")
        assert only.text == "## not a heading\nquoted\nwords"

    def test_underlined_headings_and_windows_lines_count(self, tmp_path):
        page = load(tmp_path, "\ufeffShop\r\n====\r\n\r\nReturns\r\n-------\r\n\r\nThirty days.\r\n")
        assert [(p.title, p.text, p.source) for p in page] == [("Returns", "Thirty days.", "Shop")]

    def test_chinese_headings_have_ids(self, tmp_path):
        (only,) = load(tmp_path, "## 怎么退货？\n\n三十天内可以退货。\n")
        assert (only.id, only.text) == ("help/怎么退货", "三十天内可以退货。")

    def test_a_heading_without_text_is_reported_with_its_line(self, tmp_path):
        assert problems(tmp_path, "## A\n\ntext\n\n## B\n\n## C\n", "a.md") == [("a.md", "line 5"), ("a.md", "line 7")]

    def test_a_page_without_second_level_headings_is_reported(self, tmp_path):
        assert problems(tmp_path, "# A\n\ntext\n", "a.md") == [("a.md", "")]


class TestJson:
    def test_questions_and_answers(self, tmp_path):
        rows = [
            {"question": " Do you ship abroad? ", "answer": " Yes.\nTo 30 countries. ", "id": "abroad", "extra": 1},
            {"questions": ["How do I pay?", "Which cards?"], "answer": "By card."},
            {"question": "A?", "questions": ["B?"], "answer": "C"},
            {"id": 7, "q": "D?", "a": "E"},
        ]
        found = load(tmp_path, rows, "faq.json")
        assert [(p.id, p.title, p.text, p.source, p.aliases) for p in found] == [
            ("abroad", "Do you ship abroad?", "Yes.\nTo 30 countries.", "faq", ()),
            ("faq/how-do-i-pay", "How do I pay?", "By card.", "faq", ("Which cards?",)),
            ("faq/a", "A?", "C", "faq", ("B?",)),
            ("7", "D?", "E", "faq", ()),
        ]
        assert found.get("abroad") is found[0]
        assert found.get("missing") is None
        assert found[1:] == tuple(found)[1:]

    def test_lines_and_a_list_inside_an_object_mean_the_same(self, tmp_path):
        rows = [{"question": "A?", "answer": "B"}, {"question": "C?", "answer": "D"}]
        plain = list(load(tmp_path, rows, "faq.json"))
        assert list(load(tmp_path, {"shop": "x", "entries": rows}, "faq.json")) == plain
        assert list(load(tmp_path, "\n".join(map(json.dumps, rows)) + "\n", "faq.jsonl")) == plain
        assert list(load(tmp_path, rows[0], "faq.json")) == plain[:1]

    @pytest.mark.parametrize(
        "entry",
        [
            "text", None, 3, [], {}, {"question": "A?"}, {"answer": "B"}, {"question": "", "answer": "B"},
            {"question": "A?", "answer": " \n "}, {"questions": [], "answer": "B"}, {"questions": [1], "answer": "B"},
            {"question": "A?", "answer": 5}, {"question": "A?", "answer": "B", "id": "two words"},
            {"question": "A?" * 400, "answer": "B"}, {"question": "A?", "answer": "B" * 20_001},
            {"question": "A?", "answer": "\x00"}, {"question": "A?", "answer": "B", "id": True},
        ],
    )  # fmt: skip
    def test_what_cannot_be_used_is_reported_with_its_entry(self, tmp_path, entry):
        assert set(problems(tmp_path, [{"question": "A?", "answer": "B"}, entry])) == {("faq.json", "entry 2")}

    def test_all_problems_are_reported_at_once(self, tmp_path):
        assert problems(tmp_path, [{}, {"question": "A?", "answer": "B"}, 5]) == [
            ("faq.json", "entry 1"), ("faq.json", "entry 1"), ("faq.json", "entry 3"),
        ]  # fmt: skip

    def test_broken_json_names_line_and_column(self, tmp_path):
        assert problems(tmp_path, '[{"question": "A?",\n "answer" "B"}]') == [("faq.json", "line 2, column 11")]
        assert problems(tmp_path, '{"question": "A?", "answer": "B"}\n{"q\n', "a.jsonl") == [("a.jsonl", "line 2")]
        assert problems(tmp_path, "[" * 100_000) == [("faq.json", "")]
        assert problems(tmp_path, "[]") == [("faq.json", "")]


class TestIds:
    def test_an_edit_elsewhere_changes_no_id(self, tmp_path):
        before = {p.title: p.id for p in load(tmp_path, "## A\n\n1\n\n## B\n\n2\n\n## C\n\n3\n")}
        after = {p.title: p.id for p in load(tmp_path, "## C\n\n3!\n\n## New\n\n0\n\n## A\n\n1\n")}
        assert after["A"] == before["A"]
        assert after["C"] == before["C"]

    def test_equal_headings_are_told_apart_by_content_in_any_order(self, tmp_path):
        one = {p.text: p.id for p in load(tmp_path, "## A\n\nx\n\n## A\n\ny\n")}
        two = {p.text: p.id for p in load(tmp_path, "## A\n\ny\n\n## A\n\nx\n")}
        assert one == two
        assert len(set(one.values())) == 2

    def test_the_same_passage_or_id_twice_is_reported(self, tmp_path):
        assert problems(tmp_path, "## A\n\nx\n\n## A\n\nx\n", "a.md") == [("a.md", "line 5")]
        rows = [{"id": "i", "question": "A?", "answer": "B"}, {"id": "i", "question": "C?", "answer": "D"}]
        assert problems(tmp_path, rows) == [("faq.json", "entry 2")]

    def test_long_headings_have_short_ids_that_differ(self, tmp_path):
        first, second = load(tmp_path, f"## {'word ' * 40}one\n\nx\n\n## {'word ' * 40}two\n\ny\n")
        assert first.id != second.id
        assert max(len(first.id), len(second.id)) < 100


class TestFolders:
    def test_all_files_below_are_read_in_order(self, tmp_path):
        write(tmp_path / "k" / "b.json", [{"question": "Q?", "answer": "A"}])
        write(tmp_path / "k" / "a" / "deep.md", "## T\n\nt\n")
        write(tmp_path / "k" / ".hidden" / "x.md", "nothing")
        write(tmp_path / "k" / "notes.txt", "nothing")
        found = Knowledge.load(tmp_path / "k")
        assert [(p.id, p.source) for p in found] == [("a-deep/t", "deep"), ("b/q", "b")]

    def test_problems_of_all_files_are_reported(self, tmp_path):
        write(tmp_path / "k" / "a.md", "## T\n")
        (tmp_path / "k" / "b.json").write_bytes(b'[\n"\xff"]')
        with pytest.raises(KnowledgeError) as caught:
            Knowledge.load(tmp_path / "k")
        assert [(p.file, p.where) for p in caught.value.problems] == [("a.md", "line 1"), ("b.json", "line 2")]

    @pytest.mark.parametrize("name", ["missing.md", "folder", "notes.txt"])
    def test_nothing_to_read_is_an_error_that_says_what_was_expected(self, tmp_path, name):
        (tmp_path / "folder").mkdir()
        write(tmp_path / "notes.txt", "text")
        with pytest.raises(KnowledgeError, match=r"expected \.md, \.markdown, \.json, \.jsonl"):
            Knowledge.load(tmp_path / name)

    def test_hidden_files_are_not_followed(self, tmp_path):
        write(tmp_path / "a.md", "## T\n\nt\n")
        write(tmp_path / ".b.md", "x")
        assert knowledge_files(tmp_path) == [tmp_path / "a.md"]


def test_a_problem_reads_as_place_finding_expectation_remedy():
    problem = KnowledgeProblem("faq.json", "entry 3", "no answer", "a text", "write it")
    assert str(problem) == "faq.json: entry 3: no answer; expected a text; write it"


def test_marquees_help_has_at_least_45_passages_of_40_to_90_words():
    knowledge = Knowledge.load(Path(__file__).parents[1] / "data" / "marquee" / "knowledge.md")
    english = [p for p in knowledge if p.title.isascii()]
    assert len(english) >= 45
    assert {p.id: len(p.text.split()) for p in english if not 40 <= len(p.text.split()) <= 90} == {}
