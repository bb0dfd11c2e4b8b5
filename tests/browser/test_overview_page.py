"""The overview page in a real browser: it fits every width, asks for nothing, and reads well by ear and by eye."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from gis.model.project import load_project
from gis.views.overview import render_overview
from tests import ROOT
from tests.views.test_overview import HOSTILE, hostile_park, results_of

from .conftest import ARTEFACTS, Opened

pytestmark = pytest.mark.browser

VIEWS = [("zh", 360, "light"), ("en", 360, "dark"), ("zh", 1280, "dark"), ("en", 1280, "light"), ("zh", 2560, "light")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("overview")
    project = load_project(ROOT)
    results = results_of(project)
    files = {lang: folder / f"{lang}.html" for lang in ("zh", "en")}
    for lang, file in files.items():
        file.write_bytes(render_overview(project, results, lang))
    hostile = hostile_park(folder / "hostile")
    files["hostile"] = folder / "hostile.html"
    files["hostile"].write_bytes(render_overview(hostile, results_of(hostile)))
    return files


@pytest.fixture
def view(browser: Browser, pages: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Opened]:
    name, width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    opened = Opened(context.new_page())
    opened.page.goto(pages[name].as_uri())
    yield opened
    context.close()


@pytest.mark.parametrize("view", VIEWS, indirect=True, ids=lambda v: "-".join(map(str, v)))
def test_the_page_fits_its_window_asks_for_nothing_and_is_accessible(
    view: Opened, request: pytest.FixtureRequest
) -> None:
    page = view.page
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"overview-{request.node.callspec.id}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [url for url in view.requests if not url.startswith("file:")] == []
    assert len(view.requests) == 1
    assert view.faults == []
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in {"serious", "critical"}] == []


@pytest.mark.parametrize("view", [("hostile", 360, "light"), ("hostile", 1280, "dark")], indirect=True)
def test_no_hostile_name_runs_or_breaks_the_page(view: Opened) -> None:
    page = view.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("script, img, iframe").count() == 0
    assert view.faults == []
    text = page.evaluate("document.body.textContent")
    for name in HOSTILE:
        assert name in text


@pytest.mark.parametrize("view", [("zh", 1280, "light")], indirect=True)
def test_a_link_into_the_details_leads_there(view: Opened) -> None:
    page = view.page
    page.locator("a[href='#conflicts']").first.click()
    assert page.evaluate("document.querySelector('#conflicts').getBoundingClientRect().top") < 900


@pytest.mark.parametrize("view", [("zh", 1280, "light")], indirect=True)
def test_figures_stand_level_across_the_cards(view: Opened) -> None:
    tops = view.page.eval_on_selector_all(".card .figures", "all => all.map((e) => e.getBoundingClientRect().top)")
    assert len(tops) == 3
    assert max(tops) - min(tops) < 1
