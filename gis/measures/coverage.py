"""Count a city's firms, roads and reach by zone, by zone system and in all, from one result object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from math import sqrt
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import UsageError
from gis.earth import geodesy
from gis.earth.law import Interval, interval_of, sigma_m
from gis.measures.attribution import attribution, said_to_lie_in
from gis.measures.chances import LOCATED, POSSIBLE, Held, Outlines, Whereabouts, any_of
from gis.model.facts import Membership, ZoneSystem
from gis.model.layers import Layer, Record, is_sketched
from gis.model.position import Basis, Knowledge, knowledge
from gis.model.project import Project

DEFAULT_REACH_M: Final = 500.0
# Layers hold six decimals of a degree, 0.1 m; two lines drawn through the same points may differ by so much each.
_TOGETHER_M: Final = 0.2
# Fewer firms than this make no density, quotient or concentration.
LEAST_FIRMS: Final = 5
# 1 km² is 1500 mu (亩).
MU_PER_KM2: Final = 1500.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted and measured in one outline; a figure that cannot be had is None, never 0.

    documented: firms that a document puts here or in a part of here; documented_here: here itself. Both are None where
    no document lists firms. placed_by_source: firms that only other public sources put here.
    located, possible: firms that are here by their position with a probability of at least 0.95, and of 0.05 to 0.95
    (or by general knowledge alone); possible_sum is the sum of the latter's probabilities. inside: points on or within
    the outline as drawn, for data known to metres.
    estimate, low, high: all that is known combined, with its 95 % interval; estimate_documented, estimate_position and
    estimate_area are its parts: firms that a document puts here, firms by their own point or line, firms of which only
    a place is known. All are None where the list of firms is incomplete and holds none that may be here.
    contradicting: firms that a document puts here though their position says elsewhere.
    density_per_km2 is the estimate a km², None below five firms. test_road_lower_bound: the list of test roads is not
    complete, so that the figure is a lower bound. sketched: the outline, or a part of it, is a sketch.
    """

    area_km2: float | None = None
    area_mu: float | None = None
    documented: int | None = None
    documented_here: int | None = None
    placed_by_source: int | None = None
    located: int | None = None
    possible: int | None = None
    possible_sum: float | None = None
    inside: int | None = None
    estimate: float | None = None
    low: int | None = None
    high: int | None = None
    estimate_documented: float | None = None
    estimate_position: float | None = None
    estimate_area: float | None = None
    contradicting: tuple[str, ...] = ()
    disagrees: bool = False
    disagreement: str = ""
    disagreement_en: str = ""
    documented_by_segment: Mapping[str, int] = field(default_factory=dict)
    located_by_segment: Mapping[str, int] = field(default_factory=dict)
    density_per_km2: float | None = None
    density_low: float | None = None
    density_high: float | None = None
    density_note: str = ""
    density_note_en: str = ""
    test_road_km: float | None = None
    test_road_lower_bound: bool = True
    test_road_density: float | None = None
    reach_m: float = DEFAULT_REACH_M
    reach_area_share: float | None = None
    reach_enterprise_share: float | None = None
    geometry_basis: str | None = None
    accuracy_m: float | None = None
    sketched: bool = False
    sentence: str = ""
    sentence_en: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FirmsBehind:
    """The firms behind the figures of a row, as positions in the city's enterprises that hold on the day.

    They can be counted again under any choice of firms. held says in which draws each firm lies here, all that is
    known combined; it is None where nothing has an outline.
    """

    documented: NDArray[np.intp]
    located: NDArray[np.intp]
    possible: NDArray[np.intp]
    held: Held | None


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """The figures of one place in the role that one zone system gives it; system is None outside all systems."""

    id: str
    name: str
    system: str | None
    plan: str | None
    role: str | None
    name_as_written: str | None
    figures: Figures
    firms: FirmsBehind = field(repr=False, compare=False)

    def flat(self) -> dict[str, Any]:
        """The row as one flat dictionary."""
        return _flat(self)


