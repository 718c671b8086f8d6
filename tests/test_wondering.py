"""Who names a work in order to wonder at it rejects it."""

from __future__ import annotations

import pytest

from tests.shops import Talk, ids, marquee


@pytest.mark.parametrize(
    "message",
    [
        "Stalker?? I said something cheerful",
        "wait, Stalker?!",
        "Stalker? I said no slow films",
        "Stalker? That's not funny",
    ],
)
def test_a_title_wondered_at_is_rejected(message):
    talk = Talk(marquee())
    assert "film-stalker-1979" not in ids(talk(message))
    assert talk.state.taste.disliked == ["film-stalker-1979"]
    assert not talk.state.taste.liked


def test_so_is_a_maker():
    talk = Talk(marquee())
    talk("sex pistols?? I said no shouting")
    assert ("creators", "is_not", "sex pistols") in talk.limits


@pytest.mark.parametrize("message", ["do you have Stalker??", "Stalker?", "have you got any jazz?? I like Stalker"])
def test_a_question_is_a_question(message):
    talk = Talk(marquee())
    talk(message)
    assert not talk.state.taste.disliked
    assert not any(op == "is_not" for _, op, _ in talk.limits)
