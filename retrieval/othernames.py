"""What people call things, and what they are like, by everyday names that no shop writes into its columns."""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.text import forms

_OTHERS = """
puzzle: jigsaw, jigsaw puzzle
jigsaw puzzle: jigsaw
soft toy: cuddly toy, plush, plushie, plush toy, stuffed animal, stuffed toy, teddy
hand blender: stick blender, immersion blender
french press: cafetiere, cafetière, coffee press
moka pot: stovetop espresso maker, bialetti
cooperative: co op, coop, co operative, collaborative, play together, plays together, play as a team, work together
two player: for two players, for two
science kit: science, sciency, scientific
craft kit: crafts, crafty
outdoor toy: for outside, for outdoors, for the garden, play outside, playing outside
"""
_PRESENTS = {"gift": "present", "present": "gift"}


def _read() -> dict[str, tuple[str, ...]]:
    rows = (line.partition(": ") for line in _OTHERS.strip().splitlines())
    return {value: tuple(names.split(", ")) for value, _, names in rows}


_READ = _read()


def other_names(value: str) -> Iterator[str]:
    """Yield what else a value of a column of goods is called: "jigsaws" of puzzles, "christening present"."""
    for name in _READ.get(value, ()):
        yield from forms(name)
    first, _, last = value.rpartition(" ")
    if first and last in _PRESENTS:
        yield from forms(f"{first} {_PRESENTS[last]}")
