from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gis.earth import datum as datums
from gis.intake.detective import Surroundings, Verdict, Witnesses, axes_of, detect, surroundings_of
from gis.model.project import load_project
from tests import ROOT
from tests.fixtures import intake

DATUMS = ("wgs84", "gcj02", "bd09")
MANY = 200


@cache
def around(city: str) -> Surroundings:
    return surroundings_of(load_project(ROOT, cities=[city]), city)


def convert(x: Any, y: Any, from_: str, to: str) -> tuple[Any, Any]:
    return datums.convert(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64), from_, to)


def all_over(city: str, count: int, seed: int) -> Any:
    district = around(city).subject
    assert district is not None
    return intake.points_in(district, count, seed)


def verdict_of(points: Any, datum: str, surroundings: Surroundings, places: Any = ()) -> Verdict:
    x, y = convert(points[:, 0], points[:, 1], "wgs84", datum)
    return detect(Witnesses(x, y, places=places), surroundings)


def in_named_parks(surroundings: Surroundings, count: int, seed: int) -> tuple[Any, list[str]]:
    random = np.random.default_rng(seed)
    assert surroundings.subject is not None
    small = [
        id_
        for id_, outline in surroundings.places.items()
        if outline.geometry.area < 0.2 * surroundings.subject.area
        and surroundings.subject.contains(outline.geometry.representative_point())
    ]
    chosen = random.choice(small, count).tolist()
    points = [
        intake.points_in(surroundings.places[id_].geometry, 1, seed * 1000 + i)[0] for i, id_ in enumerate(chosen)
    ]
    return np.array(points), chosen


@pytest.mark.parametrize("city", ["jiading", "huli"])
@pytest.mark.parametrize("datum", DATUMS)
def test_firms_all_over_a_district_give_the_datum_away(city: str, datum: str) -> None:
    named = []
    for seed in range(12):
        verdict = verdict_of(all_over(city, MANY, seed), datum, around(city))
        assert verdict.label == datum or not verdict.sure
        named.append(verdict.label == datum)
    assert sum(named) == len(named)


@pytest.mark.parametrize("city", ["jiading", "hangzhou", "huli"])
@pytest.mark.parametrize("datum", DATUMS)
def test_firms_that_name_sketched_parks_point_to_the_datum(city: str, datum: str) -> None:
    for seed in range(3):
        points, places = in_named_parks(around(city), MANY, seed)
        assert verdict_of(points, datum, around(city), places).label == datum


@pytest.mark.parametrize("city", ["jiading", "huli"])
def test_parks_that_lie_elsewhere_than_they_are_sketched_never_make_it_sure_of_the_wrong_datum(city: str) -> None:
    for seed in range(12):
        random = np.random.default_rng(seed)
        points, places = in_named_parks(around(city), MANY, seed)
        for id_ in sorted(set(places)):
            rows = [other == id_ for other in places]
            points[rows] += random.normal(0, around(city).places[id_].accuracy_m / 2.448 / 111_000, 2)
        datum = DATUMS[seed % 3]
        verdict = verdict_of(points, datum, around(city), places)
        assert not verdict.sure or verdict.label == datum, verdict.reasons


def test_one_sketched_park_is_not_enough_to_be_sure() -> None:
    for seed, id_ in enumerate(["aviation-industrial-park", "info-optoelectronics-park", "huli-old-industrial-area"]):
        outline = around("huli").places[id_].geometry
        points = intake.points_in(outline, MANY, seed) + np.array([0.004, -0.002])
        assert not verdict_of(points, "gcj02", around("huli"), [id_] * MANY).sure


@pytest.mark.parametrize("datum", DATUMS)
def test_firms_in_two_exact_parks_give_the_datum_away(datum: str, tmp_path: Path) -> None:
    root = intake.new_project(tmp_path / "p")
    intake.import_parks(root)
    surroundings = surroundings_of(load_project(root), intake.CITY)
    for seed in range(5):
        points = np.vstack(
            [intake.points_in(outline, 100, seed * 10 + i) for i, outline in enumerate(intake.PARKS.values())]
        )
        verdict = verdict_of(points, datum, surroundings)
        assert verdict.label == datum
        assert verdict.sure, verdict.reasons


