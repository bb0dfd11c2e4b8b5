"""Understand what a file says of its coordinate system, as Chinese and foreign software write it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gis.base.errors import DatumError
from gis.earth.datum import Datum, Projected, Reference, TransverseMercator, parse_datum

if TYPE_CHECKING:
    from pyproj import CRS

_CGCS: Final = re.compile(
    r"cgcs[_\s-]?2000|china[_\s-]?2000|china[_\s]geodetic[_\s]coordinate[_\s]system[_\s]2000", re.IGNORECASE
)
_BEIJING: Final = re.compile(r"beijing[_\s]?(?:19)?54|北京\s?(?:19)?54|pulkovo|krass?owski|krass?ovsky", re.IGNORECASE)
_XIAN: Final = re.compile(
    r"xi'?[_\s]?an[_\s]?(?:19)?80|西安\s?(?:19)?80|iag[_\s]?(?:19)?75|iugg|gcs_xian", re.IGNORECASE
)
_GCJ: Final = re.compile(r"gcj[_\s-]?02|火星", re.IGNORECASE)
_BD: Final = re.compile(r"bd[_\s-]?09|baidu|百度", re.IGNORECASE)
# What the parameters of a projection must be in: radians to the degree, metres, 1.
_UNITS: Final = {"angle": math.pi / 180, "length": 1.0, "scale": 1.0}


@dataclass(frozen=True, slots=True)
class System:
    """What a file says: the system, in words, and what is worth saying about it."""

    reference: Reference
    words: str
    notes: tuple[str, ...] = ()


def system_of(text: str) -> System:
    """Return the system that a WKT or authority code names.

    Args:
        text: WKT 1 (OGC or Esri) or 2, a code such as `EPSG:4528`, or a datum as `gis export` names it.

    Raises:
        DatumError: it is 北京54, 西安80, a local grid, or one that is not converted here.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if text in set(Datum):
        return System(Datum(text), f"datum: {text}")
    if _GCJ.search(text[:2000]):
        return System(Datum.GCJ02, "GCJ-02, by the name of its system")
    if _BD.search(text[:2000]):
        return System(Datum.BD09, "BD-09, by the name of its system")
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        _refuse_old(None, text)
        raise DatumError(f"its coordinate system cannot be understood ({_short(text)}): say --datum") from error
    _refuse_old(crs, text)
    if crs.is_geographic and len(crs.axis_info) == 3:
        crs = crs.to_2d()
    epsg = crs.to_epsg(min_confidence=70)
    if epsg is not None:
        return _known(epsg, crs.name)
    if crs.is_compound or crs.is_bound:
        inner = crs.sub_crs_list[0] if crs.sub_crs_list else crs.source_crs
        if inner is not None:
            return system_of(inner.to_wkt())
    if crs.is_geographic:
        return System(_geographic(crs, text), crs.name)
    if crs.is_projected:
        return _projected(crs, text)
    raise DatumError(
        f"its coordinates are of a local or unknown grid ({crs.name or _short(text)}), which is not converted here: "
        "have the surveying office convert the file to CGCS2000"
    )


def _short(text: str) -> str:
    return re.sub(r"\s+", " ", text)[:60]


def _known(epsg: int, name: str) -> System:
    reference = parse_datum(f"EPSG:{epsg}")
    notes = (
        ("the file says Web Mercator; map services in China draw it with shifted coordinates",) if epsg == 3857 else ()
    )
    return System(reference, name, notes)


def _refuse_old(crs: object, text: str) -> None:
    text = f"{text[:4000]} {getattr(crs, 'name', '')}"
    ellipsoid = getattr(crs, "ellipsoid", None)
    axis = round(float(getattr(ellipsoid, "semi_major_metre", 0.0)))
    if _XIAN.search(text) or axis == 6378140:
        parse_datum("EPSG:4610")
    if _BEIJING.search(text) or axis == 6378245:
        parse_datum("EPSG:4214")


def _geographic(crs: object, text: str) -> Datum:
    ellipsoid = getattr(crs, "ellipsoid", None)
    if _CGCS.search(text):
        return Datum.CGCS2000
    if round(float(getattr(ellipsoid, "semi_major_metre", 0.0))) == 6378137:
        return Datum.WGS84
    raise DatumError(f"its geographic system ({getattr(crs, 'name', '?')}) is not converted here: say --datum")


