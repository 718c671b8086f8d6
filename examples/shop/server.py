"""A small shop of another origin that embeds the assistant; the standard library and PyJWT, nothing of Namedrop's.

It shows the three things that a shop's own server does: it puts the widget on its pages, signs a token for whoever is
signed in, and takes the conversations that need a person. Whoever clicks "Sign in" is Ann, one of the demo customers.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from html import escape
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from urllib.parse import quote, unquote

import jwt

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "data" / "marquee"
CUSTOMERS = {"C-1001": "Ann"}  # a real shop checks a password
TOKEN_S = 3600
SIGNATURE_S = 300
MAX_BODY = 1 << 20
STATIC = {"/shop.css": "text/css", "/shop.js": "text/javascript", "/mark.svg": "image/svg+xml"}

# The recipe of docs/widget.md: the shop's own things, and the widget's script, requests and covers. Nothing inline.
POLICY = (
    "default-src 'none'; script-src 'self' {namedrop}; connect-src 'self' {namedrop}; img-src 'self' {namedrop}; "
    "style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


class Shop:
    """What the shop knows: its items and terms, who is signed in, and which conversations wait for a person."""

    def __init__(self, namedrop: str, secret: str, webhook_secret: str = "") -> None:
        self.namedrop = namedrop.rstrip("/")
        self.secret = secret
        self.webhook_secret = webhook_secret or secret
        lines = (DATA / "catalog.jsonl").read_text(encoding="utf-8").splitlines()
        self.items: dict[str, dict] = {item["id"]: item for item in map(json.loads, lines)}
        self.terms = (DATA / "knowledge.md").read_text(encoding="utf-8")
        self.signed_in: dict[str, str] = {}  # cookie: customer
        self.inbox: dict[str, dict] = {}  # ticket: hand-off
        self.taken: set[str] = set()  # idempotency keys

    def token(self, customer: str | None) -> str:
        """Return a token by which the assistant knows a customer, nothing for who is not signed in."""
        if customer is None or not self.secret:
            return ""
        claims = {"sub": customer, "name": CUSTOMERS[customer], "exp": int(time.time()) + TOKEN_S}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def genuine(self, header: str, body: bytes) -> bool:
        """Whether a hand-off comes from the assistant, and not long ago."""
        fields = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
        at = fields.get("t", "")
        if not self.webhook_secret or not at.isdecimal() or abs(time.time() - int(at)) > SIGNATURE_S:
            return False
        expected = hmac.new(self.webhook_secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, fields.get("v1", ""))

    def take(self, key: str, handoff: dict) -> None:
        """Put a hand-off into the inbox; one that has been taken already comes again when its answer was lost."""
        if key not in self.taken:
            self.taken.add(key)
            self.inbox[str(handoff.get("ticket"))] = handoff


# --- pages: everything that comes from data is escaped -----------------------------------------------------------


def frame(shop: Shop, title: str, body: str, customer: str | None, item: str = "") -> str:
    """Return a whole page with the widget on it."""
    page = Template((HERE / "page.html").read_text(encoding="utf-8"))
    action, word = ("/sign-out", "Sign out") if customer else ("/sign-in", "Sign in")
    hello = f"Signed in as {CUSTOMERS[customer]}" if customer else "Not signed in"
    return page.substitute(
        title=escape(title),
        body=body,
        account=f'<span>{hello}</span><form method="post" action="{action}"><button>{word}</button></form>',
        widget=escape(f"{shop.namedrop}/widget.js"),
        item=f' data-page-item="{escape(item)}"' if item else "",
    )


def cover(shop: Shop, item: dict, width: int) -> str:
    """Return the picture that Namedrop draws for an item; a real shop has its own."""
    source = f"{shop.namedrop}/api/covers/{quote(item['id'], safe='')}.svg"
    return f'<img src="{escape(source)}" alt="" width="{width}" height="{width * 7 // 5}">'


def price(item: dict) -> str:
    """Return the price and whether there are any."""
    stock = "In stock" if item.get("in_stock", True) else "Out of stock"
    return f'<p class="price"><b>${item["price"]:.2f}</b> {stock}</p>' if "price" in item else ""


def shelf(shop: Shop) -> str:
    """Return the home page's body: what everybody knows."""
    known = [item for item in shop.items.values() if item.get("popularity") == 5]
    cards = (
        f'<li><a href="/item/{quote(item["id"])}">{cover(shop, item, 150)}<b>{escape(item["title"])}</b></a>'
        f"{price(item)}</li>"
        for item in known[:: max(1, len(known) // 12)][:12]
    )
    return f'<h1>Films, books, games, albums and courses</h1><ul class="shelf">{"".join(cards)}</ul>'


def product(shop: Shop, item: dict) -> str:
    """Return an item's body."""
    makers = ", ".join(item.get("creators", []))
    facts = " · ".join(escape(str(fact)) for fact in (item.get("kind"), item.get("year"), makers) if fact)
    genres = "".join(f"<li>{escape(genre)}</li>" for genre in item.get("genres", []))
    return (
        f'<article class="product">{cover(shop, item, 300)}<div><h1>{escape(item["title"])}</h1>'
        f'<p class="soft">{facts}</p>{price(item)}<p>{escape(item.get("description", ""))}</p>'
        f'<ul class="tags">{genres}</ul><p><button class="buy" disabled>Add to basket</button> '
        '<span class="soft">An example: nothing is sold.</span></p></div></article>'
    )


def terms(shop: Shop) -> str:
    """Return the shop's terms, the passages that the assistant quotes."""

    def blocks() -> Iterator[str]:
        for block in re.split(r"\n{2,}", shop.terms):
            marks, text = re.fullmatch(r"(#*)\s*(.*)", block.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
            tag = f"h{len(marks)}" if marks else "p"
            yield f"<{tag}>{escape(text)}</{tag}>"

    return f'<article class="terms">{"".join(blocks())}</article>'


def inbox(shop: Shop) -> str:
    """Return the staff's page: the conversations that wait for a person."""
    if not shop.inbox:
        return "<h1>Waiting for a person</h1><p>Nobody is waiting.</p>"
    tickets = []
    for ticket, handoff in shop.inbox.items():
        said = "".join(
            f"<li><b>{escape(str(m.get('role')))}</b> {escape(str(m.get('text')))}</li>"
            for m in handoff.get("transcript", [])
        )
        head = f"{escape(ticket)} <span class='soft'>{escape(str(handoff.get('reason')))}</span>"
        tickets.append(
            f"<article><h2>{head}</h2><p>{escape(str(handoff.get('summary', '')))}</p><ol>{said}</ol></article>"
        )
    return f'<h1>Waiting for a person</h1><div class="inbox">{"".join(tickets)}</div>'


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    shop: Shop
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Show a page, a file or a token."""
        shop, path, customer = self.shop, unquote(self.path.split("?")[0]), self.customer()
        if path in STATIC:
            return self.answer(200, (HERE / path[1:]).read_bytes(), STATIC[path])
        if path == "/chat-token":
            return self.answer(200, shop.token(customer).encode(), "text/plain")
        item = shop.items.get(path.removeprefix("/item/"))
        pages = {"/": ("Marquee", shelf), "/terms": ("Terms · Marquee", terms), "/inbox": ("Inbox · Marquee", inbox)}
        if item is not None:
            page = frame(shop, f"{item['title']} · Marquee", product(shop, item), customer, item["id"])
        elif path in pages:
            title, body = pages[path]
            page = frame(shop, title, body(shop), customer)
        else:
            page = frame(shop, "Not found · Marquee", "<h1>There is no such page</h1>", customer)
        return self.answer(200 if item or path in pages else 404, page.encode(), "text/html")

    def do_POST(self) -> None:
        """Sign in, sign out, or take a hand-off."""
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_BODY:
            return self.answer(413, b"", "text/plain")
        body = self.rfile.read(size)
        if self.path == "/webhook":
            if not self.shop.genuine(self.headers.get("X-Namedrop-Signature", ""), body):
                return self.answer(401, b"", "text/plain")
            self.shop.take(self.headers.get("Idempotency-Key", ""), json.loads(body))
            return self.answer(204, b"", "text/plain")
        if self.path == "/sign-in":
            cookie = secrets.token_urlsafe(24)
            self.shop.signed_in[cookie] = "C-1001"
            return self.redirect(f"shop={cookie}; HttpOnly; SameSite=Lax; Path=/")
        if self.path == "/sign-out":
            self.shop.signed_in.pop(self.cookie(), None)
            return self.redirect("shop=; Max-Age=0; Path=/")
        return self.answer(404, b"", "text/plain")

    def cookie(self) -> str:
        """Return the cookie by which this shop knows its visitor."""
        morsel = SimpleCookie(self.headers.get("Cookie", "")).get("shop")
        return morsel.value if morsel else ""

    def customer(self) -> str | None:
        """Return who is signed in."""
        return self.shop.signed_in.get(self.cookie())

    def redirect(self, cookie: str) -> None:
        """Send the person back to the page that they came from."""
        path = re.sub(r"^https?://[^/]+/*", "", self.headers.get("Referer", ""))
        self.answer(303, b"", "text/plain", {"Set-Cookie": cookie, "Location": "/" + quote(path, safe="/%")})

    def answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        """Send a response under the policy."""
        self.send_response(status)
        fixed = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY.format(namedrop=self.shop.namedrop),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        for name, value in (fixed | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


def make(port: int, namedrop: str, secret: str, webhook_secret: str = "") -> ThreadingHTTPServer:
    """Return the shop's server, ready to serve."""
    handler = type("ShopHandler", (Handler,), {"shop": Shop(namedrop, secret, webhook_secret)})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> None:
    """Serve until the person stops it."""
    parser = argparse.ArgumentParser(description="Serve the example shop.")
    parser.add_argument("--port", type=int, default=8000, help="(default: %(default)s)")
    parser.add_argument("--namedrop", default="http://localhost:7860", help="where the assistant is (%(default)s)")
    options = parser.parse_args()
    secret = os.environ.get("NAMEDROP_SECRET", "")
    server = make(options.port, options.namedrop, secret, os.environ.get("NAMEDROP_WEBHOOK_SECRET", ""))
    print(f"The shop is on http://localhost:{server.server_address[1]} (Ctrl-C stops it)", flush=True)
    if not secret:
        print("There is no NAMEDROP_SECRET, so signing in gives no token, and no hand-off is taken.", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
