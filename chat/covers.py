"""Covers that the project draws itself: one SVG per item, from its title, kind, genres and creators.

A cover is a pure function of the item: the hash of the id picks the composition, the genre the palette and the kind
the object (film poster, cloth-bound book, game tile, record sleeve, course card). It holds no script, no style
sheet and no reference to anything outside, and every text in it is escaped.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from html import escape

from chat.messages import Card
from chat.motifs import MOTIFS, Brush, circle, families, gradient, hoop, path, rect
from retrieval.types import Item

WIDTH, HEIGHT = 300, 420

SANS = (
    "Avenir Next,Helvetica Neue,Helvetica,Arial,Liberation Sans,PingFang SC,Microsoft YaHei,Noto Sans CJK SC,sans-serif"
)
SERIF = "Iowan Old Style,Palatino Linotype,Palatino,Georgia,Liberation Serif,Songti SC,SimSun,Noto Serif CJK SC,serif"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no way to write these
_CLOSING = "，。！？：；、）》”’"
_TOKEN = re.compile(
    rf"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef][{_CLOSING}]*|\s+|[^\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]+"
)


# --- lettering --------------------------------------------------------------------------------------------------


def _ems(text: str, wide: float = 1.0) -> float:
    """Estimate the width of a text in ems, a little generously, since the font is the reader's."""
    total = 0.0
    for char in text:
        if unicodedata.east_asian_width(char) in "WF":
            total += 1.02
        elif char in " ilIj.,:;'’!|()[]":
            total += 0.32 * wide
        elif char in "mwMW@%":
            total += 0.9 * wide
        else:
            total += (0.7 if char.isupper() else 0.57) * wide
    return total


def _wrap(text: str, limit: float, wide: float) -> list[str] | None:
    """Break a text into lines of at most `limit` ems; None if one word alone is longer."""
    lines, line = [], ""
    for token in _TOKEN.findall(text):
        if token.isspace():
            line += " " if line else ""
        elif _ems(token, wide) > limit:
            return None
        elif line.strip() and _ems(line + token, wide) > limit:
            lines.append(line.strip())
            line = token
        else:
            line += token
    return [*lines, line.strip()]


def _fit(text: str, width: float, sizes: tuple[int, ...], max_lines: int, wide: float) -> tuple[int, list[str]]:
    """Return the largest size, with its lines, at which the text fits; at the smallest it is cut with an ellipsis."""
    for size in sizes:
        lines = _wrap(text, width / size, wide)
        if lines and len(lines) <= max_lines:
            limit = width / size
            while len(lines) > 1 and (tighter := _wrap(text, limit * 0.94, wide)) and len(tighter) == len(lines):
                lines, limit = tighter, limit * 0.94  # even lines look set, not spilled
            return size, lines
    size, lines, rest = sizes[-1], [], text
    while rest and len(lines) < max_lines:
        cut = next((i for i in range(len(rest), 0, -1) if _ems(rest[:i], wide) <= width / size), 1)
        space = rest.rfind(" ", 0, cut + 1) if cut < len(rest) else -1
        cut = space if space > cut // 2 else cut
        lines.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    if rest:
        lines[-1] = lines[-1][:-1].rstrip() + "…"
    return size, lines


def _text(x: float, y: float, text: str, size: float, fill: str, extra: str = "", font: str = SANS) -> str:
    face = f'font-family="{font}" font-size="{size:g}" fill="{fill}"'
    return f'<text x="{x:g}" y="{y:.1f}" {face}{extra}>{escape(text)}</text>'


def _title(
    item: Card | Item,
    *,
    x: float,
    top: float | None = None,
    bottom: float | None = None,
    width: float,
    sizes: tuple[int, ...],
    fill: str,
    max_lines: int = 4,
    font: str = SANS,
    weight: int = 700,
    middle: bool = False,
) -> tuple[str, float]:
    """Set the title down from `top`, or up from the baseline `bottom`; return it and where it ends."""
    title = " ".join(item.title.split())
    size, lines = _fit(title, width, sizes, max_lines, 0.94 if font == SERIF else 1.02)
    leading = size * 1.14
    first = top + size * 0.82 if top is not None else (bottom or 0.0) - leading * (len(lines) - 1)
    extra = f' font-weight="{weight}"' + (' text-anchor="middle"' if middle else "")
    svg = "".join(_text(x, first + i * leading, line, size, fill, extra, font) for i, line in enumerate(lines))
    return svg, (first + leading * (len(lines) - 1) if top is not None else first - size * 0.82)


