"""What the page counts under a filter is what Python counts of the same firms; what is not drawn is listed with why."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from gis.measures.coverage import CityCoverage, Figures, coverage
from gis.model.project import Project, load_project
from gis.views.map.city import build_city_payload
from gis.views.map.payload import MapPayload
from tests import ROOT
from tests.browser.conftest import OpenMap

_ESTIMATE = re.compile(r"(?P<estimate>[\d.]+) \[(?P<low>\d+)–(?P<high>\d+)\]")


@pytest.fixture(scope="module")
def bundled() -> Project:
    return load_project(ROOT)


@pytest.fixture(scope="module", params=["hangzhou", "huli", "jiading"])
def city(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def counted(bundled: Project, city: str) -> CityCoverage:
    return coverage(bundled, city)


@pytest.fixture(scope="module")
def payload(bundled: Project, city: str, counted: CityCoverage) -> MapPayload:
    return build_city_payload(bundled, city, counted)


def shown_figures(found: CityCoverage) -> list[tuple[str, tuple[float, int, int] | None]]:
    """Name, estimate and interval of each row of the page's table, all systems shown, in its order."""
    rows: list[tuple[str, Figures]] = []
    for system in found.systems:
        members = [zone for zone in found.zones if (zone.plan, zone.system) == (system.plan, system.id)]
        if members:
            rows += [(system.name, system.figures), *((zone.name, zone.figures) for zone in members)]
    return [
        (name, None if f.estimate is None or f.low is None or f.high is None else (f.estimate, f.low, f.high))
        for name, f in [*rows, ("total", found.total)]
    ]


def read_table(page: Page) -> list[tuple[float, int, int] | None]:
    page.evaluate("atlas.change({shown: new Set(atlas.data.systems.flatMap((s) => s.members.map((m) => m.key)))})")
    cells: list[str] = page.eval_on_selector_all(
        "table.coverage tbody tr",
        "rows => rows.map((r) => [...r.querySelectorAll('td')].map((c) => c.textContent).join())",
    )
    found = [_ESTIMATE.search(text) for text in cells]
    return [None if m is None else (float(m["estimate"]), int(m["low"]), int(m["high"])) for m in found]


def test_without_a_filter_the_table_shows_the_interval_that_python_gave(
    open_map: OpenMap, payload: MapPayload, counted: CityCoverage
) -> None:
    page = open_map(payload).page
    page.click("#tab-table")
    for (name, figures), seen in zip(shown_figures(counted), read_table(page), strict=False):
        assert (figures is None) == (seen is None), name
        if figures is not None and seen is not None:
            assert seen[1:] == figures[1:], name
            assert seen[0] == pytest.approx(figures[0], abs=0.0501), name


def test_under_a_filter_the_estimate_and_its_interval_are_those_of_the_firms_left(
    open_map: OpenMap, bundled: Project, city: str, payload: MapPayload
) -> None:
    page = open_map(payload).page
    page.click("#tab-table")
    segments = list(bundled.segments)
    firms = bundled.layer(city, "enterprises")
    random = np.random.default_rng(11)
    ends = []
    for share in (0.8, 0.5, 0.2):
        off = [i for i in range(len(segments)) if random.random() > share]
        page.evaluate("(off) => atlas.change({segmentsOff: new Set(off)})", off)
        left = firms.where(segments.index(record["segment"]) not in off for record in firms.records)
        layers = {**bundled.layers, (city, "enterprises"): left}
        exact = shown_figures(coverage(replace(bundled, layers=layers), city))
        for (name, figures), seen in zip(exact, read_table(page), strict=False):
            # A chance of half a hundredth is nothing in one drawing of the outlines and a hundredth in the next.
            assert (figures is None) == (seen is None) or (figures or seen) == (0.0, 0, 1), name
            if figures is not None and seen is not None:
                assert seen[0] == pytest.approx(figures[0], abs=0.08), name
                ends += [seen[1] - figures[1], seen[2] - figures[2]]
    assert max(map(abs, ends)) <= 3
    assert np.mean(np.array(ends) == 0) > 0.75


