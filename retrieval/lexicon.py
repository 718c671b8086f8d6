"""What people call kinds, genres and moods, in English and Chinese, and makers in Chinese.

Each row reads ``canonical: English words; Chinese words``. The first Chinese word is how a Chinese reply names it.
A catalogue may use any of the words ("Sci-Fi", "科幻"): both sides are brought to the canonical one before they
are compared.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale

from retrieval.text import normalize

Rows = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]  # by name: what it is called in English, in Chinese

_KINDS = """
film: films, movie, movies, flick, flicks, motion picture, motion pictures, cinema, to watch, should i watch, can we watch, do we watch, shall we watch, should we watch, watch next, could they watch; 电影, 影片, 片子
book: books, cookbook, cookbooks, novel, novels, paperback, paperbacks, to read, should i read, can we read, do i read, should we read, read next, could they read, can they read; 书, 图书, 小说, 书籍
game: games, video game, video games, videogame, videogames, computer game, to play, should i play, can we play, couch co op, co op, should we play, play next; 游戏, 电子游戏
album: albums, music, record, records, lp, lps, to listen to, should i listen to, can we listen to; 专辑, 音乐, 唱片
course: courses, online course, lessons, learn to, learn how to, teach me, learn something, get better at; 课程, 课
series: tv series, tv show, tv shows; 电视剧, 剧集
board game: board games, boardgame, boardgames, actual board games; 桌游
product: products; 商品, 产品
"""  # noqa: E501

_GENRES = """
action: action packed; 动作
adventure: adventures; 冒险
animation: animated, anime, cartoon, cartoons; 动画, 动漫
afrobeat: afro beat
ambient: ; 氛围音乐
art: ; 艺术
biography: biographical, biopic, biopics, biographies, non fiction, nonfiction; 传记
blues: bluesy; 蓝调
business: ; 商业
card game: card games; 卡牌
children: childrens; 儿童
classical: classical music; 古典, 古典音乐
comedy: comedies, comedic; 喜剧
cooking: cookery; 烹饪, 做菜, 做饭, 烧菜, 厨艺, 下厨
country: country music; 乡村音乐
crafts: craft; 手工
crime: crime story, gangster; 犯罪
design: ; 设计
documentary: documentaries; 纪录片, 纪录
drama: dramas, dramatic; 剧情
electronic: electronica, techno; 电子音乐
essays: essay, non fiction, nonfiction; 散文, 随笔
experimental: avant garde; 实验
family: ; 家庭
fantasy: fantasies; 奇幻, 魔幻, 玄幻
fighting: ; 格斗
folk: folk music, folky; 民谣
gardening: ; 园艺
graphic novel: graphic novels, comic, comics, comic book, comic books, manga; 漫画
hip hop: hiphop, rap; 嘻哈, 说唱
historical: historical fiction, period piece, period pieces, period drama, period dramas, costume drama, costume dramas; 历史题材, 古装
history: non fiction, nonfiction; 历史
horror: horrors; 恐怖, 惊悚恐怖
indie: ; 独立
jazz: jazzy; 爵士
languages: language learning; 语言
latin: latin music; 拉丁
literary fiction: literary; 文学, 纯文学
management: ; 经营
martial arts: kung fu, wuxia; 武侠, 功夫
mathematics: maths, math; 数学
memoir: memoirs, non fiction, nonfiction; 回忆录
metal: heavy metal; 金属
metroidvania: metroidvanias; 银河恶魔城
musical: musicals; 歌舞, 音乐剧
mystery: mysteries, whodunit, whodunnit, detective story, detective stories, detective; 悬疑, 推理
philosophy: philosophical, non fiction, nonfiction; 哲学
photography: ; 摄影
platformer: platformers, platform game; 平台跳跃
poetry: poems; 诗歌, 诗集
pop: pop music; 流行
programming: coding, code, to code; 编程
punk: punk rock; 朋克
puzzle: puzzles, puzzler; 解谜
r&b: rnb, r b; 节奏布鲁斯
racing: ; 竞速, 赛车
reggae: ; 雷鬼
rhythm: rhythm game; 节奏
rock: rock music; 摇滚
roguelike: roguelikes, roguelite, roguelites; 肉鸽
role-playing: role playing, rpg, rpgs, jrpg; 角色扮演
romance: romances, love story, love stories, romcom, romcoms, rom com; 爱情, 言情, 浪漫爱情
sandbox: ; 沙盒
science: popular science, non fiction, nonfiction; 科学, 科普
science fiction: sci fi, scifi, sf, science fictional, space opera; 科幻
shooter: shooters, fps; 射击
short stories: short story, short story collection; 短篇小说
simulation: sim, simulator; 模拟
soul: soul music; 灵魂乐
soundtrack: soundtracks, film music, score; 原声, 原声带, 配乐
sports: sport; 体育, 运动
stealth: ; 潜行
strategy: strategic; 策略, 战略
survival: ; 生存
thriller: thrillers; 惊悚
visual novel: visual novels; 视觉小说
war: ; 战争
western: westerns; 西部
wellbeing: wellness; 身心健康
writing: creative writing; 写作
young adult: ya, teen; 青少年
"""  # noqa: E501

_MOODS = """
angry: furious; 愤怒
bittersweet: ; 苦乐参半
bleak: hopeless, grim, depressing; 绝望, 沉重
calm: calming, relaxing, relaxed, peaceful, soothing, chill; 平静, 放松, 治愈, 安静
cerebral: thoughtful, intellectual, clever, smart, thought provoking, mind bending; 烧脑
contemplative: meditative, reflective; 沉思
cosy: cozy, comforting; 温馨
dark: moody; 黑暗
dreamlike: dreamy, surreal; 梦幻
eerie: creepy, uncanny, spooky; 诡异
energetic: lively, upbeat, fast, fast paced, high energy; 热血, 快节奏
epic: grand, sweeping; 史诗, 宏大
funny: hilarious, humorous, make me laugh, makes me laugh, want to laugh, need a laugh, good laugh, fun; 搞笑, 好笑, 幽默, 有趣
gritty: raw; 粗粝
hopeful: uplifting, optimistic, happy, feel good, more hopeful, cheerful, cheer me up, cheer us up, cheer her up, cheer him up, cheering up, cheer up; 充满希望
inspiring: inspirational, motivating; 励志
intimate: personal; 私密
lonely: loneliness, solitary; 孤独
melancholic: melancholy, sad, wistful, cry, tearjerker, tear jerker; 忧伤, 伤感, 悲伤, 催泪
mysterious: enigmatic; 神秘
nostalgic: nostalgia; 怀旧
playful: lighthearted, light hearted, light, silly, goofy; 轻松, 俏皮
romantic: ; 浪漫
satirical: satire; 讽刺
scary: frightening, terrifying, too frightening; 吓人, 可怕
slow: slow burn, slow paced, quiet, unhurried; 慢, 慢节奏, 节奏慢
tense: suspenseful, suspense, nail biting, gripping; 紧张
thrilling: exciting, adrenaline; 刺激
tragic: tragedy; 悲剧
violent: violence, gore, gory, bloody, brutal, shooting, people get shot, people getting shot, people being shot; 暴力, 血腥
warm: heartwarming, heart warming, gentle, wholesome, sweet; 温暖, 暖心
whimsical: quirky; 异想天开
"""  # noqa: E501

_TOPICS = """
space: outer space, spaceship, spaceships, astronaut, astronauts; 太空, 宇宙
aliens: alien, extraterrestrial, extraterrestrials; 外星人
robots: robot, androids, android; 机器人
artificial intelligence: ai; 人工智能
time travel: ; 时间旅行, 穿越时间
zombies: zombie; 僵尸, 丧尸
vampires: vampire; 吸血鬼
superheroes: superhero; 超级英雄
dinosaurs: dinosaur; 恐龙
old age: ageing, aging, growing old, getting old; 老年
apocalypse: apocalyptic, post apocalyptic, postapocalyptic, post apocalypse, end of the world, after the apocalypse; 末日, 末世
dystopia: dystopian, dystopias; 反乌托邦
women: female lead, female leads, female protagonist, female main character, woman as the main character, woman as main character, woman lead, women leads, strong women, strong woman, heroine, heroines; 女性
dogs: dog; 狗
cats: cat; 猫
christmas: ; 圣诞
war: ; 战争
second world war: ww2, wwii, ww ii, world war two, world war 2, world war ii, 2nd world war, the second world war; 二战
first world war: ww1, wwi, world war one, world war 1, world war i, the first world war; 一战
"""  # noqa: E501


_AUDIENCES = """
children: kids, my kids, my kid, my child, for kids, family friendly, whole family; 适合孩子, 孩子, 小朋友, 合家欢
"""


# Genres that are not for whom a mood is too much, whatever moods the catalogue gives their works.
_FULL_OF: Mapping[str, tuple[str, ...]] = {
    "scary": ("horror",),
    "eerie": ("horror",),
    "violent": ("horror", "shooter"),
}


# Moods that are near a refused one: they are not ruled out, but come later.
_NEAR: Mapping[str, tuple[str, ...]] = {
    "melancholic": ("tragic", "bleak", "bittersweet"),
    "tragic": ("bleak", "melancholic"),
    "bleak": ("dark", "tragic", "melancholic"),
    "dark": ("bleak", "scary", "eerie"),
    "scary": ("eerie", "dark"),
    "eerie": ("scary", "dark"),
    "violent": ("gritty",),
    "gritty": ("violent", "bleak"),
    "tense": ("scary", "thrilling"),
}


def moods_near(mood: str) -> tuple[str, ...]:
    """Return the moods that who refuses one would rather not have either: who wants nothing sad, nothing tragic."""
    return _NEAR.get(mood, ())


def genres_full_of(mood: str) -> tuple[str, ...]:
    """Return the genres that "nothing scary" rules out along with the mood."""
    return _FULL_OF.get(mood, ())


@dataclass(frozen=True, slots=True)
class Part:
    """Works of a kind that have a name of their own: who wants no novels may well read memoirs.

    Attributes:
        kind: which they are some of, and which the name asks for where it is not refused.
        words: what they are called, the Chinese last.
        genres: one of these tells them.
        others: and one of these that a work of the kind is none of them.
    """

    kind: str
    words: tuple[str, ...]
    genres: frozenset[str]
    others: frozenset[str]


PARTS: Mapping[str, Part] = {
    "fiction": Part(
        "book",
        ("novel", "novels", "小说"),
        frozenset("fantasy mystery thriller crime romance horror adventure historical western children comedy".split())  # noqa: SIM905
        | {"literary fiction", "science fiction", "young adult"},
        frozenset("memoir biography essays history science poetry cooking art".split())  # noqa: SIM905
        | {"short stories", "graphic novel"},
    )
}


def part_called(kind: str, word: str) -> str:
    """Return the part of a kind that a normalised word names, "" if it names all of it."""
    return next((name for name, part in PARTS.items() if part.kind == kind and word in map(normalize, part.words)), "")


_SINGLED_OUT = re.compile(r"\b(?:(most|least)\s+(\w+)|(\w+est))\b")
_COMPARED = re.compile(r"\b(?:(more|less)\s+(\w+)|(\w+er))\b")
_WHICH = re.compile(r"\bwhich\b[^.!?;]*|(?:^|[,;.!?]\s+)(?:is|are)\b[^.!?;]*?\bthan\b")
_FRIGHTENING = frozenset({"scary", "eerie"})


def genres_wanted_with(wished: Collection[object], refused: Collection[object]) -> tuple[str, ...]:
    """Return the genres that stay although a refused mood rules them out: who wants it scary may well want horror."""
    wants = _FRIGHTENING.intersection(wished) and not _FRIGHTENING.intersection(refused)
    return ("horror",) if wants else ()


_SHORT = re.compile(r"[^aeiouy ]*[aeiou]+[^aeiouy ]+(?:y|ie|le|et|e)?")  # "dark", "gritty", "eerie", "gentle", "quiet"
_ONE_SYLLABLE = re.compile(r"[^aeiouy]*[aeiou][bdgmnpt]")  # "sad", "grim": doubled before "er"


def _read(table: str) -> Rows:
    rows: Rows = {}
    for line in table.strip().splitlines():
        name, _, rest = line.partition(":")
        english, _, chinese = rest.partition(";")
        split = [tuple(w.strip() for w in part.split(",") if w.strip()) for part in (english, chinese)]
        rows[name.strip()] = (split[0], split[1])
    return rows


def _asked_for(
    rows: Rows,
) -> Rows:
    """Add how a kind is asked for by what is done with it: "what can he play?"."""
    modals, persons = "can could do might shall should would".split(), "he i she they we".split()  # noqa: SIM905
    frames = [f"what {modal} {person}" for modal in modals for person in persons]
    done = {"film": "watch", "book": "read", "game": "play", "album": "listen to"}
    return {
        name: ((*english, *(f"{frame} {done[name]}" for frame in frames if name in done)), chinese)
        for name, (english, chinese) in rows.items()
    }


def _compared(
    rows: Rows,
) -> Rows:
    """Add the comparatives of short words, by which people correct what they are shown, and superlatives: "calmest"."""
    return {
        name: (
            (*english, *(form for word in (name, *english) if _SHORT.fullmatch(word) for form in _graded(word))),
            chinese,
        )
        for name, (english, chinese) in rows.items()
    }


def _graded(word: str) -> tuple[str, str]:
    """Return the comparative and the superlative of a short word."""
    stem = f"{word[:-1]}i" if word[-1] == "y" else word[:-1] if word[-1] == "e" else word
    stem += word[-1] if _ONE_SYLLABLE.fullmatch(word) else ""
    return f"{stem}er", f"{stem}est"


def _makers() -> dict[str, tuple[str, ...]]:
    """Read what the makers of works are called in Chinese, by their normalised names."""
    lines = Path(__file__).with_name("makers.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.partition(": ") for line in lines)
    return {name: tuple(chinese.split(", ")) for name, _, chinese in rows}


TABLES: Mapping[str, Rows] = {
    "kind": _asked_for(_read(_KINDS)),
    "genres": _read(_GENRES),
    "moods": _compared(_read(_MOODS)),
    "topic": _read(_TOPICS),
    "audience": _read(_AUDIENCES),
    "creators": {name: ((), chinese) for name, chinese in _makers().items()},
}


_COUNTRIES = {
    "ja": "日本 日文", "fr": "法国 法文", "ko": "韩国 韩文", "en": "英文 美国 英国", "de": "德国 德文", "it": "意大利",
    "es": "西班牙", "ru": "俄罗斯 俄国 苏联", "hi": "印度", "sv": "瑞典", "da": "丹麦", "pl": "波兰", "th": "泰国",
    "pt": "葡萄牙 巴西", "tr": "土耳其",
}  # fmt: skip


# The languages of what comes "from Japan": as a topic, Japan is where a story takes place.
_ORIGINS = {
    "japan": "ja", "france": "fr", "korea": "ko", "south korea": "ko", "germany": "de", "italy": "it", "spain": "es",
    "russia": "ru", "the soviet union": "ru", "india": "hi", "sweden": "sv", "denmark": "da", "poland": "pl",
    "thailand": "th", "brazil": "pt", "portugal": "pt", "turkey": "tr", "iran": "fa", "china": "zh", "hong kong": "zh",
    "taiwan": "zh", "the us": "en", "the usa": "en", "usa": "en", "america": "en", "the states": "en",
    "the united states": "en", "hollywood": "en", "the uk": "en", "uk": "en", "britain": "en", "england": "en",
    "scotland": "en", "ireland": "en", "australia": "en", "canada": "en",
}  # fmt: skip
# What comes from countries of which several speak one language: where a catalogue names no country, its language.
_OF_SHARED = {"en": ("american", "british", "australian", "canadian", "irish", "scottish", "hollywood")}


# What comes from a country is called, where that is not the name of its language.
_PEOPLES = """
argentina: argentinian argentine; australia: australian aussie; austria: austrian; belgium: belgian; brazil: brazilian;
bulgaria: bulgarian; canada: canadian; chile: chilean; china: chinese; colombia: colombian; croatia: croatian;
cuba: cuban; czech republic: czech; denmark: danish; egypt: egyptian; england: english; ethiopia: ethiopian;
finland: finnish; france: french; georgia: georgian; germany: german; greece: greek; hungary: hungarian;
iceland: icelandic; india: indian; indonesia: indonesian; iran: iranian persian; ireland: irish; israel: israeli;
italy: italian; japan: japanese; kenya: kenyan; korea: korean; south korea: korean; lebanon: lebanese; mexico: mexican;
morocco: moroccan; nepal: nepalese; netherlands: dutch; new zealand: kiwi; norway: norwegian; peru: peruvian;
poland: polish; portugal: portuguese; romania: romanian; russia: russian; scotland: scottish; serbia: serbian;
slovakia: slovak; slovenia: slovenian; south africa: south_african; spain: spanish; sri lanka: sri_lankan;
sweden: swedish; switzerland: swiss; taiwan: taiwanese; thailand: thai; turkey: turkish; uk: british;
united kingdom: british; ukraine: ukrainian; usa: american; united states: american; vietnam: vietnamese; wales: welsh
"""


@cache
def _peoples() -> dict[str, tuple[str, ...]]:
    rows = (row.partition(":") for row in _PEOPLES.replace("\n", " ").split(";"))
    return {country.strip(): tuple(name.replace("_", " ") for name in people.split()) for country, _, people in rows}


def of_country(country: str) -> tuple[str, ...]:
    """Return what that which comes from a country is called: "portuguese"; () if it is no country."""
    return _peoples().get(country, ())


def origins() -> Mapping[str, str]:
    """Return the language of what comes from a country, by the country's normalised name."""
    return _ORIGINS


