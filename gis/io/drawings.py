"""Read a CAD drawing: closed polylines are outlines, named by the text inside them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
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
    elif len(layers) > 1 and len({_sort(row) for row in shapes}) > 1:
        held = "; ".join(
            f"{layer} ({_held([row for row in shapes if row.cells.get('Layer') == layer])})" for layer in layers
        )
        raise refuse(wish.where, f"is a drawing of {len(layers)} layers: {held}; say which: --layer NAME")
    rings, loose = _joined(shapes)
    drawn_by_lines = {row.number for row in rings}
    # What single lines draw becomes an outline only where the user lets it be mended.
    outlines = [
        (row, row.geometry if row.number in drawn_by_lines else _closed(row.geometry))
        for row in sorted([*rings, *loose], key=lambda row: row.number)
        if row.geometry is not None
    ]
    heights = _heights(drawn)
    tree = shapely.STRtree([_filled(outline) for _, outline in outlines])
    names: dict[int, list[RawRow]] = {}
    for text in texts:
        near = tree.query(text.geometry, predicate="dwithin", distance=_TOUCHING).tolist()
        inside = [i for i in near if shapely.get_dimensions(_filled(outlines[i][1])) == 2]
        holding = inside or near
        if holding:
            smallest = min(holding, key=lambda i: _filled(outlines[i][1]).area)
            names.setdefault(smallest, []).append(text)
    rows = tuple(
        RawRow(row.number, {"name": _name(names.get(i, ()), row, heights), "Layer": row.cells.get("Layer")}, outline)
        for i, (row, outline) in enumerate(outlines)
    )
    lone = len(texts) - sum(map(len, names.values()))
    notes = (f"{lone} text(s) lie in no outline",) if lone else ()
    return replace(
        table, format="dxf", part=wish.part, header=("name", "Layer"), rows=rows, notes=(*table.notes, *notes)
    )


# What surveyors write all over a drawing: elevations, areas, what a building is of (混5, 砖2, 简), numbers of points.
_MARK: Final = re.compile(
    r"[+-]?\d+(?:\.\d+)?\s*(?:m|米|亩|公顷|㎡|m2|m²|ha|km2|km²|平方米|平方公里|平方千米)?|[\u4e00-\u9fff]{0,2}(?:混|砖|砼|钢|简|木|土|棚|破|建|坎|石)\d{0,2}|"
    r"[a-z]{0,3}\d{1,5}(?:[-/.]\d+)*|(?:用地|占地|建筑|地块)?(?:面积|编号|高程|周长|容积率|绿地率|限高|性质)\s*[:：].*",
    re.IGNORECASE,
)


def _name(texts: Sequence[RawRow], outline: RawRow, heights: Mapping[str, float]) -> str | None:
    """The name of an outline from the texts in it: those of its own layer before others, of these the largest.

    Elevations and marks of buildings name nothing where anything else is there.
    """
    words = [text for text in texts if _words(text)] or list(texts)
    own = [text for text in words if text.cells.get("Layer") == outline.cells.get("Layer")] or words
    if len(own) > 1:
        sizes = [heights.get(str(text.cells.get("EntityHandle")), 0.0) for text in own]
        own = [text for text, size in zip(own, sizes, strict=True) if size >= max(sizes) * (1 - 1e-6)]
    return " ".join(_words(text) or _says(text) for text in own) or None


def _words(text: RawRow) -> str:
    """What a text says in its lines that are no marks."""
    lines = re.split(r"\\P|[\r\n]+", str(text.cells.get("Text") or ""))
    plain = [_plain(line) for line in lines]
    return " ".join(line for line in plain if line and not _MARK.fullmatch(line))


def _heights(drawn: str) -> dict[str, float]:
    """The height of each text of a drawing by its handle."""
    found: dict[str, float] = {}
    lines = drawn.splitlines()
    entity, handle = "", ""
    for code, value in zip(map(str.strip, lines[::2]), lines[1::2], strict=False):
        if code == "0":
            entity, handle = value.strip(), ""
        elif code == "5" and entity in {"TEXT", "MTEXT"}:
            handle = value.strip()
        elif code == "40" and handle and handle not in found:
            with suppress(ValueError):
                found[handle] = float(value)
    return found


def _sort(row: RawRow) -> str:
    """What a shape of a drawing is: an outline, a line or a point."""
    kind = "" if row.geometry is None else _closed(row.geometry).geom_type
    return "outline" if "Polygon" in kind else "line" if "Line" in kind else "point"


def _held(rows: Sequence[RawRow]) -> str:
    counts = Counter(map(_sort, rows))
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(counts.items()))


def _joined(shapes: Sequence[RawRow]) -> tuple[list[RawRow], list[RawRow]]:
    """The closed lines that single LINEs of one layer draw where they meet, and all other shapes."""
    single = [row for row in shapes if row.geometry is not None and _is_single(row.geometry)]
    rings: list[RawRow] = []
    used: set[int] = set()
    for layer in dict.fromkeys(row.cells.get("Layer") for row in single):
        lines = [row for row in single if row.cells.get("Layer") == layer]
        merged = shapely.line_merge(shapely.MultiLineString([shapely.get_coordinates(row.geometry) for row in lines]))
        for ring in (part for part in shapely.get_parts(merged) if shapely.is_ring(part)):
            # Its sides are those of its lines: where these begin it tells.
            corners = set(map(tuple, shapely.get_coordinates(ring).tolist()))
            of = [
                row for row in lines if all(tuple(p) in corners for p in shapely.get_coordinates(row.geometry).tolist())
            ]
            if not of:
                continue
            rings.append(replace(of[0], geometry=ring))
            used |= {row.number for row in of}
    return rings, [row for row in shapes if row.number not in used]


def _is_single(geometry: BaseGeometry) -> bool:
    return geometry.geom_type == "LineString" and int(shapely.get_num_coordinates(geometry)) == 2


def _filled(geometry: BaseGeometry) -> BaseGeometry:
    """What a line that closes, or nearly does, goes round, so that the text in it is found; all else as it is."""
    if geometry.geom_type != "LineString":
        return geometry
    points = shapely.get_coordinates(geometry)
    gap = float(np.hypot(*(points[0] - points[-1])))
    return shapely.Polygon(points) if len(points) >= 4 and gap <= 0.001 * geometry.length else geometry


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
    return _plain(str(row.cells.get("Text") or ""))


def _plain(text: str) -> str:
    text = re.sub(r"\\U\+([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return re.sub(r"\\[A-Za-z][^;\\]*;|[{}]|\\P", " ", text).strip()


def _closed(geometry: BaseGeometry) -> BaseGeometry:
    """A closed line with an inside as a polygon; everything else as it is."""
    if geometry.geom_type != "LineString":
        return geometry
    points = shapely.get_coordinates(geometry)
    return shapely.Polygon(points) if len(points) >= 4 and (points[0] == points[-1]).all() else geometry
