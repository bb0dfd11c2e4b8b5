"""Find the headings of a table in a grid of cells, and take the rows below them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from gis.base.errors import Fault, InputError
from gis.io.columns import meaning
from gis.io.containers import refuse
from gis.io.encodings import garbled_as
from gis.io.quantities import is_blank
from gis.io.raw import RawRow, RawTable, tidy
from gis.io.remarks import remark_of, total_of, under_headings
from gis.io.sexagesimal import joined_degrees, under_degrees

Grid = Sequence[tuple[int, Sequence[Any]]]

HEADER_ROWS: Final = 30


def table_of_grid(grid: Grid, where: str) -> RawTable:
    """Find the headings in a grid of cells, and the rows below them.

    Raises:
        InputError: there are no headings, two are the same in meaning, or a row has more cells than there are headings.
    """
    start = header_row(grid)
    if start is None:
        texts = [cell for _, cells in grid[:HEADER_ROWS] for cell in cells if isinstance(cell, str)]
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
    names = tuple(name for name in header if name)
    rows: list[RawRow] = []
    dropped: list[tuple[int, str]] = []
    around = [str(cell) for _, cells in grid[:start] for cell in cells if not is_blank(cell)]
    noted = False
    for number, cells in grid[start + used :]:
        if all(is_blank(cell) for cell in cells):
            continue
        if not rows and (aside := under_headings(header, cells)):
            dropped.append((number, aside))
            continue
        if words := total_of(cells) or remark_of(cells, len(names), noted=noted):
            dropped.append((number, f"a row of totals or a remark ({words})"))
            noted = noted or total_of(cells) is None
            around += [str(cell) for cell in cells if not is_blank(cell)]
            continue
        beyond = [cell for cell in cells[len(header) :] if not is_blank(cell)]
        if beyond:
            what = f"has cells beyond the last heading, such as {str(beyond[0])[:20]!r}: empty them, or give a heading"
            faults.append(Fault(where, what, number))
            continue
        found = {name: cell for name, cell in zip(header, cells, strict=False) if name}
        orphan = [str(cell) for name, cell in zip(header, cells, strict=False) if not name and not is_blank(cell)]
        if orphan:
            what = f"has a cell without a heading above it: {orphan[0][:20]!r}: empty it, or give its column a heading"
            faults.append(Fault(where, what, number))
            continue
        if [str(cell).strip() for cell in found.values()] == list(names):
            dropped.append((number, "the headings again"))
            continue
        rows.append(RawRow(number, {name: tidy(found.get(name)) for name in names}))
    if faults:
        raise InputError(faults)
    return joined_degrees(RawTable(where, "", None, names, tuple(rows), preamble=tuple(around), dropped=tuple(dropped)))


def header_row(grid: Grid) -> int | None:
    """The position of the row that has the most headings with a known meaning among the first rows."""
    best, chosen = 0.0, None
    widest = max((len(row) for _, row in grid), default=0)
    for position, (_, cells) in enumerate(grid[:HEADER_ROWS]):
        texts = [str(cell) for cell in cells if isinstance(cell, str) and not is_blank(cell)]
        known = {meaning(text, None) for text in texts} - {None}
        score = len(known) + 0.5 * bool(known & {"name", "id"}) + 0.5 * bool(known & {"lon", "x", "xy", "wkt"})
        # A title that happens to be a word we know stands alone; a table has headings side by side.
        filled = sum(not is_blank(cell) for cell in cells)
        words = sum(not re.fullmatch(r"[\d.,+\-eE\s]*", text) for text in texts)
        enough = filled >= min(2, widest) and 2 * words > filled
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
        parts = under_degrees(upper, ["" if is_blank(cell) else str(cell).strip() for cell in below])
        if parts is not None:
            return parts, 2
        texts = [str(cell) for cell in below if not is_blank(cell)]
        own = [not name or meaning(name, None) in {None, "xy"} or name in upper[:i] for i, name in enumerate(upper)]
        under = [i for i, cell in enumerate(below) if not is_blank(cell)]
        are_headings = all(isinstance(below[i], str) for i in under) and any(meaning(text, None) for text in texts)
        fits = all(i < len(own) and (own[i] or upper[i] == str(below[i]).strip()) for i in under)
        if texts and are_headings and fits:
            lower = ["" if is_blank(cell) else str(cell).strip() for cell in below]
            joined = [(lower[i] if i < len(lower) else "") or name for i, name in enumerate(upper)]
            return _told_apart(joined, upper), 2
    return _told_apart(upper, grid[start - 1][1] if start else ()), 1


def _told_apart(names: list[str], above: Sequence[Any]) -> list[str]:
    """Headings of which two are the same (经度 of 高德坐标, 经度 of 百度坐标) with the group that stands above each."""
    group, groups = "", []
    for i in range(len(names)):
        if i < len(above) and not is_blank(above[i]):
            group = re.sub(r"\s+", "", str(above[i]))
        groups.append(group)
    longer = [
        f"{over}{name}" if names.count(name) > 1 and over != name else name
        for name, over in zip(names, groups, strict=True)
    ]
    return longer if len(set(filter(None, longer))) == len([name for name in longer if name]) else names


def _is_han(cell: object) -> bool:
    return re.search("[\u4e00-\u9fff]", str(cell)) is not None
