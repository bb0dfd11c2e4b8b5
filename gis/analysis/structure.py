"""Describe the make-up of zones: chain links, specialisation, concentration and spacing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from math import sqrt
from typing import Any, Final

import numpy as np
import shapely

from gis.analysis.coverage import Ground
from gis.project import Project

# Fewer independently placed firms than this say nothing about spacing.
CLARK_EVANS_LEAST: Final = 30


@dataclass(frozen=True, slots=True)
class Structure:
    """The make-up of one place by chain link.

    Counts are of the firms that documents put there (basis `attributed`) or of those whose own position lies there
    (basis `inside`). location_quotient: the link's share here over its share in the city. hhi: the sum of squared
    shares, from 1/links (even) to 1 (one link only). city_share: the place's firms as a share of the city's.
    featured_share (特色产业集聚度, in our definition): the share of firms whose link is one that the plans name as the
    place's functions. clark_evans: the mean distance to the nearest other firm over the mean expected for random
    spacing; None below 30 independently placed firms.
    """

    id: str
    name: str
    basis: str
    enterprises: int
    counts: Mapping[str, int]
    location_quotient: Mapping[str, float]
    hhi: float | None
    city_share: float | None
    featured: tuple[str, ...]
    featured_share: float | None
    clark_evans: float | None
    clark_evans_note: str

    def row(self) -> dict[str, Any]:
        """The description as a flat row."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def structure(project: Project, city: str, basis: str = "attributed", day: date | None = None) -> list[Structure]:
    """Describe every place of a city, and the city as a whole (first, under the city's id), by chain link.

    Raises:
        UnknownIdError: the project has no such city.
    """
    ground = Ground(project, city, day)
    segments = {record["id"]: record["segment"] for record in ground.firms.records}
    whole = Counter(segments.values())
    featured = _featured(project, city)
    rows = [_describe(ground, city, ground.city.name, basis, list(segments), segments, whole, ())]
    for record, _ in ground.places:
        firms = _firms(ground, record["id"], basis)
        rows.append(
            _describe(
                ground, record["id"], record["name"], basis, firms, segments, whole, featured.get(record["id"], ())
            )
        )
    return rows


def _firms(ground: Ground, place: str, basis: str) -> list[str]:
    if basis == "attributed":
        return [firm for firm, places in ground.attribution.items() if place in places]
    outline = ground.outlines.get(place)
    if outline is None:
        return []
    within = np.flatnonzero(shapely.intersects(outline, ground.located))
    return [ground.firms.records[ground.independent[i]]["id"] for i in within]


def _featured(project: Project, city: str) -> dict[str, tuple[str, ...]]:
    """The chain links that the plans' words for a place's functions stand for, by the project's keywords."""
    found: dict[str, dict[str, None]] = {}
    for member in project.facts.of_city(city).memberships:
        for function in member.functions:
            for keyword, segment in project.keywords.items():
                if keyword in function:
                    found.setdefault(member.id, {})[segment] = None
    return {place: tuple(links) for place, links in found.items()}


def _describe(
    ground: Ground,
    id_: str,
    name: str,
    basis: str,
    firms: list[str],
    segments: Mapping[str, str],
    whole: Counter[str],
    featured: tuple[str, ...],
) -> Structure:
    counts = Counter(segments[firm] for firm in firms)
    size, all_ = len(firms), sum(whole.values())
    spacing, remark = _clark_evans(ground, id_)
    return Structure(
        id=id_,
        name=name,
        basis=basis,
        enterprises=size,
        counts=dict(sorted(counts.items())),
        location_quotient={
            link: round((count / size) / (whole[link] / all_), 3) for link, count in sorted(counts.items())
        },
        hhi=round(sum((count / size) ** 2 for count in counts.values()), 4) if size else None,
        city_share=round(size / all_, 4) if all_ else None,
        featured=featured,
        featured_share=round(sum(counts[link] for link in featured) / size, 4) if size and featured else None,
        clark_evans=spacing,
        clark_evans_note=remark,
    )


def _clark_evans(ground: Ground, place: str) -> tuple[float | None, str]:
    """The Clark-Evans ratio of the independently placed firms in an outline, without edge correction.

    Reference:
        P. J. Clark, F. C. Evans, Distance to nearest neighbor …, Ecology 35 (1954) 445-453.
    """
    outline = ground.outlines.get(place)
    if outline is None:
        return None, "no outline"
    points = ground.points[shapely.intersects(outline, ground.located)]
    if len(points) < CLARK_EVANS_LEAST:
        return None, f"{len(points)} independently placed firms; fewer than {CLARK_EVANS_LEAST} say nothing"
    gaps = np.hypot(*np.moveaxis(points[:, None] - points[None, :], 2, 0))
    np.fill_diagonal(gaps, np.inf)
    expected = 0.5 / sqrt(len(points) / outline.area)
    return round(float(gaps.min(axis=1).mean() / expected), 4), f"{len(points)} firms, no edge correction"
