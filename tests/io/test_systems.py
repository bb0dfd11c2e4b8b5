"""What a file says of its system is converted exactly, or refused; never taken for a neighbour."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest

from gis.base.errors import DatumError
from gis.earth.datum import Projected, convert
from gis.io.systems import system_of

CENTIMETRE = 0.01
WGS84 = 'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
CGCS2000 = (
    'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],'
)


def esri(
    meridian: float,
    scale: float = 0.9996,
    latitude: float = 0.0,
    easting: float = 500_000.0,
    northing: float = 0.0,
    *,
    geographic: str = WGS84,
    method: str = "Transverse_Mercator",
    unit: str = 'UNIT["Meter",1.0]',
    greenwich: float = 0.0,
) -> str:
    return (
        f'PROJCS["Modified",{geographic}PRIMEM["P",{greenwich}],UNIT["Degree",0.0174532925199433]],'
        f'PROJECTION["{method}"],PARAMETER["False_Easting",{easting}],PARAMETER["False_Northing",{northing}],'
        f'PARAMETER["Central_Meridian",{meridian}],PARAMETER["Scale_Factor",{scale}],'
        f'PARAMETER["Latitude_Of_Origin",{latitude}],{unit}]'
    )


@pytest.mark.parametrize("geographic", [WGS84, CGCS2000])
@pytest.mark.parametrize(
    "parameters",
    [
        (123.03, 0.9996),
        (121.5624115, 0.9996),
        (123.0000001, 0.9996),
        (123.0, 0.99960001),
        (120.0, 1.0000000005),
        (121.0, 1.0),
        (120.0, 1.0, 30.0),
        (120.0, 1.0, 0.0, 500_100.0),
        (123.0, 0.9996, 0.0, 500_000.0, -3_000_000.0),
        (121.4666667, 1.00005, 31.2333333, 0.0, 0.0),
    ],
)
def test_a_transverse_mercator_of_its_own_is_converted_by_its_parameters(
    parameters: tuple[float, ...], geographic: str
) -> None:
    wkt = esri(*parameters, geographic=geographic)
    system = system_of(wkt)
    assert isinstance(system.reference, Projected)
    assert system.reference.epsg is None
    assert f"{parameters[0]:.12g}" in str(system.reference)
    assert any("own parameters" in note for note in system.notes)
    target = pyproj.CRS.from_wkt(wkt)
    there = pyproj.Transformer.from_crs(target.geodetic_crs, target, always_xy=True)
    lon, lat = (axis.ravel() for axis in np.meshgrid(np.linspace(100, 130, 7), np.linspace(20, 50, 7)))
    x, y = there.transform(lon, lat)
    for ours, truth in zip(convert(lon, lat, "wgs84", system.reference), (x, y), strict=True):
        assert np.abs(ours - truth).max() < CENTIMETRE
    found = convert(x, y, system.reference, "wgs84")
    assert np.abs(pyproj.Geod(ellps="WGS84").inv(found[0], found[1], lon, lat)[2]).max() < CENTIMETRE
    one = convert(float(x[0]), float(y[0]), system.reference)
    assert one == pytest.approx((lon[0], lat[0]), abs=1e-9)


@pytest.mark.parametrize(
    ("wkt", "code"),
    [
        (esri(123.0), "EPSG:32651"),
        (esri(120.0, 1.0, geographic=CGCS2000), "EPSG:4549"),
        (esri(120.0, 1.0, easting=40_500_000.0), "EPSG:4528"),
    ],
)
def test_a_zone_is_still_known_as_one(wkt: str, code: str) -> None:
    assert str(system_of(wkt).reference) == code


@pytest.mark.parametrize(
    "wkt",
    [
        esri(121.5, geographic=WGS84.replace("6378137.0,298.257223563", "6378388.0,297.0").replace("WGS", "HK")),
        esri(121.5, greenwich=2.3372291667),
        esri(121.5, scale=99.96),
        esri(121.5, latitude=95.0),
    ],
)
def test_what_cannot_be_converted_by_its_parameters_is_refused_with_them(wkt: str) -> None:
    with pytest.raises(DatumError, match=r"121\.5"):
        system_of(wkt)


def test_another_axis_or_unit_is_refused() -> None:
    with pytest.raises(DatumError, match="not in metres"):
        system_of(esri(121.5, unit='UNIT["Foot",0.3048]'))
    south = "+proj=tmerc +axis=wsu +lon_0=121.5 +ellps=WGS84 +type=crs"
    with pytest.raises(DatumError):
        system_of(south)


def test_a_position_outside_china_by_the_parameters_is_refused_with_them() -> None:
    reference = system_of(esri(123.03)).reference
    with pytest.raises(DatumError, match=r"central meridian 123\.03"):
        convert(121.15, 31.28, reference)
    lon, _ = convert(np.array([np.nan, 320_000.0]), np.array([3_462_000.0, 3_462_000.0]), reference)
    assert np.isnan(lon[0]) != np.isnan(lon[1])
