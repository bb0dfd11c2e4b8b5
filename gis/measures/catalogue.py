"""Count what the catalogue holds and how much of it is placed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from gis.model.facts import Mention
from gis.model.layers import Layer, Record
from gis.model.position import Knowledge, knowledge
from gis.model.project import Project
from gis.model.schema import BASES, LAYER_KINDS

_LAYERS_OF = {
    "zones": ("zones", "districts"), "enterprises": ("enterprises",), "roads": ("roads",), "facilities": ("facilities",)
}  # fmt: skip


# Some 2 m: borders that lie nearer to each other are meant to be one.
_GAP_DEGREES: Final = 0.00002
# A hole between districts that is smaller, about 1 km², is taken for a fault and not for a district left out.
_HOLE_DEGREES2: Final = 0.0001


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """How many rows of one kind a plan has, and what became of the things they name.

    placed: with a geometry of their own. known_by_place: known to lie within a place. unplaced: without geometry, the
    reason given. elsewhere: organisations that are targets or benchmarks. conflicting: rows that stand in a line cited
    by a conflict. The last four are None for kinds that have no geometry.
    """

    plan: str
    kind: str
    rows: int
    things: int
    placed: int | None
    known_by_place: int | None
    unplaced: int | None
    elsewhere: int | None
    conflicting: int

    def row(self) -> dict[str, Any]:
        """The counts as a flat row."""
        return asdict(self)


def statistics(project: Project) -> list[CatalogueRow]:
    """Count, for each plan and kind of fact, rows, distinct things, and how many of them are placed."""
    cited = {(side.plan, side.line, side.name) for c in project.facts.conflicts for side in (c.a, c.b)}
    found: list[CatalogueRow] = []
    for plan in project.facts.plans:
        for kind, all_rows in project.facts.rows.items():
            rows = [row for row in all_rows if row.plan == plan]
            ids = {row.id for row in rows}
            conflicting = sum(
                any(
                    p == plan and line == row.line and (row.name in name or name in row.name) for p, line, name in cited
                )
                for row in rows
            )
            placed, standing, unplaced = _placing(project, kind, ids)
            found.append(
                CatalogueRow(
                    plan, kind, len(rows), len(ids), placed, standing, unplaced,
                    len(ids & set(project.facts.elsewhere)) if kind == Mention.kind else None, conflicting,
                )
            )  # fmt: skip
    return found


def _placing(project: Project, kind: str, ids: set[str]) -> tuple[int | None, int | None, int | None]:
    if kind not in _LAYERS_OF:
        return None, None, None
    features = [
        (record, geometry)
        for (_, layer_kind), layer in project.layers.items()
        if layer_kind in _LAYERS_OF[kind]
        for record, geometry in layer
        if record["id"] in ids
    ]
    placed = sum(geometry is not None for _, geometry in features)
    within = sum(_known_by_place(kind, record, geometry) for record, geometry in features)
    return placed, within, len(features) - placed - within


def _known_by_place(kind: str, record: Record, geometry: BaseGeometry | None) -> bool:
    return kind in {"enterprises", "facilities"} and knowledge(record, geometry) == Knowledge.WITHIN


@dataclass(frozen=True, slots=True)
class Audit:
    """What one layer holds: features by basis, accuracy, and faults of topology."""

    city: str
    kind: str
    features: int
    bases: dict[str, int]
    known_by_place: int
    unplaced: int
    median_accuracy_m: float | None
    worst_accuracy_m: float | None
    worst: str | None
    faults: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """The audit as a flat row."""
        return {**asdict(self), "faults": list(self.faults)}


def audit(project: Project) -> list[Audit]:
    """Look through every layer: how many features rest on what, how accurate they are, and what is wrong with them."""
    return [_audit(project.layer(city, kind)) for city in project.cities for kind in LAYER_KINDS]


@dataclass(frozen=True, slots=True)
class Uncertain:
    """One feature and how far from the truth its own geometry may lie."""

    city: str
    kind: str
    id: str
    name: str
    geometry_basis: str
    accuracy_m: float
    geometry_source: str

    def row(self) -> dict[str, Any]:
        """The feature as a flat row."""
        return asdict(self)


def least_certain(project: Project, count: int) -> list[Uncertain]:
    """Name the features with the largest `accuracy_m` of all layers, the worst first; stand-ins are left out."""
    found = [
        Uncertain(
            city, kind, record["id"], record["name"], record["geometry_basis"], float(record["accuracy_m"]),
            record["geometry_source"],
        )
        for city in project.cities
        for kind in LAYER_KINDS
        for record, _ in project.layer(city, kind).placed()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.accuracy_m, one.city, one.kind, one.id))[:count]


def _audit(layer: Layer) -> Audit:
    own = layer.placed()
    accuracy = {record["id"]: float(record["accuracy_m"]) for record in own.records}
    worst = max(accuracy, key=lambda id_: accuracy[id_], default=None)
    return Audit(
        city=layer.city,
        kind=layer.kind,
        features=len(layer),
        bases={basis: n for basis in BASES if (n := own.column("geometry_basis").count(basis))},
        known_by_place=sum(_known_by_place(layer.kind, record, geometry) for record, geometry in layer),
        unplaced=sum(
            geometry is None and not _known_by_place(layer.kind, record, geometry) for record, geometry in layer
        ),
        median_accuracy_m=median(accuracy.values()) if accuracy else None,
        worst_accuracy_m=accuracy[worst] if worst else None,
        worst=worst,
        faults=(*_topology(own), *(_neighbours(own) if layer.kind == "districts" else ())),
    )


def _topology(layer: Layer) -> Iterator[str]:
    """Name what a checked feature may still have wrong: winding, slivers, repeated points."""
    for record, geometry in layer:
        if geometry is None:
            continue
        parts = shapely.get_parts(geometry)
        areas = [part for part in parts if part.geom_type == "Polygon"]
        if any(not part.exterior.is_ccw for part in areas):
            yield f"{record['id']}: the outline does not run counter-clockwise"
        if any(_is_sliver(part) for part in areas):
            yield f"{record['id']}: it has a part that is a sliver"
        corners = shapely.get_coordinates(geometry)
        if geometry.geom_type != "Point" and (corners[1:] == corners[:-1]).all(axis=1).any():
            yield f"{record['id']}: it repeats a point"


def _is_sliver(part: Any) -> bool:
    """A polygon thinner than a thousandth of the circle with its perimeter."""
    return bool(part.area * 12.566 < 0.004 * part.length**2)


def _neighbours(districts: Layer) -> Iterator[str]:
    """Name the districts, and the towns, whose borders with their neighbours overlap or leave a gap."""
    for levels in (("district", "county"), ("town",)):
        peers = districts.where(level in levels for level in districts.column("level"))
        if len(peers) < 2:
            continue
        wrong = shapely.coverage_invalid_edges(peers.geometry, gap_width=_GAP_DEGREES)
        for id_, edges in zip(peers.ids, wrong, strict=True):
            if not edges.is_empty:
                yield f"{id_}: {_near(edges)} its border overlaps a neighbour's or misses it narrowly"
        for part in shapely.get_parts(shapely.union_all(peers.geometry)):
            for ring in part.interiors:
                if shapely.Polygon(ring).area < _HOLE_DEGREES2:
                    touching = [i for i, g in zip(peers.ids, peers.geometry, strict=True) if g.intersects(ring)]
                    yield f"{', '.join(touching)}: {_near(ring)} there is a gap between their borders"


def _near(geometry: Any) -> str:
    west, south, _, _ = geometry.bounds
    return f"near {west:.4f}, {south:.4f}"
