"""Print the statistics: `gis coverage`, `overlap`, `indicators`, `structure`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gis.cli.options import (
    CitiesOption,
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
    parse_distance,
)
from gis.cli.show import emit, emit_rows, note, write_output
from gis.output import tables

if TYPE_CHECKING:
    from gis.analysis.coverage import CityCoverage
    from gis.project import Project


class Basis(StrEnum):
    """Which firms a structure counts."""

    ATTRIBUTED = "attributed"
    INSIDE = "inside"


class CoverageFormat(StrEnum):
    """How coverage is given out."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


_SHOWN = [
    "system", "role", "name", "area_km2", "attributed", "inside", "expected", "low", "high", "disagrees",
    "road_km", "reach_area_share", "geometry_basis", "accuracy_m",
]  # fmt: skip


def register(root: typer.Typer) -> None:
    """Add the commands of this module."""
    root.command("coverage")(coverage)
    root.command("overlap")(overlap)
    root.command("indicators")(indicators)
    root.command("structure")(structure)


def coverage(
    city: CitiesOption = None,
    reach: Annotated[
        str, typer.Option("--reach", help="Reach of test roads: 500, or several radii: 300,500,1km (metres, if bare).")
    ] = "500",
    source: Annotated[
        str, typer.Option("--source", help="What reach is measured from: test_roads or a facility type.")
    ] = "test_roads",
    on: OnOption = None,
    lang: LangOption = Lang.ZH,
    project: ProjectOption = None,
    format_: Annotated[CoverageFormat, typer.Option("--format", help="How to give it out.")] = CoverageFormat.TABLE,
    output: OutputOption = None,
) -> None:
    """Count firms, test roads and reach by zone and zone system.

    attributed: documents put the firm there. inside: its own known position lies there. expected [low-high]: what the
    accuracy of positions and outlines allows, with 95 % probability. With several radii, or another source than test
    roads, the shares within each radius are printed instead. xlsx holds everything that is computed of one city.
    JSON of several cities is a list, in their tables a column says the city.

    Example: gis coverage --city jiading --format json
    """
    from gis.analysis.reach import TEST_ROADS

    loaded = open_project(project, city)
    day = parse_day(on)
    radii = sorted({parse_distance(part, "--reach") for part in reach.split(",")})
    if format_ == CoverageFormat.XLSX:
        from gis.analysis.results import city_results
        from gis.output.workbook import coverage_workbook

        chosen = one_city(loaded, None)
        write_output(coverage_workbook(loaded, city_results(loaded, chosen, reach_m=radii[0], day=day), lang), output)
        return
    if len(radii) > 1 or source != TEST_ROADS:
        from gis.analysis.reach import reach as compute_reach

        by_city = {
            id_: [row for found in compute_reach(loaded, id_, source, radii, day) for row in found.rows()]
            for id_ in loaded.cities
        }
        rows = _rows(by_city)
        _give(rows, rows, format_, output, None, tables.headings(lang))
        if format_ == CoverageFormat.TABLE:
            note("distances are straight lines, from the course or position as drawn")
        return
    from gis.analysis.coverage import coverage as compute

    results = [compute(loaded, id_, reach_m=radii[0], day=day) for id_ in loaded.cities]
    rows = _rows({result.city: [row.flat() for row in result.zones] for result in results})
    data = [result.as_json() for result in results]
    _give(_one_or_all(data), rows, format_, output, _shown(_SHOWN, loaded), tables.headings(lang))
    if format_ == CoverageFormat.TABLE:
        for result in results:
            _sum_up(result, lang)


