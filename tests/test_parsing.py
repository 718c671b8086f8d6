"""From sentences to limits and wishes; each row of a table is what a person may write and what must be read in it.

``f o v`` is a constraint (field, op, value; ``a|b`` is any of), ``~f v`` a wish, ``^f o`` a comparative.
"""

from __future__ import annotations

import pytest

from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.parsing import Parser
from retrieval.text import language_of
from retrieval.types import Item
from tests.shops import marquee

NUMBERS = {
    "anything shorter than an hour?": "minutes < 60",
    "a film of no more than an hour and a half": "minutes <= 90, kind is film",
    "at least two and a half hours": "minutes >= 150",
    "under half an hour": "minutes < 30",
    # years
    "a film before 1990": "kind is film, year < 1990",
    "pre-1960": "year < 1960",
    "prior to 1960 please": "year < 1960",
    "1984 or earlier": "year <= 1984",
    "up to 1985": "year <= 1985",
    "after 2010": "year > 2010",
    "post-2010": "year > 2010",
    "since 2015": "year >= 2015",
    "from 1990 onwards": "year >= 1990",
    "newer than 2000": "year > 2000",
    "in 1999": "year is 1999",
    "from the year 1990": "year is 1990",
    "between 1975 and 1960": "year >= 1960, year <= 1975",
    "1960-1975": "year >= 1960, year <= 1975",
    "from 1960 to 1975": "year >= 1960, year <= 1975",
    "before 1990, after 1970": "year < 1990, year > 1970",
    "a 19th century novel": "year >= 1801, year <= 1900, kind is book",
    # decades
    "films from the 1970s": "kind is film, decade is 1970",
    "'70s films": "decade is 1970, kind is film",
    "late 60s": "decade is 1960",
    "something from the seventies": "decade is 1970",
    "films from the 2010s": "kind is film, decade is 2010",
    "movies from the 80s or 90s": "kind is film, year >= 1980, year <= 1999",
    "films before the 1950s": "kind is film, year < 1950",
    "after the 90s": "year > 1999",
    "nothing from the 1980s": "decade is_not 1980",
    "not from the 90s": "decade is_not 1990",
    # turned round by a negation
    "nothing before 1980": "year >= 1980",
    "not before 1980": "year >= 1980",
    "nothing after 2000": "year <= 2000",
    "not after 2000": "year <= 2000",
    "not from before 1990": "year >= 1990",
    "no films before 1980": "year >= 1980",
    "I don't want to spend more than $10": "price <= 10",
    "I can't pay more than 15 dollars": "price <= 15",
    "not something that costs over $20": "price <= 20",
    "I don't want anything over 2 hours": "minutes <= 120",
    "nothing that lasts more than two hours": "minutes <= 120",
    "nothing from 1990": "year is_not 1990",
    "why not before 1990?": "year < 1990",
    "nothing after about 1990": "year <= 1990",
    "eighty minutes at most": "minutes <= 80",
    "2 hours max": "minutes <= 120",
    "films from this century": "kind is film, year >= 2000",
    "leave out anything above 15 dollars": "price <= 15",
    # people are in their sixties, films are from the sixties
    "they are mostly in their sixties and seventies": "",
    "a film from the sixties": "kind is film, decade is 1960",
    "anything older, 60s 70s?": "year >= 1960, year <= 1979",
    "that is longer than I was told": "",
    # prices
    "under 10 dollars": "price < 10",
    "under 10": "price < 10",
    "under $9.99!": "price < 9.99",
    "less than $15": "price < 15",
    "less than ten dollars": "price < 10",
    "under eleven dollars": "price < 11",
    "at most sixteen dollars": "price <= 16",
    "under seventeen dollars": "price < 17",
    "under twenty bucks": "price < 20",
    "under 1,000 dollars": "price < 1000",
    "under 9,50 euros": "price < 9.5",
    "no more than 20 euros": "price <= 20",
    "at most 7.99": "price <= 7.99",
    "$10 or less": "price <= 10",
    "10 bucks max": "price <= 10",
    "my budget is 15": "price <= 15",
    "I have 12 dollars": "price <= 12",
    "nothing over 10 dollars": "price <= 10",
    "around 10 dollars max": "price <= 11",
    "between 5 and 10 dollars": "price >= 5, price <= 10",
    "$5-$10": "price >= 5, price <= 10",
    "5 to 10 dollars": "price >= 5, price <= 10",
    "over 20 dollars": "price > 20",
    "not under $10": "price >= 10",
    "nothing under 10 dollars": "price >= 10",
    "for free": "price is 0",
    "something free": "price is 0",
    "any free courses?": "price is 0, kind is course",
    "something that costs nothing": "price is 0",
    "something free from sorrow": "",
    # lengths
    "under 2 hours": "minutes < 120",
    "under two hours": "minutes < 120",
    "shorter than 100 minutes": "minutes < 100",
    "at least 3 hours": "minutes >= 180",
    "no more than ninety minutes": "minutes <= 90",
    "no longer than 2 hours": "minutes <= 120",
    "nothing longer than 2 hours": "minutes <= 120",
    "not more than 100 minutes": "minutes <= 100",
    "a course under 5 hours": "kind is course, minutes < 300",
    "a film, I've got maybe 90 minutes": "kind is film, minutes <= 90",
    "we only have an hour and a half": "minutes <= 90",
    "a game, I have about an hour": "kind is game",
    # not a limit
    "more than 2 players": "",
    "a book under 300 pages": "kind is book",
    "10 films": "kind is film",
    "3 games under 20 dollars": "kind is game, price < 20",
    "no more than 3 films": "kind is film",
    "for 10 people": "",
    "top 10": "",
    "I am 15 years old": "",
    "10% off": "",
}
FACETS = {
    "a rock record": "genres is rock, kind is album",
    "how to record it": "",
    "something funny, my kid is watching": "~moods funny, audience is children",
    "comedies": "genres is comedy",
    "a sci-fi film but not a comedy": "genres is science fiction, kind is film, genres is_not comedy",
    "I'd like a comedy": "genres is comedy",
    "I feel like a western": "genres is western",
    "an animated family film": "genres is animation, genres is family, kind is film",
    "an RPG or strategy game": "genres is role-playing|strategy, kind is game",
    "hip-hop": "genres is hip hop",
    "R&B": "genres is r&b",
    "a rock album": "genres is rock, kind is album",
    "a gift for my dad, budget 25": "price <= 25",
    "films from Korea or Japan": "kind is film, language is ko|ja",
    "not only films but also books": "kind is film|book",
    "she loves romances but I hate them": "genres is_not romance",
    "they like westerns, which I really can't stand": "genres is_not western",
    "not only horror but also comedy": "genres is horror|comedy",
    "country music": "genres is country",
    "films and books": "kind is film|book",
    "French films": "language is fr, kind is film",
    "a film in French": "kind is film, language is fr",
    "Korean or Japanese thrillers": "language is ko|ja, genres is thriller",
    "a book by Ursula K. Le Guin": "kind is book, creators is ursula k le guin",
    "anything by Tarkovsky": "creators is andrei tarkovsky",
    "anything by Hayao Miyazaki or Ursula K. Le Guin": "creators is hayao miyazaki|ursula k le guin",
    "clever mystery novel": "genres is mystery, kind is book, ~moods cerebral",
    "a relaxing game": "kind is game, ~moods calm",
    "I must write about a film": "kind is film",
    "you have nothing about cooking?": "~topic cooking",
    "nothing by Tarkovsky?": "creators is andrei tarkovsky",
    "my flatmate is obsessed with anime": "genres is animation",
    "films about time travel": "kind is film, ~topic time travel",
    "a book about cooking": "kind is book, ~topic cooking",
    "a war film": "genres is war, kind is film",
}
REFUSED = {
    "I don't like films that are slow": "moods is_not slow",
    "a film that isn't slow": "kind is film, moods is_not slow",
    "I don't want anything that makes me cry": "moods is_not melancholic",
    "anything but love": "topic is_not love",
    "I don't want dragons": "topic is_not dragons",
    "nothing with a complicated ending": "",
    "no more dragons": "topic is_not dragons",
    "spare me the romance": "genres is_not romance",
    "no comedies": "genres is_not comedy",
    "my son vetoes horror": "genres is_not horror",
    "I'm allergic to romance": "genres is_not romance",
    "and not animated, I've had my fill of cartoons": "genres is_not animation",
    "not horror": "genres is_not horror",
    "she loves jazz but can't stand clowns": "~genres jazz, topic is_not clowns",
    "I hate deserts": "topic is_not desert",
    "something in no hurry": "",
    "comedies without romance": "genres is comedy, genres is_not romance",
    "anything but horror": "genres is_not horror",
    "everything but westerns": "genres is_not western",
    "nothing but comedies": "genres is comedy",
    "anything except comedies": "genres is_not comedy",
    "no more comedies": "genres is_not comedy",
    "I hate musicals": "genres is_not musical",
    "my sister hates musicals": "genres is_not musical",
    "he dislikes horror": "genres is_not horror",
    "can't stand westerns": "genres is_not western",
    "thrillers, not crime": "genres is thriller, topic is_not crime",
    "not crime but mystery": "topic is_not crime, genres is mystery",
    "neither horror nor war films": "genres is_not horror, genres is_not war",
    "no musicals or westerns": "genres is_not musical, genres is_not western",
    "no horror films": "genres is_not horror",
    "not a horror movie": "genres is_not horror",
    "no horror or comedy films": "genres is_not horror, genres is_not comedy",
    "I don't want romantic films": "moods is_not romantic",
    "no Japanese films": "language is_not ja",
    "no books in French": "language is_not fr",
    "no films by Hitchcock": "creators is_not alfred hitchcock",
    "no movies about war": "topic is_not war",
    "a game, not a book": "kind is game, kind is_not book",
    "no books": "kind is_not book",
    "nothing by Stephen King": "creators is_not stephen king",
    "not in English": "language is_not en",
    "nothing scary": "moods is_not scary",
    "I hate westerns and loved horror": "genres is_not western, ~genres horror",
    "nothing with subtitles": "language is en",
    "films without subtitles": "kind is film, language is en",
    "nothing from Japan": "language is_not ja",
    "something less dark": "moods is_not dark",
    "nothing with space": "topic is_not space",
    "nothing with clowns": "topic is_not clowns",
    "no zombies": "topic is_not zombies",
    "without vampires": "topic is_not vampires",
}
SOFT = {
    "I love horror": "~genres horror",
    "I like comedies and dramas": "~genres comedy, ~genres drama",
    "I prefer documentaries": "~genres documentary",
    "I love Kubrick": "~creators stanley kubrick",
    "something slow and melancholic": "~moods slow, ~moods melancholic",
    "more funny ones": "~moods funny",
    "a tear-jerker": "~moods melancholic",
    "something about war": "~topic war",
    "with dogs": "~topic dogs",
    "not only comedies": "~genres comedy",
    "cheaper": "^price <",
    "something newer": "^year >",
    "older": "^year <",
    "shorter please": "^length <",
}
CHINESE = {
    "我喜欢看电影，特别是科幻片和动作片。": "kind is film, ~genres science fiction, ~genres action",
    "科幻片": "genres is science fiction, kind is film",
    "特别好看的科幻": "genres is science fiction",
    "一本悬疑小说": "genres is mystery, kind is book",
    "不要恐怖片": "genres is_not horror",
    "不看喜剧": "genres is_not comedy",
    "不是喜剧": "genres is_not comedy",
    "除了爱情片都可以": "genres is_not romance",
    "不要恐怖片和喜剧": "genres is_not horror, genres is_not comedy",
    "我不喜欢恐怖片，想看喜剧": "genres is_not horror, ~genres comedy",
    "不要日本电影": "language is_not ja",
    "不要电影": "kind is_not film",
    "不要字幕": "language is zh",
    "宫崎骏的电影": "creators is hayao miyazaki, kind is film",
    "诺兰导演的": "creators is christopher nolan",
    "别太暴力": "moods is_not violent",
    "太怀旧了": "moods is_not nostalgic",
    "没那么浪漫的有吗？": "moods is_not romantic",
    "不够好笑": "~moods funny",
    "温暖的片子": "kind is film, ~moods warm",
    "日本电影": "language is ja, kind is film",
    "韩国惊悚片": "language is ko, genres is thriller, kind is film",
    "温暖的书": "kind is book, ~moods warm",
    "关于战争的书": "kind is book, ~topic war",
    "1990年以前的电影": "year < 1990, kind is film",
    "不要1980年以前的": "year >= 1980",
    "90年代的电影": "decade is 1990, kind is film",
    "八十年代的电影": "decade is 1980, kind is film",
    "70年代以前": "year < 1970",
    "七十年代以后的电影": "year > 1979, kind is film",
    "1960到1970年的电影": "year >= 1960, year <= 1970, kind is film",
    "我想看1979年的电影": "year is 1979, kind is film",
    "10块以下": "price < 10",
    "五块钱以下": "price < 5",
    "不超过20美元": "price <= 20",
    "10到20块的书": "price >= 10, price <= 20, kind is book",
    "免费的课程": "price is 0, kind is course",
    "两小时以内": "minutes <= 120",
    "100分钟以内的电影": "minutes <= 100, kind is film",
    "我想看不超过两小时的电影": "minutes <= 120, kind is film",
    "三小时以上的电影": "minutes >= 180, kind is film",
    "便宜一点": "^price <",
    "想听爵士": "genres is jazz",
}
NOTHING = [
    "of course", "in my country", "I don't mind horror", "I wouldn't mind a musical", "no", "nothing", "no, thanks",
    "not that", "not that one", "I have no idea", "I want to go west", "something not too expensive", "别的", "在吗",
    "price doesn't matter", "any genre", "hello", "2049",
    "how fast could I have it", "not only films", "", "   ", "🎬", "{0} %s <b>", "I love it", "nothing by him",
]  # fmt: skip


