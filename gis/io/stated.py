"""Say what a file of geometries states of its own system, where its format promises one that it may not keep.

GDAL takes GeoJSON, KML and GPX for WGS 84 whatever is in them, as their standards say; web maps in China write the same
formats with shifted coordinates. So these formats count as silent unless the file itself says its datum.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from gis.base.errors import InputError
from gis.earth.datum import Reference
from gis.io.systems import system_of

_MARKUP: Final = re.compile(rb"<(?:\w+:)?(kml|gpx|rss|feed|osm)[\s>]", re.IGNORECASE)
# Esri's JSON is no GeoJSON: GDAL gives it the system that it names, or none.
_ESRI: Final = re.compile(rb'"(geometryType|spatialReference)"\s*:')
_PROMISING: Final = frozenset(["GeoJSON", "GeoJSONSeq", "TopoJSON", "JSONFG", "KML", "LIBKML", "GPX", "GeoRSS", "OSM"])
_HEAD_BYTES: Final = 1 << 16


def stated_system(path: Path, read: Any) -> Any:
    """Return what a file states of its system: a reference, or `read` where its format promises nothing; else None.

    Args:
        path: the file; it has been read already.
        read: the system that the reader gave, or None.

    Raises:
        DatumError: the file names a system that is not converted.
    """
    if read is None or not path.is_file() or not _promises(path):
        return read
    return _crs_member(path) or _word(path)


def _promises(path: Path) -> bool:
    """Whether a file is of a format that GDAL takes for WGS 84 without a word of the file."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] in {b"{", b"[", b"\x1e"}:
        return not _ESRI.search(head)
    if head[:1] == b"<":
        return _MARKUP.search(head) is not None
    if head[:2] in {b"PK", b"\x1f\x8b"}:
        import pyogrio

        return pyogrio.read_info(path)["driver"] in _PROMISING
    return False


def _crs_member(path: Path) -> Reference | None:
    """The system of the `crs` member of the old GeoJSON, which names one of any kind."""
    data = path.read_bytes()
    if b'"crs"' not in data:
        return None
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    crs = document.get("crs") if isinstance(document, dict) else None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return system_of(name).reference if isinstance(name, str) and name else None


def _word(path: Path) -> Reference | None:
    """What the readers of the intake find said in the file."""
    from gis.io.reading import read_table

    try:
        said = read_table(path, ignore_crs=True).crs
    except InputError:
        return None
    return None if said is None else system_of(said).reference
