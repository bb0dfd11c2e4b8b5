"""Derive what lies under a city's map: main roads and railways of the extra `ground`, or an extract of OpenStreetMap.

The package scgraph_data holds networks for routing, derived from OpenStreetMap: nodes rounded to 0.001 degree and
straight edges between them, without names and without the class of a road. Its files are read as text, since importing
one builds an object of every road in the world. What was rounded is drawn as one line where two carriageways run side
by side, without the steps of the rounding, and with the accuracy that is left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import Fault, InputError, MissingExtraError, UsageError, raise_if_any
from gis.earth import geodesy
from gis.io.geojson import Feature, dump_features
from gis.io.osm import OsmThing, is_osm, read_osm
from gis.model.layers import check_features
from gis.model.schema import GROUND

if TYPE_CHECKING:
    from gis.model.project import Project

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

# How far beyond its districts a city's ground reaches, in parts of their box and at least in degrees.
_MARGIN: Final = 0.04
_LEAST_MARGIN: Final = 0.03

# --- The package ------------------------------------------------------------------------------------------------------

# An edge whose length, as the package gives it, is so much more than the straight way has lost its course.
_LOST_SHARE: Final = 0.05
_LOST_M: Final = 200.0
# Carriageways that are rounded to 0.001 degree (95 to 111 m) lie at most so far apart.
_ABREAST_M: Final = 160.0
_SHORTEST_M: Final = 150.0
_SPECK_M: Final = 60.0
_ROUNDED_TOLERANCE_M: Final = 45.0
# Main roads: 95 % of points on motorways, trunk and primary roads of OpenStreetMap in Jiading lie within 304 m of the
# smoothed lines (half within 46 m), roads that the package lacks counted in; rounded up. Railways: not measured so.
_PACKAGE_ACCURACY_M: Final = {"main_road": 350.0, "railway": 150.0}
_NETWORKS: Final = {"main_road": "world_highways", "railway": "world_railways"}
_PACKAGE_NOTE: Final = "The package does not tell motorways from trunk and primary roads, and gives no names."


def package_folder() -> tuple[Path, str]:
    """Return the folder of the road package and its version.

    Raises:
        MissingExtraError: The extra `ground` is not installed.
    """
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    spec = find_spec("scgraph_data")
    try:
        number = version("scgraph-data")
    except PackageNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise MissingExtraError("scgraph-data", "ground", "drawing main roads and railways without a file of your own")
    return Path(spec.origin).parent, number


def package_ground(city: str, box: Box) -> list[Feature]:
    """Return the main roads and railways of the package within a box, smoothed, as features of the ground.

    Raises:
        InputError: A file of the package is not as expected.
        MissingExtraError: The extra `ground` is not installed.
    """
    folder, number = package_folder()
    found = []
    for class_, network in _NETWORKS.items():
        lines = smooth(read_network(folder / f"{network}.py", box), box)
        if lines is None:
            continue
        source = (
            f"OpenStreetMap（ODbL），取自 PyPI 包 scgraph_data {number} 的 {network}：坐标舍入到 0.001°，"
            "并行车道合为一线，去掉舍入的台阶，概括示意"
        )
        found.append(_feature(f"{city}-package-{class_}", class_, lines, source, _PACKAGE_ACCURACY_M[class_], rank=2))
        if class_ == "main_road":
            found[-1].properties["note"] = _PACKAGE_NOTE
    return found


def read_network(path: Path, box: Box) -> list[BaseGeometry]:
    """Return the edges of a network of the package that begin or end in a box, as straight lines in WGS 84.

    Args:
        path: A file of the package: `graph=[{node: km, …}, …]` and `nodes=[[latitude, longitude], …]`.
        box: The box.

    Raises:
        InputError: The file is not as expected.
    """
    try:
        text = path.read_bytes()
        first, at = text.index(b"graph=[{") + 8, text.index(b"\nnodes=")
        rows = text[first : text.rindex(b"}]", first, at)].split(b"}, {")
        nodes = np.array(json.loads(text[at + 7 : text.index(b"\n", at + 7)]), float)
        if nodes.shape != (len(rows), 2):
            raise ValueError(f"{len(rows)} rows of edges and {len(nodes)} nodes")
    except (OSError, ValueError) as error:
        raise InputError([Fault(f"scgraph_data/{path.name}", f"is not as expected: {error}")]) from error
    lat, lon = nodes.T
    west, south, east, north = box
    inside = np.flatnonzero((lon > west) & (lon < east) & (lat > south) & (lat < north))
    km = {
        (min(int(i), int(match[1])), max(int(i), int(match[1]))): float(match[2])
        for i in inside
        for match in re.finditer(rb"(\d+): ([\d.]+)", rows[i])
    }
    pairs = np.array(sorted(pair for pair in km if pair[0] != pair[1]), np.intp).reshape(-1, 2)
    said = np.array([km[int(i), int(j)] for i, j in pairs]) * 1000
    ends = nodes[:, ::-1][pairs]
    straight = geodesy.distance_m(ends[:, 0, 0], ends[:, 0, 1], ends[:, 1, 0], ends[:, 1, 1])
    kept = (said <= straight * (1 + _LOST_SHARE) + _LOST_M) & (straight > 0)
    return [shapely.LineString(pair) for pair in ends[kept]]


def smooth(lines: Sequence[BaseGeometry], box: Box) -> BaseGeometry | None:
    """Return rounded lines within a box as smooth single lines; None where nothing is left.

    Args:
        lines: Lines in WGS 84 that meet at their ends.
        box: The box.
    """
    clipped = shapely.get_parts(shapely.clip_by_rect(np.array(lines, object), *box))
    # Lines that only cross, on a bridge, stay whole: merging goes by common ends.
    merged = shapely.line_merge(_many(clipped))
    crs = geodesy.metric_crs_for(box)
    chains = [part for part in shapely.get_parts(geodesy.to_metric(merged, crs)) if part.length > 0]
    single = shapely.line_merge(_many(_single(chains)))
    parts = [part for part in shapely.get_parts(single) if part.length > _SPECK_M]
    if not parts:
        return None
    drawn = [_rounded_corners(shapely.simplify(part, _ROUNDED_TOLERANCE_M)) for part in parts]
    return _in_degrees(_many(drawn), crs)


def _many(lines: Iterable[Any]) -> BaseGeometry:
    """Return lines as one geometry, not noded where they cross."""
    return shapely.MultiLineString([line for line in lines if line.geom_type == "LineString"])


def _single(chains: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Leave out of each chain what runs beside a longer one; where it leaves that one, it stays joined to it."""
    kept: list[BaseGeometry] = []
    ordered = sorted(chains, key=lambda chain: (-chain.length, chain.wkb))
    tree = shapely.STRtree(ordered)
    taken: dict[int, BaseGeometry] = {}
    for number, chain in enumerate(ordered):
        near = [taken[i] for i in tree.query(chain, predicate="dwithin", distance=_ABREAST_M).tolist() if i in taken]
        if not near:
            taken[number] = chain
            kept.append(chain)
            continue
        beside = shapely.union_all(near)
        free = shapely.difference(chain, shapely.buffer(beside, _ABREAST_M, quad_segs=4))
        parts = [_joined(part, chain, beside) for part in shapely.get_parts(free) if part.length > _SHORTEST_M]
        if parts:
            taken[number] = shapely.union_all(parts)
            kept += parts
    return kept


