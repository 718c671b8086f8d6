"""Replies: what is said around the items.

A sentence is a template with slots; titles, prices and every other fact come into the slots from the catalogue, so a
reply cannot invent one. `Say` holds one language's sentences; both languages have the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chat import facts
from chat.sentences import OF_GOODS, SAY
from chat.state import Language
from chat.wording import together
from retrieval.constraints import LEFT
from retrieval.lexicon import canonical, display, synonyms
from retrieval.qualities import adjectives
from retrieval.types import Item
from retrieval.units import of_header

_FIELDS: Mapping[str, tuple[str, str]] = {
    "price": ("price", "价格"),
    "year": ("year", "年份"),
    "creators": ("maker", "作者"),
    "length": ("length", "时长"),
    "popularity": ("popularity", "受欢迎程度"),
    "language": ("language", "语言"),
    "genres": ("genre", "类型"),
    "description": ("description", "简介"),
    "kind": ("kind", "种类"),
    "moods": ("mood", "氛围"),
    "themes": ("subjects", "题材"),
    "audience": ("audience", "适合人群"),
    "topic": ("subject", "主题"),
    LEFT: ("number in stock", "库存"),
}
_COLUMNS = ("price", "year", "creators", "length", "language", "genres", "description")
_PLAIN = ("year", "popularity")  # the title says the one, and the other has no unit
_COUNTS = {"pages": "页数", "players": "玩家人数"}
_MEASURED = {
    "mass": ("weight", "重量"), "volume": ("capacity", "容量"), "size": ("size", "尺寸"),
    "light": ("brightness", "亮度"),
    "temperature": ("temperature", "温度"), "energy": ("calories", "热量"), "power": ("power", "功率"),
    "storage": ("storage", "容量"),
    "price": ("price", "价格"), "series": ("series that a work may be part of", "系列信息"),
    "colour": ("colour of a film", "色彩信息"), "region": ("region", "地区"),
    "difficulty": ("difficulty", "难度"), "length": ("length", "时长"),
    "reading level": ("reading level", "阅读难度"), "platform": ("console", "平台"),
    "gender": ("maker's gender", "作者性别"),
}  # fmt: skip
_FEW_LEFT = 5
_USUAL = {"price": -1, "year": 1, "length": 1}  # what is said without being asked: cheaper, newer, longer
_EXTREMES: Mapping[tuple[str, int], tuple[str, str, str, str]] = {
    ("price", -1): ("cheaper", "cheapest", "更便宜", "最便宜"),
    ("price", 1): ("more expensive", "most expensive", "更贵", "最贵"),
    ("year", 1): ("newer", "newest", "更新", "最新"),
    ("year", -1): ("older", "oldest", "更早", "最早"),
    ("length", 1): ("longer", "longest", "更长", "最长"),
    ("length", -1): ("shorter", "shortest", "更短", "最短"),
    (LEFT, -1): ("one with fewer left", "one with the fewest left", "剩得更少", "剩得最少"),
    ("popularity", 1): ("more popular", "most popular", "更受欢迎", "最受欢迎"),
}


def _is_size(field: str) -> bool:
    unit = of_header(field)[1]
    return unit is not None and unit.dimension in ("size", "volume")


def _comparison(measure: tuple[str, int]) -> tuple[str, str, str, str]:
    """Return what compares two and singles out one of several by a measure, in English and in Chinese."""
    known = _EXTREMES.get(measure)
    if known is not None:
        return known
    (name, unit), more = of_header(measure[0]), measure[1] > 0
    english = adjectives(*measure)
    if english is None and unit is None and name.endswith("s"):  # what is counted: pieces, pockets
        little, least = ("more", "most") if more else ("fewer", "fewest")
        return (
            f"one with {little} {name}",
            f"one with the {least} {name}",
            f"{name}更{'多' if more else '少'}",
            f"{name}最{'多' if more else '少'}",
        )
    if english is None:
        english = (f"{'higher' if more else 'lower'} in {name}", f"{'highest' if more else 'lowest'} in {name}")
    return (*english, f"{name}更{'高' if more else '低'}", f"{name}最{'高' if more else '低'}")


@dataclass(frozen=True, slots=True)
class Say:
    """The sentences of one language.

    Attributes:
        of_goods: the shop has no works, of which people speak otherwise than of goods.
    """

    language: Language
    of_goods: bool = False

    def __call__(self, what: str, **slots: str | int) -> str:
        """Fill one sentence's slots."""
        english, chinese = (self.of_goods and OF_GOODS.get(what)) or SAY[what]
        return (chinese if self.language == "zh" else english).format(**slots)

    def sentences(self, *parts: str) -> str:
        """Join sentences into a text."""
        return ("" if self.language == "zh" else " ").join(part for part in parts if part)

    def quoted(self, labels: Sequence[str]) -> str:
        """Join the labels of constraints or wishes."""
        return facts.join(together(labels), self.language)

    def wished(self, wishes: Sequence[tuple[str, str]], maker: Callable[[str], str] = str) -> str:
        """Word soft preferences: ``slow and dreamlike, by Ursula K. Le Guin, about first contact``; "" for none.

        Args:
            wishes: (field, canonical value) each.
            maker: gives a maker's name, or another value, as the catalogue writes it.
        """
        chinese = self.language == "zh"
        about = facts.ABOUT
        named = [(v, display(f, v, self.language)) for f, v in wishes if f not in (*about, "creators")]
        of = [maker(v) if word == v else word for v, word in named]
        topics = [display("topic", v, self.language) for f, v in wishes if f in about]
        makers = [maker(v) for f, v in wishes if f == "creators"]
        parts = [facts.join(list(dict.fromkeys(of))[:3], self.language)] if of else []
        if makers:
            joined = facts.join(list(dict.fromkeys(makers))[:2], self.language)
            parts.append(joined if chinese else f"by {joined}")
        if topics:
            joined = facts.join(list(dict.fromkeys(topics))[:2], self.language)
            parts.append(f"关于{joined}" if chinese else f"about {joined}")
        return ("、" if chinese else ", ").join(parts)

    def kind(self, item: Item) -> str:
        """Name an item's kind: ``film``; "work" if it has none."""
        if not item.kind:
            english, chinese = ("item", "商品") if self.of_goods else ("work", "作品")
            return chinese if self.language == "zh" else english
        return display("kind", canonical("kind", item.kind), self.language)

    def plural(self, kind: str) -> str:
        """Name a kind as a whole: ``books``, 书."""
        if self.language == "zh":
            return display("kind", kind, "zh")
        return next((word for word in synonyms("kind", kind) if word == f"{kind}s"), kind)

    def a(self, noun: str) -> str:
        """Put the article before a noun: ``an album``."""
        return noun if self.language == "zh" else f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"

    def offer(self, item: Item) -> str:
        """Quote what an item is and costs: ``film, $7.99, in stock``."""
        kind = self.kind(item) if item.kind else ""
        stock = (
            ("有货" if item.in_stock else "缺货")
            if self.language == "zh"
            else ("in stock" if item.in_stock else "out of stock")
        )
        parts = [p for p in (kind, facts.price(item, self.language), stock) if p]
        return ("，" if self.language == "zh" else ", ").join(parts)

    def listed(self, item: Item) -> str:
        """Name an item with what it is and costs: ``Solaris (1961), book, $9.99, in stock``."""
        return facts.name(item, self.language) + ("，" if self.language == "zh" else ", ") + self.offer(item)

    def answer(self, item: Item, fields: Sequence[str]) -> str:
        """Answer a question about an item from its columns; what the catalogue does not say is said to be unknown."""
        asked = [field for field in fields if field != "topic"] or fields  # no column: others say what it is about
        asked = [f for f in asked if not _is_size(f) or self._value(item, f)] or asked[:1]  # any tells how big it is
        if "description" in asked and len(asked) > 1:
            rest = [field for field in asked if field != "description"]
            return self.sentences(self.answer(item, rest), item.description)
        first, *others = [self._clause(item, field) for field in asked]
        title = facts.name(item, self.language)
        if self.language == "zh":
            text = "，".join([first, *(c.removeprefix(title) for c in others)])
            return text if text.endswith(("。", "！", "？", ".", "!", "?")) else text + "。"
        others = [c.removeprefix(f"{title}, ") for c in others]  # "mood: calm"
        others = [("it" + c.removeprefix(title)) if c.startswith(title) else c for c in others]
        others = [f"t{c[1:]}" if c.startswith("The ") and not c.startswith(title) else c for c in others]
        text = ", and ".join([first, *others])
        return text if text.endswith((".", "!", "?")) else text + "."

    def described(self, item: Item, others: Sequence[Item] = ()) -> str:
        """Quote all that people compare items by: kind, maker, genres, length, language, price and stock.

        What is the same of others that it is compared with is left out.
        """
        by = facts.join(item.creators, self.language) if item.creators else ""
        kind = self.kind(item) if item.kind else ""
        alike = bool(others) and all((other.kind, other.creators) == (item.kind, item.creators) for other in others)
        stocked = bool(others) and all(other.in_stock and item.in_stock for other in others)
        genres = [display("genres", canonical("genres", g), self.language) for g in item.genres]
        between = "" if not (kind and by) else "、" if self.language == "zh" else " by "
        parts = [
            "" if alike else f"{kind}{between}{by}",
            facts.join(genres, self.language) if genres else "",
            facts.length(item, self.language),
            display("language", canonical("language", item.language), self.language) if item.language else "",
            *(f"{self.column(field)} {self._value(item, field)}" for field in facts.compared_by(item, others)),
            facts.price(item, self.language) if stocked else self.offer(item).removeprefix(kind).lstrip("，, "),
        ]
        value = ("，" if self.language == "zh" else ", ").join(part for part in parts if part)
        return self("described", title=facts.name(item, self.language), value=value)

    def moods_of(self, item: Item) -> str:
        """Say what moods an item is listed with; "" if with none."""
        told = facts.attribute(item, "moods", self.language)
        return self("calls_it", told=told) if told else ""

    def compared(self, items: Sequence[Item], fields: Sequence[str]) -> str:
        """Say which of several items costs least, is newest or longest; "" where that cannot be said."""
        if len(items) < 2 or len(fields) != 1 or fields[0] not in _USUAL:
            return ""
        if fields[0] == "price" and len({item.currency for item in items}) > 1:
            return self("currencies")
        measure = (fields[0], _USUAL[fields[0]])
        values = [facts.measure(item, fields[0]) for item in items]
        known = [v for v in values if v is not None]
        if len(known) < len(values):
            return ""
        if len(set(known)) == 1:
            return self("same")
        best = items[values.index(max(known) if measure[1] > 0 else min(known))]
        return self("wins", title=facts.name(best, self.language), which=self._which(measure, len(items)))

    def differences(self, items: Sequence[Item]) -> str:
        """Say which of several items is the cheaper, the newer, the longer; "" where nothing can be said."""
        won: dict[str, list[str]] = {}
        if len(items) < 2:
            return ""
        own = {f: -1 for item in items for f in facts.compared_by(item) if adjectives(f, -1)}
        for field, sign in (_USUAL | own).items():
            if field == "price" and len({item.currency for item in items}) > 1:
                continue
            measured = [(value, item) for item in items if (value := facts.measure(item, field)) is not None]
            best = max(measured, key=lambda pair: sign * pair[0], default=None)
            if best is not None and len(measured) == len(items) and [v for v, _ in measured].count(best[0]) == 1:
                said = _comparison((field, sign))
                word = said[2 + (len(items) > 2)] if self.language == "zh" else said[len(items) > 2]
                won.setdefault(facts.name(best[1], self.language), []).append(word)
        return self.sentences(
            *(
                self("leads", title=title, which=facts.join(list(dict.fromkeys(words)), self.language))
                for title, words in won.items()
            )
        )

    def all_unchecked(self, columns: Sequence[str]) -> list[str]:
        """Say that limits cannot be kept, because the catalogue lacks their columns; alike ones in one sentence."""
        told = list(dict.fromkeys(self.unchecked(column) for column in columns))
        opening, end = self("unchecked_measure", column="|").split("|")
        alike = [each for each in told if each.startswith(opening) and each.endswith(end)]
        if len(alike) < 2:
            return told
        named = facts.join([f"the {each.removeprefix(opening).removesuffix(end)}" for each in alike], self.language)
        joined = self("unchecked_several", columns=named if self.language == "en" else named.replace("the ", ""))
        return [*(each for each in told if each not in alike), joined]

    def unchecked(self, column: str) -> str:
        """Say that a limit cannot be kept, because the catalogue does not have its column."""
        if column == "country":
            return self("unchecked_country")
        if column.startswith("currency:"):
            return self("unchecked_currency", currency=column.partition(":")[2])
        if column in _MEASURED:
            return self("unchecked_measure", column=_MEASURED[column][self.language == "zh"])
        words, unit = of_header(column)
        if unit is not None or not words.endswith("s"):  # a column of the shop's own that counts nothing
            return self("unchecked_measure", column=words)
        return self("unchecked", column=_COUNTS.get(column, column) if self.language == "zh" else column)

    def singled_out(self, items: Sequence[Item], extreme: tuple[str, int]) -> tuple[str, Item | None]:
        """Say which item is the cheapest, newest, …, with the value; those that have none are left out.

        Returns:
            The sentence, and the item; None if no item has a value or several share the best.
        """
        field, sign = extreme
        measured = [(number, item) for item in items if (number := facts.measure(item, field)) is not None]
        if field == "price" and len({item.currency for _, item in measured}) > 1:
            return self("currencies"), None
        if not measured:
            return self("unknown_these", field=self.column(field)), None
        best = max(measured, key=lambda pair: sign * pair[0])
        winners = [item for number, item in measured if number == best[0]]
        value = self._value(best[1], field)
        if len(winners) > 1 and len(winners) == len(measured):
            return self("same") if field in _PLAIN else self("equal_with", value=value), None
        title = facts.names(winners, self.language)
        if len(winners) > 1:
            which = _comparison(extreme)[3 if self.language == "zh" else 1].replace("one with", "ones with")
            return self("win" if field in _PLAIN else "win_with", title=title, which=which, value=value), best[1]
        which, others = self._which(extreme, len(items)), self("others_unknown") if len(measured) < len(items) else ""
        what = "wins" if field in _PLAIN else "wins_with"
        return self.sentences(self(what, title=title, which=which, value=value), others), best[1]

    def unmeasured(self, field: str) -> str:
        """Say that nothing that fits has a measure."""
        if field == "popularity":
            return self("unknown_popularity")
        return self("unknown_these", field=self.column(field))

    def utmost(self, item: Item, extreme: tuple[str, int]) -> str:
        """Name the cheapest, newest, … of all that there is."""
        which = _comparison(extreme)[3 if self.language == "zh" else 1]
        if extreme[0] == "popularity":  # a scale of a few steps: others are as popular
            return self("utmost_some", which=which, title=facts.name(item, self.language))
        if extreme[0] in _PLAIN:
            return self("utmost_plain", which=which, title=facts.name(item, self.language))
        return self("utmost", which=which, title=facts.name(item, self.language), value=self._value(item, extreme[0]))

    def _which(self, measure: tuple[str, int], among: int) -> str:
        comparative, superlative, *chinese = _comparison(measure)
        if self.language == "zh":
            return chinese[among > 2]
        word = superlative if among > 2 else comparative
        return word if " in " in word or word.startswith("one ") else f"{word} one"

    def column(self, field: str) -> str:
        """Name a column: ``weight`` for ``weight_kg``."""
        return _FIELDS.get(field, (of_header(field)[0],) * 2)[self.language == "zh"]

    def _clause(self, item: Item, field: str) -> str:
        title = facts.name(item, self.language)
        if field == "in_stock":
            return self._stock(item, title)
        if field == "kind" and item.kind:
            return self("is_form", title=title, kind=self.a(self.kind(item)))
        value = self._value(item, field)
        named = self.column(field)
        if value and field in ("moods", "themes") and not self.of_goods:
            return self(f"{field}_are", title=title, value=value)
        if value and field == "audience":
            return self("genres", title=title, value=value)  # "… is for children"
        if not value:
            return self("unknown", title=title, field=named)
        return self(field if field in _COLUMNS else "attribute", title=title, value=value, field=named)

    def _stock(self, item: Item, title: str) -> str:
        """Say whether an item is in stock, and how many are where the catalogue tells."""
        if item.in_stock and item.left is not None:
            return self("in_stock_left", title=title, left=self._left(item.left))
        return self("in_stock_yes" if item.in_stock else "in_stock_no", title=title)

    def _left(self, count: int) -> str:
        """Word how many are in stock; only of the last few the shop says how many exactly."""
        return self("left_few", number=count) if count <= _FEW_LEFT else self("left_more", number=_FEW_LEFT)

    def _value(self, item: Item, field: str) -> str:
        """Quote one column of an item; "" if the catalogue is silent."""
        if field == "creators":
            return facts.join(item.creators, self.language) if item.creators else ""
        if field in ("genres", "kind", "language"):
            raw = item.genres if field == "genres" else (getattr(item, field),)
            shown = [display(field, canonical(field, value), self.language) for value in raw if value]
            return facts.join(shown, self.language) if shown else ""
        if field == LEFT and item.left is not None:
            return self._left(item.left)
        if field not in _COLUMNS:
            return facts.attribute(item, field, self.language)
        plain = {"price": facts.price, "length": facts.length}.get(field)
        return plain(item, self.language) if plain is not None else str(getattr(item, field) or "")
