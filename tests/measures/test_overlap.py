"""What zone systems and plans have in common, on squares that share a quarter."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.earth import geodesy
from gis.measures.coverage import Ground
from gis.measures.overlap import Overlap, Overlaps, overlaps
from gis.model.project import Project, load_project
from tests import ROOT
from tests.fixtures.parks import Park, square


def two_systems_that_share_a_quarter(folder: Path) -> Park:
    """System `a` of plan-a: 1 km²; system `b` of plan-b: 1 km², a quarter of it in `a`; a district of 4 km² around."""
    park = Park(folder).plan("plan-b").district("around", square(0, 0, 2000))
    park.zone("west", square(0, 0, 1000)).zone("east", square(750, 0, 1000)).zone("alone", square(0, 1500, 100))
    park.system("a", "west").system("b", "east", plan="plan-b").member("alone", plan="plan-b")
    park.firm("in-both", (800, 500)).firm("in-a", (100, 500)).firm("outside", (1900, 1900))
    park.firm("said", within="west").mention("said", "west").mention("said", "east", plan="plan-b")
    return park.mention("outside", plan="plan-a").mention("outside", plan="plan-b")


def pair(found: Overlaps, level: str) -> Overlap:
    return next(each for each in found.pairs if each.level == level)


def test_two_systems_share_a_quarter_of_each(tmp_path: Path) -> None:
    shared = pair(overlaps(two_systems_that_share_a_quarter(tmp_path).load(), "town"), "system")
    assert (shared.a, shared.b) == ("a", "b")
    assert shared.shared_km2 == pytest.approx(0.25, abs=2e-4)
    assert shared.a_share == shared.b_share == pytest.approx(0.25, abs=1e-4)
    assert shared.jaccard == pytest.approx(0.25 / 1.75, abs=1e-4)


def test_each_side_says_its_plan_and_what_both_share_has_a_shape_that_no_table_holds(tmp_path: Path) -> None:
    found = overlaps(two_systems_that_share_a_quarter(tmp_path).load(), "town")
    shared, plans = pair(found, "system"), pair(found, "plan")
    assert (shared.a_plan, shared.b_plan) == (plans.a_plan, plans.b_plan) == ("plan-a", "plan-b")
    assert (shared.row()["a_plan"], shared.row()["b_plan"]) == ("plan-a", "plan-b")
    assert shared.ground is not None
    assert geodesy.area_km2(shared.ground) == pytest.approx(0.25, abs=2e-4)
    assert "ground" not in shared.row()


def test_firms_under_both_are_named_by_document_and_by_position(tmp_path: Path) -> None:
    shared = pair(overlaps(two_systems_that_share_a_quarter(tmp_path).load(), "town"), "system")
    assert shared.documented_both == ("said",)
    assert shared.inside_both == ("in-both",)
    assert shared.firms == {"said", "in-both"}


def test_a_plan_has_its_places_outside_systems_too_and_firms_that_both_name(tmp_path: Path) -> None:
    plans = pair(overlaps(two_systems_that_share_a_quarter(tmp_path).load(), "town"), "plan")
    assert (plans.a, plans.b) == ("plan-a", "plan-b")
    assert plans.b_km2 == pytest.approx(1.01, abs=2e-4)
    assert plans.named_both == ("outside", "said")


def test_firms_under_no_system_are_orphans(tmp_path: Path) -> None:
    found = overlaps(two_systems_that_share_a_quarter(tmp_path).load(), "town")
    assert [(orphan.id, orphan.placed) for orphan in found.orphans] == [("outside", True)]


def test_the_ground_under_no_system_is_the_district_less_the_union(tmp_path: Path) -> None:
    left = overlaps(two_systems_that_share_a_quarter(tmp_path).load(), "town").uncovered
    assert left.ground_km2 == pytest.approx(4, abs=1e-3)
    assert left.covered_km2 == pytest.approx(1.75, abs=1e-3)
    assert left.uncovered_km2 == pytest.approx(2.25, abs=1e-3)


def test_without_outlines_areas_are_unknown_and_firms_still_compared(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("drawn", square(0, 0, 1000)).zone("undrawn", None)
    park.system("a", "drawn").system("b", "undrawn").firm("said", within="drawn")
    park.mention("said", "drawn").mention("said", "undrawn")
    shared = pair(overlaps(park.load(), "town"), "system")
    assert (shared.shared_km2, shared.a_share, shared.jaccard) == (None, None, None)
    assert shared.documented_both == ("said",)


@pytest.fixture(scope="module")
def bundled() -> Project:
    return load_project(ROOT)


@pytest.fixture(scope="module", params=["jiading", "hangzhou", "huli"])
def found(request: pytest.FixtureRequest, bundled: Project) -> Overlaps:
    return overlaps(bundled, request.param)


def test_every_pair_of_systems_and_of_plans_is_there_once(bundled: Project, found: Overlaps) -> None:
    city = found.city
    plans = len(bundled.facts.of_city(city).plans)
    systems = [s for s in bundled.systems(city) if bundled.members(s)]
    assert sum(p.level == "plan" for p in found.pairs) == plans * (plans - 1) // 2
    assert sum(p.level == "system" for p in found.pairs) == len(systems) * (len(systems) - 1) // 2


def test_shares_are_between_none_and_all_and_orphans_are_under_none(bundled: Project, found: Overlaps) -> None:
    for each in found.pairs:
        for share in (each.a_share, each.b_share, each.jaccard):
            assert share is None or 0 <= share <= 1
    ground = Ground(bundled, found.city)
    for orphan in found.orphans:
        systems = [s for s in bundled.systems(found.city) if bundled.members(s)]
        assert not any(ground.attribution.everywhere(orphan.id) & {m.id for m in bundled.members(s)} for s in systems)


def test_the_plans_of_jiading_name_some_firms_together(bundled: Project) -> None:
    plans = [each for each in overlaps(bundled, "jiading").pairs if each.level == "plan"]
    named = {(each.a, each.b): each.named_both for each in plans}
    assert len(plans) == 3
    for (a, b), firms in named.items():
        for firm in firms:
            assert {a, b} <= {m.plan for m in bundled.facts.mentions if m.id == firm and m.standing == "located"}
    assert any(named.values())
