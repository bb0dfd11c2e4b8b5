"""Give GDAL, as pyogrio and fiona hold it, to the readers: without the drivers that lead on to other files or servers.

A driver is chosen by what the bytes of a file say, never by GDAL's guess: a `.geojson` whose bytes are an OGR VRT, WFS'
description or a GDALG pipeline would read any file of the user, or ask a server. The drivers that do so are not even
registered, provided that nobody imported pyogrio before this module did; the look at the bytes holds in any case.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from gis.base.errors import GisError
from gis.io.archives import open_archive
from gis.io.containers import check_xml, refuse, shown_name, sniff
from gis.io.raw import Wish, reason_of

if TYPE_CHECKING:
    import pandas as pd

# Drivers that open other files, servers or programs than the file given; both libraries build these.
_LEAD_ON: Final = (
    *("OGR_VRT", "WFS", "OAPIF", "CSW", "Carto", "Elasticsearch", "PLSCENES", "AmigoCloud", "NGW"),
    *("GPSBabel", "SQLite", "GeoRSS", "GTFS", "PMTiles", "MVT", "LVBAG", "MapML"),
)
# These only pyogrio's GDAL has; where it has one no more, GDAL would say so at each start.
_LEAD_ON_NEWER: Final = ("ADBC", "AIVector", "GDALG", "HTTP", "OGCAPI", "EEDA", "MBTiles")

OPTIONS: Final[Mapping[str, str]] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "-",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "-",
    "GDAL_HTTP_CONNECTTIMEOUT": "1",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "GML_SAVE_RESOLVED_TO": "",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "OGR_ORGANIZE_POLYGONS": "DEFAULT",
    "DXF_ENCODING": "UTF-8",
}

_DRIVERS: Final[Mapping[str, frozenset[str]]] = {
    "geojson": frozenset({"GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "JSONFG"}),
    "shp": frozenset({"ESRI Shapefile"}),
    "gpkg": frozenset({"GPKG"}),
    "gdb": frozenset({"OpenFileGDB"}),
    "fgb": frozenset({"FlatGeobuf"}),
    "tab": frozenset({"MapInfo File"}),
    "mif": frozenset({"MapInfo File"}),
    "gml": frozenset({"GML"}),
    "kml": frozenset({"KML", "LIBKML"}),
    "dxf": frozenset({"DXF"}),
    "csv": frozenset({"CSV"}),
    "xlsx": frozenset({"XLSX"}),
}
_MARKS: Final = (b"<OGRVRT", b"<OGRWFS", b"<OGROAPIF", b"<OGRCSW", b"gdal_streamed_alg", b"<VRTDataset")
_HEAD: Final = 1 << 16
_SECONDS: Final = 60.0


def pyogrio() -> Any:
    """The library, with the options of this program."""
    if "pyogrio" not in sys.modules:
        with _skipping(*_LEAD_ON, *_LEAD_ON_NEWER):
            import pyogrio as fresh
        fresh.set_gdal_config_options(dict(OPTIONS))
    import pyogrio as module

    return module


@contextmanager
def fiona_with_options() -> Iterator[ModuleType]:
    """The other library, with the options of this program as long as it is held."""
    with _skipping(*_LEAD_ON):
        import fiona

        with fiona.Env(**OPTIONS):
            yield fiona


@contextmanager
def _skipping(*drivers: str) -> Iterator[None]:
    """Let GDAL leave out drivers while it registers them."""
    before = os.environ.get("GDAL_SKIP")
    os.environ["GDAL_SKIP"] = ",".join([*drivers, *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["GDAL_SKIP"]
        else:
            os.environ["GDAL_SKIP"] = before


def format_for_gdal(path: Path, where: str) -> str:
    """What a file is by its own bytes, as far as GDAL may open it; however large it is.

    Raises:
        InputError: it is not there, or of no format that is read, or its head names other files or servers.
    """
    found = sniff(path, where)
    if found in {"geojson", "kml", "gml", "csv", "tab", "mif", "dxf"}:
        with path.open("rb") as file:
            head = file.read(_HEAD).replace(b"\0", b"")
        if mark := next((mark for mark in _MARKS if mark in head), None):
            raise refuse(where, f"names other files or servers to read ({mark.decode()}); give the data itself")
    if found == "gpkg":
        check_tables_only(path, where)
    return found


def check_tables_only(path: Path, where: str) -> None:
    """Hold a GeoPackage to tables: a view or a virtual table is a program, which may never end or read other files.

    Raises:
        InputError: it is damaged, is no GeoPackage, or holds a view, or a virtual table that is no spatial index.
    """
    until = time.monotonic() + _SECONDS
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            base.set_progress_handler(lambda: int(time.monotonic() > until), 100_000)
            made = base.execute("SELECT type, name, sql FROM sqlite_master").fetchmany(100_000)
    except sqlite3.DatabaseError as error:
        raise refuse(where, f"cannot be read, for it is a damaged GeoPackage: {error}") from error
    if "gpkg_contents" not in {name for _, name, _ in made}:
        raise refuse(where, "is an SQLite database, but not a GeoPackage")
    for kind, name, sql in made:
        words = " ".join(str(sql).lower().split())
        virtual = words.startswith("create virtual") and " using rtree" not in words
        if kind == "view" or virtual:
            what = "view" if kind == "view" else "virtual table"
            raise refuse(where, f"holds the {what} {name!r}; save it with tables only")


def read_frame(path: Path) -> pd.DataFrame:
    """Read a file of geodata, or a table in it, as a (Geo)DataFrame.

    Raises:
        InputError: it is not there, is of no format that is read, or is damaged.
    """
    where = shown_name(path)
    try:
        format_ = "gdb" if path.is_dir() and path.suffix.lower() == ".gdb" else format_for_gdal(path, where)
        if format_ not in {"zip", "kmz"}:
            return _frame_of(path, format_, where)
        with TemporaryDirectory(prefix="gis-") as folder:
            inner, format_, wish = open_archive(path, Wish(where, None, None, ignore_crs=False), Path(folder))
            return _frame_of(inner, format_for_gdal(inner, wish.where) if inner.is_file() else format_, wish.where)
    except OSError as error:
        raise refuse(where, f"cannot be read: {error.strerror or error}") from error


def _frame_of(path: Path, format_: str, where: str) -> pd.DataFrame:
    module = pyogrio()
    errors: Any = module.errors
    if format_ not in _DRIVERS:
        raise refuse(where, f"cannot be read as geodata: it is {format_}")
    if format_ in {"kml", "gml"}:
        check_xml(path.read_bytes(), where)
    try:
        driver = module.read_info(path)["driver"] if format_ != "kml" else "KML"
        if driver not in _DRIVERS[format_]:
            raise refuse(where, f"cannot be read as geodata: its bytes are {format_}, but GDAL takes it for {driver}")
        frame: pd.DataFrame = module.read_dataframe(path)
    except GisError:
        raise
    except IndexError as error:  # pyogrio's way to say that there is no layer.
        raise refuse(where, "cannot be read as geodata: it holds no layer") from error
    except (errors.DataSourceError, errors.DataLayerError, errors.GeometryError, RuntimeError, ValueError) as error:
        raise refuse(where, f"cannot be read as geodata: {reason_of(error)}") from error
    if not len(frame):
        raise refuse(where, "holds no rows")
    return frame
