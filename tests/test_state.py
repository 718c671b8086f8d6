"""The state of a dialogue: what replaces what, and what `undo` brings back."""

from __future__ import annotations

import pytest

from chat.state import DialogueState
from retrieval.types import Constraint


def parse(text):
    field, op, value = text.split(" ", 2)
    values = tuple(value.split("|"))
    return Constraint(field, op, float(value) if value.replace(".", "").isdigit() else values if values[1:] else value)


# limits said one after the other: those that are left
REPLACED = [
    (["year < 1990", "year < 1980"], ["year < 1980"]),
    (["year < 1990", "year > 1970"], ["year < 1990", "year > 1970"]),
    (["year < 1970", "year > 1990"], ["year > 1990"]),
    (["year > 1990", "year <= 1990"], ["year <= 1990"]),
    (["year < 1990", "year is 1984"], ["year is 1984"]),
    (["year is 1984", "year < 1980"], ["year < 1980"]),
    (["decade is 1980", "year < 1970"], ["year < 1970"]),
    (["year < 1970", "decade is 1980"], ["decade is 1980"]),
    (["decade is 2010", "year > 2014"], ["decade is 2010", "year > 2014"]),  # "newer"
    (["decade is 2010", "year < 2014"], ["decade is 2010", "year < 2014"]),
    (["decade is 2010", "year > 2019"], ["year > 2019"]),  # out of it
    (["decade is 2010", "year < 2010"], ["year < 2010"]),
    (["decade is 1980", "decade is 1990"], ["decade is 1990"]),
    (["year is_not 1984", "decade is 1980"], ["year is_not 1984", "decade is 1980"]),
    (["decade is_not 1980", "year is 1999"], ["decade is_not 1980", "year is 1999"]),
    (["decade is 1980", "decade is_not 1980"], ["decade is_not 1980"]),
    (["price < 10", "year < 1990"], ["price < 10", "year < 1990"]),
    (["price < 10", "price <= 5"], ["price <= 5"]),
    (["price < 10", "price is_not 3"], ["price < 10", "price is_not 3"]),
    (["genres is comedy", "genres is horror"], ["genres is horror"]),
    (["genres is comedy|drama", "genres is horror"], ["genres is horror"]),
    (["genres is_not comedy", "genres is_not horror"], ["genres is_not comedy", "genres is_not horror"]),
    (["genres is_not comedy", "genres is horror"], ["genres is_not comedy", "genres is horror"]),
    (["genres is_not comedy", "genres is comedy"], ["genres is comedy"]),
    (["genres is comedy|drama", "genres is_not comedy"], ["genres is_not comedy"]),
    (["genres is drama", "genres is_not comedy"], ["genres is drama", "genres is_not comedy"]),
    (["kind is film", "kind is film"], ["kind is film"]),
    (["topic is_not space", "topic is_not war"], ["topic is_not space", "topic is_not war"]),
]


class TestLimits:
    @pytest.mark.parametrize(("said", "left"), REPLACED, ids=[" + ".join(said) for said, _ in REPLACED])
    def test_what_replaces_what(self, said, left):
        state = DialogueState(session="s")
        for text in said:
            state.limit([parse(text)])
        assert [x.constraint for x in state.taste.limits] == [parse(text) for text in left]

    def test_removal_by_all_three_parts(self):
        state = DialogueState(session="s")
        state.limit([parse("genres is_not comedy"), parse("genres is_not horror")])
        assert not state.unlimit("genres", "is_not", "drama")
        assert state.unlimit("genres", "is_not", "horror")
        assert [x.value for x in state.taste.limits] == ["comedy"]

    def test_removal_takes_a_list_for_a_tuple(self):
        state = DialogueState(session="s")
        state.limit([parse("genres is comedy|drama")])
        assert state.unlimit("genres", "is", ["comedy", "drama"])
        assert state.taste.limits == []

    def test_removal_of_a_whole_column(self):
        state = DialogueState(session="s")
        state.limit([parse("year < 1990"), parse("year > 1970"), parse("price < 9")])
        assert state.unlimit("year")
        assert [x.field for x in state.taste.limits] == ["price"]

    def test_a_removed_kind_is_not_inferred_again(self):
        state = DialogueState(session="s")
        state.limit([parse("kind is film")])
        state.unlimit("kind", "is", "film")
        assert state.taste.any_kind

    def test_a_chip_says_what_the_limit_does(self):
        state = DialogueState(session="s")
        state.limit([Constraint("year", "<", 1990.0, "before 1990")])
        assert state.taste.limits[0].chip.model_dump() == {
            "field": "year", "op": "<", "value": 1990.0, "label": "before 1990",
        }  # fmt: skip


class TestSignals:
    def test_they_exclude_each_other(self):
        state = DialogueState(session="s")
        for signal in ("like", "dislike", "seen", "like", "seen"):
            state.signal("a", signal)
        assert (state.taste.liked, state.taste.disliked, state.taste.seen) == ([], [], ["a"])

    def test_undo_takes_all_of_them_back(self):
        state = DialogueState(session="s")
        state.signal("a", "dislike")
        state.signal("a", "undo")
        assert (state.taste.liked, state.taste.disliked, state.taste.seen) == ([], [], [])

    def test_the_latest_like_comes_last(self):
        state = DialogueState(session="s")
        for item in ("a", "b", "a"):
            state.signal(item, "like")
        assert state.taste.liked == ["b", "a"]


class TestUndo:
    def test_it_goes_back_step_by_step(self):
        state = DialogueState(session="s")
        for item in ("a", "b"):
            state.snapshot()
            state.signal(item, "like")
        assert state.undo()
        assert state.taste.liked == ["a"]
        assert state.undo()
        assert state.taste.liked == []
        assert not state.undo()

    def test_a_snapshot_is_a_copy(self):
        state = DialogueState(session="s")
        state.snapshot()
        state.taste.liked.append("a")
        state.limit([parse("year < 1990")])
        state.undo()
        assert (state.taste.liked, state.taste.limits) == ([], [])

    def test_memory_stays_bounded(self):
        state = DialogueState(session="s")
        for number in range(500):
            state.snapshot()
            state.say("user", str(number))
        assert len(state.snapshots) == 20
        assert [m.text for m in state.messages] == [str(n) for n in range(300, 500)]

    def test_a_state_survives_storage(self):
        state = DialogueState(session="s", language="zh")
        state.limit([parse("genres is comedy|drama"), parse("year < 1990")])
        state.taste.wishes = [("moods", "slow")]
        state.say("user", "你好", ["a"])
        assert DialogueState.model_validate_json(state.model_dump_json()) == state
