"""Write all results of a city as one Excel workbook with its definitions and sources."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from gis.base.text import display_width, neutralised
from gis.measures.coverage import area_words
from gis.measures.indicators import STATUS_WORDS
from gis.measures.results import CityResults
from gis.model.layers import is_sketched
from gis.model.project import Project
from gis.views.tables import headings

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

Row = Mapping[str, Any]

# The radii of the reach sheet, metres; the map and `gis coverage --reach` have the others.
REACH_RADII: Final = (100.0, 200.0, 300.0, 500.0, 1000.0, 1500.0, 2000.0, 3000.0, 5000.0)

_SHEETS: Final[Mapping[str, tuple[str, str]]] = {
    "zones": ("区域", "Zones"),
    "systems": ("体系", "Systems"),
    "total": ("合计", "Total"),
    "unzoned": ("未入区企业", "Unzoned"),
    "links": ("产业链环节", "Chain links"),
    "structure": ("结构", "Structure"),
    "reach": ("覆盖半径", "Reach"),
    "overlap": ("重叠", "Overlap"),
    "orphans": ("体系外企业", "Under no system"),
    "indicators": ("指标", "Indicators"),
    "notes": ("说明", "Notes"),
}

_FORMATS: Final[Mapping[str, str]] = {
    "area_km2": "General",
    **dict.fromkeys(("a_km2", "b_km2", "shared_km2"), "#,##0.0"),
    "area_mu": "#,##0",
    **dict.fromkeys(("estimate", "possible_sum"), "0.0"),
    **dict.fromkeys(("estimate_documented", "estimate_position", "estimate_area"), "0.0"),
    **dict.fromkeys(("density_per_km2", "density_low", "density_high", "test_road_density"), "0.00"),
    "test_road_km": "0.0",
    **dict.fromkeys(("reach_area_share", "reach_enterprise_share", "a_share", "b_share"), "0.0%"),
    **dict.fromkeys(("city_share", "featured_share"), "0.0%"),
    **dict.fromkeys(("jaccard", "hhi", "location_quotient", "clark_evans", "clark_evans_z"), "0.00"),
    **dict.fromkeys(("reach_m", "accuracy_m"), "#,##0"),
    "year": "0",
    "baseline_year": "0",
    "line": "0",
}
_OWN_HEADINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "term": "项目", "meaning": "说明", "firms": "两方共有企业", "link": "环节编号", "link_label": "产业链环节",
        "documented_count": "文件归属", "located_count": "位置在内",
    },
    "en": {},
}  # fmt: skip
_WIDEST: Final = 60
# The only moment that a workbook may carry: the same results give the same bytes.
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_DEFINITIONS: Final[Sequence[tuple[str, str, str, str]]] = (
    (
        "文件归属", "规划文件写明在此或在其下属部分的企业数；“直接列于此”不含下属。空白为文件未列，不是0。",
        "documented",
        "Firms that a planning document puts here or in a part of here; documented_here is without the parts. Empty: "
        "no document lists firms, which is not 0.",
    ),
    (
        "公开资料归入", "只有其他公开资料（不是规划文件）归入此处的企业数。",
        "placed_by_source", "Firms that only other public sources put here.",
    ),
    (
        "位置在内、可能在内",
        "按自身位置，有95%以上把握在此者；5%–95%者，或只凭一般知识者。“可能之和”为后者可能性之和。",
        "located, possible",
        "By their own position: here with a probability of at least 95 %; with 5 to 95 %, or by general knowledge "
        "alone. possible_sum adds up the latter's probabilities.",
    ),
    (
        "估计数、下限、上限",
        "文件与位置合计的企业数及其95%区间：文件归入者计1，位置再说明在其中何处；各企业位置误差独立，同一轮廓只有一个位移，"
        "由所有相关企业共担。分为三部分：据文件、据点线、据所在地（按面积）。名录不全而无企业可能在此时留空。",
        "estimate, low, high",
        "All that is known combined, and its 95 % interval: a firm that a document puts here counts 1, its position "
        "says where within; errors of firms are independent, an outline has one displacement that all share. Three "
        "parts: by document, by point or line, by area of a place. Empty where an incomplete list holds no firm that "
        "may be here.",
    ),
    (
        "两说不符", "文件归入此处，而企业自身位置在别处；同行写明是哪几家。",
        "disagrees", "A document puts a firm here and its own position elsewhere; the row names the firms.",
    ),
    (
        "密度", "估计数÷面积；不足5家不计。", "density", "Estimate over area; none below five firms.",
    ),
    (
        "面积", "椭球面积，km²；1 km² = 1500 亩。体系与合计取并集，重叠只计一次。",
        "area", "On the ellipsoid, km²; 1 km² = 1500 mu. Systems and the total are unions: overlaps count once.",
    ),
    (
        "测试道路km", "已有且走向已知的测试道路在区内的长度，重合路段只计一次；名单不全时为下限，区内未绘有者留空。",
        "test_road_km",
        "Existing test roads of known course within, each stretch once; a lower bound where the list is incomplete, "
        "and empty where none is drawn here.",
    ),
    (
        "覆盖面积比、覆盖企业比", "距测试道路（或设施）直线距离在半径以内的面积与位置在内企业之比；缓冲先合并再量算。",
        "reach",
        "Share of the area, and of the firms inside, within a straight-line distance; buffers are united first.",
    ),
    (
        "区位商、HHI", "区位商=环节在此占比÷在全市占比；HHI=各环节占比平方和（1为单一环节）。不足5家不计。",
        "location quotient, HHI",
        "Quotient: a link's share here over its share in the city; HHI: sum of squared shares (1 is a single link); "
        "none below five firms.",
    ),
    (
        "特色产业集聚度", "本工具的定义：环节已知的企业中，属于规划所写本地功能对应环节者之比；规划未给出算法。",
        "featured share",
        "Our definition: of the firms whose link is known, the share in links that the plans name as functions here.",
    ),
    (
        "Clark–Evans", "最近邻距离与随机分布期望之比，带边缘校正；独立定位企业不足30家或位置过粗时不给出。",
        "Clark-Evans",
        "Mean distance to the nearest firm over that of random spacing, edge-corrected; not given below 30 firms or "
        "where positions are too coarse.",
    ),
    (
        "重叠", "两体系（或两规划）并集的交集面积及其占各自之比；Jaccard=交集÷并集。",
        "overlap",
        "Ground shared by the unions of two systems (or plans), as a share of each; Jaccard: shared over both.",
    ),
    (
        "指标现状", "“≥”为下限（名单不全），“≈”依据示意图形；下限时差距为最多所缺；已过目标年份为“已到期”，不给年均。",
        "value now",
        "≥ is a lower bound (the list is incomplete), ≈ rests on sketches; a gap from a lower bound is the most that "
        "can lack; a target whose year has passed is due and has no pace.",
    ),
)  # fmt: skip


def coverage_workbook(project: Project, result: CityResults, lang: str) -> bytes:
    """Give all results of a city as an xlsx workbook; the same results give the same bytes.

    Args:
        project: the checked project that the results are of.
        result: what was computed; every number of the workbook is one of its numbers, as JSON and CSV give them.
        lang: language of sheet names, headings and words: `zh` or `en`.
    """
    from openpyxl import Workbook

    book = Workbook()
    first = book.active
    if first is not None:
        book.remove(first)
    for key, rows in _tables(project, result, lang).items():
        sheet: Worksheet = book.create_sheet(_SHEETS[key][0 if lang == "zh" else 1])
        _fill(sheet, rows, lang)
    out = io.BytesIO()
    book.save(out)
    return settled(out.getvalue())


def settled(workbook: bytes) -> bytes:
    """Take the time of writing out of an xlsx file."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            data = given.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", data)
            info = zipfile.ZipInfo(name, _MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, data)
    return out.getvalue()


