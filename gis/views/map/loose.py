"""Put counted points, zones and roads of any files into the payload of a map page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.measures.loose import LooseCount, PointTable, ZoneCount
from gis.views.map import payload as page

# Values of the colouring column beyond this many are shown together, so that colours stay apart.
_MOST_VALUES = 24
_OTHER = "其他 / other"
_DECIMALS = 6


def _segments(table: PointTable) -> tuple[tuple[page.Segment, ...], NDArray[np.int64]]:
    """Make the values of the colouring column to segments, the commonest first."""
    if table.values is None:
        return (page.Segment(id="all", label="点", label_en="Points"),), np.zeros(len(table.lon), np.int64)
    values, codes, counts = np.unique(np.asarray(table.values, dtype=object), return_inverse=True, return_counts=True)
    order = np.lexsort((values.astype(str), -counts))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    codes = rank[np.asarray(codes).reshape(-1)]
    labels = [str(values[i]) or "–" for i in order]
    if len(labels) > _MOST_VALUES:
        labels = [*labels[: _MOST_VALUES - 1], _OTHER]
        codes = np.minimum(codes, _MOST_VALUES - 1)
    return tuple(page.Segment(id=f"v{i}", label=label) for i, label in enumerate(labels)), codes


def build_loose_payload(
    counted: LooseCount, *, title: str, as_of: date, sources: Sequence[str] = ()
) -> page.MapPayload:
    """Fill the payload of a map page.

    Args:
        counted: points, zones and roads with what each zone counts.
        title: the page's title.
        as_of: the date of the data.
        sources: where the data come from, for the reader.
    """
    points, zones, roads = counted.points, counted.zones, counted.roads
    segments, codes = _segments(points)
    rows = [page.Row(row=f"zone-{i}", inside=zone.members) for i, zone in enumerate(counted.counts)]
    rows += [
        page.Row(row="total", inside=counted.total.members),
        page.Row(row="unzoned", inside=counted.unzoned),
    ]
    return page.MapPayload(
        title=title,
        as_of=as_of.isoformat(),
        kind="files",
        point_noun="point",
        bounds=counted.bounds,
        points=page.Points(lon=points.lon, lat=points.lat, names=points.names, segment=codes, rows=rows),
        segments=segments,
        places=tuple(
            page.Place(id=f"zone-{i}", name=name, geometry=_geometry(outline), figures=_figures(zone, counted.reach_m))
            for i, (name, outline, zone) in enumerate(zip(zones.names, zones.geometry, counted.counts, strict=True))
        ),
        roads=()
        if roads is None
        else tuple(
            page.Road(
                id=f"road-{i}",
                name=name,
                type="test_road",
                is_test_road=True,
                geometry=_geometry(course),
                length_km=length_km,
            )
            for i, (name, course, length_km) in enumerate(
                zip(roads.names, roads.geometry, counted.road_lengths_km, strict=True)
            )
        ),
        test_roads=None if counted.roads_united is None else _geometry(counted.roads_united),
        total=page.Figures(
            area_km2=counted.total.area_km2, inside=len(counted.total.members), test_road_km=counted.total.road_km
        ),
        sources=tuple(sources),
    )


def _figures(zone: ZoneCount, reach_m: float) -> page.Figures:
    return page.Figures(
        area_km2=zone.area_km2,
        inside=len(zone.members),
        density_per_km2=len(zone.members) / zone.area_km2 if zone.area_km2 else None,
        test_road_km=zone.road_km,
        reach_m=reach_m,
        reach_area_share=zone.reach_area_share,
    )


def _geometry(geometry: BaseGeometry) -> dict[str, Any]:
    flat = shapely.transform(shapely.force_2d(geometry), lambda xy: np.round(xy, _DECIMALS) + 0.0)
    found: dict[str, Any] = shapely.geometry.mapping(flat)
    return found
