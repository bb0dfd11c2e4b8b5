"""Read what the planning documents say: tables of facts, each cited to file, line and section."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from math import isfinite, nan
from pathlib import Path
from typing import ClassVar, Final, TypeVar, get_type_hints

from gis.base.errors import Fault
from gis.base.text import NOT_AN_ID, is_file_name, is_path_within
from gis.model.schema import FACT_KINDS, FACT_VALUES, FUNCTION_REACH

_F = TypeVar("_F", bound="Fact")

_BOOKMARK = re.compile(r"\[bookmark: [^\]]*\]")
_HEADINGS = (
    re.compile(r"(?P<number>[一二三四五六七八九十]{1,3})、(?P<title>.+)"),
    re.compile(r"(?P<number>（[一二三四五六七八九十]{1,3}）)(?P<title>.+)"),
    re.compile(r"(?P<number>专栏\s?\d+(?:-\d+)?)[：\s]*(?P<title>.+)"),
    re.compile(r"(?P<number>\d{1,2})(?:[、．]|\.(?!\d))\s*(?P<title>.+)"),
    re.compile(r"(?P<number>表\s?\d+(?:-\d+)?)\s+(?P<title>.+)"),
)
_BOX_LEVEL = 2
_TITLE_LENGTH = 20
_TABLE_OF_CONTENTS = re.compile(r"\t\d+$")


def outline(lines: Sequence[str]) -> list[str]:
    """Name the section that each line of a document stands in.

    Args:
        lines: the document's lines, in order.

    Returns:
        one name a line: the numbering path of the nearest heading above (or on) the line, a space, and at most
        20 characters of that heading's words; `文首` before the first heading.
    """
    numbers: list[str] = [""] * len(_HEADINGS)
    title = ""
    outside_box: tuple[list[str], str] | None = None
    blanks = 0
    names: list[str] = []
    for raw in lines:
        line = _BOOKMARK.sub("", raw).strip()
        blanks = 0 if line else blanks + 1
        if blanks >= 2 and outside_box is not None:
            (numbers, title), outside_box = outside_box, None
        if line.replace(" ", "") == "前言":
            numbers, title = ["前言", *[""] * (len(_HEADINGS) - 1)], ""
        elif line and not _TABLE_OF_CONTENTS.search(line):
            for level, pattern in enumerate(_HEADINGS):
                match = pattern.fullmatch(line)
                if match is None:
                    continue
                if level < _BOX_LEVEL:
                    outside_box = None
                elif level == _BOX_LEVEL:
                    outside_box = ([*numbers], title)
                numbers = [*numbers[:level], match["number"].replace(" ", ""), *[""] * (len(_HEADINGS) - level - 1)]
                title = re.split(r"[。：]", match["title"])[0].strip()[:_TITLE_LENGTH]
                break
        # A numbered item inside a box reads 专栏1·2: without the dot it would read as box 12.
        path = "".join([*numbers[:3], "·" if numbers[2] and numbers[3] else "", *numbers[3:]])
        names.append(f"{path} {title}".strip() or "文首")
    return names


@dataclass(frozen=True, slots=True)
class Plan:
    """A planning document."""

    id: str
    city: str
    title: str
    short: str
    title_en: str
    issuer: str
    number: str
    published: str
    file: str
    base_year: int | None
    horizon: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that one line of one document says.

    `name` is written in that line exactly so; `label` is our own wording. `row` is the row of the facts table.
    """

    kind: ClassVar[str]
    plan: str
    file: str
    row: int
    id: str
    name: str
    line: int
    section: str
    label: str

    @property
    def title(self) -> str:
        """Our wording where there is one, else the document's."""
        return self.label or self.name

    @property
    def table(self) -> str:
        """The facts table that holds this row, relative to the project."""
        return f"seeds/{self.plan}/{self.kind}.csv"

    def citation(self) -> dict[str, str | int]:
        """Where a reader finds it: plan, file, line (from 1) and section."""
        return {"plan": self.plan, "file": self.file, "line": self.line, "section": self.section}

    def as_row(self) -> dict[str, object]:
        """The row that `gis facts` prints: the citation first, then the kind's own columns."""
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        shared = ("plan", "file", "line", "section", "name", "id")
        rest = {key: value for key, value in own.items() if key not in {*shared, "row"}}
        return {
            "kind": self.kind,
            **{key: own[key] for key in shared},
            **{key: list(value) if isinstance(value, tuple) else value for key, value in rest.items()},
        }


