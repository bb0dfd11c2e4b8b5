"""Turn a foreign file into features of a layer: plan it whole, then change layer, journal and recipe together."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import Fault, InputError, UsageError, raise_if_any
from gis.base.files import lock_folder
from gis.base.text import halfwidth
from gis.earth.datum import Datum
from gis.earth.geodesy import distance_m, metric_crs_for, to_metric
from gis.intake.detect import Surroundings, surroundings_of
from gis.intake.identity import (
    Gazetteer,
    Segments,
    free_id,
    gazetteer_of,
    is_slug,
    normal_name,
    parse_uscc,
    segments_of,
    slug_of,
)
from gis.intake.positions import Decision, convert_all, decide, fault_rows, gather, rounding_m, witnesses_of
from gis.intake.recipe import Recipe, dump_recipe, read_recipe, recipe_path
from gis.intake.shapes import look_at
from gis.io.columns import ColumnMap, is_state, recognise
from gis.io.containers import refuse, shown_name
from gis.io.geojson import dump_features, read_features
from gis.io.quantities import is_blank, parse_day, parse_number, parse_truth
from gis.io.raw import RawTable
from gis.io.reading import read_table
from gis.model import journal
from gis.model.layers import check_features
from gis.model.position import POINT_AT_MOST_M, too_wide
from gis.model.project import Project, load_project
from gis.model.schema import LAYER_COLUMNS, LAYER_KINDS, UNKNOWN_SEGMENT
from gis.model.trial import try_out

Feature = tuple[dict[str, Any], BaseGeometry | None]

# The accuracy promised where neither file nor user states one: picked on a map, measured or unknown, outlines.
PICKED_M: Final = 50.0
POINT_M: Final = 100.0
OUTLINE_M: Final = 50.0
_INSIDE_SHARE: Final = 0.998
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# Of many rows with one name, each is held against the first ones: what is listed stays readable, and linear in time.
_MOST_ALIKE: Final = 5

# What the register says of a firm that is there no more; 注销中 and 拟注销 still are.
_GONE: Final = re.compile(r"(?:已|被|依法)*(?:注销|吊销|迁出)(?!中|公告|备案)")

_STANDING: Final = {
    **dict.fromkeys(("现状", "已建", "建成", "已建成", "运营"), "existing"),
    **dict.fromkeys(("规划", "在建", "拟建", "待建"), "planned"),
}
_CATEGORIES: Final = {
    **dict.fromkeys(("园区", "产业园", "产业园区", "工业区", "工业园"), "park"),
    "基地": "base",
    "镇": "town",
    "新城": "new_town",
    "功能区": "function_area",
    "地块": "site",
    "轴": "axis",
}
_ROADS: Final = {
    **dict.fromkeys(("测试道路", "测试路段", "开放测试道路", "开放测试路段", "开放道路测试"), "test_road"),
    **dict.fromkeys(("封闭测试", "封闭测试道路", "封闭测试场"), "closed_test"),
    **dict.fromkeys(("半开放测试", "半开放测试道路"), "semi_open_test"),
    "智慧道路": "smart_road",
}
# The types that are roads of public test: closed and half-open tests are grounds; they count where a column says so.
_TEST_ROADS: Final = frozenset({"test_road", "open_test"})
_FACILITIES: Final = {
    **dict.fromkeys(("加氢站", "加氢母站", "油氢合建站"), "hydrogen_station"),
    **dict.fromkeys(("充电站", "充电桩", "充换电站", "充换电设施", "充电设施", "换电站"), "charging"),
    **dict.fromkeys(("测试场", "封闭测试场"), "test_site"),
    "数据中心": "data_centre",
    "孵化器": "incubator",
}
# What Chinese tables write for the values of a column.
_WORDS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("roads", "type"): _ROADS,
    ("roads", "status"): _STANDING,
    ("facilities", "type"): _FACILITIES,
    ("facilities", "status"): _STANDING,
    ("zones", "category"): _CATEGORIES,
    ("enterprises", "kind"): {"企业": "enterprise", **dict.fromkeys(("机构", "科研院所", "高校"), "institution")},
    ("districts", "level"): {"区": "district", "县": "county", **dict.fromkeys(("镇", "街道", "乡"), "town")},
}
_FALLBACK: Final[Mapping[str, Mapping[str, Any]]] = {
    "zones": {"category": "park"},
    "enterprises": {"segment": UNKNOWN_SEGMENT, "kind": "enterprise"},
    "roads": {"type": "road", "is_test_road": False, "status": "existing"},
    "facilities": {"type": "other", "status": "existing"},
    "districts": {"level": "district", "role": "subject"},
}


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks for: the file, what it is, and how to read it; see `gis import --help`."""

    file: Path
    kind: str
    city: str
    part: str | None = None
    encoding: str | None = None
    datum: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    accuracy_m: float | None = None
    merge: bool = False
    repair: bool = False
    partial: bool = False
    swap: bool = False
    again: bool = False
    recipe: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do; nothing is changed yet.

    `features` is the whole layer as it will be; `refused` are the faulty rows (only with `partial`); `likely` are
    pairs that look like one thing.
    """

    request: Request
    table: RawTable
    columns: ColumnMap
    decision: Decision
    features: Sequence[Feature]
    added: Sequence[str]
    changed: Sequence[str]
    refused: Sequence[Fault]
    repaired: Sequence[Fault]
    likely: Sequence[Mapping[str, Any]]
    notes: Sequence[str]
    counts: Mapping[str, int]
    data: bytes
    before: bytes | None

    def as_json(self) -> dict[str, Any]:
        """The plan as a JSON object."""
        return {
            "file": self.table.name,
            "sha256": self.table.sha256,
            "format": self.table.format,
            "part": self.table.part,
            "encoding": self.table.encoding,
            "kind": self.request.kind,
            "city": self.request.city,
            "mapping": self.columns.rows(),
            "datum": str(self.decision.reference),
            "datum_words": self.decision.words,
            "datum_evidence": list(self.decision.evidence),
            "counts": dict(self.counts),
            "added": list(self.added),
            "changed": list(self.changed),
            "refused": [str(fault) for fault in self.refused],
            "repaired": [str(fault) for fault in self.repaired],
            "left_out": [{"row": row, "why": why} for row, why in self.table.dropped],
            "likely_duplicates": list(self.likely),
            "notes": list(self.notes),
        }

    def preview(self, rows: int = 5) -> list[dict[str, Any]]:
        """The first new features, as rows."""
        wanted = set([*self.added, *self.changed][:rows])
        found = []
        for record, geometry in self.features:
            if record["id"] in wanted:
                where = "" if geometry is None else geometry.geom_type
                if geometry is not None and geometry.geom_type == "Point":
                    where = f"{shapely.get_x(geometry):.6f} {shapely.get_y(geometry):.6f}"
                place = _place_of(self.request.kind, record) or record.get("unplaced_reason") or ""
                found.append({"id": record["id"], "name": record.get("name"), "where (WGS 84)": where or place})
        return found


def with_recipe(root: Path, request: Request, kind: str | None, city: str | None) -> Request:
    """Fill what the user did not say from the recipe that is named, if the project has it.

    Args:
        root: the project's folder.
        request: the request; its kind and city are those of `kind` and `city`, or of the recipe.
        kind: the kind as given, or None.
        city: the city as given, or None.

    Raises:
        UsageError: neither the user nor the recipe says the kind.
    """
    recipe = None if request.recipe is None else read_recipe(root, request.recipe)
    kind = kind or (recipe.kind if recipe else None)
    city = city or (recipe.city if recipe else None)
    if kind not in LAYER_KINDS:
        raise UsageError(f"--kind is {kind!r}; say what the file is: {', '.join(LAYER_KINDS)}")
    if recipe is not None:
        request = replace(
            request,
            part=request.part or recipe.part,
            encoding=request.encoding or recipe.encoding,
            datum=request.datum or recipe.datum,
            accuracy_m=request.accuracy_m if request.accuracy_m is not None else recipe.accuracy_m,
            columns={**recipe.columns, **request.columns},
            constants={**recipe.constants, **request.constants},
        )
    return replace(request, kind=kind, city=city or request.city)


def plan_import(root: Path, request: Request) -> Plan:
    """Read a file and work out the layer that would come of it; nothing is written.

    Args:
        root: the project's folder.
        request: what to import, and how.

    Raises:
        InputError: the file cannot be used as it is; every faulty row is listed.
        UsageError: an option names something that is not there.
        ProjectError: the project is faulty already.
        DatumError: `request.datum` is none that is converted.
    """
    project = load_project(root)
    city = project.city(request.city).id
    table = read_table(request.file, encoding=request.encoding, part=request.part, ignore_crs=request.datum is not None)
    _check_again(root, request, table)
    columns = recognise(
        table.header, request.kind, request.columns, cut=table.cut_names, datum=request.datum, where=table.name
    )
    if "name" not in columns.roles and "name" not in request.constants:
        shown = ", ".join(table.header) or "none"
        raise refuse(
            table.name, f"has no column that is understood as the name; its columns are {shown}: say --map name=COLUMN"
        )
    table = _without_gone(table, columns, request)
    names = gazetteer_of(project)
    around = surroundings_of(project, city)
    positions = gather(table, columns, repair=request.repair)
    _check_pairs(table, columns)
    if all(geometry is None for geometry in positions.geometry) and table.spatial:
        positions.notes.append("no row of the file has a geometry")
    if _has_no_coordinates(table, columns):
        positions.notes.append("the file has no column of coordinates")
    witnesses = witnesses_of(table, columns, positions, names, request.kind)
    shown = f'"{table.name}"' if " " in table.name else table.name
    command = f"gis import {shown} --kind {request.kind}"
    try:
        decision = decide(table, positions, witnesses, around, request.datum, swap=request.swap, command=command)
    except InputError as error:
        raise InputError([*error.faults, *fault_rows(table, positions.faults)]) from error
    convert_all(positions, decision, table.name)
    faults = fault_rows(table, positions.faults)
    repaired = fault_rows(table, positions.repaired)
    builder = _Builder(request, table, columns, decision, project, names, segments_of(project))
    bad = {i for i, _ in positions.faults}
    rows: list[tuple[int, dict[str, Any], BaseGeometry | None]] = []
    for i, geometry in enumerate(positions.geometry):
        looked_at = None if geometry is None else look_at(geometry, request.kind, repair=request.repair)
        says = [looked_at.fault] if looked_at is not None and looked_at.fault else []
        kept = None if looked_at is None else looked_at.geometry
        if looked_at is not None and looked_at.repaired:
            repaired.append(Fault(table.name, looked_at.repaired, table.rows[i].number))
        record, wrong = builder.record(i, kept, rounding_m(positions, i))
        says += wrong
        faults += [Fault(table.name, what, table.rows[i].number) for what in says]
        if not says and i not in bad:
            rows.append((i, record, None if _place_of(request.kind, record) else kept))
    faults += _outside(table, rows, around, builder.notes)
    _raise_unless_partial(faults, request, rows)
    return _assemble(project, request, table, columns, decision, builder, rows, faults, repaired, positions.notes)


def _without_gone(table: RawTable, columns: ColumnMap, request: Request) -> RawTable:
    """The table without the firms that the register has struck off or that moved away, and a note that names them.

    A row that says until when it held stays: it is history, not presence.
    """
    states = [name for name in table.header if is_state(name)] if request.kind in {"enterprises", "facilities"} else []
    until, title = columns.roles.get("valid_to"), columns.roles.get("name", "")
    kept, gone, shown = [], [], []
    for row in table.rows:
        said = [(name, str(row.cells.get(name)).strip()) for name in states]
        over = next(((name, text) for name, text in said if _GONE.match(halfwidth(text))), None)
        if over is None or "valid_to" in request.constants or (until and not is_blank(row.cells.get(until))):
            kept.append(row)
            continue
        gone.append((row.number, f"{over[0]} says {over[1][:20]!r}"))
        shown.append(f"row {row.number} {row.cells.get(title) or ''}".strip() + f" ({over[1][:20]})")
    if not gone:
        return table
    if not kept:
        raise refuse(table.name, f"has only rows that are there no more: {_first(shown)}")
    note = f"{len(gone)} of {len(table.rows)} row(s) are there no more by their own word and are left out: "
    note += _first(shown)
    if request.merge:
        note += "; what the project has of them stays as it is: give it a valid_to"
    note += "; a column 注销日期 (valid_to) keeps such rows as history"
    return replace(table, rows=tuple(kept), dropped=(*table.dropped, *gone), notes=(*table.notes, note))


def _has_no_coordinates(table: RawTable, columns: ColumnMap) -> bool:
    return not table.spatial and not {"lon", "x", "xy", "wkt"} & set(columns.roles)


def _check_pairs(table: RawTable, columns: ColumnMap) -> None:
    """Raise where a table has one coordinate of two, which would leave every row without a place.

    Raises:
        InputError: it has.
    """
    roles = set(columns.roles)
    if table.spatial or roles & {"xy", "wkt"} or roles >= {"lon", "lat"} or roles >= {"x", "y"}:
        return
    for one, other in (("lon", "lat"), ("lat", "lon"), ("x", "y"), ("y", "x")):
        if one in roles:
            raise refuse(
                table.name,
                f"has a column of {one} ({columns.roles[one]}) and none that is understood as {other}; its columns are "
                f"{', '.join(table.header)}: say --map {other}=COLUMN",
            )


def _raise_unless_partial(faults: Sequence[Fault], request: Request, rows: Sequence[Any]) -> None:
    if faults and (not request.partial or not rows):
        ordered = sorted(faults, key=lambda fault: (isinstance(fault.row, str), fault.row or 0))
        count = f"{len(ordered)} fault(s) in {shown_name(request.file)}; nothing was imported"
        hint = "" if request.partial else " (--partial imports the good rows and lists these)"
        raise InputError(ordered, count + hint)


def _check_again(root: Path, request: Request, table: RawTable) -> None:
    for entry in journal.read_journal(root):
        same = entry.sha256 == table.sha256 and entry.part == table.part
        if same and entry.kind == request.kind and not entry.undone and not request.again and not request.merge:
            raise refuse(
                table.name,
                f"is import {entry.number} already ({entry.when}): undo that (gis imports undo {entry.number}), "
                "--merge to update by id or code, or --again to import it once more",
            )


def _outside(
    table: RawTable,
    rows: Sequence[tuple[int, dict[str, Any], BaseGeometry | None]],
    around: Surroundings,
    notes: list[str],
) -> list[Fault]:
    """Say how many rows lie outside of the city's districts; a file of which most do is of another place or datum."""
    placed = [(i, geometry) for i, _, geometry in rows if geometry is not None]
    if around.subject is None or not placed:
        return []
    inside = shapely.intersects(np.array([geometry for _, geometry in placed], dtype=object), around.subject)
    out = [table.rows[i].number for (i, _), within in zip(placed, inside.tolist(), strict=True) if not within]
    if len(out) > 0.5 * len(placed):
        what = (
            f"{len(out)} of {len(placed)} placed rows lie outside of the districts of {around.city}: "
            "is it the right city and datum?"
        )
        return [Fault(table.name, what)]
    if out:
        notes.append(f"{len(out)} row(s) lie outside of the districts of {around.city}: rows {_first(out)}")
    return []


