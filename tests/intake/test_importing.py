from __future__ import annotations

import csv
import io
import json
import os
import re
import zipfile
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from gis.base.errors import GisError, InputError, ProjectError, UsageError
from gis.earth.datum import convert
from gis.earth.geodesy import distance_m
from gis.earth.shifting import convert_geometries
from gis.intake import identity
from gis.intake.importing import apply
from gis.intake.recipe import Recipe, dump_recipe, read_recipe
from gis.intake.starting import copy_example, start_project
from gis.io import columns, encodings, quantities
from gis.io.geojson import dump_features, read_features
from gis.io.reading import read_table
from gis.io.systems import system_of
from gis.model import journal
from gis.model.layers import Layer, layer_of
from gis.model.project import load_project
from gis.views.geodata import FORMATS, write_features
from tests import ROOT
from tests.faults.make import KML, POINT, archive, book, geojson, layer, table
from tests.fixtures import intake
from tests.fixtures.intake import PARKS, WHEN


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return intake.new_project(tmp_path / "我的 园区")


@pytest.fixture
def park_root(root: Path) -> Path:
    intake.import_parks(root)
    return root


def firms(count: int, datum: str, seed: int = 1) -> tuple[list[list[Any]], list[tuple[float, float]]]:
    """Rows of firms in the two parks (name, code, chain link, lon, lat, park), and where they truly are (WGS 84)."""
    rows, truth = [], []
    names = list(PARKS)
    for i in range(count):
        park = names[i % 2]
        lon, lat = intake.points_in(PARKS[park], 1, seed * 1000 + i)[0].tolist()
        x, y = convert(lon, lat, "wgs84", datum)
        body = f"91310114{i * 7919:09d}"
        code = body + identity.check_sign(body)
        rows.append([f"上海第{i}号汽车零件有限公司", code, ["激光雷达", "零部件", "不认识"][i % 3], x, y, park])
        truth.append((lon, lat))
    return rows, truth


FIRM_HEADER = ["企业名称", "统一社会信用代码", "产业链环节", "经度", "纬度", "所属园区"]


def metres_off(root: Path, rows: list[list[Any]], truth: list[tuple[float, float]]) -> float:
    found = intake.records(root)
    return max(
        float(distance_m(found[row[0]].geometry.x, found[row[0]].geometry.y, lon, lat))
        for row, (lon, lat) in zip(rows, truth, strict=True)
    )


# --- Numbers and coordinates as people write them -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("１２１．１６", 121.16),
        ("121°10′12″", 121.17),
        ("121度10分12秒", 121.17),
        ("东经121°10'12\"", 121.17),
        ("121-10-12", 121.17),
        ("121.16°", 121.16),
        ("E121.16", 121.16),
        ("31.28S", -31.28),
        ("40,610,500.5", 40610500.5),
        (" 121.16\u200b", 121.16),
        ("无", None),
        ("—", None),
        ("", None),
    ],
)
def test_a_coordinate_is_read_as_people_write_it(written: str, value: float | None) -> None:
    assert quantities.parse_coordinate(written) == value


@pytest.mark.parametrize("written", ["121°70′", "约121", "1e999", "inf", "N31.2E", "121.16.5"])
def test_what_is_no_coordinate_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"not|60|two"):
        quantities.parse_coordinate(written)


@pytest.mark.parametrize(
    "written",
    ["121.16,31.28", "（121.16，31.28）", "121.16 31.28", "31.28N,121.16E", "纬度31.28 经度121.16", "[121.16; 31.28]"],
)
def test_a_pair_of_coordinates_is_read_as_people_write_it(written: str) -> None:
    assert quantities.parse_pair(written) == (121.16, 31.28)


@given(st.floats(-180, 180), st.booleans())
def test_degrees_minutes_and_seconds_come_back(degrees: float, signs: bool) -> None:
    whole = abs(degrees)
    minutes = (whole - int(whole)) * 60
    seconds = round((minutes - int(minutes)) * 60, 6)
    if seconds >= 60:
        return
    text = f"{int(whole)}°{int(minutes)}′{seconds:.6f}″" if signs else f"{int(whole)}度{int(minutes)}分{seconds:.6f}秒"
    value = quantities.parse_coordinate(text + ("W" if degrees < 0 else "E"))
    assert value == pytest.approx(degrees, abs=1e-8)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none()))
def test_no_cell_breaks_the_parsers(cell: Any) -> None:
    for parse in (quantities.parse_number, quantities.parse_coordinate, quantities.parse_pair, quantities.parse_truth):
        with suppress(ValueError):
            parse(cell)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    try:
        text, _ = encodings.decode(data, "x")
    except InputError:
        return
    assert isinstance(text, str)


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=4, max_size=40))
def test_text_read_in_a_wrong_encoding_is_seen(text: str) -> None:
    assert encodings.garbled_as([text.encode().decode("latin-1")]) is not None


def test_readable_text_is_not_called_garbled() -> None:
    for text in ("上海汽车城核心区（安亭）㎡", "Škoda 汽车", "ABC Co., Ltd.", "Müller GmbH", "镕堃喆犇"):
        assert encodings.garbled_as([text]) is None


# --- Identity -------------------------------------------------------------------------------------------------------


def test_two_spellings_of_a_name_are_the_same() -> None:
    same = {
        "上海ＡＢＣ（中国） 有限责任公司",
        "上海abc(中国)有限公司",
        "上海ABC中国股份有限公司",
        " 上海ABC【中国】公司 ",
    }
    assert len({identity.normal_name(name) for name in same}) == 1
    assert identity.normal_name("上海甲汽车") != identity.normal_name("上海乙汽车")


def test_a_mistyped_credit_code_is_told_from_a_right_one() -> None:
    assert identity.parse_uscc("９１３５０１００Ｍ０００１００Ｙ４３") == "91350100M000100Y43"
    for wrong in ("91350100M000100Y44", "91350100M000100Y4", "91350100I000100Y43", "310114000123456"):
        with pytest.raises(ValueError, match=wrong[:8]):
            identity.parse_uscc(wrong)


