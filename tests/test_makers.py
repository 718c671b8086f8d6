"""Who asks who made a work and what else of theirs there is, is told both."""

from __future__ import annotations

import pytest

from tests.shops import Talk, ids, marquee
from tests.visits import Visit


@pytest.mark.parametrize(
    "message",
    [
        "who directed Stalker and what else of his do you have?",
        "who made Stalker, and what else has he done?",
        "who directed Stalker? is there anything else by him?",
    ],
)
@pytest.mark.parametrize("visit", [Talk, Visit])
def test_the_maker_and_their_other_works(message, visit):
    answer = (visit(marquee()) if visit is Talk else visit())(message)
    assert "Andrei Tarkovsky" in answer.text
    items = marquee().items(ids(answer))
    assert items
    assert all("Andrei Tarkovsky" in item.creators for item in items)
    assert "film-stalker-1979" not in ids(answer)


def test_of_a_card_too_and_its_genre_does_not_stand_in_the_way():
    talk = Talk(marquee())
    talk("a science fiction film by Stanley Kubrick")
    answer = talk("who made it, and what else of theirs do you have?")
    assert "Stanley Kubrick" in answer.text
    assert any("science fiction" not in item.genres for item in marquee().items(ids(answer)))


def test_who_made_it_alone_shows_it_and_the_others_stay():
    talk = Talk(marquee())
    shown = ids(talk("a science fiction film"))
    assert ids(talk("who made it?")) == shown[:1]
    assert ids(talk("and the third one?")) == shown[2:3]


def test_what_somebody_wrote_is_a_book():
    assert "Frank Herbert" in Talk(marquee())("who wrote Dune and what else has he done?").text
