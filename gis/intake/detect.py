"""Find out which datum coordinates are in, from where they would put things: the datum detective.

Each candidate datum moves all positions by hundreds of metres. For each one the detective asks how probable the
positions are, given what the project knows; the answers are logarithms of likelihoods, and they add up:

- *district*: firms of a district lie in it. Where its border cuts a list sharply, the list lies right; a list that
  reaches over the border is cut as well by many other shifts, which is what each candidate is held against.
- *named places*: a row whose park, or whose address, names a park, town or district lies in it, and beside its road.
- *known positions*: a row whose name or code the project knows with a position of its own lies near that.
- *parks and roads*: positions crowd in parks and along roads that are drawn accurately, if they do at all.
- *words*: a heading or title that says 百度, GCJ-02 … .

A sketch proves little: an outline's error is one offset for all rows that name it, and is integrated over; outlines
wilder than the shifts themselves are left out. Firms of one street block count as few. Besides the datums there are
other suspects, which must be beaten too: two datums mixed in one list, and a shift that no datum makes. The verdict is
a posterior probability over all of them, and it is `sure` only far from a tie.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import DatumError
from gis.earth.datum import Datum, Reference, convert
from gis.earth.geodesy import buffer_m, metric_crs_for, to_metric
from gis.io.systems import zones_of
from gis.model.layers import Layer

if TYPE_CHECKING:
    from pyproj import CRS

    from gis.model.project import Project

Floats = NDArray[np.float64]

_SAMPLE: Final = 1_500
_TO_SIGMA: Final = 2.448
_USELESS_M: Final = 1_500.0  # An outline wilder than this says nothing of shifts of 500 to 1,100 m.
_SKETCH_SIGMA_M: Final = 150.0
_BLOCK_M: Final = 500.0
_BLOCK_CAP: Final = 3.0
_EXACT_M: Final = 200.0
_PARK_M2: Final = 40e6
_NEIGHBOURHOOD_M: Final = 1_500.0
_CROWD_CAP: Final = 6.0
_ROAD_REACH_M: Final = 120.0
_NAMED_ROAD_REACH_M: Final = 250.0
_EDGE_M: Final = 40.0
_HINT: Final = math.log(300.0)
# How dense firms lie beyond the border, against how dense they lie before it; and how probable that is.
_BEYOND: Final = ((0.003, 0.2), (0.01, 0.2), (0.03, 0.2), (0.1, 0.2), (0.3, 0.15), (0.6, 0.04), (1.0, 0.01))
_FAR_M: Final = 3_000.0
_BORDER_ROWS: Final = 400
_MISNAMED: Final = 0.1
_UNKNOWN_AREA_M2: Final = 25e6
_LATTICE_M: Final = 350.0
_MARGIN_M: Final = 900.0
# How often a list is off by a shift of no datum, and how often two datums are mixed in it, each pair.
_ELSEWHERE: Final = 0.05
_MIXED: Final = 0.02
# Rows that lie right only in another datum: more than so many, and more than this share of what half a list would show.
_TRACES: Final = 1.5
_TRACES_SEEN: Final = 0.2
_TWIN_M: Final = 0.5
_NO_DATUM: Final = "a shift that no datum makes"
_SURE: Final = 0.995
_SURE_IF_SAID: Final = 0.99


@dataclass(frozen=True, slots=True)
class Outline:
    """A place, district or road that the project knows: WGS 84, with the accuracy that its layer states."""

    name: str
    geometry: BaseGeometry
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a project knows around a city: its districts, the outlines of places, positions, and roads, by id.

    `divisions` are districts by the name that an address gives them; with the outline of older times, where it differs.
    """

    city: str
    subject: BaseGeometry | None
    subject_accuracy_m: float
    places: Mapping[str, Outline]
    positions: Mapping[str, Outline]
    roads: Mapping[str, Outline]
    divisions: Mapping[str, Outline] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The rows of a file as evidence; all of one length.

    `first` and `second` are the coordinates in the order of the file (longitude or easting first, if it keeps to it);
    `places`, `known` and `roads` are the ids that each row names, or None. `words` are datums named in headings or
    titles, with the text; `addresses` the addresses as written.
    """

    first: Floats
    second: Floats
    places: Sequence[str | None] = ()
    known: Sequence[str | None] = ()
    roads: Sequence[str | None] = ()
    words: Sequence[tuple[str, str]] = ()
    addresses: Sequence[str | None] = ()


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
            positions |= _outlines(layer, {"Point"})
    divisions: dict[str, Outline] = {}
    for record, geometry in districts or ():
        if geometry is not None and record.get("level") in {"district", "county", "historic"}:
            name = re.sub(r"[(（].*", "", str(record.get("name") or ""))
            one = Outline(name, geometry, float(record.get("accuracy_m") or 0))
            other = divisions.get(name, one)
            divisions[name] = Outline(
                name, shapely.union(one.geometry, other.geometry), max(one.accuracy_m, other.accuracy_m)
            )
    roads = project.layers.get((city, "roads"))
    lines = {} if roads is None else _outlines(roads, {"LineString", "MultiLineString"})
    return Surroundings(city, subject, accuracy, places, positions, lines, divisions)


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
        _pick(witnesses.addresses, chosen),
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


@dataclass(frozen=True, slots=True)
class _Suspect:
    """One explanation of a list: where it puts the positions, (n, 2) in metres; of a mixture, `other` as well."""

    label: str
    prior: float
    xy: Floats
    other: Floats | None = None


def _verdict(
    witnesses: Witnesses,
    around: Surroundings,
    candidates: Sequence[_Candidate],
    swapped: bool,
    count: int,
    reasons: list[str],
) -> Verdict:
    undone = [candidate.undo(witnesses.first, witnesses.second) for candidate in candidates]
    if all(np.array_equal(undone[0][0], other[0]) for other in undone[1:3]):
        reason = "the positions lie where coordinates are not shifted (outside of the mainland): the same in all datums"
        return Verdict(Datum.WGS84, "wgs84", count, 1.0, sure=True, swapped=swapped, reasons=(*reasons, reason))
    crs = metric_crs_for(_bounds(around, undone))
    xys = [shapely.get_coordinates(to_metric(shapely.points(lon, lat), crs)) for lon, lat in undone]
    suspects = _suspects(candidates, xys)
    judge = _Judge(around, witnesses, crs)
    parts = judge.hold(suspects)
    totals = np.sum(list(parts.values()), axis=0)
    weights = np.exp(totals - totals.max())
    posterior = weights / weights.sum()
    scores = []
    for label in dict.fromkeys(suspect.label for suspect in suspects):
        which = np.flatnonzero([suspect.label == label for suspect in suspects])
        best = int(which[np.argmax(totals[which])])
        named = len(which) == 1 and suspects[best].other is None
        shares = judge.shares(suspects[best].xy) if named else (None, None, None)
        own = {part: float(values[best]) for part, values in parts.items()}
        scores.append(Score(label, float(posterior[which].sum()), *shares, float(totals[best]), own))
    ranked = sorted(scores, key=lambda score: -score.probability)
    best_score = ranked[0]
    reference = next((one.reference for one in candidates if one.label == best_score.candidate), None)
    reasons += _why(ranked, witnesses)
    strayed = around.subject is not None and judge.share_in_district(xys[int(np.argmax(totals[: len(xys)]))]) < 0.5
    if strayed:
        reasons.append(f"less than half of the positions lie in the districts of {around.city}: is it the right city?")
    # Nothing but words speaks: they are believed unless the evidence speaks against them.
    clear = best_score.probability >= (_SURE_IF_SAID if witnesses.words else _SURE)
    labels = [one.label for one in candidates[:3]]
    mixed = _double(labels, xys) or (_mixture(judge, labels, xys, best_score.candidate) if clear else "")
    sure = clear and not strayed and not mixed and reference is not None
    if not sure and not strayed:
        help_ = mixed or _what_would_help(around, witnesses, best_score.candidate)
        reasons.append(f"not sure: {help_}")
    return Verdict(
        reference,
        best_score.candidate,
        count,
        best_score.probability,
        sure=sure,
        swapped=swapped,
        scores=tuple(ranked),
        reasons=tuple(reasons),
    )


def _suspects(candidates: Sequence[_Candidate], xys: Sequence[Floats]) -> list[_Suspect]:
    """The candidates; the datums mixed half and half, two by two; and the shifts of a lattice around them all."""
    found = [_Suspect(one.label, one.prior, xy) for one, xy in zip(candidates, xys, strict=True)]
    found += [
        _Suspect(f"{one.label} and {other.label}, mixed", _MIXED, xys[i], xys[j])
        for (i, one), (j, other) in combinations(enumerate(candidates[:3]), 2)
    ]
    shifts = np.array([np.median(xy - xys[0], axis=0) for xy in xys])
    (west, south), (east, north) = shifts.min(axis=0) - _MARGIN_M, shifts.max(axis=0) + _MARGIN_M
    steps = [
        np.array([dx, dy]) for dx in np.arange(west, east, _LATTICE_M) for dy in np.arange(south, north, _LATTICE_M)
    ]
    return found + [_Suspect(_NO_DATUM, _ELSEWHERE / len(steps), xys[0] + step) for step in steps]


def _double(labels: Sequence[str], xys: Sequence[Floats]) -> str:
    """Which two datums give the same places; empty where none do."""
    for (i, one), (j, other) in combinations(enumerate(labels), 2):
        twins = _twins(xys[i], xys[j])
        if twins:
            return f"{twins} places are in the list twice, once as {one} and once as {other}: the two seem to be mixed"
    return ""


def _mixture(judge: _Judge, labels: Sequence[str], xys: Sequence[Floats], best: str) -> str:
    """What rows of another datum show among those of the best; empty where they do not."""
    own = labels.index(best) if best in labels else None
    for k, label in enumerate(labels):
        if own is None or k == own:
            continue
        traces = judge.traces_of(xys[own], xys[k])
        if any(seen > max(_TRACES, _TRACES_SEEN * expected) for expected, seen in traces):
            most = max(seen for _, seen in traces)
            return f"{most:.0f} rows (a block counts for few) lie right as {label} only: is it mixed with {best}?"
    return ""


def _twins(xy: Floats, other: Floats) -> int:
    """How many places are there twice, if one row is of one datum and another of the other; 0 where chance does it.

    A list put together from two sources holds some firms, or the spot that a geocoder falls back on, from both. Chance
    is what the same distance in other directions gives.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(xy)
    step = other - xy
    counts = []
    for turn in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        there = xy + np.column_stack([turn[0] * step[:, 0] - turn[1] * step[:, 1],
                                      turn[1] * step[:, 0] + turn[0] * step[:, 1]])  # fmt: skip
        met = np.isfinite(tree.query(there, distance_upper_bound=_TWIN_M)[0])
        counts.append(len(np.unique(np.round(there[met]), axis=0)))
    # Backwards is the same pair, seen from the other row.
    found, chance = max(counts[0], counts[2]), max(counts[1], counts[3])
    return found if found >= 2 + len(xy) // 250 and found > 3 * chance else 0


