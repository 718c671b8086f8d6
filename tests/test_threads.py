"""Threads: taken for as long as they are needed, and given back whatever happens."""

from __future__ import annotations

import os

import pytest
import torch

from finetune.threads import all_threads, one_thread


def test_threads_are_given_back_also_after_an_error():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
        with all_threads():
            assert torch.get_num_threads() == len(os.sched_getaffinity(0))
        assert torch.get_num_threads() == 1
    with pytest.raises(ValueError, match="no"), one_thread():
        raise ValueError("no")
    assert torch.get_num_threads() == before