def _joined(part: BaseGeometry, chain: BaseGeometry, beside: BaseGeometry) -> BaseGeometry:
    """Return a piece of a chain with the ends at which it was cut led to the line beside it."""
    corners = shapely.get_coordinates(part)
    if not shapely.intersects(chain.boundary, shapely.Point(corners[0])):
        corners = np.vstack([_nearest(beside, corners[0]), corners])
    if not shapely.intersects(chain.boundary, shapely.Point(corners[-1])):
        corners = np.vstack([corners, _nearest(beside, corners[-1])])
    return shapely.LineString(corners)


def _nearest(line: BaseGeometry, at: NDArray[np.float64]) -> NDArray[np.float64]:
    return shapely.get_coordinates(shapely.shortest_line(line, shapely.Point(at)))[:1]


def _rounded_corners(line: BaseGeometry) -> BaseGeometry:
    """Cut the corners of a line twice (Chaikin), its ends left where they are, and drop what that adds needlessly."""
    corners = shapely.get_coordinates(line)
    for _ in range(2):
        if len(corners) < 3:
            break
        before, after = corners[:-1], corners[1:]
        cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=1).reshape(-1, 2)
        corners = np.vstack([corners[:1], cut[1:-1], corners[-1:]])
    return shapely.simplify(shapely.LineString(corners), 8.0)