def _tables(project: Project, result: CityResults, lang: str) -> dict[str, list[dict[str, Any]]]:
    coverage = result.coverage.as_json()
    names = {r["id"]: r["name"] for r in project.layer(result.coverage.city, "enterprises").records}
    pairs = [{**pair.row(), "firms": [names[id_] for id_ in sorted(pair.firms)]} for pair in result.overlaps.pairs]
    words = 0 if lang == "zh" else 1
    standings = [{**s.row(), "status": STATUS_WORDS[s.status][words]} for s in result.indicators]
    return {
        "zones": [_without_links(row) for row in coverage["zones"]],
        "systems": [_without_links(row) for row in coverage["systems"]],
        "total": [_without_links(coverage["total"])],
        "unzoned": coverage["unzoned"],
        "links": list(_links(project, result, lang)),
        "structure": [
            {key: value for key, value in s.row().items() if key not in {"counts", "location_quotient"}}
            for s in result.structure
        ],
        "reach": list(_reach(result, lang)),
        "overlap": pairs,
        "orphans": result.overlaps.as_json()["orphans"],
        "indicators": standings,
        "notes": list(_notes(project, result, lang)),
    }


def _without_links(row: Row) -> dict[str, Any]:
    left = {"documented_by_segment", "located_by_segment", "inside", "area_mu"}
    shown = {key: value for key, value in row.items() if key not in left}
    # As many digits as the outline's accuracy carries; JSON holds them all.
    area = row.get("area_km2")
    return shown | {"area_km2": None if area is None else float(area_words(area, row.get("accuracy_m")))}