def _first(rows: Sequence[object]) -> str:
    return ", ".join(map(str, rows[:10])) + (" …" if len(rows) > 10 else "")


# --- Rows to records ------------------------------------------------------------------------------------------------


class _Builder:
    """Makes the columns of a feature from the cells of a row."""

    def __init__(
        self,
        request: Request,
        table: RawTable,
        columns: ColumnMap,
        decision: Decision,
        project: Project,
        names: Gazetteer,
        segments: Segments,
    ) -> None:
        self.request = request
        self.table = table
        self.columns = columns
        self.decision = decision
        self.names = names
        self.segments = segments
        self.schema = {column.name: column for column in LAYER_COLUMNS[request.kind]}
        self.notes: list[str] = []
        self.unknown_segments: Counter[str] = Counter()
        self.bad_codes: list[str] = []
        self.coarse: list[int] = []
        wrong = [name for name in request.constants if name not in self.schema or name == "id"]
        if wrong:
            allowed = ", ".join(name for name in self.schema if name != "id")
            raise UsageError(
                f"--set {wrong[0]}=…: a {request.kind} layer has no such column to set; allowed: {allowed}"
            )
        for name, value in request.constants.items():
            self._check_constant(name, value)
        self.districts = [
            (record, geometry)
            for record, geometry in project.layer(request.city, "districts").holding_on(project.as_of)
            if geometry is not None and record.get("level") in {"district", "county"}
        ]
        self.outlines = [
            (record, geometry)
            for kind in ("zones", "districts")
            for record, geometry in project.layer(request.city, kind).holding_on(project.as_of)
            if geometry is not None and geometry.geom_type.endswith("Polygon")
        ]
        self.place_ids = {
            record["id"]
            for (_, kind), layer in project.layers.items()
            if kind in {"zones", "districts"}
            for record in layer.records
        }

    def _check_constant(self, name: str, value: str) -> None:
        """Hold a value of `--set` against its column; a cell may say what is not known, an option may not.

        Raises:
            UsageError: it is no value of the column.
        """
        allowed = self.schema[name].allowed
        shown = "" if allowed is None else f"; allowed: {', '.join(sorted(allowed))}"
        try:
            found = self.segments.of(value) if name == "segment" else self._value(name, value)
        except ValueError as error:
            raise UsageError(f"--set {name}={value}: {error}{shown}") from error
        if found in (None, UNKNOWN_SEGMENT) and value not in {"", UNKNOWN_SEGMENT}:
            raise UsageError(f"--set {name}={value}: it is none of what the column may say{shown}")

    def text(self, i: int, role: str) -> str | None:
        """The text of a cell by meaning, or None."""
        column = self.columns.roles.get(role)
        cell = None if column is None else self.table.rows[i].cells.get(column)
        return None if is_blank(cell) else str(cell).strip()

    def record(self, i: int, geometry: BaseGeometry | None, rounding: float = 0.0) -> tuple[dict[str, Any], list[str]]:
        """The columns of a row's feature, and what is wrong with the row; `rounding` is what its digits carry, in m."""
        wrong: list[str] = []
        record: dict[str, Any] = dict.fromkeys(self.schema)
        record["aliases"] = []
        for name in self.schema:
            if name in self.columns.roles or name in self.request.constants:
                self._set(record, name, i, wrong)
        if self.request.kind == "roads" and record["type"] in _TEST_ROADS:
            wrong += self._test_road(record, i, drawn=geometry is not None)
        for name, value in _FALLBACK[self.request.kind].items():
            if record.get(name) is None:
                record[name] = value
        if record["name"] is None:
            wrong.append(f"has no name (column {self.columns.roles.get('name')!r} is empty)")
        if self.request.kind == "enterprises":
            self._sort(record, i)
        wrong += self._place(record, i, geometry, rounding)
        if self.request.kind == "zones" and geometry is not None and record["within"] is None:
            record["within"] = self._district_around(geometry)
        extras = self._extras(i)
        damaged = [text for text in _texts({**record, **extras}) if _SURROGATE.search(text)]
        wrong += [f"holds a damaged character in {text[:20]!r}" for text in damaged]
        return {**record, **{name: value for name, value in extras.items() if name not in record}}, wrong

    def _test_road(self, record: dict[str, Any], i: int, *, drawn: bool) -> list[str]:
        """Let a road whose type is one of public test count as one; a fault where its own column says that it is none.

        What is only planned does not count unless a column says so; it and what is not drawn may say no, as neither
        adds kilometres.
        """
        planned = record["status"] == "planned"
        if record["is_test_road"] is None:
            record["is_test_road"] = not planned
        said = self.text(i, "is_test_road")
        if said is None or record["is_test_road"] or not drawn or planned:
            return []
        kind = self.text(i, "type") or self.request.constants.get("type")
        return [f"{self.columns.roles['is_test_road']} says {said[:20]!r}, but the type {kind!r} is a test road"]

    def _set(self, record: dict[str, Any], name: str, i: int, wrong: list[str]) -> None:
        column = self.columns.roles.get(name)
        cell = self.table.rows[i].cells.get(column) if column is not None else None
        if column is None or (is_blank(cell) and name in self.request.constants):
            cell = self.request.constants.get(name)
        if is_blank(cell) and not (isinstance(cell, list) and cell):
            return
        try:
            record[name] = self._value(name, cell)
        except ValueError as error:
            wrong.append(f"{column or name}: {error}")

    def _value(self, name: str, cell: Any) -> Any:
        """A cell as the value of a schema column; None where it says something that the column cannot hold.

        Raises:
            ValueError: the cell is no value of the column.
        """
        wanted = self.schema[name].type
        if wanted is list:
            parts = cell if isinstance(cell, list) else re.split("[;；、]", str(cell))
            return [str(part).strip() for part in parts if str(part).strip()]
        if wanted is bool:
            return parse_truth(cell)
        if wanted is float or wanted is int:
            number = parse_number(cell)
            if name == "accuracy_m" and number is not None and number <= 0:
                raise ValueError(f"{str(cell)[:40]!r} is no accuracy; it must be above 0 metres")
            return number if number is None or wanted is float else int(number)
        return self._text_value(name, str(cell).strip())

    def _text_value(self, name: str, text: str) -> str | None:
        if name == "uscc":
            try:
                return parse_uscc(text)
            except ValueError as error:
                self.bad_codes.append(str(error))
                return None
        if name == "name":
            return re.sub(r"(?<=[\u4e00-\u9fff])\s*[\r\n]+\s*|\s*[\r\n]+\s*(?=[\u4e00-\u9fff])", "", text)
        if name in {"valid_from", "valid_to"}:
            return parse_day(text)
        if name in {"id", "org"}:
            return text if is_slug(text) else slug_of(text)
        if name == "segment":
            return None
        allowed = self.schema[name].allowed
        words = _WORDS.get((self.request.kind, name), {})
        if allowed is None:
            return words.get(halfwidth(text), text)
        return text if text in allowed else words.get(halfwidth(text))

    def _sort(self, record: dict[str, Any], i: int) -> None:
        """Give a firm its chain link: by the column of links, else by what it does, else by its name."""
        own = self.text(i, "segment") or self.request.constants.get("segment")
        record["segment"] = self.segments.of(own, self.text(i, "business"), None if own else record["name"])
        if record["segment"] == UNKNOWN_SEGMENT:
            self.unknown_segments[own or "(nothing said)"] += 1

    def _place(self, record: dict[str, Any], i: int, geometry: BaseGeometry | None, rounding: float) -> list[str]:
        """Say how well the position is known; or within which place it lies; or why nothing is known of it.

        What is wrong is given back: a position that is too coarse for a point, and that no place holds.
        """
        by_place = "within_basis" in self.schema
        if by_place and (geometry is not None or record.get("within") not in self.place_ids):
            record["within"] = record["within_source"] = record["within_basis"] = None
        if geometry is not None:
            record["geometry_basis"] = record["geometry_basis"] or "digitised"
            accuracy = record["accuracy_m"] or self.request.accuracy_m or self._accuracy(geometry)
            # A geometry's own numbers have no zeros at their end: there, what the row says of its accuracy stands.
            stands_said = self.table.spatial and record["accuracy_m"] is not None
            record["accuracy_m"] = float(accuracy)
            if rounding > accuracy and not stands_said:
                record["accuracy_m"] = float(math.ceil(rounding)) if rounding > 1 else rounding
                self.coarse.append(self.table.rows[i].number)
            record["geometry_source"] = record["geometry_source"] or self._source(i)
            record["unplaced_reason"] = None
            return self._too_wide(record, geometry) if by_place else []
        record["geometry_basis"] = record["accuracy_m"] = None
        record["geometry_source"] = None
        if not by_place or record.get("within"):
            known = by_place and bool(record.get("within"))
            record["unplaced_reason"] = None if known else record["unplaced_reason"] or self._nowhere(i)
            if known:
                record["within_source"] = record["within_source"] or self._row_words(i)
                record["within_basis"] = record["within_basis"] or "source"
            return []
        park = self.text(i, "park")
        place = self.names.place(park)
        if place is None and park is None:
            place = self.names.place_within(record.get("address") or None)
        if place is not None:
            record["within"], record["within_basis"] = place, "source"
            record["within_source"] = self._row_words(i)
            record["unplaced_reason"] = None
            if park is None and not record["note"]:
                record["note"] = f"put into {self.names.titles.get(place, place)} by its address"
        else:
            record["unplaced_reason"] = record["unplaced_reason"] or self._nowhere(i)
        return []

    def _row_words(self, i: int) -> str:
        return f"{self.table.name}, row {self.table.rows[i].number}"

    def _too_wide(self, record: dict[str, Any], point: BaseGeometry) -> list[str]:
        """Turn a point that is known to more than 1 km into the smallest place that holds its radius."""
        accuracy = float(record["accuracy_m"])
        if not too_wide(point, accuracy):
            return []
        crs = metric_crs_for(point.bounds)
        circle = shapely.buffer(to_metric(point, crs), accuracy)
        held = [
            (outline.area, str(place["id"]))
            for place, outline in self.outlines
            if outline.intersects(point) and to_metric(outline, crs).covers(circle)
        ]
        if not held:
            return [
                f"its position is known to {accuracy:g} m only, and no zone or district holds that radius: give a "
                f"position of at most {POINT_AT_MOST_M:g} m, or name the place that it lies in (a column 所属园区), or "
                "leave the coordinates out"
            ]
        record["within"], record["within_basis"] = min(held)[1], "source"
        record["within_source"] = f"{record['geometry_source']}, ±{accuracy:g} m"
        record["geometry_basis"] = record["accuracy_m"] = record["geometry_source"] = None
        return []

    def _nowhere(self, i: int) -> str:
        park = self.text(i, "park")
        if park is not None:
            return (
                f"{self.table.name}, row {self.table.rows[i].number}: no coordinates, and no place is called {park!r}"
            )
        return f"{self.table.name}, row {self.table.rows[i].number}: no coordinates"

    def _accuracy(self, geometry: BaseGeometry) -> float:
        if geometry.geom_type != "Point":
            return OUTLINE_M
        return PICKED_M if self.decision.reference in {Datum.GCJ02, Datum.BD09} else POINT_M

    def _source(self, i: int) -> str:
        part = f" [{self.table.part}]" if self.table.part else ""
        how = "" if self.decision.reference is Datum.WGS84 else ", converted to WGS 84"
        row = self.table.rows[i].number
        return f"{self.table.name}{part}, row {row}; {self.decision.reference}{how} ({self.decision.words})"

    def _district_around(self, geometry: BaseGeometry) -> str | None:
        for record, district in self.districts:
            if geometry.geom_type == "Point":
                if district.intersects(geometry):
                    return str(record["id"])
            elif geometry.intersection(district).area >= _INSIDE_SHARE * geometry.area:
                return str(record["id"])
        return None

    def _extras(self, i: int) -> dict[str, Any]:
        """The other columns of the row, under their own names; and those understood that the layer has no place for."""
        cells = self.table.rows[i].cells
        kept = [*self.columns.extras]
        kept += [self.columns.roles[role] for role in ("park", "business") if role in self.columns.roles]
        for role in ("segment", "uscc", "type", "category", "status", "kind", "level"):
            column = self.columns.roles.get(role)
            if column is not None and column != role:
                kept.append(column)
        found = {name: _json_value(cells.get(name)) for name in kept if name not in self.schema}
        return {name: value for name, value in found.items() if value is not None}


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return str(value)


