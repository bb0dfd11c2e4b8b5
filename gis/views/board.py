"""Draw the two pictures of a chain: all its links by stage (全景图), and the same board filled in (现状图)."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from gis.base.text import printable
from gis.measures.chances import LOCATED
from gis.measures.links import CityChain, FirmHere, LinkRow, State
from gis.model.facts import ChainLink
from gis.model.project import Project
from gis.model.schema import UNKNOWN_SEGMENT
from gis.views.lettering import FONTS, number, shortened, svg_text, width_of, wrapped

WIDTH: Final = 1280.0
_MARGIN: Final = 24.0
_GAP: Final = 10.0
_PAD: Final = 8.0
_HEAD: Final = 24.0
_TEXT: Final = 12.0
_SMALL: Final = 11.0
_LINE: Final = 16.0
_STAGE_HEAD: Final = 30.0
_TOP: Final = 84.0
_COLUMNS: Final = (4, 5, 6)
_STREAM: Final = ("上游", "中游", "下游", "后市场")
_BELOW: Final = "支撑"
_BESIDE: Final = "链外"
_INK: Final = "#1f2933"
_GREY: Final = "#5b6672"
_RULE: Final = "#c5ccd3"


class Picture(StrEnum):
    """Which of the two pictures of a chain."""

    PANORAMA = "panorama"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class _Look:
    """How a state looks: ground and ink of its card's head, its sign, whether it is hatched."""

    ground: str
    ink: str
    sign: str
    hatched: bool = False


