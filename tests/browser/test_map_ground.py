"""The ground in a real browser: it is drawn, it names itself in the legend, and nothing asks or counts it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import shapely

from gis.views.map import payload as p
from gis.views.map.payload import MapPayload

from .conftest import OpenMap

pytestmark = pytest.mark.browser

GROUND = (
    p.GroundShape(class_="water", geometry=shapely.box(121.18, 31.19, 121.24, 31.29), accuracy_m=150, name="湖"),
    p.GroundShape(class_="main_road", geometry=shapely.LineString([(121.0, 31.26), (121.3, 31.26)]), accuracy_m=250),
    p.GroundShape(class_="railway", geometry=shapely.LineString([(121.0, 31.27), (121.3, 31.28)]), accuracy_m=150),
    p.GroundShape(class_="station", geometry=shapely.Point(121.2, 31.275), accuracy_m=60, name="北站"),
    p.GroundShape(
        class_="town", geometry=shapely.Point(121.16, 31.285), accuracy_m=800, name="古镇", name_en="Old Town"
    ),
)
PIXEL = """([x, y]) => {
  const canvas = document.querySelector('.leaflet-picture-pane canvas'), box = canvas.getBoundingClientRect();
  const k = canvas.width / box.width;
  return [...canvas.getContext('2d').getImageData((x - box.left) * k, (y - box.top) * k, 1, 1).data].slice(0, 3);
}"""


@pytest.fixture
def grounded(city: MapPayload) -> MapPayload:
    return replace(city, ground=GROUND)


def whole(page: Any) -> None:
    """Show the whole district: the page opens on what the first layout shows."""
    page.evaluate("window.map_atlas.fitBounds([[31.18, 121.08], [31.30, 121.24]], { animate: false })")
    page.wait_for_timeout(300)


def in_view(page: Any, lon: float, lat: float) -> tuple[float, float]:
    """Where a position stands on the screen, by the box that the page opens on."""
    x, y = page.evaluate(
        "([lon, lat]) => { const m = window.map_atlas, p = m.latLngToContainerPoint([lat, lon]), b = m.getContainer()"
        ".getBoundingClientRect(); return [p.x + b.left, p.y + b.top]; }",
        [lon, lat],
    )
    return x, y


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ground_is_drawn_in_both_schemes_without_a_request(
    open_map: OpenMap, grounded: MapPayload, scheme: str
) -> None:
    opened = open_map(grounded, scheme=scheme)
    page = opened.page
    whole(page)
    assert page.evaluate("atlas.drawn('underlay')") == 1
    assert page.evaluate("atlas.drawn('underlay-lines')") >= 2
    red, _, blue = page.evaluate(PIXEL, list(in_view(page, 121.23, 31.205)))
    assert blue > red + 8
    assert opened.faults == []
    assert [url for url in opened.requests if not url.startswith("file:")] == []


def test_the_ground_is_neither_pointed_at_nor_counted(
    open_map: OpenMap, city: MapPayload, grounded: MapPayload
) -> None:
    summaries = []
    for payload in (city, grounded):
        page = open_map(payload).page
        whole(page)
        x, y = in_view(page, 121.235, 31.2)
        page.mouse.click(x, y)
        page.wait_for_timeout(200)
        chosen = page.evaluate("atlas.state.selected && atlas.state.selected.type")
        page.click("#tab-table")
        summaries.append((chosen, page.inner_text("#panel-body"), page.evaluate("atlas.points.n")))
    assert summaries[0] == summaries[1]


def test_the_legend_and_the_map_name_the_ground(open_map: OpenMap, grounded: MapPayload) -> None:
    page = open_map(grounded).page
    whole(page)
    legend = page.inner_text("#key-body")
    assert all(word in legend for word in ("水面", "主要道路", "铁路"))
    assert "河流" not in legend
    assert "古镇" in page.inner_text(".leaflet-labels-pane")
    page.evaluate("atlas.change({ layers: new Set([...atlas.state.layers].filter((name) => name !== 'ground')) })")
    assert "主要道路" not in page.inner_text("#key-body")
    assert "古镇" not in page.inner_text(".leaflet-labels-pane")
    assert page.evaluate("atlas.drawn('underlay')") == 0


def test_a_class_is_hidden_where_its_error_would_show(open_map: OpenMap, grounded: MapPayload) -> None:
    page = open_map(grounded).page
    page.evaluate("window.map_atlas.setView([31.26, 121.2], 15.5, { animate: false })")
    page.wait_for_timeout(300)
    assert page.evaluate("atlas.drawn('underlay-lines')") == 1  # The station alone.
    assert "主要道路" not in page.inner_text("#key-body")


def test_a_page_without_ground_offers_none(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    assert "底图：" not in page.inner_text("#panel-body")
    assert page.evaluate("atlas.drawn('underlay')") == 0


def test_the_sheet_holds_the_ground_and_says_it(open_map: OpenMap, grounded: MapPayload) -> None:
    page = open_map(grounded, scheme="dark").page
    whole(page)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    sheet = page.locator("#print svg").first
    text = sheet.text_content() or ""
    assert all(word in text for word in ("水面", "主要道路", "铁路", "古镇"))
    # The sheet is light, whatever the page is.
    assert sheet.locator("path[fill='#cfe3f1']").count() == 1
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert "主要道路" in page.inner_text("#key-body")


def test_the_name_of_a_town_gives_way_to_those_of_zones(open_map: OpenMap, city: MapPayload) -> None:
    # Zone 1 spans 121.15 to 121.18 and 31.21 to 31.24: each town lies where its name may stand, or beside.
    towns = tuple(
        p.GroundShape(class_="town", geometry=shapely.Point(lon, lat), accuracy_m=800, name=f"镇{i}{j}")
        for i, lon in enumerate((121.145, 121.155, 121.165, 121.175, 121.185))
        for j, lat in enumerate((31.205, 31.215, 31.225, 31.235, 31.245))
    )
    before = open_map(city).page
    page = open_map(replace(city, ground=towns)).page
    mine = "atlas.labels().filter((l) => l.kind !== 'town').map((l) => [l.kind, l.text, l.x, l.y])"
    kept = [label for label in before.evaluate(mine) if label[0] != "firm"]
    assert [label for label in page.evaluate(mine) if label[0] != "firm"] == kept
    assert page.evaluate("atlas.labels().filter((l) => l.kind === 'town').length") > 2
    boxes = page.evaluate(
        "[...document.querySelectorAll('.label')].map((n) => n.getBoundingClientRect())"
        ".map((b) => [b.left + 3, b.top + 3, b.right - 3, b.bottom - 3])"
    )
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])
