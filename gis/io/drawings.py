"""Read a CAD drawing: closed polylines are outlines, named by the text inside them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from gis.io.containers import refuse
from gis.io.encodings import decode
from gis.io.raw import RawRow, RawTable, Wish, choose
from gis.io.vector import read_gdal

_TOUCHING: Final = 1e-6  # A text on a line or point is its name; text and line are rounded apart.


_HEADER_SECTION: Final = re.compile(r"^\s*2\s*\n\s*HEADER\s*$", re.MULTILINE)
_NO_HEADER: Final = "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1021\n0\nENDSEC\n"


def _read_dxf(path: Path, wish: Wish) -> RawTable:
    """Read a drawing: closed polylines are outlines, named by the text inside them."""
    _check_dxf(path, wish.where)
    # CAD writes GBK and often names no code page, or another one: the bytes decide, and GDAL is given UTF-8.
    drawn, encoding = decode(path.read_bytes(), wish.where, wish.encoding)
    # `path` is the copy that `read_table` made. GDAL asks for the encoding only where there is a header.
    path.write_bytes((drawn if _HEADER_SECTION.search(drawn) else _NO_HEADER + drawn).encode("utf-8"))
    table = replace(read_gdal(path, replace(wish, encoding=None, part=None), "DXF"), encoding=encoding)
    shapes = [row for row in table.rows if row.geometry is not None and not _says(row)]
    texts = [row for row in table.rows if row.geometry is not None and _says(row)]
    layers = sorted({str(row.cells.get("Layer")) for row in shapes})
    if wish.part is not None:
        choose({name: name for name in layers}, wish.part, wish.where)
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


def read_drawing(path: Path, wish: Wish) -> RawTable:
    """Read a DXF: its shapes, each named by the text in or on it.

    Raises:
        InputError: it is damaged or cut off.
    """
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
