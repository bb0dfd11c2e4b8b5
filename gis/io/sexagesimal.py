"""Join coordinates whose degrees, minutes and seconds stand in columns of their own, or are packed into one number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from gis.base.text import halfwidth
from gis.io.columns import meaning, plain_name
from gis.io.containers import refuse
from gis.io.quantities import is_blank, parse_number
from gis.io.raw import RawRow, RawTable

_PLACES: Final = "度分秒"
_PART: Final = re.compile(r"(.*?)[\s_\-(\[【]*([度分秒]|deg|min|sec)[)\]】]*", re.IGNORECASE)
_FOREIGN: Final = {"deg": "度", "min": "分", "sec": "秒"}
# 度.分秒, DD.MMSS: degrees before the point, then two digits each; 度分秒 over plain numbers may be that or degrees.
_PACKED: Final = re.compile(r"度\.分秒|d{1,3}\.mm?ss?s*|度\.mm?ss?", re.IGNORECASE)
_UNCLEAR: Final = re.compile(r"[(\[【](?:度分秒|dms|d\.?m\.?s\.?)[)\]】]", re.IGNORECASE)
_AXES: Final = frozenset({"lon", "lat"})


def part_of(heading: str) -> tuple[str, str] | None:
    """The coordinate and the part of it that a heading names; None for a whole coordinate and all else.

    >>> part_of("经度（分）"), part_of("东经_秒"), part_of("经度")
    (('经度', '分'), ('东经', '秒'), None)
    """
    match = _PART.fullmatch(halfwidth(heading))
    if match is None or not match[1] or meaning(match[1], None) not in _AXES:
        # 经度 ends with the sign for degrees itself.
        return None
    return match[1], _FOREIGN.get(match[2].lower(), match[2])


def joined_degrees(table: RawTable) -> RawTable:
    """The table with one column for each coordinate, where degrees, minutes and seconds have their own.

    Raises:
        InputError: a part is no number, or minutes stand without degrees; all such rows are listed.
    """
    groups: dict[str, dict[str, str]] = {}
    for column in table.header:
        found = part_of(column)
        if found is not None:
            groups.setdefault(found[0], {}).setdefault(found[1], column)
    groups = {name: parts for name, parts in groups.items() if len(parts) > 1 and "度" in parts}
    if groups:
        table = _with_wholes(table, groups)
    return _unpacked(table)


def _with_wholes(table: RawTable, groups: Mapping[str, Mapping[str, str]]) -> RawTable:
    gone = {column: name for name, parts in groups.items() for column in parts.values()}
    header = tuple(dict.fromkeys(gone.get(column, column) for column in table.header))
    rows = []
    for row in table.rows:
        cells = {column: row.cells.get(column) for column in header}
        for name, parts in groups.items():
            cells[name] = _whole({sign: row.cells.get(column) for sign, column in parts.items()})
        rows.append(replace(row, cells=cells))
    shown = ", ".join(f"{name} of {'|'.join(parts)}" for name, parts in groups.items())
    return replace(
        table, header=header, rows=tuple(rows), notes=(*table.notes, f"coordinates are joined from columns: {shown}")
    )


def _whole(parts: Mapping[str, Any]) -> str | None:
    """The text of a coordinate from its parts; what cannot be one is kept as text, for the row's fault to show."""
    if all(is_blank(value) for value in parts.values()):
        return None
    signs = {"度": "°", "分": "'", "秒": '"'}
    text = ""
    for sign in _PLACES:
        value = parts.get(sign)
        if is_blank(value):
            continue
        try:
            number = parse_number(value)
        except ValueError:
            number = None
        text += f"{value if number is None else _plain(value, number)}{signs[sign]}"
    return text


def _plain(value: Any, number: float) -> str:
    return format(Decimal(str(value).strip() if isinstance(value, str) and _is_plain(value) else repr(number)), "f")


def _is_plain(text: str) -> bool:
    return re.fullmatch(r"\s*\d+(?:\.\d+)?\s*", text) is not None and text.isascii()


def _unpacked(table: RawTable) -> RawTable:
    rows, notes = table.rows, list(table.notes)
    for column in table.header:
        plain = halfwidth(column)
        role = meaning(column, None)
        if role not in {*_AXES, "x", "y"}:
            continue
        if _PACKED.search(plain):
            rows = tuple(_with_cell(row, column, unpack_degrees(row.cells.get(column))) for row in rows)
            notes.append(f"{column}: numbers are read as degrees, minutes and seconds (121.0956 is 121°09′56″)")
        elif _UNCLEAR.search(plain):
            bare = next((row for row in rows if _is_bare(row.cells.get(column))), None)
            if bare is not None:
                raise refuse(
                    table.name,
                    f"{column!r} says degrees, minutes and seconds, but holds plain numbers such as "
                    f"{bare.cells[column]}: name it {plain_name(column)}（度.分秒） if 121.0956 means 121°09′56″, or "
                    f"{plain_name(column)} if it is degrees with decimals",
                    bare.number,
                )
    return replace(table, rows=rows, notes=tuple(notes))


def _is_bare(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"\d{1,3}\.\d+", value.strip()) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _with_cell(row: RawRow, column: str, value: Any) -> RawRow:
    return replace(row, cells={**row.cells, column: value})


def unpack_degrees(value: Any) -> Any:
    r"""A number like 121.095637 (degrees, then two digits of minutes and of seconds) as text in the usual signs.

    What is no such number is returned as it is.

    >>> unpack_degrees(121.09563661), unpack_degrees("121.1"), unpack_degrees("121°9′")
    ('121°09\'56.3661"', '121°10\'00"', '121°9′')
    """
    if is_blank(value) or isinstance(value, bool):
        return value
    text = halfwidth(value) if isinstance(value, str) else format(Decimal(repr(value)), "f")
    match = re.fullmatch(r"([+-]?\d{1,3})(?:\.(\d+))?", text)
    if match is None:
        return value
    digits = (match[2] or "").ljust(4, "0")
    seconds = digits[2:4] + (f".{digits[4:]}" if digits[4:] else "")
    return f"{match[1]}°{digits[:2]}'{seconds}\""


def under_degrees(upper: Sequence[str], lower: Sequence[str]) -> list[str] | None:
    """The headings of two rows of which the lower one says 度, 分, 秒 under 经度 and 纬度; None where it does not."""
    names, axis, found = list(upper), "", False
    for i, name in enumerate(upper):
        below = lower[i].strip() if i < len(lower) else ""
        bare = _BRACKETS.sub("", halfwidth(below))
        sign = _SIGNS.get(below) or _FOREIGN.get(bare.lower(), bare)
        if name and meaning(name, None) in _AXES:
            axis = name
        elif name and name != axis:
            axis = ""
        if axis and sign in tuple(_PLACES):
            names[i] = f"{axis}({sign})"
            found = found or sign in "分秒"
        elif below and below != name:
            return None
    return names if found else None


_BRACKETS: Final = re.compile(r"[()\[\]]")
_SIGNS: Final = {"°": "度", "′": "分", "'": "分", "″": "秒", '"': "秒"}
