"""What a message does at once, and what it does to what was said before, as tables of cues.

A greeting, thanks, "start over" or an attempt to give the assistant orders needs no reading against the catalogue; "any
year" lifts a limit, "something completely different" ends a wish and "and shorter" adds to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Literal

from chat.care import in_danger
from chat.memory import ABOUT_ME, FORGET_ME
from chat.tongues import foreign
from retrieval.parsed import Parsed

Act = Literal[
    "recommend",
    "more",
    "availability",
    "question",
    "undo",
    "reset",
    "about_me",
    "forget_me",
    "remember",
    "greeting",
    "thanks",
    "farewell",
    "help",
    "range",
    "meta",
    "service",
    "crisis",
    "foreign",
    "unclear",
]

# The first act whose pattern matches wins; "recommend" is what remains.
_ACTS: tuple[tuple[Act, str], ...] = (
    ("meta", r"\b(ignore|disregard|forget)\b.{0,30}\b(instructions?|rules|prompts?|guidelines)\b"
             r"|\b(system|your|the|initial|hidden)\s+prompt\b|\bprint\s+your\b|\bjailbreak\b|\bdeveloper\s+mode\b"
             r"|\b(you\s+are\s+now|pretend\s+to\s+be|act\s+as)\b|忽略.{0,12}(指令|提示|规则)|(系统)?提示词"),
    ("reset", r"^\s*(?:(?:ok(?:ay)?|no|right|alright|let'?s)\W+)*"
              r"(start\s+(over|again|afresh)|reset|clear\s+(everything|all|the\s+filters|filters)|new\s+search)\b(?:\W+please)?\W*$"
              r"|重新开始|从头开始|清空"),
    ("about_me", ABOUT_ME),
    ("forget_me", FORGET_ME),
    ("undo", r"^\s*(undo|take\s+that\s+back|go\s+back(?!\s+to\s+(?:the|those|these|my|your|what)\b)|revert)\b"
             r"|撤销|撤回"),
    ("help", r"\b(what\s+can\s+you\s+do|how\s+does\s+this\s+work|who\s+are\s+you|what\s+are\s+you)\b|^\s*help\W*$"
             r"|你是谁|你能做什么|怎么用|你是(不是)?(一?个)?(机器人|真人|人类?|人工智能|AI|程序|客服)[吗么嘛？?]"),
    ("range", r"^\W*(?:(?:hi|hello|hey)\W+)?(?:so\W+|and\W+)?what\s+(?:all\s+)?(?:(?:kinds?|sorts?|types?)\s+of\s+)?"
              r"(?:things?\s+|stuff\s+|products?\s+|items?\s+)?(?:do|can|have)\s+(?:you|u)(?:\s+(?:guys|all|actually))?"
              r"\s+(?:sell|stock|carry|offer|got|have)(?:\s+here)?\W*$"
              r"|^\W*what(?:'s|\s+is)\s+in\s+(?:your|the|this)\s+(?:shop|store|catalog(?:ue)?)\W*$"
              r"|^\W*(?:你们|这里|你这里|店里)(?:都)?(?:卖|有)(?:些|点)?(?:什么|啥)\S{0,3}\W*$"),
    ("greeting", r"^\s*(hi|hello|hey|good\s+(morning|evening|afternoon))(\s+there)?\W*$|^\s*(你好|您好|嗨)\W*$"),
    ("thanks", r"^\s*((great|perfect|cool|nice|ok|okay|lovely|awesome|super|good|yes)[\s,.!]*)*"
               r"(thanks?(\s+you)?(?!\s+for\s+nothing)|thx|ty(sm|vm)?|ta|cheers|great|perfect|cool|nice|lovely|awesome|bet)"
               r"(\s+(so|very)\s+much|\s+a\s+(lot|bunch|million))?(\W+(ty|thanks|thx|mate|dear|love|man|bro|dude|buddy|guys|all|again))*\W*$"
               r"|^\s*(谢谢|多谢|感谢)\S{0,3}\W*$|^\s*(?:谢谢|多谢|好的?)?[，,。\s]*那?我?再(?:想想|看看|考虑(?:考虑|一下)?)[吧了]?\W*$"),
    ("service", r"\b(refunds?|return\s+policy|policy|policies|shipping|warranty|invoice|password)\b"
                r"|\b(your|free|home)\s+delivery\b|\bdelivery\s+(time|cost|date|fee)s?\b"
                r"|\b(where\s+is|track|cancel|status\s+of)\s+(my|the|an?)\s+(order|parcel|package)\b|\bmy\s+(order|account)\b"
                r"|\b(talk|speak|chat)\s+(to|with)\s+(a|an|some)?\s*(human|person|agent|someone)\b"
                r"|退款|退货|运费|物流|我的订单|人工客服|转人工"),
    ("farewell", r"^\s*(bye|goodbye|good\s*night|see\s+you)\b.{0,12}$|^\s*(再见|拜拜)\W*$"),
)  # fmt: skip
_COMPILED = tuple((act, re.compile(p, re.IGNORECASE)) for act, p in _ACTS)
_ANY = re.compile(
    r"\bany\s+(year|decade|price|genre|kind|type|language|mood|topic|author|director)\b"
    r"|\b(year|price|genre|kind|type|language)\s+(?:doesn'?t|does\s+not)\s+matter\b"
    r"|\b(?:remove|drop|forget|without|delete|clear|lift|take\s+(?:off|away|out)|get\s+rid\s+of)\s+(?:the|that)\s+"
    r"(year|price|genre|kind|type|language|mood)\s*(?:limit|filter|constraint)?"
    r"|\btake\s+the\s+(year|price|genre|kind|type|language|mood)(?:\s+(?:limit|filter))?\s+(?:off|away|out)\b"
    r"|\b(?:do(?:es)?n'?t|do(?:es)?\s+not)\s+(?:really\s+)?(?:care|mind|matter)\s+(when|how\s+old|how\s+new|how\s+long|what\s+it\s+costs|how\s+much)\b"
    r"|(价格|年份|年代|类型|语言)(?:无所谓|不限|随便|都行|不重要)",
    re.IGNORECASE,
)
_ANY_FIELDS = {
    "价格": "price",
    "年份": "year",
    "年代": "year",
    "类型": "genres",
    "语言": "language",
    "type": "kind",
    "genre": "genres",
    "mood": "moods",
    "author": "creators",
    "director": "creators",
    "when": "year",
    "how old": "year",
    "how new": "year",
    "how long": "length",
    "what it costs": "price",
    "how much": "price",
}
_OTHER = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|no|right|alright|let'?s)\W+)*(?:start\s+(?:over|again|afresh)|new\s+search)\b(?=.*\w)"
    r"|\bsomething\s+(?:completely|entirely|totally|very|quite)\s+(?:different|else|new)\b|\bchange\s+of\s+(?:plan|subject|topic)\b"
    r"|\b(?:forget|scrap)\s+(?:all\s+)?(?:that|it|everything|what\s+i\s+said)\b|换个话题|完全不(?:同|一样)|重新来",
    re.IGNORECASE,
)
BOUGHT = re.compile(  # "based on what I bought last time": none of it is named
    r"\b(?:what|things?|stuff|the\s+ones?|everything|all)\s+(?:that\s+)?(?:i|we)(?:['’]ve|\s+have)?\s+(?:already\s+|just\s+)?"
    r"(?:bought|ordered|purchased)(?:\s+(?:last\s+time|before|here|recently|already|from\s+you|last\s+\w+))*"
    r"|\bmy\s+(?:last|previous|past|earlier|recent)\s+(?:orders?|purchases?)\b|\bmy\s+(?:order|purchase)\s+history\b"
    r"|(?:以前|之前|上次)(?:买|订|购买)过?的",
    re.IGNORECASE,
)
_MAKER = r"(?:woman|man|person|guy|lady|author|director|writer|band|artist|singer|team|studio|people|developers?|one)"
SAME_MAKER = re.compile(
    r"\bby\s+the\s+same\s+\w+|\b(?:from|of)\s+the\s+same\s+(?:brand|maker|company|label|house|manufacturer|producer|firm|designer)\b|\b(?:has|have|did|does)\s+(?:he|she|they)\s+(?:written|write|made|make|done|do|directed|recorded|got)\s+(?:any\w*|more|others?)\b"
    r"|\b(?:anything|what|something)\s+else\s+of\s+(?:his|hers|theirs)\b|\bwhat\s+(?:more|others?)\s+of\s+(?:his|hers|theirs)\b|\belse\s+(?:by|from)\s+(?:him|her|them|the\s+same)\b|\b(?:more|others?|anything)\s+by\s+(?:him|her|them)\b"
    rf"|\bby\s+(?:the|that|whatever)\s+{_MAKER}\s+(?:of|behind|who|that)\b"
    # "what else have you by the Chess Story man", "more by this author"
    rf"|\bby\s+(?:that|this)\s+{_MAKER}\b|\b(?:else|more|others?|anything)\b[^.?!,]*?\bby\s+the\s+(?:[^\s.,?!]+\s+){{1,5}}?{_MAKER}\b"
    r"|\bby\s+who(?:ever)?\s+(?:wrote|made|directed|did|recorded)\b"
    r"|\b(?:his|her|their)\s+(?:older|other|earlier|early|newer|later|previous)\s+(?:stuff|works?|films?|books?|games?|albums?|ones)\b"
    r"|\bwhat\s+else\s+(?:did|has|have)\s+(?:he|she|they|the\s+\w+)\b|同一个?(?:作者|导演)|[他她]的?(?:其他|别的)",
    re.IGNORECASE,
)
_FINE = r"(?:fine|ok(?:ay)?|good|no\s+problem|al+\s?right)"
_AS_IT_IS: Mapping[str, re.Pattern[str]] = {  # what a message says to be fine whatever it is
    "language": re.compile(
        rf"\bsubtitles?\s+(?:are|is)\s+{_FINE}|\b(?:don['’]?t|do\s+not)\s+mind\s+(?:reading\s+)?(?:subtitles|foreign\s+\w+)"
        rf"|\bforeign\s+(?:ones?|films?|movies?)\s+(?:too|as\s+well|(?:is|are)\s+{_FINE})",
        re.IGNORECASE,
    ),
    "year": re.compile(
        rf"\b(?:(?:it|they|those)\s+)?can\s+(?:also\s+)?be\s+(?:older|newer)(?:\s+(?:also|too))?|\b(?:older|newer)\s+(?:is|are|would\s+be)\s+{_FINE}(?:\s+too)?"
        r"|\bnot\s+only\s+(?:from\s+)?(?:after|before|since)\s+(?:the\s+)?\d{4}s?|\b(?:doesn['’]?t|does\s+not|needn['’]?t)\s+(?:have\s+to\s+)?be\s+(?:so\s+|that\s+)?(?:new|old|recent|modern)\b",
        re.IGNORECASE,
    ),
}
_DEARER = re.compile(  # "fingerprint then, dearer is ok"
    r"\b(?:can|may|could)\s+(?:also\s+)?cost\s+(?:a\s+(?:bit|little)\s+)?more\b"
    r"|\b(?:dearer|pricier|more\s+expensive)\s+(?:is|would\s+be)\s+(?:ok(?:ay)?|fine|al+\s?right|no\s+problem)\b"
    r"|\b(?:can|could|will|would|to)\s+(?:pay|spend)\s+(?:a\s+(?:bit|little)\s+)?more\b(?!\s+than)",
    re.IGNORECASE,
)
_REFINES = re.compile(
    r"^\W*(?:and|but|also|plus|even|only|just|with|without|no|not|nothing|more|less|ok(?:ay)?)\b"
    r"|^\W*(?:he|she|they)(?:['’]s|['’]re|\s+(?:is|are|was|were|likes?|loves?|hates?|has|have|enjoys?|says?|said|thinks?|wants?))\b"
    r"|\b(?:more|less|too|as\s+well|also|instead|same)\b|更|一点|还要|另外",
    re.IGNORECASE,
)


def plain_act(text: str, served: Collection[Act] = ()) -> Act | None:
    """Return the act that a pattern is sure of, None if none is; `served` are those that somebody else sees to."""
    if in_danger(text):
        return "crisis"
    if foreign(text):
        return "foreign"
    return next((act for act, pattern in _COMPILED if act not in served and pattern.search(text)), None)


def lifted(text: str, named: Mapping[str, str]) -> tuple[list[tuple[int, int]], list[str]]:
    """Return where a message lifts limits ("any year", "never mind the colour"), and the fields of those.

    `named` gives the shop's own columns by what they are called.
    """
    found = list(_ANY.finditer(text))
    fine = [(field, match) for field, pattern in _AS_IT_IS.items() for match in pattern.finditer(text)]
    fields = [_ANY_FIELDS.get(word, word) for match in found for word in match.groups() if word]
    fields += [field for field, _ in fine]
    found += [match for _, match in fine]
    own = list(_any_of(tuple(named)).finditer(text)) if named else []
    dearer = _DEARER.search(text)
    if dearer is not None:
        return [dearer.span(), *(match.span() for match in (*found, *own))], ["price", *fields]
    said = (_american(word.lower()) for match in own for word in match.groups() if word)
    columns = {_american(name): field for name, field in named.items()}
    return [match.span() for match in (*found, *own)], [*fields, *(columns[word] for word in said)]


def _american(word: str) -> str:
    return word.replace("colour", "color")


@cache
def _any_of(names: Sequence[str]) -> re.Pattern[str]:
    """Return what says that a column does not matter."""
    spelt = (re.escape(_american(each)).replace("color", "colou?r") for each in sorted(names, key=len, reverse=True))
    name = "|".join(spelt)
    return re.compile(
        rf"\b({name})s?\s+(?:really\s+)?(?:(?:doesn|don|isn|aren)['’]?t|(?:does|do|is|are)\s+not)\s+(?:really\s+|that\s+|so\s+)?"
        rf"(?:matter|important)\b|\b(?:in|of)\s+(?:any|whatever)\s+({name})\b|\bany\s+({name})\s+(?:is|will|works?|would)\b"
        rf"|(?:^|[.,;!?]|\b(?:actually|but|and|so|ok(?:ay)?|well))\W*({name})\s+(?:is|are)\s+(?:\w+ly\s+|also\s+)?(?:fine|ok(?:ay)?)\b"
        rf"|\b(?:never\s*mind|forget|not\s+(?:fussed|bothered|fussy)|don['’]?t\s+(?:mind|care))\s+(?:about\s+)?"
        rf"(?:(?:the|what|which)\s+)?({name})\b",
        re.IGNORECASE,
    )


def starts_anew(text: str) -> bool:
    """Whether what was wished before is over."""
    return _OTHER.search(text) is not None


def refines(text: str, parsed: Parsed) -> bool:
    """Whether a message adds to the last wish instead of making a new one."""
    compared = bool(parsed.relative) and not parsed.wishes  # "cheaper" asks for the same at another price
    return (
        compared or _REFINES.search(text) is not None or any(w.surface.casefold().endswith("er") for w in parsed.wishes)
    )
