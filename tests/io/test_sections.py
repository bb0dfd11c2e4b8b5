"""Lists in sections, and cells that say 同上."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gis.base.errors import InputError
from gis.io.headings import table_of_grid
from gis.io.sections import section_of
from tests.faults.make import book
from tests.fixtures import intake

HEAD = ["序号", "企业名称", "经度", "纬度"]
FIRMS: list[list[Any]] = [[n, f"{sign}有限公司", 121.17 + n / 1000, 31.295] for n, sign in enumerate("甲乙丙丁", 1)]


def read(rows: list[list[Any]]) -> Any:
    return table_of_grid(list(enumerate(rows, 1)), "表")


def test_a_row_over_its_firms_gives_them_their_park() -> None:
    rows = [HEAD, ["一、汽车创新港（2家）"], *FIRMS[:2], ["二、新能源汽车港（共3家）"], *FIRMS[2:]]
    found = read(rows)
    assert [row.cells["所属园区"] for row in found.rows] == ["汽车创新港"] * 2 + ["新能源汽车港"] * 2
    assert [number for number, _ in found.dropped] == [2, 5]
    assert any("新能源汽车港 says 3, and 2 row(s)" in note for note in found.notes)


def test_the_innermost_section_that_is_a_place_is_the_park_and_others_stay_a_group() -> None:
    rows = [
        HEAD,
        ["一、制造业"],
        ["（一）汽车创新港"],
        FIRMS[0],
        ["（二）新能源汽车港"],
        FIRMS[1],
        ["二、服务业"],
        FIRMS[2],
    ]
    found = read(rows)
    assert [row.cells["所属园区"] for row in found.rows] == ["汽车创新港", "新能源汽车港", None]
    assert [row.cells["分组"] for row in found.rows] == ["制造业", "制造业", "服务业"]


def test_sections_that_are_no_places_are_no_parks() -> None:
    found = read([HEAD, ["一、制造业"], FIRMS[0], ["二、软件业"], FIRMS[1]])
    assert "所属园区" not in found.header
    assert [row.cells["分组"] for row in found.rows] == ["制造业", "软件业"]


def test_a_rows_own_park_stays_and_headings_may_come_again_in_each_section() -> None:
    head = [*HEAD, "园区"]
    found = read(
        [["一、汽车创新港"], head, [*FIRMS[0], ""], [*FIRMS[1], "别处园"], ["二、新能源汽车港"], head, [*FIRMS[2], ""]]
    )
    assert [row.cells["园区"] for row in found.rows] == ["汽车创新港", "别处园", "新能源汽车港"]


@pytest.mark.parametrize("text", ["一汽大众有限公司", "三一重工股份有限公司", "甲有限公司", "21世纪公司"])
def test_a_firm_of_which_only_the_name_is_known_heads_no_section(text: str) -> None:
    assert section_of([None, text, None]) is None


def test_notes_below_the_table_are_no_sections() -> None:
    found = read([HEAD, *FIRMS, ["注：", None, None], ["一、数据截至10月"], ["二、坐标为高德坐标"]])
    assert len(found.rows) == 4
    assert "分组" not in found.header


def test_as_above_means_the_cell_above(tmp_path: Path) -> None:
    rows = [
        [*HEAD, "所属园区", "地址"],
        [*FIRMS[0], "汽车创新港", "园区路1号"],
        [*FIRMS[1], "同上", "〃"],
        [*FIRMS[2], "同上", "同上海路"],
    ]
    found = read(rows)
    assert [row.cells["所属园区"] for row in found.rows] == ["汽车创新港"] * 3
    assert [row.cells["地址"] for row in found.rows] == ["园区路1号", "园区路1号", "同上海路"]
    with pytest.raises(InputError, match="there is no row above it"):
        read([HEAD, [1, "同上", 121.17, 31.3]])


def test_firms_without_a_place_go_to_the_park_of_their_section(tmp_path: Path) -> None:
    root = intake.new_project(tmp_path / "园区")
    intake.import_parks(root)
    rows: list[list[Any]] = [
        ["序号", "企业名称", "备注"],
        ["一、汽车创新港（1家）"],
        [1, "甲公司", "x"],
        ["二、新能源汽车港"],
        [2, "乙公司", "y"],
    ]
    plan = intake.run(root, book(tmp_path, rows))
    assert plan.counts["by_place"] == 2
