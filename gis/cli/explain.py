"""Explain a number: `gis explain`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gis.base.errors import UnknownIdError, UsageError
from gis.cli.options import (
    CityOption,
    ForceOption,
    Format,
    FormatOption,
    Lang,
    LangOption,
    OnOption,
    OutputOption,
    ProjectOption,
    open_project,
    parse_day,
)
from gis.cli.show import check_output, emit, write_output
from gis.views import tables

if TYPE_CHECKING:
    from gis.measures.explain import Explainer, Explanation
    from gis.model.project import Project


class About(StrEnum):
    """Which command's figures are explained."""

    COVERAGE = "coverage"
    CHAIN = "chain"


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.command("explain")(explain)


def explain(
    about: Annotated[About, typer.Argument(help="Whose figure: of gis coverage or of gis chain.")],
    zone: Annotated[str, typer.Option("--zone", help="The place, zone system or city, by id.")],
    figure: Annotated[
        str | None, typer.Option("--figure", help="Which figure; by default estimate, of a chain state.")
    ] = None,
    link: Annotated[
        str | None, typer.Option("--link", help="Of a chain: which link, by id (gis list segments).")
    ] = None,
    city: CityOption = None,
    on: OnOption = None,
    lang: LangOption = Lang.ZH,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Show what a number is made of: its formula, the firms, the clauses, the outlines.

    Each firm with its probability, accuracy and source, and the clause that puts it there; the clause that wants a
    link; what the outline rests on. The number is computed again from what is shown, and held against the number
    given. JSON holds all of it, CSV the firms.

    Example: gis explain coverage --zone auto-innovation-port --figure estimate

    Example: gis explain chain --zone huli-district --link vehicle --figure state
    """
    from gis.measures.explain import Explainer
    from gis.measures.recomputing import recomputed
    from gis.views.explained import explanation_text, same

    check_output(output, force=force)
    if about == About.CHAIN and link is None:
        raise typer.BadParameter("a figure of a chain is that of one link; say which", param_hint="--link")
    loaded = open_project(project, [city] if city else None)
    explainer = Explainer(loaded, _city_of(loaded, zone), parse_day(on))
    explained = _explained(explainer, about, zone, link, figure)
    again = recomputed(explained) if explained.recomputable else None
    if explained.recomputable and not same(explained.value, again):
        raise UsageError(
            f"{explained.figure} is {explained.value}, but what is shown gives {again}; please report this"
        )
    if format_ == Format.JSON:
        text = tables.as_json(explained.flat() | {"recomputed": again})
    elif format_ == Format.CSV:
        text = tables.as_csv(explained.flat()["firms"])
    else:
        text = explanation_text(loaded, explained, again, lang)
    if output is None or str(output) == "-":
        emit(text)
    else:
        write_output(text.encode(), output, force=force)


def _explained(explainer: Explainer, about: About, zone: str, link: str | None, figure: str | None) -> Explanation:
    if about == About.COVERAGE:
        return explainer.coverage(zone, figure or "estimate")
    return explainer.chain(zone, link or "", figure or "state")


def _city_of(project: Project, zone: str) -> str:
    """The city that a place, zone system or city belongs to.

    Raises:
        UnknownIdError: there is none of this id.
    """
    names: dict[str, Any] = {}
    for city in project.cities.values():
        own: dict[str, list[str]] = {city.id: [city.name, city.name_en]}
        own |= {record["id"]: [record["name"]] for record in project.places(city.id).records}
        own |= {system.id: [system.title] for system in project.systems(city.id)}
        if zone in own:
            return city.id
        names |= own
    raise UnknownIdError("zone", zone, names, names)
