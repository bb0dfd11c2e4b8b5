"""Convert coordinates between WGS 84, GCJ-02, BD-09 and CGCS2000, exactly.

Positions are longitude, latitude in degrees, in this order, or easting, northing in metres for a projected system,
in this order too, whatever axis order the authority states. Scalars give scalars (and cost no import of numpy),
arrays give arrays of the same shape. NaN stays NaN.

Three facts that the conversions rest on:

- GCJ-02 is WGS 84 plus an offset that is a smooth function of the place (the published formula, first known from
  `eviltransform`); BD-09 is GCJ-02 plus a second one. Both inverses are iterated to below a tenth of a millimetre;
  neither exists in closed form, and one step of the usual approximation leaves errors of metres.
- The offset is applied in the mainland only (`gis.earth.mainland`: the border, not a box). Coordinates from Hong Kong,
  Macau, Taiwan and abroad are the same in all of WGS 84, GCJ-02 and BD-09. In the band next to a land border that is
  as wide as the offset, a shifted position may be ambiguous; it is taken to come from the mainland.
- CGCS2000 and WGS 84 differ by some centimetres (definition of the ellipsoid: 0.1 mm; tectonic motion of the
  mainland since epoch 2000.0: below 1 m) and are treated as the same here, far below the accuracy of any layer.
"""

from __future__ import annotations

import math
import operator
import re
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, overload

from gis.base.errors import DatumError
from gis.earth import mainland

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray
    from pyproj import Transformer


