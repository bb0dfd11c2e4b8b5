"""Read the tables that offices write: CSV and Excel workbooks, old and new."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from gis.errors import MissingExtraError
from gis.intake.containers import check_workbook, refuse
from gis.intake.encodings import decode
from gis.intake.headings import HEADER_ROWS, Grid, header_row, table_of_grid
from gis.intake.quantities import is_blank
from gis.intake.raw import MAX_ROWS, RawTable, Wish, choose
from gis.text import restored

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
        raise refuse(wish.where, f"is a damaged workbook: {type(error).__name__} {str(error)[:120]}") from error
    name, grid = _choose_sheet(grids, wish)
    values = dict(grid)
    lost = [(row, column) for row, column in formulas.get(name, ()) if values[row][column - 1] is None]
    if lost:
        row, column = lost[0]
        raise refuse(
            wish.where,
            f"{len(lost)} formula(s) in sheet {name!r} have no stored value (first: column {column}); "
            "open it in Excel, save it, and import again",
            row,
        )
    return replace(table_of_grid(grid, f"{wish.where}[{name}]"), format="xlsx", part=name)


def _sheet(sheet: Any) -> list[tuple[int, list[Any]]]:
    """The cells of a sheet; what a merged area says goes for each of its cells."""
    rows = [list(cells) for cells in sheet.iter_rows(values_only=True)]
    areas = [(a.min_row - 1, a.max_row, a.min_col - 1, a.max_col) for a in sheet.merged_cells.ranges]
    spread(rows, areas)
    return [
        (n, [restored(cell) if isinstance(cell, str) else cell for cell in cells]) for n, cells in enumerate(rows, 1)
    ]


def spread(rows: Sequence[list[Any]], areas: Sequence[tuple[int, int, int, int]]) -> None:
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
        with xlrd.open_workbook(str(path), formatting_info=True, logfile=io.StringIO()) as book:
            grids: dict[str, Grid] = {
                sheet.name: _xls_sheet(sheet, book.datemode) for sheet in book.sheets() if sheet.visibility == 0
            }
    except damaged as error:
        raise refuse(wish.where, f"is a damaged workbook: {type(error).__name__} {str(error)[:120]}") from error
    name, grid = _choose_sheet(grids, wish)
    return replace(table_of_grid(grid, f"{wish.where}[{name}]"), format="xls", part=name)


def _xls_sheet(sheet: Any, datemode: int) -> list[tuple[int, list[Any]]]:
    rows = [
        [_xls_cell(sheet.cell(number, column), datemode) for column in range(sheet.ncols)]
        for number in range(sheet.nrows)
    ]
    spread(rows, sheet.merged_cells)
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
