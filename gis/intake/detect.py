"""Find out which datum coordinates are in, from where they would put things: the datum detective.

Each candidate datum moves all positions by hundreds of metres. For each one the detective asks how probable the
positions are, given what the project knows; the answers are logarithms of likelihoods, and they add up:

- *district*: firms of a district lie in it. A position just outside costs much; one far away says nothing about the
  datum (it is far away in all of them).
- *named places*: a row that names a park, town or road lies in it or beside it.
- *known positions*: a row whose name or code the project knows with a position of its own lies near that.
- *parks and roads*: positions crowd in parks and along roads that are drawn accurately, if they do at all.
- *words*: a heading or title that says 百度, GCJ-02 … .

A sketch proves nothing: an outline's error is one offset for all rows that name it, and is integrated over; outlines
wilder than the shifts themselves are left out. Firms of one street block count once. The verdict is a posterior
probability over the candidates, and it is `sure` only far from a tie.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.datum import Datum, Reference, convert
from gis.errors import DatumError
from gis.geodesy import buffer_m, metric_crs_for, to_metric
from gis.intake.systems import zones_of
from gis.layers import Layer

if TYPE_CHECKING:
    from pyproj import CRS

    from gis.project import Project

Floats = NDArray[np.float64]

_SAMPLE: Final = 1_500
_BLOCK_M: Final = 250.0
_TO_SIGMA: Final = 2.448
_USELESS_M: Final = 1_500.0  # An outline wilder than this says nothing of shifts of 500 to 1,100 m.
_CROWD_ACCURACY_M: Final = 1_000.0
_NEIGHBOURHOOD_M: Final = 1_500.0
_CROWD_CAP: Final = 3.0
_CROWD_CAP_EXACT: Final = 6.0
_EXACT_M: Final = 100.0
_ROAD_REACH_M: Final = 120.0
_NAMED_ROAD_REACH_M: Final = 250.0
_HINT: Final = math.log(300.0)
_STRAYS: Final = ((0.004, 0.6), (0.02, 0.3), (0.1, 0.08), (0.3, 0.02))
_FAR_M: Final = 3_000.0
_FEW_STRAYS: Final = 0.01
_MISNAMED: Final = 0.1
_UNKNOWN_AREA_M2: Final = 25e6
_SURE: Final = 0.99
_SURE_OF_FEW: Final = 0.999
_MANY: Final = 200


@dataclass(frozen=True, slots=True)
class Outline:
    """A place, district or road that the project knows: WGS 84, with the accuracy that its layer states."""

    name: str
    geometry: BaseGeometry
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a project knows around a city: its districts, the outlines of places, positions, and roads, by id."""

    city: str
    subject: BaseGeometry | None
    subject_accuracy_m: float
    places: Mapping[str, Outline]
    positions: Mapping[str, Outline]
    roads: Mapping[str, Outline]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The rows of a file as evidence; all of one length.

    `first` and `second` are the coordinates in the order of the file (longitude or easting first, if it keeps to it);
    `places`, `known` and `roads` are the ids that each row names, or None. `words` are datums named in headings or
    titles, with the text.
    """

    first: Floats
    second: Floats
    places: Sequence[str | None] = ()
    known: Sequence[str | None] = ()
    roads: Sequence[str | None] = ()
    words: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """How well one candidate explains the positions.

    `log_likelihood` is the sum of `parts` (by kind of evidence), relative to nothing: only differences mean something.
    """

    candidate: str
    probability: float
    in_district: float | None
    in_named_place: float | None
    median_m: float | None
    log_likelihood: float
    parts: Mapping[str, float]

    def row(self) -> dict[str, object]:
        """The row that is printed."""
        return {
            "candidate": self.candidate,
            "probability": round(self.probability, 4),
            "in_district_share": None if self.in_district is None else round(self.in_district, 4),
            "in_named_place_share": None if self.in_named_place is None else round(self.in_named_place, 4),
            "median_to_known_m": None if self.median_m is None else round(self.median_m),
            "log_likelihood": round(self.log_likelihood, 1),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the detective says.

    `reference` is the most probable datum or system (None where nothing can be said), `sure` whether that may be acted
    upon. `swapped` tells that the file gives latitude (or northing) first. `reasons` are sentences for people.
    """

    reference: Reference | None
    label: str
    rows: int = 0
    probability: float = 0.0
    sure: bool = False
    swapped: bool = False
    scores: tuple[Score, ...] = ()
    reasons: tuple[str, ...] = ()

    def row(self) -> dict[str, object]:
        """The verdict as a JSON object."""
        return {
            "datum": None if self.reference is None else str(self.reference),
            "reading": self.label,
            "sure": self.sure,
            "probability": round(self.probability, 4),
            "swapped": self.swapped,
            "rows": self.rows,
            "scores": [score.row() for score in self.scores],
            "reasons": list(self.reasons),
        }


