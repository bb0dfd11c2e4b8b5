"""The probability of a point in a zone, against other ways to compute it, and the interval of a count."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import ceil, exp, floor, pi, sqrt

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr
from shapely.affinity import rotate, scale, translate
from shapely.geometry.base import BaseGeometry

from gis.earth.law import (
    SIGMAS_IN_95,
    Chances,
    Floats,
    count_interval,
    offsets,
    poisson_binomial,
    probability_in,
    sigma_m,
)

SQUARE = shapely.box(0, 0, 1000, 1000)
RING = SQUARE.difference(shapely.box(300, 300, 700, 700))
TWO_PARTS = shapely.union_all([shapely.box(0, 0, 400, 1000), shapely.box(600, 0, 1000, 1000)])
DISC = shapely.Point(500, 500).buffer(500, quad_segs=64)
STAR = shapely.Polygon(
    [
        (500 + r * np.cos(t), 500 + r * np.sin(t))
        for t, r in zip(np.arange(40) * np.pi / 20, [500, 250] * 20, strict=True)
    ]
)
SHAPES = {"square": SQUARE, "ring": RING, "two parts": TWO_PARTS, "disc": DISC, "star": STAR}
CENTRES = [(500, 500), (0, 500), (0, 0), (300, 300), (299, 500), (990, 990), (1100, 500), (-200, -200), (500, 280)]
ORIGIN = (300_000.0, 3_400_000.0)


def probability(point: tuple[float, float], sigma: float, zone: BaseGeometry) -> float:
    return float(probability_in(np.array([point], float), np.array([sigma], float), zone)[0])


def by_integration(point: tuple[float, float], sigma: float, zone: BaseGeometry, cells: int = 700) -> float:
    """The mass by a fine midpoint rule over 5.5 standard deviations around the point."""
    steps = (np.arange(cells) + 0.5) / cells * 11 - 5.5
    x, y = (axis.ravel() for axis in np.meshgrid(point[0] + steps * sigma, point[1] + steps * sigma))
    weight = np.exp(-0.5 * (((x - point[0]) / sigma) ** 2 + ((y - point[1]) / sigma) ** 2))
    return float(weight[shapely.contains_xy(zone, x, y)].sum() / weight.sum())


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("sigma", [20.0, 150.0, 900.0])
def test_it_agrees_with_a_fine_integral(name: str, sigma: float) -> None:
    for centre in CENTRES:
        assert probability(centre, sigma, SHAPES[name]) == pytest.approx(
            by_integration(centre, sigma, SHAPES[name]), abs=0.005
        ), centre


@pytest.mark.parametrize("name", SHAPES)
def test_it_agrees_with_random_draws(name: str) -> None:
    random = np.random.default_rng(7)
    for centre in CENTRES:
        x, y = (random.normal(at, 200, 400_000) for at in centre)
        share = shapely.contains_xy(SHAPES[name], x, y).mean()
        assert probability(centre, 200, SHAPES[name]) == pytest.approx(share, abs=0.005)


def test_the_middle_of_a_disc_has_the_closed_form() -> None:
    fine = shapely.Point(0, 0).buffer(300, quad_segs=720)
    for sigma in (60.0, 200.0, 1000.0):
        assert probability((0, 0), sigma, fine) == pytest.approx(1 - np.exp(-(300**2) / (2 * sigma**2)), abs=0.0035)


def test_a_straight_edge_halves_and_a_corner_quarters() -> None:
    assert probability((0, 500), 10, SQUARE) == pytest.approx(0.5, abs=1e-4)
    assert probability((0, 0), 10, SQUARE) == pytest.approx(0.25, abs=1e-4)


def test_the_accuracy_radius_holds_95_percent() -> None:
    disc = shapely.Point(0, 0).buffer(100, quad_segs=360)
    assert probability((0, 0), float(sigma_m(100.0)), disc) == pytest.approx(0.95, abs=0.002)
    assert pytest.approx(2.4477, abs=1e-4) == SIGMAS_IN_95


def test_an_exact_point_is_in_or_out_and_the_edge_is_in() -> None:
    points = np.array([(500, 500), (0, 500), (0, 0), (-1e-9, 500)], float)
    assert probability_in(points, np.zeros(4), SQUARE).tolist() == [1, 1, 1, 0]


def test_a_hair_of_doubt_changes_only_points_on_the_edge() -> None:
    for sigma in (0.002, 0.01):
        assert probability((0.5, 500), sigma, SQUARE) == 1
        assert probability((-0.5, 500), sigma, SQUARE) == 0
        assert probability((0, 500), sigma, SQUARE) == pytest.approx(0.5, abs=1e-4)


def test_a_position_known_to_a_country_only_is_hardly_in_a_park() -> None:
    sigma = 1e6
    assert probability((0, 0), sigma, SQUARE) == pytest.approx(1e6 / (2 * np.pi * sigma**2), abs=1e-9)


def test_it_does_not_matter_where_on_the_plane_the_zone_lies() -> None:
    far = translate(STAR, *ORIGIN)
    for x, y in CENTRES:
        there = probability((x + ORIGIN[0], y + ORIGIN[1]), 120, far)
        assert there == pytest.approx(probability((x, y), 120, STAR), abs=1e-5)


def test_the_detail_of_an_outline_is_left_out_only_below_its_bound() -> None:
    angle = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    jagged = shapely.Polygon(np.column_stack([(1000 + 4 * np.sin(angle * 900)) * f(angle) for f in (np.cos, np.sin)]))
    for centre in [(0, 0), (1000, 0), (900, 300)]:
        assert probability(centre, 500, jagged) == pytest.approx(by_integration(centre, 500, jagged, 400), abs=0.005)


def test_nothing_lies_in_an_empty_zone() -> None:
    assert probability((0, 0), 10, shapely.Polygon()) == 0


coordinates = st.floats(-1500, 2500, allow_nan=False)
spreads = st.floats(1, 3000)


@st.composite
def polygons(draw: st.DrawFn) -> BaseGeometry:
    """A star around the middle, sometimes with a hole, sometimes in two parts."""
    size = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(100, 900), min_size=size, max_size=size))
    turn = 2 * np.pi / size
    shell = shapely.Polygon([(500 + r * np.cos(i * turn), 500 + r * np.sin(i * turn)) for i, r in enumerate(radii)])
    zone: BaseGeometry = shapely.make_valid(shell)
    if draw(st.booleans()):
        zone = zone.difference(scale(zone, 0.5, 0.5, origin=(500, 500)))
    if draw(st.booleans()):
        zone = zone.difference(rotate(shapely.box(450, -1000, 550, 2000), draw(st.floats(0, 180)), origin=(500, 500)))
    return shapely.union_all([part for part in shapely.get_parts(zone) if part.geom_type == "Polygon"])


@settings(max_examples=60)
@given(polygons(), coordinates, coordinates, spreads)
def test_it_is_a_probability(zone: BaseGeometry, x: float, y: float, sigma: float) -> None:
    assert 0 <= probability((x, y), sigma, zone) <= 1


@settings(max_examples=60)
@given(polygons(), coordinates, coordinates, spreads)
def test_a_zone_and_the_rest_of_the_world_make_one(zone: BaseGeometry, x: float, y: float, sigma: float) -> None:
    rest = shapely.box(-40_000, -40_000, 41_000, 41_000).difference(zone)
    assert probability((x, y), sigma, zone) + probability((x, y), sigma, rest) == pytest.approx(1, abs=0.003)


@settings(max_examples=60)
@given(polygons(), coordinates, coordinates, spreads, st.floats(-400, 400))
def test_two_halves_add_up_to_the_whole(zone: BaseGeometry, x: float, y: float, sigma: float, cut: float) -> None:
    west, east = shapely.box(-5000, -5000, 500 + cut, 6000), shapely.box(500 + cut, -5000, 6000, 6000)
    halves = [shapely.intersection(zone, side) for side in (west, east)]
    whole = sum(probability((x, y), sigma, half) for half in halves if half.area)
    # Each outline loses detail of its own, within the bound of 0.003 a term.
    assert whole == pytest.approx(probability((x, y), sigma, zone), abs=0.009)


def test_many_points_at_once_are_as_each_alone() -> None:
    random = np.random.default_rng(3)
    points, sigmas = random.uniform(-300, 1300, (300, 2)), random.choice([0.0, 5, 80, 700], 300)
    together = probability_in(points, sigmas, RING)
    alone = [probability(tuple(point), sigma, RING) for point, sigma in zip(points, sigmas, strict=True)]
    assert together == pytest.approx(np.array(alone), abs=1e-9)


def by_brute_force(chances: Floats) -> Floats:
    law = np.zeros(len(chances) + 1)
    for outcome in product((0, 1), repeat=len(chances)):
        hits = np.array(outcome, bool)
        law[hits.sum()] += np.prod(np.where(hits, chances, 1 - chances))
    return law


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1), min_size=0, max_size=8))
def test_the_law_of_a_count_agrees_with_going_through_all_outcomes(chances: list[float]) -> None:
    found = poisson_binomial(np.array(chances, float)[None])[0]
    assert found == pytest.approx(by_brute_force(np.array(chances, float)), abs=1e-12)


def test_the_displacements_follow_the_normal_law() -> None:
    moved = offsets(100.0)
    assert moved.mean(axis=0) == pytest.approx([0, 0], abs=2.5)
    assert moved.std(axis=0) == pytest.approx([100, 100], rel=0.03)
    assert (np.hypot(*moved.T) < 100 * SIGMAS_IN_95).mean() == pytest.approx(0.95, abs=0.011)


def simulated(
    points: Floats, sigmas: Floats, zone: BaseGeometry, zone_sigmas: Floats, outline_of: Floats, certain: Floats
) -> tuple[float, float, float]:
    random = np.random.default_rng(11)
    runs = 20_000
    counts = (random.random((runs, len(certain))) < certain).sum(axis=1).astype(float)
    shift = random.normal(size=(runs, int(outline_of.max()) + 1, 2))[:, outline_of.astype(int)]
    drawn = points + random.normal(size=(runs, len(points), 2)) * sigmas[:, None] - shift * zone_sigmas[:, None]
    counts += shapely.contains_xy(zone, drawn[..., 0], drawn[..., 1]).sum(axis=1)
    low, high = np.quantile(counts, [0.025, 0.975])
    return float(counts.mean()), float(low), float(high)


@pytest.mark.parametrize(
    ("own", "zone", "outlines"),
    [(150.0, 0.0, 1), (100.0, 250.0, 1), (20.0, 300.0, 1), (60.0, 200.0, 3), (5.0, 400.0, 4)],
)
def test_the_interval_agrees_with_simulation(own: float, zone: float, outlines: int) -> None:
    random = np.random.default_rng(5)
    points = random.uniform(-200, 1200, (40, 2))
    sigmas, zone_sigmas = np.full(40, own), np.full(40, zone)
    certain = np.array([1.0, 0.3, 0.8])
    near = np.arange(40) % outlines
    found = count_interval(points, sigmas, SQUARE, zone_sigmas, certain, near)
    mean, low, high = simulated(points, sigmas, SQUARE, zone_sigmas, near.astype(float), certain)
    assert found.expected == pytest.approx(mean, abs=0.15)
    assert found.low == pytest.approx(low, abs=1)
    assert found.high == pytest.approx(high, abs=1)


def test_a_shared_error_makes_the_interval_wider_than_independent_ones() -> None:
    points = np.column_stack([np.zeros(30), np.linspace(300, 700, 30)])
    own, none = np.full(30, 100.0), np.zeros(30)
    alone = count_interval(points, own, SQUARE, none, np.zeros(0))
    shared = count_interval(points, none, SQUARE, own, np.zeros(0))
    assert alone.expected == pytest.approx(shared.expected, abs=1e-6)
    assert shared.high - shared.low > 1.5 * (alone.high - alone.low)


def test_many_firms_are_counted_as_well_as_a_few() -> None:
    points = np.column_stack([np.zeros(900), np.linspace(400, 600, 900)])
    found = count_interval(points, np.full(900, 10.0), SQUARE, np.zeros(900), np.zeros(0))
    # Binomial (900, 1/2): 450 ± 1.96 × 15.
    assert (found.low, found.high) == (421, 479)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=12),
    st.floats(0, 500),
    st.floats(0, 500),
    st.lists(st.floats(0, 1), max_size=4),
)
def test_the_interval_holds_the_expected_count(
    points: list[tuple[float, float]], own: float, zone: float, certain: list[float]
) -> None:
    n = len(points)
    found = count_interval(
        np.array(points, float), np.full(n, own), RING, np.full(n, zone), np.array(certain, float), np.arange(n) % 2
    )
    assert 0 <= found.low <= round(found.expected, 2) <= found.high <= n + len(certain)


def test_a_city_without_firms_expects_none() -> None:
    found = count_interval(np.zeros((0, 2)), np.zeros(0), SQUARE, np.zeros(0), np.zeros(0))
    assert (found.expected, found.low, found.high) == (0, 0, 0)


def interval_from_sums(chances: Chances, chosen: NDArray[np.bool_]) -> tuple[int, int]:
    """The 95 % interval of the count of a choice, from sums alone, by the refined normal law: what the page shows."""
    expected, third = float(chances.probability[chosen].sum()), float(chances.third[chosen].sum())
    variance = float(chances.variance[chosen].sum() + (chances.shared[chosen].sum(axis=0) ** 2).sum())
    sure, most = int(chances.sure[chosen].sum()), int((chances.sure | chances.open)[chosen].sum())
    deviation = sqrt(max(variance, 1e-12))
    skewness = third / deviation**3

    def reached(count: int) -> float:
        x = (count + 0.5 - expected) / deviation
        return float(ndtr(x)) + skewness * (1 - x * x) * exp(-x * x / 2) / (6 * sqrt(2 * pi))

    low = next((k for k in range(sure, most) if reached(k) >= 0.025), most)
    high = next((k for k in range(low, most) if reached(k) >= 0.975), most)
    shown = round(expected, 2)
    return min(low, floor(shown)), max(high, ceil(shown))


@pytest.mark.parametrize(("own", "zone"), [(150.0, 0.0), (100.0, 250.0), (5.0, 500.0)])
def test_the_chances_of_a_choice_add_up_to_the_law_of_its_count(own: float, zone: float) -> None:
    random = np.random.default_rng(3)
    points, near = random.uniform(-200, 1200, (40, 2)), np.arange(40) % 2
    certain = np.array([1.0, 0.3, 0.8])
    chances = count_interval(points, np.full(40, own), SQUARE, np.full(40, zone), certain, near).chances
    for share in (0.2, 0.5, 1.0):
        chosen = random.random(43) <= share
        of_points, of_certain = chosen[:40], chosen[40:]
        n = int(of_points.sum())
        alone = count_interval(
            points[of_points], np.full(n, own), SQUARE, np.full(n, zone), certain[of_certain], near[of_points]
        )
        assert chances.probability[chosen].sum() == pytest.approx(alone.expected, abs=1e-9)
        low, high = interval_from_sums(chances, chosen)
        assert low == pytest.approx(alone.low, abs=1)
        assert high == pytest.approx(alone.high, abs=1)


def test_without_what_firms_share_the_sums_would_say_too_narrow_an_interval() -> None:
    points = np.column_stack([np.zeros(16), np.linspace(300, 700, 16)])
    chances = count_interval(points, np.full(16, 1.0), SQUARE, np.full(16, 200.0), np.zeros(0)).chances
    every = np.ones(16, bool)
    assert interval_from_sums(chances, every) == (0, 16)
    alone = replace(chances, variance=chances.probability * (1 - chances.probability), shared=np.zeros((16, 0)))
    assert interval_from_sums(alone, every) == (4, 12)
