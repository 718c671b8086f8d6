"""Which titles a message mentions: found with typos and in Chinese, and not found in ordinary sentences."""

from __future__ import annotations

import itertools

import pytest
from rapidfuzz import fuzz

from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.cues import numbers_in, quoted_spans
from retrieval.linking import TitleLinker, begin_alike
from retrieval.types import Item
from tests.shops import marquee

# message: what is linked, as (surface, first item, how)
LINKED = {
    "I loved Arrival": [("Arrival", "film-arrival-2016", "title")],
    "i loved arrival": [("arrival", "film-arrival-2016", "title")],
    "arrival": [("arrival", "film-arrival-2016", "title")],
    "THE MATRIX": [("THE MATRIX", "film-the-matrix-1999", "title")],
    "Shining": [("Shining", "film-the-shining-1980", "alias")],
    "amelie": [("amelie", "film-amelie-2001", "title")],
    "WALL-E": [("WALL-E", "film-wall-e-2008", "title")],
    "I loved 8½": [("8½", "film-81-2-1963", "title")],
    "E.T.": [("E.T", "film-e-t-the-extra-terrestrial-1982", "alias")],
    "Le Fabuleux Destin d'Amélie Poulain": [("Le Fabuleux Destin d'Amélie Poulain", "film-amelie-2001", "alias")],
    "I loved 2001: A Space Odyssey": [("2001: A Space Odyssey", "film-2001-a-space-odyssey-1968", "title")],
    "Crouching tiger hidden dragon": [
        ("Crouching tiger hidden dragon", "film-crouching-tiger-hidden-dragon-2000", "title")
    ],
    "blade runner 2049": [("blade runner 2049", "film-blade-runner-2049-2017", "title")],
    # typos
    "intersteller": [("intersteller", "film-interstellar-2014", "fuzzy")],
    "something like intersteller please": [("intersteller", "film-interstellar-2014", "fuzzy")],
    "Seven Samuria": [("Seven Samuria", "film-seven-samurai-1954", "fuzzy")],
    "rumurs blew me away": [("rumurs", "album-rumours-1977", "fuzzy")],
    "casablnca was wonderful": [("casablnca", "film-casablanca-1942", "fuzzy")],
    "im into modern times and the devil weras prada": [
        ("modern times", "film-modern-times-1936", "title"),
        ("the devil weras prada", "film-the-devil-wears-prada-2006", "fuzzy"),
    ],
    "I loved spirted away": [("spirted away", "film-spirited-away-2001", "fuzzy")],
    "Shawshank redemtion": [("Shawshank redemtion", "film-the-shawshank-redemption-1994", "fuzzy")],
    "godfater": [("godfater", "film-the-godfather-1972", "fuzzy")],
    "the leftt hand of darknes": [("the leftt hand of darknes", "book-the-left-hand-of-darkness-1969", "fuzzy")],
    # Chinese
    "星际穿越": [("星际穿越", "film-interstellar-2014", "alias")],
    "我喜欢《星际穿越》": [("星际穿越", "film-interstellar-2014", "alias")],
    "类似潜行者的电影": [("潜行者", "film-stalker-1979", "alias")],
    "我看过千与千寻": [("千与千寻", "film-spirited-away-2001", "alias")],
    # titles that are ordinary words, with evidence
    'I loved "Her"': [("Her", "film-her-2013", "title")],
    "I loved Her": [("Her", "film-her-2013", "title")],
    "I loved Up": [("Up", "film-up-2009", "title")],
    "Up": [("Up", "film-up-2009", "title")],
    "I liked Moon": [("Moon", "film-moon-2009", "title")],
    "I loved The Thing": [("The Thing", "film-the-thing-1982", "title")],
    "1917": [("1917", "film-1917-2019", "title")],
    "1984": [("1984", "book-nineteen-eighty-four-1949", "alias")],
    "I loved Arrival but not 2001": [
        ("Arrival", "film-arrival-2016", "title"),
        ("2001", "film-2001-a-space-odyssey-1968", "alias"),
    ],
    "I loved 1917 and 1984.": [
        ("1917", "film-1917-2019", "title"),
        ("1984", "book-nineteen-eighty-four-1949", "alias"),
    ],
    "M": [("M", "film-m-1931", "title")],
    "something like journey": [("journey", "game-journey-2012", "title")],
    "I loved Brazil": [("Brazil", "film-brazil-1985", "title")],
    "similar to Heat": [("Heat", "film-heat-1995", "title")],
    # and some that name a genre or a theme
    "I loved Alien": [("Alien", "film-alien-1979", "title")],
    "I love Thriller by Michael Jackson": [("Thriller", "album-thriller-1982", "title")],
    '"Thriller"': [("Thriller", "album-thriller-1982", "title")],
    # lists
    "Stalker, Solaris and Heat": [
        ("Stalker", "film-stalker-1979", "title"),
        ("Solaris", "film-solaris-1972", "title"),
        ("Heat", "film-heat-1995", "title"),
    ],
    "I liked Alien, Heat and Seven": [
        ("Alien", "film-alien-1979", "title"),
        ("Heat", "film-heat-1995", "title"),
        ("Seven", "film-se7en-1995", "alias"),
    ],
    "i liked hades and celeste": [
        ("hades", "game-hades-2020", "title"),
        ("celeste", "game-celeste-2018", "title"),
    ],
    "I've seen Stalker, but not Solaris": [
        ("Stalker", "film-stalker-1979", "title"),
        ("Solaris", "film-solaris-1972", "title"),
    ],
    # years
    "Solaris (2002)": [("Solaris", "film-solaris-1972", "title")],
    "Solaris 2002": [("Solaris", "film-solaris-1972", "title")],
}
NOT_LINKED = [
    # sequels and years that do not exist
    "The Matrix 9", "do you have The Matrix 9?", "Toy Story 9", "Blade Runner 2050", "The Godfather part 4",
    "Kill Bill vol 7",
    # ordinary words that are titles too
    "a film for the whole family",
    "I love her", "it", "have you seen it", "what about it", "up", "wake me up", "the thing is that I am bored",
    "a film about the moon", "a journey of a family", "I need speed", "in 1917", "I drive a car", "I ran", "once more",
    "newer than 1984", "I'd prefer something older than 2001.",
    "what is your name", "I am on the road", "films from Brazil", "the heat is on", "I hate horror",
    # genres, moods, themes
    "drama", "I want drama", "a thriller", "a movie with aliens", "jazz", "blues",
    # the rest of a conversation
    "hello", "something slower", "under 10 dollars", "nothing with space", "a film with the same mood",
    "tell me a story",
    "I'm in the mood for a comedy", "not that one", "我喜欢看电影，特别是科幻片和动作片。", "不要恐怖片", "便宜一点",
    "", " ", "?", "🎬", "{0}", "<b>", "a" * 5_000,
]  # fmt: skip


