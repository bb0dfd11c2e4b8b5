"""What is counted in a zone, a system and a city: on parks to be counted by hand, and on the bundled project."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from gis.base.errors import UnknownIdError
from gis.measures.coverage import CityCoverage, Figures, Ground, SystemRow, ZoneRow, area_words, coverage
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
    assert system.estimate == pytest.approx(3)
    assert result.total.inside == 3


def test_a_system_covers_shared_ground_once(tmp_path: Path) -> None:
    result = coverage(overlapping_zones(tmp_path).load(), "town")
    assert of(result, "west").area_km2 == pytest.approx(1, rel=1e-5)
    assert of(result, "west").area_mu == pytest.approx(1500, rel=1e-5)
    assert result.systems[0].figures.area_km2 == pytest.approx(1.75, rel=1e-5)


def test_density_is_the_estimate_a_square_kilometre(tmp_path: Path) -> None:
    park = overlapping_zones(tmp_path).firm("third", (1500, 500)).firm("fourth", (1550, 500))
    figures = coverage(park.load(), "town").systems[0].figures
    assert figures.density_per_km2 == pytest.approx(5 / 1.75, rel=1e-5)
    assert figures.density_low == figures.density_high == figures.density_per_km2
    assert figures.located_by_segment == {"parts": 4, "vehicle": 1}


def test_a_firm_on_the_edge_is_half_in_and_the_point_count_is_told_apart(tmp_path: Path) -> None:
    figures = of(coverage(firms_on_edge(tmp_path).load(), "town"), "wide")
    assert figures.estimate == pytest.approx(2, abs=0.005)
    # Four fair coins: P(0) = P(4) = 1/16 > 2.5 %.
    assert (figures.low, figures.high) == (0, 4)


def test_sixteen_independent_firms_on_the_edge_vary_like_sixteen_coins(tmp_path: Path) -> None:
    figures = of(coverage(firms_on_edge(tmp_path, firms=16).load(), "town"), "wide")
    # The law is binomial (16, 1/2): P(X <= 3) = 0.0106, P(X <= 4) = 0.0384.
    assert (figures.low, figures.high) == (4, 12)


def test_the_error_of_one_outline_moves_all_firms_near_it_together(tmp_path: Path) -> None:
    park = firms_on_edge(tmp_path, accuracy_m=1.0, firms=16, zone_accuracy_m=500.0)
    figures = of(coverage(park.load(), "town"), "wide")
    assert figures.estimate == pytest.approx(8, abs=0.1)
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
    assert figures.estimate == pytest.approx(4, abs=0.05)
    assert (figures.low, figures.high) == (1, 7)


def test_places_side_by_side_may_part_where_each_has_an_error_of_its_own(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("left", square(0, 0, 1000), accuracy_m=500.0)
    park.zone("right", square(1000, 0, 1000), accuracy_m=500.0).system("both", "left", "right")
    park.firm("between", (1000, 500), accuracy_m=50.0)
    result = coverage(park.load(), "town")
    assert of(result, "left").estimate == pytest.approx(0.5, abs=0.03)
    assert of(result, "right").estimate == pytest.approx(0.5, abs=0.03)
    # It lies in neither where the left one has moved west and the right one east of it: a quarter of the draws.
    assert result.systems[0].figures.estimate == pytest.approx(0.75, abs=0.06)


def test_a_firm_known_by_its_park_is_certain_there_and_a_share_of_area_elsewhere(tmp_path: Path) -> None:
    result = coverage(firm_known_by_its_park(tmp_path).load(), "town")
    home, other = of(result, "home"), of(result, "other")
    assert (home.documented, home.documented_here, home.located, home.inside) == (1, 1, 1, 1)
    assert home.estimate == pytest.approx(2)
    assert (home.estimate_documented, home.estimate_position, home.estimate_area) == (1.0, 1.0, 0.0)
    assert (other.documented, other.located, other.inside) == (None, 0, 0)
    assert other.estimate == pytest.approx(0.25, abs=0.002)
    assert other.estimate_area == pytest.approx(0.25, abs=0.002)
    assert (other.low, other.high) == (0, 1)


def test_what_documents_say_rolls_up_by_their_own_parent_and_no_other(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("whole", square(0, 0, 2000)).zone("part", square(0, 0, 1000))
    park.zone("beside", square(0, 0, 1500)).system("one", "whole", "beside")
    park.member("part", "one", parent="whole")
    for number in range(3):
        park.firm(f"firm-{number}", within="part").mention(f"firm-{number}", "part")
    park.firm("wide", within="whole").mention("wide", "whole")
    result = coverage(park.load(), "town")
    whole, part = of(result, "whole"), of(result, "part")
    assert (whole.documented, whole.documented_here) == (4, 1)
    assert (part.documented, part.documented_here) == (3, 3)
    assert of(result, "beside").documented is None, "no document says that a part lies in it, whatever the outlines say"
    assert whole.sentence.startswith("名whole约 4 km²：文件归入 4 家（直接列于此 1 家）")


def test_a_position_says_where_within_the_place_that_a_document_names(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("town", square(0, 0, 10_000)).zone("corner", square(0, 0, 1000)).system("one", "town")
    park.firm("said", (1000, 500), accuracy_m=100.0).mention("said", "town")
    park.firm("unsaid", (1000, 500), accuracy_m=100.0)
    result = coverage(park.load(), "town")
    assert of(result, "town").documented == 1
    assert of(result, "corner").estimate == pytest.approx(1.0, abs=0.01), "each lies on the corner's edge"
    assert of(result, "corner").estimate_position == pytest.approx(1.0, abs=0.01)


def test_knowing_more_never_lowers_the_probability(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("park", square(0, 0, 1000)).system("one", "park")
    park.firm("said", (1400, 500), accuracy_m=1000.0).mention("said", "park")
    figures = of(coverage(park.load(), "town"), "park")
    assert (figures.documented, figures.estimate, figures.low, figures.high) == (1, 1.0, 1, 1)
    assert (figures.located, figures.possible, figures.disagrees) == (0, 1, False)


def test_where_a_document_and_a_position_exclude_each_other_the_row_names_the_firm(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("east", square(20_000, 0, 5000)).zone("west", square(0, 0, 5000)).system("one", "east")
    park.firm("car", (2500, 2500), accuracy_m=500.0).mention("car", "east")
    result = coverage(park.load(), "town")
    east, west = of(result, "east"), of(result, "west")
    assert (east.disagrees, east.contradicting) == (True, ("car",))
    assert "名car" in east.disagreement
    assert "名car" in east.sentence
    assert (east.estimate, west.estimate) == (1.0, None), "the document holds; the position is shown as it is"
    assert not west.disagrees


def test_general_knowledge_is_perhaps_and_a_public_source_is_named(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("town", square(0, 0, 5000)).system("one", "town")
    park.firm("heard", within="town", within_basis="general").firm("read", within="town", within_basis="source")
    figures = of(coverage(park.load(), "town"), "town")
    assert (figures.documented, figures.placed_by_source) == (None, 1)
    assert (figures.located, figures.possible, figures.estimate) == (1, 1, 2.0)


def test_a_firm_on_a_street_is_there_by_the_share_of_its_length(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("park", square(0, 0, 1000)).system("one", "park")
    park._feature("enterprises", "street", shapely.LineString([(-3000, 500), (1000, 500)]), segment="parts")
    figures = of(coverage(park.load(), "town"), "park")
    assert figures.estimate == pytest.approx(0.25, abs=0.002)
    assert (figures.inside, figures.possible) == (0, 1)


def test_nine_firms_known_by_one_park_are_one_unknown_relation_of_two_sketches(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("port", square(0, 0, 1000), accuracy_m=900.0)
    park.zone("over", square(0, 0, 1000), accuracy_m=900.0).system("one", "over")
    for number in range(9):
        park.firm(f"firm-{number}", within="port").mention(f"firm-{number}", "port")
    figures = of(coverage(park.load(), "town"), "over")
    assert (figures.low, figures.high) == (0, 9)


def test_what_the_text_nests_is_nested_in_every_draw(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("whole", square(0, 0, 3000), accuracy_m=100.0)
    park.zone("part", square(0, 0, 1000), accuracy_m=3000.0).system("one", "whole")
    park.member("part", "one", parent="whole")
    for number in range(4):
        park.firm(f"firm-{number}", within="part").mention(f"firm-{number}", "part")
    ground = Ground(park.load(), "town")
    combined = ground.whereabouts.combined
    assert len(combined["part"].sure) == len(combined["whole"].sure) == 4
    place = ground.whereabouts.outlines
    points, draws = np.zeros((place_draws := ground.whereabouts.draws, 2)) - 300.0, np.arange(place_draws)
    assert not (place.holds("part", points, draws) & ~place.holds("whole", points, draws)).any()


def test_an_outline_that_is_made_of_others_is_where_they_are(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("left", square(0, 0, 1000), accuracy_m=800.0)
    park.zone("right", square(5000, 0, 1000), accuracy_m=800.0)
    both = shapely.union_all([square(0, 0, 1000), square(5000, 0, 1000)])
    park.zone("both", both, accuracy_m=800.0, derived_from=["left", "right"]).system("one", "both")
    for number in range(3):
        park.firm(f"firm-{number}", (500 + 5000 * (number % 2), 500), accuracy_m=SHARP_M)
    result = coverage(park.load(), "town")
    parts = of(result, "left").estimate, of(result, "right").estimate
    assert of(result, "both").estimate == pytest.approx(sum(part or 0 for part in parts), abs=1e-6)


def test_a_firm_said_to_be_in_a_place_without_outline_counts_for_the_system(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("drawn", square(0, 0, 1000)).zone("undrawn", None).system("one", "drawn", "undrawn")
    park.firm("said", within="undrawn").mention("said", "undrawn")
    result = coverage(park.load(), "town")
    system = result.systems[0].figures
    assert (system.documented, system.inside) == (1, 0)
    assert system.estimate == pytest.approx(1)
    assert of(result, "undrawn").documented == 1
    assert of(result, "undrawn").estimate is None
    assert result.systems[0].unplaced == ("undrawn",)
    assert result.unzoned == ()


def test_of_firms_that_an_incomplete_list_does_not_hold_nothing_is_known(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("empty", square(0, 0, 1000)).zone("far", square(9000, 0, 1000)).system("one", "empty")
    park.firm("there", (9500, 500))
    figures = of(coverage(park.load(), "town"), "empty")
    assert (figures.documented, figures.located, figures.estimate, figures.low) == (None, None, None, None)
    assert "名录（不全）中没有可能在此的企业" in figures.sentence


def test_a_complete_list_makes_nought_a_number(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("empty", square(0, 0, 1000)).zone("far", square(9000, 0, 1000)).system("one", "empty")
    park.firm("there", (9500, 500)).complete("enterprises").complete("roads")
    figures = of(coverage(park.load(), "town"), "empty")
    assert (figures.located, figures.estimate, figures.test_road_km) == (0, 0.0, 0.0)
    assert not figures.test_road_lower_bound


def test_fewer_than_five_firms_make_no_density(tmp_path: Path) -> None:
    figures = coverage(overlapping_zones(tmp_path).load(), "town").systems[0].figures
    assert figures.density_per_km2 is None
    assert figures.density_note == "不足5家，不计密度"


@pytest.mark.parametrize(
    ("area_km2", "accuracy_m", "words"),
    [(92.84, 4000.0, "93"), (463.6, 550.0, "464"), (5.11, 2500.0, "5"), (0.12, 700.0, "0.1"), (0.0, 10.0, "0")],
)
def test_an_area_has_the_digits_that_its_outline_carries(area_km2: float, accuracy_m: float, words: str) -> None:
    assert area_words(area_km2, accuracy_m) == words


def test_a_stretch_that_two_test_roads_share_counts_once(tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 1000)).system("one", "wide")
    park.road("one-road", (-500, 500), (600, 500)).road("other", (400, 500), (2000, 500))
    park.road("planned", (0, 700), (1000, 700), status="planned").road(
        "plain", (0, 800), (1000, 800), is_test_road=False
    )
    figures = of(coverage(park.load(), "town"), "wide")
    assert figures.test_road_km == pytest.approx(1.0, rel=1e-5)
    assert figures.test_road_density == pytest.approx(1.0, rel=1e-4)


def test_without_a_drawn_test_road_length_and_reach_are_unknown_not_zero(tmp_path: Path) -> None:
    figures = coverage(overlapping_zones(tmp_path).load(), "town").total
    assert (figures.test_road_km, figures.reach_area_share, figures.reach_enterprise_share) == (None, None, None)


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


def test_every_estimate_lies_in_its_interval(result: CityCoverage) -> None:
    for row in rows_of(result):
        flat = row.flat()
        if flat["estimate"] is not None:
            assert flat["low"] <= flat["estimate"] <= flat["high"], row.id
            parts = ("estimate_documented", "estimate_position", "estimate_area")
            assert sum(flat[part] for part in parts) == pytest.approx(flat["estimate"], abs=0.02), row.id
    assert result.total.estimate is not None
    assert result.total.low is not None
    assert result.total.high is not None
    assert result.total.low <= result.total.estimate <= result.total.high


def test_no_system_counts_a_firm_twice_or_loses_one(result: CityCoverage, bundled: Project) -> None:
    ground = Ground(bundled, result.city)
    for system in result.systems:
        figures = system.figures
        parts = [row.figures for row in result.zones if row.system == system.id and row.plan == system.plan]
        said = [part.documented or 0 for part in parts]
        assert max(said, default=0) <= (figures.documented or 0) <= sum(said)
        if figures.inside is not None:
            insides = [part.inside for part in parts if part.inside is not None]
            assert max(insides) <= figures.inside <= sum(insides)
            union = shapely.union_all([ground.outlines[id_] for id_ in system.places if id_ in ground.outlines])
            assert figures.inside == len({firm["id"] for firm in ground.inside(union)})
        assert (figures.documented or 0) == len({firm["id"] for firm in ground.put_in(frozenset(system.places))})


def test_no_zone_has_more_than_the_total(result: CityCoverage) -> None:
    total = result.total
    for row in rows_of(result):
        figures = row.figures
        assert (figures.documented or 0) <= (total.documented or 0)
        if figures.estimate is not None and total.estimate is not None:
            assert figures.estimate <= total.estimate + 1e-6, row.id
        if figures.area_km2 is not None and total.area_km2 is not None:
            assert figures.area_km2 <= total.area_km2 * (1 + 1e-9)


def test_every_firm_is_placed_or_known_by_place_or_unplaced(result: CityCoverage, bundled: Project) -> None:
    assert result.enterprises == len(bundled.layer(result.city, "enterprises"))
    assert result.placed + result.known_by_place + result.unplaced == result.enterprises


def test_unzoned_firms_are_in_no_zone_and_all_others_may_be(result: CityCoverage, bundled: Project) -> None:
    ground = Ground(bundled, result.city)
    places = [record["id"] for record, _ in ground.places]
    chances = np.zeros(len(ground.firms))
    for id_ in places:
        if id_ in ground.outlines:
            chances = np.maximum(chances, ground.whereabouts.combined[id_].probabilities(len(ground.firms)))
    chances[ground.positions_put_in(places)] = 1.0
    lost = {firm.id for firm in result.unzoned}
    for id_, chance in zip(ground.firms.ids, chances, strict=True):
        assert chance < 0.05 if id_ in lost else chance > 0.0, id_


def test_json_and_csv_show_the_numbers_of_the_one_result(result: CityCoverage) -> None:
    data = json.loads(as_json(result.as_json()))
    assert [row["id"] for row in data["zones"]] == [row.id for row in result.zones]
    written = list(csv.DictReader(io.StringIO(as_csv([row.flat() for row in result.zones]))))
    for from_csv, from_json, row in zip(written, data["zones"], result.zones, strict=True):
        for key in ("area_km2", "documented", "located", "estimate", "low", "high", "test_road_km", "reach_area_share"):
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
    assert figures.estimate == figures.inside == figures.low == figures.high == 10


def test_the_layout_of_a_day_brings_its_own_places_and_no_later_ones(bundled: Project) -> None:
    then = coverage(bundled, "hangzhou", day=date(2020, 12, 31))
    assert {row.id for row in then.systems} == {"one-pole-two-wings-2020"}
    places = bundled.layer("hangzhou", "districts")
    assert {row.id for row in then.zones if row.id in places} == {
        "qiantang-new-area-2020",
        "xiaoshan-district",
        "yuhang-district-2020",
    }
