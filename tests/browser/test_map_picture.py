"""The picture itself, of the three cities: names read as their own, sketches without a line, sheets that print."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from gis.measures.results import city_results
from gis.model.project import load_project
from gis.views.map.city import build_city_payload
from gis.views.map.page import render_page
from gis.views.map.payload import MapPayload
from tests import ROOT

from .conftest import OpenMap

pytestmark = pytest.mark.browser

CITIES = ("jiading", "hangzhou", "huli")
SIZES = ((1093, 614), (1280, 720), (1440, 900), (1920, 1080), (360, 740))
THEMES = "[...document.querySelectorAll('.chip.theme[aria-pressed]')].map((b) => b.textContent)"

# Each name with its box and the end of its leader, in longitude and latitude, and the shapes that are drawn.
NAMES = """() => {
  const map = window.map_atlas;
  const at = (x, y) => { const p = map.layerPointToLatLng([x, y]); return [p.lng, p.lat]; };
  const frame = map.getContainer().getBoundingClientRect(), shift = L.DomUtil.getPosition(map.getPane('mapPane'));
  return [...document.querySelectorAll('.label')].map((node) => {
    const b = node.getBoundingClientRect(), x = b.left - frame.left - shift.x, y = b.top - frame.top - shift.y;
    const near = (l) => Math.abs(l.x - x - b.width / 2) < 2 && Math.abs(l.y - y - b.height / 2) < 2;
    const label = window.atlas.labels().find(near);
    const middle = y + b.height / 2, end = label && label.leader && label.leader[1];
    const line = [x + 4, x + b.width / 2, x + b.width - 4].map((across) => at(across, middle));
    return { id: node.dataset.id, how: node.dataset.how, text: node.textContent, line, end: end && at(end.x, end.y) };
  });
}"""


@pytest.fixture(scope="module")
def payloads() -> dict[str, MapPayload]:
    project = load_project(ROOT)
    found = {}
    for city in CITIES:
        results = city_results(project, city)
        curves: dict[str, Any] = {}
        for curve in results.reach:
            curves.setdefault(curve.source, []).append(curve)
        found[city] = build_city_payload(project, city, results.coverage, curves, results.overlaps, results.indicators)
    return found


@pytest.fixture(scope="module", params=CITIES)
def page(
    request: pytest.FixtureRequest,
    payloads: dict[str, MapPayload],
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Page, MapPayload]]:
    payload = payloads[request.param]
    file = tmp_path_factory.mktemp("picture") / f"{request.param}.html"
    file.write_bytes(render_page(payload))
    context = browser.new_context(offline=True, accept_downloads=True, color_scheme="light")
    opened = context.new_page()
    opened.goto(file.as_uri())
    opened.wait_for_selector("html[data-ready]", timeout=20_000)
    yield opened, payload
    context.close()


def shapes_of(payload: MapPayload) -> dict[str, Any]:
    things: list[Any] = [*payload.places, *payload.districts]
    return {t.id: shapely.from_geojson(json.dumps(t.geometry)) for t in things if t.geometry}


def misread(page: Page, shapes: dict[str, Any]) -> list[str]:
    """Names that a reader would take for another place's, with why."""
    found = []
    labels = [label for label in page.evaluate(NAMES) if label["id"] in shapes]
    named = {label["id"] for label in labels}
    # About five pixels: the room for names is looked for on a grid.
    slack = 5 * page.evaluate("360 / (256 * 2 ** window.map_atlas.getZoom())")
    for label in labels:
        own = shapes[label["id"]].buffer(slack)
        line = shapely.LineString(label["line"])
        if label["how"] == "inside" and not own.covers(line):
            found.append(f"{label['text']} stands outside without a leader")
        if label["how"] == "leader" and not own.covers(shapely.Point(label["end"])):
            found.append(f"the leader of {label['text']} ends elsewhere")
        if label["how"] == "number":
            continue
        for other in named - {label["id"]}:
            inside_it = shapes[label["id"]].intersection(shapes[other]).area >= 0.7 * shapes[label["id"]].area
            if not inside_it and shapes[other].buffer(-slack).intersects(line) and not own.buffer(-slack).covers(line):
                found.append(f"{label['text']} stands in {other}")
    return found


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_every_name_is_read_as_its_own(page: tuple[Page, MapPayload], size: tuple[int, int]) -> None:
    opened, payload = page
    shapes = shapes_of(payload)
    opened.set_viewport_size({"width": size[0], "height": size[1]})
    for theme in range(len(opened.evaluate(THEMES))):
        opened.evaluate("i => document.querySelectorAll('.chip.theme[aria-pressed]')[i].click()", theme)
        opened.wait_for_timeout(250)
        assert misread(opened, shapes) == [], theme
    opened.evaluate("document.querySelector('.chip.theme[aria-pressed]').click()")