_LOOKS: Final[Mapping[State, _Look]] = {
    State.STRONG: _Look("#14664a", "#ffffff", "▲"),
    State.PRESENT: _Look("#8fcfae", _INK, "●"),
    State.WEAK: _Look("#f2d279", _INK, "▼"),
    State.SINGLE: _Look("#eda15c", _INK, "◆"),
    State.MISSING: _Look("#b8323f", "#ffffff", "×"),
    State.ABSENT: _Look("#e6e9ec", _GREY, "－"),
    State.NOT_KNOWN: _Look("#ffffff", _INK, "？", hatched=True),
}
_PLAIN: Final = _Look("#dce7f3", _INK, "")
_WANTED: Final = _Look("#2f5d8c", "#ffffff", "")
_WORDS: Final = {
    "zh": {
        "panorama": "产业链全景图", "state": "产业链现状图", "上游": "上游", "中游": "中游", "下游": "下游",
        "后市场": "后市场", "支撑": "支撑", "链外": "链外：规划要求或名录已有，链条未列",
        "supplies": "供给 → ", "wanted": "{}处要求", "wants": "规划要求", "named": "链条点名，未见区域要求",
        "unsorted": "未归入环节",
        "see": "企业见 {}", "none": "名录未列企业", "unclear": "（可能）", "elsewhere": "无对应环节，不作判断",
        "assumed": "＊ 规划点名此环节，所在阶段为推定", "number": "号码即环节卡，“供给 →”后为其供给的环节卡",
        "sources": "依据：", "as_of": "截至 {}", "links": "{}条链、{}个环节，按上下游排列",
        "incomplete": "企业名录不全：无环节判为“缺”；“未知”即未见于名录，不等于没有",
        "complete": "企业名录已声明齐全", "counted": "企业按环节词典计入卡片，细分环节不逐一判定",
        "note": "示意图", "may": "（可能）＝位置可能性5%–95%或仅凭一般知识", "and": "、",
    },
    "en": {
        "panorama": "The industry chain", "state": "The industry chain today", "上游": "Upstream", "中游": "Midstream",
        "下游": "Downstream", "后市场": "Aftermarket", "支撑": "Support",
        "链外": "Beside the chain: wanted or there, but in no chain of the plans",
        "supplies": "supplies → ", "wanted": "{}×", "wants": "wanted by plans, so many times",
        "named": "named in a chain, wanted for no place",
        "unsorted": "Fits no link", "see": "firms: see {}", "none": "no firm is listed",
        "unclear": " (perhaps)", "elsewhere": "fits no link, not judged",
        "assumed": "＊ named by a plan; the stage is assumed",
        "number": "numbers are cards; “supplies →” names the cards",
        "sources": "Sources: ", "as_of": "as of {}", "links": "{} chains, {} links, by stage",
        "incomplete": "The list of firms is incomplete: no link is called missing; not known is not none",
        "complete": "The list of firms is declared complete",
        "counted": "Firms are counted by the card's link, not by each of the finer links named in it",
        "note": "schematic", "may": "(perhaps): here with 5 to 95 %, or by general knowledge alone", "and": ", ",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float = _TEXT
    fill: str = _INK
    indent: float = 0.0


@dataclass(slots=True)
class _Card:
    """One link of the dictionary in one stage, with the finer links that plans name there."""

    number: int
    stage: str
    segment: str
    label: str
    links: list[ChainLink]
    row: LinkRow | None
    look: _Look = _PLAIN
    mark: str = ""
    supplies: list[int] = field(default_factory=list)
    title: list[str] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)

    @property
    def head(self) -> float:
        return _HEAD + _LINE * (len(self.title) - 1)

    @property
    def height(self) -> float:
        return self.head + (_PAD + _LINE * len(self.lines) + _PAD / 2 if self.lines else 0)


def has_board(result: CityChain) -> bool:
    """Whether the plans of a city name any link of a chain."""
    return any(row.chain for row in result.named)


def board(
    project: Project,
    result: CityChain,
    picture: Picture,
    *,
    scope: str = "city",
    place: str | None = None,
    only: str | None = None,
    lang: str = "zh",
) -> bytes:
    """Draw one of the two pictures as SVG, 1280 wide; the same result gives the same bytes.

    Args:
        project: the project, for the names of its plans.
        result: the city's chain.
        picture: which of the two.
        scope: whose state is drawn: `city`, `system` or `zone`.
        place: id of that place or system; by default the city.
        only: id of one chain; by default the board holds all that the city's plans name.
        lang: `zh` or `en`.
    """
    rows = result.of(scope, place or result.city)
    title = rows[0].name if lang == "zh" else rows[0].name_en
    if only is not None:
        heading = next(row for row in result.named if row.id == only and not (row.chain or row.supplies))
        result = _of_one_chain(result, only)
        title = f"{title} · {heading.title if lang == 'zh' else heading.label_en or heading.title}"
    cards = _cards(project, result, rows, lang, beside=only is None)
    across, sheets = _arranged(cards, picture, lang)
    height = max((bottom for *_, bottom in sheets), default=_TOP) + 124
    parts = [_head(title, result, picture, lang), *_stages(sheets, lang)]
    parts += [_card(card, x, y, across, picture, lang) for placed, *_ in sheets for card, x, y in placed]
    parts.append(_foot(project, result, rows, picture, height, lang))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(WIDTH)} {number(height)}" '
        f'width="{number(WIDTH)}" height="{number(height)}" font-family="{html.escape(FONTS)}">'
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<rect width="6" height="6" fill="#ffffff"/><path d="M-1 1L1 -1M0 6L6 0M5 7L7 5" stroke="#b9c1c9"/></pattern>'
        f'</defs><rect width="{number(WIDTH)}" height="{number(height)}" fill="#ffffff"/>'
    )
    return ("\n".join([svg, *parts, "</svg>"]) + "\n").encode()


# --- What stands on the board ------------------------------------------------------------------------------------


def _of_one_chain(result: CityChain, only: str) -> CityChain:
    """The same with the links and supplies of one chain alone."""
    own = {(row.plan, row.id) for row in result.named if row.chain == only}
    return replace(result, named=tuple(row for row in result.named if (row.plan, row.id) in own))


def _cards(project: Project, result: CityChain, rows: Sequence[LinkRow], lang: str, *, beside: bool) -> list[_Card]:
    by_segment = {row.segment: row for row in rows}
    order = [*by_segment, UNKNOWN_SEGMENT]
    named = {(row.plan, row.id): row for row in reversed(result.named) if row.chain}
    groups: dict[tuple[str, str], list[ChainLink]] = {}
    for link in reversed(named.values()):
        groups.setdefault((link.stage, link.segment), []).append(link)
    for row in rows:
        if beside and (row.wanted or row.here) and not any(segment == row.segment for _, segment in groups):
            groups[_BESIDE, row.segment] = []
    stages = [*_STREAM, _BELOW, _BESIDE]
    cards: list[_Card] = []
    for stage, segment in sorted(groups, key=lambda key: (stages.index(key[0]), order.index(key[1]))):
        entry = project.segments[segment]
        label = entry.label if lang == "zh" else entry.label_en
        if segment == UNKNOWN_SEGMENT:
            label = _WORDS[lang]["unsorted"]
        cards.append(_Card(len(cards) + 1, stage, segment, label, groups[stage, segment], by_segment.get(segment)))
    _join(cards, result)
    return cards


