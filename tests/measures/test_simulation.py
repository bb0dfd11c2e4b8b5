"""Every printed estimate and interval, held against a plain simulation of the stated model with 20,000 draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.measures.coverage import Ground, coverage
from gis.model.project import Project, load_project
from tests import ROOT

DRAWS = 60_000
TRIES = 8
# Of an estimate, and of both ends of its interval.
ESTIMATE_WITHIN, ENDS_WITHIN = 0.05, 1

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


class Simulation:
    """The model as docs/statistics.md states it, drawn at random: nothing here is shared with what computes it."""

    def __init__(self, project: Project, city: str) -> None:
        self.random = np.random.default_rng(12)
        ground = Ground(project, city)
        self.outlines: dict[str, BaseGeometry] = ground.outlines
        for outline in self.outlines.values():
            shapely.prepare(outline)
        records = {
            record["id"]: record
            for kind in ("zones", "districts")
            for record in project.layer(city, kind).records
            if record["id"] in self.outlines
        }
        self.made_of = {id_: list(r["derived_from"]) for id_, r in records.items() if r.get("derived_from")}
        self.documents = self._closure(self._said(project))
        sides = self._said(project)
        for id_, record in records.items():
            if record.get("within"):
                sides.add((id_, record["within"]))
        sides |= {(part, whole) for whole, parts in self.made_of.items() for part in parts}
        self.lies_in = self._closure(sides)
        self.sigma = {id_: float(r["accuracy_m"]) / np.sqrt(-2 * np.log(0.05)) for id_, r in records.items()}
        for whole, parts in self.made_of.items():
            self.sigma[whole] = max(self.sigma[part] for part in parts)
        order = sorted(self.outlines, key=lambda i: (self.sigma[i], i in self.made_of, -self.outlines[i].area, i))
        self.rank = {id_: n for n, id_ in enumerate(order)}
        self.moved = {id_: self._displaced(self.sigma[id_]) for id_ in order}
        self.firms = list(zip(ground.firms.records, ground.positions, strict=True))
        self.mentions: dict[str, set[str]] = {}
        for mention in project.facts.mentions:
            if mention.standing == "located" and mention.place:
                self.mentions.setdefault(mention.id, set()).add(mention.place)
        self.where = {record["id"]: self._positions(record, shape) for record, shape in self.firms}

    def _displaced(self, sigma: float) -> Floats:
        """Displacements, a quarter of them drawn and each turned by a quarter three times: the law is the same in every
        direction, and means vary less.
        """
        quarter = self.random.normal(0, sigma, (DRAWS // 4, 2))
        turned = np.array([[0.0, 1.0], [-1.0, 0.0]])
        return np.concatenate([quarter @ np.linalg.matrix_power(turned, times) for times in range(4)])

    @staticmethod
    def _said(project: Project) -> set[tuple[str, str]]:
        sides = {(m.id, m.parent) for m in project.facts.memberships if m.parent}
        for relation in project.facts.rows["relations"]:
            if getattr(relation, "relation", "") == "part_of":
                sides.add((getattr(relation, "subject", ""), getattr(relation, "object", "")))
        return sides

    @staticmethod
    def _closure(sides: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for part, whole in sides:
            found.setdefault(part, set()).add(whole)
        while True:
            grown = {part: wholes.union(*(found.get(w, set()) for w in wholes)) for part, wholes in found.items()}
            if grown == found:
                return {part: wholes - {part} for part, wholes in found.items()}
            found = grown

    def holds(self, id_: str, xy: Floats, draws: NDArray[np.intp], known: dict[str, Bools]) -> Bools:
        """Whether each position lies in a place of its draw, what lies in what being kept."""
        if id_ not in known:
            held = np.zeros(len(xy), bool)
            if id_ not in self.made_of:
                away = xy - self.moved[id_][draws]
                held = shapely.contains_xy(self.outlines[id_], away[:, 0], away[:, 1])
            for other in self.outlines:
                if other in self.lies_in.get(id_, ()) and self.rank[other] < self.rank[id_]:
                    held = held & self.holds(other, xy, draws, known)
            for other in self.outlines:
                if id_ in self.lies_in.get(other, ()) and self.rank[other] < self.rank[id_]:
                    held = held | self.holds(other, xy, draws, known)
            known[id_] = held
        return known[id_]

    def _innermost(self, places: Iterable[str]) -> list[str]:
        drawn = [p for p in places if p in self.outlines]
        kept = [p for p in drawn if not any(p in self.lies_in.get(q, ()) for q in drawn)]
        return sorted(kept, key=lambda p: (self.outlines[p].area, p))

    def _anywhere(self, place: str, draws: NDArray[np.intp]) -> Floats:
        """A point of a place as drawn, moved with it (with the part it lies in, where it is made of parts)."""
        outline = self.outlines[place]
        west, south, east, north = outline.bounds
        found = np.empty((len(draws), 2))
        left = np.arange(len(draws))
        while len(left):
            found[left] = self.random.uniform((west, south), (east, north), (len(left), 2))
            left = left[~shapely.contains_xy(outline, found[left, 0], found[left, 1])]
        parts = [p for p in self.made_of.get(place, [place]) if p in self.outlines]
        frame = np.zeros(len(draws), int)
        for n in range(len(parts) - 1, 0, -1):
            frame[shapely.contains_xy(self.outlines[parts[n]], found[:, 0], found[:, 1])] = n
        moves = np.stack([self.moved[p] for p in parts])
        return np.asarray(found + moves[frame, draws])

    def _positions(self, record: Mapping[str, Any], shape: Any) -> Floats | None:
        """One position in each draw; None of a firm of which nothing is known."""
        said = set(self.mentions.get(record["id"], ()))
        around = said.union(*(self.lies_in.get(p, set()) for p in said))
        if record.get("within") and shape is None and (said or record.get("within_basis") != "document"):
            around |= {record["within"]} | self.lies_in.get(record["within"], set())
        must = self._innermost(around)
        if shape is None and not must:
            return None
        every = np.arange(DRAWS)

        def own(draws: NDArray[np.intp]) -> Floats:
            if shape is None:
                return self._anywhere(must[0], draws)
            sigma = float(record["accuracy_m"]) / np.sqrt(-2 * np.log(0.05))
            error = self.random.normal(0, sigma, (len(draws), 2))
            if shape.geom_type == "Point":
                return np.asarray(np.array([shape.x, shape.y]) + error)
            points = shapely.line_interpolate_point(shape, self.random.uniform(size=len(draws)), normalized=True)
            return np.asarray(shapely.get_coordinates(points) + error)

        found, left = own(every), every
        for attempt in range(TRIES if must else 0):
            if attempt:
                found[left] = own(left)
            known: dict[str, Bools] = {}
            held = np.ones(len(left), bool)
            for place in must:
                held &= self.holds(place, found[left], left, known)
            left = left[~held]
        if must and len(left):
            found[left] = self._anywhere(must[0], left)
        return found

    def counts(self) -> dict[str, dict[str, Bools]]:
        """For each firm and place, in which draws it lies there."""
        found: dict[str, dict[str, Bools]] = {}
        every, always = np.arange(DRAWS), np.ones(DRAWS, bool)
        for record, shape in self.firms:
            said = set(self.mentions.get(record["id"], ()))
            sure = said.union(*(self.lies_in.get(p, set()) for p in said))
            if record.get("within") and shape is None and (said or record.get("within_basis") != "document"):
                sure |= {record["within"]} | self.lies_in.get(record["within"], set())
            xy = self.where[record["id"]]
            known: dict[str, Bools] = {}
            here = {} if xy is None else {p: self.holds(p, xy, every, known) for p in self.outlines}
            found[record["id"]] = here | dict.fromkeys(sure, always)
        return found


@pytest.mark.slow
@pytest.mark.parametrize("city", ["jiading", "hangzhou", "huli"])
def test_every_estimate_is_that_of_a_simulation_of_the_stated_model(project: Project, city: str) -> None:
    simulation = Simulation(project, city)
    here = simulation.counts()
    result = coverage(project, city)
    rows = {(row.plan, row.id): ([row.id], row.figures) for row in result.zones if row.figures.estimate is not None}
    rows |= {
        (row.plan, row.id): (list(row.places), row.figures)
        for row in result.systems
        if row.figures.estimate is not None
    }
    assert len(rows) > 10
    wrong = []
    for key, (places, figures) in rows.items():
        counts = np.zeros(DRAWS, int)
        for firm in here.values():
            held = [firm[place] for place in places if place in firm]
            if held:
                counts += np.any(held, axis=0)
        low, high = np.quantile(counts, [0.025, 0.975])
        assert figures.estimate is not None
        assert figures.low is not None
        assert figures.high is not None
        off = (abs(figures.estimate - counts.mean()), abs(figures.low - low), abs(figures.high - high))
        if off[0] > ESTIMATE_WITHIN or max(off[1:]) > ENDS_WITHIN:
            wrong.append((key, figures.estimate, figures.low, figures.high, counts.mean(), low, high))
    assert not wrong, wrong
