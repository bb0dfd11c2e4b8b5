"""Drawings as surveyors make them: many layers, many texts, lines that nearly meet."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from gis.base.errors import InputError
from gis.io.reading import read_table

RING = [(0.0, 0.0), (1000.0, 0.0), (1000.0, 800.0), (0.0, 800.0)]


def entity(kind: str, layer: str, handle: int, *pairs: tuple[int, object]) -> str:
    head = [(0, kind), (5, f"{handle:X}"), (100, "AcDbEntity"), (8, layer)]
    return "".join(f"{code}\n{value}\n" for code, value in [*head, *pairs])


def text(layer: str, handle: int, words: str, height: float, x: float = 500, y: float = 400) -> str:
    return entity("TEXT", layer, handle, (100, "AcDbText"), (10, x), (20, y), (40, height), (1, words))


def ring(layer: str, handle: int, corners: list[tuple[float, float]], *, closed: bool = True) -> str:
    points = [pair for x, y in corners for pair in ((10, x), (20, y))]
    return entity("LWPOLYLINE", layer, handle, (100, "AcDbPolyline"), (90, len(corners)), (70, int(closed)), *points)


def drawing(folder: Path, *entities: str) -> Path:
    path = folder / "图.dxf"
    body = "".join(entities)
    path.write_bytes(
        f"0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1015\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n{body}0\nENDSEC\n0\nEOF\n".encode(
            "gb18030"
        )
    )
    return path


def test_the_name_is_the_largest_text_and_no_elevation_area_or_mark_of_a_building(tmp_path: Path) -> None:
    marks = [text("GCD", 20 + n, f"{4 + n / 10:.2f}", 2.0, 100 + n, 100) for n in range(9)]
    marks += [
        text("JMD", 40, "混5", 5.0),
        text("注记", 41, "面积：80公顷", 3.0, 500, 300),
        text("注记", 42, "东门", 1.5, 500, 200),
    ]
    file = drawing(tmp_path, ring("JZD", 16, RING), text("注记", 17, "甲园", 3.0), *marks)
    assert [row.cells["name"] for row in read_table(file).rows] == ["甲园"]


def test_a_text_of_the_outlines_own_layer_goes_before_larger_ones(tmp_path: Path) -> None:
    file = drawing(tmp_path, ring("JZD", 16, RING), text("JZD", 17, "甲园", 2.0), text("图名", 18, "某某总图", 9.0))
    assert read_table(file).rows[0].cells["name"] == "甲园"


def test_several_layers_are_listed_and_one_is_chosen(tmp_path: Path) -> None:
    file = drawing(
        tmp_path, ring("JZD", 16, RING), text("注记", 17, "甲园", 3.0), ring("DGX", 18, RING[:3], closed=False)
    )
    with pytest.raises(InputError, match=r"DGX \(1 line\); JZD \(1 outline\); say which: --layer"):
        read_table(file)
    assert [row.cells["name"] for row in read_table(file, part="JZD").rows] == ["甲园"]


def test_lines_that_meet_are_one_closed_line_with_the_name_in_it(tmp_path: Path) -> None:
    sides = [
        entity("LINE", "红线", 20 + n, (100, "AcDbLine"), (10, x), (20, y), (11, u), (21, v))
        for n, ((x, y), (u, v)) in enumerate(zip(RING, [*RING[1:], RING[0]], strict=True))
    ]
    (row,) = read_table(drawing(tmp_path, *sides, text("红线", 40, "甲园", 3.0))).rows
    assert row.cells["name"] == "甲园"
    assert row.geometry is not None
    assert row.geometry.geom_type == "LineString"
    assert shapely.polygonize([row.geometry]).area == 800_000
    (loose,) = read_table(drawing(tmp_path, sides[0])).rows
    assert loose.geometry == shapely.LineString(RING[:2])


def test_a_line_that_nearly_closes_is_named_by_the_text_in_it(tmp_path: Path) -> None:
    file = drawing(tmp_path, ring("红线", 16, [*RING, (0.005, 0.0)], closed=False), text("红线", 17, "甲园", 3.0))
    (row,) = read_table(file).rows
    assert (row.cells["name"], row.geometry is not None and row.geometry.geom_type) == ("甲园", "LineString")