def _bounds(around: Surroundings, undone: Sequence[tuple[Floats, Floats]]) -> tuple[float, float, float, float]:
    if around.subject is not None:
        west, south, east, north = around.subject.bounds
        return west, south, east, north
    lon, lat = undone[0]
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _what_would_help(around: Surroundings, witnesses: Witnesses, best: str) -> str:
    if best.endswith("mixed"):
        return "the rows seem to be in two datums; part them by where they come from, and import each with its --datum"
    if best == _NO_DATUM:
        return "the positions are off in a way that no datum makes; look at some of them on a map, or say --datum"
    if around.subject is None:
        return "the project has no district outline for this city; import one, or say --datum"
    if not any(witnesses.places):
        return "no candidate stands out; a column with the park of each row would help, or say --datum"
    return "no candidate stands out; say --datum, or import accurate outlines of the parks first"


def _why(ranked: Sequence[Score], witnesses: Witnesses) -> list[str]:
    found = []
    ours, rival = ranked[0], ranked[1]
    for part, value in sorted(ours.parts.items(), key=lambda item: -abs(item[1] - rival.parts[item[0]])):
        gain = value - rival.parts[part]
        if abs(gain) >= 1 and part != "prior":
            side = ours.candidate if gain > 0 else rival.candidate
            found.append(f"{part}: speaks for {side}, e^{abs(gain):.1f} to 1 (against the next best)")
    # Shares and distances are told of datums only.
    told = [score for score in ranked if score.median_m is not None or score.in_district is not None or
            score.in_named_place is not None][:2]  # fmt: skip
    for text, unit in (("in the district", "in_district"), ("in the place that the row names", "in_named_place")):
        shares = [(getattr(score, unit), score.candidate) for score in told if getattr(score, unit) is not None]
        if shares:
            found.append(f"{text}: " + ", ".join(f"{share:.1%} as {label}" for share, label in shares))
    medians = [f"{score.median_m:.0f} m as {score.candidate}" for score in told if score.median_m is not None]
    if medians:
        found.append("from known positions (median): " + ", ".join(medians))
    found += [f"the file says {text!r}" for _, text in witnesses.words]
    return found