@dataclass(frozen=True, slots=True)
class SystemRow:
    """The figures of one zone system: each firm, and each piece of ground, once."""

    id: str
    name: str
    plan: str
    members: str
    places: tuple[str, ...]
    unplaced: tuple[str, ...]
    figures: Figures
    firms: FirmsBehind = field(repr=False, compare=False)

    def flat(self) -> dict[str, Any]:
        """The row as one flat dictionary."""
        return _flat(self)


@dataclass(frozen=True, slots=True)
class Unzoned:
    """A firm that no zone counts, and why."""

    id: str
    name: str
    segment: str
    reason: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class CityCoverage:
    """Everything that is counted for one city; the map, the tables and the prompt all show this object.

    firms: those behind the total. test_roads: the course of the test roads that are counted, each stretch once, WGS 84.
    road_lengths_km: the geodesic length of each road whose course is known.
    """

    city: str
    name: str
    as_of: date
    on: date | None
    zones: tuple[ZoneRow, ...]
    systems: tuple[SystemRow, ...]
    total: Figures
    enterprises: int
    placed: int
    known_by_place: int
    unplaced: int
    unzoned: tuple[Unzoned, ...]
    firms: FirmsBehind = field(repr=False, compare=False)
    test_roads: BaseGeometry | None = field(repr=False, compare=False)
    road_lengths_km: Mapping[str, float] = field(repr=False, compare=False)

    @property
    def zone_count(self) -> int:
        """How many zones the city has: its zones layer and the districts that a plan gives a role, each once."""
        return len({row.id for row in self.zones})

    def as_json(self) -> dict[str, Any]:
        """The object as JSON-able data: `{city, zones, systems, total, unzoned}` and what they rest on."""
        return {
            "city": self.city,
            "name": self.name,
            "as_of": self.as_of.isoformat(),
            "on": self.on.isoformat() if self.on else None,
            "zones": [row.flat() for row in self.zones],
            "systems": [row.flat() for row in self.systems],
            "total": {
                "enterprises": self.enterprises,
                "placed": self.placed,
                "known_by_place": self.known_by_place,
                "unplaced": self.unplaced,
                **_rounded(self.total),
            },
            "unzoned": [asdict(firm) for firm in self.unzoned],
        }


def _flat(row: ZoneRow | SystemRow) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in row.__dataclass_fields__ if name not in {"figures", "firms"}}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in own.items()} | _rounded(
        row.figures
    )


# Digits after the point; shown and written alike, so that the same number reads the same everywhere.
_DIGITS: Final = {
    "area_km2": 4, "area_mu": 1, "possible_sum": 2, "estimate": 2, "estimate_documented": 2, "estimate_position": 2,
    "estimate_area": 2, "density_per_km2": 4, "density_low": 4, "density_high": 4, "test_road_km": 3,
    "test_road_density": 4, "reach_area_share": 4, "reach_enterprise_share": 4, "accuracy_m": 0, "reach_m": 1,
}  # fmt: skip


def _rounded(figures: Figures) -> dict[str, Any]:
    values = asdict(figures)
    values["contradicting"] = list(figures.contradicting)
    for name, digits in _DIGITS.items():
        if values[name] is not None:
            values[name] = round(float(values[name]), digits)
    return values