@pytest.fixture(scope="module")
def exact_parks(tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    root = intake.new_project(tmp_path_factory.mktemp("detective") / "p")
    intake.import_parks(root)
    return surroundings_of(load_project(root), intake.CITY)


@pytest.mark.parametrize("datum", DATUMS)
def test_firms_that_name_an_exact_park_give_the_datum_away(datum: str, exact_parks: Surroundings) -> None:
    id_, outline = next((id_, one.geometry) for id_, one in exact_parks.places.items() if one.name == "汽车创新港")
    for seed in range(5):
        points = intake.points_in(outline, MANY, seed)
        points[:12] = all_over("jiading", 12, seed)  # Some rows are placed wrong in every list.
        verdict = verdict_of(points, datum, exact_parks, [id_] * MANY)
        assert verdict.label == datum
        assert verdict.sure, verdict.reasons


PAIRS = [("gcj02", "wgs84"), ("bd09", "gcj02"), ("bd09", "wgs84")]


@pytest.mark.parametrize(("kind", "most"), [("exact parks", 0), ("jiading", 1), ("huli", 0)])
def test_two_datums_in_one_list_hardly_ever_make_it_sure(kind: str, most: int, exact_parks: Surroundings) -> None:
    # Half a list by chance without a firm on the telling side of a long border looks like none.
    taken_for_one = []
    for seed, pair in itertools.product(range(4), PAIRS):
        if kind == "exact parks":
            outlines = list(intake.PARKS.values())
            points = np.vstack([intake.points_in(one, 100, seed * 10 + i) for i, one in enumerate(outlines)])
        else:
            points = all_over(kind, MANY, seed)
        one, other = (np.column_stack(convert(points[:, 0], points[:, 1], "wgs84", datum)) for datum in pair)
        mixed = np.where(np.random.default_rng(seed).random((MANY, 1)) < 0.5, one, other)
        verdict = detect(Witnesses(mixed[:, 0], mixed[:, 1]), exact_parks if kind == "exact parks" else around(kind))
        if verdict.sure:
            taken_for_one.append((seed, pair, verdict.reasons))
    assert len(taken_for_one) <= most, taken_for_one


def test_places_that_are_in_the_list_in_two_datums_are_found(exact_parks: Surroundings) -> None:
    points = intake.points_in(intake.PARKS["汽车创新港"], MANY, 0)
    again = np.column_stack(convert(points[:6, 0], points[:6, 1], "wgs84", "gcj02"))
    both = np.vstack([points, again])
    verdict = detect(Witnesses(both[:, 0], both[:, 1]), exact_parks)
    assert not verdict.sure
    assert any(
        "6 places are in the list twice, once as wgs84 and once as gcj02" in reason for reason in verdict.reasons
    )


def test_a_shift_that_no_datum_makes_is_told_from_all_datums(exact_parks: Surroundings) -> None:
    points = np.vstack([intake.points_in(one, 100, i) for i, one in enumerate(intake.PARKS.values())])
    for shift in ((0.007, 0.006), (-0.006, -0.007)):
        verdict = detect(Witnesses(points[:, 0] + shift[0], points[:, 1] + shift[1]), exact_parks)
        assert verdict.label == "a shift that no datum makes"
        assert not verdict.sure


def test_firms_on_either_side_of_the_border_never_make_it_sure_of_the_wrong_datum() -> None:
    for seed, city in enumerate(["jiading", "huli", "hangzhou"] * 3):
        district = around(city).subject
        assert district is not None
        points = intake.points_in(district.buffer(0.05).difference(district.buffer(-0.03)), MANY, seed)
        datum = DATUMS[seed % 3]
        verdict = verdict_of(points, datum, around(city))
        assert not verdict.sure or verdict.label == datum, verdict.reasons


@pytest.mark.parametrize("datum", DATUMS)
def test_addresses_that_name_their_district_speak_for_the_datum(datum: str) -> None:
    divisions = around("hangzhou").divisions
    assert "余杭区(2021年4月前)" not in divisions, "an outline of older times widens the district of that name"
    names = ["上城区", "滨江区", "西湖区", "临平区", "拱墅区"]  # lines known to 350 m: wider ones hardly tell a datum
    points = np.vstack([intake.points_in(divisions[name].geometry, 40, i) for i, name in enumerate(names)])
    texts = [f"浙江省杭州市{name}建设路{i}号" for name in names for i in range(40)]
    x, y = convert(points[:, 0], points[:, 1], "wgs84", datum)
    bare = detect(Witnesses(x, y), around("hangzhou"))
    told = detect(Witnesses(x, y, addresses=texts), around("hangzhou"))
    assert told.label == datum
    assert told.probability > bare.probability
    assert all(score.in_named_place is not None for score in told.scores if score.candidate == datum)


def test_a_few_firms_never_make_it_sure_of_the_wrong_datum() -> None:
    for seed in range(30):
        datum = DATUMS[seed % 3]
        verdict = verdict_of(all_over("jiading", 15, seed), datum, around("jiading"))
        assert not verdict.sure or verdict.label == datum


def test_firms_that_crowd_beside_the_parks_never_make_it_sure_of_the_wrong_datum() -> None:
    for seed in range(15):
        random = np.random.default_rng(seed)
        centres = all_over("jiading", 6, seed)
        points = centres[random.integers(0, 6, 300)] + random.normal(0, 0.004, (300, 2))
        datum = DATUMS[seed % 3]
        verdict = verdict_of(points, datum, around("jiading"))
        assert not verdict.sure or verdict.label == datum, verdict.reasons


def test_rows_that_are_all_at_one_point_are_not_enough_to_be_sure() -> None:
    for seed in range(6):
        verdict = verdict_of(np.repeat(all_over("jiading", 1, seed), 300, axis=0), "bd09", around("jiading"))
        assert not verdict.sure


def test_one_street_of_firms_is_not_enough_to_be_sure() -> None:
    points = np.array([[121.30, 31.36]]) + np.random.default_rng(0).normal(0, 0.001, (300, 2))
    verdict = verdict_of(points, "gcj02", around("jiading"))
    assert not verdict.sure
    assert any("not sure" in reason for reason in verdict.reasons)


def test_a_shift_done_twice_is_told_from_one_done_once() -> None:
    points, places = in_named_parks(around("jiading"), 300, 5)
    x, y = convert(points[:, 0], points[:, 1], "wgs84", "gcj02")
    x, y = convert(x, y, "wgs84", "gcj02")
    verdict = detect(Witnesses(x, y, places=places), around("jiading"))
    assert verdict.label == "gcj02, shifted twice"
    assert not verdict.sure, "no datum undoes this, so nothing may be done on its word"


def test_swapped_axes_are_found_and_said() -> None:
    points, places = in_named_parks(around("jiading"), MANY, 1)
    verdict = detect(Witnesses(points[:, 1], points[:, 0], places=places), around("jiading"))
    assert verdict.swapped
    assert verdict.label == "wgs84"
    assert any("latitude before longitude" in reason for reason in verdict.reasons)


@pytest.mark.parametrize("code", ["EPSG:4528", "EPSG:4549", "EPSG:4499"])
@pytest.mark.parametrize("north_first", [False, True])
def test_projected_coordinates_are_named_with_their_zone(code: str, north_first: bool) -> None:
    points = all_over("jiading", MANY, 3)
    x, y = convert(points[:, 0], points[:, 1], "wgs84", code)
    verdict = detect(Witnesses(y, x) if north_first else Witnesses(x, y), around("jiading"))
    assert str(verdict.reference) == code
    assert verdict.sure
    assert verdict.swapped is north_first


def test_a_local_grid_is_not_taken_for_anything() -> None:
    random = np.random.default_rng(0)
    verdict = detect(Witnesses(random.uniform(-9000, 9000, 50), random.uniform(-9000, 9000, 50)), around("jiading"))
    assert verdict.reference is None
    assert not verdict.sure


def test_firms_of_another_city_are_not_judged() -> None:
    verdict = detect(Witnesses(np.full(300, 113.95), np.full(300, 22.55)), around("jiading"))
    assert not verdict.sure


def test_headings_that_name_the_datum_count_but_do_not_overrule_evidence() -> None:
    few = all_over("jiading", 5, 0)
    x, y = convert(few[:, 0], few[:, 1], "wgs84", "bd09")
    named = Witnesses(x, y, words=[("bd09", "百度经度")])
    assert detect(named, around("jiading")).label == "bd09"
    points, places = in_named_parks(around("jiading"), 300, 2)
    lying = Witnesses(points[:, 0], points[:, 1], places=places, words=[("bd09", "百度经度")])
    assert detect(lying, around("jiading")).label == "wgs84"


def test_abroad_all_datums_are_the_same(tmp_path: Path) -> None:
    surroundings = Surroundings("hk", shapely.box(114.1, 22.25, 114.2, 22.3), 50, {}, {}, {})
    verdict = detect(Witnesses(np.full(9, 114.15), np.full(9, 22.28)), surroundings)
    assert verdict.label == "wgs84"
    assert verdict.sure


def test_nothing_to_go_by_is_said() -> None:
    verdict = detect(Witnesses(np.array([np.nan]), np.array([np.nan])), around("jiading"))
    assert verdict.reference is None
    assert axes_of(np.array([1.0]), np.array([2.0]))[0] == "unclear"
