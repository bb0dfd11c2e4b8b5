"""The national text form of parcels (勘测定界界址点)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.base.errors import GisError, InputError
from gis.earth.datum import convert
from gis.io.containers import format_of
from gis.io.reading import read_table
from tests.fixtures import intake

OUTER = [(121.20, 31.30), (121.225, 31.30), (121.225, 31.32), (121.20, 31.32), (121.20, 31.30)]
HOLE = [(121.21, 31.305), (121.215, 31.305), (121.215, 31.31), (121.21, 31.305)]
PARK = shapely.Polygon(OUTER, [HOLE])


def head(system: str = "2000国家大地坐标系", zone: str = "40", width: str = "3") -> str:
    named = f"坐标系={system}\n几度分带={width}\n计量单位=米\n带号={zone}\n"
    return f"[属性描述]\n格式版本号=1.01\n{named}转换参数=,,,,,,\n[地块坐标]\n"


def parcel(code: str = "EPSG:4528", count: int | None = None) -> str:
    lines = [f"{9 if count is None else count},12.3,1,甲园,面,,工业用地,,@"]
    for ring, corners in (("1", OUTER), ("2", HOLE)):
        for n, (x, y) in enumerate(corners, 1):
            east, north = convert(x, y, "wgs84", code)
            lines.append(f"J{n},{ring},{north:.3f},{east:.3f}")
    return "\n".join(lines) + "\n"


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "界址点.txt") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return intake.new_project(tmp_path / "园区")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (head() + parcel(), "utf-8"),
        (head() + parcel(), "utf-8-sig"),
        (head() + parcel(), "gb18030"),
        ((head() + parcel()).replace("[", "【").replace("]", "】").replace(",", "，"), "gb18030"),
        (head(zone="") + parcel("EPSG:4549"), "utf-8"),
        (head() + parcel("EPSG:4549"), "utf-8"),
        (head(zone="21", width="6") + parcel("EPSG:4499"), "gb18030"),
        ((head() + parcel()).replace("\n", "\r\n"), "utf-8"),
    ],
)
def test_a_parcel_is_read_with_its_hole_in_its_zone(text: str, encoding: str, root: Path) -> None:
    intake.run(root, write(root.parent, text, encoding), kind="zones")
    found = intake.records(root, "zones")["甲园"]
    assert shapely.hausdorff_distance(found.geometry, PARK) < 2e-6
    assert found.properties["地块用途"] == "工业用地"


def test_without_a_head_the_system_is_asked_for_and_taken(root: Path) -> None:
    file = write(root.parent, parcel())
    with pytest.raises(InputError, match="say --datum cgcs2000"):
        intake.plan(root, file, kind="zones")
    intake.run(root, file, kind="zones", datum="cgcs2000")
    assert shapely.hausdorff_distance(intake.records(root, "zones")["甲园"].geometry, PARK) < 2e-6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (head("80国家大地坐标系") + parcel(), "西安80"),
        (head("1954北京坐标系") + parcel(), "北京54"),
        (head("某市地方坐标系") + parcel(), "no system that is converted"),
        (head(zone="39") + parcel(), "eastings begin with"),
        (head(zone="99") + parcel(), "no zone of China"),
        (head().replace("计量单位=米", "计量单位=公里") + parcel(), "计量单位"),
        (head() + parcel(count=40), "says 40 corners and has 9"),
        (head() + parcel() + "J9,2,oops\n", "is no corner"),
        (head(), "holds no parcel"),
    ],
)
def test_what_is_not_sound_is_refused_by_what_it_is(text: str, says: str, root: Path) -> None:
    with pytest.raises(InputError, match=says):
        intake.plan(root, write(root.parent, text), kind="zones")


def test_an_array_of_json_and_a_table_with_an_at_sign_are_none_of_it(tmp_path: Path) -> None:
    assert format_of(write(tmp_path, '[{"a": "x@y"}]', name="a.json"), "a.json") == "geojson"
    assert format_of(write(tmp_path, "名称,邮箱,x,y\n甲,a@b.cn,1,2\n", name="a.csv"), "a.csv") == "csv"


@given(st.binary(max_size=60), st.integers(0, 400))
def test_damaged_bytes_end_in_a_message(tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int) -> None:
    sound = (head() + parcel()).encode("gb18030")
    folder = tmp_path_factory.mktemp("parcels")
    (folder / "a.txt").write_bytes(sound[:at] + data + sound[at + len(data) :])
    with suppress(GisError):
        for row in read_table(folder / "a.txt").rows:
            assert row.geometry is None or np.isfinite(shapely.get_coordinates(row.geometry)).all()
