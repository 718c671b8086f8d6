"""Palettes and abstract drawings for the covers: each genre family has its colours and the motifs that suit it.

A motif fills the square 0..300 × 0..300 (SVG user units) over a ground that is already painted. Drawings use only
presentation attributes: no style, no script, no reference to anything outside the image.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Palette:
    """Five colours that go together; `paper` is readable (WCAG AA) on `deep`."""

    deep: str
    mid: str
    accent: str
    glow: str
    paper: str


@dataclass(frozen=True, slots=True)
class Family:
    """Genres that look alike: a genre belongs here if it contains one of `words`."""

    words: tuple[str, ...]
    motifs: tuple[str, ...]
    palettes: tuple[Palette, ...]


FAMILIES = (
    Family(
        ("science fiction", "sci-fi", "space", "cyberpunk", "科幻"),
        ("horizon", "rings", "waves", "spiral", "discs"),
        (
            Palette("#0d1b3e", "#274a8f", "#ff8f5a", "#ffd9a0", "#f6f2ea"),
            Palette("#12122b", "#43357c", "#58cfd4", "#cdf3ee", "#f2f3fb"),
            Palette("#1b1030", "#7a2a63", "#ff9e64", "#ffe0b8", "#fbf1ee"),
        ),
    ),
    Family(
        ("horror", "thriller", "crime", "noir", "mystery", "detective", "metal", "恐怖", "惊悚", "悬疑", "犯罪"),
        ("skyline", "blinds", "spiral", "arches", "rays"),
        (
            Palette("#1a1213", "#5a1622", "#e0472f", "#f6b79f", "#f8efe9"),
            Palette("#0f1b1e", "#234a52", "#e3b53c", "#f5e3a8", "#f3f2e8"),
            Palette("#18181d", "#3d3f4d", "#d94f46", "#ecd9cf", "#f4f2f0"),
        ),
    ),
    Family(
        ("action", "racing", "sport", "shooter", "electronic", "hip hop", "punk", "rock", "martial", "动作"),
        ("speed", "rays", "blinds", "skyline", "horizon"),
        (
            Palette("#0b2545", "#1d5fa8", "#ffcb2f", "#fff1bf", "#f5f8fc"),
            Palette("#2a0f2f", "#8a1c52", "#ff5a4e", "#ffc9a8", "#fff3ee"),
            Palette("#14213d", "#33507f", "#fb8b24", "#fde0b2", "#f6f4ef"),
        ),
    ),
    Family(
        ("comedy", "romance", "musical", "family", "pop", "soul", "喜剧", "爱情"),
        ("discs", "rays", "petals", "waves", "arches"),
        (
            Palette("#7a2340", "#d9576c", "#ffb88a", "#ffe3cf", "#fff6ee"),
            Palette("#7d340e", "#dd762c", "#ffd166", "#fff0c9", "#fffaf0"),
            Palette("#1f4e5f", "#3d93a0", "#ff9b85", "#ffe1d6", "#f4fafa"),
        ),
    ),
    Family(
        ("fantasy", "adventure", "animation", "nature", "role-playing", "folk", "children", "奇幻", "动画", "冒险"),
        ("hills", "petals", "discs", "waves", "arches"),
        (
            Palette("#0f3833", "#237a66", "#f2b84b", "#f9e6b8", "#f5f7ee"),
            Palette("#27224f", "#6353a6", "#f3a9cb", "#fbe2ec", "#f8f5fc"),
            Palette("#173a5e", "#3f7fae", "#f6c667", "#fdeecb", "#f4f8fb"),
        ),
    ),
    Family(
        ("drama", "histor", "war", "western", "biograph", "literary", "classic", "剧情", "战争", "历史"),
        ("hills", "arches", "discs", "blinds", "waves", "skyline"),
        (
            Palette("#2f2822", "#755d45", "#d8a65f", "#f1dfbd", "#f9f4ea"),
            Palette("#1f312b", "#4c6d5e", "#dab36c", "#efe5c8", "#f6f5ec"),
            Palette("#3a1f2b", "#86506a", "#e8a87c", "#f6dcc8", "#faf3f0"),
            Palette("#1d2b3a", "#4b6a86", "#e3a587", "#f3ddcf", "#f4f6f8"),
            Palette("#352a1a", "#8a6a2f", "#e9c46a", "#f6e7bf", "#fbf6e9"),
        ),
    ),
)

ELSE = Family(
    (),
    ("waves", "arches", "rings", "discs", "speed"),
    (
        Palette("#12363d", "#2f7d86", "#f4d06f", "#f9edc8", "#f3f8f6"),
        Palette("#22304a", "#56739e", "#f28f79", "#fbdace", "#f4f5f8"),
        Palette("#3b2b52", "#77609b", "#f1c06b", "#f8e6c3", "#f7f4fa"),
    ),
)


def families(genres: Sequence[str]) -> list[Family]:
    """Return the family of each genre that has one, in the order of the genres; `[ELSE]` if none has."""
    found = [
        candidate
        for genre in genres
        for candidate in FAMILIES
        if any(word in genre.lower() for word in candidate.words)
    ]
    return found or [ELSE]


@dataclass(frozen=True, slots=True)
class Brush:
    """What every drawing needs: the colours, and a random source seeded by the item's id."""

    palette: Palette
    rng: random.Random

    def pick(self, options: Sequence[T]) -> T:
        """Choose one of the options."""
        return options[int(self.rng.random() * len(options))]

    def span(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return self.rng.uniform(low, high)


def circle(x: float, y: float, r: float, fill: str, extra: str = "") -> str:
    """Return a filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}"{extra}/>'


def hoop(x: float, y: float, r: float, colour: str, width: float, extra: str = "") -> str:
    """Return a circle that is only drawn round."""
    return circle(x, y, r, "none", f' stroke="{colour}" stroke-width="{width:.1f}"{extra}')


def rect(x: float, y: float, w: float, h: float, fill: str, extra: str = "", opacity: float = 1) -> str:
    """Return a filled rectangle."""
    extra += f' opacity="{opacity:g}"' if opacity < 1 else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}"{extra}/>'


def path(d: str, fill: str, extra: str = "") -> str:
    """Return a path; pass `none` and a stroke in `extra` for a line."""
    return f'<path d="{d}" fill="{fill}"{extra}/>'


def gradient(name: str, top: str, bottom: str) -> str:
    """Return a vertical gradient, to be used as `url(#name)`."""
    return (
        f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{top}"/><stop offset="1" stop-color="{bottom}"/></linearGradient>'
    )


def _stars(b: Brush, count: int, bottom: float = 290) -> str:
    return "".join(
        circle(b.span(6, 294), b.span(6, bottom), b.span(0.6, 1.9), b.palette.glow, f' opacity="{b.span(0.4, 1):.2f}"')
        for _ in range(count)
    )


def _horizon(b: Brush) -> str:
    """Draw a sun, cut by bands, over the curve of a world."""
    p, x, r = b.palette, b.span(110, 190), b.span(72, 90)
    bands = "".join(rect(0, 150 + i * 15, 300, 2.5 + i * 1.8, p.mid) for i in range(5))
    return f"{_stars(b, 34, 190)}{circle(x, 160, r, p.accent)}{bands}{circle(150, 560, 345, p.deep)}" + hoop(
        150, 560, 345, p.glow, 2.5
    )


def _rings(b: Brush) -> str:
    p, x, y = b.palette, b.span(90, 210), b.span(110, 180)
    hoops = "".join(
        hoop(x, y, 24 + i * 21, b.pick((p.glow, p.accent)), b.span(1.5, 9), f' opacity="{1 - i * 0.085:.2f}"')
        for i in range(9)
    )
    return hoops + circle(x, y, 13, p.accent)


def _skyline(b: Brush) -> str:
    p = b.palette
    parts, x = [circle(b.span(70, 230), b.span(70, 110), b.span(34, 46), p.accent)], -6.0
    while x < 300:
        width, top = b.span(30, 52), b.span(110, 235)
        parts.append(rect(x, top, width, 310 - top, p.deep))
        parts += [
            rect(x + 7 + column * 11, top + 10 + row * 15, 5, 8, p.accent if b.rng.random() < 0.25 else p.glow)
            for column in range(int((width - 8) / 11))
            for row in range(int((295 - top) / 15))
            if b.rng.random() < 0.3
        ]
        x += width + b.span(-4, 7)
    return "".join(parts)


def _blinds(b: Brush) -> str:
    p, x, y, r = b.palette, b.span(110, 190), b.span(125, 165), b.span(78, 96)
    slats = "".join(rect(-60, i * 25 - 60, 420, b.span(7, 15), p.deep) for i in range(17))
    turned = f'<g transform="rotate({b.pick((-24, -12, 14, 26))} 150 150)">{slats}</g>'
    return circle(x, y, r, p.accent) + turned + hoop(x, y, r, p.glow, 2)


def _spiral(b: Brush) -> str:
    p, turn = b.palette, b.pick((-1, 1))
    points = [
        f"{150 + turn * t * 0.31 * math.cos(t * 0.042):.0f} {150 + t * 0.31 * math.sin(t * 0.042):.0f}"
        for t in range(30, 620, 5)
    ]
    line = f' stroke="{p.accent}" stroke-width="{b.span(8, 12):.1f}" stroke-linecap="round" stroke-linejoin="round"'
    return path("M" + "L".join(points), "none", line) + circle(150, 150, 8, p.glow)


def _speed(b: Brush) -> str:
    p, parts = b.palette, []
    for i in range(15):
        x, width = b.span(-60, 190), b.span(60, 240)
        colour = b.pick((p.accent, p.glow, p.mid, p.accent))
        parts.append(rect(x, i * 26 - 50, width, b.span(4, 19), colour, ' rx="9"'))
    return f'<g transform="rotate({b.pick((-32, -22, 24))} 150 150)">{"".join(parts)}</g>'


def _rays(b: Brush) -> str:
    p, x, y, n = b.palette, b.span(90, 210), b.span(165, 230), b.pick((10, 12, 14))
    wedges = []
    for i in range(n):
        a, c = (i - 0.25) * math.tau / n, (i + 0.25) * math.tau / n
        end = [f"{x + 420 * math.cos(t):.0f} {y + 420 * math.sin(t):.0f}" for t in (a, c)]
        wedges.append(f"M{x:.0f} {y:.0f}L{end[0]}L{end[1]}z")
    r = b.span(44, 60)
    return path("".join(wedges), p.accent, ' opacity=".55"') + circle(x, y, r + 13, p.deep) + circle(x, y, r, p.glow)


def _discs(b: Brush) -> str:
    p, y, r, gap = b.palette, b.span(135, 165), b.span(66, 80), b.span(34, 52)
    lens = math.sqrt(r * r - gap * gap)
    arc = f"A{r:.1f} {r:.1f} 0 0 1 "
    overlap = path(f"M150 {y - lens:.1f}{arc}150 {y + lens:.1f}{arc}150 {y - lens:.1f}z", p.paper)
    turn = b.pick((-35, -18, 0, 20, 90))
    return (
        f'<g transform="rotate({turn} 150 {y:.0f})">{circle(150 - gap, y, r, p.accent)}'
        f"{circle(150 + gap, y, r, p.glow)}{overlap}</g>"
    )


def _petals(b: Brush) -> str:
    p, n, reach = b.palette, b.pick((6, 8, 10, 12)), b.span(92, 116)
    w = reach * (3.1 / n)
    petal = f"M150 150C{150 - w:.0f} {150 - reach * 0.45:.0f} {150 - w:.0f} {150 - reach:.0f} 150 {150 - reach:.0f}"
    petal += f"C{150 + w:.0f} {150 - reach:.0f} {150 + w:.0f} {150 - reach * 0.45:.0f} 150 150z"
    turned = "".join(
        path(petal, (p.accent, p.glow)[i % 2], f' opacity=".9" transform="rotate({i * 360 / n:.0f} 150 150)"')
        for i in range(n)
    )
    return turned + circle(150, 150, 15, p.deep)


def _hills(b: Brush) -> str:
    p = b.palette
    parts = [circle(b.span(70, 230), b.span(80, 130), b.span(34, 52), p.accent)]
    for i, (colour, opacity) in enumerate(((p.glow, 0.38), (p.accent, 0.5), (p.mid, 1), (p.deep, 0.75), (p.deep, 1))):
        base, phase, length = 150 + i * 34, b.span(0, math.tau), b.span(60, 110)
        points = [f"{x} {base + 22 * math.sin(x / length + phase):.0f}" for x in range(0, 301, 20)]
        parts.append(path(f"M0 310L{'L'.join(points)}L300 310z", colour, f' opacity="{opacity}"'))
    return "".join(parts)


def _arches(b: Brush) -> str:
    p, x = b.palette, b.span(120, 180)
    colours = b.pick(((p.glow, p.accent, p.mid, p.deep), (p.accent, p.deep, p.glow, p.mid)))
    parts = []
    for i in range(5):
        w = 108 - i * 22
        parts.append(path(f"M{x - w:.0f} 440v-280a{w} {w} 0 0 1 {2 * w} 0v280z", colours[i % 4]))
    return "".join(parts)


def _waves(b: Brush) -> str:
    p, parts = b.palette, []
    length, swell = b.span(26, 48), b.span(9, 17)
    for i in range(11):
        y, phase = 46 + i * 25, b.span(-0.5, 0.5) + i * 0.55
        points = [f"{x} {y + swell * math.sin(x / length + phase):.1f}" for x in range(-5, 310, 9)]
        line = f' stroke="{b.pick((p.glow, p.accent, p.glow))}" stroke-width="{1.5 + i * 0.75:.1f}"'
        parts.append(path(f"M{'L'.join(points)}", "none", line + ' stroke-linejoin="round"'))
    return "".join(parts)


MOTIFS: dict[str, Callable[[Brush], str]] = {
    "horizon": _horizon,
    "rings": _rings,
    "skyline": _skyline,
    "blinds": _blinds,
    "spiral": _spiral,
    "speed": _speed,
    "rays": _rays,
    "discs": _discs,
    "petals": _petals,
    "hills": _hills,
    "arches": _arches,
    "waves": _waves,
}
