"""Write the overview page: the cities side by side, their zone systems, indicators, doubts and sources."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

from gis.measures.coverage import CityCoverage, Figures, SystemRow, ZoneRow, area_words, is_open_test_road
from gis.measures.indicators import Standing
from gis.measures.results import CityResults
from gis.model.facts import ZoneSystem
from gis.model.layers import Record
from gis.model.project import City, Project
from gis.model.schema import SKETCHED_BASES
from gis.views.small_map import Member, small_map, swatch

_LANGS: Final = ("zh", "en")
_DASH: Final = "–"
# What HTML cannot hold at all; a browser would drop it or take it for another sign.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_STATUS_TAGS: Final = {"reached": "good", "due": "warn"}


def render_overview(project: Project, results: Mapping[str, CityResults], lang: str = "zh") -> bytes:
    """Make `index.html` of a build: one static HTML file without script, which makes no request.

    Args:
        project: the checked project.
        results: the results of each city that is shown, by id, in the order in which they are shown.
        lang: the language of the page, `zh` or `en`. What the documents say stays as they say it.

    Returns:
        the UTF-8 bytes; the same project and results give the same bytes.

    Raises:
        ValueError: `lang` is neither `zh` nor `en`.
    """
    if lang not in _LANGS:
        raise ValueError(f"lang is {lang!r}; it must be 'zh' or 'en'")
    return _Page(project, results, lang).html().encode("utf-8")


@cache
def _style() -> str:
    text = (files("gis.views") / "assets" / "overview.css").read_text(encoding="utf-8")
    return re.sub(r"\n\s*", "\n", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)).strip()


@cache
def _words() -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = json.loads((files("gis.views") / "assets" / "overview.json").read_text("utf-8"))
    return table


def _escaped(value: object) -> str:
    return html.escape(_FORBIDDEN.sub("\ufffd", str(value)))


def _named(value: object) -> str:
    """A name as it is written, which can neither turn the direction of what follows nor push it off the page."""
    text = str(value)
    inner = f"<bdi>{_escaped(text)}</bdi>"
    return f'<span class="clip" tabindex="0">{inner}</span>' if len(text) > 120 else inner


def _number(value: float | None, digits: int = 1) -> str:
    return _DASH if value is None else f"{value:,.{digits}f}"


def _about(figures: Figures) -> str:
    """An area to as many digits as its outline carries."""
    if figures.area_km2 is None:
        return _DASH
    return ("≈ " if figures.sketched else "") + area_words(figures.area_km2, figures.accuracy_m)


def _area(value: float | None) -> str:
    return _number(value, 0 if value is not None and value >= 1000 else 1 if value is not None and value >= 10 else 2)


def _plain(value: float | None) -> str:
    return _DASH if value is None else f"{value:,.10g}"


def _el(tag: str, *content: str, **attributes: str | None) -> str:
    """An element of HTML content; attributes are escaped, those that are None or empty are left out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_escaped(value)}"' for name, value in attributes.items() if value
    )
    return f"<{tag}{written}>{''.join(content)}</{tag}>"


class _Table:
    """A table; with `stack` a phone shows each row as a card, and explicit roles keep it a table for who hears it."""

    def __init__(self, caption: str, heads: Sequence[tuple[str, str]], *, stack: bool = False) -> None:
        self.caption, self.heads, self.stack = caption, heads, stack
        self.rows: list[str] = []

    def _role(self, name: str) -> str | None:
        return name if self.stack else None

    def add(self, *cells: str, quiet: bool = False) -> None:
        """Add a row of cells that are HTML already; the first one names the row."""
        first, *rest = cells
        parts = [_el("th", first, scope="row", class_=self.heads[0][1], role=self._role("rowheader"))]
        for (head, kind), cell in zip(self.heads[1:], rest, strict=True):
            classes = f"{kind} none".strip() if cell == _DASH else kind
            parts.append(
                _el("td", cell, class_=classes, role=self._role("cell"), data_head=head if self.stack else None)
            )
        self.rows.append(_el("tr", *parts, role=self._role("row"), class_="quiet" if quiet else None))

    def html(self) -> str:
        """The table, in a box that scrolls sideways by itself."""
        heads = [
            _el("th", _escaped(head), scope="col", class_=kind, role=self._role("columnheader"))
            for head, kind in self.heads
        ]
        group = self._role("rowgroup")
        table = _el(
            "table",
            _el("thead", _el("tr", *heads, role=self._role("row")), role=group),
            _el("tbody", *self.rows, role=group),
            class_="stack" if self.stack else None,
            role=self._role("table"),
            aria_label=self.caption if self.stack else None,
        )
        return _el("div", table, class_="scroll", tabindex="0", role="region", aria_label=self.caption)


