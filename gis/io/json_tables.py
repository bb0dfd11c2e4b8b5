"""Read JSON that is no GeoJSON: what the place searches of web maps answer, and the features of Esri."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from gis.io.containers import refuse
from gis.io.raw import RawRow, RawTable, tidy
from gis.io.rings import outline_of_rings

# Where an answer keeps its places, and of which web map it is: the words that are told to the datum detective.
_LISTS: Final[Mapping[str, str]] = {"pois": "高德", "tips": "高德", "geocodes": "高德", "data": "腾讯", "results": ""}
# Numbers of systems that are Esri's own begin here; two of them are Web Mercator.
_OWN_CODES: Final = 37_000
_WEB_MERCATOR: Final = frozenset({102100, 102113})


def table_of_json(document: Any, where: str, *, ignore_crs: bool) -> RawTable | None:
    """The table in a JSON document of Esri or of a place search; None where it is neither.

    Raises:
        InputError: it is one of these, and cannot be read.
    """
    if isinstance(document, dict) and isinstance(document.get("features"), list) and _is_esri(document):
        return _esri(document, where, ignore_crs=ignore_crs)
    if isinstance(document, dict):
        for key, maker in _LISTS.items():
            places = document.get(key)
            if isinstance(places, list) and _are_places(places):
                return _places(places, where, maker)
    if isinstance(document, list) and _are_places(document):
        return _places(document, where, "高德" if "typecode" in document[0] or "adname" in document[0] else "")
    return None


def _are_places(places: Sequence[Any]) -> bool:
    return bool(places) and all(isinstance(place, dict) and "location" in place for place in places)


def _places(places: Sequence[Mapping[str, Any]], where: str, maker: str) -> RawTable:
    flat = [_flat(place) for place in places]
    header = tuple(dict.fromkeys(name for cells in flat for name, cell in cells.items() if cell is not None))
    rows = tuple(RawRow(n, {name: cells.get(name) for name in header}) for n, cells in enumerate(flat, 1))
    words = (f"{maker} (what its place search answers)",) if maker else ()
    return RawTable(where, "json", None, header, rows, encoding="utf-8", preamble=words)


def _flat(place: Mapping[str, Any]) -> dict[str, Any]:
    """A place as cells: what lies deeper as `location.lng`, lists joined, empty lists (Amap's nothing) as nothing."""
    cells: dict[str, Any] = {}
    for name, value in place.items():
        if isinstance(value, dict):
            cells |= {f"{name}.{key}": cell for key, cell in _flat(value).items()}
        elif isinstance(value, list):
            cells[str(name)] = "; ".join(str(part) for part in value if not isinstance(part, dict | list)) or None
        else:
            cells[str(name)] = tidy(value)
    return cells


def _is_esri(document: Mapping[str, Any]) -> bool:
    first = document["features"][0] if document["features"] else None
    return "geometryType" in document or (isinstance(first, dict) and "attributes" in first)


def _esri(document: Mapping[str, Any], where: str, *, ignore_crs: bool) -> RawTable:
    if not document["features"]:
        raise refuse(where, "is JSON of Esri without features")
    rows = []
    for number, feature in enumerate(document["features"], 1):
        attributes = feature.get("attributes") if isinstance(feature, dict) else None
        if not isinstance(attributes, dict):
            raise refuse(where, "is JSON of Esri, but this is no feature with attributes", number)
        try:
            geometry = _esri_geometry(feature.get("geometry"))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError) as error:
            why = str(error) if isinstance(error, ValueError) else "its coordinates are no lists of numbers"
            raise refuse(where, f"its geometry cannot be understood: {why[:120]}", number) from error
        rows.append(RawRow(number, {str(name): tidy(value) for name, value in attributes.items()}, geometry))
    header = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    kept = tuple(RawRow(row.number, {n: row.cells.get(n) for n in header}, row.geometry) for row in rows)
    crs = None if ignore_crs else _esri_system(document.get("spatialReference"))
    return RawTable(where, "esri-json", None, header, kept, spatial=True, crs=crs, encoding="utf-8")


def _esri_geometry(geometry: Any) -> BaseGeometry | None:
    """A geometry of Esri: x and y, points, paths, or rings, of which one within another is a hole.

    Raises:
        ValueError: it draws curves, or its rings cross.
    """
    if geometry is None:
        return None
    if "curveRings" in geometry or "curvePaths" in geometry:
        raise ValueError("it draws curves, which are not read: have it saved with straight lines")
    if "rings" in geometry:
        return outline_of_rings([[tuple(point[:2]) for point in ring] for ring in geometry["rings"]])
    if "paths" in geometry:
        lines = [shapely.LineString([point[:2] for point in path]) for path in geometry["paths"]]
        return lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
    if "points" in geometry:
        return shapely.MultiPoint([point[:2] for point in geometry["points"]])
    if geometry.get("x") in (None, "NaN"):
        return None
    return shapely.Point(float(geometry["x"]), float(geometry["y"]))


def _esri_system(said: Any) -> str | None:
    if not isinstance(said, dict):
        return None
    if isinstance(said.get("wkt"), str):
        return str(said["wkt"])
    code = said.get("latestWkid", said.get("wkid"))
    if not isinstance(code, int):
        return None
    if code in _WEB_MERCATOR:
        return "EPSG:3857"
    return f"EPSG:{code}" if code < _OWN_CODES else f"ESRI:{code}"
