"""Spatial questions on the bundled project, where the answers are known independently."""

from __future__ import annotations

import json

import pytest
import shapely

from gis.base.errors import UnknownIdError, UsageError
from gis.earth import geodesy
from gis.earth.datum import convert
from gis.measures import query
from gis.measures.coverage import coverage
from gis.model.project import Project, load_project
from tests import ROOT


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def ids(found: list[query.Found]) -> list[str]:
    return [item.record["id"] for item in found]


def test_the_metro_station_beyond_the_city_line_lies_in_no_zone_of_jiading(project: Project) -> None:
    assert query.at(project, 121.145687, 31.290825) == []


def test_a_neighbour_that_a_plan_names_is_found_and_one_that_only_gives_orientation_is_not(project: Project) -> None:
    assert ids(query.at(project, 118.1, 24.48)) == ["siming-district"]
    assert query.at(project, 121.0, 31.15) == []


def test_anting_station_lies_in_anting_town(project: Project) -> None:
    assert "anting-town" in ids(query.at(project, 121.157526, 31.290363))


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "cgcs2000"])
def test_a_place_given_in_another_datum_lies_in_the_same_zones(project: Project, datum: str) -> None:
    lon, lat = convert(121.1575, 31.2904, "wgs84", datum)
    back = convert(lon, lat, datum)
    assert ids(query.at(project, *back)) == ids(query.at(project, 121.1575, 31.2904))


def test_the_smallest_zone_comes_first(project: Project) -> None:
    found = query.at(project, 121.1575, 31.2904)
    areas = [item.geometry.area for item in found if item.geometry is not None]
    assert areas == sorted(areas)


def test_each_zone_at_a_point_names_its_roles_with_their_clauses(project: Project) -> None:
    auto_city = next(i for i in query.at(project, 121.1575, 31.2904) if i.record["id"] == "shanghai-auto-city")
    roles = auto_city.row()["roles"]
    assert any(role["system"] == "one-core-two-poles-many" and role["role"] == "极" for role in roles)
    assert all(role["line"] > 0 and role["section"] and role["file"].endswith(".txt") for role in roles)


def test_firms_in_a_zone_say_whether_they_are_inside_or_attributed(project: Project) -> None:
    found = query.in_zone(project, "auto-innovation-port")
    assert {item.answer["how"] for item in found} <= {"inside", "attributed", "both"}
    attributed = {m.id for m in project.facts.mentions if m.place == "auto-innovation-port" and m.standing == "located"}
    assert attributed <= set(ids(found))


def test_a_stand_in_is_never_inside(project: Project) -> None:
    for zone in ("auto-innovation-port", "new-energy-port", "icv-incubation-area"):
        for item in query.in_zone(project, zone):
            if item.record.get("stand_in_for"):
                assert item.answer["how"] == "attributed"


def test_an_unknown_zone_suggests_the_nearest_ids(project: Project) -> None:
    with pytest.raises(UnknownIdError, match="auto-innovation-port"):
        query.in_zone(project, "auto-inovation-port")


def test_an_unknown_segment_lists_the_known_ones(project: Project) -> None:
    with pytest.raises(UsageError, match="vehicle"):
        query.in_zone(project, "auto-innovation-port", segment="cars")


def test_distances_agree_with_the_ellipsoid(project: Project) -> None:
    lon, lat = 121.1575, 31.2904
    for item in query.nearest(project, lon, lat, ["enterprises", "facilities"], 20):
        if isinstance(item.geometry, shapely.Point):
            true = geodesy.distance_m(lon, lat, item.geometry.x, item.geometry.y)
            assert item.answer["distance_m"] == pytest.approx(true, rel=1e-3, abs=0.1)


def test_near_keeps_what_is_within_and_nothing_else(project: Project) -> None:
    place = shapely.Point(121.1575, 31.2904)
    every = query.near(project, place, 1e7, ["enterprises"])
    some = query.near(project, place, 3000, ["enterprises"])
    assert ids(some) == [i.record["id"] for i in every if i.answer["distance_m"] <= 3000]
    assert [i.answer["distance_m"] for i in every] == sorted(i.answer["distance_m"] for i in every)


def test_firms_known_only_by_their_park_have_no_distance(project: Project) -> None:
    found = query.near(project, shapely.Point(121.1575, 31.2904), 1e7, ["enterprises"])
    assert not any(item.record.get("stand_in_for") for item in found)


def test_rows_are_json(project: Project) -> None:
    json.dumps([item.row() for item in query.at(project, 118.12, 24.51)], allow_nan=False)


@pytest.mark.parametrize("city", ["hangzhou", "huli", "jiading"])
def test_what_is_found_in_a_zone_is_what_the_coverage_table_counts_there(project: Project, city: str) -> None:
    figures = {row.id: row.figures for row in coverage(project, city).zones}
    assert set(figures) == set(project.places(city).ids)
    for place, counted in figures.items():
        hows = [item.answer["how"] for item in query.in_zone(project, place)]
        assert sum(how in {"attributed", "both"} for how in hows) == counted.attributed, place
        inside = sum(how in {"inside", "both"} for how in hows)
        assert inside == (counted.inside or 0), place
