"""A column that says the datum of each row is heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gis.base.errors import InputError
from gis.earth.datum import convert
from gis.earth.geodesy import distance_m
from tests.faults.make import table
from tests.fixtures import intake

PLACES = [(121.170 + n / 1000, 31.295) for n in range(6)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return intake.new_project(tmp_path / "园区")


def firms(words: list[str], datums: list[str], heading: str = "坐标系") -> list[list[Any]]:
    rows: list[list[Any]] = [["企业名称", "经度", "纬度", heading]]
    for n, (word, datum) in enumerate(zip(words, datums, strict=True)):
        rows.append([f"第{n}公司", *convert(*PLACES[n], "wgs84", datum), word])
    return rows


def off(root: Path) -> float:
    found = intake.records(root)
    return max(
        float(distance_m(found[f"第{n}公司"].geometry.x, found[f"第{n}公司"].geometry.y, *PLACES[n]))
        for n in range(len(found))
    )


@pytest.mark.parametrize("heading", ["坐标系", "坐标系统", "坐标类型"])
def test_each_row_is_converted_from_its_own_datum(root: Path, heading: str) -> None:
    words = ["GCJ-02（高德）", "WGS84", "百度BD09", "CGCS2000", "火星坐标", "GPS"]
    datums = ["gcj02", "wgs84", "bd09", "cgcs2000", "gcj02", "wgs84"]
    intake.run(root, table(root.parent, firms(words, datums, heading)))
    assert off(root) < 0.2


def test_one_word_for_all_is_the_files_word(root: Path) -> None:
    plan = intake.run(root, table(root.parent, firms(["bd09"] * 6, ["bd09"] * 6)))
    assert str(plan.decision.reference) == "bd09"
    assert off(root) < 0.2


def test_old_empty_and_contradicting_words_are_faults(root: Path) -> None:
    with pytest.raises(InputError, match="never converted"):
        intake.plan(root, table(root.parent, firms(["西安80", *["wgs84"] * 5], ["wgs84"] * 6)))
    with pytest.raises(InputError, match="while other rows say their datum"):
        intake.plan(root, table(root.parent, firms(["", *["wgs84"] * 5], ["wgs84"] * 6)))
    with pytest.raises(InputError, match="--map datum="):
        intake.plan(root, table(root.parent, firms(["wgs84"] * 6, ["wgs84"] * 6)), datum="gcj02")
    intake.plan(root, table(root.parent, firms(["", *["gcj02"] * 5], ["gcj02"] * 6)), datum="gcj02")
