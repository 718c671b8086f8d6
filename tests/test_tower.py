from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import BagEncoder

from chat.generator import LocalGenerator
from chat.prompt import UserContext, render
from chat.tower import TowerSettings, UserTower, save_tower
from finetune.config import Tower
from finetune.examples import Tokens
from finetune.objective import TowerHead, Tuned
from finetune.packing import Weighed, collate, pack
from retrieval.catalog import Catalog
from retrieval.collaborative import ItemFactors
from retrieval.errors import ModelError
from retrieval.index import make_index
from retrieval.types import Item

N, H = 40, 32


@pytest.fixture(scope="module")
def index():
    words = ["slow", "fast", "sad", "funny", "space", "war", "love", "crime", "music", "dream"]
    items = [Item(f"i{n}", f"Title {n}", description=f"{words[n % 10]} {words[n // 4]}") for n in range(N)]
    return make_index(Catalog(items), BagEncoder(64))


def head_of(index, usable=None, **settings) -> TowerHead:
    torch.manual_seed(0)
    counts = [n % 3 for n in range(N)]
    usable = np.ones(N, dtype=bool) if usable is None else usable
    return TowerHead(Tower(dimensions=16, **settings), H, index.embeddings, counts, usable)


def saved(head: TowerHead, index, folder: Path) -> Path:
    counts = {f"i{n}": n % 3 for n in range(N) if n % 3}
    settings = TowerSettings(encoder=index.encoder.name, temperature=head.settings.temperature, counts=counts)
    save_tower(folder, head.export(), settings)
    return folder


def batch_of(targets: list[int], users: list[int]) -> dict:
    return {"targets": torch.tensor(targets), "target_users": torch.tensor(users)}


def test_the_loss_is_the_full_softmax_of_the_paper(index):
    head = head_of(index)
    head.standardise(torch.randn(20, H) * 5 + 2)
    hidden = torch.randn(3, H)
    nll, hits = head(hidden, batch_of([5, 7, 0], [0, 0, 2]), seed=0)
    weights = head.export()
    users = hidden.numpy() @ weights.user.T + weights.bias
    users /= np.linalg.norm(users, axis=1, keepdims=True)
    items = index.embeddings @ weights.item.T
    items /= np.linalg.norm(items, axis=1, keepdims=True)
    logits = users @ items.T / 0.07 + weights.prior * np.log1p([n % 3 for n in range(N)])
    logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(nll.detach(), -logp[[0, 0, 2], [5, 7, 0]], atol=1e-4)
    ranks = [(logp[u] > logp[u, t]).sum() for u, t in ((0, 5), (0, 7), (2, 0))]
    assert hits.tolist() == [rank < 10 for rank in ranks]


def test_serving_scores_are_the_trained_ones(index, tmp_path):
    head = head_of(index)
    head.standardise(torch.randn(20, H) * 5 + 2)
    tower = UserTower.load(saved(head, index, tmp_path), index)
    hidden = torch.randn(H)
    seen = np.array([n % 3 > 0 for n in range(N)])  # the others get the median count in serving
    expected = head.logits(hidden[None])[0].detach().numpy()
    scores = tower.scores(hidden.numpy())
    assert scores.shape == (N,)
    assert np.exp(scores).sum() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(scores[seen] - scores[1], expected[seen] - expected[1], atol=1e-4)
    plain = tower.scores(hidden.numpy(), prior=False)
    np.testing.assert_allclose(
        plain, torch.from_numpy(tower.items @ tower.user(hidden.numpy()) / 0.07).log_softmax(0), atol=1e-4
    )


def test_an_item_that_training_never_saw_is_scored_by_its_text(index, tmp_path):
    tower = UserTower.load(saved(head_of(index), index, tmp_path), index)
    twin = index.catalog[7]
    grown = [*index.catalog, Item("new", twin.title, description=twin.description)]
    bound = tower.bind(make_index(Catalog(grown), BagEncoder(64)))
    scores = bound.scores(np.random.default_rng(0).normal(size=H).astype(np.float32), prior=False)
    assert scores.shape == (N + 1,)
    assert scores[-1] == pytest.approx(scores[7])
    assert tower.items.shape == (N, 16)  # the older binding is as it was


def test_factors_stand_beside_the_texts(index, tmp_path):
    factors = ItemFactors(
        tuple(f"i{n}" for n in range(1, N)), np.linspace(-1, 1, 3 * (N - 1), dtype=np.float32).reshape(-1, 3)
    )
    described = factors.beside(index.embeddings, index.catalog)
    assert described.shape == (N, 64 + 3)
    assert not described[0, 64:].any()
    torch.manual_seed(0)
    head = TowerHead(Tower(dimensions=16), H, described, [1] * N, np.ones(N, dtype=bool))
    settings = TowerSettings(encoder=index.encoder.name, temperature=0.07, counts={}, factored=factors.ids)
    save_tower(tmp_path, replace(head.export(), factors=factors.vectors), settings)
    tower = UserTower.load(tmp_path, index)
    hidden = torch.randn(H)
    expected = head.logits(hidden[None])[0].detach().numpy()
    scores = tower.scores(hidden.numpy(), prior=False)
    np.testing.assert_allclose(scores - scores[0], expected - expected[0], atol=0.02)  # float16 on disk
    fewer = tower.bind(make_index(Catalog(list(index.catalog)[5:]), BagEncoder(64)))
    np.testing.assert_allclose(fewer.items, tower.items[5:], atol=1e-6)
    (tmp_path / "tower.json").write_text(settings.model_copy(update={"factored": ("i1",)}).model_dump_json())
    with pytest.raises(ModelError, match="rows of factors for 1 items"):
        UserTower.load(tmp_path, index)


