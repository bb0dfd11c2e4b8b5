"""Hold what is known of the links of a chain: their states, the firms and clauses behind them, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from gis.measures.nearness import Ring
from gis.measures.relatedness import Relatedness
from gis.model.facts import ChainLink, Fact


class State(StrEnum):
    """What is known of a link in a place; weak, single and strong are kinds of present."""

    STRONG = "strong"
    PRESENT = "present"
    WEAK = "weak"
    SINGLE = "single"
    MISSING = "missing"
    ABSENT = "absent"
    NOT_KNOWN = "not_known"


HERE: Final = frozenset({State.STRONG, State.PRESENT, State.WEAK, State.SINGLE})
# What a state is called, in Chinese and English; the second pair, where the list of firms is incomplete.
_WORDS: Final[Mapping[State, tuple[tuple[str, str], tuple[str, str]]]] = {
    State.STRONG: (("强", "strong"), ("按列名较强", "strong among those listed")),
    State.PRESENT: (("有", "present"), ("有", "present")),
    State.WEAK: (("弱", "weak"), ("按列名偏弱", "weak among those listed")),
    State.SINGLE: (("独家", "single supplier"), ("只点名一家", "only one is named")),
    State.MISSING: (("缺", "missing"), ("缺", "missing")),
    State.ABSENT: (("无，规划未要求", "absent, not wanted"), ("无，规划未要求", "absent, not wanted")),
    State.NOT_KNOWN: (("未知", "not known"), ("未知", "not known")),
}


@dataclass(frozen=True, slots=True)
class Clause:
    """A row of facts that says something: the line of the document, and the row of the table that holds it.

    name is what the line has, word for word; word is the function, link or supply that the row reads from it.
    """

    plan: str
    file: str
    line: int
    section: str
    name: str
    word: str
    table: str
    row: int

    @staticmethod
    def of(fact: Fact, word: str = "") -> Clause:
        """The clause of a fact."""
        said = word or fact.title
        return Clause(fact.plan, fact.file, fact.line, fact.section, fact.name, said, fact.table, fact.row)


@dataclass(frozen=True, slots=True)
class FirmHere:
    """A firm of a link that is, or may be, in a place.

    p: the probability that it is here, all that is known combined. how: `documented` (a document puts it here),
    `position` (its own point or line), `place` (only a place is known), `general` (so by general knowledge alone), or
    `listed` (the city's list holds it). source says in words where its position is from.
    """

    id: str
    name: str
    name_en: str
    p: float
    how: str
    accuracy_m: float | None
    source: str
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A link that this link supplies, by a row of chain.csv; basis says whether a document or we say so."""

    segment: str
    basis: str
    clause: Clause


@dataclass(frozen=True, slots=True)
class NearPlace:
    """A place that has a link, and how far it is, metres between the outlines as drawn; 0 where they meet."""

    id: str
    name: str
    name_en: str
    distance_m: float


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link of the chain in one place (`zone`), zone system (`system`) or in the whole of a city (`city`).

    The whole is the district that the city is about (its `subject`); without one, all that its list holds. plan: the
    plan of a zone system, as two plans may name one alike; empty of places and the city.

    state: strong, present, weak, single, missing, absent (not there, and no plan wants it) or not_known. wants: the
    clauses that want the link here; spanned: words for the whole chain, which want no single link. complete: the
    city's list of firms is declared complete; only then can a link be missing or absent.
    p_any, p_one: the probability of one firm or more, and of exactly one; p_proven is p_any without the firms that
    only general knowledge puts here. They, and the estimate with its 95 % interval, are None where the list is
    incomplete and holds none that may be here. documented: how many firms documents put here.
    quotient: the location quotient, with the ends of its 95 % interval; None where quotient_note says why. feeds: the
    links that this one supplies, where it is present or wanted. weak: the upper end is below 1; strong: the lower end
    is above 1; single: it feeds a present link, and P(N = 1) is at least 0.5. rings: who has the link, from near to
    far; for wanted links of zones.
    nearest_place: the nearest place that has it, of those that do not contain this one if there are such; for links of
    places and systems that are wanted or single.
    """

    scope: str
    id: str
    plan: str
    name: str
    name_en: str
    segment: str
    label: str
    label_en: str
    state: State
    wanted: bool
    wants: tuple[Clause, ...]
    spanned: tuple[Clause, ...]
    complete: bool
    p_any: float | None
    p_proven: float | None
    p_one: float | None
    estimate: float | None
    low: int | None
    high: int | None
    documented: int
    unplaced: int
    firms: tuple[FirmHere, ...]
    quotient: float | None
    quotient_low: float | None
    quotient_high: float | None
    quotient_note: str
    quotient_note_en: str
    feeds: tuple[Feed, ...]
    weak: bool
    single: bool
    strong: bool
    rings: tuple[Ring, ...] = ()
    nearest_place: NearPlace | None = None

    @property
    def here(self) -> bool:
        """Whether the link is present, weak, single or strong."""
        return self.state in HERE

    def word(self, lang: str = "zh") -> str:
        """What the state is called; where more firms may be here than are listed, as a word about those listed."""
        return _WORDS[self.state][not self.complete or self.unplaced > 0][lang != "zh"]

    def flat(self) -> dict[str, Any]:
        """The row as JSON-able data, numbers rounded."""
        row: dict[str, Any] = _listed(asdict(self))
        row |= {"state": str(self.state), "word": self.word(), "word_en": self.word("en")}
        for name, digits in _DIGITS.items():
            if row[name] is not None:
                row[name] = round(row[name], digits)
        return row


_DIGITS: Final = {
    "p_any": 4, "p_proven": 4, "p_one": 4, "estimate": 2, "quotient": 3, "quotient_low": 3, "quotient_high": 3,
}  # fmt: skip


def _listed(value: Any) -> Any:
    """The same with lists for tuples, as JSON has them."""
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, slots=True)
class CityChain:
    """The chain of one city: every link in every place, zone system and the whole; how links are related.

    named: the chains, links and supplies that the city's plans name (rows of chain.csv).
    """

    city: str
    name: str
    name_en: str
    as_of: date
    on: date | None
    complete: bool
    rows: tuple[LinkRow, ...]
    relatedness: Relatedness
    named: tuple[ChainLink, ...] = field(repr=False)

    def of(self, scope: str, id_: str) -> list[LinkRow]:
        """The rows of one place, zone system or the city, in the order of the links.

        Where two plans name a system alike, it is that of the first of them.
        """
        found = [row for row in self.rows if (row.scope, row.id) == (scope, id_)]
        return [row for row in found if row.plan == found[0].plan]

    def as_json(self) -> dict[str, Any]:
        """The object as JSON-able data."""
        return {
            "city": self.city,
            "name": self.name,
            "as_of": self.as_of.isoformat(),
            "on": self.on.isoformat() if self.on else None,
            "complete": self.complete,
            "links": [row.flat() for row in self.rows],
            "relatedness": _listed(asdict(self.relatedness)),
        }
