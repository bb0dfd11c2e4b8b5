"""Datums convert there and back exactly, and the shift is applied in the mainland only."""

from __future__ import annotations

import doctest
import subprocess
import sys
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.base.errors import DatumError
from gis.earth import datum, geodesy, mainland
from gis.earth.datum import Datum, Projected, convert, parse_datum

SHIFTED = [Datum.GCJ02, Datum.BD09]
ANTING = (121.157526, 31.290363)
CENTIMETRE = 0.01

INSIDE = {
    "安亭": ANTING,
    "杭州": (120.17, 30.25),
    "厦门湖里": (118.11, 24.51),
    "厦门大嶝 (opposite Kinmen)": (118.33, 24.556),
    "洋山港": (122.07, 30.63),
    "东海大桥 (mid-bridge)": (121.93, 30.75),
    "杭州湾跨海大桥 (mid-bridge)": (121.13, 30.45),
    "三亚": (109.50, 18.25),
    "深圳罗湖口岸 (north of the river)": (114.118, 22.535),
    "深圳蛇口": (113.915, 22.480),
    "珠海拱北": (113.548, 22.222),
    "珠海横琴": (113.53, 22.13),
    "丹东": (124.38, 40.13),
    "满洲里": (117.44, 49.59),
    "二连浩特": (111.97, 43.65),
    "霍尔果斯": (80.42, 44.21),
    "瑞丽": (97.85, 24.01),
    "凭祥": (106.76, 22.10),
    "东兴": (107.97, 21.55),
    "黑河": (127.50, 50.25),
    "漠河": (122.54, 52.97),
    "拉萨": (91.11, 29.65),
    "亚东": (88.91, 27.48),
    "札达": (79.80, 31.48),
    "喀什": (75.99, 39.47),
}
OUTSIDE = {
    "香港 上水": (114.128, 22.502),
    "香港 落马洲": (114.066, 22.510),
    "香港 中环": (114.158, 22.281),
    "香港 大屿山": (113.94, 22.26),
    "香港 赤鱲角": (113.918, 22.308),
    "香港 东平洲": (114.432, 22.543),
    "澳门": (113.543, 22.195),
    "澳门 路环": (113.56, 22.12),
    "台北": (121.52, 25.04),
    "澎湖": (119.57, 23.57),
    "金门": (118.32, 24.44),
    "马祖 南竿": (119.94, 26.155),
    "Thimphu": (89.64, 27.47),
    "Phuntsholing": (89.39, 26.86),
    "Ulaanbaatar": (106.92, 47.92),
    "Zamyn-Uud": (111.90, 43.71),
    "Sinuiju": (124.40, 40.09),
    "Khorgas (Kazakhstan)": (80.30, 44.22),
    "Muse": (97.90, 23.98),
    "Móng Cái": (107.96, 21.52),
    "Lạng Sơn": (106.76, 21.85),
    "Blagoveshchensk": (127.53, 50.28),
    "Zabaykalsk": (117.33, 49.64),
    "Khasan": (130.65, 42.43),
    "Gangtok": (88.61, 27.33),
    "Lachen": (88.56, 27.72),
    "Kathmandu": (85.32, 27.70),
    "Vladivostok": (131.9, 43.12),
    "Jeju": (126.53, 33.5),
    "London": (-0.1, 51.5),
    "Sydney": (151.2, -33.9),
}


def metres(first: tuple[float, float], second: tuple[float, float]) -> float:
    return geodesy.distance_m(*first, *second)


def test_the_examples_of_the_modules_run() -> None:
    assert doctest.testmod(datum).failed == 0
    assert doctest.testmod(mainland).failed == 0


@pytest.mark.parametrize("place", INSIDE)
@pytest.mark.parametrize("to", SHIFTED)
def test_positions_in_the_mainland_are_shifted(place: str, to: Datum) -> None:
    low, high = {Datum.GCJ02: (50, 900), Datum.BD09: (300, 2000)}[to]
    assert low < metres(INSIDE[place], convert(*INSIDE[place], "wgs84", to)) < high


@pytest.mark.parametrize("place", OUTSIDE)
@pytest.mark.parametrize("to", SHIFTED)
def test_positions_elsewhere_are_not_shifted(place: str, to: Datum) -> None:
    assert convert(*OUTSIDE[place], "wgs84", to) == OUTSIDE[place]


def test_one_position_and_an_array_get_the_same_answer() -> None:
    everywhere = np.array([*INSIDE.values(), *OUTSIDE.values()])
    for there in SHIFTED:
        for pair in ((Datum.WGS84, there), (there, Datum.WGS84)):
            many = np.column_stack(convert(everywhere[:, 0], everywhere[:, 1], *pair))
            single = np.array([convert(float(lon), float(lat), *pair) for lon, lat in everywhere])
            assert np.abs(many - single).max() < 1e-12


