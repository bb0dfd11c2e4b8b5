"""Write rows as an aligned table, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gis.text import display_width, neutralised, printable

Row = Mapping[str, Any]


def as_json(value: object) -> str:
    """JSON text with Chinese as it is, sorted as given, ending in a line break."""
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def as_csv(rows: Sequence[Row], columns: Sequence[str] | None = None) -> str:
    """CSV text with a header; text cells that read like formulas are neutralised, lists are joined by `;`."""
    names = list(columns) if columns is not None else _columns(rows)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_csv_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def as_table(
    rows: Sequence[Row], columns: Sequence[str] | None = None, headings: Mapping[str, str] | None = None
) -> str:
    """Aligned text for a terminal; Chinese characters take two columns, numbers stand right."""
    names = list(columns) if columns is not None else _columns(rows)
    titles = [printable((headings or {}).get(name, name)) for name in names]
    cells = [[_text_cell(row.get(name)) for name in names] for row in rows]
    right = [all(_is_number(row.get(name)) for row in rows) and bool(rows) for name in names]
    widths = [
        max(display_width(title), *(display_width(line[i]) for line in cells)) if cells else display_width(title)
        for i, title in enumerate(titles)
    ]

    def line(parts: Sequence[str]) -> str:
        padded = []
        for part, width, at_right in zip(parts, widths, right, strict=True):
            gap = " " * (width - display_width(part))
            padded.append(gap + part if at_right else part + gap)
        return "  ".join(padded).rstrip()

    return "\n".join([line(titles), line(["-" * width for width in widths]), *map(line, cells)]) + "\n"


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_plain(item) for item in value)
    return "" if value is None else str(value)


def _text_cell(value: object) -> str:
    return "–" if value is None else printable(_plain(value))


def _csv_cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, int | float) else neutralised(_plain(value))


_HEADINGS = {
    "zh": {
        "id": "编号", "name": "名称", "system": "体系", "plan": "规划", "role": "角色", "name_as_written": "原文名称",
        "area_km2": "面积km²", "area_mu": "面积亩", "attributed": "文件归属",
        "inside": "位置在内", "expected": "期望数",
        "low": "下限", "high": "上限", "density_per_km2": "在内密度/km²", "expected_per_km2": "期望密度/km²",
        "road_km": "测试道路km", "road_density_km_per_km2": "路网密度", "reach_m": "半径m",
        "reach_area_share": "覆盖面积比", "reach_enterprise_share": "覆盖企业比", "geometry_basis": "图形依据",
        "accuracy_m": "精度m", "label": "指标", "label_en": "Indicator", "target": "目标", "year": "年份",
        "baseline": "基期", "value_now": "现值", "lower_bound": "为下限", "gap": "差距", "pace_per_year": "所需年均",
        "status": "状态", "basis": "依据", "basis_en": "Basis", "members": "成员", "places": "成员编号",
        "by_segment": "在内按环节", "attributed_by_segment": "归属按环节", "unplaced": "未定位",
        "attributed_only": "仅凭文件", "disagrees": "两数不符", "disagreement": "不符原因",
        "disagreement_en": "Why they disagree", "sketched": "含示意图形", "reason": "原因", "reason_en": "Reason",
        "segment": "产业链环节", "source": "起算要素", "sources": "要素数", "level": "层级",
        "a": "甲编号", "b": "乙编号",
        "a_name": "甲", "b_name": "乙", "a_km2": "甲km²", "b_km2": "乙km²", "shared_km2": "重叠km²",
        "a_share": "占甲比", "b_share": "占乙比", "jaccard": "Jaccard", "attributed_both": "两方文件均归属",
        "inside_both": "位置同在两方", "named_both": "两规划均点名", "placed": "有点位",
        "scope": "范围", "kind": "类别",
        "value": "数值", "value_high": "数值上限", "unit": "单位", "comparator": "比较", "change": "口径",
        "baseline_year": "基期年", "goal": "应达", "goal_high": "应达上限", "now": "现状", "gap_high": "至上限差距",
        "years_left": "剩余年数", "pace_high_per_year": "至上限年均", "file": "文件", "line": "行", "section": "章节",
        "enterprises": "企业数", "counts": "按环节", "location_quotient": "区位商", "hhi": "HHI",
        "city_share": "占全市比", "featured": "特色环节", "featured_share": "特色产业集聚度",
        "clark_evans": "Clark–Evans", "clark_evans_z": "z值", "clark_evans_note": "疏密说明",
        "clark_evans_note_en": "Spacing, note",
    },
    "en": {},
}  # fmt: skip


def headings(lang: str) -> Mapping[str, str]:
    """The headings of table columns in a language; a column that has none is headed by its own name."""
    return _HEADINGS[lang]
