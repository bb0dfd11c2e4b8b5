"""Read the tables that offices write: CSV and Excel workbooks, old and new."""

from __future__ import annotations

import csv
import io
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from gis.base.errors import MissingExtraError
from gis.base.text import restored
from gis.io.containers import check_workbook, refuse
from gis.io.encodings import decode
from gis.io.headings import HEADER_ROWS, Grid, header_row, table_of_grid
from gis.io.quantities import is_blank
from gis.io.raw import MAX_ROWS, RawTable, Wish, choose, reason_of

MOST_COLUMNS: Final = 1_000
CELLS_LIMIT: Final = 4_000_000
_LONGEST_LINE: Final = 4 << 20


def read_csv(path: Path, wish: Wish) -> RawTable:
    """Read a plain text table with any of the usual signs between its cells.

    Raises:
        InputError: it is no table, or its encoding cannot be found.
    """
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
            if len(grid) > MAX_ROWS + HEADER_ROWS:
                raise refuse(wish.where, f"holds more than {MAX_ROWS} rows")
    except csv.Error as error:
        raise refuse(wish.where, f"is not readable as a table: {error}", reader.line_num) from error
    finally:
        csv.field_size_limit(limit)
    return replace(table_of_grid(grid, wish.where), format="csv", encoding=encoding)


def _delimiter(text: str) -> str:
    """The sign between the cells: the one that most of the first lines have, and have most often."""
    lines = [line for line in text[:200_000].splitlines()[:50] if line.strip()]
    return max(",\t;|", key=lambda sign: (sum(sign in line for line in lines), sum(line.count(sign) for line in lines)))


def read_xlsx(path: Path, wish: Wish) -> RawTable:
    """Read a sheet of a workbook; formulas give their stored values.

    Raises:
        InputError: it is damaged or too large, a formula has no stored value, or several sheets look like tables.
    """
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    calculates = check_workbook(path, wish.where)
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
        del book  # The largest thing in memory.
        formulas: dict[str, list[tuple[int, int]]] = {}
        if calculates:
            with path.open("rb") as stream, closing(load_workbook(stream, data_only=False)) as book:
                formulas = {sheet.title: _formulas(sheet) for sheet in book.worksheets}
    except damaged as error:
        raise refuse(wish.where, f"is a damaged workbook: {type(error).__name__}, {reason_of(error)}") from error
    name, grid = _choose_sheet(grids, wish)
    values = dict(grid)
    lost = [(row, column) for row, column in formulas.get(name, ()) if _is_lost(values.get(row, []), column)]
    if lost:
        row, column = lost[0]
        raise refuse(
            wish.where,
            f"{len(lost)} formula(s) in sheet {name!r} have no stored value (first: column {column}); "
            "open it in Excel, save it, and import again",
            row,
        )
    return replace(table_of_grid(grid, f"{wish.where}[{name}]"), format="xlsx", part=name)


def _is_lost(cells: Sequence[Any], column: int) -> bool:
    return column > len(cells) or cells[column - 1] is None


def _sheet(sheet: Any) -> list[tuple[int, list[Any]]]:
    """The rows of a sheet that say anything; what a merged area says goes for each of its cells."""
    # The cells that are there: going row by row would make up all between the first and one formatted far away.
    cells = {place: cell.value for place, cell in sheet._cells.items() if cell.value is not None}
    return _grid(cells, [(a.min_row, a.max_row, a.min_col, a.max_col) for a in sheet.merged_cells.ranges])


def _formulas(sheet: Any) -> list[tuple[int, int]]:
    return sorted(place for place, cell in sheet._cells.items() if cell.data_type == "f")


Cells = dict[tuple[int, int], Any]


def _grid(cells: Cells, areas: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, list[Any]]]:
    """Rows of one width from cells by row and column (from 1)."""
    spread(cells, areas)
    width = max((column for _, column in cells), default=0)
    rows: dict[int, list[Any]] = {}
    for (row, column), value in sorted(cells.items()):
        if row not in rows and len(rows) * width > CELLS_LIMIT:
            raise OverflowError(
                f"a cell in column {width} makes it wider than can be read: empty what is beside the table"
            )
        rows.setdefault(row, [None] * width)[column - 1] = restored(value) if isinstance(value, str) else value
    return list(rows.items())


def spread(cells: Cells, areas: Sequence[tuple[int, int, int, int]]) -> None:
    """Give the cells of merged areas their value, in rows that say something.

    An area is its first and last row, and its first and last column. A title over the whole width stays one cell; a
    heading or value over several rows is each one's.
    """
    rows = sorted({row for row, _ in cells})
    for top, bottom, left, right in areas:
        value = cells.get((top, left))
        if value is None or top == bottom:
            continue
        for row in rows[bisect_left(rows, top) : bisect_right(rows, bottom)]:
            for column in range(left, min(right, left + MOST_COLUMNS) + 1):
                cells[row, column] = value


def _choose_sheet(grids: Mapping[str, Grid], wish: Wish) -> tuple[str, Grid]:
    """The sheet that is wanted, or the only one that looks like a table."""
    if wish.part is not None:
        return wish.part, choose(grids, wish.part, wish.where)
    tables = {name: grid for name, grid in grids.items() if header_row(grid) is not None}
    if not tables:
        tables = {
            name: grid for name, grid in grids.items() if any(any(not is_blank(c) for c in cells) for _, cells in grid)
        }
    grid = choose(tables, None, wish.where)
    return next(name for name, found in tables.items() if found is grid), grid


def read_xls(path: Path, wish: Wish) -> RawTable:
    """Read a sheet of a workbook of Excel 97 to 2003, or of WPS.

    Raises:
        InputError: it is damaged, or several sheets look like tables.
        MissingExtraError: the extra `xls` is not installed.
    """
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
        with xlrd.open_workbook(str(path), formatting_info=True, ragged_rows=True, logfile=io.StringIO()) as book:
            grids: dict[str, Grid] = {
                sheet.name: _xls_sheet(sheet, book.datemode) for sheet in book.sheets() if sheet.visibility == 0
            }
    except damaged as error:
        raise refuse(wish.where, f"is a damaged workbook: {type(error).__name__}, {reason_of(error)}") from error
    name, grid = _choose_sheet(grids, wish)
    return replace(table_of_grid(grid, f"{wish.where}[{name}]"), format="xls", part=name)


def _xls_sheet(sheet: Any, datemode: int) -> list[tuple[int, list[Any]]]:
    cells = {
        (row + 1, column + 1): value
        for row in range(sheet.nrows)
        for column in range(sheet.row_len(row))
        if (value := _xls_cell(sheet.cell(row, column), datemode)) is not None
    }
    return _grid(cells, [(top + 1, bottom, left + 1, right) for top, bottom, left, right in sheet.merged_cells])


def _xls_cell(cell: Any, datemode: int) -> Any:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, datemode)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK, xlrd.XL_CELL_ERROR}:
        return None
    return cell.value if cell.value != "" else None