def test_the_longest_keyword_names_the_link_and_an_unknown_one_stays_unknown(root: Path) -> None:
    segments = identity.segments_of(load_project(root))
    assert segments.of("燃料电池电堆") == "fuel_cell"
    assert segments.of("智能驾驶与传感") == "driving"
    assert segments.of("Parts") == "parts"
    assert segments.of("不认识的东西") == "unknown"


def test_headings_are_understood_and_may_be_overridden() -> None:
    header = ["序号", "企业名称", "经度(GCJ-02)", "纬度（GCJ-02）", "注册地址", "经营地址", "所属园区", "员工数"]
    roles = columns.recognise(header, "enterprises").roles
    assert roles["name"] == "企业名称"
    assert (roles["lon"], roles["lat"]) == ("经度(GCJ-02)", "纬度（GCJ-02）")
    assert (roles["registered_address"], roles["address"]) == ("注册地址", "经营地址")
    assert columns.recognise(header, "enterprises", {"name": "员工数"}).roles["name"] == "员工数"
    with pytest.raises(UsageError, match="没有"):
        columns.recognise(header, "enterprises", {"name": "没有"})
    with pytest.raises(UsageError, match="nonsense"):
        columns.recognise(header, "enterprises", {"nonsense": "企业名称"})


# --- Files as people make them --------------------------------------------------------------------------------------


def test_an_excel_list_in_gcj02_is_placed_exactly(park_root: Path, tmp_path: Path) -> None:
    rows, truth = firms(40, "gcj02")
    file = book(tmp_path, [FIRM_HEADER, *rows])
    intake.run(park_root, file, datum="gcj02")
    assert metres_off(park_root, rows, truth) < 0.2
    record = intake.records(park_root)[rows[0][0]].properties
    assert record["segment"] == "driving"
    assert record["accuracy_m"] == 50
    assert record["geometry_basis"] == "digitised"
    assert file.name in record["geometry_source"]
    assert record["所属园区"] == rows[0][5]
    assert record["产业链环节"] == "激光雷达"
    load_project(park_root)


