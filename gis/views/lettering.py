"""Break text into lines that fit, and write it into SVG so that it stays text."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterator
from typing import Final

from gis.base.text import printable

# Fonts with Chinese of Linux, Windows and macOS, then whatever the reader has.
FONTS: Final = (
    "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','WenQuanYi Micro Hei',sans-serif"
)
_WIDE: Final = 1.0
_NARROW: Final = 0.58
_CAPITAL: Final = 0.72
# A line does not begin with these.
_HANGING: Final = frozenset("，。、；：！？）》”’」』】＊,.;:!?)*")


def width_of(text: str, size: float) -> float:
    """How wide a text is at most, in the units of its font size; a full-width character takes one em."""
    return sum(map(_em, text)) * size


def _em(character: str) -> float:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0.0
    if _is_wide(character):
        return _WIDE
    return _CAPITAL if character.isupper() or character in "mw@%" else _NARROW


def wrapped(text: str, size: float, room: float) -> list[str]:
    """A text in lines of at most so much room; Chinese breaks anywhere, other words at spaces where they can."""
    lines: list[str] = []
    line = ""
    for word in _words(printable(text)):
        if line and width_of((line + word).rstrip(), size) > room:
            lines.append(line.rstrip())
            line = ""
        line += word if line else word.lstrip()
        while width_of(line.rstrip(), size) > room:
            cut = _fitting(line, size, room)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip()] if line.strip() else lines


def _fitting(line: str, size: float, room: float) -> int:
    """How many characters of a line fit, at least one."""
    cut = 1
    while cut < len(line) and width_of(line[: cut + 1], size) <= room:
        cut += 1
    return cut


def _words(text: str) -> Iterator[str]:
    """The pieces between which a line may break; what may not begin a line stays with what is before it."""
    word = ""
    for character in text:
        between = word.endswith(" ") or (word and _is_wide(word[-1])) or _is_wide(character)
        if word and between and character not in _HANGING and character != " ":
            yield word
            word = ""
        word += character
    if word:
        yield word


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F", "A"}


def shortened(text: str, size: float, room: float) -> str:
    """A text on one line, cut with an ellipsis where it does not fit."""
    plain = printable(text)
    if width_of(plain, size) <= room:
        return plain
    while plain and width_of(plain + "…", size) > room:
        plain = plain[:-1]
    return plain + "…"


def svg_text(text: str, x: float, y: float, size: float, fill: str, extra: str = "") -> str:
    """A line of text as SVG; whatever it holds is text there."""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}"{extra}>'
        f"{html.escape(printable(text))}</text>"
    )


def number(value: float) -> str:
    """A coordinate with as many digits as it needs, the same on every machine."""
    return f"{round(value, 2):.10g}"
