"""Look through the parts of a workbook before it is opened: its limits, and what its reader turns to nothing."""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from gis.io.containers import blocks_of, entries_of, refuse

CELLS_LIMIT: Final = 2_000_000
# The reader holds the rectangle around all cells that say something, empty ones too.
BOX_LIMIT: Final = 4_000_000
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_SEAM: Final = 200

Area = tuple[int, int, int, int]
Place = tuple[int, int]


@dataclass
class SheetScan:
    """What the file says of a sheet: areas of merged cells, errors by place, formulas without a stored value.

    Places are row and column, from 1; an area is its first and last row, and its first and last column.
    """

    merged: list[Area] = field(default_factory=list)
    errors: dict[Place, str] = field(default_factory=dict)
    lost: list[Place] = field(default_factory=list)


def scan_workbook(path: Path, format_: str, where: str) -> dict[str, SheetScan]:
    """Hold the parts of a workbook against the limits, and find what its reader turns to nothing, by sheet.

    Args:
        path: the file.
        format_: xlsx, xlsb or ods.
        where: what to call it in messages.

    Raises:
        InputError: a part declares entities or is damaged, or the sheets hold too many cells.
        ValueError: a cell stands where no sheet has one, or the parts do not fit each other.
        OverflowError: the cells lie too far apart.
    """
    with zipfile.ZipFile(path) as archive:
        entries = dict(entries_of(path, where))
        suspects = _check_parts(archive, entries, where)
        if format_ == "ods":
            return _scan_ods(b"".join(blocks_of(archive, entries["content.xml"], "content.xml", where)), where)
        found: dict[str, SheetScan] = {}
        for name, part in _parts_of(archive, entries, format_, where).items():
            info = entries.get(part)
            if info is None:
                raise ValueError(f"there is no part {part!r} for the sheet {name!r}")
            if format_ == "xlsb":
                found[name] = _scan_binary(b"".join(blocks_of(archive, info, part, where)), where)
            elif part in suspects:
                found[name] = _scan_sheet(b"".join(blocks_of(archive, info, part, where)))
            else:
                found[name] = SheetScan()
        return found


def _check_parts(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], where: str) -> set[str]:
    """Hold all parts against the limits; those that need a closer look.

    Any part may be a sheet, whatever it is called: the workbook's own list says so.
    """
    cells = rows = texts = 0
    suspects = set()
    for name, info in entries.items():
        plain = name.lower().endswith((".xml", ".rels"))
        seam, has_cells = b"", False
        for block in blocks_of(archive, info, name, where):
            if plain and (b"<!DOCTYPE" in block or b"<!ENTITY" in block):
                raise refuse(where, f"declares a document type in {name}; it is not read")
            joined = seam + block
            count = sum(map(block.count, _CELL_STARTS))
            cells += count + sum(_size(m) for m in _MERGED.finditer(joined) if m.end() > len(seam))
            rows += block.count(b"<row")
            texts += block.count(b"<si")
            has_cells = has_cells or count > 0
            if _CLOSER.search(joined):
                suspects.add(name)
            seam = joined[-_SEAM:]
            if max(cells, rows, texts) > CELLS_LIMIT:
                raise refuse(where, f"holds more than {CELLS_LIMIT} cells; split it, or save the sheet as CSV")
        if has_cells and name.startswith("xl/worksheets/") and not seam.rstrip().endswith(b"worksheet>"):
            raise refuse(where, f"is a damaged workbook: {name} is cut short")
    return suspects


_CELL_STARTS: Final = tuple(b + end for b in (b"<c", b":c") for end in (b" ", b">", b"/>", b"\n", b"\t", b"\r"))
# Merged cells, formulas, errors, and cells far from the first: beyond column Z or row 99,999.
_CLOSER: Final = re.compile(
    rb"<(?:\w+:)?f[\s/>]|mergeCell\s|\st\s*=\s*[\"']e[\"']|\sr\s*=\s*[\"'](?:[A-Za-z]{2,}\d+|[A-Za-z]*\d{6,})[\"']"
)
_MERGED: Final = re.compile(rb'mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"', re.IGNORECASE)
_ATTRIBUTES: Final = rb"(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?"
_CELL: Final = re.compile(
    rb"<(?:\w+:)?(?:row\b(?P<row>" + _ATTRIBUTES + rb")/?>|c(?P<cell>(?:\s" + _ATTRIBUTES + rb")?)(?:/>|>"
    rb"(?P<body>.*?)</(?:\w+:)?c\s*>))",
    re.DOTALL,
)
_PLACE: Final = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]*)(\d*)[\"']")
_TYPE: Final = re.compile(rb"\st\s*=\s*[\"'](\w*)[\"']")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_VALUE: Final = re.compile(rb"<(?:\w+:)?(?:v|t)(?:\s[^>]*)?(/>|>([^<]*)<)")