def test_a_workbook_as_people_write_it_is_read(park_root: Path, tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.create_sheet("填表说明").append(["请按要求填写"])
    sheet = workbook["Sheet"]
    sheet.title = "企业名单"
    sheet.append(["安亭镇汽车零部件企业名单"])
    sheet.merge_cells("A1:G1")
    sheet.append(["填表单位：经发办", None, None, "2026年3月"])
    sheet.append(["序号", "企业名称", "所属园区", "坐标", None, "员工数", "成立日期"])
    sheet.append([None, None, None, "经度", "纬度", None, None])
    for area in ("A3:A4", "B3:B4", "C3:C4", "D3:E3", "F3:F4", "G3:G4"):
        sheet.merge_cells(area)
    sheet.append([1, "甲有限公司", "汽车创新港", "１２１．１７", "31°17′42″", "1,200", datetime(2010, 5, 1)])
    sheet.append([2, "乙有限公司", None, 121.171, "31.296", None, None])
    sheet.append([3, "丙有限公司", None, "", "", None, None])
    sheet.merge_cells("C5:C7")
    sheet.append([])
    sheet.append(["合计", "3家"])
    sheet.append(["注：坐标为GPS实测"])
    workbook.save(tmp_path / "名单.xlsx")

    plan = intake.run(park_root, tmp_path / "名单.xlsx", datum="wgs84")
    found = intake.records(park_root)
    assert list(found) == ["丙有限公司", "甲有限公司", "乙有限公司"] or len(found) == 3
    assert (found["甲有限公司"].geometry.x, found["甲有限公司"].geometry.y) == (121.17, 31.295)
    assert found["甲有限公司"].properties["成立日期"] == "2010-05-01"
    assert found["丙有限公司"].geometry is None
    assert found["丙有限公司"].properties["within"] == "qi-che-chuang-xin-gang"
    assert plan.counts["rows_in"] == 3
    assert [row for row, _ in plan.table.dropped] == [9, 10]


def test_rows_without_coordinates_are_kept_with_the_reason(park_root: Path, tmp_path: Path) -> None:
    rows = [
        ["甲公司", "新能源汽车港", "", ""],
        ["乙公司", "火星园区", "", ""],
        ["丙公司", "", "安亭镇汽车创新港5号楼", ""],
        ["丁公司", "", "某路1号", "别处2号"],
    ]
    intake.run(park_root, table(tmp_path, [["企业名称", "所属园区", "经营地址", "注册地址"], *rows]))
    found = {name: feature.properties for name, feature in intake.records(park_root).items()}
    assert found["甲公司"]["within"] == "xin-neng-yuan-qi-che-gang"
    assert "火星园区" in found["乙公司"]["unplaced_reason"]
    assert found["丙公司"]["within"] == "qi-che-chuang-xin-gang"
    assert found["丁公司"]["unplaced_reason"]
    assert (found["丁公司"]["address"], found["丁公司"]["registered_address"]) == ("某路1号", "别处2号")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_text_tables_are_read_in_any_encoding_and_sign(encoding: str, sign: str, tmp_path: Path) -> None:
    file = tmp_path / "表.csv"
    file.write_bytes(f"企业名称{sign}经度{sign}纬度\r\n安亭零部件有限公司{sign}121.16{sign}31.28\r\n".encode(encoding))
    found = read_table(file)
    assert found.header == ("企业名称", "经度", "纬度")
    assert found.rows[0].cells["企业名称"] == "安亭零部件有限公司"
    assert found.rows[0].number == 2


@pytest.mark.parametrize("cpg", [None, "GBK", "CP936"])
@pytest.mark.parametrize("crs", ["EPSG:4528", "EPSG:4549", "EPSG:4490"])
def test_a_gbk_shapefile_in_cgcs2000_becomes_zones(root: Path, tmp_path: Path, cpg: str | None, crs: str) -> None:
    shapes = [convert_geometries(outline, "wgs84", crs) for outline in PARKS.values()]
    file = layer(tmp_path, "园区边界.shp", shapes, crs=crs, encoding="GBK", 园区名称=list(PARKS), 面积公顷=[1.5, 2.5])
    file.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        file.with_suffix(".cpg").write_text(cpg)
    intake.run(root, file, kind="zones")
    found = intake.records(root, "zones")
    for name, outline in PARKS.items():
        assert found[name].geometry.symmetric_difference(outline).area < 1e-4 * outline.area
        assert found[name].properties["within"] == "anting-district"
    assert found["汽车创新港"].properties["面积公顷"] == 1.5


def test_names_cut_to_ten_bytes_are_understood(root: Path, tmp_path: Path) -> None:
    code = "91310114000000000" + identity.check_sign("91310114000000000")
    point = [shapely.Point(121.17, 31.295)]
    file = layer(
        tmp_path, "企业.shp", point, encoding="GBK", geometry_type="Point", 企业名称=["甲公司"], 统一社会信用代码=[code]
    )
    intake.run(root, file, datum="wgs84")
    assert intake.records(root)["甲公司"].properties["uscc"] == code


def test_the_esri_way_to_write_a_zone_is_understood() -> None:
    wkt = (
        'PROJCS["CGCS2000_3_Degree_GK_Zone_40",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
        'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
        'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",{easting}],PARAMETER["False_Northing",0.0],'
        'PARAMETER["Central_Meridian",{meridian}],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],'
        'UNIT["Meter",1.0]]'
    )
    assert str(system_of(wkt.format(easting="40500000.0", meridian="120.0")).reference) == "EPSG:4528"
    assert str(system_of(wkt.format(easting="500000.0", meridian="120.0")).reference) == "EPSG:4549"
    assert str(system_of(wkt.format(easting="21500000.0", meridian="123.0")).reference) == "EPSG:4499"
    own = system_of(wkt.format(easting="0.0", meridian="121.4667"))
    assert "central meridian 121.4667°" in str(own.reference), "converted by its own parameters, not as a neighbour"
    wrong = wkt.replace("D_China_2000", "D_Xian_1980").replace("6378137.0,298.257222101", "6378140.0,298.257")
    with pytest.raises(GisError, match="西安80"):
        system_of(wrong.format(easting="40500000.0", meridian="120.0"))


def test_survey_tables_give_north_first_and_that_is_said(park_root: Path, tmp_path: Path) -> None:
    east, north = convert(121.17, 31.295, "wgs84", "EPSG:4528")
    rows = [["甲公司", north, east], ["乙公司", north + 100, east + 100]]
    plan = intake.run(park_root, table(tmp_path, [["企业名称", "X", "Y"], *rows]), datum="EPSG:4528")
    assert any("X is north" in note for note in plan.notes)
    point = intake.records(park_root)["甲公司"].geometry
    assert distance_m(point.x, point.y, 121.17, 31.295) < 0.2


@pytest.mark.parametrize("code", ["EPSG:4528", "EPSG:4549"])
def test_metres_without_a_system_are_taken_for_cgcs2000_only_when_that_is_said(
    code: str, park_root: Path, tmp_path: Path
) -> None:
    shapes = [convert_geometries(shapely.Point(121.17, 31.295), "wgs84", code)]
    file = layer(tmp_path, "企业.shp", shapes, crs=code, geometry_type="Point")
    named = layer(tmp_path, "企业_CGCS2000.shp", shapes, crs=code, geometry_type="Point")
    for path in (file, named):
        path.with_suffix(".prj").unlink()
    with pytest.raises(InputError, match=r"does not say of which system.*--datum cgcs2000"):
        intake.plan(park_root, file)
    for plan in (intake.plan(park_root, file, datum="cgcs2000"), intake.plan(park_root, named)):
        assert str(plan.decision.reference) == code
        point = next(geometry for record, geometry in plan.features if record["name"] == "地块1")
        assert point is not None
        assert distance_m(shapely.get_x(point), shapely.get_y(point), 121.17, 31.295) < 0.01


ONE_FIRM = [("甲公司", {"type": "Point", "coordinates": [121.17, 31.295]})]


def test_a_standard_that_means_wgs84_is_no_word_of_the_file(park_root: Path, tmp_path: Path) -> None:
    kml = tmp_path / "图.kml"
    kml.write_text(KML.format(name="甲公司", shape=POINT), "utf-8")
    for file in (geojson(tmp_path, ONE_FIRM), kml):
        with pytest.raises(InputError, match=rf"gis import {file.name} --kind enterprises --datum wgs84 .* gcj02"):
            intake.plan(park_root, file)
        assert str(intake.plan(park_root, file, datum="gcj02").decision.reference) == "gcj02"


def test_a_geojson_is_taken_for_wgs84_where_the_evidence_is_sure(park_root: Path, tmp_path: Path) -> None:
    rows, _ = firms(200, "wgs84")
    file = tmp_path / "图.geojson"
    features = [({"name": row[0], "所属园区": row[5]}, shapely.Point(row[3:5])) for row in rows]
    file.write_bytes(dump_features(features))
    assert str(intake.plan(park_root, file).decision.reference) == "wgs84"


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_a_geojson_that_was_exported_here_says_its_datum(datum: str, park_root: Path, tmp_path: Path) -> None:
    layer_ = layer_of("x", "enterprises", [({"id": "a", "name": "甲公司"}, shapely.Point(121.17, 31.295))])
    (file,) = intake.write(tmp_path, layer_, "geojson", datum)
    plan = intake.run(park_root, file)
    assert str(plan.decision.reference) == datum
    assert any("rests on the file's own word" in note for note in plan.notes)
    point = intake.records(park_root)["甲公司"].geometry
    assert distance_m(point.x, point.y, 121.17, 31.295) < 0.2


def test_a_kml_that_was_exported_here_says_its_datum(park_root: Path, tmp_path: Path) -> None:
    layer_ = layer_of("x", "enterprises", [({"id": "a", "name": "甲公司"}, shapely.Point(121.17, 31.295))])
    (file,) = intake.write(tmp_path, layer_, "kml")
    assert intake.plan(park_root, file).decision.words == "the file says datum: wgs84"


def test_a_crs_member_of_old_geojson_is_a_word_of_the_file(park_root: Path, tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    plan = intake.plan(park_root, geojson(tmp_path, ONE_FIRM, crs=crs))
    assert plan.decision.declared
    assert any("rests on the file's own word" in note for note in plan.notes)


def test_faulty_rows_are_listed_along_with_the_missing_datum(park_root: Path, tmp_path: Path) -> None:
    file = geojson(tmp_path, [*ONE_FIRM, ("零岛", {"type": "Point", "coordinates": [0, 0]})])
    with pytest.raises(InputError, match=r"(?s)--datum.*:2: .*null island"):
        intake.plan(park_root, file)


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_a_drawing_that_does_not_name_its_encoding_is_read(encoding: str, tmp_path: Path) -> None:
    drawn = layer_of("x", "zones", [({"id": "a", "name": "PARK"}, PARKS["汽车创新港"])])
    (file,) = intake.write(tmp_path, drawn, "dxf")
    entities = file.read_bytes().index(b"ENTITIES")
    body = file.read_bytes()[entities:].replace(b"PARK", "汽车创新港".encode(encoding))
    file.write_bytes(b"0\r\nSECTION\r\n2\r\n" + body)
    (row,) = read_table(file).rows
    assert row.cells["name"] == "汽车创新港"


def test_a_heading_that_ends_in_coordinates_is_a_pair_or_one_of_two() -> None:
    assert columns.meaning("所在地坐标", "enterprises") == "xy"
    assert columns.meaning("企业经纬度（高德）", "enterprises") == "xy"
    assert columns.meaning("横坐标", "enterprises") == "x"
    assert columns.meaning("纵坐标（m）", "enterprises") == "y"
    assert columns.meaning("北坐标", "enterprises") == "lat"
    assert columns.meaning("是否有坐标", "enterprises") is None


def test_swapped_axes_are_refused_and_read_only_when_asked(park_root: Path, tmp_path: Path) -> None:
    file = table(tmp_path, [["企业名称", "经度", "纬度"], ["甲公司", 31.295, 121.17], ["乙公司", 31.296, 121.171]])
    with pytest.raises(InputError, match="swapped"):
        intake.plan(park_root, file, datum="wgs84")
    intake.run(park_root, file, datum="wgs84", swap=True)
    assert intake.records(park_root)["甲公司"].geometry.x == 121.17


def test_a_file_that_says_wgs84_but_lies_as_gcj02_is_refused(park_root: Path, tmp_path: Path) -> None:
    rows, _ = firms(200, "gcj02")
    features = [{"type": "Feature", "properties": {"name": row[0], "所属园区": row[5]},
                 "geometry": {"type": "Point", "coordinates": row[3:5]}} for row in rows]  # fmt: skip
    file = tmp_path / "图.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    with pytest.raises(InputError, match="--datum gcj02"):
        intake.plan(park_root, file)
    assert intake.plan(park_root, file, datum="gcj02").counts["placed"] == 200


@pytest.mark.parametrize("charset", ["WindowsSimpChinese", "Neutral", "UTF-8"])
def test_mapinfo_is_read_in_its_own_encoding(charset: str, tmp_path: Path) -> None:
    encoding = "utf-8" if charset == "UTF-8" else "gbk"
    mif = f'''Version 300
Charset "{charset}"
Delimiter ","
CoordSys Earth Projection 1, 104
Columns 1
  名称 Char(40)
Data

Point 121.17 31.295
'''
    (tmp_path / "企业.mif").write_bytes(mif.encode(encoding))
    (tmp_path / "企业.mid").write_bytes('"安亭零部件有限公司"\n'.encode(encoding))
    row = read_table(tmp_path / "企业.mif").rows[0]
    assert row.cells == {"名称": "安亭零部件有限公司"}
    assert row.geometry == shapely.Point(121.17, 31.295)


@pytest.mark.parametrize("format_", ["gdb", "kmz", "gml"])
def test_rarer_formats_are_read(format_: str, tmp_path: Path) -> None:
    park = PARKS["汽车创新港"]
    if format_ == "gdb":
        file = layer(tmp_path, "园区.gdb", [park], driver="OpenFileGDB", geometry_type="MultiPolygon")
    elif format_ == "gml":
        file = layer(tmp_path, "园区.gml", [park], driver="GML")
    else:
        (kml,) = intake.write(tmp_path, layer_of("x", "zones", [({"id": "a", "name": "甲"}, park)]), "kml")
        file = archive(tmp_path, {"doc.kml": kml.read_bytes()}, "园区.kmz")
    geometry = read_table(file).rows[0].geometry
    assert geometry is not None
    assert shapely.hausdorff_distance(shapely.force_2d(geometry), park) < 1e-6


def test_a_drawing_becomes_zones_named_by_the_text_inside(root: Path, tmp_path: Path) -> None:
    drawn = layer_of(
        "x", "zones", [({"id": str(i), "name": name}, shape) for i, (name, shape) in enumerate(PARKS.items())]
    )
    (file,) = intake.write(tmp_path / "cad", drawn, "dxf", "EPSG:4528")
    intake.run(root, file, kind="zones", datum="EPSG:4528")
    found = intake.records(root, "zones")
    for name, outline in PARKS.items():
        assert found[name].geometry.symmetric_difference(outline).area < 1e-4 * outline.area


def test_a_zip_made_by_windows_in_china_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "shp"
    folder.mkdir()
    file = layer(folder, "园区.shp", [PARKS["汽车创新港"]], encoding="GBK")
    with zipfile.ZipFile(tmp_path / "园区.zip", "w") as out:
        for mate in sorted(folder.iterdir()):
            info = zipfile.ZipInfo("abcd" + mate.suffix)
            out.writestr(info, mate.read_bytes())
    data = (tmp_path / "园区.zip").read_bytes().replace(b"abcd.", "园区".encode("gbk") + b".")
    (tmp_path / "园区.zip").write_bytes(data)
    found = read_table(tmp_path / "园区.zip")
    assert found.rows[0].cells["名称"] == "地块1"
    assert found.spatial
    assert file.exists()


# --- Repair ---------------------------------------------------------------------------------------------------------


def test_geometry_is_mended_only_on_demand_and_each_one_is_reported(root: Path, tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(121.17, 31.29), (121.18, 31.30), (121.18, 31.29), (121.17, 31.30)])
    file = layer(tmp_path, "园区.gpkg", [bow_tie, PARKS["汽车创新港"]], driver="GPKG")
    with pytest.raises(InputError, match="--repair"):
        intake.plan(root, file, kind="zones")
    plan = intake.plan(root, file, kind="zones", repair=True)
    assert [fault.row for fault in plan.repaired] == [1]
    assert all(geometry is not None and geometry.is_valid for _, geometry in plan.features)


def test_heights_are_left_out_and_that_is_said(root: Path, tmp_path: Path) -> None:
    file = layer(
        tmp_path, "园区.gpkg", [shapely.force_3d(PARKS["汽车创新港"], 4.0)], driver="GPKG", geometry_type="Unknown"
    )
    plan = intake.plan(root, file, kind="zones")
    assert any("heights" in note for note in plan.notes)
    assert not any(shapely.has_z(geometry) for _, geometry in plan.features)


def test_good_rows_are_imported_without_the_faulty_ones_only_on_demand(park_root: Path, tmp_path: Path) -> None:
    file = table(tmp_path, [["企业名称", "经度", "纬度"], ["甲公司", 121.17, 31.295], ["乙公司", "?", 31.295]])
    with pytest.raises(InputError, match=":3:"):
        intake.plan(park_root, file, datum="wgs84")
    plan = intake.run(park_root, file, datum="wgs84", partial=True)
    assert (plan.counts["rows_in"], plan.counts["rows_kept"], plan.counts["rows_refused"]) == (2, 1, 1)
    assert journal.read_journal(park_root)[-1].refused[0]["row"] == 3


# --- Journal, merge, recipe -----------------------------------------------------------------------------------------


def test_an_import_is_taken_back_byte_for_byte(park_root: Path, tmp_path: Path) -> None:
    before = {name: mark for name, mark in intake.state(park_root).items() if name.startswith("layers")}
    rows, _ = firms(5, "wgs84")
    plan = intake.run(park_root, table(tmp_path, [FIRM_HEADER, *rows]), datum="wgs84")
    entry = journal.read_journal(park_root)[-1]
    assert entry.sha256 == plan.table.sha256
    assert entry.rows_in == entry.rows_kept == 5
    assert entry.mapping["name"] == "企业名称"
    journal.undo(park_root, entry.number, WHEN)
    assert {n: mark for n, mark in intake.state(park_root).items() if n.startswith("layers")} == before
    with pytest.raises(UsageError, match="undone"):
        journal.undo(park_root, entry.number, WHEN)


def test_an_earlier_import_is_taken_back_without_the_later_one(park_root: Path, tmp_path: Path) -> None:
    rows, _ = firms(6, "wgs84")
    intake.run(park_root, table(tmp_path, [FIRM_HEADER, *rows[:3]], "一.csv"), datum="wgs84")
    intake.run(park_root, table(tmp_path, [FIRM_HEADER, *rows[3:]], "二.csv"), datum="wgs84")
    journal.undo(park_root, 2, WHEN)
    assert set(intake.records(park_root)) == {row[0] for row in rows[3:]}


def test_an_import_that_others_rest_on_is_not_taken_back(park_root: Path, tmp_path: Path) -> None:
    intake.run(park_root, table(tmp_path, [["企业名称", "所属园区"], ["甲公司", "汽车创新港"]]))
    before = intake.state(park_root)
    with pytest.raises(InputError, match="within"):
        journal.undo(park_root, 1, WHEN)
    assert intake.state(park_root) == before


def test_the_same_file_is_not_imported_twice_by_accident(park_root: Path, tmp_path: Path) -> None:
    rows, _ = firms(3, "wgs84")
    file = table(tmp_path, [FIRM_HEADER, *rows])
    intake.run(park_root, file, datum="wgs84")
    with pytest.raises(InputError, match="is import 2 already"):
        intake.plan(park_root, file, datum="wgs84")


def test_a_code_that_is_known_updates_its_feature_only_on_demand(park_root: Path, tmp_path: Path) -> None:
    rows, _ = firms(3, "wgs84")
    intake.run(park_root, table(tmp_path, [FIRM_HEADER, *rows], "一.csv"), datum="wgs84")
    renamed = [["改名有限公司", rows[0][1], "芯片", "", "", ""]]
    file = table(tmp_path, [FIRM_HEADER, *renamed], "二.csv")
    with pytest.raises(InputError, match="--merge"):
        intake.plan(park_root, file, datum="wgs84")
    old = intake.records(park_root)[rows[0][0]]
    intake.run(park_root, file, datum="wgs84", merge=True)
    new = intake.records(park_root)["改名有限公司"]
    assert len(intake.records(park_root)) == 3
    assert new.properties["id"] == old.properties["id"]
    assert new.properties["segment"] == "semiconductor"
    assert new.geometry.equals(old.geometry)
    journal.undo(park_root, 3, WHEN)
    assert rows[0][0] in intake.records(park_root)


def test_likely_duplicates_are_listed_and_both_kept(park_root: Path, tmp_path: Path) -> None:
    rows = [["上海甲（中国）有限公司", 121.17, 31.295], ["上海甲(中国) 有限责任公司", 121.17, 31.295]]
    plan = intake.run(park_root, table(tmp_path, [["企业名称", "经度", "纬度"], *rows]), datum="wgs84")
    assert [(pair["row"], pair["like_row"]) for pair in plan.likely] == [(3, 2)]
    assert len(intake.records(park_root)) == 2


def test_sites_of_one_code_share_their_organisation(park_root: Path, tmp_path: Path) -> None:
    rows, _ = firms(1, "wgs84")
    other = [rows[0][0], rows[0][1], "", 121.21, 31.31, ""]
    intake.run(park_root, table(tmp_path, [FIRM_HEADER, *rows, other]), datum="wgs84")
    features = read_features(park_root / "layers" / intake.CITY / "enterprises.geojson")
    assert len({feature.properties["org"] for feature in features}) == 1
    assert len({feature.properties["id"] for feature in features}) == 2


def test_next_months_file_is_read_by_the_recipe_of_last_months(park_root: Path, tmp_path: Path) -> None:
    from gis.intake.importing import Request, plan_import, with_recipe

    header = ["全称", "经度", "纬度"]
    first = table(tmp_path, [header, ["甲公司", *convert(121.17, 31.295, "wgs84", "bd09")]], "三月.csv")
    intake.run(park_root, first, datum="bd09", columns={"name": "全称"}, accuracy_m=30.0, recipe="月报")
    second = table(tmp_path, [header, ["乙公司", *convert(121.171, 31.296, "wgs84", "bd09")]], "四月.csv")
    request = with_recipe(park_root, Request(second, "", "", recipe="月报"), None, None)
    apply(park_root, plan_import(park_root, request), WHEN)
    feature = intake.records(park_root)["乙公司"]
    assert distance_m(feature.geometry.x, feature.geometry.y, 121.171, 31.296) < 0.2
    assert feature.properties["accuracy_m"] == 30


def test_a_recipe_comes_back_as_it_was(tmp_path: Path) -> None:
    recipe = Recipe("zones", "a", 'x"\n', "gbk", "gcj02", 12.5, {"name": '企业"全称\\'}, {"category": "park"})
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "r.toml").write_bytes(dump_recipe(recipe))
    assert read_recipe(tmp_path, "r") == recipe


