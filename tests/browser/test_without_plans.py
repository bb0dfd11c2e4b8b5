"""Pages of projects without plans, in a real browser: whatever they hold is drawn, and every theme can be chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from gis.cli import tree
from tests.browser.conftest import Opened, square

pytestmark = pytest.mark.browser

THEMES = ("产业地图", "测试道路与示范区图", "全景图（按环节）", "覆盖范围")
NOTHING = "本图没有此专题可显示的内容。"


def _feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


DISTRICT = [_feature(square(121.10, 31.20, 0.2), 名称="本区")]
PARKS = [
    _feature(square(121.12, 31.22, 0.01), 园区名称="甲园"),
    _feature(square(121.14, 31.24, 0.012), 园区名称="乙园"),
]
FIRMS = [_feature(_point(121.125 + i / 1000, 31.225), 企业名称=f"第{i}企业") for i in range(3)]
ROADS = [_feature({"type": "LineString", "coordinates": [[121.12, 31.22], [121.16, 31.25]]}, 道路名称="甲路")]
FACILITIES = [
    _feature(_point(121.125, 31.225), 名称="一号站", 类型="加氢站"),
    _feature(_point(121.145, 31.245), 名称="二号站", 类型="充电站"),
    _feature(_point(121.146, 31.247), 名称="三号站", 类型="充电桩"),
    _feature(_point(121.130, 31.228), 名称="水塔", 类型="水塔"),
]
# What each project holds; then the themes that have nothing to show.
HOLDINGS: dict[str, tuple[dict[str, list[dict[str, Any]]], frozenset[str]]] = {
    "parks-only": ({"districts": DISTRICT, "zones": PARKS}, frozenset(THEMES[1:])),
    "firms-only": ({"districts": DISTRICT, "enterprises": FIRMS}, frozenset({THEMES[1], THEMES[3]})),
    "roads-only": ({"districts": DISTRICT, "roads": ROADS}, frozenset(THEMES[2:])),
    "facilities-only": ({"districts": DISTRICT, "facilities": FACILITIES}, frozenset(THEMES[1:])),
    "no-district": ({"zones": PARKS, "enterprises": FIRMS}, frozenset({THEMES[1], THEMES[3]})),
    "firms-without-district": ({"enterprises": FIRMS}, frozenset({THEMES[1], THEMES[3]})),
    "roads-without-district": ({"roads": ROADS}, frozenset(THEMES[2:])),
    "nothing-but-the-district": ({"districts": DISTRICT}, frozenset(THEMES)),
    "all": (
        {"districts": DISTRICT, "zones": PARKS, "enterprises": FIRMS, "roads": ROADS, "facilities": FACILITIES},
        frozenset(),
    ),
}
STRATA = {"zones": "zones", "roads": "roads", "facilities": "facilities"}


def _run(*args: str) -> None:
    with pytest.raises(SystemExit) as ended:
        tree(args)(list(args), prog_name="gis")
    assert not ended.value.code, args


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The maps of one project for each holding."""
    found = {}
    for name, (layers, _) in HOLDINGS.items():
        folder = tmp_path_factory.mktemp(name)
        base = str(folder / "base")
        _run("init", base, "--city", "home", "--name", "本区")
        for kind, features in layers.items():
            file = folder / f"{kind}.geojson"
            file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
            _run("import", str(file), "--kind", kind, "--project", base, "--datum", "wgs84")
        _run("build", "--project", base)
        found[name] = folder / "base" / "maps"
    return found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    yield made
    made.close()


def _opened(context: BrowserContext, file: Path) -> Opened:
    opened = Opened(context.new_page())
    opened.page.goto(file.as_uri())
    opened.page.wait_for_selector("html[data-ready]", timeout=20_000)
    return opened


@pytest.mark.parametrize("name", HOLDINGS)
def test_the_page_opens_on_what_it_holds_and_every_theme_can_be_chosen(
    name: str, built: dict[str, Path], context: BrowserContext
) -> None:
    layers, empty = HOLDINGS[name]
    opened = _opened(context, built[name] / "home" / "index.html")
    page = opened.page
    for kind, stratum in STRATA.items():
        drawn = page.evaluate("stratum => atlas.drawn(stratum)", stratum)
        assert drawn >= len(layers[kind]) if kind in layers else drawn == 0, kind
    assert page.locator("button.theme").all_inner_texts() == list(THEMES)
    for theme in THEMES:
        page.get_by_role("button", name=theme, exact=True).click()
        assert opened.faults == [], theme
        assert page.locator("#theme-nothing").all_inner_texts() == ([NOTHING] if theme in empty else []), theme
        if "zones" in layers:
            assert page.evaluate("atlas.drawn('zones')") == len(PARKS), theme


@pytest.mark.parametrize("name", ["parks-only", "no-district", "all"])
def test_the_view_is_on_the_parks(name: str, built: dict[str, Path], context: BrowserContext) -> None:
    page = _opened(context, built[name] / "home" / "index.html").page
    west, south, east, north = page.evaluate("atlas.data.bounds")
    assert (west, south, east, north) == pytest.approx((121.12, 31.22, 121.152, 31.252), abs=1e-6)
    seen = {
        page.evaluate("([x, y]) => atlas.shapeAt(x, y)?.id", [x, y])
        for x in range(0, 1400, 20)
        for y in range(0, 900, 20)
    }
    assert set(page.evaluate("atlas.data.places.map((p) => p.id)")) <= seen


def test_a_chosen_park_shows_the_firms_that_lie_in_it_by_link(built: dict[str, Path], context: BrowserContext) -> None:
    page = _opened(context, built["all"] / "home" / "index.html").page
    page.evaluate(
        "atlas.change({ selected: { type: 'places', id: atlas.data.places.find((p) => p.name === '甲园').id } })"
    )
    counts = page.locator(".segments .count").all_inner_texts()
    assert sum(map(int, counts)) == len(FIRMS)


@pytest.mark.parametrize("name", HOLDINGS)
def test_the_overview_shows_the_parks(name: str, built: dict[str, Path], context: BrowserContext) -> None:
    opened = Opened(context.new_page())
    opened.page.goto((built[name] / "index.html").as_uri())
    assert opened.faults == []
    parks = len(HOLDINGS[name][0].get("zones", []))
    assert opened.page.locator("svg.map path.z").count() == parks
    assert opened.page.locator(".members li").count() == parks
    assert "nan" not in (opened.page.locator("svg.map").first.get_attribute("outerHTML") or "")


def test_stations_keep_what_they_are(built: dict[str, Path]) -> None:
    written = json.loads(
        (built["facilities-only"].parent / "layers" / "home" / "facilities.geojson").read_text("utf-8")
    )
    types = {f["properties"]["name"]: f["properties"]["type"] for f in written["features"]}
    assert types == {"一号站": "hydrogen_station", "二号站": "charging", "三号站": "charging", "水塔": "水塔"}
