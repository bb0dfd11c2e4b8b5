"""What headings mean: what names a row, and what only looks as if it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.base.errors import InputError
from gis.io.columns import may_name, recognise
from tests.faults.make import table
from tests.fixtures import intake


@pytest.mark.parametrize("heading", ["DKMC", "XMMC", "KFQMC", "YQMC", "开发区名称", "POI名称", "宗地名称"])
def test_what_land_offices_and_lists_call_a_name_is_the_name(heading: str) -> None:
    assert recognise(["BSM", heading, "MJ"], "zones").roles["name"] == heading


@pytest.mark.parametrize(
    "heading", ["DLMC", "地类名称", "排名", "联系人姓名", "行业名称", "权利人名称", "XZQMC", "行政区名称"]
)
def test_what_names_something_else_than_the_row_is_never_its_name(heading: str) -> None:
    assert "name" not in recognise(["BSM", heading, "MJ"], "zones").roles
    assert heading not in may_name([heading])


def test_a_rank_does_not_hide_the_name_beside_it() -> None:
    assert recognise(["排名", "POI名称", "经度", "纬度"], "facilities").roles["name"] == "POI名称"
    assert recognise(["排名", "场馆名称", "经度", "纬度"], "facilities").roles["name"] == "场馆名称"


def test_the_land_class_is_not_taken_and_what_may_name_the_parcel_is_offered(tmp_path: Path) -> None:
    root = intake.new_project(tmp_path / "园区")
    file = table(
        tmp_path,
        [["BSM", "DLMC", "ZLDWMC", "QSDWMC", "wkt"]]
        + [
            [n, "工业用地", "向阳村", "向阳村", f"POLYGON((121.1{n} 31.3,121.11 31.3,121.11 31.31,121.1{n} 31.3))"]
            for n in (2, 3)
        ],
    )
    with pytest.raises(InputError, match="say --map name=ZLDWMC or --map name=QSDWMC"):
        intake.plan(root, file, kind="zones", datum="wgs84")