def test_a_plan_changes_nothing(park_root: Path, tmp_path: Path) -> None:
    before = intake.state(park_root)
    rows, _ = firms(3, "wgs84")
    intake.plan(park_root, table(tmp_path, [FIRM_HEADER, *rows]), datum="wgs84")
    assert intake.state(park_root) == before


# --- Export and back ------------------------------------------------------------------------------------------------


def _plain(layer_: Layer) -> dict[str, tuple[dict[str, Any], Any]]:
    """A layer by id, without what is empty."""
    return {
        record["id"]: ({key: value for key, value in record.items() if value not in (None, "", [])}, geometry)
        for record, geometry in layer_
    }


SAMPLES: dict[str, list[tuple[dict[str, Any], Any]]] = {
    "enterprises": [
        ({"id": "a", "name": "=甲+1", "aliases": ["'=x", "乙"], "geometry_basis": "digitised", "accuracy_m": 50.5,
          "geometry_source": "@map", "segment": "driving", "kind": "enterprise", "员工数": 12, "产值说明": "-x\ty"},
         shapely.Point(121.17, 31.295)),
        ({"id": "b", "name": "丙", "aliases": [], "segment": "unknown", "kind": "institution",
          "unplaced_reason": "no coordinates"}, None),
    ],
    "zones": [
        ({"id": "a", "name": "园区甲", "aliases": ["港"], "geometry_basis": "statutory", "accuracy_m": 20.0,
          "geometry_source": "survey", "category": "park", "within": "anting-district"}, PARKS["汽车创新港"]),
        ({"id": "b", "name": "园区乙", "aliases": [], "geometry_basis": "statutory", "accuracy_m": 20.0,
          "geometry_source": "survey", "category": "base", "within": "anting-district"}, PARKS["新能源汽车港"]),
    ],
    "roads": [
        ({"id": "a", "name": "路甲", "aliases": [], "geometry_basis": "digitised", "accuracy_m": 20.0,
          "geometry_source": "survey", "type": "test_road", "status": "existing", "year": 2020, "is_test_road": True},
         shapely.LineString([(121.17, 31.29), (121.18, 31.30)])),
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "dxf"])
def test_what_is_exported_comes_back_the_same(kind: str, format_: str, root: Path, tmp_path: Path) -> None:
    original = layer_of(intake.CITY, kind, SAMPLES[kind])
    projected = format_ not in {"geojson", "kml"}
    datum = "EPSG:4528" if projected else "wgs84"
    (file,) = intake.write(tmp_path / "out", original, format_, datum, encoding="gbk" if format_ == "shp" else "utf-8")
    intake.run(root, file, kind=kind, datum=datum)
    back = _plain(layer_of(intake.CITY, kind, read_features(root / "layers" / intake.CITY / f"{kind}.geojson")))
    for id_, (record, geometry) in _plain(original).items():
        got, shape = back[id_]
        assert _as_text(got) == _as_text(record)
        assert (shape is None) == (geometry is None)
        if geometry is not None:
            assert shapely.hausdorff_distance(shape, geometry) < 2e-6


