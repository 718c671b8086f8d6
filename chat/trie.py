"""The catalogue's titles as a token trie: what a beam may say next, so that it can name nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.types import BoolArray, IntArray

TokenArray = npt.NDArray[np.int32]

LONGEST = 32  # tokens of a title, its end included
_PAD = -1


@dataclass(frozen=True, slots=True)
class Children:
    """The continuations of a node, C of them: tokens (C,), and the ranges of rows [lo, hi) (C,) under each."""

    tokens: TokenArray
    lo: IntArray
    hi: IntArray


class TitleTrie:
    """Titles sorted by their tokens, so that a node is a range of rows [lo, hi) and a depth.

    Every title ends with the end token, so none is the beginning of another. Titles of equal tokens (the same title
    twice, or two that differ beyond `LONGEST` tokens) share a leaf, which stands for the catalogue positions of all.
    """

    def __init__(self, titles: Sequence[Sequence[int]], end_id: int) -> None:
        """Sort the token lists of N titles, in catalogue order and without their end: (N, L), L <= `LONGEST`."""
        lengths = np.fromiter((min(len(t), LONGEST - 1) for t in titles), dtype=np.int64, count=len(titles))
        width = int(lengths.max(initial=0)) + 1
        tokens = np.full((len(titles), width), _PAD, dtype=np.int32)
        flat = np.fromiter(
            (t for title in titles for t in title[: LONGEST - 1]), dtype=np.int32, count=int(lengths.sum())
        )
        tokens[np.arange(width) < lengths[:, None]] = flat
        tokens[np.arange(len(titles)), lengths] = end_id
        order = np.lexsort(tokens.T[::-1]) if len(titles) else np.empty(0, dtype=np.int64)  # stable: ties by position
        # Column-major, because a step reads one column of a range.
        self._tokens = np.asfortranarray(tokens[order])
        self._lengths = lengths[order] + 1
        new = np.ones(len(titles), dtype=np.bool_)
        new[1:] = (self._tokens[1:] != self._tokens[:-1]).any(axis=1)
        self._group = np.cumsum(new)
        self._positions = order
        self._row_of = np.empty(len(titles), dtype=np.int64)
        self._row_of[order] = np.arange(len(titles))
        self._rows = np.arange(len(titles))
        self._root: Children | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def only(self, allowed: BoolArray | None) -> TitleTrie:
        """Return the trie of the allowed titles, a view that shares the tokens; `allowed` is (N,) by position.

        Raises:
            ValueError: `allowed` is not of the catalogue's length.
        """
        if allowed is None:
            return self
        if len(allowed) != len(self._positions):
            raise ValueError(f"allowed has {len(allowed)} values for a catalogue of {len(self._positions)} titles")
        view = object.__new__(TitleTrie)
        view.__dict__.update(self.__dict__)
        view._rows = np.flatnonzero(allowed[self._positions])
        view._root = None
        return view

    def children(self, lo: int, hi: int, depth: int) -> Children:
        """Return what may follow in the range, in the order of the token ids."""
        whole = depth == 0 and lo == 0 and hi == len(self)
        if whole and self._root is not None:
            return self._root
        column = self._tokens[self._rows[lo:hi], depth]
        starts = np.flatnonzero(np.diff(column, prepend=_PAD))
        found = Children(column[starts], lo + starts, lo + np.append(starts[1:], hi - lo)[: len(starts)])
        if whole:
            self._root = found
        return found

    def few(self, lo: IntArray, hi: IntArray, limit: int) -> BoolArray:
        """Tell which of the non-empty ranges hold one title, however many items share it, or `limit` rows at most."""
        return (self._group[self._rows[lo]] == self._group[self._rows[hi - 1]]) | (hi - lo <= limit)

    def leaves(self, lo: int, hi: int) -> list[tuple[TokenArray, IntArray]]:
        """Return the titles of a range: the tokens, end included, and the positions that share them."""
        rows = self._rows[lo:hi]
        starts = np.flatnonzero(np.diff(self._group[rows], prepend=0))
        return [
            (self._tokens[same[0], : self._lengths[same[0]]], self._positions[same])
            for same in np.split(rows, starts[1:])
        ]

    def tokens(self, position: int) -> TokenArray:
        """Return the tokens, end included, of the title at a catalogue position."""
        row = self._row_of[position]
        return self._tokens[row, : self._lengths[row]]
