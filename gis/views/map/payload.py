"""State what a map page shows, as typed data; every number in it has been computed elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.measures.chances import Held
from gis.views.map.packing import PackedPositions, byte_planes, pack_parts, pack_positions

Geometry = Mapping[str, Any]
"""A GeoJSON geometry: WGS 84 degrees, longitude before latitude."""

_LISTED = 20_000
"""Up to this many points the page holds, for each row, the points themselves; above, only their counts."""

_CHANCE_DIGITS = 3
# So much of the variance that facets share is kept.
_SHARED = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a document says something: `line` is 1-based in `file`."""

    plan: str
    file: str
    section: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A planning document."""

    id: str
    title: str
    title_en: str | None = None
    short: str | None = None
    issuer: str | None = None
    number: str | None = None
    published: str | None = None
    horizon: str | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The row of the coverage table for a place, a system or the whole.

    Areas in km² (geodesic), roads in km, shares from 0 to 1; None where nothing is known. `inside` is what other files
    count: points in zones. `disagreement` names the firms that a document puts here and their position elsewhere.
    """

    area_km2: float | None = None
    documented: int | None = None
    located: int | None = None
    possible: int | None = None
    inside: int | None = None
    estimate: float | None = None
    low: int | None = None
    high: int | None = None
    density_per_km2: float | None = None
    test_road_km: float | None = None
    test_road_density: float | None = None
    reach_m: float | None = None
    reach_area_share: float | None = None
    reach_enterprise_share: float | None = None
    disagreement: str | None = None
    disagreement_en: str | None = None
    sentence: str | None = None
    sentence_en: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A plan's zone system gives a place a role."""

    place_id: str
    role: str
    name_as_written: str
    citations: tuple[Citation, ...]
    functions: tuple[str, ...] = ()
    label: str | None = None
    area_km2: float | None = None
    status: str | None = None
    parent: str | None = None
    figures: Figures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A zone system of a plan. `listed` is false where no document lists its members."""

    id: str
    name: str
    plan: str
    members: tuple[Member, ...]
    name_en: str | None = None
    label: str | None = None
    listed: bool = True
    horizon: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    citations: tuple[Citation, ...] = ()
    figures: Figures | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place with at most one geometry; systems give it roles."""

    id: str
    name: str
    name_en: str | None = None
    aliases: tuple[str, ...] = ()
    category: str | None = None
    geometry: Geometry | None = None
    basis: str | None = None
    accuracy_m: float | None = None
    source: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    unplaced_reason: str | None = None
    note: str | None = None
    figures: Figures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """An administrative outline of the ground; `role` is `subject` or `context`."""

    id: str
    name: str
    geometry: Geometry | None
    role: str
    level: str = "district"
    name_en: str | None = None
    aliases: tuple[str, ...] = ()
    basis: str | None = None
    accuracy_m: float | None = None
    source: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    note: str | None = None
    figures: Figures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """What one line of a document says of a thing."""

    name_as_written: str
    citation: Citation
    place: str | None = None
    segment: str | None = None
    standing: str | None = None
    activity: str | None = None
    status: str | None = None
    year: int | None = None
    length_km: float | None = None
    count: float | None = None
    unit: str | None = None
    label: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A road, corridor or axis. `type` is one of the facts' road types."""

    id: str
    name: str
    type: str
    name_en: str | None = None
    aliases: tuple[str, ...] = ()
    geometry: Geometry | None = None
    is_test_road: bool = False
    status: str | None = None
    year: int | None = None
    length_km: float | None = None
    basis: str | None = None
    accuracy_m: float | None = None
    source: str | None = None
    unplaced_reason: str | None = None
    note: str | None = None
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A facility: hydrogen station, test site, platform and the like."""

    id: str
    name: str
    type: str
    name_en: str | None = None
    aliases: tuple[str, ...] = ()
    geometry: Geometry | None = None
    status: str | None = None
    within: str | None = None
    within_source: str | None = None
    basis: str | None = None
    accuracy_m: float | None = None
    source: str | None = None
    unplaced_reason: str | None = None
    note: str | None = None
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A link of the industry chain (or any value of the column that colours the points)."""

    id: str
    label: str
    label_en: str | None = None
    glyph: str | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCard:
    """What the page tells of one point, read only when it is asked for."""

    id: str
    name_en: str | None = None
    aliases: tuple[str, ...] = ()
    kind: str | None = None
    address: str | None = None
    within: str | None = None
    within_source: str | None = None
    basis: str | None = None
    accuracy_m: float | None = None
    source: str | None = None
    unplaced_reason: str | None = None
    note: str | None = None
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The points that count for one row of the coverage table; positions in the input, in any order.

    `row` is the id of a place, or `system:<plan>:<id>`, `total`, `unzoned`. What is None cannot be said of the row.
    `held` says in which draws each point lies here.
    """

    row: str
    documented: NDArray[np.intp] | None = None
    located: NDArray[np.intp] | None = None
    possible: NDArray[np.intp] | None = None
    inside: NDArray[np.intp] | None = None
    held: Held | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The points of which only the place is known: no mark of their own, but a number at the place.

    `members` are positions in the input, in any order; of them a document itself puts `documented` there.
    """

    place: str
    members: NDArray[np.intp]
    documented: int


