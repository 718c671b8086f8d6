"""Facts about items in people's words: titles, prices, lengths and reasons, always quoted from the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Literal

from babel import Locale
from babel.numbers import format_currency, format_decimal

from chat.messages import Card
from chat.state import Language
from chat.typed import EVERYDAY, telling_words
from retrieval.absence import present, titled
from retrieval.columns import TASTES
from retrieval.constraints import Facets, number_of, satisfies, topic_words, values_of
from retrieval.knowledge import sentences
from retrieval.labels import label
from retrieval.lexicon import canonical, display, vocabulary
from retrieval.numbers import LENGTH_FIELDS
from retrieval.parsed import Wish
from retrieval.ranges import range_of, worded
from retrieval.scales import is_mute, rank_of
from retrieval.text import is_cjk, language_of, words
from retrieval.types import Constraint, Item
from retrieval.units import of_header, wanted

_COMMON_SHARE = 0.04  # a word in more of the items' texts than this is no reason to recommend one
_ATTRIBUTES = ("moods", "themes")
_MOST_REASONS = 3
_BRIEF = 40  # characters of what two items are compared by


def name(item: Item, language: Language = "en") -> str:
    """Name an item to a person: ``Stalker (1979)``; a Chinese reply uses the Chinese title where there is one."""
    if language == "zh":
        return f"《{_chinese_title(item)}》" + (f"（{item.year}）" if item.year else "")
    return item.title + (f" ({item.year})" if item.year else "")


def _chinese_title(item: Item) -> str:
    # A Japanese work's own title may be all Chinese characters; the Chinese one stands behind it.
    titles = [title for title in (item.title, *item.aliases) if language_of(title) == "zh"]
    if not titles:
        return item.title
    return titles[-1] if item.language == "ja" else titles[0]


def names(items: Sequence[Item], language: Language, *, either: bool = False) -> str:
    """Join several items' names: ``Solaris (1972), Stalker (1979) and Moon (2009)``."""
    return join([name(item, language) for item in items], language, either=either)


def join(parts: Sequence[str], language: Language, *, either: bool = False) -> str:
    """Join phrases as the language does."""
    if len(parts) < 2:
        return "".join(parts)
    patterns = _joining("or" if either else "standard", language)
    if len(parts) == 2:
        return patterns["2"].format(*parts)
    joined = patterns["start"].format(*parts[:2])
    for part in parts[2:-1]:
        joined = patterns["middle"].format(joined, part)
    return patterns["end"].format(joined, parts[-1])


@cache
def _joining(style: Literal["or", "standard"], language: Language) -> Mapping[str, str]:
    """Return the patterns of `babel.lists.format_list`, which looks them up anew for every list."""
    return {name: str(pattern) for name, pattern in Locale(language).list_patterns[style].items()}


def price(item: Item | Card, language: Language) -> str:
    """Quote an item's price, "" if the catalogue has none."""
    return "" if item.price is None else _priced(item.price, item.currency, language)


def total(items: Sequence[Item], language: Language) -> str:
    """Quote what several items cost together, "" if one has no price or their currencies differ."""
    prices = [item.price for item in items if item.price is not None]
    if len(prices) < max(2, len(items)) or len({item.currency for item in items}) > 1:
        return ""
    return _priced(round(sum(prices), 2), items[0].currency, language)


def money(amount: float, currency: str) -> str:
    """Word a round amount in English: ``$20``, without decimals that are none."""
    return _priced(amount, currency, "en").removesuffix(".00")


@lru_cache(4_096)
def _priced(price: float, currency: str, language: Language) -> str:
    if not currency:
        return str(format_decimal(price, locale=language))
    return str(format_currency(price, currency, locale=language))


def measure(item: Item, field: str) -> float | None:
    """Return the number behind a price, a year or a length, a grade's rank; None if the catalogue has none."""
    fields = LENGTH_FIELDS if field == "length" else (field,)
    number = next((n for f in fields if (n := number_of(item, f)) is not None), None)
    return rank_of(item.attributes.get(field)) if number is None else number


def length(item: Item, language: Language) -> str:
    """Quote an item's length, "" if the catalogue has none."""
    for field in LENGTH_FIELDS:
        number = number_of(item, field)
        if number is not None:
            unit = {"minutes": "分钟", "hours": "小时", "pages": "页"}.get(field, field)
            return f"{number:g} {unit if language == 'zh' else field}"
    return ""