def _rows(by_city: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows of all cities; of several, each row says its city first."""
    if len(by_city) == 1:
        return next(iter(by_city.values()))
    return [{"city": city, **row} for city, rows in by_city.items() for row in rows]


def _one_or_all(data: list[dict[str, Any]]) -> object:
    return data[0] if len(data) == 1 else data


def _shown(columns: list[str], project: Project) -> list[str]:
    return columns if len(project.cities) == 1 else ["city", *columns]


def _sum_up(result: CityCoverage, lang: Lang) -> None:
    total = result.total
    note(
        f"{result.name}: {result.enterprises} firms, {result.placed} with a known position, {result.standing_in} "
        f"known only by their place, {result.unplaced} unplaced, {len(result.unzoned)} in no zone; "
        f"expected in all zones: {total.expected or 0:.1f} [{total.low}-{total.high}]"
    )
    for name, words in dict.fromkeys(_disagreements(result, lang)):
        note(f"* {name}: {words}")


def _disagreements(result: CityCoverage, lang: Lang) -> Iterator[tuple[str, str]]:
    """The zones whose count of points lies outside what is expected, each with the words for it."""
    for row in result.zones:
        if row.figures.disagrees:
            yield row.name, row.figures.disagreement if lang == Lang.ZH else row.figures.disagreement_en


def _give(
    data: object,
    rows: list[dict[str, Any]],
    format_: CoverageFormat | Format,
    output: Any,
    columns: list[str] | None,
    headings: Any,
) -> None:
    if format_ == "table" and output is None:
        emit_rows(rows, Format.TABLE, columns, headings)
        return
    text = (
        tables.as_json(data)
        if format_ == "json"
        else tables.as_csv(rows)
        if format_ == "csv"
        else tables.as_table(rows, columns, headings)
    )
    if output is None:
        emit(text)
    else:
        write_output(text.encode("utf-8"), output)


def overlap(
    city: CitiesOption = None,
    on: OnOption = None,
    lang: LangOption = Lang.ZH,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Compare zone systems and plans pair by pair: shared ground, firms that both count, and firms under none.

    Example: gis overlap --city jiading
    """
    from gis.analysis.overlap import overlaps

    loaded = open_project(project, city)
    day = parse_day(on)
    results = {id_: overlaps(loaded, id_, day) for id_ in loaded.cities}
    rows = _rows({id_: [pair.row() for pair in result.pairs] for id_, result in results.items()})
    shown = [
        "level", "a_name", "b_name", "shared_km2", "a_share", "b_share", "jaccard", "attributed_both", "inside_both",
        "named_both", "sketched",
    ]  # fmt: skip
    common = _rows(
        {id_: [pair.row() for pair in result.pairs if pair.firms or pair.shared_km2] for id_, result in results.items()}
    )
    data = [result.as_json() for result in results.values()]
    chosen = common if format_ == Format.TABLE else rows
    _give(_one_or_all(data), chosen, format_, output, _shown(shown, loaded), tables.headings(lang))
    if format_ != Format.TABLE:
        return
    note(f"{len(rows) - len(common)} more pairs have nothing in common (json and csv hold them)")
    for id_, result in results.items():
        named = ", ".join(f"{orphan.name} ({orphan.id})" for orphan in result.orphans)
        note(f"{id_}: {len(result.orphans)} firms are under no zone system{': ' + named if named else ''}")
        left = result.uncovered
        if left.uncovered_km2 is not None:
            note(f"{id_}: no zone system covers {left.uncovered_km2} of {left.ground_km2} km2 of the city's districts")


def indicators(
    city: CitiesOption = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those that no layer can answer, and plain facts.")] = False,
    lang: LangOption = Lang.ZH,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Hold the plans' targets against the layers: value now, target, gap and the pace that is needed.

    JSON and CSV hold every indicator; the table shows the targets, and with --all everything.

    Example: gis indicators --city hangzhou
    """
    from gis.analysis.indicators import NOT_SPATIAL, STATUS_WORDS
    from gis.analysis.indicators import indicators as compute

    loaded = open_project(project, city)
    by_city = {id_: [standing.row() for standing in compute(loaded, id_)] for id_ in loaded.cities}
    rows = [row for found in by_city.values() for row in found]
    label, basis = ("label", "basis") if lang == Lang.ZH else ("label_en", "basis_en")
    shown = [
        label, "target", "year", "baseline", "goal", "goal_high", "now", "gap", "gap_high", "pace_per_year", "status",
        basis,
    ]  # fmt: skip
    chosen = [
        {**row, "status": STATUS_WORDS[row["status"]][0 if lang == Lang.ZH else 1]}
        for row in _rows(by_city)
        if all_ or (row["kind"] == "target" and row["basis_en"] != NOT_SPATIAL[1])
    ]
    given = chosen if format_ == Format.TABLE else rows
    _give(rows, given, format_, output, _shown(shown, loaded), tables.headings(lang))
    if format_ == Format.TABLE and not all_:
        note(f"{len(rows) - len(chosen)} more (facts, baselines and targets that are not spatial): --all")


def structure(
    city: CitiesOption = None,
    basis: Annotated[Basis, typer.Option("--basis", help="Count firms by what documents say or by position.")] = (
        Basis.ATTRIBUTED
    ),
    on: OnOption = None,
    lang: LangOption = Lang.ZH,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Describe zones by chain link: counts, location quotient, concentration, featured share, spacing.

    Example: gis structure --city jiading --basis attributed
    """
    from gis.analysis.structure import structure as compute

    loaded = open_project(project, city)
    day = parse_day(on)
    rows = _rows({id_: [found.row() for found in compute(loaded, id_, basis, day)] for id_ in loaded.cities})
    remark = "clark_evans_note" if lang == Lang.ZH else "clark_evans_note_en"
    shown = ["name", "enterprises", "counts", "hhi", "city_share", "featured_share", "clark_evans", remark]
    with_firms = [row for row in rows if row["enterprises"]]
    chosen = with_firms if format_ == Format.TABLE else rows
    _give(rows, chosen, format_, output, _shown(shown, loaded), tables.headings(lang))
    if format_ == Format.TABLE:
        note(f"{len(rows) - len(with_firms)} more places have no firm by this count (json and csv hold them)")