def _texts(record: Mapping[str, Any]) -> list[str]:
    return [text for pair in record.items() for text in pair if isinstance(text, str)]


# --- Identity, layer, journal ---------------------------------------------------------------------------------------


def layer_path(city: str, kind: str) -> Path:
    """The file of a layer, relative to the project."""
    return Path("layers") / city / f"{kind}.geojson"


def _assemble(
    project: Project,
    request: Request,
    table: RawTable,
    columns: ColumnMap,
    decision: Decision,
    builder: _Builder,
    rows: Sequence[tuple[int, dict[str, Any], BaseGeometry | None]],
    faults: Sequence[Fault],
    repaired: Sequence[Fault],
    notes: Sequence[str],
) -> Plan:
    where = layer_path(request.city, request.kind)
    path = project.root / where
    before = path.read_bytes() if path.is_file() else None
    existing: dict[str, Feature] = {}
    if before is not None:
        existing = {
            str(record["id"]): (dict(record), geometry) for record, geometry in read_features(path, where.as_posix())
        }
    register = _Register(project, request, table, existing)
    added, changed = register.take(rows)
    raise_if_any(
        register.faults, InputError, f"{len(register.faults)} row(s) are in the project already; nothing was imported"
    )
    features = list(register.features.values())
    data = dump_features(features)
    raise_if_any(check_features(features, request.kind, where.as_posix()), InputError)
    try_out(project.root, where, data)
    placed = sum(geometry is not None for _, _, geometry in rows)
    by_place = sum(_place_of(request.kind, record) is not None for _, record, _ in rows)
    counts = {
        "rows_in": len(table.rows),
        "rows_kept": len(rows),
        "rows_refused": len(table.rows) - len(rows),
        "placed": placed,
        "by_place": by_place,
        "unplaced": len(rows) - placed - by_place,
        "added": len(added),
        "changed": len(changed),
    }
    return Plan(
        request, table, columns, decision, features, added, changed, faults, repaired, register.likely,
        [*table.notes, *notes, *builder.notes, *_remarks(builder)], counts, data, before,
    )  # fmt: skip


