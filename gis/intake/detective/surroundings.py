"""Collect what a project knows around a city, and what the rows of a file say: the witnesses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.model.layers import Layer

if TYPE_CHECKING:
    from gis.model.project import Project

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outline:
    """A place, district or road that the project knows: WGS 84, with the accuracy that its layer states."""

    name: str
    geometry: BaseGeometry
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a project knows around a city: its districts, the outlines of places, positions, and roads, by id.

    `divisions` are districts by the name that an address gives them; with the outline of older times, where it differs.
    """

    city: str
    subject: BaseGeometry | None
    subject_accuracy_m: float
    places: Mapping[str, Outline]
    positions: Mapping[str, Outline]
    roads: Mapping[str, Outline]
    divisions: Mapping[str, Outline] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The rows of a file as evidence; all of one length.

    `first` and `second` are the coordinates in the order of the file (longitude or easting first, if it keeps to it);
    `places`, `known` and `roads` are the ids that each row names, or None. `words` are datums named in headings or
    titles, with the text; `addresses` the addresses as written.
    """

    first: Floats
    second: Floats
    places: Sequence[str | None] = ()
    known: Sequence[str | None] = ()
    roads: Sequence[str | None] = ()
    words: Sequence[tuple[str, str]] = ()
    addresses: Sequence[str | None] = ()


def surroundings_of(project: Project, city: str) -> Surroundings:
    """Collect what a project knows around a city."""
    districts = project.layers.get((city, "districts"))
    subject = None
    accuracy = 0.0
    places: dict[str, Outline] = {}
    if districts is not None:
        own = [
            (record, geometry)
            for record, geometry in districts.holding_on(project.as_of)
            if geometry is not None
            and record.get("role") == "subject"
            and record.get("level") in {"district", "county"}
        ]
        if own:
            subject = shapely.union_all([geometry for _, geometry in own])
            accuracy = max(float(record.get("accuracy_m") or 0) for record, _ in own)
        places |= _outlines(districts, {"Polygon", "MultiPolygon"})
    zones = project.layers.get((city, "zones"))
    positions: dict[str, Outline] = {}
    if zones is not None:
        places |= _outlines(zones, {"Polygon", "MultiPolygon"})
        positions |= _outlines(zones, {"Point"})
    for kind in ("enterprises", "facilities"):
        layer = project.layers.get((city, kind))
        if layer is not None:
            positions |= _outlines(layer, {"Point"})
    divisions: dict[str, Outline] = {}
    for record, geometry in districts or ():
        if geometry is not None and record.get("level") in {"district", "county", "historic"}:
            name = re.sub(r"[(（].*", "", str(record.get("name") or ""))
            one = Outline(name, geometry, float(record.get("accuracy_m") or 0))
            other = divisions.get(name, one)
            divisions[name] = Outline(
                name, shapely.union(one.geometry, other.geometry), max(one.accuracy_m, other.accuracy_m)
            )
    roads = project.layers.get((city, "roads"))
    lines = {} if roads is None else _outlines(roads, {"LineString", "MultiLineString"})
    return Surroundings(city, subject, accuracy, places, positions, lines, divisions)


def _outlines(layer: Layer, types: set[str]) -> dict[str, Outline]:
    return {
        record["id"]: Outline(str(record.get("name") or record["id"]), geometry, float(record.get("accuracy_m") or 0))
        for record, geometry in layer
        if geometry is not None and geometry.geom_type in types
    }