class _Page:
    """The page of one project in one language."""

    def __init__(self, project: Project, results: Mapping[str, CityResults], lang: str) -> None:
        self.project, self.results, self.lang = project, results, lang
        self.column = _LANGS.index(lang)

    def say(self, key: str, **values: object) -> str:
        """A text of the page's own, escaped; the values are put in escaped too."""
        text: str = _words()[key][self.column]
        return _escaped(text).format(**{name: _escaped(value) for name, value in values.items()})

    def head(self, key: str, kind: str = "") -> tuple[str, str]:
        """A column of a table: its heading as plain text, and its class."""
        text: str = _words()[key][self.column]
        return text, kind

    def name(self, zh: str, en: str | None) -> str:
        """The name of a thing in the page's language, where it has one, as HTML."""
        return _named(self.plain(zh, en))

    def plain(self, zh: str, en: str | None) -> str:
        """As `name`, but plain text."""
        return en if self.lang == "en" and en else zh

    def html(self) -> str:
        """The whole page."""
        title = self.plain(self.project.name, self.project.name_en)
        style = "\n" + _style() + "\n"
        digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        sections = {
            "cities": self.cities(),
            "systems.title": self.systems(),
            "indicators": self.indicators(),
            "trust": self.doubts(),
            "sources": self.sources(),
            "notes": self.notes(),
        }
        anchors = {key: key.partition(".")[0] for key in sections}
        links = [_el("li", _el("a", self.say(key), href=f"#{anchor}")) for key, anchor in anchors.items()]
        lede = self.say(
            "lede",
            cities=len(self.results),
            plans=len(self._plans()),
            date=self.project.as_of.isoformat(),
        )
        body = [
            _el("a", self.say("skip"), class_="skip", href="#cities"),
            _el(
                "header",
                _el(
                    "div",
                    _el("div", _el("h1", _named(title)), _el("p", lede, class_="lede")),
                    _el("nav", _el("ul", *links), aria_label=self.head("sections")[0]),
                    class_="bound",
                ),
                class_="top",
            ),
            _el(
                "main",
                *(
                    _el(
                        "section",
                        _el("h2", self.say(key), id=f"{anchors[key]}-title"),
                        content,
                        id=anchors[key],
                        aria_labelledby=f"{anchors[key]}-title",
                    )
                    + "\n"
                    for key, content in sections.items()
                ),
                class_="bound",
            ),
            _el(
                "footer",
                _el("div", _el("p", self.say("offline")), _el("p", self.say("approval")), class_="bound"),
            ),
        ]
        return (
            f'<!DOCTYPE html>\n<html lang="{"zh-CN" if self.lang == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
            f"<title>{_escaped(title)} · {self.say('title')}</title>\n<style>{style}</style>\n</head>\n<body>\n"
            + "\n".join(body)
            + "\n</body>\n</html>\n"
        )

    def _plans(self) -> list[Any]:
        return [plan for plan in self.project.facts.plans.values() if plan.city in self.results]

    def _city(self, id_: str) -> City:
        return self.project.city(id_)

    def _city_name(self, id_: str) -> str:
        city = self._city(id_)
        return self.name(city.name, city.name_en)

    def _city_link(self, id_: str, content: str, system: tuple[str, str] | None = None, **more: str | None) -> str:
        """A link to a city's map, opened with one zone system shown where a plan and a system are given."""
        shown = f"#s={quote('/'.join(system))}" if system else ""
        return _el("a", content, href=f"{quote(id_, safe='')}/index.html{shown}", **more)

    # The cities.

    def cities(self) -> str:
        """The cities as cards, side by side."""
        cards = [self._card(id_, found.coverage) for id_, found in self.results.items()]
        return _el("p", self.say("cities.about"), class_="about") + _el("div", *cards, class_="cards")

    def _card(self, id_: str, coverage: CityCoverage) -> str:
        city = self._city(id_)
        system, _ = self._shown(id_, coverage)
        shown = (system.plan, system.id) if system else None
        link = self._city_link(
            id_, self.say("open") + " →", shown, class_="open", aria_label=f"{self.head('open')[0]} {city.name}"
        )
        head = _el("div", _el("h3", self._city_link(id_, self._city_name(id_))), link, class_="card-head")
        return _el(
            "article", head, self._figure(id_, coverage), self._figures(coverage), self._split(coverage), class_="card"
        )

    def _figure(self, id_: str, coverage: CityCoverage) -> str:
        system, rows = self._shown(id_, coverage)
        members = self._members(id_, rows)
        if system is None:
            called = self.head("no.plan" if rows else "no.system")[0]
        else:
            called = self.plain(system.title, system.label_en)
        title = self.head("map.of")[0].format(
            city=self.plain(self._city(id_).name, self._city(id_).name_en), system=called
        )
        picture = small_map(self.project, id_, members, self.project.as_of, title, self.lang)
        caption = [_el("p", _named(called), class_="system-name"), self._legend(id_, rows, members)]
        return _el("figure", picture, _el("figcaption", *caption))

    def _shown(self, id_: str, coverage: CityCoverage) -> tuple[ZoneSystem | None, list[ZoneRow]]:
        """The first system in force of which most is drawn, with its members; else the first of which anything is.

        Where no system is drawn, the places that stand outside all of them.
        """
        drawn: list[tuple[float, ZoneSystem, list[ZoneRow]]] = []
        for system in self.project.systems(id_, self.project.as_of):
            rows = [row for row in coverage.zones if (row.plan, row.system) == (system.plan, system.id)]
            share = sum(row.figures.geometry_basis is not None for row in rows) / len(rows) if rows else 0.0
            if share:
                drawn.append((share, system, rows))
        chosen = next((item for item in drawn if item[0] > 0.5), drawn[0] if drawn else None)
        if chosen is not None:
            return chosen[1:]
        drawn_today = {r["id"] for r, g in self.project.places(id_).holding_on(self.project.as_of) if g is not None}
        return None, [row for row in coverage.zones if row.system is None and row.id in drawn_today]

    def _members(self, id_: str, rows: Sequence[ZoneRow]) -> list[Member]:
        roles = list(dict.fromkeys(row.role for row in rows))
        drawn = sorted((row for row in rows if row.figures.geometry_basis), key=lambda row: roles.index(row.role))
        return [Member(row.id, roles.index(row.role), i, self._place(id_, row)) for i, row in enumerate(drawn, 1)]

    def _place(self, id_: str, row: ZoneRow) -> str:
        places = self.project.places(id_)
        return self.plain(row.name, places.record(row.id).get("name_en") if row.id in places else None)

    def _legend(self, id_: str, rows: Sequence[ZoneRow], members: Sequence[Member]) -> str:
        sketched = {row.id for row in rows if row.figures.geometry_basis in SKETCHED_BASES}
        items: list[str] = []
        for position, role in enumerate(dict.fromkeys(row.role for row in rows)):
            own = [member for member in members if member.role == position]
            names = [_el("li", _el("b", str(member.number)), " ", _named(member.name)) for member in own]
            if names:
                sign = swatch(id_, position, sketched={member.id for member in own} <= sketched)
                said = _named(role or "")
                items.append(_el("li", sign, _el("div", said, " ", _el("ul", *names, class_="members"))))
        missing = sum(row.figures.geometry_basis is None for row in rows)
        if missing:
            items.append(_el("li", "<span></span>", _el("div", self.say("undrawn", n=missing), class_="muted")))
        signs = [_el("li", _SIGN_FIRM, self.say("sign.firm"))]
        if any(is_open_test_road(r) and g is not None for r, g in self.project.present(id_, "roads")):
            signs.insert(0, _el("li", _SIGN_ROAD, self.say("sign.road")))
        if sketched:
            signs.insert(0, _el("li", _SIGN_SKETCH, self.say("sign.sketch")))
        return _el("ul", *items, class_="legend") + _el("ul", *signs, class_="signs")

    def _figures(self, coverage: CityCoverage) -> str:
        bases = {row.id: row.figures.geometry_basis for row in coverage.zones}
        drawn = [basis for basis in bases.values() if basis is not None]
        share = sum(basis in SKETCHED_BASES for basis in drawn) / len(drawn) if drawn else 0.0
        sketched = self.say("zones.sketched", n=len(drawn), share=f"{share:.0%}")
        listed = [row for row in coverage.systems if row.members == "listed"]
        total = coverage.total
        interval = "" if total.low is None else self.say("interval", low=total.low, high=total.high)
        road = self.say("road.lower" if total.test_road_km else "road.none")
        figures = [
            (self.say("zones"), str(coverage.zone_count), sketched),
            (self.say("systems"), str(len(listed)), self._named_only(len(coverage.systems) - len(listed))),
            (self.say("area"), _about(total) + " km²", self.say("area.once")),
            (self.say("firms"), str(coverage.enterprises), self.say("located", n=total.located or 0)),
            (self.say("estimate"), _number(total.estimate), interval),
            (self.say("road"), _number(total.test_road_km) + (" km" if total.test_road_km is not None else ""), road),
        ]
        return _el(
            "dl",
            *(
                _el("div", _el("dt", label, _el("small", more) if more else ""), _el("dd", figure))
                for label, figure, more in figures
            ),
            class_="figures",
        )

    def _named_only(self, count: int) -> str:
        return self.say("systems.named", n=count) if count else ""

    def _split(self, coverage: CityCoverage) -> str:
        """How well the firms' positions are known, as a bar and in figures; then what is in doubt."""
        parts = [
            ("bar-known", "known", coverage.placed),
            ("bar-place", "by.place", coverage.known_by_place),
            ("bar-lost", "unplaced", coverage.unplaced),
        ]
        whole = max(1, sum(count for *_, count in parts))
        bars, at = [], 0.0
        for colour, _, count in parts:
            width = 100 * count / whole
            bars.append(f'<rect class="{colour}" x="{at:.2f}" width="{width:.2f}" height="8"/>')
            at += width
        bar = f'<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{"".join(bars)}</svg>'
        items = [
            _el("li", f'<svg class="dot" viewBox="0 0 10 10" aria-hidden="true"><rect class="{colour}" width="10" '
                f'height="10"/></svg>', self._lost(coverage.city, self.say(word), count))
            for colour, word, count in parts
        ]  # fmt: skip
        clashes = sum(
            coverage.city in self._cities_of(conflict.a.plan, conflict.b.plan) for conflict in self._clashes()
        )
        items.append(_el("li", _el("a", f"{self.say('conflicts')} {clashes}", href="#conflicts")))
        return _el("div", bar, _el("ul", *items), class_="split")

    def _lost(self, city: str, word: str, count: int) -> str:
        text = f"{word} {count}"
        return _el("a", text, href=f"#{_anchor('unplaced', city)}") if word == self.say("unplaced") and count else text

    def _clashes(self) -> list[Any]:
        return [c for c in self.project.facts.conflicts if set(self.results) & self._cities_of(c.a.plan, c.b.plan)]

    def _cities_of(self, *plans: str) -> set[str]:
        return {self.project.facts.plans[plan].city for plan in plans if plan in self.project.facts.plans}

    # The zone systems.

    def systems(self) -> str:
        """A table of the zone systems for each city."""
        blocks = [self._systems_of(id_, found.coverage) for id_, found in self.results.items()]
        return _el("p", self.say("systems.about"), class_="about") + "".join(blocks)

    def _systems_of(self, id_: str, coverage: CityCoverage) -> str:
        named = {(system.plan, system.id): system for system in self.project.systems(id_)}
        table = _Table(
            f"{self.head('systems.title')[0]} {self.plain(coverage.name, self._city(id_).name_en)}",
            [
                self.head("system"), self.head("plan"), self.head("places", "n"), self.head("area.km2", "n"),
                self.head("documented", "n"), self.head("located.head", "n"), self.head("estimate.head", "n"),
                self.head("road.km", "n"), self.head("outline"),
            ],
            stack=True,
        )  # fmt: skip
        for row in coverage.systems:
            if row.figures.geometry_basis is not None:
                table.add(*self._system_cells(id_, row, named[row.plan, row.id], coverage))
        undrawn = [row for row in coverage.systems if row.figures.geometry_basis is None]
        content = [_el("h3", self._city_link(id_, self._city_name(id_)))]
        if table.rows:
            content.append(table.html())
        for key, listed in (("undrawn.note", True), ("named.note", False)):
            chosen = [named[row.plan, row.id] for row in undrawn if (row.members == "listed") == listed]
            if chosen:
                names = [
                    _el("li", self.name(s.title, s.label_en), " ", _el("small", _escaped(self._short(s.plan))))
                    for s in chosen
                ]
                content.append(_el("p", self.say(key, n=len(chosen)), class_="named"))
                content.append(_el("ul", *names, class_="also"))
        return _el("div", *content, class_="block")

    def _system_cells(self, id_: str, row: SystemRow, system: ZoneSystem, coverage: CityCoverage) -> list[str]:
        figures = row.figures
        name = self._city_link(id_, self.name(row.name, system.label_en), (row.plan, row.id))
        today = self.project.as_of
        if not system.holds_on(today):
            past = bool(system.valid_to) and system.valid_to <= today.isoformat()
            when = self.say("past", date=system.valid_to) if past else self.say("future", date=system.valid_from)
            name += " " + _el("span", when, class_="tag")
        places = str(len(row.places))
        if row.unplaced:
            places += _el("small", self.say("undrawn.n", n=len(row.unplaced)))
        estimate = _DASH
        if figures.estimate is not None:
            estimate = f'{_number(figures.estimate)} <span class="muted">[{figures.low}{_DASH}{figures.high}]</span>'
        return [
            name,
            _escaped(self._short(row.plan)),
            places,
            _about(figures),
            _DASH if figures.documented is None else str(figures.documented),
            _DASH if figures.located is None else f"{figures.located}+{figures.possible}",
            estimate,
            _number(figures.test_road_km),
            self._outlines(row, coverage),
        ]

    def _outlines(self, row: SystemRow, coverage: CityCoverage) -> str:
        bases = {zone.id: zone.figures.geometry_basis for zone in coverage.zones if zone.id in row.places}
        drawn = [basis for basis in bases.values() if basis is not None]
        sketched = sum(basis in SKETCHED_BASES for basis in drawn)
        if not drawn:
            return _el("span", self.say("undrawn.all"), class_="muted")
        if not sketched:
            return _el("span", self.say("no.sketch"), class_="muted")
        text = "all.sketch" if sketched == len(drawn) else "some.sketch"
        return _el("span", self.say(text, k=sketched, n=len(drawn)), class_="tag warn")

    def _short(self, plan: str) -> str:
        found = self.project.plan(plan)
        return self.plain(found.short or found.title, found.title_en)

    # The indicators.

    def indicators(self) -> str:
        """What the plans want and what the layers show of it; the rest folded away."""
        blocks = [self._indicators_of(id_, found.indicators) for id_, found in self.results.items()]
        return _el("p", self.say("indicators.about"), class_="about") + "".join(blocks)

    def _indicators_of(self, id_: str, standings: Sequence[Standing]) -> str:
        name = self._city_name(id_)
        targets = [standing for standing in standings if standing.kind == "target"]
        computed = [standing for standing in targets if standing.value_now is not None]
        others = [standing for standing in targets if standing.value_now is None]
        given = [standing for standing in standings if standing.kind != "target"]
        content = [_el("h3", name)]
        if computed:
            content.append(self._computed(computed))
        elif targets:
            content.append(_el("p", self.say("none.computable", n=len(targets)), class_="muted"))
        where = f" {self.plain(self._city(id_).name, self._city(id_).name_en)}"
        if others:
            heads = [self.head("indicator"), self.head("target", "n"), self.head("year", "n"),
                     self.head("reason", "wide"), self.head("source")]  # fmt: skip
            table = _Table(self.head("other.targets")[0] + where, heads)
            for s in others:
                reason = self.plain(s.basis, s.basis_en)
                table.add(self._label(s), _escaped(s.target), _year(s), _escaped(reason), self._clause(s))
            content.append(self._fold("other.targets", len(others), table.html()))
        if given:
            heads = [self.head("indicator"), self.head("value", "n"), self.head("year", "n"),
                     self.head("kind"), self.head("source")]  # fmt: skip
            table = _Table(self.head("facts")[0] + where, heads)
            for s in given:
                table.add(self._label(s), _escaped(s.target), _year(s), self.say(f"kind.{s.kind}"), self._clause(s))
            content.append(self._fold("facts", len(given), table.html()))
        return _el("div", *content, class_="block")

    def _computed(self, standings: Iterable[Standing]) -> str:
        heads = [
            self.head("indicator"), self.head("target", "n"), self.head("year", "n"), self.head("now", "n"),
            self.head("gap", "n"), self.head("status"), self.head("basis", "wide"), self.head("source"),
        ]  # fmt: skip
        table = _Table(self.head("indicators")[0], heads, stack=True)
        for s in standings:
            unit = f" {_escaped(s.unit)}" if s.unit else ""
            sign = "≈ " if s.sketched else "≥ " if s.lower_bound else ""
            now = f"{sign}{_plain(s.value_now)}{unit}"
            gap = _DASH if s.gap is None else f"{'≤ ' if s.lower_bound else ''}{_plain(s.gap)}{unit}"
            status = _el("span", self.say(f"status.{s.status}"), class_=f"tag {_STATUS_TAGS.get(s.status, '')}".strip())
            basis = self.plain(s.basis, s.basis_en)
            table.add(self._label(s), _escaped(s.target), _year(s), now, gap, status, _escaped(basis), self._clause(s))
        return table.html()

    def _label(self, standing: Standing) -> str:
        return self.name(standing.label, standing.label_en)

    def _clause(self, standing: Standing) -> str:
        where = f"{_escaped(standing.section)} · {self.say('line', n=standing.line)}"
        return _escaped(self._short(standing.plan)) + _el("small", where)

    def _fold(self, key: str, count: int, content: str, id_: str | None = None) -> str:
        said = _el("span", self.say("items", n=count), class_="muted")
        return _el("details", _el("summary", self.say(key), " ", said), content, id=id_)

    # Doubts, sources, notes.

    def doubts(self) -> str:
        """Where the documents disagree, and what could not be placed."""
        clashes = self._clashes()
        folds: list[str] = []
        if clashes:
            heads = [self.head("topic"), self.head("side.a", "wide"), self.head("side.b", "wide"),
                     self.head("treatment", "wide")]  # fmt: skip
            table = _Table(self.head("conflicts.title")[0], heads)
            for c in clashes:
                told = _named(c.explanation) + (_el("small", _named(c.treatment)) if c.treatment else "")
                table.add(_named(c.topic), self._side(c.a), self._side(c.b), told)
            about = _el("p", self.say("conflicts.about"), class_="muted")
            folds.append(self._fold("conflicts.title", len(clashes), about + table.html(), "conflicts"))
        folds += [self._unplaced(id_) for id_ in self.results]
        return _el("div", *folds, class_="block")

    def _side(self, side: Any) -> str:
        where = f"{_escaped(self._short(side.plan))} · {_escaped(side.section)} · {self.say('line', n=side.line)}"
        return f"“{_named(side.name)}”" + _el("small", where)

    def _unplaced(self, id_: str) -> str:
        lost = list(self.project.unplaced(id_))
        if not lost:
            return ""
        city = self.plain(self._city(id_).name, self._city(id_).name_en)
        title = self.head("unplaced.title")[0].format(city=city)
        table = _Table(title, [self.head("feature"), self.head("kind"), self.head("why", "wide")])
        for kind, record in lost:
            reason = str(record.get("unplaced_reason") or "")
            table.add(self._record_name(record), self.say(f"layer.{kind}"), _escaped(reason))
        said = _el("span", self.say("items", n=len(lost)), class_="muted")
        return _el("details", _el("summary", _escaped(title), " ", said), table.html(), id=_anchor("unplaced", id_))

    def _record_name(self, record: Record) -> str:
        return self.name(str(record["name"]), record.get("name_en"))

    def sources(self) -> str:
        """The documents that everything rests on."""
        heads = [self.head("document"), self.head("city", "keep"), self.head("number"), self.head("issuer"),
                 self.head("published", "keep"), self.head("file", "keep")]  # fmt: skip
        table = _Table(self.head("sources")[0], heads, stack=True)
        for plan in self._plans():
            table.add(
                self.name(plan.title, plan.title_en), self._city_name(plan.city), _escaped(plan.number) or _DASH,
                _escaped(plan.issuer) or _DASH, _escaped(plan.published) or _DASH, _escaped(plan.file),
            )  # fmt: skip
        return _el("div", table.html(), class_="block")

    def notes(self) -> str:
        """What is a sketch, what the figures mean."""
        texts: list[str] = _words()["notes.text"][self.column]
        return _el("ul", *(_el("li", _escaped(text)) for text in texts), class_="block notes")


_SIGN_SKETCH: Final = (
    '<svg viewBox="0 0 20 12" aria-hidden="true"><path class="sign-hatch" d="M2 12L8 2M7 12L13 2M12 12L18 2"/></svg>'
)
_SIGN_ROAD: Final = '<svg viewBox="0 0 20 12" aria-hidden="true"><path class="road" d="M1 9L8 4L19 6"/></svg>'
_SIGN_FIRM: Final = '<svg viewBox="0 0 20 12" aria-hidden="true"><circle class="firm" cx="10" cy="6" r="3.2"/></svg>'


def _anchor(what: str, city: str) -> str:
    return f"{what}-{quote(city, safe='')}"


def _year(standing: Standing) -> str:
    return _DASH if standing.year is None else str(standing.year)
