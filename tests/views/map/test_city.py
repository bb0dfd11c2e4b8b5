"""The payload of a city's map holds the counts of the coverage table, firm by firm."""

from __future__ import annotations

import pytest
import shapely

from gis.measures.coverage import coverage
from gis.measures.indicators import indicators
from gis.measures.overlap import overlaps
from gis.model.project import Project, load_project
from gis.views.map.city import build_city_payload
from gis.views.map.packing import packed_size
from gis.views.map.payload import MapPayload
from tests import ROOT

CITIES = ("hangzhou", "huli", "jiading")


@pytest.fixture(scope="module")
def bundled() -> Project:
    return load_project(ROOT)


@pytest.fixture(scope="module", params=CITIES)
def city(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def payload(bundled: Project, city: str) -> MapPayload:
    found = coverage(bundled, city)
    return build_city_payload(bundled, city, found, {}, overlaps(bundled, city), indicators(bundled, city))


def test_every_row_of_the_page_counts_what_the_coverage_table_counts(
    bundled: Project, city: str, payload: MapPayload
) -> None:
    found = coverage(bundled, city)
    rows = {row.row: row for row in payload.points.rows}
    expected = {row.id: row.figures for row in found.zones}
    expected |= {f"system:{row.plan}:{row.id}": row.figures for row in found.systems}
    expected["total"] = found.total
    assert expected.keys() <= rows.keys()
    for name, figures in expected.items():
        documented, located = rows[name].documented, rows[name].located
        assert (None if documented is None else len(documented)) == figures.documented, name
        assert (0 if located is None else len(located)) == (figures.located or 0), name
    lost = rows["unzoned"].documented
    assert lost is not None
    assert len(lost) == len(found.unzoned)


def test_the_chances_handed_to_the_page_add_up_to_the_estimate(
    bundled: Project, city: str, payload: MapPayload
) -> None:
    found = coverage(bundled, city)
    expected = {row.id: row.figures for row in found.zones}
    expected |= {f"system:{row.plan}:{row.id}": row.figures for row in found.systems}
    expected["total"] = found.total
    rows = payload.points.to_json()["rows"]
    for name, figures in expected.items():
        sums = rows[name].get("e")
        assert (sums is None) == (figures.area_km2 is None), name
        if sums is not None and figures.estimate is not None:
            # Each facet's sum is rounded to thousandths.
            assert sum(sums["s"]) + sum(sums["p"]) == pytest.approx(figures.estimate, abs=0.0006 * (1 + len(sums["f"])))
            assert figures.low is not None
            assert figures.high is not None
            assert sum(sums["s"]) <= figures.low
            assert figures.high <= sum(sums["s"]) + sum(sums["n"])


def test_what_two_systems_share_is_keyed_by_plan_and_drawn_where_it_has_an_area(
    bundled: Project, city: str, payload: MapPayload
) -> None:
    known = {f"system:{system.plan}:{system.id}" for system in bundled.systems(city)}
    pairs = [frozenset((o.a, o.b)) for o in payload.overlaps]
    assert len(set(pairs)) == len(pairs)
    for overlap in payload.overlaps:
        assert {overlap.a, overlap.b} <= known
        if overlap.area_km2 == 0:
            assert overlap.geometry is None
        elif overlap.area_km2 > 0.1:
            assert overlap.geometry is not None
            assert shapely.geometry.shape(dict(overlap.geometry)).area > 0


def test_the_words_of_a_disagreement_come_with_the_figures_that_disagree(
    bundled: Project, city: str, payload: MapPayload
) -> None:
    said = {row.id: row.figures.disagreement for row in coverage(bundled, city).zones}
    for place in payload.places:
        if place.figures and place.id in said:
            assert (place.figures.disagreement or "") == said[place.id]


def test_an_indicator_says_its_value_as_the_table_writes_it(bundled: Project, city: str, payload: MapPayload) -> None:
    for shown, standing in zip(payload.indicators, indicators(bundled, city), strict=True):
        assert (shown.now or "", shown.status) == (standing.now, standing.status)
        assert shown.status_label
        assert shown.status_label_en


def test_the_ground_of_a_city_takes_little_room_and_names_its_sources(payload: MapPayload) -> None:
    packed = packed_size(payload.blocks()["ground"])
    assert 0 < packed <= 150_000
    assert any("OpenStreetMap" in source for source in payload.sources)
    drawn = {shape.class_ for shape in payload.ground}
    assert {"main_road", "railway", "metro", "station", "water", "town"} <= drawn


def test_the_ground_is_none_of_what_the_page_counts(bundled: Project, city: str, payload: MapPayload) -> None:
    ground = set(bundled.ground(city).ids)
    assert ground
    assert ground.isdisjoint(thing.id for kind in (payload.places, payload.roads, payload.facilities) for thing in kind)
    assert ground.isdisjoint(payload.search)