def surroundings_of(project: Project, city: str) -> Surroundings:
    """Collect what a project knows around a city."""
    districts = project.layers.get((city, "districts"))
    subject = None
    accuracy = 0.0
    places: dict[str, Outline] = {}
    if districts is not None:
        own = [
            (record, geometry)
            for record, geometry in districts.holding_on(project.as_of)
            if geometry is not None
            and record.get("role") == "subject"
            and record.get("level") in {"district", "county"}
        ]
        if own:
            subject = shapely.union_all([geometry for _, geometry in own])
            accuracy = max(float(record.get("accuracy_m") or 0) for record, _ in own)
        places |= _outlines(districts, {"Polygon", "MultiPolygon"})
    zones = project.layers.get((city, "zones"))
    positions: dict[str, Outline] = {}
    if zones is not None:
        places |= _outlines(zones, {"Polygon", "MultiPolygon"})
        positions |= _outlines(zones, {"Point"})
    for kind in ("enterprises", "facilities"):
        layer = project.layers.get((city, kind))
        if layer is not None:
            positions |= _outlines(layer.where(not r.get("stand_in_for") for r in layer.records), {"Point"})
    roads = project.layers.get((city, "roads"))
    lines = {} if roads is None else _outlines(roads, {"LineString", "MultiLineString"})
    return Surroundings(city, subject, accuracy, places, positions, lines)


def _outlines(layer: Layer, types: set[str]) -> dict[str, Outline]:
    return {
        record["id"]: Outline(str(record.get("name") or record["id"]), geometry, float(record.get("accuracy_m") or 0))
        for record, geometry in layer
        if geometry is not None and geometry.geom_type in types
    }


# --- Candidates -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Candidate:
    label: str
    reference: Reference | None
    prior: float
    undo: Callable[[Floats, Floats], tuple[Floats, Floats]]


def _from(reference: Reference) -> Callable[[Floats, Floats], tuple[Floats, Floats]]:
    return lambda x, y: convert(x, y, reference, Datum.WGS84)


