"""Read what the planning documents say: tables of facts, each cited to file, line and section."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BOOKMARK = re.compile(r"\[bookmark: [^\]]*\]")
_HEADINGS = (
    re.compile(r"(?P<number>[一二三四五六七八九十]{1,3})、(?P<title>.+)"),
    re.compile(r"(?P<number>（[一二三四五六七八九十]{1,3}）)(?P<title>.+)"),
    re.compile(r"(?P<number>专栏\s?\d+(?:-\d+)?)[：\s]*(?P<title>.+)"),
    re.compile(r"(?P<number>\d{1,2})(?:[、．]|\.(?!\d))\s*(?P<title>.+)"),
    re.compile(r"(?P<number>表\s?\d+(?:-\d+)?)\s+(?P<title>.+)"),
)
_BOX_LEVEL = 2
_TITLE_LENGTH = 20
_TABLE_OF_CONTENTS = re.compile(r"\t\d+$")


def outline(lines: Sequence[str]) -> list[str]:
    """Name the section that each line of a document stands in.

    Args:
        lines: the document's lines, in order.

    Returns:
        one name a line: the numbering path of the nearest heading above (or on) the line, a space, and at most
        20 characters of that heading's words; `文首` before the first heading.
    """
    numbers: list[str] = [""] * len(_HEADINGS)
    title = ""
    outside_box: tuple[list[str], str] | None = None
    blanks = 0
    names: list[str] = []
    for raw in lines:
        line = _BOOKMARK.sub("", raw).strip()
        blanks = 0 if line else blanks + 1
        if blanks >= 2 and outside_box is not None:
            (numbers, title), outside_box = outside_box, None
        if line.replace(" ", "") == "前言":
            numbers, title = ["前言", *[""] * (len(_HEADINGS) - 1)], ""
        elif line and not _TABLE_OF_CONTENTS.search(line):
            for level, pattern in enumerate(_HEADINGS):
                match = pattern.fullmatch(line)
                if match is None:
                    continue
                if level < _BOX_LEVEL:
                    outside_box = None
                elif level == _BOX_LEVEL:
                    outside_box = ([*numbers], title)
                numbers = [*numbers[:level], match["number"].replace(" ", ""), *[""] * (len(_HEADINGS) - level - 1)]
                title = re.split(r"[。：]", match["title"])[0].strip()[:_TITLE_LENGTH]
                break
        # A numbered item inside a box reads 专栏1·2: without the dot it would read as box 12.
        path = "".join([*numbers[:3], "·" if numbers[2] and numbers[3] else "", *numbers[3:]])
        names.append(f"{path} {title}".strip() or "文首")
    return names
