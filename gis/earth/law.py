"""Give the probability that a point of known accuracy lies in a zone, and the interval of a count of such points."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor, pi, sqrt
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

# accuracy_m is the radius of a circular normal law that holds 95 %: sqrt(-2 ln 0.05) standard deviations.
SIGMAS_IN_95: Final = sqrt(-2 * np.log(0.05))
# Beyond this many standard deviations an edge changes nothing: exp(-5²/2) is 4e-6.
_FAR: Final = 5.0
# A probability this near to 0 or 1 is taken as certain.
_SURE: Final = 1e-5
# So many undecided trials make their sum normal.
_MANY: Final = 500
# So little off, in standard deviations, no point lies exactly on an edge or in line with one, where angles jump.
_NUDGE: Final = np.array([1.1e-6, 0.7e-6])
# A position known to a millimetre is exact.
_EXACT_M: Final = 1e-3
_DETAIL: Final = 200
# Of each tail of the 95 % interval; a cumulative sum of rounded numbers may fall short by so little.
_TAIL: Final = 0.025
_ROUNDING: Final = 1e-12
# Points that are looked at together.
_RUN: Final = 64
# Offsets of an outline that stand for its circular normal law, all of equal weight.
_OFFSETS: Final = 97
# So much of what firms share of an outline's displacement is kept where it is summed up.
_KEPT: Final = 0.95
_GOLDEN_ANGLE: Final = pi * (3 - sqrt(5))


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


@dataclass(frozen=True, slots=True)
class Chances:
    """What each point (then each of the `certain`) adds to the moments of a count, so that any choice can be summed.

    probability: shape (n,). variance: shape (n,), of the point given where the outlines are. third: shape (n,), its
    third central moment. shared: shape (n, r): how far the point's probability follows each of r independent
    displacements of variance 1. The count of a choice has the mean Σ probability, the variance Σ variance + |Σ shared|²
    and (but for what displacements add to it) the third central moment Σ third.
    """

    probability: Floats
    variance: Floats
    third: Floats
    shared: Floats

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Which are taken as certain to lie in the zone."""
        return np.asarray(self.probability >= 1 - _SURE, bool)

    @property
    def open(self) -> NDArray[np.bool_]:
        """Which may lie in the zone or not."""
        return _undecided(self.probability)


@dataclass(frozen=True, slots=True)
class Count:
    """An expected count, and whole numbers that hold the true count (and the expected one) with 95 % probability."""

    expected: float
    low: int
    high: int
    chances: Chances = field(repr=False, compare=False)


def offsets(sigma: float = 1.0) -> Floats:
    """Displacements, shape (97, 2), of equal weight, that stand for a circular normal law (a Vogel spiral)."""
    rank = (np.arange(_OFFSETS) + 0.5) / _OFFSETS
    radius = np.sqrt(-2 * np.log1p(-rank)) * sigma
    angle = np.arange(_OFFSETS) * _GOLDEN_ANGLE
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def count_interval(
    points: Floats,
    sigmas: Floats,
    zone: BaseGeometry,
    zone_sigmas: Floats,
    certain: Floats,
    outline_of: NDArray[np.intp] | None = None,
) -> Count:
    """Count points in a zone when both the points and the outline are uncertain.

    The points' errors are independent. An outline's error is one displacement that all points near it share: their
    count's law is the mixture, over that displacement, of the Poisson-binomial law of the points given it. A union is
    bounded by several outlines, each with an error of its own; the laws of the points near each are convolved. The
    expected count is the sum of each point's probability under both errors together (their variances add), which
    needs no mixture. The interval runs from the 2.5 % to the 97.5 % quantile of the count's law, and where the law is
    so skew that the mean lies outside, on to the whole number beyond the mean (taken to hundredths).

    Args:
        points: shape (n, 2), metres in a metric CRS.
        sigmas: shape (n,), metres: each point's own standard deviation along each axis.
        zone: a polygon or multipolygon in the same CRS.
        zone_sigmas: shape (n,), metres: the standard deviation of the outline near each point.
        certain: probabilities, shape (k,), of further points that do not depend on an outline's error.
        outline_of: shape (n,): which outline each point is near; the same for all where None.
    """
    blur = np.hypot(sigmas, zone_sigmas)
    marginal = probability_in(points, blur, zone)
    undecided = _undecided(marginal)
    # Where the outline's error is a tenth of the whole or less, sharing it adds at most 1 % to a variance.
    moved = undecided & (zone_sigmas > 0.1 * blur)
    alone = np.concatenate([marginal[undecided & ~moved], certain[_undecided(certain)]])
    law = _law(alone[None])
    near = np.zeros(len(points), np.intp) if outline_of is None else outline_of
    everything = np.concatenate([marginal, certain])
    variance = everything * (1 - everything)
    follows = [np.zeros((len(everything), 0))]
    for outline in np.unique(near[moved]):
        chosen = np.flatnonzero(moved & (near == outline))
        given = _given(points[chosen], sigmas[chosen], zone, zone_sigmas[chosen])
        law = np.convolve(law, _law(given))
        variance[chosen] = (given * (1 - given)).mean(axis=0)
        follows.append(_followed(given, chosen, len(everything)))
    sure = int(np.count_nonzero(everything >= 1 - _SURE))
    expected = float(everything.sum())
    cumulative = np.cumsum(law)
    low = sure + int(np.searchsorted(cumulative, _TAIL - _ROUNDING))
    high = sure + min(int(np.searchsorted(cumulative, 1 - _TAIL - _ROUNDING)), len(law) - 1)
    shown = round(expected, 2)
    third = everything * (1 - everything) * (1 - 2 * everything)
    chances = Chances(everything, variance, third, np.concatenate(follows, axis=1))
    return Count(expected, min(low, floor(shown)), max(high, ceil(shown)), chances)


