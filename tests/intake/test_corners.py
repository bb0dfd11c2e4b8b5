"""Tables with one row for each corner become the outlines that they draw, or are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.base.errors import InputError
from gis.earth.datum import convert
from gis.io.rings import outline_of_rings
from tests.faults.make import book, table
from tests.fixtures import intake

ONE = [(121.165, 31.290), (121.185, 31.291), (121.186, 31.304), (121.175, 31.308), (121.166, 31.305)]
TWO = [(121.20, 31.30), (121.225, 31.30), (121.225, 31.32), (121.20, 31.32)]
HOLE = [(121.21, 31.305), (121.215, 31.305), (121.215, 31.31), (121.21, 31.31)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return intake.new_project(tmp_path / "园区")


def zones(root: Path, rows: list[list[Any]], **wishes: Any) -> dict[str, Any]:
    file = table(root.parent, rows)
    intake.run(root, file, **{"kind": "zones", "datum": "wgs84", **wishes})
    return intake.records(root, "zones")


def corners(name: str, places: list[tuple[float, float]], *more: Any) -> list[list[Any]]:
    return [[name, f"J{n}", x, y, *more] for n, (x, y) in enumerate(places, 1)]


def same(found: Any, places: list[tuple[float, float]], holes: Any = ()) -> bool:
    return bool(shapely.equals_exact(found.geometry.normalize(), shapely.Polygon(places, holes).normalize(), 2e-6))


HEAD = ["地块名称", "点号", "经度", "纬度"]


def test_rows_of_one_name_are_the_corners_of_one_outline(root: Path) -> None:
    found = zones(root, [HEAD, *corners("甲园", ONE), *corners("乙园", TWO)])
    assert set(found) == {"甲园", "乙园"}
    assert same(found["甲园"], ONE)
    assert same(found["乙园"], TWO)


def test_survey_metres_with_x_north_draw_the_same_outline(root: Path) -> None:
    metres = [convert(x, y, "wgs84", "EPSG:4528") for x, y in ONE]
    rows = [["园区名称", "拐点编号", "X坐标", "Y坐标"]] + [["甲园", n, y, x] for n, (x, y) in enumerate(metres, 1)]
    assert same(zones(root, rows, datum="cgcs2000")["甲园"], ONE)


def test_a_name_that_stands_once_over_its_corners_goes_on(root: Path) -> None:
    rows = [HEAD, *corners("甲园", ONE), *corners("乙园", TWO)]
    for row in rows[2:6] + rows[7:]:
        row[0] = ""
    assert same(zones(root, rows)["乙园"], TWO)


def test_one_outline_without_a_column_of_names_is_named_by_the_user(root: Path) -> None:
    rows = [["点名", "经度", "纬度"]] + [row[1:] for row in corners("", ONE)]
    with pytest.raises(InputError, match="corners of one outline: say --set name=NAME"):
        zones(root, rows)
    assert same(zones(root, rows, constants={"name": "甲园"})["甲园"], ONE)


@pytest.mark.parametrize(
    ("heading", "outer", "inner"),
    [("圈号", 1, 2), ("内外环", "外环", "内环"), ("是否孔洞", "否", "是"), ("部件号", 0, 1)],
)
def test_a_ring_within_another_is_a_hole(root: Path, heading: str, outer: Any, inner: Any) -> None:
    rows = [[*HEAD, heading], *corners("乙园", [*TWO, TWO[0]], outer), *corners("乙园", HOLE, inner)]
    assert same(zones(root, rows)["乙园"], TWO, [HOLE])


def test_rings_without_a_column_are_parted_where_one_closes_or_the_count_begins_again(root: Path) -> None:
    apart = [(x - 0.03, y) for x, y in HOLE]
    found = zones(root, [HEAD, *corners("乙园", [*TWO, TWO[0]]), *corners("乙园", HOLE), *corners("乙园", apart)])
    expected = shapely.MultiPolygon([shapely.Polygon(TWO, [HOLE]), shapely.Polygon(apart)])
    assert shapely.equals_exact(found["乙园"].geometry.normalize(), expected.normalize(), 2e-6)


def test_corners_out_of_order_are_ordered_by_their_numbers(root: Path) -> None:
    shuffled = [corners("甲园", ONE)[i] for i in (0, 3, 1, 4, 2)]
    plan = intake.plan(root, table(root.parent, [HEAD, *shuffled]), kind="zones", datum="wgs84")
    assert any("in the order of 点号" in note for note in plan.notes)
    assert same(zones(root, [HEAD, *shuffled])["甲园"], ONE)


def test_labels_of_shared_survey_points_do_not_turn_an_outline_round(root: Path) -> None:
    rows = corners("甲园", ONE)
    for row, label in zip(rows, ("J7", "J3", "J12", "J9", "J4"), strict=True):
        row[1] = label
    assert same(zones(root, [HEAD, *rows])["甲园"], ONE)


def test_too_few_corners_missing_corners_and_crossing_rings_are_refused(root: Path) -> None:
    with pytest.raises(InputError, match="an outline needs three"):
        zones(root, [HEAD, *corners("甲园", ONE), *corners("乙园", TWO[:2])])
    with pytest.raises(InputError, match="lacks a corner"):
        zones(root, [HEAD, *corners("甲园", ONE), ["甲园", "J6", "", ""]])
    across = [(x + 0.01, y + 0.01) for x, y in TWO]
    with pytest.raises(InputError, match="rings cross"):
        zones(root, [[*HEAD, "圈号"], *corners("乙园", TWO, 1), *corners("乙园", across, 2)])
    with pytest.raises(InputError, match="which of its rings are holes"):
        zones(root, [[*HEAD, "是否孔洞"], *corners("乙园", TWO, "否"), *corners("乙园", HOLE, "否")])


def test_zones_that_are_points_are_a_stated_choice(root: Path) -> None:
    rows: list[list[Any]] = [["园区名称", "经度", "纬度"], ["甲园", 121.17, 31.3], ["乙园", 121.21, 31.31]]
    with pytest.raises(InputError, match="--points takes"):
        zones(root, rows)
    assert zones(root, rows, points=True)["甲园"].geometry.geom_type == "Point"


def test_corners_in_the_folders_of_kml_and_in_excel_draw_outlines(root: Path) -> None:
    marks = ""
    for name, places in (("甲园", ONE), ("乙园", TWO)):
        pins = "".join(
            f"<Placemark><name>J{n}</name><Point><coordinates>{x},{y}</coordinates></Point></Placemark>"
            for n, (x, y) in enumerate(places, 1)
        )
        marks += f"<Folder><name>{name}</name>{pins}</Folder>"
    file = root.parent / "拐点.kml"
    file.write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>', "utf-8")
    intake.run(root, file, kind="zones", datum="wgs84")
    intake.run(root, book(root.parent, [HEAD, *corners("丙园", HOLE)]), kind="zones", datum="wgs84")
    found = intake.records(root, "zones")
    assert same(found["甲园"], ONE)
    assert same(found["丙园"], HOLE)


def test_rings_nest_as_deep_as_they_are() -> None:
    def box(at: int) -> list[tuple[float, float]]:
        return [(at, at), (20 - at, at), (20 - at, 20 - at), (at, 20 - at)]

    assert outline_of_rings([box(4), box(0), box(2)]).area == 400 - 256 + 144
    with pytest.raises(ValueError, match="needs three"):
        outline_of_rings([box(0), [(1, 1), (2, 2), (1, 1)]])
