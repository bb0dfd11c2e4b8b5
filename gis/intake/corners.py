"""Make outlines of tables that have one row for each corner (拐点坐标), and ask where zones are mere points."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import shapely

from gis.base.errors import Fault, InputError, raise_if_any
from gis.base.text import halfwidth
from gis.intake.positions import position_of
from gis.io.columns import ColumnMap, plain_name
from gis.io.containers import refuse
from gis.io.quantities import is_blank, parse_truth
from gis.io.raw import FOLDER, RawRow, RawTable
from gis.io.rings import outline_of_rings

# Columns that say which ring of an outline a corner is of; whether that ring is a hole; and in what order corners come.
_RINGS: Final = frozenset(
    [
        "圈号",
        "环号",
        "地块圈号",
        "界址圈号",
        "圈",
        "环",
        "内外环",
        "内外圈",
        "环类型",
        "部件",
        "部件号",
        "部分",
        "分块",
        "块号",
        "多边形",
        "ring",
        "ringno",
        "ringid",
        "ringindex",
        "part",
        "partno",
        "partid",
        "partindex",
        "polygonpart",
    ]
)
_HOLES: Final = frozenset(
    ["洞", "孔", "孔洞", "是否洞", "是否孔", "是否孔洞", "是否内环", "内环", "挖空", "hole", "ishole", "isinner"]
)
_ORDERS: Final = frozenset(
    ["序号", "顺序", "顺序号", "次序", "点序", "order", "seq", "sequence", "index", "vertexindex", "vertexid"]
)
_LABELS: Final = frozenset(
    [
        "点号",
        "点名",
        "点编号",
        "拐点",
        "拐点号",
        "拐点编号",
        "拐点序号",
        "界址点",
        "界址点号",
        "角点",
        "角点号",
        "编号",
        "point",
        "pointid",
        "pointno",
        "vertex",
        "no",
        "no.",
        "id",
        "fid",
        "objectid",
        "name",
        "名称",
    ]
)
_CORNER: Final = re.compile(
    r"(?:拐点|界址点|角点|顶点|控制点|点|[a-z]{1,2})?[\s\-_#]*\d{1,5}[号#]?(?:点|拐点)?", re.IGNORECASE
)
_LEAST: Final = 3
_WAY_OUT: Final = "--points takes each row for a zone that is a mere point"


@dataclass(frozen=True, slots=True)
class _Corner:
    row: RawRow
    place: tuple[float, float]
    ring: str
    hole: bool | None


def with_outlines(
    table: RawTable, columns: ColumnMap, kind: str, constants: Mapping[str, str], *, points: bool
) -> tuple[RawTable, ColumnMap]:
    """The table with one row and one outline for each name, where its rows are the corners of outlines.

    Args:
        table: the table as read.
        columns: what its columns mean.
        kind: what its rows become; only zones and districts are outlines.
        constants: the values that the user gives for every row.
        points: the user says that each row is a zone of its own.

    Raises:
        InputError: rows are points, and it is not clear of which outlines; or corners draw no outline.
    """
    if kind not in {"zones", "districts"} or points:
        return table, columns
    places, faults = _places(table, columns)
    if not any(places):
        return table, columns
    if None in places:
        _ask(table, columns, kind, places)
        return table, columns
    lone, columns = _names(table, columns, constants)
    groups: dict[str, list[int]] = {}
    name = ""
    for i, row in enumerate(table.rows):
        cell = None if lone is not None else row.cells.get(columns.roles.get("name", ""))
        if not is_blank(cell):
            name = str(cell).strip()
        groups.setdefault(lone if lone is not None else name, []).append(i)
    if all(len(rows) == 1 for rows in groups.values()):
        _ask(table, columns, kind, places)
        return table, columns
    for key, rows in groups.items():
        faults += [
            Fault(table.name, f"has no coordinates: the outline {key!r} lacks a corner", table.rows[i].number)
            for i in rows
            if not places[i] and not any(fault.row == table.rows[i].number for fault in faults)
        ]
        if len(rows) < _LEAST:
            what = (
                f"several rows of one name are the corners of one outline, and {key!r} has {len(rows)}: an outline "
                f"needs three; or {_WAY_OUT}"
            )
            faults.append(Fault(table.name, what, table.rows[rows[0]].number))
    raise_if_any(faults, InputError)
    made, notes = [], []
    for key, rows in groups.items():
        corners = [_corner(table.rows[i], places[i], table.header) for i in rows]
        try:
            outline, turned = _outline(corners, table.header)
        except ValueError as error:
            raise refuse(
                table.name, f"the corners of {key!r} draw no outline: {error}", corners[0].row.number
            ) from error
        if turned:
            notes.append(f"the corners of {key!r} are put in the order of {turned}")
        cells = _shared(table.header, [corner.row for corner in corners])
        if "name" in columns.roles:
            cells[columns.roles["name"]] = key
        made.append(RawRow(corners[0].row.number, cells, outline))
    shown = ", ".join(f"{key} ({len(rows)})" for key, rows in list(groups.items())[:10])
    notes.insert(0, f"{len(table.rows)} rows are the corners of {len(made)} outline(s): {shown}")
    return replace(table, rows=tuple(made), spatial=True, notes=(*table.notes, *notes)), columns


def _places(table: RawTable, columns: ColumnMap) -> tuple[list[Any], list[Fault]]:
    """The point of each row; False where it has none, None where it is no point."""
    found: list[Any] = []
    faults = []
    for row in table.rows:
        try:
            geometry = row.geometry if table.spatial else position_of(row.cells, columns.roles)
        except ValueError as error:
            faults.append(Fault(table.name, str(error), row.number))
            found.append(False)
            continue
        if geometry is None or geometry.is_empty:
            found.append(False)
        elif geometry.geom_type == "Point":
            found.append((float(shapely.get_x(geometry)), float(shapely.get_y(geometry))))
        else:
            found.append(None)
    return found, faults


def _names(table: RawTable, columns: ColumnMap, constants: Mapping[str, str]) -> tuple[str | None, ColumnMap]:
    """The name of the one outline that all rows are of, where it is given and no column names outlines."""
    column = columns.roles.get("name")
    given = constants.get("name")
    if column is None:
        return given, columns
    texts = [str(row.cells.get(column)).strip() for row in table.rows if not is_blank(row.cells.get(column))]
    labels = bool(texts) and all(_CORNER.fullmatch(halfwidth(text)) for text in texts)
    if labels and not given and FOLDER in table.header:
        return None, ColumnMap({**columns.roles, "name": FOLDER}, tuple(n for n in columns.extras if n != FOLDER))
    if given and labels:
        roles = {role: name for role, name in columns.roles.items() if role != "name"}
        return given, ColumnMap(roles, columns.extras)
    return None, columns


def _ask(table: RawTable, columns: ColumnMap, kind: str, places: Sequence[Any]) -> None:
    """Raise where zones are points and nothing says that they are meant to be.

    Raises:
        InputError: they are.
    """
    basis = columns.roles.get("geometry_basis")
    stated = [basis is not None and not is_blank(row.cells.get(basis)) for row in table.rows]
    loose = [row for row, place, said in zip(table.rows, places, stated, strict=True) if place and not said]
    if kind != "zones" or not loose:
        return
    column = columns.roles.get("name")
    texts = [str(row.cells.get(column or "")) for row in loose]
    if column is not None and len(loose) >= _LEAST and all(_CORNER.fullmatch(halfwidth(text)) for text in texts):
        raise refuse(
            table.name,
            f"its {len(loose)} rows are points called {texts[0]}, {texts[1]} …, which look like the corners of one "
            f"outline: say --set name=NAME for one outline, or --map name=COLUMN for one of each name; or {_WAY_OUT}",
        )
    raise refuse(
        table.name,
        f"gives one point for each of {len(loose)} zones, and zones are outlines: give the outlines (a shapefile, KML, "
        "or a table of corners with several rows of one name); or "
        f"{_WAY_OUT}, of no area, in which nothing lies",
    )


def _corner(row: RawRow, place: tuple[float, float], header: Sequence[str]) -> _Corner:
    rings = [str(row.cells.get(column)) for column in header if plain_name(column) in _RINGS]
    hole = None
    for column in header:
        if plain_name(column) in _HOLES and not is_blank(row.cells.get(column)):
            try:
                hole = parse_truth(row.cells.get(column))
            except ValueError:
                hole = re.search("内|洞|孔|hole|inner", str(row.cells.get(column)), re.IGNORECASE) is not None
    return _Corner(row, place, " ".join(rings), hole)


def _outline(corners: Sequence[_Corner], header: Sequence[str]) -> tuple[Any, str | None]:
    """The outline that corners draw, and the column whose order was taken where it is not that of the rows.

    Raises:
        ValueError: they draw none.
    """
    by_ring: dict[tuple[str, bool | None], list[_Corner]] = {}
    for corner in corners:
        by_ring.setdefault((corner.ring, corner.hole), []).append(corner)
    turned = None
    rings: list[list[tuple[float, float]]] = []
    holes: list[bool | None] = []
    for (_, hole), members in by_ring.items():
        for ring in _parted(members, header):
            ordered, by = _ordered(ring, header)
            turned = turned or by
            rings.append([corner.place for corner in ordered])
            holes.append(hole)
    outline = outline_of_rings(rings)
    if any(hole is not None for hole in holes):
        inner = sum(len(part.interiors) for part in shapely.get_parts(outline))
        if inner != sum(bool(hole) for hole in holes):
            raise ValueError("which of its rings are holes is not as its column says")
    return outline, turned


def _parted(corners: Sequence[_Corner], header: Sequence[str]) -> list[list[_Corner]]:
    """Corners cut into rings where one closes, or where the count begins again; else one ring."""
    column = _column_of_order(corners, header)
    numbers = [_number(corner.row.cells.get(column)) if column is not None else None for corner in corners]
    rings: list[list[_Corner]] = [[]]
    closed = False
    for corner, number in zip(corners, numbers, strict=True):
        ring = rings[-1]
        again = number == 1 and len(ring) >= _LEAST and corner.place != ring[0].place
        if closed or again:
            rings.append([])
            ring = rings[-1]
        ring.append(corner)
        closed = len(ring) > _LEAST and corner.place == ring[0].place
    return rings


def _column_of_order(corners: Sequence[_Corner], header: Sequence[str]) -> str | None:
    for names in (_ORDERS, _LABELS):
        for column in header:
            if plain_name(column) in names and all(_number(corner.row.cells.get(column)) for corner in corners):
                return column
    return None


def _ordered(ring: Sequence[_Corner], header: Sequence[str]) -> tuple[list[_Corner], str | None]:
    """The corners of a ring in their order: by a column of order, else as they stand.

    Labels of corners (J1, J7) are names of survey points, which parcels share: they order a ring only where they count
    from 1 on, or where the ring crosses itself as it stands.
    """
    rest = list(ring[:-1]) if len(ring) > _LEAST and ring[0].place == ring[-1].place else list(ring)
    for column in header:
        known = plain_name(column)
        numbers = [_number(corner.row.cells.get(column)) for corner in rest]
        if known not in _ORDERS | _LABELS or None in numbers or len(set(numbers)) < len(numbers):
            continue
        by_number = [rest[i] for i in sorted(range(len(rest)), key=lambda i: numbers[i] or 0)]
        counts = sorted(number or 0 for number in numbers) == list(range(1, len(rest) + 1))
        crossed = not _is_simple(rest) and _is_simple(by_number)
        if by_number != rest and (known in _ORDERS or counts or crossed):
            return by_number, column
    return rest, None


def _is_simple(corners: Sequence[_Corner]) -> bool:
    return bool(shapely.Polygon([corner.place for corner in corners]).is_valid)


def _number(value: Any) -> int | None:
    """The number in a label like J12 or 12.0; None where there is none."""
    match = re.fullmatch(r"\D{0,6}?(\d{1,9})(?:\.0+)?\D{0,2}", halfwidth(str(value)))
    return int(match[1]) if match else None


def _shared(header: Sequence[str], rows: Sequence[RawRow]) -> dict[str, Any]:
    """What all rows say alike, or only the first one says."""
    found = {}
    for column in header:
        said = [row.cells.get(column) for row in rows if not is_blank(row.cells.get(column))]
        found[column] = said[0] if said and all(value == said[0] for value in said) else None
    return found
