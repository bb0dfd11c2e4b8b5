"""Lay open what a figure is made of: its formula, the firms with probability and accuracy, clauses and outlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gis.base.errors import UnknownIdError, UsageError
from gis.measures.chain import Links, Scope, scopes_of, source_of
from gis.measures.chances import Held, any_of
from gis.measures.coverage import CityCoverage, Figures, Ground, coverage
from gis.measures.links import Clause, LinkRow
from gis.model.position import Knowledge
from gis.model.project import Project

COVERAGE: Final = "coverage"
CHAIN: Final = "chain"
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A firm behind a figure.

    p: the probability that it is here, all that is known combined; p_position: by its own position alone. how: as of
    `FirmHere`; general: its place is known by general knowledge alone; here: a document puts it in the place itself,
    not only in a part of it; sourced: only another public source puts it here. inside: its point lies on or in the
    outline as drawn. clauses: what the documents say of it.
    """

    id: str
    name: str
    name_en: str
    segment: str
    p: float
    p_position: float
    how: str
    general: bool
    here: bool
    sourced: bool
    inside: bool
    knowledge: str
    accuracy_m: float | None
    source: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """An outline behind a figure: what it rests on, its 95 % radius in metres, and where it is from."""

    id: str
    name: str
    basis: str
    accuracy_m: float
    source: str
    area_km2: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one figure of one place is, and what it is made of.

    terms: the numbers that the formula takes beside the firms. law: the probability of each number of firms; of a link
    of the chain also law_proven, of the firms that more than general knowledge puts here, and pairs: how often so many
    firms of the link are among so many in all, as (of the link, in all, probability). wants and feeds: the clauses
    behind what is wanted and supplied. recomputable: `recomputed` gives the value from this object alone.
    """

    about: str
    id: str
    name: str
    name_en: str
    link: str
    figure: str
    value: Any
    formula: str
    formula_en: str
    recomputable: bool
    terms: Mapping[str, Any]
    firms: tuple[Evidence, ...]
    law: tuple[tuple[int, float], ...]
    law_proven: tuple[tuple[int, float], ...] = ()
    pairs: tuple[tuple[int, int, float], ...] = ()
    outlines: tuple[Outline, ...] = ()
    wants: tuple[Clause, ...] = ()
    feeds: tuple[Clause, ...] = ()

    def flat(self) -> dict[str, Any]:
        """The object as JSON-able data."""
        return asdict(self)


# What a figure is, in Chinese and English; those that a geometry gives are not recomputed from the firms.
FORMULAS: Final[Mapping[str, tuple[str, str]]] = {
    "documented": ("文件归入此处或其组成部分的企业数", "firms that documents put here or in a part of here"),
    "documented_here": ("文件直接列于此处的企业数", "firms that documents put here itself"),
    "placed_by_source": ("只有其他公开资料归入此处的企业数", "firms that only other public sources put here"),
    "located": ("位置可能性 ≥ 95%、且不单凭一般知识的企业数", "firms with p_position ≥ 0.95, general knowledge apart"),
    "possible": (
        "位置可能性 5%–95%（或单凭一般知识而 ≥ 5%）的企业数",
        "firms with p_position of 0.05 to 0.95 (or, by general knowledge alone, of 0.05 or more)",
    ),
    "possible_sum": ("“可能在内”企业的位置可能性之和", "the sum of p_position of the possible firms"),
    "inside": ("点位在所绘轮廓之内（含边）的企业数", "firms whose point lies on or in the outline as drawn"),
    "estimate": ("Σ p（合计可能性之和）", "Σ p, all that is known combined"),
    "low": ("家数分布的2.5%分位数，不高于估计数", "the 2.5 % quantile of the count, at most the estimate"),
    "high": ("家数分布的97.5%分位数，不低于估计数", "the 97.5 % quantile of the count, at least the estimate"),
    "estimate_documented": ("文件归入的企业，每家计1", "the firms that documents put here, each as 1"),
    "estimate_position": ("其余有点位或线位的企业之 Σ p", "Σ p of the others with a point or line"),
    "estimate_area": ("其余只知所在地的企业之 Σ p", "Σ p of the others of which only a place is known"),
    "area_km2": ("轮廓的椭球面积（重叠处只计一次）", "the area of the outlines on the ellipsoid, what they share once"),
    "area_mu": ("面积 × 1500", "area × 1500"),
    "density_per_km2": ("估计数 ÷ 面积", "estimate / area"),
    "density_low": ("下限 ÷ 面积", "low / area"),
    "density_high": ("上限 ÷ 面积", "high / area"),
    "test_road_density": ("测试道路km ÷ 面积", "test road km / area"),
    "state": (
        "有：文件归入或 P(N≥1) ≥ 95%（一般知识除外）；缺：规划要求、名录齐全、P(N≥1) ≤ 5%；其余未知。"
        "有而区位商上限 < 1 为弱，下限 > 1 为强；供给“有”的环节且 P(N=1) ≥ 50% 为独家",
        "present: documented, or P(N≥1) ≥ 0.95 general knowledge apart; missing: wanted, the list complete, and "
        "P(N≥1) ≤ 0.05; else not known. Present and the quotient's upper end < 1: weak; lower end > 1: strong; "
        "supplies a present link and P(N=1) ≥ 0.5: single",
    ),
    "p_any": ("P(N ≥ 1)，自家数分布", "P(N ≥ 1) of the law of the count"),
    "p_proven": ("P(N ≥ 1)，不计单凭一般知识者", "P(N ≥ 1) without the firms of general knowledge alone"),
    "p_one": ("P(N = 1)，自家数分布", "P(N = 1) of the law of the count"),
    "quotient": (
        "（本环节估计数 ÷ 全部估计数）÷（全市本环节家数 ÷ 全市家数）",
        "(firms of the link here / all firms here) / (firms of the link in the city / all firms in the city)",
    ),
    "quotient_low": ("区位商的2.5%分位数（名录不全时按Clopper–Pearson放宽）",
                     "its 2.5 % quantile; where the list is incomplete, of the ends of Clopper and Pearson"),
    "quotient_high": ("区位商的97.5%分位数（名录不全时按Clopper–Pearson放宽）", "its 97.5 % quantile (likewise)"),
}  # fmt: skip
OF_COVERAGE: Final = tuple(name for name in FORMULAS if name in Figures.__dataclass_fields__)
OF_CHAIN: Final = (
    "state", "documented", "p_any", "p_proven", "p_one", "estimate", "low", "high", "quotient", "quotient_low",
    "quotient_high",
)  # fmt: skip
_BY_GEOMETRY: Final = frozenset({"area_km2"})


@dataclass(eq=False)
class Explainer:
    """Explains the figures of one city, computed once."""

    project: Project
    city: str
    day: date | None = None
    ground: Ground = field(init=False)
    counted: CityCoverage = field(init=False)
    links: Links = field(init=False)
    scopes: dict[str, Scope] = field(init=False)

    def __post_init__(self) -> None:
        """Count the city."""
        self.ground = Ground(self.project, self.city, self.day)
        self.counted = coverage(self.project, self.city, day=self.day, ground=self.ground)
        self.links = Links(self.project, self.ground)
        every = scopes_of(self.project, self.ground, self.counted)
        # Of one id the place goes first, and of two plans' systems that of the first plan.
        self.scopes = {scope.id: scope for scope in reversed(every) if scope.kind != "zone"}
        self.scopes |= {scope.id: scope for scope in every if scope.kind == "zone"}
        self._positions: dict[str, Held | None] = {}

    def coverage(self, place: str, figure: str) -> Explanation:
        """What a figure of `gis coverage` is made of, in one zone or zone system.

        Raises:
            UnknownIdError: there is no such place.
            UsageError: there is no such figure.
        """
        scope = self._scope(place)
        _check_figure(figure, OF_COVERAGE, COVERAGE)
        of_zones = {row.id: row.figures for row in self.counted.zones}
        figures = of_zones.get(place) or {s.id: s.figures for s in reversed(self.counted.systems)}.get(place)
        if figures is None:
            raise UsageError(f"coverage counts zones and zone systems; {place} is neither")
        terms = {name: getattr(figures, name) for name in ("area_km2", "test_road_km")}
        terms["complete"] = self.links.complete
        return self._explained(COVERAGE, scope, "", figure, getattr(figures, figure), terms, None)

    def chain(self, place: str, link: str, figure: str) -> Explanation:
        """What a figure of `gis chain` is made of, of one link in one zone, zone system or city.

        Raises:
            UnknownIdError: there is no such place or link.
            UsageError: there is no such figure.
        """
        scope = self._scope(place)
        _check_figure(figure, OF_CHAIN, CHAIN)
        if link not in self.links.members:
            names = {id_: [self.project.segments[id_].label] for id_ in self.links.ids}
            raise UnknownIdError("segment", link, self.links.ids, names)
        rows = {row.segment: row for row in self.links.of(scope)}
        row, members = rows[link], self.links.members[link]
        terms = {
            "wanted": row.wanted,
            "complete": row.complete,
            "unplaced": row.unplaced,
            "quotient_low": row.quotient_low,
            "quotient_high": row.quotient_high,
            "quotient_note": row.quotient_note,
            "city_link": int(members.sum()),
            "city_all": len(members),
            "feeds_present": sorted({feed.segment for feed in row.feeds if rows[feed.segment].here}),
        }
        value = str(row.state) if figure == "state" else getattr(row, figure)
        return self._explained(CHAIN, scope, link, figure, value, terms, row)

    def _scope(self, place: str) -> Scope:
        if place not in self.scopes:
            names = {id_: [scope.name, scope.name_en] for id_, scope in self.scopes.items()}
            raise UnknownIdError("zone", place, names, names)
        return self.scopes[place]

    def _explained(
        self, about: str, scope: Scope, link: str, figure: str, value: Any, terms: dict[str, Any], row: LinkRow | None
    ) -> Explanation:
        members = self.links.members[link] if link else np.ones(len(self.ground.firms), bool)
        held = scope.held
        general = held.only(members & ~self.ground.general) if held is not None and link and scope.places else None
        return Explanation(
            about=about,
            id=scope.id,
            name=scope.name,
            name_en=scope.name_en,
            link=link,
            figure=figure,
            value=value,
            formula=FORMULAS[figure][0],
            formula_en=FORMULAS[figure][1],
            recomputable=figure not in _BY_GEOMETRY,
            terms=terms,
            firms=tuple(self._evidence(scope, members)),
            law=() if held is None else _law(held.only(members)),
            law_proven=() if general is None else _law(general),
            pairs=() if held is None or not link or not scope.places else _pairs(held, members),
            outlines=tuple(self._outlines(scope)),
            wants=() if row is None else row.wants,
            feeds=() if row is None else tuple(feed.clause for feed in row.feeds),
        )

    def _evidence(self, scope: Scope, members: Bools) -> list[Evidence]:
        ground, number = self.ground, len(members)
        by_position = self._by_position(scope)
        own = np.zeros(number) if by_position is None else by_position.probabilities(number)
        p = np.zeros(number) if scope.held is None else scope.held.probabilities(number)
        p[scope.documented] = 1.0
        named = set(ground.positions_named_in(scope.places).tolist())
        sourced = set(ground.positions_sourced_in(scope.places).tolist())
        inside = {
            int(i)
            for id_ in scope.places
            if id_ in ground.outlines
            for i in ground.positions_inside(ground.outlines[id_])
        }
        chosen = np.flatnonzero(members & ((p > 0) | (own > 0) | np.isin(np.arange(number), list(sourced | inside))))
        return [
            self._firm(scope, int(i), float(p[i]), float(own[i]), int(i) in named, int(i) in sourced, int(i) in inside)
            for i in sorted(chosen, key=lambda at: (-p[at], at))
        ]

    def _firm(self, scope: Scope, at: int, p: float, own: float, here: bool, sourced: bool, inside: bool) -> Evidence:
        record, kind = self.ground.firms.records[at], self.ground.kinds[at]
        documented = at in scope.documented
        return Evidence(
            id=record["id"],
            name=record["name"],
            name_en=record.get("name_en") or record["name"],
            segment=record["segment"],
            p=round(p, 6),
            p_position=round(own, 6),
            how=self.links.how(scope, at),
            general=bool(self.ground.general[at]),
            here=here,
            sourced=sourced,
            inside=inside,
            knowledge=str(Knowledge(kind)),
            accuracy_m=record.get("accuracy_m"),
            source=source_of(record),
            clauses=self.links.said(scope, record["id"], documented=documented),
        )

    def _by_position(self, scope: Scope) -> Held | None:
        """Which firms lie in a scope by their own position."""
        if scope.id not in self._positions:
            where = self.ground.whereabouts
            drawn = [where.by_position[id_] for id_ in sorted(scope.places) if id_ in where.by_position]
            self._positions[scope.id] = any_of(drawn, where.draws) if drawn else None
        return self._positions[scope.id]

    def _outlines(self, scope: Scope) -> list[Outline]:
        areas = {row.id: row.figures.area_km2 for row in self.counted.zones}
        records = {r["id"]: r for kind in ("districts", "zones") for r in self.project.layer(self.city, kind).records}
        return [
            Outline(
                id_,
                records[id_]["name"],
                records[id_]["geometry_basis"],
                float(records[id_]["accuracy_m"]),
                str(records[id_].get("geometry_source") or ""),
                areas.get(id_),
            )
            for id_ in sorted(scope.places)
            if id_ in self.ground.outlines
        ]


def _check_figure(figure: str, known: Sequence[str], about: str) -> None:
    if figure not in known:
        raise UsageError(f"{about} has no figure {figure!r} that is explained; there are {', '.join(known)}")


def _law(held: Held) -> tuple[tuple[int, float], ...]:
    """The probability of each number of firms."""
    counts, times = np.unique(held.counts(), return_counts=True)
    share = times / times.sum()
    return tuple((len(held.sure) + int(k), round(float(p), 8)) for k, p in zip(counts, share, strict=True))


def _pairs(held: Held, members: Bools) -> tuple[tuple[int, int, float], ...]:
    """How often so many firms of a link are among so many in all."""
    link = held.only(members)
    size = len(held.sure) + held.counts()
    both = np.stack([np.broadcast_to(len(link.sure) + link.counts(), size.shape), size])
    found, times = np.unique(both, axis=1, return_counts=True)
    share = times / times.sum()
    return tuple((int(k), int(n), round(float(p), 8)) for k, n, p in zip(*found, share, strict=True))
