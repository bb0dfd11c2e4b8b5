"""Import what lies under the map, and derive it from the road package or an extract of OpenStreetMap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import InputError
from gis.io.geojson import dump_features
from tests.fixtures import intake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return intake.new_project(tmp_path / "park")


def test_a_survey_layer_becomes_ground_by_its_own_words(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "水系.geojson"
    shapes: list[tuple[dict[str, Any], BaseGeometry]] = [
        ({"名称": "蕰藻浜", "class": "河流"}, shapely.LineString([(121.17, 31.29), (121.2, 31.3)])),
        ({"名称": None, "class": "湖泊"}, shapely.box(121.17, 31.29, 121.18, 31.30)),
    ]
    file.write_bytes(dump_features(shapes))
    intake.run(root, file, kind="ground", datum="wgs84", accuracy_m=20)
    found = intake.records(root, "ground")
    assert {f.properties["class"] for f in found.values()} == {"river", "water"}
    assert found["蕰藻浜"].properties["accuracy_m"] == 20
    assert found[None].properties["id"] == "water"  # type: ignore[index]  # a pond without a name


def test_what_has_no_class_or_another_shape_than_its_class_is_refused(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.geojson"
    file.write_bytes(dump_features([({"name": "x"}, shapely.LineString([(121.17, 31.29), (121.2, 31.3)]))]))
    with pytest.raises(InputError, match="--set class=water"):
        intake.plan(root, file, kind="ground", datum="wgs84")
    with pytest.raises(InputError, match="is of the class water and a LineString"):
        intake.plan(root, file, kind="ground", datum="wgs84", constants={"class": "water"})
    assert intake.plan(root, file, kind="ground", datum="wgs84", constants={"class": "metro"}).counts["added"] == 1
