"""Hold outlines and roads of a file against those of the same name that the project knows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.earth.geodesy import to_metric
from gis.intake.detective.candidates import Suspect
from gis.intake.detective.surroundings import Outline, Surroundings, Witnesses

if TYPE_CHECKING:
    from pyproj import CRS

Floats = NDArray[np.float64]

# Of a normal error in two directions, 95 % lie within so many of its standard deviations.
_TO_SIGMA: Final = 2.448
# Two drawings of one border differ by about this, however accurate both are.
_DRAWN_M: Final = 25.0
# How often a name stands for another outline than the known one, which then lies anywhere within this area.
_ANOTHER: Final = 0.1
_ANYWHERE_M2: Final = 25e6
# Coarser ones were drawn from one map, as a rule, and share its error: together they speak once.
_OWN_ERROR_M: Final = 200.0
# Outlines of one file come from one map far more often than the rows of a list do.
_MIXED: Final = 0.1
_SAMPLES: Final = 60
# The share of a road's points that must lie near the known one; the rest may be a piece that was built since.
_NEAR: Final = 0.8


@dataclass(frozen=True, slots=True)
class Met:
    """An outline or road of the file beside the known one of its name, both in metres, the file's read as WGS 84."""

    name: str
    rows: NDArray[np.intp]
    geometry: BaseGeometry
    known: BaseGeometry
    accuracy_m: float

    def off_m(self, steps: Floats) -> Floats:
        """How far the file's geometry lies from the known one when it is moved by each step, (n, 2) in metres.

        Of outlines it is how far the centroids and, these laid upon each other, the borders lie apart; a road is only
        held against the course of the known one, as either may be a piece of the other.
        """
        if self.known.area and self.geometry.area:
            away = np.array(_centre(self.geometry)) - _centre(self.known) + steps
            return np.asarray(np.hypot(np.hypot(*away.T), self._misfit_m()))
        short, long_, sign = self.geometry, self.known, 1.0
        if short.length > long_.length:
            short, long_, sign = long_, short, -1.0
        shapely.prepare(long_)
        points = shapely.get_coordinates(
            shapely.line_interpolate_point(
                np.repeat(shapely.get_parts(short), _SAMPLES),
                np.tile(np.linspace(0, 1, _SAMPLES), shapely.get_num_geometries(short)),
                normalized=True,
            )
        )
        moved = points[None] + sign * steps[:, None]
        return np.asarray(np.quantile(shapely.distance(shapely.points(moved), long_), _NEAR, axis=1))

    def _misfit_m(self) -> float:
        step = np.array(_centre(self.known)) - _centre(self.geometry)
        laid = shapely.transform(self.geometry, lambda points: points + step)
        return float(laid.symmetric_difference(self.known).area / max(self.known.length, 1.0))


class Known:
    """All outlines of a file that are known; only those that are known more finely than the datums lie apart speak."""

    def __init__(self, around: Surroundings, witnesses: Witnesses, suspects: Sequence[Suspect], crs: CRS) -> None:
        apart = _apart_m(suspects)
        self.met = [
            one
            for one in _met(around, witnesses, crs)
            if one.accuracy_m < apart and one.geometry.is_valid and one.known.is_valid
        ]

    def hold(self, suspects: Sequence[Suspect]) -> Floats:
        """The log-likelihood of the outlines' places, one for each suspect."""
        mixed = np.array([suspect.other is not None for suspect in suspects])
        total = np.where(mixed & bool(self.met), math.log(_MIXED), 0.0)
        coarse = sum(one.accuracy_m > _OWN_ERROR_M for one in self.met)
        for one in self.met:
            sigma2 = (one.accuracy_m / _TO_SIGMA) ** 2 + _DRAWN_M**2
            near = np.exp(-(self._off_m(one, suspects) ** 2) / (2 * sigma2)) / (2 * math.pi * sigma2)
            if mixed.any():
                other = np.exp(-(self._off_m(one, suspects, other=True) ** 2) / (2 * sigma2)) / (2 * math.pi * sigma2)
                near = np.where(mixed, (near + other) / 2, near)
            found = np.log((1 - _ANOTHER) * near + _ANOTHER / _ANYWHERE_M2)
            total += found / coarse if one.accuracy_m > _OWN_ERROR_M else found
        return total

    def median_m(self, suspects: Sequence[Suspect], k: int) -> float | None:
        """How far the outlines lie off the known ones as the suspect of number `k`, in the median."""
        if not self.met:
            return None
        return float(np.median([self._off_m(one, [suspects[0], suspects[k]])[1] for one in self.met]))

    def _off_m(self, one: Met, suspects: Sequence[Suspect], *, other: bool = False) -> Floats:
        base = suspects[0].xy[one.rows]
        places = [s.other if other and s.other is not None else s.xy for s in suspects]
        return one.off_m(np.array([np.median(xy[one.rows] - base, axis=0) for xy in places]))


def _apart_m(suspects: Sequence[Suspect]) -> float:
    """How far the two nearest of the first three suspects, the datums, lie apart."""
    one, two, three = (suspect.xy for suspect in suspects[:3])
    return min(float(np.median(np.hypot(*(a - b).T))) for a, b in ((one, two), (one, three), (two, three)))


def _met(around: Surroundings, witnesses: Witnesses, crs: CRS) -> Iterator[Met]:
    groups: dict[str, list[int]] = {}
    for i, drawn in enumerate(witnesses.outlines):
        if drawn is not None:
            groups.setdefault(drawn[0], []).append(i)
    for id_, rows in sorted(groups.items()):
        known: Outline | None = around.places.get(id_) or around.roads.get(id_)
        if known is None:
            continue
        parts = [geometry for i in rows if (drawn := witnesses.outlines[i]) is not None for geometry in [drawn[1]]]
        # Pieces of a road are strung together, parts of an outline become one.
        geometry = to_metric(shapely.union_all(shapely.make_valid(np.array(parts, dtype=object))), crs)
        fixed = to_metric(shapely.make_valid(known.geometry), crs)
        same = geometry.area > 0 if fixed.area else geometry.geom_type in {"LineString", "MultiLineString"}
        if same and not geometry.is_empty:
            yield Met(known.name, np.array(rows), geometry, fixed, known.accuracy_m)


def _centre(geometry: BaseGeometry) -> tuple[float, float]:
    centre = shapely.centroid(geometry)
    return float(shapely.get_x(centre)), float(shapely.get_y(centre))
