"""Compare zone systems: the ground they share, the firms that both count, and what no system covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from itertools import combinations
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from gis.earth import geodesy
from gis.measures.coverage import Ground
from gis.model.layers import is_sketched
from gis.model.project import Project

# The ranks of division that make up a city's ground; towns lie in them, historic ones are superseded.
_WHOLE: Final = frozenset({"district", "county"})
# What two sides share is drawn with its outline simplified to this part of its size.
_DRAWN_PART: Final = 1 / 400


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two zone systems (level `system`) or two plans with all their places (level `plan`) have in common.

    Areas are geodesic, in km²; `a_share` is the shared ground as a share of a's, `jaccard` as a share of both
    together. Areas and shares are None where one of the two has no outline. `a_plan` and `b_plan` are the plans that
    the sides are from; of level `plan` they are the sides themselves. `ground` is what the two share, WGS 84,
    simplified to 1/400 of its size for drawing; None where they share no area, or nothing can be said of it.

    `documented_both` names the firms that documents put in both, `inside_both` those whose own point lies in both,
    `named_both` (of plans; empty for systems) those that both documents say are located in the city. `sketched` says
    that an outline on either side is a sketch.
    """

    level: str
    a: str
    a_plan: str
    b: str
    b_plan: str
    a_name: str
    b_name: str
    a_km2: float | None
    b_km2: float | None
    shared_km2: float | None
    a_share: float | None
    b_share: float | None
    jaccard: float | None
    documented_both: tuple[str, ...]
    inside_both: tuple[str, ...]
    named_both: tuple[str, ...]
    sketched: bool
    ground: BaseGeometry | None = field(repr=False, compare=False)

    @property
    def firms(self) -> frozenset[str]:
        """The firms that both sides count, in whichever way."""
        return frozenset(self.documented_both) | frozenset(self.inside_both) | frozenset(self.named_both)

    def row(self) -> dict[str, Any]:
        """The comparison as a flat row."""
        own = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "ground"}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in own.items()}


@dataclass(frozen=True, slots=True)
class Orphan:
    """A firm that no zone system counts: no document puts it in a member, and its position (if known) is in none.

    `placed` says whether it has a point on the map: its own position, or that of the place it is known to lie in.
    """

    id: str
    name: str
    segment: str
    placed: bool


@dataclass(frozen=True, slots=True)
class Uncovered:
    """How much of the city's own districts no zone system covers, in geodesic km²; None where none is drawn."""

    ground_km2: float | None
    covered_km2: float | None
    uncovered_km2: float | None
    uncovered_share: float | None


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The overlaps of a city's zone systems and plans, the firms under none, and the ground under none."""

    city: str
    pairs: tuple[Overlap, ...]
    orphans: tuple[Orphan, ...]
    uncovered: Uncovered

    def as_json(self) -> dict[str, Any]:
        """The object as JSON-able data."""
        return {
            "city": self.city,
            "pairs": [pair.row() for pair in self.pairs],
            "orphans": [asdict(orphan) for orphan in self.orphans],
            "uncovered": asdict(self.uncovered),
        }


@dataclass(frozen=True, slots=True)
class _Side:
    level: str
    id: str
    plan: str
    name: str
    outline: BaseGeometry
    documented: frozenset[str]
    inside: frozenset[str]
    named: frozenset[str]
    sketched: bool


def overlaps(project: Project, city: str, day: date | None = None) -> Overlaps:
    """Compare every pair of a city's zone systems with listed members, and every pair of its plans.

    A plan's side is made of all the places to which it gives a role, within a system or outside.

    Raises:
        UnknownIdError: the project has no such city.
    """
    ground = Ground(project, city, day)
    facts = project.facts.of_city(city)
    systems: list[_Side] = []
    by_plan: dict[str, set[str]] = {plan: set() for plan in facts.plans}
    in_force = {(system.plan, system.id) for system in project.systems(city, day)}
    for member in facts.memberships:
        if member.id in ground.places and (not member.system or (member.plan, member.system) in in_force):
            by_plan[member.plan].add(member.id)
    for system in project.systems(city, day):
        ids = {member.id for member in project.members(system) if member.id in ground.places}
        if ids:
            systems.append(_side(ground, "system", system.id, system.plan, system.title, ids))
    named: dict[str, set[str]] = {plan: set() for plan in facts.plans}
    for mention in facts.mentions:
        if mention.standing == "located" and mention.id in ground.firms:
            named[mention.plan].add(mention.id)
    plans = [
        _side(ground, "plan", id_, id_, facts.plans[id_].short or id_, ids, named[id_]) for id_, ids in by_plan.items()
    ]
    pairs = [_compare(ground, a, b) for sides in (systems, plans) for a, b in combinations(sides, 2)]
    counted: set[str] = set().union(*(side.documented | side.inside for side in systems))
    orphans = [
        Orphan(record["id"], record["name"], record["segment"], geometry is not None)
        for record, geometry in ground.firms
        if record["id"] not in counted
    ]
    return Overlaps(city, tuple(pairs), tuple(orphans), _uncovered(ground, systems))


