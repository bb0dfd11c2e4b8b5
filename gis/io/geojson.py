"""Read and write plain GeoJSON (RFC 7946): WGS 84, one feature a line, no crs member.

What is written is stable: features sorted by id, properties in the order given, coordinates rounded to 6 decimals
(0.1 m) and still valid, exterior rings counter-clockwise, two dimensions; the same features give the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import numpy as np
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from gis.base.errors import Fault, InputError, raise_if_any

DECIMALS: Final = 6
WGS84_NAMES: Final = re.compile(r"(urn:ogc:def:crs:)?(ogc:[\d.]*:crs84|epsg:[\d.]*:?4326)", re.IGNORECASE)


class Feature(NamedTuple):
    """One feature: its properties and its geometry (WGS 84, longitude before latitude), None where it has none."""

    properties: dict[str, Any]
    geometry: BaseGeometry | None


def dump_features(features: Iterable[tuple[dict[str, Any], BaseGeometry | None]], *, datum: str | None = None) -> bytes:
    """Return features as the bytes of a GeoJSON FeatureCollection.

    Args:
        features: Properties (with an `id`, if the order shall be stable) and geometry in WGS 84 of each feature.
        datum: What the member `datum` (a foreign member, RFC 7946, 6.1) says, for files that leave the project: a
            GeoJSON without a word may be WGS 84 or what a Chinese web map drew. No such member, where None.

    Raises:
        InputError: A geometry is empty, invalid, not finite, or vanishes when rounded; a property is no JSON value.

    >>> print(dump_features([({"id": "a"}, shapely.Point(121.12345678, 31))]).decode())
    {"type":"FeatureCollection","features":[
    {"type":"Feature","properties":{"id":"a"},"geometry":{"type":"Point","coordinates":[121.123457,31.0]}}
    ]}
    <BLANKLINE>
    """
    faults: list[Fault] = []
    lines = []
    for properties, geometry in sorted(features, key=lambda feature: str(feature[0].get("id", ""))):
        try:
            written = None if geometry is None else mapping(_rounded(geometry))
            feature = {"type": "Feature", "properties": dict(properties), "geometry": written}
            lines.append(json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
        except (ValueError, TypeError) as error:
            faults.append(Fault("GeoJSON", f"a feature cannot be written: {error}", properties.get("id")))
    raise_if_any(faults)
    body = ",\n".join(lines)
    said = "" if datum is None else f'"datum":{json.dumps(datum)},'
    return f'{{"type":"FeatureCollection",{said}"features":[\n{body}\n]}}\n'.encode()


def _rounded(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry as RFC 7946 wants it; ValueError where that cannot be."""
    if geometry.is_empty:
        raise ValueError("the geometry is empty")
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise ValueError("a coordinate is not a finite number")
    if not geometry.is_valid:
        raise ValueError(f"the geometry is not valid: {shapely.is_valid_reason(geometry)}")
    # Adding 0.0 turns -0.0 into 0.0.
    flat = shapely.transform(shapely.force_2d(geometry), lambda points: np.round(points, DECIMALS) + 0.0)
    if not flat.is_valid:
        flat = shapely.set_precision(shapely.force_2d(geometry), 10.0**-DECIMALS)
        flat = shapely.transform(flat, lambda points: np.round(points, DECIMALS) + 0.0)
    if flat.is_empty or not flat.is_valid or shapely.get_dimensions(flat) != shapely.get_dimensions(geometry):
        raise ValueError(f"the geometry is finer than {DECIMALS} decimals and vanishes when rounded")
    return shapely.orient_polygons(flat)


