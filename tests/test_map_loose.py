"""Any files of points and zones make a map payload."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.datum import Datum, convert
from gis.errors import InputError
from gis.output.map.loose import build_loose_payload, read_points, read_shapes

POLYGONS = frozenset({"Polygon", "MultiPolygon"})


@pytest.fixture
def zones_file(tmp_path: Path) -> Path:
    frame = gpd.GeoDataFrame(
        {"name": ["甲园", "乙园"]},
        geometry=[shapely.box(121.1, 31.2, 121.2, 31.3), shapely.box(121.15, 31.2, 121.3, 31.3)],
        crs=4326,
    )
    path = tmp_path / "zones.geojson"
    frame.to_file(path, driver="GeoJSON")
    return path


def csv_of(path: Path, rows: list[tuple[str, float, float, str]]) -> Path:
    text = "企业名称,经度,纬度,环节\n" + "".join(f"{n},{x},{y},{s}\n" for n, x, y, s in rows)
    path.write_text(text, "utf-8-sig")
    return path


def test_points_of_a_table_without_datum_are_refused(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "firms.csv", [("一", 121.12, 31.25, "整车")])
    with pytest.raises(InputError, match="datum"):
        read_points(path)


def test_gcj02_points_are_brought_to_wgs84(tmp_path: Path) -> None:
    lon, lat = convert(121.15, 31.25, "wgs84", "gcj02")
    table = read_points(csv_of(tmp_path / "firms.csv", [("一", lon, lat, "整车")]), Datum.GCJ02, "环节")
    assert (table.lon[0], table.lat[0]) == pytest.approx((121.15, 31.25), abs=1e-7)
    assert (table.names, table.values) == (["一"], ["整车"])


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "firms.csv", [("一", 121.12, 31.25, "整车")])
    with pytest.raises(InputError, match="环节"):
        read_points(path, Datum.WGS84, by="nothing")


def test_each_zone_counts_its_own_points_and_the_total_each_point_once(tmp_path: Path, zones_file: Path) -> None:
    rows = [
        ("一", 121.12, 31.25, "整车"),
        ("二", 121.17, 31.25, "软件"),
        ("三", 121.5, 31.25, "整车"),
        ("四", float("nan"), 31.2, "整车"),
    ]
    table = read_points(csv_of(tmp_path / "firms.csv", rows), Datum.WGS84, "环节")
    payload = build_loose_payload(table, read_shapes(zones_file, POLYGONS), None, title="t", as_of=date(2026, 1, 31))
    assert [place.figures.inside for place in payload.places if place.figures] == [2, 1]
    assert payload.total is not None
    assert payload.total.inside == 2
    data = payload.to_json()["points"]
    assert (data["n"], data["placed"]) == (4, 3)
    assert sum(data["rows"]["unzoned"]["i"]) == 1
    assert [segment["label"] for segment in payload.to_json()["segments"]] == ["整车", "软件"]


def test_lines_are_no_zones(tmp_path: Path) -> None:
    path = tmp_path / "lines.geojson"
    gpd.GeoDataFrame({"name": ["路"]}, geometry=[shapely.LineString([(121, 31), (121.1, 31)])], crs=4326).to_file(path)
    with pytest.raises(InputError, match="LineString"):
        read_shapes(path, POLYGONS)


def test_many_values_of_the_colouring_column_are_shown_together(tmp_path: Path, zones_file: Path) -> None:
    rows = [(f"{i}", 121.12, 31.25, f"v{i}") for i in range(60)]
    table = read_points(csv_of(tmp_path / "firms.csv", rows), Datum.WGS84, "环节")
    payload = build_loose_payload(table, read_shapes(zones_file, POLYGONS), None, title="t", as_of=date(2026, 1, 31))
    assert len(payload.segments) == 24
    assert np.bincount(payload.points.segment).sum() == 60


def test_the_reach_of_a_road_is_a_share_of_each_zone(tmp_path: Path, zones_file: Path) -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.LineString([(121.11, 31.25), (121.13, 31.25)])], crs=4326)
    frame.to_file(tmp_path / "roads.geojson", driver="GeoJSON")
    roads = read_shapes(tmp_path / "roads.geojson", frozenset({"LineString"}))
    table = read_points(csv_of(tmp_path / "firms.csv", [("一", 121.12, 31.25, "整车")]), Datum.WGS84)
    payload = build_loose_payload(table, read_shapes(zones_file, POLYGONS), roads, title="t", as_of=date(2026, 1, 1))
    near, far = (place.figures for place in payload.places)
    assert near is not None
    assert far is not None
    length_km = payload.roads[0].length_km
    assert length_km is not None
    assert near.area_km2 is not None
    assert near.reach_area_share == pytest.approx((length_km * 1.0 + np.pi * 0.25) / near.area_km2, rel=2e-3)
    assert far.reach_area_share == 0.0
