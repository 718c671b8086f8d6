"""Names: which works a message names, asks for or knows, ours and not ours, and which of several of one name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chat.typed import FILLER, STOPWORDS, asides, telling_words
from retrieval.cues import PRONOUNS, Mention, quoted_spans
from retrieval.lexicon import canonical, vocabulary
from retrieval.linking import TitleLinker
from retrieval.numbers import blank
from retrieval.parsing import Parser
from retrieval.text import is_cjk, tokenize, words

HAVE = re.compile(
    r"\bdo\s+you\s+do\s+(?!it\b|this\b|that\b|with\b|when\b|if\b|for\b|you\b)|\b(?:do|did|would)\s+you\s+(?:guys\s+|still\s+){0,2}(?:have|sell|carry|stock|offer)\b|\bhave\s+you\s+(?:still\s+)?got\b|\byou\s+got\b|\bis\s+there\b"
    r"|\bgot\s+any\b|\bcan\s+i\s+(?:buy|get|rent|order)\b|\b(?:i\s+am|i'?m)?\s*looking\s+for\b|\bwhere\s+is\b(?!\s+my\b)"
    r"|有没有|有卖|卖不卖|找一?下|你们有",
    re.IGNORECASE,
)
HAVE_IT = re.compile(
    r"\b(?:do\s+you\s+(?:still\s+)?(?:have|sell|stock|carry|offer|do)|can\s+i\s+(?:buy|get|have))\s+(?:it|this|that)(?:\s+one)?\b\W*(as\b|for\b|in\b|on\b|with\b)?",
    re.IGNORECASE,
)
_WITHIN = re.compile(  # "is there booze in that one?"
    r"is\s+there\s+(?:\S+\s+){1,4}?(?:in|inside|on)\s+(?:that|this|it|them|those|these)\b", re.IGNORECASE
)
_ANY_THING = frozenset({"thing", "things", "stuff"})  # "is there a thing for that?"
_LEFT = re.compile(r"\s+left\b", re.IGNORECASE)  # "how many of those do you have left?"
MEANT = re.compile(r"I meant\b")  # as `chat.corrections` begins what insists on a title
_THERE = re.compile(r"(?:is|are)\s+there\b", re.IGNORECASE)
_THE_ONE = re.compile(r"(?:the|that|your)\s+(\S+(?:\s+\S+)?)\s+ones?", re.IGNORECASE)
_IN = re.compile(r"\bin\s+(?:the\s+|your\s+)?$", re.IGNORECASE)
# What is asked about a title in words that name it, known or not.
ABOUT_TITLE = re.compile(
    r"\b(?:is|are)\s+(?P<a>[^?!;\n]+?)\s+(?:in\s+stock|available)\b|\bhow\s+(?:much|long|expensive|pricey|costly)\s+(?:is|does)\s+(?P<b>[^?!;\n]+?)(?:\s+cost|\s+run)?\W*$"
    r"|\b(?:what|how\s+much)\s+(?:would|will|does|do)\s+(?P<f>[^?!;\n]+?)\s+(?:cost|set)(?:\s+(?:me|us)(?:\s+back)?)?\W*$"
    r"|\bwho\s+(?:directed|wrote|made|makes|composed|developed|created|recorded|sings|teaches)\s+(?P<c>[^?!;\n]+?)\W*$"
    r"|\bwhat(?:'?s|\s+is)\s+the\s+(?:\w+\s+){1,2}of\s+(?P<e>[^?!;\n]+?)\W*$|\btell\s+me\s+(?:more\s+)?about\s+(?P<d>[^?!;\n]+?)(?:\s+(?:then|please|now|instead))?\W*$"
    r"|\bwhat(?:'?s|\s+is)\s+(?P<g>[^?!;,\n]+?)\s+about\W*(?:$|[?!])|\bwhat\s+(?P<h>[^?!;,\n]+?)\s+is\s+about\W*(?:$|[?!])",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=\bnot )[A-Z]\w+|(?<!^)(?<![.!?]\s)\b[A-ZÀ-Ý][\w'’-]+(?:\s+[A-ZÀ-Ý][\w'’.-]+)+")
HOLDS = re.compile(  # "is there any violence in the first one?", "is there chicken in it?", "is there a lid on it?"
    r"\b(?:is|are)\s+there\s+(?:(?:any|an?|much|many|lots?\s+of|a\s+lot\s+of)\b[^.?!]*\bin\s+(?:it|that|this|the\s+\w+\s+(?:one|film|book|game|album))\b"
    r"|[^.?!]{1,40}?\b(?:in|inside|on|with)\s+(?:it|them)\b\W*(?:$|[.?!]))",
    re.IGNORECASE,
)
_LIKENESS = re.compile(r"类似|相似|别的|其[他它]|这样|那样|一样|便宜|更")  # what is asked for by these is no title
_KIND_BEHIND = re.compile(  # "Dune the book"
    r",?\s+\(?(?:the\s+)?(\w+)\b\)?(?!,?\s+(?:and|or|vs)\s+the\b)", re.IGNORECASE
)
_CAPITAL = r"(?!I\b)[A-ZÀ-Ý][\w'’-]*"
TITLED = re.compile(
    rf"\b(?:(?:A|An|The)\s+)?[A-ZÀ-Ý][\w'’-]*(?::?\s+(?:(?:of|the|a|an|in|on|and|to|for|from|at|with|no|my|de|la|le|du)\s+){{0,3}}{_CAPITAL}|\s+\d{{1,4}}\b)*"
)
_MORE_NAME = re.compile(rf"(?:\s{_CAPITAL})*")
TOLD_BY = frozenset(
    """
    love loved like likes liked enjoyed enjoys adore adored adores watch watched watching seen saw read reading
    play played playing finish finished hated rewatched reread obsessed called vs versus did tried done
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_AMOUNTS = frozenset("around about under over maybe max below above from until before after since".split())  # noqa: SIM905
_ASKS = r"(?:how|what|when|who|where|which|is|are|can|could|do|does)"  # begins another question
_LIKENED = re.compile(
    r"\b(?:like|similar\s+to|(?:i|we|he|she|they)\s+(?:really\s+|all\s+)?(?:loved|liked|enjoyed|adored))\s+$",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\s*(?:$|[.,;!?])")
_SHARED = 2  # titles that a word may be in and still tell one: "the klimt one"
_NEAR = 3  # words between what one does with a work and its name, itself included
_MEDIA: Mapping[str, str] = {
    "watch": "film", "watched": "film", "watching": "film", "saw": "film", "rewatched": "film", "directed": "film",
    "filmed": "film",
    "read": "book", "reading": "book", "reread": "book", "wrote": "book", "teaches": "course",
    "play": "game", "played": "game", "playing": "game", "developed": "game",
    "composed": "album", "sings": "album", "recorded": "album",
}  # fmt: skip
_ANYTHING_LIKE = re.compile(  # "do you have anything like Twin Peaks?" asks for no title
    r"\s*(?:anything|something|any\s+\w+|some\s+\w+|stuff|more)\s+(?:\w+\s+)?(?:like|similar\s+to|close\s+to|(?:in|along)\s+the\s+(?:vein|lines?|spirit|style|manner)\s+of)\b",
    re.IGNORECASE,
)
_ANYTHING_WITH = re.compile(  # nor does "is there something with Gene Kelly?"
    r"\s*(?:anything|something|stuff|(?:any|some)\s+\w+)\s+(?:\w+\s+)?(?:with|starring|featuring|by|from|about|that|which|to|for|against)\b",
    re.IGNORECASE,
)
_CLAUSE = frozenset(
    {"i", "we", "that", "which", "where", "who", "to", "with", "about", "for"}
)  # begin no title asked for
_OF_KIND = re.compile(
    r"\W*(?:any\s+|an?\s+)?(?:film|movie|book|novel|game|album|course)s?\s+(?:on|in|like)\b", re.IGNORECASE
)
_LIMITS = frozenset({"from", "by", "before", "after", "since", "under", "below"})  # nor do these
LISTED = frozenset({",", "and", "or", "&", ", and", ", or", "vs", "/"})


def inside(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a message asks what is in a work or a thing that it names: "is there pork in the salami?"."""
    have = HAVE.search(text)
    there = have is not None and _THERE.match(have.group()) is not None
    return there and any(_IN.search(text[: m.start]) for m in mentions)


def has(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a message asks if we have a title that it names: not in "I loved Solaris. Do you have a comedy?"."""
    have = HAVE.search(text)
    if have is None or inside(text, mentions) or _WITHIN.search(text):
        return False
    return HAVE_IT.search(text) is not None or any(m.start > have.start() for m in mentions)


def _quoted_title(text: str, mentions: Sequence[Mention], linker: TitleLinker) -> str:
    """Return what stands in quotation marks as a title does and is none of ours, "" if nothing."""
    for quoted in quoted_spans(text):
        start = text.find(quoted)
        if (quoted.islower() and not HAVE.search(text)) or _ANYTHING_LIKE.match(quoted):
            continue  # she has seen it "like a hundred times"
        explained = any(m.start == start and len(words(m.surface)) == len(words(quoted)) for m in mentions)
        if telling_words(quoted) and not explained and not linker.exact(quoted):
            return quoted
    return ""


def asked_title(text: str, linker: TitleLinker, parser: Parser) -> tuple[str, list[Mention]]:
    """Return the title that is asked for but not ours, if any, and the titles that are ours."""
    mentions = linker.link(text, parser.phrases.common_words)
    quoted = _quoted_title(text, mentions, linker)
    if quoted:
        start = text.find(quoted)
        return quoted, [m for m in mentions if start > m.start or m.start > start + len(quoted)]
    about = ABOUT_TITLE.search(text)
    if about is not None and about.lastgroup != "e" and not mentions:  # "the capital of France" asks for no title
        thing = next(g for g in about.groups() if g)
        tokens = tokenize(thing)
        if any(thing[t.start].isupper() for t in tokens) and len(tokens) <= 8:
            return thing, []
    have = HAVE.search(text)
    if (
        have is None
        or HAVE_IT.search(text)
        or HOLDS.search(text)
        or _LEFT.match(text, have.end())
        or _WITHIN.match(text, have.start())
        or any(p.match(text, have.end()) for p in (_ANYTHING_LIKE, _ANYTHING_WITH))
    ):
        return "", mentions
    thing = re.split(
        rf"[?!;。？！；\n]|(?<!\b[A-Z])\.\s|(?:,|\bbut\b|\bor\s+(?:something|anything)\b|\band\s+{_ASKS}\b)",
        text[have.end() :],
    )[0]
    thing = re.sub(
        r"^\W*(?:(?:the|a|an|any)\s+)?(?:(?:film|movie|book|novel|game|album|course)s?\s+)(?:called\s+|named\s+)?"
        r"|\s+(?:in\s+stock|available|on\s+(?:dvd|blu-?ray|vinyl)|there|吗|呢)\W*$",
        "",
        thing,
        flags=re.IGNORECASE,
    ).strip(" \t'\"“”《》吗呢")
    start = text.find(thing)
    one = _THE_ONE.fullmatch(thing)  # "the klimt one" is no title, but says which one
    if one and 0 < len(found := linker.having(one[1])) <= _SHARED:
        return "", [*mentions, Mention(found, start, start + len(thing), thing, "alias", 1.0)]
    inside = [m for m in mentions if start <= m.start and m.end <= start + len(thing)]
    tokens = [t for t in tokenize(thing)]
    covered = [t for t in tokens if any(m.start - start <= t.start < m.end - start for m in inside)]
    if not thing or (inside and len(covered) == len(tokens)) or (tokens and tokens[0].norm in _LIMITS):
        return "", mentions
    told = not telling_words(blank(thing, asides(thing))) or _OF_KIND.match(text, have.end()) is not None
    told = told or bool(tokens and tokens[0].norm in _CLAUSE) or _read(f"by {thing}", parser)
    if not inside and not is_cjk(thing) and told:
        return "", mentions  # "do you have a present for my dad?", "looking for a novel I read at school", "Tarkovsky?"
    parsed = parser.parse(thing, [(m.start - start, m.end - start) for m in inside])
    unknown = [
        t
        for t in tokens
        if t not in covered and t.norm not in FILLER | _ANY_THING and not any(s <= t.start < e for s, e in parsed.spans)
    ]
    if not unknown or parsed.relative:
        return "", mentions
    titled = any((thing[t.start].isupper() and t.norm != "i") or t.norm.isdigit() for t in unknown) or (
        any(t.norm.isdigit() for t in tokens) and bool(covered)
    )
    if (
        titled
        or (is_cjk(thing) and len(thing) <= 12 and not parsed.spans and not _LIKENESS.search(thing))
        or not (
            parsed.spans
            or is_cjk(thing)
            or any(linker.knows(t.norm) or linker.knows(t.norm.removesuffix("s")) for t in unknown)
        )
        or (len(tokens) <= 6 and any(score >= 75 for _, score in linker.nearest(thing, 1)))  # which takes milliseconds
    ):
        return thing, [m for m in mentions if m not in inside]
    return "", mentions


def asked_about(text: str, linker: TitleLinker) -> Mention | None:
    """Return the title of ours that a question is about by the way it is put, in capitals or not: "who wrote dune"."""
    about = ABOUT_TITLE.search(text)
    group = about.lastgroup if about is not None else None
    if about is None or group is None:
        return None
    start, end = about.span(group)
    start += len(re.match(r"(?:(?:the|your)\s+)?", text[start:end], re.IGNORECASE).group())  # type: ignore[union-attr]
    thing = text[start:end]
    if thing.islower() and PRONOUNS.issuperset(words(thing)):
        return None  # "how much is it?" asks of no novel of that name
    positions = linker.exact(text[about.start(group) : end]) or linker.exact(thing)
    return Mention(positions, start, end, thing, "title", 1.0) if positions else None


def disambiguated(
    text: str, mentions: Sequence[Mention], linker: TitleLinker
) -> tuple[list[Mention], list[tuple[int, int]]]:
    """Let "the film Solaris" and "Solaris (1972)" mean one of the works of that name; return those words' spans too."""
    kept: list[Mention] = []
    spans: list[tuple[int, int]] = []
    for mention in mentions:
        positions = mention.positions
        before = re.search(r"(\w+)\W{1,2}$", text[: mention.start])
        kind = canonical("kind", before[1]) if before else ""
        if before and kind in vocabulary("kind"):
            positions = linker.narrowed(positions, kind=kind)
            spans.append((before.start(1), before.end(1)))
        behind = _KIND_BEHIND.match(text, mention.end)
        if behind and canonical("kind", behind[1]) in vocabulary("kind"):
            positions = linker.narrowed(positions, kind=canonical("kind", behind[1]))
            spans.append(behind.span())
        verbs = (w for w in reversed(words(text[: mention.start])[-_NEAR:]) if w in _MEDIA)
        verb = next(verbs, "")  # what one has "read", or somebody "wrote", is a book
        positions = linker.narrowed(positions, kind=_MEDIA.get(verb, "")) or positions
        made, end = linker.by_their_maker(text, mention)
        if made:  # "Blue by Joni Mitchell" asks for nothing else of hers
            positions = made
            spans.append((mention.end, end))
        after = re.match(r"\s*[(（,]?\s*(?:from\s+)?(\d{4})\s*[)）]?", text[mention.end :])
        if after and (same_year := linker.narrowed(mention.positions, year=int(after[1]))):
            positions = same_year
            spans.append((mention.end, mention.end + after.end()))
        kept.append(replace(mention, positions=positions or mention.positions))
    return kept, spans


def strange_titles(
    text: str,
    spans: Sequence[tuple[int, int]],
    linker: TitleLinker,
    parser: Parser,
    told: Sequence[tuple[int, int]] = (),
) -> list[tuple[int, int]]:
    """Return where names stand that are titles and none of ours: "we just finished A Gentleman in Moscow".

    Args:
        text: the message.
        spans: what is ours.
        linker: of the catalogue.
        parser: of the catalogue.
        told: where the message as a whole seems to name works or their makers.
    """
    free = blank(text, spans)
    found: list[tuple[int, int]] = []
    for match in TITLED.finditer(free):
        name = match.group().strip(" ,")
        before = words(free[: match.start()])[-3:]
        listed = bool(found) and free[found[-1][1] : match.start()].strip().casefold() in LISTED
        cued = listed or bool(TOLD_BY.intersection(before)) or before[-2:] in (["sick", "of"], ["into", "the"])
        single = len(words(name)) == 1
        if all(word.isdigit() or word in _AMOUNTS for word in words(name)):
            continue  # "Around 15"
        if " ".join(words(name)) in parser.phrases.meanings or (single and linker.knows(words(name)[0])):
            continue
        if cued and telling_words(name) and not (single and words(name)[0] in STOPWORDS):
            found.append(match.span())
    for start, end in told:
        start, end = _whole_words(free, start, end)
        end += len(_MORE_NAME.match(free, end).group())  # type: ignore[union-attr]  # it matches nothing, too
        name = free[start:end]
        ours = any(s < end and start < e for s, e in (*spans, *found)) or _read(name, parser)
        if not ours and name.islower() and _LIKENED.search(free[:start]) and _ENDS.match(free, end):
            found.append((start, end))  # "anything like stranger things"
            continue
        if name.islower() and len(telling_words(name)) < 2:
            continue  # "I feel bereft", "the exploring is the bit I love"
        titled = len(words(name)) > 1 and all(w[0].isupper() for w in name.split() if telling_words(w))
        if not ours and telling_words(name) and (titled or not all(linker.knows(word) for word in words(name))):
            found.append((start, end))
    return sorted(found)


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span to whole words: an encoder's pieces of words may end within one."""
    while start and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def _read(name: str, parser: Parser) -> bool:
    """Whether a name is something else: a maker, a genre or a language."""
    return not telling_words(blank(name, parser.parse(name).spans))


def unknown_name(text: str, spans: Sequence[tuple[int, int]], linker: TitleLinker) -> str:
    """Return a name that nothing in the catalogue bears ("Tom Hanks"), "" if there is none."""
    for match in _NAME.finditer(blank(text, spans)):
        if not telling_words(match.group()) or all(w.isdigit() or w in _AMOUNTS for w in words(match.group())):
            continue  # "I've SEEN that", "Around 15"
        refused = text[: match.start()].casefold().endswith("not ")
        if refused or not all(linker.knows(word) for word in words(match.group())):
            return re.split(r"[.!?]\s", match.group())[0]
    return ""


def medium(text: str, places: Sequence[tuple[int, int]]) -> str:
    """Return the kind of the works at some places, by what one does with them, "" if that is not said."""
    verbs = (verb for start, _ in places for verb in words(text[:start])[-_NEAR:])
    return next((_MEDIA[verb] for verb in verbs if verb in _MEDIA), "")
