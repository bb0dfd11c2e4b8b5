"""Find the zones that hold a point, for millions of points, exactly as `zone.intersects(point)` would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nextafter, sqrt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gis.base.errors import Fault, InputError, UsageError, raise_if_any

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

# One million cells of four bytes stay in a processor's cache; more cells gain less than their cache misses cost.
MOST_CELLS = 1 << 20
CELLS_PER_VERTEX = 64
# Zones listed in the sets of the first level, at most: the cells times the zones over one place.
MOST_LISTED = 1 << 25
# A cell with more edges than this is split in 4 x 4, at most so many times.
MOST_EDGES = 12
LEVELS = 6
# Points whose pairs are held at once while groups are counted.
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts and sums of points by zone and group.

    Attributes:
        counts: (zones, groups) int64.
        high: (zones, groups, columns) float64, the sums.
        low: the same shape: what the sums lost to rounding. `high + low` is the compensated sum; where all values are
            integers, `int(high) + int(low)` is the exact sum.
    """

    counts: Longs
    high: Floats
    low: Floats

    @classmethod
    def empty(cls, n_zones: int, n_groups: int, n_columns: int) -> Tally:
        """A tally of no points."""
        shape = (n_zones, n_groups, n_columns)
        return cls(np.zeros(shape[:2], np.int64), np.zeros(shape), np.zeros(shape))

    def widened(self, n_groups: int) -> Tally:
        """The same tally with room for `n_groups` groups."""
        n_zones, have = self.counts.shape
        if have >= n_groups:
            return self
        larger = Tally.empty(n_zones, n_groups, self.high.shape[2])
        larger.counts[:, :have] = self.counts
        larger.high[:, :have] = self.high
        larger.low[:, :have] = self.low
        return larger

    def rearranged(self, places: Ints, n_groups: int) -> Tally:
        """A tally of `n_groups` groups in which group k of this one is group `places[k]`."""
        moved = Tally.empty(self.counts.shape[0], n_groups, self.high.shape[2])
        n = len(places)
        moved.counts[:, places] = self.counts[:, :n]
        moved.high[:, places] = self.high[:, :n]
        moved.low[:, places] = self.low[:, :n]
        return moved

    def add(self, other: Tally) -> None:
        """Add the counts and sums of `other`, which has the same shape, to this tally in place."""
        self.counts[...] += other.counts
        total = self.high + other.high
        virtual = total - self.high
        self.low[...] += (self.high - (total - virtual)) + (other.high - virtual) + other.low
        self.high[...] = total


