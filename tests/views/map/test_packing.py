"""Points packed for the page come back where they were."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gis.views.map.packing import byte_planes, pack_positions, unpack_positions


@given(st.lists(st.tuples(st.floats(-179, 179), st.floats(-80, 80)), min_size=1, max_size=50))
@settings(max_examples=60)
def test_every_point_comes_back_within_the_stated_error(places: list[tuple[float, float]]) -> None:
    lon, lat = (np.array(column, np.float64) for column in zip(*places, strict=True))
    packed = pack_positions(lon, lat)
    back = unpack_positions(packed)
    away = Geod(ellps="WGS84").inv(lon[packed.order], lat[packed.order], *back)[2]
    # The stated error is along each axis, on the sphere of Web Mercator.
    assert np.max(away) <= packed.error_m * 1.5 + 1e-3
    assert sorted(packed.order.tolist()) == list(range(len(lon)))


@pytest.mark.parametrize("extent_km", [1, 30, 200])
def test_a_city_is_rounded_by_a_quarter_metre_at_most(extent_km: int) -> None:
    rng = np.random.default_rng(1)
    lon, lat = 121 + rng.random(500) * extent_km / 95, 31 + rng.random(500) * extent_km / 111
    assert pack_positions(lon, lat).error_m <= 0.25


def test_a_hundred_thousand_points_take_few_bytes_each() -> None:
    rng = np.random.default_rng(1)
    packed = pack_positions(121 + rng.random(100_000) * 0.3, 31 + rng.random(100_000) * 0.27)
    assert len(zlib.compress(packed.data, 9)) / 100_000 < 2.8


def test_no_points_make_an_empty_block() -> None:
    packed = pack_positions(np.zeros(0), np.zeros(0))
    assert packed.data == b""
    assert len(unpack_positions(packed)[0]) == 0


def test_numbers_above_255_take_two_planes() -> None:
    data, planes = byte_planes(np.array([1, 258]))
    assert (data, planes) == (b"\x01\x02\x00\x01", 2)
