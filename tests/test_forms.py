"""In which form something can be had is for the shop's pages, and nothing is guessed from the catalogue."""

from __future__ import annotations

import pytest

from chat.desk import Desk
from chat.forms import form_asked, tells_of
from chat.routing import Patterns
from retrieval.knowledge import Found, Passage
from tests.visits import FakeKnowledge, Visit

FORMS = Passage("help/forms", "Download or disc?", "Films come on Blu-ray or as a download, albums on CD. No vinyl.")
WORDS = Passage("help/words", "Subtitles", "All films have English subtitles.")


class Pages(FakeKnowledge):
    """Finds the passages on forms and on subtitles near everything."""

    def search(self, question, k):
        return [Found(WORDS, WORDS.text, 0.5), Found(FORMS, FORMS.text, 0.4)]


def visit(knowledge):
    visit = Visit(page="film-stalker-1979")
    visit.desk = Desk(Patterns(), knowledge)
    return visit


@pytest.mark.parametrize(
    "message",
    ["could I stream Solaris", "is Solaris out on dvd?", "do you stock any vinyl", "do you have it as an ebook?"],
)
def test_the_passage_on_forms_is_quoted(message):
    answer = visit(Pages())(message)
    assert answer.text == f"From “Download or disc?”: {FORMS.text}"
    assert answer.cards == ()


def test_subtitles_are_not_the_language():
    assert visit(Pages())("does it have French subtitles?").text == f"From “Subtitles”: {WORDS.text}"
    assert "is in Russian" in visit(Pages())("what language is it in?").text


class Silent(FakeKnowledge):
    """Knows nothing of forms."""

    def search(self, question, k):
        return []


def test_where_the_pages_are_silent_nothing_is_guessed():
    assert visit(Silent())("does it have French subtitles?").text.startswith("I don't have that information")


@pytest.mark.parametrize(
    "message",
    ["a film with subtitles", "something to stream tonight", "a book about vinyl", "he has them all on vinyl"],
)
def test_a_wish_asks_for_no_form(message):
    assert form_asked(message) == ""


def test_a_passage_of_many_forms_tells_of_them_altogether():
    assert tells_of(FORMS.text, "stream", several=True)
    assert not tells_of(FORMS.text, "stream")
    assert not tells_of(FORMS.text, "subtitles", several=True)


def test_another_spelling_of_a_disc_is_one():
    assert form_asked("is it on blue ray") == "blue ray"


def test_what_is_asked_beside_a_form_is_answered_after_it():
    answer = visit(Pages())("is it on Blu-ray and do you have any book about dragons?")
    assert answer.citations
    assert {card.kind for card in answer.cards} == {"book"}
