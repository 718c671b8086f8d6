"""The judge: a language model that tells which of a few passages answers a question, and whether any does.

A passage answers a question if somebody who has read it would ask that question: the score is log p(question | passage)
(Sachan et al., "Improving Passage Retrieval with Zero-Shot Question Generation", EMNLP 2022), tuned against other
passages and against having read none (`finetune.judge`), with a linear head on the last hidden state beside it.

What stands before the question is the passage alone, so that its keys and values are computed once and kept.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chat.engine import load_model
from retrieval.errors import ModelError
from retrieval.knowledge import Numbers
from retrieval.models import DEFAULT_LM, resolve_lm

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

ADAPTER = Path(__file__).resolve().parent.parent / "data" / "adapters" / "judge"
SETTINGS = "judge.json"
_REMEMBERED = 64  # passages whose keys and values are kept: 2 MB each for 100 tokens of the embedded model
_LONGEST = 225  # tokens of a passage with what stands around it
_TAIL = 25  # of which so many stand behind the passage
_LONGEST_QUESTION = 64  # tokens
_PORTION = 4_096  # question tokens whose logits (n, V) are computed at once
_BEGIN = "<|im_start|>system\nYou write questions that customers ask.<|im_end|>\n<|im_start|>user\n"
_OF_PASSAGE = "\n\nPlease write a question based on this passage."
_OF_NOTHING = "Please write a question to a shop."
_ANSWER = "<|im_end|>\n<|im_start|>assistant\n"
_END = "<|im_end|>"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a judge has learnt beside its adapter.

    Attributes:
        head: weights of the last hidden state, (H,), and `bias`.
        scale: of the log-likelihood.
        bar: what a passage must exceed to be better than none, in log odds.
    """

    head: tuple[float, ...]
    bias: float
    scale: float
    bar: float

    def save(self, folder: Path) -> None:
        """Write them into an adapter's folder."""
        kept = {"bias": self.bias, "scale": self.scale, "bar": self.bar, "head": list(self.head)}
        (folder / SETTINGS).write_text(json.dumps(kept) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Settings:
        """Read them.

        Raises:
            ModelError: the folder holds no judge.
        """
        try:
            kept = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            return cls(tuple(map(float, kept["head"])), float(kept["bias"]), float(kept["scale"]), float(kept["bar"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{folder / SETTINGS}: {error!r}; give what python -m finetune.judge has written"
            ) from error


@dataclass(frozen=True, slots=True)
class Read:
    """P passages that the model has read, padded at their left to T tokens.

    Attributes:
        keys: of each layer, (P, n_kv_head, T, head_dim); so `values`.
        values: see `keys`.
        mask: which tokens are there, (P, T).
        last: the last layer's hidden state of the last token, (P, H).
    """

    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]
    mask: torch.Tensor
    last: torch.Tensor

    def one(self, at: int) -> Read:
        """Return one of them without its padding."""
        length = int(self.mask[at].sum())
        keys, values = ([x[at : at + 1, :, -length:].clone() for x in layers] for layers in (self.keys, self.values))
        return Read(tuple(keys), tuple(values), self.mask[at : at + 1, -length:], self.last[at : at + 1])

    @staticmethod
    def joined(reads: Sequence[Read]) -> Read:
        """Return several of one passage each as one."""
        import torch

        longest = max(read.mask.shape[1] for read in reads)

        def padded(x: torch.Tensor, axis: int) -> torch.Tensor:
            shape = list(x.shape)
            shape[axis] = longest - shape[axis]
            return torch.cat([x.new_zeros(shape), x], dim=axis)

        layers = range(len(reads[0].keys))
        return Read(
            tuple(torch.cat([padded(read.keys[n], 2) for read in reads]) for n in layers),
            tuple(torch.cat([padded(read.values[n], 2) for read in reads]) for n in layers),
            torch.cat([padded(read.mask, 1) for read in reads]),
            torch.cat([read.last for read in reads]),
        )


class Reader:
    """Computes how likely each question is behind each passage; training and answering share it.

    Args:
        model: a causal LM of transformers.
        tokenizer: its tokenizer.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:  # noqa: ANN401 - transformers' classes have no common type
        self.model = model
        self._tokenizer = tokenizer
        control = sorted((str(token) for token in tokenizer.added_tokens_decoder.values()), key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, control)) or r"(?!)")

    def read(self, passages: Sequence[str]) -> Read:
        """Prefill P passages; "" stands for having read none."""
        import torch
        from transformers import DynamicCache

        ids, mask = self._batch([self._before(passage) for passage in passages], left=True)
        cache = DynamicCache()
        hidden = self.model.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        keys, values = (tuple(getattr(layer, part) for layer in cache.layers) for part in ("keys", "values"))
        return Read(keys, values, mask.to(torch.long), hidden[:, -1])

    def score(
        self, read: Read, questions: Sequence[str], pairs: Sequence[tuple[int, int]]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return of n pairs (question, passage) the log-likelihood in nats (n,), and the last hidden state (n, H)."""
        import torch
        from transformers import DynamicCache

        ids, mask = self._batch([self._question(question) for question in questions], left=False)
        which, behind = (torch.tensor(side, device=ids.device) for side in zip(*pairs, strict=True))
        ids, mask = ids[which], mask[which]
        past = DynamicCache()
        for layer, (keys, values) in enumerate(zip(read.keys, read.values, strict=True)):
            past.update(keys[behind], values[behind], layer)
        start = read.mask.sum(1)[behind]
        hidden = self.model.model(
            input_ids=ids,
            attention_mask=torch.cat([read.mask[behind], mask], dim=1),
            position_ids=start[:, None] + torch.arange(ids.shape[1], device=ids.device),
            past_key_values=past,
            use_cache=True,
        ).last_hidden_state
        there = mask.bool()
        states = torch.cat([read.last[behind][:, None], hidden[:, :-1]], dim=1)[there]
        targets = ids[there]
        costs = [
            self._cost(states[at : at + _PORTION], targets[at : at + _PORTION])
            for at in range(0, len(targets), _PORTION)
        ]
        table = torch.zeros(mask.shape, device=ids.device).masked_scatter(there, -torch.cat(costs))
        last = hidden[torch.arange(len(ids), device=ids.device), mask.sum(1) - 1]
        return table.sum(1), last.float()

    def _cost(self, states: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return −log p of n target tokens (n,); in training the logits (n, V) are computed again, not kept."""
        import torch

        def cost(states: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            logits = self.model.lm_head(states).float()
            return torch.nn.functional.cross_entropy(logits, targets, reduction="none")

        if not torch.is_grad_enabled():
            return cost(states, targets)
        again: torch.Tensor = torch.utils.checkpoint.checkpoint(cost, states, targets, use_reentrant=False)
        return again

    def _before(self, passage: str) -> list[int]:
        asked = f"{self._data(passage)}{_OF_PASSAGE}" if passage else _OF_NOTHING
        ids: list[int] = self._tokenizer(_BEGIN + asked + _ANSWER, add_special_tokens=False)["input_ids"]
        return ids if len(ids) <= _LONGEST else ids[: _LONGEST - _TAIL] + ids[-_TAIL:]

    def _data(self, text: str) -> str:
        """Return what a shop or a person wrote without the tokens that begin and end turns."""
        return self._control.sub(" ", text)

    def _question(self, question: str) -> list[int]:
        ids: list[int] = self._tokenizer(self._data(question), add_special_tokens=False)["input_ids"]
        end: list[int] = self._tokenizer(_END, add_special_tokens=False)["input_ids"]
        return ids[:_LONGEST_QUESTION] + end

    def _batch(self, rows: Sequence[Sequence[int]], *, left: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Return token ids and mask, (n, T) each, padded at one side."""
        import torch

        longest = max(map(len, rows))
        ids, mask = torch.zeros((2, len(rows), longest), dtype=torch.long)
        for at, row in enumerate(rows):
            span = slice(longest - len(row), longest) if left else slice(0, len(row))
            ids[at, span] = torch.tensor(row)
            mask[at, span] = 1
        return ids.to(self.model.device), mask.to(self.model.device)


class PassageJudge:
    """The tuned judge behind the contract of `retrieval.knowledge`; loads at the first use.

    Args:
        adapter: the folder that `finetune.judge` has written.
        model: the model that it was trained on.

    Raises:
        ModelError: the folder holds no judge; at the first use, if the model cannot be found or read.
    """

    def __init__(self, adapter: Path = ADAPTER, model: str | Path = DEFAULT_LM) -> None:
        self._adapter = adapter
        self._model = model
        self._settings = Settings.load(adapter)
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._read: OrderedDict[str, Read] = OrderedDict()
        self._judged: OrderedDict[tuple[str, ...], Numbers] = OrderedDict()  # one turn asks the same several times

    @classmethod
    def shipped(cls) -> PassageJudge | None:
        """Return the judge that comes with the package, None where the adapters were left out."""
        return cls() if (ADAPTER / SETTINGS).is_file() else None

    def judge(self, question: str, passages: Sequence[str]) -> Numbers:
        """Return the log odds of each passage, that it answers the question, against none of them: (n,)."""
        import torch

        if not passages:
            return np.zeros(0)
        with self._lock, torch.inference_mode():
            key = (question, *passages)
            if key not in self._judged:
                reader = self._opened()
                read = self._remembered(reader, ["", *passages])
                likelihood, last = reader.score(read, [question], [(0, at) for at in range(len(passages) + 1)])
                scores = self._scored(likelihood, last).cpu().numpy().astype(np.float64)
                self._judged[key] = scores[1:] - scores[0] - self._settings.bar
            self._judged.move_to_end(key)
            while len(self._judged) > _REMEMBERED:
                self._judged.popitem(last=False)
            return self._judged[key]

    def _scored(self, likelihood: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        head = last.new_tensor(self._settings.head)
        return likelihood * self._settings.scale + last @ head + self._settings.bias

    def _opened(self) -> Reader:
        if self._reader is None:
            from transformers import AutoTokenizer

            folder = resolve_lm(self._model)
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._reader = Reader(load_model(folder, self._adapter), tokenizer)
        return self._reader

    def _remembered(self, reader: Reader, passages: Sequence[str]) -> Read:
        """Return what the model makes of these passages, those together that it has not read yet."""
        missing = [passage for passage in dict.fromkeys(passages) if passage not in self._read]
        if missing:
            fresh = reader.read(missing)
            self._read.update((passage, fresh.one(at)) for at, passage in enumerate(missing))
        for passage in passages:
            self._read.move_to_end(passage)
        found = Read.joined([self._read[passage] for passage in passages])
        while len(self._read) > max(_REMEMBERED, len(passages)):
            self._read.popitem(last=False)
        return found