def link(text, shop=None):
    shop = shop or marquee()
    return shop.linker.link(text, shop.parser.phrases.common_words)


class TestLink:
    @pytest.mark.parametrize(("text", "expected"), LINKED.items(), ids=LINKED)
    def test_finds(self, text, expected):
        catalog = marquee().index.catalog
        found = link(text)
        assert [(m.surface, catalog[m.positions[0]].id, m.how) for m in found] == expected
        for mention in found:
            assert text[mention.start : mention.end] == mention.surface
            assert (mention.confidence == 1.0) == (mention.how != "fuzzy")
            assert 0.85 < mention.confidence <= 1.0

    @pytest.mark.parametrize("text", NOT_LINKED, ids=[t[:40] for t in NOT_LINKED])
    def test_finds_nothing(self, text):
        assert [m.surface for m in link(text)] == []

    def test_remakes_share_a_mention(self):
        catalog = marquee().index.catalog
        (mention,) = link("Solaris")
        assert [catalog[at].id for at in mention.positions] == [
            "film-solaris-1972", "film-solaris-2002", "book-solaris-1961",
        ]  # fmt: skip

    def test_every_title_in_quotes_is_found(self):
        missed = []
        for at, item in enumerate(marquee().index.catalog.items[::7]):
            mentions = link(f"I loved “{item.title}”.")
            if not any(7 * at in m.positions for m in mentions):
                missed.append(item.title)
        assert missed == []

    def test_a_dropped_letter_is_forgiven(self):
        items = marquee().index.catalog.items
        long = [(at, i) for at, i in enumerate(items) if len(i.title) >= 12 and i.title.isascii() and at % 9 == 0]
        assert len(long) > 50
        found = [any(at in m.positions for m in link(i.title[:6] + i.title[7:])) for at, i in long]
        assert sum(found) / len(found) > 0.9


class TestLookUps:
    @pytest.fixture
    def linker(self):
        items = [
            Item(id="1", title="The Long Road", aliases=("Road", "长路")),
            Item(id="2", title="Road"),
            Item(id="3", title="The Long Road", kind="book", year=1990),
            Item(id="4", title="The Long Road 2", kind="film", year=1999),
            Item(id="5", title="???"),
        ]
        return TitleLinker(Facets(Catalog(items)))

    def test_exact_puts_titles_before_aliases(self, linker):
        assert linker.exact("road") == (1, 0)
        assert linker.exact("Long Road!") == (0, 2)
        assert linker.exact("长路") == (0,)
        assert linker.exact("???") == linker.exact("") == ()

    def test_fuzzy_keeps_numbers_apart(self, linker):
        assert linker.fuzzy("the long raod") == ((0, 2), pytest.approx(92.3, abs=0.1))
        assert linker.fuzzy("the long road 3") == ((), 0.0)
        assert linker.fuzzy("the long road ii")[0] == (3,)
        assert linker.fuzzy("raod") == ((), 0.0)

    def test_nearest_says_how_near(self, linker):
        found = linker.nearest("the long road 9", 3)
        assert len(found) == 3
        assert found[0][0] in (0, 2, 3)
        assert all(left[1] >= right[1] for left, right in itertools.pairwise(found))

    def test_narrowed(self, linker):
        assert linker.narrowed((0, 2, 3), kind="book") == (2,)
        assert linker.narrowed((0, 2, 3), year=1999) == (3,)
        assert linker.narrowed((0, 2), year=1800) == ()

    def test_numbers(self):
        assert numbers_in(["rocky", "iv"]) == ["4"]
        assert numbers_in(["se7en"]) == ["se7en"]
        assert numbers_in(["i", "robot"]) == []

    def test_quotes_of_both_scripts(self):
        assert quoted_spans("“A b” and 《长路》 but not 'c'") == ["A b", "长路"]


def test_narrowing_by_letter_and_length_misses_no_near_name():
    linker = marquee().linker
    names = [name for name in linker._names if len(name) >= 5 and name.isascii()]
    for name in names[::40]:
        typo = name[:2] + name[3:] + "e"
        near = [n for n in names if n[0] == typo[0] and begin_alike(n, typo)]
        near = [n for n in near if numbers_in(n.split()) == numbers_in(typo.split())]
        best = max((fuzz.ratio(typo, n) for n in near), default=0)
        assert linker.fuzzy(typo)[1] == pytest.approx(best if best >= 88 else 0)