def _join(cards: Sequence[_Card], result: CityChain) -> None:
    """Let each card know which other cards its links supply."""
    at = {(link.plan, link.id): card for card in cards for link in card.links}
    for row in result.named:
        giver = at.get((row.plan, row.id))
        for target in row.supplies:
            taker = at.get((row.plan, target))
            if giver and taker and giver is not taker and taker.number not in giver.supplies:
                giver.supplies.append(taker.number)
    for card in cards:
        card.supplies.sort()


def _filled(cards: Iterable[_Card], picture: Picture, room: float, lang: str) -> None:
    """Write the lines of each card, for cards of so much room."""
    words = _WORDS[lang]
    shown: dict[str, int] = {}
    for card in cards:
        named = dict.fromkeys(
            (link.title if lang == "zh" else link.label_en or link.title) + ("＊" if link.basis == "assumed" else "")
            for link in card.links
        )
        row = card.row
        card.lines = []
        if picture == Picture.PANORAMA:
            card.look = _WANTED if row is not None and row.wanted else _PLAIN
            card.mark = words["wanted"].format(len(row.wants)) if row is not None and row.wanted else ""
            _headed(card, card.mark, room)
            card.lines += [line for name in named for line in _paragraph(f"· {name}", room, indent=8.0)]
            if card.supplies:
                numbers = " ".join(map(str, card.supplies))
                card.lines += _paragraph(words["supplies"] + numbers, room, _SMALL, "#2f5d8c")
            continue
        card.look = _PLAIN if row is None else _LOOKS[row.state]
        card.mark = "" if row is None else f"{card.look.sign} {row.word(lang)}"
        names = words["and"].join(named)
        _headed(card, card.look.sign, room)
        card.lines += _paragraph(names, room, _SMALL, _GREY) if names else []
        if row is None:
            card.lines += _paragraph(words["elsewhere"], room)
        elif row.segment in shown:
            card.lines += _paragraph(words["see"].format(shown[row.segment]), room)
        else:
            shown[row.segment] = card.number
            firms = [_firm(firm, lang) for firm in row.firms]
            card.lines += (
                [line for name in firms for line in _paragraph(name, room)]
                if firms
                else _paragraph(words["none"], room)
            )


def _headed(card: _Card, short: str, room: float) -> None:
    """Set the title of a card beside its mark; where both are too long, the mark goes into the card, a sign stays."""
    if width_of(card.label, _TEXT) + width_of(card.mark, _SMALL) + 30 > room and card.mark != short:
        card.lines, card.mark = _paragraph(card.mark, room), short
    beside = room - 22 - (width_of(card.mark, _SMALL) + 8 if card.mark else 0)
    first, *rest = wrapped(card.label, _TEXT, beside)
    card.title = [first, *([shortened(" ".join(rest), _TEXT, beside)] if rest else [])]


def _firm(firm: FirmHere, lang: str) -> str:
    sure = firm.p >= LOCATED and firm.how != "general"
    return (firm.name if lang == "zh" else firm.name_en) + ("" if sure else _WORDS[lang]["unclear"])


def _paragraph(text: str, room: float, size: float = _TEXT, fill: str = _INK, indent: float = 0.0) -> list[_Line]:
    first, *rest = wrapped(text, size, room) or [""]
    more = [line for part in ["".join(rest)] if part for line in wrapped(part, size, room - indent)] if indent else rest
    return [_Line(first, size, fill), *(_Line(line, size, fill, indent) for line in more)]


# --- Where it stands ---------------------------------------------------------------------------------------------

_Placed = list[tuple[_Card, float, float]]
_Sheet = tuple[_Placed, str, float, float, float, float]


def _arranged(cards: Sequence[_Card], picture: Picture, lang: str) -> tuple[float, list[_Sheet]]:
    """The cards at their places: the stream side by side, support and the rest below it.

    Of 4, 5 and 6 columns of cards, those are taken with which the board is lowest.
    """
    best: tuple[float, float, list[_Sheet]] | None = None
    for columns in _COLUMNS:
        across = (WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) / columns
        copies = [replace(card) for card in cards]
        _filled(copies, picture, across - 2 * _PAD, lang)
        sheets = _laid_out(copies, columns, across)
        bottom = max((sheet[-1] for sheet in sheets), default=_TOP)
        if best is None or bottom < best[0] - 1:
            best = (bottom, across, sheets)
    assert best is not None
    return best[1], best[2]


