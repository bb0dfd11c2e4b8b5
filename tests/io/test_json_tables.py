"""JSON that is no GeoJSON: answers of place searches, and features of Esri."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.base.errors import InputError
from gis.earth.datum import convert
from gis.earth.geodesy import distance_m
from gis.io.reading import read_table
from tests.fixtures import intake

PARK = shapely.box(121.165, 31.290, 121.185, 31.305)
PLACES = [(121.170 + n / 1000, 31.295 + n / 2000) for n in range(8)]


def write(folder: Path, document: Any) -> Path:
    path = folder / "答复.json"
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = intake.new_project(tmp_path / "园区")
    intake.import_parks(root)
    return root


def off(root: Path) -> float:
    found = intake.records(root)
    return max(
        float(distance_m(found[f"第{n}公司"].geometry.x, found[f"第{n}公司"].geometry.y, *place))
        for n, place in enumerate(PLACES)
    )


def test_the_answer_of_amap_is_read_and_speaks_for_gcj02(root: Path) -> None:
    pois = []
    for n, place in enumerate(PLACES):
        x, y = convert(*place, "wgs84", "gcj02")
        pois.append(
            {"id": f"B0FF{n}", "name": f"第{n}公司", "address": "园区路", "location": f"{x:.6f},{y:.6f}", "tel": []}
        )
    plan = intake.run(root, write(root.parent, {"status": "1", "info": "OK", "pois": pois}))
    assert str(plan.decision.reference) == "gcj02"
    assert off(root) < 0.2


def test_places_with_longitude_and_latitude_below_location_are_read(root: Path) -> None:
    found = []
    for n, place in enumerate(PLACES):
        x, y = convert(*place, "wgs84", "bd09")
        found.append({"name": f"第{n}公司", "location": {"lat": y, "lng": x}})
    intake.run(root, write(root.parent, {"status": 0, "results": found}), datum="bd09")
    assert off(root) < 0.2


def esri(geometry: Any, system: Any = None) -> dict[str, Any]:
    return {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 4490} if system is None else system,
        "features": [{"attributes": {"OBJECTID": 1, "XMMC": "甲园"}, "geometry": geometry}],
    }


def test_features_of_esri_are_read_with_their_holes_in_their_system(root: Path) -> None:
    outer, hole = (list(map(list, box.exterior.coords)) for box in (PARK, shapely.box(121.17, 31.295, 121.175, 31.3)))
    intake.run(root, write(root.parent, esri({"rings": [outer, hole]})), kind="zones")
    found = intake.records(root, "zones")["甲园"].geometry
    assert found.equals(shapely.Polygon(outer, [hole]))


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (esri({"curveRings": []}), "curves"),
        (esri({"rings": "x"}), "cannot be understood"),
        (esri({"rings": [[[121.1, 31.2]]]}), "needs three"),
        ({"geometryType": "x", "features": [1]}, "JSON of Esri"),
        ({"pois": []}, "is not GeoJSON"),
        ([1, 2], "is not GeoJSON"),
    ],
)
def test_what_cannot_be_read_is_refused_by_what_it_is(document: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        read_table(write(tmp_path, document))
