"""What is minimised: the next token of every completion, and beside it the user tower's choice among the catalogue.

One forward of a packed batch serves both, as one prefill serves both in the chat.

    L = Σ w · -log p(token | ancestors) / Σ w  +  λ · Σ w · -log softmax_i(⟨φ(u), θ(i)⟩ / τ) / Σ w

The first sum runs over the tokens with loss, the second over the (prompt, next item) pairs (M6-Rec, arXiv 2205.08084,
section 3.3; full softmax over the catalogue up to `Tower.exact_items`, sampled beyond, but in validation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from chat.tower import TowerWeights
from finetune.config import Tower
from finetune.packing import Batch, Row
from retrieval.types import FloatArray

TOP = 10


class Loss(NamedTuple):
    """The sums of a batch: weighted losses, their weights, and how many targets the tower ranks among its first 10."""

    lm: Tensor
    lm_weight: Tensor
    tower: Tensor
    tower_weight: Tensor
    hits: Tensor
    pairs: Tensor


class TowerHead(nn.Module):
    """The user tower in training; `export` gives what `chat.tower.UserTower` loads.

    Hidden states of a language model differ in scale from dimension to dimension by orders of magnitude, so they are
    standardised by a fixed mean and deviation, which `export` folds into W_u.
    """

    texts: Tensor  # (N, E), the items' embeddings, with their factors if there are any
    usable: Tensor  # (N,) bool, False for items that are left out of training
    log_counts: Tensor  # (N,)
    mean: Tensor  # (H,)
    deviation: Tensor  # (H,)

    def __init__(self, settings: Tower, hidden: int, texts: FloatArray, counts: Sequence[int], usable: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.settings = settings
        self.user = nn.Linear(hidden, settings.dimensions)
        self.item = nn.Linear(texts.shape[1], settings.dimensions, bias=False)
        nn.init.orthogonal_(self.item.weight)  # near texts begin as near vectors
        self.prior = nn.Parameter(torch.tensor(1.0 if settings.prior else 0.0), requires_grad=settings.prior)
        self.register_buffer("texts", torch.from_numpy(np.array(texts, dtype=np.float32)), persistent=False)
        self.register_buffer("usable", torch.from_numpy(np.array(usable, dtype=np.bool_)), persistent=False)
        self.register_buffer("log_counts", torch.log1p(torch.tensor(counts, dtype=torch.float32)), persistent=False)
        self.register_buffer("mean", torch.zeros(hidden))
        self.register_buffer("deviation", torch.ones(hidden))

    def standardise(self, states: Tensor) -> None:
        """Fix the mean and deviation by which hidden states (n, H) are standardised."""
        self.mean.copy_(states.mean(dim=0))
        self.deviation.copy_(states.std(dim=0, correction=0).clamp(min=1e-4))

    def logits(self, hidden: Tensor, items: Tensor | None = None) -> Tensor:
        """Return ⟨φ(u), θ(i)⟩ / τ + β log(1 + count): hidden (u, H), items (i,) or all of them; (u, i)."""
        texts, counts = (self.texts, self.log_counts) if items is None else (self.texts[items], self.log_counts[items])
        users = functional.normalize(self.user((hidden.float() - self.mean) / self.deviation), dim=-1)
        vectors = functional.normalize(self.item(texts), dim=-1)
        return users @ vectors.T / self.settings.temperature + self.prior * counts

    def forward(self, hidden: Tensor, batch: Batch, seed: int) -> tuple[Tensor, Tensor]:
        """Return -log p of each pair's target (q,) and whether it is among the first `TOP` (q,)."""
        # Measured is the rank among all items: negatives that were drawn stand for others in the loss only.
        exact = not self.training or len(self.texts) <= self.settings.exact_items
        items = None if exact else self._sample(batch["targets"], seed)
        logits = self.logits(hidden, items)
        if items is None:
            logits = logits.masked_fill(~self.usable, -torch.inf)
            column = batch["targets"]
        else:
            column = torch.searchsorted(items, batch["targets"])
            # A uniform sample stands for all others: their part of the partition function is scaled up.
            drawn = torch.ones_like(items, dtype=torch.bool)
            drawn[column] = False
            scale = np.log(max(int(self.usable.sum()) - int((~drawn).sum()), 1) / max(int(drawn.sum()), 1))
            logits = logits + drawn * scale
        logits = logits[batch["target_users"]]  # (q, i)
        picked = logits.gather(1, column[:, None])
        hits = (logits > picked).sum(dim=1) < TOP
        return (logits.logsumexp(dim=1) - picked[:, 0]), hits

    def _sample(self, targets: Tensor, seed: int) -> Tensor:
        """Return the targets and `sampled` further items, sorted; the same for the same seed, on any device."""
        generator = torch.Generator().manual_seed(seed)
        usable = self.usable.nonzero()[:, 0].cpu()
        drawn = usable[torch.randint(len(usable), (self.settings.sampled,), generator=generator)]
        return torch.cat([targets.cpu(), drawn]).unique().to(targets.device)

    def export(self) -> TowerWeights:
        """Return the parameters as serving uses them."""
        with torch.no_grad():
            user = self.user.weight / self.deviation
            bias = self.user.bias - user @ self.mean
        return TowerWeights(_array(user), _array(bias), _array(self.item.weight), float(self.prior.detach()))