def _twice(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    return convert(*convert(x, y, Datum.GCJ02, Datum.WGS84), Datum.GCJ02, Datum.WGS84)


def _overdone(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    return convert(x, y, Datum.WGS84, Datum.GCJ02)


_GEOGRAPHIC: Final = (
    _Candidate("wgs84", Datum.WGS84, 1.0, _from(Datum.WGS84)),
    _Candidate("gcj02", Datum.GCJ02, 1.0, _from(Datum.GCJ02)),
    _Candidate("bd09", Datum.BD09, 1.0, _from(Datum.BD09)),
    _Candidate("gcj02, shifted twice", None, 0.02, _twice),
    _Candidate("wgs84, unshifted by mistake", None, 0.02, _overdone),
)


def axes_of(first: Floats, second: Floats) -> tuple[str, bool, NDArray[np.bool_]]:
    """Say by magnitude what two columns hold: `degrees`, `metres` or `unclear`; whether they are swapped; the odd rows.

    Degrees in China have longitudes above 73 and latitudes below 54, so that neither can be taken for the other; a
    northing is between 1.9 and 6 million metres, an easting below 0.9 million or above 13 million (zone number first).

    Returns:
        the unit, whether latitude or northing comes first, and which rows do not fit (shape (n,)).
    """
    known = np.isfinite(first) & np.isfinite(second)
    lon_lat = (first > 73) & (first < 136) & (second > 3) & (second < 54)
    lat_lon = (second > 73) & (second < 136) & (first > 3) & (first < 54)
    northing_1, northing_2 = _is_northing(first), _is_northing(second)
    east_north = _is_easting(first) & northing_2
    north_east = northing_1 & _is_easting(second)
    counts = {
        ("degrees", False): lon_lat,
        ("degrees", True): lat_lon,
        ("metres", False): east_north,
        ("metres", True): north_east,
    }
    (unit, swapped), fits = max(counts.items(), key=lambda item: int((item[1] & known).sum()))
    if not (fits & known).any() or (fits & known).sum() < 0.5 * known.sum():
        return "unclear", False, np.zeros(len(first), bool)
    return unit, swapped, known & ~fits


def _is_northing(values: Floats) -> NDArray[np.bool_]:
    return np.asarray((values >= 1.9e6) & (values <= 6.0e6))


def _is_easting(values: Floats) -> NDArray[np.bool_]:
    return np.asarray(((values >= 1e5) & (values <= 9e5)) | ((values >= 13e6) & (values < 46e6)))


def detect(witnesses: Witnesses, around: Surroundings) -> Verdict:
    """Say which datum positions are in, and how sure that is.

    Args:
        witnesses: the rows; NaN where a row has no coordinates.
        around: what the project knows of the city that the rows belong to.
    """
    known = np.isfinite(witnesses.first) & np.isfinite(witnesses.second)
    count = int(known.sum())
    if count == 0:
        return Verdict(None, "no coordinates", reasons=("no row has coordinates",))
    unit, swapped, odd = axes_of(witnesses.first, witnesses.second)
    if unit == "unclear":
        shown = f"{witnesses.first[known][0]:g}, {witnesses.second[known][0]:g}"
        reason = (
            f"the numbers (such as {shown}) are neither degrees nor metres of a national zone in China: a local grid?"
        )
        return Verdict(None, "unclear", count, reasons=(reason,))
    first, second = (witnesses.second, witnesses.first) if swapped else (witnesses.first, witnesses.second)
    reasons = []
    if swapped:
        what = (
            "latitude before longitude" if unit == "degrees" else "northing before easting (X is north, as in surveys)"
        )
        reasons.append(f"the file gives {what}, by the size of the numbers")
    if odd.any():
        reasons.append(f"{int(odd.sum())} row(s) do not fit that and are left out of the evidence")
    chosen = _sample(known & ~odd)
    ordered = Witnesses(
        first[chosen],
        second[chosen],
        _pick(witnesses.places, chosen),
        _pick(witnesses.known, chosen),
        _pick(witnesses.roads, chosen),
        witnesses.words,
    )
    if unit == "metres":
        return _projected_verdict(ordered, around, swapped, count, reasons)
    return _verdict(ordered, around, _GEOGRAPHIC, swapped, count, reasons)


def _sample(keep: NDArray[np.bool_]) -> NDArray[np.intp]:
    positions = np.flatnonzero(keep)
    if len(positions) <= _SAMPLE:
        return positions
    return np.asarray(positions[np.linspace(0, len(positions) - 1, _SAMPLE).astype(int)])


def _pick(values: Sequence[str | None], chosen: NDArray[np.intp]) -> list[str | None]:
    return [values[i] for i in chosen.tolist()] if values else [None] * len(chosen)


def _projected_verdict(
    witnesses: Witnesses, around: Surroundings, swapped: bool, count: int, reasons: list[str]
) -> Verdict:
    """The zone whose meridian puts the positions into the city; the numbers cannot tell CGCS2000 from 西安80."""
    easting, northing = float(np.median(witnesses.first)), float(np.median(witnesses.second))
    candidates = []
    for zone in zones_of(easting, northing):
        try:
            lon, lat = convert(witnesses.first, witnesses.second, zone, Datum.WGS84)
        except DatumError:
            continue
        share = _share_inside(around, lon, lat)
        candidates.append((share, zone))
    if not candidates:
        reason = "the numbers fit no 3- or 6-degree zone"
        return Verdict(None, "unclear", count, swapped=swapped, reasons=(*reasons, reason))
    total = sum(share for share, _ in candidates)
    best_share, best = max(candidates, key=lambda item: item[0])
    scores = tuple(
        Score(f"{zone} {zone.name}", share / total if total else 0.0, share, None, None, math.log(share + 1e-9), {})
        for share, zone in sorted(candidates, key=lambda item: -item[0])[:5]
    )
    if around.subject is None:
        reason = f"the city has no district outline to hold them against; {best} is one of {len(candidates)} that fit"
        return Verdict(
            best,
            best.name,
            count,
            1 / len(candidates),
            sure=len(candidates) == 1,
            swapped=swapped,
            scores=scores,
            reasons=(*reasons, reason),
        )
    sure = best_share >= 0.5 and best_share > 2 * (total - best_share)
    reasons.append(f"{best} ({best.name}) puts {best_share:.0%} of the positions into the district")
    reasons.append(
        "the numbers alone cannot tell CGCS2000 from 西安80 or 北京54, which differ by up to 100 m; if the drawing is "
        "older than 2008, ask"
    )
    named = {datum for datum, _ in witnesses.words}
    if named & {"old", "local"}:
        text = next(text for datum, text in witnesses.words if datum in {"old", "local"})
        reasons.append(f"but the file says {text!r}: that is not CGCS2000")
        sure = False
    share = best_share / total if total else 0.0
    return Verdict(best, best.name, count, share, sure=sure, swapped=swapped, scores=scores, reasons=tuple(reasons))


def _share_inside(around: Surroundings, lon: Floats, lat: Floats) -> float:
    if around.subject is None:
        return 1.0
    shapely.prepare(around.subject)
    return float(shapely.intersects_xy(around.subject, lon, lat).mean())


# --- Evidence -------------------------------------------------------------------------------------------------------


def _verdict(
    witnesses: Witnesses,
    around: Surroundings,
    candidates: Sequence[_Candidate],
    swapped: bool,
    count: int,
    reasons: list[str],
) -> Verdict:
    undone = [candidate.undo(witnesses.first, witnesses.second) for candidate in candidates]
    crs = metric_crs_for(_bounds(around, undone))
    judge = _Judge(around, witnesses, crs)
    xys = [shapely.get_coordinates(to_metric(shapely.points(lon, lat), crs)) for lon, lat in undone]
    found = [judge.hold(candidate, xy) for candidate, xy in zip(candidates, xys, strict=True)]
    for (parts, _), value in zip(found, judge.crowding(xys), strict=True):
        parts["parks and roads"] = float(value)
    straying = judge.straying(xys)
    if straying > _FEW_STRAYS:
        # A list that reaches over the border says little by where the border cuts it.
        for parts, _ in found:
            parts["district"] *= max(0.2, _FEW_STRAYS / straying)
        reasons.append(
            f"{straying:.0%} or more lie just outside of the district in any datum: its border counts for less"
        )
    totals = np.array([sum(parts.values()) for parts, _ in found])
    weights = np.exp(totals - totals.max())
    posterior = weights / weights.sum()
    scores = tuple(
        Score(candidate.label, float(p), shares[0], shares[1], shares[2], float(total), parts)
        for candidate, p, total, (parts, shares) in zip(candidates, posterior, totals, found, strict=True)
    )
    best = int(np.argmax(posterior))
    probability = float(posterior[best])
    same = all(np.array_equal(undone[0][0], other[0]) for other in undone[1:3])
    if same:
        reason = "the positions lie where coordinates are not shifted (outside of the mainland): the same in all datums"
        return Verdict(
            Datum.WGS84, "wgs84", count, 1.0, sure=True, swapped=swapped, scores=scores, reasons=(*reasons, reason)
        )
    reasons += _why(scores, best, witnesses)
    strayed = around.subject is not None and (scores[best].in_district or 0.0) < 0.5
    if strayed:
        reasons.append(f"less than half of the positions lie in the districts of {around.city}: is it the right city?")
    # Nothing but words speaks: they are believed unless the evidence speaks against them.
    threshold = _SURE if count >= _MANY or witnesses.words else _SURE_OF_FEW
    sure = probability >= threshold and not strayed and candidates[best].reference is not None
    if not sure and not strayed:
        reasons.append("not sure: " + _what_would_help(around, witnesses))
    ranked = tuple(sorted(scores, key=lambda score: -score.probability))
    return Verdict(
        candidates[best].reference,
        candidates[best].label,
        count,
        probability,
        sure=sure,
        swapped=swapped,
        scores=ranked,
        reasons=tuple(reasons),
    )


def _bounds(around: Surroundings, undone: Sequence[tuple[Floats, Floats]]) -> tuple[float, float, float, float]:
    if around.subject is not None:
        west, south, east, north = around.subject.bounds
        return west, south, east, north
    lon, lat = undone[0]
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _what_would_help(around: Surroundings, witnesses: Witnesses) -> str:
    if around.subject is None:
        return "the project has no district outline for this city; import one, or say --datum"
    if not any(witnesses.places):
        return "no candidate stands out; a column with the park of each row would help, or say --datum"
    return "no candidate stands out; say --datum, or import accurate outlines of the parks first"


def _why(scores: Sequence[Score], best: int, witnesses: Witnesses) -> list[str]:
    found = []
    ours = scores[best]
    rival = max((score for i, score in enumerate(scores) if i != best), key=lambda score: score.log_likelihood)
    for part, value in sorted(ours.parts.items(), key=lambda item: -abs(item[1] - rival.parts[item[0]])):
        gain = value - rival.parts[part]
        if abs(gain) >= 1 and part != "prior":
            side = ours.candidate if gain > 0 else rival.candidate
            found.append(f"{part}: speaks for {side}, e^{abs(gain):.1f} to 1 (against the next best)")
    if ours.in_district is not None:
        found.append(
            f"in the district: {ours.in_district:.1%} as {ours.candidate}, {rival.in_district:.1%} as {rival.candidate}"
        )
    if ours.in_named_place is not None:
        found.append(
            f"in the place that the row names: {ours.in_named_place:.1%} as {ours.candidate}, "
            f"{rival.in_named_place:.1%} as {rival.candidate}"
        )
    if ours.median_m is not None:
        found.append(
            f"from known positions (median): {ours.median_m:.0f} m as {ours.candidate}, "
            f"{rival.median_m:.0f} m as {rival.candidate}"
        )
    found += [f"the file says {text!r}" for _, text in witnesses.words]
    return found


class _Judge:
    """Holds candidates against all evidence; what is the same for all candidates is prepared once."""

    def __init__(self, around: Surroundings, witnesses: Witnesses, crs: CRS) -> None:
        self.witnesses = witnesses
        self.crs = crs
        self.subject = None if around.subject is None else _Area(to_metric(around.subject, crs))
        self.subject_sigma = max(around.subject_accuracy_m, 30.0) / _TO_SIGMA
        self.named: list[tuple[NDArray[np.intp], _Area, float]] = []
        self._gather(witnesses.places, around.places, 0.0)
        self._gather(witnesses.roads, around.roads, _NAMED_ROAD_REACH_M)
        self.known = [
            (i, around.positions[id_]) for i, id_ in enumerate(witnesses.known) if id_ and id_ in around.positions
        ]
        self.crowds = [*self._parks(around), *self._roads(around)]

    def _gather(self, ids: Sequence[str | None], outlines: Mapping[str, Outline], reach_m: float) -> None:
        for id_ in sorted({id_ for id_ in ids if id_ is not None}):
            outline = outlines.get(id_)
            if outline is not None and outline.accuracy_m <= _USELESS_M:
                geometry = buffer_m(outline.geometry, reach_m) if reach_m else outline.geometry
                rows = np.flatnonzero([other == id_ for other in ids])
                self.named.append(
                    (rows, _Area(to_metric(geometry, self.crs)), max(outline.accuracy_m, 20.0) / _TO_SIGMA)
                )

    def _parks(self, around: Surroundings) -> list[_Crowd]:
        """The parks that positions may crowd in: drawn well enough, small, and apart from each other."""
        small = [
            outline
            for outline in around.places.values()
            if outline.accuracy_m <= _CROWD_ACCURACY_M
            and around.subject is not None
            and outline.geometry.area < 0.1 * around.subject.area
        ]
        chosen: list[_Crowd] = []
        for outline in sorted(small, key=lambda one: (one.accuracy_m, one.geometry.area)):
            geometry = to_metric(outline.geometry, self.crs)
            if all(geometry.intersection(other.area.geometry).area < 0.2 * geometry.area for other in chosen):
                chosen.append(_Crowd(geometry, max(outline.accuracy_m, 20.0) / _TO_SIGMA))
        return chosen

    def _roads(self, around: Surroundings) -> list[_Crowd]:
        return [
            _Crowd(to_metric(buffer_m(outline.geometry, _ROAD_REACH_M), self.crs), outline.accuracy_m / _TO_SIGMA)
            for outline in around.roads.values()
            if outline.accuracy_m <= _CROWD_ACCURACY_M / 4
        ]

    def straying(self, xys: Sequence[Floats]) -> float:
        """The share of positions just outside of the district, in the candidate that has the fewest."""
        if self.subject is None:
            return 0.0
        depths = [self.subject.depth(xy) for xy in xys]
        return min(float(((depth < -self.subject_sigma) & (depth > -_FAR_M)).mean()) for depth in depths)

    def crowding(self, xys: Sequence[Floats]) -> Floats:
        """How well the positions of each candidate crowd in parks and along roads: one log-likelihood for each.

        One park, however many rows lie in it, may speak against a candidate only so far: firms crowd beside parks too.
        """
        total = np.zeros(len(xys))
        weights = [_block_weights(xy) for xy in xys]
        for crowd in self.crowds:
            found = np.array([crowd.likelihood(xy, weight) for xy, weight in zip(xys, weights, strict=True)])
            total += np.maximum(found - found.max(), -crowd.cap)
        return total

    def hold(
        self, candidate: _Candidate, xy: Floats
    ) -> tuple[dict[str, float], tuple[float | None, float | None, float | None]]:
        """The log-likelihood of each kind of evidence, and what shares and distances a reader can follow."""
        weights = _block_weights(xy)
        parts = {"prior": math.log(candidate.prior), "words": self._words(candidate)}
        in_district = None
        if self.subject is not None:
            depth = self.subject.depth(xy)
            inside = _normal(depth / self.subject_sigma)
            # Beyond 3 km from the line a position is of another district, whatever the datum.
            near = depth > -_FAR_M
            logs = [
                math.log(share)
                + float((weights * np.where(near, np.log((1 - stray) * inside + stray), math.log(stray))).sum())
                for stray, share in _STRAYS
            ]
            parts["district"] = _log_sum(logs)
            in_district = float((depth >= 0).mean())
        parts["named places"], in_named = self._named_places(xy, weights)
        parts["known positions"], median = self._known_positions(xy)
        return parts, (in_district, in_named, median)

    def _words(self, candidate: _Candidate) -> float:
        named = {datum for datum, _ in self.witnesses.words}
        if candidate.reference is None or not named & {"wgs84", "gcj02", "bd09", "cgcs2000"}:
            return 0.0
        own = {"wgs84", "cgcs2000"} if candidate.label == "wgs84" else {candidate.label}
        return _HINT if own & named else 0.0

    def _named_places(self, xy: Floats, weights: Floats) -> tuple[float, float | None]:
        """The likelihood that rows lie in what they name; the offset of each outline is integrated over."""
        total = 0.0
        inside = rows_named = 0
        for rows, area, sigma in self.named:
            points, block = xy[rows], weights[rows]
            logs = []
            for dx, dy, weight in _offsets(sigma):
                depth = area.depth(points + np.array([dx, dy]))
                if dx == 0 and dy == 0:
                    inside += int((depth >= 0).sum())
                    rows_named += len(rows)
                soft = _normal(depth / 40.0)
                logs.append(math.log(weight) + float((block * np.log((1 - _MISNAMED) * soft + _MISNAMED)).sum()))
            total += _log_sum(logs)
        return total, inside / rows_named if rows_named else None

    def _known_positions(self, xy: Floats) -> tuple[float, float | None]:
        if not self.known:
            return 0.0, None
        places = np.array([shapely.get_coordinates(to_metric(o.geometry, self.crs))[0] for _, o in self.known])
        distance = np.hypot(*(xy[[i for i, _ in self.known]] - places).T)
        # A firm's gate, its hall and its address differ by tens of metres.
        sigma2 = np.array([(o.accuracy_m / _TO_SIGMA) ** 2 for _, o in self.known]) + 60.0**2
        density = np.exp(-(distance**2) / (2 * sigma2)) / (2 * math.pi * sigma2)
        return float(np.log(0.9 * density + 0.1 / _UNKNOWN_AREA_M2).sum()), float(np.median(distance))


class _Area:
    """A polygon in metres that tells how deep points lie in it."""

    def __init__(self, geometry: BaseGeometry) -> None:
        self.geometry = geometry
        self.boundary = shapely.boundary(geometry)
        self.area = max(float(geometry.area), 1.0)
        shapely.prepare(self.geometry)
        # Short pieces in a tree make the distance to a long boundary cheap.
        corners = [shapely.get_coordinates(part) for part in shapely.get_parts(self.boundary)]
        pieces = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in corners])
        self.tree = shapely.STRtree(np.asarray(shapely.linestrings(pieces)))

    def depth(self, xy: Floats) -> Floats:
        """Metres from the boundary, positive inside; `xy` is (n, 2) in metres."""
        points = shapely.points(xy)
        _, distance = self.tree.query_nearest(points, return_distance=True, all_matches=False)
        inside = shapely.intersects_xy(self.geometry, xy[:, 0], xy[:, 1])
        return np.where(inside, distance, -distance)


