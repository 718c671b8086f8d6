"""The shop: everything that one turn needs of one version of the catalogue, swapped as a whole after an edit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chat.decisions import Decisions
from chat.generator import Generator
from chat.learnt import Learnt
from chat.lines import Lines
from chat.messages import Card
from chat.needs import Needs
from chat.recommender import GOODS_WEIGHTS, WEIGHTS, Recommender
from chat.rules import Placed, Rulebook, Situation
from chat.senses import Senses, senses_of
from retrieval.described import describer
from retrieval.grounding import Grounder
from retrieval.index import Index
from retrieval.lexicon import canonical
from retrieval.linking import TitleLinker
from retrieval.parsing import Parser
from retrieval.types import Constraint, Item, Query

_NEAR = 0.34  # cosine: "my calves are killing me" and a massage gun have .4, "my boss is driving me mad" at most .2


@dataclass(frozen=True, slots=True)
class Shop:
    """One version of the catalogue with all that reads it.

    Attributes:
        index: items, facets, embeddings and retrievers.
        linker: finds titles in messages.
        parser: finds constraints and wishes in messages.
        grounder: answers whether a name is carried.
        recommender: ranks.
        senses: tells what the words of a message are about; None beside an encoder that it was not tuned from.
        lines: finds what of an item answers a question; None likewise, and among works.
        decisions: weigh what speaks for where a message goes and for its limits; None where no needs are read.
    """

    index: Index
    linker: TitleLinker
    parser: Parser
    grounder: Grounder
    recommender: Recommender
    senses: Senses | None = None
    lines: Lines | None = None
    decisions: Decisions | None = None

    @classmethod
    def of(
        cls,
        index: Index,
        generator: Generator | None,
        learnt: Learnt | None = None,
        rules: Rulebook | None = None,
        needs: Needs | None = None,
    ) -> Shop:
        """Build everything that derives from an index; takes about a second for 100,000 items.

        Args:
            index: the catalogue.
            generator: the language model, None without one; a ranker that reads it is then left out.
            learnt: what an adapter's folder holds, for this index.
            rules: the business rules.
            needs: of this index; left out where a ranker or logs tell more.
        """
        learnt = learnt or Learnt()
        index = replace(index, retrievers={**index.retrievers, **learnt.retrievers})
        ranker = learnt.ranker if learnt.ranker is None or generator or not learnt.ranker.speaks else None
        needs = None if ranker or "ease" in index.retrievers else needs
        linker = TitleLinker(index.facets)
        parser = Parser(index.facets, describer(index.encoder), getattr(index.encoder, "vocabulary", None))
        # The first look-ups build what later ones read: not in somebody's first turn.
        linker.fuzzy("misspelt")
        linker.knows("")
        index.facets.name("")
        index.facets.mask([Constraint("year", ">", 0)])
        _ = index.facets.currency, parser.phrases.common_words
        return cls(
            index,
            linker,
            parser,
            Grounder(linker, index.encoder, index.embeddings),
            Recommender(
                index,
                generator.bind(index.catalog) if generator is not None else None,
                WEIGHTS if index.facets.of_works else GOODS_WEIGHTS,
                tower=learnt.tower,
                ranker=ranker,
                rules=rules or Rulebook(),
                prompting=learnt.prompting,
                needs=needs,
            ),
            senses_of(index.encoder),
            Lines(index) if Lines.told_of(index) else None,
            Decisions.shipped() if needs is not None else None,
        )

    @property
    def of_goods(self) -> bool:
        """Whether it has neither works (films, books, …) nor a column of moods: nobody is then in the mood for one."""
        return not self.index.facets.of_works

    def position(self, item_id: str) -> int | None:
        """Return an item's position, None if the catalogue no longer has it."""
        return self.index.catalog.positions.get(item_id)

    def positions(self, ids: Iterable[str]) -> list[int]:
        """Return the positions of those ids that the catalogue still has."""
        found = (self.position(item_id) for item_id in ids)
        return [at for at in found if at is not None]

    def items(self, ids: Iterable[str]) -> list[Item]:
        """Return the items of those ids that the catalogue still has."""
        return [self.index.catalog[at] for at in self.positions(ids)]

    def best(self, positions: Sequence[int], kind: str = "", shown: Sequence[int] = ()) -> int:
        """Choose among works of one name: the one shown, of the kind in force, the title before an alias, the likelier.

        Likelier is what is better known and of a kind that the shop holds more of: in a shop of films, a film.
        """
        popularity = self.index.retrievers["popularity"].scores(Query())
        kinds = self.index.facets.postings.get("kind", {})
        items = self.index.catalog.items
        return min(
            positions,
            key=lambda at: (
                at not in shown,
                bool(kind) and canonical("kind", items[at].kind) != kind,
                positions.index(at) > 0 and not self._same_title(at, positions[0]),
                -float(popularity[at]) - len(kinds.get(canonical("kind", items[at].kind), ())) / len(items),
            ),
        )

    @property
    def knows_popularity(self) -> bool:
        """Whether anything tells what is chosen most: a column of the catalogue, or logs."""
        return bool(self.index.retrievers["popularity"].scores(Query()).any())

    def is_near(self, text: str) -> bool:
        """Whether what somebody tells is about what an item is for, by its meaning, as one encoder has it."""
        if self.senses is None:
            return False
        scores = self.index.retrievers["dense"].scores(Query(text))
        return float(scores.max(initial=0.0)) >= _NEAR

    def hidden(self) -> frozenset[int]:
        """Return the positions of what the business rules keep from ever being shown: for those who ask of many."""
        return frozenset(self.recommender.rules.hidden(self.index).tolist())

    def hides(self, position: int) -> bool:
        """Whether a business rule keeps an item from ever being shown."""
        return position in self.hidden()

    def placed(self, situation: Situation) -> Placed:
        """Return what the business rules ask for in a situation."""
        return self.recommender.rules.placed(self.index, situation)

    def namesakes(self, positions: Sequence[int]) -> int:
        """Return how many of the works that a name may mean bear it as their title."""
        return sum(self._same_title(at, positions[0]) for at in positions)

    def _same_title(self, left: int, right: int) -> bool:
        items = self.index.catalog.items
        return items[left].title.casefold() == items[right].title.casefold()


def card(item: Item, why: str = "", score: float = 0.0, *, sponsored: bool = False) -> Card:
    """Make the card of an item; every field but `why`, `score` and `sponsored` is quoted from the catalogue."""
    return Card(
        id=item.id,
        kind=item.kind,
        title=item.title,
        year=item.year,
        creators=item.creators,
        genres=item.genres,
        price=item.price,
        currency=item.currency,
        in_stock=item.in_stock,
        url=item.url,
        image_url=item.image_url,
        description=item.description,
        why=why,
        score=round(score, 4),
        sponsored=sponsored,
    )
