"""Print the state of the industry chain: `gis chain`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gis.base.errors import UnknownIdError, UsageError
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
    one_city,
    open_project,
    parse_day,
)
from gis.cli.show import check_output, emit_rows, note, write_output
from gis.views import tables

if TYPE_CHECKING:
    from gis.measures.linklists import LinkList, ListRow
    from gis.measures.links import CityChain, Clause, LinkRow
    from gis.model.project import Project

ZoneOption = Annotated[
    list[str] | None,
    typer.Option("--zone", help="Only this place, zone system or city, by id (may be given more than once)."),
]
_SHOWN = [
    "name", "link", "state", "wanted", "documented", "estimate", "low", "high", "p_any", "quotient", "firms",
    "nearest", "distance_m", "distance_90_m",
]  # fmt: skip
_LISTED = ["name", "link", "state", "wants", "candidates", "nearest_place", "place_m", "nearest", "distance_m"]


class Drawing(StrEnum):
    """Which board of a chain is drawn."""

    STATE = "state"
    PANORAMA = "panorama"


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.command("chain")(chain)


def chain(
    city: CitiesOption = None,
    zone: ZoneOption = None,
    list_: Annotated[
        str | None,
        typer.Option("--list", help="One of the three lists instead: 补链 (fill), 强链 (strengthen) or 固链 (secure)."),
    ] = None,
    board: Annotated[
        Path | None,
        typer.Option("--board", metavar="FILE", help="Draw the board of one city or place into this .svg or .png."),
    ] = None,
    picture: Annotated[
        Drawing, typer.Option("--picture", help="Which board: all links by stage, or filled with what is there.")
    ] = Drawing.STATE,
    only: Annotated[
        str | None, typer.Option("--chain", help="Of a board: only this chain (gis facts --kind chain).")
    ] = None,
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

    With --list: what is wanted and missing (or not known, and to be looked up), what is wanted and weak, or what hangs
    on a single supplier; each row with the clauses that want it, the firms that plans name for it, and the nearest
    place that has it.

    With --board: 现状图 (the links by stage, filled with what is there, the firms by name) or, with --picture panorama,
    全景图 (all links, and what plans want), of the city or of the one place that --zone names,
    with all chains or the one that --chain names. PNG needs the extra
    `figures`: pip install 'park-gis[figures]'.

    Example: gis chain --city huli --zone huli-district

    Example: gis chain --city hangzhou --list 固链

    Example: gis chain --city huli --board board.svg
    """
    from gis.measures.chain import chain as compute

    check_output(output, force=force)
    which = _which(list_)
    _check_board(board, zone, force=force)
    loaded = open_project(project, city)
    day = parse_day(on)
    found = [compute(loaded, id_, day=day) for id_ in loaded.cities]
    chosen = {result.city: _chosen(result, zone) for result in found}
    _check_zones(found, chosen, zone)
    if board is not None:
        _give_board(loaded, found, picture, zone, only, lang, board, force=force)
        return
    if which is not None:
        _give_list(loaded, found, which, zone, lang, format_, output, force=force)
        _sum_up(found, lang)
        return
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


def _which(given: str | None) -> LinkList | None:
    """The list that is asked for, by its Chinese or English name.

    Raises:
        UsageError: there is no such list.
    """
    if given is None:
        return None
    from gis.measures.linklists import IN_ENGLISH

    for which, english in IN_ENGLISH.items():
        if given in {which, f"{which}清单", english}:
            return which
    known = ", ".join(f"{which} ({english})" for which, english in IN_ENGLISH.items())
    raise UsageError(f"--list is {given!r}; the lists are {known}")


def _check_board(board: Path | None, zones: list[str] | None, *, force: bool) -> None:
    """Refuse what cannot be drawn, before the work for it is done.

    Raises:
        BadParameter: the file is no picture, or several places are named.
        UsageError: the file is there, and nothing is forced.
    """
    if board is None:
        return
    if board.suffix.lower() not in {".svg", ".png"}:
        raise typer.BadParameter(f"{board} is neither .svg nor .png", param_hint="--board")
    if zones and len(zones) > 1:
        raise typer.BadParameter("a board shows one place; name one", param_hint="--zone")
    check_output(board, force=force)


