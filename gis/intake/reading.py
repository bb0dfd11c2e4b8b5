"""Open any file as one raw table: headings, rows with their numbers, geometry, and what the file says of itself."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import math
import re
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from gis.errors import Fault, InputError, MissingExtraError, UsageError
from gis.intake.columns import meaning
from gis.intake.containers import check_workbook, check_xml, format_of, refuse, shown_name, unpack
from gis.intake.encodings import dbf_encoding, decode, garbled_as, known_encoding
from gis.intake.quantities import is_blank
from gis.text import restored

MAX_ROWS: Final = 200_000
MAX_VERTICES: Final = 200_000
_LONGEST_LINE: Final = 4 << 20
_HEADER_ROWS: Final = 30
_TOTALS: Final = re.compile(r"(?:合计|总计|小计|共计|总数|total|sum)[:：]?.{0,12}", re.IGNORECASE)
_TOUCHING: Final = 1e-6  # A text on a line or point is its name; text and line are rounded apart.


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a foreign table: its number in the file (from 1), its cells, and its geometry as it stands there."""

    number: int
    cells: Mapping[str, Any]
    geometry: BaseGeometry | None = None


@dataclass(frozen=True, slots=True)
class RawTable:
    """A foreign table as read.

    `crs` is what the file says of its coordinates, as WKT or an authority's code; None where it says nothing.
    `spatial` tells whether the geometry comes from the file itself, not from columns. `cut_names` tells that headings
    may have been cut to ten bytes. `preamble` holds the text above the headings.
    """

    name: str
    format: str
    part: str | None
    header: tuple[str, ...]
    rows: tuple[RawRow, ...]
    spatial: bool = False
    crs: str | None = None
    encoding: str | None = None
    cut_names: bool = False
    preamble: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sha256: str = ""
    dropped: tuple[tuple[int, str], ...] = field(default=())


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
            if file.is_file() and (file.stem == path.stem or file == _key_file(path))
        )
    return [path]


