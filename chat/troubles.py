"""Troubles: what has been bought and fails, or came too late or broken. It is for the shop's pages or for a person."""

from __future__ import annotations

import re

_BAD = (
    r"(?:broken|damaged|smashed|cracked|crushed|soaked|leaking|faulty|defective|torn|ripped|scratched|bent|dented|melted"
    r"|spoiled|mouldy|moldy|corked|empty|expired|warm|late|wrong|dead|missing)"
)
_DEVICE = (
    r"(?:laptop|computer|pc|mac|macbook|phone|tablet|ipad|kindle|tv|player|console|switch|playstation|ps\d|xbox|machine"
    r"|system|device)"
)
_BODY = r"(?:face|skin|scalp|eye(?:s|lids)?|lips?|hands?|neck|arms?|legs?|throat|mouth|stomach|hair|ears?|feet)"
_ALREADY = r"(?:(?:already|just|now|all|completely|totally|slowly)\s+)*"
_WHOM = r"(?:me|him|her|us|(?:my|our)\s+\w+)"
_HARMED = re.compile(  # what somebody suffers, from something bought or not
    rf"\b(?:my|his|her|our|their)\s+(?:\w+['’]s\s+)?{_BODY}\b[^.,;:!?\n]{{0,25}}\b(?:burn(?:s|ed|t|ing)|itch(?:es|ed|ing)"
    r"|stings|stung|hurts?|swelled|swollen|blisters?|blistered|peeling|bleeding|(?:went|turned|got|is|are)\s+(?:all\s+)?red"
    r"|broke\s+out|fell\s+out)\b",
    re.IGNORECASE,
)
_HARMS = re.compile(  # what a thing did to them
    rf"\b(?:burn(?:s|ed|t)|irritated|stung|ruined|hurt)\s+(?:my|his|her)\s+{_BODY}\b"
    rf"|\b(?:gave|given)\s+{_WHOM}\s+(?:an?\s+)?(?:\w+\s+)?(?:rash|hives|headache|burns?)\b"
    r"|\b(?:got|have|had)\s+an?\s+(?:\w+\s+)?(?:rash|reaction)\s+(?:from|to|after)\b"
    rf"|\bmade\s+{_WHOM}\s+(?:sick|ill)\b",
    re.IGNORECASE,
)
_USED = re.compile(  # and that it was bought
    r"\b(?:opened|used|using|tried|applied|bought|ordered|wore|ate|drank|after|since|from\s+(?:the|your|this)|refund|money\s+back|returns?)\b",
    re.IGNORECASE,
)
_MONEY_BACK = re.compile(
    r"\bi\s+(?:want|need|demand|expect)\s+(?:all\s+)?(?:my|the|a\s+(?:full\s+)?)\s*(?:money\s+back|refund)\b|\bgive\s+me\s+my\s+money\b|退钱|把钱退",
    re.IGNORECASE,
)
_PART = (
    r"(?:parts?|pieces?|bits?|screws?|bolts?|lids?|dice|die|cards?|cables?|chargers?|manuals?|instructions|legs?|wheels?"
    r"|keys?|caps?|handles?|straps?|tiles?|pages?|discs?)"
)
_INCOMPLETE = (
    r"\b(?:my|our|his|her|the|it|this|that|they|which|one)\b[^.,;:!?\n]{0,40}?(?:^|\s)"
    r"(?:came|arrived|turned\s+up|(?:was|were)\s+delivered)\s+(?:\w+\s+)?without\b"
    r"(?!\s+(?:any\s+|a\s+)?(?:problems?|trouble|issues?|delays?|damage|scratch|warning))",
    rf"\b(?:an?|one|two|three|some|several|the|its|\d+)\s+(?:of\s+the\s+|of\s+its\s+)?(?:\w+\s+)?{_PART}\s+(?:is|are|was|were|['’]s)\s+(?:still\s+)?missing\b",
    rf"\b(?:is|are|was|were|came|arrived|['’]s)\s+missing\s+(?:an?|one|two|three|some|several|the|its|\d+)\s+(?:\w+\s+)?{_PART}\b",
    r"少了(?:一|几|两)?[个块张颗只]|缺了?(?:零件|配件|一)",
)
_LACKS = re.compile("|".join(_INCOMPLETE), re.IGNORECASE)
_SENT = r"(?:(?:the|my|our|your)\s+(?:parcel|package|packet|order|delivery|shipment|stuff|box)|it|they)"
_TROUBLE = re.compile(
    "|".join(
        (
            *_INCOMPLETE,
            rf"\b(?:arrived|came|turned\s+up|delivered|got\s+here|reached\s+me)\s+(?:(?:all|completely|totally|half|very|too|a\s+bit)\s+)?{_BAD}\b",
            rf"\b(?:my|the|your|our|one\s+of\s+the|it|this|that|they)\b(?!\s+(?:heart|soul|life|world|family|marriage|mind|head|car|hero))"
            rf"[^.,;:!?\n]{{0,40}}(?:\s(?:is|was|are|were|got|has)|['’]s)\s+(?:(?:all|completely|totally|already)\s+)?(?!warm|late|wrong|dead|missing|empty){_BAD}\b",
            r"\b(?:won['’]?t|will\s+not|doesn['’]?t|does\s+not|no\s+longer|didn['’]?t|can['’]?t\s+get\s+\w+\s+to)\s+(?:even\s+)?"
            r"(?:play|open|start|load|download|work|close|install|run|charge|inflate|stream|(?:turn|switch|go|come|power)\s+on|light)(?!\s+(?:for|with)\b)\b",
            rf"\b(?:crash(?:es|ed)?|freezes|froze|stutters|lags|hangs)\s+(?:on|every|whenever|constantly)\b[^.;!?\n]*\b{_DEVICE}\b",
            rf"\b(?:my|the|your|its?|both|one)\b[^.,;:!?\n]{{0,40}}?(?:\s(?:is|are|was|were|has|have|keeps?)|['’]s|\s(?:left|right)\s+one)\s+{_ALREADY}"
            r"(?:(?:come|came|coming|fallen|falling|peeling|peeled|wearing|worn)\s+(?:off|loose|away|through|apart)|unravell?ing|splitting|fraying)\b",
            r"\b(?:my|the|its|both|one)\s(?!gloves\b|wheels\b|train\b)[^.,;:!?\n]{0,30}?\s(?:came|fell|broke|peeled|snapped)\s+(?:off|loose)\b",
            r"\b(?:the|its|their|both)\s+(?!other\s+(?:day|man|woman))(?:left|right|other|second|first|battery|screen|motor|speaker|charger)\b(?:\s+[\w-]+)?"
            rf"(?:\s(?:is|are|was|has|have|went)|['’]s)\s+{_ALREADY}(?:gone\s+|been\s+)?(?:dead|died|silent)\b",
            rf"(?:^|[,.;!]\s*)(?:left|right)\s+(?:one|\w+)\s+(?:is|has|went)\s+{_ALREADY}(?:dead|died|silent)\b",
            r"\b(?:keeps?|kept)\s+(?:crashing|freezing|stopping|skipping|buffering|leaking|falling\s+apart)\b",
            r"\b(?:stopped|isn['’]?t|not|never)\s+working\b|\b(?:fell|came|falling|coming)\s+apart\b",
            r"\bmy\b[^.,;:!?\n]{0,40}\s(?:leaks|leaked|broke(?!\s+(?:down|up|his|her|my|their|a))|tore|ripped|burst|snapped)\b",
            r"\b(?:my|the|your|that)\b[^.,;:!?\n]{0,40}\b(?:bottle|cheese|wine|tea|chocolate|jar|tin|pack|box|one)s?\s+(?:tasted|smelled|smelt|tastes|smells)\b",
            r"\b(?:has|have)(?:n['’]?t|\s+not|\s+never|\s+still\s+not)\s+(?:yet\s+)?(?:arrived|come|turned\s+up)\b|\bnever\s+(?:arrived|turned\s+up)\b",
            rf"\b{_SENT}\s+(?:has\s+)?never\s+(?:came|come|got\s+here|showed\s+up|shown\s+up|reached)\b(?!\s+(?:back|out|off|true|home))",
            rf"\b{_SENT}\s+(?:still\s+)?(?:is\s?n['’]?t|is\s+(?:still\s+)?not|are\s?n['’]?t|are\s+(?:still\s+)?not)\s+(?:yet\s+)?here\b",
            r"\b(?:the|my|your|its?)\s+tracking\b[^.;!?\n]{0,20}\b(?:has\s?n['’]?t|has\s+not|does\s?n['’]?t|did\s?n['’]?t|never)\s+"
            r"(?:been\s+)?(?:moved?|changed?|updated?)\b",
            r"\b(?:the|my|your)\s+(?:game|app|program|software|installer)\s+(?:always\s+|just\s+|still\s+)?(?:crash(?:es|ed)?|freezes|froze|hangs)\b"
            r"(?!\s+(?:course|out|into|with))",
            r"\bit['’]?s\s+been\s+(?:\d+|two|three|four|five|six|several|many)\s+(?:hours?|days?|weeks?)\b(?!\s+since)",
            r"坏了|打不开|播放不了|碎了|漏了|还没(?:到|收到)|一直没到",
        )
    ),
    re.IGNORECASE,
)  # fmt: skip
_LATE = re.compile(
    rf"\b(?:arrived?|come|turned\s+up|late|it['’]?s\s+been|tracking)\b|\b{_SENT}\b[^.;!?\n]{{0,25}}\b(?:came|here|showed\s+up)\b|没到|收到",
    re.IGNORECASE,
)
_WISHES = re.compile(  # "something for when my laptop won't start"
    r"\b(?:recommend|suggest|i\s+(?:want|need)|i(?:['’]d|\s+would)\s+like|looking\s+for|mood|something|anything|what\s+(?:should|can|could)\s+(?:i|we)(?!\s+do\b)|(?:an?|any|some|more)\s+\w*\s*(?:film|movie|book|novel|game|album|course)s?"
    r"|films?|movies?|novels?|stor(?:y|ies)|about|where|whose|next)\b|推荐|电影|小说",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:recommend|suggest|(?:do|have)\s+you\s+(?:have|got)|something|anything|what\s+(?:should|can|could)\s+(?:i|we)|looking\s+for|instead)\b|推荐",
    re.IGNORECASE,
)

