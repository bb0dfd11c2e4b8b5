"""Read numbers and coordinates as people write them."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from gis.base.text import halfwidth

_DASHES: Final = str.maketrans(
    {
        **dict.fromkeys("−–—﹣", "-"),
        # Half width (NFKC) would turn º to o, and ´ and ˝ to a blank and an accent: the signs go first.
        **dict.fromkeys("′’‘´`ʹʼ‵＇", "'"),
        **dict.fromkeys("″”“˝ʺ‶＂〃", '"'),
        **dict.fromkeys("º˚∘⁰", "°"),
        **dict.fromkeys("\t\r\n\v\f\x85\u2028\u2029", " "),
    }
)
_NUMBER: Final = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"
_PLAIN: Final = re.compile(_NUMBER, re.IGNORECASE)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_SIDE: Final = r"[NSEW]|北纬|南纬|东经|西经|北|南|东|西"
_SPACED: Final = re.compile(r"[+-]?\d{1,3}(?: \d{3})+(?:\.\d+)?")
_METRES: Final = re.compile(rf"({_NUMBER})\s*(?:米|m)", re.IGNORECASE)
_COLONS: Final = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_DMS: Final = re.compile(
    rf"(?P<before>{_SIDE})?\s*:?\s*(?P<degrees>\d{{1,3}}(?:\.\d+)?)\s*(?:°|º|度|d|\s|-)\s*"
    rf"(?:(?P<minutes>\d{{1,2}}(?:\.\d+)?)\s*(?:'|分|m|\s|-|$)\s*)?"
    rf"(?:(?P<seconds>\d{{1,2}}(?:\.\d+)?)\s*(?:\"|''|秒|s|$)?\s*)?(?P<after>{_SIDE})?",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(
    rf"(?P<before>{_SIDE})?\s*:?\s*(?P<number>{_NUMBER})\s*(?:°|º|度)?\s*(?P<after>{_SIDE})?", re.IGNORECASE
)
_NEGATIVE: Final = frozenset({"S", "W", "南", "西", "南纬", "西经"})
_NORTHERN: Final = frozenset({"N", "S", "北", "南", "北纬", "南纬"})
_UNITS: Final = re.compile(r"(?:米|m|公里|km|平方公里|km2|年|°|º|度)$", re.IGNORECASE)
_EMPTY: Final = frozenset(
    {"", "-", "--", "/", "\\", "无", "暂无", "未知", "空", "n/a", "na", "null", "none", "nan", "#n/a", "待定", "不详"}
)
_LONGEST_EMPTY: Final = max(map(len, _EMPTY))


def is_blank(value: object) -> bool:
    """Whether a cell says nothing: empty, a dash, 无, 暂无, n/a and their like."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    if not isinstance(value, str):
        return False
    # Asked of every cell: what is longer than any word for nothing needs no closer look.
    text = value.strip()
    return not text or (len(text) <= _LONGEST_EMPTY and halfwidth(text).translate(_DASHES).lower() in _EMPTY)


def _clean(text: str) -> str:
    plain = halfwidth(text.translate(_DASHES)).translate(_DASHES)
    return "".join(c for c in plain if unicodedata.category(c) not in {"Cf", "Cc"}).strip()


def parse_number(value: object) -> float | None:
    """Return the number that a cell holds; full-width digits, thousands commas and a trailing unit are understood.

    Returns:
        None where the cell is blank.

    Raises:
        ValueError: the cell is not one finite number.

    >>> parse_number("１，２３４．５ 米")
    1234.5
    """
    if is_blank(value):
        return None
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, int | float):
        number = float(value)
    else:
        text = _UNITS.sub("", _clean(str(value))).strip()
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if not _PLAIN.fullmatch(text):
            raise ValueError(f"{str(value)[:40]!r} is not a number")
        number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{str(value)[:40]!r} is not a finite number")
    return number


def parse_coordinate(value: object) -> float | None:
    """Return the coordinate that a cell holds: a number, or degrees, minutes and seconds with or without a side.

    Returns:
        degrees (south and west negative) or metres; None where the cell is blank.

    Raises:
        ValueError: the cell is not one coordinate.

    >>> parse_coordinate("东经121°10′12″"), parse_coordinate("31.29N")
    (121.17, 31.29)
    """
    return None if is_blank(value) else _coordinate(value)[0]


