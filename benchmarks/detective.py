"""Measure how often the datum detective is right, unsure, and wrong while sure, on lists drawn unlike what it reads.

    uv run --no-sync python benchmarks/detective.py [--runs 60] [--only KIND] > table.md

Firms are not drawn from the outlines that the detective holds them against. The outlines that they are drawn from are
displaced by as much as the `accuracy_m` of the layers admits: districts by a smooth field, parks by an offset of their
own and a size that is off by a quarter. 3 to 10 % of the rows are geocoded wrong (half of them to the middle of the
district, half anywhere within 10 km), 5 % are duplicates, 8 % name a park or town that they do not lie in, and firms
crowd in clusters. Everything is seeded.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.earth.datum import convert
from gis.intake.detective import Outline, Surroundings, Verdict, Witnesses, detect, surroundings_of
from gis.intake.identity import Gazetteer, gazetteer_of
from gis.model.project import load_project

Floats = NDArray[np.float64]
Random = np.random.Generator

ROOT: Final = Path(__file__).parents[1]
BUNDLED: Final = ("jiading", "hangzhou", "huli")
# The district of Jiading, with two parks of about 3 km² whose outlines are published (20 m).
OWN: Final = "own park"
PLAIN: Final = ("wgs84", "gcj02", "bd09")
# EPSG of the 3-degree zone of each city.
ZONE: Final = {"jiading": "EPSG:4549", "hangzhou": "EPSG:4549", "huli": "EPSG:4548", OWN: "EPSG:4549"}
_METRE: Final = 1 / 111_000
_TO_SIGMA: Final = 2.448


@dataclass(frozen=True)
class City:
    """A city to draw firms in, and what the detective knows of it."""

    name: str
    around: Surroundings
    names: Gazetteer
    parks: dict[str, Outline]
    addresses: dict[str, Outline]


@dataclass(frozen=True)
class Firms:
    """Firms where they really are (WGS 84), and what their rows say."""

    points: Floats
    places: tuple[str | None, ...] = ()
    addresses: tuple[str | None, ...] = ()


@cache
def city_of(name: str) -> City:
    """What the detective knows of a city; parks and towns to draw firms in."""
    id_ = "jiading" if name == OWN else name
    project = load_project(ROOT, cities=[id_])
    around = surroundings_of(project, id_)
    subject = around.subject
    assert subject is not None
    if name == OWN:
        boxes = {
            "auto-innovation-port": shapely.box(121.165, 31.290, 121.185, 31.305),
            "new-energy-port": shapely.box(121.20, 31.30, 121.225, 31.32),
        }
        exact = {key: Outline(key, box, 20.0) for key, box in boxes.items()}
        around = Surroundings(id_, subject, around.subject_accuracy_m, exact, {}, {})
        return City(name, around, Gazetteer(), exact, {"上海市嘉定区": Outline("嘉定区", subject, 100.0)})
    parks, addresses = {}, {}
    for (_, kind), layer in project.layers.items():
        for record, geometry in layer.holding_on(project.as_of):
            if geometry is None or geometry.geom_type not in {"Polygon", "MultiPolygon"}:
                continue
            outline = Outline(record["id"], geometry, float(record["accuracy_m"]))
            own = subject.contains(geometry.representative_point())
            if kind == "zones" and own and geometry.area < 0.2 * subject.area:
                parks[record["id"]] = outline
            if own and (kind == "districts" or str(record["name"]).endswith("镇")):
                addresses[str(record["name"])] = outline
    return City(name, around, gazetteer_of(project, id_), parks, addresses)


# --- Drawing --------------------------------------------------------------------------------------------------------


def inside(outline: BaseGeometry, count: int, random: Random) -> Floats:
    """Points spread evenly over an outline, shape (count, 2)."""
    west, south, east, north = outline.bounds
    shapely.prepare(outline)
    found = np.empty((0, 2))
    while len(found) < count:
        tried = random.uniform((west, south), (east, north), (4 * count + 50, 2))
        found = np.vstack([found, tried[shapely.contains_xy(outline, tried[:, 0], tried[:, 1])]])
    return found[:count]


def crowded(outline: BaseGeometry, count: int, random: Random) -> Floats:
    """Points as firms lie: four of five in clusters of 400 to 1,500 m, all inside."""
    centres = inside(outline, max(4, count // 15), random)
    spread = random.uniform(400, 1500, len(centres)) * _METRE
    share = random.dirichlet(np.full(len(centres), 0.7))
    found = np.empty((0, 2))
    shapely.prepare(outline)
    while len(found) < count:
        chosen = random.choice(len(centres), 4 * count, p=share)
        tried = centres[chosen] + random.normal(0, 1, (4 * count, 2)) * spread[chosen, None]
        even = random.random(4 * count) < 0.2
        tried[even] = inside(outline, int(even.sum()), random)
        found = np.vstack([found, tried[shapely.contains_xy(outline, tried[:, 0], tried[:, 1])]])
    return found[:count]


def warped(points: Floats, accuracy_m: float, random: Random) -> Floats:
    """Points displaced by a smooth field, as if their outline ran elsewhere by its accuracy."""
    sigma = accuracy_m / _TO_SIGMA * _METRE
    moved = points + random.normal(0, 0.5 * sigma, 2)
    for wave_m in (4_000.0, 12_000.0):
        angle, phase = random.uniform(0, np.pi), random.uniform(0, 2 * np.pi, 2)
        along = (points @ np.array([np.cos(angle), np.sin(angle)])) / (wave_m * _METRE) * 2 * np.pi
        moved = moved + 0.85 * sigma * np.column_stack([np.sin(along + phase[0]), np.sin(along + phase[1])])
    return np.asarray(moved)


@cache
def true_park(outline: Outline, seed: int) -> BaseGeometry:
    """Where a park may really be, given its accuracy: elsewhere, and of another size; exact ones are where they are."""
    random = np.random.default_rng([seed, len(outline.name), *outline.name.encode()])
    dx, dy = random.normal(0, outline.accuracy_m / _TO_SIGMA * _METRE, 2)
    size = random.uniform(0.8, 1.25) if outline.accuracy_m > 200 else 1.0
    return shapely.affinity.translate(shapely.affinity.scale(outline.geometry, size, size), dx, dy)


def spread_over(city: City, count: int, random: Random) -> Firms:
    """Firms all over the district, of which nothing is said."""
    assert city.around.subject is not None
    return Firms(warped(crowded(city.around.subject, count, random), city.around.subject_accuracy_m, random))


def in_parks(city: City, count: int, random: Random, *, share: float = 1.0) -> Firms:
    """Firms in parks that the rows name; one in twelve names another. The rest lie anywhere and name none."""
    seed = int(random.integers(1 << 30))
    ids = sorted(city.parks)
    chosen = random.choice(ids, count).tolist()
    spots = [inside(true_park(city.parks[id_], seed), 1, random)[0] for id_ in chosen]
    said: list[str | None] = [id_ if random.random() > 0.08 else str(random.choice(ids)) for id_ in chosen]
    elsewhere = spread_over(city, count, random).points
    for i in range(count):
        if random.random() >= share:
            spots[i], said[i] = elsewhere[i], None
    return Firms(np.array(spots), tuple(said))


def in_unnamed_parks(city: City, count: int, random: Random) -> Firms:
    """Firms of which four of five lie in parks, none of which is named."""
    return Firms(in_parks(city, count, random, share=0.8).points)


def in_one_park(city: City, count: int, random: Random) -> Firms:
    """The list of one park: all rows lie in it, and name it."""
    id_ = str(random.choice(sorted(city.parks)))
    points = inside(true_park(city.parks[id_], int(random.integers(1 << 30))), count, random)
    return Firms(points, (id_,) * count)


def by_address(city: City, count: int, random: Random) -> Firms:
    """Firms with an address that names the town or district they lie in; one in twelve is registered elsewhere."""
    areas = np.array([outline.geometry.area for outline in city.addresses.values()])
    weights = areas**0.5 / (areas**0.5).sum()
    names = list(city.addresses)
    chosen = random.choice(names, count, p=weights).tolist()
    points = np.empty((count, 2))
    for name in sorted(set(chosen)):
        rows = np.flatnonzero([other == name for other in chosen])
        outline = city.addresses[name]
        points[rows] = warped(crowded(outline.geometry, len(rows), random), outline.accuracy_m, random)
    said = [name if random.random() > 0.08 else str(random.choice(names)) for name in chosen]
    texts = [f"{name}{word}路{random.integers(1, 2000)}号" for name, word in zip(said, "园林春" * count, strict=False)]
    return Firms(points, tuple(city.names.place_within(text) for text in texts), tuple(texts))


def of_the_neighbours(city: City, count: int, random: Random) -> Firms:
    """Firms within 6 km of the border, on either side, as a list of the wider region holds."""
    assert city.around.subject is not None
    ring = city.around.subject.buffer(0.05).difference(city.around.subject.buffer(-0.03))
    return Firms(crowded(ring, count, random))


def of_a_neighbour(city: City, count: int, random: Random) -> Firms:
    """Firms of the other side of one part of the border only, but for a few."""
    assert city.around.subject is not None
    middle = inside(city.around.subject.boundary.buffer(0.01), 1, random)[0]
    part = shapely.Point(*middle).buffer(0.08).difference(city.around.subject)
    own = inside(city.around.subject, count // 5, random)
    return Firms(np.vstack([crowded(part, count - len(own), random), own]))


def of_another_city(city: City, count: int, random: Random) -> Firms:
    """Firms of a city far away."""
    return Firms(spread_over(city, count, random).points + np.array([-3.1, -4.2]))


def at_one_point(city: City, count: int, random: Random) -> Firms:
    """All rows at the very point that a geocoder gives for the district."""
    assert city.around.subject is not None
    return Firms(np.repeat(inside(city.around.subject, 1, random), count, axis=0))


def over_the_border(city: City, count: int, random: Random) -> Firms:
    """Firms in eight clusters that know no border, half of them around points of it."""
    assert city.around.subject is not None
    border = inside(city.around.subject.boundary.buffer(0.01), 4, random)
    centres = np.vstack([border, inside(city.around.subject, 4, random)])
    return Firms(centres[random.integers(0, 8, count)] + random.normal(0, 0.012, (count, 2)))


def displaced(city: City, count: int, random: Random) -> Firms:
    """Firms of parks and the district, all off by 300 to 900 m: the list has a fault of its own, in no datum."""
    drawn = in_parks(city, count, random, share=0.5)
    angle, far = random.uniform(0, 2 * np.pi), random.uniform(300, 900) * _METRE
    return Firms(drawn.points + far * np.array([np.cos(angle), np.sin(angle)]), drawn.places)


Draw = Callable[[City, int, Random], Firms]
KINDS: Final[dict[str, Draw]] = {
    "named parks": in_parks,
    "spread": spread_over,
    "addresses": by_address,
    "unnamed parks": in_unnamed_parks,
    "one park": in_one_park,
}
# What no list should be; of some the datum may still be seen.
ADVERSE: Final[dict[str, Draw]] = {
    "around the border": of_the_neighbours,
    "a neighbour's firms": of_a_neighbour,
    "clusters over the border": over_the_border,
    "another city": of_another_city,
    "one point": at_one_point,
    "displaced by a fault": displaced,
}
# No datum is right for these: to be sure of one is wrong.
MIXED: Final[dict[str, tuple[str, str, Draw]]] = {
    "half gcj02 half wgs84 in parks": ("gcj02", "wgs84", partial(in_parks, share=0.5)),
    "half bd09 half gcj02 in parks": ("bd09", "gcj02", partial(in_parks, share=0.5)),
    "half gcj02 half wgs84 spread": ("gcj02", "wgs84", spread_over),
    "half bd09 half wgs84 by address": ("bd09", "wgs84", by_address),
}


def soiled(firms: Firms, city: City, random: Random) -> Firms:
    """The same list with rows geocoded wrong, and duplicates."""
    points = firms.points.copy()
    count = len(points)
    subject = city.around.subject
    assert subject is not None
    wrong = np.flatnonzero(random.random(count) < random.uniform(0.03, 0.10))
    west, south, east, north = subject.bounds
    for i in wrong.tolist():
        middle = random.random() < 0.5
        points[i] = (
            (subject.representative_point().x, subject.representative_point().y)
            if middle
            else random.uniform((west - 0.1, south - 0.1), (east + 0.1, north + 0.1))
        )
    source = np.arange(count)
    again = random.random(count) < 0.05
    source[again] = random.integers(0, count, int(again.sum()))

    def same(values: Sequence[str | None]) -> tuple[str | None, ...]:
        return tuple(values[i] for i in source.tolist()) if values else ()

    return Firms(points[source], same(firms.places), same(firms.addresses))


# --- Judging --------------------------------------------------------------------------------------------------------


def shifted(points: Floats, datum: str, city: City) -> tuple[Floats, Floats]:
    """The two columns of a file: in a datum, shifted twice, with axes swapped, or in the zone of the city."""
    x, y = points[:, 0], points[:, 1]
    if datum == "twice":
        x, y = convert(*convert(x, y, "wgs84", "gcj02"), "wgs84", "gcj02")
    elif datum == "swapped":
        y, x = convert(x, y, "wgs84", "gcj02")
    elif datum == "cgcs2000":
        x, y = convert(x, y, "wgs84", ZONE[city.name])
    else:
        x, y = convert(x, y, "wgs84", datum)
    return np.asarray(x), np.asarray(y)


def is_right(verdict: Verdict, datum: str, city: City) -> bool:
    """Whether the verdict names what the list was written in."""
    if datum == "swapped":
        return verdict.swapped and verdict.label == "gcj02"
    if datum == "cgcs2000":
        return str(verdict.reference) == ZONE[city.name]
    return verdict.label == ("gcj02, shifted twice" if datum == "twice" else datum)


def judge(task: tuple[str, str, str, int, int]) -> str:
    """Draw a list and ask: `right`, `unsure`, `guess` (not sure, best is wrong), `WRONG` (sure of what is not so)."""
    name, kind, datum, size, seed = task
    city = city_of(name)
    key = [seed, size, *f"{name}{kind}{datum}".encode()]
    random = np.random.default_rng(key)
    draw = MIXED[kind][2] if kind in MIXED else {**KINDS, **ADVERSE}[kind]
    firms = soiled(draw(city, size, random), city, random)
    if kind == "one point":
        firms = draw(city, size, random)
    if kind in MIXED:
        one, other = (shifted(firms.points, which, city) for which in MIXED[kind][:2])
        half = random.random(size) < 0.5
        x, y = np.where(half, one[0], other[0]), np.where(half, one[1], other[1])
    else:
        x, y = shifted(firms.points, datum, city)
    verdict = detect(Witnesses(x, y, places=firms.places, addresses=firms.addresses), city.around)
    if kind in MIXED:
        return "WRONG" if verdict.sure else "unsure"
    right = is_right(verdict, datum, city)
    if verdict.sure:
        return "right" if right else "WRONG"
    # Of a shift that no datum undoes it may never be sure: naming it is all that can be asked.
    return ("right" if right else "guess") if datum == "twice" else ("unsure" if right else "guess")


def main(words: Sequence[str]) -> None:
    """Run all cells, and write the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60, help="lists a cell at 200 firms; a third of it at other sizes")
    parser.add_argument("--only", action="append", help="kinds of list")
    parser.add_argument("--sizes", type=int, nargs="*", default=[20, 50, 200, 1000])
    parser.add_argument("--jobs", type=int, default=2)
    wish = parser.parse_args(words)
    cells: dict[tuple[str, str, str, int], int] = {}
    for size in wish.sizes:
        runs = wish.runs if size == 200 else max(1, wish.runs // 3)
        for name in (*BUNDLED, OWN):
            for kind in KINDS:
                cells |= dict.fromkeys(((kind, name, datum, size) for datum in PLAIN), runs)
                if size == 200:
                    cells |= dict.fromkeys(((kind, name, d, size) for d in ("twice", "swapped", "cgcs2000")), runs // 3)
            if size == 200:
                cells |= dict.fromkeys(((kind, name, datum, size) for kind in ADVERSE for datum in PLAIN), runs // 2)
                cells |= dict.fromkeys(((kind, name, "both", size) for kind in MIXED), runs)
    cells = {cell: runs for cell, runs in cells.items() if not wish.only or cell[0] in wish.only}
    tasks = [
        (name, kind, datum, size, seed) for (kind, name, datum, size), runs in cells.items() for seed in range(runs)
    ]
    with ProcessPoolExecutor(wish.jobs) as pool:
        found = list(pool.map(judge, tasks, chunksize=10))
    counts: dict[tuple[str, str, str, int], dict[str, int]] = {}
    for (name, kind, datum, size, _), result in zip(tasks, found, strict=True):
        group = "wgs84, gcj02, bd09" if datum in PLAIN else datum
        row = counts.setdefault((kind, name, group, size), dict.fromkeys(("right", "unsure", "guess", "WRONG"), 0))
        row[result] += 1
    write = sys.stdout.write
    write(
        "| list | city | datums | firms | lists | sure and right | not sure, best is right | not sure, best is wrong |"
    )
    write(" sure and wrong |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for (kind, name, group, size), row in counts.items():
        figures = " | ".join(str(value) for value in (sum(row.values()), *row.values()))
        write(f"| {kind} | {name} | {group} | {size} | {figures} |\n")
    total = {key: sum(row[key] for row in counts.values()) for key in ("right", "unsure", "guess", "WRONG")}
    write(f"\n{len(tasks)} lists: {total}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
