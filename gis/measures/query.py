"""Answer spatial questions: what is at a point, in a zone, near something, nearest to a point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import UsageError
from gis.earth.law import share_in, sigma_m
from gis.measures.attribution import attribution, containers, nesting
from gis.measures.chances import LOCATED, POSSIBLE
from gis.model.layers import Layer, Record, layer_of
from gis.model.project import Project

if TYPE_CHECKING:
    from gis.measures.coverage import Ground

# Beyond this many standard deviations an edge changes nothing.
_FAR: Final = 5.0
# A mark stands for a place that reaches so far from it, metres.
_MARKED_M: Final = 5000.0
# At the least: a degree of longitude far in the north of the country.
_METRES_A_DEGREE: Final = 60_000.0

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


def at(project: Project, lon: float, lat: float, accuracy_m: float = 0.0) -> list[Found]:
    """Give the zones that a point lies in with a probability of 5 % or more, the smallest first, each with its roles.

    The city's own districts and towns count as zones here; a neighbour that only gives orientation counts where a plan
    gives it a role. Each answer has the `probability`, at the accuracy of the outline and of the position, and the
    word for it: in (0.95 and more), perhaps, or out, where the drawn outline holds the point and yet is so rough a
    sketch that it hardly ever would.

    Args:
        project: the project; only its zones and districts need to be loaded.
        lon: WGS 84 longitude, degrees.
        lat: WGS 84 latitude, degrees.
        accuracy_m: the radius that holds the true position with 95 % probability, metres; 0 where it is exact.
    """
    point = shapely.Point(lon, lat)
    found: list[tuple[float, Found]] = []
    for city in dict.fromkeys(city for city, kind in project.layers if kind in {"zones", "districts"}):
        near = list(_near(project, city, point, accuracy_m))
        chances = _nested(
            {record["id"]: (blur, share_in(lon, lat, blur, geometry)) for _, record, geometry, blur in near},
            containers(nesting(project, city)),
        )
        for kind, record, geometry, _ in near:
            chance, named = chances[record["id"]], roles(project, record["id"])
            if (chance >= POSSIBLE or geometry.intersects(point)) and (named or record.get("role") != "context"):
                answer = {
                    "probability": round(chance, 2),
                    "word": word_of(chance),
                    "within": record.get("within"),
                    "roles": named,
                }
                found.append((geometry.area, Found(kind, city, record, geometry, answer)))
    return [item for _, item in sorted(found, key=lambda pair: (pair[0], pair[1].record["id"]))]


def _near(
    project: Project, city: str, point: shapely.Point, accuracy_m: float
) -> Iterator[tuple[str, Record, BaseGeometry, float]]:
    """The outlines of a city that may hold a point, each with its kind and the σ of point and outline, metres."""
    for kind in ("zones", "districts"):
        for record, geometry in project.layer(city, kind):
            if geometry is None or not geometry.geom_type.endswith("Polygon"):
                continue
            blur = float(np.hypot(sigma_m(accuracy_m), sigma_m(float(record["accuracy_m"]))))
            if shapely.distance(geometry, point) <= _FAR * blur / _METRES_A_DEGREE:
                yield kind, record, geometry, blur


def _nested(chances: Mapping[str, tuple[float, float]], around: Mapping[str, frozenset[str]]) -> dict[str, float]:
    """What lies in another place is no likelier to hold a point than that; of two, the coarser outline gives way.

    Args:
        chances: by place, the σ of its outline and the probability of the outline by itself.
        around: by place, all places that contain it.
    """
    found: dict[str, float] = {}
    for id_ in sorted(chances, key=lambda id_: (chances[id_][0], id_)):
        containing = [found[place] for place in around.get(id_, ()) if place in found]
        parts = [chance for part, chance in found.items() if id_ in around.get(part, ())]
        found[id_] = max([min([chances[id_][1], *containing]), *parts])
    return found


def word_of(chance: float) -> str:
    """What a probability of lying in a place is called: `in`, `perhaps` or `out`."""
    return "in" if chance >= LOCATED else "perhaps" if chance >= POSSIBLE else "out"


def roles(project: Project, place: str) -> list[dict[str, Any]]:
    """The roles that the plans give a place, each with its citation."""
    return [
        {"system": m.system or None, "role": m.role, "name_as_written": m.name, **m.citation()}
        for m in project.facts.memberships
        if m.id == place
    ]


def in_zone(
    project: Project, zone: str, kind: str = "enterprises", segment: str | None = None, ground: Ground | None = None
) -> list[Found]:
    """Give the features that lie in a zone, that may lie in it, and those that a document puts there.

    Of a firm, `how` says all that holds of it: documented (a mention puts it here or in a part of here), source (only
    another public source does), located (by position with a probability of at least 0.95), possible (0.05 to 0.95, or
    by general knowledge alone); `probability` is that of its position, `combined` that of all that is known. A firm
    that is here by none of these, but by a wider place that is all that is known of it, is `area`. Other features are
    inside (their geometry meets the outline), documented, or within (only the place is known).

    Args:
        project: the checked project.
        zone: id of a zone or district.
        kind: what to look for.
        segment: only firms of this chain link.
        ground: the zone's city, made ready before; many zones of one city are asked with one.

    Raises:
        UnknownIdError: no zone has the id.
        UsageError: the segment is not one of the project's.
    """
    city, _, outline = project.find("zones", zone)
    if segment is not None and segment not in project.segments:
        raise UsageError(f"segment {segment!r} is not one of {', '.join(project.segments)}")
    if kind == "enterprises":
        from gis.measures.coverage import Ground

        found = _firms_in(ground or Ground(project, city), zone)
    else:
        found = _things_in(project, city, zone, kind, outline)
    return [item for item in found if segment is None or item.record.get("segment") == segment]


def _firms_in(ground: Ground, zone: str) -> list[Found]:
    city = ground.city.id
    layer, where = ground.firms, ground.whereabouts
    documented = set(ground.positions_put_in([zone]).tolist())
    sourced = set(ground.positions_sourced_in([zone]).tolist())
    drawn = zone in ground.outlines
    own = where.by_position[zone].probabilities(len(layer)) if drawn else np.zeros(len(layer))
    all_ = where.combined[zone].probabilities(len(layer)) if drawn else np.zeros(len(layer))
    found: list[tuple[float, Found]] = []
    for position, (record, geometry) in enumerate(layer):
        located = own[position] >= LOCATED and not ground.general[position]
        how = [
            word
            for word, holds in (
                ("documented", position in documented),
                ("source", position in sourced),
                ("located", located),
                ("possible", own[position] >= POSSIBLE and not located),
            )
            if holds
        ]
        chance = 1.0 if position in documented else float(all_[position])
        if not how and chance >= POSSIBLE:
            how = ["area"]
        if how:
            answer = {
                "how": "+".join(how),
                "probability": round(float(own[position]), 2) if drawn else None,
                "combined": round(chance, 2),
                "position": str(ground.kinds[position]),
                "contradicts": position in documented and zone in _around(ground, position),
            }
            found.append((chance, Found("enterprises", city, record, geometry, answer)))
    return [item for _, item in sorted(found, key=lambda pair: (-round(pair[0], 2), pair[1].record["id"]))]


def _around(ground: Ground, position: int) -> frozenset[str]:
    """The places that a firm is documented in though its position contradicts it."""
    return ground.attribution.around(ground.whereabouts.contradicting.get(position, ()))


def _things_in(project: Project, city: str, zone: str, kind: str, outline: BaseGeometry | None) -> list[Found]:
    layer = project.layer(city, kind)
    has_area = outline is not None and outline.geom_type.endswith("Polygon")
    said = attribution(project, layer, kind)
    by_place = kind == "facilities"
    found: list[Found] = []
    for record, geometry in layer:
        inside = geometry is not None and has_area and record["id"] != zone and shapely.intersects(outline, geometry)
        within = by_place and bool(record.get("within")) and zone in said.around({record["within"]})
        how = [
            word
            for word, holds in (
                ("documented", zone in said.everywhere(record["id"])),
                ("inside", inside),
                ("within", within),
            )
            if holds
        ]
        if how:
            found.append(Found(kind, city, record, geometry, {"how": "+".join(how)}))
    return found


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A firm that a document puts in a place from which its own position is apart."""

    city: str
    id: str
    name: str
    place: str
    place_name: str
    plan: str
    line: int
    section: str
    position: str
    position_source: str

    def row(self) -> dict[str, Any]:
        """The contradiction as a flat row."""
        return asdict(self)


