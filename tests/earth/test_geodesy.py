"""Areas, lengths and distances are those of the ellipsoid; planes are centred on the data."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
import shapely

from gis.base.errors import DatumError
from gis.earth import geodesy

SQUARE = shapely.box(121.0, 31.0, 121.1, 31.1)


def test_the_examples_of_the_module_run() -> None:
    assert doctest.testmod(geodesy).failed == 0


def test_an_area_is_the_integral_over_the_ellipsoid() -> None:
    # The zone between two parallels of WGS 84 in closed form, cut to the width of the box (its edges are geodesics,
    # which bulge from the parallels by less than a millionth here).
    a, f = 6378137.0, 1 / 298.257223563
    e = math.sqrt(f * (2 - f))

    def zone(lat: float) -> float:
        s = math.sin(math.radians(lat))
        return s / (2 * (1 - e * e * s * s)) + math.log((1 + e * s) / (1 - e * s)) / (4 * e)

    exact = math.radians(0.1) * a * a * (1 - e * e) * (zone(31.1) - zone(31.0)) / 1e6
    assert geodesy.area_km2(SQUARE) == pytest.approx(exact, rel=1e-5)


def test_a_hole_is_taken_away_whatever_way_its_ring_runs() -> None:
    hole = shapely.box(121.02, 31.02, 121.05, 31.05)
    for ring in (hole.exterior.coords[:], hole.exterior.coords[::-1]):
        holed = shapely.Polygon(SQUARE.exterior.coords, [ring])
        assert geodesy.area_km2(holed) == pytest.approx(geodesy.area_km2(SQUARE) - geodesy.area_km2(hole), rel=1e-9)


def test_arrays_keep_their_shape_and_none_gives_nan() -> None:
    given = np.array([[SQUARE, None], [shapely.Point(121, 31), shapely.Polygon()]], dtype=object)
    found = geodesy.area_km2(given)
    assert found.shape == (2, 2)
    assert np.isnan(found[0, 1])
    assert found[1].tolist() == [0.0, 0.0]
    assert geodesy.length_km(given)[0, 0] == pytest.approx(2 * (11.0869 + 9.55), rel=2e-3)


def test_a_metric_plane_keeps_areas_and_nearly_keeps_lengths() -> None:
    wide = shapely.box(118.3, 29.2, 120.8, 30.6)  # as large as Hangzhou
    crs = geodesy.metric_crs_for(wide.bounds)
    fine = shapely.segmentize(wide, 0.01)
    assert geodesy.to_metric(fine, crs).area / 1e6 == pytest.approx(geodesy.area_km2(fine), rel=1e-6)
    assert geodesy.to_metric(fine, crs).length / 1e3 == pytest.approx(geodesy.length_km(fine), rel=1e-4)


def test_to_the_plane_and_back_is_the_same_place() -> None:
    crs = geodesy.metric_crs_for(SQUARE.bounds)
    given = np.array([SQUARE, None], dtype=object)
    back = geodesy.to_wgs84(geodesy.to_metric(given, crs), crs)
    assert shapely.hausdorff_distance(back[0], SQUARE) < 2e-8  # 2 mm
    assert back[1] is None


def test_a_buffer_reaches_its_radius_in_every_direction() -> None:
    ring = shapely.get_coordinates(geodesy.buffer_m(shapely.Point(118.1, 24.5), 500.0))
    reach = geodesy.distance_m(118.1, 24.5, ring[:, 0], ring[:, 1])
    assert reach == pytest.approx(np.full(len(ring), 500.0), abs=0.01)


def test_distances_broadcast_and_pass_nan_on() -> None:
    found = geodesy.distance_m(121.0, 31.0, np.array([121.0, np.nan]), np.array([31.0, 31.0]))
    assert found[0] == 0.0
    assert np.isnan(found[1])


def test_bounds_in_metres_are_refused() -> None:
    with pytest.raises(DatumError, match="no bounds in degrees"):
        geodesy.metric_crs_for((500000, 3400000, 510000, 3410000))
