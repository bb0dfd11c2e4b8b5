"""Find the zones that hold a point with GEOS alone, where there are too few points for compiled code to pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import shapely

from gis.base.errors import UsageError
from gis.engine.zone_index import Tally, ZoneIndex, check_zones

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]

# Files of so many bytes together hold few points: loading compiled code alone takes longer than GEOS needs for them.
FEW_BYTES = 2_000_000
FEW_POINTS = 50_000


class Index(Protocol):
    """What counting asks of an index of zones."""

    @property
    def n_zones(self) -> int:
        """How many zones there are."""

    def pairs(self, x: Floats, y: Floats) -> tuple[Longs, Ints]:
        """Every pair of a point and a zone that holds it, by point."""

    def tally(self, x: Floats, y: Floats, groups: Ints | None, values: Sequence[Floats], into: Tally) -> None:
        """Add the points, and their values, to the counts and sums of each zone and group."""


def index_of(zones: npt.NDArray[np.object_], *, few: bool) -> Index:
    """Build the index that suits how many points will be asked about; both give the same answer.

    Args:
        zones: (n,) Polygon, MultiPolygon or None, in the plane of the points, x before y.
        few: whether the points are few (`FEW_POINTS` in memory, `FEW_BYTES` in files).

    Raises:
        InputError: as `ZoneIndex.build`.
    """
    return FewPoints.build(zones) if few else ZoneIndex.build(zones)


@dataclass(frozen=True, slots=True, eq=False)
class FewPoints:
    """An STRtree over zones that answers as `ZoneIndex` does, without compiled code of ours."""

    zones: npt.NDArray[np.object_]

    @classmethod
    def build(cls, zones: npt.NDArray[np.object_]) -> FewPoints:
        """Check the zones as `ZoneIndex.build` does.

        Raises:
            InputError: as `ZoneIndex.build`.
        """
        geometries = np.asarray(zones, dtype=object)
        check_zones(geometries)
        return cls(geometries)

    @property
    def n_zones(self) -> int:
        """How many zones there are, with those that have no geometry."""
        return len(self.zones)

    def pairs(self, x: Floats, y: Floats) -> tuple[Longs, Ints]:
        """List every pair of a point and a zone that holds it, a point on a boundary included; as `ZoneIndex.pairs`."""
        if len(x) != len(y):
            raise UsageError(f"there are {len(x)} x and {len(y)} y")
        placed = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        points = shapely.points(np.column_stack([np.asarray(x)[placed], np.asarray(y)[placed]]))
        point, zone = shapely.STRtree(self.zones).query(points, predicate="intersects")
        order = np.lexsort((zone, point))
        return np.asarray(placed[point[order]], np.int64), np.asarray(zone[order], np.int32)

    def tally(self, x: Floats, y: Floats, groups: Ints | None, values: Sequence[Floats], into: Tally) -> None:
        """Add the points, and their values, to the counts and sums of each zone and group; as `ZoneIndex.tally`."""
        point, zone = self.pairs(x, y)
        code = np.zeros(len(x), np.int32) if groups is None else np.asarray(groups, np.int32)
        group = code[point]
        np.add.at(into.counts, (zone, group), 1)
        for column, value in enumerate(values):
            added = np.asarray(value, np.float64)[point]
            known = ~np.isnan(added)
            for z, g, one in zip(zone[known].tolist(), group[known].tolist(), added[known].tolist(), strict=True):
                # Knuth's sum of two numbers: what rounding takes from `high` goes to `low`.
                high = float(into.high[z, g, column])
                total = high + one
                virtual = total - high
                into.low[z, g, column] += (high - (total - virtual)) + (one - virtual)
                into.high[z, g, column] = total
