"""Read the files of geographic programs: what GDAL opens, GeoJSON, KML and GeoParquet."""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import shapely
from shapely.geometry import shape

from gis.base.errors import InputError
from gis.io import gdal
from gis.io.containers import refuse
from gis.io.encodings import garbled_as, known_encoding
from gis.io.gdal import check_tables_only, fiona_with_options
from gis.io.json_tables import table_of_json
from gis.io.quantities import is_blank
from gis.io.raw import FOLDER, MAX_ROWS, RawRow, RawTable, Wish, choose, reason_of, tidy


def read_geojson(path: Path, wish: Wish) -> RawTable:
    """Read GeoJSON; what it says of its datum is a `crs` member (the old way) or the member `datum` of `gis export`.

    Raises:
        InputError: it is damaged, or has a `crs` member that is not WGS 84 (unless `wish` overrules it).
    """
    from gis.io.geojson import features_of, parse_document

    document = parse_document(path.read_bytes(), wish.where)
    other = table_of_json(document, wish.where, ignore_crs=wish.ignore_crs)
    if other is not None:
        return other
    said: dict[str, Any] = document if isinstance(document, dict) else {}
    member = said.pop("crs", None)
    crs = None if wish.ignore_crs or member is None else _crs_member(member, wish.where)
    features = features_of(document, wish.where)
    if isinstance(said.get("datum"), str):
        crs = said["datum"]
    header = tuple(dict.fromkeys(name for feature in features for name in feature.properties))
    members = said["features"] if said["type"] == "FeatureCollection" else [said]
    rows = tuple(
        RawRow(
            number,
            {name: feature.properties.get(name) for name in header},
            feature.geometry,
            "a ring is not closed" if _is_open(member.get("geometry", member)) else None,
        )
        for number, (feature, member) in enumerate(zip(features, members, strict=True), 1)
    )
    # What the atlas of Aliyun writes beside each district; its outlines are those of Amap.
    marks = {"childrenNum", "subFeatureIndex", "acroutes", "centroid", "parent"} & set(header)
    atlas = ("DataV.GeoAtlas",) if "subFeatureIndex" in marks or ("adcode" in header and marks) else ()
    return RawTable(wish.where, "geojson", None, header, rows, spatial=True, crs=crs, encoding="utf-8", preamble=atlas)


def _crs_member(member: Any, where: str) -> str:
    """What the old member `crs` of GeoJSON says, as GDAL and QGIS write it.

    Raises:
        InputError: it names no system, but links to one, or says nothing.
    """
    from gis.io.geojson import WGS84_NAMES

    properties = member.get("properties") if isinstance(member, dict) else None
    said = properties if isinstance(properties, dict) else {}
    name = said.get("name") if isinstance(said.get("name"), str) else member if isinstance(member, str) else None
    if name is None and isinstance(said.get("code"), int | str):
        name = f"EPSG:{said['code']}"
    if name is None:
        shown = str(member)[:60]
        raise refuse(where, f"has a crs member that names no system ({shown}): say --datum, which goes before it")
    return "EPSG:4326" if WGS84_NAMES.fullmatch(name) else name


def _is_open(geometry: Any) -> bool:
    """Whether a polygon of GeoJSON has a ring that does not end where it begins, as one cut short would."""
    kind = None if geometry is None else geometry.get("type")
    if kind not in {"Polygon", "MultiPolygon"}:
        return False
    polygons = [geometry["coordinates"]] if kind == "Polygon" else geometry["coordinates"]
    return any(ring and ring[0] != ring[-1] for rings in polygons for ring in rings)


def read_gdal(path: Path, wish: Wish, driver: str) -> RawTable:
    """Read with fiona; what it cannot read of the geometry is a fault of the row."""
    from fiona._err import CPLE_BaseError
    from fiona.errors import FionaError

    options = {} if wish.encoding is None else {"encoding": wish.encoding}
    # SystemError and UnboundLocalError: fiona's ways to fail at what GDAL says while a property is read.
    failures = (
        FionaError,
        CPLE_BaseError,
        OSError,
        RuntimeError,
        ValueError,
        TypeError,
        SystemError,
        UnboundLocalError,
    )
    part = None
    # What GDAL has to say is said here, as faults; its log would say it again in its own words.
    log = logging.getLogger("fiona")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    try:
        with fiona_with_options() as fiona:
            if driver in {"GPKG", "OpenFileGDB", "GML"}:
                part = choose({name: name for name in _layers(fiona, path, driver)}, wish.part, wish.where)
                options["layer"] = part
            with fiona.open(path, driver=driver, **options) as source:
                crs = source.crs_wkt or None
                header = tuple(source.schema["properties"])
                expected = None if driver in {"DXF", "GML", "MapInfo File"} else len(source)
                rows = list(_fiona_rows(source, wish.where))
    except InputError:
        raise
    except failures as error:
        raise refuse(wish.where, f"is damaged, or not {driver}: {reason_of(error)}") from error
    finally:
        log.propagate = True
    if expected is not None and expected != len(rows):
        raise refuse(wish.where, f"is cut off: it says {expected} features, and {len(rows)} can be read")
    return RawTable(wish.where, driver, part, header, tuple(rows), spatial=True, crs=crs, encoding=wish.encoding)


def read_mapinfo(path: Path, wish: Wish) -> RawTable:
    """Read MapInfo; its files name their charset seldom and rightly more seldom, so the bytes decide."""
    if wish.encoding is not None:
        encoding = known_encoding(wish.encoding, wish.where)
        return read_gdal(path, replace(wish, encoding=encoding, part=None), "MapInfo File")
    for encoding in ("utf-8", "gb18030"):
        try:
            table = read_gdal(path, replace(wish, encoding=encoding, part=None), "MapInfo File")
        except InputError:
            if encoding == "gb18030":
                raise
            continue
        texts = [text for row in table.rows for text in row.cells.values() if isinstance(text, str)]
        if garbled_as([*table.header, *texts]) is None:
            break
    return table