def _projected(crs: CRS, text: str) -> System:
    """The zone that a transverse Mercator on CGCS2000 or WGS 84 is, or its own parameters where it is none."""
    name = crs.name
    operation = crs.coordinate_operation
    method = operation.method_name if operation is not None else ""
    params = operation.params if operation is not None else []
    values = {parameter.name.lower(): float(parameter.value) for parameter in params}
    if method.lower() != "transverse mercator" or "longitude of natural origin" not in values:
        raise DatumError(
            f"its projection ({name}, {method}) is not converted here: say --datum, or save it as CGCS2000"
        )
    said = ", ".join(f"{key} {value:.12g}" for key, value in values.items())
    try:
        geodetic = _geographic(crs.geodetic_crs, text)
    except DatumError as error:
        raise DatumError(f"its projection ({name}: {said}) is not on CGCS2000 or WGS 84: {error}") from error
    if any(round(unit.unit_conversion_factor, 6) != 1 for unit in crs.axis_info):
        raise DatumError(f"its projection ({name}) is not in metres: save it as CGCS2000 in metres")
    meridian_of = crs.geodetic_crs.prime_meridian if crs.geodetic_crs is not None else None
    plain = (
        all(abs(parameter.unit_conversion_factor - _UNITS[_kind(parameter.name)]) < 1e-12 for parameter in params)
        and {axis.direction.lower() for axis in crs.axis_info} <= {"east", "north"}
        and (meridian_of is None or meridian_of.longitude == 0)
    )
    own = TransverseMercator(
        geodetic,
        values["longitude of natural origin"],
        values.get("latitude of natural origin", 0.0),
        values.get("scale factor at natural origin", 1.0),
        values.get("false easting", 0.0),
        values.get("false northing", 0.0),
    )
    usable = all(map(math.isfinite, values.values())) and abs(own.latitude) <= 90 and abs(own.meridian) <= 180
    if not plain or not usable or not 0.9 <= own.scale <= 1.1:
        raise DatumError(
            f"its projection ({name}: {said}) is not converted here: its parameters are not degrees east of Greenwich, "
            "north and metres with axes east and north, or out of range; have it converted to CGCS2000"
        )
    zone = _utm(own) or _gauss_kruger(own)
    if zone is None:
        note = f"converted by its own parameters, it being no zone: {own}"
        return System(Projected(None, name, own=own), name, (note,))
    found = _known(zone, name)
    if geodetic is Datum.WGS84 and zone < 32600:
        note = "the file says WGS 84 where the zones are of CGCS2000; the two differ by less than a metre"
        return System(found.reference, name, (note,))
    return found


def _kind(parameter: str) -> str:
    word = parameter.lower().split()[0]
    return "length" if word == "false" else "scale" if word == "scale" else "angle"


def _utm(own: TransverseMercator) -> int | None:
    """The EPSG code of a UTM zone of WGS 84 in China, or None; exactly, never the nearest."""
    zone = (own.meridian + 183) / 6
    if zone != round(zone) or not 43 <= zone <= 53 or own.datum is not Datum.WGS84:
        return None
    same = (own.latitude, own.scale, own.easting, own.northing) == (0, 0.9996, 500_000, 0)
    return 32600 + round(zone) if same else None


def _gauss_kruger(own: TransverseMercator) -> int | None:
    """The EPSG code of a Gauss-Krüger zone of CGCS2000, or None."""
    meridian, easting = own.meridian, own.easting
    if (own.scale, own.northing, own.latitude) != (1, 0, 0) or meridian % 3 != 0:
        return None
    three, six = round(meridian / 3), round((meridian + 3) / 6)
    if easting == 500_000 and 75 <= meridian <= 135:
        return 4534 + three - 25
    if easting == three * 1_000_000 + 500_000 and 25 <= three <= 45:
        return 4513 + three - 25
    if meridian % 6 == 3 and easting == six * 1_000_000 + 500_000 and 13 <= six <= 23:
        return 4491 + six - 13
    return None


def zones_of(eastings: float, northings: float) -> list[Projected]:
    """The zones of CGCS2000 that a typical easting and northing may belong to, by their magnitude alone.

    Args:
        eastings: a typical easting, metres.
        northings: a typical northing, metres.

    Returns:
        one zone where the easting bears its number (two where 3- and 6-degree zones share it: they do not), every
        3-degree zone where it bears none, none where the numbers are no coordinates in China.
    """
    if not 1_900_000 <= northings <= 6_000_000:
        return []
    if 13_000_000 <= eastings < 46_000_000:
        zone = int(eastings // 1_000_000)
        code = zone + 4488 if 25 <= zone <= 45 else zone + 4478 if zone <= 23 else None
        if code is None or not 100_000 <= eastings - zone * 1e6 <= 900_000:
            return []
        reference = parse_datum(f"EPSG:{code}")
        return [reference] if isinstance(reference, Projected) else []
    if 100_000 <= eastings <= 900_000:
        found = [parse_datum(f"EPSG:{code}") for code in range(4534, 4555)]
        return [reference for reference in found if isinstance(reference, Projected)]
    return []
