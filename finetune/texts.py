"""How the language model words replies: perplexity, BLEU-2, Distinct-4, and whether it names what the shop lacks.

A reply is written around slots, ``[1]`` and so on, which the catalogue's titles fill afterwards, as in training
(`finetune.examples`); the items are those of the real reply, so that only the wording is measured.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from chat.encoding import PromptEncoder
from chat.generator import Generator
from chat.prompt import Style, render
from finetune.cases import Case
from finetune.examples import slotted
from retrieval.catalog import Catalog
from retrieval.cues import quoted_spans
from retrieval.linking import TitleLinker
from retrieval.models import resolve_lm
from retrieval.text import words
from retrieval.types import Item

MAX_NEW_TOKENS = 60
_SLOT = re.compile(r"\[(\d+)\]")
_YEAR = re.compile(r"\((?:19|20)\d\d\)")
_LONGEST = 10  # words of a title before its year


def ngrams(tokens: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    """Yield the runs of n tokens, in order."""
    return zip(*(tokens[start:] for start in range(n)), strict=False)


def bleu(said: Sequence[Sequence[str]], meant: Sequence[Sequence[str]], n: int = 2) -> float:
    """Return the corpus BLEU-n of texts against one reference each, in [0, 1].

    The geometric mean of the clipped precisions of 1 to n tokens, times the brevity penalty (Papineni et al., "BLEU",
    ACL 2002, section 2.3).
    """
    log_precision = 0.0
    for length in range(1, n + 1):
        hits = possible = 0
        for text, reference in zip(said, meant, strict=True):
            made, wanted = Counter(ngrams(text, length)), Counter(ngrams(reference, length))
            hits += (made & wanted).total()
            possible += made.total()
        if not hits:
            return 0.0
        log_precision += math.log(hits / possible) / n
    made_length, meant_length = sum(map(len, said)), sum(map(len, meant))
    return math.exp(log_precision + min(0.0, 1 - meant_length / made_length))


def distinct(said: Sequence[Sequence[str]], n: int = 4) -> float:
    """Return the share of runs of n tokens that differ from all before; 0 if there are none.

    Li et al., "A diversity-promoting objective function for neural conversation models", NAACL 2016.
    """
    runs = [run for text in said for run in ngrams(text, n)]
    return len(set(runs)) / len(runs) if runs else 0.0


def outside(text: str, linker: TitleLinker) -> list[str]:
    """Return what a reply names that the catalogue lacks: in quotation marks, or before a year in brackets."""
    missing = [name for name in quoted_spans(text) if not linker.exact(name)]
    for year in _YEAR.finditer(text):
        before = text[: year.start()].split()[-_LONGEST:]
        # Where the name begins is not known: "Then try Stalker (1979)".
        if not any(linker.exact(" ".join(before[start:])) for start in range(len(before))):
            missing.append(" ".join([*before[-3:], year[0]]))
    return missing


def filled(text: str, items: Sequence[Item]) -> str:
    """Return a reply with the items' titles in its slots; a slot without an item is dropped."""

    def title(match: re.Match[str]) -> str:
        at = int(match[1]) - 1
        return items[at].title if 0 <= at < len(items) else ""

    return " ".join(_SLOT.sub(title, text).split())


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the model beside the real one, both with slots.

    Attributes:
        said: the model's words.
        meant: the real ones.
        items: what the slots stand for.
        logprob: of the real words, their end token included, in nats.
        tokens: how many these are, the end among them.
    """

    said: str
    meant: str
    items: tuple[Item, ...]
    logprob: float
    tokens: int


def token_counter(model: str | Path) -> Callable[[str], int]:
    """Return what counts the tokens of a completion, its end token included.

    Raises:
        ModelError: the model cannot be found.
    """
    from transformers import AutoTokenizer

    encoder = PromptEncoder(AutoTokenizer.from_pretrained(resolve_lm(model), local_files_only=True))
    return lambda text: len(encoder.titles([text])[0]) + 1


def replies(
    generator: Generator,
    cases: Sequence[Case],
    catalog: Catalog,
    count: Callable[[str], int],
    style: Style = "person",
) -> Iterator[Reply]:
    """Let the model word the replies of those cases whose items stand in the text by their titles."""
    for case in tqdm(cases, desc="replies", unit=" turns"):
        items = tuple(catalog[at] for at in case.targets)
        meant = slotted(case.text, items)
        if not meant:
            continue
        prompt = render(case.context, "reply", items, style)
        # A text is as likely as the only title of a catalogue of one.
        alone = generator.bind(Catalog([Item("reply", meant)]))
        logprob = float(alone.score_titles(prompt, [0])[0])
        said = "".join(generator.complete(prompt, MAX_NEW_TOKENS, stop=["\n"])).strip()
        yield Reply(said, meant, items, logprob, count(meant))


def summary(found: Sequence[Reply], linker: TitleLinker) -> dict[str, float]:
    """Summarise replies; {} if there are none.

    Perplexity is per token of the model's own tokenizer: it compares with models of the same tokens only. The others
    go by words, with the slots filled for what is named outside the catalogue.
    """
    if not found:
        return {}
    said = [words(reply.said) for reply in found]
    nats = sum(reply.logprob for reply in found)
    naming = [outside(filled(reply.said, reply.items), linker) for reply in found]
    return {
        "replies": len(found),
        "perplexity": math.exp(-nats / sum(reply.tokens for reply in found)),
        "bleu-2": bleu(said, [words(reply.meant) for reply in found]),
        "distinct-4": distinct(said),
        "outside_catalogue": sum(map(bool, naming)) / len(found),
    }
