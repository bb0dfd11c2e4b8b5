"""Read the texts of corners that land offices exchange (勘测定界: [属性描述], [地块坐标], lines that end in @)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import Fault, raise_if_any
from gis.base.text import halfwidth
from gis.io.containers import refuse
from gis.io.encodings import decode
from gis.io.raw import RawRow, RawTable, Wish
from gis.io.rings import outline_of_rings

# What stands before the @ of a parcel's line, by the standard.
FIELDS: Final = ("界址点数", "地块面积", "地块编号", "地块名称", "图形属性", "图幅号", "地块用途", "地类编码")
_ZONE: Final = 1_000_000
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")


def read_parcels(path: Path, wish: Wish) -> RawTable:
    """Read a text file of parcels; its head says the system, X is north.

    Raises:
        InputError: it is damaged or cut off, or its system is not one that is converted.
    """
    text, encoding = decode(path.read_bytes(), wish.where, wish.encoding)
    head, parcels, faults = _parse(text, wish.where)
    raise_if_any(faults)
    if not parcels:
        raise refuse(wish.where, "holds no parcel: there is no line that ends in @ with corners below it")
    rows = []
    for number, values, corners in parcels:
        cells: dict[str, Any] = {name: value or None for name, value in zip(FIELDS, values, strict=False)}
        try:
            geometry = _geometry(corners, str(cells.get("图形属性") or ""))
        except ValueError as error:
            faults.append(
                Fault(wish.where, f"the parcel {cells.get('地块名称') or cells.get('地块编号')!r}: {error}", number)
            )
            continue
        said = values[0] if values else ""
        # The count may take in the corner that closes a ring, or not.
        rings = len({ring for ring, _ in corners})
        if said.isdigit() and not len(corners) - rings <= int(said) <= len(corners) + rings:
            what = f"its parcel says {said} corners and has {len(corners)}: it is cut off, or the count is wrong"
            faults.append(Fault(wish.where, what, number))
        rows.append(RawRow(number, cells, geometry))
    raise_if_any(faults)
    crs = (
        None
        if wish.ignore_crs
        else _system(head, [corner for _, _, corners in parcels for _, corner in corners], wish.where)
    )
    header = tuple(name for name in FIELDS if any(row.cells.get(name) for row in rows))
    kept = tuple(RawRow(row.number, {name: row.cells.get(name) for name in header}, row.geometry) for row in rows)
    notes = ("the file gives parameters of a transformation, which is not carried out",) if _transformed(head) else ()
    preamble = tuple(f"{key}={value}" for key, value in head.items())
    return RawTable(
        wish.where,
        "parcels",
        None,
        header,
        kept,
        spatial=True,
        crs=crs,
        encoding=encoding,
        preamble=preamble,
        notes=notes,
    )


_Corner = tuple[str, tuple[float, float]]


def _parse(text: str, where: str) -> tuple[dict[str, str], list[tuple[int, list[str], list[_Corner]]], list[Fault]]:
    """The head, the parcels (line, fields, corners by ring), and what is wrong with lines."""
    head: dict[str, str] = {}
    parcels: list[tuple[int, list[str], list[_Corner]]] = []
    faults: list[Fault] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = halfwidth(raw.lstrip("\ufeff")).replace("、", ",").strip()
        if not line or re.fullmatch(r"[\[【〔].{1,12}[\]】〕]", line):
            continue
        fields = [field.strip() for field in line.split(",")]
        if line.endswith("@"):
            parcels.append((number, fields[:-1], []))
        elif not parcels and "=" in line:
            key, _, value = line.partition("=")
            head[key.strip()] = value.strip()
        elif parcels and len(fields) >= 4 and all(_NUMBER.fullmatch(field) for field in fields[2:4]):
            parcels[-1][2].append((fields[1], (float(fields[2]), float(fields[3]))))
        else:
            faults.append(Fault(where, f"is no corner (点号,圈号,X,Y) and no parcel (…,@): {line[:40]!r}", number))
    return head, parcels, faults


def _geometry(corners: Sequence[_Corner], kind: str) -> BaseGeometry:
    """The geometry of a parcel, easting first.

    Raises:
        ValueError: its corners draw none.
    """
    rings: dict[str, list[tuple[float, float]]] = {}
    for ring, (north, east) in corners:
        rings.setdefault(ring, []).append((east, north))
    if not rings:
        raise ValueError("has no corners")
    if "线" in kind:
        lines = [shapely.LineString(points) for points in rings.values() if len(points) > 1]
        return lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
    if "点" in kind and len(corners) == 1:
        return shapely.Point(*next(iter(rings.values()))[0])
    return outline_of_rings(list(rings.values()))


def _system(head: Mapping[str, str], corners: Sequence[tuple[float, float]], where: str) -> str | None:
    """The code of the zone that the head names; None where it leaves that to the numbers.

    Raises:
        InputError: it is an old or local system, no zone of Gauss-Krüger, or contradicts the numbers.
    """
    name = head.get("坐标系", "")
    if not name:
        return None
    if "2000" not in name:
        old = (
            "西安80"
            if "80" in name
            else "北京54"
            if "54" in name or "北京" in name
            else "no system that is converted here"
        )
        raise refuse(
            where,
            f"says 坐标系={name}, which is {old}: have the surveying office convert it to CGCS2000, or say --datum "
            "if it is converted already",
        )
    unit = head.get("计量单位", "米")
    if unit not in {"", "米", "m", "M"}:
        raise refuse(where, f"says 计量单位={unit}; corners are read in metres: have it saved in 米, or say --datum")
    digits = re.sub(r"\D", "", head.get("带号", ""))
    if not digits:
        return None
    zone, width = int(digits), int(re.sub(r"\D", "", head.get("几度分带", "")) or (3 if int(digits) > 23 else 6))
    if not (width == 3 and 25 <= zone <= 45) and not (width == 6 and 13 <= zone <= 23):
        raise refuse(
            where, f"says 几度分带={width} and 带号={zone}, no zone of China: correct its head, or say --datum"
        )
    # X is north by the standard; the larger of the two where the easting bears the number of its zone.
    eastings = np.array([max(pair) if max(pair) > 10 * _ZONE else min(pair) for pair in corners])
    borne = {int(value // _ZONE) for value in eastings.tolist()}
    if borne == {0}:
        return f"EPSG:{zone - 25 + 4534 if width == 3 else zone - 13 + 4502}"
    if borne != {zone}:
        raise refuse(where, f"says 带号={zone}, but its eastings begin with {sorted(borne)}: say --datum")
    return f"EPSG:{zone - 25 + 4513 if width == 3 else zone - 13 + 4491}"


def _transformed(head: Mapping[str, str]) -> bool:
    return any(float(number) != 0 for number in _NUMBER.findall(head.get("转换参数", "")))
