"""How the language model is told of a person: in the style it was trained on, beside a shelf of what retrieval found.

A model that is tuned on a shop's conversations learns its titles, and names no other: an item that came yesterday, or
that no conversation was about, would never be named. So the prompt can end with a few titles that the retrievers offer
for the turn, from which the model copies what suits (retrieval-augmented generation: Lewis et al., NeurIPS 2020).
Only retrievers that learn nothing from logs fill it: what training sees is then what serving shows.

The user tower reads of the person alone: with the shelf before its eyes it repeats what retrieval has said already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chat.prompt import Prompt, Style, UserContext, render
from retrieval.errors import ModelError
from retrieval.index import Index
from retrieval.scoring import standard, top_k
from retrieval.types import BoolArray, FloatArray, IntArray, Query

FILE = "prompt.json"
MOST = 20  # titles on a shelf; each costs about five tokens
_WEIGHTS: Mapping[str, float] = {"dense": 1.0, "bm25": 0.3, "facets": 1.2}


class Prompting(BaseModel):
    """How an adapter's prompts were made; kept beside its weights.

    Attributes:
        style: see `chat.prompt.render`.
        shelf: how many retrieved titles the model is shown, 0 for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    style: Style = "person"
    shelf: int = Field(default=0, ge=0, le=MOST)

    def person(self, context: UserContext) -> Prompt:
        """Tell of a person, without a shelf: what the user tower reads."""
        return render(replace(context, shelf=()), style=self.style)

    def title(
        self,
        context: UserContext,
        query: Query,
        index: Index,
        allowed: BoolArray,
        rough: Mapping[str, FloatArray] | None = None,
    ) -> Prompt:
        """Ask for a title.

        Args:
            context: what is known about the person.
            query: the same, as the retrievers are asked.
            index: the catalogue.
            allowed: what may be named: (N,).
            rough: the rough scores that retrievers have given already, by name: (N,) each.
        """
        if self.shelf:
            at = shelf(query, index, allowed, self.shelf, rough)
            context = replace(context, shelf=[index.catalog[int(position)] for position in at])
        return render(context, style=self.style)

    def save(self, folder: Path) -> None:
        """Write it into an adapter's folder."""
        (folder / FILE).write_text(json.dumps(self.model_dump()) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Prompting:
        """Read an adapter's; a folder without the file was trained in style "person" without a shelf.

        Raises:
            ModelError: the file is damaged, or asks for what this version does not know.
        """
        file = folder / FILE
        try:
            return cls.model_validate_json(file.read_bytes()) if file.is_file() else cls()
        except (OSError, ValidationError) as error:
            detail = " ".join(str(error).split())
            raise ModelError(f"{file}: not how prompts are made ({detail}); give the adapter whole") from error


def shelf(
    query: Query, index: Index, allowed: BoolArray, k: int, rough: Mapping[str, FloatArray] | None = None
) -> IntArray:
    """Return the positions of the k allowed items that retrieval alone would put first: (k,) or fewer.

    By rough scores whatever the catalogue's size, so that a model trained on a part of it is shown the same.
    """
    total = np.zeros(len(allowed), dtype=np.float32)
    for name, weight in _WEIGHTS.items():
        scores = (rough or {}).get(name)
        total += standard(index.retrievers[name].rough(query) if scores is None else scores, allowed, weight)
    return top_k(total, k, allowed).positions
