"""The shelf: training examples show the language model exactly what the chat will show it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from training import write_config, write_encoder, write_lines, write_shop

from chat.dialogue import Dialogue
from chat.learnt import Learnt
from chat.prompt import UserContext, render
from chat.prompting import MOST, Prompting, shelf
from chat.shop import Shop
from chat.state import DialogueState
from finetune.config import ConfigError, read_config
from finetune.contexts import listening_shop
from finetune.examples import make_examples
from retrieval.encoder import SentenceEncoder
from retrieval.errors import ModelError
from retrieval.index import Index, open_index
from retrieval.types import Query
from tests.shops import marquee

SHELF = 4


class Reader:
    """In place of a language model: keeps the prompts that it reads and names nothing."""

    def __init__(self):
        self.prompts = []
        self.persons = []

    def bind(self, catalog):
        return self

    def name_titles(self, prompt, k, allowed=None):
        self.prompts.append(prompt)
        return []

    def hidden(self, prompt):
        self.persons.append(prompt)
        return np.zeros(3, dtype=np.float32)


class Tower:
    """In place of a user tower: knows nothing."""

    def bind(self, index):
        return self

    def scores(self, hidden):
        return np.zeros(24, dtype=np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def index(folder, encoder, tmp_path) -> Index:
    return open_index(folder / "catalog.jsonl", SentenceEncoder(encoder), cache=tmp_path / "cache")


@pytest.fixture
def configure(folder, encoder, tmp_path, monkeypatch):
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))

    def config(**changes):
        tower = {"weight": 0, "encoder": str(encoder)}
        return read_config(write_config(tmp_path / "c.yaml", folder, Path("tiny"), tower=tower, **changes))

    return config


def on_shelf(prompt) -> list[str]:
    lines = [line for line in prompt.user.splitlines() if line.startswith("Shelf: ")]
    return lines[0].removeprefix("Shelf: ").split("; ") if lines else []


def test_what_training_shows_is_what_the_chat_shows(configure, folder, index, tmp_path):
    said = ["Something slow and funny?", "I loved Quiet Runner, but nothing bleak", "before 1990, please"]
    reader = Reader()
    chat = Dialogue(
        Shop.of(index, reader, Learnt(tower=Tower(), prompting=Prompting(style="dialogue", shelf=SHELF))),
        DialogueState(session="s"),
    )
    turns = []
    for text in said:
        answer = chat.take(text)
        turns.append({"role": "user", "text": text})
        turns.append({"role": "assistant", "text": answer.text, "items": [card.id for card in answer.cards]})
    record = tmp_path / "told.jsonl"
    write_lines(record, [{"id": "told", "turns": turns}])
    config = configure(prompt="dialogue", shelf=SHELF, tasks={"told": {"weight": 0}})
    only = {"dialogues": (record,), "mentions": (), "next_item": (), "valid_share": 0.0}
    config = config.model_copy(update={"data": config.data.model_copy(update=only)})
    made = make_examples(config, listening_shop(index.catalog)).train
    trained = {e.prompt.user for e in made if e.task == "conversation"}
    asked = {prompt.user for prompt in reader.prompts}
    assert trained
    assert trained <= asked
    persons = {e.person.user for e in made if e.task == "conversation"}
    assert persons <= {prompt.user for prompt in reader.persons}
    assert not any("Shelf: " in user for user in persons)
    assert all(len(on_shelf(prompt)) == SHELF for prompt in reader.prompts)


def test_a_shelf_has_the_best_that_is_allowed(index):
    query = Query("a slow drama", wishes=(("moods", "slow"),))
    everything = np.ones(24, dtype=np.bool_)
    best = shelf(query, index, everything, 5)
    assert len(set(best.tolist())) == 5
    assert "slow" in index.catalog[int(best[0])].attributes["moods"]
    without = everything.copy()
    without[best[:2]] = False
    assert shelf(query, index, without, 3).tolist() == [at for at in best.tolist() if without[at]][:3]
    without[:] = False
    assert shelf(query, index, without, 3).tolist() == []


def test_only_titles_are_chosen_from_a_shelf():
    items = marquee().index.catalog.items[:3]
    context = UserContext(said=[("user", "something slow")], shelf=items)
    assert render(context).user.endswith("\nShelf: " + "; ".join(item.title for item in items))
    for ask in ("reply", "why", "search"):
        assert "Shelf:" not in render(context, ask, items[:1]).user


def test_no_example_shows_what_is_left_out_or_was_named(configure, folder, index, tmp_path):
    hidden = tmp_path / "hidden.txt"
    hidden.write_text("f04\nf08\n", encoding="utf-8")
    config = configure(shelf=12)
    config = config.model_copy(update={"data": config.data.model_copy(update={"leave_out": hidden})})
    made = make_examples(config, listening_shop(index.catalog))
    titles = {index.catalog.get(i).title for i in ("f04", "f08")}
    shelves = [(e, on_shelf(e.prompt)) for e in (*made.train, *made.valid)]
    filled = {e.task for e, found in shelves if found}
    assert filled == {"conversation", "history", "wish"}
    for example, found in shelves:
        assert titles.isdisjoint(found)
        liked = [line for line in example.prompt.user.splitlines() if line.startswith("Likes: ")]
        assert not any(f"{title} (" in line for line in liked for title in found)


def test_an_adapter_keeps_how_it_was_asked(tmp_path):
    assert Prompting.load(tmp_path) == Prompting(style="person", shelf=0)
    Prompting(style="dialogue", shelf=7).save(tmp_path)
    assert Prompting.load(tmp_path) == Prompting(style="dialogue", shelf=7)
    file = tmp_path / "prompt.json"
    file.write_text('{"style": "dialogue"}', encoding="utf-8")  # of a version before there were shelves
    assert Prompting.load(tmp_path) == Prompting(style="dialogue")
    for damaged in ("{", json.dumps({"style": "poem"}), json.dumps({"shelf": MOST + 1}), json.dumps({"more": 1})):
        file.write_text(damaged, encoding="utf-8")
        with pytest.raises(ModelError, match=r"not how prompts are made .*; give the adapter whole"):
            Prompting.load(tmp_path)


@pytest.mark.parametrize("size", [-1, MOST + 1, "many"])
def test_a_shelf_of_no_such_size_is_refused(configure, size):
    with pytest.raises(ConfigError, match="shelf = "):
        configure(shelf=size)