@dataclass(frozen=True, slots=True)
class ZoneSystem(Fact):
    """A spatial structure that a plan names (一核两极多片 …), with or without its members."""

    kind: ClassVar[str] = "systems"
    label_en: str
    members: str
    horizon: int | None
    valid_from: str
    valid_to: str
    note: str

    def holds_on(self, day: date | None) -> bool:
        """Whether the structure was in force on a day; always, where no day is given."""
        return day is None or _holds(self.valid_from, self.valid_to, day)


@dataclass(frozen=True, slots=True)
class Membership(Fact):
    """A plan's zone system gives a place a role, under the name as written."""

    kind: ClassVar[str] = "zones"
    system: str
    role: str
    functions: tuple[str, ...]
    area_km2: float | None
    parent: str
    status: str
    note: str


@dataclass(frozen=True, slots=True)
class Mention(Fact):
    """A plan names an organisation: where it puts it, in which chain link, and how it stands to the city."""

    kind: ClassVar[str] = "enterprises"
    place: str
    segment: str
    standing: str
    org_kind: str
    activity: str
    note: str


@dataclass(frozen=True, slots=True)
class RoadFact(Fact):
    """A plan names a road, corridor, axis, test or demonstration."""

    kind: ClassVar[str] = "roads"
    type: str
    place: str
    length_km: float | None
    length_km_high: float | None
    count: float | None
    unit: str
    status: str
    year: int | None
    note: str


@dataclass(frozen=True, slots=True)
class FacilityFact(Fact):
    """A plan names a facility, or a number of them."""

    kind: ClassVar[str] = "facilities"
    type: str
    place: str
    count: float | None
    unit: str
    status: str
    year: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Indicator(Fact):
    """A number that a plan states: a baseline, a target or a fact."""

    kind: ClassVar[str] = "indicators"
    label_en: str
    scope: str
    indicator_kind: str
    value: float | None
    value_high: float | None
    unit: str
    year: int | None
    year_from: int | None
    comparator: str
    change: str
    baseline: str
    measure: str
    layer: str
    note: str


@dataclass(frozen=True, slots=True)
class Relation(Fact):
    """A plan relates a place to another place, organisation or policy."""

    kind: ClassVar[str] = "relations"
    subject: str
    relation: str
    object: str
    object_name: str
    note: str


@dataclass(frozen=True, slots=True)
class ChainLink(Fact):
    """A plan names an industry chain, a link of one, or what a link supplies.

    A row without `chain` and `supplies` is a chain. A row with `chain` is a link of it, by stage, and `segment` is the
    link of the project's dictionary that its firms are counted under. A further row of one id has `supplies` alone.
    That the link is named is always the document's word; `basis` says whether stage and supplies are, too.
    """

    kind: ClassVar[str] = "chain"
    label_en: str
    chain: str
    stage: str
    segment: str
    supplies: tuple[str, ...]
    basis: str
    note: str


FACT_TYPES: Mapping[str, type[Fact]] = {
    cls.kind: cls for cls in (ZoneSystem, Membership, Mention, RoadFact, FacilityFact, Indicator, Relation, ChainLink)
}
# The tables call both columns `kind`; in the program that word means the kind of fact.
_CSV_NAMES = {("enterprises", "org_kind"): "kind", ("indicators", "indicator_kind"): "kind"}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a conflict: what a document writes, and where."""

    plan: str
    file: str
    line: int
    section: str
    name: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two statements of the documents that do not agree; both are kept as they stand."""

    id: str
    topic: str
    kind: str
    a: Side
    b: Side
    explanation: str
    treatment: str
    row: int

    def as_row(self) -> dict[str, object]:
        """The row that `gis facts conflicts` prints."""
        sides = {
            f"{key}_{letter}": getattr(side, key)
            for letter, side in (("a", self.a), ("b", self.b))
            for key in ("plan", "file", "line", "section", "name")
        }
        return {
            "id": self.id,
            "topic": self.topic,
            "kind": self.kind,
            **sides,
            "explanation": self.explanation,
            "treatment": self.treatment,
        }


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An organisation that the documents name but put in none of the project's cities."""

    id: str
    name: str
    aliases: tuple[str, ...]
    name_en: str
    segment: str
    kind: str
    seat: str
    note: str
    row: int