def _layers(fiona: Any, path: Path, driver: str) -> list[str]:
    if driver == "GPKG":
        _check_geopackage(path)
    return [name for name in fiona.listlayers(path) if not name.startswith(("layer_styles", "GDB_"))]


def _check_geopackage(path: Path) -> None:
    import sqlite3

    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            verdict = base.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise refuse(path.name, f"is a damaged GeoPackage: {error}") from error
    if verdict != "ok":
        raise refuse(path.name, f"is a damaged GeoPackage: {str(verdict)[:120]}")
    check_tables_only(path, path.name)


def _fiona_rows(source: Any, where: str) -> Iterator[RawRow]:
    for number, feature in enumerate(source, 1):
        if number > MAX_ROWS:
            raise refuse(where, f"holds more than {MAX_ROWS} features")
        try:
            geometry = None if feature.geometry is None else shape(feature.geometry)
        except (ValueError, TypeError, KeyError, shapely.errors.ShapelyError) as error:
            raise refuse(where, f"its geometry cannot be understood: {error}", number) from error
        cells = {name: _gdal_cell(value) for name, value in dict(feature.properties).items()}
        yield RawRow(number, cells, geometry)


def _gdal_cell(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(bytes(value))} bytes)"
    if isinstance(value, str):
        return value if value != "" else ""
    return tidy(value) if isinstance(value, date | datetime | time) else value


_KML_FIELDS: Final = frozenset(
    ["timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon", "snippet"]
)


# What `gis export` writes into the description of the document.
_KML_DATUM: Final = re.compile(rb"\A[^<]*<\?xml[^>]*>\s*<kml[^>]*>\s*<Document[^>]*>\s*<description>datum: (\w+)</")


def read_kml(path: Path, wish: Wish) -> RawTable:
    """Read with pyogrio, whose GDAL has LIBKML; one table of all folders, or the folder that is named."""
    pyogrio: Any = gdal.pyogrio()
    failures = (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.GeometryError,
        RuntimeError,
        ValueError,
    )
    rows: list[RawRow] = []
    folders: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's remarks; what matters fails.
            layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if wish.part is not None:
            layers = [choose({name: name for name in layers}, wish.part, wish.where)]
        for layer in layers:
            meta, _, geometry, columns = pyogrio.raw.read(path, layer=layer)
            names = [str(name) for name in meta["fields"]]
            for values in zip(geometry, *columns, strict=True):
                cells = {
                    {"Name": "name", "description": "说明"}.get(name, name): _numpy_cell(value)
                    for name, value in zip(names, values[1:], strict=True)
                    if name not in _KML_FIELDS
                }
                folders.append(layer)
                rows.append(RawRow(len(rows) + 1, cells, None if values[0] is None else shapely.from_wkb(values[0])))
    except InputError:
        raise
    except (*failures, shapely.errors.ShapelyError) as error:
        raise refuse(wish.where, f"is damaged, or not KML: {reason_of(error)}") from error
    if not rows and b"<NetworkLink" in path.read_bytes():
        raise refuse(
            wish.where, "only links to another file (NetworkLink), which is not fetched; save its content as KML"
        )
    if len(layers) > 1 and rows and all(row.geometry is None or row.geometry.geom_type == "Point" for row in rows):
        rows = [replace(row, cells={**row.cells, FOLDER: folders[i]}) for i, row in enumerate(rows)]
    filled = {name for row in rows for name, value in row.cells.items() if not is_blank(value)}
    header = tuple(dict.fromkeys(name for row in rows for name in row.cells if name in filled))
    kept = tuple(replace(row, cells={name: row.cells.get(name) for name in header}) for row in rows)
    head = path.read_bytes()[:2000]
    said = _KML_DATUM.search(head)
    # 奥维 (from 9.3 on) says so in its files, which are in GCJ-02 only.
    words = ("<OvCoordType>China",) if b"<OvCoordType>China" in head else ()
    crs = None if said is None else said[1].decode("ascii")
    return RawTable(wish.where, "kml", wish.part, header, kept, spatial=True, crs=crs, preamble=words)


def _numpy_cell(value: Any) -> Any:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and math.isnan(plain):
        return None
    return tidy(plain) if not isinstance(plain, str) else plain


def read_parquet(path: Path, wish: Wish) -> RawTable:
    """Read GeoParquet.

    Raises:
        InputError: it is damaged, or Parquet without geometry.
    """
    import geopandas as gpd
    import pyarrow as pa
    from pyproj.exceptions import CRSError

    failures = (
        pa.ArrowException,
        CRSError,
        NotImplementedError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OSError,
    )
    try:
        frame = gpd.read_parquet(path)
        columns = [name for name in frame.columns if name != frame.geometry.name]
        crs = None if frame.crs is None else frame.crs.to_wkt()
        values = zip(frame.geometry, *(frame[name].tolist() for name in columns), strict=True)
        rows = tuple(
            RawRow(number, {str(n): _numpy_cell(_present(v)) for n, v in zip(columns, cells, strict=True)}, outline)
            for number, (outline, *cells) in enumerate(values, 1)
        )
    except (*failures, shapely.errors.ShapelyError) as error:
        raise refuse(wish.where, f"is damaged, or not GeoParquet: {reason_of(error)}") from error
    return RawTable(wish.where, "parquet", None, tuple(map(str, columns)), rows, spatial=True, crs=crs)


def _present(value: Any) -> Any:
    import pandas as pd

    return None if value is None or value is pd.NA else value
