"""The audit and the counts of the catalogue, on parks small enough to check by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from gis.measures.catalogue import Audit, CatalogueRow, audit, least_certain, statistics
from gis.model.project import Project
from tests.fixtures.parks import CITY, Park, square


@pytest.fixture
def park(tmp_path: Path) -> Park:
    return Park(tmp_path / "park")


def audited(project: Project, kind: str) -> Audit:
    return next(layer for layer in audit(project) if layer.kind == kind)


def counted(project: Project, kind: str) -> CatalogueRow:
    return next(row for row in statistics(project) if row.kind == kind)


@pytest.fixture
def placed_in_every_way(park: Park) -> Project:
    """One zone; a firm at its own point, one known by the zone, one unplaced, two mentioned."""
    park.zone("zone-a", square(0, 0, 1000), geometry_basis="schematic", accuracy_m=400.0)
    park.firm("own", (100, 100), geometry_basis="proxy", accuracy_m=900.0)
    park.firm("known", (200, 100), accuracy_m=100.0)
    park.firm("by-place", within="zone-a")
    park.firm("nowhere")
    park.system("ring", "zone-a")
    park.mention("own", "zone-a").mention("own").mention("by-place", "zone-a").mention("nowhere")
    return park.load()


def test_the_audit_counts_bases_stand_ins_and_unplaced_apart(placed_in_every_way: Project) -> None:
    firms = audited(placed_in_every_way, "enterprises")
    assert (firms.features, firms.known_by_place, firms.unplaced) == (4, 1, 1)
    assert firms.bases == {"digitised": 1, "proxy": 1}


def test_the_audit_takes_median_and_worst_accuracy_over_own_geometries_only(placed_in_every_way: Project) -> None:
    firms = audited(placed_in_every_way, "enterprises")
    assert (firms.median_accuracy_m, firms.worst_accuracy_m, firms.worst) == (500.0, 900.0, "own")


def test_an_empty_layer_has_no_accuracy(placed_in_every_way: Project) -> None:
    roads = audited(placed_in_every_way, "roads")
    assert (roads.features, roads.median_accuracy_m, roads.worst_accuracy_m, roads.worst) == (0, None, None, None)
    assert (roads.bases, roads.faults) == ({}, ())


def test_there_is_one_audit_for_each_kind_of_layer(placed_in_every_way: Project) -> None:
    assert [layer.kind for layer in audit(placed_in_every_way)] == [
        "districts", "zones", "enterprises", "roads", "facilities"
    ]  # fmt: skip


def test_an_audit_is_a_flat_row(placed_in_every_way: Project) -> None:
    row = audited(placed_in_every_way, "zones").row()
    assert row["city"] == CITY
    assert row["bases"] == {"schematic": 1}
    assert row["faults"] == []


def test_the_least_certain_come_worst_first_and_without_stand_ins(placed_in_every_way: Project) -> None:
    found = least_certain(placed_in_every_way, 2)
    assert [(one.id, one.kind, one.accuracy_m) for one in found] == [
        ("own", "enterprises", 900.0),
        ("zone-a", "zones", 400.0),
    ]
    assert "by-place" not in {one.id for one in least_certain(placed_in_every_way, 99)}
    assert found[0].row()["geometry_source"] == "a test"


def test_a_plan_counts_rows_things_and_how_they_are_placed(placed_in_every_way: Project) -> None:
    firms = counted(placed_in_every_way, "enterprises")
    assert (firms.rows, firms.things) == (4, 3)
    assert (firms.placed, firms.known_by_place, firms.unplaced, firms.elsewhere) == (1, 1, 1, 0)
    zones = counted(placed_in_every_way, "zones")
    assert (zones.rows, zones.placed, zones.unplaced, zones.elsewhere) == (1, 1, 0, None)


def test_what_has_no_geometry_is_not_counted_as_placed_or_unplaced(placed_in_every_way: Project) -> None:
    systems = counted(placed_in_every_way, "systems")
    assert (systems.rows, systems.placed, systems.known_by_place, systems.unplaced) == (1, None, None, None)


def test_districts_that_share_their_border_have_no_fault(park: Park) -> None:
    park.district("west", square(0, 0, 1000)).district("east", square(1000, 0, 1000))
    assert audited(park.load(), "districts").faults == ()


def test_districts_that_overlap_are_both_named(park: Park) -> None:
    park.district("west", square(0, 0, 1000)).district("east", square(950, 0, 1000))
    faults = audited(park.load(), "districts").faults
    assert [fault.split(":")[0] for fault in faults] == ["east", "west"]
    assert all("overlaps" in fault for fault in faults)


def test_a_border_that_misses_the_neighbour_s_by_a_metre_is_a_fault(park: Park) -> None:
    park.district("west", square(0, 0, 1000)).district("east", square(1001, 0, 1000))
    assert [fault.split(":")[0] for fault in audited(park.load(), "districts").faults] == ["east", "west"]


def test_districts_that_lie_apart_have_no_fault(park: Park) -> None:
    park.district("west", square(0, 0, 1000)).district("east", square(1500, 0, 1000))
    assert audited(park.load(), "districts").faults == ()


def test_a_hole_that_districts_leave_between_them_is_named_with_those_around_it(park: Park) -> None:
    ring = shapely.box(0, 0, 900, 900).difference(shapely.box(400, 400, 500, 500))
    halves = [shapely.box(0, 0, 450, 900), shapely.box(450, 0, 900, 900)]
    left, right = (shapely.orient_polygons(ring.intersection(half)) for half in halves)
    park.district("left", left).district("right", right)
    faults = audited(park.load(), "districts").faults
    assert len(faults) == 1
    assert faults[0].startswith("left, right: near 121.00")
    assert "gap" in faults[0]


def test_a_town_inside_its_district_and_an_outline_of_the_past_are_no_overlap(park: Park) -> None:
    park.district("district", square(0, 0, 1000)).district("neighbour", square(1000, 0, 1000))
    park.district("town", square(0, 0, 500), level="town")
    park.district("once", shapely.box(0, 0, 2000, 1000), level="historic", valid_to="2021-04-09")
    assert audited(park.load(), "districts").faults == ()


def test_overlapping_towns_are_named(park: Park) -> None:
    park.district("district", square(0, 0, 1000))
    park.district("north", shapely.box(0, 480, 1000, 1000), level="town")
    park.district("south", shapely.box(0, 0, 1000, 500), level="town")
    assert [fault.split(":")[0] for fault in audited(park.load(), "districts").faults] == ["north", "south"]


def test_a_sliver_is_named(park: Park) -> None:
    park.zone("thin", shapely.box(0, 0, 5000, 1))
    park.zone("sound", square(0, 0, 500))
    assert [fault.split(":")[0] for fault in audited(park.load(), "zones").faults] == ["thin"]


def test_a_repeated_point_is_named(park: Park) -> None:
    park.road("twice", (0, 0), (500, 0), (500, 0), (900, 0))
    park.road("once", (0, 100), (500, 100))
    faults = audited(park.load(), "roads").faults
    assert [fault.split(":")[0] for fault in faults] == ["twice"]
