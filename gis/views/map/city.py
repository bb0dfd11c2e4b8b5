"""Put a project's facts, layers and results for one city into the payload of its map page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.measures.coverage import CityCoverage, FirmsBehind
from gis.measures.coverage import Figures as CoverageFigures
from gis.measures.indicators import STATUS_WORDS, Standing
from gis.measures.overlap import Overlaps
from gis.measures.reach import TEST_ROADS, Reach
from gis.model.facts import FacilityFact, Fact, Membership, Mention, Relation, RoadFact, ZoneSystem
from gis.model.layers import Layer, Record
from gis.model.position import Basis, Knowledge, knowledge
from gis.model.project import Project
from gis.model.schema import GROUND_CLASSES
from gis.views.map import payload as page
from gis.views.map.initials import initials_of

_DECIMALS = 6
# The ground that two systems share is drawn, not measured, in the page: five decimals (1 m) will do.
_SHARED_DECIMALS = 5
# What a page opens on is at least so wide and high, about 1 km; and where nothing at all is drawn, the country.
_LEAST_DEGREES = 0.01
_CHINA = (73.5, 18.0, 135.1, 53.6)
_HEADQUARTERS = "总部"
_PARCEL_RELATIONS = frozenset({"reserved_land", "renewal_land"})


def build_city_payload(
    project: Project,
    city: str,
    coverage: CityCoverage,
    reaches: Mapping[str, Sequence[Reach]] | None = None,
    overlaps: Overlaps | None = None,
    standings: Sequence[Standing] = (),
) -> page.MapPayload:
    """Fill the payload of a city's map page.

    Args:
        project: the checked project.
        city: id of the city.
        coverage: the city's coverage for every layout (no day chosen), at the default reach.
        reaches: the curves of `gis.measures.reach.reach`, by source.
        overlaps: what the city's zone systems share.
        standings: how the plans' indicators stand.

    Raises:
        UnknownIdError: the project has no such city.
    """
    facts = project.facts.of_city(city)
    place_figures = {row.id: _figures(row.figures) for row in coverage.zones}
    system_figures = {(row.plan, row.id): _figures(row.figures) for row in coverage.systems}
    systems = tuple(
        _system(system, project.members(system), system_figures.get((system.plan, system.id)))
        for system in project.systems(city)
    )
    plans = tuple(
        page.Plan(
            id=p.id,
            title=p.title,
            title_en=p.title_en or None,
            short=p.short or None,
            issuer=p.issuer or None,
            number=p.number or None,
            published=p.published or None,
            horizon=str(p.horizon) if p.horizon else None,
            file=p.file,
        )
        for p in facts.plans.values()
    )
    zones, districts = project.layer(city, "zones"), project.layer(city, "districts")
    lengths = coverage.road_lengths_km
    roads = tuple(
        _road(r, g, lengths.get(r["id"]), _mentions(facts.rows.get("roads", ()), r["id"]))
        for r, g in project.present(city, "roads")
    )
    facilities = tuple(
        _facility(r, g, _mentions(facts.rows.get("facilities", ()), r["id"]))
        for r, g in project.present(city, "facilities")
    )
    known = project.city(city)
    searched = [*zones.records, *districts.records, *(project.layer(city, "roads").records)]
    searched += project.layer(city, "facilities").records
    return page.MapPayload(
        title=f"{known.name}产业空间布局图",
        title_en=f"{known.name_en}: industry and zones",
        subtitle="、".join(p.short or p.title for p in facts.plans.values()),
        subtitle_en="; ".join(p.title_en or p.title for p in facts.plans.values()),
        place_name=known.name,
        place_name_en=known.name_en or None,
        as_of=project.as_of.isoformat(),
        firms_complete=project.complete(city, "enterprises") is not None,
        bounds=_bounds(project, city),
        points=_points(project, project.present(city, "enterprises"), coverage, facts.mentions, [p.id for p in plans]),
        segments=tuple(page.Segment(id=s.id, label=s.label, label_en=s.label_en) for s in project.segments.values()),
        districts=tuple(_district(r, g, place_figures.get(r["id"])) for r, g in districts),
        plans=plans,
        systems=systems,
        places=tuple(_place(r, g, place_figures.get(r["id"])) for r, g in zones),
        roads=roads,
        test_roads=_geometry(coverage.test_roads),
        facilities=facilities,
        total=_figures(coverage.total),
        unzoned=page.Figures(documented=len(coverage.unzoned)),
        reach=tuple(_curve(curve) for curves in (reaches or {}).values() for curve in curves),
        overlaps=_overlaps(overlaps),
        indicators=tuple(_indicator(s) for s in standings),
        parcels=_parcels(facts.rows.get("relations", ())),
        sources=_sources(project, city),
        ground=_ground(project, city),
        dates=_layouts(systems, project.as_of),
        search={str(r["id"]): initials_of([r["name"], *(r.get("aliases") or [])]) for r in searched},
    )


def _figures(figures: CoverageFigures) -> page.Figures:
    same = (
        "area_km2", "documented", "located", "possible", "estimate", "low", "high", "density_per_km2", "test_road_km",
        "test_road_density", "reach_m", "reach_area_share", "reach_enterprise_share",
    )  # fmt: skip
    words = ("disagreement", "disagreement_en", "sentence", "sentence_en")
    return page.Figures(
        **{name: getattr(figures, name) for name in same}, **{name: getattr(figures, name) or None for name in words}
    )


def _citation(fact: Fact) -> page.Citation:
    return page.Citation(plan=fact.plan, file=fact.file, section=fact.section, line=fact.line)


def _geometry(geometry: BaseGeometry | None, decimals: int = _DECIMALS) -> dict[str, Any] | None:
    """Round a geometry, by default to about 0.1 m, as GeoJSON."""
    if geometry is None:
        return None
    flat = shapely.transform(shapely.force_2d(geometry), lambda points: np.round(points, decimals) + 0.0)
    found: dict[str, Any] = shapely.geometry.mapping(flat)
    return found


def _known(record: Record) -> dict[str, Any]:
    """Give what every kind of feature tells of itself."""
    return {
        "id": record["id"],
        "name": record["name"],
        "name_en": record.get("name_en") or None,
        "aliases": tuple(record.get("aliases") or ()),
        "basis": record.get("geometry_basis"),
        "accuracy_m": record.get("accuracy_m"),
        "source": record.get("geometry_source") or None,
        "note": record.get("note") or None,
    }


def _system(system: ZoneSystem, members: Iterable[Membership], figures: page.Figures | None) -> page.System:
    by_place: dict[str, list[Membership]] = defaultdict(list)
    for member in members:
        by_place[member.id].append(member)
    return page.System(
        id=system.id,
        name=system.title,
        name_en=system.label_en or None,
        plan=system.plan,
        members=tuple(_member(rows) for rows in by_place.values()),
        listed=system.members == "listed",
        horizon=str(system.horizon) if system.horizon else None,
        valid_from=system.valid_from or None,
        valid_to=system.valid_to or None,
        citations=(_citation(system),),
        figures=figures,
        note=system.note or None,
    )


def _member(rows: Sequence[Membership]) -> page.Member:
    """Join the lines on which one plan gives one place its role in one system."""
    first = rows[0]
    return page.Member(
        place_id=first.id,
        role=first.role,
        name_as_written=first.name,
        functions=tuple(dict.fromkeys(f for row in rows for f in row.functions)),
        citations=tuple(_citation(row) for row in rows),
        area_km2=next((row.area_km2 for row in rows if row.area_km2), None),
        status=first.status or None,
        parent=first.parent or None,
    )


def _place(record: Record, geometry: BaseGeometry | None, figures: page.Figures | None) -> page.Place:
    return page.Place(
        **_known(record),
        category=record.get("category"),
        geometry=_geometry(geometry),
        valid_from=record.get("valid_from"),
        valid_to=record.get("valid_to"),
        unplaced_reason=record.get("unplaced_reason"),
        figures=figures,
    )


def _district(record: Record, geometry: BaseGeometry | None, figures: page.Figures | None) -> page.District:
    return page.District(
        **_known(record),
        geometry=_geometry(geometry),
        role=record["role"],
        level=record["level"],
        valid_from=record.get("valid_from"),
        valid_to=record.get("valid_to"),
        figures=figures,
    )


def _mentions(rows: Iterable[Fact], id_: str) -> tuple[page.Mention, ...]:
    return tuple(_mention(row) for row in rows if row.id == id_)


def _mention(row: Fact) -> page.Mention:
    more: dict[str, Any] = {}
    if isinstance(row, Mention):
        more = {"segment": row.segment or None, "standing": row.standing, "activity": row.activity or None}
    elif isinstance(row, RoadFact):
        more = {"length_km": row.length_km, "count": row.count, "unit": row.unit or None}
    elif isinstance(row, FacilityFact):
        more = {"count": row.count, "unit": row.unit or None}
    if isinstance(row, RoadFact | FacilityFact):
        more |= {"status": row.status or None, "year": row.year}
    place = getattr(row, "place", "") or None
    return page.Mention(name_as_written=row.name, citation=_citation(row), label=row.label or None, place=place, **more)


def _road(
    record: Record, geometry: BaseGeometry | None, length_km: float | None, mentions: tuple[page.Mention, ...]
) -> page.Road:
    return page.Road(
        **_known(record),
        type=record["type"],
        geometry=_geometry(geometry),
        is_test_road=bool(record.get("is_test_road")),
        status=record.get("status") or None,
        year=record.get("year"),
        length_km=length_km,
        unplaced_reason=record.get("unplaced_reason"),
        mentions=mentions,
    )


def _facility(record: Record, geometry: BaseGeometry | None, mentions: tuple[page.Mention, ...]) -> page.Facility:
    return page.Facility(
        **_known(record),
        type=record["type"],
        geometry=_geometry(geometry),
        status=record.get("status") or None,
        within=record.get("within") or None,
        within_source=record.get("within_source") or None,
        unplaced_reason=record.get("unplaced_reason"),
        mentions=mentions,
    )


def _points(
    project: Project, firms: Layer, coverage: CityCoverage, mentions: Sequence[Mention], plans: Sequence[str]
) -> page.Points:
    segments = {id_: position for position, id_ in enumerate(project.segments)}
    said: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        said[mention.id].append(mention)
    by_place = np.array([knowledge(r, g) in {Knowledge.WITHIN, Knowledge.ALONG} for r, g in firms], bool)
    position = np.array([_drawn_at(g) for g in firms.geometry], np.float64).reshape(-1, 2)
    named = [sum(1 << plans.index(p) for p in {m.plan for m in said[r["id"]]}) for r in firms.records]
    return page.Points(
        lon=position[:, 0],
        lat=position[:, 1],
        names=[record["name"] for record in firms.records],
        segment=np.array([segments[record["segment"]] for record in firms.records], np.int64),
        plans=np.array(named, np.int64),
        by_place=by_place,
        headquarters=np.array(
            [any(_HEADQUARTERS in mention.activity for mention in said[r["id"]]) for r in firms.records], bool
        ),
        cards=[_card(record, said[record["id"]]) for record in firms.records],
        initials=[initials_of([record["name"], *(record.get("aliases") or [])]) for record in firms.records],
        rows=_rows(firms, coverage),
        accuracy_m=np.array([float(r.get("accuracy_m") or np.nan) for r in firms.records], np.float64),
        gathered=_gathered(firms),
    )


def _gathered(firms: Layer) -> list[page.Gathered]:
    """Gather the firms of which only a place is known, by place."""
    inside: dict[str, list[int]] = defaultdict(list)
    for position, (record, geometry) in enumerate(firms):
        if knowledge(record, geometry) is Knowledge.WITHIN:
            inside[str(record["within"])].append(position)
    return [
        page.Gathered(
            place=place,
            members=np.array(members, np.intp),
            documented=sum(firms.records[i].get("within_basis") == Basis.DOCUMENT for i in members),
        )
        for place, members in inside.items()
    ]


def _drawn_at(geometry: BaseGeometry | None) -> tuple[float, float]:
    if geometry is None:
        return np.nan, np.nan
    middle: BaseGeometry = geometry if geometry.geom_type == "Point" else geometry.interpolate(0.5, normalized=True)
    return float(shapely.get_x(middle)), float(shapely.get_y(middle))


def _card(record: Record, mentions: Iterable[Mention]) -> page.PointCard:
    known = _known(record)
    known.pop("name")
    return page.PointCard(
        **known,
        kind=record.get("kind"),
        address=record.get("address") or None,
        within=record.get("within") or None,
        within_source=record.get("within_source") or None,
        unplaced_reason=record.get("unplaced_reason") or None,
        mentions=tuple(_mention(mention) for mention in mentions),
    )


def _rows(firms: Layer, coverage: CityCoverage) -> list[page.Row]:
    """Hand on the firms behind each count of the coverage table, so that the page can count them under a filter."""
    positions = firms.positions
    lost = np.array([positions[firm.id] for firm in coverage.unzoned], np.intp)
    places = {zone.id: zone.firms for zone in coverage.zones}
    return [
        *(_row(id_, behind) for id_, behind in places.items()),
        *(_row(_system_row(system.plan, system.id), system.firms) for system in coverage.systems),
        _row("total", coverage.firms),
        page.Row(row="unzoned", documented=lost),
    ]


def _row(name: str, behind: FirmsBehind) -> page.Row:
    drawn = behind.held is not None
    return page.Row(
        row=name,
        documented=behind.documented if len(behind.documented) else None,
        located=behind.located if drawn else None,
        possible=behind.possible if drawn else None,
        held=behind.held,
    )


def _system_row(plan: str, system: str) -> str:
    return f"system:{plan}:{system}"


def _curve(curve: Reach) -> page.ReachCurve:
    # The first radius is 0, where nothing is within reach; the page counts from the first step.
    step = int(curve.radii_m[1] - curve.radii_m[0])
    return page.ReachCurve(
        row=curve.id or "total",
        target="roads" if curve.source == TEST_ROADS else curve.source,
        step_m=step,
        area_share=tuple(round(share, 6) for share in curve.area_share[1:]),
        enterprise_share=tuple(round(share, 6) for share in curve.enterprise_share[1:])
        if curve.enterprise_share
        else (),
    )


def _overlaps(overlaps: Overlaps | None) -> tuple[page.Overlap, ...]:
    """Key what each pair of systems shares by plan and system."""
    return tuple(
        page.Overlap(
            a=_system_row(pair.a_plan, pair.a),
            b=_system_row(pair.b_plan, pair.b),
            area_km2=pair.shared_km2,
            share_of_a=pair.a_share,
            share_of_b=pair.b_share,
            jaccard=pair.jaccard,
            enterprises=len(set(pair.documented_both) | set(pair.inside_both)),
            geometry=_geometry(pair.ground, _SHARED_DECIMALS) if pair.shared_km2 else None,
        )
        for pair in (overlaps.pairs if overlaps else ())
        if pair.level == "system" and pair.shared_km2 is not None
    )


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.10g}"


def _indicator(standing: Standing) -> page.Indicator:
    return page.Indicator(
        id=standing.id,
        label=standing.label,
        label_en=standing.label_en or None,
        plan=standing.plan,
        citation=page.Citation(plan=standing.plan, file=standing.file, section=standing.section, line=standing.line),
        kind=standing.kind,
        target=standing.target,
        unit=standing.unit or None,
        year=standing.year,
        now=standing.now or None,
        lower_bound=standing.lower_bound,
        gap=_number(standing.gap),
        status=standing.status,
        status_label=STATUS_WORDS[standing.status][0],
        status_label_en=STATUS_WORDS[standing.status][1],
        reason=standing.basis or None,
        reason_en=standing.basis_en or None,
    )


def _parcels(relations: Iterable[Fact]) -> tuple[page.Parcel, ...]:
    return tuple(
        page.Parcel(
            place_id=row.object,
            kind=row.relation,
            name_as_written=row.object_name or row.name,
            citation=_citation(row),
            note=row.label or None,
            within=row.subject or None,
        )
        for row in relations
        if isinstance(row, Relation) and row.relation in _PARCEL_RELATIONS
    )


def _sources(project: Project, city: str) -> tuple[str, ...]:
    """List where the outlines of the districts and the ground come from, each once."""
    drawn = [*project.layer(city, "districts"), *project.ground(city)]
    return tuple(dict.fromkeys(str(r["geometry_source"]) for r, g in drawn if g is not None))


def _ground(project: Project, city: str) -> tuple[page.GroundShape, ...]:
    """Give what lies under the map, in the order in which its classes are drawn."""
    order = list(GROUND_CLASSES)
    shapes = [
        page.GroundShape(
            class_=record["class"],
            geometry=geometry,
            accuracy_m=float(record["accuracy_m"]),
            rank=int(record.get("rank") or 1),
            name=record.get("name") or None,
            name_en=record.get("name_en") or None,
        )
        for record, geometry in project.ground(city)
        if geometry is not None
    ]
    return tuple(sorted(shapes, key=lambda shape: (order.index(shape.class_), shape.rank)))


def _bounds(project: Project, city: str) -> tuple[float, float, float, float]:
    """West, south, east, north of what the page opens on: the city's district; without plans, what is drawn."""
    districts = project.layer(city, "districts")
    subject = project.city(city).subject
    own = [g for r, g in districts if g is not None and (r["id"] == subject if subject else r["role"] == "subject")]
    kinds = ("zones", "enterprises", "roads", "facilities")
    things = [g for kind in kinds for g in project.layer(city, kind).placed().geometry if g is not None]
    every = [g for g in districts.geometry if g is not None]
    zones = [g for g in project.layer(city, "zones").geometry if g is not None]
    planned = project.facts.of_city(city).plans
    chosen = (own or [*zones, *every] or things) if planned else (zones or things or own or every)
    if not chosen:
        return _CHINA
    west, south, east, north = (float(v) for v in shapely.total_bounds(chosen))
    wide, high = (max(0.0, (_LEAST_DEGREES - across) / 2) for across in (east - west, north - south))
    return west - wide, south - high, east + wide, north + high


def _layouts(systems: Iterable[page.System], as_of: date) -> tuple[tuple[str, str], ...]:
    """Give the days that show another layout than today's: the last of each superseded system, then today."""
    ends: dict[str, str] = {}
    for system in systems:
        if system.valid_to and system.valid_to <= as_of.isoformat():
            ends.setdefault(system.valid_to, system.horizon or system.valid_to[:4])
    days = [((date.fromisoformat(end) - timedelta(days=1)).isoformat(), ends[end]) for end in sorted(ends)]
    return (*days, (as_of.isoformat(), str(as_of.year))) if days else ()