@dataclass(frozen=True, slots=True)
class _Named:
    """An outline, and the rows that say to lie in it."""

    rows: NDArray[np.intp]
    area: _Area
    sigma: float
    share: float = 1.0


class _Judge:
    """Holds suspects against all evidence; what is the same for all is prepared once."""

    def __init__(self, around: Surroundings, witnesses: Witnesses, crs: CRS) -> None:
        self.witnesses = witnesses
        self.crs = crs
        self.subject_sigma = max(around.subject_accuracy_m, 30.0) / _TO_SIGMA
        self.subject = None if around.subject is None else _area_of(to_metric(around.subject, crs), self.subject_sigma)
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
            _Named(rows, _area_of(geometry, sigma), sigma, 1 / times)
            for (rows, geometry, sigma), times in zip(found, shared, strict=True)
        ]

    def _parks(self, around: Surroundings) -> list[_Crowd]:
        """The parks that positions may crowd in: drawn well enough, small, and apart from each other."""
        small = [
            outline
            for outline in around.places.values()
            if outline.accuracy_m <= _EXACT_M
            and around.subject is not None
            and to_metric(outline.geometry, self.crs).area < _PARK_M2
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
            if outline.accuracy_m <= _EXACT_M
        ]

    def hold(self, suspects: Sequence[_Suspect]) -> dict[str, Floats]:
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
            found.append((_in_blocks(xy[here & ~away]), _in_blocks(xy[there & ~here])))
        return found

    def _crowds_in_parks(self, xy: Floats) -> NDArray[np.bool_]:
        found = np.zeros(len(xy), bool)
        for crowd in self.crowds:
            found |= crowd.area.depth(xy) > -_EDGE_M
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

    def _words(self, suspect: _Suspect) -> float:
        named = {datum for datum, _ in self.witnesses.words}
        own = {"wgs84", "cgcs2000"} if suspect.label == "wgs84" else {suspect.label}
        return _HINT if own & named & {"wgs84", "gcj02", "bd09", "cgcs2000"} else 0.0

    def _district(self, suspects: Sequence[_Suspect]) -> Floats:
        """How well the border of the district cuts the list, against how well it does under any other shift."""
        if self.subject is None:
            return np.zeros(len(suspects))
        base = suspects[0].xy
        rows = np.flatnonzero(self.unnamed & (np.abs(self.subject.depth(base)) < 2 * _FAR_M))
        if not len(rows):
            return np.zeros(len(suspects))
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), _BORDER_ROWS)).astype(int)]
        weights = _block_weights(base[rows], _BLOCK_M)
        insides = []
        for suspect in suspects:
            inside = _normal(self.subject.depth(suspect.xy[rows]) / self.subject_sigma)
            if suspect.other is not None:
                inside = (inside + _normal(self.subject.depth(suspect.other[rows]) / self.subject_sigma)) / 2
            insides.append(inside)
        anywhere = np.array([suspect.label == _NO_DATUM for suspect in suspects])
        logs = []
        for beyond, prior in _BEYOND:
            found = np.log(beyond + (1 - beyond) * np.array(insides)) @ weights
            logs.append(math.log(prior) + found - logsumexp(found[anywhere]) + math.log(anywhere.sum()))
        return np.asarray(logsumexp(logs, axis=0))

    def _lies_in(self, named: _Named, suspects: Sequence[_Suspect]) -> Floats:
        """The likelihood that rows lie in what they name; the offset of the outline is integrated over."""
        base = suspects[0].xy[named.rows]
        weights = _block_weights(base, _BLOCK_M)
        if named.sigma >= _SKETCH_SIGMA_M:
            return named.share * self._lies_in_sketch(named, suspects, weights)
        soft = max(_EDGE_M, named.sigma)
        found = []
        for suspect in suspects:
            logs = []
            for dx, dy, weight in _offsets(named.sigma):
                step = np.array([dx, dy])
                inside = _normal(named.area.depth(suspect.xy[named.rows] + step) / soft)
                if suspect.other is not None:
                    inside = (inside + _normal(named.area.depth(suspect.other[named.rows] + step) / soft)) / 2
                logs.append(math.log(weight) + float(weights @ np.log((1 - _MISNAMED) * inside + _MISNAMED)))
            found.append(logsumexp(logs))
        return np.array(found)

    def _lies_in_sketch(self, named: _Named, suspects: Sequence[_Suspect], weights: Floats) -> Floats:
        """The same for a sketch: on a grid of offsets that is fine enough for an outline that may lie anywhere near.

        A suspect moves all rows of a place alike, so that one correlation of rows and outline serves for all.
        """
        from scipy.ndimage import gaussian_filter, map_coordinates
        from scipy.signal import fftconvolve

        area, rows = named.area, named.rows
        base = suspects[0].xy[rows]
        # The size of a sketch is no better known than its edge.
        soft = max(_EDGE_M, 0.12 * math.sqrt(area.area))
        inside = _normal(area.grid.astype(np.float64) / soft)
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

    def _known_positions(self, suspects: Sequence[_Suspect]) -> Floats:
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

    def _crowding(self, suspects: Sequence[_Suspect]) -> Floats:
        """How well the positions of each suspect crowd in parks and along roads.

        One park, however many rows lie in it, may speak against a suspect only so far: firms crowd beside parks too.
        """
        total = np.zeros(len(suspects))
        if not self.crowds:
            return total
        weights = _block_weights(suspects[0].xy, _BLOCK_M)
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


