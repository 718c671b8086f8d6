"""A shop for stargazers: goods of several kinds, two currencies, counts in stock and lists written with commas."""

from __future__ import annotations

from pathlib import Path

from retrieval.catalog import load_catalog
from retrieval.types import Item

CSV = """\
id,title,kind,price,currency,stock,colour,connections,aperture_mm,description
t1,Vega 70,telescope,119,USD,14,white,camera,70,A refractor for the Moon and the planets.
t2,Altair 90,telescope,189,USD,3,blue,"WiFi, camera",90,A refractor on a steady mount.
t3,Deneb 130,telescope,249,USD,6,black,"camera, autoguider",130,A reflector for nebulae.
t4,Rigel 150,telescope,329,USD,1,blue,"Bluetooth, camera, autoguider",150,A reflector that finds its targets.
t5,Castor 200,telescope,549,USD,2,black,"WiFi, Bluetooth, autoguider",200,A large reflector for faint galaxies.
t6,Pollux 80,telescope,150,EUR,9,white,camera,80,A short refractor for travel.
t7,Mira 102,telescope,280,EUR,4,blue,"WiFi, camera",102,A refractor with a long tube.
t8,Spica 60,telescope,79,USD,0,white,,60,A first telescope for children.
e1,Plume 25 mm,eyepiece,29,USD,20,black,,,A wide view of star fields.
e2,Plume 10 mm,eyepiece,35,USD,5,black,,,For the craters of the Moon.
e3,Ember 6 mm,eyepiece,89,USD,2,black,,,High power for planets.
e4,Ember 4 mm,eyepiece,120,EUR,7,black,,,The highest power.
f1,Dusk Moon Filter,filter,19,USD,11,black,,,Dims a bright Moon.
f2,Dawn Solar Filter,filter,59,USD,8,silver,,,For the Sun in daylight.
p1,Heron Tripod,tripod,95,USD,3,black,,,Three legs of ash.
p2,Stork Tripod,tripod,45,USD,12,silver,,,Light aluminium legs.
c1,Northern Star Chart,star chart,12,USD,30,blue,,,A chart that turns with the seasons.
"""


def write(folder: Path) -> Path:
    """Write the shop's catalogue into a folder; return the file."""
    path = folder / "stars.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def items(folder: Path) -> tuple[Item, ...]:
    """Return the shop's items, read from its file."""
    return load_catalog(write(folder)).items