# --- OpenStreetMap ----------------------------------------------------------------------------------------------------

_OSM_TOLERANCE_M: Final = 15.0
_OSM_ACCURACY_M: Final = 30.0
_LEAST_KM2: Final = {"water": 0.05, "green": 0.5, "built_up": 0.5, "airfield": 0.1}
_OSM_CLASSES: Final[Sequence[tuple[str, str, str, int]]] = (
    ("highway", "motorway", "motorway", 1),
    ("highway", "trunk", "main_road", 1),
    ("highway", "primary", "main_road", 2),
    ("railway", "rail", "railway", 1),
    ("railway", "subway", "metro", 1),
    ("railway", "light_rail", "metro", 2),
    ("waterway", "river", "river", 1),
    ("waterway", "canal", "river", 2),
    ("natural", "coastline", "coast", 1),
    ("natural", "water", "water", 1),
    ("landuse", "reservoir", "water", 2),
    ("aeroway", "aerodrome", "airfield", 1),
    ("landuse", "residential", "built_up", 1),
    ("landuse", "industrial", "built_up", 1),
    ("landuse", "commercial", "built_up", 1),
    ("landuse", "forest", "green", 2),
    ("leisure", "park", "green", 1),
    ("railway", "station", "station", 2),
    ("place", "city", "town", 1),
    ("place", "town", "town", 2),
)


def osm_ground(city: str, path: Path, box: Box) -> list[Feature]:
    """Return what of an extract of OpenStreetMap belongs on the ground, generalised; pieces of one name are one.

    Raises:
        InputError: The file cannot be read, or nothing in it belongs on the ground within the box.
    """
    from gis.model.schema import GROUND_CLASSES

    pieces: dict[tuple[str, str, int], list[BaseGeometry]] = {}
    english: dict[str, str] = {}
    for thing in read_osm(path, box):
        known = _osm_class(thing)
        geometry = None if known is None else shapely.clip_by_rect(thing.geometry, *box)
        if known is None or geometry is None or geometry.is_empty:
            continue
        class_, rank = known
        parts = [part for part in shapely.get_parts(geometry) if part.geom_type in GROUND_CLASSES[class_]]
        if parts:
            name = thing.tags.get("name", "")
            pieces.setdefault((class_, name, rank), []).extend(parts)
            english.setdefault(name, thing.tags.get("name:en", ""))
    source = f"OpenStreetMap（ODbL），取自 {path.name}，概括到 {_OSM_TOLERANCE_M:g} 米"
    crs = geodesy.metric_crs_for(box)
    found: list[Feature] = []
    for (class_, name, rank), parts in sorted(pieces.items()):
        for geometry in _united(class_, parts, crs):
            id_ = f"{city}-osm-{class_}-{len(found) + 1}"
            feature = _feature(id_, class_, geometry, source, _OSM_ACCURACY_M, rank=rank, name=name or None)
            feature.properties["name_en"] = english.get(name) or None
            found.append(feature)
    if not found:
        raise InputError([Fault(path.name, "holds nothing that is drawn as ground within this city's surroundings")])
    return found


def _osm_class(thing: OsmThing) -> tuple[str, int] | None:
    dimension = int(shapely.get_dimensions(thing.geometry))
    for key, value, class_, rank in _OSM_CLASSES:
        fits = _DIMENSION.get(class_, 1) == dimension
        if fits and thing.tags.get(key) == value and thing.tags.get("service") is None:
            return class_, rank
    return None


