"""Broken data and configurations through the commands themselves: a clear error, no traceback, nothing overwritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from training import write_config, write_shop

from finetune import evaluate, export, simulate, train, validate

Break = Callable[[Path], Any]


@dataclass(frozen=True)
class Broken:
    """A kind of damage: what is done to the shop's folder, and what the training's error must say."""

    name: str
    damage: Break
    says: str


def config(**changes: Any) -> Break:
    def damage(shop: Path) -> None:
        raw = yaml.safe_load((shop / "run.yaml").read_text(encoding="utf-8"))
        (shop / "run.yaml").write_text(yaml.safe_dump({**raw, **changes}), encoding="utf-8")

    return damage


def text(name: str, content: str | bytes) -> Break:
    def damage(shop: Path) -> None:
        (shop / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return damage


def row(name: str, at: int, **changes: Any) -> Break:
    def damage(shop: Path) -> None:
        rows = [json.loads(line) for line in (shop / name).read_text(encoding="utf-8").splitlines()]
        rows[at].update(changes)
        (shop / name).write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")

    return damage


def gone(name: str) -> Break:
    return lambda shop: (shop / name).unlink()


def folder(name: str) -> Break:
    def damage(shop: Path) -> None:
        (shop / name).unlink()
        (shop / name).mkdir()

    return damage


TURNS = [{"role": "user", "text": "Hi"}, {"role": "assistant", "text": "Try it"}]
BOT = [{"role": "bot", "text": ""}]
MENTIONS = [{"role": "user", "items": ["x"]}]
BROKEN = (
    Broken("no configuration", gone("run.yaml"), "run.yaml: No such file or directory; give the path"),
    Broken("an empty configuration", text("run.yaml", ""), "run.yaml: expected keys and values, found nothing"),
    Broken("not YAML", text("run.yaml", "lora: {rank: 4\nseed"), "run.yaml:2: not YAML"),
    Broken("not UTF-8", text("run.yaml", b"model: \xff\xfe"), "run.yaml: not UTF-8 text"),
    Broken("a misspelt key", config(learning_rte=1), "learning_rte: no such key; is 'learning_rate' meant?"),
    Broken("a value out of range", config(epochs=0), "epochs = 0: input should be greater than 0"),
    Broken("a word for a number", config(seed="lots"), "seed = 'lots': input should be a valid integer"),
    Broken("keys at odds", config(max_tokens=900), "micro_tokens = 512: expected at least max_tokens = 900"),
    Broken("an unknown task", config(tasks={"sing": {}}), "tasks.sing: no such task; known are conversation"),
    Broken("tasks without weight", config(tasks={"wish": {"weight": -1}}), "tasks.wish.weight = -1"),
    Broken("an unknown prompt style", config(prompt="poem"), "prompt = 'poem': input should be 'person' or 'dialogue'"),
    Broken("no such model", config(model="./nowhere"), "expected a folder with config.json"),
    Broken("layers it has not", config(upper_layers=9), "upper_layers = 9: expected 1 to 1, the model has 2 layers"),
    Broken("rows too short", config(max_tokens=16), "no example fits max_tokens = 16"),
    Broken("no catalogue", gone("catalog.jsonl"), "no such file; correct it"),
    Broken("a folder for a catalogue", folder("catalog.jsonl"), "no such file; correct it"),
    Broken("an empty catalogue", text("catalog.jsonl", ""), "catalog.jsonl"),
    Broken("a binary catalogue", text("catalog.jsonl", bytes(range(256)) * 20), "catalog.jsonl:1"),
    Broken("an item twice", row("catalog.jsonl", 2, id="f01"), "catalog.jsonl:3: id = 'f01'"),
    Broken("an item without a title", row("catalog.jsonl", 2, title=""), "catalog.jsonl:3: title = ''"),
    Broken("a negative price", row("catalog.jsonl", 2, price=-3), "catalog.jsonl:3: price = '-3'"),
    Broken("a year in words", row("catalog.jsonl", 2, year="long ago"), "catalog.jsonl:3: year = 'long ago'"),
    Broken("half a line", text("dialogues.jsonl", '{"id": "a", "turns": [{"ro'), "dialogues.jsonl:1: expected one"),
    Broken("no dialogue", text("dialogues.jsonl", "\n\n"), "dialogues.jsonl: no usable DialogueRecord"),
    Broken("a list for a record", text("dialogues.jsonl", "[1, 2]\n"), "dialogues.jsonl:1: expected a JSON object"),
    Broken("an unknown role", row("dialogues.jsonl", 4, turns=BOT), "dialogues.jsonl:5: turns"),
    Broken("an unknown item", row("mentions.jsonl", 1, mentions=MENTIONS), "mentions.jsonl:2:"),
    Broken("a record without an id", row("dialogues.jsonl", 0, id=" ", turns=TURNS), "dialogues.jsonl:1: id = ' '"),
    Broken("a choice without a past", row("next-item.jsonl", 0, history=[]), "next-item.jsonl:1: history"),
    Broken("a misspelt field", row("next-item.jsonl", 0, nxt="f02", next=None), "next-item.jsonl:1: next"),
    Broken("half a character", text("dialogues.jsonl", b'{"id": "\xe9"}\n'), "dialogues.jsonl:1: expected readable"),
)  # fmt: skip


def digests(place: Path) -> dict[str, str]:
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(place.rglob("*")) if p.is_file()}


@pytest.fixture
def shop(tmp_path, tiny_model_dir) -> Path:
    """A shop with its configuration, beside which a finished run's file lies."""
    place = write_shop(tmp_path / "shop")
    (place / "kept").mkdir()
    (place / "kept" / "adapter.safetensors").write_bytes(b"of an earlier run")
    write_config(place / "run.yaml", place, tiny_model_dir)
    return place


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.name for broken in BROKEN])
def test_training_refuses_what_is_broken(shop, broken, capsys):
    broken.damage(shop)
    before = digests(shop)
    assert train.main([str(shop / "run.yaml")]) == 2
    err = capsys.readouterr().err
    assert broken.says in err
    assert "Traceback" not in err
    assert digests(shop) == before


