"""What a message tells of people and of ways, in numbers: heights, ages, heads, weights, and how far it is to work.

Such a number says nothing of the goods themselves, but for whom they are to be: a column of ranges answers it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval import units
from retrieval.heads import heads
from retrieval.numbers import COUNTS, has_number
from retrieval.text import decimal

_KIN = (
    r"(?:son|daughter|kid|child|boy|girl|toddler|baby|mother|father|m[uo]m|dad|wife|husband|partner|girlfriend|boyfriend"
    r"|friend|sister|brother|niece|nephew|grand\w+|aunt|uncle|colleague|man|woman|lady|guy|person|(?:\d+|\w+)[\s-]year[\s-]old)"
)
_ANIMAL = (
    r"(?:dog|cat|puppy|kitten|pup|pet|horse|pony|rabbit|hamster|ferret|bird|parrot|hound|retriever|shepherd|terrier|spaniel"
    r"|springer|labrador|lab|poodle|dachshund|bulldog|beagle|collie|husky|pug|chihuahua|staffie|coon|siamese|mongrel)"
)
_WHO = rf"(?:\b(?:i|he|she|they|who)|\b{_KIN})"
_IS = r"(?:['’](?:m|s|re)\b|\s+(?:am|is|are|was|measures?|stands?))"
_SO = r"\s+(?:(?:about|around|roughly|only|just|almost|nearly|like|now|already|approx\.?|approximately|exactly)\s+)*"
_LONG = (
    r"(?:(?P<mm>[12])\s*(?:m|met(?:er|re)s?|米)\s*(?P<rest>\d{1,2})(?!\d)"
    r"|(?P<m>[12](?:[.,]\d{1,2})?)\s*(?:m|met(?:er|re)s?|米)(?![a-z])"
    r"|(?P<cm>\d{2,3}(?:[.,]\d)?)\s*-?(?:cms?|centimet(?:er|re)s?|厘米|公分)(?![a-z])"
    r"|(?P<ft>\d)\s*(?:['’′]|ft\.?|foot|feet)\s*(?P<in>\d{1,2})?(?:[\"”″]|['’′]{2}|\s*in(?:ch(?:es)?)?\b)?(?!\w))"
)
_OTHER = rf"(?:euros?|dollars?|pounds?|bucks?|quid|[€$£%]|{units.pattern()})"
_BARE = rf"(?:(?P<bm>[12][.,]\d{{2}})|(?P<bcm>1\d{{2}}|20\d|210))(?!\d|[.,]\d|\s*-?{_OTHER})"
_FITS = r"\b(?:fit|fits|suit|suits|sit|ride|for|on\s+it)\b[^.?!]{0,25}?"
_HEIGHTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_WHO}{_IS}{_SO}{_LONG}(?:\s*(?:tall|in\s+height))?",
        rf"{_WHO}{_IS}{_SO}{_BARE}(?:\s*tall)?",
        rf"{_FITS}\b(?:at|with|being|of)\s+(?:{_LONG}|{_BARE})",
        rf"(?:\bheight|身高)\s*(?:is|of|:|是|：)?\s*(?:about\s+)?(?:{_LONG}|{_BARE})",
        rf"^\W*(?:and\s+|at\s+)?{_BARE}\W*$",
    )
)
_PLAIN = re.compile(rf"(?<![\w.,-]){_LONG}(?:\s*tall)?", re.IGNORECASE)
_KINS = (
    r"(?:kids|children|boys|girls|sons|daughters|twins|triplets|toddlers|nephews|nieces|grand(?:kids|children|sons|daughters)"
    r"|brothers|sisters|little\s+ones)"
)
_AGE = rf"(?:\d{{1,2}}(?!\d)|(?:{'|'.join(COUNTS)})\b)(?:\s+and\s+a\s+half|\s*½|[.,]5(?!\d))?"
_TO = r"\s*(?:and|&|\+|or|to|/|-|–)\s*(?:an?\s+)?"
_SPAN_OF_AGES = rf"(?P<ages>{_AGE}(?:{_TO}{_AGE})*)"
_LIST_OF_AGES = rf"(?P<ages>{_AGE}(?:(?:\s*,|{_TO})\s*{_AGE})*)"
_YEARS_OR_MONTHS = r"(?:(?P<months>months?|mths?|mos?)|(?P<weeks>weeks?|wks?)|(?P<days>days)|years?|yrs?)"
_NO_UNIT = rf"(?!\s*(?:{units.pattern()}))"
_AGES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_SPAN_OF_AGES}[\s-]*{_YEARS_OR_MONTHS}[\s-]*olds?\b",
        rf"\b{_SPAN_OF_AGES}\s*(?:yo|y/o|yrs?)\b",
        rf"\b(?:aged?|ages|turns?|turning|turned)\s+(?:about\s+)?{_LIST_OF_AGES}(?:\s*{_YEARS_OR_MONTHS}\b|{_NO_UNIT})",
        rf"{_WHO}{_IS}{_SO}{_LIST_OF_AGES}(?:\s*{_YEARS_OR_MONTHS}\b)?"
        r"(?=\s*(?:$|[,;.!?)](?!\d)|(?:and|next|this|in|now|soon|but|on|so)\b))",
        rf"\b{_KIN}\s*[(,]\s*{_LIST_OF_AGES}(?:\s*{_YEARS_OR_MONTHS}\b)?(?=\s*(?:[).,;!?](?!\d)|$))",
        rf"\b{_KINS}\s*(?:[(,:]\s*|\s(?:who\s+are|are|of|aged?)\s+)(?:aged?\s+)?{_LIST_OF_AGES}{_NO_UNIT}",
        rf"\b{_KINS}\s+(?P<ages>{_AGE}(?:(?:\s*,|{_TO})\s*{_AGE})+){_NO_UNIT}",
        r"(?P<ages>\d{1,2})\s*(?:岁(?P<half>半)?|(?P<months>个月大?))",
    )
)
_THING_IS = re.compile(  # "our tv is maybe 10 years old"
    r"\b(?:tv|telly|television|laptop|computer|pc|mac|i?phone|tablet|i?pad|monitor|screen|keyboard|printer|router|console|speakers?|headphones"
    r"|earbuds|camera|car|bike|bicycle|tent|house|flat|kitchen|sofa|couch|bed|mattress|chairs?|table|wardrobe|kettle|machine|toaster|fridge|oven"
    r"|hob|pans?|pots?|knife|knives|shoes|boots|trainers|jacket|rucksack|backpack|pair|battery|plant|tree|old\s+ones?|mine|it|which)"
    r"(?:\s+(?:is|are|was|were|must\s+be|will\s+be|has\s+been|would\s+be)|['’]s)\s+(?:(?:now|about|around|maybe|probably|roughly|almost|nearly|over|at\s+least|like|already|only)\s+)*$",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_ONE_AGE = re.compile(_AGE, re.IGNORECASE)
_NEWBORN = re.compile(
    r"\bnew[\s-]?borns?\b|\b(?:a|the|their|her|our|his)\s+new\s+baby\b|\bbaby\s+shower\b"
    r"|\b(?:just|recently|(?:has|have|['’]s|['’]ve)(?:\s+\w+)?)\s+had\s+(?:an?|their|her|our|the)\s+(?:\w+\s+)?(?:baby|girl|boy|daughter|son|child)\b"
    r"|\bexpecting\s+(?:(?:an?|their|her|our)\s+)?(?:\w+\s+)?(?:baby|child|girl|boy|twins)\b|\bbecoming\s+(?:parents|a\s+(?:mum|mom|dad))\b"
    r"|刚出生|新生儿",
    re.IGNORECASE,
)
_SIZED = rf"(?<![\w.,])(\d{{1,4}}(?:[.,]\d{{1,2}})?)\s*-?({units.pattern()})"
_PART = (
    r"(head|waist|chest|bust|hips?|inseam|inside\s+leg|wrist"
    r"|(?:my|his|her|their)\s+(?:foot|feet|hands?|palms?|arms?|legs?|ankles?|cal(?:f|ves)|thighs?|neck|shoulders?))"
)
_SO_BIG = (
    r"(?:circumference|size|length|width|measures?|is|are|of|around|about|with|quite|very|rather|pretty|only|just"
    r"|small|big|large|wide|narrow)"
)
_PARTED = re.compile(
    rf"{_SIZED}\s+(?:\w+\s+)?{_PART}\b|\b{_PART}(?:[\s,]+{_SO_BIG})*\s*[:=,]?\s*{_SIZED}"
    r"|(头围|腰围|胸围)\s*(?:是|：|:)?\s*(\d+)\s*(?:cm|厘米|公分)?",
    re.IGNORECASE,
)
_PARTS_ZH = {"头围": "head", "腰围": "waist", "胸围": "chest"}
_KILOS = r"(?P<n>\d+(?:[.,]\d+)?)\s*-?(?P<unit>kgs?|kilos?|kilograms?|lbs?|公斤|千克)"
_WEIGHTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:i|he|she|they|who|{_KIN}|{_ANIMAL})\s+weighs?{_SO}{_KILOS}\b",
        rf"(?:\b(?:i|he|she|they)\b[^.?!;]{{1,40}}?\band\s+|^\W*(?:and\s+)?)weighs?{_SO}{_KILOS}\b",
        rf"\b(?:体重|重)\s*(?:是|：|:)?\s*{_KILOS}",
        rf"{_WHO}{_IS}{_SO}(?:an?\s+)?{_KILOS}\b(?!\s+too)",
        rf"\b{_ANIMAL}{_IS}?\s*[,(]?{_SO}{_KILOS}\b(?!\s+too)",
    )
)
_SOME_KILOS = re.compile(rf"(?<![\w.,-]){_KILOS}\b", re.IGNORECASE)
_PACKED = re.compile(r"\s*(?:bags?|sacks?|packs?|packets?|box(?:es)?|tubs?|tins?|of)\b|\s+too\b", re.IGNORECASE)
_FAR = r"(?<![\w.,])\d{1,4}(?:[.,]\d{1,2})?\s*-?\s*(?:km|kms|kilomet(?:er|re)s?|miles?|met(?:er|re)s|公里|米)"
_DAILY = r"(?:each\s+way|one\s+way|both\s+ways|there\s+and\s+back|round\s+trip|(?:a|per|each|every)\s+day|daily|away)"
_WAY = re.compile(
    rf"(?:(?:commut\w+|distance|way\s+to\s+\w+)\b[^.?!,;]{{0,25}}?)({_FAR})\b"
    rf"|({_FAR})(?:\s+\w+)?\s+(?:{_DAILY}|commute|to\s+(?:my\s+|the\s+)?(?:work|school|office|station|uni\w*|job)|from\s+(?:home|work|here)|on\s+(?:it|them|these|those|the\s+clock))\b",
    re.IGNORECASE,
)
_OF_GOODS = re.compile(
    r"\s*(?:[-–x×]|by\b|wide|long|deep|high|thick|or\s+(?:more|less|over|under|longer|shorter)|max|min)"
)
_BOUND = re.compile(
    r"(?:under|below|over|above|than|least|most|up\s+to|max\w*|min\w*|from|[-–<>=x×]|to)\s*(?:about\s+)?$"
)
_TALL = (50.0, 215.0)  # centimetres of a person, small or big


@dataclass(frozen=True, slots=True)
class Told:
    """A number that a message tells of a person or a way, in `text[start:end]`.

    Attributes:
        part: "height", "age", "weight", a part of the body, "people" (how many they are), or "way".
        value: in centimetres, years, kilograms or heads; of a way it is not needed.
        plain: nothing says that it is of a person, or that the thing is for them.
    """

    start: int
    end: int
    part: str
    value: float
    plain: bool = False


def told(text: str) -> Iterator[Told]:
    """Yield what a message tells of people and ways, each number once."""
    taken: list[tuple[int, int]] = []
    counted = (Told(one.start, one.end, "people", float(one.count), one.plain) for one in heads(text))
    measured = (_ways, _parts, _heights, _weights) if _DIGIT.search(text) else ()
    for found in (*(one for read in measured for one in read(text)), *_ages(text), *counted):
        if not any(start < found.end and found.start < end for start, end in taken):
            taken.append((found.start, found.end))
            yield found


def tells_of_thing(before: str) -> bool:
    """Whether what stands before an age tells that it is one of a thing that somebody has: "the tv is maybe"."""
    return _THING_IS.search(before) is not None


def _ways(text: str) -> Iterator[Told]:
    for match in _WAY.finditer(text):
        yield Told(*match.span(1 if match[1] else 2), "way", 0.0)


def _parts(text: str) -> Iterator[Told]:
    for match in _PARTED.finditer(text):
        if match[8]:
            yield Told(*match.span(), _PARTS_ZH[match[7]], float(match[8]))
            continue
        amount, unit, part = (match[1], match[2], match[3]) if match[1] else (match[5], match[6], match[4])
        known = units.said(unit)
        if known.dimension == "size":
            name = part.split()[-1] if not part.startswith("inside") else "inseam"
            name = {"hips": "hip", "feet": "foot"}.get(name, name)
            yield Told(*match.span(), name, decimal(amount) * known.size)


def _heights(text: str) -> Iterator[Told]:
    for pattern in (*_HEIGHTS, _PLAIN):
        for match in pattern.finditer(text):
            value, plain = _centimetres(match.groupdict()), pattern is _PLAIN
            if plain and (_OF_GOODS.match(text, match.end()) or _BOUND.search(text[: match.start()])):
                continue
            if _TALL[0] <= value <= _TALL[1]:
                yield Told(*match.span(), "height", round(value, 1), plain)


def _centimetres(said: dict[str, str | None]) -> float:
    if metres := said.get("m") or said.get("bm"):
        return 100 * decimal(metres)
    if metres := said.get("mm"):
        rest = said["rest"] or "0"
        return 100 * float(metres) + float(rest) * (10 if len(rest) == 1 else 1)
    if feet := said.get("ft"):
        return float(round(30.48 * float(feet) + 2.54 * float(said["in"] or 0)))
    return decimal(said.get("cm") or said.get("bcm") or "0")


def _weights(text: str) -> Iterator[Told]:
    for pattern in (*_WEIGHTS, _SOME_KILOS):
        for match in pattern.finditer(text):
            plain = pattern is _SOME_KILOS
            goods = _PACKED.match(text, match.end()) or _BOUND.search(text[: match.start()])
            if not (plain and goods):
                value = decimal(match["n"]) * (0.4536 if match["unit"].startswith("lb") else 1.0)
                yield Told(*match.span(), "weight", round(value, 2), plain)


def _ages(text: str) -> Iterator[Told]:
    """Yield the ages told of; each of several ("kids of 8 and 11") has a place of its own."""
    for pattern in _AGES if has_number(text) else ():
        for match in pattern.finditer(text):
            if tells_of_thing(text[: match.start()]):
                continue
            said = match.groupdict()
            share = 12 if said.get("months") else 52 if said.get("weeks") else 365 if said.get("days") else 1
            ages = list(_ONE_AGE.finditer(text, *match.span("ages")))
            for at, one in enumerate(ages):
                start = one.start() if at else match.start()
                end = one.end() if at + 1 < len(ages) else match.end()
                yield Told(start, end, "age", (_years(one.group()) + 0.5 * bool(said.get("half"))) / share)
    for match in _NEWBORN.finditer(text):
        yield Told(*match.span(), "age", 0.0, plain=True)


def _years(said: str) -> float:
    """Return what "2", "two", "2,5" and "two and a half" are."""
    digits = re.match(r"\d+", said)
    whole = float(digits.group() if digits else COUNTS[said.split()[0].casefold()])
    return whole + 0.5 * bool(re.search(r"half$|½$|[.,]5$", said, re.IGNORECASE))
