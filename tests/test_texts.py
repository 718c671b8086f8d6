"""Wording: the measures on literal texts, and the likelihood of a reply against the plain sum over its tokens."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chat.encoding import PromptEncoder
from chat.generator import LocalGenerator
from chat.prompt import UserContext, render
from finetune.cases import Case
from finetune.texts import Reply, bleu, distinct, filled, outside, replies, summary, token_counter
from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.linking import TitleLinker
from retrieval.types import Item, Query

CATALOG = Catalog([Item("a", "Stalker", year=1979), Item("b", "The Good, the Bad and the Ugly", aliases=("GBU",))])
LINKER = TitleLinker(Facets(CATALOG))


def split(*texts):
    return [text.split() for text in texts]


class TestBleu:
    def test_a_hand_worked_example(self):
        # 1-grams: the, cat, sat of four (one "the" is clipped); 2-grams: "the cat", "cat sat" of three.
        made, meant = split("the cat sat the"), split("the cat sat down now")
        expected = math.exp(1 - 5 / 4) * math.sqrt(3 / 4 * 2 / 3)
        assert bleu(made, meant) == pytest.approx(expected)

    def test_the_same_is_one_and_nothing_in_common_is_zero(self):
        assert bleu(split("a b c"), split("a b c")) == 1
        assert bleu(split("a b"), split("c d")) == 0
        assert bleu(split("a x b"), split("a b")) == 0  # no pair in common
        assert bleu(split(""), split("a b")) == 0

    def test_counts_are_of_the_corpus(self):
        together = bleu(split("a b", "c d"), split("a b", "x y"))
        assert together == pytest.approx(math.sqrt(2 / 4 * 1 / 2))


def test_distinct():
    assert distinct(split("a b c d e", "a b c d x"), 4) == 3 / 4
    assert distinct(split("a b", ""), 4) == 0


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Then try Stalker (1979), or GBU.", []),
        ("Maybe The Good, the Bad and the Ugly (1966)?", []),
        ('You will like "Stalker".', []),
        ('You will like "Stalker 2".', ["Stalker 2"]),
        ("Have you seen The Matrix (1999)?", ["seen The Matrix (1999)"]),
        ("It is from (1999).", ["It is from (1999)"]),
        ("In 1999 I was ten.", []),
        ("", []),
    ],
)
def test_what_the_catalogue_lacks_is_found(text, missing):
    assert outside(text, LINKER) == missing


def test_slots_are_filled_and_those_without_an_item_dropped():
    assert filled("Try [1] and [2], not [7] or [0].", CATALOG.items) == (
        "Try Stalker and The Good, the Bad and the Ugly, not or ."
    )


def test_a_summary():
    made = [
        Reply("Try [1] now please", "Try [1] now", CATALOG.items, logprob=-6.0, tokens=3),
        Reply('"Nothing" here', "Hm", CATALOG.items, logprob=-1.0, tokens=1),
    ]
    found = summary(made, LINKER)
    assert found["replies"] == 2
    assert found["perplexity"] == pytest.approx(math.exp((3 * 2 + 1) / 4))
    assert found["outside_catalogue"] == 0.5
    assert found["distinct-4"] == 1
    assert summary([], LINKER) == {}


def test_replies_are_worded_and_weighed(tiny_model_dir):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    context = UserContext(said=[("user", "Something slow?")])
    worded = Case(0, context, Query(), (), (0,), (True,), "Try Stalker (1979) then")
    silent = Case(1, context, Query(), (), (0,), (True,), "Hm")
    generator = LocalGenerator(tiny_model_dir, dtype="float32")
    count = token_counter(tiny_model_dir)
    [reply] = replies(generator, [worded, silent], CATALOG, count)
    assert reply.meant == "Try [1] then"
    assert isinstance(reply.said, str)

    encoder = PromptEncoder(AutoTokenizer.from_pretrained(tiny_model_dir))
    asked = encoder.prompt(render(context, "reply", [CATALOG[0]]))
    answer = [*encoder.titles([reply.meant])[0], encoder.end_id]
    model = AutoModelForCausalLM.from_pretrained(tiny_model_dir)
    with torch.inference_mode():
        logits = model(torch.tensor([[*asked, *answer]])).logits[0, len(asked) - 1 : -1].double()
    expected = torch.log_softmax(logits, -1)[np.arange(len(answer)), answer].sum()
    assert reply.tokens == len(answer)
    assert reply.logprob == pytest.approx(float(expected), abs=1e-4)
