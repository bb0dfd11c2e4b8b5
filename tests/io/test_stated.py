"""One rule for every command: a file says its datum itself, or it is declared, or it is refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from gis.base.errors import DatumError, GisError, InputError
from gis.earth.datum import Datum
from gis.earth.shifting import convert_geometries
from gis.engine.count import count
from gis.measures.loose import read_points, read_shapes

PARK = shapely.box(121.165, 31.290, 121.185, 31.305)
POLYGONS = frozenset({"Polygon", "MultiPolygon"})
NAMED = "urn:ogc:def:crs:EPSG::"


def outlines(path: Path, shape: BaseGeometry, members: dict[str, Any]) -> Path:
    feature = {"type": "Feature", "properties": {"id": "a", "name": "甲园"}, "geometry": mapping(shape)}
    path.write_text(json.dumps({"type": "FeatureCollection", **members, "features": [feature]}), "utf-8")
    return path


def named(code: str) -> dict[str, Any]:
    return {"crs": {"type": "name", "properties": {"name": code}}}


def dots(folder: Path) -> Path:
    """A lattice of points over the park and a kilometre around it, none on its outline: 300 are inside."""
    x, y = np.meshgrid(np.arange(121.155, 121.1951, 0.001), np.arange(31.28, 31.3151, 0.001))
    rows = "".join(f"{a:.6f},{b:.6f}\n" for a, b in zip(x.ravel() + 0.0005, y.ravel() + 0.0005, strict=True))
    path = folder / "points.csv"
    path.write_text("经度,纬度\n" + rows, "utf-8")
    return path


SILENT: dict[str, dict[str, Any]] = {"bare": {}, "crs null": {"crs": None}, "a name": {"name": "园区"}}
WORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "crs84": ("wgs84", named("urn:ogc:def:crs:OGC:1.3:CRS84")),
    "4490": ("EPSG:4490", named(NAMED + "4490")),
    "4549": ("EPSG:4549", named(NAMED + "4549")),
    "our own word": ("gcj02", {"datum": "gcj02"}),
    "a name of gcj02": ("gcj02", named("GCJ02")),
}


@pytest.mark.parametrize("members", SILENT.values(), ids=SILENT)
def test_count_and_map_refuse_zones_that_do_not_say_their_datum(tmp_path: Path, members: dict[str, Any]) -> None:
    zones = outlines(tmp_path / "zones.geojson", PARK, members)
    with pytest.raises(DatumError, match="--zones-datum"):
        count(dots(tmp_path), zones, datum="wgs84")
    with pytest.raises(InputError, match="--zones-datum"):
        read_shapes(zones, POLYGONS)
    assert count(dots(tmp_path), zones, datum="wgs84", zones_datum="wgs84").rows == (("a", 300),)


@pytest.mark.parametrize(("system", "members"), WORDS.values(), ids=WORDS)
def test_count_and_map_believe_the_word_of_a_file(tmp_path: Path, system: str, members: dict[str, Any]) -> None:
    zones = outlines(tmp_path / "zones.geojson", convert_geometries(PARK, "wgs84", system), members)
    assert count(dots(tmp_path), zones, datum="wgs84").rows == (("a", 300),)
    found = read_shapes(zones, POLYGONS).geometry[0]
    assert found.symmetric_difference(PARK).area < 1e-5 * PARK.area


def test_what_is_declared_goes_before_the_word_of_the_file(tmp_path: Path) -> None:
    zones = outlines(tmp_path / "z.geojson", convert_geometries(PARK, "wgs84", "gcj02"), named("EPSG:4326"))
    assert count(dots(tmp_path), zones, datum="wgs84", zones_datum="gcj02").rows == (("a", 300),)
    assert read_shapes(zones, POLYGONS, Datum.GCJ02).geometry[0].symmetric_difference(PARK).area < 1e-5 * PARK.area


def test_the_rule_holds_for_roads_points_lines_of_json_zips_and_kml(tmp_path: Path) -> None:
    zones = outlines(tmp_path / "zones.geojson", PARK, named("EPSG:4326"))
    roads = outlines(tmp_path / "roads.geojson", PARK.boundary, {})
    with pytest.raises(DatumError, match=r"roads\.geojson does not say"):
        count(dots(tmp_path), zones, roads=roads, datum="wgs84")
    with pytest.raises(InputError, match="--datum wgs84"):
        read_points(outlines(tmp_path / "points.geojson", PARK.centroid, {}))
    assert read_points(outlines(tmp_path / "points.geojson", PARK.centroid, {}), Datum.WGS84).unplaced == 0
    with zipfile.ZipFile(tmp_path / "zones.zip", "w") as made:
        made.write(outlines(tmp_path / "bare.geojson", PARK, {}), "bare.geojson")
    lines = tmp_path / "zones.geojsonl"
    feature = {"type": "Feature", "properties": {"id": "a"}, "geometry": mapping(PARK)}
    lines.write_text(json.dumps(feature) + "\n" + json.dumps(feature) + "\n")
    kml = tmp_path / "zones.kml"
    ring = " ".join(f"{x},{y}" for x, y in PARK.exterior.coords)
    kml.write_text(
        '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>a</name><Polygon>'
        f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
        "</Placemark></Document></kml>"
    )
    for silent in (tmp_path / "zones.zip", lines, kml):
        for read in (lambda path: count(dots(tmp_path), path, datum="wgs84"), lambda path: read_shapes(path, POLYGONS)):
            with pytest.raises(GisError, match="does not say"):
                read(silent)


def test_a_system_that_is_not_converted_is_refused_by_name(tmp_path: Path) -> None:
    zones = outlines(tmp_path / "zones.geojson", PARK, named(NAMED + "4214"))
    with pytest.raises(GisError, match="54"):
        count(dots(tmp_path), zones, datum="wgs84")
    with pytest.raises(GisError, match="54"):
        read_shapes(zones, POLYGONS)
