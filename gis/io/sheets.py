"""Read the tables that offices write: CSV and Excel workbooks, old and new, and of OpenDocument."""

from __future__ import annotations

import csv
import io
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from gis.base.errors import InputError, MissingExtraError
from gis.base.text import restored
from gis.io.containers import refuse
from gis.io.encodings import decode
from gis.io.headings import HEADER_ROWS, Grid, header_row, table_of_grid
from gis.io.quantities import is_blank
from gis.io.raw import MAX_ROWS, RawTable, Wish, choose, reason_of
from gis.io.workbook_scan import Area, SheetScan, scan_workbook

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


def read_workbook(path: Path, wish: Wish, *, format_: str) -> RawTable:
    """Read a sheet of a workbook (xlsx, xlsb, ods); formulas give their stored values.

    Raises:
        InputError: it is damaged or too large, a formula has no stored value, or several sheets look like tables.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    damaged = (CalamineError, ValueError, KeyError, OverflowError, SyntaxError, EOFError, OSError, RecursionError)
    try:
        scans = scan_workbook(path, format_, wish.where)
        with CalamineWorkbook.from_path(path) as book:
            grids = {
                one.name: _sheet(book.get_sheet_by_name(one.name), scans[one.name], wish)
                for one in book.sheets_metadata
                if one.visible == SheetVisibleEnum.Visible
                and one.typ == SheetTypeEnum.WorkSheet
                and (wish.part is None or one.name == wish.part)
            } or {one.name: [] for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible}
    except InputError:
        raise
    except damaged as error:
        raise refuse(wish.where, f"is a damaged workbook: {type(error).__name__}, {reason_of(error)}") from error
    except BaseException as error:
        # What its reader did not foresee is no error of Python's.
        if type(error).__name__ != "PanicException":
            raise
        raise refuse(wish.where, "is a damaged workbook: it cannot be read") from error
    name, grid = _choose_sheet(grids, wish)
    scan = scans[name]
    if scan.lost:
        row, column = min(scan.lost)
        raise refuse(
            wish.where,
            f"{len(scan.lost)} formula(s) in sheet {name!r} have no stored value (first: column {column}); "
            "open it in Excel, save it, and import again",
            row,
        )
    table = table_of_grid(grid, f"{wish.where}[{name}]")
    return replace(table, format=format_, part=name, notes=(*table.notes, *_errors_said(scan.errors)))


def _errors_said(errors: Mapping[tuple[int, int], str]) -> list[str]:
    """A note that counts the cells whose formula ended in an error, and names the first ones."""
    if not errors:
        return []
    shown = ", ".join(f"{text} in row {row}, column {column}" for (row, column), text in sorted(errors.items())[:5])
    more = " …" if len(errors) > 5 else ""
    return [f"{len(errors)} cell(s) hold an error of a formula, which says nothing: {shown}{more}"]


def _sheet(sheet: Any, scan: SheetScan, wish: Wish) -> list[tuple[int, list[Any]]]:
    """The rows of a sheet that say anything; what a merged area says goes for each of its cells."""
    if sheet.start is None:
        return []
    errors = {row for row, _ in scan.errors}
    # Rows are given from the sheet's first one, cells from the first column that says something.
    blank = [None] * sheet.start[1]
    grid: list[tuple[int, list[Any]]] = []
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if not any(cell != "" for cell in cells) and number not in errors:
            continue
        grid.append((number, [*blank, *map(_cell, cells)]))
        if len(grid) > MAX_ROWS + HEADER_ROWS:
            raise refuse(wish.where, f"holds more than {MAX_ROWS} rows")
    rows = dict(grid)
    for (row, column), text in scan.errors.items():
        if row in rows:
            _put(rows[row], column, text)
    for top, left, row, until in _reaches(list(rows), scan.merged):
        value = rows[top][left - 1] if top in rows and left <= len(rows[top]) else None
        for column in range(left, until + 1) if value is not None else ():
            _put(rows[row], column, value)
    width = max(map(len, rows.values()), default=0)
    for held in rows.values():
        held.extend([None] * (width - len(held)))
    return grid


def _put(cells: list[Any], column: int, value: Any) -> None:
    cells += [None] * (column - len(cells))
    cells[column - 1] = value


def _cell(cell: Any) -> Any:
    """A cell as Excel shows it: nothing for an empty one, whole numbers without a fraction."""
    if isinstance(cell, str):
        return restored(cell) if cell else None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    return cell


Cells = dict[tuple[int, int], Any]


def _grid(cells: Cells, areas: Sequence[Area]) -> list[tuple[int, list[Any]]]:
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


def spread(cells: Cells, areas: Sequence[Area]) -> None:
    """Give the cells of merged areas their value, in rows that say something.

    An area is its first and last row, and its first and last column. A title over the whole width stays one cell; a
    heading or value over several rows is each one's.
    """
    for top, left, row, until in _reaches(sorted({row for row, _ in cells}), areas):
        value = cells.get((top, left))
        for column in range(left, until + 1) if value is not None else ():
            cells[row, column] = value


def _reaches(rows: Sequence[int], areas: Sequence[Area]) -> Iterator[tuple[int, int, int, int]]:
    """Where a merged area of several rows reaches: its first row and column, each of its rows, its last column."""
    for top, bottom, left, right in areas:
        if top != bottom:
            for row in rows[bisect_left(rows, top) : bisect_right(rows, bottom)]:
                yield top, left, row, min(right, left + MOST_COLUMNS)


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
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR!")
    if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}:
        return None
    return cell.value if cell.value != "" else None
