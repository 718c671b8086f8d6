from __future__ import annotations

import numpy as np
import pytest

from chat.trie import LONGEST, TitleTrie

END = 99
TITLES = [[5, 6], [5], [5, 6, 7], [3], [5, 6], [4, 1]]


def walk(trie: TitleTrie) -> dict[tuple[int, ...], list[int]]:
    """Descend to every leaf; return the tokens that lead there and the positions it holds."""
    found: dict[tuple[int, ...], list[int]] = {}
    nodes = [((), 0, len(trie))] if len(trie) else []
    while nodes:
        path, lo, hi = nodes.pop()
        if path and path[-1] == END:
            [(tokens, positions)] = trie.leaves(lo, hi)
            assert tuple(tokens.tolist()) == path
            found[path] = positions.tolist()
            continue
        children = trie.children(lo, hi, len(path))
        for token, low, high in zip(children.tokens.tolist(), children.lo, children.hi, strict=True):
            nodes.append(((*path, token), int(low), int(high)))
    return found


def test_every_title_is_a_leaf_and_equal_titles_share_one():
    assert walk(TitleTrie(TITLES, END)) == {
        (3, END): [3],
        (4, 1, END): [5],
        (5, END): [1],
        (5, 6, END): [0, 4],
        (5, 6, 7, END): [2],
    }


def test_a_title_that_begins_another_is_told_apart_by_its_end():
    trie = TitleTrie(TITLES, END)
    root = trie.children(0, len(trie), 0)
    five = root.tokens.tolist().index(5)
    assert sorted(trie.children(int(root.lo[five]), int(root.hi[five]), 1).tokens.tolist()) == [6, END]


@pytest.mark.parametrize("allowed", [[0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1], [1] * 6, [0] * 6])
def test_a_child_without_an_allowed_title_is_never_offered(allowed):
    mask = np.array(allowed, dtype=bool)
    everything = walk(TitleTrie(TITLES, END))
    expected = {path: [p for p in at if mask[p]] for path, at in everything.items() if any(mask[at])}
    assert walk(TitleTrie(TITLES, END).only(mask)) == expected


def test_masking_is_a_view_that_leaves_the_trie_as_it_was():
    trie = TitleTrie(TITLES, END)
    before = walk(trie)
    trie.only(np.zeros(6, dtype=bool))
    assert walk(trie) == before
    assert trie.only(None) is trie


def test_few_tells_single_titles_and_small_ranges():
    trie = TitleTrie(TITLES, END)  # rows: 3 | 4 1 | 5 6 7 | 5 6 | 5 6 | 5 (the end token is 99)
    lo, hi = np.array([0, 3, 2, 0]), np.array([1, 5, 5, 6])
    assert trie.few(lo, hi, 1).tolist() == [True, True, False, False]
    assert trie.few(lo, hi, 3).tolist() == [True, True, True, False]


def test_long_titles_are_cut_and_keep_their_identity():
    long = list(range(1, 60))
    trie = TitleTrie([long, [*long, 7], [1, 2]], END)
    assert walk(trie) == {(*long[: LONGEST - 1], END): [0, 1], (1, 2, END): [2]}
    assert len(trie.tokens(1)) == LONGEST


def test_tokens_of_a_position_include_the_end():
    trie = TitleTrie(TITLES, END)
    assert [trie.tokens(p).tolist() for p in range(6)] == [[*t, END] for t in TITLES]


def test_an_empty_catalogue_and_a_mask_of_the_wrong_length():
    assert walk(TitleTrie([], END)) == {}
    with pytest.raises(ValueError, match="allowed has 2 values for a catalogue of 6 titles"):
        TitleTrie(TITLES, END).only(np.ones(2, dtype=bool))
