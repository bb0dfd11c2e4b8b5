"""Read any files of points, zones and roads, and count them as a map of them shows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import DatumError, Fault, InputError
from gis.earth import geodesy
from gis.earth.datum import Datum, Projected, Reference, convert
from gis.earth.shifting import convert_geometries
from gis.engine.few import FEW_POINTS, index_of
from gis.io.columns import recognise
from gis.io.encodings import decode
from gis.io.gdal import read_frame
from gis.io.stated import stated_system
from gis.measures.coverage import DEFAULT_REACH_M, reach_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PointTable:
    """Points to draw: shape (n,) arrays, WGS 84 degrees; `names` and `values` (of the colouring column) as text."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    names: list[str]
    values: list[str] | None
    column: str | None
    unplaced: int


@dataclass(frozen=True)
class Shapes:
    """Zones or roads to draw, in WGS 84."""

    names: list[str]
    geometry: NDArray[np.object_]


def _opened(source: Path | pd.DataFrame, role: str) -> tuple[str, pd.DataFrame, NDArray[np.object_] | None, Any]:
    """What to call a file or a frame, its columns, its geometries (None for a plain table), and the CRS it states."""
    if isinstance(source, Path):
        return source.name, *_frame(source)
    import geopandas as gpd

    if not isinstance(source, gpd.GeoDataFrame):
        return role, source, None, None
    geometry = np.asarray(source.geometry.array, dtype=object)
    return role, source.drop(columns=source.geometry.name), geometry, source.crs


