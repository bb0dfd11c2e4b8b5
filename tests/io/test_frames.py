"""Frames in memory are read as files of points are."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from gis.base.errors import DatumError, InputError
from gis.engine.count import count
from gis.io.frames import partition_of
from gis.io.streams import PointOptions

ZONES = gpd.GeoDataFrame({"id": ["west", "east"]}, geometry=[box(121, 31, 121.1, 31.1), box(121.1, 31, 121.2, 31.1)])


def points(n: int = 200) -> gpd.GeoDataFrame:
    chooses = np.random.default_rng(3)
    lon, lat = chooses.uniform(120.95, 121.25, n), chooses.uniform(30.95, 31.15, n)
    kinds = chooses.choice(np.array(["a", "b", None], dtype=object), n)
    return gpd.GeoDataFrame(
        {"kind": kinds, "staff": chooses.integers(1, 99, n)}, geometry=gpd.points_from_xy(lon, lat), crs=4326
    )


def test_a_frame_counts_as_the_file_of_it_does(tmp_path: Path) -> None:
    frame, zones = points(), ZONES.set_crs(4326)
    frame.to_parquet(tmp_path / "points.parquet")
    for by, sums in ((None, []), ("kind", ["staff"])):
        assert count(frame, zones, by, sums).rows == count(tmp_path / "points.parquet", zones, by, sums).rows


def test_a_frame_in_another_system_counts_the_same() -> None:
    frame, zones = points(), ZONES.set_crs(4326)
    assert count(frame.to_crs(32651), zones).rows == count(frame, zones).rows


def test_columns_of_coordinates_are_read_in_the_datum_that_is_given() -> None:
    from gis.earth.datum import convert

    placed = points()
    lon, lat = convert(placed.geometry.x.to_numpy(), placed.geometry.y.to_numpy(), "wgs84", "gcj02")
    frame = pd.DataFrame({"经度": lon, "纬度": lat})
    assert count(frame, ZONES.set_crs(4326), datum="gcj02").rows == count(placed, ZONES.set_crs(4326)).rows
    with pytest.raises(DatumError, match="does not say which datum"):
        count(frame, ZONES.set_crs(4326))


def test_a_row_without_a_position_is_counted_nowhere() -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(121.05, 31.05), None], crs=4326)
    assert [row[-1] for row in count(frame, ZONES.set_crs(4326)).rows] == [1, 0]


def test_what_is_no_point_or_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="1 geometries that are no points"):
        partition_of(gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)], crs=4326), PointOptions())
    with pytest.raises(InputError, match="has no column 'kind'"):
        partition_of(gpd.GeoDataFrame(geometry=[Point(0, 0)], crs=4326), PointOptions(by="kind"))
