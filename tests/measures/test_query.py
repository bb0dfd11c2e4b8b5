"""Spatial questions on the bundled project, where the answers are known independently."""

from __future__ import annotations

import json

import pytest
import shapely

from gis.base.errors import UnknownIdError, UsageError
from gis.earth import geodesy
from gis.earth.datum import convert
from gis.measures import query
from gis.measures.attribution import containers, nesting
from gis.measures.coverage import Ground, coverage
from gis.model.project import Project, load_project
from tests import ROOT


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def ids(found: list[query.Found]) -> list[str]:
    return [item.record["id"] for item in found]


def test_the_metro_station_beyond_the_city_line_lies_in_no_zone_of_jiading(project: Project) -> None:
    assert not any(found.answer["word"] == "in" for found in query.at(project, 121.145687, 31.290825))


def test_a_neighbour_that_a_plan_names_is_found_and_one_that_only_gives_orientation_is_not(project: Project) -> None:
    found = query.at(project, 118.1, 24.48)
    assert [item.record["id"] for item in found if item.answer["word"] == "in"] == ["siming-district"]
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


def test_firms_in_a_zone_say_how_they_are_known_to_be_there(project: Project) -> None:
    found = query.in_zone(project, "auto-innovation-port")
    words = {word for item in found for word in item.answer["how"].split("+")}
    assert words <= {"documented", "source", "located", "possible", "area"}
    said = {m.id for m in project.facts.mentions if m.place == "auto-innovation-port" and m.standing == "located"}
    assert said <= {item.record["id"] for item in found if "documented" in item.answer["how"]}


def test_a_document_alone_locates_nobody(project: Project) -> None:
    for zone in ("auto-innovation-port", "new-energy-port", "icv-incubation-area"):
        for item in query.in_zone(project, zone):
            if item.record.get("within_basis") == "document":
                assert not {"located", "possible"} & set(item.answer["how"].split("+"))


def test_a_document_s_firm_is_more_certain_than_its_position_alone(project: Project) -> None:
    nio = next(i for i in query.in_zone(project, "auto-innovation-port") if i.record["id"] == "nio")
    assert "documented" in nio.answer["how"]
    assert nio.answer["combined"] == 1.0
    assert nio.answer["probability"] < 0.5


def test_the_position_that_contradicts_a_document_is_named_with_its_line(project: Project) -> None:
    found = query.contradictions(project)
    assert {(one.id, one.place, one.position) for one in found} == {
        ("leapmotor", "qiantang-district", "binjiang-district")
    }
    assert all(one.line > 0 and one.section for one in found)


@pytest.mark.parametrize(("accuracy_m", "word"), [(0.0, "in"), (3000.0, "perhaps")])
def test_the_accuracy_of_a_position_decides_on_the_word(project: Project, accuracy_m: float, word: str) -> None:
    found = query.at(project, 121.1575, 31.2904, accuracy_m)
    town = next(item for item in found if item.record["id"] == "anting-town")
    assert town.answer["word"] == word
    assert all(item.answer["probability"] >= 0.05 or item.answer["word"] == "out" for item in found)


def test_a_zone_that_may_hold_a_point_is_named_down_to_five_percent(project: Project) -> None:
    inside = {i.record["id"] for i in query.at(project, 121.1575, 31.2904) if i.answer["word"] == "in"}
    perhaps = {i.record["id"] for i in query.at(project, 121.1575, 31.2904) if i.answer["word"] == "perhaps"}
    assert {"anting-town", "jiading-district"} <= inside, "the town's line is known better, and lies in the district's"
    assert perhaps


@pytest.mark.parametrize("point", [(121.1575, 31.2904), (121.1575, 31.28), (121.18, 31.33), (121.12, 31.36)])
def test_a_part_is_never_likelier_to_hold_a_point_than_the_place_around_it(
    project: Project, point: tuple[float, float]
) -> None:
    chances = {item.record["id"]: item.answer["probability"] for item in query.at(project, *point, 300)}
    around = containers(nesting(project, "jiading"))
    pairs = [(part, place) for part in chances for place in around.get(part, ()) if place in chances]
    assert pairs
    assert all(chances[part] <= chances[place] for part, place in pairs)


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
    assert not any(item.record.get("within") for item in found)


def test_rows_are_json(project: Project) -> None:
    json.dumps([item.row() for item in query.at(project, 118.12, 24.51)], allow_nan=False)


@pytest.mark.parametrize("city", ["hangzhou", "huli", "jiading"])
def test_what_is_found_in_a_zone_is_what_the_coverage_table_counts_there(project: Project, city: str) -> None:
    figures = {row.id: row.figures for row in coverage(project, city).zones}
    ground = Ground(project, city)
    assert set(figures) == set(project.places(city).ids)
    for place, counted in figures.items():
        hows = [item.answer["how"].split("+") for item in query.in_zone(project, place, ground=ground)]
        assert (sum("documented" in how for how in hows) or None) == counted.documented, place
        if counted.located is not None:
            assert sum("located" in how for how in hows) == counted.located, place
            assert sum("possible" in how for how in hows) == counted.possible, place


def test_a_representative_point_is_given_only_within_a_zone_and_says_so() -> None:
    project = load_project(ROOT, cities=["huli"])
    firms = query.with_points(project, project.layer("huli", "enterprises"))
    before = project.layer("huli", "enterprises")
    given = [r for r, g in firms if r.get("representative")]
    assert given
    for record in given:
        outline = project.layer("huli", "zones").geometry_of(record["within"])
        assert outline is not None
        assert outline.covers(firms.geometry_of(record["id"]))
        assert before.geometry_of(record["id"]) is None
    untouched = {r["id"] for r, g in firms if g is None}
    assert {r["id"] for r, _ in before if r.get("within") == "huli-district"} <= untouched
    assert not any(r.get("representative") for r, g in before)
