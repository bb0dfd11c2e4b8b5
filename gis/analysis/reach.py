"""Measure how much of each zone, and how many of its firms, lie within a distance of roads or facilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.analysis.coverage import Ground
from gis.errors import UsageError
from gis.project import Project

TEST_ROADS: Final = "test_roads"
# The radii of the curve and of the map's slider, metres.
CURVE_RADII: Final = tuple(float(metres) for metres in range(0, 5001, 50))


@dataclass(frozen=True, slots=True)
class Reach:
    """The shares of one zone (or of all, id None) within each radius of a kind of source.

    `area_share` and `enterprise_share` have one value a radius; enterprise shares are of the firms whose own position
    lies in the zone, and None where there is none. Distances are straight lines.
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
        firms = self.enterprise_share or (None,) * len(self.radii_m)
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
            for radius, area, share in zip(self.radii_m, self.area_share, firms, strict=True)
        ]


def sources(project: Project, city: str) -> Mapping[str, int]:
    """What reach can be measured from in a city, each with how many are drawn: test roads, and each facility type."""
    roads = project.layer(city, "roads").placed()
    found = {TEST_ROADS: sum(bool(record.get("is_test_road")) for record in roads.records)}
    for record, geometry in project.layer(city, "facilities"):
        if geometry is not None and not record.get("stand_in_for") and record.get("status") != "planned":
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
        UsageError: the city has nothing of this kind.
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
    firms = ground.located
    return [
        Reach(
            id=id_,
            name=names[id_],
            source=source,
            sources=len(origins),
            radii_m=tuple(radii_m),
            area_share=_area_shares(outline, origins, radii_m),
            enterprise_share=_firm_shares(outline, origins, firms, radii_m),
        )
        for id_, outline in outlines.items()
    ]


def _facilities(ground: Ground, type_: str) -> NDArray[np.object_]:
    layer = ground.project.layer(ground.city.id, "facilities")
    return ground.plane(
        [
            geometry
            for record, geometry in layer
            if geometry is not None
            and record["type"] == type_
            and not record.get("stand_in_for")
            and record.get("status") != "planned"
        ]
    )


def _area_shares(outline: BaseGeometry, origins: NDArray[np.object_], radii_m: Sequence[float]) -> tuple[float, ...]:
    shares: list[float] = []
    if not len(origins):
        return (0.0,) * len(radii_m)
    gap = float(shapely.distance(outline, shapely.union_all(origins)))
    for radius in radii_m:
        if radius <= gap or (shares and shares[-1] == 1.0):
            shares.append(shares[-1] if shares else 0.0)
            continue
        # Only what lies near enough can reach in, and only there is the reach worth computing.
        window = shapely.box(*outline.bounds).buffer(radius, join_style="mitre")
        close = shapely.union_all(shapely.intersection(origins, window))
        within = shapely.intersection(outline, shapely.buffer(close, radius, quad_segs=32))
        shares.append(round(min(1.0, float(within.area / outline.area)), 4))
    return tuple(shares)


def _firm_shares(
    outline: BaseGeometry, origins: NDArray[np.object_], firms: NDArray[np.object_], radii_m: Sequence[float]
) -> tuple[float, ...] | None:
    inside = firms[shapely.intersects(outline, firms)]
    if not len(inside):
        return None
    if not len(origins):
        return (0.0,) * len(radii_m)
    distances = shapely.distance(shapely.union_all(origins), inside)
    return tuple(round(float(np.mean(distances <= radius)), 4) for radius in radii_m)
