"""Describe the make-up of zones: chain links, specialisation, concentration and spacing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from math import sqrt
from typing import Any, Final

import numpy as np
import shapely

from gis.measures.coverage import LEAST_FIRMS, Ground
from gis.model.layers import Record
from gis.model.project import Project
from gis.model.schema import UNKNOWN_SEGMENT

# Fewer independently placed firms than this say nothing about spacing.
CLARK_EVANS_LEAST: Final = 30


@dataclass(frozen=True, slots=True)
class Structure:
    """The make-up of one place by chain link.

    Counts are of the firms that documents put there or in a part of it (basis `documented`) or of those that lie there
    by their position with a probability of at least 0.95 (basis `located`); the city that they are held against is all
    its firms, or all with a point or line. enterprises is None where there is none: the lists are not complete.
    location_quotient: the link's share here over its share in the city. hhi: the sum of squared shares, from 1/links
    (even) to 1 (one link only). Both are given from five firms on; quotients_note says why there are none
    (quotients_note_en in English). city_share: the place's firms as a share of the city's, only where the list of firms
    is complete.

    featured_share (特色产业集聚度) is in our definition, as the plan gives none: of the firms here whose chain link is
    known, the share whose link is one that the plans name among the place's functions; for the city, of all firms in
    places with such functions, the share that is in a place for whose functions it stands.

    clark_evans: the mean distance to the nearest other firm over the mean expected of random spacing, with Donnelly's
    correction for the edge; below 1 clustered, above 1 even. clark_evans_z: its deviation from 1 in standard errors.
    Both are None below 30 independently placed firms, or where positions are coarser than that expected distance;
    clark_evans_note says which (clark_evans_note_en in English).
    """

    id: str
    name: str
    basis: str
    enterprises: int | None
    counts: Mapping[str, int]
    location_quotient: Mapping[str, float]
    hhi: float | None
    quotients_note: str
    quotients_note_en: str
    city_share: float | None
    featured: tuple[str, ...]
    featured_share: float | None
    clark_evans: float | None
    clark_evans_z: float | None
    clark_evans_note: str
    clark_evans_note_en: str

    def row(self) -> dict[str, Any]:
        """The description as a flat row."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class _Spacing:
    ratio: float | None
    z: float | None
    note: str
    note_en: str


def structure(project: Project, city: str, basis: str = "documented", day: date | None = None) -> list[Structure]:
    """Describe every place of a city, and the city as a whole (first, under the city's id), by chain link.

    Raises:
        UnknownIdError: the project has no such city.
    """
    ground = Ground(project, city, day)
    if basis == "located":
        all_firms = [record for record, geometry in ground.firms if geometry is not None]
    else:
        all_firms = list(ground.firms.records)
    whole = Counter(str(firm["segment"]) for firm in all_firms)
    featured = _featured(project, city)
    firms_of = {record["id"]: _firms(ground, record["id"], basis) for record, _ in ground.places}
    complete = project.complete(city, "enterprises") is not None
    rows = [
        _describe(
            city,
            ground.city.name,
            basis,
            complete,
            all_firms,
            whole,
            (),
            _featured_in_all(firms_of, featured),
            _Spacing(None, None, "只按区域计算", "given by zone only"),
        )
    ]
    for record, _ in ground.places:
        id_ = record["id"]
        links = featured.get(id_, ())
        share = _featured_share(firms_of[id_], links)
        rows.append(
            _describe(
                id_, record["name"], basis, complete, firms_of[id_], whole, links, share, clark_evans(ground, id_)
            )
        )
    return rows


def _firms(ground: Ground, place: str, basis: str) -> list[Record]:
    if basis == "documented":
        return ground.put_in(frozenset({place}))
    return [ground.firms.records[i] for i in ground.positions_located_in(place)]


def _featured(project: Project, city: str) -> dict[str, tuple[str, ...]]:
    """The chain links that the plans' words for a place's functions stand for, by the project's keywords."""
    found: dict[str, dict[str, None]] = {}
    for member in project.facts.of_city(city).memberships:
        for function in member.functions:
            for keyword, segment in project.keywords.items():
                if keyword in function:
                    found.setdefault(member.id, {})[segment] = None
    return {place: tuple(links) for place, links in found.items()}


def _featured_share(firms: Sequence[Record], links: Collection[str]) -> float | None:
    known = [firm["segment"] for firm in firms if firm["segment"] != UNKNOWN_SEGMENT]
    return round(sum(link in links for link in known) / len(known), 4) if len(known) >= LEAST_FIRMS and links else None


