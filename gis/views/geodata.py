"""Write a layer in the formats that other programs open, and say what each format cannot hold."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import UsageError
from gis.base.text import neutralised
from gis.earth.datum import Datum, Projected, Reference, parse_datum
from gis.earth.shifting import convert_geometries
from gis.io import gdal
from gis.io.geojson import dump_features
from gis.model.layers import Layer

FORMATS: Final = ("geojson", "gpkg", "csv", "xlsx", "fgb", "parquet", "shp", "kml", "dxf")

_HOLD_METRES: Final = "gpkg, fgb, parquet or shp, which say their system, or csv, xlsx or dxf, which hold metres too"
_DBF_NAME_BYTES: Final = 10
_DBF_TEXT_BYTES: Final = 254
_XLSX_CELL: Final = 32_767
_ILLEGAL_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Export:
    """What a layer became: the bytes of one file, or of several by name, and what was lost on the way."""

    data: bytes | Mapping[str, bytes]
    losses: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Table:
    """A layer made flat: text, numbers and truth values by column, geometry in the datum wanted."""

    kind: str
    columns: Mapping[str, list[Any]]
    geometry: NDArray[np.object_]
    reference: Reference
    encoding: str
    losses: list[str]
    coordinates: tuple[str, str] | None = None

    @property
    def epsg(self) -> str | None:
        if isinstance(self.reference, Projected):
            return self.reference.crs
        return {Datum.WGS84: "EPSG:4326", Datum.CGCS2000: "EPSG:4490"}.get(self.reference)

    def ids(self) -> list[Any]:
        return self.columns.get("id") or list(range(1, len(self.geometry) + 1))


def write_features(
    layer: Layer,
    format_: str,
    datum: str = "wgs84",
    *,
    encoding: str = "utf-8",
    coordinates: tuple[str, str] | None = None,
) -> Export:
    """Write a layer in a format of `FORMATS`.

    Args:
        layer: the layer, WGS 84.
        format_: geojson, gpkg, csv, xlsx, fgb (FlatGeobuf), parquet (GeoParquet), shp, kml or dxf.
        datum: the datum of the coordinates written: a name or EPSG code that `gis.earth.datum.parse_datum` knows.
        encoding: `utf-8` or `gbk`; of a shapefile's table, and of CSV (UTF-8 with a byte order mark).
        coordinates: what the two columns of coordinates are called in csv and xlsx; lon and lat (x and y) by default.

    Returns:
        the bytes of the file (for shp: of each file of the set, by name), and what the format could not hold.

    Raises:
        UsageError: the format or encoding is not known, or the format cannot hold the datum.
        DatumError: the datum is not known.
    """
    if format_ not in FORMATS:
        raise UsageError(f"the format is {format_!r}; allowed: {', '.join(FORMATS)}")
    encoding = encoding.lower().replace("_", "-")
    if encoding not in {"utf-8", "gbk"}:
        raise UsageError(f"the encoding is {encoding!r}; allowed: utf-8, gbk")
    reference = parse_datum(datum)
    losses: list[str] = []
    if format_ == "kml" and reference is not Datum.WGS84:
        raise UsageError(f"KML is WGS 84 by its standard and cannot be written in {reference}")
    if format_ == "geojson" and isinstance(reference, Projected):
        raise UsageError(
            f"GeoJSON is WGS 84 in degrees by its standard (RFC 7946): metres of {reference} would be read as degrees; "
            f"write {_HOLD_METRES}"
        )
    if format_ == "geojson":
        records = [dict(record) for record in layer.records]
        shifted = _shifted(layer.geometry, reference)
        if reference not in {Datum.WGS84, Datum.CGCS2000}:
            losses.append(
                f"GeoJSON is WGS 84 by its standard: the member datum says {reference}, and only gis import reads it"
            )
        return Export(dump_features(zip(records, shifted, strict=True), datum=str(reference)), losses)
    table = replace(_flat(layer, reference, encoding, losses), coordinates=coordinates)
    return Export(_WRITERS[format_](table), table.losses)


def _shifted(geometry: NDArray[np.object_], reference: Reference) -> NDArray[np.object_]:
    return geometry if reference is Datum.WGS84 else convert_geometries(geometry, Datum.WGS84, reference)


def _flat(layer: Layer, reference: Reference, encoding: str, losses: list[str]) -> _Table:
    names = list(dict.fromkeys(name for record in layer.records for name in record)) or ["id", "name"]
    columns: dict[str, list[Any]] = {}
    for name in names:
        values = layer.column(name)
        lists = [value for value in values if isinstance(value, list | tuple)]
        if any(isinstance(item, Mapping) for value in lists for item in value):
            losses.append(f"{name}: lists of tables are JSON text")
        elif lists:
            losses.append(f"{name}: lists are joined by ';'")
        columns[name] = [_plain(value) for value in values]
    if isinstance(reference, Datum) and reference in {Datum.GCJ02, Datum.BD09}:
        losses.append(f"no format can say that coordinates are {reference}: tell whoever gets the file")
    return _Table(layer.kind, columns, _shifted(layer.geometry, reference), reference, encoding, losses)


def _plain(value: object) -> Any:
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return ";".join(str(item) for item in value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return value


# --- Text formats ---------------------------------------------------------------------------------------------------


def _rows(table: _Table, longest: int | None = None) -> tuple[list[str], list[list[Any]]]:
    """The header and rows with the geometry as lon and lat (points) or as WKT (all else)."""
    found = [geometry for geometry in table.geometry if geometry is not None]
    header = list(table.columns)
    spatial: list[list[Any]]
    if all(geometry.geom_type == "Point" for geometry in found):
        header += table.coordinates or (("x", "y") if isinstance(table.reference, Projected) else ("lon", "lat"))
        digits = 3 if isinstance(table.reference, Projected) else 8
        spatial = [
            [None, None] if point is None else [round(point.x, digits), round(point.y, digits)]
            for point in table.geometry
        ]
    else:
        header.append("wkt")
        spatial = [[_wkt(table, geometry)] for geometry in table.geometry]
        for id_, cells in zip(table.ids(), spatial, strict=True):
            if longest is not None and cells[0] is not None and len(cells[0]) > longest:
                table.losses.append(f"{id_}: its outline is longer than a cell may be ({longest} characters)")
                cells[0] = None
    values = zip(*table.columns.values(), strict=True)
    table.losses.append("empty text and missing values are the same in a cell")
    table.losses.append(f"a table cannot say its datum: it comes back with --datum {table.reference}")
    return header, [[*row, *cells] for row, cells in zip(values, spatial, strict=True)]


def _wkt(table: _Table, geometry: BaseGeometry | None) -> str | None:
    if geometry is None:
        return None
    return shapely.to_wkt(geometry, rounding_precision=3 if isinstance(table.reference, Projected) else 8)


def _safe(cell: Any) -> Any:
    if isinstance(cell, bool):
        return str(cell).lower()
    return neutralised(cell) if isinstance(cell, str) else cell


def _csv(table: _Table) -> bytes:
    header, rows = _rows(table)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_safe(name) for name in header])
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return _encoded(out.getvalue(), "utf-8-sig" if table.encoding == "utf-8" else table.encoding, table.losses)


def _encoded(text: str, encoding: str, losses: list[str]) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        lost = sorted({character for character in text if not _fits(character, encoding)})
        losses.append(f"characters that {encoding} does not have are written as ?: {' '.join(lost[:20])}")
        return text.encode(encoding, "replace")


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _xlsx(table: _Table) -> bytes:
    from openpyxl import Workbook

    header, rows = _rows(table, _XLSX_CELL)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.kind)
    sheet.append([_cell(name, table) for name in header])
    for row in rows:
        sheet.append([_cell(cell, table) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(value: Any, table: _Table) -> Any:
    if not isinstance(value, str):
        return value
    text = neutralised(value)
    if _ILLEGAL_IN_XML.search(text):
        table.losses.append(f"control characters are left out of {text!r}")
        text = _ILLEGAL_IN_XML.sub("", text)
    if len(text) > _XLSX_CELL:
        table.losses.append(f"a text is cut to {_XLSX_CELL} characters: {text[:20]}…")
    return text[:_XLSX_CELL]


# --- GDAL formats ---------------------------------------------------------------------------------------------------


def _gdal(table: _Table, name: str, driver: str, **options: Any) -> dict[str, bytes]:
    """Write with GDAL into a folder of its own; the bytes of every file made, by name."""
    pyogrio: Any = gdal.pyogrio()
    fields = list(table.columns)
    arrays, masks = zip(*(_array(table.columns[field]) for field in fields), strict=True)
    # GeoPackage stamps the time of writing; the same layer shall give the same bytes.
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    try:
        with TemporaryDirectory() as folder, warnings.catch_warnings():
            # That no system is named is a loss that is listed.
            warnings.filterwarnings("ignore", message="'crs' was not provided")
            pyogrio.raw.write(
                Path(folder) / name,
                geometry=shapely.to_wkb(table.geometry),
                field_data=list(arrays),
                fields=fields,
                field_mask=list(masks),
                geometry_type=options.pop("geometry_type", "Unknown"),
                crs=table.epsg,
                driver=driver,
                **options,
            )
            return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _array(values: Sequence[Any]) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Values as an array of one type, and which of them are missing (None where text carries None itself)."""
    missing = np.array([value is None for value in values], dtype=bool)
    kinds = {type(value) for value in values if value is not None}
    for dtype, allowed in ((np.bool_, {bool}), (np.int64, {int}), (np.float64, {int, float})):
        if kinds and kinds <= allowed and all(-(2**63) <= value < 2**63 for value in values if value is not None):
            return np.array([0 if value is None else value for value in values], dtype=dtype), missing
    array = np.empty(len(values), dtype=object)
    array[:] = [None if value is None else _text(value) for value in values]
    return array, None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _gpkg(table: _Table) -> bytes:
    return _gdal(table, "layer.gpkg", "GPKG", layer=table.kind)["layer.gpkg"]


