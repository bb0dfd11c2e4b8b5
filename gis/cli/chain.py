"""Print the state of the industry chain: `gis chain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gis.base.errors import UnknownIdError
from gis.cli.options import (
    CitiesOption,
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
from gis.cli.show import check_output, emit_rows, note, write_output
from gis.views import tables

if TYPE_CHECKING:
    from gis.measures.links import CityChain, LinkRow

ZoneOption = Annotated[
    list[str] | None,
    typer.Option("--zone", help="Only this place, zone system or city, by id (may be given more than once)."),
]
_SHOWN = [
    "name", "link", "state", "wanted", "documented", "estimate", "low", "high", "p_any", "quotient", "firms",
    "nearest", "distance_m", "distance_90_m",
]  # fmt: skip


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.command("chain")(chain)


def chain(
    city: CitiesOption = None,
    zone: ZoneOption = None,
    on: OnOption = None,
    lang: LangOption = Lang.ZH,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say of each link of the industry chain whether it is present, missing or not known, in every zone and system.

    A link is missing only where a plan wants it, and the city's list of firms is declared complete ([[city.list]] of
    gis.toml); else it is not known. weak, strong: its location quotient is below, or above, 1. single supplier: it
    supplies a link that is there, and hangs on one firm. The table shows what is wanted or there; JSON and CSV hold
    every link.

    Example: gis chain --city huli --zone huli-district
    """
    from gis.measures.chain import chain as compute

    check_output(output, force=force)
    loaded = open_project(project, city)
    day = parse_day(on)
    found = [compute(loaded, id_, day=day) for id_ in loaded.cities]
    chosen = {result.city: _chosen(result, zone) for result in found}
    _check_zones(found, chosen, zone)
    if format_ == Format.JSON:
        data = [_as_json(result, chosen[result.city]) for result in found]
        _give(tables.as_json(data[0] if len(data) == 1 else data), output, force=force)
        return
    if format_ == Format.CSV:
        rows = [{"city": id_, **row.flat()} for id_, links in chosen.items() for row in links]
        _give(tables.as_csv(rows), output, force=force)
        return
    shown = [_for_people(row, lang) for links in chosen.values() for row in links if row.wanted or row.here]
    if output is not None and str(output) != "-":
        _give(tables.as_table(shown, _SHOWN, tables.headings(lang)), output, force=force)
    else:
        emit_rows(shown, format_, _SHOWN, tables.headings(lang))
    _sum_up(found, lang)


def _chosen(result: CityChain, zones: list[str] | None) -> list[LinkRow]:
    return [row for row in result.rows if not zones or row.id in zones]


def _check_zones(found: list[CityChain], chosen: dict[str, list[LinkRow]], zones: list[str] | None) -> None:
    """Refuse ids that no place, system or city has.

    Raises:
        UnknownIdError: there is none of this id.
    """
    known = {row.id: [row.name, row.name_en] for result in found for row in result.rows}
    there = {row.id for rows in chosen.values() for row in rows}
    for id_ in zones or ():
        if id_ not in there:
            raise UnknownIdError("zone", id_, known, known)


def _as_json(result: CityChain, rows: list[LinkRow]) -> dict[str, Any]:
    return result.as_json() | {"links": [row.flat() for row in rows]}


def _give(text: str, output: Any, *, force: bool) -> None:
    write_output(text.encode(), output, force=force)


def _for_people(row: LinkRow, lang: Lang) -> dict[str, Any]:
    """A row as a table shows it: names for ids, the nearest firm beyond the place itself."""
    zh = lang == Lang.ZH
    ring = next((ring for ring in row.rings if ring.distance_m is not None), None)
    return row.flat() | {
        "name": row.name if zh else row.name_en,
        "link": row.label if zh else row.label_en,
        "state": row.word(lang),
        "documented": row.documented or None,
        "firms": [firm.name if zh else firm.name_en for firm in row.firms],
        "nearest": None if ring is None else ring.nearest,
        "distance_m": None if ring is None else ring.distance_m,
        "distance_90_m": None if ring is None else ring.distance_90_m,
    }


def _sum_up(found: list[CityChain], lang: Lang) -> None:
    """Say what the states rest on."""
    for result in found:
        zh, en = result.relatedness.note, result.relatedness.note_en
        if not result.complete:
            zh = f"企业名录不全，故无一环节判为“缺”；{zh}"
            en = f"the list of firms is incomplete, so that no link is called missing; {en}"
        if zh:
            note(f"{result.city}：{zh}" if lang == Lang.ZH else f"{result.city}: {en}")