class Datum(StrEnum):
    """A datum of geographic coordinates (longitude, latitude in degrees)."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"
    CGCS2000 = "cgcs2000"


@dataclass(frozen=True, slots=True)
class TransverseMercator:
    """The parameters of a transverse Mercator on WGS 84 or CGCS2000: degrees, metres, and a scale."""

    datum: Datum
    meridian: float
    latitude: float = 0.0
    scale: float = 1.0
    easting: float = 500_000.0
    northing: float = 0.0

    @property
    def proj(self) -> str:
        """The projection as PROJ writes it, every parameter to its last digit."""
        ellipsoid = "WGS84" if self.datum is Datum.WGS84 else "GRS80"  # that of CGCS2000 to the last digit
        return (
            f"+proj=tmerc +lat_0={self.latitude!r} +lon_0={self.meridian!r} +k_0={self.scale!r} "
            f"+x_0={self.easting!r} +y_0={self.northing!r} +ellps={ellipsoid} +units=m +no_defs +type=crs"
        )

    def __str__(self) -> str:
        return (
            f"transverse Mercator on {self.datum}, central meridian {self.meridian:.12g}°, latitude of origin "
            f"{self.latitude:.12g}°, scale {self.scale:.12g}, false easting {self.easting:.12g}, false northing "
            f"{self.northing:.12g}"
        )


@dataclass(frozen=True, slots=True)
class Projected:
    """A projected system (easting, northing in metres) on WGS 84 or CGCS2000.

    `zone` is the number that leads the easting (40 of 40500000), or None where the easting bears none.
    `epsg` is None where the system has no code and is a transverse Mercator by its own parameters, `own`.
    """

    epsg: int | None
    name: str
    zone: int | None = None
    own: TransverseMercator | None = None

    @property
    def crs(self) -> str:
        """The system as pyproj and GDAL understand it."""
        return self.own.proj if self.own is not None else f"EPSG:{self.epsg}"

    def __str__(self) -> str:
        return str(self.own) if self.own is not None else f"EPSG:{self.epsg}"


Reference = Datum | Projected

_NAMES: Final = {
    "wgs84": Datum.WGS84,
    "wgs1984": Datum.WGS84,
    "gps": Datum.WGS84,
    "epsg4326": Datum.WGS84,
    "4326": Datum.WGS84,
    "ogccrs84": Datum.WGS84,
    "crs84": Datum.WGS84,
    "gcj02": Datum.GCJ02,
    "gcj": Datum.GCJ02,
    "amap": Datum.GCJ02,
    "高德": Datum.GCJ02,
    "腾讯": Datum.GCJ02,
    "火星坐标": Datum.GCJ02,
    "火星坐标系": Datum.GCJ02,
    "bd09": Datum.BD09,
    "bd09ll": Datum.BD09,
    "baidu": Datum.BD09,
    "百度": Datum.BD09,
    "cgcs2000": Datum.CGCS2000,
    "epsg4490": Datum.CGCS2000,
    "4490": Datum.CGCS2000,
    "天地图": Datum.CGCS2000,
    "国家2000": Datum.CGCS2000,
    "2000国家大地坐标系": Datum.CGCS2000,
}

_OLD: Final = (
    ("北京54 (Beijing 1954)", ((4214, 4214), (2401, 2442), (21413, 21423), (21453, 21463), (21473, 21483))),
    ("新北京54 (New Beijing)", ((4555, 4555), (4568, 4589), (4652, 4656), (4766, 4800), (4812, 4812), (4822, 4822))),
    ("西安80 (Xian 1980)", ((4610, 4610), (2327, 2390))),
)
_OLD_NAMES: Final = re.compile("北京54|beijing|bj54|西安80|xian|xi'an|80西安|54北京")

_ALLOWED: Final = (
    "allowed are wgs84, gcj02 (Amap, Tencent), bd09 (Baidu), cgcs2000, and projected systems by EPSG code: "
    "EPSG:4513–4533 (CGCS2000, 3-degree zones 25–45, zone number in the easting), "
    "EPSG:4534–4554 (the same without the zone number), EPSG:4491–4512 (6-degree zones), EPSG:32643–32653 (UTM)"
)


def parse_datum(text: str) -> Reference:
    """Return the datum or projected system that `text` names.

    Args:
        text: `wgs84`, `gcj02`, `bd09`, `cgcs2000` in any spelling that people use, or an EPSG code such as `EPSG:4549`.

    Raises:
        DatumError: The name is unknown, or is an older Chinese system that cannot be converted exactly.

    >>> parse_datum("GCJ-02")
    <Datum.GCJ02: 'gcj02'>
    >>> print(parse_datum("EPSG:4528").name)
    CGCS2000 / 3-degree Gauss-Kruger zone 40
    """
    key = re.sub(r"[\s\-_:/]", "", text).lower()
    if key in _NAMES:
        return _NAMES[key]
    if match := re.fullmatch(r"(?:epsg)?(\d{4,6})", key):
        return _projected(int(match[1]), text)
    if _OLD_NAMES.search(key):
        raise DatumError(_refusal(text, "an older Chinese system"))
    raise DatumError(f"the datum {text!r} is not known; {_ALLOWED}")


def _refusal(given: str, name: str) -> str:
    return (
        f"{given} is {name}: its shift to CGCS2000 differs from place to place by up to 100 m and its exact parameters "
        "are not published, so it is never taken for CGCS2000; have the surveying office convert the file "
        "(or ask for it in CGCS2000)"
    )


def _projected(code: int, given: str) -> Projected:
    for name, ranges in _OLD:
        if any(low <= code <= high for low, high in ranges):
            raise DatumError(_refusal(given, name))
    if 4513 <= code <= 4533:
        return Projected(code, f"CGCS2000 / 3-degree Gauss-Kruger zone {code - 4488}", code - 4488)
    if 4534 <= code <= 4554:
        return Projected(code, f"CGCS2000 / 3-degree Gauss-Kruger CM {75 + 3 * (code - 4534)}E")
    if 4491 <= code <= 4501:
        return Projected(code, f"CGCS2000 / Gauss-Kruger zone {code - 4478}", code - 4478)
    if 4502 <= code <= 4512:
        return Projected(code, f"CGCS2000 / Gauss-Kruger CM {75 + 6 * (code - 4502)}E")
    if 32643 <= code <= 32653:
        return Projected(code, f"WGS 84 / UTM zone {code - 32600}N")
    if code == 3857:
        return Projected(code, "WGS 84 / Pseudo-Mercator")
    raise DatumError(f"{given} is not a system that is converted here; {_ALLOWED}")


# The published constants of GCJ-02 (semi-major axis and squared eccentricity of Krasovsky 1940) and of BD-09.
_AXIS: Final = 6378245.0
_ECCENTRICITY2: Final = 0.00669342162296594323
_BD_PI: Final = math.pi * 3000.0 / 180.0
# Each step leaves at most a fortieth of the error (the steepest gradient, that of BD-09): 7 leave a thousandth of a mm.
_STEPS: Final = 7


def _gcj_offset(lon: Any, lat: Any, m: ModuleType) -> tuple[Any, Any]:
    """Return what GCJ-02 adds to a WGS 84 position, in degrees; `m` is `math` for scalars or `numpy` for arrays."""
    x, y = lon - 105.0, lat - 35.0
    root = m.sqrt(abs(x))
    shared = (20.0 * m.sin(6.0 * x * m.pi) + 20.0 * m.sin(2.0 * x * m.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + shared
    north += (20.0 * m.sin(y * m.pi) + 40.0 * m.sin(y / 3.0 * m.pi)) * 2.0 / 3.0
    north += (160.0 * m.sin(y / 12.0 * m.pi) + 320.0 * m.sin(y * m.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + shared
    east += (20.0 * m.sin(x * m.pi) + 40.0 * m.sin(x / 3.0 * m.pi)) * 2.0 / 3.0
    east += (150.0 * m.sin(x / 12.0 * m.pi) + 300.0 * m.sin(x / 30.0 * m.pi)) * 2.0 / 3.0
    phi = lat / 180.0 * m.pi
    sine = m.sin(phi)
    magic = 1.0 - _ECCENTRICITY2 * sine * sine
    root = m.sqrt(magic)
    per_lat = (_AXIS * (1.0 - _ECCENTRICITY2)) / (magic * root) * m.pi / 180.0
    per_lon = _AXIS / root * m.cos(phi) * m.pi / 180.0
    return east / per_lon, north / per_lat


def _to_gcj(lon: Any, lat: Any, m: ModuleType) -> tuple[Any, Any]:
    east, north = _gcj_offset(lon, lat, m)
    return lon + east, lat + north


def _to_bd(lon: Any, lat: Any, m: ModuleType) -> tuple[Any, Any]:
    x, y = _to_gcj(lon, lat, m)
    radius = m.sqrt(x * x + y * y) + 0.00002 * m.sin(y * _BD_PI)
    angle = m.atan2(y, x) + 0.000003 * m.cos(x * _BD_PI)
    return radius * m.cos(angle) + 0.0065, radius * m.sin(angle) + 0.006


_SHIFTS: Final = {Datum.GCJ02: _to_gcj, Datum.BD09: _to_bd}


def unshift(
    datum: Datum, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return WGS 84 positions of shifted ones (arrays, degrees) without asking whether they lie in the mainland.

    For sources that are shifted throughout, such as the outlines of a map service; else use `convert`.
    """
    import numpy as np

    x, y = _unshift(datum, lon, lat, np)
    return x, y


