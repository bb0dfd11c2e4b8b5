"""Workbooks of all kinds: what their cells become, and what is counted where a cell says nothing."""

from __future__ import annotations

import struct
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from openpyxl import Workbook, load_workbook

from gis.base.errors import InputError
from gis.io.reading import read_table
from tests.faults.make import book

HEADER = ["企业名称", "经度", "纬度", "员工数"]


def _packed(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def ods(folder: Path, rows: list[str], name: str = "表.ods", sheet: str = "名单") -> Path:
    """A spreadsheet of OpenDocument of one sheet; each row is the XML of its cells."""
    space = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    body = "".join(
        row if row.startswith("<table:table-row") else f"<table:table-row>{row}</table:table-row>" for row in rows
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {space} xmlns:calcext="urn:calcext">'
        f"<office:body><office:spreadsheet><table:table table:name={quoteattr(sheet)}>{body}</table:table>"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return _packed(folder / name, {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def ods_row(*cells: Any, about: str = "") -> str:
    kinds = ['"string"' if isinstance(cell, str) else f'"float" office:value="{cell}"' for cell in cells]
    return "".join(
        f"<table:table-cell {about} office:value-type={kind}><text:p>{escape(str(cell))}</text:p></table:table-cell>"
        for kind, cell in zip(kinds, cells, strict=True)
    )


def _record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length, size = len(data), b""
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 127 else 0)])
        length >>= 7
        if not length:
            return head + size + data


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(folder: Path, rows: list[tuple[int, list[tuple[int, int, bytes]]]], merged: Any = ()) -> Path:
    """A binary workbook of one sheet; cells are column, kind of record and content, places from 0."""
    sheet = _record(129) + _record(148, struct.pack("<4I", 0, 100, 0, 100)) + _record(145)
    for row, cells in rows:
        sheet += _record(0, struct.pack("<I", row) + bytes(13))
        sheet += b"".join(_record(kind, struct.pack("<II", column, 0) + data) for column, kind, data in cells)
    sheet += _record(146)
    if merged:
        sheet += _record(177, struct.pack("<I", len(merged)))
        sheet += b"".join(_record(176, struct.pack("<4I", *area)) for area in merged) + _record(178)
    sheet += _record(130)
    names = _record(131) + _record(143) + _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("名单"))
    names += _record(144) + _record(132)
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>'
    )
    return _packed(
        folder / "表.xlsb",
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.bin": names,
            "xl/_rels/workbook.bin.rels": links,
            "xl/worksheets/sheet1.bin": sheet,
        },
    )


def text(column: int, said: str) -> tuple[int, int, bytes]:
    return column, 6, _wide(said)


def number(column: int, value: float) -> tuple[int, int, bytes]:
    return column, 5, struct.pack("<d", value)


def test_an_ods_is_read_with_what_is_merged_and_repeated(tmp_path: Path) -> None:
    park = ods_row("创新港", about='table:number-rows-spanned="2"')
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    found = read_table(
        ods(
            tmp_path,
            [
                ods_row("所属园区", *HEADER),
                park + ods_row("甲公司", 121.17, 31.295, 12.0),
                "<table:covered-table-cell/>" + ods_row("乙公司", 121.18, 31.3, 7),
                f'<table:table-row table:number-rows-repeated="1048000">{empty}</table:table-row>',
            ],
        )
    )
    assert (found.format, found.part) == ("ods", "名单")
    assert [dict(row.cells) for row in found.rows] == [
        {"所属园区": "创新港", "企业名称": name, "经度": x, "纬度": y, "员工数": n}
        for name, x, y, n in (("甲公司", 121.17, 31.295, 12), ("乙公司", 121.18, 31.3, 7))
    ]
    assert type(found.rows[0].cells["员工数"]) is int


def test_an_ods_counts_errors_and_refuses_formulas_without_values(tmp_path: Path) -> None:
    error = (
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
    )
    found = read_table(ods(tmp_path, [ods_row(*HEADER), ods_row("甲公司", 121.17, 31.295) + error]))
    assert found.rows[0].cells["员工数"] == "#DIV/0!"
    assert "#DIV/0! in row 2, column 4" in found.notes[-1]
    lost = '<table:table-cell table:formula="of:=121+0.17"/>'
    with pytest.raises(InputError, match=r":2: 1 formula\(s\) .*first: column 2"):
        read_table(ods(tmp_path, [ods_row(*HEADER), ods_row("甲公司") + lost + ods_row(31.295)]))


@pytest.mark.parametrize(
    "about", ['table:number-columns-repeated="16000"', 'table:number-columns-repeated="999999999999"']
)
def test_an_ods_that_repeats_cells_without_end_is_refused(about: str, tmp_path: Path) -> None:
    many = f'<table:table-row table:number-rows-repeated="1000000">{ods_row("甲", about=about)}</table:table-row>'
    with pytest.raises(InputError, match=r"cells|beyond"):
        read_table(ods(tmp_path, [ods_row(*HEADER), many]))


