"""A list of facilities says when each was opened and how many units it stands for; indicators read both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gis.base.errors import InputError
from tests.faults.make import table
from tests.fixtures import intake


@pytest.mark.parametrize(
    ("heading", "cell", "year"),
    [("建成年份", "2023", 2023), ("年份", "2023年", 2023), ("投运时间", "2024-05-01", 2024), ("建成年份", "", None)],
)
@pytest.mark.parametrize(
    ("units", "said", "count"), [("数量", "12", 12), ("桩数", "８个", 8), ("数量", "0", 0), ("数量", "", None)]
)
def test_year_and_count_are_read(
    tmp_path: Path, heading: str, cell: str, year: int | None, units: str, said: str, count: int | None
) -> None:
    root = intake.new_project(tmp_path / "园区")
    rows: list[list[Any]] = [
        ["名称", "类型", "经度", "纬度", heading, units],
        ["一号站", "充电站", 121.17, 31.295, cell, said],
    ]
    intake.run(root, table(tmp_path, rows), kind="facilities", datum="wgs84")
    held = intake.records(root, "facilities")["一号站"].properties
    assert (held["year"], held["count"]) == (year, count)


@pytest.mark.parametrize(("heading", "cell"), [("建成年份", "去年"), ("数量", "若干"), ("数量", "-3")])
def test_what_says_no_year_or_number_is_a_fault(tmp_path: Path, heading: str, cell: str) -> None:
    root = intake.new_project(tmp_path / "园区")
    rows: list[list[Any]] = [["名称", "类型", "经度", "纬度", heading], ["一号站", "充电站", 121.17, 31.295, cell]]
    with pytest.raises(InputError, match=heading):
        intake.run(root, table(tmp_path, rows), kind="facilities", datum="wgs84")