def _coordinate(value: object) -> tuple[float, str]:
    """The coordinate of a cell, and its side of the world where the cell says it."""
    if isinstance(value, int | float):
        number = parse_number(value)
        if number is None:
            raise ValueError("is empty")
        return number, ""
    text = _clean(str(value)).lstrip("'")  # Excel's sign for a number kept as text.
    if _GROUPED.fullmatch(text) or _SPACED.fullmatch(text):
        return float(re.sub("[, ]", "", text)), ""
    if match := _METRES.fullmatch(text):
        return float(match[1]), ""
    text = _COLONS.sub(r"\1°\2'\3", text)
    if match := _SIGNED.fullmatch(text):
        number, side = float(match["number"]), _side(match, value)
    elif match := _DMS.fullmatch(text):
        minutes, seconds = float(match["minutes"] or 0), float(match["seconds"] or 0)
        if minutes >= 60 or seconds >= 60:
            raise ValueError(f"{str(value)[:40]!r} has 60 or more minutes or seconds")
        number = round(float(match["degrees"]) + minutes / 60 + seconds / 3600, 10)
        side = _side(match, value)
    else:
        raise ValueError(f"{str(value)[:40]!r} is not a coordinate")
    if not math.isfinite(number):
        raise ValueError(f"{str(value)[:40]!r} is not a finite number")
    return (-number if side in _NEGATIVE else number), side


def coordinate_step(value: object) -> float:
    """Return one unit of the last place that a coordinate is written to, in the coordinate's own unit.

    What is written in degrees, minutes and seconds steps by the last of these that is there. Nothing (0.0) is returned
    for what is no coordinate.

    >>> coordinate_step("121.17"), coordinate_step("121.170"), coordinate_step("121°10′") * 60
    (0.01, 0.001, 1.0)
    """
    if isinstance(value, float):
        return (
            10.0 ** min(0, int(Decimal(repr(value)).normalize().as_tuple().exponent)) if math.isfinite(value) else 0.0
        )
    text = _COLONS.sub(r"\1°\2'\3", _clean(str(value)).lstrip("'"))
    if match := _SIGNED.fullmatch(text):
        return _place(match["number"])
    if match := _DMS.fullmatch(text):
        for part, share in (("seconds", 3600), ("minutes", 60), ("degrees", 1)):
            if match[part]:
                return _place(match[part]) / share
    return 0.0


def _place(number: str) -> float:
    """One unit of the last place of a number as written; not of the exponent's alone where it is large."""
    return 10.0 ** min(0, int(Decimal(number).as_tuple().exponent))


def pair_steps(value: object) -> tuple[float, float]:
    """Return the steps of the two coordinates in a cell, as `coordinate_step` gives them."""
    text = _LABEL.sub(" ", _WRAPPING.sub("", _one_line(value)).strip()).strip()
    first, second = _two_parts(text) or ("", "")
    return coordinate_step(first), coordinate_step(second)


def _side(match: re.Match[str], value: object) -> str:
    before, after = (match["before"] or "").upper(), (match["after"] or "").upper()
    if before and after:
        raise ValueError(f"{str(value)[:40]!r} names two sides")
    return before or after


_WRAPPING: Final = re.compile(r"^[\[({]+|[\])}]+$")
_LABEL: Final = re.compile(r"(?:经度|纬度|lng|lon|lat|longitude|latitude)\s*[:=]?", re.IGNORECASE)