def _undecided(probabilities: Floats) -> NDArray[np.bool_]:
    return np.asarray((probabilities > _SURE) & (probabilities < 1 - _SURE), bool)


def _given(points: Floats, sigmas: Floats, zone: BaseGeometry, zone_sigmas: Floats) -> Floats:
    """The probabilities, shape (97, n), given each displacement of the outline."""
    shifted = points[None] - offsets()[:, None, :] * zone_sigmas[None, :, None]
    own, blur = np.tile(np.stack([sigmas, np.hypot(sigmas, zone_sigmas)]), _OFFSETS)
    return probability_in(shifted.reshape(-1, 2), own, zone, blur).reshape(_OFFSETS, -1)


def _followed(given: Floats, rows: NDArray[np.intp], size: int) -> Floats:
    """How trials follow the displacement that they share, shape (size, r): its main components, in given rows.

    Given probabilities (97, n), the covariance that the displacement makes between two trials is the mean product of
    their deviations from the mean; it is the product of their components, of which so many are kept as make up nearly
    all of the variance of every sum.
    """
    deviation = (given - given.mean(axis=0)) / sqrt(len(given))
    _, sizes, directions = np.linalg.svd(deviation, full_matrices=False)
    kept = int(np.searchsorted(np.cumsum(sizes**2), _KEPT * float((sizes**2).sum()))) + 1
    found = np.zeros((size, kept))
    found[rows] = (sizes[:kept, None] * directions[:kept]).T
    return found


def _law(given: Floats) -> Floats:
    """The law, shape (n + 1,), of the number of successes in a mixture of s sets of n trials, shape (s, n)."""
    if given.shape[1] <= _MANY:
        found: Floats = poisson_binomial(given).mean(axis=0)
        return found
    from scipy.special import ndtr

    # The sum of very many independent trials is normal to within a rounding of the count.
    mean, variance = given.sum(axis=1), (given * (1 - given)).sum(axis=1)
    deviation = np.sqrt(np.maximum(variance, _ROUNDING))
    counts = np.arange(given.shape[1] + 1) + 0.5
    cumulative = ndtr((counts[None] - mean[:, None]) / deviation[:, None]).mean(axis=0)
    return np.diff(cumulative, prepend=0.0)


def poisson_binomial(probabilities: Floats) -> Floats:
    """Give the law of the number of successes of independent trials that each have their own probability.

    Args:
        probabilities: shape (s, n): s laws of n trials each.

    Returns:
        shape (s, n + 1): the probability of 0 … n successes.

    Reference:
        R. E. Barlow, K. D. Heidtmann, Computing k-out-of-n system reliability, IEEE Trans. Reliab. R-33 (1984) 322-323.
    """
    laws = np.zeros((probabilities.shape[0], probabilities.shape[1] + 1))
    laws[:, 0] = 1.0
    for trial in range(probabilities.shape[1]):
        p = probabilities[:, trial, None]
        laws[:, 1 : trial + 2] = laws[:, 1 : trial + 2] * (1 - p) + laws[:, : trial + 1] * p
        laws[:, 0] *= 1 - p[:, 0]
    return laws
