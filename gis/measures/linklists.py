"""List which links to fill, to strengthen and to secure, with the clauses, the candidates and the nearest place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from gis.measures.attribution import containers, said_to_lie_in
from gis.measures.links import CityChain, Clause, Feed, LinkRow, NearPlace, State
from gis.measures.nearness import Ring
from gis.model.facts import Mention
from gis.model.project import Project


class LinkList(StrEnum):
    """The three lists of a chain: links to fill (补链), to strengthen (强链) and to secure (固链)."""

    FILL = "补链"
    STRENGTHEN = "强链"
    SECURE = "固链"


IN_ENGLISH = {LinkList.FILL: "fill", LinkList.STRENGTHEN: "strengthen", LinkList.SECURE: "secure"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation that a plan wants to attract for a link: who, where it sits, and who says so.

    seat: where the documents or we know it to sit; empty where nothing says so. place: the place that the plan wants it
    for; empty where the plan names none. local: it is in the city already, and the plan wants more of it.
    """

    id: str
    name: str
    name_en: str
    seat: str
    place: str
    activity: str
    local: bool
    clause: Clause


@dataclass(frozen=True, slots=True)
class ListRow:
    """One link that one place, zone system or the city has to fill, strengthen or secure.

    proven: the link is missing, not only unknown, or its state follows from a list that is complete. wants: the clauses
    that want it; feeds: what hangs on it (of 固链). rings and nearest_place: who has it near by.
    """

    list: LinkList
    scope: str
    id: str
    plan: str
    name: str
    name_en: str
    segment: str
    label: str
    label_en: str
    state: State
    word: str
    word_en: str
    proven: bool
    firms: tuple[str, ...]
    wants: tuple[Clause, ...]
    feeds: tuple[Feed, ...]
    candidates: tuple[Candidate, ...]
    rings: tuple[Ring, ...]
    nearest_place: NearPlace | None

    def flat(self) -> dict[str, Any]:
        """The row as JSON-able data."""
        return asdict(self) | {"list": str(self.list), "state": str(self.state)}


def link_list(project: Project, result: CityChain, which: LinkList) -> list[ListRow]:
    """One of the three lists of a city, in the order of its places and links.

    补链 holds what is wanted and missing, and what is wanted and not known, which has to be looked up first; 强链 what
    is wanted and weak; 固链 what hangs on a single supplier.
    """
    named = _Named(project, result.city)
    return [_row(row, which, named) for row in result.rows if _belongs(row, which)]


def _belongs(row: LinkRow, which: LinkList) -> bool:
    if which == LinkList.SECURE:
        return row.here and row.single
    if which == LinkList.STRENGTHEN:
        return row.wanted and row.here and row.weak
    return row.wanted and row.state in {State.MISSING, State.NOT_KNOWN}


def _row(row: LinkRow, which: LinkList, named: _Named) -> ListRow:
    to_look_up = which == LinkList.FILL and row.state == State.NOT_KNOWN
    return ListRow(
        list=which,
        scope=row.scope,
        id=row.id,
        plan=row.plan,
        name=row.name,
        name_en=row.name_en,
        segment=row.segment,
        label=row.label,
        label_en=row.label_en,
        state=row.state,
        word="未知，待摸排" if to_look_up else row.word(),
        word_en="not known, to be looked up" if to_look_up else row.word("en"),
        proven=row.complete and not row.unplaced and not to_look_up,
        firms=tuple(firm.id for firm in row.firms),
        wants=row.wants,
        feeds=row.feeds if which == LinkList.SECURE else (),
        candidates=tuple(named.candidates(row)),
        rings=row.rings,
        nearest_place=row.nearest_place,
    )


class _Named:
    """The organisations that a city's plans want to attract, by link."""

    def __init__(self, project: Project, city: str) -> None:
        self.project = project
        self.within = containers(said_to_lie_in(project))
        self.local = {record["id"]: record for record in project.layer(city, "enterprises").records}
        self.systems = {
            (system.plan, system.id): {member.id for member in project.members(system)}
            for system in project.systems(city)
        }
        self.targets: dict[str, list[Mention]] = {}
        for mention in project.facts.of_city(city).mentions:
            if mention.standing == "target":
                self.targets.setdefault(mention.segment, []).append(mention)

    def candidates(self, row: LinkRow) -> Iterable[Candidate]:
        """Those that a plan wants for this link, here or wherever; first those that it wants here. Each clause once."""
        fitting = [mention for mention in self.targets.get(row.segment, ()) if self._fits(row, mention.place)]
        for mention in sorted(fitting, key=lambda mention: not mention.place):
            yield self._candidate(mention)

    def _fits(self, row: LinkRow, place: str) -> bool:
        """Whether what a plan wants for a place may come here: the place is this one, a part of it or contains it."""
        if row.scope == "city" or not place:
            return True
        here = self.systems[row.plan, row.id] if row.scope == "system" else {row.id}
        around = {place, *self.within.get(place, ())}
        return bool(here & around) or any(place in self.within.get(id_, ()) for id_ in here)

    def _candidate(self, mention: Mention) -> Candidate:
        entry = self.project.facts.elsewhere.get(mention.id)
        record = self.local.get(mention.id)
        if entry is not None:
            name, name_en, seat = entry.name, entry.name_en or entry.name, entry.seat
        elif record is not None:
            name, name_en, seat = record["name"], record.get("name_en") or record["name"], record.get("address") or ""
        else:
            name, name_en, seat = mention.name, mention.name, ""
        return Candidate(
            id=mention.id,
            name=name,
            name_en=name_en,
            seat=seat,
            place=mention.place,
            activity=mention.activity,
            local=record is not None,
            clause=Clause.of(mention, mention.activity),
        )