def attribute(item: Item, field: str, language: Language) -> str:
    """Quote what a column of the catalogue's own says of an item, "" if nothing."""
    value = item.attributes.get(field)
    unit = of_header(field)[1]
    bounds = range_of(item, field) if value is None or isinstance(value, str) else None
    if bounds is not None and (value is None or unit is not None):
        return worded(bounds, unit.name if unit is not None else "", language)
    if isinstance(value, bool):
        return ("是" if value else "否") if language == "zh" else ("yes" if value else "no")
    if isinstance(value, int | float):
        return f"{value:g} {unit.name}" if unit is not None else f"{value:g}"
    if isinstance(value, tuple):
        known = vocabulary(field)
        shown = [display(field, c, language) if (c := canonical(field, v)) in known else v for v in value]
        return join(shown, language) if shown else ""
    return str(value) if value else ""


def compared_by(item: Item, others: Sequence[Item] = ()) -> list[str]:
    """Return the shop's own columns by which an item is compared with others: not its length, nor what it is like.

    Its maker is told already, and what all have alike makes no difference.
    """
    aside = (*LENGTH_FIELDS, *TASTES, "audience")
    fields = [f for f, value in item.attributes.items() if f not in aside and len(str(value)) <= _BRIEF]
    fields = [f for f in fields if item.attributes[f] not in (item.creators, *item.creators)]
    return [f for f in fields if not others or any(each.attributes.get(f) != item.attributes[f] for each in others)]


def gist(item: Item) -> str:
    """Return the first sentence of an item's description."""
    return next(iter(sentences(item.description)), "")


ABOUT = ("topic", "themes")
_COMMON = ("kind", "genres", "creators", "language", "audience")


def reasons(
    item: Item,
    *,
    facets: Facets,
    language: Language,
    liked: Sequence[Item] = (),
    wishes: Sequence[tuple[str, str]] = (),
    said: str = "",
    constraints: Sequence[Constraint] = (),
) -> str:
    """Say why this item, from its own facts and the person's words; never empty for an item with any facts.

    Args:
        item: the recommended item.
        facets: of the catalogue, which tell how telling a word is.
        language: to answer in.
        liked: the items it was recommended for, the latest last.
        wishes: soft preferences in force.
        said: the person's own words.
        constraints: the limits it satisfies.
    """
    found = [
        *_wished(item, wishes, language),
        *_like(item, liked, language),
        *_mentioned(item, said, wishes, facets, language),
    ]
    about, limits = _about(item, found, language), _within(item, constraints, language)
    if found:
        found += [*about, *limits]
    else:
        found = [*limits, *about] if limits else _plain(item, language)
    mark, end = ("；", "。") if language == "zh" else ("; ", ".")
    text = mark.join(found[:_MOST_REASONS])
    return (text[:1].upper() + text[1:] + end) if text else ""


def meets(item: Item, wish: tuple[str, str]) -> bool:
    """Whether an item has what a person would like."""
    field, value = wish
    if field in ABOUT:
        return satisfies(item, Constraint("topic", "is", value))
    if value in values_of(item, field):
        return True
    own = field in item.attributes or field not in _COMMON  # what no column says, the description may
    return own and value not in ("yes", "no") and field not in TASTES and _tells(item, value)


def says(item: Item, wish: Wish) -> bool:
    """Whether an item's title or description has the very words in which something was wished for."""
    return _tells(item, " ".join(words(wish.surface)))


def _tells(item: Item, value: str) -> bool:
    """Whether an item's title or description says something."""
    told = f" {' '.join((*words(titled(item.title)), *words(present(item.description))))} "
    return f" {value} " in told


def _wished(item: Item, wishes: Sequence[tuple[str, str]], language: Language) -> list[str]:
    met_wishes = [wish for wish in wishes if meets(item, wish)]
    about = [v for f, v in met_wishes if f in ABOUT]
    makers = {canonical("creators", maker): maker for maker in item.creators}
    met = [makers.get(v, v) if f == "creators" else display(f, v, language) for f, v in met_wishes if f not in ABOUT]
    found: list[str] = []
    if met:
        found.append(join(list(dict.fromkeys(met))[:3], language))
    if about:
        topics = join([display("topic", v, language) for v in dict.fromkeys(about)][:2], language)
        found.append(f"关于{topics}" if language == "zh" else f"about {topics}")
    if not found:
        return []
    return ["、".join(found) + "，合你所想" if language == "zh" else ", ".join(found) + ", as you asked"]


def _about(item: Item, told: Sequence[str], language: Language) -> list[str]:
    """Say what a work is about, unless that has been told: five that are "calm, as you asked" are told apart by it."""
    themes = item.attributes.get("themes")
    own = [_as_written(item, theme, language) for theme in themes if theme] if isinstance(themes, tuple) else []
    genres = values_of(item, "genres")  # "cooking; about cooking" says it twice
    own = [theme for theme in own if theme not in genres and not any(theme in each for each in told)]
    if language == "zh" or not own or any("about " in each for each in told):
        return []
    return [f"about {join(own[:2], language)}"]