def _size(match: re.Match[bytes]) -> int:
    """How many cells a merged area has; an area may be the whole sheet."""
    left, top, right, bottom = match.groups()
    return (_column(right) - _column(left) + 1) * (int(bottom) - int(top) + 1)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _scan_sheet(data: bytes) -> SheetScan:
    """Go through the cells of a sheet of xlsx one by one."""
    found = SheetScan()
    for match in _MERGED.finditer(data):
        left, top, right, bottom = match.groups()
        found.merged.append((int(top), int(bottom), _column(left), _column(right)))
    box = _Box()
    row = column = 0
    for match in _CELL.finditer(data):
        if match["row"] is not None:
            said = _PLACE.search(match["row"])
            row, column = int(said[2]) if said and said[2] else row + 1, 0
            continue
        column += 1
        if said := _PLACE.search(match["cell"]):
            row, column = int(said[2] or row), _column(said[1]) or column
        body = match["body"]
        if not body:
            continue
        value = _VALUE.search(body)
        type_ = _TYPE.search(match["cell"])
        kind = b"n" if type_ is None else type_[1]
        if value is not None:
            box.take(row, column)
        text = b"" if value is None else value[2] or b""
        if kind == b"e":
            found.errors[row, column] = text.decode("utf-8", "replace") or "#ERROR!"
        elif not text and _FORMULA.search(body) and (value is None or kind != b"str"):
            # An empty text is what a formula such as =IF(A1="","",1) has stored.
            found.lost.append((row, column))
    box.check()
    return found


@dataclass
class _Box:
    """The rectangle around the cells that say something."""

    rows: int = 0
    columns: int = 0

    def take(self, row: int, column: int) -> None:
        """Take a cell in."""
        if row > _LAST_ROW or column > _LAST_COLUMN:
            raise ValueError(f"a cell in row {row}, column {column} stands beyond the sheet")
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)

    def check(self) -> None:
        """Raise where the rectangle is too large.

        Raises:
            OverflowError: it is.
        """
        if self.rows * self.columns > BOX_LIMIT:
            what = "empty what is beside the table"
            if self.columns > self.rows:
                raise OverflowError(f"a cell in column {self.columns} makes it wider than can be read: {what}")
            raise OverflowError(
                f"cells as far as row {self.rows}, column {self.columns} make it larger than can be read: {what}"
            )


# --- The names of the sheets and their parts ------------------------------------------------------------------------


def _parts_of(
    archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], format_: str, where: str
) -> dict[str, str]:
    """The part that holds each sheet, by the sheet's name."""

    def read(name: str) -> bytes:
        if name not in entries:
            raise ValueError(f"there is no part {name!r}")
        return b"".join(blocks_of(archive, entries[name], name, where))

    ending = "bin" if format_ == "xlsb" else "xml"
    targets = {
        one.get("Id"): str(one.get("Target"))
        for one in ElementTree.fromstring(read(f"xl/_rels/workbook.{ending}.rels"))
        if str(one.get("Type")).endswith("/worksheet")
    }
    book = read(f"xl/workbook.{ending}")
    if format_ == "xlsb":
        sheets = _binary_sheets(book)
    else:
        sheets = [
            (str(one.get("name")), next((v for k, v in one.attrib.items() if k.endswith("}id")), ""))
            for one in ElementTree.fromstring(book).iter()
            if one.tag.rpartition("}")[2] == "sheet"
        ]
    return {
        name: posixpath.normpath(posixpath.join("/xl", targets[id_])).lstrip("/")
        for name, id_ in sheets
        if id_ in targets
    }


def _binary_sheets(data: bytes) -> list[tuple[str, str]]:
    found = []
    for kind, record in _records(data):
        if kind == 156:
            id_, at = _wide_text(record, 8)
            found.append((_wide_text(record, at)[0], id_))
    return found


