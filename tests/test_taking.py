"""Who points at a card wants to hear of it, who takes it hears how it is bought, and who wishes is shown works."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chat.pieces import Piece, buys
from chat.routing import Routed
from chat.senses import PURPOSES, unread
from chat.understanding import understand
from tests.shops import Talk, ids, marquee
from tests.visits import Visit


@pytest.mark.parametrize(
    ("message", "place"),
    [("the second one", 1), ("The first one.", 0), ("ok the third one then", 2), ("number four", 3), ("第二个", 1)],
)
def test_a_bare_place_is_told_of(message, place):
    for talk in (Talk(marquee()), Visit()):
        shown = talk("a funny film").cards
        answer = talk(message)
        item = marquee().items([shown[place].id])[0]
        assert item.description in answer.text
        assert ids(answer) == [item.id]


@pytest.mark.parametrize("message", ["not the second one", "more like the first one", "I've seen the third one"])
def test_a_stand_on_a_place_is_no_question(message):
    talk = Talk(marquee())
    shown = talk("a funny film").cards
    assert set(ids(talk(message))) != {card.id for card in shown}


def taken(text):
    """Return the piece of a message that sounds as if it took something, with five cards on screen."""
    shop = marquee()
    purposes = np.array([0.93 if purpose == "buy" else 0.01 for purpose in PURPOSES], dtype=np.float32)
    sensed = replace(unread(), purposes=purposes)
    understood = understand(text, shop.linker, shop.parser, 5, spoken_of=True, sensed=sensed)
    return Piece(text, Routed("recommend", 0.9, {"recommend": 0.9, "item": 0.1}), understood)


@pytest.mark.parametrize(
    "message", ["the second one please", "go on then", "done", "yes please", "that one, thanks", "Stalker it is"]
)
def test_who_agrees_or_points_takes(message):
    assert buys(taken(message))


@pytest.mark.parametrize(
    "message",
    ["the weirdest one please", "a thermos please", "ok then a dessert wine", "the longest one please", "a jumpr"],
)
def test_a_wish_with_please_is_a_wish(message):
    assert not buys(taken(message))


def test_the_saddest_is_sad():
    talk = Talk(marquee())
    talk("the saddest one please")
    assert talk.state.taste.wishes == [("moods", "melancholic")]
