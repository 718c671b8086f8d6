"""From a chat to training: what consenting people said and liked is exported, and a run learns from it."""

from __future__ import annotations

import json

import pytest

from chat.assistant import Assistant
from chat.database import Database
from chat.export import _consented, export, main, redacted
from chat.identity import Customer
from chat.memory import consent
from finetune.data import DialogueRecord, InteractionRecord, load
from tests.fakes import BagEncoder
from tests.stores import likes, sql, turn
from tests.training import write_config, write_shop

FILMS = ("Blade Runner", "Good Solaris", "Ugly Film", "Quiet Year", "Slow Runner", "Bad Solaris")
ANN = Customer(id="C-unmistakable", name="Ann", expires=2**40)


@pytest.fixture
def shop(tmp_path):
    return write_shop(tmp_path / "shop")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'kept.db'}"


@pytest.fixture
def assistant(monkeypatch, tmp_path, shop, url):
    monkeypatch.setattr("chat.assistant.SentenceEncoder", lambda model: BagEncoder())
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    assistant = Assistant.open(shop / "catalog.jsonl", model="none", database=url)
    yield assistant
    assistant.close()


def talk(assistant, session, film="Blade Runner", *, consent=True, customer=None):
    """Have a conversation in which the second card is liked and the first is not; return the two ids."""
    first = assistant.reply(f"I loved {film}, write to ann@example.org", session=session, customer=customer)
    if consent:
        assistant.remember(session, True, customer=customer)
    shown = [card.id for card in first.items]
    assistant.feedback(session, shown[1], "like", customer=customer)
    assistant.feedback(session, shown[0], "dislike", customer=customer)
    assistant.feedback(session, shown[2], "like", customer=customer)
    assistant.feedback(session, shown[2], "undo", customer=customer)
    assistant.reply("not the second one, something slow", session=session, customer=customer)
    assistant.reply("thanks", session=session, customer=customer)
    return shown[1], shown[0]


def exported(url, folder):
    database = Database.open(url)
    written = export(database, folder)
    database.close()
    records = [[json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
               for name in ("dialogues", "interactions")]  # fmt: skip
    return written, *records


def test_only_what_consenting_people_said_and_liked_is_exported(assistant, url, tmp_path):
    liked, disliked = talk(assistant, "consented", customer=ANN)
    talk(assistant, "refused", consent=False)
    talk(assistant, "withdrawn")
    assistant.remember("withdrawn", False)
    talk(assistant, "without-training", consent=False)
    assistant.remember("without-training", True, training=False)
    written, dialogues, interactions = exported(url, tmp_path / "out")
    assert (written.conversations, written.dialogues, written.interactions) == (1, 1, 2)
    first, answer, *rest = dialogues[0]["turns"]
    assert first["items"] == ["f00"]
    assert first["text"] == "I loved Blade Runner, write to [email]"
    assert answer["items"] == [liked]
    assert [turn["role"] for turn in rest] == ["assistant"]  # "the second one", without its cards, is nothing to learn
    assert {(row["item_id"], row["event"], row["rating"]) for row in interactions} == {
        (liked, "like", 5.0), (disliked, "dislike", 1.0),
    }  # fmt: skip
    everything = json.dumps([dialogues, interactions])
    assert not [word for word in ("C-unmistakable", "consented", "Ann") if word in everything]


def test_a_person_has_one_hash_in_all_exports_and_another_elsewhere(assistant, url, tmp_path):
    talk(assistant, "one", customer=ANN)
    talk(assistant, "two", customer=ANN)
    first = exported(url, tmp_path / "a")[2]
    assert len({row["user_id"] for row in first}) == 1
    assert exported(url, tmp_path / "b")[2] == first


def test_a_run_learns_from_the_export(assistant, url, shop, tmp_path, tiny_model_dir, capsys):
    from finetune import train, validate

    for film in FILMS:
        talk(assistant, film.replace(" ", "-"), film)
    assert main(["--database", url, "--out", str(tmp_path / "out")]) == 0
    assert "6 conversations with consent: 6 dialogues and 12 interactions" in capsys.readouterr().out
    dialogues, interactions = tmp_path / "out" / "dialogues.jsonl", tmp_path / "out" / "interactions.jsonl"
    known = [f"f{n:02}" for n in range(24)]
    assert len(load(dialogues, DialogueRecord, known=known).records) == 6
    assert len(load(interactions, InteractionRecord, known=known).records) == 12
    catalog = str(shop / "catalog.jsonl")
    assert validate.main([str(dialogues), str(interactions), "--catalog", catalog, "--fast"]) == 0
    data = {"catalog": catalog, "dialogues": [str(dialogues)], "interactions": [str(interactions)], "valid_share": 0.2}
    config = write_config(tmp_path / "run.yaml", shop, tiny_model_dir, data=data, max_steps=12, evaluate_every=12)
    assert train.main([str(config)]) == 0
    described = json.loads((tmp_path / "run" / "adapter" / "run.json").read_text())
    assert any(file.endswith("out/dialogues.jsonl") for file in described["data"])


def test_numbers_and_addresses_are_blanked_and_years_are_not():
    text = "Order M-1042 for a.b+c@shop.example, call +49 (30) 1234-5678; 2001: A Space Odyssey, 1968-1979, U-571"
    assert redacted(text) == "Order [number] for [email], call [number]; 2001: A Space Odyssey, 1968-1979, U-571"


def test_a_mistyped_database_is_not_made(tmp_path, capsys):
    assert main(["--database", f"sqlite:///{tmp_path}/shpo.db", "--out", str(tmp_path / "out")]) == 2
    assert "there is no file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_refused(url, tmp_path, capsys):
    Database.open(url).close()
    (tmp_path / "notes").write_text("mine")
    assert main(["--database", url, "--out", str(tmp_path)]) == 2
    assert "give a new folder" in capsys.readouterr().err
    assert main(["--database", "sqlite://", "--out", str(tmp_path / "new")]) == 2


def test_all_is_read_as_it_was_when_the_export_began(database_name):
    url = database_name("postgresql")
    store, database = sql(url), Database.open(url)
    for session in ("first", "second", "third"):
        turn(store, session, consent, "I liked it")
    reading = _consented(database)
    next(reading)
    turn(store, "second", likes("f00"), "and this one")
    store.forget("third")
    rest = [kept for _, kept in reading]
    assert [(kept.state.session, len(kept.messages), kept.state.taste.liked) for kept in rest] == [
        ("second", 1, []),
        ("third", 1, []),
    ]
    assert [kept.state.session for _, kept in _consented(database)] == ["first", "second"]
    database.close()
    store.close()
