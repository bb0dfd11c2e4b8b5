"""Give the probability that a point of known accuracy lies in a zone, and draw such errors in a fixed way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, pi, sqrt
from typing import Final
from zlib import crc32

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

# accuracy_m is the radius of a circular normal law that holds 95 %: sqrt(-2 ln 0.05) standard deviations.
SIGMAS_IN_95: Final = sqrt(-2 * np.log(0.05))
# Beyond this many standard deviations an edge changes nothing: exp(-5²/2) is 4e-6.
_FAR: Final = 5.0
# So little off, in standard deviations, no point lies exactly on an edge or in line with one, where angles jump.
_NUDGE: Final = np.array([1.1e-6, 0.7e-6])
# A position known to a millimetre is exact.
_EXACT_M: Final = 1e-3
_DETAIL: Final = 200
# Twice this share of the law lies outside the 95 % interval.
_TAIL: Final = 0.025
# Points that are looked at together.
_RUN: Final = 64
_GOLDEN_ANGLE: Final = pi * (3 - sqrt(5))
# Draws around a single point.
_DRAWS: Final = 4093
# The WGS 84 ellipsoid.
_AXIS_M: Final = 6_378_137.0
_ECCENTRICITY_2: Final = 0.00669437999014


def sigma_m(accuracy_m: Floats | float) -> Floats:
    """The standard deviation along each axis, in metres, of a position with this 95 % radius."""
    return np.asarray(accuracy_m, float) / SIGMAS_IN_95


def probability_in(points: Floats, sigmas: Floats, zone: BaseGeometry, blur: Floats | None = None) -> Floats:
    """Give the mass of each point's circular normal law in a polygon, by a sum over the outline's edges.

    By Green's theorem the mass of a circular normal law in a polygon is the integral over its outline of
    (1 - exp(-r²/2σ²)) dθ / 2π. Along one straight edge, at distance h from the centre and between a and b along it,
    that integral is (atan(b/h) - atan(a/h)) / 2π - (T(h/σ, b/h) - T(h/σ, a/h)), where T is Owen's function. The first
    terms of all edges add up to 1 inside and 0 outside, and T vanishes far from the edge: only near edges are visited.
    That is exact; detail of the outline below 1/200 of `blur` (and of the zone's size) is left out first. An outline
    that is off by δ moves a probability by at most 0.4 δ/σ along a straight edge and 0.61 δ/σ around a whole disc, so
    by 0.003 at most.

    Args:
        points: centres, shape (n, 2), metres in a metric CRS, east before north.
        sigmas: standard deviation along each axis, shape (n,), metres; 0 means the point is exact, and then it is in
            the zone or not, the outline itself being in.
        zone: a polygon or multipolygon in the same CRS.
        blur: the whole uncertainty of each point against the outline, shape (n,), metres; by default `sigmas`.

    Returns:
        probabilities, shape (n,).

    Reference:
        D. B. Owen, Tables for computing bivariate normal probabilities, Ann. Math. Statist. 27 (1956) 1075-1090.
    """
    found = shapely.intersects(zone, shapely.points(points)).astype(float)
    if zone.is_empty:
        return np.zeros(len(points))
    shapely.prepare(zone)
    uncertain = np.flatnonzero(sigmas > _EXACT_M)
    distance = shapely.distance(zone.boundary, shapely.points(points[uncertain]))
    near = uncertain[distance < _FAR * sigmas[uncertain]]
    scale = np.floor(np.log2((sigmas if blur is None else blur)[near]))
    size = sqrt(zone.area)
    for power in np.unique(scale):
        outline = shapely.simplify(zone, min(2.0**power, size) / _DETAIL)
        starts, ends = _edges(outline)
        for run in _runs(points, near[scale == power]):
            found[run] = _mass(points[run], sigmas[run], outline, starts, ends)
    return found


def _runs(points: Floats, positions: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Split positions into runs of neighbouring points, so that each run meets few edges."""
    ordered = positions[np.lexsort((points[positions, 1], np.round(points[positions, 0], -3)))]
    return np.array_split(ordered, max(1, len(ordered) // _RUN))


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


def _mass(points: Floats, sigmas: Floats, zone: BaseGeometry, starts: Floats, ends: Floats) -> Floats:
    """Mass of each point's law in the zone: 1 inside and 0 outside, less what each near edge cuts off."""
    from scipy.special import owens_t

    centres = points + _NUDGE * sigmas[:, None]
    margin = _FAR * sigmas.max()
    low, high = centres.min(axis=0) - margin, centres.max(axis=0) + margin
    near = np.all((np.maximum(starts, ends) >= low) & (np.minimum(starts, ends) <= high), axis=1)
    first, along = starts[near], ends[near] - starts[near]
    length = np.hypot(along[:, 0], along[:, 1])
    unit = along / length[:, None]
    gap = first[None] - centres[:, None]
    scale = sigmas[:, None]
    a = (gap * unit[None]).sum(axis=2) / scale
    b = a + length[None] / scale
    # Positive where the edge runs counter-clockwise around the centre.
    signed = (gap[..., 0] * unit[None, :, 1] - gap[..., 1] * unit[None, :, 0]) / scale
    h = np.abs(signed)
    close = np.hypot(h, np.where(a > 0, a, np.where(b < 0, b, 0.0))) < _FAR
    cut = np.zeros_like(h)
    cut[close] = np.sign(signed[close]) * (
        owens_t(h[close], b[close] / h[close]) - owens_t(h[close], a[close] / h[close])
    )
    inside = shapely.contains_xy(zone, centres[:, 0], centres[:, 1])
    mass: Floats = np.clip(inside - cut.sum(axis=1), 0.0, 1.0)
    return mass


def spiral(count: int) -> Floats:
    """Displacements of equal weight, shape (count, 2), that stand for a circular normal law of σ 1 (a Vogel spiral).

    Reference:
        H. Vogel, A better way to construct the sunflower head, Math. Biosci. 44 (1979) 179-189.
    """
    rank = (np.arange(count) + 0.5) / count
    radius = np.sqrt(-2 * np.log1p(-rank))
    angle = np.arange(count) * _GOLDEN_ANGLE
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def share_in(lon: float, lat: float, sigma: float, zone: BaseGeometry) -> float:
    """Give the probability that one point lies in a zone, to about 0.002, without a projection.

    It is the share of the draws of `spiral` around the point that the zone holds. Their displacements in metres become
    degrees by the ellipsoid's radii at the point's latitude, which at 10 km is a thousandth off.

    Args:
        lon: WGS 84 longitude, degrees.
        lat: WGS 84 latitude, degrees.
        sigma: standard deviation along each axis, metres; 0 is exact.
        zone: a polygon or multipolygon, WGS 84, its outline being in.
    """
    if sigma <= _EXACT_M:
        return float(shapely.intersects_xy(zone, lon, lat))
    east, north = metres_a_degree(lat)
    drawn = sigma * spiral(_DRAWS)
    shapely.prepare(zone)
    return float(shapely.intersects_xy(zone, lon + drawn[:, 0] / east, lat + drawn[:, 1] / north).mean())


def metres_a_degree(lat: float) -> tuple[float, float]:
    """The length of a degree of longitude and of latitude on the WGS 84 ellipsoid, metres."""
    phi = np.radians(lat)
    bend = 1 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    across, along = _AXIS_M / np.sqrt(bend), _AXIS_M * (1 - _ECCENTRICITY_2) / bend**1.5
    return float(np.radians(1) * across * np.cos(phi)), float(np.radians(1) * along)


def order_of(keys: Sequence[str], count: int) -> NDArray[np.intp]:
    """An order of `count` draws for each key, shape (keys, count), always the same for the same key.

    `count` is a prime: each order is a walk with a step of its own, so that the draws of two keys fill the plane of
    their pairs evenly, as a lattice does.
    """
    code = np.array([crc32(key.encode()) for key in keys], np.int64).reshape(-1, 1)
    step, start = 1 + code % (count - 1), code // (count - 1) % count
    return np.asarray((step * np.arange(count) + start) % count, np.intp)


@dataclass(frozen=True, slots=True)
class Interval:
    """An expected count, and whole numbers that hold the count (and the expected one) with 95 % probability."""

    estimate: float
    low: int
    high: int


def interval_of(sure: int, counts: NDArray[np.integer]) -> Interval:
    """The interval of a count: `sure` and, in each draw of equal weight, shape (draws,), so many more.

    It runs from the 2.5 % to the 97.5 % quantile, and where the law is so skew that the mean lies outside, on to the
    whole number beyond the mean (taken to hundredths).
    """
    estimate = sure + (float(counts.mean()) if len(counts) else 0.0)
    ordered = np.sort(counts) if len(counts) else np.zeros(1, int)
    low, high = (int(ordered[int(share * len(ordered))]) for share in (_TAIL, 1 - _TAIL))
    shown = round(estimate, 2)
    return Interval(estimate, min(sure + low, floor(shown)), max(sure + high, ceil(shown)))
