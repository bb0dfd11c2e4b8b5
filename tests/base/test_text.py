"""Text from data is shown as written, takes the columns it takes, and never becomes a formula."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.base.text import display_width, halfwidth, neutralised, printable, restored

FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"
# What an attacker and a spreadsheet would write: quotes and signs, in any order.
awkward = st.text(st.sampled_from("'" + FORMULA_SIGNS + "ax1汽"), max_size=8)


@given(st.one_of(st.text(), awkward))
def test_a_neutralised_cell_is_no_formula_and_comes_back_as_it_was(text: str) -> None:
    assert not neutralised(text).startswith(tuple(FORMULA_SIGNS))
    assert restored(neutralised(text)) == text


@given(awkward, awkward)
def test_two_cells_stay_different(one: str, other: str) -> None:
    assert (neutralised(one) == neutralised(other)) == (one == other)


@pytest.mark.parametrize("text", ["安亭镇", "3.5", "a=b", "'quoted'", "", " =1+1", "O'Neill"])
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert neutralised(text) == text


@pytest.mark.parametrize("sign", FORMULA_SIGNS)
def test_each_sign_that_begins_a_formula_is_neutralised(sign: str) -> None:
    assert neutralised(f"{sign}cmd|' /C calc'!A0").startswith("'" + sign)


@given(st.text(st.characters(codec=None)))
def test_printable_leaves_nothing_that_a_terminal_obeys(text: str) -> None:
    left = {unicodedata.category(character) for character in printable(text)}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_printable_shows_ordinary_text_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("abc\u202edcba", r"abc\u202edcba"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("line\u2028para\u2029", r"line\u2028para\u2029"),
        ("\x9b31m\x85", r"\x9b31m\x85"),
        ("\ud83d", r"\ud83d"),
    ],
)
def test_what_would_change_the_terminal_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("安亭", 4),
        ("（三）", 6),
        ("ａ", 2),
        ("e\u0301", 1),
        ("km²", 3),
        ("한글", 4),
        ("ｱ", 1),
        ("–…", 2),
    ],
)
def test_display_width_counts_terminal_columns(text: str, columns: int) -> None:
    assert display_width(text) == columns


@given(st.text(), st.text())
def test_widths_add_up(one: str, other: str) -> None:
    assert display_width(one + other) == display_width(one) + display_width(other)


def test_full_width_forms_become_plain() -> None:
    assert halfwidth(" ＡＢ１２（上海）２ｋｍ　") == "AB12(上海)2km"
