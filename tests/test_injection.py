"""Texts that attack: none runs, asks another host for anything or becomes markup, on the page or in the widget."""

import json
from contextlib import ExitStack
from html import escape
from types import SimpleNamespace
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from chat.covers import cover
from chat.dialogue import Dialogue
from chat.limits import Limits
from chat.messages import Card, Chip, Citation, Handoff, Reply, StoredMessage
from chat.server import create_app
from chat.state import DialogueState
from retrieval.types import Item
from tests import browsers, serving
from tests.browsers import in_browser
from tests.fake_assistant import FakeAssistant
from tests.payloads import HANDLERS, PAYLOADS
from tests.shops import shop_of

SIZE = 44  # a message may have 2,000 characters
BATCHES = [PAYLOADS[at : at + SIZE] for at in range(0, len(PAYLOADS), SIZE)]
UNLIMITED = Limits(rate="off", session_rate="off")
WATCH = "window.hits = []; window.hit = (...told) => { window.hits.push(told.join()); };"
HOST = """<!doctype html><html lang="en"><head><title>A shop</title></head><body><h1>A shop</h1>
<script src="{namedrop}/widget.js" data-open data-page-item="{payload}" data-title="{payload}" data-greeting="{payload}"
 data-starters="{payload}" data-position="{payload}" data-theme="{payload}" data-color="{payload}" data-lang="{payload}"
 data-dir="{payload}" data-link="{payload}" data-images="{payload}"></script></body></html>"""
# What stands in the document that no code of ours has made, and every attribute that would run or load something.
STRAYS = """(root) => [...root.querySelectorAll("*")].flatMap((e) => [
    ...("script iframe object embed base link meta style form math marquee video audio".split(" ").includes(e.localName)
        && !e.matches("form.ask, dialog > form") ? [e.outerHTML] : []),
    ...[...e.attributes].filter((a) => /^on/i.test(a.name) || (/^(href|src|action|formaction|srcdoc)$/.test(a.name)
        && !/^(https?:|\\/|#|data:image\\/svg\\+xml;base64,)/.test(a.value))).map((a) => `${a.name}=${a.value}`)])"""


def hostile(text):
    """Return a card whose every text is the payload; its id has no line breaks, which no address can hold."""
    return Card(
        id=" ".join(text.split()), kind=text, title=text, creators=(text,), genres=(text,), price=1.0, currency=text,
        url=text, image_url=text, description=text, why=text,
    )  # fmt: skip


class Hostile(FakeAssistant):
    """Answers with a batch of payloads in every field; the message says which."""

    def _answer(self, kept, message):
        batch = next((batch for batch in BATCHES if batch[3] in message), BATCHES[0])
        kept["constraints"] = tuple(Chip(field=text, op="is", value=text, label=text) for text in batch)
        return Reply(
            session=kept["session"], message_id="1", text=" ".join(batch), items=tuple(map(hostile, batch)),
            constraints=kept["constraints"], citations=tuple(Citation(id=t, title=t, quote=t) for t in batch),
            handoff=Handoff(reason=" ".join(batch), ticket=" ".join(batch)),
        )  # fmt: skip

    def _keep(self, kept, reply, message):
        ids, whys = tuple(card.id for card in reply.items), tuple(card.why for card in reply.items)
        kept["messages"] += [
            StoredMessage(role="user", text=message),
            StoredMessage(role="assistant", text=reply.text, items=ids, whys=whys, citations=reply.citations),
        ]

    def card(self, item_id):
        return next((card for card in map(hostile, PAYLOADS) if card.id == item_id), None)


@pytest.fixture(scope="module")
def world():
    pages = {}
    with ExitStack() as stack:
        shop = stack.enter_context(serving.served(browsers.site(pages)))  # without a policy: nothing but us protects it
        namedrop = stack.enter_context(serving.served(create_app(Hostile(), origins=[shop], limits=UNLIMITED)))
        yield SimpleNamespace(shop=shop, namedrop=namedrop, pages=pages)


