import base64
import re
import time
from xml.etree import ElementTree

import pytest

from chat.covers import cover, cover_data_uri
from chat.messages import Card
from chat.motifs import ELSE, FAMILIES, MOTIFS, families
from retrieval.types import Item

KINDS = ("film", "book", "game", "album", "course", "", "something else")
TITLES = (
    "M",
    "Stalker",
    "",
    "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb",
    "科幻电影《星际穿越》：一段很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长的标题",
    "Hyperpolysyllabicsesquipedalianism" * 3,
    '"><script>alert(1)</script>&amp;]]>',
    "عربى \u202e title \U0001f600",
    "word " * 200,
)


def _item(kind: str = "film", title: str = "Stalker", **fields: object) -> Item:
    return Item(f"{kind}-{title}", title, kind, 1979, ("Andrei Tarkovsky",), ("science fiction",), **fields)


def _texts(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("title", TITLES)
def test_cover_is_well_formed_inert_and_inside_its_frame(kind, title):
    svg = cover(_item(kind, title))
    root = ElementTree.fromstring(svg)  # escaping is right, or this fails
    tags = {element.tag.split("}")[1] for element in root.iter()}
    assert not tags & {"script", "style", "foreignObject", "image", "use", "a"}
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", svg)
    assert not re.search(r"\son\w+=|href=", svg.replace(title, ""))
    for text in _texts(svg):
        assert 0 <= float(text.get("y")) <= 420


def test_cover_is_a_pure_function_of_the_item():
    assert cover(_item()) == cover(_item())
    assert cover(_item()) != cover(_item(title="Solaris"))
    card = Card(id="film-Stalker", title="Stalker", kind="film", year=1979, creators=("Andrei Tarkovsky",),
                genres=("science fiction",))  # fmt: skip
    assert cover(card) == cover(_item())


def test_every_kind_has_its_own_object():
    assert len({re.sub(r">[^<]*<", "", cover(_item(kind)))[:400] for kind in KINDS[:6]}) == 6


def test_a_long_title_is_set_smaller_and_ends_in_an_ellipsis_only_if_it_must():
    def size(title: str) -> float:
        return max(float(text.get("font-size")) for text in _texts(cover(_item(title=title))))

    assert size("M") > size(TITLES[3])
    assert "…" not in cover(_item(title=TITLES[3]))
    assert "…" in cover(_item(title="word " * 200))


def test_every_motif_named_by_a_family_exists():
    assert {motif for entry in (*FAMILIES, ELSE) for motif in entry.motifs} <= set(MOTIFS)
    assert families(("unheard of", "Science Fiction", "slow-burn thriller")) == list(FAMILIES[:2])
    assert families(()) == [ELSE]


def test_titles_are_readable_on_their_ground():
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    palettes = [palette for entry in (*FAMILIES, ELSE) for palette in entry.palettes]
    for palette in palettes:
        for light in (palette.paper, palette.glow):
            assert (luminance(light) + 0.05) / (luminance(palette.deep) + 0.05) >= 4.5, palette


def test_a_cover_takes_about_a_millisecond():
    start = time.perf_counter()
    for number in range(100):
        cover(_item(title=f"Title {number}", kind=KINDS[number % 5]))
    assert (time.perf_counter() - start) / 100 < 0.005  # 0.2 ms when the machine is quiet


def test_data_uri_holds_the_same_drawing():
    head, body = cover_data_uri(_item()).split(",")
    assert head == "data:image/svg+xml;base64"
    assert base64.b64decode(body).decode() == cover(_item())