def _byline(item: Card | Item, limit: int = 30) -> str:
    """Return the creators in one short line, or nothing."""
    names = ", ".join(item.creators)
    if _ems(names) > limit * 0.57 and item.creators:
        names = item.creators[0] + (" et al." if len(item.creators) > 1 else "")
    if _ems(names) > limit * 0.57:
        while _ems(names) > limit * 0.57:
            names = names[:-1]
        names = names.rstrip() + "…"
    return names


# --- one layout per kind ----------------------------------------------------------------------------------------


def _motif(item: Card | Item, b: Brush) -> str:
    """Draw a motif of one of the item's genres, mirrored or not; now and then any, so that no shelf is all alike."""
    pool = b.pick(families(item.genres)).motifs if b.rng.random() < 0.85 else tuple(MOTIFS)
    drawing = MOTIFS[b.pick(pool)](b)
    return f'<g transform="matrix(-1 0 0 1 300 0)">{drawing}</g>' if b.rng.random() < 0.5 else drawing


def _film(item: Card | Item, b: Brush) -> str:
    """Draw a poster: the picture fades into the ground that carries the title and a line of credits."""
    p = b.palette
    title, top = _title(
        item,
        x=24,
        bottom=370,
        width=252,
        sizes=(40, 36, 32, 28, 24, 21, 18),
        fill=p.paper,
        weight=800,
        max_lines=3 if len(item.title) < 40 else 5,
    )
    year = f" · {item.year}" if item.year else ""
    return (
        f"<defs>{gradient('g', p.mid, p.deep)}"
        f'<linearGradient id="v" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{p.deep}" stop-opacity="0"/>'
        f'<stop offset=".3" stop-color="{p.deep}"/></linearGradient></defs>'
        f'{rect(0, 0, 300, 420, "url(#g)")}<g transform="translate(0 -8)">{_motif(item, b)}</g>'
        f"{rect(0, min(top - 92, 250), 300, 420, 'url(#v)')}{rect(24, top - 19, 34, 4, p.accent)}{title}"
        f"{_text(24, 396, _byline(item) + year if _byline(item) else year.strip(' ·'), 13, p.glow, _SPACED)}"
    )


def _book(item: Card | Item, b: Brush) -> str:
    """Draw a cloth-bound book: spine and hinge at the left, a framed serif title, a small vignette."""
    p = b.palette
    title, end = _title(
        item,
        x=164,
        top=58,
        width=206,
        sizes=(34, 30, 27, 24, 21, 18),
        fill=p.paper,
        font=SERIF,
        middle=True,
        weight=600,
    )
    size = min(150.0, 352 - end - 44)
    left, above = 164 - size / 2, (end + 352) / 2 - size / 2 + 2
    vignette = (
        f'<clipPath id="c">{circle(150, 150, 148, "#fff")}</clipPath><g transform="translate({left:.1f} {above:.1f}) '
        f'scale({size / 300:.3f})"><g clip-path="url(#c)">{rect(0, 0, 300, 300, p.mid)}'
        f"{_motif(item, b)}</g>{hoop(150, 150, 147, p.glow, 5)}</g>"
    )
    centred = _SPACED + ' text-anchor="middle"'
    return (
        f"{rect(0, 0, 300, 420, p.deep)}{rect(0, 0, 22, 420, '#000', opacity=0.34)}"
        f"{rect(22, 0, 5, 420, '#000', opacity=0.16)}{rect(27, 0, 2, 420, '#fff', opacity=0.14)}"
        + "".join(rect(0, y, 22, 3, p.accent) for y in (34, 40, 378, 384))
        + rect(45, 22, 238, 376, "none", f' stroke="{p.accent}" stroke-width="1.6"')
        + rect(50, 27, 228, 366, "none", f' stroke="{p.accent}" stroke-width=".7"')
        + title
        + vignette
        + _text(164, 376, _byline(item, 28), 13, p.glow, centred, SERIF)
    )