def shared(language: str) -> tuple[str, ...]:
    """Return what that which comes from one of several countries of a language is called."""
    return _OF_SHARED.get(language, ())


@cache
def shared_origins() -> frozenset[str]:
    """Return the words for countries, and for what comes from them, that tell a language which others speak too."""
    countries = (country for country, language in _ORIGINS.items() if language in _OF_SHARED)
    return frozenset((*countries, *(word for words in _OF_SHARED.values() for word in words)))


@cache
def _languages() -> Rows:
    english = {str(code): str(name) for code, name in Locale("en").languages.items()}
    chinese = {str(code): str(name) for code, name in Locale("zh").languages.items()}
    codes = [code for code in english if len(code) <= 3]
    rows: Rows = {code: ((english[code],), (chinese[code],) if code in chinese else ()) for code in codes}
    for code, country in _COUNTRIES.items():  # "日本电影" asks for the language as "Japanese films" does
        if code in rows:
            rows[code] = (rows[code][0], (*rows[code][1], *country.split()))
    rows["zh"] = (("Chinese", "Mandarin"), ("中文", "汉语", "国语", "国产", "华语"))
    rows["fa"] = (("Persian", "Farsi", "Iranian"), ("波斯语", "伊朗"))
    return rows


@cache
def _places() -> Rows:
    """Countries and continents, by their English names in small letters, as themes have them."""
    english, chinese = Locale("en").territories, Locale("zh").territories
    codes = sorted(set(english).intersection(chinese))
    rows: Rows = {str(english[code]).casefold(): ((str(english[code]),), (str(chinese[code]),)) for code in codes}
    rows.pop("jersey")  # which is cloth as often
    return rows


