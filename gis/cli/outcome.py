"""Make what comes out: `gis build`, `check`, `export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from gis.cli.options import (
    CitiesOption,
    CityOption,
    Format,
    FormatOption,
    Lang,
    LangOption,
    OutputOption,
    ProjectOption,
    one_city,
    open_project,
)
from gis.cli.queries import Kind
from gis.cli.show import emit_rows, note, write_output
from gis.errors import ProjectError, UsageError, raise_if_any


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


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.command("build")(build)
    root.command("check")(check)
    root.command("export")(export)


def build(
    out: Annotated[Path, typer.Option("--out", help="Folder for what is made.")] = Path("maps"),
    city: CitiesOption = None,
    lang: LangOption = Lang.ZH,
    basemap: Annotated[
        str | None,
        typer.Option("--basemap", help="An online basemap: osm, amap or tianditu:KEY. By default the map is offline."),
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Check the project, compute coverage, and write maps, tables and layers to a folder.

    Example: gis build --out maps --city jiading
    """
    from gis.files import commit_folder
    from gis.output.site import build_site

    started = perf_counter()
    note("reading seeds and layers …")
    loaded = open_project(project, city)
    site = build_site(loaded, lang=lang, basemap=basemap, progress=note)
    commit_folder(out, {Path(path): data for path, data in site.files.items()}, "gis build")
    emit_rows(site.summary, Format.TABLE)
    for path in site.pages:
        note(f"{out / path}")
    note(f"{len(site.files)} files in {perf_counter() - started:.1f} s; open {out / 'index.html'}")


def check(project: ProjectOption = None, format_: FormatOption = Format.TABLE) -> None:
    """Hold the project against all its rules and list every fault with file and row.

    Exit code 1 where there is a fault, 0 where there is none. What is unplaced, and why, is listed too: that is no
    fault.

    Example: gis check --project my-park
    """
    from gis.project import examine_project, find_project

    if project is not None and not project.is_dir():
        raise UsageError(f"--project is {project}, which is not a folder")
    loaded, faults = examine_project(project or find_project())
    raise_if_any(faults, ProjectError, f"{len(faults)} fault(s)")
    rows = [
        {"city": city, "kind": kind, "id": record["id"], "name": record["name"], "reason": record["unplaced_reason"]}
        for city in loaded.cities
        for kind, record in loaded.unplaced(city)
    ]
    if rows:
        emit_rows(rows, format_)
    note(f"no faults; {len(rows)} features are unplaced, each with its reason")


def export(
    kind: Annotated[Kind, typer.Argument(help="Which layer.")],
    city: CityOption = None,
    format_: Annotated[ExportFormat, typer.Option("--format", help="File format.")] = ExportFormat.GEOJSON,
    datum: Annotated[str, typer.Option("--datum", help="Datum or EPSG code of the export.")] = "wgs84",
    encoding: Annotated[str, typer.Option("--encoding", help="Of a shapefile's attributes: utf-8 or gbk.")] = "utf-8",
    output: OutputOption = None,
    project: ProjectOption = None,
) -> None:
    """Write one layer of a city as a file that opens in QGIS, ArcGIS, Excel or CAD.

    What the format cannot hold is said on stderr.

    Example: gis export zones --city huli --format gpkg -o zones.gpkg
    """
    from gis.output.geodata import write_features

    loaded = open_project(project, [city] if city else None)
    chosen = one_city(loaded, city)
    layer = loaded.places(chosen) if kind == Kind.ZONES else loaded.layer(chosen, kind)
    made = write_features(layer, format_, datum=datum, encoding=encoding)
    for loss in made.losses:
        note(f"lost in {format_}: {loss}")
    if isinstance(made.data, bytes):
        write_output(made.data, output)
        return
    if output is None or str(output) == "-":
        raise UsageError(f"{format_} is several files; name one of them with -o, such as -o {kind}.{format_}")
    from gis.files import commit_folder

    commit_folder(output.parent, {Path(name): data for name, data in made.data.items()}, "gis export")
    note(f"wrote {', '.join(sorted(made.data))} into {output.parent}")
