"""What a message says it is not about is neither looked up nor wished for."""

from __future__ import annotations

import pytest

from chat.denials import denied, denied_of
from chat.messages import Citation, StoredMessage
from chat.troubles import late, troubled
from retrieval.knowledge import KnowledgeIndex
from retrieval.passages import Knowledge, Passage
from tests.fakes import BagEncoder


def said(title, quote="", items=()):
    page = Citation(id="help/a", title=title, quote=quote)
    return [
        StoredMessage(role="user", text="hm"),
        StoredMessage(role="assistant", text="hm", items=items, citations=(page,)),
    ]


@pytest.mark.parametrize(
    ("text", "rest", "term"),
    [
        ("I mean a lamp, not a voucher. New one or refund?", "I mean a lamp . New one or refund?", "voucher"),
        ("I didn't cancel anything! where is it?", "where is it?", "cancel"),
        ("can I send it back if it's not a gift?", "can I send it back if it's not a gift?", ""),
        ("I didn't receive anything, where is it?", "I didn't receive anything, where is it?", ""),
        ("it is not the right size, can I swap it?", "it is not the right size, can I swap it?", ""),
    ],
)  # fmt: skip
def test_a_subject_set_aside_is_taken_out(text, rest, term):
    assert denied(text) == (rest, frozenset({term} - {""}))


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("vouchers??? I asked about my lamp", "I asked about my lamp"),
        ("A voucher?! I bought a lamp.", "I bought a lamp."),
        ("It's not the voucher, that works. The lamp flickers.", "that works. The lamp flickers."),
        ("I don't want to exchange. where is my lamp?", "where is my lamp?"),
    ],
)
def test_what_the_page_quoted_last_was_about_can_be_denied(text, rest):
    told = said("How do vouchers work?", "They cannot be exchanged.")
    assert denied_of(text, told)[0] == rest


def test_nothing_is_denied_of_a_list_of_items_or_of_another_page():
    assert denied_of("not the voucher, the lamp", said("Vouchers", items=("a",)))[0] == "not the voucher, the lamp"
    assert denied_of("not the film, the book", said("Vouchers"))[0] == "not the film, the book"


def test_no_page_with_a_denied_word_in_its_title_comes_first():
    pages = [Passage("a", "Refunds for vouchers", "A voucher is refunded."), Passage("b", "Lost parcels", "Refunded.")]
    index = KnowledgeIndex(Knowledge(pages), BagEncoder())
    assert index.search("refunds for vouchers please", 1)[0].passage.id == "a"
    assert index.search("refunds for vouchers please", 1, {"voucher"})[0].passage.id == "b"


@pytest.mark.parametrize(
    "text",
    [
        "I ordered a lamp two weeks ago and it still isn't here",
        "my package never showed up",
        "the tracking has not changed for a week",
    ],
)
def test_what_has_not_come_is_a_trouble(text):
    assert troubled(text)
    assert late(text)


@pytest.mark.parametrize("text", ["they never came back from the war", "the game crash course", "is it here to stay?"])
def test_a_story_or_a_question_is_none(text):
    assert not troubled(text)