def _key_file(path: Path) -> Path:
    """The key to the short field names of a shapefile that this program wrote."""
    return path.with_name(re.sub(r"_(?:point|line|polygon|multipoint)$", "", path.stem) + "_fields.csv")


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
        table = _read(copy, format_, _Wish(where, encoding, part, ignore_crs), Path(folder))
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


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for: the name for messages, and the encoding and part given by the user."""

    where: str
    encoding: str | None
    part: str | None
    ignore_crs: bool


def _snapshot(path: Path, format_: str, folder: Path) -> Path:
    inner = folder / "input"
    try:
        if path.is_dir():
            shutil.copytree(path, inner / path.name)
            return inner / path.name
        inner.mkdir()
        if format_ == "shp":
            _check_shapefile(path, shown_name(path))
        for file in _files_of(path):
            if file.stat().st_size > 1 << 28:
                raise refuse(shown_name(file), "has more than 256 MB; cut it down")
            shutil.copyfile(file, inner / file.name)
    except OSError as error:
        raise refuse(shown_name(path), f"cannot be read: {error.strerror or error}") from error
    return inner / path.name


def _read(path: Path, format_: str, wish: _Wish, folder: Path) -> RawTable:
    if format_ in {"zip", "kmz"}:
        return _read_archive(path, wish, folder)
    if format_ in {"kml", "gml"}:
        check_xml(path.read_bytes(), wish.where)
    return _READERS[format_](path, wish)


# --- Archives -------------------------------------------------------------------------------------------------------


def _read_archive(path: Path, wish: _Wish, folder: Path) -> RawTable:
    inside = folder / "unpacked"
    inside.mkdir()
    files = [file for file in unpack(path, inside, wish.where) if "__MACOSX" not in file.parts]
    folders = sorted({parent for file in files for parent in file.parents if parent.suffix.lower() == ".gdb"})
    wanted = {
        ".shp",
        ".gpkg",
        ".geojson",
        ".json",
        ".kml",
        ".csv",
        ".tsv",
        ".xlsx",
        ".xls",
        ".dxf",
        ".tab",
        ".mif",
        ".fgb",
        ".parquet",
        ".gml",
    }
    tables = [
        file for file in files if file.suffix.lower() in wanted and not any(file.is_relative_to(gdb) for gdb in folders)
    ]
    stems = {(file.parent, file.stem) for file in tables if file.suffix.lower() == ".shp"}
    tables = [
        file
        for file in [*folders, *tables]
        if not (file.name.endswith("_fields.csv") and stems) and not _is_mate(file, tables)
    ]
    part, inner = _split_part(wish.part)
    chosen = _choose(
        {str(file.relative_to(inside).as_posix()): file for file in tables},
        part if len(tables) > 1 else None,
        wish.where,
    )
    if len(tables) == 1:
        inner = wish.part
    where = f"{wish.where}/{chosen.name}"
    format_ = format_of(chosen, where)
    if format_ in {"zip", "kmz"}:
        raise refuse(where, "is an archive in an archive; unpack it first")
    if format_ == "shp":
        _check_shapefile(chosen, where)
    return _read(chosen, format_, replace(wish, where=where, part=inner), folder)


def _is_mate(file: Path, tables: Sequence[Path]) -> bool:
    """Whether a file belongs to another one: the .mif of a .mid, a .csv beside a .shp of its name."""
    return any(
        other != file and other.parent == file.parent and other.stem == file.stem and other.suffix.lower() == ".shp"
        for other in tables
    )


def _split_part(part: str | None) -> tuple[str | None, str | None]:
    if part is None or "::" not in part:
        return part, None
    outer, inner = part.split("::", 1)
    return outer, inner


def _choose(parts: Mapping[str, Any], wanted: str | None, where: str) -> Any:
    """The part that is wanted, or the only one.

    Raises:
        InputError: there is none, or several and none is wanted.
    """
    if not parts:
        raise refuse(where, "holds nothing that is read")
    names = ", ".join(repr(name) for name in list(parts)[:20])
    if wanted is not None:
        if wanted not in parts:
            raise UsageError(f"{where} has no part {wanted!r}; it has {names}")
        return parts[wanted]
    if len(parts) > 1:
        raise refuse(where, f"holds {len(parts)} tables: {names}; say which: --layer NAME")
    return next(iter(parts.values()))


# --- Tables of cells ------------------------------------------------------------------------------------------------

Grid = Sequence[tuple[int, Sequence[Any]]]


def _read_csv(path: Path, wish: _Wish) -> RawTable:
    data = path.read_bytes()
    if max(map(len, data.splitlines()), default=0) > _LONGEST_LINE:
        raise refuse(wish.where, f"has a line longer than {_LONGEST_LINE >> 20} MB; it is no table of rows")
    text, encoding = decode(data, wish.where, wish.encoding)
    delimiter = _delimiter(text)
    limit = csv.field_size_limit(_LONGEST_LINE)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    grid: list[tuple[int, list[Any]]] = []
    try:
        before = 0
        for cells in reader:
            grid.append((before + 1, [restored(cell) for cell in cells]))
            before = reader.line_num
            if len(grid) > MAX_ROWS + _HEADER_ROWS:
                raise refuse(wish.where, f"holds more than {MAX_ROWS} rows")
    except csv.Error as error:
        raise refuse(wish.where, f"is not readable as a table: {error}", reader.line_num) from error
    finally:
        csv.field_size_limit(limit)
    return replace(_table_of_grid(grid, wish.where), format="csv", encoding=encoding)


def _delimiter(text: str) -> str:
    """The sign between the cells: the one that most of the first lines have, and have most often."""
    lines = [line for line in text[:200_000].splitlines()[:50] if line.strip()]
    return max(",\t;|", key=lambda sign: (sum(sign in line for line in lines), sum(line.count(sign) for line in lines)))


def _table_of_grid(grid: Grid, where: str) -> RawTable:
    """Find the headings in a grid of cells, and the rows below them.

    Raises:
        InputError: there are no headings, two are the same in meaning, or a row has more cells than there are headings.
    """
    start = _header_row(grid)
    if start is None:
        texts = [cell for _, cells in grid[:_HEADER_ROWS] for cell in cells if isinstance(cell, str)]
        if garbled := garbled_as(texts):
            sample = next((text for text in texts if not text.isascii()), "")
            raise refuse(where, f"its texts look like {garbled} read wrongly, such as {sample[:20]!r}: say --encoding")
        shown = next((list(cells)[:6] for _, cells in grid if any(not is_blank(c) for c in cells)), [])
        raise refuse(where, f"has no row of headings with a name or coordinates in its first rows; it begins {shown}")
    header, used = _headings(grid, start)
    faults = [
        Fault(where, f"the heading {name!r} is there twice; rename one", grid[start][0])
        for name in sorted({name for name in header if name and header.count(name) > 1})
    ]
    preamble = tuple(str(cell) for _, cells in grid[:start] for cell in cells if not is_blank(cell))
    names = tuple(name for name in header if name)
    rows, dropped = [], []
    for number, cells in grid[start + used :]:
        beyond = [cell for cell in cells[len(header) :] if not is_blank(cell)]
        if all(is_blank(cell) for cell in cells):
            continue
        if beyond:
            faults.append(Fault(where, f"has cells beyond the last heading, such as {str(beyond[0])[:20]!r}", number))
            continue
        found = {name: cell for name, cell in zip(header, cells, strict=False) if name}
        orphan = [str(cell) for name, cell in zip(header, cells, strict=False) if not name and not is_blank(cell)]
        if orphan:
            faults.append(Fault(where, f"has a cell without a heading above it: {orphan[0][:20]!r}", number))
            continue
        if total := _total_of(list(found.values()), len(names)):
            dropped.append((number, f"a row of totals or a remark ({total})"))
            continue
        if [str(cell).strip() for cell in found.values()] == list(names):
            dropped.append((number, "the headings again"))
            continue
        rows.append(RawRow(number, {name: _tidy(found.get(name)) for name in names}))
    if faults:
        raise InputError(faults)
    return RawTable(where, "", None, names, tuple(rows), preamble=preamble, dropped=tuple(dropped))


def _total_of(cells: Sequence[Any], columns: int) -> str | None:
    """The word that marks a row of totals or a lone remark below a table, or None for a row of the table."""
    filled = [cell for cell in cells if not is_blank(cell)]
    first = re.sub(r"\s", "", str(filled[0])) if filled else ""
    if _TOTALS.fullmatch(first):
        return first[:12]
    second = re.sub(r"\s", "", str(filled[1])) if len(filled) > 1 else ""
    if _TOTALS.fullmatch(second) and re.fullmatch(r"\d*", first):
        return second[:12]
    if (
        len(filled) == 1
        and columns > 2
        and re.match(r"(?:注|备注|说明|填表|制表|单位|审核|联系|数据来源|资料来源)[:：人]?", first)
    ):
        return first[:12]
    return None


def _tidy(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and math.isfinite(cell) and cell == int(cell) and abs(cell) < 1e15:
        return int(cell)
    return cell


def _header_row(grid: Grid) -> int | None:
    """The position of the row that has the most headings with a known meaning among the first rows."""
    best, chosen = 0.0, None
    for position, (_, cells) in enumerate(grid[:_HEADER_ROWS]):
        texts = [str(cell) for cell in cells if isinstance(cell, str) and not is_blank(cell)]
        known = {meaning(text, None) for text in texts} - {None}
        score = len(known) + 0.5 * bool(known & {"name", "id"}) + 0.5 * bool(known & {"lon", "x", "xy", "wkt"})
        # A title that happens to be a word we know stands alone; a table has headings side by side.
        filled = sum(not is_blank(cell) for cell in cells)
        words = sum(not re.fullmatch(r"[\d.,+\-eE\s]*", text) for text in texts)
        enough = filled >= min(2, max(len(row) for _, row in grid)) and 2 * words > filled
        if known & {"name", "id", "lon", "x", "xy", "wkt"} and enough and score > best:
            best, chosen = score, position
    return chosen


def _headings(grid: Grid, start: int) -> tuple[list[str], int]:
    """The headings, joined from two rows where a merged heading stands above others; and the rows they take."""
    upper = [
        "" if is_blank(cell) else re.sub(r"\s+", "", str(cell)) if _is_han(cell) else str(cell).strip()
        for cell in grid[start][1]
    ]
    if start + 1 < len(grid):
        below = list(grid[start + 1][1])
        texts = [str(cell) for cell in below if not is_blank(cell)]
        own = [not name or meaning(name, None) in {None, "xy"} or name in upper[:i] for i, name in enumerate(upper)]
        under = [i for i, cell in enumerate(below) if not is_blank(cell)]
        are_headings = all(isinstance(below[i], str) for i in under) and any(meaning(text, None) for text in texts)
        fits = all(i < len(own) and (own[i] or upper[i] == str(below[i]).strip()) for i in under)
        if texts and are_headings and fits:
            lower = ["" if is_blank(cell) else str(cell).strip() for cell in below]
            return [(lower[i] if i < len(lower) else "") or name for i, name in enumerate(upper)], 2
    return upper, 1


def _is_han(cell: object) -> bool:
    return re.search("[\u4e00-\u9fff]", str(cell)) is not None


def _read_xlsx(path: Path, wish: _Wish) -> RawTable:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    check_workbook(path, wish.where)
    damaged = (
        InvalidFileException,
        BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,
        EOFError,
        RecursionError,
        OverflowError,
    )
    try:
        with path.open("rb") as stream, closing(load_workbook(stream, data_only=True)) as book:
            grids = {sheet.title: _sheet(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"}
        with path.open("rb") as stream, closing(load_workbook(stream, data_only=False)) as book:
            formulas = {sheet.title: _formulas(sheet) for sheet in book.worksheets}
    except damaged as error:
        raise refuse(wish.where, f"is a damaged workbook: {type(error).__name__} {str(error)[:120]}") from error
    name, grid = _choose_sheet(grids, wish)
    values = {(number, column) for number, cells in grid for column, cell in enumerate(cells, 1) if cell is not None}
    lost = [place for place in formulas.get(name, ()) if place not in values]
    if lost:
        row, column = lost[0]
        raise refuse(
            wish.where,
            f"{len(lost)} formula(s) in sheet {name!r} have no stored value (first: column {column}); "
            "open it in Excel, save it, and import again",
            row,
        )
    return replace(_table_of_grid(grid, f"{wish.where}[{name}]"), format="xlsx", part=name)


def _sheet(sheet: Any) -> list[tuple[int, list[Any]]]:
    """The cells of a sheet; what a merged area says goes for each of its cells."""
    rows = [list(cells) for cells in sheet.iter_rows(values_only=True)]
    areas = [(a.min_row - 1, a.max_row, a.min_col - 1, a.max_col) for a in sheet.merged_cells.ranges]
    _spread(rows, areas)
    return [
        (n, [restored(cell) if isinstance(cell, str) else cell for cell in cells]) for n, cells in enumerate(rows, 1)
    ]


def _spread(rows: Sequence[list[Any]], areas: Sequence[tuple[int, int, int, int]]) -> None:
    """Give each cell of merged areas (first row, row after the last, first column, column after the last) its value."""
    for top, bottom, left, right in areas:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        # A title over the whole width stays one cell; a heading or value over several rows is each one's.
        last = left + 1 if bottom - top == 1 else right
        for cells in rows[top:bottom]:
            for column in range(left, min(last, len(cells))):
                cells[column] = value


def _formulas(sheet: Any) -> list[tuple[int, int]]:
    return [(cell.row, cell.column) for cells in sheet.iter_rows() for cell in cells if cell.data_type == "f"]


def _choose_sheet(grids: Mapping[str, Grid], wish: _Wish) -> tuple[str, Grid]:
    """The sheet that is wanted, or the only one that looks like a table."""
    if wish.part is not None:
        return wish.part, _choose(grids, wish.part, wish.where)
    tables = {name: grid for name, grid in grids.items() if _header_row(grid) is not None}
    if not tables:
        tables = {
            name: grid for name, grid in grids.items() if any(any(not is_blank(c) for c in cells) for _, cells in grid)
        }
    grid = _choose(tables, None, wish.where)
    return next(name for name, found in tables.items() if found is grid), grid


def _read_xls(path: Path, wish: _Wish) -> RawTable:
    try:
        import xlrd
    except ImportError as error:
        raise MissingExtraError("xlrd", "xls", "reading old Excel files (.xls)") from error
    import struct

    damaged = (
        xlrd.XLRDError,
        xlrd.compdoc.CompDocError,
        struct.error,
        IndexError,
        ValueError,
        AssertionError,
        KeyError,
        TypeError,
        OverflowError,
        AttributeError,
    )
    try:
        with xlrd.open_workbook(str(path), formatting_info=True, logfile=io.StringIO()) as book:
            grids: dict[str, Grid] = {
                sheet.name: _xls_sheet(sheet, book.datemode) for sheet in book.sheets() if sheet.visibility == 0
            }
    except damaged as error:
        raise refuse(wish.where, f"is a damaged workbook: {type(error).__name__} {str(error)[:120]}") from error
    name, grid = _choose_sheet(grids, wish)
    return replace(_table_of_grid(grid, f"{wish.where}[{name}]"), format="xls", part=name)


def _xls_sheet(sheet: Any, datemode: int) -> list[tuple[int, list[Any]]]:
    rows = [
        [_xls_cell(sheet.cell(number, column), datemode) for column in range(sheet.ncols)]
        for number in range(sheet.nrows)
    ]
    _spread(rows, sheet.merged_cells)
    return list(enumerate(rows, 1))


def _xls_cell(cell: Any, datemode: int) -> Any:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, datemode)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK, xlrd.XL_CELL_ERROR}:
        return None
    return restored(cell.value) if isinstance(cell.value, str) else cell.value


# --- Geodata --------------------------------------------------------------------------------------------------------


def _read_geojson(path: Path, wish: _Wish) -> RawTable:
    from gis.geojson import parse_features

    data = path.read_bytes()
    if wish.ignore_crs:
        data = _without_crs(data)
    features = parse_features(data, wish.where)
    header = tuple(dict.fromkeys(name for feature in features for name in feature.properties))
    rows = tuple(
        RawRow(number, {name: feature.properties.get(name) for name in header}, feature.geometry)
        for number, feature in enumerate(features, 1)
    )
    return RawTable(wish.where, "geojson", None, header, rows, spatial=True, crs="EPSG:4326", encoding="utf-8")


def _without_crs(data: bytes) -> bytes:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return data
    if isinstance(document, dict):
        document.pop("crs", None)
    return json.dumps(document).encode()


def _check_shapefile(path: Path, where: str) -> None:
    """Hold the parts of a shapefile against each other.

    Raises:
        InputError: a part is missing or cut off, or the parts do not belong together.
    """
    mates = {file.suffix.lower(): file for file in path.parent.iterdir() if file.stem == path.stem}
    lacking = [suffix for suffix in (".shx", ".dbf") if suffix not in mates]
    if lacking:
        raise refuse(
            where, f"lacks {' and '.join(lacking)}; copy all files of the shapefile together (.shp .shx .dbf .prj .cpg)"
        )
    sizes = {}
    for suffix in (".shp", ".shx"):
        with mates[suffix].open("rb") as stream:
            head = stream.read(100)
        said = int.from_bytes(head[24:28], "big") * 2
        size = mates[suffix].stat().st_size
        if len(head) < 100 or head[:4] != b"\0\0\x27\x0a" or said > size:
            raise refuse(where, f"is cut off: its {suffix} says {said} bytes and has {size}; copy it again")
        sizes[suffix] = said
    shapes = (sizes[".shx"] - 100) // 8
    with mates[".dbf"].open("rb") as stream:
        head = stream.read(32)
    rows = int.from_bytes(head[4:8], "little") if len(head) == 32 else -1
    if rows != shapes:
        raise refuse(where, f"its parts do not belong together: {shapes} shapes in .shx, {max(rows, 0)} rows in .dbf")


def _read_shapefile(path: Path, wish: _Wish) -> RawTable:
    mates = {file.suffix.lower(): file for file in path.parent.iterdir() if file.stem == path.stem}
    encoding, notes = dbf_encoding(mates[".dbf"], wish.where, wish.encoding)
    # GDAL finds mates by their exact ending, and lets a .cpg overrule what is asked for.
    with TemporaryDirectory(prefix="gis-") as folder:
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            if suffix in mates:
                shutil.copyfile(mates[suffix], Path(folder) / f"table{suffix}")
        table = _read_gdal(Path(folder) / "table.shp", replace(wish, encoding=encoding, part=None), "ESRI Shapefile")
    key = _key_file(path)
    renamed = _read_key(key) if key.is_file() else {}
    if renamed:
        rows = tuple(
            replace(row, cells={renamed.get(name, name): value for name, value in row.cells.items()})
            for row in table.rows
        )
        table = replace(table, header=tuple(renamed.get(name, name) for name in table.header), rows=rows)
    return replace(table, format="shp", encoding=encoding, notes=(*table.notes, *notes), cut_names=not renamed)


def _read_key(path: Path) -> dict[str, str]:
    text, _ = decode(path.read_bytes(), path.name)
    return {row[0]: row[1] for row in csv.reader(io.StringIO(text, newline="")) if len(row) == 2}


def _read_gdal(path: Path, wish: _Wish, driver: str) -> RawTable:
    """Read with fiona; what it cannot read of the geometry is a fault of the row."""
    import fiona
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
        with fiona.Env(**_GDAL_OPTIONS):
            if driver in {"GPKG", "OpenFileGDB", "GML"}:
                part = _choose({name: name for name in _layers(path, driver)}, wish.part, wish.where)
                options["layer"] = part
            with fiona.open(path, driver=driver, **options) as source:
                crs = source.crs_wkt or None
                header = tuple(source.schema["properties"])
                expected = None if driver in {"DXF", "GML", "MapInfo File"} else len(source)
                rows = list(_fiona_rows(source, wish.where))
    except InputError:
        raise
    except failures as error:
        raise refuse(wish.where, f"is damaged, or not {driver}: {_reason(error)}") from error
    finally:
        log.propagate = True
    if expected is not None and expected != len(rows):
        raise refuse(wish.where, f"is cut off: it says {expected} features, and {len(rows)} can be read")
    return RawTable(wish.where, driver, part, header, tuple(rows), spatial=True, crs=crs, encoding=wish.encoding)


_GDAL_OPTIONS: Final = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_CURL_ENABLED": "NO",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "GML_SAVE_RESOLVED_TO": "",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "OGR_ORGANIZE_POLYGONS": "DEFAULT",
    "DXF_ENCODING": "UTF-8",
}


def _reason(error: BaseException) -> str:
    text = str(error.__cause__ or error)
    return re.sub(r"/?\S*[/\\](?:gis-[^\s/\\]*)\S*", "the file", text)[:200]


def _read_mapinfo(path: Path, wish: _Wish) -> RawTable:
    """Read MapInfo; its files name their charset seldom and rightly more seldom, so the bytes decide."""
    if wish.encoding is not None:
        encoding = known_encoding(wish.encoding, wish.where)
        return _read_gdal(path, replace(wish, encoding=encoding, part=None), "MapInfo File")
    for encoding in ("utf-8", "gb18030"):
        try:
            table = _read_gdal(path, replace(wish, encoding=encoding, part=None), "MapInfo File")
        except InputError:
            if encoding == "gb18030":
                raise
            continue
        texts = [text for row in table.rows for text in row.cells.values() if isinstance(text, str)]
        if garbled_as([*table.header, *texts]) is None:
            break
    return table


def _layers(path: Path, driver: str) -> list[str]:
    import fiona

    if driver == "GPKG":
        _check_geopackage(path)
    return [name for name in fiona.listlayers(path) if not name.startswith(("layer_styles", "GDB_"))]


def _check_geopackage(path: Path) -> None:
    import sqlite3

    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            verdict = base.execute("PRAGMA quick_check(1)").fetchone()[0]
            tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise refuse(path.name, f"is a damaged GeoPackage: {error}") from error
    if verdict != "ok":
        raise refuse(path.name, f"is a damaged GeoPackage: {str(verdict)[:120]}")
    if "gpkg_contents" not in tables:
        raise refuse(path.name, "is an SQLite database, but not a GeoPackage")


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
    return _tidy(value) if isinstance(value, date | datetime | time) else value


_KML_FIELDS: Final = frozenset(
    ["timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon", "snippet"]
)


def _read_kml(path: Path, wish: _Wish) -> RawTable:
    """Read with pyogrio, whose GDAL has LIBKML; one table of all folders, or the folder that is named."""
    import pyogrio

    failures = (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.GeometryError,
        RuntimeError,
        ValueError,
    )
    rows: list[RawRow] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's remarks; what matters fails.
            layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if wish.part is not None:
            layers = [_choose({name: name for name in layers}, wish.part, wish.where)]
        for layer in layers:
            meta, _, geometry, columns = pyogrio.raw.read(path, layer=layer)
            names = [str(name) for name in meta["fields"]]
            for values in zip(geometry, *columns, strict=True):
                cells = {
                    {"Name": "name", "description": "说明"}.get(name, name): _numpy_cell(value)
                    for name, value in zip(names, values[1:], strict=True)
                    if name not in _KML_FIELDS
                }
                rows.append(RawRow(len(rows) + 1, cells, None if values[0] is None else shapely.from_wkb(values[0])))
    except InputError:
        raise
    except (*failures, shapely.errors.ShapelyError) as error:
        raise refuse(wish.where, f"is damaged, or not KML: {_reason(error)}") from error
    filled = {name for row in rows for name, value in row.cells.items() if not is_blank(value)}
    header = tuple(dict.fromkeys(name for row in rows for name in row.cells if name in filled))
    kept = tuple(replace(row, cells={name: row.cells.get(name) for name in header}) for row in rows)
    return RawTable(wish.where, "kml", wish.part, header, kept, spatial=True, crs="EPSG:4326")


def _numpy_cell(value: Any) -> Any:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and math.isnan(plain):
        return None
    return _tidy(plain) if not isinstance(plain, str) else plain


def _read_parquet(path: Path, wish: _Wish) -> RawTable:
    import geopandas as gpd
    import pyarrow as pa
    from pyproj.exceptions import CRSError

    failures = (pa.ArrowException, CRSError, ValueError, TypeError, KeyError, AttributeError, OSError)
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
        raise refuse(wish.where, f"is damaged, or not GeoParquet: {str(error)[:160]}") from error
    return RawTable(wish.where, "parquet", None, tuple(map(str, columns)), rows, spatial=True, crs=crs)


def _present(value: Any) -> Any:
    import pandas as pd

    return None if value is None or value is pd.NA else value


_HEADER_SECTION: Final = re.compile(r"^\s*2\s*\n\s*HEADER\s*$", re.MULTILINE)
_NO_HEADER: Final = "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1021\n0\nENDSEC\n"


def _read_dxf(path: Path, wish: _Wish) -> RawTable:
    """Read a drawing: closed polylines are outlines, named by the text inside them."""
    _check_dxf(path, wish.where)
    # CAD writes GBK and often names no code page, or another one: the bytes decide, and GDAL is given UTF-8.
    drawn, encoding = decode(path.read_bytes(), wish.where, wish.encoding)
    # `path` is the copy that `read_table` made. GDAL asks for the encoding only where there is a header.
    path.write_bytes((drawn if _HEADER_SECTION.search(drawn) else _NO_HEADER + drawn).encode("utf-8"))
    table = replace(_read_gdal(path, replace(wish, encoding=None, part=None), "DXF"), encoding=encoding)
    shapes = [row for row in table.rows if row.geometry is not None and not _says(row)]
    texts = [row for row in table.rows if row.geometry is not None and _says(row)]
    layers = sorted({str(row.cells.get("Layer")) for row in shapes})
    if wish.part is not None:
        _choose({name: name for name in layers}, wish.part, wish.where)
        shapes = [row for row in shapes if row.cells.get("Layer") == wish.part]
    outlines = [(row, _closed(row.geometry)) for row in shapes if row.geometry is not None]
    tree = shapely.STRtree([outline for _, outline in outlines])
    names: dict[int, list[str]] = {}
    for text in texts:
        near = tree.query(text.geometry, predicate="dwithin", distance=_TOUCHING).tolist()
        inside = [i for i in near if shapely.get_dimensions(outlines[i][1]) == 2]
        holding = inside or near
        if holding:
            smallest = min(holding, key=lambda i: outlines[i][1].area)
            names.setdefault(smallest, []).append(_says(text))
    rows = tuple(
        RawRow(row.number, {"name": " ".join(names.get(i, ())) or None, "Layer": row.cells.get("Layer")}, outline)
        for i, (row, outline) in enumerate(outlines)
    )
    lone = len(texts) - sum(map(len, names.values()))
    notes = (f"{lone} text(s) lie in no outline",) if lone else ()
    return replace(
        table, format="dxf", part=wish.part, header=("name", "Layer"), rows=rows, notes=(*table.notes, *notes)
    )


def _read_drawing(path: Path, wish: _Wish) -> RawTable:
    try:
        return _read_dxf(path, wish)
    except shapely.errors.ShapelyError as error:
        raise refuse(wish.where, f"is a damaged drawing: {str(error)[:120]}") from error


def _check_dxf(path: Path, where: str) -> None:
    """Hold a drawing against the form of DXF: GDAL may read a damaged one without end.

    Raises:
        InputError: it is not pairs of a code and a value, or does not end with EOF.
    """
    lines = path.read_bytes().splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    for number, code in enumerate(lines[::2]):
        if not re.fullmatch(rb"\s*-?\d{1,4}\s*", code):
            raise refuse(where, "is a damaged drawing: there is no group code where one must be", 2 * number + 1)
    if len(lines) % 2 or len(lines) < 2 or lines[-1].strip() != b"EOF" or lines[-2].strip() != b"0":
        raise refuse(where, "is a drawing that is cut off: it does not end with EOF")


def _says(row: RawRow) -> str:
    """The text of a drawing's entity, without the codes of CAD."""
    text = str(row.cells.get("Text") or "")
    text = re.sub(r"\\U\+([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return re.sub(r"\\[A-Za-z][^;\\]*;|[{}]|\\P", " ", text).strip()


def _closed(geometry: BaseGeometry) -> BaseGeometry:
    """A closed line with an inside as a polygon; everything else as it is."""
    if geometry.geom_type != "LineString":
        return geometry
    points = shapely.get_coordinates(geometry)
    return shapely.Polygon(points) if len(points) >= 4 and (points[0] == points[-1]).all() else geometry


_READERS: Final[Mapping[str, Callable[[Path, _Wish], RawTable]]] = {
    "csv": _read_csv,
    "xlsx": _read_xlsx,
    "xls": _read_xls,
    "geojson": _read_geojson,
    "shp": _read_shapefile,
    "gpkg": partial(_read_gdal, driver="GPKG"),
    "gdb": partial(_read_gdal, driver="OpenFileGDB"),
    "fgb": partial(_read_gdal, driver="FlatGeobuf"),
    "tab": _read_mapinfo,
    "mif": _read_mapinfo,
    "gml": partial(_read_gdal, driver="GML"),
    "kml": _read_kml,
    "parquet": _read_parquet,
    "dxf": _read_drawing,
}