def _wide_text(record: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", record, at)
    end = at + 4 + 2 * length
    if length == 0xFFFFFFFF:
        return "", at + 4
    return record[at + 4 : end].decode("utf-16-le", "replace"), end


# --- xlsb -----------------------------------------------------------------------------------------------------------

_ERRORS: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
_ROW, _BLANK, _MERGE = 0, 1, 176
_CELL_RECORDS: Final = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 62})
_ERROR_RECORDS: Final = frozenset({3, 11})


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a binary part: number and content.

    Raises:
        ValueError: one is cut short.
    """
    at, end = 0, len(data)
    try:
        while at < end:
            kind = data[at]
            at += 1
            if kind & 0x80:
                kind = (kind & 0x7F) | ((data[at] & 0x7F) << 7)
                at += 1
            length = shift = 0
            for _ in range(4):
                byte = data[at]
                at += 1
                length |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            if at + length > end:
                raise ValueError("a record is cut short")
            yield kind, data[at : at + length]
            at += length
    except IndexError as error:
        raise ValueError("a record is cut short") from error


def _scan_binary(data: bytes, where: str) -> SheetScan:
    """Go through the records of a sheet of xlsb."""
    found, box = SheetScan(), _Box()
    row = cells = 0
    try:
        for kind, record in _records(data):
            if kind == _ROW:
                row = struct.unpack_from("<I", record)[0] + 1
            elif kind in _CELL_RECORDS:
                column = struct.unpack_from("<I", record)[0] + 1
                box.take(row, column)
                cells += 1
                if kind in _ERROR_RECORDS:
                    found.errors[row, column] = _ERRORS.get(record[8], "#ERROR!")
            elif kind == _MERGE:
                top, bottom, left, right = struct.unpack_from("<4I", record)
                found.merged.append((top + 1, bottom + 1, left + 1, right + 1))
                cells += (bottom - top + 1) * (right - left + 1)
            if cells > CELLS_LIMIT:
                raise refuse(where, f"holds more than {CELLS_LIMIT} cells; split it, or save the sheet as CSV")
    except (struct.error, IndexError) as error:
        raise ValueError("a record is cut short") from error
    box.check()
    return found


# --- ods ------------------------------------------------------------------------------------------------------------

_ODS: Final = re.compile(
    rb"<(?P<end>/?)table:(?P<tag>table-row|table-cell|covered-table-cell|table)(?P<about>(?:\s"
    + _ATTRIBUTES
    + rb")?)(?P<empty>/?)>"
)
_ODS_TEXT: Final = re.compile(rb"<text:p[^>]*>([^<]*)")


def _ods_number(name: bytes, about: bytes) -> int:
    match = re.search(rb"\s" + name + rb"\s*=\s*[\"'](\d+)[\"']", about)
    return int(match[1]) if match else 1


def _scan_ods(data: bytes, where: str) -> dict[str, SheetScan]:
    """Go through the cells of a spreadsheet of OpenDocument, whose rows and cells say how often they are there."""
    found: dict[str, SheetScan] = {}
    sheet, box = SheetScan(), _Box()
    row, column, times, cells, pending = 0, 0, 1, 0, 0
    for match, after in pairwise(chain(_ODS.finditer(data), (None,))):
        if match is None:
            break
        tag, about = match["tag"], match["about"]
        if tag == b"table":
            box.check()
            box, row = _Box(), 0
            if not match["end"]:
                name = re.search(rb"\stable:name\s*=\s*[\"']([^\"']*)[\"']", about)
                sheet = found.setdefault(_unescaped(name[1] if name else b""), SheetScan())
            continue
        if tag == b"table-row":
            if not match["end"]:
                row, column, pending = row + 1, 0, 0
                times = _ods_number(b"table:number-rows-repeated", about)
            if match["end"] or match["empty"]:
                row += times - 1
            continue
        if match["end"]:
            continue
        repeated = _ods_number(b"table:number-columns-repeated", about)
        column += repeated
        body = b"" if match["empty"] else data[match.end() : len(data) if after is None else after.start()]
        if not (b"office:" in about or b"<text:p" in body or b"table:formula" in about):
            pending += repeated
            continue
        cells += times * (repeated + pending)
        pending = 0
        if cells > CELLS_LIMIT:
            raise refuse(where, f"holds more than {CELLS_LIMIT} cells; split it, or save the sheet as CSV")
        box.take(row + times - 1, column)
        places = [(row + i, column - k) for i in range(times) for k in range(repeated)]
        if b'calcext:value-type="error"' in about:
            text = _ODS_TEXT.search(body)
            sheet.errors |= dict.fromkeys(places, _unescaped(text[1]) if text else "#ERROR!")
        elif b"table:formula" in about and b"office:value-type" not in about:
            sheet.lost += places
        down, across = (_ods_number(b"table:number-" + n + b"-spanned", about) for n in (b"rows", b"columns"))
        if down > 1 or across > 1:
            cells += down * across
            sheet.merged.append((row, row + down - 1, column, column + across - 1))
    return found


def _unescaped(data: bytes) -> str:
    from html import unescape

    return unescape(data.decode("utf-8", "replace"))
