"""Print what the project holds: `gis list` and `gis facts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gis.base.errors import InputError, raise_if_any
from gis.cli.options import CitiesOption, Format, FormatOption, ProjectOption, folder_of, open_project
from gis.cli.show import emit_rows, note

if TYPE_CHECKING:
    from gis.model.layers import Layer
    from gis.model.project import Project

# What each kind of feature is listed with, and what its table for people leaves out.
_OWN = {
    "zones": ("category", "within"),
    "districts": ("level", "role"),
    "enterprises": ("segment", "kind"),
    "roads": ("type", "status", "is_test_road"),
    "facilities": ("type", "status"),
}
_FIGURES = frozenset({"comparator", "value", "value_high", "unit", "year"})
_HIDDEN = frozenset({"name_en", "within", "placed"})

facts_app = typer.Typer()


class Listing(StrEnum):
    """What `gis list` can list."""

    CITIES = "cities"
    PLANS = "plans"
    SYSTEMS = "systems"
    ZONES = "zones"
    ENTERPRISES = "enterprises"
    ROADS = "roads"
    FACILITIES = "facilities"
    DISTRICTS = "districts"
    SEGMENTS = "segments"


class FactKind(StrEnum):
    """A kind of fact."""

    SYSTEMS = "systems"
    ZONES = "zones"
    ENTERPRISES = "enterprises"
    ROADS = "roads"
    FACILITIES = "facilities"
    INDICATORS = "indicators"
    RELATIONS = "relations"
    CHAIN = "chain"


PlanOption = Annotated[list[str] | None, typer.Option("--plan", help="Only this plan (may be given more than once).")]
KindOption = Annotated[
    list[FactKind] | None, typer.Option("--kind", help="Only this kind (may be given more than once).")
]


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.command("list")(list_)
    root.add_typer(facts_app, name="facts")


def list_(
    what: Annotated[Listing, typer.Argument(help="What to list.")] = Listing.CITIES,
    city: CitiesOption = None,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List cities, plans, zone systems, features or chain links.

    zones are those of the zones layer and the districts that a plan gives a role.

    Example: gis list zones --city huli
    """
    loaded = open_project(project, city)
    shown: list[str] | None = None
    if what == Listing.CITIES:
        rows: list[dict[str, object]] = [
            {"id": c.id, "name": c.name, "name_en": c.name_en}
            | {kind: len(_layer(loaded, c.id, kind)) for kind in ("zones", "enterprises", "roads", "facilities")}
            for c in loaded.cities.values()
        ]
    elif what == Listing.PLANS:
        rows = [
            {"id": p.id, "city": p.city, "title": p.title, "horizon": p.horizon, "file": p.file}
            for p in loaded.facts.plans.values()
        ]
    elif what == Listing.SYSTEMS:
        rows = [
            {"id": s.id, "name": s.title, "plan": s.plan, "members": s.members, "places": len(loaded.members(s)),
             "valid_from": s.valid_from, "valid_to": s.valid_to, "line": s.line, "section": s.section}
            for s in loaded.facts.systems
        ]  # fmt: skip
    elif what == Listing.SEGMENTS:
        rows = [{"id": s.id, "label": s.label, "label_en": s.label_en} for s in loaded.segments.values()]
    else:
        rows = _features(loaded, what)
        hidden = _HIDDEN if len(loaded.cities) > 1 else _HIDDEN | {"city"}
        shown = [name for row in rows[:1] for name in row if name not in hidden]
    emit_rows(rows, format_, shown)


def _layer(project: Project, city: str, kind: str) -> Layer:
    """The features of a kind; zones are those of the layer and the districts that a plan gives a role."""
    return project.places(city) if kind == "zones" else project.layer(city, kind)


def _features(project: Project, kind: str) -> list[dict[str, object]]:
    """A row for each feature of a kind: what it is, how well its place is known, and why it has none."""
    systems: dict[str, list[str]] = {}
    for membership in project.facts.memberships:
        if membership.system and membership.system not in systems.setdefault(membership.id, []):
            systems[membership.id].append(membership.system)
    rows: list[dict[str, object]] = []
    for city in project.cities:
        for record, geometry in _layer(project, city, kind):
            row = {key: record.get(key) for key in ("id", "name", "name_en")} | {"city": city}
            row |= {key: record.get(key) for key in _OWN.get(kind, ())}
            if kind == "zones" and row["category"] is None:
                row["category"] = record.get("level")  # A district that a plan gives a role.
            row |= {"placed": geometry is not None}
            row |= {key: record.get(key) for key in ("geometry_basis", "accuracy_m")}
            if kind in {"enterprises", "facilities"}:
                row["within"] = record.get("within")
            if kind in {"zones", "districts"}:
                row["systems"] = systems.get(record["id"], [])
            rows.append(row | {"unplaced_reason": record.get("unplaced_reason") if geometry is None else None})
    return rows


