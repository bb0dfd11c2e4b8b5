"""The make-up of zones by chain link, on counts that fit in the head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gis.measures.coverage import Ground
from gis.measures.structure import Structure, clark_evans, structure
from tests.fixtures.parks import SHARP_M, Park, square


def twelve_firms_in_two_parks(folder: Path) -> Park:
    """West: 6 parts, 2 vehicle; east: 4 software; the plan names parts as west's function, vehicles as east's."""
    park = Park(folder).zone("west", square(0, 0, 1000)).zone("east", square(2000, 0, 1000))
    park.system("a", "west", functions="汽车零部件制造").system("b", "east", functions="整车")
    for number, (segment, place) in enumerate(
        [("parts", "west")] * 6 + [("vehicle", "west")] * 2 + [("software", "east")] * 4
    ):
        park.firm(f"firm-{number}", within=place, segment=segment).mention(f"firm-{number}", place)
    return park


def of(found: list[Structure], id_: str) -> Structure:
    return next(row for row in found if row.id == id_)


def test_counts_quotient_concentration_and_share_of_the_city(tmp_path: Path) -> None:
    west = of(structure(twelve_firms_in_two_parks(tmp_path).load(), "town"), "west")
    assert west.counts == {"parts": 6, "vehicle": 2}
    assert west.location_quotient == {"parts": 1.5, "vehicle": 1.5}
    assert west.hhi == pytest.approx(0.75**2 + 0.25**2)
    assert west.city_share is None, "a share of an incomplete list is none"


def test_a_share_of_the_city_needs_a_complete_list(tmp_path: Path) -> None:
    west = of(structure(twelve_firms_in_two_parks(tmp_path).complete("enterprises").load(), "town"), "west")
    assert west.city_share == pytest.approx(8 / 12, abs=1e-4)


def test_fewer_than_five_firms_make_no_quotient(tmp_path: Path) -> None:
    east = of(structure(twelve_firms_in_two_parks(tmp_path).load(), "town"), "east")
    assert (east.enterprises, east.location_quotient, east.hhi) == (4, {}, None)
    assert east.quotients_note == "4家，少于5家，不计区位商与HHI"


def test_the_featured_share_is_of_firms_whose_link_the_plan_names_as_a_function(tmp_path: Path) -> None:
    found = structure(twelve_firms_in_two_parks(tmp_path).load(), "town")
    assert (of(found, "west").featured, of(found, "west").featured_share) == (("parts",), 0.75)
    assert of(found, "east").featured_share is None, "four firms make no share"
    assert of(found, "town").featured_share == 0.5


def test_firms_of_unknown_link_are_left_out_of_the_featured_share(tmp_path: Path) -> None:
    park = twelve_firms_in_two_parks(tmp_path)
    park.firm("riddle", within="west", segment="unknown").mention("riddle", "west")
    west = of(structure(park.load(), "town"), "west")
    assert (west.enterprises, west.featured_share) == (9, 0.75)


def test_by_position_only_firms_with_a_position_of_their_own_count(tmp_path: Path) -> None:
    park = twelve_firms_in_two_parks(tmp_path).firm("seen", (100, 100), segment="vehicle")
    west = of(structure(park.load(), "town", "located"), "west")
    assert (west.enterprises, west.counts, west.city_share) == (1, {"vehicle": 1}, None)


def test_a_place_without_firms_has_no_ratios(tmp_path: Path) -> None:
    empty = of(
        structure(twelve_firms_in_two_parks(tmp_path).zone("empty", square(9000, 0, 10)).load(), "town"), "empty"
    )
    assert (empty.enterprises, empty.hhi, empty.featured_share) == (None, None, None)


def spaced(
    folder: Path, points: np.ndarray[tuple[int, int], np.dtype[np.float64]], accuracy_m: float = SHARP_M
) -> Ground:
    park = Park(folder).zone("field", square(0, 0, 10_000)).system("a", "field")
    for number, (x, y) in enumerate(points):
        park.firm(f"firm-{number}", (float(x), float(y)), accuracy_m=accuracy_m)
    return Ground(park.load(), "town")


def lattice(side: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    steps = (np.arange(side) + 0.5) * 10_000 / side
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def test_thirty_firms_are_needed_to_speak_of_spacing(tmp_path: Path) -> None:
    found = clark_evans(spaced(tmp_path, lattice(5)), "field")
    assert found.ratio is None
    assert found.note == "独立定位的企业仅25家，少于30家，不足以说明疏密"


def test_a_lattice_is_even_and_a_heap_is_clustered(tmp_path: Path) -> None:
    even = clark_evans(spaced(tmp_path / "even", lattice(6)), "field")
    heap = clark_evans(spaced(tmp_path / "heap", 4500 + lattice(6) / 10), "field")
    assert even.ratio is not None
    assert heap.ratio is not None
    # n = 36, A = 10^8 m², P = 40 km: 0.5 sqrt(A/n) + (0.0514 + 0.041/6) P/n = 833.3 + 64.7 = 898.0 m.
    assert even.ratio == pytest.approx(1666.7 / 898.0, abs=0.001)
    assert heap.ratio == pytest.approx(166.7 / 898.0, abs=0.001)


def test_random_spacing_is_near_one_with_the_edge_corrected(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    ground = spaced(tmp_path, random.uniform(0, 10_000, (40, 2)))
    ratios, deviations = [], []
    for _ in range(400):
        ground.points = random.uniform(0, 10_000, (40, 2)) + np.array(ground.outlines["field"].bounds[:2])
        found = clark_evans(ground, "field")
        ratios.append(found.ratio)
        deviations.append(found.z)
    assert np.mean(np.array(ratios, float)) == pytest.approx(1, abs=0.01)
    assert np.std(np.array(deviations, float)) == pytest.approx(1, abs=0.1)


def test_positions_too_coarse_say_nothing_about_spacing(tmp_path: Path) -> None:
    found = clark_evans(spaced(tmp_path, lattice(16), accuracy_m=1000.0), "field")
    assert found.ratio is None
    assert "粗于" in found.note
    assert "coarser" in found.note_en
