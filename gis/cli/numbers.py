"""Print the statistics: `gis coverage`, `overlap`, `indicators`, `structure`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gis.base.errors import UsageError
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
    parse_distance,
)
from gis.cli.show import check_output, emit, emit_rows, note, write_output
from gis.views import tables

if TYPE_CHECKING:
    from gis.measures.coverage import CityCoverage
    from gis.model.project import Project


class Basis(StrEnum):
    """Which firms a structure counts."""

    DOCUMENTED = "documented"
    LOCATED = "located"


class CoverageFormat(StrEnum):
    """How coverage is given out."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


_SHOWN = [
    "system", "role", "name", "area_km2", "documented", "located", "possible", "estimate", "low", "high",
    "disagrees", "test_road_km", "reach_area_share", "geometry_basis", "accuracy_m",
]  # fmt: skip


# No outline is known well enough for more.
_AREA_DECIMALS = 3
_BASIS_ZH = {
    "statutory": "法定边界", "administrative": "行政区界", "digitised": "描绘", "schematic": "示意", "proxy": "代用",
}  # fmt: skip
_LEVEL_ZH = {"system": "体系", "plan": "规划"}


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
    force: ForceOption = False,
) -> None:
    """Count firms, test roads and reach by zone and zone system.

    documented: documents put the firm there. located, possible: its own position does, with at least 95 %, or 5 to
    95 %. estimate [low-high]: all that is known combined, with 95 % probability. An empty cell is not known, which is
    not 0. With several radii, or another source than test
    roads, the shares within each radius are printed instead. xlsx holds everything that is computed of one city.
    JSON of several cities is a list, in their tables a column says the city.

    Example: gis coverage --city jiading --format json
    """
    from gis.measures.reach import TEST_ROADS

    check_output(output, force=force)
    loaded = open_project(project, city)
    day = parse_day(on)
    radii = sorted({parse_distance(part, "--reach") for part in reach.split(",")})
    if format_ == CoverageFormat.XLSX:
        from gis.measures.results import city_results
        from gis.views.workbook import coverage_workbook

        chosen = one_city(loaded, None)
        write_output(
            coverage_workbook(loaded, city_results(loaded, chosen, reach_m=radii[0], day=day), lang),
            output,
            force=force,
        )
        return
    if len(radii) > 1 or source != TEST_ROADS:
        from gis.measures.reach import reach as compute_reach
        from gis.measures.reach import sources

        if source != TEST_ROADS:
            for id_ in loaded.cities:
                _check_source(id_, source, sources(loaded, id_), lang)
        by_city = {
            id_: [row for found in compute_reach(loaded, id_, source, radii, day) for row in found.rows()]
            for id_ in loaded.cities
        }
        rows = _rows(by_city)
        _give(rows, rows, format_, output, force, None, tables.headings(lang))
        if format_ == CoverageFormat.TABLE:
            _tell(
                lang,
                "距离为直线距离，自所绘走向或点位起算",
                "distances are straight lines, from the course or position as drawn",
            )
        return
    from gis.measures.coverage import coverage as compute

    results = [compute(loaded, id_, reach_m=radii[0], day=day) for id_ in loaded.cities]
    rows = _rows({result.city: [row.flat() for row in result.zones] for result in results})
    data = [result.as_json() for result in results]
    telling = [row for row in rows if row["system"] or row["area_km2"] is not None or row["documented"]]
    given = _readable(telling, lang) if format_ == CoverageFormat.TABLE else rows
    _give(_one_or_all(data), given, format_, output, force, _shown(_SHOWN, loaded), tables.headings(lang))
    if format_ == CoverageFormat.TABLE:
        more = len(rows) - len(telling)
        if more:
            _tell(
                lang,
                f"另有{more}个地方不属任何体系，既无轮廓也无企业（见 json、csv）",
                f"{more} more places are in no system and have neither outline nor firm (json and csv hold them)",
            )
        for result in results:
            _sum_up(result, lang)


def _readable(rows: list[dict[str, Any]], lang: Lang) -> list[dict[str, Any]]:
    """The rows of a table for people: numbers to the digits that they carry, what outlines rest on in words."""
    return [
        {
            **row,
            "area_km2": None if row["area_km2"] is None else _about(row),
            "test_road_km": _at_least(row),
            "geometry_basis": _worded(row["geometry_basis"], _BASIS_ZH, lang),
        }
        for row in rows
    ]


def _about(row: Mapping[str, Any]) -> str:
    from gis.measures.coverage import area_words

    return ("≈ " if row["sketched"] else "") + area_words(row["area_km2"], row["accuracy_m"])


