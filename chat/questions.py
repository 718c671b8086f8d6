"""Questions about items: which columns of the catalogue a message asks about, and by what measure it compares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from chat.contents import CONTENTS, asks_contents
from chat.fitting import FITS, asks_to_fit
from chat.typed import STOPWORDS
from retrieval.columns import Columns
from retrieval.how_much import AMOUNT_IN
from retrieval.lexicon import mood_singled_out
from retrieval.numbers import COUNTS, LENGTH_FIELDS
from retrieval.text import normalize

_USED = (  # behind "how much": an amount, and no price
    r"\s+(?:of\s+(?:it|this|that|them)\s+)?(?:(?:do|does|did|should|must|can|could|would|will)\s+(?:i|we|you|one|he|she|it|they|this|that)\s+"
    r"(?:really\s+)?(?:(?:have|need|ought)\s+to\s+)?"
    r"(?!(?:really|have|need|ought|costs?|be|pay|owe|charge|ask|want|sell|set|come|go|run|take|is|are|usually|normally|roughly|about|then|in)\b)\w"
    r"|(?:do|should|must|can|would)\s+(?:i|we|you|one)\s+(?:really\s+)?(?:(?:have|need|ought)\s+to\s+)?(?:take|need(?!\s+to\b))\b)"
)
_SPECIAL = (  # "what would you say is special about it?"
    r"\bwhat\b[^.?!,;]{0,25}\b(?:special|good|great|nice|different|clever|unusual)\s+about\s+(?:it|that|this|the\s+\w+)\b"
    r"|\bwhat\s+(?:makes|sets)\s+(?:it|that|this|the\s+\w+)(?:\s+one)?\s+(?:so\s+)?(?:special|good|great|different|apart)\b"
)
_WHAT = r"\bwhat(?:['’]?s|\s+is|\s+are|\s+was)"
_TONGUES = (
    "english|french|spanish|portuguese|german|italian|japanese|chinese|mandarin|korean|russian|hindi|arabic|swedish"
)
# field of the catalogue: what people ask it with
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("price", rf"\bhow\s+(?:much(?!{_USED}|{AMOUNT_IN})|expensive|pricey|costly|dear)\b|\bset\s+\S+\s+back\b"
              r"|\bwhat\s+(does|do|would|will)\s+(\S+\s+){1,6}cost\b"
              r"|\bwhat['’]?s\s+(it|that|this)(\s+one)?\s+cost\b|\bprice\b|\bcosts?\b\s*\?"
              r"|\bwhat(?:['’]?s|\s+is|\s+would\s+be)\s+the\s+total\b|\b(?:total|add)(?:\s+(?:it|them|that|those))?\s+up\b|\btotal\s+(?:for|of)\b"
              r"|\bwhat\s+(?:must|do|would|will|should)\s+(?:i|we)\s+(?:have\s+to\s+)?pay\b|\btogether\W+what\s+(?:is|will|would)\s+(?:that|it)\b"
              r"|多少钱|价格|怎么卖|(?:一共|总共|合计)多少|加起来多少"),
    ("in_stock", r"\b(is|are)\s+(\S+\s+){1,6}(in\s+stock|available)\b|\b(still\s+(in\s+stock|available)|sold\s+out)\b"
                 r"|\bwhich\s+(\S+\s+){0,4}(is|are)\s+(\w+\s+)?(in\s+stock|available)\b|(^|[.,!]\s*)(and\s+)?(?:(?:is|are)\s+)?(?:still\s+)?(?:in\s+stock|available)\s*\?"
                 r"|\bhave\s+(\S+\s+){1,8}in\s+stock\b|\bhow\s+many\s+(\S+\s+){0,4}(left|in\s+stock)\b|\bhow\s+many\b[^.?!]{1,60}\bleft\W*$"
                 r"|\b(?:got|have)\s+\d+\s+of\s+(?:it|them|those|these)\b|\bmany\s+of\s+(?:it|them|those|these)\s+left\b|\bhave\s+so\s+many\b|有货|库存|现货"),
    ("year", r"\bwhen\s+(was|did|is)\b|\b(what|which)\s+year\b|\bhow\s+old\s+is\b"
             r"|\bis\s+(?:\S+\s+){1,4}old\s*\?|哪一?年|什么时候"),
    ("creators", r"\bwho\s+(made|makes|produces|directed|wrote|composed|developed|created|sings|recorded|teaches)\b"
                 r"|\bwho\s+sings?\b|\bwho(?:'s|\s+is)\s+(it|that|this)\s+by\b|\bwho(?:'s|\s+is)\s+(it|that|this)\s+(one\s+)?by\b"
                 r"|\bwho('s|\s+is)\s+the\s+(director|author|artist|developer|teacher|writer)\b|谁(导演|写|做|拍|教)"
                 r"|(作者|导演)是|是谁(写|拍|做|唱|的)"),
    ("length", r"\bhow\s+(long(?!\s+(?:can|do|may|will)\s+(?:i|we|you)\s+(?:\w+\s+)?(?:watch|keep|use|have|return)\b)"
               r"|many\s+(pages|minutes|hours))\b|\b(runtime|running\s+time|duration)\b|\blength\s*\?"
               r"|\bis\s+(it|that|this)\s+(\w+\s+)?(long|short(?!\s+stor))\b|\bit\s+is\s+(\w+\s+)?(long|short(?!\s+stor))\b[^.!;]*\?"
               r"|多长|多厚|片长|时长|几页|多少页|(?:多少|几)个?(?:小时|钟头|分钟|课时)(?!内|之内|以内|后|之后|能|可以)"
               r"|(?:学|看|听|读|玩|上)(?:完)?(?:要|需要|得)?多久|要(?:学|看|听|读|玩|上)多久"),
    ("language", r"\b(what|which)\s+languages?\b|\b(is|was)\s+(\S+\s+){1,5}(a\s+translation|translated)\b"
                 r"|\bis\s+(?:it|this|that)\s+(?:(?:sung|spoken|written|taught)\s+)?in\s+"
                 rf"(?:{_TONGUES})(?:,?\s+or\s+(?:in\s+)?(?:{_TONGUES}))+\b"
                 rf"|\bcan\s+i\s+(?:read|watch|get|have|hear|play)\s+(?:it|this|that)\s+in\s+(?:{_TONGUES})\b"
                 rf"|\boriginal(?:ly)?\s+(?:in\s+)?(?:{_TONGUES})\b"
                 rf"|\bit['’]?s\s+in\s+(?:{_TONGUES})\s*\?"
                 rf"|\bis\s+(?:(?:it|this|that|the\s+\w+)\s+)?(?:sung\s+|spoken\s+|written\s+|taught\s+)?in\s+(?:{_TONGUES})\s*(?:\?|$|or\b|and\b)"
                 rf"|\bi\s+(?:can\s+)?(?:get|read|have|watch|hear)\s+(?:it|this|that)\s+in\s+(?:{_TONGUES})\b"
                 r"|什么语言|哪种语言"),
    ("genres", r"\b(what|which)\s+(genre|kind\s+of\s+(film|movie|book|game|album))\b|什么类型"),
    ("description", rf"{_WHAT}\s+(it|they|(the|that|this)(\s+\S+){{0,2}}|\S+)\s+about\b"
                    r"|\bwhat\s+(it|they|(the|that|this)(\s+\S+){0,2}|\S+)\s+(is|are|was)\s+about\b"
                    r"|\bhow['’]?s\s+(?:that|this)\s*(?:$|[,?!.])|\bwhat\s+(?:it|that|this)\s+is\s+like\b"
                    r"|\bwhat['’]?s\s+on\s+(?:it|that|this)\b"
                    rf"|\bwhere\s+(?:is|was|does|do)\s+(?:it|that|this|the\s+\w+)\s+(?:set|take\s+place|happen|play)\b|\bwhen\s+is\s+(?:it|that|this)\s+set\b"
                    rf"|{_WHAT}\s+(the\s+)?(story|plot)\b|\bwhat\s+do\s+(?:you|i)\s+do\s+in\s+(?:it|this|that|there)\b|{_WHAT}\s+(it|that)\W*$"
                    r"|\bwhat\s+does\s+(it|that|this)(\s+one)?\s+sound\s+like\b"
                    rf"|{_SPECIAL}"
                    r"|\b(is|are)\s+(\S+\s+){1,6}(any\s+good|worth\s+\w+)|\btell\s+me\s+((a\s+bit|a\s+little|some)\s+)?((more\s+)?about\b|more\W*$)|\bdescribe\b|\bthe\s+description\b|\bwhat\s+happens\b|讲什么|讲的是|讲了什么|介绍一下|说说"),
)  # fmt: skip
_MEASURED = re.compile(
    r"\bhow\s+much\s+(?:kg|kilos?|kilograms?|grams?|weight|load|pressure|lit(?:re|er)s?|space|room|power)\b"
    r"|\bweighs?\s+how\s+much\b|\bhow\s+much\s+(?:does|do|can|will)\s+[^.?!]{1,40}\b(?:weigh|hold|carry|bear|take)\b",
    re.IGNORECASE,
)
COLUMNS = frozenset(name for name, _ in _COLUMNS)
_COUNT = "|".join(COUNTS)
_NO_COLUMN = re.compile(  # nobody's columns
    r"\bwho\s+(?:did|made|wrote|composed)\s+the\s+(?:music|score|soundtrack|art(?:work)?|voices?|cover)\b"
    r"|\bcan\s+(?:we|you|two(?:\s+people)?|both(?:\s+of\s+us)?)\s+(?:both\s+)?play\s+(?:it|that|this)\b(?:\s+together)?"
    r"|\bis\s+(?:it|that|this)\s+(?:for\s+)?(?:one|two|four|1|2|4)\s+(?:or\s+\w+\s+)?(?:players?|people)\b"
    r"|\bany\s+(?:\w+\s+)?(?:songs|tracks|hits)\s+on\s+(?:it|that|this)\b"
    r"|\bwho(?:'s|\s+is|\s+was|\s+are)\s+in\s+(?:it|that|this|the)\b|\bwho\s+(?:else\s+)?(?:stars|plays|acts)\b",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(  # a column of their own, where the catalogue has it
    r"\bhow\s+many\s+(?:players?|people|episodes?|seasons?|songs?|tracks?|levels?|chapters?|lessons?|discs?|books?\s+are\s+in)\b",
    re.IGNORECASE,
)
_OF_ALL = re.compile(rf"{_SPECIAL}|\btell\s+me\s+(?:a\s+bit\s+)?more\b", re.IGNORECASE)
_SAME_HAND = re.compile(
    r"\b(?:is|was|are)\s+(?:it|that|this)\s+(?:by\s+)?the\s+same\s+(?:guy|man|woman|person|people|director|author|writer|team|studio|band)\b",
    re.IGNORECASE,
)
_COMPILED = tuple((name, re.compile(p, re.IGNORECASE)) for name, p in _COLUMNS)
_COMPARE = re.compile(
    r"\bcompared?\b(?!\s+prices)|\bdifferences?\b.{0,12}\bbetween\b|\bhow\s+do\s+(?:they|these|those)\s+differ\b|\bversus\b|\bvs\b"
    r"|\bis\s+(?:it|that|this)\s+the\s+same\s+(?:kind|sort|type)\s+of\b"
    r"|\bhow\s+(?:is|are)\b[^.?!;]{1,60}?\bdifferent\s+(?:from|to|than)\b"
    r"|\b(?:better|worse)\s+than\b|\b(?:is|are|was)\s+[^.?!;]{2,50}?\s(?:really\s+|just\s+)?as\s+(?:good|nice|fun|great)\s+as\b|比较|对比|区别|有什么不同",
    re.IGNORECASE,
)
_MEASURES = (  # in the order of the groups below: the column, and whether most (1) or least (-1) of it is asked for
    ("price", -1), ("price", 1), ("year", 1), ("year", -1), ("length", 1), ("length", -1), ("popularity", 1),
)  # fmt: skip
_MORE = (
    r"(?:(cheaper|(?:better|lower|best|lowest)\s+price|costs?\s+less)|(more\s+expensive|pricier|dearer)|(newer|more\s+recent|later)|(older|earlier)|(longer)|(shorter)"
    r"|(more\s+popular|better\s+known))\b"
)
_MOST = (
    r"(?:(cheapest|least\s+expensive|most\s+cheap|cheaper\s+ones\s+first)|(most\s+expensive|priciest|dearest)|(newest|latest|most\s+recent(?:ly)?|new\s+(?:releases|arrivals)|anything\s+new(?=\s+in\b|\W*$)|what(?:['’]?s|\s+is)\s+new)"
    r"|(oldest|earliest)|(longest)|(shortest)"
    r"|(most\s+popular|best[\s-]known|best[\s-]?sell(?:ing|ers?)"
    r"|(?<!\btoo\s)(?<!\bnot\s)(?<!\bless\s)(?<!\bmore\s)(?<!\bso\s)popular(?!\s+(?:science|music|culture))))\b"
)
_WHICH = re.compile(rf"\b(?:which|what|who|whose)\b[^.!?;]*?\b{_MORE}", re.IGNORECASE)
_THAN = re.compile(rf"\b(?:is|are|was|were)\b[^.!?;]*?\b{_MORE}\s+than\b(?!\s*[$€£¥\d])", re.IGNORECASE)
_THE_MORE_ONE = re.compile(rf"\bthe\s+{_MORE}\s+(?:one|of\s+the\s+two)\b", re.IGNORECASE)
_SUPERLATIVE = re.compile(rf"\b{_MOST}", re.IGNORECASE)
_COMPARATIVE = re.compile(rf"\b{_MORE}", re.IGNORECASE)
_AMONG = re.compile(r"\b(?:which|what|who)\b|\bthan\b", re.IGNORECASE)
_COSTS = re.compile(
    r"\b(?:costs?|prices?|expensive|cheap|how\s+much\s+(?:is|are)\s+(?:it|this|that|they))\b|[$€£¥]", re.IGNORECASE
)
_CHINESE = re.compile(r"(?:哪|最).{0,4}?更?(?:(便宜)|(贵)|(新|晚)|(老|早|旧)|(长)|(短)|(受欢迎|热门|畅销|火))")
_OF_THESE = re.compile(
    r"\b(?:of|among|from|between)\s+(?:all\s+(?:of\s+)?)?(?:these|those|them|the\s+(?:two|three|four|five))\b|\bwhich\s+(?:one\s+)?(?:of\s+\w+\s+)?is\b"
    r"|\b(?:the\s+)?(?:ones|films|movies|books|games|albums)?\s*(?:that\s+)?you(?:['’]ve)?\s+(?:have\s+)?(?:just\s+)?(?:showed|shown|listed|suggested|recommended)\b"
    r"|^\W*and\s+(?:which\s+is\s+)?the\b|\b(?:from|of|in)\s+all\s+(?:of\s+)?this\b|\bone\b|这些|那些|里面|其中|里最|当中|哪",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?|？|吗|呢|^\W*(?:(?:and|the)\s+)*(?:[a-z]+\s+){1,3}(?:on|of|for)\s+(?:that|this|it)(?:\s+one)?\W*$|\b(?:what|which|how|does|do|is|are|tell\s+me|who|when|where"
    r"|(?<!\bwe )(?<!\bi )(?<!\byou )(?<!\bthey )(?:has|have)(?!\s+to\b))\b|什么|哪|几|多少",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^\W*(?:and\s+)?it\s+(?:has|is|comes|needs)\b[^?]*\?\W*$|"
    r"(?:^|[.!,;:—–]\s|\b(?:one|that)\s+(?=is\s+(?:it|that)\b))\W*(?:(?:and|so|but)\s+)?(?:is|are|was|were|does|do|has|have)\s+"
    r"(?!there\b|you\b|we\b|i\b)|(?:^|[.!,;:—–]\s)\W*(?:(?:and|so|but)\s+)?(?:would|will|can|could|might)\s+(?:it|that|this|they|those)\b(?!\s+be\b(?!\s+(?:too|ok|okay|good|fine|alright|all\s+right|suitable)\b))|吗[?？]?\W*$"
    r"|\bhow\s+(?!much\b|many\b|long\b|old\b|do\b|does\b|did\b|can\b|could\b|would\b|is\b|are\b|about\b|to\b)\w+\s+(?:is|are|was)\b",
    re.IGNORECASE,
)
_RATED = re.compile(  # "is it a 15 or 18?"
    r"\b(?:is|was)\s+(?:it|that|this)\s+(?:rated\s+)?(?:an?\s+)?(?:pg(?:-?13)?|12a?|15|18|nc-?17)\b|\bage\s+rat(?:ing|ed)\b"
    r"|\bwhat(?:['’]?s|\s+is)\s+(?:it|that|this)\s+rated\b",
    re.IGNORECASE,
)
_HOW_IS = re.compile(r"\bhow\s+(\w+)\s+(?:is|are|does|do)\s+(?=the\b)", re.IGNORECASE)

_WHICH_SUITS = (  # "which of the others would suit a rainy Sunday?"
    r"\bwhich\s+(?:one\s+)?of\s+(?:these|those|them|the\s+others?)\b[^.?!]{0,20}\b(?:suits?|fits?|works?|be\s+(?:good|best|nice|right))\b"
)
_SUITS = re.compile(_WHICH_SUITS, re.IGNORECASE)
_PICK = re.compile(
    r"\b(?:which|what)\b[^.?!,]{0,30}\b(?:would|do|should)\s+(?:you|i|we)\s+(?:\w+\s+)?(?:pick|choose|go\s+(?:for|with)|take|get|buy|order|recommend"
    r"|suggest|start\s+with|prefer|like\s+(?:best|most))\b|\b(?:your|the)\s+(?:favou?rite|pick|choice|best\s+one)\b"
    r"|\bwhich\s+(?:one\s+)?(?:of\s+\w+\s+)?(?:is|are)\s+(?:the\s+)?best\b|\bpick\s+(?:one\s+)?for\s+(?:me|us)\b"
    rf"|{_WHICH_SUITS}"
    r"|\b(?:should|shall|do)\s+(?:i|we)\s+(?:rather\s+)?(?:start|begin|go|try)\s+(?:with\s+)?[^.?!]{2,60}?\bor\b|\bwhich\b[^.?!]{0,20}\bfirst\b"
    # "just give me one"
    r"|^\W*(?:(?:no|ok(?:ay)?|just|please|but)\b\W*)*(?:(?:give|show|tell|pick|name|recommend)\s+(?:me\s+)?|i\s+(?:said|want|need|asked\s+for)\s+)"
    r"(?:just\s+|only\s+)?(?:one|1)(?:\s+(?:of\s+(?:them|those|these)|film|movie|book|game|album))?\W*(?:(?:please|then)\W*)?$"
    r"|你(?:会|觉得)?(?:选|推荐)哪|哪(?:个|部|本)最好",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Questions:
    """What a message asks of items.

    Attributes:
        fields: the columns asked about, attributes of the catalogue's own included.
        extreme: the measure by which one is to be singled out: ("price", -1) is the cheapest.
        of_these: the one to single out is among the items named or shown, not in the whole catalogue.
        mood: the mood by which one of those shown is singled out, and whether most (1) or least (-1) of it is wanted.
        compares: the items are to be compared in all they have.
        yes_no: the message asks whether something is so.
    """

    fields: tuple[str, ...] = ()
    extreme: tuple[str, int] | None = None
    of_these: bool = False
    mood: tuple[str, int] | None = None
    compares: bool = False
    yes_no: bool = False

    @property
    def singles_out(self) -> bool:
        """Whether items are measured against one another, so that each one named is asked about."""
        return self.extreme is not None or self.compares


@lru_cache(32)  # a turn asks it of the same text up to four times
def questions(text: str, columns: Columns | None, several: bool) -> Questions:
    """Read what a message asks of the items it is about.

    Args:
        text: the message.
        columns: the catalogue's own; None where nothing but all there is can be asked about.
        several: the message names several items, or several are on screen.
    """
    if several and _PICK.search(text):
        return Questions(("pick",))
    if _COMPARE.search(text):
        return Questions(compares=True)
    mood = mood_singled_out(text) if several and _OF_THESE.search(text) else None
    extreme, superlative = _extreme(text, columns)
    if mood is not None and columns is not None and columns.has_moods:
        measured = extreme if extreme is not None and extreme[0] != "popularity" else None
        return Questions(("moods",), measured, measured is not None, mood)
    if extreme is not None and (several or superlative):
        beside = _asked_of_it(text, extreme[0], columns)
        return Questions(
            (extreme[0], *beside), extreme, several and (not superlative or _OF_THESE.search(text) is not None)
        )
    if _NO_COLUMN.search(text):  # "who's in it, and how long is it?"
        rest = _NO_COLUMN.sub(" ", text)
        return Questions(("other", *(name for name, pattern in _COMPILED if pattern.search(rest))))
    if _SAME_HAND.search(text):
        return Questions(("creators",))
    fields = [name for name, pattern in _COMPILED if pattern.search(text)]
    if "price" in fields and _MEASURED.search(text) and not _COSTS.search(text):
        fields.remove("price")  # "how much kg does it hold?", "it weighs how much?"
    if columns is not None and _ASKS.search(text):
        fields = _with_own(fields, columns.spelt(text), columns)
    if not fields and columns is not None and columns.has_moods and _RATED.search(text):
        fields = ["audience"]
    return Questions(_of_people_and_sizes(fields, text, columns), yes_no=_YES_NO.search(text) is not None)


def _of_people_and_sizes(fields: list[str], text: str, columns: Columns | None) -> tuple[str, ...]:
    """Return the fields asked about, with what is asked of sizes, of whom a thing fits, and of what is in it."""
    if columns is not None and (sizes := columns.made_in.asked(text)):
        return tuple(dict.fromkeys((*fields, *sizes)))
    if columns is not None and asks_to_fit(text, columns):
        return (*(name for name in fields if name not in columns.people.columns.values()), FITS)
    if not fields and (asks_contents(text) or _HOW_MANY.search(text)):
        return (CONTENTS if asks_contents(text) else "other",)
    return tuple(fields)


def of_no_column(text: str) -> bool:
    """Whether a text asks what nobody's catalogue has a column for: who is in it, or made its music."""
    return _NO_COLUMN.search(text) is not None