def _as_text(record: dict[str, Any]) -> dict[str, str]:
    """A record as text, for some formats keep numbers as such."""

    def text(value: Any) -> str:
        return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)

    return {key: text(value) for key, value in record.items()}


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_cells_that_read_like_formulas_are_neutralised(format_: str, tmp_path: Path) -> None:
    layer_ = layer_of("x", "enterprises", SAMPLES["enterprises"])
    data = write_features(layer_, format_).data
    assert isinstance(data, bytes)
    if format_ == "csv":
        cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for cell in row]
    else:
        sheet = load_workbook(io.BytesIO(data)).active
        assert sheet is not None
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
        cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row if isinstance(cell, str)]
    assert "'=甲+1" in cells
    assert "'@map" in cells
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


@pytest.mark.parametrize("format_", ["gpkg", "shp", "fgb", "kml", "geojson", "parquet", "dxf"])
def test_gdal_or_its_like_opens_what_is_exported(format_: str, tmp_path: Path) -> None:
    files = intake.write(tmp_path, layer_of("x", "zones", SAMPLES["zones"]), format_)
    if format_ == "parquet":
        import geopandas as gpd

        assert len(gpd.read_parquet(files[0])) == 2
    else:
        _, _, geometry, _ = pyogrio.raw.read(files[0])
        assert len(geometry) >= 2


