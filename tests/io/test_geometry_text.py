"""Geometry in a cell, as databases and web maps write it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.base.errors import InputError
from gis.earth.shifting import convert_geometries
from gis.io.geometry_text import parse_geometry
from tests.faults.make import table
from tests.fixtures import intake

PARK = shapely.box(121.165, 31.290, 121.185, 31.305)
CHAIN = ";".join(f"{x},{y}" for x, y in shapely.get_coordinates(PARK).tolist())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return intake.new_project(tmp_path / "园区")


@pytest.mark.parametrize(
    ("heading", "text", "datum"),
    [
        ("geom", f"SRID=4490;{PARK.wkt}", None),
        ("geom", shapely.to_wkb(shapely.set_srid(PARK, 4490), hex=True, include_srid=True), None),
        ("wkb_geometry", "\\x" + shapely.to_wkb(PARK, hex=True).lower(), "wgs84"),
        ("geojson", json.dumps(shapely.geometry.mapping(PARK)), "wgs84"),
        ("polyline", CHAIN, "wgs84"),
        ("geom", f"SRID=4528;{convert_geometries(PARK, 'wgs84', 'EPSG:4528').wkt}", None),
    ],
)
def test_an_outline_in_a_cell_is_read(heading: str, text: str, datum: str | None, root: Path) -> None:
    intake.run(root, table(root.parent, [["name", heading], ["甲园", text]]), kind="zones", datum=datum)
    found = intake.records(root, "zones")["甲园"].geometry
    assert found.normalize().equals_exact(PARK.normalize(), 1e-6)


def test_a_chain_of_rings_is_an_outline_and_of_roads_a_line() -> None:
    assert parse_geometry(CHAIN)[0].equals(PARK)
    assert parse_geometry(CHAIN, outlines=False)[0].geom_type == "LineString"
    apart = ";".join(f"{x + 1},{y}" for x, y in shapely.get_coordinates(PARK).tolist())
    assert parse_geometry(f"{CHAIN}|{apart}")[0].geom_type == "MultiPolygon"


def test_several_srids_and_damaged_cells_are_refused_by_what_they_are(root: Path) -> None:
    rows = [["name", "geom"], ["甲园", f"SRID=4490;{PARK.wkt}"], ["乙园", f"SRID=4326;{PARK.wkt}"]]
    with pytest.raises(InputError, match="several SRIDs"):
        intake.plan(root, table(root.parent, rows), kind="zones")
    for text, says in (("SRID=4490;POLYGON((", "EWKT"), ("0103000020", "WK"), ('{"type":"Poly"}', "GeoJSON")):
        with pytest.raises(InputError, match=f"{says}.*cannot be understood"):
            intake.plan(root, table(root.parent, [["name", "geom"], ["甲园", text]]), kind="zones", datum="wgs84")


@given(st.text(alphabet='0123456789abcdefABCDEF{}[]":;,.|() SRIDPOLYGNT=x\\', max_size=80))
def test_any_text_is_a_geometry_or_a_value_error(text: str) -> None:
    try:
        parse_geometry(text)
    except ValueError as error:
        assert "cannot be understood" in str(error) or "curves" in str(error)  # noqa: PT017