@cache
def _by_word(field: str) -> dict[str, str]:
    rows = _languages() if field == "language" else TABLES.get(field, {})
    found: dict[str, str] = {}
    for name, (english, chinese) in rows.items():
        for word in (name, *english, *chinese):
            found.setdefault(normalize(word), name)
    return found


@lru_cache(65_536)
def canonical(field: str, value: str) -> str:
    """Bring a facet value to its one comparable form: ``canonical("genres", "Sci-Fi") == "science fiction"``."""
    key = normalize(value)
    known = _by_word(field)
    if key in known:
        return known[key]
    if field == "genres" and key.endswith(" 片"):  # 科 幻 片 is 科幻 as a film
        return known.get(key[:-2], key)
    return key or value.strip()


def mood_singled_out(text: str) -> tuple[str, int] | None:
    """Return the mood by which one is singled out, and whether most (1) or least (-1) of it.

    "The saddest"; "which is gentler?" and "is Solaris slower than Stalker?" too, but not "something funnier".
    """
    known, said = _by_word("moods"), text.casefold()
    compared = (match for clause in _WHICH.findall(said) for match in _COMPARED.finditer(clause))
    for match in (*_SINGLED_OUT.finditer(said), *compared):
        mood = known.get(match[2] or match[3], "")
        if mood:
            return mood, -1 if match[1] in ("least", "less") else 1
    return None


