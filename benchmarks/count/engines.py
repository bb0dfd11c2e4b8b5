"""Count with one engine, in a process of its own: `python benchmarks/count/engines.py ENGINE FOLDER REPEATS`.

Reads `points.npy` and `zones.npy` (WKB) of the folder, writes `ENGINE.npy` with the counts, and prints a line of JSON.
Each engine first brings points and zones into its own form (not timed), then counts `REPEATS` times; the time is the
processor time of this process (of the server process for PostGIS), user and system, of all threads.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Zones = npt.NDArray[np.object_]


def timed(work: Callable[[], Longs], repeats: int) -> tuple[Longs, list[float]]:
    seconds = []
    for _ in range(repeats):
        start = process_time()
        counts = work()
        seconds.append(process_time() - start)
    return counts, seconds


def ours(x: Floats, y: Floats, zones: Zones, repeats: int) -> tuple[Longs, dict[str, Any]]:
    """The zone index: built and counted, counted only, and a bare histogram over the cells of the same grid."""
    from gis.engine import zone_kernels
    from gis.engine.zone_index import ZoneIndex

    few = ZoneIndex.build(zones[:2])
    few.count(x[:10], y[:10])
    zone_kernels.histogram(x[:10], y[:10], few.frame, few.columns, few.rows, np.zeros(few.columns * few.rows, np.int32))
    build, count, histogram = [], [], []
    for _ in range(repeats):
        start = process_time()
        index = ZoneIndex.build(zones)
        build.append(process_time() - start)
        start = process_time()
        counts = index.count(x, y)
        count.append(process_time() - start)
        # Twice, so that the second finds its cells in memory as the index finds its own.
        cells = np.zeros(index.columns * index.rows, np.int32)
        zone_kernels.histogram(x, y, index.frame, index.columns, index.rows, cells)
        start = process_time()
        zone_kernels.histogram(x, y, index.frame, index.columns, index.rows, cells)
        histogram.append(process_time() - start)
    found = {
        "build": build,
        "count": count,
        "histogram": histogram,
        "cells": index.columns * index.rows,
        "index_bytes": index.nbytes,
    }
    return counts, {**found, "seconds": [a + b for a, b in zip(build, count, strict=True)]}


def by_geopandas(x: Floats, y: Floats, zones: Zones, repeats: int) -> tuple[Longs, dict[str, Any]]:
    import geopandas as gpd

    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y))
    frame = gpd.GeoDataFrame({"zone": np.arange(len(zones))}, geometry=list(zones))

    def work() -> Longs:
        found = gpd.sjoin(points, frame, predicate="intersects").groupby("zone").size()
        return np.asarray(found.reindex(np.arange(len(zones)), fill_value=0).to_numpy(), np.int64)

    counts, seconds = timed(work, repeats)
    return counts, {"seconds": seconds}


def by_shapely(x: Floats, y: Floats, zones: Zones, repeats: int) -> tuple[Longs, dict[str, Any]]:
    """`intersects_xy` a zone, for the points in its box, found in points ordered by x."""

    def work() -> Longs:
        order = np.argsort(x)
        xs, ys = x[order], y[order]
        shapely.prepare(zones)
        bounds = shapely.bounds(zones)
        first = np.searchsorted(xs, bounds[:, 0], "left")
        last = np.searchsorted(xs, bounds[:, 2], "right")
        counts = np.zeros(len(zones), np.int64)
        for k, (a, b) in enumerate(zip(first, last, strict=True)):
            level = (ys[a:b] >= bounds[k, 1]) & (ys[a:b] <= bounds[k, 3])
            counts[k] = shapely.intersects_xy(zones[k], xs[a:b][level], ys[a:b][level]).sum()
        return counts

    counts, seconds = timed(work, repeats)
    return counts, {"seconds": seconds}


def by_duckdb(x: Floats, y: Floats, zones: Zones, repeats: int) -> tuple[Longs, dict[str, Any]]:
    duckdb, pa, package = (import_module(name) for name in ("duckdb", "pyarrow", "duckdb_extension_spatial"))
    extension = next(Path(str(package.__file__)).parent.rglob("*.duckdb_extension"))
    base = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": "1"})
    base.execute(f"LOAD '{extension}'")
    base.register("p", pa.table({"x": x, "y": y}))
    base.register("z", pa.table({"zone": np.arange(len(zones)), "wkb": shapely.to_wkb(zones)}))
    base.execute("CREATE TABLE points AS SELECT ST_Point(x, y) AS geom FROM p")
    base.execute("CREATE TABLE zones AS SELECT zone, ST_GeomFromWKB(wkb) AS geom FROM z")
    query = "SELECT zone, count(*) AS n FROM points JOIN zones ON ST_Intersects(zones.geom, points.geom) GROUP BY zone"

    def work() -> Longs:
        counts = np.zeros(len(zones), np.int64)
        found = base.execute(query).fetchnumpy()
        counts[found["zone"]] = found["n"]
        return counts

    counts, seconds = timed(work, repeats)
    return counts, {"seconds": seconds}


def by_sedona(x: Floats, y: Floats, zones: Zones, repeats: int) -> tuple[Longs, dict[str, Any]]:
    import geopandas as gpd

    session = import_module("sedonadb").connect()
    session.sql("SET datafusion.execution.target_partitions = 1").execute()
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y))
    frame = gpd.GeoDataFrame({"zone": np.arange(len(zones))}, geometry=list(zones))
    session.create_data_frame(points).to_memtable().to_view("points")
    session.create_data_frame(frame).to_memtable().to_view("zones")
    query = (
        "SELECT z.zone AS zone, count(*) AS n FROM points p JOIN zones z "
        "ON ST_Intersects(z.geometry, p.geometry) GROUP BY z.zone"
    )

    def work() -> Longs:
        counts = np.zeros(len(zones), np.int64)
        found = session.sql(query).to_pandas()
        counts[found["zone"].to_numpy()] = found["n"].to_numpy()
        return counts

    counts, seconds = timed(work, repeats)
    return counts, {"seconds": seconds}


def by_polars(x: Floats, y: Floats, zones: Zones, repeats: int) -> tuple[Longs, dict[str, Any]]:
    os.environ["POLARS_MAX_THREADS"] = "1"
    pl, st = import_module("polars"), import_module("polars_st")
    points = st.GeoDataFrame({"geometry": shapely.to_wkb(shapely.points(x, y))})
    frame = st.GeoDataFrame({"zone": np.arange(len(zones)), "geometry": shapely.to_wkb(zones)})

    def work() -> Longs:
        counts = np.zeros(len(zones), np.int64)
        found = points.st.sjoin(frame, predicate="intersects").group_by("zone").agg(pl.len().alias("n"))
        counts[found["zone"].to_numpy()] = found["n"].to_numpy()
        return counts

    counts, seconds = timed(work, repeats)
    return counts, {"seconds": seconds}


def by_postgis(x: Floats, y: Floats, zones: Zones, repeats: int) -> tuple[Longs, dict[str, Any]]:
    """A server of its own, in a folder that is removed; both tables are indexed and analysed first."""
    programs = Path(shutil.which("initdb") or next(Path("/usr/lib/postgresql").glob("*/bin/initdb"))).resolve().parent
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o777)
        (folder / "points.csv").write_text(
            "\n".join(f"POINT({a!r} {b!r})" for a, b in zip(x.tolist(), y.tolist(), strict=True))
        )
        (folder / "zones.csv").write_text(
            "\n".join(f"{k}\t{wkb}" for k, wkb in enumerate(shapely.to_wkb(zones, hex=True)))
        )

        def run(*command: str | Path) -> None:
            subprocess.run([*as_user, *command], check=True, stdout=subprocess.DEVNULL)

        data = folder / "data"
        run(programs / "initdb", "-D", data, "-A", "trust", "-U", "bench")
        settings = (
            "-c listen_addresses='' -c fsync=off -c jit=off -c max_parallel_workers_per_gather=0 -c shared_buffers=2GB"
        )
        settings += (
            f" -c work_mem=1GB -c maintenance_work_mem=2GB -c max_wal_size=20GB -c unix_socket_directories={folder}"
        )
        run(programs / "pg_ctl", "-D", data, "-w", "-o", settings, "-l", folder / "log", "start")
        try:
            query = "SELECT zone, count(*) FROM points p JOIN zones z ON ST_Intersects(z.geom, p.geom) GROUP BY zone"
            again = (
                f"\\! cat /proc/$PID/stat >> {folder}/before\n\\o {folder}/counts\n{query};\n\\o\n"
                f"\\! cat /proc/$PID/stat >> {folder}/after\n"
            )
            script = (
                "CREATE EXTENSION postgis;\nCREATE UNLOGGED TABLE points (geom geometry(Point));\n"
                "CREATE UNLOGGED TABLE zones (zone int, geom geometry);\n"
                f"\\copy points FROM '{folder}/points.csv'\n\\copy zones FROM '{folder}/zones.csv'\n"
                "CREATE INDEX ON points USING gist (geom);\nCREATE INDEX ON zones USING gist (geom);\n"
                "VACUUM ANALYZE points;\nVACUUM ANALYZE zones;\n"
                "SELECT pg_backend_pid() AS pid \\gset\n\\setenv PID :pid\n" + again * repeats
            )
            (folder / "script.sql").write_text(script)
            run(
                programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                "-h", folder, "-U", "bench", "-d", "postgres", "-f", folder / "script.sql",
            )  # fmt: skip
        finally:
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        tick = os.sysconf("SC_CLK_TCK")
        used = [
            [
                sum(map(int, line.rsplit(")", 1)[1].split()[11:13])) / tick
                for line in (folder / name).read_text().splitlines()
            ]
            for name in ("before", "after")
        ]
        counts = np.zeros(len(zones), np.int64)
        for line in (folder / "counts").read_text().splitlines():
            zone, n = line.split("|")
            counts[int(zone)] = int(n)
        if as_user:
            shutil.rmtree(data, ignore_errors=True)
    return counts, {"seconds": [after - before for before, after in zip(*used, strict=True)]}


ENGINES: dict[str, Callable[[Floats, Floats, Zones, int], tuple[Longs, dict[str, Any]]]] = {
    "zone index": ours,
    "geopandas.sjoin + groupby": by_geopandas,
    "shapely.intersects_xy a zone": by_shapely,
    "DuckDB spatial": by_duckdb,
    "SedonaDB": by_sedona,
    "polars-st": by_polars,
    "PostGIS": by_postgis,
}


def main() -> None:
    name, folder, repeats = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    points = np.load(folder / "points.npy")
    zones = shapely.from_wkb(np.load(folder / "zones.npy", allow_pickle=True))
    counts, found = ENGINES[name](points[0].copy(), points[1].copy(), np.asarray(zones, dtype=object), repeats)
    np.save(folder / f"{name}.npy", counts)
    print(json.dumps({**found, "median": median(found["seconds"])}))


if __name__ == "__main__":
    main()
