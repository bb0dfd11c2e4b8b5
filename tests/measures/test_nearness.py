"""How far the nearest firm of a link is, ring by ring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gis.measures.chain import chain
from gis.measures.nearness import Ring
from tests.fixtures.parks import CITY, Park, square


def rings_of(park: Park, segment: str = "software") -> dict[str, Ring]:
    row = next(row for row in chain(park.load(), CITY).of("zone", "park") if row.segment == segment)
    return {ring.ring: ring for ring in row.rings}


def park_in_its_district(folder: Path, **zone: object) -> Park:
    """A park of 1 km in a district of 20 km; another district lies east of it, and a plan names it as a rival."""
    park = (
        Park(folder)
        .district("home", square(-10_000, -10_000, 20_000))
        .district("next", square(10_000, -10_000, 20_000))
        .zone("park", square(0, 0, 1000), within="home", **zone)
        .function("软件", "software")
        .system("one", "park", functions="软件")
        .relation("rivals", "next", "competes", "home")
    )
    park.subject = "home"
    return park


def test_each_ring_has_its_own_nearest_firm(tmp_path: Path) -> None:
    park = park_in_its_district(tmp_path / "park")
    park.firm("near", (4000, 500), segment="software").firm("beyond", (12_000, 500), segment="software")
    rings = rings_of(park)
    assert list(rings) == ["zone", "district", "city", "neighbours"]
    assert (rings["zone"].firms, rings["zone"].distance_m) == (0, None)
    assert (rings["district"].places, rings["district"].nearest, rings["district"].distance_m) == (
        ("home",),
        "near",
        3000,
    )
    assert (rings["city"].nearest, rings["city"].firms) == ("near", 2)
    assert (rings["neighbours"].places, rings["neighbours"].nearest, rings["neighbours"].distance_m) == (
        ("next",),
        "beyond",
        11_000,
    )


def test_a_ring_without_listed_firms_says_nothing_of_an_incomplete_list(tmp_path: Path) -> None:
    rings = rings_of(park_in_its_district(tmp_path / "park"))
    assert {ring.p_any for ring in rings.values()} == {None}
    assert {ring.distance_m for ring in rings.values()} == {None}


def test_the_distance_has_the_quantiles_of_its_law(tmp_path: Path) -> None:
    # A firm 5 km east of the park, known to 900 m, the outline to 300 m: their difference along the way is normal.
    park = park_in_its_district(tmp_path / "park", accuracy_m=300.0)
    park.firm("far", (6000, 500), segment="software", accuracy_m=900.0)
    sigma = np.hypot(900, 300) / np.sqrt(-2 * np.log(0.05))
    ring = rings_of(park)["city"]
    assert ring.distance_m == pytest.approx(5000, abs=60)
    assert ring.distance_90_m == pytest.approx(5000 + 1.2816 * sigma, abs=80)


def test_a_firm_in_the_park_is_at_no_distance(tmp_path: Path) -> None:
    park = park_in_its_district(tmp_path / "park").firm("in", (500, 500), segment="software")
    assert {ring.distance_m for name, ring in rings_of(park).items() if name != "neighbours"} == {0}


def test_a_firm_of_which_nothing_is_known_counts_in_the_city_without_a_distance(tmp_path: Path) -> None:
    rings = rings_of(park_in_its_district(tmp_path / "park").firm("lost", segment="software"))
    assert (rings["city"].firms, rings["city"].p_any, rings["city"].distance_m) == (1, 1.0, None)
    assert rings["district"].firms == 0
