"""Whether an exported model still says what the model in the chat says: greedy continuations of fifty prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from tqdm import tqdm

from chat.encoding import PromptEncoder
from chat.prompt import Prompt, UserContext, render
from retrieval.types import Item

PROMPTS = 50
NEW_TOKENS = 16  # of each continuation; a title has seldom more
_TOGETHER = 25  # prompts in one batch; a step costs little more than for one

_SAYS = (
    "Something {mood}, like {title}?",
    "I loved {title}. What next?",
    "No more {genre}, please. I'd rather have something {mood}.",
    "Do you have {genre} from before 1990?",
    "A gift for my sister: she likes {title} and {genre}.",
)
_MOODS = ("slow", "funny", "dark and quiet")
_GENRES = ("science fiction", "drama", "jazz")
_TITLES = ("Blade Runner", "The Left Hand of Darkness", "Kind of Blue", "潜行者")


def prompts(number: int = PROMPTS) -> list[Prompt]:
    """Return prompts as serving renders them, always the same; they differ in length, tastes and language."""
    every = list(dict.fromkeys(_prompts()))
    return every[:: max(1, len(every) // number)][:number]


def _prompts() -> Iterator[Prompt]:
    for text, mood, genre, title in product(_SAYS, _MOODS, _GENRES, _TITLES):
        said = [("user", text.format(mood=mood, genre=genre, title=title))]
        liked = [Item("liked", title, genres=(genre,))] if "title" not in text else []
        yield render(UserContext(said=said, liked=liked, wishes=[mood]))


Ids = tuple[int, ...]


def greedy(model: Any, encoder: PromptEncoder, asked: Sequence[Prompt], what: str, progress: bool = False) -> list[Ids]:  # noqa: ANN401
    """Return what a causal LM says to each prompt, up to and including the end of its turn, as token ids.

    Args:
        model: one of transformers' causal LMs.
        encoder: of its tokenizer.
        asked: the prompts.
        what: how the progress bar names it.
        progress: show the bar.
    """
    import torch
    from transformers import GenerationConfig

    said: list[Ids] = []
    with tqdm(total=len(asked), desc=what, unit=" prompts", disable=not progress) as bar, torch.inference_mode():
        for start in range(0, len(asked), _TOGETHER):
            batch = [encoder.prompt(prompt) for prompt in asked[start : start + _TOGETHER]]
            longest = max(map(len, batch))
            pad = encoder.end_id
            ids = torch.tensor([[pad] * (longest - len(row)) + row for row in batch], device=model.device)
            seen = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in batch], device=model.device)
            settings = GenerationConfig(
                do_sample=False, max_new_tokens=NEW_TOKENS, pad_token_id=pad, eos_token_id=encoder.end_id
            )
            made = model.generate(input_ids=ids, attention_mask=seen, generation_config=settings)
            said += [_until_end(row, encoder.end_id) for row in made[:, longest:].tolist()]
            bar.update(len(batch))
    return said


def _until_end(row: Sequence[int], end: int) -> Ids:
    return tuple(row[: row.index(end) + 1] if end in row else row)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often a model's first choice of the next token is that of another: of all tokens, and of the first ones."""

    tokens: int
    same: int
    prompts: int
    same_first: int

    @property
    def share(self) -> float:
        """Of all tokens."""
        return self.same / self.tokens

    def __str__(self) -> str:
        """Word it for a person."""
        first = f"{self.same_first} of {self.prompts} first tokens"
        return f"top-1 agreement {self.share:.1%} of {self.tokens} tokens, {first}"


def agreement(
    model: Any,  # noqa: ANN401
    encoder: PromptEncoder,
    asked: Sequence[Prompt],
    said: Sequence[Ids],
    what: str,
    progress: bool = False,
) -> Agreement:
    """Compare a model's first choices with what another said, given the words of the other so far.

    Args:
        model: one of transformers' causal LMs.
        encoder: of its tokenizer.
        asked: the prompts.
        said: what the other said to each; see `greedy`.
        what: how the progress bar names it.
        progress: show the bar.
    """
    import torch

    same = first = 0
    with torch.inference_mode():
        for prompt, answer in zip(tqdm(asked, desc=what, unit=" prompts", disable=not progress), said, strict=True):
            ids = torch.tensor([[*encoder.prompt(prompt), *answer[:-1]]], device=model.device)
            choices = (
                model(input_ids=ids, logits_to_keep=len(answer)).logits[0].argmax(dim=-1).tolist()
            )  # (len(answer),)
            same += sum(ours == theirs for ours, theirs in zip(choices, answer, strict=True))
            first += choices[0] == answer[0]
    return Agreement(sum(map(len, said)), same, len(asked), first)