def _at_least(row: Mapping[str, Any]) -> str | None:
    if row["test_road_km"] is None:
        return None
    return ("≥ " if row["test_road_lower_bound"] else "") + f"{row['test_road_km']:.1f}"


def _worded(value: str | None, zh: Mapping[str, str], lang: Lang) -> str | None:
    return zh.get(value, value) if value is not None and lang == Lang.ZH else value


def _rows(by_city: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows of all cities; of several, each row says its city first."""
    if len(by_city) == 1:
        return next(iter(by_city.values()))
    return [{"city": city, **row} for city, rows in by_city.items() for row in rows]


def _one_or_all(data: list[dict[str, Any]]) -> object:
    return data[0] if len(data) == 1 else data


def _shown(columns: list[str], project: Project) -> list[str]:
    return columns if len(project.cities) == 1 else ["city", *columns]


def _check_source(city: str, source: str, known: Mapping[str, int], lang: Lang) -> None:
    """Say what reach can be measured from where nothing of the kind asked for is drawn.

    Raises:
        UsageError: the city has none of that kind with a position or course of its own.
    """
    drawn = {kind: number for kind, number in known.items() if number}
    if source in drawn:
        return
    listed = ", ".join(f"{kind} ({number})" for kind, number in drawn.items())
    raise UsageError(
        f"{city} 没有已绘的 {source}；已绘的有：{listed or '无'}。"
        f"请用 --source 选其中之一，或先用 gis import 导入 {source} 的点位或走向"
        if lang == Lang.ZH
        else f"no {source} is drawn in {city}; drawn there: {listed or 'nothing'}. "
        f"Choose one of these with --source, or bring {source} in with gis import"
    )


def _tell(lang: Lang, zh: str, en: str) -> None:
    note(zh if lang == Lang.ZH else en)


def _sum_up(result: CityCoverage, lang: Lang) -> None:
    total = result.total
    _tell(
        lang,
        f"{result.name}：{result.enterprises}家企业，{result.placed}家位置已知，{result.known_by_place}家只知所在地，"
        f"{result.unplaced}家未定位，{len(result.unzoned)}家不在任何区域；"
        f"{total.sentence}",
        f"{result.name}: {result.enterprises} firms, {result.placed} with a known position, {result.known_by_place} "
        f"known only by their place, {result.unplaced} unplaced, {len(result.unzoned)} in no zone; "
        f"{total.sentence_en}",
    )
    for name, words in dict.fromkeys(_disagreements(result, lang)):
        _tell(lang, f"* {name}：{words}", f"* {name}: {words}")


def _disagreements(result: CityCoverage, lang: Lang) -> Iterator[tuple[str, str]]:
    """The zones in which a document and a position contradict each other, each with the words for it."""
    for row in result.zones:
        if row.figures.disagrees:
            yield row.name, row.figures.disagreement if lang == Lang.ZH else row.figures.disagreement_en


def _give(
    data: object,
    rows: list[dict[str, Any]],
    format_: CoverageFormat | Format,
    output: Path | None,
    force: bool,
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
        write_output(text.encode("utf-8"), output, force=force)


def overlap(
    city: CitiesOption = None,
    on: OnOption = None,
    lang: LangOption = Lang.ZH,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Compare zone systems and plans pair by pair: shared ground, firms that both count, and firms under none.

    Example: gis overlap --city jiading
    """
    from gis.measures.overlap import overlaps

    check_output(output, force=force)
    loaded = open_project(project, city)
    day = parse_day(on)
    results = {id_: overlaps(loaded, id_, day) for id_ in loaded.cities}
    rows = _rows({id_: [pair.row() for pair in result.pairs] for id_, result in results.items()})
    shown = [
        "level", "a_name", "b_name", "shared_km2", "a_share", "b_share", "jaccard", "documented_both", "inside_both",
        "named_both", "sketched",
    ]  # fmt: skip
    common = _rows(
        {id_: [pair.row() for pair in result.pairs if pair.firms or pair.shared_km2] for id_, result in results.items()}
    )
    data = [result.as_json() for result in results.values()]
    counted = [
        {**row, "level": _worded(row["level"], _LEVEL_ZH, lang)}
        | {name: len(row[name]) for name in ("documented_both", "inside_both")}
        | {"named_both": len(row["named_both"]) if row["level"] == "plan" else None}  # Systems name no firms.
        | {"shared_km2": None if row["shared_km2"] is None else round(row["shared_km2"], _AREA_DECIMALS)}
        for row in common
    ]
    chosen = counted if format_ == Format.TABLE else rows
    _give(_one_or_all(data), chosen, format_, output, force, _shown(shown, loaded), tables.headings(lang))
    if format_ != Format.TABLE:
        return
    more = len(rows) - len(common)
    _tell(
        lang,
        f"另有{more}对毫无交集（见 json、csv）",
        f"{more} more pairs have nothing in common (json and csv hold them)",
    )
    for id_, result in results.items():
        names = [orphan.name for orphan in result.orphans]
        _tell(
            lang,
            f"{id_}：{len(names)}家企业不属任何功能区体系" + (f"：{'、'.join(names)}" if names else ""),
            f"{id_}: {len(names)} firms are under no zone system" + (f": {', '.join(names)}" if names else ""),
        )
        left = result.uncovered
        if left.uncovered_km2 is not None:
            none, all_ = (f"{area or 0:.{_AREA_DECIMALS}f}" for area in (left.uncovered_km2, left.ground_km2))
            _tell(
                lang,
                f"{id_}：本市辖区 {all_} km² 中有 {none} km² 不在任何功能区体系内",
                f"{id_}: no zone system covers {none} of {all_} km2 of the city's districts",
            )


def indicators(
    city: CitiesOption = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those that no layer can answer, and plain facts.")] = False,
    lang: LangOption = Lang.ZH,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Hold the plans' targets against the layers: value now, target, gap and the pace that is needed.

    JSON and CSV hold every indicator; the table shows the targets, and with --all everything.

    Example: gis indicators --city hangzhou
    """
    from gis.measures.indicators import NOT_SPATIAL, STATUS_WORDS
    from gis.measures.indicators import indicators as compute

    check_output(output, force=force)
    loaded = open_project(project, city)
    by_city = {id_: [standing.row() for standing in compute(loaded, id_)] for id_ in loaded.cities}
    rows = [row for found in by_city.values() for row in found]
    label, basis = ("label", "basis") if lang == Lang.ZH else ("label_en", "basis_en")
    shown = [
        label, "target", "year", "baseline", "goal", "goal_high", "now", "gap", "gap_high", "pace_per_year", "status",
        basis,
    ]  # fmt: skip
    chosen = [
        {**row, "baseline": _level(row), "status": STATUS_WORDS[row["status"]][0 if lang == Lang.ZH else 1]}
        for row in _rows(by_city)
        if all_ or (row["kind"] == "target" and not row["basis_en"].startswith(NOT_SPATIAL[1]))
    ]
    given = chosen if format_ == Format.TABLE else rows
    _give(rows, given, format_, output, force, _shown(shown, loaded), tables.headings(lang))
    if format_ == Format.TABLE and not all_:
        more = len(rows) - len(chosen)
        _tell(
            lang,
            f"另有{more}项（事实、基期数与非空间目标）：--all",
            f"{more} more (facts, baselines and targets that are not spatial): --all",
        )


def _level(row: Mapping[str, Any]) -> str | None:
    """The documented level that a target starts from, with its year."""
    if row["baseline"] is None:
        return None
    year = f" ({row['baseline_year']})" if row["baseline_year"] else ""
    return f"{row['baseline']:.10g}{year}"


def structure(
    city: CitiesOption = None,
    basis: Annotated[Basis, typer.Option("--basis", help="Count firms by what documents say or by position.")] = (
        Basis.DOCUMENTED
    ),
    on: OnOption = None,
    lang: LangOption = Lang.ZH,
    project: ProjectOption = None,
    format_: FormatOption = Format.TABLE,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Describe zones by chain link: counts, location quotient, concentration, featured share, spacing.

    Example: gis structure --city jiading --basis documented
    """
    from gis.measures.structure import structure as compute

    check_output(output, force=force)
    loaded = open_project(project, city)
    day = parse_day(on)
    rows = _rows({id_: [found.row() for found in compute(loaded, id_, basis, day)] for id_ in loaded.cities})
    remark = "clark_evans_note" if lang == Lang.ZH else "clark_evans_note_en"
    shown = ["name", "enterprises", "counts", "hhi", "city_share", "featured_share", "clark_evans", remark]
    with_firms = [row for row in rows if row["enterprises"]]
    links = {s.id: s.label if lang == Lang.ZH else s.label_en or s.label for s in loaded.segments.values()}
    worded = [{**row, "counts": {links[link]: n for link, n in row["counts"].items()}} for row in with_firms]
    chosen = worded if format_ == Format.TABLE else rows
    _give(rows, chosen, format_, output, force, _shown(shown, loaded), tables.headings(lang))
    if format_ == Format.TABLE:
        more = len(rows) - len(with_firms)
        _tell(
            lang,
            f"另有{more}个地方按此口径无企业（见 json、csv）",
            f"{more} more places have no firm by this count (json and csv hold them)",
        )