def _block_weights(xy: Floats) -> Floats:
    """A weight for each point, such that the points of one street block count as one to two."""
    blocks = np.floor(xy / _BLOCK_M).astype(np.int64)
    _, index, counts = np.unique(blocks, axis=0, return_inverse=True, return_counts=True)
    sizes = counts[index.ravel()].astype(np.float64)
    return (1.0 + np.log2(sizes)) / sizes


def _normal(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(z), dtype=np.float64)


def _offsets(sigma: float) -> list[tuple[float, float, float]]:
    """Points and weights that stand for a circular normal offset; the middle alone where it is small."""
    if sigma < 15:
        return [(0.0, 0.0, 1.0)]
    steps = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    weights = np.exp(-(steps**2) / 2)
    weights /= weights.sum()
    return [
        (float(a * sigma), float(b * sigma), float(u * v))
        for a, u in zip(steps, weights, strict=True)
        for b, v in zip(steps, weights, strict=True)
    ]


def _log_sum(logs: Sequence[float]) -> float:
    top = max(logs)
    return top + math.log(sum(math.exp(value - top) for value in logs))


class _Crowd:
    """A park, or the strip along a road, in which positions may crowd; its outline is known to an offset."""

    def __init__(self, geometry: BaseGeometry, sigma: float) -> None:
        self.area = _Area(geometry)
        self.sigma = sigma
        self.cap = _CROWD_CAP_EXACT if sigma * _TO_SIGMA <= _EXACT_M else _CROWD_CAP
        self.west, self.south, self.east, self.north = geometry.buffer(_NEIGHBOURHOOD_M).bounds
        self.share = self.area.area / ((self.east - self.west) * (self.north - self.south))

    def likelihood(self, xy: Floats, weights: Floats) -> float:
        """How much better the positions nearby are explained by a crowd here than by an even spread.

        Averaged over how many crowd here (half the weight on none at all), so that chance finds no crowd, and over the
        offset of the outline.
        """
        x, y = xy[:, 0], xy[:, 1]
        near = (x > self.west) & (x < self.east) & (y > self.south) & (y < self.north)
        if not near.any():
            return 0.0
        points, block = xy[near], weights[near]
        logs = [math.log(0.5)]
        shares = self.share + (1 - self.share) * np.array([0.1, 0.3, 0.5, 0.7, 0.9])
        for dx, dy, weight in _offsets(self.sigma):
            inside = _normal(self.area.depth(points + np.array([dx, dy])) / 40.0)
            for crowd in shares.tolist():
                density = inside * crowd / self.share + (1 - inside) * (1 - crowd) / (1 - self.share)
                logs.append(math.log(0.1 * weight) + float((block * np.log(density)).sum()))
        return _log_sum(logs)
