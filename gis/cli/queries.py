"""Answer `gis query`: at, in, near, nearest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from gis.base.errors import UsageError
from gis.cli.options import (
    CitiesOption,
    DatumOption,
    FeatureFormat,
    FeatureFormatOption,
    ProjectOption,
    open_project,
    parse_distance,
    wgs84_position,
)
from gis.cli.show import emit, emit_rows, note

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from gis.measures.query import Found
    from gis.model.project import Project

app = typer.Typer(help="Ask what is at a point, in a zone, near something, or nearest.", no_args_is_help=True)


_SHOWN = (
    "id",
    "name",
    "city",
    "kind",
    "distance_m",
    "how",
    "probability",
    "combined",
    "position",
    "segment",
    "type",
    "geometry_basis",
    "accuracy_m",
)
# What a probability is called, in both languages of the planners who ask.
_WORDS = {"in": "在内 in", "perhaps": "可能 perhaps", "out": "不在 out"}
_NEGATIVE = re.compile(r"-[\d.]+")


class Kind(StrEnum):
    """A kind of feature."""

    ZONES = "zones"
    ENTERPRISES = "enterprises"
    ROADS = "roads"
    FACILITIES = "facilities"
    DISTRICTS = "districts"


Longitude = Annotated[float, typer.Argument(metavar="LON", help="Longitude in degrees (or easting in metres).")]
Latitude = Annotated[float, typer.Argument(metavar="LAT", help="Latitude in degrees (or northing in metres).")]
At = Annotated[tuple[float, float] | None, typer.Option("--at", metavar="LON LAT", help="A point.")]
KindsOption = Annotated[list[Kind] | None, typer.Option("--kind", help="Only features of this kind (repeatable).")]


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.add_typer(app, name="query")


class _Coordinates(TyperCommand):
    """A command whose arguments may be negative numbers: no option of it looks like one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {word}" if _NEGATIVE.fullmatch(word) else word for word in args])


@app.command("at", cls=_Coordinates)
def at(
    lon: Longitude,
    lat: Latitude,
    datum: DatumOption = "wgs84",
    accuracy: Annotated[
        str, typer.Option("--accuracy", help="Radius that holds the true position (95 %): 50, 200m, 1km.")
    ] = "0",
    city: CitiesOption = None,
    project: ProjectOption = None,
    format_: FeatureFormatOption = FeatureFormat.TABLE,
) -> None:
    """Print the zones that a point lies in, or may lie in, the smallest first.

    Each has its probability, at the accuracy of its outline and of the position, and the word for it: 在内 (95 % and
    more), 可能, 不在 (below 5 %). Zones below 5 % are left out unless their drawn outline holds the point.

    Example: gis query at 121.1575 31.2904 --datum gcj02 --accuracy 200
    """
    from gis.measures import query

    x, y = wgs84_position(lon, lat, datum)
    loaded = open_project(project, city, kinds=("districts", "zones"), fact_kinds=("systems", "zones", "relations"))
    found = query.at(loaded, x, y, 0.0 if accuracy == "0" else parse_distance(accuracy, "--accuracy"))
    _show(found, format_, ["id", "name", "city", "probability", "word", "roles", "geometry_basis", "accuracy_m"])
    if not found:
        note(f"({x:.6f}, {y:.6f}) of WGS 84 lies in no zone or district of {', '.join(loaded.cities)}")


@app.command("in")
def in_zone(
    zone: Annotated[str, typer.Option("--zone", help="Id of the zone.")],
    kind: Annotated[Kind, typer.Option("--kind", help="What to look for.")] = Kind.ENTERPRISES,
    segment: Annotated[str | None, typer.Option("--segment", help="Only firms of this chain link.")] = None,
    city: CitiesOption = None,
    project: ProjectOption = None,
    format_: FeatureFormatOption = FeatureFormat.TABLE,
) -> None:
    """Print by name who is in a zone: documented, located or possible, and with which probability.

    documented: a document puts the firm here or in a part of here. source: only another public source does. located:
    its position is here with 95 % or more. possible: with 5 to 95 %, or by general knowledge alone. area: only a wider
    place is known. probability is that of the position, combined that of all that is known.

    Example: gis query in --zone auto-innovation-port --segment driving
    """
    from gis.measures import query

    if segment is not None and kind != Kind.ENTERPRISES:
        raise typer.BadParameter(f"{kind} have no chain link; it goes with --kind enterprises", param_hint="--segment")
    _show(query.in_zone(open_project(project, city), zone, kind, segment), format_)


