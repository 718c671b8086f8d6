"""Marquee, the demo shop: what it brings where nothing else is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.models import DEFAULT_LM

if TYPE_CHECKING:
    from chat.orders import OrderLookup

_ROOT = Path(__file__).parents[1]


def _shipped(path: str) -> Path:
    """Return what comes with the program, wherever it is started from."""
    return Path(path) if Path(path).exists() else _ROOT / path


CATALOG = _shipped("data/marquee/catalog.jsonl")
KNOWLEDGE = _shipped("data/marquee/knowledge.md")
ADAPTER = _shipped("data/adapters/marquee")
NONE = "none"
ORDERS_HELP = (
    "where orders are looked up: MODULE:NAME of the shop's own lookup, demo (200 invented orders) or none "
    "(default: demo with the demo catalogue, else none)"
)
KNOWLEDGE_HELP = (
    "the shop's policies: Markdown, a question-answer list (.json), a folder of both, or none "
    "(default: Marquee's with the demo catalogue, else none)"
)

ADAPTER_HELP = (
    "the folder of a LoRA adapter for the model, or none (default: Marquee's with the demo catalogue and the embedded "
    "model, else none)"
)


def adapter(catalog: Path, model: str, given: Path | None) -> Path | None:
    """Return the adapter that goes with a catalogue and a model: the one given, or Marquee's with Marquee."""
    if given is not None:
        return None if str(given) == NONE else given
    return ADAPTER if catalog == CATALOG and model == DEFAULT_LM and ADAPTER.exists() else None


def knowledge(catalog: Path, given: Path | None) -> Path | None:
    """Return the policies that go with a catalogue: those given, or Marquee's with Marquee."""
    if given is not None:
        return None if str(given) == NONE else given
    return KNOWLEDGE if catalog == CATALOG and KNOWLEDGE.exists() else None


def orders(catalog: Path, given: str | None) -> OrderLookup | None:
    """Return what orders are looked up in, None if nothing is.

    Raises:
        NamedropError: the shop's own lookup cannot be loaded, or no demo orders can be made for the catalogue.
    """
    source = given or ("demo" if catalog == CATALOG else NONE)
    if source == NONE:
        return None
    if source == "demo":
        from chat.demo_orders import DemoOrders

        return DemoOrders.of(catalog)
    from chat.orders import load

    return load(source)
