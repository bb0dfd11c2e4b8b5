"""Give the probability that a point of known accuracy lies in a zone, and the interval of a count of such points."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

# accuracy_m is the radius of a circular normal law that holds 95 %: sqrt(-2 ln 0.05) standard deviations.
SIGMAS_IN_95: Final = sqrt(-2 * np.log(0.05))
# Beyond this many standard deviations from the outline the probability is 0 or 1 to 1e-9.
_FAR: Final = 6.5
# Offsets of an outline that stand for its circular normal law, all of equal weight.
_OFFSETS: Final = 257
_GOLDEN_ANGLE: Final = pi * (3 - sqrt(5))


def sigma_m(accuracy_m: Floats | float) -> Floats:
    """The standard deviation along each axis, in metres, of a position with this 95 % radius."""
    return np.asarray(accuracy_m, float) / SIGMAS_IN_95


def probability_in(points: Floats, sigmas: Floats, zone: BaseGeometry) -> Floats:
    """Give the mass of each point's circular normal law in a polygon; exact, by a sum over the outline's edges.

    By Green's theorem the mass of a circular normal law in a polygon is the integral over its outline of
    (1 - exp(-r²/2σ²)) dθ / 2π. Along one straight edge, at distance h from the centre and between a and b along it,
    that integral is (atan(b/h) - atan(a/h)) / 2π - (T(h/σ, b/h) - T(h/σ, a/h)), where T is Owen's function.

    Args:
        points: centres, shape (n, 2), metres in a metric CRS, east before north.
        sigmas: standard deviation along each axis, shape (n,), metres; 0 means the point is exact.
        zone: a polygon or multipolygon in the same CRS.

    Returns:
        probabilities, shape (n,).

    Reference:
        D. B. Owen, Tables for computing bivariate normal probabilities, Ann. Math. Statist. 27 (1956) 1075-1090.
    """
    located = shapely.points(points)
    inside = shapely.intersects(zone, located).astype(float)
    if zone.is_empty:
        return np.zeros(len(points))
    distance = shapely.distance(zone.boundary, located)
    near = (sigmas > 0) & (distance < _FAR * sigmas)
    if near.any():
        starts, ends = _edges(zone)
        inside[near] = _mass(points[near], sigmas[near], starts, ends)
    return inside


def _edges(zone: BaseGeometry) -> tuple[Floats, Floats]:
    """Starts and ends of all edges, shape (m, 2) each; outer rings run counter-clockwise, holes clockwise."""
    starts, ends = [], []
    for polygon in shapely.get_parts(shapely.orient_polygons(zone)):
        for ring in shapely.get_rings(polygon):
            corners = shapely.get_coordinates(ring)
            starts.append(corners[:-1])
            ends.append(corners[1:])
    first, last = np.concatenate(starts), np.concatenate(ends)
    moved = np.any(first != last, axis=1)
    return first[moved], last[moved]


def _mass(points: Floats, sigmas: Floats, starts: Floats, ends: Floats) -> Floats:
    from scipy.special import owens_t

    along = ends - starts
    length = np.hypot(along[:, 0], along[:, 1])
    unit = along / length[:, None]
    offset = np.einsum("mk,mk->m", starts, unit)
    # A cross product with the edge's direction: positive where the edge runs counter-clockwise around the centre.
    side_of_origin = starts[:, 0] * unit[:, 1] - starts[:, 1] * unit[:, 0]
    found = np.empty(len(points))
    for position, (point, sigma) in enumerate(zip(points, sigmas, strict=True)):
        a = (offset - unit @ point) / sigma
        b = a + length / sigma
        signed = (side_of_origin - (point[0] * unit[:, 1] - point[1] * unit[:, 0])) / sigma
        h = np.abs(signed)
        beside = h > 1e-12
        a, b, h, turn = a[beside], b[beside], h[beside], np.sign(signed[beside])
        mass = (np.arctan(b / h) - np.arctan(a / h)) / (2 * pi)
        close = np.hypot(h, np.where(a > 0, a, np.where(b < 0, b, 0.0))) < _FAR + 2.5
        mass[close] -= owens_t(h[close], b[close] / h[close]) - owens_t(h[close], a[close] / h[close])
        found[position] = np.sum(turn * mass)
    return np.clip(found, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Count:
    """An expected count and the interval that holds the true count with 95 % probability."""

    expected: float
    low: int
    high: int


def offsets(sigma: float = 1.0) -> Floats:
    """Displacements, shape (257, 2), of equal weight, that stand for a circular normal law (a Vogel spiral)."""
    rank = (np.arange(_OFFSETS) + 0.5) / _OFFSETS
    radius = np.sqrt(-2 * np.log1p(-rank)) * sigma
    angle = np.arange(_OFFSETS) * _GOLDEN_ANGLE
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def count_interval(points: Floats, sigmas: Floats, zone: BaseGeometry, zone_sigmas: Floats, certain: Floats) -> Count:
    """Count points in a zone when both the points and the outline are uncertain.

    The points' errors are independent. The outline's error is one displacement that all points share: the count's law
    is the mixture, over that displacement, of the Poisson-binomial law of the points given it. The expected count is
    the sum of each point's probability under both errors together (their variances add), which is exact.

    Args:
        points: shape (n, 2), metres in a metric CRS.
        sigmas: shape (n,), metres: each point's own standard deviation along each axis.
        zone: a polygon or multipolygon in the same CRS.
        zone_sigmas: shape (n,), metres: the standard deviation of the outline near each point.
        certain: probabilities, shape (k,), of further points that do not depend on the outline's error.
    """
    marginal = probability_in(points, np.hypot(sigmas, zone_sigmas), zone)
    undecided = (marginal > 1e-6) & (marginal < 1 - 1e-6)
    sure = int(np.count_nonzero(marginal >= 1 - 1e-6))
    shared = certain[(certain > 1e-6) & (certain < 1 - 1e-6)]
    sure += int(np.count_nonzero(certain >= 1 - 1e-6))
    expected = float(marginal.sum() + certain.sum())
    spread = points[undecided]
    if len(spread) and (zone_sigmas[undecided] > 0).any():
        shifts = offsets()
        moved = spread[None, :, :] - shifts[:, None, :] * zone_sigmas[undecided][None, :, None]
        own = np.broadcast_to(sigmas[undecided], moved.shape[:2])
        given = probability_in(moved.reshape(-1, 2), own.reshape(-1), zone).reshape(len(shifts), len(spread))
    else:
        given = marginal[undecided][None, :]
    given = np.concatenate([given, np.broadcast_to(shared, (len(given), len(shared)))], axis=1)
    cumulative = np.cumsum(poisson_binomial(given).mean(axis=0))
    low = int(np.searchsorted(cumulative, 0.025 - 1e-12))
    high = int(np.searchsorted(cumulative, 0.975 - 1e-12))
    return Count(expected, sure + low, sure + min(high, given.shape[1]))


def poisson_binomial(probabilities: Floats) -> Floats:
    """Give the law of the number of successes of independent trials that each have their own probability.

    Args:
        probabilities: shape (s, n): s laws of n trials each.

    Returns:
        shape (s, n + 1): the probability of 0 … n successes.
    """
    laws = np.zeros((probabilities.shape[0], probabilities.shape[1] + 1))
    laws[:, 0] = 1.0
    for trial in range(probabilities.shape[1]):
        p = probabilities[:, trial, None]
        laws[:, 1:] = laws[:, 1:] * (1 - p) + laws[:, :-1] * p
        laws[:, 0] *= 1 - p[:, 0]
    return laws