def _game(item: Card | Item, b: Brush) -> str:
    """Draw a game tile: a mirrored pixel figure on a dotted field, and a bold title in a panel."""
    p, cell, rows, half = b.palette, 19, 10, 5
    title, top = _title(
        item, x=150, bottom=384, width=256, sizes=(34, 30, 26, 23, 20, 17), fill=p.deep, weight=900, middle=True
    )
    top -= 19
    dots = f'<pattern id="d" width="15" height="15" patternUnits="userSpaceOnUse">{circle(3, 3, 1.5, p.glow)}</pattern>'
    left, y0 = 150 - half * cell, (top - rows * cell) / 2
    pixels = []
    for row in range(rows):
        for column in range(half):
            likely = 0.34 + 0.11 * column - 0.05 * abs(row - 4.5) + 0.12  # dense in the middle, loose at the rim
            if b.rng.random() < likely:
                colour = b.pick((p.accent, p.accent, p.accent, p.glow))
                for x in (left + column * cell, left + (2 * half - 1 - column) * cell):
                    pixels.append(rect(x, y0 + row * cell, cell + 0.4, cell + 0.4, colour))
    shadow = "".join(pixels).replace(p.accent, p.deep).replace(p.glow, p.deep)
    eyes = "".join(rect(150 + side * 2 * cell - cell / 2, y0 + 4 * cell, cell, cell, p.deep) for side in (-1, 1))
    return (
        f"<defs>{gradient('g', p.mid, p.deep)}{dots}</defs>{rect(0, 0, 300, 420, 'url(#g)')}"
        f"{rect(0, 0, 300, 420, 'url(#d)', opacity=0.16)}"
        f'<g opacity=".35" transform="translate(7 8)">{shadow}</g>'
        f"{''.join(pixels)}{eyes}{rect(0, top, 300, 420 - top, p.glow)}{rect(0, top, 300, 5, p.accent)}{title}"
        f"{_text(150, 406, _byline(item), 12, p.deep, _SPACED + _MIDDLE)}"
    )


def _album(item: Card | Item, b: Brush) -> str:
    """Draw a square sleeve with the record half out of it, title and artist underneath."""
    p = b.palette
    title, end = _title(
        item, x=26, top=306, width=250, sizes=(28, 25, 22, 19, 17), fill=p.paper, max_lines=3, weight=700
    )
    grooves = "".join(hoop(188, 150, r, "#fff", 0.8, ' opacity=".13"') for r in range(44, 100, 8))
    record = f"{circle(188, 150, 102, '#0c0c0e')}{grooves}{circle(188, 150, 34, p.accent)}{circle(188, 150, 5, p.deep)}"
    sleeve = (
        f'<clipPath id="c">{rect(0, 0, 300, 300, "#fff")}</clipPath><g transform="translate(26 40) scale(.74)">'
        f'<g clip-path="url(#c)">{rect(0, 0, 300, 300, "url(#g)")}{_motif(item, b)}</g>'
        f"{rect(297, 0, 3, 300, '#000', opacity=0.35)}</g>"
    )
    return (
        f"<defs>{gradient('g', p.mid, p.deep)}</defs>{rect(0, 0, 300, 420, p.deep)}"
        f"{rect(0, 0, 300, 420, '#000', opacity=0.22)}{record}{sleeve}{title}"
        f"{_text(26, min(end + 24, 404), _byline(item), 13, p.glow, _SPACED)}"
    )


