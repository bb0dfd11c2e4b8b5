"""Write rows as an aligned table, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gis.base.text import display_width, neutralised, printable

Row = Mapping[str, Any]

_GAP = "  "
_MISSING = "–"
_LEAST_TEXT = 12
_MOST_DECIMALS = 6


def as_json(value: object) -> str:
    """JSON text with Chinese as it is, sorted as given, ending in a line break."""
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def as_csv(rows: Sequence[Row], columns: Sequence[str] | None = None) -> str:
    """CSV text with a header; text cells that read like formulas are neutralised.

    A list in a cell is joined by `;`, a list of rows by `|`.
    """
    names = list(columns) if columns is not None else columns_of(rows)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_csv_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def as_table(
    rows: Sequence[Row],
    columns: Sequence[str] | None = None,
    headings: Mapping[str, str] | None = None,
    width: int | None = None,
) -> str:
    """Aligned text for a terminal; Chinese characters take two columns, numbers stand right.

    Args:
        rows: what is shown, a line each.
        columns: which columns, in order; all of them by default.
        headings: what to call a column, by its name; `yes` and `no` are the words for truth values.
        width: how many terminal columns there are. Long texts are shortened to fit, numbers and ids never; columns
            for which there is no room are left out, from the right. By default nothing is shortened.
    """
    words = headings or {}
    names = list(columns) if columns is not None else columns_of(rows)
    titles = [printable(words.get(name, name)) for name in names]
    texts = [_column_texts([row.get(name) for row in rows], words) for name in names]
    right = [_is_numeric([row.get(name) for row in rows]) for name in names]
    widths = [max(map(display_width, [title, *cells])) for title, cells in zip(titles, texts, strict=True)]
    if width is not None:
        kept = [name == "id" or numeric for name, numeric in zip(names, right, strict=True)]
        widths = _fitted(widths, [display_width(title) for title in titles], kept, width)

    def line(parts: Sequence[str]) -> str:
        padded = []
        for part, room, at_right in zip(parts, widths, right, strict=False):  # The last columns may have no room.
            text = _shortened(part, room)
            gap = " " * (room - display_width(text))
            padded.append(gap + text if at_right else text + gap)
        return _GAP.join(padded).rstrip()

    return "\n".join([line(titles), line(["-" * room for room in widths]), *map(line, zip(*texts, strict=True))]) + "\n"


def _fitted(widths: Sequence[int], title_widths: Sequence[int], kept: Sequence[bool], width: int) -> list[int]:
    """The widths of those columns, from the left, that find room; what room is over goes to the narrowest first."""
    least = [
        full if whole else min(full, max(title, _LEAST_TEXT))
        for full, title, whole in zip(widths, title_widths, kept, strict=True)
    ]
    while len(least) > 1 and sum(least) + len(_GAP) * (len(least) - 1) > width:
        least.pop()
    spare = width - sum(least) - len(_GAP) * (len(least) - 1)
    while spare > 0:
        growing = [i for i, room in enumerate(least) if room < widths[i]]
        if not growing:
            break
        least[min(growing, key=least.__getitem__)] += 1
        spare -= 1
    return least


def _shortened(text: str, width: int) -> str:
    if display_width(text) <= width:
        return text
    while display_width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def columns_of(rows: Sequence[Row]) -> list[str]:
    """Every column that a row has, in the order in which they come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _is_numeric(values: Sequence[object]) -> bool:
    """Whether a column holds numbers and nothing else, some of them perhaps missing."""
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def _column_texts(values: Sequence[object], words: Mapping[str, str]) -> list[str]:
    """The cells of a column; its numbers all with as many decimals as the one that needs most."""
    if not _is_numeric(values):
        return [_text_cell(value, words) for value in values]
    decimals = max(_decimals(value) for value in values if isinstance(value, int | float))
    return [f"{value:.{decimals}f}" if isinstance(value, int | float) else _MISSING for value in values]