def parse_pair(value: object) -> tuple[float, float] | None:
    """Return the two coordinates of a cell like `121.15,31.28`, in the order written; sides put longitude first.

    Returns:
        None where the cell is blank.

    Raises:
        ValueError: the cell does not hold two coordinates.

    >>> parse_pair("（121.15，31.28）"), parse_pair("31.28N 121.15E")
    ((121.15, 31.28), (121.15, 31.28))
    """
    if is_blank(value):
        return None
    text = _WRAPPING.sub("", _one_line(value)).strip()
    labelled = [match[0].lower()[:3] for match in _LABEL.finditer(text)]
    if labelled:
        text = _LABEL.sub(" ", text).strip()
    parts = _two_parts(text)
    if parts is None:
        raise ValueError(f"{str(value)[:40]!r} does not hold two coordinates")
    (first, side_1), (second, side_2) = (_coordinate(part) for part in parts)
    northern_first = (side_1 in _NORTHERN and side_1 != "") or (bool(labelled) and labelled[0] in {"纬度", "lat"})
    if side_1 and side_2 and (side_1 in _NORTHERN) == (side_2 in _NORTHERN):
        raise ValueError(f"{str(value)[:40]!r} names one side twice")
    return (second, first) if northern_first else (first, second)


def _one_line(value: object) -> str:
    """A cell's text; a line break between its two coordinates is the sign between them, where there is no other."""
    lines = [line.strip() for line in re.split(r"[\r\n\v\f\x85\u2028\u2029]+", str(value)) if line.strip()]
    signs = re.search("[,;、|/，；]", " ".join(lines))
    return _clean((";" if len(lines) == 2 and signs is None else " ").join(lines))


def _two_parts(text: str) -> tuple[str, str] | None:
    """Cut a text into two at the separator that leaves two parts of any sense."""
    for pattern in (r"\s*[,;、|/]\s*", r"\s{2,}", r"\s+"):
        parts = [part for part in re.split(pattern, text) if part]
        if len(parts) == 2:
            return parts[0], parts[1]
        if len(parts) == 4 or len(parts) == 6:
            half = len(parts) // 2
            return " ".join(parts[:half]), " ".join(parts[half:])
    # 121°10'E31°17'N: no separator, but a side after the first.
    if match := re.fullmatch(r"(.*?[NSEW北南东西])\s*(\d.*)", text, re.IGNORECASE):
        return match[1], match[2]
    if match := re.fullmatch(
        r"((?:东经|西经|北纬|南纬|[NSEW]).*?)\s*((?:东经|西经|北纬|南纬|[NSEW]).*)", text, re.IGNORECASE
    ):
        return match[1], match[2]
    return None


_DAY: Final = re.compile(
    r"(\d{4})\s*(?:[-/.]|年)\s*(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})\s*日?(?:[ t]0{1,2}:00(?::00)?)?", re.IGNORECASE
)
_COMPACT_DAY: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EXCEL_DAYS: Final = range(20_000, 80_000)  # 1954 to 2119


def parse_day(value: object) -> str | None:
    """Return the day that a cell names, as an ISO date: 2020-01-31, 2020/1/31, 2020年1月31日, 20200131, Excel's number.

    Returns:
        None where the cell is blank.

    Raises:
        ValueError: the cell names no whole day.

    >>> parse_day("２０２０年１月３１日"), parse_day(43861)
    ('2020-01-31', '2020-01-31')
    """
    if is_blank(value):
        return None
    text = _clean(str(value))
    match = _DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
    try:
        if match is not None:
            return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
        if re.fullmatch(r"\d{5}(?:\.0)?", text) and int(float(text)) in _EXCEL_DAYS:
            return (date(1899, 12, 30) + timedelta(days=int(float(text)))).isoformat()
    except ValueError as error:
        raise ValueError(f"{str(value)[:40]!r} is no day of the calendar") from error
    raise ValueError(f"{str(value)[:40]!r} is no day; write one like 2020-01-31")


_TRUE: Final = frozenset({"1", "true", "yes", "y", "t", "是", "有", "真", "√", "✓", "1.0"})
_FALSE: Final = frozenset({"0", "false", "no", "n", "f", "否", "无", "假", "×", "0.0"})


def parse_truth(value: object) -> bool | None:
    """Return whether a cell says yes (是, true, 1 …) or no; None where it is blank.

    Raises:
        ValueError: it says neither.
    """
    text = halfwidth(str(value)).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if is_blank(value):
        return None
    raise ValueError(f"{str(value)[:40]!r} is neither yes nor no")
