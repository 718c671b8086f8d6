"""Naming titles: the trie-constrained beam against plain generation followed by matching.

    python -m benchmarks.generation --catalog data/marquee/catalog.jsonl

asks both for ten titles with 20 prompts, turn by turn in one run, because absolute figures drift with the load of the
machine. Every prompt is new to both (the prefix cache is off). The plain way lets the same model write a list of 64
tokens, then matches every line against the catalogue's titles.
"""

from __future__ import annotations

import argparse
import logging
import random
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from rapidfuzz import fuzz, process
from transformers import AutoTokenizer

from chat.encoding import PromptEncoder
from chat.engine import load_model
from chat.generator import LocalGenerator
from chat.prompt import Prompt, UserContext, render
from retrieval.catalog import Catalog
from retrieval.models import DEFAULT_LM, resolve_lm

NEAR = 90  # of 100, rapidfuzz's ratio: a slip of the pen, not another title
SAID = (
    "I loved {0}. Something slower, maybe?",
    "Can you suggest something like {0}?",
    "My kids adored {0} and {1}. What else would they like?",
    "I'm in the mood for something scary tonight.",
    "Something funny for a rainy Sunday, please. {0} was fun.",
    "I want a classic, from before 1980.",
    "Not {0} again! Something with more heart.",
    "What should I try after {0} and {1}?",
    "A good story about families. I cried at {0}.",
    "Any science fiction that isn't about war?",
    "I have two hours and want to be surprised.",
    "{0} is my favourite of all time. What comes close?",
    "Something short and light for the train.",
    "I didn't care for {0}, but {1} was wonderful.",
    "A mystery with a clever ending.",
    "Do you have anything French?",
    "Something romantic, but not silly like {0}.",
    "My friend told me about {0}; is there more of that kind?",
    "Something my father would like. He likes history.",
    "I've seen {0}, {1} and everything like it. Give me something different.",
)


def prompts(catalog: Catalog, seed: int = 0) -> list[Prompt]:
    """Render 20 opening turns that talk of the catalogue's own items, the same for the same seed."""
    rng = random.Random(seed)
    made = []
    for said in SAID:
        liked = rng.sample(catalog.items, 2)[: len(re.findall(r"\{\d\}", said))]
        text = said.format(*(item.title for item in liked))
        made.append(render(UserContext(said=[("user", text)], liked=liked)))
    return made


def plain_titles(text: str) -> list[str]:
    """Read the titles out of a list the model wrote: ``1. "Solaris" (1972)`` gives ``Solaris``."""
    lines = (re.sub(r"^[\s\d.)*-]+|\s*\(\d{4}\).*$", "", line).strip(" \"'*.") for line in text.splitlines())
    return [line for line in lines if line]


class PlainWay:
    """What one would write first: transformers' `generate` on the whole prompt, then a fuzzy match of every line."""

    def __init__(self, model: str | Path, adapter: Path | None, catalog: Catalog) -> None:
        folder = resolve_lm(model)
        self.tokenizer, self.model = AutoTokenizer.from_pretrained(folder), load_model(folder, adapter)
        self.encoder = PromptEncoder(self.tokenizer)
        self.titles = {item.title.casefold() for item in catalog}
        self.choices = sorted(self.titles)
        self.written = self.exact = self.near = 0

    def name(self, prompt: Prompt) -> list[str]:
        """Write 64 tokens and return the titles that match the catalogue's."""
        asked = Prompt("You are a shop assistant. List ten titles that suit the person.", prompt.user, "1.")
        ids = torch.tensor([self.encoder.prompt(asked)], device=self.model.device)
        with torch.inference_mode():
            out = self.model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=64, min_new_tokens=64, do_sample=False
            )
        lines = plain_titles(self.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))
        matches = [process.extractOne(x.casefold(), self.choices, scorer=fuzz.ratio, score_cutoff=NEAR) for x in lines]
        self.written += len(lines)
        self.exact += sum(line.casefold() in self.titles for line in lines)
        self.near += sum(match is not None for match in matches)
        return [match[0] for match in matches if match is not None]

    def summary(self) -> str:
        """Say how many of the lines written so far name something in the catalogue."""
        written = max(self.written, 1)
        return f"{self.written} lines: {self.exact / written:.0%} in the catalogue, {self.near / written:.0%} near"


def report(name: str, seconds: Sequence[float]) -> str:
    """Format one system's times."""
    p50, p95 = np.percentile(seconds, [50, 95])
    return f"{name:<34} p50 {p50:5.2f} s   p95 {p95:5.2f} s"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both ways over the same prompts and print the figures side by side."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generation", description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", type=Path, default=Path("data/marquee/catalog.jsonl"), help="%(default)s")
    parser.add_argument("--model", default=DEFAULT_LM, help="folder, embedded name or hub id (%(default)s)")
    parser.add_argument("--adapter", type=Path, help="LoRA adapter folder")
    parser.add_argument("--skip-bad-rows", action="store_true", help="go on without the rows that cannot be used")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    catalog = Catalog.load(chosen.catalog, skip_bad=chosen.skip_bad_rows)
    cold = LocalGenerator(chosen.model, chosen.adapter, remembered=0).bind(catalog)
    warm = LocalGenerator(chosen.model, chosen.adapter).bind(catalog)
    plain = PlainWay(chosen.model, chosen.adapter, catalog)
    for generator in (cold, warm):
        generator.name_titles(Prompt("", "warm up", "Title:"), 10)

    trie_seconds, warm_seconds, plain_seconds = [], [], []
    named = 0
    for prompt in prompts(catalog):
        began = time.perf_counter()
        named += len(cold.name_titles(prompt, 10))
        trie_seconds.append(time.perf_counter() - began)

        warm.name_titles(prompt, 10)
        later = Prompt(prompt.system, f"{prompt.user}\nassistant: Here you are.\nuser: Something else.", prompt.answer)
        began = time.perf_counter()
        warm.name_titles(later, 10)
        warm_seconds.append(time.perf_counter() - began)

        began = time.perf_counter()
        plain.name(prompt)
        plain_seconds.append(time.perf_counter() - began)

    print(f"{len(catalog)} items, {len(SAID)} prompts, {torch.get_num_threads()} threads, {plain.model.dtype}")
    print(report("trie, new prompt", trie_seconds), f"  {named} titles, all in the catalogue")
    print(report("trie, next turn of a dialogue", warm_seconds))
    print(report("plain, 64 tokens and matching", plain_seconds), f"  {plain.summary()}")


if __name__ == "__main__":
    main()