def extremes(text: str) -> list[tuple[str, int]]:
    """Return every measure by which a text singles one out: "the longest, and the shortest"."""
    found = (next(at for at, group in enumerate(m.groups()) if group) for m in _SUPERLATIVE.finditer(text))
    return list(dict.fromkeys(_MEASURES[at] for at in found))


def any_measure(text: str) -> tuple[str, int] | None:
    """Return the measure of a text's first superlative, or else of its first comparative: "Ran is longer"."""
    match = _COMPARATIVE.search(text)
    more = next(at for at, group in enumerate(match.groups()) if group) if match is not None else -1
    return next(iter(extremes(text)), _MEASURES[more] if more >= 0 else None)


def asks_for_what(text: str) -> bool:
    """Whether one of those shown is to be picked for something: a rainy Sunday."""
    return _SUITS.search(text) is not None


def asks_of_all(text: str) -> bool:
    """Whether a message wants to hear of an item whatever there is: what is special about it, or simply more."""
    return _OF_ALL.search(text) is not None


def _asked_of_it(text: str, field: str, columns: Columns | None) -> tuple[str, ...]:
    """Return what is asked of the one that is singled out: "how heavy is the biggest one?"."""
    if columns is None or (match := _HOW_IS.search(text)) is None:
        return ()
    asked = ["price"] if match[1].casefold() in ("much", "expensive") else columns.asked(match.group())
    return tuple(dict.fromkeys(name for name in asked if name != field))


