"""Groups of kinds: which of a shop's kinds an everyday collective noun covers: "clothes", "electronics", "footwear"."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

from retrieval.constraints import Facets
from retrieval.stances import Hit, stances
from retrieval.text import Token, forms, words
from retrieval.things import Things

# what a group is called, in Chinese last; the last words of the kinds that it covers
_GROUPS = """
clothes clothing garment apparel 衣服: shirt tee top vest tank blouse polo shorts leggings tights trousers pants jeans skirt dress jacket coat parka gilet anorak bra underwear brief boxers sock stocking glove mitten cap hat beanie scarf hoodie sweater jumper pullover sweatshirt fleece cardigan pyjamas pajamas robe suit swimsuit bikini bib jersey tracksuit onesie bodysuit poncho
footwear 鞋: shoe trainer sneaker boot sandal slipper clog heel loafer
electronics tech gadget 电子产品: watch smartwatch headphones earbuds earphones headset speaker soundbar monitor keyboard mouse webcam camera charger cable phone tablet laptop computer television projector console printer router tracker gun torch drone radio
appliance 电器: kettle toaster blender mixer processor fryer cooker machine grinder frother microwave oven iron vacuum juicer maker fridge freezer dishwasher
furniture 家具: sofa couch chair armchair table desk bed wardrobe shelf shelves bookcase sideboard cabinet stool bench dresser nightstand ottoman drawers
jewellery jewelry 首饰: ring necklace bracelet earring brooch pendant bangle anklet
cookware 锅具: pan saucepan pot stockpot casserole wok skillet griddle steamer
crockery tableware 餐具: plate bowl mug cup saucer dish teapot tumbler
bakeware 烘焙用具: tin sheet dish
stationery 文具: pen pencil notebook diary planner marker eraser ruler
"""  # noqa: E501 - a row a group
_TO_WEAR = "clothes"
_ENDS = frozenset({"though", "either", "again", "anyway"})
_THINGS = frozenset({"something", "anything", "nothing", "things", "stuff"})


@cache
def _groups() -> tuple[tuple[tuple[str, ...], str, frozenset[str]], ...]:
    """Return each group: its names, its Chinese name, and the last words of its kinds."""
    found = []
    for line in _GROUPS.strip().splitlines():
        names, _, kinds = line.partition(": ")
        *english, chinese = names.split()
        found.append((tuple(english), chinese, frozenset(kinds.split())))
    return tuple(found)


def _covered(last_words: Collection[str], kinds: Collection[str]) -> tuple[str, ...]:
    """Return those kinds that end with one of some words, in the singular or the plural."""
    return tuple(k for k in kinds if (said := words(k)) and not set(forms(said[-1])).isdisjoint(last_words))


def group_called(values: Sequence[str], kinds: Collection[str], language: str) -> str:
    """Return what several kinds are called together, where they are all of a group that a shop has; "" if nothing."""
    if len(values) > 1:
        for names, chinese, last_words in _groups():
            if set(values) == set(_covered(last_words, kinds)):
                return chinese if language == "zh" else names[0]
    return ""


class Groups:
    """Finds the groups of kinds that a message refuses, or asks for.

    Args:
        facets: of the catalogue; works have no such groups.
    """

    def __init__(self, facets: Facets) -> None:
        kinds = () if facets.of_works else tuple(facets.postings.get("kind", {}))
        self._kinds: dict[str, tuple[str, ...]] = {}
        for names, _, last_words in _groups():
            held = _covered(last_words, kinds)
            if held and len(held) < len(kinds):  # of a shop of nothing else, the word says nothing
                self._kinds.update(dict.fromkeys(names, held))

    def find(self, text: str, tokens: Sequence[Token], known: Collection[int]) -> list[Hit]:
        """Return the groups that a message refuses, or asks for; "my clothes are wet" does neither.

        Args:
            text: the message.
            tokens: its words.
            known: the positions of the words that something in the catalogue explains.
        """
        found: list[Hit] = []
        for at, token in enumerate(tokens if self._kinds else ()):
            to_wear = token.norm == "wear" and [t.norm for t in tokens[max(0, at - 1) : at]] == ["to"]
            if to_wear and at > 1 and tokens[at - 2].norm in _THINGS and _TO_WEAR in self._kinds:
                found.append(Hit("kind", self._kinds[_TO_WEAR], at - 2, at + 1))
                continue
            name = next((form for form in forms(token.norm) if form in self._kinds), "")
            ends = Things.ends(text, tokens, at) or tokens[at + 1].norm in _ENDS
            if not name or at in known or not ends:
                continue
            hit = Hit("kind", self._kinds[name], at, at + 1)
            if stances(text, tokens, [hit]) == ["refused"] or Things.is_asked_for(text, tokens, hit):
                found.append(hit)
        return found