def _give_board(
    project: Project,
    found: list[CityChain],
    picture: Drawing,
    zones: list[str] | None,
    only: str | None,
    lang: Lang,
    file: Path,
    *,
    force: bool,
) -> None:
    """Draw the board of the city, or of the one place that is named, with all its chains or the one that is named.

    Raises:
        UnknownIdError: the city's plans name no such chain.
        UsageError: several cities and none chosen, or the city's plans name no chain.
    """
    from gis.views.board import Picture, board, has_board
    from gis.views.raster import png_of

    rows = [row for result in found for row in _chosen(result, zones)]
    city = one_city(project, None) if not zones else next(r.city for r in found if _chosen(r, zones))
    result = next(result for result in found if result.city == city)
    if not has_board(result):
        raise UsageError(f"the plans of {city} name no link of a chain; list them in seeds/PLAN/chain.csv")
    chains = {row.id: [row.title, row.label_en] for row in result.named if not row.chain and not row.supplies}
    if only is not None and only not in chains:
        raise UnknownIdError("chain", only, chains, chains)
    scope, place = (rows[0].scope, rows[0].id) if zones else ("city", city)
    svg = board(project, result, Picture(picture), scope=scope, place=place, only=only, lang=lang)
    write_output(png_of(svg) if file.suffix.lower() == ".png" else svg, file, force=force)


def _give_list(
    project: Project,
    found: list[CityChain],
    which: LinkList,
    zones: list[str] | None,
    lang: Lang,
    format_: Format,
    output: Any,
    *,
    force: bool,
) -> None:
    from gis.measures.linklists import link_list

    rows = [row for result in found for row in link_list(project, result, which) if not zones or row.id in zones]
    flat = [row.flat() for row in rows]
    if format_ == Format.JSON:
        _give(tables.as_json(flat), output, force=force)
    elif format_ == Format.CSV:
        _give(tables.as_csv(flat), output, force=force)
    elif output is not None and str(output) != "-":
        shown = [_listed(project, row, lang) for row in rows]
        _give(tables.as_table(shown, _LISTED, tables.headings(lang)), output, force=force)
    else:
        emit_rows([_listed(project, row, lang) for row in rows], format_, _LISTED, tables.headings(lang))


def _listed(project: Project, row: ListRow, lang: Lang) -> dict[str, Any]:
    """A row of a list as a table shows it."""
    zh = lang == Lang.ZH
    ring = next((ring for ring in row.rings if ring.distance_m is not None), None)
    near = row.nearest_place
    return {
        "name": row.name if zh else row.name_en,
        "link": row.label if zh else row.label_en,
        "state": row.word if zh else row.word_en,
        "wants": [_cited(project, clause, lang) for clause in row.wants or [feed.clause for feed in row.feeds]],
        "candidates": list(dict.fromkeys(_seated(c.name if zh else c.name_en, c.seat, zh=zh) for c in row.candidates)),
        "nearest_place": None if near is None else near.name if zh else near.name_en,
        "place_m": None if near is None else near.distance_m,
        "nearest": None if ring is None else ring.nearest,
        "distance_m": None if ring is None else ring.distance_m,
    }


def _cited(project: Project, clause: Clause, lang: Lang) -> str:
    """A clause in a cell: the word, the plan, the line."""
    plan = project.plan(clause.plan)
    if lang == Lang.ZH:
        return f"{clause.word}（{plan.short or plan.title}第{clause.line}行）"
    return f"{clause.word} ({plan.title_en or plan.title}, line {clause.line})"


def _seated(name: str, seat: str, *, zh: bool) -> str:
    return name if not seat else f"{name}（{seat}）" if zh else f"{name} ({seat})"


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
