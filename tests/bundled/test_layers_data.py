"""The real layers keep their own claims: valid, neighbours fitting together, areas and places as known elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import MissingExtraError
from gis.earth import geodesy
from gis.intake.boundary import read_outline, source_folder
from gis.io.geojson import Feature, read_features
from gis.measures.catalogue import audit, least_certain
from gis.model.layers import check_features
from gis.model.project import Project, load_project
from tests import ROOT

CITIES = ("jiading", "hangzhou", "huli")
FILES = [path for city in CITIES for path in sorted((ROOT / "layers" / city).glob("*.geojson"))]
LAYERS = [path for path in FILES if path.stem != "towns"]
# No geometry of this basis can honestly promise less.
LEAST_ACCURACY_M = {"statutory": 1, "administrative": 50, "digitised": 100, "schematic": 300, "proxy": 500}

try:
    source_folder()
    BOUNDARY = True
except MissingExtraError:
    BOUNDARY = False
needs_boundary = pytest.mark.skipif(not BOUNDARY, reason="the boundaries are an extra: uv sync --extra boundary")

# Stations, substations and checkpoints whose district or town is known: WGS 84, from a list of control points.
KNOWN = [
    ("安亭站(地铁11号线)", 121.157526, 31.290363, "anting-town"),
    ("昌吉东路站(地铁11号线)", 121.195901, 31.295526, "anting-town"),
    ("光明路站(地铁11号线)", 121.112858, 31.298077, "kunshan-city"),
    ("嘉定西站(地铁11号线)", 121.223461, 31.379148, "jiading-district"),
    ("南翔北站", 121.304255, 31.283421, "nanxiang-town"),
    ("G15朱桥检查站", 121.183683, 31.407353, "jiading-industrial-zone-north"),
    ("云水站", 120.37719, 30.30507, "qiantang-district"),
    ("衙前站", 120.355333, 30.165805, "xiaoshan-district"),
    ("苕溪站", 119.954557, 30.324437, "yuhang-district"),
    ("临平站", 120.299437, 30.407923, "linping-district"),
    ("银湖站", 119.984048, 30.142106, "fuyang-district"),
    ("江汉路站", 120.200195, 30.205238, "binjiang-district"),
    ("钟宅站", 118.168124, 24.526661, "huli-district"),
    ("220kV湖边变电站", 118.177175, 24.503398, "huli-district"),
    ("古地石站", 118.15891, 24.488305, "siming-district"),
    ("岩内站", 118.064899, 24.646282, "jimei-district"),
    ("海沧行政中心站", 118.028207, 24.490208, "haicang-district"),
]
# What is published of towns' and parks' areas in km², and how far a sketch may be from it.
PUBLISHED_KM2 = [
    ("anting-town", 89.3, 0.01),
    ("waigang-town", 50.9, 0.01),
    ("nanxiang-town", 33.8, 0.03),
    ("jiangqiao-town", 42.4, 0.01),
    ("malu-town", 57.1, 0.01),
    ("new-energy-port-phase-1", 2.0, 0.005),
    ("new-energy-port-phase-2", 0.64, 0.005),
    ("new-energy-port", 2.64, 0.005),
    ("hydrogen-port", 2.15, 0.01),
    ("auto-software-park", 3.73, 0.01),
    ("auto-city-core-area", 7.43, 0.01),
    ("auto-city-parts-park", 8.3, 0.01),
    ("auto-city-manufacturing-area", 5.9, 0.01),
    ("f1-circuit", 5.3, 0.01),
    ("smart-sensor-park", 2.67, 0.01),
    ("jiabei-country-park", 13.98, 0.01),
    ("future-sci-tech-city", 113.0, 0.01),
]


def own_features() -> dict[str, Feature]:
    return {feature.properties["id"]: feature for path in LAYERS for feature in read_features(path)}


FEATURES = own_features()


def outline(id_: str) -> BaseGeometry:
    geometry = FEATURES[id_].geometry
    assert geometry is not None, id_
    return geometry


def placed(*kinds: str) -> Iterator[tuple[dict[str, Any], BaseGeometry]]:
    for path in LAYERS:
        if path.stem in kinds:
            for properties, geometry in read_features(path):
                if geometry is not None:
                    yield properties, geometry


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


@pytest.mark.parametrize("path", LAYERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_layer_keeps_the_schema_of_its_kind(path: Path) -> None:
    assert check_features(read_features(path), path.stem, path.name) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_layer_is_plain_geojson_of_at_most_seven_decimals(path: Path) -> None:
    text = path.read_text("utf-8")
    document = json.loads(text)
    assert set(document) == {"type", "features"}
    geometries = "".join(json.dumps(feature["geometry"]) for feature in document["features"])
    assert re.search(r"\.\d{8}", geometries) is None
    ids = [feature["properties"]["id"] for feature in document["features"]]
    assert ids == sorted(ids)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_outlines_are_valid_and_run_counter_clockwise(path: Path) -> None:
    for properties, geometry in read_features(path):
        for part in shapely.get_parts(geometry) if geometry is not None else ():
            assert part.is_valid, properties["id"]
            if part.geom_type == "Polygon":
                assert part.exterior.is_ccw, properties["id"]
                assert not any(ring.is_ccw for ring in part.interiors), properties["id"]


def test_the_audit_finds_no_fault(project: Project) -> None:
    assert [fault for layer in audit(project) for fault in layer.faults] == []


def test_no_outline_is_a_sliver() -> None:
    for properties, geometry in placed("zones", "districts", "facilities"):
        for part in shapely.get_parts(geometry):
            if part.geom_type == "Polygon":
                km2, perimeter = geodesy.area_km2(part), geodesy.length_km(part)
                # An axis of 5.6 km by 0.6 km has 0.6 / 5.6 of a square's compactness; a sliver has less than 1 %.
                assert 16 * km2 / perimeter**2 > 0.01, properties["id"]


def test_zones_lie_in_the_district_or_town_that_they_name() -> None:
    for properties, geometry in placed("zones"):
        if within := properties.get("within"):
            outside = geometry.difference(outline(within))
            assert outside.area <= 0.002 * geometry.area, properties["id"]
            if geometry.geom_type == "Point":
                assert outside.is_empty, properties["id"]


@pytest.mark.parametrize("city", CITIES)
def test_the_districts_of_a_city_fit_together_without_gap_or_overlap(city: str) -> None:
    districts = [
        geometry
        for properties, geometry in read_features(ROOT / "layers" / city / "districts.geojson")
        if properties["level"] in {"district", "county"}
    ]
    assert shapely.coverage_is_valid(districts)


@pytest.mark.parametrize(
    "ids",
    [
        ("new-energy-port-phase-1", "new-energy-port-phase-2"),
        ("anting-town", "waigang-town"),
        ("anting-town", "jiangqiao-town", "nanxiang-town", "malu-town"),
        ("waigang-town", "jiading-industrial-zone-north"),
    ],
    ids="-and-".join,
)
def test_neighbours_share_the_vertices_of_their_border(ids: tuple[str, ...]) -> None:
    outlines = [outline(id_) for id_ in ids]
    assert shapely.coverage_is_valid(outlines)
    assert all(any(one.intersection(other).length for other in outlines if other is not one) for one in outlines)


@pytest.mark.parametrize(
    "town",
    ["anting-town", "waigang-town", "nanxiang-town", "jiangqiao-town", "malu-town", "jiading-industrial-zone-north"],
)
def test_a_town_at_the_edge_of_the_district_runs_along_its_line(town: str) -> None:
    border = outline("jiading-district").boundary
    shared = outline(town).boundary.intersection(border)
    assert geodesy.length_km(shared) > 1.0
    assert outline(town).difference(outline("jiading-district")).is_empty


def test_the_two_phases_make_up_the_new_energy_port() -> None:
    both = shapely.union(outline("new-energy-port-phase-1"), outline("new-energy-port-phase-2"))
    assert both.equals(outline("new-energy-port"))


@pytest.mark.parametrize(("id_", "km2", "tolerance"), PUBLISHED_KM2)
def test_an_area_agrees_with_what_is_published(id_: str, km2: float, tolerance: float) -> None:
    assert geodesy.area_km2(outline(id_)) == pytest.approx(km2, rel=tolerance)


def test_an_area_agrees_with_the_document_that_gives_it(project: Project) -> None:
    given = [member for member in project.facts.memberships if member.area_km2]
    assert len(given) >= 2
    for member in given:
        assert member.area_km2 is not None
        assert geodesy.area_km2(outline(member.id)) == pytest.approx(member.area_km2, rel=0.005)


@needs_boundary
@pytest.mark.parametrize(
    "id_",
    [
        properties["id"]
        for properties, _ in read_features(ROOT / "layers" / "hangzhou" / "districts.geojson")
        if properties["adcode"]
    ],
)
def test_a_district_of_hangzhou_has_the_area_of_the_boundary_source(id_: str) -> None:
    source = geodesy.area_km2(read_outline(FEATURES[id_].properties["adcode"]))
    assert geodesy.area_km2(outline(id_)) == pytest.approx(source, rel=0.005)


def test_the_old_yuhang_is_the_new_one_and_linping_together() -> None:
    both = shapely.union(outline("yuhang-district"), outline("linping-district"))
    assert both.symmetric_difference(outline("yuhang-district-2020")).area < 1e-12


@pytest.mark.parametrize(("name", "lon", "lat", "place"), KNOWN, ids=[row[0] for row in KNOWN])
def test_a_place_of_known_district_or_town_lies_in_it(name: str, lon: float, lat: float, place: str) -> None:
    here = shapely.Point(lon, lat)
    assert outline(place).covers(here)
    level = FEATURES[place].properties.get("level")
    if level in {"district", "county"}:
        peers = [p["id"] for p, g in placed("districts") if p["level"] in {"district", "county"} and g.covers(here)]
        assert peers == [place]


def test_zhaofeng_road_station_lies_beyond_the_line_of_jiading() -> None:
    here = shapely.Point(121.145687, 31.290825)
    assert outline("kunshan-city").covers(here)
    assert [p["id"] for p, g in placed("zones") if g.covers(here)] == []


def test_positions_that_no_shape_was_made_from_lie_within_the_stated_accuracy() -> None:
    script = ROOT / "benchmarks" / "geometry_residuals.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_feature_without_geometry_says_why_or_names_the_place_it_lies_within() -> None:
    for feature in FEATURES.values():
        properties = feature.properties
        if feature.geometry is None:
            # A zone without outline may lie in a district all the same; of a firm the place is its position.
            place = properties.get("within") if "within_basis" in properties else None
            assert bool(place) != bool(properties.get("unplaced_reason")), properties["id"]
            if place:
                outline(place)
                assert properties["within_basis"] in {"document", "source", "general"}, properties["id"]
                assert len(properties["within_source"]) >= 4, properties["id"]
        else:
            assert not properties.get("unplaced_reason"), properties["id"]


def test_what_rests_on_general_knowledge_alone_is_within_a_place_at_most() -> None:
    for properties, geometry in placed("enterprises", "facilities"):
        if geometry.geom_type == "Point":
            assert properties["accuracy_m"] <= 1000, properties["id"]
            assert "一般知识" not in properties["geometry_source"], properties["id"]


def test_no_accuracy_is_below_what_its_basis_can_promise() -> None:
    for properties, _ in placed("districts", "zones", "enterprises", "roads", "facilities"):
        least = LEAST_ACCURACY_M[properties["geometry_basis"]]
        assert properties["accuracy_m"] >= least, properties["id"]


def test_a_source_is_said_in_words_and_general_knowledge_is_owned_to() -> None:
    for properties, geometry in placed("zones", "enterprises", "roads", "facilities"):
        assert len(properties["geometry_source"]) >= 10, properties["id"]
        if geometry.geom_type == "Point" and "general knowledge" in properties["geometry_source"]:
            assert properties["geometry_basis"] == "proxy", properties["id"]
        if "一般知识" in properties["geometry_source"]:
            assert properties["accuracy_m"] >= 700, properties["id"]


def test_only_a_road_with_a_course_counts_as_test_road_and_no_corridor_does() -> None:
    for feature in FEATURES.values():
        if feature.properties.get("is_test_road"):
            assert feature.geometry is not None, feature.properties["id"]
            assert feature.properties["type"] not in {"corridor", "axis"}, feature.properties["id"]


def test_the_motorway_passes_the_toll_station_where_it_crosses_the_district() -> None:
    # G2嘉松公路 toll station, GCJ-02 121.208825, 31.252039 of a public listing.
    crs = geodesy.metric_crs_for(outline("jiading-district").bounds)
    station = geodesy.to_metric(shapely.Point(121.204361, 31.254015), crs)
    assert station.distance(geodesy.to_metric(outline("g2-corridor-suzhou"), crs)) < 500


def test_the_table_of_the_largest_uncertainties_in_the_docs_is_what_the_audit_says(project: Project) -> None:
    text = (ROOT / "docs" / "geometry.md").read_text("utf-8")
    written = re.findall(r"^\| (\d+) \| (\w+) \| (\w+) \| `([\w-]+)` \|", text, re.MULTILINE)
    said = [(f"{one.accuracy_m:.0f}", one.city, one.kind, one.id) for one in least_certain(project, 15)]
    assert written == said
