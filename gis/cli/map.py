"""Draw any files as one offline map: `gis map`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from gis.base.errors import UsageError
from gis.cli.options import ForceOption, Lang, LangOption
from gis.cli.show import check_output, note, write_output


def register(root: typer.Typer) -> None:
    """Add the command of this module."""
    root.command("map")(map_)


def map_(
    points: Annotated[Path, typer.Argument(help="Points: CSV, Parquet, GeoJSON, GeoPackage or shapefile.")],
    zones: Annotated[Path, typer.Argument(help="Zones: polygons in GeoJSON, GeoPackage, GeoParquet or a shapefile.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML file to write; - for the standard output.")],
    roads: Annotated[Path | None, typer.Option("--roads", help="Roads: lines, counted in km by zone.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Column that colours the points, such as 环节.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Column of names; recognised by default.")] = None,
    datum: Annotated[
        str | None,
        typer.Option("--datum", help="Datum of the points: wgs84, gcj02, bd09, cgcs2000 or an EPSG code."),
    ] = None,
    zones_datum: Annotated[str | None, typer.Option("--zones-datum", help="Datum of zones and roads.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the map; the points' file by default.")] = None,
    on: Annotated[str | None, typer.Option("--as-of", help="Date of the data, by default today.")] = None,
    basemap: Annotated[
        str | None,
        typer.Option("--basemap", help="An online basemap: osm, amap or tianditu:KEY. By default the map is offline."),
    ] = None,
    lang: LangOption = Lang.ZH,
    force: ForceOption = False,
) -> None:
    """Draw up to a million points, with zones and roads, as one HTML file that works without a network.

    Example: gis map firms.csv parks.geojson --datum gcj02 --by 环节 -o map.html
    """
    from gis.earth.datum import parse_datum
    from gis.measures.loose import count_loose, read_points, read_shapes
    from gis.views.map.basemap import basemap as online_ground
    from gis.views.map.loose import build_loose_payload
    from gis.views.map.page import render_page

    try:
        day = date.fromisoformat(on) if on else date.today()
    except ValueError as error:
        raise UsageError(f"--as-of is {on!r}; write a day like 2026-01-31") from error
    check_output(output, force=force)
    shape_datum = parse_datum(zones_datum) if zones_datum else None
    note(f"reading {points.name} …")
    table = read_points(points, parse_datum(datum) if datum else None, by, name)
    if table.unplaced:
        note(f"{table.unplaced} of {len(table.lon)} points have no position; they are not drawn or counted")
    shapes = read_shapes(zones, frozenset({"Polygon", "MultiPolygon"}), shape_datum)
    lines = read_shapes(roads, frozenset({"LineString", "MultiLineString"}), shape_datum) if roads else None
    note("counting and drawing …")
    payload = build_loose_payload(
        count_loose(table, shapes, lines),
        title=title or points.stem,
        as_of=day,
        sources=[p.name for p in (points, zones, roads) if p],
    )
    page = render_page(payload, lang.value, online_ground(basemap) if basemap else None)
    write_output(page, output, force=force)
    note(f"{len(table.lon) - table.unplaced} points, {len(shapes.names)} zones, {len(page) / 1e6:.2f} MB")