def test_a_sample_of_everything_is_the_full_softmax_and_a_small_one_is_near(index):
    hidden, batch = torch.randn(4, H), batch_of([1, 2, 3, 4], [0, 1, 2, 3])
    full, _ = head_of(index)(hidden, batch, seed=0)
    every, _ = head_of(index, exact_items=1, sampled=4000)(hidden, batch, seed=0)
    torch.testing.assert_close(every, full)
    # The partition function of a sample is right on average; a high temperature keeps its spread small.
    full, _ = head_of(index, temperature=0.7)(hidden, batch, seed=0)
    head = head_of(index, exact_items=1, sampled=12, temperature=0.7)
    drawn = torch.stack([head(hidden, batch, seed=seed)[0] for seed in range(600)])
    torch.testing.assert_close(drawn.exp().mean(dim=0), full.exp(), atol=0, rtol=0.05)
    assert torch.equal(head(hidden, batch, seed=3)[0], drawn[3])


def test_what_is_measured_is_the_rank_among_all_items(index):
    hidden, batch = torch.randn(16, H), batch_of(list(range(16)), list(range(16)))
    whole, hits = head_of(index).eval()(hidden, batch, seed=0)
    drawn, found = head_of(index, exact_items=1, sampled=3).eval()(hidden, batch, seed=0)
    torch.testing.assert_close(drawn, whole)
    assert torch.equal(found, hits)


def test_left_out_items_are_no_negatives(index):
    usable = np.ones(N, dtype=bool)
    usable[10:] = False
    head = head_of(index, usable)
    hidden, batch = torch.randn(1, H), batch_of([3], [0])
    nll, _ = head(hidden, batch, seed=0)
    expected = -head.logits(hidden)[0, :10].log_softmax(0)[3]
    torch.testing.assert_close(nll[0], expected)
    sampled = head_of(index, usable, exact_items=1, sampled=500)(hidden, batch, seed=0)[0]
    torch.testing.assert_close(sampled, nll)


def test_the_tower_learns_beside_the_language_model(index, tiny_model_dir):
    from transformers import AutoModelForCausalLM

    rng = np.random.default_rng(0)
    prompts = [tuple(rng.integers(3, 300, 12).tolist()) for _ in range(8)]
    examples = [Weighed(Tokens(p, (5, 2)), 1.0, n * 4, str(n)) for n, p in enumerate(prompts)]
    model = AutoModelForCausalLM.from_pretrained(tiny_model_dir).requires_grad_(False)
    tuned = Tuned(model, head_of(index))
    batch = collate(pack(examples, 128).rows)
    with torch.no_grad():
        tuned.tower.standardise(tuned.hidden(batch).flatten(0, 1)[batch["users"]])
    optimizer = torch.optim.AdamW(tuned.tower.parameters(), lr=0.01)
    losses = []
    for _ in range(60):
        loss = tuned(batch)
        losses.append(float(loss.tower.detach() / loss.tower_weight))
        tuned.total(loss, loss.lm_weight, loss.tower_weight).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert losses[-1] < 0.3 * losses[0]
    assert int(tuned(batch).hits) == 8


def test_training_reads_the_hidden_state_that_serving_returns(index, tiny_model_dir):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from chat.encoding import PromptEncoder

    prompt = render(UserContext(said=[("user", "Something slow?")]))
    encoder = PromptEncoder(AutoTokenizer.from_pretrained(tiny_model_dir))
    tokens = Tokens(tuple(encoder.prompt(prompt)), (*encoder.text(" Title 3"), encoder.end_id))
    batch = collate(pack([Weighed(tokens, 1.0, 3, "a")], 256).rows)
    tuned = Tuned(AutoModelForCausalLM.from_pretrained(tiny_model_dir).eval(), None)
    with torch.no_grad():
        trained = tuned.hidden(batch).flatten(0, 1)[batch["users"]][0]
    serving = LocalGenerator(tiny_model_dir, dtype="float32").hidden(prompt)
    np.testing.assert_allclose(trained, serving, atol=1e-4)


def test_a_tower_that_does_not_fit_is_refused(index, tmp_path):
    saved(head_of(index), index, tmp_path)
    other = make_index(index.catalog, BagEncoder(64, name="other"))
    with pytest.raises(ModelError, match=r"reads embeddings of bag .64 dimensions., the index has those of other"):
        UserTower.load(tmp_path, other)
    tower = UserTower.load(tmp_path, index)
    with pytest.raises(ModelError, match="expects hidden states of 32 numbers"):
        tower.scores(np.zeros(7, dtype=np.float32))
    with pytest.raises(ModelError, match="cannot read the user tower"):
        UserTower.load(tmp_path / "nowhere", index)
    told = json.loads((tmp_path / "tower.json").read_text())
    (tmp_path / "tower.json").write_text(json.dumps({**told, "format": 2}))
    with pytest.raises(ModelError, match="cannot read the user tower"):
        UserTower.load(tmp_path, index)
    (tmp_path / "tower.json").write_text(json.dumps(told))
    (tmp_path / "tower.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match="cannot read the user tower"):
        UserTower.load(tmp_path, index)


def test_serving_needs_no_torch(tmp_path):
    import subprocess
    import sys

    code = "import chat.tower, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent).returncode == 0