def _as_written(item: Item, theme: str, language: Language) -> str:
    """Write a theme with the capitals that the description gives it: "mughal empire"."""
    found = re.search(rf"(?<=[\w,;] ){re.escape(theme)}\b", item.description, re.IGNORECASE)
    return found.group() if found else display("themes", theme, language)


def _like(item: Item, liked: Sequence[Item], language: Language) -> list[str]:
    best: tuple[int, str] = (0, "")
    for other in liked:
        creators = [c for c in item.creators if canonical("creators", c) in values_of(other, "creators")]
        if creators:
            by = join(creators, language)
            text = f"与{name(other, language)}同出自{by}" if language == "zh" else f"also by {by}, like {other.title}"
            return [text]
        common = _alike((item, other), (*_ATTRIBUTES, "genres"), language)
        if len(common) > best[0]:
            listed = join(common[:3], language)
            title = name(other, language) if language == "zh" else other.title
            best = (len(common), f"和{title}一样：{listed}" if language == "zh" else f"like {title}: {listed}")
    return [best[1]] if best[0] else []


def _alike(items: Sequence[Item], fields: Sequence[str], language: Language) -> list[str]:
    """Return the values that all of some items have in some columns, as they are shown."""
    return [
        shown
        for field in fields
        for value in sorted(set.intersection(*(set(values_of(item, field)) for item in items)))
        if is_cjk(shown := display(field, value, language)) or language != "zh"
    ]


def shared(items: Sequence[Item], language: Language) -> list[str]:
    """Return what all of some items have: their makers, and the values of every column that lists some."""
    makers = [c for c in items[0].creators if all(canonical("creators", c) in values_of(i, "creators") for i in items)]
    lists = [f for f, value in items[0].attributes.items() if isinstance(value, tuple) and f != "audience"]
    kind = [] if len({item.kind for item in items}) > 1 or not items[0].kind else [items[0].kind]
    fields = list(dict.fromkeys(("genres", *_ATTRIBUTES, *lists)))
    return [*makers, *dict.fromkeys(_alike(items, fields, language))] or [
        display("kind", canonical("kind", each), language) for each in kind
    ]


def _mentioned(
    item: Item, said: str, wishes: Sequence[tuple[str, str]], facets: Facets, language: Language
) -> list[str]:
    spoken = {w for _, value in wishes for w in words(value)}
    ceiling = max(3, _COMMON_SHARE * len(facets.catalog))
    rare = [
        w
        for w in dict.fromkeys(telling_words(said))
        if w not in spoken and w not in EVERYDAY and len(w) > 3 and facets.document_frequency(w) <= ceiling
    ]
    own = set(topic_words(item)) if rare else set()
    telling = [w for w in rare if w in own][:2]
    if not telling:
        return []
    listed = join([f"“{w}”" for w in telling], language)
    return [f"你提到了{listed}" if language == "zh" else f"you mentioned {listed}"]


def _within(item: Item, constraints: Sequence[Constraint], language: Language) -> list[str]:
    fields = {c.field for c in constraints if c.op != "is_not"}
    found: list[str] = []
    if "creators" in fields and item.creators:
        by = join(item.creators, language)
        found.append(f"{by}作品" if language == "zh" else f"by {by}")
    if fields & {"year", "decade"} and item.year:
        found.append(f"{item.year}年" if language == "zh" else f"from {item.year}")
    if "price" in fields and (cost := price(item, language)):
        found.append(f"只要{cost}" if language == "zh" else f"yours for {cost}")
    if "language" in fields and item.language:
        spoken = display("language", canonical("language", item.language), language)
        found.append(spoken if language == "zh" else f"in {spoken}")
    own = [
        c
        for c in constraints
        if c.op != "is_not" and attribute(item, c.field, language) and c.field not in (*LENGTH_FIELDS, *TASTES)
    ]
    for field in dict.fromkeys(c.field for c in own):
        found.append(wanted(field) if item.attributes.get(field) is True else graded(item, field, language))
    if "genres" in fields and item.genres:
        found.append(join([display("genres", canonical("genres", g), language) for g in item.genres[:2]], language))
    return found


def graded(item: Item, field: str, language: Language) -> str:
    """Name a column with its value, as a label does where the value does not tell of what it is: "no caffeine"."""
    value = attribute(item, field, language)
    if field == "audience":
        return value
    said = canonical(field, value)
    return label(field, "is", said, language) if is_mute(said) else value and f"{of_header(field)[0]} {value}"


def _plain(item: Item, language: Language) -> list[str]:
    moods = [display("moods", m, language) for m in sorted(values_of(item, "moods"))][:2]
    genres = [display("genres", canonical("genres", g), language) for g in item.genres[:2]]
    return [join(part, language) for part in (moods, genres) if part]
