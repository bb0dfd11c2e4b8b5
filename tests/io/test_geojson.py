"""GeoJSON is written the same way every time, is valid after rounding, and damaged GeoJSON is refused."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import pytest
import shapely
from shapely.geometry import Polygon, shape
from shapely.geometry.base import BaseGeometry

from gis.base.errors import InputError
from gis.io import geojson
from gis.io.geojson import dump_features, parse_features, read_features

SQUARE = shapely.Polygon([(0, 0), (0, 1), (1, 1), (1, 0)], [[(0.2, 0.2), (0.4, 0.2), (0.4, 0.4)]])  # clockwise shell


def test_the_examples_of_the_module_run() -> None:
    assert doctest.testmod(geojson).failed == 0


def test_features_are_sorted_by_id_one_a_line_without_a_crs_member() -> None:
    text = dump_features([({"id": "b"}, None), ({"id": "a", "name": "安亭"}, shapely.Point(1, 2))]).decode()
    lines = text.splitlines()
    assert [json.loads(line.rstrip(","))["properties"]["id"] for line in lines[1:-1]] == ["a", "b"]
    assert "安亭" in lines[1]
    assert set(json.loads(text)) == {"type", "features"}


def test_shells_run_counter_clockwise_and_holes_the_other_way() -> None:
    written = shape(json.loads(dump_features([({"id": "a"}, SQUARE)]))["features"][0]["geometry"])
    assert isinstance(written, Polygon)
    assert written.exterior.is_ccw
    assert not written.interiors[0].is_ccw


def test_what_is_written_reads_the_same_and_writes_the_same_again(tmp_path: Path) -> None:
    data = dump_features([({"id": "a", "aliases": ["x"], "accuracy_m": 5}, SQUARE), ({"id": "b"}, None)])
    (tmp_path / "f.geojson").write_bytes(data)
    assert dump_features(read_features(tmp_path / "f.geojson")) == data


def test_a_spike_that_rounding_folds_over_itself_is_still_valid() -> None:
    # Rounded vertex by vertex, the notch touches the far side and the ring crosses itself.
    narrow = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.5, 4e-7), (0, 1)])
    slanted = shapely.Polygon([(0, 0), (1, 0.0000011), (1, 1), (0.5, 0.0000006), (0, 1)])
    for given in (narrow, slanted):
        assert given.is_valid
        written = parse_features(dump_features([({"id": "a"}, given)]))[0].geometry
        assert written is not None
        assert written.is_valid
        assert written.area == pytest.approx(given.area, abs=1e-5)


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "not valid: Self-intersection"),
        (shapely.Polygon(), "empty"),
        (shapely.Point(float("inf"), 0), "not a finite number"),
        (shapely.box(0, 0, 1e-8, 1e-8), "vanishes when rounded"),
    ],
)
def test_a_geometry_that_cannot_be_written_is_named(geometry: BaseGeometry, says: str) -> None:
    with pytest.raises(InputError, match=f"(?s)bad.*{says}"):
        dump_features([({"id": "bad"}, geometry)])


def test_a_value_that_is_no_json_is_named() -> None:
    with pytest.raises(InputError, match="bad"):
        dump_features([({"id": "bad", "accuracy_m": float("nan")}, None)])


def test_a_third_dimension_is_left_out() -> None:
    assert b"[1.0,2.0]" in dump_features([({"id": "a"}, shapely.Point(1, 2, 3))])


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_a_crs_member_that_says_wgs84_is_read(name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert parse_features(json.dumps({"type": "FeatureCollection", "crs": crs, "features": []}).encode()) == []


@pytest.mark.parametrize(
    "crs", [{"properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}, {"properties": 3}, "EPSG:3857"]
)
def test_a_crs_member_that_says_anything_else_is_refused(crs: object) -> None:
    with pytest.raises(InputError, match="crs member"):
        parse_features(json.dumps({"type": "FeatureCollection", "crs": crs, "features": []}).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"type":"FeatureCollection","features":[{"type":"Fea',
        b"[1, 2]",
        b'{"type":"Topology"}',
        b"\xff\xfe\x00",
        b'{"type":"Point","coordinates":[NaN,1]}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_geojson_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_features(data)


def test_all_damaged_features_are_listed_at_once() -> None:
    rows = ['{"geometry":{"type":"Point","coordinates":["x"]}}', "3", '{"geometry":{"type":"Cube","coordinates":[]}}']
    data = f'{{"type":"FeatureCollection","features":[{",".join(rows)}]}}'.encode()
    with pytest.raises(InputError) as caught:
        parse_features(data, "f.geojson")
    assert [fault.row for fault in caught.value.faults] == [1, 2, 3]


def test_a_byte_order_mark_and_a_bare_geometry_are_read() -> None:
    found = parse_features(b'\xef\xbb\xbf{"type":"Point","coordinates":[1,2]}')
    assert found[0].geometry == shapely.Point(1, 2)
