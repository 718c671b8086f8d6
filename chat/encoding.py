"""Prompts and titles as token ids, the same for training and serving.

What a person, a shop or an item description wrote is data: it is encoded apart from the chat template, by a tokenizer
that knows no control tokens, so a typed ``<|im_end|>`` is seven harmless pieces of text and ends nobody's turn.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from chat.prompt import Prompt
from retrieval.errors import ModelError

_SYSTEM, _USER, _ANSWER = "⟦system⟧", "⟦user⟧", "⟦answer⟧"
_PLAIN = (f"{_SYSTEM}\n\n{_USER}\n", f"\n{_ANSWER}")


class PromptEncoder:
    """Encodes prompts by the tokenizer's chat template, or one text after the other if it has none.

    Attributes:
        end_id: the token that ends an answer and a title: the template's end of turn, else the tokenizer's eos.
    """

    def __init__(self, tokenizer: Any, longest_user: int = 2048) -> None:  # noqa: ANN401 - transformers' base class
        """Take a fast Hugging Face tokenizer; of a longer user part the last `longest_user` tokens are kept.

        Raises:
            ModelError: the tokenizer is not a fast one, or has no token to end an answer with.
        """
        if not getattr(tokenizer, "is_fast", False):
            raise ModelError(
                f"tokenizer {tokenizer.name_or_path!r}: expected a fast one, found {type(tokenizer).__name__}; "
                "use a model whose folder has a tokenizer.json"
            )
        # A copy, because the switch is a state of the tokenizer: toggled by one thread, it would open another's text.
        self._backend = copy.deepcopy(tokenizer.backend_tokenizer)
        self._backend.encode_special_tokens = True
        self._backend.no_padding()
        self._backend.no_truncation()
        self._longest_user = longest_user
        head, tail = _template(tokenizer)
        before, _, rest = head.partition(_SYSTEM)
        between, _, after = rest.partition(_USER)
        self._pieces = tuple(
            tuple(tokenizer.encode(piece, add_special_tokens=False)) for piece in (before, between, after)
        )
        ending = tokenizer.encode(tail.partition(_ANSWER)[2], add_special_tokens=False)
        end = next((token for token in ending if token in tokenizer.added_tokens_decoder), tokenizer.eos_token_id)
        if end is None:
            raise ModelError(f"tokenizer {tokenizer.name_or_path!r}: no eos token to end a title; choose another model")
        self.end_id = int(end)
        markers = {token for piece in self._pieces for token in piece if token in tokenizer.added_tokens_decoder}
        self._control = frozenset({*tokenizer.all_special_ids, *markers, self.end_id})

    def prompt(self, prompt: Prompt) -> list[int]:
        """Encode a prompt up to and including the beginning of the assistant's turn."""
        before, between, after = self._pieces
        user = self.text(prompt.user)[-self._longest_user :]
        return [*before, *self.text(prompt.system), *between, *user, *after, *self.text(prompt.answer)]

    def text(self, text: str) -> list[int]:
        """Encode a text that may hold anything; no control token comes out."""
        return self._without_control(self._backend.encode(text, add_special_tokens=False).ids)

    def titles(self, titles: Sequence[str]) -> list[list[int]]:
        """Encode titles as they continue "Title:", without the end token; 100,000 take about a second."""
        encoded = self._backend.encode_batch_fast([f" {title}" for title in titles], add_special_tokens=False)
        return [self._without_control(e.ids) for e in encoded]

    def _without_control(self, ids: list[int]) -> list[int]:
        # Some tokenizers hold their turn markers as ordinary added tokens, which the switch above leaves alone.
        return ids if self._control.isdisjoint(ids) else [token for token in ids if token not in self._control]


def _template(tokenizer: Any) -> tuple[str, str]:  # noqa: ANN401
    """Return the text up to the assistant's turn, and a turn with its end, around placeholders."""
    if not tokenizer.chat_template:
        return _PLAIN
    from jinja2 import TemplateError

    system, user = {"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}
    try:
        head = tokenizer.apply_chat_template([system, user], tokenize=False, add_generation_prompt=True)
    except TemplateError:
        head = ""
    if _SYSTEM not in head or _USER not in head:  # a template without a system role: the user's turn begins with it
        user = {"role": "user", "content": f"{_SYSTEM}\n\n{_USER}"}
        head = tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True)
    answer = {"role": "assistant", "content": _ANSWER}
    return head, tokenizer.apply_chat_template([user, answer], tokenize=False)
