"""Corrections: what a message means by a few words in the light of what has been spoken of, spelled out.

"No, the David Lynch one", said of Dune (2021), asks once more, now of Dune (1984); "paddington" is Paddington 2 while
that is on screen; "I asked about Frostpunk" asks for it. What comes out is read as any other message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.clauses import asks, clauses
from chat.naming import TOLD_BY
from chat.plain_titles import marked, with_titles_marked
from chat.shop import Shop
from chat.state import DialogueState
from chat.typed import EVERYDAY, STOPWORDS, telling_words
from retrieval.cues import Mention, quoted_spans
from retrieval.lexicon import canonical, vocabulary
from retrieval.text import tokenize, words
from retrieval.types import Item

_NO_THE_ONE = re.compile(  # "no, the old one was too long" corrects nothing
    r"^\W*(?:no|nope|nah)\b\W*(?:i\s+(?:mean|meant)\s+)?(?=the\s+[^.?!,]{2,40}?(?:\bone|\bobviously|\bversion)\b\W*(?:$|[.!?,]))",
    re.IGNORECASE,
)
_I_ASKED = re.compile(
    r"^\W*(?:(?:no|nope|nah|but|sorry)\b\W*)*i\s+(?:just\s+|only\s+)?(?:(?P<meant>mean|meant)|(?:was\s+)?(?:just\s+|only\s+)?ask(?:ed|ing)\s+(?:you\s+)?(?:about|for)|said)\s+",
    re.IGNORECASE,
)
_ASKED_LAST = re.compile(  # "no, Heat I asked"
    r"^\W*(?:no|nope|nah)\b\W*(.{2,60}?)\W+(?:i|we)\s+(?:asked|meant|mean|said)(?:\s+(?:about|for))?\W*$", re.IGNORECASE
)
_NO_NOUN = (
    r"(?<!the\s)(?<!my\s)(?<!about\s)(?<!our\s)\b({})\b"
    r"(?=\s*(?:$|[.,;!?]|(?:and|or|but|please|then|instead|though|with|that|this|for)\b))"
)
_COMMON_GENRES = {  # what names a genre beside a kind only, and the kind that it is of
    "album": (re.compile(_NO_NOUN.format("rock|pop|soul|metal|folk|latin|punk|country|indie"), re.IGNORECASE), "music"),
    "game": (re.compile(_NO_NOUN.format("racing|stealth|fighting|survival|sim"), re.IGNORECASE), "games"),
}
_THATS = re.compile(
    r"\b(?:that|this|it|those|these|they)(?:['’]?s|['’]?re|\s+is|\s+are)\s+"
    r"(?:all\s+|just\s+|still\s+|only\s+)?(\w+)(?=\s*(?:[.!,;]|$))",
    re.IGNORECASE,
)
_WHO_IS = re.compile(
    r"(?:(?:and|so|but|no)\W+)*who(?:['’]?s|\s+is|\s+are|\s+was|\s+were)\s+"
    r"(?!it\b|that\b|this\b|in\b|the\b|by\b)([\w .'’-]{3,40}?)",
    re.IGNORECASE,
)
_IT = re.compile(r"\b(?:it|that|this)(?:\s+one)?\b", re.IGNORECASE)
_MEANT = "I meant "
_NAMED_AT_ONCE = re.compile(  # the title stands right behind it
    r"\W*(?:(?:the|that|your)\s+)?(?:(?:films?|movies?|books?|novels?|games?|albums?|courses?|series|one)\s+)?(?:called\s+)?\W*",
    re.IGNORECASE,
)
_THE_ONE = re.compile(
    r"\b(?:the|that)\s+((?:[\w’'-]+\s+){1,3}?)(?:ones?|version)\b(?!\s+(?:with|by|about|in|from|that)\b)", re.IGNORECASE
)
_THE_KIND = re.compile(
    r"^\W*(?:(?:and|what\s+about|how\s+about|sorry)\b\W*)*(?:the|as\s+an?|an?)\s+(\w+)(?=(?:\s+(?:then|instead|please|version|one))*\W*$)",
    re.IGNORECASE,
)
_LONGER = re.compile(r"\b[A-ZÀ-Ý]\w* $")  # some other title, of which the word is a part
_LONGER_STILL = re.compile(r" (?:[A-ZÀ-Ý]|\d)")
_PLAIN = re.compile(r"[\w\s:'’.,&!?()–-]+")  # a title without marks that could break a message apart
_NEW = frozenset({"new", "newer", "newest", "latest", "recent", "remake"})
_OLD = frozenset({"old", "older", "oldest", "original", "earlier"})
_ABOUT = frozenset("about with any some no without of more like".split())  # noqa: SIM905 - before these a subject stands
_WHAT_ABOUT = re.compile(r"\b(?:what|how)\s+about\s+(?:the\s+)?$", re.IGNORECASE)
_THE_MAKER = re.compile(
    r"\b[Tt]he\s+([A-ZÀ-Ý][\w’-]+)(?:\s+ones?\b)?(?!\s+(?:[A-ZÀ-Ý]|films?|movies?|books?|novels?|games?|albums?)|[’'])"
)
_CAPITALS = re.compile(r"[A-ZÀ-Ý][\w’'-]+(?:\s(?:(?:of|the|and|in|a|de|la)\s)?[A-ZÀ-Ý][\w’'-]+)+")
_RARE = 6  # texts that have a word which tells a title on screen
_LONG = 5  # letters of such a word


def as_meant(text: str, shop: Shop, state: DialogueState) -> str:
    """Return a message with what it leaves unsaid of the items spoken of."""
    if shop.of_goods:
        return _asked_again(text, shop, state)
    text = _of_the_kind(_THATS.sub(_refused, text), state)
    who = _WHO_IS.fullmatch(text.strip(" ?!."))
    text = _by_them(who, shop) if who is not None else text
    text = _ASKED_LAST.sub(r"no, I meant \1", with_titles_marked(text, shop, state))
    text = _of_work_again(_insisting(_NO_THE_ONE.sub("", text), shop), shop, state)
    return _by_part(_among_namesakes(text, shop, state), shop, state)


def _refused(match: re.Match[str]) -> str:
    """Return "not pop" for "that's all pop": what is shown is of a genre, and should not be."""
    genre = canonical("genres", match[1].casefold())
    return f"not {match[1]}" if genre in vocabulary("genres") else match[0]


def _of_the_kind(text: str, state: DialogueState) -> str:
    """Return a message with the kind in force behind a genre that is a common word besides: "proper rock"."""
    kinds = {limit.value for limit in state.taste.limits if (limit.field, limit.op) == ("kind", "is")}
    for kind, (genres, noun) in _COMMON_GENRES.items():
        text = genres.sub(rf"\1 {noun}", text) if kinds == {kind} else text
    return text


def _by_them(match: re.Match[str], shop: Shop) -> str:
    """Return "anything by Etta James" for "who is Etta James": what we have of hers is all that we know."""
    found = shop.parser.parse(f"by {match[1]}").constraints
    theirs = any((c.field, c.op) == ("creators", "is") for c in found)
    return f"anything by {match[1]}" if theirs else match[0]


def _insisting(text: str, shop: Shop) -> str:
    """Begin with "I meant" where a message says which title of ours it meant or asked about: "no, I meant Heat"."""
    asked = _I_ASKED.match(text)
    if asked is None:
        return text
    named = text[asked.end() :]
    at_once = any(_NAMED_AT_ONCE.fullmatch(named[: m.start]) for m in shop.linker.link(named))
    return f"{_MEANT}{named}" if at_once or _only_names(named, shop) else text


def _of_work_again(text: str, shop: Shop, state: DialogueState) -> str:
    """Return the question asked last, now of the work that a message says it was about: "I meant The Door"."""
    said = next((entry.text for entry in reversed(state.messages) if entry.role == "user"), "")
    asked = [part for part in clauses(said) if asks(part)]
    named = text.removeprefix(_MEANT).strip(" .!")
    if named == text or state.route != "item" or not asked or not _only_names(named, shop):
        return text
    (mention,) = shop.linker.link(named)
    kind = next((str(x.value) for x in state.taste.limits if (x.field, x.op) == ("kind", "is")), "")
    title = marked(shop.index.catalog[shop.best(mention.positions, kind, shop.positions(state.taste.focus))])
    again = asked[-1]
    others = shop.linker.link(again)
    spelt = re.compile(re.escape(mention.surface.strip("“”")), re.IGNORECASE)
    if len(others) == 1:
        return again[: others[0].start] + title + again[others[0].end :]
    if others:
        return text
    return next((found for pattern in (spelt, _IT) if (found := pattern.sub(title, again, count=1)) != again), text)


def _asked_again(text: str, shop: Shop, state: DialogueState) -> str:
    """Return the question asked last, now of the goods that a message says it was about: "I meant the Squall"."""
    asked = _I_ASKED.match(text)
    said = next((entry.text for entry in reversed(state.messages) if entry.role == "user"), "")
    if asked is None or state.route != "item" or "?" not in said:
        return text
    rest = text[asked.end() :].strip(" .!")
    (names, others) = (_named(each, shop) for each in (rest, said))
    if len(names) != 1 or telling_words(rest.replace(names[0].surface, " ")):
        return text
    if len(others) == 1:
        return said[: others[0].start] + names[0].surface + said[others[0].end :]
    return said if others else f"{rest}. {said}"


def _named(text: str, shop: Shop) -> list[Mention]:
    """Return the goods that a message names, by their titles or by words of them."""
    mentions = shop.linker.link(text)
    return [*mentions, *shop.parser.short_names.find(text, [(m.start, m.end) for m in mentions])]


def _only_names(text: str, shop: Shop) -> bool:
    """Whether a text names one title of ours and says nothing else."""
    mentions = shop.linker.link(text)
    rest = text
    for mention in mentions:
        rest = rest.replace(mention.surface, " ")
    return len(mentions) == 1 and not telling_words(rest)


def _among_namesakes(text: str, shop: Shop, state: DialogueState) -> str:
    """Put the title in place of "the 1984 one" where several works bear the name that has been spoken of."""
    of_kind = _THE_KIND.match(text)
    same = _namesakes(text, shop, state) if of_kind is not None or _THE_ONE.search(text) else []
    if len(same) < 2:
        return text
    if of_kind is not None:
        meant = _told(same, of_kind[1])
        return _again(meant, same, shop, state) if meant is not None else text
    found = text
    for match in reversed([*_THE_ONE.finditer(text)]):
        meant = _told(same, match[1])
        if meant is not None:
            found = found[: match.start()] + _name(meant, same) + found[match.end() :]
    left = _THE_ONE.sub(" ", text)
    if found == text or telling_words(left) or "?" in text or len(words(left)) > 2:
        return found
    meant = _told(same, _THE_ONE.search(text)[1])  # type: ignore[index]  # it has been replaced, so it is there
    return _again(meant, same, shop, state) if meant is not None else found


def _namesakes(text: str, shop: Shop, state: DialogueState) -> list[Item]:
    """Return the works of one name: of the one that a message names, or else that has been spoken of."""
    named = [m.positions for m in shop.linker.link(text) if len(m.positions) > 1]
    spoken = shop.items([state.taste.about or state.taste.spoken])
    if not named and spoken:
        named = [shop.linker.exact(spoken[0].title)]
    title = shop.index.catalog[named[0][0]].title.casefold() if named and named[0] else ""
    return [item for at in (named[0] if named else ()) if (item := shop.index.catalog[at]).title.casefold() == title]


def _told(same: Sequence[Item], description: str) -> Item | None:
    """Return the only one of several works that a few words tell: by its year, kind or maker, or as new or old."""
    said = set(words(description))
    kinds = {canonical("kind", word) for word in said if canonical("kind", word) in vocabulary("kind")}
    among = [item for item in same if not kinds or canonical("kind", item.kind) in kinds]
    dated = [item for item in among if item.year is not None]
    if said & (_NEW | _OLD) and dated:
        kind = dated[0].kind  # the old one of two films, whatever older book there is
        dated = [item for item in dated if item.kind == kind]
        return (max if said & _NEW else min)(dated, key=lambda item: item.year or 0)
    by_year = [item for item in among if str(item.year) in said]
    by_maker = [item for item in among if any(said & set(words(maker)) for maker in item.creators)]
    for found in (by_year, by_maker, among if kinds else []):
        if len(found) == 1:
            return found[0]
    return None


def _name(item: Item, same: Sequence[Item]) -> str:
    """Return what tells a work from the others of its name."""
    alone = [other.year for other in same].count(item.year) == 1 and item.year is not None
    return f"{item.title} ({item.year})" if alone else f"the {canonical('kind', item.kind)} {item.title}"


def _again(meant: Item, same: Sequence[Item], shop: Shop, state: DialogueState) -> str:
    """Return the question asked last, now of the work that is meant; its name alone if nothing was asked of it."""
    said = next((entry.text for entry in reversed(state.messages) if entry.role == "user"), "")
    positions = shop.positions(item.id for item in same)
    name = _name(meant, same)
    for mention in shop.linker.link(said) if state.route == "item" else []:
        if set(positions) & set(mention.positions):
            return said[: mention.start] + name + said[mention.end :]
    return name


def _by_part(text: str, shop: Shop, state: DialogueState) -> str:
    """Put the title in place of a word of it that only one work on screen, or liked, has: "paddington"."""
    if quoted_spans(text):
        return text  # what stands in quotation marks is meant as it stands
    text = _by_beginning(_of_maker(text, shop, state), shop, state)
    called, rare = _parts(shop, state)
    tokens = tokenize(text)
    if not any(token.norm in called for token in tokens):
        return text
    taken = shop.linker.link(text)
    for token in reversed(tokens):
        item = called.get(token.norm)
        before = words(text[: token.start])[-1:]
        named = any(m.start <= token.start < m.end for m in taken) or any(_names(m, item, shop) for m in taken)
        longer = _LONGER.search(text[: token.start]) or _LONGER_STILL.match(text, token.end)
        subject = _ABOUT.intersection(before) and not _WHAT_ABOUT.search(text[: token.start])
        told = TOLD_BY.intersection(before) or (token.norm in rare and not subject)
        if item is not None and told and not (named or longer):
            text = text[: token.start] + item.title + text[token.end :]
            taken = shop.linker.link(text)
    return text


def _of_maker(text: str, shop: Shop, state: DialogueState) -> str:
    """Put the title in place of "the Ishiguro" where only one work that has been shown is theirs."""
    owners: dict[str, list[Item]] = {}
    for item in filter(_is_plain, shop.items(state.taste.shown)):
        for maker in item.creators:
            owners.setdefault(words(maker)[-1], []).append(item)

    def title(match: re.Match[str]) -> str:
        theirs = owners.get(match[1].casefold(), [])
        alone = len(theirs) == 1 and not shop.linker.link(match[0])
        return f"the {canonical('kind', theirs[0].kind)} {theirs[0].title}" if alone else match[0]

    return _THE_MAKER.sub(title, text)


def _by_beginning(text: str, shop: Shop, state: DialogueState) -> str:
    """Put the title in place of words of it, in capitals, that only one work on screen has: "Grand Budapest"."""
    titles = {item.title: f" {' '.join(words(item.title))} " for item in filter(_is_plain, _spoken_of(shop, state))}
    for name in sorted({m.group() for m in _CAPITALS.finditer(text)}, key=len, reverse=True):
        said = " ".join(words(name))
        having = [title for title, normal in titles.items() if f" {said} " in normal]
        if len(having) == 1 and having[0] not in text and not shop.linker.link(name):
            text = text.replace(name, having[0])
    return text


def _names(mention: Mention, item: Item | None, shop: Shop) -> bool:
    return item is not None and shop.position(item.id) in mention.positions


def _parts(shop: Shop, state: DialogueState) -> tuple[dict[str, Item], set[str]]:
    """Return the words of the titles on screen, or liked, that one of those works alone has, and which are rare.

    A rare word tells the work; a plain one does behind what is done with works: "played amnesia already".
    """
    owners: dict[str, list[Item]] = {}
    for item in filter(_is_plain, _spoken_of(shop, state)):
        for word in dict.fromkeys(words(item.title)):
            owners.setdefault(word, []).append(item)
    said = {word for word in owners if len(word) >= _LONG and word not in EVERYDAY and word not in STOPWORDS}
    alone = {word: owners[word][0] for word in said if len(owners[word]) == 1}
    plain = shop.parser.phrases.common_words
    return alone, {w for w in alone if w not in plain and shop.index.facets.document_frequency(w) < _RARE}


def _spoken_of(shop: Shop, state: DialogueState) -> list[Item]:
    """Return the works on screen, or liked, or asked about."""
    taste = state.taste
    return shop.items(dict.fromkeys([*taste.focus, *taste.liked, *filter(None, [taste.about, taste.spoken])]))


def _is_plain(item: Item) -> bool:
    return _PLAIN.fullmatch(item.title) is not None