def test_the_same_layer_gives_the_same_bytes() -> None:
    layer_ = layer_of("x", "zones", SAMPLES["zones"])
    for format_ in ("geojson", "gpkg", "csv", "fgb", "kml", "dxf"):
        assert write_features(layer_, format_).data == write_features(layer_, format_).data, format_


def test_losses_of_a_format_are_listed() -> None:
    layer_ = layer_of("x", "enterprises", SAMPLES["enterprises"])
    assert any("ten bytes" in loss for loss in write_features(layer_, "shp").losses)
    assert any("no attributes" in loss for loss in write_features(layer_, "dxf").losses)
    assert any("gcj02" in loss for loss in write_features(layer_, "gpkg", "gcj02").losses)
    with pytest.raises(UsageError, match="KML is WGS 84"):
        write_features(layer_, "kml", "gcj02")


def test_no_metres_are_written_as_geojson_and_the_formats_that_hold_them_are_named() -> None:
    layer_ = layer_of("x", "enterprises", SAMPLES["enterprises"])
    with pytest.raises(UsageError, match=r"GeoJSON is WGS 84 in degrees .* gpkg, fgb, parquet or shp") as refused:
        write_features(layer_, "geojson", "EPSG:4549")
    for format_ in FORMATS:
        if format_ in str(refused.value):
            assert write_features(layer_, format_, "EPSG:4549").data


