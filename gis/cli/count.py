"""Count points of any files in zones of any file: `gis count`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gis.base.errors import UsageError
from gis.cli.options import ForceOption, OutputOption, parse_distance
from gis.cli.show import check_output, note, write_output

if TYPE_CHECKING:
    from gis.engine.count import Progress


class CountFormat(StrEnum):
    """How counts are given out."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class Engine(StrEnum):
    """What counts."""

    LOCAL = "local"
    DASK = "dask"


def register(root: typer.Typer) -> None:
    """Add the command of this module."""
    root.command("count")(count)


def count(
    points: Annotated[Path, typer.Argument(help="Parquet, GeoParquet, CSV or GPKG, or a folder of such files.")],
    zones: Annotated[Path, typer.Argument(help="Polygons, any vector format.")],
    by: Annotated[str | None, typer.Option("--by", help="Count by the values of this column of the points.")] = None,
    sums: Annotated[list[str] | None, typer.Option("--sum", help="Add up this column (may be given again).")] = None,
    roads: Annotated[Path | None, typer.Option("--roads", help="Lines; also count the points near them.")] = None,
    reach: Annotated[
        str | None, typer.Option("--reach", help="How near: 500, 1km (metres, if bare); 500 by default.")
    ] = None,
    datum: Annotated[
        str | None,
        typer.Option("--datum", help="Of the points, where the file does not say: wgs84, gcj02, bd09 or an EPSG code."),
    ] = None,
    zones_datum: Annotated[
        str | None, typer.Option("--zones-datum", help="Of zones and roads, where the file does not say.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", help="The zones' id column; by default id, else the row number.")
    ] = None,
    lon: Annotated[str | None, typer.Option("--lon", help="The points' column of longitude or easting.")] = None,
    lat: Annotated[str | None, typer.Option("--lat", help="The points' column of latitude or northing.")] = None,
    engine: Annotated[Engine, typer.Option("--engine", help="Count here, or on the workers of Dask.")] = Engine.LOCAL,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", help="A Dask scheduler, tcp://host:8786; by default one on this machine."),
    ] = None,
    format_: Annotated[
        CountFormat | None, typer.Option("--format", help="By default as the output file is named.")
    ] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Count points in zones, exactly, however many there are.

    A point on a boundary is in, and where zones overlap each counts it. One row a zone: id, count and sums; with --by
    one row a zone and value that has points there. There are no total rows.

    Example: gis count firms.parquet zones.geojson --by segment --sum employees -o counts.csv
    """
    from gis.engine.count import count as compute
    from gis.views.counts import as_bytes

    chosen = _format(format_, output)
    check_output(output, force=force)
    shown = _Bar()
    result = compute(
        points,
        zones,
        by,
        sums or (),
        roads,
        None if reach is None else parse_distance(reach),
        engine=engine.value,
        scheduler=scheduler,
        id_column=id_column,
        datum=datum,
        zones_datum=zones_datum,
        lon=lon,
        lat=lat,
        progress=shown.update,
    )
    shown.finish()
    if result.left_out:
        named = ", ".join(f"{id_} ({what})" for id_, what in result.left_out)
        note(f"{len(result.left_out)} zones have no area and no row: {named}")
    write_output(as_bytes(result, chosen), output, force=force)


def _format(given: CountFormat | None, output: Path | None) -> CountFormat:
    if given is None:
        name = "" if output is None else output.suffix.lower().lstrip(".")
        given = CountFormat(name) if name in {"csv", "json", "parquet"} else CountFormat.TABLE
    if given == CountFormat.PARQUET and (output is None or str(output) == "-") and sys.stdout.isatty():
        raise UsageError("parquet is not for a terminal; name a file with -o")
    return given


class _Bar:
    """One line on stderr that says how far the count is: redrawn on a terminal, else said once at the end."""

    def __init__(self) -> None:
        self._last: Progress | None = None
        self._drawn = sys.stderr.isatty()

    def update(self, progress: Progress) -> None:
        self._last = progress
        if self._drawn:
            left = progress.remaining_s
            time = "" if left is None else f", {left:.0f} s left"
            typer.echo(
                f"\r{progress.share:4.0%}  {progress.points:,} points, {progress.rate:,.0f}/s{time}   ",
                nl=False,
                err=True,
            )

    def finish(self) -> None:
        if self._drawn:
            typer.echo("\r" + " " * 70 + "\r", nl=False, err=True)
        if self._last is not None:
            note(f"{self._last.points:,} points in {self._last.seconds:.1f} s, {self._last.rate:,.0f} points a second")
