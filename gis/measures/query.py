"""Answer spatial questions: what is at a point, in a zone, near something, nearest to a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import UsageError
from gis.measures.attribution import attribution
from gis.model.layers import Record, has_own_position
from gis.model.project import Project

FEATURE_KINDS: Final = ("zones", "enterprises", "roads", "facilities", "districts")


@dataclass(frozen=True, slots=True)
class Found:
    """A feature that answers a question: its kind, city, columns and geometry, and what the question adds."""

    kind: str
    city: str
    record: Record
    geometry: BaseGeometry | None
    answer: dict[str, Any]

    def row(self) -> dict[str, Any]:
        """The answer as a flat row: id, name, what was asked, and how well the position is known."""
        own = {"segment": self.record.get("segment")} if self.kind == "enterprises" else {}
        own |= {"type": self.record.get("type")} if self.kind in {"roads", "facilities"} else {}
        return {
            "id": self.record["id"],
            "name": self.record["name"],
            "city": self.city,
            "kind": self.kind,
            **own,
            **self.answer,
            "geometry_basis": self.record.get("geometry_basis"),
            "accuracy_m": self.record.get("accuracy_m"),
        }


def at(project: Project, lon: float, lat: float) -> list[Found]:
    """Give the zones whose outline contains a point, the smallest first, each with its roles in the plans.

    The city's own districts and towns count as zones here; a neighbour that only gives orientation counts where a plan
    gives it a role.

    Args:
        project: the project; only its zones and districts need to be loaded.
        lon: WGS 84 longitude, degrees.
        lat: WGS 84 latitude, degrees.
    """
    point = shapely.Point(lon, lat)
    found: list[tuple[float, Found]] = []
    for (city, kind), layer in project.layers.items():
        if kind not in {"zones", "districts"}:
            continue
        outlines = [i for i, g in enumerate(layer.geometry) if g is not None and g.geom_type.endswith("Polygon")]
        hits = shapely.intersects(layer.geometry[outlines], point) if outlines else ()
        for position, hit in zip(outlines, hits, strict=True):
            record = layer.records[position]
            named = roles(project, record["id"]) if hit else []
            if hit and (named or record.get("role") != "context"):
                answer = {"within": record.get("within"), "roles": named}
                geometry = layer.geometry[position]
                found.append((geometry.area, Found(kind, city, record, geometry, answer)))
    return [item for _, item in sorted(found, key=lambda pair: (pair[0], pair[1].record["id"]))]


def roles(project: Project, place: str) -> list[dict[str, Any]]:
    """The roles that the plans give a place, each with its citation."""
    return [
        {"system": m.system or None, "role": m.role, "name_as_written": m.name, **m.citation()}
        for m in project.facts.memberships
        if m.id == place
    ]


def in_zone(project: Project, zone: str, kind: str = "enterprises", segment: str | None = None) -> list[Found]:
    """Give the features that lie in a zone, and the firms that a document puts there.

    Each answer says `how`: inside (its own position or course meets the outline), attributed (a document puts it
    there; `gis.measures.attribution` says when), or both. A firm whose point only stands in for its park is never
    inside, and nothing is inside a zone that is drawn as a point.

    Raises:
        UnknownIdError: no zone has the id.
        UsageError: the segment is not one of the project's.
    """
    city, _, outline = project.find("zones", zone)
    if segment is not None and segment not in project.segments:
        raise UsageError(f"segment {segment!r} is not one of {', '.join(project.segments)}")
    layer = project.layer(city, kind)
    has_area = outline is not None and outline.geom_type.endswith("Polygon")
    attributed = {id_ for id_, places in attribution(project, layer).items() if zone in places}
    found: list[Found] = []
    for record, geometry in layer:
        if segment is not None and record.get("segment") != segment:
            continue
        own = geometry is not None and has_own_position(record, geometry)
        inside = own and has_area and record["id"] != zone and bool(shapely.intersects(outline, geometry))
        put_there = record["id"] in attributed
        if inside or put_there:
            how = "both" if inside and put_there else "inside" if inside else "attributed"
            found.append(Found(kind, city, record, geometry, {"how": how}))
    return found


def near(
    project: Project, place: BaseGeometry, within_m: float, kinds: Sequence[str], exclude: str | None = None
) -> list[Found]:
    """Give the features within a distance of a point or shape, the nearest first.

    Distances are straight lines in metres, 0 for what touches it. A firm whose point only stands in for its park is
    left out: its distance is not known.
    """
    found = [item for item in _by_distance(project, place, kinds) if item.record["id"] != exclude]
    return [item for item in found if item.answer["distance_m"] <= within_m]


def nearest(project: Project, lon: float, lat: float, kinds: Sequence[str], count: int = 3) -> list[Found]:
    """Give the features nearest to a point of WGS 84, with their distances in metres."""
    return _by_distance(project, shapely.Point(lon, lat), kinds)[:count]


def _by_distance(project: Project, place: BaseGeometry, kinds: Sequence[str]) -> list[Found]:
    from gis.earth import geodesy

    crs = geodesy.metric_crs_for(place.bounds)
    origin = geodesy.to_metric(place, crs)
    found: list[Found] = []
    for kind in kinds:
        for (city, layer_kind), layer in project.layers.items():
            if layer_kind == kind:
                known = layer.own()
                distances = shapely.distance(geodesy.to_metric(known.geometry, crs), origin) if len(known) else ()
                found += [
                    Found(kind, city, record, geometry, {"distance_m": round(float(distance), 1)})
                    for (record, geometry), distance in zip(known, distances, strict=True)
                ]
    return sorted(found, key=lambda item: (item.answer["distance_m"], item.record["id"]))