def test_a_text_document_and_a_locked_spreadsheet_are_told(tmp_path: Path) -> None:
    letter = _packed(
        tmp_path / "信.ods", {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}
    )
    with pytest.raises(InputError, match="no spreadsheet"):
        read_table(letter)
    locked: dict[str, str | bytes] = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": b"\0\1",
    }
    with pytest.raises(InputError, match="password"):
        read_table(_packed(tmp_path / "锁.ods", {**locked, "META-INF/manifest.xml": "<m:encryption-data/>"}))


def test_an_xlsb_is_read_with_merged_cells_and_its_errors_counted(tmp_path: Path) -> None:
    rows = [
        (1, [text(0, "所属园区"), *(text(i, name) for i, name in enumerate(HEADER, 1))]),
        (2, [text(0, "创新港"), text(1, "甲公司"), number(2, 121.17), number(3, 31.295), number(4, 12)]),
        (3, [text(1, "乙公司"), number(2, 121.18), number(3, 31.3), (4, 3, b"\x17")]),
    ]
    found = read_table(xlsb(tmp_path, rows, [(2, 3, 0, 0)]))
    assert (found.format, found.part) == ("xlsb", "名单")
    assert [tuple(row.cells.values()) for row in found.rows] == [
        ("创新港", "甲公司", 121.17, 31.295, 12),
        ("创新港", "乙公司", 121.18, 31.3, "#REF!"),
    ]
    assert [row.number for row in found.rows] == [3, 4]
    assert "#REF! in row 4, column 5" in found.notes[-1]


@pytest.mark.parametrize("row", [1_048_575, 4_000_000_000])
def test_an_xlsb_whose_cells_lie_too_far_apart_is_refused(row: int, tmp_path: Path) -> None:
    rows = [(0, [text(i, name) for i, name in enumerate(HEADER)]), (row, [text(16_383, "远")])]
    with pytest.raises(InputError, match=r"empty what is beside the table|beyond the sheet"):
        read_table(xlsb(tmp_path, rows))


def test_errors_of_an_xlsx_are_kept_counted_and_named(tmp_path: Path) -> None:
    file = book(tmp_path, [HEADER, ["甲公司", 121.17, 31.295, "#REF!"], ["乙公司", 121.17, 31.295, "#N/A"]])
    found = read_table(file)
    assert found.rows[0].cells["员工数"] == "#REF!"
    assert found.notes == (
        "2 cell(s) hold an error of a formula, which says nothing: #REF! in row 2, column 4, #N/A in row 3, column 4",
    )


def test_the_empty_text_that_a_formula_has_stored_is_a_value(tmp_path: Path) -> None:
    file = book(tmp_path, [HEADER, ["甲公司", 121.17, 31.295, "换"]])
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    start = sheet.index('<c r="D2"')
    end = sheet.index("</c>", start) + 4
    for body, lost in (("<f>A9</f><v></v>", False), ("<f>A9</f>", True)):
        cell = f'<c r="D2" t="str">{body}</c>'
        packed = _packed(file, {**parts, "xl/worksheets/sheet1.xml": sheet[:start] + cell + sheet[end:]})
        if lost:
            with pytest.raises(InputError, match=r":2: 1 formula\(s\) .*first: column 4"):
                read_table(packed)
        else:
            assert read_table(packed).rows[0].cells["员工数"] is None


def test_cells_of_an_xlsx_become_what_excel_shows(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook["Sheet"]
    sheet["B3"], sheet["C3"], sheet["D3"], sheet["E3"], sheet["F3"] = "企业名称", "经度", "纬度", "成立", 2023
    sheet["B5"], sheet["C5"], sheet["D5"], sheet["E5"], sheet["F5"] = "甲", 121.0, 31.5, datetime(2020, 1, 31), True
    sheet["E5"].number_format = 'yyyy"年"m"月"d"日"'
    sheet.row_dimensions[5].hidden = True
    sheet.column_dimensions["C"].hidden = True
    workbook.create_sheet("藏").append(["企业名称", "经度"])
    workbook["藏"].sheet_state = "hidden"
    workbook.save(tmp_path / "表.xlsx")
    found = read_table(tmp_path / "表.xlsx")
    assert found.header == ("企业名称", "经度", "纬度", "成立", "2023")
    assert found.rows[0].number == 5
    assert tuple(found.rows[0].cells.values()) == ("甲", 121, 31.5, "2020-01-31", True)


def test_a_cell_far_below_the_table_is_refused_before_anything_is_held(tmp_path: Path) -> None:
    file = book(tmp_path, [HEADER, ["甲公司", 121.17, 31.295, 3]])
    workbook = load_workbook(file)
    workbook["Sheet"].cell(1_048_576, 16_384).value = "远"
    workbook.save(file)
    with pytest.raises(InputError, match="empty what is beside the table"):
        read_table(file)