def read(text, parser=None):
    parsed = (parser or marquee().parser).parse(text, language=language_of(text))
    found = []
    for c in parsed.constraints:
        values = c.value if isinstance(c.value, tuple) else (c.value,)
        shown = "|".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values)
        found.append(f"{c.field} {c.op} {shown}")
    found += [f"~{w.field} {w.value}" for w in parsed.wishes]
    return sorted(found + [f"^{name} {op}" for name, op in parsed.relative])


def rows(*tables):
    return [pytest.param(text, expected, id=text) for table in tables for text, expected in table.items()]


class TestTables:
    @pytest.mark.parametrize(("text", "expected"), rows(NUMBERS, FACETS, REFUSED, SOFT, CHINESE))
    def test_reads(self, text, expected):
        assert read(text) == sorted(part for part in expected.split(", ") if part)

    @pytest.mark.parametrize("text", NOTHING)
    def test_asks_for_nothing(self, text):
        assert read(text) == []

    @pytest.mark.parametrize("text", [t for t in [*NUMBERS, *FACETS, *REFUSED, *SOFT] if t.isascii()])
    def test_case_does_not_matter_but_for_names(self, text):
        if "ove Kubrick" not in text:  # a bare surname is a person only when capitalised
            assert read(text.upper()) == read(text)

    def test_constraints_know_their_chip(self):
        parsed = marquee().parser.parse("a French film before 1990 under 10 dollars, no horror")
        assert [c.label for c in parsed.constraints] == ["French", "film", "before 1990", "under $10", "no horror"]

    def test_what_was_understood_is_told_by_place(self):
        text = "a slow film before 1990"
        parsed = marquee().parser.parse(text)
        assert [text[a:b] for a, b in parsed.spans] == ["slow", "film", "before 1990"]
        assert [text[a:b] for a, b in parsed.hard] == ["film", "before 1990"]

    @pytest.mark.parametrize(
        ("text", "genres"),
        [
            ("nothing scary", ["horror"]),
            ("not too violent, please", ["horror", "shooter"]),
            ("不要太吓人", ["horror"]),
            ("something scary", []),
            ("nothing sad", []),
        ],
    )
    def test_a_refused_mood_rules_out_the_genres_full_of_it(self, text, genres):
        implied = marquee().parser.parse(text).implied
        assert [(c.field, c.op, c.value) for c in implied] == [("genres", "is_not", genre) for genre in genres]

    def test_not_only_opens_a_column(self):
        assert marquee().parser.parse("not only films").opened == ("kind",)
        assert marquee().parser.parse("not only films but also books").opened == ()

    @pytest.mark.parametrize(
        ("text", "value"),
        [("forget the thriller", ("genres", "thriller")), ("scratch slow", ("moods", "slow")),
         ("it doesn't have to be funny", ("moods", "funny")), ("不用浪漫", ("moods", "romantic"))],
    )  # fmt: skip
    def test_what_is_taken_back_is_neither_wanted_nor_refused(self, text, value):
        parsed = marquee().parser.parse(text)
        assert parsed.taken_back == (value,)
        assert (parsed.constraints, parsed.wishes) == ((), ())

    def test_titles_say_nothing_about_facets(self):
        text = "I loved 2001: A Space Odyssey and French Kiss"
        parsed = marquee().parser.parse(text, [(8, 29), (34, 45)])
        assert parsed.constraints == parsed.wishes == ()