class Ground:
    """A city's places, firms and roads on one metric plane, ready to be counted.

    The plane is chosen from where the data lie; probabilities and buffers are computed on it, areas and lengths on the
    ellipsoid.
    """

    def __init__(self, project: Project, city: str, day: date | None = None) -> None:
        self.project = project
        self.day = day
        self.city = project.city(city)
        self.places = project.places(city, day)
        everywhere = [g for kind in ("districts", "zones") for g in project.layer(city, kind).placed().geometry]
        if not everywhere:  # A city of firms or roads alone is where they are.
            kinds = ("enterprises", "roads", "facilities")
            everywhere = [g for kind in kinds for g in project.layer(city, kind).placed().geometry]
        if not everywhere:
            raise UsageError(f"nothing is drawn in {city}: none of its layers holds a geometry")
        self.crs = geodesy.metric_crs_for(shapely.total_bounds(everywhere))
        self.outlines: dict[str, BaseGeometry] = {}
        """Every place and district with an area, by id, in metres."""
        for kind in ("districts", "zones"):
            layer = project.layer(city, kind).holding_on(day)
            self.outlines |= self._polygons(layer)
        self.firms = project.present(city, "enterprises", day)
        self.attribution = attribution(project, self.firms)
        roads = project.present(city, "roads", day)
        self.test_roads = self.plane([line for record, line in roads if line is not None and is_open_test_road(record)])
        self.test_roads_united = dissolved(self.test_roads)
        """Every stretch of test road once, whoever's list it stands in."""
        self.positions = self.plane(list(self.firms.geometry))
        """The point or line of each firm on the plane, None where none is known; shape (firms,)."""
        self.kinds = [knowledge(record, geometry) for record, geometry in self.firms]
        """How the position of each firm is known."""
        self.independent = np.flatnonzero([kind == Knowledge.AT for kind in self.kinds])
        """Positions of the firms that are known at a point."""
        self.located: NDArray[np.object_] = self.positions[self.independent]
        self.points = shapely.get_coordinates(self.located).reshape(-1, 2)
        accuracy = [float(self.firms.records[i]["accuracy_m"]) for i in self.independent]
        self.sigmas = sigma_m(np.array(accuracy, float))

    @cached_property
    def whereabouts(self) -> Whereabouts:
        """Where each firm is in the draws of positions and outlines."""
        records = {
            record["id"]: record
            for kind in ("districts", "zones")
            for record in self.project.layer(self.city.id, kind).records
            if record["id"] in self.outlines
        }
        lies_in = said_to_lie_in(self.project)
        for id_, record in records.items():
            if record.get("within"):
                lies_in.setdefault(id_, set()).add(record["within"])
        outlines = Outlines(
            self.outlines,
            {id_: float(record["accuracy_m"]) for id_, record in records.items()},
            {id_: record["derived_from"] for id_, record in records.items() if record.get("derived_from")},
            lies_in,
        )
        return Whereabouts(outlines, self.firms.records, self.positions, self.attribution)

    def plane(self, geometries: Sequence[BaseGeometry]) -> NDArray[np.object_]:
        """Bring WGS 84 geometries onto the plane, in metres."""
        array = np.empty(len(geometries), dtype=object)
        array[:] = geometries
        return geodesy.to_metric(array, self.crs)

    def globe(self, geometry: BaseGeometry) -> BaseGeometry:
        """Bring one geometry of the plane back to WGS 84."""
        return geodesy.to_wgs84(geometry, self.crs)

    def _polygons(self, layer: Layer) -> dict[str, BaseGeometry]:
        with_area = [(r["id"], g) for r, g in layer if g is not None and g.geom_type in {"Polygon", "MultiPolygon"}]
        return dict(zip([i for i, _ in with_area], self.plane([g for _, g in with_area]), strict=True))

    def inside(self, outline: BaseGeometry) -> list[Record]:
        """The firms whose own position lies in an outline, its edge included."""
        return [self.firms.records[i] for i in self.positions_inside(outline)]

    def positions_inside(self, outline: BaseGeometry) -> NDArray[np.intp]:
        """Positions of the firms whose own position lies in an outline, its edge included."""
        return self.independent[np.flatnonzero(shapely.intersects(outline, self.located))]

    def put_in(self, ids: frozenset[str]) -> list[Record]:
        """The firms that a document puts in one of the places `ids`, or in a part of one."""
        return [self.firms.records[i] for i in self.positions_put_in(ids)]

    def positions_put_in(self, ids: Iterable[str]) -> NDArray[np.intp]:
        """Positions of the firms that a document puts in one of the places `ids`, or in a part of one."""
        return _united(self._put_in, ids)

    def positions_named_in(self, ids: Iterable[str]) -> NDArray[np.intp]:
        """Positions of the firms that a document puts in one of the places `ids` itself."""
        return _united(self._named_in, ids)

    def positions_located_in(self, place: str) -> NDArray[np.intp]:
        """Positions of the firms that lie in one place by their position with a probability of at least 0.95."""
        if place not in self.outlines:
            return np.zeros(0, np.intp)
        chances = self.whereabouts.by_position[place].probabilities(len(self.firms))
        return np.flatnonzero((chances >= LOCATED) & ~self.general)

    def positions_sourced_in(self, ids: Iterable[str]) -> NDArray[np.intp]:
        """Positions of the firms that only other public sources put in one of the places `ids`, or in a part of one."""
        return np.setdiff1d(_united(self._sourced_in, ids), self.positions_put_in(ids))

    @cached_property
    def _put_in(self) -> dict[str, list[int]]:
        said = self.attribution
        return self._by_place((i, said.everywhere(r["id"])) for i, r in self._named())

    @cached_property
    def _named_in(self) -> dict[str, list[int]]:
        return self._by_place((i, self.attribution.here[r["id"]]) for i, r in self._named())

    @cached_property
    def _sourced_in(self) -> dict[str, list[int]]:
        around = self.whereabouts.outlines.around
        return self._by_place(
            (i, {r["within"], *around.get(r["within"], ())})
            for i, r in enumerate(self.firms.records)
            if r.get("within_basis") == Basis.SOURCE and self.kinds[i] == Knowledge.WITHIN
        )

    @cached_property
    def general(self) -> NDArray[np.bool_]:
        """Which firms are known to lie within a place by general knowledge alone."""
        return np.array([record.get("within_basis") == Basis.GENERAL for record in self.firms.records], bool)

    def _named(self) -> Iterable[tuple[int, Record]]:
        return ((i, r) for i, r in enumerate(self.firms.records) if r["id"] in self.attribution.here)

    def _by_place(self, places: Iterable[tuple[int, Iterable[str]]]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for position, ids in places:
            for id_ in ids:
                found.setdefault(id_, []).append(position)
        return found


def _united(by_place: Mapping[str, Sequence[int]], ids: Iterable[str]) -> NDArray[np.intp]:
    return np.array(sorted({position for id_ in ids for position in by_place.get(id_, ())}), np.intp)


def dissolved(lines: NDArray[np.object_]) -> BaseGeometry:
    """Every stretch of some lines once, in metres: stretches that run together to 0.1 m (as stored) are one."""
    return shapely.union_all(lines, grid_size=_TOGETHER_M)


def is_open_test_road(record: Record) -> bool:
    """Whether a road is a test road that is there, not only planned."""
    return bool(record.get("is_test_road")) and record.get("status") != "planned"


def _share(part: BaseGeometry, outline: BaseGeometry) -> float:
    if not part.area or not part.intersects(outline):
        return 0.0
    return float(min(1.0, part.intersection(outline).area / part.area))


def coverage(
    project: Project,
    city: str,
    *,
    reach_m: float = DEFAULT_REACH_M,
    day: date | None = None,
    ground: Ground | None = None,
) -> CityCoverage:
    """Count and measure each zone, each zone system and the whole of a city.

    Args:
        project: the checked project.
        city: id of the city.
        reach_m: how near a test road counts as within its reach, metres in a straight line.
        day: count the layout of this day; where None, every system that the plans name.
        ground: the city's ground of that day, where it is at hand already.

    Raises:
        UnknownIdError: the project has no such city.
    """
    ground = ground or Ground(project, city, day)
    records = {record["id"]: (record, geometry) for record, geometry in ground.places}
    near_roads = _near(ground, reach_m)
    cached: dict[str, tuple[Figures, FirmsBehind]] = {}

    def of_place(id_: str) -> tuple[Figures, FirmsBehind]:
        if id_ not in cached:
            record, _ = records[id_]
            cached[id_] = _figures(ground, [record], _Titles.of(record), reach_m, near_roads)
        return cached[id_]

    systems = project.systems(city, day)
    zones: list[ZoneRow] = []
    rows: list[SystemRow] = []
    in_a_system: set[str] = set()
    for system in systems:
        members = _once(m for m in project.members(system) if m.id in records)
        in_a_system |= {member.id for member in members}
        zones += [_zone_row(records[m.id][0], m, system, *of_place(m.id)) for m in members]
        figures, firms = _figures(
            ground,
            [records[member.id][0] for member in members],
            _Titles(system.title, system.label_en or system.title),
            reach_m,
            near_roads,
        )
        rows.append(
            SystemRow(
                id=system.id,
                name=system.title,
                plan=system.plan,
                members=system.members,
                places=tuple(member.id for member in members),
                unplaced=tuple(member.id for member in members if member.id not in ground.outlines),
                figures=figures,
                firms=firms,
            )
        )
    outside = [record for record, _ in ground.places if record["id"] not in in_a_system]
    zones += [_zone_row(record, None, None, *of_place(record["id"])) for record in outside]
    everything = [record for record, _ in ground.places]
    city_titles = _Titles(f"{ground.city.name}各区域", f"all zones of {ground.city.name_en}")
    total, firms = _figures(ground, everything, city_titles, reach_m, near_roads)
    return CityCoverage(
        city=city,
        name=ground.city.name,
        as_of=project.as_of,
        on=day,
        zones=tuple(zones),
        systems=tuple(rows),
        total=total,
        enterprises=len(ground.firms),
        placed=sum(geometry is not None for geometry in ground.firms.geometry),
        known_by_place=sum(kind == Knowledge.WITHIN for kind in ground.kinds),
        unplaced=sum(kind == Knowledge.UNKNOWN for kind in ground.kinds),
        unzoned=tuple(_unzoned(ground, firms)),
        firms=firms,
        test_roads=ground.globe(shapely.line_merge(ground.test_roads_united)) if len(ground.test_roads) else None,
        road_lengths_km={
            record["id"]: float(geodesy.length_km(course))
            for record, course in project.present(city, "roads", day)
            if course is not None
        },
    )


def _once(members: Iterable[Membership]) -> list[Membership]:
    """The first membership of each place: a system counts a place once, however often the plan names it."""
    found: dict[str, Membership] = {}
    for member in members:
        found.setdefault(member.id, member)
    return list(found.values())


def _zone_row(
    record: Record, member: Membership | None, system: ZoneSystem | None, figures: Figures, firms: FirmsBehind
) -> ZoneRow:
    return ZoneRow(
        id=record["id"],
        name=record["name"],
        system=system.id if system else None,
        plan=system.plan if system else None,
        role=member.role if member else None,
        name_as_written=member.name if member else None,
        figures=figures,
        firms=firms,
    )


def _near(ground: Ground, reach_m: float) -> BaseGeometry | None:
    """All ground within reach of the test roads, as one geometry, so that overlapping reaches count once."""
    return reach_of(ground.test_roads, reach_m) if len(ground.test_roads) else None


def reach_of(origins: NDArray[np.object_], radius_m: float) -> BaseGeometry:
    """All ground within a radius of some features; circles have 128 corners, their area is 0.04 % short."""
    return shapely.union_all(shapely.buffer(origins, radius_m, quad_segs=32))


@dataclass(frozen=True, slots=True)
class _Titles:
    """What a row is called, in Chinese and English."""

    zh: str
    en: str

    @staticmethod
    def of(record: Record) -> _Titles:
        return _Titles(record["name"], record.get("name_en") or record["name"])


def _figures(
    ground: Ground, records: Sequence[Record], titles: _Titles, reach_m: float, near_roads: BaseGeometry | None
) -> tuple[Figures, FirmsBehind]:
    """The figures of the union of some places, and the firms behind them."""
    ids = [record["id"] for record in records]
    drawn = [record for record in records if record["id"] in ground.outlines]
    documented = ground.positions_put_in(ids)
    bases = {record["geometry_basis"] for record in drawn}
    sketched = any(is_sketched(record) for record in drawn)
    found: dict[str, Any] = {
        "documented": len(documented) or None,
        "documented_here": len(ground.positions_named_in(ids)) or None,
        "placed_by_source": len(ground.positions_sourced_in(ids)) or None,
        "documented_by_segment": _by_segment(ground, documented),
        "reach_m": reach_m,
        "geometry_basis": bases.pop() if len(bases) == 1 else "mixed" if bases else None,
        "accuracy_m": max((float(record["accuracy_m"]) for record in drawn), default=None),
        "sketched": sketched,
    }
    nobody = np.zeros(0, np.intp)
    behind = FirmsBehind(documented, nobody, nobody, None)
    if drawn:
        outlines = [ground.outlines[record["id"]] for record in drawn]
        outline = shapely.union_all(outlines) if len(outlines) > 1 else outlines[0]
        area = geodesy.area_km2(ground.globe(outline))
        counted, behind = _counted(ground, [record["id"] for record in drawn], ids, documented, area)
        road_km = _road_km(ground, outline)
        found |= counted | {
            "area_km2": area,
            "area_mu": area * MU_PER_KM2,
            "inside": len(ground.positions_inside(outline)),
            "test_road_km": road_km,
            "test_road_density": road_km / area if road_km is not None and area else None,
            "reach_area_share": _share(outline, near_roads) if near_roads is not None else None,
            "reach_enterprise_share": _reached(ground, outline, near_roads),
        }
    found["test_road_lower_bound"] = ground.project.complete(ground.city.id, "roads") is None
    return Figures(**(found | _sentences(titles, found))), behind


def _counted(
    ground: Ground, drawn: Sequence[str], ids: Sequence[str], documented: NDArray[np.intp], area_km2: float
) -> tuple[dict[str, Any], FirmsBehind]:
    """Who is here by position, and how many are here in all, of the union of some outlines."""
    where = ground.whereabouts
    firms = len(ground.firms)
    chances = any_of([where.by_position[id_] for id_ in drawn], where.draws).probabilities(firms)
    located = np.flatnonzero((chances >= LOCATED) & ~ground.general)
    possible = np.flatnonzero((chances >= POSSIBLE) & ((chances < LOCATED) | ground.general))
    held = any_of([where.combined[id_] for id_ in drawn], where.draws).sure_of(documented)
    behind = FirmsBehind(documented, located, possible, held)
    interval = interval_of(len(held.sure), held.counts())
    if not len(documented) and not interval.high and ground.project.complete(ground.city.id, "enterprises") is None:
        return {}, behind  # Of firms that the list does not hold, nothing is known.
    combined = held.probabilities(firms)
    combined[documented] = 0.0
    own = np.array([kind in {Knowledge.AT, Knowledge.ALONG} for kind in ground.kinds], bool)
    return {
        "located": len(located),
        "possible": len(possible),
        "possible_sum": float(chances[possible].sum()),
        "estimate": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "estimate_documented": float(len(documented)),
        "estimate_position": float(combined[own].sum()),
        "estimate_area": float(combined[~own].sum()),
        "located_by_segment": _by_segment(ground, located),
        **_contradictions(ground, ids, documented[chances[documented] < POSSIBLE]),
        **_density(interval, area_km2),
    }, behind


def _density(interval: Interval, area_km2: float) -> dict[str, Any]:
    if not area_km2:
        return {}
    if interval.estimate < LEAST_FIRMS:
        return {
            "density_note": f"不足{LEAST_FIRMS}家，不计密度",
            "density_note_en": f"fewer than {LEAST_FIRMS} firms make no density",
        }
    low, middle, high = (count / area_km2 for count in (interval.low, interval.estimate, interval.high))
    return {"density_per_km2": middle, "density_low": low, "density_high": high}


def _contradictions(ground: Ground, ids: Iterable[str], documented: NDArray[np.intp]) -> dict[str, Any]:
    """The firms that a document puts here and whose own position lies elsewhere, with the words for it.

    documented: those that a document puts here, and that are hardly here by position.
    """
    around = ground.attribution.around
    chosen = [
        ground.firms.records[position]
        for position in documented
        if set(around(ground.whereabouts.contradicting.get(int(position), ()))) & set(ids)
    ]
    if not chosen:
        return {}
    names, names_en = "、".join(r["name"] for r in chosen), ", ".join(r.get("name_en") or r["name"] for r in chosen)
    return {
        "contradicting": tuple(record["id"] for record in chosen),
        "disagrees": True,
        "disagreement": f"{names}：文件归入此处，其位置却在别处",
        "disagreement_en": f"{names_en}: a document says here, the position says elsewhere",
    }


def _sentences(titles: _Titles, found: Mapping[str, Any]) -> dict[str, str]:
    """The row as one sentence, in Chinese and English."""
    documented, here = found["documented"], found["documented_here"]
    area = found.get("area_km2")
    size, size_en = "", ""
    if area is not None:
        about = area_words(area, found["accuracy_m"])
        size = f"约 {about} km²" + ("（示意）" if found["sketched"] else "")
        size_en = f", about {about} km²" + (" (a sketch)" if found["sketched"] else "")
    said, said_en = "文件未列企业", "no document lists firms"
    if documented is not None:
        own = "" if here == documented else f"（直接列于此 {here or 0} 家）"
        own_en = "" if here == documented else f" ({here or 0} here itself)"
        said, said_en = f"文件归入 {documented} 家{own}", f"documents put {documented} firms here{own_en}"
    if found["placed_by_source"] is not None:
        said += f"，公开资料另归入 {found['placed_by_source']} 家"
        said_en += f", other public sources {found['placed_by_source']} more"
    if area is None:
        rest, rest_en = "没有轮廓，不作估计", "without an outline there is no estimate"
    elif found.get("estimate") is None:
        rest, rest_en = (
            "名录（不全）中没有可能在此的企业",
            "the list (incomplete) holds no firm here",
        )
    else:
        low, high = found["low"], found["high"]
        counted, counted_en = (f"{low}–{high}", f"{low} to {high}") if low != high else (f"{low}", f"{low}")
        rest = f"位置可证 {found['located']} 家、可能 {found['possible']} 家；按现有精度估计 {counted} 家"
        rest_en = (
            f"by position {found['located']} are here for certain and {found['possible']} perhaps; "
            f"as well as is known, {counted_en} firms"
        )
    disagrees = f"；{found['disagreement']}" if found.get("disagreement") else ""
    disagrees_en = f"; {found['disagreement_en']}" if found.get("disagreement_en") else ""
    return {
        "sentence": f"{titles.zh}{size}：{said}；{rest}{disagrees}。",
        "sentence_en": f"{titles.en}{size_en}: {said_en}; {rest_en}{disagrees_en}.",
    }


def area_words(area_km2: float, accuracy_m: float | None) -> str:
    """An area to as many digits as the accuracy of its outline carries: 93, not 92.6."""
    if not area_km2:
        return "0"
    off = (accuracy_m or 0.0) / (1000 * sqrt(area_km2))
    digits = 1 if off > 0.5 else 2 if off > 0.1 else 3
    return f"{float(f'{area_km2:.{digits - 1}e}'):.10g}"


def _by_segment(ground: Ground, positions: NDArray[np.intp]) -> dict[str, int]:
    return dict(sorted(Counter(str(ground.firms.records[i]["segment"]) for i in positions).items()))


def _road_km(ground: Ground, outline: BaseGeometry) -> float | None:
    """Kilometres of test road in an outline, each stretch once.

    None where none is drawn here and the list of roads is not complete: there may be some that nobody has drawn.
    """
    lines = shapely.intersection(ground.test_roads_united, outline)
    if not lines.is_empty and lines.length:
        return geodesy.length_km(ground.globe(lines))
    return None if ground.project.complete(ground.city.id, "roads") is None else 0.0


def _reached(ground: Ground, outline: BaseGeometry, near_roads: BaseGeometry | None) -> float | None:
    """The share of the firms inside that lie within reach of a test road; None where there is no road, or no firm."""
    if near_roads is None:
        return None
    within = ground.positions[ground.positions_inside(outline)]
    return float(shapely.intersects(near_roads, within).mean()) if len(within) else None


def _unzoned(ground: Ground, behind: FirmsBehind) -> Iterable[Unzoned]:
    """The firms that neither a document nor, with 5 % at least, their position puts in a zone."""
    chances = np.zeros(len(ground.firms)) if behind.held is None else behind.held.probabilities(len(ground.firms))
    chances[behind.documented] = 1.0
    for position in np.flatnonzero(chances < POSSIBLE):
        record, kind = ground.firms.records[position], ground.kinds[position]
        if kind == Knowledge.UNKNOWN:
            words = (f"未定位：{record.get('unplaced_reason')}", f"unplaced: {record.get('unplaced_reason')}")
        elif kind == Knowledge.WITHIN:
            place = record["within"]
            words = (f"只知在 {place} 之内", f"known only to lie within {place}")
        else:
            words = ("其位置不在任何区域内", "its position lies in no zone")
        yield Unzoned(record["id"], record["name"], record["segment"], *words)
