"""The face for notebooks: what it gives, and that it is what the command line gives."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys

import pytest

import gis
import gis.notebook
from gis.base.errors import DatumError, UnknownIdError, UsageError
from gis.model.schema import LAYER_COLUMNS, LAYER_KINDS
from tests import ROOT


@pytest.fixture(scope="module")
def park() -> gis.Park:
    return gis.open(str(ROOT))


def test_the_face_is_what_it_was() -> None:
    assert gis.__all__ == ["Area", "Park", "__version__", "convert", "open"]
    assert all(getattr(gis, name) is not None for name in gis.__all__)


def test_importing_the_package_loads_nothing_heavy() -> None:
    probe = "import gis, sys; print([m for m in ('numpy', 'shapely', 'pandas', 'geopandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_park_and_a_city_say_what_they_are_in_a_line(park: gis.Park) -> None:
    assert "3 cities" in repr(park)
    assert all(len(repr(thing)) < 120 and "\n" not in repr(thing) for thing in (park, *park))


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_a_layer_has_every_column_in_the_same_dtype_in_every_city(park: gis.Park, kind: str) -> None:
    frames = [getattr(area, kind) for area in park]
    assert {frame.crs.to_epsg() for frame in frames} == {4326}
    assert {frame.index.name for frame in frames} == {"id"}
    names = [column.name for column in LAYER_COLUMNS[kind] if column.name != "id"]
    assert all(list(frame.columns) == [*names, "geometry"] for frame in frames)
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    first, empty = frames[0], frames[0].iloc[:0]
    assert tuple(empty.dtypes) == tuple(first.dtypes)


def test_coverage_is_that_of_the_command(park: gis.Park) -> None:
    command = [sys.executable, "-m", "gis", "coverage", "--city", "huli", "--on", "2025-12-31", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, encoding="utf-8")
    rows = json.loads(done.stdout)
    said = (rows[0] if isinstance(rows, list) else rows)["zones"]
    frame = park["huli"].coverage(on="2025-12-31")
    assert list(frame.index) == [row["id"] for row in said]
    assert list(frame["area_km2"].dropna()) == [row["area_km2"] for row in said if row["area_km2"] is not None]


def test_a_point_is_in_the_same_zones_in_every_datum(park: gis.Park) -> None:
    lon, lat = 121.1575, 31.2904
    zones = [zone["id"] for zone in park["jiading"].at(lon, lat)]
    assert "anting-town" in zones
    shifted = gis.convert(lon, lat, "wgs84", "gcj02")
    assert [zone["id"] for zone in park["jiading"].at(*shifted, datum="gcj02")] == zones


def test_what_is_wrong_is_said(park: gis.Park) -> None:
    with pytest.raises(UnknownIdError, match="jiading"):
        park["jiadin"]
    with pytest.raises(UsageError, match="a day like"):
        park["huli"].coverage(on="yesterday")
    with pytest.raises(DatumError):
        park["huli"].at(121.0, 31.0, datum="xian80")


def test_the_examples_of_the_docstrings_hold() -> None:
    failed, tried = doctest.testmod(gis.notebook)
    assert tried
    assert not failed
