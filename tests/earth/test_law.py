"""The probability of a point in a zone, against other ways to compute it, and the interval of a count."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate, scale, translate
from shapely.geometry.base import BaseGeometry

from gis.earth import geodesy
from gis.earth.law import (
    SIGMAS_IN_95,
    Interval,
    interval_of,
    metres_a_degree,
    order_of,
    probability_in,
    share_in,
    sigma_m,
    spiral,
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


def test_the_displacements_follow_the_normal_law() -> None:
    moved = 100.0 * spiral(1021)
    assert moved.mean(axis=0) == pytest.approx([0, 0], abs=0.5)
    assert moved.std(axis=0) == pytest.approx([100, 100], rel=0.01)
    assert (np.hypot(*moved.T) < 100 * SIGMAS_IN_95).mean() == pytest.approx(0.95, abs=0.001)


def test_each_key_has_an_order_of_its_own_that_is_always_the_same() -> None:
    orders = order_of(["a", "b", "c"], 509)
    assert (np.sort(orders, axis=1) == np.arange(509)).all()
    assert (order_of(["c"], 509)[0] == orders[2]).all()
    moved = spiral(509)[orders]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(np.corrcoef(moved[one].T, moved[other].T)[:2, 2:]).max() < 0.15


def test_the_mean_over_the_draws_is_the_exact_probability() -> None:
    moved = spiral(4093)
    for centre in CENTRES:
        at = np.array(centre, float) + 150 * moved
        share = shapely.contains_xy(STAR, at[:, 0], at[:, 1]).mean()
        assert share == pytest.approx(probability(centre, 150, STAR), abs=0.004)


def test_the_interval_runs_between_the_quantiles_and_holds_the_mean() -> None:
    assert interval_of(2, np.arange(1000)) == Interval(501.5, 27, 977)
    assert interval_of(3, np.zeros(0, int)) == Interval(3.0, 3, 3)
    skew = np.zeros(1000, int)
    skew[:20] = 1
    assert interval_of(0, skew) == Interval(0.02, 0, 1)


def test_the_share_of_draws_around_a_point_is_the_probability_of_the_law() -> None:
    crs = geodesy.metric_crs_for((121.1, 31.2, 121.3, 31.4))
    chooses = np.random.default_rng(5)
    zone = shapely.Polygon([(121.15, 31.25), (121.25, 31.24), (121.27, 31.33), (121.2, 31.3), (121.16, 31.35)])
    flat = geodesy.to_metric(zone, crs)
    for _ in range(40):
        lon, lat, sigma = chooses.uniform(121.12, 121.3), chooses.uniform(31.2, 31.38), chooses.uniform(20, 2500)
        at = shapely.get_coordinates(geodesy.to_metric(shapely.Point(lon, lat), crs))
        exact = float(probability_in(at, np.array([sigma]), flat)[0])
        assert share_in(lon, lat, sigma, zone) == pytest.approx(exact, abs=0.006)


def test_an_exact_point_is_in_a_zone_or_not() -> None:
    zone = shapely.box(121, 31, 121.1, 31.1)
    assert share_in(121.0, 31.05, 0.0, zone) == 1.0
    assert share_in(120.999, 31.05, 0.0, zone) == 0.0


@pytest.mark.parametrize("lat", [4.0, 24.5, 31.3, 53.0])
def test_a_degree_is_as_long_as_the_geodesic_of_it(lat: float) -> None:
    east, north = metres_a_degree(lat)
    along = shapely.LineString([(121, lat - 0.005), (121, lat + 0.005)])
    across = shapely.LineString([(121, lat), (121.01, lat)])
    assert north / 100 == pytest.approx(geodesy.length_km(along) * 1000, rel=1e-6)
    assert east / 100 == pytest.approx(geodesy.length_km(across) * 1000, rel=1e-6)
