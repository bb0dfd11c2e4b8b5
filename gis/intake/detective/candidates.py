"""Name what coordinates may be: the unit by their size, the datums, mixtures of two, and shifts of none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.earth.datum import Datum, Reference, convert

Floats = NDArray[np.float64]

_LATTICE_M: Final = 350.0
_MARGIN_M: Final = 900.0
# How often a list is off by a shift of no datum, and how often two datums are mixed in it, each pair.
_ELSEWHERE: Final = 0.05
_MIXED: Final = 0.02
NO_DATUM: Final = "a shift that no datum makes"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What coordinates may be: a datum or a common mistake, how probable beforehand, and what makes it WGS 84."""

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


GEOGRAPHIC: Final = (
    Candidate("wgs84", Datum.WGS84, 1.0, _from(Datum.WGS84)),
    Candidate("gcj02", Datum.GCJ02, 1.0, _from(Datum.GCJ02)),
    Candidate("bd09", Datum.BD09, 1.0, _from(Datum.BD09)),
    Candidate("gcj02, shifted twice", None, 0.02, _twice),
    Candidate("wgs84, unshifted by mistake", None, 0.02, _overdone),
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


@dataclass(frozen=True, slots=True)
class Suspect:
    """One explanation of a list: where it puts the positions, (n, 2) in metres; of a mixture, `other` as well."""

    label: str
    prior: float
    xy: Floats
    other: Floats | None = None


def suspects_of(candidates: Sequence[Candidate], xys: Sequence[Floats]) -> list[Suspect]:
    """The candidates; the datums mixed half and half, two by two; and the shifts of a lattice around them all."""
    found = [Suspect(one.label, one.prior, xy) for one, xy in zip(candidates, xys, strict=True)]
    found += [
        Suspect(f"{one.label} and {other.label}, mixed", _MIXED, xys[i], xys[j])
        for (i, one), (j, other) in combinations(enumerate(candidates[:3]), 2)
    ]
    shifts = np.array([np.median(xy - xys[0], axis=0) for xy in xys])
    (west, south), (east, north) = shifts.min(axis=0) - _MARGIN_M, shifts.max(axis=0) + _MARGIN_M
    steps = [
        np.array([dx, dy]) for dx in np.arange(west, east, _LATTICE_M) for dy in np.arange(south, north, _LATTICE_M)
    ]
    return found + [Suspect(NO_DATUM, _ELSEWHERE / len(steps), xys[0] + step) for step in steps]
