"""Measure from points to the few segments that can be nearest, in compiled code; importing this imports numba."""

from __future__ import annotations

from math import sqrt

import numpy as np

from gis.engine.compiling import compiled
from gis.engine.zone_kernels import Floats, Longs


@compiled
def nearest_in_cells(
    xs: Floats,
    ys: Floats,
    x0: float,
    y0: float,
    scale: float,
    columns: int,
    start: Longs,
    candidates: Longs,
    segments: Floats,
    found: Longs,
    distance: Floats,
) -> None:
    """Write the nearest segment of each point, and its distance.

    Args:
        xs: (n,) finite, all inside the grid.
        ys: (n,) likewise.
        x0: west edge of the grid.
        y0: south edge of the grid.
        scale: cells per unit.
        columns: of the grid.
        start: (cells + 1,) the first candidate of each cell.
        candidates: segments, ascending within a cell; of equally near ones the first is found.
        segments: (m, 4) ax, ay, bx, by.
        found: (n,) the segment, out.
        distance: (n,) in the unit of the coordinates, out.
    """
    for k in range(xs.size):
        x, y = xs[k], ys[k]
        cell = np.int64((y - y0) * scale) * columns + np.int64((x - x0) * scale)
        best = np.inf
        which = np.int64(-1)
        for at in range(start[cell], start[cell + 1]):
            segment = candidates[at]
            ax, ay = segments[segment, 0], segments[segment, 1]
            dx, dy = segments[segment, 2] - ax, segments[segment, 3] - ay
            px, py = x - ax, y - ay
            length = dx * dx + dy * dy
            along = (px * dx + py * dy) / length if length > 0.0 else 0.0
            along = min(max(along, 0.0), 1.0)
            px -= along * dx
            py -= along * dy
            square = px * px + py * py
            if square < best:
                best = square
                which = segment
        found[k] = which
        distance[k] = sqrt(best)