def _featured_in_all(firms_of: Mapping[str, Sequence[Record]], featured: Mapping[str, Collection[str]]) -> float | None:
    """The same share over all places with functions; each firm once, featured where it is so in any of its places."""
    fits: dict[str, bool] = {}
    for place, links in featured.items():
        for firm in firms_of.get(place, ()):
            if firm["segment"] != UNKNOWN_SEGMENT:
                fits[firm["id"]] = fits.get(firm["id"], False) or firm["segment"] in links
    return round(sum(fits.values()) / len(fits), 4) if fits else None


def _describe(
    id_: str,
    name: str,
    basis: str,
    complete: bool,
    firms: Sequence[Record],
    whole: Counter[str],
    featured: tuple[str, ...],
    featured_share: float | None,
    spacing: _Spacing,
) -> Structure:
    counts = Counter(str(firm["segment"]) for firm in firms)
    size, all_ = len(firms), sum(whole.values())
    enough = size >= LEAST_FIRMS
    return Structure(
        id=id_,
        name=name,
        basis=basis,
        enterprises=size or None,
        counts=dict(sorted(counts.items())),
        location_quotient={
            link: round((count / size) / (whole[link] / all_), 3) for link, count in sorted(counts.items())
        }
        if enough
        else {},
        hhi=round(sum((count / size) ** 2 for count in counts.values()), 4) if enough else None,
        quotients_note="" if enough else f"{size}家，少于{LEAST_FIRMS}家，不计区位商与HHI",
        quotients_note_en="" if enough else f"{size} firms; fewer than {LEAST_FIRMS} make no quotient and no HHI",
        city_share=round(size / all_, 4) if all_ and complete else None,
        featured=featured,
        featured_share=featured_share,
        clark_evans=spacing.ratio,
        clark_evans_z=spacing.z,
        clark_evans_note=spacing.note,
        clark_evans_note_en=spacing.note_en,
    )


def clark_evans(ground: Ground, place: str) -> _Spacing:
    """The Clark-Evans ratio of the independently placed firms in a place's outline, corrected for its edge.

    With n firms, area A and perimeter P, in metres, the mean distance expected of random spacing is
    0.5 √(A/n) + (0.0514 + 0.041/√n) P/n, and its standard error √(0.0703 A/n² + 0.037 P √(A/n⁵)).

    Reference:
        P. J. Clark, F. C. Evans, Distance to nearest neighbor …, Ecology 35 (1954) 445-453.
        K. P. Donnelly, Simulations to determine the variance and edge effect of total nearest-neighbour distance, in:
        I. Hodder (ed.), Simulation studies in archaeology, Cambridge 1978, 91-95.
    """
    outline = ground.outlines.get(place)
    if outline is None:
        return _Spacing(None, None, "没有轮廓", "no outline")
    within = shapely.intersects(outline, ground.located)
    points, n = ground.points[within], int(within.sum())
    if n < CLARK_EVANS_LEAST:
        return _Spacing(
            None,
            None,
            f"独立定位的企业仅{n}家，少于{CLARK_EVANS_LEAST}家，不足以说明疏密",
            f"{n} independently placed firms; fewer than {CLARK_EVANS_LEAST} say nothing about spacing",
        )
    area, perimeter = float(outline.area), float(outline.length)
    expected = 0.5 * sqrt(area / n) + (0.0514 + 0.041 / sqrt(n)) * perimeter / n
    blur = float(np.median(ground.sigmas[within]))
    if blur > expected:
        return _Spacing(
            None,
            None,
            f"位置精度（标准差中位数{blur:.0f} m）粗于随机分布的平均间距{expected:.0f} m，不足以说明疏密",
            f"positions are known to {blur:.0f} m (median standard deviation), coarser than the {expected:.0f} m "
            "between firms that random spacing would give",
        )
    error = sqrt(0.0703 * area / n**2 + 0.037 * perimeter * sqrt(area / n**5))
    gaps = np.hypot(*np.moveaxis(points[:, None] - points[None, :], 2, 0))
    np.fill_diagonal(gaps, np.inf)
    mean = float(gaps.min(axis=1).mean())
    return _Spacing(
        round(mean / expected, 4),
        round((mean - expected) / error, 2),
        f"{n}家，已作边缘校正",
        f"{n} firms, edge-corrected",
    )