def _links(project: Project, result: CityResults, lang: str) -> Iterator[dict[str, Any]]:
    """One row for each place and chain link that has a firm there, by documents or by position."""
    quotients = {found.id: found.location_quotient for found in result.structure if found.basis == "documented"}
    seen: set[str] = set()
    for row in result.coverage.zones:
        if row.id in seen:
            continue
        seen.add(row.id)
        figures = row.figures
        for link in sorted({*figures.located_by_segment, *figures.documented_by_segment}):
            known = project.segments[link]
            yield {
                "id": row.id,
                "name": row.name,
                "link": link,
                "link_label": known.label if lang == "zh" else known.label_en,
                "documented_count": figures.documented_by_segment.get(link),
                "located_count": figures.located_by_segment.get(link),
                "location_quotient": quotients.get(row.id, {}).get(link),
            }


def _reach(result: CityResults, lang: str) -> Iterator[dict[str, Any]]:
    area, firms = ("面积", "企业") if lang == "zh" else ("area", "firms")
    for curve in result.reach:
        rows = {row["reach_m"]: row for row in curve.rows()}
        chosen = [radius for radius in REACH_RADII if radius in rows]
        yield {
            **{key: getattr(curve, key) for key in ("id", "name", "source", "sources")},
            **{f"{area} {radius:.0f} m": rows[radius]["reach_area_share"] for radius in chosen},
            **{f"{firms} {radius:.0f} m": rows[radius]["reach_enterprise_share"] for radius in chosen},
        }


def _notes(project: Project, result: CityResults, lang: str) -> Iterator[dict[str, Any]]:
    chinese = lang == "zh"
    coverage = result.coverage

    def note(term: str, meaning: str, term_en: str, meaning_en: str) -> dict[str, Any]:
        return {"term": term, "meaning": meaning} if chinese else {"term": term_en, "meaning": meaning_en}

    day = coverage.on.isoformat() if coverage.on else ""
    yield note("日期", coverage.as_of.isoformat(), "as of", coverage.as_of.isoformat())
    yield note("布局", day or "规划所列全部布局", "layout", day or "every layout that the plans name")
    for words in _DEFINITIONS:
        yield note(*words)
    left = result.overlaps.uncovered
    if left.uncovered_km2 is not None:
        yield note(
            "无体系覆盖的辖区面积", f"{left.uncovered_km2} km²（辖区 {left.ground_km2} km²）",
            "ground under no system", f"{left.uncovered_km2} of {left.ground_km2} km²",
        )  # fmt: skip
    for plan in project.facts.of_city(coverage.city).plans.values():
        cited = "；".join(part for part in (plan.issuer, plan.number, plan.published, plan.file) if part)
        yield note(f"来源：{plan.title}", cited, f"source: {plan.title_en or plan.title}", cited)
    for record, geometry in project.places(coverage.city, coverage.on):
        if geometry is not None and is_sketched(record):
            said = f"{record['geometry_basis']}, ±{record['accuracy_m']:.0f} m: {record['geometry_source']}"
            yield note(f"示意图形：{record['name']}", said, f"sketch: {record.get('name_en') or record['name']}", said)


def _fill(sheet: Worksheet, rows: Sequence[Row], lang: str) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    if not rows:
        sheet.append(["没有数据" if lang == "zh" else "nothing to show"])
        return
    columns = _in_language(dict.fromkeys(name for row in rows for name in row), lang)
    titles = {**headings(lang), **_OWN_HEADINGS[lang]}
    shown = [titles.get(name, name) for name in columns]
    sheet.append(shown)
    for row in rows:
        sheet.append([_cell(row.get(name), lang) for name in columns])
    for number, name in enumerate(columns, 1):
        letter = get_column_letter(number)
        cells: Iterable[Any] = sheet[letter][1:]
        widest = max((display_width(str(cell.value)) for cell in cells if cell.value is not None), default=0)
        sheet.column_dimensions[letter].width = min(_WIDEST, max(widest, display_width(shown[number - 1])) + 2)
        format_ = _FORMATS.get(name) or ("0.0%" if name.endswith(" m") else None)
        for cell in sheet[letter][1:]:
            if isinstance(cell.value, int | float) and format_:
                cell.number_format = format_
            elif widest > _WIDEST:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E8EEF4")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "C2" if len(columns) > 2 else "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _in_language(columns: Mapping[str, Any], lang: str) -> list[str]:
    """The columns without those that say in the other language what one beside them says."""
    if lang == "zh":
        return [name for name in columns if name.removesuffix("_en") == name or name.removesuffix("_en") not in columns]
    return [name for name in columns if f"{name}_en" not in columns]


def _cell(value: object, lang: str) -> object:
    if isinstance(value, bool):
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    if value is None or isinstance(value, int | float):
        return value
    text = "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return neutralised(_without_controls(text)) or None


def _without_controls(text: str) -> str:
    """Text without the control characters that a workbook cannot hold."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    return ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text)
