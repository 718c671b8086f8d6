"""Numbers that tell of a person's body or of an old thing, and not of what is wanted."""

from retrieval.types import Item
from tests.shops import Talk, shop_of


def test_what_is_told_of_a_hand_a_thing_or_ones_own_weight_limits_no_goods() -> None:
    screens = [
        Item(id=str(n), title=f"View {n}", kind="screen", attributes={"screen_inches": 9.0 * n, "weight_g": 900.0 * n})
        for n in (1, 2, 3)
    ]
    toys = [Item(id=f"t{n}", title=f"Kit {n}", kind="kit", attributes={"age": f"{n}-{n + 4}"}) for n in (3, 6, 9)]
    shop = shop_of([*screens, *toys])
    for said in ("my hands are rather small, 17 cm", "our telly is maybe 8 years old", "I weigh 95 kilos"):
        talk = Talk(shop)
        talk(f"a screen please, {said}")
        assert talk.limits == {("kind", "is", "screen")}, said


def test_the_weight_of_who_was_spoken_of_limits_no_packs() -> None:
    packs = [
        Item(id=str(n), title=f"Feed {n}", kind="feed", attributes={"pack_weight_kg": 4.0 * n}) for n in (1, 2, 3, 8, 9)
    ]
    for said in ("She is 13 and weighs 34 kg", "he's rather old and weighs about 30 kilos", "weighs 31 kg"):
        talk = Talk(shop_of(packs))
        talk("some feed")
        talk(said)
        assert talk.limits == {("kind", "is", "feed")}, said
