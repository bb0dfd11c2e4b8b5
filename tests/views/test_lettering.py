"""Text breaks where it may, fits its room, and stays text in SVG."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.views.lettering import shortened, svg_text, width_of, wrapped


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("上海市新能源汽车", ["上海市新", "能源汽车"]),
        ("汽车芯片＊传感", ["汽车芯", "片＊传感"]),
        ("abc def", ["abc def"]),
        ("abcdef ghijkl", ["abcdef", "ghijkl"]),
    ],
)
def test_text_breaks_between_words_and_never_before_a_closing_sign(text: str, lines: list[str]) -> None:
    assert wrapped(text, 10.0, 42.0) == lines


@given(text=st.text(min_size=1, max_size=80), room=st.floats(30, 300))
def test_no_line_is_wider_than_its_room_and_no_letter_is_lost(text: str, room: float) -> None:
    lines = wrapped(text, 12.0, room)
    assert all(width_of(line, 12.0) <= room or len(line) == 1 for line in lines)
    from gis.base.text import printable

    assert "".join("".join(lines).split()) == "".join(printable(text).split())


@given(text=st.text(max_size=40))
def test_a_shortened_text_fits(text: str) -> None:
    assert width_of(shortened(text, 12.0, 60.0), 12.0) <= 60.0


@pytest.mark.parametrize("text", ["</text><script>1</script>", "a & b", "\x1b[31m", "\u202eevil", "]]>", '"'])
def test_whatever_a_text_holds_it_is_one_text_element(text: str) -> None:
    element = ET.fromstring(svg_text(text, 1, 2, 12, "#000"))
    assert list(element) == []
    assert element.tag == "text"
