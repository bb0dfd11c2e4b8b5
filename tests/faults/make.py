"""Make the corpus of faulty files: each maker writes one, and says how it is imported and what the message holds."""

from __future__ import annotations

import csv
import io
import json
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from openpyxl import Workbook, load_workbook
from shapely.geometry.base import BaseGeometry

# A park of about 2 × 1.5 km in the district of the tests.
PARK = shapely.box(121.15, 31.27, 121.17, 31.285)
HEADER = ["企业名称", "经度", "纬度"]
ROW: list[Any] = ["安亭零部件有限公司", 121.16, 31.28]


@dataclass(frozen=True)
class Fault:
    """One faulty file: how to make it in a folder, as what to import it, and what the message must say."""

    name: str
    make: Callable[[Path], Path]
    says: Sequence[str]
    kind: str = "enterprises"
    datum: str | None = "wgs84"


FAULTS: list[Fault] = []


def fault(
    *says: str, kind: str = "enterprises", datum: str | None = "wgs84"
) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Note a maker in the corpus."""

    def noted(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        FAULTS.append(Fault(make.__name__, make, says, kind, datum))
        return make

    return noted


def table(folder: Path, rows: Sequence[Sequence[Any]], name: str = "表.csv", encoding: str = "utf-8") -> Path:
    """Write rows as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    path = folder / name
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def book(folder: Path, rows: Sequence[Sequence[Any]], name: str = "表.xlsx") -> Path:
    """Write rows as a workbook of one sheet."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    workbook.save(folder / name)
    return folder / name


def layer(
    folder: Path,
    name: str,
    geometry: Sequence[BaseGeometry | None],
    *,
    driver: str = "ESRI Shapefile",
    crs: str | None = "EPSG:4326",
    encoding: str = "UTF-8",
    geometry_type: str = "Polygon",
    **columns: Sequence[Any],
) -> Path:
    """Write geometries with GDAL; the name column is called 名称."""
    columns = columns or {"名称": [f"地块{number}" for number in range(1, len(geometry) + 1)]}
    texts = {name: all(isinstance(value, str) for value in values) for name, values in columns.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that names are cut, and that no system is named: it is meant
        pyogrio.raw.write(
            folder / name,
            geometry=shapely.to_wkb(np.array(geometry, dtype=object)),
            field_data=[np.array(v, dtype=object if texts[n] else np.float64) for n, v in columns.items()],
            fields=list(columns),
            geometry_type=geometry_type,
            crs=crs,
            driver=driver,
            encoding=encoding,
        )
    return folder / name


def geojson(folder: Path, features: Sequence[tuple[Any, Any]], **members: Any) -> Path:
    """Write GeoJSON from names and geometry objects as they are, right or wrong."""
    document = {
        "type": "FeatureCollection",
        **members,
        "features": [
            {"type": "Feature", "properties": {"name": name}, "geometry": geometry} for name, geometry in features
        ],
    }
    path = folder / "图.geojson"
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return path


def ring(*points: tuple[float, float]) -> dict[str, Any]:
    """A GeoJSON polygon of one ring."""
    return {"type": "Polygon", "coordinates": [[*points, points[0]]]}


SQUARE = ((121.15, 31.27), (121.17, 31.27), (121.17, 31.285), (121.15, 31.285))


# --- Shapefiles -----------------------------------------------------------------------------------------------------


@fault("cut off", ".shp", kind="zones")
def shapefile_cut_in_half(folder: Path) -> Path:
    path = layer(folder, "园区.shp", [PARK] * 20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@fault(".dbf is cut off", kind="zones")
def shapefile_with_half_a_table(folder: Path) -> Path:
    path = layer(folder, "园区.shp", [PARK] * 20)
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes()[: dbf.stat().st_size // 2])
    return path


@fault("lacks .dbf", kind="zones")
def shapefile_without_table(folder: Path) -> Path:
    path = layer(folder, "园区.shp", [PARK])
    path.with_suffix(".dbf").unlink()
    return path


@fault("lacks .shx", kind="zones")
def shapefile_without_index(folder: Path) -> Path:
    path = layer(folder, "园区.shp", [PARK])
    path.with_suffix(".shx").unlink()
    return path


@fault("do not belong together", kind="zones")
def shapefile_with_the_table_of_another(folder: Path) -> Path:
    path = layer(folder, "园区.shp", [PARK])
    other = layer(folder, "别的.shp", [PARK, PARK])
    path.with_suffix(".dbf").write_bytes(other.with_suffix(".dbf").read_bytes())
    return path


@fault("its shape is damaged", ":2:", kind="zones")
def shapefile_whose_index_leads_astray(folder: Path) -> Path:
    path = layer(folder, "园区.shp", [PARK] * 3)
    index = path.with_suffix(".shx")
    data = bytearray(index.read_bytes())
    data[108:112] = (0x7FFFFFF).to_bytes(4, "big")
    index.write_bytes(bytes(data))
    return path


@fault("its shape is damaged", ":1:", kind="zones")
def shapefile_with_a_shape_of_endless_parts(folder: Path) -> Path:
    path = layer(folder, "园区.shp", [PARK])
    data = bytearray(path.read_bytes())
    data[144:148] = (0x7FFFFFFF).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    return path


@fault("give the .shp", kind="zones")
def table_of_a_shapefile(folder: Path) -> Path:
    return layer(folder, "园区.shp", [PARK]).with_suffix(".dbf")


@fault("metres", "degrees", kind="zones", datum=None)
def degrees_in_a_metric_file(folder: Path) -> Path:
    return layer(folder, "园区.shp", [PARK], crs="EPSG:4528")


@fault("degrees", "metres", kind="zones", datum=None)
def metres_in_a_degree_file(folder: Path) -> Path:
    from gis.earth.shifting import convert_geometries

    return layer(folder, "园区.shp", [convert_geometries(PARK, "wgs84", "EPSG:4528")], crs="EPSG:4326")


@fault("西安80", kind="zones", datum=None)
def xian_1980(folder: Path) -> Path:
    from gis.earth.shifting import convert_geometries

    return layer(folder, "园区.shp", [convert_geometries(PARK, "wgs84", "EPSG:4528")], crs="EPSG:2364")


@fault("北京54", kind="zones", datum=None)
def beijing_1954(folder: Path) -> Path:
    return layer(folder, "园区.shp", [PARK], crs="EPSG:4214")


@fault("local", kind="zones", datum=None)
def city_grid(folder: Path) -> Path:
    path = layer(folder, "园区.shp", [shapely.box(-2000, 3000, -1000, 4000)], crs="EPSG:4528")
    path.with_suffix(".prj").write_text('LOCAL_CS["上海城市坐标",UNIT["Meter",1.0]]', "utf-8")
    return path


@fault("--encoding", kind="zones")
def shapefile_whose_cpg_lies(folder: Path) -> Path:
    path = layer(folder, "园区.shp", [PARK], encoding="GBK", 名称=["汽车零部件产业园区"])
    path.with_suffix(".cpg").write_text("UTF-8")
    return path


# --- Geometry -------------------------------------------------------------------------------------------------------


@fault("the geometry is a Polygon; enterprises are", ":2:", kind="enterprises")
def mixed_geometries(folder: Path) -> Path:
    return geojson(folder, [("甲", {"type": "Point", "coordinates": [121.16, 31.28]}), ("乙", ring(*SQUARE))])


@fault("empty", kind="zones")
def empty_geometry(folder: Path) -> Path:
    return geojson(folder, [("甲", ring(*SQUARE)), ("乙", {"type": "Polygon", "coordinates": []})])


@fault("not valid", "--repair", kind="zones")
def bow_tie(folder: Path) -> Path:
    return geojson(folder, [("甲", ring(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]))])


@fault("sliver", kind="zones")
def sliver(folder: Path) -> Path:
    return geojson(folder, [("甲", ring((121.15, 31.27), (121.17, 31.27), (121.17, 31.270000001)))])


@fault("null island", ":3:")
def null_island(folder: Path) -> Path:
    return table(folder, [HEADER, ROW, ["零岛有限公司", 0, 0]])


@fault("not a finite number", ":3:")
def infinite_coordinate(folder: Path) -> Path:
    return table(folder, [HEADER, ROW, ["无穷有限公司", "1e999", 31.28]])


@fault("only one of two coordinates", ":2:")
def not_a_number(folder: Path) -> Path:
    return table(folder, [HEADER, ["非数有限公司", "nan", 31.28]])


@fault("NaN is not a JSON value", kind="zones")
def not_a_number_in_json(folder: Path) -> Path:
    path = geojson(folder, [("甲", ring(*SQUARE))])
    path.write_text(path.read_text("utf-8").replace("31.285", "NaN"), "utf-8")
    return path


@fault("1000001 vertices", kind="zones")
def a_ring_of_a_million_vertices(folder: Path) -> Path:
    angle = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
    points = np.column_stack([121.16 + 0.01 * np.cos(angle), 31.28 + 0.01 * np.sin(angle)])
    return layer(folder, "大.gpkg", [shapely.Polygon(points)], driver="GPKG")


@fault("lie outside")
def all_in_another_city(folder: Path) -> Path:
    return table(folder, [HEADER, ["甲公司", 113.9, 22.5], ["乙公司", 113.95, 22.55]])


@fault("swapped", "--swap")
def latitude_first(folder: Path) -> Path:
    return table(folder, [HEADER, ["甲公司", 31.28, 121.16], ["乙公司", 31.281, 121.161]])


@fault("do not fit the other rows", ":4:")
def one_row_swapped(folder: Path) -> Path:
    return table(folder, [HEADER, ROW, ["乙公司", 121.161, 31.281], ["丙公司", 31.282, 121.162]])


@fault("only one of two coordinates", ":2:")
def half_a_position(folder: Path) -> Path:
    return table(folder, [HEADER, ["甲公司", 121.16, ""]])


# --- Tables ---------------------------------------------------------------------------------------------------------


@fault("is taken", ":3:")
def duplicate_ids(folder: Path) -> Path:
    return table(folder, [["id", *HEADER], ["a-1", *ROW], ["a-1", "别的公司", 121.161, 31.281]])


@fault("no row of headings")
def unknown_columns(folder: Path) -> Path:
    return table(folder, [["甲", "乙", "丙"], ["x", 1, 2]])


@fault("--map name=")
def no_column_of_names(folder: Path) -> Path:
    return table(folder, [["代号", "经度", "纬度"], ["x", 121.16, 31.28]])


@fault("there twice", "企业名称")
def one_heading_twice(folder: Path) -> Path:
    return table(folder, [["企业名称", "企业名称", "经度", "纬度"], ["甲", "乙", 121.16, 31.28]])


@fault("neither UTF-8", "GBK")
def no_known_encoding(folder: Path) -> Path:
    path = table(folder, [HEADER, ROW])
    path.write_bytes(path.read_bytes() + b"\xff\xff\xff,1,2\n")
    return path


@fault("read wrongly", "--encoding")
def utf8_read_as_gbk_and_saved(folder: Path) -> Path:
    path = table(folder, [HEADER, ROW, ROW])
    path.write_text(path.read_bytes().decode("gb18030", "replace"), "utf-8")
    return path


@fault("NUL byte", ":2:")
def nul_bytes(folder: Path) -> Path:
    path = table(folder, [HEADER, ROW])
    path.write_bytes(path.read_bytes().replace("安亭".encode(), b"\0\0"))
    return path


@fault("MB")
def a_line_of_a_gigabyte(folder: Path) -> Path:
    path = table(folder, [HEADER, ROW])
    with path.open("ab") as stream:
        stream.truncate(1 << 30)
    return path


@fault("longer than")
def a_line_of_five_megabytes(folder: Path) -> Path:
    return table(folder, [HEADER, ["甲" * 2_000_000, 121.16, 31.28]])


@fault("is empty (0 bytes)")
def nothing_at_all(folder: Path) -> Path:
    (folder / "空.csv").touch()
    return folder / "空.csv"


@fault("holds no rows")
def headings_alone(folder: Path) -> Path:
    return table(folder, [HEADER])


@fault("cells beyond the last heading", ":2:")
def more_cells_than_headings(folder: Path) -> Path:
    return table(folder, [HEADER, [*ROW, "多"]])


@fault("not readable as a table")
def an_open_quote(folder: Path) -> Path:
    path = table(folder, [HEADER, ROW])
    path.write_bytes(path.read_bytes() + b'"')
    return path


@fault("has no name", ":3:")
def a_row_without_name(folder: Path) -> Path:
    return table(folder, [HEADER, ROW, ["", 121.161, 31.281]])


@fault("say --datum", datum=None)
def datum_unknown(folder: Path) -> Path:
    return table(folder, [HEADER, ROW])


@fault("西安80", datum=None)
def headings_that_name_an_old_datum(folder: Path) -> Path:
    return table(folder, [["企业名称", "X坐标(西安80)", "Y坐标(西安80)"], ["甲公司", 3461000.5, 40610500.5]])


@fault("none that is understood as lat", "--map lat=")
def longitude_without_latitude(folder: Path) -> Path:
    return table(folder, [["企业名称", "经度"], ["甲公司", 121.16]])


@fault("in several datums", "--datum bd09", datum=None)
def coordinates_in_two_datums(folder: Path) -> Path:
    header = ["企业名称", "高德经度", "高德纬度", "百度经度", "百度纬度"]
    return table(folder, [header, ["甲公司", 121.16, 31.28, 121.17, 31.29]])


@fault("above 0", ":2:")
def accuracy_of_nothing(folder: Path) -> Path:
    return table(folder, [[*HEADER, "精度"], [*ROW, 0]])


@fault("no day", ":2:")
def a_month_for_a_day(folder: Path) -> Path:
    return table(folder, [[*HEADER, "生效日期"], [*ROW, "2020年1月"]])


@fault("curves", ":2:", kind="zones")
def curves_as_wkt(folder: Path) -> Path:
    curve = "CURVEPOLYGON(CIRCULARSTRING(121.15 31.27,121.16 31.28,121.17 31.27,121.16 31.26,121.15 31.27))"
    return table(folder, [["园区名称", "WKT"], ["甲", curve]])


@fault("UTF-32")
def text_in_utf32(folder: Path) -> Path:
    return table(folder, [HEADER, ROW], encoding="utf-32")


@fault("looks like UTF-16")
def text_in_utf16_cut_off(folder: Path) -> Path:
    path = table(folder, [HEADER, ROW], encoding="utf-16-le")
    path.write_bytes(path.read_bytes()[:-1])
    return path


@fault("--encoding")
def text_in_big5(folder: Path) -> Path:
    return table(folder, [["企業名稱", "經度", "緯度"], ["臺灣電子股份有限公司", 121.16, 31.28]], encoding="big5")


@fault("without a heading above it", ":2:")
def a_remark_beside_the_table(folder: Path) -> Path:
    return table(folder, [[*HEADER, ""], [*ROW, "待核实"]])


# --- Workbooks ------------------------------------------------------------------------------------------------------


@fault("macros")
def workbook_with_macros(folder: Path) -> Path:
    path = book(folder, [HEADER, ROW], "宏.xlsm")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\0" * 64)
    return path


@fault("damaged")
def workbook_with_a_corrupt_sheet(folder: Path) -> Path:
    path = book(folder, [HEADER, ROW])
    return _replaced(path, "xl/worksheets/sheet1.xml", lambda data: data[: len(data) // 2])


@fault("damaged")
def workbook_cut_in_half(folder: Path) -> Path:
    path = book(folder, [HEADER, ROW])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@fault("document type")
def workbook_with_entities(folder: Path) -> Path:
    path = book(folder, [HEADER, ROW])
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>'
    return _replaced(path, "xl/worksheets/sheet1.xml", lambda data: evil + data.split(b"?>", 1)[-1])


@fault("cells")
def workbook_that_merges_a_whole_sheet(folder: Path) -> Path:
    merged = b'</sheetData><mergeCells count="1"><mergeCell ref="A3:XFD1048576"/></mergeCells>'
    path = book(folder, [HEADER, ROW])
    return _replaced(path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b"</sheetData>", merged))


@fault("damaged workbook: ValueError")
def workbook_with_a_cell_beyond_the_sheet(folder: Path) -> Path:
    """What openpyxl says of it names the copy that was read, in several lines."""
    path = book(folder, [HEADER, ROW])
    return _replaced(path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b'r="B2"', b'r="ZZZZ99999999"'))


@fault("formula")
def formulas_without_values(folder: Path) -> Path:
    return book(folder, [HEADER, ["甲公司", "=121+0.16", 31.28]])


@fault("cells")
def workbook_with_millions_of_cells(folder: Path) -> Path:
    path = book(folder, [HEADER, ROW])
    # Varied enough to stay below the ratio of a bomb.
    noise = np.random.default_rng(0).integers(0, 10**9, 3_000_000)
    cells = "".join(f"<c><v>{number}</v></c>" for number in noise.tolist())
    return _replaced(path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b"</row>", cells.encode() + b"</row>"))


@fault("--layer", "甲表", "乙表")
def several_sheets(folder: Path) -> Path:
    workbook = Workbook()
    for title in ("甲表", "乙表"):
        sheet = workbook.create_sheet(title)
        sheet.append(HEADER)
        sheet.append(ROW)
    workbook.remove(workbook["Sheet"])
    workbook.save(folder / "多表.xlsx")
    return folder / "多表.xlsx"


@fault("empty what is beside the table")
def workbook_wider_than_can_be_read(folder: Path) -> Path:
    path = book(folder, [HEADER, *([f"第{number}公司", 121.16, 31.28] for number in range(300))])
    workbook = load_workbook(path)
    workbook["Sheet"].cell(2, 16_384).value = "远"
    workbook.save(path)
    return path


def _replaced(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """Rewrite one entry of a zip file."""
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    entries[name] = change(entries[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in entries.items():
            archive.writestr(entry, data)
    return path


# --- GeoJSON, XML, other formats ------------------------------------------------------------------------------------


@fault("its coordinates are degrees", kind="zones", datum=None)
def geojson_with_a_crs(folder: Path) -> Path:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4528"}}
    return geojson(folder, [("甲", ring(*SQUARE))], crs=crs)


@fault("JSON", kind="zones")
def geojson_cut_in_half(folder: Path) -> Path:
    path = geojson(folder, [("甲", ring(*SQUARE))])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@fault("not GeoJSON", kind="zones")
def json_that_is_no_geojson(folder: Path) -> Path:
    (folder / "图.json").write_text('{"a": [1, 2]}', "utf-8")
    return folder / "图.json"


@fault("JSON", kind="zones")
def json_nested_without_end(folder: Path) -> Path:
    (folder / "图.geojson").write_text('{"type":' + "[" * 200_000, "utf-8")
    return folder / "图.geojson"


@fault("not closed", "--repair", ":1:", kind="zones")
def geojson_with_an_open_ring(folder: Path) -> Path:
    return geojson(folder, [("甲", {"type": "Polygon", "coordinates": [list(SQUARE)]})])


@fault("is not a GeoJSON feature: 1", ":2:", kind="zones")
def geojson_of_other_things_than_features(folder: Path) -> Path:
    (folder / "图.geojson").write_text('{"type": "FeatureCollection", "features": [1, null]}', "utf-8")
    return folder / "图.geojson"


@fault("properties without names", kind="zones")
def geojson_with_a_list_of_properties(folder: Path) -> Path:
    feature = {"type": "Feature", "properties": ["甲"], "geometry": ring(*SQUARE)}
    (folder / "图.geojson").write_text(json.dumps(feature), "utf-8")
    return folder / "图.geojson"


@fault("say --datum", "GeoJSON", kind="zones", datum=None)
def geojson_without_a_word_of_its_datum(folder: Path) -> Path:
    return geojson(folder, [("甲", ring(*SQUARE))])


@fault("西安80", kind="zones", datum=None)
def geojson_that_says_an_old_datum(folder: Path) -> Path:
    return geojson(folder, [("甲", ring(*SQUARE))], datum="西安80")


@fault("say --datum", "KML", datum=None)
def kml_without_a_word_of_its_datum(folder: Path) -> Path:
    (folder / "图.kml").write_text(KML.format(name="甲", shape=POINT), "utf-8")
    return folder / "图.kml"


@fault("TopoJSON", kind="zones")
def topojson(folder: Path) -> Path:
    (folder / "图.json").write_text('{"type": "Topology", "objects": {}, "arcs": []}', "utf-8")
    return folder / "图.json"


@fault("Esri", kind="zones")
def json_of_esri(folder: Path) -> Path:
    (folder / "图.json").write_text('{"geometryType": "esriGeometryPolygon", "features": []}', "utf-8")
    return folder / "图.json"


@fault("NetworkLink")
def kml_that_links_elsewhere(folder: Path) -> Path:
    link = "<NetworkLink><Link><href>http://127.0.0.1:1/x.kml</href></Link></NetworkLink>"
    (folder / "图.kml").write_text(KML.partition("<Placemark>")[0] + link + "</Document></kml>", "utf-8")
    return folder / "图.kml"


KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>{name}</name>{shape}</Placemark></Document></kml>'
POINT = "<Point><coordinates>121.16,31.28,0</coordinates></Point>"


@fault("document type")
def kml_with_an_external_entity(folder: Path) -> Path:
    head = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    (folder / "图.kml").write_text(head + KML.format(name="&x;", shape=POINT), "utf-8")
    return folder / "图.kml"


@fault("document type")
def kml_with_a_billion_laughs(folder: Path) -> Path:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    head = f'<?xml version="1.0"?>\n<!-- {"x" * 5000} -->\n<!DOCTYPE kml [<!ENTITY l0 "lol">{laughs}]>'
    (folder / "图.kml").write_text(head + KML.format(name="&l9;", shape=POINT), "utf-8")
    return folder / "图.kml"


@fault("document type")
def kml_in_utf16_with_an_entity(folder: Path) -> Path:
    head = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE kml [<!ENTITY x "y">]>'
    (folder / "图.kml").write_bytes((head + KML.format(name="&x;", shape=POINT)).encode("utf-16"))
    return folder / "图.kml"


@fault("document type", kind="zones")
def gml_with_an_external_entity(folder: Path) -> Path:
    head = '<?xml version="1.0"?><!DOCTYPE gml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    body = '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml">&x;</gml:FeatureCollection>'
    (folder / "图.gml").write_text(head + body, "utf-8")
    return folder / "图.gml"


@fault("damaged")
def kml_cut_in_half(folder: Path) -> Path:
    text = KML.format(name="甲", shape=POINT)
    (folder / "图.kml").write_text(text[: len(text) // 2], "utf-8")
    return folder / "图.kml"


@fault("damaged", kind="zones")
def geopackage_cut_in_half(folder: Path) -> Path:
    path = layer(folder, "图.gpkg", [PARK] * 50, driver="GPKG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@fault("not a GeoPackage", kind="zones")
def sqlite_that_is_no_geopackage(folder: Path) -> Path:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(folder / "图.gpkg")) as base:
        base.execute("CREATE TABLE t (a)")
        base.commit()
    return folder / "图.gpkg"


@fault("cut off", kind="zones")
def flatgeobuf_cut_in_half(folder: Path) -> Path:
    path = layer(folder, "图.fgb", [PARK] * 50, driver="FlatGeobuf")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@fault("damaged", kind="zones")
def parquet_cut_in_half(folder: Path) -> Path:
    path = folder / "图.parquet"
    path.write_bytes(b"PAR1" + b"\x15" * 500)
    return path


def drawing(folder: Path) -> Path:
    """Write a drawing of one outline."""
    from gis.model.layers import layer_of
    from gis.views.geodata import write_features

    data = write_features(layer_of("x", "zones", [({"id": "a", "name": "甲"}, PARK)]), "dxf").data
    assert isinstance(data, bytes)
    (folder / "图.dxf").write_bytes(data)
    return folder / "图.dxf"


@fault("cut off", kind="zones")
def dxf_cut_at_a_line(folder: Path) -> Path:
    path = drawing(folder)
    path.write_bytes(b"\r\n".join(path.read_bytes().split(b"\r\n")[:40]) + b"\r\n")
    return path


@fault("no group code", kind="zones")
def dxf_with_a_line_too_few(folder: Path) -> Path:
    """What the fuzzer found: GDAL reads on such a drawing without end."""
    path = drawing(folder)
    lines = path.read_bytes().split(b"\r\n")
    del lines[31]
    path.write_bytes(b"\r\n".join(lines))
    return path


@fault("damaged", kind="zones")
def parquet_with_another_system_of_text(folder: Path) -> Path:
    """What the fuzzer found: text that is not UTF-8 shows only when the cells are read."""
    import geopandas as gpd

    path = folder / "图.parquet"
    gpd.GeoDataFrame({"name": ["ZZZZZZZZ"]}, geometry=[PARK], crs="EPSG:4326").to_parquet(path, compression=None)
    path.write_bytes(path.read_bytes().replace(b"ZZZZZZZZ", b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe"))
    return path


@fault("DWG", "DXF", kind="zones")
def dwg(folder: Path) -> Path:
    (folder / "图.dwg").write_bytes(b"AC1032" + b"\0" * 200)
    return folder / "图.dwg"


@fault("PDF")
def pdf(folder: Path) -> Path:
    (folder / "表.pdf").write_bytes(b"%PDF-1.7\n")
    return folder / "表.pdf"


@fault("web page")
def web_page_called_xls(folder: Path) -> Path:
    (folder / "表.xls").write_text("<html><table><tr><td>企业名称</td></tr></table></html>", "utf-8")
    return folder / "表.xls"


@fault("is called .csv", ".xlsx")
def workbook_called_csv(folder: Path) -> Path:
    return book(folder, [HEADER, ROW]).rename(folder / "表.csv")


@fault("is called .xlsx")
def text_called_xlsx(folder: Path) -> Path:
    return table(folder, [HEADER, ROW], "表.xlsx")


@fault("damaged")
def noise_called_xls(folder: Path) -> Path:
    (folder / "表.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x07" * 3000)
    return folder / "表.xls"


@fault("no format that is read")
def noise(folder: Path) -> Path:
    (folder / "表.bin").write_bytes(bytes(range(32)) * 64)
    return folder / "表.bin"


@fault("is not there")
def a_file_that_is_not_there(folder: Path) -> Path:
    return folder / "没有.csv"


@fault("is a folder")
def a_folder(folder: Path) -> Path:
    (folder / "夹").mkdir()
    return folder / "夹"


# --- Archives -------------------------------------------------------------------------------------------------------


def archive(folder: Path, entries: dict[str, bytes], name: str = "包.zip") -> Path:
    """Write a zip archive."""
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as out:
        for entry, data in entries.items():
            out.writestr(entry, data)
    return folder / name


@fault("zip bomb")
def zip_bomb(folder: Path) -> Path:
    return archive(folder, {"表.csv": b"\0" * (300 << 20)})


@fault("would unpack to", kind="zones")
def zip_that_says_it_is_huge(folder: Path) -> Path:
    path = archive(folder, {"图.geojson": b"{}"})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 2_000_000_000)
    path.write_bytes(bytes(data))
    return path


@fault("leads out of the archive")
def zip_with_a_way_out(folder: Path) -> Path:
    return archive(folder, {"../表.csv": b"name,lon,lat\na,121,31\n"})


@fault("leads out of the archive")
def zip_with_an_absolute_path(folder: Path) -> Path:
    return archive(folder, {"C:\\表.csv": b"name,lon,lat\na,121,31\n"})


@fault("symbolic link")
def zip_with_a_symbolic_link(folder: Path) -> Path:
    info = zipfile.ZipInfo("表.csv")
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(folder / "包.zip", "w") as out:
        out.writestr(info, "/etc/passwd")
    return folder / "包.zip"


@fault("nothing that is read")
def zip_in_a_zip(folder: Path) -> Path:
    inner = archive(folder, {"表.csv": b"name,lon,lat\na,121,31\n"}, "里.zip")
    return archive(folder, {"里.zip": inner.read_bytes()})


@fault("damaged")
def zip_with_a_wrong_checksum(folder: Path) -> Path:
    path = folder / "包.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:
        out.writestr("t.csv", "name,lon,lat\nabcdef,121.16,31.28\n")
    path.write_bytes(path.read_bytes().replace(b"abcdef", b"abcdeg"))
    return path


@fault("two entries", "表.csv")
def zip_with_one_name_twice(folder: Path) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(folder / "包.zip", "w") as out:
        warnings.simplefilter("ignore")  # that the name is there twice: it is meant
        for name in ("甲公司", "乙公司"):
            out.writestr("表.csv", f"企业名称,经度,纬度\n{name},121.16,31.28\n")
    return folder / "包.zip"


@fault("holds 2 tables", kind="zones")
def zip_with_two_tables(folder: Path) -> Path:
    return archive(folder, {"a.csv": b"name,lon,lat\na,121,31\n", "b.csv": b"name,lon,lat\na,121,31\n"})


def main() -> None:
    """Make the whole corpus in a folder, to look at."""
    folder = Path(sys.argv[1])
    for entry in FAULTS:
        (folder / entry.name).mkdir(parents=True, exist_ok=True)
        entry.make(folder / entry.name)


if __name__ == "__main__":
    main()