@lru_cache(maxsize=32)
def _area_of(geometry: BaseGeometry, softness_m: float) -> _Area:
    return _Area(geometry, softness_m)


class _Area:
    """A polygon in metres that tells how deep points lie in it, from a grid of depths around its border.

    The grid is as fine as the softness asks for that its edge is given; far outside all depths are the same.
    """

    def __init__(self, geometry: BaseGeometry, softness_m: float) -> None:
        from scipy.ndimage import distance_transform_edt

        self.geometry = geometry
        self.area = max(float(geometry.area), 1.0)
        shapely.prepare(self.geometry)
        west, south, east, north = geometry.buffer(_FAR_M).bounds
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
        return np.asarray(map_coordinates(self.grid, at, order=1, mode="constant", cval=-_FAR_M))


def _row_weights(xy: Floats) -> Floats:
    """A weight for each point, such that equal points count as one."""
    _, spot, same = np.unique(np.round(xy), axis=0, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / same[spot.ravel()])


def _block_weights(xy: Floats, side_m: float) -> Floats:
    """The same, such that the points of one block count as one to three."""
    alone = _row_weights(xy)
    _, index = np.unique(np.floor(xy / side_m).astype(np.int64), axis=0, return_inverse=True)
    sizes = np.bincount(index.ravel(), alone)[index.ravel()]
    return np.asarray(np.minimum(1.0 + np.log2(sizes), _BLOCK_CAP) / sizes * alone)