@pytest.fixture
def watched(browser, world):
    """A page that writes down whatever ran or went out."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.seen = []
    page.on("dialog", lambda dialog: (page.seen.append(("dialog", dialog.message)), dialog.dismiss()))
    page.on("pageerror", lambda error: page.seen.append(("error", str(error))))
    page.on("console", lambda m: page.seen.append(("console", m.text)) if m.type == "error" else None)
    own = (world.shop, world.namedrop, "data:image/svg+xml;base64,")
    page.on("request", lambda r: None if r.url.startswith(own) else page.seen.append(("request", r.url)))
    page.on("response", lambda r: page.seen.append((r.status, r.url)) if r.status >= 400 else None)
    page.on("popup", lambda popup: page.seen.append(("popup", popup.url)))
    yield page
    context.close()


def checked(page, root):
    """Check that nothing has happened, and that all of the document is of our making."""
    page.wait_for_timeout(200)
    assert page.evaluate("window.hits") == []
    assert page.seen == []
    assert page.evaluate(f"({STRAYS})({root})") == []


@in_browser
def test_the_payloads_are_live_and_the_watch_sees_them(watched, world):
    world.pages["/"] = "<!doctype html><title>x</title><body></body>"
    watched.goto(world.shop)
    watched.evaluate(
        "(all) => { for (const text of all) document.body.append(Object.assign(document.createElement('div'), "
        "{ innerHTML: text })) }",
        HANDLERS,
    )
    watched.wait_for_function("window.hits.length > 20")
    assert len(watched.evaluate(f"({STRAYS})(document)")) > 40


@in_browser
def test_nothing_runs_on_the_page(watched, world):
    watched.goto(world.namedrop)
    watched.wait_for_selector("#nd-status", state="hidden")
    for batch in BATCHES:
        watched.fill("#nd-input", "\n".join(batch))
        watched.press("#nd-input", "Enter")
        watched.wait_for_selector(f"article:last-child .card:nth-child({len(batch)})")
        watched.wait_for_selector("article:last-child .answer[aria-busy=false]")
        names = watched.locator("article:last-child .card .name").evaluate_all("(all) => all.map((e) => e.textContent)")
        assert names == batch  # as they were written
    watched.evaluate("document.querySelectorAll('.card img').forEach((image) => image.scrollIntoView())")
    checked(watched, "document.querySelector('#namedrop')")
    watched.reload()
    watched.wait_for_selector(f"article:nth-child({len(BATCHES)})")
    checked(watched, "document.querySelector('#namedrop')")


@in_browser
def test_nothing_runs_in_the_widget(watched, world):
    inside = "document.querySelector('namedrop-chat').shadowRoot"
    idle = "namedrop-chat .go:has(path[d^='M12 19'])"
    for batch in BATCHES:
        payload = escape(batch[3])
        world.pages["/"] = HOST.format(namedrop=world.namedrop, payload=payload)
        watched.goto(world.shop)
        watched.wait_for_selector("namedrop-chat textarea")
        watched.fill("namedrop-chat textarea", "\n".join(batch))
        watched.press("namedrop-chat textarea", "Enter")
        watched.wait_for_selector("namedrop-chat .turn:last-child details")
        watched.wait_for_selector(idle)
        names = watched.locator("namedrop-chat .turn:last-child .card b:first-child").evaluate_all(
            "(all) => all.filter((e) => !e.closest('.row')).map((e) => e.textContent)"
        )
        assert names == batch
        watched.evaluate(
            f"{inside}.querySelectorAll('img, details').forEach((e) => {{ e.open = true; e.scrollIntoView() }})"
        )
        checked(watched, inside)
    watched.reload()
    watched.wait_for_selector("namedrop-chat .turn:last-child details")
    checked(watched, inside)


@in_browser
def test_a_poisoned_session_is_thrown_away(watched, world):
    world.pages["/"] = HOST.format(namedrop=world.namedrop, payload="")
    for payload in (PAYLOADS[0], "../../../etc/passwd", "__proto__", "x\r\nSet-Cookie: a=b"):
        watched.goto(world.shop)
        for text in (json.dumps({"session": payload, "begun": True}), payload):
            watched.evaluate("(text) => { sessionStorage.namedrop = text }", text)
            watched.reload()
            watched.wait_for_selector("namedrop-chat textarea")
            assert len(watched.evaluate("JSON.parse(sessionStorage.namedrop).session")) == 32
    checked(watched, "document.querySelector('namedrop-chat').shadowRoot")


def test_as_a_session_or_an_item_they_are_refused_in_json():
    with TestClient(create_app(Hostile(), limits=UNLIMITED), raise_server_exceptions=False) as client:
        for payload in PAYLOADS:
            address = f"/api/sessions/{quote(payload, safe='')}"
            for response in (
                client.get(address),
                client.delete(address),
                client.post("/api/chat", json={"message": "x", "session": payload}),
                client.post("/api/feedback", json={"session": "x", "item_id": payload, "signal": "like"}),
            ):
                assert response.status_code in ((200, 404) if payload.strip("_").isalnum() else (404, 422)), payload
                assert response.headers["content-type"] == "application/json"
                assert response.headers["x-content-type-options"] == "nosniff"
            page = client.post("/api/chat", json={"message": "x", "page_item": payload})
            assert page.headers["content-type"] == "application/json"


def test_a_drawn_cover_holds_them_as_text():
    for payload in PAYLOADS:
        tree = ElementTree.fromstring(cover(hostile(payload)))
        for element in tree.iter():
            assert element.tag.rpartition("}")[2] not in (
                "script",
                "foreignObject",
                "image",
                "a",
                "style",
                "animate",
                "set",
            )
            assert not [name for name in element.attrib if name.startswith("on") or name.endswith("href")]


def test_a_shop_and_people_full_of_them_are_answered():
    items = [Item(id=f"i{at}", title=text, kind="film", description=text, creators=(text,), genres=(text,), url=text)
             for at, text in enumerate(PAYLOADS)]  # fmt: skip
    shop = shop_of(items)
    dialogue = Dialogue(shop, DialogueState(session="x"))
    for text in PAYLOADS:
        answer = dialogue.take(text)
        assert answer.text
        assert all(card.title in PAYLOADS for card in answer.cards)