@dataclass(frozen=True, slots=True)
class FunctionWord:
    """What a word for a place's function means in the chain: some links (`link`), all of it (`chain`), or none."""

    function: str
    reach: str
    segments: tuple[str, ...]
    note: str
    row: int


@dataclass(frozen=True, slots=True)
class Want:
    """A row of a plan gives a place, or a whole zone system, a function that stands for links of the chain.

    Where `reach` is `chain`, the word spans all `segments`, and no single one of them is wanted for itself.
    """

    subject: str
    function: str
    reach: str
    segments: tuple[str, ...]
    fact: Fact


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `seeds/` says."""

    plans: Mapping[str, Plan]
    rows: Mapping[str, tuple[Fact, ...]]
    conflicts: tuple[Conflict, ...]
    elsewhere: Mapping[str, Elsewhere]
    functions: Mapping[str, FunctionWord] = field(default_factory=dict)

    def _of(self, cls: type[_F]) -> list[_F]:
        return [row for row in self.rows.get(cls.kind, ()) if isinstance(row, cls)]

    @property
    def systems(self) -> list[ZoneSystem]:
        """Every zone system, in plan order."""
        return self._of(ZoneSystem)

    @property
    def memberships(self) -> list[Membership]:
        """Every role that a plan gives a place."""
        return self._of(Membership)

    @property
    def mentions(self) -> list[Mention]:
        """Every naming of an organisation."""
        return self._of(Mention)

    @property
    def indicators(self) -> list[Indicator]:
        """Every number that a plan states."""
        return self._of(Indicator)

    @property
    def relations(self) -> list[Relation]:
        """Every relation between places, organisations and policies."""
        return self._of(Relation)

    @property
    def chain(self) -> list[ChainLink]:
        """Every chain, link and supply that a plan names."""
        return self._of(ChainLink)

    def wants(self) -> list[Want]:
        """The links that plans want of each place (its functions) and of each zone system (relations `field`)."""
        said: list[tuple[str, str, Fact]] = [
            (member.id, function, member) for member in self.memberships for function in member.functions
        ]
        said += [(row.subject, row.object_name, row) for row in self.relations if row.relation == "field"]
        found = [(subject, self.functions[word], fact) for subject, word, fact in said if word in self.functions]
        return [
            Want(subject, word.function, word.reach, word.segments, fact)
            for subject, word, fact in found
            if word.reach != "none"
        ]

    def of_city(self, city: str) -> Facts:
        """The facts of one city's plans."""
        plans = {key: plan for key, plan in self.plans.items() if plan.city == city}
        rows = {kind: tuple(row for row in all_ if row.plan in plans) for kind, all_ in self.rows.items()}
        conflicts = tuple(c for c in self.conflicts if c.a.plan in plans or c.b.plan in plans)
        return Facts(plans, rows, conflicts, self.elsewhere, self.functions)


def _holds(valid_from: str, valid_to: str, day: date) -> bool:
    return (not valid_from or valid_from <= day.isoformat()) and (not valid_to or day.isoformat() < valid_to)


def read_facts(
    root: Path, faults: list[Fault], cities: Sequence[str] | None = None, kinds: Sequence[str] = FACT_KINDS
) -> Facts:
    """Read `seeds/` of a project; every fault found is added to `faults`, and the rest is still read.

    Args:
        root: the project's folder.
        faults: the list that faults are added to.
        cities: read only the plans of these cities.
        kinds: read only these tables; where not all are asked for, conflicts and elsewhere are left out too.
    """
    plans: dict[str, Plan] = {}
    rows: dict[str, list[Fact]] = {kind: [] for kind in FACT_TYPES}
    for folder in sorted(path.parent for path in (root / "seeds").glob("*/plan.toml")):
        plan = _read_plan(folder, faults)
        if plan is None or (cities is not None and plan.city not in cities):
            continue
        plans[plan.id] = plan
        for kind in kinds:
            rows[kind] += _read_table(folder / f"{kind}.csv", FACT_TYPES[kind], plan, faults)
    faults += _broken_chains([row for row in rows[ChainLink.kind] if isinstance(row, ChainLink)])
    if set(kinds) != set(FACT_KINDS):
        return Facts(plans, {kind: tuple(found) for kind, found in rows.items()}, (), {})
    conflicts = _read_conflicts(root, plans, faults, partial=cities is not None)
    elsewhere = _read_elsewhere(root, faults)
    functions = _read_functions(root, faults)
    return Facts(plans, {kind: tuple(found) for kind, found in rows.items()}, conflicts, elsewhere, functions)


