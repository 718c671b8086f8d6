"""A tiny shop to train on: catalogue, records, encoder and configuration, written where a test wants them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import yaml

MOODS = ("slow", "funny", "bleak", "warm")
GENRES = ("drama", "comedy", "horror")


def write_shop(folder: Path, items: int = 24) -> Path:
    """Write a catalogue of films, with dialogues, mentions and next items that refer to it."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    names = [
        f"{a} {b}"
        for a in ("Blade", "Good", "Ugly", "Quiet", "Slow", "Bad")
        for b in ("Runner", "Solaris", "Film", "Year")
    ]
    rows = [
        {
            "id": f"f{at:02}",
            "kind": "film",
            "title": names[at],
            "year": 1960 + 2 * at,
            "genres": [GENRES[at % 3]],
            "creators": [f"Maker {at % 5}"],
            "moods": [MOODS[at % 4]],
            "description": f"A {MOODS[at % 4]} story told by number {at}, and then some more of it.",
            "price": 5.0,
            "currency": "USD",
        }
        for at in range(items)
    ]
    write_lines(folder / "catalog.jsonl", rows)
    dialogues = []
    for n in range(12):
        liked, offered, also = rng.sample(rows, 3)
        dialogues.append(
            {
                "id": f"d{n}",
                "turns": [
                    {"role": "user", "text": f"I loved {liked['title']}", "items": [liked["id"]]},
                    {"role": "assistant", "text": f"Then try {offered['title']}.", "items": [offered["id"]]},
                    {"role": "user", "text": f"It is as good as {also['title']}", "items": [also["id"]]},
                ],
            }
        )
    write_lines(folder / "dialogues.jsonl", dialogues)
    chosen = [[r["id"] for r in rng.sample(rows, 4)] for _ in range(10)]
    write_lines(
        folder / "next-item.jsonl", [{"user": f"u{n}", "history": c[:3], "next": c[3]} for n, c in enumerate(chosen)]
    )
    mentions = [{"id": f"m{n}", "mentions": [{"role": "user", "items": [i]} for i in c]} for n, c in enumerate(chosen)]
    write_lines(folder / "mentions.jsonl", mentions)
    return folder


def write_lines(file: Path, rows: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_config(file: Path, shop: Path, model: Path, /, **changes: Any) -> Path:
    """Write a configuration that trains the tiny model in a few seconds; `changes` replace top-level keys."""
    config: dict[str, Any] = {
        "model": str(model),
        "output": str(file.parent / "run"),
        "data": {
            "catalog": str(shop / "catalog.jsonl"),
            "dialogues": [str(shop / "dialogues.jsonl")],
            "next_item": [str(shop / "next-item.jsonl")],
            "mentions": [str(shop / "mentions.jsonl")],
            "valid_share": 0.1,
        },
        "tower": {"weight": 0},
        "lora": {"rank": 4, "alpha": 8, "dropout": 0.05},
        "max_tokens": 512,
        "micro_tokens": 512,
        "batch_tokens": 1024,
        "max_steps": 12,
        "epochs": 50,
        "learning_rate": 0.02,
        "evaluate_every": 6,
        "checkpoint_every": 3,
        "precision": "float32",
    }
    file.write_text(yaml.safe_dump({**config, **changes}), encoding="utf-8")
    return file


def write_encoder(folder: Path) -> Path:
    """Write a sentence encoder of random weights: a BERT of one layer over characters."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    base = folder / "bert"
    base.mkdir(parents=True)
    letters = [chr(c) for c in range(97, 123)] + list("0123456789.,()'!?-")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    (base / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(base)
    BertTokenizerFast(vocab_file=str(base / "vocab.txt")).save_pretrained(base)
    word = Transformer(str(base))
    SentenceTransformer(modules=[word, Pooling(16)]).save(str(folder / "encoder"))
    return folder / "encoder"