TESTED = ("--catalog", "@catalog.jsonl", "--dialogues", "@dialogues.jsonl", "--out", "@o.json")


def at(shop: Path, *names: str) -> list[str]:
    return [str(shop / name[1:]) if name.startswith("@") else name for name in names]


@pytest.mark.parametrize(
    ("command", "arguments", "says"),
    [
        (train, ["@run.yaml", "--output", "@kept"], "there is a run already"),
        (train, ["@run.yaml", "--output", "@run.yaml"], "run.yaml"),
        (train, ["@run.yaml", "--output", "@kept", "--resume"], "no config.yaml, so this is no run's folder"),
        (validate, ["--catalog", "@none.jsonl", "@dialogues.jsonl"], "none.jsonl"),
        (validate, ["--catalog", "@catalog.jsonl", "@kept"], "kept"),
        (evaluate, ["--catalog", "@catalog.jsonl", "--dialogues", "@none.jsonl", "--out", "@o.json"], "none.jsonl"),
        (evaluate, ["--catalog", "@none.jsonl", "--dialogues", "@dialogues.jsonl", "--out", "@o.json"], "none.jsonl"),
        (evaluate, [*TESTED, "--adapter", "@kept"], "kept: expected a folder with adapter_config.json"),
        (evaluate, [*TESTED, "--fit", "@kept"], "kept' exists; nothing is overwritten"),
        (simulate, ["make", "--catalog", "@none.jsonl", "--out", "@new.jsonl"], "none.jsonl"),
        (simulate, ["make", "--catalog", "@catalog.jsonl", "--out", "@dialogues.jsonl"], "dialogues.jsonl"),
        (export, ["--adapter", "@kept", "--merge", "@merged"], "kept"),
    ],
)  # fmt: skip
def test_the_other_commands_do_too(shop, command, arguments, says, capsys):
    before = digests(shop)
    assert command.main(at(shop, *arguments)) == 2
    err = capsys.readouterr().err
    assert says in err
    assert "Traceback" not in err
    assert digests(shop) == before
