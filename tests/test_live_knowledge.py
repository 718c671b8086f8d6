"""The live knowledge: edits come through, broken ones do not."""

from __future__ import annotations

import time

import pytest

from retrieval.live_knowledge import LiveKnowledge
from retrieval.passages import KnowledgeError
from tests.edits import save, wait_for
from tests.fakes import BagEncoder

PAGE = "## Can I return a book?\n\nWithin thirty days.\n\n## How can I pay?\n\nBy card.\n"


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


@pytest.mark.parametrize(("error", "logged"), [(RuntimeError("odd"), 1), (OSError("the share is away"), 0)])
def test_what_nobody_foresaw_is_told_once_and_the_next_edit_is_read(path, monkeypatch, caplog, error, logged):
    tried = []

    def fails(*given, **more):
        tried.append(given)
        raise error

    live = LiveKnowledge(path, BagEncoder(), poll=0.02)
    try:
        with monkeypatch.context() as broken:
            broken.setattr("retrieval.live_knowledge.KnowledgeIndex", fails)
            save(path, PAGE.replace("thirty", "sixty"))
            wait_for(lambda: live.problem and str(error) in live.problem)
            time.sleep(0.5)
        assert sum(record.exc_info is not None for record in caplog.records) == logged
        assert (len(tried) == 1) == bool(logged)  # a share that is away is looked at again
        save(path, PAGE.replace("thirty", "ninety"))
        wait_for(lambda: live.problem is None)
        assert live.answer("Can I return a book?").quote == "Within ninety days."
    finally:
        live.close()


def test_the_thread_follows_a_folder(path, tmp_path):
    live = LiveKnowledge(tmp_path, BagEncoder(), poll=0.02)
    try:
        save(tmp_path / "more.json", '[{"question": "Do you have zebras?", "answer": "No zebras."}]')
        wait_for(lambda: len(live) == 3)
        assert live.answer("Do you have zebras?").quote == "No zebras."
    finally:
        live.close()
    assert not live._thread.is_alive()


def test_the_first_version_must_be_usable(tmp_path):
    with pytest.raises(KnowledgeError):
        LiveKnowledge(tmp_path / "missing.md", BagEncoder())
