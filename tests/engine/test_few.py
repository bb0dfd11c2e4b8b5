"""The index for few points answers as the compiled one does, and loads no compiled code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.base.errors import InputError
from gis.engine.few import FewPoints, Ints, Longs, index_of
from gis.engine.zone_index import Tally, ZoneIndex
from tests import ROOT

ZONES = np.array(
    [
        shapely.box(0, 0, 4, 4),
        None,
        shapely.Polygon([(2, 2), (6, 2), (6, 6), (2, 6)], [[(3, 3), (3, 4), (4, 4), (4, 3)]]),
        shapely.MultiPolygon([shapely.box(7, 0, 8, 1), shapely.box(8, 1, 9, 2)]),
    ],
    dtype=object,
)
# Corners, edges, the hole and its rim, nowhere: a grid of halves meets them all.
GRID = st.integers(-1, 20).map(lambda half: half / 2)
PLACES = st.lists(st.tuples(GRID | st.just(float("nan")), GRID), max_size=40)


def listed(pairs: tuple[Longs, Ints]) -> list[tuple[int, int]]:
    return sorted(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True))


@given(PLACES)
def test_both_indices_list_the_same_pairs(places: list[tuple[float, float]]) -> None:
    x, y = np.array(places, float).reshape(-1, 2).T.copy()
    few, many = FewPoints.build(ZONES).pairs(x, y), ZoneIndex.build(ZONES).pairs(x, y)
    assert listed(few) == listed(many)
    assert (np.diff(few[0]) >= 0).all()


@given(PLACES, st.data())
def test_both_tallies_are_the_same_to_the_last_unit(places: list[tuple[float, float]], data: st.DataObject) -> None:
    x, y = np.array(places, float).reshape(-1, 2).T.copy()
    several = st.lists(st.integers(0, 2), min_size=len(x), max_size=len(x))
    groups = np.array(data.draw(several), np.int32)
    values = np.array(data.draw(st.lists(st.integers(-(2**60), 2**60), min_size=len(x), max_size=len(x))), float)
    tallies = [Tally.empty(len(ZONES), 3, 1) for _ in range(2)]
    FewPoints.build(ZONES).tally(x, y, groups, [values], tallies[0])
    ZoneIndex.build(ZONES).tally(x, y, groups, [values], tallies[1])
    few, many = tallies
    assert (few.counts == many.counts).all()
    exact = [[int(high) + int(low) for high, low in zip(t.high.flat, t.low.flat, strict=True)] for t in tallies]
    assert exact[0] == exact[1]


def test_a_zone_that_is_no_polygon_is_refused_by_both() -> None:
    for few in (True, False):
        with pytest.raises(InputError, match="Point"):
            index_of(np.array([shapely.Point(0, 0)], dtype=object), few=few)


def test_a_small_count_loads_no_compiler(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("lon,lat\n121.15,31.28\n121.16,31.29\n121.17,31.30\n", "utf-8")
    zones = shapely.geometry.mapping(shapely.box(121.14, 31.27, 121.18, 31.31))
    feature = {"type": "Feature", "properties": {"id": "a"}, "geometry": zones}

    (tmp_path / "zones.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    probe = (
        "import sys; from gis.engine.count import count; "
        f"found = count({str(tmp_path / 'points.csv')!r}, {str(tmp_path / 'zones.geojson')!r}, "
        "datum='wgs84', zones_datum='wgs84'); print(found.records(), 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[{'id': 'a', 'count': 3}] False"
