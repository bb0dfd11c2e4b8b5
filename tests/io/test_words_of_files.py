"""What geodata say of themselves: the crs member of GeoJSON, names cut in a character, the endings of map programs."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import mapping

from gis.base.errors import InputError
from gis.earth.datum import convert
from gis.earth.shifting import convert_geometries
from gis.io.reading import read_table
from tests.faults.make import archive, layer
from tests.fixtures import intake

PARK = shapely.box(121.165, 31.290, 121.185, 31.305)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return intake.new_project(tmp_path / "园区")


def geojson(folder: Path, geometry: Any, crs: Any) -> Path:
    feature = {"type": "Feature", "properties": {"name": "甲园"}, "geometry": mapping(geometry)}
    path = folder / "园区.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}), "utf-8")
    return path


def named(name: str) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize(
    ("crs", "code"),
    [
        (named("urn:ogc:def:crs:EPSG::4490"), "cgcs2000"),
        (named("EPSG:4528"), "EPSG:4528"),
        (named("urn:ogc:def:crs:EPSG::4549"), "EPSG:4549"),
        ({"type": "EPSG", "properties": {"code": 4528}}, "EPSG:4528"),
    ],
)
def test_the_crs_member_is_the_files_word(crs: Any, code: str, root: Path) -> None:
    file = geojson(root.parent, convert_geometries(PARK, "wgs84", code), crs)
    intake.run(root, file, kind="zones")
    assert intake.records(root, "zones")["甲园"].geometry.normalize().equals_exact(PARK.normalize(), 1e-6)


@pytest.mark.parametrize(
    ("crs", "says"),
    [
        (named("EPSG:2364"), "西安"),
        ({"type": "link", "properties": {"href": "x"}}, "names no system"),
        (named("绍兴2000独立坐标系"), "say --datum"),
    ],
)
def test_a_crs_member_that_cannot_be_converted_is_refused_by_what_it_says(crs: Any, says: str, root: Path) -> None:
    with pytest.raises(InputError, match=says):
        intake.plan(root, geojson(root.parent, PARK, crs), kind="zones")


@pytest.mark.parametrize("cut", ["园区名称", "开发区名称"])
@pytest.mark.parametrize("cpg", [True, False])
def test_field_names_cut_in_a_character_are_read(cut: str, cpg: bool, root: Path) -> None:
    file = layer(root.parent, "图层.shp", [PARK, shapely.box(121.20, 31.30, 121.225, 31.32)], 名称=["甲园", "乙园"])
    table = file.with_suffix(".dbf")
    data = bytearray(table.read_bytes())
    data[32:43] = cut.encode()[:10].ljust(11, b"\0")
    table.write_bytes(bytes(data))
    if not cpg:
        file.with_suffix(".cpg").unlink(missing_ok=True)
    found = read_table(file)
    assert found.header[0] == cut.encode()[:10].decode("utf-8", "ignore")
    intake.run(root, file, kind="zones")
    assert set(intake.records(root, "zones")) == {"甲园", "乙园"}


def test_names_that_are_cut_to_the_same_stay_two() -> None:
    from gis.io.shapefiles import _whole_names

    fields = b"".join(name.encode()[:10].ljust(32, b"\0") for name in ("园区名称", "园区名字"))
    head = bytes(8) + struct.pack("<H", 32 + len(fields) + 1) + bytes(22)
    found = _whole_names(head + fields + b"\r", "utf-8")
    assert [found[at : at + 11].rstrip(b"\0").decode() for at in (32, 64)] == ["园区名", "园区名2"]


def kml(geometry: Any) -> str:
    ring = " ".join(f"{x:.8f},{y:.8f},0" for x, y in shapely.get_coordinates(geometry))
    outline = f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>收藏</name>'
        f"<Placemark><name>甲园</name><Polygon>{outline}</Polygon></Placemark></Document></kml>"
    )


@pytest.mark.parametrize("ending", [".ovkml", ".ovkmz"])
def test_the_endings_of_a_program_that_writes_gcj02_speak_for_it(ending: str, root: Path) -> None:
    text = kml(convert_geometries(PARK, "wgs84", "gcj02"))
    file = root.parent / f"收藏{ending}"
    if ending == ".ovkmz":
        archive(root.parent, {"doc.kml": text.encode()}, file.name)
    else:
        file.write_text(text, "utf-8")
    plan = intake.run(root, file, kind="zones")
    assert str(plan.decision.reference) == "gcj02"
    x, y = convert(121.165, 31.290, "wgs84", "gcj02")
    assert abs(x - 121.165) > 0.003
    assert y != 31.290
    found = intake.records(root, "zones")["甲园"].geometry
    assert found.normalize().equals_exact(PARK.normalize(), 1e-5)


def test_closed_lines_become_outlines_where_that_is_asked_for(root: Path) -> None:
    corners = [(x, y) for x, y in shapely.get_coordinates(PARK)]
    gap = [*corners[:-1], (corners[0][0] + 5e-8, corners[0][1])]
    apart = [*corners[:-1], (corners[0][0] + 1e-3, corners[0][1])]
    halves = shapely.MultiLineString([corners[:3], corners[2:]])
    for line in (shapely.MultiLineString([corners]), halves, shapely.LineString(gap)):
        file = geojson(root.parent, line, None)
        with pytest.raises(InputError, match="--repair makes an outline"):
            intake.plan(root, file, kind="zones", datum="wgs84")
        plan = intake.plan(root, file, kind="zones", datum="wgs84", repair=True)
        (made,) = (geometry for _, geometry in plan.features)
        assert made is not None
        assert made.normalize().equals_exact(PARK.normalize(), 1e-6)
    with pytest.raises(InputError, match=r"is the file one of .*roads"):
        intake.plan(
            root, geojson(root.parent, shapely.LineString(apart), None), kind="zones", datum="wgs84", repair=True
        )


def test_json_that_does_not_say_what_it_draws_is_refused_by_that(root: Path) -> None:
    file = root.parent / "园区.json"
    file.write_text('{"coordinates":[[[[121.1,31.2],[121.2,31.2],[121.2,31.3],[121.1,31.2]]]],"name":"x"}', "utf-8")
    with pytest.raises(InputError, match='no "type"'):
        read_table(file)
    feature = {"type": "Feature", "properties": {"name": "x"}, "geometry": {"coordinates": [121.1, 31.2]}}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    with pytest.raises(InputError, match="its geometry has no type"):
        read_table(file)
