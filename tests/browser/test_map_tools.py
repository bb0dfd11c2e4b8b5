"""Drawing, measuring, comparing, saving and linking in the map page, held against Python's own figures."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from playwright.sync_api import Page
from pyproj import Geod

from gis.views.map.packing import pack_positions, unpack_positions
from gis.views.map.payload import MapPayload

from .conftest import HOSTILE, OpenMap

pytestmark = pytest.mark.browser

GEOD = Geod(ellps="WGS84")


def positions(payload: MapPayload) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return unpack_positions(pack_positions(payload.points.lon, payload.points.lat))


def test_distances_and_areas_are_geodesic(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    rng = random.Random(1)
    for reach in (0.001, 0.05, 1.0):
        ring = [
            [121.2 + reach * x, 31.3 + reach * y] for x, y in ((0, 0), (1, 0.2), (0.9, 1.1), (rng.random() * 0.3, 0.8))
        ]
        lon, lat = zip(*ring, strict=True)
        area, _ = GEOD.polygon_area_perimeter(lon, lat)
        assert page.evaluate("r => window.atlas.areaKm2(r)", ring) == pytest.approx(abs(area) / 1e6, rel=2e-6)
        assert page.evaluate("r => window.atlas.lengthM(r)", ring) == pytest.approx(
            GEOD.line_length(lon, lat), abs=1e-4
        )


def test_a_drawn_circle_holds_the_points_and_roads_that_python_finds(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    lon, lat = positions(city)
    road = shapely.LineString([[121.09, 31.20], [121.15, 31.23]])
    rng = random.Random(2)
    for _ in range(25):
        x, y, r = 121.1 + rng.random() * 0.1, 31.19 + rng.random() * 0.06, 200 + rng.random() * 6000
        found = page.evaluate("d => window.atlas.summary(d)", {"kind": "circle", "center": [x, y], "radius": r})
        away = GEOD.inv(np.full(len(lon), x), np.full(len(lon), y), lon, lat)[2]
        assert found["members"] == np.flatnonzero(away <= r).tolist()
        rim = GEOD.fwd(np.full(256, x), np.full(256, y), np.arange(256) * 360 / 256, np.full(256, r))
        part = road.intersection(shapely.Polygon(np.column_stack(rim[:2])))
        expected = 0.0 if part.is_empty else GEOD.geometry_length(part)
        assert found["roadM"] == pytest.approx(expected, abs=0.02)


def test_a_drawn_polygon_holds_the_points_that_python_finds(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    points = shapely.points(*positions(city))
    rng = random.Random(3)
    for _ in range(25):
        ring = [[121.09 + rng.random() * 0.1, 31.19 + rng.random() * 0.06] for _ in range(5)]
        hull = shapely.Polygon(ring).convex_hull
        if not isinstance(hull, shapely.Polygon):
            continue
        found = page.evaluate(
            "d => window.atlas.summary(d)", {"kind": "polygon", "ring": list(hull.exterior.coords)[:-1]}
        )
        assert found["members"] == np.flatnonzero(shapely.intersects(hull, points)).tolist()
        assert sum(found["bySegment"]) == len(found["members"])


def test_a_circle_is_drawn_with_mouse_or_keyboard_alone(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    page.get_by_role("button", name="绘制").click()
    page.get_by_role("menuitem", name="圆形选区").click()
    page.mouse.click(700, 420)
    page.mouse.move(900, 420)
    page.mouse.click(900, 420)
    page.locator("#selection-count").wait_for()
    assert page.locator("#card-body h2").inner_text() == "圆形选区"
    page.get_by_role("button", name="清除").first.click()
    page.get_by_role("button", name="绘制").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    for key in ("Enter", "ArrowRight", "Enter", "ArrowDown", "Enter", "Enter"):
        page.keyboard.press(key)
        page.wait_for_timeout(350)
    page.locator("#selection-count").wait_for()
    assert page.locator("#card-body h2").inner_text() == "多边形选区"


def saved(page: Page, item: int) -> Path:
    page.get_by_role("button", name="导出").click()
    with page.expect_download() as download:
        page.locator(".menu-list:not([hidden]) button").nth(item).click()
    return Path(download.value.path())


def test_what_is_saved_reads_as_written_even_with_hostile_names(open_map: OpenMap, hostile_city: MapPayload) -> None:
    opened = open_map(hostile_city)
    page = opened.page
    png, svg, table, collection = saved(page, 0), saved(page, 1), saved(page, 4), saved(page, 5)
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    text = svg.read_text("utf-8")
    assert "<script" not in text
    assert "<img" not in text
    names = {f["properties"]["name"] for f in json.loads(collection.read_text("utf-8"))["features"]}
    assert names == set(HOSTILE)
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    assert len(rows) == len(hostile_city.points.names)
    assert not any(row["name"].startswith(("=", "+", "-", "@")) for row in rows)
    assert page.evaluate("window.hacked") is None
    assert opened.faults == []
    assert all(url.startswith(("file:", "blob:")) for url in opened.requests)


def test_paper_holds_title_legend_scale_and_room_for_the_approval_number(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city, scheme="dark").page
    page.evaluate("window.print = () => window.dispatchEvent(new Event('beforeprint'))")
    page.get_by_role("button", name="导出").click()
    page.get_by_role("menuitem", name="打印 A3").click()
    page.emulate_media(media="print")
    text = page.locator("#print svg").first.text_content() or ""
    for part in ("甲企业", "图例", "km", "资料来源", "审图号：＿", "整车"):
        assert part in text
    assert page.locator("#print").is_visible()
    assert page.locator(".panel").is_hidden()
    assert page.pdf(prefer_css_page_size=True)[:5] == b"%PDF-"


def test_a_link_reopens_the_view(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    page.evaluate("() => { window.map_atlas.setView([31.2, 121.12], 13, { animate: false }); }")
    page.evaluate("() => window.atlas.change({ segmentsOff: new Set([1]), radius: 900, tab: 'table' })")
    page.evaluate("() => window.atlas.open('places', 'zone-1')")
    # The address is written when the reader turns to it, and by itself after a short rest.
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    address = page.evaluate("location.hash").removeprefix("#")
    state = """() => {
      const s = window.atlas.state;
      return [[...s.segmentsOff], s.radius, s.tab, s.selected.id, [...s.shown]];
    }"""
    before = page.evaluate(state)
    again = open_map(city, hash_="#" + address).page
    again.wait_for_timeout(300)
    assert again.evaluate(state) == before
    broken = open_map(city, hash_="#v=a/b&s=<script>&l=%00&d=x&c=1,2,3&x=places:none&r=1e9")
    assert broken.faults == []


def test_the_radius_slider_shows_the_shares_that_python_gave(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    page.click("#tab-table")
    for radius in (50, 500, 1500, 2000):
        page.evaluate("r => window.atlas.change({ radius: r })", radius)
        shown = page.locator("tr.row-zone td").nth(5).inner_text()
        share = city.reach[0].area_share[radius // 50 - 1]
        assert share is not None
        assert shown == f"{share * 100:.1f}%"


def test_two_systems_can_be_compared_by_keyboard(open_map: OpenMap, city: MapPayload) -> None:
    page = open_map(city).page
    page.evaluate("() => window.atlas.change({ compare: { left: 'plan-a/blocks', right: 'plan-a/past', at: 0.5 } })")
    page.focus("#swipe-handle")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.atlas.state.compare.at") == pytest.approx(0.55)
    asked = """() => {
      const { x, y } = window.map_atlas.getSize(), found = { left: new Set(), right: new Set() };
      for (let i = 0.5; i < 40; i++) for (let j = 0.5; j < 40; j++) {
        const shape = window.atlas.shapeAt((x * i) / 40, (y * j) / 40);
        if (shape?.kind === "places") found[i / 40 < 0.55 ? "left" : "right"].add(shape.id);
      }
      return [[...found.left].sort(), [...found.right].sort()];
    }"""
    members = """() => ['plan-a/blocks', 'plan-a/past'].map((key) =>
      window.atlas.data.systems.find((s) => s.key === key).members.map((m) => m.place_id))"""
    (left, right), (blocks, past) = page.evaluate(asked), page.evaluate(members)
    assert left
    assert set(left) <= set(blocks)
    assert set(right) <= set(past)
    page.locator("#theme-note button").click()
    assert page.locator("#swipe").is_hidden()


def test_an_earlier_date_shows_the_layout_of_that_day(open_map: OpenMap, city: MapPayload) -> None:
    from dataclasses import replace

    dated = replace(city, dates=(("2020-12-31", "2020"), ("2026-01-31", "2026")))
    page = open_map(dated).page
    page.get_by_role("button", name="2020 年").click()
    assert page.evaluate("[...window.atlas.state.shown]") == ["plan-a/past/zone-2"]
    page.get_by_role("button", name="现行").click()
    assert "plan-a/blocks/zone-0" in page.evaluate("[...window.atlas.state.shown]")


def test_an_online_ground_allows_its_own_host_alone_and_shifts_gcj02_tiles(open_map: OpenMap, city: MapPayload) -> None:
    from gis.earth.datum import convert
    from gis.views.map.basemap import basemap

    opened = open_map(city, basemap=basemap("amap"))
    page = opened.page
    policy = page.locator("meta[http-equiv]").get_attribute("content") or ""
    allowed = policy.split("img-src ")[1].split(";")[0].split()
    assert allowed == ["data:", "blob:", *(f"https://webrd0{i}.is.autonavi.com" for i in range(1, 5))]
    asked = {url.split("/")[2] for url in opened.requests if url.startswith("http")}
    assert asked
    assert all(host.endswith(".is.autonavi.com") for host in asked)
    for lon, lat in ((121.1575, 31.2904), (118.1, 24.5), (120.2, 30.3)):
        assert page.evaluate("([x, y]) => window.atlas.toGcj02(x, y)", [lon, lat]) == pytest.approx(
            convert(lon, lat, "wgs84", "gcj02"), abs=1e-9
        )
    # A tile lies where the GCJ-02 position of its corner, taken back to WGS 84, falls in the view.
    corner = page.evaluate(
        """() => {
        const map = window.map_atlas, image = document.querySelector('.leaflet-tiles-pane img');
        const q = new URL(image.src).searchParams, frame = map.getContainer().getBoundingClientRect();
        const box = image.getBoundingClientRect(), size = 256;
        const z = Number(q.get('z'));
        const gcj = map.unproject([Number(q.get('x')) * size, Number(q.get('y')) * size], z);
        const shown = map.containerPointToLatLng([box.left - frame.left, box.top - frame.top]);
        return [gcj.lng, gcj.lat, shown.lng, shown.lat];
        }"""
    )
    lon, lat = convert(corner[0], corner[1], "gcj02", "wgs84")
    assert GEOD.inv(lon, lat, corner[2], corner[3])[2] < 60
