"""Hold what coordinates may be against each kind of evidence: borders, named places, known positions, crowds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.earth.geodesy import buffer_m, to_metric
from gis.intake.detective.areas import (
    BLOCK_M,
    EDGE_M,
    FAR_M,
    Area,
    Crowd,
    area_of,
    block_weights,
    in_blocks,
    logsumexp,
    normal,
    offsets,
)
from gis.intake.detective.candidates import NO_DATUM, Suspect
from gis.intake.detective.surroundings import Outline, Surroundings, Witnesses

if TYPE_CHECKING:
    from pyproj import CRS

Floats = NDArray[np.float64]

_TO_SIGMA: Final = 2.448
_USELESS_M: Final = 1_500.0  # An outline wilder than this says nothing of shifts of 500 to 1,100 m.
_SKETCH_SIGMA_M: Final = 150.0
_EXACT_M: Final = 200.0
_PARK_M2: Final = 40e6
_CROWD_CAP: Final = 6.0
_ROAD_REACH_M: Final = 120.0
_NAMED_ROAD_REACH_M: Final = 250.0
_HINT: Final = math.log(300.0)
# How dense firms lie beyond the border, against how dense they lie before it; and how probable that is.
_BEYOND: Final = ((0.003, 0.2), (0.01, 0.2), (0.03, 0.2), (0.1, 0.2), (0.3, 0.15), (0.6, 0.04), (1.0, 0.01))
_BORDER_ROWS: Final = 400
_MISNAMED: Final = 0.1
_UNKNOWN_AREA_M2: Final = 25e6


@dataclass(frozen=True, slots=True)
class _Named:
    """An outline, and the rows that say to lie in it."""

    rows: NDArray[np.intp]
    area: Area
    sigma: float
    share: float = 1.0


class Judge:
    """Holds suspects against all evidence; what is the same for all is prepared once."""

    def __init__(self, around: Surroundings, witnesses: Witnesses, crs: CRS) -> None:
        self.witnesses = witnesses
        self.crs = crs
        self.subject_sigma = max(around.subject_accuracy_m, 30.0) / _TO_SIGMA
        self.subject = None if around.subject is None else area_of(to_metric(around.subject, crs), self.subject_sigma)
        self.named = self._gather(witnesses.places, around.places) + self._gather(
            witnesses.roads, around.roads, _NAMED_ROAD_REACH_M
        )
        sharp: set[int] = set()
        for named in self.named:
            sharp.update(named.rows.tolist() if named.sigma < _SKETCH_SIGMA_M else ())
        divisions = [
            None if i in sharp else _division(text, around.divisions) for i, text in enumerate(witnesses.addresses)
        ]
        self.named += self._gather(divisions, around.divisions)
        for named in self.named:
            sharp.update(named.rows.tolist() if named.sigma < _SKETCH_SIGMA_M else ())
        # The border of a town or district is not counted twice.
        self.unnamed = np.array([i not in sharp for i in range(len(witnesses.first))])
        self.known = [
            (i, around.positions[id_])
            for i, id_ in enumerate(witnesses.known)
            if id_ and id_ in around.positions and around.positions[id_].accuracy_m <= _USELESS_M
        ]
        self.crowds = [*self._parks(around), *self._roads(around)]

    def _gather(self, ids: Sequence[str | None], outlines: Mapping[str, Outline], reach_m: float = 0.0) -> list[_Named]:
        found = []
        for id_ in sorted({id_ for id_ in ids if id_ is not None}):
            outline = outlines.get(id_)
            if outline is not None and outline.accuracy_m <= _USELESS_M:
                geometry = buffer_m(outline.geometry, reach_m) if reach_m else outline.geometry
                rows = np.flatnonzero([other == id_ for other in ids])
                sigma = max(outline.accuracy_m, 20.0) / _TO_SIGMA
                found.append((rows, to_metric(geometry, self.crs), sigma))
        # Sketches that overlap were drawn from one another, and share their errors.
        shared = [
            1 + sum(_overlap(geometry, other) for k, (_, other, wild) in enumerate(found)
                    if k != i and min(sigma, wild) >= _SKETCH_SIGMA_M)
            for i, (_, geometry, sigma) in enumerate(found)
        ]  # fmt: skip
        return [
            _Named(rows, area_of(geometry, sigma), sigma, 1 / times)
            for (rows, geometry, sigma), times in zip(found, shared, strict=True)
        ]

    def _parks(self, around: Surroundings) -> list[Crowd]:
        """The parks that positions may crowd in: drawn well enough, small, and apart from each other."""
        small = [
            outline
            for outline in around.places.values()
            if outline.accuracy_m <= _EXACT_M
            and around.subject is not None
            and to_metric(outline.geometry, self.crs).area < _PARK_M2
        ]
        chosen: list[Crowd] = []
        for outline in sorted(small, key=lambda one: (one.accuracy_m, one.geometry.area)):
            geometry = to_metric(outline.geometry, self.crs)
            if all(geometry.intersection(other.area.geometry).area < 0.2 * geometry.area for other in chosen):
                chosen.append(Crowd(geometry, max(outline.accuracy_m, 20.0) / _TO_SIGMA))
        return chosen

    def _roads(self, around: Surroundings) -> list[Crowd]:
        return [
            Crowd(to_metric(buffer_m(outline.geometry, _ROAD_REACH_M), self.crs), outline.accuracy_m / _TO_SIGMA)
            for outline in around.roads.values()
            if outline.accuracy_m <= _EXACT_M
        ]

    def hold(self, suspects: Sequence[Suspect]) -> dict[str, Floats]:
        """The log-likelihood of each kind of evidence, one for each suspect."""
        none = np.zeros(len(suspects))
        return {
            "prior": np.log([suspect.prior for suspect in suspects]),
            "words": np.array([self._words(suspect) for suspect in suspects]),
            "district": self._district(suspects),
            "named places": np.sum([none, *(self._lies_in(named, suspects) for named in self.named)], axis=0),
            "known positions": self._known_positions(suspects),
            "parks and roads": self._crowding(suspects),
        }

    def shares(self, xy: Floats) -> tuple[float | None, float | None, float | None]:
        """What a reader can follow: the share in the district, and in named places; the median from known positions."""
        inside = [named.area.depth(xy[named.rows]) >= 0 for named in self.named]
        return (
            None if self.subject is None else self.share_in_district(xy),
            float(np.concatenate(inside).mean()) if inside else None,
            float(np.median(self._distances(xy))) if self.known else None,
        )

    def traces_of(self, xy: Floats, other: Floats) -> list[tuple[float, float]]:
        """What rows of another datum would show among rows of this one, and what is seen of it.

        Args:
            xy: the positions as of the datum in question.
            other: the positions as of the other one.

        Returns:
            for borders, and for parks that positions crowd in: how many rows (few for a street block) would lie out of
            place here, if all were of the other datum: had half of them been, about as many would; and how many do,
            and lie in place in the other.
        """
        found = []
        for is_well_placed in (self._well_placed, self._crowds_in_parks):
            here, there, away = is_well_placed(xy), is_well_placed(other), is_well_placed(2 * xy - other)
            found.append((in_blocks(xy[here & ~away]), in_blocks(xy[there & ~here])))
        return found

    def _crowds_in_parks(self, xy: Floats) -> NDArray[np.bool_]:
        found = np.zeros(len(xy), bool)
        for crowd in self.crowds:
            found |= crowd.area.depth(xy) > -EDGE_M
        return found

    def _well_placed(self, xy: Floats) -> NDArray[np.bool_]:
        """Whether each row lies in what it names, where that is drawn sharply, or in the district."""
        found = np.ones(len(xy), bool)
        if self.subject is not None:
            found[self.unnamed] = self.subject.depth(xy[self.unnamed]) > -self.subject_sigma
        for named in self.named:
            if named.sigma < _SKETCH_SIGMA_M:
                found[named.rows] = named.area.depth(xy[named.rows]) > -named.sigma
        return found

    def share_in_district(self, xy: Floats) -> float:
        """The share of positions in the city's own districts."""
        assert self.subject is not None
        return float(shapely.intersects_xy(self.subject.geometry, xy[:, 0], xy[:, 1]).mean())

    def _words(self, suspect: Suspect) -> float:
        named = {datum for datum, _ in self.witnesses.words}
        own = {"wgs84", "cgcs2000"} if suspect.label == "wgs84" else {suspect.label}
        return _HINT if own & named & {"wgs84", "gcj02", "bd09", "cgcs2000"} else 0.0

    def _district(self, suspects: Sequence[Suspect]) -> Floats:
        """How well the border of the district cuts the list, against how well it does under any other shift."""
        if self.subject is None:
            return np.zeros(len(suspects))
        base = suspects[0].xy
        rows = np.flatnonzero(self.unnamed & (np.abs(self.subject.depth(base)) < 2 * FAR_M))
        if not len(rows):
            return np.zeros(len(suspects))
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), _BORDER_ROWS)).astype(int)]
        weights = block_weights(base[rows], BLOCK_M)
        insides = []
        for suspect in suspects:
            inside = normal(self.subject.depth(suspect.xy[rows]) / self.subject_sigma)
            if suspect.other is not None:
                inside = (inside + normal(self.subject.depth(suspect.other[rows]) / self.subject_sigma)) / 2
            insides.append(inside)
        anywhere = np.array([suspect.label == NO_DATUM for suspect in suspects])
        logs = []
        for beyond, prior in _BEYOND:
            found = np.log(beyond + (1 - beyond) * np.array(insides)) @ weights
            logs.append(math.log(prior) + found - logsumexp(found[anywhere]) + math.log(anywhere.sum()))
        return np.asarray(logsumexp(logs, axis=0))

    def _lies_in(self, named: _Named, suspects: Sequence[Suspect]) -> Floats:
        """The likelihood that rows lie in what they name; the offset of the outline is integrated over."""
        base = suspects[0].xy[named.rows]
        weights = block_weights(base, BLOCK_M)
        if named.sigma >= _SKETCH_SIGMA_M:
            return named.share * self._lies_in_sketch(named, suspects, weights)
        soft = max(EDGE_M, named.sigma)
        found = []
        for suspect in suspects:
            logs = []
            for dx, dy, weight in offsets(named.sigma):
                step = np.array([dx, dy])
                inside = normal(named.area.depth(suspect.xy[named.rows] + step) / soft)
                if suspect.other is not None:
                    inside = (inside + normal(named.area.depth(suspect.other[named.rows] + step) / soft)) / 2
                logs.append(math.log(weight) + float(weights @ np.log((1 - _MISNAMED) * inside + _MISNAMED)))
            found.append(logsumexp(logs))
        return np.array(found)

    def _lies_in_sketch(self, named: _Named, suspects: Sequence[Suspect], weights: Floats) -> Floats:
        """The same for a sketch: on a grid of offsets that is fine enough for an outline that may lie anywhere near.

        A suspect moves all rows of a place alike, so that one correlation of rows and outline serves for all.
        """
        from scipy.ndimage import gaussian_filter, map_coordinates
        from scipy.signal import fftconvolve

        area, rows = named.area, named.rows
        base = suspects[0].xy[rows]
        # The size of a sketch is no better known than its edge.
        soft = max(EDGE_M, 0.12 * math.sqrt(area.area))
        inside = normal(area.grid.astype(np.float64) / soft)
        step = area.step
        moves = np.array([np.median(suspect.xy[rows] - base, axis=0) for suspect in suspects])
        cells = np.floor((base - area.origin) / step).astype(np.int64)[:, ::-1]
        reach = np.ceil(np.abs(moves).max() / step + 4 * named.sigma / step).astype(int)
        height, width = inside.shape
        fits = ((cells >= -reach) & (cells < np.array([height, width]) + reach)).all(axis=1)
        counts = np.zeros((height + 2 * reach, width + 2 * reach))
        np.add.at(counts, tuple((cells[fits] + reach).T), weights[fits])
        found = np.empty(len(suspects))
        for other in {None if s.other is None else k: s for k, s in enumerate(suspects)}.values():
            field_ = inside
            if other.other is not None:
                away = np.median(other.other[rows] - other.xy[rows], axis=0)[::-1] / step
                index = np.indices(inside.shape).astype(np.float64) + away[:, None, None]
                field_ = (inside + map_coordinates(inside, index, order=1, mode="constant")) / 2
            gain = np.log((1 - _MISNAMED) * field_ + _MISNAMED) - math.log(_MISNAMED)
            # fit[d]: the rows moved by d cells, less what rows outside of everything have.
            fit = fftconvolve(gain, counts[::-1, ::-1], mode="full")
            middle = np.array(counts.shape) - 1 - reach
            top = fit.max()
            smooth = np.log(gaussian_filter(np.exp(fit - top), named.sigma / step, mode="nearest") + 1e-300) + top
            which = [
                k for k, suspect in enumerate(suspects)
                if (suspect is other if other.other is not None else suspect.other is None)
            ]  # fmt: skip
            at = middle[:, None] + moves[which][:, ::-1].T / step
            found[which] = map_coordinates(smooth, at, order=1, mode="nearest")
        return found

    def _distances(self, xy: Floats) -> Floats:
        places = np.array([shapely.get_coordinates(to_metric(o.geometry, self.crs))[0] for _, o in self.known])
        return np.asarray(np.hypot(*(xy[[i for i, _ in self.known]] - places).T))

    def _known_positions(self, suspects: Sequence[Suspect]) -> Floats:
        if not self.known:
            return np.zeros(len(suspects))
        # A firm's gate, its hall and its address differ by tens of metres.
        sigma2 = np.array([(o.accuracy_m / _TO_SIGMA) ** 2 for _, o in self.known]) + 60.0**2

        def density(xy: Floats) -> Floats:
            return np.asarray(np.exp(-(self._distances(xy) ** 2) / (2 * sigma2)) / (2 * math.pi * sigma2))

        found = []
        for suspect in suspects:
            near = density(suspect.xy) if suspect.other is None else (density(suspect.xy) + density(suspect.other)) / 2
            found.append(float(np.log(0.9 * near + 0.1 / _UNKNOWN_AREA_M2).sum()))
        return np.array(found)

    def _crowding(self, suspects: Sequence[Suspect]) -> Floats:
        """How well the positions of each suspect crowd in parks and along roads.

        One park, however many rows lie in it, may speak against a suspect only so far: firms crowd beside parks too.
        """
        total = np.zeros(len(suspects))
        if not self.crowds:
            return total
        weights = block_weights(suspects[0].xy, BLOCK_M)
        for crowd in self.crowds:
            found = np.array([crowd.likelihood(suspect, weights) for suspect in suspects])
            total += np.maximum(found - found.max(), -_CROWD_CAP)
        return total


def _division(address: str | None, divisions: Mapping[str, Outline]) -> str | None:
    """The one district that an address names."""
    found = [name for name in divisions if len(name) > 2 and name in address] if address else []
    return found[0] if len(found) == 1 else None


def _overlap(one: BaseGeometry, other: BaseGeometry) -> bool:
    smaller = min(one.area, other.area)
    return bool(one.intersection(other).area > 0.2 * smaller)
