"""Find the nearest road of many points, and which points lie within a distance of any road."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer

from gis.base.errors import Fault, InputError, UsageError
from gis.earth.geodesy import metric_crs_for
from gis.engine.zone_index import ZoneIndex

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

# Points for each cell of the grid, so that finding a cell's candidates costs little against its points.
_POINTS_PER_CELL = 16
_MOST_CELLS = 1 << 16
# A grid cell of roads: so small that its metric system is true to 0.01 %.
_REGION_DEGREES = 2.0
# The widest data for one metric system: 500 km from the centre lengths are wrong by 0.08 %.
_WIDEST_M = 500_000.0
# Where the buffer's polygon and its projection cannot decide, the distance is measured: a share of the reach.
_DOUBT = 0.005


def nearest_line(x: Floats, y: Floats, lines: Geometries) -> tuple[Longs, Floats]:
    """Find the nearest line of each point in a plane.

    The plane over the points is cut into cells; the lines that can be nearest to any place of a cell are those within
    the distance of the one nearest to its centre plus the cell's diagonal; only these are measured for its points.

    Args:
        x: (n,) float64, metres; NaN is a point without a place.
        y: (n,) likewise.
        lines: (m,) LineString, MultiLineString or LinearRing in the same system; None and empty ones are never nearest.

    Returns:
        (n,) the index of the nearest line (the first of equally near ones), -1 for points without a place;
        (n,) the distance in metres, NaN likewise.

    Raises:
        InputError: something else than a line is among `lines`, or there is no line at all.
    """
    from gis.engine import nearest_kernels

    segments, owner = _segments(lines)
    if not len(segments):
        raise InputError([Fault("roads", "there is no line to measure to")])
    which = np.full(len(x), -1, np.int64)
    metres = np.full(len(x), np.nan)
    here = np.isfinite(x) & np.isfinite(y)
    if not here.any():
        return which, metres
    xs, ys = np.ascontiguousarray(x[here], np.float64), np.ascontiguousarray(y[here], np.float64)
    x0, y0, width, height = xs.min(), ys.min(), np.ptp(xs), np.ptp(ys)
    cells = min(_MOST_CELLS, max(1, len(xs) // _POINTS_PER_CELL))
    scale = sqrt(cells / max(width * height, 1e-12))
    scale = min(scale, cells / max(width, height, 1e-6))
    columns, rows = int(width * scale) + 1, int(height * scale) + 1
    start, candidates = _candidates(segments, x0, y0, scale, columns, rows)
    found, distance = np.empty(len(xs), np.int64), np.empty(len(xs))
    nearest_kernels.nearest_in_cells(
        xs, ys, x0, y0, scale, columns, start, candidates, segments, found, distance
    )  # fmt: skip
    which[here] = owner[found]
    metres[here] = distance
    return which, metres


def nearest_road(lon: Floats, lat: Floats, roads: Geometries) -> tuple[Longs, Floats]:
    """Find the nearest road of each point, in the metric system for where they lie.

    Args:
        lon: (n,) degrees, WGS 84; NaN is a point without a place.
        lat: (n,) likewise.
        roads: (m,) lines, WGS 84, longitude before latitude.

    Returns:
        As `nearest_line`: the road's index and the straight-line distance in metres, within 0.1 % of the geodesic.

    Raises:
        InputError: something else than a line is among `roads`, or there is no line.
        UsageError: points and roads lie so far apart that no metric system is true to 0.1 %.
    """
    bounds = shapely.total_bounds(roads)
    low = np.fmin(bounds[:2], [np.nanmin(lon, initial=np.inf), np.nanmin(lat, initial=np.inf)])
    high = np.fmax(bounds[2:], [np.nanmax(lon, initial=-np.inf), np.nanmax(lat, initial=-np.inf)])
    move = Transformer.from_crs("OGC:CRS84", metric_crs_for([*low, *high]), always_xy=True)
    corner = move.transform([low[0], low[0], high[0], high[0]], [low[1], high[1], low[1], high[1]])
    if np.hypot(*corner).max() > _WIDEST_M:
        raise UsageError(
            f"points and roads lie up to {np.hypot(*corner).max() / 1000:.0f} km from their centre; "
            f"distances are true to 0.1 % within {_WIDEST_M / 1000:.0f} km: measure region by region"
        )
    x, y = move.transform(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    gone = ~(np.isfinite(x) & np.isfinite(y))
    x[gone] = np.nan
    return nearest_line(x, y, _moved(roads, move))


def _moved(geometries: Geometries, move: Transformer) -> Geometries:
    return np.asarray(
        shapely.transform(geometries, lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1]))), dtype=object
    )


def _segments(lines: Geometries) -> tuple[Floats, Longs]:
    """The straight pieces of lines, (m, 4) ax, ay, bx, by, and the line each belongs to, ascending."""
    kinds = shapely.get_type_id(lines)
    faults = [
        Fault("roads", f"is a {lines[k].geom_type}; a road is a LineString or MultiLineString", int(k) + 1)
        for k in np.flatnonzero(~np.isin(kinds, (-1, 1, 2, 5)))
    ]
    if faults:
        raise InputError(faults)
    parts, line = shapely.get_parts(lines, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    joined = part[:-1] == part[1:]
    return np.ascontiguousarray(np.hstack([xy[:-1], xy[1:]])[joined]), line[part[:-1][joined]].astype(np.int64)


def _candidates(segments: Floats, x0: float, y0: float, scale: float, columns: int, rows: int) -> tuple[Longs, Longs]:
    """The segments that can be nearest to a point of each cell, cell by cell."""
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    centres = np.asarray(shapely.points(x0 + (column.ravel() + 0.5) / scale, y0 + (row.ravel() + 0.5) / scale))
    tree = shapely.STRtree(np.asarray(shapely.linestrings(segments.reshape(-1, 2, 2))))
    (cell, _), near = tree.query_nearest(centres, return_distance=True, all_matches=False)
    least = np.empty(len(centres))
    least[cell] = near
    # The diagonal, and a little for rounding.
    reach = (least + sqrt(2.0) / scale) * (1 + 1e-9)
    cell, segment = tree.query(centres, predicate="dwithin", distance=reach)
    order = np.lexsort((segment, cell))
    start = np.zeros(len(centres) + 1, np.int64)
    np.cumsum(np.bincount(cell, minlength=len(centres)), out=start[1:])
    return start, segment[order].astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class RoadReach:
    """Says which points lie within a distance of any road, a straight line on the ground.

    Two outlines around the roads settle nearly every point: inside the narrow one it is within reach, outside the wide
    one it is not. Between them, half a per cent of the distance to both sides, the distance itself is measured in the
    metric system of the roads thereabouts. Build with `RoadReach.build`; it can be pickled.
    """

    reach_m: float
    crs: str
    sure: ZoneIndex
    possible: ZoneIndex
    systems: tuple[str, ...]
    roads: tuple[Geometries, ...]

    @classmethod
    def build(cls, roads: Geometries, reach_m: float, crs: CRS) -> RoadReach:
        """Prepare the test.

        Args:
            roads: (m,) lines, WGS 84, longitude before latitude.
            reach_m: metres.
            crs: the system of the points that will be asked about, x before y.

        Raises:
            InputError: something else than a line is among `roads`, or there is no line.
            UsageError: the reach is not above 0.
        """
        if not reach_m > 0:
            raise UsageError(f"the reach is {reach_m} m; it must be above 0")
        segments, _ = _segments(roads)
        if not len(segments):
            raise InputError([Fault("roads", "there is no line to measure to")])
        middle = (segments[:, :2] + segments[:, 2:]) / 2
        regions = np.floor(middle / _REGION_DEGREES).astype(np.int64)
        _, region = np.unique(regions, axis=0, return_inverse=True)
        sure, possible, systems, kept = [], [], [], []
        for number in range(region.max() + 1):
            pieces = np.asarray(shapely.linestrings(segments[region == number].reshape(-1, 2, 2)))
            metric = metric_crs_for(shapely.total_bounds(pieces))
            flat = _moved(pieces, Transformer.from_crs("OGC:CRS84", metric, always_xy=True))
            there = Transformer.from_crs(metric, crs, always_xy=True)
            whole = shapely.MultiLineString(list(flat))
            sure.append(_outline(whole, reach_m * (1 - _DOUBT), reach_m, there))
            possible.append(_outline(whole, reach_m * (1 + _DOUBT), reach_m, there))
            systems.append(metric.to_wkt())
            kept.append(flat)
        return cls(
            reach_m,
            crs.to_wkt(),
            ZoneIndex.build(_array(sure)),
            ZoneIndex.build(_array(possible)),
            tuple(systems),
            tuple(kept),
        )

    def within(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Say for each point, (n,) in the system given to `build`, whether any road lies within the reach."""
        found = self.sure.any(x, y)
        open_ = np.flatnonzero(~found)
        point, region = self.possible.pairs(x[open_], y[open_])
        for number in np.unique(region):
            those = open_[point[region == number]]
            move = Transformer.from_crs(CRS.from_wkt(self.crs), CRS.from_wkt(self.systems[number]), always_xy=True)
            places = shapely.points(*move.transform(x[those], y[those]))
            tree = shapely.STRtree(self.roads[number])
            near, _ = tree.query(places, predicate="dwithin", distance=self.reach_m)
            found[those[near]] = True
        return found


def _array(geometries: list[shapely.Geometry]) -> Geometries:
    made = np.empty(len(geometries), dtype=object)
    made[:] = geometries
    return made


def _outline(lines: shapely.Geometry, radius_m: float, reach_m: float, move: Transformer) -> shapely.Geometry:
    """What lies within a radius of lines, in another system, with so many vertices that straight edges do no harm."""
    # A chord of length l on a curved course leaves it by l^2 / (8 R).
    longest = sqrt(8 * 6_371_000.0 * 0.1 * _DOUBT * reach_m)
    around = shapely.segmentize(shapely.buffer(lines, radius_m, quad_segs=32), longest)
    moved: shapely.Geometry = _moved(_array([around]), move)[0]
    return moved if shapely.is_valid(moved) else shapely.buffer(moved, 0)