def _read_plan(folder: Path, faults: list[Fault]) -> Plan | None:
    where = f"seeds/{folder.name}/plan.toml"
    if not (folder / "plan.toml").is_file():
        faults.append(Fault(where, "is no regular file"))
        return None
    try:
        table = tomllib.loads((folder / "plan.toml").read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(Fault(where, f"is not readable as TOML: {error}"))
        return None
    needed = ("id", "city", "title", "file")
    missing = [key for key in needed if not table.get(key) or not isinstance(table[key], str)]
    if missing:
        faults.append(Fault(where, f"lacks {', '.join(missing)} (text)"))
        return None
    if not is_file_name(table["id"]):
        faults.append(Fault(where, f"id is {table['id']!r}; {NOT_AN_ID}"))
        return None
    if not is_path_within(table["file"]):
        faults.append(Fault(where, f"file is {table['file']!r}; {_NOT_WITHIN}"))
    if table["id"] != folder.name:
        faults.append(Fault(where, f"id is {table['id']!r}, but the folder is called {folder.name!r}"))
    values = {f.name: table.get(f.name) if "int" in str(f.type) else str(table.get(f.name, "")) for f in fields(Plan)}
    return Plan(**values)  # type: ignore[arg-type]


def read_table_rows(path: Path, where: str, faults: list[Fault]) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Read a CSV table: its header, and each row as a dictionary with its row number in the file (header = 1)."""
    if not path.is_file():
        faults.append(Fault(where, "is no regular file"))
        return [], []
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.append(Fault(where, f"is not UTF-8 ({error.reason} at byte {error.start}); save it as CSV UTF-8"))
        return [], []
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[tuple[int, dict[str, str]]] = []
    header: list[str] = []
    try:
        header = next(table, [])
        for number, cells in enumerate(table, 2):
            if not any(cells):
                continue
            if len(cells) != len(header):
                faults.append(Fault(where, f"has {len(cells)} cells where the header has {len(header)}", number))
                continue
            found.append((number, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    except csv.Error as error:
        faults.append(Fault(where, f"is not readable as CSV: {error}", table.line_num))
    return header, found


@cache
def _column_types(kind: str) -> dict[str, object]:
    hints = get_type_hints(FACT_TYPES[kind])
    return {key: hint for key, hint in hints.items() if key not in {"kind", "plan", "file", "row"}}


def _read_table(path: Path, cls: type[Fact], plan: Plan, faults: list[Fault]) -> list[Fact]:
    if not path.exists():
        return []
    where = f"seeds/{plan.id}/{path.name}"
    header, rows = read_table_rows(path, where, faults)
    hints = _column_types(cls.kind)
    columns = {key: _CSV_NAMES.get((cls.kind, key), key) for key in hints}
    lacking = [column for column in columns.values() if column not in header] if header else []
    unknown = [column for column in header if column not in columns.values()]
    faults += [Fault(where, f"lacks the column {column!r}", 1) for column in lacking]
    faults += [Fault(where, f"has a column {column!r} that this table does not know", 1) for column in unknown]
    if lacking:
        return []
    found: list[Fact] = []
    for number, cells in rows:
        before = len(faults)
        values = {
            key: _cell(cells[column], hints[key], column, where, number, faults) for key, column in columns.items()
        }
        for key, column in columns.items():
            allowed = FACT_VALUES.get((cls.kind, column))
            if allowed is not None and values[key] not in allowed:
                choices = ", ".join(sorted(value for value in allowed if value))
                faults.append(Fault(where, f"{column} is {values[key]!r}; allowed: {choices}", number))
        faults += [
            Fault(where, f"{key} is empty", number) for key in ("id", "name", "line", "section") if not cells[key]
        ]
        if cells["id"] and not is_file_name(cells["id"]):
            faults.append(Fault(where, f"id is {cells['id']!r}; {NOT_AN_ID}", number))
        if len(faults) == before:
            found.append(cls(plan=plan.id, file=plan.file, row=number, **values))  # type: ignore[arg-type]
    return found


def _cell(cell: str, hint: object, column: str, where: str, row: int, faults: list[Fault]) -> object:
    if hint is str:
        return cell
    if hint == tuple[str, ...]:
        return tuple(part.strip() for part in re.split("[;；]", cell) if part.strip())
    if not cell:
        return None
    whole = hint is int or hint == int | None
    try:
        number = int(cell) if whole else float(cell)
    except ValueError:
        number = nan
    if isfinite(number):
        return number
    faults.append(Fault(where, f"{column} is {cell!r}, which is not a {'whole number' if whole else 'number'}", row))
    return None


def _read_conflicts(
    root: Path, plans: Mapping[str, Plan], faults: list[Fault], *, partial: bool
) -> tuple[Conflict, ...]:
    path = root / "seeds" / "conflicts.csv"
    if not path.exists():
        return ()
    where = "seeds/conflicts.csv"
    header, rows = read_table_rows(path, where, faults)
    wanted = [
        "id",
        "topic",
        "kind",
        *(f"{k}_{s}" for s in "ab" for k in ("plan", "line", "section", "name")),
        "explanation",
        "treatment",
    ]
    lacking = [column for column in wanted if column not in header]
    faults += [Fault(where, f"lacks the column {column!r}", 1) for column in lacking]
    found: list[Conflict] = []
    for number, cells in rows if not lacking else ():
        sides: list[Side] = []
        for letter in "ab":
            plan = plans.get(cells[f"plan_{letter}"])
            line = _cell(cells[f"line_{letter}"], int, f"line_{letter}", where, number, faults)
            if plan is not None and isinstance(line, int):
                sides.append(Side(plan.id, plan.file, line, cells[f"section_{letter}"], cells[f"name_{letter}"]))
            elif plan is None and not partial:
                faults.append(Fault(where, f"plan_{letter} is {cells[f'plan_{letter}']!r}, which no plan has", number))
        if len(sides) == 2:
            found.append(
                Conflict(
                    cells["id"],
                    cells["topic"],
                    cells["kind"],
                    sides[0],
                    sides[1],
                    cells["explanation"],
                    cells["treatment"],
                    number,
                )
            )
    return tuple(found)


def _read_elsewhere(root: Path, faults: list[Fault]) -> dict[str, Elsewhere]:
    path = root / "seeds" / "elsewhere.csv"
    if not path.exists():
        return {}
    where = "seeds/elsewhere.csv"
    header, rows = read_table_rows(path, where, faults)
    wanted = [f.name for f in fields(Elsewhere) if f.name != "row"]
    lacking = [column for column in wanted if column not in header]
    faults += [Fault(where, f"lacks the column {column!r}", 1) for column in lacking]
    found: dict[str, Elsewhere] = {}
    for number, cells in rows if not lacking else ():
        if cells["id"] in found:
            faults.append(Fault(where, f"the id {cells['id']!r} is there twice", number))
        if not is_file_name(cells["id"]):
            faults.append(Fault(where, f"id is {cells['id']!r}; {NOT_AN_ID}", number))
        values = {key: cells[key] for key in wanted if key != "aliases"}
        aliases = tuple(part.strip() for part in re.split("[;；]", cells["aliases"]) if part.strip())
        found[cells["id"]] = Elsewhere(aliases=aliases, row=number, **values)
    return found


def _read_functions(root: Path, faults: list[Fault]) -> dict[str, FunctionWord]:
    path = root / "seeds" / "functions.csv"
    if not path.exists():
        return {}
    where = "seeds/functions.csv"
    header, rows = read_table_rows(path, where, faults)
    lacking = [column for column in ("function", "reach", "segments", "note") if column not in header]
    faults += [Fault(where, f"lacks the column {column!r}", 1) for column in lacking]
    found: dict[str, FunctionWord] = {}
    for number, cells in rows if not lacking else ():
        word, reach = cells["function"], cells["reach"]
        segments = tuple(part.strip() for part in re.split("[;；]", cells["segments"]) if part.strip())
        if word in found:
            faults.append(Fault(where, f"the function {word!r} is there twice", number))
        if reach not in FUNCTION_REACH:
            faults.append(Fault(where, f"reach is {reach!r}; allowed: {', '.join(sorted(FUNCTION_REACH))}", number))
        elif (reach == "none") == bool(segments):
            faults.append(Fault(where, f"reach is {reach!r}, but segments is {cells['segments']!r}", number))
        found[word] = FunctionWord(word, reach, segments, cells["note"], number)
    return found


def _broken_chains(rows: Sequence[ChainLink]) -> list[Fault]:
    """What the rows of chain.csv must say of one another: a chain for each link, and a link at each end of a supply."""
    faults: list[Fault] = []
    first: dict[tuple[str, str], ChainLink] = {}
    for row in rows:
        first.setdefault((row.plan, row.id), row)
    for row in rows:
        head = first[row.plan, row.id]
        said: list[str] = []
        if head is not row:
            if not head.chain or row.chain or row.stage or row.segment or not row.supplies:
                said.append(f"{row.id!r} is also in row {head.row}; a further row of it says only what it supplies")
        elif not row.chain:
            if row.stage or row.segment or row.supplies:
                said.append("chain is empty, so the row is a chain: stage, segment and supplies are empty too")
        elif not row.stage or not row.segment:
            said.append(f"a link needs {' and '.join(k for k in ('stage', 'segment') if not getattr(row, k))}")
        chain = first.get((row.plan, row.chain)) if row.chain else None
        if row.chain and (chain is None or chain.chain):
            said.append(f"chain {row.chain!r} is not a chain of the plan")
        for target in row.supplies:
            to = first.get((row.plan, target))
            if to is None or not to.chain or target == row.id:
                said.append(f"supplies {target!r}, which is not another link of the plan")
        faults += [Fault(row.table, what, row.row) for what in said]
    return faults


_NOT_WITHIN: Final = "it is a path within the folder of the documents' texts, such as plan.txt"


def verify(facts: Facts, texts: Path) -> list[Fault]:
    """Hold every row against the documents: the name stands in the cited line, and the section is that line's.

    Args:
        facts: what `seeds/` says.
        texts: the folder with the documents' texts, each under its plan's `file`.

    Returns:
        one fault for each row that no longer holds, and one for each document that is not there.
    """
    faults: list[Fault] = []
    lines: dict[str, list[str]] = {}
    sections: dict[str, list[str]] = {}
    for plan in facts.plans.values():
        if not is_path_within(plan.file):
            faults.append(Fault(f"seeds/{plan.id}/plan.toml", f"file is {plan.file!r}; {_NOT_WITHIN}"))
            continue
        path = texts / plan.file
        if not path.is_file():
            faults.append(Fault(plan.file, f"the document of plan {plan.id} is not in the folder given"))
            continue
        try:
            lines[plan.file] = path.read_text("utf-8").split("\n")
        except UnicodeDecodeError as error:
            faults.append(Fault(plan.file, f"is not UTF-8 (at byte {error.start}); save the text as UTF-8"))
            continue
        sections[plan.file] = outline(lines[plan.file])
    sides = [
        (side, "seeds/conflicts.csv", conflict.row) for conflict in facts.conflicts for side in (conflict.a, conflict.b)
    ]
    rows = [(fact, fact.table, fact.row) for kind in facts.rows.values() for fact in kind]
    items: list[tuple[Fact | Side, str, int]] = [*rows, *sides]
    for item, where, row in items:
        if item.file not in lines:
            continue
        if not 1 <= item.line <= len(lines[item.file]):
            faults.append(Fault(where, f"line {item.line} is beyond the end of {item.file}", row))
        elif item.name not in lines[item.file][item.line - 1]:
            faults.append(Fault(where, f"{item.name!r} is not in line {item.line} of {item.file}", row))
        elif item.section != sections[item.file][item.line - 1]:
            real = sections[item.file][item.line - 1]
            faults.append(Fault(where, f"line {item.line} stands in section {real!r}, not {item.section!r}", row))
    return faults