def _with_own(fields: list[str], text: str, columns: Columns) -> list[str]:
    """Return the fields that a question asks about, with those of the shop's own columns."""
    said = f" {normalize(text)} "
    named = [name for words, name in columns.named.items() if _asked_of(words, said)]
    asked = [name for name in dict.fromkeys(named or columns.asked(text)) if name not in fields]
    lengths = [name for name in asked if name in LENGTH_FIELDS]  # "is it under two hours?", of a film in minutes
    own = [name for name in asked if name not in lengths]
    if not set(own) <= set(columns.amounts(text)) and not _COSTS.search(text):
        fields = [name for name in fields if name != "price"]  # "how much does it weigh?"
    if own and not lengths:
        fields = [name for name in fields if name != "length"]  # "how long does the battery last?"
    return [*fields, *own, *(["length"] if lengths and "length" not in fields else [])]


def _asked_of(column: str, said: str) -> bool:
    """Whether words name a column, rather than the unit of a limit: "under 100 minutes" asks nothing.

    "For" names none, though a column be called so, unless the question is for whom or for what.
    """
    if column in STOPWORDS and re.search(rf"\b(?:who|whom|what)\b.* {re.escape(column)} $", said) is None:
        return False
    return f" {column} " in said and re.search(rf" (?:\d+|{_COUNT}) {re.escape(column)} ", said) is None


def _extreme(text: str, columns: Columns | None) -> tuple[tuple[str, int] | None, bool]:
    """Return the measure by which one is singled out, and whether of all there is ("the cheapest", not "cheaper")."""
    own = columns.extreme(text) if columns is not None else None
    if own is not None and (own[1] or _AMONG.search(text)):
        return own
    superlative = _SUPERLATIVE.search(text)
    match = superlative or next(filter(None, (p.search(text) for p in (_THE_MORE_ONE, _WHICH, _THAN, _CHINESE))), None)
    if match is None:
        return None, False
    at = next(at for at, group in enumerate(match.groups()) if group)
    return _MEASURES[at], superlative is not None or "最" in match.group()