def _side(
    ground: Ground, level: str, id_: str, plan: str, name: str, ids: Iterable[str], named: Iterable[str] = ()
) -> _Side:
    chosen = frozenset(ids)
    drawn = [ground.places.record(place) for place in sorted(chosen) if place in ground.outlines]
    outline = shapely.union_all([ground.outlines[record["id"]] for record in drawn])
    return _Side(
        level=level,
        id=id_,
        plan=plan,
        name=name,
        outline=outline,
        documented=frozenset(firm["id"] for firm in ground.put_in(chosen)),
        inside=frozenset(firm["id"] for firm in ground.inside(outline)),
        named=frozenset(named),
        sketched=any(is_sketched(record) for record in drawn),
    )


def _compare(ground: Ground, a: _Side, b: _Side) -> Overlap:
    figures: Mapping[str, float | None] = dict.fromkeys(
        ("a_km2", "b_km2", "shared_km2", "a_share", "b_share", "jaccard")
    )
    both: BaseGeometry | None = None
    if not a.outline.is_empty and not b.outline.is_empty:
        a_km2, b_km2 = _km2(ground, a.outline), _km2(ground, b.outline)
        both = a.outline.intersection(b.outline)
        shared = _km2(ground, both)
        figures = {
            "a_km2": round(a_km2, 4),
            "b_km2": round(b_km2, 4),
            "shared_km2": round(shared, 4),
            "a_share": round(shared / a_km2, 4),
            "b_share": round(shared / b_km2, 4),
            "jaccard": round(shared / (a_km2 + b_km2 - shared), 4),
        }
    return Overlap(
        level=a.level,
        a=a.id,
        a_plan=a.plan,
        b=b.id,
        b_plan=b.plan,
        a_name=a.name,
        b_name=b.name,
        **figures,
        documented_both=tuple(sorted(a.documented & b.documented)),
        inside_both=tuple(sorted(a.inside & b.inside)),
        named_both=tuple(sorted(a.named & b.named)),
        sketched=a.sketched or b.sketched,
        ground=None if both is None else _drawn(ground, both),
    )


def _drawn(ground: Ground, shared: BaseGeometry) -> BaseGeometry | None:
    """The parts of shared ground that have an area, simplified, in WGS 84; where outlines only touch there are none."""
    plain = shared.simplify(_DRAWN_PART * shared.area**0.5)
    parts = [part for part in shapely.get_parts(plain) if part.geom_type == "Polygon"]
    return ground.globe(shapely.MultiPolygon(parts)) if parts else None


def _uncovered(ground: Ground, systems: Iterable[_Side]) -> Uncovered:
    districts = ground.project.layer(ground.city.id, "districts")
    own = [
        ground.outlines[record["id"]]
        for record in districts.records
        if record["role"] == "subject" and record["level"] in _WHOLE and record["id"] in ground.outlines
    ]
    if not own:
        return Uncovered(None, None, None, None)
    whole = shapely.union_all(own)
    covered = shapely.union_all([side.outline for side in systems]).intersection(whole)
    ground_km2, covered_km2 = _km2(ground, whole), _km2(ground, covered)
    left = max(0.0, ground_km2 - covered_km2)
    return Uncovered(round(ground_km2, 4), round(covered_km2, 4), round(left, 4), round(left / ground_km2, 4))


def _km2(ground: Ground, outline: BaseGeometry) -> float:
    return geodesy.area_km2(ground.globe(outline)) if not outline.is_empty else 0.0
