"""The map page in a real browser: what it shows, that it fetches nothing, that no name becomes code."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from gis.views.map.page import render_page
from gis.views.map.payload import MapPayload

from .conftest import ARTEFACTS, HOSTILE, OpenMap

pytestmark = pytest.mark.browser

BOXES = """(selectors) => selectors.flatMap((s) => [...document.querySelectorAll(s)].map((node) => {
  const b = node.getBoundingClientRect();
  return [s, b.left, b.top, b.right, b.bottom];
}))"""


def test_a_page_asks_for_nothing_and_reports_no_fault(open_map: OpenMap, city: MapPayload) -> None:
    opened = open_map(city)
    page = opened.page
    page.locator(".coverage").count()
    page.mouse.move(700, 400)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(400)
    page.click("#tab-table")
    assert [url for url in opened.requests if not url.startswith("file:")] == []
    assert len(opened.requests) == 1
    assert opened.faults == []


def test_nothing_but_the_pages_own_scripts_may_run(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    page.evaluate(
        """() => {
        const script = document.createElement('script');
        script.textContent = 'window.hacked = 1';
        document.body.append(script);
        const box = document.createElement('div');
        box.innerHTML = '<img src=x onerror="window.hacked=1">';
        document.body.append(box);
        }"""
    )
    page.wait_for_timeout(100)
    assert page.evaluate("window.hacked") is None
    assert "unsafe-inline" not in page.content().split("</title>")[0]


def test_the_first_system_is_shown_and_the_tree_has_three_states(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    boxes = page.locator("#panel-body .tree").first.locator("input")
    states = boxes.evaluate_all("all => all.map((b) => (b.indeterminate ? 'mixed' : b.checked))")
    assert states == ["mixed", True, True, True, False, False]
    page.get_by_label("甲企业", exact=True).first.check()
    assert "乙企业" in page.locator(".leaflet-labels-pane").inner_text()


def test_a_zone_tells_roles_figures_basis_and_clause(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    page.locator("#panel-body .leaf .link").first.click()
    card = page.locator("#card-body")
    card.locator("h2").wait_for()
    text = card.inner_text()
    for part in (
        "甲企业",
        "核",
        "1.00 km²",
        "2.4（95%：1–4）",
        "据已知道路和地物描绘",
        "100 m（95% 把握）",
        "第 10 行（000_plan.txt）",
        "二（一） 总体布局",
    ):
        assert part in text
    page.keyboard.press("Escape")
    assert page.locator("#card").is_hidden()


def test_a_click_on_the_map_opens_the_firm_under_it(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    at = page.evaluate(
        """() => {
        const p = window.map_atlas.latLngToContainerPoint([31.20, 121.10]);
        const frame = window.map_atlas.getContainer().getBoundingClientRect();
        return [p.x + frame.left, p.y + frame.top];
        }"""
    )
    page.mouse.click(*at)
    page.locator("#card-body h2").wait_for()
    assert page.locator("#card-body h2").inner_text() == "甲企业"
    assert "第 20 行" in page.locator("#card-body").inner_text()


def test_search_finds_by_name_alias_link_and_initials(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    for query, expected in (
        ("乙企业", "乙企业"),
        ("qy2", "丙企业"),
        ("零部件", "乙企业"),
        ("atq", "甲企业"),
        ("zone 0", "甲企业"),
    ):
        page.fill("#search", query)
        page.wait_for_timeout(150)
        assert expected in page.locator("#results").inner_text(), query
    page.fill("#search", "丁企业")
    page.wait_for_timeout(150)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("#card-body h2").wait_for()
    assert page.locator("#card-body h2").inner_text() == "丁企业"


def test_a_filter_changes_counts_and_table_at_once(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    page.click("#tab-table")
    inside = "tr:has-text('甲企业') td:nth-of-type(3)"
    assert page.locator(inside).last.inner_text() == "2"
    page.click("#tab-layers")
    page.locator(".segment input").first.uncheck()
    page.click("#tab-table")
    assert page.locator(inside).last.inner_text() == "1"
    assert page.locator("#panel-body .hint").is_visible()


def test_the_page_speaks_two_languages(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city, lang="en").page
    assert page.locator("h1").inner_text() == "A test city"
    assert page.locator("#tab-table").inner_text() == "Figures"
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("button", name="切换为中文").click()
    assert page.locator("#tab-table").inner_text() == "统计"


def test_hostile_names_stay_names(open_map: OpenMap, hostile_city: MapPayload) -> None:
    opened = open_map(hostile_city)
    page = opened.page
    assert page.locator("h1").inner_text() == HOSTILE[0]
    for tab in ("table", "indicators", "about", "layers"):
        page.click(f"#tab-{tab}")
    for i, name in enumerate(HOSTILE):
        page.fill("#search", name[:60])
        page.wait_for_timeout(120)
        page.evaluate("i => window.atlas.firm(i, true)", i)
    shown = page.evaluate("() => window.atlas.names()")
    assert sorted(shown[: len(HOSTILE)]) == sorted(HOSTILE)
    for kind, id_ in (
        ("places", "zone-0"),
        ("places", "zone-2"),
        ("roads", "road-0"),
        ("facilities", "h2"),
        ("districts", "home"),
    ):
        page.evaluate("([kind, id]) => window.atlas.open(kind, id)", [kind, id_])
        page.locator("#card-body h2").wait_for()
    assert page.evaluate("window.hacked") is None
    assert opened.faults == []
    assert len(opened.requests) == 1


@pytest.mark.parametrize(
    ("width", "height", "scheme", "lang"),
    [(360, 740, "light", "zh"), (1280, 800, "dark", "zh"), (2560, 1300, "light", "en"), (360, 740, "dark", "en")],
)
def test_axe_finds_no_serious_fault(
    open_map: OpenMap, city: MapPayload, width: int, height: int, scheme: str, lang: str
) -> None:
    page = open_map(city, size=(width, height), scheme=scheme, lang=lang).page
    if width > 760:
        page.locator("#panel-body .leaf .link").first.click()
        page.locator("#card-body h2").wait_for()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [
        f"{v['id']}: {[n['html'][:120] for n in v['nodes']][:3]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"page-{width}-{scheme}-{lang}.png")
    assert serious == []


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_nothing_lies_over_anything_else(open_map: OpenMap, city: MapPayload, width: int) -> None:
    page = open_map(city, size=(width, 800)).page
    boxes = page.evaluate(BOXES, [".top", ".panel", ".north", ".scale", ".leaflet-control-zoom"])
    for i, (a, left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= width, a
        for b, l2, t2, r2, b2 in boxes[i + 1 :]:
            assert right <= l2 + 1 or r2 <= left + 1 or bottom <= t2 + 1 or b2 <= top + 1, (a, b)
    labels = page.evaluate(BOXES, [".label"])
    for i, (_, left, top, right, bottom) in enumerate(labels):
        for _, l2, t2, r2, b2 in labels[i + 1 :]:
            assert right <= l2 + 1 or r2 <= left + 1 or bottom <= t2 + 1 or b2 <= top + 1


def test_the_same_payload_gives_the_same_bytes(city: MapPayload) -> None:
    assert render_page(city) == render_page(city)
