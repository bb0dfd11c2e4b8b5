"""Understand what a file says of its coordinate system, as Chinese and foreign software write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gis.base.errors import DatumError
from gis.earth.datum import Datum, Projected, Reference, parse_datum

_CGCS: Final = re.compile(
    r"cgcs[_\s-]?2000|china[_\s-]?2000|china[_\s]geodetic[_\s]coordinate[_\s]system[_\s]2000", re.IGNORECASE
)
_BEIJING: Final = re.compile(r"beijing[_\s]?(?:19)?54|北京\s?(?:19)?54|pulkovo|krass?owski|krass?ovsky", re.IGNORECASE)
_XIAN: Final = re.compile(
    r"xi'?[_\s]?an[_\s]?(?:19)?80|西安\s?(?:19)?80|iag[_\s]?(?:19)?75|iugg|gcs_xian", re.IGNORECASE
)
_GCJ: Final = re.compile(r"gcj[_\s-]?02|火星", re.IGNORECASE)
_BD: Final = re.compile(r"bd[_\s-]?09|baidu|百度", re.IGNORECASE)


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


def _projected(crs: object, text: str) -> System:
    """The EPSG code of a transverse Mercator on CGCS2000 or WGS 84, by its parameters."""
    name = str(getattr(crs, "name", ""))
    operation = getattr(crs, "coordinate_operation", None)
    values = {parameter.name.lower(): float(parameter.value) for parameter in getattr(operation, "params", ())}
    method = str(getattr(operation, "method_name", ""))
    meridian = values.get("longitude of natural origin")
    easting = values.get("false easting", 0.0)
    northing = values.get("false northing", 0.0)
    scale = values.get("scale factor at natural origin", 1.0)
    geodetic = _geographic(getattr(crs, "geodetic_crs", None), text)
    if "transverse mercator" not in method.lower() or meridian is None:
        raise DatumError(
            f"its projection ({name}, {method}) is not converted here: say --datum, or save it as CGCS2000"
        )
    if any(round(unit.unit_conversion_factor, 6) != 1 for unit in getattr(crs, "axis_info", ())):
        raise DatumError(f"its projection ({name}) is not in metres: save it as CGCS2000 in metres")
    if abs(scale - 0.9996) < 1e-6 and geodetic is Datum.WGS84 and easting == 500_000 and northing == 0:
        return _known(32600 + round((meridian + 183) / 6), name)
    zone = _gauss_kruger(meridian, easting, northing, scale)
    if zone is None or values.get("latitude of natural origin", 0.0) != 0:
        raise DatumError(
            f"its projection ({name}: central meridian {meridian:g}°, false easting {easting:g}, false northing "
            f"{northing:g}) is a local grid, no 3- or 6-degree zone: have the surveying office convert it to CGCS2000"
        )
    found = _known(zone, name)
    if geodetic is Datum.WGS84:
        note = "the file says WGS 84 where the zones are of CGCS2000; the two differ by less than a metre"
        return System(found.reference, name, (note,))
    return found


def _gauss_kruger(meridian: float, easting: float, northing: float, scale: float) -> int | None:
    """The EPSG code of a Gauss-Krüger zone of CGCS2000, or None."""
    if abs(scale - 1) > 1e-9 or northing != 0 or meridian % 3 != 0:
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