def test_numbers_on_the_map_are_explained_in_the_panel(page: tuple[Page, MapPayload]) -> None:
    opened, _ = page
    opened.set_viewport_size({"width": 360, "height": 740})
    opened.wait_for_timeout(250)
    numbers = opened.locator(".label-number").all_text_contents()
    opened.click("#tab-legend")
    assert opened.locator(".numbers b").all_text_contents() == sorted(numbers, key=int)
    assert opened.locator("#panel-body .legend li").count() > 5
    opened.click("#tab-layers")
    opened.set_viewport_size({"width": 1280, "height": 720})


def printed(page: Page) -> tuple[int, list[str], NDArray[Any]]:
    import pymupdf

    opened: Any = pymupdf
    with opened.open(stream=page.pdf(prefer_css_page_size=True, print_background=True)) as document:
        first = document[0].get_pixmap(dpi=50)
        pixels = np.frombuffer(first.samples, np.uint8).reshape(first.height, first.width, first.n)
        return len(document), [leaf.get_text() for leaf in document], pixels.copy()


def test_the_browsers_own_command_prints_the_sheet(page: tuple[Page, MapPayload]) -> None:
    opened, payload = page
    opened.set_viewport_size({"width": 1280, "height": 720})
    count, texts, pixels = printed(opened)
    assert count == 2
    for part in (payload.title, "图例", "北", "km", "资料来源", "示意", "审图号"):
        assert part in texts[0], part
    assert payload.systems[0].plan
    assert (pixels[:, :, :3].min(axis=2) < 235).mean() > 0.1
    assert opened.locator("#print svg").count() == 0
    assert opened.locator(".label").count() > 3


def test_a_sheet_from_a_phone_equals_one_from_a_wide_screen(payloads: dict[str, MapPayload], open_map: OpenMap) -> None:
    texts = []
    for size in ((360, 740), (1440, 900)):
        opened = open_map(payloads["huli"], size=size)
        opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        texts.append(opened.page.locator("#print svg").first.text_content())
        assert opened.faults == []
    assert texts[0] == texts[1]


def saved_svg(page: Page) -> bytes:
    page.get_by_role("button", name="导出").click()
    with page.expect_download() as download:
        page.locator(".menu-list:not([hidden]) button").nth(1).click()
    return Path(download.value.path()).read_bytes()


def test_other_programs_show_the_svg_as_the_browser_does(page: tuple[Page, MapPayload]) -> None:
    import cairosvg
    from PIL import Image

    opened, _ = page
    opened.set_viewport_size({"width": 1280, "height": 720})
    svg = saved_svg(opened)
    for word in (b"paint-order", b"var(", b"<pattern", b"<filter", b"<style", b" class="):
        assert word not in svg, word
    view = opened.context.new_page()
    view.set_viewport_size({"width": 1270, "height": 898})
    view.goto("data:text/html,<body style='margin:0'>")
    view.set_content("<body style='margin:0'>" + svg.decode())
    shown = Image.open(io.BytesIO(view.screenshot()))
    view.close()
    other = Image.open(io.BytesIO(cairosvg.svg2png(svg, output_width=1270, output_height=898)))
    coarse = [np.asarray(i.convert("RGB").resize((127, 90)), np.float64) for i in (shown, other)]
    apart = np.abs(coarse[0] - coarse[1]).max(axis=2)
    assert apart.mean() < 4
    assert (apart > 48).mean() < 0.01


def test_a_sketch_has_no_line_and_a_shared_edge_is_drawn_once(page: tuple[Page, MapPayload]) -> None:
    opened, _ = page
    lined = """() => {
      const layers = Object.values(window.map_atlas._layers), found = [];
      for (const layer of layers) {
        const o = layer.options;
        if (o.about && o.about.kind === 'places' && o.stroke !== false && !layer.shapes) found.push(o.about.id);
      }
      return found;
    }"""
    assert opened.evaluate(lined) == []
    edges = """() => {
      const seen = new Map();
      for (const layer of Object.values(window.map_atlas._layers)) {
        if (!/-lines$/.test(layer.options.stratum || '')) continue;
        for (const line of layer.getLatLngs()) {
          for (let i = 1; i < line.length; i++) {
            const key = [line[i - 1], line[i]].map((p) => p.lng.toFixed(5) + ',' + p.lat.toFixed(5)).sort().join(' ');
            seen.set(key, (seen.get(key) || 0) + 1);
          }
        }
      }
      return [seen.size, [...seen.values()].filter((n) => n > 1).length];
    }"""
    drawn, twice = opened.evaluate(edges)
    assert drawn > 100
    assert twice == 0


