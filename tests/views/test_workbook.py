"""The workbook opens in Excel's readers, and each of its numbers is the result's."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from gis.measures.results import CityResults, city_results
from gis.model.project import Project, load_project
from gis.views.tables import as_json, headings
from gis.views.workbook import REACH_RADII, coverage_workbook
from tests import ROOT
from tests.fixtures.parks import CITY, Park, firm_known_by_its_park, overlapping_zones, square


@pytest.fixture(scope="module")
def bundled() -> Project:
    return load_project(ROOT)


@pytest.fixture(scope="module", params=["jiading", "huli"])
def results(request: pytest.FixtureRequest, bundled: Project) -> CityResults:
    return city_results(bundled, request.param)


def sheets(data: bytes) -> dict[str, pd.DataFrame]:
    return pd.read_excel(io.BytesIO(data), sheet_name=None, engine="openpyxl", keep_default_na=False, na_values=[""])


def assert_same(table: pd.DataFrame, rows: list[dict[str, Any]], titles: dict[str, str], keys: list[str]) -> None:
    assert len(table) == len(rows)
    for key in keys:
        column = [None if pd.isna(value) else value for value in table[titles.get(key, key)]]
        assert column == [row[key] if row[key] != "" else None for row in rows], key


def test_the_sheets_hold_the_numbers_of_the_one_result(bundled: Project, results: CityResults) -> None:
    found = sheets(coverage_workbook(bundled, results, "zh"))
    titles = dict(headings("zh"))
    data = json.loads(as_json(results.coverage.as_json()))
    counted = ["id", "name", "documented", "documented_here", "located", "possible", "estimate", "low", "high"]
    figures = [*counted, "test_road_km", "reach_area_share", "sentence"]
    assert_same(found["区域"], data["zones"], titles, figures)
    assert_same(found["体系"], data["systems"], titles, figures)
    assert_same(found["合计"], [data["total"]], titles, figures[2:])
    assert_same(found["未入区企业"], data["unzoned"], titles, ["id", "reason"])
    pairs = [pair.row() for pair in results.overlaps.pairs]
    assert_same(found["重叠"], pairs, titles, ["a", "a_plan", "b", "b_plan", "shared_km2", "a_share", "jaccard"])
    standings = [row.row() for row in results.indicators]
    assert_same(found["指标"], standings, titles, ["id", "goal", "value_now", "gap", "pace_per_year", "basis", "line"])
    structures = [row.row() for row in results.structure]
    assert_same(found["结构"], structures, titles, ["id", "enterprises", "hhi", "city_share", "featured_share"])


def test_the_reach_sheet_holds_the_curve_at_its_radii(bundled: Project, results: CityResults) -> None:
    table = sheets(coverage_workbook(bundled, results, "en")).get("Reach")
    assert table is not None
    if not results.reach:
        assert list(table.columns) == ["nothing to show"]
        return
    for radius in REACH_RADII:
        at = results.reach[0].radii_m.index(radius)
        assert list(table[f"area {radius:.0f} m"]) == [curve.area_share[at] for curve in results.reach]


def test_chain_links_add_up_to_the_zone(bundled: Project, results: CityResults) -> None:
    links = sheets(coverage_workbook(bundled, results, "zh"))["产业链环节"]
    for row in results.coverage.zones:
        mine = links[links["编号"] == row.id]
        assert mine["文件归属"].sum() == (row.figures.documented or 0)
        assert mine["位置在内"].sum() == (row.figures.located or 0)


def test_the_same_results_give_the_same_bytes(bundled: Project, results: CityResults) -> None:
    assert coverage_workbook(bundled, results, "zh") == coverage_workbook(bundled, results, "zh")


@pytest.mark.parametrize(
    ("lang", "notes", "word"), [("zh", "说明", "估计数、下限、上限"), ("en", "Notes", "located, possible")]
)
def test_the_notes_define_each_statistic_and_name_sources_and_sketches(
    bundled: Project, results: CityResults, lang: str, notes: str, word: str
) -> None:
    table = sheets(coverage_workbook(bundled, results, lang))[notes]
    terms = [str(term) for term in table.iloc[:, 0]]
    assert word in terms
    plans = bundled.facts.of_city(results.coverage.city).plans
    assert sum(term.startswith(("来源", "source")) for term in terms) == len(plans)
    assert any(term.startswith(("示意图形", "sketch")) for term in terms)


def test_the_header_is_frozen_and_columns_are_wide_enough(tmp_path: Path) -> None:
    project = firm_known_by_its_park(tmp_path).load()
    book = openpyxl.load_workbook(io.BytesIO(coverage_workbook(project, city_results(project, CITY), "zh")))
    sheet = book["区域"]
    assert sheet.freeze_panes == "C2"
    assert sheet["A1"].value == "编号"
    assert sheet["A1"].font.bold
    area = next(cell for cell in sheet[1] if cell.value == headings("zh")["area_km2"])
    assert sheet.cell(2, area.column).number_format == "General"
    assert sheet.column_dimensions["B"].width >= len("名home")


def test_english_sheets_have_no_chinese_columns_that_say_the_same(tmp_path: Path) -> None:
    project = overlapping_zones(tmp_path).load()
    found = sheets(coverage_workbook(project, city_results(project, CITY), "en"))
    assert "disagreement_en" in found["Zones"].columns
    assert "disagreement" not in found["Zones"].columns


def test_a_name_that_reads_like_a_formula_is_text(tmp_path: Path) -> None:
    park = (
        Park(tmp_path).zone("wide", square(0, 0, 1000), name='=HYPERLINK("http://example.org")').system("one", "wide")
    )
    project = park.firm("bell", (5, 5), name="a\x07b").firm("away", (9000, 0), name="@SUM(A1)\x07").load()
    data = coverage_workbook(project, city_results(project, CITY), "zh")
    book = openpyxl.load_workbook(io.BytesIO(data))
    cell = next(c for c in book["区域"]["B"] if "HYPERLINK" in str(c.value))
    assert cell.data_type == "s"
    assert cell.value == '\'=HYPERLINK("http://example.org")'
    assert "'@SUM(A1)\N{REPLACEMENT CHARACTER}" in {c.value for c in book["未入区企业"]["B"]}
