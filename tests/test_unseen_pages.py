"""The whole chat beside the pages of a shop never seen; `benchmarks.knowledge --by chat` gives the figures."""

from __future__ import annotations

import pytest

from benchmarks.knowledge import FOLDER, chat_outcomes, chat_table
from finetune.shops import read_shop

ROWS = [
    {"shop": "a", "text": "how do I pay?", "right": "pay", "first": "pay"},
    {"shop": "a", "text": "and by post?", "right": "post", "first": "pay"},
    {"shop": "a", "text": "is it open?", "right": "hours", "first": ""},
    {"shop": "a", "text": "do you have jobs?", "right": "", "first": "hours"},
    {"shop": "a", "text": "do you sell cars?", "right": "", "first": ""},
]


def test_what_is_counted():
    figures = chat_table(ROWS)
    assert figures["questions"] == "3 covered, 2 not"
    for what in ("right passage quoted first", "another quoted first", "none quoted"):
        assert figures[what].startswith(".333")
    assert figures["uncovered, yet quoted"].startswith(".500")
    assert chat_table(ROWS[:3])["uncovered, yet quoted"] == "none asked"


@pytest.mark.models
def test_most_of_what_the_pages_answer_is_quoted_whatever_it_sounds_like():
    """One shop that only measures, without the judge; .43 of twenty such shops' questions were answered once."""
    told = chat_outcomes("optician", read_shop(FOLDER / "optician.json"), "none")
    covered, strange = [row for row in told if row["right"]], [row for row in told if not row["right"]]
    assert sum(row["first"] == row["right"] for row in covered) >= 0.5 * len(covered)  # .40 then
    assert sum(bool(row["first"]) for row in strange) <= 0.1 * len(strange)