# --- A new project --------------------------------------------------------------------------------------------------


def test_a_new_project_is_sound_and_empty(tmp_path: Path) -> None:
    made = start_project(tmp_path / "新 园区", city=None, name="安亭 汽车城", adcode=None, as_of=date(2026, 1, 31))
    project = load_project(made.folder)
    assert list(project.cities) == ["an-ting-qi-che-cheng"]
    assert project.as_of == date(2026, 1, 31)
    assert "driving" in project.segments
    assert project.keywords
    assert (
        (made.folder / "seeds" / "_template" / "zones.csv")
        .read_bytes()
        .startswith(b"\xef\xbb\xbfid,name,line,section,label,system")
    )
    with pytest.raises(UsageError, match="already"):
        start_project(made.folder, city=None, name=None, adcode=None, as_of=date(2026, 1, 31))


def test_the_headers_of_empty_tables_are_those_that_are_read(tmp_path: Path) -> None:
    made = start_project(tmp_path / "p", city="a", name="甲", adcode=None, as_of=date(2026, 1, 31))
    template = made.folder / "seeds" / "_template"
    plan = made.folder / "seeds" / "my-plan"
    template.rename(plan)
    (plan / "plan.template.toml").rename(plan / "plan.toml")
    assert "my-plan" in load_project(made.folder).facts.plans


def test_the_example_is_the_bundled_project(tmp_path: Path) -> None:
    made = copy_example(tmp_path / "例")
    for name in ("gis.toml", "segments.csv"):
        assert (made.folder / name).read_bytes() == (ROOT / name).read_bytes()
    assert {p.name for p in (made.folder / "seeds").iterdir() if p.is_dir()} == {
        p.name for p in (ROOT / "seeds").iterdir() if p.is_dir()
    }


def test_a_zip_of_a_table_is_read(tmp_path: Path) -> None:
    data = "企业名称,经度,纬度\n甲公司,121.17,31.295\n".encode("gbk")
    assert read_table(archive(tmp_path, {"数据/表.csv": data})).rows[0].cells["企业名称"] == "甲公司"


def test_positions_without_a_mainland_shift_stay(tmp_path: Path) -> None:
    assert np.allclose(convert(114.16, 22.28, "gcj02", "wgs84"), (114.16, 22.28))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layer", "../outside.geojson"),
        ("layer", "/outside"),
        ("layer", "layers/x/y.geojson"),
        ("added", 3),
        ("marks", []),
    ],
)
def test_undo_refuses_an_entry_that_no_import_writes(park_root: Path, name: str, value: Any) -> None:
    outside = park_root.parent / "outside.geojson"
    outside.write_text("mine")
    path = park_root / journal.entry_path(1)
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), name: value}), "utf-8")
    with pytest.raises(ProjectError, match=rf"0001\.json.*{name}"):
        journal.undo(park_root, 1, WHEN)
    assert outside.read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
@pytest.mark.parametrize("kind", ["link", "pipe", "device"])
@pytest.mark.parametrize("name", ["0001.json", "0001.before.geojson.gz"])
def test_what_the_journal_keeps_is_read_from_regular_files_only(park_root: Path, name: str, kind: str) -> None:
    table_of = {"before": "0" * 64} if "before" in name else {}
    path = park_root / journal.entry_path(1)
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **table_of}), "utf-8")
    hostile = park_root / "imports" / name
    outside = park_root.parent / "outside"
    outside.write_bytes(path.read_bytes())
    hostile.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(hostile)
    else:
        hostile.symlink_to(outside if kind == "link" else "/dev/zero")
    with pytest.raises((ProjectError, InputError), match=rf"{re.escape(name)}.*no regular file"):
        journal.undo(park_root, 1, WHEN)


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_folder_that_is_a_link_is_not_copied_to_try_a_change_out(park_root: Path) -> None:
    (park_root / "seeds" / "everything").symlink_to("/", target_is_directory=True)
    with pytest.raises(InputError, match="seeds/everything: is a symbolic link"):
        journal.undo(park_root, 1, WHEN)


# --- What a type, the digits and the state of a row say -------------------------------------------------------------

_ROAD = "LINESTRING (121.168 31.292, 121.182 31.303)"


@pytest.mark.parametrize(
    ("cells", "constants", "counts"),
    [
        ({"类型": "开放测试道路"}, {}, True),
        ({"类型": "open_test"}, {}, True),
        ({}, {"type": "test_road"}, True),
        ({"类型": "测试路段", "是否测试道路": "是"}, {}, True),
        ({"类型": "测试道路", "状态": "规划"}, {}, False),
        ({"类型": "测试道路", "状态": "规划", "是否测试道路": "否"}, {}, False),
        ({"类型": "测试道路"}, {"is_test_road": "否"}, False),
        # Closed and half-open grounds are no roads of public test, unless a column says so.
        ({"类型": "closed_test"}, {}, False),
        ({"类型": "封闭测试", "是否测试道路": "是"}, {}, True),
        ({"类型": "semi_open_test"}, {}, False),
        ({"类型": "智慧道路"}, {}, False),
        ({"类型": "智慧道路", "是否测试道路": "是"}, {}, True),
    ],
)
def test_a_road_of_a_type_of_public_test_counts_as_test_road(
    cells: dict[str, str], constants: dict[str, str], counts: bool, park_root: Path, tmp_path: Path
) -> None:
    path = table(tmp_path, [["道路名称", *cells, "wkt"], ["安驰路", *cells.values(), _ROAD]])
    intake.run(park_root, path, kind="roads", datum="wgs84", constants=constants)
    assert intake.records(park_root, "roads")["安驰路"].properties["is_test_road"] is counts