def _unshift(datum: Datum, lon: Any, lat: Any, m: ModuleType) -> tuple[Any, Any]:
    """Return the position whose shifted one is (lon, lat): a fixed point, as the offset hardly varies over itself."""
    shift = _SHIFTS[datum]
    x, y = lon, lat
    for _ in range(_STEPS):
        there_x, there_y = shift(x, y, m)
        x, y = x - (there_x - lon), y - (there_y - lat)
    return x, y


def _shifted_scalar(datum: Datum, lon: float, lat: float, *, back: bool) -> tuple[float, float]:
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return lon, lat
    if not back:
        return _SHIFTS[datum](lon, lat, math) if mainland.contains(lon, lat) else (lon, lat)
    if not -90.0 < lat < 90.0:
        return lon, lat
    x, y = _unshift(datum, lon, lat, math)
    return (x, y) if mainland.contains(x, y) or mainland.contains(lon, lat) else (lon, lat)


def _shifted_arrays(
    datum: Datum, lon: NDArray[np.float64], lat: NDArray[np.float64], *, back: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    # Far from the mainland the formula means nothing (and may overflow): only what can be in it is shifted.
    near = (lon > 72.0) & (lon < 137.0) & (lat > 2.0) & (lat < 55.0)
    out_lon, out_lat = lon.copy(), lat.copy()
    x, y = lon[near], lat[near]
    if back:
        new_x, new_y = _unshift(datum, x, y, np)
        chosen = mainland.contains_many(new_x, new_y) | mainland.contains_many(x, y)
    else:
        new_x, new_y = _SHIFTS[datum](x, y, np)
        chosen = mainland.contains_many(x, y)
    out_lon[near] = np.where(chosen, new_x, x)
    out_lat[near] = np.where(chosen, new_y, y)
    return out_lon, out_lat


@cache
def _transformer(system: str) -> Transformer:
    """Return the projection from geographic to `system`; both on the same datum, so that no datum shift is applied."""
    from pyproj import CRS, Transformer

    target = CRS.from_user_input(system)
    if target.geodetic_crs is None:
        raise DatumError(f"{system} has no geographic system")
    return Transformer.from_crs(target.geodetic_crs, target, always_xy=True)


def check_degrees(lon: ArrayLike, lat: ArrayLike) -> None:
    """Raise unless finite values are degrees: longitude in -180..180, latitude in -90..90.

    Raises:
        DatumError: A value is out of range; the text says whether metres or swapped axes are likely.
    """
    import numpy as np

    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    bad = (np.abs(x) > 180.0) | (np.abs(y) > 90.0)
    if not bad.any():
        return
    east, north = (float(values[bad].flat[0]) for values in np.broadcast_arrays(x, y))
    if abs(east) > 1000.0 or abs(north) > 1000.0:
        hint = "these look like metres of a projected system; name it, for example EPSG:4549"
    elif abs(east) <= 90.0 and abs(north) <= 180.0:
        hint = "longitude and latitude look swapped"
    else:
        hint = "longitude is in -180..180, latitude in -90..90"
    raise DatumError(f"({east:g}, {north:g}) is no longitude, latitude in degrees: {hint}")


def check_metres(easting: ArrayLike, northing: ArrayLike, reference: Projected) -> None:
    """Raise unless finite values can be eastings and northings of `reference` within China.

    Raises:
        DatumError: Degrees, swapped axes (in survey tables X is north), or a zone number too many, too few or another.
    """
    import numpy as np

    if reference.epsg == 3857:
        return
    x = np.asarray(easting, dtype=np.float64)
    y = np.asarray(northing, dtype=np.float64)
    if reference.own is not None:
        _check_own(x, y, reference.own)
        return
    low = (reference.zone or 0) * 1e6
    bad = (x < low) | (x > low + 1e6) | (y < 3e5) | (y > 6.5e6)
    if not bad.any():
        return
    east, north = (float(values[bad].flat[0]) for values in np.broadcast_arrays(x, y))
    if abs(east) <= 180.0 and abs(north) <= 90.0:
        hint = "these look like degrees"
    elif low <= north <= low + 1e6 and 1.0e6 <= east <= 6.5e6:
        hint = "the axes look swapped: in survey tables X is north and Y is east; give the easting first"
    elif 13e6 <= east < 46e6:
        hint = f"the easting bears the zone number {int(east // 1e6)}: use EPSG:{_code_of_zone(int(east // 1e6))}"
    elif reference.zone is not None and reference.epsg is not None and 0 <= east <= 1e6:
        hint = f"the easting bears no zone number: use EPSG:{_code_without_zone(reference.epsg)}"
    else:
        hint = "outside what the system can hold in China"
    raise DatumError(f"({east:g}, {north:g}) is no easting, northing of {reference} ({reference.name}): {hint}")


def _check_own(x: NDArray[np.float64], y: NDArray[np.float64], own: TransverseMercator) -> None:
    """Raise unless finite values lie in China by the parameters; farther off the projection folds over itself."""
    import numpy as np

    lon, lat = _transformer(own.proj).transform(x, y, direction="INVERSE")
    lon, lat = np.asarray(lon), np.asarray(lat)
    bad = np.isfinite(x) & np.isfinite(y) & ~((lon > 70.0) & (lon < 140.0) & (lat > 2.0) & (lat < 55.0))
    if bad.any():
        east, north = (float(values[bad].flat[0]) for values in np.broadcast_arrays(x, y))
        raise DatumError(f"({east:.10g}, {north:.10g}) is no easting, northing in China by the parameters of {own}")


def _code_of_zone(zone: int) -> int:
    return zone + 4488 if zone >= 25 else zone + 4478


def _code_without_zone(code: int) -> int:
    return code + 21 if code >= 4513 else code + 11


@overload
def convert(
    lon: float, lat: float, from_: Reference | str | int, to: Reference | str | int = Datum.WGS84
) -> tuple[float, float]: ...
@overload
def convert(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    from_: Reference | str | int,
    to: Reference | str | int = Datum.WGS84,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def convert(
    lon: Any, lat: Any, from_: Reference | str | int, to: Reference | str | int = Datum.WGS84
) -> tuple[Any, Any]:
    """Convert positions from one system to another.

    Args:
        lon: Longitude in degrees, or easting in metres where `from_` is projected; a number or an array.
        lat: Latitude in degrees, or northing in metres; as `lon`.
        from_: The system of the positions given; a `Datum`, a `Projected`, text for `parse_datum`, or the
            number of an EPSG code.
        to: The system wanted.

    Returns:
        Longitude and latitude, or easting and northing where `to` is projected; NaN stays NaN.

    Raises:
        DatumError: A system is unknown or no system at all, or a value cannot be a coordinate in it.

    >>> lon, lat = convert(121.1619, 31.2884, "gcj02", "wgs84")
    >>> round(lon, 5), round(lat, 5)
    (121.15734, 31.29028)
    """
    start, goal = _reference(from_), _reference(to)
    x: Any
    y: Any
    scalar = isinstance(lon, int | float) and isinstance(lat, int | float)
    if scalar:
        x, y = float(lon), float(lat)
        if isinstance(start, Datum) and (abs(x) > 180.0 or abs(y) > 90.0):
            check_degrees(x, y)
    else:
        import numpy as np

        x, y = (np.array(values) for values in np.broadcast_arrays(*_floats(lon, lat)))
        if isinstance(start, Datum):
            check_degrees(x, y)
    if isinstance(start, Projected):
        check_metres(x, y, start)
    if start == goal:
        return x, y
    x, y = _to_wgs84(x, y, start, scalar)
    return _from_wgs84(x, y, goal, scalar)


def _reference(given: object) -> Reference:
    """The system that an argument means; what means none is refused, so that nothing comes back as it was given."""
    if isinstance(given, Datum | Projected):
        return given
    if isinstance(given, str):
        return parse_datum(given)
    # numpy's integers have an index too, and so do its arrays of one integer, which are no system.
    if not isinstance(given, bool) and hasattr(given, "__index__") and not hasattr(given, "__len__"):
        with suppress(TypeError):
            # A sign would be lost as punctuation is.
            if (code := operator.index(given)) >= 0:
                return parse_datum(f"EPSG:{code}")
    raise DatumError(f"{given!r} ({type(given).__name__}) names no system; {_ALLOWED}")


def _floats(lon: Any, lat: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _to_wgs84(x: Any, y: Any, start: Reference, scalar: bool) -> tuple[Any, Any]:
    if isinstance(start, Projected):
        return _project(x, y, start, scalar, back=True)
    if start in _SHIFTS:
        return (_shifted_scalar if scalar else _shifted_arrays)(start, x, y, back=True)
    return x, y


def _from_wgs84(x: Any, y: Any, goal: Reference, scalar: bool) -> tuple[Any, Any]:
    if isinstance(goal, Projected):
        return _project(x, y, goal, scalar, back=False)
    if goal in _SHIFTS:
        return (_shifted_scalar if scalar else _shifted_arrays)(goal, x, y, back=False)
    return x, y


def _project(x: Any, y: Any, system: Projected, scalar: bool, *, back: bool) -> tuple[Any, Any]:
    new_x, new_y = _transformer(system.crs).transform(x, y, direction="INVERSE" if back else "FORWARD")
    return (float(new_x), float(new_y)) if scalar else (new_x, new_y)
