"""Measure how deep positions lie in an area, how they crowd in it, and how much a crowd of rows may count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.intake.detective.candidates import Suspect

Floats = NDArray[np.float64]

BLOCK_M: Final = 500.0
_BLOCK_CAP: Final = 3.0
_NEIGHBOURHOOD_M: Final = 1_500.0
EDGE_M: Final = 40.0
FAR_M: Final = 3_000.0


@lru_cache(maxsize=32)
def area_of(geometry: BaseGeometry, softness_m: float) -> Area:
    """An area with its depths, measured once for equal geometries."""
    return Area(geometry, softness_m)


class Area:
    """A polygon in metres that tells how deep points lie in it, from a grid of depths around its border.

    The grid is as fine as the softness asks for that its edge is given; far outside all depths are the same.
    """

    def __init__(self, geometry: BaseGeometry, softness_m: float) -> None:
        from scipy.ndimage import distance_transform_edt

        self.geometry = geometry
        self.area = max(float(geometry.area), 1.0)
        shapely.prepare(self.geometry)
        west, south, east, north = geometry.buffer(FAR_M).bounds
        self.step = max(25.0, softness_m / 3, math.sqrt((east - west) * (north - south)) / 900)
        self.origin = np.array([west, south])
        x = np.arange(west, east, self.step) + self.step / 2
        y = np.arange(south, north, self.step) + self.step / 2
        inside = shapely.intersects_xy(geometry, *(values.ravel() for values in np.meshgrid(x, y)))
        inside = inside.reshape(len(y), len(x))
        grid = np.where(inside, distance_transform_edt(inside) - 0.5, 0.5 - distance_transform_edt(~inside))
        self.grid = np.asarray(grid * self.step, dtype=np.float32)

    def depth(self, xy: Floats) -> Floats:
        """Metres from the boundary, positive inside; `xy` is (n, 2) in metres."""
        from scipy.ndimage import map_coordinates

        at = ((xy - self.origin) / self.step - 0.5).T[::-1]
        return np.asarray(map_coordinates(self.grid, at, order=1, mode="constant", cval=-FAR_M))


def _row_weights(xy: Floats) -> Floats:
    """A weight for each point, such that equal points count as one."""
    _, spot, same = np.unique(np.round(xy), axis=0, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / same[spot.ravel()])


def block_weights(xy: Floats, side_m: float) -> Floats:
    """The same, such that the points of one block count as one to three."""
    alone = _row_weights(xy)
    _, index = np.unique(np.floor(xy / side_m).astype(np.int64), axis=0, return_inverse=True)
    sizes = np.bincount(index.ravel(), alone)[index.ravel()]
    return np.asarray(np.minimum(1.0 + np.log2(sizes), _BLOCK_CAP) / sizes * alone)


def in_blocks(xy: Floats) -> float:
    """How many rows there are, those of one block being few."""
    return float(block_weights(xy, BLOCK_M).sum()) if len(xy) else 0.0


def normal(z: Floats) -> Floats:
    """The share of a normal distribution below `z` standard deviations."""
    from scipy.special import ndtr

    return np.asarray(ndtr(z), dtype=np.float64)


def logsumexp(logs: Sequence[Any] | Floats, axis: int | None = None) -> Any:
    """The logarithm of a sum, of what is given as logarithms."""
    from scipy.special import logsumexp as summed

    return summed(logs, axis=axis)


def offsets(sigma: float) -> list[tuple[float, float, float]]:
    """Points and weights that stand for a circular normal offset (Gauss-Hermite); one where it is small."""
    if sigma < 15:
        return [(0.0, 0.0, 1.0)]
    nodes = ((-math.sqrt(3) * sigma, 1 / 6), (0.0, 2 / 3), (math.sqrt(3) * sigma, 1 / 6))
    return [(a, b, u * v) for a, u in nodes for b, v in nodes]


class Crowd:
    """A park, or the strip along a road, in which positions may crowd; its outline is known to an offset."""

    def __init__(self, geometry: BaseGeometry, sigma: float) -> None:
        self.area = area_of(geometry, EDGE_M)
        self.sigma = sigma
        self.west, self.south, self.east, self.north = geometry.buffer(_NEIGHBOURHOOD_M).bounds
        self.share = self.area.area / ((self.east - self.west) * (self.north - self.south))

    def likelihood(self, suspect: Suspect, weights: Floats) -> float:
        """How much better the positions nearby are explained by a crowd here than by an even spread.

        Averaged over how many crowd here (half the weight on none at all), so that chance finds no crowd, and over the
        offset of the outline.
        """
        both = (suspect.xy,) if suspect.other is None else (suspect.xy, suspect.other)
        near = np.any(
            [(xy > (self.west, self.south)).all(axis=1) & (xy < (self.east, self.north)).all(axis=1) for xy in both],
            axis=0,
        )
        if not near.any():
            return 0.0
        logs = [math.log(0.5)]
        shares = self.share + (1 - self.share) * np.array([0.1, 0.3, 0.5, 0.7, 0.9])
        for dx, dy, weight in offsets(self.sigma):
            insides = [normal(self.area.depth(xy[near] + (dx, dy)) / EDGE_M) for xy in both]
            inside = np.mean(insides, axis=0)
            for crowd in shares.tolist():
                density = inside * crowd / self.share + (1 - inside) * (1 - crowd) / (1 - self.share)
                logs.append(math.log(0.1 * weight) + float(weights[near] @ np.log(density)))
        return float(logsumexp(logs))
