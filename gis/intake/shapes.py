"""Hold foreign geometries against what a layer may hold, and mend them only where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.earth.geodesy import area_km2, distance_m, length_km
from gis.io.rings import outline_of_rings
from gis.model.schema import GEOMETRY_TYPES

MAX_VERTICES: Final = 200_000
_SLIVER_M: Final = 0.5
# Ends of a line that are no further apart than this, and than this share of its length, were meant to meet.
_GAP_M: Final = 1.0
_GAP_SHARE: Final = 0.001
_LEAST_CORNERS: Final = 4
_SINGLE: Final = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}


@dataclass(frozen=True, slots=True)
class Looked:
    """A geometry after a look: what to keep, what is wrong with it (then nothing is kept), what was done to it."""

    geometry: BaseGeometry | None
    fault: str | None = None
    notes: tuple[str, ...] = ()
    repaired: str | None = None


def look_at_raw(geometry: BaseGeometry, *, repair: bool) -> Looked:
    """Check what must hold before coordinates are converted: not empty, finite, not null island, not endless."""
    if geometry.is_empty:
        if repair:
            return Looked(None, repaired="an empty geometry is taken for none")
        return Looked(None, "the geometry is empty (no coordinates); --repair takes it for none")
    count = int(shapely.get_num_coordinates(geometry))
    if count > MAX_VERTICES:
        return Looked(None, f"the geometry has {count} vertices; at most {MAX_VERTICES} are taken: simplify it")
    points = shapely.get_coordinates(geometry)
    if not np.isfinite(points).all():
        return Looked(None, "a coordinate is not a finite number (NaN or infinite)")
    if (points == 0).all(axis=1).any():
        if repair and geometry.geom_type == "Point":
            return Looked(None, repaired="the position 0, 0 is taken for none")
        hint = "; --repair takes it for no position" if geometry.geom_type == "Point" else ""
        return Looked(None, f"a coordinate is 0, 0 (null island), which stands for no position{hint}")
    notes = ("heights or measures are left out",) if shapely.has_z(geometry) or shapely.has_m(geometry) else ()
    return Looked(shapely.force_2d(geometry), notes=notes)


def look_at(geometry: BaseGeometry, kind: str, *, repair: bool) -> Looked:
    """Check a geometry in WGS 84 against its kind of layer: type, validity, slivers.

    Args:
        geometry: finite, not empty.
        kind: the kind of layer.
        repair: mend bow-ties, drop slivers, close rings; each is reported, and nothing becomes another dimension but a
            closed line that becomes the outline it draws.
    """
    allowed = GEOMETRY_TYPES[kind]
    done: list[str] = []
    notes: list[str] = []
    if (
        geometry.geom_type in _SINGLE
        and len(shapely.get_parts(geometry)) == 1
        and _SINGLE[geometry.geom_type] in allowed
    ):
        geometry = shapely.get_parts(geometry)[0]
    if geometry.geom_type not in allowed and repair and "Polygon" in allowed:
        outline, gap = _outline(geometry)
        if outline is not None:
            geometry = outline
            done.append(
                "a closed line was made the outline that it draws"
                + (f"; a gap of {gap:.3g} m was closed" if gap else "")
            )
    if geometry.geom_type not in allowed:
        return Looked(None, _wrong_type(geometry, kind))
    if not geometry.is_valid:
        if not repair:
            return Looked(None, f"the geometry is not valid: {shapely.is_valid_reason(geometry)}; --repair mends it")
        mended = _mended(geometry)
        if mended is None or mended.geom_type not in allowed:
            return Looked(None, f"the geometry is not valid and cannot be mended: {shapely.is_valid_reason(geometry)}")
        done.append(
            f"mended ({shapely.is_valid_reason(geometry).split('[')[0].strip().lower()}): {_change(geometry, mended)}"
        )
        geometry = mended
    slivers = [part for part in shapely.get_parts(geometry) if _is_sliver(part)]
    if slivers:
        rest = [part for part in shapely.get_parts(geometry) if not _is_sliver(part)]
        if not repair or not rest:
            which = "the geometry" if not rest else f"{len(slivers)} part(s) of it"
            hint = "" if not rest else "; --repair drops them"
            return Looked(None, f"{which} is a sliver: thinner than {_SLIVER_M} m, or no length{hint}")
        done.append(f"{len(slivers)} sliver(s) dropped")
        geometry = rest[0] if len(rest) == 1 else shapely.union_all(rest)
    return Looked(geometry, notes=tuple(notes), repaired="; ".join(done) or None)


def _wrong_type(geometry: BaseGeometry, kind: str) -> str:
    said = f"the geometry is a {geometry.geom_type}; {kind} are {' or '.join(sorted(GEOMETRY_TYPES[kind]))}"
    if geometry.geom_type == "MultiPoint":
        return f"{said}: one row for each position"
    outline, gap = _outline(geometry) if "Polygon" in GEOMETRY_TYPES[kind] else (None, 0.0)
    if outline is not None:
        what = f"it is a line that closes but for {gap:.3g} m" if gap else "it is a closed line"
        return f"{said}: {what}, which --repair makes an outline"
    if geometry.geom_type == "GeometryCollection":
        return f"{said}: it mixes types"
    fitting = [other for other, types in GEOMETRY_TYPES.items() if geometry.geom_type in types]
    return f"{said}; is the file one of {' or '.join(fitting)} (--kind)?" if fitting else said


def _outline(geometry: BaseGeometry) -> tuple[BaseGeometry | None, float]:
    """The outline that a line, or lines that meet, draw in WGS 84, and the widest gap in it in metres; None if none."""
    if geometry.geom_type not in {"LineString", "MultiLineString"}:
        return None, 0.0
    rings, widest = [], 0.0
    for line in shapely.get_parts(shapely.line_merge(geometry)):
        points = shapely.get_coordinates(line)
        if len(points) < _LEAST_CORNERS:
            return None, 0.0
        gap = float(distance_m(*points[0], *points[-1]))
        if gap > min(_GAP_M, _GAP_SHARE * 1000 * length_km(line)):
            return None, 0.0
        widest = max(widest, gap)
        # The end that is a hair off the beginning is the beginning.
        rings.append([tuple(point) for point in (points if gap == 0 else points[:-1])])
    try:
        return outline_of_rings(rings), widest
    except ValueError:
        return None, 0.0


def _mended(geometry: BaseGeometry) -> BaseGeometry | None:
    """A valid geometry of the same dimension, or None where nothing of it is left."""
    whole = shapely.make_valid(geometry)
    dimension = shapely.get_dimensions(geometry)
    parts = [
        part
        for part in shapely.get_parts(shapely.get_parts(whole))
        if shapely.get_dimensions(part) == dimension and not part.is_empty
    ]
    if not parts:
        return None
    united: BaseGeometry = shapely.union_all(parts)
    return united


def _change(before: BaseGeometry, after: BaseGeometry) -> str:
    if shapely.get_dimensions(after) < 2:
        return f"{length_km(before):.3f} km before, {length_km(after):.3f} km now"
    parts = len(shapely.get_parts(after))
    return f"{area_km2(after):.4f} km² now, in {parts} part(s)"


def _is_sliver(part: BaseGeometry) -> bool:
    if shapely.get_dimensions(part) == 0:
        return False
    if shapely.get_dimensions(part) == 1:
        return length_km(part) == 0
    around = length_km(shapely.boundary(part))
    return around == 0 or 2_000 * area_km2(part) / around < _SLIVER_M
