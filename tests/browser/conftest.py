"""Open generated pages in a real browser, with no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gis.views.map import payload as p
from gis.views.map.basemap import Basemap
from gis.views.map.page import render_page

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
ARTEFACTS = Path(__file__).parents[2] / "test-artefacts"

HOSTILE = (
    "{{7*7}}",
    "{% raw %}",
    "</script><img src=x onerror=window.hacked=1>",
    "\"'`${window.hacked=1}`",
    "a\u2028b\u2029c",
    "javascript:window.hacked=1",
    "\u202eevil\u202c rtl",
    "<svg onload=window.hacked=1>",
    "@@SCRIPT@@ {# no #}",
    '=HYPERLINK("http://x")',
    "长" * 10_000,
    "&lt;b&gt;&amp;",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        reason = "no chromium on this machine; get one with: apt-get install chromium"
        if os.environ.get("GIS_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield opened
        opened.close()


class Opened:
    """A page together with what went wrong in it and what it asked the network for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


OpenMap = Callable[..., Opened]


@pytest.fixture
def open_map(browser: Browser, tmp_path: Path) -> Iterator[OpenMap]:
    contexts = []

    def open_(
        payload: p.MapPayload,
        *,
        lang: str = "zh",
        size: tuple[int, int] = (1280, 800),
        scheme: Any = "light",
        hash_: str = "",
        basemap: Basemap | None = None,
    ) -> Opened:
        file = tmp_path / "map.html"
        file.write_bytes(render_page(payload, lang, basemap))
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, offline=True, accept_downloads=True
        )
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.goto(file.as_uri() + hash_)
        opened.page.wait_for_selector("html[data-ready]", timeout=20_000)
        opened.page.wait_for_timeout(50)
        return opened

    yield open_
    for context in contexts:
        context.close()


def square(west: float, south: float, side: float) -> dict[str, Any]:
    ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _citation(line: int) -> p.Citation:
    return p.Citation(plan="plan-a", file="000_plan.txt", section="二（一） 总体布局", line=line)


def _figures(**values: Any) -> p.Figures:
    return p.Figures(**{"area_km2": 1.0, "documented": 1, "located": 1, "possible": 0, "reach_m": 500.0, **values})


