"""Measure how much of each zone, and how many of its firms, lie within a distance of roads or facilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import UsageError
from gis.measures.coverage import Ground, is_open_test_road, reach_of
from gis.model.layers import Record
from gis.model.project import Project

TEST_ROADS: Final = "test_roads"
# The radii of the curve and of the map's slider, metres.
CURVE_RADII: Final = tuple(float(metres) for metres in range(0, 5001, 50))
# Up to so many radii each is computed from buffers; of more, every tenth.
_EXACT_RADII: Final = 10
# The curve's other radii are counted on about so many cells of a zone.
_CELLS: Final = 9216

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reach:
    """The shares of one zone (or of all, id None) within each radius of a kind of source.

    `area_share` and `enterprise_share` have one value a radius; enterprise shares are of the firms whose own position
    lies in the zone, and None where there is none. Where none of the sources is drawn (`sources` is 0), the rows hold
    None, for nothing is known, though the shares are 0. Distances are straight lines; how well positions and courses
    are known is not carried into them. Area shares are exact to 0.0005 (circles are drawn with 128 corners); on a
    curve of more than ten radii, every tenth is, and those between are within 0.005.
    """

    id: str | None
    name: str
    source: str
    sources: int
    radii_m: tuple[float, ...]
    area_share: tuple[float, ...]
    enterprise_share: tuple[float, ...] | None

    def rows(self) -> list[dict[str, Any]]:
        """One flat row a radius."""
        nothing: tuple[None, ...] = (None,) * len(self.radii_m)
        areas = self.area_share if self.sources else nothing
        firms = self.enterprise_share if self.sources and self.enterprise_share else nothing
        return [
            {
                "id": self.id,
                "name": self.name,
                "source": self.source,
                "sources": self.sources,
                "reach_m": radius,
                "reach_area_share": area,
                "reach_enterprise_share": share,
            }
            for radius, area, share in zip(self.radii_m, areas, firms, strict=True)
        ]


def sources(project: Project, city: str) -> Mapping[str, int]:
    """What reach can be measured from in a city, each with how many are drawn: test roads, and each facility type."""
    roads = project.present(city, "roads").placed()
    found = {TEST_ROADS: sum(is_open_test_road(record) for record in roads.records)}
    for record, geometry in project.present(city, "facilities"):
        if _is_source(record, geometry):
            found[record["type"]] = found.get(record["type"], 0) + 1
    return found


def reach(
    project: Project,
    city: str,
    source: str = TEST_ROADS,
    radii_m: Sequence[float] = CURVE_RADII,
    day: date | None = None,
) -> list[Reach]:
    """Give, for each zone of a city and for all of them together, the share within each radius of a source.

    The reaches of single roads or facilities are united before anything is measured, so that ground near two of them
    counts once. A road just outside a zone still reaches into it.

    Args:
        project: the checked project.
        city: id of the city.
        source: `test_roads`, or a type of facility such as `hydrogen_station`; existing ones with a known position.
        radii_m: radii in metres, rising.
        day: use the layout of this day.

    Raises:
        UnknownIdError: the project has no such city.
        UsageError: reach cannot be measured from things of this kind.
    """
    ground = Ground(project, city, day)
    known = sources(project, city)
    if source not in known:
        raise UsageError(f"reach can be measured from {', '.join(known)}; given: {source!r}")
    origins = ground.test_roads if source == TEST_ROADS else _facilities(ground, source)
    names: dict[str | None, str] = {r["id"]: r["name"] for r, _ in ground.places if r["id"] in ground.outlines}
    outlines: dict[str | None, BaseGeometry] = {id_: ground.outlines[str(id_)] for id_ in names}
    if outlines:
        names[None], outlines[None] = ground.city.name, shapely.union_all(list(outlines.values()))
    return [
        Reach(
            id=id_,
            name=names[id_],
            source=source,
            sources=len(origins),
            radii_m=tuple(radii_m),
            area_share=area_shares(outline, origins, radii_m),
            enterprise_share=_firm_shares(outline, origins, ground.located, radii_m),
        )
        for id_, outline in outlines.items()
    ]


def _is_source(record: Record, geometry: BaseGeometry | None) -> bool:
    """Whether a facility is there, at a position of its own."""
    return geometry is not None and record.get("status") != "planned"


def _facilities(ground: Ground, type_: str) -> NDArray[np.object_]:
    layer = ground.project.present(ground.city.id, "facilities", ground.day)
    return ground.plane([g for r, g in layer if g is not None and r["type"] == type_ and _is_source(r, g)])


def area_shares(outline: BaseGeometry, origins: NDArray[np.object_], radii_m: Sequence[float]) -> tuple[float, ...]:
    """Give the share of an outline's area within each radius of some features, all in metres on one plane.

    Up to ten radii are computed from buffers. Of a longer curve every tenth radius (and the last) is; between them the
    shape comes from the distances of about 9216 cells, each counted in parts while the radius passes through it, and
    is bent to meet the computed values.
    """
    radii = np.asarray(radii_m, float)
    if not len(origins):
        return (0.0,) * len(radii)
    if len(radii) <= _EXACT_RADII:
        return tuple(np.round(_exact(outline, origins, radii), 4).tolist())
    anchors = np.unique([*range(0, len(radii), _EXACT_RADII), len(radii) - 1])
    exact = _exact(outline, origins, radii[anchors])
    if exact[0] == exact[-1]:
        return tuple(np.round(np.full(len(radii), exact[0]), 4).tolist())
    rough = _counted(outline, origins, radii)
    bent = rough + np.interp(radii, radii[anchors], exact - rough[anchors])
    # Shares rise with the radius, so each lies between the computed ones around it.
    before = np.searchsorted(radii[anchors], radii, side="right") - 1
    after = np.searchsorted(radii[anchors], radii, side="left")
    held = np.clip(np.maximum.accumulate(bent), exact[before], exact[after])
    return tuple(np.round(held, 4).tolist())


def _exact(outline: BaseGeometry, origins: NDArray[np.object_], radii: Floats) -> Floats:
    """Shares from buffers: those of the features clipped to the outline's box grown by the radius, united, cut."""
    shapely.prepare(outline)
    gap = float(shapely.distance(outline, origins).min())
    shares = np.zeros(len(radii))
    for position, radius in enumerate(radii):
        if radius < gap:
            continue
        if position and shares[position - 1] == 1.0:
            shares[position:] = 1.0
            break
        west, south, east, north = outline.bounds
        window = shapely.box(west - radius, south - radius, east + radius, north + radius)
        clipped = shapely.intersection(origins, window)
        within = reach_of(clipped[~shapely.is_empty(clipped)], float(radius))
        shapely.prepare(within)
        shares[position] = (
            1.0
            if shapely.covers(within, outline)
            else min(1.0, shapely.intersection(outline, within).area / outline.area)
        )
    return shares


