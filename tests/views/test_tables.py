"""Rows read well at a terminal of any width, and survive a spreadsheet and a parser unchanged."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.base.text import display_width, restored
from gis.views.tables import as_csv, as_json, as_table, headings

ZONES = [
    {"id": "anting-base", "name": "安亭汽车制造基地", "area_km2": 12.5, "firms": 7, "sketch": True},
    {"id": "icv", "name": "ICV港", "area_km2": 2, "firms": None, "sketch": False},
]
cell_texts = st.text(st.characters(exclude_categories=["Cs"]))


def column_of(line: str, text: str) -> int:
    return display_width(line[: line.index(text)])


def test_chinese_and_latin_names_stand_in_line() -> None:
    title, _, first, second = as_table(ZONES).splitlines()
    assert column_of(first, "12.5") + len("12.5") == column_of(second, "2.0") + len("2.0")
    assert column_of(title, "name") == column_of(first, "安亭") == column_of(second, "ICV港")


def test_numbers_of_a_column_have_the_same_decimals_and_stand_right() -> None:
    table = as_table(
        [{"n": 8690.0, "m": 0.25, "k": 1e20}, {"n": 1700, "m": 3, "k": 2.0}, {"n": None, "m": 12.5, "k": 0}]
    )
    assert table.splitlines()[2:] == [
        "8690   0.25  100000000000000000000",
        "1700   3.00                      2",
        "   –  12.50                      0",
    ]


def test_missing_values_are_a_dash_and_truth_is_a_word() -> None:
    cells = as_table([{"a": None, "b": "", "c": [], "d": True, "e": False}]).splitlines()[2].split()
    assert cells == ["–", "–", "–", "yes", "no"]
    assert as_table([{"d": True, "e": False}], None, headings("zh")).splitlines()[2].split() == ["是", "否"]


def test_a_column_without_any_number_stands_left() -> None:
    assert as_table([{"width_m": None, "b": "x"}]).splitlines()[2] == "–        x"


def test_lists_and_counts_in_a_cell_read_as_such() -> None:
    rows = [{"a": ["x", "y"], "b": {"parts": 2, "vehicle": 1}, "c": [{"role": "核", "system": None}, {"role": "港"}]}]
    assert as_table(rows).splitlines()[2] == "x; y  parts 2; vehicle 1  role 核 | role 港"
    assert as_csv(rows).splitlines()[1] == "x; y,parts 2; vehicle 1,role 核 | role 港"


def test_columns_are_those_asked_for_with_the_headings_given() -> None:
    lines = as_table(ZONES, ["name", "id"], {"name": "名称"}).splitlines()
    assert lines[0].split() == ["名称", "id"]
    assert "12.5" not in lines[2]


def test_control_characters_and_overrides_are_shown_not_obeyed() -> None:
    table = as_table([{"name": "a\x1b[2Jb\u202ec\nd"}])
    assert table.splitlines()[2] == r"a\x1b[2Jb\u202ec\nd"


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_a_table_fits_the_terminal(width: int) -> None:
    rows = [{**row, "source": "traced from a plan of 2021 " * 9, "note": "说明" * 40} for row in ZONES]
    lines = as_table(rows, width=width).splitlines()
    assert max(map(display_width, lines)) <= width
    assert len(lines) == 4


def test_ids_and_numbers_are_never_cut() -> None:
    rows = [{"name": "很长的名字" * 5, "id": "a-long-id-that-someone-will-copy", "m": 123456.789}]
    for width in range(10, 100):
        line = as_table(rows, ["name", "id", "m"], width=width).splitlines()[2]
        assert "a-long-id" not in line or "a-long-id-that-someone-will-copy" in line
        assert "1234" not in line or "123456.789" in line


def test_only_long_texts_are_shortened_and_show_it() -> None:
    line = as_table([{"a": "short", "b": "x" * 80, "c": "short too"}], width=60).splitlines()[2]
    first, second, third = line.split("  ")
    assert (first, third) == ("short", "short too")
    assert second == "x" * (60 - 5 - 9 - 4 - 1) + "…"


def test_a_wide_terminal_changes_nothing() -> None:
    assert as_table(ZONES, width=200) == as_table(ZONES)


any_row = st.fixed_dictionaries({"id": cell_texts, "名称": cell_texts, "n": st.integers() | st.none()})


@given(st.lists(any_row, min_size=1), st.integers(1, 200))
def test_any_table_has_a_line_a_row_and_even_widths(rows: list[dict[str, str | int | None]], width: int) -> None:
    lines = as_table(rows, width=width).split("\n")
    assert len(lines) == len(rows) + 3
    assert all(display_width(line) <= display_width(lines[1]) for line in lines)


def test_csv_is_neutralised_and_ends_its_lines_as_rfc_4180_says() -> None:
    text = as_csv([{"name": "=HYPERLINK(1)", "n": -5, "ok": True, "none": None}])
    assert text == "name,n,ok,none\r\n'=HYPERLINK(1),-5,true,\r\n"


@given(st.lists(st.fixed_dictionaries({"a": cell_texts, "b": cell_texts}), min_size=1))
def test_csv_gives_every_text_back(rows: list[dict[str, str]]) -> None:
    read = list(csv.DictReader(io.StringIO(as_csv(rows), newline="")))
    assert [{key: restored(value) for key, value in row.items()} for row in read] == rows


def test_rows_with_different_columns_share_one_header() -> None:
    assert as_csv([{"a": 1}, {"b": 2}]) == "a,b\r\n1,\r\n,2\r\n"


def test_json_holds_chinese_as_it_is_and_ends_in_a_line_break() -> None:
    text = as_json({"name": "安亭", "line": "a\u2028b"})
    assert "安亭" in text
    assert text.endswith("}\n")
    assert json.loads(text) == {"name": "安亭", "line": "a\u2028b"}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_never_holds_what_is_no_json(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json({"n": number})
