"""Make what comes out: `gis build`, `check`, `export`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from gis.base.errors import UsageError
from gis.base.text import printable
from gis.cli.options import (
    CitiesOption,
    ForceOption,
    Format,
    FormatOption,
    Lang,
    LangOption,
    OutputOption,
    ProjectOption,
    open_project,
    project_folder,
)
from gis.cli.queries import Kind
from gis.cli.show import check_output, emit, emit_rows, note, write_output, write_set

if TYPE_CHECKING:
    from gis.base.errors import Fault
    from gis.model.layers import Layer
    from gis.model.project import Project


class ExportFormat(StrEnum):
    """A format that features are exported in."""

    GEOJSON = "geojson"
    GPKG = "gpkg"
    CSV = "csv"
    XLSX = "xlsx"
    FGB = "fgb"
    PARQUET = "parquet"
    SHP = "shp"
    KML = "kml"
    DXF = "dxf"


_MARK = ".gis-build.json"
_TEXT_FORMATS = frozenset({ExportFormat.GEOJSON, ExportFormat.CSV, ExportFormat.KML, ExportFormat.DXF})


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.command("build")(build)
    root.command("check")(check)
    root.command("export")(export)


def build(
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for what is made; by default maps in the project's folder.")
    ] = None,
    city: CitiesOption = None,
    lang: LangOption = Lang.ZH,
    basemap: Annotated[
        str | None,
        typer.Option("--basemap", help="An online basemap: osm, amap or tianditu:KEY. By default the map is offline."),
    ] = None,
    force: ForceOption = False,
    project: ProjectOption = None,
) -> None:
    """Check the project; write maps, tables and layers to a folder.

    Over what it made there before, which it knows by a list that it leaves in the folder (.gis-build.json), and over
    nothing else.

    Example: gis build --out maps --city jiading
    """
    from gis.base.files import check_output_folder, commit_made
    from gis.views.site import build_site

    out = _default_out(project) if out is None else out
    if out.exists() and not out.is_dir():
        raise typer.BadParameter(f"{out} is a file; name a folder", param_hint="--out")
    check_output_folder(out, force=force)
    started = perf_counter()
    note("reading seeds and layers …")
    loaded = open_project(project, city)
    site = build_site(loaded, lang=lang, basemap=basemap, progress=note)
    commit_made(out, {Path(path): data for path, data in site.files.items()}, _MARK, "gis build", force=force)
    emit_rows(site.summary, Format.TABLE)
    for path in site.pages:
        note(f"{out / path}")
    note(f"{len(site.files)} files in {perf_counter() - started:.1f} s; open {out / 'index.html'}")


def _default_out(project: Path | None) -> Path:
    """The folder maps of the project; of the bundled one, seen from elsewhere, that of the present folder.

    Raises:
        UsageError: it is a link.
    """
    root, here = project_folder(project), Path.cwd()
    out = root / "maps" if project is not None or root in here.parents else Path("maps")
    if out.is_symlink():  # It may have come with the project, and lead anywhere.
        raise UsageError(f"{out} is a link; name the folder that is meant with --out")
    return out


def check(
    unplaced: Annotated[
        bool, typer.Option("--unplaced", help="List what has no place on the map, and why, instead of faults.")
    ] = False,
    city: CitiesOption = None,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """List every fault of the project with file and row.

    It is held against all its rules; the exit code is 1 where there is a fault, 0 where there is none. That something
    is unplaced is no fault; --unplaced lists it with the reasons.

    Example: gis check --city jiading
    """
    from gis.model.project import examine_project

    loaded, faults = examine_project(project_folder(project))
    for id_ in city or ():
        loaded.city(id_)
    faults = [fault for fault in faults if _concerns(fault, city, loaded)]
    if faults:
        if format_ == Format.TABLE:
            emit("".join(f"{printable(str(fault))}\n" for fault in faults))
        else:
            emit_rows([{"where": f.where, "row": f.row, "what": f.what} for f in faults], format_)
        note(f"error: {len(faults)} {'fault' if len(faults) == 1 else 'faults'} found")
        raise typer.Exit(1)
    rows = [
        {"city": id_, "kind": kind, "id": record["id"], "name": record["name"], "reason": record["unplaced_reason"]}
        for id_ in city or loaded.cities
        for kind, record in loaded.unplaced(id_)
    ]
    if unplaced:
        emit_rows(rows, format_)
    elif format_ != Format.TABLE:
        emit_rows([], format_)
    hint = "" if unplaced or not rows else " (gis check --unplaced lists them)"
    note(f"no faults; {len(rows)} features are unplaced, each with its reason{hint}")


def _concerns(fault: Fault, cities: Sequence[str] | None, project: Project) -> bool:
    """Whether a fault stands in what belongs to the cities asked for, or to all of them."""
    first, _, rest = fault.where.partition("/")
    owner = rest.partition("/")[0]
    if not cities or not rest or first not in {"layers", "seeds"}:
        return True
    plan = project.facts.plans.get(owner)
    return owner in cities if first == "layers" else plan is None or plan.city in cities


def export(
    kind: Annotated[Kind, typer.Argument(help="Which layer.")],
    city: CitiesOption = None,
    format_: Annotated[
        ExportFormat | None, typer.Option("--format", help="File format; by default what -o ends in, else geojson.")
    ] = None,
    datum: Annotated[str, typer.Option("--datum", help="Datum or EPSG code of the export.")] = "wgs84",
    encoding: Annotated[str, typer.Option("--encoding", help="Of a shapefile's attributes: utf-8 or gbk.")] = "utf-8",
    output: OutputOption = None,
    force: ForceOption = False,
    project: ProjectOption = None,
) -> None:
    """Write a layer as a file for QGIS, ArcGIS, Excel or CAD.

    It holds one city or all of them. What the format cannot hold is said on stderr.

    Example: gis export zones --city huli --format gpkg -o zones.gpkg
    """
    from gis.views.geodata import write_features

    chosen = format_ or _format_of(output)
    to_stdout = output is None or str(output) == "-"
    if to_stdout and chosen == ExportFormat.SHP:
        raise typer.BadParameter(f"a shapefile is several files; name one, such as {kind}.shp", param_hint="-o")
    if to_stdout and chosen not in _TEXT_FORMATS and sys.stdout.isatty():
        raise typer.BadParameter(f"{chosen} is no text; name a file, such as {kind}.{chosen}", param_hint="-o")
    check_output(output, force=force)
    loaded = open_project(project, city)
    made = write_features(_layer(loaded, kind), chosen, datum=datum, encoding=encoding)
    renamed = str(kind) if output is None else output.stem  # Files of a set are named after the one given.
    for loss in made.losses:
        note(f"lost in {chosen}: {loss.replace(f'{kind}_fields', f'{renamed}_fields')}")
    if isinstance(made.data, bytes):
        write_output(made.data, output, force=force)
    elif output is not None:
        files = {renamed + name.removeprefix(kind): data for name, data in made.data.items()}
        write_set(files, output, "gis export", force=force)


def _format_of(output: Path | None) -> ExportFormat:
    """The format that a file's ending names; geojson where there is none.

    Raises:
        BadParameter: the ending is that of no format.
    """
    ending = "" if output is None or str(output) == "-" else output.suffix.lower().removeprefix(".")
    if ending in {"", "json"}:
        return ExportFormat.GEOJSON
    if ending not in set(ExportFormat):
        known = ", ".join(ExportFormat)
        raise typer.BadParameter(f"{output} ends in no format of {known}; say one with --format", param_hint="-o")
    return ExportFormat(ending)


def _layer(project: Project, kind: Kind) -> Layer:
    """A layer of the project: of its one city as it is, of several put together with a column that says the city."""
    from gis.model.layers import layer_of

    layers = [project.places(id_) if kind == Kind.ZONES else project.layer(id_, kind) for id_ in project.cities]
    if len(layers) == 1:
        return layers[0]
    features = [({**record, "city": layer.city}, geometry) for layer in layers for record, geometry in layer]
    return layer_of("", kind.value, features)
