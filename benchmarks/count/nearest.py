"""Measure the nearest road against STRtree and against the ellipsoid: `python benchmarks/count/nearest.py POINTS`."""

from __future__ import annotations

import json
import sys
from time import process_time

import numpy as np
import shapely
import workload
from pyproj import Geod

from gis.engine.nearest import nearest_line, nearest_road


def main() -> None:
    n = int(sys.argv[1])
    roads = workload.roads(2000, 50)
    x, y = np.random.default_rng(workload.SEED).random((2, n)) * 100_000
    nearest_line(x[:100], y[:100], roads)
    ours, strtree = [], []
    for _ in range(3):
        start = process_time()
        _, metres = nearest_line(x, y, roads)
        ours.append(process_time() - start)
    points = np.asarray(shapely.points(x, y))
    start = process_time()
    _, wanted = shapely.STRtree(roads).query_nearest(points, return_distance=True, all_matches=False)
    strtree.append(process_time() - start)

    # The same roads, a degree for 50 km, and the least geodesic to the piece of road around the nearest place.
    there = shapely.transform(roads, lambda xy: xy / 50_000 + [120.0, 30.0])
    checked = min(n, 2000)
    lon, lat = x[:checked] / 50_000 + 120, y[:checked] / 50_000 + 30
    which, far = nearest_road(lon, lat, np.asarray(there, dtype=object))
    geod = Geod(ellps="WGS84")
    worst = 0.0
    for k in range(checked):
        along = shapely.get_coordinates(shapely.segmentize(there[which[k]], 2e-4))
        metres_there = geod.inv(np.full(len(along), lon[k]), np.full(len(along), lat[k]), along[:, 0], along[:, 1])[2]
        place = int(metres_there.argmin())
        ends = along[max(place - 1, 0) : place + 2]
        fine = shapely.get_coordinates(shapely.segmentize(shapely.LineString(ends), 2e-7)) if len(ends) > 1 else ends
        least = geod.inv(np.full(len(fine), lon[k]), np.full(len(fine), lat[k]), fine[:, 0], fine[:, 1])[2].min()
        if least > 10:
            worst = max(worst, abs(far[k] - least) / least)
    found = {
        "ours": float(np.median(ours)),
        "strtree": float(np.median(strtree)),
        "differ_m": float(np.abs(metres - wanted).max()),
        "checked": checked,
        "geodesic_share": worst,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
