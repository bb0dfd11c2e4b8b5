"""Tell whether a point lies in the mainland of China, where map services shift coordinates.

The outline is `gis/earth/data/mainland.bin`, made by `gis.intake.boundary.derive_mainland`: rings of little-endian
32-bit integers, each ring as the number of its points followed by longitude and latitude of each in millionths of a
degree (WGS 84), first point repeated. The border is the one that Amap draws, as what matters is where map services
shift; Kinmen, Matsu and Pratas count with Taiwan. Land borders, and the water half-way to Hong Kong, Macau and
Taiwan, lie within about 150 m of their source (25 m around Hong Kong and Macau); the open coast is moved 20 km out to
sea, so that piers, bridges and reclaimed land are inside. A point is inside when a ray from it crosses the rings an
odd number of times.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from shapely import MultiPolygon

# Longitudes, latitudes, southern and northern limit, in millionths of a degree.
Ring = tuple["array[int]", "array[int]", int, int]

_UNIT: Final = 1_000_000  # integers a degree


@cache
def _rings() -> tuple[Ring, ...]:
    return rings_of(Path(__file__).with_name("data").joinpath("mainland.bin").read_bytes())


def rings_of(data: bytes) -> tuple[Ring, ...]:
    """Return each ring of an outline's bytes."""
    numbers = array("i")
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    rings = []
    start = 0
    while start < len(numbers):
        stop = start + 1 + 2 * numbers[start]
        longitudes, latitudes = numbers[start + 1 : stop : 2], numbers[start + 2 : stop : 2]
        rings.append((longitudes, latitudes, min(latitudes), max(latitudes)))
        start = stop
    return tuple(rings)


def contains(lon: float, lat: float) -> bool:
    """Tell whether one point (longitude, latitude in degrees, WGS 84) lies in the mainland. NaN lies nowhere.

    >>> contains(121.16, 31.29), contains(114.16, 22.28)  # Anting; Hong Kong
    (True, False)
    """
    x, y = lon * _UNIT, lat * _UNIT
    inside = False
    for longitudes, latitudes, south, north in _rings():
        if not south <= y <= north:
            continue
        x1, y1 = longitudes[-1], latitudes[-1]
        for x2, y2 in zip(longitudes, latitudes, strict=True):
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
            x1, y1 = x2, y2
    return inside


@cache
def outline() -> MultiPolygon:
    """Return the outline as a shapely MultiPolygon (longitude, latitude in degrees, WGS 84), prepared."""
    import shapely

    whole = polygons_of(_rings())
    shapely.prepare(whole)
    return whole


def polygons_of(rings: Iterable[Ring]) -> MultiPolygon:
    """Return rings as a shapely MultiPolygon (longitude, latitude in degrees), holes where they lie in each other."""
    import numpy as np
    import shapely

    lines = [shapely.LinearRing(np.column_stack(ring[:2]) / _UNIT) for ring in rings]
    return shapely.MultiPolygon(list(shapely.get_parts(shapely.build_area(shapely.GeometryCollection(lines)))))


def contains_many(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell for each point (degrees, WGS 84; arrays of one shape) whether it lies in the mainland."""
    import shapely

    return shapely.contains_xy(outline(), lon, lat)
