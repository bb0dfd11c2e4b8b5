"""Points, zones and roads of any files are read, and counted by zone."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from gis.base.errors import InputError
from gis.earth.datum import Datum, convert
from gis.measures.loose import count_loose, read_points, read_shapes

POLYGONS = frozenset({"Polygon", "MultiPolygon"})


def two_zones(folder: Path) -> Path:
    """Two boxes that overlap, as GeoJSON."""
    frame = gpd.GeoDataFrame(
        {"name": ["甲园", "乙园"]},
        geometry=[shapely.box(121.1, 31.2, 121.2, 31.3), shapely.box(121.15, 31.2, 121.3, 31.3)],
        crs=4326,
    )
    path = folder / "zones.geojson"
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


def test_a_table_in_gbk_is_read(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    path.write_bytes("企业名称,经度,纬度,环节\n汽车零件,121.12,31.25,整车\n".encode("gbk"))
    table = read_points(path, Datum.WGS84, "环节")
    assert (table.names, table.values) == (["汽车零件"], ["整车"])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.csv", b""),
        ("open-quote.csv", '名称,经度,纬度\n甲,121.2,31.3\n"乙,121.2\n'.encode()),
        ("more-cells-than-headings.csv", "名称,经度,纬度\n甲,121.2,31.3,a,b\n".encode()),
        ("latitude-of-95.csv", "名称,经度,纬度\n乙,121.2,95\n".encode()),
        ("damaged.parquet", bytes(range(256))),
        ("damaged.gpkg", bytes(range(256))),
        ("cut.geojson", b'{"type":"FeatureCollection","features":[{"type":'),
    ],
)
def test_what_cannot_be_read_is_a_fault_that_names_the_file(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=name):
        read_points(path, Datum.WGS84)


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "firms.csv", [("一", 121.12, 31.25, "整车")])
    with pytest.raises(InputError, match="环节"):
        read_points(path, Datum.WGS84, by="nothing")


def test_lines_are_no_zones(tmp_path: Path) -> None:
    path = tmp_path / "lines.geojson"
    gpd.GeoDataFrame({"name": ["路"]}, geometry=[shapely.LineString([(121, 31), (121.1, 31)])], crs=4326).to_file(path)
    with pytest.raises(InputError, match="LineString"):
        read_shapes(path, POLYGONS)


def test_a_point_in_two_zones_counts_in_each_and_once_in_all(tmp_path: Path) -> None:
    rows = [("一", 121.12, 31.25, "整车"), ("二", 121.17, 31.25, "软件"), ("三", 121.5, 31.25, "整车")]
    table = read_points(csv_of(tmp_path / "firms.csv", rows), Datum.WGS84)
    found = count_loose(table, read_shapes(two_zones(tmp_path), POLYGONS))
    assert [zone.members.tolist() for zone in found.counts] == [[0, 1], [1]]
    assert sorted(found.total.members.tolist()) == [0, 1]
    assert found.unzoned.tolist() == [2]
    assert (found.total.road_km, found.roads_united) == (None, None)
    assert found.bounds == (121.1, 31.2, 121.5, 31.3)


def test_roads_that_run_together_count_once_and_each_keeps_its_own_length(tmp_path: Path) -> None:
    line = shapely.LineString([(121.11, 31.25), (121.13, 31.25)])
    frame = gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=[line, line], crs=4326)
    frame.to_file(tmp_path / "roads.geojson", driver="GeoJSON")
    roads = read_shapes(tmp_path / "roads.geojson", frozenset({"LineString"}))
    table = read_points(csv_of(tmp_path / "firms.csv", [("一", 121.12, 31.25, "整车")]), Datum.WGS84)
    found = count_loose(table, read_shapes(two_zones(tmp_path), POLYGONS), roads)
    assert found.road_lengths_km[0] == found.road_lengths_km[1] == pytest.approx(1.905, abs=0.01)
    assert found.total.road_km == pytest.approx(found.road_lengths_km[0])
    assert found.counts[1].road_km == 0.0


def test_nothing_at_all_still_has_bounds(tmp_path: Path) -> None:
    table = read_points(csv_of(tmp_path / "firms.csv", []), Datum.WGS84)
    empty = read_shapes(two_zones(tmp_path), POLYGONS)
    found = count_loose(table, type(empty)([], empty.geometry[:0]))
    assert (found.counts, found.bounds) == ((), (-180.0, -60.0, 180.0, 70.0))