def _fgb(table: _Table) -> bytes:
    # The spatial index reorders features and cannot hold one without geometry.
    return _gdal(table, "layer.fgb", "FlatGeobuf", layer=table.kind, layer_options={"SPATIAL_INDEX": "NO"})["layer.fgb"]


def _kml(table: _Table) -> bytes:
    table.losses.append("KML: truth values become 0 and 1")
    said = {"DESCRIPTION": f"datum: {table.reference}"}
    return _gdal(table, "layer.kml", "LIBKML", layer=table.kind, dataset_options=said)["layer.kml"]


def _parquet(table: _Table) -> bytes:
    import geopandas as gpd
    import pandas as pd

    series = {}
    for name, values in table.columns.items():
        array, missing = _array(values)
        nullable = {"b": "boolean", "i": "Int64", "f": "Float64"}.get(array.dtype.kind)
        series[name] = (
            pd.Series([None if value is None else value for value in values], dtype=nullable)
            if (missing is not None and nullable is not None)
            else pd.Series(array, dtype=object)
        )
    frame = gpd.GeoDataFrame(series, geometry=list(table.geometry), crs=table.epsg)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "layer.parquet"
        frame.to_parquet(path, index=False)
        return path.read_bytes()


_SHAPES: Final = {
    "Point": ("point", "Point"),
    "MultiPoint": ("multipoint", "MultiPoint"),
    "LineString": ("line", "LineString"),
    "MultiLineString": ("line", "LineString"),
    "Polygon": ("polygon", "Polygon"),
    "MultiPolygon": ("polygon", "Polygon"),
}


