"""The page at `/`: Gradio Blocks around one surface of our own, which talks to `/api`.

The markup is static (`assets/page.html`), the behaviour is in `assets/chat.js` and the looks in `assets/chat.css`;
what people and shops write only ever reaches the page as text nodes. Dialogue data lives in the assistant's store;
the browser keeps the session's id, per tab, and nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from string import Template
from typing import Any

# Gradio reads this when it is imported: no analytics, no version check, no look-up of the hub.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from chat.covers import cover_data_uri
from chat.problems import explain_errors
from retrieval.types import Item

ASSETS = Path(__file__).parent / "assets"

# What a person might open with, each beside a cover in the spirit of what it asks for.
EXAMPLES: tuple[tuple[str, Item], ...] = (
    (
        "I loved Arrival. Something slower, before 1990?",
        Item("opening-1", "Slow stars", "film", genres=("science fiction",)),
    ),
    (
        "A game to play with the same mood as a rainy Sunday",
        Item("opening-5", "Rainy day", "game", genres=("adventure",)),
    ),
    (
        "Anything by Hayao Miyazaki or Ursula K. Le Guin",
        Item("opening-3", "Far isles", "book", genres=("fantasy",)),
    ),
    (
        "我喜欢看电影，特别是科幻片和动作片。",
        Item("opening-8", "科幻与动作", "film", genres=("动作",)),
    ),
    (
        "An album for driving at night, under 10 dollars",
        Item("opening-4", "Night drive", "album", genres=("electronic",)),
    ),
    (
        "A patient course for someone who cannot draw yet",
        Item("opening-2", "First lines", "course", genres=("drawing",)),
    ),
)


def _address(name: str) -> str:
    """Return the address of an asset, which changes with its content so that browsers never keep an old one."""
    digest = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]
    return f"/ui/{name}?v={digest}"


def _head() -> str:
    """Return what goes into the page's head; the script runs first, so that the theme is right from the first paint."""
    return "\n".join(
        (
            '<meta name="description" content="Say what you liked; get titles that the catalogue really has.">',
            '<meta name="color-scheme" content="light dark">',
            f'<link rel="icon" type="image/svg+xml" href="{_address("mark.svg")}">',
            f'<link rel="stylesheet" href="{_address("chat.css")}">',
            f'<script src="{_address("chat.js")}"></script>',
        )
    )


def _page() -> str:
    """Return the page's markup with the example openings filled in."""
    openings = "".join(
        f'<li><button type="button" class="opening"><img src="{cover_data_uri(item)}" alt="" width="45" height="63">'
        f"<span>{escape(text)}</span></button></li>"
        for text, item in EXAMPLES
    )
    page = Template((ASSETS / "page.html").read_text(encoding="utf-8"))
    return page.substitute(openings=openings, mark=(ASSETS / "mark.svg").read_text(encoding="utf-8"))


def build_ui() -> gr.Blocks:
    """Return the Gradio application; it has no events of its own, so nothing queues and nothing can be uploaded."""
    with gr.Blocks(title="Namedrop", analytics_enabled=False, fill_width=True) as blocks:
        gr.HTML(_page(), js_on_load=None, apply_default_css=False, elem_id="namedrop-frame")
    return blocks


def mount_ui(app: FastAPI) -> None:
    """Serve the page at `/` and its assets under `/ui`."""
    app.mount("/ui", StaticFiles(directory=ASSETS), name="ui")
    # Without a running loop Gradio makes one for its locks and never closes it; in a thread, so that a caller may
    # have a loop of its own.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _mount_gradio(app)).result()


async def _mount_gradio(app: FastAPI) -> None:
    gr.mount_gradio_app(
        app,
        build_ui(),
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        head=_head(),
    )
    mount: Any = app.router.routes[-1]
    explain_errors(mount.app)  # it has every path that nothing else has