def _remarks(builder: _Builder) -> list[str]:
    found = []
    if builder.bad_codes:
        found.append(f"{len(builder.bad_codes)} code(s) are wrong and not used: {builder.bad_codes[0]}")
    if builder.coarse:
        found.append(
            f"{len(builder.coarse)} row(s) are less accurate than is said or usual, by the decimals of their "
            f"coordinates: rows {_first(builder.coarse)}"
        )
    if builder.unknown_segments:
        total = sum(builder.unknown_segments.values())
        shown = ", ".join(f"{text[:20]} ({count})" for text, count in builder.unknown_segments.most_common(5))
        found.append(f"{total} row(s) have a chain link that segments.csv does not know, so it is unknown: {shown}")
    return found


class _Register:
    """Decides for each row whether it is a new feature or one that is known, and gives ids."""

    def __init__(self, project: Project, request: Request, table: RawTable, existing: Mapping[str, Feature]) -> None:
        self.request = request
        self.table = table
        self.features = dict(existing)
        self.old = set(existing)
        self.taken = {id_ for layer in project.layers.values() for id_ in layer.ids} | set(project.facts.elsewhere)
        self.numbers: dict[str, int] = {}
        self.codes: dict[str, list[str]] = {}
        self.names: dict[str, list[tuple[str, int | None]]] = {}
        for id_, (record, _) in existing.items():
            if record.get("uscc"):
                self.codes.setdefault(record["uscc"], []).append(id_)
            self.names.setdefault(normal_name(str(record.get("name"))), []).append((id_, None))
        self.faults: list[Fault] = []
        self.likely: list[dict[str, Any]] = []

    def take(self, rows: Sequence[tuple[int, dict[str, Any], BaseGeometry | None]]) -> tuple[list[str], list[str]]:
        """Add or merge every row; the ids added and the ids changed."""
        self._share_organisations([record for _, record, _ in rows])
        added: list[str] = []
        changed: list[str] = []
        updated: set[str] = set()
        for i, record, geometry in rows:
            number = self.table.rows[i].number
            match = self._match(record, number)
            if match is not None:
                if match in updated:
                    self.faults.append(
                        Fault(self.table.name, f"is the second row for {match}: one row for each id or code", number)
                    )
                    continue
                self.features[match] = _merged(self.features[match], record, geometry)
                changed.append(match)
                updated.add(match)
                continue
            wanted = record["id"] or (
                str(record["uscc"]).lower() if record.get("uscc") else slug_of(str(record["name"]))
            )
            if record["id"] and wanted in self.taken:
                self.faults.append(
                    Fault(self.table.name, f"the id {wanted!r} is taken; --merge updates a feature by its id", number)
                )
                continue
            id_ = free_id(wanted, self.taken, self.numbers)
            self.taken.add(id_)
            record["id"] = id_
            self._compare(record, geometry, number)
            self.features[id_] = (record, geometry)
            added.append(id_)
        return added, changed

    def _match(self, record: Mapping[str, Any], number: int) -> str | None:
        """The feature that a row updates: by id, else by code; a fault where that is not asked for or not clear."""
        id_, code = record["id"], record.get("uscc")
        if id_ and id_ in self.old:
            return str(id_) if self.request.merge else None
        same = [known for known in self.codes.get(code, ()) if known in self.old] if code else []
        if not same or (id_ and self.request.merge):
            return None
        if not self.request.merge:
            if not self.request.again:
                what = f"has the code {code}, as {same[0]} has; --merge updates it, --again adds a second one"
                self.faults.append(Fault(self.table.name, what, number))
            return None
        if len(same) > 1:
            what = f"has the code {code}, which {', '.join(same)} share; say which in a column id"
            self.faults.append(Fault(self.table.name, what, number))
            return None
        return same[0]

    def _share_organisations(self, records: Sequence[dict[str, Any]]) -> None:
        """Several rows of one code are the sites of one organisation: they get one `org`."""
        if self.request.kind != "enterprises":
            return
        by_code: dict[str, list[dict[str, Any]]] = {}
        for record in records:
            if record.get("uscc"):
                by_code.setdefault(record["uscc"], []).append(record)
        for code, sites in by_code.items():
            if len(sites) > 1:
                for record in sites:
                    record["org"] = record["org"] or slug_of(str(sites[0]["name"])) or code.lower()

    def _compare(self, record: Mapping[str, Any], geometry: BaseGeometry | None, number: int) -> None:
        """List what has the same name already; it is for the user to say whether it is the same."""
        key = normal_name(str(record["name"]))
        for other, row in self.names.get(key, [])[:_MOST_ALIKE]:
            held, place = self.features[other]
            metres = _apart(geometry, place)
            same_site = held.get("org") and held.get("org") == record.get("org") and metres is not None and metres > 50
            if not same_site:
                self.likely.append(
                    {
                        "row": number,
                        "name": record["name"],
                        "id": record["id"],
                        "like": other,
                        "like_row": row,
                        "like_name": held.get("name"),
                        "metres_apart": None if metres is None else round(metres),
                    }
                )
        self.names.setdefault(key, []).append((str(record["id"]), number))