@dataclass(frozen=True)
class Points:
    """The firms.

    Arrays have shape (n,). `lon`/`lat` are degrees, WGS 84; NaN where a firm has no position (it is then in lists and
    counts, not on the map). `segment` holds positions in the payload's segments. `standing` holds positions in
    `standings`, `plans` one bit for each of the payload's plans that names the firm. `by_place` says that only a place
    (or a street) is known, `accuracy_m` within how many metres a position is (95 %; NaN where nobody says).
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    names: Sequence[str]
    segment: NDArray[np.integer]
    standing: NDArray[np.integer] | None = None
    standings: tuple[str, ...] = ("located",)
    plans: NDArray[np.integer] | None = None
    by_place: NDArray[np.bool_] | None = None
    headquarters: NDArray[np.bool_] | None = None
    cards: Sequence[PointCard] | None = None
    initials: Sequence[str] | None = None
    rows: Sequence[Row] = ()
    accuracy_m: NDArray[np.float64] | None = None
    gathered: Sequence[Gathered] = ()

    @cached_property
    def _packed(self) -> tuple[PackedPositions, NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
        """Give the packed positions, the page's order (placed first), each point's facet, and the facets."""
        n = len(self.lon)
        placed = np.flatnonzero(np.isfinite(self.lon) & np.isfinite(self.lat))
        packed = pack_positions(self.lon[placed], self.lat[placed])
        rest = np.setdiff1d(np.arange(n), placed)
        order = np.concatenate([placed[packed.order], rest])
        zeros = np.zeros(n, np.int64)
        columns = np.stack(
            [
                self.segment.astype(np.int64),
                zeros if self.standing is None else self.standing.astype(np.int64),
                zeros if self.plans is None else self.plans.astype(np.int64),
                zeros if self.by_place is None else self.by_place.astype(np.int64),
                zeros if self.headquarters is None else self.headquarters.astype(np.int64),
            ],
            axis=1,
        )
        facets, facet = np.unique(columns, axis=0, return_inverse=True)
        return packed, order, np.asarray(facet).reshape(-1), facets

    def to_json(self) -> dict[str, Any]:
        """Give what the page needs to read the blocks, and the counts for each row and facet."""
        packed, order, facet, facets = self._packed
        back = np.empty(len(order), np.intp)
        back[order] = np.arange(len(order))
        rows: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            found: dict[str, Any] = {}
            sets = (("d", row.documented), ("l", row.located), ("m", row.possible), ("i", row.inside))
            for key, members in sets:
                if members is None:
                    continue
                found[key] = np.bincount(facet[members], minlength=len(facets)).tolist()
                if len(order) <= _LISTED:
                    found["list_" + key] = np.sort(back[members]).tolist()
            if row.held is not None:
                found["e"] = _sums(row.held, facet, len(facets))
            rows[row.row] = found
        return {
            "n": len(order),
            "placed": len(packed.order),
            "x0": packed.x0,
            "y0": packed.y0,
            "step": packed.step,
            "bits": packed.bits,
            "planes": packed.planes,
            "facet_planes": byte_planes(facet)[1],
            "error_m": round(packed.error_m, 3),
            "facets": facets.tolist(),
            "standings": list(self.standings),
            "has_cards": self.cards is not None,
            "has_initials": self.initials is not None,
            "rows": rows,
            "gathered": [
                {"place": at.place, "list": np.sort(back[at.members]).tolist(), "documented": at.documented}
                for at in self.gathered
            ],
            "accuracy": self._accuracies(order[: len(packed.order)]),
        }

    def _accuracies(self, placed: NDArray[np.intp]) -> list[int]:
        """Give the radius of each placed point in metres, 0 where nobody says; nothing above `_LISTED` points."""
        if self.accuracy_m is None or len(self.lon) > _LISTED:
            return []
        radii: list[int] = np.ceil(np.nan_to_num(self.accuracy_m[placed])).astype(int).tolist()
        return radii

    def blocks(self) -> dict[str, bytes]:
        """Give the binary blocks: positions and facets; names; initials; cards."""
        packed, order, facet, _ = self._packed
        names = [" ".join(self.names[i].split("\n")) for i in order]
        found = {
            "points": packed.data + byte_planes(facet[order])[0],
            "names": "\n".join(names).encode(),
        }
        if self.initials is not None:
            found["initials"] = "\n".join(self.initials[i] for i in order).encode()
        if self.cards is not None:
            cards = [_plain(self.cards[i]) for i in order]
            found["cards"] = json.dumps(cards, ensure_ascii=False, separators=(",", ":")).encode()
        return found


def _sums(held: Held, facet: NDArray[np.intp], size: int) -> dict[str, Any]:
    """Sum the chances of a row by facet, for those facets that have any; docs/statistics.md says what the page does.

    `f`: the facets. For each: `s` points that lie here for certain, `n` points that may or may not, `p` their expected
    number, `v` and `t` the second and third moments of what the facets do not share. `d`: for each component that they
    share, `[position in f, loading]` pairs.
    """
    sure = np.bincount(facet[held.sure], minlength=size)
    open_ = np.bincount(facet[held.open], minlength=size)
    kept = np.flatnonzero((sure > 0) | (open_ > 0))
    found: dict[str, Any] = {"f": kept.tolist(), "s": sure[kept].tolist(), "n": open_[kept].tolist()}
    counts = np.zeros((len(kept), held.drawn.shape[1]), np.float32)
    for row, group in enumerate(kept):
        counts[row] = held.drawn[facet[held.open] == group].sum(axis=0)
    mean = counts.mean(axis=1, dtype=float) if counts.size else np.zeros(len(kept))
    chance = held.drawn.mean(axis=1) if held.drawn.size else np.zeros(len(held.open))
    third = np.bincount(facet[held.open], weights=chance * (1 - chance) * (1 - 2 * chance), minlength=size)[kept]
    away = counts - mean[:, None]
    together = (away @ away.T / max(1, counts.shape[1])).astype(float)
    values, components = np.linalg.eigh(together)
    # Of what facets share, so many main components as make up nearly all; the rest counts as each one's own.
    order = np.argsort(-values)
    enough = int(np.searchsorted(np.cumsum(values[order]), _SHARED * values.sum())) + 1 if len(kept) > 1 else 0
    loadings = (components[:, order[:enough]] * np.sqrt(np.maximum(values[order[:enough]], 0.0))).T
    rest = np.maximum(np.diag(together) - (loadings**2).sum(axis=0), 0.0)
    for key, sums in (("p", mean), ("v", rest), ("t", third)):
        found[key] = [round(float(x), _CHANCE_DIGITS) for x in sums]
    shared = [
        [[int(at), float(row[at])] for at in np.flatnonzero(row)]
        for row in np.round(loadings, _CHANCE_DIGITS)
        if row.any()
    ]
    return found | {"d": shared} if shared else found


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundShape:
    """Something of the ground: drawn under everything, never asked, never counted."""

    class_: str
    geometry: BaseGeometry
    accuracy_m: float
    rank: int = 1
    name: str | None = None
    name_en: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give its class, names and how well it is known; `g` holds its parts as `pack_parts` writes them."""
        found: dict[str, Any] = {"c": self.class_, "r": self.rank, "a": round(self.accuracy_m)}
        found |= {key: text for key, text in (("n", self.name), ("e", self.name_en)) if text}
        return found | {"g": pack_parts(self.geometry)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachCurve:
    """Shares within r metres of the target, at r = step, 2 step, …, for a place, a system or the whole (`row`)."""

    row: str
    target: str
    step_m: int
    area_share: tuple[float | None, ...]
    enterprise_share: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What two zone systems share; `a` and `b` are system rows (`system:<plan>:<id>`)."""

    a: str
    b: str
    area_km2: float
    share_of_a: float | None
    share_of_b: float | None
    jaccard: float | None
    enterprises: int | None = None
    geometry: Geometry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A target of a plan, its value now where it can be computed, or why not."""

    id: str
    label: str
    plan: str
    citation: Citation
    target: str
    kind: str = "target"
    unit: str | None = None
    year: int | None = None
    now: str | None = None
    lower_bound: bool = False
    gap: str | None = None
    status: str | None = None
    status_label: str | None = None
    status_label_en: str | None = None
    reason: str | None = None
    reason_en: str | None = None
    label_en: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Land that a plan reserves or renews (`kind`: reserved_land, renewal_land …), on a place.

    `place_id` is empty where no place of its own is known; `within` is then the place that the plan speaks of.
    """

    place_id: str
    kind: str
    name_as_written: str
    citation: Citation
    note: str | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPayload:
    """All that one map page shows. `bounds` is west, south, east, north in degrees."""

    title: str
    as_of: str
    bounds: tuple[float, float, float, float]
    points: Points
    segments: tuple[Segment, ...] = ()
    title_en: str | None = None
    subtitle: str | None = None
    subtitle_en: str | None = None
    place_name: str | None = None
    place_name_en: str | None = None
    kind: str = "city"
    point_noun: str = "firm"
    districts: tuple[District, ...] = ()
    plans: tuple[Plan, ...] = ()
    systems: tuple[System, ...] = ()
    places: tuple[Place, ...] = ()
    roads: tuple[Road, ...] = ()
    test_roads: Geometry | None = None
    facilities: tuple[Facility, ...] = ()
    total: Figures | None = None
    unzoned: Figures | None = None
    reach: tuple[ReachCurve, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    sources: tuple[str, ...] = ()
    ground: tuple[GroundShape, ...] = ()
    footer: str | None = None
    approval_number: str | None = None
    firms_complete: bool = False
    dates: tuple[tuple[str, str], ...] = ()
    search: Mapping[str, str] = field(default_factory=dict)
    """Pinyin initials (and the like) by id, for places, roads and facilities."""

    def to_json(self) -> dict[str, Any]:
        """Give the page's data, in a stable order; the points' columns go in blocks of their own."""
        found = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name not in _APART}
        found["version"] = 1
        found["segments"] = _dressed(self.segments)
        found["points"] = self.points.to_json()
        return found

    def blocks(self) -> dict[str, bytes]:
        """Give the blocks that stand apart from the data: those of the points, and the ground where there is one."""
        found = self.points.blocks()
        if self.ground:
            shapes = [shape.to_json() for shape in self.ground]
            found["ground"] = json.dumps(shapes, ensure_ascii=False, separators=(",", ":")).encode()
        return found


_APART = ("points", "segments", "ground")


def _plain(value: Any) -> Any:
    """Turn dataclasses and tuples into JSON values; leave out what is empty."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((f.name, _plain(getattr(value, f.name))) for f in fields(value))
        return {name: item for name, item in pairs if item is not None and item != []}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


# Seventeen fills that stay apart for the commonest colour blindnesses together with the letter on each mark; the
# order puts neighbours of the chain far apart. Adapted from the colour sets of Okabe and Ito and of Tol.
_PALETTE = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#56b4e9",
    "#cc3311",
    "#882255",
    "#ddcc77",
    "#332288",
    "#999933",
    "#cc79a7",
    "#44aa99",
    "#aa4499",
    "#88ccee",
    "#6b4c2a",
    "#ee7733",
    "#117733",
)
_UNKNOWN_COLOR = "#8a8f98"


def _dressed(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """Give each segment a colour and a letter of its own: the first of its label that none before it took."""
    taken: set[str] = set()
    found: list[dict[str, Any]] = []
    for position, segment in enumerate(segments):
        letters = [segment.glyph] if segment.glyph else [c for c in segment.label if c.isalnum()] or ["·"]
        glyph = next((letter for letter in letters if letter not in taken), letters[0])
        taken.add(glyph)
        color = segment.color or (_UNKNOWN_COLOR if segment.id == "unknown" else _PALETTE[position % len(_PALETTE)])
        found.append({**_plain(segment), "glyph": glyph, "color": color})
    return found
