"""Targets against layers: what is proven, what lacks, and what cannot be said."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gis.measures.indicators import STATUS_WORDS, Standing, indicators
from gis.model.project import Project, load_project
from tests import ROOT
from tests.fixtures.parks import CITY, Park, square


def standing(park: Park, id_: str) -> Standing:
    return next(found for found in indicators(park.load(), CITY) if found.id == id_)


def a_park_with(folder: Path, value: float | None, firms: int = 0, as_of: str = "2024-12-31", **cells: Any) -> Park:
    """One indicator `goal`, by default of firms, and so many firms."""
    park = Park(folder, as_of).zone("wide", square(0, 0, 1000))
    for number in range(firms):
        park.firm(f"firm-{number}", (10, number + 10))
    return park.indicator("goal", value, **{"measure": "enterprises", "layer": "enterprises", "year": 2030, **cells})


def test_an_open_target_needs_its_gap_spread_over_the_time_to_the_end_of_its_year(tmp_path: Path) -> None:
    goal = standing(a_park_with(tmp_path, 1000, firms=10).complete("enterprises"), "goal")
    assert (goal.value_now, goal.gap, goal.status) == (10, 990, "open")
    assert goal.years_left == pytest.approx(6.0, abs=0.01)
    assert goal.pace_per_year == pytest.approx(990 / 6, abs=0.5)
    assert goal.now == "10 家"
    assert not goal.lower_bound
    assert "名单完整（a test）" in goal.basis


def test_from_an_incomplete_list_no_pace_follows(tmp_path: Path) -> None:
    goal = standing(a_park_with(tmp_path, 1000, firms=10), "goal")
    assert (goal.now, goal.lower_bound, goal.gap, goal.pace_per_year) == ("≥10 家", True, 990, None)


def test_with_less_than_a_year_left_the_whole_gap_is_needed(tmp_path: Path) -> None:
    park = a_park_with(tmp_path, 100, firms=10, as_of="2030-11-21").complete("enterprises")
    goal = standing(park, "goal")
    assert (goal.status, goal.gap, goal.pace_per_year) == ("open", 90, 90)


def test_a_target_is_open_to_the_last_day_of_its_year_and_due_the_day_after(tmp_path: Path) -> None:
    assert standing(a_park_with(tmp_path / "eve", 100, firms=1, as_of="2030-12-31"), "goal").status == "open"
    after = standing(a_park_with(tmp_path / "end", 100, firms=1, as_of="2031-01-01"), "goal")
    assert (after.status, after.gap, after.pace_per_year) == ("due", 99, None)


def test_a_lower_bound_that_is_enough_has_reached_the_target(tmp_path: Path) -> None:
    goal = standing(a_park_with(tmp_path, 10, firms=10), "goal")
    assert (goal.status, goal.gap, goal.pace_per_year) == ("reached", 0, None)


def test_more_than_ten_is_not_reached_by_ten(tmp_path: Path) -> None:
    assert standing(a_park_with(tmp_path / "ten", 10, firms=10, comparator=">"), "goal").status == "open"
    assert standing(a_park_with(tmp_path / "eleven", 10, firms=11, comparator=">"), "goal").status == "reached"


def test_a_lower_bound_never_proves_that_there_is_not_too_much(tmp_path: Path) -> None:
    goal = standing(a_park_with(tmp_path / "few", 10, firms=5, comparator="<="), "goal")
    assert (goal.status, goal.gap) == ("open", 0)
    too_many = standing(a_park_with(tmp_path / "many", 10, firms=12, comparator="<="), "goal")
    assert (too_many.status, too_many.gap) == ("open", 2)


def test_institutions_are_no_firms(tmp_path: Path) -> None:
    park = a_park_with(tmp_path, 10, firms=2).firm("institute", (20, 20), kind="institution")
    assert standing(park, "goal").value_now == 2


def test_a_target_of_a_place_counts_firms_said_to_be_there_and_firms_seen_there(tmp_path: Path) -> None:
    park = a_park_with(tmp_path, 10, firms=2, scope="wide").firm("away", (5000, 5000))
    park.firm("said", within="wide").mention("said", "wide")
    assert standing(park, "goal").value_now == 3


def test_a_measure_may_ask_for_some_chain_links_only(tmp_path: Path) -> None:
    park = a_park_with(tmp_path, 10, firms=2, measure="enterprises:vehicle+software")
    park.firm("maker", (20, 20), segment="vehicle")
    assert standing(park, "goal").value_now == 1


def test_a_target_without_year_is_undated(tmp_path: Path) -> None:
    goal = standing(a_park_with(tmp_path, 10, firms=1, year=""), "goal")
    assert (goal.status, goal.gap, goal.years_left) == ("undated", 9, None)


def test_a_target_without_number_cannot_be_computed(tmp_path: Path) -> None:
    assert standing(a_park_with(tmp_path, None, firms=1), "goal").status == "not computable"


@pytest.mark.parametrize(
    ("cells", "zh", "en"),
    [
        ({"measure": "", "layer": "none"}, "非空间指标", "not spatial"),
        ({"measure": "", "layer": "enterprises"}, "需要图层 enterprises", "needs layer enterprises"),
        ({"measure": "road_km", "layer": "roads", "unit": "km"}, "需要图层 roads", "needs layer roads"),
        ({"measure": "chargers", "layer": "facilities"}, "需要图层 facilities", "needs layer facilities"),
        ({"measure": "enterprises", "change": "share"}, "需要图层 enterprises", "needs layer enterprises"),
        (
            {"measure": "zone_area_km2", "layer": "zones", "unit": "丈", "scope": "wide"},
            "无法换算",
            "cannot be converted",
        ),
    ],
)
def test_what_cannot_be_computed_says_why_in_words(tmp_path: Path, cells: dict[str, Any], zh: str, en: str) -> None:
    goal = standing(a_park_with(tmp_path, 10, **cells), "goal")
    assert (goal.status, goal.value_now, goal.gap) == ("open, value unknown", None, None)
    assert zh in goal.basis
    assert en in goal.basis_en


def chargers(folder: Path) -> Park:
    """6,000 chargers to be added to the 14,889 of 2020, by 2025; looked at in the middle of 2023."""
    park = Park(folder, "2023-07-01").zone("wide", square(0, 0, 1000))
    shared = {"measure": "chargers", "layer": "facilities", "unit": "个"}
    park.indicator("base", 14889, kind="baseline", year=2020, **shared)
    return park.indicator("more", 6000, year=2025, year_from=2021, change="increment", baseline="base", **shared)


def test_chargers_are_computed_the_day_the_layer_is_there(tmp_path: Path) -> None:
    before = standing(chargers(tmp_path / "before"), "more")
    assert (before.status, before.value_now, before.goal) == ("open, value unknown", None, 20889)
    park = chargers(tmp_path / "after").facility("grid", "charging", (500, 500), count=18000)
    after = standing(park.facility("later", "charging", (600, 600), count=9000, status="planned"), "more")
    assert (after.value_now, after.gap, after.status) == (18000, 2889, "open")
    assert after.pace_per_year is None, "the list of chargers is not complete"


def test_a_layer_that_holds_less_than_the_documents_count_is_known_to_be_incomplete(tmp_path: Path) -> None:
    park = chargers(tmp_path).facility("one", "charging", (500, 500))
    found = standing(park, "more")
    assert (found.value_now, found.now) == (1, "≥1 个")
    assert found.gap == 6000
    assert "14889" in found.basis


def test_a_level_that_the_documents_state_may_have_reached_the_target(tmp_path: Path) -> None:
    park = chargers(tmp_path)
    park.indicator("early", 3000, year=2020, measure="chargers", layer="facilities", unit="个")
    found = standing(park, "early")
    assert (found.status, found.gap) == ("reached", 0)
    assert "14889" in found.basis_en


def test_where_the_layers_show_nothing_the_gap_is_counted_from_the_documented_level(tmp_path: Path) -> None:
    found = standing(chargers(tmp_path), "more")
    assert (found.value_now, found.baseline, found.goal, found.gap) == (None, 14889, 20889, 6000)
    assert found.pace_per_year is None
    assert "2020年已有14889 个，差距由此算起" in found.basis


def test_a_target_without_a_value_now_is_open_or_due_by_its_year(tmp_path: Path) -> None:
    shared: dict[str, Any] = {"measure": "", "layer": "none"}
    ahead = standing(a_park_with(tmp_path / "ahead", 10, as_of="2030-12-31", **shared), "goal")
    past = standing(a_park_with(tmp_path / "past", 10, as_of="2031-01-01", **shared), "goal")
    assert (ahead.status, past.status) == ("open, value unknown", "due, value unknown")
    assert (ahead.gap, past.gap) == (None, None)
    assert standing(a_park_with(tmp_path / "some-day", 10, **shared | {"year": None}), "goal").status == "undated"


def test_only_a_target_without_any_number_is_not_computable(tmp_path: Path) -> None:
    assert standing(a_park_with(tmp_path, None, measure="", layer="none"), "goal").status == "not computable"


def roads_to_add(folder: Path) -> Park:
    """300 to 500 km of test roads to be added from 2021 to 2025; no length is known for 2020."""
    park = Park(folder, "2023-12-31").zone("wide", square(0, 0, 1000))
    return park.indicator(
        "km", 300, value_high=500, comparator="range", change="increment", unit="km", year=2025, year_from=2021,
        measure="road_km", layer="roads",
    )  # fmt: skip


def test_only_test_roads_opened_since_the_year_count_as_added(tmp_path: Path) -> None:
    park = roads_to_add(tmp_path).road("old", (0, 0), (5000, 0), year=2019).road("new", (0, 90), (8000, 90), year=2022)
    found = standing(park.road("undated", (0, 400), (9000, 400)), "km")
    assert found.value_now == pytest.approx(8, abs=0.001)
    assert found.gap == pytest.approx(292)
    assert found.gap_high == pytest.approx(492)
    assert found.pace_per_year is None, "the list of roads is not complete"
    assert found.pace_high_per_year is None
    assert found.target == "+300–500 km"


def test_without_any_year_of_opening_additions_cannot_be_told(tmp_path: Path) -> None:
    found = standing(roads_to_add(tmp_path).road("undated", (0, 0), (5000, 0)), "km")
    assert (found.status, found.value_now, found.gap) == ("open, value unknown", None, None)
    assert "开通年份" in found.basis


def test_a_range_is_reached_at_its_lower_end(tmp_path: Path) -> None:
    found = standing(roads_to_add(tmp_path).road("long", (0, 0), (320_000, 0), year=2023), "km")
    assert found.status == "reached"
    assert found.gap == 0
    assert found.gap_high == pytest.approx(180, abs=1)


def parks_to_grow(folder: Path, basis: str, side: float) -> Park:
    """Feature parks of 32 km² in 2020 are to exceed 35 km² by 2025; the system lists one of them."""
    park = Park(folder, "2024-12-31").zone("one", square(0, 0, side), geometry_basis=basis, accuracy_m=50.0)
    park.zone("other", square(20_000, 0, 9000)).system("feature", "one")
    shared = {"measure": "zone_area_km2:feature", "layer": "zones", "unit": "km²"}
    park.indicator("base", 32, kind="baseline", year=2020, **shared)
    return park.indicator("grow", 35, year=2025, comparator=">", baseline="base", **shared)


def test_park_area_is_that_of_the_system_named_and_no_other_park(tmp_path: Path) -> None:
    found = standing(parks_to_grow(tmp_path, "statutory", 3000), "grow")
    assert found.value_now == pytest.approx(9, abs=0.001)
    assert (found.gap, found.status, found.now) == (3, "open", "≥9 km²")


def test_surveyed_outlines_prove_that_enough_area_is_there(tmp_path: Path) -> None:
    assert standing(parks_to_grow(tmp_path, "statutory", 6000), "grow").status == "reached"


def test_sketched_outlines_never_prove_that_a_target_is_reached(tmp_path: Path) -> None:
    found = standing(parks_to_grow(tmp_path, "schematic", 6000), "grow")
    assert (found.status, found.now, found.sketched) == ("unproven", "≈36 km²", True)


def test_areas_are_compared_in_the_unit_of_the_target(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 2000), geometry_basis="statutory")
    park.indicator("mu", 5000, unit="亩", year=2030, scope="wide", measure="zone_area_km2", layer="zones")
    assert standing(park, "mu").value_now == pytest.approx(6000, abs=1)


def test_baselines_and_facts_have_nothing_to_reach(tmp_path: Path) -> None:
    park = chargers(tmp_path).facility("grid", "charging", (500, 500), count=18000)
    base = standing(park, "base")
    assert (base.status, base.gap, base.years_left, base.value_now) == ("baseline", None, None, 18000)


@pytest.fixture(scope="module")
def bundled() -> Project:
    return load_project(ROOT)


@pytest.mark.parametrize("city", ["jiading", "hangzhou", "huli"])
def test_every_indicator_of_the_catalogue_has_a_row_that_says_what_it_rests_on(bundled: Project, city: str) -> None:
    found = indicators(bundled, city)
    assert [(s.plan, s.id) for s in found] == [(i.plan, i.id) for i in bundled.facts.of_city(city).indicators]
    for row in found:
        assert row.basis
        assert row.basis_en
        assert row.status in STATUS_WORDS
        assert row.line > 0
        if row.year is not None and date(row.year, 12, 31) < bundled.as_of:
            assert row.pace_per_year is None
            assert row.status != "open"
        if row.status == "reached":
            assert not row.sketched
        if row.basis_en == "not spatial":
            assert row.value_now is None


def test_the_charging_radius_of_2020_is_a_baseline(bundled: Project) -> None:
    found = {row.id: row for row in indicators(bundled, "hangzhou")}
    assert found["charging-radius-2020"].status == "baseline"
    assert (found["chargers-added-2025"].goal, found["chargers-added-2025"].baseline) == (20889, 14889)
    assert found["open-test-road-km-2025"].target == "+300–500 km"


def test_the_parks_of_jiading_are_not_said_to_exceed_35_km2(bundled: Project) -> None:
    found = {row.id: row for row in indicators(bundled, "jiading")}
    area = found["feature-parks-area-2025"]
    assert (area.status, area.goal, area.baseline, area.sketched) == ("due", 35, 32, True)
    assert area.value_now is not None
    assert area.value_now < 35
    firms = found["firms-2030"]
    assert (firms.status, firms.lower_bound) == ("open", True)
    assert firms.pace_per_year is None, "it would measure naming"