def _apart(one: BaseGeometry | None, other: BaseGeometry | None) -> float | None:
    if one is None or other is None:
        return None
    first, second = shapely.centroid(one), shapely.centroid(other)
    return distance_m(shapely.get_x(first), shapely.get_y(first), shapely.get_x(second), shapely.get_y(second))


_GEOMETRY_COLUMNS: Final = ("geometry_basis", "accuracy_m", "geometry_source", "unplaced_reason")
_PLACE_COLUMNS: Final = ("within", "within_source", "within_basis")


def _place_of(kind: str, record: Mapping[str, Any]) -> str | None:
    """The place that is all that is known of where a firm or facility is."""
    return record.get("within") or None if kind in {"enterprises", "facilities"} else None


def _merged(old: Feature, record: Mapping[str, Any], geometry: BaseGeometry | None) -> Feature:
    """A known feature with what a row says; where the row says nothing, the old word stays."""
    held, place = old
    kept = {name: value for name, value in record.items() if value not in (None, "", [])}
    kept.pop("id", None)
    by_place = "within_basis" in record
    where = _GEOMETRY_COLUMNS + (_PLACE_COLUMNS if by_place else ())
    says_where = geometry is not None or (place is None and by_place and bool(record.get("within")))
    for name in where:
        kept.pop(name, None)
    for name, value in (("segment", UNKNOWN_SEGMENT),):
        if kept.get(name) == value and held.get(name):
            kept.pop(name)
    merged = {**held, **kept}
    if says_where:
        merged |= {name: record[name] for name in where if name in record}
        return merged, geometry
    return merged, place


