"""Read any file with coordinates and give it back in WGS 84, with all its columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gis.base.errors import InputError, UsageError
from gis.earth.datum import Reference, parse_datum
from gis.intake.detective import Verdict, Witnesses, axes_of, detect, surroundings_of
from gis.intake.identity import gazetteer_of
from gis.intake.positions import Decision, Positions, convert_all, fault_rows, gather, witnesses_of
from gis.io.columns import ColumnMap, recognise
from gis.io.raw import RawTable
from gis.io.reading import read_table
from gis.io.systems import system_of
from gis.model.layers import Layer
from gis.model.project import Project

_COORDINATES = ("lon", "lat", "x", "y", "xy", "wkt")


@dataclass(frozen=True, slots=True)
class Converted:
    """A file in WGS 84: rows with their columns, the names of the two of coordinates, what is worth saying."""

    layer: Layer
    coordinates: tuple[str, str] | None
    notes: tuple[str, ...]


def read_wgs84(
    path: Path, from_: str | None, *, columns: dict[str, str], encoding: str | None = None, part: str | None = None
) -> Converted:
    """Read a file and convert its coordinates to WGS 84.

    Args:
        path: the file.
        from_: the datum of its coordinates; what the file says, where None.
        columns: meaning -> heading, as the user says.
        encoding: the encoding of its text; found where None.
        part: the sheet or layer that is meant.

    Raises:
        InputError: the file cannot be read, a coordinate cannot be understood or does not fit the datum.
        UsageError: neither the user nor the file says the datum.
        DatumError: the datum is none that is converted.
    """
    table = read_table(path, encoding=encoding, part=part, ignore_crs=from_ is not None)
    mapping = recognise(table.header, "enterprises", columns, cut=table.cut_names, datum=from_, where=table.name)
    positions = gather(table, mapping, repair=False)
    if positions.faults:
        raise InputError(fault_rows(table, positions.faults))
    reference = _reference(table, from_)
    first, second = _columns_of(positions)
    _, swapped, odd = axes_of(first, second)
    if odd.any():
        rows = [(int(i), "its coordinates do not fit the other rows") for i in np.flatnonzero(odd)]
        raise InputError(fault_rows(table, rows))
    convert_all(positions, Decision(reference, "", swapped=swapped), table.name)
    notes = [*table.notes, *positions.notes]
    if swapped:
        notes.append("latitude or northing stands first; read that way round")
    geometry = np.empty(len(table.rows), dtype=object)
    geometry[:] = positions.geometry
    kept = [name for name in table.header if table.spatial or name not in {mapping.roles.get(r) for r in _COORDINATES}]
    records = tuple({name: row.cells.get(name) for name in kept} for row in table.rows)
    return Converted(Layer("", "converted", records, geometry), _pair(table, mapping), tuple(notes))


def _reference(table: RawTable, from_: str | None) -> Reference:
    if from_ is not None:
        return parse_datum(from_)
    if table.crs is None:
        raise UsageError(
            f"{table.name} does not say its datum reliably: say --from wgs84 | gcj02 | bd09 | cgcs2000 | EPSG code"
        )
    return system_of(table.crs).reference


def _pair(table: RawTable, mapping: ColumnMap) -> tuple[str, str] | None:
    for first, second in (("lon", "lat"), ("x", "y")):
        if not table.spatial and first in mapping.roles and second in mapping.roles:
            return mapping.roles[first], mapping.roles[second]
    return None


def _columns_of(positions: Positions) -> tuple[Any, Any]:
    import shapely

    points = [None if geometry is None else shapely.get_coordinates(geometry)[0] for geometry in positions.geometry]
    first = np.array([np.nan if point is None else point[0] for point in points])
    second = np.array([np.nan if point is None else point[1] for point in points])
    return first, second


def detect_file(
    project: Project,
    path: Path,
    *,
    city: str | None,
    kind: str,
    columns: dict[str, str],
    encoding: str | None = None,
    part: str | None = None,
) -> tuple[str, Verdict]:
    """Ask the datum detective about a file.

    Args:
        project: what the evidence comes from.
        path: the file.
        city: the city that the rows belong to; the one that fits best, where None.
        kind: the kind of layer that the rows would become.
        columns: meaning -> heading, as the user says.
        encoding: the encoding of its text; found where None.
        part: the sheet or layer that is meant.

    Returns:
        the city, and the verdict.

    Raises:
        InputError: the file cannot be read.
        UnknownIdError: the project has no such city.
    """
    table = read_table(path, encoding=encoding, part=part, ignore_crs=True)
    mapping = recognise(table.header, kind, columns, cut=table.cut_names)
    positions = gather(table, mapping, repair=True)
    verdicts = []
    for id_ in [project.city(city).id] if city is not None else list(project.cities):
        names = gazetteer_of(project, id_)
        witnesses: Witnesses = witnesses_of(table, mapping, positions, names, kind)
        verdicts.append((id_, detect(witnesses, surroundings_of(project, id_))))
    return max(verdicts, key=lambda item: max((score.in_district or 0.0 for score in item[1].scores), default=0.0))