def _frame(path: Path) -> tuple[pd.DataFrame, NDArray[np.object_] | None, Any]:
    """Read a file: its columns, its geometries (None for a plain table), and the CRS that the file states."""
    import pandas as pd

    suffix = path.suffix.lower()
    if not path.is_file():
        raise InputError([Fault(path.name, "is not there")])
    if suffix in {".csv", ".txt"}:
        return _csv(path), None, None
    if suffix in {".parquet", ".pq", ".geoparquet"}:
        import geopandas as gpd
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            if b"geo" not in (pq.read_schema(path).metadata or {}):
                return pd.read_parquet(path), None, None
            frame = gpd.read_parquet(path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InputError([Fault(path.name, f"is damaged, or not Parquet: {error}")]) from error
    else:
        frame = read_frame(path)
        if "geometry" not in frame:
            return frame, None, None
    geometry = np.asarray(frame.geometry.array, dtype=object)
    try:
        crs = stated_system(path, frame.crs)
    except DatumError as error:
        raise InputError([Fault(path.name, str(error))]) from error
    return frame.drop(columns=frame.geometry.name), geometry, crs


def _csv(path: Path) -> pd.DataFrame:
    """Read a CSV in the encoding that its bytes show; a row with more cells than headings is a fault, not a shift."""
    import pandas as pd

    text, _ = decode(path.read_bytes(), path.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(StringIO(text), index_col=False, low_memory=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning) as error:
        raise InputError([Fault(path.name, f"cannot be read as CSV: {error}")]) from error


def _datum_of(crs: Any, declared: Reference | None, where: str, option: str) -> Reference | Any:
    """Say in what the coordinates are: what the reader declares goes before what the file states.

    Raises:
        InputError: neither says it.
    """
    if declared is not None:
        return declared
    if crs is None:
        what = (
            f"does not say what datum its coordinates are in; declare it: {option} wgs84 | gcj02 | bd09 | EPSG:4549 …"
        )
        raise InputError([Fault(where, what)])
    return crs


def _to_wgs84(
    geometry: NDArray[np.object_], crs: Any, declared: Reference | None, where: str, option: str
) -> NDArray[np.object_]:
    system = _datum_of(crs, declared, where, option)
    flat = np.asarray(shapely.force_2d(geometry), dtype=object)
    if isinstance(system, Datum | Projected):
        try:
            return np.asarray(convert_geometries(flat, system, Datum.WGS84), dtype=object)
        except DatumError as error:
            raise InputError([Fault(where, str(error))]) from error
    import geopandas as gpd

    series = gpd.GeoSeries(flat, crs=system)
    return np.asarray(series.to_crs(4326).array, dtype=object)


def _named(frame: pd.DataFrame, given: str | None, where: str) -> list[str]:
    columns = [str(column) for column in frame.columns]
    if given is not None and given not in columns:
        raise InputError([Fault(where, f"has no column {given!r}; it has {', '.join(columns)}")])
    column = given or recognise(columns, "enterprises").roles.get("name")
    if column is None:
        return [f"{number}" for number in range(1, len(frame) + 1)]
    return frame[column].fillna("").astype(str).tolist()


def read_points(
    source: Path | pd.DataFrame, datum: Reference | None = None, by: str | None = None, name: str | None = None
) -> PointTable:
    """Read points from CSV, Parquet, GeoParquet, GeoJSON, GeoPackage, a shapefile or a frame.

    Args:
        source: the file, or a frame: a GeoDataFrame of points, or a DataFrame with columns of coordinates.
        datum: what its coordinates are in, where the file does not say it or says it wrongly.
        by: the column that colours the points.
        name: the column of names; recognised where it is not given.

    Raises:
        InputError: the file cannot be read, lacks a column, states no datum, holds what are not points, or a coordinate
            that cannot belong to the datum.
    """
    where, frame, geometry, crs = _opened(source, "points")
    if geometry is not None:
        present = np.asarray([g is not None and not g.is_empty for g in geometry], bool)
        kinds = {g.geom_type for g in geometry[present]}
        if kinds - {"Point"}:
            raise InputError([Fault(where, f"holds {', '.join(sorted(kinds))}; points are wanted")])
        lon = np.full(len(frame), np.nan)
        lat = np.full(len(frame), np.nan)
        placed = _to_wgs84(geometry[present], crs, datum, where, "--datum")
        lon[present], lat[present] = shapely.get_x(placed), shapely.get_y(placed)
    else:
        roles = recognise([str(column) for column in frame.columns], "enterprises").roles
        if "lon" not in roles or "lat" not in roles:
            raise InputError([Fault(where, f"has no columns of longitude and latitude: {', '.join(frame.columns)}")])
        given = _datum_of(None, datum, where, "--datum")
        import pandas as pd

        x, y = (pd.to_numeric(frame[roles[r]], errors="coerce").to_numpy(np.float64) for r in ("lon", "lat"))
        try:
            lon, lat = convert(x, y, given)
        except DatumError as error:
            raise InputError([Fault(where, str(error))]) from error
    if by is not None and by not in frame.columns:
        raise InputError([Fault(where, f"has no column {by!r}; it has {', '.join(map(str, frame.columns))}")])
    unplaced = int((~(np.isfinite(lon) & np.isfinite(lat))).sum())
    values = None if by is None else frame[by].fillna("").astype(str).tolist()
    return PointTable(lon, lat, _named(frame, name, where), values, by, unplaced)


def read_shapes(
    source: Path | pd.DataFrame, kinds: frozenset[str], datum: Reference | None = None, name: str | None = None
) -> Shapes:
    """Read zones or roads from a file or a GeoDataFrame; features without geometry are left out.

    Raises:
        InputError: the file cannot be read, states no datum, or holds another kind of geometry.
    """
    where, frame, geometry, crs = _opened(source, "zones")
    if geometry is None:
        raise InputError([Fault(where, "holds no geometry")])
    present = np.asarray([g is not None and not g.is_empty for g in geometry], bool)
    found = {g.geom_type for g in geometry[present]}
    if found - kinds:
        raise InputError([Fault(where, f"holds {', '.join(sorted(found))}; wanted: {', '.join(sorted(kinds))}")])
    names = np.asarray(_named(frame, name, where), dtype=object)[present]
    return Shapes(names.tolist(), _to_wgs84(geometry[present], crs, datum, where, "--zones-datum"))


@dataclass(frozen=True, slots=True)
class ZoneCount:
    """What lies in one zone, or in the union of all: positions of its points, km², km of road, share near a road.

    A figure that cannot be had is None: the roads' where there are none, a union's area where there is no zone.
    """

    members: NDArray[np.intp]
    area_km2: float | None
    road_km: float | None
    reach_area_share: float | None


@dataclass(frozen=True, slots=True)
class LooseCount:
    """Points, zones and roads of any files, and what each zone counts.

    total: of all zones together, each point and each piece of ground once. unzoned: the placed points in no zone.
    roads_united: each stretch of road once, WGS 84. bounds: west, south, east, north in degrees.
    """

    points: PointTable
    zones: Shapes
    roads: Shapes | None
    counts: tuple[ZoneCount, ...]
    total: ZoneCount
    unzoned: NDArray[np.intp]
    roads_united: BaseGeometry | None
    road_lengths_km: tuple[float, ...]
    reach_m: float
    bounds: tuple[float, float, float, float]


def count_loose(points: PointTable, zones: Shapes, roads: Shapes | None = None) -> LooseCount:
    """Count the points of each zone, and measure each zone's area, road and reach.

    Args:
        points: the points; those without position lie nowhere.
        zones: polygons, WGS 84.
        roads: lines, WGS 84, each counted as test road; None where there are none.
    """
    placed = np.isfinite(points.lon) & np.isfinite(points.lat)
    index = index_of(zones.geometry, few=int(placed.sum()) <= FEW_POINTS)
    pairs_point, pairs_zone = index.pairs(points.lon[placed], points.lat[placed])
    positions = np.flatnonzero(placed)
    order = np.argsort(pairs_zone, kind="stable")
    ends = np.searchsorted(pairs_zone[order], np.arange(len(zones.names) + 1))
    covered = positions[np.unique(pairs_point)]
    areas = np.asarray(geodesy.area_km2(zones.geometry), float)
    lines = None if roads is None else shapely.line_merge(shapely.union_all(roads.geometry))
    near = None if roads is None or not roads.names else _near(roads)
    union = shapely.union_all(zones.geometry)
    return LooseCount(
        points=points,
        zones=zones,
        roads=roads,
        counts=tuple(
            ZoneCount(
                members=positions[pairs_point[order[ends[i] : ends[i + 1]]]],
                area_km2=float(areas[i]),
                road_km=None if lines is None else _km(lines, outline),
                reach_area_share=None if near is None else _share(near, outline, float(areas[i])),
            )
            for i, outline in enumerate(zones.geometry)
        ),
        total=ZoneCount(
            members=covered,
            area_km2=float(geodesy.area_km2(union)) if len(zones.names) else None,
            road_km=None if lines is None else _km(lines, union),
            reach_area_share=None,
        ),
        unzoned=np.setdiff1d(positions, covered),
        roads_united=lines,
        road_lengths_km=() if roads is None else tuple(float(geodesy.length_km(line)) for line in roads.geometry),
        reach_m=DEFAULT_REACH_M,
        bounds=_bounds(points, zones),
    )


def _bounds(points: PointTable, zones: Shapes) -> tuple[float, float, float, float]:
    """The box that holds all zones and points; where there is none, the inhabited world."""
    corners = [shapely.total_bounds(zones.geometry)] if len(zones.names) else []
    if (np.isfinite(points.lon) & np.isfinite(points.lat)).any():
        lowest, highest = ((float(limit(points.lon)), float(limit(points.lat))) for limit in (np.nanmin, np.nanmax))
        corners.append(np.array([*lowest, *highest]))
    box = np.stack(corners) if corners else np.array([[-180.0, -60.0, 180.0, 70.0]])
    return float(box[:, 0].min()), float(box[:, 1].min()), float(box[:, 2].max()), float(box[:, 3].max())


def _near(roads: Shapes) -> BaseGeometry:
    """Give all ground within the default reach of a road, as the coverage of a project counts it."""
    crs = geodesy.metric_crs_for(shapely.total_bounds(roads.geometry))
    found: BaseGeometry = geodesy.to_wgs84(reach_of(geodesy.to_metric(roads.geometry, crs), DEFAULT_REACH_M), crs)
    return found


def _share(near: BaseGeometry, outline: BaseGeometry, whole_km2: float) -> float | None:
    return float(geodesy.area_km2(near.intersection(outline))) / whole_km2 if whole_km2 else None


def _km(lines: BaseGeometry, outline: BaseGeometry) -> float:
    return float(geodesy.length_km(lines.intersection(outline)))
