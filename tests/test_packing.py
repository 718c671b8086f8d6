from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from finetune.examples import Tokens
from finetune.packing import PackingError, Weighed, collate, pack


def weighed(prompt: list[int], completion: list[int], weight=1.0, target=None, source="a") -> Weighed:
    return Weighed(Tokens(tuple(prompt), tuple(completion)), weight, target, source)


def test_what_examples_share_is_laid_down_once():
    one = weighed([1, 2, 3], [7, 9], target=4)
    other = weighed([1, 2, 3], [8, 9], target=5, weight=0.5)
    third = weighed([1, 2], [6, 9])
    [row] = pack([one, other, third], 32).rows
    assert row.tokens.tolist() == [1, 2, 6, 3, 7, 8]
    assert row.parents.tolist() == [-1, 0, 1, 1, 3, 3]
    assert row.depths.tolist() == [0, 1, 2, 2, 3, 3]
    labels = zip(row.label_nodes.tolist(), row.label_tokens.tolist(), row.label_weights.tolist(), strict=True)
    assert sorted(labels) == [(1, 6, 1), (2, 9, 1), (3, 7, 1), (3, 8, 0.5), (4, 9, 1), (5, 9, 0.5)]
    assert list(zip(row.user_nodes.tolist(), row.user_targets.tolist(), strict=True)) == [(3, 4), (3, 5)]
    assert (row.plain, row.examples) == (4 + 4 + 3, 3)


def test_the_tower_s_own_prompt_shares_what_it_can():
    example = Weighed(Tokens((1, 2, 8, 8, 3), (7, 9), person=(1, 2, 3)), 1.0, 4, "a")
    again = Weighed(Tokens((1, 2, 8, 8, 3), (6, 9), person=(1, 2, 3)), 1.0, 5, "a")
    untold = Weighed(Tokens((1, 2, 8, 8, 3), (5, 9), person=(1, 2, 3)), 1.0, None, "b")
    [row] = pack([example, again], 9).rows
    path, node = [], int(row.user_nodes[0])
    while node >= 0:
        path.append(int(row.tokens[node]))
        node = int(row.parents[node])
    assert path[::-1] == [1, 2, 3]
    assert row.user_nodes[0] == row.user_nodes[1]
    assert len(row) == 8  # five of the prompt, one of the person, two titles
    assert sorted(row.label_tokens.tolist()) == [6, 7, 9, 9]
    assert [len(r) for r in pack([example], 7).rows] == [7]
    with pytest.raises(PackingError, match="no example fits"):
        pack([example], 6)
    assert [len(r) for r in pack([untold], 6).rows] == [6]  # where no item is to be found, the tower reads nothing


