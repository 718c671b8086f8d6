"""The scene of a conversation: what all that reads, picks and tells in it goes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from chat.replies import Say
from chat.shop import Shop
from chat.state import DialogueState


@dataclass(frozen=True, slots=True)
class Scene:
    """One conversation over one version of the shop.

    Attributes:
        shop: the catalogue now.
        state: the conversation.
        say: the sentences of its language.
    """

    shop: Shop
    state: DialogueState
    say: Say

    @classmethod
    def of(cls, scene: Scene) -> Self:
        """Return what works in the same scene."""
        return cls(scene.shop, scene.state, scene.say)