@dataclass(frozen=True, slots=True, eq=False)
class ZoneIndex:
    """A grid over zones that answers most points from the cell they fall in.

    Every cell knows which zones hold it wholly, which lie outside it, and which edges pass through it; only a point in
    a cell with edges is tested, against those edges alone, with an exact orientation. So the answer equals
    `zone.intersects(point)` (points on a boundary are in; zones may overlap, touch, have holes and many parts), and its
    cost does not depend on the number of vertices of a zone. Points and zones are in one plane, x then y, in any unit
    (longitude and latitude will do).

    Build with `ZoneIndex.build`; the arrays are described in `gis.engine.zone_kernels`. The index can be pickled.
    """

    n_zones: int
    columns: int
    rows: int
    frame: Floats
    cells: Ints
    stream: Ints
    numbers: Floats
    set_parent: Ints
    set_start: Ints
    set_zones: Ints

    @classmethod
    def build(
        cls,
        zones: npt.NDArray[np.object_],
        *,
        most_cells: int | None = None,
        most_edges: int = MOST_EDGES,
        levels: int = LEVELS,
    ) -> ZoneIndex:
        """Build the index of an array of polygons.

        Args:
            zones: (n,) Polygon, MultiPolygon, or None (a zone without geometry holds no point); heights are ignored.
            most_cells: of the first level of the grid; by default from the number of vertices, at most `MOST_CELLS`.
            most_edges: a cell with more edges than this is split in 4 x 4.
            levels: how often a cell may be split.

        Raises:
            InputError: a zone is not a polygon, has a coordinate that is not finite, or has holes that cross its
                outline or each other, so that "inside" has no single meaning. All such zones are listed.
        """
        import shapely

        from gis.engine import zone_kernels

        geometries = np.asarray(zones, dtype=object)
        check_zones(geometries)
        present = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
        if present.size == 0:
            return cls._empty(len(geometries))
        # One multipolygon forces the ragged array's type, so that its offsets always have three levels.
        several = [*geometries[present], shapely.MultiPolygon()]
        _, coordinates, (ring_offset, part_ring, zone_part) = shapely.to_ragged_array(several, include_z=False)
        xy, ring_start = np.ascontiguousarray(coordinates), ring_offset.astype(np.int64)
        if len(xy) >= 2**31:
            raise UsageError(f"the zones have {len(xy)} vertices; the index holds at most {2**31 - 1}")
        ring_part = np.repeat(np.arange(len(part_ring) - 1, dtype=np.int32), np.diff(part_ring))
        part_zone = np.repeat(present.astype(np.int32), np.diff(zone_part)[:-1])
        columns, rows, frame = _frame(xy, most_cells or _cells_for(xy, ring_start))
        built = zone_kernels.build(xy, ring_start, ring_part, part_zone, frame, columns, rows, most_edges, levels)
        return cls(len(geometries), columns, rows, frame, *built)

    @classmethod
    def _empty(cls, n_zones: int) -> ZoneIndex:
        none, one, two = np.empty(0, np.int32), np.zeros(1, np.int32), np.zeros(2, np.int32)
        frame = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
        return cls(n_zones, 1, 1, frame, two, none, np.empty(0), one, two, none)

    @property
    def nbytes(self) -> int:
        """The memory of the index in bytes."""
        parts = (self.cells, self.stream, self.numbers, self.set_parent, self.set_start, self.set_zones)
        return sum(part.nbytes for part in parts)

    def count(self, x: Floats, y: Floats) -> Longs:
        """Count the points in each zone.

        Args:
            x: (n,) float64 in the unit of the zones; NaN is a point without a place and is in no zone.
            y: (n,) likewise.

        Returns:
            (zones,) int64.
        """
        from gis.engine import zone_kernels

        in_zone = np.zeros(self.n_zones, np.int64)
        in_set = np.zeros(len(self.set_parent), np.int64)
        zone_kernels.tally(
            *_checked(x, y), self.numbers, self.frame, self.columns, self.rows, self.cells, self.stream, in_set, in_zone
        )
        zone_kernels.settle(in_set, self.set_parent, self.set_start, self.set_zones, in_zone)
        return in_zone

    def pairs(self, x: Floats, y: Floats) -> tuple[Longs, Ints]:
        """List every pair of a point and a zone that holds it: what `geopandas.sjoin(predicate="intersects")` lists.

        Args:
            x: (n,) as in `count`.
            y: (n,) as in `count`.

        Returns:
            The indices of the points, ascending, and the indices of the zones.
        """
        from gis.engine import zone_kernels

        return zone_kernels.pairs(
            *_checked(x, y), self.numbers, self.frame, self.columns, self.rows, self.cells, self.stream,
            self.set_parent, self.set_start, self.set_zones,
        )  # fmt: skip

    def tally(self, x: Floats, y: Floats, groups: Ints | None, values: Sequence[Floats], into: Tally) -> None:
        """Add the points, and their values, to the counts and sums of each zone and group.

        Args:
            x: (n,) as in `count`.
            y: (n,) as in `count`.
            groups: (n,) int32, the group of each point, below that of `into`; None puts all in group 0.
            values: for each column of `into` (n,) float64 to sum; NaN is no value.
            into: what they are added to, in place.
        """
        from gis.engine import zone_kernels

        if groups is None and not values:
            into.counts[:, 0] += self.count(x, y)
            return
        codes = np.zeros(len(x), np.int32) if groups is None else np.ascontiguousarray(groups, np.int32)
        for start, stop in _chunks(len(x)):
            points, zones = self.pairs(x[start:stop], y[start:stop])
            here = codes[start:stop]
            zone_kernels.tally_groups(points, zones, here, into.counts)
            for column, value in enumerate(values):
                zone_kernels.add_values(
                    points, zones, here, np.ascontiguousarray(value[start:stop], np.float64),
                    into.high[:, :, column], into.low[:, :, column],
                )  # fmt: skip

    def any(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Say for each point whether any zone holds it."""
        found = np.zeros(len(x), np.bool_)
        for start, stop in _chunks(len(x)):
            found[start:stop][self.pairs(x[start:stop], y[start:stop])[0]] = True
        return found


def _chunks(n: int) -> Iterator[tuple[int, int]]:
    for start in range(0, n, _CHUNK):
        yield start, min(start + _CHUNK, n)


def _checked(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    xs, ys = np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64)
    if xs.ndim != 1 or xs.shape != ys.shape:
        raise UsageError(f"x and y must be one-dimensional and equally long, not {xs.shape} and {ys.shape}")
    return xs, ys


def check_zones(geometries: npt.NDArray[np.object_]) -> None:
    """Raise if a geometry is not polygonal, not finite, or ambiguous."""
    import shapely

    kinds = shapely.get_type_id(geometries)
    faults = []
    for row in np.flatnonzero(~np.isin(kinds, (-1, 3, 6))):
        geometry: BaseGeometry = geometries[row]
        faults.append(Fault("zones", f"is a {geometry.geom_type}; a zone is a Polygon or MultiPolygon", int(row) + 1))
    raise_if_any(faults, InputError)
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    bad = np.unique(owner[~np.isfinite(coordinates).all(axis=1)])
    faults = [Fault("zones", "has a coordinate that is not a finite number", int(row) + 1) for row in bad]
    raise_if_any(faults, InputError)
    # Parity answers for one ring whatever its shape, as GEOS does; where rings of one part cross, the two may differ.
    parts, owner = shapely.get_parts(geometries, return_index=True)
    holed = np.flatnonzero(shapely.get_num_interior_rings(parts) > 0)
    for k in holed[~shapely.is_valid(parts[holed])]:
        what = f"is not a valid polygon with holes ({shapely.is_valid_reason(parts[k])}); repair it first"
        faults.append(Fault("zones", what, int(owner[k]) + 1))
    raise_if_any(faults, InputError)


def _cells_for(xy: Floats, ring_start: Longs) -> int:
    """How many cells the first level of the grid gets: fewer where many zones lie over each other."""
    cells = min(MOST_CELLS, max(4096, CELLS_PER_VERTEX * len(xy)))
    extent = float(np.prod(np.ptp(xy, axis=0)))
    boxes = np.maximum.reduceat(xy, ring_start[:-1]) - np.minimum.reduceat(xy, ring_start[:-1])
    depth = float(boxes.prod(axis=1).sum()) / extent if extent > 0 else 1.0
    return max(4096, min(cells, int(MOST_LISTED / max(depth, 1.0))))


def _frame(xy: Floats, most_cells: int) -> tuple[int, int, Floats]:
    """The grid's columns, rows and frame (see `zone_kernels`), such that all vertices fall in the grid."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    width, height = (float(extent) for extent in high - low)
    if width > 0 and height > 0:
        columns = min(max(1, round(sqrt(most_cells * width / height))), most_cells)
        rows = max(1, most_cells // columns)
    else:
        columns, rows = (min(most_cells, 1024), 1) if width > 0 else (1, min(most_cells, 1024) if height > 0 else 1)
    scales = []
    for extent, cells in ((width, columns), (height, rows)):
        scale = cells / extent if extent > 0 else 1.0
        while extent * scale >= cells and extent > 0:
            scale = nextafter(scale, 0.0)
        scales.append(scale)
    slack = 8 * np.finfo(np.float64).eps * np.abs(xy).max(axis=0)
    return columns, rows, np.array([low[0], low[1], *scales, *slack])