@app.command("near")
def near(
    within: Annotated[str, typer.Option("--within", help="How near: 500, 800m, 2km.")],
    at: At = None,
    zone: Annotated[str | None, typer.Option("--zone", help="Near this zone.")] = None,
    road: Annotated[str | None, typer.Option("--road", help="Near this road.")] = None,
    enterprise: Annotated[str | None, typer.Option("--enterprise", help="Near this enterprise.")] = None,
    kind: KindsOption = None,
    datum: DatumOption = "wgs84",
    city: CitiesOption = None,
    project: ProjectOption = None,
    format_: FeatureFormatOption = FeatureFormat.TABLE,
) -> None:
    """Print what lies within a distance of a point or feature.

    Distances are straight lines in metres.

    Example: gis query near --at 121.1575 31.2904 --within 2km --kind facilities
    """
    from shapely.geometry import Point

    from gis.measures import query

    distance = parse_distance(within, "--within")
    named = {"zones": zone, "roads": road, "enterprises": enterprise}
    given = {noun: id_ for noun, id_ in named.items() if id_ is not None}
    if len(given) + (at is not None) != 1:
        raise typer.BadParameter("say near what, once: --at LON LAT, --zone ID, --road ID or --enterprise ID")
    if at is not None:
        place: BaseGeometry = Point(wgs84_position(*at, datum))
        loaded = open_project(project, city)
        _show(query.near(loaded, place, distance, _kinds(kind)), format_)
        return
    loaded = open_project(project, city)
    ((noun, id_),) = given.items()
    place = _known_place(loaded, noun, id_)
    _show(query.near(loaded, place, distance, _kinds(kind), exclude=id_), format_)


def _known_place(project: Project, noun: str, id_: str) -> BaseGeometry:
    _, record, geometry = project.find(noun, id_)
    if geometry is None:
        if record.get("within") and noun == "enterprises":
            raise UsageError(
                f"{id_} ({record['name']}) is known only to lie in {record['within']}: ask --zone for that"
            )
        raise UsageError(f"{id_} ({record['name']}) has no position: {record.get('unplaced_reason')}")
    return geometry


@app.command("nearest")
def nearest(
    at: Annotated[tuple[float, float], typer.Option("--at", metavar="LON LAT", help="A point.")],
    kind: KindsOption = None,
    count: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 3,
    datum: DatumOption = "wgs84",
    city: CitiesOption = None,
    project: ProjectOption = None,
    format_: FeatureFormatOption = FeatureFormat.TABLE,
) -> None:
    """Print the features nearest to a point, in metres.

    Example: gis query nearest --at 121.1575 31.2904 --kind roads -n 3
    """
    from gis.measures import query

    lon, lat = wgs84_position(*at, datum)
    _show(query.nearest(open_project(project, city), lon, lat, _kinds(kind), count), format_)


def _kinds(given: Sequence[Kind] | None) -> Sequence[str]:
    return [str(kind) for kind in given] if given else ("zones", "enterprises", "roads", "facilities")


def _show(found: Sequence[Found], format_: FeatureFormat, columns: Sequence[str] | None = None) -> None:
    if format_ == FeatureFormat.GEOJSON:
        from gis.io.geojson import dump_features

        features = [({**item.record, **item.row()}, item.geometry) for item in found]
        emit(dump_features(features, datum="wgs84").decode("utf-8"))
        return
    rows = [item.row() for item in found]
    if format_ == FeatureFormat.TABLE:
        rows = [{**row, "roles": list(dict.fromkeys(map(_role, row.get("roles", ()))))} for row in rows]
        rows = [{**row, "word": _WORDS[row["word"]]} if "word" in row else row for row in rows]
        columns = columns or [name for name in _SHOWN if any(name in row for row in rows)]
    emit_rows(rows, format_, columns)


def _role(role: Mapping[str, Any]) -> str:
    return f"{role['role']} ({role['system']})" if role["system"] else str(role["role"])