_SUPPOSED = re.compile(
    r"\b(?:if|in\s+case|unless|whether|suppose)\b[^.;!?\n]*$|(?:如果|万一)[^。；！？]*$", re.IGNORECASE
)


def troubled(text: str) -> bool:
    """Whether a message tells of something bought that fails, rather than supposing it, and wishes for nothing."""
    if _MONEY_BACK.search(text) or _HARMS.search(text) or (_HARMED.search(text) and _USED.search(text)):
        return not _ADVICE.search(text)
    told = any(not _SUPPOSED.search(text[: match.end()]) for match in _TROUBLE.finditer(text))
    return told and not _WISHES.search(_TROUBLE.sub(" ", text))


def fails(text: str) -> bool:
    """Whether what is told to be wrong is the thing itself: it came whole and in time, and hurt nobody."""
    harms = _HARMS.search(text) or _HARMED.search(text) or _MONEY_BACK.search(text)
    return troubled(text) and not (late(text) or harms or incomplete(text))


def late(text: str) -> bool:
    """Whether what is told to be wrong is that something has not come, or came too late."""
    return _LATE.search(text) is not None


def demands(text: str) -> bool:
    """Whether somebody demands the money back."""
    return _MONEY_BACK.search(text) is not None


def incomplete(text: str) -> bool:
    """Whether a message tells that something is missing of what came."""
    return _LACKS.search(text) is not None
