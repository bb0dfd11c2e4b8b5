"""Coordinates as offices write them: parts in columns of their own, packed numbers, foreign signs, two lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from gis.base.errors import InputError
from gis.io.columns import recognise
from gis.io.headings import table_of_grid
from gis.io.quantities import coordinate_step, pair_steps, parse_coordinate, parse_pair
from gis.io.reading import read_table
from tests.faults.make import book, table
from tests.fixtures import intake

WHOLE = (121.17, 31.295)  # 121°10′12″, 31°17′42″


def places(rows: list[list[Any]]) -> list[tuple[float | None, float | None]]:
    found = table_of_grid(list(enumerate(rows, 1)), "表")
    roles = recognise(found.header, "enterprises").roles
    return [
        (parse_coordinate(row.cells[roles["lon"]]), parse_coordinate(row.cells[roles["lat"]])) for row in found.rows
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [
            ["企业名称", "经度", None, None, "纬度", None, None],
            [None, "度", "分", "秒", "度", "分", "秒"],
            ["甲公司", 121, 10, 12, 31, 17, 42],
        ],
        [
            ["企业名称", "东经", "东经", "东经", "北纬", "北纬", "北纬"],
            ["企业名称", "°", "′", "″", "°", "′", "″"],
            ["甲公司", "121", "10", "12.0", "31", "17", "42"],
        ],
        [
            ["企业名称", "经度(度)", "经度(分)", "经度(秒)", "纬度(度)", "纬度(分)", "纬度(秒)"],
            ["甲公司", 121, 10, 12, 31, 17, 42],
        ],
        [["企业名称", "经度_度", "经度_分", "纬度_度", "纬度_分"], ["甲公司", 121, 10.2, 31, 17.7]],
        [["企业名称", "经度（度.分秒）", "纬度（度.分秒）"], ["甲公司", 121.1012, 31.1742]],
        [["企业名称", "经度(ddd.mmss)", "纬度(dd.mmss)"], ["甲公司", "121.1012", "31.1742"]],
        [["点名", "B", "L", "H"], ["甲公司", 31.295, 121.17, 4.5]],
        [["企业名称", "大地纬度B", "大地经度L"], ["甲公司", "31°17´42˝", "121º10´12˝"]],
    ],
)
def test_the_same_place_is_read_however_it_is_written(rows: list[list[Any]]) -> None:
    assert places(rows) == [WHOLE]


def test_a_part_that_cannot_be_is_a_fault_of_its_row_and_all_empty_parts_are_no_place(tmp_path: Path) -> None:
    head = ["企业名称", "经度(度)", "经度(分)", "经度(秒)", "纬度(度)", "纬度(分)", "纬度(秒)"]
    root = intake.new_project(tmp_path / "园区")
    rows: list[list[Any]] = [
        head,
        ["甲", 121, 70, 12, 31, 17, 42],
        ["乙", "", "", "", "", "", ""],
        ["丙", 121, 10, 1, 31, 17, 4],
    ]
    with pytest.raises(InputError, match="60 or more") as caught:
        intake.plan(root, table(tmp_path, rows), datum="wgs84")
    assert len(caught.value.faults) == 1


def test_plain_numbers_under_degrees_minutes_and_seconds_are_asked_about() -> None:
    with pytest.raises(InputError, match="if 121"):
        places([["企业名称", "经度（度分秒）", "纬度（度分秒）"], ["甲公司", 121.1012, 31.1742]])
    assert places([["企业名称", "经度（度分秒）", "纬度（度分秒）"], ["甲公司", "121°10′12″", "31°17′42″"]]) == [WHOLE]


@pytest.mark.parametrize(
    "text", ["121.17\n31.295", "东经121°10′12″\n北纬31°17′42″", "121.17,\r\n31.295", "121.17\t31.295"]
)
def test_a_line_break_parts_two_coordinates_and_joins_none(text: str) -> None:
    assert parse_pair(text) == WHOLE
    assert min(pair_steps(text)) > 0


def test_signs_that_look_like_degrees_minutes_and_seconds_are_those() -> None:
    for text in ("121º10´12˝", "121˚10`12″", "121°10ʹ12ʺ"):
        assert parse_coordinate(text) == 121.17
    assert coordinate_step("121º10´12.0˝") == pytest.approx(0.1 / 3600)


def test_columns_called_b_and_l_place_nothing_where_others_do() -> None:
    assert recognise(["企业名称", "经度", "纬度", "B", "L"], "enterprises").extras == ("B", "L")
    assert recognise(["企业名称", "B"], "enterprises").extras == ("B",)


def test_a_workbook_with_merged_headings_over_the_parts_is_read(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["企业名称", "经度", "", "", "纬度", "", ""],
        ["", "度", "分", "秒", "度", "分", "秒"],
        ["甲公司", 121, 10, 12, 31, 17, 42],
    ]
    file = book(tmp_path, rows)
    workbook = load_workbook(file)
    for area in ("A1:A2", "B1:D1", "E1:G1"):
        workbook.worksheets[0].merge_cells(area)
    workbook.save(file)
    found = read_table(file)
    assert found.header == ("企业名称", "经度", "纬度")
