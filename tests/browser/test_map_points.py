"""Each thing that a planner can do, done at every width, in light and dark, in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page

from gis.views.map.payload import MapPayload, Overlap

from .conftest import ARTEFACTS, Opened, OpenMap, square

pytestmark = pytest.mark.browser

LAID_OUT = (".top", ".panel", ".north", ".scale", ".leaflet-control-zoom", ".key")
BOXES = """(selectors) => selectors.flatMap((s) => [...document.querySelectorAll(s)].map((node) => {
  const b = node.getBoundingClientRect();
  return [s, b.left, b.top, b.right, b.bottom];
}).filter(([, l, t, r, b]) => r > l && b > t))"""
# Any two of width, scheme and language meet in one of these.
VIEWS = [
    pytest.param(360, "light", "zh", id="360-light-zh"),
    pytest.param(360, "dark", "en", id="360-dark-en"),
    pytest.param(1280, "light", "en", id="1280-light-en"),
    pytest.param(1280, "dark", "zh", id="1280-dark-zh"),
    pytest.param(2560, "light", "zh", id="2560-light-zh"),
    pytest.param(2560, "dark", "en", id="2560-dark-en"),
]


def assert_nothing_overlaps(page: Page) -> None:
    for selectors in (LAID_OUT, (".label",)):
        boxes = page.evaluate(BOXES, list(selectors))
        for i, (a, left, top, right, bottom) in enumerate(boxes):
            for b, l2, t2, r2, b2 in boxes[i + 1 :]:
                assert right <= l2 + 1 or r2 <= left + 1 or bottom <= t2 + 1 or b2 <= top + 1, (a, b)


def see(page: Page) -> None:
    assert page.locator(".leaflet-labels-pane .label").count() > 0
    if page.evaluate("innerWidth") < 760:
        page.click("#tab-legend")
        assert page.locator("#panel-body .legend li").count() > 6
        page.click("#tab-layers")
        page.click("#sheet-handle")
        page.click("#sheet-handle")
    else:
        assert page.locator("#key-body li").count() > 6


def ask(page: Page) -> None:
    page.evaluate("window.atlas.open('places', 'zone-0')")
    page.locator("#card-body h2").wait_for()
    page.evaluate("window.atlas.showDrawn({ kind: 'circle', center: [121.11, 31.21], radius: 2500 })")
    page.locator("#card-body .segment").first.wait_for()
    page.keyboard.press("Escape")
    page.fill("#search", "atq")
    page.locator("#results li[role=option]").first.wait_for()
    page.keyboard.press("Escape")


def compare(page: Page) -> None:
    page.evaluate("window.atlas.change({ compare: { left: 'plan-a/blocks', right: 'plan-a/park', at: 0.5 } })")
    assert page.locator("#swipe-handle").is_visible()
    assert page.evaluate("atlas.drawn('shared')") == 1
    assert "3.00" in page.locator("#theme-note").inner_text()
    page.evaluate("window.atlas.change({ compare: null })")
    assert page.evaluate("atlas.drawn('shared')") == 0


def take_away(page: Page) -> None:
    with page.expect_download() as waiting:
        page.locator(".tools .menu button.tool").nth(1).click()
        page.locator(".menu-list:visible button").nth(1).click()
    assert saved(waiting.value).startswith(b"<svg")
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    assert "t=layers" in page.evaluate("location.hash")


def trust(page: Page) -> None:
    for tab in ("about", "indicators", "table"):
        page.evaluate("tab => window.atlas.change({ tab })", tab)
        assert page.locator("#panel-body").inner_text().strip()


def saved(download: Download) -> bytes:
    return Path(download.path()).read_bytes()


POINTS: tuple[Callable[[Page], None], ...] = (see, ask, compare, take_away, trust)


@pytest.mark.parametrize(("width", "scheme", "lang"), VIEWS)
def test_each_numbered_point_works(open_map: OpenMap, city: MapPayload, width: int, scheme: str, lang: str) -> None:
    park = replace(city.systems[0], id="park", members=city.systems[0].members[:1])
    shared = Overlap(
        a="system:plan-a:blocks", b="system:plan-a:park", area_km2=3.0, share_of_a=0.5, share_of_b=1.0, jaccard=0.5,
        geometry=square(121.09, 31.19, 0.02),
    )  # fmt: skip
    payload = replace(city, systems=(*city.systems, park), overlaps=(shared,))
    opened = open_map(payload, size=(width, 740 if width == 360 else 900), scheme=scheme, lang=lang)
    assert_nothing_overlaps(opened.page)
    for act in POINTS:
        act(opened.page)
    ARTEFACTS.mkdir(exist_ok=True)
    opened.page.screenshot(path=ARTEFACTS / f"points-{width}-{scheme}-{lang}.png")
    assert_calm(opened)


def assert_calm(opened: Opened) -> None:
    assert opened.faults == []
    assert [url for url in opened.requests if not url.startswith(("file:", "blob:", "data:"))] == []
    assert opened.page.evaluate("window.hacked") is None


def test_the_layout_of_the_newest_plan_is_shown_first(open_map: OpenMap, city: MapPayload) -> None:
    old, new = city.plans[0], replace(city.plans[0], id="plan-b", horizon="2030")
    blocks = replace(city.systems[0], plan="plan-b", members=city.systems[0].members[:1])
    bigger = replace(city.systems[0], id="bigger", plan="plan-b")
    payload = replace(city, plans=(replace(old, horizon="2025"), new), systems=(*city.systems, blocks, bigger))
    shown = open_map(payload).page.evaluate("[...window.atlas.state.shown]")
    assert shown == ["plan-b/bigger/zone-0", "plan-b/bigger/zone-1"]


def test_hostile_names_stay_names_on_paper_and_in_files(open_map: OpenMap, hostile_city: MapPayload) -> None:
    opened = open_map(hostile_city)
    page = opened.page
    page.evaluate("window.print = () => { window.printed = true; }")
    for item in range(6):
        page.locator(".tools .menu button.tool").nth(1).click()
        button = page.locator(".menu-list:visible button").nth(item)
        if item in (2, 3):
            button.click()
            page.wait_for_function("window.printed")
            page.emulate_media(media="print")
            assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
            page.emulate_media(media="screen")
        else:
            with page.expect_download() as waiting:
                button.click()
            assert len(saved(waiting.value)) > 100
    assert page.evaluate("window.hacked") is None
    assert [fault for fault in opened.faults if "pdf" not in fault] == []