def _in_blocks(xy: Floats) -> float:
    return float(_block_weights(xy, _BLOCK_M).sum()) if len(xy) else 0.0


def _normal(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(z), dtype=np.float64)


def logsumexp(logs: Sequence[Any] | Floats, axis: int | None = None) -> Any:
    """The logarithm of a sum, of what is given as logarithms."""
    from scipy.special import logsumexp as summed

    return summed(logs, axis=axis)


def _offsets(sigma: float) -> list[tuple[float, float, float]]:
    """Points and weights that stand for a circular normal offset (Gauss-Hermite); one where it is small."""
    if sigma < 15:
        return [(0.0, 0.0, 1.0)]
    nodes = ((-math.sqrt(3) * sigma, 1 / 6), (0.0, 2 / 3), (math.sqrt(3) * sigma, 1 / 6))
    return [(a, b, u * v) for a, u in nodes for b, v in nodes]


class _Crowd:
    """A park, or the strip along a road, in which positions may crowd; its outline is known to an offset."""

    def __init__(self, geometry: BaseGeometry, sigma: float) -> None:
        self.area = _area_of(geometry, _EDGE_M)
        self.sigma = sigma
        self.west, self.south, self.east, self.north = geometry.buffer(_NEIGHBOURHOOD_M).bounds
        self.share = self.area.area / ((self.east - self.west) * (self.north - self.south))

    def likelihood(self, suspect: _Suspect, weights: Floats) -> float:
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
        for dx, dy, weight in _offsets(self.sigma):
            insides = [_normal(self.area.depth(xy[near] + (dx, dy)) / _EDGE_M) for xy in both]
            inside = np.mean(insides, axis=0)
            for crowd in shares.tolist():
                density = inside * crowd / self.share + (1 - inside) * (1 - crowd) / (1 - self.share)
                logs.append(math.log(0.1 * weight) + float(weights[near] @ np.log(density)))
        return float(logsumexp(logs))