def make_payload(names: tuple[str, ...] = ("甲企业", "乙企业", "丙企业", "丁企业")) -> p.MapPayload:
    """A small city: two systems, three zones, a few firms, a test road, a hydrogen station; `names` name everything."""

    def name(i: int) -> str:
        return names[i % len(names)]

    n = max(8, len(names))
    lon = 121.10 + 0.02 * (np.arange(n) % 4) + 0.001 * np.arange(n)
    lat = np.asarray(31.20 + 0.02 * (np.arange(n) // 4), np.float64)
    by_place = np.arange(n) % 4 == 3
    lon[by_place], lat[by_place] = 121.115, 31.215
    segments = ("vehicle", "parts", "software")
    members = tuple(
        p.Member(
            place_id=f"zone-{i}",
            role=role,
            name_as_written=name(i),
            functions=(name(i + 1),),
            citations=(_citation(10 + i),),
        )
        for i, role in enumerate(("核", "板块", "板块"))
    )
    return p.MapPayload(
        title=name(0),
        title_en="A test city",
        subtitle=name(1),
        as_of="2026-01-31",
        bounds=(121.08, 31.18, 121.22, 31.30),
        points=p.Points(
            lon=lon,
            lat=lat,
            names=[name(i) for i in range(n)],
            segment=np.arange(n) % 3,
            plans=np.full(n, 1),
            by_place=by_place,
            cards=[
                p.PointCard(
                    id=f"firm-{i}",
                    aliases=(name(i + 2),),
                    kind="enterprise",
                    address=name(i + 3),
                    basis="proxy" if by_place[i] else "digitised",
                    accuracy_m=100.0,
                    source=name(i),
                    mentions=(
                        p.Mention(
                            name_as_written=name(i),
                            citation=_citation(20 + i),
                            segment="parts",
                            standing="located",
                            activity=name(i),
                        ),
                    ),
                )
                for i in range(n)
            ],
            initials=[f"qy{i}" for i in range(n)],
            rows=[
                p.Row(row="zone-0", documented=np.flatnonzero(by_place), located=np.array([0, 1])),
                p.Row(row="zone-1", documented=np.array([2]), located=np.array([2])),
                p.Row(
                    row="system:plan-a:blocks",
                    documented=np.flatnonzero(by_place | (np.arange(n) == 2)),
                    located=np.array([0, 1, 2]),
                ),
                p.Row(row="total", documented=np.arange(n), located=np.flatnonzero(~by_place)),
            ],
        ),
        segments=tuple(
            p.Segment(id=s, label=label, label_en=s)
            for s, label in zip(segments, ("整车", "零部件", name(2)), strict=True)
        ),
        districts=(
            p.District(
                id="home",
                name=name(3),
                geometry=square(121.05, 31.15, 0.2),
                role="subject",
                basis="administrative",
                accuracy_m=100,
            ),
            p.District(
                id="next",
                name="邻区",
                geometry=square(121.25, 31.15, 0.2),
                role="context",
                basis="administrative",
                accuracy_m=100,
            ),
        ),
        plans=(p.Plan(id="plan-a", title=name(0), short=name(1), title_en="Plan A", file="000_plan.txt"),),
        systems=(
            p.System(
                id="blocks",
                name=name(1),
                name_en="Blocks",
                plan="plan-a",
                members=members[:2],
                figures=_figures(documented=3, located=3),
            ),
            p.System(id="past", name=name(2), plan="plan-a", members=members[2:], valid_to="2021-01-01"),
            p.System(id="unlisted", name=name(3), plan="plan-a", members=(), listed=False),
        ),
        places=(
            p.Place(
                id="zone-0",
                name=name(0),
                name_en="Zone 0",
                aliases=(name(1),),
                category="park",
                geometry=square(121.09, 31.19, 0.04),
                basis="digitised",
                accuracy_m=100,
                source=name(2),
                figures=_figures(estimate=2.4, low=1, high=4, test_road_km=1.25),
                note=name(3),
            ),
            p.Place(
                id="zone-1",
                name=name(1),
                geometry=square(121.15, 31.21, 0.03),
                basis="schematic",
                accuracy_m=800,
                source=name(0),
                figures=_figures(),
            ),
            p.Place(id="zone-2", name=name(2), unplaced_reason=name(3)),
        ),
        roads=(
            p.Road(
                id="road-0",
                name=name(2),
                type="test_road",
                is_test_road=True,
                geometry={"type": "LineString", "coordinates": [[121.09, 31.20], [121.15, 31.23]]},
                length_km=6.2,
                basis="digitised",
                accuracy_m=30,
                source=name(1),
                mentions=(
                    p.Mention(name_as_written=name(0), citation=_citation(30), status="existing", length_km=6.2),
                ),
            ),
        ),
        test_roads={"type": "LineString", "coordinates": [[121.09, 31.20], [121.15, 31.23]]},
        facilities=(
            p.Facility(
                id="h2",
                name=name(3),
                type="hydrogen_station",
                geometry={"type": "Point", "coordinates": [121.17, 31.20]},
                basis="digitised",
                accuracy_m=50,
                source=name(0),
            ),
        ),
        total=_figures(documented=n, located=n - int(by_place.sum()), area_km2=20.0),
        unzoned=p.Figures(documented=0),
        reach=(
            p.ReachCurve(
                row="zone-0", target="roads", step_m=50, area_share=tuple(min(1.0, i / 40) for i in range(1, 101))
            ),
        ),
        indicators=(
            p.Indicator(
                id="km",
                label=name(0),
                plan="plan-a",
                citation=_citation(40),
                target="315",
                unit="km",
                year=2025,
                now="6.2",
                reason=name(1),
            ),
        ),
        sources=(name(0),),
        footer=name(1),
        search={"zone-0": "atq"},
    )


@pytest.fixture
def city() -> p.MapPayload:
    return make_payload()


@pytest.fixture
def hostile_city() -> p.MapPayload:
    return make_payload(HOSTILE)
