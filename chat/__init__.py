"""The conversation: what a message means, what is answered, who remembers it, and how it is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chat.assistant import Assistant

__all__ = ["Assistant"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute is of any type
    """Import `Assistant` when it is first asked for: `import chat` stays light."""
    if name == "Assistant":
        from chat.assistant import Assistant

        return Assistant
    raise AttributeError(f"module 'chat' has no attribute {name!r}")