class TestOtherCatalogues:
    @pytest.fixture
    def wine(self):
        return Parser(
            Facets(
                Catalog(
                    [
                        Item(id="1", title="A", genres=("orange wine",), attributes={"vegan": True, "body": "light"}),
                        Item(id="2", title="B", attributes={"vegan": False, "grape": ("Pinot Noir",)}),
                    ]
                )
            )
        )

    def test_own_values_are_understood(self, wine):
        assert read("orange wine", wine) == ["genres is orange wine"]
        assert read("something with Pinot Noir", wine) == ["~topic pinot noir"]
        assert read("no pinot noir", wine) == ["topic is_not pinot noir"]

    def test_no_is_not_a_value_of_yes_and_no_columns(self, wine):
        assert read("no orange wine", wine) == ["genres is_not orange wine"]
        assert read("yes", wine) == []

    def test_columns_that_are_empty_cannot_be_limited(self, wine):
        assert read("under 10 dollars, before 1990, a film under 2 hours", wine) == []


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("no long films, please", []),
        ("something sad but no subtitled films", []),
        ("no films", ["film"]),
        ("no more films", ["film"]),
        ("no books or films", ["book", "film"]),
    ],
)
def test_of_a_sort_of_a_kind_that_is_refused_the_kind_is_not(text, refused):
    limits = marquee().parser.parse(text).constraints
    assert [c.value for c in limits if (c.field, c.op) == ("kind", "is_not")] == refused


def test_who_wants_none_that_is_long_wants_a_shorter_one():
    assert ("length", "<") in marquee().parser.parse("I liked that, but no long films").relative
