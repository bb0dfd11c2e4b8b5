"""Say which datum positions are in, how sure that is, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.base.errors import DatumError
from gis.earth.datum import Datum, Reference, convert
from gis.earth.geodesy import metric_crs_for, to_metric
from gis.intake.detective.candidates import GEOGRAPHIC, NO_DATUM, Candidate, axes_of, suspects_of
from gis.intake.detective.evidence import Judge
from gis.intake.detective.mixtures import double, mixture
from gis.intake.detective.surroundings import Surroundings, Witnesses
from gis.io.systems import zones_of

Floats = NDArray[np.float64]

_SAMPLE: Final = 1_500
_SURE: Final = 0.995
_SURE_IF_SAID: Final = 0.99


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
    return _verdict(ordered, around, GEOGRAPHIC, swapped, count, reasons)


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


def _verdict(
    witnesses: Witnesses,
    around: Surroundings,
    candidates: Sequence[Candidate],
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
    suspects = suspects_of(candidates, xys)
    judge = Judge(around, witnesses, crs)
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
    mixed = double(labels, xys) or (mixture(judge, labels, xys, best_score.candidate) if clear else "")
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


def _bounds(around: Surroundings, undone: Sequence[tuple[Floats, Floats]]) -> tuple[float, float, float, float]:
    if around.subject is not None:
        west, south, east, north = around.subject.bounds
        return west, south, east, north
    lon, lat = undone[0]
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _what_would_help(around: Surroundings, witnesses: Witnesses, best: str) -> str:
    if best.endswith("mixed"):
        return "the rows seem to be in two datums; part them by where they come from, and import each with its --datum"
    if best == NO_DATUM:
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
