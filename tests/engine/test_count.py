"""A count must be what geopandas gives, from every kind of file, and must say plainly what is wrong with one."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
import shapely
from shapely.geometry import LineString, box
from typer import Typer
from typer.testing import CliRunner

from gis.base.errors import DatumError, InputError, UsageError
from gis.cli.count import register
from gis.earth.datum import convert
from gis.engine.count import CountResult, Progress, count
from gis.views.counts import as_bytes

SEGMENTS = ["vehicle", "parts", "software", None]


def blocks() -> gpd.GeoDataFrame:
    """Zones that overlap, touch, and have a hole."""
    shapes = [
        box(121.0, 31.0, 121.2, 31.2),
        box(121.1, 31.1, 121.3, 31.3),
        box(121.2, 31.0, 121.4, 31.1),
        box(121.0, 31.2, 121.1, 31.4).difference(box(121.03, 31.23, 121.06, 31.3)),
        box(122.0, 32.0, 122.1, 32.1),
    ]
    return gpd.GeoDataFrame({"id": ["core", "wing", "point", "ring", "empty"]}, geometry=shapes, crs="EPSG:4326")


def firms(n: int = 5000, seed: int = 0) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    # Many on outlines and corners: positions on a lattice that the outlines lie on.
    lon = np.where(rng.random(n) < 0.5, rng.uniform(120.9, 121.5, n), 121.0 + np.round(rng.random(n) * 5) / 10)
    lat = np.where(rng.random(n) < 0.5, rng.uniform(30.9, 31.5, n), 31.0 + np.round(rng.random(n) * 5) / 10)
    staff = rng.integers(1, 5000, n)
    output = np.where(rng.random(n) < 0.1, np.nan, rng.random(n))
    return gpd.GeoDataFrame(
        {"segment": [SEGMENTS[k] for k in rng.integers(0, 4, n)], "staff": staff, "output": output},
        geometry=shapely.points(lon, lat),
        crs="EPSG:4326",
    )


def off_outlines(points: gpd.GeoDataFrame, degrees: float) -> gpd.GeoDataFrame:
    """Only the points whose side of every outline survives a rounding."""
    outlines = shapely.union_all([shape.boundary for shape in blocks().geometry])
    return points[shapely.distance(points.geometry.array, outlines) > degrees]


def by_geopandas(
    points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> dict[tuple[str, str | None], tuple[int, int, float]]:
    joined = gpd.sjoin(points, zones, predicate="intersects")
    found = joined.groupby(["id", "segment"], dropna=False).agg(
        n=("staff", "size"), staff=("staff", "sum"), out=("output", "sum")
    )
    return {
        (str(id_), None if pd.isna(segment) else str(segment)): (int(n), int(staff), float(out))
        for (id_, segment), n, staff, out in found.itertuples(name=None)
    }


def figures(result: CountResult) -> dict[tuple[str, str | None], tuple[int, int, float]]:
    assert result.columns == ("id", "segment", "count", "staff", "output")
    return {(row[0], row[1]): row[2:] for row in result.rows}


def assert_same_figures(result: CountResult, points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> None:
    mine, theirs = figures(result), by_geopandas(points, zones)
    assert set(mine) == set(theirs)
    for key, (n, staff, out) in theirs.items():
        assert mine[key][:2] == (n, staff)
        assert mine[key][2] == pytest.approx(out, rel=1e-12)
        assert isinstance(mine[key][1], int)


def as_table(points: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "企业": [f"厂{k}" for k in range(len(points))],
            "经度": points.geometry.x,
            "纬度": points.geometry.y,
            "segment": points["segment"],
            "staff": points["staff"],
            "output": points["output"],
        }
    )


def write_points(points: gpd.GeoDataFrame, folder: Path, kind: str) -> Path:
    path = folder / f"points-{kind}.{kind.split('-', maxsplit=1)[0]}"
    if kind == "parquet-wkb":
        points.to_parquet(path, row_group_size=700)
    elif kind == "parquet-geoarrow":
        points.to_parquet(path, geometry_encoding="geoarrow")
    elif kind == "parquet-columns":
        as_table(points).to_parquet(path)
    elif kind == "parquet-dictionary":
        table = as_table(points)
        table["segment"] = table["segment"].astype("category")
        table.to_parquet(path)
    elif kind == "gpkg":
        points.to_file(path, driver="GPKG")
    elif kind == "csv-gbk":
        path.write_bytes(as_table(points).to_csv(index=False).encode("gbk"))
    else:
        path.write_bytes(as_table(points).to_csv(index=False).encode("utf-8-sig"))
    return path


@pytest.mark.parametrize(
    "kind",
    ["parquet-wkb", "parquet-geoarrow", "parquet-columns", "parquet-dictionary", "gpkg", "csv", "csv-gbk"],
)
def test_every_format_gives_the_count_of_geopandas(tmp_path: Path, kind: str) -> None:
    points, zones = firms(), blocks()
    path = write_points(points, tmp_path, kind)
    stated = kind in {"parquet-wkb", "parquet-geoarrow", "gpkg"}
    result = count(
        path, zones, "segment", ["staff", "output"], datum=None if stated else "wgs84", batch_rows=1000
    )  # fmt: skip
    assert result.points == len(points)
    assert_same_figures(result, points, zones)


def test_without_by_every_zone_has_a_row_and_there_is_no_total(tmp_path: Path) -> None:
    points, zones = firms(), blocks()
    result = count(write_points(points, tmp_path, "parquet-wkb"), zones)
    joined = gpd.sjoin(points, zones, predicate="intersects")["id"].value_counts()
    assert result.columns == ("id", "count")
    assert result.rows == tuple((id_, int(joined.get(id_, 0))) for id_ in zones["id"])


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp", "fgb", "parquet"])
def test_zones_come_from_any_vector_format(tmp_path: Path, suffix: str) -> None:
    zones = blocks()
    path = tmp_path / f"zones.{suffix}"
    if suffix == "parquet":
        zones.to_parquet(path)
    else:
        zones.to_file(path, engine="pyogrio")
    points = write_points(firms(), tmp_path, "parquet-wkb")
    assert sorted(count(points, path).rows) == sorted(count(points, zones).rows)


def test_a_folder_and_a_list_of_files_are_counted_together(tmp_path: Path) -> None:
    parts = [firms(300, seed) for seed in range(4)]
    (tmp_path / "year=2024").mkdir()
    (tmp_path / "_metadata").mkdir()
    paths = [tmp_path / ("year=2024" if k % 2 else ".") / f"{k}.parquet" for k in range(4)]
    for part, path in zip(parts, paths, strict=True):
        part.to_parquet(path)
    (tmp_path / "_metadata" / "x.parquet").write_bytes(b"not read")
    together = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True))
    assert_same_figures(count(tmp_path, blocks(), "segment", ["staff", "output"]), together, blocks())
    assert_same_figures(count(paths, blocks(), "segment", ["staff", "output"]), together, blocks())


def test_points_and_zones_in_one_projected_system_are_counted_as_they_are(tmp_path: Path) -> None:
    points, zones = firms().to_crs("EPSG:4549"), blocks().to_crs("EPSG:4549")
    # Positions exactly on the vertices of the projected outlines.
    on = gpd.GeoDataFrame(geometry=shapely.points(shapely.get_coordinates(zones.geometry)), crs="EPSG:4549")
    points = gpd.GeoDataFrame(pd.concat([points, on], ignore_index=True), crs="EPSG:4549")
    path = tmp_path / "p.parquet"
    points.to_parquet(path)
    joined = gpd.sjoin(points, zones, predicate="intersects")["id"].value_counts()
    assert count(path, zones).rows == tuple((id_, int(joined.get(id_, 0))) for id_ in zones["id"])


def test_zones_in_another_system_are_moved_to_that_of_the_points(tmp_path: Path) -> None:
    inside = off_outlines(firms(), 1e-4)
    path = tmp_path / "p.parquet"
    inside.to_parquet(path)
    assert count(path, blocks().to_crs("EPSG:4549")).rows == count(path, blocks()).rows


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_shifted_points_are_counted_where_they_are(tmp_path: Path, datum: str) -> None:
    points = off_outlines(firms(), 1e-6)
    lon, lat = convert(points.geometry.x.to_numpy(), points.geometry.y.to_numpy(), "wgs84", datum)
    path = tmp_path / "p.csv"
    pd.DataFrame({"lng": lon, "lat": lat, "segment": points["segment"].to_numpy()}).to_csv(path, index=False)
    plain = write_points(points, tmp_path, "csv")
    assert count(path, blocks(), "segment", datum=datum).rows == count(plain, blocks(), "segment", datum="wgs84").rows
    assert count(path, blocks(), datum="wgs84").rows != count(plain, blocks(), datum="wgs84").rows


def test_a_csv_without_a_datum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatumError, match=r"points-csv.csv: does not say which datum.*--datum"):
        count(write_points(firms(), tmp_path, "csv"), blocks())


def test_a_geoparquet_that_says_its_system_is_unknown_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    gpd.GeoDataFrame(geometry=shapely.points([[121.1, 31.1]])).to_parquet(path)
    with pytest.raises(DatumError, match="does not say which datum"):
        count(path, blocks())


def test_zones_without_a_system_are_refused_unless_it_is_given(tmp_path: Path) -> None:
    points = write_points(firms(), tmp_path, "parquet-wkb")
    bare = gpd.GeoDataFrame({"id": blocks()["id"]}, geometry=list(blocks().geometry))
    with pytest.raises(DatumError, match="--zones-datum"):
        count(points, bare)
    assert count(points, bare, zones_datum="wgs84").rows == count(points, blocks()).rows


def test_metres_declared_as_degrees_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("lon,lat\n352000,3461000\n", "utf-8")
    with pytest.raises(DatumError, match="look like metres"):
        count(path, blocks(), datum="wgs84")


def test_rows_without_a_position_are_read_and_in_no_zone(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("lon,lat\n121.05,31.05\n,\n121.05,31.05\n", "utf-8")
    result = count(path, blocks(), datum="wgs84")
    assert result.points == 3
    assert result.rows[0] == ("core", 2)
    points = firms(50)
    points.loc[::3, "geometry"] = None
    assert count(write_points(points, tmp_path, "parquet-wkb"), blocks()).points == 50


def test_roads_add_the_points_within_reach_of_any(tmp_path: Path) -> None:
    points, zones = firms(), blocks()
    roads = gpd.GeoDataFrame(
        geometry=[LineString([(121.0, 31.05), (121.3, 31.08)]), LineString([(121.05, 31.0), (121.06, 31.4)])],
        crs="EPSG:4326",
    )
    result = count(write_points(points, tmp_path, "parquet-wkb"), zones, "segment", roads=roads, reach_m=800)
    assert result.columns == ("id", "segment", "count", "within_800_m")
    metric = points.to_crs("EPSG:4549")
    near = points[metric.distance(roads.to_crs("EPSG:4549").union_all()) <= 800]
    wanted = gpd.sjoin(near, zones, predicate="intersects").groupby(["id", "segment"], dropna=False).size()
    wanted = {(id_, None if pd.isna(segment) else segment): n for (id_, segment), n in wanted.items()}
    assert {(row[0], row[1]): row[3] for row in result.rows if row[3]} == wanted
    assert sum(row[3] for row in result.rows) > 50


def blank_pages(data: bytearray) -> None:
    """Zero all that a Parquet file holds before its footer, which stays readable."""
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    data[4:footer] = bytes(footer - 4)


@pytest.mark.parametrize("kind", ["parquet", "csv", "gpkg"])
def test_one_damaged_file_of_many_is_named(tmp_path: Path, kind: str) -> None:
    for k in range(3):
        part = write_points(firms(2000, k), tmp_path, "parquet-wkb" if kind == "parquet" else kind)
        part.rename(tmp_path / f"{k}.{kind}")
    broken = tmp_path / f"1.{kind}"
    data = bytearray(broken.read_bytes())
    if kind == "csv":
        data[len(data) // 2 : len(data) // 2] = b"\n1,2,3\n"
    elif kind == "parquet":
        blank_pages(data)
    else:
        data = data[: len(data) // 3]
    broken.write_bytes(bytes(data))
    with pytest.raises(InputError, match=rf"1\.{kind}: cannot be read"):
        count(tmp_path, blocks(), datum="wgs84" if kind == "csv" else None)


def test_a_flipped_bit_in_a_file_with_checksums_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    table = pa.table({"lon": np.full(1000, 121.1), "lat": np.linspace(31, 32, 1000)})
    pq.write_table(table, path, compression="none", use_dictionary=False, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    data[data.index(np.float64(31.0).tobytes()) + 8] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"p\.parquet: cannot be read"):
        count(path, blocks(), datum="wgs84")


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = write_points(firms(), tmp_path, "parquet-wkb")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"points-parquet-wkb\.parquet: cannot be read"):
        count(path, blocks())


def test_files_in_different_systems_are_refused(tmp_path: Path) -> None:
    firms(10).to_parquet(tmp_path / "a.parquet")
    firms(10).to_crs("EPSG:4549").to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: is in CGCS2000"):
        count(tmp_path, blocks())


def test_what_is_no_point_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    blocks().to_parquet(path)
    with pytest.raises(InputError, match=r"5 geometries that are no points"):
        count(path, blocks())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "color"}, "has no column 'color'; it has"),
        ({"sums": ["segment"]}, "holds .*string, not numbers"),
        ({"id_column": "code"}, "has no column 'code'"),
    ],
)
def test_a_column_that_is_not_there_or_no_number_is_named(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        count(write_points(firms(50), tmp_path, "parquet-wkb"), blocks(), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "spark"}, "it is local or dask"),
        ({"scheduler": "tcp://127.0.0.1:1"}, "say engine dask"),
        ({"reach_m": 500.0}, "no roads"),
        ({"by": "count"}, "share the name count"),
        ({"sums": ["staff", "staff"]}, "share the name staff"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        count(write_points(firms(50), tmp_path, "parquet-wkb"), blocks(), **options)  # type: ignore[arg-type]


def test_files_that_are_not_there_or_not_read_are_refused(tmp_path: Path) -> None:
    for name, message in (("x.parquet", "does not exist"), ("x.xlsx", "cannot be read as points")):
        if name.endswith("xlsx"):
            (tmp_path / name).write_bytes(b"")
        with pytest.raises(UsageError, match=message):
            count(tmp_path / name, blocks())
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no file of points"):
        count(tmp_path / "empty", blocks())
    with pytest.raises(UsageError, match="does not exist"):
        count(write_points(firms(9), tmp_path, "parquet-wkb"), tmp_path / "zones.gpkg")


def test_zones_that_share_an_id_are_named(tmp_path: Path) -> None:
    zones = blocks()
    zones["id"] = ["a", "b", "a", None, "c"]
    with pytest.raises(InputError) as caught:
        count(write_points(firms(9), tmp_path, "parquet-wkb"), zones)
    assert [fault.row for fault in caught.value.faults] == [3, 4]


def test_zones_without_ids_are_numbered(tmp_path: Path) -> None:
    zones = blocks().drop(columns="id")
    result = count(write_points(firms(), tmp_path, "parquet-wkb"), zones)
    assert [row[0] for row in result.rows] == [1, 2, 3, 4, 5]


def test_zones_without_an_area_are_left_out_and_listed(tmp_path: Path) -> None:
    zones = blocks()
    shapes = list(zones.geometry)
    shapes[1], shapes[3] = shapely.Point(121.1, 31.1), None
    zones = gpd.GeoDataFrame({"id": zones["id"]}, geometry=shapes, crs="EPSG:4326")
    points = write_points(firms(), tmp_path, "parquet-wkb")
    result = count(points, zones)
    assert result.left_out == (("wing", "Point"), ("ring", "no geometry"))
    whole = dict(count(points, blocks()).rows)
    assert result.rows == tuple((id_, whole[id_]) for id_ in ("core", "point", "empty"))
    with pytest.raises(InputError, match="no polygon to count in"):
        count(points, zones.iloc[[1, 3]])


def test_a_broken_zone_is_named_by_its_row_in_the_file(tmp_path: Path) -> None:
    crossed = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(2, 2), (6, 2), (6, 3), (2, 3)]])
    zones = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0), box(0, 0, 1, 1), crossed], crs="EPSG:4326")
    with pytest.raises(InputError) as caught:
        count(write_points(firms(9), tmp_path, "parquet-wkb"), zones)
    assert [fault.row for fault in caught.value.faults] == [3]


def test_two_columns_that_read_like_longitude_ask_which(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("高德经度,经度,纬度\n121.1,121.1,31.1\n", "utf-8")
    with pytest.raises(InputError, match=r"2 columns that read like lon.*name one with --lon"):
        count(path, blocks(), datum="wgs84")
    assert count(path, blocks(), datum="wgs84", lon="经度").points == 1


def test_progress_comes_to_the_whole_with_a_rate(tmp_path: Path) -> None:
    seen: list[Progress] = []
    count(write_points(firms(), tmp_path, "parquet-wkb"), blocks(), progress=seen.append)
    assert seen[-1].share == 1.0
    assert seen[-1].points == 5000
    assert seen[-1].rate > 0
    assert Progress(100, 0.25, 2.0).remaining_s == 6.0
    assert Progress(0, 0.0, 0.0).remaining_s is None


def test_memory_is_that_of_a_batch(tmp_path: Path) -> None:
    """No array of the reader grows with the file."""
    from gis.io.streams import PointOptions, find_partitions

    path = tmp_path / "p.parquet"
    table = pa.table({"lon": np.full(100_000, 121.1), "lat": np.full(100_000, 31.1)})
    pq.write_table(table, path, row_group_size=10_000)
    pc.write_csv(table, tmp_path / "p.csv")
    for source, most in ((path, 4096), (tmp_path / "p.csv", 32 * 4096 // 8)):
        (part,) = find_partitions(source, PointOptions(datum="wgs84", batch_rows=4096))
        sizes = [len(batch.x) for batch in part.batches()]
        assert sum(sizes) == 100_000
        assert max(sizes) <= most


def run(*arguments: object) -> tuple[int, bytes, str]:
    app = Typer()
    app.callback()(lambda: None)
    register(app)
    result = CliRunner().invoke(app, ["count", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout_bytes, result.stderr


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_the_command_writes_what_the_function_returns(tmp_path: Path, form: str) -> None:
    points = write_points(firms(), tmp_path, "parquet-wkb")
    zones = tmp_path / "zones.gpkg"
    blocks().to_file(zones, driver="GPKG")
    out = tmp_path / f"out.{form}"
    code, _, stderr = run(points, zones, "--by", "segment", "--sum", "staff", "-o", out)
    assert (code, "5,000 points" in stderr) == (0, True)
    result = count(points, zones, "segment", ["staff"])
    assert out.read_bytes() == as_bytes(result, form)
    if form == "json":
        assert json.loads(out.read_text("utf-8")) == result.records()
    elif form == "parquet":
        assert pq.read_table(out).to_pylist() == result.records()
    else:
        frame = pd.read_csv(out)
        assert frame["count"].tolist() == [row[2] for row in result.rows]
        assert list(frame.columns) == ["id", "segment", "count", "staff"]


def test_the_command_leaves_the_old_file_when_a_partition_is_damaged(tmp_path: Path) -> None:
    points = write_points(firms(), tmp_path, "parquet-wkb")
    points.write_bytes(points.read_bytes()[:-100])
    out = tmp_path / "out.csv"
    out.write_text("old", "utf-8")
    zones = tmp_path / "zones.gpkg"
    blocks().to_file(zones, driver="GPKG")
    with pytest.raises(InputError):
        run(points, zones, "-o", out, "--force")
    assert out.read_text("utf-8") == "old"