def test_an_open_card_follows_the_filter_as_the_table_does(
    open_map: OpenMap, bundled: Project, counted: CityCoverage, payload: MapPayload
) -> None:
    zone = max((z for z in counted.zones if z.figures.located), key=lambda z: z.figures.located or 0)
    page = open_map(payload).page
    page.evaluate("(id) => atlas.open('places', id)", zone.id)
    estimate = page.locator("#card dt", has_text="估计数").locator("xpath=following-sibling::dd[1]")
    assert f"{zone.figures.low}–{zone.figures.high}" in estimate.inner_text()
    page.evaluate("(all) => atlas.change({segmentsOff: new Set(all)})", list(range(len(bundled.segments))))
    page.wait_for_selector("#card .note:has-text('随筛选变化')")
    assert estimate.inner_text() == "未知", "the list is not complete: where none of it may be, nothing is known"
    # Words on why two numbers disagree are of all firms; they do not stand beside the numbers of some.
    assert "注意" not in page.inner_text("#card")
    assert " /km²" not in page.inner_text("#card")


def unplaced_of(page: Page, kind: str) -> dict[str, list[str]]:
    """The names that the page lists as not drawn, by reason."""
    found: dict[str, list[str]] = page.eval_on_selector_all(
        f"[data-kind={kind}] .unplaced-group",
        "groups => Object.fromEntries(groups.map((g) => "
        "[g.querySelector('.muted').textContent, [...g.querySelectorAll('li bdi')].map((b) => b.textContent)]))",
    )
    return found


def test_every_firm_without_a_mark_and_every_zone_without_a_place_is_listed_with_the_reason(
    open_map: OpenMap, bundled: Project, city: str, payload: MapPayload
) -> None:
    opened = open_map(payload)
    page = opened.page
    page.click("#tab-about")
    page.wait_for_selector("[data-kind=points] .unplaced-group")
    points = payload.points
    undrawn = {i for i in range(len(points.names)) if not np.isfinite(points.lon[i])}
    listed = unplaced_of(page, "points")
    assert sorted(name for names in listed.values() for name in names) == sorted(points.names[i] for i in undrawn)
    assert points.cards is not None
    for i in undrawn:
        reason = points.cards[i].unplaced_reason or bundled.find("zones", points.cards[i].within or "")[1]["name"]
        assert any(reason in why and points.names[i] in names for why, names in listed.items()), points.names[i]
    zones = unplaced_of(page, "places")
    wanted = {(place.unplaced_reason, place.name) for place in payload.places if place.geometry is None}
    assert {(why, name) for why, names in zones.items() for name in names} == wanted
    assert opened.faults == []


def test_a_firm_whose_place_is_too_wide_is_found_and_says_why_it_has_no_mark(
    open_map: OpenMap, bundled: Project, payload: MapPayload
) -> None:
    points: Any = payload.points
    wide = next(i for i in range(len(points.names)) if points.by_place[i] and not np.isfinite(points.lon[i]))
    opened = open_map(payload)
    page = opened.page
    page.fill("#search", points.names[wide])
    hit = page.locator("#results li[id]:not(:has(.kind-tag))", has_text=points.names[wide]).first
    assert "未上图" in hit.inner_text()
    hit.click()
    page.wait_for_selector("#card .unplaced")
    place = bundled.find("zones", points.cards[wide].within)[1]["name"]
    said = page.locator("#card .unplaced").first.inner_text()
    assert place in said
    assert "不画" in said
    assert "代表点" not in said
    assert opened.faults == []


def test_a_member_of_unknown_place_says_so_in_the_tree(open_map: OpenMap, payload: MapPayload) -> None:
    lost = {place.id for place in payload.places if place.geometry is None}
    members = [m.place_id for system in payload.systems for m in system.members]
    page = open_map(payload).page
    assert page.locator(".tree-row.leaf .tag", has_text="位置不详").count() == sum(id_ in lost for id_ in members)