def apply(root: Path, plan: Plan, when: str) -> journal.Entry:
    """Carry out a plan: layer, journal entry and recipe change together or not at all.

    Args:
        root: the project's folder.
        plan: what `plan_import` worked out.
        when: the time to note in the journal, ISO.

    Raises:
        UsageError: the layer changed since the plan was made.
        GisError: something cannot be written; then nothing is changed.
    """
    request = plan.request
    where = layer_path(request.city, request.kind)
    with lock_folder(root, f"gis import {plan.table.name}") as lock:
        path = root / where
        if (path.read_bytes() if path.is_file() else None) != plan.before:
            raise UsageError(f"{where.as_posix()} was changed while the file was read; run the command again")
        entries = journal.read_journal(root)
        number = max((entry.number for entry in entries), default=0) + 1
        entry = _entry(plan, number, when)
        staged: dict[Path, bytes | None] = {where: plan.data, journal.entry_path(number): journal.dump_entry(entry)}
        if plan.before is not None:
            staged[journal.before_path(number)] = journal.packed(plan.before)
        if request.recipe is not None:
            staged[recipe_path(request.recipe)] = dump_recipe(_recipe(plan))
        lock.commit(staged)
    return entry


def _entry(plan: Plan, number: int, when: str) -> journal.Entry:
    request, table = plan.request, plan.table
    touched = {*plan.added, *plan.changed}
    marks = journal.marks_of(plan.data, [str(record["id"]) for record, _ in plan.features])
    return journal.Entry(
        number=number,
        when=when,
        file=table.name,
        sha256=table.sha256,
        format=table.format,
        part=table.part,
        kind=request.kind,
        city=request.city,
        layer=layer_path(request.city, request.kind).as_posix(),
        rows_in=plan.counts["rows_in"],
        rows_kept=plan.counts["rows_kept"],
        rows_refused=plan.counts["rows_refused"],
        refused=[{"row": fault.row, "why": fault.what} for fault in plan.refused],
        left_out=[{"row": row, "why": why} for row, why in table.dropped],
        mapping=dict(plan.columns.roles),
        encoding=table.encoding,
        datum=str(plan.decision.reference),
        datum_evidence=[plan.decision.words, *plan.decision.evidence],
        repaired=[{"row": fault.row, "what": fault.what} for fault in plan.repaired],
        added=list(plan.added),
        changed=list(plan.changed),
        before="" if plan.before is None else journal.digest(plan.before),
        after=journal.digest(plan.data),
        marks={id_: mark for id_, mark in marks.items() if id_ in touched},
        notes=list(plan.notes),
    )


def _recipe(plan: Plan) -> Recipe:
    request = plan.request
    return Recipe(
        kind=request.kind,
        city=request.city,
        part=request.part,
        encoding=request.encoding,
        datum=str(plan.decision.reference) if plan.counts["placed"] else request.datum,
        accuracy_m=request.accuracy_m,
        columns=dict(plan.columns.roles),
        constants=dict(request.constants),
    )
