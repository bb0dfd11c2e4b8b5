"""Open any file as one raw table: take a copy, find out what it is, and give it to its reader."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gis.io.archives import open_archive
from gis.io.containers import check_xml, format_of, refuse, shown_name
from gis.io.drawings import read_drawing
from gis.io.encodings import garbled_as
from gis.io.parcel_text import read_parcels
from gis.io.raw import MAX_ROWS, RawTable, Wish
from gis.io.shapefiles import check_shapefile, key_file, read_shapefile
from gis.io.sheets import read_csv, read_workbook, read_xls
from gis.io.vector import read_gdal, read_geojson, read_kml, read_mapinfo, read_parquet


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, or of all files of a folder or shapefile set in the order of their names."""
    digest = hashlib.sha256()
    for file in _files_of(path):
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file())
    if path.suffix.lower() in {".shp", ".tab", ".mif"}:
        return sorted(
            file
            for file in path.parent.iterdir()
            if file.is_file() and (file.stem == path.stem or file == key_file(path))
        )
    return [path]


def read_table(
    path: Path, *, encoding: str | None = None, part: str | None = None, ignore_crs: bool = False
) -> RawTable:
    """Read a file that holds one table, or the part of it that is named.

    Args:
        path: the file, or the folder of a FileGDB.
        encoding: the encoding of its text; found from the bytes where None.
        part: the sheet, layer, or file in an archive that is meant.
        ignore_crs: read GeoJSON with a `crs` member, for its datum is declared elsewhere.

    Raises:
        InputError: it cannot be read, is not safe, or holds several tables and `part` says none of them.
        MissingExtraError: .xls needs the extra `xls`.
    """
    where = shown_name(path)
    format_ = format_of(path, where)
    with TemporaryDirectory(prefix="gis-") as folder:
        # GDAL leaves files beside what it opens, and what is read must be what was hashed: work on a copy.
        copy = _snapshot(path, format_, Path(folder))
        digest = sha256_of(copy)
        table = _read(copy, format_, Wish(where, encoding, part, ignore_crs), Path(folder))
    if len(table.rows) > MAX_ROWS:
        raise refuse(where, f"holds {len(table.rows)} rows; at most {MAX_ROWS} are read")
    if not table.rows:
        raise refuse(where, "holds no rows")
    texts = [
        *table.header,
        *(value for row in table.rows[:2000] for value in row.cells.values() if isinstance(value, str)),
    ]
    if garbled := garbled_as(texts):
        sample = next((text for text in texts if garbled_as([text])), texts[0])
        raise refuse(where, f"its texts look like {garbled} read wrongly, such as {sample[:20]!r}: say --encoding")
    return replace(table, name=where, sha256=digest)


def _snapshot(path: Path, format_: str, folder: Path) -> Path:
    inner = folder / "input"
    try:
        if path.is_dir():
            shutil.copytree(path, inner / path.name)
            return inner / path.name
        inner.mkdir()
        if format_ == "shp":
            check_shapefile(path, shown_name(path))
        for file in _files_of(path):
            if file.stat().st_size > 1 << 28:
                raise refuse(shown_name(file), "has more than 256 MB; cut it down")
            shutil.copyfile(file, inner / file.name)
    except OSError as error:
        raise refuse(shown_name(path), f"cannot be read: {error.strerror or error}") from error
    return inner / path.name


def _read(path: Path, format_: str, wish: Wish, folder: Path) -> RawTable:
    if format_ in {"zip", "kmz"}:
        path, format_, wish = open_archive(path, wish, folder)
        if format_ == "shp":
            check_shapefile(path, wish.where)
    if format_ in {"kml", "gml"}:
        check_xml(path.read_bytes(), wish.where)
    return _READERS[format_](path, wish)


_READERS: Final[Mapping[str, Callable[[Path, Wish], RawTable]]] = {
    "csv": read_csv,
    "parcels": read_parcels,
    "xlsx": partial(read_workbook, format_="xlsx"),
    "xlsb": partial(read_workbook, format_="xlsb"),
    "ods": partial(read_workbook, format_="ods"),
    "xls": read_xls,
    "geojson": read_geojson,
    "shp": read_shapefile,
    "gpkg": partial(read_gdal, driver="GPKG"),
    "gdb": partial(read_gdal, driver="OpenFileGDB"),
    "fgb": partial(read_gdal, driver="FlatGeobuf"),
    "tab": read_mapinfo,
    "mif": read_mapinfo,
    "gml": partial(read_gdal, driver="GML"),
    "kml": read_kml,
    "parquet": read_parquet,
    "dxf": read_drawing,
}
