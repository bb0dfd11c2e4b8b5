"""Read a geometry from a cell: WKT, EWKT, WKB and EWKB in hex, GeoJSON, and the chains of corners of web maps."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from gis.io.rings import outline_of_rings

_SRID: Final = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;\s*(.*)", re.IGNORECASE | re.DOTALL)
_HEX: Final = re.compile(r"\s*(?:\\x|0x)?((?:00|01)[0-9a-f]{8,})\s*", re.IGNORECASE)
_NUMBER: Final = r"\s*[+-]?\d+(?:\.\d+)?\s*"
_CHAIN: Final = re.compile(rf"{_NUMBER},{_NUMBER}(?:[;|]{_NUMBER},{_NUMBER})+[;|]?")
_LEAST_RING: Final = 4


def parse_geometry(text: str, *, outlines: bool = True) -> tuple[BaseGeometry, int | None]:
    """The geometry that a text draws, in the order of its coordinates, and its SRID where it says one.

    Args:
        text: WKT, EWKT, WKB or EWKB in hex, GeoJSON, or corners like `121.1,31.2;121.2,31.2` with `|` between rings.
        outlines: whether a chain of corners that closes is an outline, or a line.

    Raises:
        ValueError: it is none of these, or damaged; the text says which.

    >>> parse_geometry("SRID=4490;POINT (121 31)")
    (<POINT (121 31)>, 4490)
    """
    plain = text.strip()
    try:
        if match := _SRID.fullmatch(plain):
            return shapely.from_wkt(match[2]), int(match[1]) or None
        if match := _HEX.fullmatch(plain):
            found = shapely.from_wkb(bytes.fromhex(match[1]))
            return found, int(shapely.get_srid(found)) or None
        if plain.startswith("{"):
            return _geojson(plain), None
        if _CHAIN.fullmatch(plain):
            return _chain(plain, outlines=outlines), None
        return shapely.from_wkt(plain), None
    except NotImplementedError as error:
        raise ValueError(
            f"the WKT {text[:40]!r} draws curves, which are not read: have it saved with straight lines"
        ) from error
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"the {_called(plain)} {text[:40]!r} cannot be understood") from error


def _called(text: str) -> str:
    if _SRID.fullmatch(text):
        return "EWKT"
    if _HEX.fullmatch(text):
        return "WKB"
    return "GeoJSON" if text.startswith("{") else "WKT"


def _geojson(text: str) -> BaseGeometry:
    document: Any = json.loads(text)
    if document.get("type") == "Feature":
        document = document["geometry"]
    return shape(document)


def _chain(text: str, *, outlines: bool) -> BaseGeometry:
    """The outline, or lines, of corners as web maps write them: longitude,latitude;… and | between rings."""
    rings = [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in ring.split(";") if pair.strip())]
        for ring in text.split("|")
        if ring.strip()
    ]
    if outlines and all(len(ring) >= _LEAST_RING and ring[0] == ring[-1] for ring in rings):
        return outline_of_rings(rings)
    lines = [shapely.LineString(ring) for ring in rings]
    return lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
