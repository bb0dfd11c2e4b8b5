"""Compare zone systems: the ground they share, the firms that both count, and what no system covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis import geodesy
from gis.analysis.coverage import Ground
from gis.project import Project


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two zone systems (level `system`) or all systems of two plans (level `plan`) have in common.

    Areas are geodesic, in km²; `a_share` is the shared ground as a share of a's, `jaccard` as a share of both
    together. `attributed_both` names the firms that documents put in both, `inside_both` those whose own position
    lies in both. Areas and shares are None where one of the two has no outline.
    """

    level: str
    a: str
    b: str
    a_name: str
    b_name: str
    a_km2: float | None
    b_km2: float | None
    shared_km2: float | None
    a_share: float | None
    b_share: float | None
    jaccard: float | None
    attributed_both: tuple[str, ...]
    inside_both: tuple[str, ...]
    sketched: bool

    def row(self) -> dict[str, Any]:
        """The comparison as a flat row."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Orphan:
    """A firm that no zone system counts: no document puts it in a member, and its position (if known) is in none."""

    id: str
    name: str
    segment: str
    placed: bool


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The overlaps of a city's zone systems and plans, and the firms under none."""

    city: str
    pairs: tuple[Overlap, ...]
    orphans: tuple[Orphan, ...]

    def as_json(self) -> dict[str, Any]:
        """The object as JSON-able data."""
        return {
            "city": self.city,
            "pairs": [pair.row() for pair in self.pairs],
            "orphans": [asdict(orphan) for orphan in self.orphans],
        }


@dataclass(frozen=True, slots=True)
class _Side:
    level: str
    id: str
    name: str
    outline: BaseGeometry
    attributed: frozenset[str]
    inside: frozenset[str]
    sketched: bool


def overlaps(project: Project, city: str, day: date | None = None) -> Overlaps:
    """Compare every pair of a city's zone systems with listed members, and every pair of its plans.

    Raises:
        UnknownIdError: the project has no such city.
    """
    ground = Ground(project, city, day)
    members: dict[str, set[str]] = {}
    by_plan: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for system in project.systems(city, day):
        ids = {member.id for member in project.members(system) if member.id in ground.places}
        if ids:
            members[system.id] = ids
            names[system.id] = system.title
            by_plan.setdefault(system.plan, set()).update(ids)
    systems = [_side(ground, "system", id_, names[id_], ids) for id_, ids in members.items()]
    plans = [_side(ground, "plan", id_, project.plan(id_).short or id_, ids) for id_, ids in by_plan.items()]
    pairs = [_compare(ground, a, b) for sides in (systems, plans) for a, b in combinations(sides, 2)]
    counted: set[str] = set().union(*(side.attributed | side.inside for side in systems))
    orphans = [
        Orphan(record["id"], record["name"], record["segment"], geometry is not None)
        for record, geometry in ground.firms
        if record["id"] not in counted
    ]
    return Overlaps(city, tuple(pairs), tuple(orphans))


def _side(ground: Ground, level: str, id_: str, name: str, ids: Iterable[str]) -> _Side:
    chosen = frozenset(ids)
    drawn = [ground.places.record(place) for place in chosen if place in ground.outlines]
    outline = shapely.union_all([ground.outlines[record["id"]] for record in drawn])
    within = shapely.intersects(outline, ground.located)
    inside = {ground.firms.records[ground.independent[i]]["id"] for i in np.flatnonzero(within)}
    attributed = {firm for firm, places in ground.attribution.items() if places & chosen}
    sketched = any(record["geometry_basis"] in {"schematic", "proxy"} for record in drawn)
    return _Side(level, id_, name, outline, frozenset(attributed), frozenset(inside), sketched)


def _compare(ground: Ground, a: _Side, b: _Side) -> Overlap:
    figures: Mapping[str, float | None] = dict.fromkeys(
        ("a_km2", "b_km2", "shared_km2", "a_share", "b_share", "jaccard")
    )
    if not a.outline.is_empty and not b.outline.is_empty:
        areas = [_km2(ground, g) for g in (a.outline, b.outline, a.outline.intersection(b.outline))]
        a_km2, b_km2, shared = areas
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
        b=b.id,
        a_name=a.name,
        b_name=b.name,
        **figures,
        attributed_both=tuple(sorted(a.attributed & b.attributed)),
        inside_both=tuple(sorted(a.inside & b.inside)),
        sketched=a.sketched or b.sketched,
    )


def _km2(ground: Ground, outline: BaseGeometry) -> float:
    return geodesy.area_km2(ground.globe(outline)) if not outline.is_empty else 0.0
