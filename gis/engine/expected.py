"""Say how many points to expect in each zone, where points and outlines are known to an accuracy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import UsageError
from gis.earth.law import Floats, probability_in, sigma_m, spiral

# An outline that is off is laid at so many places of equal weight; its points move together there.
_PLACES = 61
# Twice this share of the law lies outside the 95 % interval.
_TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Expected:
    """How many points a zone holds: the expected number, and the 2.5 % and 97.5 % quantiles of the number."""

    estimate: float
    low: int
    high: int


def expected(
    points: Floats, accuracy_m: Floats, zones: NDArray[np.object_], zones_accuracy_m: Floats | None = None
) -> list[Expected]:
    """Give the law of the number of points in each zone.

    Each point errs on its own by a circular normal law; an outline errs as a whole, all its points with it. Given where
    an outline lies, points are in it or not independently, so their number follows a Poisson binomial law, which is
    computed exactly; over an outline's error it is averaged.

    Args:
        points: shape (n, 2), metres, east before north; NaN where a point has no position.
        accuracy_m: radii that hold the true position with 95 % probability, shape (n,); 0 is exact.
        zones: polygons, shape (m,), in the same plane.
        zones_accuracy_m: the same of each outline, shape (m,); exact where not given.

    Raises:
        UsageError: an accuracy is negative or no number.
    """
    own = np.zeros(len(zones)) if zones_accuracy_m is None else np.asarray(zones_accuracy_m, float)
    for what, radii in (("point", np.asarray(accuracy_m, float)), ("zone", own)):
        if not (np.isfinite(radii) & (radii >= 0)).all():
            raise UsageError(f"the accuracy of a {what} is not a number of metres from 0")
    placed = np.isfinite(points).all(axis=1)
    known, sigmas = points[placed], sigma_m(np.asarray(accuracy_m, float)[placed])
    return [_law(known, sigmas, zone, float(sigma_m(radius))) for zone, radius in zip(zones, own, strict=True)]


def _law(points: Floats, sigmas: Floats, zone: BaseGeometry, blur: float) -> Expected:
    chances = [probability_in(points + shift, sigmas, zone) for shift in _shifts(blur)]
    laws = [number_law(chance) for chance in chances]
    law = np.zeros(max(len(one) for one in laws))
    for one in laws:
        law[: len(one)] += one / len(laws)
    below = np.cumsum(law)
    low, high = (int(np.searchsorted(below, share - 1e-12)) for share in (_TAIL, 1 - _TAIL))
    return Expected(float(np.mean([chance.sum() for chance in chances])), low, high)


def _shifts(sigma: float) -> Floats:
    """Where the points lie seen from an outline that is off: the places of equal weight, shape (places, 2), metres."""
    return sigma * spiral(_PLACES) if sigma else np.zeros((1, 2))


def number_law(chances: Floats) -> Floats:
    """The Poisson binomial law: the probability of each number of hits of independent trials.

    Args:
        chances: probability of each trial, shape (n,).

    Returns:
        probabilities of 0 to n hits, shape (n + 1,).
    """
    sure = int((chances >= 1).sum())
    law = np.ones(1)
    for chance in chances[(chances > 0) & (chances < 1)].tolist():
        law = np.append(law, 0.0) * (1 - chance) + np.append(0.0, law) * chance
    return np.concatenate([np.zeros(sure), law])
