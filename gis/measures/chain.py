"""Say of each place and each link of the chain whether it is there, missing, or not known, and how strong it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gis.earth.law import interval_of
from gis.measures.chances import LOCATED, POSSIBLE, Held
from gis.measures.coverage import LEAST_FIRMS, CityCoverage, FirmsBehind, Ground, coverage
from gis.measures.links import CityChain, Clause, Feed, FirmHere, LinkRow, NearPlace, State
from gis.measures.nearness import Nearness
from gis.measures.relatedness import relatedness
from gis.model.facts import ChainLink, Fact, Want
from gis.model.layers import Record
from gis.model.position import Basis, Knowledge
from gis.model.project import Project
from gis.model.schema import UNKNOWN_SEGMENT

# From this probability of exactly one firm on, a present link hangs on a single supplier.
SINGLE: Final = 0.5
_TAIL: Final = 0.025
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scope:
    """A place, zone system or city, with the firms that are or may be in it.

    places: what it is made of; none where it is all that the city's list holds.
    """

    kind: str
    id: str
    plan: str
    name: str
    name_en: str
    held: Held | None
    documented: NDArray[np.intp]
    wants: tuple[Want, ...]
    places: frozenset[str]


def chain(
    project: Project,
    city: str,
    *,
    day: date | None = None,
    ground: Ground | None = None,
    counted: CityCoverage | None = None,
) -> CityChain:
    """Find the state of every link in every place, zone system and the whole of a city.

    Args:
        project: the checked project.
        city: id of the city.
        day: the layout of this day; where None, every system that the plans name.
        ground: the city's ground of that day, where it is at hand already.
        counted: its coverage of that day, where it is at hand already.

    Raises:
        UnknownIdError: the project has no such city.
        UsageError: nothing is drawn in the city.
    """
    ground = ground or Ground(project, city, day)
    counted = counted or coverage(project, city, day=day, ground=ground)
    links = Links(project, ground)
    scopes = scopes_of(project, ground, counted)
    nearness = Nearness(project, ground)
    rows: list[LinkRow] = []
    for scope in scopes:
        found = links.of(scope)
        rows += [
            replace(row, rings=nearness.rings(scope.id, links.members[row.segment], scope.held))
            if scope.kind == "zone" and row.wanted
            else row
            for row in found
        ]
    zones = [scope for scope in scopes if scope.kind == "zone"]
    rows = _with_places(rows, nearness, {(s.plan, s.id): s.places for s in counted.systems})
    return CityChain(
        city=city,
        name=ground.city.name,
        name_en=ground.city.name_en,
        as_of=project.as_of,
        on=day,
        complete=links.complete,
        rows=tuple(rows),
        relatedness=relatedness([scope.id for scope in zones], links.ids, np.array([links.counts(s) for s in zones])),
        named=tuple(project.facts.of_city(city).chain),
    )


def _with_places(
    rows: list[LinkRow], nearness: Nearness, systems: Mapping[tuple[str, str], Sequence[str]]
) -> list[LinkRow]:
    """The rows, each that is wanted or single with the nearest place that has its link."""
    having: dict[str, dict[str, LinkRow]] = {}
    for row in rows:
        if row.scope == "zone" and row.here:
            having.setdefault(row.segment, {})[row.id] = row
    found: list[LinkRow] = []
    for row in rows:
        others = having.get(row.segment, {})
        own = systems[row.plan, row.id] if row.scope == "system" else (row.id,)
        near = nearness.place(own, others) if row.scope != "city" and (row.wanted or row.single) else None
        if near is not None:
            there = others[near[0]]
            row = replace(row, nearest_place=NearPlace(there.id, there.name, there.name_en, near[1]))  # noqa: PLW2901
        found.append(row)
    return found


def scopes_of(project: Project, ground: Ground, counted: CityCoverage) -> list[Scope]:
    """The city, its zone systems and its places, in that order, each once."""
    wants = project.facts.of_city(ground.city.id).wants()
    by_place: dict[str, list[Want]] = {}
    for want in wants:
        by_place.setdefault(want.subject, []).append(want)
    found = [_city_scope(project, ground, wants)]
    for system in counted.systems:
        fact = next(s for s in project.systems(ground.city.id) if (s.plan, s.id) == (system.plan, system.id))
        own = [want for want in by_place.get(system.id, ()) if want.fact.plan == system.plan]
        inner = [want for place in system.places for want in by_place.get(place, ())]
        name_en = fact.label_en or system.name
        found.append(
            Scope(
                "system",
                system.id,
                system.plan,
                system.name,
                name_en,
                *_behind(system.firms),
                (*own, *inner),
                frozenset(system.places),
            )
        )
    records = {record["id"]: record for record, _ in ground.places}
    for row in {row.id: row for row in reversed(counted.zones)}.values():
        name_en = records[row.id].get("name_en") or row.name
        wanted = tuple(by_place.get(row.id, ()))
        found.append(Scope("zone", row.id, "", row.name, name_en, *_behind(row.firms), wanted, frozenset({row.id})))
    return found


def _city_scope(project: Project, ground: Ground, wants: Sequence[Want]) -> Scope:
    """The district that the city is about, with what is wanted in it; without one, all that its list holds."""
    city, where = ground.city, ground.whereabouts
    if city.subject not in ground.outlines:
        every = np.arange(len(ground.firms))
        listed = Held(every, np.zeros(0, np.intp), np.zeros((0, 1), bool))
        located = {mention.id for mention in project.facts.mentions if mention.standing == "located"}
        said = np.array([i for i, r in enumerate(ground.firms.records) if r["id"] in located], np.intp)
        return Scope("city", city.id, "", city.name, city.name_en, listed, said, tuple(wants), frozenset())
    inside = {city.subject} | {id_ for id_ in ground.places.ids if city.subject in where.outlines.around.get(id_, ())}
    inside |= {s.id for s in project.systems(city.id) if any(member.id in inside for member in project.members(s))}
    said = ground.positions_put_in([city.subject])
    held = where.combined[city.subject].sure_of(said)
    own = tuple(want for want in wants if want.subject in inside)
    return Scope("city", city.id, "", city.name, city.name_en, held, said, own, frozenset({city.subject}))


def _behind(firms: FirmsBehind) -> tuple[Held | None, NDArray[np.intp]]:
    return firms.held, firms.documented


@dataclass(frozen=True, slots=True)
class _Count:
    """How many firms of a link are in a scope: what the law and the documents say of it."""

    documented: int
    p_any: float | None
    p_proven: float | None
    p_one: float | None
    estimate: float | None
    low: int | None
    high: int | None

    @property
    def present(self) -> bool:
        return self.documented > 0 or (self.p_proven or 0.0) >= LOCATED


class Links:
    """The links of a project's dictionary, the firms of a city by link, and the rows of any scope."""

    def __init__(self, project: Project, ground: Ground) -> None:
        self.project = project
        self.ground = ground
        self.complete = project.complete(ground.city.id, "enterprises") is not None
        self.segments = [segment for segment in project.segments.values() if segment.id != UNKNOWN_SEGMENT]
        self.ids = [segment.id for segment in self.segments]
        records = ground.firms.records
        self.members: dict[str, Bools] = {
            id_: np.array([record["segment"] == id_ for record in records], bool) for id_ in self.ids
        }
        unknown = [ground.whereabouts.unknown(position) for position in range(len(records))]
        self.unknown = np.array(unknown, bool)
        self.feeds = _feeds(project, ground.city.id)
        self._mentions: dict[str, list[Fact]] = {}
        for mention in project.facts.mentions:
            if mention.standing == "located":
                self._mentions.setdefault(mention.id, []).append(mention)

    def counts(self, scope: Scope) -> list[float]:
        """The expected number of firms in a scope, by link."""
        if scope.held is None:
            return [float(self.members[id_][scope.documented].sum()) for id_ in self.ids]
        p = scope.held.probabilities(len(self.ground.firms))
        return [float(p[self.members[id_]].sum()) for id_ in self.ids]

    def of(self, scope: Scope) -> list[LinkRow]:
        """The rows of a scope, in the order of the links."""
        counts = {id_: self._count(scope, self.members[id_]) for id_ in self.ids}
        present = {id_ for id_, count in counts.items() if count.present}
        quotients = self._quotients(scope)
        return [self._row(scope, id_, counts[id_], present, quotients[id_]) for id_ in self.ids]

    def _count(self, scope: Scope, members: Bools) -> _Count:
        documented = int(members[scope.documented].sum())
        if scope.held is None:
            return self._by_word(documented)
        held = scope.held.only(members)
        counts = len(held.sure) + held.counts()
        interval = interval_of(len(held.sure), held.counts())
        if not self.complete and not interval.high:
            return _Count(documented, None, None, None, None, None, None)
        proven = held.only(~self.ground.general) if scope.places else held
        with_proof = len(proven.sure) + proven.counts()
        return _Count(
            documented,
            float((counts >= 1).mean()),
            float((with_proof >= 1).mean()),
            float((counts == 1).mean()),
            interval.estimate,
            interval.low,
            interval.high,
        )

    def _by_word(self, documented: int) -> _Count:
        """Of a scope without outline only documents speak: so many firms at least, who else is in it nothing says.

        From a list that is incomplete anyway, a single name is a single name; that is what P(N = 1) is then.
        """
        if not documented:
            return _Count(0, None, None, None, None, None, None)
        one = None if self.complete else float(documented == 1)
        return _Count(documented, 1.0, 1.0, one, None, documented, None)

    def _row(self, scope: Scope, id_: str, count: _Count, present: set[str], quotient: tuple[Any, ...]) -> LinkRow:
        segment = self.project.segments[id_]
        wants = _clauses(want for want in scope.wants if want.reach == "link" and id_ in want.segments)
        unplaced = self._unplaced(scope, self.members[id_])
        spanned = _clauses(want for want in scope.wants if want.reach == "chain" and id_ in want.segments)
        feeds = self.feeds.get(id_, ()) if count.present or wants else ()
        middle, low, high, note, note_en = quotient
        single = count.present and (count.p_one or 0.0) >= SINGLE and any(f.segment in present for f in feeds)
        weak = count.present and high is not None and high < 1
        strong = count.present and low is not None and low > 1
        return LinkRow(
            scope=scope.kind,
            id=scope.id,
            plan=scope.plan,
            name=scope.name,
            name_en=scope.name_en,
            segment=id_,
            label=segment.label,
            label_en=segment.label_en,
            state=self._state(count, wanted=bool(wants), unplaced=unplaced, weak=weak, single=single, strong=strong),
            wanted=bool(wants),
            wants=wants,
            spanned=spanned,
            complete=self.complete,
            **{name: getattr(count, name) for name in count.__dataclass_fields__},
            unplaced=unplaced,
            firms=tuple(self._firms(scope, self.members[id_])),
            quotient=middle,
            quotient_low=low,
            quotient_high=high,
            quotient_note=note,
            quotient_note_en=note_en,
            feeds=feeds,
            weak=weak,
            single=single,
            strong=strong,
        )

    def _unplaced(self, scope: Scope, members: Bools) -> int:
        """How many firms of a link may be in a scope as in any other, as nothing says where they are."""
        unknown = members & self.unknown
        unknown[scope.documented] = False
        return int(unknown.sum()) if scope.places else 0

    def _state(self, count: _Count, *, wanted: bool, unplaced: int, weak: bool, single: bool, strong: bool) -> State:
        if count.present:
            kinds = ((State.SINGLE, single), (State.WEAK, weak), (State.STRONG, strong))
            return next((kind for kind, true in kinds if true), State.PRESENT)
        if self.complete and not unplaced and count.p_any is not None and count.p_any <= POSSIBLE:
            return State.MISSING if wanted else State.ABSENT
        return State.NOT_KNOWN

    def _quotients(self, scope: Scope) -> dict[str, tuple[Any, ...]]:
        """By link, the location quotient with its interval, and why there is none."""
        if scope.kind == "city":
            why = ("全市是比较的对象", "the city is what the others are compared with")
        elif scope.held is None:
            why = ("没有轮廓，不计区位商", "without an outline there is no quotient")
        else:
            size = len(scope.held.sure) + scope.held.counts()
            if size.mean() >= LEAST_FIRMS:
                return {id_: self._quotient(scope.held, members, size) for id_, members in self.members.items()}
            why = (f"不足{LEAST_FIRMS}家，不计区位商", f"fewer than {LEAST_FIRMS} firms make no quotient")
        return dict.fromkeys(self.ids, (None, None, None, *why))

    def _quotient(self, held: Held, members: Bools, size: NDArray[np.intp]) -> tuple[Any, ...]:
        if not members.any():
            return None, None, None, "名录中没有这一环节的企业", "the list holds no firm of this link"
        link = held.only(members)
        of_link = np.broadcast_to(len(link.sure) + link.counts(), size.shape)
        if not self.complete and not of_link.any():
            return None, None, None, "名录（不全）中没有可能在此的企业", "the list (incomplete) holds no firm here"
        some = size > 0
        share = float(members.mean())
        low, high = _ends(of_link[some], size[some], sample=not self.complete)
        return float(of_link.mean() / size.mean() / share), low / share, high / share, "", ""

    def _firms(self, scope: Scope, members: Bools) -> Iterable[FirmHere]:
        """The firms of a link that may be here, the surest first."""
        p = np.zeros(len(members)) if scope.held is None else scope.held.probabilities(len(members))
        p[scope.documented] = 1.0
        for position in sorted(np.flatnonzero(members & (p >= POSSIBLE)), key=lambda at: (-p[at], at)):
            record = self.ground.firms.records[position]
            yield FirmHere(
                id=record["id"],
                name=record["name"],
                name_en=record.get("name_en") or record["name"],
                p=round(float(p[position]), 4),
                how=self.how(scope, int(position)),
                accuracy_m=record.get("accuracy_m"),
                source=source_of(record),
                clauses=self.said(scope, record["id"], documented=position in scope.documented),
            )

    def how(self, scope: Scope, position: int) -> str:
        """By what a firm is known to be in a scope, as `FirmHere` says it."""
        if position in scope.documented:
            return "documented"
        if not scope.places:
            return "listed"
        if self.ground.kinds[position] in {Knowledge.AT, Knowledge.ALONG}:
            return "position"
        return "general" if self.ground.general[position] else "place"

    def said(self, scope: Scope, firm: str, *, documented: bool) -> tuple[Clause, ...]:
        """The clauses that put a firm here: those whose place is this one or a part of it."""
        if not documented:
            return ()
        around = self.ground.attribution.around
        facts = self._mentions.get(firm, ())
        here = [f for f in facts if not scope.places or scope.places & around([getattr(f, "place", "")])]
        return tuple(Clause.of(fact, getattr(fact, "place", "")) for fact in here)


