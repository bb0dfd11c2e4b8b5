"""Bring your own park: `gis init`, `gis import`, `gis imports`, `gis datum`."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gis.base.errors import UsageError
from gis.cli.options import (
    CityOption,
    ForceOption,
    Format,
    FormatOption,
    ProjectOption,
    one_city,
    open_project,
    project_folder,
)
from gis.cli.show import check_output, emit, emit_rows, note, write_output, write_set
from gis.views.tables import as_json

if TYPE_CHECKING:
    from gis.intake.importing import Plan, Request

imports_app = typer.Typer(help="List the imports into a project, or take one back.", invoke_without_command=True)
datum_app = typer.Typer(help="Find out or change the datum of coordinates.", no_args_is_help=True)


class Kind(StrEnum):
    """What the rows of a file are."""

    ZONES = "zones"
    ENTERPRISES = "enterprises"
    ROADS = "roads"
    FACILITIES = "facilities"
    GROUND = "ground"
    DISTRICTS = "districts"


FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The file (or the folder of a FileGDB).")]
LayerOption = Annotated[str | None, typer.Option("--layer", help="Sheet, layer or file in an archive that is meant.")]
EncodingOption = Annotated[str | None, typer.Option("--encoding", help="utf-8, gbk, gb18030 or big5; found by itself.")]
MapOption = Annotated[
    list[str] | None, typer.Option("--map", metavar="MEANING=COLUMN", help="What a column means: name=企业全称.")
]


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.command("init")(init)
    root.command("import")(import_)
    root.add_typer(imports_app, name="imports")
    root.add_typer(datum_app, name="datum")


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new project.")],
    city: Annotated[str | None, typer.Option("--city", help="Id of the city or district, such as my-district.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Its name, such as 我的园区.")] = None,
    adcode: Annotated[
        str | None, typer.Option("--adcode", help="National code; its outline is derived (extra boundary).")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="The day that counts as now; today by default.")] = None,
    example: Annotated[bool, typer.Option("--example", help="Copy the bundled project instead.")] = False,
) -> None:
    """Make a project: gis.toml, the dictionary of chain links, empty tables, and the district outline if it can be had.

    Example: gis init 我的园区 --city jiading --name 嘉定 --adcode 310114
    """
    from gis.intake.starting import copy_example, start_project

    if example:
        if city or name or adcode or as_of:
            raise UsageError(
                "--example copies the bundled project as it is; leave out --city, --name, --adcode, --as-of"
            )
        made = copy_example(folder)
    else:
        made = start_project(folder, city=city, name=name, adcode=adcode, as_of=_day(as_of))
    for remark in made.notes:
        note(f"note: {remark}")
    note(f"made {folder} with {len(made.files)} files; its city is {made.city}")
    note(f"next: gis import FILE --kind enterprises --project {_quoted(folder)}")


def _quoted(path: Path) -> str:
    return f'"{path}"' if " " in str(path) else str(path)


def _day(text: str | None) -> date:
    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--as-of is {text!r}; write a day like 2026-01-31") from error


def import_(
    file: FileArgument,
    kind: Annotated[Kind | None, typer.Option("--kind", help="What its rows are.")] = None,
    city: CityOption = None,
    project: ProjectOption = None,
    datum: Annotated[
        str | None,
        typer.Option(
            "--datum", help="wgs84, gcj02, bd09, cgcs2000 or an EPSG code; else as the file says, or detected."
        ),
    ] = None,
    map_: MapOption = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="COLUMN=VALUE", help="Value for every row that has none.")
    ] = None,
    layer: LayerOption = None,
    encoding: EncodingOption = None,
    accuracy: Annotated[
        float | None, typer.Option("--accuracy", help="Metres that hold the true position with 95 % probability.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="Read as this recipe says; made by the first import that names it.")
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Update features by their id, code, or name in a place.")
    ] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Mend geometries; each one is reported.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Import the good rows and list the faulty ones.")] = False,
    swap: Annotated[bool, typer.Option("--swap", help="Latitude stands first in this file.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Import a file that was imported before once more.")] = False,
    points: Annotated[bool, typer.Option("--points", help="Zones of this file are mere points, not outlines.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Import a file into a layer of a project: all of it or nothing; `gis imports undo` takes it back.

    Example: gis import 企业名单.xlsx --kind enterprises --datum gcj02
    """
    from gis.base.files import recover
    from gis.intake.importing import Request, apply, plan_import, with_recipe
    from gis.model.project import load_project

    root = _own_folder(project)
    if not dry_run:
        recover(root)
    request = Request(
        file=file,
        kind="",
        city="",
        part=layer,
        encoding=encoding,
        datum=datum,
        columns=_pairs("--map", map_),
        constants=_pairs("--set", set_),
        accuracy_m=_above_0(accuracy),
        merge=merge,
        repair=repair,
        partial=partial,
        swap=swap,
        again=again,
        points=points,
        recipe=recipe,
    )
    request = with_recipe(root, request, kind, city)
    if not request.city:
        request = _with_city(request, one_city(load_project(root), None))
    plan = plan_import(root, request)
    _show(plan, format_, dry_run=dry_run)
    if dry_run:
        note("this was a dry run: nothing was changed")
        return
    entry = apply(root, plan, datetime.now().astimezone().isoformat(timespec="seconds"))
    note(f"import {entry.number} is done; gis imports undo {entry.number} takes it back")