def test_the_scalar_and_the_array_border_agree_near_the_border() -> None:
    corners = shapely.get_coordinates(mainland.outline())[::9]
    points = corners + np.random.default_rng(1).uniform(-0.01, 0.01, corners.shape)
    many = mainland.contains_many(points[:, 0], points[:, 1])
    assert many.tolist() == [mainland.contains(lon, lat) for lon, lat in points.tolist()]


@pytest.mark.parametrize("there", SHIFTED)
def test_there_and_back_is_below_a_centimetre_everywhere_in_the_mainland(there: Datum) -> None:
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(73, 136, 200_000), rng.uniform(3, 54, 200_000)
    edge = shapely.get_coordinates(mainland.outline()) + rng.uniform(-0.005, 0.005, (1, 2))
    lon, lat = np.append(lon, edge[:, 0]), np.append(lat, edge[:, 1])
    inside = mainland.contains_many(lon, lat)
    lon, lat = lon[inside], lat[inside]
    back = convert(*convert(lon, lat, "wgs84", there), there, "wgs84")
    assert len(lon) > 60_000
    assert geodesy.distance_m(lon, lat, *back).max() < CENTIMETRE / 10


@given(st.floats(73, 136), st.floats(3, 54), st.sampled_from(SHIFTED))
def test_there_and_back_is_below_a_centimetre_for_any_single_position(lon: float, lat: float, there: Datum) -> None:
    if not mainland.contains(lon, lat):
        return
    back = convert(*convert(lon, lat, Datum.WGS84, there), there, Datum.WGS84)
    assert metres((lon, lat), back) < CENTIMETRE / 10


@given(st.floats(80, 120), st.floats(25, 40))
def test_gcj02_and_bd09_convert_into_each_other_without_loss(lon: float, lat: float) -> None:
    there = convert(lon, lat, "gcj02", "bd09")
    assert metres((lon, lat), convert(*there, "bd09", "gcj02")) < CENTIMETRE


def test_the_formulas_give_the_published_values() -> None:
    # Tian'anmen as in the test vectors of the libraries that made the formulas public (eviltransform, coordtransform).
    assert convert(116.404, 39.915, "wgs84", "gcj02") == pytest.approx(
        (116.41024449916938, 39.91640428150164), abs=1e-9
    )
    assert convert(116.404, 39.915, "gcj02", "bd09") == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-9)


def test_a_position_that_names_its_zone_agrees_with_the_projection_library() -> None:
    for code in (*range(4513, 4555), *range(4491, 4513)):
        reference = parse_datum(f"EPSG:{code}")
        assert isinstance(reference, Projected)
        crs = pyproj.CRS.from_epsg(code)
        assert crs.name == reference.name
        assert crs.coordinate_operation is not None
        parameters = {each.name: each.value for each in crs.coordinate_operation.params}
        middle = float(parameters["Longitude of natural origin"])
        x, y = convert(middle + 1.0, 31.0, "cgcs2000", reference)
        back = convert(x, y, reference, "wgs84")
        assert back == pytest.approx((middle + 1.0, 31.0), abs=1e-9)
        assert (int(x // 1e6) or None) == reference.zone


def test_a_gauss_kruger_position_is_that_of_the_closed_series() -> None:
    # The meridian arc of GRS 80 from the equator to 31.29° N on zone 40's central meridian 120° E.
    x, y = convert(120.0, 31.290363, "wgs84", "EPSG:4549")
    assert x == pytest.approx(500_000.0, abs=1e-6)
    assert y == pytest.approx(geodesy.distance_m(120.0, 0.0, 120.0, 31.290363), abs=1e-3)
    assert convert(120.0, 31.290363, "wgs84", "EPSG:4528")[0] == pytest.approx(40_500_000.0, abs=1e-6)


def test_the_same_place_given_in_each_datum_is_the_same() -> None:
    for there in ("gcj02", "bd09", "cgcs2000", "EPSG:4549", "EPSG:4528", "EPSG:4490", "EPSG:32651"):
        assert metres(ANTING, convert(*convert(*ANTING, "wgs84", there), there, "wgs84")) < CENTIMETRE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GCJ-02", Datum.GCJ02),
        ("高德", Datum.GCJ02),
        ("bd09ll", Datum.BD09),
        ("WGS 84", Datum.WGS84),
        ("epsg:4326", Datum.WGS84),
        ("EPSG:4490", Datum.CGCS2000),
        ("cgcs2000", Datum.CGCS2000),
    ],
)
def test_a_datum_is_known_by_the_names_people_use(text: str, expected: Datum) -> None:
    assert parse_datum(text) is expected


