"""Find the headings of a table in a grid of cells, and take the rows below them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from gis.base.errors import Fault, InputError
from gis.io.columns import meaning
from gis.io.containers import refuse
from gis.io.encodings import garbled_as
from gis.io.quantities import is_blank
from gis.io.raw import RawRow, RawTable, tidy
from gis.io.remarks import remark_of, total_of, under_headings
from gis.io.sections import Section, Sections, says_as_above, section_of
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
        raise _without_headings(grid, where)
    heads, used = _headings(grid, start)
    faults = [
        Fault(where, f"the heading {name!r} is there twice; rename one", grid[start][0])
        for name in sorted({name for name in heads if name and heads.count(name) > 1})
    ]
    names = tuple(name for name in heads if name)
    rows: list[tuple[int, dict[str, Any]]] = []
    sections, above = Sections(), 0
    dropped: list[tuple[int, str]] = []
    around = [str(cell) for _, cells in grid[:start] for cell in cells if not is_blank(cell)]
    noted = False
    if (over := _section_above(grid, start, used)) is not None:
        sections.begin(*over)
    for number, cells in grid[start + used :]:
        if all(is_blank(cell) for cell in cells):
            continue
        if not rows and (aside := under_headings(heads, cells)):
            dropped.append((number, aside))
            continue
        if not noted and len(names) > 1 and (section := section_of(cells)) and total_of(cells) is None:
            dropped.append(sections.begin(section, number))
            continue
        if words := total_of(cells) or remark_of(cells, len(names), noted=noted):
            dropped.append((number, f"a row of totals or a remark ({words})"))
            noted = noted or total_of(cells) is None
            around += [str(cell) for cell in cells if not is_blank(cell)]
            continue
        if stray := _stray(heads, cells):
            faults.append(Fault(where, stray, number))
            continue
        found = {name: cell for name, cell in zip(heads, cells, strict=False) if name}
        if [str(cell).strip() for cell in found.values()] == list(names):
            dropped.append((number, "the headings again"))
            continue
        row = {name: tidy(found.get(name)) for name in names}
        same = [name for name, cell in row.items() if says_as_above(cell)]
        if same and not rows:
            faults.append(Fault(where, f"{same[0]} says {row[same[0]]!r}, and there is no row above it", number))
            continue
        row |= {name: rows[-1][1][name] for name in same}
        above += len(same)
        rows.append((number, row))
        sections.row()
    if faults:
        raise InputError(faults)
    notes = (f"{above} cell(s) say 同上: they hold what stands above them",) if above else ()
    table = RawTable(where, "", None, names, (), preamble=tuple(around), notes=notes, dropped=tuple(dropped))
    return joined_degrees(_filled(table, rows, sections))


def _without_headings(grid: Grid, where: str) -> InputError:
    """What is wrong with a grid that has no headings."""
    texts = [cell for _, cells in grid[:HEADER_ROWS] for cell in cells if isinstance(cell, str)]
    if garbled := garbled_as(texts):
        sample = next((text for text in texts if not text.isascii()), "")
        return refuse(where, f"its texts look like {garbled} read wrongly, such as {sample[:20]!r}: say --encoding")
    shown = next((list(cells)[:6] for _, cells in grid if any(not is_blank(c) for c in cells)), [])
    return refuse(where, f"has no row of headings with a name or coordinates in its first rows; it begins {shown}")


def _filled(table: RawTable, rows: Sequence[tuple[int, dict[str, Any]]], sections: Sections) -> RawTable:
    """A table with its rows, and with what the sections say of them."""
    header, filled = sections.columns(table.header, [row for _, row in rows])
    kept = tuple(RawRow(number, cells) for (number, _), cells in zip(rows, filled, strict=True))
    return replace(table, header=tuple(header), rows=kept, notes=(*sections.notes(), *table.notes))


def _stray(heads: Sequence[str], cells: Sequence[Any]) -> str | None:
    """What is wrong with a row that has cells where there is no heading."""
    beyond = [cell for cell in cells[len(heads) :] if not is_blank(cell)]
    if beyond:
        return f"has cells beyond the last heading, such as {str(beyond[0])[:20]!r}: empty them, or give a heading"
    orphan = [str(cell) for name, cell in zip(heads, cells, strict=False) if not name and not is_blank(cell)]
    if orphan:
        return f"has a cell without a heading above it: {orphan[0][:20]!r}: empty it, or give its column a heading"
    return None


def _section_above(grid: Grid, start: int, used: int) -> tuple[Section, int] | None:
    """The section that stands over the headings, where others stand below: elsewhere it is a title."""
    over = section_of(grid[start - 1][1]) if start else None
    if over is None or not any(section_of(cells) for _, cells in grid[start + used :]):
        return None
    return over, grid[start - 1][0]


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
