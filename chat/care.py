"""What people tell of themselves that weighs more than a recommendation: despair, grief, loneliness, illness.

Who speaks of ending their life gets a fixed text, whatever else they say. Who tells of a loss or of a bad time gets a
word of sympathy before the answer, and what they tell of is kept from the search: whose cat died wants no cats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from retrieval.numbers import blank

Sorrow = Literal["grief", "hardship"]

# Moods that may do good to whom wishes for nothing in particular.
CONSOLING: Mapping[Sorrow, tuple[str, ...]] = {
    "grief": ("warm", "hopeful"),
    "hardship": ("warm", "hopeful", "funny"),
}

_LATER = r"(?:\s+(?:any\s?more|any\s+longer|no\s+more|like\s+this|at\s+all))"
_ENDS = r"(?=\W*$|\s*[.,;:!?]|\s+(?:and|but|because|so|since|i|right|now|tonight|today|really)\b)"
_OVER_A_TRIFLE = r"(?!\s+(?:laughing|with\s+laughter|of\b|for\b|from\b|in\b|to\b|if\s+i\s+(?:have|had|see|hear)\b))"
_DANGER = re.compile(
    r"\b(?:kill|hang|drown|shoot|harm|unalive|killing|hanging|drowning|shooting|harming)\s+myself\b" + _OVER_A_TRIFLE +
    r"|\b(?:want(?:ed|ing)?|going|need|thinking\s+(?:of|about)|feel(?:ing)?\s+like|urges?|planning|plan|keep|start(?:ed|ing)?|been)"
    r"\s+(?:to\s+)?(?:hurt|cut|hurting|cutting)\s+myself\b" + _OVER_A_TRIFLE +
    rf"|\b(?:don'?t|do\s+not|didn'?t|no\s+longer)\s+(?:really\s+)?(?:want\s+to|wish\s+to|feel\s+like)\s+"
    rf"(?:(?:live|be\s+alive|exist|living|being\s+alive){_LATER}?|(?:be\s+here|go\s+on|wake\s+up|being\s+here|going\s+on){_LATER}){_ENDS}"
    r"|\b(?:want(?:ed)?|wish(?:ed)?|ready|going|would\s+like|rather)\s+(?:to\s+|i\s+(?:could\s+)?(?:just\s+)?)(?:just\s+)?(?:die|be\s+dead|were\s+dead|was\s+dead)\b"
    + _OVER_A_TRIFLE +
    r"|\b(?:want\s+to|going\s+to|should|might|will|just)\s+(?:kms|overdose)\b"
    r"|\b(?:i|i'?m|i'?ve|i'?d)\s+(?:am\s+)?(?:\w+\s+){0,6}?(?:(?:end(?:ing)?|tak(?:e|ing))\s+my\s+(?:own\s+)?life"
    r"|commit(?:ting)?\s+suicide|(?:think|thinking|thought|thoughts|contemplating|considering)\s+(?:of\s+|about\s+)?suicide|suicidal|self[\s-]harm(?:ing|ed)?)\b"
    r"|(?:^|\b(?:about|of|to|just|i)\s+)(?:thinking\s+(?:about|of)\s+)?end(?:ing)?\s+it\s+all\b|\bbetter\s+off\s+(?:dead\b|without\s+me\b)|\bsuicidal\s+thoughts\b|\bi\s+(?:was|were|had)\s+never\s+(?:been\s+)?born\b"
    r"|\b(?:no\s+(?:reason|point)\s+(?:to|in|of)|nothing\s+(?:left\s+)?to|not\s+worth|isn'?t\s+worth)\s+(?:liv(?:e|ing)\s+for|liv(?:e|ing)|go(?:ing)?\s+on)"
    + _ENDS +
    r"|不想(?:再)?活(?:了|下去)|活不下去|活着没有?(?:什么)?意(?:思|义)|不如死|(?:我|真的?|好|只|就)想(?:要)?死(?!你|他|她|这|那|我)"
    r"|(?:想|要|打算|准备)(?:要|去)?(?:自杀|自尽|轻生|自残|寻死|了结自己|结束(?:自己的)?生命)",
    re.IGNORECASE,
)  # fmt: skip
# In "a film where she says I don't want to live" and "do you have I Want to Die but …" nobody says it of themselves.
_OF_A_WORK = re.compile(
    r"\b(?:films?|movies?|books?|novels?|songs?|albums?|games?|story|stories|memoirs?|characters?|lyrics?|quote|line)\b[^.!?;]{0,40}"
    r"\b(?:about|where|who|whose|when|that|called|titled|named|says?|goes|with)\b[^.!?;]*$"
    r"|\b(?:something|anything|one)\s+(?:about|where|called)\b[^.!?;]*$"
    r"|\b(?:called|titled|named|have\s+you\s+got|do\s+you\s+(?:have|sell|stock)|looking\s+for|loved?|read|watched|seen)\s*[\"'“‘]?\W*(?:i\s*)?$"
    r"|[\"“‘《][^\"”’》]*$",
    re.IGNORECASE,
)
_WORK_AFTER = re.compile(r"的(?:电影|影片|片子?|书|小说|故事|游戏|歌|专辑|人|主角)|(?:小队|房间|俱乐部)")

_ONE = (
    r"(?:dads?|fathers?|mums?|moms?|mothers?|parents|sons?|daughters?|brothers?|sisters?|wife|husband|partner|boyfriend|girlfriend"
    r"|fianc[eé]e?|(?:best\s+)?friends?|gran(?:d(?:ma|pa|mother|father|dad|mum|mom)|dad)|gran|nan|nana|granny|aunt|aunty|uncle|cousin|baby|child"
    r"|nephew|niece|dogs?|cats?|puppy|kitten|rabbit|horse|hamster|parrot|pet|colleague|neighbou?r|twin)"
)
_MINE = rf"(?:my|our)\s+(?:(?:own|dear|poor|old|older|younger|little|big|late|beloved)\s+)*{_ONE}"
_THEN = (
    r"(?:\s+(?:just|recently|suddenly|yesterday|today|tonight|this\s+(?:morning|week|month|year)|last\s+(?:night|week|month|year)"
    r"|(?:a|two|three|\d)\s+\w+\s+ago|on\s+\w+day))*"
)
_OF_WHAT = r"(?:\s+(?:of|from|in|after)\s+(?:an?\s+|the\s+)?\w+)?"
_SO = r"(?:(?:so|really|very|quite|pretty|rather|a\s+bit|just|too|all|completely|totally|utterly|still|super)\s+)*"
_GRIEF = re.compile(
    rf"\b{_MINE}(?:\s+(?:has|have|just|recently|suddenly|had))*(?:'s)?\s+(?:died{_OF_WHAT}|passed\s+away{_OF_WHAT}|passed(?=\W*$|\s+(?:last|this|in)\b)"
    rf"|is\s+dead|is\s+dying(?!\s+(?:to|for)\b)|is\s+gone(?=\W*$|\s*[.,;!])|took\s+(?:his|her|their)\s+own\s+life){_THEN}"
    rf"|\b(?:i|we)(?:'ve|\s+have)?{_THEN}\s+(?:just\s+)?(?:lost|buried|had\s+to\s+put\s+down|(?:had\s+to\s+say|said)\s+goodbye\s+to)\s+{_MINE}(?:\s+to\s+\w+)?{_THEN}"
    rf"|\b(?:i(?:'m|\s+am)|we(?:'re|\s+are))\s+{_SO}(?:grieving|bereaved|in\s+mourning|mourning)(?:\s+(?:for\s+)?{_MINE})?"
    rf"|\b{_MINE}(?:'s|s')\s+(?:death|funeral|wake)\b|\b(?:came|come|back|home|got|just|coming)\s+from\s+a\s+funeral\b"
    rf"|\b(?:had|have|having)\s+a\s+miscarriage\b"
    r"|(?:我|我们|我家)的?(?:爸爸?|父亲|妈妈?|母亲|爷爷|奶奶|外公|外婆|姥姥|姥爷|老公|老婆|丈夫|妻子|男友|女友|儿子|女儿|哥哥?|弟弟?|姐姐?|妹妹?|朋友|狗狗?|猫猫?|猫咪)"
    r"[^，。,.！!？?]{0,6}?(?:去世|过世|走|死|离世|离开)了",
    re.IGNORECASE,
)
_HARDSHIP = re.compile(
    rf"(?:\b(?:i|we)(?:'m|'re|\s+am|\s+are|'ve\s+been|\s+have\s+been)?\s+|^|\band\s+|[.!,]\s+){_SO}(?:feel(?:ing)?\s+{_SO})(?:lonely|alone|isolated|sad|down|low|depressed|hopeless"
    r"|heartbroken|miserable|exhausted|drained|burn(?:t|ed)[\s-]?out|worn\s+out|unhappy|anxious|awful|lost|empty|rotten|ill|poorly|blue)\b(?!\s+(?:for|with|to|by|in|of|that|about)\b)"
    rf"|\bi(?:'m|\s+am|'ve\s+been|\s+have\s+been)\s+{_SO}(?:lonely|sad|depressed|heartbroken|miserable|exhausted|burn(?:t|ed)[\s-]?out|unhappy|homesick"
    r"|all\s+alone|going\s+through\s+(?:a\s+(?:divorce|break-?\s?up|hard|rough|tough|bad|difficult)(?:\s+\w+)?|chemo\w*|hell|a\s+lot)"
    r"|recovering\s+from\s+[^,.;!?]+|(?:very|seriously|terminally)\s+ill|ill\s+in\s+bed|(?:sick|poorly)\s+(?:in\s+bed|at\s+home)|in\s+hospital)\b(?!\s+(?:of|by|that|about|to)\b)"
    rf"|\b(?:we|me\s+and\s+{_MINE}|{_MINE}\s+and\s+(?:i|me))(?:'ve|\s+have)?{_THEN}\s+(?:just\s+)?(?:broken?|split)\s+up{_THEN}"
    rf"|\b(?:i|{_MINE})(?:'ve|\s+have)?\s+(?:just\s+)?(?:broke|broken|split)\s+up\s+with\s+(?:me|{_MINE}){_THEN}"
    rf"|\b(?:i(?:'ve|\s+have|'m|\s+am|\s+was)?|just)\s+(?:just\s+)?(?:got\s+|been\s+|getting\s+)?(?:dumped|divorced|laid\s+off|fired|made\s+redundant){_THEN}"
    rf"|\b{_MINE}\s+(?:has\s+)?(?:just\s+)?(?:left|dumped|cheated\s+on)\s+me{_THEN}|\b(?:after|since)\s+(?:my|our|a)\s+(?:break-?\s?up|divorce|diagnosis)\b"
    rf"|\bi(?:'ve|\s+have)?\s+(?:just\s+)?(?:been\s+diagnosed\s+with\s+\w+|lost\s+my\s+job|have\s+cancer|got\s+cancer|(?:a\s+)?broken\s+heart)\b"
    rf"|\b{_MINE}\s+(?:is|are)\s+(?:in\s+hospital|{_SO}(?:seriously\s+)?(?:ill|poorly))\b|\b{_MINE}\s+has\s+(?:cancer|dementia)\b"
    r"|我(?:们|今天|今晚|现在|最近|这几天|真的|感到|觉得|感觉|有点|有些|好|很|太|非常)*(?:孤独|寂寞|难过|伤心|抑郁|疲惫|失落|心碎|想哭|崩溃)(?!的)"
    r"|(?:我|我们)(?:刚刚?|最近|和[^，。,.]{1,6})*(?:分手|失恋|离婚)了?|我(?:刚刚?|最近)?(?:失业|病|生病|住院)了",
    re.IGNORECASE,
)
# "A film about how my dad died", "when I feel sad": of a work, or of no day in particular.
_NOT_TOLD = re.compile(
    r"\b(?:about|when|whenever|if|where|like|how|until|that|which|as\s+if|feels?|unless)(?:\s+(?:how|when))?\s+$",
    re.IGNORECASE,
)
_LEFT_OVER = re.compile(
    r"^(?:\W|\b(?:and|but|so|now|also|because|anyway|please|then|since|today|tonight|lately)\b)+|(?:\s|,|\b(?:and|but|because|since|so)\b)+$",
    re.IGNORECASE,
)


class Told(NamedTuple):
    """What is left of a message without the sorrow that it tells of; "" is none."""

    text: str
    sorrow: Sorrow | Literal[""]


def in_danger(text: str) -> bool:
    """Whether somebody says that they want to die or to hurt themselves: not of a work, nor by way of speaking."""
    return any(
        not _OF_A_WORK.search(text[: found.start()]) and not _WORK_AFTER.match(text, found.end())
        for found in _DANGER.finditer(text)
    )


def told(text: str) -> Told:
    """Part the sorrow that somebody tells of themselves from what they ask for."""
    found = {
        sorrow: [m.span() for m in pattern.finditer(text) if not _NOT_TOLD.search(text[: m.start()])]
        for sorrow, pattern in (("grief", _GRIEF), ("hardship", _HARDSHIP))
    }
    sorrow: Sorrow | Literal[""] = "grief" if found["grief"] else "hardship" if found["hardship"] else ""
    if not sorrow:
        return Told(text, "")
    left = blank(text, [*found["grief"], *found["hardship"]])
    return Told(re.sub(r"\s+", " ", _LEFT_OVER.sub("", left)).strip(), sorrow)
