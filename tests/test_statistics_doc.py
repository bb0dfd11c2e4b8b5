"""Every worked example of docs/statistics.md is computed, and says what comes out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gis.earth.law import count_interval, poisson_binomial, probability_in, sigma_m
from gis.measures.coverage import coverage
from gis.measures.indicators import indicators
from gis.measures.overlap import overlaps
from gis.measures.reach import reach
from gis.measures.structure import clark_evans, structure
from tests.earth.test_law import interval_from_sums
from tests.fixtures.parks import CITY, firm_known_by_its_park, firms_on_edge, overlapping_zones, road_just_outside
from tests.measures.test_indicators import chargers, parks_to_grow, roads_to_add
from tests.measures.test_overlap import pair, two_systems_that_share_a_quarter
from tests.measures.test_structure import lattice, of, six_firms_in_two_parks, spaced

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


def law_of_a_count(_: Path) -> Mapping[str, Any]:
    law = poisson_binomial(np.array([[0.5, 0.9]]))[0]
    return {"none": law[0], "one": law[1], "two": law[2]}


def sixteen_on_the_edge(folder: Path) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, own, outline in (("independent", 100.0, 0.001), ("shared", 1.0, 500.0)):
        park = firms_on_edge(folder / name, accuracy_m=own, firms=16, zone_accuracy_m=outline)
        row = coverage(park.load(), CITY).zones[0].flat()
        found |= {f"{name}.{key}": row[key] for key in ("inside", "expected", "low", "high")}
    return found


def half_of_sixteen(_: Path) -> Mapping[str, Any]:
    points, own = np.column_stack([np.zeros(16), np.linspace(300, 700, 16)]), sigma_m(np.full(16, 1.0))
    square, outline = shapely.box(0, 0, 1000, 1000), sigma_m(np.full(16, 500.0))
    chances = count_interval(points, own, square, outline, np.zeros(0)).chances
    alone = replace(chances, variance=chances.probability * (1 - chances.probability), shared=np.zeros((16, 0)))
    half = np.arange(16) >= 8
    exact = count_interval(points[half], own[half], square, outline[half], np.zeros(0))
    return {
        "exact": [exact.low, exact.high],
        "from_sums": list(interval_from_sums(chances, half)),
        "without_what_they_share": list(interval_from_sums(alone, half)),
    }


def skew(_: Path) -> Mapping[str, Any]:
    found = count_interval(np.zeros((0, 2)), np.zeros(0), shapely.box(0, 0, 1, 1), np.zeros(0), np.array([0.02]))
    return {"expected": found.expected, "low": found.low, "high": found.high}


def known_by_its_park(folder: Path) -> Mapping[str, Any]:
    result = coverage(firm_known_by_its_park(folder).load(), CITY)
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
    found = structure(six_firms_in_two_parks(folder).load(), CITY)
    west = of(found, "west")
    return {
        "west.parts_quotient": west.location_quotient["parts"],
        "west.hhi": west.hhi,
        "west.city_share": west.city_share,
        "west.featured_share": west.featured_share,
        "east.featured_share": of(found, "east").featured_share,
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
        zones_that_overlap, one_point, law_of_a_count, sixteen_on_the_edge, skew, half_of_sixteen, known_by_its_park,
        road_outside, make_up, spacing, quarter, targets,
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
            assert computed[key] == value, key
