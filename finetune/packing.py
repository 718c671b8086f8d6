"""Packing: many examples in one row, each seeing its own tokens only, and what they share laid down once.

A row is a tree of tokens, as the serving beam's is (`chat.engine.Tree`): examples that begin alike share those tokens
(the system message, the dialogue so far, a prompt that several titles answer), and part where they differ. A token sees
its ancestors and stands at its depth, so to every example the row looks as if it were alone in it: losses and
gradients are those of the examples one by one, at a fraction of the tokens.

    plain:  S U1 title A     S U1 title B     S U2 title C
    row:    S ─┬─ U1 ─┬─ title A
               │      └─ title B
               └─ U2 ─── title C
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from finetune.examples import TASKS, Example, Tokens
from retrieval.errors import NamedropError
from retrieval.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import torch

Batch = dict[str, Any]


class PackingError(NamedropError):
    """Examples cannot be packed."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """An encoded example: its tokens, its task's weight in the loss, and the item that the user tower is to find."""

    tokens: Tokens
    weight: float
    target: int | None
    source: str

    @classmethod
    def of(cls, example: Example, tokens: Tokens, weight: float) -> Weighed:
        """Weigh an example; only tasks that name titles have a target."""
        named = TASKS[example.task].names_titles
        return cls(tokens, weight, example.positions[0] if named and example.positions else None, example.source)


@dataclass(frozen=True, slots=True)
class Row:
    """A tree of n tokens; a parent stands before its children, and -1 is the root.

    Attributes:
        tokens, parents: (n,).
        label_nodes, label_tokens, label_weights: (p,): behind which node which token is to follow, and how much it
            counts; a node may have several.
        user_nodes, user_targets, user_weights: (q,): at the end of which prompt which item is to be found.
        plain: how many tokens the examples have one by one, the last of each left out as in the row.
        examples: how many there are.
    """

    tokens: IntArray
    parents: IntArray
    label_nodes: IntArray
    label_tokens: IntArray
    label_weights: FloatArray
    user_nodes: IntArray
    user_targets: IntArray
    user_weights: FloatArray
    plain: int
    examples: int

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def depths(self) -> IntArray:
        """How many tokens stand before each: (n,)."""
        depths = np.zeros(len(self), dtype=np.int64)
        for node, parent in enumerate(self.parents.tolist()):
            depths[node] = depths[parent] + 1 if parent >= 0 else 0
        return depths

    @property
    def seen(self) -> BoolArray:
        """Which tokens each one sees, itself and its ancestors: (n, n)."""
        seen = np.eye(len(self), dtype=np.bool_)
        for node, parent in enumerate(self.parents.tolist()):
            if parent >= 0:
                seen[node, :node] = seen[parent, :node]
        return seen


class _Growing:
    """A row in the making."""

    def __init__(self) -> None:
        self._children: dict[tuple[int, int], int] = {}
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.labels: list[tuple[int, int, float]] = []
        self.users: list[tuple[int, int, float]] = []
        self.plain = self.examples = 0

    def __len__(self) -> int:
        return len(self.tokens)

    def shared(self, fed: Sequence[int]) -> int:
        """Return how many of an example's tokens the row has already."""
        node = -1
        for count, token in enumerate(fed):
            child = self._children.get((node, token))
            if child is None:
                return count
            node = child
        return len(fed)

    def add(self, example: Weighed, fed: Sequence[int]) -> None:
        nodes = self._path(fed)
        end = len(example.tokens.prompt) - 1
        for at, token in enumerate(example.tokens.completion, end):
            self.labels.append((nodes[at], token, example.weight))
        if example.target is not None:
            reader = self._path(example.tokens.person)[-1] if example.tokens.person else nodes[end]
            self.users.append((reader, example.target, example.weight))
        self.plain += len(fed)
        self.examples += 1

    def _path(self, tokens: Sequence[int]) -> list[int]:
        """Lay down what is not there yet, and return the nodes of some tokens from the root on."""
        node, nodes = -1, []
        for token in tokens:
            child = self._children.get((node, token))
            if child is None:
                child = self._children[node, token] = len(self.tokens)
                self.tokens.append(token)
                self.parents.append(node)
            node = child
            nodes.append(node)
        return nodes

    def done(self) -> Row:
        return Row(
            tokens=_ints(self.tokens),
            parents=_ints(self.parents),
            label_nodes=_ints(node for node, _, _ in self.labels),
            label_tokens=_ints(token for _, token, _ in self.labels),
            label_weights=_floats(weight for _, _, weight in self.labels),
            user_nodes=_ints(node for node, _, _ in self.users),
            user_targets=_ints(target for _, target, _ in self.users),
            user_weights=_floats(weight for _, _, weight in self.users),
            plain=self.plain,
            examples=self.examples,
        )


def _ints(values: Iterable[int]) -> IntArray:
    return np.fromiter(values, dtype=np.int64)


