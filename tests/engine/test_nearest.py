"""The nearest road must be the one STRtree finds, and its distance that on the ellipsoid."""

from __future__ import annotations

import pickle

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from shapely.geometry import LineString, MultiLineString, Point

from gis.base.errors import InputError, UsageError
from gis.engine.nearest import RoadReach, nearest_line, nearest_road

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]


def lines_of(*lines: object) -> Geometries:
    made = np.empty(len(lines), dtype=object)
    made[:] = lines
    return made


def winding_roads(rng: np.random.Generator, n: int, scale: float, start: Floats) -> Geometries:
    return lines_of(
        *(
            LineString(
                start + scale * (rng.random(2) + np.cumsum(rng.normal(0, 0.02, (rng.integers(2, 20), 2)), axis=0))
            )
            for _ in range(n)
        )
    )


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), points=st.integers(1, 3000), lattice=st.booleans())
def test_the_nearest_line_is_the_one_that_strtree_finds(seed: int, n: int, points: int, lattice: bool) -> None:
    rng = np.random.default_rng(seed)
    lines = winding_roads(rng, n, 40_000.0, np.array([3.4e5, 3.45e6]))
    if lattice:
        lines = shapely.set_precision(lines, 5000.0, mode="pointwise")
    xy = np.array([3.4e5, 3.45e6]) + rng.uniform(-20_000, 60_000, (points, 2))
    if lattice:
        xy = np.round(xy / 5000) * 5000
    which, metres = nearest_line(xy[:, 0], xy[:, 1], lines)
    (row, _), wanted = shapely.STRtree(lines).query_nearest(
        np.asarray(shapely.points(xy)), return_distance=True, all_matches=False
    )
    assert row.tolist() == list(range(points))
    assert metres == pytest.approx(wanted, abs=1e-6)
    assert shapely.distance(lines[which], shapely.points(xy)) == pytest.approx(wanted, abs=1e-6)


def test_of_equally_near_lines_the_first_is_found() -> None:
    lines = lines_of(LineString([(0, 1), (9, 1)]), LineString([(0, -1), (9, -1)]), LineString([(0, 1), (9, 1)]))
    which, metres = nearest_line(np.array([4.0, 4.0]), np.array([0.0, 2.0]), lines)
    assert (which.tolist(), metres.tolist()) == ([0, 0], [1.0, 1.0])


def test_distances_are_those_on_the_ellipsoid_to_a_thousandth() -> None:
    rng = np.random.default_rng(1)
    roads = winding_roads(rng, 40, 0.8, np.array([121.0, 31.0]))
    lon, lat = 120.8 + 1.2 * rng.random(300), 30.8 + 1.2 * rng.random(300)
    which, metres = nearest_road(lon, lat, roads)
    geod = Geod(ellps="WGS84")
    for k in range(300):
        # A vertex every 2 m: the nearest of them is within a millimetre as near as the road, at these distances.
        along = np.asarray(shapely.get_coordinates(shapely.segmentize(roads[which[k]], 2e-5)))
        least = geod.inv(np.full(len(along), lon[k]), np.full(len(along), lat[k]), along[:, 0], along[:, 1])[2].min()
        assert metres[k] == pytest.approx(least, rel=1e-3, abs=0.5)


def test_a_point_without_a_place_has_no_nearest_road() -> None:
    roads = lines_of(LineString([(121, 31), (121.1, 31)]))
    which, metres = nearest_road(np.array([np.nan, 121.05]), np.array([31.0, 31.0]), roads)
    assert which.tolist() == [-1, 0]
    assert np.isnan(metres[0])
    assert metres[1] < 5


def test_missing_and_empty_roads_are_never_nearest() -> None:
    roads = lines_of(None, LineString(), MultiLineString([[(0, 0), (1, 0)], [(5, 5), (6, 5)]]))
    which, metres = nearest_line(np.array([5.5]), np.array([6.0]), roads)
    assert (which.tolist(), metres.tolist()) == ([2], [1.0])


def test_what_is_no_line_is_named() -> None:
    with pytest.raises(InputError, match="roads:2: is a Point"):
        nearest_line(np.zeros(1), np.zeros(1), lines_of(LineString([(0, 0), (1, 1)]), Point(0, 0)))
    with pytest.raises(InputError, match="no line to measure to"):
        nearest_line(np.zeros(1), np.zeros(1), lines_of(None))


def test_data_too_wide_for_one_metric_system_are_refused() -> None:
    with pytest.raises(UsageError, match="region by region"):
        nearest_road(np.array([87.6]), np.array([43.8]), lines_of(LineString([(121, 31), (121.1, 31)])))


@pytest.mark.parametrize("code", ["OGC:CRS84", "EPSG:4549", "EPSG:4528"])
@pytest.mark.parametrize("reach", [50.0, 500.0, 20_000.0])
def test_reach_decides_as_the_distance_does(code: str, reach: float) -> None:
    rng = np.random.default_rng(2)
    crs = CRS.from_user_input(code)
    roads = winding_roads(rng, 12, 0.6, np.array([120.9, 31.1]))
    test = pickle.loads(pickle.dumps(RoadReach.build(roads, reach, crs)))
    lon, lat = 120.6 + 1.2 * rng.random(4000), 30.8 + 1.2 * rng.random(4000)
    # Many points near the limit, where it matters.
    around = shapely.get_coordinates(roads)
    angle = rng.random(len(around)) * 360
    there = Geod(ellps="WGS84").fwd(
        around[:, 0], around[:, 1], angle, np.full(len(around), reach) * rng.uniform(0.99, 1.01, len(around))
    )
    lon, lat = np.append(lon, there[0]), np.append(lat, there[1])
    x, y = Transformer.from_crs("OGC:CRS84", crs, always_xy=True).transform(lon, lat)
    _, metres = nearest_road(lon, lat, roads)
    clear = np.abs(metres - reach) > 2e-4 * reach
    assert clear.sum() > 4000
    assert test.within(x, y)[clear].tolist() == (metres <= reach)[clear].tolist()


def test_roads_of_far_cities_are_reached_each_in_its_own_system() -> None:
    roads = lines_of(LineString([(121.1, 31.3), (121.2, 31.3)]), LineString([(87.6, 43.8), (87.7, 43.8)]))
    test = RoadReach.build(roads, 500.0, CRS.from_user_input("OGC:CRS84"))
    lon, lat = np.array([121.15, 121.15, 87.65, 87.65, 100.0]), np.array([31.3044, 31.3047, 43.8044, 43.8047, 35.0])
    assert test.within(lon, lat).tolist() == [True, False, True, False, False]


def test_a_reach_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="above 0"):
        RoadReach.build(lines_of(LineString([(0, 0), (1, 1)])), 0.0, CRS.from_epsg(4326))
