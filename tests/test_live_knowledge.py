"""The live knowledge: edits come through, broken ones do not."""

from __future__ import annotations

import os
import time

import pytest

from retrieval.live_knowledge import LiveKnowledge
from retrieval.passages import KnowledgeError
from tests.fakes import BagEncoder

PAGE = "## Can I return a book?\n\nWithin thirty days.\n\n## How can I pay?\n\nBy card.\n"


def save(path, text):
    """Replace the file as a careful editor does."""
    aside = path.with_suffix(".aside")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "help.md"
    save(path, PAGE)
    return path


@pytest.fixture
def live(path):
    """Return live knowledge that is refreshed by hand."""
    live = LiveKnowledge(path, BagEncoder(), watch=False)
    yield live
    live.close()


def test_an_edit_is_answered_from_and_encodes_only_what_changed(path, live):
    encoder = live._asked_with
    encoder.texts.clear()
    assert not live.refresh()
    save(path, PAGE.replace("thirty", "ninety"))
    assert live.refresh()
    assert live.answer("Can I return a book?").quote == "Within ninety days."
    assert encoder.texts[:2] == ["Can I return a book? Within ninety days.", "Within ninety days."]
    assert live.problem is None
    assert len(live) == 2
    assert live.search("pay", 1)[0].passage.title == "How can I pay?"


def test_a_broken_page_keeps_the_last_good_one_and_says_why(path, live):
    save(path, PAGE + "\n## Empty\n")
    assert not live.refresh()
    assert "'Empty' has no text" in live.problem
    assert live.answer("Can I return a book?").quote == "Within thirty days."
    path.unlink()
    assert not live.refresh()
    assert "expected .md" in live.problem
    save(path, PAGE.replace("card", "invoice"))
    assert live.refresh()
    assert live.problem is None
    assert live.answer("How can I pay?").quote == "By invoice."


def test_the_thread_follows_a_folder(path, tmp_path):
    live = LiveKnowledge(tmp_path, BagEncoder(), poll=0.02)
    try:
        save(tmp_path / "more.json", '[{"question": "Do you have zebras?", "answer": "No zebras."}]')
        ends = time.monotonic() + 5
        while len(live) < 3:
            assert time.monotonic() < ends, "did not happen in time"
            time.sleep(0.01)
        assert live.answer("Do you have zebras?").quote == "No zebras."
    finally:
        live.close()
    assert not live._thread.is_alive()


def test_the_first_version_must_be_usable(tmp_path):
    with pytest.raises(KnowledgeError):
        LiveKnowledge(tmp_path / "missing.md", BagEncoder())
