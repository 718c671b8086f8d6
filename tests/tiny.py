"""A tiny encoder with random weights that knows the words of some texts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def save_bert(folder: Path, words: Iterable[str], hidden: int) -> Path:
    """Write a two-layer BERT whose vocabulary are these words into a folder; return the folder."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(words))]
    (folder / "vocab.txt").write_text("\n".join(known), encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(known), hidden_size=hidden, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        initializer_range=0.3, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder
