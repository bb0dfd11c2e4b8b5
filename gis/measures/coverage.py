"""Count a city's firms, roads and reach by zone, by zone system and in all, from one result object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import UsageError
from gis.earth import geodesy
from gis.earth.law import Chances, Count, count_interval, sigma_m
from gis.measures.attribution import attribution
from gis.model.facts import Membership, ZoneSystem
from gis.model.layers import Layer, Record, is_sketched
from gis.model.project import Project

DEFAULT_REACH_M: Final = 500.0
# Layers hold six decimals of a degree, 0.1 m; two lines drawn through the same points may differ by so much each.
_TOGETHER_M: Final = 0.2
# 1 km² is 1500 mu (亩).
MU_PER_KM2: Final = 1500.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted and measured in one outline; a figure that cannot be had is None, never 0.

    attributed: firms that a document puts here. attributed_only: those of them that are here by a document alone,
    their own position being unknown. inside: firms whose own, independently known position lies here.
    expected, low, high: the sum of the firms' probabilities of lying here, and its 95 % interval.
    disagrees: inside lies outside that interval; disagreement says why, in words (disagreement_en in English).
    sketched: the outline, or a part of it, is a sketch (schematic or proxy).
    by_segment counts the firms inside, attributed_by_segment those attributed; the two are never mixed.
    density_per_km2 is inside a km², expected_per_km2 is expected a km².
    """

    area_km2: float | None
    area_mu: float | None
    attributed: int
    attributed_only: int
    inside: int | None
    expected: float | None
    low: int | None
    high: int | None
    disagrees: bool
    disagreement: str
    disagreement_en: str
    by_segment: Mapping[str, int]
    attributed_by_segment: Mapping[str, int]
    density_per_km2: float | None
    expected_per_km2: float | None
    road_km: float | None
    road_density_km_per_km2: float | None
    reach_m: float
    reach_area_share: float | None
    reach_enterprise_share: float | None
    geometry_basis: str | None
    accuracy_m: float | None
    sketched: bool


@dataclass(frozen=True, slots=True, eq=False)
class FirmsBehind:
    """The firms behind the figures of a row, as positions in the city's enterprises that hold on the day.

    They can be counted again under any choice of firms. inside and chances are None where nothing has an outline;
    chances has an entry for each firm.
    """

    attributed: NDArray[np.intp]
    inside: NDArray[np.intp] | None
    chances: Chances | None


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
    standing_in: int
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
                "standing_in": self.standing_in,
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
    "area_km2": 4, "area_mu": 1, "expected": 2, "density_per_km2": 4, "expected_per_km2": 4, "road_km": 3,
    "road_density_km_per_km2": 4, "reach_area_share": 4, "reach_enterprise_share": 4, "accuracy_m": 0, "reach_m": 1,
}  # fmt: skip


def _rounded(figures: Figures) -> dict[str, Any]:
    values = asdict(figures)
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
        self._standing = np.array([bool(r.get("stand_in_for")) for r in self.firms.records], bool)
        self._placed = np.array([g is not None for g in self.firms.geometry], bool)
        independent = self._placed & ~self._standing
        self.independent = np.flatnonzero(independent)
        self.dependent = np.flatnonzero(~independent)
        points = self.plane(list(self.firms.geometry[independent]))
        self.points = shapely.get_coordinates(points).reshape(-1, 2)
        accuracy = [float(self.firms.records[i]["accuracy_m"]) for i in self.independent]
        self.sigmas = sigma_m(np.array(accuracy, float))
        self.located: NDArray[np.object_] = np.asarray(shapely.points(self.points), dtype=object)

    @property
    def standing(self) -> NDArray[np.intp]:
        """Positions of the firms whose point stands in for their place."""
        return np.flatnonzero(self._standing & self._placed)

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
        """The firms that a document puts in one of the places `ids`."""
        return [self.firms.records[i] for i in self.positions_put_in(ids)]

    def positions_put_in(self, ids: frozenset[str]) -> NDArray[np.intp]:
        """Positions of the firms that a document puts in one of the places `ids`."""
        said = [bool(self.attribution.get(record["id"], frozenset()) & ids) for record in self.firms.records]
        return np.flatnonzero(said)

    def by_firm(self, chances: Chances) -> Chances:
        """Bring chances (the independently placed firms first, then the others) into the order of the firms."""
        back = np.argsort(np.concatenate([self.independent, self.dependent]))
        return Chances(chances.probability[back], chances.variance[back], chances.third[back], chances.shared[back])

    def probabilities(self, outline: BaseGeometry, ids: frozenset[str]) -> Floats:
        """The probabilities, one for each firm without a position of its own, that it lies in the places `ids`.

        It is 1 where a document puts the firm in one of the places, else the share of the firm's own place that their
        outline covers, else (its place has no outline) 0.
        """
        shares: dict[str | None, float] = {None: 0.0}
        found = np.zeros(len(self.dependent))
        for position, firm in enumerate(self.dependent):
            record = self.firms.records[firm]
            if self.attribution.get(record["id"], frozenset()) & ids:
                found[position] = 1.0
                continue
            home = self._home(record)
            if home not in shares:
                shares[home] = _share(self.outlines[str(home)], outline)
            found[position] = shares[home]
        return found

    def _home(self, record: Record) -> str | None:
        """The place with an outline that a firm without a position of its own lies in: the smallest that is said."""
        said = self.attribution.get(record["id"], frozenset()) & self.outlines.keys()
        if record.get("stand_in_for") in said:
            return str(record["stand_in_for"])
        return min(sorted(said), key=lambda id_: float(self.outlines[id_].area), default=None)

    def expected(self, outline: BaseGeometry, records: Sequence[Record]) -> Count:
        """The expected number of firms in the outline that some places make together, with its 95 % interval."""
        drawn = [record for record in records if record["id"] in self.outlines]
        edges = self._nearest_edges(outline, drawn)
        return count_interval(
            self.points,
            self.sigmas,
            outline,
            sigma_m(np.array([float(record["accuracy_m"]) for record in drawn]))[edges],
            self.probabilities(outline, frozenset(record["id"] for record in records)),
            edges,
        )

    def _nearest_edges(self, outline: BaseGeometry, drawn: Sequence[Record]) -> NDArray[np.intp]:
        """For each independently placed firm, which of the places draws the stretch of outline that is nearest to it.

        An edge of one place that lies within another is no edge of what they make together. Where places share a border
        the finest outline draws it (the smallest accuracy, then the first record): their distances there differ by
        what rounding and the projection leave, which must not decide.
        """
        if len(drawn) == 1 or not len(self.located):
            return np.zeros(len(self.located), np.intp)
        edge = shapely.boundary(outline)
        shapely.prepare(edge)
        nearest = shapely.get_point(shapely.shortest_line(edge, self.located), 0)
        boundaries = shapely.boundary(np.array([self.outlines[record["id"]] for record in drawn], dtype=object))
        shapely.prepare(boundaries)
        distances = shapely.distance(boundaries[:, None], nearest[None, :])
        tied = distances <= distances.min(axis=0) + _TOGETHER_M
        finest_first = np.argsort([float(record["accuracy_m"]) for record in drawn], kind="stable")
        return np.asarray(finest_first[np.argmax(tied[finest_first], axis=0)], np.intp)


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


def coverage(project: Project, city: str, *, reach_m: float = DEFAULT_REACH_M, day: date | None = None) -> CityCoverage:
    """Count and measure each zone, each zone system and the whole of a city.

    Args:
        project: the checked project.
        city: id of the city.
        reach_m: how near a test road counts as within its reach, metres in a straight line.
        day: count the layout of this day; where None, every system that the plans name.

    Raises:
        UnknownIdError: the project has no such city.
    """
    ground = Ground(project, city, day)
    records = {record["id"]: (record, geometry) for record, geometry in ground.places}
    near_roads = _near(ground, reach_m)
    cached: dict[str, tuple[Figures, FirmsBehind]] = {}

    def of_place(id_: str) -> tuple[Figures, FirmsBehind]:
        if id_ not in cached:
            record, _ = records[id_]
            cached[id_] = _figures(ground, [record], reach_m, near_roads)
        return cached[id_]

    systems = project.systems(city, day)
    zones: list[ZoneRow] = []
    rows: list[SystemRow] = []
    in_a_system: set[str] = set()
    for system in systems:
        members = _once(m for m in project.members(system) if m.id in records)
        in_a_system |= {member.id for member in members}
        zones += [_zone_row(records[m.id][0], m, system, *of_place(m.id)) for m in members]
        figures, firms = _figures(ground, [records[member.id][0] for member in members], reach_m, near_roads)
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
    total, firms = _figures(ground, everything, reach_m, near_roads)
    return CityCoverage(
        city=city,
        name=ground.city.name,
        as_of=project.as_of,
        on=day,
        zones=tuple(zones),
        systems=tuple(rows),
        total=total,
        enterprises=len(ground.firms),
        placed=len(ground.independent),
        standing_in=len(ground.standing),
        unplaced=sum(geometry is None for geometry in ground.firms.geometry),
        unzoned=tuple(_unzoned(ground, everything)),
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


def _figures(
    ground: Ground, records: Sequence[Record], reach_m: float, near_roads: BaseGeometry | None
) -> tuple[Figures, FirmsBehind]:
    """The figures of the union of some places, and the firms behind them."""
    ids = frozenset(record["id"] for record in records)
    drawn = [record for record in records if record["id"] in ground.outlines]
    put_in = ground.positions_put_in(ids)
    attributed = [ground.firms.records[i] for i in put_in]
    known = {ground.firms.records[i]["id"] for i in ground.independent}
    bases = {record["geometry_basis"] for record in drawn}
    shared: dict[str, Any] = {
        "attributed": len(attributed),
        "attributed_only": sum(firm["id"] not in known for firm in attributed),
        "attributed_by_segment": _by_segment(attributed),
        "reach_m": reach_m,
        "geometry_basis": bases.pop() if len(bases) == 1 else "mixed" if bases else None,
        "accuracy_m": max((float(record["accuracy_m"]) for record in drawn), default=None),
        "sketched": any(is_sketched(record) for record in drawn),
    }
    if not drawn:
        nothing = {"by_segment": {}, "disagrees": False, "disagreement": "", "disagreement_en": ""}
        figures = Figures(**{**dict.fromkeys(Figures.__dataclass_fields__), **nothing, **shared})
        return figures, FirmsBehind(put_in, None, None)
    outlines = [ground.outlines[record["id"]] for record in drawn]
    outline = shapely.union_all(outlines) if len(outlines) > 1 else outlines[0]
    area = geodesy.area_km2(ground.globe(outline))
    positions = ground.positions_inside(outline)
    inside = [ground.firms.records[i] for i in positions]
    count = ground.expected(outline, records)
    by_place = float(ground.probabilities(outline, ids).sum())
    disagreement, disagreement_en = _disagreement(len(inside), shared["attributed_only"], by_place, count)
    road_km = _road_km(ground, outline)
    figures = Figures(
        **shared,
        area_km2=area,
        area_mu=area * MU_PER_KM2,
        inside=len(inside),
        expected=count.expected,
        low=count.low,
        high=count.high,
        disagrees=bool(disagreement),
        disagreement=disagreement,
        disagreement_en=disagreement_en,
        by_segment=_by_segment(inside),
        density_per_km2=len(inside) / area if area else None,
        expected_per_km2=count.expected / area if area else None,
        road_km=road_km,
        road_density_km_per_km2=road_km / area if road_km is not None and area else None,
        reach_area_share=_share(outline, near_roads) if near_roads is not None else None,
        reach_enterprise_share=_reached(ground, outline, near_roads),
    )
    return figures, FirmsBehind(put_in, positions, ground.by_firm(count.chances))


def _by_segment(firms: Iterable[Record]) -> dict[str, int]:
    return dict(sorted(Counter(str(firm["segment"]) for firm in firms).items()))


def _disagreement(inside: int, attributed_only: int, by_place: float, count: Count) -> tuple[str, str]:
    """Say why the count of points lies outside the interval of the expected count; nothing where it lies within.

    by_place is what the firms without a position of their own add to the expected count.
    """
    if count.low <= inside <= count.high:
        return "", ""
    interval = f"{count.expected:.1f}（{count.low}–{count.high}）"
    if count.low <= inside + attributed_only <= count.high:
        return (
            f"位置在内{inside}家，期望{interval}：另有{attributed_only}家只凭文件归属于此，自身位置未知",
            f"{inside} inside, {count.expected:.1f} [{count.low}-{count.high}] expected: {attributed_only} more are "
            "here by a document alone, their own positions unknown",
        )
    if count.low <= inside + by_place <= count.high:
        put = f"{attributed_only}家由文件归属于此，其余" if attributed_only else ""
        put_en = f"{attributed_only} put here by a document, the others " if attributed_only else ""
        return (
            f"位置在内{inside}家，期望{interval}：自身位置未知的企业折合{by_place:.1f}家（"
            f"{put}按所在地的面积比例折算）",
            f"{inside} inside, {count.expected:.1f} [{count.low}-{count.high}] expected: firms whose own positions are "
            f"unknown add {by_place:.1f} ({put_en}by area share of their place)",
        )
    return (
        f"位置在内{inside}家，期望{interval}：位置或轮廓的精度不足以按点计数",
        f"{inside} inside, {count.expected:.1f} [{count.low}-{count.high}] expected: positions or the outline are too "
        "coarse for a count of points",
    )


def _road_km(ground: Ground, outline: BaseGeometry) -> float | None:
    """Kilometres of test road in an outline, each stretch once; None where the city has none whose course is known."""
    if not len(ground.test_roads):
        return None
    lines = shapely.intersection(ground.test_roads_united, outline)
    return geodesy.length_km(ground.globe(lines)) if not lines.is_empty else 0.0


def _reached(ground: Ground, outline: BaseGeometry, near_roads: BaseGeometry | None) -> float | None:
    """The share of the firms inside that lie within reach of a test road; None where there is no road, or no firm."""
    if near_roads is None:
        return None
    within = ground.located[shapely.intersects(outline, ground.located)]
    return float(shapely.intersects(near_roads, within).mean()) if len(within) else None


def _unzoned(ground: Ground, records: Sequence[Record]) -> Iterable[Unzoned]:
    ids = frozenset(record["id"] for record in records)
    union = shapely.union_all([ground.outlines[id_] for id_ in sorted(ids) if id_ in ground.outlines])
    counted = {firm["id"] for firm in [*ground.inside(union), *ground.put_in(ids)]}
    for record, geometry in ground.firms:
        if record["id"] in counted:
            continue
        if geometry is None:
            words = (f"未定位：{record.get('unplaced_reason')}", f"unplaced: {record.get('unplaced_reason')}")
        elif record.get("stand_in_for"):
            place = record["stand_in_for"]
            words = (
                f"只知在 {place}，而规划未将其列为区域",
                f"known only to lie in {place}, which no plan names as a zone",
            )
        else:
            words = ("其位置不在任何区域内", "its position lies in no zone")
        yield Unzoned(record["id"], record["name"], record["segment"], *words)