def _laid_out(cards: Sequence[_Card], columns: int, across: float) -> list[_Sheet]:
    stream = [(stage, [card for card in cards if card.stage == stage]) for stage in _STREAM]
    stream = [(stage, those) for stage, those in stream if those]
    sheets: list[_Sheet] = []
    x, bottom = _MARGIN, _TOP
    for (stage, those), wide in zip(stream, _shares([those for _, those in stream], columns), strict=True):
        placed, low = _stacked(those, wide, x, _TOP + _STAGE_HEAD, across)
        sheets.append((placed, stage, x, _TOP, wide * across + (wide - 1) * _GAP, low))
        bottom = max(bottom, low)
        x += wide * (across + _GAP)
    sheets = [(*sheet[:-1], bottom) for sheet in sheets]
    for stage in (_BELOW, _BESIDE):
        those = [card for card in cards if card.stage == stage]
        if those:
            top = bottom + 2 * _GAP
            placed, bottom = _stacked(those, columns, _MARGIN, top + _STAGE_HEAD, across)
            sheets.append((placed, stage, _MARGIN, top, WIDTH - 2 * _MARGIN, bottom))
    return sheets


def _shares(stages: Sequence[Sequence[_Card]], columns: int) -> list[int]:
    """How many columns each stage has: one more goes to the stage that is highest, as long as there are any."""
    shares = [1] * len(stages)
    while sum(shares) < columns and stages:
        heights = [_stacked(those, wide, 0, 0, 1)[1] for those, wide in zip(stages, shares, strict=True)]
        shares[max(range(len(stages)), key=heights.__getitem__)] += 1
    return shares


def _stacked(cards: Sequence[_Card], columns: int, x: float, y: float, across: float) -> tuple[_Placed, float]:
    """Cards one below the other, each in the column that is shortest, and where the longest column ends."""
    ends = [y] * columns
    placed: _Placed = []
    for card in cards:
        column = min(range(columns), key=lambda at: (ends[at], at))
        placed.append((card, x + column * (across + _GAP), ends[column]))
        ends[column] += card.height + _GAP
    return placed, max(ends) - _GAP


# --- Drawn -------------------------------------------------------------------------------------------------------


def _head(title: str, result: CityChain, picture: Picture, lang: str) -> str:
    words = _WORDS[lang]
    chains = len({(row.plan, row.chain) for row in result.named if row.chain})
    links = len({(row.plan, row.id) for row in result.named if row.chain})
    name = f"{title}{words[picture]}" if lang == "zh" else f"{title}: {words[picture]}"
    about = f"{words['links'].format(chains, links)} · {words['as_of'].format(result.as_of.isoformat())}"
    return svg_text(shortened(name, 24, WIDTH - 2 * _MARGIN), _MARGIN, 42, 24, _INK, ' font-weight="bold"') + svg_text(
        f"{about} · {words['note']}", _MARGIN, 66, 13, _GREY
    )


def _stages(sheets: Sequence[_Sheet], lang: str) -> Iterable[str]:
    """The heads of the stages; those of the stream point on to the next."""
    words = _WORDS[lang]
    for _, stage, x, y, wide, _ in sheets:
        tip = 8.0 if stage in _STREAM else 0.0
        points = [(x, y), (x + wide - tip, y), (x + wide, y + 11), (x + wide - tip, y + 22), (x, y + 22)]
        path = "M" + "L".join(f"{number(px)} {number(py)}" for px, py in points) + "Z"
        yield f'<path d="{path}" fill="#e9edf1"/>' + svg_text(
            shortened(words[stage], 13, wide - 20), x + 10, y + 16, 13, _INK, ' font-weight="bold"'
        )