def test_a_corridor_without_a_course_is_an_arrow(payloads: dict[str, MapPayload], open_map: OpenMap) -> None:
    opened = open_map(payloads["jiading"])
    kinds = opened.page.evaluate(
        """() => Object.values(window.map_atlas._layers).filter((l) => l.options.about?.kind === 'roads')
      .map((l) => [window.atlas.data.roads.find((r) => r.id === l.options.about.id).name, 'angle' in l.options])"""
    )
    assert ["嘉定—虹桥自动驾驶道路", True] in kinds
    assert ["嘉定—虹桥自动驾驶道路", False] not in kinds


def test_a_click_gives_all_that_is_there_to_leaf_through(payloads: dict[str, MapPayload], open_map: OpenMap) -> None:
    opened = open_map(payloads["huli"])
    page = opened.page
    at = page.evaluate(
        """() => {
      const frame = window.map_atlas.getContainer().getBoundingClientRect();
      for (let y = 20; y < frame.height; y += 8) for (let x = 20; x < frame.width; x += 8) {
        const shape = window.atlas.shapesAt(x, y).filter((s) => s.kind === 'places');
        if (shape.length > 1) return [frame.left + x, frame.top + y, shape.length];
      }
    }"""
    )
    page.mouse.click(at[0], at[1])
    page.locator(".leaves").wait_for()
    assert "个分区" in page.locator(".leaves").inner_text()
    first = page.locator("#card-body h2").inner_text()
    page.get_by_role("button", name="下一项").click()
    page.wait_for_function("f => document.querySelector('#card-body h2').textContent !== f", arg=first)
    page.keyboard.press("Escape")
    # Land that is only a district opens nothing.
    empty = page.evaluate(
        """() => {
      const frame = window.map_atlas.getContainer().getBoundingClientRect();
      for (let y = 60; y < frame.height - 60; y += 8) for (let x = 90; x < frame.width - 90; x += 8) {
        const shapes = window.atlas.shapesAt(x, y), p = window.map_atlas.containerPointToLayerPoint([x, y]);
        if (shapes.length && shapes.every((s) => s.kind === 'districts') && !window.atlas.firms.hit(p).length)
          return [frame.left + x, frame.top + y];
      }
    }"""
    )
    page.mouse.click(*empty)
    page.wait_for_timeout(200)
    assert page.locator("#card").is_hidden()
    assert opened.faults == []


def test_the_chosen_thing_stands_beside_its_card(payloads: dict[str, MapPayload], open_map: OpenMap) -> None:
    page = open_map(payloads["hangzhou"]).page
    size = page.evaluate("window.map_atlas.getSize()")
    page.evaluate("window.atlas.change({ selected: { type: 'places', id: 'qianjin-intelligent-manufacturing-park' } })")
    page.wait_for_timeout(300)
    card = page.locator("#card").bounding_box()
    assert card
    assert page.evaluate("window.map_atlas.getSize()") == size
    right = page.evaluate(
        """() => {
      const { geometry } = window.atlas.data.places.find((p) => p.id === 'qianjin-intelligent-manufacturing-park');
      const east = window.map_atlas.latLngToContainerPoint(L.geoJSON(geometry).getBounds().getNorthEast());
      return east.x + window.map_atlas.getContainer().getBoundingClientRect().left;
    }"""
    )
    assert right < card["x"]


def test_a_double_click_that_ends_a_drawing_does_not_zoom(payloads: dict[str, MapPayload], open_map: OpenMap) -> None:
    page = open_map(payloads["huli"]).page
    before = page.evaluate("window.map_atlas.getZoom()")
    page.get_by_role("button", name="绘制").click()
    page.get_by_role("menuitem", name="多边形选区").click()
    for x, y in ((600, 300), (700, 300)):
        page.mouse.click(x, y)
        page.wait_for_timeout(350)
    page.mouse.dblclick(650, 400)
    page.locator("#selection-count").wait_for()
    page.wait_for_timeout(400)
    assert page.evaluate("window.map_atlas.getZoom()") == before


def test_the_legend_is_of_this_picture_and_filters(payloads: dict[str, MapPayload], open_map: OpenMap) -> None:
    page = open_map(payloads["hangzhou"]).page
    key = page.locator("#key-body")
    assert "依托 3/4" in key.inner_text().replace("\n", " ")
    vehicles = page.locator(".legend-toggle").first
    assert "整车" in vehicles.inner_text()
    vehicles.click()
    assert page.evaluate("window.atlas.state.segmentsOff.size") == 1
    assert "0/11" in page.locator(".legend-toggle").first.inner_text()
    page.evaluate("window.atlas.change({ layers: new Set(['labels']) })")
    assert page.locator(".legend-toggle").count() == 0
    assert "测试道路" not in key.inner_text()
