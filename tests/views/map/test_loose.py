"""Any files of points and zones make a map payload."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.earth.datum import Datum
from gis.measures.loose import count_loose, read_points, read_shapes
from gis.views.map.loose import build_loose_payload
from tests.measures.test_loose import POLYGONS, csv_of, two_zones


def test_each_zone_counts_its_own_points_and_the_total_each_point_once(tmp_path: Path) -> None:
    rows = [
        ("一", 121.12, 31.25, "整车"),
        ("二", 121.17, 31.25, "软件"),
        ("三", 121.5, 31.25, "整车"),
        ("四", float("nan"), 31.2, "整车"),
    ]
    table = read_points(csv_of(tmp_path / "firms.csv", rows), Datum.WGS84, "环节")
    payload = build_loose_payload(
        count_loose(table, read_shapes(two_zones(tmp_path), POLYGONS)), title="t", as_of=date(2026, 1, 31)
    )
    assert [place.figures.inside for place in payload.places if place.figures] == [2, 1]
    assert payload.total is not None
    assert payload.total.inside == 2
    data = payload.to_json()["points"]
    assert (data["n"], data["placed"]) == (4, 3)
    assert sum(data["rows"]["unzoned"]["i"]) == 1
    assert [segment["label"] for segment in payload.to_json()["segments"]] == ["整车", "软件"]


def test_many_values_of_the_colouring_column_are_shown_together(tmp_path: Path) -> None:
    rows = [(f"{i}", 121.12, 31.25, f"v{i}") for i in range(60)]
    table = read_points(csv_of(tmp_path / "firms.csv", rows), Datum.WGS84, "环节")
    payload = build_loose_payload(
        count_loose(table, read_shapes(two_zones(tmp_path), POLYGONS)), title="t", as_of=date(2026, 1, 31)
    )
    assert len(payload.segments) == 24
    assert np.bincount(payload.points.segment).sum() == 60


def test_the_reach_of_a_road_is_a_share_of_each_zone(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.LineString([(121.11, 31.25), (121.13, 31.25)])], crs=4326)
    frame.to_file(tmp_path / "roads.geojson", driver="GeoJSON")
    roads = read_shapes(tmp_path / "roads.geojson", frozenset({"LineString"}))
    table = read_points(csv_of(tmp_path / "firms.csv", [("一", 121.12, 31.25, "整车")]), Datum.WGS84)
    payload = build_loose_payload(
        count_loose(table, read_shapes(two_zones(tmp_path), POLYGONS), roads), title="t", as_of=date(2026, 1, 1)
    )
    near, far = (place.figures for place in payload.places)
    assert near is not None
    assert far is not None
    length_km = payload.roads[0].length_km
    assert length_km is not None
    assert near.area_km2 is not None
    assert near.reach_area_share == pytest.approx((length_km * 1.0 + np.pi * 0.25) / near.area_km2, rel=2e-3)
    assert far.reach_area_share == 0.0