def _counted(outline: BaseGeometry, origins: NDArray[np.object_], radii: Floats) -> Floats:
    """Shares from the distances of the midpoints of square cells to the nearest feature."""
    side = sqrt(outline.area / _CELLS)
    west, south, east, north = outline.bounds
    columns = np.arange(west + side / 2, east + side / 2, side)
    rows = np.arange(south + side / 2, north + side / 2, side)
    x, y = (axis.ravel() for axis in np.meshgrid(columns, rows))
    within = shapely.contains_xy(outline, x, y)
    _, distances = shapely.STRtree(origins).query_nearest(
        shapely.points(x[within], y[within]), return_distance=True, all_matches=False
    )
    # Across a cell the distance changes by its side; what is within r of a line lies between -r and r of it.
    ahead = np.clip((radii[:, None] - distances[None, :]) / side, -0.5, 0.5)
    behind = np.clip((-radii[:, None] - distances[None, :]) / side, -0.5, 0.5)
    counted: Floats = (ahead - behind).mean(axis=1)
    return counted


def _firm_shares(
    outline: BaseGeometry, origins: NDArray[np.object_], firms: NDArray[np.object_], radii_m: Sequence[float]
) -> tuple[float, ...] | None:
    inside = firms[shapely.intersects(outline, firms)]
    if not len(inside):
        return None
    if not len(origins):
        return (0.0,) * len(radii_m)
    distances = np.sort(shapely.distance(shapely.union_all(origins), inside))
    within = np.searchsorted(distances, np.asarray(radii_m, float), side="right") / len(inside)
    return tuple(np.round(within, 4).tolist())
