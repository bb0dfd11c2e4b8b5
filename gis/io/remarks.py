"""Tell the rows of a table from what offices write around them: units, totals, notes, signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from gis.base.text import halfwidth
from gis.io.columns import meaning
from gis.io.quantities import is_blank

_TOTAL: Final = r"(?:合计|总计|小计|共计|总数|平均|平均值|total|subtotal|grandtotal|sum|average)"
# 合计, 合计: 3家, 合计(共3家), 共计3家, 安亭镇小计: and no firm whose name begins like that.
_TOTALS: Final = re.compile(rf"{_TOTAL}(?:[:(\d].{{0,20}})?|.{{1,10}}(?:合计|小计|总计):?", re.IGNORECASE)
_LABELLED: Final = re.compile(
    r"(?:注|备注|附注|说明|填表说明|填报说明|数据来源|资料来源|来源)\d*[:.、]"
    r"|(?:填表|填报|制表|审核|负责|联系|统计|单位负责)人?(?:单位|人员|日期|时间|电话)?:"
    r"|(?:联系电话|电话|日期|单位|坐标系|截至日期):"
)
_NOTE: Final = re.compile(r"[*※#]|以上|本表|上表|表中|数据截至|截至\d|统计口径")
_ITEM: Final = re.compile(r"\(?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[.、)](?!\d)")
_FIRM: Final = re.compile(r"(?:公司|厂|院|所|中心|集团|店|部|园|基地|路)$")
_UNIT: Final = re.compile(
    r"单位|度|°|度分秒|十进制度?|米|m|公里|千米|km|平方公里|平方千米|km2|平方米|m2|亩|公顷|hm2|ha|人|家|个|条|座|台|辆|套|吨|年|月|日|年月日?|"
    r"元|千元|万元|亿元|万|亿|%|万人|万吨|万辆|万台|万平方米|文本|文字|字符|字符串|数字|数值|整数|小数|日期|"
    r"text|string|str|varchar|char|int|integer|long|double|float|decimal|number|numeric|date|datetime|bool|必填|选填|非必填|可选",
    re.IGNORECASE,
)
_BRACKETS: Final = re.compile(r"^[(\[【]|[)\]】]$")
_COORDINATES: Final = frozenset({"lon", "lat", "x", "y"})


def under_headings(header: Sequence[str], cells: Sequence[Any]) -> str | None:
    """What a row right below the headings is, where it is no row of the table: units, numbers of columns, headings.

    Args:
        header: the headings; empty where a column has none.
        cells: the cells of the row.
    """
    pairs = [(name, cell) for name, cell in zip(header, cells, strict=False) if not is_blank(cell)]
    if not pairs or (len(cells) > len(header) and not all(is_blank(cell) for cell in cells[len(header) :])):
        return None
    texts = [_BRACKETS.sub("", re.sub(r"\s", "", halfwidth(str(cell)))) for _, cell in pairs]
    if all(_UNIT.fullmatch(text) for text in texts) and not all(meaning(str(cell), None) for _, cell in pairs):
        return "a row of units"
    if _counts(texts):
        return "the numbers of the columns"
    same = [(meaning(name, None), meaning(str(cell), None)) for name, cell in pairs if isinstance(cell, str)]
    if len(same) == len(pairs) and sum(one == other and one in _COORDINATES for one, other in same) >= 2:
        return "the headings again"
    return None


def _counts(texts: Sequence[str]) -> bool:
    """Whether texts are 1, 2, 3 …, or 甲, 乙, 1, 2 …, as statisticians number columns."""
    numbers = texts[sum(text in "甲乙丙丁戊" for text in texts) :]
    return len(texts) >= 3 and len(numbers) > 0 and list(numbers) == [str(n) for n in range(1, len(numbers) + 1)]


def total_of(cells: Sequence[Any]) -> str | None:
    """The word that marks a row of totals; None for a row of the table."""
    texts = [re.sub(r"\s", "", halfwidth(str(cell))) for cell in cells if not is_blank(cell)][:2]
    if texts and _TOTALS.fullmatch(texts[0]):
        return texts[0][:12]
    if len(texts) > 1 and re.fullmatch(r"\d*", texts[0]) and _TOTALS.fullmatch(texts[1]):
        return texts[1][:12]
    return None


def remark_of(cells: Sequence[Any], columns: int, *, noted: bool) -> str | None:
    """The words that mark a note or signatures; None for a row of the table.

    Args:
        cells: the cells of the row.
        columns: how many columns the table has.
        noted: a note stands above already; then a numbered line goes on with it.
    """
    filled = [str(cell) for cell in cells if not is_blank(cell)]
    if not filled or columns < 3:
        return None
    first = re.sub(r"\s", "", halfwidth(filled[0]))
    if _LABELLED.match(first) and all(_LABELLED.match(halfwidth(text)) for text in filled[1:]):
        return first[:12]
    # A row of one cell may be a firm of which only the name is known.
    if len(filled) == 1 and not _FIRM.search(first) and (_NOTE.match(first) or (noted and _ITEM.match(first))):
        return first[:12]
    return None