def _card(card: _Card, x: float, y: float, across: float, picture: Picture, lang: str) -> str:
    look = card.look
    edge = _RULE if look.hatched or look.ground in {"#e6e9ec", _PLAIN.ground} else look.ground
    ground = "url(#hatch)" if look.hatched else look.ground
    parts = [
        f"<g><title>{html.escape(printable(_told(card, picture, lang)))}</title>",
        _rect(x, y, across, card.height, "#ffffff", edge),
        _rect(x, y, across, card.head, ground, edge),
        _badge(card.number, x + _PAD + 8, y + _HEAD / 2),
    ]
    if look.hatched:  # Letters on a hatch need a quiet ground.
        parts.append(_rect(x + 20, y + 3, across - 23, card.head - 6, "#ffffff", "none"))
        parts.append(_badge(card.number, x + _PAD + 8, y + _HEAD / 2))
    for position, line in enumerate(card.title):
        at = y + 16.5 + position * _LINE
        parts.append(svg_text(line, x + _PAD + 22, at, _TEXT, look.ink, ' font-weight="bold"'))
    if card.mark:
        parts.append(svg_text(card.mark, x + across - _PAD, y + 16.5, _SMALL, look.ink, ' text-anchor="end"'))
    down = y + card.head + _PAD + 8
    for position, row in enumerate(card.lines):
        parts.append(svg_text(row.text, x + _PAD + row.indent, down + position * _LINE, row.size, row.fill))
    return "".join([*parts, "</g>"])


def _badge(value: int, x: float, y: float) -> str:
    circle = f'<circle cx="{number(x)}" cy="{number(y)}" r="8.5" fill="#ffffff" stroke="{_GREY}"/>'
    return circle + svg_text(str(value), x, y + 4, _SMALL, _INK, ' text-anchor="middle"')


def _rect(x: float, y: float, wide: float, high: float, fill: str, stroke: str) -> str:
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}" '
        f'fill="{fill}" stroke="{stroke}"/>'
    )


def _told(card: _Card, picture: Picture, lang: str) -> str:
    """What a card says when it is pointed at: its state, and the clauses behind it."""
    row = card.row
    said = [card.label + ("" if row is None or picture == Picture.PANORAMA else f": {row.word(lang)}")]
    said += [f"{link.title} — {link.plan}:{link.line}" for link in card.links]
    if row is not None:
        said += [f"{row.name}: {clause.word} — {clause.plan}:{clause.line}" for clause in row.wants]
    return " | ".join(said)


def _foot(
    project: Project, result: CityChain, rows: Sequence[LinkRow], picture: Picture, height: float, lang: str
) -> str:
    words = _WORDS[lang]
    y = height - 84
    parts = [f'<path d="M{number(_MARGIN)} {number(y - 16)}H{number(WIDTH - _MARGIN)}" stroke="{_RULE}"/>']
    x = _MARGIN
    for look, text in _legend(rows, picture, lang):
        parts.append(_rect(x, y - 11, 26, 15, "url(#hatch)" if look.hatched else look.ground, _RULE))
        if look.sign:
            if look.hatched:
                parts.append(_rect(x + 6, y - 9.5, 14, 12, "#ffffff", "none"))
            parts.append(svg_text(look.sign, x + 13, y + 0.5, _SMALL, look.ink, ' text-anchor="middle"'))
        parts.append(svg_text(text, x + 32, y + 1, _TEXT, _INK))
        x += 32 + width_of(text, _TEXT) + 22
    plans = sorted({row.plan for row in result.named})
    names = [project.plan(id_).short or project.plan(id_).title for id_ in plans]
    if lang != "zh":
        names = [project.plan(id_).title_en or name for id_, name in zip(plans, names, strict=True)]
    said = [words["assumed"]] if any(row.basis == "assumed" and row.chain for row in result.named) else []
    if picture == Picture.PANORAMA:
        said.append(words["number"])
    else:
        said += [words["complete" if result.complete else "incomplete"], words["counted"]]
        if any(firm.p < LOCATED or firm.how == "general" for row in rows for firm in row.firms):
            said.append(words["may"])
    stop = "；" if lang == "zh" else "; "
    notes = wrapped(stop.join(said), _SMALL, WIDTH - 2 * _MARGIN)[:2]
    notes.append(shortened(words["sources"] + words["and"].join(names), _SMALL, WIDTH - 2 * _MARGIN))
    for position, line in enumerate(notes):
        parts.append(svg_text(line, _MARGIN, y + 22 + position * _LINE, _SMALL, _GREY))
    return "".join(parts)


def _legend(rows: Sequence[LinkRow], picture: Picture, lang: str) -> Iterable[tuple[_Look, str]]:
    """The looks that the picture has, and what each means."""
    words = _WORDS[lang]
    if picture == Picture.PANORAMA:
        yield _WANTED, words["wants"]
        yield _PLAIN, words["named"]
        return
    for state, look in _LOOKS.items():
        known = [row for row in rows if row.state == state]
        if known or state not in {State.ABSENT}:
            yield look, (known[0] if known else replace(rows[0], state=state)).word(lang)