def read_features(path: Path, where: str | None = None) -> list[Feature]:
    """Read the features of a GeoJSON file.

    Args:
        path: The file.
        where: What to call the file in messages; its name by default.

    Raises:
        InputError: As `parse_features`, or the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError([Fault(where or path.name, f"cannot be read: {error.strerror or error}")]) from error
    return parse_features(data, where or path.name)


def parse_features(data: bytes, where: str = "GeoJSON") -> list[Feature]:
    """Return the features of the bytes of a GeoJSON FeatureCollection, Feature or geometry.

    Args:
        data: UTF-8, with or without a byte order mark.
        where: What to call the source in messages.

    Raises:
        InputError: As `parse_document` and `features_of`.
    """
    return features_of(parse_document(data, where), where)


def parse_document(data: bytes, where: str = "GeoJSON") -> Any:
    """Return the bytes of JSON (UTF-8, with or without a byte order mark) as what they say.

    Raises:
        InputError: It is not JSON, or nested too deeply.
    """
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise InputError([Fault(where, "is nested too deeply to be GeoJSON")]) from error
    except ValueError as error:
        raise InputError([Fault(where, f"is not readable as JSON: {error}")]) from error


def features_of(document: Any, where: str = "GeoJSON") -> list[Feature]:
    """Return the features of a JSON document that is a FeatureCollection, Feature or geometry.

    Raises:
        InputError: It is not GeoJSON, it has a `crs` member that is not WGS 84, or features are damaged; all damaged
            features are listed, numbered from 1.
    """
    faults = list(_crs_faults(document, where))
    found = []
    for number, feature in enumerate(_members(document, where), 1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            what = "is not a GeoJSON feature" if not isinstance(feature, dict) else "has properties without names"
            faults.append(Fault(where, f"{what}: {json.dumps(feature, ensure_ascii=False)[:60]}", number))
            continue
        try:
            geometry = None if feature["geometry"] is None else _geometry(feature["geometry"])
            found.append(Feature(dict(feature.get("properties") or {}), geometry))
        except (
            KeyError,
            IndexError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
            shapely.errors.ShapelyError,
        ) as error:
            faults.append(Fault(where, f"is not a GeoJSON feature: {_said(error)}", number))
    raise_if_any(faults)
    return found


def _said(error: Exception) -> str:
    """What is wrong with a feature, in words of the file and not of the language that reads it."""
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    if isinstance(error, ValueError) and not isinstance(error, shapely.errors.ShapelyError):
        return str(error).splitlines()[0][:120] if str(error) else "its geometry cannot be understood"
    return "its geometry cannot be understood (are its coordinates lists of numbers, as deep as its type wants?)"


def _geometry(document: dict[str, Any]) -> BaseGeometry:
    # Outlines are most of what is read, and `shape` goes through their points one by one in Python.
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        raise ValueError("its geometry has no type (Point, LineString, Polygon …)")
    if document["type"] == "Polygon" and document["coordinates"]:
        rings = [np.array(ring) for ring in document["coordinates"]]
        if all(ring.ndim == 2 for ring in rings):
            return shapely.Polygon(rings[0], rings[1:])
    return shape(document)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _members(document: Any, where: str) -> list[Any]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return list(document["features"])
    if kind == "Feature":
        return [document]
    if isinstance(document, dict) and "coordinates" in document and not isinstance(document.get("type"), str):
        what = 'is JSON with coordinates, but no "type" that says what they draw (Polygon, MultiPolygon …): add it'
        raise InputError([Fault(where, what)])
    if isinstance(document, dict) and ("coordinates" in document or "geometries" in document):
        return [{"geometry": document, "properties": {}}]
    what = "is not GeoJSON: there is neither a list of features nor a geometry"
    if isinstance(document, dict) and ("arcs" in document or "geometryType" in document):
        what = f"is {'TopoJSON' if 'arcs' in document else 'JSON of Esri'}, not GeoJSON: export it as GeoJSON"
    raise InputError([Fault(where, what)])


def _crs_faults(document: Any, where: str) -> Iterator[Fault]:
    if not isinstance(document, dict) or document.get("crs") is None:
        return
    crs = document["crs"]
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name")) if isinstance(properties, dict) else str(crs)
    if not WGS84_NAMES.fullmatch(name):
        yield Fault(
            where,
            f"has the crs member {name[:80]!r}; GeoJSON is WGS 84 (RFC 7946): convert the file, or name its datum",
        )