def test_a_test_road_that_is_said_to_be_none_is_a_fault(park_root: Path, tmp_path: Path) -> None:
    path = table(tmp_path, [["道路名称", "类型", "是否测试道路", "wkt"], ["安驰路", "开放测试道路", "否", _ROAD]])
    with pytest.raises(InputError, match=r"是否测试道路 says '否', but the type '开放测试道路' is a test road"):
        intake.plan(park_root, path, kind="roads", datum="wgs84")


@pytest.mark.parametrize(
    ("lon", "lat", "least", "most"),
    [
        ("121.17", "31.30", 700, 760),
        ("121.170", "31.298", 70, 80),
        # The coarser coordinate tells; a number in a workbook has lost its zeros, so there the finer one.
        ("121.171234", "31.30", 700, 760),
        (121.17, 31.3, 700, 760),
        (121.171234, 31.3, 5, 5),
        ("121.171234", "31.298765", 5, 5),
        ("121°10′12″", "31°18′00″", 20, 21),
    ],
)
def test_accuracy_is_no_better_than_the_digits_of_the_coordinates(
    lon: object, lat: object, least: float, most: float, park_root: Path, tmp_path: Path
) -> None:
    path = book(tmp_path, [["企业名称", "经度", "纬度", "精度"], ["上海甲有限公司", lon, lat, 5]])
    plan = intake.run(park_root, path, datum="wgs84")
    assert least <= intake.records(park_root)["上海甲有限公司"].properties["accuracy_m"] <= most
    assert any("less accurate than is said or usual" in note and "rows 2" in note for note in plan.notes) is (most > 5)


@pytest.mark.parametrize("cell", ["121.17,31.30", "POINT (121.17 31.3)"])
def test_the_digits_of_coordinates_in_one_cell_tell_too(cell: str, park_root: Path, tmp_path: Path) -> None:
    heading = "wkt" if "POINT" in cell else "坐标"
    intake.run(park_root, table(tmp_path, [["企业名称", heading], ["上海甲有限公司", cell]]), datum="wgs84")
    assert 700 <= intake.records(park_root)["上海甲有限公司"].properties["accuracy_m"] <= 760


def test_the_digits_of_a_geometry_tell_where_its_row_says_no_accuracy(park_root: Path, tmp_path: Path) -> None:
    rough = shapely.Point(121.17, 31.3)
    path = tmp_path / "企业.geojson"
    path.write_bytes(dump_features([({"name": "甲"}, rough), ({"name": "乙", "accuracy_m": 20}, rough)]))
    intake.run(park_root, path, datum="wgs84")
    found = {name: feature.properties["accuracy_m"] for name, feature in intake.records(park_root).items()}
    assert 700 <= found["甲"] <= 760
    assert found["乙"] == 20


@pytest.mark.parametrize("heading", ["状态", "登记状态", "经营状态", "企业状态"])
@pytest.mark.parametrize("word", ["注销", "已注销", "吊销，未注销", "迁出"])
def test_a_firm_that_is_struck_off_is_left_out_and_named(
    heading: str, word: str, park_root: Path, tmp_path: Path
) -> None:
    rows = [["甲公司", 121.171234, 31.298765, "存续"], ["乙公司", 121.172234, 31.297765, word]]
    path = table(tmp_path, [["企业名称", "经度", "纬度", heading], *rows, ["丙公司", 121.173234, 31.296765, ""]])
    plan = intake.run(park_root, path, datum="wgs84")
    assert set(intake.records(park_root)) == {"甲公司", "丙公司"}
    assert any("1 of 3 row(s) are there no more" in note and f"row 3 乙公司 ({word})" in note for note in plan.notes)
    assert plan.as_json()["left_out"] == [{"row": 3, "why": f"{heading} says {word!r}"}]


def test_a_firm_that_says_when_it_was_struck_off_is_kept_as_history(park_root: Path, tmp_path: Path) -> None:
    rows = [["甲公司", 121.171234, 31.298765, "注销中", ""], ["乙公司", 121.172234, 31.297765, "注销", "2024/5/6"]]
    path = table(tmp_path, [["企业名称", "经度", "纬度", "登记状态", "注销日期"], *rows])
    intake.run(park_root, path, datum="wgs84")
    found = {name: feature.properties["valid_to"] for name, feature in intake.records(park_root).items()}
    assert found == {"甲公司": None, "乙公司": "2024-05-06"}


def test_a_list_of_nothing_but_firms_that_are_struck_off_is_refused(park_root: Path, tmp_path: Path) -> None:
    path = table(tmp_path, [["企业名称", "经度", "纬度", "状态"], ["甲公司", 121.171234, 31.298765, "注销"]])
    with pytest.raises(InputError, match="only rows that are there no more: row 2 甲公司"):
        intake.plan(park_root, path, datum="wgs84")


def test_a_position_of_more_than_a_kilometre_becomes_the_smallest_place_that_holds_it(
    park_root: Path, tmp_path: Path
) -> None:
    path = book(tmp_path, [["企业名称", "经度", "纬度", "精度"], ["上海甲有限公司", "121°10′", "31°18′", 5]])
    intake.run(park_root, path, datum="wgs84")
    found = intake.records(park_root)["上海甲有限公司"]
    assert found.geometry is None
    assert found.properties["within"]
    assert found.properties["within_basis"] == "source"
    assert found.properties["within_source"].endswith(" m")
    assert found.properties["accuracy_m"] is None


def test_a_position_that_no_place_holds_is_refused_with_what_to_do(park_root: Path, tmp_path: Path) -> None:
    path = book(tmp_path, [["企业名称", "经度", "纬度", "精度"], ["上海甲有限公司", 121.1701, 31.2951, 200_000]])
    with pytest.raises(InputError, match="no zone or district holds that radius"):
        intake.run(park_root, path, datum="wgs84")
