"""Print what the project holds: `gis list` and `gis facts`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gis.cli.options import CitiesOption, Format, FormatOption, ProjectOption, open_project
from gis.cli.show import emit_rows, note
from gis.errors import InputError, UsageError, raise_if_any

facts_app = typer.Typer(help="Print what the documents say, row by row, each with file, line and section.")


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
    """List cities, plans, zone systems, zones, enterprises, roads, facilities, districts or chain links.

    Example: gis list zones --city huli
    """
    loaded = open_project(project, city)
    if what == Listing.CITIES:
        rows: list[dict[str, object]] = [
            {"id": c.id, "name": c.name, "name_en": c.name_en}
            | {kind: len(loaded.layer(c.id, kind)) for kind in ("zones", "enterprises", "roads", "facilities")}
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
             "section": s.section, "line": s.line}
            for s in loaded.facts.systems
        ]  # fmt: skip
    elif what == Listing.SEGMENTS:
        rows = [{"id": s.id, "label": s.label, "label_en": s.label_en} for s in loaded.segments.values()]
    else:
        rows = [
            {"id": record["id"], "name": record["name"], "city": layer.city}
            | {key: record[key] for key in ("segment", "type", "category", "level") if key in record}
            | {"placed": geometry is not None, "geometry_basis": record.get("geometry_basis"),
               "accuracy_m": record.get("accuracy_m"),
               "remark": record.get("unplaced_reason") if geometry is None else None}
            for (_, kind), layer in loaded.layers.items() if kind == what
            for record, geometry in layer
        ]  # fmt: skip
    emit_rows(rows, format_)


@facts_app.callback(invoke_without_command=True)
def facts(
    context: typer.Context,
    plan: PlanOption = None,
    kind: KindOption = None,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Print what the documents say, row by row, each with file, line and section.

    Example: gis facts --plan huli-icv-2025 --kind zones
    """
    if context.invoked_subcommand is not None:
        return
    loaded = open_project(project)
    for id_ in plan or ():
        loaded.plan(id_)
    kinds = [str(k) for k in kind] if kind else list(loaded.facts.rows)
    rows = [
        fact.as_row()
        for name in kinds
        for fact in loaded.facts.rows[name]
        if plan is None or not plan or fact.plan in plan
    ]
    emit_rows(rows, format_, ["plan", "line", "section", "kind", "name", "id", "label"])


@facts_app.command("conflicts")
def conflicts(project: ProjectOption = None, format_: FormatOption = Format.TABLE) -> None:
    """List where the documents disagree with each other or with themselves, both sides cited.

    Example: gis facts conflicts --format csv
    """
    rows = [conflict.as_row() for conflict in open_project(project).facts.conflicts]
    emit_rows(rows, format_, ["topic", "name_a", "plan_a", "line_a", "name_b", "plan_b", "line_b", "treatment"])


@facts_app.command("verify")
def verify(
    text: Annotated[Path, typer.Option("--text", help="Folder with the documents' texts.")],
    project: ProjectOption = None,
) -> None:
    """Hold every row against the documents' texts; name each row that no longer holds, and end with exit code 1.

    Example: gis facts verify --text documents/
    """
    from gis.facts import verify as hold

    if not text.is_dir():
        raise UsageError(f"--text is {text}, which is not a folder")
    loaded = open_project(project)
    raise_if_any(hold(loaded.facts, text), InputError, "these rows do not hold")
    rows = sum(len(found) for found in loaded.facts.rows.values())
    note(f"all {rows} rows and {len(loaded.facts.conflicts)} conflicts hold against the texts in {text}")


@facts_app.command("stats")
def stats(project: ProjectOption = None, format_: FormatOption = Format.TABLE) -> None:
    """Count, for each plan and kind, rows, distinct things, placed, unplaced and conflicting.

    Example: gis facts stats
    """
    from gis.analysis.catalogue import statistics

    emit_rows([row.row() for row in statistics(open_project(project))], format_)