@lru_cache(4_096)
def synonyms(field: str, name: str) -> tuple[str, ...]:
    """Return every normalised word for a canonical value, itself included."""
    rows = _languages() if field == "language" else TABLES.get(field, {})
    english, chinese = rows.get(name, ((), ()))
    return tuple(dict.fromkeys(normalize(w) for w in (name, *english, *chinese)))


def vocabulary(field: str) -> tuple[str, ...]:
    """Return every canonical value the lexicon knows for a field."""
    return tuple(_languages() if field == "language" else TABLES.get(field, {}))


def is_place(name: str) -> bool:
    """Whether something is called like a country or a continent, in small letters."""
    return name in _places()


def display(field: str, name: str, language: str) -> str:
    """Name a canonical value to a person: ``display("genres", "science fiction", "zh") == "科幻"``."""
    rows = _languages() if field == "language" else TABLES.get(field, {})
    if named := field in ("topic", "themes") and name not in rows:
        rows = _places()
    english, chinese = rows.get(name, ((), ()))
    if field == "kind" and name in PARTS:
        return PARTS[name].words[-1 if language == "zh" else 1]
    if language == "zh" and chinese:
        return chinese[0]
    if field == "audience":
        return f"for {name}"
    return english[0] if english and (named or field == "language") else name
