"""Draw where the firms and the outlines of a city truly lie, and say which firm is where in each draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.earth.law import SIGMAS_IN_95, order_of, sigma_m, spiral
from gis.measures.attribution import Attribution, containers
from gis.model.layers import Record
from gis.model.position import Basis, Knowledge, knowledge

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Positions = NDArray[np.intp]

# Numbers of draws, all prime; the most is taken that keeps the firms near an outline times the draws affordable.
DRAWS: Final = (16381, 4093, 1021, 509)
_AFFORDABLE: Final = 30_000_000
# A firm's own law is drawn so often for a place that must hold it; then any point of that place will do.
TRIES: Final = 8
# From this probability on a firm may be in a place, and from that on it is located there.
POSSIBLE: Final = 0.05
LOCATED: Final = 0.95
# Beyond this many standard deviations an edge changes nothing.
_FAR: Final = 5.0
# What is known to a millimetre is exact.
_EXACT_M: Final = 1e-3
# So many points are looked up in cells, of which an outline's longer side has so many.
_MANY_POINTS: Final = 200_000
_CELLS: Final = 1536
# They may be so large, as a part of an outline's standard deviation: coarser ones would move straight edges.
_CELL_PART: Final = 0.25


@dataclass(frozen=True, slots=True)
class Held:
    """Which firms lie in an outline: `sure` in every draw, `open` in the draws of `drawn`, shape (open, draws).

    `sure` and `open` are positions, rising, and have none in common.
    """

    sure: Positions
    open: Positions
    drawn: Bools

    def counts(self) -> NDArray[np.intp]:
        """How many of the open firms lie in the outline, by draw."""
        return np.asarray(self.drawn.sum(axis=0), np.intp)

    def probabilities(self, firms: int) -> Floats:
        """The probability of each of so many firms."""
        found = np.zeros(firms)
        found[self.sure] = 1.0
        found[self.open] = self.drawn.mean(axis=1) if self.drawn.size else 0.0
        return found

    def only(self, chosen: Bools) -> Held:
        """Those of the firms that `chosen` marks, shape (firms,)."""
        kept = chosen[self.open]
        return Held(self.sure[chosen[self.sure]], self.open[kept], self.drawn[kept])

    def sure_of(self, firms: Positions) -> Held:
        """The same, with some firms that lie here in every draw."""
        sure = np.union1d(self.sure, firms)
        kept = ~np.isin(self.open, sure)
        return Held(sure, self.open[kept], self.drawn[kept])

    def __and__(self, other: Held) -> Held:
        surely = _among(self.sure, other.sure)
        both = self.sure[surely]
        firms = np.union1d(self.open, self.sure[~surely])
        firms = firms[_among(firms, other.sure) | _among(firms, other.open)]
        return Held(both, firms, self._of(firms) & other._of(firms))

    def _of(self, firms: Positions) -> Bools:
        """The draws in which some firms lie here, shape (firms, draws)."""
        found = np.zeros((len(firms), self.drawn.shape[1]), bool)
        found[_among(firms, self.sure)] = True
        known = _among(firms, self.open)
        found[known] = self.drawn[np.searchsorted(self.open, firms[known])]
        return found


def _among(firms: Positions, known: Positions) -> Bools:
    """Which of some positions are among known ones; both rise."""
    if not len(known):
        return np.zeros(len(firms), bool)
    at = np.minimum(np.searchsorted(known, firms), len(known) - 1)
    return np.asarray(known[at] == firms, bool)


def any_of(held: Sequence[Held], draws: int) -> Held:
    """Which firms lie in one outline or another."""
    if len(held) == 1:
        return held[0]
    nothing = np.zeros(0, np.intp)
    sure = np.unique(np.concatenate([nothing, *(one.sure for one in held)]))
    open_ = np.setdiff1d(np.concatenate([nothing, *(one.open for one in held)]), sure)
    drawn = np.zeros((len(open_), draws), bool)
    for one in held:
        kept = ~np.isin(one.open, sure)
        drawn[np.searchsorted(open_, one.open[kept])] |= one.drawn[kept]
    return Held(sure, open_, drawn)


class _Shape:
    """An outline as drawn, on the plane, in which many points can be looked up."""

    def __init__(self, outline: BaseGeometry, sigma: float) -> None:
        self.outline = outline
        west, south, east, north = outline.bounds
        self._side = max(east - west, north - south) / _CELLS
        self._fine = self._side <= _CELL_PART * sigma
        shapely.prepare(outline)
        self._cells: Bools | None = None

    def holds(self, points: Floats) -> Bools:
        """Whether the outline holds points, shape (..., 2)."""
        x, y = points[..., 0], points[..., 1]
        if not self._fine or (x.size < _MANY_POINTS and self._cells is None):
            return np.asarray(shapely.contains_xy(self.outline, x.ravel(), y.ravel())).reshape(x.shape)
        west, south, side = *self.outline.bounds[:2], self._side
        if self._cells is None:
            self._cells = _cells(self.outline, side)
        column = np.floor((x - west) / side).astype(np.int32)
        row = np.floor((y - south) / side).astype(np.int32)
        rows, columns = self._cells.shape
        within = (column >= 0) & (row >= 0) & (column < columns) & (row < rows)
        found = np.zeros(x.shape, bool)
        found[within] = self._cells[row[within], column[within]]
        return found


def _cells(outline: BaseGeometry, side: float) -> Bools:
    """Which square cells have their middle in the outline, from the south-west corner, rows first."""
    west, south, east, north = outline.bounds
    columns, rows = int((east - west) / side) + 1, int((north - south) / side) + 1
    middles = south + (np.arange(rows) + 0.5) * side
    crossed = np.zeros((rows, columns + 1), np.int32)
    for ring in shapely.get_rings(shapely.get_parts(outline)):
        corners = shapely.get_coordinates(ring)
        (x1, y1), (x2, y2) = corners[:-1].T, corners[1:].T
        first, last = np.searchsorted(middles, np.minimum(y1, y2)), np.searchsorted(middles, np.maximum(y1, y2))
        times = last - first
        edge = np.repeat(np.arange(len(times)), times)
        row = np.repeat(first, times) + np.arange(len(edge)) - np.repeat(np.cumsum(times) - times, times)
        x = x1[edge] + (middles[row] - y1[edge]) / (y2 - y1)[edge] * (x2 - x1)[edge]
        np.add.at(crossed, (row, np.clip(np.ceil((x - west) / side - 0.5), 0, columns).astype(int)), 1)
    return np.asarray(np.cumsum(crossed, axis=1)[:, :-1] % 2 == 1)


class Outlines:
    """The places of a city that have an outline, each with its one displacement, and what lies in what.

    An outline's error is one displacement, circular normal, that everything near it shares. A place that is derived
    from others is where they are. A place that lies in another lies in it in every draw: the coarser of the two gives
    way, cut at the finer one that contains it, widened by the finer one that it contains.
    """

    def __init__(
        self,
        shapes: Mapping[str, BaseGeometry],
        accuracies: Mapping[str, float],
        derived: Mapping[str, Sequence[str]],
        lies_in: Mapping[str, Iterable[str]],
    ) -> None:
        self.shapes = {id_: _Shape(shape, float(sigma_m(accuracies[id_]))) for id_, shape in shapes.items()}
        self.derived = {id_: [s for s in parts if s in shapes] for id_, parts in derived.items() if id_ in shapes}
        self.derived = {id_: parts for id_, parts in self.derived.items() if parts}
        nested: dict[str, set[str]] = {place: set(around) for place, around in lies_in.items()}
        for whole, parts in self.derived.items():
            for part in parts:
                nested.setdefault(part, set()).add(whole)
        self.around = containers(nested)
        self.sigma = {id_: float(sigma_m(accuracies[id_])) for id_ in shapes}
        for whole, parts in self.derived.items():
            self.sigma[whole] = max(self.sigma[part] for part in parts)
        self.order = sorted(shapes, key=lambda id_: (self.sigma[id_], id_ in self.derived, -shapes[id_].area, id_))
        rank = {id_: position for position, id_ in enumerate(self.order)}
        drawn = {id_: [a for a in self.around.get(id_, ()) if a in rank] for id_ in shapes}
        self.cut_at = {id_: [a for a in drawn[id_] if rank[a] < rank[id_]] for id_ in shapes}
        self.widened_by: dict[str, list[str]] = {id_: [] for id_ in shapes}
        for id_ in self.order:
            for around in drawn[id_]:
                if rank[around] > rank[id_]:
                    self.widened_by[around].append(id_)
        self.moved: dict[str, Floats] = {}

    def draw(self, count: int) -> None:
        """Fix the displacement of each outline in so many draws, shape (count, 2), metres."""
        ids = [id_ for id_ in self.order if id_ not in self.derived]
        base = spiral(count)
        self.moved = {id_: base[order] * self.sigma[id_] for id_, order in zip(ids, order_of(ids, count), strict=True)}

    def holds(self, id_: str, points: Floats, draws: Positions) -> Bools:
        """Whether a place holds points, shape (n, 2), each in its own draw."""
        known: dict[str, Bools] = {}

        def raw(place: str) -> Bools:
            if place in self.derived:
                return np.zeros(len(points), bool)
            return self.shapes[place].holds(points - self.moved[place][draws])

        def held(place: str) -> Bools:
            if place not in known:
                found = raw(place)
                for around in self.cut_at[place]:
                    found &= held(around)
                for part in self.widened_by[place]:
                    found |= held(part)
                known[place] = found
            return known[place]

        return held(id_)

    def cloud(self, id_: str, count: int) -> tuple[Floats, list[str], NDArray[np.intp]]:
        """Points spread evenly over a place as drawn, shape (count, 2), and which outline each of them moves with."""
        outline = self.shapes[id_].outline
        west, south, east, north = outline.bounds
        wanted = int(1.2 * count * (east - west) * (north - south) / outline.area) + 64
        found = np.zeros((0, 2))
        while len(found) < count:
            # A sequence of two irrational steps (R2) fills the box evenly.
            step = np.arange(1, wanted + 1)[:, None] * np.array([0.7548776662466927, 0.5698402909980532])
            spread = np.array([west, south]) + (step % 1) * np.array([east - west, north - south])
            found = spread[shapely.contains_xy(outline, spread[:, 0], spread[:, 1])]
            wanted *= 2
        points = found[:count]
        frames = self.derived.get(id_, [id_])
        frame = np.zeros(count, np.intp)
        for position in range(len(frames) - 1, 0, -1):
            part = self.shapes[frames[position]].outline
            frame[shapely.contains_xy(part, points[:, 0], points[:, 1])] = position
        return points, frames, frame


Sampler = Callable[[Positions, int], Floats]


class Whereabouts:
    """Where each firm of a city is, by its position alone and by all that is known, in the draws of the outlines.

    `by_position` holds, by outline, the firms that have a position of their own; `combined` all that documents or
    positions place at all. A document's word holds in every draw: the position then says where within the place.
    """

    def __init__(
        self,
        outlines: Outlines,
        records: Sequence[Record],
        geometry: NDArray[np.object_],
        said: Attribution,
    ) -> None:
        self.outlines = outlines
        self.records = records
        self.geometry = geometry
        self.kinds = [knowledge(record, shape) for record, shape in zip(records, geometry, strict=True)]
        self.sigmas = sigma_m(np.array([float(r.get("accuracy_m") or 0.0) for r in records]))
        self.documented: dict[int, frozenset[str]] = {}
        for position, record in enumerate(records):
            if record["id"] in said.here:
                here = said.here[record["id"]]
                self.documented[position] = here.union(*(outlines.around.get(place, frozenset()) for place in here))
        self._tree: shapely.STRtree | None = None
        self.points = np.flatnonzero([kind == Knowledge.AT for kind in self.kinds])
        self.coordinates = np.full((len(records), 2), np.nan)
        self.coordinates[self.points] = shapely.get_coordinates(geometry[self.points])
        self._near = {id_: self._close_to(id_) for id_ in outlines.order}
        special = [p for p in range(len(records)) if self._anchor(p)]
        work = sum(len(open_) for _, open_ in self._near.values()) + len(special) * (len(outlines.order) // 2)
        self.draws = next((count for count in DRAWS if work * count <= _AFFORDABLE), DRAWS[-1])
        outlines.draw(self.draws)
        self._clouds: dict[str, tuple[Floats, list[str], NDArray[np.intp]]] = {}
        by_position = self._exact_points()
        # Firms known by a line or a place, by their position; then those that documents name, by all that is known.
        placed = [p for p in special if self._has_position(p) and self.kinds[p] != Knowledge.AT]
        own = {p: self._positions(p, frozenset()) for p in placed}
        self.by_position = self._nested(self._with(by_position, own), {p: self._within(p) for p in placed})
        if not special:
            self.combined = self.by_position
            self.contradicting: dict[int, list[str]] = {}
            return
        known = {p: self._positions(p, self.documented.get(p, frozenset())) for p in special if p in self.documented}
        plain = np.array([p not in known for p in range(len(records))], bool)
        kept = {p: xy for p, xy in own.items() if p not in known}
        sure = {p: self._within(p) | self.documented.get(p, frozenset()) for p in special}
        points = {id_: held.only(plain) for id_, held in by_position.items()}
        self.combined = self._nested(self._with(points, {**kept, **known}), sure)
        self.contradicting = self._contradictions()

    def _anchor(self, position: int) -> bool:
        """Whether a firm is known by more than a point: by a document, a line or a place."""
        if position in self.documented:
            return bool(self._drawn(self.documented[position])) or self.kinds[position] in {
                Knowledge.AT,
                Knowledge.ALONG,
            }
        return self._has_position(position) and self.kinds[position] != Knowledge.AT

    def _has_position(self, position: int) -> bool:
        """Whether something other than a document says where the firm is."""
        kind, record = self.kinds[position], self.records[position]
        if kind == Knowledge.WITHIN:
            return record.get("within_basis") != Basis.DOCUMENT and bool(self._drawn(self._within(position)))
        return kind in {Knowledge.AT, Knowledge.ALONG}

    def _within(self, position: int) -> frozenset[str]:
        """The places that a firm is known to lie within, whoever says so, and all that contain them."""
        place = self.records[position].get("within")
        if self.kinds[position] != Knowledge.WITHIN or not place:
            return frozenset()
        return frozenset({place}) | self.outlines.around.get(place, frozenset())

    def _drawn(self, places: Iterable[str]) -> list[str]:
        """Those of some places that have an outline and contain no other of them, the smallest first."""
        drawn = [place for place in places if place in self.outlines.shapes]
        outer = frozenset().union(*(self.outlines.around.get(place, frozenset()) for place in drawn))
        size = {place: self.outlines.shapes[place].outline.area for place in drawn}
        return sorted((place for place in drawn if place not in outer), key=lambda place: (size[place], place))

    # --- Points: sparse, all firms at once ---------------------------------------------------------------------

    def _close_to(self, id_: str) -> tuple[Positions, Positions]:
        """The points that surely lie in an outline, and those so near its edge that they may or may not."""
        if not len(self.points) or id_ in self.outlines.derived:
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        if self._tree is None:
            self._tree = shapely.STRtree(self.geometry[self.points])
            self._reach = float(self.sigmas[self.points].max())
        outline, sigma = self.outlines.shapes[id_].outline, self.outlines.sigma[id_]
        inside = np.sort(self.points[self._tree.query(outline, predicate="intersects")])
        reach = _FAR * float(np.hypot(sigma, self._reach))
        if reach <= _FAR * 2 * _EXACT_M:
            return inside, np.zeros(0, np.intp)
        edge = outline.boundary
        shapely.prepare(edge)
        near = self.points[self._tree.query(edge, predicate="dwithin", distance=reach)]
        if len(near) and np.ptp(self.sigmas[near]):
            near = near[shapely.distance(edge, self.geometry[near]) < _FAR * np.hypot(sigma, self.sigmas[near])]
        near = np.sort(near)
        return np.setdiff1d(inside, near, assume_unique=True), near

    def _exact_points(self) -> dict[str, Held]:
        """Which points each outline holds as it is displaced, before what lies in what is kept."""
        base = spiral(self.draws)
        found: dict[str, Held] = {}
        for id_, (sure, near) in self._near.items():
            if id_ in self.outlines.derived or not len(near):
                found[id_] = Held(sure, near, np.zeros((len(near), self.draws), bool))
                continue
            orders = order_of([self.records[p]["id"] for p in near], self.draws)
            at = self.coordinates[near, None, :] + base[orders] * self.sigmas[near, None, None]
            drawn = self.outlines.shapes[id_].holds(at - self.outlines.moved[id_][None])
            found[id_] = Held(sure, near, drawn)
        return found

    # --- Firms known by a document, a line or a place: one position in each draw ------------------------------

    def _sampler(self, position: int, places: Sequence[str]) -> Sampler:
        """How the position of a firm is drawn: given draws and the number of the try, points of shape (n, 2)."""
        kind, id_ = self.kinds[position], self.records[position]["id"]
        base = spiral(self.draws)
        if kind in {Knowledge.AT, Knowledge.ALONG}:
            line = self.geometry[position]

            def own(draws: Positions, attempt: int) -> Floats:
                error = base[self._order(f"{id_}~{attempt}")[draws]] * self.sigmas[position]
                if kind == Knowledge.AT:
                    return np.asarray(self.coordinates[position] + error, float)
                along = (self._order(f"{id_}-{attempt}")[draws] + 0.5) / self.draws
                return np.asarray(_on_line(line, along) + error, float)

            return own
        return self._anywhere_in(places[0], id_)

    def _order(self, key: str) -> NDArray[np.intp]:
        return np.asarray(order_of([key], self.draws)[0], np.intp)

    def _anywhere_in(self, place: str, id_: str) -> Sampler:
        """Any point of a place as drawn, which moves with its outline."""
        if place not in self._clouds:
            self._clouds[place] = self.outlines.cloud(place, self.draws)
        points, frames, frame = self._clouds[place]
        moved = np.stack([self.outlines.moved[name] for name in frames])

        def anywhere(draws: Positions, attempt: int) -> Floats:
            chosen = self._order(f"{id_}@{attempt}")[draws]
            return np.asarray(points[chosen] + moved[frame[chosen], draws], float)

        return anywhere

    def _positions(self, position: int, said: frozenset[str]) -> Floats:
        """The position of a firm in each draw, shape (draws, 2): its own law, held to the places that must hold it."""
        must = self._drawn(said | self._within(position))
        sample = self._sampler(position, must)
        every = np.arange(self.draws)
        found = sample(every, 0)
        # A point of a place's own outline is held by it, where the outline is not cut at another.
        free = (
            self.kinds[position] not in {Knowledge.AT, Knowledge.ALONG}
            and len(must) == 1
            and not self.outlines.cut_at[must[0]]
        )
        if not must or free:
            return found
        left = every
        for attempt in range(TRIES):
            if attempt:
                found[left] = sample(left, attempt)
            held = np.ones(len(left), bool)
            for place in must:
                held &= self.outlines.holds(place, found[left], left)
            left = left[~held]
            if not len(left):
                return found
        found[left] = self._anywhere_in(must[0], self.records[position]["id"] + "!")(left, 0)
        return found

    def _with(self, held: Mapping[str, Held], positions: Mapping[int, Floats]) -> dict[str, Held]:
        """The same with further firms, each at its position of each draw."""
        if not positions:
            return dict(held)
        chosen = np.array(sorted(positions), np.intp)
        at = np.stack([positions[p] for p in chosen])
        low, high = at.min(axis=1), at.max(axis=1)
        found: dict[str, Held] = {}
        for id_, one in held.items():
            if id_ in self.outlines.derived:
                found[id_] = one
                continue
            margin = _FAR * self.outlines.sigma[id_] + _EXACT_M
            west, south, east, north = self.outlines.shapes[id_].outline.bounds
            close = np.all((high >= (west - margin, south - margin)) & (low <= (east + margin, north + margin)), axis=1)
            drawn = self.outlines.shapes[id_].holds(at[close] - self.outlines.moved[id_][None])
            some = drawn.any(axis=1)
            firms = np.concatenate([one.open, chosen[close][some]])
            order = np.argsort(firms)
            found[id_] = Held(one.sure, firms[order], np.concatenate([one.drawn, drawn[some]])[order])
        return found

    def _nested(self, held: dict[str, Held], sure: Mapping[int, frozenset[str]]) -> dict[str, Held]:
        """Keep what lies in what in every draw, from the finest outline to the coarsest."""
        certain: dict[str, list[int]] = {}
        for position, places in sure.items():
            for place in places:
                certain.setdefault(place, []).append(position)
        found: dict[str, Held] = {}
        for id_ in self.outlines.order:
            one = held[id_]
            for around in self.outlines.cut_at[id_]:
                one = one & found[around]
            parts = [found[part] for part in self.outlines.widened_by[id_]]
            one = any_of([one, *parts], self.draws)
            found[id_] = one
        return {
            id_: one.sure_of(np.array(sorted(certain[id_]), np.intp)) if id_ in certain else one
            for id_, one in found.items()
        }

    def _contradictions(self) -> dict[int, list[str]]:
        """The documented places, by firm, that its own position contradicts."""
        found: dict[int, list[str]] = {}
        for position, places in self.documented.items():
            if not self._has_position(position):
                continue
            for place in self._drawn(places):
                if self._apart(position, place):
                    found.setdefault(position, []).append(place)
        return found

    def _apart(self, position: int, place: str) -> bool:
        """Whether a firm's own position and a place exclude each other: neither holds 5 % of the other."""
        if self.chance(self.by_position[place], position) >= POSSIBLE:
            return False
        if self.kinds[position] in {Knowledge.AT, Knowledge.ALONG}:
            # A place may be too small to be met by chance; it is met where the two radii reach each other.
            reach = SIGMAS_IN_95 * float(np.hypot(self.sigmas[position], self.outlines.sigma[place]))
            return float(shapely.distance(self.outlines.shapes[place].outline, self.geometry[position])) > reach
        every = np.arange(self.draws)
        points = self._anywhere_in(place, self.records[position]["id"])(every, 0)
        shares = [self.outlines.holds(own, points, every).mean() for own in self._drawn(self._within(position))]
        return all(share < POSSIBLE for share in shares)

    def chance(self, held: Held, position: int) -> float:
        """The probability of one firm."""
        if position in held.sure:
            return 1.0
        at = np.flatnonzero(held.open == position)
        return float(held.drawn[at[0]].mean()) if len(at) else 0.0


def _on_line(line: Any, shares: Floats) -> Floats:
    """Points at some shares of a line's length, shape (n, 2); of several lines, one after the other."""
    parts = shapely.get_parts(line)
    lengths = shapely.length(parts)
    ends = np.cumsum(lengths)
    along = shares * ends[-1]
    part = np.minimum(np.searchsorted(ends, along, side="right"), len(parts) - 1)
    at = shapely.line_interpolate_point(parts[part], along - (ends - lengths)[part])
    return np.asarray(shapely.get_coordinates(at), float)