def _own_folder(given: Path | None) -> Path:
    """The project to change: the one given or the nearest; never the bundled one by default."""
    folder = project_folder(given)
    here = Path.cwd().resolve()
    if given is None and folder not in (here, *here.parents):
        raise UsageError("there is no project here; go to its folder, say --project DIR, or make one: gis init DIR")
    return folder


def _with_city(request: Request, city: str) -> Request:
    from dataclasses import replace

    return replace(request, city=city)


def _above_0(accuracy: float | None) -> float | None:
    if accuracy is not None and not 0 < accuracy < 1e6:
        raise UsageError(f"--accuracy is {accuracy:g}; give metres above 0")
    return accuracy


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    found = {}
    for text in given or ():
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            raise UsageError(f"{option} is {text!r}; write it as NAME=VALUE")
        found[key.strip()] = value.strip()
    return found


def _show(plan: Plan, format_: Format, *, dry_run: bool) -> None:
    if format_ is Format.JSON:
        emit(as_json(plan.as_json()))
    elif format_ is Format.CSV:
        emit_rows(plan.preview(len(plan.features)), format_)
    else:
        emit_rows(plan.columns.rows(), format_)
        emit("\n")
        if preview := plan.preview():
            emit_rows(preview, format_)
            emit("\n")
        emit_rows([dict(plan.counts)], format_)
    note(f"datum: {plan.decision.reference} — {plan.decision.words}")
    for reason in plan.decision.evidence:
        note(f"  {reason}")
    for row, why in plan.table.dropped:
        note(f"left out: row {row}: {why}")
    for fault in plan.repaired:
        note(f"repaired: {fault}")
    for fault in plan.refused:
        note(f"refused: {fault}")
    for pair in plan.likely[:20]:
        other = f"row {pair['like_row']}" if pair["like_row"] else pair["like"]
        note(f"likely the same: row {pair['row']} {pair['name']!r} ({pair['id']}) and {other} {pair['like_name']!r}")
    if len(plan.likely) > 20:
        note(f"likely the same: {len(plan.likely) - 20} more pairs; --format json lists them")
    if plan.request.merge:
        for line in plan.changes.words():
            note(line)
    for remark in plan.notes:
        note(f"note: {remark}")
    if not dry_run and not plan.added and not plan.changed:
        note("note: the file brings nothing new")


@imports_app.callback()
def imports(context: typer.Context, project: ProjectOption = None, format_: FormatOption = Format.TABLE) -> None:
    """List the imports into a project (as gis imports list), or take one back (gis imports undo N)."""
    context.obj = project
    if context.invoked_subcommand is None:
        _list(project, format_)


@imports_app.command("list")
def list_imports(context: typer.Context, project: ProjectOption = None, format_: FormatOption = Format.TABLE) -> None:
    """List the imports into a project and the changes by gis layers, oldest first.

    Example: gis imports list --format json
    """
    _list(project or context.obj, format_)


def _list(project: Path | None, format_: Format) -> None:
    from gis.base.files import check_finished
    from gis.model.journal import read_journal

    root = project_folder(project)
    check_finished(root)
    rows = [entry.row() for entry in read_journal(root)]
    shown = [
        "number",
        "when",
        "action",
        "file",
        "kind",
        "city",
        "rows_in",
        "rows_kept",
        "rows_refused",
        "datum",
        "undone",
    ]
    emit_rows(rows, format_, shown)