def _ends(counts: NDArray[Any], sizes: NDArray[Any], *, sample: bool) -> tuple[float, float]:
    """The ends of the 95 % interval of a share, over the draws of count and size.

    sample: the list is incomplete, so that the firms it holds are a sample of those there are: each draw then gives
    the ends of Clopper and Pearson instead of the share itself.
    """
    wide = int(sizes.max()) + 1
    times = np.bincount(np.asarray(counts * wide + sizes, np.intp))
    pairs = np.flatnonzero(times)
    k, n = (pairs // wide).astype(float), (pairs % wide).astype(float)
    lows = highs = k / n
    if sample:
        from scipy.special import betaincinv

        lows = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, _TAIL), 0.0)
        highs = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - _TAIL), 1.0)
    return _quantile(lows, times[pairs], _TAIL), _quantile(highs, times[pairs], 1 - _TAIL)


def _quantile(values: Floats, times: NDArray[np.intp], share: float) -> float:
    """The value below which a share of the draws lies, of values that come so many times."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(times[order]) > share * times.sum()
    return float(values[order][np.argmax(reached)])


def _clauses(wants: Iterable[Want]) -> tuple[Clause, ...]:
    return tuple(dict.fromkeys(Clause.of(want.fact, want.function) for want in wants))


def source_of(record: Record) -> str:
    """Where a firm's position is from, in words."""
    if record.get("geometry_source"):
        return str(record["geometry_source"])
    if record.get("within"):
        basis = "（一般知识）" if record.get("within_basis") == Basis.GENERAL else ""
        return f"{record.get('within_source') or record['within']}{basis}"
    return str(record.get("unplaced_reason") or "")


def _feeds(project: Project, city: str) -> Mapping[str, tuple[Feed, ...]]:
    """By link, the links that it supplies, by the rows of chain.csv; a link does not supply itself."""
    rows: Sequence[ChainLink] = project.facts.of_city(city).chain
    links = {(row.plan, row.id): row for row in reversed(rows) if row.chain}
    found: dict[str, dict[Feed, None]] = {}
    for row in rows:
        giver = links.get((row.plan, row.id))
        for taker in (links.get((row.plan, target)) for target in row.supplies):
            if giver is None or taker is None or giver.segment == taker.segment:
                continue
            if UNKNOWN_SEGMENT in {giver.segment, taker.segment}:
                continue
            feed = Feed(taker.segment, row.basis, Clause.of(row, f"{giver.title} → {taker.title}"))
            found.setdefault(giver.segment, {})[feed] = None
    return {segment: tuple(feeds) for segment, feeds in found.items()}
