"""Expected counts: exact laws where they are known by hand, and a plain simulation where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon, box

from gis.base.errors import UsageError
from gis.earth.law import SIGMAS_IN_95
from gis.engine.expected import expected, number_law

SQUARE = np.array([box(0, 0, 1000, 1000)], dtype=object)


def test_exact_points_are_counted() -> None:
    (found,) = expected(np.array([[500.0, 500.0], [1000.0, 5.0], [2000.0, 5.0], [np.nan, np.nan]]), np.zeros(4), SQUARE)
    assert (found.estimate, found.low, found.high) == (2.0, 2, 2)


def test_a_point_on_a_straight_edge_counts_one_half() -> None:
    (found,) = expected(np.array([[500.0, 0.0]]), np.array([50.0]), SQUARE)
    assert found.estimate == pytest.approx(0.5, abs=1e-3)
    assert (found.low, found.high) == (0, 1)


def test_points_of_one_outline_that_is_off_move_together() -> None:
    points, exact = np.tile([500.0, 0.0], (40, 1)), np.zeros(40)
    (found,) = expected(points, exact, SQUARE, np.array([100.0]))
    assert found.estimate == pytest.approx(20, abs=1)
    assert (found.low, found.high) == (0, 40), "they are all in or all out"
    (apart,) = expected(points, np.full(40, 100.0), SQUARE)
    assert 12 <= apart.low < apart.high <= 28, "points that err each on their own even out"


def test_the_law_agrees_with_a_plain_simulation() -> None:
    chooses = np.random.default_rng(11)
    shape = Polygon([(0, 0), (900, 120), (1100, 800), (300, 1000)])
    points, radii = chooses.uniform(-300, 1300, (60, 2)), chooses.uniform(20, 400, 60)
    (found,) = expected(points, radii, np.array([shape], dtype=object), np.array([250.0]))
    import shapely

    shapely.prepare(shape)
    counts = []
    for _ in range(4000):
        drawn = points + chooses.normal(size=points.shape) * (radii / SIGMAS_IN_95)[:, None]
        drawn -= chooses.normal(size=2) * 250.0 / SIGMAS_IN_95
        counts.append(int(shapely.contains_xy(shape, drawn[:, 0], drawn[:, 1]).sum()))
    assert found.estimate == pytest.approx(np.mean(counts), abs=0.25)
    assert abs(found.low - np.quantile(counts, 0.025)) <= 1
    assert abs(found.high - np.quantile(counts, 0.975)) <= 1


@given(st.lists(st.floats(0, 1), max_size=30))
def test_the_law_of_a_number_adds_up_and_has_the_mean_of_its_chances(chances: list[float]) -> None:
    law = number_law(np.array(chances))
    assert law.sum() == pytest.approx(1)
    assert (law * np.arange(len(law))).sum() == pytest.approx(sum(chances))


@pytest.mark.parametrize("radius", [-1.0, np.nan, np.inf])
def test_an_accuracy_that_is_none_is_refused(radius: float) -> None:
    with pytest.raises(UsageError, match="accuracy of a point"):
        expected(np.zeros((1, 2)), np.array([radius]), SQUARE)
    with pytest.raises(UsageError, match="accuracy of a zone"):
        expected(np.zeros((1, 2)), np.zeros(1), SQUARE, np.array([radius]))