@imports_app.command("undo")
def undo_import(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N", help="Number of the import.")],
    project: ProjectOption = None,
) -> None:
    """Take one import or change by gis layers back: its features go, and what it changed is as it was.

    Example: gis imports undo 3
    """
    from gis.model.journal import undo

    folder = _own_folder(project or context.obj)
    entry = undo(folder, number, datetime.now().astimezone().isoformat(timespec="seconds"))
    what = f"{entry.action} {number}" + (f" ({entry.file})" if entry.file else "")
    note(f"{what} is undone: {len(entry.added)} taken out, {len(entry.changed)} set back")


@datum_app.command("detect")
def detect(
    file: FileArgument,
    city: CityOption = None,
    project: ProjectOption = None,
    kind: Annotated[Kind, typer.Option("--kind", help="What its rows are.")] = Kind.ENTERPRISES,
    map_: MapOption = None,
    layer: LayerOption = None,
    encoding: EncodingOption = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Say which datum the coordinates of a file are in, from the evidence around them, and how sure that is.

    Example: gis datum detect 企业名单.xlsx --city jiading
    """
    from gis.intake.converting import detect_file

    loaded = open_project(project)
    found, verdict = detect_file(
        loaded, file, city=city, kind=kind, columns=_pairs("--map", map_), encoding=encoding, part=layer
    )
    if format_ is Format.JSON:
        emit(as_json({"city": found, **verdict.row()}))
    else:
        emit_rows([score.row() for score in verdict.scores], format_)
    for reason in verdict.reasons:
        note(reason)
    if verdict.sure:
        note(f"{file.name}: {verdict.label}, sure ({verdict.probability:.1%}, {verdict.rows} rows, city {found})")
    else:
        likely = f"; most likely {verdict.label} ({verdict.probability:.0%})" if verdict.scores else ""
        note(f"{file.name}: not sure{likely} ({verdict.rows} rows, city {found})")


@datum_app.command("convert")
def convert(
    source: Annotated[str, typer.Argument(metavar="IN|LON", help="File, or a longitude (easting).")],
    target: Annotated[str, typer.Argument(metavar="OUT|LAT", help="File to write, or a latitude (northing).")],
    from_: Annotated[str | None, typer.Option("--from", help="Datum of what is given; a file may say its own.")] = None,
    to: Annotated[str, typer.Option("--to", help="Datum wanted.")] = "wgs84",
    map_: MapOption = None,
    layer: LayerOption = None,
    encoding: EncodingOption = None,
    force: ForceOption = False,
) -> None:
    """Convert a file, or one pair of coordinates, from one datum to another; exact to below a centimetre.

    Example: gis datum convert 121.1619 31.2884 --from gcj02 --to wgs84
    """
    if (pair := _as_pair(source, target)) is not None:
        _convert_pair(*pair, from_, to)
        return
    from gis.intake.converting import read_wgs84
    from gis.views.geodata import FORMATS, write_features

    out = Path(target)
    wanted = {"json": "geojson", "geoparquet": "parquet"}.get(out.suffix[1:].lower(), out.suffix[1:].lower())
    if wanted not in FORMATS:
        raise UsageError(f"OUT is {target!r}; its ending must be one of {', '.join('.' + name for name in FORMATS)}")
    check_output(out, force=force)
    read = read_wgs84(Path(source), from_, columns=_pairs("--map", map_), encoding=encoding, part=layer)
    export = write_features(read.layer, wanted, to, coordinates=read.coordinates)
    for remark in (*read.notes, *export.losses):
        note(f"note: {remark}")
    if isinstance(export.data, bytes):
        write_output(export.data, out, force=force)
    else:
        files = {name.replace("converted", out.stem, 1): data for name, data in export.data.items()}
        write_set(files, out, "gis datum convert", force=force)


def _as_pair(source: str, target: str) -> tuple[float, float] | None:
    from gis.io.quantities import parse_coordinate

    try:
        lon, lat = parse_coordinate(source), parse_coordinate(target)
    except ValueError:
        return None
    return None if lon is None or lat is None else (lon, lat)


def _convert_pair(lon: float, lat: float, from_: str | None, to: str) -> None:
    from gis.earth.datum import Projected, parse_datum
    from gis.earth.datum import convert as convert_pair

    if from_ is None:
        raise UsageError("say the datum of the pair: --from wgs84 | gcj02 | bd09 | cgcs2000 | EPSG code")
    x, y = convert_pair(lon, lat, parse_datum(from_), parse_datum(to))
    digits = 3 if isinstance(parse_datum(to), Projected) else 8
    emit(f"{x:.{digits}f} {y:.{digits}f}\n")
