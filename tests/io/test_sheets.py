"""Tables as offices make them: what is read of them, and what is left out and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely
from openpyxl import load_workbook
from openpyxl.styles import PatternFill

from gis.base.errors import InputError, UsageError
from gis.earth.datum import convert
from gis.earth.geodesy import distance_m
from gis.intake.merging import Feature
from gis.io.geojson import dump_features
from gis.io.headings import table_of_grid
from gis.io.quantities import parse_coordinate, parse_day
from gis.io.reading import read_table
from gis.io.remarks import remark_of, total_of, under_headings
from gis.io.sheets import spread
from gis.model import journal
from tests.faults.make import book, layer, table
from tests.fixtures import intake

HEADER = ["序号", "企业名称", "经度", "纬度", "员工数"]
FIRMS: list[list[Any]] = [[1, "甲有限公司", 121.17, 31.295, "1,200"], [2, "乙有限公司", 121.171, 31.296, "３５０"]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return intake.new_project(tmp_path / "我的 园区")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_what_excel_calls_unicode_text_is_read_with_and_without_its_mark(encoding: str, tmp_path: Path) -> None:
    text = "企业名称\t经度\t纬度\r\n一一一有限公司\t121.17\t31.295\r\n"
    (tmp_path / "表.txt").write_bytes(text.encode(encoding))
    found = read_table(tmp_path / "表.txt")
    assert found.encoding == encoding
    assert found.rows[0].cells["企业名称"] == "一一一有限公司"


def test_big5_is_named_as_a_wrong_encoding_and_read_when_said(tmp_path: Path) -> None:
    file = table(tmp_path, [["企業名稱", "lon", "lat"], ["臺灣電子股份有限公司", 121.17, 31.295]], encoding="big5")
    with pytest.raises(InputError, match="--encoding"):
        read_table(file)
    assert read_table(file, encoding="big5").rows[0].cells["企業名稱"] == "臺灣電子股份有限公司"


@pytest.mark.parametrize(
    ("below", "what"),
    [
        (["", "", "度", "度", "人"], "a row of units"),
        (["", "", "（°）", "（°）", "(人)"], "a row of units"),
        (["int", "varchar", "double", "double", "int"], "a row of units"),
        (["(1)", "(2)", "(3)", "(4)", "(5)"], "the numbers of the columns"),
        (["甲", "乙", 1, 2, 3], "the numbers of the columns"),
        (["No.", "Name", "Lng", "Lat", "Staff"], "the headings again"),
    ],
)
def test_a_row_below_the_headings_that_is_no_row_is_left_out_and_said(below: list[Any], what: str) -> None:
    found = table_of_grid(list(enumerate([HEADER, below, *FIRMS], 1)), "表")
    assert len(found.rows) == 2
    assert found.dropped == ((2, what),)


def test_a_firm_right_below_the_headings_is_a_row() -> None:
    for cells in (
        [1, "人人公司", 121.17, 31.295, 3],
        [1, "甲有限公司", "", "", ""],
        ["", "平方公里设计有限公司", "", "", ""],
    ):
        assert under_headings(HEADER, cells) is None


@pytest.mark.parametrize(
    "cells",
    [
        ["合计", "3家"],
        ["合  计", "", "", "", 1550],
        ["", "总　计：2家"],
        [3, "小计", "", "", 12],
        ["安亭镇小计", "", "", "", 3],
        ["合计（共2家）"],
        ["平均", "", "", "", 3],
        ["Total", 2],
    ],
)
def test_rows_of_totals_are_told(cells: list[Any]) -> None:
    assert total_of(cells)


@pytest.mark.parametrize(
    "name", ["合计量设备有限公司", "总计科技有限公司", "TotalEnergies 道达尔", "Sumitomo", "均胜电子"]
)
def test_a_firm_whose_name_begins_like_a_total_is_kept(name: str) -> None:
    assert total_of([name, 121.17, 31.295]) is None
    assert total_of([1, name, 121.17, 31.295]) is None


def test_notes_and_signatures_below_a_table_are_left_out_and_said() -> None:
    below: list[list[Any]] = [
        [],
        ["注：1. 坐标为实测"],
        ["2.数据截至2025年底"],
        ["*带星号为重点企业"],
        ["填表人：张三", "", "审核人：李四", "", "日期：2025年3月"],
    ]
    found = table_of_grid(list(enumerate([HEADER, *FIRMS, *below], 1)), "表")
    assert len(found.rows) == 2
    assert [row for row, _ in found.dropped] == [5, 6, 7, 8]


def test_a_firm_of_which_only_the_name_is_known_is_no_note() -> None:
    for name in ("1.甲有限公司", "*乙有限公司", "以上海为家有限公司", "注塑机械厂"):
        assert remark_of(["", name, "", ""], 4, noted=True) is None
    assert remark_of(["1.甲公司名下两处"], 4, noted=False) is None


def test_a_note_below_the_table_is_a_witness_of_the_datum(root: Path, tmp_path: Path) -> None:
    x, y = convert(121.17, 31.295, "wgs84", "gcj02")
    rows: list[list[Any]] = [["企业名称", "经度", "纬度"], ["甲公司", x, y], ["注：坐标系为GCJ-02"]]
    file = book(tmp_path, rows)
    assert str(intake.plan(root, file).decision.reference) == "gcj02"


def test_headings_in_two_rows_are_told_apart_by_their_groups(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["企业名称", "高德坐标", "", "百度坐标", ""],
        ["", "经度", "纬度", "经度", "纬度"],
        ["甲公司", 121.1, 31.2, 121.3, 31.4],
    ]
    file = book(tmp_path, rows)
    workbook = load_workbook(file)
    for area in ("A1:A2", "B1:C1", "D1:E1"):
        workbook["Sheet"].merge_cells(area)
    workbook.save(file)
    assert read_table(file).header == ("企业名称", "高德坐标经度", "高德坐标纬度", "百度坐标经度", "百度坐标纬度")


def test_of_coordinates_in_several_datums_those_of_the_one_that_is_said_are_read(root: Path, tmp_path: Path) -> None:
    amap, baidu = convert(121.17, 31.295, "wgs84", "gcj02"), convert(121.17, 31.295, "wgs84", "bd09")
    header = ["企业名称", "高德经度", "高德纬度", "百度经度", "百度纬度"]
    file = table(tmp_path, [header, ["甲公司", *amap, *baidu]])
    for datum in ("gcj02", "bd09"):
        found = intake.plan(root, file, datum=datum)
        point = next(geometry for record, geometry in found.features if record["name"] == "甲公司")
        assert point is not None
        assert distance_m(point.centroid.x, point.centroid.y, 121.17, 31.295) < 0.2
    for other in (None, "wgs84"):
        with pytest.raises(UsageError, match=r"in several datums.*--datum gcj02 or --datum bd09"):
            intake.plan(root, file, datum=other)
    chosen = intake.plan(root, file, columns={"lon": "百度经度", "lat": "百度纬度"})
    assert str(chosen.decision.reference) == "bd09"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3 464 000.52", 3464000.52),
        ("40516100.5 米", 40516100.5),
        ("3464000.5m", 3464000.5),
        ("'121.17", 121.17),
        ("121：10：12", 121.17),
    ],
)
def test_coordinates_with_spaces_units_or_colons_are_read(written: str, value: float) -> None:
    assert parse_coordinate(written) == value


@pytest.mark.parametrize(
    "written", ["2020年1月31日", "2020/1/31", "2020.01.31", "２０２０－１－３１", "20200131", 43861, "43861"]
)
def test_a_day_is_read_as_people_write_it(written: str | int) -> None:
    assert parse_day(written) == "2020-01-31"


def test_the_only_heading_that_ends_in_name_is_the_name(root: Path, tmp_path: Path) -> None:
    file = table(tmp_path, [["充电站名称", "经度", "纬度"], ["安亭\n一号站", 121.17, 31.295]])
    intake.run(root, file, kind="facilities", datum="wgs84")
    assert list(intake.records(root, "facilities")) == ["安亭一号站"]
    two = table(tmp_path, [["车站名称", "换乘站名称", "经度", "纬度"], ["甲", "乙", 121.17, 31.295]], "二.csv")
    with pytest.raises(InputError, match="--map name="):
        intake.plan(root, two, kind="facilities", datum="wgs84")


@pytest.mark.parametrize("written", ["2020年1月", "2020", "2020/2/30", "去年", "20201301"])
def test_what_names_no_day_is_a_fault_of_its_row(written: str, root: Path, tmp_path: Path) -> None:
    file = table(tmp_path, [["企业名称", "生效日期"], ["甲公司", "2020/1/31"], ["乙公司", written]])
    with pytest.raises(InputError, match=r"表.csv:3: 生效日期: .* is no day"):
        intake.plan(root, file)


def test_a_formula_without_a_stored_value_is_found_wherever_it_is(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["企业名称", "经度", "纬度"], *([f"第{i}公司", 121.17, 31.295] for i in range(300))]
    assert len(read_table(book(tmp_path, rows)).rows) == 300
    file = book(tmp_path, [*rows, ["末公司", "=121+0.17", 31.295]])
    with pytest.raises(InputError, match=r":302: 1 formula\(s\) .*first: column 2"):
        read_table(file)


def test_many_rows_of_one_name_are_listed_as_a_few_pairs_each(root: Path, tmp_path: Path) -> None:
    rows: list[list[Any]] = [["个体工商户", 121.17, 31.295]] * 40
    found = intake.run(root, table(tmp_path, [["企业名称", "经度", "纬度"], *rows]), datum="wgs84")
    assert len(found.likely) <= 40 * 5
    assert {pair["row"] for pair in found.likely} == set(range(3, 42))
    assert sorted(found.added)[-1] == "ge-ti-gong-shang-hu-9"
    assert len(set(found.added)) == 40


def test_the_marks_of_a_layer_are_those_of_its_features() -> None:
    features: list[Feature] = [
        ({"id": name, "name": f"甲\n{name}", "n": 1.0}, geometry)
        for name, geometry in (("b", shapely.Point(121.1234567, 31.2)), ("a-2", None), ("a", shapely.box(1, 1, 2, 2)))
    ]
    marks = journal.marks_of(dump_features(features), [str(record["id"]) for record, _ in features])
    assert marks == {str(record["id"]): journal.mark_of(record, geometry) for record, geometry in features}


def test_a_merged_cell_of_several_rows_is_each_rows_and_a_title_stays_one_cell() -> None:
    cells = {(1, 1): "标题", (2, 1): "所属园区", (2, 2): "企业名称", (3, 1): "创新港", (3, 2): "甲", (4, 2): "乙"}
    spread(cells, [(1, 1, 1, 2), (3, 9, 1, 1)])
    assert cells[4, 1] == "创新港"
    assert (1, 2) not in cells
    assert (9, 1) not in cells


@pytest.mark.parametrize("far", [(1_048_576, 3), (3, 16_384), (1_048_576, 16_384)])
def test_a_cell_formatted_far_away_costs_nothing(far: tuple[int, int], tmp_path: Path) -> None:
    file = book(tmp_path, [HEADER, *FIRMS])
    workbook = load_workbook(file)
    workbook["Sheet"].cell(*far).fill = PatternFill("solid", fgColor="FF0000")
    workbook.save(file)
    found = read_table(file)
    assert (len(found.rows), found.header) == (2, tuple(HEADER))


@pytest.mark.parametrize("said", ["kind=spaceship", "segment=飞船", "accuracy_m=很准", "valid_from=去年"])
def test_a_value_for_all_rows_that_the_column_cannot_say_is_refused(said: str, root: Path, tmp_path: Path) -> None:
    name, _, value = said.partition("=")
    with pytest.raises(UsageError, match=f"--set {said}"):
        intake.plan(root, table(tmp_path, [HEADER, *FIRMS]), datum="wgs84", constants={name: value})


def test_a_table_without_any_place_says_so(root: Path, tmp_path: Path) -> None:
    file = layer(tmp_path, "图.gpkg", [None, None], driver="GPKG")
    assert "no row of the file has a geometry" in intake.plan(root, file, kind="zones", datum="wgs84").notes