def contradictions(project: Project) -> list[Contradiction]:
    """Give the firms whose own position contradicts what a document says, each mention that says so cited."""
    from gis.measures.coverage import Ground

    found: list[Contradiction] = []
    for city in project.cities:
        if not any(g is not None for kind in ("zones", "districts") for g in project.layer(city, kind).geometry):
            continue
        ground = Ground(project, city)
        for position, places in ground.whereabouts.contradicting.items():
            record = ground.firms.records[position]
            for mention in project.facts.mentions:
                put = ground.attribution.around({mention.place}) if mention.place else frozenset()
                if mention.id != record["id"] or mention.standing != "located" or not put & set(places):
                    continue
                where = record.get("within") or f"±{record.get('accuracy_m')} m"
                said = record.get("within_source") or record.get("geometry_source") or ""
                name = project.find("zones", mention.place)[1]["name"]
                found.append(
                    Contradiction(
                        city, record["id"], record["name"], mention.place, name, mention.plan, mention.line,
                        mention.section, where, said,
                    )
                )  # fmt: skip
    return found


def with_points(project: Project, layer: Layer) -> Layer:
    """Give what is known only within a zone a point in that zone, for programs that cannot show a feature without one.

    Each such feature says `representative: true`: its point stands for the zone and is no evidence of where the thing
    is. What is known only within a district, or within a zone that reaches farther than 5 km, keeps no geometry: a
    point there would read as a place.
    """
    if layer.kind not in {"enterprises", "facilities"}:
        return layer
    features = []
    for record, geometry in layer:
        point = _inner_point(project, str(record["within"])) if geometry is None and record.get("within") else None
        features.append((record, geometry) if point is None else ({**record, "representative": True}, point))
    return layer_of(layer.city, layer.kind, features)


def _inner_point(project: Project, zone: str) -> shapely.Point | None:
    _, _, outline = project.find("zones", zone)
    if outline is None or outline.is_empty:
        return None
    from gis.earth import geodesy

    (lon, lat), reach_m = geodesy.inner_point(outline)
    return shapely.Point(round(lon, 6), round(lat, 6)) if reach_m <= _MARKED_M else None


def near(
    project: Project, place: BaseGeometry, within_m: float, kinds: Sequence[str], exclude: str | None = None
) -> list[Found]:
    """Give the features within a distance of a point or shape, the nearest first.

    Distances are straight lines in metres, 0 for what touches it. What is known only by its place is left out: its
    distance is not known.
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
                known = layer.placed()
                distances = shapely.distance(geodesy.to_metric(known.geometry, crs), origin) if len(known) else ()
                found += [
                    Found(kind, city, record, geometry, {"distance_m": round(float(distance), 1)})
                    for (record, geometry), distance in zip(known, distances, strict=True)
                ]
    return sorted(found, key=lambda item: (item.answer["distance_m"], item.record["id"]))