def _course(item: Card | Item, b: Brush) -> str:
    """Draw a course card: light squared paper, a block of geometric tiles, a title set like a syllabus."""
    p, cell = b.palette, 63
    title, top = _title(item, x=24, bottom=366, width=252, sizes=(31, 28, 25, 22, 19, 17), fill=p.deep, weight=800)
    line = path("M21 0H0V21", "none", f' stroke="{p.mid}" stroke-width=".6" opacity=".28"')
    grid = f'<pattern id="q" width="21" height="21" patternUnits="userSpaceOnUse">{line}</pattern>'
    tiles = []
    for row in range(max(1, min(4, int((top - 62) / cell)))):
        for column in range(4):
            x, y, turn = 24 + column * cell, 44 + row * cell, b.pick((0, 90, 180, 270))
            ground, ink = b.pick(
                ((p.deep, p.accent), (p.accent, p.deep), (p.mid, p.glow), (p.glow, p.mid), ("none", p.mid))
            )
            shape = b.pick(
                (f"M0 0h{cell}a{cell} {cell} 0 0 1-{cell} {cell}z", f"M0 0h{cell}L0 {cell}z", _half(cell), "")
            )
            turned = f' transform="translate({x} {y}) rotate({turn} {cell / 2} {cell / 2})"'
            tiles.append(rect(x, y, cell, cell, ground) + (path(shape, ink, turned) if shape else ""))
    return (
        f"<defs>{grid}</defs>{rect(0, 0, 300, 420, p.paper)}{rect(0, 0, 300, 420, 'url(#q)')}"
        f"{_text(24, 31, (item.genres[0] if item.genres else item.kind).upper()[:34], 10.5, p.deep, _WIDE)}"
        f"{''.join(tiles)}{title}{_text(24, 394, _byline(item), 12, p.deep, _SPACED)}"
        f"{rect(0, 408, 300, 12, p.deep)}{rect(0, 408, b.span(90, 210), 12, p.accent)}"
    )


def _half(cell: int) -> str:
    return f"M0 {cell / 2}a{cell / 2} {cell / 2} 0 0 1 {cell} 0z"


def _other(item: Card | Item, b: Brush) -> str:
    """Draw a plain label for a kind that has no object of its own."""
    p = b.palette
    title, end = _title(item, x=28, top=40, width=244, sizes=(38, 34, 30, 26, 22, 19), fill=p.paper, max_lines=5)
    return (
        f'{rect(0, 0, 300, 420, p.deep)}<clipPath id="c">{rect(0, max(end + 30, 190), 300, 230, "#fff")}</clipPath>'
        f'<g clip-path="url(#c)"><g transform="translate(0 130)">{rect(0, 0, 300, 300, p.mid)}{_motif(item, b)}</g></g>'
        f"{rect(28, end + 16, 34, 4, p.accent)}{title}{_text(28, 22, item.kind.upper()[:30], 10, p.glow, _WIDE)}"
    )


_SPACED = ' letter-spacing=".4"'
_WIDE = ' letter-spacing="1.4" font-weight="600"'
_MIDDLE = ' text-anchor="middle"'

_LAYOUTS: dict[str, Callable[[Card | Item, Brush], str]] = {
    "film": _film,
    "movie": _film,
    "series": _film,
    "book": _book,
    "game": _game,
    "album": _album,
    "music": _album,
    "course": _course,
}


@lru_cache(maxsize=512)
def _draw(
    item_id: str, kind: str, title: str, year: int | None, creators: tuple[str, ...], genres: tuple[str, ...]
) -> str:
    seed = int.from_bytes(hashlib.blake2b(item_id.encode(), digest_size=8).digest())
    rng = random.Random(seed)
    kin = families(genres)
    palettes = kin[0].palettes + kin[-1].palettes  # the first genre and the last share the choice
    brush = Brush(palettes[int(rng.random() * len(palettes))], rng)
    title, kind = _NOT_XML.sub("", title), _NOT_XML.sub("", kind)
    creators, genres = (tuple(_NOT_XML.sub("", text) for text in texts) for texts in (creators, genres))
    item = Item(id=item_id, title=title, kind=kind, year=year, creators=creators, genres=genres)
    body = _LAYOUTS.get(kind.lower(), _other)(item, brush)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img"><title>{escape(title)}</title>{body}</svg>'
    )


def cover(item: Card | Item) -> str:
    """Return the cover of an item as an SVG document of 300 × 420 user units."""
    return _draw(item.id, item.kind, item.title, item.year, tuple(item.creators), tuple(item.genres))


def cover_data_uri(item: Card | Item) -> str:
    """Return the cover as a `data:` address for an image."""
    return "data:image/svg+xml;base64," + base64.b64encode(cover(item).encode()).decode()
