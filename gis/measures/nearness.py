"""Give the distribution of the distance from a place to the nearest firm of a link, ring by ring."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.measures.chances import POSSIBLE, Held, any_of
from gis.measures.coverage import Ground
from gis.model.project import Project

# So many draws, spread evenly over all of them, make a distance.
_DRAWS: Final = 512
# The relations by which a plan names a district as a neighbour, such as a table of 竞合关系.
_NEIGHBOURLY: Final = frozenset({"cooperates", "competes"})
_SHARES: Final = (0.5, 0.9)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ring:
    """Who has a link in one ring around a place: `zone` (itself), `district`, `city` or `neighbours`.

    places: the districts that the ring is made of; none for the city, whose ring is its list. firms: how many of the
    list's firms may be there. p_any: the probability that one is, None where the list is incomplete and holds none
    that may be. distance_m, distance_90_m: median and 90 % quantile of the distance, in a straight line from the
    place's outline to the nearest one, metres; 0 inside, None where nothing is known often enough. nearest: the firm
    that is nearest most often.
    """

    ring: str
    places: tuple[str, ...]
    firms: int
    p_any: float | None
    distance_m: float | None
    distance_90_m: float | None
    nearest: str | None


class Nearness:
    """The distances of a city's firms from its places, in the draws of positions and outlines."""

    def __init__(self, project: Project, ground: Ground) -> None:
        self.ground = ground
        self.districts: dict[str, tuple[bool, float, str]] = {
            record["id"]: (record["level"] == "town", ground.outlines[record["id"]].area, record["id"])
            for record in project.layer(ground.city.id, "districts").holding_on(ground.day).records
            if record["id"] in ground.outlines
        }
        self.complete = project.complete(ground.city.id, "enterprises") is not None
        self.subject = ground.city.subject
        self.neighbours = _neighbours(project, ground, self.districts)
        self._positions: dict[int, Floats | None] = {}
        where = ground.whereabouts
        self.chosen = np.arange(0, where.draws, max(1, where.draws // _DRAWS))

    def rings(self, place: str, members: Bools, held: Held | None) -> tuple[Ring, ...]:
        """The rings around a place for the firms of one link, `members` of shape (firms,), from near to far.

        held: which firms lie in the place itself, by draw.
        """
        firms = np.flatnonzero(members)
        distances = self._distances(place, firms, held)
        found: list[Ring] = []
        if held is not None:
            found.append(self._ring("zone", (), firms, held, distances))
        district = self._district_of(place)
        if district is not None and district != place:
            found.append(self._ring("district", (district,), firms, self._in([district]), distances))
        found.append(self._ring("city", (), firms, None, distances))
        others = [id_ for id_ in self.neighbours if id_ not in {district, place}]
        if others:
            found.append(self._ring("neighbours", tuple(others), firms, self._in(others), distances))
        return tuple(found)

    def place(self, own: Sequence[str], others: Iterable[str]) -> tuple[str, float] | None:
        """The nearest of some other places with an outline, and its distance from the outlines of `own`, metres.

        Places that contain all of `own` are taken only where there is no other.
        """
        outlines = self.ground.outlines
        here = [outlines[id_] for id_ in own if id_ in outlines]
        if not here:
            return None
        ground = shapely.union_all(here)
        shapely.prepare(ground)
        containing = [self.ground.attribution.around([id_]) for id_ in own]
        found: list[tuple[bool, float, float, str]] = []
        for id_ in others:
            if id_ in own or id_ not in outlines:
                continue
            contains = all(id_ in around for around in containing) or outlines[id_].covers(ground)
            found.append((contains, float(shapely.distance(ground, outlines[id_])), outlines[id_].area, id_))
        if not found:
            return None
        _, distance, _, nearest = min(found)
        return nearest, float(round(distance))

    def _in(self, districts: Iterable[str]) -> Held:
        where = self.ground.whereabouts
        return any_of([where.combined[id_] for id_ in districts], where.draws)

    def _district_of(self, place: str) -> str | None:
        """The district that a place lies in, by its own record or by documents, else the one that the city is about."""
        around = {self.ground.places.record(place).get("within"), *self.ground.attribution.around([place])}
        found = min((self.districts[id_] for id_ in around if id_ in self.districts), default=None)
        if found is not None and not found[0]:
            return found[2]
        if self.subject in self.districts:
            return self.subject
        return None if found is None else found[2]

    def _ring(
        self, ring: str, places: tuple[str, ...], firms: NDArray[np.intp], held: Held | None, distances: Floats | None
    ) -> Ring:
        everywhere = np.ones((len(firms), len(self.chosen)), bool)
        inside = everywhere if held is None else self._drawn(held, firms)
        shares = inside.mean(axis=1) if len(firms) else np.zeros(0)
        some = int((shares >= POSSIBLE).sum())
        p_any = float(inside.any(axis=0).mean()) if len(firms) else 0.0
        middle, far, nearest = self._nearest(firms, inside, distances)
        return Ring(ring, places, some, round(p_any, 4) if some or self.complete else None, middle, far, nearest)

    def _nearest(
        self, firms: NDArray[np.intp], inside: Bools, distances: Floats | None
    ) -> tuple[float | None, float | None, str | None]:
        if distances is None or not len(firms):
            return None, None, None
        there = np.where(inside, distances, np.inf)
        least = np.sort(there.min(axis=0))
        middle, far = (float(least[int(share * (len(least) - 1))]) for share in _SHARES)
        if not np.isfinite(middle):
            return None, None, None
        best = there.argmin(axis=0)[np.isfinite(there.min(axis=0))]
        first = str(self.ground.firms.records[firms[np.bincount(best).argmax()]]["id"])
        return round(middle), round(far) if np.isfinite(far) else None, first

    def _drawn(self, held: Held, firms: NDArray[np.intp]) -> Bools:
        """In which of the chosen draws some firms lie in an outline, shape (firms, chosen draws)."""
        found = np.zeros((len(firms), len(self.chosen)), bool)
        found[np.isin(firms, held.sure)] = True
        at = {int(position): row for row, position in enumerate(held.open)}
        for row, firm in enumerate(firms):
            if int(firm) in at:
                found[row] = held.drawn[at[int(firm)]][self.chosen]
        return found

    def _distances(self, place: str, firms: NDArray[np.intp], held: Held | None) -> Floats | None:
        """The distance of each firm from a place in the chosen draws, shape (firms, draws); inf where not known.

        None where the place has no outline.
        """
        if held is None or place not in self.ground.outlines or not len(firms):
            return None
        found = np.stack([self._from(place, self._position(int(firm))) for firm in firms])
        found[self._drawn(held, firms)] = 0.0
        return found

    def _position(self, firm: int) -> Floats | None:
        if firm not in self._positions:
            every = self.ground.whereabouts.positions(firm)
            self._positions[firm] = None if every is None else every[self.chosen]
        return self._positions[firm]

    def _from(self, place: str, points: Floats | None) -> Floats:
        """How far points, one a draw, are from an outline as each draw displaces it."""
        if points is None:
            return np.full(len(self.chosen), np.inf)
        outlines = self.ground.whereabouts.outlines
        parts = outlines.derived.get(place, [place])
        by_part = [
            shapely.distance(outlines.shapes[part].outline, shapely.points(points - outlines.moved[part][self.chosen]))
            for part in parts
        ]
        return np.asarray(np.min(by_part, axis=0), float)


def _neighbours(project: Project, ground: Ground, districts: Collection[str]) -> list[str]:
    """The districts that a plan sets beside the district that the city is about, as partners or rivals."""
    subject = ground.city.subject
    pairs = [
        (relation.subject, relation.object)
        for relation in project.facts.of_city(ground.city.id).relations
        if relation.relation in _NEIGHBOURLY
    ]
    found = [a if b == subject else b for a, b in pairs if subject and subject in {a, b}]
    return [id_ for id_ in dict.fromkeys(found) if id_ in districts and id_ != subject]