@pytest.mark.parametrize(
    "code", [4214, 2401, 2421, 2422, 2442, 21413, 21423, 21453, 21463, 21483, 4610, 2327, 2390, 4555]
)
def test_older_chinese_systems_are_refused_and_the_reason_is_given(code: int) -> None:
    with pytest.raises(DatumError, match=r"(Beijing|Xian).*parameters are not published.*never taken for CGCS2000"):
        parse_datum(f"EPSG:{code}")


@pytest.mark.parametrize("text", ["北京54", "Beijing 1954", "西安80", "Xian_1980"])
def test_older_chinese_systems_are_refused_by_name_too(text: str) -> None:
    with pytest.raises(DatumError, match="older Chinese system"):
        parse_datum(text)


@pytest.mark.parametrize("text", ["", "nad27", "EPSG:2154", "EPSG:99999", "12"])
def test_an_unknown_datum_gets_the_list_of_those_allowed(text: str) -> None:
    with pytest.raises(DatumError, match="EPSG:4534–4554"):
        parse_datum(text)


@pytest.mark.parametrize(
    ("position", "from_", "says"),
    [
        ((40_610_000.0, 3_462_000.0), "wgs84", "metres of a projected system"),
        ((31.29, 121.16), "wgs84", "swapped"),
        ((40_610_000.0, 3_462_000.0), "EPSG:4549", "use EPSG:4528"),
        ((610_000.0, 3_462_000.0), "EPSG:4528", "use EPSG:4549"),
        ((3_462_000.0, 40_610_000.0), "EPSG:4528", "X is north"),
        ((3_462_000.0, 610_000.0), "EPSG:4549", "X is north"),
        ((121.16, 31.29), "EPSG:4549", "degrees"),
    ],
)
def test_a_value_that_cannot_be_in_its_system_is_refused_with_the_likely_cause(
    position: tuple[float, float], from_: str, says: str
) -> None:
    with pytest.raises(DatumError, match=says):
        convert(*position, from_, "gcj02")
    with pytest.raises(DatumError, match=says):
        convert(np.array([position[0], np.nan]), np.array([position[1], np.nan]), from_, "wgs84")


@pytest.mark.parametrize("code", [4549, np.int32(4549), np.int64(4549), np.uint16(4549)])
def test_an_integer_is_the_epsg_code_it_names(code: int) -> None:
    metres_of = convert(*ANTING, "wgs84", "EPSG:4549")
    assert convert(*ANTING, "wgs84", code) == metres_of
    assert convert(*metres_of, code) == pytest.approx(ANTING, abs=1e-9)
    east, north = convert(np.array([ANTING[0]]), np.array([ANTING[1]]), 4326, code)
    assert (east[0], north[0]) == pytest.approx(metres_of)


@pytest.mark.parametrize(
    "system", [None, True, False, 0, 12, -4549, 2154, 4214, 4549.0, np.float64(4549), b"wgs84", ("wgs84",), object(),
               np.array(4549), np.array([4549]), np.array([True])[0], Datum, pyproj.CRS.from_epsg(4549)],
)  # fmt: skip
def test_what_names_no_system_is_refused_and_never_gives_the_input_back(system: Any) -> None:
    for from_, to in ((system, "wgs84"), ("wgs84", system), (system, system)):
        with pytest.raises(DatumError):
            convert(*ANTING, from_, to)
        with pytest.raises(DatumError):
            convert(np.array([ANTING[0]]), np.array([ANTING[1]]), from_, to)


def test_nan_stays_nan_and_its_neighbours_are_converted() -> None:
    lon, lat = convert(np.array([np.nan, ANTING[0]]), np.array([31.0, ANTING[1]]), "gcj02", "wgs84")
    assert np.isnan(lon[0])
    assert (lon[1], lat[1]) == pytest.approx(convert(*ANTING, "gcj02", "wgs84"))
    assert np.isnan(convert(float("nan"), 31.0, "gcj02", "wgs84")[0])


def test_the_arrays_given_are_left_as_they_were() -> None:
    lon, lat = np.array([ANTING[0]]), np.array([ANTING[1]])
    convert(lon, lat, "bd09", "wgs84")
    assert (lon[0], lat[0]) == ANTING


def test_converting_one_position_imports_nothing_heavy() -> None:
    code = (
        "import sys; from gis.earth.datum import convert; convert(121.16, 31.29, 'gcj02', 'wgs84');"
        "print(*sorted({'numpy', 'pandas', 'geopandas', 'pyproj', 'shapely', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
