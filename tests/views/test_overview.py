"""The overview page: nothing in a name becomes markup, nothing is fetched, the same project gives the same bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import shapely

from gis.measures.results import CityResults, city_results
from gis.model.project import Project, load_project
from gis.views.overview import render_overview
from tests import ROOT
from tests.fixtures.parks import CITY, Park, overlapping_zones, square

HOSTILE = (
    "</script><img src=x onerror=1>",
    "{{7*7}} {% raw %} {lang}",
    "a\u2028b\u2029c",
    "\"'`><svg onload=1>",
    "\u202eevil",
    "</title></style><script>1</script>",
    "长" * 3000,
)
VOID = {"meta"}
REFUSED_ATTRIBUTES = re.compile(r"on\w+|style|src|srcdoc|action|xlink:href")


class Read(HTMLParser):
    """A page as a browser reads it: elements, attributes, links, text; it must be well nested."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.ids: list[str] = []
        self._open: list[str] = []
        self.feed(page.decode("utf-8"))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [value for tag, name, value in self.attributes if (tag, name) == ("a", "href")]


def results_of(project: Project) -> dict[str, CityResults]:
    return {city: city_results(project, city) for city in project.cities}


def hostile_park(folder: Path) -> Project:
    """A park in which everything that has a name has a hostile one."""
    park = Park(folder).district("home", square(-2000, -2000, 6000), name=HOSTILE[3])
    for number, name in enumerate(HOSTILE):
        park.zone(f"zone-{number}", square(number * 300, 0, 250), name=name, geometry_basis="schematic")
        park.zone(f"lost-{number}", None, name=name, unplaced_reason=name)
        park.system(f"system-{number}", f"zone-{number}", f"lost-{number}", label=name, label_en=name)
        park.indicator(f"target-{number}", number, label=name, unit="家", measure="enterprises", layer="enterprises")
        park.indicator(f"other-{number}", number, label=name, unit=name[:60], layer="none")
    return replace(park.firm("firm", (100, 100), name=HOSTILE[0]).load(), name=HOSTILE[5], name_en=HOSTILE[1])


@pytest.fixture(scope="module")
def bundled() -> tuple[Project, Mapping[str, CityResults]]:
    project = load_project(ROOT)
    return project, results_of(project)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_name_becomes_markup_and_each_reads_as_written(tmp_path: Path, lang: str) -> None:
    project = hostile_park(tmp_path)
    page = Read(render_overview(project, results_of(project), lang))
    assert not {"script", "img", "iframe", "object", "base", "link"} & set(page.tags)
    assert page.tags.count("style") == 1
    assert [entry for entry in page.attributes if REFUSED_ATTRIBUTES.fullmatch(entry[1])] == []
    for name in HOSTILE:
        assert name in page.text


def test_what_html_cannot_hold_is_replaced(tmp_path: Path) -> None:
    project = replace(overlapping_zones(tmp_path).load(), name="a\x00b\x1b[31mc")
    page = render_overview(project, results_of(project)).decode("utf-8")
    assert "a\ufffdb\ufffd[31mc" in page
    assert "\x00" not in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_policy_allows_the_pages_own_style_and_nothing_else(tmp_path: Path, lang: str) -> None:
    project = overlapping_zones(tmp_path).load()
    page = render_overview(project, results_of(project), lang).decode("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert policy is not None
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"https?:|@import|url\((?!#)|<script|javascript:", page)


def test_the_same_project_gives_the_same_bytes(tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        project = overlapping_zones(tmp_path / name).load()
        pages.append(render_overview(project, results_of(project)))
    assert pages[0] == pages[1]


def test_every_link_leads_to_a_city_or_to_a_place_on_the_page(bundled: tuple[Project, dict[str, CityResults]]) -> None:
    page = Read(render_overview(*bundled))
    outside = {link for link in page.links if not link.startswith("#")}
    assert {link.partition("#")[0] for link in outside} == {f"{city}/index.html" for city in bundled[0].cities}
    assert "jiading/index.html#s=jiading-icv-cluster-2030/three-ports-two-parks" in outside
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_a_city_whose_id_is_odd_is_linked_by_its_quoted_id(tmp_path: Path) -> None:
    project = overlapping_zones(tmp_path).load()
    found = results_of(project)[CITY]
    odd = "a b#/..\"'"
    plans = {key: replace(plan, city=odd) for key, plan in project.facts.plans.items()}
    strange = replace(
        project,
        facts=replace(project.facts, plans=plans),
        cities={odd: replace(project.cities[CITY], id=odd)},
        layers={(odd, kind): layer for (_, kind), layer in project.layers.items()},
    )
    page = Read(render_overview(strange, {odd: replace(found, coverage=replace(found.coverage, city=odd))}))
    assert "a%20b%23%2F..%22%27/index.html" in page.links


def test_the_figures_shown_are_those_of_the_results(bundled: tuple[Project, dict[str, CityResults]]) -> None:
    project, results = bundled
    text = Read(render_overview(project, results)).text
    for found in results.values():
        for row in found.coverage.systems:
            if row.figures.estimate is not None:
                assert f"{row.figures.estimate:,.1f} [{row.figures.low}–{row.figures.high}]" in text
    assert project.as_of.isoformat() in text
    for plan in project.facts.plans.values():
        assert plan.file in text


def test_sketches_are_hatched_and_counted(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("sure", square(0, 0, 1000)).zone("sketch", square(2000, 0, 1000), geometry_basis="proxy")
    project = park.system("both", "sure", "sketch").load()
    page = render_overview(project, results_of(project)).decode("utf-8")
    assert page.count("<pattern ") == 1
    assert 'class="z sketch s0" fill="url(#hatch-' in page
    assert 'class="z f0 s0"' in page
    assert "示意 1/2" in page


def test_a_structure_that_is_only_named_is_listed_without_figures(tmp_path: Path) -> None:
    park = overlapping_zones(tmp_path).system("ghost", label="一核四区", members="named-only")
    project = park.load()
    text = Read(render_overview(project, results_of(project))).text
    assert "文件只点名而未列成员" in text
    assert "一核四区" in text


def test_the_scale_bar_is_as_long_as_it_says(tmp_path: Path) -> None:
    project = Park(tmp_path).zone("wide", square(0, 0, 10_000)).system("one", "wide").load()
    page = render_overview(project, results_of(project)).decode("utf-8")
    zone = re.search(r'class="z f0 s0" d="([^"]*)"', page)
    bar = re.search(r'class="scale-bar" d="M([\d.]+) [\d.]+V[\d.]+H([\d.]+)', page)
    words = re.search(r'text-anchor="middle">([\d.]+) km</text>', page)
    assert zone is not None
    assert bar is not None
    assert words is not None
    points = [tuple(map(float, pair.split())) for pair in zone[1].strip("Mz").split("L")]
    side = shapely.MultiPoint(points).bounds
    assert (float(bar[2]) - float(bar[1])) / float(words[1]) == pytest.approx((side[2] - side[0]) / 10, rel=0.01)


def test_another_language_is_refused(tmp_path: Path) -> None:
    project = overlapping_zones(tmp_path).load()
    with pytest.raises(ValueError, match="'zh' or 'en'"):
        render_overview(project, results_of(project), "fr")
