"""Turn a foreign file into features of a layer: plan it whole, then change layer, journal and recipe together."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from gis.earth.geodesy import metric_crs_for, to_metric
from gis.intake.corners import with_outlines
from gis.intake.detective import Surroundings, surroundings_of
from gis.intake.identity import (
    Gazetteer,
    Segments,
    gazetteer_of,
    is_slug,
    parse_uscc,
    segments_of,
    slug_of,
)
from gis.intake.merging import Changes, Feature, Register, Row, place_of
from gis.intake.positions import (
    Decision,
    Positions,
    convert_all,
    decide,
    fault_rows,
    gather,
    rounding_m,
    with_datums_of_rows,
    witnesses_of,
)
from gis.intake.recipe import Recipe, dump_recipe, read_recipe, recipe_path
from gis.intake.shapes import look_at
from gis.io.columns import ColumnMap, is_state, may_name, recognise
from gis.io.containers import refuse, shown_name
from gis.io.geojson import dump_features, read_features
from gis.io.quantities import is_blank, parse_day, parse_number, parse_truth
from gis.io.raw import RawTable
from gis.io.reading import read_table
from gis.model import journal
from gis.model.history import COLUMN as HISTORY
from gis.model.history import history_of
from gis.model.layers import check_features
from gis.model.position import POINT_AT_MOST_M, too_wide
from gis.model.project import Project, load_project
from gis.model.schema import FILE_KINDS, GROUND, GROUND_CLASSES, LAYER_COLUMNS, UNKNOWN_SEGMENT, Column
from gis.model.trial import try_out

# The accuracy promised where neither file nor user states one: picked on a map, measured or unknown, outlines.
PICKED_M: Final = 50.0
POINT_M: Final = 100.0
OUTLINE_M: Final = 50.0
_INSIDE_SHARE: Final = 0.998
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

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
    (GROUND, "class"): {
        **dict.fromkeys(("水系", "水域", "湖泊", "水面", "海域"), "water"),
        **dict.fromkeys(("海岸线", "岸线"), "coast"),
        **dict.fromkeys(("河流", "河道"), "river"),
        "铁路": "railway",
        **dict.fromkeys(("地铁", "轨道交通"), "metro"),
        **dict.fromkeys(("高速公路", "高速"), "motorway"),
        **dict.fromkeys(("主干路", "主干道", "干线公路"), "main_road"),
        "机场": "airfield",
        **dict.fromkeys(("建成区", "居民地"), "built_up"),
        **dict.fromkeys(("绿地", "公园绿地"), "green"),
        **dict.fromkeys(("车站", "站点"), "station"),
        **dict.fromkeys(("城镇", "乡镇", "镇", "街道"), "town"),
    },
    ("districts", "level"): {"区": "district", "县": "county", **dict.fromkeys(("镇", "街道", "乡"), "town")},
}
_FALLBACK: Final[Mapping[str, Mapping[str, Any]]] = {
    "zones": {"category": "park"},
    "enterprises": {"segment": UNKNOWN_SEGMENT, "kind": "enterprise"},
    "roads": {"type": "road", "is_test_road": False, "status": "existing"},
    "facilities": {"type": "other", "status": "existing"},
    "districts": {"level": "district", "role": "subject"},
    GROUND: {},
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
    points: bool = False
    recipe: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do; nothing is changed yet.

    `features` is the whole layer as it will be; `refused` are the faulty rows (only with `partial`); `likely` are
    pairs that look like one thing; `changes` is what a merge changes, `listed` the ids of all rows.
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
    changes: Changes
    listed: Sequence[str]

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
            "changes": self.changes.as_json() if self.request.merge else None,
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
                place = place_of(record) or record.get("unplaced_reason") or ""
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
    if kind not in FILE_KINDS:
        raise UsageError(f"--kind is {kind!r}; say what the file is: {', '.join(FILE_KINDS)}")
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
    table, columns = with_outlines(table, columns, request.kind, request.constants, points=request.points)
    if "name" not in columns.roles and "name" not in request.constants and request.kind != GROUND:
        shown = ", ".join(table.header) or "none"
        offered = may_name(table.header)[:4]
        ways = " or ".join(f"--map name={column}" for column in offered) or "--map name=COLUMN"
        raise refuse(table.name, f"has no column that is understood as the name; its columns are {shown}: say {ways}")
    table = _without_gone(table, columns, request)
    names = gazetteer_of(project)
    around = surroundings_of(project, city)
    positions = gather(table, columns, repair=request.repair, kind=request.kind)
    table = with_datums_of_rows(table, columns, positions, request.datum)
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
    spoilt: list[dict[str, Any]] = []
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
            rows.append((i, record, None if place_of(record) else kept))
        else:
            spoilt.append(record)
    faults += _outside(table, rows, around, builder.notes)
    _raise_unless_partial(faults, request, rows)
    return _assemble(project, request, table, columns, decision, builder, rows, faults, repaired, positions, spoilt)


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
        same = entry.action == "import" and entry.sha256 == table.sha256 and entry.part == table.part
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
        self.silent: dict[int, frozenset[str]] = {}
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
        usual = {k: value for k, value in _FALLBACK[self.request.kind].items() if record.get(k) is None}
        record |= usual
        # What a firm does is read from its words below.
        self.silent[i] = frozenset(usual) - {"segment"}
        if self.request.kind == GROUND:
            wrong += _ground_faults(record, geometry)
        elif record["name"] is None:
            wrong.append(f"has no name (column {self.columns.roles.get('name')!r} is empty)")
        if self.request.kind == "enterprises":
            self._sort(record, i)
        wrong += self._place(record, i, geometry, rounding)
        if self.request.kind == "zones" and geometry is not None and record["within"] is None:
            record["within"] = self._district_around(geometry)
        extras = self._extras(i)
        if not is_blank(extras.get(HISTORY)):
            try:
                extras[HISTORY] = history_of(extras[HISTORY])
            except ValueError as error:
                wrong.append(f"{HISTORY}: {error}")
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
        return value_of(self.request.kind, name, cell, self.bad_codes)

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
            said = {
                "accuracy_m": record["accuracy_m"] or self.request.accuracy_m,
                "geometry_basis": record["geometry_basis"],
            }
            self.silent[i] |= {name for name, value in said.items() if not value}
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
        for role in ("datum", "segment", "uscc", "type", "category", "status", "kind", "level"):
            column = self.columns.roles.get(role)
            if column is not None and column != role:
                kept.append(column)
        found = {name: _json_value(cells.get(name)) for name in kept if name not in self.schema}
        return {name: value for name, value in found.items() if value is not None}


def _ground_faults(record: Mapping[str, Any], geometry: BaseGeometry | None) -> Iterator[str]:
    """What keeps a row from being drawn as ground: no class, no geometry, or one that its class does not have."""
    allowed = GROUND_CLASSES.get(str(record["class"]))
    if allowed is None:
        classes = ", ".join(GROUND_CLASSES)
        yield f"says no class that is drawn ({classes}): --map class=COLUMN or --set class=water"
    elif geometry is None:
        yield "has no geometry, and the ground is there only to be drawn"
    elif geometry.geom_type not in allowed:
        yield f"is of the class {record['class']} and a {geometry.geom_type}; allowed: {', '.join(sorted(allowed))}"


_COLUMNS: Final = {kind: {column.name: column for column in columns} for kind, columns in LAYER_COLUMNS.items()}


def value_of(kind: str, name: str, cell: Any, bad_codes: list[str]) -> Any:
    """A cell as the value of a schema column; None where it says something that the column cannot hold.

    Args:
        kind: of the layer.
        name: of the column.
        cell: what a file or the user says.
        bad_codes: takes what is wrong with a credit code, which is then None.

    Raises:
        ValueError: the cell is no value of the column.
    """
    column = _COLUMNS[kind][name]
    if column.type is list:
        parts = cell if isinstance(cell, list) else re.split("[;；、]", str(cell))
        return [str(part).strip() for part in parts if str(part).strip()]
    if column.type is bool:
        return parse_truth(cell)
    if name == "year":
        return _year(cell)
    if name == "count":
        return _number_of_units(cell)
    if column.type in {float, int}:
        number = parse_number(cell)
        if name == "accuracy_m" and number is not None and number <= 0:
            raise ValueError(f"{str(cell)[:40]!r} is no accuracy; it must be above 0 metres")
        return number if number is None or column.type is float else int(number)
    return _text_value(kind, column, str(cell).strip(), bad_codes)


def _year(cell: Any) -> int | None:
    """The year that a cell says: a number, a day, or words such as 2023年底.

    Raises:
        ValueError: it says none, or several.
    """
    found = {int(year) for year in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", halfwidth(str(cell)).removesuffix(".0"))}
    if len(found) != 1:
        raise ValueError(f"{str(cell)[:40]!r} says no single year")
    return found.pop()


def _number_of_units(cell: Any) -> float | None:
    """How many a cell says, with or without its unit: 12, 12个.

    Raises:
        ValueError: it is no number, or below 0.
    """
    number = parse_number(
        re.sub(r"\s*[个座台桩根枪站套把辆只处]$", "", str(cell).strip()) if isinstance(cell, str) else cell
    )
    if number is not None and number < 0:
        raise ValueError(f"{str(cell)[:40]!r} is no number of units; it must not be below 0")
    return int(number) if number is not None and number == int(number) else number


def _text_value(kind: str, column: Column, text: str, bad_codes: list[str]) -> str | None:
    name = column.name
    if name == "uscc":
        try:
            return parse_uscc(text)
        except ValueError as error:
            bad_codes.append(str(error))
            return None
    if name == "name":
        return re.sub(r"(?<=[\u4e00-\u9fff])\s*[\r\n]+\s*|\s*[\r\n]+\s*(?=[\u4e00-\u9fff])", "", text)
    if name in {"valid_from", "valid_to"}:
        return parse_day(text)
    if name in {"id", "org"}:
        return text if is_slug(text) else slug_of(text)
    if name == "segment":
        return None
    words = _WORDS.get((kind, name), {})
    if column.allowed is None:
        return words.get(halfwidth(text), text)
    return text if text in column.allowed else words.get(halfwidth(text))


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
    positions: Positions,
    spoilt: Sequence[Mapping[str, Any]],
) -> Plan:
    where = layer_path(request.city, request.kind)
    path = project.root / where
    before = path.read_bytes() if path.is_file() else None
    existing: dict[str, Feature] = {}
    if before is not None:
        existing = {
            str(record["id"]): (dict(record), geometry) for record, geometry in read_features(path, where.as_posix())
        }
    register = Register(
        project, request.city, request.kind, table.name, existing, builder.names,
        merge=request.merge, again=request.again, park=columns.roles.get("park"),
    )  # fmt: skip
    register.take(
        [
            Row(table.rows[i].number, record, geometry, rounding_m(positions, i), builder.silent.get(i, frozenset()))
            for i, record, geometry in rows
        ]
    )
    if register.faults and (not request.partial or not register.listed):
        hint = "" if request.partial else " (--partial imports the other rows and lists these)"
        count = f"{len(register.faults)} row(s) are in the project already, or it is not clear which they are"
        raise InputError(register.faults, f"{count}; nothing was imported{hint}")
    in_question = {fault.row for fault in register.faults}
    spoilt = [*spoilt, *(record for i, record, _ in rows if table.rows[i].number in in_question)]
    rows = [row for row in rows if table.rows[row[0]].number not in in_question]
    faults = [*faults, *register.faults]
    added, changed = register.added, register.changed
    entries = [entry for entry in journal.read_journal(project.root) if entry.layer == where.as_posix()]
    changes = register.changes([e for e in entries if not e.undone and e.action == "import"], spoilt)
    features = list(register.features.values())
    data = dump_features(features)
    raise_if_any(check_features(features, request.kind, where.as_posix()), InputError)
    try_out(project.root, where, data)
    placed = sum(geometry is not None for _, _, geometry in rows)
    by_place = sum(place_of(record) is not None for _, record, _ in rows)
    counts = {
        "rows_in": len(table.rows),
        "rows_kept": len(rows),
        "rows_refused": len(table.rows) - len(rows),
        "placed": placed,
        "by_place": by_place,
        "unplaced": len(rows) - placed - by_place,
        "added": len(added),
        "changed": len(changed),
        "unchanged": len(register.listed) - len(added) - len(changed),
    }
    return Plan(
        request, table, columns, decision, features, added, changed, faults, repaired, register.likely,
        [*table.notes, *positions.notes, *builder.notes, *_remarks(builder)], counts, data, before,
        changes, register.listed,
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
        listed=sorted(plan.listed),
    )


def _recipe(plan: Plan) -> Recipe:
    request = plan.request
    return Recipe(
        kind=request.kind,
        city=request.city,
        part=request.part,
        encoding=request.encoding,
        datum=request.datum
        if "datum" in plan.columns.roles or not plan.counts["placed"]
        else str(plan.decision.reference),
        accuracy_m=request.accuracy_m,
        columns=dict(plan.columns.roles),
        constants=dict(request.constants),
    )