def _floats(values: Iterable[float]) -> FloatArray:
    return np.fromiter(values, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Packed:
    """The rows, and how many examples were longer than a row."""

    rows: tuple[Row, ...]
    too_long: int

    @property
    def tokens(self) -> int:
        """Tokens that are computed in one epoch."""
        return sum(len(row) for row in self.rows)

    @property
    def plain(self) -> int:
        """Tokens that the examples would have one by one."""
        return sum(row.plain for row in self.rows)

    @property
    def labels(self) -> int:
        """Tokens with loss."""
        return sum(len(row.label_nodes) for row in self.rows)


def pack(examples: Sequence[Weighed], max_tokens: int, seed: int = 0) -> Packed:
    """Pack examples into rows of at most `max_tokens` tokens; those of one source stand together, sources at random.

    Raises:
        PackingError: an example has no completion, none fits a row, or tokens with loss were lost in packing.
    """
    rows: list[Row] = []
    row, too_long, expected = _Growing(), 0, 0
    for example in _mixed(examples, seed):
        if not example.tokens.completion or not example.tokens.prompt:
            raise PackingError(f"{example.source}: expected a prompt and a completion, found an empty one")
        fed = (*example.tokens.prompt, *example.tokens.completion[:-1])  # nothing follows the end token
        person = example.tokens.person if example.target is not None else ()
        alike = _alike(fed, person)
        if len(fed) + len(person) - alike > max_tokens:
            too_long += 1
            continue
        if len(row) + len(fed) - row.shared(fed) + len(person) - max(alike, row.shared(person)) > max_tokens:
            rows.append(row.done())
            row = _Growing()
        row.add(example, fed)
        expected += len(example.tokens.completion)
    if len(row):
        rows.append(row.done())
    packed = Packed(tuple(rows), too_long)
    if not rows:
        shortest = min((len(e.tokens.prompt) + len(e.tokens.completion) for e in examples), default=0)
        raise PackingError(f"no example fits max_tokens = {max_tokens}; the shortest has {shortest} tokens: raise it")
    if packed.labels != expected:  # a mask lost by packing would train on the prompt
        raise PackingError(f"packing kept {packed.labels} tokens with loss of {expected}; please report this")
    return packed


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens two sequences begin with in common."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _mixed(examples: Sequence[Weighed], seed: int) -> Iterator[Weighed]:
    by_source = [list(same) for _, same in groupby(sorted(examples, key=lambda e: e.source), key=lambda e: e.source)]
    random.Random(seed).shuffle(by_source)
    for same in by_source:
        yield from sorted(same, key=lambda e: e.tokens.prompt)  # neighbours share the most


def collate(rows: Sequence[Row], ids: Iterable[int] = ()) -> Batch:
    """Lay B rows side by side, padded to the longest T; `ids` tell which rows they are.

    Returns: tokens and positions (B, T), mask (B, 1, T, T) bool, `heads` (m,) the nodes whose next token counts as
    indices into B·T, `label_heads` (p,) indices into `heads` with `label_tokens` and `label_weights` (p,), `users` (u,)
    the prompts' ends as indices into B·T, `target_users` (q,) indices into `users` with `targets` and `target_weights`
    (q,), `ids` (B,) and `plain`, the tokens of the examples one by one.
    """
    import torch

    length = max(len(row) for row in rows)
    tokens = np.zeros((len(rows), length), dtype=np.int64)
    positions = np.zeros((len(rows), length), dtype=np.int64)
    # A padding token sees itself only: a row of an attention mask must not be empty.
    mask = np.broadcast_to(np.eye(length, dtype=np.bool_), (len(rows), length, length)).copy()
    for at, row in enumerate(rows):
        tokens[at, : len(row)] = row.tokens
        positions[at, : len(row)] = row.depths
        mask[at, : len(row), : len(row)] = row.seen
    heads, label_heads = np.unique(
        np.concatenate([at * length + row.label_nodes for at, row in enumerate(rows)]), return_inverse=True
    )
    users, target_users = np.unique(
        np.concatenate([at * length + row.user_nodes for at, row in enumerate(rows)]), return_inverse=True
    )
    arrays = {
        "tokens": tokens,
        "positions": positions,
        "mask": mask[:, None],
        "heads": heads,
        "label_heads": label_heads,
        "label_tokens": np.concatenate([row.label_tokens for row in rows]),
        "label_weights": np.concatenate([row.label_weights for row in rows]),
        "users": users,
        "target_users": target_users,
        "targets": np.concatenate([row.user_targets for row in rows]),
        "target_weights": np.concatenate([row.user_weights for row in rows]),
        "ids": np.array(list(ids), dtype=np.int64),
        "plain": np.array(sum(row.plain for row in rows), dtype=np.int64),
    }
    return {name: _tensor(torch, array) for name, array in arrays.items()}


def _tensor(torch: Any, array: npt.NDArray[Any]) -> torch.Tensor:  # noqa: ANN401 - the module, imported late
    return torch.from_numpy(np.ascontiguousarray(array))
