"""What is counted in a zone, a system and a city: on parks to be counted by hand, and on the bundled project."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
import shapely
import shapely.affinity

from gis.base.errors import UnknownIdError
from gis.measures.coverage import CityCoverage, Figures, Ground, SystemRow, ZoneRow, coverage
from gis.model.project import Project, load_project
from gis.views.tables import as_csv, as_json
from tests import ROOT
from tests.fixtures.parks import SHARP_M, Park, firm_known_by_its_park, firms_on_edge, overlapping_zones, square


def rows_of(result: CityCoverage) -> list[ZoneRow | SystemRow]:
    return [*result.zones, *result.systems]


def of(result: CityCoverage, zone: str) -> Figures:
    return next(row.figures for row in result.zones if row.id == zone)


def test_each_zone_counts_its_own_and_a_system_counts_a_shared_firm_once(tmp_path: Path) -> None:
    result = coverage(overlapping_zones(tmp_path).load(), "town")
    assert (of(result, "west").inside, of(result, "east").inside) == (2, 2)
    system = result.systems[0].figures
    assert (system.inside, system.low, system.high) == (3, 3, 3)
    assert system.expected == pytest.approx(3)
    assert result.total.inside == 3


def test_a_system_covers_shared_ground_once(tmp_path: Path) -> None:
    result = coverage(overlapping_zones(tmp_path).load(), "town")
    assert of(result, "west").area_km2 == pytest.approx(1, rel=1e-5)
    assert of(result, "west").area_mu == pytest.approx(1500, rel=1e-5)
    assert result.systems[0].figures.area_km2 == pytest.approx(1.75, rel=1e-5)


def test_density_is_what_is_inside_a_square_kilometre(tmp_path: Path) -> None:
    figures = coverage(overlapping_zones(tmp_path).load(), "town").systems[0].figures
    assert figures.density_per_km2 == pytest.approx(3 / 1.75, rel=1e-5)
    assert figures.by_segment == {"parts": 2, "vehicle": 1}


def test_a_firm_on_the_edge_is_half_in_and_the_point_count_is_told_apart(tmp_path: Path) -> None:
    figures = of(coverage(firms_on_edge(tmp_path).load(), "town"), "wide")
    assert figures.expected == pytest.approx(2, abs=0.001)
    # Four fair coins: P(0) = P(4) = 1/16 > 2.5 %.
    assert (figures.low, figures.high) == (0, 4)


def test_sixteen_independent_firms_on_the_edge_vary_like_sixteen_coins(tmp_path: Path) -> None:
    figures = of(coverage(firms_on_edge(tmp_path, firms=16).load(), "town"), "wide")
    # The law is binomial (16, 1/2): P(X <= 3) = 0.0106, P(X <= 4) = 0.0384.
    assert (figures.low, figures.high) == (4, 12)


def test_the_error_of_one_outline_moves_all_firms_near_it_together(tmp_path: Path) -> None:
    park = firms_on_edge(tmp_path, accuracy_m=1.0, firms=16, zone_accuracy_m=500.0)
    figures = of(coverage(park.load(), "town"), "wide")
    assert figures.expected == pytest.approx(8, abs=0.1)
    assert (figures.low, figures.high) == (0, 16)


def test_outlines_of_different_places_err_independently(tmp_path: Path) -> None:
    park = Park(tmp_path)
    for number in range(8):
        west = number * 20_000.0
        park.zone(f"zone-{number}", square(west, 0, 5000), accuracy_m=500.0)
        park.firm(f"firm-{number}", (west, 2500), accuracy_m=1.0)
    park.system("all", *(f"zone-{number}" for number in range(8)))
    figures = coverage(park.load(), "town").systems[0].figures
    # Eight fair coins: P(0) = 0.004, P(X <= 1) = 0.035. One shared error would give 0 to 8.
    assert figures.expected == pytest.approx(4, abs=0.05)
    assert (figures.low, figures.high) == (1, 7)


def test_an_edge_inside_a_system_is_no_edge_of_it(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("left", square(0, 0, 1000), accuracy_m=500.0)
    park.zone("right", square(1000, 0, 1000), accuracy_m=500.0).system("both", "left", "right")
    park.firm("between", (1000, 500), accuracy_m=50.0)
    result = coverage(park.load(), "town")
    assert of(result, "left").expected == pytest.approx(0.5, abs=0.03)
    assert of(result, "right").expected == pytest.approx(0.5, abs=0.03)
    assert result.systems[0].figures.expected == pytest.approx(1, abs=0.03)


def shared_border(folder: Path, moved_m: float, accuracies: tuple[float, float], *, first: str = "fine") -> Ground:
    """Two places with the same south edge, whose coordinates differ by `moved_m`; ten firms next to that edge."""
    folder.mkdir()
    places = {
        "fine": (shapely.box(0, 0, 2000, 1000), accuracies[0]),
        "coarse": (shapely.box(0, 0, 2000, 800), accuracies[1]),
    }
    park = Park(folder)
    for name in sorted(places, key=lambda name: name != first):
        park.zone(name, places[name][0], accuracy_m=places[name][1])
    park.system("both", *places)
    for number in range(10):
        park.firm(f"firm-{number}", (200.0 + 150 * number, 30.0), accuracy_m=30.0)
    ground = Ground(park.load(), "town")
    ground.outlines["fine"] = shapely.affinity.translate(ground.outlines["fine"], 0, moved_m)
    return ground


@pytest.mark.parametrize("first", ["fine", "coarse"])
def test_a_shared_border_is_of_the_finest_outline_whatever_rounding_leaves(tmp_path: Path, first: str) -> None:
    counts = []
    for moved in (-1e-9, 0.0, 1e-9, 0.05, -0.05):
        ground = shared_border(tmp_path / str(moved), moved, (20.0, 900.0), first=first)
        records = [record for record, _ in ground.places]
        outline = shapely.union_all([ground.outlines[record["id"]] for record in records])
        edges = ground._nearest_edges(outline, records)
        assert {records[edge]["id"] for edge in edges} == {"fine"}
        counts.append(ground.expected(outline, records))
    assert [(count.low, count.high) for count in counts] == [(counts[0].low, counts[0].high)] * 5
    assert [count.expected for count in counts[:3]] == pytest.approx([counts[0].expected] * 3, abs=1e-6)


def test_outlines_of_one_accuracy_that_share_a_border_are_taken_in_the_order_of_records(tmp_path: Path) -> None:
    for moved in (-1e-9, 1e-9):
        ground = shared_border(tmp_path / str(moved), moved, (500.0, 500.0))
        records = [record for record, _ in ground.places]
        outline = shapely.union_all(list(ground.outlines.values()))
        assert set(ground._nearest_edges(outline, records)) == {0}


def test_an_outline_that_is_nearer_than_the_rounding_keeps_its_own_edge(tmp_path: Path) -> None:
    ground = shared_border(tmp_path / "apart", 5.0, (20.0, 900.0))
    records = [record for record, _ in ground.places]
    edges = ground._nearest_edges(shapely.union_all(list(ground.outlines.values())), records)
    assert {records[edge]["id"] for edge in edges} == {"coarse"}


def test_a_firm_known_by_its_park_is_certain_there_and_a_share_of_area_elsewhere(tmp_path: Path) -> None:
    result = coverage(firm_known_by_its_park(tmp_path).load(), "town")
    home, other = of(result, "home"), of(result, "other")
    assert (home.attributed, home.attributed_only, home.inside) == (1, 1, 1)
    assert home.expected == pytest.approx(2)
    assert (other.attributed, other.inside) == (0, 0)
    assert other.expected == pytest.approx(0.25, abs=1e-4)
    assert (other.low, other.high) == (0, 1)


def test_a_firm_known_by_its_park_is_never_inside(tmp_path: Path) -> None:
    project = firm_known_by_its_park(tmp_path).load()
    assert project.layer("town", "enterprises").geometry_of("said") is not None, "it is shown in its park"
    assert coverage(project, "town").total.inside == 1


def test_a_firm_said_to_be_in_a_place_without_outline_counts_for_the_system(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("drawn", square(0, 0, 1000)).zone("undrawn", None).system("one", "drawn", "undrawn")
    park.firm("said", stand_in_for="undrawn").mention("said", "undrawn")
    result = coverage(park.load(), "town")
    system = result.systems[0].figures
    assert (system.attributed, system.inside) == (1, 0)
    assert system.expected == pytest.approx(1)
    assert of(result, "undrawn").attributed == 1
    assert of(result, "undrawn").expected is None
    assert result.systems[0].unplaced == ("undrawn",)
    assert result.unzoned == ()


def test_where_only_documents_make_the_difference_the_row_says_so(tmp_path: Path) -> None:
    home = of(coverage(firm_known_by_its_park(tmp_path).load(), "town"), "home")
    assert home.disagrees
    assert "只凭文件归属" in home.disagreement
    assert "by a document alone" in home.disagreement_en


def test_where_area_shares_make_the_difference_the_row_says_so(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 1000)).zone("most", square(0, 0, 900)).system("one", "wide", "most")
    for number in range(9):
        park.firm(f"firm-{number}", stand_in_for="wide").mention(f"firm-{number}", "wide")
    most = of(coverage(park.load(), "town"), "most")
    assert (most.attributed, most.inside) == (0, 0)
    assert most.expected == pytest.approx(9 * 0.81, abs=0.01)
    assert "7.3家（按所在地的面积比例折算）" in most.disagreement
    assert "by area share of their place" in most.disagreement_en


def test_where_accuracy_makes_the_difference_the_row_says_so(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("small", square(0, 0, 100)).system("one", "small")
    for number in range(9):
        park.firm(f"firm-{number}", (50, 50), accuracy_m=2000.0)
    small = of(coverage(park.load(), "town"), "small")
    assert small.inside == 9
    assert small.disagrees
    assert "精度" in small.disagreement


def test_where_both_counts_agree_nothing_is_flagged(tmp_path: Path) -> None:
    west = of(coverage(overlapping_zones(tmp_path).load(), "town"), "west")
    assert (west.disagrees, west.disagreement, west.disagreement_en) == (False, "", "")


def test_a_stretch_that_two_test_roads_share_counts_once(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 1000)).system("one", "wide")
    park.road("one-road", (-500, 500), (600, 500)).road("other", (400, 500), (2000, 500))
    park.road("planned", (0, 700), (1000, 700), status="planned").road(
        "plain", (0, 800), (1000, 800), is_test_road=False
    )
    figures = of(coverage(park.load(), "town"), "wide")
    assert figures.road_km == pytest.approx(1.0, rel=1e-5)
    assert figures.road_density_km_per_km2 == pytest.approx(1.0, rel=1e-4)


def test_without_a_drawn_test_road_length_and_reach_are_unknown_not_zero(tmp_path: Path) -> None:
    figures = coverage(overlapping_zones(tmp_path).load(), "town").total
    assert (figures.road_km, figures.reach_area_share, figures.reach_enterprise_share) == (None, None, None)


def test_a_sketch_anywhere_in_a_system_marks_it(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("firm-line", square(0, 0, 1000))
    park.zone("sketch", square(3000, 0, 1000), geometry_basis="schematic", accuracy_m=300.0)
    result = coverage(park.system("both", "firm-line", "sketch").load(), "town")
    system = result.systems[0].figures
    assert (system.sketched, system.geometry_basis, system.accuracy_m) == (True, "mixed", 300.0)
    assert not of(result, "firm-line").sketched


def test_firms_in_no_zone_are_listed_with_the_reason(tmp_path: Path) -> None:
    park = overlapping_zones(tmp_path).firm("away", (9000, 9000)).firm("nowhere", unplaced_reason="文件未写明")
    reasons = {firm.id: firm.reason for firm in coverage(park.load(), "town").unzoned}
    assert reasons == {"away": "其位置不在任何区域内", "nowhere": "未定位：文件未写明"}


def test_a_zone_outside_every_system_has_a_row_without_system(tmp_path: Path) -> None:
    park = overlapping_zones(tmp_path).zone("lonely", square(5000, 5000, 100))
    row = next(row for row in coverage(park.load(), "town").zones if row.id == "lonely")
    assert (row.system, row.plan, row.role) == (None, None, None)


def test_an_unknown_city_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownIdError, match="did you mean town"):
        coverage(overlapping_zones(tmp_path).load(), "twon")


@pytest.fixture(scope="module")
def bundled() -> Project:
    return load_project(ROOT)


@pytest.fixture(scope="module", params=["jiading", "hangzhou", "huli"])
def result(request: pytest.FixtureRequest, bundled: Project) -> CityCoverage:
    return coverage(bundled, request.param)


def test_every_expected_count_lies_in_its_interval(result: CityCoverage) -> None:
    for row in rows_of(result):
        flat = row.flat()
        if flat["expected"] is not None:
            assert flat["low"] <= flat["expected"] <= flat["high"], row.id
    assert result.total.expected is not None
    assert result.total.low is not None
    assert result.total.high is not None
    assert result.total.low <= result.total.expected <= result.total.high


def test_no_system_counts_a_firm_twice_or_loses_one(result: CityCoverage, bundled: Project) -> None:
    ground = Ground(bundled, result.city)
    for system in result.systems:
        figures = system.figures
        parts = [row.figures for row in result.zones if row.system == system.id and row.plan == system.plan]
        said = [part.attributed for part in parts]
        assert max(said, default=0) <= figures.attributed <= sum(said)
        if figures.inside is not None:
            insides = [part.inside for part in parts if part.inside is not None]
            assert max(insides) <= figures.inside <= sum(insides)
            union = shapely.union_all([ground.outlines[id_] for id_ in system.places if id_ in ground.outlines])
            assert figures.inside == len({firm["id"] for firm in ground.inside(union)})
        assert figures.attributed == len({firm["id"] for firm in ground.put_in(frozenset(system.places))})


def test_no_zone_has_more_than_the_total(result: CityCoverage) -> None:
    total = result.total
    for row in rows_of(result):
        figures = row.figures
        assert figures.attributed <= total.attributed
        if figures.expected is not None and total.expected is not None:
            assert figures.expected <= total.expected + 0.2, row.id
        if figures.area_km2 is not None and total.area_km2 is not None:
            assert figures.area_km2 <= total.area_km2 * (1 + 1e-9)


def test_every_firm_is_placed_or_standing_in_or_unplaced(result: CityCoverage, bundled: Project) -> None:
    assert result.enterprises == len(bundled.layer(result.city, "enterprises"))
    assert result.placed + result.standing_in + result.unplaced == result.enterprises


def test_unzoned_firms_are_in_no_zone_and_all_others_are(result: CityCoverage, bundled: Project) -> None:
    ground = Ground(bundled, result.city)
    places = frozenset(record["id"] for record, _ in ground.places)
    outlines = [outline for id_, outline in ground.outlines.items() if id_ in places]
    counted = {f["id"] for outline in outlines for f in ground.inside(outline)} | {
        f["id"] for f in ground.put_in(places)
    }
    assert {firm.id for firm in result.unzoned} == set(ground.firms.ids) - counted


def test_json_and_csv_show_the_numbers_of_the_one_result(result: CityCoverage) -> None:
    data = json.loads(as_json(result.as_json()))
    assert [row["id"] for row in data["zones"]] == [row.id for row in result.zones]
    written = list(csv.DictReader(io.StringIO(as_csv([row.flat() for row in result.zones]))))
    for from_csv, from_json, row in zip(written, data["zones"], result.zones, strict=True):
        for key in ("area_km2", "attributed", "inside", "expected", "low", "high", "road_km", "reach_area_share"):
            assert from_csv[key] == ("" if from_json[key] is None else str(from_json[key]))
            value = getattr(row.figures, key)
            assert (value is None) == (from_json[key] is None)
            assert value is None or from_json[key] == pytest.approx(value, abs=0.005)
    assert data["total"]["inside"] == result.total.inside


def test_accuracy_of_a_millimetre_counts_points_as_they_are(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 1000), accuracy_m=SHARP_M).system("one", "wide")
    for number in range(20):
        park.firm(f"firm-{number}", (number * 100 - 500 + 3, 10), accuracy_m=SHARP_M)
    figures = of(coverage(park.load(), "town"), "wide")
    assert figures.expected == figures.inside == figures.low == figures.high == 10


def test_the_layout_of_a_day_brings_its_own_places_and_no_later_ones(bundled: Project) -> None:
    then = coverage(bundled, "hangzhou", day=date(2020, 12, 31))
    assert {row.id for row in then.systems} == {"one-pole-two-wings-2020"}
    places = bundled.layer("hangzhou", "districts")
    assert {row.id for row in then.zones if row.id in places} == {
        "qiantang-new-area-2020",
        "xiaoshan-district",
        "yuhang-district-2020",
    }
