"""How much of a zone lies near a road, on shapes whose answer is known, and the curve against buffers."""

from __future__ import annotations

from math import asin, pi, sqrt
from pathlib import Path

import numpy as np
import pytest
import shapely

from gis.base.errors import UsageError
from gis.measures.coverage import Ground, coverage
from gis.measures.reach import CURVE_RADII, TEST_ROADS, Reach, area_shares, reach, sources
from gis.model.project import load_project
from tests import ROOT
from tests.fixtures.parks import Park, overlapping_zones, road_just_outside, square


def of(found: list[Reach], zone: str | None) -> Reach:
    return next(curve for curve in found if curve.id == zone)


def test_a_road_just_outside_still_reaches_in(tmp_path: Path) -> None:
    wide = of(reach(road_just_outside(tmp_path).load(), "town", radii_m=[50, 100, 300, 600, 1100, 1200]), "wide")
    # The road runs 100 m west of a square of 1 km: within r of it lie the westmost r - 100 m.
    assert wide.area_share == pytest.approx((0, 0, 0.2, 0.5, 1, 1), abs=1e-4)
    assert wide.enterprise_share == (0, 0, 0.5, 0.5, 1, 1)


def test_the_row_of_coverage_has_the_same_share(tmp_path: Path) -> None:
    project = road_just_outside(tmp_path).load()
    row = next(row for row in coverage(project, "town", reach_m=300).zones if row.id == "wide").flat()
    curve = of(reach(project, "town"), "wide")
    exact = of(reach(project, "town", radii_m=[300]), "wide")
    assert row["reach_area_share"] == exact.area_share[0] == pytest.approx(0.2, abs=1e-4)
    assert curve.area_share[CURVE_RADII.index(300)] == pytest.approx(0.2, abs=0.005)
    assert row["reach_enterprise_share"] == exact.enterprise_share[0] if exact.enterprise_share else False


def test_ground_near_two_roads_counts_once(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 1000)).system("one", "wide")
    park.road("one-road", (500, -2000), (500, 3000)).road("other", (550, -2000), (550, 3000))
    wide = of(reach(park.load(), "town", radii_m=[100]), "wide")
    assert wide.area_share == pytest.approx((0.25,), abs=1e-4)
    assert wide.sources == 2


def test_a_station_in_the_middle_reaches_a_disc(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 1000)).system("one", "wide")
    park.facility("station", "hydrogen_station", (500, 500))
    curve = of(reach(park.load(), "town", "hydrogen_station"), "wide")

    def share(r: float) -> float:
        if r <= 500:
            return pi * r**2 / 1e6
        if r >= 500 * sqrt(2):
            return 1.0
        return (pi * r**2 - 4 * (r**2 * (pi / 2 - asin(500 / r)) - 500 * sqrt(r**2 - 500**2))) / 1e6

    for radius, found in zip(curve.radii_m, curve.area_share, strict=True):
        assert found == pytest.approx(share(radius), abs=0.004), radius


def test_the_total_counts_shared_ground_once(tmp_path: Path) -> None:
    park = overlapping_zones(tmp_path).road("through", (-1000, 500), (3000, 500))
    found = reach(park.load(), "town", radii_m=[100])
    assert of(found, None).area_share == pytest.approx((0.2,), abs=1e-4)


def test_planned_roads_and_stand_ins_reach_nothing(tmp_path: Path) -> None:
    park = overlapping_zones(tmp_path).road("planned", (0, 500), (1000, 500), status="planned")
    park.facility("later", "hydrogen_station", (500, 500), status="planned")
    assert sources(park.load(), "town") == {TEST_ROADS: 0}


def test_where_no_road_is_drawn_shares_are_unknown(tmp_path: Path) -> None:
    west = of(reach(overlapping_zones(tmp_path).load(), "town", radii_m=[500]), "west")
    assert west.sources == 0
    assert [(row["reach_area_share"], row["reach_enterprise_share"]) for row in west.rows()] == [(None, None)]


def test_what_is_not_there_cannot_reach(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reach can be measured from test_roads; given: 'airport'"):
        reach(overlapping_zones(tmp_path).load(), "town", "airport")


def test_the_curve_keeps_to_what_buffers_give_and_only_rises() -> None:
    project = load_project(ROOT, cities=["jiading"])
    ground = Ground(project, "jiading")
    for curve in reach(project, "jiading"):
        assert list(curve.area_share) == sorted(curve.area_share)
        if curve.id is None:
            continue
        outline = ground.outlines[curve.id]
        for start in (7, 23, 56):
            radii = list(CURVE_RADII[start : start + 9 : 4])
            exact = area_shares(outline, ground.test_roads, radii)
            between = curve.area_share[start : start + 9 : 4]
            assert np.abs(np.subtract(between, exact)).max() <= 0.005, curve.id
        anchors = CURVE_RADII[::10][1:11]
        assert curve.area_share[10:101:10] == area_shares(outline, ground.test_roads, anchors), curve.id


def test_a_wriggling_zone_and_many_roads_keep_to_the_bound() -> None:
    random = np.random.default_rng(2)
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = 2000 + 700 * np.sin(7 * angle) + 100 * random.random(400)
    zone = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    roads = np.array([shapely.LineString(random.uniform(-2500, 2500, (4, 2))) for _ in range(5)], dtype=object)
    curve = area_shares(zone, roads, CURVE_RADII)
    exact = [area_shares(zone, roads, [radius])[0] for radius in CURVE_RADII]
    assert np.abs(np.subtract(curve, exact)).max() <= 0.005
