"""Find the position of each row of a raw table, and decide which datum it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import DatumError, Fault
from gis.earth.datum import Datum, Projected, Reference, parse_datum
from gis.earth.geodesy import distance_m
from gis.earth.shifting import convert_geometries
from gis.intake.detective import Surroundings, Verdict, Witnesses, axes_of, detect
from gis.intake.identity import Gazetteer
from gis.intake.shapes import look_at_raw
from gis.io.columns import COORDINATES, ColumnMap, datum_hints, meaning
from gis.io.containers import refuse
from gis.io.geometry_text import parse_geometry
from gis.io.quantities import coordinate_step, is_blank, pair_steps, parse_coordinate, parse_pair
from gis.io.raw import RawTable
from gis.io.systems import System, system_of

# Formats that are WGS 84 by their standard, whatever a writer puts into them.
_PROMISES: Final[Mapping[str, str]] = {"geojson": "GeoJSON", "kml": "KML"}

# Larger numbers are metres.
_MOST_DEGREES: Final = 360

Floats = NDArray[np.float64]


@dataclass
class Positions:
    """The geometry of each row, in the order and system of the file until `convert_all` made it WGS 84.

    `faults` are by position in the table, `notes` about the whole file. `steps` holds, for points in degrees by
    position in the table, one unit of the last place that they are written to. `systems` holds the rows by the SRID
    that their geometries say.
    """

    geometry: list[BaseGeometry | None]
    steps: dict[int, float] = field(default_factory=dict)
    systems: dict[int, list[int]] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    repaired: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Decision:
    """The datum that was decided on, and why."""

    reference: Reference
    words: str
    evidence: tuple[str, ...] = ()
    swapped: bool = False
    declared: bool = False


def gather(table: RawTable, columns: ColumnMap, *, repair: bool, kind: str = "") -> Positions:
    """Take the geometry of each row from the file, a WKT column, or its coordinates, and check what can be checked."""
    found = Positions([None] * len(table.rows))
    for i, row in enumerate(table.rows):
        try:
            geometry = row.geometry if table.spatial else position_of(row.cells, columns.roles, kind)
        except ValueError as error:
            found.faults.append((i, str(error)))
            continue
        if geometry is None:
            continue
        if not table.spatial and shapely.get_srid(geometry):
            found.systems.setdefault(int(shapely.get_srid(geometry)), []).append(i)
        looked = look_at_raw(geometry, repair=repair)
        if looked.fault:
            found.faults.append((i, looked.fault))
        elif row.flaw and not repair:
            found.faults.append((i, f"{row.flaw}: it may be cut short; --repair closes it"))
        elif row.flaw:
            found.repaired.append((i, f"{row.flaw}; closed"))
        if looked.repaired:
            found.repaired.append((i, looked.repaired))
        for note in looked.notes:
            if note not in found.notes:
                found.notes.append(note)
        found.geometry[i] = looked.geometry
        if geometry.geom_type == "Point" and np.abs(shapely.get_coordinates(geometry)).max(initial=0) <= _MOST_DEGREES:
            found.steps[i] = _step(geometry, {} if table.spatial else row.cells, columns.roles)
    return found


def with_datums_of_rows(table: RawTable, columns: ColumnMap, positions: Positions, declared: str | None) -> RawTable:
    """Hear a column that says the datum of each row (坐标系): the table with that word as its own.

    Where rows are in several datums, their geometries are made WGS 84 here, each from its own.

    Raises:
        InputError: the column contradicts the datum that is declared.
    """
    if positions.systems and table.crs is None:
        codes = sorted(positions.systems)
        silent = [i for i, geometry in enumerate(positions.geometry) if geometry is not None]
        silent = sorted(set(silent) - {i for rows in positions.systems.values() for i in rows})
        if len(codes) > 1 or silent:
            shown = ", ".join(f"{code} ({len(positions.systems[code])} row(s))" for code in codes)
            more = f", none ({len(silent)} row(s))" if silent else ""
            raise refuse(table.name, f"its geometries are of several SRIDs: {shown}{more}; import them one by one")
        return table if declared is not None else replace(table, crs=f"EPSG:{codes[0]}")
    column = columns.roles.get("datum")
    placed = [i for i, geometry in enumerate(positions.geometry) if geometry is not None]
    said = {i: table.rows[i].cells.get(column or "") for i in placed}
    if column is None or table.crs is not None or all(is_blank(cell) for cell in said.values()):
        return table
    groups: dict[Reference, list[int]] = {}
    for i, cell in said.items():
        try:
            reference = _row_datum(declared if is_blank(cell) else str(cell))
        except ValueError as error:
            positions.faults.append((i, f"{column}: {error}"))
            positions.geometry[i] = None
            continue
        groups.setdefault(reference, []).append(i)
    given = None if declared is None else parse_datum(declared)
    other = next((reference for reference in groups if given is not None and not _same(reference, given)), None)
    if other is not None:
        raise refuse(
            table.name,
            f"--datum is {declared}, but {column} says {other} in {len(groups[other])} row(s): leave out --datum, or "
            "say --map datum= to pass over the column",
            table.rows[groups[other][0]].number,
        )
    if given is not None or not groups:
        return table
    shown = ", ".join(f"{reference} ({len(rows)})" for reference, rows in groups.items())
    positions.notes.append(f"{column} says the datum of each row: {shown}")
    if len(groups) == 1:
        (reference,) = groups
        metres = max(np.abs(shapely.get_coordinates(positions.geometry[i])).max() for i in groups[reference])
        if reference is Datum.CGCS2000 and metres > _MOST_DEGREES:
            return replace(table, preamble=(*table.preamble, "CGCS2000"))
        return replace(table, crs=str(reference))
    for reference, rows in groups.items():
        array = np.array([positions.geometry[i] for i in rows], dtype=object)
        try:
            converted = convert_geometries(array, reference, Datum.WGS84)
        except DatumError as error:
            raise refuse(
                table.name, f"as {reference}, which {column} says: {error}", table.rows[rows[0]].number
            ) from error
        for i, geometry in zip(rows, converted, strict=True):
            positions.geometry[i] = geometry
    return replace(table, crs=str(Datum.WGS84))


def _row_datum(text: str | None) -> Reference:
    """The datum that a cell names.

    Raises:
        ValueError: it names none that is converted, or nothing.
    """
    if text is None:
        raise ValueError("is empty, while other rows say their datum: fill it, or say --datum for the rows without it")
    found = {datum for datum, _ in datum_hints([text])}
    if found & {"old", "local"}:
        raise ValueError(f"{text[:30]!r} is never converted here: have the surveying office convert it to CGCS2000")
    if len(found) == 1:
        return Datum(found.pop())
    try:
        return parse_datum(text.strip())
    except DatumError as error:
        raise ValueError(f"{text[:30]!r} names no datum that is read: write WGS84, GCJ02, BD09, CGCS2000") from error


def _same(one: Reference, other: Reference) -> bool:
    metres = isinstance(one, Projected) != isinstance(other, Projected) and Datum.CGCS2000 in (one, other)
    return one == other or {one, other} <= {Datum.WGS84, Datum.CGCS2000} or metres


def _step(point: BaseGeometry, cells: Mapping[str, Any], roles: Mapping[str, str]) -> float:
    """One unit of the last place of the coarser coordinate of a point, in degrees.

    Numbers that were never text in the file do not keep the zeros at their end: they are taken to have as many places
    as the finer one of the two.
    """
    written: list[Any] = []
    if "wkt" not in roles or is_blank(cells.get(roles["wkt"])):
        for first, second in (("lon", "lat"), ("x", "y")):
            if not written and first in roles and second in roles and not is_blank(cells.get(roles[first])):
                written = [cells[roles[first]], cells[roles[second]]]
        if not written and "xy" in roles and not is_blank(cells.get(roles["xy"])):
            return max(pair_steps(cells[roles["xy"]]))
    texts = [cell for cell in written if isinstance(cell, str)]
    if texts:
        return max(map(coordinate_step, texts))
    return min(coordinate_step(float(number)) for number in shapely.get_coordinates(point)[0])


def rounding_m(positions: Positions, i: int) -> float:
    """How far a row's point may be off by the places that its coordinates were written to, in metres; 0 where unknown.

    That is the corner of half a unit of the last place both ways, which holds every true position. The row's geometry
    is WGS 84 already.
    """
    point, step = positions.geometry[i], positions.steps.get(i, 0.0)
    if point is None or point.geom_type != "Point" or not step:
        return 0.0
    x, y = shapely.get_x(point), shapely.get_y(point)
    return float(distance_m(x, y, x + step / 2, y + (step / 2 if y < 0 else -step / 2)))


def position_of(cells: Mapping[str, Any], roles: Mapping[str, str], kind: str = "") -> BaseGeometry | None:
    """The geometry that cells state; the first coordinate is the one in the column of longitude, easting or X.

    Raises:
        ValueError: a cell cannot be understood, or only one of two coordinates is there.
    """
    if "wkt" in roles and not is_blank(cells.get(roles["wkt"])):
        geometry, srid = parse_geometry(str(cells[roles["wkt"]]), outlines=kind != "roads")
        return geometry if srid is None else shapely.set_srid(geometry, srid)
    for first, second in (("lon", "lat"), ("x", "y")):
        if first in roles and second in roles:
            one, other = cells.get(roles[first]), cells.get(roles[second])
            if is_blank(one) != is_blank(other):
                lacking = roles[first] if is_blank(one) else roles[second]
                raise ValueError(f"has only one of two coordinates: {lacking} is empty")
            if not is_blank(one):
                x, y = parse_coordinate(one), parse_coordinate(other)
                return None if x is None or y is None else shapely.Point(x, y)
    if "xy" in roles:
        pair = parse_pair(cells.get(roles["xy"]))
        return None if pair is None else shapely.Point(pair)
    return None


def witnesses_of(table: RawTable, columns: ColumnMap, positions: Positions, names: Gazetteer, kind: str) -> Witnesses:
    """The rows as evidence for the datum detective: where each is, and what it says of its place, name and road."""
    points = [None if geometry is None else _representative(geometry, kind) for geometry in positions.geometry]
    first = np.array([np.nan if point is None else point[0] for point in points])
    second = np.array([np.nan if point is None else point[1] for point in points])

    def text(row: int, role: str) -> str | None:
        cell = table.rows[row].cells.get(columns.roles.get(role, ""))
        return None if is_blank(cell) else str(cell)

    count = range(len(table.rows))
    places = [names.place(text(i, "park")) or names.place_within(text(i, "address")) for i in count]
    roads = [names.road_within(text(i, "address")) for i in count]
    known = [_known(names, kind, text(i, "name"), text(i, "uscc")) for i in count]
    # What headings of coordinates that are not used say is of those, not of these.
    used = set(columns.roles.values())
    headings = [name for name in table.header if name in used or meaning(name, kind) not in COORDINATES]
    words = datum_hints([*headings, *table.preamble, table.part or "", table.name])
    return Witnesses(first, second, places, known, roads, words, [text(i, "address") for i in count])


def _representative(geometry: BaseGeometry, kind: str) -> tuple[float, float]:
    point = geometry if geometry.geom_type == "Point" else shapely.centroid(geometry)
    if kind == "roads":
        point = shapely.line_interpolate_point(shapely.get_parts(geometry)[0], 0.5, normalized=True)
    if point is None or point.is_empty:
        point = shapely.points(shapely.get_coordinates(geometry)[0])
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def _known(names: Gazetteer, kind: str, name: str | None, code: str | None) -> str | None:
    if code and len(names.codes.get(code, ())) == 1:
        return names.codes[code][0]
    found = names.same(kind, name) if name else []
    return found[0] if len(found) == 1 else None


def decide(
    table: RawTable,
    positions: Positions,
    witnesses: Witnesses,
    around: Surroundings,
    declared: str | None,
    *,
    swap: bool,
    command: str = "gis import",
) -> Decision:
    """Decide on the datum: as declared, else as the file says unless the evidence is sure of another, else as detected.

    That a format means WGS 84 by its standard (GeoJSON, KML) is no word of the file: web maps in China write the same
    formats with shifted coordinates. Such a file is taken for WGS 84 only where the evidence is sure of it.

    Args:
        table: the file as read.
        positions: where its rows are, in its own coordinates.
        witnesses: its rows as evidence.
        around: what the project knows around the city.
        declared: the datum that the user says, or None.
        swap: the user says that latitude stands first.
        command: how the command begins that a message tells to run.

    Raises:
        InputError: nothing is declared and the detective is not sure; or the file contradicts itself; or it is of an
            old or local system; or longitude and latitude are swapped and `swap` does not say so.
        DatumError: `declared` names no datum that is converted.
    """
    where = table.name
    if all(geometry is None for geometry in positions.geometry):
        given = parse_datum(declared) if declared else Datum.WGS84
        return Decision(given, "no row has coordinates")
    unit, swapped, odd = axes_of(witnesses.first, witnesses.second)
    for i in np.flatnonzero(odd).tolist():
        shown = f"{witnesses.first[i]:.10g}, {witnesses.second[i]:.10g}"
        positions.faults.append(
            (i, f"the coordinates {shown} do not fit the other rows (swapped, cut off, or elsewhere?)")
        )
        positions.geometry[i] = None
    verdict = detect(witnesses, around)
    decision = _reference(table, verdict, witnesses, declared, unit, command)
    if declared is None and table.crs is not None and unit == "degrees" and not verdict.sure:
        positions.notes.append(
            f"that the datum is {decision.reference} rests on the file's own word: the evidence is not sure of it; "
            "if it was drawn on Amap or Baidu, undo this and say --datum gcj02 or bd09"
        )
    if unit == "unclear":
        if decision.declared:
            return decision
        raise refuse(where, "; ".join(verdict.reasons))
    if swapped and unit == "degrees":
        in_one_cell = not table.spatial and any(meaning(name, None) == "xy" for name in table.header)
        if not swap and not in_one_cell:
            row = int(np.flatnonzero(np.isfinite(witnesses.first))[0])
            raise refuse(
                where,
                "longitude and latitude are swapped: the first coordinate is a latitude "
                f"({witnesses.first[row]:g}, {witnesses.second[row]:g}); say --swap to read them the other way round",
            )
        positions.notes.append("latitude stands before longitude; read that way round")
    elif swapped:
        positions.notes.append("X is north and Y is east, as in survey tables, by the size of the numbers")
    return replace(decision, swapped=swapped)


def _reference(
    table: RawTable, verdict: Verdict, witnesses: Witnesses, declared: str | None, unit: str, command: str
) -> Decision:
    where, reasons = table.name, verdict.reasons
    if declared is not None:
        return _declared(parse_datum(declared), verdict, unit, where)
    if table.crs is not None:
        try:
            system = system_of(table.crs)
        except DatumError as error:
            raise refuse(where, str(error)) from error
        return _said(system, verdict, unit, where)
    old = [text for datum, text in witnesses.words if datum in {"old", "local"}]
    if old:
        raise refuse(
            where,
            f"says {old[0][:40]!r}: 西安80, 北京54 and city grids are never taken for CGCS2000; "
            "have the surveying office convert the file, or say --datum if it is converted already",
        )
    # What 奥维 writes is KML by its form alone: it is GCJ-02, and says so by its ending or a word of its own.
    own = any(datum == "gcj02" and "ov" in text.lower() for datum, text in witnesses.words)
    promise = None if own and table.format == "kml" else _PROMISES.get(table.format)
    if verdict.reference is None or not verdict.sure:
        likely = "" if verdict.reference is None else f" (most likely {verdict.reference}, {verdict.probability:.0%})"
        raise refuse(
            where,
            f"does not say which datum its coordinates are in{_standing(promise)}, and the evidence is not sure"
            f"{likely}: say --datum, as in {command} --datum wgs84 (GPS, Google Earth, a survey) | gcj02 (Amap, "
            f"Tencent) | bd09 (Baidu) | cgcs2000 | EPSG code. {'; '.join(reasons)}",
        )
    if promise and not _agree(Datum.WGS84, verdict.reference):
        raise refuse(
            where,
            f"is {promise}, which means WGS 84, but the evidence speaks for {verdict.reference} "
            f"({verdict.probability:.1%}): run {command} --datum {verdict.reference}, or --datum wgs84 to insist. "
            f"{'; '.join(reasons)}",
        )
    if isinstance(verdict.reference, Projected):
        return _metres(verdict, witnesses, where)
    return Decision(verdict.reference, f"detected: {verdict.reference} ({verdict.probability:.1%})", reasons)


def _standing(promise: str | None) -> str:
    if promise is None:
        return ""
    return f" (as {promise} it should be WGS 84, but many that are drawn on Chinese web maps are not)"


def _metres(verdict: Verdict, witnesses: Witnesses, where: str) -> Decision:
    """The zone that numbers in metres give, where a title, heading or the file's name says that they are CGCS2000."""
    said = [text for datum, text in witnesses.words if datum == "cgcs2000"]
    if not said or verdict.reference is None:
        raise refuse(
            where,
            f"holds metres of the zone of {verdict.reference}, but does not say of which system; numbers cannot tell "
            "CGCS2000 from 西安80 or 北京54 (up to 150 m apart): say --datum cgcs2000 if the surveying office says so",
        )
    words = f"{said[0][:40]!r} says CGCS2000; by its numbers {verdict.reference}"
    return Decision(verdict.reference, words, verdict.reasons, declared=True)