def _shp(table: _Table) -> dict[str, bytes]:
    """One set of files for each shape type that occurs, and the key to the short field names."""
    shapes = [None if geometry is None else _SHAPES[geometry.geom_type] for geometry in table.geometry]
    occurring = sorted({shape for shape in shapes if shape is not None}) or [("point", "Point")]
    if len(occurring) > 1:
        table.losses.append("a shapefile holds one type of shape: there is one set of files for each type")
    short = short_names(list(table.columns))
    table.losses.extend(
        f"the field {name!r} is called {cut!r} (ten bytes); the key is in {table.kind}_fields.csv"
        for name, cut in short.items()
        if name != cut
    )
    table.losses.append("empty text and missing values are the same in a shapefile; truth values become 0 and 1")
    found: dict[str, bytes] = {}
    for shape in occurring:
        suffix, geometry_type = shape
        keep = [other == shape or (other is None and shape == occurring[0]) for other in shapes]
        name = table.kind if len(occurring) == 1 else f"{table.kind}_{suffix}"
        columns = {
            short[column]: [_dbf(value, column, table) for value, kept in zip(values, keep, strict=True) if kept]
            for column, values in table.columns.items()
        }
        part = _Table(table.kind, columns, table.geometry[np.array(keep)], table.reference, table.encoding, [])
        found |= _gdal(
            part, f"{name}.shp", "ESRI Shapefile", geometry_type=geometry_type, encoding=table.encoding.upper()
        )
        found[f"{name}.cpg"] = table.encoding.upper().encode()
    key = io.StringIO(newline="")
    csv.writer(key, lineterminator="\r\n").writerows([("field", "column"), *((v, k) for k, v in short.items())])
    found[f"{table.kind}_fields.csv"] = key.getvalue().encode("utf-8-sig")
    return found


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Give each column a different name of at most ten ASCII characters, as near to its own as can be."""
    taken: set[str] = set()
    short = {}
    for number, name in enumerate(names, 1):
        plain = re.sub(r"\W", "_", name)
        base = plain[:_DBF_NAME_BYTES] if plain.isascii() else f"F{number}"
        chosen, count = base, 1
        while chosen.lower() in taken:
            count += 1
            chosen = f"{base[: _DBF_NAME_BYTES - 1 - len(str(count))]}_{count}"
        taken.add(chosen.lower())
        short[name] = chosen
    return short


def _dbf(value: Any, column: str, table: _Table) -> Any:
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, str):
        return value
    encoded = _encoded(value, table.encoding, table.losses)
    if len(encoded) > _DBF_TEXT_BYTES:
        table.losses.append(f"{column}: a text is cut to {_DBF_TEXT_BYTES} bytes: {value[:20]}…")
    return encoded[:_DBF_TEXT_BYTES].decode(table.encoding, "ignore")


# --- DXF ------------------------------------------------------------------------------------------------------------


def _dxf(table: _Table) -> bytes:
    """A drawing of release 12, which every CAD program reads: outlines as closed polylines, names as text inside."""
    table.losses.append("DXF carries no attributes: only names, as text; holes are drawn on a layer of their own")
    table.losses.append(f"DXF cannot say its datum: it comes back with --datum {table.reference}")
    pairs: list[tuple[int, object]] = [(0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1009")]
    pairs += [(9, "$DWGCODEPAGE"), (3, "ANSI_936")]
    pairs += [(0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")]
    height = 20.0 if isinstance(table.reference, Projected) else 0.0002
    names: Sequence[Any] = table.columns.get("name") or table.ids()
    for id_, name, geometry in zip(table.ids(), names, table.geometry, strict=True):
        if geometry is None:
            table.losses.append(f"{id_}: has no geometry and is left out")
            continue
        for part in shapely.get_parts(geometry):
            if part.geom_type == "Point":
                pairs += [(0, "POINT"), (8, table.kind), *_position(part)]
            elif part.geom_type == "LineString":
                pairs += _polyline(shapely.get_coordinates(part), table.kind, closed=False)
            else:
                pairs += _polyline(shapely.get_coordinates(part.exterior)[:-1], table.kind, closed=True)
                for hole in part.interiors:
                    pairs += _polyline(shapely.get_coordinates(hole)[:-1], f"{table.kind}-holes", closed=True)
            label = part if part.geom_type == "Point" else part.representative_point()
            text = "".join(c if c.isprintable() and _fits(c, "gbk") else f"\\U+{ord(c):04X}" for c in str(name))
            pairs += [(0, "TEXT"), (8, f"{table.kind}-names"), *_position(label), (40, height), (1, text)]
    pairs += [(0, "ENDSEC"), (0, "EOF")]
    return "".join(f"{code}\r\n{value}\r\n" for code, value in pairs).encode("gbk")


def _position(point: BaseGeometry) -> list[tuple[int, object]]:
    return [(10, f"{shapely.get_x(point):.8f}"), (20, f"{shapely.get_y(point):.8f}"), (30, "0.0")]


def _polyline(points: NDArray[np.float64], layer: str, *, closed: bool) -> list[tuple[int, object]]:
    pairs: list[tuple[int, object]] = [(0, "POLYLINE"), (8, layer), (66, 1), (70, int(closed))]
    for x, y in points:
        pairs += [(0, "VERTEX"), (8, layer), (10, f"{x:.8f}"), (20, f"{y:.8f}"), (30, "0.0")]
    return [*pairs, (0, "SEQEND"), (8, layer)]


_WRITERS: Final[Mapping[str, Callable[[_Table], bytes | dict[str, bytes]]]] = {
    "gpkg": _gpkg,
    "csv": _csv,
    "xlsx": _xlsx,
    "fgb": _fgb,
    "parquet": _parquet,
    "shp": _shp,
    "kml": _kml,
    "dxf": _dxf,
}