_DIMENSION: Final = {"water": 2, "green": 2, "built_up": 2, "airfield": 2, "station": 0, "town": 0}


def _united(class_: str, parts: Sequence[BaseGeometry], crs: Any) -> Iterator[BaseGeometry]:
    """Give the geometry of one feature, simplified; points one by one, small areas not at all."""
    if class_ in {"station", "town"}:
        yield from parts
        return
    metric = shapely.union_all(geodesy.to_metric(np.array(parts, object), crs))
    if metric.geom_type.endswith("String"):
        merged = shapely.line_merge(metric) if metric.geom_type == "MultiLineString" else metric
        yield _in_degrees(shapely.simplify(merged, _OSM_TOLERANCE_M), crs)
        return
    simple = shapely.get_parts(shapely.simplify(metric, _OSM_TOLERANCE_M))
    areas = [part for part in simple if part.area >= 1e6 * _LEAST_KM2[class_]]
    if areas:
        yield _in_degrees(shapely.multipolygons(areas), crs)


# --- Both -------------------------------------------------------------------------------------------------------------


def _in_degrees(geometry: BaseGeometry, crs: Any) -> BaseGeometry:
    # Five decimals, 1 m, are more than any of this carries.
    return shapely.transform(geodesy.to_wgs84(geometry, crs), lambda points: np.round(points, 5))


def _feature(
    id_: str, class_: str, geometry: BaseGeometry, source: str, accuracy_m: float, *, rank: int, name: str | None = None
) -> Feature:
    properties = {
        "id": id_.replace("_", "-"),
        "class": class_,
        "name": name,
        "rank": rank,
        "geometry_basis": "digitised",
        "accuracy_m": accuracy_m,
        "geometry_source": source,
    }
    return Feature(properties, geometry)


def box_around(project: Project, city: str) -> Box:
    """Return the box of a city's surroundings: its districts, or what it has, and some way beyond.

    Raises:
        UsageError: The city has nothing that is drawn yet.
    """
    from gis.model.schema import LAYER_KINDS

    layers = [project.layer(city, kind) for kind in LAYER_KINDS]
    shapes = next(([g for g in layer.geometry if g is not None] for layer in layers if len(layer.placed())), [])
    if not shapes:
        raise UsageError(f"{city} has nothing that is drawn yet: give it its districts or parks first")
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
    wide, high = (max(_LEAST_MARGIN, _MARGIN * across) for across in (east - west, north - south))
    return west - wide, south - high, east + wide, north + high


@dataclass(frozen=True, slots=True)
class Derived:
    """The ground of a city as it will be, and how many features were derived and kept."""

    path: Path
    data: bytes
    derived: int
    kept: int


def derive_ground(project: Project, city: str, file: Path | None = None) -> Derived:
    """Derive a city's ground from the package, or from an extract of OpenStreetMap.

    What other hands put into the layer stays; what was derived before, from either source, is replaced.

    Raises:
        InputError: The file cannot be used.
        MissingExtraError: No file is given, and the extra `ground` is not installed.
        UnknownIdError: The project has no such city.
        UsageError: The file is no extract of OpenStreetMap, or the city has nothing that is drawn yet.
    """
    id_ = project.city(city).id
    if file is not None and not is_osm(file):
        raise UsageError(f"{file.name} is no .osm or .osm.pbf; other layers: gis import {file.name} --kind ground")
    box = box_around(project, id_)
    new = package_ground(id_, box) if file is None else osm_ground(id_, file, box)
    ours = tuple(f"{id_}-{source}-" for source in ("package", "osm"))
    held = [(dict(r), g) for r, g in project.ground(id_) if not str(r["id"]).startswith(ours)]
    where = f"layers/{id_}/{GROUND}.geojson"
    features = [*held, *new]
    raise_if_any(check_features(features, GROUND, where))
    return Derived(project.root / where, dump_features(features), len(new), len(held))