def _decimals(number: float) -> int:
    _, _, fraction = f"{number:.{_MOST_DECIMALS}f}".partition(".")
    return len(fraction.rstrip("0"))


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_plain(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        return (" | " if any(isinstance(item, Mapping) for item in value) else "; ").join(map(_plain, value))
    return "" if value is None else str(value)


def _text_cell(value: object, words: Mapping[str, str]) -> str:
    if value is None or isinstance(value, bool):
        return _MISSING if value is None else words.get("yes", "yes") if value else words.get("no", "no")
    return printable(_plain(value)) or _MISSING


def _csv_cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, int | float) else neutralised(_plain(value))


_HEADINGS = {
    "zh": {
        "city": "城市", "id": "编号", "name": "名称", "system": "体系", "plan": "规划", "role": "角色",
        "name_as_written": "原文名称",
        "area_km2": "面积km²", "area_mu": "面积亩", "documented": "文件归属", "documented_here": "直接列于此",
        "placed_by_source": "公开资料归入", "located": "位置在内", "possible": "可能在内", "possible_sum": "可能之和",
        "inside": "点在图上之内", "estimate": "估计数", "low": "下限", "high": "上限",
        "estimate_documented": "其中据文件", "estimate_position": "其中据点线", "estimate_area": "其中据所在地",
        "density_per_km2": "密度/km²", "density_low": "密度下限", "density_high": "密度上限",
        "density_note": "密度说明", "density_note_en": "Density, note", "sentence": "一句话", "sentence_en": "Sentence",
        "contradicting": "两说不符的企业", "word": "判断", "probability": "位置可能性", "combined": "合计可能性",
        "test_road_km": "测试道路km", "test_road_lower_bound": "道路为下限", "test_road_density": "测试道路密度",
        "reach_m": "半径m",
        "reach_area_share": "覆盖面积比", "reach_enterprise_share": "覆盖企业比", "geometry_basis": "图形依据",
        "accuracy_m": "精度m", "label": "指标", "label_en": "Indicator", "target": "目标", "year": "年份",
        "baseline": "基期", "value_now": "现值", "lower_bound": "为下限", "gap": "差距", "pace_per_year": "所需年均",
        "status": "状态", "basis": "依据", "basis_en": "Basis", "members": "成员", "places": "成员编号",
        "located_by_segment": "在内按环节", "documented_by_segment": "归属按环节", "unplaced": "未定位",
        "known_by_place": "只知所在地", "disagrees": "两说不符", "quotients_note": "区位商说明",
        "quotients_note_en": "Quotient, note", "disagreement": "不符原因",
        "disagreement_en": "Why they disagree", "sketched": "含示意图形", "reason": "原因", "reason_en": "Reason",
        "segment": "产业链环节", "source": "起算要素", "sources": "要素数", "level": "层级",
        "a": "甲编号", "b": "乙编号",
        "a_name": "甲", "b_name": "乙", "a_plan": "甲规划", "b_plan": "乙规划",
        "a_km2": "甲km²", "b_km2": "乙km²", "shared_km2": "重叠km²",
        "a_share": "占甲比", "b_share": "占乙比", "jaccard": "Jaccard", "documented_both": "两方文件均归属",
        "inside_both": "位置同在两方", "named_both": "两规划均点名", "placed": "有点位",
        "scope": "范围", "kind": "类别",
        "value": "数值", "value_high": "数值上限", "unit": "单位", "comparator": "比较", "change": "口径",
        "baseline_year": "基期年", "goal": "应达", "goal_high": "应达上限", "now": "现状", "gap_high": "至上限差距",
        "years_left": "剩余年数", "pace_high_per_year": "至上限年均", "file": "文件", "line": "行", "section": "章节",
        "enterprises": "企业数", "counts": "按环节", "location_quotient": "区位商", "hhi": "HHI",
        "city_share": "占全市比", "featured": "特色环节", "featured_share": "特色产业集聚度",
        "clark_evans": "Clark–Evans", "clark_evans_z": "z值", "clark_evans_note": "疏密说明",
        "clark_evans_note_en": "Spacing, note", "yes": "是", "no": "否",
    },
    "en": {},
}  # fmt: skip


def headings(lang: str) -> Mapping[str, str]:
    """The headings of table columns in a language; a column that has none is headed by its own name."""
    return _HEADINGS[lang]
