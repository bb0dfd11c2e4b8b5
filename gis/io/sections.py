"""Read lists that are written in sections (一、某园区 over its firms), and cells that say 同上."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from gis.base.text import halfwidth
from gis.io.columns import meaning
from gis.io.quantities import is_blank

PARK: Final = "所属园区"
GROUP: Final = "分组"
_HAN: Final = "一二三四五六七八九十百"
_HEAD: Final = re.compile(
    rf"(?:(?P<one>第?[{_HAN}]+(?:部分|类)?[、.,:]|第[{_HAN}]+(?:部分|类|批)[、.,: ]?)|(?P<two>\([{_HAN}]+\)[、.]?)|"
    r"(?P<three>\(?\d{1,2}[、.)](?!\d)))?(?P<title>.+?)(?P<count>[(\[:]?(?:共|共计|合计|计)?(?P<number>\d{1,6})(?:家|户|个|条|处|名)"
    r"(?:企业|单位|公司|设施|项目)?[)\]]?)?[:]?"
)
_MARKED: Final = re.compile(r"[【\[](.+)[】\]]")
_PLACE: Final = re.compile(
    r"(?:园区?|区|基地|镇|街道|乡|村|新城|城|港|谷|湾|岛|中心|板块|集群|组团|载体|大厦|楼宇|"
    r"楼|广场|孵化器|加速器|总部|[a-z]座)(?:\(.*\))?",
    re.IGNORECASE,
)
_ABOVE: Final = re.compile(r"同上(?:行|一行|格)?|同前|〃|″|〞|\"|''|′′|\.\.\s*同上")


class Section(NamedTuple):
    """The heading of a section: how deep it stands, what it says, and how many rows it promises."""

    level: int
    title: str
    promised: int | None


def section_of(cells: Sequence[Any]) -> Section | None:
    """The section that a row of the table heads: it says one thing, which is numbered, counted or in brackets.

    >>> section_of(["一、安东智造园（20家）", None, None])
    Section(level=1, title='安东智造园', promised=20)
    >>> section_of(["一汽物流有限公司", None, None]) is None
    True
    """
    said = {str(cell).strip() for cell in cells if not is_blank(cell)}
    if len(said) != 1:
        return None
    text = re.sub(r"\s+", " ", halfwidth(said.pop()))
    if marked := _MARKED.fullmatch(text):
        return Section(2, marked[1].strip(), None)
    match = _HEAD.fullmatch(text)
    if match is None or not (match["one"] or match["two"] or match["count"]):
        return None
    level = 1 if match["one"] else 2 if match["two"] else 3
    title = match["title"].strip(" :、-")
    return Section(level, title, int(match["number"]) if match["number"] else None) if title else None


@dataclass
class Sections:
    """What stands over the rows of a table, while they are read one by one."""

    open: dict[int, Section] = field(default_factory=dict)
    seen: list[tuple[Section, int]] = field(default_factory=list)
    held: Counter[int] = field(default_factory=Counter)
    over: list[tuple[int, ...]] = field(default_factory=list)

    def begin(self, section: Section, number: int) -> tuple[int, str]:
        """Note that a section begins in a row and deeper ones end; the row, and why it is left out."""
        self.open = {level: held for level, held in self.open.items() if level < section.level}
        self.open[section.level] = section
        self.seen.append((section, number))
        return number, f"the heading of a section ({section.title[:20]})"

    def row(self) -> None:
        """A row of the table stands in the sections that are open."""
        places = []
        for section in self.open.values():
            place = max(i for i, (held, _) in enumerate(self.seen) if held is section)
            places.append(place)
            self.held[place] += 1
        self.over.append(tuple(places))

    def columns(
        self, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> tuple[list[str], list[dict[str, Any]]]:
        """The headings and cells with the park, or what else a section is, in each row; a row's own word stays."""
        used = {i for places in self.over for i in places}
        if not used:
            return list(names), [dict(cells) for cells in rows]
        parks = {i for i in used if _PLACE.search(self.seen[i][0].title)}
        levels: dict[int, list[bool]] = {}
        for i in used:
            levels.setdefault(self.seen[i][0].level, []).append(i in parks)
        # A level is one of parks where most of its titles read like places: 一、某园区, 二、某基地, 三、其他.
        are_parks = {level for level, said in levels.items() if 2 * sum(said) > len(said)}
        park = next((name for name in names if meaning(name, None) == "park"), PARK)
        header, filled = list(names), []
        for cells, places in zip(rows, self.over, strict=True):
            own = dict(cells)
            for i in places:
                section = self.seen[i][0]
                column = park if section.level in are_parks else f"{GROUP}{section.level}" if len(levels) > 2 else GROUP
                if column not in header:
                    header.append(column)
                if column != park or is_blank(cells.get(column)):
                    own[column] = section.title
            filled.append(own)
        return header, [{name: cells.get(name) for name in header} for cells in filled]

    def notes(self) -> list[str]:
        """What the sections are, and which of them hold another number of rows than they say."""
        used = [(i, section, row) for i, (section, row) in enumerate(self.seen) if self.held[i] or section.promised]
        if not any(self.held.values()):
            return []
        shown = ", ".join(f"{section.title} ({self.held[i]})" for i, section, _ in used[:10])
        found = [f"the list is in sections, which say where their rows belong: {shown}"]
        found += [
            f"row {row}: {section.title} says {section.promised}, and {self.held[i]} row(s) stand under it"
            for i, section, row in used
            if section.promised is not None and section.promised != self.held[i]
        ]
        return found


def says_as_above(cell: Any) -> bool:
    """Whether a cell says that it is as the one above it.

    >>> says_as_above("同上"), says_as_above("〃"), says_as_above("同上海")
    (True, True, False)
    """
    return isinstance(cell, str) and _ABOVE.fullmatch(cell.strip()) is not None
