"""Say each option that several commands share once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gis.base.errors import UsageError
from gis.base.text import halfwidth

if TYPE_CHECKING:
    from gis.model.project import Project


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class FeatureFormat(StrEnum):
    """How features are printed."""

    TABLE = "table"
    JSON = "json"
    GEOJSON = "geojson"
    CSV = "csv"


class Lang(StrEnum):
    """The language of maps and reports."""

    ZH = "zh"
    EN = "en"


ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project", help="Folder of the project; by default the nearest one with a gis.toml, else the bundled one."
    ),
]
CitiesOption = Annotated[list[str] | None, typer.Option("--city", help="Only this city (may be given more than once).")]
CityOption = Annotated[str | None, typer.Option("--city", help="The city.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print it.")]
FeatureFormatOption = Annotated[FeatureFormat, typer.Option("--format", help="How to print it.")]
LangOption = Annotated[Lang, typer.Option("--lang", help="Language of headings and maps.")]
DatumOption = Annotated[
    str, typer.Option("--datum", help="Datum of the coordinates given: wgs84, gcj02, bd09, cgcs2000 or an EPSG code.")
]
OnOption = Annotated[
    str | None, typer.Option("--on", help="The layout of this day, such as 2020-12-31; by default every layout.")
]
OutputOption = Annotated[
    Path | None, typer.Option("-o", "--output", help="Write to this file instead of the standard output (-).")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Write over files that are there, even those of a project or the input.")
]


def open_project(
    folder: Path | None,
    cities: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    fact_kinds: Sequence[str] | None = None,
) -> Project:
    """Load the project that `--project` and `--city` name, whole or only the layers and tables of facts asked for.

    Raises:
        ProjectError: it breaks its own rules.
    """
    from gis.model.project import load_project
    from gis.model.schema import FACT_KINDS, FILE_KINDS

    root = project_folder(folder)
    return load_project(root, cities=cities or None, kinds=kinds or FILE_KINDS, fact_kinds=fact_kinds or FACT_KINDS)


def project_folder(given: Path | None) -> Path:
    """The folder that `--project` names, or the nearest project, or the bundled one.

    Raises:
        BadParameter: what is given is not a folder.
        UsageError: none is given and there is none.
    """
    from gis.model.project import BUNDLED, find_project

    if given is not None:
        return folder_of("--project", given)
    found = find_project()
    if found in BUNDLED and not Path.cwd().resolve().is_relative_to(found):
        typer.echo("no gis.toml here or above: this is about the bundled project (--project names another)", err=True)
    return found


def folder_of(option: str, given: Path) -> Path:
    """The folder that an option names.

    Raises:
        BadParameter: it is not a folder.
    """
    if not given.is_dir():
        what = f"is not a folder; give the one that holds {given.name}" if given.exists() else "is not there"
        raise typer.BadParameter(f"{given} {what}", param_hint=option)
    return given


def one_city(project: Project, given: str | None) -> str:
    """The city that is meant: the one given, or the only one there is.

    Raises:
        UsageError: none is given and the project has several.
        UnknownIdError: the project has no such city.
    """
    if given is not None:
        return project.city(given).id
    if len(project.cities) > 1:
        raise UsageError(f"the project has several cities; say which: --city {' | '.join(project.cities)}")
    return next(iter(project.cities))


def parse_day(text: str | None) -> date | None:
    """Read the day given by `--on`.

    Raises:
        BadParameter: it is not a date.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day; write one like 2020-12-31", param_hint="--on") from error


_DISTANCE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>m|km|米|千米|公里)?")
_KILOMETRES = frozenset({"km", "千米", "公里"})


def parse_distance(text: str, option: str | None = None) -> float:
    """Read a distance as metres: a bare number or one with m, km, 米, 千米 or 公里.

    Raises:
        BadParameter: it is not a distance, or not above 0.
    """
    match = _DISTANCE.fullmatch(halfwidth(text).lower())
    metres = float(match["number"]) * (1000 if match["unit"] in _KILOMETRES else 1) if match else 0.0
    if metres <= 0:
        what = f"{text!r} is not a distance; write metres or kilometres above 0, such as 500, 800m or 2km"
        raise typer.BadParameter(what, param_hint=option)
    return metres


def wgs84_position(lon: float, lat: float, datum: str) -> tuple[float, float]:
    """The position given at the prompt, as WGS 84 longitude and latitude in degrees.

    Raises:
        BadParameter: a number is not finite.
        DatumError: the datum is not known, or the numbers cannot be coordinates of it.
    """
    from gis.earth.datum import convert, parse_datum

    if not (isfinite(lon) and isfinite(lat)):
        raise typer.BadParameter(f"({lon}, {lat}) is no position; write longitude and latitude as numbers")
    x, y = convert(lon, lat, parse_datum(datum))
    return float(x), float(y)