def _declared(reference: Reference, verdict: Verdict, unit: str, where: str) -> Decision:
    if reference is Datum.CGCS2000 and unit == "metres":
        # The user says CGCS2000; which zone is what the numbers and the city say.
        if not isinstance(verdict.reference, Projected) or not verdict.sure:
            raise refuse(
                where, f"holds metres, and its zone is not clear: say --datum EPSG:… ({'; '.join(verdict.reasons)})"
            )
        words = f"declared: CGCS2000; by its numbers {verdict.reference}"
        return Decision(verdict.reference, words, verdict.reasons, declared=True)
    evidence = verdict.reasons
    if verdict.sure and verdict.reference is not None and not _agree(reference, verdict.reference):
        evidence = (
            f"the evidence speaks for {verdict.reference} ({verdict.probability:.1%}): check the datum",
            *evidence,
        )
    return Decision(reference, f"declared: {reference}", evidence, declared=True)


def _said(system: System, verdict: Verdict, unit: str, where: str) -> Decision:
    reference = system.reference
    if unit == "degrees" and isinstance(reference, Projected):
        raise refuse(where, f"says {system.words} (metres), but its coordinates are degrees: say --datum")
    if unit == "metres" and not isinstance(reference, Projected):
        raise refuse(where, f"says {system.words} (degrees), but its coordinates are metres: say --datum EPSG:…")
    if verdict.sure and verdict.reference is not None and not _agree(reference, verdict.reference):
        raise refuse(
            where,
            f"says {system.words}, but the evidence speaks for {verdict.reference} ({verdict.probability:.1%}): "
            f"say --datum {verdict.reference}, or --datum {reference} to insist. {'; '.join(verdict.reasons)}",
        )
    evidence = (*system.notes, *verdict.reasons)
    return Decision(reference, f"the file says {system.words}", evidence, declared=True)


