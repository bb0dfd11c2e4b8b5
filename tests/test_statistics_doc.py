"""Every worked example of docs/statistics.md is computed, and says what comes out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gis.earth.law import probability_in, sigma_m
from gis.measures.coverage import coverage
from gis.measures.indicators import indicators
from gis.measures.overlap import overlaps
from gis.measures.reach import reach
from gis.measures.structure import clark_evans, structure
from tests.fixtures.parks import (
    CITY,
    Park,
    firm_known_by_its_park,
    firms_on_edge,
    overlapping_zones,
    road_just_outside,
    square,
)
from tests.measures.test_indicators import chargers, parks_to_grow, roads_to_add
from tests.measures.test_overlap import pair, two_systems_that_share_a_quarter
from tests.measures.test_structure import lattice, of, spaced, twelve_firms_in_two_parks

DOC = Path(__file__).parent.parent / "docs" / "statistics.md"
_EXAMPLE = re.compile(r"^```toml (?P<name>[\w-]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def zones_that_overlap(folder: Path) -> Mapping[str, Any]:
    result = coverage(overlapping_zones(folder).load(), CITY)
    rows = {row.id: row.flat() for row in result.zones} | {"both": result.systems[0].flat()}
    return {f"{id_}.{key}": value for id_, row in rows.items() for key, value in row.items()}


def one_point(_: Path) -> Mapping[str, Any]:
    square = shapely.box(0, 0, 1000, 1000)
    sigma = float(sigma_m(100.0))
    points = {"on_edge": (0, 500), "on_corner": (0, 0), "one_sigma_in": (sigma, 500), "middle": (500, 500)}
    chances = probability_in(np.array(list(points.values()), float), np.full(4, sigma), square)
    return {"sigma_m": sigma, **dict(zip(points, chances.tolist(), strict=True))}


def sixteen_on_the_edge(folder: Path) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, own, outline in (("independent", 100.0, 0.001), ("shared", 1.0, 500.0)):
        park = firms_on_edge(folder / name, accuracy_m=own, firms=16, zone_accuracy_m=outline)
        row = coverage(park.load(), CITY).zones[0].flat()
        found |= {f"{name}.{key}": row[key] for key in ("inside", "estimate", "low", "high")}
    return found


def known_by_its_park(folder: Path) -> Mapping[str, Any]:
    result = coverage(firm_known_by_its_park(folder).load(), CITY)
    return {f"{row.id}.{key}": value for row in result.zones for key, value in row.flat().items()}


def two_words(folder: Path) -> Mapping[str, Any]:
    park = Park(folder).zone("east", square(20_000, 0, 5000)).zone("west", square(0, 0, 5000)).system("one", "east")
    result = coverage(park.firm("car", (2500, 2500), accuracy_m=500.0).mention("car", "east").load(), CITY)
    return {f"{row.id}.{key}": value for row in result.zones for key, value in row.flat().items()}


def road_outside(folder: Path) -> Mapping[str, Any]:
    project = road_just_outside(folder).load()
    found: dict[str, Any] = {}
    for curve in reach(project, CITY, radii_m=[100, 300, 600, 1100]):
        if curve.id == "wide" and curve.enterprise_share is not None:
            for radius, area, firms in zip(curve.radii_m, curve.area_share, curve.enterprise_share, strict=True):
                found |= {f"area_{radius:.0f}": area, f"firms_{radius:.0f}": firms}
    return found


def make_up(folder: Path) -> Mapping[str, Any]:
    found = structure(twelve_firms_in_two_parks(folder).complete("enterprises").load(), CITY)
    west = of(found, "west")
    return {
        "west.parts_quotient": west.location_quotient["parts"],
        "west.hhi": west.hhi,
        "west.city_share": west.city_share,
        "west.featured_share": west.featured_share,
        "east.enterprises": of(found, "east").enterprises,
        "east.quotients_note": of(found, "east").quotients_note,
        "city.featured_share": of(found, CITY).featured_share,
    }


def spacing(folder: Path) -> Mapping[str, Any]:
    return {"lattice.clark_evans": clark_evans(spaced(folder, lattice(6)), "field").ratio}


def quarter(folder: Path) -> Mapping[str, Any]:
    found = overlaps(two_systems_that_share_a_quarter(folder).load(), CITY)
    shared = pair(found, "system")
    return {**shared.row(), "uncovered_km2": found.uncovered.uncovered_km2}


def targets(folder: Path) -> Mapping[str, Any]:
    parks = {
        "chargers": (chargers(folder / "a").facility("grid", "charging", (500, 500), count=18000), "more"),
        "roads": (roads_to_add(folder / "b").road("new", (0, 90), (8000, 90), year=2022), "km"),
        "sketch": (parks_to_grow(folder / "c", "schematic", 6000), "grow"),
    }
    found: dict[str, Any] = {}
    for name, (park, id_) in parks.items():
        row = next(s for s in indicators(park.load(), CITY) if s.id == id_).row()
        found |= {f"{name}.{key}": value for key, value in row.items()}
    return found


EXAMPLES: Mapping[str, Callable[[Path], Mapping[str, Any]]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        zones_that_overlap, one_point, sixteen_on_the_edge, known_by_its_park, two_words, road_outside,
        make_up, spacing, quarter, targets,
    )
}  # fmt: skip


def written() -> dict[str, dict[str, Any]]:
    blocks = _EXAMPLE.finditer(DOC.read_text("utf-8"))
    return {block["name"]: _flat(tomllib.loads(block["body"])) for block in blocks}


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        found |= _flat(value, f"{before}{key}.") if isinstance(value, dict) else {before + key: value}
    return found


def test_the_page_has_every_example_and_no_other() -> None:
    assert set(written()) == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_says_what_is_computed(name: str, tmp_path: Path) -> None:
    computed = EXAMPLES[name](tmp_path)
    for key, value in written()[name].items():
        if isinstance(value, float):
            # Written to as many digits as shown: within half of the last one, and the curvature of the plane.
            digits = len(repr(value).partition(".")[2])
            assert computed[key] == pytest.approx(value, abs=0.5 * 10**-digits + 2e-4), key
        else:
            found = list(computed[key]) if isinstance(computed[key], tuple) else computed[key]
            assert found == value, key
