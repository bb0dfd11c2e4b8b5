"""Count files here and on one and two Dask workers: `python benchmarks/count/spread.py PARTITIONS ROWS`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import geopandas as gpd
import numpy as np
import workload
from distributed import LocalCluster

from gis.engine.count import count
from gis.engine.zone_index import ZoneIndex


def main() -> None:
    partitions, rows = int(sys.argv[1]), int(sys.argv[2])
    shapes = workload.zones(5000, 200)
    zones = gpd.GeoDataFrame({"id": np.arange(len(shapes))}, geometry=list(shapes), crs="EPSG:4326")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        x, y = workload.points(partitions * rows, shapes)
        for k in range(partitions):
            part = slice(k * rows, (k + 1) * rows)
            gpd.GeoDataFrame(geometry=gpd.points_from_xy(x[part], y[part]), crs="EPSG:4326").to_parquet(
                folder / f"{k:03}.parquet"
            )
        first = folder / "000.parquet"
        wanted = count(folder, zones)
        start, cpu = perf_counter(), process_time()
        count(folder, zones)
        local, local_cpu = perf_counter() - start, process_time() - cpu
        cpu = process_time()
        ZoneIndex.build(shapes)
        build = process_time() - cpu
        workers = {}
        for number in (1, 2):
            with LocalCluster(n_workers=number, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:  # type: ignore[no-untyped-call]
                address = cluster.scheduler_address
                # Once to start the workers and load the compiled code.
                count([first] * 2 * number, zones, engine="dask", scheduler=address)
                seconds = []
                for _ in range(3):
                    start = perf_counter()
                    found = count(folder, zones, engine="dask", scheduler=address)
                    seconds.append(perf_counter() - start)
                    assert found.rows == wanted.rows
                workers[str(number)] = min(seconds)
        size = sum(path.stat().st_size for path in folder.iterdir())
    print(
        json.dumps(
            {
                "local_s": local,
                "local_cpu_s": local_cpu,
                "build_s": build,
                "workers": workers,
                "bytes": size,
                "load": workload.load().rstrip(".").lower().replace(" other work", "; other work"),
            }
        )
    )


if __name__ == "__main__":
    main()