@facts_app.callback(invoke_without_command=True)
def facts(
    context: typer.Context,
    plan: PlanOption = None,
    kind: KindOption = None,
    city: CitiesOption = None,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Print what the documents say, row by row, with its place.

    Its place is file, line and section. The table shows the columns that differ; JSON and CSV hold all.

    Example: gis facts --plan huli-icv-2025 --kind zones
    """
    if context.invoked_subcommand is not None:
        if plan or kind or city or project or format_ != Format.TABLE:
            raise typer.BadParameter(f"options go after {context.invoked_subcommand}")
        return
    loaded = open_project(project, city)
    for id_ in plan or ():
        loaded.plan(id_)
    kinds = [str(k) for k in kind] if kind else list(loaded.facts.rows)
    found = [fact for name in dict.fromkeys(kinds) for fact in loaded.facts.rows[name] if not plan or fact.plan in plan]
    rows = [fact.as_row() for fact in found]
    emit_rows(rows, format_, _fact_columns(rows))


def _fact_columns(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The columns for people: without those that are the same in every row, with a kind's own where it is alone."""
    first = ["kind", "name", "id", "plan", "line"]
    several = [name for name in first if name not in {"kind", "plan"} or len({row[name] for row in rows}) > 1]
    if len({row["kind"] for row in rows}) != 1:
        return [*several, "section", "label"]
    own = [name for name in rows[0] if name not in {*first, "file", "section", "label", "label_en", "note"}]
    own.sort(key=lambda name: name not in _FIGURES)  # What is said first, where there is not room for all of it.
    filled = [name for name in own if any(row[name] not in (None, "", []) for row in rows)]
    return [*several, *filled, "section", "label"]


@facts_app.command("conflicts")
def conflicts(project: ProjectOption = None, format_: FormatOption = Format.TABLE) -> None:
    """List where the documents disagree, both sides cited, and where a document and a position do.

    Of the latter, side a is the document's line that puts a firm somewhere, side b the position that excludes it.

    Example: gis facts conflicts --format csv
    """
    from gis.measures.query import contradictions

    loaded = open_project(project)
    rows: list[dict[str, Any]] = [conflict.as_row() for conflict in loaded.facts.conflicts]
    for found in contradictions(loaded):
        own = {
            "id": f"{found.id}-position",
            "topic": f"{found.name}的位置",
            "kind": "position",
            "plan_a": found.plan,
            "file_a": loaded.plan(found.plan).file,
            "line_a": found.line,
            "section_a": found.section,
            "name_a": found.place_name,
            "plan_b": "",
            "file_b": "",
            "line_b": None,
            "section_b": "",
            "name_b": found.position,
            "explanation": f"位置所据：{found.position_source}",
            "treatment": "两说并存：估计依文件，位置另列，该行注明不符",
        }
        rows.append(own)
    emit_rows(rows, format_, ["topic", "name_a", "plan_a", "line_a", "name_b", "plan_b", "line_b", "treatment"])


@facts_app.command("verify")
def verify(
    text: Annotated[Path, typer.Option("--text", help="Folder with the documents' texts.")],
    project: ProjectOption = None,
) -> None:
    """Hold every row against the documents' texts.

    Each row that no longer holds is named; then the exit code is 1.

    Example: gis facts verify --text documents/
    """
    from gis.model.facts import verify as hold

    folder_of("--text", text)
    loaded = open_project(project)
    raise_if_any(hold(loaded.facts, text), InputError, "these rows do not hold")
    rows = sum(len(found) for found in loaded.facts.rows.values())
    note(f"all {rows} rows and {len(loaded.facts.conflicts)} conflicts hold against the texts in {text}")


@facts_app.command("stats")
def stats(project: ProjectOption = None, format_: FormatOption = Format.TABLE) -> None:
    """Count rows, things, placed and conflicting by plan and kind.

    Example: gis facts stats
    """
    from gis.measures.catalogue import statistics

    emit_rows([row.row() for row in statistics(open_project(project))], format_)