def _array(part: Tensor) -> FloatArray:
    array: FloatArray = part.detach().float().cpu().numpy()
    return array


class Tuned(nn.Module):
    """A causal LM with adapters and the tower: a packed batch in, the sums of its losses out.

    Args:
        model: a causal LM, with or without peft around it.
        tower: the tower head, None without one.
        upper: the model's upper layers, fed with cached states instead of tokens; see `finetune.upper`.
        autocast: the number format of the products, None for the parameters' own.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - any of transformers' causal LMs
        tower: TowerHead | None,
        *,
        upper: Any = None,  # noqa: ANN401
        autocast: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.tower = tower
        # In a list, so that the layers, which are the model's, are not registered as parameters a second time.
        self._upper = [upper]
        self.autocast = autocast

    def hidden(self, batch: Batch) -> Tensor:
        """Return the last hidden states: (B, T, H)."""
        causal = causal_of(self.model)
        shared = {"attention_mask": batch["mask"], "position_ids": batch["positions"], "use_cache": False}
        with torch.autocast(batch["mask"].device.type, self.autocast, enabled=self.autocast is not None):
            if self._upper[0] is not None:
                return self._upper[0](inputs_embeds=batch["states"], **shared).last_hidden_state
            return backbone_of(causal)(input_ids=batch["tokens"], **shared).last_hidden_state

    def forward(self, batch: Batch, seed: int = 0) -> Loss:
        """Return the sums of a batch's losses; `seed` draws the tower's negatives where it samples."""
        flat = self.hidden(batch).flatten(0, 1)  # (B·T, H)
        head = causal_of(self.model).get_output_embeddings()
        with torch.autocast(flat.device.type, self.autocast, enabled=self.autocast is not None):
            logits = head(flat[batch["heads"]]).float()  # (m, V): the labelled positions only
        rows = batch["label_heads"]
        losses = logits.logsumexp(dim=-1)[rows] - logits[rows, batch["label_tokens"]]
        weights = batch["label_weights"]
        zero = losses.new_zeros(())
        tower, weight, hits = zero, zero, zero
        if self.tower is not None:
            nll, found = self.tower(flat[batch["users"]], batch, seed)
            # Without pairs the sums are empty, and the parameters still take part, as DDP wants.
            tower, weight = (nll * batch["target_weights"]).sum(), batch["target_weights"].sum()
            hits = found.sum()
        pairs = torch.tensor(float(len(batch["targets"])), device=flat.device)
        return Loss((losses * weights).sum(), weights.sum(), tower, weight, hits, pairs)

    def total(self, loss: Loss, lm_weight: Tensor, tower_weight: Tensor) -> Tensor:
        """Return the loss of a batch as its share of a whole step, whose weights are given."""
        total = loss.lm / lm_weight.clamp(min=1e-9)
        if self.tower is not None:
            total = total + self.tower.settings.weight * loss.tower / tower_weight.clamp(min=1e-9)
        return total


def causal_of(model: Any) -> Any:  # noqa: ANN401
    """Return the causal LM below peft's wrapping, its adapters in place."""
    return model.get_base_model() if hasattr(model, "peft_config") else model


def backbone_of(causal: Any) -> Any:  # noqa: ANN401
    """Return a causal LM without its head."""
    return getattr(causal, causal.base_model_prefix)


def counts_of(rows: Sequence[Row], items: int) -> list[int]:
    """Return how often each of N items is a target: (N,)."""
    counts = np.zeros(items, dtype=np.int64)
    for row in rows:
        np.add.at(counts, row.user_targets, 1)
    return counts.tolist()


def to_device(batch: Mapping[str, Tensor], device: torch.device | str) -> Batch:
    """Return a batch on a device."""
    return {name: part.to(device) for name, part in batch.items()}