def _agree(one: Reference, other: Reference) -> bool:
    """Whether two references name the same positions; projected ones are not told apart by evidence."""
    if isinstance(one, Projected) or isinstance(other, Projected):
        return True
    same = {Datum.WGS84, Datum.CGCS2000}
    return one == other or {one, other} <= same


def convert_all(positions: Positions, decision: Decision, where: str) -> None:
    """Make every geometry WGS 84, longitude first.

    Raises:
        InputError: coordinates cannot be of the datum decided on.
    """
    placed = [i for i, geometry in enumerate(positions.geometry) if geometry is not None]
    array = np.array([positions.geometry[i] for i in placed], dtype=object)
    if decision.swapped:
        array = shapely.transform(array, lambda points: points[:, ::-1])
    try:
        converted = convert_geometries(array, decision.reference, Datum.WGS84)
    except DatumError as error:
        raise refuse(where, f"as {decision.reference}: {error}") from error
    for i, geometry in zip(placed, converted, strict=True):
        if not np.isfinite(shapely.get_coordinates(geometry)).all():
            positions.faults.append((i, f"its coordinates cannot be of {decision.reference}"))
            positions.geometry[i] = None
        else:
            positions.geometry[i] = geometry


def fault_rows(table: RawTable, faults: Sequence[tuple[int, str]]) -> list[Fault]:
    """Faults by position as faults by row of the file."""
    return [Fault(table.name, what, table.rows[i].number) for i, what in faults]