def test_rows_with_prompts_for_the_tower_keep_their_length():
    rng = np.random.default_rng(1)
    examples = []
    for n in range(200):
        start, shelf = (rng.integers(0, 3, size).tolist() for size in rng.integers(1, 9, 2))
        tokens = Tokens((*start, *shelf, 4), (5 + n % 9, 9), person=(*start, 4))
        examples.append(Weighed(tokens, 1.0, n % 7, str(n // 3)))
    packed = pack(examples, 40)
    assert all(len(row) <= 40 for row in packed.rows)
    assert sum(row.examples for row in packed.rows) == 200


def test_a_token_sees_itself_and_what_stands_before_it_in_its_example():
    [row] = pack([weighed([1, 2], [5, 9]), weighed([1, 3], [6, 9])], 32).rows
    assert row.tokens.tolist() == [1, 2, 5, 3, 6]
    assert row.seen.astype(int).tolist() == [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 0, 0, 1, 0],
        [1, 0, 0, 1, 1],
    ]


def test_rows_keep_their_length_and_no_token_with_loss_is_lost():
    rng = np.random.default_rng(0)
    examples = [
        weighed(
            rng.integers(0, 9, rng.integers(1, 20)).tolist(),
            rng.integers(0, 9, rng.integers(1, 6)).tolist(),
            source=str(n),
        )
        for n in range(200)
    ]
    packed = pack(examples, 40, seed=3)
    assert all(len(row) <= 40 for row in packed.rows)
    assert packed.labels == sum(len(e.tokens.completion) for e in examples)
    assert packed.plain == sum(len(e.tokens.prompt) + len(e.tokens.completion) - 1 for e in examples)
    assert sum(row.examples for row in packed.rows) == 200
    assert packed.tokens < packed.plain


def test_the_order_depends_on_the_seed_only():
    examples = [weighed([1, n], [2, 9], source=str(n)) for n in range(30)]
    same = [[row.tokens.tolist() for row in pack(examples, 20, seed).rows] for seed in (1, 1, 2)]
    assert same[0] == same[1] != same[2]


def test_examples_longer_than_a_row_are_left_out_and_counted():
    packed = pack([weighed([1] * 50, [2, 9]), weighed([1], [2, 9])], 16)
    assert (packed.too_long, len(packed.rows)) == (1, 1)
    with pytest.raises(PackingError, match="no example fits max_tokens = 16; the shortest has 52 tokens"):
        pack([weighed([1] * 50, [2, 9])], 16)
    with pytest.raises(PackingError, match="expected a prompt and a completion"):
        pack([weighed([1], [])], 16)


def test_a_batch_is_padded_with_tokens_that_see_themselves_only():
    long, short = pack([weighed([1, 2, 3], [4, 9])], 16).rows[0], pack([weighed([5], [6, 9], target=2)], 16).rows[0]
    batch = collate([long, short], [7, 8])
    assert batch["tokens"].tolist() == [[1, 2, 3, 4], [5, 6, 0, 0]]
    assert batch["positions"].tolist() == [[0, 1, 2, 3], [0, 1, 0, 0]]
    assert batch["mask"][1, 0].int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert batch["heads"].tolist() == [2, 3, 4, 5]
    assert batch["users"].tolist() == [4]
    assert batch["ids"].tolist() == [7, 8]
    assert int(batch["plain"]) == 6


@pytest.fixture(scope="module")
def tuned(tiny_model_dir: Path):
    """The tiny model with adapters that already do something, and without a tower."""
    import torch
    from transformers import AutoModelForCausalLM

    from finetune.adapters import add_adapters
    from finetune.config import Data, Lora, TrainConfig
    from finetune.objective import Tuned

    config = TrainConfig(model="tiny", output=Path("run"), data=Data(catalog=Path("c")), lora=Lora(rank=4))
    model = add_adapters(AutoModelForCausalLM.from_pretrained(tiny_model_dir, attn_implementation="sdpa"), config)
    torch.manual_seed(1)
    for name, part in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(part, std=0.1)
    return Tuned(model, None).eval()


@pytest.fixture(scope="module")
def examples() -> list[Weighed]:
    rng = np.random.default_rng(1)
    prompts = [[1, *rng.integers(3, 300, rng.integers(4, 30)).tolist()] for _ in range(6)]
    return [
        weighed(
            prompts[n % 6],
            [*rng.integers(3, 300, rng.integers(1, 6)).tolist(), 2],
            1.0 if n % 3 else 0.2,
            source=f"{n % 6}",
        )
        for n in range(20)
    ]


def one_by_one(tuned, examples: list[Weighed]):
    """The loss as the definition says: each example alone, through the whole model with its own loss mask."""
    import torch

    total, weights = torch.zeros(()), 0.0
    for example in examples:
        ids = torch.tensor([[*example.tokens.prompt, *example.tokens.completion]])
        logp = tuned.model(ids).logits[0].log_softmax(-1)
        for at in range(len(example.tokens.prompt), ids.shape[1]):
            total = total - example.weight * logp[at - 1, ids[0, at]]
            weights += example.weight
    return total / weights


@pytest.mark.parametrize(("max_tokens", "rows_together"), [(64, 1), (64, 3), (512, 1)])
def test_packed_losses_and_gradients_are_those_of_the_examples_one_by_one(tuned, examples, max_tokens, rows_together):
    import torch

    rows = pack(examples, max_tokens).rows
    sums = [tuned(collate(rows[at : at + rows_together])) for at in range(0, len(rows), rows_together)]
    packed = sum(loss.lm for loss in sums) / sum(loss.lm_weight for loss in sums)
    alone = one_by_one(tuned, examples)
    assert float(packed.detach()) == pytest.approx(float(alone.detach()), abs=1e-4)
    trained = [part for part in tuned.parameters() if part.requires_grad]
    for one, other in zip(torch.autograd.grad(packed, trained), torch.autograd.grad(alone, trained), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


def test_examples_of_a_row_do_not_see_each_other(tuned, examples):
    alone = tuned(collate(pack(examples[:1], 512).rows))
    beside = pack([examples[0], weighed([299, *examples[1].tokens.prompt], [5, 2], weight=0.0, source="z")], 512).rows
    assert len(beside) == 1
    assert float(tuned(collate(beside)).lm.detach()) == pytest.approx(float(alone.lm.detach()), abs=1e-4)
